//! Shows each witness what the ledger has become, and brings its cosignature to the vault, which connects to nobody.

use std::time::Duration;

use noren_ledger::checkpoint::{Checkpoint, CheckpointError};
use noren_ledger::note::{Note, NoteError};
use noren_ledger::witness::{AddCheckpoint, cosigned};
use noren_shop::Shop;
use noren_shop::vault::{VaultError, Witnessed};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::witnesses::WitnessAt;
use crate::witnesses::client::{Answer, Client};

/// How often there can be something new: the vault signs no more often while little is read.
const EVERY: Duration = Duration::from_secs(10);
/// After failures, longer each time, but no longer than this.
const AT_MOST: Duration = Duration::from_mins(15);
/// A ledger that stands still is shown again after so long (seconds): that nothing was added is news as well.
const AGAIN: u64 = 6 * 60 * 60;

/// A clock that is off by more than this (seconds) is wrong.
const OFF: u64 = 60 * 60;

/// A witness has not cosigned, or not as it should.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The vault, which has been asked first.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// What it answered.
    #[error("the vault's newest checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// It runs apart, and has other settings.
    #[error(
        "the vault does not know this witness: give it the same `witnesses` as the shop (NOREN_WITNESSES), and start it \
         again"
    )]
    Unknown,
    /// The witness does not answer.
    #[error("it cannot be reached: {0}")]
    Away(#[from] ureq::Error),
    /// It answers something that is no signature.
    #[error("its answer is {0}")]
    NoSignature(#[from] NoteError),
    /// It has seen what is gone here.
    #[error(
        "it has seen {seen} leaves of the ledger, and there are {held}: the ledger was cut, or the vault's folder put back \
         from a backup (docs/OPERATIONS.md, \"A witness\")"
    )]
    Ahead {
        /// What the witness has cosigned.
        seen: u64,
        /// What the newest checkpoint is about.
        held: u64,
    },
    /// It has seen another tree.
    #[error(
        "it says that the ledger is not the one that it has seen ({words:?}): somebody has changed it, or tells two stories \
         (docs/OPERATIONS.md, \"A witness\")"
    )]
    Forked {
        /// What it says.
        words: String,
    },
    /// It has cosigned, at a time that cannot be.
    #[error(
        "it has cosigned at {time}, and this machine's clock says {now} (seconds since 1970): set both clocks right, or the \
         cosignature counts as an old one"
    )]
    Clock {
        /// When it says that it has signed.
        time: u64,
        /// What our clock says.
        now: u64,
    },
    /// It was somewhere else each time that it was asked.
    #[error(
        "it was at another size than it had said each time: another of the shop's processes shows it the ledger just now; if \
         this stays, it is no witness as in C2SP tlog-witness"
    )]
    Busy,
    /// It does not cosign.
    #[error(
        "it answers {status} ({words:?}); 403 and 404: give it the ledger's keys, all that `noren doctor` names and in \
         that order, with --log"
    )]
    Refused {
        /// The HTTP status.
        status: u16,
        /// In its words.
        words: String,
    },
}

impl PushError {
    /// Whether this may be the sign of an intrusion, and no mere hitch.
    pub const fn is_alarming(&self) -> bool {
        matches!(self, Self::Ahead { .. } | Self::Forked { .. })
    }
}

/// Shows the ledger's newest checkpoint to `witness`, unless it has cosigned it already, and hands its
/// cosignature in. Gives how many leaves it has cosigned, if there was something to do.
pub async fn push(shop: &Shop, client: &Client, witness: &WitnessAt) -> Result<Option<u64>, PushError> {
    let key = witness.key.to_string();
    let known = shop.vault.witnesses().await?.into_iter().find(|known| known.key == key);
    let known = known.ok_or(PushError::Unknown)?;
    let newest: Note = shop.vault.head().await?.parse().map_err(CheckpointError::from)?;
    let newest: Checkpoint = newest.text.parse()?;
    let now = u64::try_from(shop.clock.now() / 1_000).unwrap_or(0);
    if !is_due(&known, newest.size, now) {
        return Ok(None);
    }
    // What the vault remembers may be old: then the witness says how far it is, and is asked once more.
    let mut old = known.newest.map_or(0, |(size, _)| size);
    for _ in 0..2 {
        let (note, proof) = shop.vault.consistency(old).await?;
        let note: Note = note.parse().map_err(CheckpointError::from)?;
        let checkpoint: Checkpoint = note.text.parse()?;
        if old > checkpoint.size {
            return Err(PushError::Ahead { seen: old, held: checkpoint.size });
        }
        let request = AddCheckpoint { old, proof, note };
        match ask(client, witness, &request).await? {
            Answer::Cosigned(lines) => {
                let note = cosigned(&request.note, &lines)?;
                shop.vault.keep_cosigned(note.to_string()).await?;
                let time = note.verify(std::slice::from_ref(&witness.key))?.iter().find_map(|signed| signed.time);
                if let Some(time) = time.filter(|time| time.abs_diff(now) > OFF) {
                    return Err(PushError::Clock { time, now });
                }
                return Ok(Some(checkpoint.size));
            }
            // Until July 2026 the protocol said so of another tree of the same size, and there are such witnesses.
            Answer::Elsewhere(size) if size == old && old == checkpoint.size => {
                return Err(PushError::Forked { words: format!("409, {size} leaves") });
            }
            Answer::Elsewhere(size) if size == old => {
                let words = format!("it is at {size} leaves, from which it was asked");
                return Err(PushError::Refused { status: 409, words });
            }
            Answer::Elsewhere(size) => old = size,
            Answer::Refused { status: 422, words } => return Err(PushError::Forked { words }),
            Answer::Refused { status, words } => return Err(PushError::Refused { status, words }),
        }
    }
    Err(PushError::Busy)
}

