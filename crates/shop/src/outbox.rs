//! Work that must survive a crash: written in the transaction that makes it necessary, done after
//! it, repeated until it succeeds. A job may run twice; what it does must not show twice.

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::db::{Conn, Dialect};
use crate::mail::{self, Mail, MailError};
use crate::payment::{self, PaymentError};
use crate::{Shop, execute, fetch_all};

/// How many jobs one claim takes.
const BATCH: i64 = 32;
/// How long a claimed job belongs to its worker; after a crash another one takes it up then.
const LEASE_MS: i64 = 60_000;
const FIRST_RETRY_MS: i64 = 1_000;
const LAST_RETRY_MS: i64 = 3_600_000;
/// From this many tries on, a failing job is an error in the log rather than a warning.
const LOUD_AFTER: i64 = 5;

/// Rung when there may be work; a hint that saves waiting, never needed for correctness.
static BELL: Notify = Notify::const_new();

/// What kind of work a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Send a [`Mail`].
    Mail,
    /// The test bank's own work: webhooks to the shop, refunds (development only).
    Bank,
}

impl Topic {
    const fn word(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Bank => "bank",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Mail, Self::Bank].into_iter().find(|topic| topic.word() == word)
    }
}

/// A job did not succeed; it will be tried again.
#[derive(Debug, thiserror::Error)]
enum JobError {
    #[error("no such topic; was this database used by a newer version?")]
    Topic,
    #[error("the payload cannot be read: {0}")]
    Payload(#[from] serde_json::Error),
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error(transparent)]
    Bank(#[from] PaymentError),
}

#[derive(sqlx::FromRow)]
struct Job {
    id: Uuid,
    key: String,
    topic: String,
    payload: String,
    attempts: i64,
}

/// Writes a job into the caller's transaction. The same `key` again adds nothing.
pub async fn enqueue(
    conn: &mut Conn,
    shop: &Shop,
    key: &str,
    topic: Topic,
    payload: &impl Serialize,
) -> Result<(), sqlx::Error> {
    enqueue_at(conn, shop, key, topic, payload, shop.now()).await
}

/// Like [`enqueue`], for work that must not begin before `run_at` (UTC milliseconds).
pub async fn enqueue_at(
    conn: &mut Conn,
    shop: &Shop,
    key: &str,
    topic: Topic,
    payload: &impl Serialize,
    run_at: i64,
) -> Result<(), sqlx::Error> {
    let payload = serde_json::to_string(payload).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    execute!(
        conn,
        "INSERT INTO outbox (id, key, topic, payload, run_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key) DO NOTHING",
        shop.entropy.uuid(shop.now()),
        key,
        topic.word(),
        payload.as_str(),
        run_at,
    )
    .await?;
    Ok(())
}

/// Tells the worker that there is work. Call it after the commit.
pub fn ring() {
    BELL.notify_one();
}

/// Waits until somebody rings.
pub async fn rung() {
    BELL.notified().await;
}

/// Does everything that is due and gives the number of jobs that succeeded. Those that failed wait
/// longer after every try.
pub async fn run_due(shop: &Shop) -> Result<usize, sqlx::Error> {
    let mut succeeded = 0;
    loop {
        let jobs = claim(shop).await?;
        if jobs.is_empty() {
            return Ok(succeeded);
        }
        let mut outcomes = Vec::with_capacity(jobs.len());
        for job in jobs {
            let outcome = run(shop, &job).await;
            outcomes.push((job, outcome));
        }
        succeeded += outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).count();
        book(shop, outcomes).await?;
    }
}

/// Takes up to [`BATCH`] due jobs for this worker alone.
async fn claim(shop: &Shop) -> Result<Vec<Job>, sqlx::Error> {
    let now = shop.now();
    let waiting = fetch_all!(
        shop.db.read().await?,
        (i64,),
        "SELECT run_at FROM outbox WHERE done_at IS NULL AND run_at <= $1 AND leased_until <= $1 LIMIT 1",
        now
    )
    .await?;
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let mut tx = shop.db.write().await?;
    let sql = match tx.dialect() {
        Dialect::Sqlite => {
            "UPDATE outbox SET leased_until = $1, attempts = attempts + 1 WHERE id IN \
             (SELECT id FROM outbox WHERE done_at IS NULL AND run_at <= $2 AND leased_until <= $2 ORDER BY run_at, id LIMIT $3) \
             RETURNING id, key, topic, payload, attempts"
        }
        Dialect::Postgres => {
            "UPDATE outbox SET leased_until = $1, attempts = attempts + 1 WHERE id IN \
             (SELECT id FROM outbox WHERE done_at IS NULL AND run_at <= $2 AND leased_until <= $2 ORDER BY run_at, id LIMIT $3 FOR UPDATE SKIP LOCKED) \
             RETURNING id, key, topic, payload, attempts"
        }
    };
    let mut jobs = fetch_all!(tx, Job, sql, now + LEASE_MS, now, BATCH).await?;
    tx.commit().await?;
    jobs.sort_by_key(|job| job.id);
    Ok(jobs)
}

