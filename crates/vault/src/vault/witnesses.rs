//! What the vault has to do with witnesses: it proves to them that its ledger only grew, and keeps what they have
//! cosigned. It connects to nobody, so the shop carries both. None of it tells anything about anybody, so nothing of
//! it is written down.

use std::sync::{MutexGuard, PoisonError};

use noren_ledger::Hash;
use noren_ledger::note::{Note, VerifierKey};

use super::{Vault, VaultError};
use crate::book::{CosignError, Cosignatures, Newest};

impl Vault {
    /// The newest checkpoint, and proof that the tree of `old` leaves is its beginning.
    pub fn consistency(&self, old: u64) -> Result<(Note, Vec<Hash>), VaultError> {
        Ok(self.book.consistency(old)?)
    }

    /// Keeps the cosignatures of known witnesses under a checkpoint of this ledger, if they are news.
    pub fn keep_cosigned(&self, note: &str) -> Result<bool, VaultError> {
        let note = note.parse().map_err(CosignError::from)?;
        Ok(self.cosignatures().keep(&note, &self.book, self.now())?)
    }

    /// The witnesses, each with the newest checkpoint that it has cosigned.
    pub fn witnesses(&self) -> Vec<(VerifierKey, Option<Newest>)> {
        self.cosignatures().newest().map(|(witness, newest)| (witness.clone(), newest)).collect()
    }

    fn cosignatures(&self) -> MutexGuard<'_, Cosignatures> {
        self.cosignatures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
