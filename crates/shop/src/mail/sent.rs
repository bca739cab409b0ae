//! Which mails the shop has sent, by their numbers: what kind of mail, when, and what became of it. Never to
//! which address.

mod kind;
mod list;
pub(crate) mod standing;
mod state;
mod whom;

use noren_domain::Lang;
use noren_domain::mail::{Checked, MailNo};
use uuid::Uuid;

pub(crate) use self::kind::kind_words;
pub use self::list::{latest, mine};
pub use self::state::State;
pub(crate) use self::state::returned_words;
use self::whom::person;
use super::Mail;
use crate::db::Conn;
use crate::{Shop, execute, fetch_all, fetch_optional};

/// A mail's row.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    /// Its number.
    pub no: MailNo,
    /// Where it stands.
    pub state: State,
    /// When it was written into the outbox, UTC ms.
    pub created_at: i64,
}

type Row = (String, String, i64);

fn read((no, state, created_at): Row) -> Option<Sent> {
    Some(Sent { no: MailNo::parse(&no)?, state: State::from_word(&state)?, created_at })
}

/// Writes the mail of the job `key` down, in the caller's transaction; once, however often it is called.
/// Where nobody is (any more) whom it is about, nothing is written.
pub(super) async fn enter(conn: &mut Conn, shop: &Shop, key: &str, mail: &Mail) -> Result<(), sqlx::Error> {
    let Some(person) = person(conn, mail.whom()).await? else { return Ok(()) };
    let now = shop.now();
    execute!(
        conn,
        "INSERT INTO mail_sent (id, no, key, kind, lang, subject_id, customer_id, created_at, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) \
         ON CONFLICT DO NOTHING",
        shop.entropy.uuid(now),
        MailNo::of(&shop.entropy.code(8)).as_str(),
        key,
        mail.kind(),
        person.lang.as_str(),
        person.subject,
        person.customer,
        now
    )
    .await?;
    Ok(())
}

/// The row of the job `key`; made now if there is none, for a job that an earlier version wrote.
pub(super) async fn of(shop: &Shop, key: &str, mail: &Mail) -> Result<Option<Sent>, sqlx::Error> {
    let sql = "SELECT no, state, created_at FROM mail_sent WHERE key = $1";
    if let Some(row) = fetch_optional!(shop.db.read().await?, Row, sql, key).await? {
        return Ok(read(row));
    }
    let mut tx = shop.db.write().await?;
    enter(&mut tx, shop, key, mail).await?;
    let row = fetch_optional!(tx, Row, sql, key).await?;
    tx.commit().await?;
    Ok(row.and_then(read))
}

/// Notes where a mail stands, in the caller's transaction.
pub(super) async fn note(conn: &mut Conn, shop: &Shop, key: &str, state: State) -> Result<(), sqlx::Error> {
    let sql = "UPDATE mail_sent SET state = $1, at = $2 WHERE key = $3";
    execute!(conn, sql, state.word(), shop.now(), key).await?;
    Ok(())
}

/// Like [`note`], in a transaction of its own.
pub(super) async fn noted(shop: &Shop, key: &str, state: State) -> Result<(), sqlx::Error> {
    let mut tx = shop.db.write().await?;
    note(&mut tx, shop, key, state).await?;
    tx.commit().await
}

/// Notes what the mail is called now that it is written.
pub(super) async fn titled(conn: &mut Conn, key: &str, subject: &str) -> Result<(), sqlx::Error> {
    execute!(conn, "UPDATE mail_sent SET subject = $1 WHERE key = $2", subject, key).await?;
    Ok(())
}

/// Notes that it is not known whether the last try has left the mail with the mail server.
pub(super) async fn doubt(shop: &Shop, key: &str) -> Result<(), sqlx::Error> {
    let mut tx = shop.db.write().await?;
    execute!(tx, "UPDATE mail_sent SET doubts = doubts + 1 WHERE key = $1", key).await?;
    tx.commit().await
}

/// Called off, in the caller's transaction, unless it is on its way or over.
pub(crate) async fn cancel(conn: &mut Conn, shop: &Shop, key: &str) -> Result<(), sqlx::Error> {
    let sql = "UPDATE mail_sent SET state = 'cancelled', at = $1 WHERE key = $2 AND state = 'queued'";
    execute!(conn, sql, shop.now(), key).await?;
    Ok(())
}

