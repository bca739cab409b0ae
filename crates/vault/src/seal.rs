//! Sealing: AES-256-GCM (NIST SP 800-38D) under a random key per subject, and those keys wrapped with
//! AES-256-KWP (RFC 5649) under the vault's wrapping key.
//!
//! AES-GCM because the exemption for "advanced encryption" in Japan's rules on leaks refers to the
//! e-Government recommended ciphers list, which has it. Destroying a wrapped key shreds the person:
//! what was sealed under it stays closed, in the database and in every backup of it.
//!
//! Nothing opens without a [`Written`]: the ledger's word that this read stands in it.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use aes_kw::KwpAes256;
use hmac::{Hmac, Mac};
use noren_ledger::leaf::{Field, Tag};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::book::Written;

/// First byte of a sealed field: the layout `version, algorithm, key id (4), nonce (12), ciphertext and mark`.
const VERSION: u8 = 2;
/// AES-256-GCM with a random 96-bit nonce.
const AES_256_GCM: u8 = 1;
const KEY_ID_LEN: usize = 4;
/// Bytes of a nonce.
pub const NONCE_LEN: usize = 12;
/// Bytes that sealing adds to a value: version, algorithm, key id, nonce, authentication mark.
pub const OVERHEAD: usize = 2 + KEY_ID_LEN + NONCE_LEN + 16;

/// The number of a subject: what the shop calls one record about one person.
pub type SubjectId = [u8; 16];

/// 256 secret bits. No `Debug`, no `Display`, no `Serialize`, no `Clone`: it cannot be printed, and is
/// wiped when it goes. Behind a pointer, so that moving it leaves no copy.
pub struct Key(Box<Zeroizing<[u8; 32]>>);

impl Key {
    /// A key whose bytes `fill` writes: from the system's randomness, or from a file.
    pub fn filled(fill: impl FnOnce(&mut [u8; 32])) -> Self {
        let mut key = Self(Box::new(Zeroizing::new([0; 32])));
        fill(&mut key.0);
        key
    }

