//! What the bank says: once, more often, late, or not to be understood.

use super::*;

on_both_databases!(a_paid_order_is_charged_once_however_often_the_bank_speaks(shop) {
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Card, 2).await;
    let (placed, reference) = to_the_bank(&shop, cart).await;
    assert_eq!(shown(&shop, &placed).await.state, OrderState::Draft);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM cart_line").await, 1);
    TestBank::choose(&shop, &reference, Choice::Challenge).await.unwrap();
    TestBank::choose(&shop, &reference, Choice::Twice).await.unwrap();
    let (a, b) = tokio::join!(payment::returned(&shop, &reference), outbox::run_due(&shop));
    assert!(a.unwrap().is_some());
    b.unwrap();
    payment::returned(&shop, &reference).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    // A word from before, arriving after: changes nothing.
    let report = Report { reference, outcome: Outcome::Declined, amount: shown(&shop, &placed).await.total };
    assert_eq!(settle(&shop, &report).await.unwrap(), Settled::Already);
    let order = shown(&shop, &placed).await;
    assert_eq!((order.state, order.payment), (OrderState::Placed, PaymentState::Paid));
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM payment").await, 1);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM webhook_inbox").await, 1);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM cart_line").await, 0);
    assert_eq!(stock(&shop).await, (8, 0));
    assert_eq!(mails(&shop), 1);
    the_ledger_balances(&shop).await;
});

on_both_databases!(after_a_decline_the_cart_is_as_it_was_and_another_try_can_succeed(shop) {
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Card, 2).await;
    let (first, reference) = to_the_bank(&shop, cart).await;
    TestBank::choose(&shop, &reference, Choice::Decline).await.unwrap();
    payment::returned(&shop, &reference).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    assert_eq!(shown(&shop, &first).await.payment, PaymentState::Failed);
    assert_eq!(stock(&shop).await, (10, 0));
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM cart_line").await, 1);
    let (second, reference) = to_the_bank(&shop, cart).await;
    TestBank::choose(&shop, &reference, Choice::Succeed).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    assert_eq!(shown(&shop, &second).await.state, OrderState::Placed);
    assert_eq!(shown(&shop, &first).await.state, OrderState::Cancelled);
    assert_eq!(stock(&shop).await, (8, 0));
    the_ledger_balances(&shop).await;
});

on_both_databases!(money_that_comes_late_revives_the_order_or_goes_back(shop) {
    goods(&shop, 2).await;
    let (early, late) = (buyer(&shop, PaymentMethod::Card, 2).await, buyer(&shop, PaymentMethod::Card, 2).await);
    let (revived, one) = to_the_bank(&shop, early).await;
    shop.clock.advance(CARD_MS);
    assert_eq!(sweep(&shop).await.unwrap().expired, 1);
    assert_eq!(sweep(&shop).await.unwrap(), Swept::default());
    let (lost, two) = to_the_bank(&shop, late).await;
    shop.clock.advance(CARD_MS);
    assert_eq!(sweep(&shop).await.unwrap().expired, 1);
    for reference in [&one, &two] {
        TestBank::choose(&shop, reference, Choice::Late).await.unwrap();
    }
    outbox::run_due(&shop).await.unwrap();
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM payment").await, 0);
    shop.clock.advance(60_000);
    outbox::run_due(&shop).await.unwrap();
    let stories: Vec<Vec<EventKind>> =
        [shown(&shop, &revived).await, shown(&shop, &lost).await].map(|o| o.timeline.into_iter().map(|e| e.kind).collect()).into();
    assert_eq!(stories.iter().filter(|story| story.contains(&EventKind::Revived)).count(), 1);
    assert_eq!(stories.iter().filter(|story| story.contains(&EventKind::Refunded)).count(), 1);
    assert_eq!(stock(&shop).await, (0, 0));
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM test_bank WHERE state = 'refunded'").await, 1);
    assert_eq!(mails(&shop), 2);
    the_ledger_balances(&shop).await;
    // Whose money went back can buy as soon as there is something to buy again.
    crate::testing::goods::stock(&shop, 1, 2).await;
    let cart = if stories[0].contains(&EventKind::Refunded) { early } else { late };
    let (again, reference) = to_the_bank(&shop, cart).await;
    TestBank::choose(&shop, &reference, Choice::Succeed).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    assert_eq!(shown(&shop, &again).await.state, OrderState::Placed);
    assert_eq!(stock(&shop).await, (0, 0));
    the_ledger_balances(&shop).await;
});

