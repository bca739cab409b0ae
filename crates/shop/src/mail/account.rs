//! Mails about accounts.

mod rights;
mod words;

use noren_domain::account::{AccountEvent, Erasure};
use noren_domain::{Id, Lang};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::words::{About, Words};
use super::{Letter, MailError, Part};
use crate::account;
use crate::account::challenge::{self, Kind};
use crate::account::events::check_phrase;
use crate::db::Conn;
use crate::vault::{Asker, Field, For};
use crate::{Shop, fetch_optional};

noren_domain::masked!(AccountMail);

/// A mail about an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountMail {
    /// The code that proves the address.
    RegistrationCode {
        /// The registration that waits; its id is the subject of its sealed address.
        registration: Uuid,
    },
    /// Somebody tried to register an address that has an account.
    AlreadyRegistered {
        /// The customer; the id is the subject of the sealed address.
        customer: Uuid,
    },
    /// The code that a sign-in or a new password waits for; where nobody has the address, that this is so.
    Code {
        /// What waits for it.
        challenge: Uuid,
    },
    /// A sign-in from a browser that was not seen before.
    NewDevice {
        /// The sign-in, as the customer's history keeps it.
        sign_in: Uuid,
    },
    /// Something happened to the account that its owner should know of.
    Event {
        /// The row of `account_event`.
        event: Uuid,
    },
    /// The account is not used, and something comes of it.
    Dormant {
        /// The customer.
        customer: Uuid,
        /// What comes next, or came.
        step: DormantStep,
        /// When that is, UTC ms.
        day: i64,
    },
    /// The account was erased: the statement, and the last mail.
    Erased {
        /// The row of `erasure`.
        erasure: Uuid,
    },
}

/// What the owner of an account that is not used is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DormantStep {
    /// Little used data are to go.
    BeforeReducing,
    /// They went.
    Reduced,
    /// The account is to be erased.
    BeforeErasing,
    /// It is, in a few days.
    LastCall,
}

impl DormantStep {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::BeforeReducing, Self::Reduced, Self::BeforeErasing, Self::LastCall];

    /// Its word in the key of its mail.
    pub const fn word(self) -> &'static str {
        match self {
            Self::BeforeReducing => "before_reducing",
            Self::Reduced => "reduced",
            Self::BeforeErasing => "before_erasing",
            Self::LastCall => "last_call",
        }
    }
}

impl AccountMail {
    /// The number of what it is about, for the ledger of reads.
    const fn about(&self) -> Uuid {
        match self {
            Self::RegistrationCode { registration: about }
            | Self::AlreadyRegistered { customer: about }
            | Self::Code { challenge: about }
            | Self::NewDevice { sign_in: about }
            | Self::Event { event: about }
            | Self::Dormant { customer: about, .. }
            | Self::Erased { erasure: about } => *about,
        }
    }
}

/// What the mail about an event is called.
pub(crate) fn subject(event: AccountEvent, lang: Lang) -> &'static str {
    words::said(event, lang).0
}

/// To whom a mail goes, and what it says.
struct Draft {
    /// The record that the address is sealed for.
    record: Uuid,
    email: Vec<u8>,
    lang: Lang,
    /// The check phrase, where the reader has an account.
    phrase: Option<String>,
    words: Words,
}

/// Puts a mail about an account together.
pub(super) async fn compose(shop: &Shop, mail: &AccountMail) -> Result<Letter, MailError> {
    let mut conn = shop.db.read().await?;
    let draft = match mail {
        AccountMail::RegistrationCode { registration } => {
            let sql = "SELECT email, lang FROM registration WHERE id = $1";
            let row = fetch_optional!(conn, (Vec<u8>, String), sql, *registration).await?;
            let (email, lang) = row.ok_or(MailError::Gone)?;
            let lang = Lang::from_tag(&lang);
            Draft {
                record: *registration,
                email,
                lang,
                phrase: None,
                words: words::registration_code(lang, &account::registration_code(shop, *registration)),
            }
        }
        AccountMail::AlreadyRegistered { customer } => {
            let reader = reader(&mut conn, *customer).await?;
            let words = words::already_registered(reader.lang());
            reader.draft(shop, words)
        }
        AccountMail::Code { challenge } => self::code(&mut conn, shop, *challenge).await?,
        AccountMail::NewDevice { sign_in } => {
            let sql = "SELECT customer_id, at, user_agent, network, '' FROM sign_in WHERE id = $1";
            let row = fetch_optional!(conn, EventRow, sql, *sign_in).await?.ok_or(MailError::Gone)?;
            let reader = reader(&mut conn, row.0).await?;
            let words = words::new_device(reader.lang(), &row.about());
            reader.draft(shop, words)
        }
        AccountMail::Event { event } => {
            let sql = "SELECT customer_id, at, user_agent, network, kind FROM account_event WHERE id = $1";
            let row = fetch_optional!(conn, EventRow, sql, *event).await?.ok_or(MailError::Gone)?;
            let reader = reader(&mut conn, row.0).await?;
            let event = AccountEvent::from_word(&row.4).ok_or(MailError::Gone)?;
            let words = words::event(reader.lang(), event, &row.about());
            reader.draft(shop, words)
        }
        AccountMail::Dormant { customer, step, day } => {
            let reader = reader(&mut conn, *customer).await?;
            let words = rights::dormant(reader.lang(), *step, *day);
            reader.draft(shop, words)
        }
        AccountMail::Erased { erasure } => erased(&mut conn, shop, *erasure).await?,
    };
    drop(conn);
    let sealed = [(Field::Email, Some(&draft.email))];
    let asker = Asker::shop("outbox/mail");
    let mut opened = shop.vault.open(asker, For::Mail(mail.about()), draft.record, &sealed).await?;
    let Words { subject, parts } = draft.words;
    Ok(Letter { to: opened.take(Field::Email), lang: draft.lang, subject, parts, phrase: draft.phrase, ledger: None })
}

