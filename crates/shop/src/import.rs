//! Goods from CSV files and a folder of pictures: what a shop owner uses, and what first start uses.
//!
//! The whole file is read and judged first; only then is anything written, some hundred products to
//! a transaction, so that the shop goes on selling meanwhile. The key is the SKU: the same file
//! twice changes nothing. Rows that are not in the file stay as they are, and so does what known
//! goods hold in columns that the file has not.

mod categories;
mod cells;
mod goods;
mod merge;
mod plan;
mod rows;
mod table;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::Shop;
use crate::media::Source;

use categories::Parents;
use goods::{Goods, GoodsReader};
use table::Table;

/// Products that one transaction writes.
const CHUNK: usize = 500;
/// Changes that a report tells one by one; the rest is counted.
const TOLD: usize = 200;

/// What to import, and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// CSV file of categories.
    pub categories: Option<PathBuf>,
    /// CSV file of products, one row per SKU.
    pub products: Option<PathBuf>,
    /// Folder of the pictures that the products name.
    pub pictures: Option<PathBuf>,
    /// Only say what would change.
    pub dry_run: bool,
    /// Import the good rows although others are bad; otherwise one bad row stops everything.
    pub keep_good: bool,
    /// Let the column `stock` overwrite what is on hand (never below what is reserved); otherwise it
    /// counts for new SKUs only.
    pub set_stock: bool,
}

/// A row that cannot be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// `categories` or `products`.
    pub file: &'static str,
    /// The line its row starts on, counted from 1.
    pub line: u64,
    /// The SKU or category that it is about, as far as it could be read.
    pub key: String,
    /// What is wrong, in words.
    pub reason: String,
}

/// What an import did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Products that are new.
    pub new: usize,
    /// Products that changed in anything.
    pub changed: usize,
    /// Products that are as the file says.
    pub unchanged: usize,
    /// Known SKUs of which the file counts another stock than the shop, which was left as it is.
    pub stock_left: usize,
    /// Categories that are new or changed.
    pub categories: usize,
    /// Each change in words, the first two hundred.
    pub changes: Vec<String>,
    /// Rows that were not imported, in the order of the files.
    pub bad: Vec<BadRow>,
    /// Whether the database was written to: not on a dry run, nor when bad rows stopped the import.
    pub written: bool,
}

impl Report {
    fn tell(&mut self, change: impl FnOnce() -> String) {
        if self.changes.len() < TOLD {
            self.changes.push(change());
        }
    }
}

/// An import cannot be done at all.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file as a whole is of no use.
    #[error("{path}: {reason}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong and how to mend it.
        reason: String,
    },
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// Rows could not be handed to the database.
    #[error("cannot write rows as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// What an import is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Reading and judging the whole file; nothing is written yet.
    Checking,
    /// Comparing with the database, and writing what differs unless it is a dry run.
    Writing,
}

/// How far an import has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is at.
    pub phase: Phase,
    /// Products done in this phase.
    pub done: usize,
    /// How many there are, once the file has been read to its end.
    pub of: Option<usize>,
}

