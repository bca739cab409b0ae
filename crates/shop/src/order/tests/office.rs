//! What the people of the shop do with an order by hand.

use super::*;

/// An order by bank transfer or cash on delivery of two units, and its number.
async fn an_order(shop: &Shop, method: PaymentMethod) -> (Placed, String) {
    let cart = buyer(shop, method, 2).await;
    let placed = press(shop, cart).await.unwrap();
    let no = shown(shop, &placed).await.no;
    (placed, no)
}

/// What an order comes to.
async fn total(shop: &Shop, placed: &Placed) -> Yen {
    shown(shop, placed).await.total
}

async fn states(shop: &Shop, placed: &Placed) -> (OrderState, PaymentState) {
    let order = shown(shop, placed).await;
    (order.state, order.payment)
}

async fn times(shop: &Shop, placed: &Placed, kind: EventKind) -> usize {
    shown(shop, placed).await.timeline.iter().filter(|event| event.kind == kind).count()
}

on_both_databases!(a_transfer_that_has_come_is_recorded_once_and_its_order_never_lapses(shop) {
    goods(&shop, 10).await;
    let (placed, no) = an_order(&shop, PaymentMethod::Transfer).await;
    assert_eq!(stock(&shop).await, (10, 2));
    let total = total(&shop, &placed).await;
    let typed = format!(" {} ", no.to_lowercase());
    let (a, b) = tokio::join!(paid(&shop, &typed, total), paid(&shop, &no, total));
    let mut both = [a.unwrap(), b.unwrap()];
    both.sort_by_key(|recorded| *recorded == Recorded::Already);
    assert_eq!(both, [Recorded::Paid, Recorded::Already]);
    assert_eq!((stock(&shop).await, times(&shop, &placed, EventKind::Paid).await), ((8, 0), 1));
    let booked = fetch_all!(shop.db.read().await.unwrap(), (String, String, String, i64), "SELECT provider, reference, kind, amount FROM payment");
    assert_eq!(booked.await.unwrap(), [("transfer".to_owned(), no, "captured".to_owned(), total.0)]);
    shop.clock.advance(8 * DAY_MS);
    assert_eq!(sweep(&shop).await.unwrap(), Swept::default());
    assert_eq!(states(&shop, &placed).await, (OrderState::Placed, PaymentState::Paid));
    outbox::run_due(&shop).await.unwrap();
    assert!(letter(&shop, "order-paid").is_some(), "the shopper hears of it");
    the_ledger_balances(&shop).await;
});

on_both_databases!(what_cannot_be_recorded_is_refused_in_words_and_changes_nothing(shop) {
    goods(&shop, 10).await;
    let (placed, no) = an_order(&shop, PaymentMethod::Transfer).await;
    let (cash, by_cash) = an_order(&shop, PaymentMethod::Cash).await;
    let whole = total(&shop, &placed).await;
    let refused = paid(&shop, &no, whole - Yen(1)).await.unwrap_err().to_string();
    assert!(refused.contains(&format!("comes to {}, not {}", whole.show(Lang::En), (whole - Yen(1)).show(Lang::En))), "{refused}");
    let refused = paid(&shop, &by_cash, total(&shop, &cash).await).await.unwrap_err().to_string();
    assert!(refused.contains("cash on delivery"), "{refused}");
    for unknown in ["N-2222-2222", "", "N\0"] {
        assert!(matches!(paid(&shop, unknown, whole).await, Err(OfficeError::Unknown(_))));
        assert!(matches!(cancel(&shop, unknown).await, Err(OfficeError::Unknown(_))));
    }
    assert_eq!(cancel(&shop, &no).await.unwrap(), Cancelled::Now);
    assert!(matches!(paid(&shop, &no, whole).await, Err(OfficeError::CalledOff { .. })), "called off for good");
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM payment").await, 0);
    assert_eq!(times(&shop, &placed, EventKind::Paid).await, 0);
    assert_eq!(stock(&shop).await, (8, 0));
});

on_both_databases!(a_transfer_that_comes_after_its_time_takes_the_goods_anew_or_says_that_they_are_gone(shop) {
    goods(&shop, 3).await;
    let (placed, no) = an_order(&shop, PaymentMethod::Transfer).await;
    let total = total(&shop, &placed).await;
    shop.clock.advance(7 * DAY_MS);
    assert_eq!(sweep(&shop).await.unwrap().expired, 1);
    let quick = buyer(&shop, PaymentMethod::Cash, 2).await;
    press(&shop, quick).await.unwrap();
    let gone = paid(&shop, &no, total).await.unwrap_err().to_string();
    assert!(gone.contains("its goods are gone (TEA-1: 1 left)"), "{gone}");
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM payment").await, 0);
    assert_eq!((states(&shop, &placed).await, stock(&shop).await), ((OrderState::Cancelled, PaymentState::Expired), (1, 0)));
    crate::testing::goods::stock(&shop, 1, 5).await;
    assert_eq!(paid(&shop, &no, total).await.unwrap(), Recorded::Revived);
    assert_eq!(paid(&shop, &no, total).await.unwrap(), Recorded::Already);
    assert_eq!((states(&shop, &placed).await, stock(&shop).await), ((OrderState::Placed, PaymentState::Paid), (3, 0)));
    assert_eq!(times(&shop, &placed, EventKind::Revived).await, 1);
    outbox::run_due(&shop).await.unwrap();
    assert!(letter(&shop, "order-lapsed").is_none(), "what is not true any more is not sent");
    the_ledger_balances(&shop).await;
});

