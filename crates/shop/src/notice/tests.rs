use noren_domain::Lang;
use noren_domain::notice::{PersonField, Verdict};

use super::*;
use crate::account::testing::customer;
use crate::{fetch_one, on_both_databases, outbox};

fn sample() -> NoticeNo {
    NoticeNo::parse("N-2026-0001").unwrap()
}

on_both_databases!(a_notice_shows_only_to_whom_it_is_about(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    let taro = customer(&shop, "taro@example.jp").await;
    demo(&shop).await.unwrap();
    let hers = mine(&shop, hanako).await.unwrap();
    assert_eq!(hers.len(), 1);
    assert_eq!(hers[0].public.no, sample());
    assert_eq!(hers[0].verdicts.fields()[0].verdict, Verdict::ViaProcessor);
    assert_eq!(hers[0].verdicts.fields().len(), PersonField::ALL.len());
    assert!(mine(&shop, taro).await.unwrap().is_empty());
});

on_both_databases!(only_the_person_acknowledges_and_only_once(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    let taro = customer(&shop, "taro@example.jp").await;
    demo(&shop).await.unwrap();
    assert!(!acknowledge(&shop, taro, &sample()).await.unwrap());
    let acknowledged_at = async || mine(&shop, hanako).await.unwrap()[0].acknowledged_at;
    assert_eq!(acknowledged_at().await, None);
    assert!(acknowledge(&shop, hanako, &sample()).await.unwrap());
    let first = shop.now();
    assert_eq!(acknowledged_at().await, Some(first));
    shop.clock.advance(1_000);
    assert!(acknowledge(&shop, hanako, &sample()).await.unwrap());
    assert_eq!(acknowledged_at().await, Some(first));
});

on_both_databases!(a_step_is_ticked_off_once_and_taken_back_by_whom_the_notice_is_about(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    let taro = customer(&shop, "taro@example.jp").await;
    demo(&shop).await.unwrap();
    let done = async || mine(&shop, hanako).await.unwrap().remove(0).steps_done;
    let none = done().await;
    assert_eq!(none, vec![None; public(&shop, &sample()).await.unwrap().unwrap().content.steps.len()]);
    assert!(tick(&shop, hanako, &sample(), 1).await.unwrap());
    let (first, at) = (done().await, shop.now());
    assert_eq!(first.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, false, false]);
    assert_eq!(first[1], Some(at));
    shop.clock.advance(1_000);
    assert!(tick(&shop, hanako, &sample(), 1).await.unwrap());
    assert!(!tick(&shop, taro, &sample(), 0).await.unwrap() && !untick(&shop, taro, &sample(), 1).await.unwrap());
    assert_eq!(done().await, first, "since when it was done first");
    for _ in 0..2 {
        assert!(untick(&shop, hanako, &sample(), 1).await.unwrap());
        assert_eq!(done().await, none);
    }
});

on_both_databases!(a_step_that_no_notice_has_is_neither_ticked_off_nor_taken_back(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    demo(&shop).await.unwrap();
    let steps = public(&shop, &sample()).await.unwrap().unwrap().content.steps.len();
    let other = NoticeNo::parse("N-2026-0002").unwrap();
    for (no, number) in [(&sample(), u32::try_from(steps).unwrap()), (&sample(), u32::MAX), (&other, 0)] {
        assert!(!tick(&shop, hanako, no, number).await.unwrap(), "{no:?} {number}");
        assert!(!untick(&shop, hanako, no, number).await.unwrap(), "{no:?} {number}");
    }
    assert!(mine(&shop, hanako).await.unwrap()[0].steps_done.iter().all(Option::is_none));
});

on_both_databases!(the_database_keeps_no_step_before_the_first_nor_of_anybody_the_notice_is_not_about(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    let taro = customer(&shop, "taro@example.jp").await;
    demo(&shop).await.unwrap();
    let sql = "INSERT INTO notice_step (customer_id, notice_id, number, done_at) SELECT $1, id, $2, 1 FROM notice";
    for (customer, number, kept) in [(hanako, 0_i64, true), (hanako, -1, false), (taro, 0, false)] {
        let mut tx = shop.db.write().await.unwrap();
        assert_eq!(execute!(tx, sql, customer.0, number).await.is_ok(), kept, "{number}");
    }
});

on_both_databases!(the_public_text_names_nobody_and_an_unknown_number_is_not_ours(shop) {
    customer(&shop, "hanako@example.jp").await;
    demo(&shop).await.unwrap();
    let public = public(&shop, &sample()).await.unwrap().unwrap();
    assert!(!serde_json::to_string(&public).unwrap().contains("hanako"));
    assert!(super::public(&shop, &NoticeNo::parse("N-2026-0002").unwrap()).await.unwrap().is_none());
    assert_eq!(timeline(&shop).await.unwrap().len(), 1);
});

