//! What the newsletter promises.

use noren_domain::Text;

use super::*;
use crate::account::testing::customer;
use crate::db::{Db, Dialect};
use crate::mail::account::AccountMail;
use crate::mail::mailbox::{self, Received};
use crate::{fetch_one, on_both_databases};

const EMAIL: &str = "hanako@example.jp";

fn issue(name: &str) -> Issue {
    Issue {
        name: name.to_owned(),
        subject: Text::new("冬の新作", "New for winter"),
        text: Text::new("手ぬぐい。\n\n茶碗。", "Cloth.\n\nBowls."),
    }
}

/// The mails so far, oldest first.
async fn mails(shop: &Shop) -> Vec<Received> {
    outbox::run_due(shop).await.unwrap();
    let mut mails = mailbox::list(shop).await.unwrap();
    mails.reverse();
    mails
}

/// The token behind `way` in the newest mail with such a link.
async fn link(shop: &Shop, way: &str) -> Token {
    let mails = mails(shop).await;
    let found = mails.iter().rev().find_map(|mail| mail.text.split(way).nth(1));
    Token::parse(&found.unwrap()[..43]).unwrap()
}

async fn acts(shop: &Shop) -> Vec<(String, String)> {
    let sql = "SELECT act, source FROM newsletter_consent ORDER BY id";
    fetch_all!(shop.db.read().await.unwrap(), (String, String), sql).await.unwrap()
}

/// A customer who has asked and confirmed.
async fn reader(shop: &Shop, address: &str) -> Id<Customer> {
    let who = customer(shop, address).await;
    ask(shop, who, Lang::Ja).await.unwrap();
    let token = link(shop, "/newsletter/confirm/").await;
    assert!(confirm(shop, &token, Lang::Ja).await.unwrap());
    who
}

on_both_databases!(nobody_gets_it_who_has_not_confirmed_and_each_act_is_in_the_ledger(shop) {
    let who = customer(&shop, EMAIL).await;
    assert_eq!(standing(&shop, who).await.unwrap(), Standing::Out);
    ask(&shop, who, Lang::Ja).await.unwrap();
    assert_eq!(standing(&shop, who).await.unwrap(), Standing::Asked);
    shop.clock.advance(1);
    assert_eq!(send(&shop, &issue("early")).await.unwrap(), 0);
    let token = link(&shop, "/newsletter/confirm/").await;
    assert_eq!(confirm_link(&shop, &token).await.unwrap(), Link::Good);
    for _ in 0..2 {
        assert!(confirm(&shop, &token, Lang::Ja).await.unwrap(), "pressed twice is as if once");
        assert_eq!(confirm_link(&shop, &token).await.unwrap(), Link::Done);
    }
    shop.clock.advance(1);
    assert_eq!(standing(&shop, who).await.unwrap(), Standing::In);
    withdraw(&shop, who, Lang::Ja, Source::Account).await.unwrap();
    withdraw(&shop, who, Lang::Ja, Source::Account).await.unwrap();
    assert_eq!(standing(&shop, who).await.unwrap(), Standing::Out);
    assert!(!confirm(&shop, &token, Lang::Ja).await.unwrap(), "the old link begins nothing again");
    assert_eq!(confirm_link(&shop, &token).await.unwrap(), Link::Void);
    let said = |act: &str, source: &str| (act.to_owned(), source.to_owned());
    assert_eq!(acts(&shop).await, [said("asked", "account"), said("confirmed", "mail"), said("withdrawn", "account")]);
});

on_both_databases!(the_ledger_of_consent_is_never_rewritten(shop) {
    reader(&shop, EMAIL).await;
    for sql in ["UPDATE newsletter_consent SET act = 'confirmed'", "DELETE FROM newsletter_consent"] {
        let mut tx = shop.db.write().await.unwrap();
        assert!(execute!(tx, sql).await.unwrap_err().to_string().contains("append-only"), "{sql}");
    }
});

