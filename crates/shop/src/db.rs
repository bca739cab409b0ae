//! The two databases behind one face.
//!
//! SQLite by default: one connection writes (opened with `BEGIN IMMEDIATE`, commits in groups), several read.
//! PostgreSQL when one machine is not enough. SQL is portable with `$1` placeholders; where the
//! dialects part, both sentences stand side by side in one `match`.
//!
//! A use case asks for [`Db::read`] or [`Db::write`] and hands the [`Conn`] to the row functions of
//! its feature, which run SQL with [`execute!`](crate::execute) and its siblings.

mod copy;
mod group;

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, PgConnection, Postgres, Sqlite, SqliteConnection, Transaction};

pub use copy::copy_sqlite;

/// An opened database.
#[derive(Clone, Debug)]
pub enum Db {
    /// A file (or a temporary one, in tests) on this machine.
    Sqlite {
        /// Reads; never blocked by the writer (WAL).
        read: SqlitePool,
        /// The one writer, and the line before it.
        write: group::Line,
    },
    /// A PostgreSQL server.
    Postgres(PgPool),
}

/// One connection, borrowed from a pool; inside a [`Tx`] also its transaction.
#[derive(Debug)]
pub struct Conn(Inner);

#[derive(Debug)]
enum Inner {
    Sqlite(PoolConnection<Sqlite>),
    SqliteTx(group::Turn),
    Postgres(PoolConnection<Postgres>),
    PostgresTx(Transaction<'static, Postgres>),
}

/// A connection of either kind, ready to run SQL on; what the query macros match on.
#[derive(Debug)]
pub enum Raw<'c> {
    /// SQLite.
    Sqlite(&'c mut SqliteConnection),
    /// PostgreSQL.
    Postgres(&'c mut PgConnection),
}

/// A transaction that writes. Dropped without [`Tx::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct Tx(Conn);

/// Which dialect a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Db {
    /// Opens the SQLite file at `path`, creating it when it is missing.
    /// It is its owner's alone, and so are the files that SQLite puts beside it.
    pub async fn sqlite(path: &Path) -> Result<Self, sqlx::Error> {
        #[cfg(unix)]
        if !path.exists() {
            let mut file = std::fs::OpenOptions::new();
            std::os::unix::fs::OpenOptionsExt::mode(file.append(true).create(true), 0o600).open(path)?;
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            .pragma("cache_size", "-16000")
            .pragma("mmap_size", "268435456")
            .optimize_on_close(true, 400);
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            // What is deleted is overwritten: plain words about a person who was erased lie in no free page.
            .connect_with(options.clone().pragma("secure_delete", "on"))
            .await?;
        let read = SqlitePoolOptions::new()
            .max_connections(8)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_lazy_with(options.pragma("query_only", "on"));
        Ok(Self::Sqlite { read, write: group::Line::new(write) })
    }

    /// Opens the PostgreSQL database at `url` (`postgres://user:password@host/name`).
    pub async fn postgres(url: &str) -> Result<Self, sqlx::Error> {
        let options = PgConnectOptions::from_str(url)?;
        let pool = PgPoolOptions::new().max_connections(16).acquire_timeout(Duration::from_secs(10));
        match pool.connect_with(options.clone()).await {
            Ok(pool) => Ok(Self::Postgres(pool)),
            Err(sqlx::Error::PoolTimedOut) => {
                // The pool says that it has waited, and not for what.
                PgConnection::connect_with(&options).await?;
                Err(sqlx::Error::PoolTimedOut)
            }
            Err(error) => Err(error),
        }
    }

    /// Brings the schema up to date; running it twice changes nothing.
    pub async fn migrate(&self) -> Result<(), sqlx::migrate::MigrateError> {
        match self {
            Self::Sqlite { write, .. } => sqlx::migrate!("migrations/sqlite").run(write.pool()).await,
            Self::Postgres(pool) => sqlx::migrate!("migrations/postgres").run(pool).await,
        }
    }

    /// Brings the schema of an empty database to what it was after the migration `last`.
    #[cfg(test)]
    pub(crate) async fn migrate_to(&self, last: i64) -> Result<(), sqlx::migrate::MigrateError> {
        match self {
            Self::Sqlite { write, .. } => sqlx::migrate!("migrations/sqlite").run_to(last, write.pool()).await,
            Self::Postgres(pool) => sqlx::migrate!("migrations/postgres").run_to(last, pool).await,
        }
    }

    /// How many migrations this binary knows and how many the database has seen.
    pub async fn migrations(&self) -> Result<(usize, usize), sqlx::Error> {
        let known = match self {
            Self::Sqlite { .. } => sqlx::migrate!("migrations/sqlite").iter().count(),
            Self::Postgres(_) => sqlx::migrate!("migrations/postgres").iter().count(),
        };
        let mut conn = self.read().await?;
        let applied = crate::fetch_one!(conn, (i64,), "SELECT COUNT(*) FROM _sqlx_migrations WHERE success").await;
        // A database that never saw a migration has no such table.
        let applied = match applied {
            Ok((applied,)) => usize::try_from(applied).unwrap_or(0),
            Err(sqlx::Error::Database(_)) => 0,
            Err(error) => return Err(error),
        };
        Ok((known, applied))
    }

    /// A connection for reading.
    pub async fn read(&self) -> Result<Conn, sqlx::Error> {
        Ok(Conn(match self {
            Self::Sqlite { read, .. } => Inner::Sqlite(read.acquire().await?),
            Self::Postgres(pool) => Inner::Postgres(pool.acquire().await?),
        }))
    }

    /// A transaction for writing. On SQLite it holds the write lock from its first moment, so what
    /// it reads cannot change under it; on PostgreSQL (read committed) changes must be guarded in SQL.
    pub async fn write(&self) -> Result<Tx, sqlx::Error> {
        Ok(Tx(Conn(match self {
            Self::Sqlite { write, .. } => Inner::SqliteTx(write.turn(false).await?),
            Self::Postgres(pool) => Inner::PostgresTx(pool.begin().await?),
        })))
    }

    /// Like [`Db::write`], for work that takes long (an import): on SQLite nobody's commit waits for it.
    pub async fn write_alone(&self) -> Result<Tx, sqlx::Error> {
        Ok(Tx(Conn(match self {
            Self::Sqlite { write, .. } => Inner::SqliteTx(write.turn(true).await?),
            Self::Postgres(pool) => Inner::PostgresTx(pool.begin().await?),
        })))
    }

    /// Asks the database for something that is there once it is migrated: a pool hands out
    /// connections (on SQLite even ones that nobody tries first) whether or not anything answers on them.
    pub async fn answers(&self) -> Result<(), sqlx::Error> {
        let mut conn = self.read().await?;
        crate::execute!(conn, "SELECT id FROM key_check").await?;
        Ok(())
    }

    /// Which dialect this database speaks.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite { .. } => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Closes every connection, after letting running statements end.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { read, write } => {
                read.close().await;
                write.pool().close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Conn {
    /// The connection underneath.
    pub fn raw(&mut self) -> Raw<'_> {
        match &mut self.0 {
            Inner::Sqlite(conn) => Raw::Sqlite(conn),
            Inner::SqliteTx(tx) => Raw::Sqlite(tx),
            Inner::Postgres(conn) => Raw::Postgres(conn),
            Inner::PostgresTx(tx) => Raw::Postgres(tx),
        }
    }

    /// Which dialect this connection speaks.
    pub fn dialect(&self) -> Dialect {
        match self.0 {
            Inner::Sqlite(_) | Inner::SqliteTx(_) => Dialect::Sqlite,
            Inner::Postgres(_) | Inner::PostgresTx(_) => Dialect::Postgres,
        }
    }
}

impl Tx {
    /// Makes everything done in this transaction last.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        match self.0.0 {
            Inner::SqliteTx(tx) => tx.commit().await,
            Inner::PostgresTx(tx) => tx.commit().await,
            Inner::Sqlite(_) | Inner::Postgres(_) => Ok(()),
        }
    }
}

