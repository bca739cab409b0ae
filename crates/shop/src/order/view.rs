//! What people see of an order. Its page opens by token; a wrong token and an unknown order are
//! the same "not found".

use noren_domain::account::Customer;
use noren_domain::checkout::PaymentMethod;
use noren_domain::order::{
    EventKind, Order, OrderAddress, OrderEvent, OrderLineView, OrderState, OrderSummary, OrderView, PaymentState,
    ShipmentState,
};
use noren_domain::prefecture::Prefecture;
use noren_domain::shipping::{Method, Slot};
use noren_domain::tax::{TaxClass, TaxShare};
use noren_domain::{Id, Lang, Text, Yen};
use uuid::Uuid;

use crate::account::events;
use crate::db::Conn;
use crate::token::Token;
use crate::vault::{Asker, Field, For, VaultError};
use crate::{Shop, fetch_all, fetch_optional, outbox};

/// An order cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The vault does not open the address.
    #[error("{0}")]
    Vault(#[from] VaultError),
    /// The database holds a word this version does not know.
    #[error("order {order}: {column} holds \"{word}\", which this version does not know")]
    Word {
        /// The order.
        order: Uuid,
        /// The column.
        column: &'static str,
        /// What it holds.
        word: String,
    },
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    no: String,
    subject_id: Uuid,
    customer_id: Option<Uuid>,
    lang: String,
    state: String,
    payment_state: String,
    shipment_state: String,
    payment_method: String,
    delivery_method: String,
    delivery_date: Option<String>,
    delivery_slot: Option<String>,
    gift_wrap: bool,
    gift_message: Option<Vec<u8>>,
    email: Vec<u8>,
    name: Vec<u8>,
    postal_code: Vec<u8>,
    city: Vec<u8>,
    street: Vec<u8>,
    building: Option<Vec<u8>>,
    phone: Vec<u8>,
    prefecture: i64,
    goods: i64,
    shipping: i64,
    payment_fee: i64,
    total: i64,
    standard_gross: i64,
    standard_tax: i64,
    reduced_gross: i64,
    reduced_tax: i64,
    placed_at: Option<i64>,
    pay_until: Option<i64>,
    erased_at: Option<i64>,
    erase_asked_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct LineRow {
    sku: String,
    slug: String,
    name_ja: String,
    name_en: String,
    options_ja: String,
    options_en: String,
    picture: Option<String>,
    price: i64,
    quantity: i64,
    tax_class: String,
}

#[derive(sqlx::FromRow)]
struct SummaryRow {
    id: Uuid,
    no: String,
    state: String,
    payment_state: String,
    payment_method: String,
    shipment_state: String,
    placed_at: i64,
    total: i64,
    name_ja: String,
    name_en: String,
    picture: Option<String>,
    pieces: i64,
}

const COLUMNS: &str = "id, no, subject_id, customer_id, lang, state, payment_state, shipment_state, payment_method, delivery_method, delivery_date, \
     delivery_slot, gift_wrap, gift_message, email, name, postal_code, city, street, building, phone, prefecture, goods, shipping, \
     payment_fee, total, standard_gross, standard_tax, reduced_gross, reduced_tax, placed_at, pay_until, erased_at, erase_asked_at";

/// The secret of an order's page: computed from its id, so that a mail can carry it and the
/// database need not.
pub fn token_of(shop: &Shop, order: Id<Order>) -> Token {
    Token::from_bytes(&shop.keys.derive("order", order.0.as_bytes()))
}

noren_domain::masked!(ByLink);

/// An order as whoever came by the link of its page sees it.
#[derive(PartialEq, Eq)]
pub struct ByLink {
    /// The order.
    pub order: OrderView,
    /// Whoever came is signed in as its customer.
    pub own: bool,
    /// It is in nobody's account and can come into one: a guest's, and not of somebody who is to be erased or was (`claim`).
    pub guest: bool,
}

/// The order whose page `token` opens, for somebody who is signed in as `customer`, if as anybody. Its own customer stands
/// in the ledger as such, and not as somebody who happened to have the link.
pub async fn view(shop: &Shop, token: &Token, customer: Option<Id<Customer>>) -> Result<Option<ByLink>, ViewError> {
    let mut conn = shop.db.read().await?;
    let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM orders WHERE token_hash = $1"));
    let row = fetch_optional!(conn, Row, sql, token.hash().to_vec()).await?;
    let owner = row.as_ref().and_then(|row| row.customer_id);
    let own = customer.filter(|customer| owner == Some(customer.0));
    let guest = row
        .as_ref()
        .is_some_and(|row| row.customer_id.is_none() && row.placed_at.is_some() && row.erase_asked_at.is_none());
    let viewer = own.map_or(Viewer::Link, |customer| Viewer::Customer(customer, "orders"));
    let shown = found(conn, shop, row, viewer).await?;
    Ok(shown.map(|(order, _)| ByLink { order, own: own.is_some(), guest }))
}

/// Whether the person is gone out of the order.
pub(crate) async fn is_erased(shop: &Shop, order: Uuid) -> Result<bool, sqlx::Error> {
    let sql = "SELECT 1 FROM orders WHERE id = $1 AND erased_at IS NOT NULL";
    Ok(fetch_optional!(shop.db.read().await?, (i32,), sql, order).await?.is_some())
}

/// An order for the shop's own use (mails), with the language it was placed in.
pub(crate) async fn by_id(shop: &Shop, order: Id<Order>) -> Result<Option<(OrderView, Lang)>, ViewError> {
    let mut conn = shop.db.read().await?;
    let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM orders WHERE id = $1"));
    let row = fetch_optional!(conn, Row, sql, order.0).await?;
    found(conn, shop, row, Viewer::Mail).await
}

/// The order `no` of `customer`; somebody else's is not found.
pub async fn mine_one(shop: &Shop, customer: Id<Customer>, no: &str) -> Result<Option<OrderView>, ViewError> {
    // PostgreSQL refuses U+0000 in a text; no order's number holds one.
    if no.contains('\0') {
        return Ok(None);
    }
    let mut conn = shop.db.read().await?;
    let sql = sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM orders WHERE no = $1 AND customer_id = $2 AND state <> 'draft'"
    ));
    let row = fetch_optional!(conn, Row, sql, no, customer.0).await?;
    Ok(found(conn, shop, row, Viewer::Customer(customer, "account/orders")).await?.map(|(view, _)| view))
}

