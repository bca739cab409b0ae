//! Reports as mail servers write them, about a mail that the shop has sent.

use noren_domain::Lang;
use proptest::prelude::*;

use super::*;
use crate::account::testing::customer;
use crate::mail::account::AccountMail;
use crate::mail::sent::{self, mine};
use crate::mail::{self, Mail};
use crate::testing::TestShop;
use uuid::Uuid;

use crate::{on_both_databases, outbox};

/// As Postfix writes it: words, status, the whole mail.
const POSTFIX: &str = "From: MAILER-DAEMON@mail.example (Mail Delivery System)\r
To: shop@norendo.example\r
Subject: Undelivered Mail Returned to Sender\r
Auto-Submitted: auto-replied\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status;\r
\tboundary=\"9B2A.1764205200/mail.example\"\r
\r
This is a MIME-encapsulated message.\r
\r
--9B2A.1764205200/mail.example\r
Content-Description: Notification\r
Content-Type: text/plain; charset=us-ascii\r
\r
<hanako@example.jp>: host mx.example.jp said: 550 5.1.1 no such user\r
\r
--9B2A.1764205200/mail.example\r
Content-Description: Delivery report\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mail.example\r
Arrival-Date: Thu, 27 Nov 2026 10:00:00 +0900 (JST)\r
\r
Final-Recipient: rfc822; hanako@example.jp\r
Action: ACTION\r
Status: STATUS\r
Diagnostic-Code: smtp; 550 5.1.1 no such user\r
\r
--9B2A.1764205200/mail.example\r
Content-Description: Undelivered Message\r
Content-Type: message/rfc822\r
\r
Message-ID: THE_ID\r
From: shop@norendo.example\r
To: hanako@example.jp\r
Subject: code\r
\r
Text\r
\r
--9B2A.1764205200/mail.example--\r
";

/// With the headers of the mail alone, as others do.
const HEADERS_ALONE: &str = "From: postmaster@mail.example\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=\"delivery-status\"; boundary=b\r
\r
--b\r
Content-Type: text/plain\r
\r
Words.\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns;mail.example\r
\r
Final-recipient: RFC822;hanako@example.jp\r
Action: ACTION\r
Status: STATUS\r
\r
--b\r
Content-Type: text/rfc822-headers\r
\r
Message-ID: THE_ID\r
Subject: code\r
\r
--b--\r
";

/// Without anything of the mail, which is named in the report's own headers.
const NAMED_ALONE: &str = "From: mailer-daemon@mail.example\r
In-Reply-To: THE_ID\r
References: THE_ID\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary=b\r
\r
--b\r
Content-Type: text/plain\r
\r
Words.\r
--b\r
Content-Type: message/delivery-status\r
\r
Action: ACTION\r
Status: STATUS\r
\r
--b--\r
";

fn report(form: &str, id: &str, action: &str, status: &str) -> Vec<u8> {
    form.replace("THE_ID", &format!("<{id}>")).replace("ACTION", action).replace("STATUS", status).into_bytes()
}

/// A mail that the shop has sent to a new customer: whose, its number, its Message-ID.
async fn sent_one(shop: &TestShop, key: &str) -> (Uuid, MailNo, String) {
    let customer = customer(shop, &format!("{key}@example.jp")).await.0;
    let (no, id) = sent_to(shop, key, customer).await;
    (customer, no, id)
}

async fn sent_to(shop: &TestShop, key: &str, customer: Uuid) -> (MailNo, String) {
    let mut tx = shop.db.write().await.unwrap();
    let about = Mail::Account(AccountMail::AlreadyRegistered { customer });
    mail::enqueue(&mut tx, shop, key, &about).await.unwrap();
    tx.commit().await.unwrap();
    outbox::run_due(shop).await.unwrap();
    let raw = std::fs::read_to_string(mail::path_of(shop, key)).unwrap();
    let id = raw.lines().find_map(|line| line.strip_prefix("Message-ID: <")).unwrap().trim_end_matches('>').to_owned();
    let sent = sent::of(shop, key, &about).await.unwrap().unwrap();
    (sent.no, id)
}

async fn line(shop: &TestShop, customer: Uuid) -> (String, bool) {
    let page = mine(shop, customer, 1, Lang::En).await.unwrap();
    (page.mails[0].state.clone(), page.mails[0].failed)
}

async fn comes_back(shop: &TestShop, customer: Uuid) -> Option<i64> {
    sent::undelivered(&mut shop.db.read().await.unwrap(), customer).await.unwrap()
}

