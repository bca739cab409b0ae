//! Placing an order in three phases: prepare (one transaction), pay (outside any), finish (its own
//! transaction, see `settle`). Pressing twice, two tabs, back and reload end at the same order.

use noren_domain::account::Customer;
use noren_domain::cart::Cart;
use noren_domain::checkout::{Confirmation, PaymentMethod, Quote, Step, TRANSFER_DAYS};
use noren_domain::order::{Actor, EventKind, Order};
use noren_domain::tax::TaxClass;
use noren_domain::{Id, Lang};
use uuid::Uuid;

use super::{CARD_MS, DAY_MS, Settled, lock, note, settle, token_of};
use crate::checkout::{self, CheckoutError};
use crate::db::{Collided, Conn, Tx, again};
use crate::payment::{PaymentError, TestBank};
use crate::stock::{self, ReserveError, Shortage, Units};
use crate::token::Token;
use crate::{Shop, execute, fetch_optional, outbox};

/// An order that stands, or waits for its card payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The secret of the order's page.
    pub token: Token,
    /// What happens now.
    pub next: Next,
}

/// Where the shopper goes from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// To the order's page: it stands.
    Done,
    /// To the bank's page.
    Pay {
        /// Its address.
        url: String,
    },
}

/// The order was not placed, and nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// Something differs from the confirmation that the shopper saw.
    #[error("the confirmation has changed since it was shown")]
    Changed,
    /// Not enough stock.
    #[error("not enough stock")]
    Sold(Vec<Shortage>),
    /// Nothing to buy.
    #[error("the cart is empty")]
    Empty,
    /// An earlier step of the checkout is open.
    #[error("step {0:?} is not filled in")]
    Incomplete(Step),
    /// The checkout cannot be read.
    #[error(transparent)]
    Checkout(CheckoutError),
    /// The bank cannot be reached.
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<CheckoutError> for PlaceError {
    fn from(error: CheckoutError) -> Self {
        match error {
            CheckoutError::Empty => Self::Empty,
            CheckoutError::Incomplete(step) => Self::Incomplete(step),
            CheckoutError::Database(error) => Self::Database(error),
            other => Self::Checkout(other),
        }
    }
}

impl Collided for PlaceError {
    fn collided(&self) -> bool {
        matches!(self, Self::Database(error) if error.collided())
    }
}

impl From<ReserveError> for PlaceError {
    fn from(error: ReserveError) -> Self {
        match error {
            ReserveError::Short(short) => Self::Sold(short),
            ReserveError::Database(error) => Self::Database(error),
        }
    }
}

/// What the first phase leaves behind.
#[derive(Clone, Copy, Debug)]
pub(super) enum Prepared {
    /// The order stands.
    Stands(Id<Order>),
    /// Goods are held, the money is not here yet.
    ToPay(Id<Order>),
}

/// Buys what is in `cart`. `seen` is the SHA-256 of the confirmation the shopper saw, in `lang`.
pub async fn place(
    shop: &Shop,
    cart: Id<Cart>,
    customer: Option<Id<Customer>>,
    seen: [u8; 32],
    lang: Lang,
) -> Result<Placed, PlaceError> {
    if let Some(order) = paid_already(shop, cart).await? {
        return Ok(Placed { token: token_of(shop, order), next: Next::Done });
    }
    match prepare(shop, cart, customer, seen, lang).await? {
        Prepared::Stands(order) => {
            outbox::ring();
            Ok(Placed { token: token_of(shop, order), next: Next::Done })
        }
        Prepared::ToPay(order) => {
            let url = TestBank::start(shop, order).await?;
            Ok(Placed { token: token_of(shop, order), next: Next::Pay { url } })
        }
    }
}

/// The order of `cart` if the bank has its money and only we have not heard yet: a shopper who paid,
/// went back and presses again must not buy a second time.
async fn paid_already(shop: &Shop, cart: Id<Cart>) -> Result<Option<Id<Order>>, sqlx::Error> {
    let sql = "SELECT c.order_id, t.reference FROM checkout c JOIN payment_try t ON t.order_id = c.order_id WHERE c.cart_id = $1 AND t.state = 'open'";
    let open = fetch_optional!(shop.db.read().await?, (Uuid, String), sql, cart.0).await?;
    let Some((order, reference)) = open else { return Ok(None) };
    let Some(report) = TestBank::status(shop, &reference).await? else { return Ok(None) };
    Ok((settle::settle(shop, &report).await? == Settled::Placed).then(|| Id::new(order)))
}

