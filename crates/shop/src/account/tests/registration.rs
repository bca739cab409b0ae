//! Opening an account: the code, one account for an address, and who is told what.

use super::*;

on_both_databases!(the_code_from_the_mail_opens_the_account_once(shop) {
    let pending = register(&shop, &asked("mori@example.jp"), Lang::Ja, &device("Firefox/1")).await.unwrap();
    let code = mailed_code(&shop).await;
    let entered = verify(&shop, &pending, &typed(&code), &device("Firefox/1"), None).await.unwrap();
    let who = find(&shop, &entered.token).await.unwrap().expect("verifying signs in");
    assert_eq!(who.customer, entered.customer);
    assert_eq!(home(&shop, &who).await.unwrap().unwrap().email.as_deref(), Some("mori@example.jp"));
    assert_eq!(refused(verify(&shop, &pending, &typed(&code), &device("Firefox/1"), None).await), Fault::CodeOver);
});

on_both_databases!(after_five_wrong_codes_the_right_one_is_no_use(shop) {
    let pending = register(&shop, &asked("mori@example.jp"), Lang::Ja, &device("Firefox/1")).await.unwrap();
    let code = mailed_code(&shop).await;
    for _ in 0..5 {
        assert_eq!(refused(verify(&shop, &pending, &typed(&another(&code)), &device(""), None).await), Fault::Code);
    }
    assert_eq!(refused(verify(&shop, &pending, &typed(&code), &device(""), None).await), Fault::CodeOver);
});

on_both_databases!(a_code_needs_its_own_browser_and_lasts_ten_minutes(shop) {
    let pending = register(&shop, &asked("mori@example.jp"), Lang::Ja, &device("Firefox/1")).await.unwrap();
    let code = mailed_code(&shop).await;
    let stranger = Token::random(&shop.entropy);
    assert_eq!(refused(verify(&shop, &stranger, &typed(&code), &device(""), None).await), Fault::CodeOver);
    shop.clock.advance(10 * MINUTE);
    assert_eq!(refused(verify(&shop, &pending, &typed(&code), &device(""), None).await), Fault::CodeOver);
});

on_both_databases!(a_registration_of_a_clock_that_was_far_ahead_is_begun_anew_and_one_of_another_node_is_not(shop) {
    shop.clock.advance(SKEW);
    let pending = register(&shop, &asked("mori@example.jp"), Lang::Ja, &device("Firefox/1")).await.unwrap();
    let code = mailed_code(&shop).await;
    shop.clock.advance(-SKEW - 1);
    let far = verify(&shop, &pending, &typed(&code), &device(""), None).await;
    assert_eq!(refused(far), Fault::CodeOver, "it would be good for too long");
    shop.clock.advance(1);
    verify(&shop, &pending, &typed(&code), &device(""), None).await.unwrap();
});

on_both_databases!(registering_a_known_address_answers_alike_and_tells_only_its_owner(shop) {
    registered(&shop, "mori@example.jp").await;
    let known = register(&shop, &asked("Mori@Example.jp"), Lang::Ja, &device("Firefox/1")).await.unwrap();
    let unknown = register(&shop, &asked("hayashi@example.jp"), Lang::Ja, &device("Firefox/1")).await.unwrap();
    // Each has one mail on its way and one code to be asked for, and wrong codes are answered alike to the end.
    let rows = fetch_all!(
        shop.db.read().await.unwrap(),
        (i64, i64, i64, i64),
        "SELECT tries, created_at, expires_at, CAST(length(code_hash) AS BIGINT) FROM registration"
    );
    let rows = rows.await.unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0], rows[1]);
    let mails = mails(&shop).await;
    assert_eq!(mails.len(), 2);
    let right = mailed_code(&shop).await;
    for fault in vec![Fault::Code; 5].into_iter().chain([Fault::CodeOver]) {
        let mut answers = Vec::new();
        for pending in [&known, &unknown] {
            answers.push(refused(verify(&shop, pending, &typed(&another(&right)), &device("Firefox/1"), None).await));
        }
        assert_eq!(answers, [fault.clone(), fault]);
    }
    assert!(mails.iter().any(|m| m["account"]["already_registered"].is_object()));
    assert!(mails.iter().all(|m| !m.to_string().contains("example.jp")), "the outbox holds no address");
    // The mail's code belongs to the other address; at the known one no code opens anything.
    assert_eq!(refused(verify(&shop, &known, &typed(&right), &device(""), None).await), Fault::CodeOver);
});

on_both_databases!(an_address_gets_no_more_than_five_registration_mails_an_hour(shop) {
    for _ in 0..5 {
        register(&shop, &asked("mori@example.jp"), Lang::En, &device("x")).await.unwrap();
    }
    let sixth = register(&shop, &asked("mori@example.jp"), Lang::En, &device("x")).await;
    assert!(matches!(refused(sixth), Fault::TooMany { .. }));
    assert_eq!(mails(&shop).await.len(), 5);
});

on_both_databases!(a_weak_password_is_refused_and_uses_up_no_mail(shop) {
    let weak = RegisterForm { email: "mori@example.jp".into(), password: "bluewhalebluewhale".into(), next: String::new() };
    for _ in 0..6 {
        let refusal = register(&shop, &weak.parse().unwrap(), Lang::En, &device("x")).await;
        assert_eq!(refused(refusal), Fault::WeakPassword { why: Weakness::Pattern });
    }
    register(&shop, &asked("mori@example.jp"), Lang::En, &device("x")).await.unwrap();
    assert_eq!(mails(&shop).await.len(), 1);
});

on_both_databases!(two_registrations_of_one_address_make_one_account(shop) {
    let slow = register(&shop, &asked("mori@example.jp"), Lang::Ja, &device("x")).await.unwrap();
    let slow_code = mailed_code(&shop).await;
    shop.clock.advance(1);
    registered(&shop, "mori@example.jp").await;
    assert_eq!(refused(verify(&shop, &slow, &typed(&slow_code), &device("x"), None).await), Fault::CodeOver);
    let mut conn = shop.db.read().await.unwrap();
    assert_eq!(fetch_one!(conn, (i64,), "SELECT COUNT(*) FROM customer").await.unwrap().0, 1);
});

on_both_databases!(two_registrations_of_one_address_verified_at_once_make_one_account_and_no_lost_mail(shop) {
    let mut waiting = Vec::new();
    for _ in 0..2 {
        let pending = register(&shop, &asked("mori@example.jp"), Lang::Ja, &device("x")).await.unwrap();
        waiting.push((pending, mailed_code(&shop).await));
        shop.clock.advance(1);
    }
    let device = device("x");
    let typed: Vec<Verify> = waiting.iter().map(|(_, code)| typed(code)).collect();
    let (a, b) = tokio::join!(
        verify(&shop, &waiting[0].0, &typed[0], &device, None),
        verify(&shop, &waiting[1].0, &typed[1], &device, None)
    );
    let (opened, shut): (Vec<_>, Vec<_>) = [a, b].into_iter().partition(Result::is_ok);
    assert_eq!((opened.len(), shut.len()), (1, 1));
    assert_eq!(refused(shut.into_iter().next().unwrap()), Fault::CodeOver);
    assert_eq!(fetch_one!(shop.db.read().await.unwrap(), (i64,), "SELECT COUNT(*) FROM customer").await.unwrap().0, 1);
    // The mails with the codes had not left yet: they have nobody to go to, and do not fail for ever.
    outbox::run_due(&shop).await.unwrap();
    assert_eq!(outbox::backlog(&shop).await.unwrap().waiting, 0);
});
