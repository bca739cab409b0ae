use noren_domain::tax::TaxClass;

use super::*;
use crate::account::email_change;
use crate::account::testing::{address_changed, customer, ordered, proved};
use crate::db::{Db, Dialect};
use crate::testing::{TestShop, another_machine, goods};
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

on_both_databases!(who_has_come_back_is_warned_by_no_mail_that_has_waited_and_still_told_what_was_done(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    let his = customer(&shop, "taro@example.jp").await;
    for wait in [REDUCE_AFTER - NOTICE, NOTICE, ERASE_AFTER - REDUCE_AFTER - NOTICE, NOTICE - LAST_CALL] {
        shop.clock.advance(wait);
        sweep(&shop).await.unwrap();
    }
    assert_eq!(told(&shop).await.len(), 8);
    proved(&shop, hers).await;
    // Only now the mail server is there again.
    outbox::run_due(&shop).await.unwrap();
    for (whose, states) in [(hers, ["cancelled", "sent", "cancelled", "cancelled"]), (his, ["sent"; 4])] {
        let sql = "SELECT state FROM mail_sent WHERE customer_id = $1 AND kind = 'dormant' ORDER BY created_at";
        let became = fetch_all!(shop.db.read().await.unwrap(), (String,), sql, whose.0).await.unwrap();
        assert_eq!(became, states.map(|state| (state.to_owned(),)));
    }
    assert_eq!(outbox::backlog(&shop).await.unwrap().failed, 0);
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

on_both_databases!(an_account_that_cannot_be_erased_keeps_none_of_the_others(shop) {
    let mut people = Vec::new();
    for address in ["hanako@example.jp", "taro@example.jp", "jiro@example.jp"] {
        people.push(customer(&shop, address).await);
    }
    // The first that is due.
    people.sort_by_key(|person| person.0);
    for wait in [REDUCE_AFTER - NOTICE, NOTICE, ERASE_AFTER - REDUCE_AFTER - NOTICE, NOTICE - LAST_CALL] {
        shop.clock.advance(wait);
        sweep(&shop).await.unwrap();
    }
    shop.clock.advance(LAST_CALL);
    address_changed(&shop, people[0]).await;
    assert!(matches!(sweep(&shop).await, Err(EraseError::Paused { .. })), "it is said");
    let left = fetch_all!(shop.db.read().await.unwrap(), (Uuid,), "SELECT id FROM customer").await.unwrap();
    assert_eq!(left, [(people[0].0,)]);
    shop.clock.advance(email_change::BACK_LIFE);
    sweep(&shop).await.unwrap();
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM customer").await, 0);
});

/// A database of before the migration that writes down when somebody last signed in.
async fn of_before(shop: &TestShop) -> Db {
    let db = match &shop.db {
        Db::Sqlite { .. } => Db::sqlite(&shop.data.join("before.sqlite")).await.unwrap(),
        Db::Postgres(_) => {
            let mut tx = shop.db.write().await.unwrap();
            execute!(tx, "DROP SCHEMA public CASCADE").await.unwrap();
            execute!(tx, "CREATE SCHEMA public").await.unwrap();
            tx.commit().await.unwrap();
            shop.db.clone()
        }
    };
    db.migrate_to(11).await.unwrap();
    db
}

on_both_databases!(who_was_there_before_counts_from_the_newest_session_or_from_the_migration(shop) {
    let db = of_before(&shop).await;
    let (known, unknown) = (shop.entropy.uuid(0), shop.entropy.uuid(0));
    let mut tx = db.write().await.unwrap();
    for id in [known, unknown] {
        let sql = "INSERT INTO customer (id, email_index, email, password_hash, lang, created_at, password_changed_at) VALUES ($1, $2, $2, 'none', 'ja', 1, 1)";
        execute!(tx, sql, id, shop.entropy.bytes::<32>().to_vec()).await.unwrap();
    }
    for seen_at in [500, 700, 600] {
        let sql = "INSERT INTO session (id, token_hash, customer_id, user_agent, network, created_at, seen_at, expires_at) VALUES ($1, $2, $3, '', '', 1, $4, 1)";
        execute!(tx, sql, shop.entropy.uuid(0), shop.entropy.bytes::<32>().to_vec(), known, seen_at).await.unwrap();
    }
    tx.commit().await.unwrap();
    let now = async || {
        let mut conn = db.read().await.unwrap();
        let sql = match conn.dialect() {
            Dialect::Sqlite => "SELECT CAST(strftime('%s', 'now') AS INTEGER) * 1000",
            Dialect::Postgres => "SELECT CAST(EXTRACT(EPOCH FROM now()) * 1000 AS BIGINT)",
        };
        fetch_one!(conn, (i64,), sql).await.unwrap().0
    };
    let before = now().await;
    db.migrate().await.unwrap();
    let active_at = async |id: Uuid| {
        let sql = "SELECT active_at FROM customer WHERE id = $1";
        fetch_one!(db.read().await.unwrap(), (Option<i64>,), sql, id).await.unwrap().0
    };
    assert_eq!(active_at(known).await, Some(700));
    let counted = active_at(unknown).await.unwrap();
    assert!(before <= counted && counted <= now().await, "whoever has no session may have signed in just before");
});
