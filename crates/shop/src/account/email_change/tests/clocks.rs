//! Changes that a clock wrote which was ahead, once it is right again, and those that a clock looks at which is behind.

use noren_domain::account::EmailLink;

use super::back::{factors, with_factors};
use super::*;

const YEAR: i64 = 365 * DAY;

/// A customer whose address was changed while the clock was a year ahead, and the link that takes it back.
async fn changed_ahead(shop: &TestShop) -> (Id<Customer>, Token) {
    let hers = customer(shop, OLD).await;
    shop.clock.advance(YEAR);
    changed(shop, &proved(shop, hers).await, OLD, NEW).await;
    let token = link_to(shop, OLD).await;
    shop.clock.advance(-YEAR);
    brings_back(shop).await;
    (hers, token)
}

/// What lies ahead is found so, and is brought back when it still does a day later.
async fn brings_back(shop: &TestShop) {
    account::sweep(shop).await.unwrap();
    shop.clock.advance(DAY);
    account::sweep(shop).await.unwrap();
}

/// When the one change there is was asked for, took effect and ends, and since when that is known to lie ahead.
async fn times(shop: &Shop) -> (i64, Option<i64>, i64, Option<i64>) {
    let sql = "SELECT created_at, changed_at, due_at, ahead_since FROM email_change";
    fetch_one!(shop.db.read().await.unwrap(), (i64, Option<i64>, i64, Option<i64>), sql).await.unwrap()
}

/// When the one change there is ends.
async fn due(shop: &Shop) -> i64 {
    fetch_one!(shop.db.read().await.unwrap(), (i64,), "SELECT due_at FROM email_change").await.unwrap().0
}

on_both_databases!(a_change_of_a_clock_that_was_ahead_is_taken_back_for_seven_days_and_pauses_for_three(shop) {
    let (hers, token) = changed_ahead(&shop).await;
    let mut conn = shop.db.read().await.unwrap();
    assert_eq!(paused_until(&mut conn, &shop, hers).await.unwrap(), Some(shop.now() + PATIENCE));
    assert_eq!(back_until(&mut conn, &shop, hers).await.unwrap(), Some(shop.now() + BACK_LIFE));
    drop(conn);
    shop.clock.advance(BACK_LIFE - 1);
    account::sweep(&shop).await.unwrap();
    assert_eq!(link(&shop, &token).await.unwrap(), EmailLink::PutsBack);
    shop.clock.advance(2);
    assert_eq!(link(&shop, &token).await.unwrap(), EmailLink::Void);
    account::sweep(&shop).await.unwrap();
    assert!(changes(&shop).await.is_empty(), "and keeps nobody from the old address");
});

on_both_databases!(what_a_thief_sets_up_after_a_change_of_a_clock_that_was_ahead_goes_with_it(shop) {
    let (hers, token) = changed_ahead(&shop).await;
    shop.clock.advance(HOUR);
    with_factors(&shop, hers, 0).await;
    take_back(&shop, &token, &device()).await.unwrap();
    assert_eq!((address_of(&shop, hers).await.as_str(), factors(&shop).await), (OLD, vec![0, 0, 0, 0]));
});

on_both_databases!(changes_of_a_clock_that_was_ahead_stay_in_their_order(shop) {
    let hers = customer(&shop, OLD).await;
    shop.clock.advance(YEAR);
    let who = proved(&shop, hers).await;
    changed(&shop, &who, OLD, NEW).await;
    let first = link_to(&shop, OLD).await;
    changed(&shop, &who, NEW, "third@example.com").await;
    let second = link_to(&shop, NEW).await;
    shop.clock.advance(-YEAR);
    brings_back(&shop).await;
    take_back(&shop, &second, &device()).await.unwrap();
    assert_eq!(address_of(&shop, hers).await, NEW);
    take_back(&shop, &first, &device()).await.unwrap();
    assert_eq!(address_of(&shop, hers).await, OLD, "the second one ends nothing that was before it");
});

