use std::sync::Arc;

use noren_domain::cart::Cart;
use noren_domain::checkout::PaymentMethod;
use noren_domain::order::{EventKind, Order, OrderState, PaymentState, ShipmentState};
use noren_domain::{Id, Lang, Yen};
use uuid::Uuid;

mod back;
mod crowd;
mod late;
mod ledger;
mod office;
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
    view(shop, &placed.token).await.unwrap().unwrap()
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

on_both_databases!(of_fifty_buyers_of_the_last_ten_units_exactly_ten_buy(shop) {
    goods(&shop, 100).await;
    more_goods(&shop, 10).await;
    let shop = Arc::new(shop);
    let mut buyers = tokio::task::JoinSet::new();
    let mut ready = Vec::new();
    for _ in 0..50 {
        // The first line is held before the second, scarce one turns out to be gone.
        let token = Token::random(&shop.entropy);
        let cart = buyer_of(&shop, &token, "hanako@example.jp", PaymentMethod::Cash, &[(1, 1), (2, 1)]).await;
        ready.push((cart, seen(&shop, cart).await));
    }
    for (cart, seen) in ready {
        let shop = Arc::clone(&shop);
        buyers.spawn(async move {
            match place(&shop, cart, None, seen, Lang::Ja).await {
                Ok(_) => true,
                // Sold out while the button was pressed, or just before.
                Err(PlaceError::Sold(short)) => {
                    assert_eq!((short[0].variant, short[0].available), (2, 0));
                    false
                }
                Err(PlaceError::Empty | PlaceError::Changed) => false,
                Err(error) => panic!("{error}"),
            }
        });
    }
    let mut sold = 0;
    while let Some(bought) = buyers.join_next().await {
        sold += usize::from(bought.unwrap());
    }
    assert_eq!(sold, 10);
    assert_eq!(stock(&shop).await, (90, 0));
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM stock WHERE variant_id = 2 AND on_hand = 0 AND reserved = 0").await, 1);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM orders").await, 10);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM order_line").await, 20);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM reservation WHERE state = 'taken'").await, 20);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM product WHERE in_stock").await, 1);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM cart_line").await, 80);
    outbox::run_due(&shop).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    assert_eq!(mails(&shop), 10);
});

on_both_databases!(pressing_twice_at_once_makes_one_order(shop) {
    goods(&shop, 10).await;
    for method in [PaymentMethod::Transfer, PaymentMethod::Card] {
        let cart = buyer(&shop, method, 2).await;
        let seen = seen(&shop, cart).await;
        let (a, b) = tokio::join!(place(&shop, cart, None, seen, Lang::Ja), place(&shop, cart, None, seen, Lang::Ja));
        let again = place(&shop, cart, None, seen, Lang::Ja).await.unwrap();
        assert_eq!(a.unwrap(), again);
        assert_eq!(b.unwrap(), again);
    }
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM orders").await, 2);
    assert_eq!(stock(&shop).await, (10, 4));
});

on_both_databases!(an_order_differs_in_nothing_from_what_was_shown(shop) {
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Cash, 1).await;
    let seen = seen(&shop, cart).await;
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE variant SET price = 2160 WHERE id = 1").await.unwrap();
    tx.commit().await.unwrap();
    assert!(matches!(place(&shop, cart, None, seen, Lang::Ja).await, Err(PlaceError::Changed)));
    assert_eq!(stock(&shop).await, (10, 0));
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM orders").await, 0);
});

