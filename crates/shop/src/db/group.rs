//! Group commit for SQLite: transactions that wait for the one writer share one `COMMIT`.
//!
//! A commit waits for the disk, 4 to 6 ms here, and SQLite has one writer: alone, each would wait
//! for all before it. So a transaction is a savepoint; when it is done and others are in line, the
//! next one opens its savepoint in the same SQLite transaction, and the last of them (or the
//! [`MOST`]-th) commits for all. [`Turn::commit`] comes back only after that `COMMIT`: what was
//! confirmed is on the disk, as without the group. If the `COMMIT` fails, it fails for all of them,
//! which is right, because later ones may have read what earlier ones wrote.
//!
//! For the same reason a turn that has only read is no answer yet: the order that it found may be one
//! of its own group's, and not be on the disk. Whoever tells somebody what was found commits first,
//! even with nothing written; [`Turn::commit`] waits for those before it as well. A refusal ("sold
//! out") may be told at once, for nobody builds on it: the next try finds what has become of the group.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use sqlx::{Executor, Sqlite};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

/// Most transactions that share a commit: bounds how long the first of them waits.
const MOST: usize = 128;
/// How long somebody stands in line before hearing that the database is busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where writers of one SQLite file stand in line.
#[derive(Clone, Debug)]
pub struct Line(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: SqlitePool,
    /// How many stand in line and have not had their turn.
    waiting: AtomicUsize,
    /// How long each of them does.
    patience: Duration,
    batch: Arc<Mutex<Batch>>,
}

/// The SQLite transaction that is open now, if any.
#[derive(Debug, Default)]
struct Batch {
    conn: Option<PoolConnection<Sqlite>>,
    /// Those who are done and wait for the commit.
    done: Vec<oneshot::Sender<Result<(), sqlx::Error>>>,
}

/// One writer's transaction. Dropped without [`Turn::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct Turn {
    line: Line,
    /// `None` only while the turn ends.
    batch: Option<OwnedMutexGuard<Batch>>,
    /// A long piece of work, for whose end nobody else should wait.
    alone: bool,
    /// It was dropped, and what it did is being taken back.
    dropped: bool,
}

impl Batch {
    /// Makes everything that is done last, and says so to those who wait.
    async fn commit(&mut self) {
        self.commit_by("COMMIT").await;
    }

    /// The same, by these statements.
    async fn commit_by(&mut self, sql: &'static str) {
        let Some(mut conn) = self.conn.take() else { return };
        match conn.execute(sql).await {
            Ok(_) => self.tell(Ok(())),
            Err(error) => {
                give_up(conn).await;
                self.tell(Err(&error.to_string()));
            }
        }
    }

    fn tell(&mut self, result: Result<(), &str>) {
        for one in self.done.drain(..) {
            // Whoever gave up waiting needs no answer.
            let _ = one.send(result.map_err(|error| sqlx::Error::Protocol(error.to_owned())));
        }
    }
}

/// Counts somebody in line, until the turn comes or is given up.
struct InLine<'a>(&'a AtomicUsize);

impl<'a> InLine<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Line {
    /// A line before the one connection of `pool`.
    pub fn new(pool: SqlitePool) -> Self {
        Self::with_patience(pool, PATIENCE)
    }

    fn with_patience(pool: SqlitePool, patience: Duration) -> Self {
        Self(Arc::new(Inner { pool, waiting: AtomicUsize::new(0), patience, batch: Arc::default() }))
    }

    /// The connection's pool, for what runs before anybody writes (migrations) and for closing.
    pub fn pool(&self) -> &SqlitePool {
        &self.0.pool
    }

    /// Waits for the writer's turn and opens a transaction in it. One that takes long (an import)
    /// is `alone`: those before it are committed first, and it commits by itself.
    pub async fn turn(&self, alone: bool) -> Result<Turn, sqlx::Error> {
        let line = self.clone();
        // In a task of its own: a request that is given up half-way must not leave the connection
        // between two states. The turn it would have had is then dropped like any other.
        let opened = tokio::spawn(async move {
            let came = {
                let _in_line = InLine::new(&line.0.waiting);
                tokio::time::timeout(line.0.patience, line.0.batch.clone().lock_owned()).await
            };
            let Ok(batch) = came else {
                tokio::spawn(line.see_off());
                return Err(sqlx::Error::PoolTimedOut);
            };
            let mut turn = Turn { line, batch: Some(batch), alone, dropped: false };
            turn.open().await.map(|()| turn)
        });
        opened.await.map_err(|_| sqlx::Error::WorkerCrashed)?
    }

    /// Takes the place of somebody who lost patience: whoever was done may have seen them in line and
    /// left the commit to them.
    async fn see_off(self) {
        let mut batch = self.0.batch.clone().lock_owned().await;
        if self.0.waiting.load(Ordering::SeqCst) == 0 {
            batch.commit().await;
        }
    }

    /// How many stand in line, for tests that let several share a commit.
    #[cfg(test)]
    pub fn in_line(&self) -> usize {
        self.0.waiting.load(Ordering::SeqCst)
    }
}

