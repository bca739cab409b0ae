//! A new password: with a code from the mailbox, or while signed in.

use noren_domain::account::{
    AccountEvent, Customer, Email, Password, RemovedFactors, Reset, SignInOutcome, SignInWay, StepCode,
};
use noren_domain::form::Fault;
use noren_domain::{Id, Lang};

use super::challenge::{self, Kind, Tried};
use super::factors::{self, hold};
use super::limits;
use super::password::Ticket;
use super::sign_in::{Opening, ask_app, enter, record, record_by};
use super::{DoorError, Entered, devices, email_change, events, lost, password, totp, view};
use crate::db::{Conn, Tx};
use crate::session::{self, Device, Recent};
use crate::token::Token;
use crate::{Shop, execute, outbox};

/// Refuses a password that is easy to guess or was in a leak.
pub(super) async fn judge(
    shop: &Shop,
    ticket: &Ticket,
    wanted: &Password,
    email: Option<&Email>,
) -> Result<(), DoorError> {
    match password::weakness(shop, ticket, wanted, email).await? {
        Some(why) => Err(DoorError::Refused(Fault::WeakPassword { why })),
        None => Ok(()),
    }
}

/// Refuses a password that [`judge`] let through before it was known whose it is to be, if it holds that person's address.
async fn judge_by_address(
    shop: &Shop,
    ticket: &Ticket,
    wanted: &Password,
    customer: Id<Customer>,
) -> Result<(), DoorError> {
    let Some(email) = address(shop, customer, "reset").await? else { return Ok(()) };
    match password::guessed(shop, ticket, wanted, Some(&email)).await? {
        Some(why) => Err(DoorError::Refused(Fault::WeakPassword { why })),
        None => Ok(()),
    }
}