on_both_databases!(a_paid_order_is_charged_once_however_often_the_bank_speaks(shop) {
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Card, 2).await;
    let (placed, reference) = to_the_bank(&shop, cart).await;
    assert_eq!(shown(&shop, &placed).await.state, OrderState::Draft);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM cart_line").await, 1);
    TestBank::choose(&shop, &reference, Choice::Challenge).await.unwrap();
    TestBank::choose(&shop, &reference, Choice::Twice).await.unwrap();
    let (a, b) = tokio::join!(payment::returned(&shop, &reference), outbox::run_due(&shop));
    assert!(a.unwrap().is_some());
    b.unwrap();
    payment::returned(&shop, &reference).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    // A word from before, arriving after: changes nothing.
    let report = Report { reference, outcome: Outcome::Declined, amount: shown(&shop, &placed).await.total };
    assert_eq!(settle(&shop, &report).await.unwrap(), Settled::Already);
    let order = shown(&shop, &placed).await;
    assert_eq!((order.state, order.payment), (OrderState::Placed, PaymentState::Paid));
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM payment").await, 1);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM webhook_inbox").await, 1);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM cart_line").await, 0);
    assert_eq!(stock(&shop).await, (8, 0));
    assert_eq!(mails(&shop), 1);
    the_ledger_balances(&shop).await;
});

on_both_databases!(after_a_decline_the_cart_is_as_it_was_and_another_try_can_succeed(shop) {
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Card, 2).await;
    let (first, reference) = to_the_bank(&shop, cart).await;
    TestBank::choose(&shop, &reference, Choice::Decline).await.unwrap();
    payment::returned(&shop, &reference).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    assert_eq!(shown(&shop, &first).await.payment, PaymentState::Failed);
    assert_eq!(stock(&shop).await, (10, 0));
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM cart_line").await, 1);
    let (second, reference) = to_the_bank(&shop, cart).await;
    TestBank::choose(&shop, &reference, Choice::Succeed).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    assert_eq!(shown(&shop, &second).await.state, OrderState::Placed);
    assert_eq!(shown(&shop, &first).await.state, OrderState::Cancelled);
    assert_eq!(stock(&shop).await, (8, 0));
    the_ledger_balances(&shop).await;
});

on_both_databases!(money_that_comes_late_revives_the_order_or_goes_back(shop) {
    goods(&shop, 2).await;
    let (early, late) = (buyer(&shop, PaymentMethod::Card, 2).await, buyer(&shop, PaymentMethod::Card, 2).await);
    let (revived, one) = to_the_bank(&shop, early).await;
    shop.clock.advance(CARD_MS);
    assert_eq!(sweep(&shop).await.unwrap().expired, 1);
    assert_eq!(sweep(&shop).await.unwrap(), Swept::default());
    let (lost, two) = to_the_bank(&shop, late).await;
    shop.clock.advance(CARD_MS);
    assert_eq!(sweep(&shop).await.unwrap().expired, 1);
    for reference in [&one, &two] {
        TestBank::choose(&shop, reference, Choice::Late).await.unwrap();
    }
    outbox::run_due(&shop).await.unwrap();
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM payment").await, 0);
    shop.clock.advance(60_000);
    outbox::run_due(&shop).await.unwrap();
    let stories: Vec<Vec<EventKind>> =
        [shown(&shop, &revived).await, shown(&shop, &lost).await].map(|o| o.timeline.into_iter().map(|e| e.kind).collect()).into();
    assert_eq!(stories.iter().filter(|story| story.contains(&EventKind::Revived)).count(), 1);
    assert_eq!(stories.iter().filter(|story| story.contains(&EventKind::Refunded)).count(), 1);
    assert_eq!(stock(&shop).await, (0, 0));
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM test_bank WHERE state = 'refunded'").await, 1);
    assert_eq!(mails(&shop), 2);
    the_ledger_balances(&shop).await;
    // Whose money went back can buy as soon as there is something to buy again.
    crate::testing::goods::stock(&shop, 1, 2).await;
    let cart = if stories[0].contains(&EventKind::Refunded) { early } else { late };
    let (again, reference) = to_the_bank(&shop, cart).await;
    TestBank::choose(&shop, &reference, Choice::Succeed).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    assert_eq!(shown(&shop, &again).await.state, OrderState::Placed);
    assert_eq!(stock(&shop).await, (0, 0));
    the_ledger_balances(&shop).await;
});

