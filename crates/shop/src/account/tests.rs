use noren_domain::Lang;
use noren_domain::account::{
    AskedFor, Email, Login, LoginForm, Password, Proof, ProveForm, Register, RegisterForm, ResetForm, SignInOutcome,
    StepCode, Verify, VerifyForm,
};
use noren_domain::form::Weakness;

mod guessing;
mod lost;
mod nodes;
mod password;
mod registration;
mod second_step;
mod sign_in;
mod sign_ins;
mod thieves;
mod tries;

use super::challenge::{Kind, ask_mailbox};
use super::*;
use crate::clock::SKEW;
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

fn new_password(code: &str) -> noren_domain::account::Reset {
    ResetForm { code: code.into(), password: "lantern river maple".into() }.parse().unwrap()
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
    let who = find(&shop, &mori.token).await.unwrap().unwrap().recent(shop.now()).unwrap();
    events::another_phrase(&shop, &who, &device("x")).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    let told = crate::mail::mailbox::list(&shop).await.unwrap().into_iter();
    let told = told.filter(|mail| mail.subject.contains("合言葉")).collect::<Vec<_>>();
    assert!(told.len() == 1 && told[0].text.contains(&phrase(&mori, 0).words(Lang::Ja)), "{told:?}");
    assert!(!told[0].text.contains(&phrase(&mori, 1).words(Lang::Ja)), "it is the last one with that of before");
    shop.clock.advance(1);
    ask_mailbox(&shop, Kind::Reset, &Email::parse("mori@example.jp").unwrap(), Lang::Ja, &device("x")).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    let newest = crate::mail::mailbox::list(&shop).await.unwrap().remove(0);
    assert!(newest.text.contains(&phrase(&mori, 1).words(Lang::Ja)), "{}", newest.text);
});

on_both_databases!(a_check_phrase_is_exchanged_five_times_a_day_and_by_nobody_whose_session_has_ended(shop) {
    let mori = registered(&shop, "mori@example.jp").await;
    let who = find(&shop, &mori.token).await.unwrap().unwrap().recent(shop.now()).unwrap();
    for _ in 0..5 {
        events::another_phrase(&shop, &who, &device("x")).await.unwrap();
    }
    let sixth = events::another_phrase(&shop, &who, &device("x")).await;
    assert!(matches!(refused(sixth), Fault::TooMany { .. }));
    let (no,) = fetch_one!(shop.db.read().await.unwrap(), (i64,), "SELECT phrase_no FROM customer").await.unwrap();
    assert_eq!(no, 5);
    shop.clock.advance(24 * 60 * MINUTE);
    logout(&shop, &mori.token).await.unwrap();
    assert_eq!(refused(events::another_phrase(&shop, &who, &device("x")).await), Fault::SessionEnded);
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
