//! Every checkpoint of a log, held against its leaves: who signed it, whose turn it was to sign, and which
//! witnesses have seen it.

mod chosen;
mod standing;

pub use chosen::{NotChosen, Unread};
pub use standing::Standing;

use std::collections::{BTreeMap, BTreeSet};

use crate::Hash;
use crate::audit::{AuditFault, Auditor};
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::note::{KeyKind, Note, NoteError, VerifierKey};

/// Keys that cannot be asked with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// A witness' key stands where a log's is needed.
    #[error("{0} is not the key of a log")]
    NotALog(String),
    /// The keys of a log are all called as the log is.
    #[error("{key} is not a key of {origin}")]
    Other {
        /// The key.
        key: String,
        /// The log.
        origin: String,
    },
    /// A log's key stands where a witness' is needed.
    #[error("{0} is not the key of a witness")]
    NotAWitness(String),
}

/// What is wrong with a checkpoint, or with a leaf.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// A note that is no checkpoint of this log.
    #[error(transparent)]
    Note(#[from] CheckpointError),
    /// A leaf, or the tree over the leaves.
    #[error(transparent)]
    Leaf(#[from] AuditFault),
    /// The log told different stories.
    #[error("leaf {0}: two checkpoints of this size sign different roots: the log was forked")]
    Forked(u64),
    /// Signed by one of the log's keys, and not by the one whose turn it was.
    #[error("leaf {size}: the checkpoint is signed by {by}, whose turn it is not")]
    OutOfTurn {
        /// Size of the checkpoint.
        size: u64,
        /// Name and start of the hash of the key.
        by: String,
    },
    /// Not signed by the key whose turn it was, nor by any other that is known.
    #[error("leaf {0}: the key whose turn it is has not signed the checkpoint")]
    Unsigned(u64),
    /// Signed by a key that was announced and is not known here: it may be right, and nobody can tell.
    #[error(
        "leaf {size}: its checkpoint may be signed by the key that leaf {announced} announces: give its key with --key"
    )]
    NotGiven {
        /// Size of the checkpoint.
        size: u64,
        /// The leaf that announces the key.
        announced: u64,
    },
    /// Whoever held the new key alone could have written all that is before it.
    #[error("leaf {0}: no checkpoint here in which the earlier key vouches for the one just announced")]
    Unvouched(u64),
    /// Somebody has seen another tree.
    #[error("leaf {0}: another root was seen at this size: the log was changed since")]
    Seen(u64),
    /// Somebody has seen a longer tree.
    #[error("leaf {size}: a root was seen at this size, and the newest checkpoint is about {held} leaves")]
    SeenLonger {
        /// What was seen.
        size: u64,
        /// What there is.
        held: u64,
    },
}

impl Wrong {
    /// Whether the ledger may be right all the same, and only this program cannot tell: it is too old, or a
    /// key is missing.
    pub fn unknown(&self) -> bool {
        match self {
            Self::NotGiven { .. } => true,
            Self::Leaf(fault) => fault.too_new(),
            _ => false,
        }
    }
}

/// Who has signed one note, by their places among the keys.
struct Signers {
    known: Vec<usize>,
    /// Somebody has signed in the log's name with a key that is not known.
    unknown: bool,
}

struct Found {
    root: Hash,
    notes: Vec<Signers>,
    /// By their places among the witnesses.
    witnesses: BTreeSet<usize>,
}

/// Whether these are keys of a log, and all of the same one.
pub fn of_one_log(keys: &[VerifierKey]) -> Result<(), KeyFault> {
    for key in keys {
        if key.kind() != KeyKind::Log {
            return Err(KeyFault::NotALog(key.to_string()));
        }
        if key.name() != keys[0].name() {
            return Err(KeyFault::Other { key: key.to_string(), origin: keys[0].name().to_owned() });
        }
    }
    Ok(())
}

/// The checkpoints of one log.
pub struct Checkpoints {
    /// The log's keys, the one that it began with first, and then the witnesses'.
    known: Vec<VerifierKey>,
    /// How many of them are the log's, and their hashes.
    keys: Vec<Hash>,
    /// Which of them signs above which size, the latest first, where one checkpoint was vouched for.
    turns: Vec<(u64, usize)>,
    found: BTreeMap<u64, Found>,
    seen: Vec<(u64, Hash)>,
}

