//! What witnesses have cosigned: notes beside the ledger's own checkpoints, in a file for each month. What is
//! kept is checked first, so nobody can fill the disk with what no witness has signed.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use noren_ledger::checkpoint::{Checkpoint, CheckpointError};
use noren_ledger::note::{Note, NoteError, NoteSignature, VerifierKey};

use super::BookError;
use super::files::{io, month, names};
use super::notes::{whole, whole_notes};

/// Ending of a file of cosigned checkpoints.
pub(super) const COSIGNED: &str = ".cosigned";
/// A witness whose clock is ahead of ours by more than this (seconds) is not believed.
const AHEAD: u64 = 60 * 60;
/// Of the same checkpoint another cosignature is kept only after so long (seconds).
const AGAIN: u64 = 60 * 60;

/// A cosigned note is not kept.
#[derive(Debug, thiserror::Error)]
pub enum CosignError {
    /// Not a checkpoint that this ledger has signed.
    #[error("the cosigned note is no checkpoint of this ledger: {0}")]
    NotOurs(#[from] CheckpointError),
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
        if let Some(name) = names(&opened.folder, COSIGNED)?.pop() {
            let path = opened.folder.join(&name);
            let bytes = fs::read(&path).map_err(io(&path))?;
            let notes = whole_notes(&bytes).ok_or_else(|| BookError::Checkpoint(name.clone()))?;
            for note in notes.iter().rev() {
                // Checking a signature takes time, and there may be a hundred thousand: of each witness the newest
                // is enough.
                if opened.is_wanted(note)
                    && let Ok((checkpoint, by)) = opened.read(note, logs)
                {
                    opened.remember(checkpoint.size, &by);
                }
            }
            // What a crash left of a half written note is written over.
            opened.last = Some((name, whole(&bytes).len() as u64));
        }
        Ok(opened)
    }

    /// Whether a witness of whom nothing is known yet may have signed the note.
    fn is_wanted(&self, note: &Note) -> bool {
        self.newest().any(|(witness, newest)| newest.is_none() && note.signature_of(witness).is_some())
    }

    /// Each witness with the newest checkpoint that it has cosigned.
    pub fn newest(&self) -> impl Iterator<Item = (&VerifierKey, Option<Newest>)> {
        self.witnesses.iter().zip(self.newest.iter().copied())
    }

    /// Keeps what is new in a cosigned note at `now` (UTC milliseconds): the log's signature, and those of
    /// witnesses who have cosigned no later checkpoint. `false` if nothing is. `is_ours` looks whether the
    /// checkpoint is one of this ledger's tree.
    pub fn keep(
        &mut self,
        note: &Note,
        logs: &[VerifierKey],
        now: u64,
        is_ours: impl FnOnce(&Checkpoint) -> Result<(), BookError>,
    ) -> Result<bool, CosignError> {
        let (checkpoint, by) = self.read(note, logs)?;
        if by.is_empty() {
            return Err(CosignError::NoWitness);
        }
        let clock = now / 1_000;
        if let Some((witness, time)) = by.iter().find(|(_, time)| *time > clock.saturating_add(AHEAD)) {
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
        is_ours(&checkpoint)?;
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
        for (witness, time) in by {
            let newest = &mut self.newest[*witness];
            if newest.is_none_or(|newest| newest.size <= size) {
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

#[cfg(test)]
mod tests;
