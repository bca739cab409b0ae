//! Orders of guests, who have no account that could be erased: the person goes out of them two years after the last that
//! happened to the order, as out of an account that nobody uses, and at once when the guest asks the shop's people.
//!
//! Two years: whoever complains of goods does so within that time, and a guest's order shall not be kept longer than that
//! of somebody with an account. The guest is told thirty days before.

use noren_domain::account::{EraseView, Erasure, ErasureCause};
use uuid::Uuid;

use super::{EraseError, Found, Standing, Whom, number, orders, write_down};
use crate::account::dormant;
use crate::db::{Conn, again};
use crate::mail::sent::standing::{self, MailStanding};
use crate::mail::{self, Mail};
use crate::tidy::in_batches;
use crate::{Shop, execute, fetch_all, fetch_one, fetch_optional, outbox, shred};

/// Nothing has happened to the order for so long: the person goes out of it.
pub const AFTER: i64 = dormant::ERASE_AFTER;
/// The guest hears of it so long before, at least: from when the mail has left.
pub const NOTICE: i64 = dormant::NOTICE;
const BATCH: i64 = 200;

/// Orders to which nothing has happened for long enough that their guest is told. Those that are not finished are among
/// them, so it is read in pages.
const OLD: &str = "SELECT created_at, id FROM orders WHERE customer_id IS NULL AND erase_told_at IS NULL AND erase_asked_at IS NULL AND erased_at IS NULL \
     AND created_at <= $1 AND (created_at > $2 OR created_at = $2 AND id > $3) \
     AND NOT EXISTS (SELECT 1 FROM order_event e WHERE e.order_id = orders.id AND e.at > $1) ORDER BY created_at, id LIMIT $4";
const TOLD: &str = "SELECT id FROM orders WHERE customer_id IS NULL AND erase_told_at <= $1 AND erase_asked_at IS NULL AND erased_at IS NULL \
     ORDER BY erase_told_at, id LIMIT $2";

/// Tells the guests of orders that are long over, and has the person taken out of those whose guest was told long enough
/// ago ([`super::erase_finished`] does it). Running it twice, or on several machines, does no more than once.
///
/// # Errors
/// The database.
pub async fn sweep(shop: &Shop) -> Result<(), sqlx::Error> {
    let before = shop.now() - (AFTER - NOTICE);
    let mut after = (i64::MIN, Uuid::nil());
    loop {
        let old = fetch_all!(shop.db.read().await?, (i64, Uuid), OLD, before, after.0, after.1, BATCH).await?;
        let Some(last) = old.last() else { break };
        after = *last;
        again(|| async {
            let mut tx = shop.db.write().await?;
            for (_, id) in &old {
                tell(&mut tx, shop, *id, before).await?;
            }
            tx.commit().await
        })
        .await?;
    }
    in_batches!(shop, (Uuid,), TOLD, shop.now() - NOTICE, |tx, (id,)| ask(&mut tx, shop, id).await?);
    outbox::ring();
    Ok(())
}

/// What the keys of the mails begin with that tell of this order; when one was written follows.
fn told_keys(order: Uuid) -> String {
    format!("order-forgetting-{order}-")
}

async fn tell(conn: &mut Conn, shop: &Shop, order: Uuid, before: i64) -> Result<(), sqlx::Error> {
    if !orders::is_finished(conn, shop, order).await? {
        return Ok(());
    }
    // It may have been brought into an account since it was read, or be with another machine.
    let sql = "UPDATE orders SET erase_told_at = $2 WHERE id = $1 AND customer_id IS NULL AND erase_told_at IS NULL AND erase_asked_at IS NULL AND erased_at IS NULL \
               AND NOT EXISTS (SELECT 1 FROM order_event e WHERE e.order_id = orders.id AND e.at > $3)";
    if execute!(conn, sql, order, shop.now(), before).await? == 1 {
        let mail = Mail::OrderForgetting { order, day: shop.now() + NOTICE };
        mail::enqueue(conn, shop, &format!("{}{}", told_keys(order), shop.now()), &mail).await?;
    }
    Ok(())
}

