//! Sealing: AES-256-GCM (NIST SP 800-38D) under a random key per subject, and those keys wrapped with
//! AES-256-KWP (RFC 5649) under the vault's key-encryption key.
//!
//! AES-GCM because the exemption for "advanced encryption" in Japan's rules on leaks refers to the
//! e-Government recommended ciphers list, which has it. Destroying a wrapped key shreds the person:
//! what was sealed under it stays closed, in the database and in every backup of it.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use aes_kw::KwpAes256;
use hmac::{Hmac, Mac};
use noren_ledger::leaf::{Field, Tag};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// First byte of a sealed field: the layout `version, algorithm, nonce (12), ciphertext and mark`.
const VERSION: u8 = 2;
/// AES-256-GCM with a random 96-bit nonce.
const AES_256_GCM: u8 = 1;
const NONCE_LEN: usize = 12;
/// Bytes that sealing adds to a value: version, algorithm, nonce, authentication mark.
pub const OVERHEAD: usize = 2 + NONCE_LEN + 16;

/// 256 secret bits. No `Debug`, no `Display`, no `Serialize`, no `Clone`: it cannot be printed, and is
/// wiped when it goes.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; 32]);

impl Key {
    /// A key from random or stored bytes, which are wiped.
    pub fn new(mut bytes: [u8; 32]) -> Self {
        let key = Self(bytes);
        bytes.zeroize();
        key
    }

    /// 32 bytes that only this key gives for `label` and `data`: HMAC-SHA-256.
    fn derive(&self, label: &str, data: &[&[u8]]) -> [u8; 32] {
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(label.as_bytes());
        for part in data {
            // Each behind its length, so that no two lists of parts are the same bytes.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
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
    /// Another key, another person, another field, another table, or a flipped bit.
    #[error("the sealed bytes are damaged, or belong elsewhere")]
    Damaged,
}

/// Where a sealed field belongs. It is bound to it: moved elsewhere it does not open.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Table of the database.
    pub table: &'a str,
    /// Number of the subject.
    pub subject: &'a [u8; 16],
    /// Which field.
    pub field: Field,
}

impl Place<'_> {
    fn associated(self) -> Vec<u8> {
        let table = self.table.as_bytes();
        let len = u8::try_from(table.len()).expect("names of tables are short");
        [&[VERSION, AES_256_GCM, self.field.code(), len], table, self.subject].concat()
    }
}

/// A person's own key.
pub struct SubjectKey(Key);

impl SubjectKey {
    /// A new one from 32 random bytes.
    pub fn new(random: [u8; 32]) -> Self {
        Self(Key::new(random))
    }

    /// Seals a value. `nonce` is random and used once.
    pub fn seal(&self, place: Place, nonce: [u8; NONCE_LEN], value: &Plain) -> Vec<u8> {
        let (msg, aad) = (value.expose().as_bytes(), &place.associated());
        let sealed = Aes256Gcm::new(&self.0.0.into())
            .encrypt(&Nonce::from(nonce), Payload { msg, aad })
            .expect("AES-GCM takes any message below 64 GB");
        [&[VERSION, AES_256_GCM], nonce.as_slice(), &sealed].concat()
    }

    /// Opens what [`seal`](Self::seal) made for the same place.
    pub fn open(&self, place: Place, sealed: &[u8]) -> Result<Plain, OpenError> {
        let Some(([VERSION, AES_256_GCM], rest)) = sealed.split_first_chunk::<2>() else {
            return Err(OpenError::Unknown);
        };
        let (nonce, msg) = rest.split_first_chunk::<NONCE_LEN>().ok_or(OpenError::Damaged)?;
        let aad = &place.associated();
        let opened = Aes256Gcm::new(&self.0.0.into()).decrypt(&Nonce::from(*nonce), Payload { msg, aad });
        let text = opened.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        text.map(Plain::new).ok_or(OpenError::Damaged)
    }
}

/// Bytes of a wrapped subject key.
pub const WRAPPED_LEN: usize = 40;

/// The key that subject keys are wrapped with.
pub struct WrappingKey(Key);

impl WrappingKey {
    /// From random or stored bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Key::new(bytes))
    }

    /// Wraps a subject key: what is stored. Rotation unwraps with the old key and wraps with the new
    /// one; nothing is sealed anew.
    pub fn wrap(&self, key: &SubjectKey) -> [u8; WRAPPED_LEN] {
        let mut wrapped = [0; WRAPPED_LEN];
        KwpAes256::new(&self.0.0.into()).wrap_key(&key.0.0, &mut wrapped).expect("32 bytes are wrapped into 40");
        wrapped
    }

    /// Unwraps a stored key; `None` if it was wrapped with another one, or is damaged.
    pub fn unwrap(&self, wrapped: &[u8; WRAPPED_LEN]) -> Option<SubjectKey> {
        let mut room = Zeroizing::new([0; 32]);
        let key = KwpAes256::new(&self.0.0.into()).unwrap_key(wrapped, room.as_mut_slice()).ok()?;
        let key: [u8; 32] = key.try_into().ok()?;
        Some(SubjectKey::new(key))
    }
}

/// The key by which people are looked for, and by which they are named in the ledger.
pub struct IndexKey(Key);

