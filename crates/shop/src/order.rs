//! Orders: placing them, settling their money, showing them, and what the shop's people do with them.

mod claim;
mod demo;
mod office;
mod place;
mod settle;
mod sweep;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use claim::claim;
pub use demo::{DemoError, demo};
pub use office::{Cancelled, MoneyBack, OfficeError, Recorded, Sent, cancel, list, look_up, paid, refunded, sent};
pub(crate) use place::retire;
pub use place::{Next, PlaceError, Placed, place};
pub(crate) use settle::settle_in;
pub use settle::{Outcome, Report, Settled, settle};
pub use sweep::{Swept, ask_late, sweep};
pub use view::{ByLink, ViewError, latest, mine, mine_one, token_of, view};
pub(crate) use view::{by_id, is_erased};

use noren_domain::Id;
use noren_domain::checkout::PaymentMethod;
use noren_domain::order::{Actor, EventKind, Order, OrderState, PaymentState, ShipmentState};
use uuid::Uuid;

use crate::Shop;
use crate::db::{Conn, Dialect};
#[cfg(test)]
use crate::outbox;
use crate::{execute, fetch_optional};

/// How long a card payment may take before the goods go back to the shelf.
const CARD_MS: i64 = 15 * 60 * 1_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Notes in the timeline what happened to `order`.
async fn note(
    conn: &mut Conn,
    shop: &Shop,
    order: Id<Order>,
    actor: Actor,
    kind: EventKind,
    detail: &str,
) -> Result<(), sqlx::Error> {
    let now = shop.now();
    execute!(
        conn,
        "INSERT INTO order_event (id, order_id, at, actor, kind, detail) VALUES ($1, $2, $3, $4, $5, $6)",
        shop.entropy.uuid(now),
        order.0,
        now,
        actor.word(),
        kind.word(),
        detail
    )
    .await?;
    Ok(())
}

/// An order while its row is held.
#[derive(sqlx::FromRow)]
struct Standing {
    state: String,
    payment_state: String,
    shipment_state: String,
    payment_method: String,
    total: i64,
    erased: bool,
}

impl Standing {
    fn state(&self) -> Option<OrderState> {
        OrderState::from_word(&self.state)
    }

    fn payment(&self) -> Option<PaymentState> {
        PaymentState::from_word(&self.payment_state)
    }

    fn shipment(&self) -> Option<ShipmentState> {
        ShipmentState::from_word(&self.shipment_state)
    }

    fn method(&self) -> Option<PaymentMethod> {
        PaymentMethod::from_word(&self.payment_method)
    }
}

/// Takes hold of `order` until the end of the transaction, in the one order of locks: its checkout,
/// the order, and after both its stock.
async fn hold(conn: &mut Conn, order: Id<Order>) -> Result<Option<Standing>, sqlx::Error> {
    let locked = lock(conn.dialect());
    let checkout = sqlx::AssertSqlSafe(format!("SELECT cart_id FROM checkout WHERE order_id = $1{locked}"));
    fetch_optional!(conn, (Uuid,), checkout, order.0).await?;
    let standing = sqlx::AssertSqlSafe(format!(
        "SELECT state, payment_state, shipment_state, payment_method, total, erased_at IS NOT NULL AS erased FROM orders WHERE id = $1{locked}"
    ));
    fetch_optional!(conn, Standing, standing, order.0).await
}

/// What a `SELECT` ends with so that its row stays as it was read until the end of the transaction.
/// On SQLite the writer is alone anyway.
const fn lock(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "",
        Dialect::Postgres => " FOR UPDATE",
    }
}
