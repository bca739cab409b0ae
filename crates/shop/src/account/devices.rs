//! Browsers that a customer is known by: in each they have proved more than a password. The browser holds a token
//! (`noren-device`) that says nothing by itself; a copied browser's name or a shared network is not enough.

use noren_domain::Id;
use noren_domain::account::Customer;

use super::HISTORY;
use crate::clock::SKEW;
use crate::db::Conn;
use crate::session::Device;
use crate::token::Token;
use crate::{Shop, execute, fetch_optional};

/// A customer is known by so many browsers. Each has tries of its own at the door, and questions to the vault.
const MOST: i64 = 30;

/// Whether the customer is known by this browser, and has used it within the time we remember. One that was used on a
/// clock that was far ahead would be known for too long.
pub(super) async fn is_known(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    device: &Device,
) -> Result<bool, sqlx::Error> {
    let token = device.token.as_ref().map_or([0; 32], Token::hash);
    let sql =
        "SELECT 1 FROM known_device WHERE customer_id = $1 AND token_hash = $2 AND seen_at > $3 AND seen_at <= $4";
    let now = shop.now();
    let row = fetch_optional!(conn, (i32,), sql, customer.0, token.to_vec(), now - HISTORY, now + SKEW).await?;
    Ok(row.is_some())
}

/// Whether anybody is known by the browser that holds `token`, in the same way.
pub(super) async fn is_anybodys(conn: &mut Conn, shop: &Shop, token: &Token) -> Result<bool, sqlx::Error> {
    let sql = "SELECT 1 FROM known_device WHERE token_hash = $1 AND seen_at > $2 AND seen_at <= $3 LIMIT 1";
    let now = shop.now();
    Ok(fetch_optional!(conn, (i32,), sql, token.hash().to_vec(), now - HISTORY, now + SKEW).await?.is_some())
}

/// From now on the customer is known by this browser; gives the token that it is to hold. One that they are known by
/// already stays. Any other is exchanged, for somebody else may have put it there; several people may share a browser,
/// and those who are known by the one of before are so by the new one. Of more than [`MOST`] the one that was seen longest
/// ago is forgotten.
pub(super) async fn know(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    device: &Device,
) -> Result<Token, sqlx::Error> {
    let token = match &device.token {
        Some(held) if is_known(conn, shop, customer, device).await? => held.clone(),
        _ => Token::random(&shop.entropy),
    };
    if let Some(held) = device.token.as_ref().filter(|held| **held != token) {
        for sql in [
            "UPDATE known_device SET token_hash = $2 WHERE token_hash = $1",
            // One that was ended stays behind: whoever has kept its token has nothing to do with the browser any more.
            "UPDATE session SET device_hash = $2 WHERE device_hash = $1 AND ended_at IS NULL",
        ] {
            execute!(conn, sql, held.hash().to_vec(), token.hash().to_vec()).await?;
        }
    }
    execute!(
        conn,
        "INSERT INTO known_device (token_hash, customer_id, since, seen_at) VALUES ($1, $2, $3, $3)
         ON CONFLICT (customer_id, token_hash) DO UPDATE SET seen_at = $3",
        token.hash().to_vec(),
        customer.0,
        shop.now()
    )
    .await?;
    // Never this one, whatever the clock says; and first those of a clock that was ahead, which nobody is known by.
    let sql = "DELETE FROM known_device WHERE customer_id = $1 AND token_hash <> $2 AND token_hash NOT IN
                 (SELECT token_hash FROM known_device WHERE customer_id = $1 AND token_hash <> $2
                  ORDER BY CASE WHEN seen_at <= $4 THEN seen_at ELSE 0 END DESC, token_hash LIMIT $3)";
    execute!(conn, sql, customer.0, token.hash().to_vec(), MOST - 1, shop.now() + SKEW).await?;
    Ok(token)
}

/// Forgets the browser whose token has this hash.
pub(super) async fn forget(conn: &mut Conn, customer: Id<Customer>, hash: &[u8]) -> Result<(), sqlx::Error> {
    let sql = "DELETE FROM known_device WHERE customer_id = $1 AND token_hash = $2";
    execute!(conn, sql, customer.0, hash).await?;
    Ok(())
}

/// Has nobody known any more by the browser whose token has this hash.
pub(super) async fn forget_here(conn: &mut Conn, hash: &[u8]) -> Result<(), sqlx::Error> {
    execute!(conn, "DELETE FROM known_device WHERE token_hash = $1", hash).await?;
    Ok(())
}

