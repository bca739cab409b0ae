//! Limits on tries, counted in the database so that they hold across nodes.

use crate::db::Conn;
use crate::{Shop, execute, fetch_one};

const MINUTE: i64 = 60_000;

/// So many tries in a window.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// What is counted; part of the key.
    label: &'static str,
    most: i64,
    window: i64,
    /// Counts many people together: a network.
    shared: bool,
}

/// Failed logins of one address.
pub const LOGIN_ADDRESS: Limit = Limit { label: "login-address", most: 10, window: 15 * MINUTE, shared: false };
/// Failed logins from one network.
pub const LOGIN_NETWORK: Limit = Limit { label: "login-network", most: 50, window: 15 * MINUTE, shared: true };
/// Failed logins with a browser, at a network, where the account's owner has signed in before. They are
/// counted here and nowhere else, so that neither strangers nor neighbours lock the owner out.
pub const LOGIN_HOME: Limit = Limit { label: "login-home", most: 20, window: 15 * MINUTE, shared: false };
/// Refused logins of an address without an account; nobody is ever over it.
pub const LOGIN_NOBODY: Limit = Limit { label: "login-nobody", most: i64::MAX, window: 15 * MINUTE, shared: false };
/// Registrations of one address: so many mails it can be sent by strangers.
pub const REGISTER_ADDRESS: Limit = Limit { label: "register-address", most: 5, window: 60 * MINUTE, shared: false };
/// Registrations from one network.
pub const REGISTER_NETWORK: Limit = Limit { label: "register-network", most: 100, window: 60 * MINUTE, shared: true };

/// Where a try stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may go on.
    Within,
    /// One too many.
    Over {
        /// Minutes until the window ends, at least 1.
        minutes: u32,
        /// Whether it is the first one over the limit: worth noting once, not a thousand times.
        first: bool,
    },
}

fn key(shop: &Shop, limit: Limit, who: &[u8]) -> Vec<u8> {
    shop.keys.derive("limit", &[limit.label.as_bytes(), &[0], who].concat()).to_vec()
}

/// Counts one try of `who` before it is made, so that tries at the same moment cannot slip through.
pub async fn take(conn: &mut Conn, shop: &Shop, limit: Limit, who: &[u8]) -> Result<Standing, sqlx::Error> {
    let now = shop.now();
    let (tries, window_start) = fetch_one!(
        conn,
        (i64, i64),
        "INSERT INTO rate_limit (key, window_start, tries) VALUES ($1, $2, 1)
         ON CONFLICT (key) DO UPDATE SET
           tries = CASE WHEN rate_limit.window_start <= $3 THEN 1 ELSE rate_limit.tries + 1 END,
           window_start = CASE WHEN rate_limit.window_start <= $3 THEN $2 ELSE rate_limit.window_start END
         RETURNING tries, window_start",
        key(shop, limit, who),
        now,
        now - limit.window
    )
    .await?;
    if tries <= limit.most {
        return Ok(Standing::Within);
    }
    let left = (window_start + limit.window - now).max(0);
    let minutes = u32::try_from((left + MINUTE - 1) / MINUTE).unwrap_or(u32::MAX).max(1);
    Ok(Standing::Over { minutes, first: tries == limit.most + 1 })
}

/// A try turned out to be honest: it is given back where many people are counted together, and where
/// one is counted alone, so is everything tried before it.
pub async fn honest(conn: &mut Conn, shop: &Shop, limit: Limit, who: &[u8]) -> Result<(), sqlx::Error> {
    let sql = if limit.shared {
        "UPDATE rate_limit SET tries = tries - 1 WHERE key = $1 AND tries > 0"
    } else {
        "DELETE FROM rate_limit WHERE key = $1"
    };
    execute!(conn, sql, key(shop, limit, who)).await?;
    Ok(())
}
