//! A vault as files to keep, and a vault put back from them.
//!
//! The copy is made beside a vault at work, by its own user: the vault itself only writes its store of keys whole
//! ([`Vault::snapshot`]), into its own folder. No way leads from the socket to a place outside it.
//!
//! A vault that is put back goes on with a new ledger, under a new name and a new key. The earlier one ends where the
//! backup does; what was written to it later is lost, and a log that went on from there would tell a second story
//! under the same name.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use noren_ledger::checkpoint::Checkpoint;
use noren_ledger::leaf::{Actor, Fields, Kind, Outcome};

use crate::Random;
use crate::book::{self, BookError};
use crate::keys::{KeyError, Keyring};
use crate::subjects::{StoreError, Subjects};
use crate::vault::{Asker, Vault, VaultError, unwrap};

/// The store of keys as [`Vault::snapshot`] writes it.
const SNAPSHOT: &str = "subjects.snapshot";

/// A vault was not copied, or not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file or folder.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is something where the copy is to be.
    #[error("{0} is there already, and is not written over; name another folder, or move that one aside")]
    Occupied(PathBuf),
    /// A rotation went on.
    #[error("a key of the vault was exchanged while it was copied; take the backup once more")]
    Rotated,
    /// The ledger.
    #[error(transparent)]
    Book(#[from] BookError),
    /// The vault's keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The store of keys.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Keys and store are not of one vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Vault {
    /// Writes the store of keys whole into the vault's own folder, and a checkpoint over all that was done until
    /// then: from here on [`copy`] finds what belongs together.
    pub fn snapshot(&self, asker: &Asker) -> Result<(), VaultError> {
        let deed = self.deed(asker, Kind::Export, None, Fields::NONE);
        if asker.actor != Actor::Operator {
            return Err(self.refuse(deed, Outcome::ActorRefused));
        }
        self.book().append(deed)?;
        self.store().copy_to(&self.folder().join(SNAPSHOT))?;
        self.book().checkpoint()?;
        Ok(())
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> BackupError + '_ {
    move |source| BackupError::Io { path: path.to_owned(), source }
}

/// A folder that becomes whole at once, or not at all.
pub struct Unfinished<'a> {
    to: &'a Path,
    at: PathBuf,
}

impl<'a> Unfinished<'a> {
    /// It will be at `to`, where there must be nothing yet, or an empty folder. What an earlier try left is removed.
    pub fn new(to: &'a Path) -> Result<Self, BackupError> {
        // An empty folder may have been made for us, such as one that is mounted.
        if fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some()) || to.is_file() {
            return Err(BackupError::Occupied(to.to_owned()));
        }
        let mut name = to.file_name().unwrap_or_default().to_owned();
        name.push(".unfinished");
        let at = to.with_file_name(name);
        if at.exists() {
            fs::remove_dir_all(&at).map_err(failed(&at))?;
        }
        folder(&at)?;
        Ok(Self { to, at })
    }

    /// Where it is filled.
    pub fn path(&self) -> &Path {
        &self.at
    }

    /// Waits until all of it is on the disk, and puts it in its place.
    pub fn done(self) -> Result<(), BackupError> {
        sync_all(&self.at)?;
        if self.to.exists() {
            fs::remove_dir(self.to).map_err(failed(self.to))?;
        }
        fs::rename(&self.at, self.to).map_err(failed(self.to))?;
        sync(self.to.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new(".")))
    }
}

fn folder(path: &Path) -> Result<(), BackupError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed(path))
}

fn sync(path: &Path) -> Result<(), BackupError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(failed(path))
}

/// Waits until all in a folder is on the disk.
fn sync_all(path: &Path) -> Result<(), BackupError> {
    if path.is_dir() {
        for name in entries(path)? {
            sync_all(&path.join(name))?;
        }
    }
    sync(path)
}

