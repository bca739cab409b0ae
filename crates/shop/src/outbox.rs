//! Work that must survive a crash: written in the transaction that makes it necessary, done after
//! it, repeated until it succeeds or is known never to. A job may run twice; what it does must not
//! show twice.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use serde::Serialize;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::db::Conn;
use crate::mail::{self, Mail, MailError, sent};
use crate::payment::{self, PaymentError};
use crate::shred::{self, ShredError};
use crate::{Shop, execute, notice};

mod backlog;
mod claim;

pub use backlog::{Backlog, backlog};
pub(crate) use claim::{FAR_AHEAD_MS, Job, claim};

/// How many jobs of a claim are done at a time, and so how many mails are with the mail server at once.
pub(crate) const AT_ONCE: usize = 4;
const FIRST_RETRY_MS: i64 = 1_000;
const LAST_RETRY_MS: i64 = 3_600_000;
/// From this many tries on, a failing job is an error in the log rather than a warning.
const LOUD_AFTER: i64 = 5;

/// Rung when there may be work; a hint that saves waiting, never needed for correctness.
static BELLS: [Notify; 2] = [Notify::const_new(), Notify::const_new()];

/// Jobs that wait for nothing but each other. Mails have a lane of their own: a mail server that is slow
/// or away holds up neither the bank's words nor the shredder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Mails.
    Mails,
    /// All that is no mail.
    Rest,
}

impl Lane {
    fn bell(self) -> &'static Notify {
        match self {
            Self::Mails => &BELLS[0],
            Self::Rest => &BELLS[1],
        }
    }
}

/// How urgent a job is: of a lane, what is more urgent is done first, however long the rest waits already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// Somebody sits in front of a page and waits for it, a code for ten minutes at most.
    Awaited,
    /// The same, at an address that a stranger has typed in: anybody can have any number of these written, and the codes of
    /// customers must not wait for them.
    Stranger,
    /// All else.
    Usual,
    /// For many people at once.
    Bulk,
}

impl Urgency {
    /// The number stored in the database.
    const fn number(self) -> i64 {
        match self {
            Self::Awaited => 0,
            Self::Usual => 1,
            Self::Bulk => 2,
            // Not in the order of the others: it came later.
            Self::Stranger => 3,
        }
    }
}

/// What kind of work a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Send a [`Mail`].
    Mail,
    /// The test bank's own work: webhooks to the shop, refunds (development only).
    Bank,
    /// Destroy the key of a record that is gone, and the mails to it that lie in the mailbox folder.
    Shred,
    /// Write the next mails about a notice of a breach.
    Notice,
}

impl Topic {
    const fn word(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Bank => "bank",
            Self::Shred => "shred",
            Self::Notice => "notice",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Mail, Self::Bank, Self::Shred, Self::Notice].into_iter().find(|topic| topic.word() == word)
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
    #[error(transparent)]
    Notice(#[from] sqlx::Error),
    /// Without the words of the panic: they may hold what was read. Where it was is in the log.
    #[error("the job broke down: a mistake in the program")]
    Broken(Topic),
}

impl JobError {
    /// Whether it has been tried for so long (milliseconds) that it is not tried any more.
    const fn is_given_up(&self, tried_ms: i64) -> bool {
        matches!(self, Self::Mail(MailError::Smtp(_)) | Self::Broken(Topic::Mail)) && tried_ms >= mail::GIVE_UP_MS
    }

