//! A vault as files to keep, and a vault put back from them.
//!
//! The copy is made beside a vault at work, by its own user: the vault itself only writes its store of keys whole
//! ([`Vault::snapshot`]), into its own folder. No way leads from the socket to a place outside it.
//!
//! A vault that is put back goes on with a new ledger, under a new name and a new key. The earlier one ends where the
//! backup does; what was written to it later is lost, and a log that went on from there would tell a second story
//! under the same name.

mod files;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use noren_ledger::checkpoint::Checkpoint;
use noren_ledger::leaf::{Actor, Fields, Kind, Outcome};
use noren_ledger::note::VerifierKey;

pub use self::files::{Unfinished, copy_all, same, sync_all};
use self::files::{entries, failed, folder};
use crate::book::{self, BookError};
use crate::keys::{KeyError, Keyring};
use crate::subjects::{StoreError, Subjects};
use crate::vault::{Asker, Vault, VaultError, unwrap};
use crate::{Random, durable};

/// The names of the keys that were in the backup which a vault was put back from, one on each line.
const RESTORED: &str = "restored-keys";
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
    /// Somebody else makes a copy for the same place.
    #[error("another one is at work in {0}; wait until it has ended, and look at what it made")]
    AtWork(PathBuf),
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

/// The names of the vault's keys: they change with every rotation.
fn key_names(vault: &Path) -> Result<Vec<std::ffi::OsString>, BackupError> {
    let mut names = entries(&vault.join("keys"))?;
    names.retain(|name| name != book::ANCHOR && name != book::LOST && !name.to_string_lossy().ends_with(".unfinished"));
    Ok(names)
}

/// Copies the vault in the folder `vault`, which has just made a snapshot, to `to`; gives how far the copied ledger goes.
pub fn copy(vault: &Path, to: &Path) -> Result<Checkpoint, BackupError> {
    let unfinished = Unfinished::new(to)?;
    let (keys, at) = (key_names(vault)?, unfinished.path());
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

/// The keys, by the beginnings of their names, that open what is in other backups too, and that can be exchanged. The one
/// that signs is another in each ledger, and the one that names never changes.
const OPENING: [&str; 2] = ["wrapping-", "index-"];

/// Which of the keys in the vault in this folder were in the backup that it was put back from: copies of them have been
/// about. None if it never was, or if they were exchanged since.
pub fn restored_keys(vault: &Path) -> io::Result<Vec<String>> {
    let names = match fs::read_to_string(vault.join(RESTORED)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        names => names?,
    };
    let there = |name: &&str| vault.join("keys").join(name).exists();
    Ok(names.lines().filter(there).map(str::to_owned).collect())
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
    let at = unfinished.path();
    copy_all(from, at)?;
    let Looked { mut keys, subjects, end, verifiers } = looked_at(at, from, random)?;
    let names = key_names(at)?.into_iter().map(|name| name.to_string_lossy().into_owned());
    let opening: Vec<String> = names.filter(|name| OPENING.iter().any(|kind| name.starts_with(kind))).collect();
    let restored = at.join(RESTORED);
    durable::create(&restored, opening.join("\n").as_bytes()).map_err(failed(&restored))?;
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
