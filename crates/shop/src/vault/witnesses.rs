//! What the shop carries between the vault, which connects to nobody, and the witnesses of its ledger.

use noren_ledger::Hash;
use noren_vault::wire::{Answer, Request};

use super::{Vault, VaultError};

/// How far a witness has cosigned the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed {
    /// Its verifier key, as one line of text.
    pub key: String,
    /// How many leaves the newest checkpoint is about that it has cosigned, and when (seconds since 1970).
    pub newest: Option<(u64, u64)>,
}

impl Vault {
    /// The newest signed checkpoint, and proof that the tree of `old` leaves is its beginning.
    pub async fn consistency(&self, old: u64) -> Result<(String, Vec<Hash>), VaultError> {
        match self.ask(&Request::Consistency { old }).await? {
            Answer::Consistency(note, hashes) => Ok((note, hashes.into_iter().map(Hash).collect())),
            _ => Err(self.strange()),
        }
    }

    /// Hands in a checkpoint that witnesses have cosigned. `false`: the vault has it, or a newer one.
    pub async fn keep_cosigned(&self, note: String) -> Result<bool, VaultError> {
        match self.ask(&Request::Cosigned { note }).await? {
            Answer::Cosigned(kept) => Ok(kept),
            _ => Err(self.strange()),
        }
    }

    /// The witnesses that the vault was given.
    pub async fn witnesses(&self) -> Result<Vec<Witnessed>, VaultError> {
        let Answer::Witnesses(witnesses) = self.ask(&Request::Witnesses).await? else { return Err(self.strange()) };
        let witnessed = |(key, size, time)| Witnessed { key, newest: (time > 0).then_some((size, time)) };
        Ok(witnesses.into_iter().map(witnessed).collect())
    }
}
