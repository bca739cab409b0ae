//! What somebody with half of what opens an account cannot do to its owner: a session, the password, or nothing but the
//! address and many tries.

use super::second_step::{self, app_does_not_show, app_shows, step, with_app};
use super::*;
use crate::account::end_one;

/// Another network than all others here.
fn elsewhere() -> Device {
    Device::new("x".to_owned(), Some("198.51.100.7".parse().unwrap()))
}

on_both_databases!(a_thief_of_a_session_does_not_use_up_what_the_owner_may_try_in_another(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let stolen = find(&shop, &owner.token).await.unwrap().unwrap();
    let home = find(&shop, &entered(&shop, "mori@example.jp", &elsewhere()).await.token).await.unwrap().unwrap();
    for _ in 0..10 {
        assert_eq!(refused(prove(&shop, &stolen, &shown("not the password"), &device("x")).await), Fault::WrongPassword);
    }
    assert!(matches!(refused(prove(&shop, &stolen, &shown(PASSWORD), &device("x")).await), Fault::TooMany { .. }));
    assert!(prove(&shop, &home, &shown(PASSWORD), &elsewhere()).await.is_ok());
});

on_both_databases!(sessions_without_end_give_no_tries_without_end(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let home = device("Firefox/1").holding(Some(owner.device));
    let mut tried = 0;
    for _ in 0..6 {
        let entered = entered(&shop, "mori@example.jp", &home).await;
        let who = find(&shop, &entered.token).await.unwrap().unwrap();
        for _ in 0..10 {
            tried += usize::from(refused(prove(&shop, &who, &shown("not the password"), &home).await) == Fault::WrongPassword);
        }
    }
    assert_eq!(tried, 40);
});

on_both_databases!(whoever_has_the_password_uses_up_no_recovery_code_of_the_owner(shop) {
    let (secret, codes, _) = with_app(&shop).await;
    let (right, wrong) = (app_shows(&shop, &secret), app_does_not_show(&shop, &secret));
    for _ in 0..2 {
        let pending = second_step::asked(&shop, &device("thief")).await;
        for _ in 0..5 {
            assert_eq!(refused(step(&shop, &pending, &wrong, &device("thief")).await), Fault::AppCode);
        }
    }
    let pending = second_step::asked(&shop, &elsewhere()).await;
    assert!(matches!(refused(step(&shop, &pending, &right, &elsewhere()).await), Fault::TooMany { .. }));
    let paper = StepCode::Recovery(codes[0].clone());
    assert!(matches!(step(&shop, &pending, &paper, &elsewhere()).await.unwrap(), Opening::In(_)));
});

on_both_databases!(an_owner_hears_that_somebody_has_the_password_whatever_else_was_tried_that_day(shop) {
    let (secret, _, _) = with_app(&shop).await;
    let told = async |kind: &str| {
        let sql = "SELECT COUNT(*) FROM account_event WHERE kind = $1";
        fetch_one!(shop.db.read().await.unwrap(), (i64,), sql, kind).await.unwrap().0
    };
    for _ in 0..11 {
        refused(login(&shop, &credentials("mori@example.jp", "not the password"), Lang::Ja, &elsewhere(), None).await);
        shop.clock.advance(1);
    }
    assert_eq!((told("many_failed_tries").await, told("many_wrong_second_codes").await), (1, 0));
    shop.clock.advance(15 * MINUTE);
    for _ in 0..3 {
        let pending = second_step::asked(&shop, &device("thief")).await;
        for _ in 0..4 {
            refused(step(&shop, &pending, &app_does_not_show(&shop, &secret), &device("thief")).await);
        }
    }
    assert_eq!((told("many_failed_tries").await, told("many_wrong_second_codes").await), (1, 1));
    let sql = "SELECT COUNT(*) FROM sign_in WHERE outcome = 'blocked'";
    assert_eq!(fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0, 2, "the history shows both");
});

