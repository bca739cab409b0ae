//! Work that must survive a crash: written in the transaction that makes it necessary, done after
//! it, repeated until it succeeds or is known never to. A job may run twice; what it does must not
//! show twice.

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::db::{Conn, Dialect};
use crate::mail::{self, Mail, MailError};
use crate::payment::{self, PaymentError};
use crate::shred::{self, ShredError};
use crate::{Shop, execute, fetch_all};

/// How many jobs one claim takes.
const BATCH: i64 = 32;
/// How many jobs of a claim are done at a time: a slow mail server does not hold up the others.
const AT_ONCE: usize = 4;
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
    /// Destroy the key of a record that is gone.
    Shred,
}

impl Topic {
    const fn word(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Bank => "bank",
            Self::Shred => "shred",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Mail, Self::Bank, Self::Shred].into_iter().find(|topic| topic.word() == word)
    }
}

/// A job did not succeed.
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
    #[error(transparent)]
    Shred(#[from] ShredError),
}

impl JobError {
    /// Whether the same job would fail in the same way for ever.
    const fn is_final(&self) -> bool {
        match self {
            Self::Topic | Self::Payload(_) => true,
            Self::Mail(error) => error.is_final(),
            Self::Bank(_) | Self::Shred(_) => false,
        }
    }
}

#[derive(sqlx::FromRow)]
struct Job {
    id: Uuid,
    key: String,
    topic: String,
    payload: String,
    attempts: i64,
    leased_until: i64,
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
        "INSERT INTO outbox (id, key, topic, payload, run_at, due_at) VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (key) DO NOTHING",
        shop.entropy.uuid(shop.now()),
        key,
        topic.word(),
        payload.as_str(),
        run_at,
    )
    .await?;
    Ok(())
}

/// Takes a job back, in the caller's transaction: what it was about is gone, so there is nothing to
/// do and nothing to try again. A job that is done, or never was, stays as it is.
pub async fn cancel(conn: &mut Conn, shop: &Shop, key: &str) -> Result<(), sqlx::Error> {
    let sql = "UPDATE outbox SET done_at = $1, payload = '' WHERE key = $2 AND done_at IS NULL";
    execute!(conn, sql, shop.now(), key).await?;
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
/// longer after every try; those that can never succeed are set aside for a person to look at.
pub async fn run_due(shop: &Shop) -> Result<usize, sqlx::Error> {
    let mut succeeded = 0;
    loop {
        let jobs = claim(shop).await?;
        if jobs.is_empty() {
            return Ok(succeeded);
        }
        succeeded += work_off(shop, jobs).await?;
    }
}

/// Does claimed jobs, [`AT_ONCE`] at a time, and gives the number of those that succeeded.
async fn work_off(shop: &Shop, jobs: Vec<Job>) -> Result<usize, sqlx::Error> {
    let (mut jobs, mut running, mut succeeded) = (jobs.into_iter(), JoinSet::new(), 0);
    loop {
        // A slow mail server can use up the lease: the rest is anybody's then.
        while running.len() < AT_ONCE
            && let Some(job) = jobs.next().filter(|job| shop.now() < job.leased_until)
        {
            let shop = shop.clone();
            running.spawn(async move {
                let outcome = run(&shop, &job).await;
                let done = outcome.is_ok();
                book(&shop, &job, outcome).await.map(|()| done)
            });
        }
        match running.join_next().await {
            Some(Ok(done)) => succeeded += usize::from(done?),
            Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Some(Err(_)) | None => return Ok(succeeded),
        }
    }
}

/// Takes up to [`BATCH`] due jobs for this worker alone. The bank's come before mails, as their words
/// do: money does not wait behind a thousand letters.
async fn claim(shop: &Shop) -> Result<Vec<Job>, sqlx::Error> {
    let now = shop.now();
    let waiting = fetch_all!(
        shop.db.read().await?,
        (i64,),
        "SELECT run_at FROM outbox WHERE done_at IS NULL AND failed_at IS NULL AND run_at <= $1 AND leased_until <= $1 LIMIT 1",
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
             (SELECT id FROM outbox WHERE done_at IS NULL AND failed_at IS NULL AND run_at <= $2 AND leased_until <= $2 ORDER BY topic, run_at, id LIMIT $3) \
             RETURNING id, key, topic, payload, attempts, leased_until"
        }
        Dialect::Postgres => {
            "UPDATE outbox SET leased_until = $1, attempts = attempts + 1 WHERE id IN \
             (SELECT id FROM outbox WHERE done_at IS NULL AND failed_at IS NULL AND run_at <= $2 AND leased_until <= $2 ORDER BY topic, run_at, id LIMIT $3 FOR UPDATE SKIP LOCKED) \
             RETURNING id, key, topic, payload, attempts, leased_until"
        }
    };
    let mut jobs = fetch_all!(tx, Job, sql, now + LEASE_MS, now, BATCH).await?;
    tx.commit().await?;
    jobs.sort_by(|a, b| (&a.topic, a.id).cmp(&(&b.topic, b.id)));
    Ok(jobs)
}

