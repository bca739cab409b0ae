use std::sync::Arc;

use noren_domain::cart::Cart;
use noren_domain::checkout::PaymentMethod;
use noren_domain::order::{EventKind, Order, OrderState, PaymentState, ShipmentState};
use noren_domain::{Id, Lang, Yen};
use uuid::Uuid;

mod back;
mod crowd;
mod lapsed;
mod late;
mod ledger;
mod money;
mod office;
mod press;
mod record;
mod shared;
mod walk;

use super::place::{Prepared, prepare};
use super::*;
use crate::account::testing::customer;
use crate::cart::{self, CartKey};
use crate::payment::{self, Choice, TestBank};
use crate::testing::TestShop;
use crate::token::Token;
use crate::vault::{Asker, Field, Plain};
use crate::{checkout, fetch_all, fetch_one, on_both_databases};

/// One product with one variant, number 1.
async fn goods(shop: &Shop, on_hand: i64) {
    let mut tx = shop.db.write().await.unwrap();
    execute!(
        tx,
        "INSERT INTO category (id, slug, position, name_ja, name_en, text_ja, text_en) VALUES (1, 'tea', 1, '茶', 'Tea', '', '')"
    )
    .await
    .unwrap();
    execute!(
        tx,
        "INSERT INTO product (id, slug, category_id, state, name_ja, name_en, summary_ja, summary_en, text_ja, text_en, details_ja, details_en, brand, \
           tax_class, option1_name_ja, option1_name_en, option2_name_ja, option2_name_en, option3_name_ja, option3_name_en, price_min, price_max, in_stock, created_at, updated_at) \
         VALUES (1, 'sencha', 1, 'active', '煎茶', 'Sencha', '', '', '', '', '', '', 'Noren', 'reduced', '', '', '', '', '', '', 1080, 1080, TRUE, 0, 0)"
    )
    .await
    .unwrap();
    execute!(
        tx,
        "INSERT INTO variant (id, product_id, sku, position, state, option1_ja, option1_en, option2_ja, option2_en, option3_ja, option3_en, price, weight_g) \
         VALUES (1, 1, 'TEA-1', 1, 'active', '', '', '', '', '', '', 1080, 100)"
    )
    .await
    .unwrap();
    execute!(tx, "INSERT INTO stock (variant_id, on_hand, reserved) VALUES (1, $1, 0)", on_hand).await.unwrap();
    tx.commit().await.unwrap();
}

/// A second variant of the product, number 2.
async fn more_goods(shop: &Shop, on_hand: i64) {
    let mut tx = shop.db.write().await.unwrap();
    execute!(
        tx,
        "INSERT INTO variant (id, product_id, sku, position, state, option1_ja, option1_en, option2_ja, option2_en, option3_ja, option3_en, price, weight_g) \
         VALUES (2, 1, 'TEA-2', 2, 'active', '', '', '', '', '', '', 540, 50)"
    )
    .await
    .unwrap();
    execute!(tx, "INSERT INTO stock (variant_id, on_hand, reserved) VALUES (2, $1, 0)", on_hand).await.unwrap();
    tx.commit().await.unwrap();
}

/// A cart with `quantity` of variant 1 and a checkout filled in to the end.
async fn buyer(shop: &Shop, method: PaymentMethod, quantity: i64) -> Id<Cart> {
    buyer_of(shop, &Token::random(&shop.entropy), "hanako@example.jp", method, &[(1, quantity)]).await
}

