//! Passkeys: what a customer sees of them.

use serde::{Deserialize, Serialize};

use crate::form::{Fault, line};

masked!(PasskeyName, PasskeyView, Ceremony);

/// So many passkeys a customer may have: one for every device and password manager, and some more.
pub const MAX_PASSKEYS: u32 = 10;
/// Characters in a passkey's name.
pub const MAX_PASSKEY_NAME: usize = 60;

/// What a customer calls a passkey: a line of at most [`MAX_PASSKEY_NAME`] characters.
#[derive(Clone, PartialEq, Eq)]
pub struct PasskeyName(String);

impl PasskeyName {
    /// Reads a name as typed.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        line(raw, MAX_PASSKEY_NAME).map(Self)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The section about passkeys on the security page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeysView {
    /// The customer's passkeys, the oldest first.
    pub passkeys: Vec<PasskeyView>,
    /// Whether the shop's address has a name, without which no browser makes a passkey (WebAuthn 5.1.3).
    pub possible: bool,
}

impl PasskeysView {
    /// Whether the customer may add another one.
    pub fn has_room(&self) -> bool {
        self.passkeys.len() < MAX_PASSKEYS as usize
    }
}

/// One passkey.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyView {
    /// Its credential's id in base64url, to rename and to remove it by.
    pub id: String,
    /// What the customer calls it.
    pub name: String,
    /// Added at, UTC ms.
    pub added: i64,
    /// Last used to sign in at, UTC ms.
    pub used: Option<i64>,
    /// Whether its device said, when it was last used, that a copy of it is kept elsewhere.
    pub synced: bool,
}

/// A challenge for the browser's authenticator, and what the answer is to be sent with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ceremony {
    /// Which challenge is answered.
    pub id: uuid::Uuid,
    /// What the browser is to be asked, as JSON: `{"publicKey": …}` with
    /// `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON` (WebAuthn 5.1.8, 5.1.9).
    pub options: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passkey_is_called_what_its_owner_likes_within_a_line() {
        assert_eq!(PasskeyName::parse(" 花子のスマホ ").unwrap().as_str(), "花子のスマホ");
        assert_eq!(PasskeyName::parse("　"), Err(Fault::Required));
        assert_eq!(PasskeyName::parse(&"あ".repeat(61)), Err(Fault::TooLong { max: 60 }));
    }
}
