mod failures;
mod traces;

use noren_domain::Yen;
use noren_domain::account::OpenReason;
use noren_domain::tax::TaxClass;

use super::orders::RETURNS_MS;
use super::*;
use crate::account::testing::{address_changed, customer, ordered, proved};
use crate::mail::Mail;
use crate::order::{self, token_of};
use crate::session::Device;
use crate::testing::{another_machine, goods};
use crate::vault::{Field, For, LookFor};
use crate::{account, cart, on_both_databases};

fn device() -> Device {
    Device::new("Firefox/1".to_owned(), None)
}

async fn count(shop: &Shop, sql: &'static str) -> i64 {
    fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0
}

/// What the books come to: sums and tax of orders, money moved, goods, events; and of each order how it stands, what is
/// paid of it, and its sum.
async fn books(shop: &Shop) -> (Vec<(i64, i64)>, Vec<(String, String, String, i64)>) {
    let mut sums = Vec::new();
    for sql in [
        "SELECT CAST(SUM(total) AS BIGINT), CAST(SUM(standard_tax + reduced_tax) AS BIGINT) FROM orders",
        "SELECT CAST(SUM(goods + shipping) AS BIGINT), COUNT(DISTINCT no) FROM orders",
        "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT), COUNT(*) FROM payment",
        "SELECT CAST(SUM(price * quantity) AS BIGINT), COUNT(*) FROM order_line",
        "SELECT CAST(SUM(at) AS BIGINT), COUNT(*) FROM order_event",
    ] {
        sums.push(fetch_one!(shop.db.read().await.unwrap(), (i64, i64), sql).await.unwrap());
    }
    let sql = "SELECT no, state, payment_state, total FROM orders ORDER BY no";
    (sums, fetch_all!(shop.db.read().await.unwrap(), (String, String, String, i64), sql).await.unwrap())
}

/// A finished order: paid, sent, and the time to send it back over.
async fn finished(shop: &Shop, customer: Id<Customer>) -> (Uuid, String) {
    let (id, no) = ordered(shop, customer, "transfer").await;
    let sql = "SELECT total FROM orders WHERE id = $1";
    let (total,) = fetch_one!(shop.db.read().await.unwrap(), (i64,), sql, id).await.unwrap();
    order::paid(shop, &no, Yen(total)).await.unwrap();
    order::sent(shop, &no).await.unwrap();
    (id, no)
}

/// A sealed name as an old copy of the database has it, and whether it still opens.
async fn opens(shop: &Shop, record: Uuid, sealed: &[u8], field: Field) -> bool {
    let (asker, sealed) = (Asker::shop("test"), sealed.to_vec());
    shop.vault.open(asker, For::Mail(record), record, &[(field, Some(&sealed))]).await.is_ok()
}

async fn work_off(shop: &Shop) {
    while outbox::run_due(shop).await.unwrap() > 0 {}
    finish(shop).await.unwrap();
    while outbox::run_due(shop).await.unwrap() > 0 {}
}

on_both_databases!(an_erased_account_is_gone_with_all_that_hung_on_it_and_the_books_stay_as_they_were(shop) {
    goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 9).await;
    let hers = customer(&shop, "hanako@example.jp").await;
    let his = customer(&shop, "taro@example.jp").await;
    let (order, no) = finished(&shop, hers).await;
    let (_, never_paid) = ordered(&shop, hers, "transfer").await;
    ordered(&shop, his, "cash").await;
    cart::add(&shop, &crate::cart::CartKey::Customer(hers), "CUP", 1).await.unwrap();
    shop.clock.advance(RETURNS_MS);
    assert_eq!(order::sweep(&shop).await.unwrap().expired, 1);
    let who = proved(&shop, hers).await;
    outbox::run_due(&shop).await.unwrap();
    let sql = "SELECT subject_id, name, email FROM orders WHERE id = $1";
    let (record, name, _) =
        fetch_one!(shop.db.read().await.unwrap(), (Uuid, Vec<u8>, Vec<u8>), sql, order).await.unwrap();
    let (email,) =
        fetch_one!(shop.db.read().await.unwrap(), (Vec<u8>,), "SELECT email FROM customer WHERE id = $1", hers.0).await.unwrap();
    let before = books(&shop).await;
    assert!(before.1.iter().any(|(no, _, paid, _)| (no, paid.as_str()) == (&never_paid, "expired")));
    assert!(opens(&shop, record, &name, Field::Name).await && opens(&shop, hers.0, &email, Field::Email).await);

    let seen = preview(&shop, who.who()).await.unwrap().unwrap();
    assert_eq!((seen.finished, seen.kept.len()), (2, 0));
    let erasure = erase(&shop, &who).await.unwrap().unwrap();
    assert_eq!((erasure.finished, erasure.kept.len(), erasure.cause), (2, 0, ErasureCause::Asked));
    assert_eq!(erase(&shop, &who).await.unwrap(), None, "pressed twice, it is erased once");
    work_off(&shop).await;

    let sql = "SELECT COUNT(*) FROM mail_sent WHERE subject_id = $1 OR customer_id = $1 OR subject_id = $2";
    let (mails,) = fetch_one!(shop.db.read().await.unwrap(), (i64,), sql, hers.0, record).await.unwrap();
    assert_eq!(mails, 0, "nor does the list of mails say whose they were");
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM customer").await, 1);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM cart WHERE customer_id IS NOT NULL").await, 1, "his is still there");
    assert_eq!(books(&shop).await, before);
    for no in [&no, &never_paid] {
        let shown = order::look_up(&shop, no).await.unwrap().unwrap();
        assert!(shown.address.name.is_empty() && shown.address.email.is_empty() && shown.total.0 > 0);
    }
    let link = token_of(&shop, Id::new(order));
    assert_eq!(order::view(&shop, &link, None).await.unwrap(), None, "no link opens it any more");
    assert!(!opens(&shop, record, &name, Field::Name).await, "nor does a copy of before");
    assert!(!opens(&shop, hers.0, &email, Field::Email).await);
    let sql = "SELECT COUNT(*) FROM erasure WHERE email IS NULL AND done_at IS NOT NULL";
    assert_eq!(count(&shop, sql).await, 1);
});

