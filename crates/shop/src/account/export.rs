//! A copy of all that is held about a person, for that person: asked for by somebody who has just proved who they are,
//! open for a day, to them alone. It is made each time it is opened and lies nowhere; what it takes from the vault is
//! opened for a purpose of its own, and stands in the ledger as the person's own reading.
//!
//! As a page ([`readable`]) and as a JSON file ([`document`]) that the shop signs ([`sign`]); its format is described
//! in `docs/EXPORT.md`.

mod document;
mod orders;
mod readable;
mod reads;
mod sign;
mod sign_ins;
mod words;

use noren_domain::Id;
use noren_domain::account::{AccountEvent, Customer, ExportLink, ExportView};
use noren_domain::{Lang, form::Fault};
use uuid::Uuid;

use super::addresses::AddressError;
use super::{DAY, events, limits};
use crate::clock::SKEW;
use crate::db::Conn;
use crate::notice::NoticeError;
use crate::session::{Device, Recent};
use crate::token::Token;
use crate::vault::VaultError;
use crate::{Shop, execute, fetch_optional, outbox};

pub use sign::{NotGenuine, PublicKey, key_of, verify};

/// A copy can be opened for so long after it was asked for.
pub const LIFE: i64 = DAY;

/// No copy was made.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// For a reason the person can mend.
    #[error("refused: {0:?}")]
    Refused(Fault),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The vault.
    #[error("{0}")]
    Vault(#[from] VaultError),
    /// The address book cannot be read.
    #[error("{0}")]
    Addresses(#[from] AddressError),
    /// A notice cannot be read.
    #[error("{0}")]
    Notice(#[from] NoticeError),
    /// It cannot be written down.
    #[error("a copy of somebody's data cannot be written: {0}")]
    Json(#[from] serde_json::Error),
    /// The shop's key does not make one that signs.
    #[error("the key that signs copies of people's data cannot be made")]
    Key,
}

/// The secret of a copy's page, computed so that the page can show the way again and the database need not keep it.
fn token_of(shop: &Shop, export: Uuid) -> Token {
    Token::from_bytes(&shop.keys.derive("data-export", export.as_bytes()))
}

/// Asks for a copy; its owner is told by mail.
///
/// # Errors
/// Too many were asked for today; the database.
pub async fn ask(shop: &Shop, who: &Recent, device: &Device) -> Result<ExportLink, ExportError> {
    let (now, customer) = (shop.now(), who.customer());
    let mut tx = shop.db.write().await?;
    super::factors::hold(&mut tx, customer).await?;
    if let limits::Standing::Over { minutes, .. } =
        limits::take(&mut tx, shop, limits::EXPORT, customer.0.as_bytes()).await?
    {
        tx.commit().await?;
        return Err(ExportError::Refused(Fault::TooMany { minutes }));
    }
    let id = shop.entropy.uuid(now);
    let token = token_of(shop, id);
    execute!(
        tx,
        "INSERT INTO data_export (id, token_hash, customer_id, asked_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        id,
        token.hash().to_vec(),
        customer.0,
        now,
        now + LIFE
    )
    .await?;
    events::happened(&mut tx, shop, customer, AccountEvent::ExportAsked, device).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(ExportLink { token: token.secret().to_owned(), asked_at: now, until: now + LIFE })
}

/// The newest copy of the customer that can still be opened.
pub(super) async fn newest(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
) -> Result<Option<ExportLink>, sqlx::Error> {
    let sql = "SELECT id, asked_at, expires_at FROM data_export WHERE customer_id = $1 AND expires_at > $2 AND expires_at <= $3 \
               ORDER BY asked_at DESC, id DESC LIMIT 1";
    let row = fetch_optional!(conn, (Uuid, i64, i64), sql, customer.0, shop.now(), shop.now() + LIFE + SKEW).await?;
    Ok(row.map(|(id, asked_at, until)| link(shop, id, asked_at, until)))
}

fn link(shop: &Shop, id: Uuid, asked_at: i64, until: i64) -> ExportLink {
    ExportLink { token: token_of(shop, id).secret().to_owned(), asked_at, until }
}

/// The copy that `token` opens to this person, and its number.
async fn find(shop: &Shop, who: &Recent, token: &Token) -> Result<Option<(Uuid, ExportLink)>, sqlx::Error> {
    // One of a clock that was far ahead would open for too long.
    let sql = "SELECT id, asked_at, expires_at FROM data_export
               WHERE token_hash = $1 AND customer_id = $2 AND expires_at > $3 AND expires_at <= $4";
    let (hash, now) = (token.hash().to_vec(), shop.now());
    let mut conn = shop.db.read().await?;
    let row = fetch_optional!(conn, (Uuid, i64, i64), sql, hash, who.customer().0, now, now + LIFE + SKEW).await?;
    Ok(row.map(|(id, asked_at, until)| (id, link(shop, id, asked_at, until))))
}

/// The copy as a page; `None`: there is none (any more), or it is somebody else's.
///
/// # Errors
/// The vault is away, or was asked for too much; the database.
pub async fn view(shop: &Shop, who: &Recent, token: &Token, lang: Lang) -> Result<Option<ExportView>, ExportError> {
    let Some((id, link)) = find(shop, who, token).await? else { return Ok(None) };
    let Some(document) = document::gather(shop, who.who(), id).await? else { return Ok(None) };
    let sections = readable::sections(&document, lang);
    Ok(Some(ExportView { link, made_at: document.made_at, sections }))
}

/// The copy as a signed JSON file; `None` as with [`view`].
///
/// # Errors
/// As with [`view`].
pub async fn file(shop: &Shop, who: &Recent, token: &Token) -> Result<Option<String>, ExportError> {
    let Some((id, _)) = find(shop, who, token).await? else { return Ok(None) };
    let Some(document) = document::gather(shop, who.who(), id).await? else { return Ok(None) };
    let text = serde_json::to_string_pretty(&document)?;
    Ok(Some(sign::signed(shop, &text)?))
}

/// Copies that open no more.
pub(crate) const OVER: &str = "SELECT id FROM data_export WHERE expires_at < $1 ORDER BY expires_at LIMIT $2";

#[cfg(test)]
mod tests;
