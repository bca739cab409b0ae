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
use crate::note::{KeyKind, Note, NoteSignature, SignerKey, VerifierKey};
use crate::tree::{ProofError, empty_root, verify_consistency};

/// Where a log asks, behind the witness' address.
pub const ADD_CHECKPOINT: &str = "/add-checkpoint";
/// Content type of the size in an answer that says how far the witness is.
pub const SIZE_TYPE: &str = "text/x.tlog.size";

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
            Self::Inconsistent(_) => 422,
        }
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

    /// What to answer to a request, with what `memory` holds and at `now` (seconds since 1970): a cosigned
    /// checkpoint, **which must be remembered for good before it is answered**, or why not.
    pub fn consider(&self, memory: &Memory, request: &AddCheckpoint, now: u64) -> Result<Seen, Refusal> {
        let AddCheckpoint { old, proof, note } = request;
        let checkpoint: Checkpoint = note.text.parse().map_err(|_| NotARequest)?;
        let known: Vec<VerifierKey> = self.logs.iter().filter(|key| key.name() == checkpoint.origin).cloned().collect();
        if known.is_empty() {
            return Err(Refusal::UnknownLog(checkpoint.origin));
        }
        Checkpoint::open(note, &known).map_err(Refusal::Untrusted)?;
        if *old > checkpoint.size {
            return Err(Refusal::TooShort { size: checkpoint.size, old: *old });
        }
        let seen = memory.get(&checkpoint.origin);
        // Whoever has stolen a key that was replaced since could else go on with another story outside.
        if seen.is_some_and(|seen| self.place(note, &checkpoint) < self.place(&seen.note, &checkpoint)) {
            return Err(Refusal::Retired(checkpoint.origin));
        }
        let (size, root) = seen.map_or((0, empty_root()), |seen| (seen.checkpoint.size, seen.checkpoint.root));
        if *old != size {
            return Err(Refusal::Elsewhere(size));
        }
        verify_consistency(size, root, checkpoint.size, checkpoint.root, proof)?;
        // The empty tree begins every tree, and so says nothing about the root of another empty one.
        if checkpoint.size == 0 && checkpoint.root != empty_root() {
            return Err(ProofError::Root.into());
        }
        // Never earlier than it has said before: it states what was the newest at that time. And zero is no time.
        let time = now.max(seen.map_or(1, |seen| seen.time));
        Ok(Seen { note: self.sign(note, &known, time), checkpoint, time })
    }

    /// Where the newest key of the log's that has signed the note stands among all.
    fn place(&self, note: &Note, checkpoint: &Checkpoint) -> Option<usize> {
        self.logs.iter().rposition(|key| key.name() == checkpoint.origin && note.signature_of(key).is_some())
    }

    /// One signature of each key of the log's under the checkpoint, and this witness' behind them: whatever else
    /// hangs on it, what is kept stays short.
    fn sign(&self, note: &Note, known: &[VerifierKey], time: u64) -> Note {
        let mut signatures: Vec<NoteSignature> =
            known.iter().filter_map(|key| note.signature_of(key).cloned()).collect();
        signatures.push(self.signer.sign(&note.text, time));
        Note { text: note.text.clone(), signatures }
    }
}

#[cfg(test)]
mod tests;
