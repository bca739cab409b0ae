use noren_domain::cart::MergeReport;
use noren_domain::checkout::{ContactForm, DeliveryForm, PaymentForm};
use noren_domain::tax::TaxClass;
use noren_domain::{Lang, Yen};

use super::*;
use crate::order::{self, Next, Placed};
use crate::payment::{self, Choice, TestBank};
use crate::testing::goods;
use crate::{checkout, execute, fetch_one, on_both_databases};

fn guest(shop: &Shop) -> CartKey {
    CartKey::Guest(Token::random(&shop.entropy))
}

async fn customer(shop: &Shop) -> Id<Customer> {
    let id = shop.entropy.id(shop.now());
    let mut tx = shop.db.write().await.unwrap();
    execute!(
        tx,
        "INSERT INTO customer (id, email_index, email, password_hash, lang, created_at, password_changed_at) VALUES ($1, $2, $3, '', 'ja', 0, 0)",
        id.0,
        shop.entropy.bytes::<32>().to_vec(),
        vec![1_u8]
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id
}

fn fault(result: Result<(), CartError>) -> Fault {
    match result.unwrap_err() {
        CartError::Refused(fault) => fault,
        CartError::Database(error) => panic!("{error}"),
    }
}

on_both_databases!(what_is_added_is_there_with_its_sum_and_taxes(shop) {
    let key = guest(&shop);
    goods::put(&shop, "CUP", TaxClass::Standard, 2_200, 300, 5).await;
    goods::put(&shop, "TEA", TaxClass::Reduced, 1_080, 100, 5).await;
    assert!(load(&shop, &key).await.unwrap().is_empty());
    add(&shop, &key, "CUP", 1).await.unwrap();
    add(&shop, &key, "TEA", 2).await.unwrap();
    add(&shop, &key, "CUP", 1).await.unwrap();
    let cart = load(&shop, &key).await.unwrap();
    assert_eq!(cart.lines.iter().map(|l| (l.sku.as_str(), l.quantity, l.sum)).collect::<Vec<_>>(),
        [("CUP", 2, Yen(4_400)), ("TEA", 2, Yen(2_160))]);
    assert_eq!((cart.totals.goods, cart.totals.shipping, cart.totals.total), (Yen(6_560), Yen(660), Yen(7_220)));
    assert_eq!(cart.totals.at(TaxClass::Standard).gross, Yen(5_060));
    assert_eq!(cart.totals.at(TaxClass::Reduced).tax, Yen(160));
    assert_eq!(count(&shop, &key).await.unwrap(), 4);
    assert!(!cart.has_changes());
});

on_both_databases!(a_price_change_is_said_in_words_until_it_was_shown(shop) {
    let key = guest(&shop);
    let cup = goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 5).await;
    add(&shop, &key, "CUP", 1).await.unwrap();
    goods::price(&shop, cup, 1_320).await;
    for _ in 0..2 {
        let cart = load(&shop, &key).await.unwrap();
        assert_eq!(cart.lines[0].changes[0].words(Lang::Ja), "価格が変わりました：1,200円 → 1,320円");
        assert_eq!(cart.totals.goods, Yen(1_320));
    }
    let cart = load(&shop, &key).await.unwrap();
    shown(&shop, &key, &cart).await.unwrap();
    assert!(!load(&shop, &key).await.unwrap().has_changes());
});

on_both_databases!(short_stock_cuts_the_quantity_and_says_so(shop) {
    let key = guest(&shop);
    let cup = goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 5).await;
    add(&shop, &key, "CUP", 4).await.unwrap();
    goods::stock(&shop, cup, 2).await;
    let cart = load(&shop, &key).await.unwrap();
    assert_eq!(cart.lines[0].changes, [Change::Cut { from: 4, to: 2 }]);
    assert_eq!(cart.totals.goods, Yen(2_400));
    shown(&shop, &key, &cart).await.unwrap();
    goods::stock(&shop, cup, 0).await;
    let cart = load(&shop, &key).await.unwrap();
    assert_eq!(cart.lines[0].changes, [Change::SoldOut]);
    assert!(cart.is_empty(), "what is sold out does not count");
    assert_eq!(cart.totals.total, Yen::ZERO);
    goods::archive(&shop, cup).await;
    assert_eq!(load(&shop, &key).await.unwrap().lines[0].changes, [Change::Gone]);
});