/// The last hundred orders of `customer`, newest first.
pub async fn mine(shop: &Shop, customer: Id<Customer>) -> Result<Vec<OrderSummary>, ViewError> {
    summaries(shop, customer, 100).await
}

/// The newest order of `customer`.
pub async fn latest(shop: &Shop, customer: Id<Customer>) -> Result<Option<OrderSummary>, ViewError> {
    Ok(summaries(shop, customer, 1).await?.pop())
}

const SUMMARY: &str = "SELECT o.id, o.no, o.state, o.payment_state, o.payment_method, o.shipment_state, o.placed_at, o.total, l.name_ja, l.name_en, l.picture, \
            (SELECT CAST(SUM(quantity) AS BIGINT) FROM order_line WHERE order_id = o.id) AS pieces \
     FROM orders o JOIN order_line l ON l.order_id = o.id AND l.position = 0 WHERE o.placed_at IS NOT NULL";

async fn summaries(shop: &Shop, customer: Id<Customer>, at_most: i64) -> Result<Vec<OrderSummary>, ViewError> {
    let sql = format!("{SUMMARY} AND o.customer_id = $1 ORDER BY o.placed_at DESC, o.id DESC LIMIT $2");
    let mut conn = shop.db.read().await?;
    let rows = fetch_all!(conn, SummaryRow, sqlx::AssertSqlSafe(sql), customer.0, at_most).await?;
    rows.into_iter().map(summary).collect()
}

/// The newest orders, or those of them that are still to be sent.
pub(super) async fn standing(shop: &Shop, all: bool, at_most: i64) -> Result<Vec<OrderSummary>, ViewError> {
    let which = if all { "" } else { " AND o.state = 'placed' AND o.shipment_state IN ('open', 'packed')" };
    let sql = format!("{SUMMARY}{which} ORDER BY o.placed_at DESC, o.id DESC LIMIT $1");
    let mut conn = shop.db.read().await?;
    let rows = fetch_all!(conn, SummaryRow, sqlx::AssertSqlSafe(sql), at_most).await?;
    rows.into_iter().map(summary).collect()
}