on_both_databases!(a_change_that_is_not_done_is_open_for_no_longer_than_on_a_right_clock(shop) {
    for (from, to, life) in [(OLD, NEW, PENDING_LIFE), ("taro@example.jp", "taro.new@example.jp", PATIENCE)] {
        let whose = customer(&shop, from).await;
        shop.clock.advance(YEAR);
        let who = proved(&shop, whose).await;
        asks(&shop, &who, to).await.unwrap();
        if life == PATIENCE {
            types(&shop, &who, &code_to(&shop, to).await).await.unwrap();
            wait(&shop, &who).await.unwrap();
        }
        shop.clock.advance(-YEAR);
        brings_back(&shop).await;
        assert_eq!(due(&shop).await, shop.now() + life, "{to}");
        assert!(stop(&shop, who.who()).await.unwrap());
    }
});

on_both_databases!(what_clocks_of_nodes_may_differ_by_moves_no_change(shop) {
    let hers = customer(&shop, OLD).await;
    changed(&shop, &proved(&shop, hers).await, OLD, NEW).await;
    let written = times(&shop).await;
    shop.clock.advance(-SKEW);
    account::sweep(&shop).await.unwrap();
    assert_eq!(times(&shop).await, written);
});

on_both_databases!(a_clock_that_is_behind_for_less_than_a_day_moves_no_change(shop) {
    let hers = customer(&shop, OLD).await;
    changed(&shop, &proved(&shop, hers).await, OLD, NEW).await;
    let (token, written) = (link_to(&shop, OLD).await, times(&shop).await);
    shop.clock.advance(-10 * DAY);
    for _ in 0..4 {
        account::sweep(&shop).await.unwrap();
        shop.clock.advance(8 * HOUR - 1);
    }
    shop.clock.advance(10 * DAY - 4 * (8 * HOUR - 1));
    account::sweep(&shop).await.unwrap();
    assert_eq!((times(&shop).await, written.3), (written, None));
    assert_eq!(take_back(&shop, &token, &device()).await.unwrap(), TakenBack::PutBack(RemovedFactors::default()));
    assert_eq!(address_of(&shop, hers).await, OLD);
});

on_both_databases!(a_node_whose_clock_stays_behind_moves_no_change_beside_one_whose_clock_is_right(shop) {
    let hers = customer(&shop, OLD).await;
    changed(&shop, &proved(&shop, hers).await, OLD, NEW).await;
    let written = times(&shop).await;
    for _ in 0..6 {
        shop.clock.advance(-10 * DAY);
        account::sweep(&shop).await.unwrap();
        shop.clock.advance(10 * DAY);
        account::sweep(&shop).await.unwrap();
        assert_eq!(times(&shop).await, written);
        shop.clock.advance(DAY);
    }
});

on_both_databases!(a_change_that_a_clock_ahead_has_found_ahead_is_brought_back_a_day_after_a_right_one_has(shop) {
    let hers = customer(&shop, OLD).await;
    shop.clock.advance(YEAR);
    changed(&shop, &proved(&shop, hers).await, OLD, NEW).await;
    let written = times(&shop).await;
    shop.clock.advance(30 * DAY - YEAR);
    account::sweep(&shop).await.unwrap();
    shop.clock.advance(-30 * DAY);
    account::sweep(&shop).await.unwrap();
    shop.clock.advance(DAY - 1);
    account::sweep(&shop).await.unwrap();
    assert_eq!(due(&shop).await, written.2, "not sooner");
    shop.clock.advance(1);
    account::sweep(&shop).await.unwrap();
    let now = shop.now();
    assert_eq!(times(&shop).await, (now, Some(now), now + BACK_LIFE, None));
});

on_both_databases!(changes_whose_time_is_over_are_forgotten_even_where_none_can_be_brought_back(shop) {
    changed(&shop, &proved(&shop, customer(&shop, OLD).await).await, OLD, NEW).await;
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "ALTER TABLE email_change RENAME COLUMN ahead_since TO elsewhere").await.unwrap();
    tx.commit().await.unwrap();
    shop.clock.advance(BACK_LIFE + 1);
    assert!(account::sweep(&shop).await.is_err(), "and it is said");
    assert!(changes(&shop).await.is_empty());
});
