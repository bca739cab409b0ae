//! `noren import` and `noren sample`.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use noren_shop::Shop;
use noren_shop::import::{self, BadRow, Options, Phase, Report, Step};
use noren_shop::sample;

use super::{AnyError, say};

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
    /// Other goods for another number
    #[arg(long, default_value_t = 1)]
    seed: u64,
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
    let mut progress = Progress::new();
    let report = import::run(shop, &options, &mut |step| progress.hear(step)).await?;
    progress.end();
    for row in &report.bad {
        eprintln!("{}", named(row));
    }
    say::text(summary(&report, options.dry_run))?;
    match (report.bad.len(), report.written || options.dry_run) {
        (0, _) => Ok(()),
        (bad, true) => Err(format!("{bad} bad row(s)").into()),
        (bad, false) => {
            Err(format!("{bad} bad row(s), nothing was imported; mend them, or import the rest with --keep-good")
                .into())
        }
    }
}

/// Tells how far the import has come: on a terminal in one line that is written over twice a second,
/// elsewhere (a log) in a line every ten seconds.
struct Progress {
    terminal: bool,
    phase: Option<Phase>,
    began: Instant,
    told: Instant,
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch for the person who waits; no rule of the shop hangs on it")]
impl Progress {
    fn new() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), phase: None, began: Instant::now(), told: Instant::now() }
    }

    fn hear(&mut self, step: Step) {
        if self.phase != Some(step.phase) {
            (self.phase, self.began) = (Some(step.phase), Instant::now());
        }
        let pause = if self.terminal { Duration::from_millis(500) } else { Duration::from_secs(10) };
        if self.told.elapsed() < pause {
            return;
        }
        self.told = Instant::now();
        let words = words(step, self.began.elapsed());
        if self.terminal {
            // Clears what is left of a longer line.
            eprint!("\r{words}\x1b[K");
        } else {
            eprintln!("{words}");
        }
    }

    fn end(&self) {
        if self.terminal {
            eprint!("\r\x1b[K");
        }
    }
}

fn words(step: Step, taken: Duration) -> String {
    let rate = step.done as f64 / taken.as_secs_f64().max(0.001);
    let doing = match step.phase {
        Phase::Checking => "checked",
        Phase::Writing => "done",
    };
    match step.of {
        Some(of) => {
            let left = of.saturating_sub(step.done) as f64 / rate.max(0.001);
            format!("{} of {of} products {doing}, {rate:.0}/s, {left:.0} s left", step.done)
        }
        None => format!("{} products {doing}, {rate:.0}/s", step.done),
    }
}

fn named(row: &BadRow) -> String {
    format!("{} line {} ({}): {}", row.file, row.line, row.key, row.reason)
}

fn summary(report: &Report, dry_run: bool) -> String {
    let mut text = String::new();
    if dry_run {
        for change in &report.changes {
            let _ = writeln!(text, "{change}");
        }
        text.push_str("dry run, nothing was written: ");
    }
    let Report { new, changed, unchanged, stock_left, categories, bad, .. } = report;
    let _ = writeln!(
        text,
        "{new} new, {changed} changed, {unchanged} unchanged product(s); {categories} new or changed categories; {} bad row(s)",
        bad.len()
    );
    if *stock_left > 0 {
        let _ = writeln!(
            text,
            "the stock of {stock_left} known SKU(s) was left as it is, which is not as the file counts; --set-stock writes it"
        );
    }
    text
}

/// Writes the large file.
pub fn sample(options: &Sample) -> Result<(), AnyError> {
    let out = std::io::BufWriter::new(std::io::stdout().lock());
    Ok(sample::large(options.seed, options.products, out)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_says_the_rate_and_what_remains() {
        let step = Step { phase: Phase::Writing, done: 2_000, of: Some(10_000) };
        assert_eq!(words(step, Duration::from_secs(2)), "2000 of 10000 products done, 1000/s, 8 s left");
        let step = Step { phase: Phase::Checking, done: 500, of: None };
        assert_eq!(words(step, Duration::ZERO), "500 products checked, 500000/s");
    }

    /// The large file with one bad row, imported by the code that the command runs: what a person sees.
    #[tokio::test]
    async fn a_bad_row_of_a_large_file_is_named_by_its_line_and_progress_is_told_till_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let mut csv = Vec::new();
        sample::large(1, 1_500, &mut csv).unwrap();
        let mut lines: Vec<String> = String::from_utf8(csv).unwrap().lines().map(str::to_owned).collect();
        lines.insert(1, "X-1,x-1,tenugui,布,Cloth,,,,,,,,standard,,,,,dear,,".to_owned());
        let path = dir.path().join("large.csv");
        std::fs::write(&path, lines.join("\n")).unwrap();

        let (vault, _here) = crate::vault::beside(dir.path());
        let shop = Shop::open(dir.path(), vault, None, "http://shop.example", true).await.unwrap();
        shop.migrate().await.unwrap();
        let categories = Some("../sample/categories.csv".into());
        let options = Options { categories, products: Some(path), keep_good: true, ..Options::default() };
        let mut said = Vec::new();
        let report =
            import::run(&shop, &options, &mut |step| said.push(words(step, Duration::from_secs(1)))).await.unwrap();
        let named: Vec<String> = report.bad.iter().map(named).collect();
        assert_eq!(named, ["products line 2 (X-1): price \"dear\" is not a whole number from 0 to 99999999"]);
        assert_eq!(
            summary(&report, false),
            "1500 new, 0 changed, 0 unchanged product(s); 11 new or changed categories; 1 bad row(s)\n"
        );
        assert_eq!(said.first().map(String::as_str), Some("500 products checked, 500/s"));
        assert_eq!(said.last().map(String::as_str), Some("1500 of 1500 products done, 1500/s, 0 s left"));
    }
}
