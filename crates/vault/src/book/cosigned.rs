//! What witnesses have cosigned: notes beside the ledger's own checkpoints, in a file for each month. What is
//! kept is checked first, so nobody can fill the disk with what no witness has signed.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use noren_ledger::checkpoint::{Checkpoint, CheckpointError};
use noren_ledger::note::{Note, NoteError, NoteSignature, VerifierKey};

use super::files::{io, month, names};
use super::notes::{whole, whole_notes};
use super::{Book, BookError};

/// Ending of a file of cosigned checkpoints.
pub(super) const COSIGNED: &str = ".cosigned";
/// A witness whose clock is ahead of ours by more than this (seconds) is not believed.
const AHEAD: u64 = 60 * 60;
/// Of the same checkpoint another cosignature is kept only after so long (seconds).
const AGAIN: u64 = 60 * 60;

/// So much of a file is in memory at once, in bytes: more than the longest note.
const PART: u64 = 1024 * 1024;
/// So many parts are looked at when the book is opened. A witness that is in none of them has cosigned long ago or
/// never; it says itself how far it is.
const MOST_PARTS: u32 = 64;

/// A cosigned note is not kept.
#[derive(Debug, thiserror::Error)]
pub enum CosignError {
    /// Not a checkpoint that this ledger has signed.
    #[error("the cosigned note is no checkpoint of this ledger: {0}")]
    NotOurs(#[from] CheckpointError),
    /// It may have been once.
    #[error("the cosigned checkpoint of {0} leaves is not signed by the key whose turn it was at that size")]
    Turn(u64),
    /// Not even a note.
    #[error("what was handed in as cosigned is {0}")]
    NotANote(#[from] NoteError),
    /// Nobody has cosigned it whose key the vault was given.
    #[error(
        "no witness that the vault knows has cosigned the checkpoint: give the vault the same `witnesses` as the shop \
         (NOREN_WITNESSES), and each with the key that it has now"
    )]
    NoWitness,
    /// Its time cannot be.
    #[error(
        "{name} has cosigned at {time}, and the vault's clock says {now} (seconds since 1970): set both clocks right"
    )]
    Ahead {
        /// The witness.
        name: String,
        /// When it says that it has signed.
        time: u64,
        /// What our clock says.
        now: u64,
    },
    /// It cannot be written down.
    #[error(transparent)]
    Book(#[from] BookError),
}

/// The newest checkpoint that a witness has cosigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newest {
    /// How many leaves it is about.
    pub size: u64,
    /// When, by the witness' clock, in seconds since 1970.
    pub time: u64,
}

/// The cosigned checkpoints of a ledger.
pub struct Cosignatures {
    folder: PathBuf,
    witnesses: Vec<VerifierKey>,
    /// Of each witness.
    newest: Vec<Option<Newest>>,
    /// The newest file: its name, and how much of it is whole.
    last: Option<(String, u64)>,
}

/// A witness by its place among the others, and when it signed.
type By = (usize, u64);

impl Cosignatures {
    /// Those of the ledger in the folder `ledger`, whose keys are `logs`.
    pub fn open(ledger: &Path, logs: &[VerifierKey], witnesses: &[VerifierKey]) -> Result<Self, BookError> {
        let (folder, newest) = (ledger.join("checkpoints"), vec![None; witnesses.len()]);
        let mut opened = Self { folder, witnesses: witnesses.to_vec(), newest, last: None };
        let mut parts = MOST_PARTS;
        for name in names(&opened.folder, COSIGNED)?.into_iter().rev() {
            let path = opened.folder.join(&name);
            let file = File::open(&path).map_err(io(&path))?;
            let mut end = file.metadata().map_err(io(&path))?.len();
            // Backwards, and no further than to what is wanted: a month of them may be longer than the memory.
            while opened.last.is_none() || (end > 0 && parts > 0 && opened.newest.contains(&None)) {
                let from = end.saturating_sub(PART);
                let mut bytes = vec![0; usize::try_from(end - from).unwrap_or_default()];
                file.read_exact_at(&mut bytes, from).map_err(io(&path))?;
                let first = if from == 0 { Some(0) } else { first_note(&bytes) };
                let (first, notes) = first
                    .and_then(|first| Some((first, whole_notes(&bytes[first..])?)))
                    .ok_or_else(|| BookError::Checkpoint(name.clone()))?;
                opened.look(&notes, logs);
                end = from + first as u64;
                parts -= 1;
                if opened.last.is_none() {
                    // What a crash left of a half written note is written over.
                    opened.last = Some((name.clone(), end + whole(&bytes[first..]).len() as u64));
                }
            }
        }
        Ok(opened)
    }

    /// Looks in notes, from the last one on, for what witnesses have cosigned last.
    fn look(&mut self, notes: &[Note], logs: &[VerifierKey]) {
        for note in notes.iter().rev() {
            // Checking a signature takes time, and there may be a hundred thousand: of each witness the newest is enough.
            if self.is_wanted(note)
                && let Ok((checkpoint, by)) = self.read(note, logs)
            {
                self.remember(checkpoint.size, &by);
            }
        }
    }

