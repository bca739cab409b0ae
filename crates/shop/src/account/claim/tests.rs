use noren_domain::Id;
use noren_domain::account::{Customer, Reads};
use noren_domain::checkout::{ContactForm, DeliveryForm, PaymentForm};
use noren_domain::order::EventKind;
use noren_domain::tax::TaxClass;
use uuid::Uuid;

use super::*;
use crate::account::mail_code;
use crate::account::testing::{customer, proved};
use crate::cart::{self, CartKey};
use crate::testing::goods;
use crate::{checkout, execute, fetch_all, fetch_one, on_both_databases};

const MINUTE: i64 = 60_000;

fn device() -> Device {
    Device::new("Firefox/1".to_owned(), None)
}

/// Somebody orders with the address `email`, signed in or not, and pays like that.
async fn order_of(shop: &Shop, email: &str, whose: Option<Id<Customer>>, payment: &str) {
    let key = whose.map_or_else(|| CartKey::Guest(Token::random(&shop.entropy)), CartKey::Customer);
    cart::add(shop, &key, "CUP", 1).await.unwrap();
    let cart = cart::find(shop, &key).await.unwrap().unwrap();
    let contact = ContactForm {
        email: email.into(),
        name: "暖簾 花子".into(),
        kana: String::new(),
        postal_code: "100-0005".into(),
        prefecture: "13".into(),
        city: "千代田区丸の内".into(),
        street: "1-1-1".into(),
        building: String::new(),
        phone: "03-1234-5678".into(),
    };
    checkout::save_contact(shop, cart, &contact).await.unwrap();
    let delivery = DeliveryForm { method: "parcel".into(), ..DeliveryForm::default() };
    checkout::save_delivery(shop, cart, &delivery).await.unwrap();
    checkout::save_payment(shop, cart, &PaymentForm { payment: payment.into() }).await.unwrap();
    let (confirmation, ..) = checkout::confirmation(shop, cart, Lang::Ja).await.unwrap();
    order::place(shop, cart, whose, checkout::shown_hash(&confirmation), Lang::Ja).await.unwrap();
    shop.clock.advance(1);
}

async fn guest_orders(shop: &Shop, email: &str) {
    order_of(shop, email, None, "cash").await;
}

async fn orders(shop: &Shop, customer: Id<Customer>) -> usize {
    order::mine(shop, customer).await.unwrap().len()
}

/// Asks for a code, and gives token and code.
async fn asked(shop: &Shop, who: &SignedIn) -> (Token, StepCode) {
    let token = ask(shop, who, Lang::Ja, &device()).await.unwrap();
    let sql = "SELECT id FROM challenge WHERE token_hash = $1";
    let (id,) = fetch_one!(shop.db.read().await.unwrap(), (Uuid,), sql, token.hash().to_vec()).await.unwrap();
    (token, StepCode::parse(&mail_code(shop, id)).unwrap())
}

fn refused<T: std::fmt::Debug>(result: Result<T, DoorError>) -> Fault {
    match result.unwrap_err() {
        DoorError::Refused(fault) => fault,
        other => panic!("{other}"),
    }
}

async fn events(shop: &Shop) -> i64 {
    let sql = "SELECT COUNT(*) FROM account_event WHERE kind = 'orders_claimed'";
    fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0
}

/// A customer, signed in, in a shop that sells cups.
async fn hanako(shop: &Shop) -> SignedIn {
    goods::put(shop, "CUP", TaxClass::Standard, 2_200, 300, 50).await;
    let hers = customer(shop, "hanako@example.jp").await;
    proved(shop, hers).await.who().clone()
}

on_both_databases!(orders_of_a_guest_come_to_whoever_has_the_mailbox_and_an_account_with_it(shop) {
    let who = hanako(&shop).await;
    guest_orders(&shop, "hanako@example.jp").await;
    guest_orders(&shop, "Hanako@Example.jp").await;
    guest_orders(&shop, "taro@example.jp").await;
    assert_eq!(orders(&shop, who.customer).await, 0);
    let (token, code) = asked(&shop, &who).await;
    assert_eq!(by_code(&shop, &who, &token, &code, &device()).await.unwrap(), 2);
    let mine = order::mine(&shop, who.customer).await.unwrap();
    assert_eq!(mine.len(), 2);
    let order = order::mine_one(&shop, who.customer, &mine[0].no).await.unwrap().unwrap();
    assert_eq!(order.timeline.last().unwrap().kind, EventKind::Claimed);
    assert_eq!(events(&shop).await, 1, "of all of them one");
    let sql = "SELECT kind FROM mail_sent WHERE customer_id = $1";
    let mails = fetch_all!(shop.db.read().await.unwrap(), (String,), sql, who.customer.0).await.unwrap();
    let confirmations = mails.iter().filter(|(kind,)| kind == "order_placed").count();
    assert_eq!(confirmations, 2, "their mails stand in the list of the account's");
});