impl Checkpoints {
    /// None yet. `first` is the key that the log began with, `later` are those that it announced since.
    pub fn new(first: VerifierKey, later: &[VerifierKey], witnesses: &[VerifierKey]) -> Result<Self, KeyFault> {
        let mut known = vec![first];
        known.extend_from_slice(later);
        of_one_log(&known)?;
        if let Some(key) = witnesses.iter().find(|key| key.kind() != KeyKind::Witness) {
            return Err(KeyFault::NotAWitness(key.to_string()));
        }
        let keys = known.iter().map(VerifierKey::hash).collect();
        known.extend_from_slice(witnesses);
        Ok(Self { known, keys, turns: Vec::new(), found: BTreeMap::new(), seen: Vec::new() })
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        self.known[0].name()
    }

    /// Takes a note, if it is a checkpoint in the log's name. Whether the right key has signed it shows at
    /// its leaf.
    pub fn add(&mut self, note: &Note) -> Result<(), Wrong> {
        let checkpoint: Checkpoint = note.text.parse()?;
        if checkpoint.origin != self.origin() {
            return Err(CheckpointError::Origin.into());
        }
        let signed = match note.verify(&self.known) {
            Err(NoteError::Unsigned) => Vec::new(),
            signed => signed.map_err(CheckpointError::from)?,
        };
        let place = |key: &VerifierKey| self.known.iter().position(|known| known == key);
        let (logs, witnesses): (Vec<usize>, Vec<usize>) =
            signed.iter().filter_map(|signed| place(signed.by)).partition(|at| *at < self.keys.len());
        let known = |name: &str, id| self.known.iter().any(|key| key.name() == name && key.id() == id);
        let unknown = note
            .signatures
            .iter()
            .any(|signature| signature.name == checkpoint.origin && !known(&signature.name, signature.key));
        if logs.is_empty() && !unknown {
            return Err(CheckpointError::from(NoteError::Unsigned).into());
        }
        let new = || Found { root: checkpoint.root, notes: Vec::new(), witnesses: BTreeSet::new() };
        let found = self.found.entry(checkpoint.size).or_insert_with(new);
        if found.root != checkpoint.root {
            return Err(Wrong::Forked(checkpoint.size));
        }
        found.notes.push(Signers { known: logs, unknown });
        found.witnesses.extend(witnesses.iter().map(|at| at - self.keys.len()));
        Ok(())
    }

    /// Somebody has seen that the tree had this root at this size.
    pub fn see(&mut self, size: u64, root: Hash) {
        self.seen.push((size, root));
    }

    /// How many there are, of different sizes.
    pub fn count(&self) -> usize {
        self.found.len()
    }

    /// Size of the newest one; as many leaves must be read.
    pub fn newest(&self) -> u64 {
        self.found.keys().last().copied().unwrap_or_default()
    }

    /// Holds the checkpoint at the place where the leaves read so far end against them. To be asked before
    /// the first leaf and after each.
    pub fn judge(&self, auditor: &Auditor) -> Result<(), Wrong> {
        let size = auditor.size();
        let announced = auditor.keys().last().is_some_and(|(at, _)| at.checked_add(2) == Some(size));
        match self.found.get(&size) {
            Some(found) => {
                auditor.check(&Checkpoint { origin: self.origin().to_owned(), size, root: found.root })?;
                found.notes.iter().try_for_each(|note| self.turn(note, auditor))?;
            }
            None if announced => return Err(Wrong::Unvouched(size)),
            None => {}
        }
        let changed = |(seen, root): &(u64, Hash)| *seen == size && *root != auditor.root();
        if self.seen.iter().any(changed) { Err(Wrong::Seen(size)) } else { Ok(()) }
    }

    /// Whether the key has signed whose turn it was at this size.
    fn turn(&self, note: &Signers, auditor: &Auditor) -> Result<(), Wrong> {
        let size = auditor.size();
        let turn = match auditor.signer(size) {
            None => Some(0),
            Some(hash) => self.keys.iter().position(|key| *key == hash),
        };
        match (turn, note.known.first()) {
            (Some(turn), _) if note.known.contains(&turn) => Ok(()),
            (None, _) if note.unknown => {
                let before = |(at, _): &&(u64, Hash)| at.saturating_add(2) < size;
                let announced = auditor.keys().iter().rev().find(before).map_or(0, |(at, _)| *at);
                Err(Wrong::NotGiven { size, announced })
            }
            (_, Some(other)) => {
                let key = &self.known[*other];
                Err(Wrong::OutOfTurn { size, by: format!("{}+{:08x}", key.name(), key.id()) })
            }
            (_, None) => Err(Wrong::Unsigned(size)),
        }
    }

    /// Whether all that was seen is in the log; to be asked once all its leaves were read.
    pub fn end(&self) -> Result<(), Wrong> {
        let held = self.newest();
        let longer = self.seen.iter().map(|(size, _)| *size).filter(|size| *size > held).min();
        longer.map_or(Ok(()), |size| Err(Wrong::SeenLonger { size, held }))
    }