async fn run(shop: &Shop, job: &Job) -> Result<(), JobError> {
    match Topic::from_word(&job.topic).ok_or(JobError::Topic)? {
        Topic::Mail => mail::send(shop, &job.key, &serde_json::from_str::<Mail>(&job.payload)?).await?,
        Topic::Bank => payment::deliver(shop, &serde_json::from_str(&job.payload)?).await?,
        Topic::Shred => shred::run(shop, &serde_json::from_str(&job.payload)?).await?,
    }
    Ok(())
}

/// Writes down how a job ended, if it still is this worker's. A finished job's payload goes: a code in
/// it is nobody's any more.
async fn book(shop: &Shop, job: &Job, outcome: Result<(), JobError>) -> Result<(), sqlx::Error> {
    let (now, mine) = (shop.now(), job.leased_until);
    let mut tx = shop.db.write().await?;
    let booked = match outcome {
        Ok(()) => {
            let sql =
                "UPDATE outbox SET done_at = $1, payload = '', last_error = NULL WHERE id = $2 AND leased_until = $3";
            execute!(tx, sql, now, job.id, mine).await?
        }
        Err(error) if error.is_final() => {
            let error = error.to_string();
            tracing::error!(key = job.key, error, "a job can never succeed and is set aside; a person must look");
            let sql = "UPDATE outbox SET failed_at = $1, last_error = $2 WHERE id = $3 AND leased_until = $4";
            execute!(tx, sql, now, error.as_str(), job.id, mine).await?
        }
        Err(error) => {
            let error = error.to_string();
            if job.attempts >= LOUD_AFTER {
                tracing::error!(key = job.key, attempts = job.attempts, error, "a job keeps failing");
            } else {
                tracing::warn!(key = job.key, attempts = job.attempts, error, "a job failed and will be tried again");
            }
            let sql =
                "UPDATE outbox SET run_at = $1, leased_until = 0, last_error = $2 WHERE id = $3 AND leased_until = $4";
            execute!(tx, sql, now + backoff(job.attempts), error.as_str(), job.id, mine).await?
        }
    };
    tx.commit().await?;
    if booked == 0 {
        tracing::warn!(key = job.key, "a job took longer than its lease; another worker has it now");
    }
    Ok(())
}

/// 1 s, 2 s, 4 s … up to an hour.
fn backoff(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.clamp(1, 20) - 1).unwrap_or(0);
    (FIRST_RETRY_MS << doublings).min(LAST_RETRY_MS)
}

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
}

