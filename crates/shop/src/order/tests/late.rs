//! The bank is asked when nobody tells, and many orders keep nobody waiting.

use super::sweep::sweep_by;
use super::*;

/// The bank's webhooks get lost on their way.
async fn webhooks_are_lost(shop: &Shop) {
    let mut tx = shop.db.write().await.unwrap();
    assert!(execute!(tx, "DELETE FROM outbox WHERE topic = 'bank'").await.unwrap() > 0);
    tx.commit().await.unwrap();
}

/// Takes the bank's books away, or brings them back.
async fn rename(shop: &Shop, sql: &'static str) {
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, sql).await.unwrap();
    tx.commit().await.unwrap();
}

on_both_databases!(money_of_an_expired_order_is_found_although_its_webhook_was_lost(shop) {
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Card, 2).await;
    let (placed, reference) = to_the_bank(&shop, cart).await;
    shop.clock.advance(CARD_MS);
    assert_eq!(sweep(&shop).await.unwrap().expired, 1);
    assert_eq!(ask_late(&shop).await.unwrap(), 0, "the shopper is still at the bank");
    TestBank::choose(&shop, &reference, Choice::Succeed).await.unwrap();
    webhooks_are_lost(&shop).await;
    shop.clock.advance(DAY_MS);
    assert_eq!(ask_late(&shop).await.unwrap(), 1);
    assert_eq!(ask_late(&shop).await.unwrap(), 0);
    let order = shown(&shop, &placed).await;
    assert_eq!((order.state, order.payment), (OrderState::Placed, PaymentState::Paid));
    assert_eq!(stock(&shop).await, (8, 0));
    the_ledger_balances(&shop).await;
});

on_both_databases!(money_of_an_order_left_for_another_goes_back_although_its_webhook_was_lost(shop) {
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Card, 1).await;
    let (left, reference) = to_the_bank(&shop, cart).await;
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE checkout SET payment_method = 'transfer', updated_at = updated_at + 1").await.unwrap();
    tx.commit().await.unwrap();
    press(&shop, cart).await.unwrap();
    TestBank::choose(&shop, &reference, Choice::Succeed).await.unwrap();
    webhooks_are_lost(&shop).await;
    assert_eq!(ask_late(&shop).await.unwrap(), 1);
    outbox::run_due(&shop).await.unwrap();
    let left = shown(&shop, &left).await;
    assert_eq!((left.state, left.payment), (OrderState::Cancelled, PaymentState::Refunded));
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM test_bank WHERE state = 'refunded'").await, 1);
    the_ledger_balances(&shop).await;
});

on_both_databases!(the_bank_is_asked_for_three_days_and_not_for_ever(shop) {
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Card, 1).await;
    let (_, reference) = to_the_bank(&shop, cart).await;
    shop.clock.advance(CARD_MS);
    sweep(&shop).await.unwrap();
    TestBank::choose(&shop, &reference, Choice::Decline).await.unwrap();
    webhooks_are_lost(&shop).await;
    shop.clock.advance(3 * DAY_MS);
    assert_eq!(ask_late(&shop).await.unwrap(), 0);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM payment_try WHERE state = 'open'").await, 1);
});

on_both_databases!(an_order_that_the_bank_cannot_be_asked_about_keeps_its_goods(shop) {
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Card, 2).await;
    let (placed, reference) = to_the_bank(&shop, cart).await;
    TestBank::choose(&shop, &reference, Choice::Succeed).await.unwrap();
    webhooks_are_lost(&shop).await;
    shop.clock.advance(CARD_MS);
    rename(&shop, "ALTER TABLE test_bank RENAME TO closed_bank").await;
    assert_eq!(sweep(&shop).await.unwrap(), Swept::default());
    assert_eq!((shown(&shop, &placed).await.payment, stock(&shop).await), (PaymentState::Unpaid, (10, 2)));
    rename(&shop, "ALTER TABLE closed_bank RENAME TO test_bank").await;
    assert_eq!(sweep(&shop).await.unwrap(), Swept { settled: 1, expired: 0 });
    assert_eq!((shown(&shop, &placed).await.payment, stock(&shop).await), (PaymentState::Paid, (8, 0)));
    the_ledger_balances(&shop).await;
});

on_both_databases!(more_orders_than_a_batch_that_cannot_be_swept_hold_up_no_other(shop) {
    goods(&shop, 10).await;
    more_goods(&shop, 10).await;
    for (variant, email) in [(1, "hanako@example.jp"), (2, "taro@example.jp")] {
        // Their time ends at the same moment, so that only their ids tell which comes after which.
        for _ in 0..5 {
            let token = Token::random(&shop.entropy);
            let cart = buyer_of(&shop, &token, email, PaymentMethod::Transfer, &[(variant, 1)]).await;
            press(&shop, cart).await.unwrap();
        }
        shop.clock.advance(1);
    }
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE stock SET reserved = 0 WHERE variant_id = 1").await.unwrap();
    tx.commit().await.unwrap();
    shop.clock.advance(7 * DAY_MS);
    assert_eq!(sweep_by(&shop, 2).await.unwrap().expired, 5);
    assert_eq!(count(&shop, "SELECT reserved FROM stock WHERE variant_id = 2").await, 0);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM orders WHERE payment_state = 'unpaid'").await, 5);
});

on_both_databases!(every_unfinished_payment_is_asked_about_in_one_sweep(shop) {
    goods(&shop, 10).await;
    for _ in 0..5 {
        let cart = buyer(&shop, PaymentMethod::Card, 1).await;
        let (_, reference) = to_the_bank(&shop, cart).await;
        TestBank::choose(&shop, &reference, Choice::Succeed).await.unwrap();
    }
    webhooks_are_lost(&shop).await;
    shop.clock.advance(60_000);
    assert_eq!(sweep_by(&shop, 2).await.unwrap(), Swept { settled: 5, expired: 0 });
    assert_eq!(stock(&shop).await, (5, 0));
    the_ledger_balances(&shop).await;
});
