//! What the people of the shop do with an order by hand: record a bank transfer, call an order off.

use noren_domain::checkout::PaymentMethod;
use noren_domain::order::{Actor, EventKind, Order, OrderState, OrderSummary, OrderView, PaymentState, ShipmentState};
use noren_domain::{Id, Lang, Yen};
use uuid::Uuid;

use super::settle::{self, Money};
use super::view::{self, ViewError};
use super::{hold, note};
use crate::db::{Collided, Conn, again};
use crate::mail::{self, Mail};
use crate::outbox;
use crate::stock::{self, ReserveError, Shortage};
use crate::{Shop, execute, fetch_optional};

/// The provider of a transfer in the ledger of money; its reference is the order's number.
const PROVIDER: &str = "transfer";

/// What recording a transfer came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The order is paid, and the goods that were held for it are its own.
    Paid,
    /// The order had lapsed; it stands again, with goods taken anew.
    Revived,
    /// The same transfer was recorded before; nothing was done.
    Already,
}

/// What calling an order off came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// It is called off, and its goods are back on the shelf.
    Now,
    /// It was called off before; nothing was done.
    Already,
}

/// What recording a parcel came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It is on its way.
    Now,
    /// It was recorded before; nothing was done.
    Already,
}

/// What recording money that went back came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoneyBack {
    /// The order is called off, and its goods are back on the shelf.
    CalledOff,
    /// The goods have left the shop; the order is paid back and stands.
    AfterSending,
    /// It was recorded before; nothing was done.
    Already,
}

/// It was not done, and nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// No such order.
    #[error("there is no order {0}; a number looks like N-XXXX-XXXX and stands in the order's mail")]
    Unknown(String),
    /// Only transfers are recorded by hand.
    #[error("{no} is paid by {method}, not by bank transfer; nothing was recorded")]
    Method {
        /// The order's number.
        no: String,
        /// How it is paid.
        method: String,
    },
    /// Another amount than the order's total.
    #[error(
        "{no} comes to {total}, not {given}; nothing was recorded: settle the difference with the shopper, then record the whole amount"
    )]
    Amount {
        /// The order's number.
        no: String,
        /// What it comes to.
        total: String,
        /// What was given.
        given: String,
    },
    /// Money for an order that was called off for another reason than the time.
    #[error("{no} was called off; nothing was recorded: send the money back to whom it came from")]
    CalledOff {
        /// The order's number.
        no: String,
    },
    /// The goods went back to the shelf and were sold.
    #[error(
        "{no} had lapsed and its goods are gone ({}); nothing was recorded: send the money back, or record it again once there are goods", .short.join(", ")
    )]
    Gone {
        /// The order's number.
        no: String,
        /// What is missing, in words.
        short: Vec<String>,
    },
    /// There is no money that could have gone back.
    #[error("{no} is not paid; nothing was recorded: call it off with `noren order cancel`")]
    NotPaid {
        /// The order's number.
        no: String,
    },
    /// There is money that would have to go back.
    #[error(
        "{no} is paid: of a bank transfer send the money back, then record that with `noren order refund`; money of a card cannot be sent back from here yet: do it at the payment company (docs/OPERATIONS.md)"
    )]
    Paid {
        /// The order's number.
        no: String,
    },
    /// Nothing is to be sent: called off, or the money is not here.
    #[error("{no} is not to be sent: it was called off, or its money is not here (`noren order show {no}`)")]
    NotDue {
        /// The order's number.
        no: String,
    },
    /// The parcel is on its way or there.
    #[error("the goods of {no} have left the shop; it cannot be called off any more")]
    Left {
        /// The order's number.
        no: String,
    },
    /// The database holds a word that this version does not know.
    #[error("{no} was written by a newer version of the shop; use that one")]
    Newer {
        /// The order's number.
        no: String,
    },
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl Collided for OfficeError {
    fn collided(&self) -> bool {
        matches!(self, Self::Database(error) if error.collided())
    }
}

/// An order in the hands of somebody of the shop, held until the end of the transaction.
struct InHand {
    id: Id<Order>,
    no: String,
    state: OrderState,
    payment: PaymentState,
    shipment: ShipmentState,
    method: PaymentMethod,
    total: Yen,
    /// Nobody is named in it any more.
    erased: bool,
}

impl InHand {
    /// Only transfers are recorded by hand.
    fn by_transfer(&self) -> Result<(), OfficeError> {
        if self.method == PaymentMethod::Transfer {
            return Ok(());
        }
        Err(OfficeError::Method { no: self.no.clone(), method: self.method.name(Lang::En).to_lowercase() })
    }

