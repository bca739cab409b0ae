//! Signed notes, files of notes, checkpoints, and the keys that check them.

use noren_ledger::checkpoint::Checkpoint;
use noren_ledger::note::{Note, VerifierKey, parse_notes, write_notes};

use crate::world::{ORIGIN, WITNESSED, WORLD};

/// What is read as a note, a file of notes, a checkpoint or a key is written as it was; and no checkpoint
/// opens under the log's key but those that it signed.
pub fn checkpoint(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let note = text.parse::<Note>();
    let notes = parse_notes(text);
    if let Ok(note) = &note {
        assert_eq!(note.to_string(), text, "a note, written in another way");
        let _ = note.text.parse::<Checkpoint>();
    }
    if let Ok(notes) = &notes {
        let written = write_notes(notes);
        assert!(written == text || written.strip_suffix('\n') == Some(text), "a file of notes, written in another way");
        assert_eq!(parse_notes(&written).as_ref(), Ok(notes));
    }
    note.iter().chain(notes.iter().flatten()).for_each(open);
    let checkpoint = text.parse::<Checkpoint>();
    if let Ok(checkpoint) = &checkpoint {
        assert_eq!(checkpoint.to_string(), text, "a checkpoint, written in another way");
    }
    let key = text.parse::<VerifierKey>();
    if let Ok(key) = &key {
        assert_eq!(key.to_string(), text, "a key, written in another way");
    }
    note.is_ok() || notes.is_ok() || checkpoint.is_ok() || key.is_ok()
}

fn open(note: &Note) {
    let world = &*WORLD;
    let Ok((checkpoint, signed)) = Checkpoint::open(note, &world.known) else { return };
    assert!(world.checkpoints.contains(&checkpoint), "the log never signed {checkpoint:?}");
    assert!(signed.iter().any(|signed| signed.by.name() == ORIGIN), "the log itself has not signed");
    assert!(signed.iter().all(|signed| signed.time.is_none_or(|time| time == WITNESSED)), "seen at another time");
}

/// Everything that the ledger signed, and keys.
pub fn seeds() -> Vec<Vec<u8>> {
    let world = &*WORLD;
    let notes = world.notes.iter().map(Note::to_string);
    let texts = world.checkpoints.iter().map(Checkpoint::to_string);
    let keys = world.known.iter().map(VerifierKey::to_string);
    let files = [write_notes(&world.notes), write_notes(world.notes.iter().step_by(2))];
    notes.chain(texts).chain(keys).chain(files).map(String::into_bytes).collect()
}