on_both_databases!(late_money_for_half_of_the_goods_goes_back_and_holds_nothing(shop) {
    goods(&shop, 5).await;
    more_goods(&shop, 1).await;
    let both = buyer_of(&shop, &Token::random(&shop.entropy), "hanako@example.jp", PaymentMethod::Card, &[(1, 2), (2, 1)]).await;
    let (late, reference) = to_the_bank(&shop, both).await;
    shop.clock.advance(CARD_MS);
    assert_eq!(sweep(&shop).await.unwrap().expired, 1);
    let quick = buyer_of(&shop, &Token::random(&shop.entropy), "taro@example.jp", PaymentMethod::Cash, &[(2, 1)]).await;
    press(&shop, quick).await.unwrap();
    TestBank::choose(&shop, &reference, Choice::Succeed).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    assert_eq!(shown(&shop, &late).await.payment, PaymentState::Refunded);
    assert_eq!(stock(&shop).await, (5, 0));
    assert_eq!(count(&shop, "SELECT CAST(SUM(reserved) AS BIGINT) FROM stock").await, 0);
    the_ledger_balances(&shop).await;
});

on_both_databases!(an_order_being_paid_comes_along_when_its_shopper_signs_in(shop) {
    goods(&shop, 10).await;
    let (browser, customer) = (Token::random(&shop.entropy), customer(&shop, "hanako@example.jp").await);
    let cart = buyer_of(&shop, &browser, "hanako@example.jp", PaymentMethod::Card, &[(1, 2)]).await;
    let (placed, reference) = to_the_bank(&shop, cart).await;
    cart::merge(&shop, &browser, customer).await.unwrap();
    TestBank::choose(&shop, &reference, Choice::Succeed).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    assert_eq!(shown(&shop, &placed).await.state, OrderState::Placed);
    assert_eq!(mine(&shop, customer).await.unwrap().len(), 1);
    assert!(cart::load(&shop, &CartKey::Customer(customer)).await.unwrap().lines.is_empty(), "what was bought has left the cart");
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM checkout").await, 0);
});

on_both_databases!(units_added_while_at_the_bank_stay_in_the_cart(shop) {
    goods(&shop, 10).await;
    more_goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Card, 2).await;
    let (_, reference) = to_the_bank(&shop, cart).await;
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE cart_line SET quantity = quantity + 3").await.unwrap();
    fill(&mut tx, cart, 2, 1).await;
    tx.commit().await.unwrap();
    TestBank::choose(&shop, &reference, Choice::Succeed).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    let lines = fetch_all!(shop.db.read().await.unwrap(), (i64, i64), "SELECT variant_id, quantity FROM cart_line ORDER BY variant_id");
    assert_eq!(lines.await.unwrap(), [(1, 3), (2, 1)]);
});

on_both_databases!(shoppers_who_change_their_minds_at_once_never_block_each_other(shop) {
    goods(&shop, 100).await;
    more_goods(&shop, 100).await;
    let shop = Arc::new(shop);
    let mut shoppers = tokio::task::JoinSet::new();
    for no in 0..8 {
        // Half of them hold the second variant and then want both, the others the other way round.
        let (first, then) = if no % 2 == 0 { (2, 1) } else { (1, 2) };
        let token = Token::random(&shop.entropy);
        let cart = buyer_of(&shop, &token, "hanako@example.jp", PaymentMethod::Card, &[(first, 1)]).await;
        let customer = customer(&shop, &format!("shopper-{no}@example.jp")).await;
        let shop = Arc::clone(&shop);
        shoppers.spawn(async move {
            press(&shop, cart).await.unwrap();
            for round in 0..4 {
                let mut tx = shop.db.write().await.unwrap();
                execute!(tx, "DELETE FROM cart_line WHERE cart_id = $1", cart.0).await.unwrap();
                fill(&mut tx, cart, 1, 1 + round).await;
                fill(&mut tx, cart, 2, 1 + round).await;
                tx.commit().await.unwrap();
                press(&shop, cart).await.unwrap();
                let mut tx = shop.db.write().await.unwrap();
                execute!(tx, "DELETE FROM cart_line WHERE cart_id = $1 AND variant_id = $2", cart.0, then).await.unwrap();
                tx.commit().await.unwrap();
                press(&shop, cart).await.unwrap();
            }
            // Signs in and presses at the same moment.
            let seen = seen(&shop, cart).await;
            let (merged, _) = tokio::join!(cart::merge(&shop, &token, customer), place(&shop, cart, None, seen, Lang::Ja));
            merged.unwrap();
        });
    }
    while let Some(done) = shoppers.join_next().await {
        done.unwrap();
    }
    shop.clock.advance(CARD_MS);
    sweep(&shop).await.unwrap();
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM stock WHERE reserved = 0 AND on_hand = 100").await, 2);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM orders WHERE state = 'draft' AND customer_id IS NULL").await, 0);
});