on_both_databases!(what_is_published_is_whole_and_stays(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    demo(&shop).await.unwrap();
    demo(&shop).await.unwrap();
    let notice = public(&shop, &sample()).await.unwrap().unwrap();
    let verdicts = mine(&shop, hanako).await.unwrap().remove(0).verdicts;
    let again = publish(&shop, &notice, &[(hanako, verdicts.clone())]).await;
    assert!(matches!(again, Err(NoticeError::Taken(_))));
    let next = PublicNotice { no: NoticeNo::parse("N-2026-0002").unwrap(), ..notice };
    assert!(matches!(publish(&shop, &next, &[]).await, Err(NoticeError::People { counted: 1, named: 0 })));
    let mut silent = next.clone();
    silent.content.cause.en.clear();
    assert!(matches!(publish(&shop, &silent, &[(hanako, verdicts)]).await, Err(NoticeError::Incomplete(_))));
    assert_eq!(timeline(&shop).await.unwrap().len(), 1);
});

on_both_databases!(whoever_a_notice_is_about_is_told_by_mail_once_and_nobody_else_is(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    customer(&shop, "taro@example.jp").await;
    demo(&shop).await.unwrap();
    demo(&shop).await.unwrap();
    while outbox::run_due(&shop).await.unwrap() > 0 {}
    let mails = mail::mailbox::list(&shop).await.unwrap();
    assert_eq!(mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["hanako@example.jp"]);
    let notice = mine(&shop, hanako).await.unwrap().remove(0).public;
    for words in [notice.no.as_str(), notice.version.words(Lang::Ja), &notice.content.title.ja] {
        assert!(mails[0].text.contains(words), "{words}: {}", mails[0].text);
    }
});

/// So many customers whom nobody can write to.
async fn many(shop: &Shop, count: u128) -> Vec<Id<Customer>> {
    let mut tx = shop.db.write().await.unwrap();
    let mut many = Vec::new();
    for no in 1..=count {
        let id = Uuid::from_u128(no);
        let sql = "INSERT INTO customer (id, email_index, email, password_hash, lang, created_at, password_changed_at)
                   VALUES ($1, $2, $2, 'none', 'ja', $3, $3)";
        execute!(tx, sql, id, [id.into_bytes(); 2].concat(), shop.now()).await.unwrap();
        many.push(Id::new(id));
    }
    tx.commit().await.unwrap();
    many
}

on_both_databases!(a_worker_killed_after_the_first_of_many_people_leaves_each_of_them_one_mail(shop) {
    const LONGER_THAN_A_LEASE: i64 = 3_600_000;
    let hanako = customer(&shop, "hanako@example.jp").await;
    demo(&shop).await.unwrap();
    while outbox::run_due(&shop).await.unwrap() > 0 {}
    let verdicts = mine(&shop, hanako).await.unwrap().remove(0).verdicts;
    let mut notice = public(&shop, &sample()).await.unwrap().unwrap();
    notice.no = NoticeNo::parse("N-2026-0002").unwrap();
    notice.content.people = 450;
    let people: Vec<_> = many(&shop, 450).await.into_iter().map(|one| (one, verdicts.clone())).collect();
    publish(&shop, &notice, &people).await.unwrap();
    assert_eq!(mine(&shop, people[449].0).await.unwrap().len(), 1, "the page shows it before any mail was written");
    let mails = async || {
        let sql = "SELECT COUNT(*), COUNT(DISTINCT customer_id) FROM mail_sent WHERE kind = 'notice' AND customer_id <> $1";
        fetch_one!(shop.db.read().await.unwrap(), (i64, i64), sql, hanako.0).await.unwrap()
    };
    assert_eq!(mails().await, (0, 0));
    // Its mails are written, and that they are is not booked.
    assert_eq!(outbox::claim(&shop, outbox::Lane::Rest).await.unwrap().len(), 1);
    let sql = "SELECT id FROM notice WHERE no = $1";
    let (id,) = fetch_one!(shop.db.read().await.unwrap(), (Uuid,), sql, notice.no.as_str()).await.unwrap();
    tell(&shop, &Tell { notice: id, after: Uuid::nil() }).await.unwrap();
    assert_eq!(mails().await, (200, 200));
    shop.clock.advance(LONGER_THAN_A_LEASE);
    assert_eq!(outbox::run_lane(&shop, outbox::Lane::Rest).await.unwrap(), 3);
    assert_eq!(mails().await, (450, 450));
    let sql = "SELECT COUNT(*) FROM outbox WHERE topic = 'mail' AND done_at IS NULL";
    assert_eq!(fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0, 450);
});