/// On SQLite the table was made anew for the words of an entry that the shop itself makes.
#[tokio::test]
async fn what_was_agreed_to_before_stays_as_it_was_and_is_still_never_rewritten() {
    let shop = crate::testing::sqlite().await;
    let db = Db::sqlite(&shop.data.join("before.sqlite")).await.unwrap();
    db.migrate_to(22).await.unwrap();
    let (id, who) = (shop.entropy.uuid(0), shop.entropy.uuid(0));
    let mut tx = db.write().await.unwrap();
    let sql = "INSERT INTO newsletter_consent (id, customer_id, act, words, lang, source, at) VALUES ($1, $2, 'withdrawn', 'old', 'en', 'one_click', 7)";
    execute!(tx, sql, id, who).await.unwrap();
    tx.commit().await.unwrap();
    db.migrate().await.unwrap();
    let sql = "SELECT id, customer_id, act, words, lang, source, at FROM newsletter_consent";
    let kept =
        fetch_all!(db.read().await.unwrap(), (Uuid, Uuid, String, String, String, String, i64), sql).await.unwrap();
    let words = |word: &str| word.to_owned();
    assert_eq!(kept, [(id, who, words("withdrawn"), words("old"), words("en"), words("one_click"), 7)]);
    let mut tx = db.write().await.unwrap();
    assert!(execute!(tx, "DELETE FROM newsletter_consent").await.unwrap_err().to_string().contains("append-only"));
}

on_both_databases!(who_leaves_is_not_asked_at_a_new_address_either(shop) {
    let who = reader(&shop, EMAIL).await;
    shop.clock.advance(1);
    let mut tx = shop.db.write().await.unwrap();
    ask_anew(&mut tx, &shop, who, Lang::Ja).await.unwrap();
    tx.commit().await.unwrap();
    withdraw(&shop, who, Lang::Ja, Source::Account).await.unwrap();
    assert!(mails(&shop).await.iter().all(|mail| !mail.text.contains("メールアドレスが変わりました")));
    let sql = "SELECT state FROM mail_sent WHERE kind = 'newsletter_anew'";
    assert_eq!(fetch_one!(shop.db.read().await.unwrap(), (String,), sql).await.unwrap().0, "cancelled");
});

/// Until somebody waits to write what a transaction has in its hands; on SQLite, to write at all.
async fn somebody_waits(shop: &Shop) {
    let sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    loop {
        let waits = match &shop.db {
            Db::Sqlite { write, .. } => write.in_line() > 0,
            Db::Postgres(_) => fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0 > 0,
        };
        if waits {
            return;
        }
        tokio::task::yield_now().await;
    }
}

on_both_databases!(who_leaves_at_the_moment_of_a_change_of_the_address_has_left(shop) {
    let who = reader(&shop, EMAIL).await;
    shop.clock.advance(1);
    let mut leaving = shop.db.write().await.unwrap();
    end(&mut leaving, &shop, who.0, Lang::Ja, Source::Account).await.unwrap();
    let changing = tokio::spawn({
        let shop = (*shop).clone();
        async move {
            let mut tx = shop.db.write().await.unwrap();
            ask_anew(&mut tx, &shop, who, Lang::Ja).await.unwrap();
            tx.commit().await.unwrap();
        }
    });
    somebody_waits(&shop).await;
    leaving.commit().await.unwrap();
    changing.await.unwrap();
    let sql = "SELECT state FROM newsletter_reader";
    assert_eq!(fetch_one!(shop.db.read().await.unwrap(), (String,), sql).await.unwrap().0, "withdrawn");
    assert!(acts(&shop).await.iter().all(|(act, _)| act != "asked_anew"), "nor does the ledger say that they were asked");
    assert!(mails(&shop).await.iter().all(|mail| !mail.text.contains("メールアドレスが変わりました")));
});