/// Not tried any more, in the caller's transaction, unless it is over already.
pub(crate) async fn give_up(conn: &mut Conn, shop: &Shop, key: &str) -> Result<(), sqlx::Error> {
    let sql = "UPDATE mail_sent SET state = 'given_up', at = $1 WHERE key = $2 AND state IN ('queued', 'sending')";
    execute!(conn, sql, shop.now(), key).await?;
    Ok(())
}

/// The jobs of all mails to the address that the record `subject` held, but for the statement that it was erased.
pub(crate) async fn keys_of(conn: &mut Conn, subject: Uuid) -> Result<Vec<String>, sqlx::Error> {
    let keys =
        fetch_all!(conn, (String,), "SELECT key FROM mail_sent WHERE subject_id = $1 AND kind <> 'erased'", subject)
            .await?;
    Ok(keys.into_iter().map(|(key,)| key).collect())
}

/// From now on the list does not say any more whose these mails were, in the caller's transaction; their numbers can
/// still be checked. The name of a job, which may name its customer, goes once that is over.
pub(crate) async fn part_from(conn: &mut Conn, subject: Uuid) -> Result<(), sqlx::Error> {
    let sql = "UPDATE mail_sent SET subject_id = id, customer_id = NULL, key = CASE WHEN EXISTS \
               (SELECT 1 FROM outbox o WHERE o.key = mail_sent.key AND o.done_at IS NULL) THEN key ELSE 'gone-' || no END \
               WHERE subject_id = $1";
    execute!(conn, sql, subject).await?;
    Ok(())
}

/// From now on the mails that went to the new mailbox of the change `change` stand in the list of the customer whose address
/// it is now, in the caller's transaction. Not earlier: whoever asked would learn that the address is nobody's yet.
pub(crate) async fn give_to(conn: &mut Conn, change: Uuid, customer: Uuid) -> Result<(), sqlx::Error> {
    let sql = "UPDATE mail_sent SET customer_id = $2 WHERE subject_id = $1";
    execute!(conn, sql, change, customer).await?;
    Ok(())
}

/// From now on they stand in nobody's list again, in the caller's transaction: the change was taken back.
pub(crate) async fn take_from(conn: &mut Conn, change: Uuid) -> Result<(), sqlx::Error> {
    execute!(conn, "UPDATE mail_sent SET customer_id = NULL WHERE subject_id = $1", change).await?;
    Ok(())
}

/// When the last mail to the customer came back, or was refused for good, UTC ms; `None`: it did not, as far as is known.
/// Only mails to the account's own address count: none about an order, which has an address of its own, and none to another
/// of their addresses, before or while they changed it.
pub(crate) async fn undelivered(conn: &mut Conn, customer: Uuid) -> Result<Option<i64>, sqlx::Error> {
    let sql = "SELECT CASE WHEN m.state = 'bounced' THEN m.at ELSE m.returned_at END
               FROM mail_sent m JOIN customer c ON c.id = m.customer_id
               WHERE m.customer_id = $1 AND m.subject_id = $1 AND m.state IN ('sent', 'bounced') AND m.kind <> 'email_change'
                 AND m.created_at >= COALESCE(c.email_verified_at, 0)
               ORDER BY m.created_at DESC, m.id DESC LIMIT 1";
    Ok(fetch_optional!(conn, (Option<i64>,), sql, customer).await?.and_then(|(at,)| at))
}

/// Whether a mail with this number has left the shop: its kind in the words of `lang`, and when. Nothing is
/// said of one that has not left: nobody can hold it in their hands.
pub(crate) async fn check(conn: &mut Conn, no: &str, lang: Lang) -> Result<Option<Checked>, sqlx::Error> {
    let sql = "SELECT kind, at FROM mail_sent WHERE no = $1 AND (state IN ('sending', 'sent') OR doubts > 0)";
    let found = fetch_optional!(conn, (String, i64), sql, no).await?;
    Ok(found.map(|(kind, at)| Checked::Mail { at, kind: kind_words(&kind, lang).to_owned() }))
}
