//! The door where an authenticator app is set up.

use noren_domain::account::{RecoveryCode, Totp, TotpView};
use totp_rs::{Builder, Secret};

use super::*;
use crate::account::totp;
use crate::session::Recent;

const STEP: i64 = 30_000;

/// What the app shows now. Time passes first: a code is taken once.
pub(super) fn app_shows(shop: &TestShop, secret: &str) -> StepCode {
    shop.clock.advance(STEP);
    let secret = Secret::try_from_base32(secret.replace(' ', "")).unwrap();
    let app = Builder::new().with_secret(secret).build().unwrap();
    StepCode::parse(&app.generate(u64::try_from(shop.now() / 1_000).unwrap()).to_string()).unwrap()
}

/// A code that the app does not show about now.
pub(super) fn app_does_not_show(shop: &TestShop, secret: &str) -> StepCode {
    let secret = Secret::try_from_base32(secret.replace(' ', "")).unwrap();
    let app = Builder::new().with_secret(secret).build().unwrap();
    let at = |steps: i64| app.generate(u64::try_from((shop.now() + steps * STEP) / 1_000).unwrap()).to_string();
    let near = [at(-2), at(-1), at(0), at(1), at(2)];
    let wrong = ["000000", "111111", "222222", "333333", "444444", "555555"]
        .into_iter()
        .find(|code| !near.iter().any(|n| n == code));
    StepCode::parse(wrong.unwrap()).unwrap()
}

/// mori@example.jp with an app: the secret, the recovery codes, and the browser they are known by.
pub(super) async fn with_app(shop: &TestShop) -> (String, Vec<RecoveryCode>, Device) {
    let owner = registered(shop, "mori@example.jp").await;
    let home = device("Firefox/1").holding(Some(owner.device.clone()));
    let who: Recent = find(shop, &owner.token).await.unwrap().unwrap().recent(shop.now()).unwrap();
    totp::begin(shop, &who).await.unwrap();
    let TotpView::Begun(setup) = totp::page(shop, &who, Lang::Ja).await.unwrap() else { panic!("it was begun") };
    let StepCode::App(code) = app_shows(shop, &setup.secret) else { panic!("no code of an app") };
    let codes = totp::confirm(shop, &who, &code, &home).await.unwrap().unwrap();
    (setup.secret, codes, home)
}

pub(super) async fn asked(shop: &TestShop, device: &Device) -> Token {
    match login(shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, device, None).await.unwrap() {
        Opening::Asked(pending) => pending,
        Opening::In(_) => panic!("the app is not asked for"),
    }
}

pub(super) async fn step(
    shop: &TestShop,
    pending: &Token,
    code: &StepCode,
    device: &Device,
) -> Result<Opening, DoorError> {
    crate::account::confirm(shop, pending, code, Lang::Ja, device, None).await
}

fn digits(code: &str) -> StepCode {
    StepCode::Digits(typed(code))
}

on_both_databases!(where_an_app_is_set_up_its_code_is_asked_for_in_every_browser_and_taken_once(shop) {
    let (secret, _, home) = with_app(&shop).await;
    let mails_before = mails(&shop).await.len();
    let (first, second) = (asked(&shop, &home).await, asked(&shop, &device("x")).await);
    assert_eq!(mails(&shop).await.len(), mails_before, "no mail takes the place of the app");
    assert_eq!(challenge::waiting(&shop, &first, Kind::SignIn).await.unwrap(), Some(AskedFor::App));
    let code = app_shows(&shop, &secret);
    let shown = |digits| StepCode::App(Totp::parse(digits).unwrap());
    let wrong = if code == shown("000000") { shown("000001") } else { shown("000000") };
    assert_eq!(refused(step(&shop, &first, &wrong, &home).await), Fault::AppCode);
    assert!(matches!(step(&shop, &first, &code, &home).await.unwrap(), Opening::In(_)));
    assert_eq!(refused(step(&shop, &second, &code, &device("x")).await), Fault::AppCode, "the same code, a moment later");
    let code = app_shows(&shop, &secret);
    assert!(matches!(step(&shop, &second, &code, &device("x")).await.unwrap(), Opening::In(_)));
});

