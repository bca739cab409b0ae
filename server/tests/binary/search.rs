//! Many words looked for in many bytes at once, in every form that they are likely to stand there.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Words are found by so many of their first bytes; none is shorter.
const START: usize = 8;
/// Bits of the sieve that most bytes fall through.
const SIEVE: u32 = 24;

/// Words to look for, in UTF-8, in both UTF-16s, percent-encoded in capitals and in small letters, and escaped
/// as JSON and Rust's `Debug` do it.
pub struct Search {
    sieve: Vec<u64>,
    words: HashMap<u64, Vec<Vec<u8>>>,
}

fn percent(text: &str, hex: fn(u8) -> String) -> Vec<u8> {
    let one = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) { char::from(byte).to_string() } else { hex(byte) }
    };
    text.bytes().map(one).collect::<String>().into_bytes()
}

/// A word as it may stand in a file.
fn forms(text: &str) -> HashSet<Vec<u8>> {
    let json = |c: u16| match u8::try_from(c) {
        Ok(c) if c.is_ascii() => char::from(c).to_string(),
        _ => format!("\\u{c:04x}"),
    };
    HashSet::from([
        text.as_bytes().to_vec(),
        text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        percent(text, |byte| format!("%{byte:02X}")),
        percent(text, |byte| format!("%{byte:02x}")),
        text.encode_utf16().map(json).collect::<String>().into_bytes(),
    ])
}

fn sieved(start: u64) -> (usize, u64) {
    let bit = start.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - SIEVE);
    (usize::try_from(bit >> 6).unwrap(), 1 << (bit & 63))
}

impl Search {
    /// For these words.
    pub fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut search = Self { sieve: vec![0; 1 << (SIEVE - 6)], words: HashMap::new() };
        let words: HashSet<&str> = words.into_iter().collect();
        for form in words.into_iter().flat_map(forms) {
            let start = u64::from_be_bytes(*form.first_chunk::<START>().expect("words of eight bytes and more"));
            let (at, bit) = sieved(start);
            search.sieve[at] |= bit;
            search.words.entry(start).or_default().push(form);
        }
        search
    }

    /// Those of them that stand in `bytes`, in the form that they have there.
    pub fn within(&self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        let mut start = 0_u64;
        for (at, byte) in bytes.iter().enumerate() {
            start = start << 8 | u64::from(*byte);
            let (word, bit) = sieved(start);
            if self.sieve[word] & bit == 0 || at + 1 < START {
                continue;
            }
            let rest = &bytes[at + 1 - START..];
            let words = self.words.get(&start).into_iter().flatten();
            found.extend(words.filter(|word| rest.starts_with(word)).cloned());
        }
        found
    }

    /// Those that stand in any file below `folder`, with the file; and how many bytes were read. Nobody steals
    /// what `spared` names.
    pub fn below(&self, folder: &Path, spared: &[&str]) -> (Vec<(PathBuf, String)>, u64) {
        let (mut found, mut read) = (Vec::new(), 0);
        for path in files(folder, spared) {
            let bytes = fs::read(&path).unwrap();
            read += bytes.len() as u64;
            let words = self.within(&bytes);
            found.extend(words.iter().map(|word| (path.clone(), String::from_utf8_lossy(word).into_owned())));
        }
        (found, read)
    }
}

/// All files below a folder, but for those in folders of these names.
pub fn files(folder: &Path, spared: &[&str]) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() && !spared.iter().any(|name| entry.file_name() == *name) {
            all.extend(files(&entry.path(), spared));
        } else if kind.is_file() {
            all.push(entry.path());
        }
    }
    all
}

#[test]
fn a_word_is_found_in_each_of_its_forms_wherever_it_stands() {
    let search = Search::of(["森 杏子", "hanako@example.jp", "0312345678"]);
    for (no, form) in ["森 杏子", "hanako@example.jp", "0312345678"].iter().flat_map(|word| forms(word)).enumerate()
    {
        for at in [0, 1, no % 7, 4_096] {
            let bytes = [vec![b'h'; at], form.clone(), vec![0; no % 3]].concat();
            // UTF-16 of one byte order may begin within that of the other.
            assert!(search.within(&bytes).contains(&form), "{form:?} at {at}");
        }
        assert!(search.within(&form[..form.len() - 1]).is_empty(), "cut short it is another word");
    }
    assert!(search.within("森 杏奈 hanako@example.com 0312345679".as_bytes()).is_empty());
}
