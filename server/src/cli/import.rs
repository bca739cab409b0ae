//! `noren import` and `noren sample`.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use noren_shop::Shop;
use noren_shop::import::{self, Options, Phase, Report, Step};
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
}
