//! Guessing codes: at one customer, from one network, at many customers from everywhere.

use noren_domain::account::MAIL_DIGITS;

use super::*;

/// A browser in the network with this number.
fn from(network: u32) -> Device {
    let [.., a, b] = network.to_be_bytes();
    Device::new("x".to_owned(), Some(std::net::Ipv4Addr::new(10, a, b, 1).into()))
}

/// Another wrong code of this customer's, from this device; what was said.
async fn guess(shop: &TestShop, email: &str, device: &Device) -> Fault {
    let pending = match login(shop, &credentials(email, PASSWORD), Lang::Ja, device, None).await {
        Ok(Opening::Asked(pending)) => pending,
        other => return refused(other),
    };
    let code = mailed_code(shop).await;
    refused(confirm(shop, &pending, &typed(&another(&code)), device, None).await)
}

async fn used_up(shop: &TestShop, limit: limits::Limit, who: &[u8]) {
    let mut tx = shop.db.write().await.unwrap();
    while limits::take(&mut tx, shop, limit, who).await.unwrap() == limits::Standing::Within {}
    tx.commit().await.unwrap();
}

on_both_databases!(a_code_by_mail_has_the_digits_it_should_and_one_for_each_mail(shop) {
    let ids: Vec<Uuid> = (0..200).map(|_| shop.entropy.uuid(shop.now())).collect();
    let codes: std::collections::BTreeSet<String> = ids.iter().map(|id| mail_code(&shop, *id)).collect();
    assert!(codes.len() > 190, "they differ");
    assert!(codes.iter().all(|code| code.len() == MAIL_DIGITS && Verify::parse(code).is_ok()));
    assert!(codes.iter().any(|code| code.starts_with('0')), "with the zeros in front");
    assert_eq!(mail_code(&shop, ids[0]), mail_code(&shop, ids[0]));
});

on_both_databases!(while_there_are_many_wrong_codes_everywhere_strangers_have_two_tries_an_hour_and_the_right_code_opens(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let home = device("Firefox/1").holding(Some(owner.device.clone()));
    used_up(&shop, limits::WRONG_CODES, &[]).await;
    // Somebody with the password and many networks.
    for network in 0..2 {
        assert_eq!(guess(&shop, "mori@example.jp", &from(network)).await, Fault::Code);
    }
    assert!(matches!(guess(&shop, "mori@example.jp", &from(3)).await, Fault::TooMany { minutes: 30 }));
    // The owner at home does not notice, and in a strange browser comes in with the right code.
    assert!(lets_in(&shop, &mut home.clone()).await);
    registered(&shop, "hayashi@example.jp").await;
    entered(&shop, "hayashi@example.jp", &from(4)).await;
    shop.clock.advance(60 * MINUTE);
    for network in 10..15 {
        assert_eq!(guess(&shop, "mori@example.jp", &from(network)).await, Fault::Code, "it is over");
    }
});

on_both_databases!(wrong_codes_are_counted_everywhere_but_at_home(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let counted = || async {
        let mut tx = shop.db.write().await.unwrap();
        let mut left = 0;
        while limits::take(&mut tx, &shop, limits::WRONG_CODES, &[]).await.unwrap() == limits::Standing::Within {
            left += 1;
        }
        left
    };
    let before = counted().await;
    guess(&shop, "mori@example.jp", &device("x")).await;
    assert_eq!(counted().await, before - 1);
    // At home the password opens; a code is asked for where the mailbox stands in for it.
    let home = device("Firefox/1").holding(Some(owner.device));
    let email = Email::parse("mori@example.jp").unwrap();
    let pending = ask_mailbox(&shop, Kind::SignIn, &email, Lang::Ja, &home).await.unwrap();
    let code = mailed_code(&shop).await;
    assert_eq!(refused(confirm(&shop, &pending, &typed(&another(&code)), &home, None).await), Fault::Code);
    assert_eq!(counted().await, before - 1);
});

on_both_databases!(a_network_that_types_many_codes_is_stopped_and_its_owners_at_home_are_not(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let stranger = device("x");
    used_up(&shop, limits::STEP_NETWORK, stranger.network.as_bytes()).await;
    assert!(matches!(guess(&shop, "mori@example.jp", &stranger).await, Fault::TooMany { .. }));
    assert_eq!(mails(&shop).await.iter().filter(|m| m["account"]["event"].is_object()).count(), 0, "it is not about them");
    assert_eq!(guess(&shop, "mori@example.jp", &from(1)).await, Fault::Code);
    assert!(lets_in(&shop, &mut stranger.holding(Some(owner.device))).await);
});

