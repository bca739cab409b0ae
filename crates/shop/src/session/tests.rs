use super::*;
use crate::account::testing::customer;
use crate::account::{end_one, end_others};
use crate::on_both_databases;

fn device(agent: &str) -> Device {
    Device::new(agent.to_owned(), Some("203.0.113.7".parse().unwrap()))
}

async fn sign_in(shop: &Shop, customer: Id<Customer>, agent: &str) -> (Token, SignedIn) {
    let mut tx = shop.db.write().await.unwrap();
    let token = open(&mut tx, shop, customer, &device(agent)).await.unwrap();
    tx.commit().await.unwrap();
    let who = find(shop, &token).await.unwrap().expect("a session just opened is found");
    (token, who)
}

/// As somebody who has just proved who they are.
fn proved(shop: &Shop, who: &SignedIn) -> Recent {
    who.clone().recent(shop.now()).expect("a session just opened is a proof")
}

#[test]
fn a_network_is_kept_only_as_wide_as_it_needs_to_be() {
    assert_eq!(device("").network, "203.0.113.0/24");
    let six = Device::new(String::new(), Some("2001:db8:1:2:3:4:5:6".parse().unwrap()));
    assert_eq!(six.network, "2001:db8:1:2::/64");
    assert_eq!(six.site().as_deref(), Some("2001:db8:1::/48"));
    let zeros = Device::new(String::new(), Some("2001:db8::1".parse().unwrap()));
    assert_eq!((zeros.network.as_str(), zeros.site().as_deref()), ("2001:db8:0:0::/64", Some("2001:db8:0::/48")));
    assert_eq!(device("").site(), None);
    let mapped = Device::new(String::new(), Some("::ffff:203.0.113.7".parse().unwrap()));
    assert_eq!(mapped.network, "203.0.113.0/24");
}

on_both_databases!(an_ended_session_opens_nothing(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    let (token, who) = sign_in(&shop, hanako, "Firefox/1").await;
    assert!(end_one(&shop, &proved(&shop, &who), who.session, &Device::of_the_shop()).await.unwrap());
    assert!(find(&shop, &token).await.unwrap().is_none());
    assert!(!end_one(&shop, &proved(&shop, &who), who.session, &Device::of_the_shop()).await.unwrap());
    assert!(list(&shop, &who).await.unwrap().is_empty());
});

on_both_databases!(ending_all_keeps_the_browser_that_asks(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    let (phone, _) = sign_in(&shop, hanako, "iPhone Safari/1").await;
    let (desk, who) = sign_in(&shop, hanako, "Windows Chrome/1").await;
    assert_eq!(list(&shop, &who).await.unwrap().len(), 2);
    assert!(list(&shop, &who).await.unwrap()[0].current);
    assert_eq!(end_others(&shop, &proved(&shop, &who), &device("")).await.unwrap(), 1);
    assert!(find(&shop, &phone).await.unwrap().is_none());
    assert!(find(&shop, &desk).await.unwrap().is_some());
});

on_both_databases!(whoever_was_signed_out_meanwhile_signs_nobody_out(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    let (_, thief) = sign_in(&shop, hanako, "Firefox/1").await;
    let (token, owner) = sign_in(&shop, hanako, "Firefox/2").await;
    let late = proved(&shop, &thief);
    assert_eq!(end_others(&shop, &proved(&shop, &owner), &device("")).await.unwrap(), 1);
    assert!(!end_one(&shop, &late, owner.session, &device("")).await.unwrap());
    assert_eq!(end_others(&shop, &late, &device("")).await.unwrap(), 0);
    assert!(find(&shop, &token).await.unwrap().is_some());
});