/// The customer's address, to hold a new password against; `None`: it does not open, or not now.
async fn address(shop: &Shop, customer: Id<Customer>, route: &'static str) -> Result<Option<Email>, DoorError> {
    match view::address(shop, customer, route).await {
        Ok(address) => Ok(address.and_then(|address| Email::parse(&address).ok())),
        // A vault that is away keeps nobody from exchanging a password that is known to a thief.
        Err(DoorError::Vault(error)) if error.is_passing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Sets a new password for whoever has the mailbox, and lets them in. It ends every session, every code under way and
/// every browser the customer was known by, and every factor of these days goes. Where an app was set up before, its code
/// is asked for next, and until it was given nothing changes: a mailbox alone neither sets a password nor signs its owner
/// out.
///
/// # Errors
/// The code is wrong or over; the vault or the database.
pub async fn reset(
    shop: &Shop,
    pending: &Token,
    asked: &Reset,
    lang: Lang,
    device: &Device,
    old: Option<&Token>,
) -> Result<Opening, DoorError> {
    if challenge::waiting(shop, pending, Kind::Reset).await?.is_none() {
        return Err(DoorError::Refused(Fault::CodeOver));
    }
    let ticket = shop.hash_room().enter()?;
    let mut tx = shop.db.write().await?;
    let network = limits::of_network(limits::RESET_NETWORK, device);
    let over = limits::take_all(&mut tx, shop, &network).await?;
    tx.commit().await?;
    if let Some(over) = over {
        return Err(DoorError::Refused(over.fault()));
    }
    // Before the code is looked at: a right code and a wrong one take the same time. Whose address it is, is not known yet.
    judge(shop, &ticket, &asked.password, None).await?;
    let hash = password::hash(shop, &ticket, &asked.password).await?;
    // The right code says whose. Nothing of this look is kept, so that the code is good for another password.
    let (look, customer) = proved(shop, pending, asked, device).await?;
    drop(look);
    judge_by_address(shop, &ticket, &asked.password, customer).await?;
    let (mut tx, customer) = proved(shop, pending, asked, device).await?;
    // An app of these days may be that of a thief of a session, and would shut the owner out for good.
    let since = totp::since(&mut tx, customer).await?;
    let opening = if since.is_some_and(|since| email_change::is_old(shop, since)) {
        let pending = ask_app(&mut tx, shop, customer, lang, device).await?;
        challenge::password_waits(&mut tx, &pending, &hash).await?;
        Opening::Asked(pending)
    } else {
        let removed = reset_whole(&mut tx, shop, customer, &hash, device).await?;
        record_by(&mut tx, shop, customer, SignInOutcome::Ok, Some(SignInWay::Mail), device).await?;
        Opening::In(Entered { removed, ..enter(&mut tx, shop, customer, device, old).await? })
    };
    tx.commit().await?;
    outbox::ring();
    Ok(opening)
}

/// Whose code it was, with the transaction in which it was used up. A wrong one is written down for good.
async fn proved(shop: &Shop, pending: &Token, asked: &Reset, device: &Device) -> Result<(Tx, Id<Customer>), DoorError> {
    let least = challenge::least();
    let mut tx = shop.db.write().await?;
    let typed = StepCode::Digits(asked.code.clone());
    match challenge::attempt(&mut tx, shop, pending, Kind::Reset, &typed, device).await? {
        Tried::Right(proved) => Ok((tx, proved.customer)),
        Tried::Wrong { customer, fault } => {
            if let Some(customer) = customer {
                record(&mut tx, shop, customer, SignInOutcome::WrongCode, device).await?;
            }
            tx.commit().await?;
            outbox::ring();
            least.await;
            Err(DoorError::Refused(fault))
        }
    }
}

/// Sets the new password of somebody who has given all that was asked for, in the caller's transaction; says which
/// factors of these days went.
pub(super) async fn reset_whole(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    hash: &str,
    device: &Device,
) -> Result<RemovedFactors, sqlx::Error> {
    set(conn, shop, customer, hash).await?;
    let removed = factors::remove_since(conn, customer, shop.now() - email_change::PATIENCE).await?;
    lost::settled(conn, customer).await?;
    session::close_all(conn, customer, None, shop.now()).await?;
    events::happened(conn, shop, customer, AccountEvent::PasswordReset, device).await?;
    Ok(removed)
}

/// Sets a new password for somebody who has just proved who they are. It ends every other session and every code
/// under way; this browser gets a new token.
///
/// # Errors
/// The password is weak, or too many were tried; the session has ended meanwhile; the database.
pub async fn change(shop: &Shop, who: &Recent, wanted: &Password, device: &Device) -> Result<Entered, DoorError> {
    let (customer, now) = (who.customer(), shop.now());
    let ticket = shop.hash_room().enter()?;
    // Before the work that they bound: a weak one is judged as long as a good one.
    limits::spend(shop, limits::CHANGE_PASSWORD, who.session().0.as_bytes()).await?;
    limits::spend(shop, limits::CHANGE_PASSWORD_CUSTOMER, customer.0.as_bytes()).await?;
    let email = address(shop, customer, "account/security/password").await?;
    judge(shop, &ticket, wanted, email.as_ref()).await?;
    let hash = password::hash(shop, &ticket, wanted).await?;
    let mut tx = shop.db.write().await?;
    hold(&mut tx, customer).await?;
    let Some(token) = session::renew(&mut tx, shop, who.session()).await? else {
        return Err(DoorError::Refused(Fault::SessionEnded));
    };
    set(&mut tx, shop, customer, &hash).await?;
    session::close_all(&mut tx, customer, Some(who.session()), now).await?;
    events::happened(&mut tx, shop, customer, AccountEvent::PasswordChanged, device).await?;
    let device = devices::know(&mut tx, shop, customer, device).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(Entered { token, customer, device, removed: RemovedFactors::default() })
}

async fn set(conn: &mut Conn, shop: &Shop, customer: Id<Customer>, hash: &str) -> Result<(), sqlx::Error> {
    let sql = "UPDATE customer SET password_hash = $2, password_changed_at = $3 WHERE id = $1";
    execute!(conn, sql, customer.0, hash, shop.now()).await?;
    devices::forget_all(conn, customer).await?;
    challenge::end_all(conn, shop, customer).await
}
