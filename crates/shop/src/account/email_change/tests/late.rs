//! Three days in place of the old mailbox, and a recovery code in place of it.

use noren_domain::account::RecoveryCode;

use super::*;

async fn waits_until(shop: &Shop, customer: Id<Customer>) -> Result<Option<i64>, sqlx::Error> {
    super::waits_until(&mut shop.db.read().await?, customer).await
}

/// Asked for, the new mailbox proved, and the old one said to be out of reach; the mail to it has not left.
async fn untold(shop: &TestShop) -> Recent {
    let who = proved(shop, customer(shop, OLD).await).await;
    asks(shop, &who, NEW).await.unwrap();
    assert_eq!(refused(wait(shop, &who).await), Fault::Changed, "not before the new mailbox is proved");
    types(shop, &who, &code_to(shop, NEW).await).await.unwrap();
    shop.clock.advance(1);
    wait(shop, &who).await.unwrap();
    who
}

/// The same, and the old mailbox was told.
async fn waiting(shop: &TestShop) -> Recent {
    let who = untold(shop).await;
    outbox::run_due(shop).await.unwrap();
    who
}

/// Makes the mail that tells the old mailbox of the day stand like this, from now on.
async fn stands(shop: &TestShop, state: &'static str) {
    let mut tx = shop.db.write().await.unwrap();
    let sql = "UPDATE mail_sent SET state = $1, at = $2 WHERE key LIKE 'email-late-%'";
    assert_eq!(execute!(tx, sql, state, shop.now()).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

on_both_databases!(an_address_does_not_change_before_its_old_mailbox_was_told(shop) {
    let hers = untold(&shop).await.customer();
    for state in ["queued", "sending"] {
        stands(&shop, state).await;
        shop.clock.advance(PATIENCE + 1);
        account::sweep(&shop).await.unwrap();
        assert_eq!(address_of(&shop, hers).await, OLD, "{state}");
        assert_eq!(waits_until(&shop, hers).await.unwrap(), Some(shop.now() + PATIENCE), "{state}");
    }
    shop.clock.advance(2 * HOUR);
    assert!(mails_to(&shop, OLD).await.last().unwrap().subject.contains("3日後"));
    let left = shop.now();
    shop.clock.advance(PATIENCE - 2 * HOUR + 1);
    account::sweep(&shop).await.unwrap();
    assert_eq!(address_of(&shop, hers).await, OLD, "it has left later than the change was put off");
    assert_eq!(waits_until(&shop, hers).await.unwrap(), Some(left + PATIENCE));
    shop.clock.advance(2 * HOUR - 1);
    account::sweep(&shop).await.unwrap();
    assert_eq!(address_of(&shop, hers).await, OLD);
    shop.clock.advance(1);
    account::sweep(&shop).await.unwrap();
    assert_eq!(address_of(&shop, hers).await, NEW);
});

on_both_databases!(a_change_of_which_the_old_mailbox_cannot_be_told_does_not_come_about(shop) {
    let hers = untold(&shop).await.customer();
    stands(&shop, "given_up").await;
    shop.clock.advance(PATIENCE + 1);
    account::sweep(&shop).await.unwrap();
    assert_eq!((address_of(&shop, hers).await, waits_until(&shop, hers).await.unwrap()), (OLD.to_owned(), None));
    assert!(mails_to(&shop, OLD).await.iter().any(|mail| mail.subject.contains("メールアドレスを変更できませんでした")));
});

on_both_databases!(an_old_mailbox_that_refuses_the_mail_counts_as_told(shop) {
    let hers = untold(&shop).await.customer();
    stands(&shop, "bounced").await;
    shop.clock.advance(PATIENCE + 1);
    account::sweep(&shop).await.unwrap();
    assert_eq!(address_of(&shop, hers).await, NEW);
});

on_both_databases!(a_day_that_was_named_holds_where_the_mail_has_left_within_the_hour(shop) {
    let hers = untold(&shop).await.customer();
    shop.clock.advance(HOUR);
    outbox::run_due(&shop).await.unwrap();
    shop.clock.advance(PATIENCE - HOUR + 1);
    account::sweep(&shop).await.unwrap();
    assert_eq!(address_of(&shop, hers).await, NEW);
});

on_both_databases!(without_the_old_mailbox_a_change_takes_three_days(shop) {
    let who = waiting(&shop).await;
    let due = waits_until(&shop, who.customer()).await.unwrap().unwrap();
    assert_eq!(due, shop.now() + PATIENCE);
    assert!(mails_to(&shop, OLD).await.last().unwrap().subject.contains("3日後"), "the old mailbox is told all the same");
    assert_eq!(refused(types(&shop, &who, &StepCode::parse("123456").unwrap()).await), Fault::Changed, "no code is asked for");
    shop.clock.advance(PATIENCE - 1);
    account::sweep(&shop).await.unwrap();
    assert_eq!(address_of(&shop, who.customer()).await, OLD);
    shop.clock.advance(2);
    account::sweep(&shop).await.unwrap();
    assert_eq!(address_of(&shop, who.customer()).await, NEW);
    assert_eq!(sessions(&shop, who.customer()).await, 0, "nobody can say whose session it was that asked");
    assert_eq!(link(&shop, &link_to(&shop, OLD).await).await.unwrap(), noren_domain::account::EmailLink::PutsBack);
    account::sweep(&shop).await.unwrap();
    assert_eq!(changes(&shop).await, [("done".to_owned(), "late".to_owned())]);
});

on_both_databases!(every_session_can_stop_it_and_so_can_the_old_mailbox(shop) {
    let who = waiting(&shop).await;
    let owner = proved(&shop, who.customer()).await;
    assert!(stop(&shop, owner.who()).await.unwrap() && !stop(&shop, owner.who()).await.unwrap());
    assert_eq!(sessions(&shop, who.customer()).await, 2);

    shop.clock.advance(HOUR);
    asks(&shop, &who, NEW).await.unwrap();
    types(&shop, &who, &code_to(&shop, NEW).await).await.unwrap();
    wait(&shop, &who).await.unwrap();
    let token = link_to(&shop, OLD).await;
    assert_eq!(link(&shop, &token).await.unwrap(), noren_domain::account::EmailLink::Stops);
    assert_eq!(waits_until(&shop, who.customer()).await.unwrap(), Some(shop.now() + PATIENCE), "looking changes nothing");
    assert_eq!(take_back(&shop, &token, &device()).await.unwrap(), TakenBack::Stopped(RemovedFactors::default()));
    assert_eq!((waits_until(&shop, who.customer()).await.unwrap(), sessions(&shop, who.customer()).await), (None, 0));
    assert_eq!(refused(take_back(&shop, &token, &device()).await), Fault::NotFound);
    shop.clock.advance(PATIENCE + 1);
    account::sweep(&shop).await.unwrap();
    assert_eq!(address_of(&shop, who.customer()).await, OLD);
});

on_both_databases!(whoever_ends_all_sessions_ends_the_change_that_one_of_them_asked_for(shop) {
    let thief = waiting(&shop).await;
    let hers = thief.customer();
    let owner = proved(&shop, hers).await;
    for round in 0..3 {
        assert!(waits_until(&shop, hers).await.unwrap().is_some());
        match round {
            0 => assert_eq!(account::end_others(&shop, &owner, &device()).await.unwrap(), 1),
            1 => assert_eq!(account::office::end_sessions(&shop, OLD).await.unwrap(), 2),
            _ => assert_eq!(account::office::end_all_sessions(&shop).await.unwrap(), 1),
        }
        assert!(changes(&shop).await.is_empty());
        // A thief who gets in again has to ask again.
        shop.clock.advance(HOUR);
        let thief = proved(&shop, hers).await;
        asks(&shop, &thief, NEW).await.unwrap();
        types(&shop, &thief, &code_to(&shop, NEW).await).await.unwrap();
        wait(&shop, &thief).await.unwrap();
    }
});

on_both_databases!(a_change_that_is_done_is_still_taken_back_by_the_old_mailbox_when_all_sessions_have_ended(shop) {
    let who = proved(&shop, customer(&shop, OLD).await).await;
    changed(&shop, &who, OLD, NEW).await;
    let token = link_to(&shop, OLD).await;
    account::office::end_all_sessions(&shop).await.unwrap();
    account::office::end_sessions(&shop, NEW).await.unwrap();
    assert_eq!(take_back(&shop, &token, &device()).await.unwrap(), TakenBack::PutBack(RemovedFactors::default()));
});

on_both_databases!(an_address_that_was_taken_while_one_waited_is_lost_and_nothing_else_is(shop) {
    let who = waiting(&shop).await;
    let other = customer(&shop, NEW).await;
    shop.clock.advance(PATIENCE + 1);
    account::sweep(&shop).await.unwrap();
    assert_eq!((owner_of(&shop, NEW).await, address_of(&shop, who.customer()).await.as_str()), (Some(other.0), OLD));
    assert!(changes(&shop).await.is_empty());
    assert_eq!(sessions(&shop, who.customer()).await, 1);
});

on_both_databases!(an_owner_who_was_told_of_a_change_is_told_that_it_did_not_come_about_and_not_why(shop) {
    let who = waiting(&shop).await;
    let other = customer(&shop, NEW).await;
    shop.clock.advance(PATIENCE + 1);
    for _ in 0..2 {
        account::sweep(&shop).await.unwrap();
    }
    let sql = "SELECT customer_id FROM account_event WHERE kind = 'email_change_failed'";
    let told = fetch_all!(shop.db.read().await.unwrap(), (Uuid,), sql).await.unwrap();
    assert_eq!(told, [(who.customer().0,)], "once, and not {other:?}");
    let mails = mails_to(&shop, OLD).await;
    let told = mails.last().unwrap();
    assert!(told.subject.contains("変更できませんでした") && told.text.contains("これまでのままです"), "{}", told.text);
    assert!(!told.text.contains("登録") && !told.text.contains("ほかの方"), "{}", told.text);
    // Of one that was not finished nothing was announced.
    asks(&shop, &proved(&shop, who.customer()).await, "third@example.com").await.unwrap();
    shop.clock.advance(PENDING_LIFE + 1);
    account::sweep(&shop).await.unwrap();
    assert!(changes(&shop).await.is_empty());
    assert_eq!(fetch_all!(shop.db.read().await.unwrap(), (Uuid,), sql).await.unwrap().len(), 1);
});

/// A customer with recovery codes of `age` milliseconds.
async fn with_paper(shop: &TestShop, age: i64) -> (Recent, Vec<RecoveryCode>) {
    let who = proved(shop, customer(shop, OLD).await).await;
    let codes = recovery::renew(shop, &who, &device()).await.unwrap();
    shop.clock.advance(age);
    mails_to(shop, OLD).await;
    (who, codes)
}

async fn asks_with(shop: &TestShop, who: &Recent, code: &RecoveryCode) -> Result<(), DoorError> {
    shop.clock.advance(1);
    let wanted = EmailChange { paper: Some(code.clone()), ..wanted(NEW) };
    ask(shop, who, &wanted, Lang::Ja, &device()).await
}

on_both_databases!(a_recovery_code_takes_the_place_of_a_mailbox_that_is_not_safe(shop) {
    let (who, codes) = with_paper(&shop, PATIENCE).await;
    assert_eq!(refused(asks_with(&shop, &who, &RecoveryCode::new([0; 15])).await), Fault::RecoveryCode);
    asks_with(&shop, &who, &codes[0]).await.unwrap();
    let code = code_to(&shop, NEW).await;
    assert!(matches!(types(&shop, &who, &code).await.unwrap(), Confirmed::Changed(_)), "the old mailbox is not asked");
    let told = mails_to(&shop, OLD).await;
    assert!(told.iter().all(|mail| !mail.text.contains("/account/email/back/")), "nor can it take it back");
    let row = rows::of(&mut shop.db.read().await.unwrap(), change_of(&shop).await).await.unwrap().unwrap();
    assert_eq!(refused(take_back(&shop, &back_token(&shop, row.id), &device()).await), Fault::NotFound, "not even with the right link");

    let old = Email::parse(OLD).unwrap();
    for (address, code) in [(OLD, &codes[0]), (OLD, &RecoveryCode::new([1; 15])), (NEW, &codes[1]), ("nobody@example.jp", &codes[1])] {
        let tried = take_back_with_paper(&shop, &Email::parse(address).unwrap(), code, &device()).await;
        assert_eq!(refused(tried), Fault::RecoveryCode, "{address}");
    }
    assert_eq!(address_of(&shop, who.customer()).await, NEW);
    assert!(matches!(recovery::renew(&shop, &who, &device()).await, Err(account::factors::FactorError::Refused(Fault::Paused { .. }))));
    shop.clock.advance(BACK_LIFE - 2);
    take_back_with_paper(&shop, &old, &codes[1], &device()).await.unwrap();
    assert_eq!((address_of(&shop, who.customer()).await.as_str(), sessions(&shop, who.customer()).await), (OLD, 0));
    assert_eq!(refused(take_back_with_paper(&shop, &old, &codes[2], &device()).await), Fault::RecoveryCode, "once");
});

on_both_databases!(an_address_that_paper_puts_back_was_last_confirmed_when_it_was_before_the_change(shop) {
    let (who, codes) = with_paper(&shop, PATIENCE).await;
    let confirmed = shop.now() - HOUR;
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE customer SET email_verified_at = $1", confirmed).await.unwrap();
    tx.commit().await.unwrap();
    asks_with(&shop, &who, &codes[0]).await.unwrap();
    let code = code_to(&shop, NEW).await;
    types(&shop, &who, &code).await.unwrap();
    take_back_with_paper(&shop, &Email::parse(OLD).unwrap(), &codes[1], &device()).await.unwrap();
    let seen = view(&shop, proved(&shop, who.customer()).await.who()).await.unwrap().unwrap();
    assert_eq!((seen.address.as_deref(), seen.verified_at), (Some(OLD), confirmed), "paper shows nothing of the mailbox");
});

on_both_databases!(a_mailbox_that_is_not_safe_is_told_nothing_until_the_change_is_done_and_no_more_when_the_address_is_tried(shop) {
    let (who, codes) = with_paper(&shop, PATIENCE).await;
    let before = mails_to(&shop, OLD).await.len();
    asks_with(&shop, &who, &codes[0]).await.unwrap();
    assert_eq!(mails_to(&shop, OLD).await.len(), before);
    let code = code_to(&shop, NEW).await;
    assert!(matches!(types(&shop, &who, &code).await.unwrap(), Confirmed::Changed(_)));
    assert_eq!(mails_to(&shop, OLD).await.len(), before);
    shop.clock.advance(1);
    account::register(&shop, &registration(OLD), Lang::Ja, &device()).await.unwrap();
    let told = mails_to(&shop, OLD).await;
    assert_eq!((told.len(), told.last().unwrap().subject.as_str()), (before + 1, "すでにご登録があります"));
    assert!(!told.last().unwrap().text.contains("最近まで") && !told.last().unwrap().text.contains("合言葉"));
});

on_both_databases!(strangers_do_not_use_up_the_way_back_of_an_address(shop) {
    let (who, codes) = with_paper(&shop, PATIENCE).await;
    asks_with(&shop, &who, &codes[0]).await.unwrap();
    let code = code_to(&shop, NEW).await;
    types(&shop, &who, &code).await.unwrap();
    let old = Email::parse(OLD).unwrap();
    let back = async |code: &RecoveryCode, address: &str| {
        let device = Device::new("x".to_owned(), Some(address.parse().unwrap()));
        take_back_with_paper(&shop, &old, code, &device).await
    };
    for network in 0..12 {
        let tried = back(&RecoveryCode::new([1; 15]), &format!("192.0.{network}.1")).await;
        assert_eq!(refused(tried), Fault::RecoveryCode);
    }
    // A site of IPv6 has four times the tries of a network.
    let mut tx = shop.db.write().await.unwrap();
    let there = Device::new("x".to_owned(), Some("2001:db8:7:1::1".parse().unwrap()));
    for (limit, who) in limits::of_network(limits::BACK_NETWORK, &there).into_iter().skip(1) {
        while limits::take(&mut tx, &shop, limit, &who).await.unwrap() == Standing::Within {}
    }
    tx.commit().await.unwrap();
    assert!(matches!(refused(back(&codes[1], "2001:db8:7:2::1").await), Fault::TooMany { .. }));
    back(&codes[1], "198.51.100.1").await.unwrap();
    assert_eq!(address_of(&shop, who.customer()).await, OLD);
});

async fn change_of(shop: &Shop) -> Uuid {
    fetch_one!(shop.db.read().await.unwrap(), (Uuid,), "SELECT id FROM email_change").await.unwrap().0
}

on_both_databases!(recovery_codes_of_these_days_count_for_nothing_for_whoever_has_a_session_can_make_them(shop) {
    let (who, codes) = with_paper(&shop, PATIENCE - 2).await;
    assert_eq!(refused(asks_with(&shop, &who, &codes[0]).await), Fault::RecoveryCode);
    asks_with(&shop, &who, &codes[0]).await.unwrap();
    let code = code_to(&shop, NEW).await;
    types(&shop, &who, &code).await.unwrap();
    shop.clock.advance(BACK_LIFE);
    assert_eq!(refused(take_back_with_paper(&shop, &Email::parse(OLD).unwrap(), &codes[1], &device()).await), Fault::RecoveryCode, "too late");
});
