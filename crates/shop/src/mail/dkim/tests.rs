//! Our signatures before the eyes of a verifier that is not ours: mail-auth, which Stalwart's mail server uses.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Instant;

use mail_auth::common::parse::TxtRecordParser;
use mail_auth::common::verify::DomainKey;
use mail_auth::hickory_resolver::config::{ResolverConfig, ResolverOpts};
use mail_auth::{AuthenticatedMessage, DkimResult, MX, MessageAuthenticator, Parameters, ResolverCache, Txt};
use noren_domain::newsletter::Issue;
use noren_domain::{Lang, Text};

use super::*;
use crate::account::testing::customer;
use crate::mail::account::AccountMail;
use crate::mail::smtp::Security;
use crate::mail::{Letter, Mail, NewsletterMail, Outgoing, Part, message};
use crate::testing::mail_server::MailServer;
use crate::testing::{self, TestShop};
use crate::vault::Plain;
use crate::{execute, fetch_one, newsletter, outbox};

/// Keys of nobody, made for these tests alone.
const RSA: &[u8] = include_bytes!("test-rsa.pem");
const ED25519: &[u8] = include_bytes!("test-ed25519.pem");
/// Their public halves, as they would stand in the DNS.
const RSA_RECORD: &str = "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvmJTpp/whHA/DzMJZ6iEQ1/ui8P4dn3qk2eASXUnnjA0b5UMby/gQRe7htIajBnbyCtzAnm7zJ9P93dla3QVqyQZjLyb1TNXDtWFFhWstbWVzL/tpkfek3FWweDlhdm8fbxUp/2sSUuYvlFYGdJO6oMLKJZO/+r2jezG9KoHaL8YIrxY3rCXAiyybu+GvJ+v0aKdyX9OTnnMTLi128M9tHXbU8zlpkHGu5X1R2s5ZqsJM5ZNK8SzFsM/5Fp3zrdEqEkADVoZ3bPr5aRmoQ/NkUWl8QGvjR5ih4VtKXD251yZlgPe8VTIRCfEIqZuTtU16a4p+sdZCkCeJjLJANX9NwIDAQAB";
const ED25519_RECORD: &str = "v=DKIM1; k=ed25519; p=cVFrrH5e0euhgvqh0qFh0KCze28ok4jTnWBzvjfMDG4=";

/// A DNS that knows what it was told, and asks nobody.
struct Dns<K, V>(HashMap<K, V>);

impl<K: Hash + Eq, V: Clone> ResolverCache<K, V> for Dns<K, V> {
    fn get<Q>(&self, name: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.get(name).cloned()
    }

    fn remove<Q>(&self, _: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _: K, _: V, _: Instant) {}
}

/// Whether each signature of `mail` holds, for a domain whose record is `record`.
async fn holds(mail: &[u8], record: &str) -> bool {
    let key = Txt::DomainKey(Arc::new(DomainKey::parse(record.as_bytes()).unwrap()));
    let name: Box<str> = "noren._domainkey.shop.example.".into();
    let txt = Dns(HashMap::from([(name, key)]));
    let (mx, ptr) = (Dns::<Box<str>, Arc<[MX]>>(HashMap::new()), Dns::<IpAddr, Arc<[Box<str>]>>(HashMap::new()));
    let ipv4 = Dns::<Box<str>, Arc<[Ipv4Addr]>>(HashMap::new());
    let ipv6 = Dns::<Box<str>, Arc<[Ipv6Addr]>>(HashMap::new());
    let message = AuthenticatedMessage::parse(mail).unwrap();
    let asked = Parameters {
        params: &message,
        cache_txt: Some(&txt),
        cache_mx: Some(&mx),
        cache_ptr: Some(&ptr),
        cache_ipv4: Some(&ipv4),
        cache_ipv6: Some(&ipv6),
    };
    let verifier = MessageAuthenticator::new(ResolverConfig::default(), ResolverOpts::default()).unwrap();
    let found = verifier.verify_dkim(asked).await;
    !found.is_empty() && found.iter().all(|found| found.result() == &DkimResult::Pass)
}

