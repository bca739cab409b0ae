//! The test bank: a payment provider inside the shop, with books of its own, for development. It
//! speaks to the shop only as a real one would: by its page, its answers and signed webhooks.

use noren_domain::order::Order;
use noren_domain::{Id, Lang, Yen};
use serde::{Deserialize, Serialize};

use super::{PROVIDER, PaymentError, Webhook, receive, sign};
use crate::db::Conn;
use crate::order::{Outcome, Report};
use crate::outbox::{self, Topic};
use crate::{Shop, execute, fetch_optional};

/// How late a late webhook is.
const LATE_MS: i64 = 20_000;

/// The bank.
#[derive(Debug)]
pub enum TestBank {}

/// Where a payment stands at the bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BankState {
    /// The shopper has not decided.
    Open,
    /// The shopper is asked to prove who they are (3-D Secure).
    Challenged,
    /// Over, one way or another.
    Ended,
}

/// What the bank's page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankView {
    /// The amount.
    pub amount: Yen,
    /// The shopper's language.
    pub lang: Lang,
    /// Where it stands.
    pub state: BankState,
    /// Where the shopper goes afterwards.
    pub return_url: String,
}

/// What the shopper presses on the bank's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Pay.
    Succeed,
    /// Be declined.
    Decline,
    /// Be asked by 3-D Secure first.
    Challenge,
    /// Leave.
    Abandon,
    /// Pay; the webhook comes late.
    Late,
    /// Pay; the webhook comes twice.
    Twice,
}

/// A job of the outbox at the bank's end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Tell the shop.
    Tell(Webhook),
    /// Give the money back.
    Refund {
        /// The payment.
        reference: String,
    },
}