on_both_databases!(a_recovery_code_takes_the_apps_place_once_and_its_owner_is_told(shop) {
    let (_, codes, home) = with_app(&shop).await;
    let told = || async { mails(&shop).await.iter().filter(|m| m["account"]["event"].is_object()).count() };
    let before = told().await;
    let (first, second) = (asked(&shop, &home).await, asked(&shop, &home).await);
    let code = StepCode::Recovery(codes[0].clone());
    let (a, b) = tokio::join!(step(&shop, &first, &code, &home), step(&shop, &second, &code, &home));
    assert_eq!(usize::from(a.is_ok()) + usize::from(b.is_ok()), 1, "two at the same moment");
    assert_eq!(told().await, before + 1);
});

on_both_databases!(five_wrong_codes_of_the_app_end_the_try_and_the_password_is_asked_for_again(shop) {
    let (secret, _, home) = with_app(&shop).await;
    let pending = asked(&shop, &home).await;
    let right = app_shows(&shop, &secret);
    let wrong = StepCode::Recovery(RecoveryCode::new([9; 15]));
    for _ in 0..5 {
        assert_eq!(refused(step(&shop, &pending, &wrong, &home).await), Fault::RecoveryCode);
    }
    assert_eq!(refused(step(&shop, &pending, &right, &home).await), Fault::CodeOver);
    assert_eq!(challenge::waiting(&shop, &pending, Kind::SignIn).await.unwrap(), None);
});

on_both_databases!(neither_a_code_by_mail_nor_a_new_password_goes_round_the_app(shop) {
    let (secret, _, home) = with_app(&shop).await;
    shop.clock.advance(email_change::PATIENCE);
    let (email, strange) = (Email::parse("mori@example.jp").unwrap(), device("x"));
    let pending = ask_mailbox(&shop, Kind::SignIn, &email, Lang::Ja, &strange).await.unwrap();
    let by_mail = mailed_code(&shop).await;
    let Opening::Asked(pending) = step(&shop, &pending, &digits(&by_mail), &strange).await.unwrap() else {
        panic!("the mailbox alone is enough")
    };
    let code = app_shows(&shop, &secret);
    assert!(matches!(step(&shop, &pending, &code, &strange).await.unwrap(), Opening::In(_)));

    let open = || async {
        let sql = "SELECT COUNT(*) FROM session WHERE ended_at IS NULL";
        fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0
    };
    let told = || async { mails(&shop).await.iter().filter(|m| m["account"]["event"].is_object()).count() };
    let before = (open().await, told().await);
    let pending = ask_mailbox(&shop, Kind::Reset, &email, Lang::Ja, &strange).await.unwrap();
    let by_mail = mailed_code(&shop).await;
    let opening =
        crate::account::reset_password(&shop, &pending, &new_password(&by_mail), Lang::Ja, &strange, None).await.unwrap();
    let Opening::Asked(pending) = opening else { panic!("the mailbox alone is enough") };
    assert_eq!((open().await, told().await), before, "without the app's code nothing has changed");
    assert!(challenge::sets_password(&shop, &pending).await.unwrap());
    asked(&shop, &home).await;
    let code = app_shows(&shop, &secret);
    let Opening::In(entered) = step(&shop, &pending, &code, &strange).await.unwrap() else { panic!("all was given") };
    assert_eq!((open().await, told().await), (1, before.1 + 1), "now every other session has ended");
    let who = find(&shop, &entered.token).await.unwrap().unwrap();
    let outcomes = security(&shop, &who, Lang::Ja).await.unwrap().unwrap().sign_ins;
    assert_eq!(outcomes[0].outcome, SignInOutcome::Ok, "the second step that the reset began");
    let old = login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &home, None).await;
    assert_eq!(refused(old), Fault::Credentials);
});

on_both_databases!(a_proof_takes_the_apps_code_as_well_as_the_password(shop) {
    let (secret, _, home) = with_app(&shop).await;
    let pending = asked(&shop, &home).await;
    let code = app_shows(&shop, &secret);
    let Opening::In(entered) = step(&shop, &pending, &code, &home).await.unwrap() else { panic!("the code was right") };
    let who = find(&shop, &entered.token).await.unwrap().unwrap();
    assert!(asks_for_app(&shop, &who).await.unwrap());
    assert_eq!(refused(prove(&shop, &who, &shown(PASSWORD), &home).await), Fault::AppCode);
    let proof = |code: StepCode| Proof { code: Some(code), ..shown(PASSWORD) };
    assert_eq!(refused(prove(&shop, &who, &proof(code), &home).await), Fault::AppCode, "it was used at the door");
    prove(&shop, &who, &proof(app_shows(&shop, &secret)), &home).await.unwrap();
});

