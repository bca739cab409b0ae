//! `noren rotate`: another key of the vault in the place of one.

use noren_shop::Shop;
use noren_shop::reindex::{How, reindex};
use noren_shop::vault::Asker;

use super::{AnyError, open, say};
use crate::config::Config;
use crate::http;

/// While everybody is given another index, it is said how far it has come each so many rows.
const SAID_EVERY: u64 = 5_000;

/// Which key of the vault.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Rotation {
    /// That everybody's keys are wrapped with.
    Wrapping,
    /// By which people are found: every row that has an index gets a new one.
    Index,
    /// That signs the ledger's checkpoints: the ledger announces the new one.
    Signing,
}

/// Exchanges the key and says how it went.
pub async fn run(config: &Config, key: Rotation, finish: bool) -> Result<(), AnyError> {
    let (shop, keeper) = open(config).await?;
    let done = rotated(&shop, key, finish).await;
    keeper.stop().await;
    say::line(done?)?;
    Ok(())
}

async fn rotated(shop: &Shop, key: Rotation, finish: bool) -> Result<String, AnyError> {
    Ok(match key {
        Rotation::Wrapping => {
            let count = shop.vault.rotate_wrapping_key(Asker::operator("rotate/wrapping")).await?;
            format!("{count} keys are wrapped with a new one; the old one is destroyed")
        }
        Rotation::Index => {
            let said = std::sync::atomic::AtomicU64::new(0);
            let told = |changed, waiting| {
                if waiting {
                    eprintln!("{changed} so far; waiting for what was asked before the new key was there");
                } else if changed >= said.load(std::sync::atomic::Ordering::Relaxed) + SAID_EVERY {
                    said.store(changed, std::sync::atomic::Ordering::Relaxed);
                    eprintln!("{changed} so far");
                }
            };
            let count = reindex(shop, How { grace: http::ANSWER_WITHIN, finish }, told).await?;
            format!("{count} records are found by a new key; the old one is destroyed")
        }
        Rotation::Signing => {
            let key = shop.vault.rotate_signing_key(Asker::operator("rotate/signing")).await?;
            format!(
                "the ledger's checkpoints are signed with a new key from now on; the old one is destroyed. Tell whoever \
                 verifies the ledger, and every witness, of it:\n{key}"
            )
        }
    })
}
