//! An exported ledger as files: who reads it believes nothing of it yet.

use std::fs;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::path::{Path, PathBuf};

use noren_ledger::Hash;
use noren_ledger::note::{Note, NoteError, VerifierKey, parse_notes};
use noren_ledger::tile::{Tile, bundle_path};

/// The newest checkpoint.
pub const NEWEST: &str = "checkpoint";

/// What is in the folder cannot be read, or is not what an export has there.
#[derive(Debug, thiserror::Error)]
pub enum FolderFault {
    #[error("{path}: {source}")]
    Io { path: String, source: io::Error },
    #[error("leaf ?: {name} is no checkpoint of this log: {reason}")]
    Checkpoint { name: String, reason: String },
    #[error("leaf {0}: its file is missing or ends before it")]
    Missing(u64),
    #[error("leaf {0}: more stands behind it in its file")]
    Behind(u64),
    #[error("{0} is missing, or not as long as its name says")]
    Tile(String),
}

impl FolderFault {
    /// Whether the ledger may be right all the same.
    pub fn unknown(&self) -> bool {
        matches!(self, Self::Io { .. })
    }
}

/// A word of the command line that should be a key.
#[derive(Debug, thiserror::Error)]
#[error("{0}: not a verifier key in the form name+hash+base64 of C2SP signed-note (Ed25519, a log's or a witness')")]
pub struct NotAKey(String);

/// The keys that were given.
pub fn keys(words: &[String]) -> Result<Vec<VerifierKey>, NotAKey> {
    words.iter().map(|word| word.parse().map_err(|_| NotAKey(word.clone()))).collect()
}

/// An error of a file or folder.
pub fn failed(path: &Path) -> impl FnOnce(io::Error) -> FolderFault {
    let path = path.display().to_string();
    move |source| FolderFault::Io { path, source }
}

/// A number as these formats write it: digits, no zero in front.
pub fn decimal(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

/// What is in a folder, in order; nothing if there is none.
fn names(folder: &Path) -> Result<Vec<String>, FolderFault> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed(folder))?,
    };
    let name = |entry: io::Result<fs::DirEntry>| entry.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names = entries.map(name).collect::<io::Result<Vec<_>>>().map_err(failed(folder))?;
    names.sort();
    Ok(names)
}

/// No file of an export but those of notes is longer, in bytes: 256 leaves of a length that two bytes can say.
const LONGEST: u64 = 256 * (2 + 0xffff);

/// What is in a file. It comes from whom one audits: a pipe would be read for ever, and what a link leads to is theirs
/// to choose.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let kind = fs::symlink_metadata(path)?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return Err(io::Error::other("is neither a file nor a folder"));
    }
    fs::read(path)
}

/// What is in a file that holds leaves or hashes.
fn read_short(path: &Path) -> io::Result<Vec<u8>> {
    if fs::symlink_metadata(path)?.len() > LONGEST {
        return Err(io::Error::other("is longer than any file of its kind"));
    }
    read(path)
}

/// The files that hold every checkpoint once more.
pub fn note_files(dir: &Path) -> Result<Vec<String>, FolderFault> {
    Ok(names(&dir.join("checkpoints"))?.into_iter().map(|name| format!("checkpoints/{name}")).collect())
}

/// The notes of a file, and of [`NEWEST`] the only one.
pub fn notes(dir: &Path, name: &str) -> Result<Vec<Note>, FolderFault> {
    let path = dir.join(name);
    let bytes = read(&path).map_err(failed(&path))?;
    let text = String::from_utf8(bytes).map_err(|_| NoteError::Malformed);
    let notes = text
        .and_then(|text| if name == NEWEST { text.parse::<Note>().map(|note| vec![note]) } else { parse_notes(&text) });
    notes.map_err(|error| no_checkpoint(name, error))
}

/// A note in this file is no checkpoint.
pub fn no_checkpoint(name: &str, reason: impl ToString) -> FolderFault {
    FolderFault::Checkpoint { name: name.to_owned(), reason: reason.to_string() }
}

/// The file that holds `width` of something: the whole one; or the shortest that is long enough; or the longest,
/// which will show. `path` says how the file of a width is called.
fn holding(dir: &Path, width: u16, path: impl Fn(u16) -> String) -> Result<Option<(PathBuf, u16)>, FolderFault> {
    let whole = dir.join(path(256));
    if whole.is_file() {
        return Ok(Some((whole, 256)));
    }
    let widths = names(&whole.with_extension("p"))?;
    let widths: Vec<u16> = widths
        .iter()
        .filter_map(|name| u16::try_from(decimal(name)?).ok())
        .filter(|held| (1..256).contains(held))
        .collect();
    let fitting = widths.iter().filter(|held| **held >= width).min().or(widths.iter().max());
    Ok(fitting.map(|held| (dir.join(path(*held)), *held)))
}

/// Leaves of one file, and what is wrong with the file behind them: what is before it is looked at first.
pub struct Bundle {
    bytes: Vec<u8>,
    leaves: Vec<Range<usize>>,
    /// What is wrong behind them.
    pub end: Result<(), FolderFault>,
}

impl Bundle {
    /// The leaves, in order.
    pub fn leaves(&self) -> impl Iterator<Item = &[u8]> {
        self.leaves.iter().map(|place| &self.bytes[place.clone()])
    }
}

/// `width` leaves from `256 · index` on.
pub fn bundle(dir: &Path, index: u64, width: u16) -> Result<Bundle, FolderFault> {
    let first = index * 256;
    let Some((path, held)) = holding(dir, width, |width| bundle_path(index, width))? else {
        return Ok(Bundle { bytes: Vec::new(), leaves: Vec::new(), end: Err(FolderFault::Missing(first)) });
    };
    let bytes = read_short(&path).map_err(failed(&path))?;
    let (mut at, mut leaves) = (0, Vec::with_capacity(256));
    while leaves.len() < usize::from(held) {
        let length = bytes[at..].first_chunk::<2>().map(|length| usize::from(u16::from_be_bytes(*length)));
        let Some(leaf) = length.map(|length| at + 2..at + 2 + length).filter(|leaf| leaf.end <= bytes.len()) else {
            break;
        };
        at = leaf.end;
        leaves.push(leaf);
    }
    let end = match leaves.len() as u64 {
        read if read < u64::from(held.max(width)) => Err(FolderFault::Missing(first + read)),
        read if at < bytes.len() => Err(FolderFault::Behind(first + read - 1)),
        _ => Ok(()),
    };
    leaves.truncate(usize::from(width));
    Ok(Bundle { bytes, leaves, end })
}

/// Node `(level, index)` of the tree of `size` leaves, from its tile.
pub fn node(dir: &Path, size: u64, level: u8, index: u64) -> Result<Hash, FolderFault> {
    let outside = || FolderFault::Tile(format!("node {index} of level {level}"));
    let tile = Tile::holding(level, index, size).ok_or_else(outside)?;
    let wrong = || FolderFault::Tile(tile.path());
    let found = holding(dir, tile.width, |width| Tile { width, ..tile }.path())?;
    let (path, held) = found.ok_or_else(wrong)?;
    let bytes = read_short(&path).map_err(failed(&path))?;
    Tile { width: held, ..tile }.node(&bytes, level, index).map_err(|_| wrong())
}