on_both_databases!(the_last_mail_is_the_statement_and_the_address_opens_until_it_has_left(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    let who = proved(&shop, hers).await;
    let erasure = erase(&shop, &who).await.unwrap().unwrap();
    assert_eq!(finish(&shop).await.unwrap(), 0, "it waits in the outbox");
    assert_eq!(unfinished(&shop).await.unwrap(), 1);
    outbox::run_due(&shop).await.unwrap();
    let mut mails = Vec::new();
    for file in std::fs::read_dir(shop.mailbox_dir()).unwrap() {
        mails.push(std::fs::read_to_string(file.unwrap().path()).unwrap());
    }
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert!(mails[0].contains("hanako@example.jp"));
    let sql = "SELECT subject FROM mail_sent WHERE kind = 'erased' AND state = 'sent'";
    assert_eq!(fetch_one!(shop.db.read().await.unwrap(), (String,), sql).await.unwrap().0, "アカウントを消去しました");
    assert_eq!(finish(&shop).await.unwrap(), 1);
    assert_eq!(finish(&shop).await.unwrap(), 0);
    let sql = "SELECT statement FROM erasure";
    let (kept,) = fetch_one!(shop.db.read().await.unwrap(), (String,), sql).await.unwrap();
    assert_eq!(serde_json::from_str::<Erasure>(&kept).unwrap(), erasure);
});

on_both_databases!(a_last_mail_that_cannot_leave_keeps_the_key_for_seven_days_and_no_longer(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    let (email,) = fetch_one!(shop.db.read().await.unwrap(), (Vec<u8>,), "SELECT email FROM customer").await.unwrap();
    erase(&shop, &proved(&shop, hers).await).await.unwrap().unwrap();
    shop.clock.advance(LAST_MAIL_MS - 1);
    assert_eq!(finish(&shop).await.unwrap(), 0);
    assert!(opens(&shop, hers.0, &email, Field::Email).await);
    shop.clock.advance(1);
    assert_eq!(finish(&shop).await.unwrap(), 1);
    outbox::run_due(&shop).await.unwrap();
    assert!(!opens(&shop, hers.0, &email, Field::Email).await);
    let sql = "SELECT COUNT(*) FROM outbox WHERE failed_at IS NOT NULL OR done_at IS NULL";
    assert_eq!(count(&shop, sql).await, 0, "and the mail is called off, not left to fail");
});

