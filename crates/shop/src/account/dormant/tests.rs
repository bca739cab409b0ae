use noren_domain::tax::TaxClass;

use super::*;
use crate::account::email_change;
use crate::account::testing::{address_changed, customer, ordered, proved};
use crate::db::{Db, Dialect};
use crate::mail::sent::standing::SLACK;
use crate::testing::{TestShop, another_machine, goods};
use crate::{cart, fetch_one, on_both_databases, order};

/// Before each of the four mails.
const WAITS: [i64; 4] = [REDUCE_AFTER - NOTICE, NOTICE, ERASE_AFTER - REDUCE_AFTER - NOTICE, NOTICE - LAST_CALL];

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

/// So many customers, whose addresses nobody opens.
async fn heap(shop: &Shop, size: i64) -> Vec<Id<Customer>> {
    let (mut tx, mut people) = (shop.db.write().await.unwrap(), Vec::new());
    for _ in 0..size {
        let id = shop.entropy.uuid(0);
        let sql = "INSERT INTO customer (id, email_index, email, password_hash, lang, created_at, password_changed_at) VALUES ($1, $2, $2, 'none', 'ja', $3, $3)";
        execute!(tx, sql, id, shop.entropy.bytes::<32>().to_vec(), shop.now()).await.unwrap();
        people.push(Id::new(id));
    }
    tx.commit().await.unwrap();
    people
}

/// The time of this account is over at this moment, and its owner was told in time.
async fn is_due(shop: &Shop, customer: Id<Customer>) {
    let told = shop.now() - LAST_CALL;
    let key = format!("dormant-last_call-{told}-{}", customer.0);
    let mut tx = shop.db.write().await.unwrap();
    let sql = "INSERT INTO dormancy (customer_id, told_at, reduced_at, warned_at, warned_again_at) VALUES ($1, $2, $2, $2, $2)";
    execute!(tx, sql, customer.0, told).await.unwrap();
    let sql = "INSERT INTO mail_sent (id, no, key, kind, lang, subject_id, customer_id, state, created_at, at)
               VALUES ($1, $2, $2, 'dormant', 'ja', $3, $3, 'sent', $4, $4)";
    execute!(tx, sql, shop.entropy.uuid(told), key, customer.0, told).await.unwrap();
    tx.commit().await.unwrap();
}

/// A sweep, after which the mails leave that it has written.
async fn swept(shop: &Shop) {
    sweep(shop).await.unwrap();
    outbox::run_due(shop).await.unwrap();
}

