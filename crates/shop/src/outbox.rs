//! Work that must survive a crash: written in the transaction that makes it necessary, done after
//! it, repeated until it succeeds or is known never to. A job may run twice; what it does must not
//! show twice.

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::db::{Conn, Dialect};
use crate::mail::{self, Mail, MailError, sent};
use crate::payment::{self, PaymentError};
use crate::shred::{self, ShredError};
use crate::{Shop, execute, fetch_all};

/// How many jobs one claim takes.
const BATCH: i64 = 32;
/// How many jobs of a claim are done at a time, and so how many mails are with the mail server at once.
pub(crate) const AT_ONCE: usize = 4;
/// How long a claimed job belongs to its worker; after a crash another one takes it up then.
pub(crate) const LEASE_MS: i64 = 60_000;
const FIRST_RETRY_MS: i64 = 1_000;
const LAST_RETRY_MS: i64 = 3_600_000;
/// So far ahead no clock that is right writes anything down: no lease is as long, and no pause between two tries. What
/// lies further ahead was written by a clock that was ahead, and is not waited for.
pub(crate) const FAR_AHEAD_MS: i64 = 2 * LAST_RETRY_MS;
/// Mails that came back are spoken of for so long: nobody can do anything about a single one, only about their cause.
const RETURNED_LATELY_MS: i64 = 7 * 24 * 3_600_000;
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

    /// How many jobs one claim takes. What leaves over the network takes no more than it can begin with: the
    /// rest would wait in its lease.
    fn batch(self, shop: &Shop) -> i64 {
        match self {
            Self::Mails if shop.outgoing().relay().is_some() => i64::try_from(AT_ONCE).unwrap_or(BATCH),
            Self::Mails | Self::Rest => BATCH,
        }
    }
}

/// How urgent a job is: of a lane, what is more urgent is done first, however long the rest waits already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// Somebody sits in front of a page and waits for it, a code for ten minutes at most.
    Awaited,
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
        }
    }
}

/// A part of a lane that is read in the order of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
    Mails(Urgency),
    Rest,
}

impl Lane {
    /// Its rows, the most urgent first.
    const fn rows(self) -> &'static [Row] {
        match self {
            Self::Mails => &[Row::Mails(Urgency::Awaited), Row::Mails(Urgency::Usual), Row::Mails(Urgency::Bulk)],
            Self::Rest => &[Row::Rest],
        }
    }
}

/// A sentence about the jobs of a row: those for which `$when` holds.
macro_rules! of_row {
    ($row:expr, $before:literal, $when:literal, $after:literal) => {
        match $row {
            Row::Mails(Urgency::Awaited) => of_row!(@ "topic = 'mail' AND priority = 0", $before, $when, $after),
            Row::Mails(Urgency::Usual) => of_row!(@ "topic = 'mail' AND priority = 1", $before, $when, $after),
            Row::Mails(Urgency::Bulk) => of_row!(@ "topic = 'mail' AND priority = 2", $before, $when, $after),
            // Two ranges of the index; `<>` would read past every mail that waits.
            Row::Rest => of_row!(@ "(topic < 'mail' OR topic > 'mail')", $before, $when, $after),
        }
    };
    (@ $which:literal, $before:literal, $when:literal, $after:literal) => {
        concat!(
            $before,
            "SELECT id FROM outbox WHERE ",
            $which,
            " AND done_at IS NULL AND failed_at IS NULL AND ",
            $when,
            $after
        )
    };
}

/// [`of_row`]: those that are due, `$1` being now and `$2` what is far ahead of it ([`FAR_AHEAD_MS`]).
macro_rules! due_of_row {
    ($row:expr, $before:literal, $after:literal) => {
        of_row!($row, $before, "run_at <= $1 AND (leased_until <= $1 OR leased_until > $2) ", $after)
    };
}

