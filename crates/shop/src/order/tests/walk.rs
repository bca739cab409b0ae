//! Anything in any order: shoppers, the bank and the clock by the throw of a die, with the books
//! checked after every step.

use super::*;
use crate::checkout::CheckoutError;
use crate::clock::Entropy;

const UNITS: i64 = 4;

async fn books_are_right(shop: &Shop, step: &str) {
    let (on_hand, reserved) = stock(shop).await;
    let held = "SELECT CAST(COALESCE(SUM(quantity), 0) AS BIGINT) FROM reservation WHERE state = 'held'";
    let taken = "SELECT CAST(COALESCE(SUM(quantity), 0) AS BIGINT) FROM reservation WHERE state = 'taken'";
    assert_eq!(count(shop, held).await, reserved, "{step}: what is reserved is held by somebody");
    assert_eq!(on_hand + count(shop, taken).await, UNITS, "{step}: no unit is lost or made up");
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
        Ok(Placed { next: Next::Pay { url }, .. }) => url.rsplit('/').next().map(str::to_owned),
        Ok(_) | Err(PlaceError::Sold(_) | PlaceError::Empty | PlaceError::Changed) => None,
        Err(error) => panic!("{error}"),
    }
}

async fn walk(shop: &Shop, seed: u64) {
    let dice = Entropy::seeded(seed);
    let mut carts = Vec::new();
    for _ in 0..3 {
        carts.push(buyer(shop, PaymentMethod::Card, 2).await);
    }
    let mut references: Vec<String> = Vec::new();
    for step in 0..60 {
        let [what, who, how] = dice.bytes::<3>();
        let at = usize::from(who) % carts.len();
        let reference = references.get(usize::from(who) % references.len().max(1)).cloned();
        match (what % 8, reference) {
            (0 | 1, _) => references.extend(try_to_buy(shop, carts[at]).await),
            (2, Some(reference)) => {
                let choices =
                    [Choice::Succeed, Choice::Late, Choice::Twice, Choice::Decline, Choice::Abandon, Choice::Challenge];
                TestBank::choose(shop, &reference, choices[usize::from(how) % choices.len()]).await.unwrap();
            }
            (3, Some(reference)) => {
                payment::returned(shop, &reference).await.unwrap();
            }
            (4, _) => {
                outbox::run_due(shop).await.unwrap();
            }
            (5, _) => {
                shop.clock.advance(i64::from(how) * 4_000);
                sweep(shop).await.unwrap();
            }
            (6, _) => {
                let mut tx = shop.db.write().await.unwrap();
                let sql = "UPDATE cart_line SET quantity = 3 - quantity WHERE cart_id = $1 AND quantity < 3";
                execute!(tx, sql, carts[at].0).await.unwrap();
                tx.commit().await.unwrap();
            }
            (7, _) if how % 4 == 0 => carts[at] = buyer(shop, PaymentMethod::Card, 1).await,
            _ => {}
        }
        books_are_right(shop, &format!("seed {seed}, step {step} ({what} {who} {how})")).await;
    }
}

on_both_databases!(whatever_happens_in_whatever_order_money_and_goods_add_up(shop) {
    goods(&shop, UNITS).await;
    for seed in 1..=4 {
        walk(&shop, seed).await;
    }
    // Everybody goes home, and the bank has said everything it has to say.
    for _ in 0..3 {
        shop.clock.advance(CARD_MS + 1);
        sweep(&shop).await.unwrap();
        outbox::run_due(&shop).await.unwrap();
    }
    books_are_right(&shop, "at the end").await;
    assert_eq!(stock(&shop).await.1, 0, "nothing stays reserved for nobody");
    let kept = "SELECT COUNT(*) FROM test_bank b WHERE b.state = 'succeeded' AND NOT EXISTS \
                (SELECT 1 FROM payment_try t JOIN orders o ON o.id = t.order_id WHERE t.reference = b.reference AND o.payment_state = 'paid')";
    assert_eq!(count(&shop, kept).await, 0, "the bank keeps no money but for orders that stand");
});
