//! Mails about accounts.

mod email_change;
mod events;
mod rights;
mod trust;
mod words;

use noren_domain::account::{AccountEvent, Erasure};
use noren_domain::{Id, Lang};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::email_change::EmailMail;
pub(crate) use self::events::subject;
use self::words::{About, Words};
use super::{Letter, MailError, Part, Phrase};
use crate::account;
use crate::account::challenge::Kind;
use crate::account::events::check_phrase;
use crate::account::lost;
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
        /// What is as it was before it happened.
        #[serde(flatten)]
        before: Before,
    },
    /// People of the shop opened the customer's data on this day.
    StaffRead {
        /// The customer.
        customer: Uuid,
        /// The day in Japan, counted as [`noren_domain::moment::day`] does.
        day: i64,
    },
    /// A notice about the customer was published.
    Notice {
        /// The row of `notice`.
        notice: Uuid,
        /// The customer.
        customer: Uuid,
    },
    /// The address of an account changes.
    EmailChange {
        /// The row of `email_change`.
        change: Uuid,
        /// What is told of it, and so to which of the two mailboxes it goes.
        what: EmailMail,
    },
    /// Somebody wanted to change to an address that has an account.
    EmailWanted {
        /// The customer who has it.
        customer: Uuid,
        /// The row of `email_change` of whoever wanted it; `None`: a mail that waited while the shop was upgraded.
        #[serde(default)]
        change: Option<Uuid>,
    },
    /// Somebody tried to register an address that an account has just left.
    EmailHeld {
        /// The registration; its id is the subject of its sealed address.
        registration: Uuid,
        /// It was left because that mailbox is not safe, so the mail says no more than that it is taken.
        #[serde(default)]
        secret: bool,
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

/// What the mail about a change keeps of before, so that its reader understands and believes it; `None`: as it is when the
/// mail is put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// The language of the account's mails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<Lang>,
    /// The number of the check phrase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phrase_no: Option<i64>,
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
            | Self::Event { event: about, .. }
            | Self::StaffRead { customer: about, .. }
            | Self::Notice { notice: about, .. }
            | Self::EmailChange { change: about, .. }
            | Self::EmailWanted { customer: about, .. }
            | Self::EmailHeld { registration: about, .. }
            | Self::Dormant { customer: about, .. }
            | Self::Erased { erasure: about } => *about,
        }
    }
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

/// Whether its code is good no more, or what it announces is called off or done: it would only mislead whoever gets
/// it so late.
pub(super) async fn is_late(shop: &Shop, mail: &AccountMail) -> Result<bool, sqlx::Error> {
    let (sql, id) = match mail {
        AccountMail::RegistrationCode { registration } => {
            ("SELECT 1 FROM registration WHERE id = $1 AND expires_at <= $2", *registration)
        }
        AccountMail::Code { challenge } => ("SELECT 1 FROM challenge WHERE id = $1 AND expires_at <= $2", *challenge),
        AccountMail::EmailChange { change, what: EmailMail::NewCode | EmailMail::OldCode } => {
            ("SELECT 1 FROM email_change WHERE id = $1 AND code_until <= $2", *change)
        }
        AccountMail::Event { event, .. } => (
            "SELECT 1 FROM account_event e WHERE e.id = $1 AND e.kind = 'factors_removal_asked' AND NOT EXISTS
               (SELECT 1 FROM factor_removal f WHERE f.customer_id = e.customer_id AND f.due_at > $2)",
            *event,
        ),
        // What was done is told, however late. What was announced is called off once its owner has come back.
        AccountMail::Dormant { customer, step, .. } => {
            return Ok(*step != DormantStep::Reduced && !account::dormant::is_unused(shop, *customer).await?);
        }
        // How far it has come is read together with its addresses, as the mail is put together ([`MailError::Late`]).
        AccountMail::EmailChange { .. }
        | AccountMail::EmailHeld { .. }
        | AccountMail::EmailWanted { .. }
        | AccountMail::AlreadyRegistered { .. }
        | AccountMail::NewDevice { .. }
        | AccountMail::StaffRead { .. }
        | AccountMail::Notice { .. }
        | AccountMail::Erased { .. } => return Ok(false),
    };
    Ok(fetch_optional!(shop.db.read().await?, (i32,), sql, id, shop.now()).await?.is_some())
}

/// Puts a mail about an account together.
pub(super) async fn compose(shop: &Shop, mail: &AccountMail) -> Result<Letter, MailError> {
    if let AccountMail::EmailWanted { change: Some(change), .. } = mail {
        email_change::opened_alike(shop, *change).await?;
    }
    let mut conn = shop.db.read().await?;
    let draft = match mail {
        AccountMail::RegistrationCode { registration } => {
            let code = account::mail_code(shop, *registration);
            to_registration(&mut conn, *registration, |lang| words::registration_code(lang, &code)).await?
        }
        AccountMail::EmailHeld { registration, secret } => {
            let words = if *secret { words::already_registered } else { email_change::held };
            to_registration(&mut conn, *registration, words).await?
        }
        AccountMail::EmailWanted { customer, .. } => {
            to_customer(&mut conn, shop, *customer, email_change::wanted).await?
        }
        AccountMail::EmailChange { change, what } => email_change::draft(&mut conn, shop, *change, *what).await?,
        AccountMail::AlreadyRegistered { customer } => {
            to_customer(&mut conn, shop, *customer, words::already_registered).await?
        }
        AccountMail::Code { challenge } => self::code(&mut conn, shop, *challenge).await?,
        AccountMail::NewDevice { sign_in } => {
            let sql = "SELECT customer_id, at, user_agent, network, '' FROM sign_in WHERE id = $1";
            let row = fetch_optional!(conn, EventRow, sql, *sign_in).await?.ok_or(MailError::Gone)?;
            to_customer(&mut conn, shop, row.0, |lang| words::new_device(lang, &row.about())).await?
        }
        AccountMail::Event { event, before } => events::draft(&mut conn, shop, *event, *before).await?,
        AccountMail::StaffRead { customer, day } => trust::staff_read_draft(&mut conn, shop, *customer, *day).await?,
        AccountMail::Notice { notice, customer } => trust::notice_draft(&mut conn, shop, *notice, *customer).await?,
        AccountMail::Dormant { customer, step, day } => {
            to_customer(&mut conn, shop, *customer, |lang| rights::dormant(lang, *step, *day)).await?
        }
        AccountMail::Erased { erasure } => erased(&mut conn, shop, *erasure).await?,
    };
    drop(conn);
    let sealed = [(Field::Email, Some(&draft.email))];
    let asker = Asker::shop("outbox/mail");
    let mut opened = shop.vault.open(asker, For::Mail(mail.about()), draft.record, &sealed).await?;
    let Words { subject, parts } = draft.words;
    let shown = !matches!(mail, AccountMail::Erased { .. });
    let phrase = draft.phrase.map(|words| Phrase { words, shown });
    Ok(Letter { to: opened.take(Field::Email), lang: draft.lang, subject, parts, phrase, ledger: None })
}

