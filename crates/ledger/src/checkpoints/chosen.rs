//! One checkpoint of many, believed without reading the leaves below it: whoever reads only a part of a ledger
//! asks here what the part stands under.
//!
//! The key whose turn it was follows from the leaves that announce keys. A reader of the whole ledger meets them;
//! here the way goes back from the checkpoint: the note in which the earlier key vouches for the later one says
//! where the leaf is that announces it, and the two are proven under the checkpoint like any other leaf.

use super::{Checkpoints, Wrong};
use crate::Hash;
use crate::audit::{AuditFault, Fault};
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::leaf::{Act, Leaf};
use crate::note::{Note, VerifierKey};
use crate::tree::Frontier;

/// Why no checkpoint can be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotChosen {
    /// It is not among the notes.
    #[error("no checkpoint of {0} leaves is here: take an export that reaches so far, with its folder checkpoints")]
    Size(u64),
    /// One of the witnesses who were named has not seen it.
    #[error("no checkpoint that could be meant was cosigned by every witness; the newest one lacks {0}")]
    Uncosigned(String),
    /// A note that should be one is none of this log.
    #[error("leaf {size}: its checkpoint is none of this log: {reason}")]
    Note {
        /// The size that it says.
        size: u64,
        /// What is wrong.
        reason: CheckpointError,
    },
    /// Signed in the log's name by a key that is not known here.
    #[error("leaf {0}: its checkpoint may be signed by a key that the log has announced: give its key with --key")]
    NotGiven(u64),
    /// Whoever held this key alone could have written all that is before it.
    #[error(
        "leaf {size}: its checkpoint is signed by {by}, and none is here in which the key before it vouches for it"
    )]
    Unvouched {
        /// Size of the checkpoint.
        size: u64,
        /// Name and start of the hash of the key.
        by: String,
    },
    /// As when the whole ledger is read.
    #[error(transparent)]
    Wrong(#[from] Wrong),
}

impl NotChosen {
    /// Whether all may be right, and only this cannot be told: a note or a key is missing.
    pub fn unknown(&self) -> bool {
        match self {
            Self::Size(_) | Self::NotGiven(_) => true,
            Self::Wrong(wrong) => wrong.unknown(),
            Self::Uncosigned(_) | Self::Note { .. } | Self::Unvouched { .. } => false,
        }
    }
}

/// A note that says that it is a checkpoint; nobody has looked at its signatures.
#[derive(Clone, Debug)]
pub struct Unread {
    checkpoint: Checkpoint,
    note: Note,
}

impl TryFrom<Note> for Unread {
    type Error = CheckpointError;

    fn try_from(note: Note) -> Result<Self, CheckpointError> {
        Ok(Self { checkpoint: note.text.parse()?, note })
    }
}

impl Unread {
    pub(super) fn size(&self) -> u64 {
        self.checkpoint.size
    }

    /// When this witness says that it has seen it, in seconds since 1970: true only once it was believed.
    pub(super) fn cosigned(&self, (name, id): &Label) -> Option<u64> {
        let own = self.note.signatures.iter().filter(|signature| signature.key == *id && signature.name == *name);
        own.filter_map(|signature| signature.bytes.first_chunk()).map(|time| u64::from_be_bytes(*time)).min()
    }

    /// Whether it has a signature in the name of this key, right or wrong. Looked at before it is verified, which
    /// takes far longer: a large ledger has a hundred thousand of them.
    fn carries(&self, (name, id): &Label) -> bool {
        self.note.signatures.iter().any(|signature| signature.key == *id && signature.name == *name)
    }

    /// Whether somebody has signed in the log's name with a key that is none of these.
    fn is_strange(&self, log: &str, keys: &[Label]) -> bool {
        let known = |id| keys.iter().any(|(_, key)| *key == id);
        self.note.signatures.iter().any(|signature| signature.name == log && !known(signature.key))
    }
}

/// Name of a key and start of its hash, by which a signature names it.
pub(super) type Label = (String, u32);

pub(super) fn label(key: &VerifierKey) -> Label {
    (key.name().to_owned(), key.id())
}

pub(super) fn words((name, id): &Label) -> String {
    format!("{name}+{id:08x}")
}

impl Checkpoints {
    /// The checkpoint of `size`, or else the newest one that every witness has cosigned; it is added to these, and
    /// so are its cosignatures.
    pub fn choose(&mut self, notes: &[Unread], size: Option<u64>) -> Result<Checkpoint, NotChosen> {
        let witnesses: Vec<_> = self.known[self.keys.len()..].iter().map(label).collect();
        let meant = |note: &&Unread| size.is_none_or(|size| note.size() == size);
        let mut meant: Vec<&Unread> = notes.iter().filter(meant).collect();
        meant.sort_by_key(|note| std::cmp::Reverse(note.size()));
        let mut missing = None;
        for of_size in meant.chunk_by(|one, other| one.size() == other.size()) {
            let cosigned = |witness: &&Label| of_size.iter().any(|note| note.carries(witness));
            if let Some(witness) = witnesses.iter().find(|witness| !cosigned(witness)) {
                missing = missing.or(Some(witness));
                continue;
            }
            of_size.iter().try_for_each(|note| self.believe(note))?;
            return Ok(of_size[0].checkpoint.clone());
        }
        Err(missing.map_or(NotChosen::Size(size.unwrap_or_default()), |witness| NotChosen::Uncosigned(words(witness))))
    }