fn letter(subject: &str, text: &str) -> Letter {
    Letter {
        to: Plain::new("hanako@example.jp".to_owned()),
        lang: Lang::Ja,
        subject: subject.to_owned(),
        parts: vec![Part::Text(text.to_owned())],
        phrase: None,
        ledger: None,
    }
}

/// A mail of the newsletter, which has the most headers, and its bytes as they leave.
fn signed(shop: &TestShop, pem: &[u8], letter: &Letter) -> String {
    let issue = NewsletterMail::Issue { customer: uuid::Uuid::from_u128(1), issue: "2026-12".to_owned() };
    let message = message(shop, "k", None, &Mail::Newsletter(issue), letter).unwrap();
    let outgoing = Outgoing::new(None, None, Some(Signer::new("noren", pem).unwrap()));
    String::from_utf8(outgoing.signed(message, shop.now())).unwrap()
}

#[tokio::test]
async fn a_verifier_that_is_not_ours_takes_our_signatures_and_no_changed_mail() {
    let shop = testing::sqlite().await;
    let letter = letter(
        "冬のお便り（新作と、折り返すほど長い件名のために書き足した言葉）",
        "手ぬぐい  と 茶  \n.\n\n点で始まる行。\n\n",
    );
    for (pem, record, other) in [(RSA, RSA_RECORD, ED25519_RECORD), (ED25519, ED25519_RECORD, RSA_RECORD)] {
        let mail = signed(&shop, pem, &letter);
        assert!(mail.starts_with("DKIM-Signature: v=1; a="), "{mail}");
        assert!(mail.lines().all(|line| line.len() <= 998), "RFC 5322 2.1.1");
        assert!(holds(mail.as_bytes(), record).await, "{mail}");
        assert!(!holds(mail.as_bytes(), other).await);
        let (head, body) = mail.split_once("\r\n\r\n").unwrap();
        for changed in [
            mail.replace("hanako@example.jp", "taro@example.jp"),
            mail.replace("List-Unsubscribe-Post: ", "List-Unsubscribe-Post: x"),
            format!("{head}\r\nSubject: another one\r\n\r\n{body}"),
            format!("{head}\r\nReply-To: thief@example.com\r\n\r\n{body}"),
            format!("{head}\r\n\r\n{body}more\r\n"),
        ] {
            assert_ne!(changed, mail);
            assert!(!holds(changed.as_bytes(), record).await, "{changed}");
        }
        // What servers on the way do to white space is no change.
        assert!(holds(format!("{head}\r\n\r\n{}\r\n\r\n", body.trim_end()).as_bytes(), record).await);
    }
}

/// In Japanese, and in English, of which the lines leave as they are.
#[tokio::test]
async fn a_signature_holds_on_what_a_mail_server_has_kept() {
    let text = Text::new(
        "手ぬぐい。\n\n.点で始まる行。\n\n.\n\n茶碗。",
        "Cloths (手ぬぐい), woven and dyed by hand.\n\n.A line that begins with a dot.\n\n.\n\nBowls, and more.",
    );
    for (pem, record) in [(RSA, RSA_RECORD), (ED25519, ED25519_RECORD)] {
        let shop = testing::sqlite().await;
        let server = MailServer::start(Security::Tls).await;
        let outgoing = Outgoing::new(Some(server.relay()), None, Some(Signer::new("noren", pem).unwrap()));
        let sending = (*shop).clone().sending(outgoing);
        let reader = customer(&shop, "hanako@example.jp").await;
        newsletter::ask(&shop, reader, Lang::Ja).await.unwrap();
        let sql = "SELECT id FROM newsletter_consent";
        let (asked,) = fetch_one!(shop.db.read().await.unwrap(), (uuid::Uuid,), sql).await.unwrap();
        assert!(newsletter::confirm(&shop, &newsletter::confirm_token(&shop, asked), Lang::Ja).await.unwrap());
        outbox::run_due(&sending).await.unwrap();
        for lang in [Lang::Ja, Lang::En] {
            let mut tx = shop.db.write().await.unwrap();
            execute!(tx, "UPDATE customer SET lang = $1", lang.tag()).await.unwrap();
            tx.commit().await.unwrap();
            let subject = Text::new("冬のお便り", "News of 暖簾堂");
            let issue = Issue { name: format!("2026-12-{}", lang.tag()), subject, text: text.clone() };
            assert_eq!(newsletter::send(&shop, &issue).await.unwrap(), 1);
            assert_eq!(outbox::run_due(&sending).await.unwrap(), 1);
        }
        let kept = server.kept();
        assert_eq!(kept.len(), 3, "the question, and an issue in either language");
        for mail in &kept {
            assert!(
                mail.raw.starts_with("DKIM-Signature: ") && holds(mail.raw.as_bytes(), record).await,
                "{}",
                mail.raw
            );
        }
        for line in ["\r\n.A line that begins with a dot.\r\n", "\r\n.\r\n"] {
            assert!(kept[2].raw.contains(line), "{}", kept[2].raw);
        }
        let read = crate::mail::mailbox::parse("x", &kept[1].raw);
        assert!(read.text.contains("\n.点で始まる行。"), "{}", read.text);
    }
}

