//! What becomes of mails when the mail server is away, slow, refuses, breaks off, or the shop does. Copies are
//! counted by what the mail server has kept; people's mailboxes show those with one Message-ID once.

use std::collections::BTreeSet;
use std::time::Duration;

use noren_domain::Id;
use noren_domain::account::Customer;

use super::*;
use crate::account::testing::customer;
use crate::mail::account::AccountMail;
use crate::mail::{self, GIVE_UP_MS, Mail as ShopMail, Outgoing};
use crate::outbox::{self, Lane, Topic};
use crate::testing::TestShop;
use crate::testing::mail_server::{Deed, MailServer};
use crate::{Shop, fetch_one, on_both_databases};

const EMAIL: &str = "hanako@example.jp";
/// Longer than any lease or pause between tries.
const LATER: i64 = 2 * 3_600_000;

fn by(shop: &Shop, relay: Relay) -> Shop {
    shop.clone().sending(Outgoing::new(Some(relay), None, None))
}

/// The shop with one mail in its outbox, and the server that it leaves by.
async fn about_to_send(shop: &TestShop) -> (Shop, MailServer, Id<Customer>) {
    let customer = customer(shop, EMAIL).await;
    put(shop, "hello", customer).await;
    let server = MailServer::start(Security::Tls).await;
    (by(shop, server.relay()), server, customer)
}

async fn put(shop: &Shop, key: &str, customer: Id<Customer>) {
    let mail = ShopMail::Account(AccountMail::AlreadyRegistered { customer: customer.0 });
    let mut tx = shop.db.write().await.unwrap();
    mail::enqueue(&mut tx, shop, key, &mail).await.unwrap();
    tx.commit().await.unwrap();
}

/// Where the mail stands, and how often it was not known whether it had been sent.
async fn stands(shop: &Shop) -> (String, i64) {
    let mut conn = shop.db.read().await.unwrap();
    fetch_one!(conn, (String, i64), "SELECT state, doubts FROM mail_sent WHERE key = 'hello'").await.unwrap()
}

/// How many copies there are, and how many of them a mailbox that knows Message-IDs shows.
fn copies(server: &MailServer) -> (usize, usize) {
    let kept = server.kept();
    let ids: BTreeSet<String> = kept.iter().map(|mail| mail.header("Message-ID")).collect();
    assert!(!ids.contains(""));
    (kept.len(), ids.len())
}

/// Tries until nothing is due any more for a while.
async fn later(shop: &Shop) -> usize {
    shop.clock.advance(LATER);
    outbox::run_due(shop).await.unwrap()
}

on_both_databases!(a_mail_leaves_encrypted_behind_a_login_and_is_written_down_by_its_number(shop) {
    let to = customer(&shop, EMAIL).await;
    for (count, security) in [Security::Tls, Security::StartTls].into_iter().enumerate() {
        let server = MailServer::start(security).await;
        let sending = by(&shop, server.relay());
        let key = format!("hello-{count}");
        put(&shop, &key, to).await;
        assert_eq!(outbox::run_due(&sending).await.unwrap(), 1);
        let kept = server.kept();
        assert_eq!((kept.len(), kept[0].to.as_slice()), (1, [EMAIL.to_owned()].as_slice()));
        let sql = "SELECT no, state, subject FROM mail_sent WHERE key = $1";
        let (no, state, subject) =
            fetch_one!(shop.db.read().await.unwrap(), (String, String, String), sql, key.as_str()).await.unwrap();
        assert_eq!((state.as_str(), subject.as_str()), ("sent", "すでにご登録があります"));
        let read = crate::mail::mailbox::parse("x", &kept[0].raw);
        assert!(read.text.contains(&no) && read.html.contains(&no), "{}", read.text);
        assert_eq!(read.subject, subject, "Japanese in a header of ASCII");
        assert!(kept[0].raw.is_ascii());
        let plainly = server.told_plainly();
        assert!(plainly.iter().all(|line| line.starts_with("EHLO") || line == "STARTTLS"), "{plainly:?}");
    }
    assert!(std::fs::read_dir(shop.mailbox_dir()).unwrap().next().is_none(), "nothing lies about on the disk");
});