/// [`of_row`]: those that a clock has written that was ahead, `$1` being what is far ahead of now ([`FAR_AHEAD_MS`]) and
/// `$2` the number of a job that was written then ([`written_at`]). A job may be dated for whenever its writer likes, so of
/// one that was not tried yet its number tells whether its writer's clock was right.
macro_rules! ahead_of_row {
    ($row:expr, $before:literal, $after:literal) => {
        of_row!($row, $before, "run_at > $1 AND (attempts > 0 OR id > $2) ", $after)
    };
}

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
    /// Whether it has been tried for so long (milliseconds) that it is not tried any more.
    const fn is_given_up(&self, tried_ms: i64) -> bool {
        matches!(self, Self::Mail(MailError::Smtp(_))) && tried_ms >= mail::GIVE_UP_MS
    }

    /// Whether the same job would fail in the same way for ever.
    const fn is_final(&self) -> bool {
        match self {
            Self::Topic | Self::Payload(_) => true,
            Self::Mail(error) => error.is_final(),
            Self::Bank(_) | Self::Shred(_) => false,
        }
    }
}

/// A job that this worker has claimed.
#[derive(sqlx::FromRow)]
pub(crate) struct Job {
    id: Uuid,
    key: String,
    topic: String,
    payload: String,
    attempts: i64,
    leased_until: i64,
    due_at: i64,
}

impl Job {
    /// What it is found by; the same for the same work.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Keeps the job for this worker until `until`, in the caller's transaction; `false`: it is another one's
    /// by now, or was called off, and must not be done here.
    pub(crate) async fn hold(&mut self, conn: &mut Conn, until: i64) -> Result<bool, sqlx::Error> {
        let sql = "UPDATE outbox SET leased_until = $1 WHERE id = $2 AND leased_until = $3 AND done_at IS NULL";
        let held = execute!(conn, sql, until, self.id, self.leased_until).await? == 1;
        if held {
            self.leased_until = until;
        }
        Ok(held)
    }

