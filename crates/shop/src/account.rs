//! Accounts: registering, signing in and out, new passwords, and what the account pages show.
//!
//! A password alone opens the door only in a browser that its owner is known by; anywhere else a code from the
//! mailbox is needed as well. So a stolen password is worth nothing by itself.

pub mod addresses;
mod attention;
pub mod challenge;
pub mod claim;
pub mod data;
mod demo;
mod devices;
pub mod dormant;
pub mod email_change;
pub mod erase;
pub mod events;
pub mod export;
pub mod factors;
pub mod history;
mod letters;
pub(crate) mod limits;
pub mod lost;
pub mod mail_lang;
mod new_password;
pub mod office;
pub mod passkeys;
mod password;
mod reauth;
pub mod recovery;
mod register;
mod sign_in;
#[cfg(test)]
pub mod testing;
pub mod totp;
mod view;

pub use demo::{DEMO_PASSWORD, demo, demo_addresses};
pub(crate) use devices::OVER as OVER_DEVICES;
pub use new_password::{change as change_password, reset as reset_password};
pub(crate) use password::Room as HashRoom;
pub use password::{HashError, Leaks, PWNED_PASSWORDS};
pub use reauth::{asks_for_app, prove};
pub use register::{register, verify};
pub use sign_in::{Opening, confirm, end_one, end_others, login, logout, logout_forgotten};
pub use view::{Known, erasable_in, home, known, security};

use factors::FactorError;
use limits::Limit;
use noren_domain::Id;
use noren_domain::account::{Customer, Email, MAIL_DIGITS, RemovedFactors};
use noren_domain::form::Fault;
use uuid::Uuid;

use crate::db::Conn;
use crate::session::Device;
use crate::tidy::in_batches;
use crate::token::Token;
use crate::vault::{Asker, Indexes, LookFor, VaultError};
use crate::vault_check::{self, FindError};
use crate::{Shop, execute, fetch_optional, shred};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// Sign-ins are kept and shown for so long, and a browser that is not used for longer is not known any more.
pub const HISTORY: i64 = 90 * DAY;

