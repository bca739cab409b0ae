//! Which mails are called off at the last moment.

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
