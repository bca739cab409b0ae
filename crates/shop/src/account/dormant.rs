//! Accounts that nobody uses: after twelve months what an unused account does not need goes, after twenty-four the
//! account. Its owner is told thirty days before each, and before the second once more seven days before; a sign-in
//! begins the time anew.
//!
//! That time counts from when the mail has left. While no mail server takes our mails nothing goes: a notice that has
//! not left when its time is over is written anew, with another day.
//!
//! What goes first: the name, saved addresses, cart and what was typed at the checkout, devices and browsers, sign-ins
//! and events, copies of the data that were asked for, and phone, reading of the name and message of finished orders of
//! before. What stays: the address, ways in (password, passkeys, app), orders, the newsletter's consent.

use noren_domain::Id;
use noren_domain::account::{Customer, ErasureCause};
use uuid::Uuid;

use super::erase::{self, EraseError};
use super::factors::hold;
use super::{DAY, challenge, letters};
use crate::db::Conn;
use crate::mail::account::DormantStep;
use crate::tidy::in_batches;
use crate::{Shop, execute, fetch_all, fetch_optional, outbox};

/// Without a sign-in or an order for so long, an account is reduced.
pub const REDUCE_AFTER: i64 = 365 * DAY;
/// Without a sign-in or an order for so long, it is erased.
pub const ERASE_AFTER: i64 = 730 * DAY;
/// The owner hears of either so long before, at least: from when the mail has left.
pub const NOTICE: i64 = 30 * DAY;
/// And of the second once more so long before.
pub const LAST_CALL: i64 = 7 * DAY;
/// So many accounts are erased in one go.
const BATCH: i64 = 100;

/// A notice, and what must not come before its reader has had their time.
struct Announced {
    step: DormantStep,
    /// So long after it the next step comes.
    time: i64,
    /// So long after it comes what it names the day of.
    ahead: i64,
    /// Has its time begin at `$2`, if it was over at `$3`.
    put_off: &'static str,
}

const REDUCING: Announced = Announced {
    step: DormantStep::BeforeReducing,
    time: NOTICE,
    ahead: NOTICE,
    put_off: "UPDATE dormancy SET told_at = $2 WHERE customer_id = $1 AND told_at <= $3 AND reduced_at IS NULL",
};
const ERASING: Announced = Announced {
    step: DormantStep::BeforeErasing,
    time: NOTICE - LAST_CALL,
    ahead: NOTICE,
    put_off: "UPDATE dormancy SET warned_at = $2 WHERE customer_id = $1 AND warned_at <= $3 AND warned_again_at IS NULL",
};
const ERASING_SOON: Announced = Announced {
    step: DormantStep::LastCall,
    time: LAST_CALL,
    ahead: LAST_CALL,
    put_off: "UPDATE dormancy SET warned_again_at = $2 WHERE customer_id = $1 AND warned_again_at <= $3",
};

/// Accounts that begin to be unused.
pub(crate) const UNUSED: &str = "SELECT c.id FROM customer c WHERE NOT c.dormant AND COALESCE(c.active_at, c.created_at) <= $1 \
     AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.created_at > $1) \
     ORDER BY COALESCE(c.active_at, c.created_at), c.id LIMIT $2";
pub(crate) const TO_REDUCE: &str = "SELECT customer_id FROM dormancy WHERE told_at <= $1 AND reduced_at IS NULL ORDER BY told_at, customer_id LIMIT $2";
/// Of accounts so old all but those of the last thirty days are erased already.
pub(crate) const TO_WARN: &str = "SELECT d.customer_id FROM customer c JOIN dormancy d ON d.customer_id = c.id \
     WHERE COALESCE(c.active_at, c.created_at) <= $1 AND d.reduced_at IS NOT NULL AND d.warned_at IS NULL \
     AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.created_at > $1) \
     ORDER BY COALESCE(c.active_at, c.created_at), c.id LIMIT $2";
pub(crate) const TO_WARN_AGAIN: &str = "SELECT customer_id FROM dormancy WHERE warned_at <= $1 AND warned_again_at IS NULL \
     ORDER BY warned_at, customer_id LIMIT $2";
/// After the last one that was looked at.
pub(crate) const TO_ERASE: &str = "SELECT warned_again_at, customer_id FROM dormancy \
     WHERE warned_again_at <= $1 AND warned_again_at >= $3 AND (warned_again_at > $3 OR customer_id > $4) \
     ORDER BY warned_again_at, customer_id LIMIT $2";

