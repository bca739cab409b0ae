//! Signing in: with the password, with a code from the mail, and out again.

use super::*;

on_both_databases!(a_wrong_password_and_an_unknown_address_get_the_same_answer(shop) {
    registered(&shop, "mori@example.jp").await;
    let wrong = login(&shop, &credentials("mori@example.jp", "not the password"), Lang::Ja, &device("Firefox/1"), None).await;
    let unknown = login(&shop, &credentials("nobody@example.jp", PASSWORD), Lang::Ja, &device("Firefox/1"), None).await;
    assert_eq!(refused(wrong), Fault::Credentials);
    assert_eq!(refused(unknown), Fault::Credentials);
});

on_both_databases!(a_session_rotates_at_login_and_ends_at_logout(shop) {
    let first = registered(&shop, "mori@example.jp").await;
    let asked = credentials(" MORI@example.jp", PASSWORD);
    let home = device("Firefox/1").holding(Some(first.device.clone()));
    let second = login(&shop, &asked, Lang::Ja, &home, Some(&first.token)).await.unwrap();
    let Opening::In(second) = second else { panic!("the browser is known") };
    assert_ne!(first.token, second.token);
    assert!(find(&shop, &first.token).await.unwrap().is_none());
    assert!(find(&shop, &second.token).await.unwrap().is_some());
    logout(&shop, &second.token).await.unwrap();
    assert!(find(&shop, &second.token).await.unwrap().is_none());
});

on_both_databases!(a_right_password_in_a_strange_browser_opens_nothing_without_the_code_from_the_mail(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let sessions = || async {
        fetch_one!(shop.db.read().await.unwrap(), (i64,), "SELECT COUNT(*) FROM session").await.unwrap().0
    };
    assert!(lets_in(&shop, &mut device("Firefox/1").holding(Some(owner.device.clone()))).await);
    let before = sessions().await;
    // The same browser by its name, in the same network.
    let thief = device("Firefox/1");
    let opening = login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &thief, None).await.unwrap();
    let Opening::Asked(pending) = opening else { panic!("a copied name is enough") };
    assert_eq!(sessions().await, before);
    let code = mailed_code(&shop).await;
    let stranger = Token::random(&shop.entropy);
    assert_eq!(refused(confirm(&shop, &stranger, &typed(&code), &thief, None).await), Fault::CodeOver, "its own browser");
    assert_eq!(refused(confirm(&shop, &pending, &typed(&another(&code)), &thief, None).await), Fault::Code);
    let entered = confirm(&shop, &pending, &typed(&code), &thief, None).await.unwrap();
    assert_eq!(refused(confirm(&shop, &pending, &typed(&code), &thief, None).await), Fault::CodeOver, "a code works once");
    assert!(lets_in(&shop, &mut thief.clone().holding(Some(entered.device))).await, "it is known from now on");
    let who = find(&shop, &entered.token).await.unwrap().unwrap();
    let outcomes: Vec<_> = security(&shop, &who, Lang::Ja).await.unwrap().unwrap().sign_ins.into_iter().map(|tried| tried.outcome).collect();
    assert!(!outcomes.contains(&SignInOutcome::Asked), "it is done: {outcomes:?}");
    for outcome in [SignInOutcome::WrongCode, SignInOutcome::Ok] {
        assert!(outcomes.contains(&outcome), "{outcome:?}: {outcomes:?}");
    }
    assert_eq!(mails(&shop).await.iter().filter(|m| m["account"]["new_device"].is_object()).count(), 1);
});

on_both_databases!(a_code_of_a_sign_in_is_good_for_ten_minutes_and_five_tries(shop) {
    registered(&shop, "mori@example.jp").await;
    for late in [false, true] {
        let opening =
            login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &device("x"), None).await.unwrap();
        let Opening::Asked(pending) = opening else { panic!("the browser is strange") };
        let code = mailed_code(&shop).await;
        assert!(challenge::waiting(&shop, &pending, Kind::SignIn).await.unwrap().is_some());
        if late {
            shop.clock.advance(challenge::CODE_LIFE);
        } else {
            for _ in 0..5 {
                let wrong = confirm(&shop, &pending, &typed(&another(&code)), &device("x"), None).await;
                assert_eq!(refused(wrong), Fault::Code);
            }
        }
        assert!(challenge::waiting(&shop, &pending, Kind::SignIn).await.unwrap().is_none());
        assert_eq!(refused(confirm(&shop, &pending, &typed(&code), &device("x"), None).await), Fault::CodeOver);
    }
});

