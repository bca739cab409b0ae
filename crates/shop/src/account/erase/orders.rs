//! The person goes out of an order as soon as it is finished. Sums, taxes, goods, payments, numbers and events stay: the
//! books, which the law has kept for seven years (消費税法 58条, 法人税法 126条) and which need no buyer's name where a
//! shop sells to anybody.

use noren_domain::Id;
use noren_domain::account::{Customer, KeptOrder, OpenReason};
use noren_domain::order::{OrderState, PaymentState, ShipmentState};
use uuid::Uuid;

use super::EraseError;
use crate::account::DAY;
use crate::db::{Conn, Dialect, again};
use crate::mail::{self, sent};
use crate::{Shop, execute, fetch_all, fetch_optional, outbox, shred};

/// So long after it was sent (or has arrived) an order is finished: the parcel is there, and the eight days to send it
/// back are over, with its way back.
pub(in crate::account) const RETURNS_MS: i64 = 30 * DAY;
/// So long the word of the bank that a person must look at keeps an order.
const ALARM_MS: i64 = 30 * DAY;
const BATCH: i64 = 200;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    no: String,
    subject_id: Uuid,
    state: String,
    payment_state: String,
    shipment_state: String,
    payment_method: String,
    left_at: Option<i64>,
    alarm_at: Option<i64>,
}

/// An order, and when its parcel was last heard of.
macro_rules! orders {
    ($where:literal) => {
        concat!(
            "SELECT o.id, o.no, o.subject_id, o.state, o.payment_state, o.shipment_state, o.payment_method, \
             (SELECT MAX(e.at) FROM order_event e WHERE e.order_id = o.id AND e.kind IN ('shipped', 'delivered')) AS left_at, \
             (SELECT MAX(e.at) FROM order_event e WHERE e.order_id = o.id AND e.kind = 'alarm') AS alarm_at \
             FROM orders o WHERE ",
            $where
        )
    };
}

/// Why an order is not finished; `None`: it is.
fn open(row: &Row, now: i64) -> Option<OpenReason> {
    let since = |at: Option<i64>, long: i64| at.is_some_and(|at| now - at < long);
    if since(row.alarm_at, ALARM_MS) {
        return Some(OpenReason::Unclear);
    }
    // A word of a newer version is no reason to lose anything.
    let (Some(state), Some(payment), Some(shipment)) = (
        OrderState::from_word(&row.state),
        PaymentState::from_word(&row.payment_state),
        ShipmentState::from_word(&row.shipment_state),
    ) else {
        return Some(OpenReason::Unclear);
    };
    match (state, shipment) {
        (OrderState::Draft, _) => Some(OpenReason::NotPlaced),
        (OrderState::Cancelled, _) | (_, ShipmentState::Returned) => {
            payment.has_money().then_some(OpenReason::RefundDue)
        }
        (OrderState::Placed | OrderState::Completed, ShipmentState::Shipped | ShipmentState::Delivered) => {
            (row.left_at.is_none() || since(row.left_at, RETURNS_MS)).then_some(OpenReason::OnTheWay)
        }
        (OrderState::Placed | OrderState::Completed, _) => {
            let unpaid = row.payment_method == "transfer" && !payment.has_money();
            Some(if unpaid { OpenReason::Paying } else { OpenReason::ToSend })
        }
    }
}

/// The orders of the customer that are finished, and those that are not.
pub(super) async fn standing(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
) -> Result<(Vec<Uuid>, Vec<KeptOrder>), sqlx::Error> {
    let sql = orders!("o.customer_id = $1 ORDER BY o.created_at DESC, o.id DESC");
    Ok(parted(fetch_all!(conn, Row, sql, customer.0).await?, shop.now()))
}

/// The same of a guest's checkout, by its record: whoever left the bank and tried again has two orders of one.
pub(super) async fn of_guest(
    conn: &mut Conn,
    shop: &Shop,
    record: Uuid,
) -> Result<(Vec<Uuid>, Vec<KeptOrder>), sqlx::Error> {
    let sql = orders!(
        "o.subject_id = $1 AND o.customer_id IS NULL AND o.erased_at IS NULL ORDER BY o.created_at DESC, o.id DESC"
    );
    Ok(parted(fetch_all!(conn, Row, sql, record).await?, shop.now()))
}

fn parted(rows: Vec<Row>, now: i64) -> (Vec<Uuid>, Vec<KeptOrder>) {
    let (mut finished, mut kept) = (Vec::new(), Vec::new());
    for row in rows {
        match open(&row, now) {
            None => finished.push(row.id),
            Some(waits) => kept.push(KeptOrder { no: row.no, waits }),
        }
    }
    (finished, kept)
}

/// Whether the order is there and finished.
pub(super) async fn is_finished(conn: &mut Conn, shop: &Shop, order: Uuid) -> Result<bool, sqlx::Error> {
    let row = fetch_optional!(conn, Row, orders!("o.id = $1"), order).await?;
    Ok(row.is_some_and(|row| open(&row, shop.now()).is_none()))
}

