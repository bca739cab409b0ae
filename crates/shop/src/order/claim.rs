//! Orders of a guest that come into the account of whoever has proved that their address is theirs.

use noren_domain::Id;
use noren_domain::account::Customer;
use noren_domain::order::{Actor, EventKind};
use uuid::Uuid;

use super::{lock, note};
use crate::db::Conn;
use crate::vault::Indexes;
use crate::{Shop, execute, fetch_all};

/// Gives the customer every order that stands, has one of these indexes of its address, and is nobody's yet, with the
/// mails about it; in the caller's transaction, which holds the customer. Gives their number.
///
/// # Errors
/// The database.
pub(crate) async fn claim(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    index: &Indexes,
) -> Result<u32, sqlx::Error> {
    let [newest, earlier] = index.both().map(Vec::from);
    // A draft at the bank stays what it is; it may be claimed once it stands. One whose owner was erased was theirs, and
    // whoever has the address now may be somebody else.
    let sql = sqlx::AssertSqlSafe(format!(
        "SELECT id, subject_id FROM orders WHERE email_index IN ($1, $2) AND customer_id IS NULL AND placed_at IS NOT NULL AND erase_asked_at IS NULL \
         ORDER BY id{}",
        lock(conn.dialect())
    ));
    let mut claimed = 0;
    for (order, record) in fetch_all!(conn, (Uuid, Uuid), sql, newest, earlier).await? {
        let sql = "UPDATE orders SET customer_id = $1 WHERE id = $2 AND customer_id IS NULL";
        if execute!(conn, sql, customer.0, order).await? == 0 {
            continue;
        }
        note(conn, shop, Id::new(order), Actor::Shopper, EventKind::Claimed, "").await?;
        let sql = "UPDATE mail_sent SET customer_id = $1 WHERE subject_id = $2 AND customer_id IS NULL";
        execute!(conn, sql, customer.0, record).await?;
        claimed += 1;
    }
    Ok(claimed)
}