    /// And only as a whole.
    fn whole(&self, amount: Yen) -> Result<(), OfficeError> {
        if amount == self.total {
            return Ok(());
        }
        let [total, given] = [self.total, amount].map(|yen| yen.show(Lang::En));
        Err(OfficeError::Amount { no: self.no.clone(), total, given })
    }
}

/// A number as it was typed. PostgreSQL refuses U+0000 in a text; no order's number holds one.
fn number(typed: &str) -> String {
    typed.trim().to_ascii_uppercase().replace('\0', "")
}

async fn take_up(conn: &mut Conn, no: &str) -> Result<InHand, OfficeError> {
    let no = number(no);
    let found = fetch_optional!(conn, (Uuid,), "SELECT id FROM orders WHERE no = $1", no.as_str()).await?;
    let Some((id,)) = found else { return Err(OfficeError::Unknown(no)) };
    let id = Id::new(id);
    let Some(standing) = hold(conn, id).await? else { return Err(OfficeError::Unknown(no)) };
    let words = (standing.state(), standing.payment(), standing.shipment(), standing.method());
    let (Some(state), Some(payment), Some(shipment), Some(method)) = words else {
        return Err(OfficeError::Newer { no });
    };
    Ok(InHand { id, no, state, payment, shipment, method, total: Yen(standing.total), erased: standing.erased })
}

/// The last `at_most` orders that stand, newest first: those still to be sent, or all.
pub async fn list(shop: &Shop, all: bool, at_most: u32) -> Result<Vec<OrderSummary>, ViewError> {
    view::standing(shop, all, i64::from(at_most)).await
}

/// Everything about the order `no`, its address among it: to pack and send it.
pub async fn look_up(shop: &Shop, no: &str) -> Result<Option<OrderView>, ViewError> {
    view::by_number(shop, &number(no)).await
}

/// Records that the parcel of the order `no` is with the carrier.
pub async fn sent(shop: &Shop, no: &str) -> Result<Sent, OfficeError> {
    again(|| sent_once(shop, no)).await
}

async fn sent_once(shop: &Shop, no: &str) -> Result<Sent, OfficeError> {
    let mut tx = shop.db.write().await?;
    let order = take_up(&mut tx, no).await?;
    if order.shipment.has_left() {
        tx.commit().await?;
        return Ok(Sent::Already);
    }
    let due = match order.method {
        PaymentMethod::Cash => order.payment == PaymentState::Unpaid,
        PaymentMethod::Card | PaymentMethod::Transfer => order.payment == PaymentState::Paid,
    };
    if order.state != OrderState::Placed || !due {
        return Err(OfficeError::NotDue { no: order.no });
    }
    execute!(tx, "UPDATE orders SET shipment_state = 'shipped' WHERE id = $1", order.id.0).await?;
    note(&mut tx, shop, order.id, Actor::Shop, EventKind::Shipped, "").await?;
    tx.commit().await?;
    Ok(Sent::Now)
}

/// Records that the whole of `amount` has come in by bank transfer for the order `no`. The same again
/// records nothing.
pub async fn paid(shop: &Shop, no: &str, amount: Yen) -> Result<Recorded, OfficeError> {
    let recorded = again(|| paid_once(shop, no, amount)).await?;
    outbox::ring();
    Ok(recorded)
}

async fn paid_once(shop: &Shop, no: &str, amount: Yen) -> Result<Recorded, OfficeError> {
    let mut tx = shop.db.write().await?;
    let order = take_up(&mut tx, no).await?;
    let no = order.no.clone();
    order.by_transfer()?;
    order.whole(amount)?;
    let money = Money { provider: PROVIDER, reference: &no, amount };
    let recorded = if settle::book(&mut tx, shop, order.id, &money, "captured").await? {
        stand_paid(&mut tx, shop, &order).await?
    } else {
        Recorded::Already
    };
    tx.commit().await?;
    Ok(recorded)
}

/// The money is booked: the order is paid, and its goods leave the shelf for it.
async fn stand_paid(conn: &mut Conn, shop: &Shop, order: &InHand) -> Result<Recorded, OfficeError> {
    // With nobody to send it to, the money goes back.
    let late = order.state.may_stand_after_all(order.payment) && !order.erased;
    if !(late || order.state == OrderState::Placed) || !order.payment.may_become(PaymentState::Paid) {
        return Err(OfficeError::CalledOff { no: order.no.clone() });
    }
    let held = stock::take(conn, order.id).await?;
    if !held && let Err(error) = settle::revive(conn, shop, order.id).await {
        return Err(match error {
            ReserveError::Short(short) => {
                OfficeError::Gone { no: order.no.clone(), short: in_words(conn, &short).await? }
            }
            ReserveError::Database(error) => error.into(),
        });
    }
    note(conn, shop, order.id, Actor::Shop, EventKind::Paid, "").await?;
    let sql = "UPDATE orders SET state = 'placed', payment_state = 'paid' WHERE id = $1";
    execute!(conn, sql, order.id.0).await?;
    let mail = Mail::OrderPaid { order: order.id.0 };
    mail::enqueue(conn, shop, &format!("order-paid-{}", order.id.0), &mail).await?;
    // Not true any more, if it has not left yet.
    outbox::cancel(conn, shop, &format!("order-lapsed-{}", order.id.0)).await?;
    Ok(if held { Recorded::Paid } else { Recorded::Revived })
}

