//! What a payment's end does to its order. The webhook, the return from the bank's page and the
//! sweeper all end here, in any order and any number of times; the money is booked once.

use noren_domain::order::{Actor, EventKind, Order, OrderState, PaymentState};
use noren_domain::{Id, Yen};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Standing, hold, note};
use crate::db::{Conn, again};
use crate::mail::{self, Mail};
use crate::payment::{PROVIDER, TestBank};
use crate::stock::{self, ReserveError, Units};
use crate::{Shop, execute, fetch_all, fetch_optional, outbox};

/// How a payment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The money is ours.
    Succeeded,
    /// The bank said no.
    Declined,
    /// The shopper left.
    Abandoned,
}

/// The bank's word about one payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The payment's reference.
    pub reference: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The amount, in yen.
    pub amount: Yen,
}

/// What a [`Report`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The order stands and is paid.
    Placed,
    /// The payment failed; the goods are back on the shelf and the cart is as it was.
    Failed,
    /// The money could not be used any more and goes back.
    Refunded,
    /// Known already; nothing was done.
    Already,
    /// Another amount than ours; nothing was booked, a person must look.
    Alarm,
    /// We know no such reference.
    Unknown,
}

impl Settled {
    /// The word kept in the inbox of webhooks.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Failed => "failed",
            Self::Refunded => "refunded",
            Self::Already => "already",
            Self::Alarm => "alarm",
            Self::Unknown => "unknown",
        }
    }
}

/// Money as the ledger names it: whose, and under which reference there.
pub(super) struct Money<'m> {
    /// Who moved it.
    pub(super) provider: &'m str,
    /// The mover's own name for it.
    pub(super) reference: &'m str,
    /// How much.
    pub(super) amount: Yen,
}

impl<'m> From<&'m Report> for Money<'m> {
    fn from(report: &'m Report) -> Self {
        Self { provider: PROVIDER, reference: &report.reference, amount: report.amount }
    }
}

/// Settles `report` in a transaction of its own.
pub async fn settle(shop: &Shop, report: &Report) -> Result<Settled, sqlx::Error> {
    let settled = again(|| async {
        let mut tx = shop.db.write().await?;
        let settled = settle_in(&mut tx, shop, report).await?;
        tx.commit().await?;
        Ok::<_, sqlx::Error>(settled)
    })
    .await?;
    outbox::ring();
    Ok(settled)
}

/// Settles `report` in the caller's transaction.
pub(crate) async fn settle_in(conn: &mut Conn, shop: &Shop, report: &Report) -> Result<Settled, sqlx::Error> {
    let sql = "SELECT order_id, amount, state FROM payment_try WHERE reference = $1 AND provider = $2";
    let Some((order, amount, _)) =
        fetch_optional!(conn, (Uuid, i64, String), sql, report.reference.as_str(), PROVIDER).await?
    else {
        tracing::warn!(reference = report.reference, "the bank speaks of a payment we do not know");
        return Ok(Settled::Unknown);
    };
    let order = Id::<Order>::new(order);
    let Some(standing) = hold(conn, order).await? else { return Ok(Settled::Unknown) };
    if report.amount.0 != amount {
        return alarm(conn, shop, order, report, amount).await;
    }
    // Read again now that nobody else can change it.
    let Some((_, _, tried)) =
        fetch_optional!(conn, (Uuid, i64, String), sql, report.reference.as_str(), PROVIDER).await?
    else {
        return Ok(Settled::Unknown);
    };
    match report.outcome {
        Outcome::Succeeded => succeeded(conn, shop, order, report, &standing).await,
        _ if tried != "open" => Ok(Settled::Already),
        Outcome::Declined => failed(conn, shop, order, report, "declined", EventKind::Declined).await,
        Outcome::Abandoned => failed(conn, shop, order, report, "abandoned", EventKind::Abandoned).await,
    }
}

async fn alarm(
    conn: &mut Conn,
    shop: &Shop,
    order: Id<Order>,
    report: &Report,
    amount: i64,
) -> Result<Settled, sqlx::Error> {
    let detail = format!("{}: {} yen reported, {amount} yen asked for", report.reference, report.amount.0);
    let known = fetch_optional!(
        conn,
        (i64,),
        "SELECT at FROM order_event WHERE order_id = $1 AND kind = 'alarm' AND detail = $2",
        order.0,
        detail.as_str()
    );
    if known.await?.is_none() {
        tracing::error!(%order, detail, "the bank reports another amount than ours; nothing was booked");
        note(conn, shop, order, Actor::Bank, EventKind::Alarm, &detail).await?;
    }
    Ok(Settled::Alarm)
}

async fn failed(
    conn: &mut Conn,
    shop: &Shop,
    order: Id<Order>,
    report: &Report,
    word: &str,
    kind: EventKind,
) -> Result<Settled, sqlx::Error> {
    execute!(
        conn,
        "UPDATE payment_try SET state = $1 WHERE reference = $2 AND state = 'open'",
        word,
        report.reference.as_str()
    )
    .await?;
    stock::release(conn, order).await?;
    execute!(
        conn,
        "UPDATE orders SET payment_state = 'failed' WHERE id = $1 AND payment_state IN ('unpaid', 'expired')",
        order.0
    )
    .await?;
    note(conn, shop, order, Actor::Bank, kind, "").await?;
    Ok(Settled::Failed)
}