on_both_databases!(one_connection_carries_many_mails_and_one_that_the_server_has_ended_is_replaced(shop) {
    let (sending, mut server, to) = about_to_send(&shop).await;
    for no in 0..5 {
        put(&shop, &format!("more-{no}"), to).await;
    }
    assert_eq!(outbox::run_due(&sending).await.unwrap(), 6);
    server.stop().await;
    server.come_back().await;
    put(&shop, "after", to).await;
    assert_eq!(outbox::run_due(&sending).await.unwrap(), 1);
    assert_eq!(copies(&server), (7, 7));
});

on_both_databases!(while_the_mail_server_is_away_mails_wait_and_then_each_is_there_once(shop) {
    let (sending, mut server, _) = about_to_send(&shop).await;
    server.stop().await;
    assert_eq!(outbox::run_due(&sending).await.unwrap(), 0);
    assert_eq!(later(&sending).await, 0);
    assert_eq!(stands(&shop).await, ("queued".to_owned(), 0));
    server.come_back().await;
    assert_eq!(later(&sending).await, 1);
    assert_eq!(later(&sending).await, 0);
    assert_eq!((copies(&server), stands(&shop).await), ((1, 1), ("sent".to_owned(), 0)));
});

on_both_databases!(a_mail_server_that_falls_silent_before_it_has_the_mail_gives_one_copy(shop) {
    let (sending, server, _) = about_to_send(&shop).await;
    let hasty = |patience: Patience| by(&shop, Relay::new(Server { patience, ..server.settings() }, None));
    let soon = Duration::from_millis(50);
    let patience = server.settings().patience;
    server.will(&[Deed::FallSilent(Step::Connect)]);
    assert_eq!(outbox::run_due(&hasty(Patience { connect: soon, ..patience })).await.unwrap(), 0);
    for step in [Step::From, Step::To, Step::Data] {
        server.will(&[Deed::FallSilent(step)]);
        assert_eq!(later(&hasty(Patience { command: soon, ..patience })).await, 0, "{step}");
    }
    assert_eq!(copies(&server), (0, 0));
    // On a slow machine a step may not have been reached.
    server.will_no_more();
    while stands(&shop).await.0 != "sent" {
        later(&sending).await;
    }
    assert_eq!(copies(&server), (1, 1));
    assert_eq!(stands(&shop).await.1, 0, "it was always known where the mail was");
});

on_both_databases!(a_mail_that_is_refused_for_now_at_any_step_is_tried_again_and_gives_one_copy(shop) {
    let (sending, server, _) = about_to_send(&shop).await;
    for (step, words) in [
        (Step::Connect, "421 4.3.2 too busy"),
        (Step::Connect, "554 5.3.2 not you"),
        (Step::Login, "535 5.7.8 who are you"),
        (Step::From, "451 4.3.0 not now"),
        (Step::From, "550 5.7.1 not from you"),
        (Step::To, "450 4.2.0 grey"),
        (Step::To, "554 5.7.1 <hanako@example.jp>: Relay access denied"),
        (Step::To, "530 5.7.0 log in first"),
        (Step::Data, "530 log in first"),
        (Step::Content, "550 5.7.26 neither SPF nor DKIM"),
        (Step::Data, "451 4.3.0 not now"),
        (Step::Content, "452 4.3.1 full"),
    ] {
        server.will(&[Deed::Say(step, words)]);
        assert_eq!(later(&sending).await, 0, "{words}");
        assert_eq!(stands(&shop).await, ("queued".to_owned(), 0), "{words}");
    }
    assert_eq!(later(&sending).await, 1);
    assert_eq!(copies(&server), (1, 1));
});

