//! Second factors that their owner has lost, recovery codes and all: the shop's operator has them taken away, once the
//! owner, who may not be the one who asked, had time to object.

use noren_domain::Id;
use noren_domain::account::{AccountEvent, Customer};
use noren_domain::form::Fault;
use uuid::Uuid;

use super::factors::{FactorError, hold, hold_in_session};
use super::{DAY, challenge, devices, email_change, events, letters, totp};
use crate::clock::SKEW;
use crate::db::Conn;
use crate::mail::sent::standing::MailStanding;
use crate::session::{self, Device, Recent};
use crate::{Shop, execute, fetch_all, fetch_optional, outbox};

/// The owner has so long to object, from when the mail that tells them has left: a weekend, and a day to read it.
pub const DELAY: i64 = 3 * DAY;
/// Whoever says that they have lost the app has come as far as its code within so long: the shop itself has then looked
/// at their password, or at their mailbox.
const CAME_SO_FAR: i64 = DAY;
/// So many removals are looked at in one go.
const BATCH: i64 = 100;

/// What became of asking for the removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The factors go at this time (UTC ms) unless their owner objects, who has been told.
    Now(i64),
    /// It was asked for before.
    Already(i64),
    /// There is no app that could be lost.
    Nothing,
    /// Nobody has come as far as the question for the app's code lately.
    NotTried,
}

/// Has the customer's second factors go after [`DELAY`], which begins once no change of the address can be taken back.
///
/// # Errors
/// The database.
pub async fn remove_later(shop: &Shop, customer: Id<Customer>) -> Result<Asked, sqlx::Error> {
    let now = shop.now();
    let mut tx = shop.db.write().await?;
    hold(&mut tx, customer).await?;
    if !totp::is_set(&mut tx, customer).await? {
        return Ok(Asked::Nothing);
    }
    // What a clock that was ahead put further off than anything can wait is as if it had not been asked for.
    let latest = now + email_change::BACK_LIFE + DELAY + SKEW;
    if let Some(due) = waiting(&mut tx, customer).await?.filter(|due| *due <= latest) {
        return Ok(Asked::Already(due));
    }
    let sql = "SELECT 1 FROM sign_in WHERE customer_id = $1 AND outcome = 'asked' AND at > $2 AND at <= $3 LIMIT 1";
    if fetch_optional!(tx, (i32,), sql, customer.0, now - CAME_SO_FAR, now + SKEW).await?.is_none() {
        return Ok(Asked::NotTried);
    }
    // Not while whoever has just changed the address may be the one who is told, and a recovery code the owner's way back.
    let back = email_change::back_until(&mut tx, shop, customer).await?.unwrap_or_default();
    let due = now.max(back) + DELAY;
    let sql = "INSERT INTO factor_removal (customer_id, asked_at, due_at) VALUES ($1, $2, $3)
               ON CONFLICT (customer_id) DO UPDATE SET asked_at = $2, due_at = $3";
    execute!(tx, sql, customer.0, now, due).await?;
    events::happened(&mut tx, shop, customer, AccountEvent::FactorsRemovalAsked, &Device::of_the_shop()).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(Asked::Now(due))
}

/// When the customer's second factors go, UTC ms; `None`: they stay.
pub(super) async fn waiting(conn: &mut Conn, customer: Id<Customer>) -> Result<Option<i64>, sqlx::Error> {
    let sql = "SELECT due_at FROM factor_removal WHERE customer_id = $1";
    Ok(fetch_optional!(conn, (i64,), sql, customer.0).await?.map(|(due,)| due))
}

/// Has the customer's second factors stay after all; `false`: nothing else was to happen. It takes a fresh proof: with a
/// session alone a thief could keep an owner out who has asked for the removal.
///
/// # Errors
/// The session has ended meanwhile; the database.
pub async fn keep(shop: &Shop, who: &Recent, device: &Device) -> Result<bool, FactorError> {
    let mut tx = shop.db.write().await?;
    if !hold_in_session(&mut tx, who).await? {
        return Err(FactorError::Refused(Fault::SessionEnded));
    }
    let kept = found(&mut tx, shop, who.customer(), i64::MIN, device).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(kept)
}

/// The same by the shop's operator, to whom the owner has written.
///
/// # Errors
/// The database.
pub async fn keep_by_the_shop(shop: &Shop, customer: Id<Customer>) -> Result<bool, sqlx::Error> {
    let mut tx = shop.db.write().await?;
    hold(&mut tx, customer).await?;
    let kept = found(&mut tx, shop, customer, i64::MIN, &Device::of_the_shop()).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(kept)
}

/// The same in the caller's transaction, for whoever has just shown that nothing is lost: by a factor that was set up at
/// `since` (UTC ms). One that was not old when the removal was asked for may be that of a thief who has shut the owner
/// out by it, and keeps nothing.
pub(super) async fn found(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    since: i64,
    device: &Device,
) -> Result<bool, sqlx::Error> {
    let sql = "DELETE FROM factor_removal WHERE customer_id = $1 AND asked_at >= $2";
    if execute!(conn, sql, customer.0, since.saturating_add(email_change::PATIENCE)).await? == 0 {
        return Ok(false);
    }
    events::happened(conn, shop, customer, AccountEvent::FactorsKept, device).await?;
    Ok(true)
}