impl TestBank {
    /// The reference of an order's payment: computed, so that a crash between two phases can be
    /// taken up, and impossible to guess, because it stands in a URL.
    pub(crate) fn reference(shop: &Shop, order: Id<Order>) -> String {
        shop.keys.derive("payment", order.0.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Notes in our books that a payment is about to begin.
    pub(crate) async fn open_try(
        conn: &mut Conn,
        shop: &Shop,
        order: Id<Order>,
        amount: Yen,
    ) -> Result<(), sqlx::Error> {
        execute!(
            conn,
            "INSERT INTO payment_try (reference, order_id, provider, amount, state, created_at) VALUES ($1, $2, $3, $4, 'open', $5)",
            Self::reference(shop, order),
            order.0,
            PROVIDER,
            amount.0,
            shop.now()
        )
        .await?;
        Ok(())
    }

    /// Asks the bank to open a payment for `order` and gives the address of its page. Asking again
    /// gives the same payment.
    pub async fn start(shop: &Shop, order: Id<Order>) -> Result<String, PaymentError> {
        if !shop.development {
            return Err(PaymentError::NotConfigured);
        }
        let reference = Self::reference(shop, order);
        let mut tx = shop.db.write().await?;
        let sql =
            "SELECT t.amount, o.lang FROM payment_try t JOIN orders o ON o.id = t.order_id WHERE t.reference = $1";
        let (amount, lang) =
            fetch_optional!(tx, (i64, String), sql, reference.as_str()).await?.ok_or(PaymentError::Unknown)?;
        execute!(
            tx,
            "INSERT INTO test_bank (reference, amount, lang, state, created_at) VALUES ($1, $2, $3, 'open', $4) \
             ON CONFLICT (reference) DO NOTHING",
            reference.as_str(),
            amount,
            lang.as_str(),
            shop.now()
        )
        .await?;
        tx.commit().await?;
        Ok(format!("/test-bank/pay/{}", super::pass(shop, &reference)))
    }

    /// What the bank says about a payment; `None`: it has not ended, or never began.
    pub async fn status(shop: &Shop, reference: &str) -> Result<Option<Report>, sqlx::Error> {
        let sql = "SELECT state, amount FROM test_bank WHERE reference = $1";
        let found = fetch_optional!(shop.db.read().await?, (String, i64), sql, reference).await?;
        Ok(found.and_then(|(state, amount)| {
            let outcome = match state.as_str() {
                "succeeded" | "refunded" => Outcome::Succeeded,
                "declined" => Outcome::Declined,
                "abandoned" => Outcome::Abandoned,
                _ => return None,
            };
            Some(Report { reference: reference.to_owned(), outcome, amount: Yen(amount) })
        }))
    }

    /// The payment as the bank's page shows it.
    pub async fn view(shop: &Shop, reference: &str) -> Result<Option<BankView>, PaymentError> {
        if reference.contains('\0') {
            return Ok(None);
        }
        let sql = "SELECT amount, lang, state FROM test_bank WHERE reference = $1";
        let found = fetch_optional!(shop.db.read().await?, (i64, String, String), sql, reference).await?;
        Ok(found.map(|(amount, lang, state)| BankView {
            amount: Yen(amount),
            lang: Lang::from_tag(&lang),
            state: match state.as_str() {
                "open" => BankState::Open,
                "challenged" => BankState::Challenged,
                _ => BankState::Ended,
            },
            return_url: format!("/pay/return/{}", super::pass(shop, reference)),
        }))
    }

    /// The shopper's choice on the bank's page. A payment that has ended stays as it ended.
    pub async fn choose(shop: &Shop, reference: &str, choice: Choice) -> Result<(), PaymentError> {
        if reference.contains('\0') {
            return Ok(());
        }
        let (state, outcome) = match choice {
            Choice::Challenge => ("challenged", None),
            Choice::Decline => ("declined", Some(Outcome::Declined)),
            Choice::Abandon => ("abandoned", Some(Outcome::Abandoned)),
            Choice::Succeed | Choice::Late | Choice::Twice => ("succeeded", Some(Outcome::Succeeded)),
        };
        let mut tx = shop.db.write().await?;
        let sql =
            "UPDATE test_bank SET state = $1 WHERE reference = $2 AND state IN ('open', 'challenged') RETURNING amount";
        let Some((amount,)) = fetch_optional!(tx, (i64,), sql, state, reference).await? else {
            // The other press of the button may not be on the disk yet.
            return Ok(tx.commit().await?);
        };
        if let Some(outcome) = outcome {
            let webhook = Webhook {
                event_id: format!("evt_{reference}_{state}"),
                reference: reference.to_owned(),
                outcome,
                amount,
            };
            let delay = if choice == Choice::Late { LATE_MS } else { 0 };
            let copies = if choice == Choice::Twice { 2 } else { 1 };
            for copy in 0..copies {
                let key = format!("bank-{reference}-{state}-{copy}");
                let at = shop.now() + delay;
                outbox::enqueue_at(&mut tx, shop, &key, Topic::Bank, &Delivery::Tell(webhook.clone()), at).await?;
            }
        }
        tx.commit().await?;
        outbox::ring();
        Ok(())
    }

    /// The header the bank signs its webhooks with, for a `body` told at `at` (UTC milliseconds).
    pub fn signature(shop: &Shop, at: i64, body: &[u8]) -> String {
        sign(shop, at, body)
    }

    /// Asks, in the caller's transaction, for the money of `reference` to go back.
    pub(crate) async fn order_refund(conn: &mut Conn, shop: &Shop, reference: &str) -> Result<(), sqlx::Error> {
        let job = Delivery::Refund { reference: reference.to_owned() };
        outbox::enqueue(conn, shop, &format!("bank-refund-{reference}"), Topic::Bank, &job).await
    }
}

/// Does one job of the outbox at the bank's end.
pub async fn deliver(shop: &Shop, delivery: &Delivery) -> Result<(), PaymentError> {
    match delivery {
        Delivery::Tell(webhook) => {
            let body = serde_json::to_vec(webhook)?;
            receive(shop, &TestBank::signature(shop, shop.now(), &body), &body).await?;
        }
        Delivery::Refund { reference } => {
            let mut tx = shop.db.write().await?;
            let sql = "UPDATE test_bank SET state = 'refunded' WHERE reference = $1 AND state = 'succeeded'";
            execute!(tx, sql, reference.as_str()).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}
