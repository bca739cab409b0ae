//! What the outbox promises.

use noren_domain::Lang;
use noren_domain::account::{Email, RegisterForm};
use uuid::Uuid;

use super::claim::{BATCH, LEASE_MS};
use super::*;
use crate::account::challenge::{self, Kind};
use crate::account::testing::customer;
use crate::db::Dialect;
use crate::mail::Outgoing;
use crate::mail::account::{AccountMail, Before};
use crate::mail::smtp::Security;
use crate::session::Device;
use crate::testing::mail_server::MailServer;
use crate::{account, fetch_all, fetch_one, on_both_databases};

/// A mail about a customer who is not there.
fn to_nobody() -> Mail {
    Mail::Account(AccountMail::AlreadyRegistered { customer: Uuid::from_u128(1) })
}

async fn put(shop: &Shop, key: &str, payload: &impl Serialize) {
    let mut tx = shop.db.write().await.unwrap();
    enqueue(&mut tx, shop, key, Topic::Mail, payload).await.unwrap();
    tx.commit().await.unwrap();
}

on_both_databases!(a_failing_job_waits_longer_each_time_and_loses_nothing(shop) {
    // The folder for mails is a file: nothing can be written there for now.
    std::fs::remove_dir(shop.mailbox_dir()).unwrap();
    std::fs::write(shop.mailbox_dir(), b"").unwrap();
    put(&shop, "hello", &to_nobody()).await;
    put(&shop, "hello", &to_nobody()).await;
    assert_eq!(run_due(&shop).await.unwrap(), 0);
    assert_eq!(run_due(&shop).await.unwrap(), 0);
    shop.clock.advance(1_000);
    run_due(&shop).await.unwrap();
    let (attempts, run_at) =
        fetch_one!(shop.db.read().await.unwrap(), (i64, i64), "SELECT attempts, run_at FROM outbox").await.unwrap();
    assert_eq!((attempts, run_at), (2, shop.now() + 2_000));
    assert_eq!(backlog(&shop).await.unwrap(), Backlog { waiting: 1, oldest_ms: 1_000, failed: 0, bounced: 0 }, "since it was first due");
});

on_both_databases!(a_job_that_can_never_succeed_is_tried_once_and_counted(shop) {
    put(&shop, "nobody", &to_nobody()).await;
    put(&shop, "nonsense", &"no mail at all").await;
    for _ in 0..2 {
        assert_eq!(run_due(&shop).await.unwrap(), 0);
        shop.clock.advance(LAST_RETRY_MS + LEASE_MS);
    }
    let tried = fetch_all!(shop.db.read().await.unwrap(), (i64, bool), "SELECT attempts, last_error IS NOT NULL FROM outbox");
    assert_eq!(tried.await.unwrap(), [(1, true), (1, true)]);
    assert_eq!(backlog(&shop).await.unwrap(), Backlog { waiting: 0, oldest_ms: 0, failed: 2, bounced: 0 });
});

on_both_databases!(who_has_lost_the_lease_books_nothing(shop) {
    put(&shop, "slow", &to_nobody()).await;
    let mut slow = super::claim(&shop, Lane::Mails).await.unwrap().remove(0);
    assert!(super::claim(&shop, Lane::Mails).await.unwrap().is_empty());
    shop.clock.advance(LEASE_MS);
    let mut quick = super::claim(&shop, Lane::Mails).await.unwrap().remove(0);
    book(&shop, &mut slow, Ok(())).await.unwrap();
    assert_eq!(backlog(&shop).await.unwrap().waiting, 1);
    book(&shop, &mut quick, Ok(())).await.unwrap();
    assert_eq!(backlog(&shop).await.unwrap().waiting, 0);
});

on_both_databases!(a_job_that_was_called_off_while_it_was_tried_is_neither_tried_again_nor_set_aside(shop) {
    for error in [MailError::Gone, MailError::Lost] {
        let key = error.to_string();
        put(&shop, &key, &to_nobody()).await;
        let mut job = super::claim(&shop, Lane::Mails).await.unwrap().remove(0);
        let mut tx = shop.db.write().await.unwrap();
        cancel(&mut tx, &shop, &key).await.unwrap();
        tx.commit().await.unwrap();
        book(&shop, &mut job, Err(error.into())).await.unwrap();
    }
    let sql = "SELECT COUNT(*) FROM outbox WHERE done_at IS NULL OR failed_at IS NOT NULL OR last_error IS NOT NULL";
    assert_eq!(fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0, 0);
});

