//! Many notes in one file, one behind the other, each with an empty line behind it.
//!
//! Only notes whose text has no empty line can stand in such a file; a checkpoint has none.

use super::{Note, NoteError};

/// The notes of a file. The empty line behind the last one may be missing: a single note is a file of notes.
pub fn parse_notes(file: &str) -> Result<Vec<Note>, NoteError> {
    let mut notes = Vec::new();
    let mut rest = file;
    while !rest.is_empty() {
        let text = rest.find("\n\n").filter(|_| !rest.starts_with('\n')).ok_or(NoteError::Malformed)? + 2;
        // Up to and with the line end of the last signature.
        let end = rest[text..].find("\n\n").map_or(rest.len(), |at| text + at + 1);
        notes.push(rest[..end].parse()?);
        rest = &rest[end..];
        rest = rest.strip_prefix('\n').unwrap_or(rest);
    }
    Ok(notes)
}

/// The file of these notes. Files of notes can be put behind one another.
pub fn write_notes<'a>(notes: impl IntoIterator<Item = &'a Note>) -> String {
    notes.into_iter().map(|note| format!("{note}\n")).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::NoteSignature;
    use super::*;

    fn note(no: u8, signatures: u8) -> Note {
        let signature = |key| NoteSignature { name: "a".into(), key: u32::from(key), bytes: vec![no; 64] };
        Note { text: format!("log\n{no}\nroot\n"), signatures: (0..signatures).map(signature).collect() }
    }

    #[test]
    fn a_file_of_notes_gives_them_back_and_another_can_be_put_behind_it() {
        let notes = [note(1, 1), note(2, 3), note(3, 2)];
        let file = write_notes(&notes[..2]);
        assert_eq!(file, format!("{}\n{}\n", notes[0], notes[1]), "one empty line behind each");
        assert_eq!(parse_notes(&(file + &write_notes(&notes[2..]))).unwrap(), notes);
        assert_eq!(parse_notes(&notes[1].to_string()).unwrap(), notes[1..2], "one note alone is such a file");
        assert_eq!(parse_notes("").unwrap(), []);
    }

    #[test]
    fn a_file_with_anything_else_in_it_is_refused() {
        let file = write_notes(&[note(1, 1), note(2, 1)]);
        for wrong in [
            format!("\n{file}"),
            format!("{file}\n"),
            format!("{file}log\n"),
            file.replacen("\n\nlog", "\nlog", 1),
            file.replacen("\n\nlog", "\n\n\nlog", 1),
            file.trim_end().to_owned(),
            file.replace('\n', "\r\n"),
            "\n".to_owned(),
        ] {
            assert_eq!(parse_notes(&wrong), Err(NoteError::Malformed), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_as_notes_is_written_as_it_was(file in "([a\n— A=]|— a AAAAAAAA\n){0,12}") {
            if let Ok(notes) = parse_notes(&file) {
                let written = write_notes(&notes);
                prop_assert!(written == file || written == file.clone() + "\n", "{:?}", written);
            }
        }
    }
}
