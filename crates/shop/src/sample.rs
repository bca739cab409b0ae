//! The sample shop: goods and people, so that a first start shows a shop and not an empty page.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::account::{self, DoorError};
use crate::db::{Dialect, Tx};
use crate::import::{self, ImportError, Options};
use crate::notice::{self, NoticeError};
use crate::order::{self, DemoError};
use crate::{Shop, execute, fetch_one, media};

mod large;
mod words;

pub use large::large;

/// The shop cannot be stocked.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The sample goods are neither beside the binary nor in the working directory.
    #[error(
        "the folder \"sample\" with the sample goods is neither beside the binary nor in the working directory; \
             start from the repository, or switch the sample shop off with NOREN_SAMPLE=off"
    )]
    Missing,
    /// A file of the sample goods does not fit the import.
    #[error("the sample goods have bad rows, the first on line {line}: {reason}")]
    Bad {
        /// Its line.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// The file that keeps two starts apart cannot be locked.
    #[error(
        "cannot lock {path}, which keeps two starts from stocking one shop: {source}; make the data folder writable"
    )]
    Lock {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The import.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The demo accounts.
    #[error(transparent)]
    Account(#[from] DoorError),
    /// The sample notice.
    #[error(transparent)]
    Notice(#[from] NoticeError),
    /// The demo orders.
    #[error(transparent)]
    Order(#[from] DemoError),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Stocks an empty shop; a shop that has goods is left alone. In development it also has two demo
/// customers with a few orders, and a notice about one of them.
pub async fn stock(shop: &Shop) -> Result<(), SampleError> {
    stock_from_folder(shop, folder().as_deref()).await
}

async fn stock_from_folder(shop: &Shop, sample: Option<&Path>) -> Result<(), SampleError> {
    let turn = Turn::wait_for(shop).await?;
    account::demo(shop).await?;
    notice::demo(shop).await?;
    // Whether or not there are goods: an earlier start may have been killed before it came to these.
    if let Some(sample) = sample {
        keep_home_pictures(shop, sample)?;
    }
    let mut conn = shop.db.read().await?;
    let (goods,) = fetch_one!(conn, (i64,), "SELECT count(*) FROM (SELECT id FROM product LIMIT 1) AS one").await?;
    drop(conn);
    if goods == 0 {
        stock_from(shop, sample.ok_or(SampleError::Missing)?).await?;
    }
    match order::demo(shop).await {
        // A shop with other goods, or with too few left of these, has nothing to show as bought and opens all the same.
        Err(error) if goods > 0 => tracing::info!(%error, "the demo customers have no orders"),
        done => done?,
    }
    turn.end().await
}

/// The turn of one start: two first starts at one database would stock it both.
enum Turn {
    /// A file beside the database, locked until it is closed, at the latest when the process ends.
    File(#[expect(dead_code, reason = "held for its lock")] File),
    /// A lock in the database, held until this transaction ends.
    Database(Tx),
}

impl Turn {
    /// Any number does, as long as nothing else locks by it.
    const LOCK: i64 = 0x006e_6f72_656e;

    async fn wait_for(shop: &Shop) -> Result<Self, SampleError> {
        if shop.db.dialect() == Dialect::Postgres {
            let mut tx = shop.db.write().await?;
            execute!(tx, "SELECT pg_advisory_xact_lock($1)", Self::LOCK).await?;
            return Ok(Self::Database(tx));
        }
        let path = shop.data.join("stocking.lock");
        let lock = {
            let path = path.clone();
            move || {
                let file = File::create(path)?;
                file.lock().map(|()| file)
            }
        };
        let locked = tokio::task::spawn_blocking(lock).await.map_err(std::io::Error::other).flatten();
        Ok(Self::File(locked.map_err(|source| SampleError::Lock { path, source })?))
    }

    async fn end(self) -> Result<(), SampleError> {
        match self {
            Self::File(_) => Ok(()),
            Self::Database(tx) => Ok(tx.commit().await?),
        }
    }
}

/// Imports the goods in the folder `sample`.
pub async fn stock_from(shop: &Shop, sample: &Path) -> Result<(), SampleError> {
    let options = Options {
        categories: Some(sample.join("categories.csv")),
        products: Some(sample.join("products.csv")),
        pictures: Some(sample.join("pictures")),
        ..Options::default()
    };
    let report = import::run(shop, &options, &mut |_| {}).await?;
    if let Some(bad) = report.bad.first() {
        return Err(SampleError::Bad { line: bad.line, reason: bad.reason.clone() });
    }
    keep_home_pictures(shop, sample)?;
    tracing::info!(products = report.new, "stocked with the sample goods");
    Ok(())
}

fn keep_home_pictures(shop: &Shop, sample: &Path) -> Result<(), ImportError> {
    for (file, name) in [("hero-home.svg", "home"), ("hero-home-tall.svg", "home-tall")] {
        let path = sample.join("pictures").join(file);
        media::keep_as(shop, &path, name).map_err(|source| ImportError::File { path, source })?;
    }
    Ok(())
}

/// `sample` beside the binary in a release, in the working directory otherwise.
pub fn folder() -> Option<PathBuf> {
    let beside = std::env::current_exe().ok().and_then(|exe| exe.parent().map(|dir| dir.join("sample")));
    [beside, Some(PathBuf::from("sample"))].into_iter().flatten().find(|dir| dir.join("products.csv").is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::on_both_databases;
    use crate::testing::another_machine;

    const SAMPLE: &str = "../../sample";

    async fn count(shop: &Shop, sql: &'static str) -> i64 {
        fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0
    }

    const PRODUCTS: &str = "SELECT count(*) FROM product";
    const ORDERS: &str = "SELECT count(*) FROM orders";

    on_both_databases!(a_start_killed_before_the_demo_orders_has_them_after_the_next(shop) {
        account::demo(&shop).await.unwrap();
        stock_from(&shop, Path::new(SAMPLE)).await.unwrap();
        assert_eq!(count(&shop, ORDERS).await, 0);
        for _ in 0..2 {
            stock_from_folder(&shop, Some(Path::new(SAMPLE))).await.unwrap();
            assert_eq!((count(&shop, PRODUCTS).await, count(&shop, ORDERS).await), (65, 5), "all of them, once");
        }
    });

    on_both_databases!(two_first_starts_at_one_database_stock_it_once(shop) {
        let other = another_machine(&shop).await;
        let sample = Some(Path::new(SAMPLE));
        let (one, two) = tokio::join!(stock_from_folder(&shop, sample), stock_from_folder(&other, sample));
        one.unwrap();
        two.unwrap();
        assert_eq!((count(&shop, PRODUCTS).await, count(&shop, ORDERS).await), (65, 5));
        other.db.close().await;
    });

    on_both_databases!(a_shop_with_other_goods_opens_without_demo_orders(shop) {
        let mut tx = shop.db.write().await.unwrap();
        crate::testing::goods::bare(&mut tx, 1).await;
        tx.commit().await.unwrap();
        stock_from_folder(&shop, None).await.unwrap();
        assert_eq!((count(&shop, PRODUCTS).await, count(&shop, ORDERS).await), (1, 0));
    });

    on_both_databases!(one_product_of_the_sample_is_wholly_sold_out_and_no_other(shop) {
        stock_from(&shop, Path::new(SAMPLE)).await.unwrap();
        let mut conn = shop.db.read().await.unwrap();
        let out = crate::fetch_all!(conn, (String,), "SELECT slug FROM product WHERE NOT in_stock").await.unwrap();
        assert_eq!(out, [("noren-kikko".to_owned(),)]);
    });
}
