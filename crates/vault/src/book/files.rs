//! The leaves of a ledger on the disk, in a file for each month, and a lock against a second vault.

use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use noren_ledger::Hash;
use noren_ledger::audit::{AuditFault, Auditor, Fault};
use noren_ledger::checkpoint::Checkpoint;
use noren_ledger::leaf::{LEN, Leaf, LeafError};
use noren_ledger::tree::{Frontier, leaf_hash};

use super::BookError;
use crate::durable;

/// Nodes of this level and above are kept in memory: 32 bytes for 256 leaves and half as much again
/// and so on, 25 MB for a hundred million. Those below are computed from the leaves they span.
const KEPT_LEVEL: u8 = 8;

struct Segment {
    /// `2026-11`.
    month: String,
    /// Sequence of its first leaf.
    first: u64,
    file: File,
}

/// Leaves as they stood at some time: they do not change any more.
#[derive(Clone, Default)]
pub(super) struct Leaves(Vec<Arc<Segment>>);

pub(super) struct Files {
    folder: PathBuf,
    leaves: Leaves,
    size: u64,
    /// Something was cut off the end when it was opened, or lost before.
    cut: bool,
    /// Outside the folder: is there for as long as that does not stand in the ledger.
    lost: Option<PathBuf>,
    /// From [`KEPT_LEVEL`] on.
    nodes: Vec<Vec<Hash>>,
    /// Held for as long as the book is open.
    _lock: File,
}

/// An error of `path`.
pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> BookError + '_ {
    move |source| BookError::Io { path: path.display().to_string(), source }
}

pub(super) fn own_folder(path: &Path) -> Result<(), BookError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io(path))
}

pub(super) fn own_file(path: &Path) -> Result<File, BookError> {
    OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path).map_err(io(path))
}

/// Writes a whole file, and the folders it stands in.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), BookError> {
    own_folder(path.parent().unwrap_or(Path::new(".")))?;
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(bytes)).map_err(io(path))
}

/// Waits until what was written to the file is on the disk.
pub(super) fn sync(file: &File) -> Result<(), BookError> {
    file.sync_data().map_err(io(Path::new("leaves")))
}

impl Files {
    /// Opens the folder and reads every leaf through `auditor`. What a crash left of a half written leaf at
    /// the very end is cut off, and what a power cut left of zeros: nobody was answered for it. That something was is
    /// kept in the file `lost`, if there is one for it.
    pub(super) fn open(
        folder: &Path,
        lost: Option<PathBuf>,
        auditor: &mut Auditor,
        mut each: impl FnMut(&Leaf),
    ) -> Result<Self, BookError> {
        own_folder(folder)?;
        let lock = crate::lock::lock(&folder.join("lock")).map_err(io(folder))?.ok_or_else(|| {
            let source = std::io::Error::other("another vault has it open");
            BookError::Io { path: folder.display().to_string(), source }
        })?;
        let mut files = Self {
            folder: folder.to_owned(),
            leaves: Leaves::default(),
            size: 0,
            cut: lost.as_ref().is_some_and(|lost| lost.exists()),
            lost,
            nodes: Vec::new(),
            _lock: lock,
        };
        let names = names(folder, ".leaves")?;
        let last = names.len().saturating_sub(1);
        for (at, name) in names.iter().enumerate() {
            files.read(name, at == last, auditor, &mut each)?;
        }
        Ok(files)
    }

