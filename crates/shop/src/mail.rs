//! Mails: what they say, in the reader's language, as text and as HTML, and how they leave.
//!
//! The outbox holds ids; the address is opened at the last moment. While no SMTP server is
//! configured a mail leaves as a file in the mailbox folder, whole or not at all.

pub mod account;
mod letter;
pub mod mailbox;
mod order;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lettre::address::Envelope;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MultiPart, MultiPartKind, SinglePart};
use lettre::{Address, Message};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::Shop;
use crate::vault::VaultError;

pub use letter::{Letter, Part};

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
    /// About an account.
    Account(account::AccountMail),
}

impl MailError {
    /// Whether trying again cannot help: what the mail is about will not come back, nor become an
    /// address, nor open.
    pub(crate) const fn is_final(&self) -> bool {
        match self {
            Self::Gone | Self::Address(_) | Self::Compose(_) => true,
            // The wrong vault may be put right; a mail that was set aside for it stays aside.
            Self::Vault(error) => !error.is_passing() && !matches!(error, VaultError::Other(_)),
            Self::Mailbox(_) | Self::Database(_) => false,
        }
    }
}

/// A mail could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// What it is about is not (or no longer) there.
    #[error("what this mail is about does not exist")]
    Gone,
    /// The address is none that mail can be sent to.
    #[error("not an address: {0}")]
    Address(#[from] lettre::address::AddressError),
    /// The message cannot be put together.
    #[error("cannot compose: {0}")]
    Compose(#[from] lettre::error::Error),
    /// The mailbox folder cannot be written.
    #[error("cannot write to the mailbox folder: {0}")]
    Mailbox(#[from] io::Error),
    /// The vault does not open the address.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Sends `mail` under the outbox key `key`. A second time with the same key sends nothing.
pub async fn send(shop: &Shop, key: &str, mail: &Mail) -> Result<(), MailError> {
    let path = path_of(shop, key);
    if tokio::fs::try_exists(&path).await? {
        return Ok(());
    }
    let mut letter = match mail {
        Mail::OrderPlaced { order } => order::placed(shop, *order).await?,
        Mail::OrderPaid { order } => order::paid(shop, *order).await?,
        Mail::OrderRefunded { order } => order::refunded(shop, *order).await?,
        Mail::OrderLapsed { order } => order::lapsed(shop, *order).await?,
        Mail::Account(mail) => account::compose(shop, mail).await?,
    };
    if !matches!(mail, Mail::Account(_)) {
        letter.ledger = ledger_now(shop).await?;
    }
    let bytes = message(shop, key, &letter)?.formatted();
    let written = tokio::task::spawn_blocking(move || write_whole(&path, &bytes)).await;
    written.map_err(io::Error::other)??;
    Ok(())
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

/// The message as it goes over the wire. The same key always gives the same Message-ID, so that a
/// mail sent twice after a crash is shown once.
fn message(shop: &Shop, key: &str, letter: &Letter) -> Result<Message, MailError> {
    let host = mail_host(shop.host().unwrap_or_default());
    let id: String = Sha256::digest(key.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let millis = u64::try_from(shop.now()).unwrap_or(0);
    let body = MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(format!("noren-{id}"))
        .build()
        .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(letter.text()))
        .singlepart(SinglePart::builder().header(ContentType::TEXT_HTML).body(letter.html()));
    let from: Address = format!("shop@{host}").parse()?;
    let to: Address = noren_domain::email::quoted(letter.to.expose()).parse()?;
    Ok(Message::builder()
        // Said here, for reading it back from the headers loses the quotes of a quoted address.
        .envelope(Envelope::new(Some(from.clone()), vec![to.clone()])?)
        .from(Mailbox::new(Some(letter.lang.pick("暖簾堂", "Norendo").to_owned()), from))
        .to(Mailbox::new(None, to))
        .subject(letter.subject.clone())
        .message_id(Some(format!("<{id}@{host}>")))
        .date(UNIX_EPOCH + Duration::from_millis(millis))
        .raw_header(lettre::message::header::HeaderValue::new(
            lettre::message::header::HeaderName::new_from_ascii_str("Content-Language"),
            letter.lang.tag().to_owned(),
        ))
        .multipart(body)?)
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

/// Writes beside, syncs, renames: the file is there whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("part");
    let mut file = std::fs::File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}