impl Turn {
    fn batch(&mut self) -> &mut Batch {
        self.batch.as_mut().expect("the turn has not ended")
    }

    async fn open(&mut self) -> Result<(), sqlx::Error> {
        if self.alone {
            self.batch().commit().await;
        }
        if self.batch().conn.is_some() {
            return self.execute_raw("SAVEPOINT turn").await;
        }
        let mut conn = self.line.0.pool.acquire().await?;
        // At once: each word to the connection's thread and back costs as much as a small statement.
        if let Err(error) = conn.execute("BEGIN IMMEDIATE; SAVEPOINT turn").await {
            give_up(conn).await;
            return Err(error);
        }
        self.batch().conn = Some(conn);
        Ok(())
    }

    async fn execute_raw(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        let conn = self.batch().conn.as_mut().ok_or(sqlx::Error::WorkerCrashed)?;
        conn.execute(sql).await.map(drop)
    }

    /// Makes everything done in this transaction last; comes back when it does.
    pub async fn commit(mut self) -> Result<(), sqlx::Error> {
        let (tell, told) = oneshot::channel();
        tokio::spawn(async move {
            if self.is_last(self.line.0.waiting.load(Ordering::SeqCst)) {
                let Some(mut batch) = self.batch.take() else { return };
                batch.done.push(tell);
                // If the turn cannot be released, the whole transaction is over, and all that are done hear so.
                return batch.commit_by("RELEASE turn; COMMIT").await;
            }
            match self.execute_raw("RELEASE turn").await {
                Ok(()) => {
                    self.batch().done.push(tell);
                    self.leave().await;
                }
                Err(error) => {
                    let _ = tell.send(Err(error));
                    self.undo().await;
                }
            }
        });
        told.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }

    /// Commits for everybody who is done, unless somebody in line will do it.
    async fn leave(&mut self) {
        let next = self.line.0.waiting.load(Ordering::SeqCst);
        self.leave_to(next).await;
    }

    /// Leaves while `next` others were seen in line.
    async fn leave_to(&mut self, next: usize) {
        let last = self.is_last(next);
        let Some(mut batch) = self.batch.take() else { return };
        if last {
            batch.commit().await;
        }
    }

    /// Whether nobody is left to commit for all when `next` others were seen in line.
    fn is_last(&self, next: usize) -> bool {
        self.alone || next == 0 || self.batch.as_ref().is_some_and(|batch| batch.done.len() >= MOST)
    }

    /// Takes back what this transaction did, and only that.
    async fn undo(&mut self) {
        let undone = match self.execute_raw("ROLLBACK TO turn").await {
            Ok(()) => self.execute_raw("RELEASE turn").await,
            Err(error) => Err(error),
        };
        if undone.is_ok() {
            return self.leave().await;
        }
        // A full disk ends the whole transaction by itself; then nobody's work has lasted.
        let Some(mut batch) = self.batch.take() else { return };
        if let Some(conn) = batch.conn.take() {
            give_up(conn).await;
        }
        batch.tell(Err("the database gave up the transaction"));
    }
}

/// Ends whatever is open; a connection that cannot even do that is closed.
async fn give_up(mut conn: PoolConnection<Sqlite>) {
    let nothing_open = conn.execute("ROLLBACK").await.is_ok() || conn.execute("SELECT 1").await.is_ok();
    if !nothing_open {
        let _ = conn.close().await;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(batch) = self.batch.take() else { return };
        // When the runtime ends, tasks are dropped instead of run, this one too: the process is going,
        // and SQLite takes back what is open.
        let runtime = tokio::runtime::Handle::try_current();
        let (Ok(runtime), false) = (runtime, self.dropped) else { return };
        let mut turn = Self { line: self.line.clone(), batch: Some(batch), alone: self.alone, dropped: true };
        runtime.spawn(async move { turn.undo().await });
    }
}

impl Deref for Turn {
    type Target = SqliteConnection;
    fn deref(&self) -> &SqliteConnection {
        self.batch.as_ref().and_then(|batch| batch.conn.as_ref()).expect("an open turn has its connection")
    }
}

impl DerefMut for Turn {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.batch.as_mut().and_then(|batch| batch.conn.as_mut()).expect("an open turn has its connection")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::db::Db;
    use crate::testing;
    use crate::{execute, fetch_all};

