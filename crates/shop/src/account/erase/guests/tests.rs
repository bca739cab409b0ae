use noren_domain::account::OpenReason;
use noren_domain::tax::TaxClass;

use super::super::orders::RETURNS_MS;
use super::super::{erase_finished, finish};
use super::*;
use crate::account::testing::{customer, ordered, ordered_as_guest};
use crate::db::Dialect;
use crate::testing::{another_machine, goods};
use crate::vault::{Asker, Field, For};
use crate::{fetch_one, on_both_databases, order};

/// The record of an order, and its name as an old copy of the database has it.
async fn sealed(shop: &Shop, order: Uuid) -> (Uuid, Vec<u8>) {
    let sql = "SELECT subject_id, name FROM orders WHERE id = $1";
    fetch_one!(shop.db.read().await.unwrap(), (Uuid, Vec<u8>), sql, order).await.unwrap()
}

async fn opens(shop: &Shop, (record, name): &(Uuid, Vec<u8>)) -> bool {
    let sealed = [(Field::Name, Some(name))];
    shop.vault.open(Asker::shop("test"), For::Mail(*record), *record, &sealed).await.is_ok()
}

async fn mails(shop: &Shop, kind: &str) -> i64 {
    let sql = "SELECT COUNT(*) FROM mail_sent WHERE kind = $1 AND state = 'sent'";
    fetch_one!(shop.db.read().await.unwrap(), (i64,), sql, kind).await.unwrap().0
}

async fn books(shop: &Shop) -> Vec<(String, String, i64)> {
    let sql = "SELECT no, payment_state, total FROM orders ORDER BY no";
    fetch_all!(shop.db.read().await.unwrap(), (String, String, i64), sql).await.unwrap()
}

/// What the jobs do.
async fn work_off(shop: &Shop) {
    while outbox::run_due(shop).await.unwrap() > 0 {}
    sweep(shop).await.unwrap();
    erase_finished(shop).await.unwrap();
    finish(shop).await.unwrap();
    while outbox::run_due(shop).await.unwrap() > 0 {}
}

on_both_databases!(a_guest_is_told_and_goes_out_of_an_order_two_years_after_the_last_that_happened_to_it(shop) {
    goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 9).await;
    let hers = customer(&shop, "hanako@example.jp").await;
    let (_, of_account) = ordered(&shop, hers, "cash").await;
    order::sent(&shop, &of_account).await.unwrap();
    let (_, never_sent) = ordered_as_guest(&shop, "cash").await;
    let (id, no) = ordered_as_guest(&shop, "cash").await;
    shop.clock.advance(7);
    order::sent(&shop, &no).await.unwrap();
    let (name, before) = (sealed(&shop, id).await, books(&shop).await);
    let other = another_machine(&shop).await;
    shop.clock.advance(AFTER - NOTICE - 1);
    work_off(&shop).await;
    assert_eq!(mails(&shop, "order_forgetting").await, 0);
    shop.clock.advance(1);
    let (one, two) = tokio::join!(sweep(&shop), sweep(&other));
    one.and(two).unwrap();
    work_off(&shop).await;
    assert_eq!(mails(&shop, "order_forgetting").await, 1, "told once, and only of the one that is finished");
    shop.clock.advance(NOTICE - 1);
    work_off(&shop).await;
    assert!(opens(&shop, &name).await);
    shop.clock.advance(1);
    work_off(&shop).await;
    assert!(!opens(&shop, &name).await, "nor does a copy of before");
    assert_eq!(books(&shop).await, before);
    for (no, named) in [(no, false), (of_account, true), (never_sent, true)] {
        assert_eq!(!order::look_up(&shop, &no).await.unwrap().unwrap().address.name.is_empty(), named, "{no}");
    }
    assert_eq!(mails(&shop, "order_forgetting").await, 1);
});

on_both_databases!(no_guest_goes_out_of_an_order_untold(shop) {
    goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 9).await;
    let (id, no) = ordered_as_guest(&shop, "cash").await;
    order::sent(&shop, &no).await.unwrap();
    let name = sealed(&shop, id).await;
    shop.clock.advance(AFTER - NOTICE);
    work_off(&shop).await;
    assert_eq!(mails(&shop, "order_forgetting").await, 1);
    let sql = "UPDATE mail_sent SET state = 'given_up' WHERE kind = 'order_forgetting'";
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, sql).await.unwrap();
    tx.commit().await.unwrap();
    shop.clock.advance(NOTICE);
    work_off(&shop).await;
    assert!(opens(&shop, &name).await, "no mail server has taken the mail");
    // The next sweep writes it anew, and from then on the guest has their time.
    shop.clock.advance(1);
    work_off(&shop).await;
    assert_eq!(mails(&shop, "order_forgetting").await, 1);
    shop.clock.advance(NOTICE - 1);
    work_off(&shop).await;
    assert!(opens(&shop, &name).await);
    shop.clock.advance(1);
    work_off(&shop).await;
    assert!(!opens(&shop, &name).await);
});

