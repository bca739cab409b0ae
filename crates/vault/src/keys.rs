//! The vault's own keys: files in a folder of their own, 32 bytes each, made at the first start.
//!
//! - `wrapping-N.key`: subjects are wrapped with the one of the highest number;
//! - `index-N.key`: people are looked for by the one of the highest number, and by the one before it as long as it
//!   is still there;
//! - `naming.key`: actors are named in the ledger by it, and the vault itself; never rotated;
//! - `signing-N.key`: signs the ledger's checkpoints; `signing-N.public`: what those are verified with that an
//!   earlier one has signed;
//! - `origin`: the name of the ledger.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use noren_ledger::leaf::Actor;
use noren_ledger::note::{KeyKind, SignerKey, VerifierKey};

use crate::book::LogKeys;
use crate::seal::{IndexKey, Key, SubjectId, WrappingKey};
use crate::{Random, durable};

/// The keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A file cannot be read or written.
    #[error("the vault's key {path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is none, and something was sealed with it.
    #[error(
        "the vault's key {path} is missing, and people's data are sealed with it; put the folder back from your backup \
         of the keys (a new key could not open them)"
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// It is no key.
    #[error("the vault's key {path} must hold exactly 32 bytes; put the right one back from your backup of the keys")]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// Others can read it.
    #[error("the vault's key {path} can be read by other users (mode {mode:o}); run: chmod 600 {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It is no verifier key.
    #[error("{path} must hold the line of a verifier key; put the right one back from your backup of the keys")]
    NotAVerifier {
        /// The file.
        path: PathBuf,
    },
    /// The name of the ledger cannot be one.
    #[error("the ledger cannot be called {0:?}: no spaces, no plus signs; mend the file `origin` beside the keys")]
    Origin(String),
}

/// All keys of a vault.
pub struct Keyring {
    folder: PathBuf,
    /// Ascending; the last one is in use.
    wrapping: Vec<WrappingKey>,
    /// Ascending, by number; people are looked for by the last one first.
    index: Vec<(u32, IndexKey)>,
    naming: Key,
    /// Ascending, by number; which of them signs the ledger says.
    signing: Vec<(u32, Key)>,
    /// Ascending, by number: what earlier ones are verified with.
    retired: Vec<(u32, VerifierKey)>,
    origin: String,
}

fn io(path: &Path) -> impl FnOnce(io::Error) -> KeyError + '_ {
    move |source| KeyError::Io { path: path.to_owned(), source }
}

/// Puts a whole file in its place, over an earlier one: one that is half there would be taken for one that was damaged.
fn place(path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
    durable::replace(path, bytes).map_err(io(path))
}

fn sync_folder(path: &Path) -> Result<(), KeyError> {
    durable::sync(path).map_err(io(path))
}

fn read(path: PathBuf) -> Result<Key, KeyError> {
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(KeyError::Missing { path }),
        Err(source) => return Err(KeyError::Io { path, source }),
    };
    let meta = file.metadata().map_err(io(&path))?;
    let mode = meta.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Open { path, mode });
    }
    if meta.len() != 32 {
        return Err(KeyError::Malformed { path });
    }
    let mut done = Ok(());
    let key = Key::filled(|bytes| done = file.read_exact(bytes));
    done.map_err(io(&path))?;
    Ok(key)
}

fn draw(path: &Path, random: &Random) -> Result<(), KeyError> {
    durable::create(path, Key::filled(|bytes| random(bytes)).bytes()).map_err(io(path))
}

