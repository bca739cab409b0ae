//! What a witness must not forget: of each log the newest checkpoint that it has cosigned.

use std::collections::BTreeMap;
use std::fmt;

use super::Witness;
use crate::checkpoint::{Checkpoint, decimal};
use crate::note::{Note, parse_notes, write_notes};

/// The first word of the text, and its version.
const HEAD: &str = "noren-witness/1 ";

/// The newest checkpoint of a log that a witness has cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// When, in seconds since 1970.
    pub time: u64,
    /// Signed by the log, and by the witness as the last one.
    pub note: Note,
}

impl Seen {
    /// What is answered to the log: the line of the witness' signature.
    pub fn answer(&self) -> String {
        self.note.signatures.last().map(ToString::to_string).unwrap_or_default()
    }
}

/// Every log that a witness has cosigned, by origin. As text it is a line with their number, an empty line,
/// and a file of notes; the witness' own signatures in it show whether it was damaged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory(BTreeMap<String, Seen>);

/// A text that is not the memory of this witness.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemoryFault {
    /// Not even its form.
    #[error("it is not the memory of a witness in a form that this version knows")]
    Malformed,
    /// Some of it is gone.
    #[error("it should hold {said} logs and holds {held}")]
    Short {
        /// By its own word.
        said: u64,
        /// How many there are.
        held: u64,
    },
    /// What it says of a log is not what this witness has cosigned.
    #[error("what it says of {0:?} is not what this witness' key has cosigned")]
    Forged(String),
}

impl Memory {
    /// What was seen last of the log with this origin.
    pub fn get(&self, origin: &str) -> Option<&Seen> {
        self.0.get(origin)
    }

    /// All of it, by origin.
    pub fn seen(&self) -> impl Iterator<Item = &Seen> {
        self.0.values()
    }

    /// Keeps what was seen, in place of what was seen before of the same log.
    pub fn keep(&mut self, seen: Seen) {
        self.0.insert(seen.checkpoint.origin.clone(), seen);
    }

    /// Reads what `witness` has kept.
    pub fn read(text: &str, witness: &Witness) -> Result<Self, MemoryFault> {
        let (said, notes) =
            text.strip_prefix(HEAD).and_then(|rest| rest.split_once("\n\n")).ok_or(MemoryFault::Malformed)?;
        let said = decimal(said).ok_or(MemoryFault::Malformed)?;
        let mut memory = Self::default();
        for note in parse_notes(notes).map_err(|_| MemoryFault::Malformed)? {
            memory.keep(own(note, witness)?);
        }
        let held = memory.0.len() as u64;
        if held == said { Ok(memory) } else { Err(MemoryFault::Short { said, held }) }
    }
}

/// A note that the witness itself has signed, as the last one.
fn own(note: Note, witness: &Witness) -> Result<Seen, MemoryFault> {
    let checkpoint: Checkpoint = note.text.parse().map_err(|_| MemoryFault::Malformed)?;
    let forged = || MemoryFault::Forged(checkpoint.origin.clone());
    // The log's keys as well: what they have signed is shown to everybody who asks.
    let known = [std::slice::from_ref(witness.verifier()), &witness.logs].concat();
    let signed = note.verify(&known).map_err(|_| forged())?;
    let own = witness.verifier();
    let is_last = note.signatures.last().is_some_and(|last| last.name == own.name() && last.key == own.id());
    let signed = signed.iter().find(|signed| signed.by == own).filter(|_| is_last);
    let time = signed.and_then(|signed| signed.time).ok_or_else(forged)?;
    Ok(Seen { checkpoint, time, note })
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{HEAD}{}\n\n{}", self.0.len(), write_notes(self.seen().map(|seen| &seen.note)))
    }
}