on_both_databases!(who_asks_at_the_moment_of_a_change_of_the_address_has_asked_and_the_change_goes_on(shop) {
    let who = customer(&shop, EMAIL).await;
    ask(&shop, who, Lang::Ja).await.unwrap();
    shop.clock.advance(1);
    let mut changing = shop.db.write().await.unwrap();
    if changing.dialect() == Dialect::Postgres {
        let sql = "SELECT id FROM customer WHERE id = $1 FOR UPDATE";
        fetch_one!(changing, (Uuid,), sql, who.0).await.unwrap();
    }
    let asking = tokio::spawn({
        let shop = (*shop).clone();
        async move { ask(&shop, who, Lang::Ja).await }
    });
    somebody_waits(&shop).await;
    ask_anew(&mut changing, &shop, who, Lang::Ja).await.unwrap();
    changing.commit().await.unwrap();
    asking.await.unwrap().unwrap();
    assert_eq!(standing(&shop, who).await.unwrap(), Standing::Asked);
    let mut acts = acts(&shop).await;
    acts.sort();
    let said = |act: &str, source: &str| (act.to_owned(), source.to_owned());
    assert_eq!(acts, [said("asked", "account"), said("asked", "account"), said("asked_anew", "address_change")]);
    let sql = "SELECT COUNT(*) FROM mail_sent WHERE kind = 'newsletter_confirm' AND state = 'queued'";
    let (waiting,) = fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap();
    assert_eq!(waiting, 1, "what was asked before went to the old address, and is called off");
});

on_both_databases!(who_confirms_at_the_moment_that_they_ask_once_more_has_confirmed(shop) {
    let who = customer(&shop, EMAIL).await;
    ask(&shop, who, Lang::Ja).await.unwrap();
    let token = link(&shop, "/newsletter/confirm/").await;
    shop.clock.advance(1);
    let mut confirming = shop.db.write().await.unwrap();
    assert!(confirm_in(&mut confirming, &shop, &token, Lang::Ja).await.unwrap());
    let asking = tokio::spawn({
        let shop = (*shop).clone();
        async move { ask(&shop, who, Lang::Ja).await }
    });
    somebody_waits(&shop).await;
    confirming.commit().await.unwrap();
    asking.await.unwrap().unwrap();
    assert_eq!(standing(&shop, who).await.unwrap(), Standing::In);
    let said = |act: &str, source: &str| (act.to_owned(), source.to_owned());
    assert_eq!(acts(&shop).await, [said("asked", "account"), said("confirmed", "mail")]);
    assert_eq!(mails(&shop).await.len(), 1, "who gets it already is asked nothing more");
});

on_both_databases!(a_link_of_a_clock_that_was_ahead_confirms_nothing_and_the_next_one_takes_its_place(shop) {
    const YEAR: i64 = 365 * 24 * 60 * 60 * 1_000;
    let who = customer(&shop, EMAIL).await;
    shop.clock.advance(YEAR);
    ask(&shop, who, Lang::Ja).await.unwrap();
    let ahead = link(&shop, "/newsletter/confirm/").await;
    shop.clock.advance(-SKEW);
    assert_eq!(confirm_link(&shop, &ahead).await.unwrap(), Link::Good, "clocks of nodes differ");
    shop.clock.advance(SKEW - YEAR);
    assert_eq!(confirm_link(&shop, &ahead).await.unwrap(), Link::Void);
    assert!(!confirm(&shop, &ahead, Lang::Ja).await.unwrap());
    assert_eq!(standing(&shop, who).await.unwrap(), Standing::Out);
    let mut tx = shop.db.write().await.unwrap();
    ask_anew(&mut tx, &shop, who, Lang::Ja).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(standing(&shop, who).await.unwrap(), Standing::Asked, "they had asked for it");
    shop.clock.advance(YEAR);
    assert!(!confirm(&shop, &ahead, Lang::Ja).await.unwrap(), "what went to the old address is not good a year later either");
});

