//! What the mails say about something that happened to an account, and what to do if it was not its owner's doing.

mod data;
mod factors;
mod mails;
mod sign_in;

use noren_domain::Lang;
use noren_domain::account::AccountEvent;
use uuid::Uuid;

use super::words::{About, Words, look_yourself, text};
use super::{Before, Draft, EventRow, reader};
use crate::db::Conn;
use crate::mail::{MailError, Part};
use crate::{Shop, fetch_optional};

/// In Japanese and in English.
type Both = (&'static str, &'static str);

/// All that a mail says about an event.
struct News {
    /// What the mail is called, and the event in the list of what happened to the account.
    subject: Both,
    said: Both,
    then: Then,
    /// What to do if it was not the reader's doing; `None`: to look at their account. They cannot simply do so once they
    /// are signed out everywhere, or their password is good no more.
    remedy: Option<Both>,
}

/// What follows upon what is said.
enum Then {
    /// That whoever did it themselves need do nothing.
    Harmless,
    /// When that comes which was asked for (UTC ms), and how its owner keeps it from coming.
    Due(fn(Lang, i64) -> String),
    /// Nothing: it says itself what to do, or was nobody's own doing.
    Nothing,
}

const NO_LINK: Both = ("このメールには、ログインのためのリンクはありません。", "This mail holds no link to sign in.");

/// To whom the mail about the event with this number goes, and what it says.
pub(super) async fn draft(conn: &mut Conn, shop: &Shop, id: Uuid, before: Before) -> Result<Draft, MailError> {
    let sql = "SELECT customer_id, at, user_agent, network, kind FROM account_event WHERE id = $1";
    let row = fetch_optional!(conn, EventRow, sql, id).await?.ok_or(MailError::Gone)?;
    let reader = reader(conn, row.0).await?.of_before(before);
    let kind = AccountEvent::from_word(&row.4).ok_or(MailError::Gone)?;
    let due = match kind {
        AccountEvent::FactorsRemovalAsked => {
            let sql = "SELECT due_at FROM factor_removal WHERE customer_id = $1";
            let (due,) = fetch_optional!(conn, (i64,), sql, row.0).await?.ok_or(MailError::Gone)?;
            Some(due)
        }
        _ => None,
    };
    let words = event(reader.lang(), kind, &row.about(), due);
    Ok(reader.draft(shop, words))
}

/// The mail about `event`; `due` is when that comes which was asked for (UTC ms), where something does.
pub(super) fn event(lang: Lang, event: AccountEvent, about: &About<'_>, due: Option<i64>) -> Words {
    let News { subject, said, then, remedy } = news(event);
    let then = match (then, due) {
        (Then::Harmless, _) => lang
            .pick("ご本人であれば、何もする必要はありません。", " If this was you, there is nothing you need to do.")
            .to_owned(),
        (Then::Due(words), Some(due)) => words(lang, due),
        (Then::Due(_), None) | (Then::Nothing, _) => String::new(),
    };
    let body = format!("{}{then}", in_words(said, lang));
    let remedy = remedy.map_or_else(|| look_yourself(lang), |(ja, en)| text(lang, ja, en));
    Words::new(in_words(subject, lang), vec![Part::Text(body), about.facts(lang), remedy])
}

/// What the mail about an event is called.
pub(crate) fn subject(event: AccountEvent, lang: Lang) -> &'static str {
    in_words(news(event).subject, lang)
}

fn in_words((ja, en): Both, lang: Lang) -> &'static str {
    lang.pick(ja, en)
}

const fn news(event: AccountEvent) -> News {
    match event {
        AccountEvent::PasswordChanged => sign_in::PASSWORD_CHANGED,
        AccountEvent::PasswordReset => sign_in::PASSWORD_RESET,
        AccountEvent::SessionsEnded => sign_in::SESSIONS_ENDED,
        AccountEvent::SessionsEndedByShop => sign_in::SESSIONS_ENDED_BY_SHOP,
        AccountEvent::TotpOn => factors::TOTP_ON,
        AccountEvent::TotpOff => factors::TOTP_OFF,
        AccountEvent::RecoveryCodesMade => factors::RECOVERY_CODES_MADE,
        AccountEvent::RecoveryCodeUsed => factors::RECOVERY_CODE_USED,
        AccountEvent::FactorsRemovalAsked => factors::FACTORS_REMOVAL_ASKED,
        AccountEvent::FactorsRemoved => factors::FACTORS_REMOVED,
        AccountEvent::FactorsKept => factors::FACTORS_KEPT,
        AccountEvent::PasskeyAdded => factors::PASSKEY_ADDED,
        AccountEvent::PasskeyRemoved => factors::PASSKEY_REMOVED,
        AccountEvent::PasskeyDoubted => factors::PASSKEY_DOUBTED,
        AccountEvent::ManyFailedTries => sign_in::MANY_FAILED_TRIES,
        AccountEvent::ManyFailedProofs => sign_in::MANY_FAILED_PROOFS,
        AccountEvent::ManyWrongCodes => sign_in::MANY_WRONG_CODES,
        AccountEvent::ManyWrongSecondCodes => sign_in::MANY_WRONG_SECOND_CODES,
        AccountEvent::EmailChangeAsked => mails::EMAIL_CHANGE_ASKED,
        AccountEvent::EmailChanged => mails::EMAIL_CHANGED,
        AccountEvent::EmailReverted => mails::EMAIL_REVERTED,
        AccountEvent::EmailChangeStopped => mails::EMAIL_CHANGE_STOPPED,
        AccountEvent::EmailChangeFailed => mails::EMAIL_CHANGE_FAILED,
        AccountEvent::MailLangChanged => mails::MAIL_LANG_CHANGED,
        AccountEvent::PhraseChanged => mails::PHRASE_CHANGED,
        AccountEvent::SavedAddressesChanged => data::SAVED_ADDRESSES_CHANGED,
        AccountEvent::ExportAsked => data::EXPORT_ASKED,
        AccountEvent::OrdersClaimed => data::ORDERS_CLAIMED,
        AccountEvent::NotMe => sign_in::NOT_ME,
        AccountEvent::StaffRead => data::STAFF_READ,
    }
}
