use noren_domain::tax::TaxClass;

use super::*;
use crate::account::testing::{customer, ordered, proved};
use crate::testing::{another_machine, goods};
use crate::{cart, fetch_one, on_both_databases, order};

async fn count(shop: &Shop, sql: &'static str) -> i64 {
    fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0
}

/// The kinds of mails about an unused account, in the order in which they were written.
async fn told(shop: &Shop) -> Vec<String> {
    let sql = "SELECT key FROM mail_sent WHERE kind IN ('dormant', 'erased') ORDER BY created_at, id";
    let keys = fetch_all!(shop.db.read().await.unwrap(), (String,), sql).await.unwrap();
    keys.into_iter()
        .map(|(key,)| key.split('-').take(2).nth(usize::from(key.starts_with('d'))).unwrap().to_owned())
        .collect()
}

on_both_databases!(an_unused_account_is_told_reduced_told_twice_and_erased_each_once_and_in_time(shop) {
    goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 5).await;
    let hers = customer(&shop, "hanako@example.jp").await;
    proved(&shop, hers).await;
    let (order, no) = ordered(&shop, hers, "cash").await;
    order::sent(&shop, &no).await.unwrap();
    cart::add(&shop, &cart::CartKey::Customer(hers), "CUP", 1).await.unwrap();
    let other = another_machine(&shop).await;
    let both = async |at: i64| {
        shop.clock.advance(at - 1);
        sweep(&shop).await.unwrap();
        let before = told(&shop).await;
        shop.clock.advance(1);
        let (one, two) = tokio::join!(sweep(&shop), sweep(&other));
        one.unwrap();
        two.unwrap();
        sweep(&shop).await.unwrap();
        (before, told(&shop).await)
    };
    let (before, after) = both(REDUCE_AFTER - NOTICE).await;
    assert_eq!((before.len(), after), (0, vec!["before_reducing".to_owned()]));
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM session").await, 1, "nothing has gone yet");
    let (before, after) = both(NOTICE).await;
    assert_eq!((before.len(), after.last().map(String::as_str)), (1, Some("reduced")));
    for sql in [
        "SELECT COUNT(*) FROM session", "SELECT COUNT(*) FROM known_device", "SELECT COUNT(*) FROM sign_in",
        "SELECT COUNT(*) FROM account_event", "SELECT COUNT(*) FROM cart",
        "SELECT COUNT(*) FROM customer WHERE name IS NOT NULL",
    ] {
        assert_eq!(count(&shop, sql).await, 0, "{sql}");
    }
    // The order was made in the same year; the next sweep of reduced data finds it with the account.
    assert_eq!(order::look_up(&shop, &no).await.unwrap().unwrap().address.name, "暖簾 花子");
    let (before, after) = both(ERASE_AFTER - REDUCE_AFTER - NOTICE).await;
    assert_eq!((before.len(), after.last().map(String::as_str)), (2, Some("before_erasing")));
    let (before, after) = both(NOTICE - LAST_CALL).await;
    assert_eq!((before.len(), after.last().map(String::as_str)), (3, Some("last_call")));
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM customer").await, 1);
    let (before, after) = both(LAST_CALL).await;
    assert_eq!((before.len(), after.len()), (4, 5), "{after:?}");
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM customer").await, 0);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM erasure WHERE cause = 'dormant'").await, 1);
    let sql = "SELECT COUNT(*) FROM orders WHERE id = $1 AND erased_at IS NOT NULL";
    assert_eq!(fetch_one!(shop.db.read().await.unwrap(), (i64,), sql, order).await.unwrap().0, 1);
});

on_both_databases!(a_sign_in_begins_the_time_anew_whatever_was_told(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    for wait in [REDUCE_AFTER - NOTICE, NOTICE, ERASE_AFTER - REDUCE_AFTER - NOTICE, NOTICE - LAST_CALL] {
        shop.clock.advance(wait);
        sweep(&shop).await.unwrap();
    }
    assert_eq!(told(&shop).await.len(), 4);
    shop.clock.advance(LAST_CALL - 1);
    proved(&shop, hers).await;
    shop.clock.advance(1);
    sweep(&shop).await.unwrap();
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM customer").await, 1, "at the last moment");
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM dormancy").await, 0);
    shop.clock.advance(REDUCE_AFTER - NOTICE - 1);
    sweep(&shop).await.unwrap();
    assert_eq!(told(&shop).await.len(), 5, "and is told anew a year later");
});

on_both_databases!(a_shop_that_stood_still_for_years_gives_everybody_the_same_time_after_each_notice(shop) {
    customer(&shop, "hanako@example.jp").await;
    shop.clock.advance(5 * REDUCE_AFTER);
    for (wait, mails, people) in [
        (0, 1, 1), (NOTICE - 1, 1, 1), (1, 3, 1), (NOTICE - LAST_CALL - 1, 3, 1), (1, 4, 1), (LAST_CALL - 1, 4, 1), (1, 5, 0),
    ] {
        shop.clock.advance(wait);
        sweep(&shop).await.unwrap();
        assert_eq!((told(&shop).await.len(), count(&shop, "SELECT COUNT(*) FROM customer").await), (mails, people), "{wait}");
    }
});

on_both_databases!(an_order_within_the_year_keeps_an_account_as_it_is(shop) {
    goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 5).await;
    let hers = customer(&shop, "hanako@example.jp").await;
    proved(&shop, hers).await;
    shop.clock.advance(60 * DAY);
    ordered(&shop, hers, "cash").await;
    shop.clock.advance(REDUCE_AFTER - NOTICE - 1);
    sweep(&shop).await.unwrap();
    assert_eq!(told(&shop).await.len(), 0);
    shop.clock.advance(1);
    sweep(&shop).await.unwrap();
    assert_eq!(told(&shop).await.len(), 1);
});

on_both_databases!(a_reduced_account_has_no_phone_in_its_finished_orders_of_before(shop) {
    goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 5).await;
    let hers = customer(&shop, "hanako@example.jp").await;
    let (_, sent) = ordered(&shop, hers, "cash").await;
    order::sent(&shop, &sent).await.unwrap();
    shop.clock.advance(1);
    let (_, open) = ordered(&shop, hers, "cash").await;
    shop.clock.advance(30 * DAY);
    proved(&shop, hers).await;
    for wait in [REDUCE_AFTER - NOTICE, NOTICE] {
        shop.clock.advance(wait);
        sweep(&shop).await.unwrap();
    }
    let finished = order::look_up(&shop, &sent).await.unwrap().unwrap().address;
    assert_eq!((finished.phone.as_str(), finished.gift_message.as_str(), finished.name.as_str()), ("", "", "暖簾 花子"));
    let open = order::look_up(&shop, &open).await.unwrap().unwrap().address;
    assert!(!open.phone.is_empty(), "one that is still to be sent needs it");
});
