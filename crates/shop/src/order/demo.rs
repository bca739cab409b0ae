//! A few orders of the demo customers, so that "my orders" shows something true on a first start. They
//! go the whole way a shopper goes, on a clock that is set back.

use noren_domain::account::{Customer, Email};
use noren_domain::checkout::{ContactForm, DeliveryForm, PaymentForm, PaymentMethod};
use noren_domain::order::{Actor, EventKind, Order, OrderState, ShipmentState};
use noren_domain::{Id, Lang};
use uuid::Uuid;

use super::{DAY_MS, Next, PlaceError, note, place};
use crate::account;
use crate::cart::{self, CartError, CartKey};
use crate::checkout::{self, CheckoutError};
use crate::clock::Clock;
use crate::payment::{self, Choice, PaymentError, TestBank};
use crate::vault::{Asker, LookFor, VaultError};
use crate::{Parts, Shop, execute, fetch_one, fetch_optional, outbox};

/// A demo order cannot be placed.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Its goods.
    #[error("the sample goods do not fit the demo orders: {0}")]
    Cart(#[from] CartError),
    /// Its address, delivery or payment.
    #[error("the demo address does not fit: {0}")]
    Checkout(#[from] CheckoutError),
    /// The press of the button.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The test bank.
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Who, and where it goes.
struct Person {
    email: &'static str,
    address: [&'static str; 7],
    orders: &'static [Demo],
}

/// One purchase.
struct Demo {
    hours_ago: i64,
    goods: &'static [(&'static str, u32)],
    payment: PaymentMethod,
    shipment: ShipmentState,
}

const PEOPLE: [Person; 2] = [
    Person {
        email: "hanako@example.jp",
        address: ["暖簾 花子", "ノレン ハナコ", "100-0005", "13", "千代田区丸の内", "1-1-1", "0312345678"],
        orders: &[
            Demo {
                hours_ago: 12 * 24 + 3,
                goods: &[("TG-SGH-AI", 2), ("PT-SEN-50", 1)],
                payment: PaymentMethod::Card,
                shipment: ShipmentState::Delivered,
            },
            Demo {
                hours_ago: 2 * 24 + 6,
                goods: &[("FR-SGH-AI-50", 1), ("UT-MSW-SHIRO", 2)],
                payment: PaymentMethod::Card,
                shipment: ShipmentState::Shipped,
            },
            Demo {
                hours_ago: 5,
                goods: &[("PP-NTB-AI", 1), ("SC-STK-BYK", 1)],
                payment: PaymentMethod::Transfer,
                shipment: ShipmentState::Open,
            },
        ],
    },
    Person {
        email: "taro@example.jp",
        address: ["染谷 太郎", "ソメヤ タロウ", "530-0001", "27", "大阪市北区梅田", "1-2-3", "0612345678"],
        orders: &[
            Demo {
                hours_ago: 20 * 24,
                goods: &[("KT-KNF-165", 1)],
                payment: PaymentMethod::Card,
                shipment: ShipmentState::Delivered,
            },
            Demo {
                hours_ago: 26,
                goods: &[("PT-YKN-OGU", 2), ("PT-SHO-KOI-200ML", 1)],
                payment: PaymentMethod::Cash,
                shipment: ShipmentState::Open,
            },
        ],
    },
];

/// Places the demo orders, in development and once: a customer who has orders gets no more.
pub async fn demo(shop: &Shop) -> Result<(), DemoError> {
    if !shop.development {
        return Ok(());
    }
    for person in &PEOPLE {
        let Ok(email) = Email::parse(person.email) else { continue };
        let index = shop.vault.index(Asker::operator("seed"), LookFor::Login, email.canonical()).await?;
        let mut conn = shop.db.read().await?;
        let Some(customer) = account::owner(&mut conn, &index).await? else { continue };
        let sql = "SELECT 1 FROM orders WHERE customer_id = $1 LIMIT 1";
        let has_orders = fetch_optional!(conn, (i32,), sql, customer).await?.is_some();
        drop(conn);
        if !has_orders {
            for demo in person.orders {
                buy(shop, Id::new(customer), person, demo).await?;
            }
        }
    }
    Ok(())
}

/// The shop as it was at `at` (UTC milliseconds).
fn back_then(shop: &Shop, at: i64) -> Shop {
    Shop::new(Parts {
        db: shop.db.clone(),
        keys: shop.keys.clone(),
        vault: shop.vault.clone(),
        clock: Clock::fixed(at),
        entropy: shop.entropy.clone(),
        data: shop.data.clone(),
        url: shop.url.clone(),
        development: shop.development,
    })
}

async fn buy(shop: &Shop, customer: Id<Customer>, person: &Person, demo: &Demo) -> Result<(), DemoError> {
    let shop = &back_then(shop, shop.now() - demo.hours_ago * 60 * 60 * 1_000);
    let key = CartKey::Customer(customer);
    for (sku, quantity) in demo.goods {
        cart::add(shop, &key, sku, *quantity).await?;
    }
    let Some(cart) = cart::find(shop, &key).await? else { return Ok(()) };
    let [name, kana, postal_code, prefecture, city, street, phone] = person.address.map(str::to_owned);
    let contact = ContactForm {
        email: person.email.to_owned(),
        name,
        kana,
        postal_code,
        prefecture,
        city,
        street,
        building: String::new(),
        phone,
    };
    checkout::save_contact(shop, cart, &contact).await?;
    let delivery = DeliveryForm { method: "parcel".to_owned(), ..DeliveryForm::default() };
    checkout::save_delivery(shop, cart, &delivery).await?;
    checkout::save_payment(shop, cart, &PaymentForm { payment: demo.payment.word().to_owned() }).await?;
    let (confirmation, ..) = checkout::confirmation(shop, cart, Lang::Ja).await?;
    let placed = place(shop, cart, Some(customer), checkout::shown_hash(&confirmation), Lang::Ja).await?;
    if let Next::Pay { url } = &placed.next {
        let pass = url.rsplit('/').next().unwrap_or_default();
        let reference = payment::reference_of(shop, pass).ok_or(PaymentError::Unknown)?;
        TestBank::choose(shop, reference, Choice::Succeed).await?;
        payment::returned(shop, reference).await?;
    }
    let sql = "SELECT id FROM orders WHERE token_hash = $1";
    let (order,) = fetch_one!(shop.db.read().await?, (Uuid,), sql, placed.token.hash().to_vec()).await?;
    travel(shop, Id::new(order), demo).await
}

/// Lets the parcel travel as far as the story goes: sent the day after, there another day later. Its confirmation would
/// come days too late, and is called off: only orders that still lie in the shop are written about.
async fn travel(shop: &Shop, order: Id<Order>, demo: &Demo) -> Result<(), DemoError> {
    let done = match demo.shipment {
        ShipmentState::Shipped => &[EventKind::Shipped][..],
        ShipmentState::Delivered => &[EventKind::Shipped, EventKind::Delivered][..],
        _ => return Ok(()),
    };
    let mut tx = shop.db.write().await?;
    for kind in done {
        shop.clock.advance(DAY_MS);
        note(&mut tx, shop, order, Actor::Shop, *kind, "").await?;
    }
    let state = if demo.shipment == ShipmentState::Delivered { OrderState::Completed } else { OrderState::Placed };
    let sql = "UPDATE orders SET shipment_state = $1, state = $2 WHERE id = $3";
    execute!(tx, sql, demo.shipment.word(), state.word(), order.0).await?;
    outbox::cancel(&mut tx, shop, &format!("order-placed-{}", order.0)).await?;
    tx.commit().await?;
    Ok(())
}
