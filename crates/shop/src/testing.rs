//! Shops for tests: the same claims are checked on SQLite and on PostgreSQL.

pub mod goods;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::clock::{Clock, Entropy};
use crate::db::Db;
use crate::person::Keys;
use crate::{Parts, Shop};

/// Sunday, 22 November 2026, 10:00 in Tokyo.
pub const NOW: i64 = 1_795_309_200_000;

/// A fresh shop with an empty database, and the folder that goes when it is dropped.
pub struct TestShop {
    shop: Shop,
    _dir: tempfile::TempDir,
}

impl std::ops::Deref for TestShop {
    type Target = Shop;
    fn deref(&self) -> &Shop {
        &self.shop
    }
}

fn put_together(db: Db, dir: tempfile::TempDir) -> TestShop {
    let data: PathBuf = dir.path().to_owned();
    let entropy = Entropy::System;
    let keys = Keys::new([1; 32], entropy.clone());
    let url = "http://shop.example".to_owned();
    let shop = Shop::new(Parts { db, keys, clock: Clock::fixed(NOW), entropy, data, url, development: true });
    for dir in [shop.media_dir(), shop.mailbox_dir()] {
        std::fs::create_dir_all(dir).unwrap();
    }
    TestShop { shop, _dir: dir }
}

/// A shop on SQLite.
pub async fn sqlite() -> TestShop {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::sqlite(&dir.path().join("noren.sqlite")).await.unwrap();
    db.migrate().await.unwrap();
    put_together(db, dir)
}

/// A shop on the PostgreSQL server of `NOREN_TEST_DATABASE_URL`, in a database of its own.
///
/// # Panics
/// When the variable is unset: `make test` starts a server and sets it.
pub async fn postgres() -> TestShop {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let base = std::env::var("NOREN_TEST_DATABASE_URL")
        .expect("NOREN_TEST_DATABASE_URL names a PostgreSQL server for tests; `make test` starts one");
    let name = format!("noren_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
    let Db::Postgres(admin) = Db::postgres(&base).await.unwrap() else { unreachable!("a PostgreSQL URL") };
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&admin).await.unwrap();
    admin.close().await;
    let (server, _) = base.rsplit_once('/').expect("the URL names a database");
    let db = Db::postgres(&format!("{server}/{name}")).await.unwrap();
    db.migrate().await.unwrap();
    put_together(db, tempfile::tempdir().unwrap())
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
