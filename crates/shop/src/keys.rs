//! The shop's own key: what is computed and sealed with it is the shop's, not a person's record. Links to
//! orders, codes, limits, the cookie that carries a form over a redirect, and the secrets of authenticator
//! apps. People's data are the [vault's](crate::vault).

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::clock::Entropy;
use crate::db::Db;

/// First byte of everything sealed: AES-256-GCM, 96-bit nonce, a key derived for each label.
const VERSION: u8 = 1;
const NONCE_LEN: usize = 12;

/// The key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It cannot be read or created.
    #[error("key file {path}: {source}; the shop needs to read and create files in its data folder")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is none, and the database has been used with one.
    #[error(
        "key file {path} is missing, and this database was used with it; put it back from your backup, or copy keys/ from \
         the shop's other node (with a new key no link to an order would open)"
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// It is not the one that the database was used with.
    #[error(
        "key file {path} is not the one that this database was used with; put the right one in its place, from your \
         backup or from keys/ of the shop's other node, or name another database"
    )]
    Other {
        /// The file.
        path: PathBuf,
    },
    /// It is not 32 bytes long.
    #[error(
        "key file {path} must hold exactly 32 bytes; put the right one back from your backup (with a new one no link to an order would open)"
    )]
    Malformed {
        /// The file.
        path: PathBuf,
    },
}

/// Makes a key file. It appears whole or not at all, whenever the process dies, and never in the place of another.
fn create(path: &Path, entropy: &Entropy) -> io::Result<()> {
    let unfinished = path.with_extension(format!("{:016x}", u64::from_ne_bytes(entropy.bytes())));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(&entropy.bytes::<32>()).and_then(|()| file.sync_all())?;
    drop(file);
    match fs::hard_link(&unfinished, path) {
        Ok(()) => fs::remove_file(&unfinished)?,
        // Another process was quicker: its key counts.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return fs::remove_file(&unfinished),
        // A file system without links.
        Err(_) => fs::rename(&unfinished, path)?,
    }
    #[cfg(unix)]
    fs::File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}