    fn read(
        &mut self,
        name: &str,
        last: bool,
        auditor: &mut Auditor,
        each: &mut impl FnMut(&Leaf),
    ) -> Result<(), BookError> {
        let path = self.folder.join(name);
        let file = own_file(&path)?;
        let length = file.metadata().map_err(io(&path))?.len();
        let mut whole = length - length % LEN as u64;
        if last {
            whole = written(&file, whole).map_err(io(&path))?;
            if whole != length {
                // First, for what is cut off leaves no trace.
                self.lose()?;
                file.set_len(whole).map_err(io(&path))?;
                self.cut = true;
            }
        } else if whole != length {
            let sequence = self.size + whole / LEN as u64;
            return Err(AuditFault { sequence, fault: Fault::Leaf(LeafError::Length) }.into());
        }
        let first = self.size;
        let mut reader = BufReader::with_capacity(LEN * 1_024, &file);
        let mut bytes = [0; LEN];
        for _ in 0..whole / LEN as u64 {
            reader.read_exact(&mut bytes).map_err(io(&path))?;
            each(&auditor.take(&bytes, |level, index, hash| self.keep_node(level, index, hash))?);
            self.size += 1;
        }
        // What was read may have been in memory only: a power cut between two starts would take it back.
        file.sync_data().map_err(io(&path))?;
        let month = name.trim_end_matches(".leaves").to_owned();
        self.leaves.0.push(Arc::new(Segment { month, first, file }));
        Ok(())
    }

    /// Puts a leaf behind the others; in a new file when a new month has begun.
    pub(super) fn append(&mut self, time: u64, bytes: &[u8; LEN]) -> Result<(), BookError> {
        let month = month(time);
        if self.leaves.0.last().is_none_or(|segment| segment.month < month) {
            // What is sealed is on the disk before anything comes after it.
            if let Some(sealed) = self.leaves.0.last() {
                sync(&sealed.file)?;
            }
            let path = self.folder.join(&month).with_extension("leaves");
            let file = own_file(&path)?;
            File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(io(&self.folder))?;
            self.leaves.0.push(Arc::new(Segment { month, first: self.size, file }));
        }
        if let Some(segment) = self.leaves.0.last() {
            (&segment.file).write_all(bytes).map_err(io(&self.folder))?;
        }
        self.size += 1;
        Ok(())
    }

    /// Whether something was cut off the end when it was opened, or lost before.
    pub(super) fn cut(&self) -> bool {
        self.cut
    }

    /// Leaves were lost, and the ledger does not say so yet.
    fn lose(&self) -> Result<(), BookError> {
        self.lost.as_ref().map_or(Ok(()), |lost| durable::replace(lost, b"").map_err(io(lost)))
    }

    /// The ledger says that leaves were lost.
    pub(super) fn told(&mut self) -> Result<(), BookError> {
        self.cut = false;
        self.lost.as_ref().map_or(Ok(()), |lost| durable::remove(lost).map_err(io(lost)))
    }

    /// Looks whether what is written to is still what stands in the folder: a file that was removed takes all that comes.
    pub(super) fn look(&self) -> Result<(), BookError> {
        let Some(segment) = self.leaves.0.last() else { return Ok(()) };
        let path = self.folder.join(&segment.month).with_extension("leaves");
        let same = |found: &fs::Metadata, held: &fs::Metadata| (found.dev(), found.ino()) == (held.dev(), held.ino());
        match (fs::metadata(&path), segment.file.metadata()) {
            (Ok(found), Ok(held)) if same(&found, &held) => Ok(()),
            _ => {
                // With an equal file in its place nobody would miss them.
                self.lose()?;
                Err(BookError::Exchanged(path.display().to_string()))
            }
        }
    }

    pub(super) fn sync(&self) -> Result<(), BookError> {
        self.leaves.0.last().map_or(Ok(()), |segment| sync(&segment.file))
    }

    /// The file that is written to now.
    pub(super) fn handle(&self) -> Result<File, BookError> {
        let segment = self.leaves.0.last().ok_or_else(|| io(&self.folder)(std::io::ErrorKind::NotFound.into()))?;
        segment.file.try_clone().map_err(io(&self.folder))
    }

    pub(super) fn keep_node(&mut self, level: u8, index: u64, hash: Hash) {
        let Some(level) = level.checked_sub(KEPT_LEVEL).map(usize::from) else { return };
        if self.nodes.len() <= level {
            self.nodes.resize(level + 1, Vec::new());
        }
        debug_assert_eq!(self.nodes[level].len() as u64, index);
        self.nodes[level].push(hash);
    }