impl Keyring {
    /// Reads the keys in `folder`. They are made when there is no such folder and `first` says that
    /// nothing was ever sealed or written with others; the ledger is called `origin` then.
    pub fn open(folder: &Path, origin: &str, first: bool, random: &Random) -> Result<Self, KeyError> {
        if first && !folder.exists() {
            make(folder, origin, random)?;
        }
        let origin = folder.join("origin");
        let origin = match fs::read_to_string(&origin) {
            Ok(name) => name.trim_end().to_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(KeyError::Missing { path: origin }),
            Err(source) => return Err(KeyError::Io { path: origin, source }),
        };
        let wrapping = numbered(folder, "wrapping")?;
        let signing = numbered(folder, "signing")?;
        // One whose key is still there was not retired to the end.
        let retired = numbers(folder, "signing", "public")?.into_iter();
        let retired = retired.filter(|number| signing.iter().all(|(signs, _)| signs != number)).map(|number| {
            let path = folder.join(format!("signing-{number}.public"));
            let line = fs::read_to_string(&path).map_err(io(&path))?;
            let key = line.trim_end().parse().map_err(|_| KeyError::NotAVerifier { path })?;
            Ok((number, key))
        });
        Ok(Self {
            folder: folder.to_owned(),
            wrapping: wrapping.into_iter().map(|(number, key)| WrappingKey::new(number, key)).collect(),
            index: numbered(folder, "index")?.into_iter().map(|(number, key)| (number, IndexKey::new(key))).collect(),
            naming: read(folder.join("naming.key"))?,
            retired: retired.collect::<Result<_, KeyError>>()?,
            signing,
            origin,
        })
    }

    /// The key that subjects are wrapped with now.
    pub fn wrapping(&self) -> &WrappingKey {
        self.wrapping.last().expect("a ring has at least one wrapping key")
    }

    /// The key with which these bytes were wrapped, if it is still there.
    pub fn wrapping_of(&self, wrapped: &[u8]) -> Option<&WrappingKey> {
        let number = WrappingKey::number_in(wrapped)?;
        self.wrapping.iter().find(|key| key.number() == number)
    }

    /// The key by which people are looked for first.
    pub fn index(&self) -> &IndexKey {
        &self.index.last().expect("a ring has at least one index key").1
    }

    /// The key by which people are looked for who were not found by the first: while one takes the other's place.
    pub fn earlier_index(&self) -> Option<&IndexKey> {
        let (_, earlier) = self.index.split_last()?;
        earlier.last().map(|(_, key)| key)
    }

    /// What the ledger calls an actor: nobody without the key can tell who it was.
    pub fn actor(&self, actor: Actor, id: &[u8; 16]) -> [u8; 16] {
        if *id == [0; 16] { [0; 16] } else { self.naming.name("actor", &[&[actor.code()], id]) }
    }

    /// Tells this vault from any other, whichever keys it has; and nothing about them.
    pub fn identity(&self) -> [u8; 32] {
        self.naming.derive("vault identity", &[])
    }

    /// Tells this vault, and the keys by which it finds people, from any other, and nothing about them: one for
    /// each of those keys, the one of the key in use first.
    pub fn fingerprints(&self) -> Vec<[u8; 32]> {
        self.index.iter().rev().map(|(_, key)| self.naming.derive("vault", &[&key.check()])).collect()
    }

    /// What signs the ledger's checkpoints and what they are verified with.
    pub fn log(&self) -> Result<LogKeys, KeyError> {
        let signers = self.signing.iter().map(|(_, key)| self.signer(key)).collect::<Result<_, _>>()?;
        Ok(LogKeys { retired: self.retired.iter().map(|(_, key)| key.clone()).collect(), signers })
    }

    fn signer(&self, key: &Key) -> Result<SignerKey, KeyError> {
        SignerKey::new(&self.origin, KeyKind::Log, key.bytes()).map_err(|_| KeyError::Origin(self.origin.clone()))
    }

    /// Makes a new key file behind the last one of its kind.
    fn another(&self, kind: &str, last: u32, random: &Random) -> Result<(u32, Key), KeyError> {
        let number = last + 1;
        let path = self.folder.join(format!("{kind}-{number}.key"));
        place(&path, Key::filled(|bytes| random(bytes)).bytes())?;
        Ok((number, read(path)?))
    }

    /// Makes a new wrapping key: from now on subjects are wrapped with it. The older ones stay until
    /// [`forget_before`](Self::forget_before).
    pub fn rotate(&mut self, random: &Random) -> Result<u32, KeyError> {
        let (number, key) = self.another("wrapping", self.wrapping().number(), random)?;
        self.wrapping.push(WrappingKey::new(number, key));
        Ok(number)
    }

