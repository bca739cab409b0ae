//! Mails: what they say, in the reader's language, as text and as HTML, and how they leave.
//!
//! The outbox holds ids; the address is opened at the last moment. While no SMTP server is
//! configured a mail leaves as a file in the mailbox folder, whole or not at all.

pub mod account;
pub mod bounce;
mod check;
pub mod dkim;
mod leave;
mod letter;
pub mod mailbox;
mod newsletter;
mod office;
mod order;
mod outgoing;
mod preview;
pub mod sent;
pub mod smtp;

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use lettre::Address;
use lettre::Message;
use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, MultiPartKind, SinglePart};
use noren_domain::Lang;
use noren_domain::order::OrderView;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Shop;
use crate::db::Conn;
use crate::outbox::{self, Job, Urgency};
use crate::vault::VaultError;

use account::{AccountMail, EmailMail};
pub use check::{CheckError, check};
pub use letter::{Foot, Letter, Part, Phrase};
pub use newsletter::NewsletterMail;
pub use office::{MailEntry, list, retry};
pub use outgoing::{Outgoing, TestError, send_test};
pub use preview::{Preview, preview, previews};
use sent::{Sent, State};
use smtp::SmtpError;

/// A mail that no mail server has taken for so long is not tried any more (RFC 5321 4.5.4.1).
pub const GIVE_UP_MS: i64 = 5 * 24 * 60 * 60 * 1_000;

/// A mail to be sent, by the ids of what it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mail {
    /// Thanks for the order, with everything that was bought.
    OrderPlaced {
        /// The order.
        order: Uuid,
    },
    /// The transfer that the order waited for is there.
    OrderPaid {
        /// The order.
        order: Uuid,
    },
    /// The money came, but too late or twice, and went back.
    OrderRefunded {
        /// The order.
        order: Uuid,
    },
    /// The time to transfer the money is over and the order was called off.
    OrderLapsed {
        /// The order.
        order: Uuid,
    },
    /// The order is long over: who placed it is to be forgotten.
    OrderForgetting {
        /// The order.
        order: Uuid,
        /// On that day or soon after, UTC ms.
        day: i64,
    },
    /// About an account.
    Account(account::AccountMail),
    /// The newsletter, or the question whether somebody wants it.
    Newsletter(NewsletterMail),
}

impl Mail {
    /// A code, and what is sent in a code's place, goes before all else, a customer's first; what goes to many waits for all
    /// else.
    pub(crate) const fn urgency(&self) -> Urgency {
        match self {
            Self::Account(
                AccountMail::Code { .. }
                | AccountMail::EmailChange { what: EmailMail::NewCode | EmailMail::OldCode, .. }
                | AccountMail::EmailWanted { .. },
            ) => Urgency::Awaited,
            // All three alike: when it comes must not tell whether the address has an account.
            Self::Account(
                AccountMail::RegistrationCode { .. }
                | AccountMail::AlreadyRegistered { .. }
                | AccountMail::EmailHeld { .. },
            ) => Urgency::Stranger,
            Self::OrderForgetting { .. }
            | Self::Account(AccountMail::Notice { .. } | AccountMail::Dormant { .. })
            | Self::Newsletter(NewsletterMail::Issue { .. }) => Urgency::Bulk,
            _ => Urgency::Usual,
        }
    }
}

impl MailError {
    /// Whether trying again cannot help: what the mail is about will not come back, nor become an
    /// address, nor open.
    pub(crate) const fn is_final(&self) -> bool {
        match self {
            Self::Gone | Self::Late | Self::Address(_) | Self::Compose(_) | Self::Refused => true,
            // The wrong vault may be put right; a mail that was set aside for it stays aside.
            Self::Vault(error) => !error.is_passing() && !matches!(error, VaultError::Other(_)),
            Self::Smtp(error) => matches!(error, SmtpError::Bounced { .. }),
            Self::Mailbox(_) | Self::Database(_) | Self::Lost => false,
        }
    }
}

