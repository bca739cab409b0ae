//! The files of a copy: made whole or not at all, and compared.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::BackupError;
use crate::durable;

/// How the name of what is not ended goes on behind its own; the number of the process follows.
const UNFINISHED: &str = ".unfinished-";

pub(super) fn failed(path: &Path) -> impl FnOnce(io::Error) -> BackupError + '_ {
    move |source| BackupError::Io { path: path.to_owned(), source }
}

/// A file or folder that becomes whole at once, or not at all: what was not ended is removed.
pub struct Unfinished<'a> {
    to: &'a Path,
    at: PathBuf,
    done: bool,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if !self.done {
            // There may be keys in it. If it cannot be removed, the next try does so or says why not.
            let _ = remove(&self.at);
        }
    }
}

/// Removes a file, or a folder with all that is in it.
fn remove(path: &Path) -> io::Result<()> {
    if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

impl<'a> Unfinished<'a> {
    /// A folder that will be at `to`, where there must be nothing yet, or an empty folder. What an earlier try left is
    /// removed.
    pub fn new(to: &'a Path) -> Result<Self, BackupError> {
        let unfinished = Self::of(to)?;
        folder(&unfinished.at)?;
        Ok(unfinished)
    }

    /// The same with nothing there yet: a file or a folder may come.
    pub fn of(to: &'a Path) -> Result<Self, BackupError> {
        if fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some()) || to.is_file() {
            return Err(BackupError::Occupied(to.to_owned()));
        }
        // An empty one gives its place to the whole one; one that is mounted cannot.
        if to.exists() {
            fs::remove_dir(to).map_err(|source| BackupError::Place(to.to_owned(), source))?;
        }
        let name = format!("{}{UNFINISHED}", to.file_name().unwrap_or_default().to_string_lossy());
        // What processes left that are no more; one that is at work has a name of its own.
        let beside = to.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
        for left in entries(beside).unwrap_or_default() {
            let left = left.to_string_lossy();
            let process = left.strip_prefix(&name).filter(|number| number.parse::<u32>().is_ok());
            if process.is_some_and(|number| !Path::new("/proc").join(number).exists()) {
                let left = beside.join(&*left);
                remove(&left).map_err(failed(&left))?;
            }
        }
        let at = to.with_file_name(format!("{name}{}", std::process::id()));
        if at.exists() {
            return Err(BackupError::Occupied(at));
        }
        Ok(Self { to, at, done: false })
    }

    /// Where it is filled.
    pub fn path(&self) -> &Path {
        &self.at
    }

    /// Waits until all of it is on the disk, and puts it in its place.
    pub fn done(mut self) -> Result<(), BackupError> {
        sync_all(&self.at)?;
        durable::put(&self.at, self.to).map_err(failed(self.to))?;
        self.done = true;
        Ok(())
    }
}

pub(super) fn folder(path: &Path) -> Result<(), BackupError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed(path))
}

/// Waits until a file, or all in a folder, is on the disk.
pub fn sync_all(path: &Path) -> Result<(), BackupError> {
    if path.is_dir() {
        for name in entries(path)? {
            sync_all(&path.join(name))?;
        }
    }
    durable::sync(path).map_err(failed(path))
}

pub(super) fn entries(path: &Path) -> Result<Vec<OsString>, BackupError> {
    let names = fs::read_dir(path).map_err(failed(path))?.map(|entry| entry.map(|entry| entry.file_name()));
    let mut names = names.collect::<io::Result<Vec<_>>>().map_err(failed(path))?;
    names.sort();
    Ok(names)
}

/// Copies a file or a folder with all that is in it, for its owner alone, whatever the modes were.
pub fn copy_all(from: &Path, to: &Path) -> Result<(), BackupError> {
    let kind = fs::symlink_metadata(from).map_err(failed(from))?.file_type();
    if !kind.is_dir() && !kind.is_file() {
        return Err(BackupError::Strange(from.to_owned()));
    }
    if kind.is_file() {
        let mut read = File::open(from).map_err(failed(from))?;
        let mut options = fs::OpenOptions::new();
        let mut written = options.write(true).create(true).truncate(true).mode(0o600).open(to).map_err(failed(to))?;
        return io::copy(&mut read, &mut written).map(drop).map_err(failed(to));
    }
    folder(to)?;
    entries(from)?.into_iter().try_for_each(|name| copy_all(&from.join(&name), &to.join(&name)))
}

/// Whether two files, or two folders with all that is in them, are the same byte for byte.
pub fn same(one: &Path, other: &Path) -> Result<bool, BackupError> {
    let kind = |path: &Path| fs::symlink_metadata(path).map(|meta| (meta.is_dir(), meta.is_file(), meta.len()));
    let (a, b) = (kind(one).map_err(failed(one))?, kind(other).map_err(failed(other))?);
    if a.0 && b.0 {
        let names = entries(one)?;
        if names != entries(other)? {
            return Ok(false);
        }
        for name in names {
            if !same(&one.join(&name), &other.join(&name))? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    if a != b || !a.1 {
        return Ok(false);
    }
    let open = |path: &Path| File::open(path).map(|file| BufReader::with_capacity(1 << 16, file)).map_err(failed(path));
    let (mut left, mut right) = (open(one)?, open(other)?);
    loop {
        let (a, b) = (left.fill_buf().map_err(failed(one))?, right.fill_buf().map_err(failed(other))?);
        let both = a.len().min(b.len());
        if a[..both] != b[..both] || (both == 0 && a.len() != b.len()) {
            return Ok(false);
        }
        if both == 0 {
            return Ok(true);
        }
        left.consume(both);
        right.consume(both);
    }
}