/// Forgets every browser that the customer is known by.
pub(super) async fn forget_all(conn: &mut Conn, customer: Id<Customer>) -> Result<(), sqlx::Error> {
    execute!(conn, "DELETE FROM known_device WHERE customer_id = $1", customer.0).await?;
    Ok(())
}

/// Forgets every browser that the customer is known by but this one, if it is one of them.
pub(super) async fn forget_others(conn: &mut Conn, customer: Id<Customer>, device: &Device) -> Result<(), sqlx::Error> {
    let held = device.token.as_ref().map_or([0; 32], Token::hash).to_vec();
    execute!(conn, "DELETE FROM known_device WHERE customer_id = $1 AND token_hash <> $2", customer.0, held).await?;
    Ok(())
}

/// Browsers not used for longer than we remember.
pub(crate) const OVER: &str =
    "SELECT customer_id, token_hash FROM known_device WHERE seen_at < $1 ORDER BY seen_at LIMIT $2";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::testing::customer;
    use crate::{fetch_one, on_both_databases};

    /// The customer proves more than a password in this browser, which then holds another token.
    async fn proves(shop: &Shop, customer: Id<Customer>, device: Device) -> Device {
        let mut tx = shop.db.write().await.unwrap();
        let token = know(&mut tx, shop, customer, &device).await.unwrap();
        tx.commit().await.unwrap();
        device.holding(Some(token))
    }

    /// Whether the customer is known by it, and whether anybody is.
    async fn known(shop: &Shop, customer: Id<Customer>, device: &Device) -> (bool, bool) {
        let mut conn = shop.db.read().await.unwrap();
        let hers = is_known(&mut conn, shop, customer, device).await.unwrap();
        (hers, is_anybodys(&mut conn, shop, device.token.as_ref().unwrap()).await.unwrap())
    }

    on_both_databases!(a_browser_that_was_used_on_a_clock_that_was_ahead_is_known_only_after_another_proof(shop) {
        let hers = customer(&shop, "hanako@example.jp").await;
        let ahead = proves(&shop, hers, Device::new("Firefox/1".to_owned(), None)).await;
        shop.clock.advance(-SKEW);
        assert_eq!(known(&shop, hers, &ahead).await, (true, true), "clocks of nodes differ");
        shop.clock.advance(-1);
        assert_eq!(known(&shop, hers, &ahead).await, (false, false));
        let again = proves(&shop, hers, ahead.clone()).await;
        assert!(again.token != ahead.token, "as of any browser that nobody is known by");
        assert_eq!(known(&shop, hers, &again).await, (true, true));
        shop.clock.advance(HISTORY);
        assert_eq!(known(&shop, hers, &again).await, (false, false), "and for no longer than any other");
        let sql = "SELECT COUNT(*) FROM known_device";
        let rows = fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0;
        assert_eq!(rows, 1, "what the clock wrote is put right, not kept beside it");
    });

    on_both_databases!(the_thirty_first_browser_of_a_customer_pushes_out_the_one_that_was_seen_longest_ago(shop) {
        let hers = customer(&shop, "hanako@example.jp").await;
        let his = customer(&shop, "taro@example.jp").await;
        let other = proves(&shop, his, Device::new("Firefox/1".to_owned(), None)).await;
        let mut browsers = Vec::new();
        for _ in 0..30 {
            shop.clock.advance(1);
            browsers.push(proves(&shop, hers, Device::new("Firefox/1".to_owned(), None)).await);
        }
        shop.clock.advance(1);
        let used = proves(&shop, hers, browsers[0].clone()).await;
        assert!(used.token == browsers[0].token, "so the second is now the oldest");
        for browser in &browsers {
            assert_eq!(known(&shop, hers, browser).await, (true, true));
        }
        shop.clock.advance(1);
        let newest = proves(&shop, hers, Device::new("Firefox/1".to_owned(), None)).await;
        assert_eq!(known(&shop, hers, &browsers.remove(1)).await, (false, false));
        browsers.push(newest);
        for browser in &browsers {
            assert_eq!(known(&shop, hers, browser).await, (true, true), "the others stay");
        }
        assert_eq!(known(&shop, his, &other).await, (true, true), "and nobody else's is counted");
        // All the others were seen later than now.
        shop.clock.advance(-SKEW);
        let behind = proves(&shop, hers, Device::new("Firefox/1".to_owned(), None)).await;
        assert_eq!(known(&shop, hers, &behind).await, (true, true), "whoever comes in is known where they are");
    });
}
