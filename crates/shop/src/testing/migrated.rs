//! Empty databases that have their schema already. The migrations run once, and every test gets a copy: otherwise
//! most of the time of a thousand tests would go into the same migrations.

use std::fmt::Write as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, PgConnection};
use tokio::sync::OnceCell;

use crate::db::Db;

/// Tests that want the template at the same moment, of however many processes, make it once.
const LOCK: i64 = 0x6e6f_7265_6e00;

/// An SQLite database at `path`, where nothing is yet.
pub(super) async fn sqlite(path: &Path) -> Db {
    static EMPTY: OnceCell<Vec<u8>> = OnceCell::const_new();
    std::fs::write(path, EMPTY.get_or_init(sqlite_file).await).unwrap();
    Db::sqlite(path).await.unwrap()
}

async fn sqlite_file() -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("noren.sqlite");
    let db = Db::sqlite(&path).await.unwrap();
    db.migrate().await.unwrap();
    let Db::Sqlite { write, .. } = &db else { unreachable!("an SQLite file") };
    // What stands in the log beside it is not in the file yet.
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(write.pool()).await.unwrap();
    db.close().await;
    std::fs::read(path).unwrap()
}

/// Makes the PostgreSQL database `name`, which must not exist, on the server that `base` names a database of.
pub(super) async fn postgres(base: &str, name: &str) -> Db {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let template = TEMPLATE.get_or_init(async || postgres_template(base).await).await;
    let Db::Postgres(admin) = Db::postgres(base).await.unwrap() else { unreachable!("a PostgreSQL URL") };
    run(&mut admin.acquire().await.unwrap(), format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    admin.close().await;
    Db::postgres(&beside(base, name)).await.unwrap()
}

/// The name of a database with the schema of this binary. It stays on the server, for the next run; nobody can connect to it.
async fn postgres_template(base: &str) -> String {
    let mut migrations = Sha256::new();
    for migration in sqlx::migrate!("migrations/postgres").iter() {
        migrations.update(&migration.checksum);
    }
    let name = migrations.finalize()[..8].iter().fold("noren_template_".to_owned(), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    });
    let Db::Postgres(admin) = Db::postgres(base).await.unwrap() else { unreachable!("a PostgreSQL URL") };
    let mut conn = admin.acquire().await.unwrap();
    sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(&mut *conn).await.unwrap();
    let there = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1").bind(&name);
    if there.fetch_optional(&mut *conn).await.unwrap().is_none() {
        // It takes its name when it is whole: a run that was interrupted leaves only what the next one drops.
        let half = format!("{name}_half");
        run(&mut conn, format!("DROP DATABASE IF EXISTS {half} WITH (FORCE)")).await;
        run(&mut conn, format!("CREATE DATABASE {half}")).await;
        let db = Db::postgres(&beside(base, &half)).await.unwrap();
        db.migrate().await.unwrap();
        db.close().await;
        run(&mut conn, format!("ALTER DATABASE {half} WITH ALLOW_CONNECTIONS false")).await;
        run(&mut conn, format!("ALTER DATABASE {half} RENAME TO {name}")).await;
    }
    sqlx::query("SELECT pg_advisory_unlock($1)").bind(LOCK).execute(&mut *conn).await.unwrap();
    name
}

/// The URL of another database of the same server.
fn beside(base: &str, name: &str) -> String {
    let (server, _) = base.rsplit_once('/').expect("the URL names a database");
    format!("{server}/{name}")
}

async fn run(conn: &mut PgConnection, sql: String) {
    sqlx::query(AssertSqlSafe(sql)).execute(conn).await.unwrap();
}