/// The cart of a browser that holds `token`, with these units and a checkout filled in to the end.
async fn buyer_of(shop: &Shop, token: &Token, email: &str, method: PaymentMethod, units: &[(i64, i64)]) -> Id<Cart> {
    let (cart, subject) = (shop.entropy.id::<Cart>(shop.now()), shop.entropy.uuid(shop.now()));
    let values = [
        (Field::Email, email),
        (Field::Name, "暖簾 花子"),
        (Field::PostalCode, "1000001"),
        (Field::City, "千代田区千代田"),
        (Field::Street, "1-1"),
        (Field::Phone, "0312345678"),
    ];
    let values = values.map(|(field, value)| (field, Plain::new(value.to_owned()))).into();
    let sealed = shop.vault.seal(Asker::guest(cart.0, "test"), subject, None, values).await.unwrap();
    let mut tx = shop.db.write().await.unwrap();
    let token = token.hash().to_vec();
    execute!(tx, "INSERT INTO cart (id, token_hash, created_at, updated_at) VALUES ($1, $2, 0, 0)", cart.0, token)
        .await
        .unwrap();
    for (variant, quantity) in units {
        fill(&mut tx, cart, *variant, *quantity).await;
    }
    execute!(
        tx,
        "INSERT INTO checkout (cart_id, order_id, subject_id, email, name, postal_code, city, street, phone, prefecture, delivery_method, payment_method, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 13, 'parcel', $10, $11)",
        cart.0,
        shop.entropy.uuid(shop.now()),
        subject,
        sealed.get(Field::Email),
        sealed.get(Field::Name),
        sealed.get(Field::PostalCode),
        sealed.get(Field::City),
        sealed.get(Field::Street),
        sealed.get(Field::Phone),
        method.word(),
        shop.now()
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    cart
}

async fn fill(conn: &mut Conn, cart: Id<Cart>, variant: i64, quantity: i64) {
    execute!(
        conn,
        "INSERT INTO cart_line (cart_id, variant_id, quantity, price_seen, added_at) VALUES ($1, $2, $3, 1080, 0)",
        cart.0,
        variant,
        quantity
    )
    .await
    .unwrap();
}

/// The hash of the confirmation as it is shown now.
async fn seen(shop: &Shop, cart: Id<Cart>) -> [u8; 32] {
    checkout::shown_hash(&checkout::confirmation(shop, cart, Lang::Ja).await.unwrap().0)
}

async fn press(shop: &Shop, cart: Id<Cart>) -> Result<Placed, PlaceError> {
    let seen = seen(shop, cart).await;
    place(shop, cart, None, seen, Lang::Ja).await
}

/// Presses the button for a card payment and gives order and reference.
async fn to_the_bank(shop: &Shop, cart: Id<Cart>) -> (Placed, String) {
    let placed = press(shop, cart).await.unwrap();
    let Next::Pay { url } = &placed.next else { panic!("a card is paid at the bank") };
    let pass = url.rsplit('/').next().unwrap();
    let reference = payment::reference_of(shop, pass).unwrap().to_owned();
    (placed, reference)
}

async fn stock(shop: &Shop) -> (i64, i64) {
    fetch_one!(shop.db.read().await.unwrap(), (i64, i64), "SELECT on_hand, reserved FROM stock WHERE variant_id = 1")
        .await
        .unwrap()
}

async fn count(shop: &Shop, sql: &'static str) -> i64 {
    fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0
}

async fn shown(shop: &Shop, placed: &Placed) -> noren_domain::order::OrderView {
    view(shop, &placed.token, None).await.unwrap().unwrap().order
}

/// The mail whose outbox key begins with `key`.
fn letter(shop: &TestShop, key: &str) -> Option<String> {
    let mut files = std::fs::read_dir(shop.mailbox_dir()).unwrap().map(|file| file.unwrap());
    files
        .find(|file| file.file_name().to_string_lossy().starts_with(key))
        .map(|file| std::fs::read_to_string(file.path()).unwrap())
}

fn mails(shop: &TestShop) -> usize {
    std::fs::read_dir(shop.mailbox_dir()).unwrap().count()
}

/// Σ payments = order total for what is paid, 0 for what is refunded or unpaid.
async fn the_ledger_balances(shop: &Shop) {
    let rows = fetch_all!(
        shop.db.read().await.unwrap(),
        (String, i64, i64),
        "SELECT o.payment_state, o.total, CAST(COALESCE((SELECT SUM(CASE kind WHEN 'captured' THEN amount ELSE -amount END) FROM payment p \
           WHERE p.order_id = o.id), 0) AS BIGINT) FROM orders o"
    )
    .await
    .unwrap();
    for (state, total, booked) in rows {
        assert_eq!(booked, if state == "paid" { total } else { 0 }, "{state}");
    }
}

on_both_databases!(the_demo_people_have_orders_and_get_them_once(shop) {
    for sku in ["TG-SGH-AI", "PT-SEN-50", "FR-SGH-AI-50", "UT-MSW-SHIRO", "PP-NTB-AI", "SC-STK-BYK", "KT-KNF-165", "PT-YKN-OGU", "PT-SHO-KOI-200ML"] {
        crate::testing::goods::put(&shop, sku, noren_domain::tax::TaxClass::Standard, 1_320, 50, 9).await;
    }
    let (hanako, taro) = (customer(&shop, "hanako@example.jp").await, customer(&shop, "taro@example.jp").await);
    demo(&shop).await.unwrap();
    demo(&shop).await.unwrap();
    let of_hanako = mine(&shop, hanako).await.unwrap();
    let states: Vec<_> = of_hanako.iter().map(|order| (order.state, order.payment, order.shipment)).collect();
    assert_eq!(states, [
        (OrderState::Placed, PaymentState::Unpaid, ShipmentState::Open),
        (OrderState::Placed, PaymentState::Paid, ShipmentState::Shipped),
        (OrderState::Completed, PaymentState::Paid, ShipmentState::Delivered),
    ]);
    assert_eq!(mine(&shop, taro).await.unwrap().len(), 2);
    outbox::run_due(&shop).await.unwrap();
    sweep(&shop).await.unwrap();
    assert_eq!(mails(&shop), 2, "only about orders that still lie in the shop");
    let waiting = "SELECT COUNT(*) FROM mail_sent WHERE state = 'queued'";
    assert_eq!(count(&shop, waiting).await, 0, "none of the others waits to be sent for ever");
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM cart_line").await, 0);
    the_ledger_balances(&shop).await;
});
