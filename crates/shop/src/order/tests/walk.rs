//! Anything in any order: shoppers, the bank and the clock by the throw of a die, with the books
//! checked after every step.

use super::*;
use crate::checkout::CheckoutError;
use crate::clock::Entropy;

/// So few that they run out on every walk.
const UNITS: i64 = 4;

/// `units` were put on the shelf so far.
async fn books_are_right(shop: &Shop, units: i64, step: &str) {
    let (on_hand, reserved) = stock(shop).await;
    let held = "SELECT CAST(COALESCE(SUM(quantity), 0) AS BIGINT) FROM reservation WHERE state = 'held'";
    let taken = "SELECT CAST(COALESCE(SUM(quantity), 0) AS BIGINT) FROM reservation WHERE state = 'taken'";
    assert_eq!(count(shop, held).await, reserved, "{step}: what is reserved is held by somebody");
    assert_eq!(on_hand + count(shop, taken).await, units, "{step}: no unit is lost or made up");
    let listed = count(shop, "SELECT COUNT(*) FROM product WHERE in_stock").await == 1;
    assert_eq!(listed, on_hand > reserved, "{step}: the list says what the shelf says");
    let twice = "SELECT COUNT(*) FROM (SELECT cart_id FROM orders WHERE state = 'placed' GROUP BY cart_id HAVING COUNT(*) > 1) AS twice";
    assert_eq!(count(shop, twice).await, 0, "{step}: nobody bought twice");
    let unpaid =
        "SELECT COUNT(*) FROM orders WHERE state = 'placed' AND payment_method = 'card' AND payment_state <> 'paid'";
    assert_eq!(count(shop, unpaid).await, 0, "{step}: what stands is paid");
    the_ledger_balances(shop).await;
}

/// Presses the button if there is a confirmation to press it under; gives the reference at the bank.
async fn try_to_buy(shop: &Shop, cart: Id<Cart>) -> Option<String> {
    let shown = match checkout::confirmation(shop, cart, Lang::Ja).await {
        Ok((confirmation, ..)) => checkout::shown_hash(&confirmation),
        Err(CheckoutError::Empty | CheckoutError::Incomplete(_)) => return None,
        Err(error) => panic!("{error}"),
    };
    match place(shop, cart, None, shown, Lang::Ja).await {
        Ok(Placed { next: Next::Pay { url }, .. }) => {
            let reference = payment::reference_of(shop, url.rsplit('/').next().unwrap());
            Some(reference.expect("the bank's page names a payment").to_owned())
        }
        Ok(_) | Err(PlaceError::Sold(_) | PlaceError::Empty | PlaceError::Changed) => None,
        Err(error) => panic!("{error}"),
    }
}

/// Somebody of the shop calls off the order that is paid under `reference`, if that can be.
async fn call_off(shop: &Shop, reference: &str) {
    let sql = "SELECT o.no FROM orders o JOIN payment_try t ON t.order_id = o.id WHERE t.reference = $1";
    let (no,) = fetch_one!(shop.db.read().await.unwrap(), (String,), sql, reference).await.unwrap();
    assert!(matches!(cancel(shop, &no).await, Ok(_) | Err(OfficeError::Paid { .. })));
}

/// Fills the shelf up again; gives the number of units that came.
async fn filled_up(shop: &Shop) -> i64 {
    let (on_hand, _) = stock(shop).await;
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE stock SET on_hand = $1 WHERE variant_id = 1", UNITS).await.unwrap();
    let listed = "UPDATE product SET in_stock = (SELECT on_hand > reserved FROM stock WHERE variant_id = 1)";
    execute!(tx, listed).await.unwrap();
    tx.commit().await.unwrap();
    UNITS - on_hand
}

async fn walk(shop: &Shop, seed: u64, units: i64) {
    let dice = Entropy::seeded(seed);
    let mut carts = Vec::new();
    for _ in 0..3 {
        carts.push(buyer(shop, PaymentMethod::Card, 2).await);
    }
    let mut references: Vec<String> = Vec::new();
    for step in 0..40 {
        let [what, who, how] = dice.bytes::<3>();
        let at = usize::from(who) % carts.len();
        // One of the last: what ended long ago stays as it ended.
        let reference = references.iter().rev().nth(usize::from(who) % references.len().clamp(1, 4)).cloned();
        match (what % 8, reference) {
            (0 | 1, _) => {
                let tried = try_to_buy(shop, carts[at]).await;
                references.extend(tried.filter(|reference| !references.contains(reference)));
            }
            (2, Some(reference)) => {
                let choices =
                    [Choice::Succeed, Choice::Late, Choice::Twice, Choice::Decline, Choice::Abandon, Choice::Challenge];
                TestBank::choose(shop, &reference, choices[usize::from(how) % choices.len()]).await.unwrap();
            }
            (3, Some(reference)) => {
                assert!(payment::returned(shop, &reference).await.unwrap().is_some());
            }
            (4, _) => {
                outbox::run_due(shop).await.unwrap();
            }
            (5, _) => {
                shop.clock.advance(i64::from(how) * 4_000);
                sweep(shop).await.unwrap();
                ask_late(shop).await.unwrap();
            }
            (6, _) => {
                let mut tx = shop.db.write().await.unwrap();
                let sql = "UPDATE cart_line SET quantity = 3 - quantity WHERE cart_id = $1 AND quantity < 3";
                execute!(tx, sql, carts[at].0).await.unwrap();
                tx.commit().await.unwrap();
            }
            (7, Some(reference)) if how % 4 == 1 => call_off(shop, &reference).await,
            (7, _) if how % 4 == 0 => carts[at] = buyer(shop, PaymentMethod::Card, 1).await,
            _ => {}
        }
        books_are_right(shop, units, &format!("seed {seed}, step {step} ({what} {who} {how})")).await;
    }
}

on_both_databases!(whatever_happens_in_whatever_order_money_and_goods_add_up(shop) {
    goods(&shop, UNITS).await;
    let mut units = UNITS;
    for seed in 1..=12 {
        units += filled_up(&shop).await;
        walk(&shop, seed, units).await;
    }
    // Everybody goes home, and the bank has said everything it has to say.
    for _ in 0..3 {
        shop.clock.advance(CARD_MS + 1);
        sweep(&shop).await.unwrap();
        outbox::run_due(&shop).await.unwrap();
    }
    books_are_right(&shop, units, "at the end").await;
    assert_eq!(stock(&shop).await.1, 0, "nothing stays reserved for nobody");
    for story in ["placed", "refunded", "cancelled", "expired", "declined"] {
        let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM order_event WHERE kind = '{story}'"));
        let (times,) = fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap();
        assert!(times > 0, "the dice have never told of an order that was {story}");
    }
    let kept = "SELECT COUNT(*) FROM test_bank b WHERE b.state = 'succeeded' AND NOT EXISTS \
                (SELECT 1 FROM payment_try t JOIN orders o ON o.id = t.order_id WHERE t.reference = b.reference AND o.payment_state = 'paid')";
    assert_eq!(count(&shop, kept).await, 0, "the bank keeps no money but for orders that stand");
});