    /// Destroys the wrapping keys before `number`, once nothing is wrapped with them any more.
    pub fn forget_before(&mut self, number: u32) -> Result<(), KeyError> {
        while self.wrapping.len() > 1 && self.wrapping[0].number() < number {
            remove(&self.folder.join(format!("wrapping-{}.key", self.wrapping[0].number())))?;
            self.wrapping.remove(0);
        }
        sync_folder(&self.folder)
    }

    /// Makes a new index key, unless one is just taking the other's place: from now on people are looked for by it.
    /// The older one stays until [`forget_earlier_index`](Self::forget_earlier_index).
    pub fn rotate_index(&mut self, random: &Random) -> Result<(), KeyError> {
        if let [(last, _)] = self.index[..] {
            let new = self.another("index", last, random)?;
            self.index.push((new.0, IndexKey::new(new.1)));
        }
        Ok(())
    }

    /// Destroys the older index key, once nobody is found by it any more.
    pub fn forget_earlier_index(&mut self) -> Result<(), KeyError> {
        while self.index.len() > 1 {
            remove(&self.folder.join(format!("index-{}.key", self.index[0].0)))?;
            self.index.remove(0);
        }
        sync_folder(&self.folder)
    }

    /// Makes a new signing key. It signs nothing before the ledger announces it.
    pub fn rotate_signing(&mut self, random: &Random) -> Result<SignerKey, KeyError> {
        let last = self.signing.last().map_or(0, |(number, _)| *number);
        let (number, key) = self.another("signing", last, random)?;
        let signer = self.signer(&key)?;
        self.signing.push((number, key));
        Ok(signer)
    }