#[tokio::test]
async fn nothing_that_somebody_typed_becomes_a_header_or_a_second_reader() {
    let shop = testing::sqlite().await;
    let evil = letter("件名\r\nBcc: thief@example.com\n\r\n<script>", "本文\r\n.\r\nMAIL FROM:<x@example.com>");
    let mail = signed(&shop, ED25519, &evil);
    let (head, _) = mail.split_once("\r\n\r\n").unwrap();
    assert!(!head.lines().any(|line| line.to_ascii_lowercase().starts_with("bcc")), "{head}");
    assert!(!mail.replace("\r\n", "").contains(['\r', '\n']), "every line ends as lines of mails do");
    let mail = Mail::Account(AccountMail::AlreadyRegistered { customer: uuid::Uuid::nil() });
    for address in [
        "a@example.jp\r\nBcc: b@example.jp",
        "a@example.jp>,<b@example.jp",
        "a@example.jp, b@example.jp",
        "a b@example.jp",
    ] {
        let letter = Letter { to: Plain::new(address.to_owned()), ..letter("x", "y") };
        assert!(message(&shop, "k", None, &mail, &letter).is_err(), "{address}");
    }
}

#[test]
fn what_is_shown_of_a_signer_holds_no_key() {
    assert_eq!(format!("{:?}", Signer::new("noren", ED25519).unwrap()), "Signer(noren, ed25519-sha256)");
    assert_eq!(Signer::new("noren", RSA).unwrap().algorithm(), "rsa-sha256");
}

/// The examples of RFC 6376, 3.4.5.
#[test]
fn headers_and_body_are_relaxed_as_the_rfc_shows() {
    let head = "A: X\r\nB : Y\t\r\n\tZ  \r\n";
    assert_eq!(fields(head), [("a".to_owned(), "X".to_owned()), ("b".to_owned(), "Y Z".to_owned())]);
    assert_eq!(relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n"), b" C\r\nD E\r\n");
    assert_eq!(relaxed_body(b""), b"");
    assert_eq!(relaxed_body(b"\r\n\r\n"), b"");
    assert_eq!(relaxed_body(b"a\r\n\r\nb"), b"a\r\n\r\nb\r\n");
}

#[test]
fn a_key_or_selector_that_cannot_be_used_is_refused_with_its_remedy() {
    assert_eq!(Signer::new("s", b"nonsense").unwrap_err(), DkimError::Pem);
    let broken = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    assert_eq!(Signer::new("s", broken).unwrap_err(), DkimError::Key);
    for selector in ["", "a b", "a..b", "-a", "a;d=evil.example"] {
        assert_eq!(Signer::new(selector, broken).unwrap_err(), DkimError::Selector, "{selector}");
    }
}
