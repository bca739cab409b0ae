//! What a customer sees of their sign-ins, and says about them.

use super::*;

on_both_databases!(it_was_not_me_signs_every_other_browser_out_and_ends_the_codes_under_way(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let mut home = device("Firefox/1").holding(Some(owner.device.clone()));
    let thief = Device::new("Thief/1".to_owned(), Some("198.51.100.7".parse().unwrap()));
    let stolen = entered(&shop, "mori@example.jp", &thief).await;
    let opening = login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &thief, None).await.unwrap();
    let Opening::Asked(pending) = opening else { panic!("it holds no token") };
    let code = mailed_code(&shop).await;
    shop.clock.advance(1);
    let who = find(&shop, &owner.token).await.unwrap().unwrap();
    let other = registered(&shop, "hayashi@example.jp").await;
    let hers = find(&shop, &other.token).await.unwrap().unwrap();
    let page = security(&shop, &who, Lang::Ja).await.unwrap().unwrap();
    assert_eq!(page.attention(), 1, "somebody has the password and not the mailbox");
    let tried = page.sign_ins.iter().find(|tried| tried.needs_answer()).unwrap().id;
    assert!(history::not_me(&shop, &who).await.unwrap().is_none());
    let hers = hers.recent(shop.now()).unwrap();
    assert!(!history::was_not_me(&shop, &hers, tried, &home).await.unwrap(), "somebody else's");
    assert!(find(&shop, &stolen.token).await.unwrap().is_some());

    shop.clock.advance(1);
    let recent = who.clone().recent(shop.now()).unwrap();
    assert!(history::was_not_me(&shop, &recent, tried, &home).await.unwrap());
    assert!(find(&shop, &stolen.token).await.unwrap().is_none());
    assert!(find(&shop, &owner.token).await.unwrap().is_some());
    assert_eq!(refused(confirm(&shop, &pending, &typed(&code), &thief, None).await), Fault::CodeOver);
    let mut again = thief.holding(Some(stolen.device));
    assert!(!lets_in(&shop, &mut again).await && lets_in(&shop, &mut home).await, "the thief's browser is not known any more");
    assert!(!history::not_me(&shop, &who).await.unwrap().unwrap().password_changed);
    let waits = async |who: &session::SignedIn| {
        let page = security(&shop, who, Lang::Ja).await.unwrap().unwrap();
        let counted = crate::account::home(&shop, who).await.unwrap().unwrap().attention;
        assert_eq!(usize::try_from(counted).unwrap(), page.attention(), "both pages count alike");
        page.reported_at
    };
    assert_eq!(waits(&who).await, Some(shop.now()), "it waits until the password is another one");
    shop.clock.advance(1);
    let recent = find(&shop, &owner.token).await.unwrap().unwrap().recent(shop.now()).unwrap();
    change_password(&shop, &recent, &Password::typed("lantern river maple").unwrap(), &home).await.unwrap();
    assert!(history::not_me(&shop, &who).await.unwrap().unwrap().password_changed);
    assert_eq!(waits(&who).await, None);
});

on_both_databases!(a_sign_in_is_not_pushed_out_of_sight_by_wrong_passwords(shop) {
    let who = registered(&shop, "mori@example.jp").await;
    let thief = Device::new("Thief/1".to_owned(), Some("198.51.100.7".parse().unwrap()));
    entered(&shop, "mori@example.jp", &thief).await;
    for at in 0..30 {
        shop.clock.advance(16 * MINUTE * i64::from(at % 5 == 0));
        refused(login(&shop, &credentials("mori@example.jp", "not the password"), Lang::Ja, &thief, None).await);
    }
    let who = find(&shop, &who.token).await.unwrap().unwrap();
    let page = view::security(&shop, &who, Lang::Ja).await.unwrap().unwrap();
    assert!(page.sign_ins.iter().any(|tried| tried.outcome == SignInOutcome::Ok && tried.network == thief.network));
    assert!(page.sign_ins.windows(2).all(|two| two[0].at >= two[1].at), "the newest first");
});

on_both_databases!(a_sign_in_is_not_pushed_out_of_sight_by_passwords_without_a_code(shop) {
    let who = registered(&shop, "mori@example.jp").await;
    let thief = Device::new("Thief/1".to_owned(), Some("198.51.100.7".parse().unwrap()));
    entered(&shop, "mori@example.jp", &thief).await;
    for _ in 0..30 {
        shop.clock.advance(16 * MINUTE);
        let asked = login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &device("x"), None).await.unwrap();
        assert!(matches!(asked, Opening::Asked(_)));
    }
    let who = find(&shop, &who.token).await.unwrap().unwrap();
    let page = view::security(&shop, &who, Lang::Ja).await.unwrap().unwrap();
    assert!(page.sign_ins.iter().any(|tried| tried.outcome == SignInOutcome::Ok && tried.network == thief.network));
    assert_eq!(page.sign_ins.iter().filter(|tried| tried.outcome == SignInOutcome::Asked).count(), 20);
    assert!(page.sign_ins.windows(2).all(|two| two[0].at >= two[1].at), "the newest first");
});
