//! New keys in the place of old ones, while all goes on. Each rotation stands in the ledger before it begins.

use std::sync::{MutexGuard, PoisonError};

use noren_ledger::leaf::{Actor, Deed, Detail, Field, Fields, Kind, Outcome, Purpose};

use super::{Asker, Indexes, Vault, VaultError, unwrap};
use crate::book::Written;
use crate::seal::{Plain, Subject, SubjectId};

/// Everybody's index is computed anew.
pub(super) struct Reindexing {
    /// The leaf under which that is done.
    written: Written,
    /// When the vault was last asked to, in UTC milliseconds.
    begun: u64,
    /// How many have been shown to it since, with or without the new index, and whether it has a key for them or not.
    shown: u64,
}

impl Reindexing {
    /// Opens an address under the one leaf that stands for all of them, and hands it to `index` alone: only that may leave.
    fn indexes(
        &self,
        subject: &Subject,
        id: &SubjectId,
        email: &[u8],
        index: impl FnOnce(Plain) -> Option<Indexes>,
    ) -> Option<Indexes> {
        index(subject.key.open(id, Field::Email, email, &self.written).ok()?)
    }
}

impl Vault {
    /// A new wrapping key for everybody; the old one is destroyed. Gives how many subjects were wrapped anew.
    pub fn rotate_wrapping_key(&self, asker: &Asker) -> Result<u64, VaultError> {
        let _only = self.rotation(asker, Detail::WrappingKey)?.0;
        let number = self.keys.write().unwrap_or_else(PoisonError::into_inner).rotate(&self.random)?;
        let mut damaged = None;
        let keys = self.keys();
        let changed = self.stored(self.subjects.rewrap(|id, wrapped| match unwrap(&keys, id, wrapped) {
            Ok(subject) => Ok(Some(keys.wrapping().wrap(id, &subject))),
            Err(error) => {
                damaged.get_or_insert(error);
                Ok(None)
            }
        }))?;
        drop(keys);
        if let Some(error) = damaged {
            // The old key stays: with it the damage may still be mended.
            return Err(error);
        }
        self.keys.write().unwrap_or_else(PoisonError::into_inner).forget_before(number)?;
        Ok(changed)
    }

    /// A new key for the ledger's checkpoints, announced in it; the old one is destroyed. Gives the line that
    /// checkpoints are verified with from now on.
    pub fn rotate_signing_key(&self, asker: &Asker) -> Result<String, VaultError> {
        let _only = self.rotation(asker, Detail::SigningKey)?.0;
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let signer = keys.rotate_signing(&self.random)?;
        let new = signer.verifier().clone();
        self.book.announce(signer)?;
        keys.settle_signing(&new)?;
        Ok(new.to_string())
    }

    /// Begins to give everybody another blind index, or goes on with it: from now on [`index`](Vault::index) gives
    /// two. The shop then asks [`reindex`](Self::reindex) for everybody and ends with
    /// [`forget_earlier_index`](Self::forget_earlier_index).
    pub fn rotate_index_key(&self, asker: &Asker) -> Result<(), VaultError> {
        let (_only, written) = self.rotation(asker, Detail::IndexKey)?;
        self.keys.write().unwrap_or_else(PoisonError::into_inner).rotate_index(&self.random)?;
        *self.reindexing() = Some(Reindexing { written, begun: (self.now)(), shown: 0 });
        Ok(())
    }

