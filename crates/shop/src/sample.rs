//! The sample shop: goods and people, so that a first start shows a shop and not an empty page.

use std::path::{Path, PathBuf};

use crate::account::{self, DoorError};
use crate::import::{self, ImportError, Options};
use crate::notice::{self, NoticeError};
use crate::{Shop, fetch_one, media};

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
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Stocks an empty shop; a shop that has goods is left alone. In development it also has two demo
/// customers, and a notice about one of them.
pub async fn stock(shop: &Shop) -> Result<(), SampleError> {
    account::demo(shop).await?;
    notice::demo(shop).await?;
    let mut conn = shop.db.read().await?;
    let (goods,) = fetch_one!(conn, (i64,), "SELECT count(*) FROM (SELECT id FROM product LIMIT 1) AS one").await?;
    drop(conn);
    if goods > 0 {
        return Ok(());
    }
    stock_from(shop, &folder().ok_or(SampleError::Missing)?).await
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
    for (file, name) in [("hero-home.svg", "home"), ("hero-home-tall.svg", "home-tall")] {
        let path = sample.join("pictures").join(file);
        media::keep_as(shop, &path, name).map_err(|source| ImportError::File { path, source })?;
    }
    tracing::info!(products = report.new, "stocked with the sample goods");
    Ok(())
}

/// `sample` beside the binary in a release, in the working directory otherwise.
pub fn folder() -> Option<PathBuf> {
    let beside = std::env::current_exe().ok().and_then(|exe| exe.parent().map(|dir| dir.join("sample")));
    [beside, Some(PathBuf::from("sample"))].into_iter().flatten().find(|dir| dir.join("products.csv").is_file())
}

/// Writes a CSV file of `count` products to `out`: the sample goods again and again, each time with
/// its own slug, SKUs, name, and prices. The same `count` gives the same file.
pub fn large(sample: &Path, count: usize, out: impl std::io::Write) -> Result<(), csv::Error> {
    let mut reader = csv::Reader::from_path(sample.join("products.csv"))?;
    let header = reader.headers()?.clone();
    let at = |name: &str| header.iter().position(|column| column == name);
    let (Some(sku), Some(product), Some(name_ja), Some(name_en), Some(price), Some(compare_at)) =
        (at("sku"), at("product"), at("name_ja"), at("name_en"), at("price"), at("compare_at"))
    else {
        return Err(csv::Error::from(std::io::Error::other("the sample goods miss a column")));
    };
    let records: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>()?;
    let groups: Vec<&[csv::StringRecord]> = records.chunk_by(|a, b| a.get(product) == b.get(product)).collect();
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(&header)?;
    for no in 0..count {
        let (round, group) = (no / groups.len(), groups[no % groups.len()]);
        for record in group {
            let cells = record.iter().enumerate().map(|(column, cell)| match column {
                c if c == sku => format!("{cell}-{round:05}"),
                c if c == product => format!("{cell}-{round:05}"),
                c if (c == name_ja || c == name_en) && !cell.is_empty() => format!("{cell} No. {}", round + 1),
                // A little dearer each round, in steps of ten yen, so that sorting by price has work to do.
                c if (c == price || c == compare_at) && !cell.is_empty() => cell
                    .parse::<usize>()
                    .map_or_else(|_| cell.to_owned(), |yen| (yen + round * 7 % 300 * 10).to_string()),
                _ => cell.to_owned(),
            });
            writer.write_record(cells)?;
        }
    }
    Ok(writer.flush()?)
}
