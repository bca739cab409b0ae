//! How mails leave: from which address, by which mail server, with whose signature.

use std::fmt::Write as _;

use lettre::address::Envelope;
use lettre::message::Mailbox;
use lettre::{Address, Message};

use super::dkim::Signer;
use super::mail_host;
use super::smtp::{Relay, SmtpError};
use crate::Shop;

/// How mails leave. Without anything: from `shop@` the shop's own host, into the mailbox folder, not signed.
#[derive(Clone, Debug, Default)]
pub struct Outgoing {
    relay: Option<Relay>,
    from: Option<Address>,
    signer: Option<Signer>,
}

impl Outgoing {
    /// Mails leave `from` there, by `relay`, with the signature of `signer`; each that is not given as without
    /// anything.
    pub fn new(relay: Option<Relay>, from: Option<Address>, signer: Option<Signer>) -> Self {
        Self { relay, from, signer }
    }

    /// The way to the mail server; `None`: mails go into the mailbox folder.
    pub fn relay(&self) -> Option<&Relay> {
        self.relay.as_ref()
    }

    /// Who signs.
    pub fn signer(&self) -> Option<&Signer> {
        self.signer.as_ref()
    }

    /// The address that mails come from.
    pub fn from(&self, shop: &Shop) -> Result<Address, lettre::address::AddressError> {
        match &self.from {
            Some(from) => Ok(from.clone()),
            None => format!("shop@{}", mail_host(shop.host().unwrap_or_default())).parse(),
        }
    }

    /// The bytes of `message`, behind its signature, which says that it was made at `now`.
    pub(super) fn signed(&self, message: Message, now: i64) -> Vec<u8> {
        let bytes = message.formatted();
        let from = message.envelope().from().map(Address::domain);
        let (Some(signer), Some(domain)) = (&self.signer, from) else { return bytes };
        let mut signed = signer.sign(&bytes, domain, now).into_bytes();
        signed.extend_from_slice(&bytes);
        signed
    }
}

/// The test mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    /// There is no mail server to try.
    #[error("no mail server is configured: mails go into the mailbox folder; name one with NOREN_SMTP")]
    NoServer,
    /// The address is none.
    #[error("not an address: {0}; write such as name@example.jp")]
    Address(#[from] lettre::address::AddressError),
    /// The message cannot be put together.
    #[error("cannot compose: {0}")]
    Compose(#[from] lettre::error::Error),
    /// The mail server.
    #[error(transparent)]
    Smtp(#[from] SmtpError),
}

/// Sends one mail to `to` past the outbox, and gives what the mail server said.
pub async fn send_test(shop: &Shop, to: &str) -> Result<String, TestError> {
    let outgoing = shop.outgoing();
    let relay = outgoing.relay().ok_or(TestError::NoServer)?;
    let (from, to): (Address, Address) = (outgoing.from(shop)?, to.parse()?);
    let id = shop.entropy.bytes::<16>().iter().fold(String::new(), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    });
    let millis = std::time::Duration::from_millis(u64::try_from(shop.now()).unwrap_or(0));
    let message = Message::builder()
        .envelope(Envelope::new(Some(from.clone()), vec![to.clone()])?)
        .message_id(Some(format!("<{id}@{}>", from.domain())))
        .from(Mailbox::new(Some("暖簾堂".to_owned()), from))
        .to(Mailbox::new(None, to))
        .subject("送信の試験 / A test")
        .date(std::time::UNIX_EPOCH + millis)
        .body(
            "このメールが読めれば、当店のメールは届きます。\nIf you can read this, mails of the shop arrive.\n"
                .to_owned(),
        )?;
    let envelope = message.envelope().clone();
    let bytes = outgoing.signed(message, shop.now());
    let ready = relay.ask(&envelope, &bytes).await?;
    Ok(ready.hand_over(&bytes).await?)
}
