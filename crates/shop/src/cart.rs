//! The cart: of a browser (by its token) or of a customer (by the account).

mod merge;
mod rows;
#[cfg(test)]
mod tests;

use noren_domain::Id;
use noren_domain::account::Customer;
use noren_domain::cart::CartLineView;
use noren_domain::cart::{Cart, CartView, Change, MAX_QUANTITY, Totals};
use noren_domain::form::Fault;
use noren_domain::prefecture::Prefecture;

use crate::Shop;
use crate::db::{Collided, Conn};
use crate::token::Token;

pub use merge::merge;

/// Most lines of a cart. Each page with a cart reads all of them, so nobody may add them without end.
/// Clicks at the very same moment may pass it by as many on PostgreSQL, which harms nobody.
pub const MAX_LINES: u32 = 100;

/// Whose cart.
#[derive(Clone, Debug)]
pub enum CartKey {
    /// Of a browser that nobody is signed in on.
    Guest(Token),
    /// Of a customer, the same on all devices.
    Customer(Id<Customer>),
}

/// Why a cart was not changed.
#[derive(Debug, thiserror::Error)]
pub enum CartError {
    /// What the shopper can mend.
    #[error("the cart cannot be changed like that: {0:?}")]
    Refused(Fault),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl Collided for CartError {
    fn collided(&self) -> bool {
        matches!(self, Self::Database(error) if error.collided())
    }
}

/// The cart of `key`, if it has been begun.
pub async fn find(shop: &Shop, key: &CartKey) -> Result<Option<Id<Cart>>, CartError> {
    Ok(rows::find(&mut shop.db.read().await?, key).await?)
}

/// Units in the cart as they were asked for: one cheap query for the header.
pub async fn count(shop: &Shop, key: &CartKey) -> Result<u32, CartError> {
    let count = rows::count(&mut shop.db.read().await?, key).await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The cart as it stands now, with every difference from what was last seen. It changes nothing:
/// call [`shown`] once the differences are on their way to the shopper.
pub async fn load(shop: &Shop, key: &CartKey) -> Result<CartView, CartError> {
    let mut conn = shop.db.read().await?;
    match rows::find(&mut conn, key).await? {
        Some(cart) => Ok(view(&mut conn, cart).await?),
        None => Ok(empty()),
    }
}

fn empty() -> CartView {
    let mut view = CartView::default();
    view.add_up();
    view
}

/// The cart `cart` as it stands now, read on `conn`.
pub async fn view(conn: &mut Conn, cart: Id<Cart>) -> Result<CartView, sqlx::Error> {
    let lines = lines(conn, cart).await?;
    let address = rows::address(conn, cart).await?;
    let prefecture = address.prefecture.map(Prefecture::number);
    let mut view = CartView { lines, prefecture, method: address.method, totals: Totals::default() };
    view.add_up();
    Ok(view)
}

/// The lines of `cart` as they stand now, read on `conn`.
pub async fn lines(conn: &mut Conn, cart: Id<Cart>) -> Result<Vec<CartLineView>, sqlx::Error> {
    Ok(rows::lines(conn, cart).await?.into_iter().map(rows::Line::view).collect())
}

/// Notes that the shopper has been shown `view`: its prices and quantities are the ones the next
/// differences are told from.
pub async fn shown(shop: &Shop, key: &CartKey, view: &CartView) -> Result<(), CartError> {
    if !view.has_changes() {
        return Ok(());
    }
    let mut tx = shop.db.write().await?;
    if let Some(cart) = rows::find(&mut tx, key).await? {
        let mut lines: Vec<_> = view.lines.iter().collect();
        lines.sort_unstable_by_key(|line| line.variant);
        for line in lines {
            for change in &line.changes {
                match *change {
                    Change::Price { from, to } => rows::price_seen(&mut tx, cart, line.variant, from, to).await?,
                    Change::Cut { from, to } => rows::cut(&mut tx, cart, line.variant, from, to).await?,
                    Change::SoldOut | Change::Gone => {}
                }
            }
        }
    }
    tx.commit().await?;
    Ok(())
}

/// Puts `quantity` more units of `sku` into the cart, beginning one if there is none.
pub async fn add(shop: &Shop, key: &CartKey, sku: &str, quantity: u32) -> Result<(), CartError> {
    let mut tx = shop.db.write().await?;
    let begun = rows::find(&mut tx, key).await?;
    let goods = rows::sold(&mut tx, begun, sku).await?.ok_or(CartError::Refused(Fault::Gone))?;
    let most = goods.available();
    if quantity == 0 || quantity > MAX_QUANTITY {
        return Err(CartError::Refused(Fault::Quantity { min: 1, max: MAX_QUANTITY }));
    }
    if quantity > most {
        return Err(CartError::Refused(Fault::Stock { available: most }));
    }
    let cart = rows::begin(&mut tx, shop, key).await?;
    if rows::is_full(&mut tx, cart, goods.id).await? {
        return Err(CartError::Refused(Fault::CartFull { max: MAX_LINES }));
    }
    if !rows::add(&mut tx, cart, &goods, quantity, most, shop.now()).await? {
        return Err(CartError::Refused(if most == MAX_QUANTITY {
            Fault::Quantity { min: 1, max: MAX_QUANTITY }
        } else {
            Fault::Stock { available: most }
        }));
    }
    rows::touch(&mut tx, cart, shop.now()).await?;
    tx.commit().await?;
    Ok(())
}

/// Makes it `quantity` units of `sku`, which must be in the cart already.
pub async fn set(shop: &Shop, key: &CartKey, sku: &str, quantity: u32) -> Result<(), CartError> {
    if quantity == 0 || quantity > MAX_QUANTITY {
        return Err(CartError::Refused(Fault::Quantity { min: 1, max: MAX_QUANTITY }));
    }
    let mut tx = shop.db.write().await?;
    let cart = rows::find(&mut tx, key).await?.ok_or(CartError::Refused(Fault::NotFound))?;
    let goods = rows::sold(&mut tx, Some(cart), sku).await?.ok_or(CartError::Refused(Fault::Gone))?;
    let most = goods.available();
    if quantity > most {
        return Err(CartError::Refused(Fault::Stock { available: most }));
    }
    if !rows::set(&mut tx, cart, goods.id, quantity).await? {
        return Err(CartError::Refused(Fault::NotFound));
    }
    rows::touch(&mut tx, cart, shop.now()).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes `sku` out. That it is not there (any more) is no fault: that was the wish.
pub async fn remove(shop: &Shop, key: &CartKey, sku: &str) -> Result<(), CartError> {
    let mut tx = shop.db.write().await?;
    if let Some(cart) = rows::find(&mut tx, key).await? {
        rows::remove(&mut tx, cart, sku).await?;
        rows::touch(&mut tx, cart, shop.now()).await?;
    }
    tx.commit().await?;
    Ok(())
}
