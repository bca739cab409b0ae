//! The orders in a copy of somebody's data: all of them, with all that was sealed for each.

use noren_domain::Id;
use noren_domain::account::Customer;
use serde::Serialize;
use uuid::Uuid;

use super::ExportError;
use crate::vault::{Asker, Field, For};
use crate::{Shop, fetch_all};

noren_domain::masked!(Order, Address);

/// One order.
#[derive(Serialize)]
pub(super) struct Order {
    pub no: String,
    pub state: String,
    pub payment_state: String,
    pub shipment_state: String,
    pub payment_method: String,
    pub delivery_method: String,
    pub delivery_date: Option<String>,
    pub delivery_slot: Option<String>,
    pub gift_wrap: bool,
    pub lang: String,
    pub created_at: i64,
    pub placed_at: Option<i64>,
    pub goods: i64,
    pub shipping: i64,
    pub payment_fee: i64,
    pub total: i64,
    pub standard_gross: i64,
    pub standard_tax: i64,
    pub reduced_gross: i64,
    pub reduced_tax: i64,
    /// `None`: the key of this record is lost, and it opens no more.
    pub address: Option<Address>,
    pub lines: Vec<Line>,
    pub events: Vec<Event>,
    pub payments: Vec<Payment>,
}

/// To whom an order, or a checkout, goes. Empty: nothing was given.
#[derive(Serialize)]
pub(super) struct Address {
    pub email: String,
    pub name: String,
    pub kana: String,
    pub postal_code: String,
    pub prefecture: String,
    pub city: String,
    pub street: String,
    pub building: String,
    pub phone: String,
    pub gift_message: String,
}

#[derive(Serialize, sqlx::FromRow)]
pub(super) struct Line {
    pub sku: String,
    pub name_ja: String,
    pub name_en: String,
    pub options_ja: String,
    pub options_en: String,
    pub price: i64,
    pub quantity: i64,
    pub tax_class: String,
}

#[derive(Serialize, sqlx::FromRow)]
pub(super) struct Event {
    pub at: i64,
    pub kind: String,
    pub actor: String,
}

#[derive(Serialize, sqlx::FromRow)]
pub(super) struct Payment {
    pub at: i64,
    pub kind: String,
    pub amount: i64,
    pub provider: String,
}

/// What is sealed of an order or a checkout.
#[derive(sqlx::FromRow)]
pub(super) struct Sealed {
    subject_id: Uuid,
    email: Option<Vec<u8>>,
    name: Option<Vec<u8>>,
    kana: Option<Vec<u8>>,
    postal_code: Option<Vec<u8>>,
    prefecture: Option<i64>,
    city: Option<Vec<u8>>,
    street: Option<Vec<u8>>,
    building: Option<Vec<u8>>,
    phone: Option<Vec<u8>>,
    gift_message: Option<Vec<u8>>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    #[sqlx(flatten)]
    sealed: Sealed,
    no: String,
    state: String,
    payment_state: String,
    shipment_state: String,
    payment_method: String,
    delivery_method: String,
    delivery_date: Option<String>,
    delivery_slot: Option<String>,
    gift_wrap: bool,
    lang: String,
    created_at: i64,
    placed_at: Option<i64>,
    goods: i64,
    shipping: i64,
    payment_fee: i64,
    total: i64,
    standard_gross: i64,
    standard_tax: i64,
    reduced_gross: i64,
    reduced_tax: i64,
}

impl Sealed {
    /// Opens it for the copy `export`; `None`: its key is lost.
    pub async fn open(
        &self,
        shop: &Shop,
        customer: Id<Customer>,
        export: Uuid,
    ) -> Result<Option<Address>, ExportError> {
        let filled = |value: &'_ Option<Vec<u8>>| value.as_ref().is_some_and(|value| !value.is_empty());
        let fields = [
            (Field::Email, &self.email),
            (Field::Name, &self.name),
            (Field::Kana, &self.kana),
            (Field::PostalCode, &self.postal_code),
            (Field::City, &self.city),
            (Field::Street, &self.street),
            (Field::Building, &self.building),
            (Field::Phone, &self.phone),
            (Field::GiftMessage, &self.gift_message),
        ];
        let sealed = fields.map(|(field, value)| (field, value.as_ref().filter(|_| filled(value))));
        let asker = Asker::customer(customer, "account/export");
        let opened = match shop.vault.open(asker, For::Export(export), self.subject_id, &sealed).await {
            Err(error) if error.is_lost() => return Ok(None),
            opened => opened?,
        };
        let value = |field| opened.expose(field).to_owned();
        Ok(Some(Address {
            email: value(Field::Email),
            name: value(Field::Name),
            kana: value(Field::Kana),
            postal_code: value(Field::PostalCode),
            prefecture: self.prefecture.map(|number| number.to_string()).unwrap_or_default(),
            city: value(Field::City),
            street: value(Field::Street),
            building: value(Field::Building),
            phone: value(Field::Phone),
            gift_message: value(Field::GiftMessage),
        }))
    }
}

/// All orders of the customer, the newest first, drafts among them.
pub(super) async fn all(shop: &Shop, customer: Id<Customer>, export: Uuid) -> Result<Vec<Order>, ExportError> {
    let mut conn = shop.db.read().await?;
    let sql = "SELECT id, subject_id, email, name, kana, postal_code, prefecture, city, street, building, phone, gift_message, \
                 no, state, payment_state, shipment_state, payment_method, delivery_method, delivery_date, delivery_slot, gift_wrap, \
                 lang, created_at, placed_at, goods, shipping, payment_fee, total, standard_gross, standard_tax, reduced_gross, reduced_tax \
               FROM orders WHERE customer_id = $1 ORDER BY created_at DESC, id DESC";
    let rows = fetch_all!(conn, Row, sql, customer.0).await?;
    drop(conn);
    let mut orders = Vec::with_capacity(rows.len());
    for row in rows {
        let mut conn = shop.db.read().await?;
        let sql = "SELECT sku, name_ja, name_en, options_ja, options_en, price, quantity, tax_class FROM order_line \
                   WHERE order_id = $1 ORDER BY position";
        let lines = fetch_all!(conn, Line, sql, row.id).await?;
        let sql = "SELECT at, kind, actor FROM order_event WHERE order_id = $1 ORDER BY at, id";
        let events = fetch_all!(conn, Event, sql, row.id).await?;
        let sql = "SELECT at, kind, amount, provider FROM payment WHERE order_id = $1 ORDER BY at, id";
        let payments = fetch_all!(conn, Payment, sql, row.id).await?;
        drop(conn);
        let address = row.sealed.open(shop, customer, export).await?;
        orders.push(Order {
            no: row.no,
            state: row.state,
            payment_state: row.payment_state,
            shipment_state: row.shipment_state,
            payment_method: row.payment_method,
            delivery_method: row.delivery_method,
            delivery_date: row.delivery_date,
            delivery_slot: row.delivery_slot,
            gift_wrap: row.gift_wrap,
            lang: row.lang,
            created_at: row.created_at,
            placed_at: row.placed_at,
            goods: row.goods,
            shipping: row.shipping,
            payment_fee: row.payment_fee,
            total: row.total,
            standard_gross: row.standard_gross,
            standard_tax: row.standard_tax,
            reduced_gross: row.reduced_gross,
            reduced_tax: row.reduced_tax,
            address,
            lines,
            events,
            payments,
        });
    }
    Ok(orders)
}