    /// The blind index of a sealed e-mail address under the newest key, for the row whose index is `present` now. The
    /// address is opened in here and does not leave: what stands in the ledger is the rotation. For a row whose index is
    /// of neither key, such as one from an old backup, it is an index that is asked for, written down and limited as any.
    pub fn reindex(
        &self,
        asker: &Asker,
        id: &SubjectId,
        present: &[u8; 32],
        email: &[u8],
    ) -> Result<[u8; 32], VaultError> {
        let deed = Deed { detail: Some(Detail::IndexKey), ..self.deed(asker, Kind::Rotate, None, Fields::NONE) };
        if asker.actor != Actor::Operator {
            return Err(self.refuse(deed, Outcome::ActorRefused));
        }
        // Counted before it is looked for: where the keys of all who are shown are lost, that must not go on for ever.
        self.reindexing().as_mut().ok_or(VaultError::NotRotating)?.shown += 1;
        let Some(subject) = self.subject(id)? else { return Err(self.refuse(deed, Outcome::NoSubject)) };
        let indexes = {
            let mut reindexing = self.reindexing();
            let reindexing = reindexing.as_mut().ok_or(VaultError::NotRotating)?;
            reindexing.indexes(&subject, id, email, |address| {
                let canonical = (self.canonical)(address.expose()).map(Plain::new)?;
                Some(self.indexes(Field::Email, &canonical))
            })
        };
        let Some(index) = indexes else { return Err(self.refuse(deed, Outcome::Damaged)) };
        if !index.both().contains(present) {
            let fields = Fields::of(&[Field::Email]);
            let deed = self.deed(asker, Kind::Index, Some(Purpose::Login), fields);
            self.take(&deed)?;
            self.book.append(deed)?;
        }
        Ok(index.newest)
    }

    /// Destroys the earlier index key, once nobody is found by it any more: everybody by the one with the fingerprint
    /// `newest`. Whether that is so only the shop knows; but not so soon after the beginning that a request may still
    /// bring an index under it, and not before anybody was given another one: two questions in a row would lose all.
    pub fn forget_earlier_index(&self, asker: &Asker, newest: &[u8; 32]) -> Result<(), VaultError> {
        let deed = Deed { detail: Some(Detail::IndexKey), ..self.deed(asker, Kind::Rotate, None, Fields::NONE) };
        if asker.actor != Actor::Operator {
            return Err(self.refuse(deed, Outcome::ActorRefused));
        }
        let _only = self.turn();
        self.take(&deed)?;
        if let Err(unfit) = self.may_forget(newest) {
            return Err(match self.refuse(deed, Outcome::ReferenceRefused) {
                VaultError::Refused(_) => unfit,
                greater => greater,
            });
        }
        self.book.append(deed)?;
        *self.reindexing() = None;
        Ok(self.keys.write().unwrap_or_else(PoisonError::into_inner).forget_earlier_index()?)
    }

    fn may_forget(&self, newest: &[u8; 32]) -> Result<(), VaultError> {
        let reindexing = self.reindexing();
        let going_on = reindexing.as_ref().filter(|_| self.fingerprints().first() == Some(newest));
        let Reindexing { begun, shown, .. } = going_on.ok_or(VaultError::NotRotating)?;
        // A clock that was set back makes it longer.
        let left = self.grace.saturating_sub((self.now)().saturating_sub(*begun));
        if left > 0 {
            return Err(VaultError::TooEarly(left.div_ceil(1_000)));
        }
        if *shown == 0 && self.stored(self.subjects.count())? > 0 {
            return Err(VaultError::NobodyYet);
        }
        Ok(())
    }

    fn reindexing(&self) -> MutexGuard<'_, Option<Reindexing>> {
        self.reindexing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Held, no key is exchanged and no other copy of the keys is made.
    pub(crate) fn turn(&self) -> MutexGuard<'_, ()> {
        self.rotating.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for its turn, for two at once would destroy each other's keys, and writes a rotation down.
    fn rotation(&self, asker: &Asker, of: Detail) -> Result<(MutexGuard<'_, ()>, Written), VaultError> {
        let deed = Deed { detail: Some(of), ..self.deed(asker, Kind::Rotate, None, Fields::NONE) };
        if asker.actor != Actor::Operator {
            return Err(self.refuse(deed, Outcome::ActorRefused));
        }
        let only = self.turn();
        self.take(&deed)?;
        Ok((only, self.book.append(deed)?))
    }
}

#[cfg(test)]
mod tests;