async fn in_words(conn: &mut Conn, short: &[Shortage]) -> Result<Vec<String>, sqlx::Error> {
    let mut words = Vec::with_capacity(short.len());
    for Shortage { variant, available } in short {
        let sku = fetch_optional!(conn, (String,), "SELECT sku FROM variant WHERE id = $1", *variant).await?;
        words.push(format!("{}: {available} left", sku.map_or_else(|| variant.to_string(), |(sku,)| sku)));
    }
    Ok(words)
}

/// Records that the whole of `amount`, which had come in by bank transfer for the order `no`, was sent back;
/// calls the order off if its goods are still here. The same again records nothing.
pub async fn refunded(shop: &Shop, no: &str, amount: Yen) -> Result<MoneyBack, OfficeError> {
    again(|| refunded_once(shop, no, amount)).await
}

async fn refunded_once(shop: &Shop, no: &str, amount: Yen) -> Result<MoneyBack, OfficeError> {
    let mut tx = shop.db.write().await?;
    let order = take_up(&mut tx, no).await?;
    let no = order.no.clone();
    order.by_transfer()?;
    if order.payment == PaymentState::Refunded {
        tx.commit().await?;
        return Ok(MoneyBack::Already);
    }
    if !order.payment.may_become(PaymentState::Refunded) {
        return Err(OfficeError::NotPaid { no });
    }
    order.whole(amount)?;
    settle::book(&mut tx, shop, order.id, &Money { provider: PROVIDER, reference: &no, amount }, "refunded").await?;
    execute!(tx, "UPDATE orders SET payment_state = 'refunded' WHERE id = $1", order.id.0).await?;
    note(&mut tx, shop, order.id, Actor::Shop, EventKind::Refunded, "").await?;
    let here = !order.shipment.has_left() && order.state.may_become(OrderState::Cancelled);
    if here {
        call_off(&mut tx, shop, order.id).await?;
    }
    tx.commit().await?;
    Ok(if here { MoneyBack::CalledOff } else { MoneyBack::AfterSending })
}

/// Calls off the order `no`, which nobody has paid (a transfer that has not come, cash on delivery) and
/// whose goods are still here; they go back to the shelf. Again changes nothing.
pub async fn cancel(shop: &Shop, no: &str) -> Result<Cancelled, OfficeError> {
    again(|| cancel_once(shop, no)).await
}

async fn cancel_once(shop: &Shop, no: &str) -> Result<Cancelled, OfficeError> {
    let mut tx = shop.db.write().await?;
    let order = take_up(&mut tx, no).await?;
    if order.state == OrderState::Cancelled {
        // One that only lapsed would stand again if its money came: it is called off for good.
        let sql = "UPDATE orders SET payment_state = 'unpaid' WHERE id = $1 AND payment_state = 'expired'";
        let lapsed = execute!(tx, sql, order.id.0).await? > 0;
        if lapsed {
            note(&mut tx, shop, order.id, Actor::Shop, EventKind::Cancelled, "").await?;
        }
        tx.commit().await?;
        return Ok(if lapsed { Cancelled::Now } else { Cancelled::Already });
    }
    if order.payment.has_money() {
        return Err(OfficeError::Paid { no: order.no });
    }
    if order.shipment.has_left() || !order.state.may_become(OrderState::Cancelled) {
        return Err(OfficeError::Left { no: order.no });
    }
    call_off(&mut tx, shop, order.id).await?;
    tx.commit().await?;
    Ok(Cancelled::Now)
}

async fn call_off(conn: &mut Conn, shop: &Shop, order: Id<Order>) -> Result<(), sqlx::Error> {
    // What was held for a transfer, or taken: when it came, or at once for cash on delivery.
    stock::release(conn, order).await?;
    stock::put_back(conn, order).await?;
    // Nobody waits for its money any more.
    execute!(conn, "UPDATE orders SET state = 'cancelled', pay_until = NULL WHERE id = $1", order.0).await?;
    note(conn, shop, order, Actor::Shop, EventKind::Cancelled, "").await
}
