//! Secrets that a browser or a mail carries: random to guess, useless to steal from the database.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::clock::Entropy;

/// A 256-bit token as the browser holds it (43 characters of base64url). The database holds
/// [`Token::hash`] only.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A fresh one.
    pub fn random(entropy: &Entropy) -> Self {
        Self::from_bytes(&entropy.bytes())
    }

    /// A token that is computed rather than drawn (see `person::Keys::derive`).
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// A token that came back from outside; `None` unless it has the right shape.
    pub fn parse(raw: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(raw).ok()?;
        (bytes.len() == 32).then(|| Self(raw.to_owned()))
    }

    /// What to put in a cookie or a link.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the token. Plain SHA-256 is enough: there is nothing to guess in 256 random bits.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_way_through_a_cookie_and_prints_nothing() {
        let token = Token::random(&Entropy::seeded(1));
        assert_eq!(Token::parse(token.secret()).map(|t| t.hash()), Some(token.hash()));
        assert_eq!(format!("{token:?}"), "Token(…)");
        for broken in ["", "abc", "%%%", &"A".repeat(44)] {
            assert_eq!(Token::parse(broken), None);
        }
    }
}