on_both_databases!(any_number_of_codes_keeps_no_warning_back(shop) {
    let mut tx = shop.db.write().await.unwrap();
    let warning = Mail::Account(AccountMail::Event { event: Uuid::from_u128(1), before: Before::default() });
    let code = Mail::Account(AccountMail::Code { challenge: Uuid::from_u128(1) });
    mail::enqueue(&mut tx, &shop, "warning", &warning).await.unwrap();
    for no in 0..2 * BATCH {
        mail::enqueue(&mut tx, &shop, &format!("code-{no}"), &code).await.unwrap();
    }
    tx.commit().await.unwrap();
    let taken: Vec<_> = super::claim(&shop, Lane::Mails).await.unwrap().into_iter().map(|job| job.key).collect();
    let codes = taken.iter().filter(|key| key.starts_with("code-")).count();
    assert_eq!((codes, taken.last().map(String::as_str)), (usize::try_from(BATCH).unwrap() - 1, Some("warning")));
    let rest = super::claim(&shop, Lane::Mails).await.unwrap().len();
    assert_eq!(rest, usize::try_from(BATCH).unwrap(), "where nothing else waits, codes have every place");
});

on_both_databases!(the_banks_word_waits_for_no_mail(shop) {
    for no in 0..2 * BATCH {
        put(&shop, &format!("mail-{no}"), &to_nobody()).await;
    }
    shop.clock.advance(1);
    let mut tx = shop.db.write().await.unwrap();
    enqueue(&mut tx, &shop, "word", Topic::Bank, &"nonsense").await.unwrap();
    tx.commit().await.unwrap();
    let taken: Vec<_> = super::claim(&shop, Lane::Rest).await.unwrap().into_iter().map(|job| job.key).collect();
    assert_eq!(taken, ["word"]);
    assert!(super::claim(&shop, Lane::Mails).await.unwrap().iter().all(|job| job.topic == "mail"));
});

on_both_databases!(who_wants_to_go_on_with_a_job_must_still_have_it(shop) {
    put(&shop, "slow", &to_nobody()).await;
    let mut slow = super::claim(&shop, Lane::Mails).await.unwrap().remove(0);
    let mut tx = shop.db.write().await.unwrap();
    assert!(slow.hold(&mut tx, shop.now() + 2 * LEASE_MS).await.unwrap());
    tx.commit().await.unwrap();
    shop.clock.advance(LEASE_MS);
    assert!(super::claim(&shop, Lane::Mails).await.unwrap().is_empty(), "it was held for longer");
    shop.clock.advance(LEASE_MS);
    let mut quick = super::claim(&shop, Lane::Mails).await.unwrap().remove(0);
    let mut tx = shop.db.write().await.unwrap();
    assert!(!slow.hold(&mut tx, shop.now() + LEASE_MS).await.unwrap());
    cancel(&mut tx, &shop, "slow").await.unwrap();
    assert!(!quick.hold(&mut tx, shop.now() + LEASE_MS).await.unwrap(), "it was called off");
});

on_both_databases!(every_job_of_a_batch_is_done_and_booked(shop) {
    for no in 0..=3 * AT_ONCE {
        put(&shop, &format!("mail-{no}"), &to_nobody()).await;
    }
    run_due(&shop).await.unwrap();
    let (open, tried) =
        fetch_one!(shop.db.read().await.unwrap(), (i64, i64), "SELECT COUNT(*) - COUNT(failed_at), MAX(attempts) FROM outbox").await.unwrap();
    assert_eq!((open, tried), (0, 1));
});

/// The mail about who opened the customer's data on a day.
fn about_a_day(customer: Uuid, day: i64) -> Mail {
    Mail::Account(AccountMail::StaffRead { customer, day })
}

