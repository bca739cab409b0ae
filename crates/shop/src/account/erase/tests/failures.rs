//! Whose erasure fails keeps nobody else in theirs. Here it fails because a mail of theirs cannot be deleted.

use std::path::PathBuf;

use super::*;
use crate::mail::account::AccountMail;

/// Makes the file of a mail about the record `subject` one that cannot be deleted, until this folder is gone.
async fn in_the_way(shop: &Shop, subject: Uuid) -> PathBuf {
    let sql = "SELECT key FROM mail_sent WHERE subject_id = $1 AND kind <> 'erased' ORDER BY key LIMIT 1";
    let (key,) = fetch_one!(shop.db.read().await.unwrap(), (String,), sql, subject).await.unwrap();
    let path = shop.mailbox_dir().join(format!("{key}.eml"));
    std::fs::create_dir(&path).unwrap();
    path
}

on_both_databases!(one_order_whose_person_cannot_go_keeps_nobody_else_in_theirs(shop) {
    goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 9).await;
    let mut orders = Vec::new();
    for address in ["hanako@example.jp", "taro@example.jp", "jiro@example.jp"] {
        let customer = customer(&shop, address).await;
        let order = ordered(&shop, customer, "cash").await;
        erase(&shop, &proved(&shop, customer).await).await.unwrap().unwrap();
        order::sent(&shop, &order.1).await.unwrap();
        orders.push(order);
    }
    shop.clock.advance(RETURNS_MS);
    let sql = "SELECT subject_id, no FROM orders WHERE id = $1";
    let (record, first) = fetch_one!(shop.db.read().await.unwrap(), (Uuid, String), sql, orders[0].0).await.unwrap();
    let path = in_the_way(&shop, record).await;
    assert!(matches!(erase_finished(&shop).await, Err(EraseError::Mailbox(_))), "it is said");
    let sql = "SELECT no FROM orders WHERE erased_at IS NULL";
    let left = fetch_all!(shop.db.read().await.unwrap(), (String,), sql).await.unwrap();
    assert_eq!(left, [(first.clone(),)]);
    let address = order::look_up(&shop, &first).await.unwrap().unwrap().address;
    assert_eq!(address.name, "暖簾 花子", "whole, as if nothing had been begun");
    std::fs::remove_dir(path).unwrap();
    assert_eq!(erase_finished(&shop).await.unwrap(), 1);
});

on_both_databases!(one_account_whose_key_cannot_go_keeps_no_other_key(shop) {
    let mut paths = Vec::new();
    for address in ["hanako@example.jp", "taro@example.jp", "jiro@example.jp"] {
        let customer = customer(&shop, address).await;
        let mail = Mail::Account(AccountMail::AlreadyRegistered { customer: customer.0 });
        let mut tx = shop.db.write().await.unwrap();
        mail::enqueue(&mut tx, &shop, &format!("to-{}", customer.0), &mail).await.unwrap();
        tx.commit().await.unwrap();
        erase(&shop, &proved(&shop, customer).await).await.unwrap().unwrap();
        if paths.is_empty() {
            paths.push(in_the_way(&shop, customer.0).await);
        }
        // The first that is looked at.
        shop.clock.advance(1);
    }
    while outbox::run_due(&shop).await.unwrap() > 0 {}
    assert!(matches!(finish(&shop).await, Err(EraseError::Mailbox(_))), "it is said");
    assert_eq!(unfinished(&shop).await.unwrap(), 1);
    for path in paths {
        std::fs::remove_dir(path).unwrap();
    }
    assert_eq!(finish(&shop).await.unwrap(), 1);
});