on_both_databases!(an_order_nobody_paid_for_is_called_off_and_its_shopper_told(shop) {
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Transfer, 2).await;
    let placed = press(&shop, cart).await.unwrap();
    shop.clock.advance(7 * DAY_MS);
    assert_eq!(sweep(&shop).await.unwrap().expired, 1);
    sweep(&shop).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    let order = shown(&shop, &placed).await;
    assert_eq!((order.state, order.payment), (OrderState::Cancelled, PaymentState::Expired));
    let told = letter(&shop, "order-lapsed").expect("a mail says so");
    assert!(told.contains("To: hanako@example.jp") && told.contains("text/html"), "{told}");
    assert_eq!(mails(&shop), 2);
});

on_both_databases!(the_confirmation_holds_all_that_the_shopper_needs_later(shop) {
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Transfer, 2).await;
    let placed = press(&shop, cart).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    let order = shown(&shop, &placed).await;
    let mails = crate::mail::mailbox::list(&shop).await.unwrap();
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    let sender = noren_domain::order::transfer_sender(&order.no, Lang::Ja);
    let delivery = order.delivery(Lang::Ja);
    for needed in delivery.iter().map(|(_, value)| value).chain([&sender, &order.address.street]) {
        assert!(mail.text.contains(needed) && mail.html.contains(needed), "{needed}: {}", mail.text);
    }
});

on_both_databases!(a_mail_reaches_an_old_mobile_address(shop) {
    goods(&shop, 10).await;
    for address in ["taro.@docomo.ne.jp", "a..b@docomo.ne.jp"] {
        let cart = buyer_of(&shop, &Token::random(&shop.entropy), address, PaymentMethod::Cash, &[(1, 1)]).await;
        press(&shop, cart).await.unwrap();
        outbox::run_due(&shop).await.unwrap();
        let (local, host) = address.split_once('@').unwrap();
        let sent = letter(&shop, "order-placed").expect("the confirmation has left");
        assert!(sent.contains(&format!("To: \"{local}\"@{host}")), "{sent}");
        std::fs::remove_dir_all(shop.mailbox_dir()).unwrap();
        std::fs::create_dir(shop.mailbox_dir()).unwrap();
    }
});

on_both_databases!(what_the_shopper_agreed_to_can_be_proven_years_later(shop) {
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Transfer, 2).await;
    let seen = seen(&shop, cart).await;
    place(&shop, cart, None, seen, Lang::Ja).await.unwrap();
    shop.clock.advance(7 * 365 * DAY_MS);
    let (text, hash) =
        fetch_one!(shop.db.read().await.unwrap(), (String, Vec<u8>), "SELECT shown, shown_hash FROM orders").await.unwrap();
    assert_eq!(checkout::hash_of(&text), seen);
    assert_eq!(hash, seen);
    assert!(text.contains("TEA-1") && text.contains("お振り込みください"), "{text}");
    assert!(!text.contains("花子") && !text.contains("example.jp"), "the person is in the sealed fields only");
});

