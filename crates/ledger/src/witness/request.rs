//! What goes between a log and a witness, as text.

use std::fmt;
use std::str::FromStr;

use crate::Hash;
use crate::checkpoint::{Checkpoint, decimal};
use crate::note::{self, Note, NoteError};

/// No proof between two trees has more hashes.
pub const MOST_HASHES: usize = 63;
/// Longest request that is read, in bytes: a size of at most 20 digits, a proof, and the longest note.
pub const LONGEST: usize = 26 + 45 * MOST_HASHES + note::LONGEST;

/// A log's request to cosign its checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Size of the checkpoint that the witness has cosigned last; zero if none.
    pub old: u64,
    /// Proof that the tree of that size is the beginning of this one.
    pub proof: Vec<Hash>,
    /// The checkpoint, signed by the log.
    pub note: Note,
}

/// A text that is no such request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a request to cosign: a line `old` and a size, at most 63 lines of hashes, an empty line, and a signed checkpoint \
     without extension lines are expected"
)]
pub struct NotARequest;

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.note)
    }
}

impl FromStr for AddCheckpoint {
    type Err = NotARequest;

    fn from_str(text: &str) -> Result<Self, NotARequest> {
        let (head, note) = text.split_once("\n\n").ok_or(NotARequest)?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| decimal(line.strip_prefix("old ")?)).ok_or(NotARequest)?;
        let proof = lines.map(|line| line.parse().map_err(|_| NotARequest)).collect::<Result<Vec<Hash>, _>>()?;
        if proof.len() > MOST_HASHES {
            return Err(NotARequest);
        }
        let note: Note = note.parse().map_err(|_| NotARequest)?;
        note.text.parse::<Checkpoint>().map_err(|_| NotARequest)?;
        Ok(Self { old, proof, note })
    }
}

/// The note with the signatures that a witness has answered. Whose they are, only [`Note::verify`] tells.
pub fn cosigned(note: &Note, answer: &str) -> Result<Note, NoteError> {
    format!("{note}{answer}").parse()
}

/// The size that a witness has answered, which is at another one than it was asked from.
pub fn newest_size(answer: &str) -> Option<u64> {
    answer.strip_suffix('\n').and_then(decimal)
}