/// What the database remembers of the key that it was used with; `None` before the first start.
pub async fn fingerprint(db: &Db) -> Result<Option<Vec<u8>>, sqlx::Error> {
    let mut conn = db.read().await?;
    match crate::fetch_optional!(conn, (Vec<u8>,), "SELECT fingerprint FROM key_check").await {
        Ok(row) => Ok(row.map(|(fingerprint,)| fingerprint)),
        // A database that never saw a migration has no such table.
        Err(sqlx::Error::Database(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The shop's keys, derived from one 256-bit master key.
#[derive(Clone)]
pub struct Keys {
    master: [u8; 32],
    entropy: Entropy,
}

impl Keys {
    /// Reads the key file at `path`; `None` if there is no such file.
    pub fn open_existing(path: &Path, entropy: &Entropy) -> Result<Option<Self>, KeyError> {
        let mut bytes = Vec::new();
        match fs::File::open(path).and_then(|file| file.take(33).read_to_end(&mut bytes)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(KeyError::Io { path: path.to_owned(), source }),
        }
        let master = bytes.try_into().map_err(|_| KeyError::Malformed { path: path.to_owned() })?;
        Ok(Some(Self::new(master, entropy.clone())))
    }

    /// Reads the key file at `path`; creates it, readable by its owner only, when it is missing.
    pub fn open_or_create(path: &Path, entropy: &Entropy) -> Result<Self, KeyError> {
        if let Some(keys) = Self::open_existing(path, entropy)? {
            return Ok(keys);
        }
        create(path, entropy).map_err(|source| KeyError::Io { path: path.to_owned(), source })?;
        Self::open_existing(path, entropy)?.ok_or_else(|| KeyError::Missing { path: path.to_owned() })
    }

    /// Keys from a master key at hand.
    pub fn new(master: [u8; 32], entropy: Entropy) -> Self {
        Self { master, entropy }
    }

    /// 32 bytes that only this shop can compute for `label` and `data`: HMAC-SHA-256.
    pub fn derive(&self, label: &str, data: &[u8]) -> [u8; 32] {
        let mut mac =
            <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&self.master).expect("HMAC takes keys of any length");
        mac.update(label.as_bytes());
        mac.update(&[0]);
        mac.update(data);
        mac.finalize().into_bytes().into()
    }

    /// Tells this key from any other, and nothing about it.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.derive("check", b"key file")
    }

    /// Seals bytes that are nobody's record: the short-lived cookie that carries a form over a redirect.
    /// It opens until `until` (UTC milliseconds), however long somebody keeps the cookie.
    pub fn seal_parcel(&self, label: &str, bytes: &[u8], until: i64) -> Vec<u8> {
        let dated = [&until.to_be_bytes(), bytes].concat();
        self.seal_bytes(&self.derive("parcel", label.as_bytes()), label.as_bytes(), &dated)
    }

    /// Opens what [`Keys::seal_parcel`] made for the same label, at the time `now`; `None` for anything else.
    pub fn open_parcel(&self, label: &str, sealed: &[u8], now: i64) -> Option<Vec<u8>> {
        let dated = self.open_bytes(&self.derive("parcel", label.as_bytes()), label.as_bytes(), sealed)?;
        let (until, bytes) = dated.split_first_chunk::<8>()?;
        (now < i64::from_be_bytes(*until)).then(|| bytes.to_vec())
    }

    /// Seals what the database keeps for `owner` and gives to nobody but the shop. Under another label, or in
    /// another owner's row, it does not open.
    pub fn seal_kept(&self, label: &str, owner: Uuid, bytes: &[u8]) -> Vec<u8> {
        self.seal_bytes(&self.derive("kept", label.as_bytes()), owner.as_bytes(), bytes)
    }

    /// Opens what [`Keys::seal_kept`] made for the same label and owner; `None` for anything else.
    pub fn open_kept(&self, label: &str, owner: Uuid, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.open_bytes(&self.derive("kept", label.as_bytes()), owner.as_bytes(), sealed).map(Zeroizing::new)
    }

    fn seal_bytes(&self, key: &[u8; 32], aad: &[u8], msg: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = self.entropy.bytes();
        let cipher = Aes256Gcm::new(key.into());
        let sealed =
            cipher.encrypt(&Nonce::from(nonce), Payload { msg, aad }).expect("AES-GCM takes any message below 64 GB");
        [&[VERSION], nonce.as_slice(), &sealed].concat()
    }

    #[expect(clippy::unused_self, reason = "opening belongs to the keys as sealing does")]
    fn open_bytes(&self, key: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (version, rest) = sealed.split_first()?;
        let (nonce, msg) = rest.split_at_checked(NONCE_LEN)?;
        if *version != VERSION {
            return None;
        }
        let nonce: [u8; NONCE_LEN] = nonce.try_into().ok()?;
        Aes256Gcm::new(key.into()).decrypt(&Nonce::from(nonce), Payload { msg, aad }).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys() -> Keys {
        Keys::new([7; 32], Entropy::System)
    }

    #[test]
    fn a_parcel_opens_for_its_form_and_until_its_time_is_over() {
        let sealed = keys().seal_parcel("contact", b"typed", 1_000);
        assert_eq!(keys().open_parcel("contact", &sealed, 999).as_deref(), Some(&b"typed"[..]));
        assert_eq!(keys().open_parcel("contact", &sealed, 1_000), None);
        assert_eq!(keys().open_parcel("login", &sealed, 999), None);
    }

    #[test]
    fn a_parcel_of_another_shop_does_not_open_here() {
        let elsewhere = Keys::new([8; 32], Entropy::System).seal_parcel("contact", b"typed", 1_000);
        assert_eq!(keys().open_parcel("contact", &elsewhere, 999), None);
    }

    #[test]
    fn what_is_kept_opens_for_its_owner_and_its_use_alone() {
        let (owner, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let sealed = keys().seal_kept("totp", owner, b"secret");
        assert_eq!(keys().open_kept("totp", owner, &sealed).as_deref().map(Vec::as_slice), Some(&b"secret"[..]));
        assert_ne!(sealed, keys().seal_kept("totp", owner, b"secret"), "the same twice does not look the same");
        assert_eq!(keys().open_kept("totp", other, &sealed), None);
        assert_eq!(keys().open_kept("parcel", owner, &sealed), None);
        assert_eq!(Keys::new([8; 32], Entropy::System).open_kept("totp", owner, &sealed), None);
        assert_eq!(keys().open_parcel("totp", &sealed, 0), None, "no cookie");
        assert_eq!(keys().open_kept("totp", owner, &keys().seal_parcel("totp", b"secret", i64::MAX)), None);
    }

    #[test]
    fn a_key_file_is_made_once_and_refused_when_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("shop.key");
        let first = Keys::open_or_create(&path, &Entropy::System).unwrap();
        let again = Keys::open_or_create(&path, &Entropy::System).unwrap();
        assert_eq!(first.derive("a", b"b"), again.derive("a", b"b"));
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing unfinished is left beside it");
        fs::write(&path, b"short").unwrap();
        assert!(matches!(Keys::open_or_create(&path, &Entropy::System), Err(KeyError::Malformed { .. })));
    }

    proptest! {
        #[test]
        fn one_flipped_bit_anywhere_in_a_parcel_is_noticed(value in ".{0,60}", at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let mut sealed = keys().seal_parcel("contact", value.as_bytes(), 1_000);
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert_eq!(keys().open_parcel("contact", &sealed, 0), None);
        }
    }
}