/// The order with this number, for the shop's people.
pub(super) async fn by_number(shop: &Shop, no: &str) -> Result<Option<OrderView>, ViewError> {
    let mut conn = shop.db.read().await?;
    let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM orders WHERE no = $1"));
    let row = fetch_optional!(conn, Row, sql, no).await?;
    let customer = row.as_ref().and_then(|row| row.customer_id);
    let shown = found(conn, shop, row, Viewer::Operator).await?;
    if let Some(customer) = customer.filter(|_| shown.is_some()) {
        let mut tx = shop.db.write().await?;
        events::read_by_staff(&mut tx, shop, Id::new(customer)).await?;
        tx.commit().await?;
        outbox::ring();
    }
    Ok(shown.map(|(view, _)| view))
}

fn summary(row: SummaryRow) -> Result<OrderSummary, ViewError> {
    Ok(OrderSummary {
        state: word(row.id, "state", &row.state, OrderState::from_word)?,
        payment: word(row.id, "payment_state", &row.payment_state, PaymentState::from_word)?,
        method: word(row.id, "payment_method", &row.payment_method, PaymentMethod::from_word)?,
        shipment: word(row.id, "shipment_state", &row.shipment_state, ShipmentState::from_word)?,
        no: row.no,
        placed_at: row.placed_at,
        total: Yen(row.total),
        first: Text::new(row.name_ja, row.name_en),
        picture: row.picture,
        pieces: u32::try_from(row.pieces).unwrap_or(0),
    })
}

