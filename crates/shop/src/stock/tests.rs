use noren_domain::tax::TaxClass;

use super::*;
use crate::testing::goods;
use crate::{Shop, fetch_one, on_both_databases};

/// Writes down an order that can hold goods.
async fn order(shop: &Shop) -> Id<Order> {
    let order = shop.entropy.id::<Order>(shop.now());
    let mut tx = shop.db.write().await.unwrap();
    execute!(
        tx,
        "INSERT INTO orders (id, no, token_hash, cart_id, subject_id, lang, state, payment_state, shipment_state, payment_method, delivery_method, \
           gift_wrap, email, name, postal_code, city, street, phone, prefecture, goods, shipping, payment_fee, total, standard_gross, standard_tax, \
           reduced_gross, reduced_tax, shown, shown_hash, created_at) \
         VALUES ($1, $2, $3, $1, $1, 'ja', 'draft', 'unpaid', 'open', 'card', 'parcel', FALSE, $4, $4, $4, $4, $4, $4, 13, 0, 0, 0, 0, 0, 0, 0, 0, '', $3, 0)",
        order.0,
        order.0.to_string(),
        shop.entropy.bytes::<32>().to_vec(),
        vec![1_u8]
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    order
}

/// A product with two variants, one unit of each.
async fn pair(shop: &Shop, sku: &str) -> [i64; 2] {
    let first = goods::put(shop, sku, TaxClass::Standard, 1_000, 100, 1).await;
    let second = 10_000 + first;
    let mut tx = shop.db.write().await.unwrap();
    execute!(
        tx,
        "INSERT INTO variant (id, product_id, sku, position, state, option1_ja, option1_en, option2_ja, option2_en, option3_ja, option3_en, price, weight_g) \
         VALUES ($1, $2, $3, 2, 'active', '紅', 'Red', '', '', '', '', 1000, 100)",
        second,
        first,
        format!("{sku}-2")
    )
    .await
    .unwrap();
    execute!(tx, "INSERT INTO stock (variant_id, on_hand, reserved) VALUES ($1, 1, 0)", second).await.unwrap();
    tx.commit().await.unwrap();
    [first, second]
}

async fn listed(shop: &Shop) -> i64 {
    let mut conn = shop.db.read().await.unwrap();
    fetch_one!(conn, (i64,), "SELECT COUNT(*) FROM product WHERE in_stock").await.unwrap().0
}

/// Holds one unit of `variant`, or gives it back, in a transaction of its own.
async fn hold(shop: &Shop, order: Id<Order>, variant: i64) {
    let mut tx = shop.db.write().await.unwrap();
    reserve(&mut tx, order, &[(variant, 1)]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn let_go(shop: &Shop, order: Id<Order>) {
    let mut tx = shop.db.write().await.unwrap();
    assert!(release(&mut tx, order).await.unwrap());
    tx.commit().await.unwrap();
}

on_both_databases!(the_last_units_of_two_variants_bought_at_once_leave_a_product_sold_out(shop) {
    for round in 0..20 {
        let [one, other] = pair(&shop, &format!("PAIR-{round}")).await;
        let (a, b) = (order(&shop).await, order(&shop).await);
        tokio::join!(hold(&shop, a, one), hold(&shop, b, other));
        assert_eq!(listed(&shop).await, 0, "both are gone");
        tokio::join!(let_go(&shop, a), let_go(&shop, b));
        assert_eq!(listed(&shop).await, 1, "both are back");
        tokio::join!(hold(&shop, a, one), hold(&shop, b, other));
    }
});

on_both_databases!(a_transaction_that_is_not_over_is_waited_for_before_a_product_is_called_in_stock(shop) {
    let [one, other] = pair(&shop, "PAIR").await;
    let (a, b) = (order(&shop).await, order(&shop).await);
    let mut open = shop.db.write().await.unwrap();
    reserve(&mut open, a, &[(one, 1)]).await.unwrap();
    // The second buyer must not decide by what the first has not made known yet.
    tokio::join!(hold(&shop, b, other), async { open.commit().await.unwrap() });
    assert_eq!(listed(&shop).await, 0);
});

on_both_databases!(of_several_lines_all_are_held_or_none_and_every_shortage_is_named(shop) {
    let cup = goods::put(&shop, "CUP", TaxClass::Standard, 1_000, 100, 5).await;
    let tea = goods::put(&shop, "TEA", TaxClass::Reduced, 1_000, 100, 1).await;
    let buyer = order(&shop).await;
    let mut tx = shop.db.write().await.unwrap();
    let Err(ReserveError::Short(short)) = reserve(&mut tx, buyer, &[(tea, 2), (cup, 5)]).await else {
        panic!("there is one tea")
    };
    tx.commit().await.unwrap();
    assert_eq!(short, [Shortage { variant: tea, available: 1 }]);
    assert_eq!(listed(&shop).await, 2, "nothing was taken");
    let sql = "SELECT CAST(SUM(reserved) AS BIGINT) FROM stock";
    assert_eq!(fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0, 0);
});