on_both_databases!(an_order_under_way_keeps_its_person_until_it_is_finished_and_its_mails_go_on(shop) {
    goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 9).await;
    let hers = customer(&shop, "hanako@example.jp").await;
    let (order, no) = ordered(&shop, hers, "transfer").await;
    let erasure = erase(&shop, &proved(&shop, hers).await).await.unwrap().unwrap();
    assert_eq!(erasure.kept, [KeptOrder { no: no.clone(), waits: OpenReason::Paying }]);
    work_off(&shop).await;
    let address = order::look_up(&shop, &no).await.unwrap().unwrap().address;
    assert_eq!(address.name, "暖簾 花子");

    order::paid(&shop, &no, order::look_up(&shop, &no).await.unwrap().unwrap().total).await.unwrap();
    work_off(&shop).await;
    let sql = "SELECT COUNT(*) FROM mail_sent WHERE kind = 'order_paid' AND state = 'sent'";
    assert_eq!(count(&shop, sql).await, 1);
    assert_eq!(erase_finished(&shop).await.unwrap(), 0, "it is to be sent");
    order::sent(&shop, &no).await.unwrap();
    shop.clock.advance(RETURNS_MS - 1);
    assert_eq!(erase_finished(&shop).await.unwrap(), 0, "it may come back");
    shop.clock.advance(1);
    let other = another_machine(&shop).await;
    let (one, two) = tokio::join!(erase_finished(&shop), erase_finished(&other));
    assert_eq!(one.unwrap() + two.unwrap(), 1, "two machines erase it once");
    work_off(&shop).await;
    assert!(order::look_up(&shop, &no).await.unwrap().unwrap().address.name.is_empty());
    let mail = Mail::OrderRefunded { order };
    let mut tx = shop.db.write().await.unwrap();
    mail::enqueue(&mut tx, &shop, "late", &mail).await.unwrap();
    tx.commit().await.unwrap();
    work_off(&shop).await;
    let sql = "SELECT COUNT(*) FROM mail_sent WHERE key = 'late' AND state = 'cancelled'";
    assert_eq!(count(&shop, sql).await, 1, "a mail with nobody to go to is called off");
});

on_both_databases!(a_lapsed_order_without_a_person_does_not_stand_again_when_its_money_comes_late(shop) {
    goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 9).await;
    let hers = customer(&shop, "hanako@example.jp").await;
    let (_, no) = ordered(&shop, hers, "transfer").await;
    let total = order::look_up(&shop, &no).await.unwrap().unwrap().total;
    shop.clock.advance(8 * DAY);
    order::sweep(&shop).await.unwrap();
    erase(&shop, &proved(&shop, hers).await).await.unwrap().unwrap();
    work_off(&shop).await;
    assert!(matches!(order::paid(&shop, &no, total).await, Err(order::OfficeError::CalledOff { .. })));
});

on_both_databases!(who_registers_again_with_the_same_address_is_a_new_person(shop) {
    goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 9).await;
    let before = customer(&shop, "hanako@example.jp").await;
    ordered(&shop, before, "cash").await;
    erase(&shop, &proved(&shop, before).await).await.unwrap().unwrap();
    // Also while the last mail to the old one is under way.
    let after = customer(&shop, "hanako@example.jp").await;
    assert_ne!(before, after);
    work_off(&shop).await;
    assert_eq!(order::mine(&shop, after).await.unwrap(), []);
    let who = proved(&shop, after).await;
    let security = account::security(&shop, who.who(), Lang::Ja).await.unwrap().unwrap();
    assert!(security.notices.is_empty() && security.sign_ins.is_empty());
    assert_eq!(crate::mail::sent::mine(&shop, after.0, 1, Lang::Ja).await.unwrap().mails, []);
    assert_eq!(account::home(&shop, who.who()).await.unwrap().unwrap().email.as_deref(), Some("hanako@example.jp"));
});

on_both_databases!(who_asks_by_letter_is_found_by_the_address_and_nobody_else_is(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    let his = customer(&shop, "taro@example.jp").await;
    let nobody = Email::parse("nobody@example.jp").unwrap();
    assert_eq!(erase_by_letter(&shop, &nobody).await.unwrap(), None);
    let email = Email::parse("Hanako@example.jp").unwrap();
    assert_eq!(erase_by_letter(&shop, &email).await.unwrap().unwrap().cause, ErasureCause::Letter);
    let left = fetch_all!(shop.db.read().await.unwrap(), (Uuid,), "SELECT id FROM customer").await.unwrap();
    assert_eq!(left, [(his.0,)]);
    assert_ne!(hers, his);
});

on_both_databases!(the_vaults_ledger_stays_whole_and_says_that_the_key_was_destroyed(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    let asker = Asker::operator("test");
    assert!(shop.vault.prove(asker, &[hers.0]).await.is_ok());
    let size = |head: String| head.lines().nth(1).unwrap().parse::<u64>().unwrap();
    let before = size(shop.vault.head().await.unwrap());
    erase(&shop, &proved(&shop, hers).await).await.unwrap().unwrap();
    work_off(&shop).await;
    assert!(size(shop.vault.head().await.unwrap()) >= before);
    assert!(shop.vault.prove(asker, &[hers.0]).await.is_err(), "nobody can say whom it is about any more");
});