on_both_databases!(a_mail_that_is_refused_for_good_bounces_is_not_tried_again_and_goes_when_somebody_wants_it(shop) {
    let (sending, server, _) = about_to_send(&shop).await;
    for (step, words, said) in [
        (Step::To, "550 5.1.1 <hanako@example.jp> unknown", "the reader's address for good (550 5.1.1)"),
        (Step::To, "550 5.2.7 full of sevens", "the reader's address for good (550 5.2.7)"),
        (Step::Data, "554 no", "the wish to send for good (554)"),
        (Step::Content, "552 5.3.4 too much for hanako@example.jp", "the mail for good (552 5.3.4)"),
    ] {
        server.will(&[Deed::Say(step, words)]);
        assert_eq!(outbox::run_due(&sending).await.unwrap(), 0);
        assert_eq!(later(&sending).await, 0);
        assert_eq!(stands(&shop).await.0, "bounced");
        let backlog = outbox::backlog(&shop).await.unwrap();
        assert_eq!((backlog.bounced, backlog.failed, backlog.waiting), (1, 0, 0));
        let failed = mail::list(&shop, true, 10).await.unwrap();
        let error = failed[0].last_error.clone().unwrap();
        assert!(error.ends_with(said) && !error.contains('@'), "{error}");
        assert!(mail::retry(&shop, failed[0].no.as_deref().unwrap()).await.unwrap());
    }
    assert_eq!(outbox::run_due(&sending).await.unwrap(), 1);
    assert_eq!(copies(&server), (1, 1));
    assert!(!mail::retry(&shop, "hello").await.unwrap(), "it has arrived");
});

on_both_databases!(a_connection_lost_before_the_mail_was_kept_gives_one_copy(shop) {
    let (sending, server, _) = about_to_send(&shop).await;
    server.will(&[Deed::HangUp(Step::Data), Deed::HangUp(Step::Content)]);
    assert_eq!(outbox::run_due(&sending).await.unwrap(), 0);
    assert_eq!(stands(&shop).await, ("queued".to_owned(), 0), "the mail itself was not sent yet");
    assert_eq!(later(&sending).await, 0);
    assert_eq!(stands(&shop).await, ("sending".to_owned(), 0), "it was, and nobody knows");
    assert_eq!(later(&sending).await, 1);
    assert_eq!((copies(&server), stands(&shop).await), ((1, 1), ("sent".to_owned(), 1)));
});

on_both_databases!(a_connection_lost_after_the_mail_was_kept_gives_two_copies_of_one_message(shop) {
    let (sending, server, _) = about_to_send(&shop).await;
    server.will(&[Deed::KeepAndHangUp]);
    assert_eq!(outbox::run_due(&sending).await.unwrap(), 0);
    assert_eq!(later(&sending).await, 1);
    assert_eq!((copies(&server), stands(&shop).await), ((2, 1), ("sent".to_owned(), 1)));
    let kept = server.kept();
    assert_eq!(kept[0].raw, kept[1].raw, "byte for byte");
});

on_both_databases!(an_answer_that_comes_too_late_gives_two_copies_of_one_message(shop) {
    let (sending, server, _) = about_to_send(&shop).await;
    server.will(&[Deed::KeepAndFallSilent]);
    let patience = Patience { taken: Duration::from_millis(50), ..server.settings().patience };
    let hasty = by(&shop, Relay::new(Server { patience, ..server.settings() }, None));
    assert_eq!(outbox::run_due(&hasty).await.unwrap(), 0);
    server.rung().await;
    assert_eq!(stands(&shop).await.0, "sending");
    assert_eq!(later(&sending).await, 1);
    assert_eq!(copies(&server), (2, 1));
});

/// Runs the outbox until the server has fallen silent, and then no further.
async fn cut_off(sending: &Shop, server: &MailServer) {
    let running = tokio::spawn({
        let sending = sending.clone();
        async move { outbox::run_due(&sending).await }
    });
    server.rung().await;
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
}

on_both_databases!(a_shop_killed_before_the_mail_was_sent_gives_one_copy(shop) {
    let (sending, server, _) = about_to_send(&shop).await;
    server.will(&[Deed::FallSilent(Step::To)]);
    cut_off(&sending, &server).await;
    assert_eq!(stands(&shop).await, ("queued".to_owned(), 0));
    assert_eq!(later(&sending).await, 1);
    assert_eq!((copies(&server), stands(&shop).await), ((1, 1), ("sent".to_owned(), 0)));
});