/// Somebody has signed in, in the caller's transaction: their account is used. What was announced and has not left yet is
/// called off as it is about to ([`is_unused`]).
pub(crate) async fn came_back(conn: &mut Conn, shop: &Shop, customer: Id<Customer>) -> Result<(), sqlx::Error> {
    execute!(conn, "UPDATE customer SET active_at = $2, dormant = FALSE WHERE id = $1", customer.0, shop.now()).await?;
    execute!(conn, "DELETE FROM dormancy WHERE customer_id = $1", customer.0).await?;
    Ok(())
}

/// Whether the account counts as unused: what its owner was told of that still holds.
pub(crate) async fn is_unused(shop: &Shop, customer: Uuid) -> Result<bool, sqlx::Error> {
    let sql = "SELECT 1 FROM dormancy WHERE customer_id = $1";
    Ok(fetch_optional!(shop.db.read().await?, (i32,), sql, customer).await?.is_some())
}

/// Takes every unused account its next step, if that is due. Running it twice, or on several machines, does no more than
/// once; however late it runs, and however late a mail leaves, no step comes sooner after its notice than was said.
///
/// # Errors
/// The database; the mailbox folder.
pub async fn sweep(shop: &Shop) -> Result<(), EraseError> {
    // A step that fails keeps nobody from theirs after it.
    let steps = [begin_due(shop).await, reduce_due(shop).await, warn_due(shop).await, warn_again_due(shop).await];
    outbox::ring();
    let erased = erase_due(shop).await;
    erase::erase_finished(shop).await?;
    steps.into_iter().collect::<Result<(), _>>()?;
    erased
}

async fn begin_due(shop: &Shop) -> Result<(), sqlx::Error> {
    in_batches!(shop, (Uuid,), UNUSED, shop.now() - (REDUCE_AFTER - NOTICE), |tx, (id,)| {
        begin(&mut tx, shop, Id::new(id)).await?
    });
    Ok(())
}

async fn reduce_due(shop: &Shop) -> Result<(), sqlx::Error> {
    in_batches!(shop, (Uuid,), TO_REDUCE, shop.now() - REDUCING.time, |tx, (id,)| {
        reduce(&mut tx, shop, Id::new(id)).await?
    });
    Ok(())
}

async fn warn_due(shop: &Shop) -> Result<(), sqlx::Error> {
    in_batches!(shop, (Uuid,), TO_WARN, shop.now() - (ERASE_AFTER - NOTICE), |tx, (id,)| {
        let sql = "UPDATE dormancy SET warned_at = $2 WHERE customer_id = $1 AND warned_at IS NULL AND reduced_at IS NOT NULL";
        step(&mut tx, shop, Id::new(id), sql, ERASING.step, ERASING.ahead).await?
    });
    Ok(())
}

async fn warn_again_due(shop: &Shop) -> Result<(), sqlx::Error> {
    in_batches!(shop, (Uuid,), TO_WARN_AGAIN, shop.now() - ERASING.time, |tx, (id,)| {
        warn_again(&mut tx, shop, Id::new(id)).await?
    });
    Ok(())
}

/// Erases the accounts whose time is over. One that cannot be erased now keeps none of the others.
async fn erase_due(shop: &Shop) -> Result<(), EraseError> {
    let (told, mut after, mut failed) = (shop.now() - ERASING_SOON.time, (i64::MIN, Uuid::nil()), None);
    loop {
        let due = fetch_all!(shop.db.read().await?, (i64, Uuid), TO_ERASE, told, BATCH, after.0, after.1).await?;
        let Some(last) = due.last() else { return failed.map_or(Ok(()), Err) };
        after = *last;
        for (_, id) in due {
            if let Err(error) = erase_one(shop, Id::new(id)).await {
                tracing::error!(%error, "an account that nobody uses cannot be erased; it is tried again");
                failed = Some(error);
            }
        }
    }
}

/// Erases an account whose time is over, or puts that off if its owner was not told in time.
async fn erase_one(shop: &Shop, customer: Id<Customer>) -> Result<(), EraseError> {
    let mut tx = shop.db.write().await?;
    hold(&mut tx, customer).await?;
    let waits = put_off(&mut tx, shop, customer, &ERASING_SOON).await?;
    tx.commit().await?;
    if waits.is_some() {
        outbox::ring();
        return Ok(());
    }
    erase::account(shop, customer, ErasureCause::Dormant, None).await?;
    Ok(())
}

/// Whether the owner was told for the last time long enough ago, and has not come since; in the transaction that erases.
pub(super) async fn is_over(conn: &mut Conn, shop: &Shop, customer: Id<Customer>) -> Result<bool, sqlx::Error> {
    let (now, last) = (shop.now(), ERASING_SOON);
    let sql = "SELECT 1 FROM dormancy WHERE customer_id = $1 AND warned_again_at <= $2";
    if fetch_optional!(conn, (i32,), sql, customer.0, now - last.time).await?.is_none() {
        return Ok(false);
    }
    let (standing, _) = letters::dormant_standing(conn, customer.0, last.step).await?;
    Ok(standing.has_had(last.time, now))
}