on_both_databases!(a_line_holds_what_stock_and_99_allow(shop) {
    let key = guest(&shop);
    goods::put(&shop, "FEW", TaxClass::Standard, 100, 10, 3).await;
    goods::put(&shop, "MANY", TaxClass::Standard, 100, 10, 1_000).await;
    assert_eq!(fault(add(&shop, &key, "FEW", 4).await), Fault::Stock { available: 3 });
    add(&shop, &key, "FEW", 2).await.unwrap();
    assert_eq!(fault(add(&shop, &key, "FEW", 2).await), Fault::Stock { available: 3 });
    add(&shop, &key, "MANY", 99).await.unwrap();
    let limit = Fault::Quantity { min: 1, max: 99 };
    assert_eq!(fault(add(&shop, &key, "MANY", 1).await), limit);
    for quantity in [0, 100, 1_000_000_000, u32::MAX] {
        assert_eq!(fault(set(&shop, &key, "MANY", quantity).await), limit);
        assert_eq!(fault(add(&shop, &key, "MANY", quantity).await), limit);
    }
    assert_eq!(fault(set(&shop, &key, "FEW", 4).await), Fault::Stock { available: 3 });
    set(&shop, &key, "FEW", 3).await.unwrap();
    assert_eq!(load(&shop, &key).await.unwrap().lines[0].quantity, 3);
});

on_both_databases!(unknown_goods_and_foreign_lines_change_nothing(shop) {
    let (mine, theirs) = (guest(&shop), guest(&shop));
    goods::put(&shop, "CUP", TaxClass::Standard, 100, 10, 3).await;
    add(&shop, &theirs, "CUP", 1).await.unwrap();
    for sku in ["NOPE", "", "CUP'; DROP TABLE cart; --", "C\0UP"] {
        assert_eq!(fault(add(&shop, &mine, sku, 1).await), Fault::Gone);
        remove(&shop, &mine, sku).await.unwrap();
    }
    assert_eq!(fault(set(&shop, &mine, "CUP", 2).await), Fault::NotFound);
    remove(&shop, &mine, "CUP").await.unwrap();
    assert_eq!(load(&shop, &theirs).await.unwrap().count(), 1);
    remove(&shop, &theirs, "CUP").await.unwrap();
    assert!(load(&shop, &theirs).await.unwrap().lines.is_empty());
});

on_both_databases!(two_browsers_of_one_customer_share_a_cart(shop) {
    let customer = customer(&shop).await;
    goods::put(&shop, "CUP", TaxClass::Standard, 100, 10, 9).await;
    let (phone, desk) = (CartKey::Customer(customer), CartKey::Customer(customer));
    let (a, b) = tokio::join!(add(&shop, &phone, "CUP", 1), add(&shop, &desk, "CUP", 2));
    a.unwrap(); b.unwrap();
    assert_eq!(load(&shop, &phone).await.unwrap().count(), 3);
    assert_eq!(find(&shop, &phone).await.unwrap(), find(&shop, &desk).await.unwrap());
});

on_both_databases!(merging_adds_quantities_up_to_what_stock_allows_and_only_once(shop) {
    let customer = customer(&shop).await;
    let token = Token::random(&shop.entropy);
    let (browser, account) = (CartKey::Guest(token.clone()), CartKey::Customer(customer));
    goods::put(&shop, "FEW", TaxClass::Standard, 100, 10, 3).await;
    goods::put(&shop, "TEA", TaxClass::Reduced, 100, 10, 50).await;
    add(&shop, &account, "FEW", 2).await.unwrap();
    add(&shop, &browser, "FEW", 2).await.unwrap();
    add(&shop, &browser, "TEA", 4).await.unwrap();
    let report = merge(&shop, &token, customer).await.unwrap();
    assert_eq!(report, MergeReport { moved: 5, dropped: 1 });
    assert_eq!(merge(&shop, &token, customer).await.unwrap(), MergeReport::default());
    let cart = load(&shop, &account).await.unwrap();
    assert_eq!(cart.lines.iter().map(|l| (l.sku.as_str(), l.quantity)).collect::<Vec<_>>(), [("FEW", 3), ("TEA", 4)]);
    assert!(load(&shop, &browser).await.unwrap().lines.is_empty());
});

