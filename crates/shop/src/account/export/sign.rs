//! A copy of somebody's data is signed by the shop (Ed25519, RFC 8032): whoever has the shop's public key can see that it
//! was made by it and not changed since. The key follows from the shop's own (`keys/shop.key`).
//!
//! The file is JSON, and its bytes are laid out so that no tool has to write JSON anew to check it: the signed bytes are
//! its third line to its last but one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use super::ExportError;
use crate::Shop;
use crate::keys::Keys;

/// What the file calls its own form.
const FORMAT: &str = "noren-export/1";
/// An Ed25519 public key in DER begins so (RFC 8410 4); the 32 bytes of the key follow.
const DER: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The key that copies are verified with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// As OpenSSL reads it.
    pub fn pem(&self) -> String {
        let der = STANDARD.encode([&DER[..], &self.0].concat());
        format!("-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n")
    }

    /// Reads [`Self::pem`]; `None`: it is no Ed25519 key.
    pub fn from_pem(pem: &str) -> Option<Self> {
        let lines = pem.trim().strip_prefix("-----BEGIN PUBLIC KEY-----")?.strip_suffix("-----END PUBLIC KEY-----")?;
        let der = STANDARD.decode(lines.split_whitespace().collect::<String>()).ok()?;
        der.strip_prefix(&DER)?.try_into().ok().map(Self)
    }
}

fn pair(keys: &Keys) -> Option<Ed25519KeyPair> {
    Ed25519KeyPair::from_seed_unchecked(&keys.derive("export-signature", b"")).ok()
}

/// The key that this shop's copies are verified with.
///
/// # Errors
/// It cannot be made of the shop's own.
pub fn key_of(keys: &Keys) -> Result<PublicKey, ExportError> {
    let pair = pair(keys).ok_or(ExportError::Key)?;
    pair.public_key().as_ref().try_into().map(PublicKey).map_err(|_| ExportError::Key)
}

/// `text`, which is JSON, as a signed file.
pub(super) fn signed(shop: &Shop, text: &str) -> Result<String, ExportError> {
    let signature = pair(&shop.keys).ok_or(ExportError::Key)?.sign(text.as_bytes());
    let signature = STANDARD.encode(signature.as_ref());
    Ok(format!(
        "{{\"format\":\"{FORMAT}\",\"algorithm\":\"Ed25519\",\"signature\":\"{signature}\",\n\"data\":\n{text}\n}}\n"
    ))
}

/// Why a file says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotGenuine {
    /// Not in the form of such a file.
    #[error(
        "this is no copy of somebody's data as the shop gives it out ({FORMAT}), or a program has written it anew; \
         check the file as it was downloaded"
    )]
    Form,
    /// The signature is another one's, or of another text.
    #[error("the signature does not fit: the file was changed, or another shop has signed it")]
    Signature,
}

/// The data in a file that `key` has signed.
///
/// # Errors
/// It is no such file, or was not signed so.
pub fn verify<'f>(file: &'f str, key: &PublicKey) -> Result<&'f str, NotGenuine> {
    let rest = file.strip_prefix(&format!("{{\"format\":\"{FORMAT}\",\"algorithm\":\"Ed25519\",\"signature\":\""));
    let (signature, rest) = rest.and_then(|rest| rest.split_once("\",\n\"data\":\n")).ok_or(NotGenuine::Form)?;
    let text = rest.strip_suffix("\n}\n").ok_or(NotGenuine::Form)?;
    let signature = STANDARD.decode(signature).map_err(|_| NotGenuine::Form)?;
    let verified = UnparsedPublicKey::new(&ED25519, &key.0).verify(text.as_bytes(), &signature);
    verified.map(|()| text).map_err(|_| NotGenuine::Signature)
}
