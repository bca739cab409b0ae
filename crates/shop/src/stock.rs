//! Stock: `0 ≤ reserved ≤ on_hand`, kept by the database.
//!
//! Every change is one conditional update per variant, in the order of the variants' numbers, and
//! `product.in_stock` is brought up to date after the last of them, so that two buyers never wait
//! for each other in a circle. Who gives one order's goods back to hold another's says first what
//! it will touch: [`lock`].

use noren_domain::Id;
use noren_domain::cart::Cart;
use noren_domain::order::Order;

use crate::db::{Conn, Dialect};
use crate::{execute, fetch_all, fetch_optional};

/// Fewer units are left than were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// The variant.
    pub variant: i64,
    /// Units that can still be had.
    pub available: u32,
}

/// Why nothing was reserved.
#[derive(Debug, thiserror::Error)]
pub enum ReserveError {
    /// Not enough is left; every line that is short is named.
    #[error("not enough stock for {} line(s)", .0.len())]
    Short(Vec<Shortage>),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Units of one variant.
pub type Units = (i64, u32);

/// Takes hold, in order, of every unit that `order` holds and every variant that lies in `cart`, for
/// a transaction that gives the former back and reserves the latter. SQLite's writer is alone anyway.
pub async fn lock(conn: &mut Conn, order: Id<Order>, cart: Id<Cart>) -> Result<(), sqlx::Error> {
    if conn.dialect() == Dialect::Postgres {
        let sql = "SELECT variant_id FROM stock WHERE variant_id IN \
                   (SELECT variant_id FROM reservation WHERE order_id = $1 UNION SELECT variant_id FROM cart_line WHERE cart_id = $2) \
                   ORDER BY variant_id FOR UPDATE";
        fetch_all!(conn, (i64,), sql, order.0, cart.0).await?;
    }
    Ok(())
}

/// Holds `lines` for `order`: all of them, or none and every shortage named.
pub async fn reserve(conn: &mut Conn, order: Id<Order>, lines: &[Units]) -> Result<(), ReserveError> {
    let mut lines = lines.to_vec();
    lines.sort_unstable();
    let (mut held, mut short, mut emptied) = (Vec::new(), Vec::new(), Vec::new());
    for (variant, quantity) in lines.iter().copied() {
        let left = fetch_optional!(
            conn,
            (i64,),
            "UPDATE stock SET reserved = reserved + $1 WHERE variant_id = $2 AND on_hand - reserved >= $1 RETURNING on_hand - reserved",
            i64::from(quantity),
            variant
        )
        .await?;
        match left {
            Some((left,)) => {
                held.push((variant, quantity));
                if left == 0 {
                    emptied.push(variant);
                }
            }
            None => short.push(Shortage { variant, available: available(conn, variant).await? }),
        }
    }
    if !short.is_empty() {
        // The caller's transaction may go on (a refund is booked in it): leave no half reservation.
        for (variant, quantity) in held {
            give_back(conn, variant, i64::from(quantity)).await?;
        }
        return Err(ReserveError::Short(short));
    }
    for (variant, quantity) in &held {
        execute!(
            conn,
            "INSERT INTO reservation (order_id, variant_id, quantity, state) VALUES ($1, $2, $3, 'held') \
             ON CONFLICT (order_id, variant_id) DO UPDATE SET quantity = excluded.quantity, state = 'held'",
            order.0,
            *variant,
            i64::from(*quantity)
        )
        .await?;
    }
    refresh(conn, &emptied).await?;
    Ok(())
}

async fn available(conn: &mut Conn, variant: i64) -> Result<u32, sqlx::Error> {
    let sql = "SELECT on_hand - reserved FROM stock WHERE variant_id = $1";
    let left = fetch_optional!(conn, (i64,), sql, variant).await?;
    Ok(left.and_then(|(left,)| u32::try_from(left).ok()).unwrap_or(0))
}

/// Puts held units back; `true`: there were none left before.
async fn give_back(conn: &mut Conn, variant: i64, quantity: i64) -> Result<bool, sqlx::Error> {
    let sql = "UPDATE stock SET reserved = reserved - $1 WHERE variant_id = $2 RETURNING on_hand - reserved";
    let left = fetch_optional!(conn, (i64,), sql, quantity, variant).await?;
    Ok(left.is_some_and(|(left,)| left == quantity))
}

/// Takes what `order` holds from the shelf. `false`: it holds nothing (any more).
pub async fn take(conn: &mut Conn, order: Id<Order>) -> Result<bool, sqlx::Error> {
    let units = leave_hold(
        conn,
        order,
        "UPDATE reservation SET state = 'taken' WHERE order_id = $1 AND state = 'held' RETURNING variant_id, quantity",
    )
    .await?;
    for (variant, quantity) in &units {
        execute!(
            conn,
            "UPDATE stock SET on_hand = on_hand - $1, reserved = reserved - $1 WHERE variant_id = $2",
            *quantity,
            *variant
        )
        .await?;
    }
    Ok(!units.is_empty())
}

/// Gives back what `order` holds. `false`: it holds nothing (any more).
pub async fn release(conn: &mut Conn, order: Id<Order>) -> Result<bool, sqlx::Error> {
    let units = leave_hold(
        conn,
        order,
        "UPDATE reservation SET state = 'released' WHERE order_id = $1 AND state = 'held' RETURNING variant_id, quantity",
    )
    .await?;
    let mut filled = Vec::new();
    for (variant, quantity) in &units {
        if give_back(conn, *variant, *quantity).await? {
            filled.push(*variant);
        }
    }
    refresh(conn, &filled).await?;
    Ok(!units.is_empty())
}

/// Puts what was taken for `order` back on the shelf. `false`: nothing was (or is any more).
pub async fn put_back(conn: &mut Conn, order: Id<Order>) -> Result<bool, sqlx::Error> {
    let units = leave_hold(
        conn,
        order,
        "UPDATE reservation SET state = 'released' WHERE order_id = $1 AND state = 'taken' RETURNING variant_id, quantity",
    )
    .await?;
    let mut filled = Vec::new();
    for (variant, quantity) in &units {
        let sql = "UPDATE stock SET on_hand = on_hand + $1 WHERE variant_id = $2 RETURNING on_hand - reserved";
        let left = fetch_optional!(conn, (i64,), sql, *quantity, *variant).await?;
        if left.is_some_and(|(left,)| left == *quantity) {
            filled.push(*variant);
        }
    }
    refresh(conn, &filled).await?;
    Ok(!units.is_empty())
}

async fn leave_hold(conn: &mut Conn, order: Id<Order>, sql: &'static str) -> Result<Vec<(i64, i64)>, sqlx::Error> {
    let mut units = fetch_all!(conn, (i64, i64), sql, order.0).await?;
    units.sort_unstable();
    Ok(units)
}

/// Brings `product.in_stock` up to date for the products of these variants, which have just run out
/// or come back. The product's row is locked first: of two buyers who take the last units of two
/// variants at the same moment, the second must see what the first has done.
async fn refresh(conn: &mut Conn, variants: &[i64]) -> Result<(), sqlx::Error> {
    let mut products = Vec::with_capacity(variants.len());
    for variant in variants {
        products.extend(fetch_optional!(conn, (i64,), "SELECT product_id FROM variant WHERE id = $1", *variant).await?);
    }
    products.sort_unstable();
    products.dedup();
    for (product,) in products {
        if conn.dialect() == Dialect::Postgres {
            fetch_optional!(conn, (i64,), "SELECT id FROM product WHERE id = $1 FOR NO KEY UPDATE", product).await?;
        }
        execute!(
            conn,
            "UPDATE product SET in_stock = NOT in_stock WHERE id = $1 AND in_stock <> EXISTS \
             (SELECT 1 FROM variant v JOIN stock s ON s.variant_id = v.id \
              WHERE v.product_id = $1 AND v.state = 'active' AND s.on_hand > s.reserved)",
            product
        )
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
