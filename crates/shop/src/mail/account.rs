//! Mails about accounts.

mod words;

use noren_domain::account::AccountEvent;
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
}

impl AccountMail {
    /// The number of what it is about, for the ledger of reads.
    const fn about(&self) -> Uuid {
        match self {
            Self::RegistrationCode { registration: about }
            | Self::AlreadyRegistered { customer: about }
            | Self::Code { challenge: about }
            | Self::NewDevice { sign_in: about }
            | Self::Event { event: about } => *about,
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

/// Whether its code is good no more: it would only mislead whoever gets it so late.
pub(super) async fn is_late(shop: &Shop, mail: &AccountMail) -> Result<bool, sqlx::Error> {
    let (sql, id) = match mail {
        AccountMail::RegistrationCode { registration } => {
            ("SELECT 1 FROM registration WHERE id = $1 AND expires_at <= $2", *registration)
        }
        AccountMail::Code { challenge } => ("SELECT 1 FROM challenge WHERE id = $1 AND expires_at <= $2", *challenge),
        AccountMail::AlreadyRegistered { .. } | AccountMail::NewDevice { .. } | AccountMail::Event { .. } => {
            return Ok(false);
        }
    };
    Ok(fetch_optional!(shop.db.read().await?, (i32,), sql, id, shop.now()).await?.is_some())
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
        _ if row.kind == Kind::Claim.word() => words::claim_code(lang, code, &about),
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
        ("claim_code", words::claim_code(lang, "123456", &about)),
        ("no_account", words::no_account(lang, false)),
        ("no_account_reset", words::no_account(lang, true)),
        ("new_device", words::new_device(lang, &about)),
    ];
    samples.extend(AccountEvent::ALL.map(|event| (event.word(), words::event(lang, event, &about))));
    samples.into_iter().map(|(kind, Words { subject, parts })| (kind, (subject, parts))).collect()
}