/// Imports what `options` names. `progress` hears how far it has come, every thousand products or so.
pub async fn run(
    shop: &Shop,
    options: &Options,
    progress: &mut (dyn FnMut(Step) + Send),
) -> Result<Report, ImportError> {
    let mut report = Report::default();
    let categories = options.categories.as_deref().map(Table::open).transpose()?;
    let products = options.products.as_deref().map(Table::open).transpose()?;
    let mut pictures = Pictures::new(options.pictures.as_deref());

    let known = Known::load(shop).await?;
    let category_cells = match &categories {
        Some(table) => categories::read(table, &known.categories, &mut report.bad)?,
        None => Vec::new(),
    };
    let slugs: HashSet<String> =
        known.categories.keys().cloned().chain(category_cells.iter().map(|cells| cells.slug.clone())).collect();
    let mut good = 0;
    if let Some(table) = &products {
        let mut reader = GoodsReader::new(table, &slugs, &known.skus, &mut pictures, false)?;
        let mut seen = 0;
        loop {
            let mut bad = Vec::new();
            let (read, mut chunk) = next_chunk(&mut reader, &mut bad);
            if read == 0 {
                break;
            }
            bad.extend(plan::judge(shop, &mut chunk).await?);
            bad.sort_by_key(|row| row.line);
            report.bad.extend(bad);
            good += chunk.len();
            seen += read;
            progress(Step { phase: Phase::Checking, done: seen, of: None });
        }
    }
    if !report.bad.is_empty() && !options.keep_good && !options.dry_run {
        return Ok(report);
    }

    // Before any row names them: a picture that nobody shows does no harm, a row without its picture does.
    if !options.dry_run {
        pictures.keep(shop)?;
    }
    let categories = categories::plan(shop, category_cells, options.dry_run, &mut report).await?;
    if let Some(table) = &products {
        let told: HashSet<u64> = report.bad.iter().filter(|row| row.file == "products").map(|row| row.line).collect();
        let mut reader = GoodsReader::new(table, &slugs, &known.skus, &mut pictures, true)?;
        loop {
            let (read, chunk) = next_chunk(&mut reader, &mut Vec::new());
            if read == 0 {
                break;
            }
            let bad = plan::products(shop, chunk, &categories, options, &mut report).await?;
            let done = report.new + report.changed + report.unchanged;
            report.bad.extend(bad.into_iter().filter(|row| !told.contains(&row.line)));
            progress(Step { phase: Phase::Writing, done, of: Some(good) });
        }
    }
    report.written = !options.dry_run;
    // The planners know a catalogue by its statistics, and those of before may be of an empty one.
    if report.written && report.new + report.changed > CHUNK {
        let mut tx = shop.db.write_alone().await?;
        for table in ["product", "variant", "stock", "picture", "product_facet", "product_search"] {
            crate::execute!(tx, sqlx::AssertSqlSafe(format!("ANALYZE {table}"))).await?;
        }
        tx.commit().await?;
    }
    Ok(report)
}

/// How many products were read next, some hundred, and those of them that are good.
fn next_chunk(reader: &mut GoodsReader, bad: &mut Vec<BadRow>) -> (usize, Vec<Goods>) {
    let mut read = 0;
    let mut chunk = Vec::with_capacity(CHUNK);
    for item in reader.by_ref().take(CHUNK) {
        read += 1;
        bad.extend(item.bad);
        chunk.extend(item.goods);
    }
    (read, chunk)
}

/// What the database holds before the import, as far as rows are judged by it.
struct Known {
    categories: Parents,
    /// The product (slug) that each SKU belongs to.
    skus: HashMap<String, String>,
}

impl Known {
    async fn load(shop: &Shop) -> Result<Self, sqlx::Error> {
        let mut conn = shop.db.read().await?;
        let sql = "SELECT c.slug, u.slug FROM category c LEFT JOIN category u ON u.id = c.parent_id";
        let categories = crate::fetch_all!(conn, (String, Option<String>), sql).await?;
        let skus = crate::fetch_all!(
            conn,
            (String, String),
            "SELECT v.sku, p.slug FROM variant v JOIN product p ON p.id = v.product_id"
        )
        .await?;
        Ok(Self { categories: categories.into_iter().collect(), skus: skus.into_iter().collect() })
    }
}

/// The pictures that the rows name, each looked at once.
struct Pictures {
    folder: Option<PathBuf>,
    seen: HashMap<String, Result<Source, String>>,
}

impl Pictures {
    fn new(folder: Option<&Path>) -> Self {
        Self { folder: folder.map(Path::to_owned), seen: HashMap::new() }
    }

    /// The picture called `name`, or why it cannot be used.
    fn get(&mut self, name: &str) -> Result<Source, String> {
        let Some(folder) = &self.folder else {
            return Err(format!("picture \"{name}\": no folder of pictures was given; add --pictures"));
        };
        if name.contains(['/', '\\']) || name.starts_with('.') {
            return Err(format!("picture \"{name}\": write the name of a file in the folder, without a path"));
        }
        self.seen
            .entry(name.to_owned())
            .or_insert_with(|| look_at(folder, name).map_err(|reason| format!("picture \"{name}\": {reason}")))
            .clone()
    }

    /// Copies every picture that was used into the media folder.
    fn keep(&self, shop: &Shop) -> Result<(), ImportError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        for (name, source) in &self.seen {
            if let Ok(source) = source {
                let path = folder.join(name);
                source.keep(shop, &path).map_err(|source| ImportError::File { path, source })?;
            }
        }
        Ok(())
    }
}

/// A link in the folder must not show what lies outside.
fn look_at(folder: &Path, name: &str) -> Result<Source, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read ({error}); put the file into the folder");
    let path = folder.join(name).canonicalize().map_err(unreadable)?;
    if !path.starts_with(folder.canonicalize().map_err(unreadable)?) {
        return Err("leads outside the folder; put the file itself there".to_owned());
    }
    Source::read(&path).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
