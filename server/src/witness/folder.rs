//! What a witness keeps on its disk: `signing.key` and its `name`, made at the first start, and `seen`, the
//! newest checkpoint of each log that it has cosigned.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use noren_ledger::checkpoints::KeyFault;
use noren_ledger::note::{KeyKind, SignerKey, VerifierKey};
use noren_ledger::witness::{AddCheckpoint, Checked, Memory, MemoryFault, Refusal, Seen, Witness, origin_hash};
use noren_vault::durable;

/// A witness cannot work in a folder.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The system.
    #[error("the witness' {path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others can read it.
    #[error("the witness' {path} is open to other users (mode {mode:o}); run: chmod {right:o} {path}")]
    Open {
        /// The file or folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// What it should be.
        right: u32,
    },
    /// Another process works in it.
    #[error("another witness is at work in {0}; stop it first: two of them could cosign two stories")]
    Taken(PathBuf),
    /// Nobody has said what it is called.
    #[error(
        "a witness needs a name at its first start, under which it signs; say such as --name witness.example/shop (no \
         spaces, no plus signs)"
    )]
    NoName,
    /// It is called otherwise.
    #[error("the witness in this folder is called {0}, and it keeps its name: leave --name out, or use another folder")]
    OtherName(String),
    /// It has seen something and has no key.
    #[error(
        "{0} is missing, and this witness has cosigned with it; put it back, or begin a new witness in an empty folder and \
         give the shop its new key"
    )]
    KeyLost(PathBuf),
    /// It has a key and has forgotten what it saw.
    #[error(
        "{0} is missing, and without it this witness could cosign another story than before; never put back an older one: \
         begin a new witness in an empty folder and give the shop its new key"
    )]
    Forgotten(PathBuf),
    /// What it saw cannot be read.
    #[error(
        "{path} is damaged: {fault}; keep it as it is, begin a new witness in an empty folder and give the shop its new key"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// In what.
        fault: MemoryFault,
    },
    /// The key is none.
    #[error("{0} must hold exactly 32 bytes; begin a new witness in an empty folder and give the shop its new key")]
    NotAKey(PathBuf),
    /// A log's key is none.
    #[error(transparent)]
    Log(#[from] KeyFault),
}

/// A request is not answered with a cosignature.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// For its own sake.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// What was seen cannot be kept, so nothing is cosigned.
    #[error(transparent)]
    Kept(#[from] FolderError),
}

/// A witness at work in a folder, which is its own as long as this lives.
pub struct Folder {
    path: PathBuf,
    witness: Witness,
    /// Held from the look at what was seen until the new is on the disk: two requests cannot fork it.
    memory: Mutex<Memory>,
    _lock: File,
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> FolderError + '_ {
    move |source| FolderError::Io { path: path.to_owned(), source }
}

/// What stands in a file, if there is one that nobody else can read.
fn read(path: &Path) -> Result<Option<Vec<u8>>, FolderError> {
    match fs::read(path) {
        Ok(bytes) => closed(path, 0o600).map(|()| Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path)(error)),
    }
}

/// Whether others have no right in it.
fn closed(path: &Path, right: u32) -> Result<(), FolderError> {
    let mode = fs::metadata(path).map_err(failed(path))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(FolderError::Open { path: path.to_owned(), mode, right });
    }
    Ok(())
}

/// Puts a file in the place of what was there, whole or not at all, and on the disk.
fn replace(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), FolderError> {
    let path = folder.join(name);
    durable::replace(&path, bytes).map_err(failed(&path))
}

impl Folder {
    /// Opens the witness in `path` for logs with these keys. At the first start it is made, with a key that
    /// `fill` draws.
    pub fn open(
        path: &Path,
        name: Option<&str>,
        logs: Vec<VerifierKey>,
        fill: impl FnOnce(&mut [u8]),
    ) -> Result<Self, FolderError> {
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed(path))?;
        closed(path, 0o700)?;
        let lock = noren_vault::lock::lock(&path.join("lock")).map_err(failed(path))?;
        let lock = lock.ok_or_else(|| FolderError::Taken(path.to_owned()))?;
        let key = path.join("signing.key");
        let seen = path.join("seen");
        if !key.exists() {
            make(path, name, &seen, fill)?;
        }
        let called = read(&path.join("name"))?.map(|name| String::from_utf8_lossy(&name).trim_end().to_owned());
        // If only that file is lost: under another name nothing fits that was cosigned.
        let called = called.or_else(|| name.map(str::to_owned)).ok_or(FolderError::NoName)?;
        if name.is_some_and(|name| name != called) {
            return Err(FolderError::OtherName(called));
        }
        let bytes = zeroize::Zeroizing::new(read(&key)?.unwrap_or_default());
        let seed = bytes.as_slice().try_into().map_err(|_| FolderError::NotAKey(key.clone()))?;
        let signer = SignerKey::new(&called, KeyKind::Witness, seed).map_err(|_| FolderError::NoName)?;
        let witness = Witness::new(signer, logs)?;
        let text = read(&seen)?.ok_or_else(|| FolderError::Forgotten(seen.clone()))?;
        let memory = String::from_utf8(text).map_err(|_| MemoryFault::Malformed);
        let memory = memory.and_then(|text| Memory::read(&text, &witness));
        let memory = memory.map_err(|fault| FolderError::Damaged { path: seen, fault })?;
        Ok(Self { path: path.to_owned(), witness, memory: Mutex::new(memory), _lock: lock })
    }

    /// What its cosignatures are checked with.
    pub fn verifier(&self) -> &VerifierKey {
        self.witness.verifier()
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // Whoever fell while holding it has either kept something whole or nothing.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks who has signed what is asked. Nobody else waits for it.
    pub fn check(&self, request: AddCheckpoint) -> Result<Checked, Refusal> {
        self.witness.check(request)
    }

    /// Cosigns what is asked at `now` (seconds since 1970), if it continues what was seen, and gives it once it
    /// is on the disk.
    pub fn add(&self, checked: &Checked, now: u64) -> Result<Seen, AddError> {
        let mut memory = self.memory();
        let seen = self.witness.consider(&memory, checked, now)?;
        if memory.get(&seen.checkpoint.origin) == Some(&seen) {
            return Ok(seen);
        }
        let mut next = memory.clone();
        next.keep(seen.clone());
        replace(&self.path, "seen", next.to_string().as_bytes())?;
        *memory = next;
        Ok(seen)
    }

    /// The newest cosigned checkpoint of the log whose origin has this hash.
    pub fn newest(&self, hash: &str) -> Option<String> {
        let memory = self.memory();
        let found = memory.seen().find(|seen| origin_hash(&seen.checkpoint.origin) == hash);
        found.map(|seen| seen.note.to_string())
    }
}

/// Makes a witness, the key last: a first start that is cut off begins again as if nothing had been.
fn make(path: &Path, name: Option<&str>, seen: &Path, fill: impl FnOnce(&mut [u8])) -> Result<(), FolderError> {
    let nothing = Memory::default().to_string();
    if read(seen)?.is_some_and(|seen| seen != nothing.as_bytes()) {
        return Err(FolderError::KeyLost(path.join("signing.key")));
    }
    let name = name.ok_or(FolderError::NoName)?;
    let mut seed = zeroize::Zeroizing::new([0; 32]);
    fill(seed.as_mut_slice());
    SignerKey::new(name, KeyKind::Witness, &seed).map_err(|_| FolderError::NoName)?;
    replace(path, "seen", nothing.as_bytes())?;
    replace(path, "name", format!("{name}\n").as_bytes())?;
    replace(path, "signing.key", seed.as_slice())
}
