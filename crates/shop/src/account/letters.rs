//! The mails of the door, written into the outbox together with what they tell about.

use noren_domain::account::Customer;
use noren_domain::{Id, moment};
use uuid::Uuid;

use crate::Shop;
use crate::db::Conn;
use crate::mail::account::{AccountMail, Before, DormantStep, EmailMail};
use crate::mail::sent::standing::{self, MailStanding};
use crate::mail::{self, Mail};
use crate::outbox::{self, Urgency};

const HOUR: i64 = 60 * 60_000;

async fn post(conn: &mut Conn, shop: &Shop, key: &str, mail: AccountMail) -> Result<(), sqlx::Error> {
    mail::enqueue(conn, shop, key, &Mail::Account(mail)).await
}

fn registration_key(registration: Uuid) -> String {
    format!("register-{registration}")
}

/// Takes back the mail of a registration that is over: its address is gone with it.
pub async fn forget_registration(conn: &mut Conn, shop: &Shop, registration: Uuid) -> Result<(), sqlx::Error> {
    outbox::cancel(conn, shop, &registration_key(registration)).await
}

/// The code that proves the address.
pub async fn registration_code(conn: &mut Conn, shop: &Shop, registration: Uuid) -> Result<(), sqlx::Error> {
    let mail = AccountMail::RegistrationCode { registration };
    post(conn, shop, &registration_key(registration), mail).await
}

/// To the owner of an address that somebody tried to register again.
pub async fn already_registered(
    conn: &mut Conn,
    shop: &Shop,
    registration: Uuid,
    customer: Uuid,
) -> Result<(), sqlx::Error> {
    let mail = AccountMail::AlreadyRegistered { customer };
    post(conn, shop, &registration_key(registration), mail).await
}

/// A sign-in from a browser not seen before.
pub async fn new_device(conn: &mut Conn, shop: &Shop, sign_in: Uuid) -> Result<(), sqlx::Error> {
    post(conn, shop, &format!("sign-in-{sign_in}"), AccountMail::NewDevice { sign_in }).await
}

fn code_key(challenge: Uuid) -> String {
    format!("code-{challenge}")
}

/// A code that the person who has the mailbox is to type in; where `customer` is `None`, the mail that there is no account,
/// which is as urgent as any to an address that a stranger has typed in.
pub async fn code(
    conn: &mut Conn,
    shop: &Shop,
    challenge: Uuid,
    customer: Option<Id<Customer>>,
) -> Result<(), sqlx::Error> {
    let mail = Mail::Account(AccountMail::Code { challenge });
    let urgency = if customer.is_some() { mail.urgency() } else { Urgency::Stranger };
    mail::enqueue_as(conn, shop, &code_key(challenge), &mail, urgency).await
}

/// Takes back the mail of a challenge that is over.
pub async fn forget_code(conn: &mut Conn, shop: &Shop, challenge: Uuid) -> Result<(), sqlx::Error> {
    outbox::cancel(conn, shop, &code_key(challenge)).await
}

fn email_code_key(code: Uuid) -> String {
    format!("email-code-{code}")
}

/// The code `code` of the change of an address.
pub async fn email_code(
    conn: &mut Conn,
    shop: &Shop,
    code: Uuid,
    change: Uuid,
    what: EmailMail,
) -> Result<(), sqlx::Error> {
    post(conn, shop, &email_code_key(code), AccountMail::EmailChange { change, what }).await
}

/// To the owner of an address that somebody else wanted to change to, in place of the code `code`.
pub async fn email_wanted(
    conn: &mut Conn,
    shop: &Shop,
    code: Uuid,
    customer: Uuid,
    change: Uuid,
) -> Result<(), sqlx::Error> {
    post(conn, shop, &email_code_key(code), AccountMail::EmailWanted { customer, change: Some(change) }).await
}

/// Takes back the mail of a code that is over.
pub async fn forget_email_code(conn: &mut Conn, shop: &Shop, code: Uuid) -> Result<(), sqlx::Error> {
    outbox::cancel(conn, shop, &email_code_key(code)).await
}