impl Deref for Tx {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.0
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.0
    }
}

/// Whether `error` says that a UNIQUE constraint would break.
pub fn is_unique_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

/// An error that may say "another transaction was in the way: begin again".
pub trait Collided {
    /// Whether the database undid everything only because of another transaction: a deadlock
    /// (SQLSTATE 40P01) or a serialisation failure (40001).
    fn collided(&self) -> bool;
}

impl Collided for sqlx::Error {
    fn collided(&self) -> bool {
        self.as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .is_some_and(|code| ["40P01", "40001"].contains(&&*code))
    }
}

/// How often a transaction begins again after a collision before its error is told.
const AGAIN: usize = 2;

/// Runs `work`, which is one whole transaction, and runs it again after a collision. Locks are taken
/// in one order everywhere (checkout, order, stock by variant, product, cart lines), so this is for
/// the rest: a long import in the way, or the database's own checks of keys.
pub async fn again<T, E: Collided, F: Future<Output = Result<T, E>>>(mut work: impl FnMut() -> F) -> Result<T, E> {
    for _ in 0..AGAIN {
        match work().await {
            Err(error) if error.collided() => tracing::warn!("a transaction met another one and begins again"),
            done => return done,
        }
    }
    work().await
}

/// Runs a statement on a [`Conn`]: `execute!(conn, "UPDATE … $1", value).await?` gives the number
/// of rows it changed.
#[macro_export]
macro_rules! execute {
    ($conn:expr, $sql:expr $(, $arg:expr)* $(,)?) => {
        async {
            match $conn.raw() {
                $crate::db::Raw::Sqlite(conn) => {
                    sqlx::query($sql)$(.bind($arg))*.execute(conn).await.map(|done| done.rows_affected())
                }
                $crate::db::Raw::Postgres(conn) => {
                    sqlx::query($sql)$(.bind($arg))*.execute(conn).await.map(|done| done.rows_affected())
                }
            }
        }
    };
}