on_both_databases!(without_the_right_code_in_its_time_and_once_nothing_comes(shop) {
    let who = hanako(&shop).await;
    guest_orders(&shop, "hanako@example.jp").await;
    let (token, code) = asked(&shop, &who).await;
    let StepCode::Digits(right) = &code else { panic!("digits") };
    let last = right.code.chars().last().unwrap();
    let other = if last == '0' { '1' } else { '0' };
    let wrong = StepCode::parse(&format!("{}{other}", &right.code[..right.code.len() - 1])).unwrap();
    assert_eq!(refused(by_code(&shop, &who, &token, &wrong, &device()).await), Fault::Code);
    let unknown = Token::random(&shop.entropy);
    assert_eq!(refused(by_code(&shop, &who, &unknown, &code, &device()).await), Fault::CodeOver);
    shop.clock.advance(CODE_LIFE);
    assert_eq!(refused(by_code(&shop, &who, &token, &code, &device()).await), Fault::CodeOver, "too late");
    assert_eq!(orders(&shop, who.customer).await, 0);
    let (token, code) = asked(&shop, &who).await;
    assert_eq!(by_code(&shop, &who, &token, &code, &device()).await.unwrap(), 1);
    guest_orders(&shop, "hanako@example.jp").await;
    assert_eq!(refused(by_code(&shop, &who, &token, &code, &device()).await), Fault::CodeOver, "a later order, the same code");
    assert_eq!(orders(&shop, who.customer).await, 1);
    let (token, code) = asked(&shop, &who).await;
    assert_eq!(by_code(&shop, &who, &token, &code, &device()).await.unwrap(), 1);
    assert_eq!(events(&shop).await, 2);
});

on_both_databases!(a_code_for_one_thing_or_one_person_is_none_for_another(shop) {
    let who = hanako(&shop).await;
    let his = proved(&shop, customer(&shop, "taro@example.jp").await).await.who().clone();
    guest_orders(&shop, "taro@example.jp").await;
    guest_orders(&shop, "hanako@example.jp").await;
    // He begins it in a browser where she signs in afterwards.
    let (token, code) = asked(&shop, &his).await;
    assert_eq!(refused(by_code(&shop, &who, &token, &code, &device()).await), Fault::CodeOver);
    let email = Email::parse("hanako@example.jp").unwrap();
    let sign_in = challenge::ask_mailbox(&shop, Kind::SignIn, &email, Lang::Ja, &device()).await.unwrap();
    let sql = "SELECT id FROM challenge WHERE token_hash = $1";
    let (id,) = fetch_one!(shop.db.read().await.unwrap(), (Uuid,), sql, sign_in.hash().to_vec()).await.unwrap();
    let code = StepCode::parse(&mail_code(&shop, id)).unwrap();
    assert_eq!(refused(by_code(&shop, &who, &sign_in, &code, &device()).await), Fault::CodeOver, "one to sign in with");
    let (token, code) = asked(&shop, &who).await;
    let opened = super::super::super::confirm(&shop, &token, &code, Lang::Ja, &device(), None).await;
    assert_eq!(refused(opened), Fault::CodeOver, "and this one opens no door");
    assert_eq!((orders(&shop, who.customer).await, orders(&shop, his.customer).await), (0, 0));
});

on_both_databases!(an_address_that_was_only_typed_brings_nothing_of_its_owner(shop) {
    let who = hanako(&shop).await;
    guest_orders(&shop, "taro@example.jp").await;
    // Signed in, she orders with his address.
    order_of(&shop, "taro@example.jp", Some(who.customer), "cash").await;
    let (token, code) = asked(&shop, &who).await;
    assert_eq!(by_code(&shop, &who, &token, &code, &device()).await.unwrap(), 0);
    assert_eq!((orders(&shop, who.customer).await, events(&shop).await), (1, 0));
    // What her account is found by, and what it is written to, are two addresses.
    let asker = Asker::customer(who.customer, "test");
    let index = shop.vault.index(asker, LookFor::Checkout, "taro@example.jp").await.unwrap();
    let (token, code) = asked(&shop, &who).await;
    let mut tx = shop.db.write().await.unwrap();
    let sql = "UPDATE customer SET email_index = $1 WHERE id = $2";
    execute!(tx, sql, index.newest.to_vec(), who.customer.0).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(refused(by_code(&shop, &who, &token, &code, &device()).await), Fault::Changed);
    assert_eq!(orders(&shop, who.customer).await, 1);
});

