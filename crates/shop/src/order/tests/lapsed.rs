//! Orders that nobody paid for.

use super::*;

on_both_databases!(an_order_nobody_paid_for_is_called_off_and_its_shopper_told(shop) {
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Transfer, 2).await;
    let placed = press(&shop, cart).await.unwrap();
    shop.clock.advance(7 * DAY_MS);
    assert_eq!(sweep(&shop).await.unwrap().expired, 1);
    sweep(&shop).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    let order = shown(&shop, &placed).await;
    assert_eq!((order.state, order.payment), (OrderState::Cancelled, PaymentState::Expired));
    let told = letter(&shop, "order-lapsed").expect("a mail says so");
    assert!(told.contains("To: hanako@example.jp") && told.contains("text/html"), "{told}");
    assert_eq!(mails(&shop), 2);
});

on_both_databases!(an_order_that_cannot_be_swept_holds_up_no_other(shop) {
    goods(&shop, 10).await;
    more_goods(&shop, 10).await;
    let broken = buyer(&shop, PaymentMethod::Transfer, 2).await;
    press(&shop, broken).await.unwrap();
    shop.clock.advance(1);
    let well = buyer_of(&shop, &Token::random(&shop.entropy), "taro@example.jp", PaymentMethod::Transfer, &[(2, 1)]).await;
    press(&shop, well).await.unwrap();
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE stock SET reserved = 0 WHERE variant_id = 1").await.unwrap();
    tx.commit().await.unwrap();
    shop.clock.advance(7 * DAY_MS);
    assert_eq!(sweep(&shop).await.unwrap().expired, 1);
    assert_eq!(count(&shop, "SELECT reserved FROM stock WHERE variant_id = 2").await, 0);
});

on_both_databases!(who_never_paid_is_forgotten_and_who_paid_is_not(shop) {
    goods(&shop, 10).await;
    let (left, bought) = (buyer(&shop, PaymentMethod::Card, 1).await, buyer(&shop, PaymentMethod::Card, 1).await);
    to_the_bank(&shop, left).await;
    let (kept, reference) = to_the_bank(&shop, bought).await;
    TestBank::choose(&shop, &reference, Choice::Succeed).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    shop.clock.advance(crate::tidy::CART_DAYS * DAY_MS + 1);
    crate::tidy::sweep(&shop).await.unwrap();
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM orders").await, 2, "goods that are held are given back first");
    sweep(&shop).await.unwrap();
    crate::tidy::sweep(&shop).await.unwrap();
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM orders").await, 1);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM checkout").await, 0);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM cart").await, 0);
    assert_eq!(shown(&shop, &kept).await.state, OrderState::Placed);
    assert_eq!(stock(&shop).await, (9, 0));
});

on_both_databases!(the_sweeper_reads_only_what_still_waits_for_money(shop) {
    let (explain, before, id) = match shop.db.dialect() {
        Dialect::Sqlite => ("EXPLAIN QUERY PLAN ", "SELECT 1", "x'01'"),
        Dialect::Postgres => ("EXPLAIN ", "SET LOCAL enable_seqscan = off", "'00000000-0000-0000-0000-000000000001'"),
    };
    for (sql, values, index) in [
        (sweep::OPEN, ["1", "1", id, "1"], "orders_waiting"),
        (sweep::DUE, ["1", "1", id, "1"], "orders_waiting"),
        (sweep::LATE, ["1", "''", "1", ""], "payment_try_open"),
    ] {
        let mut tx = shop.db.write().await.unwrap();
        execute!(tx, before).await.unwrap();
        let mut sql = format!("{explain}{sql}");
        for (place, value) in ["$1", "$2", "$3", "$4"].into_iter().zip(values) {
            sql = sql.replace(place, value);
        }
        let sql = sqlx::AssertSqlSafe(sql);
        let plan = match shop.db.dialect() {
            Dialect::Sqlite => fetch_all!(tx, (i64, i64, i64, String), sql).await.unwrap().into_iter().map(|row| row.3).collect::<Vec<_>>(),
            Dialect::Postgres => fetch_all!(tx, (String,), sql).await.unwrap().into_iter().map(|row| row.0).collect(),
        };
        assert!(plan.iter().any(|step| step.contains(index)), "{plan:?}");
    }
});
