use noren_domain::account::{Email, LoginForm, RegisterForm, VerifyForm};

use super::*;
use crate::session::find;
use crate::testing::TestShop;
use crate::{Parts, fetch_all, fetch_one, on_both_databases};

const PASSWORD: &str = "wardrobe velvet onion";

fn device(agent: &str) -> Device {
    Device::new(agent.to_owned(), Some("203.0.113.7".parse().unwrap()))
}

fn asked(email: &str) -> Register {
    RegisterForm { email: email.into(), password: PASSWORD.into(), next: String::new() }.parse().unwrap()
}

fn credentials(email: &str, password: &str) -> Login {
    LoginForm { email: email.into(), password: password.into(), next: String::new() }.parse().unwrap()
}

fn typed(code: &str) -> Verify {
    VerifyForm { code: code.into(), next: String::new() }.parse().unwrap()
}

fn refused<T>(result: Result<T, DoorError>) -> Fault {
    match result {
        Err(DoorError::Refused(fault)) => fault,
        Err(other) => panic!("refused for another reason: {other}"),
        Ok(_) => panic!("the door opened"),
    }
}

async fn mails(shop: &TestShop) -> Vec<serde_json::Value> {
    let mut conn = shop.db.read().await.unwrap();
    let rows = fetch_all!(conn, (String,), "SELECT payload FROM outbox WHERE payload <> '' ORDER BY id").await.unwrap();
    rows.into_iter().map(|(payload,)| serde_json::from_str(&payload).unwrap()).collect()
}

/// The code in the last mail that holds one.
async fn mailed_code(shop: &TestShop) -> String {
    let mails = mails(shop).await;
    let code = mails.iter().rev().find_map(|m| m["account"]["registration_code"]["code"].as_str());
    code.expect("a mail holds a code").to_owned()
}

fn another(code: &str) -> String {
    if code == "000000" { "000001".to_owned() } else { "000000".to_owned() }
}

async fn registered(shop: &TestShop, email: &str) -> Entered {
    let pending = register(shop, &asked(email), Lang::Ja, &device("Firefox/1")).await.unwrap();
    let code = mailed_code(shop).await;
    verify(shop, &pending, &typed(&code), &device("Firefox/1"), None).await.unwrap()
}

on_both_databases!(the_code_from_the_mail_opens_the_account_once(shop) {
    let pending = register(&shop, &asked("mori@example.jp"), Lang::Ja, &device("Firefox/1")).await.unwrap();
    let code = mailed_code(&shop).await;
    let entered = verify(&shop, &pending, &typed(&code), &device("Firefox/1"), None).await.unwrap();
    let who = find(&shop, &entered.token).await.unwrap().expect("verifying signs in");
    assert_eq!(who.customer, entered.customer);
    assert_eq!(home(&shop, &who).await.unwrap().unwrap().email, "mori@example.jp");
    assert_eq!(refused(verify(&shop, &pending, &typed(&code), &device("Firefox/1"), None).await), Fault::Code);
});

on_both_databases!(after_five_wrong_codes_the_right_one_is_no_use(shop) {
    let pending = register(&shop, &asked("mori@example.jp"), Lang::Ja, &device("Firefox/1")).await.unwrap();
    let code = mailed_code(&shop).await;
    for _ in 0..5 {
        assert_eq!(refused(verify(&shop, &pending, &typed(&another(&code)), &device(""), None).await), Fault::Code);
    }
    assert_eq!(refused(verify(&shop, &pending, &typed(&code), &device(""), None).await), Fault::Code);
});