on_both_databases!(a_mail_that_comes_back_is_marked_whatever_its_server_writes_and_its_reader_is_told_on_the_account_page(shop) {
    for (form, key) in [(POSTFIX, "one"), (HEADERS_ALONE, "two"), (NAMED_ALONE, "three")] {
        let (customer, no, id) = sent_one(&shop, key).await;
        assert_eq!((line(&shop, customer).await, comes_back(&shop, customer).await), (("Sent".to_owned(), false), None));
        shop.clock.advance(60_000);
        let returned = report(form, &id, "failed", "5.1.1");
        let read = bounced(&shop, &returned).await.unwrap();
        assert_eq!(read, Read::Returned { no: no.clone(), status: Some("5.1.1".to_owned()) }, "{key}");
        assert_eq!(line(&shop, customer).await, ("Sent, but returned by the receiving server".to_owned(), true));
        assert_eq!(comes_back(&shop, customer).await, Some(shop.now()));
        shop.clock.advance(60_000);
        assert_eq!(bounced(&shop, &returned).await.unwrap(), Read::Before(no), "the same report again");
        assert_eq!(comes_back(&shop, customer).await, Some(shop.now() - 60_000));
        // The next mail arrives.
        sent_to(&shop, &format!("{key}-next"), customer).await;
        assert_eq!(comes_back(&shop, customer).await, None);
    }
    assert_eq!(outbox::backlog(&shop).await.unwrap().bounced, 3);
    let failed = mail::list(&shop, true, 10).await.unwrap();
    assert!(failed.len() == 3 && failed.iter().all(|mail| mail.returned.as_deref() == Some("5.1.1")), "{failed:?}");
    shop.clock.advance(8 * 24 * 3_600_000);
    assert_eq!(outbox::backlog(&shop).await.unwrap().bounced, 0, "nothing can be done about it any more");
});

on_both_databases!(a_mail_that_an_address_of_before_sent_back_says_nothing_of_the_one_of_now(shop) {
    let (customer, _, id) = sent_one(&shop, "one").await;
    bounced(&shop, &report(POSTFIX, &id, "failed", "5.1.1")).await.unwrap();
    assert!(comes_back(&shop, customer).await.is_some());
    shop.clock.advance(1);
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE customer SET email_verified_at = $2 WHERE id = $1", customer, shop.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(comes_back(&shop, customer).await, None);
});

on_both_databases!(a_mail_that_came_back_is_one_that_we_sent_for_it_may_have_been_passed_on(shop) {
    let (_, no, id) = sent_one(&shop, "one").await;
    bounced(&shop, &report(POSTFIX, &id, "failed", "5.1.1")).await.unwrap();
    let mut conn = shop.db.read().await.unwrap();
    assert!(sent::check(&mut conn, no.as_str(), Lang::Ja).await.unwrap().is_some());
});

on_both_databases!(a_mail_that_is_late_or_was_passed_on_is_not_marked(shop) {
    let (customer, no, id) = sent_one(&shop, "one").await;
    for (action, status) in [("delayed", "4.4.1"), ("relayed", "2.0.0"), ("delivered", "2.1.5"), ("expanded", "2.0.0")] {
        let read = bounced(&shop, &report(POSTFIX, &id, action, status)).await.unwrap();
        assert_eq!(read, Read::UnderWay(no.clone()), "{action}");
    }
    assert_eq!(line(&shop, customer).await, ("Sent".to_owned(), false));
    let expired = bounced(&shop, &report(POSTFIX, &id, "Failed (expired)", "4.4.7")).await.unwrap();
    assert_eq!(expired, Read::Returned { no, status: Some("4.4.7".to_owned()) });
});

on_both_databases!(whoever_knows_a_mails_number_and_never_had_it_cannot_mark_it(shop) {
    let (customer, no, id) = sent_one(&shop, "one").await;
    let (_, _, other) = sent_one(&shop, "two").await;
    let (hash, rest) = id.split_once('.').unwrap();
    let flipped = format!("{}{rest}", "0".repeat(hash.len() + 1));
    let of_another = format!("{}.{}@norendo.example", other.split_once('.').unwrap().0, no.as_str());
    for forged in [flipped, of_another, format!(".{rest}"), rest.to_owned(), hash.to_owned(), String::new()] {
        let read = bounced(&shop, &report(POSTFIX, &forged, "failed", "5.1.1")).await.unwrap();
        assert_eq!(read, Read::Other, "{forged}");
    }
    assert_eq!(comes_back(&shop, customer).await, None);
});

on_both_databases!(what_is_no_report_is_left_alone(shop) {
    let (customer, _, id) = sent_one(&shop, "one").await;
    let answer = format!("From: hanako@example.jp\r\nIn-Reply-To: <{id}>\r\nSubject: Re\r\n\r\nAction: failed\r\n");
    let holiday = POSTFIX.replace("message/delivery-status", "text/plain").replace("THE_ID", &format!("<{id}>"));
    for other in [answer.as_bytes(), holiday.as_bytes(), b"", b"\0\xff\xfe", &[b'\n'; 4096]] {
        assert_eq!(bounced(&shop, other).await.unwrap(), Read::Other);
    }
    assert_eq!(comes_back(&shop, customer).await, None);
});

on_both_databases!(a_status_that_is_none_is_not_kept(shop) {
    for (no, wrong) in ["5.1", "5.1.1.1", "5..1", "x", "5.1.1000", ""].into_iter().enumerate() {
        let (_, mail, id) = sent_one(&shop, &format!("m{no}")).await;
        let read = bounced(&shop, &report(POSTFIX, &id, "failed", wrong)).await.unwrap();
        assert_eq!(read, Read::Returned { no: mail, status: None }, "{wrong}");
    }
});

proptest! {
    #[test]
    fn whatever_comes_as_a_mail_is_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512), at in 0..POSTFIX.len()) {
        let mut raw = POSTFIX.as_bytes()[..at].to_vec();
        raw.extend(&bytes);
        raw.extend(&POSTFIX.as_bytes()[at..]);
        parse(&raw);
        parse(&bytes);
    }
}