/// The first phase, in one transaction.
pub(super) async fn prepare(
    shop: &Shop,
    cart: Id<Cart>,
    customer: Option<Id<Customer>>,
    seen: [u8; 32],
    lang: Lang,
) -> Result<Prepared, PlaceError> {
    again(|| prepare_once(shop, cart, customer, seen, lang)).await
}

async fn prepare_once(
    shop: &Shop,
    cart: Id<Cart>,
    customer: Option<Id<Customer>>,
    seen: [u8; 32],
    lang: Lang,
) -> Result<Prepared, PlaceError> {
    let mut tx = shop.db.write().await?;
    let claim = sqlx::AssertSqlSafe(format!("SELECT order_id FROM checkout WHERE cart_id = $1{}", lock(tx.dialect())));
    let Some((order,)) = fetch_optional!(tx, (Uuid,), claim, cart.0).await? else {
        let prepared = replay(&mut tx, cart, seen).await?.ok_or(PlaceError::Empty)?;
        return found(tx, prepared).await;
    };
    if let Some(prepared) = waiting(&mut tx, shop, Id::new(order), seen).await? {
        return found(tx, prepared).await;
    }
    stock::lock(&mut tx, Id::new(order), cart).await?;
    retire(&mut tx, shop, cart, Id::new(order)).await?;
    let quote = checkout::quote(&mut tx, shop, cart).await?;
    let shown = Confirmation::of(&quote, lang).canonical();
    if checkout::hash_of(&shown) != seen {
        return Err(PlaceError::Changed);
    }
    draft(tx, shop, cart, customer, &shown, lang, quote).await
}

/// Answers with an order that was there. Another press may have made it a moment ago, in a group of
/// transactions that is not on the disk yet; the commit waits for it.
async fn found(tx: Tx, prepared: Prepared) -> Result<Prepared, PlaceError> {
    tx.commit().await?;
    Ok(prepared)
}

/// The order that this very confirmation has become already.
async fn replay(conn: &mut Conn, cart: Id<Cart>, seen: [u8; 32]) -> Result<Option<Prepared>, sqlx::Error> {
    let sql = "SELECT id FROM orders WHERE cart_id = $1 AND shown_hash = $2 AND placed_at IS NOT NULL ORDER BY placed_at DESC LIMIT 1";
    let found = fetch_optional!(conn, (Uuid,), sql, cart.0, seen.to_vec()).await?;
    Ok(found.map(|(order,)| Prepared::Stands(Id::new(order))))
}

/// The draft of the same confirmation, if its payment is still open and its goods are still held.
async fn waiting(
    conn: &mut Conn,
    shop: &Shop,
    order: Id<Order>,
    seen: [u8; 32],
) -> Result<Option<Prepared>, sqlx::Error> {
    let sql = "SELECT pay_until FROM orders WHERE id = $1 AND shown_hash = $2 AND state = 'draft' AND payment_state = 'unpaid' AND pay_until > $3";
    let found = fetch_optional!(conn, (i64,), sql, order.0, seen.to_vec(), shop.now()).await?;
    Ok(found.map(|_| Prepared::ToPay(order)))
}

/// Makes way for another try. An order of the checkout's name that is there already (left at the bank,
/// or called off because its money came too late) keeps that name, and the checkout gets a new one; a
/// draft is called off, and money that still comes for it goes back by itself.
pub(crate) async fn retire(conn: &mut Conn, shop: &Shop, cart: Id<Cart>, order: Id<Order>) -> Result<(), sqlx::Error> {
    let sql = "UPDATE orders SET state = 'cancelled', payment_state = 'failed' WHERE id = $1 AND state = 'draft'";
    if execute!(conn, sql, order.0).await? > 0 {
        stock::release(conn, order).await?;
        note(conn, shop, order, Actor::Shopper, EventKind::Cancelled, "another try").await?;
    }
    // The next try needs a name of its own also after an order whose late money went back.
    let sql = "UPDATE checkout SET order_id = $1 WHERE cart_id = $2 AND EXISTS (SELECT 1 FROM orders WHERE id = checkout.order_id)";
    execute!(conn, sql, shop.entropy.uuid(shop.now()), cart.0).await?;
    Ok(())
}