    /// Whether the job is still this worker's, until the caller's transaction ends.
    pub(crate) async fn is_mine(&mut self, conn: &mut Conn) -> Result<bool, sqlx::Error> {
        let until = self.leased_until;
        self.hold(conn, until).await
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
    run_at: i64,
) -> Result<(), sqlx::Error> {
    write_down(conn, shop, key, Topic::Mail, mail.urgency(), mail, run_at).await
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

/// Does claimed jobs, [`AT_ONCE`] at a time, and gives the number of those that succeeded.
async fn work_off(shop: &Shop, jobs: Vec<Job>) -> Result<usize, sqlx::Error> {
    let (mut jobs, mut running, mut succeeded) = (jobs.into_iter(), JoinSet::new(), 0);
    loop {
        // A slow mail server can use up the lease: the rest is anybody's then.
        while running.len() < AT_ONCE
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
            Some(Ok(done)) => succeeded += usize::from(done?),
            Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Some(Err(_)) | None => return Ok(succeeded),
        }
    }
}

/// Takes due jobs of a lane for this worker alone, the bank's first, the most urgent mails first. Where there are so many
/// of a row, one place is for what is less urgent: strangers can have any number of codes sent, and must not keep back the
/// mail that warns of them.
pub(crate) async fn claim(shop: &Shop, lane: Lane) -> Result<Vec<Job>, sqlx::Error> {
    let mut rows = lane.rows();
    while let [row, less_urgent @ ..] = rows {
        let most = lane.batch(shop) - i64::from(!less_urgent.is_empty());
        let mut jobs = claim_of(shop, *row, most).await?;
        if !less_urgent.is_empty() && i64::try_from(jobs.len()) == Ok(most) {
            // By turns, or the second row would keep the third back; and the row's own where nothing else waits.
            let turn = usize::from(jobs.first().is_some_and(|job| job.id.as_u128() % 2 == 1));
            let others = less_urgent.iter().cycle().skip(turn).take(less_urgent.len()).chain([row]);
            for other in others {
                match claim_of(shop, *other, 1).await {
                    Ok(one) if one.is_empty() => {}
                    Ok(one) => {
                        jobs.extend(one);
                        break;
                    }
                    // What is claimed already must not wait for its lease to end.
                    Err(error) => {
                        tracing::warn!(%error, "no place was kept for another mail");
                        break;
                    }
                }
            }
        }
        if !jobs.is_empty() {
            return Ok(jobs);
        }
        rows = less_urgent;
    }
    Ok(Vec::new())
}

async fn claim_of(shop: &Shop, row: Row, batch: i64) -> Result<Vec<Job>, sqlx::Error> {
    let now = shop.now();
    let far = now + FAR_AHEAD_MS;
    make_due(shop, row).await?;
    let waiting = fetch_all!(shop.db.read().await?, (Uuid,), due_of_row!(row, "", "LIMIT 1"), now, far).await?;
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let mut tx = shop.db.write().await?;
    let sql = match tx.dialect() {
        Dialect::Sqlite => due_of_row!(
            row,
            "UPDATE outbox SET leased_until = $3, attempts = attempts + 1 WHERE id IN (",
            "ORDER BY topic, priority, run_at, id LIMIT $4) RETURNING id, key, topic, payload, attempts, leased_until, due_at"
        ),
        Dialect::Postgres => due_of_row!(
            row,
            "UPDATE outbox SET leased_until = $3, attempts = attempts + 1 WHERE id IN (",
            "ORDER BY topic, priority, run_at, id LIMIT $4 FOR UPDATE SKIP LOCKED) RETURNING id, key, topic, payload, attempts, leased_until, due_at"
        ),
    };
    let mut jobs = fetch_all!(tx, Job, sql, now, far, now + LEASE_MS, batch).await?;
    tx.commit().await?;
    jobs.sort_by(|a, b| (&a.topic, a.id).cmp(&(&b.topic, b.id)));
    Ok(jobs)
}

/// Has the jobs of a row be due now that a clock has written that was ahead. By a day yet to come they would also be given
/// up too late, and no alarm would tell. A search of its own: in one with those that are due, every mail that waits for its
/// next try would be read each time.
async fn make_due(shop: &Shop, row: Row) -> Result<(), sqlx::Error> {
    let now = shop.now();
    let (far, from) = (now + FAR_AHEAD_MS, written_at(now + FAR_AHEAD_MS));
    let ahead = fetch_all!(shop.db.read().await?, (Uuid,), ahead_of_row!(row, "", "LIMIT 1"), far, from).await?;
    if ahead.is_empty() {
        return Ok(());
    }
    let mut tx = shop.db.write().await?;
    let sql = ahead_of_row!(row, "UPDATE outbox SET run_at = $3, due_at = $3 WHERE id IN (", ")");
    execute!(tx, sql, far, from, now).await?;
    tx.commit().await
}

/// The last number that a job written at `at` can have: they begin with the time.
fn written_at(at: i64) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(u64::try_from(at).unwrap_or(0), &[0xff; 10]).into_uuid()
}

async fn run(shop: &Shop, job: &mut Job) -> Result<(), JobError> {
    match Topic::from_word(&job.topic).ok_or(JobError::Topic)? {
        Topic::Mail => {
            let mail = serde_json::from_str::<Mail>(&job.payload)?;
            mail::send(shop, job, &mail).await?;
        }
        Topic::Bank => payment::deliver(shop, &serde_json::from_str(&job.payload)?).await?,
        Topic::Shred => shred::run(shop, &serde_json::from_str(&job.payload)?).await?,
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
    let (waiting, oldest) = crate::fetch_one!(conn, (i64, Option<i64>), sql).await?;
    let sql =
        "SELECT COUNT(*), COUNT(m.id) FROM outbox o LEFT JOIN mail_sent m ON m.key = o.key AND m.state = 'bounced'
               WHERE o.done_at IS NULL AND o.failed_at IS NOT NULL";
    let (failed, bounced) = crate::fetch_one!(conn, (i64, i64), sql).await?;
    let sql = "SELECT COUNT(*) FROM mail_sent WHERE returned_at > $1";
    let (returned,) = crate::fetch_one!(conn, (i64,), sql, now - RETURNED_LATELY_MS).await?;
    let oldest_ms = oldest.map_or(0, |at| (now - at).max(0));
    Ok(Backlog { waiting, oldest_ms, failed: failed - bounced, bounced: bounced + returned })
}

#[cfg(test)]
mod tests;