    /// Whether the same job would fail in the same way for ever.
    const fn is_final(&self) -> bool {
        match self {
            Self::Topic | Self::Payload(_) => true,
            Self::Mail(error) => error.is_final(),
            Self::Bank(_) | Self::Shred(_) | Self::Notice(_) | Self::Broken(_) => false,
        }
    }
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
    write_down(conn, shop, key, topic, Urgency::Usual, payload, run_at).await
}

/// Like [`enqueue_at`], for a mail.
pub(crate) async fn enqueue_mail(
    conn: &mut Conn,
    shop: &Shop,
    key: &str,
    mail: &Mail,
    urgency: Urgency,
    run_at: i64,
) -> Result<(), sqlx::Error> {
    write_down(conn, shop, key, Topic::Mail, urgency, mail, run_at).await
}

async fn write_down(
    conn: &mut Conn,
    shop: &Shop,
    key: &str,
    topic: Topic,
    urgency: Urgency,
    payload: &impl Serialize,
    run_at: i64,
) -> Result<(), sqlx::Error> {
    let payload = serde_json::to_string(payload).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    execute!(
        conn,
        "INSERT INTO outbox (id, key, topic, payload, run_at, due_at, priority) VALUES ($1, $2, $3, $4, $5, $5, $6) ON CONFLICT (key) DO NOTHING",
        shop.entropy.uuid(shop.now()),
        key,
        topic.word(),
        payload.as_str(),
        run_at,
        urgency.number(),
    )
    .await?;
    Ok(())
}

/// Takes a job back, in the caller's transaction: what it was about is gone, so there is nothing to
/// do and nothing to try again. A job that is done, or never was, stays as it is.
pub async fn cancel(conn: &mut Conn, shop: &Shop, key: &str) -> Result<(), sqlx::Error> {
    let sql = "UPDATE outbox SET done_at = $1, payload = '' WHERE key = $2 AND done_at IS NULL";
    if execute!(conn, sql, shop.now(), key).await? > 0 {
        sent::cancel(conn, shop, key).await?;
    }
    Ok(())
}

/// Tells the workers that there is work. Call it after the commit.
pub fn ring() {
    for bell in &BELLS {
        bell.notify_one();
    }
}

/// Waits until somebody rings.
pub async fn rung(lane: Lane) {
    lane.bell().notified().await;
}

/// Does everything that is due, mails last, and gives the number of jobs that succeeded. Those that failed
/// wait longer after every try; those that can never succeed are set aside for a person to look at.
pub async fn run_due(shop: &Shop) -> Result<usize, sqlx::Error> {
    Ok(run_lane(shop, Lane::Rest).await? + run_lane(shop, Lane::Mails).await?)
}

/// [`run_due`] for the jobs of one lane.
pub async fn run_lane(shop: &Shop, lane: Lane) -> Result<usize, sqlx::Error> {
    let mut succeeded = 0;
    loop {
        let jobs = claim(shop, lane).await?;
        if jobs.is_empty() {
            return Ok(succeeded);
        }
        succeeded += work_off(shop, jobs).await?;
    }
}

/// Does claimed jobs, [`AT_ONCE`] at a time, and gives the number of those that succeeded. After one that cannot be booked
/// none is begun; those that are on their way are waited for, or a mail that is broken off would go out twice.
async fn work_off(shop: &Shop, jobs: Vec<Job>) -> Result<usize, sqlx::Error> {
    let (mut jobs, mut running, mut succeeded, mut failed) = (jobs.into_iter(), JoinSet::new(), 0, None);
    loop {
        // A slow mail server can use up the lease: the rest is anybody's then.
        while failed.is_none()
            && running.len() < AT_ONCE
            && let Some(mut job) = jobs.next().filter(|job| shop.now() < job.leased_until)
        {
            let shop = shop.clone();
            running.spawn(async move {
                let outcome = run(&shop, &mut job).await;
                let done = outcome.is_ok();
                book(&shop, &mut job, outcome).await.map(|()| done)
            });
        }
        match running.join_next().await {
            Some(Ok(Ok(done))) => succeeded += usize::from(done),
            Some(Ok(Err(error))) => failed = failed.or(Some(error)),
            Some(Err(_)) => failed = failed.or(Some(sqlx::Error::WorkerCrashed)),
            None => return failed.map_or(Ok(succeeded), Err),
        }
    }
}

/// Tries a job. One that breaks down has failed like any other: it is booked, and waits for longer each time.
async fn run(shop: &Shop, job: &mut Job) -> Result<(), JobError> {
    let topic = Topic::from_word(&job.topic).ok_or(JobError::Topic)?;
    let mut trying = pin!(carry_out(shop, topic, job));
    let whole = poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| trying.as_mut().poll(context))) {
        Ok(polled) => polled.map(Some),
        Err(_) => Poll::Ready(None),
    });
    whole.await.unwrap_or(Err(JobError::Broken(topic)))
}

async fn carry_out(shop: &Shop, topic: Topic, job: &mut Job) -> Result<(), JobError> {
    match topic {
        Topic::Mail => {
            let mail = serde_json::from_str::<Mail>(&job.payload)?;
            mail::send(shop, job, &mail).await?;
        }
        Topic::Bank => payment::deliver(shop, &serde_json::from_str(&job.payload)?).await?,
        Topic::Shred => shred::run(shop, &serde_json::from_str(&job.payload)?).await?,
        Topic::Notice => notice::tell(shop, &serde_json::from_str(&job.payload)?).await?,
    }
    Ok(())
}

/// Writes down how a job ended, if it still is this worker's. A finished job's payload goes: a code in
/// it is nobody's any more.
async fn book(shop: &Shop, job: &mut Job, outcome: Result<(), JobError>) -> Result<(), sqlx::Error> {
    let (now, mine) = (shop.now(), job.leased_until);
    let mut tx = shop.db.write().await?;
    let booked = match outcome {
        Ok(()) => {
            let sql =
                "UPDATE outbox SET done_at = $1, payload = '', last_error = NULL WHERE id = $2 AND leased_until = $3";
            execute!(tx, sql, now, job.id, mine).await?
        }
        // Of a job that was called off, or is another worker's, a failure says nothing.
        Err(_) if !job.is_mine(&mut tx).await? => 0,
        Err(error) if error.is_final() || error.is_given_up(now - job.due_at) => {
            let error = error.to_string();
            tracing::error!(key = job.key, error, "a job can never succeed and is set aside; a person must look");
            sent::give_up(&mut tx, shop, &job.key).await?;
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
        tracing::warn!(key = job.key, "a job took longer than its lease, or was called off; this try is not booked");
    }
    Ok(())
}

/// 1 s, 2 s, 4 s … up to an hour.
fn backoff(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.clamp(1, 20) - 1).unwrap_or(0);
    (FIRST_RETRY_MS << doublings).min(LAST_RETRY_MS)
}

#[cfg(test)]
mod tests;
