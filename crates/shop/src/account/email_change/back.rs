//! Taking a change back: by the link that went to the old mailbox, or, where that is not safe, with a recovery code.

use noren_domain::Lang;
use noren_domain::account::{AccountEvent, Email, EmailLink, Password, RecoveryCode, RemovedFactors};
use noren_domain::form::Fault;

use super::rows::{self, Row};
use super::{BACK_LIFE, PATIENCE, ROUTE, end};
use crate::account::{
    DoorError, at_the_door, challenge, devices, events, factors, letters, limits, looked_for, password, recovery,
};
use crate::db::{Conn, is_unique_violation};
use crate::mail::account::EmailMail;
use crate::mail::sent;
use crate::session::{self, Device};
use crate::token::Token;
use crate::vault::Indexes;
use crate::{Shop, execute, fetch_one, newsletter, outbox, shred};

/// What was taken back, and which factors went with it. A new password is to be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenBack {
    /// A change that was not in effect yet will not be.
    Stopped(RemovedFactors),
    /// The old address is the account's again.
    PutBack(RemovedFactors),
}

/// What the link does now. Looking changes nothing: programs that look at mails open links too.
///
/// # Errors
/// The database.
pub async fn link(shop: &Shop, token: &Token) -> Result<EmailLink, sqlx::Error> {
    let row = rows::by_link(&mut shop.db.read().await?, shop, token.hash()).await?;
    Ok(match row {
        None => EmailLink::Void,
        Some(row) if row.is_open() => EmailLink::Stops,
        Some(_) => EmailLink::PutsBack,
    })
}

/// The button behind the link in a mail to the old mailbox. Somebody else may have been in: all sessions end, what they
/// may have set up goes, and the password is void until a new one is set by a code to that mailbox. Where the change was
/// in effect, the old address is put back. The owner is told by mail. Works once.
///
/// # Errors
/// The link is no good (any more) ([`Fault::NotFound`]); somebody else has the old address ([`Fault::Changed`]); the
/// database.
pub async fn take_back(shop: &Shop, token: &Token, device: &Device) -> Result<TakenBack, DoorError> {
    let row = rows::by_link(&mut shop.db.read().await?, shop, token.hash()).await?;
    let Some(row) = row else { return Err(DoorError::Refused(Fault::NotFound)) };
    let void = void_password(shop, &shop.hash_room().enter()?).await?;
    let mut tx = shop.db.write().await?;
    rows::hold_whole(&mut tx, row.customer()).await?;
    // As it stands now: two may have pressed at once, or its day has come.
    let row = rows::by_link(&mut tx, shop, token.hash()).await?;
    let Some(row) = row else { return Err(DoorError::Refused(Fault::NotFound)) };
    let taken = if row.is_open() {
        let removed = out(&mut tx, shop, &row, &void).await?;
        end(&mut tx, shop, row.id).await?;
        events::happened(&mut tx, shop, row.customer(), AccountEvent::EmailChangeStopped, device).await?;
        TakenBack::Stopped(removed)
    } else {
        let back = put_back(&mut tx, shop, &row, &row.index(), Some(shop.now()), &void, device).await;
        TakenBack::PutBack(back.map_err(taken_meanwhile)?)
    };
    tx.commit().await?;
    outbox::ring();
    Ok(taken)
}

/// The same where the old mailbox was not safe: with the address of before and a recovery code. The answer is the same
/// for an address that was nobody's. Says which factors went.
///
/// # Errors
/// They do not belong together, or the time is over ([`Fault::RecoveryCode`]); too many were tried; somebody else has
/// the old address ([`Fault::Changed`]); the vault or the database.
pub async fn take_back_with_paper(
    shop: &Shop,
    old: &Email,
    code: &RecoveryCode,
    device: &Device,
) -> Result<RemovedFactors, DoorError> {
    let asker = at_the_door(shop, device, limits::BACK_NETWORK, ROUTE).await?;
    let ticket = shop.hash_room().enter()?;
    // For an address there is no limit: a code has 120 bits, and strangers would use up its owner's tries.
    for (limit, who) in limits::of_network(limits::BACK_NETWORK, device) {
        limits::spend(shop, limit, &who).await?;
    }
    let index = looked_for(shop, asker, old).await?;
    let void = void_password(shop, &ticket).await?;
    let mut tx = shop.db.write().await?;
    let Some(found) = rows::by_old_address(&mut tx, shop, &index).await? else {
        return Err(DoorError::Refused(Fault::RecoveryCode));
    };
    rows::hold_whole(&mut tx, found.customer()).await?;
    let row = rows::by_old_address(&mut tx, shop, &index).await?.filter(|row| row.id == found.id);
    let Some(row) = row else { return Err(DoorError::Refused(Fault::RecoveryCode)) };
    // Codes that were made since then are those of whoever is in the account now.
    let made_at = recovery::standing(&mut tx, row.customer()).await?.made_at;
    let before = made_at.is_some_and(|at| at < row.created_at);
    if !before || !recovery::spend(&mut tx, shop, row.customer(), code).await? {
        return Err(DoorError::Refused(Fault::RecoveryCode));
    }
    let removed = put_back(&mut tx, shop, &row, &index, None, &void, device).await.map_err(taken_meanwhile)?;
    tx.commit().await?;
    outbox::ring();
    Ok(removed)
}

