//! A ledger as files for everybody: in the layout of C2SP tlog-tiles, up to its newest checkpoint.
//!
//! Read from the ledger's own files, beside a vault that goes on writing: whole notes and the leaves below the
//! newest of them do not change any more.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use noren_ledger::Hash;
use noren_ledger::checkpoint::Checkpoint;
use noren_ledger::leaf::LEN;
use noren_ledger::note::{Note, write_notes};
use noren_ledger::tile::{Tile, bundle, bundle_path};
use noren_ledger::tree::{Frontier, leaf_hash};

use super::BookError;
use super::cosigned::COSIGNED;
use super::files::{io, names, own_file, write};
use super::notes::{NOTES, whole_notes};

/// Leaves of one bundle, and hashes of one tile.
const WIDTH: u64 = 256;

/// Writes the ledger in `ledger` to `folder`, with every checkpoint; gives the newest of them.
pub fn export(ledger: &Path, folder: &Path) -> Result<Checkpoint, BookError> {
    grown(ledger, folder)?;
    let (newest, note) = checkpoints(ledger, folder)?;
    let mut leaves = Leaves { files: leaf_files(ledger)?, at: 0, reader: None };
    let mut row = Vec::new();
    for index in 0..newest.size.div_ceil(WIDTH) {
        let width = (newest.size - index * WIDTH).min(WIDTH);
        let held: Vec<[u8; LEN]> = (0..width).map(|_| leaves.next(newest.size)).collect::<Result<_, _>>()?;
        let path = bundle_path(index, u16::try_from(width).unwrap_or_default());
        write(&folder.join(path), &bundle(held.iter().map(<[u8; LEN]>::as_slice)))?;
        let hashes: Vec<Hash> = held.iter().map(|leaf| leaf_hash(leaf)).collect();
        tile(folder, 0, index, &hashes, &mut row)?;
    }
    for level in 1.. {
        if row.is_empty() {
            break;
        }
        let mut above = Vec::new();
        for (index, hashes) in (0..).zip(row.chunks(256)) {
            tile(folder, level, index, hashes, &mut above)?;
        }
        row = above;
    }
    // Last: what it promises is there.
    write(&folder.join("checkpoint"), note.to_string().as_bytes())?;
    Ok(newest)
}

/// Whether what was exported to `folder` before, if anything, is the beginning of this ledger.
fn grown(ledger: &Path, folder: &Path) -> Result<(), BookError> {
    let path = folder.join("checkpoint");
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        text => text.map_err(io(&path))?,
    };
    let other = || BookError::OtherExport(folder.display().to_string());
    let earlier: Checkpoint = text.parse::<Note>().ok().and_then(|note| note.text.parse().ok()).ok_or_else(other)?;
    let mut leaves = Leaves { files: leaf_files(ledger)?, at: 0, reader: None };
    let mut tree = Frontier::default();
    for _ in 0..earlier.size {
        tree.push(leaf_hash(&leaves.next(earlier.size).map_err(|_| other())?), |_, _, _| {});
    }
    if tree.root() == earlier.root { Ok(()) } else { Err(other()) }
}

/// Writes one tile; a whole one is a hash of the row above.
fn tile(folder: &Path, level: u8, index: u64, hashes: &[Hash], above: &mut Vec<Hash>) -> Result<(), BookError> {
    let tile = Tile { level, index, width: u16::try_from(hashes.len()).unwrap_or_default() };
    let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
    write(&folder.join(tile.path()), &bytes)?;
    if hashes.len() as u64 == WIDTH {
        let mut tree = Frontier::default();
        for hash in hashes {
            tree.push(*hash, |_, _, _| {});
        }
        above.push(tree.root());
    }
    Ok(())
}

/// Copies every checkpoint of a ledger, those too that witnesses have cosigned; gives the newest.
fn checkpoints(ledger: &Path, folder: &Path) -> Result<(Checkpoint, Note), BookError> {
    let (from, to) = (ledger.join("checkpoints"), folder.join("checkpoints"));
    // First what is cosigned: none of it is newer than the checkpoints that are read after it.
    notes(&from, &to, COSIGNED)?;
    notes(&from, &to, NOTES)?.ok_or(BookError::NoCheckpoint)
}

/// Copies every whole note of the files with this ending; gives the last one.
fn notes(from: &Path, to: &Path, ending: &str) -> Result<Option<(Checkpoint, Note)>, BookError> {
    let mut newest = None;
    for name in names(from, ending)? {
        let path = from.join(&name);
        let bytes = fs::read(&path).map_err(io(&path))?;
        let notes = whole_notes(&bytes).ok_or_else(|| BookError::Checkpoint(name.clone()))?;
        if let Some(note) = notes.last() {
            let checkpoint = note.text.parse().map_err(|_| BookError::Checkpoint(name.clone()))?;
            newest = Some((checkpoint, note.clone()));
        }
        write(&to.join(&name), write_notes(&notes).as_bytes())?;
    }
    Ok(newest)
}

/// Copies the ledger in `ledger`, up to its newest checkpoint, to the folder `to`, and this checkpoint to `anchor` as well; gives it.
pub fn copy(ledger: &Path, to: &Path, anchor: &Path) -> Result<Checkpoint, BookError> {
    let (newest, note) = checkpoints(ledger, to)?;
    write(anchor, note.to_string().as_bytes())?;
    let mut left = newest.size * LEN as u64;
    for path in leaf_files(ledger)? {
        let copy = to.join(path.file_name().unwrap_or_default());
        let from = File::open(&path).map_err(io(&path))?;
        left -= std::io::copy(&mut from.take(left), &mut own_file(&copy)?).map_err(io(&copy))?;
        if left == 0 {
            return Ok(newest);
        }
    }
    Err(BookError::Short { held: newest.size - left / LEN as u64, signed: newest.size })
}

fn leaf_files(ledger: &Path) -> Result<Vec<PathBuf>, BookError> {
    Ok(names(ledger, ".leaves")?.into_iter().map(|name| ledger.join(name)).collect())
}

/// The leaves of all files, one behind the other.
struct Leaves {
    files: Vec<PathBuf>,
    at: usize,
    reader: Option<BufReader<File>>,
}

impl Leaves {
    /// The next one, of `signed` that there must be.
    fn next(&mut self, signed: u64) -> Result<[u8; LEN], BookError> {
        let mut leaf = [0; LEN];
        loop {
            if let Some(reader) = &mut self.reader {
                match reader.read_exact(&mut leaf) {
                    Ok(()) => return Ok(leaf),
                    Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => self.reader = None,
                    Err(error) => return Err(io(&self.files[self.at - 1])(error)),
                }
            }
            let Some(path) = self.files.get(self.at) else { return Err(BookError::Short { held: 0, signed }) };
            self.reader = Some(BufReader::with_capacity(LEN * 1_024, File::open(path).map_err(io(path))?));
            self.at += 1;
        }
    }
}
