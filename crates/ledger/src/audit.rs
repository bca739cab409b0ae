//! A whole ledger checked, leaf by leaf from the first one on: by an auditor who trusts nothing but
//! the log's key.

use crate::Hash;
use crate::checkpoint::Checkpoint;
use crate::heads::{Head, HeadProof, Heads};
use crate::leaf::{Act, Deed, Leaf, LeafError, Tag};
use crate::tree::Frontier;

/// Where a ledger is wrong, and how.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("leaf {sequence}: {fault}")]
pub struct AuditFault {
    /// The first bad leaf; for a checkpoint, its size.
    pub sequence: u64,
    /// What is wrong with it.
    pub fault: Fault,
}

impl AuditFault {
    /// Whether the leaf may be right, and this program is too old to tell.
    pub fn too_new(&self) -> bool {
        matches!(self.fault, Fault::Leaf(LeafError::Version(_)))
    }
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is no leaf.
    #[error(transparent)]
    Leaf(#[from] LeafError),
    /// It belongs elsewhere: leaves were taken out, put in or exchanged.
    #[error("it says of itself that it is leaf {0}")]
    Place(u64),
    /// It is older than the one before it.
    #[error("it is older than the leaf before it")]
    Time,
    /// The leaves of its subject have a gap or a double.
    #[error("it calls itself leaf {said} of its subject, and {held} went before it")]
    Count {
        /// By its own word.
        said: u32,
        /// Those before it.
        held: u32,
    },
    /// It does not follow from the leaf of its subject before it.
    #[error("it does not follow from the last leaf of its subject")]
    Previous,
    /// The heads are others than the leaves make them.
    #[error("the heads in it are not those of the leaves before it")]
    Heads,
    /// A new key was announced, and not signed at once together with what went before.
    #[error("the leaf before it announces a key, and only heads may follow")]
    AfterKey,
    /// A log that continues another one says so first of all.
    #[error("it continues an earlier log, which only the first leaf of a log can")]
    Continues,
    /// The checkpoint signs another tree.
    #[error("the checkpoint signs another root than the leaves have")]
    Root,
    /// There are fewer leaves than the checkpoint signs, or more were read already.
    #[error("the checkpoint is about {0} leaves")]
    Size(u64),
    /// No heads stand under the checkpoint.
    #[error("the last leaf under the checkpoint holds no heads")]
    NoHeads,
}

/// Reads a ledger from its first leaf on. Also the one place that says which leaf may follow: the vault
/// writes through it.
#[derive(Default)]
pub struct Auditor {
    tree: Frontier,
    heads: Heads,
    time: u64,
    ends_in_heads: bool,
    /// Places of the leaves that announce a key, and its hash.
    keys: Vec<(u64, Hash)>,
}

impl Auditor {
    /// How many leaves were read.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// Root of the Merkle tree over them.
    pub fn root(&self) -> Hash {
        self.tree.root()
    }

    /// Time of the last one.
    pub fn time(&self) -> u64 {
        self.time
    }

    /// The last leaf of a subject.
    pub fn head(&self, tag: Tag) -> Option<&Head> {
        self.heads.get(tag)
    }

    /// Proof of what there is about a subject.
    pub fn prove_head(&mut self, tag: Tag) -> HeadProof {
        self.heads.prove(tag)
    }

    /// The keys that were announced, by their hashes, and the leaves that announce them.
    pub fn keys(&self) -> &[(u64, Hash)] {
        &self.keys
    }

    /// The hash of the key that signs the checkpoint at this size; `None`: the key that the log began with.
    /// The checkpoint right after an announcement is still signed by the key before it, which so vouches
    /// for the new one.
    pub fn signer(&self, size: u64) -> Option<Hash> {
        self.keys.iter().rev().find(|(at, _)| at.saturating_add(2) < size).map(|(_, hash)| *hash)
    }

    /// Whether a checkpoint could be signed over what was read so far.
    pub fn ends_in_heads(&self) -> bool {
        self.ends_in_heads
    }

    /// The leaf of heads that may follow now.
    pub fn heads(&mut self) -> Act {
        Act::Heads { root: self.heads.root(), subjects: self.heads.subjects() }
    }

    /// Takes the next leaf; every node of the tree that becomes whole by it is handed to `whole`.
    pub fn take(&mut self, bytes: &[u8], whole: impl FnMut(u8, u64, Hash)) -> Result<Leaf, AuditFault> {
        let sequence = self.size();
        let (leaf, hash) = self.judge(bytes).map_err(|fault| AuditFault { sequence, fault })?;
        self.tree.push(hash, whole);
        self.time = leaf.time;
        self.ends_in_heads = matches!(leaf.act, Act::Heads { .. });
        match leaf.act {
            Act::Deed(Deed { subject, count, .. }) if subject != Tag::NOBODY => {
                self.heads.set(Head { tag: subject, count, sequence, leaf: hash });
            }
            Act::Key { hash } => self.keys.push((sequence, hash)),
            _ => {}
        }
        Ok(leaf)
    }

    fn judge(&mut self, bytes: &[u8]) -> Result<(Leaf, Hash), Fault> {
        let leaf = Leaf::decode(bytes)?;
        if leaf.sequence != self.size() {
            return Err(Fault::Place(leaf.sequence));
        }
        if leaf.time < self.time {
            return Err(Fault::Time);
        }
        let announced = self.keys.last().is_some_and(|(at, _)| at.checked_add(1) == Some(leaf.sequence));
        match leaf.act {
            Act::Deed(_) | Act::Key { .. } | Act::Continues { .. } if announced => return Err(Fault::AfterKey),
            Act::Continues { .. } if leaf.sequence > 0 => return Err(Fault::Continues),
            Act::Heads { .. } if leaf.act != self.heads() => return Err(Fault::Heads),
            Act::Deed(deed) if deed.subject != Tag::NOBODY => {
                let none = (0, Hash::ZERO, 0);
                let (held, previous, at) =
                    self.head(deed.subject).map_or(none, |head| (head.count, head.leaf, head.sequence));
                if Some(deed.count) != held.checked_add(1) {
                    return Err(Fault::Count { said: deed.count, held });
                }
                if (deed.previous, deed.previous_at) != (previous, at) {
                    return Err(Fault::Previous);
                }
            }
            _ => {}
        }
        Ok((leaf, leaf.hash()))
    }

    /// Checks a checkpoint at the place where the leaves read so far end.
    pub fn check(&self, checkpoint: &Checkpoint) -> Result<(), AuditFault> {
        let fault = if checkpoint.size != self.size() {
            Fault::Size(checkpoint.size)
        } else if checkpoint.root != self.root() {
            Fault::Root
        } else if !self.ends_in_heads {
            Fault::NoHeads
        } else {
            return Ok(());
        };
        Err(AuditFault { sequence: checkpoint.size, fault })
    }
}

#[cfg(test)]
mod tests;
