//! `make bench`: prints the figures of docs/BENCHMARKS.md. A benchmark, not a test: nothing fails
//! because a machine is slow. What is compared is measured in turns, side by side, in one run.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]

mod bare;
mod checkout;
mod door;
mod growth;
mod ledger;
mod load;
mod memory;
mod pages;
mod running;
mod scope;
mod sizes;
mod vault;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use load::AnyError;
use running::Running;

/// Leaves of the ledger that a scope is computed from, if nothing else is said.
const SCOPE_LEAVES: u64 = 10_000_000;

/// Answers of the door that are timed, if nothing else is said: too few to judge by.
const DOOR_TIMINGS: usize = 1_000;
/// Passwords that are tried at it.
const DOOR_TRIES: usize = 10_000;

/// Measures a release build of the shop: `make build` first.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand)]
enum What {
    /// Bytes of a first visit.
    Sizes,
    /// Memory at rest and after 100,000 requests, half of them aborted.
    Memory,
    /// Pages per second beside a bare server that sends the same bytes.
    Pages,
    /// Whole guest checkouts per second.
    Checkouts,
    /// The same pages at 1,000 and at 100,000 products, on both databases.
    Growth,
    /// Leaves per second of the read ledger, its proofs and its audit; what a scope of one day costs.
    Ledger {
        /// How many leaves the scope's ledger has: 100 million need 20 GB in the temporary folder (TMPDIR).
        #[arg(long, default_value_t = SCOPE_LEAVES)]
        leaves: u64,
    },
    /// What the shop waits for when it asks the vault.
    Vault,
    /// Whether the time of an answer tells who has an account, and what stolen passwords open; an error when a bound is
    /// broken.
    Door {
        /// So many answers are timed for known addresses, and as many for unknown ones. How well they are told apart is
        /// judged from 10,000 on, and only printed below.
        #[arg(long, default_value_t = DOOR_TIMINGS)]
        timings: usize,
        /// So many passwords are tried.
        #[arg(long, default_value_t = DOOR_TRIES)]
        tries: usize,
    },
    /// The bare server itself; the benchmark starts it.
    #[command(hide = true)]
    Bare { addr: SocketAddr, page: PathBuf, database: PathBuf },
}

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let what = Cli::parse().what;
    if let Some(What::Bare { addr, page, database }) = &what {
        return bare::serve(*addr, page, database).await;
    }
    let dir = tempfile::tempdir()?;
    if let None | Some(What::Ledger { .. }) = what {
        ledger::print(dir.path())?;
        let leaves = if let Some(What::Ledger { leaves }) = what { leaves } else { SCOPE_LEAVES };
        scope::print(&dir.path().join("scope"), leaves)?;
    }
    if matches!(what, None | Some(What::Vault)) {
        vault::print(dir.path())?;
    }
    if let None | Some(What::Door { .. }) = what {
        let (timings, tries) = match what {
            Some(What::Door { timings, tries }) => (timings, tries),
            _ => (DOOR_TIMINGS, DOOR_TRIES),
        };
        door::print(dir.path(), timings, tries).await?;
    }
    if matches!(what, Some(What::Ledger { .. } | What::Vault | What::Door { .. })) {
        return Ok(());
    }
    let data = dir.path().join("data");
    let shop = Running::sample_shop(&data).await?;
    let all = what.is_none();
    if all || matches!(what, Some(What::Sizes)) {
        sizes::print(&shop).await?;
    }
    if all || matches!(what, Some(What::Pages)) {
        pages::print(&shop, &data, dir.path()).await?;
    }
    if all || matches!(what, Some(What::Checkouts)) {
        checkout::print(&shop, &data.join("noren.sqlite"), dir.path()).await?;
    }
    drop(shop);
    if all || matches!(what, Some(What::Memory)) {
        // A shop that has done nothing yet, not even taken in its goods.
        let stocked = dir.path().join("memory");
        drop(Running::sample_shop(&stocked).await?);
        memory::print(&Running::sample_shop(&stocked).await?).await?;
    }
    if all || matches!(what, Some(What::Growth)) {
        growth::print(dir.path()).await?;
    }
    Ok(())
}