fn entries(path: &Path) -> Result<Vec<std::ffi::OsString>, BackupError> {
    let names = fs::read_dir(path).map_err(failed(path))?.map(|entry| entry.map(|entry| entry.file_name()));
    let mut names = names.collect::<io::Result<Vec<_>>>().map_err(failed(path))?;
    names.sort();
    Ok(names)
}

/// Copies a file or a folder with all that is in it; modes are copied as well.
pub fn copy_all(from: &Path, to: &Path) -> Result<(), BackupError> {
    if !from.is_dir() {
        return fs::copy(from, to).map(drop).map_err(failed(from));
    }
    folder(to)?;
    entries(from)?.into_iter().try_for_each(|name| copy_all(&from.join(&name), &to.join(&name)))
}

/// The names of the vault's keys: they change with every rotation.
fn key_names(vault: &Path) -> Result<Vec<std::ffi::OsString>, BackupError> {
    let mut names = entries(&vault.join("keys"))?;
    names.retain(|name| name != book::ANCHOR && !name.to_string_lossy().ends_with(".unfinished"));
    Ok(names)
}

/// Copies the vault in the folder `vault`, which has just made a snapshot, to `to`; gives how far the copied ledger goes.
pub fn copy(vault: &Path, to: &Path) -> Result<Checkpoint, BackupError> {
    let unfinished = Unfinished::new(to)?;
    let (keys, at) = (key_names(vault)?, &unfinished.at);
    folder(&at.join("keys"))?;
    for name in &keys {
        copy_all(&vault.join("keys").join(name), &at.join("keys").join(name))?;
    }
    let snapshot = vault.join(SNAPSHOT);
    copy_all(&snapshot, &at.join("subjects.redb"))?;
    fs::remove_file(&snapshot).map_err(failed(&snapshot))?;
    let end = book::copy(&vault.join("ledger"), &at.join("ledger"), &at.join("keys").join(book::ANCHOR))?;
    for number in 1.. {
        let past = book::past(vault, number);
        if !past.exists() {
            break;
        }
        copy_all(&past, &book::past(at, number))?;
    }
    if key_names(vault)? != keys {
        return Err(BackupError::Rotated);
    }
    unfinished.done()?;
    Ok(end)
}

/// What was put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// How many subjects have a key.
    pub subjects: u64,
    /// Where the earlier ledger ends.
    pub end: Checkpoint,
    /// The name of the ledger that goes on.
    pub origin: String,
}

/// Puts the vault that was copied to `from` into the folder `vault`, which must be empty or missing.
pub fn restore(from: &Path, vault: &Path, random: &Random) -> Result<Restored, BackupError> {
    let unfinished = Unfinished::new(vault)?;
    let at = &unfinished.at;
    copy_all(from, at)?;
    let mut keys = Keyring::open(&at.join("keys"), "", false, random)?;
    let store = at.join("subjects.redb");
    if !store.exists() {
        return Err(VaultError::NoStore(from.join("subjects.redb")).into());
    }
    let subjects = Subjects::open(&store)?;
    if let Some((id, wrapped)) = subjects.any()? {
        unwrap(&keys, &id, &wrapped)?;
    }
    let anchor = at.join("keys").join(book::ANCHOR);
    let (end, verifiers) = book::ended(&at.join("ledger"), &anchor, keys.log()?)?;
    let past = book::put_by(at, &verifiers)?;
    fs::remove_file(&anchor).map_err(failed(&anchor))?;
    // `shop.example/reads`, and then `shop.example/reads/2`, `/3` and so on.
    let before = end.origin.strip_suffix(&format!("/{past}")).unwrap_or(&end.origin);
    let origin = format!("{before}/{}", past + 1);
    keys.another_log(&origin, random)?;
    let restored = Restored { subjects: subjects.count()?, end, origin };
    drop(subjects);
    unfinished.done()?;
    Ok(restored)
}

#[cfg(test)]
mod tests;