on_both_databases!(many_clicks_at_once_never_pass_the_stock(shop) {
    let key = guest(&shop);
    goods::put(&shop, "FEW", TaxClass::Standard, 100, 10, 3).await;
    let clicks = (0..6).map(|_| {
        let (shop, key) = ((*shop).clone(), key.clone());
        tokio::spawn(async move { add(&shop, &key, "FEW", 1).await.is_ok() })
    });
    let mut done = 0;
    for click in clicks.collect::<Vec<_>>() {
        done += u32::from(click.await.unwrap());
    }
    assert_eq!((done, load(&shop, &key).await.unwrap().count()), (3, 3));
});

/// The step by step answers of a checkout, to `street`, by card.
async fn fill_in(shop: &Shop, key: &CartKey, street: &str) -> Id<Cart> {
    let cart = find(shop, key).await.unwrap().unwrap();
    let contact = ContactForm {
        email: "hanako@example.jp".into(),
        name: "暖簾 花子".into(),
        postal_code: "100-0005".into(),
        prefecture: "13".into(),
        city: "千代田区丸の内".into(),
        street: street.into(),
        phone: "090-1234-5678".into(),
        ..ContactForm::default()
    };
    checkout::save_contact(shop, cart, &contact).await.unwrap();
    let delivery = DeliveryForm { method: "parcel".into(), ..DeliveryForm::default() };
    checkout::save_delivery(shop, cart, &delivery).await.unwrap();
    checkout::save_payment(shop, cart, &PaymentForm { payment: "card".into() }).await.unwrap();
    cart
}

async fn press(shop: &Shop, cart: Id<Cart>, customer: Option<Id<Customer>>) -> Placed {
    let seen = checkout::shown_hash(&checkout::confirmation(shop, cart, Lang::Ja).await.unwrap().0);
    order::place(shop, cart, customer, seen, Lang::Ja).await.unwrap()
}

/// Presses the button for a card payment and gives order and reference.
async fn to_the_bank(shop: &Shop, cart: Id<Cart>, customer: Option<Id<Customer>>) -> (Placed, String) {
    let placed = press(shop, cart, customer).await;
    let Next::Pay { url } = &placed.next else { panic!("a card is paid at the bank") };
    let reference = payment::reference_of(shop, url.rsplit('/').next().unwrap()).unwrap().to_owned();
    (placed, reference)
}

async fn number(shop: &Shop, sql: &'static str) -> i64 {
    fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0
}

on_both_databases!(a_sign_in_during_the_checkout_keeps_what_was_just_typed_and_the_last_units_and_charges_once(shop) {
    let (hanako, token) = (customer(&shop).await, Token::random(&shop.entropy));
    let (browser, account) = (CartKey::Guest(token.clone()), CartKey::Customer(hanako));
    goods::put(&shop, "CUP", TaxClass::Standard, 2_200, 300, 3).await;
    // Left at the bank some minutes ago, when she was signed in: one of three.
    add(&shop, &account, "CUP", 1).await.unwrap();
    let cart = fill_in(&shop, &account, "1-1-1").await;
    let (_, left) = to_the_bank(&shop, cart, Some(hanako)).await;
    // Now as a guest: the other two, being paid in another tab while she signs in.
    shop.clock.advance(1);
    add(&shop, &browser, "CUP", 2).await.unwrap();
    let guests = fill_in(&shop, &browser, "9-9-9").await;
    let (paying, reference) = to_the_bank(&shop, guests, None).await;
    assert_eq!(merge(&shop, &token, hanako).await.unwrap(), MergeReport { moved: 2, dropped: 0 });
    let (answers, view) = checkout::answers(&shop, cart, noren_domain::checkout::Step::Contact).await.unwrap();
    assert_eq!(answers.contact.street, "9-9-9");
    assert_eq!((view.lines[0].quantity, view.has_changes()), (3, false), "what her own order holds is hers");
    // The bank has the money of the one tab, and has not told us yet, when she presses in the other one.
    TestBank::choose(&shop, &reference, Choice::Late).await.unwrap();
    let again = press(&shop, cart, Some(hanako)).await;
    assert_eq!((again.token, again.next), (paying.token, Next::Done));
    // Money for what she left goes back by itself.
    TestBank::choose(&shop, &left, Choice::Succeed).await.unwrap();
    payment::returned(&shop, &left).await.unwrap();
    assert_eq!(number(&shop, "SELECT COUNT(*) FROM orders WHERE payment_state = 'paid'").await, 1);
    assert_eq!(number(&shop, "SELECT COUNT(*) FROM orders WHERE state = 'cancelled' AND payment_state = 'refunded'").await, 1);
    assert_eq!(number(&shop, "SELECT COUNT(*) FROM checkout").await, 0);
    assert_eq!(number(&shop, "SELECT on_hand * 10 + reserved FROM stock").await, 10, "two of three are sold, none is held");
});

