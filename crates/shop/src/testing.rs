//! Shops for tests: the same claims are checked on SQLite and on PostgreSQL.

pub mod goods;
pub mod mail_server;
mod migrated;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::SqlitePoolOptions;

use crate::clock::{Clock, Entropy};
use crate::db::Db;
use crate::keys::Keys;
use crate::vault::{self, Vault};
use crate::{Parts, Shop};

/// Sunday, 22 November 2026, 10:00 in Tokyo.
pub const NOW: i64 = 1_795_309_200_000;

/// A fresh shop with an empty database, and the folder that goes when it is dropped.
pub struct TestShop {
    shop: Shop,
    /// Goes before the folder that it works in.
    vault: Option<vault::Here>,
    _dir: tempfile::TempDir,
    /// Server and name of a PostgreSQL database that goes too.
    database: Option<(String, String)>,
}

impl Drop for TestShop {
    fn drop(&mut self) {
        let Some((server, name)) = self.database.take() else { return };
        // Dropping cannot wait, so a thread with a runtime of its own does.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let Db::Postgres(admin) = Db::postgres(&server).await.unwrap() else {
                    unreachable!("a PostgreSQL URL")
                };
                let sql = format!("DROP DATABASE {name} WITH (FORCE)");
                sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&admin).await.map(drop)
            })
        });
        if !matches!(dropped.join(), Ok(Ok(()))) {
            eprintln!("a test database is left behind");
        }
    }
}

impl std::ops::Deref for TestShop {
    type Target = Shop;
    fn deref(&self) -> &Shop {
        &self.shop
    }
}

fn put_together(db: Db, dir: tempfile::TempDir, database: Option<(String, String)>) -> TestShop {
    let data: PathBuf = dir.path().to_owned();
    let entropy = Entropy::System;
    let keys = Keys::new([1; 32], entropy.clone());
    let url = "http://shop.example".to_owned();
    let here = start_vault(&data);
    let vault = Vault::at(&vault::socket(&data), entropy.clone());
    let shop = Shop::new(Parts { db, keys, vault, clock: Clock::fixed(NOW), entropy, data, url, development: true });
    for dir in [shop.media_dir(), shop.mailbox_dir()] {
        std::fs::create_dir_all(dir).unwrap();
    }
    TestShop { shop, vault: Some(here), _dir: dir, database }
}

fn start_vault(data: &Path) -> vault::Here {
    // Nobody else asks, so nothing is waited for.
    let limits = noren_vault::policy::Limits { grace: Duration::ZERO, ..Default::default() };
    vault::Here::start(&vault::folder(data), &vault::socket(data), "shop.example", limits, &[], &[]).unwrap()
}

impl TestShop {
    /// Stops the shop's vault, as if its process had ended.
    pub fn stop_vault(&mut self) {
        self.vault = None;
    }

    /// Starts it again.
    pub fn start_vault(&mut self) {
        self.vault = Some(start_vault(&self.shop.data));
    }
}

/// A shop on SQLite.
pub async fn sqlite() -> TestShop {
    let dir = tempfile::tempdir().unwrap();
    let db = migrated::sqlite(&dir.path().join("noren.sqlite")).await;
    put_together(db, dir, None)
}

/// A shop on the PostgreSQL server of `NOREN_TEST_DATABASE_URL`, in a database of its own, which goes
/// when the shop is dropped.
///
/// # Panics
/// When the variable is unset: `make test` starts a server and sets it.
pub async fn postgres() -> TestShop {
    let base = std::env::var("NOREN_TEST_DATABASE_URL")
        .expect("NOREN_TEST_DATABASE_URL names a PostgreSQL server for tests; `make test` starts one");
    // Random, for the server may be one that keeps what an interrupted run left behind.
    let name = format!("noren_test_{:032x}", u128::from_ne_bytes(Entropy::System.bytes()));
    let db = migrated::postgres(&base, &name).await;
    put_together(db, tempfile::tempdir().unwrap(), Some((base, name)))
}

/// A second machine at the same database: connections of its own, the same keys and folder.
pub async fn another_machine(shop: &Shop) -> Shop {
    let db = match &shop.db {
        Db::Sqlite { .. } => Db::sqlite(&shop.data.join("noren.sqlite")).await.unwrap(),
        Db::Postgres(pool) => {
            Db::Postgres(sqlx::PgPool::connect_with((*pool.connect_options()).clone()).await.unwrap())
        }
    };
    beside(shop, db)
}

/// The same shop with a single connection to read by, which on PostgreSQL is that to write by as well. Whoever asks for
/// another one while they hold it fails after a while; with more connections only as many of them at once would.
pub fn with_one_connection(shop: &Shop) -> Shop {
    let db = match &shop.db {
        Db::Sqlite { read, write } => {
            let one = SqlitePoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(10));
            Db::Sqlite { read: one.connect_lazy_with((*read.connect_options()).clone()), write: write.clone() }
        }
        Db::Postgres(pool) => {
            let one = PgPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(10));
            Db::Postgres(one.connect_lazy_with((*pool.connect_options()).clone()))
        }
    };
    beside(shop, db)
}

/// A shop at `db` with the keys, the vault and the folder of `shop`.
fn beside(shop: &Shop, db: Db) -> Shop {
    let (keys, clock, entropy) = (Keys::new([1; 32], shop.entropy.clone()), shop.clock.clone(), shop.entropy.clone());
    let vault = Vault::at(shop.vault.place(), entropy.clone());
    Shop::new(Parts {
        db,
        keys,
        vault,
        clock,
        entropy,
        data: shop.data.clone(),
        url: shop.url.clone(),
        development: true,
    })
}

/// Writes a claim once and checks it on both databases:
/// `on_both_databases!(the_last_unit_is_sold_once(shop) { … })`.
#[macro_export]
macro_rules! on_both_databases {
    ($(#[$meta:meta])* $name:ident($shop:ident) $body:block) => {
        mod $name {
            #[allow(unused_imports, reason = "a claim may need nothing but the shop")]
            use super::*;

            async fn claim($shop: $crate::testing::TestShop) $body

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                claim($crate::testing::sqlite().await).await;
            }

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                claim($crate::testing::postgres().await).await;
            }
        }
    };
}
