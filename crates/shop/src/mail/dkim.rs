//! DKIM: a signature over each mail by which receiving servers know that it comes from our domain (RFC 6376),
//! by RSA or by Ed25519 (RFC 8463). See `docs/adr/0024-mail.md` for why it is written here.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// Shorter RSA keys are refused by receivers (RFC 8301 3.2).
const RSA_BITS: usize = 2048;

/// What is signed, as often as it stands in the mail and once more, so that nobody can add another one on the
/// way (RFC 6376 5.4.2). The two about unsubscribing must be among them (RFC 8058 4).
const SIGNED: [&str; 11] = [
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-language",
    "reply-to",
    "list-unsubscribe",
    "list-unsubscribe-post",
];

/// A key cannot be used for signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DkimError {
    /// The file holds no private key in PEM.
    #[error("holds no private key in PEM; `openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048` makes one")]
    Pem,
    /// It is one of another kind, or broken.
    #[error("holds neither an RSA nor an Ed25519 key that can be used; RSA needs 2048 bits or more, up to 4096")]
    Key,
    /// The selector is no name in the DNS.
    #[error("is no selector; write letters, digits, dots and hyphens, such as noren2026")]
    Selector,
}

/// Signs mails for one selector. Its `Debug` shows no key.
#[derive(Clone)]
pub struct Signer {
    selector: String,
    key: Arc<Key>,
}

enum Key {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({}, {})", self.selector, self.algorithm())
    }
}

impl Signer {
    /// Signs with the private key `pem` (PKCS#8, or PKCS#1 for RSA), whose public half stands in the DNS at
    /// `selector._domainkey.` the sender's domain.
    pub fn new(selector: &str, pem: &[u8]) -> Result<Self, DkimError> {
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if !selector.split('.').all(label) {
            return Err(DkimError::Selector);
        }
        let key = match PrivateKeyDer::from_pem_slice(pem).map_err(|_| DkimError::Pem)? {
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()).map(Key::Rsa),
            PrivateKeyDer::Pkcs8(key) => {
                let der = key.secret_pkcs8_der();
                // OpenSSL writes Ed25519 keys without their public half.
                let ed25519 = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Key::Ed25519);
                ed25519.or_else(|_| RsaKeyPair::from_pkcs8(der).map(Key::Rsa))
            }
            _ => return Err(DkimError::Key),
        };
        match key.map_err(|_| DkimError::Key)? {
            Key::Rsa(key) if key.public().modulus_len() * 8 < RSA_BITS => Err(DkimError::Key),
            key => Ok(Self { selector: selector.to_owned(), key: Arc::new(key) }),
        }
    }

    /// Under which name the public key stands, below `_domainkey.` the domain.
    pub fn selector(&self) -> &str {
        &self.selector
    }

    /// The name of the algorithm, as the header says it.
    pub fn algorithm(&self) -> &'static str {
        match *self.key {
            Key::Rsa(_) => "rsa-sha256",
            Key::Ed25519(_) => "ed25519-sha256",
        }
    }

    /// The header that signs `message` for `domain`, to stand before it: with its line end, made at `at` (UTC
    /// milliseconds). Headers and body are taken as "relaxed" (RFC 6376 3.4.2, 3.4.4).
    pub(super) fn sign(&self, message: &[u8], domain: &str, at: i64) -> String {
        let end = find(message, b"\r\n\r\n").map_or(message.len(), |at| at + 2);
        let (head, body) = (&message[..end], message.get(end + 2..).unwrap_or_default());
        let fields = fields(&String::from_utf8_lossy(head));
        let mut names = Vec::new();
        let mut signed = String::new();
        for name in SIGNED {
            // Several of one name are signed from the last one up.
            for (_, value) in fields.iter().rev().filter(|(known, _)| known == name) {
                signed += &format!("{name}:{value}\r\n");
                names.push(name);
            }
            // One that is not there, so that none can be added.
            names.push(name);
        }
        let (selector, algorithm) = (&self.selector, self.algorithm());
        let body = STANDARD.encode(Sha256::digest(relaxed_body(body)));
        let seconds = at.max(0) / 1_000;
        let names = names.join(":");
        // The lines of `h` are as long as they are: folding is relaxed away before it is signed.
        let tags = format!(
            "v=1; a={algorithm}; c=relaxed/relaxed; d={domain};\r\n s={selector}; t={seconds};\r\n h={};\r\n bh={body};\r\n b=",
            names.replace(":mime-version", ":\r\n mime-version").replace(":reply-to", ":\r\n reply-to")
        );
        signed += &format!("dkim-signature:{}", relaxed(&tags));
        let signature = STANDARD.encode(self.key.sign(signed.as_bytes()));
        let lines: Vec<&str> =
            signature.as_bytes().chunks(72).map(|line| std::str::from_utf8(line).unwrap_or_default()).collect();
        format!("DKIM-Signature: {tags}{}\r\n", lines.join("\r\n "))
    }
}

impl Key {
    fn sign(&self, text: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                // Randomness for the blinding alone: the signature is the same each time.
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature)
                    .expect("the buffer has the length of the modulus, and keys were checked when they were read");
                signature
            }
            // RFC 8463 3: what is signed is the hash.
            Self::Ed25519(key) => key.sign(&Sha256::digest(text)).as_ref().to_vec(),
        }
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

/// Names in lower case, and relaxed values.
fn fields(head: &str) -> Vec<(String, String)> {
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let field = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.trim_end().to_ascii_lowercase(), relaxed(value)))
    };
    unfolded.split("\r\n").filter_map(field).collect()
}

/// Unfolded, each run of blanks one, none at either end (RFC 6376 3.4.2).
fn relaxed(value: &str) -> String {
    value.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// No blanks at the ends of lines, each run of them one, no empty lines at the end (RFC 6376 3.4.4).
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut empty = 0;
    for line in body.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let end = line.iter().rposition(|byte| !matches!(byte, b' ' | b'\t')).map_or(0, |last| last + 1);
        if end == 0 {
            empty += 1;
            continue;
        }
        out.extend(std::iter::repeat_n(*b"\r\n", std::mem::take(&mut empty)).flatten());
        let mut blank = false;
        for byte in &line[..end] {
            let is_blank = matches!(byte, b' ' | b'\t');
            if !is_blank {
                out.push(*byte);
            } else if !blank {
                out.push(b' ');
            }
            blank = is_blank;
        }
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
mod tests;
