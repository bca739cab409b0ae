//! The second factors that are typed, together: how they stand, how one is compared, and what may go wrong with them.

use noren_domain::Id;
use noren_domain::account::{AccountEvent, Customer, FactorsView, RemovedFactors, StepCode};
use noren_domain::form::Fault;

use super::{DoorError, email_change, events, lost, recovery, totp};
use crate::db::{Conn, Dialect};
use crate::session::{self, Device, Recent};
use crate::token::Token;
use crate::vault::VaultError;
use crate::{Shop, execute, fetch_optional};

/// A second factor was not changed, or cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum FactorError {
    /// For a reason the person can mend.
    #[error("refused: {0:?}")]
    Refused(Fault),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The vault.
    #[error("{0}")]
    Vault(#[from] VaultError),
    /// A secret in the database was not sealed for this customer by this shop's key.
    #[error(
        "the secret of an authenticator app does not open with this shop's key; put back the database and keys/ of one \
         backup, or let the customer sign in with a recovery code and set the app up anew"
    )]
    Sealed,
    /// The library for codes or QR codes refused what the shop gave it; a fault of ours.
    #[error("authenticator app: {0}")]
    Library(String),
}

/// How the customer's second factors stand.
pub async fn standing(conn: &mut Conn, customer: Id<Customer>) -> Result<FactorsView, sqlx::Error> {
    Ok(FactorsView {
        totp: totp::since(conn, customer).await?,
        recovery: recovery::standing(conn, customer).await?,
        removal: lost::waiting(conn, customer).await?,
    })
}

/// Takes the app, the passkeys and the recovery codes away that were set up after `since` (UTC ms), in the caller's
/// transaction, which holds the customer. Says what there was.
pub(super) async fn remove_since(
    conn: &mut Conn,
    customer: Id<Customer>,
    since: i64,
) -> Result<RemovedFactors, sqlx::Error> {
    let young = [
        "DELETE FROM passkey WHERE customer_id = $1 AND created_at > $2",
        "DELETE FROM totp WHERE customer_id = $1 AND COALESCE(confirmed_at, created_at) > $2 RETURNING confirmed_at",
        "DELETE FROM recovery_code WHERE customer_id = $1 AND made_at > $2",
    ];
    remove(conn, customer, since, young).await
}

/// The same for the way back from a change of the address: an app or recovery codes that took the place of old ones, by
/// somebody who had proved a second factor, stay. The old mailbox may be a thief's, and must not take the last of them
/// away. Passkeys go, however they came: one alone opens the account.
pub(super) async fn remove_strange_since(
    conn: &mut Conn,
    customer: Id<Customer>,
    since: i64,
) -> Result<RemovedFactors, sqlx::Error> {
    let young = [
        "DELETE FROM passkey WHERE customer_id = $1 AND created_at > $2",
        "DELETE FROM totp WHERE customer_id = $1 AND COALESCE(heir_since, confirmed_at, created_at) > $2 RETURNING confirmed_at",
        "DELETE FROM recovery_code WHERE customer_id = $1 AND COALESCE(heir_since, made_at) > $2",
    ];
    remove(conn, customer, since, young).await
}

/// By these sentences: of passkeys, of the app, of recovery codes.
async fn remove(
    conn: &mut Conn,
    customer: Id<Customer>,
    since: i64,
    [passkeys, app, recovery]: [&'static str; 3],
) -> Result<RemovedFactors, sqlx::Error> {
    let passkeys = execute!(conn, passkeys, customer.0, since).await? > 0;
    // One that was begun and not confirmed was no factor yet.
    let app = fetch_optional!(conn, (Option<i64>,), app, customer.0, since).await?;
    let app = app.is_some_and(|(confirmed_at,)| confirmed_at.is_some());
    let recovery = execute!(conn, recovery, customer.0, since).await? > 0;
    Ok(RemovedFactors { app, passkeys, recovery })
}

/// Like [`hold`], for somebody in a session; `false`: it was ended since they were let in, and they change nothing more.
pub(super) async fn hold_in_session(conn: &mut Conn, who: &Recent) -> Result<bool, sqlx::Error> {
    hold(conn, who.customer()).await?;
    session::is_open(conn, who.session()).await
}

/// Has changes of one customer's factors wait for each other, and what else must not meet a change of their address on
/// its way. On SQLite there is one writer anyhow.
pub(crate) async fn hold(conn: &mut Conn, customer: Id<Customer>) -> Result<(), sqlx::Error> {
    if conn.dialect() == Dialect::Postgres {
        let sql = "SELECT id FROM customer WHERE id = $1 FOR NO KEY UPDATE";
        fetch_optional!(conn, (uuid::Uuid,), sql, customer.0).await?;
    }
    Ok(())
}

/// Compares a code of the customer's app, or one of their recovery codes, in the caller's transaction; each is taken
/// once, and of a recovery code its owner is told. Who calls counts the tries.
pub(super) async fn second_factor(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    typed: &StepCode,
    device: &Device,
) -> Result<bool, DoorError> {
    let right = match typed {
        StepCode::Digits(_) => return Ok(false),
        StepCode::App(typed) => totp::check(conn, shop, customer, typed).await?,
        StepCode::Recovery(typed) => {
            let spent = recovery::spend(conn, shop, customer, typed).await?;
            if spent {
                events::happened(conn, shop, customer, AccountEvent::RecoveryCodeUsed, device).await?;
            }
            spent
        }
    };
    if right {
        let since = match typed {
            StepCode::Recovery(_) => recovery::standing(conn, customer).await?.made_at,
            _ => totp::since(conn, customer).await?,
        };
        lost::found(conn, shop, customer, since.unwrap_or(shop.now()), device).await?;
    }
    Ok(right)
}

/// Notes in the session of `token` that a code was given which [`second_factor`] has taken. Recovery codes of these days do
/// not count, whatever set they took the place of: a thief of a session may have made them.
pub(super) async fn note_app_proof(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    typed: &StepCode,
    token: &Token,
) -> Result<(), sqlx::Error> {
    let counts = match typed {
        StepCode::Recovery(_) => {
            recovery::standing(conn, customer).await?.made_at.is_some_and(|at| email_change::is_old(shop, at))
        }
        StepCode::App(_) | StepCode::Digits(_) => true,
    };
    if counts {
        session::app_proved(conn, shop, token).await?;
    }
    Ok(())
}

/// What to say of a code that [`second_factor`] refused.
pub(super) const fn not_the_factor(typed: &StepCode) -> Fault {
    match typed {
        StepCode::Recovery(_) => Fault::RecoveryCode,
        StepCode::App(_) | StepCode::Digits(_) => Fault::AppCode,
    }
}