on_both_databases!(a_code_needs_its_own_browser_and_fifteen_minutes(shop) {
    let pending = register(&shop, &asked("mori@example.jp"), Lang::Ja, &device("Firefox/1")).await.unwrap();
    let code = mailed_code(&shop).await;
    let stranger = Token::random(&shop.entropy);
    assert_eq!(refused(verify(&shop, &stranger, &typed(&code), &device(""), None).await), Fault::Code);
    shop.clock.advance(15 * MINUTE);
    assert_eq!(refused(verify(&shop, &pending, &typed(&code), &device(""), None).await), Fault::Code);
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
    for _ in 0..6 {
        let mut answers = Vec::new();
        for pending in [&known, &unknown] {
            answers.push(refused(verify(&shop, pending, &typed(&another(&right)), &device("Firefox/1"), None).await));
        }
        assert_eq!(answers, [Fault::Code, Fault::Code]);
    }
    assert!(mails.iter().any(|m| m["account"]["already_registered"].is_object()));
    assert!(mails.iter().all(|m| !m.to_string().contains("example.jp")), "the outbox holds no address");
    // The mail's code belongs to the other address; at the known one no code opens anything.
    assert_eq!(refused(verify(&shop, &known, &typed(&right), &device(""), None).await), Fault::Code);
});

on_both_databases!(a_wrong_password_and_an_unknown_address_get_the_same_answer(shop) {
    registered(&shop, "mori@example.jp").await;
    let wrong = login(&shop, &credentials("mori@example.jp", "not the password"), &device("Firefox/1"), None).await;
    let unknown = login(&shop, &credentials("nobody@example.jp", PASSWORD), &device("Firefox/1"), None).await;
    assert_eq!(refused(wrong), Fault::Credentials);
    assert_eq!(refused(unknown), Fault::Credentials);
});

on_both_databases!(a_session_rotates_at_login_and_ends_at_logout(shop) {
    let first = registered(&shop, "mori@example.jp").await;
    let asked = credentials(" MORI@example.jp", PASSWORD);
    let second = login(&shop, &asked, &device("Firefox/1"), Some(&first.token)).await.unwrap();
    assert_ne!(first.token, second.token);
    assert!(find(&shop, &first.token).await.unwrap().is_none());
    assert!(find(&shop, &second.token).await.unwrap().is_some());
    logout(&shop, &second.token).await.unwrap();
    assert!(find(&shop, &second.token).await.unwrap().is_none());
});

on_both_databases!(ten_wrong_passwords_stop_an_address_for_a_quarter_of_an_hour(shop) {
    let who = registered(&shop, "mori@example.jp").await;
    for _ in 0..10 {
        let wrong = login(&shop, &credentials("mori@example.jp", "not the password"), &device("x"), None).await;
        assert_eq!(refused(wrong), Fault::Credentials);
    }
    let right = || async { login(&shop, &credentials("mori@example.jp", PASSWORD), &device("x"), None).await };
    for _ in 0..2 {
        assert!(matches!(refused(right().await), Fault::TooMany { minutes: 15 }));
    }
    let who = find(&shop, &who.token).await.unwrap().unwrap();
    let history = security(&shop, &who).await.unwrap().sign_ins;
    assert_eq!(history.iter().filter(|s| s.outcome == SignInOutcome::WrongPassword).count(), 10);
    assert_eq!(history.iter().filter(|s| s.outcome == SignInOutcome::Blocked).count(), 1);
    shop.clock.advance(15 * MINUTE);
    assert!(right().await.is_ok());
});

on_both_databases!(strangers_who_use_up_the_tries_do_not_lock_the_owner_out(shop) {
    registered(&shop, "mori@example.jp").await;
    // The browser is a common one: only together with the owner's network is it known.
    let stranger = Device::new("Firefox/1".to_owned(), Some("198.51.100.1".parse().unwrap()));
    for _ in 0..10 {
        let wrong = login(&shop, &credentials("mori@example.jp", "not the password"), &stranger, None).await;
        assert_eq!(refused(wrong), Fault::Credentials);
    }
    let lucky = login(&shop, &credentials("mori@example.jp", PASSWORD), &stranger, None).await;
    assert!(matches!(refused(lucky), Fault::TooMany { .. }));
    login(&shop, &credentials("mori@example.jp", PASSWORD), &device("Firefox/1"), None).await.unwrap();
});

