//! What the shop's people see of mails, and how they send one again.

use noren_domain::mail::MailNo;

use super::sent;
use crate::{Shop, execute, fetch_all, fetch_optional, outbox};

/// A mail as the shop's people see it: no address, and nothing of what it says.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct MailEntry {
    /// Its number, if it has one.
    pub no: Option<String>,
    /// By which its job is found in the outbox.
    pub key: String,
    /// What kind of mail.
    pub kind: Option<String>,
    /// Where it stands: the word of [`sent::State`].
    pub state: Option<String>,
    /// How often it was not known whether a try had sent it.
    pub doubts: Option<i64>,
    /// When something last happened to it, UTC ms.
    pub at: i64,
    /// How often it was tried; `None`: its job is forgotten.
    pub attempts: Option<i64>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// It was taken by the mail server and came back: with which status (RFC 3463), empty if none was said.
    pub returned: Option<String>,
}

/// The newest mails, at most `most`; with `failed` only those that are not tried any more.
pub async fn list(shop: &Shop, failed: bool, most: u32) -> Result<Vec<MailEntry>, sqlx::Error> {
    let sql = if failed {
        "SELECT m.no, o.key, m.kind, m.state, m.doubts, o.failed_at AS at, o.attempts, o.last_error, NULL AS returned
         FROM outbox o LEFT JOIN mail_sent m ON m.key = o.key
         WHERE o.topic = 'mail' AND o.done_at IS NULL AND o.failed_at IS NOT NULL
         UNION ALL
         SELECT m.no, m.key, m.kind, m.state, m.doubts, m.returned_at AS at, NULL, NULL, COALESCE(m.returned_status, '')
         FROM mail_sent m WHERE m.returned_at IS NOT NULL
         ORDER BY at DESC, key LIMIT $1"
    } else {
        "SELECT m.no, m.key, m.kind, m.state, m.doubts, m.at, o.attempts, o.last_error,
           CASE WHEN m.returned_at IS NULL THEN NULL ELSE COALESCE(m.returned_status, '') END AS returned
         FROM mail_sent m LEFT JOIN outbox o ON o.key = m.key ORDER BY m.created_at DESC, m.id DESC LIMIT $1"
    };
    fetch_all!(shop.db.read().await?, MailEntry, sql, i64::from(most)).await
}

/// Tries a mail again that was set aside, by its key or its number; `false`: none such was.
pub async fn retry(shop: &Shop, key: &str) -> Result<bool, sqlx::Error> {
    let mut tx = shop.db.write().await?;
    let by_no = match MailNo::parse(key) {
        Some(no) => fetch_optional!(tx, (String,), "SELECT key FROM mail_sent WHERE no = $1", no.as_str()).await?,
        None => None,
    };
    let key = by_no.map_or_else(|| key.to_owned(), |(key,)| key);
    let sql = "UPDATE outbox SET failed_at = NULL, last_error = NULL, run_at = $1, due_at = $1, attempts = 0, leased_until = 0
               WHERE key = $2 AND topic = 'mail' AND done_at IS NULL AND failed_at IS NOT NULL";
    let again = execute!(tx, sql, shop.now(), key.as_str()).await? == 1;
    if again {
        sent::note(&mut tx, shop, &key, sent::State::Queued).await?;
    }
    tx.commit().await?;
    outbox::ring();
    Ok(again)
}
