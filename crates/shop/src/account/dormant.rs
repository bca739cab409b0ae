//! Accounts that nobody uses: after twelve months what an unused account does not need goes, after twenty-four the
//! account. Its owner is told thirty days before each, and before the second once more seven days before; a sign-in
//! begins the time anew.
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
/// The owner hears of either so long before, at least.
pub const NOTICE: i64 = 30 * DAY;
/// And of the second once more so long before.
pub const LAST_CALL: i64 = 7 * DAY;
/// So many accounts are erased in one go.
const BATCH: i64 = 100;

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
pub(crate) const TO_ERASE: &str =
    "SELECT customer_id FROM dormancy WHERE warned_again_at <= $1 ORDER BY warned_again_at, customer_id LIMIT $2";

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
/// once; however late it runs, no step comes sooner after its notice than was said.
///
/// # Errors
/// The database; the mailbox folder.
pub async fn sweep(shop: &Shop) -> Result<(), EraseError> {
    let now = shop.now();
    in_batches!(shop, (Uuid,), UNUSED, now - (REDUCE_AFTER - NOTICE), |tx, (id,)| {
        begin(&mut tx, shop, Id::new(id)).await?
    });
    in_batches!(shop, (Uuid,), TO_REDUCE, now - NOTICE, |tx, (id,)| reduce(&mut tx, shop, Id::new(id)).await?);
    in_batches!(shop, (Uuid,), TO_WARN, now - (ERASE_AFTER - NOTICE), |tx, (id,)| {
        let sql = "UPDATE dormancy SET warned_at = $2 WHERE customer_id = $1 AND warned_at IS NULL AND reduced_at IS NOT NULL";
        step(&mut tx, shop, Id::new(id), sql, DormantStep::BeforeErasing, NOTICE).await?
    });
    in_batches!(shop, (Uuid,), TO_WARN_AGAIN, now - (NOTICE - LAST_CALL), |tx, (id,)| {
        let sql = "UPDATE dormancy SET warned_again_at = $2 WHERE customer_id = $1 AND warned_again_at IS NULL AND warned_at IS NOT NULL";
        step(&mut tx, shop, Id::new(id), sql, DormantStep::LastCall, LAST_CALL).await?
    });
    outbox::ring();
    let erased = erase_due(shop).await;
    erase::erase_finished(shop).await?;
    erased
}

/// Erases the accounts whose time is over. One that cannot be erased now keeps none of the others.
async fn erase_due(shop: &Shop) -> Result<(), EraseError> {
    let mut failed = None;
    loop {
        let due = fetch_all!(shop.db.read().await?, (Uuid,), TO_ERASE, shop.now() - LAST_CALL, BATCH).await?;
        let mut erased = 0;
        for (id,) in due {
            match erase::account(shop, Id::new(id), ErasureCause::Dormant, None).await {
                Ok(gone) => erased += u64::from(gone.is_some()),
                Err(error) => {
                    tracing::error!(%error, "an account that nobody uses cannot be erased; it is tried again");
                    failed = Some(error);
                }
            }
        }
        if erased == 0 {
            return failed.map_or(Ok(()), Err);
        }
    }
}

/// Whether the owner was told for the last time long enough ago, and has not come since; in the transaction that erases.
pub(super) async fn is_over(conn: &mut Conn, shop: &Shop, customer: Id<Customer>) -> Result<bool, sqlx::Error> {
    let sql = "SELECT 1 FROM dormancy WHERE customer_id = $1 AND warned_again_at <= $2";
    Ok(fetch_optional!(conn, (i32,), sql, customer.0, shop.now() - LAST_CALL).await?.is_some())
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
        let day = shop.now() + NOTICE;
        letters::dormant(conn, shop, customer.0, DormantStep::BeforeReducing, day).await?;
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

/// What an unused account does not need goes.
async fn reduce(conn: &mut Conn, shop: &Shop, customer: Id<Customer>) -> Result<u64, sqlx::Error> {
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
