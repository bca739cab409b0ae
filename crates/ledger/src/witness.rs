//! A witness as in C2SP tlog-witness: somebody elsewhere who is shown each new checkpoint of a log together
//! with a proof that the tree which it saw last is the beginning of this one, and who cosigns it if that is
//! so (C2SP tlog-cosignature). A log that told different stories to different people would have to tell
//! them to its witness too.
//!
//! - [`AddCheckpoint`]: what a log asks, and how the answer is read;
//! - [`Witness`]: what a witness says to it;
//! - [`Memory`]: what it must not forget, as text.

mod memory;
mod request;

pub use memory::{Memory, MemoryFault, Seen};
pub use request::{AddCheckpoint, LONGEST, MOST_HASHES, NotARequest, cosigned, newest_size};

use crate::Hash;
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::checkpoints::KeyFault;
use crate::note::{KeyKind, Note, SignerKey, VerifierKey};
use crate::tree::{ProofError, empty_root, verify_consistency};

/// Where a log asks, behind the witness' address.
pub const ADD_CHECKPOINT: &str = "/add-checkpoint";
/// Content type of the size in an answer that says how far the witness is.
pub const SIZE_TYPE: &str = "text/x.tlog.size";

/// The same checkpoint is cosigned anew only after so long (seconds): whoever asks for it again and again, and anybody
/// can, makes nobody sign and write.
const AGAIN: u64 = 60;

/// A clock that is behind what was cosigned by no more than this (seconds) was set right; by more, it is or was wrong.
const BEHIND: u64 = 60;

/// The name of a log in the address of its newest cosigned checkpoint, `/NAME/checkpoint`: the SHA-256 of its
/// origin in hexadecimal digits.
pub fn origin_hash(origin: &str) -> String {
    Hash::of(&[origin.as_bytes()]).0.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Why a witness does not cosign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request itself.
    #[error(transparent)]
    Malformed(#[from] NotARequest),
    /// A tree has no larger beginning.
    #[error("the checkpoint is about {size} leaves, and the old size is {old}: it must not be larger")]
    TooShort {
        /// Size of the checkpoint.
        size: u64,
        /// By the request's own word.
        old: u64,
    },
    /// A log that this witness was not told of.
    #[error("the log {0:?} is not known to this witness: give it the log's key with --log")]
    UnknownLog(String),
    /// None of the keys that it knows of this log has signed.
    #[error("no key that is known here as the log's has signed this checkpoint: {0}")]
    Untrusted(CheckpointError),
    /// Signed by a key that the log has replaced since.
    #[error(
        "the checkpoint is signed by a key of {0:?} that stands before the one which signed what this witness has cosigned \
         last: that one is retired. If it is not, give the log's keys with --log in the order in which it announced them"
    )]
    Retired(String),
    /// The witness has cosigned another size since, or never any.
    #[error("the newest checkpoint that this witness has cosigned is about {0} leaves")]
    Elsewhere(u64),
    /// Its own clock was wrong before, or is now: it would have to cosign at a time that is not.
    #[error(
        "the witness' clock says {now}, and it has cosigned at {time} (seconds since 1970): set its clock right; if that \
         earlier time was wrong, a new witness in an empty folder is needed"
    )]
    Behind {
        /// By its clock.
        now: u64,
        /// When it has cosigned last.
        time: u64,
    },
    /// The proof is none, where none is needed: this says nothing about the log, only about who asks.
    #[error("the proof does not fit, and none is needed: this witness has seen that very checkpoint, or none at all")]
    Unproven,
    /// The tree is not a continuation of the one that was seen.
    #[error("the checkpoint does not continue what this witness has seen: {0}")]
    Inconsistent(#[from] ProofError),
}

impl Refusal {
    /// The HTTP status that says so.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::TooShort { .. } => 400,
            Self::Untrusted(_) | Self::Retired(_) => 403,
            Self::UnknownLog(_) => 404,
            Self::Elsewhere(_) => 409,
            Self::Unproven | Self::Inconsistent(_) => 422,
            Self::Behind { .. } => 503,
        }
    }
}

/// A request whose checkpoint the log has signed, with no signatures but the log's. [`Witness::check`] gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    request: AddCheckpoint,
    checkpoint: Checkpoint,
}

impl Checked {
    /// The request, as far as it counts.
    pub fn request(&self) -> &AddCheckpoint {
        &self.request
    }

