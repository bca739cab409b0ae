//! Another password, by mail and on the page, the fresh proof that it asks for, and how one of before is kept. How many are
//! looked at, and how many wait for it.

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};

use super::*;

on_both_databases!(a_new_password_by_mail_ends_every_session_and_every_code_under_way(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let home = device("Firefox/1").holding(Some(owner.device));
    let email = Email::parse("mori@example.jp").unwrap();
    let opening = login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &device("x"), None).await.unwrap();
    let Opening::Asked(thief) = opening else { panic!("the browser is strange") };
    let thiefs = mailed_code(&shop).await;
    shop.clock.advance(1);
    let pending = ask_mailbox(&shop, Kind::Reset, &email, Lang::Ja, &device("y")).await.unwrap();
    let code = mailed_code(&shop).await;
    assert_eq!(refused(confirm(&shop, &pending, &typed(&code), &device("y"), None).await), Fault::CodeOver, "for a reset only");
    assert_eq!(refused(reset_password(&shop, &pending, &new_password(&another(&code)), &device("y"), None).await), Fault::Code);
    let entered = reset_password(&shop, &pending, &new_password(&code), &device("y"), None).await.unwrap();
    assert!(find(&shop, &entered.token).await.unwrap().is_some());
    assert!(find(&shop, &owner.token).await.unwrap().is_none());
    assert_eq!(refused(confirm(&shop, &thief, &typed(&thiefs), &device("x"), None).await), Fault::CodeOver);
    let old = login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &home, None).await;
    assert_eq!(refused(old), Fault::Credentials);
    let new = login(&shop, &credentials("mori@example.jp", "lantern river maple"), Lang::Ja, &home, None).await.unwrap();
    assert!(matches!(new, Opening::Asked(_)), "no browser of before is known any more");
    let again = reset_password(&shop, &pending, &new_password(&code), &device("y"), None).await;
    assert_eq!(refused(again), Fault::CodeOver, "a code works once");
    assert_eq!(mails(&shop).await.iter().filter(|m| m["account"]["event"].is_object()).count(), 1);
});

on_both_databases!(a_new_password_by_mail_does_not_hold_the_address_and_the_code_is_good_for_another(shop) {
    registered(&shop, "tsukimi.yabukiri@example.jp").await;
    let email = Email::parse("tsukimi.yabukiri@example.jp").unwrap();
    let pending = ask_mailbox(&shop, Kind::Reset, &email, Lang::Ja, &device("x")).await.unwrap();
    let code = mailed_code(&shop).await;
    let asked = |code: &str| ResetForm { code: code.into(), password: "tsukimi.yabukiri".into() }.parse().unwrap();
    let wrong = reset_password(&shop, &pending, &asked(&another(&code)), &device("x"), None).await;
    assert_eq!(refused(wrong), Fault::Code, "whoever has no code does not learn whose it is");
    for _ in 0..6 {
        let own = reset_password(&shop, &pending, &asked(&code), &device("x"), None).await;
        assert_eq!(refused(own), Fault::WeakPassword { why: Weakness::Own });
    }
    reset_password(&shop, &pending, &new_password(&code), &device("x"), None).await.unwrap();
});

on_both_databases!(a_change_of_the_password_asks_for_a_fresh_proof_and_ends_the_other_sessions(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let home = device("Firefox/1").holding(Some(owner.device.clone()));
    let other = entered(&shop, "mori@example.jp", &device("x")).await;
    shop.clock.advance(session::RECENT + 1);
    let who = find(&shop, &owner.token).await.unwrap().unwrap();
    assert!(who.clone().recent(shop.now()).is_none());
    let wrong = shown("not the password");
    assert_eq!(refused(prove(&shop, &who, &wrong, &home).await), Fault::WrongPassword);
    let token = prove(&shop, &who, &shown(PASSWORD), &home).await.unwrap();
    let late = find(&shop, &owner.token).await.unwrap().expect("a request of another tab that was under way");
    assert!(late.recent(shop.now()).is_none(), "the token of before is no proof");
    let recent = find(&shop, &token).await.unwrap().unwrap().recent(shop.now()).expect("just proved");
    let wanted = Password::typed("lantern river maple").unwrap();
    let changed = change_password(&shop, &recent, &wanted, &home).await.unwrap();
    for over in [&owner.token, &token, &other.token] {
        assert!(find(&shop, over).await.unwrap().is_none());
    }
    assert!(find(&shop, &changed.token).await.unwrap().is_some());
    let home = home.holding(Some(changed.device));
    let opening =
        login(&shop, &credentials("mori@example.jp", "lantern river maple"), Lang::Ja, &home, None).await.unwrap();
    assert!(matches!(opening, Opening::In(_)), "this browser is still known");
});

