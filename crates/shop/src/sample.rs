//! The sample shop: goods and people, so that a first start shows a shop and not an empty page.

use std::path::{Path, PathBuf};

use crate::account::{self, DoorError};
use crate::import::{self, ImportError, Options};
use crate::notice::{self, NoticeError};
use crate::order::{self, DemoError};
use crate::{Shop, fetch_one, media};

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
    account::demo(shop).await?;
    notice::demo(shop).await?;
    let sample = folder();
    // Whether or not there are goods: an earlier start may have been killed before it came to these.
    if let Some(sample) = &sample {
        keep_home_pictures(shop, sample)?;
    }
    let mut conn = shop.db.read().await?;
    let (goods,) = fetch_one!(conn, (i64,), "SELECT count(*) FROM (SELECT id FROM product LIMIT 1) AS one").await?;
    drop(conn);
    if goods > 0 {
        return Ok(());
    }
    stock_from(shop, &sample.ok_or(SampleError::Missing)?).await?;
    Ok(order::demo(shop).await?)
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