/// A hash of a password that nobody has ever known.
async fn void_password(shop: &Shop, ticket: &password::Ticket) -> Result<String, DoorError> {
    let nobodys = Token::random(&shop.entropy);
    let nobodys = Password::typed(nobodys.secret()).map_err(DoorError::Refused)?;
    Ok(password::hash(shop, ticket, &nobodys).await?)
}

fn taken_meanwhile(error: sqlx::Error) -> DoorError {
    if is_unique_violation(&error) { DoorError::Refused(Fault::Changed) } else { error.into() }
}

/// Puts whoever is in the account out: sessions, browsers that are known, codes under way, the password, and the factors
/// that were not old when the change was asked for, nor the heirs of old ones. Whoever asked for it could have set those
/// up just before. Says which factors went.
async fn out(conn: &mut Conn, shop: &Shop, row: &Row, void: &str) -> Result<RemovedFactors, sqlx::Error> {
    let customer = row.customer();
    session::close_all(conn, customer, None, shop.now()).await?;
    devices::forget_all(conn, customer).await?;
    challenge::end_all(conn, shop, customer).await?;
    execute!(conn, "UPDATE customer SET password_hash = $2 WHERE id = $1", customer.0, void).await?;
    let removed = factors::remove_strange_since(conn, customer, row.created_at - PATIENCE).await?;
    // They may have talked the shop's people into taking the owner's factors away.
    execute!(conn, "DELETE FROM factor_removal WHERE customer_id = $1", customer.0).await?;
    Ok(removed)
}

/// Puts the old address back, in the caller's transaction, which holds the customer. Whoever shows now that its mailbox is
/// theirs has `proved` it (UTC ms); otherwise that was last shown when it was before. Says which factors went.
async fn put_back(
    conn: &mut Conn,
    shop: &Shop,
    row: &Row,
    old: &Indexes,
    proved: Option<i64>,
    void: &str,
    device: &Device,
) -> Result<RemovedFactors, sqlx::Error> {
    let customer = row.customer();
    let registrations = rows::registrations(conn, old).await?;
    let sql = "SELECT email, email_index, lang FROM customer WHERE id = $1";
    let (new, new_index, lang) = fetch_one!(conn, (Vec<u8>, Vec<u8>, String), sql, customer.0).await?;
    let sql = "UPDATE customer SET email = $2, email_index = $3,
                 email_verified_at = COALESCE($4, (SELECT old_verified_at FROM email_change WHERE id = $5)) WHERE id = $1";
    execute!(conn, sql, customer.0, row.email.clone(), row.email_index.clone(), proved, row.id).await?;
    for registration in registrations {
        letters::forget_registration(conn, shop, registration).await?;
        execute!(conn, "DELETE FROM registration WHERE id = $1", registration).await?;
        shred::later(conn, shop, registration).await?;
    }
    // What was changed after this one was changed by the same people.
    for later in rows::later(conn, row).await? {
        sent::take_from(conn, later).await?;
        end(conn, shop, later).await?;
    }
    sent::take_from(conn, row.id).await?;
    let sql = "UPDATE email_change SET state = 'reverted', email = $2, email_index = $3, due_at = $4 WHERE id = $1";
    execute!(conn, sql, row.id, new, new_index, shop.now() + BACK_LIFE).await?;
    let removed = out(conn, shop, row, void).await?;
    newsletter::ask_anew(conn, shop, customer, Lang::from_tag(&lang)).await?;
    events::happened(conn, shop, customer, AccountEvent::EmailReverted, device).await?;
    letters::email(conn, shop, row.id, EmailMail::Over).await?;
    Ok(removed)
}