on_both_databases!(a_lapsed_order_that_is_called_off_does_not_come_back_with_late_money(shop) {
    goods(&shop, 3).await;
    let (placed, no) = an_order(&shop, PaymentMethod::Transfer).await;
    let total = total(&shop, &placed).await;
    shop.clock.advance(7 * DAY_MS);
    assert_eq!(sweep(&shop).await.unwrap().expired, 1);
    assert_eq!(cancel(&shop, &no).await.unwrap(), Cancelled::Now);
    assert_eq!(cancel(&shop, &no).await.unwrap(), Cancelled::Already);
    assert!(matches!(paid(&shop, &no, total).await, Err(OfficeError::CalledOff { .. })));
    assert_eq!((stock(&shop).await, count(&shop, "SELECT COUNT(*) FROM payment").await), ((3, 0), 0));
});

on_both_databases!(an_order_that_is_called_off_gives_its_goods_back_held_or_taken(shop) {
    goods(&shop, 2).await;
    for (method, before) in [(PaymentMethod::Transfer, (2, 2)), (PaymentMethod::Cash, (0, 0))] {
        let (placed, no) = an_order(&shop, method).await;
        assert_eq!(stock(&shop).await, before);
        assert_eq!(count(&shop, "SELECT COUNT(*) FROM product WHERE in_stock").await, 0);
        let (a, b) = tokio::join!(cancel(&shop, &no), cancel(&shop, &no));
        assert!([a.unwrap(), b.unwrap()].contains(&Cancelled::Already), "the second finds it done");
        assert_eq!(cancel(&shop, &no).await.unwrap(), Cancelled::Already);
        assert_eq!((stock(&shop).await, shown(&shop, &placed).await.state), ((2, 0), OrderState::Cancelled));
        assert_eq!(count(&shop, "SELECT COUNT(*) FROM product WHERE in_stock").await, 1, "it can be bought again");
        assert_eq!(times(&shop, &placed, EventKind::Cancelled).await, 1);
    }
    shop.clock.advance(8 * DAY_MS);
    assert_eq!(sweep(&shop).await.unwrap(), Swept::default(), "nobody waits for their money");
});

on_both_databases!(an_order_that_is_paid_or_sent_is_not_called_off(shop) {
    goods(&shop, 10).await;
    let (placed, no) = an_order(&shop, PaymentMethod::Transfer).await;
    paid(&shop, &no, total(&shop, &placed).await).await.unwrap();
    assert!(matches!(cancel(&shop, &no).await, Err(OfficeError::Paid { .. })));
    let (_, sent) = an_order(&shop, PaymentMethod::Cash).await;
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE orders SET shipment_state = 'shipped' WHERE no = $1", sent.as_str()).await.unwrap();
    tx.commit().await.unwrap();
    assert!(matches!(cancel(&shop, &sent).await, Err(OfficeError::Left { .. })));
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM orders WHERE state = 'placed'").await, 2);
    assert_eq!(stock(&shop).await, (6, 0));
});

on_both_databases!(the_shop_sees_what_is_to_be_sent_and_records_that_it_was(shop) {
    goods(&shop, 10).await;
    let (_, waiting) = an_order(&shop, PaymentMethod::Transfer).await;
    let (by_cash, no) = an_order(&shop, PaymentMethod::Cash).await;
    let numbers = |all| {
        let shop = &shop;
        async move {
            let mut numbers: Vec<_> = list(shop, all, 9).await.unwrap().into_iter().map(|order| order.no).collect();
            numbers.sort();
            numbers
        }
    };
    let mut both = vec![waiting.clone(), no.clone()];
    both.sort();
    assert_eq!(numbers(false).await, both);
    let order = look_up(&shop, &no.to_lowercase()).await.unwrap().unwrap();
    assert_eq!((order.no.as_str(), order.address.name.is_empty()), (no.as_str(), false), "with the address to send it to");
    assert!(look_up(&shop, "N-2222-2222").await.unwrap().is_none());

    assert!(matches!(sent(&shop, &waiting).await, Err(OfficeError::NotDue { .. })), "its money is not here");
    assert_eq!(sent(&shop, &no).await.unwrap(), Sent::Now);
    assert_eq!(sent(&shop, &no).await.unwrap(), Sent::Already);
    assert_eq!(times(&shop, &by_cash, EventKind::Shipped).await, 1);
    assert!(matches!(cancel(&shop, &no).await, Err(OfficeError::Left { .. })));
    assert_eq!((numbers(false).await, numbers(true).await), (vec![waiting.clone()], both));
    cancel(&shop, &waiting).await.unwrap();
    assert!(matches!(sent(&shop, &waiting).await, Err(OfficeError::NotDue { .. })), "it was called off");
});