on_both_databases!(whoever_has_the_password_cannot_guess_the_apps_code_for_ever(shop) {
    let (secret, _, home) = with_app(&shop).await;
    let strange = device("x");
    let mut tried = 0;
    for hour in 0..3 {
        // Each right password would give five more tries.
        'hour: loop {
            let login = login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &strange, None).await;
            let Ok(Opening::Asked(pending)) = login else { break };
            for _ in 0..5 {
                let wrong = app_does_not_show(&shop, &secret);
                match refused(step(&shop, &pending, &wrong, &strange).await) {
                    Fault::AppCode => tried += 1,
                    Fault::TooMany { .. } => break 'hour,
                    other => panic!("{other:?}"),
                }
            }
        }
        assert!(tried <= 10 * (hour + 2), "{tried} in {} hours", hour + 1);
        shop.clock.advance(60 * MINUTE);
    }
    assert!(tried >= 10, "{tried}");
    // The owner at home has tries of their own.
    let pending = asked(&shop, &home).await;
    let code = app_shows(&shop, &secret);
    assert!(matches!(step(&shop, &pending, &code, &home).await.unwrap(), Opening::In(_)));
});

on_both_databases!(whoever_reads_the_mailbox_in_the_owners_browser_cannot_guess_the_apps_code_for_ever(shop) {
    let (secret, _, home) = with_app(&shop).await;
    let email = Email::parse("mori@example.jp").unwrap();
    let mut tried = 0;
    // Each right code from the mail would give five more tries.
    'guessing: loop {
        shop.clock.advance(1);
        let pending = ask_mailbox(&shop, Kind::SignIn, &email, Lang::Ja, &home).await.unwrap();
        let mailed = digits(&mailed_code(&shop).await);
        let Ok(Opening::Asked(pending)) = step(&shop, &pending, &mailed, &home).await else { break };
        for _ in 0..5 {
            let wrong = app_does_not_show(&shop, &secret);
            match refused(step(&shop, &pending, &wrong, &home).await) {
                Fault::AppCode => tried += 1,
                Fault::TooMany { .. } => break 'guessing,
                other => panic!("{other:?}"),
            }
        }
    }
    assert!((5..10).contains(&tried), "{tried}");
    let token = entered_by_app(&shop, &secret, &home).await;
    let who = find(&shop, &token).await.unwrap().unwrap();
    let said = security(&shop, &who, Lang::Ja).await.unwrap().unwrap().sign_ins;
    assert_eq!(said.iter().filter(|row| row.outcome == SignInOutcome::Blocked).count(), 1, "the owner sees it");
});

/// The session of the owner at home, an hour later.
async fn entered_by_app(shop: &TestShop, secret: &str, home: &Device) -> Token {
    shop.clock.advance(60 * MINUTE);
    let pending = asked(shop, home).await;
    let code = app_shows(shop, secret);
    let Opening::In(entered) = step(shop, &pending, &code, home).await.unwrap() else { panic!("the code was right") };
    entered.token
}

on_both_databases!(whoever_sits_in_a_session_and_has_the_password_guesses_the_apps_code_no_more_often_than_at_the_door(shop) {
    let (secret, _, home) = with_app(&shop).await;
    let pending = asked(&shop, &home).await;
    let code = app_shows(&shop, &secret);
    let Opening::In(entered) = step(&shop, &pending, &code, &home).await.unwrap() else { panic!("the code was right") };
    let who = find(&shop, &entered.token).await.unwrap().unwrap();
    let mut tried = 0;
    for _ in 0..4 {
        for _ in 0..11 {
            let wrong = Proof { code: Some(app_does_not_show(&shop, &secret)), ..shown(PASSWORD) };
            tried += usize::from(refused(prove(&shop, &who, &wrong, &device("x")).await) == Fault::AppCode);
        }
        shop.clock.advance(15 * MINUTE);
    }
    assert!((10..=18).contains(&tried), "{tried} within the hour");
    // In the browser that they are known by its owner has tries of their own.
    let right = Proof { code: Some(app_shows(&shop, &secret)), ..shown(PASSWORD) };
    prove(&shop, &who, &right, &home).await.unwrap();
});