/// How far behind the worker is; for metrics and `doctor`.
pub async fn backlog(shop: &Shop) -> Result<Backlog, sqlx::Error> {
    let now = shop.now();
    let mut conn = shop.db.read().await?;
    let sql = "SELECT COUNT(*), MIN(due_at) FROM outbox WHERE done_at IS NULL AND failed_at IS NULL";
    let (waiting, oldest) = crate::fetch_one!(conn, (i64, Option<i64>), sql).await?;
    let sql = "SELECT COUNT(*) FROM outbox WHERE done_at IS NULL AND failed_at IS NOT NULL";
    let (failed,) = crate::fetch_one!(conn, (i64,), sql).await?;
    Ok(Backlog { waiting, oldest_ms: oldest.map_or(0, |at| (now - at).max(0)), failed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch_one;
    use crate::mail::account::AccountMail;
    use crate::on_both_databases;

    /// A mail about a customer who is not there.
    fn to_nobody() -> Mail {
        Mail::Account(AccountMail::AlreadyRegistered { customer: Uuid::from_u128(1) })
    }

    async fn put(shop: &Shop, key: &str, payload: &impl Serialize) {
        let mut tx = shop.db.write().await.unwrap();
        enqueue(&mut tx, shop, key, Topic::Mail, payload).await.unwrap();
        tx.commit().await.unwrap();
    }

    on_both_databases!(a_failing_job_waits_longer_each_time_and_loses_nothing(shop) {
        // The folder for mails is a file: nothing can be written there for now.
        std::fs::remove_dir(shop.mailbox_dir()).unwrap();
        std::fs::write(shop.mailbox_dir(), b"").unwrap();
        put(&shop, "hello", &to_nobody()).await;
        put(&shop, "hello", &to_nobody()).await;
        assert_eq!(run_due(&shop).await.unwrap(), 0);
        assert_eq!(run_due(&shop).await.unwrap(), 0);
        shop.clock.advance(1_000);
        run_due(&shop).await.unwrap();
        let (attempts, run_at) =
            fetch_one!(shop.db.read().await.unwrap(), (i64, i64), "SELECT attempts, run_at FROM outbox").await.unwrap();
        assert_eq!((attempts, run_at), (2, shop.now() + 2_000));
        assert_eq!(backlog(&shop).await.unwrap(), Backlog { waiting: 1, oldest_ms: 1_000, failed: 0 }, "since it was first due");
    });

    on_both_databases!(a_job_that_can_never_succeed_is_tried_once_and_counted(shop) {
        put(&shop, "nobody", &to_nobody()).await;
        put(&shop, "nonsense", &"no mail at all").await;
        for _ in 0..2 {
            assert_eq!(run_due(&shop).await.unwrap(), 0);
            shop.clock.advance(LAST_RETRY_MS + LEASE_MS);
        }
        let tried = fetch_all!(shop.db.read().await.unwrap(), (i64, bool), "SELECT attempts, last_error IS NOT NULL FROM outbox");
        assert_eq!(tried.await.unwrap(), [(1, true), (1, true)]);
        assert_eq!(backlog(&shop).await.unwrap(), Backlog { waiting: 0, oldest_ms: 0, failed: 2 });
    });

    on_both_databases!(who_has_lost_the_lease_books_nothing(shop) {
        put(&shop, "slow", &to_nobody()).await;
        let slow = super::claim(&shop).await.unwrap().remove(0);
        assert!(super::claim(&shop).await.unwrap().is_empty());
        shop.clock.advance(LEASE_MS);
        let quick = super::claim(&shop).await.unwrap().remove(0);
        book(&shop, &slow, Ok(())).await.unwrap();
        assert_eq!(backlog(&shop).await.unwrap().waiting, 1);
        book(&shop, &quick, Ok(())).await.unwrap();
        assert_eq!(backlog(&shop).await.unwrap().waiting, 0);
    });

    on_both_databases!(the_banks_word_is_heard_before_the_mails_that_came_before_it(shop) {
        for no in 0..2 * BATCH {
            put(&shop, &format!("mail-{no}"), &to_nobody()).await;
        }
        shop.clock.advance(1);
        let mut tx = shop.db.write().await.unwrap();
        enqueue(&mut tx, &shop, "word", Topic::Bank, &"nonsense").await.unwrap();
        tx.commit().await.unwrap();
        let first = super::claim(&shop).await.unwrap().remove(0);
        assert_eq!((first.key.as_str(), first.topic.as_str()), ("word", "bank"));
    });

    on_both_databases!(every_job_of_a_batch_is_done_and_booked(shop) {
        for no in 0..=3 * AT_ONCE {
            put(&shop, &format!("mail-{no}"), &to_nobody()).await;
        }
        run_due(&shop).await.unwrap();
        let (open, tried) =
            fetch_one!(shop.db.read().await.unwrap(), (i64, i64), "SELECT COUNT(*) - COUNT(failed_at), MAX(attempts) FROM outbox").await.unwrap();
        assert_eq!((open, tried), (0, 1));
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