on_both_databases!(a_transfer_that_was_sent_back_calls_its_order_off_once_or_leaves_it_when_the_goods_are_gone(shop) {
    goods(&shop, 10).await;
    let (placed, no) = an_order(&shop, PaymentMethod::Transfer).await;
    let whole = total(&shop, &placed).await;
    assert!(matches!(refunded(&shop, &no, whole).await, Err(OfficeError::NotPaid { .. })));
    paid(&shop, &no, whole).await.unwrap();
    assert!(matches!(refunded(&shop, &no, whole - Yen(1)).await, Err(OfficeError::Amount { .. })));
    let (a, b) = tokio::join!(refunded(&shop, &no, whole), refunded(&shop, &no, whole));
    let mut both = [a.unwrap(), b.unwrap()];
    both.sort_by_key(|back| *back == MoneyBack::Already);
    assert_eq!(both, [MoneyBack::CalledOff, MoneyBack::Already]);
    assert_eq!((states(&shop, &placed).await, stock(&shop).await), ((OrderState::Cancelled, PaymentState::Refunded), (10, 0)));
    assert!(matches!(paid(&shop, &no, whole).await, Err(OfficeError::CalledOff { .. }) | Ok(Recorded::Already)), "not paid twice");
    the_ledger_balances(&shop).await;

    let (sent, no) = an_order(&shop, PaymentMethod::Transfer).await;
    paid(&shop, &no, whole).await.unwrap();
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE orders SET shipment_state = 'shipped' WHERE no = $1", no.as_str()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(refunded(&shop, &no, whole).await.unwrap(), MoneyBack::AfterSending);
    assert_eq!((states(&shop, &sent).await, stock(&shop).await), ((OrderState::Placed, PaymentState::Refunded), (8, 0)));
    let (_, by_cash) = an_order(&shop, PaymentMethod::Cash).await;
    assert!(matches!(refunded(&shop, &by_cash, whole).await, Err(OfficeError::Method { .. })));
    the_ledger_balances(&shop).await;
});

on_both_databases!(money_for_a_card_order_that_was_called_off_goes_back(shop) {
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Card, 2).await;
    let (placed, reference) = to_the_bank(&shop, cart).await;
    assert_eq!(cancel(&shop, &shown(&shop, &placed).await.no).await.unwrap(), Cancelled::Now);
    assert_eq!(stock(&shop).await, (10, 0));
    TestBank::choose(&shop, &reference, Choice::Succeed).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    assert_eq!(states(&shop, &placed).await, (OrderState::Cancelled, PaymentState::Refunded));
    assert_eq!(stock(&shop).await, (10, 0));
    the_ledger_balances(&shop).await;
    let (again, _) = to_the_bank(&shop, cart).await;
    assert_ne!(again.token, placed.token, "the cart can be bought anew");
});

on_both_databases!(a_customer_hears_once_a_day_how_often_people_of_the_shop_opened_their_data(shop) {
    goods(&shop, 10).await;
    let (_, no) = an_order(&shop, PaymentMethod::Cash).await;
    let (_, of_a_guest) = an_order(&shop, PaymentMethod::Cash).await;
    let hanako = customer(&shop, "hanako@example.jp").await;
    let mut tx = shop.db.write().await.unwrap();
    let sql = "UPDATE orders SET customer_id = $1 WHERE no = $2";
    execute!(tx, sql, hanako.0, no.as_str()).await.unwrap();
    tx.commit().await.unwrap();
    // Ten in the morning and an hour later; and of a guest, who has no account to be told in.
    for no in [&no, &of_a_guest] {
        look_up(&shop, no).await.unwrap().unwrap();
    }
    shop.clock.advance(60 * 60_000);
    look_up(&shop, &no).await.unwrap().unwrap();
    let digests = async || {
        while outbox::run_due(&shop).await.unwrap() > 0 {}
        let mails = crate::mail::mailbox::list(&shop).await.unwrap();
        mails.into_iter().filter(|mail| mail.subject.contains("従業員")).collect::<Vec<_>>()
    };
    assert!(digests().await.is_empty(), "not before the day is over");
    shop.clock.advance(21 * 60 * 60_000);
    let told = digests().await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].to, "hanako@example.jp");
    for words in ["2回", "10:00", "11:00", "お客様の情報を読んだ人"] {
        assert!(told[0].text.contains(words), "{words}: {}", told[0].text);
    }
    look_up(&shop, &no).await.unwrap().unwrap();
    shop.clock.advance(24 * 60 * 60_000);
    assert_eq!(digests().await.len(), 2, "the next day is another mail");
});