    /// The next ledger begins with a key of its own, under another name, which is given: that of `before` with its
    /// number and some digits that only this key has. The keys of the one before are destroyed.
    pub fn another_log(&mut self, number: usize, before: &str, random: &Random) -> Result<String, KeyError> {
        let last = self.signing.last().map_or(0, |(number, _)| *number);
        let new = self.another("signing", last, random)?;
        // Two that are put back from one backup must not be called the same.
        let own: String = new.1.derive("ledger", &[])[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        let origin = format!("{before}/{number}-{own}");
        for (number, _) in &self.signing {
            remove(&self.folder.join(format!("signing-{number}.key")))?;
        }
        for (number, _) in &self.retired {
            remove(&self.folder.join(format!("signing-{number}.public")))?;
        }
        place(&self.folder.join("origin"), format!("{origin}\n").as_bytes())?;
        (self.signing, self.retired, self.origin) = (vec![new], Vec::new(), origin.clone());
        Ok(origin)
    }

    /// From now on `current` alone signs. Of those before it only stays what they are verified with; one behind it
    /// was never announced, and is destroyed.
    pub fn settle_signing(&mut self, current: &VerifierKey) -> Result<(), KeyError> {
        let signers: Vec<_> = self.signing.iter().map(|(_, key)| self.signer(key)).collect::<Result<_, _>>()?;
        let Some(at) = signers.iter().position(|signer| signer.verifier() == current) else { return Ok(()) };
        for (signer, (number, _)) in signers.iter().zip(&self.signing).take(at) {
            let path = self.folder.join(format!("signing-{number}.public"));
            place(&path, format!("{}\n", signer.verifier()).as_bytes())?;
            if self.retired.iter().all(|(retired, _)| retired != number) {
                self.retired.push((*number, signer.verifier().clone()));
            }
        }
        sync_folder(&self.folder)?;
        let others = self.signing.iter().enumerate().filter(|(place, _)| *place != at);
        for (_, (number, _)) in others {
            remove(&self.folder.join(format!("signing-{number}.key")))?;
        }
        sync_folder(&self.folder)?;
        self.signing = vec![self.signing.swap_remove(at)];
        Ok(())
    }
}

/// The numbers of the files in `folder` that are called `kind-N.ending`, in order.
fn numbers(folder: &Path, kind: &str, ending: &str) -> Result<Vec<u32>, KeyError> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder).map_err(io(folder))? {
        let name = entry.map_err(io(folder))?.file_name().to_string_lossy().into_owned();
        let rest = name.strip_prefix(kind).and_then(|rest| rest.strip_prefix('-'));
        let number = rest.and_then(|rest| rest.strip_suffix(ending)).and_then(|rest| rest.strip_suffix('.'));
        numbers.extend(number.and_then(|number| number.parse::<u32>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// The keys of one kind, in order; at least one.
fn numbered(folder: &Path, kind: &str) -> Result<Vec<(u32, Key)>, KeyError> {
    let numbers = numbers(folder, kind, "key")?;
    if numbers.is_empty() {
        return Err(KeyError::Missing { path: folder.join(format!("{kind}-1.key")) });
    }
    numbers.into_iter().map(|number| Ok((number, read(folder.join(format!("{kind}-{number}.key")))?))).collect()
}

fn remove(path: &Path) -> Result<(), KeyError> {
    durable::remove(path).map_err(io(path))
}

/// Makes all keys: beside first, so that they are there all or none, whenever the process dies.
fn make(folder: &Path, origin: &str, random: &Random) -> Result<(), KeyError> {
    let unfinished = folder.with_extension("unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(io(&unfinished))?;
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&unfinished).map_err(io(&unfinished))?;
    for name in ["wrapping-1.key", "index-1.key", "naming.key", "signing-1.key"] {
        draw(&unfinished.join(name), random)?;
    }
    durable::create(&unfinished.join("origin"), format!("{origin}\n").as_bytes()).map_err(io(&unfinished))?;
    sync_folder(&unfinished)?;
    durable::put(&unfinished, folder).map_err(io(folder))
}

/// The number of a subject as messages have it.
pub(crate) fn words(id: &SubjectId) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random() -> Random {
        let next = std::sync::atomic::AtomicU8::new(1);
        Box::new(move |bytes| bytes.fill(next.fetch_add(1, std::sync::atomic::Ordering::SeqCst)))
    }

    fn refusal(opened: Result<Keyring, KeyError>) -> KeyError {
        opened.err().expect("the keys do not open")
    }

    #[test]
    fn keys_are_made_once_for_their_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("keys");
        let first = Keyring::open(&folder, "shop.example/reads", true, &random()).unwrap();
        let again = Keyring::open(&folder, "elsewhere.example/reads", true, &random()).unwrap();
        assert_eq!(first.fingerprints(), again.fingerprints());
        assert_eq!(again.log().unwrap().signers[0].verifier().name(), "shop.example/reads", "a log keeps its name");
        for entry in fs::read_dir(&folder).unwrap() {
            assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing unfinished is left beside them");
    }

    #[test]
    fn a_key_that_is_lost_damaged_or_open_to_others_is_named_and_no_new_one_takes_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("keys");
        assert!(matches!(
            refusal(Keyring::open(&folder, "shop.example/reads", false, &random())),
            KeyError::Missing { .. }
        ));
        assert!(!folder.exists(), "something was sealed with keys that are not here");
        Keyring::open(&folder, "shop.example/reads", true, &random()).unwrap();
        for name in ["wrapping-1.key", "index-1.key", "naming.key", "signing-1.key"] {
            let open = || refusal(Keyring::open(&folder, "shop.example/reads", true, &random()));
            let path = folder.join(name);
            let right = fs::read(&path).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            assert!(matches!(open(), KeyError::Open { mode: 0o640, .. }), "{name}");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            fs::write(&path, &right[..31]).unwrap();
            assert!(matches!(open(), KeyError::Malformed { .. }), "{name}");
            fs::remove_file(&path).unwrap();
            assert!(matches!(open(), KeyError::Missing { path: missing } if missing == path), "{name}");
            durable::create(&path, &right).unwrap();
        }
        Keyring::open(&folder, "shop.example/reads", true, &random()).unwrap();
    }
}
