//! The files of a copy: made whole or not at all, and compared.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::BackupError;
use crate::{durable, lock};

/// What stands behind its name as long as it is not ended.
const UNFINISHED: &str = ".unfinished";
/// Within the folder of that name.
const WHOLE: &str = "whole";

pub(super) fn failed(path: &Path) -> impl FnOnce(io::Error) -> BackupError + '_ {
    move |source| BackupError::Io { path: path.to_owned(), source }
}

/// A file or folder that becomes whole at once, or not at all: what was not ended is removed.
///
/// It is filled in a folder beside its place, which is held for as long as somebody is at work in it. What nobody holds
/// was left by one that was killed.
pub struct Unfinished<'a> {
    to: &'a Path,
    room: PathBuf,
    at: PathBuf,
    _held: File,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        // There may be keys in it. If it cannot be removed, the next try does so or says why not.
        let _ = fs::remove_dir_all(&self.room);
    }
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
        let room = to.with_file_name(format!("{}{UNFINISHED}", to.file_name().unwrap_or_default().to_string_lossy()));
        let held = hold(&room)?;
        let unfinished = Self { to, at: room.join(WHOLE), room, _held: held };
        for left in entries(&unfinished.room)? {
            let left = unfinished.room.join(left);
            if left.is_dir() { fs::remove_dir_all(&left) } else { fs::remove_file(&left) }.map_err(failed(&left))?;
        }
        // Looked at while it is held: another one may have ended a moment ago.
        if fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some()) || to.is_file() {
            return Err(BackupError::Occupied(to.to_owned()));
        }
        // An empty one gives its place to the whole one; one that is mounted cannot.
        if to.exists() {
            fs::remove_dir(to).map_err(|source| BackupError::Place(to.to_owned(), source))?;
        }
        Ok(unfinished)
    }

    /// Where it is filled.
    pub fn path(&self) -> &Path {
        &self.at
    }

    /// Waits until all of it is on the disk, and puts it in its place.
    pub fn done(self) -> Result<(), BackupError> {
        sync_all(&self.at)?;
        durable::put(&self.at, self.to).map_err(failed(self.to))
    }
}

/// Makes the folder `room`, if it is not there, and holds it.
fn hold(room: &Path) -> Result<File, BackupError> {
    loop {
        folder(room)?;
        let held = match File::open(room) {
            // Another one has ended, and removed it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            held => held.map_err(failed(room))?,
        };
        if !lock::take(&held).map_err(failed(room))? {
            return Err(BackupError::AtWork(room.to_owned()));
        }
        // Removed between the opening and the taking, it is a folder that nobody sees.
        let number = held.metadata().map_err(failed(room))?.ino();
        if fs::metadata(room).is_ok_and(|there| there.ino() == number) {
            return Ok(held);
        }
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