/// Holds every order of a record until the caller's transaction ends: money may be booked at this moment.
pub(super) async fn hold_record(conn: &mut Conn, record: Uuid) -> Result<(), sqlx::Error> {
    if conn.dialect() == Dialect::Postgres {
        let sql = "SELECT id FROM orders WHERE subject_id = $1 ORDER BY id FOR UPDATE";
        fetch_all!(conn, (Uuid,), sql, record).await?;
    }
    Ok(())
}

/// Takes the person out of every order that is finished and whose owner was erased; gives how many they were. Running it
/// twice, or on several machines, does no more than once.
///
/// # Errors
/// The database; the mailbox folder. All others were erased nevertheless.
pub async fn erase_finished(shop: &Shop) -> Result<u64, EraseError> {
    let (mut after, mut erased, mut failed) = ((i64::MIN, Uuid::nil()), 0, None);
    loop {
        let sql = "SELECT erase_asked_at, id FROM orders WHERE erase_asked_at IS NOT NULL AND erased_at IS NULL \
                   AND (erase_asked_at > $1 OR erase_asked_at = $1 AND id > $2) ORDER BY erase_asked_at, id LIMIT $3";
        let some = fetch_all!(shop.db.read().await?, (i64, Uuid), sql, after.0, after.1, BATCH).await?;
        let Some(last) = some.last() else { break };
        after = *last;
        for (_, id) in some {
            match erase_one(shop, id).await {
                Ok(gone) => erased += u64::from(gone),
                Err(error) => failed = Some(error),
            }
        }
    }
    if erased > 0 {
        outbox::ring();
    }
    failed.map_or(Ok(erased), Err)
}

/// Takes the person out of one order, if it is finished. What fails is told here: it keeps nobody else in theirs.
pub(super) async fn erase_one(shop: &Shop, id: Uuid) -> Result<bool, EraseError> {
    let erased = again(|| erase(shop, id)).await;
    if let Err(error) = &erased {
        tracing::error!(order = %id, %error, "a person is not yet gone out of this order; it is tried again");
    }
    erased
}

/// Takes the person out of an order, if it is finished.
async fn erase(shop: &Shop, id: Uuid) -> Result<bool, EraseError> {
    let mut conn = shop.db.read().await?;
    let sql = orders!("o.id = $1 AND o.erased_at IS NULL");
    let row = fetch_optional!(conn, Row, sql, id).await?;
    let Some(row) = row.filter(|row| open(row, shop.now()).is_none()) else { return Ok(false) };
    drop(conn);
    let mut tx = shop.db.write().await?;
    hold_record(&mut tx, row.subject_id).await?;
    let held = fetch_optional!(tx, Row, sql, id).await?;
    if held.is_none_or(|row| open(&row, shop.now()).is_some()) {
        return Ok(false);
    }
    // Whoever left the bank and tried again has two orders with one record: mails and key go with the last of them.
    let shared = is_shared(&mut tx, &row).await?;
    // No link opens it any more, and nothing says which other orders were the same person's: neither account nor record.
    let sql = "UPDATE orders SET erased_at = $2, erase_asked_at = NULL, cart_id = $5, subject_id = $6, customer_id = NULL, email_index = NULL, token_hash = $3, email = $4, name = $4, \
               kana = NULL, postal_code = $4, city = $4, street = $4, building = NULL, phone = $4, gift_message = NULL \
               WHERE id = $1";
    let nothing: Vec<u8> = Vec::new();
    let [cart, record] = [(); 2].map(|()| shop.entropy.uuid(shop.now()));
    execute!(tx, sql, id, shop.now(), shop.entropy.bytes::<32>().to_vec(), nothing, cart, record).await?;
    if !shared {
        let mails = sent::keys_of(&mut tx, row.subject_id).await?;
        for key in &mails {
            outbox::cancel(&mut tx, shop, key).await?;
        }
        sent::part_from(&mut tx, row.subject_id).await?;
        shred::later(&mut tx, shop, row.subject_id).await?;
        mail::forget_of(shop, &mails).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Whether another order needs the same record.
async fn is_shared(conn: &mut Conn, row: &Row) -> Result<bool, sqlx::Error> {
    let sql = "SELECT 1 FROM orders WHERE subject_id = $1 AND id <> $2 AND erased_at IS NULL LIMIT 1";
    Ok(fetch_optional!(conn, (i32,), sql, row.subject_id, row.id).await?.is_some())
}

/// Takes out of the customer's finished orders of before `before` (UTC ms) what nobody needs any more: phone, reading of
/// the name, message. In the caller's transaction.
pub(in crate::account) async fn reduce(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    before: i64,
) -> Result<(), sqlx::Error> {
    let sql = orders!("o.customer_id = $1 AND o.created_at < $2");
    for row in fetch_all!(conn, Row, sql, customer.0, before).await? {
        if open(&row, shop.now()).is_none() {
            let sql =
                "UPDATE orders SET phone = $2, kana = NULL, gift_message = NULL WHERE id = $1 AND erased_at IS NULL";
            execute!(conn, sql, row.id, Vec::<u8>::new()).await?;
        }
    }
    Ok(())
}
