//! What the shop forgets by itself: carts that no browser can open any more, orders that never were,
//! and its own notes about finished work. The periods stand in `docs/SECURITY.md` and on the privacy
//! page.

use uuid::Uuid;

use crate::db::{Conn, Dialect};
use crate::{Shop, execute, fetch_optional, mail, shred};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// As long as the cookie that opens a guest's cart.
pub const CART_DAYS: i64 = 90;
/// Finished work of the outbox.
pub const DONE_DAYS: i64 = 30;
/// Work that could not be done and that nobody has looked after, and the webhooks we received: one so
/// old is refused for its age before it could count twice. One about a payment that we do not know stays,
/// for money may stand behind it and a person must look.
pub const FAILED_DAYS: i64 = 90;
/// Mails in the mailbox folder.
pub const MAIL_DAYS: i64 = 30;
/// The list of mails, which says neither to whom they went nor what they said: so long their numbers can be
/// checked.
pub const MAIL_LIST_DAYS: i64 = 2 * 365;
/// So many rows go in one transaction: nobody who buys meanwhile waits for more than that.
pub(crate) const BATCH: i64 = 500;

/// A guest's cart takes its checkout along; a customer's stays with the account.
const CARTS: &str = "SELECT id FROM cart WHERE customer_id IS NULL AND updated_at < $1 ORDER BY updated_at LIMIT $2";
/// What a customer typed for a purchase that was not made.
const CHECKOUTS: &str = "SELECT cart_id FROM checkout WHERE updated_at < $1 ORDER BY updated_at LIMIT $2";
/// Late money finds no such order any more, and nobody sends it after three months. Money that moved
/// keeps its order, for the ledger is never thinned, and so does an alarm, which a person must look at.
const ORDERS: &str = "SELECT id FROM orders WHERE state IN ('draft', 'cancelled') AND placed_at IS NULL AND created_at < $1 \
     AND NOT EXISTS (SELECT 1 FROM payment WHERE payment.order_id = orders.id) \
     AND NOT EXISTS (SELECT 1 FROM order_event WHERE order_event.order_id = orders.id AND order_event.kind = 'alarm') \
     AND NOT EXISTS (SELECT 1 FROM reservation WHERE reservation.order_id = orders.id AND reservation.state = 'held') \
     ORDER BY created_at LIMIT $2";
const DONE_WORK: &str = "SELECT id FROM outbox WHERE done_at < $1 ORDER BY done_at LIMIT $2";
const FAILED_WORK: &str = "SELECT id FROM outbox WHERE done_at IS NULL AND failed_at IS NOT NULL AND failed_at < $1 ORDER BY failed_at LIMIT $2";
const MAILS: &str = "SELECT id FROM mail_sent WHERE created_at < $1 ORDER BY created_at LIMIT $2";
const WEBHOOKS: &str = "SELECT provider, event_id FROM webhook_inbox WHERE received_at < $1 AND outcome <> 'unknown' ORDER BY received_at LIMIT $2";

/// Deletes what is due, batch by batch: which rows that are is read without holding up anybody who
/// writes, and each batch goes in a short transaction of its own. The body deletes one row, if it is
/// still due, and gives the number of rows that went.
macro_rules! in_batches {
    ($shop:expr, $row:ty, $due:expr, $before:expr, |$tx:ident, $key:pat_param| $delete:expr) => {
        loop {
            let due = $crate::fetch_all!($shop.db.read().await?, $row, $due, $before, $crate::tidy::BATCH).await?;
            let (found, mut gone) = (due.len(), 0);
            if found > 0 {
                let mut $tx = $shop.db.write().await?;
                for $key in due {
                    gone += $delete;
                }
                $tx.commit().await?;
            }
            // Where nothing went, somebody came back to all of it just now.
            if gone == 0 || i64::try_from(found).unwrap_or(i64::MAX) < $crate::tidy::BATCH {
                break;
            }
        }
    };
}
pub(crate) use in_batches;

