//! SQL of the checkout; people's data is sealed on its way in and opened on its way out.

use noren_domain::Id;
use noren_domain::Yen;
use noren_domain::cart::Cart;
use noren_domain::checkout::{Contact, ContactForm, DeliveryChoice, DeliveryForm, PaymentForm, PaymentMethod};
use noren_domain::prefecture::Prefecture;
use noren_domain::shipping::Method;
use uuid::Uuid;

use crate::db::Conn;
use crate::person::{Field, OpenError};
use crate::{Shop, execute, fetch_one, fetch_optional};

/// The row of a checkout.
#[derive(sqlx::FromRow)]
pub struct Checkout {
    /// The order's id to be.
    pub order_id: Uuid,
    /// Whom the sealed fields belong to.
    pub subject_id: Uuid,
    email: Option<Vec<u8>>,
    name: Option<Vec<u8>>,
    kana: Option<Vec<u8>>,
    postal_code: Option<Vec<u8>>,
    city: Option<Vec<u8>>,
    street: Option<Vec<u8>>,
    building: Option<Vec<u8>>,
    phone: Option<Vec<u8>>,
    prefecture: Option<i64>,
    delivery_method: Option<String>,
    /// ISO 8601.
    pub delivery_date: Option<String>,
    /// A slot's word.
    pub delivery_slot: Option<String>,
    /// Wrapped as a gift.
    pub gift_wrap: bool,
    gift_message: Option<Vec<u8>>,
    /// A payment method's word.
    pub payment_method: Option<String>,
    /// When an answer was last changed.
    pub updated_at: i64,
}

impl Checkout {
    /// Whether every field that an order must have is there.
    pub fn has_contact(&self) -> bool {
        [&self.email, &self.name, &self.postal_code, &self.city, &self.street, &self.phone]
            .iter()
            .all(|field| field.is_some())
    }

    /// Where it goes.
    pub fn prefecture(&self) -> Option<Prefecture> {
        self.prefecture.and_then(|number| u8::try_from(number).ok()).and_then(|number| number.try_into().ok())
    }

    /// How it goes.
    pub fn method(&self) -> Option<Method> {
        self.delivery_method.as_deref().and_then(Method::from_word)
    }

    fn open(&self, shop: &Shop, field: Field, sealed: Option<&Vec<u8>>) -> Result<String, OpenError> {
        match sealed {
            Some(sealed) => Ok(shop.keys.open(self.subject_id, field, sealed)?.expose().to_owned()),
            None => Ok(String::new()),
        }
    }

    /// Who and where, for the shopper's own eyes.
    pub fn contact(&self, shop: &Shop) -> Result<ContactForm, OpenError> {
        Ok(ContactForm {
            email: self.open(shop, Field::Email, self.email.as_ref())?,
            name: self.open(shop, Field::Name, self.name.as_ref())?,
            kana: self.open(shop, Field::Kana, self.kana.as_ref())?,
            postal_code: self.open(shop, Field::PostalCode, self.postal_code.as_ref())?,
            prefecture: self.prefecture.map(|number| number.to_string()).unwrap_or_default(),
            city: self.open(shop, Field::City, self.city.as_ref())?,
            street: self.open(shop, Field::Street, self.street.as_ref())?,
            building: self.open(shop, Field::Building, self.building.as_ref())?,
            phone: self.open(shop, Field::Phone, self.phone.as_ref())?,
        })
    }

    /// How and when.
    pub fn delivery(&self, shop: &Shop) -> Result<DeliveryForm, OpenError> {
        Ok(DeliveryForm {
            method: self.delivery_method.clone().unwrap_or_default(),
            date: self.delivery_date.clone().unwrap_or_default(),
            slot: self.delivery_slot.clone().unwrap_or_default(),
            gift_wrap: if self.gift_wrap { "1".to_owned() } else { String::new() },
            gift_message: self.open(shop, Field::GiftMessage, self.gift_message.as_ref())?,
        })
    }

    /// How it is paid.
    pub fn payment(&self) -> PaymentForm {
        PaymentForm { payment: self.payment_method.clone().unwrap_or_default() }
    }
}