    /// What is to be cosigned.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

/// A witness: its own key, and those of the logs that it watches.
pub struct Witness {
    signer: SignerKey,
    logs: Vec<VerifierKey>,
}

impl Witness {
    /// One that signs with `signer`. A log that has changed its key has several in `logs`, in the order in which it
    /// announced them: one that another has followed is believed no more.
    pub fn new(signer: SignerKey, logs: Vec<VerifierKey>) -> Result<Self, KeyFault> {
        if signer.verifier().kind() != KeyKind::Witness {
            return Err(KeyFault::NotAWitness(signer.verifier().to_string()));
        }
        match logs.iter().find(|key| key.kind() != KeyKind::Log) {
            Some(key) => Err(KeyFault::NotALog(key.to_string())),
            None => Ok(Self { signer, logs }),
        }
    }

    /// What its cosignatures are checked with.
    pub fn verifier(&self) -> &VerifierKey {
        self.signer.verifier()
    }

    /// The part of answering that needs no memory, and is the expensive one: who has signed. Of each of the log's keys
    /// one signature is looked at and kept, however many hang on the request.
    pub fn check(&self, request: AddCheckpoint) -> Result<Checked, Refusal> {
        let AddCheckpoint { old, proof, note: Note { text, signatures } } = request;
        let checkpoint: Checkpoint = text.parse().map_err(|_| NotARequest)?;
        let known: Vec<VerifierKey> = self.logs.iter().filter(|key| key.name() == checkpoint.origin).cloned().collect();
        if known.is_empty() {
            return Err(Refusal::UnknownLog(checkpoint.origin));
        }
        let mut note = Note { text, signatures };
        note.signatures = known.iter().filter_map(|key| note.signature_of(key).cloned()).collect();
        Checkpoint::open(&note, &known).map_err(Refusal::Untrusted)?;
        if old > checkpoint.size {
            return Err(Refusal::TooShort { size: checkpoint.size, old });
        }
        Ok(Checked { request: AddCheckpoint { old, proof, note }, checkpoint })
    }

    /// What to answer to a request, with what `memory` holds and at `now` (seconds since 1970): a cosigned
    /// checkpoint, **which must be remembered for good before it is answered**, or why not. Asked again within a minute,
    /// it is the one that is remembered already.
    pub fn consider(&self, memory: &Memory, checked: &Checked, now: u64) -> Result<Seen, Refusal> {
        let Checked { request: AddCheckpoint { old, proof, note }, checkpoint } = checked;
        let seen = memory.get(&checkpoint.origin);
        let (place, seen_place) = (self.place(note), seen.and_then(|seen| self.place(&seen.note)));
        // Whoever has stolen a key that was replaced since could else go on with another story outside.
        if place < seen_place {
            return Err(Refusal::Retired(checkpoint.origin.clone()));
        }
        let (size, root) = seen.map_or((0, empty_root()), |seen| (seen.checkpoint.size, seen.checkpoint.root));
        if *old != size {
            return Err(Refusal::Elsewhere(size));
        }
        if let Err(fault) = verify_consistency(size, root, checkpoint.size, checkpoint.root, proof) {
            let needless = size == 0 || (size, root) == (checkpoint.size, checkpoint.root);
            return Err(if needless { Refusal::Unproven } else { fault.into() });
        }
        // The empty tree begins every tree, and so says nothing about the root of another empty one.
        if checkpoint.size == 0 && checkpoint.root != empty_root() {
            return Err(ProofError::Root.into());
        }
        if let Some(seen) = seen.filter(|seen| now.saturating_add(BEHIND) < seen.time) {
            return Err(Refusal::Behind { now, time: seen.time });
        }
        if let Some(seen) = seen
            && seen.checkpoint == *checkpoint
            && place == seen_place
            && now < seen.time.saturating_add(AGAIN)
        {
            return Ok(seen.clone());
        }
        // Never earlier than it has said before: it states what was the newest at that time. And zero is no time.
        let time = now.max(seen.map_or(1, |seen| seen.time));
        let mut note = note.clone();
        note.signatures.push(self.signer.sign(&note.text, time));
        Ok(Seen { note, checkpoint: checkpoint.clone(), time })
    }

    /// Where the newest of the keys that have signed a note stands among all. No key signs under another's name.
    fn place(&self, note: &Note) -> Option<usize> {
        self.logs.iter().rposition(|key| note.signature_of(key).is_some())
    }
}

#[cfg(test)]
mod tests;
