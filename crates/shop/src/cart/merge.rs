//! A guest's cart becomes part of a customer's when the guest signs in.

use noren_domain::Id;
use noren_domain::account::Customer;
use noren_domain::cart::{Cart, MergeReport};
use noren_domain::order::Order;
use uuid::Uuid;

use super::rows::{self, units};
use super::{CartError, CartKey};
use crate::db::{Conn, Dialect, again};
use crate::token::Token;
use crate::{Shop, execute, fetch_all, fetch_optional, order};

/// Pours a browser's cart into the customer's: quantities add up to what stock and the limits of a
/// cart allow. A checkout begun by the guest, with the order it is paying, becomes the customer's and
/// takes the place of one left there earlier: what was just typed counts. Twice is once.
pub async fn merge(shop: &Shop, guest: &Token, customer: Id<Customer>) -> Result<MergeReport, CartError> {
    again(|| merge_once(shop, guest, customer)).await
}

async fn merge_once(shop: &Shop, guest: &Token, customer: Id<Customer>) -> Result<MergeReport, CartError> {
    let mut report = MergeReport::default();
    let mut tx = shop.db.write().await?;
    let Some(from) = rows::find(&mut tx, &CartKey::Guest(guest.clone())).await? else {
        // It may be gone into a group that is not on the disk yet: the answer waits for that.
        tx.commit().await?;
        return Ok(report);
    };
    let to = rows::begin(&mut tx, shop, &CartKey::Customer(customer)).await?;
    // Checkout, order, lines: the same order of locks as when an order is placed.
    lock_checkouts(&mut tx, from, to).await?;
    hand_over_drafts(&mut tx, from, to, customer).await?;
    // Before the lines, because what an unpaid order of this checkout holds is there for them.
    hand_over_checkout(&mut tx, shop, from, to).await?;
    let mut lines = empty(&mut tx, from).await?;
    lines.sort_by_key(|line| line.variant_id);
    for line in lines {
        let moved = pour(&mut tx, to, &line).await?;
        report.moved += moved;
        report.dropped += line.quantity().saturating_sub(moved);
    }
    rows::delete(&mut tx, from).await?;
    rows::touch(&mut tx, to, shop.now()).await?;
    tx.commit().await?;
    Ok(report)
}

/// Gives a checkout that the guest has begun to the customer's cart. One that stands there already is
/// left for good: an order it is paying is called off, or both could be paid.
async fn hand_over_checkout(conn: &mut Conn, shop: &Shop, from: Id<Cart>, to: Id<Cart>) -> Result<(), sqlx::Error> {
    if order_to_be(conn, from).await?.is_none() {
        return Ok(());
    }
    if let Some(left) = order_to_be(conn, to).await? {
        order::retire(conn, shop, to, left).await?;
        delete_checkout(conn, to).await?;
    }
    move_checkout(conn, from, to).await
}

/// A line on its way from one cart to another.
#[derive(sqlx::FromRow)]
struct Poured {
    variant_id: i64,
    quantity: i64,
    price_seen: i64,
    added_at: i64,
}

impl Poured {
    fn quantity(&self) -> u32 {
        units(self.quantity)
    }
}

/// Takes every line out of a cart. Who gets them owns them: a second taker finds none.
async fn empty(conn: &mut Conn, cart: Id<Cart>) -> Result<Vec<Poured>, sqlx::Error> {
    fetch_all!(
        conn,
        Poured,
        "DELETE FROM cart_line WHERE cart_id = $1 RETURNING variant_id, quantity, price_seen, added_at",
        cart.0
    )
    .await
}

/// Pours a line into a cart as far as stock and limits allow; gives the units that went in.
async fn pour(conn: &mut Conn, cart: Id<Cart>, line: &Poured) -> Result<u32, sqlx::Error> {
    if rows::is_full(conn, cart, line.variant_id).await? {
        return Ok(0);
    }
    let most = most(conn, cart, line.variant_id).await?;
    loop {
        let there = there(conn, cart, line.variant_id).await?;
        // A sold-out line comes over whole and says so in the cart, rather than vanishing.
        let room = if most == 0 && there == 0 { line.quantity() } else { most.saturating_sub(there) };
        let moved = line.quantity().min(room);
        // Another browser of the customer may have begun the line since it was looked for; it is there
        // and locked when it is looked for again.
        if moved == 0 || put(conn, cart, line, there, moved).await? {
            return Ok(moved);
        }
    }
}

