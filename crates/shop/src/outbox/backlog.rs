//! How far behind the workers are; for metrics and `doctor`.

use serde::{Deserialize, Serialize};

use crate::{Shop, fetch_one};

/// Mails that came back are spoken of for so long: nobody can do anything about a single one, only about their cause.
const RETURNED_LATELY_MS: i64 = 7 * 24 * 3_600_000;

/// What the worker can say about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backlog {
    /// Jobs not done yet.
    pub waiting: i64,
    /// How long the oldest due job has been waiting since it was first due, in milliseconds, however often
    /// it was tried meanwhile.
    pub oldest_ms: i64,
    /// Jobs that can never succeed: a person must look.
    pub failed: i64,
    /// Mails whose address, or which themselves, a mail server has refused for good, and those that came back in the last
    /// seven days.
    pub bounced: i64,
}

/// How far behind the worker is; for metrics and `doctor`.
pub async fn backlog(shop: &Shop) -> Result<Backlog, sqlx::Error> {
    let now = shop.now();
    let mut conn = shop.db.read().await?;
    let sql = "SELECT COUNT(*), MIN(due_at) FROM outbox WHERE done_at IS NULL AND failed_at IS NULL";
    let (waiting, oldest) = fetch_one!(conn, (i64, Option<i64>), sql).await?;
    let sql =
        "SELECT COUNT(*), COUNT(m.id) FROM outbox o LEFT JOIN mail_sent m ON m.key = o.key AND m.state = 'bounced'
               WHERE o.done_at IS NULL AND o.failed_at IS NOT NULL";
    let (failed, bounced) = fetch_one!(conn, (i64, i64), sql).await?;
    let sql = "SELECT COUNT(*) FROM mail_sent WHERE returned_at > $1";
    let (returned,) = fetch_one!(conn, (i64,), sql, now - RETURNED_LATELY_MS).await?;
    let oldest_ms = oldest.map_or(0, |at| (now - at).max(0));
    Ok(Backlog { waiting, oldest_ms, failed: failed - bounced, bounced: bounced + returned })
}
