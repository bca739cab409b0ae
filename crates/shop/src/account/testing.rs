//! Customers for tests.

use noren_domain::account::{Customer, Email};
use noren_domain::checkout::{ContactForm, DeliveryForm, PaymentForm};
use noren_domain::{Id, Lang};
use uuid::Uuid;

use super::email_change;
use crate::cart::{self, CartKey};
use crate::session::{self, Device, Recent};
use crate::token::Token;
use crate::vault::{Asker, Field, LookFor, Plain};
use crate::{Shop, checkout, execute, fetch_one, order};

/// A customer with `address`, and a password that nobody knows.
pub async fn customer(shop: &Shop, address: &str) -> Id<Customer> {
    let email = Email::parse(address).unwrap();
    let id = shop.entropy.uuid(shop.now());
    let asker = Asker::guest(id, "test");
    let index = shop.vault.index(asker, LookFor::Login, email.canonical()).await.unwrap().newest;
    let sealed = vec![(Field::Email, Plain::new(email.address().to_owned()))];
    let sealed = shop.vault.seal(asker, id, None, sealed).await.unwrap();
    let mut tx = shop.db.write().await.unwrap();
    execute!(
        tx,
        "INSERT INTO customer (id, email_index, email, password_hash, lang, created_at, password_changed_at)
         VALUES ($1, $2, $3, 'none', 'ja', $4, $4)",
        id,
        index.to_vec(),
        sealed.get(Field::Email),
        shop.now()
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    Id::new(id)
}

/// The same customer in a browser, just signed in: with the password, or with a passkey.
pub async fn proved(shop: &Shop, customer: Id<Customer>) -> Recent {
    signed_in(shop, customer, false).await
}

/// The same, with a code of their app.
pub async fn proved_by_app(shop: &Shop, customer: Id<Customer>) -> Recent {
    signed_in(shop, customer, true).await
}

async fn signed_in(shop: &Shop, customer: Id<Customer>, by_app: bool) -> Recent {
    let mut tx = shop.db.write().await.unwrap();
    let token = session::open(&mut tx, shop, customer, &Device::new("Firefox/1".to_owned(), None)).await.unwrap();
    if by_app {
        session::app_proved(&mut tx, shop, &token).await.unwrap();
    }
    tx.commit().await.unwrap();
    session::find(shop, &token).await.unwrap().unwrap().recent(shop.now()).unwrap()
}

/// The address of the account was changed at this moment, and can be taken back.
pub async fn address_changed(shop: &Shop, customer: Id<Customer>) {
    let mut tx = shop.db.write().await.unwrap();
    execute!(
        tx,
        "INSERT INTO email_change (id, customer_id, state, way, email, email_index, code_id, code_until, back_hash, lang, user_agent, network, created_at, changed_at, due_at)
         SELECT $1, id, 'done', 'both', email, $2, $1, $3, $2, 'ja', '', '', $3, $3, $4 FROM customer WHERE id = $5",
        shop.entropy.uuid(shop.now()),
        shop.entropy.bytes::<32>().to_vec(),
        shop.now(),
        shop.now() + email_change::BACK_LIFE,
        customer.0
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

/// An order of one `CUP` by bank transfer (`transfer`) or in cash (`cash`): its id and number. Other names and numbers
/// than the account's, to be looked for.
pub async fn ordered(shop: &Shop, customer: Id<Customer>, payment: &str) -> (Uuid, String) {
    order_of(shop, &CartKey::Customer(customer), Some(customer), payment).await
}

/// The same order of somebody who is not signed in.
pub async fn ordered_as_guest(shop: &Shop, payment: &str) -> (Uuid, String) {
    order_of(shop, &CartKey::Guest(Token::random(&shop.entropy)), None, payment).await
}

async fn order_of(shop: &Shop, key: &CartKey, whose: Option<Id<Customer>>, payment: &str) -> (Uuid, String) {
    // Of two orders of one millisecond nobody could tell which is the newer one.
    shop.clock.advance(1);
    cart::add(shop, key, "CUP", 1).await.unwrap();
    let cart = cart::find(shop, key).await.unwrap().unwrap();
    let contact = ContactForm {
        email: "hanako@example.jp".into(),
        name: "暖簾 花子".into(),
        kana: "ノレン ハナコ".into(),
        postal_code: "100-0005".into(),
        prefecture: "13".into(),
        city: "千代田区丸の内".into(),
        street: "9-9-9".into(),
        phone: "090-1234-5678".into(),
        ..ContactForm::default()
    };
    checkout::save_contact(shop, cart, &contact).await.unwrap();
    let gift = "おめでとう".to_owned();
    let delivery =
        DeliveryForm { method: "parcel".into(), gift_message: gift, gift_wrap: "on".into(), ..DeliveryForm::default() };
    checkout::save_delivery(shop, cart, &delivery).await.unwrap();
    checkout::save_payment(shop, cart, &PaymentForm { payment: payment.into() }).await.unwrap();
    let (confirmation, _, _) = checkout::confirmation(shop, cart, Lang::Ja).await.unwrap();
    order::place(shop, cart, whose, checkout::shown_hash(&confirmation), Lang::Ja).await.unwrap();
    let sql = "SELECT id, no FROM orders WHERE cart_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1";
    fetch_one!(shop.db.read().await.unwrap(), (Uuid, String), sql, cart.0).await.unwrap()
}
