//! What nobody came back for: asks the bank about unfinished payments, and gives goods back when
//! the time to pay is over. Also what takes up the pieces after a crash.

use std::collections::HashSet;

use noren_domain::Id;
use noren_domain::order::{Actor, EventKind, Order, OrderState};
use uuid::Uuid;

use super::settle::{self, Settled};
use super::{DAY_MS, hold, note};
use crate::db::again;
use crate::mail::{self, Mail};
use crate::payment::TestBank;
use crate::{Shop, fetch_all, fetch_optional, outbox, stock};

/// From this age on, an unfinished payment is asked about rather than waited for.
const ASK_AFTER_MS: i64 = 30_000;
/// How long the bank is asked about a payment whose order is over: by then it has ended there too.
const ASK_FOR_MS: i64 = 3 * DAY_MS;
/// Orders read at a time.
const BATCH: i64 = 200;

/// Payments to ask about, from an order on. This question and the next are answered from the index of
/// what still waits for money.
pub(super) const OPEN: &str = "SELECT o.id, t.reference, o.pay_until FROM orders o JOIN payment_try t ON t.order_id = o.id \
     WHERE o.state = 'draft' AND o.payment_state = 'unpaid' AND t.state = 'open' AND o.pay_until <= $1 AND (o.pay_until, o.id) > ($2, $3) \
     ORDER BY o.pay_until, o.id LIMIT $4";
/// Orders whose time is over, from one on.
pub(super) const DUE: &str = "SELECT id, pay_until FROM orders WHERE state IN ('draft', 'placed') AND payment_state = 'unpaid' \
     AND pay_until <= $1 AND (pay_until, id) > ($2, $3) ORDER BY pay_until, id LIMIT $4";
/// Payments that the bank has not ended although their order is over, from one on.
pub(super) const LATE: &str = "SELECT t.order_id, t.reference, t.created_at FROM payment_try t JOIN orders o ON o.id = t.order_id \
     WHERE t.state = 'open' AND NOT (o.state = 'draft' AND o.payment_state = 'unpaid') AND (t.created_at, t.reference) > ($1, $2) \
     ORDER BY t.created_at, t.reference LIMIT $3";

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
    sweep_by(shop, BATCH).await
}

/// [`sweep`], with `batch` orders read at a time.
pub(super) async fn sweep_by(shop: &Shop, batch: i64) -> Result<Swept, sqlx::Error> {
    let (settled, unheard) = ask_waiting(shop, batch).await?;
    let swept = Swept { settled, expired: expire_due(shop, batch, &unheard).await? };
    if swept != Swept::default() {
        tracing::info!(settled = swept.settled, expired = swept.expired, "swept unfinished orders");
        outbox::ring();
    }
    Ok(swept)
}

/// Asks about the payments of drafts: how many the bank knew the end of, and the orders that it could
/// not be asked about.
async fn ask_waiting(shop: &Shop, batch: i64) -> Result<(usize, HashSet<Uuid>), sqlx::Error> {
    let until = shop.now() + super::CARD_MS - ASK_AFTER_MS;
    let (mut settled, mut unheard) = (0, HashSet::new());
    let mut after = (i64::MIN, Uuid::nil());
    loop {
        let mut conn = shop.db.read().await?;
        let open = fetch_all!(conn, (Uuid, String, i64), OPEN, until, after.0, after.1, batch).await?;
        drop(conn);
        let Some((order, _, pay_until)) = open.last() else { return Ok((settled, unheard)) };
        after = (*pay_until, *order);
        for (order, reference, _) in open {
            match ask(shop, order, &reference).await {
                Some(ended) => settled += usize::from(ended),
                None => drop(unheard.insert(order)),
            }
        }
    }
}

/// Ends the time to pay of every order whose time it is. Those in `unheard` keep theirs: their money
/// may be here, and only the bank cannot be asked now.
async fn expire_due(shop: &Shop, batch: i64, unheard: &HashSet<Uuid>) -> Result<usize, sqlx::Error> {
    let (now, mut expired, mut after) = (shop.now(), 0, (i64::MIN, Uuid::nil()));
    loop {
        let mut conn = shop.db.read().await?;
        let due = fetch_all!(conn, (Uuid, i64), DUE, now, after.0, after.1, batch).await?;
        drop(conn);
        let Some((order, pay_until)) = due.last() else { return Ok(expired) };
        after = (*pay_until, *order);
        for (order, _) in due.into_iter().filter(|(order, _)| !unheard.contains(order)) {
            // One order that cannot be swept keeps nobody else's goods from the shelf.
            match again(|| expire(shop, Id::new(order))).await {
                Ok(ended) => expired += usize::from(ended),
                Err(error) => {
                    tracing::error!(%order, %error, "the time to pay of this order cannot be ended; trying again");
                }
            }
        }
    }
}

/// Asks about payments that are open although their order has expired or was called off: a webhook can
/// be lost, and money that has moved at the bank either revives its order or must go back. Gives the
/// number of those that the bank knew the end of. There may be many whose shopper just left, so this
/// is for every few minutes.
pub async fn ask_late(shop: &Shop) -> Result<usize, sqlx::Error> {
    let (mut settled, mut after) = (0, (shop.now() - ASK_FOR_MS, String::new()));
    loop {
        let mut conn = shop.db.read().await?;
        let late = fetch_all!(conn, (Uuid, String, i64), LATE, after.0, after.1.as_str(), BATCH).await?;
        drop(conn);
        let Some((_, reference, created_at)) = late.last() else { break };
        after = (*created_at, reference.clone());
        for (order, reference, _) in late {
            settled += usize::from(ask(shop, order, &reference).await == Some(true));
        }
    }
    if settled > 0 {
        tracing::info!(settled, "settled payments of orders that were over");
    }
    Ok(settled)
}

/// Asks the bank how a payment ended, and settles it. `Some(false)`: it has not ended; `None`: it
/// cannot be asked or settled now.
async fn ask(shop: &Shop, order: Uuid, reference: &str) -> Option<bool> {
    let asked = async {
        match TestBank::status(shop, reference).await? {
            Some(report) => settle::settle(shop, &report).await.map(Some),
            None => Ok::<_, sqlx::Error>(None),
        }
    };
    match asked.await {
        Ok(settled) => Some(matches!(settled, Some(Settled::Placed | Settled::Failed | Settled::Refunded))),
        Err(error) => {
            tracing::error!(%order, %error, "the bank cannot be asked about this order; trying again");
            None
        }
    }
}

/// Ends the time to pay of one order. A draft stays a draft, for late money may still revive it; an
/// order by bank transfer is called off, and its shopper is told by mail.
async fn expire(shop: &Shop, order: Id<Order>) -> Result<bool, sqlx::Error> {
    let mut tx = shop.db.write().await?;
    hold(&mut tx, order).await?;
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
        mail::enqueue(&mut tx, shop, &format!("order-lapsed-{}", order.0), &mail).await?;
    }
    tx.commit().await?;
    Ok(true)
}