on_both_databases!(nobody_ends_the_session_of_another(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    let taro = customer(&shop, "taro@example.jp").await;
    let (token, hers) = sign_in(&shop, hanako, "Firefox/1").await;
    let (_, his) = sign_in(&shop, taro, "Firefox/1").await;
    assert!(!end_one(&shop, &proved(&shop, &his), hers.session, &device("x")).await.unwrap());
    assert_eq!(end_others(&shop, &proved(&shop, &his), &device("")).await.unwrap(), 0);
    assert!(find(&shop, &token).await.unwrap().is_some());
});

on_both_databases!(a_session_ends_after_thirty_idle_days_and_after_ninety_in_any_case(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    let (idle, _) = sign_in(&shop, hanako, "Firefox/1").await;
    let (used, _) = sign_in(&shop, hanako, "Firefox/1").await;
    for _ in 0..3 {
        shop.clock.advance(29 * DAY);
        assert!(find(&shop, &used).await.unwrap().is_some());
    }
    assert!(find(&shop, &idle).await.unwrap().is_none());
    shop.clock.advance(3 * DAY);
    assert!(find(&shop, &used).await.unwrap().is_none());
});

on_both_databases!(the_last_use_is_noted_at_most_every_few_minutes(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    let (token, who) = sign_in(&shop, hanako, "Firefox/1").await;
    let opened = list(&shop, &who).await.unwrap()[0].seen;
    shop.clock.advance(MINUTE);
    assert!(!find(&shop, &token).await.unwrap().unwrap().renewed);
    assert_eq!(list(&shop, &who).await.unwrap()[0].seen, opened);
    shop.clock.advance(5 * MINUTE);
    assert!(find(&shop, &token).await.unwrap().unwrap().renewed, "the cookie moves along");
    assert_eq!(list(&shop, &who).await.unwrap()[0].seen, opened + 6 * MINUTE);
});

on_both_databases!(a_request_that_was_under_way_during_a_proof_is_still_its_persons_and_proves_nothing(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    let (old, who) = sign_in(&shop, hanako, "Firefox/1").await;
    let proves = |who: SignedIn| {
        let shop = &shop;
        async move {
            let mut tx = shop.db.write().await.unwrap();
            let token = prove(&mut tx, shop, &who).await.unwrap();
            tx.commit().await.unwrap();
            token
        }
    };
    let new = proves(who.clone()).await.expect("it has not ended");
    let late = find(&shop, &old).await.unwrap().expect("nobody is signed out by another tab");
    assert_eq!((late.session, late.customer), (who.session, hanako));
    assert!(proves(late.clone()).await.is_none(), "it renews nothing");
    assert!(late.recent(shop.now()).is_none(), "and is no proof");
    assert!(find(&shop, &new).await.unwrap().unwrap().recent(shop.now()).is_some());
    shop.clock.advance(GRACE - 1);
    assert!(find(&shop, &old).await.unwrap().is_some());
    shop.clock.advance(1);
    assert!(find(&shop, &old).await.unwrap().is_none(), "a minute later it is worth nothing");
    assert!(find(&shop, &new).await.unwrap().is_some());
});

on_both_databases!(the_token_of_before_opens_nothing_after_the_session_ended_or_the_account_changed(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    for ends in ["end", "close by the new token", "close by the old token", "renew"] {
        let (old, who) = sign_in(&shop, hanako, "Firefox/1").await;
        let mut tx = shop.db.write().await.unwrap();
        let new = prove(&mut tx, &shop, &who).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        assert!(find(&shop, &old).await.unwrap().is_some());
        let mut tx = shop.db.write().await.unwrap();
        match ends {
            "close by the new token" => close(&mut tx, &new, shop.now()).await.unwrap(),
            "close by the old token" => close(&mut tx, &old, shop.now()).await.unwrap(),
            "renew" => drop(renew(&mut tx, &shop, who.session).await.unwrap()),
            _ => drop(close_all(&mut tx, hanako, None, shop.now()).await.unwrap()),
        }
        tx.commit().await.unwrap();
        for token in [&old, &new] {
            assert!(find(&shop, token).await.unwrap().is_none(), "{ends}");
        }
    }
});