/// Customer, time, browser, network, and what happened.
#[derive(sqlx::FromRow)]
struct EventRow(Uuid, i64, String, String, String);

impl EventRow {
    fn about(&self) -> About<'_> {
        About { at: self.1, user_agent: &self.2, network: &self.3 }
    }
}

/// A customer whom a mail goes to: number, sealed address, language, number of the check phrase.
#[derive(sqlx::FromRow)]
struct Reader(Uuid, Vec<u8>, String, i64);

impl Reader {
    fn lang(&self) -> Lang {
        Lang::from_tag(&self.2)
    }

    fn draft(self, shop: &Shop, words: Words) -> Draft {
        let lang = self.lang();
        let phrase = check_phrase(shop, Id::new(self.0), self.3).words(lang);
        Draft { record: self.0, email: self.1, lang, phrase: Some(phrase), words }
    }
}

async fn reader(conn: &mut Conn, customer: Uuid) -> Result<Reader, MailError> {
    let sql = "SELECT id, email, lang, phrase_no FROM customer WHERE id = $1";
    fetch_optional!(conn, Reader, sql, customer).await?.ok_or(MailError::Gone)
}

/// The customer's row is gone: what is needed for this one mail stands in that of the erasure.
async fn erased(conn: &mut Conn, shop: &Shop, erasure: Uuid) -> Result<Draft, MailError> {
    let sql = "SELECT record, email, lang, phrase_no FROM erasure WHERE id = $1 AND email IS NOT NULL";
    let reader = fetch_optional!(conn, Reader, sql, erasure).await?.ok_or(MailError::Gone)?;
    let sql = "SELECT statement FROM erasure WHERE id = $1";
    let (statement,) = fetch_optional!(conn, (String,), sql, erasure).await?.ok_or(MailError::Gone)?;
    let statement: Erasure = serde_json::from_str(&statement).map_err(|_| MailError::Gone)?;
    let words = rights::erased(reader.lang(), &statement);
    Ok(reader.draft(shop, words))
}

#[derive(sqlx::FromRow)]
struct ChallengeRow {
    kind: String,
    customer_id: Option<Uuid>,
    email: Option<Vec<u8>>,
    lang: String,
    user_agent: String,
    network: String,
    created_at: i64,
}

async fn code(conn: &mut Conn, shop: &Shop, challenge: Uuid) -> Result<Draft, MailError> {
    let sql = "SELECT kind, customer_id, email, lang, user_agent, network, created_at FROM challenge WHERE id = $1";
    let row = fetch_optional!(conn, ChallengeRow, sql, challenge).await?.ok_or(MailError::Gone)?;
    let about = About { at: row.created_at, user_agent: &row.user_agent, network: &row.network };
    let reset = row.kind == Kind::Reset.word();
    // In the language of the page that asked: somebody waits there.
    let lang = Lang::from_tag(&row.lang);
    let Some(customer) = row.customer_id else {
        let words = words::no_account(lang, reset);
        return Ok(Draft { record: challenge, email: row.email.ok_or(MailError::Gone)?, lang, phrase: None, words });
    };
    let code = &challenge::code(shop, challenge);
    let words = match (reset, row.email) {
        (true, _) => words::reset_code(lang, code, &about),
        (false, Some(_)) => words::sign_in_code(lang, code, &about),
        (false, None) => words::second_step_code(lang, code, &about),
    };
    let reader = reader(conn, customer).await?;
    let phrase = check_phrase(shop, Id::new(customer), reader.3).words(lang);
    Ok(Draft { lang, phrase: Some(phrase), ..reader.draft(shop, words) })
}

/// Each mail about an account with made-up content, by its kind: subject and parts; for the previews.
pub(super) fn samples(lang: Lang, at: i64) -> Vec<(&'static str, (String, Vec<Part>))> {
    let user_agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let about = About { at, user_agent, network: "192.0.2.0/24" };
    let mut samples = vec![
        ("registration_code", words::registration_code(lang, "123456")),
        ("already_registered", words::already_registered(lang)),
        ("sign_in_code", words::sign_in_code(lang, "123456", &about)),
        ("second_step_code", words::second_step_code(lang, "123456", &about)),
        ("reset_code", words::reset_code(lang, "123456", &about)),
        ("no_account", words::no_account(lang, false)),
        ("no_account_reset", words::no_account(lang, true)),
        ("new_device", words::new_device(lang, &about)),
    ];
    samples.extend(rights::samples(lang, at));
    samples.extend(AccountEvent::ALL.map(|event| (event.word(), words::event(lang, event, &about))));
    samples.into_iter().map(|(kind, Words { subject, parts })| (kind, (subject, parts))).collect()
}