on_both_databases!(who_signs_out_of_a_shared_browser_and_has_it_forgotten_is_known_there_no_more(shop) {
    let home = registered(&shop, "mori@example.jp").await;
    let opening = login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &device("x"), None).await.unwrap();
    let Opening::Asked(pending) = opening else { panic!("the browser is strange") };
    let code = typed(&mailed_code(&shop).await);
    let shared = confirm(&shop, &pending, &code, &device("x"), None).await.unwrap();
    let browser = device("x").holding(Some(shared.device.clone()));
    let comes_in = async |browser: &Device| {
        match login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, browser, None).await.unwrap() {
            Opening::In(entered) => Some(entered),
            Opening::Asked(_) => None,
        }
    };
    // Pressed twice, there are two sessions in one browser.
    let twice = comes_in(&browser).await.unwrap();
    // One that was ended already is good enough to forget it, in the browser itself.
    logout(&shop, &shared.token).await.unwrap();
    logout_forgotten(&shop, Some(&shared.token), &browser).await.unwrap();
    assert!(find(&shop, &twice.token).await.unwrap().is_none(), "nobody holds it any more");
    assert!(comes_in(&browser).await.is_none());
    assert!(find(&shop, &home.token).await.unwrap().is_some());
    let own = device("Firefox/1").holding(Some(home.device));
    assert!(comes_in(&own).await.is_some());
    // A token that opens nothing forgets nobody elsewhere; and whoever has none any more can still have it forgotten.
    logout_forgotten(&shop, Some(&Token::random(&shop.entropy)), &browser).await.unwrap();
    assert!(comes_in(&own).await.is_some());
    logout_forgotten(&shop, None, &own).await.unwrap();
    assert!(comes_in(&own).await.is_none());
});

on_both_databases!(two_who_type_one_code_at_the_same_moment_get_one_session(shop) {
    registered(&shop, "mori@example.jp").await;
    let opening = login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &device("x"), None).await.unwrap();
    let Opening::Asked(pending) = opening else { panic!("the browser is strange") };
    let (code, device) = (typed(&mailed_code(&shop).await), device("x"));
    let (a, b) = tokio::join!(
        confirm(&shop, &pending, &code, &device, None),
        confirm(&shop, &pending, &code, &device, None)
    );
    assert_eq!(usize::from(a.is_ok()) + usize::from(b.is_ok()), 1);
});

on_both_databases!(a_code_of_a_clock_that_was_far_ahead_opens_nothing_and_one_of_another_node_does(shop) {
    registered(&shop, "mori@example.jp").await;
    let email = Email::parse("mori@example.jp").unwrap();
    shop.clock.advance(SKEW);
    let pending = ask_mailbox(&shop, Kind::SignIn, &email, Lang::Ja, &device("x")).await.unwrap();
    let code = mailed_code(&shop).await;
    let waits = async || challenge::waiting(&shop, &pending, Kind::SignIn).await.unwrap().is_some();
    shop.clock.advance(-SKEW - 1);
    assert!(!waits().await, "it would be good for too long");
    assert_eq!(refused(confirm(&shop, &pending, &typed(&code), &device("x"), None).await), Fault::CodeOver);
    shop.clock.advance(1);
    assert!(waits().await);
    confirm(&shop, &pending, &typed(&code), &device("x"), None).await.unwrap();
});

on_both_databases!(a_code_by_mail_is_asked_for_alike_whoever_has_the_address(shop) {
    registered(&shop, "mori@example.jp").await;
    let mut rows = Vec::new();
    for (kind, address) in [(Kind::SignIn, "Mori@Example.jp"), (Kind::SignIn, "hayashi@example.jp")] {
        let email = Email::parse(address).unwrap();
        let pending = ask_mailbox(&shop, kind, &email, Lang::Ja, &device("x")).await.unwrap();
        let sql = "SELECT tries, created_at, expires_at, email IS NOT NULL FROM challenge WHERE token_hash = $1";
        let mut conn = shop.db.read().await.unwrap();
        rows.push(fetch_one!(conn, (i64, i64, i64, bool), sql, pending.hash().to_vec()).await.unwrap());
        drop(conn);
        let right = mailed_code(&shop).await;
        for fault in vec![Fault::Code; 5].into_iter().chain([Fault::CodeOver]) {
            assert_eq!(refused(confirm(&shop, &pending, &typed(&another(&right)), &device("x"), None).await), fault);
        }
    }
    assert_eq!(rows[0], rows[1]);
    // At an address without an account no code opens anything, not even the one that was drawn.
    let email = Email::parse("hayashi@example.jp").unwrap();
    let pending = ask_mailbox(&shop, Kind::SignIn, &email, Lang::Ja, &device("x")).await.unwrap();
    let drawn = mailed_code(&shop).await;
    assert_eq!(refused(confirm(&shop, &pending, &typed(&drawn), &device("x"), None).await), Fault::Code);
});