on_both_databases!(a_link_that_has_confirmed_says_so_for_as_long_as_the_newsletter_is_sent(shop) {
    let who = customer(&shop, EMAIL).await;
    ask(&shop, who, Lang::Ja).await.unwrap();
    let token = link(&shop, "/newsletter/confirm/").await;
    assert!(confirm(&shop, &token, Lang::Ja).await.unwrap());
    shop.clock.advance(CONFIRM_MS + 1);
    assert_eq!(confirm_link(&shop, &token).await.unwrap(), Link::Done, "long after it was good");
    withdraw(&shop, who, Lang::Ja, Source::Account).await.unwrap();
    assert_eq!(confirm_link(&shop, &token).await.unwrap(), Link::Void);
});

on_both_databases!(a_link_that_confirms_is_good_for_seven_days_and_only_the_newest_is(shop) {
    let who = customer(&shop, EMAIL).await;
    ask(&shop, who, Lang::Ja).await.unwrap();
    let first = link(&shop, "/newsletter/confirm/").await;
    shop.clock.advance(1_000);
    ask(&shop, who, Lang::Ja).await.unwrap();
    assert!(!confirm(&shop, &first, Lang::Ja).await.unwrap());
    shop.clock.advance(CONFIRM_MS);
    assert_eq!(standing(&shop, who).await.unwrap(), Standing::Out);
    assert_eq!(fetch_one!(shop.db.read().await.unwrap(), (i64,), "SELECT COUNT(*) FROM newsletter_consent WHERE act = 'confirmed'").await.unwrap().0, 0);
});