async fn succeeded(
    conn: &mut Conn,
    shop: &Shop,
    order: Id<Order>,
    report: &Report,
    standing: &Standing,
) -> Result<Settled, sqlx::Error> {
    if !book(conn, shop, order, &report.into(), "captured").await? {
        return Ok(Settled::Already);
    }
    execute!(conn, "UPDATE payment_try SET state = 'succeeded' WHERE reference = $1", report.reference.as_str())
        .await?;
    let usable = standing.state().is_some_and(|state| state.may_become(OrderState::Placed))
        && standing.payment().is_some_and(|payment| payment.may_become(PaymentState::Paid));
    if usable && (stock::take(conn, order).await? || revived(conn, shop, order).await?) {
        note(conn, shop, order, Actor::Bank, EventKind::Paid, "").await?;
        execute!(conn, "UPDATE orders SET payment_state = 'paid' WHERE id = $1", order.0).await?;
        stand(conn, shop, order).await?;
        return Ok(Settled::Placed);
    }
    refund(conn, shop, order, report).await?;
    Ok(Settled::Refunded)
}

/// [`revive`]; `false`: not all of the goods are there any more.
async fn revived(conn: &mut Conn, shop: &Shop, order: Id<Order>) -> Result<bool, sqlx::Error> {
    match revive(conn, shop, order).await {
        Ok(()) => Ok(true),
        Err(ReserveError::Short(_)) => Ok(false),
        Err(ReserveError::Database(error)) => Err(error),
    }
}

/// Money came after the goods went back to the shelf: takes them again if they are still there.
pub(super) async fn revive(conn: &mut Conn, shop: &Shop, order: Id<Order>) -> Result<(), ReserveError> {
    let lines =
        fetch_all!(conn, (i64, i64), "SELECT variant_id, quantity FROM order_line WHERE order_id = $1", order.0)
            .await?;
    let units: Vec<Units> =
        lines.into_iter().map(|(variant, quantity)| (variant, u32::try_from(quantity).unwrap_or(0))).collect();
    stock::reserve(conn, order, &units).await?;
    stock::take(conn, order).await?;
    Ok(note(conn, shop, order, Actor::System, EventKind::Revived, "").await?)
}

async fn refund(conn: &mut Conn, shop: &Shop, order: Id<Order>, report: &Report) -> Result<(), sqlx::Error> {
    book(conn, shop, order, &report.into(), "refunded").await?;
    TestBank::order_refund(conn, shop, &report.reference).await?;
    execute!(conn, "UPDATE orders SET state = 'cancelled', payment_state = 'refunded' WHERE id = $1 AND state IN ('draft', 'cancelled')", order.0).await?;
    note(conn, shop, order, Actor::System, EventKind::Refunded, "").await?;
    mail::enqueue(conn, shop, &format!("order-refunded-{}", order.0), &Mail::OrderRefunded { order: order.0 }).await
}

/// Writes money into the ledger; `false`: it stands there already.
pub(super) async fn book(
    conn: &mut Conn,
    shop: &Shop,
    order: Id<Order>,
    money: &Money<'_>,
    kind: &str,
) -> Result<bool, sqlx::Error> {
    let now = shop.now();
    let booked = execute!(
        conn,
        "INSERT INTO payment (id, order_id, provider, reference, kind, amount, at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (provider, reference, kind) DO NOTHING",
        shop.entropy.uuid(now),
        order.0,
        money.provider,
        money.reference,
        kind,
        money.amount.0,
        now
    )
    .await?;
    Ok(booked == 1)
}

/// The order stands: says so in the timeline and by mail, and takes what was bought out of the cart.
pub(super) async fn stand(conn: &mut Conn, shop: &Shop, order: Id<Order>) -> Result<(), sqlx::Error> {
    let sql = "UPDATE orders SET state = 'placed', placed_at = $1 WHERE id = $2 AND state = 'draft'";
    if execute!(conn, sql, shop.now(), order.0).await? == 0 {
        return Ok(());
    }
    note(conn, shop, order, Actor::Shopper, EventKind::Placed, "").await?;
    take_out(conn, order).await?;
    execute!(conn, "DELETE FROM checkout WHERE order_id = $1", order.0).await?;
    mail::enqueue(conn, shop, &format!("order-placed-{}", order.0), &Mail::OrderPlaced { order: order.0 }).await
}

/// Takes the units that were bought out of the cart. Units that were added meanwhile, in another tab or
/// while the shopper was at the bank, stay.
async fn take_out(conn: &mut Conn, order: Id<Order>) -> Result<(), sqlx::Error> {
    let bought = fetch_all!(
        conn,
        (Uuid, i64, i64),
        "SELECT o.cart_id, l.variant_id, l.quantity FROM orders o JOIN order_line l ON l.order_id = o.id WHERE o.id = $1 ORDER BY l.variant_id",
        order.0
    );
    for (cart, variant, quantity) in bought.await? {
        let less =
            "UPDATE cart_line SET quantity = quantity - $1 WHERE cart_id = $2 AND variant_id = $3 AND quantity > $1";
        if execute!(conn, less, quantity, cart, variant).await? == 0 {
            let gone = "DELETE FROM cart_line WHERE cart_id = $1 AND variant_id = $2 AND quantity <= $3";
            execute!(conn, gone, cart, variant, quantity).await?;
        }
    }
    Ok(())
}
