//! What has to wait after a change.

use noren_domain::Id;
use noren_domain::account::Customer;
use noren_domain::form::Fault;

use super::PATIENCE;
use crate::db::Conn;
use crate::{Shop, fetch_optional};

/// Until when what a thief would do next is not done, for the address of the account was changed: second factors are
/// not removed, and credit is not spent. UTC ms; `None`: it may be done.
///
/// # Errors
/// The database.
pub async fn paused_until(conn: &mut Conn, shop: &Shop, customer: Id<Customer>) -> Result<Option<i64>, sqlx::Error> {
    let sql = "SELECT MAX(changed_at) FROM email_change WHERE customer_id = $1 AND state = 'done'";
    let changed = fetch_optional!(conn, (Option<i64>,), sql, customer.0).await?.and_then(|(at,)| at);
    Ok(changed.map(|at| at + PATIENCE).filter(|until| *until > shop.now()))
}

/// Like [`paused_until`], as the fault to show.
pub async fn paused(conn: &mut Conn, shop: &Shop, customer: Id<Customer>) -> Result<Option<Fault>, sqlx::Error> {
    Ok(paused_until(conn, shop, customer).await?.map(|until| pause(shop, until)))
}

/// Until when an earlier address can be put back, by whichever way, UTC ms; `None`: none can be.
pub async fn back_until(conn: &mut Conn, shop: &Shop, customer: Id<Customer>) -> Result<Option<i64>, sqlx::Error> {
    let sql = "SELECT MAX(due_at) FROM email_change WHERE customer_id = $1 AND state = 'done'";
    let until = fetch_optional!(conn, (Option<i64>,), sql, customer.0).await?.and_then(|(until,)| until);
    Ok(until.filter(|until| *until > shop.now()))
}

/// Like [`back_until`], as the fault to show: an account that was erased could not be taken back.
pub async fn taken_back_until(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
) -> Result<Option<Fault>, sqlx::Error> {
    Ok(back_until(conn, shop, customer).await?.map(|until| pause(shop, until)))
}

/// Whether recovery codes must stay as they are: as long as one of them can take a change back.
pub async fn needs_paper(conn: &mut Conn, shop: &Shop, customer: Id<Customer>) -> Result<Option<Fault>, sqlx::Error> {
    let sql = "SELECT MAX(due_at) FROM email_change WHERE customer_id = $1 AND state = 'done' AND way = 'paper'";
    let until = fetch_optional!(conn, (Option<i64>,), sql, customer.0).await?.and_then(|(until,)| until);
    match until.filter(|until| *until > shop.now()) {
        Some(until) => Ok(Some(pause(shop, until))),
        None => paused(conn, shop, customer).await,
    }
}

fn pause(shop: &Shop, until: i64) -> Fault {
    const HOUR: i64 = 60 * 60 * 1_000;
    Fault::Paused { hours: u32::try_from((until - shop.now() + HOUR - 1) / HOUR).unwrap_or(u32::MAX) }
}