on_both_databases!(an_issue_reaches_each_reader_once_with_a_way_out_and_its_sender(shop) {
    reader(&shop, EMAIL).await;
    let other = reader(&shop, "taro@example.jp").await;
    customer(&shop, "nobody@example.jp").await;
    assert_eq!(send(&shop, &issue("2026-12")).await.unwrap(), 2);
    assert_eq!(send(&shop, &issue("2026-12")).await.unwrap(), 0);
    let other_text = Issue { text: Text::new("別の文", "Other"), ..issue("2026-12") };
    assert!(matches!(send(&shop, &other_text).await, Err(NewsletterError::Taken(_))));
    let sent: Vec<Received> = mails(&shop).await.into_iter().filter(|mail| mail.subject == "冬の新作").collect();
    assert_eq!(sent.len(), 2);
    for mail in &sent {
        for said in ["手ぬぐい。", "株式会社暖簾堂", "東京都千代田区", "/newsletter/leave/", "shop@norendo.example", "M-"] {
            assert!(mail.text.contains(said), "{said}: {}", mail.text);
        }
        let raw = std::fs::read_to_string(shop.mailbox_dir().join(format!("{}.eml", mail.name))).unwrap();
        assert!(raw.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
        assert!(raw.replace("\r\n ", " ").contains("List-Unsubscribe: <http://shop.example/newsletter/one-click/"), "{raw}");
    }
    let about: Vec<Received> = mails(&shop).await.into_iter().filter(|mail| mail.subject != "冬の新作").collect();
    for mail in about {
        let raw = std::fs::read_to_string(shop.mailbox_dir().join(format!("{}.eml", mail.name))).unwrap();
        assert!(!raw.contains("List-Unsubscribe"), "mails that are needed have no way out");
    }
    let token = leave_token(&shop, other.0);
    assert_eq!(leave_link(&shop, &token).await.unwrap(), Link::Good);
    assert!(leave(&shop, &token, Lang::Ja, Source::Mail).await.unwrap());
    assert_eq!(leave_link(&shop, &token).await.unwrap(), Link::Done);
    assert_eq!(leave_link(&shop, &Token::random(&shop.entropy)).await.unwrap(), Link::Void);
    assert_eq!(send(&shop, &issue("2027-01")).await.unwrap(), 1);
    assert!(!leave(&shop, &Token::random(&shop.entropy), Lang::Ja, Source::Mail).await.unwrap());
});

on_both_databases!(who_leaves_is_not_sent_what_waits_already(shop) {
    let who = reader(&shop, EMAIL).await;
    assert_eq!(send(&shop, &issue("2026-12")).await.unwrap(), 1);
    withdraw(&shop, who, Lang::Ja, Source::Account).await.unwrap();
    assert!(mails(&shop).await.iter().all(|mail| mail.subject != "冬の新作"));
    let sql = "SELECT state FROM mail_sent WHERE kind = 'newsletter'";
    assert_eq!(fetch_one!(shop.db.read().await.unwrap(), (String,), sql).await.unwrap().0, "cancelled");
});

on_both_databases!(one_press_in_a_mail_program_stands_in_the_ledger_in_the_readers_language(shop) {
    let stranger = Token::random(&shop.entropy);
    assert_eq!(reader_lang(&shop, &stranger).await.unwrap(), None);
    assert!(!leave_by_one_click(&shop, &stranger).await.unwrap());
    for (address, lang) in [(EMAIL, Lang::Ja), ("jane@example.com", Lang::En)] {
        let who = reader(&shop, address).await;
        let mut tx = shop.db.write().await.unwrap();
        execute!(tx, "UPDATE customer SET lang = $1 WHERE id = $2", lang.tag(), who.0).await.unwrap();
        tx.commit().await.unwrap();
        let token = leave_token(&shop, who.0);
        assert_eq!(reader_lang(&shop, &token).await.unwrap(), Some(lang));
        for _ in 0..2 {
            assert!(leave_by_one_click(&shop, &token).await.unwrap(), "pressed twice is as if once");
        }
        let sql = "SELECT lang, source FROM newsletter_consent WHERE act = 'withdrawn' AND customer_id = $1";
        let written = fetch_all!(shop.db.read().await.unwrap(), (String, String), sql, who.0).await.unwrap();
        assert_eq!(written, [(lang.tag().to_owned(), "one_click".to_owned())]);
        assert_eq!(standing(&shop, who).await.unwrap(), Standing::Out);
    }
});

on_both_databases!(whose_mails_come_back_gets_no_issue_until_one_arrives_or_the_address_is_another(shop) {
    let (hers, his) = (reader(&shop, EMAIL).await, reader(&shop, "taro@example.jp").await);
    shop.clock.advance(1);
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE mail_sent SET state = 'bounced' WHERE customer_id = $1", hers.0).await.unwrap();
    execute!(tx, "UPDATE mail_sent SET returned_at = $1 WHERE customer_id = $2", shop.now(), his.0).await.unwrap();
    tx.commit().await.unwrap();
    for _ in 0..2 {
        assert_eq!(send(&shop, &issue("first")).await.unwrap(), 0);
    }
    let mut tx = shop.db.write().await.unwrap();
    let about = Mail::Account(AccountMail::AlreadyRegistered { customer: hers.0 });
    mail::enqueue(&mut tx, &shop, "arrives", &about).await.unwrap();
    tx.commit().await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    assert_eq!(send(&shop, &issue("second")).await.unwrap(), 1, "one has arrived");
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE customer SET email_verified_at = $1 WHERE id = $2", shop.now(), his.0).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(send(&shop, &issue("third")).await.unwrap(), 2, "the address is another one");
    assert_eq!(send(&shop, &issue("first")).await.unwrap(), 2, "what was left out can be sent later");
});

on_both_databases!(so_many_mails_are_asked_for_and_no_more(shop) {
    let who = customer(&shop, EMAIL).await;
    for _ in 0..5 {
        ask(&shop, who, Lang::Ja).await.unwrap();
    }
    assert!(matches!(ask(&shop, who, Lang::Ja).await, Err(NewsletterError::TooMany { .. })));
});