/// A job, three mails beside it, and the server that they leave by at the same time.
async fn with_neighbours(shop: &Shop, key: &str, job: &impl Serialize) -> (Shop, MailServer) {
    let to = customer(shop, "hanako@example.jp").await;
    put(shop, key, job).await;
    for day in 0..3 {
        put(shop, &format!("neighbour-{day}"), &about_a_day(to.0, day)).await;
    }
    let server = MailServer::start(Security::Tls).await;
    (shop.clone().sending(Outgoing::new(Some(server.relay()), None, None)), server)
}

/// How many of the three mails are done, and how often one of them was tried at most.
async fn neighbours(shop: &Shop) -> (i64, i64) {
    let sql = "SELECT COUNT(done_at), MAX(attempts) FROM outbox WHERE key LIKE 'neighbour-%'";
    fetch_one!(shop.db.read().await.unwrap(), (i64, i64), sql).await.unwrap()
}

on_both_databases!(a_job_that_breaks_down_is_set_aside_in_the_end_and_its_neighbours_are_done_once(shop) {
    let to = customer(&shop, "taro@example.jp").await;
    // There is no such day: whoever reckons with it comes to no number.
    let (sending, server) = with_neighbours(&shop, "broken", &about_a_day(to.0, i64::MAX)).await;
    assert_eq!(run_due(&sending).await.unwrap(), 3);
    let broken = async || {
        let sql = "SELECT attempts, run_at, failed_at IS NOT NULL FROM outbox WHERE key = 'broken'";
        fetch_one!(shop.db.read().await.unwrap(), (i64, i64, bool), sql).await.unwrap()
    };
    assert_eq!(broken().await, (1, shop.now() + 1_000, false));
    shop.clock.advance(1_000);
    assert_eq!(run_due(&sending).await.unwrap(), 0);
    assert_eq!(broken().await, (2, shop.now() + 2_000, false), "it waits longer each time");
    shop.clock.advance(mail::GIVE_UP_MS);
    for _ in 0..2 {
        assert_eq!(run_due(&sending).await.unwrap(), 0);
        shop.clock.advance(LAST_RETRY_MS);
    }
    assert!(matches!(broken().await, (3, _, true)), "as any mail that is tried for so long");
    assert_eq!(backlog(&shop).await.unwrap(), Backlog { waiting: 0, oldest_ms: 0, failed: 1, bounced: 0 });
    assert_eq!((server.kept().len(), neighbours(&shop).await), (3, (3, 1)));
});

on_both_databases!(a_job_that_cannot_be_booked_breaks_none_of_its_neighbours_off(shop) {
    let (sending, server) = with_neighbours(&shop, "unbookable", &"no mail at all").await;
    let mut tx = shop.db.write().await.unwrap();
    let sql = match tx.dialect() {
        Dialect::Sqlite => "CREATE TRIGGER unbookable BEFORE UPDATE ON outbox WHEN NEW.key = 'unbookable' AND NEW.failed_at IS NOT NULL
                            BEGIN SELECT RAISE(ABORT, 'not this one'); END",
        Dialect::Postgres => "ALTER TABLE outbox ADD CHECK (key <> 'unbookable' OR failed_at IS NULL)",
    };
    execute!(tx, sql).await.unwrap();
    tx.commit().await.unwrap();
    assert!(run_due(&sending).await.is_err());
    assert_eq!((server.kept().len(), neighbours(&shop).await), (3, (3, 1)));
});

on_both_databases!(what_is_not_committed_was_never_asked_for(shop) {
    let mut tx = shop.db.write().await.unwrap();
    enqueue(&mut tx, &shop, "k", Topic::Mail, &Mail::Account(AccountMail::AlreadyRegistered { customer: Uuid::from_u128(1) })).await.unwrap();
    drop(tx);
    assert_eq!(backlog(&shop).await.unwrap().waiting, 0);
});

#[test]
fn waiting_doubles_up_to_an_hour() {
    assert_eq!([1, 2, 3, 30].map(backoff), [1_000, 2_000, 4_000, 3_600_000]);
}

/// Where the only mail of the list stands, and how many files lie in the mailbox folder.
async fn became_of_it(shop: &Shop) -> (String, usize) {
    let (state,) = fetch_one!(shop.db.read().await.unwrap(), (String,), "SELECT state FROM mail_sent").await.unwrap();
    (state, std::fs::read_dir(shop.mailbox_dir()).unwrap().count())
}