on_both_databases!(late_money_for_half_of_the_goods_goes_back_and_holds_nothing(shop) {
    goods(&shop, 5).await;
    more_goods(&shop, 1).await;
    let both = buyer_of(&shop, &Token::random(&shop.entropy), "hanako@example.jp", PaymentMethod::Card, &[(1, 2), (2, 1)]).await;
    let (late, reference) = to_the_bank(&shop, both).await;
    shop.clock.advance(CARD_MS);
    assert_eq!(sweep(&shop).await.unwrap().expired, 1);
    let quick = buyer_of(&shop, &Token::random(&shop.entropy), "taro@example.jp", PaymentMethod::Cash, &[(2, 1)]).await;
    press(&shop, quick).await.unwrap();
    TestBank::choose(&shop, &reference, Choice::Succeed).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    assert_eq!(shown(&shop, &late).await.payment, PaymentState::Refunded);
    assert_eq!(stock(&shop).await, (5, 0));
    assert_eq!(count(&shop, "SELECT CAST(SUM(reserved) AS BIGINT) FROM stock").await, 0);
    the_ledger_balances(&shop).await;
});

on_both_databases!(an_order_left_for_another_way_to_pay_gives_late_money_back(shop) {
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Card, 1).await;
    let (left, reference) = to_the_bank(&shop, cart).await;
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE checkout SET payment_method = 'transfer', updated_at = updated_at + 1").await.unwrap();
    tx.commit().await.unwrap();
    let kept = press(&shop, cart).await.unwrap();
    TestBank::choose(&shop, &reference, Choice::Succeed).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    let (left, kept) = (shown(&shop, &left).await, shown(&shop, &kept).await);
    assert_eq!((left.state, left.payment), (OrderState::Cancelled, PaymentState::Refunded));
    assert_eq!((kept.state, kept.payment), (OrderState::Placed, PaymentState::Unpaid));
    assert_eq!(stock(&shop).await, (10, 1));
    shop.clock.advance(7 * DAY_MS);
    sweep(&shop).await.unwrap();
    assert_eq!(stock(&shop).await, (10, 0));
    the_ledger_balances(&shop).await;
});

on_both_databases!(what_the_bank_cannot_mean_is_kept_and_books_nothing(shop) {
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Card, 1).await;
    let (placed, reference) = to_the_bank(&shop, cart).await;
    let other = Report { reference, outcome: Outcome::Succeeded, amount: Yen(1) };
    assert_eq!(settle(&shop, &other).await.unwrap(), Settled::Alarm);
    assert_eq!(settle(&shop, &other).await.unwrap(), Settled::Alarm);
    let order = shown(&shop, &placed).await;
    assert_eq!(order.state, OrderState::Draft);
    assert_eq!(order.timeline.iter().filter(|event| event.kind == EventKind::Alarm).count(), 1);
    assert_eq!(payment::unclear(&shop).await.unwrap(), payment::Unclear { alarms: 1, unknown: 0 });
    let unknown = payment::Webhook { event_id: "evt_x".into(), reference: "nobody's".into(), outcome: Outcome::Succeeded, amount: 100 };
    payment::deliver(&shop, &payment::Delivery::Tell(unknown)).await.unwrap();
    assert_eq!(payment::unclear(&shop).await.unwrap(), payment::Unclear { alarms: 1, unknown: 1 });
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM payment").await, 0);
    // Somebody has looked: the bank saying the same again is no new alarm.
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE order_event SET actor = 'shop' WHERE kind = 'alarm'").await.unwrap();
    execute!(tx, "UPDATE webhook_inbox SET outcome = 'seen' WHERE outcome = 'unknown'").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(settle(&shop, &other).await.unwrap(), Settled::Alarm);
    assert_eq!(payment::unclear(&shop).await.unwrap(), payment::Unclear::default());
});
