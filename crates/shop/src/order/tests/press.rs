//! Pressing the button: the last units, twice at once, and what was shown.

use super::*;

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
