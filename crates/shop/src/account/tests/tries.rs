//! Trying passwords: who is stopped, and who is not locked out by it.

use super::second_step::{app_shows, asked, step, with_app};
use super::*;

on_both_databases!(ten_wrong_passwords_stop_an_address_and_its_owner_hears_of_it_once(shop) {
    let who = registered(&shop, "mori@example.jp").await;
    for _ in 0..10 {
        let wrong = login(&shop, &credentials("mori@example.jp", "not the password"), Lang::Ja, &device("x"), None).await;
        assert_eq!(refused(wrong), Fault::Credentials);
    }
    let right =
        || async { login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &device("x"), None).await };
    for _ in 0..2 {
        assert!(matches!(refused(right().await), Fault::TooMany { minutes: 2 }));
    }
    let who = find(&shop, &who.token).await.unwrap().unwrap();
    let history = security(&shop, &who, Lang::Ja).await.unwrap().unwrap().sign_ins;
    assert_eq!(history.iter().filter(|s| s.outcome == SignInOutcome::WrongPassword).count(), 10);
    assert_eq!(history.iter().filter(|s| s.outcome == SignInOutcome::Blocked).count(), 1);
    assert_eq!(mails(&shop).await.iter().filter(|m| m["account"]["event"].is_object()).count(), 1);
    shop.clock.advance(2 * MINUTE);
    assert!(right().await.is_ok());
});

/// A browser that nobody is known by, in the place with this number.
fn place(no: u8) -> Device {
    Device::new("x".to_owned(), Some(std::net::Ipv4Addr::new(10, 0, no, 1).into()))
}

on_both_databases!(whoever_guesses_in_one_place_keeps_no_owner_elsewhere_from_the_password(shop) {
    registered(&shop, "mori@example.jp").await;
    let tries = async |password: &str, place: Device| {
        login(&shop, &credentials("mori@example.jp", password), Lang::Ja, &place, None).await
    };
    for _ in 0..10 {
        assert_eq!(refused(tries("not the password", place(0)).await), Fault::Credentials);
    }
    assert!(matches!(refused(tries(PASSWORD, place(0)).await), Fault::TooMany { .. }));
    assert!(matches!(tries(PASSWORD, place(1)).await.unwrap(), Opening::Asked(_)));
});

on_both_databases!(from_everywhere_together_an_address_has_no_more_than_forty_passwords(shop) {
    registered(&shop, "mori@example.jp").await;
    for no in 0..40 {
        let wrong = login(&shop, &credentials("mori@example.jp", "not the password"), Lang::Ja, &place(no), None).await;
        assert_eq!(refused(wrong), Fault::Credentials, "{no}");
    }
    let lucky = login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &place(40), None).await;
    assert!(matches!(refused(lucky), Fault::TooMany { .. }));
});

on_both_databases!(over_the_limit_a_code_by_mail_still_opens_the_door(shop) {
    registered(&shop, "mori@example.jp").await;
    for _ in 0..11 {
        let _ = login(&shop, &credentials("mori@example.jp", "not the password"), Lang::Ja, &device("x"), None).await;
    }
    let email = Email::parse("mori@example.jp").unwrap();
    let pending = ask_mailbox(&shop, Kind::SignIn, &email, Lang::Ja, &device("x")).await.unwrap();
    let code = mailed_code(&shop).await;
    let entered = confirm(&shop, &pending, &typed(&code), &device("x"), None).await.unwrap();
    assert!(find(&shop, &entered.token).await.unwrap().is_some());
});

on_both_databases!(strangers_who_use_up_the_tries_do_not_lock_the_owner_out(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    // Its name and its network can be copied; the token that the owner's browser holds cannot.
    let (mut home, stranger) = (device("Firefox/1").holding(Some(owner.device)), device("Firefox/1"));
    for _ in 0..10 {
        let wrong =
            login(&shop, &credentials("mori@example.jp", "not the password"), Lang::Ja, &stranger, None).await;
        assert_eq!(refused(wrong), Fault::Credentials);
    }
    let lucky = login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &stranger, None).await;
    assert!(matches!(refused(lucky), Fault::TooMany { .. }));
    assert!(lets_in(&shop, &mut home).await);
});

on_both_databases!(neighbours_who_use_up_the_networks_tries_do_not_lock_the_owner_out(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let mut home = device("Firefox/1").holding(Some(owner.device));
    let mut tx = shop.db.write().await.unwrap();
    for _ in 0..50 {
        limits::take(&mut tx, &shop, limits::LOGIN_NETWORK, home.network.as_bytes()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let neighbour = login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &device("curl/8"), None).await;
    assert!(matches!(refused(neighbour), Fault::TooMany { .. }));
    assert!(lets_in(&shop, &mut home).await);
    // Who sits in the owner's place has not got tries without end either, and cannot go on elsewhere.
    for _ in 0..20 {
        let wrong = login(&shop, &credentials("mori@example.jp", "not the password"), Lang::Ja, &home, None).await;
        assert_eq!(refused(wrong), Fault::Credentials);
    }
    let one_more = login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &home, None).await;
    assert!(matches!(refused(one_more), Fault::TooMany { minutes: 1 }));
    shop.clock.advance(MINUTE);
    assert!(lets_in(&shop, &mut home).await);
});