    /// What a writer does with the number it was given.
    #[derive(Clone, Copy, Debug)]
    enum Way {
        Commits,
        Drops,
        /// Breaks a constraint after a write, and drops.
        Fails,
        /// Is given up at some point on its way.
        Aborted,
        CommitsAlone,
    }

    fn ways() -> impl Strategy<Value = Vec<Way>> {
        let way = prop_oneof![
            4 => Just(Way::Commits),
            1 => Just(Way::Drops),
            1 => Just(Way::Fails),
            2 => Just(Way::Aborted),
            1 => Just(Way::CommitsAlone),
        ];
        proptest::collection::vec(way, 1..60)
    }

    async fn write(db: &crate::db::Db, key: u8, way: Way) -> Result<(), sqlx::Error> {
        let sql = "INSERT INTO rate_limit (key, arrival) VALUES ($1, 0)";
        let mut tx = if matches!(way, Way::CommitsAlone) { db.write_alone().await? } else { db.write().await? };
        execute!(tx, sql, vec![key]).await?;
        tokio::task::yield_now().await;
        match way {
            Way::Drops => return Err(sqlx::Error::RowNotFound),
            Way::Fails => drop(execute!(tx, sql, vec![key]).await?),
            Way::Commits | Way::Aborted | Way::CommitsAlone => {}
        }
        tx.commit().await
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_is_done_is_committed_also_when_the_one_in_line_loses_patience() {
        let shop = testing::sqlite().await;
        let Db::Sqlite { write, .. } = &shop.db else { unreachable!("a shop on SQLite") };
        let line = Line::with_patience(write.pool().clone(), Duration::from_millis(1));
        let mut turn = line.turn(false).await.unwrap();
        turn.execute("INSERT INTO rate_limit (key, arrival) VALUES (x'01', 0)").await.unwrap();
        assert!(matches!(line.turn(false).await, Err(sqlx::Error::PoolTimedOut)));
        // The rest of `commit`, by one who looked just before that: somebody is in line and will do it.
        let (tell, told) = oneshot::channel();
        turn.execute_raw("RELEASE turn").await.unwrap();
        turn.batch().done.push(tell);
        turn.leave_to(1).await;
        let told = tokio::time::timeout(Duration::from_secs(10), told).await;
        told.expect("somebody commits").unwrap().unwrap();
        let kept = fetch_all!(shop.db.read().await.unwrap(), (Vec<u8>,), "SELECT key FROM rate_limit").await.unwrap();
        assert_eq!(kept.len(), 1);
    }

    #[test]
    fn a_transaction_that_is_open_when_the_runtime_ends_ends_with_it() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (begun, wait) = std::sync::mpsc::channel();
        runtime.spawn(async move {
            let shop = testing::sqlite().await;
            let _open = shop.db.write().await.unwrap();
            begun.send(()).unwrap();
            std::future::pending::<()>().await;
        });
        wait.recv().unwrap();
        drop(runtime);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn what_was_confirmed_is_there_and_what_was_dropped_or_broke_is_not(ways in ways()) {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let shop = testing::sqlite().await;
                let tasks: Vec<_> = ways.iter().copied().enumerate().map(|(key, way)| {
                    let db = shop.db.clone();
                    let key = u8::try_from(key).unwrap();
                    let task = tokio::spawn(async move { write(&db, key, way).await });
                    if matches!(way, Way::Aborted) {
                        let abort = task.abort_handle();
                        tokio::spawn(async move {
                            for _ in 0..key { tokio::task::yield_now().await }
                            abort.abort();
                        });
                    }
                    (key, way, task)
                }).collect();
                let mut results = Vec::new();
                for (key, way, task) in tasks {
                    results.push((key, way, task.await));
                }
                // Whoever comes after all of them finds the writer free.
                write(&shop.db, 255, Way::Commits).await.unwrap();
                let kept = fetch_all!(shop.db.read().await.unwrap(), (Vec<u8>,), "SELECT key FROM rate_limit").await.unwrap();
                let kept: Vec<u8> = kept.into_iter().map(|(key,)| key[0]).collect();
                for (key, way, result) in results {
                    let there = kept.contains(&key);
                    match (way, result) {
                        (Way::Commits | Way::CommitsAlone | Way::Aborted, Ok(Ok(()))) => {
                            assert!(there, "{key} was confirmed and is gone");
                        }
                        (Way::Drops | Way::Fails, Ok(Err(_))) => assert!(!there, "{key} was given up and is there"),
                        // Given up before or after the commit: both are right, half is not possible.
                        (Way::Aborted, Err(_)) => {}
                        (way, result) => panic!("{key}: {way:?} ended with {result:?}"),
                    }
                }
                shop.db.close().await;
            });
        }
    }
}
