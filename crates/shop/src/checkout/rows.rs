//! SQL of the checkout; people's data is sealed on its way in and opened on its way out.

use noren_domain::Id;
use noren_domain::Yen;
use noren_domain::cart::Cart;
use noren_domain::checkout::{Contact, ContactForm, DeliveryChoice, DeliveryForm, PaymentForm, PaymentMethod, Step};
use noren_domain::prefecture::Prefecture;
use noren_domain::shipping::Method;
use uuid::Uuid;

use crate::db::Conn;
use crate::vault::{Asker, Field, For, Opened, Plain, Sealed, VaultError};
use crate::{Shop, address, execute, fetch_one, fetch_optional};

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
    /// Whose cart it is; a guest's is nobody's.
    pub customer_id: Option<Uuid>,
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

    /// What `step` shows of what was typed so far, for the shopper's own eyes.
    pub async fn open(&self, shop: &Shop, asker: Asker, step: Step) -> Result<Opened, VaultError> {
        let shown = |(field, _): &(Field, Option<&Vec<u8>>)| match step {
            Step::Contact => *field != Field::GiftMessage,
            Step::Delivery => *field == Field::GiftMessage,
            Step::Payment => false,
            Step::Confirm => true,
        };
        let mut sealed = vec![
            (Field::Email, self.email.as_ref()),
            (Field::Name, self.name.as_ref()),
            (Field::Kana, self.kana.as_ref()),
            (Field::PostalCode, self.postal_code.as_ref()),
            (Field::City, self.city.as_ref()),
            (Field::Street, self.street.as_ref()),
            (Field::Building, self.building.as_ref()),
            (Field::Phone, self.phone.as_ref()),
            (Field::GiftMessage, self.gift_message.as_ref()),
        ];
        sealed.retain(shown);
        shop.vault.open(asker, For::Checkout(self.order_id), self.subject_id, &sealed).await
    }

    /// Who and where.
    pub fn contact(&self, opened: &Opened) -> ContactForm {
        ContactForm::of(opened.expose(Field::Email).to_owned(), address::form(opened, self.prefecture))
    }

    /// How and when.
    pub fn delivery(&self, opened: &Opened) -> DeliveryForm {
        DeliveryForm {
            method: self.delivery_method.clone().unwrap_or_default(),
            date: self.delivery_date.clone().unwrap_or_default(),
            slot: self.delivery_slot.clone().unwrap_or_default(),
            gift_wrap: if self.gift_wrap { "1".to_owned() } else { String::new() },
            gift_message: opened.expose(Field::GiftMessage).to_owned(),
        }
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
                delivery_method, delivery_date, delivery_slot, gift_wrap, gift_message, payment_method, updated_at,
                (SELECT customer_id FROM cart WHERE id = checkout.cart_id) AS customer_id
         FROM checkout WHERE cart_id = $1",
        cart.0
    )
    .await
}

/// Whom the answers of a checkout belong to.
pub struct Whose {
    /// The record that they are sealed for; a new one if there is no checkout yet.
    pub subject: Uuid,
    customer: Option<Uuid>,
}

impl Whose {
    /// Who asks for them.
    pub fn asker(&self, cart: Id<Cart>) -> Asker {
        Asker::of_cart(cart.0, self.customer, "checkout")
    }

    /// Seals answers. The record of a customer's checkout is about the same person as their account.
    pub async fn seal(&self, shop: &Shop, cart: Id<Cart>, values: Vec<(Field, Plain)>) -> Result<Sealed, VaultError> {
        shop.vault.seal(self.asker(cart), self.subject, self.customer, values).await
    }
}

/// Finds out whom the answers of the checkout of a cart belong to.
pub async fn whose(shop: &Shop, cart: Id<Cart>) -> Result<Whose, sqlx::Error> {
    let mut conn = shop.db.read().await?;
    let sql = "SELECT cart.customer_id, checkout.subject_id FROM cart LEFT JOIN checkout ON checkout.cart_id = cart.id WHERE cart.id = $1";
    let found = fetch_optional!(conn, (Option<Uuid>, Option<Uuid>), sql, cart.0).await?;
    let (customer, subject) = found.unwrap_or_default();
    Ok(Whose { subject: subject.unwrap_or_else(|| shop.entropy.uuid(shop.now())), customer })
}

/// Who and where, as it is sealed.
pub fn contact_values(contact: &Contact) -> Vec<(Field, Plain)> {
    let mut values = address::values(&contact.address);
    values.push((Field::Email, Plain::new(contact.email.address().to_owned())));
    values
}

/// Finds the checkout of a cart or begins it for the record `subject`, drawing the order's id to be.
pub async fn begin(conn: &mut Conn, shop: &Shop, cart: Id<Cart>, subject: Uuid) -> Result<Checkout, sqlx::Error> {
    let now = shop.now();
    execute!(
        conn,
        "INSERT INTO checkout (cart_id, order_id, subject_id, updated_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        cart.0,
        shop.entropy.uuid(now),
        subject,
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
    contact: &Contact,
    sealed: &Sealed,
    index: &[u8; 32],
) -> Result<(), sqlx::Error> {
    execute!(
        conn,
        "UPDATE checkout SET email = $1, name = $2, kana = $3, postal_code = $4, prefecture = $5, city = $6, street = $7,
                building = $8, phone = $9, updated_at = $10, email_index = $11 WHERE cart_id = $12",
        sealed.get(Field::Email),
        sealed.get(Field::Name),
        sealed.get(Field::Kana),
        sealed.get(Field::PostalCode),
        i64::from(contact.address.prefecture.number()),
        sealed.get(Field::City),
        sealed.get(Field::Street),
        sealed.get(Field::Building),
        sealed.get(Field::Phone),
        shop.now(),
        index.to_vec(),
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
    choice: &DeliveryChoice,
    gift_message: Option<Vec<u8>>,
) -> Result<(), sqlx::Error> {
    execute!(
        conn,
        "UPDATE checkout SET delivery_method = $1, delivery_date = $2, delivery_slot = $3, gift_wrap = $4, gift_message = $5,
                updated_at = $6 WHERE cart_id = $7",
        choice.method.word(),
        choice.date.map(noren_domain::shipping::Day::iso),
        choice.slot.map(noren_domain::shipping::Slot::word),
        choice.gift_wrap,
        gift_message,
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