on_both_databases!(a_thief_of_an_open_browser_cannot_guess_the_password_for_ever(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let who = find(&shop, &owner.token).await.unwrap().unwrap();
    let wrong = shown("not the password");
    for _ in 0..10 {
        assert_eq!(refused(prove(&shop, &who, &wrong, &device("x")).await), Fault::WrongPassword);
    }
    let right = shown(PASSWORD);
    assert!(matches!(refused(prove(&shop, &who, &right, &device("x")).await), Fault::TooMany { .. }));
    assert_eq!(mails(&shop).await.iter().filter(|m| m["account"]["event"].is_object()).count(), 1);
});

on_both_databases!(a_proof_from_a_clock_that_stepped_back_counts_for_no_longer(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let who = find(&shop, &owner.token).await.unwrap().unwrap();
    assert!(who.clone().recent(shop.now() + session::RECENT).is_some());
    assert!(who.clone().recent(shop.now() + session::RECENT + 1).is_none());
    assert!(who.clone().recent(shop.now() - SKEW).is_some(), "clocks of nodes differ");
    assert!(who.recent(shop.now() - SKEW - 1).is_none(), "a proof that lies ahead");
});

/// How passwords are kept today.
const TODAY: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

/// What the only customer's password is compared with.
async fn kept(shop: &TestShop) -> String {
    fetch_one!(shop.db.read().await.unwrap(), (String,), "SELECT password_hash FROM customer").await.unwrap().0
}

/// Has their password kept as it would have been when less was asked of a hash; gives that.
async fn kept_as_of_old(shop: &TestShop) -> String {
    let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8_192, 1, 1, None).unwrap());
    let old: PasswordHash = cheap.hash_password_with_salt(PASSWORD.as_bytes(), &[7; 16]).unwrap();
    let old = old.to_string();
    let mut tx = shop.db.write().await.unwrap();
    assert_eq!(execute!(tx, "UPDATE customer SET password_hash = $1", old.as_str()).await.unwrap(), 1);
    tx.commit().await.unwrap();
    old
}

on_both_databases!(a_right_password_that_is_kept_as_of_old_is_kept_as_today_from_then_on_and_a_wrong_one_changes_nothing(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let mut home = device("Firefox/1").holding(Some(owner.device));
    let wrong = async |browser: &Device| {
        let tried = login(&shop, &credentials("mori@example.jp", "not the password"), Lang::Ja, browser, None).await;
        assert_eq!(refused(tried), Fault::Credentials);
    };
    // In a browser that they are known by, and in one that a code is asked for in.
    for mut browser in [home.clone(), device("x")] {
        let old = kept_as_of_old(&shop).await;
        assert!(!old.starts_with(TODAY), "{old}");
        wrong(&browser).await;
        assert_eq!(kept(&shop).await, old);
        lets_in(&shop, &mut browser).await;
        let new = kept(&shop).await;
        assert!(new.starts_with(TODAY), "{new}");
        assert!(lets_in(&shop, &mut home).await, "it is the same password");
        assert_eq!(kept(&shop).await, new, "it is as it should be");
        wrong(&browser).await;
        assert_eq!(kept(&shop).await, new);
    }
});

