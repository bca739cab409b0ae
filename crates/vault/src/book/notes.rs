//! Signed checkpoints on the disk: behind each other in a file for each month, and the newest once more outside the
//! folder.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use noren_ledger::checkpoint::Checkpoint;
use noren_ledger::note::{Note, VerifierKey, parse_notes};

use super::BookError;
use super::files::{io, month, names, own_file, own_folder};
use crate::durable;

/// Ending of a file of checkpoints.
pub(super) const NOTES: &str = ".notes";

pub(super) struct Notes {
    folder: PathBuf,
    /// Outside the folder: the newest checkpoint once more.
    anchor: PathBuf,
}

impl Notes {
    /// Those of the ledger in `ledger`.
    pub(super) fn open(ledger: &Path, anchor: &Path) -> Result<Self, BookError> {
        let folder = ledger.join("checkpoints");
        own_folder(&folder)?;
        Ok(Self { folder, anchor: anchor.to_owned() })
    }

    /// Keeps a signed checkpoint of the time `time`: behind the others of its month, and alone as the anchor.
    pub(super) fn keep(&self, time: u64, note: &Note) -> Result<(), BookError> {
        let folder = &self.folder;
        let path = folder.join(month(time) + NOTES);
        let new = !path.exists();
        let mut file = own_file(&path)?;
        file.write_all(format!("{note}\n").as_bytes()).and_then(|()| file.sync_data()).map_err(io(&path))?;
        if new {
            durable::sync(folder).map_err(io(folder))?;
        }
        // A power cut must not leave an empty anchor: with none of the log's checkpoints in it nothing opens.
        durable::replace(&self.anchor, note.to_string().as_bytes()).map_err(io(&self.anchor))
    }

    /// The newest checkpoint, opened with one of the log's keys. What a crash left of a half written one behind it
    /// is cut off.
    pub(super) fn newest(&self, keys: &[VerifierKey]) -> Result<Option<(Checkpoint, Note)>, BookError> {
        for name in names(&self.folder, NOTES)?.into_iter().rev() {
            let path = self.folder.join(&name);
            let bytes = fs::read(&path).map_err(io(&path))?;
            let whole = whole(&bytes);
            if whole.len() != bytes.len() {
                own_file(&path)?.set_len(whole.len() as u64).map_err(io(&path))?;
            }
            let notes = whole_notes(whole).ok_or_else(|| BookError::Checkpoint(name.clone()))?;
            if let Some(newest) = notes.last() {
                return opened(newest, keys).map(Some).ok_or(BookError::Checkpoint(name));
            }
        }
        Ok(None)
    }

    /// The checkpoint that is kept outside the folder.
    pub(super) fn anchor(&self, keys: &[VerifierKey]) -> Result<Option<(Checkpoint, Note)>, BookError> {
        let name = || self.anchor.display().to_string();
        match fs::read_to_string(&self.anchor) {
            Ok(text) => {
                let note = text.parse().ok();
                note.and_then(|note| opened(&note, keys)).map(Some).ok_or_else(|| BookError::Checkpoint(name()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(BookError::Io { path: name(), source }),
        }
    }
}

fn opened(note: &Note, keys: &[VerifierKey]) -> Option<(Checkpoint, Note)> {
    let (checkpoint, _) = Checkpoint::open(note, keys).ok()?;
    Some((checkpoint, note.clone()))
}

/// The part of a file of notes that was written to its end: a note is text, an empty line and signatures, and
/// an empty line ends it.
pub(super) fn whole(bytes: &[u8]) -> &[u8] {
    let ends: Vec<usize> = (2..=bytes.len()).filter(|end| bytes[end - 2..*end] == *b"\n\n").collect();
    let whole = ends.len() / 2 * 2;
    &bytes[..whole.checked_sub(1).map_or(0, |last| ends[last])]
}

/// The notes that were written to their end; `None` if one of them is none.
pub(super) fn whole_notes(bytes: &[u8]) -> Option<Vec<Note>> {
    parse_notes(std::str::from_utf8(whole(bytes)).ok()?).ok()
}