on_both_databases!(ending_all_others_leaves_no_other_browser_that_the_password_alone_opens(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    let (_, who) = sign_in(&shop, hanako, "Windows Chrome/1").await;
    let (here, other) = (Token::random(&shop.entropy), Token::random(&shop.entropy));
    let mut tx = shop.db.write().await.unwrap();
    for token in [&here, &other] {
        let sql = "INSERT INTO known_device (token_hash, customer_id, since, seen_at) VALUES ($1, $2, $3, $3)";
        execute!(tx, sql, token.hash().to_vec(), hanako.0, shop.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
    end_others(&shop, &proved(&shop, &who), &device("").holding(Some(here.clone()))).await.unwrap();
    let known = fetch_all!(shop.db.read().await.unwrap(), (Vec<u8>,), "SELECT token_hash FROM known_device").await.unwrap();
    assert_eq!(known, [(here.hash().to_vec(),)]);
});

on_both_databases!(a_session_that_ran_out_keeps_no_browser_known_and_one_that_is_live_does(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    let held = Token::random(&shop.entropy);
    let opens = async || {
        let mut tx = shop.db.write().await.unwrap();
        let here = device("Firefox/1").holding(Some(held.clone()));
        let token = open(&mut tx, &shop, hanako, &here).await.unwrap();
        tx.commit().await.unwrap();
        find(&shop, &token).await.unwrap().unwrap().session
    };
    let ends = async |session: Id<Session>| {
        let mut tx = shop.db.write().await.unwrap();
        assert!(end(&mut tx, hanako, session, shop.now()).await.unwrap());
        tx.commit().await.unwrap();
        let sql = "SELECT COUNT(*) FROM known_device";
        fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0
    };
    for ran_out in ["UPDATE session SET expires_at = 1", "UPDATE session SET seen_at = 1"] {
        opens().await;
        let mut tx = shop.db.write().await.unwrap();
        execute!(tx, ran_out).await.unwrap();
        let sql = "INSERT INTO known_device (token_hash, customer_id, since, seen_at) VALUES ($1, $2, $3, $3)";
        execute!(tx, sql, held.hash().to_vec(), hanako.0, shop.now()).await.unwrap();
        tx.commit().await.unwrap();
        let (one, other) = (opens().await, opens().await);
        assert_eq!(ends(one).await, 1, "the other one is live there: {ran_out}");
        assert_eq!(ends(other).await, 0, "{ran_out}");
    }
});

on_both_databases!(sessions_that_ran_out_are_nobodys_devices_and_are_ended_with_the_others_all_the_same(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    sign_in(&shop, hanako, "iPhone Safari/1").await;
    shop.clock.advance(IDLE);
    let (_, who) = sign_in(&shop, hanako, "Windows Chrome/1").await;
    assert_eq!(how_many(&mut shop.db.read().await.unwrap(), &shop, hanako).await.unwrap(), 1);
    assert_eq!(end_others(&shop, &proved(&shop, &who), &device("")).await.unwrap(), 0);
    for (sql, count) in [
        ("SELECT COUNT(*) FROM account_event", 0),
        ("SELECT COUNT(*) FROM session WHERE ended_at IS NULL", 1),
    ] {
        assert_eq!(fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0, count, "{sql}");
    }
});

on_both_databases!(a_session_of_a_clock_that_was_far_ahead_opens_nothing(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    shop.clock.advance(AHEAD);
    let (near, who) = sign_in(&shop, hanako, "Firefox/1").await;
    shop.clock.advance(1);
    let (far, _) = sign_in(&shop, hanako, "Firefox/1").await;
    shop.clock.advance(-AHEAD - 1);
    assert!(find(&shop, &near).await.unwrap().is_some(), "clocks of nodes differ");
    assert!(find(&shop, &far).await.unwrap().is_none(), "it would outlive its time");
    assert_eq!(list(&shop, &who).await.unwrap().len(), 1);
});