/// A mail to an address that somebody has typed at the door.
async fn to_registration(
    conn: &mut Conn,
    registration: Uuid,
    words: impl FnOnce(Lang) -> Words,
) -> Result<Draft, MailError> {
    let sql = "SELECT email, lang FROM registration WHERE id = $1";
    let row = fetch_optional!(conn, (Vec<u8>, String), sql, registration).await?;
    let (email, lang) = row.ok_or(MailError::Gone)?;
    let lang = Lang::from_tag(&lang);
    Ok(Draft { record: registration, email, lang, phrase: None, words: words(lang) })
}

/// A mail to the address that an account has.
async fn to_customer(
    conn: &mut Conn,
    shop: &Shop,
    customer: Uuid,
    words: impl FnOnce(Lang) -> Words,
) -> Result<Draft, MailError> {
    let reader = reader(conn, customer).await?;
    let words = words(reader.lang());
    Ok(reader.draft(shop, words))
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

    /// The same, as they were before a change.
    fn of_before(mut self, before: Before) -> Self {
        if let Some(lang) = before.lang {
            lang.tag().clone_into(&mut self.2);
        }
        if let Some(phrase_no) = before.phrase_no {
            self.3 = phrase_no;
        }
        self
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
    let row = fetch_optional!(conn, (Uuid, Vec<u8>, String, Option<i64>), sql, erasure).await?;
    let (record, email, lang, phrase_no) = row.ok_or(MailError::Gone)?;
    let lang = Lang::from_tag(&lang);
    let sql = "SELECT statement FROM erasure WHERE id = $1";
    let (statement,) = fetch_optional!(conn, (String,), sql, erasure).await?.ok_or(MailError::Gone)?;
    let statement: Erasure = serde_json::from_str(&statement).map_err(|_| MailError::Gone)?;
    // A guest has none.
    let phrase = phrase_no.map(|no| check_phrase(shop, Id::new(record), no).words(lang));
    Ok(Draft { record, email, lang, phrase, words: rights::erased(lang, &statement) })
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
    let Some(customer) = row.customer_id else {
        // Nothing else is known of whoever asked.
        let lang = Lang::from_tag(&row.lang);
        let words = words::no_account(lang, reset);
        return Ok(Draft { record: challenge, email: row.email.ok_or(MailError::Gone)?, lang, phrase: None, words });
    };
    // Not in that of the page that asked: whoever has the password could have its owner warned in words, and with a check
    // phrase, that they do not know.
    let reader = reader(conn, customer).await?;
    let lang = reader.lang();
    let code = &account::mail_code(shop, challenge);
    let words = match (reset, row.email) {
        _ if row.kind == Kind::Claim.word() => words::claim_code(lang, code, &about),
        (true, _) => words::reset_code(lang, code, &about),
        (false, Some(_)) => words::sign_in_code(lang, code, &about),
        (false, None) => words::second_step_code(lang, code, &about),
    };
    Ok(reader.draft(shop, words))
}

/// Each mail about an account with made-up content, by its kind: subject and parts; for the previews.
pub(super) fn samples(shop: &Shop, lang: Lang) -> Vec<(&'static str, (String, Vec<Part>))> {
    let user_agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let at = shop.now();
    let about = About { at, user_agent, network: "192.0.2.0/24" };
    let mut samples = vec![
        ("registration_code", words::registration_code(lang, "12345678")),
        ("already_registered", words::already_registered(lang)),
        ("sign_in_code", words::sign_in_code(lang, "12345678", &about)),
        ("second_step_code", words::second_step_code(lang, "12345678", &about)),
        ("reset_code", words::reset_code(lang, "12345678", &about)),
        ("claim_code", words::claim_code(lang, "12345678", &about)),
        ("no_account", words::no_account(lang, false)),
        ("no_account_reset", words::no_account(lang, true)),
        ("new_device", words::new_device(lang, &about)),
    ];
    samples.extend(email_change::samples(shop, lang, &about));
    samples.extend(rights::samples(lang, at));
    samples.extend(trust::samples(lang, at));
    let events = AccountEvent::ALL.into_iter().filter(|event| *event != AccountEvent::StaffRead);
    samples.extend(events.map(|event| (event.word(), events::event(lang, event, &about, Some(at + lost::DELAY)))));
    samples.into_iter().map(|(kind, Words { subject, parts })| (kind, (subject, parts))).collect()
}