on_both_databases!(a_code_goes_to_the_address_of_the_account_and_not_to_one_that_looks_like_it(shop) {
    registered(&shop, "mori@example.jp").await;
    outbox::run_due(&shop).await.unwrap();
    // Full-width letters are the same address to the shop; a mail server may think otherwise.
    let email = Email::parse("ｍｏｒｉ@example.jp").unwrap();
    ask_mailbox(&shop, Kind::Reset, &email, Lang::Ja, &device("x")).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    let newest = crate::mail::mailbox::list(&shop).await.unwrap().remove(0);
    assert_eq!(newest.to, "mori@example.jp");
});

on_both_databases!(who_asks_from_elsewhere_does_not_use_up_the_owners_codes(shop) {
    registered(&shop, "mori@example.jp").await;
    let email = Email::parse("mori@example.jp").unwrap();
    let elsewhere = Device::new("x".to_owned(), Some("198.51.100.1".parse().unwrap()));
    for _ in 0..5 {
        ask_mailbox(&shop, Kind::Reset, &email, Lang::Ja, &elsewhere).await.unwrap();
    }
    let sixth = ask_mailbox(&shop, Kind::Reset, &email, Lang::Ja, &elsewhere).await;
    assert!(matches!(refused(sixth), Fault::TooMany { minutes: 12 }));
    ask_mailbox(&shop, Kind::Reset, &email, Lang::Ja, &device("x")).await.unwrap();
});

on_both_databases!(a_token_that_somebody_else_has_put_into_a_browser_is_worth_nothing_after_its_owner_came_in(shop) {
    registered(&shop, "mori@example.jp").await;
    let planted = Token::random(&shop.entropy);
    let victim = device("Firefox/1").holding(Some(planted.clone()));
    entered(&shop, "mori@example.jp", &victim).await;
    assert!(!lets_in(&shop, &mut device("Firefox/1").holding(Some(planted))).await);
});

on_both_databases!(a_browser_of_two_people_goes_on_to_know_both(shop) {
    let mori = registered(&shop, "mori@example.jp").await;
    let shared = device("Firefox/1").holding(Some(mori.device));
    shop.clock.advance(1);
    let pending = register(&shop, &asked("hayashi@example.jp"), Lang::Ja, &shared).await.unwrap();
    let code = mailed_code(&shop).await;
    let hayashi = verify(&shop, &pending, &typed(&code), &shared, None).await.unwrap();
    assert!(lets_in(&shop, &mut shared.holding(Some(hayashi.device))).await);
});

on_both_databases!(the_demo_people_sign_in_and_only_in_development(shop) {
    let production = Shop::new(Parts {
        db: shop.db.clone(),
        keys: shop.keys.clone(),
        vault: shop.vault.clone(),
        clock: shop.clock.clone(),
        entropy: shop.entropy.clone(),
        data: shop.data.clone(),
        url: shop.url.clone(),
        development: false,
    });
    demo(&production).await.unwrap();
    assert!(demo_addresses(&production).is_empty());
    for address in demo_addresses(&shop) {
        let refusal = login(&production, &credentials(&address, DEMO_PASSWORD), Lang::Ja, &device("x"), None).await;
        assert_eq!(refused(refusal), Fault::Credentials, "a password that stands in a README opens nothing");
    }
    demo(&shop).await.unwrap();
    demo(&shop).await.unwrap();
    for address in demo_addresses(&shop) {
        let asked = credentials(&address, DEMO_PASSWORD);
        let opening = login(&shop, &asked, Lang::Ja, &device("x"), None).await.unwrap();
        let Opening::Asked(pending) = opening else { panic!("the browser is strange") };
        let code = typed(&mailed_code(&shop).await);
        let entered = confirm(&shop, &pending, &code, &device("x"), None).await.unwrap();
        let who = find(&shop, &entered.token).await.unwrap().unwrap();
        assert!(home(&shop, &who).await.unwrap().unwrap().name.is_some());
    }
    assert!(Email::parse(&demo_addresses(&shop)[0]).is_ok());
});