fn email_key(change: Uuid, what: EmailMail) -> String {
    format!("email-{}-{change}", what.word())
}

/// News of the change of an address.
pub async fn email(conn: &mut Conn, shop: &Shop, change: Uuid, what: EmailMail) -> Result<(), sqlx::Error> {
    post(conn, shop, &email_key(change, what), AccountMail::EmailChange { change, what }).await
}

/// Where this news of the change of an address stands.
pub(super) async fn email_standing(
    conn: &mut Conn,
    change: Uuid,
    what: EmailMail,
) -> Result<MailStanding, sqlx::Error> {
    standing::of(conn, &email_key(change, what)).await
}

/// Takes back the news of a change that is gone.
pub async fn forget_email(conn: &mut Conn, shop: &Shop, change: Uuid) -> Result<(), sqlx::Error> {
    for what in EmailMail::ALL {
        outbox::cancel(conn, shop, &email_key(change, what)).await?;
    }
    Ok(())
}

/// To an address that somebody tries to register and that was an account's until a few days ago.
/// `secret`: the mailbox may be read by somebody else, and is told nothing of that.
pub async fn email_held(conn: &mut Conn, shop: &Shop, registration: Uuid, secret: bool) -> Result<(), sqlx::Error> {
    post(conn, shop, &registration_key(registration), AccountMail::EmailHeld { registration, secret }).await
}

fn event_key(event: Uuid) -> String {
    format!("event-{event}")
}

/// Something happened to the account; the mail keeps `before` of what it was.
pub async fn event(conn: &mut Conn, shop: &Shop, event: Uuid, before: Before) -> Result<(), sqlx::Error> {
    post(conn, shop, &event_key(event), AccountMail::Event { event, before }).await
}

/// Where the mail about something that happened to the account stands.
pub(super) async fn event_standing(conn: &mut Conn, event: Uuid) -> Result<MailStanding, sqlx::Error> {
    standing::of(conn, &event_key(event)).await
}

/// People of the shop opened the customer's data today: one mail about the whole day, at eight o'clock the next
/// morning in Japan.
pub async fn staff_read(conn: &mut Conn, shop: &Shop, customer: Uuid) -> Result<(), sqlx::Error> {
    let day = moment::day(shop.now());
    let (key, mail) = (format!("staff-read-{customer}-{day}"), AccountMail::StaffRead { customer, day });
    let morning = moment::start_of_day(day + 1) + 8 * HOUR;
    mail::enqueue_at(conn, shop, &key, &Mail::Account(mail), morning).await
}

pub(super) fn erased_key(erasure: Uuid) -> String {
    format!("erased-{erasure}")
}

/// The statement of an erasure: the last mail to that address.
pub async fn erased(conn: &mut Conn, shop: &Shop, erasure: Uuid) -> Result<(), sqlx::Error> {
    post(conn, shop, &erased_key(erasure), AccountMail::Erased { erasure }).await
}

/// What the keys of all mails about this step begin with. When it was written follows, and whose it is: it may have to
/// be written anew.
fn dormant_keys(step: DormantStep) -> String {
    format!("dormant-{}-", step.word())
}

/// About an account that nobody uses; `day` is when something happens (UTC ms).
pub async fn dormant(
    conn: &mut Conn,
    shop: &Shop,
    customer: Uuid,
    step: DormantStep,
    day: i64,
) -> Result<(), sqlx::Error> {
    let key = format!("{}{}-{customer}", dormant_keys(step), shop.now());
    post(conn, shop, &key, AccountMail::Dormant { customer, step, day }).await
}

/// Where the newest mail to the customer about this step stands, and the key of its job. It is not looked for by the
/// moment that `dormancy` has: that becomes the one at which the mail has left.
pub(super) async fn dormant_standing(
    conn: &mut Conn,
    customer: Uuid,
    step: DormantStep,
) -> Result<(MailStanding, Option<String>), sqlx::Error> {
    let newest = standing::newest(conn, customer, &dormant_keys(step)).await?;
    Ok(newest.map_or((MailStanding::Gone, None), |(key, standing)| (standing, Some(key))))
}