/// Makes the newest mail about an unused account stand like this, from now on.
async fn stands(shop: &Shop, state: &'static str) {
    let mut tx = shop.db.write().await.unwrap();
    let sql = "UPDATE mail_sent SET state = $1, at = $2 WHERE id = \
               (SELECT id FROM mail_sent WHERE kind = 'dormant' ORDER BY created_at DESC, id DESC LIMIT 1)";
    assert_eq!(execute!(tx, sql, state, shop.now()).await.unwrap(), 1);
    tx.commit().await.unwrap();
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
        swept(&shop).await;
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
    for wait in WAITS {
        shop.clock.advance(wait);
        swept(&shop).await;
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
    let his = customer(&shop, "taro@example.jp").await;
    let mut theirs = Vec::new();
    for address in ["hanako@example.jp", "jiro@example.jp", "saburo@example.jp", "shiro@example.jp"] {
        theirs.push(customer(&shop, address).await);
    }
    // After each step one of them comes back, and only then the mail server is there again.
    for (wait, back) in WAITS.into_iter().zip(&theirs) {
        shop.clock.advance(wait);
        sweep(&shop).await.unwrap();
        proved(&shop, *back).await;
        outbox::run_due(&shop).await.unwrap();
    }
    let became: [(_, &[&str]); 5] = [
        (theirs[0], &["cancelled"]),
        (theirs[1], &["sent", "sent"]),
        (theirs[2], &["sent", "sent", "cancelled"]),
        (theirs[3], &["sent", "sent", "sent", "cancelled"]),
        (his, &["sent"; 4]),
    ];
    for (whose, states) in became {
        let sql = "SELECT state FROM mail_sent WHERE customer_id = $1 AND kind = 'dormant' ORDER BY created_at";
        let all = fetch_all!(shop.db.read().await.unwrap(), (String,), sql, whose.0).await.unwrap();
        // Who came back a year ago is told anew.
        let first: Vec<_> = all.iter().map(|(state,)| state.as_str()).take(states.len()).collect();
        assert_eq!(first, states);
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
        swept(&shop).await;
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
        swept(&shop).await;
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
    for wait in WAITS {
        shop.clock.advance(wait);
        swept(&shop).await;
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

on_both_databases!(a_heap_of_accounts_that_cannot_be_erased_keeps_nobody_who_is_due_after_them(shop) {
    for person in heap(&shop, BATCH).await {
        is_due(&shop, person).await;
        address_changed(&shop, person).await;
    }
    shop.clock.advance(1);
    is_due(&shop, customer(&shop, "hanako@example.jp").await).await;
    assert!(matches!(sweep(&shop).await, Err(EraseError::Paused { .. })), "it is said");
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM customer").await, BATCH);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM erasure").await, 1);
});

on_both_databases!(a_step_that_fails_keeps_no_account_whose_time_is_over(shop) {
    is_due(&shop, customer(&shop, "hanako@example.jp").await).await;
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "ALTER TABLE dormancy RENAME COLUMN told_at TO elsewhere").await.unwrap();
    tx.commit().await.unwrap();
    assert!(sweep(&shop).await.is_err(), "and it is said");
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM customer").await, 0);
});

on_both_databases!(nobody_is_reduced_or_erased_untold(shop) {
    customer(&shop, "hanako@example.jp").await;
    for (wait, time, notice, next) in [
        (REDUCE_AFTER - NOTICE, NOTICE, "before_reducing", "reduced"),
        (ERASE_AFTER - REDUCE_AFTER - NOTICE, NOTICE - LAST_CALL, "before_erasing", "last_call"),
        (0, LAST_CALL, "last_call", "erased"),
    ] {
        shop.clock.advance(wait);
        sweep(&shop).await.unwrap();
        let mut mails = told(&shop).await.len();
        for state in ["queued", "sending", "given_up", "cancelled"] {
            stands(&shop, state).await;
            shop.clock.advance(time);
            for _ in 0..2 {
                sweep(&shop).await.unwrap();
            }
            mails += 1;
            let told = told(&shop).await;
            assert_eq!((told.len(), told.last().map(String::as_str)), (mails, Some(notice)), "{state}: it is written anew, once");
        }
        outbox::run_due(&shop).await.unwrap();
        let left = fetch_all!(shop.db.read().await.unwrap(), (String,), "SELECT key FROM mail_sent WHERE state = 'sent'").await.unwrap();
        let left = left.iter().filter(|(key,)| key.starts_with(&format!("dormant-{notice}-"))).count();
        assert_eq!(left, 1, "those of before were called off");
        shop.clock.advance(time - 1);
        sweep(&shop).await.unwrap();
        assert_eq!(told(&shop).await.len(), mails);
        shop.clock.advance(1);
        sweep(&shop).await.unwrap();
        assert_eq!(told(&shop).await.last().map(String::as_str), Some(next));
    }
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM customer").await, 0);
});

on_both_databases!(a_notice_that_has_left_late_gives_its_owner_the_whole_time_and_is_not_sent_twice(shop) {
    for (address, late, more) in [("hanako@example.jp", SLACK, 0), ("taro@example.jp", SLACK + 1, SLACK + 1)] {
        let whose = customer(&shop, address).await;
        let reduced = async || {
            let sql = "SELECT reduced_at FROM dormancy WHERE customer_id = $1";
            fetch_one!(shop.db.read().await.unwrap(), (Option<i64>,), sql, whose.0).await.unwrap().0
        };
        shop.clock.advance(REDUCE_AFTER - NOTICE);
        sweep(&shop).await.unwrap();
        shop.clock.advance(late);
        outbox::run_due(&shop).await.unwrap();
        shop.clock.advance(NOTICE - late);
        if more > 0 {
            sweep(&shop).await.unwrap();
            shop.clock.advance(more - 1);
            sweep(&shop).await.unwrap();
            assert_eq!(reduced().await, None);
            shop.clock.advance(1);
        }
        sweep(&shop).await.unwrap();
        assert_eq!(reduced().await, Some(shop.now()));
        let sql = "SELECT COUNT(*) FROM mail_sent WHERE customer_id = $1 AND key LIKE 'dormant-before_reducing-%'";
        assert_eq!(fetch_one!(shop.db.read().await.unwrap(), (i64,), sql, whose.0).await.unwrap().0, 1);
    }
});

on_both_databases!(an_owner_whose_mailbox_refuses_every_notice_counts_as_told(shop) {
    customer(&shop, "hanako@example.jp").await;
    for wait in WAITS.into_iter().chain([LAST_CALL]) {
        shop.clock.advance(wait);
        sweep(&shop).await.unwrap();
        if count(&shop, "SELECT COUNT(*) FROM customer").await == 1 {
            stands(&shop, "bounced").await;
        }
    }
    assert_eq!(told(&shop).await, ["before_reducing", "reduced", "before_erasing", "last_call", "erased"]);
});

on_both_databases!(the_erasure_itself_looks_whether_its_owner_was_told(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    let (last, before) = WAITS.split_last().unwrap();
    for wait in before {
        shop.clock.advance(*wait);
        swept(&shop).await;
    }
    shop.clock.advance(*last);
    sweep(&shop).await.unwrap();
    let erased = async || erase::account(&shop, hers, ErasureCause::Dormant, None).await.unwrap().is_some();
    shop.clock.advance(LAST_CALL);
    assert!(!erased().await);
    outbox::run_due(&shop).await.unwrap();
    shop.clock.advance(LAST_CALL - SLACK - 1);
    assert!(!erased().await);
    shop.clock.advance(1);
    assert!(erased().await);
});

on_both_databases!(a_heap_of_accounts_whose_notices_have_not_left_ends_the_sweep_and_all_are_told_anew(shop) {
    let size = crate::tidy::BATCH + 1;
    heap(&shop, size).await;
    shop.clock.advance(REDUCE_AFTER - NOTICE);
    sweep(&shop).await.unwrap();
    shop.clock.advance(NOTICE);
    sweep(&shop).await.unwrap();
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM dormancy WHERE reduced_at IS NOT NULL").await, 0);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM mail_sent WHERE state = 'cancelled'").await, size);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM mail_sent WHERE state = 'queued'").await, size);
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