on_both_databases!(an_order_of_another_customer_or_one_that_does_not_stand_yet_stays_where_it_is(shop) {
    let who = hanako(&shop).await;
    let his = customer(&shop, "taro@example.jp").await;
    order_of(&shop, "hanako@example.jp", Some(his), "cash").await;
    order_of(&shop, "hanako@example.jp", None, "card").await;
    let (token, code) = asked(&shop, &who).await;
    assert_eq!(by_code(&shop, &who, &token, &code, &device()).await.unwrap(), 0);
    assert_eq!((orders(&shop, who.customer).await, orders(&shop, his).await), (0, 1));
    let sql = "SELECT COUNT(*) FROM orders WHERE customer_id IS NULL AND state = 'draft'";
    assert_eq!(fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0, 1);
});

on_both_databases!(two_requests_with_one_code_bring_the_orders_once(shop) {
    let who = hanako(&shop).await;
    for _ in 0..3 {
        guest_orders(&shop, "hanako@example.jp").await;
    }
    let (token, code) = asked(&shop, &who).await;
    let device = device();
    let (a, b) = tokio::join!(by_code(&shop, &who, &token, &code, &device), by_code(&shop, &who, &token, &code, &device));
    assert!(a.is_ok() ^ b.is_ok(), "{a:?} {b:?}");
    assert_eq!(a.or(b).unwrap(), 3);
    // And two codes.
    guest_orders(&shop, "hanako@example.jp").await;
    let (one, other) = (asked(&shop, &who).await, asked(&shop, &who).await);
    let (a, b) = tokio::join!(by_code(&shop, &who, &one.0, &one.1, &device), by_code(&shop, &who, &other.0, &other.1, &device));
    assert_eq!(a.unwrap() + b.unwrap(), 1);
    assert_eq!((orders(&shop, who.customer).await, events(&shop).await), (4, 2));
});

on_both_databases!(right_after_the_registration_one_press_is_enough_once(shop) {
    let who = hanako(&shop).await;
    guest_orders(&shop, "hanako@example.jp").await;
    let elsewhere = proved(&shop, who.customer).await.who().clone();
    assert!(!is_proved(&shop, &who).await.unwrap(), "a password proves no mailbox");
    assert_eq!(at_once(&shop, &who, &device()).await.unwrap(), None);
    let prove = async |who: &SignedIn| {
        let mut tx = shop.db.write().await.unwrap();
        let sql = "UPDATE session SET mailbox_proved_at = $1 WHERE id = $2";
        execute!(tx, sql, shop.now(), who.session.0).await.unwrap();
        tx.commit().await.unwrap();
    };
    prove(&who).await;
    assert!(is_proved(&shop, &who).await.unwrap());
    assert_eq!(at_once(&shop, &elsewhere, &device()).await.unwrap(), None, "another browser of hers");
    let device = device();
    let (a, b) = tokio::join!(at_once(&shop, &who, &device), at_once(&shop, &who, &device));
    let mut both = [a.unwrap(), b.unwrap()];
    both.sort();
    assert_eq!(both, [None, Some(1)]);
    guest_orders(&shop, "hanako@example.jp").await;
    assert_eq!(at_once(&shop, &who, &device).await.unwrap(), None, "a later order");
    prove(&who).await;
    shop.clock.advance(CODE_LIFE + 1);
    assert_eq!(at_once(&shop, &who, &device).await.unwrap(), None, "ten minutes later");
    assert_eq!(orders(&shop, who.customer).await, 1);
});

on_both_databases!(while_the_index_key_is_exchanged_orders_are_found_by_either(shop) {
    let who = hanako(&shop).await;
    guest_orders(&shop, "hanako@example.jp").await;
    shop.vault.rotate_index_key(Asker::operator("test")).await.unwrap();
    guest_orders(&shop, "hanako@example.jp").await;
    let (token, code) = asked(&shop, &who).await;
    assert_eq!(by_code(&shop, &who, &token, &code, &device()).await.unwrap(), 2);
});

on_both_databases!(who_read_an_order_is_shown_once_it_is_in_the_account(shop) {
    let who = hanako(&shop).await;
    guest_orders(&shop, "hanako@example.jp").await;
    let proofs = async || match super::super::super::security(&shop, &who, Lang::Ja).await.unwrap().unwrap().reads {
        Reads::Shown(reads) => reads.proofs,
        _ => panic!("the reads are shown"),
    };
    let before = proofs().await;
    let (token, code) = asked(&shop, &who).await;
    by_code(&shop, &who, &token, &code, &device()).await.unwrap();
    let after = proofs().await;
    assert_eq!((before.len(), after.len()), (1, 2), "the account's, and the order's");
    assert_ne!(before[0].proof, after[0].proof, "that the address was compared is in it");
});

on_both_databases!(nobody_has_codes_sent_without_end(shop) {
    let who = hanako(&shop).await;
    for _ in 0..5 {
        asked(&shop, &who).await;
    }
    assert!(matches!(refused(ask(&shop, &who, Lang::Ja, &device()).await), Fault::TooMany { .. }));
    shop.clock.advance(15 * MINUTE);
    asked(&shop, &who).await;
});
