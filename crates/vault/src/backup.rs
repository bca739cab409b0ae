//! A vault as files to keep, and a vault put back from them.
//!
//! The copy is made beside a vault at work, by its own user: the vault itself only writes its store of keys whole
//! ([`Vault::snapshot`]), into its own folder. No way leads from the socket to a place outside it.
//!
//! A vault that is put back goes on with a new ledger, under a new name and a new key. The earlier one ends where the
//! backup does; what was written to it later is lost, and a log that went on from there would tell a second story
//! under the same name.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use noren_ledger::checkpoint::Checkpoint;
use noren_ledger::leaf::{Actor, Fields, Kind, Outcome};
use noren_ledger::note::VerifierKey;

use crate::book::{self, BookError};
use crate::keys::{KeyError, Keyring};
use crate::subjects::{StoreError, Subjects};
use crate::vault::{Asker, Vault, VaultError, unwrap};
use crate::{Random, durable};

/// How the name of what is not ended goes on behind its own; the number of the process follows.
pub const UNFINISHED: &str = ".unfinished-";
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
    /// A rotation went on, or another backup.
    #[error("a key of the vault was exchanged, or another backup taken, while this one was: take it once more")]
    Rotated,
    /// The store of keys and the wrapping keys are not of one time.
    #[error(
        "{0} subjects in this copy of the vault are wrapped with a key that is not in it: it was put together from two; take \
         another backup"
    )]
    Mixed(u64),
    /// Something that no backup has.
    #[error("{0} is neither a file nor a folder; take it out of the backup, and find out how it came there")]
    Strange(PathBuf),
    /// A folder that cannot be exchanged for a whole one.
    #[error("{0} cannot be replaced ({1}); name a folder in it that is not there yet")]
    Place(PathBuf, io::Error),
    /// What tells whether the ledger beside it was cut.
    #[error(
        "{0} is missing: without it nobody can tell whether the ledger was cut; take all of one backup, or another backup"
    )]
    NoAnchor(PathBuf),
    /// The ledger.
    #[error(transparent)]
    Book(BookError),
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

impl From<BookError> for BackupError {
    fn from(error: BookError) -> Self {
        match error {
            // It is the copy that cannot be written or read: the vault at work goes on.
            BookError::Io { path, source } => Self::Io { path: path.into(), source },
            error => Self::Book(error),
        }
    }
}

