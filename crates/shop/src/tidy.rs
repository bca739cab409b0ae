//! What the shop forgets by itself: carts that no browser can open any more, orders that never were,
//! and its own notes about finished work. The periods stand in `docs/SECURITY.md` and on the privacy
//! page.

use crate::{Shop, execute};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// As long as the cookie that opens a guest's cart.
pub const CART_DAYS: i64 = 90;
/// Finished work of the outbox.
pub const DONE_DAYS: i64 = 30;
/// Work that could not be done and that nobody has looked after, and the webhooks we received: one so
/// old is refused for its age before it could count twice.
pub const FAILED_DAYS: i64 = 90;

/// Deletes what has served its time; running it twice deletes no more than once.
pub async fn sweep(shop: &Shop) -> Result<(), sqlx::Error> {
    let now = shop.now();
    let old = now - CART_DAYS * DAY_MS;
    let mut tx = shop.db.write().await?;
    // A customer's cart stays with the account; a guest's takes its checkout along.
    execute!(tx, "DELETE FROM cart WHERE customer_id IS NULL AND updated_at < $1", old).await?;
    // What a customer typed for a purchase that was not made goes as well.
    execute!(tx, "DELETE FROM checkout WHERE updated_at < $1", old).await?;
    tx.commit().await?;

    let mut tx = shop.db.write().await?;
    // Late money finds no such order any more, and nobody sends it after three months. Money that moved
    // keeps its order: the ledger is never thinned.
    execute!(
        tx,
        "DELETE FROM orders WHERE state IN ('draft', 'cancelled') AND placed_at IS NULL AND created_at < $1 \
         AND NOT EXISTS (SELECT 1 FROM payment WHERE payment.order_id = orders.id) \
         AND NOT EXISTS (SELECT 1 FROM reservation WHERE reservation.order_id = orders.id AND reservation.state = 'held')",
        old
    )
    .await?;
    tx.commit().await?;

    let mut tx = shop.db.write().await?;
    execute!(tx, "DELETE FROM outbox WHERE done_at < $1", now - DONE_DAYS * DAY_MS).await?;
    execute!(tx, "DELETE FROM outbox WHERE done_at IS NULL AND failed_at < $1", now - FAILED_DAYS * DAY_MS).await?;
    execute!(tx, "DELETE FROM webhook_inbox WHERE received_at < $1", now - FAILED_DAYS * DAY_MS).await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use noren_domain::tax::TaxClass;

    use super::*;
    use crate::account::testing::customer;
    use crate::cart::{self, CartKey};
    use crate::outbox::{self, Topic};
    use crate::testing::goods;
    use crate::token::Token;
    use crate::{fetch_one, on_both_databases};

    async fn count(shop: &Shop, sql: &'static str) -> i64 {
        fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0
    }

    on_both_databases!(a_guests_cart_lives_as_long_as_its_cookie_and_a_customers_stays(shop) {
        goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 5).await;
        let mine = CartKey::Customer(customer(&shop, "hanako@example.jp").await);
        for key in [&CartKey::Guest(Token::random(&shop.entropy)), &mine] {
            cart::add(&shop, key, "CUP", 1).await.unwrap();
        }
        shop.clock.advance(CART_DAYS * DAY_MS);
        sweep(&shop).await.unwrap();
        assert_eq!(count(&shop, "SELECT COUNT(*) FROM cart").await, 2);
        shop.clock.advance(1);
        sweep(&shop).await.unwrap();
        assert_eq!(count(&shop, "SELECT COUNT(*) FROM cart").await, 1);
        assert_eq!(cart::count(&shop, &mine).await.unwrap(), 1);
    });

    on_both_databases!(notes_about_finished_work_go_after_their_time(shop) {
        for (key, days) in [("done", DONE_DAYS), ("failed", FAILED_DAYS)] {
            let mut tx = shop.db.write().await.unwrap();
            outbox::enqueue(&mut tx, &shop, key, Topic::Mail, &key).await.unwrap();
            let sql = if key == "done" { "UPDATE outbox SET done_at = $1" } else { "UPDATE outbox SET failed_at = $1" };
            execute!(tx, sql, shop.now()).await.unwrap();
            tx.commit().await.unwrap();
            shop.clock.advance(days * DAY_MS);
            sweep(&shop).await.unwrap();
            assert_eq!(count(&shop, "SELECT COUNT(*) FROM outbox").await, 1);
            shop.clock.advance(1);
            sweep(&shop).await.unwrap();
            assert_eq!(count(&shop, "SELECT COUNT(*) FROM outbox").await, 0);
        }
        let mut tx = shop.db.write().await.unwrap();
        outbox::enqueue(&mut tx, &shop, "waiting", Topic::Mail, &"waiting").await.unwrap();
        tx.commit().await.unwrap();
        shop.clock.advance(1_000 * DAY_MS);
        sweep(&shop).await.unwrap();
        assert_eq!(count(&shop, "SELECT COUNT(*) FROM outbox").await, 1, "what was never done is never forgotten");
    });
}