/// Deletes what has served its time; running it twice deletes no more than once.
pub async fn sweep(shop: &Shop) -> Result<(), sqlx::Error> {
    let days_ago = |days: i64| shop.now() - days * DAY_MS;
    unfinished(shop, days_ago(CART_DAYS)).await?;
    notes(shop, days_ago(DONE_DAYS), days_ago(FAILED_DAYS)).await?;
    let old = days_ago(MAIL_LIST_DAYS);
    in_batches!(shop, (Uuid,), MAILS, old, |tx, (id,)| {
        execute!(tx, "DELETE FROM mail_sent WHERE id = $1 AND created_at < $2", id, old).await?
    });
    // The folder is no part of the database: what cannot be deleted now is tried again next time.
    if let Err(error) = mail::forget(shop, days_ago(MAIL_DAYS)).await {
        tracing::error!(%error, "old mails cannot be deleted from the mailbox folder");
    }
    Ok(())
}

/// Purchases that were begun and not made.
async fn unfinished(shop: &Shop, old: i64) -> Result<(), sqlx::Error> {
    in_batches!(shop, (Uuid,), CARTS, old, |tx, (id,)| {
        let typed = fetch_optional!(tx, (Uuid,), "SELECT subject_id FROM checkout WHERE cart_id = $1", id).await?;
        let gone =
            execute!(tx, "DELETE FROM cart WHERE id = $1 AND customer_id IS NULL AND updated_at < $2", id, old).await?;
        if let (Some((record,)), 1) = (typed, gone) {
            shred::later(&mut tx, shop, record).await?;
        }
        gone
    });
    in_batches!(shop, (Uuid,), CHECKOUTS, old, |tx, (cart,)| {
        let sql = "DELETE FROM checkout WHERE cart_id = $1 AND updated_at < $2 RETURNING subject_id";
        let gone = fetch_optional!(tx, (Uuid,), sql, cart, old).await?;
        if let Some((record,)) = gone {
            shred::later(&mut tx, shop, record).await?;
        }
        u64::from(gone.is_some())
    });
    in_batches!(shop, (Uuid,), ORDERS, old, |tx, (id,)| forget_order(&mut tx, shop, id).await?);
    Ok(())
}

/// Deletes an order unless it has come back to life since it was found. Its row is held first, so that
/// what the bank may be booking at this moment is seen.
async fn forget_order(conn: &mut Conn, shop: &Shop, order: Uuid) -> Result<u64, sqlx::Error> {
    if conn.dialect() == Dialect::Postgres {
        fetch_optional!(conn, (Uuid,), "SELECT id FROM orders WHERE id = $1 FOR UPDATE", order).await?;
    }
    let gone = fetch_optional!(
        conn,
        (Uuid,),
        "DELETE FROM orders WHERE id = $1 AND state IN ('draft', 'cancelled') AND placed_at IS NULL \
         AND NOT EXISTS (SELECT 1 FROM payment WHERE payment.order_id = orders.id) \
         AND NOT EXISTS (SELECT 1 FROM order_event WHERE order_event.order_id = orders.id AND order_event.kind = 'alarm') \
         AND NOT EXISTS (SELECT 1 FROM reservation WHERE reservation.order_id = orders.id AND reservation.state = 'held') \
         RETURNING subject_id",
        order
    )
    .await?;
    if let Some((record,)) = gone {
        shred::later(conn, shop, record).await?;
    }
    Ok(u64::from(gone.is_some()))
}

