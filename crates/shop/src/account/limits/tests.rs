use std::collections::HashSet;

use super::*;
use crate::on_both_databases;

const THREE: Limit = Limit::alone("three", 3, 3 * MINUTE);
const SHARED: Limit = Limit::shared("shared", 3, 3 * MINUTE);

#[test]
fn no_two_limits_are_counted_together() {
    let labels: HashSet<_> = ALL.iter().map(|limit| limit.label).collect();
    assert_eq!(labels.len(), ALL.len());
}

async fn tried(shop: &Shop, limit: Limit) -> Standing {
    let mut tx = shop.db.write().await.unwrap();
    let standing = take(&mut tx, shop, limit, b"who").await.unwrap();
    tx.commit().await.unwrap();
    standing
}

on_both_databases!(tries_come_back_one_by_one_and_never_more_than_there_were(shop) {
    for _ in 0..3 {
        assert_eq!(tried(&shop, THREE).await, Standing::Within);
    }
    assert_eq!(tried(&shop, THREE).await, Standing::Over { minutes: 1, first: true });
    assert_eq!(tried(&shop, THREE).await, Standing::Over { minutes: 1, first: false });
    shop.clock.advance(MINUTE);
    assert_eq!(tried(&shop, THREE).await, Standing::Within);
    assert_eq!(tried(&shop, THREE).await, Standing::Over { minutes: 1, first: true });
    shop.clock.advance(100 * MINUTE);
    for _ in 0..3 {
        assert_eq!(tried(&shop, THREE).await, Standing::Within);
    }
    assert!(matches!(tried(&shop, THREE).await, Standing::Over { .. }));
});

on_both_databases!(a_clock_that_was_ahead_shuts_nobody_out_for_longer_than_a_try_takes_to_come_back(shop) {
    shop.clock.advance(365 * 24 * HOUR);
    for _ in 0..3 {
        tried(&shop, THREE).await;
    }
    shop.clock.advance(-365 * 24 * HOUR);
    assert_eq!(tried(&shop, THREE).await, Standing::Over { minutes: 1, first: true }, "nor does it give tries anew");
    shop.clock.advance(MINUTE);
    assert_eq!(tried(&shop, THREE).await, Standing::Within);
});

on_both_databases!(an_honest_try_is_given_back_to_those_who_share_and_frees_one_who_is_alone(shop) {
    for limit in [THREE, SHARED] {
        for _ in 0..3 {
            tried(&shop, limit).await;
        }
        let mut tx = shop.db.write().await.unwrap();
        honest(&mut tx, &shop, limit, b"who").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(tried(&shop, limit).await, Standing::Within);
    }
    assert_eq!(tried(&shop, THREE).await, Standing::Within);
    assert!(matches!(tried(&shop, SHARED).await, Standing::Over { .. }));
});

on_both_databases!(a_try_that_is_given_back_brings_none_back_that_was_taken_before_it(shop) {
    for limit in [THREE, SHARED] {
        for _ in 0..3 {
            tried(&shop, limit).await;
        }
        let mut tx = shop.db.write().await.unwrap();
        give_back(&mut tx, &shop, limit, b"who").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(tried(&shop, limit).await, Standing::Within);
        assert_eq!(tried(&shop, limit).await, Standing::Over { minutes: 1, first: true });
    }
});

on_both_databases!(tries_at_the_same_moment_do_not_slip_through(shop) {
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let shop = (*shop).clone();
        all.spawn(async move { tried(&shop, THREE).await });
    }
    let within = all.join_all().await.into_iter().filter(|standing| *standing == Standing::Within).count();
    assert_eq!(within, 3);
});
