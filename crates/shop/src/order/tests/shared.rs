//! What is answered is on the disk, also when transactions share a commit (SQLite only: PostgreSQL
//! shows nobody what is not committed).

use super::*;
use crate::db::Db;
use crate::testing::sqlite;

/// Waits until `number` stand in line to write.
async fn in_line(shop: &Shop, number: usize) {
    let Db::Sqlite { write, .. } = &shop.db else { unreachable!("a shop on SQLite") };
    while write.in_line() < number {
        tokio::task::yield_now().await;
    }
}

/// Lets `first` and `second` have their turns one after the other in one group, whose commit waits for
/// a third: that one stays until the second has answered, or has had ample time for it.
async fn in_one_group<A: Send + 'static, B: Send + 'static>(
    shop: &Shop,
    first: impl Future<Output = A> + Send + 'static,
    second: impl Future<Output = B> + Send + 'static,
) -> (A, B) {
    let before = shop.db.write().await.unwrap();
    let first = tokio::spawn(first);
    in_line(shop, 1).await;
    let second = tokio::spawn(second);
    in_line(shop, 2).await;
    let db = shop.db.clone();
    let third = tokio::spawn(async move { db.write().await.unwrap() });
    in_line(shop, 3).await;
    drop(before);
    let third = third.await.unwrap();
    for _ in 0..20_000 {
        if second.is_finished() {
            break;
        }
        tokio::task::yield_now().await;
    }
    drop(third);
    (first.await.unwrap(), second.await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_second_press_has_its_answer_the_order_of_the_first_is_on_the_disk() {
    let shop = Arc::new(sqlite().await);
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Transfer, 1).await;
    let seen = seen(&shop, cart).await;
    let (one, other) = (Arc::clone(&shop), Arc::clone(&shop));
    let (first, (second, there)) = in_one_group(
        &shop,
        Box::pin(async move { place(&one, cart, None, seen, Lang::Ja).await.unwrap() }),
        Box::pin(async move {
            let placed = place(&other, cart, None, seen, Lang::Ja).await.unwrap();
            (placed, count(&other, "SELECT COUNT(*) FROM orders WHERE state = 'placed'").await)
        }),
    )
    .await;
    assert_eq!((first, there), (second, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_sent_to_the_bank_for_an_order_that_is_not_on_the_disk() {
    let shop = Arc::new(sqlite().await);
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Card, 1).await;
    let seen = seen(&shop, cart).await;
    let (one, other) = (Arc::clone(&shop), Arc::clone(&shop));
    let (_, there) = in_one_group(
        &shop,
        Box::pin(async move { prepare(&one, cart, None, seen, Lang::Ja).await.unwrap() }),
        Box::pin(async move {
            assert!(matches!(prepare(&other, cart, None, seen, Lang::Ja).await.unwrap(), Prepared::ToPay(_)));
            count(&other, "SELECT COUNT(*) FROM orders").await
        }),
    )
    .await;
    assert_eq!(there, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_is_answered_a_second_time_is_booked_on_the_disk() {
    let shop = Arc::new(sqlite().await);
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Card, 1).await;
    let (placed, reference) = to_the_bank(&shop, cart).await;
    let amount = shown(&shop, &placed).await.total.0;
    let webhook = payment::Webhook { event_id: "evt_1".into(), reference, outcome: Outcome::Succeeded, amount };
    let body = serde_json::to_vec(&webhook).unwrap();
    let signature = TestBank::signature(&shop, shop.now(), &body);
    let (one, other) = (Arc::clone(&shop), Arc::clone(&shop));
    let (body_again, signature_again) = (body.clone(), signature.clone());
    let (first, (second, there)) = in_one_group(
        &shop,
        Box::pin(async move { payment::receive(&one, &signature, &body).await.unwrap() }),
        Box::pin(async move {
            let second = payment::receive(&other, &signature_again, &body_again).await.unwrap();
            (second, count(&other, "SELECT COUNT(*) FROM payment").await)
        }),
    )
    .await;
    assert_eq!((first, second, there), (Settled::Placed, Settled::Already, 1));
}