on_both_databases!(neighbours_who_use_up_the_networks_tries_do_not_lock_the_owner_out(shop) {
    registered(&shop, "mori@example.jp").await;
    let home = device("Firefox/1");
    let mut tx = shop.db.write().await.unwrap();
    for _ in 0..50 {
        limits::take(&mut tx, &shop, limits::LOGIN_NETWORK, home.network.as_bytes()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let neighbour = login(&shop, &credentials("mori@example.jp", PASSWORD), &device("curl/8"), None).await;
    assert!(matches!(refused(neighbour), Fault::TooMany { .. }));
    login(&shop, &credentials("mori@example.jp", PASSWORD), &home, None).await.unwrap();
    // Who sits in the owner's place has not got tries without end either, and cannot go on elsewhere.
    for _ in 0..20 {
        let wrong = login(&shop, &credentials("mori@example.jp", "not the password"), &home, None).await;
        assert_eq!(refused(wrong), Fault::Credentials);
    }
    let one_more = login(&shop, &credentials("mori@example.jp", PASSWORD), &home, None).await;
    assert!(matches!(refused(one_more), Fault::TooMany { minutes: 15 }));
    shop.clock.advance(15 * MINUTE);
    login(&shop, &credentials("mori@example.jp", PASSWORD), &home, None).await.unwrap();
});

on_both_databases!(a_refused_try_costs_a_write_whether_or_not_there_is_an_account(shop) {
    registered(&shop, "mori@example.jp").await;
    for email in ["mori@example.jp", "nobody@example.jp"] {
        let written = || async {
            let mut conn = shop.db.read().await.unwrap();
            let sql = "SELECT (SELECT COUNT(*) FROM sign_in) + (SELECT COUNT(*) FROM rate_limit)";
            fetch_one!(conn, (i64,), sql).await.unwrap().0
        };
        let before = written().await;
        refused(login(&shop, &credentials(email, "not the password"), &device("x"), None).await);
        // The try by address and by network, and what says how it ended.
        assert!(written().await >= before + 2, "{email}");
    }
});

on_both_databases!(a_network_that_tries_many_addresses_is_stopped(shop) {
    let (mut tx, device) = (shop.db.write().await.unwrap(), device("x"));
    for _ in 0..50 {
        limits::take(&mut tx, &shop, limits::LOGIN_NETWORK, device.network.as_bytes()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let one_more = login(&shop, &credentials("nobody@example.jp", PASSWORD), &device, None).await;
    assert!(matches!(refused(one_more), Fault::TooMany { .. }));
    let elsewhere = Device::new(String::new(), Some("198.51.100.1".parse().unwrap()));
    let tried = login(&shop, &credentials("nobody@example.jp", PASSWORD), &elsewhere, None).await;
    assert_eq!(refused(tried), Fault::Credentials);
});

on_both_databases!(an_address_gets_no_more_than_five_registration_mails_an_hour(shop) {
    for _ in 0..5 {
        register(&shop, &asked("mori@example.jp"), Lang::En, &device("x")).await.unwrap();
    }
    let sixth = register(&shop, &asked("mori@example.jp"), Lang::En, &device("x")).await;
    assert!(matches!(refused(sixth), Fault::TooMany { .. }));
    assert_eq!(mails(&shop).await.len(), 5);
});

on_both_databases!(a_login_from_a_browser_or_a_network_not_seen_before_is_told_by_mail(shop) {
    registered(&shop, "mori@example.jp").await;
    let told = || async { mails(&shop).await.iter().filter(|m| m["account"]["new_device"].is_object()).count() };
    login(&shop, &credentials("mori@example.jp", PASSWORD), &device("Firefox/1"), None).await.unwrap();
    assert_eq!(told().await, 0);
    for _ in 0..2 {
        login(&shop, &credentials("mori@example.jp", PASSWORD), &device("Chrome/1"), None).await.unwrap();
    }
    assert_eq!(told().await, 1);
    // Whoever has stolen the password can copy the name of the browser, but not be at home.
    let thief = Device::new("Firefox/1".to_owned(), Some("198.51.100.7".parse().unwrap()));
    login(&shop, &credentials("mori@example.jp", PASSWORD), &thief, None).await.unwrap();
    assert_eq!(told().await, 2);
});

on_both_databases!(a_sign_in_is_not_pushed_out_of_sight_by_wrong_passwords(shop) {
    let who = registered(&shop, "mori@example.jp").await;
    let thief = Device::new("Thief/1".to_owned(), Some("198.51.100.7".parse().unwrap()));
    login(&shop, &credentials("mori@example.jp", PASSWORD), &thief, None).await.unwrap();
    for at in 0..30 {
        shop.clock.advance(16 * MINUTE * i64::from(at % 5 == 0));
        refused(login(&shop, &credentials("mori@example.jp", "not the password"), &thief, None).await);
    }
    let who = find(&shop, &who.token).await.unwrap().unwrap();
    let page = view::security(&shop, &who).await.unwrap();
    assert!(page.sign_ins.iter().any(|tried| tried.outcome == SignInOutcome::Ok && tried.network == thief.network));
    assert!(page.sign_ins.windows(2).all(|two| two[0].at >= two[1].at), "the newest first");
});

on_both_databases!(two_registrations_of_one_address_make_one_account(shop) {
    let slow = register(&shop, &asked("mori@example.jp"), Lang::Ja, &device("x")).await.unwrap();
    let slow_code = mailed_code(&shop).await;
    shop.clock.advance(1);
    registered(&shop, "mori@example.jp").await;
    assert_eq!(refused(verify(&shop, &slow, &typed(&slow_code), &device("x"), None).await), Fault::Code);
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
    assert_eq!(refused(shut.into_iter().next().unwrap()), Fault::Code);
    assert_eq!(fetch_one!(shop.db.read().await.unwrap(), (i64,), "SELECT COUNT(*) FROM customer").await.unwrap().0, 1);
    // The mails with the codes had not left yet: they have nobody to go to, and do not fail for ever.
    outbox::run_due(&shop).await.unwrap();
    assert_eq!(outbox::backlog(&shop).await.unwrap().waiting, 0);
});

on_both_databases!(the_address_lies_sealed_in_every_table(shop) {
    registered(&shop, "mori@example.jp").await;
    register(&shop, &asked("hayashi@example.jp"), Lang::Ja, &device("x")).await.unwrap();
    let mut conn = shop.db.read().await.unwrap();
    for sql in ["SELECT email FROM customer", "SELECT email FROM registration"] {
        let (email,) = fetch_one!(conn, (Vec<u8>,), sql).await.unwrap();
        assert!(!email.windows(7).any(|w| w == b"example"));
    }
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
        let refusal = login(&production, &credentials(&address, DEMO_PASSWORD), &device("x"), None).await;
        assert_eq!(refused(refusal), Fault::Credentials, "a password that stands in a README opens nothing");
    }
    demo(&shop).await.unwrap();
    demo(&shop).await.unwrap();
    for address in demo_addresses(&shop) {
        let entered = login(&shop, &credentials(&address, DEMO_PASSWORD), &device("x"), None).await.unwrap();
        let who = find(&shop, &entered.token).await.unwrap().unwrap();
        assert!(home(&shop, &who).await.unwrap().unwrap().name.is_some());
    }
    assert!(Email::parse(&demo_addresses(&shop)[0]).is_ok());
});

on_both_databases!(what_has_served_its_time_is_swept_away(shop) {
    registered(&shop, "mori@example.jp").await;
    register(&shop, &asked("hayashi@example.jp"), Lang::Ja, &device("x")).await.unwrap();
    shop.clock.advance(HISTORY + 2 * DAY);
    sweep(&shop).await.unwrap();
    let mut conn = shop.db.read().await.unwrap();
    for sql in [
        "SELECT COUNT(*) FROM registration",
        "SELECT COUNT(*) FROM rate_limit",
        "SELECT COUNT(*) FROM session",
        "SELECT COUNT(*) FROM sign_in",
    ] {
        assert_eq!(fetch_one!(conn, (i64,), sql).await.unwrap().0, 0, "{sql}");
    }
});