/// The time is over: the person goes, unless something has happened to the order since its guest was told, which begins
/// the time anew.
async fn ask(conn: &mut Conn, shop: &Shop, order: Uuid) -> Result<u64, sqlx::Error> {
    let sql = "UPDATE orders SET erase_told_at = NULL WHERE id = $1 AND customer_id IS NULL AND erase_asked_at IS NULL \
               AND EXISTS (SELECT 1 FROM order_event e WHERE e.order_id = orders.id AND e.at > orders.erase_told_at)";
    if execute!(conn, sql, order).await? == 1 {
        return Ok(1);
    }
    let (subject,) = fetch_one!(conn, (Uuid,), "SELECT subject_id FROM orders WHERE id = $1", order).await?;
    let told = standing::newest(conn, subject, &told_keys(order)).await?;
    let (key, standing) = told.map_or((None, MailStanding::Gone), |(key, standing)| (Some(key), standing));
    if !standing.has_had(NOTICE, shop.now()) {
        // A mail that left late has its time begin then; one that has not left is called off, and written anew by the next
        // sweep, with another day.
        let left = standing.has_left().then(|| standing.since(shop.now()));
        let sql = "UPDATE orders SET erase_told_at = $2 WHERE id = $1 AND customer_id IS NULL AND erase_asked_at IS NULL AND erase_told_at <= $3";
        let moved = execute!(conn, sql, order, left, shop.now() - NOTICE).await?;
        if let (1, None, Some(key)) = (moved, left, key) {
            outbox::cancel(conn, shop, &key).await?;
        }
        return Ok(moved);
    }
    let sql = "UPDATE orders SET erase_asked_at = $2 WHERE id = $1 AND customer_id IS NULL AND erase_asked_at IS NULL AND erase_told_at <= $3";
    execute!(conn, sql, order, shop.now(), shop.now() - NOTICE).await
}

#[derive(sqlx::FromRow)]
struct Row {
    no: String,
    subject_id: Uuid,
    customer_id: Option<Uuid>,
    email: Vec<u8>,
    lang: String,
    created_at: i64,
    over: bool,
}

/// A guest's order by its number, as it was typed.
async fn guests(conn: &mut Conn, typed: &str) -> Result<Row, EraseError> {
    let no = typed.trim().to_ascii_uppercase().replace('\0', "");
    let sql = "SELECT no, subject_id, customer_id, email, lang, created_at, erase_asked_at IS NOT NULL OR erased_at IS NOT NULL AS over \
               FROM orders WHERE no = $1";
    let Some(row) = fetch_optional!(conn, Row, sql, no.as_str()).await? else { return Err(EraseError::NoOrder(no)) };
    if row.over {
        return Err(EraseError::Already(no));
    }
    if row.customer_id.is_some() {
        return Err(EraseError::OfAnAccount(no));
    }
    Ok(row)
}

/// What would go if the order `no` of a guest were erased.
///
/// # Errors
/// There is no such order, it belongs to an account, or it was erased; the database.
pub async fn find(shop: &Shop, no: &str) -> Result<Found, EraseError> {
    let mut conn = shop.db.read().await?;
    let row = guests(&mut conn, no).await?;
    let (finished, kept) = orders::of_guest(&mut conn, shop, row.subject_id).await?;
    Ok(Found { since: row.created_at, view: EraseView { finished: number(finished.len()), kept } })
}

/// Takes the person out of the order `no` for a guest who has asked the shop's people for it, and out of what the same
/// visit to the checkout left behind: at once if it is finished, else as soon as it is. The statement goes out as the last
/// mail.
///
/// # Errors
/// There is no such order, it belongs to an account, or it was erased; the database.
pub async fn by_letter(shop: &Shop, no: &str) -> Result<Erasure, EraseError> {
    let (erasure, finished) = again(|| async {
        let mut tx = shop.db.write().await?;
        let row = guests(&mut tx, no).await?;
        orders::hold_record(&mut tx, row.subject_id).await?;
        // Somebody else may have had it a moment ago.
        let row = guests(&mut tx, no).await?;
        let (finished, kept) = orders::of_guest(&mut tx, shop, row.subject_id).await?;
        let sql = "UPDATE orders SET erase_asked_at = $2 WHERE subject_id = $1 AND customer_id IS NULL AND erase_asked_at IS NULL AND erased_at IS NULL";
        execute!(tx, sql, row.subject_id, shop.now()).await?;
        if execute!(tx, "DELETE FROM checkout WHERE subject_id = $1", row.subject_id).await? > 0 {
            shred::later(&mut tx, shop, row.subject_id).await?;
        }
        let standing = Standing { finished: number(finished.len()), kept, consents: 0, order: Some(row.no) };
        let whom = Whom { record: row.subject_id, email: row.email, lang: row.lang, phrase_no: None };
        let erasure = write_down(&mut tx, shop, whom, ErasureCause::Order, standing).await?;
        tx.commit().await?;
        Ok::<_, EraseError>((erasure, finished))
    })
    .await?;
    tracing::info!(no = erasure.no, "a guest's order was erased");
    for order in finished {
        // It has said what failed; a job does what is not done here.
        let _ = orders::erase_one(shop, order).await;
    }
    outbox::ring();
    Ok(erasure)
}

#[cfg(test)]
mod tests;