    /// What was seen, as it was handed in.
    pub fn seen(&self) -> &[(u64, Hash)] {
        &self.seen
    }

    /// Each witness with the sizes of the checkpoints that it has cosigned, smallest first.
    pub fn witnesses(&self) -> impl Iterator<Item = (&VerifierKey, Vec<u64>)> {
        let witnesses = &self.known[self.keys.len()..];
        witnesses.iter().map(move |witness| {
            // One that was named twice has cosigned under its first place.
            let at = witnesses.iter().position(|named| named == witness);
            let cosigned =
                self.found.iter().filter(move |(_, found)| at.is_some_and(|at| found.witnesses.contains(&at)));
            (witness, cosigned.map(|(size, _)| *size).collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::SignerKey;

    fn key(name: &str, kind: KeyKind, seed: u8) -> SignerKey {
        SignerKey::new(name, kind, &[seed; 32]).unwrap()
    }

    fn checkpoint(size: u64, root: u8) -> Checkpoint {
        Checkpoint { origin: "log".into(), size, root: Hash([root; 32]) }
    }

    #[test]
    fn a_log_is_asked_about_with_its_own_keys_and_with_those_of_witnesses() {
        let (log, witness) = (key("log", KeyKind::Log, 1), key("w", KeyKind::Witness, 2));
        let (log, witness) = (log.verifier(), witness.verifier());
        let asked = |first: &VerifierKey, later: &[VerifierKey], witnesses: &[VerifierKey]| {
            Checkpoints::new(first.clone(), later, witnesses).err()
        };
        assert_eq!(asked(log, std::slice::from_ref(log), std::slice::from_ref(witness)), None);
        assert_eq!(asked(witness, &[], &[]), Some(KeyFault::NotALog(witness.to_string())));
        assert_eq!(asked(log, std::slice::from_ref(witness), &[]), Some(KeyFault::NotALog(witness.to_string())));
        assert_eq!(asked(log, &[], std::slice::from_ref(log)), Some(KeyFault::NotAWitness(log.to_string())));
        let other = key("other", KeyKind::Log, 3).verifier().clone();
        let fault = KeyFault::Other { key: other.to_string(), origin: "log".into() };
        assert_eq!(asked(log, std::slice::from_ref(&other), &[]), Some(fault));
    }

    #[test]
    fn a_note_that_is_no_checkpoint_of_the_log_is_refused_and_who_has_cosigned_is_counted() {
        let (log, stray) = (key("log", KeyKind::Log, 1), key("log", KeyKind::Log, 4));
        let (w, v) = (key("w", KeyKind::Witness, 2), key("v", KeyKind::Witness, 3));
        let witnesses = [&w, &v, &w].map(|witness| witness.verifier().clone());
        let mut checkpoints = Checkpoints::new(log.verifier().clone(), &[], &witnesses).unwrap();
        assert_eq!((checkpoints.newest(), checkpoints.count()), (0, 0));
        let mut cosigned = checkpoint(7, 7).sign(&log);
        cosigned.signatures.push(w.sign(&cosigned.text, 5));
        for note in [&cosigned, &checkpoint(3, 3).sign(&log), &checkpoint(7, 7).sign(&log)] {
            assert_eq!(checkpoints.add(note), Ok(()));
        }
        // Perhaps the log's next key: that shows at its leaf.
        assert_eq!(checkpoints.add(&checkpoint(9, 9).sign(&stray)), Ok(()));
        assert_eq!((checkpoints.newest(), checkpoints.count()), (9, 3), "of the same size there is one");
        let counted: Vec<(&str, Vec<u64>)> = checkpoints.witnesses().map(|(key, sizes)| (key.name(), sizes)).collect();
        assert_eq!(counted, [("w", vec![7]), ("v", vec![]), ("w", vec![7])], "also one that was named twice");

        let refused = |fault: CheckpointError| Err(Wrong::Note(fault));
        let witnessed_only = checkpoint(5, 5).sign(&w);
        assert_eq!(checkpoints.add(&witnessed_only), refused(NoteError::Unsigned.into()));
        let other = Checkpoint { origin: "other".into(), ..checkpoint(5, 5) };
        assert_eq!(checkpoints.add(&other.sign(&log)), refused(CheckpointError::Origin));
        let mut forged = checkpoint(5, 5).sign(&log);
        forged.text = forged.text.replace('5', "6");
        assert_eq!(checkpoints.add(&forged), refused(NoteError::Forged.into()));
        assert_eq!(checkpoints.add(&checkpoint(7, 8).sign(&log)), Err(Wrong::Forked(7)));
    }
}
