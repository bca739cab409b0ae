//! Which mails are called off at the last moment, and which have left.

mod delivered;

use noren_domain::Id;
use noren_domain::account::Customer;
use noren_domain::tax::TaxClass;

use super::*;
use crate::account::testing::{customer, ordered_as_guest};
use crate::testing::goods;
use crate::{execute, fetch_all, on_both_databases};

on_both_databases!(an_order_that_was_brought_into_an_account_is_not_said_to_be_forgotten(shop) {
    goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 9).await;
    let hers = customer(&shop, "hanako@example.jp").await;
    let (claimed, _) = ordered_as_guest(&shop, "cash").await;
    let (guests, _) = ordered_as_guest(&shop, "cash").await;
    let mut tx = shop.db.write().await.unwrap();
    for (key, order) in [("claimed", claimed), ("guests", guests)] {
        let mail = Mail::OrderForgetting { order, day: shop.now() };
        enqueue(&mut tx, &shop, key, &mail).await.unwrap();
    }
    execute!(tx, "UPDATE orders SET customer_id = $1 WHERE id = $2", hers.0, claimed).await.unwrap();
    tx.commit().await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    let sql = "SELECT key, state FROM mail_sent WHERE kind = 'order_forgetting' ORDER BY key";
    let became = fetch_all!(shop.db.read().await.unwrap(), (String, String), sql).await.unwrap();
    let stands = |key: &str, state: &str| (key.to_owned(), state.to_owned());
    assert_eq!(became, [stands("claimed", "cancelled"), stands("guests", "sent")]);
    assert_eq!(outbox::backlog(&shop).await.unwrap().failed, 0);
});

on_both_databases!(the_last_mails_of_a_customer_are_those_that_left_and_nobody_elses(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    let his = customer(&shop, "taro@example.jp").await;
    let write = async |key: &str, customer: Id<Customer>| {
        shop.clock.advance(1);
        let mail = Mail::Account(AccountMail::AlreadyRegistered { customer: customer.0 });
        let mut tx = shop.db.write().await.unwrap();
        enqueue(&mut tx, &shop, key, &mail).await.unwrap();
        tx.commit().await.unwrap();
    };
    for key in ["one", "two", "three", "four", "called-off"] {
        write(key, hers).await;
    }
    write("his", his).await;
    let mut tx = shop.db.write().await.unwrap();
    sent::cancel(&mut tx, &shop, "called-off").await.unwrap();
    tx.commit().await.unwrap();
    while outbox::run_due(&shop).await.unwrap() > 0 {}
    write("waits", hers).await;
    for lang in Lang::ALL {
        let all = sent::mine(&shop, hers.0, 1, lang).await.unwrap().mails;
        assert_eq!(all.len(), 6);
        let latest = sent::latest(&shop, hers.0, 3, lang).await.unwrap();
        assert_eq!(latest, all[2..5], "neither the one that waits nor the one that was called off");
    }
    assert_eq!(sent::latest(&shop, his.0, 3, Lang::Ja).await.unwrap().len(), 1);
});
