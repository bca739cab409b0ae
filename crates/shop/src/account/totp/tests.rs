use totp_rs::{Algorithm, Secret};

use super::*;
use crate::account::testing::{customer, proved};
use crate::{fetch_all, fetch_one, on_both_databases};

const STEP: i64 = 30_000;

fn device() -> Device {
    Device::new("Firefox/1".to_owned(), None)
}

/// RFC 6238, appendix B: the secret of the table's SHA-1 rows.
const RFC_SECRET: &[u8; 20] = b"12345678901234567890";

#[test]
fn codes_are_those_of_rfc_6238() {
    let eight = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(8).with_secret(RFC_SECRET.as_slice());
    let eight = eight.build().unwrap();
    let six = app(Builder::new().with_secret(RFC_SECRET.as_slice())).unwrap();
    for (seconds, code, step) in [
        (59, "94287082", 0x1),
        (1_111_111_109, "07081804", 0x0235_23EC),
        (1_111_111_111, "14050471", 0x0235_23ED),
        (1_234_567_890, "89005924", 0x0273_EF07),
        (2_000_000_000, "69279037", 0x03F9_40AA),
        (20_000_000_000, "65353130", 0x27BC_86AA),
    ] {
        assert_eq!(eight.generate(seconds).to_string(), code);
        assert_eq!(eight.check(code, seconds), Some(step));
        // Six digits are the last six of eight.
        assert_eq!(six.check(&code[2..], seconds), Some(step));
    }
}

/// What the app that was set up shows at `at`, UTC ms.
fn shown(setup: &TotpSetup, at: i64) -> Totp {
    let secret = Secret::try_from_base32(setup.secret.replace(' ', "")).unwrap();
    let app = Builder::new().with_secret(secret).build().unwrap();
    Totp::parse(&app.generate(u64::try_from(at / 1_000).unwrap()).to_string()).unwrap()
}

async fn begun(shop: &Shop, who: &Recent) -> TotpSetup {
    begin(shop, who).await.unwrap();
    match page(shop, who, Lang::En).await.unwrap() {
        TotpView::Begun(setup) => setup,
        other => panic!("{other:?}"),
    }
}

/// A customer whose app is on.
async fn on(shop: &Shop) -> (Recent, TotpSetup) {
    let who = proved(shop, customer(shop, "hanako@example.jp").await).await;
    let setup = begun(shop, &who).await;
    confirm(shop, &who, &shown(&setup, shop.now()), &device()).await.unwrap();
    shop.clock.advance(2 * STEP);
    (who, setup)
}

