//! What a change of the address promises.

use noren_domain::account::{EmailBack, EmailForm, EmailStep, RegisterForm, VerifyForm};

mod asking;
mod back;
mod clocks;
mod crowd;
mod heirs;
mod late;

use super::*;
use crate::account::testing::{customer, proved, proved_by_app};
use crate::mail::mailbox::{self, Received};
use crate::testing::TestShop;
use crate::{account, fetch_one, on_both_databases};

const OLD: &str = "hanako@example.jp";
const NEW: &str = "hanako.new@example.com";
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

fn device() -> Device {
    Device::new("Firefox/1".to_owned(), Some("203.0.113.7".parse().unwrap()))
}

fn wanted(email: &str) -> EmailChange {
    EmailForm { email: email.into(), ..EmailForm::default() }.parse().unwrap()
}

/// Asks for `email`; the clock goes on, for of two mails of one millisecond nobody could tell which is the newer one.
async fn asks(shop: &Shop, who: &Recent, email: &str) -> Result<(), DoorError> {
    shop.clock.advance(1);
    ask(shop, who, &wanted(email), Lang::Ja, &device()).await
}

async fn types(shop: &Shop, who: &Recent, code: &StepCode) -> Result<Confirmed, DoorError> {
    shop.clock.advance(1);
    confirm(shop, who, code, &device()).await
}

fn refused<T>(result: Result<T, DoorError>) -> Fault {
    match result {
        Err(DoorError::Refused(fault)) => fault,
        Err(other) => panic!("refused for another reason: {other}"),
        Ok(_) => panic!("it was done"),
    }
}

/// The mails that went to `to` so far, oldest first.
async fn mails_to(shop: &Shop, to: &str) -> Vec<Received> {
    outbox::run_due(shop).await.unwrap();
    let mut mails = mailbox::list(shop).await.unwrap();
    mails.retain(|mail| mail.to == to);
    mails.reverse();
    mails
}

/// The code in the newest mail to `to` that has one.
async fn code_to(shop: &Shop, to: &str) -> StepCode {
    let mails = mails_to(shop, to).await;
    let code = mails.iter().rev().find_map(|mail| mail.text.lines().find_map(|line| line.strip_prefix("    ")));
    StepCode::parse(code.expect("a mail holds a code")).unwrap()
}

/// The link in the newest mail to `to` that has one.
async fn link_to(shop: &Shop, to: &str) -> Token {
    let mails = mails_to(shop, to).await;
    let found = mails.iter().rev().find_map(|mail| mail.text.split("/account/email/back/").nth(1));
    Token::parse(&found.expect("a mail holds a link")[..43]).unwrap()
}

fn another(code: &StepCode) -> StepCode {
    let StepCode::Digits(right) = code else { panic!("digits") };
    let zero = right.code.starts_with('0');
    let wrong = format!("{}{}", if zero { '1' } else { '0' }, &right.code[1..]);
    StepCode::parse(&wrong).unwrap()
}

async fn address_of(shop: &Shop, customer: Id<Customer>) -> String {
    let address: Result<_, DoorError> = account::view::address(shop, customer, "test").await;
    address.unwrap().unwrap()
}

async fn owner_of(shop: &Shop, address: &str) -> Option<Uuid> {
    let email = Email::parse(address).unwrap();
    let index = looked_for(shop, Asker::guest(Uuid::nil(), "test"), &email).await.unwrap();
    account::owner(&mut shop.db.read().await.unwrap(), &index).await.unwrap()
}

async fn sessions(shop: &Shop, customer: Id<Customer>) -> i64 {
    let sql = "SELECT COUNT(*) FROM session WHERE customer_id = $1 AND ended_at IS NULL";
    fetch_one!(shop.db.read().await.unwrap(), (i64,), sql, customer.0).await.unwrap().0
}

/// The session proves itself anew by a passkey, which asks for no code of an app.
async fn proves_by_passkey(shop: &Shop, who: &Recent) -> Recent {
    let mut tx = shop.db.write().await.unwrap();
    let token = session::prove(&mut tx, shop, who.who()).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    session::find(shop, &token).await.unwrap().unwrap().recent(shop.now()).unwrap()
}

async fn changes(shop: &Shop) -> Vec<(String, String)> {
    let sql = "SELECT state, way FROM email_change ORDER BY id";
    fetch_all!(shop.db.read().await.unwrap(), (String, String), sql).await.unwrap()
}

/// An authenticator app that was set up at `at`.
async fn with_app(shop: &Shop, customer: Id<Customer>, at: i64) {
    let mut tx = shop.db.write().await.unwrap();
    let sql = "INSERT INTO totp (customer_id, secret, created_at, confirmed_at, last_step) VALUES ($1, $2, $3, $3, 0)";
    execute!(tx, sql, customer.0, vec![1u8; 20], at).await.unwrap();
    tx.commit().await.unwrap();
}

/// Changes the address with the code of the new mailbox, and that of the old one where it is asked for.
async fn changed(shop: &Shop, who: &Recent, from: &str, to: &str) {
    asks(shop, who, to).await.unwrap();
    let code = code_to(shop, to).await;
    if let Confirmed::OldCode = types(shop, who, &code).await.unwrap() {
        let code = code_to(shop, from).await;
        assert!(matches!(types(shop, who, &code).await.unwrap(), Confirmed::Changed(_)));
    }
    assert_eq!(address_of(shop, who.customer()).await, to);
}

fn registration(email: &str) -> noren_domain::account::Register {
    let form = RegisterForm { email: email.into(), password: "wardrobe velvet onion".into(), next: String::new() };
    form.parse().unwrap()
}

fn typed(code: &StepCode) -> noren_domain::account::Verify {
    let StepCode::Digits(digits) = code else { panic!("digits") };
    VerifyForm { code: digits.code.clone(), next: String::new() }.parse().unwrap()
}