on_both_databases!(whoever_tries_codes_in_a_session_with_the_right_password_is_told_of_as_one_who_has_it(shop) {
    let (secret, _, home) = with_app(&shop).await;
    let pending = second_step::asked(&shop, &home).await;
    let right = app_shows(&shop, &secret);
    let Opening::In(entered) = step(&shop, &pending, &right, &home).await.unwrap() else { panic!("it was right") };
    let who = find(&shop, &entered.token).await.unwrap().unwrap();
    for _ in 0..12 {
        let tried = Proof { code: Some(app_does_not_show(&shop, &secret)), ..shown(PASSWORD) };
        refused(prove(&shop, &who, &tried, &home).await);
    }
    let sql = "SELECT kind FROM account_event WHERE kind LIKE 'many%'";
    let told = fetch_all!(shop.db.read().await.unwrap(), (String,), sql).await.unwrap();
    assert_eq!(told, [("many_wrong_second_codes".to_owned(),)]);
});

on_both_databases!(whoever_has_the_password_does_not_choose_the_language_that_its_owner_is_warned_in(shop) {
    registered(&shop, "mori@example.jp").await;
    outbox::run_due(&shop).await.unwrap();
    shop.clock.advance(1);
    login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::En, &device("x"), None).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    let mails = crate::mail::mailbox::list(&shop).await.unwrap();
    let codes: Vec<_> = mails.iter().filter(|mail| mail.subject.contains("ログインの確認コード")).collect();
    assert_eq!(codes.len(), 1, "in the language of the account, which was opened in Japanese");
    assert!(codes[0].text.contains("合言葉"));
});

on_both_databases!(a_busy_shop_tells_nobody_that_they_were_tried_at(shop) {
    registered(&shop, "mori@example.jp").await;
    let mut tx = shop.db.write().await.unwrap();
    for _ in 0..limits::LOGIN_ANYWHERE.most() {
        limits::take(&mut tx, &shop, limits::LOGIN_ANYWHERE, &[]).await.unwrap();
    }
    tx.commit().await.unwrap();
    let asked = login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &device("x"), None).await;
    assert!(matches!(refused(asked), Fault::TooMany { .. }));
    for sql in ["SELECT COUNT(*) FROM account_event", "SELECT COUNT(*) FROM sign_in WHERE outcome = 'blocked'"] {
        assert_eq!(fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0, 0, "{sql}");
    }
});

on_both_databases!(a_clock_that_was_ahead_shuts_no_network_out(shop) {
    registered(&shop, "mori@example.jp").await;
    let email = Email::parse("mori@example.jp").unwrap();
    shop.clock.advance(DAY);
    login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &device("x"), None).await.unwrap();
    ask_mailbox(&shop, Kind::SignIn, &email, Lang::Ja, &device("x")).await.unwrap();
    shop.clock.advance(-DAY);
    // Each limit holds it against them once, and no longer than a try takes to come back.
    for _ in 0..8 {
        let _ = login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &device("x"), None).await;
        let _ = ask_mailbox(&shop, Kind::SignIn, &email, Lang::Ja, &device("x")).await;
        shop.clock.advance(12 * MINUTE);
    }
    assert!(login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &device("x"), None).await.is_ok());
    shop.clock.advance(1);
    assert!(ask_mailbox(&shop, Kind::SignIn, &email, Lang::Ja, &device("x")).await.is_ok());
});

on_both_databases!(new_devices_of_a_neighbourhood_that_prove_themselves_shut_nobody_out(shop) {
    registered(&shop, "mori@example.jp").await;
    let tries = async || {
        let mut conn = shop.db.read().await.unwrap();
        limits::minutes_left(&mut conn, &shop, limits::LOGIN_NETWORK, device("x").network.as_bytes()).await.unwrap()
    };
    let mut tx = shop.db.write().await.unwrap();
    for _ in 1..limits::LOGIN_NETWORK.most() {
        limits::take(&mut tx, &shop, limits::LOGIN_NETWORK, device("x").network.as_bytes()).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(tries().await, None);
    let opening = login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &device("x"), None).await.unwrap();
    let Opening::Asked(pending) = opening else { panic!("the browser is strange") };
    assert!(tries().await.is_some(), "the password alone gives no try back");
    confirm(&shop, &pending, &typed(&mailed_code(&shop).await), &device("x"), None).await.unwrap();
    assert_eq!(tries().await, None);
});