/// Forgets a removal that nothing is left for, in the caller's transaction: factors that are set up from now on are not
/// those that were lost.
pub(super) async fn settled(conn: &mut Conn, customer: Id<Customer>) -> Result<(), sqlx::Error> {
    if !totp::is_set(conn, customer).await? {
        execute!(conn, "DELETE FROM factor_removal WHERE customer_id = $1", customer.0).await?;
    }
    Ok(())
}

/// Removals whose time has come, after the last one that was looked at.
pub(crate) const DUE: &str = "SELECT due_at, customer_id FROM factor_removal \
     WHERE due_at <= $1 AND due_at >= $3 AND (due_at > $3 OR customer_id > $4) ORDER BY due_at, customer_id LIMIT $2";

/// Takes the second factors away whose owners were told and did not object. What is left is what an account begins with,
/// the password and the mailbox; whoever is signed in, or has found the lost device, must show both.
///
/// # Errors
/// The database. All others' are gone nevertheless.
pub async fn remove_due(shop: &Shop) -> Result<(), sqlx::Error> {
    let (now, mut after, mut failed) = (shop.now(), (i64::MIN, Uuid::nil()), None);
    loop {
        let due = fetch_all!(shop.db.read().await?, (i64, Uuid), DUE, now, BATCH, after.0, after.1).await?;
        let Some(last) = due.last() else { return failed.map_or(Ok(()), Err) };
        after = *last;
        for (_, customer) in due {
            if let Err(error) = remove(shop, Id::new(customer)).await {
                tracing::error!(%customer, %error, "lost second factors cannot be taken away; it is tried again");
                failed = Some(error);
            }
        }
    }
}

async fn remove(shop: &Shop, customer: Id<Customer>) -> Result<(), sqlx::Error> {
    let mut tx = shop.db.write().await?;
    hold(&mut tx, customer).await?;
    // The address was changed since it was asked for: it waits as long as if it had been asked for after that.
    if let Some(back) = email_change::back_until(&mut tx, shop, customer).await? {
        let sql = "UPDATE factor_removal SET due_at = $2 WHERE customer_id = $1 AND due_at < $2";
        execute!(tx, sql, customer.0, back + DELAY).await?;
        return tx.commit().await;
    }
    // It may have been stopped or put off since it was read.
    if waiting(&mut tx, customer).await?.is_none_or(|due| due > shop.now()) {
        return Ok(());
    }
    if put_off(&mut tx, shop, customer).await? {
        tx.commit().await?;
        outbox::ring();
        return Ok(());
    }
    let sql = "DELETE FROM factor_removal WHERE customer_id = $1 AND due_at <= $2";
    if execute!(tx, sql, customer.0, shop.now()).await? == 0 {
        return Ok(());
    }
    for sql in [
        "DELETE FROM totp WHERE customer_id = $1",
        "DELETE FROM recovery_code WHERE customer_id = $1",
        "DELETE FROM passkey WHERE customer_id = $1",
    ] {
        execute!(tx, sql, customer.0).await?;
    }
    devices::forget_all(&mut tx, customer).await?;
    challenge::end_all(&mut tx, shop, customer).await?;
    session::close_all(&mut tx, customer, None, shop.now()).await?;
    events::happened(&mut tx, shop, customer, AccountEvent::FactorsRemoved, &Device::of_the_shop()).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(())
}

/// Puts a removal off whose day has come, in the caller's transaction, which holds the customer, if its owner has not
/// had [`DELAY`] since the mail about it left: while no mail server takes our mails nobody can object. `false`: they
/// have had it.
async fn put_off(conn: &mut Conn, shop: &Shop, customer: Id<Customer>) -> Result<bool, sqlx::Error> {
    let now = shop.now();
    // That of a clock that was ahead is not the one that was asked for last.
    let sql = "SELECT id FROM account_event WHERE customer_id = $1 AND kind = $2 AND at <= $3 ORDER BY at DESC, id DESC LIMIT 1";
    let asked = AccountEvent::FactorsRemovalAsked;
    let event = fetch_optional!(conn, (Uuid,), sql, customer.0, asked.word(), now + SKEW).await?;
    let standing = match event {
        Some((event,)) => letters::event_standing(conn, event).await?,
        None => MailStanding::Gone,
    };
    if standing.has_had(DELAY, now) {
        return Ok(false);
    }
    let sql = "UPDATE factor_removal SET due_at = $2 WHERE customer_id = $1";
    execute!(conn, sql, customer.0, standing.since(now) + DELAY).await?;
    // It could not be sent for days; it was tried once more between the day and this moment, and called off for the day was
    // over; or its event is forgotten. Without another mail its owner would lose their factors untold, or the removal would wait for ever.
    if matches!(standing, MailStanding::GivenUp | MailStanding::Gone) {
        events::happened(conn, shop, customer, asked, &Device::of_the_shop()).await?;
    }
    Ok(true)
}
