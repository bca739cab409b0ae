//! Orders that somebody made as a guest, brought into their account once they have proved that the mailbox is theirs.
//! Until then nothing is said of such orders, not even whether there are any: the address of a guest's order is proved
//! by nobody, and that of an account may have been given up by its owner since it was proved.

use noren_domain::Lang;
use noren_domain::account::{AccountEvent, Email, StepCode};
use noren_domain::form::Fault;

use super::challenge::{self, CODE_LIFE, Kind, Tried};
use super::factors::hold;
use super::limits::{self, Standing};
use super::{DoorError, events, view};
use crate::clock::SKEW;
use crate::db::Conn;
use crate::session::{self, Device, SignedIn};
use crate::token::Token;
use crate::vault::{Asker, Indexes, LookFor};
use crate::{Shop, fetch_optional, order, outbox};

/// The page, as the ledger of reads names it.
const ROUTE: &str = "account/guest-orders";

/// Sends a code to the mailbox of the account, and gives the token by which this browser goes on.
///
/// # Errors
/// Too many codes were asked for; the database.
pub async fn ask(shop: &Shop, who: &SignedIn, lang: Lang, device: &Device) -> Result<Token, DoorError> {
    let mut tx = shop.db.write().await?;
    hold(&mut tx, who.customer).await?;
    let standing = limits::take(&mut tx, shop, limits::CLAIM_CODE, who.customer.0.as_bytes()).await?;
    if let Standing::Over { minutes, .. } = standing {
        tx.commit().await?;
        return Err(DoorError::Refused(Fault::TooMany { minutes }));
    }
    let token = challenge::ask_owner(&mut tx, shop, Kind::Claim, who.customer, lang, device).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(token)
}

/// Brings the orders in if the code is right; gives their number. A later order of a guest needs another code.
///
/// # Errors
/// The code is wrong, over, or was asked for by another customer of this browser; the vault or the database.
pub async fn by_code(
    shop: &Shop,
    who: &SignedIn,
    pending: &Token,
    typed: &StepCode,
    device: &Device,
) -> Result<u32, DoorError> {
    if challenge::waiting(shop, pending, Kind::Claim).await?.is_none() {
        return Err(DoorError::Refused(Fault::CodeOver));
    }
    let index = own_index(shop, who).await?;
    let mut tx = shop.db.write().await?;
    let refused = match challenge::attempt(&mut tx, shop, pending, Kind::Claim, typed, device).await? {
        Tried::Right(proved) if proved.customer == who.customer => None,
        // Somebody else was signed in here when it was asked for.
        Tried::Right(_) => Some(Fault::CodeOver),
        Tried::Wrong { fault, .. } => Some(fault),
    };
    if let Some(fault) = refused {
        tx.commit().await?;
        outbox::ring();
        return Err(DoorError::Refused(fault));
    }
    let claimed = bring_in(&mut tx, shop, who, &index, device).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(claimed)
}

/// Whether this session has opened the account a moment ago, by which the mailbox was proved: one press is enough then.
///
/// # Errors
/// The database.
pub async fn is_proved(shop: &Shop, who: &SignedIn) -> Result<bool, sqlx::Error> {
    let sql = "SELECT 1 FROM session WHERE id = $1 AND mailbox_proved_at BETWEEN $2 AND $3";
    let now = shop.now();
    let found = fetch_optional!(shop.db.read().await?, (i32,), sql, who.session.0, now - CODE_LIFE, now + SKEW).await?;
    Ok(found.is_some())
}

/// Brings the orders in with that proof, which is used up by it; `None`: it is not there (any more), and a code is needed.
///
/// # Errors
/// The vault or the database.
pub async fn at_once(shop: &Shop, who: &SignedIn, device: &Device) -> Result<Option<u32>, DoorError> {
    if !is_proved(shop, who).await? {
        return Ok(None);
    }
    let index = own_index(shop, who).await?;
    let mut tx = shop.db.write().await?;
    hold(&mut tx, who.customer).await?;
    if !session::spend_proof(&mut tx, who.session, shop.now() - CODE_LIFE, shop.now()).await? {
        return Ok(None);
    }
    let claimed = bring_in(&mut tx, shop, who, &index, device).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(Some(claimed))
}

/// The index of the address that the account has.
async fn own_index(shop: &Shop, who: &SignedIn) -> Result<Indexes, DoorError> {
    let address = view::address::<DoorError>(shop, who.customer, ROUTE).await?;
    // Lost with its key, it can be compared with nothing.
    let email = address.and_then(|address| Email::parse(&address).ok()).ok_or(DoorError::Refused(Fault::NotFound))?;
    Ok(shop.vault.index(Asker::customer(who.customer, ROUTE), LookFor::Checkout, email.canonical()).await?)
}

/// In the caller's transaction, which holds the customer.
async fn bring_in(
    conn: &mut Conn,
    shop: &Shop,
    who: &SignedIn,
    index: &Indexes,
    device: &Device,
) -> Result<u32, DoorError> {
    let [newest, earlier] = index.both().map(Vec::from);
    // It was computed outside of the transaction; the account may have another address by now.
    let sql = "SELECT 1 FROM customer WHERE id = $1 AND email_index IN ($2, $3)";
    if fetch_optional!(conn, (i32,), sql, who.customer.0, newest, earlier).await?.is_none() {
        return Err(DoorError::Refused(Fault::Changed));
    }
    let claimed = order::claim(conn, shop, who.customer, index).await?;
    if claimed > 0 {
        events::happened(conn, shop, who.customer, AccountEvent::OrdersClaimed, device).await?;
    }
    Ok(claimed)
}

#[cfg(test)]
mod tests;
