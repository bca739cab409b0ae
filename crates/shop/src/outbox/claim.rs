//! Who does what next: a claim takes due jobs of a lane for one worker, the most urgent first, and no other worker has
//! them while its lease lasts.

use uuid::Uuid;

use super::{AT_ONCE, LAST_RETRY_MS, Lane, Urgency};
use crate::db::{Conn, Dialect};
use crate::{Shop, execute, fetch_all};

/// How many jobs one claim takes.
pub(super) const BATCH: i64 = 32;
/// How long a claimed job belongs to its worker; after a crash another one takes it up then.
pub(crate) const LEASE_MS: i64 = 60_000;
/// So far ahead no clock that is right writes anything down: no lease is as long, and no pause between two tries. What
/// lies further ahead was written by a clock that was ahead, and is not waited for.
pub(crate) const FAR_AHEAD_MS: i64 = 2 * LAST_RETRY_MS;

/// A job that this worker has claimed.
#[derive(sqlx::FromRow)]
pub(crate) struct Job {
    pub(super) id: Uuid,
    pub(super) key: String,
    pub(super) topic: String,
    pub(super) payload: String,
    pub(super) attempts: i64,
    pub(super) leased_until: i64,
    pub(super) due_at: i64,
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
            Self::Mails => &[
                Row::Mails(Urgency::Awaited),
                Row::Mails(Urgency::Stranger),
                Row::Mails(Urgency::Usual),
                Row::Mails(Urgency::Bulk),
            ],
            Self::Rest => &[Row::Rest],
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

/// A sentence about the jobs of a row: those for which `$when` holds.
macro_rules! of_row {
    ($row:expr, $before:literal, $when:literal, $after:literal) => {
        match $row {
            Row::Mails(Urgency::Awaited) => of_row!(@ "topic = 'mail' AND priority = 0", $before, $when, $after),
            Row::Mails(Urgency::Usual) => of_row!(@ "topic = 'mail' AND priority = 1", $before, $when, $after),
            Row::Mails(Urgency::Bulk) => of_row!(@ "topic = 'mail' AND priority = 2", $before, $when, $after),
            Row::Mails(Urgency::Stranger) => of_row!(@ "topic = 'mail' AND priority = 3", $before, $when, $after),
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

/// Takes due jobs of a lane for this worker alone, the bank's first, the most urgent mails first. Where there are so many
/// of a row, one place is for what is less urgent: strangers can have any number of codes sent, and must not keep back the
/// mail that warns of them.
pub(crate) async fn claim(shop: &Shop, lane: Lane) -> Result<Vec<Job>, sqlx::Error> {
    let mut rows = lane.rows();
    while let [row, less_urgent @ ..] = rows {
        let most = lane.batch(shop) - i64::from(!less_urgent.is_empty());
        let mut jobs = claim_of(shop, *row, most).await?;
        if !less_urgent.is_empty() && i64::try_from(jobs.len()) == Ok(most) {
            // By turns, or the second row would keep the others back; and the row's own where nothing else waits.
            let turn = jobs.first().map_or(0, |job| usize::from(job.id.as_bytes()[15])) % less_urgent.len();
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
