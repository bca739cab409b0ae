//! Asking a signed-in person once more who they are, before something that a thief of an open browser would do first.

use noren_domain::account::{AccountEvent, Password, Proof, SignInOutcome, StepCode};
use noren_domain::form::Fault;

use super::challenge::tries_of;
use super::factors::{hold, not_the_factor, note_app_proof, second_factor};
use super::limits::{self, Limit, Standing};
use super::sign_in::record;
use super::{DoorError, devices, events, password, totp};
use crate::db::{Conn, Tx};
use crate::session::{self, Device, SignedIn};
use crate::token::Token;
use crate::{Shop, fetch_optional, outbox};

/// Whether [`prove`] asks for the code of an app as well.
///
/// # Errors
/// The database.
pub async fn asks_for_app(shop: &Shop, who: &SignedIn) -> Result<bool, sqlx::Error> {
    totp::is_set(&mut shop.db.read().await?, who.customer).await
}

/// Proves a session anew by the password, and the code of an app where one is set up; gives the new token that the browser is to hold from now on.
///
/// # Errors
/// Password or code are wrong, or too many were; the session has ended meanwhile; the database.
pub async fn prove(shop: &Shop, who: &SignedIn, shown: &Proof, device: &Device) -> Result<Token, DoorError> {
    let ticket = shop.hash_room().enter()?;
    let stored = count(shop, who, device).await?;
    let mut tx = by_password(shop, &ticket, who, &shown.password, stored, device).await?;
    let app = totp::is_set(&mut tx, who.customer).await?;
    // Wrong codes of the app are counted by themselves and told of as what they are: somebody has the password. Recovery
    // codes are not, and stay with the passwords, or a session could have them tried for ever.
    let paper = app && matches!(shown.code, Some(StepCode::Recovery(_)));
    if !paper {
        give_back(&mut tx, shop, who).await?;
    }
    if app {
        tx = by_app(tx, shop, who, shown.code.as_ref(), device).await?;
    }
    if paper {
        give_back(&mut tx, shop, who).await?;
    }
    let Some(token) = session::prove(&mut tx, shop, who).await? else {
        return Err(DoorError::Refused(Fault::SessionEnded));
    };
    if let (true, Some(code)) = (app, &shown.code) {
        note_app_proof(&mut tx, shop, who.customer, code, &token).await?;
    }
    tx.commit().await?;
    outbox::ring();
    Ok(token)
}

/// Where a try at the password is counted.
fn counted(who: &SignedIn) -> [(Limit, Vec<u8>); 2] {
    [(limits::PROVE, who.session.0.as_bytes().to_vec()), (limits::PROVE_CUSTOMER, who.customer.0.as_bytes().to_vec())]
}

/// Counts the try before it is made; gives what the password is to be compared with.
async fn count(shop: &Shop, who: &SignedIn, device: &Device) -> Result<Option<String>, DoorError> {
    let counted = counted(who);
    let mut tx = shop.db.write().await?;
    let over = limits::take_all(&mut tx, shop, &counted).await?;
    let stored = stored(&mut tx, who).await?;
    let Some(over) = over else {
        tx.commit().await?;
        return Ok(stored);
    };
    if over.is_told() {
        record(&mut tx, shop, who.customer, SignInOutcome::Blocked, device).await?;
        // Not the news of tries at the door: whoever tries here is inside.
        events::many_failed_tries(&mut tx, shop, who.customer, AccountEvent::ManyFailedProofs, device).await?;
    }
    tx.commit().await?;
    outbox::ring();
    Err(DoorError::Refused(over.fault()))
}

/// Gives the one try back that [`count`] took: it was no wrong password.
async fn give_back(conn: &mut Conn, shop: &Shop, who: &SignedIn) -> Result<(), sqlx::Error> {
    for (limit, whose) in counted(who) {
        limits::give_back(conn, shop, limit, &whose).await?;
    }
    Ok(())
}

async fn stored(conn: &mut Conn, who: &SignedIn) -> Result<Option<String>, sqlx::Error> {
    let sql = "SELECT password_hash FROM customer WHERE id = $1";
    Ok(fetch_optional!(conn, (String,), sql, who.customer.0).await?.map(|(hash,)| hash))
}

/// Compares the password with what was `compared` when the try was counted; right, gives a transaction that holds the
/// customer. A wrong one is written down for good.
async fn by_password(
    shop: &Shop,
    ticket: &password::Ticket,
    who: &SignedIn,
    typed: &Password,
    compared: Option<String>,
    device: &Device,
) -> Result<Tx, DoorError> {
    let right = password::matches(ticket, typed, compared.clone()).await?;
    let mut tx = shop.db.write().await?;
    hold(&mut tx, who.customer).await?;
    // It was compared outside of any transaction, and may be another one by now.
    if right && stored(&mut tx, who).await? != compared {
        return Err(DoorError::Refused(Fault::Changed));
    }
    if !right {
        record(&mut tx, shop, who.customer, SignInOutcome::WrongPassword, device).await?;
        tx.commit().await?;
        return Err(DoorError::Refused(Fault::WrongPassword));
    }
    Ok(tx)
}

/// Compares the code, of the app or a recovery code; right, gives the transaction back. A wrong one is written down for
/// good.
async fn by_app(
    mut tx: Tx,
    shop: &Shop,
    who: &SignedIn,
    code: Option<&StepCode>,
    device: &Device,
) -> Result<Tx, DoorError> {
    let Some(code) = code else { return Err(DoorError::Refused(Fault::AppCode)) };
    // Counted together with those at the door, or whoever has the password would have more tries here.
    let known = devices::is_known(&mut tx, shop, who.customer, device).await?;
    let tries = tries_of(who.customer, known, device);
    // A recovery code has 120 bits: its tries need not be counted.
    if !matches!(code, StepCode::Recovery(_))
        && let Standing::Over { minutes, first } = limits::take(&mut tx, shop, limits::STEP_CODE, &tries).await?
    {
        if first {
            events::many_failed_tries(&mut tx, shop, who.customer, AccountEvent::ManyWrongSecondCodes, device).await?;
        }
        tx.commit().await?;
        outbox::ring();
        return Err(DoorError::Refused(Fault::TooMany { minutes }));
    }
    if !second_factor(&mut tx, shop, who.customer, code, device).await? {
        record(&mut tx, shop, who.customer, SignInOutcome::WrongCode, device).await?;
        tx.commit().await?;
        return Err(DoorError::Refused(not_the_factor(code)));
    }
    limits::honest(&mut tx, shop, limits::STEP_CODE, &tries).await?;
    Ok(tx)
}