on_both_databases!(a_code_that_is_good_no_more_is_not_sent(shop) {
    let asked = async || {
        let email = Email::parse("nobody@example.jp").unwrap();
        challenge::ask_mailbox(&shop, Kind::SignIn, &email, Lang::Ja, &Device::new(String::new(), None)).await.unwrap();
    };
    asked().await;
    shop.clock.advance(challenge::CODE_LIFE);
    assert_eq!(run_due(&shop).await.unwrap(), 1, "there is nothing more to do for it");
    assert_eq!(became_of_it(&shop).await, ("cancelled".to_owned(), 0));
    assert_eq!(backlog(&shop).await.unwrap(), Backlog { waiting: 0, oldest_ms: 0, failed: 0, bounced: 0 });
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "DELETE FROM mail_sent").await.unwrap();
    tx.commit().await.unwrap();
    asked().await;
    shop.clock.advance(challenge::CODE_LIFE - 1);
    run_due(&shop).await.unwrap();
    assert_eq!(became_of_it(&shop).await, ("sent".to_owned(), 1), "in the last moment");
});

on_both_databases!(a_registration_that_is_over_is_not_written_to(shop) {
    let form = RegisterForm { email: "new@example.jp".into(), password: "wardrobe velvet onion".into(), next: String::new() };
    let device = Device::new(String::new(), None);
    account::register(&shop, &form.parse().unwrap(), Lang::Ja, &device).await.unwrap();
    // The mail server is away for a quarter of an hour.
    shop.clock.advance(15 * 60_000);
    assert_eq!(run_due(&shop).await.unwrap(), 1);
    assert_eq!(became_of_it(&shop).await, ("cancelled".to_owned(), 0));
});

on_both_databases!(a_hundred_made_up_registrations_do_not_stand_before_an_owners_code(shop) {
    let owner = customer(&shop, "hanako@example.jp").await;
    let mut tx = shop.db.write().await.unwrap();
    for no in 1..=100 {
        let registration = Uuid::from_u128(no);
        let mail = match no % 3 {
            0 => AccountMail::RegistrationCode { registration },
            1 => AccountMail::EmailHeld { registration, secret: false },
            _ => AccountMail::AlreadyRegistered { customer: owner.0 },
        };
        mail::enqueue(&mut tx, &shop, &format!("register-{no}"), &Mail::Account(mail)).await.unwrap();
    }
    tx.commit().await.unwrap();
    for address in ["nobody@example.jp", "hanako@example.jp"] {
        shop.clock.advance(1);
        let email = Email::parse(address).unwrap();
        challenge::ask_mailbox(&shop, Kind::SignIn, &email, Lang::Ja, &Device::new(String::new(), None)).await.unwrap();
    }
    let sql = "SELECT id FROM challenge WHERE customer_id IS NOT NULL";
    let (hers,) = fetch_one!(shop.db.read().await.unwrap(), (Uuid,), sql).await.unwrap();
    let taken: Vec<_> = super::claim(&shop, Lane::Mails).await.unwrap().into_iter().map(|job| job.key).collect();
    assert_eq!(taken, [format!("code-{hers}")]);
    let (mut strangers, mut warning) = (0, Vec::new());
    put(&shop, "warning", &to_nobody()).await;
    loop {
        let jobs = super::claim(&shop, Lane::Mails).await.unwrap();
        if jobs.is_empty() {
            break;
        }
        strangers += jobs.iter().filter(|job| job.key != "warning").count();
        warning.extend(jobs.iter().filter(|job| job.key == "warning").map(|_| strangers));
    }
    assert_eq!(strangers, 101, "with the mail that an address has no account");
    assert_eq!(warning, [usize::try_from(BATCH).unwrap() - 1], "nor do they keep a warning back");
});

