//! How an address and its change stand, for the pages.

use noren_domain::Id;
use noren_domain::account::{Customer, EmailBack, EmailStep, EmailView, PendingEmail};

use super::{ROUTE, rows};
use crate::db::Conn;
use crate::session::SignedIn;
use crate::vault::{Asker, Field, For};
use crate::{Shop, fetch_optional};

/// The customer's address and what is going on with it; `None` if the account has gone.
///
/// # Errors
/// The database.
pub async fn view(shop: &Shop, who: &SignedIn) -> Result<Option<EmailView>, sqlx::Error> {
    let mut conn = shop.db.read().await?;
    let sql = "SELECT email, COALESCE(email_verified_at, created_at) FROM customer WHERE id = $1";
    let Some((email, verified_at)) = fetch_optional!(conn, (Vec<u8>, i64), sql, who.customer.0).await? else {
        return Ok(None);
    };
    let pending = rows::open(&mut conn, shop, who.customer).await?;
    let sql = "SELECT due_at, way = 'paper' FROM email_change WHERE customer_id = $1 AND state = 'done' AND due_at > $2
               ORDER BY due_at DESC LIMIT 1";
    let back = fetch_optional!(conn, (i64, bool), sql, who.customer.0, shop.now()).await?;
    drop(conn);
    let address = shown(shop, who, &email).await;
    let pending = match pending {
        Some(row) => Some(PendingEmail {
            address: shown(shop, who, &row.email).await,
            step: match row.state.as_str() {
                "new" => EmailStep::NewCode,
                "old" => EmailStep::OldCode,
                _ => EmailStep::Waiting,
            },
            due_at: row.due_at,
        }),
        None => None,
    };
    let back = back.map(|(until, paper)| EmailBack { until, paper });
    Ok(Some(EmailView { address, verified_at, pending, back }))
}

/// An address of the customer's, as far as it can be opened now: the page is worth seeing without it.
async fn shown(shop: &Shop, who: &SignedIn, sealed: &Vec<u8>) -> Option<String> {
    let asker = Asker::customer(who.customer, ROUTE);
    match shop.vault.open(asker, For::SelfView, who.customer.0, &[(Field::Email, Some(sealed))]).await {
        Ok(opened) => Some(opened.expose(Field::Email).to_owned()),
        Err(error) => {
            tracing::warn!(%error, "a customer's address cannot be shown");
            None
        }
    }
}

/// When the change that waits takes effect, UTC ms; `None`: none waits.
///
/// # Errors
/// The database.
pub async fn waits_until(conn: &mut Conn, customer: Id<Customer>) -> Result<Option<i64>, sqlx::Error> {
    let sql = "SELECT due_at FROM email_change WHERE customer_id = $1 AND state = 'waiting'";
    Ok(fetch_optional!(conn, (i64,), sql, customer.0).await?.map(|(at,)| at))
}