on_both_databases!(a_device_that_was_signed_out_is_not_known_any_more_and_its_owner_is_told(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let who = find(&shop, &owner.token).await.unwrap().unwrap();
    let entered = entered(&shop, "mori@example.jp", &elsewhere()).await;
    let thief = elsewhere().holding(Some(entered.device));
    let theirs = find(&shop, &entered.token).await.unwrap().unwrap();
    let told = || async { mails(&shop).await.iter().filter(|m| m["account"]["event"].is_object()).count() };
    let before = told().await;
    assert!(end_one(&shop, &who.recent(shop.now()).unwrap(), theirs.session, &device("Firefox/1")).await.unwrap());
    assert!(!lets_in(&shop, &mut thief.clone()).await, "the password alone opens nothing there");
    assert_eq!(told().await, before + 1);
    assert!(lets_in(&shop, &mut device("Firefox/1").holding(Some(owner.device))).await, "the owner's own browser is");
});

on_both_databases!(a_copied_cookie_whose_session_is_over_signs_nobody_out_and_has_no_browser_forgotten(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let mut home = device("Firefox/1").holding(Some(owner.device));
    let mut copied = owner.token;
    for over in ["signed out", "run out"] {
        if over == "signed out" {
            logout(&shop, &copied).await.unwrap();
        } else {
            shop.clock.advance(30 * DAY);
        }
        let back = entered(&shop, "mori@example.jp", &home).await;
        for thief in [elsewhere(), elsewhere().holding(Some(Token::random(&shop.entropy)))] {
            logout_forgotten(&shop, Some(&copied), &thief).await.unwrap();
        }
        assert!(find(&shop, &back.token).await.unwrap().is_some(), "{over}");
        assert!(lets_in(&shop, &mut home).await, "{over}");
        copied = back.token;
    }
});

on_both_databases!(what_was_copied_of_a_browser_does_nothing_in_it_once_it_holds_another_token(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let copied = device("Firefox/1").holding(Some(owner.device.clone()));
    logout_forgotten(&shop, Some(&owner.token), &copied).await.unwrap();
    let back = entered(&shop, "mori@example.jp", &copied).await;
    assert!(back.device != owner.device);
    logout_forgotten(&shop, Some(&owner.token), &copied).await.unwrap();
    assert!(find(&shop, &back.token).await.unwrap().is_some());
    assert!(lets_in(&shop, &mut device("Firefox/1").holding(Some(back.device))).await);
});

on_both_databases!(the_token_of_before_a_proof_has_a_browser_forgotten_for_its_minute_and_no_longer(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let mut home = device("Firefox/1").holding(Some(owner.device));
    let who = find(&shop, &owner.token).await.unwrap().unwrap();
    let second = prove(&shop, &who, &shown(PASSWORD), &home).await.unwrap();
    shop.clock.advance(MINUTE);
    logout_forgotten(&shop, Some(&owner.token), &elsewhere()).await.unwrap();
    assert!(lets_in(&shop, &mut home).await);
    let who = find(&shop, &second).await.unwrap().expect("nobody was signed out");
    let third = prove(&shop, &who, &shown(PASSWORD), &home).await.unwrap();
    shop.clock.advance(MINUTE - 1);
    logout_forgotten(&shop, Some(&second), &elsewhere()).await.unwrap();
    assert!(find(&shop, &third).await.unwrap().is_none(), "it is still its person's");
    assert!(!lets_in(&shop, &mut home).await);
});

on_both_databases!(codes_for_challenges_that_nobody_began_make_the_door_no_stricter(shop) {
    registered(&shop, "mori@example.jp").await;
    let typed = StepCode::Digits(typed("12345678"));
    for n in 0..650_u32 {
        let [.., a, b] = n.to_be_bytes();
        let device = Device::new("x".to_owned(), Some(std::net::Ipv4Addr::new(10, a, b, 1).into()));
        let made_up = Token::random(&shop.entropy);
        assert_eq!(refused(crate::account::confirm(&shop, &made_up, &typed, Lang::Ja, &device, None).await), Fault::CodeOver);
    }
    let mut conn = shop.db.read().await.unwrap();
    assert!(!limits::is_over(&mut conn, &shop, limits::WRONG_CODES, &[]).await.unwrap());
});

