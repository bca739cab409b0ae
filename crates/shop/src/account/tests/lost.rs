//! Second factors whose owner says that they have lost them.

use noren_domain::account::AccountEvent;

use super::second_step::{app_shows, asked, step, with_app};
use super::*;
use crate::account::factors::FactorError;
use crate::account::lost::{self, Asked, DELAY, keep, keep_by_the_shop, remove_due, remove_later};
use crate::account::testing::{address_changed, proved};
use crate::session;

async fn owner_of(shop: &TestShop) -> Id<Customer> {
    Id::new(fetch_one!(shop.db.read().await.unwrap(), (Uuid,), "SELECT id FROM customer").await.unwrap().0)
}

/// Makes the newest mail that a removal was asked for stand like this, from now on.
async fn stands(shop: &TestShop, state: &'static str) {
    let sql = "SELECT id FROM account_event WHERE kind = 'factors_removal_asked' ORDER BY at DESC, id DESC LIMIT 1";
    let (event,) = fetch_one!(shop.db.read().await.unwrap(), (Uuid,), sql).await.unwrap();
    let mut tx = shop.db.write().await.unwrap();
    let sql = "UPDATE mail_sent SET state = $1, at = $2 WHERE key = $3";
    assert_eq!(execute!(tx, sql, state, shop.now(), format!("event-{event}")).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

async fn due(shop: &TestShop, customer: Id<Customer>) -> Option<i64> {
    lost::waiting(&mut shop.db.read().await.unwrap(), customer).await.unwrap()
}

/// What the owner was told by mail, in this order.
async fn told(shop: &TestShop) -> Vec<AccountEvent> {
    let sql = "SELECT kind FROM account_event ORDER BY at, id";
    let rows = fetch_all!(shop.db.read().await.unwrap(), (String,), sql).await.unwrap();
    rows.into_iter().map(|(kind,)| AccountEvent::from_word(&kind).unwrap()).collect()
}

on_both_databases!(lost_factors_go_three_days_after_somebody_came_as_far_as_their_code_and_the_owner_is_told_twice(shop) {
    let (_, codes, home) = with_app(&shop).await;
    let customer = owner_of(&shop).await;
    assert_eq!(remove_later(&shop, customer).await.unwrap(), Asked::NotTried, "the shop has looked at no password");
    let pending = asked(&shop, &device("x")).await;
    shop.clock.advance(1);
    let due = shop.now() + DELAY;
    assert_eq!(remove_later(&shop, customer).await.unwrap(), Asked::Now(due));
    outbox::run_due(&shop).await.unwrap();
    assert_eq!(remove_later(&shop, customer).await.unwrap(), Asked::Already(due));
    assert_eq!(told(&shop).await.last(), Some(&AccountEvent::FactorsRemovalAsked));
    shop.clock.advance(DELAY - 1);
    remove_due(&shop).await.unwrap();
    assert_eq!(challenge::waiting(&shop, &asked(&shop, &home).await, Kind::SignIn).await.unwrap(), Some(AskedFor::App));
    shop.clock.advance(1);
    remove_due(&shop).await.unwrap();
    remove_due(&shop).await.unwrap();
    assert_eq!(told(&shop).await.last(), Some(&AccountEvent::FactorsRemoved));
    assert_eq!(told(&shop).await.len(), 3, "the app, the removal, and that it is done");
    // What is left is the password with the mailbox, in whichever browser.
    for sql in [
        "SELECT COUNT(*) FROM totp",
        "SELECT COUNT(*) FROM recovery_code",
        "SELECT COUNT(*) FROM session WHERE ended_at IS NULL",
        "SELECT COUNT(*) FROM known_device",
        "SELECT COUNT(*) FROM challenge",
    ] {
        assert_eq!(fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0, 0, "{sql}");
    }
    let spent = StepCode::Recovery(codes[0].clone());
    assert_eq!(refused(step(&shop, &pending, &spent, &device("x")).await), Fault::CodeOver);
    assert!(find(&shop, &entered(&shop, "mori@example.jp", &home).await.token).await.unwrap().is_some());
    assert_eq!(remove_later(&shop, customer).await.unwrap(), Asked::Nothing);
});

on_both_databases!(a_removal_takes_nothing_that_was_set_up_after_a_new_password_took_the_thiefs_app_away(shop) {
    let home = device("Firefox/1");
    with_app(&shop).await;
    let customer = owner_of(&shop).await;
    asked(&shop, &home).await;
    assert!(matches!(remove_later(&shop, customer).await.unwrap(), Asked::Now(_)));
    let email = Email::parse("mori@example.jp").unwrap();
    shop.clock.advance(1);
    let pending = ask_mailbox(&shop, Kind::Reset, &email, Lang::Ja, &home).await.unwrap();
    reset_password(&shop, &pending, &new_password(&mailed_code(&shop).await), &home, None).await.unwrap();
    assert_eq!(lost::waiting(&mut shop.db.read().await.unwrap(), customer).await.unwrap(), None);
});

on_both_databases!(the_owner_stops_it_by_a_press_a_letter_and_by_coming_in_with_what_is_said_to_be_lost(shop) {
    let (secret, _, home) = with_app(&shop).await;
    shop.clock.advance(email_change::PATIENCE);
    let customer = owner_of(&shop).await;
    asked(&shop, &device("thief")).await;
    for stopped_by in ["press", "letter", "app"] {
        assert!(matches!(remove_later(&shop, customer).await.unwrap(), Asked::Now(_)));
        shop.clock.advance(1);
        if stopped_by == "app" {
            let pending = asked(&shop, &home).await;
            let code = app_shows(&shop, &secret);
            let Opening::In(entered) = step(&shop, &pending, &code, &home).await.unwrap() else { panic!("it was right") };
            let who = find(&shop, &entered.token).await.unwrap().unwrap();
            assert!(view::security(&shop, &who, Lang::Ja).await.unwrap().unwrap().factors.removal.is_none());
        } else if stopped_by == "letter" {
            assert!(keep_by_the_shop(&shop, customer).await.unwrap());
            assert!(!keep_by_the_shop(&shop, customer).await.unwrap());
        } else {
            let who = proved(&shop, customer).await;
            assert!(keep(&shop, &who, &home).await.unwrap());
            assert!(!keep(&shop, &who, &home).await.unwrap());
        }
        assert_eq!(told(&shop).await.last(), Some(&AccountEvent::FactorsKept));
        shop.clock.advance(1);
    }
    shop.clock.advance(DELAY);
    remove_due(&shop).await.unwrap();
    let pending = asked(&shop, &home).await;
    assert_eq!(challenge::waiting(&shop, &pending, Kind::SignIn).await.unwrap(), Some(AskedFor::App));
});

on_both_databases!(lost_factors_stay_until_three_days_after_no_address_can_be_put_back_any_more(shop) {
    with_app(&shop).await;
    let customer = owner_of(&shop).await;
    address_changed(&shop, customer).await;
    let due = shop.now() + email_change::BACK_LIFE + DELAY;
    asked(&shop, &device("x")).await;
    shop.clock.advance(1);
    assert_eq!(remove_later(&shop, customer).await.unwrap(), Asked::Now(due));
    assert_eq!(remove_later(&shop, customer).await.unwrap(), Asked::Already(due));
});

on_both_databases!(a_removal_that_a_clock_which_was_ahead_put_far_off_is_asked_for_anew(shop) {
    const YEAR: i64 = 365 * DAY;
    let (_, _, home) = with_app(&shop).await;
    let customer = owner_of(&shop).await;
    shop.clock.advance(YEAR);
    asked(&shop, &device("x")).await;
    assert!(matches!(remove_later(&shop, customer).await.unwrap(), Asked::Now(_)));
    outbox::run_due(&shop).await.unwrap();
    shop.clock.advance(-YEAR);
    assert_eq!(remove_later(&shop, customer).await.unwrap(), Asked::NotTried, "nor did anybody come so far lately");
    asked(&shop, &home).await;
    shop.clock.advance(1);
    let due = shop.now() + DELAY;
    assert_eq!(remove_later(&shop, customer).await.unwrap(), Asked::Now(due));
    assert_eq!(remove_later(&shop, customer).await.unwrap(), Asked::Already(due));
    outbox::run_due(&shop).await.unwrap();
    shop.clock.advance(DELAY);
    remove_due(&shop).await.unwrap();
    let told = told(&shop).await;
    assert!(told.contains(&AccountEvent::FactorsRemoved), "{told:?}");
});

on_both_databases!(a_removal_that_was_asked_for_before_a_change_of_the_address_waits_as_long_as_one_after_it(shop) {
    with_app(&shop).await;
    let customer = owner_of(&shop).await;
    asked(&shop, &device("x")).await;
    shop.clock.advance(1);
    assert!(matches!(remove_later(&shop, customer).await.unwrap(), Asked::Now(_)));
    outbox::run_due(&shop).await.unwrap();
    shop.clock.advance(DELAY);
    address_changed(&shop, customer).await;
    let due = shop.now() + email_change::BACK_LIFE + DELAY;
    for wait in [0, email_change::BACK_LIFE - 1, DELAY] {
        shop.clock.advance(wait);
        remove_due(&shop).await.unwrap();
        assert_eq!(lost::waiting(&mut shop.db.read().await.unwrap(), customer).await.unwrap(), Some(due));
        assert_eq!(told(&shop).await.last(), Some(&AccountEvent::FactorsRemovalAsked));
    }
    shop.clock.advance(1);
    remove_due(&shop).await.unwrap();
    assert_eq!(told(&shop).await.last(), Some(&AccountEvent::FactorsRemoved));
});

on_both_databases!(a_session_that_was_ended_stops_no_removal(shop) {
    with_app(&shop).await;
    let customer = owner_of(&shop).await;
    asked(&shop, &device("x")).await;
    let Asked::Now(due) = remove_later(&shop, customer).await.unwrap() else { panic!("it was asked for") };
    let who = proved(&shop, customer).await;
    let mut tx = shop.db.write().await.unwrap();
    session::end(&mut tx, customer, who.session(), shop.now()).await.unwrap();
    tx.commit().await.unwrap();
    let answer = keep(&shop, &who, &device("x")).await;
    assert!(matches!(answer, Err(FactorError::Refused(Fault::SessionEnded))), "{answer:?}");
    assert_eq!(lost::waiting(&mut shop.db.read().await.unwrap(), customer).await.unwrap(), Some(due));
});

on_both_databases!(a_removal_that_waits_stands_on_the_security_page_and_asks_for_attention(shop) {
    let (secret, _, home) = with_app(&shop).await;
    let pending = asked(&shop, &home).await;
    let code = app_shows(&shop, &secret);
    let Opening::In(entered) = step(&shop, &pending, &code, &home).await.unwrap() else { panic!("it was right") };
    let who = find(&shop, &entered.token).await.unwrap().unwrap();
    asked(&shop, &home).await;
    let before = view::security(&shop, &who, Lang::Ja).await.unwrap().unwrap();
    let Asked::Now(due) = remove_later(&shop, who.customer).await.unwrap() else { panic!("it was asked for") };
    let page = view::security(&shop, &who, Lang::Ja).await.unwrap().unwrap();
    assert_eq!(page.factors.removal, Some(due));
    assert_eq!(page.attention.len(), before.attention.len() + 1);
});

on_both_databases!(an_app_that_was_set_up_just_before_does_not_stop_it_however_late_it_is_shown(shop) {
    let (secret, _, home) = with_app(&shop).await;
    let customer = owner_of(&shop).await;
    asked(&shop, &home).await;
    shop.clock.advance(DAY - 1);
    let Asked::Now(due) = remove_later(&shop, customer).await.unwrap() else { panic!("it was asked for") };
    shop.clock.advance(DELAY - 60 * MINUTE);
    let pending = asked(&shop, &home).await;
    let code = app_shows(&shop, &secret);
    assert!(matches!(step(&shop, &pending, &code, &home).await.unwrap(), Opening::In(_)));
    assert_eq!(lost::waiting(&mut shop.db.read().await.unwrap(), customer).await.unwrap(), Some(due));
});

/// The removal of the factors of mori@example.jp, which was just asked for; no mail has left since.
async fn removal(shop: &TestShop) -> Id<Customer> {
    with_app(shop).await;
    let customer = owner_of(shop).await;
    asked(shop, &device("x")).await;
    outbox::run_due(shop).await.unwrap();
    shop.clock.advance(1);
    assert!(matches!(remove_later(shop, customer).await.unwrap(), Asked::Now(_)));
    customer
}

on_both_databases!(second_factors_are_not_taken_away_before_their_owner_was_told(shop) {
    let customer = removal(&shop).await;
    for state in ["queued", "sending"] {
        stands(&shop, state).await;
        shop.clock.advance(DELAY);
        remove_due(&shop).await.unwrap();
        assert_eq!(due(&shop, customer).await, Some(shop.now() + DELAY), "{state}");
    }
    assert_eq!(told(&shop).await, [AccountEvent::TotpOn, AccountEvent::FactorsRemovalAsked], "the same mail is tried");
    shop.clock.advance(120 * MINUTE);
    outbox::run_due(&shop).await.unwrap();
    let left = shop.now();
    shop.clock.advance(DELAY - 120 * MINUTE);
    remove_due(&shop).await.unwrap();
    assert_eq!(due(&shop, customer).await, Some(left + DELAY), "it has left later than it was put off");
    shop.clock.advance(120 * MINUTE - 1);
    remove_due(&shop).await.unwrap();
    assert_eq!(told(&shop).await.last(), Some(&AccountEvent::FactorsRemovalAsked));
    shop.clock.advance(1);
    remove_due(&shop).await.unwrap();
    assert_eq!(told(&shop).await.last(), Some(&AccountEvent::FactorsRemoved));
});

on_both_databases!(an_owner_whose_mail_could_not_be_sent_for_days_is_told_by_another_one(shop) {
    let customer = removal(&shop).await;
    stands(&shop, "given_up").await;
    shop.clock.advance(DELAY);
    remove_due(&shop).await.unwrap();
    assert_eq!(due(&shop, customer).await, Some(shop.now() + DELAY));
    let asked = AccountEvent::FactorsRemovalAsked;
    assert_eq!(told(&shop).await, [AccountEvent::TotpOn, asked, asked]);
    outbox::run_due(&shop).await.unwrap();
    shop.clock.advance(DELAY);
    remove_due(&shop).await.unwrap();
    assert_eq!(told(&shop).await.last(), Some(&AccountEvent::FactorsRemoved));
});

on_both_databases!(an_owner_whose_mail_was_called_off_for_the_day_had_come_is_told_anew(shop) {
    let customer = removal(&shop).await;
    shop.clock.advance(DELAY);
    // The mail server is there again before the removal is put off.
    outbox::run_due(&shop).await.unwrap();
    for _ in 0..2 {
        remove_due(&shop).await.unwrap();
    }
    assert_eq!(due(&shop, customer).await, Some(shop.now() + DELAY));
    let asked = AccountEvent::FactorsRemovalAsked;
    assert_eq!(told(&shop).await, [AccountEvent::TotpOn, asked, asked]);
    outbox::run_due(&shop).await.unwrap();
    shop.clock.advance(DELAY);
    remove_due(&shop).await.unwrap();
    assert_eq!(told(&shop).await.last(), Some(&AccountEvent::FactorsRemoved));
});

on_both_databases!(an_owner_whose_mailbox_refuses_the_mail_counts_as_told_of_a_removal(shop) {
    removal(&shop).await;
    stands(&shop, "bounced").await;
    shop.clock.advance(DELAY);
    remove_due(&shop).await.unwrap();
    assert_eq!(told(&shop).await.last(), Some(&AccountEvent::FactorsRemoved));
});