on_both_databases!(a_refused_try_costs_a_write_whether_or_not_there_is_an_account(shop) {
    registered(&shop, "mori@example.jp").await;
    // The first writes down what it tried of the network and of everybody as well; the second finds that there.
    for (email, rows) in [("mori@example.jp", 5), ("nobody@example.jp", 3)] {
        let written = || async {
            let mut conn = shop.db.read().await.unwrap();
            let sql = "SELECT (SELECT COUNT(*) FROM sign_in) + (SELECT COUNT(*) FROM rate_limit)";
            fetch_one!(conn, (i64,), sql).await.unwrap().0
        };
        let before = written().await;
        refused(login(&shop, &credentials(email, "not the password"), Lang::Ja, &device("x"), None).await);
        // The try by place and by address, and what says how it ended.
        assert_eq!(written().await, before + rows, "{email}");
    }
});

on_both_databases!(a_network_that_tries_many_addresses_is_stopped(shop) {
    let (mut tx, device) = (shop.db.write().await.unwrap(), device("x"));
    for _ in 0..50 {
        limits::take(&mut tx, &shop, limits::LOGIN_NETWORK, device.network.as_bytes()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let one_more = login(&shop, &credentials("nobody@example.jp", PASSWORD), Lang::Ja, &device, None).await;
    assert!(matches!(refused(one_more), Fault::TooMany { .. }));
    let elsewhere = Device::new(String::new(), Some("198.51.100.1".parse().unwrap()));
    let tried = login(&shop, &credentials("nobody@example.jp", PASSWORD), Lang::Ja, &elsewhere, None).await;
    assert_eq!(refused(tried), Fault::Credentials);
});

/// Where tries at passwords from this device are counted for many people together.
fn shared(device: &Device) -> Vec<(limits::Limit, Vec<u8>)> {
    let network = limits::of_network(limits::LOGIN_NETWORK, device);
    network.into_iter().chain([(limits::LOGIN_ANYWHERE, Vec::new())]).collect()
}

/// Others have tried some.
async fn others_try(shop: &TestShop, device: &Device) {
    let mut tx = shop.db.write().await.unwrap();
    for (limit, who) in shared(device) {
        for _ in 0..5 {
            limits::take(&mut tx, shop, limit, &who).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
}

/// How many were tried there, as times until which they are held against somebody.
async fn tried(shop: &TestShop, device: &Device) -> Vec<i64> {
    let (mut conn, mut tried) = (shop.db.read().await.unwrap(), Vec::new());
    for (limit, who) in shared(device) {
        tried.push(limits::arrival(&mut conn, shop, limit, &who).await.unwrap());
    }
    tried
}

on_both_databases!(a_sign_in_for_which_no_try_was_taken_from_others_gives_them_none(shop) {
    let (secret, _, home) = with_app(&shop).await;
    shop.clock.advance(email_change::PATIENCE);
    others_try(&shop, &home).await;
    let before = tried(&shop, &home).await;
    // In a browser that they are known by it is counted there and nowhere else.
    let pending = asked(&shop, &home).await;
    step(&shop, &pending, &app_shows(&shop, &secret), &home).await.unwrap();
    assert_eq!(tried(&shop, &home).await, before);
    // A code by mail is no try at the password.
    let (email, strange) = (Email::parse("mori@example.jp").unwrap(), device("x"));
    for kind in [Kind::SignIn, Kind::Reset] {
        shop.clock.advance(1);
        let pending = ask_mailbox(&shop, kind, &email, Lang::Ja, &strange).await.unwrap();
        let code = mailed_code(&shop).await;
        let opening = match kind {
            Kind::Reset => {
                let new = new_password(&code);
                crate::account::reset_password(&shop, &pending, &new, Lang::Ja, &strange, None).await
            }
            _ => step(&shop, &pending, &StepCode::Digits(typed(&code)), &strange).await,
        };
        let Opening::Asked(pending) = opening.unwrap() else { panic!("the mailbox alone is enough") };
        step(&shop, &pending, &app_shows(&shop, &secret), &strange).await.unwrap();
        assert_eq!(tried(&shop, &strange).await, before, "{kind:?}");
    }
});

on_both_databases!(a_try_is_given_back_to_the_network_that_it_was_taken_from(shop) {
    registered(&shop, "mori@example.jp").await;
    let begun = device("x");
    let done = Device::new("x".to_owned(), Some("198.51.100.1".parse().unwrap()));
    for device in [&begun, &done] {
        others_try(&shop, device).await;
    }
    let before = (tried(&shop, &begun).await, tried(&shop, &done).await);
    let pending = asked(&shop, &begun).await;
    assert!(tried(&shop, &begun).await > before.0, "the password was tried there");
    confirm(&shop, &pending, &typed(&mailed_code(&shop).await), &done, None).await.unwrap();
    assert_eq!((tried(&shop, &begun).await, tried(&shop, &done).await), before);
});