on_both_databases!(whoever_has_changed_the_address_cannot_erase_the_account_while_that_can_be_taken_back(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    address_changed(&shop, hers).await;
    let who = proved(&shop, hers).await;
    assert!(matches!(erase(&shop, &who).await, Err(EraseError::Paused { hours: 168 })));
    let email = Email::parse("hanako@example.jp").unwrap();
    let by_letter = erase_by_letter(&shop, &email).await.unwrap_err().to_string();
    assert!(by_letter.ends_with("erase it in 168 hours"), "{by_letter}");
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM customer").await, 1);
    shop.clock.advance(email_change::BACK_LIFE - 1);
    assert!(matches!(erase(&shop, &proved(&shop, hers).await).await, Err(EraseError::Paused { hours: 1 })));
    shop.clock.advance(1);
    assert!(erase(&shop, &proved(&shop, hers).await).await.unwrap().is_some());
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM email_change").await, 0, "the other address goes too");
});

on_both_databases!(whoever_has_the_address_later_does_not_get_an_order_of_somebody_who_was_erased(shop) {
    goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 5).await;
    let hers = customer(&shop, "hanako@example.jp").await;
    let (order, _) = ordered(&shop, hers, "cash").await;
    let erased = erase(&shop, &proved(&shop, hers).await).await.unwrap().unwrap();
    assert_eq!((erased.finished, erased.kept.len()), (0, 1), "it is still to be sent");
    let later = customer(&shop, "hanako@example.jp").await;
    let index = shop.vault.index(Asker::guest(later.0, "test"), LookFor::Login, "hanako@example.jp").await.unwrap();
    let sql = "SELECT COUNT(*) FROM orders WHERE email_index IS NOT NULL AND customer_id IS NULL";
    assert_eq!(count(&shop, sql).await, 1, "the parcel still needs its person");
    let mut tx = shop.db.write().await.unwrap();
    assert_eq!(order::claim(&mut tx, &shop, later, &index).await.unwrap(), 0);
    drop(tx);
    let seen = order::view(&shop, &token_of(&shop, Id::new(order)), Some(later)).await.unwrap().unwrap();
    assert!(!seen.own && !seen.guest, "nor does its page offer it");
});

on_both_databases!(a_session_that_was_ended_meanwhile_erases_nothing(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    let (thief, owner) = (proved(&shop, hers).await, proved(&shop, hers).await);
    assert!(crate::account::end_one(&shop, &owner, thief.session(), &crate::session::Device::of_the_shop()).await.unwrap());
    let refused = erase(&shop, &thief).await;
    assert!(matches!(refused, Err(EraseError::Door(DoorError::Refused(Fault::SessionEnded)))), "{refused:?}");
    assert!(erase(&shop, &owner).await.unwrap().is_some());
});

on_both_databases!(orders_of_one_record_keep_its_key_until_the_last_of_them_is_erased_and_no_longer(shop) {
    goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 9).await;
    let hers = customer(&shop, "hanako@example.jp").await;
    let (left, _) = ordered(&shop, hers, "card").await;
    let (stands, no) = ordered(&shop, hers, "cash").await;
    let sql = "SELECT subject_id, name FROM orders WHERE id = $1";
    let (first, _) = fetch_one!(shop.db.read().await.unwrap(), (Uuid, Vec<u8>), sql, left).await.unwrap();
    let (record, name) = fetch_one!(shop.db.read().await.unwrap(), (Uuid, Vec<u8>), sql, stands).await.unwrap();
    assert_eq!(first, record);
    let mut tx = shop.db.write().await.unwrap();
    shred::later(&mut tx, &shop, record).await.unwrap();
    tx.commit().await.unwrap();
    erase(&shop, &proved(&shop, hers).await).await.unwrap().unwrap();
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM orders WHERE erased_at IS NOT NULL").await, 1, "the one that was left");
    work_off(&shop).await;
    let sql = "SELECT COUNT(*) FROM mail_sent WHERE kind = 'order_placed' AND state = 'sent'";
    assert_eq!(count(&shop, sql).await, 1, "the other one's mail was not called off");
    assert!(opens(&shop, record, &name, Field::Name).await);
    order::sent(&shop, &no).await.unwrap();
    shop.clock.advance(RETURNS_MS);
    assert_eq!(erase_finished(&shop).await.unwrap(), 1);
    work_off(&shop).await;
    assert!(!opens(&shop, record, &name, Field::Name).await);
    assert_eq!(count(&shop, "SELECT COUNT(DISTINCT cart_id) FROM orders WHERE erase_asked_at IS NULL").await, 2);
    assert_eq!(count(&shop, "SELECT COUNT(*) FROM mail_sent WHERE key NOT LIKE 'gone-%' AND kind <> 'erased'").await, 0);
});