/// Finds the checkout of a cart.
pub async fn find(conn: &mut Conn, cart: Id<Cart>) -> Result<Option<Checkout>, sqlx::Error> {
    fetch_optional!(
        conn,
        Checkout,
        "SELECT order_id, subject_id, email, name, kana, postal_code, city, street, building, phone, prefecture,
                delivery_method, delivery_date, delivery_slot, gift_wrap, gift_message, payment_method, updated_at
         FROM checkout WHERE cart_id = $1",
        cart.0
    )
    .await
}

/// Finds the checkout of a cart or begins it, drawing the order's id to be.
pub async fn begin(conn: &mut Conn, shop: &Shop, cart: Id<Cart>) -> Result<Checkout, sqlx::Error> {
    let now = shop.now();
    execute!(
        conn,
        "INSERT INTO checkout (cart_id, order_id, subject_id, updated_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        cart.0,
        shop.entropy.uuid(now),
        shop.entropy.uuid(now),
        now
    )
    .await?;
    find(conn, cart).await?.ok_or(sqlx::Error::RowNotFound)
}

/// Saves who and where.
pub async fn save_contact(
    conn: &mut Conn,
    shop: &Shop,
    cart: Id<Cart>,
    subject: Uuid,
    contact: &Contact,
) -> Result<(), sqlx::Error> {
    let seal = |field, value: &str| shop.keys.seal(subject, field, value);
    execute!(
        conn,
        "UPDATE checkout SET email = $1, name = $2, kana = $3, postal_code = $4, prefecture = $5, city = $6, street = $7,
                building = $8, phone = $9, updated_at = $10, email_index = $11 WHERE cart_id = $12",
        seal(Field::Email, contact.email.address()),
        seal(Field::Name, &contact.name),
        contact.kana.as_deref().map(|kana| seal(Field::Kana, kana)),
        seal(Field::PostalCode, &contact.postal_code),
        i64::from(contact.prefecture.number()),
        seal(Field::City, &contact.city),
        seal(Field::Street, &contact.street),
        contact.building.as_deref().map(|building| seal(Field::Building, building)),
        seal(Field::Phone, &contact.phone),
        shop.now(),
        shop.keys.index(Field::Email, contact.email.canonical()).to_vec(),
        cart.0
    )
    .await?;
    Ok(())
}

/// Saves how and when.
pub async fn save_delivery(
    conn: &mut Conn,
    shop: &Shop,
    cart: Id<Cart>,
    subject: Uuid,
    choice: &DeliveryChoice,
) -> Result<(), sqlx::Error> {
    execute!(
        conn,
        "UPDATE checkout SET delivery_method = $1, delivery_date = $2, delivery_slot = $3, gift_wrap = $4, gift_message = $5,
                updated_at = $6 WHERE cart_id = $7",
        choice.method.word(),
        choice.date.map(noren_domain::shipping::Day::iso),
        choice.slot.map(noren_domain::shipping::Slot::word),
        choice.gift_wrap,
        choice.gift_message.as_deref().map(|text| shop.keys.seal(subject, Field::GiftMessage, text)),
        shop.now(),
        cart.0
    )
    .await?;
    Ok(())
}

/// Saves how it is paid.
pub async fn save_payment(
    conn: &mut Conn,
    shop: &Shop,
    cart: Id<Cart>,
    payment: PaymentMethod,
) -> Result<(), sqlx::Error> {
    execute!(
        conn,
        "UPDATE checkout SET payment_method = $1, updated_at = $2 WHERE cart_id = $3",
        payment.word(),
        shop.now(),
        cart.0
    )
    .await?;
    Ok(())
}

/// Orders of the checkout's e-mail address that stand and wait for their bank transfer.
pub async fn open_transfers(conn: &mut Conn, cart: Id<Cart>) -> Result<(i64, Yen), sqlx::Error> {
    let (open, total) = fetch_one!(
        conn,
        (i64, i64),
        "SELECT COUNT(*), CAST(COALESCE(SUM(o.total), 0) AS BIGINT) FROM checkout c JOIN orders o ON o.email_index = c.email_index
         WHERE c.cart_id = $1 AND o.payment_method = 'transfer' AND o.state = 'placed' AND o.payment_state = 'unpaid'",
        cart.0
    )
    .await?;
    Ok((open, Yen(total)))
}
