//! Many buyers on several machines at once.

use super::*;
use crate::db::Dialect;
use crate::testing::another_machine;

/// Transactions of this database that wait for another one's lock.
async fn waiting_for_a_lock(shop: &Shop) -> i64 {
    count(shop, "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        .await
}

on_both_databases!(fifty_buyers_on_two_machines_wait_in_the_database_and_ten_buy(shop) {
    goods(&shop, 10).await;
    let machines = [another_machine(&shop).await, another_machine(&shop).await];
    let mut ready = Vec::new();
    for _ in 0..50 {
        let cart = buyer(&shop, PaymentMethod::Cash, 1).await;
        ready.push((cart, seen(&shop, cart).await));
    }
    // Somebody is in the middle of something with these very units, on connections of their own.
    let mut slow = shop.db.write().await.unwrap();
    execute!(slow, "UPDATE stock SET reserved = reserved WHERE variant_id = 1").await.unwrap();
    let mut buyers = tokio::task::JoinSet::new();
    for (number, (cart, seen)) in ready.into_iter().enumerate() {
        let machine = machines[number % 2].clone();
        buyers.spawn(async move {
            match place(&machine, cart, None, seen, Lang::Ja).await {
                Ok(_) => true,
                Err(PlaceError::Sold(_) | PlaceError::Empty) => false,
                Err(error) => panic!("{error}"),
            }
        });
    }
    if shop.db.dialect() == Dialect::Postgres {
        // The proof that transactions run side by side: many stand inside, at the same row.
        while waiting_for_a_lock(&shop).await < 8 {
            tokio::task::yield_now().await;
        }
    }
    assert!(buyers.try_join_next().is_none(), "nobody passes");
    slow.commit().await.unwrap();
    let mut sold = 0;
    while let Some(bought) = buyers.join_next().await {
        sold += usize::from(bought.unwrap());
    }
    assert_eq!((sold, stock(&shop).await), (10, (0, 0)));
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM orders WHERE state = 'placed'").await, 10);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM orders").await, 10);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM order_line").await, 10);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM product WHERE in_stock").await, 0);
});

on_both_databases!(the_same_webhook_at_two_machines_at_once_charges_once(shop) {
    goods(&shop, 10).await;
    let other = another_machine(&shop).await;
    let cart = buyer(&shop, PaymentMethod::Card, 2).await;
    let (placed, reference) = to_the_bank(&shop, cart).await;
    let amount = shown(&shop, &placed).await.total.0;
    TestBank::choose(&shop, &reference, Choice::Late).await.unwrap();
    let webhook = payment::Webhook { event_id: "evt_1".into(), reference, outcome: Outcome::Succeeded, amount };
    let tell = payment::Delivery::Tell(webhook);
    let (a, b, c) = tokio::join!(
        payment::deliver(&shop, &tell),
        payment::deliver(&other, &tell),
        payment::deliver(&other, &tell)
    );
    a.unwrap();
    b.unwrap();
    c.unwrap();
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM payment").await, 1);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM webhook_inbox").await, 1);
    assert_eq!(stock(&shop).await, (8, 0));
    the_ledger_balances(&shop).await;
});
