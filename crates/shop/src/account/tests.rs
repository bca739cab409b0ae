use noren_domain::Lang;
use noren_domain::account::{
    AskedFor, Email, Login, LoginForm, Password, Proof, ProveForm, Register, RegisterForm, ResetForm, SignInAnswer,
    SignInOutcome, StepCode, Verify, VerifyForm,
};
use noren_domain::form::Weakness;

mod guessing;
mod lost;
mod nodes;
mod second_step;

use super::challenge::{Kind, ask_mailbox};
use super::*;
use crate::session::{self, find};
use crate::testing::TestShop;
use crate::{Parts, fetch_all, fetch_one, on_both_databases, outbox};

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

/// Goes on with a code, and is in.
async fn confirm(
    shop: &Shop,
    pending: &Token,
    typed: &Verify,
    device: &Device,
    old: Option<&Token>,
) -> Result<Entered, DoorError> {
    match super::confirm(shop, pending, &StepCode::Digits(typed.clone()), Lang::Ja, device, old).await? {
        Opening::In(entered) => Ok(entered),
        Opening::Asked(_) => panic!("another code is asked for"),
    }
}

/// Sets a new password with a code, and is in.
async fn reset_password(
    shop: &Shop,
    pending: &Token,
    asked: &noren_domain::account::Reset,
    device: &Device,
    old: Option<&Token>,
) -> Result<Entered, DoorError> {
    match super::reset_password(shop, pending, asked, Lang::Ja, device, old).await? {
        Opening::In(entered) => Ok(entered),
        Opening::Asked(_) => panic!("another code is asked for"),
    }
}

fn shown(password: &str) -> Proof {
    ProveForm { password: password.into(), ..ProveForm::default() }.parse().unwrap()
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
    let id = |of: &serde_json::Value| of.as_str().map(|id| id.parse().unwrap());
    let code = mails.iter().rev().find_map(|mail| {
        let mail = &mail["account"];
        let about = id(&mail["registration_code"]["registration"]).or_else(|| id(&mail["code"]["challenge"]));
        about.map(|about| mail_code(shop, about))
    });
    code.expect("a mail holds a code")
}

fn another(code: &str) -> String {
    let last = if code.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &code[..code.len() - 1])
}

/// Signs in, with the code from the mail where that is asked for.
async fn entered(shop: &TestShop, email: &str, device: &Device) -> Entered {
    shop.clock.advance(1);
    match login(shop, &credentials(email, PASSWORD), Lang::Ja, device, None).await.unwrap() {
        Opening::In(entered) => entered,
        Opening::Asked(pending) => {
            confirm(shop, &pending, &typed(&mailed_code(shop).await), device, None).await.unwrap()
        }
    }
}

/// Whether a right password alone lets this device in, which then holds another token.
async fn lets_in(shop: &TestShop, device: &mut Device) -> bool {
    match login(shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, device, None).await.unwrap() {
        Opening::In(entered) => {
            device.token = Some(entered.device);
            true
        }
        Opening::Asked(_) => false,
    }
}

