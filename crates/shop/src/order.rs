//! Orders: placing them, settling their money, showing them.

mod demo;
mod place;
mod settle;
mod sweep;
#[cfg(test)]
mod tests;
mod view;

pub use demo::{DemoError, demo};
pub use place::{Next, PlaceError, Placed, place};
pub(crate) use settle::settle_in;
pub use settle::{Outcome, Report, Settled, settle};
pub use sweep::{Swept, sweep};
pub(crate) use view::by_id;
pub use view::{ViewError, mine, mine_one, token_of, view};

use noren_domain::Id;
use noren_domain::order::{Actor, EventKind, Order};

use crate::Shop;
use crate::db::{Conn, Dialect};
use crate::execute;
#[cfg(test)]
use crate::outbox;

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

/// What a `SELECT` ends with so that its row stays as it was read until the end of the transaction.
/// On SQLite the writer is alone anyway.
const fn lock(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "",
        Dialect::Postgres => " FOR UPDATE",
    }
}