on_both_databases!(an_app_of_these_days_shuts_no_owner_out_a_new_password_by_mail_takes_it_away(shop) {
    with_app(&shop).await;
    shop.clock.advance(email_change::PATIENCE - 60 * MINUTE);
    let (email, strange) = (Email::parse("mori@example.jp").unwrap(), device("x"));
    let pending = ask_mailbox(&shop, Kind::Reset, &email, Lang::Ja, &strange).await.unwrap();
    let by_mail = mailed_code(&shop).await;
    let entered = reset_password(&shop, &pending, &new_password(&by_mail), &strange, None).await.unwrap();
    assert_eq!(entered.removed, RemovedFactors { app: true, passkeys: false, recovery: true }, "and is told what went");
    for sql in ["SELECT COUNT(*) FROM totp", "SELECT COUNT(*) FROM recovery_code"] {
        assert_eq!(fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0, 0, "{sql}");
    }
});

on_both_databases!(what_was_begun_and_not_confirmed_is_no_factor_that_went(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let who: Recent = find(&shop, &owner.token).await.unwrap().unwrap().recent(shop.now()).unwrap();
    totp::begin(&shop, &who).await.unwrap();
    let (email, strange) = (Email::parse("mori@example.jp").unwrap(), device("x"));
    let pending = ask_mailbox(&shop, Kind::Reset, &email, Lang::Ja, &strange).await.unwrap();
    let by_mail = mailed_code(&shop).await;
    let entered = reset_password(&shop, &pending, &new_password(&by_mail), &strange, None).await.unwrap();
    assert!(!entered.removed.any(), "{:?}", entered.removed);
});

/// Whether the app's code was given in this session as lately as a proof must have been.
async fn app_was_given(shop: &TestShop, token: &Token) -> bool {
    let who = find(shop, token).await.unwrap().unwrap();
    session::is_app_proved(&mut shop.db.read().await.unwrap(), shop, who.session).await.unwrap()
}

on_both_databases!(a_session_knows_when_the_apps_code_was_given_in_it_at_the_door_or_as_a_proof(shop) {
    let (secret, _, home) = with_app(&shop).await;
    let pending = asked(&shop, &home).await;
    let code = app_shows(&shop, &secret);
    let Opening::In(entered) = step(&shop, &pending, &code, &home).await.unwrap() else { panic!("the code was right") };
    assert!(app_was_given(&shop, &entered.token).await);
    shop.clock.advance(session::RECENT + 1);
    assert!(!app_was_given(&shop, &entered.token).await);
    let who = find(&shop, &entered.token).await.unwrap().unwrap();
    let proof = Proof { code: Some(app_shows(&shop, &secret)), ..shown(PASSWORD) };
    let token = prove(&shop, &who, &proof, &home).await.unwrap();
    assert!(app_was_given(&shop, &token).await);
    shop.clock.advance(MINUTE);
    let recent = find(&shop, &token).await.unwrap().unwrap().recent(shop.now()).unwrap();
    let changed = change_password(&shop, &recent, &Password::typed("lantern river maple").unwrap(), &home).await.unwrap();
    assert!(app_was_given(&shop, &changed.token).await, "another token of the session");
    shop.clock.advance(session::RECENT - MINUTE + 1);
    assert!(find(&shop, &changed.token).await.unwrap().unwrap().recent(shop.now()).is_some());
    assert!(!app_was_given(&shop, &changed.token).await, "it makes the code no younger");
});

on_both_databases!(a_recovery_code_says_as_much_as_the_apps_unless_it_is_of_these_days(shop) {
    let (_, codes, home) = with_app(&shop).await;
    shop.clock.advance(email_change::PATIENCE - 60 * MINUTE);
    for (code, old) in codes.iter().zip([false, true]) {
        let pending = asked(&shop, &home).await;
        let code = StepCode::Recovery(code.clone());
        let Opening::In(entered) = step(&shop, &pending, &code, &home).await.unwrap() else { panic!("it was right") };
        assert_eq!(app_was_given(&shop, &entered.token).await, old);
        shop.clock.advance(60 * MINUTE);
    }
    // A thief of a session in which a code was just given makes others of them: they are as young as they are.
    let sign_in = async |code: &RecoveryCode| {
        let pending = asked(&shop, &home).await;
        let opening = step(&shop, &pending, &StepCode::Recovery(code.clone()), &home).await.unwrap();
        let Opening::In(entered) = opening else { panic!("it was right") };
        entered.token
    };
    let token = sign_in(&codes[2]).await;
    let who = find(&shop, &token).await.unwrap().unwrap().recent(shop.now()).unwrap();
    let others = crate::account::recovery::renew(&shop, &who, &home).await.unwrap();
    shop.clock.advance(24 * 60 * MINUTE);
    let token = sign_in(&others[0]).await;
    assert!(!app_was_given(&shop, &token).await);
});