on_both_databases!(who_has_all_the_networks_of_a_site_has_no_more_than_four_times_the_tries_of_one(shop) {
    let of = |network: u16| {
        let address = std::net::Ipv6Addr::new(0x2001, 0xdb8, 7, network, 0, 0, 0, 1);
        Device::new("x".to_owned(), Some(address.into()))
    };
    let tries = |device: Device| {
        let shop = &shop;
        async move {
            let mut tx = shop.db.write().await.unwrap();
            let mut within = true;
            for (limit, who) in limits::of_network(limits::LOGIN_NETWORK, &device) {
                within &= limits::take(&mut tx, shop, limit, &who).await.unwrap() == limits::Standing::Within;
            }
            tx.commit().await.unwrap();
            within
        }
    };
    for network in 0..4 {
        for _ in 0..50 {
            assert!(tries(of(network)).await);
        }
    }
    assert!(!tries(of(4)).await, "a fifth network of the same site");
    assert!(tries(from(1)).await);
    let unknown = login(&shop, &credentials("nobody@example.jp", PASSWORD), Lang::Ja, &of(5), None).await;
    assert!(matches!(refused(unknown), Fault::TooMany { .. }));
});

on_both_databases!(an_owner_hears_of_many_failed_tries_once_a_day_of_those_at_any_door_and_of_those_in_a_session(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let who = find(&shop, &owner.token).await.unwrap().unwrap();
    let told = || async { mails(&shop).await.iter().filter(|m| m["account"]["event"].is_object()).count() };
    for day in 1..3 {
        for network in 0..41 {
            guess(&shop, "mori@example.jp", &from(network)).await;
        }
        assert_eq!(told().await, 2 * day - 1);
        for _ in 0..11 {
            refused(prove(&shop, &who, &shown("not the password"), &device("x")).await);
            refused(login(&shop, &credentials("mori@example.jp", "not the password"), Lang::Ja, &device("y"), None).await);
        }
        assert_eq!(told().await, 2 * day);
        shop.clock.advance(DAY);
    }
});

on_both_databases!(eleven_wrong_codes_over_three_challenges_get_the_same_answers_whether_or_not_there_is_an_account(shop) {
    registered(&shop, "mori@example.jp").await;
    for kind in [Kind::SignIn, Kind::Reset] {
        let mut said = Vec::new();
        for email in ["mori@example.jp", "nobody@example.jp"] {
            let (email, mut answers) = (Email::parse(email).unwrap(), Vec::new());
            for tries in [4, 4, 3] {
                shop.clock.advance(1);
                let pending = ask_mailbox(&shop, kind, &email, Lang::Ja, &device("x")).await.unwrap();
                let wrong = another(&mailed_code(&shop).await);
                for _ in 0..tries {
                    answers.push(match kind {
                        Kind::Reset => refused(reset_password(&shop, &pending, &new_password(&wrong), &device("x"), None).await),
                        _ => refused(confirm(&shop, &pending, &typed(&wrong), &device("x"), None).await),
                    });
                }
            }
            said.push(answers);
        }
        assert_eq!(said[0], said[1], "{kind:?}");
        assert!(said[0][..10].iter().all(|fault| *fault == Fault::Code), "{:?}", said[0]);
        assert!(matches!(said[0][10], Fault::TooMany { .. }), "{:?}", said[0]);
        shop.clock.advance(60 * MINUTE);
    }
});

/// A challenge that was begun by the address alone, from this device, and `tries` wrong codes; what was said to the last.
async fn guess_by_address(shop: &TestShop, email: &str, device: &Device, tries: usize) -> Option<Fault> {
    shop.clock.advance(1);
    let email = Email::parse(email).unwrap();
    let pending = ask_mailbox(shop, Kind::SignIn, &email, Lang::Ja, device).await.ok()?;
    let wrong = typed(&another(&mailed_code(shop).await));
    let mut said = None;
    for _ in 0..tries {
        said = Some(refused(confirm(shop, &pending, &wrong, device, None).await));
    }
    said
}

on_both_databases!(strangers_who_know_an_address_use_up_no_tries_of_its_owner_in_a_strange_browser(shop) {
    registered(&shop, "mori@example.jp").await;
    let stranger = from(1);
    for _ in 0..2 {
        assert_eq!(guess_by_address(&shop, "mori@example.jp", &stranger, 5).await, Some(Fault::Code));
    }
    let over = guess_by_address(&shop, "mori@example.jp", &stranger, 1).await;
    assert!(matches!(over, Some(Fault::TooMany { .. })), "{over:?}");
    // A new phone, elsewhere: with a code by mail in place of the password.
    let phone = from(2);
    let email = Email::parse("mori@example.jp").unwrap();
    shop.clock.advance(1);
    let pending = ask_mailbox(&shop, Kind::SignIn, &email, Lang::Ja, &phone).await.unwrap();
    let code = mailed_code(&shop).await;
    assert!(confirm(&shop, &pending, &typed(&code), &phone, None).await.is_ok());
    // With the password: however many networks the stranger has.
    for network in 10..20 {
        guess_by_address(&shop, "mori@example.jp", &from(network), 5).await;
    }
    let full = guess_by_address(&shop, "mori@example.jp", &from(30), 1).await;
    assert!(matches!(full, None | Some(Fault::TooMany { .. })), "{full:?}");
    shop.clock.advance(1);
    entered(&shop, "mori@example.jp", &from(3)).await;
});