/// Most units that a line of a cart can hold: what is left, and what its own unpaid order holds.
async fn most(conn: &mut Conn, cart: Id<Cart>, variant: i64) -> Result<u32, sqlx::Error> {
    let stock = fetch_optional!(
        conn,
        (i64,),
        "SELECT s.on_hand - s.reserved + COALESCE(r.quantity, 0) FROM stock s
         LEFT JOIN checkout c ON c.cart_id = $1
         LEFT JOIN reservation r ON r.order_id = c.order_id AND r.variant_id = s.variant_id AND r.state = 'held'
         WHERE s.variant_id = $2",
        cart.0,
        variant
    )
    .await?;
    Ok(stock.map_or(0, |(left,)| units(left)))
}

/// The units of a line, 0 when there is none. The line stays as it was read until the end of the
/// transaction.
async fn there(conn: &mut Conn, cart: Id<Cart>, variant: i64) -> Result<u32, sqlx::Error> {
    let sql = match conn.dialect() {
        Dialect::Sqlite => "SELECT quantity FROM cart_line WHERE cart_id = $1 AND variant_id = $2",
        Dialect::Postgres => "SELECT quantity FROM cart_line WHERE cart_id = $1 AND variant_id = $2 FOR UPDATE",
    };
    let row = fetch_optional!(conn, (i64,), sql, cart.0, variant).await?;
    Ok(row.map_or(0, |(quantity,)| units(quantity)))
}

/// Puts `moved` units on top of the `there` that a line holds; false when it holds another number.
async fn put(conn: &mut Conn, cart: Id<Cart>, line: &Poured, there: u32, moved: u32) -> Result<bool, sqlx::Error> {
    let changed = execute!(
        conn,
        "INSERT INTO cart_line (cart_id, variant_id, quantity, price_seen, added_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (cart_id, variant_id) DO UPDATE SET quantity = cart_line.quantity + excluded.quantity
         WHERE cart_line.quantity = $6",
        cart.0,
        line.variant_id,
        i64::from(moved),
        line.price_seen,
        line.added_at,
        i64::from(there)
    )
    .await?;
    Ok(changed == 1)
}

/// Locks the checkouts of two carts, so that no order is placed from either meanwhile. On SQLite the
/// writer is alone anyway.
async fn lock_checkouts(conn: &mut Conn, from: Id<Cart>, to: Id<Cart>) -> Result<(), sqlx::Error> {
    if conn.dialect() == Dialect::Postgres {
        let sql = "SELECT cart_id FROM checkout WHERE cart_id IN ($1, $2) ORDER BY cart_id FOR UPDATE";
        fetch_all!(conn, (Uuid,), sql, from.0, to.0).await?;
    }
    Ok(())
}

/// Gives orders that are still being paid to another cart and its customer: once paid, they stand in
/// that account, and what was bought leaves that cart.
async fn hand_over_drafts(
    conn: &mut Conn,
    from: Id<Cart>,
    to: Id<Cart>,
    customer: Id<Customer>,
) -> Result<(), sqlx::Error> {
    execute!(
        conn,
        "UPDATE orders SET cart_id = $1, customer_id = $2 WHERE cart_id = $3 AND state = 'draft' AND customer_id IS NULL",
        to.0,
        customer.0,
        from.0
    )
    .await?;
    Ok(())
}

/// The order that the checkout of a cart is to become, if one is begun.
async fn order_to_be(conn: &mut Conn, cart: Id<Cart>) -> Result<Option<Id<Order>>, sqlx::Error> {
    let row = fetch_optional!(conn, (Uuid,), "SELECT order_id FROM checkout WHERE cart_id = $1", cart.0).await?;
    Ok(row.map(|(order,)| Id::new(order)))
}

/// Deletes the checkout of a cart.
async fn delete_checkout(conn: &mut Conn, cart: Id<Cart>) -> Result<(), sqlx::Error> {
    execute!(conn, "DELETE FROM checkout WHERE cart_id = $1", cart.0).await?;
    Ok(())
}

/// Gives a begun checkout to another cart, which has none.
async fn move_checkout(conn: &mut Conn, from: Id<Cart>, to: Id<Cart>) -> Result<(), sqlx::Error> {
    execute!(conn, "UPDATE checkout SET cart_id = $1 WHERE cart_id = $2", to.0, from.0).await?;
    Ok(())
}