/// The door stayed shut.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// For a reason the person can mend.
    #[error("refused: {0:?}")]
    Refused(Fault),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The password hashing.
    #[error(transparent)]
    Hash(HashError),
    /// The vault.
    #[error("{0}")]
    Vault(#[from] VaultError),
    /// A second factor cannot be compared.
    #[error(transparent)]
    Factor(#[from] FactorError),
}

impl From<HashError> for DoorError {
    fn from(error: HashError) -> Self {
        match error {
            // Said to everybody alike, before anything is compared.
            HashError::Full => Self::Refused(Fault::Busy),
            error => Self::Hash(error),
        }
    }
}

impl From<FindError> for DoorError {
    fn from(error: FindError) -> Self {
        match error {
            FindError::Vault(error) => Self::Vault(error),
            FindError::Database(error) => Self::Database(error),
        }
    }
}

/// A person who has just come in.
#[derive(Clone, Debug)]
pub struct Entered {
    /// The new session's token, for the browser.
    pub token: Token,
    /// Who.
    pub customer: Id<Customer>,
    /// The token by which this browser is known from now on.
    pub device: Token,
    /// What a new password by mail has taken away.
    pub removed: RemovedFactors,
}

/// The code in the mail about `about`, a challenge or a registration. It is computed and not drawn, so that it lies in
/// no table: whoever reads the database, the mails that wait in it among it, has no code. Of 2⁶⁴ values none of 10⁸ comes
/// up noticeably more often.
pub(crate) fn mail_code(shop: &Shop, about: Uuid) -> String {
    let bytes = shop.keys.derive("mail-code", about.as_bytes());
    let number = bytes.iter().take(8).fold(0u64, |number, byte| (number << 8) | u64::from(*byte));
    let digits = format!("{number:0MAIL_DIGITS$}");
    digits[digits.len() - MAIL_DIGITS..].to_owned()
}

/// Somebody who is not signed in yet. Those who come from one network are one to the vault, which so counts how many
/// addresses are tried from there; a browser that somebody is known by is one of its own, or neighbours would use up what
/// its owner may ask. A network that is over `limit` asks nothing of the vault any more.
///
/// # Errors
/// The network has done too much; the database.
async fn at_the_door(shop: &Shop, device: &Device, limit: Limit, route: &'static str) -> Result<Asker, DoorError> {
    let mut conn = shop.db.read().await?;
    let who = match &device.token {
        Some(token) if devices::is_anybodys(&mut conn, shop, token).await? => {
            drop(conn);
            limits::spend(shop, limits::DOOR_HOME, &token.hash()).await?;
            shop.keys.derive("device", &token.hash())
        }
        _ => {
            for (limit, who) in limits::of_network(limit, device) {
                if let Some(minutes) = limits::minutes_left(&mut conn, shop, limit, &who).await? {
                    return Err(DoorError::Refused(Fault::TooMany { minutes }));
                }
            }
            shop.keys.derive("network", device.network.as_bytes())
        }
    };
    let mut id = [0; 16];
    id.copy_from_slice(&who[..16]);
    Ok(Asker::guest(Uuid::from_bytes(id), route))
}

/// The index by which the owner of an address is found. If nobody is found by theirs any more, nobody is told that their
/// password is wrong, or gets a second account: that is as if the vault were away.
async fn looked_for(shop: &Shop, asker: Asker, email: &Email) -> Result<Indexes, DoorError> {
    let index = shop.vault.index(asker, LookFor::Login, email.canonical()).await?;
    // Afterwards: a key that is there now was there then.
    vault_check::finds_people(shop).await?;
    Ok(index)
}

/// The customer whose address it is. If there are two, which should not be, it is the older one's.
pub(crate) async fn owner(conn: &mut Conn, index: &Indexes) -> Result<Option<Uuid>, sqlx::Error> {
    let [newest, earlier] = index.both().map(Vec::from);
    let sql = "SELECT id FROM customer WHERE email_index IN ($1, $2) ORDER BY created_at, id LIMIT 1";
    Ok(fetch_optional!(conn, (Uuid,), sql, newest, earlier).await?.map(|(customer,)| customer))
}

/// Registrations long past their time.
pub(crate) const OVER_REGISTRATIONS: &str =
    "SELECT id FROM registration WHERE expires_at < $1 ORDER BY expires_at LIMIT $2";
/// Counters that have long had all their tries again.
pub(crate) const OVER_LIMITS: &str = "SELECT key FROM rate_limit WHERE arrival < $1 ORDER BY arrival LIMIT $2";
/// Sessions that ended long ago: a session is never seen after it has expired.
pub(crate) const OVER_SESSIONS: &str = "SELECT id FROM session WHERE seen_at < $1 ORDER BY seen_at LIMIT $2";
/// Sign-ins that nobody is shown any more.
pub(crate) const OVER_SIGN_INS: &str = "SELECT id FROM sign_in WHERE at < $1 ORDER BY at LIMIT $2";

/// Does what is due by time: lost second factors go. And throws away what has served its time: registrations and challenges a day after their code expired, counters,
/// and sessions, sign-ins and events once nobody is shown them any more.
///
/// # Errors
/// The database. What failed for one person's factors or change of address has kept nothing else.
pub async fn sweep(shop: &Shop) -> Result<(), sqlx::Error> {
    let (yesterday, long_ago) = (shop.now() - DAY, shop.now() - HISTORY);
    // One person's row that fails keeps nobody else's.
    let factors = lost::remove_due(shop).await;
    in_batches!(shop, (Uuid,), OVER_REGISTRATIONS, yesterday, |tx, (id,)| {
        letters::forget_registration(&mut tx, shop, id).await?;
        shred::later(&mut tx, shop, id).await?;
        execute!(tx, "DELETE FROM registration WHERE id = $1 AND expires_at < $2", id, yesterday).await?
    });
    let changes = email_change::sweep(shop).await;
    in_batches!(shop, (Uuid,), challenge::OVER, yesterday, |tx, (id,)| challenge::forget(&mut tx, shop, id).await?);
    in_batches!(shop, (Uuid, Vec<u8>), OVER_DEVICES, long_ago, |tx, (customer, token)| {
        let sql = "DELETE FROM known_device WHERE customer_id = $1 AND token_hash = $2 AND seen_at < $3";
        execute!(tx, sql, customer, token, long_ago).await?
    });
    in_batches!(shop, (Uuid,), events::OVER, long_ago, |tx, (id,)| {
        execute!(tx, "DELETE FROM account_event WHERE id = $1", id).await?
    });
    in_batches!(shop, (Uuid,), passkeys::OVER_CEREMONIES, shop.now(), |tx, (id,)| {
        execute!(tx, "DELETE FROM passkey_ceremony WHERE id = $1", id).await?
    });
    in_batches!(shop, (Uuid,), export::OVER, shop.now(), |tx, (id,)| {
        execute!(tx, "DELETE FROM data_export WHERE id = $1", id).await?
    });
    in_batches!(shop, (Vec<u8>,), OVER_LIMITS, yesterday, |tx, (key,)| {
        execute!(tx, "DELETE FROM rate_limit WHERE key = $1 AND arrival < $2", key, yesterday).await?
    });
    in_batches!(shop, (Uuid,), OVER_SESSIONS, long_ago, |tx, (id,)| {
        execute!(tx, "DELETE FROM session WHERE id = $1 AND seen_at < $2", id, long_ago).await?
    });
    in_batches!(shop, (Uuid,), OVER_SIGN_INS, long_ago, |tx, (id,)| {
        execute!(tx, "DELETE FROM sign_in WHERE id = $1", id).await?
    });
    factors.and(changes)
}

#[cfg(test)]
mod tests;
