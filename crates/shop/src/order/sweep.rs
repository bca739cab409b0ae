//! What nobody came back for: asks the bank about unfinished payments, and gives goods back when
//! the time to pay is over. Also what takes up the pieces after a crash.

use noren_domain::Id;
use noren_domain::order::{Actor, EventKind, Order, OrderState};
use uuid::Uuid;

use super::{lock, note, settle};
use crate::db::again;
use crate::mail::Mail;
use crate::outbox::Topic;
use crate::payment::TestBank;
use crate::{Shop, fetch_all, fetch_optional, outbox, stock};

/// From this age on, an unfinished payment is asked about rather than waited for.
const ASK_AFTER_MS: i64 = 30_000;
/// Orders looked at in one sweep.
const BATCH: i64 = 200;

/// Payments to ask about. Both questions are answered from the index of what still waits for money.
pub(super) const OPEN: &str = "SELECT o.id, t.reference FROM orders o JOIN payment_try t ON t.order_id = o.id \
     WHERE o.state = 'draft' AND o.payment_state = 'unpaid' AND t.state = 'open' AND o.pay_until <= $1 ORDER BY o.pay_until LIMIT $2";
/// Orders whose time is over.
pub(super) const DUE: &str = "SELECT id FROM orders WHERE state IN ('draft', 'placed') AND pay_until <= $1 AND payment_state = 'unpaid' ORDER BY pay_until LIMIT $2";

/// What one sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Payments that the bank knew the end of.
    pub settled: usize,
    /// Orders whose time was over.
    pub expired: usize,
}

/// Sweeps once. Running it twice, or on two machines, does no more than once.
pub async fn sweep(shop: &Shop) -> Result<Swept, sqlx::Error> {
    let (now, mut swept) = (shop.now(), Swept::default());
    let open =
        fetch_all!(shop.db.read().await?, (Uuid, String), OPEN, now + super::CARD_MS - ASK_AFTER_MS, BATCH).await?;
    // One order that cannot be swept keeps nobody else's goods from the shelf.
    for (order, reference) in open {
        match ask(shop, &reference).await {
            Ok(settled) => swept.settled += usize::from(settled),
            Err(error) => tracing::error!(%order, %error, "the bank cannot be asked about this order; trying again"),
        }
    }
    let due = fetch_all!(shop.db.read().await?, (Uuid,), DUE, now, BATCH).await?;
    for (order,) in due {
        match again(|| expire(shop, Id::new(order))).await {
            Ok(expired) => swept.expired += usize::from(expired),
            Err(error) => {
                tracing::error!(%order, %error, "the time to pay of this order cannot be ended; trying again");
            }
        }
    }
    if swept != Swept::default() {
        tracing::info!(settled = swept.settled, expired = swept.expired, "swept unfinished orders");
        outbox::ring();
    }
    Ok(swept)
}

/// Asks the bank how a payment ended and settles it. `false`: it has not ended.
async fn ask(shop: &Shop, reference: &str) -> Result<bool, sqlx::Error> {
    match TestBank::status(shop, reference).await? {
        Some(report) => settle::settle(shop, &report).await.map(|_| true),
        None => Ok(false),
    }
}

/// Ends the time to pay of one order. A draft stays a draft, for late money may still revive it; an
/// order by bank transfer is called off, and its shopper is told by mail.
async fn expire(shop: &Shop, order: Id<Order>) -> Result<bool, sqlx::Error> {
    let mut tx = shop.db.write().await?;
    let locked = lock(tx.dialect());
    let checkout = sqlx::AssertSqlSafe(format!("SELECT cart_id FROM checkout WHERE order_id = $1{locked}"));
    fetch_optional!(tx, (Uuid,), checkout, order.0).await?;
    let ended = fetch_optional!(
        tx,
        (String,),
        "UPDATE orders SET payment_state = 'expired', state = CASE state WHEN 'placed' THEN 'cancelled' ELSE state END \
         WHERE id = $1 AND payment_state = 'unpaid' AND state IN ('draft', 'placed') AND pay_until <= $2 \
         RETURNING state",
        order.0,
        shop.now()
    )
    .await?;
    let Some((state,)) = ended else { return Ok(false) };
    stock::release(&mut tx, order).await?;
    note(&mut tx, shop, order, Actor::System, EventKind::Expired, "").await?;
    if state == OrderState::Cancelled.word() {
        let mail = Mail::OrderLapsed { order: order.0 };
        outbox::enqueue(&mut tx, shop, &format!("order-lapsed-{}", order.0), Topic::Mail, &mail).await?;
    }
    tx.commit().await?;
    Ok(true)
}