on_both_databases!(a_customer_tries_twenty_new_passwords_and_then_one_in_three_minutes_whether_or_not_they_are_taken(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let home = device("Firefox/1").holding(Some(owner.device));
    let who = find(&shop, &owner.token).await.unwrap().unwrap().recent(shop.now()).unwrap();
    let weak = Password::typed("letmeinletmein").unwrap();
    for _ in 0..20 {
        let tried = change_password(&shop, &who, &weak, &home).await;
        assert_eq!(refused(tried), Fault::WeakPassword { why: Weakness::Pattern });
    }
    let good = Password::typed("lantern river maple").unwrap();
    for _ in 0..2 {
        let one_more = change_password(&shop, &who, &good, &home).await;
        assert_eq!(refused(one_more), Fault::TooMany { minutes: 3 });
        shop.clock.advance(3 * MINUTE);
        change_password(&shop, &who, &good, &home).await.unwrap();
    }
});

on_both_databases!(a_right_password_in_a_known_browser_gives_back_the_try_that_it_took_and_none_before_it(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let mut home = device("Firefox/1").holding(Some(owner.device));
    let wrong = async |browser: &Device| {
        refused(login(&shop, &credentials("mori@example.jp", "not the password"), Lang::Ja, browser, None).await)
    };
    for _ in 0..19 {
        assert_eq!(wrong(&home).await, Fault::Credentials);
    }
    for _ in 0..3 {
        assert!(lets_in(&shop, &mut home).await);
    }
    assert_eq!(wrong(&home).await, Fault::Credentials);
    assert!(matches!(wrong(&home).await, Fault::TooMany { .. }));
});

on_both_databases!(a_right_password_in_a_session_gives_back_the_try_that_it_took_and_none_before_it(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let home = device("Firefox/1").holding(Some(owner.device));
    let who = find(&shop, &owner.token).await.unwrap().unwrap();
    let held_against_them = async || {
        let mut conn = shop.db.read().await.unwrap();
        let (session, customer) = (who.session.0.as_bytes(), who.customer.0.as_bytes());
        let in_session = limits::arrival(&mut conn, &shop, limits::PROVE, session).await.unwrap();
        (in_session, limits::arrival(&mut conn, &shop, limits::PROVE_CUSTOMER, customer).await.unwrap())
    };
    for _ in 0..2 {
        assert_eq!(refused(prove(&shop, &who, &shown("not the password"), &home).await), Fault::WrongPassword);
    }
    let before = held_against_them().await;
    assert!(before.0 > shop.now() && before.1 > shop.now());
    prove(&shop, &who, &shown(PASSWORD), &home).await.unwrap();
    assert_eq!(held_against_them().await, before);
});

on_both_databases!(while_no_more_passwords_can_wait_everybody_is_asked_to_come_back_in_a_minute_and_then_served(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let mut home = device("Firefox/1").holding(Some(owner.device));
    let who = find(&shop, &owner.token).await.unwrap().unwrap().recent(shop.now()).unwrap();
    let wanted = Password::typed("lantern river maple").unwrap();
    let crowd = shop.hash_room().fill();
    let full = Fault::Busy;
    let counted = async || {
        let mut conn = shop.db.read().await.unwrap();
        fetch_one!(conn, (i64,), "SELECT CAST(SUM(arrival) AS BIGINT) FROM rate_limit").await.unwrap().0
    };
    let before = counted().await;
    for email in ["mori@example.jp", "nobody@example.jp"] {
        for password in [PASSWORD, "not the password"] {
            let tried = login(&shop, &credentials(email, password), Lang::Ja, &device("x"), None).await;
            assert_eq!(refused(tried), full, "{email}");
        }
    }
    assert_eq!(refused(register(&shop, &asked("hayashi@example.jp"), Lang::Ja, &device("x")).await), full);
    assert_eq!(refused(prove(&shop, who.who(), &shown(PASSWORD), &home).await), full);
    assert_eq!(refused(change_password(&shop, &who, &wanted, &home).await), full);
    let email = Email::parse("mori@example.jp").unwrap();
    let paper = noren_domain::account::RecoveryCode::new(shop.entropy.bytes());
    assert_eq!(refused(email_change::take_back_with_paper(&shop, &email, &paper, &device("x")).await), full);
    assert_eq!(counted().await, before, "nobody shuts themselves out by coming back");
    drop(crowd);
    assert!(lets_in(&shop, &mut home).await);
    change_password(&shop, &who, &wanted, &home).await.unwrap();
});
