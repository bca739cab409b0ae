//! The ledger of money keeps its rules by itself, whatever the code above it does.

use super::*;
use crate::clock::Entropy;

/// Books `amount` for `order` as the database takes it, under a reference of its own.
async fn booked(shop: &Shop, order: Uuid, kind: &str, amount: i64) -> bool {
    let mut tx = shop.db.write().await.unwrap();
    let done = execute!(
        tx,
        "INSERT INTO payment (id, order_id, provider, reference, kind, amount, at) VALUES ($1, $2, 'test', $3, $4, $5, 0)",
        shop.entropy.uuid(0),
        order,
        shop.entropy.code(12),
        kind,
        amount
    )
    .await;
    if let Err(error) = &done {
        assert!(error.to_string().contains("more would be refunded than was captured"), "{error}");
        return false;
    }
    tx.commit().await.unwrap();
    true
}

async fn an_order(shop: &Shop) -> Uuid {
    goods(shop, 10).await;
    let cart = buyer(shop, PaymentMethod::Transfer, 1).await;
    press(shop, cart).await.unwrap();
    fetch_one!(shop.db.read().await.unwrap(), (Uuid,), "SELECT id FROM orders").await.unwrap().0
}

on_both_databases!(what_is_booked_can_be_neither_changed_nor_taken_out(shop) {
    let order = an_order(&shop).await;
    assert!(booked(&shop, order, "captured", 1_000).await);
    for sql in ["UPDATE payment SET amount = 1", "UPDATE payment SET kind = 'refunded'", "DELETE FROM payment"] {
        let mut tx = shop.db.write().await.unwrap();
        let error = execute!(tx, sql).await.unwrap_err().to_string();
        assert!(error.contains("append-only"), "{sql}: {error}");
    }
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM payment WHERE kind = 'captured' AND amount = 1000").await, 1);
});

on_both_databases!(whatever_is_booked_no_more_goes_back_than_came_in(shop) {
    let (order, dice) = (an_order(&shop).await, Entropy::seeded(41));
    let (mut balance, mut refused) = (0, 0);
    for _ in 0..120 {
        let [kind, amount] = dice.bytes::<2>();
        let amount = i64::from(amount) * 10 + 1;
        if kind % 3 == 0 {
            assert!(booked(&shop, order, "captured", amount).await);
            balance += amount;
        } else {
            let fits = amount <= balance;
            assert_eq!(booked(&shop, order, "refunded", amount).await, fits, "{amount} of {balance}");
            balance -= if fits { amount } else { 0 };
            refused += usize::from(!fits);
        }
        assert!(balance >= 0);
    }
    assert!(refused > 0, "the dice tried too much at least once");
});

on_both_databases!(two_refunds_at_once_do_not_go_back_twice(shop) {
    let order = an_order(&shop).await;
    for _ in 0..10 {
        assert!(booked(&shop, order, "captured", 1_000).await);
        let (a, b) = tokio::join!(booked(&shop, order, "refunded", 600), booked(&shop, order, "refunded", 600));
        assert!(a ^ b, "one fits, two do not");
        assert!(booked(&shop, order, "refunded", 400).await);
    }
});