/// Reads every row as `$row` (a `FromRow` struct or a tuple): `fetch_all!(conn, Row, "SELECT …", value).await?`.
#[macro_export]
macro_rules! fetch_all {
    ($conn:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        async {
            match $conn.raw() {
                $crate::db::Raw::Sqlite(conn) => {
                    sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_all(conn).await
                }
                $crate::db::Raw::Postgres(conn) => {
                    sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_all(conn).await
                }
            }
        }
    };
}

/// Reads at most one row; see [`fetch_all!`](crate::fetch_all).
#[macro_export]
macro_rules! fetch_optional {
    ($conn:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        async {
            match $conn.raw() {
                $crate::db::Raw::Sqlite(conn) => {
                    sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_optional(conn).await
                }
                $crate::db::Raw::Postgres(conn) => {
                    sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_optional(conn).await
                }
            }
        }
    };
}

/// Reads exactly one row; see [`fetch_all!`](crate::fetch_all).
#[macro_export]
macro_rules! fetch_one {
    ($conn:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        async {
            match $conn.raw() {
                $crate::db::Raw::Sqlite(conn) => {
                    sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_one(conn).await
                }
                $crate::db::Raw::Postgres(conn) => {
                    sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_one(conn).await
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::erase::erase;
    use crate::account::testing::{customer, proved};
    use crate::session::{self, Device};
    use crate::testing;

    /// Table and column names, which must be the same on both databases; the search index is each
    /// database's own.
    async fn columns(db: &Db) -> Vec<(String, String)> {
        let mut conn = db.read().await.unwrap();
        let rows: Vec<(String, String)> = match conn.dialect() {
            Dialect::Sqlite => {
                crate::fetch_all!(
                    conn,
                    (String, String),
                    "SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
                )
                .await
            }
            Dialect::Postgres => {
                crate::fetch_all!(
                    conn,
                    (String, String),
                    "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = 'public'"
                )
                .await
            }
        }
        .unwrap();
        let mut rows: Vec<_> = rows
            .into_iter()
            .filter(|(table, _)| {
                !table.starts_with("product_search") && !table.starts_with('_') && !table.starts_with("sqlite_")
            })
            .collect();
        rows.sort();
        rows
    }

    #[tokio::test]
    async fn both_migrations_end_in_the_same_tables_and_columns() {
        let (sqlite, postgres) = (testing::sqlite().await, testing::postgres().await);
        let here = columns(&sqlite.db).await;
        assert!(here.len() > 150, "{}", here.len());
        assert_eq!(here, columns(&postgres.db).await);
    }

    crate::on_both_databases!(a_migrated_database_knows_it(shop) {
        let (known, applied) = shop.db.migrations().await.unwrap();
        assert!(known > 0);
        assert_eq!(known, applied);
        shop.db.migrate().await.unwrap();
    });

    /// Two transactions that lock two rows in opposite order, which only PostgreSQL allows: it undoes
    /// one of them, and that one begins again.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_transaction_undone_for_another_begins_again() {
        let shop = testing::postgres().await;
        let keys = [vec![1u8], vec![2u8]];
        for key in &keys {
            let mut tx = shop.db.write().await.unwrap();
            crate::execute!(tx, "INSERT INTO rate_limit (key, arrival) VALUES ($1, 0)", key).await.unwrap();
            tx.commit().await.unwrap();
        }
        let both_hold_one = tokio::sync::Barrier::new(2);
        let work = |first: usize| {
            let (db, keys, both_hold_one, tries) = (&shop.db, &keys, &both_hold_one, std::cell::Cell::new(0));
            async move {
                again(|| async {
                    tries.set(tries.get() + 1);
                    // Whoever begins again waits for the row that the other one holds before it takes any, or
                    // the two might meet once more.
                    let first = if tries.get() == 1 { first } else { 1 - first };
                    let mut tx = db.write().await?;
                    let sql = "UPDATE rate_limit SET refused = refused + 1 WHERE key = $1";
                    crate::execute!(tx, sql, &keys[first]).await?;
                    if tries.get() == 1 {
                        both_hold_one.wait().await;
                    }
                    crate::execute!(tx, sql, &keys[1 - first]).await?;
                    tx.commit().await
                })
                .await?;
                Ok::<_, sqlx::Error>(tries.get())
            }
        };
        let (a, b) = tokio::join!(work(0), work(1));
        assert_eq!(a.unwrap() + b.unwrap(), 3, "one of them ran twice");
        let mut conn = shop.db.read().await.unwrap();
        let (least,): (i64,) = crate::fetch_one!(conn, (i64,), "SELECT MIN(refused) FROM rate_limit").await.unwrap();
        assert_eq!(least, 2);
    }

    /// Writes what stands in the log beside the file into the file, and empties the log.
    async fn settle(db: &Db) {
        let Db::Sqlite { write, .. } = db else { unreachable!("an SQLite file") };
        let settled = sqlx::query_as::<_, (i64, i64, i64)>("PRAGMA wal_checkpoint(TRUNCATE)");
        let (busy, _, _) = settled.fetch_one(write.pool()).await.unwrap();
        assert_eq!(busy, 0, "nobody reads meanwhile");
    }

    /// Whether these words stand in the file, or in the log beside it.
    fn holds(folder: &Path, words: &str) -> bool {
        ["noren.sqlite", "noren.sqlite-wal"].iter().any(|name| {
            let bytes = std::fs::read(folder.join(name)).unwrap();
            bytes.windows(words.len()).any(|part| part == words.as_bytes())
        })
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn of_an_erased_account_the_file_holds_no_word_in_its_free_places_either() {
        const AGENT: &str = "Unmistakable/7.3 (of somebody)";
        let shop = testing::sqlite().await;
        let hers = customer(&shop, "hanako@example.jp").await;
        let mut tx = shop.db.write().await.unwrap();
        session::open(&mut tx, &shop, hers, &Device::new(AGENT.to_owned(), None)).await.unwrap();
        tx.commit().await.unwrap();
        settle(&shop.db).await;
        assert!(holds(&shop.data, AGENT), "plainly, while the account is there");
        erase(&shop, &proved(&shop, hers).await).await.unwrap().unwrap();
        settle(&shop.db).await;
        assert!(!holds(&shop.data, AGENT));
    }

    crate::on_both_databases!(a_transaction_that_is_dropped_leaves_nothing(shop) {
        let mut tx = shop.db.write().await.unwrap();
        crate::execute!(tx, "INSERT INTO rate_limit (key, arrival) VALUES ($1, 0)", vec![1u8]).await.unwrap();
        drop(tx);
        let mut conn = shop.db.read().await.unwrap();
        let (rows,): (i64,) = crate::fetch_one!(conn, (i64,), "SELECT COUNT(*) FROM rate_limit").await.unwrap();
        assert_eq!(rows, 0);
    });
}