    /// Whether a witness of whom nothing is known yet may have signed the note.
    fn is_wanted(&self, note: &Note) -> bool {
        self.newest().any(|(witness, newest)| newest.is_none() && note.signature_of(witness).is_some())
    }

    /// Each witness with the newest checkpoint that it has cosigned.
    pub fn newest(&self) -> impl Iterator<Item = (&VerifierKey, Option<Newest>)> {
        self.witnesses.iter().zip(self.newest.iter().copied())
    }

    /// Keeps what is new in a cosigned note at `now` (UTC milliseconds): the signature of the book's key whose turn it
    /// was, and those of witnesses who have cosigned no later checkpoint. `false` if nothing is.
    pub fn keep(&mut self, note: &Note, book: &Book, now: u64) -> Result<bool, CosignError> {
        let size = note.text.parse::<Checkpoint>()?.size;
        // One of a retired key, which somebody may have stolen, would stay and make every export one that is not right.
        let signer = book.signer(size).filter(|signer| note.signature_of(signer).is_some());
        let logs = [signer.ok_or(CosignError::Turn(size))?];
        let (checkpoint, by) = self.read(note, &logs)?;
        if by.is_empty() {
            return Err(CosignError::NoWitness);
        }
        let clock = now / 1_000;
        let cannot_be = |time: u64| time == 0 || time > clock.saturating_add(AHEAD);
        if let Some((witness, time)) = by.iter().find(|(_, time)| cannot_be(*time)) {
            let name = self.witnesses[*witness].name().to_owned();
            return Err(CosignError::Ahead { name, time: *time, now: clock });
        }
        let is_new = |(witness, time): &By| match self.newest[*witness] {
            Some(newest) if newest.size == checkpoint.size => *time >= newest.time.saturating_add(AGAIN),
            newest => newest.is_none_or(|newest| newest.size < checkpoint.size),
        };
        let by: Vec<By> = by.into_iter().filter(is_new).collect();
        if by.is_empty() {
            return Ok(false);
        }
        book.holds(&checkpoint)?;
        // One of each, whatever else hangs on it.
        let keys = logs.iter().chain(by.iter().map(|(witness, _)| &self.witnesses[*witness]));
        let signatures: Vec<NoteSignature> = keys.filter_map(|key| note.signature_of(key).cloned()).collect();
        self.write(&month(now), &Note { signatures, text: note.text.clone() })?;
        self.remember(checkpoint.size, &by);
        Ok(true)
    }

    /// The checkpoint of a note that the log has signed, and which witnesses have cosigned it.
    fn read(&self, note: &Note, logs: &[VerifierKey]) -> Result<(Checkpoint, Vec<By>), CheckpointError> {
        let known = [logs, &self.witnesses].concat();
        let (checkpoint, signed) = Checkpoint::open(note, &known)?;
        let place = |key: &VerifierKey| self.witnesses.iter().position(|witness| witness == key);
        Ok((checkpoint, signed.iter().filter_map(|signed| Some((place(signed.by)?, signed.time?))).collect()))
    }

    fn remember(&mut self, size: u64, by: &[By]) {
        // One of no time counts for nothing.
        for (witness, time) in by.iter().filter(|(_, time)| *time > 0) {
            let newest = &mut self.newest[*witness];
            if newest.is_none_or(|newest| (newest.size, newest.time) <= (size, *time)) {
                *newest = Some(Newest { size, time: *time });
            }
        }
    }

    /// Puts a note behind the others of its month. After a failure, behind what was whole before.
    fn write(&mut self, month: &str, note: &Note) -> Result<(), BookError> {
        let name = format!("{month}{COSIGNED}");
        // Also when the clock was set back: the newest file stays the newest.
        let (name, whole) = match self.last.take() {
            Some(last) if last.0 >= name => last,
            _ => (name, 0),
        };
        let path = self.folder.join(&name);
        let new = !path.exists();
        self.last = Some((name, whole));
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(io(&path))?;
        let bytes = format!("{note}\n");
        let written = file.set_len(whole).and_then(|()| file.write_all_at(bytes.as_bytes(), whole));
        written.and_then(|()| file.sync_data()).map_err(io(&path))?;
        if new {
            File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(io(&self.folder))?;
        }
        if let Some((_, end)) = &mut self.last {
            *end = whole + bytes.len() as u64;
        }
        Ok(())
    }
}

/// Where the first note begins that is whole in a part out of the middle of a file: behind an empty line, if no
/// signature stands there.
fn first_note(part: &[u8]) -> Option<usize> {
    (2..part.len()).find(|at| part[at - 2..*at] == *b"\n\n" && !part[*at..].starts_with("— ".as_bytes()))
}

#[cfg(test)]
mod tests;