async fn run(shop: &Shop, job: &Job) -> Result<(), JobError> {
    match Topic::from_word(&job.topic).ok_or(JobError::Topic)? {
        Topic::Mail => mail::send(shop, &job.key, &serde_json::from_str::<Mail>(&job.payload)?).await?,
        Topic::Bank => payment::deliver(shop, &serde_json::from_str(&job.payload)?).await?,
    }
    Ok(())
}

/// Writes down how the jobs ended. A finished job's payload goes: a code in it is nobody's any more.
async fn book(shop: &Shop, outcomes: Vec<(Job, Result<(), JobError>)>) -> Result<(), sqlx::Error> {
    let now = shop.now();
    let mut tx = shop.db.write().await?;
    for (job, outcome) in outcomes {
        match outcome {
            Ok(()) => {
                execute!(
                    tx,
                    "UPDATE outbox SET done_at = $1, payload = '', last_error = NULL WHERE id = $2",
                    now,
                    job.id
                )
                .await?;
            }
            Err(error) => {
                let error = error.to_string();
                if job.attempts >= LOUD_AFTER {
                    tracing::error!(key = job.key, attempts = job.attempts, error, "a job keeps failing");
                } else {
                    tracing::warn!(
                        key = job.key,
                        attempts = job.attempts,
                        error,
                        "a job failed and will be tried again"
                    );
                }
                let run_at = now + backoff(job.attempts);
                execute!(
                    tx,
                    "UPDATE outbox SET run_at = $1, leased_until = 0, last_error = $2 WHERE id = $3",
                    run_at,
                    error.as_str(),
                    job.id
                )
                .await?;
            }
        }
    }
    tx.commit().await
}

/// 1 s, 2 s, 4 s … up to an hour.
fn backoff(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.clamp(1, 20) - 1).unwrap_or(0);
    (FIRST_RETRY_MS << doublings).min(LAST_RETRY_MS)
}

/// What the worker can say about itself: jobs waiting, and the age of the oldest due one in
/// milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backlog {
    /// Jobs not done yet.
    pub waiting: i64,
    /// How long the oldest due job has been waiting.
    pub oldest_ms: i64,
}

/// How far behind the worker is; for metrics and `doctor`.
pub async fn backlog(shop: &Shop) -> Result<Backlog, sqlx::Error> {
    let now = shop.now();
    let (waiting, oldest) = crate::fetch_one!(
        shop.db.read().await?,
        (i64, Option<i64>),
        "SELECT COUNT(*), MIN(run_at) FROM outbox WHERE done_at IS NULL"
    )
    .await?;
    Ok(Backlog { waiting, oldest_ms: oldest.map_or(0, |at| (now - at).max(0)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch_one;
    use crate::mail::account::AccountMail;
    use crate::on_both_databases;

    on_both_databases!(a_failing_job_waits_longer_each_time_and_loses_nothing(shop) {
        let mut tx = shop.db.write().await.unwrap();
        // There is no such order: composing the mail fails.
        let nowhere = Mail::OrderPlaced { order: Uuid::from_u128(7) };
        enqueue(&mut tx, &shop, "order-placed/7", Topic::Mail, &nowhere).await.unwrap();
        enqueue(&mut tx, &shop, "order-placed/7", Topic::Mail, &nowhere).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(run_due(&shop).await.unwrap(), 0);
        assert_eq!(run_due(&shop).await.unwrap(), 0);
        shop.clock.advance(1_000);
        run_due(&shop).await.unwrap();
        let (attempts, run_at) =
            fetch_one!(shop.db.read().await.unwrap(), (i64, i64), "SELECT attempts, run_at FROM outbox").await.unwrap();
        assert_eq!((attempts, run_at), (2, shop.now() + 2_000));
        assert_eq!(backlog(&shop).await.unwrap().waiting, 1);
    });

    on_both_databases!(what_is_not_committed_was_never_asked_for(shop) {
        let mut tx = shop.db.write().await.unwrap();
        enqueue(&mut tx, &shop, "k", Topic::Mail, &Mail::Account(AccountMail::AlreadyRegistered { customer: Uuid::from_u128(1) })).await.unwrap();
        drop(tx);
        assert_eq!(backlog(&shop).await.unwrap().waiting, 0);
    });

    #[test]
    fn waiting_doubles_up_to_an_hour() {
        assert_eq!([1, 2, 3, 30].map(backoff), [1_000, 2_000, 4_000, 3_600_000]);
    }
}
