//! Notices of breaches: publishing them, and showing each to whom it is about.

mod demo;

pub use demo::demo;

use noren_domain::Id;
use noren_domain::account::Customer;
use noren_domain::notice::{
    Incomplete, NoticeContent, NoticeLine, NoticeNo, NoticeView, PersonVerdicts, PublicNotice, Version,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::db::{self, Conn};
use crate::mail::account::AccountMail;
use crate::mail::{self, Mail};
use crate::outbox::{self, Topic};
use crate::vault::VaultError;
use crate::{Shop, execute, fetch_all, fetch_optional};

/// So many people are written to in one transaction.
const BATCH: i64 = 200;

/// A notice cannot be published or read.
#[derive(Debug, thiserror::Error)]
pub enum NoticeError {
    /// It leaves something out.
    #[error(transparent)]
    Incomplete(#[from] Incomplete),
    /// It is about nobody, or its number of people is not the number of verdicts.
    #[error("the notice counts {counted} people and names {named}")]
    People {
        /// As its text says.
        counted: u32,
        /// As there are verdicts.
        named: usize,
    },
    /// The number is taken; what was published is never overwritten.
    #[error("notice {0} is published already")]
    Taken(String),
    /// What is stored cannot be read.
    #[error("stored notice: {0}")]
    Stored(#[from] serde_json::Error),
    /// What is stored has an unknown version or a malformed number.
    #[error("stored notice {0} has a version or number that is none")]
    Malformed(String),
    /// The vault.
    #[error("{0}")]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Publishes `notice` to everybody it is about, at once and whole; each of them is told by mail after that.
pub async fn publish(
    shop: &Shop,
    notice: &PublicNotice,
    people: &[(Id<Customer>, PersonVerdicts)],
) -> Result<(), NoticeError> {
    notice.content.check()?;
    let counted = notice.content.people;
    if usize::try_from(counted) != Ok(people.len()) {
        return Err(NoticeError::People { counted, named: people.len() });
    }
    let id = shop.entropy.uuid(shop.now());
    let content = serde_json::to_string(&notice.content)?;
    let mut tx = shop.db.write().await?;
    execute!(
        tx,
        "INSERT INTO notice (id, no, version, published_at, content) VALUES ($1, $2, $3, $4, $5)",
        id,
        notice.no.as_str(),
        notice.version.word(),
        notice.published_at,
        content.as_str()
    )
    .await
    .map_err(|error| {
        if db::is_unique_violation(&error) { NoticeError::Taken(notice.no.as_str().to_owned()) } else { error.into() }
    })?;
    for (customer, verdicts) in people {
        let verdicts = serde_json::to_string(verdicts)?;
        execute!(
            tx,
            "INSERT INTO notice_person (notice_id, customer_id, verdicts) VALUES ($1, $2, $3)",
            id,
            customer.0,
            verdicts.as_str()
        )
        .await?;
    }
    tell_next(&mut tx, shop, &Tell { notice: id, after: Uuid::nil() }).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(())
}

/// A job: the next ones are to be told of a notice.
#[derive(Serialize, Deserialize)]
pub(crate) struct Tell {
    notice: Uuid,
    /// Whoever comes up to this one in the order of numbers has been.
    after: Uuid,
}

async fn tell_next(conn: &mut Conn, shop: &Shop, job: &Tell) -> Result<(), sqlx::Error> {
    let key = format!("notice-{}-after-{}", job.notice, job.after);
    outbox::enqueue(conn, shop, &key, Topic::Notice, job).await
}

/// Does the job: writes the mails to the next people into the outbox, and the job for those after them, all in one
/// transaction. Done again it adds nothing.
pub(crate) async fn tell(shop: &Shop, job: &Tell) -> Result<(), sqlx::Error> {
    let notice = job.notice;
    let sql =
        "SELECT customer_id FROM notice_person WHERE notice_id = $1 AND customer_id > $2 ORDER BY customer_id LIMIT $3";
    let mut tx = shop.db.write().await?;
    let people = fetch_all!(tx, (Uuid,), sql, notice, job.after, BATCH).await?;
    for (customer,) in people.iter().copied() {
        let mail = Mail::Account(AccountMail::Notice { notice, customer });
        mail::enqueue(&mut tx, shop, &format!("notice-{notice}-{customer}"), &mail).await?;
    }
    if let Some((after,)) = people.last().copied()
        && i64::try_from(people.len()) == Ok(BATCH)
    {
        tell_next(&mut tx, shop, &Tell { notice, after }).await?;
    }
    tx.commit().await?;
    outbox::ring();
    Ok(())
}

#[derive(sqlx::FromRow)]
struct NoticeRow {
    no: String,
    version: String,
    published_at: i64,
    content: String,
}

impl NoticeRow {
    fn read(self) -> Result<PublicNotice, NoticeError> {
        let (Some(no), Some(version)) = (NoticeNo::parse(&self.no), Version::from_word(&self.version)) else {
            return Err(NoticeError::Malformed(self.no));
        };
        Ok(PublicNotice { no, version, published_at: self.published_at, content: serde_json::from_str(&self.content)? })
    }
}

#[derive(sqlx::FromRow)]
struct MineRow {
    #[sqlx(flatten)]
    notice: NoticeRow,
    notice_id: Uuid,
    verdicts: String,
    read_at: Option<i64>,
    acknowledged_at: Option<i64>,
}

/// A step that the person has ticked off.
#[derive(sqlx::FromRow)]
struct StepRow {
    notice_id: Uuid,
    number: i64,
    done_at: i64,
}

impl MineRow {
    /// `ticked`: steps of any of the person's notices.
    fn view(self, ticked: &[StepRow]) -> Result<NoticeView, NoticeError> {
        let public = self.notice.read()?;
        let done_at = |number: i64| {
            let step = ticked.iter().find(|step| step.notice_id == self.notice_id && step.number == number);
            step.map(|step| step.done_at)
        };
        let steps_done = (0..).zip(&public.content.steps).map(|(number, _)| done_at(number)).collect();
        Ok(NoticeView {
            public,
            verdicts: serde_json::from_str(&self.verdicts)?,
            acknowledged_at: self.acknowledged_at,
            steps_done,
        })
    }
}

async fn rows(shop: &Shop, customer: Id<Customer>) -> Result<(Vec<MineRow>, Vec<StepRow>), sqlx::Error> {
    let mut conn = shop.db.read().await?;
    let notices = fetch_all!(
        conn,
        MineRow,
        "SELECT n.no, n.version, n.published_at, n.content, p.notice_id, p.verdicts, p.read_at, p.acknowledged_at
         FROM notice_person p JOIN notice n ON n.id = p.notice_id
         WHERE p.customer_id = $1 ORDER BY n.published_at DESC, n.no DESC",
        customer.0
    )
    .await?;
    let sql = "SELECT notice_id, number, done_at FROM notice_step WHERE customer_id = $1";
    Ok((notices, fetch_all!(conn, StepRow, sql, customer.0).await?))
}

/// The notices about `customer`, the newest first, for a copy of their data: with when each was first shown to them
/// (UTC ms), which this is not.
pub(crate) async fn held(shop: &Shop, customer: Id<Customer>) -> Result<Vec<(NoticeView, Option<i64>)>, NoticeError> {
    let (rows, ticked) = rows(shop, customer).await?;
    rows.into_iter()
        .map(|row| {
            let read_at = row.read_at;
            Ok((row.view(&ticked)?, read_at))
        })
        .collect()
}

/// The notices about `customer`, the newest first. Keeps when each was first shown to them.
pub async fn mine(shop: &Shop, customer: Id<Customer>) -> Result<Vec<NoticeView>, NoticeError> {
    let (rows, ticked) = rows(shop, customer).await?;
    if rows.iter().any(|row| row.read_at.is_none()) {
        let mut tx = shop.db.write().await?;
        for row in rows.iter().filter(|row| row.read_at.is_none()) {
            let sql =
                "UPDATE notice_person SET read_at = $3 WHERE notice_id = $1 AND customer_id = $2 AND read_at IS NULL";
            execute!(tx, sql, row.notice_id, customer.0, shop.now()).await?;
        }
        tx.commit().await?;
    }
    rows.into_iter().map(|row| row.view(&ticked)).collect()
}

/// Notes that `customer` has read notice `no`; `false` if it is not about them. Again changes nothing.
pub async fn acknowledge(shop: &Shop, customer: Id<Customer>, no: &NoticeNo) -> Result<bool, NoticeError> {
    let mut tx = shop.db.write().await?;
    let row = fetch_optional!(
        tx,
        (Uuid,),
        "SELECT n.id FROM notice n JOIN notice_person p ON p.notice_id = n.id WHERE n.no = $1 AND p.customer_id = $2",
        no.as_str(),
        customer.0
    )
    .await?;
    let Some((id,)) = row else { return Ok(false) };
    execute!(
        tx,
        "UPDATE notice_person SET acknowledged_at = $3, read_at = COALESCE(read_at, $3)
         WHERE notice_id = $1 AND customer_id = $2 AND acknowledged_at IS NULL",
        id,
        customer.0,
        shop.now()
    )
    .await?;
    tx.commit().await?;
    Ok(true)
}

/// Ticks the step `number` (the first is 0) of notice `no` off; `false` if the notice is not about `customer` or has no
/// such step. Again changes nothing.
pub async fn tick(shop: &Shop, customer: Id<Customer>, no: &NoticeNo, number: u32) -> Result<bool, NoticeError> {
    let mut tx = shop.db.write().await?;
    let Some(notice) = with_step(&mut tx, customer, no, number).await? else { return Ok(false) };
    execute!(
        tx,
        "INSERT INTO notice_step (customer_id, notice_id, number, done_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        customer.0,
        notice,
        i64::from(number),
        shop.now()
    )
    .await?;
    tx.commit().await?;
    Ok(true)
}

/// Takes back what [`tick`] did, and answers as it does. Again changes nothing.
pub async fn untick(shop: &Shop, customer: Id<Customer>, no: &NoticeNo, number: u32) -> Result<bool, NoticeError> {
    let mut tx = shop.db.write().await?;
    let Some(notice) = with_step(&mut tx, customer, no, number).await? else { return Ok(false) };
    let sql = "DELETE FROM notice_step WHERE customer_id = $1 AND notice_id = $2 AND number = $3";
    execute!(tx, sql, customer.0, notice, i64::from(number)).await?;
    tx.commit().await?;
    Ok(true)
}

/// The row of notice `no`, if it is about `customer` and has the step `number`.
async fn with_step(
    conn: &mut Conn,
    customer: Id<Customer>,
    no: &NoticeNo,
    number: u32,
) -> Result<Option<Uuid>, NoticeError> {
    let row = fetch_optional!(
        conn,
        (Uuid, String),
        "SELECT n.id, n.content FROM notice n JOIN notice_person p ON p.notice_id = n.id
         WHERE n.no = $1 AND p.customer_id = $2",
        no.as_str(),
        customer.0
    )
    .await?;
    let Some((id, content)) = row else { return Ok(None) };
    let content: NoticeContent = serde_json::from_str(&content)?;
    Ok(usize::try_from(number).is_ok_and(|number| number < content.steps.len()).then_some(id))
}

/// A published notice by its number, without the people in it.
pub async fn public(shop: &Shop, no: &NoticeNo) -> Result<Option<PublicNotice>, NoticeError> {
    let mut conn = shop.db.read().await?;
    let sql = "SELECT no, version, published_at, content FROM notice WHERE no = $1";
    fetch_optional!(conn, NoticeRow, sql, no.as_str()).await?.map(NoticeRow::read).transpose()
}

/// A published notice by its row, for the mail that tells of it.
pub(crate) async fn by_id(conn: &mut Conn, id: Uuid) -> Result<Option<PublicNotice>, NoticeError> {
    let sql = "SELECT no, version, published_at, content FROM notice WHERE id = $1";
    fetch_optional!(conn, NoticeRow, sql, id).await?.map(NoticeRow::read).transpose()
}

/// Every published notice, the newest first.
pub async fn timeline(shop: &Shop) -> Result<Vec<NoticeLine>, NoticeError> {
    let mut conn = shop.db.read().await?;
    let sql = "SELECT no, version, published_at, content FROM notice ORDER BY published_at DESC, no DESC LIMIT 100";
    let rows = fetch_all!(conn, NoticeRow, sql).await?;
    rows.into_iter()
        .map(|row| {
            let notice = row.read()?;
            Ok(NoticeLine {
                no: notice.no,
                version: notice.version,
                published_at: notice.published_at,
                people: notice.content.people,
                title: notice.content.title,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