on_both_databases!(a_guest_who_typed_nothing_changes_nothing_about_the_accounts_checkout(shop) {
    let (hanako, token) = (customer(&shop).await, Token::random(&shop.entropy));
    let account = CartKey::Customer(hanako);
    goods::put(&shop, "CUP", TaxClass::Standard, 2_200, 300, 9).await;
    add(&shop, &account, "CUP", 1).await.unwrap();
    let cart = fill_in(&shop, &account, "1-1-1").await;
    let (waiting, _) = to_the_bank(&shop, cart, Some(hanako)).await;
    add(&shop, &CartKey::Guest(token.clone()), "CUP", 1).await.unwrap();
    merge(&shop, &token, hanako).await.unwrap();
    set(&shop, &account, "CUP", 1).await.unwrap();
    assert_eq!(press(&shop, cart, Some(hanako)).await, waiting);
});

on_both_databases!(a_cart_holds_a_hundred_lines_and_no_more(shop) {
    let (hanako, token) = (customer(&shop).await, Token::random(&shop.entropy));
    let (browser, account) = (CartKey::Guest(token.clone()), CartKey::Customer(hanako));
    for no in 0..=MAX_LINES {
        goods::put(&shop, &format!("CUP-{no}"), TaxClass::Standard, 100, 10, 5).await;
    }
    for no in 0..MAX_LINES {
        add(&shop, &account, &format!("CUP-{no}"), 1).await.unwrap();
    }
    let one_more = format!("CUP-{MAX_LINES}");
    assert_eq!(fault(add(&shop, &account, &one_more, 1).await), Fault::CartFull { max: 100 });
    add(&shop, &account, "CUP-0", 1).await.unwrap();
    // A sign-in does not get round it either.
    add(&shop, &browser, &one_more, 1).await.unwrap();
    add(&shop, &browser, "CUP-0", 1).await.unwrap();
    assert_eq!(merge(&shop, &token, hanako).await.unwrap(), MergeReport { moved: 1, dropped: 1 });
    assert_eq!(load(&shop, &account).await.unwrap().lines.len(), 100);
});

/// On SQLite the writer is alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_browser_adds_while_carts_are_merged_is_not_lost() {
    let shop = crate::testing::postgres().await;
    goods::put(&shop, "CUP", TaxClass::Standard, 100, 10, 50).await;
    for begun in [true, false] {
        let (hanako, token) = (customer(&shop).await, Token::random(&shop.entropy));
        let account = CartKey::Customer(hanako);
        add(&shop, &CartKey::Guest(token.clone()), "CUP", 4).await.unwrap();
        add(&shop, &account, "CUP", 2).await.unwrap();
        if !begun {
            remove(&shop, &account, "CUP").await.unwrap();
        }
        let cart = find(&shop, &account).await.unwrap().unwrap();
        let mut other = shop.db.write().await.unwrap();
        let cup = rows::sold(&mut other, Some(cart), "CUP").await.unwrap().unwrap();
        rows::add(&mut other, cart, &cup, 1, 50, shop.now()).await.unwrap();
        let merging = tokio::spawn({
            let shop = (*shop).clone();
            async move { merge(&shop, &token, hanako).await.unwrap() }
        });
        // Until the merge stands before the line that the other browser has in its hands.
        let waiting =
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while number(&shop, waiting).await == 0 {
            assert!(!merging.is_finished(), "the merge did not wait for the other browser");
        }
        other.commit().await.unwrap();
        assert_eq!(merging.await.unwrap(), MergeReport { moved: 4, dropped: 0 });
        assert_eq!(count(&shop, &account).await.unwrap(), if begun { 7 } else { 5 });
    }
}