on_both_databases!(a_shop_killed_while_it_waits_for_the_answer_gives_two_copies_of_one_message(shop) {
    let (sending, server, _) = about_to_send(&shop).await;
    server.will(&[Deed::KeepAndFallSilent]);
    cut_off(&sending, &server).await;
    assert_eq!(stands(&shop).await, ("sending".to_owned(), 0));
    assert_eq!(outbox::run_due(&sending).await.unwrap(), 0, "for as long as the other could still be waiting");
    assert_eq!(later(&sending).await, 1);
    assert_eq!((copies(&server), stands(&shop).await), ((2, 1), ("sent".to_owned(), 1)));
});

on_both_databases!(a_mail_server_killed_in_the_middle_comes_back_to_one_copy_of_what_it_had_not_kept(shop) {
    let (sending, mut server, _) = about_to_send(&shop).await;
    server.will(&[Deed::FallSilent(Step::Content)]);
    let running = tokio::spawn({
        let sending = sending.clone();
        async move { outbox::run_due(&sending).await }
    });
    server.rung().await;
    server.stop().await;
    assert_eq!(running.await.unwrap().unwrap(), 0);
    server.come_back().await;
    assert_eq!(later(&sending).await, 1);
    assert_eq!((copies(&server), stands(&shop).await), ((1, 1), ("sent".to_owned(), 1)));
});

on_both_databases!(a_mail_called_off_while_the_server_is_asked_is_not_sent(shop) {
    let (sending, server, _) = about_to_send(&shop).await;
    server.will(&[Deed::FallSilent(Step::To)]);
    cut_off(&sending, &server).await;
    let mut tx = shop.db.write().await.unwrap();
    outbox::cancel(&mut tx, &shop, "hello").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(later(&sending).await, 0);
    assert_eq!((copies(&server), stands(&shop).await.0), ((0, 0), "cancelled".to_owned()));
});

on_both_databases!(who_was_too_slow_to_ask_does_not_write_over_what_a_quicker_one_has_done(shop) {
    let (sending, server, _) = about_to_send(&shop).await;
    server.will(&[Deed::FallSilent(Step::To)]);
    let slow = tokio::spawn({
        let sending = sending.clone();
        async move { outbox::run_due(&sending).await }
    });
    server.rung().await;
    assert_eq!(later(&sending).await, 1, "its lease is over");
    server.hang_up();
    assert_eq!(slow.await.unwrap().unwrap(), 0);
    assert_eq!((copies(&server), stands(&shop).await), ((1, 1), ("sent".to_owned(), 0)));
});

on_both_databases!(a_mail_server_that_says_nothing_holds_up_no_other_work(shop) {
    let (sending, server, _) = about_to_send(&shop).await;
    server.will(&[Deed::FallSilent(Step::Connect)]);
    let mails = tokio::spawn({
        let sending = sending.clone();
        async move { outbox::run_lane(&sending, Lane::Mails).await }
    });
    server.rung().await;
    let mut tx = shop.db.write().await.unwrap();
    outbox::enqueue(&mut tx, &shop, "shred", Topic::Shred, &serde_json::json!({ "record": uuid::Uuid::from_u128(7) })).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(outbox::run_lane(&sending, Lane::Rest).await.unwrap(), 1);
    assert!(!mails.is_finished());
    mails.abort();
});

on_both_databases!(after_five_days_a_mail_is_set_aside_for_a_person_to_look_at(shop) {
    let (sending, mut server, _) = about_to_send(&shop).await;
    server.stop().await;
    assert_eq!(outbox::run_due(&sending).await.unwrap(), 0);
    shop.clock.advance(GIVE_UP_MS - 1);
    assert_eq!(outbox::run_due(&sending).await.unwrap(), 0);
    assert_eq!(stands(&shop).await.0, "queued");
    shop.clock.advance(LATER);
    assert_eq!(outbox::run_due(&sending).await.unwrap(), 0);
    assert_eq!(stands(&shop).await.0, "given_up");
    assert_eq!(outbox::backlog(&shop).await.unwrap().failed, 1);
    server.come_back().await;
    assert_eq!(later(&sending).await, 0);
    assert!(mail::retry(&shop, "hello").await.unwrap());
    assert_eq!(outbox::run_due(&sending).await.unwrap(), 1);
    assert_eq!(copies(&server), (1, 1));
});

