//! The mails of a customer, for them to see.

use noren_domain::Lang;
use noren_domain::mail::{MailLine, MailNo, MailPage};
use sqlx::FromRow;
use uuid::Uuid;

use super::{State, kind_words, returned_words};
use crate::{Shop, fetch_all};

/// So many mails stand on one page of the list.
const ON_A_PAGE: u32 = 20;

#[derive(FromRow)]
struct Line {
    no: String,
    at: i64,
    subject: String,
    kind: String,
    state: String,
    returned_at: Option<i64>,
}

impl Line {
    /// In the words of `lang`.
    fn read(self, lang: Lang) -> Option<MailLine> {
        let state = State::from_word(&self.state)?;
        let subject = if self.subject.is_empty() { kind_words(&self.kind, lang).to_owned() } else { self.subject };
        let returned = self.returned_at.filter(|_| state == State::Sent);
        let failed = matches!(state, State::Bounced | State::GivenUp) || returned.is_some();
        let state = match returned {
            Some(_) => returned_words(lang),
            None => state.words(lang),
        };
        Some(MailLine {
            no: MailNo::parse(&self.no)?,
            at: returned.unwrap_or(self.at),
            subject,
            state: state.to_owned(),
            failed,
        })
    }
}

/// The mails that the customer was sent, newest first, in the words of `lang`; pages count from 1.
pub async fn mine(shop: &Shop, customer: Uuid, page: u32, lang: Lang) -> Result<MailPage, sqlx::Error> {
    let page = page.max(1);
    // A registration has the number that its customer has later.
    let sql =
        "SELECT no, at, subject, kind, state, returned_at FROM mail_sent WHERE customer_id = $1 OR subject_id = $1
               ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3";
    let (most, before) = (i64::from(ON_A_PAGE), i64::from(page - 1) * i64::from(ON_A_PAGE));
    let mut conn = shop.db.read().await?;
    let mut rows = fetch_all!(conn, Line, sql, customer, most + 1, before).await?;
    let older = rows.len() > usize::try_from(ON_A_PAGE).unwrap_or(usize::MAX);
    rows.truncate(usize::try_from(ON_A_PAGE).unwrap_or(usize::MAX));
    Ok(MailPage { mails: rows.into_iter().filter_map(|row| row.read(lang)).collect(), page, older })
}

/// The last `most` mails that have left for the customer, newest first, in the words of `lang`: those that they may hold in
/// their hands, as [`check`](super::check) has it, with the time at which they left, whatever became of them.
///
/// # Errors
/// The database.
pub async fn latest(shop: &Shop, customer: Uuid, most: u32, lang: Lang) -> Result<Vec<MailLine>, sqlx::Error> {
    let sql = "SELECT no, at, subject, kind, state, returned_at FROM mail_sent
               WHERE (customer_id = $1 OR subject_id = $1) AND (state IN ('sending', 'sent') OR doubts > 0)
               ORDER BY created_at DESC, id DESC LIMIT $2";
    let rows = fetch_all!(shop.db.read().await?, Line, sql, customer, i64::from(most)).await?;
    Ok(rows.into_iter().filter_map(|row| Line { returned_at: None, ..row }.read(lang)).collect())
}