async fn try_out(shop: &Shop, customer: Id<Customer>, code: &Totp) -> bool {
    let mut tx = shop.db.write().await.unwrap();
    let taken = check(&mut tx, shop, customer, code).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

fn fault<T: std::fmt::Debug>(result: Result<T, FactorError>) -> Fault {
    match result {
        Err(FactorError::Refused(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

on_both_databases!(the_first_right_code_turns_the_app_on_and_brings_recovery_codes(shop) {
    let who = proved(&shop, customer(&shop, "hanako@example.jp").await).await;
    assert_eq!(page(&shop, &who, Lang::Ja).await.unwrap(), TotpView::Off);
    let setup = begun(&shop, &who).await;
    assert!(!is_set(&mut shop.db.read().await.unwrap(), who.customer()).await.unwrap(), "not before the first code");
    assert!(!try_out(&shop, who.customer(), &shown(&setup, shop.now())).await);
    let wrong = shown(&setup, shop.now() + 10 * STEP);
    assert_eq!(fault(confirm(&shop, &who, &wrong, &device()).await), Fault::AppCode);
    let codes = confirm(&shop, &who, &shown(&setup, shop.now()), &device()).await.unwrap().unwrap();
    assert_eq!(codes.len(), recovery::CODES);
    assert_eq!(page(&shop, &who, Lang::Ja).await.unwrap(), TotpView::On(shop.now()));
    assert!(is_set(&mut shop.db.read().await.unwrap(), who.customer()).await.unwrap());
    assert!(!try_out(&shop, who.customer(), &shown(&setup, shop.now())).await, "the code that turned it on is used up");
});

on_both_databases!(the_app_is_told_whose_account_it_is(shop) {
    let who = proved(&shop, customer(&shop, "hanako+tea@example.jp").await).await;
    let setup = begun(&shop, &who).await;
    let secret = setup.secret.replace(' ', "");
    assert_eq!((secret.len(), setup.secret.split(' ').count()), (32, 8));
    assert!(setup.uri.starts_with("otpauth://totp/Norendo:hanako%2Btea%40example.jp?"), "{}", setup.uri);
    assert!(setup.uri.contains(&format!("secret={secret}")) && setup.uri.contains("issuer=Norendo"), "{}", setup.uri);
    let TotpView::Begun(japanese) = page(&shop, &who, Lang::Ja).await.unwrap() else { panic!("not begun") };
    assert!(japanese.uri.contains("issuer=%E6%9A%96%E7%B0%BE%E5%A0%82"), "{}", japanese.uri);
    let read = totp_rs::Totp::from_url(&japanese.uri).unwrap();
    assert_eq!((read.issuer(), read.account_name()), (Some("暖簾堂"), "hanako+tea@example.jp"));
    assert!(japanese.qr.size > 30 && japanese.qr.path.starts_with("M4 4h7v1h-7z"));
});

on_both_databases!(a_code_is_taken_within_thirty_seconds_of_its_time_and_once(shop) {
    let (who, setup) = on(&shop).await;
    for off in [-2, 2] {
        assert!(!try_out(&shop, who.customer(), &shown(&setup, shop.now() + off * STEP)).await, "{off}");
    }
    let (before, now, after) =
        (shown(&setup, shop.now() - STEP), shown(&setup, shop.now()), shown(&setup, shop.now() + STEP));
    assert!(try_out(&shop, who.customer(), &before).await);
    assert!(!try_out(&shop, who.customer(), &before).await, "twice");
    assert!(try_out(&shop, who.customer(), &after).await, "the person's clock is fast");
    for old in [before, now, after] {
        assert!(!try_out(&shop, who.customer(), &old).await, "whoever looked on has the older ones too");
    }
    shop.clock.advance(2 * STEP);
    assert!(try_out(&shop, who.customer(), &shown(&setup, shop.now())).await);
});

on_both_databases!(two_requests_with_one_code_open_one_door(shop) {
    let (who, setup) = on(&shop).await;
    let code = shown(&setup, shop.now());
    let (a, b) = tokio::join!(try_out(&shop, who.customer(), &code), try_out(&shop, who.customer(), &code));
    assert!(a ^ b, "{a} {b}");
});

on_both_databases!(another_customers_code_opens_nothing(shop) {
    let (_, setup) = on(&shop).await;
    let his = customer(&shop, "taro@example.jp").await;
    assert!(!try_out(&shop, his, &shown(&setup, shop.now())).await);
});

on_both_databases!(beginning_anew_ends_what_was_begun_and_never_what_is_on(shop) {
    let who = proved(&shop, customer(&shop, "hanako@example.jp").await).await;
    let first = begun(&shop, &who).await;
    let second = begun(&shop, &who).await;
    assert_ne!(first.secret, second.secret);
    assert_eq!(fault(confirm(&shop, &who, &shown(&first, shop.now()), &device()).await), Fault::AppCode);
    confirm(&shop, &who, &shown(&second, shop.now()), &device()).await.unwrap();
    begin(&shop, &who).await.unwrap();
    assert_eq!(fault(confirm(&shop, &who, &shown(&second, shop.now()), &device()).await), Fault::StepMissing);
    shop.clock.advance(2 * STEP);
    assert!(try_out(&shop, who.customer(), &shown(&second, shop.now())).await, "nobody changes it unasked");
});

on_both_databases!(what_was_begun_is_over_after_an_hour(shop) {
    let who = proved(&shop, customer(&shop, "hanako@example.jp").await).await;
    let setup = begun(&shop, &who).await;
    shop.clock.advance(SETUP_LIFE);
    assert_eq!(page(&shop, &who, Lang::Ja).await.unwrap(), TotpView::Off);
    assert_eq!(fault(confirm(&shop, &who, &shown(&setup, shop.now()), &device()).await), Fault::StepMissing);
});

on_both_databases!(what_was_begun_on_a_clock_that_was_ahead_is_as_if_it_were_not_there(shop) {
    let who = proved(&shop, customer(&shop, "hanako@example.jp").await).await;
    shop.clock.advance(SKEW);
    let setup = begun(&shop, &who).await;
    shop.clock.advance(-SKEW);
    assert_eq!(page(&shop, &who, Lang::En).await.unwrap(), TotpView::Begun(setup.clone()), "on another node");
    shop.clock.advance(-1);
    assert_eq!(page(&shop, &who, Lang::En).await.unwrap(), TotpView::Off);
    assert_eq!(fault(confirm(&shop, &who, &shown(&setup, shop.now()), &device()).await), Fault::StepMissing);
});

on_both_databases!(an_account_that_has_changed_too_much_within_the_hour_turns_no_app_on(shop) {
    let who = proved(&shop, customer(&shop, "hanako@example.jp").await).await;
    let setup = begun(&shop, &who).await;
    while recovery::renew(&shop, &who, &device()).await.is_ok() {}
    let refused = fault(confirm(&shop, &who, &shown(&setup, shop.now()), &device()).await);
    assert!(matches!(refused, Fault::TooMany { .. }), "{refused:?}");
    assert_eq!(page(&shop, &who, Lang::En).await.unwrap(), TotpView::Begun(setup.clone()));
    shop.clock.advance(6 * STEP);
    confirm(&shop, &who, &shown(&setup, shop.now()), &device()).await.unwrap();
    assert!(turn_off(&shop, &who, &device()).await.unwrap(), "nobody is kept from taking a thief's away");
});

on_both_databases!(what_another_session_began_is_neither_shown_nor_confirmed_for_a_thief_may_know_the_secret(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    let (thief, owner) = (proved(&shop, hers).await, proved(&shop, hers).await);
    let planted = begun(&shop, &thief).await;
    assert_eq!(page(&shop, &owner, Lang::Ja).await.unwrap(), TotpView::Off, "the owner is shown no secret but her own");
    assert_eq!(fault(confirm(&shop, &owner, &shown(&planted, shop.now()), &device()).await), Fault::StepMissing);
    let own = begun(&shop, &owner).await;
    assert_eq!(page(&shop, &thief, Lang::Ja).await.unwrap(), TotpView::Off, "nor is the thief shown hers");
    for setup in [&planted, &own] {
        assert_eq!(fault(confirm(&shop, &thief, &shown(setup, shop.now()), &device()).await), Fault::StepMissing);
    }
    confirm(&shop, &owner, &shown(&own, shop.now()), &device()).await.unwrap();
    shop.clock.advance(2 * STEP);
    assert!(!try_out(&shop, hers, &shown(&planted, shop.now())).await);
    assert!(try_out(&shop, hers, &shown(&own, shop.now())).await);
});

on_both_databases!(what_was_begun_goes_on_after_another_proof_in_its_session(shop) {
    let who = proved(&shop, customer(&shop, "hanako@example.jp").await).await;
    let setup = begun(&shop, &who).await;
    shop.clock.advance(session::RECENT + 1);
    let mut tx = shop.db.write().await.unwrap();
    let token = session::prove(&mut tx, &shop, who.who()).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    let again = session::find(&shop, &token).await.unwrap().unwrap().recent(shop.now()).unwrap();
    assert_eq!(page(&shop, &again, Lang::En).await.unwrap(), TotpView::Begun(setup.clone()));
    confirm(&shop, &again, &shown(&setup, shop.now()), &device()).await.unwrap();
    let sql = "SELECT begun_by FROM totp";
    let begun_by = fetch_one!(shop.db.read().await.unwrap(), (Option<Uuid>,), sql).await.unwrap().0;
    assert_eq!(begun_by, None, "from now on it is the customer's");
});

on_both_databases!(turned_off_no_code_is_asked_for_and_the_recovery_codes_stay(shop) {
    let (who, setup) = on(&shop).await;
    assert!(turn_off(&shop, &who, &device()).await.unwrap());
    assert!(!turn_off(&shop, &who, &device()).await.unwrap());
    assert!(!try_out(&shop, who.customer(), &shown(&setup, shop.now())).await);
    let mut conn = shop.db.read().await.unwrap();
    assert!(!is_set(&mut conn, who.customer()).await.unwrap());
    assert_eq!(recovery::left(&mut conn, who.customer()).await.unwrap(), 10);
    drop(conn);
    // Set up again, they are not exchanged under their owner's hands.
    let again = begun(&shop, &who).await;
    assert_eq!(confirm(&shop, &who, &shown(&again, shop.now()), &device()).await.unwrap(), None);
});

on_both_databases!(what_changes_the_factors_ends_the_other_sessions_and_is_told_to_the_owner(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    let who = proved(&shop, hers).await;
    let open = async || {
        let sql = "SELECT COUNT(*) FROM session WHERE ended_at IS NULL";
        fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0
    };
    begin(&shop, &who).await.unwrap();
    turn_off(&shop, &who, &device()).await.unwrap();
    let setup = begun(&shop, &who).await;
    for step in 0..3 {
        proved(&shop, hers).await;
        assert_eq!(open().await, 2);
        match step {
            0 => drop(confirm(&shop, &who, &shown(&setup, shop.now()), &device()).await.unwrap()),
            1 => drop(recovery::renew(&shop, &who, &device()).await.unwrap()),
            _ => assert!(turn_off(&shop, &who, &device()).await.unwrap()),
        }
        assert_eq!(open().await, 1, "{step}");
        shop.clock.advance(1);
    }
    let sql = "SELECT kind FROM account_event ORDER BY at";
    let told = fetch_all!(shop.db.read().await.unwrap(), (String,), sql).await.unwrap();
    let told: Vec<_> = told.into_iter().map(|(kind,)| kind).collect();
    assert_eq!(told, ["totp_on", "recovery_codes_made", "totp_off"], "what was begun and given up is nobody's business");
});

on_both_databases!(a_stolen_database_computes_no_code_and_a_moved_secret_opens_for_nobody(shop) {
    let (who, setup) = on(&shop).await;
    let sql = "SELECT secret FROM totp";
    let (sealed,) = fetch_one!(shop.db.read().await.unwrap(), (Vec<u8>,), sql).await.unwrap();
    let secret = Secret::try_from_base32(setup.secret.replace(' ', "")).unwrap();
    assert!(!sealed.windows(SECRET_BYTES).any(|part| part == secret.as_bytes()));
    // Somebody who can write the database puts their own secret into another's row.
    let his = customer(&shop, "taro@example.jp").await;
    let mut tx = shop.db.write().await.unwrap();
    let sql = "INSERT INTO totp (customer_id, secret, created_at, confirmed_at, last_step) VALUES ($1, $2, 0, 0, 0)";
    execute!(tx, sql, his.0, sealed).await.unwrap();
    let opened = check(&mut tx, &shop, his, &shown(&setup, shop.now())).await;
    assert!(matches!(opened, Err(FactorError::Sealed)), "{opened:?}");
    drop(tx);
    assert!(try_out(&shop, who.customer(), &shown(&setup, shop.now())).await);
});

on_both_databases!(a_session_that_was_ended_meanwhile_changes_no_app_and_no_recovery_codes(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    let (thief, owner) = (proved(&shop, hers).await, proved(&shop, hers).await);
    let setup = begun(&shop, &thief).await;
    assert!(crate::account::end_one(&shop, &owner, thief.session(), &session::Device::of_the_shop()).await.unwrap());
    let ended = |result: Result<(), FactorError>| match result {
        Err(FactorError::Refused(fault)) => assert_eq!(fault, Fault::SessionEnded),
        other => panic!("{other:?}"),
    };
    for who in [&thief, &owner] {
        assert_eq!(page(&shop, who, Lang::En).await.unwrap(), TotpView::Off, "what it began is over with it");
    }
    ended(begin(&shop, &thief).await);
    ended(confirm(&shop, &thief, &shown(&setup, shop.now()), &device()).await.map(drop));
    ended(turn_off(&shop, &thief, &device()).await.map(drop));
    ended(recovery::renew(&shop, &thief, &device()).await.map(drop));
    assert!(turn_off(&shop, &owner, &device()).await.unwrap());
});
