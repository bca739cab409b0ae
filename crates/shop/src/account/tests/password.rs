//! Another password, by mail and on the page, and the fresh proof that it asks for.

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