/// Writes the order down and holds its goods; what needs no bank stands at once.
async fn draft(
    mut tx: Tx,
    shop: &Shop,
    cart: Id<Cart>,
    customer: Option<Id<Customer>>,
    shown: &str,
    lang: Lang,
    quote: Quote,
) -> Result<Prepared, PlaceError> {
    let (order, now) = (Id::<Order>::new(quote.order_id), shop.now());
    let pay_until = match quote.payment {
        PaymentMethod::Card => Some(now + CARD_MS),
        PaymentMethod::Transfer => Some(now + TRANSFER_DAYS * DAY_MS),
        PaymentMethod::Cash => None,
    };
    insert(&mut tx, shop, cart, customer, shown, lang, &quote, pay_until).await?;
    let units: Vec<Units> = quote.lines.iter().map(|line| (line.variant_id, line.quantity)).collect();
    stock::reserve(&mut tx, order, &units).await?;
    note(&mut tx, shop, order, Actor::Shopper, EventKind::Started, "").await?;
    let prepared = match quote.payment {
        PaymentMethod::Card => {
            TestBank::open_try(&mut tx, shop, order, quote.totals.total).await?;
            Prepared::ToPay(order)
        }
        PaymentMethod::Transfer => {
            settle::stand(&mut tx, shop, order).await?;
            Prepared::Stands(order)
        }
        PaymentMethod::Cash => {
            stock::take(&mut tx, order).await?;
            settle::stand(&mut tx, shop, order).await?;
            Prepared::Stands(order)
        }
    };
    tx.commit().await?;
    Ok(prepared)
}

#[expect(clippy::too_many_arguments, reason = "one row of many columns, filled in one place")]
async fn insert(
    conn: &mut Conn,
    shop: &Shop,
    cart: Id<Cart>,
    customer: Option<Id<Customer>>,
    shown: &str,
    lang: Lang,
    quote: &Quote,
    pay_until: Option<i64>,
) -> Result<(), sqlx::Error> {
    let code = shop.entropy.code(8);
    let (standard, reduced) = (quote.totals.at(TaxClass::Standard), quote.totals.at(TaxClass::Reduced));
    // The person's fields go over sealed as they are: checkout and order have the same subject.
    execute!(
        conn,
        "INSERT INTO orders (id, no, token_hash, cart_id, customer_id, subject_id, lang, state, payment_state, shipment_state, payment_method, \
           delivery_method, delivery_date, delivery_slot, gift_wrap, gift_message, email, email_index, name, kana, postal_code, city, street, building, phone, \
           prefecture, goods, shipping, payment_fee, total, standard_gross, standard_tax, reduced_gross, reduced_tax, shown, shown_hash, created_at, pay_until) \
         SELECT order_id, $1, $2, cart_id, $3, subject_id, $4, 'draft', 'unpaid', 'open', payment_method, \
           delivery_method, delivery_date, delivery_slot, gift_wrap, gift_message, email, email_index, name, kana, postal_code, city, street, building, phone, \
           prefecture, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16 FROM checkout WHERE cart_id = $17",
        format!("N-{}-{}", &code[..4], &code[4..]),
        token_of(shop, Id::new(quote.order_id)).hash().to_vec(),
        customer.map(|customer| customer.0),
        lang.tag(),
        quote.totals.goods.0,
        quote.totals.shipping.0,
        quote.totals.payment_fee.0,
        quote.totals.total.0,
        standard.gross.0,
        standard.tax.0,
        reduced.gross.0,
        reduced.tax.0,
        shown,
        checkout::hash_of(shown).to_vec(),
        shop.now(),
        pay_until,
        cart.0
    )
    .await?;
    for (position, line) in (0i64..).zip(&quote.lines) {
        execute!(
            conn,
            "INSERT INTO order_line (order_id, position, variant_id, sku, slug, name_ja, name_en, options_ja, options_en, picture, price, quantity, tax_class) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            quote.order_id,
            position,
            line.variant_id,
            line.sku.as_str(),
            line.slug.as_str(),
            line.name.ja.as_str(),
            line.name.en.as_str(),
            line.options.ja.as_str(),
            line.options.en.as_str(),
            line.picture.as_deref(),
            line.price.0,
            i64::from(line.quantity),
            line.tax_class.word()
        )
        .await?;
    }
    Ok(())
}