async fn registered(shop: &TestShop, email: &str) -> Entered {
    // Of two mails of one millisecond nobody could tell which is the newer one.
    shop.clock.advance(1);
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
    assert_eq!(home(&shop, &who).await.unwrap().unwrap().email.as_deref(), Some("mori@example.jp"));
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
    for email in ["mori@example.jp", "nobody@example.jp"] {
        let written = || async {
            let mut conn = shop.db.read().await.unwrap();
            let sql = "SELECT (SELECT COUNT(*) FROM sign_in) + (SELECT COUNT(*) FROM rate_limit)";
            fetch_one!(conn, (i64,), sql).await.unwrap().0
        };
        let before = written().await;
        refused(login(&shop, &credentials(email, "not the password"), Lang::Ja, &device("x"), None).await);
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
    let one_more = login(&shop, &credentials("nobody@example.jp", PASSWORD), Lang::Ja, &device, None).await;
    assert!(matches!(refused(one_more), Fault::TooMany { .. }));
    let elsewhere = Device::new(String::new(), Some("198.51.100.1".parse().unwrap()));
    let tried = login(&shop, &credentials("nobody@example.jp", PASSWORD), Lang::Ja, &elsewhere, None).await;
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

on_both_databases!(a_weak_password_is_refused_and_uses_up_no_mail(shop) {
    let weak = RegisterForm { email: "mori@example.jp".into(), password: "bluewhalebluewhale".into(), next: String::new() };
    for _ in 0..6 {
        let refusal = register(&shop, &weak.parse().unwrap(), Lang::En, &device("x")).await;
        assert_eq!(refused(refusal), Fault::WeakPassword { why: Weakness::Pattern });
    }
    register(&shop, &asked("mori@example.jp"), Lang::En, &device("x")).await.unwrap();
    assert_eq!(mails(&shop).await.len(), 1);
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
    assert_eq!(refused(confirm(&shop, &stranger, &typed(&code), &thief, None).await), Fault::Code, "its own browser");
    assert_eq!(refused(confirm(&shop, &pending, &typed(&another(&code)), &thief, None).await), Fault::Code);
    let entered = confirm(&shop, &pending, &typed(&code), &thief, None).await.unwrap();
    assert_eq!(refused(confirm(&shop, &pending, &typed(&code), &thief, None).await), Fault::Code, "a code works once");
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
        assert_eq!(refused(confirm(&shop, &pending, &typed(&code), &device("x"), None).await), Fault::Code);
    }
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
        for _ in 0..6 {
            assert_eq!(refused(confirm(&shop, &pending, &typed(&another(&right)), &device("x"), None).await), Fault::Code);
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

fn new_password(code: &str) -> noren_domain::account::Reset {
    ResetForm { code: code.into(), password: "lantern river maple".into() }.parse().unwrap()
}

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
    assert_eq!(refused(confirm(&shop, &pending, &typed(&code), &device("y"), None).await), Fault::Code, "for a reset only");
    assert_eq!(refused(reset_password(&shop, &pending, &new_password(&another(&code)), &device("y"), None).await), Fault::Code);
    let entered = reset_password(&shop, &pending, &new_password(&code), &device("y"), None).await.unwrap();
    assert!(find(&shop, &entered.token).await.unwrap().is_some());
    assert!(find(&shop, &owner.token).await.unwrap().is_none());
    assert_eq!(refused(confirm(&shop, &thief, &typed(&thiefs), &device("x"), None).await), Fault::Code);
    let old = login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &home, None).await;
    assert_eq!(refused(old), Fault::Credentials);
    let new = login(&shop, &credentials("mori@example.jp", "lantern river maple"), Lang::Ja, &home, None).await.unwrap();
    assert!(matches!(new, Opening::Asked(_)), "no browser of before is known any more");
    let again = reset_password(&shop, &pending, &new_password(&code), &device("y"), None).await;
    assert_eq!(refused(again), Fault::Code, "a code works once");
    assert_eq!(mails(&shop).await.iter().filter(|m| m["account"]["event"].is_object()).count(), 1);
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
    assert!(who.recent(shop.now() - 1).is_none(), "a proof that lies ahead");
});

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
    assert!(!history::answer(&shop, &hers, tried, SignInAnswer::NotMe, &home).await.unwrap(), "somebody else's");
    assert!(find(&shop, &stolen.token).await.unwrap().is_some());

    shop.clock.advance(1);
    assert!(history::answer(&shop, &who, tried, SignInAnswer::NotMe, &home).await.unwrap());
    assert!(find(&shop, &stolen.token).await.unwrap().is_none());
    assert!(find(&shop, &owner.token).await.unwrap().is_some());
    assert_eq!(refused(confirm(&shop, &pending, &typed(&code), &thief, None).await), Fault::Code);
    let mut again = thief.holding(Some(stolen.device));
    assert!(!lets_in(&shop, &mut again).await && lets_in(&shop, &mut home).await, "the thief's browser is not known any more");
    assert!(!history::not_me(&shop, &who).await.unwrap().unwrap().password_changed);
    shop.clock.advance(1);
    let recent = find(&shop, &owner.token).await.unwrap().unwrap().recent(shop.now()).unwrap();
    change_password(&shop, &recent, &Password::typed("lantern river maple").unwrap(), &home).await.unwrap();
    assert!(history::not_me(&shop, &who).await.unwrap().unwrap().password_changed);
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

on_both_databases!(the_database_holds_no_code_that_is_under_way(shop) {
    let pending = register(&shop, &asked("mori@example.jp"), Lang::Ja, &device("x")).await.unwrap();
    let code = mailed_code(&shop).await;
    let mut conn = shop.db.read().await.unwrap();
    for (payload,) in fetch_all!(conn, (String,), "SELECT payload FROM outbox").await.unwrap() {
        assert!(!payload.contains(&code), "{payload}");
    }
    drop(conn);
    verify(&shop, &pending, &typed(&code), &device("x"), None).await.unwrap();
});

on_both_databases!(the_check_phrase_is_the_customers_own_until_they_want_another(shop) {
    let (mori, hayashi) = (registered(&shop, "mori@example.jp").await, registered(&shop, "hayashi@example.jp").await);
    let phrase = |who: &Entered, no| events::check_phrase(&shop, who.customer, no);
    assert_eq!(phrase(&mori, 0), phrase(&mori, 0));
    assert_ne!(phrase(&mori, 0), phrase(&hayashi, 0));
    assert_ne!(phrase(&mori, 0), phrase(&mori, 1));
    events::another_phrase(&shop, mori.customer).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    ask_mailbox(&shop, Kind::Reset, &Email::parse("mori@example.jp").unwrap(), Lang::Ja, &device("x")).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    let newest = crate::mail::mailbox::list(&shop).await.unwrap().remove(0);
    assert!(newest.text.contains(&phrase(&mori, 1).words(Lang::Ja)), "{}", newest.text);
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

on_both_databases!(what_has_served_its_time_is_swept_away(shop) {
    registered(&shop, "mori@example.jp").await;
    register(&shop, &asked("hayashi@example.jp"), Lang::Ja, &device("x")).await.unwrap();
    ask_mailbox(&shop, Kind::Reset, &Email::parse("mori@example.jp").unwrap(), Lang::Ja, &device("x")).await.unwrap();
    shop.clock.advance(HISTORY + 2 * DAY);
    sweep(&shop).await.unwrap();
    let mut conn = shop.db.read().await.unwrap();
    for sql in [
        "SELECT COUNT(*) FROM registration",
        "SELECT COUNT(*) FROM rate_limit",
        "SELECT COUNT(*) FROM session",
        "SELECT COUNT(*) FROM sign_in",
        "SELECT COUNT(*) FROM challenge",
        "SELECT COUNT(*) FROM known_device",
        "SELECT COUNT(*) FROM account_event",
    ] {
        assert_eq!(fetch_one!(conn, (i64,), sql).await.unwrap().0, 0, "{sql}");
    }
});