async fn ask(client: &Client, witness: &WitnessAt, request: &AddCheckpoint) -> Result<Answer, PushError> {
    let (client, witness, request) = (client.clone(), witness.clone(), request.clone());
    let asked = tokio::task::spawn_blocking(move || client.ask(&witness, &request)).await;
    Ok(asked.map_err(|fell| ureq::Error::Io(std::io::Error::other(fell)))??)
}

/// Whether a witness is to be asked: there is something new, or it was long ago.
fn is_due(known: &Witnessed, newest: u64, now: u64) -> bool {
    known.newest.is_none_or(|(size, time)| size != newest || now.saturating_sub(time) >= AGAIN)
}

/// How long to wait after so many failures in a row.
fn pause(failures: u32) -> Duration {
    EVERY.saturating_mul(1 << failures.min(10)).min(AT_MOST)
}

/// Goes on showing the ledger to a witness until the shop stops.
pub async fn keep(shop: Shop, client: Client, witness: WitnessAt, mut stopped: watch::Receiver<bool>) {
    let name = witness.key.name().to_owned();
    let (mut failures, mut heard) = (0, false);
    while !*stopped.borrow() {
        match push(&shop, &client, &witness).await {
            Ok(cosigned) => {
                if let Some(leaves) = cosigned {
                    report(&name, leaves, shop.clock.now());
                    if failures > 0 || !heard {
                        tracing::info!(witness = name, leaves, "a witness cosigns the ledger");
                    }
                    heard = true;
                }
                failures = 0;
            }
            Err(error) => {
                metrics::counter!("noren_witness_failures_total", "witness" => name.clone()).increment(1);
                failures += 1;
                if error.is_alarming() {
                    tracing::error!(witness = name, "a witness does not cosign the ledger: {error}");
                } else {
                    tracing::warn!(witness = name, "a witness does not cosign the ledger: {error}");
                }
            }
        }
        tokio::select! {
            _ = stopped.changed() => {}
            () = sleep(pause(failures)) => {}
        }
    }
}

/// How far the witness is and since when. Numbers of leaves and seconds are far below 2⁵³.
#[expect(clippy::cast_precision_loss, reason = "numbers of leaves and seconds are below 2⁵³")]
fn report(name: &str, leaves: u64, now: i64) {
    metrics::gauge!("noren_witness_cosigned_leaves", "witness" => name.to_owned()).set(leaves as f64);
    metrics::gauge!("noren_witness_cosigned_timestamp_seconds", "witness" => name.to_owned()).set(now as f64 / 1_000.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_witness_is_asked_when_there_is_something_new_and_now_and_then_when_there_is_not() {
        let known = |newest| Witnessed { key: String::new(), newest };
        assert!(is_due(&known(None), 5, 100));
        assert!(is_due(&known(Some((4, 100))), 5, 100));
        assert!(!is_due(&known(Some((5, 100))), 5, 100 + AGAIN - 1));
        assert!(is_due(&known(Some((5, 100))), 5, 100 + AGAIN));
        assert!(!is_due(&known(Some((5, 100))), 5, 0), "the shop's clock is behind");
        assert!(is_due(&known(Some((9, 100))), 5, 100), "leaves are gone, and the witness is to say so");
    }

    #[test]
    fn a_witness_that_is_away_is_asked_less_and_less_but_never_given_up() {
        let pauses: Vec<u64> = (0..9).map(|failures| pause(failures).as_secs()).collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 900, 900]);
        assert_eq!(pause(u32::MAX), AT_MOST);
    }
}
