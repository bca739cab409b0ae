//! Factors that took the place of old ones, and the way back.

use noren_domain::account::TotpView;
use totp_rs::{Builder, Secret};

use super::*;
use crate::account::totp;

/// What the app would show for the secret that was begun.
async fn begun(shop: &TestShop, who: &Recent) -> noren_domain::account::Totp {
    totp::begin(shop, who).await.unwrap();
    let TotpView::Begun(setup) = totp::page(shop, who, Lang::Ja).await.unwrap() else { panic!("it was begun") };
    let secret = Secret::try_from_base32(setup.secret.replace(' ', "")).unwrap();
    let app = Builder::new().with_secret(secret).build().unwrap();
    let shown = app.generate(u64::try_from(shop.now() / 1_000).unwrap());
    let StepCode::App(code) = StepCode::parse(&shown.to_string()).unwrap() else { panic!("an app's") };
    code
}

/// Turns the app off and sets another one up.
async fn replaces(shop: &TestShop, off: &Recent, on: &Recent) {
    shop.clock.advance(1);
    assert!(totp::turn_off(shop, off, &device()).await.unwrap());
    let code = begun(shop, on).await;
    totp::confirm(shop, on, &code, &device()).await.unwrap();
}

async fn count(shop: &Shop, table: &str) -> i64 {
    let sql = match table {
        "totp" => "SELECT COUNT(*) FROM totp",
        _ => "SELECT COUNT(*) FROM recovery_code",
    };
    fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0
}

/// The account with an app of `age` milliseconds, and recovery codes.
async fn with_old(shop: &TestShop, age: i64) -> Id<Customer> {
    let hers = customer(shop, OLD).await;
    let who = proved(shop, hers).await;
    let code = begun(shop, &who).await;
    totp::confirm(shop, &who, &code, &device()).await.unwrap();
    shop.clock.advance(age);
    hers
}

on_both_databases!(an_app_and_codes_that_replaced_old_ones_outlive_a_way_back_by_the_old_mailbox(shop) {
    let hers = with_old(&shop, PATIENCE).await;
    let who = proved_by_app(&shop, hers).await;
    for _ in 0..2 {
        replaces(&shop, &who, &who).await;
        recovery::renew(&shop, &who, &device()).await.unwrap();
    }
    changed(&shop, &who, OLD, NEW).await;
    take_back(&shop, &link_to(&shop, OLD).await, &device()).await.unwrap();
    assert_eq!((count(&shop, "totp").await, count(&shop, "recovery_code").await), (1, 10));
});

on_both_databases!(an_app_that_replaced_an_old_one_on_another_proof_is_no_heir(shop) {
    let hers = with_old(&shop, PATIENCE).await;
    let who = proved_by_app(&shop, hers).await;
    totp::turn_off(&shop, &who, &device()).await.unwrap();
    shop.clock.advance(1);
    // The password alone has proved this session, or this one anew.
    let other = proved(&shop, hers).await;
    let code = begun(&shop, &other).await;
    totp::confirm(&shop, &other, &code, &device()).await.unwrap();
    changed(&shop, &other, OLD, NEW).await;
    take_back(&shop, &link_to(&shop, OLD).await, &device()).await.unwrap();
    assert_eq!(count(&shop, "totp").await, 0);

    shop.clock.advance(BACK_LIFE + 1);
    account::sweep(&shop).await.unwrap();
    let who = proved(&shop, hers).await;
    let code = begun(&shop, &who).await;
    totp::confirm(&shop, &who, &code, &device()).await.unwrap();
    shop.clock.advance(PATIENCE);
    let who = proved_by_app(&shop, hers).await;
    totp::turn_off(&shop, &who, &device()).await.unwrap();
    shop.clock.advance(1);
    let again = proves_by_passkey(&shop, &who).await;
    let code = begun(&shop, &again).await;
    totp::confirm(&shop, &again, &code, &device()).await.unwrap();
    changed(&shop, &again, OLD, NEW).await;
    take_back(&shop, &link_to(&shop, OLD).await, &device()).await.unwrap();
    assert_eq!(count(&shop, "totp").await, 0);
});

on_both_databases!(an_heir_of_a_young_app_is_young_and_so_are_codes_replaced_with_it(shop) {
    let hers = with_old(&shop, PATIENCE - HOUR).await;
    let who = proved_by_app(&shop, hers).await;
    replaces(&shop, &who, &who).await;
    recovery::renew(&shop, &who, &device()).await.unwrap();
    changed(&shop, &who, OLD, NEW).await;
    take_back(&shop, &link_to(&shop, OLD).await, &device()).await.unwrap();
    assert_eq!((count(&shop, "totp").await, count(&shop, "recovery_code").await), (0, 0));
});

on_both_databases!(what_replaced_an_old_app_and_codes_on_a_proof_by_a_passkey_is_no_heir(shop) {
    let hers = with_old(&shop, PATIENCE).await;
    let passkey = proved(&shop, hers).await;
    recovery::renew(&shop, &passkey, &device()).await.unwrap();
    replaces(&shop, &passkey, &passkey).await;
    changed(&shop, &passkey, OLD, NEW).await;
    take_back(&shop, &link_to(&shop, OLD).await, &device()).await.unwrap();
    assert_eq!((count(&shop, "totp").await, count(&shop, "recovery_code").await), (0, 0));
});

on_both_databases!(what_replaced_an_old_app_when_its_code_was_not_fresh_any_more_is_no_heir(shop) {
    let hers = with_old(&shop, PATIENCE).await;
    let who = proved_by_app(&shop, hers).await;
    shop.clock.advance(session::RECENT + 1);
    let passkey = proves_by_passkey(&shop, &who).await;
    recovery::renew(&shop, &passkey, &device()).await.unwrap();
    replaces(&shop, &passkey, &passkey).await;
    changed(&shop, &passkey, OLD, NEW).await;
    take_back(&shop, &link_to(&shop, OLD).await, &device()).await.unwrap();
    assert_eq!((count(&shop, "totp").await, count(&shop, "recovery_code").await), (0, 0));
});

on_both_databases!(everywhere_else_an_heir_is_as_young_as_it_is(shop) {
    let hers = with_old(&shop, PATIENCE).await;
    let who = proved_by_app(&shop, hers).await;
    replaces(&shop, &who, &who).await;
    asks(&shop, &who, NEW).await.unwrap();
    assert_eq!(changes(&shop).await, [("new".to_owned(), "both".to_owned())], "the old mailbox is asked");
});