on_both_databases!(from_everywhere_together_an_address_has_no_more_than_forty_tries(shop) {
    registered(&shop, "mori@example.jp").await;
    for email in ["mori@example.jp", "nobody@example.jp"] {
        let mut tried = 0;
        for network in 1..20 {
            for _ in 0..2 {
                if guess_by_address(&shop, email, &from(network), 5).await == Some(Fault::Code) {
                    tried += 5;
                }
            }
        }
        assert_eq!(tried, 40, "{email}");
    }
});

on_both_databases!(while_the_door_is_strict_whoever_guesses_in_one_place_leaves_its_owner_elsewhere_tries(shop) {
    registered(&shop, "mori@example.jp").await;
    used_up(&shop, limits::WRONG_CODES, &[]).await;
    for email in ["mori@example.jp", "nobody@example.jp"] {
        let stranger = from(1);
        assert_eq!(guess_by_address(&shop, email, &stranger, 2).await, Some(Fault::Code), "{email}");
        let over = guess_by_address(&shop, email, &stranger, 1).await;
        assert!(matches!(over, Some(Fault::TooMany { minutes: 30 })), "{email}: {over:?}");
        // Of what the place is refused nothing counts against the owner, however often it is refused.
        assert!(matches!(guess_by_address(&shop, email, &stranger, 5).await, Some(Fault::TooMany { .. })));
        assert_eq!(guess_by_address(&shop, email, &from(2), 1).await, Some(Fault::Code), "{email}");
    }
    shop.clock.advance(1);
    let (phone, email) = (from(2), Email::parse("mori@example.jp").unwrap());
    let pending = ask_mailbox(&shop, Kind::SignIn, &email, Lang::Ja, &phone).await.unwrap();
    let code = mailed_code(&shop).await;
    assert!(confirm(&shop, &pending, &typed(&code), &phone, None).await.is_ok());
});

on_both_databases!(a_network_that_is_stopped_uses_up_nobodys_tries(shop) {
    registered(&shop, "mori@example.jp").await;
    // Two networks of IPv6 in one place.
    let of = |network: u16| {
        let address = std::net::Ipv6Addr::new(0x2001, 0xdb8, 7, network, 0, 0, 0, 1);
        Device::new("x".to_owned(), Some(address.into()))
    };
    used_up(&shop, limits::STEP_NETWORK, of(1).network.as_bytes()).await;
    for _ in 0..3 {
        let stopped = guess_by_address(&shop, "mori@example.jp", &of(1), 5).await;
        assert!(matches!(stopped, Some(Fault::TooMany { .. })), "{stopped:?}");
    }
    for _ in 0..2 {
        assert_eq!(guess_by_address(&shop, "mori@example.jp", &of(2), 5).await, Some(Fault::Code));
    }
});

on_both_databases!(a_stopped_network_that_makes_tokens_up_has_nothing_more_written(shop) {
    let (stranger, code) = (from(1), typed("00000000"));
    let rows = || async {
        let mut conn = shop.db.read().await.unwrap();
        fetch_one!(conn, (i64,), "SELECT COUNT(*) FROM rate_limit").await.unwrap().0
    };
    let made_up = || async {
        let token = crate::token::Token::random(&shop.entropy);
        refused(confirm(&shop, &token, &code, &stranger, None).await)
    };
    assert_eq!(made_up().await, Fault::CodeOver);
    used_up(&shop, limits::STEP_NETWORK, stranger.network.as_bytes()).await;
    let before = rows().await;
    for _ in 0..5 {
        assert!(matches!(made_up().await, Fault::TooMany { .. }));
    }
    assert_eq!(rows().await, before);
});

on_both_databases!(a_browser_that_somebody_is_known_by_does_not_ask_the_vault_without_end(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let home = device("Firefox/1").holding(Some(owner.device.clone()));
    used_up(&shop, limits::DOOR_HOME, &owner.device.hash()).await;
    let others = login(&shop, &credentials("nobody@example.jp", PASSWORD), Lang::Ja, &home, None).await;
    assert!(matches!(refused(others), Fault::TooMany { minutes: 1 }));
    assert!(matches!(login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &from(1), None).await, Ok(Opening::Asked(_))));
    shop.clock.advance(MINUTE);
    assert!(lets_in(&shop, &mut home.clone()).await);
});