on_both_databases!(an_order_that_cannot_be_swept_holds_up_no_other(shop) {
    goods(&shop, 10).await;
    more_goods(&shop, 10).await;
    let broken = buyer(&shop, PaymentMethod::Transfer, 2).await;
    press(&shop, broken).await.unwrap();
    shop.clock.advance(1);
    let well = buyer_of(&shop, &Token::random(&shop.entropy), "taro@example.jp", PaymentMethod::Transfer, &[(2, 1)]).await;
    press(&shop, well).await.unwrap();
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE stock SET reserved = 0 WHERE variant_id = 1").await.unwrap();
    tx.commit().await.unwrap();
    shop.clock.advance(7 * DAY_MS);
    assert_eq!(sweep(&shop).await.unwrap().expired, 1);
    assert_eq!(count(&shop, "SELECT reserved FROM stock WHERE variant_id = 2").await, 0);
});

on_both_databases!(who_never_paid_is_forgotten_and_who_paid_is_not(shop) {
    goods(&shop, 10).await;
    let (left, bought) = (buyer(&shop, PaymentMethod::Card, 1).await, buyer(&shop, PaymentMethod::Card, 1).await);
    to_the_bank(&shop, left).await;
    let (kept, reference) = to_the_bank(&shop, bought).await;
    TestBank::choose(&shop, &reference, Choice::Succeed).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    shop.clock.advance(crate::tidy::CART_DAYS * DAY_MS + 1);
    crate::tidy::sweep(&shop).await.unwrap();
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM orders").await, 2, "goods that are held are given back first");
    sweep(&shop).await.unwrap();
    crate::tidy::sweep(&shop).await.unwrap();
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM orders").await, 1);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM checkout").await, 0);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM cart").await, 0);
    assert_eq!(shown(&shop, &kept).await.state, OrderState::Placed);
    assert_eq!(stock(&shop).await, (9, 0));
});

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

on_both_databases!(the_sweeper_reads_only_what_still_waits_for_money(shop) {
    let (explain, before, id) = match shop.db.dialect() {
        Dialect::Sqlite => ("EXPLAIN QUERY PLAN ", "SELECT 1", "x'01'"),
        Dialect::Postgres => ("EXPLAIN ", "SET LOCAL enable_seqscan = off", "'00000000-0000-0000-0000-000000000001'"),
    };
    for (sql, values, index) in [
        (sweep::OPEN, ["1", "1", id, "1"], "orders_waiting"),
        (sweep::DUE, ["1", "1", id, "1"], "orders_waiting"),
        (sweep::LATE, ["1", "''", "1", ""], "payment_try_open"),
    ] {
        let mut tx = shop.db.write().await.unwrap();
        execute!(tx, before).await.unwrap();
        let mut sql = format!("{explain}{sql}");
        for (place, value) in ["$1", "$2", "$3", "$4"].into_iter().zip(values) {
            sql = sql.replace(place, value);
        }
        let sql = sqlx::AssertSqlSafe(sql);
        let plan = match shop.db.dialect() {
            Dialect::Sqlite => fetch_all!(tx, (i64, i64, i64, String), sql).await.unwrap().into_iter().map(|row| row.3).collect::<Vec<_>>(),
            Dialect::Postgres => fetch_all!(tx, (String,), sql).await.unwrap().into_iter().map(|row| row.0).collect(),
        };
        assert!(plan.iter().any(|step| step.contains(index)), "{plan:?}");
    }
});

on_both_databases!(an_order_left_for_another_way_to_pay_gives_late_money_back(shop) {
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Card, 1).await;
    let (left, reference) = to_the_bank(&shop, cart).await;
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE checkout SET payment_method = 'transfer', updated_at = updated_at + 1").await.unwrap();
    tx.commit().await.unwrap();
    let kept = press(&shop, cart).await.unwrap();
    TestBank::choose(&shop, &reference, Choice::Succeed).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    let (left, kept) = (shown(&shop, &left).await, shown(&shop, &kept).await);
    assert_eq!((left.state, left.payment), (OrderState::Cancelled, PaymentState::Refunded));
    assert_eq!((kept.state, kept.payment), (OrderState::Placed, PaymentState::Unpaid));
    assert_eq!(stock(&shop).await, (10, 1));
    shop.clock.advance(7 * DAY_MS);
    sweep(&shop).await.unwrap();
    assert_eq!(stock(&shop).await, (10, 0));
    the_ledger_balances(&shop).await;
});