on_both_databases!(a_relay_that_has_forgotten_us_bounces_nothing_and_takes_what_waited_once_it_is_mended(shop) {
    let (sending, server, to) = about_to_send(&shop).await;
    put(&shop, "more", to).await;
    server.will(&[Deed::Say(Step::To, "554 5.7.1 Relay access denied"); 2]);
    assert_eq!(outbox::run_due(&sending).await.unwrap(), 0);
    let backlog = outbox::backlog(&shop).await.unwrap();
    assert_eq!((backlog.bounced, backlog.failed, backlog.waiting), (0, 0, 2));
    assert_eq!(later(&sending).await, 2);
    assert_eq!(copies(&server), (2, 2));
});

on_both_databases!(who_is_refused_for_five_days_is_set_aside_like_all_else_and_bounces_not_even_then(shop) {
    let (sending, server, _) = about_to_send(&shop).await;
    server.will(&[Deed::Say(Step::Content, "550 5.7.26 neither SPF nor DKIM"); 2]);
    assert_eq!(outbox::run_due(&sending).await.unwrap(), 0);
    shop.clock.advance(GIVE_UP_MS);
    assert_eq!(outbox::run_due(&sending).await.unwrap(), 0);
    assert_eq!(stands(&shop).await.0, "given_up");
    let backlog = outbox::backlog(&shop).await.unwrap();
    assert_eq!((backlog.bounced, backlog.failed, backlog.waiting), (0, 1, 0));
});

#[tokio::test]
async fn a_way_that_cannot_be_trusted_is_not_taken() {
    let server = MailServer::start(Security::StartTls).await;
    let stranger = MailServer::start(Security::Tls).await;
    let unknown = Relay::new(Server { ca: stranger.settings().ca, ..server.settings() }, None);
    assert!(matches!(unknown.probe().await, Err(SmtpError::Away { step: Step::Connect, .. })));
    let bare = MailServer::start(Security::Plain).await;
    let asked = Relay::new(Server { security: Security::StartTls, ..bare.settings() }, None);
    assert!(matches!(asked.probe().await, Err(SmtpError::Away { step: Step::Connect, .. })));
    assert!(
        bare.told_plainly().iter().all(|line| line.starts_with("EHLO") || line == "QUIT"),
        "{:?}",
        bare.told_plainly()
    );
    let wrong = Login { password: "wrong".to_owned().into(), ..server.settings().login.unwrap() };
    let refused = Relay::new(Server { login: Some(wrong), ..server.settings() }, None).probe().await.unwrap_err();
    assert_eq!(refused.to_string(), "the mail server refuses the login (535 5.7.8); it is tried again");
    assert_eq!(server.relay().probe().await.unwrap(), Greeting { encrypted: true, offers_tls: false });
    assert_eq!(bare.relay().probe().await.unwrap(), Greeting { encrypted: false, offers_tls: false });
}

#[tokio::test]
async fn neither_what_is_shown_nor_what_is_said_holds_the_password() {
    let server = MailServer::start(Security::Tls).await;
    let password = crate::testing::mail_server::PASSWORD;
    assert!(!format!("{:?} {} {:?}", server.settings(), server.settings(), server.relay()).contains(password));
}

on_both_databases!(a_test_mail_says_what_the_server_answered(shop) {
    let server = MailServer::start(Security::Tls).await;
    let said = mail::send_test(&by(&shop, server.relay()), EMAIL).await.unwrap();
    assert_eq!(said, "250 2.0.0 kept as 42");
    assert_eq!(server.kept()[0].to, [EMAIL]);
    assert!(mail::send_test(&shop, EMAIL).await.unwrap_err().to_string().contains("NOREN_SMTP"));
});