    /// Its bytes, for the file that it is kept in.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 32 bytes that only this key gives for `label` and `data`: HMAC-SHA-256.
    pub(crate) fn derive(&self, label: &str, data: &[&[u8]]) -> [u8; 32] {
        let mut mac =
            <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(self.bytes()).expect("HMAC takes keys of any length");
        mac.update(label.as_bytes());
        for part in data {
            // Each behind its length, so that no two lists of parts are the same bytes.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// The first 16 bytes of what [`derive`](Self::derive) gives.
    pub(crate) fn name(&self, label: &str, data: &[&[u8]]) -> [u8; 16] {
        let mut name = [0; 16];
        name.copy_from_slice(&self.derive(label, data)[..16]);
        name
    }
}

/// A value in the clear. No `Debug`, no `Display`, no `Serialize`, no `Clone`; wiped when it goes.
pub struct Plain(Zeroizing<String>);

impl Plain {
    /// Takes a value in.
    pub fn new(value: String) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The value. Every call of this is a place where plaintext goes somewhere.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Why sealed bytes do not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Of another version or algorithm, or no sealed bytes at all.
    #[error("not sealed in a way that this version knows")]
    Unknown,
    /// Sealed under another key: of another person, or of one that was shredded and came back.
    #[error("the sealed bytes belong to another key")]
    OtherKey,
    /// Another field, or a flipped bit.
    #[error("the sealed bytes are damaged, or belong to another field")]
    Damaged,
}

/// A subject's own key.
pub struct SubjectKey(Key);

impl SubjectKey {
    /// A key from its bytes.
    pub fn new(key: Key) -> Self {
        Self(key)
    }

    fn id(&self) -> [u8; KEY_ID_LEN] {
        let mut id = [0; KEY_ID_LEN];
        id.copy_from_slice(&self.0.derive("key id", &[])[..KEY_ID_LEN]);
        id
    }

    /// Seals `value` as `field` of `subject`. `nonce` is random and used once.
    ///
    /// It is bound to subject and field, and not to a table: what a shopper types at the checkout goes
    /// into the order as it is, and both are the same record about the same person.
    pub fn seal(&self, subject: &SubjectId, field: Field, nonce: [u8; NONCE_LEN], value: &Plain) -> Vec<u8> {
        let id = self.id();
        let (msg, aad) = (value.expose().as_bytes(), &associated(subject, field, id));
        let sealed = Aes256Gcm::new(self.0.bytes().into())
            .encrypt(&Nonce::from(nonce), Payload { msg, aad })
            .expect("AES-GCM takes any message below 64 GB");
        [&[VERSION, AES_256_GCM], id.as_slice(), nonce.as_slice(), &sealed].concat()
    }

    /// Opens what [`seal`](Self::seal) made for the same subject and field, once it stands in the ledger.
    pub fn open(&self, subject: &SubjectId, field: Field, sealed: &[u8], _: &Written) -> Result<Plain, OpenError> {
        let Some(([VERSION, AES_256_GCM], rest)) = sealed.split_first_chunk::<2>() else {
            return Err(OpenError::Unknown);
        };
        let (id, rest) = rest.split_first_chunk::<KEY_ID_LEN>().ok_or(OpenError::Damaged)?;
        if *id != self.id() {
            return Err(OpenError::OtherKey);
        }
        let (nonce, msg) = rest.split_first_chunk::<NONCE_LEN>().ok_or(OpenError::Damaged)?;
        let aad = &associated(subject, field, *id);
        let opened = Aes256Gcm::new(self.0.bytes().into()).decrypt(&Nonce::from(*nonce), Payload { msg, aad });
        let text = opened.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        text.map(Plain::new).ok_or(OpenError::Damaged)
    }

    /// What the ledger calls the mail, order or ticket with the number `reference` in leaves about this
    /// subject: once the key is destroyed, nobody can tell any more which one it was.
    pub fn reference(&self, reference: &[u8; 16]) -> [u8; 16] {
        if *reference == [0; 16] { [0; 16] } else { self.0.name("reference", &[reference]) }
    }
}

fn associated(subject: &SubjectId, field: Field, key: [u8; KEY_ID_LEN]) -> Vec<u8> {
    [&[VERSION, AES_256_GCM, field.code()], key.as_slice(), subject].concat()
}

/// What is kept about a subject: its key, what the ledger calls it, and since when it exists.
pub struct Subject {
    /// Its key.
    pub key: SubjectKey,
    /// What stands for it in the ledger. Records of one person may share it.
    pub tag: Tag,
    /// When it was first sealed for, in UTC milliseconds.
    pub since: u64,
}

/// First byte of a wrapped subject: the layout `version, number of the wrapping key (4), wrapped (80)`.
const WRAPPED_VERSION: u8 = 1;
/// Number, key, tag, time.
const UNWRAPPED_LEN: usize = 16 + 32 + 16 + 8;
/// Bytes of a wrapped subject.
pub const WRAPPED_LEN: usize = 1 + 4 + UNWRAPPED_LEN + 8;

/// A key that subjects are wrapped with. Each has a number, and the highest one is in use.
pub struct WrappingKey {
    number: u32,
    key: Key,
}

impl WrappingKey {
    /// The key with this number.
    pub fn new(number: u32, key: Key) -> Self {
        Self { number, key }
    }

    /// Its number.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The number of the key that `wrapped` was wrapped with; `None` if it is nothing of ours.
    pub fn number_in(wrapped: &[u8]) -> Option<u32> {
        let (version, rest) = wrapped.split_first()?;
        let number = u32::from_be_bytes(*rest.first_chunk::<4>()?);
        (*version == WRAPPED_VERSION && wrapped.len() == WRAPPED_LEN).then_some(number)
    }

    /// Wraps a subject: what is stored. Rotation unwraps with the old key and wraps with the new one;
    /// nothing is sealed anew.
    pub fn wrap(&self, id: &SubjectId, subject: &Subject) -> [u8; WRAPPED_LEN] {
        let mut open = Zeroizing::new([0; UNWRAPPED_LEN]);
        open[..16].copy_from_slice(id);
        open[16..48].copy_from_slice(subject.key.0.bytes());
        open[48..64].copy_from_slice(&subject.tag.0);
        open[64..].copy_from_slice(&subject.since.to_be_bytes());
        let mut wrapped = [0; WRAPPED_LEN];
        wrapped[0] = WRAPPED_VERSION;
        wrapped[1..5].copy_from_slice(&self.number.to_be_bytes());
        KwpAes256::new(self.key.bytes().into())
            .wrap_key(open.as_slice(), &mut wrapped[5..])
            .expect("72 bytes are wrapped into 80");
        wrapped
    }

    /// Unwraps what is stored; `None` if it was wrapped with another key, for another subject, or is damaged.
    pub fn unwrap(&self, id: &SubjectId, wrapped: &[u8]) -> Option<Subject> {
        if Self::number_in(wrapped) != Some(self.number) {
            return None;
        }
        let mut room = Zeroizing::new([0; UNWRAPPED_LEN]);
        let open = KwpAes256::new(self.key.bytes().into()).unwrap_key(&wrapped[5..], room.as_mut_slice()).ok()?;
        let (whose, open) = open.split_first_chunk::<16>()?;
        let (key, open) = open.split_first_chunk::<32>()?;
        let (tag, since) = open.split_first_chunk::<16>()?;
        let since = u64::from_be_bytes(since.try_into().ok()?);
        let key = SubjectKey(Key::filled(|bytes| bytes.copy_from_slice(key)));
        (whose == id).then_some(Subject { key, tag: Tag(*tag), since })
    }
}

/// The key by which people are looked for.
pub struct IndexKey(Key);

impl IndexKey {
    /// From its bytes.
    pub fn new(key: Key) -> Self {
        Self(key)
    }

    /// Tells this key from any other, and nothing about it.
    pub(crate) fn check(&self) -> [u8; 32] {
        self.0.derive("index key", &[])
    }

    /// The blind index of a canonical value: equal for equal values, and no way back without the key.
    pub fn index(&self, field: Field, canonical: &Plain) -> [u8; 32] {
        self.0.derive("index", &[&[field.code()], canonical.expose().as_bytes()])
    }
}

#[cfg(test)]
mod tests;