on_both_databases!(a_network_that_is_over_its_limit_asks_nothing_of_the_vault_and_a_known_browser_there_does(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let home = device("Firefox/1").holding(Some(owner.device));
    let stranger = device("x");
    let mut tx = shop.db.write().await.unwrap();
    for limit in [limits::LOGIN_NETWORK, limits::CODE_NETWORK, limits::REGISTER_NETWORK] {
        while limits::take(&mut tx, &shop, limit, stranger.network.as_bytes()).await.unwrap() == limits::Standing::Within {}
    }
    tx.commit().await.unwrap();
    let mut shop = shop;
    shop.stop_vault();
    let email = Email::parse("mori@example.jp").unwrap();
    let login = login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &stranger, None).await;
    assert!(matches!(refused(login), Fault::TooMany { .. }), "without the vault");
    let code = ask_mailbox(&shop, Kind::SignIn, &email, Lang::Ja, &stranger).await;
    assert!(matches!(refused(code), Fault::TooMany { .. }));
    let register = register(&shop, &asked("hayashi@example.jp"), Lang::Ja, &stranger).await;
    assert!(matches!(refused(register), Fault::TooMany { .. }));
    shop.start_vault();
    assert!(lets_in(&shop, &mut home.clone()).await);
    assert!(ask_mailbox(&shop, Kind::SignIn, &email, Lang::Ja, &home).await.is_ok());
});

on_both_databases!(one_report_is_one_report_and_takes_a_proof(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let home = device("Firefox/1").holding(Some(owner.device.clone()));
    let tried = entered(&shop, "mori@example.jp", &elsewhere()).await;
    let who = find(&shop, &owner.token).await.unwrap().unwrap();
    let page = security(&shop, &who, Lang::Ja).await.unwrap().unwrap();
    let row = page.sign_ins.iter().find(|row| row.can_be_answered()).unwrap().id;
    let recent = who.clone().recent(shop.now()).unwrap();
    assert!(history::was_not_me(&shop, &recent, row, &home).await.unwrap());
    assert!(find(&shop, &tried.token).await.unwrap().is_none());
    let told = mails(&shop).await.len();
    let back = entered(&shop, "mori@example.jp", &elsewhere()).await;
    let told_after = mails(&shop).await.len();
    assert!(history::was_me(&shop, &who, row).await.unwrap());
    assert!(history::was_not_me(&shop, &recent, row, &home).await.unwrap(), "it stands, and was said before");
    assert!(find(&shop, &back.token).await.unwrap().is_some(), "and signs nobody out once more");
    assert_eq!(mails(&shop).await.len(), told_after);
    assert!(told_after > told);
    shop.clock.advance(11 * MINUTE);
    let later = find(&shop, &owner.token).await.unwrap().unwrap();
    assert!(later.recent(shop.now()).is_none(), "by type: there is no report without a proof");
});

on_both_databases!(what_a_thief_said_of_their_own_sign_in_can_be_reported_all_the_same(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let home = device("Firefox/1").holding(Some(owner.device.clone()));
    let thief = entered(&shop, "mori@example.jp", &elsewhere()).await;
    let (who, theirs) = (find(&shop, &owner.token).await.unwrap().unwrap(), find(&shop, &thief.token).await.unwrap().unwrap());
    let rows = security(&shop, &who, Lang::Ja).await.unwrap().unwrap().sign_ins;
    let row = rows.iter().find(|row| row.network == elsewhere().network).unwrap().id;
    assert!(history::was_me(&shop, &theirs, row).await.unwrap());
    let rows = security(&shop, &who, Lang::Ja).await.unwrap().unwrap().sign_ins;
    assert!(rows.iter().find(|said| said.id == row).unwrap().can_be_reported());
    assert!(history::was_not_me(&shop, &who.recent(shop.now()).unwrap(), row, &home).await.unwrap());
    assert!(find(&shop, &thief.token).await.unwrap().is_none(), "the thief is out");
});

