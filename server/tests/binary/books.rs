//! What must add up in every shop, whatever happened to it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use noren_domain::order::{OrderState, PaymentState};
use noren_shop::token::Token;
use noren_shop::{Shop, execute, fetch_all, fetch_one, fetch_optional};

use crate::server::PATIENCE;

/// Moves all that waits for its time an hour back: payments, jobs, and the leases of the worker that died.
pub async fn an_hour_passes(shop: &Shop) {
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE orders SET pay_until = pay_until - 3600000 WHERE state = 'draft'").await.unwrap();
    execute!(tx, "UPDATE outbox SET run_at = run_at - 3600000, leased_until = 0").await.unwrap();
    tx.commit().await.unwrap();
}

/// Waits until the running server has swept and sent everything.
pub async fn until_all_is_tidy(shop: &Shop) {
    let mut conn = shop.db.read().await.unwrap();
    let tidy = async {
        let mut tick = tokio::time::interval(Duration::from_millis(200));
        loop {
            tick.tick().await;
            let sql = "SELECT (SELECT COUNT(*) FROM orders WHERE state = 'draft' AND payment_state = 'unpaid') \
                       + (SELECT COUNT(*) FROM outbox WHERE done_at IS NULL AND failed_at IS NULL)";
            let (open,): (i64,) = fetch_one!(conn, (i64,), sql).await.unwrap();
            if open == 0 {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, tidy).await.expect("the restarted server takes up what the crashes left");
}

/// Units per variant that are on the shelf or were taken from it.
pub async fn all_units(shop: &Shop) -> BTreeMap<i64, i64> {
    let sql = "SELECT variant_id, CAST(on_hand + COALESCE((SELECT SUM(quantity) FROM reservation r \
               WHERE r.variant_id = s.variant_id AND r.state = 'taken'), 0) AS BIGINT) FROM stock s";
    fetch_all!(shop.db.read().await.unwrap(), (i64, i64), sql).await.unwrap().into_iter().collect()
}

/// Every confirmed order is there, and stands unless its money went back.
pub async fn confirmed_orders_stand(shop: &Shop, tokens: &BTreeSet<String>) {
    for token in tokens {
        let token = Token::parse(token).expect("the page's address holds a token");
        let sql = "SELECT state, payment_state FROM orders WHERE token_hash = $1";
        let mut conn = shop.db.read().await.unwrap();
        let row = fetch_optional!(conn, (String, String), sql, token.hash().to_vec()).await.unwrap();
        let (state, payment) = row.expect("a confirmed order is there");
        let stands = state == OrderState::Placed.word() || payment == PaymentState::Refunded.word();
        assert!(stands, "a confirmed order is {state} and {payment}");
    }
}

/// Every payment that the bank took has an order that stands and is paid, or has gone back; and the
/// shop's own ledger says the same.
pub async fn money_is_where_it_belongs(shop: &Shop, payments: &BTreeSet<String>) {
    let mut conn = shop.db.read().await.unwrap();
    let mut taken = 0;
    for reference in payments {
        let (bank, state, payment, total, booked): (String, String, String, i64, i64) = fetch_one!(
            conn,
            (String, String, String, i64, i64),
            "SELECT b.state, o.state, o.payment_state, o.total, \
               CAST(COALESCE((SELECT SUM(CASE kind WHEN 'captured' THEN amount ELSE -amount END) FROM payment p WHERE p.order_id = o.id), 0) AS BIGINT) \
             FROM test_bank b JOIN payment_try t ON t.reference = b.reference JOIN orders o ON o.id = t.order_id WHERE b.reference = $1",
            reference
        )
        .await
        .unwrap();
        match bank.as_str() {
            "succeeded" => assert_eq!((state.as_str(), payment.as_str(), booked), ("placed", "paid", total)),
            "refunded" => assert_eq!((state.as_str(), payment.as_str(), booked), ("cancelled", "refunded", 0)),
            // The crash came before the bank heard of the choice.
            _ => assert_eq!((state.as_str(), booked), ("draft", 0)),
        }
        taken += usize::from(bank == "succeeded");
    }
    assert!(taken > 0, "nobody paid by card");
    let (ours, theirs): (i64, i64) = fetch_one!(
        conn,
        (i64, i64),
        "SELECT CAST(COALESCE((SELECT SUM(CASE kind WHEN 'captured' THEN amount ELSE -amount END) FROM payment), 0) AS BIGINT), \
                CAST(COALESCE((SELECT SUM(amount) FROM test_bank WHERE state = 'succeeded'), 0) AS BIGINT)"
    )
    .await
    .unwrap();
    assert_eq!(ours, theirs, "our ledger and the bank's books name the same sum");
}

/// What left the shelf is what orders took; what is held is what orders that wait for their money
/// hold; and an order that was placed is whole: its lines make its total, and its mail has left.
pub async fn books_balance(shop: &Shop, at_first: &BTreeMap<i64, i64>) {
    let mut conn = shop.db.read().await.unwrap();
    let stock = fetch_all!(
        conn,
        (i64, i64, i64, i64, i64),
        "SELECT s.variant_id, s.on_hand, s.reserved, \
         CAST(COALESCE((SELECT SUM(quantity) FROM reservation r WHERE r.variant_id = s.variant_id AND r.state = 'taken'), 0) AS BIGINT), \
         CAST(COALESCE((SELECT SUM(quantity) FROM reservation r JOIN orders o ON o.id = r.order_id WHERE r.variant_id = s.variant_id \
           AND r.state = 'held' AND o.state = 'placed' AND o.payment_state = 'unpaid'), 0) AS BIGINT) \
         FROM stock s"
    )
    .await
    .unwrap();
    for (variant, on_hand, reserved, taken, held) in stock {
        assert_eq!(on_hand + taken, at_first[&variant], "units of variant {variant} are missing or were invented");
        assert_eq!(reserved, held, "variant {variant} holds units for nobody");
    }
    let sql = "SELECT COUNT(*) FROM orders o WHERE o.goods <> COALESCE((SELECT SUM(price * quantity) FROM order_line l WHERE l.order_id = o.id), 0)";
    let (half_made,): (i64,) = fetch_one!(conn, (i64,), sql).await.unwrap();
    assert_eq!(half_made, 0, "an order without its lines");
    let sql = "SELECT COUNT(*) FROM (SELECT cart_id FROM orders WHERE placed_at IS NOT NULL GROUP BY cart_id HAVING COUNT(*) > 1) AS twice";
    let (twice,): (i64,) = fetch_one!(conn, (i64,), sql).await.unwrap();
    assert_eq!(twice, 0, "a cart was bought twice");
    let (placed,): (i64,) =
        fetch_one!(conn, (i64,), "SELECT COUNT(*) FROM orders WHERE placed_at IS NOT NULL").await.unwrap();
    assert!(placed > 0);
    let (waiting,): (i64,) =
        fetch_one!(conn, (i64,), "SELECT COUNT(*) FROM outbox WHERE done_at IS NULL").await.unwrap();
    assert_eq!(waiting, 0, "a mail or a webhook never left");
}
