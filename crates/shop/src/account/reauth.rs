//! Asking a signed-in person once more who they are, before something that a thief of an open browser would do first.

use noren_domain::account::{AccountEvent, Proof, SignInOutcome, StepCode};
use noren_domain::form::Fault;

use super::challenge::{not_the_factor, note_app_proof, second_factor, tries_of};
use super::factors::hold;
use super::limits::{self, Standing};
use super::sign_in::record;
use super::{DoorError, devices, events, password, totp};
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
    let mut tx = shop.db.write().await?;
    let counted = [(limits::PROVE, who.session.0), (limits::PROVE_CUSTOMER, who.customer.0)];
    let mut standing = Standing::Within;
    for (limit, whose) in counted {
        if standing == Standing::Within {
            standing = limits::take(&mut tx, shop, limit, whose.as_bytes()).await?;
        }
    }
    let sql = "SELECT password_hash FROM customer WHERE id = $1";
    let stored = fetch_optional!(tx, (String,), sql, who.customer.0).await?.map(|(hash,)| hash);
    if let Standing::Over { minutes, first } = standing {
        if first {
            record(&mut tx, shop, who.customer, SignInOutcome::Blocked, device).await?;
            // Not the news of tries at the door: whoever tries here is inside.
            events::many_failed_tries(&mut tx, shop, who.customer, AccountEvent::ManyFailedProofs, device).await?;
        }
        tx.commit().await?;
        outbox::ring();
        return Err(DoorError::Refused(Fault::TooMany { minutes }));
    }
    tx.commit().await?;
    let right = password::matches(&shown.password, stored.clone()).await?;
    let mut tx = shop.db.write().await?;
    hold(&mut tx, who.customer).await?;
    // It was compared outside of any transaction, and may be another one by now.
    let now = fetch_optional!(tx, (String,), sql, who.customer.0).await?.map(|(hash,)| hash);
    if right && now != stored {
        return Err(DoorError::Refused(Fault::Changed));
    }
    if !right {
        record(&mut tx, shop, who.customer, SignInOutcome::WrongPassword, device).await?;
        tx.commit().await?;
        return Err(DoorError::Refused(Fault::WrongPassword));
    }
    let app = totp::is_set(&mut tx, who.customer).await?;
    // Wrong codes of the app are counted by themselves and told of as what they are: somebody has the password. Recovery
    // codes are not, and stay with the passwords, or a session could have them tried for ever.
    let paper = app && matches!(shown.code, Some(StepCode::Recovery(_)));
    if !paper {
        for (limit, whose) in counted {
            limits::honest(&mut tx, shop, limit, whose.as_bytes()).await?;
        }
    }
    if app {
        let Some(code) = &shown.code else { return Err(DoorError::Refused(Fault::AppCode)) };
        // Counted together with those at the door, or whoever has the password would have more tries here.
        let known = devices::is_known(&mut tx, shop, who.customer, device).await?;
        let tries = tries_of(who.customer, known, device);
        // A recovery code has 120 bits: its tries need not be counted.
        if !matches!(code, StepCode::Recovery(_))
            && let Standing::Over { minutes, first } = limits::take(&mut tx, shop, limits::STEP_CODE, &tries).await?
        {
            if first {
                events::many_failed_tries(&mut tx, shop, who.customer, AccountEvent::ManyWrongSecondCodes, device)
                    .await?;
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
    }
    if paper {
        for (limit, whose) in counted {
            limits::honest(&mut tx, shop, limit, whose.as_bytes()).await?;
        }
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