on_both_databases!(whoever_was_signed_out_meanwhile_reports_nothing(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let thief = entered(&shop, "mori@example.jp", &elsewhere()).await;
    let (who, theirs) = (find(&shop, &owner.token).await.unwrap().unwrap(), find(&shop, &thief.token).await.unwrap().unwrap());
    let row = security(&shop, &who, Lang::Ja).await.unwrap().unwrap().sign_ins[0].id;
    let theirs = theirs.recent(shop.now()).unwrap();
    assert!(end_one(&shop, &who.recent(shop.now()).unwrap(), theirs.session(), &device("Firefox/1")).await.unwrap());
    assert!(!history::was_not_me(&shop, &theirs, row, &elsewhere()).await.unwrap());
    assert!(find(&shop, &owner.token).await.unwrap().is_some());
});

on_both_databases!(a_thief_of_a_session_clears_no_warning_of_a_try_that_had_the_password(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let home = device("Firefox/1").holding(Some(owner.device.clone()));
    shop.clock.advance(1);
    login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &elsewhere(), None).await.unwrap();
    shop.clock.advance(11 * MINUTE);
    let late = find(&shop, &owner.token).await.unwrap().unwrap();
    let rows = security(&shop, &late, Lang::Ja).await.unwrap().unwrap().sign_ins;
    let tried = rows.iter().find(|row| row.needs_answer()).unwrap().id;
    let came = rows.iter().find(|row| row.outcome == SignInOutcome::Ok).unwrap().id;
    assert!(history::lacked_code(&shop, &late, tried).await.unwrap());
    assert!(!history::was_me(&shop, &late, tried).await.unwrap(), "that takes a proof");
    assert!(!history::lacked_code(&shop, &late, came).await.unwrap());
    assert!(history::was_me(&shop, &late, came).await.unwrap(), "nothing warns of it");
    let rows = security(&shop, &late, Lang::Ja).await.unwrap().unwrap().sign_ins;
    assert!(rows.iter().any(|row| row.id == tried && row.needs_answer()), "it still waits");
    let proved = prove(&shop, &late, &shown(PASSWORD), &home).await.unwrap();
    let who = find(&shop, &proved).await.unwrap().unwrap();
    assert!(history::was_me(&shop, &who, tried).await.unwrap());
    let rows = security(&shop, &who, Lang::Ja).await.unwrap().unwrap().sign_ins;
    assert!(rows.iter().all(|row| !row.needs_answer()));
    let other = registered(&shop, "hayashi@example.jp").await;
    let theirs = find(&shop, &other.token).await.unwrap().unwrap();
    assert!(!history::lacked_code(&shop, &theirs, tried).await.unwrap(), "somebody else's is as unknown as none");
});

on_both_databases!(of_wrong_passwords_in_a_session_its_owner_hears_whatever_strangers_have_tried_that_day(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let who = find(&shop, &owner.token).await.unwrap().unwrap();
    let told = async |kind: &str| {
        let sql = "SELECT COUNT(*) FROM account_event WHERE kind = $1";
        fetch_one!(shop.db.read().await.unwrap(), (i64,), sql, kind).await.unwrap().0
    };
    for _ in 0..11 {
        refused(login(&shop, &credentials("mori@example.jp", "not the password"), Lang::Ja, &elsewhere(), None).await);
    }
    assert_eq!((told("many_failed_tries").await, told("many_failed_proofs").await), (1, 0));
    shop.clock.advance(1);
    for _ in 0..12 {
        refused(prove(&shop, &who, &shown("not the password"), &device("x")).await);
    }
    assert_eq!((told("many_failed_tries").await, told("many_failed_proofs").await), (1, 1));
    outbox::run_due(&shop).await.unwrap();
    let mails = crate::mail::mailbox::list(&shop).await.unwrap();
    let about = |what: &str| mails.iter().filter(|mail| mail.subject.contains(what)).count();
    assert_eq!((about("ログインの失敗が続いて"), about("ログイン中の端末で、パスワードの間違い")), (1, 1));
});