impl Vault {
    /// Writes the store of keys whole into the vault's own folder, and a checkpoint over all that was done until
    /// then: from here on [`copy`] finds what belongs together.
    pub fn snapshot(&self, asker: &Asker) -> Result<(), VaultError> {
        let deed = self.deed(asker, Kind::Export, None, Fields::NONE);
        if asker.actor != Actor::Operator {
            return Err(self.refuse(deed, Outcome::ActorRefused));
        }
        // Half of the store under one key and half under the next would open with no copy of the keys.
        let _only = self.turn();
        self.book().append(deed)?;
        self.store().copy_to(&self.folder().join(SNAPSHOT))?;
        self.book().checkpoint()?;
        Ok(())
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> BackupError + '_ {
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

fn folder(path: &Path) -> Result<(), BackupError> {
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

fn entries(path: &Path) -> Result<Vec<std::ffi::OsString>, BackupError> {
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

/// The names of the vault's keys: they change with every rotation.
fn key_names(vault: &Path) -> Result<Vec<std::ffi::OsString>, BackupError> {
    let mut names = entries(&vault.join("keys"))?;
    names.retain(|name| name != book::ANCHOR && name != book::LOST && !name.to_string_lossy().ends_with(".unfinished"));
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
    let (snapshot, store) = (vault.join(SNAPSHOT), at.join("subjects.redb"));
    if !snapshot.exists() {
        return Err(BackupError::Rotated);
    }
    copy_all(&snapshot, &store)?;
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
    // What cannot be put back is no backup.
    looked_at(at, vault, &no_random())?;
    unfinished.done()?;
    Ok(end)
}

/// Nothing is drawn where all keys must be there.
fn no_random() -> Random {
    Box::new(|_| unreachable!("all keys are there"))
}

/// A copy of a vault that was looked at.
struct Looked {
    keys: Keyring,
    subjects: u64,
    end: Checkpoint,
    verifiers: Vec<VerifierKey>,
}

/// Whether keys, store, ledger and those of before fit, in the folder `at`, which is called `named` when it is spoken of.
fn looked_at(at: &Path, named: &Path, random: &Random) -> Result<Looked, BackupError> {
    let keys = Keyring::open(&at.join("keys"), "", false, random)?;
    let store = at.join("subjects.redb");
    if !store.exists() {
        return Err(VaultError::NoStore(named.join("subjects.redb")).into());
    }
    // A damaged store can make the library fall over.
    let read = std::panic::AssertUnwindSafe(|| fits(&keys, &Subjects::open(&store)?));
    let subjects = std::panic::catch_unwind(read).unwrap_or_else(|_| Err(StoreError::damaged().into()))?;
    let anchor = at.join("keys").join(book::ANCHOR);
    if !anchor.exists() {
        return Err(BackupError::NoAnchor(named.join("keys").join(book::ANCHOR)));
    }
    let (end, verifiers, continues) = book::ended(&at.join("ledger"), &anchor, keys.log()?)?;
    let before = book::Past::all(at, |_| {})?;
    if continues != before.last().map(book::Past::end) {
        return Err(BookError::NoPast(book::past(named, before.len().max(1)).display().to_string()).into());
    }
    Ok(Looked { keys, subjects, end, verifiers })
}

/// Whether every subject can be unwrapped with one of the keys, as far as it says itself; one of them is. Gives how many
/// there are.
fn fits(keys: &Keyring, subjects: &Subjects) -> Result<u64, BackupError> {
    let (mut all, mut strange, mut first) = (0, 0, None);
    subjects.each(|id, wrapped| {
        all += 1;
        strange += u64::from(keys.wrapping_of(wrapped).is_none());
        first.get_or_insert((*id, wrapped.to_vec()));
    })?;
    if strange > 0 {
        return Err(BackupError::Mixed(strange));
    }
    if let Some((id, wrapped)) = first {
        unwrap(keys, &id, &wrapped)?;
    }
    Ok(all)
}

/// Removes what a backup left that was not taken along, whole or not.
pub(crate) fn forget_snapshot(vault: &Path) -> io::Result<()> {
    let snapshot = vault.join(SNAPSHOT);
    for left in [snapshot.with_extension("unfinished"), snapshot] {
        durable::remove(&left)?;
    }
    Ok(())
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

/// Makes a vault of what was copied to `from`, checked, which [`Unfinished::done`] puts into the folder `vault`: that must
/// be empty or missing.
pub fn restore<'a>(from: &Path, vault: &'a Path, random: &Random) -> Result<(Restored, Unfinished<'a>), BackupError> {
    let unfinished = Unfinished::new(vault)?;
    let at = &unfinished.at;
    copy_all(from, at)?;
    let Looked { mut keys, subjects, end, verifiers } = looked_at(at, from, random)?;
    let past = book::put_by(at, &verifiers)?;
    let anchor = at.join("keys").join(book::ANCHOR);
    fs::remove_file(&anchor).map_err(failed(&anchor))?;
    // `shop.example/reads`, and then `shop.example/reads/2-5e884898`, `/3-…` and so on.
    let before = match end.origin.rsplit_once('/') {
        Some((before, last)) if last.starts_with(&format!("{past}-")) => before,
        _ => &end.origin,
    };
    let origin = keys.another_log(past + 1, before, random)?;
    Ok((Restored { subjects, end, origin }, unfinished))
}

#[cfg(test)]
mod tests;