impl IndexKey {
    /// From random or stored bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Key::new(bytes))
    }

    /// The blind index of a canonical value: equal for equal values, and no way back without the key.
    pub fn index(&self, field: Field, canonical: &str) -> [u8; 32] {
        self.0.derive("index", &[&[field.code()], canonical.as_bytes()])
    }

    /// The name of a subject in the ledger. `salt` is random, the subject's own, and goes with its key:
    /// then nobody can say any more who the leaves were about.
    pub fn tag(&self, subject: &[u8; 16], salt: &[u8; 16]) -> Tag {
        let mut tag = Tag::NOBODY;
        tag.0.copy_from_slice(&self.0.derive("tag", &[subject, salt])[..16]);
        tag
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    const HANAKO: [u8; 16] = [1; 16];

    fn place(field: Field) -> Place<'static> {
        Place { table: "customer", subject: &HANAKO, field }
    }

    fn sealed(value: &str) -> (SubjectKey, Vec<u8>) {
        let key = SubjectKey::new([7; 32]);
        let sealed = key.seal(place(Field::Email), [9; 12], &Plain::new(value.to_owned()));
        (key, sealed)
    }

    #[test]
    fn a_sealed_value_opens_only_where_it_belongs() {
        let (key, sealed) = sealed("hanako@example.jp");
        assert_eq!(
            key.open(place(Field::Email), &sealed).map(|plain| plain.expose().to_owned()).as_deref(),
            Ok("hanako@example.jp")
        );
        assert_eq!(sealed.len(), "hanako@example.jp".len() + OVERHEAD);
        let elsewhere = [
            place(Field::Name),
            Place { table: "orders", ..place(Field::Email) },
            Place { subject: &[2; 16], ..place(Field::Email) },
        ];
        for place in elsewhere {
            assert_eq!(key.open(place, &sealed).err(), Some(OpenError::Damaged), "{place:?}");
        }
        assert_eq!(SubjectKey::new([8; 32]).open(place(Field::Email), &sealed).err(), Some(OpenError::Damaged));
        assert_eq!(key.open(place(Field::Email), &[]).err(), Some(OpenError::Unknown));
        assert_eq!(key.open(place(Field::Email), &[1, 1, 0]).err(), Some(OpenError::Unknown));
    }

    /// Made by another implementation (Python's `cryptography`): what is sealed today must open for ever.
    #[test]
    fn sealed_bytes_wrapped_keys_and_indexes_stay_as_they_are() {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let (key, sealed) = sealed("森 杏子");
        assert_eq!(hex(&sealed), "0201090909090909090909090909c1262ab4586d4e840df2ce27ace96156eb4a53232941dc52020b");
        let wrapped = WrappingKey::new([1; 32]).wrap(&key);
        assert_eq!(hex(&wrapped), "b54a8a90c3f37685b55838ca79d32de7da5a6ee5929cc44cf7d743bd2a51ba89af496793ae0e15ce");
        let index = IndexKey::new([3; 32]);
        let found = index.index(Field::Email, "hanako@example.jp");
        assert_eq!(hex(&found), "45d8274d43d2418216409bc93f24282342ca1b4804fe4121d5f19f67979def45");
        assert_eq!(hex(&index.tag(&HANAKO, &[5; 16]).0), "5d4ef5ad8dd397807bb21db47c410665");
    }

    #[test]
    fn a_wrapped_key_comes_back_with_its_own_wrapping_key_alone() {
        let (old, new) = (WrappingKey::new([1; 32]), WrappingKey::new([2; 32]));
        let (key, sealed) = sealed("森 杏子");
        let wrapped = old.wrap(&key);
        assert!(new.unwrap(&wrapped).is_none());
        let again = new.wrap(&old.unwrap(&wrapped).unwrap());
        assert_ne!(again, wrapped);
        let opened = new.unwrap(&again).unwrap().open(place(Field::Email), &sealed).unwrap();
        assert_eq!(opened.expose(), "森 杏子", "rotation leaves what is sealed as it is");
        for at in 0..WRAPPED_LEN {
            let mut flipped = wrapped;
            flipped[at] ^= 1;
            assert!(old.unwrap(&flipped).is_none(), "byte {at}");
        }
    }

    #[test]
    fn the_index_tells_fields_and_values_apart_and_needs_its_key() {
        let key = IndexKey::new([3; 32]);
        let of = |field, value| key.index(field, value);
        assert_eq!(of(Field::Email, "a@b"), of(Field::Email, "a@b"));
        let others = [
            of(Field::Email, "a@b"),
            of(Field::Phone, "a@b"),
            of(Field::Email, "a@c"),
            IndexKey::new([4; 32]).index(Field::Email, "a@b"),
        ];
        assert_eq!(others.iter().collect::<HashSet<_>>().len(), 4);
        assert_ne!(key.tag(&HANAKO, &[1; 16]), key.tag(&HANAKO, &[2; 16]), "the salt makes the name");
        assert_ne!(key.tag(&HANAKO, &[1; 16]), key.tag(&[2; 16], &[1; 16]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn a_changed_byte_anywhere_is_noticed(value in "\\PC{0,60}", at in any::<prop::sample::Index>(), change in 1u8..) {
            let (key, mut sealed) = sealed(&value);
            let at = at.index(sealed.len());
            sealed[at] ^= change;
            prop_assert!(key.open(place(Field::Email), &sealed).is_err());
            sealed.truncate(at);
            prop_assert!(key.open(place(Field::Email), &sealed).is_err());
        }

        #[test]
        fn whatever_was_sealed_comes_back(value in "\\PC{0,200}", key in any::<[u8; 32]>(), nonce in any::<[u8; 12]>()) {
            let key = SubjectKey::new(key);
            let sealed = key.seal(place(Field::Street), nonce, &Plain::new(value.clone()));
            let opened = key.open(place(Field::Street), &sealed).unwrap();
            prop_assert_eq!(opened.expose(), value);
        }

        #[test]
        fn no_bytes_make_the_opener_fall(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = SubjectKey::new([7; 32]).open(place(Field::Email), &bytes);
        }
    }
}