/// Puts off what was announced, in the caller's transaction, which holds the customer, if its owner has not had their
/// time since the notice left; gives the number of accounts that are not due any more, none if another machine was
/// quicker. `None`: they have had it.
///
/// A notice that left late has its time begin then, and is not sent twice. One that has not left is called off, for it
/// names a day that does not hold, and written anew. So is one of which nothing is known: then nothing waits for ever,
/// and nobody loses anything untold.
async fn put_off(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    announced: &Announced,
) -> Result<Option<u64>, sqlx::Error> {
    let now = shop.now();
    let (standing, key) = letters::dormant_standing(conn, customer.0, announced.step).await?;
    if standing.has_had(announced.time, now) {
        return Ok(None);
    }
    let moved = execute!(conn, announced.put_off, customer.0, standing.since(now), now - announced.time).await?;
    if moved == 1 && !standing.has_left() {
        if let Some(key) = key {
            outbox::cancel(conn, shop, &key).await?;
        }
        letters::dormant(conn, shop, customer.0, announced.step, now + announced.ahead).await?;
    }
    Ok(Some(moved))
}

async fn begin(conn: &mut Conn, shop: &Shop, customer: Id<Customer>) -> Result<u64, sqlx::Error> {
    hold(conn, customer).await?;
    // Whoever came back since it was read, or is with another machine, is left alone.
    let sql = "INSERT INTO dormancy (customer_id, told_at) SELECT id, $2 FROM customer \
               WHERE id = $1 AND COALESCE(active_at, created_at) <= $3 ON CONFLICT (customer_id) DO NOTHING";
    let since = shop.now() - (REDUCE_AFTER - NOTICE);
    let begun = execute!(conn, sql, customer.0, shop.now(), since).await?;
    if begun == 1 {
        execute!(conn, "UPDATE customer SET dormant = TRUE WHERE id = $1", customer.0).await?;
        letters::dormant(conn, shop, customer.0, REDUCING.step, shop.now() + REDUCING.ahead).await?;
    }
    Ok(begun)
}

/// The next step, which `sql` takes once, and its mail.
async fn step(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    sql: &'static str,
    step: DormantStep,
    ahead: i64,
) -> Result<u64, sqlx::Error> {
    hold(conn, customer).await?;
    let taken = execute!(conn, sql, customer.0, shop.now()).await?;
    if taken == 1 {
        letters::dormant(conn, shop, customer.0, step, shop.now() + ahead).await?;
    }
    Ok(taken)
}

/// The owner is told once more that the account goes.
async fn warn_again(conn: &mut Conn, shop: &Shop, customer: Id<Customer>) -> Result<u64, sqlx::Error> {
    hold(conn, customer).await?;
    if let Some(moved) = put_off(conn, shop, customer, &ERASING).await? {
        return Ok(moved);
    }
    let sql = "UPDATE dormancy SET warned_again_at = $2 WHERE customer_id = $1 AND warned_again_at IS NULL AND warned_at IS NOT NULL";
    step(conn, shop, customer, sql, ERASING_SOON.step, ERASING_SOON.ahead).await
}

/// What an unused account does not need goes.
async fn reduce(conn: &mut Conn, shop: &Shop, customer: Id<Customer>) -> Result<u64, sqlx::Error> {
    hold(conn, customer).await?;
    if let Some(moved) = put_off(conn, shop, customer, &REDUCING).await? {
        return Ok(moved);
    }
    let sql = "UPDATE dormancy SET reduced_at = $2 WHERE customer_id = $1 AND reduced_at IS NULL";
    let taken = step(conn, shop, customer, sql, DormantStep::Reduced, 0).await?;
    if taken == 0 {
        return Ok(0);
    }
    challenge::end_all(conn, shop, customer).await?;
    erase::cart(conn, shop, customer).await?;
    execute!(conn, "UPDATE customer SET name = NULL WHERE id = $1", customer.0).await?;
    for sql in [
        "DELETE FROM address WHERE customer_id = $1",
        "DELETE FROM session WHERE customer_id = $1",
        "DELETE FROM known_device WHERE customer_id = $1",
        "DELETE FROM sign_in WHERE customer_id = $1",
        "DELETE FROM account_event WHERE customer_id = $1",
        "DELETE FROM passkey_ceremony WHERE customer_id = $1",
        "DELETE FROM data_export WHERE customer_id = $1",
    ] {
        execute!(conn, sql, customer.0).await?;
    }
    erase::reduce(conn, shop, customer, shop.now() - REDUCE_AFTER).await?;
    Ok(taken)
}

#[cfg(test)]
mod tests;