    /// A whole node of the tree.
    pub(super) fn node(&self, level: u8, index: u64) -> Result<Hash, BookError> {
        if let Some(kept) = level.checked_sub(KEPT_LEVEL) {
            let kept = self.nodes.get(usize::from(kept)).and_then(|row| row.get(usize::try_from(index).ok()?));
            return kept.copied().ok_or_else(|| io(&self.folder)(std::io::ErrorKind::NotFound.into()));
        }
        let mut tree = Frontier::default();
        for leaf in self.leaves.bytes_of(index << level, 1 << level)? {
            tree.push(leaf_hash(&leaf), |_, _, _| {});
        }
        Ok(tree.root())
    }

    /// The leaves of now.
    pub(super) fn leaves(&self) -> Leaves {
        self.leaves.clone()
    }

    /// Checks a checkpoint against the leaves it is about.
    pub(super) fn check(&self, checkpoint: &Checkpoint) -> Result<(), BookError> {
        let tree = Frontier::read(checkpoint.size, |level, index| self.node(level, index))?;
        if tree.root() == checkpoint.root {
            return Ok(());
        }
        Err(AuditFault { sequence: checkpoint.size, fault: Fault::Root }.into())
    }
}

/// How much of the first `whole` bytes of a file was ever written: a system that lost power may have made the file longer
/// and not yet filled it, and no leaf is all zeros.
fn written(file: &File, mut whole: u64) -> std::io::Result<u64> {
    let mut last = [0; LEN];
    while let Some(before) = whole.checked_sub(LEN as u64) {
        file.read_exact_at(&mut last, before)?;
        if last != [0; LEN] {
            break;
        }
        whole = before;
    }
    Ok(whole)
}

impl Leaves {
    /// The bytes of `count` leaves from `first` on.
    fn bytes_of(&self, first: u64, count: u64) -> Result<Vec<[u8; LEN]>, BookError> {
        (first..first + count).map(|sequence| self.bytes(sequence)).collect()
    }

    fn bytes(&self, sequence: u64) -> Result<[u8; LEN], BookError> {
        let at = self.0.partition_point(|segment| segment.first <= sequence);
        let segment = at.checked_sub(1).and_then(|at| self.0.get(at));
        let segment = segment.ok_or_else(|| io(Path::new("leaves"))(std::io::ErrorKind::NotFound.into()))?;
        let mut bytes = [0; LEN];
        let offset = (sequence - segment.first) * LEN as u64;
        segment.file.read_exact_at(&mut bytes, offset).map_err(io(Path::new("leaves")))?;
        Ok(bytes)
    }

    /// One leaf.
    pub(super) fn leaf(&self, sequence: u64) -> Result<Leaf, BookError> {
        let leaf = Leaf::decode(&self.bytes(sequence)?);
        leaf.map_err(|fault| AuditFault { sequence, fault: fault.into() }.into())
    }
}

/// The files in a folder whose names end in `ending`, in order.
pub(super) fn names(folder: &Path, ending: &str) -> Result<Vec<String>, BookError> {
    let entries = fs::read_dir(folder).map_err(io(folder))?;
    let name =
        |entry: std::io::Result<fs::DirEntry>| entry.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names = entries.map(|entry| name(entry).map_err(io(folder))).collect::<Result<Vec<_>, _>>()?;
    names.retain(|name| name.ends_with(ending));
    names.sort();
    Ok(names)
}

/// The month of a time in UTC milliseconds: `2026-11`. Days to civil dates as in H. Hinnant's
/// `civil_from_days`, from the first of March of year 0 on.
pub(super) fn month(time: u64) -> String {
    let days = time / 86_400_000 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (month, year) = if month < 10 { (month + 3, year) } else { (month - 9, year + 1) };
    format!("{:04}-{month:02}", era * 400 + year)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_the_calendar() {
        for (time, expected) in [
            (0, "1970-01"),
            (951_782_399_000, "2000-02"),
            (951_868_800_000, "2000-03"),
            (1_709_164_800_000, "2024-02"),
            (1_798_761_599_999, "2026-12"),
            (1_798_761_600_000, "2027-01"),
        ] {
            assert_eq!(month(time), expected, "{time}");
        }
    }
}