on_both_databases!(a_code_goes_before_mails_to_many_that_wait_already(shop) {
    let mut tx = shop.db.write().await.unwrap();
    let many = Mail::Account(AccountMail::Notice { notice: Uuid::from_u128(1), customer: Uuid::from_u128(1) });
    let code = Mail::Account(AccountMail::Code { challenge: Uuid::from_u128(1) });
    for no in 0..2 * BATCH {
        mail::enqueue(&mut tx, &shop, &format!("many-{no}"), &many).await.unwrap();
    }
    shop.clock.advance(1);
    mail::enqueue(&mut tx, &shop, "code", &code).await.unwrap();
    tx.commit().await.unwrap();
    let taken: Vec<_> = super::claim(&shop, Lane::Mails).await.unwrap().into_iter().map(|job| job.key).collect();
    assert_eq!(taken, ["code"]);
});

on_both_databases!(what_a_clock_that_was_ahead_has_written_is_done_once_it_is_right_again(shop) {
    const AHEAD: i64 = 9 * 3_600_000;
    let right = shop.now();
    shop.clock.advance(AHEAD);
    for key in ["failed", "held"] {
        put(&shop, key, &to_nobody()).await;
    }
    for mut job in super::claim(&shop, Lane::Mails).await.unwrap() {
        // The other one's worker ends in the middle of it.
        if job.key == "failed" {
            book(&shop, &mut job, Err(MailError::Lost.into())).await.unwrap();
        }
    }
    put(&shop, "written", &to_nobody()).await;
    let mut tx = shop.db.write().await.unwrap();
    enqueue(&mut tx, &shop, "word", Topic::Bank, &"nonsense").await.unwrap();
    tx.commit().await.unwrap();
    shop.clock.advance(-AHEAD);
    let mut jobs = super::claim(&shop, Lane::Mails).await.unwrap();
    jobs.extend(super::claim(&shop, Lane::Rest).await.unwrap());
    jobs.sort_by(|a, b| a.key.cmp(&b.key));
    let taken: Vec<_> = jobs.iter().map(|job| (job.key.as_str(), job.attempts, job.due_at, job.leased_until)).collect();
    let lease = right + LEASE_MS;
    assert_eq!(taken, [("failed", 2, right, lease), ("held", 2, right, lease), ("word", 1, right, lease), ("written", 1, right, lease)]);
    // They are this worker's now, and wait after a failure as any other.
    assert!(super::claim(&shop, Lane::Mails).await.unwrap().is_empty());
    assert!(super::claim(&shop, Lane::Rest).await.unwrap().is_empty());
    for mut job in jobs {
        book(&shop, &mut job, Err(MailError::Lost.into())).await.unwrap();
    }
    assert!(super::claim(&shop, Lane::Mails).await.unwrap().is_empty());
    shop.clock.advance(2_000);
    assert_eq!(super::claim(&shop, Lane::Mails).await.unwrap().len(), 3);
    assert_eq!(backlog(&shop).await.unwrap().oldest_ms, 2_000, "since it could first be done");
});

on_both_databases!(a_job_that_is_dated_for_another_day_waits_for_it_and_so_does_a_long_pause(shop) {
    const DAYS: i64 = 3 * 24 * 3_600_000;
    let mut tx = shop.db.write().await.unwrap();
    enqueue_at(&mut tx, &shop, "dated", Topic::Mail, &to_nobody(), shop.now() + DAYS).await.unwrap();
    enqueue(&mut tx, &shop, "tried", Topic::Mail, &to_nobody()).await.unwrap();
    execute!(tx, "UPDATE outbox SET attempts = 30 WHERE key = 'tried'").await.unwrap();
    tx.commit().await.unwrap();
    let mut tried = super::claim(&shop, Lane::Mails).await.unwrap().remove(0);
    assert_eq!(tried.key, "tried");
    book(&shop, &mut tried, Err(MailError::Lost.into())).await.unwrap();
    // A clock that goes a little wrong makes nothing due.
    shop.clock.advance(-FAR_AHEAD_MS / 4);
    assert!(super::claim(&shop, Lane::Mails).await.unwrap().is_empty());
    shop.clock.advance(FAR_AHEAD_MS / 4 + DAYS - 1);
    let due: Vec<_> = super::claim(&shop, Lane::Mails).await.unwrap().into_iter().map(|job| job.key).collect();
    assert_eq!(due, ["tried"]);
    shop.clock.advance(1);
    let due: Vec<_> = super::claim(&shop, Lane::Mails).await.unwrap().into_iter().map(|job| job.key).collect();
    assert_eq!(due, ["dated"]);
});
