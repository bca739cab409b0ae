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

/// Presses the button; gives the reference at the bank unless the goods are gone.
async fn holds_by_card(shop: &Shop, cart: Id<Cart>, seen: [u8; 32]) -> Option<String> {
    let placed = match place(shop, cart, None, seen, Lang::Ja).await {
        Ok(placed) => placed,
        Err(PlaceError::Sold(_) | PlaceError::Empty | PlaceError::Changed) => return None,
        Err(error) => panic!("{error}"),
    };
    let Next::Pay { url } = placed.next else { panic!("a card is paid at the bank") };
    Some(payment::reference_of(shop, url.rsplit('/').next().unwrap()).unwrap().to_owned())
}

/// The bank approves; the browser's return, its webhooks and the sweeper tell the shop at once.
async fn pays(shop: &Shop, reference: &str) {
    TestBank::choose(shop, reference, Choice::Twice).await.unwrap();
    let (back, told, swept) = tokio::join!(payment::returned(shop, reference), outbox::run_due(shop), sweep(shop));
    assert!(back.unwrap().is_some());
    told.unwrap();
    swept.unwrap();
}

on_both_databases!(of_fifty_buyers_by_card_of_the_last_ten_units_exactly_ten_pay(shop) {
    goods(&shop, 10).await;
    let shop = Arc::new(shop);
    let mut ready = Vec::new();
    for _ in 0..50 {
        let cart = buyer(&shop, PaymentMethod::Card, 1).await;
        ready.push((cart, seen(&shop, cart).await));
    }
    let mut buyers = tokio::task::JoinSet::new();
    for (cart, seen) in ready {
        let shop = Arc::clone(&shop);
        buyers.spawn(async move { holds_by_card(&shop, cart, seen).await });
    }
    let at_the_bank: Vec<String> = buyers.join_all().await.into_iter().flatten().collect();
    assert_eq!((at_the_bank.len(), stock(&shop).await), (10, (10, 10)));
    // From now on the sweeper asks about them as well.
    shop.clock.advance(60_000);
    let mut payers = tokio::task::JoinSet::new();
    for reference in at_the_bank {
        let shop = Arc::clone(&shop);
        payers.spawn(async move { pays(&shop, &reference).await });
    }
    payers.join_all().await;
    outbox::run_due(&shop).await.unwrap();
    assert_eq!(stock(&shop).await, (0, 0));
    let totals = fetch_all!(shop.db.read().await.unwrap(), (i64,), "SELECT total FROM orders WHERE state = 'placed' AND payment_state = 'paid'");
    let totals = totals.await.unwrap();
    assert_eq!(totals.len(), 10);
    assert!(totals.iter().all(|total| *total == totals[0]), "everybody bought the same");
    let booked = "SELECT CAST(SUM(amount) AS BIGINT) FROM payment WHERE kind = 'captured'";
    assert_eq!(count(&shop, booked).await, 10 * totals[0].0);
    for (sql, number) in [
        ("SELECT COUNT(*) FROM payment", 10),
        ("SELECT COUNT(*) FROM orders", 10),
        ("SELECT COUNT(*) FROM order_line", 10),
        ("SELECT COUNT(*) FROM payment_try WHERE state = 'succeeded'", 10),
        ("SELECT COUNT(*) FROM payment_try", 10),
        ("SELECT COUNT(*) FROM reservation WHERE state = 'taken'", 10),
        ("SELECT COUNT(*) FROM reservation", 10),
        ("SELECT COUNT(*) FROM test_bank WHERE state = 'succeeded'", 10),
        ("SELECT COUNT(*) FROM order_event WHERE kind IN ('paid', 'placed')", 20),
        ("SELECT COUNT(*) FROM cart_line", 40),
        ("SELECT COUNT(*) FROM checkout", 40),
        ("SELECT COUNT(*) FROM outbox WHERE done_at IS NULL", 0),
        ("SELECT COUNT(*) FROM product WHERE in_stock", 0),
    ] {
        assert_eq!(count(&shop, sql).await, number, "{sql}");
    }
    assert_eq!(mails(&shop), 10);
    the_ledger_balances(&shop).await;
});