/// Who looks at an order.
#[derive(Clone, Copy)]
enum Viewer {
    /// Whoever holds the link of its page.
    Link,
    /// The customer whose order it is, and the page, as the ledger names it.
    Customer(Id<Customer>, &'static str),
    /// The shop, to write a mail about it.
    Mail,
    /// Who runs the shop's machine.
    Operator,
}

impl Viewer {
    fn asks(self, order: Uuid) -> (Asker, For) {
        match self {
            Self::Link => (Asker::guest(order, "orders"), For::OrderView(order)),
            Self::Customer(customer, page) => (Asker::customer(customer, page), For::OrderView(order)),
            Self::Mail => (Asker::shop("outbox/mail"), For::Mail(order)),
            Self::Operator => (Asker::operator("order"), For::OrderView(order)),
        }
    }
}

/// The order that was looked for, and its language.
async fn found(
    conn: Conn,
    shop: &Shop,
    row: Option<Row>,
    viewer: Viewer,
) -> Result<Option<(OrderView, Lang)>, ViewError> {
    match row {
        Some(row) => show(conn, shop, row, viewer).await.map(Some),
        None => Ok(None),
    }
}

async fn show(mut conn: Conn, shop: &Shop, row: Row, viewer: Viewer) -> Result<(OrderView, Lang), ViewError> {
    let lines = fetch_all!(
        conn,
        LineRow,
        "SELECT sku, slug, name_ja, name_en, options_ja, options_en, picture, price, quantity, tax_class \
         FROM order_line WHERE order_id = $1 ORDER BY position",
        row.id
    )
    .await?;
    let sql = "SELECT kind, at FROM order_event WHERE order_id = $1";
    let events = fetch_all!(conn, (String, i64), sql, row.id).await?;
    drop(conn);
    let mut timeline: Vec<OrderEvent> = events
        .into_iter()
        .filter_map(|(kind, at)| EventKind::from_word(&kind).map(|kind| OrderEvent { kind, at }))
        .collect();
    // What happened in the same millisecond, in the order in which it can happen.
    timeline.sort_by_key(|event| (event.at, EventKind::ALL.iter().position(|kind| *kind == event.kind)));
    let state = word(row.id, "state", &row.state, OrderState::from_word)?;
    let payment = word(row.id, "payment_state", &row.payment_state, PaymentState::from_word)?;
    let view = OrderView {
        token: token_of(shop, Id::new(row.id)).secret().to_owned(),
        state,
        payment,
        shipment: word(row.id, "shipment_state", &row.shipment_state, ShipmentState::from_word)?,
        method: word(row.id, "payment_method", &row.payment_method, PaymentMethod::from_word)?,
        placed_at: row.placed_at,
        pay_until: row.pay_until.filter(|_| matches!(payment, PaymentState::Unpaid | PaymentState::Failed)),
        lines: lines.into_iter().map(|line| shown_line(row.id, line)).collect::<Result<_, _>>()?,
        goods: Yen(row.goods),
        shipping: Yen(row.shipping),
        payment_fee: Yen(row.payment_fee),
        total: Yen(row.total),
        taxes: shares(&row),
        address: address(shop, &row, viewer).await?,
        timeline,
        no: row.no,
        delivery_method: word(row.id, "delivery_method", &row.delivery_method, Method::from_word)?,
        delivery_date: row.delivery_date,
        delivery_slot: row.delivery_slot.as_deref().and_then(Slot::from_word),
        gift_wrap: row.gift_wrap,
    };
    Ok((view, Lang::from_tag(&row.lang)))
}

fn word<T>(order: Uuid, column: &'static str, word: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, ViewError> {
    read(word).ok_or_else(|| ViewError::Word { order, column, word: word.to_owned() })
}

fn shown_line(order: Uuid, row: LineRow) -> Result<OrderLineView, ViewError> {
    Ok(OrderLineView {
        tax_class: word(order, "tax_class", &row.tax_class, TaxClass::from_word)?,
        sku: row.sku,
        slug: row.slug,
        name: Text::new(row.name_ja, row.name_en),
        options: Text::new(row.options_ja, row.options_en),
        picture: row.picture,
        price: Yen(row.price),
        quantity: u32::try_from(row.quantity).unwrap_or(0),
    })
}

fn shares(row: &Row) -> Vec<TaxShare> {
    [
        TaxShare { class: TaxClass::Standard, gross: Yen(row.standard_gross), tax: Yen(row.standard_tax) },
        TaxShare { class: TaxClass::Reduced, gross: Yen(row.reduced_gross), tax: Yen(row.reduced_tax) },
    ]
    .into_iter()
    .filter(|share| share.gross != Yen::ZERO)
    .collect()
}

async fn address(shop: &Shop, row: &Row, viewer: Viewer) -> Result<OrderAddress, ViewError> {
    let (asker, purpose) = viewer.asks(row.id);
    let sealed = [
        (Field::Email, Some(&row.email)),
        (Field::Name, Some(&row.name)),
        (Field::PostalCode, Some(&row.postal_code)),
        (Field::City, Some(&row.city)),
        (Field::Street, Some(&row.street)),
        (Field::Building, row.building.as_ref()),
        // Empty once the owner has not come for a year.
        (Field::Phone, Some(&row.phone).filter(|phone| !phone.is_empty())),
        (Field::GiftMessage, row.gift_message.as_ref()),
    ];
    // Whose person is gone has nothing to be opened.
    let sealed = if row.erased_at.is_some() { &[][..] } else { &sealed };
    let opened = shop.vault.open(asker, purpose, row.subject_id, sealed).await?;
    let shown = |field| opened.expose(field).to_owned();
    let number = u8::try_from(row.prefecture).ok().and_then(|number| Prefecture::try_from(number).ok());
    let prefecture = number.ok_or_else(|| ViewError::Word {
        order: row.id,
        column: "prefecture",
        word: row.prefecture.to_string(),
    })?;
    let postal_code = shown(Field::PostalCode);
    Ok(OrderAddress {
        name: shown(Field::Name),
        postal_code: match postal_code.split_at_checked(3) {
            Some((area, rest)) if !rest.is_empty() && !rest.starts_with('-') => format!("{area}-{rest}"),
            _ => postal_code,
        },
        prefecture,
        city: shown(Field::City),
        street: shown(Field::Street),
        building: shown(Field::Building),
        phone: shown(Field::Phone),
        email: shown(Field::Email),
        gift_message: shown(Field::GiftMessage),
    })
}