/// A mail could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// What it is about is not (or no longer) there.
    #[error("what this mail is about does not exist")]
    Gone,
    /// What it is about stands otherwise by now: it would only mislead whoever gets it so late. Nobody has to look; the mail
    /// is called off.
    #[error("what this mail tells is not so any more")]
    Late,
    /// The address is none that mail can be sent to.
    #[error("not an address: {0}")]
    Address(#[from] lettre::address::AddressError),
    /// The message cannot be put together.
    #[error("cannot compose: {0}")]
    Compose(#[from] lettre::error::Error),
    /// The mailbox folder cannot be written.
    #[error("cannot write to the mailbox folder: {0}")]
    Mailbox(#[from] io::Error),
    /// The mail server did not take it, or it is not known.
    #[error(transparent)]
    Smtp(#[from] SmtpError),
    /// The mail server has refused it for good, earlier.
    #[error("the mail server has refused this mail for good")]
    Refused,
    /// Another worker has the job by now.
    #[error("the mail took longer than its lease, or was called off; it was not handed over here")]
    Lost,
    /// The vault does not open the address.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Writes `mail` into the outbox under `key`, and into the list of mails, in the caller's transaction. The same
/// `key` again adds nothing.
pub async fn enqueue(conn: &mut Conn, shop: &Shop, key: &str, mail: &Mail) -> Result<(), sqlx::Error> {
    enqueue_at(conn, shop, key, mail, shop.now()).await
}

/// Like [`enqueue`], for a mail that is not to leave before `run_at` (UTC milliseconds).
pub async fn enqueue_at(conn: &mut Conn, shop: &Shop, key: &str, mail: &Mail, run_at: i64) -> Result<(), sqlx::Error> {
    sent::enter(conn, shop, key, mail).await?;
    outbox::enqueue_mail(conn, shop, key, mail, mail.urgency(), run_at).await
}

/// Like [`enqueue`], for a mail that is more or less urgent than others of its kind.
pub(crate) async fn enqueue_as(
    conn: &mut Conn,
    shop: &Shop,
    key: &str,
    mail: &Mail,
    urgency: Urgency,
) -> Result<(), sqlx::Error> {
    sent::enter(conn, shop, key, mail).await?;
    outbox::enqueue_mail(conn, shop, key, mail, urgency, shop.now()).await
}

/// Sends the mail of a job. One that was taken is not sent again; what is not known to have been taken is, under
/// the same Message-ID (`docs/OPERATIONS.md`, "Mails").
pub(crate) async fn send(shop: &Shop, job: &mut Job, mail: &Mail) -> Result<(), MailError> {
    let key = job.key().to_owned();
    let sent = sent::of(shop, &key, mail).await?;
    match sent.as_ref().map(|sent| sent.state) {
        Some(State::Sent | State::Cancelled) => return Ok(()),
        Some(State::Bounced) => return Err(MailError::Refused),
        Some(State::Sending) => {
            tracing::warn!(key, "it is not known whether the last try has sent this mail; it is sent again");
            sent::doubt(shop, &key).await?;
        }
        Some(State::Queued | State::GivenUp) | None => {}
    }
    if shop.outgoing().relay().is_none() && tokio::fs::try_exists(&path_of(shop, &key)).await? {
        return Ok(sent::noted(shop, &key, State::Sent).await?);
    }
    if is_late(shop, mail).await? {
        return Ok(sent::noted(shop, &key, State::Cancelled).await?);
    }
    let finished = match finished(shop, &key, sent.as_ref(), mail).await {
        Err(MailError::Late) => return Ok(sent::noted(shop, &key, State::Cancelled).await?),
        outcome => outcome?,
    };
    match shop.outgoing().relay() {
        Some(relay) => leave::by_server(shop, relay, job, &finished).await,
        None => leave::into_folder(shop, job, finished).await,
    }
}

/// Whether what the mail is about stands otherwise by now, or nobody is there to be told.
async fn is_late(shop: &Shop, mail: &Mail) -> Result<bool, sqlx::Error> {
    match mail {
        Mail::OrderPlaced { order }
        | Mail::OrderPaid { order }
        | Mail::OrderRefunded { order }
        | Mail::OrderLapsed { order } => crate::order::is_erased(shop, *order).await,
        Mail::OrderForgetting { order, .. } => {
            Ok(crate::order::is_erased(shop, *order).await? || order::is_of_an_account(shop, *order).await?)
        }
        Mail::Account(mail) => account::is_late(shop, mail).await,
        Mail::Newsletter(NewsletterMail::Issue { customer, .. }) => {
            Ok(!crate::newsletter::wanted(shop, *customer).await?)
        }
        Mail::Newsletter(NewsletterMail::Confirm { .. } | NewsletterMail::Anew { .. }) => Ok(false),
    }
}

/// A mail as it leaves.
struct Finished {
    subject: String,
    envelope: Envelope,
    bytes: Vec<u8>,
}

async fn finished(shop: &Shop, key: &str, sent: Option<&Sent>, mail: &Mail) -> Result<Finished, MailError> {
    let letter = compose(shop, mail).await?;
    let message = message(shop, key, sent, mail, &letter)?;
    let envelope = message.envelope().clone();
    Ok(Finished { subject: letter.subject, envelope, bytes: shop.outgoing().signed(message, shop.now()) })
}

/// What the mail says, and to whom.
async fn compose(shop: &Shop, mail: &Mail) -> Result<Letter, MailError> {
    let (order, write): (_, fn(&Shop, &OrderView, Lang) -> Letter) = match mail {
        Mail::OrderPlaced { order } => (*order, order::placed),
        Mail::OrderPaid { order } => (*order, order::paid),
        Mail::OrderRefunded { order } => (*order, order::refunded),
        Mail::OrderLapsed { order } => (*order, order::lapsed),
        Mail::OrderForgetting { order, day } => {
            let (view, lang) = order::read(shop, *order).await?;
            return Ok(order::forgetting(shop, &view, lang, *day));
        }
        Mail::Account(mail) => return account::compose(shop, mail).await,
        Mail::Newsletter(mail) => return newsletter::compose(shop, mail).await,
    };
    let (view, lang) = order::read(shop, order).await?;
    let mut letter = write(shop, &view, lang);
    letter.ledger = ledger_now(shop).await?;
    Ok(letter)
}

/// The newest checkpoint of the ledger of reads, as `noren ledger verify --seen` takes it, behind its name.
async fn ledger_now(shop: &Shop) -> Result<Option<String>, MailError> {
    let note = shop.vault.head().await?;
    let mut lines = note.lines();
    let (name, size, root) = (lines.next(), lines.next(), lines.next());
    Ok(name.zip(size).zip(root).map(|((name, size), root)| format!("{name} {size}:{root}")))
}

/// The file of the mail with outbox key `key`.
fn path_of(shop: &Shop, key: &str) -> PathBuf {
    let name: String = key.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    shop.mailbox_dir().join(format!("{name}.eml"))
}

/// The message as it goes over the wire. The same key always gives the same Message-ID, and the same date, so
/// that a mail sent twice after a crash is shown once.
fn message(shop: &Shop, key: &str, sent: Option<&Sent>, mail: &Mail, letter: &Letter) -> Result<Message, MailError> {
    let from = shop.outgoing().from(shop)?;
    let no = sent.map(|sent| &sent.no);
    let millis = u64::try_from(sent.map_or_else(|| shop.now(), |sent| sent.created_at)).unwrap_or(0);
    let leave = match mail {
        Mail::Newsletter(NewsletterMail::Issue { customer, .. }) => {
            Some(crate::newsletter::leave_token(shop, *customer))
        }
        _ => None,
    };
    let foot = Foot {
        no: no.map(|no| no.as_str().to_owned()),
        check: format!("{}{}", shop.url, letter.lang.path("/mails/check")),
        leave: leave
            .as_ref()
            .map(|token| format!("{}{}", shop.url, letter.lang.path(&format!("/newsletter/leave/{}", token.secret())))),
    };
    let body = MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(format!("noren-{}", bounce::hash_of(key)))
        .build()
        .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(letter.text(&foot)))
        .singlepart(SinglePart::builder().header(ContentType::TEXT_HTML).body(letter.html(&foot)));
    let to: Address = noren_domain::email::quoted(letter.to.expose()).parse()?;
    // Nothing that somebody typed may end the line.
    let subject: String = letter.subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let header = |name: &'static str, value: String| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
    let mut message = Message::builder()
        // Said here, for reading it back from the headers loses the quotes of a quoted address.
        .envelope(Envelope::new(Some(from.clone()), vec![to.clone()])?)
        .message_id(Some(format!("<{}>", bounce::message_id(key, no, from.domain()))))
        .from(Mailbox::new(Some(letter.lang.pick("暖簾堂", "Norendo").to_owned()), from))
        .to(Mailbox::new(None, to))
        .subject(subject)
        .date(UNIX_EPOCH + Duration::from_millis(millis))
        .raw_header(header("Content-Language", letter.lang.tag().to_owned()))
        // No "I am on holiday" comes back (RFC 3834 5).
        .raw_header(header("Auto-Submitted", "auto-generated".to_owned()));
    if let Some(token) = leave {
        // One press in the mail program ends it (RFC 8058).
        let url = format!("<{}/newsletter/one-click/{}>", shop.url, token.secret());
        message = message
            .raw_header(header("List-Unsubscribe", url))
            .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
    Ok(message.multipart(body)?)
}

/// The domain of our addresses. In development the shop has none of its own; `.example` never
/// reaches anybody (RFC 2606).
fn mail_host(host: &str) -> &str {
    if host.contains('.') && host.chars().any(|c| c.is_ascii_alphabetic()) { host } else { "norendo.example" }
}

/// Deletes the mails in the mailbox folder, whole or half-written, that were last changed before `before`
/// (UTC milliseconds). They hold personal data, and nobody else takes them away.
pub async fn forget(shop: &Shop, before: i64) -> io::Result<()> {
    let (folder, before) = (shop.mailbox_dir(), u64::try_from(before).unwrap_or(0));
    let before = UNIX_EPOCH + Duration::from_millis(before);
    tokio::task::spawn_blocking(move || forget_in(&folder, before)).await.map_err(io::Error::other)?
}

/// Deletes the mails of these jobs from the mailbox folder: whom they went to is to be forgotten. In the transaction that
/// calls the jobs off, and after that: what a worker has composed by then lies there, or never will ([`leave`]).
pub(crate) async fn forget_of(shop: &Shop, keys: &[String]) -> io::Result<()> {
    for key in keys {
        let path = path_of(shop, key);
        for path in [leave::beside(&path), path] {
            match tokio::fs::remove_file(&path).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

fn forget_in(folder: &Path, before: SystemTime) -> io::Result<()> {
    let files = match std::fs::read_dir(folder) {
        Ok(files) => files,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for file in files {
        let path = file?.path();
        let ours = path.extension().is_some_and(|kind| kind == "eml" || kind == "part");
        if ours && std::fs::symlink_metadata(&path)?.modified()? < before {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