on_both_databases!(a_crash_between_the_phases_leaves_nothing_half_made(shop) {
    goods(&shop, 10).await;
    // Crash before the bank was asked.
    let cart = buyer(&shop, PaymentMethod::Card, 1).await;
    let hash = seen(&shop, cart).await;
    assert!(matches!(prepare(&shop, cart, None, hash, Lang::Ja).await.unwrap(), Prepared::ToPay(_)));
    // Crash after the shopper paid, before anybody told the shop.
    let cart = buyer(&shop, PaymentMethod::Card, 3).await;
    let (paid, reference) = to_the_bank(&shop, cart).await;
    TestBank::choose(&shop, &reference, Choice::Late).await.unwrap();
    assert_eq!(stock(&shop).await, (10, 4));
    shop.clock.advance(CARD_MS + 1);
    assert_eq!(sweep(&shop).await.unwrap(), Swept { settled: 1, expired: 1 });
    assert_eq!(shown(&shop, &paid).await.payment, PaymentState::Paid);
    assert_eq!(stock(&shop).await, (7, 0));
    the_ledger_balances(&shop).await;
});

on_both_databases!(what_the_bank_cannot_mean_is_kept_and_books_nothing(shop) {
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Card, 1).await;
    let (placed, reference) = to_the_bank(&shop, cart).await;
    let other = Report { reference, outcome: Outcome::Succeeded, amount: Yen(1) };
    assert_eq!(settle(&shop, &other).await.unwrap(), Settled::Alarm);
    assert_eq!(settle(&shop, &other).await.unwrap(), Settled::Alarm);
    let order = shown(&shop, &placed).await;
    assert_eq!(order.state, OrderState::Draft);
    assert_eq!(order.timeline.iter().filter(|event| event.kind == EventKind::Alarm).count(), 1);
    assert_eq!(payment::unclear(&shop).await.unwrap(), payment::Unclear { alarms: 1, unknown: 0 });
    let unknown = payment::Webhook { event_id: "evt_x".into(), reference: "nobody's".into(), outcome: Outcome::Succeeded, amount: 100 };
    payment::deliver(&shop, &payment::Delivery::Tell(unknown)).await.unwrap();
    assert_eq!(payment::unclear(&shop).await.unwrap(), payment::Unclear { alarms: 1, unknown: 1 });
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM payment").await, 0);
    // Somebody has looked: the bank saying the same again is no new alarm.
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE order_event SET actor = 'shop' WHERE kind = 'alarm'").await.unwrap();
    execute!(tx, "UPDATE webhook_inbox SET outcome = 'seen' WHERE outcome = 'unknown'").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(settle(&shop, &other).await.unwrap(), Settled::Alarm);
    assert_eq!(payment::unclear(&shop).await.unwrap(), payment::Unclear::default());
});

on_both_databases!(a_wrong_token_opens_nothing_and_a_mail_holds_the_right_one(shop) {
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Transfer, 1).await;
    let placed = press(&shop, cart).await.unwrap();
    assert_eq!(view(&shop, &Token::random(&shop.entropy)).await.unwrap(), None);
    let order = shown(&shop, &placed).await;
    assert_eq!((order.address.name.as_str(), order.address.postal_code.as_str()), ("暖簾 花子", "100-0001"));
    let (id,) = fetch_one!(shop.db.read().await.unwrap(), (Uuid,), "SELECT id FROM orders").await.unwrap();
    assert_eq!(token_of(&shop, Id::<Order>::new(id)), placed.token);
    outbox::run_due(&shop).await.unwrap();
    let file = std::fs::read_dir(shop.mailbox_dir()).unwrap().next().unwrap().unwrap();
    let mail = std::fs::read_to_string(file.path()).unwrap();
    assert!(mail.contains("To: hanako@example.jp") && mail.contains("multipart/alternative"), "{mail}");
    let (payload,) = fetch_one!(shop.db.read().await.unwrap(), (String,), "SELECT payload FROM outbox").await.unwrap();
    assert_eq!(payload, "");
});
