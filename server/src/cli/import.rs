//! `noren import` and `noren sample`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use noren_shop::Shop;
use noren_shop::import::{self, Options, Report};
use noren_shop::sample;

use super::AnyError;

/// What to import, and how.
#[derive(Args, Debug)]
pub struct Import {
    /// CSV file of products, one row per SKU; UTF-8 or CP932
    #[arg(long)]
    products: Option<PathBuf>,
    /// CSV file of categories
    #[arg(long)]
    categories: Option<PathBuf>,
    /// Folder of the pictures that the products name (SVG, PNG, JPEG)
    #[arg(long)]
    pictures: Option<PathBuf>,
    /// Only say what would change
    #[arg(long)]
    dry_run: bool,
    /// Import the good rows although others are bad; otherwise one bad row stops everything
    #[arg(long)]
    keep_good: bool,
    /// Overwrite the stock of known SKUs too, never below what is reserved
    #[arg(long)]
    set_stock: bool,
}

/// How large a file to write.
#[derive(Args, Debug)]
pub struct Sample {
    /// Number of products
    #[arg(long, default_value_t = 100_000)]
    products: usize,
}

/// Imports, and says what became of it: progress and bad rows to standard error, the result to
/// standard output.
pub async fn run(shop: &Shop, options: Import) -> Result<(), AnyError> {
    if options.products.is_none() && options.categories.is_none() {
        return Err("nothing to import; name a file with --products or --categories".into());
    }
    let options = Options {
        categories: options.categories,
        products: options.products,
        pictures: options.pictures,
        dry_run: options.dry_run,
        keep_good: options.keep_good,
        set_stock: options.set_stock,
    };
    let mut told = 0;
    let report = import::run(shop, &options, &mut |done| {
        if done >= told + 5_000 {
            told = done;
            eprintln!("{done} products done");
        }
    })
    .await?;
    for row in &report.bad {
        eprintln!("{} line {} ({}): {}", row.file, row.line, row.key, row.reason);
    }
    print!("{}", summary(&report, options.dry_run));
    match (report.bad.len(), report.written || options.dry_run) {
        (0, _) => Ok(()),
        (bad, true) => Err(format!("{bad} bad row(s)").into()),
        (bad, false) => {
            Err(format!("{bad} bad row(s), nothing was imported; mend them, or import the rest with --keep-good")
                .into())
        }
    }
}

fn summary(report: &Report, dry_run: bool) -> String {
    let mut text = String::new();
    if dry_run {
        for change in &report.changes {
            let _ = writeln!(text, "{change}");
        }
        text.push_str("dry run, nothing was written: ");
    }
    let Report { new, changed, unchanged, categories, bad, .. } = report;
    let _ = writeln!(
        text,
        "{new} new, {changed} changed, {unchanged} unchanged product(s); {categories} new or changed categories; {} bad row(s)",
        bad.len()
    );
    text
}

/// Writes the large file.
pub fn sample(options: &Sample) -> Result<(), AnyError> {
    let folder = sample::folder().ok_or(sample::SampleError::Missing)?;
    let out = std::io::BufWriter::new(std::io::stdout().lock());
    Ok(sample::large(&folder, options.products, out)?)
}