on_both_databases!(what_happens_to_a_guests_order_begins_the_time_anew_and_an_account_takes_it_out_of_it(shop) {
    goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 9).await;
    let hers = customer(&shop, "hanako@example.jp").await;
    let (id, no) = ordered_as_guest(&shop, "cash").await;
    order::sent(&shop, &no).await.unwrap();
    let (claimed, no_claimed) = ordered_as_guest(&shop, "cash").await;
    order::sent(&shop, &no_claimed).await.unwrap();
    shop.clock.advance(AFTER - NOTICE);
    work_off(&shop).await;
    shop.clock.advance(1);
    let mut tx = shop.db.write().await.unwrap();
    let sql = "INSERT INTO order_event (id, order_id, at, actor, kind) VALUES ($1, $2, $3, 'shop', 'delivered')";
    execute!(tx, sql, shop.entropy.uuid(0), id, shop.now()).await.unwrap();
    execute!(tx, "UPDATE orders SET customer_id = $1 WHERE id = $2", hers.0, claimed).await.unwrap();
    tx.commit().await.unwrap();
    shop.clock.advance(NOTICE);
    work_off(&shop).await;
    for no in [&no, &no_claimed] {
        assert!(!order::look_up(&shop, no).await.unwrap().unwrap().address.name.is_empty());
    }
    shop.clock.advance(AFTER - 2 * NOTICE);
    work_off(&shop).await;
    assert_eq!(mails(&shop, "order_forgetting").await, 3, "told anew, in its own time");
});

on_both_databases!(a_guest_who_asks_goes_out_of_the_order_at_once_and_the_statement_is_the_last_mail(shop) {
    goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 9).await;
    let hers = customer(&shop, "hanako@example.jp").await;
    let (_, of_account) = ordered(&shop, hers, "cash").await;
    let (id, no) = ordered_as_guest(&shop, "cash").await;
    let (other, _) = ordered_as_guest(&shop, "cash").await;
    order::sent(&shop, &no).await.unwrap();
    shop.clock.advance(RETURNS_MS);
    work_off(&shop).await;
    let (name, others, before) = (sealed(&shop, id).await, sealed(&shop, other).await, books(&shop).await);
    assert!(matches!(find(&shop, "N-0000-0000").await, Err(EraseError::NoOrder(_))));
    assert!(matches!(by_letter(&shop, &of_account).await, Err(EraseError::OfAnAccount(_))));
    let found = find(&shop, &no.to_ascii_lowercase()).await.unwrap();
    assert_eq!((found.view.finished, found.view.kept), (1, Vec::new()));
    let erasure = by_letter(&shop, &no).await.unwrap();
    assert_eq!((erasure.cause, erasure.finished, erasure.order.as_deref()), (ErasureCause::Order, 1, Some(no.as_str())));
    assert!(matches!(by_letter(&shop, &no).await, Err(EraseError::Already(_))));
    assert!(order::look_up(&shop, &no).await.unwrap().unwrap().address.name.is_empty());
    assert!(opens(&shop, &name).await, "until the last mail has left");
    work_off(&shop).await;
    assert_eq!(mails(&shop, "erased").await, 1);
    let boxed = mail::mailbox::list(&shop).await.unwrap();
    assert!(boxed.iter().any(|mail| mail.to == "hanako@example.jp" && mail.text.contains(&erasure.no)), "it was delivered");
    assert!(!opens(&shop, &name).await && opens(&shop, &others).await);
    assert_eq!(books(&shop).await, before);
    let sql = "SELECT COUNT(*) FROM erasure WHERE record = $1 OR statement LIKE '%N-%' OR email IS NOT NULL";
    assert_eq!(fetch_one!(shop.db.read().await.unwrap(), (i64,), sql, name.0).await.unwrap().0, 0);
});

on_both_databases!(a_guests_order_under_way_is_finished_first(shop) {
    goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 9).await;
    let (id, no) = ordered_as_guest(&shop, "cash").await;
    let name = sealed(&shop, id).await;
    let erasure = by_letter(&shop, &no).await.unwrap();
    assert_eq!(erasure.kept.iter().map(|kept| kept.waits).collect::<Vec<_>>(), [OpenReason::ToSend]);
    work_off(&shop).await;
    assert!(opens(&shop, &name).await, "the parcel needs its person");
    order::sent(&shop, &no).await.unwrap();
    shop.clock.advance(RETURNS_MS);
    work_off(&shop).await;
    assert!(!opens(&shop, &name).await);
    assert_eq!(mails(&shop, "erased").await, 1);
});

on_both_databases!(only_what_is_due_is_read(shop) {
    let (explain, before) = match shop.db.dialect() {
        Dialect::Sqlite => ("EXPLAIN QUERY PLAN ", "SELECT 1"),
        Dialect::Postgres => ("EXPLAIN ", "SET LOCAL enable_seqscan = off"),
    };
    let nobody = match shop.db.dialect() {
        Dialect::Sqlite => "x''",
        Dialect::Postgres => "'00000000-0000-0000-0000-000000000000'",
    };
    for (index, sql) in [("orders_guest_old", OLD), ("orders_guest_told", TOLD)] {
        let mut tx = shop.db.write().await.unwrap();
        execute!(tx, before).await.unwrap();
        let sql = sql.replace("$1", "1").replace("$2", "1").replace("$3", nobody).replace("$4", "1");
        let sql = sqlx::AssertSqlSafe(format!("{explain}{sql}"));
        let plan = match shop.db.dialect() {
            Dialect::Sqlite => fetch_all!(tx, (i64, i64, i64, String), sql).await.unwrap().into_iter().map(|row| row.3).collect::<Vec<_>>(),
            Dialect::Postgres => fetch_all!(tx, (String,), sql).await.unwrap().into_iter().map(|row| row.0).collect(),
        };
        assert!(plan.iter().any(|step| step.contains(index)), "{index}: {plan:?}");
    }
});
