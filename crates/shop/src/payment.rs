//! Payment: what the bank tells us, checked before it is believed.

mod test_bank;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use noren_domain::Yen;
use noren_domain::checkout::PaymentMethod;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::order::{self, Outcome, Report, Settled};
use crate::token::Token;
use crate::{Shop, execute, fetch_one, fetch_optional, outbox};

pub use test_bank::{BankState, BankView, Choice, Delivery, TestBank, deliver};

/// The provider's name in our books.
pub const PROVIDER: &str = "test_bank";
/// Webhooks older (or younger) than this are refused, in milliseconds.
const MAX_AGE_MS: i64 = 5 * 60 * 1_000;

/// A payment cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
    /// The signature is missing or wrong, or too old.
    #[error("the signature does not hold")]
    Signature,
    /// The body is not what the bank sends.
    #[error("the body cannot be read: {0}")]
    Body(#[from] serde_json::Error),
    /// A name holds U+0000, which PostgreSQL takes in no text.
    #[error("the body cannot be read: a name holds U+0000")]
    Nul,
    /// The bank knows no such payment.
    #[error("no such payment")]
    Unknown,
    /// Outside development there is no test bank.
    #[error("no payment provider is configured")]
    NotConfigured,
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// The ways to pay that this shop can take money by. A card needs a provider, and the only one so
/// far is the test bank: in production cards are not offered, rather than fail after the last step.
pub fn offered(shop: &Shop) -> Vec<PaymentMethod> {
    PaymentMethod::ALL.into_iter().filter(|method| shop.development || *method != PaymentMethod::Card).collect()
}

/// One webhook as the bank writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// The same for every repetition.
    pub event_id: String,
    /// The payment.
    pub reference: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Yen.
    pub amount: i64,
}

/// Takes a webhook in: signature and age on the raw bytes first, then the inbox and the settlement
/// in one transaction. `Ok` means that everything is committed.
pub async fn receive(shop: &Shop, signature: &str, body: &[u8]) -> Result<Settled, PaymentError> {
    verify(shop, signature, body)?;
    let webhook: Webhook = serde_json::from_slice(body)?;
    if webhook.event_id.contains('\0') || webhook.reference.contains('\0') {
        return Err(PaymentError::Nul);
    }
    let mut tx = shop.db.write().await?;
    let fresh = execute!(
        tx,
        "INSERT INTO webhook_inbox (provider, event_id, received_at, body, outcome) VALUES ($1, $2, $3, $4, 'received') \
         ON CONFLICT (provider, event_id) DO NOTHING",
        PROVIDER,
        webhook.event_id.as_str(),
        shop.now(),
        String::from_utf8_lossy(body).into_owned()
    )
    .await?;
    if fresh == 0 {
        // It may have come in a moment ago, in a group of transactions that is not on the disk yet.
        tx.commit().await?;
        return Ok(Settled::Already);
    }
    let report = Report { reference: webhook.reference, outcome: webhook.outcome, amount: Yen(webhook.amount) };
    let settled = order::settle_in(&mut tx, shop, &report).await?;
    let sql = "UPDATE webhook_inbox SET outcome = $1 WHERE provider = $2 AND event_id = $3";
    execute!(tx, sql, settled.word(), PROVIDER, webhook.event_id.as_str()).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(settled)
}

/// What the bank has said and a person must look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unclear {
    /// Payments reported with another amount than ours; settled by hand once `order_event.actor` is `shop`.
    pub alarms: i64,
    /// Webhooks about payments we do not know; settled by hand once `webhook_inbox.outcome` is `seen`.
    pub unknown: i64,
}

/// Counts what is unclear; for metrics and `doctor`.
pub async fn unclear(shop: &Shop) -> Result<Unclear, sqlx::Error> {
    let mut conn = shop.db.read().await?;
    let sql = "SELECT COUNT(*) FROM order_event WHERE kind = 'alarm' AND actor = 'bank'";
    let (alarms,) = fetch_one!(conn, (i64,), sql).await?;
    let sql = "SELECT COUNT(*) FROM webhook_inbox WHERE outcome = 'unknown'";
    let (unknown,) = fetch_one!(conn, (i64,), sql).await?;
    Ok(Unclear { alarms, unknown })
}

/// What stands in the addresses of a payment: its reference and a proof of the shop's key. The
/// references alone are in the database and at the provider, and must not open an order's page to
/// whoever reads them there.
pub fn pass(shop: &Shop, reference: &str) -> String {
    let proof = shop.keys.derive("payment-pass", reference.as_bytes());
    format!("{reference}.{}", URL_SAFE_NO_PAD.encode(&proof[..16]))
}

/// The reference in a [`pass`] of this shop's making.
pub fn reference_of<'p>(shop: &Shop, given: &'p str) -> Option<&'p str> {
    let (reference, _) = given.rsplit_once('.')?;
    bool::from(pass(shop, reference).as_bytes().ct_eq(given.as_bytes())).then_some(reference)
}

/// The shopper is back from the bank's page: asks the bank itself what happened (the address proves
/// nothing), settles, and gives the token and language of the order's page.
pub async fn returned(shop: &Shop, reference: &str) -> Result<Option<(Token, noren_domain::Lang)>, PaymentError> {
    if reference.contains('\0') {
        return Ok(None);
    }
    let sql = "SELECT o.id, o.lang FROM payment_try t JOIN orders o ON o.id = t.order_id WHERE t.reference = $1";
    let Some((order, lang)) = fetch_optional!(shop.db.read().await?, (Uuid, String), sql, reference).await? else {
        return Ok(None);
    };
    if let Some(report) = TestBank::status(shop, reference).await? {
        order::settle(shop, &report).await?;
    }
    Ok(Some((order::token_of(shop, noren_domain::Id::new(order)), noren_domain::Lang::from_tag(&lang))))
}

/// The signature of `body` at `at`: `t=<UTC ms>,v1=<hex of HMAC-SHA-256 over t.body>`.
fn sign(shop: &Shop, at: i64, body: &[u8]) -> String {
    let hex: String = mac(shop, at, body).finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={at},v1={hex}")
}

fn verify(shop: &Shop, signature: &str, body: &[u8]) -> Result<(), PaymentError> {
    let (at, hex) =
        signature.strip_prefix("t=").and_then(|rest| rest.split_once(",v1=")).ok_or(PaymentError::Signature)?;
    let at: i64 = at.parse().map_err(|_| PaymentError::Signature)?;
    let given =
        (0..hex.len() / 2).map(|i| hex.get(2 * i..2 * i + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()));
    let given: Vec<u8> = given.collect::<Option<_>>().ok_or(PaymentError::Signature)?;
    // Compares in constant time.
    mac(shop, at, body).verify_slice(&given).map_err(|_| PaymentError::Signature)?;
    if shop.now().abs_diff(at) > MAX_AGE_MS.unsigned_abs() {
        return Err(PaymentError::Signature);
    }
    Ok(())
}

fn mac(shop: &Shop, at: i64, body: &[u8]) -> Hmac<Sha256> {
    let key = shop.keys.derive("webhook", PROVIDER.as_bytes());
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
    mac.update(at.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    mac
}