    /// Verifies its signatures, all of those whose keys are known.
    pub(super) fn believe(&mut self, unread: &Unread) -> Result<(), NotChosen> {
        let size = unread.size();
        self.add(&unread.note).map_err(|wrong| match wrong {
            Wrong::Note(reason) => NotChosen::Note { size, reason },
            wrong => wrong.into(),
        })
    }

    /// The log's keys that have signed a checkpoint which was added, by their places.
    fn signers(&self, size: u64) -> Vec<usize> {
        let notes = self.found.get(&size).into_iter().flat_map(|found| &found.notes);
        notes.flat_map(|note| note.known.iter().copied()).collect()
    }

    /// Whether the keys whose turn it was have signed: the chosen checkpoint, and all of `notes` up to it. Where
    /// the log has replaced its key, its leaves are read by `leaf` and whole nodes of its tree by `node`, and are
    /// believed only as far as they lead to the chosen root.
    pub fn vouch<E: From<NotChosen>>(
        &mut self,
        chosen: &Checkpoint,
        notes: &[Unread],
        mut leaf: impl FnMut(u64) -> Result<Leaf, E>,
        mut node: impl FnMut(u8, u64) -> Result<Hash, E>,
    ) -> Result<(), E> {
        let labels: Vec<_> = self.known[..self.keys.len()].iter().map(label).collect();
        let mut notes: Vec<&Unread> = notes.iter().filter(|note| note.size() <= chosen.size).collect();
        notes.sort_by_key(|note| std::cmp::Reverse(note.size()));
        // Which key signs above which size, the latest first.
        let mut turns: Vec<(u64, usize)> = Vec::new();
        let mut size = chosen.size;
        loop {
            let signers = self.signers(size);
            let Some(&signer) = signers.first() else { return Err(NotChosen::NotGiven(size).into()) };
            if signers.contains(&0) {
                break;
            }
            let earlier = notes.iter().filter(|note| note.size() < size && note.size() >= 2);
            let mut vouching = None;
            for note in
                earlier.filter(|note| labels.iter().enumerate().any(|(no, key)| no != signer && note.carries(key)))
            {
                let announced = leaf(note.size() - 2)?.act;
                if let Some(key) = signers.iter().find(|no| announced == Act::Key { hash: self.keys[**no] }) {
                    vouching = Some((*note, *key));
                    break;
                }
            }
            let Some((note, key)) = vouching else {
                let strange = |note: &&&Unread| note.size() < size && note.is_strange(self.origin(), &labels);
                if notes.iter().any(|note| strange(&note)) {
                    return Err(NotChosen::NotGiven(size).into());
                }
                return Err(NotChosen::Unvouched { size, by: words(&labels[signer]) }.into());
            };
            self.believe(note)?;
            proven(&note.checkpoint, chosen, &mut leaf, &mut node)?;
            turns.push((note.size(), key));
            size = note.size();
        }
        let turn = |size: u64| turns.iter().find(|(above, _)| *above < size).map_or(0, |(_, key)| *key);
        let out_of_turn = notes.iter().find(|note| !note.carries(&labels[turn(note.size())]));
        if let Some(note) = out_of_turn {
            let size = note.size();
            let other = labels.iter().find(|key| note.carries(key));
            let wrong = other.map_or(Wrong::Unsigned(size), |by| Wrong::OutOfTurn { size, by: words(by) });
            return Err(NotChosen::from(wrong).into());
        }
        self.turns = turns;
        Ok(())
    }
}

/// Whether the last two leaves under the earlier checkpoint are what it signs, and it is the beginning of the
/// later one.
fn proven<E: From<NotChosen>>(
    earlier: &Checkpoint,
    later: &Checkpoint,
    leaf: &mut impl FnMut(u64) -> Result<Leaf, E>,
    node: &mut impl FnMut(u8, u64) -> Result<Hash, E>,
) -> Result<(), E> {
    let wrong = |sequence, fault| E::from(NotChosen::Wrong(AuditFault { sequence, fault }.into()));
    let mut tree = Frontier::read(earlier.size - 2, &mut *node)?;
    for sequence in [earlier.size - 2, earlier.size - 1] {
        let leaf = leaf(sequence)?;
        if sequence + 1 == earlier.size && !matches!(leaf.act, Act::Heads { .. }) {
            return Err(wrong(sequence, Fault::AfterKey));
        }
        tree.push(leaf.hash(), |_, _, _| {});
    }
    if tree.root() != earlier.root {
        return Err(wrong(earlier.size, Fault::Root));
    }
    tree.fill(later.size, node)?;
    if tree.root() == later.root { Ok(()) } else { Err(wrong(later.size, Fault::Root)) }
}

#[cfg(test)]
mod tests;
