//! A telephone in software: a browser and an authenticator that ask nobody.

use passkey::authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod};
use passkey::client::{Client, DefaultClientData};
use passkey::crypto::rust_crypto::RustCryptoBackend;
use passkey::types::Passkey;
use passkey::types::ctap2::{Aaguid, Ctap2Error};
use passkey::types::webauthn::{CredentialCreationOptions, CredentialRequestOptions, UserVerificationRequirement};
use webauthn_rs::prelude::Url;

/// Whoever holds the telephone does what is asked.
struct Holder;

#[async_trait::async_trait]
impl UserValidationMethod for Holder {
    type PasskeyItem = Passkey;

    async fn check_user<'a>(
        &self,
        _hint: UiHint<'a, Passkey>,
        presence: bool,
        verification: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        Ok(UserCheck { presence, verification })
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }
}

/// A telephone with one passkey, and the site that its browser is on.
pub struct Telephone {
    passkey: Option<Passkey>,
    origin: Url,
}

impl Telephone {
    /// A new one, whose browser is at `origin`.
    pub fn at(origin: &str) -> Self {
        Self { passkey: None, origin: Url::parse(origin).unwrap() }
    }

    /// Goes to another site.
    pub fn go(&mut self, origin: &str) {
        self.origin = Url::parse(origin).unwrap();
    }

    /// Says that the passkey was used so often.
    pub fn set_counter(&mut self, counter: u32) {
        self.passkey.as_mut().unwrap().counter = Some(counter);
    }

    /// Says that the passkey is somebody else's.
    pub fn set_owner(&mut self, owner: uuid::Uuid) {
        self.passkey.as_mut().unwrap().user_handle = Some(owner.as_bytes().to_vec().into());
    }

    /// A telephone that has been made a copy of.
    pub fn copy(&self) -> Self {
        Self { passkey: self.passkey.clone(), origin: self.origin.clone() }
    }

    fn authenticator(&self) -> Authenticator<Option<Passkey>, Holder, RustCryptoBackend> {
        let mut authenticator =
            Authenticator::new(Aaguid::new_empty(), self.passkey.clone(), Holder, RustCryptoBackend);
        authenticator.set_make_credentials_with_signature_counter(true);
        authenticator
    }

    /// Makes a passkey and answers as `navigator.credentials.create` does.
    pub async fn create(&mut self, options: &str) -> String {
        let options: CredentialCreationOptions = serde_json::from_str(options).unwrap();
        self.create_with(options).await
    }

    /// The same without asking its holder for a finger.
    pub async fn create_unverified(&mut self, options: &str) -> String {
        let mut options: CredentialCreationOptions = serde_json::from_str(options).unwrap();
        let wanted = options.public_key.authenticator_selection.as_mut().unwrap();
        wanted.user_verification = UserVerificationRequirement::Discouraged;
        self.create_with(options).await
    }

    async fn create_with(&mut self, options: CredentialCreationOptions) -> String {
        let mut client = Client::new(self.authenticator());
        let made = client.register(&self.origin, options, DefaultClientData).await.unwrap();
        self.passkey = client.authenticator().store().clone();
        serde_json::to_string(&made).unwrap()
    }

    /// Answers as `navigator.credentials.get` does.
    pub async fn get(&mut self, options: &str) -> String {
        self.get_with(serde_json::from_str(options).unwrap()).await
    }

    /// The same without asking its holder for a finger.
    pub async fn get_unverified(&mut self, options: &str) -> String {
        let mut options: CredentialRequestOptions = serde_json::from_str(options).unwrap();
        options.public_key.user_verification = UserVerificationRequirement::Discouraged;
        self.get_with(options).await
    }

    /// The same for another party than the one that asks.
    pub async fn get_for(&mut self, party: &str, options: &str) -> String {
        let mut options: CredentialRequestOptions = serde_json::from_str(options).unwrap();
        options.public_key.rp_id = Some(party.to_owned());
        self.get_with(options).await
    }

    async fn get_with(&mut self, options: CredentialRequestOptions) -> String {
        let mut client = Client::new(self.authenticator());
        let given = client.authenticate(&self.origin, options, DefaultClientData).await.unwrap();
        self.passkey = client.authenticator().store().clone();
        serde_json::to_string(&given).unwrap()
    }
}