/// The shop's own notes about finished work.
async fn notes(shop: &Shop, done: i64, failed: i64) -> Result<(), sqlx::Error> {
    in_batches!(shop, (Uuid,), DONE_WORK, done, |tx, (id,)| {
        execute!(tx, "DELETE FROM outbox WHERE id = $1 AND done_at < $2", id, done).await?
    });
    in_batches!(shop, (Uuid,), FAILED_WORK, failed, |tx, (id,)| {
        execute!(tx, "DELETE FROM outbox WHERE id = $1 AND done_at IS NULL AND failed_at < $2", id, failed).await?
    });
    in_batches!(shop, (String, String), WEBHOOKS, failed, |tx, (provider, event)| {
        execute!(tx, "DELETE FROM webhook_inbox WHERE provider = $1 AND event_id = $2", provider, event).await?
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use noren_domain::checkout::{ContactForm, DeliveryForm, PaymentForm};
    use noren_domain::tax::TaxClass;
    use noren_domain::{Lang, Yen};

    use super::*;
    use crate::account::testing::customer;
    use crate::cart::{self, CartKey};
    use crate::order::{self, Outcome, Report, Settled};
    use crate::outbox::{self, Topic};
    use crate::testing::goods;
    use crate::token::Token;
    use crate::vault::{Asker, Field, For, VaultError};
    use crate::{account, checkout, fetch_all, fetch_one, on_both_databases};

    async fn count(shop: &Shop, sql: &'static str) -> i64 {
        fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0
    }

    on_both_databases!(a_guests_cart_lives_as_long_as_its_cookie_and_a_customers_stays(shop) {
        goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 5).await;
        let mine = CartKey::Customer(customer(&shop, "hanako@example.jp").await);
        for key in [&CartKey::Guest(Token::random(&shop.entropy)), &mine] {
            cart::add(&shop, key, "CUP", 1).await.unwrap();
        }
        shop.clock.advance(CART_DAYS * DAY_MS);
        sweep(&shop).await.unwrap();
        assert_eq!(count(&shop, "SELECT COUNT(*) FROM cart").await, 2);
        shop.clock.advance(1);
        sweep(&shop).await.unwrap();
        assert_eq!(count(&shop, "SELECT COUNT(*) FROM cart").await, 1);
        assert_eq!(cart::count(&shop, &mine).await.unwrap(), 1);
    });

    on_both_databases!(notes_about_finished_work_go_after_their_time(shop) {
        for (key, days) in [("done", DONE_DAYS), ("failed", FAILED_DAYS)] {
            let mut tx = shop.db.write().await.unwrap();
            outbox::enqueue(&mut tx, &shop, key, Topic::Mail, &key).await.unwrap();
            let sql = if key == "done" { "UPDATE outbox SET done_at = $1" } else { "UPDATE outbox SET failed_at = $1" };
            execute!(tx, sql, shop.now()).await.unwrap();
            tx.commit().await.unwrap();
            shop.clock.advance(days * DAY_MS);
            sweep(&shop).await.unwrap();
            assert_eq!(count(&shop, "SELECT COUNT(*) FROM outbox").await, 1);
            shop.clock.advance(1);
            sweep(&shop).await.unwrap();
            assert_eq!(count(&shop, "SELECT COUNT(*) FROM outbox").await, 0);
        }
        let mut tx = shop.db.write().await.unwrap();
        outbox::enqueue(&mut tx, &shop, "waiting", Topic::Mail, &"waiting").await.unwrap();
        tx.commit().await.unwrap();
        shop.clock.advance(1_000 * DAY_MS);
        sweep(&shop).await.unwrap();
        assert_eq!(count(&shop, "SELECT COUNT(*) FROM outbox").await, 1, "what was never done is never forgotten");
    });

    on_both_databases!(a_heap_of_old_rows_goes_in_one_sweep_batch_by_batch_and_nothing_else_does(shop) {
        let heap = BATCH + 1;
        let mut tx = shop.db.write().await.unwrap();
        for at in (0..heap).chain([shop.now()]) {
            let sql = "INSERT INTO cart (id, token_hash, created_at, updated_at) VALUES ($1, $2, $3, $3)";
            execute!(tx, sql, shop.entropy.uuid(0), shop.entropy.bytes::<32>().to_vec(), at).await.unwrap();
            let sql = "INSERT INTO rate_limit (key, arrival) VALUES ($1, $2)";
            execute!(tx, sql, shop.entropy.bytes::<32>().to_vec(), at).await.unwrap();
            let sql = "INSERT INTO webhook_inbox (provider, event_id, received_at, body, outcome) VALUES ('test_bank', $1, $2, '', '')";
            execute!(tx, sql, format!("evt-{at}"), at).await.unwrap();
        }
        tx.commit().await.unwrap();
        sweep(&shop).await.unwrap();
        account::sweep(&shop).await.unwrap();
        for sql in ["SELECT COUNT(*) FROM cart", "SELECT COUNT(*) FROM rate_limit", "SELECT COUNT(*) FROM webhook_inbox"] {
            assert_eq!(count(&shop, sql).await, 1, "{sql}");
        }
    });

    /// A card order at the bank, which nobody pays; gives its payment's reference.
    async fn left_at_the_bank(shop: &Shop) -> String {
        let key = CartKey::Guest(Token::random(&shop.entropy));
        cart::add(shop, &key, "CUP", 1).await.unwrap();
        let cart = cart::find(shop, &key).await.unwrap().unwrap();
        let contact = ContactForm {
            email: "hanako@example.jp".into(),
            name: "暖簾 花子".into(),
            postal_code: "100-0005".into(),
            prefecture: "13".into(),
            city: "千代田区丸の内".into(),
            street: "1-1-1".into(),
            phone: "090-1234-5678".into(),
            ..ContactForm::default()
        };
        checkout::save_contact(shop, cart, &contact).await.unwrap();
        let delivery = DeliveryForm { method: "parcel".into(), ..DeliveryForm::default() };
        checkout::save_delivery(shop, cart, &delivery).await.unwrap();
        checkout::save_payment(shop, cart, &PaymentForm { payment: "card".into() }).await.unwrap();
        let (confirmation, _, _) = checkout::confirmation(shop, cart, Lang::Ja).await.unwrap();
        order::place(shop, cart, None, checkout::shown_hash(&confirmation), Lang::Ja).await.unwrap();
        let sql = "SELECT t.reference FROM payment_try t JOIN orders o ON o.id = t.order_id WHERE o.cart_id = $1";
        fetch_one!(shop.db.read().await.unwrap(), (String,), sql, cart.0).await.unwrap().0
    }

    on_both_databases!(what_was_typed_for_a_purchase_that_was_never_made_opens_for_nobody_any_more(shop) {
        goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 5).await;
        left_at_the_bank(&shop).await;
        let (order, record, sealed) = {
            let sql = "SELECT id, subject_id, name FROM orders";
            fetch_one!(shop.db.read().await.unwrap(), (Uuid, Uuid, Vec<u8>), sql).await.unwrap()
        };
        let read = || async {
            let (asker, purpose) = (Asker::guest(order, "test"), For::OrderView(order));
            shop.vault.open(asker, purpose, record, &[(Field::Name, Some(&sealed))]).await.map(drop)
        };
        order::sweep(&shop).await.unwrap();
        outbox::run_due(&shop).await.unwrap();
        assert!(read().await.is_ok());
        shop.clock.advance(CART_DAYS * DAY_MS + 1);
        order::sweep(&shop).await.unwrap();
        sweep(&shop).await.unwrap();
        outbox::run_due(&shop).await.unwrap();
        assert_eq!(count(&shop, "SELECT COUNT(*) FROM orders").await, 0);
        assert!(matches!(read().await, Err(VaultError::Refused(_))), "a copy in an old backup stays closed");
    });

    on_both_databases!(an_order_that_a_person_must_look_at_is_kept(shop) {
        goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 5).await;
        left_at_the_bank(&shop).await;
        let reference = left_at_the_bank(&shop).await;
        let wrong = Report { reference, outcome: Outcome::Succeeded, amount: Yen(1) };
        assert_eq!(order::settle(&shop, &wrong).await.unwrap(), Settled::Alarm);
        shop.clock.advance(CART_DAYS * DAY_MS + 1);
        order::sweep(&shop).await.unwrap();
        sweep(&shop).await.unwrap();
        assert_eq!(count(&shop, "SELECT COUNT(*) FROM orders").await, 1);
        assert_eq!(count(&shop, "SELECT COUNT(*) FROM order_event WHERE kind = 'alarm'").await, 1);
    });

    on_both_databases!(mails_lie_in_the_mailbox_for_thirty_days(shop) {
        let now = UNIX_EPOCH + Duration::from_millis(u64::try_from(shop.now()).unwrap());
        let day = Duration::from_hours(24);
        let days = u32::try_from(MAIL_DAYS).unwrap();
        let put = |name: &str, at| {
            let file = std::fs::File::create(shop.mailbox_dir().join(name)).unwrap();
            file.set_modified(at).unwrap();
        };
        put("old.eml", now - day * days - Duration::from_secs(1));
        put("half-written.part", now - day * days - Duration::from_secs(1));
        put("new.eml", now - day * days);
        put("the-owners-own.txt", UNIX_EPOCH);
        sweep(&shop).await.unwrap();
        let names = std::fs::read_dir(shop.mailbox_dir()).unwrap().map(|file| file.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["new.eml", "the-owners-own.txt"]);
        // A folder that is not there (yet) is nothing to complain about.
        std::fs::remove_dir_all(shop.mailbox_dir()).unwrap();
        mail::forget(&shop, 0).await.unwrap();
    });

    on_both_databases!(the_housekeeping_reads_only_what_can_be_due(shop) {
        let (explain, before) = match shop.db.dialect() {
            Dialect::Sqlite => ("EXPLAIN QUERY PLAN ", "SELECT 1"),
            Dialect::Postgres => ("EXPLAIN ", "SET LOCAL enable_seqscan = off"),
        };
        let nobody = "'00000000-0000-0000-0000-000000000000'";
        for (index, sql) in [
            ("cart_guest", CARTS),
            ("checkout_updated", CHECKOUTS),
            ("orders_not_placed", ORDERS),
            ("outbox_over", DONE_WORK),
            ("outbox_failed", FAILED_WORK),
            ("mail_sent_created", MAILS),
            ("webhook_inbox_received", WEBHOOKS),
            ("registration_expires", account::OVER_REGISTRATIONS),
            ("rate_limit_arrival", account::OVER_LIMITS),
            ("session_seen", account::OVER_SESSIONS),
            ("sign_in_at", account::OVER_SIGN_INS),
            ("passkey_ceremony_expires", account::passkeys::OVER_CEREMONIES),
            ("challenge_expires", account::challenge::OVER),
            ("known_device_seen", account::OVER_DEVICES),
            ("account_event_at", account::events::OVER),
            ("factor_removal_due", account::lost::DUE),
            ("email_change_due", account::email_change::OVER),
            ("data_export_expires", account::export::OVER),
            ("customer_unused", account::dormant::UNUSED),
            ("dormancy_to_reduce", account::dormant::TO_REDUCE),
            ("customer_active", account::dormant::TO_WARN),
            ("dormancy_to_warn_again", account::dormant::TO_WARN_AGAIN),
            ("dormancy_to_erase", account::dormant::TO_ERASE),
        ] {
            let mut tx = shop.db.write().await.unwrap();
            execute!(tx, before).await.unwrap();
            let sql = sqlx::AssertSqlSafe(format!("{explain}{}", sql.replace("$1", "1").replace("$2", "1").replace("$3", "0").replace("$4", nobody)));
            let plan = match shop.db.dialect() {
                Dialect::Sqlite => fetch_all!(tx, (i64, i64, i64, String), sql).await.unwrap().into_iter().map(|row| row.3).collect::<Vec<_>>(),
                Dialect::Postgres => fetch_all!(tx, (String,), sql).await.unwrap().into_iter().map(|row| row.0).collect(),
            };
            assert!(plan.iter().any(|step| step.contains(index)), "{index}: {plan:?}");
        }
    });
}
