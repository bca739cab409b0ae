//! Changes that a clock wrote which was ahead, once it is right again.

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
    account::sweep(shop).await.unwrap();
    (hers, token)
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
    account::sweep(&shop).await.unwrap();
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
        account::sweep(&shop).await.unwrap();
        assert_eq!(due(&shop).await, shop.now() + life, "{to}");
        assert!(stop(&shop, who.who()).await.unwrap());
    }
});

on_both_databases!(what_clocks_of_nodes_may_differ_by_moves_no_change(shop) {
    let hers = customer(&shop, OLD).await;
    changed(&shop, &proved(&shop, hers).await, OLD, NEW).await;
    let until = due(&shop).await;
    shop.clock.advance(-SKEW);
    account::sweep(&shop).await.unwrap();
    assert_eq!(due(&shop).await, until);
});
