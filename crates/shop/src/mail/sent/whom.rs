//! Whose a mail is.

use sqlx::FromRow;
use uuid::Uuid;

use crate::db::Conn;
use crate::fetch_optional;
use crate::mail::account::{AccountMail, EmailMail};
use crate::mail::{Mail, NewsletterMail};

impl Mail {
    pub(super) const fn whom(&self) -> Whom {
        match self {
            Self::OrderPlaced { order }
            | Self::OrderPaid { order }
            | Self::OrderRefunded { order }
            | Self::OrderLapsed { order }
            | Self::OrderForgetting { order, .. } => Whom::Order(*order),
            Self::Account(
                AccountMail::RegistrationCode { registration } | AccountMail::EmailHeld { registration, .. },
            ) => Whom::Registration(*registration),
            Self::Account(
                AccountMail::AlreadyRegistered { customer }
                | AccountMail::EmailWanted { customer, .. }
                | AccountMail::StaffRead { customer, .. }
                | AccountMail::Notice { customer, .. }
                | AccountMail::Dormant { customer, .. },
            )
            | Self::Newsletter(
                NewsletterMail::Confirm { customer, .. }
                | NewsletterMail::Anew { customer, .. }
                | NewsletterMail::Issue { customer, .. },
            ) => Whom::Customer(*customer),
            Self::Account(AccountMail::Code { challenge, .. }) => Whom::Challenge(*challenge),
            Self::Account(AccountMail::NewDevice { sign_in }) => Whom::SignIn(*sign_in),
            Self::Account(AccountMail::Event { event, .. }) => Whom::Event(*event),
            Self::Account(AccountMail::EmailChange { change, what: EmailMail::NewCode | EmailMail::Over }) => {
                Whom::NewMailbox(*change)
            }
            Self::Account(AccountMail::EmailChange { change, .. }) => Whom::EmailChange(*change),
            Self::Account(AccountMail::Erased { erasure }) => Whom::Erased(*erasure),
        }
    }
}

/// Where a mail's person is found.
pub(super) enum Whom {
    Order(Uuid),
    Registration(Uuid),
    Customer(Uuid),
    SignIn(Uuid),
    Challenge(Uuid),
    Event(Uuid),
    NewMailbox(Uuid),
    EmailChange(Uuid),
    Erased(Uuid),
}

#[derive(FromRow)]
pub(super) struct Person {
    pub subject: Uuid,
    pub customer: Option<Uuid>,
    pub lang: String,
}

pub(super) async fn person(conn: &mut Conn, whom: Whom) -> Result<Option<Person>, sqlx::Error> {
    let (sql, id) = match whom {
        Whom::Order(id) => {
            ("SELECT subject_id AS subject, customer_id AS customer, lang FROM orders WHERE id = $1", id)
        }
        Whom::Customer(id) => ("SELECT id AS subject, id AS customer, lang FROM customer WHERE id = $1", id),
        Whom::SignIn(id) => (
            "SELECT c.id AS subject, c.id AS customer, c.lang FROM sign_in s JOIN customer c ON c.id = s.customer_id WHERE s.id = $1",
            id,
        ),
        Whom::Event(id) => (
            "SELECT c.id AS subject, c.id AS customer, c.lang FROM account_event e JOIN customer c ON c.id = e.customer_id WHERE e.id = $1",
            id,
        ),
        // Where nobody has the address, the challenge itself is the record.
        Whom::Challenge(id) => (
            "SELECT COALESCE(customer_id, id) AS subject, customer_id AS customer, lang FROM challenge WHERE id = $1",
            id,
        ),
        Whom::EmailChange(id) => (
            "SELECT c.id AS subject, c.id AS customer, c.lang FROM email_change e JOIN customer c ON c.id = e.customer_id WHERE e.id = $1",
            id,
        ),
        Whom::Erased(id) => {
            let found = fetch_optional!(conn, (Uuid, String), "SELECT record, lang FROM erasure WHERE id = $1", id);
            return Ok(found.await?.map(|(subject, lang)| Person { subject, customer: None, lang }));
        }
        Whom::Registration(id) => {
            let found = fetch_optional!(conn, (String,), "SELECT lang FROM registration WHERE id = $1", id).await?;
            return Ok(found.map(|(lang,)| Person { subject: id, customer: None, lang }));
        }
        // It stands in nobody's list: whoever asked would learn from it that the address is nobody's yet. That of the owner
        // gets it once the change is in effect. What tells that mailbox that the change was taken back went to somebody else,
        // as far as the owner of the account knows.
        Whom::NewMailbox(id) => {
            let found = fetch_optional!(conn, (String,), "SELECT lang FROM email_change WHERE id = $1", id).await?;
            return Ok(found.map(|(lang,)| Person { subject: id, customer: None, lang }));
        }
    };
    fetch_optional!(conn, Person, sql, id).await
}
