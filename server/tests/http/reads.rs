//! Who read a customer's data, as `/account/security` and the mails about orders tell it.

use axum::http::StatusCode;
use noren_ledger::leaf::{Deed, Kind, Outcome, Purpose};
use noren_ledger::proof::{LeafProof, SubjectProof};

use crate::account::register;
use crate::fixture::TestApp;
use crate::shopper;

/// What stands between `before` and the next `after`, with the entities of HTML read.
fn cut(page: &str, before: &str, after: &str) -> String {
    let rest = page.split_once(before).unwrap_or_else(|| panic!("{before} in {page}")).1;
    let text = rest.split_once(after).unwrap().0;
    text.replace("&#x27;", "'").replace("&#39;", "'").replace("&quot;", "\"").replace("&amp;", "&")
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        if *first == b'%' {
            bytes.push(u8::from_str_radix(std::str::from_utf8(&rest[..2]).unwrap(), 16).unwrap());
            rest = &rest[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_customer_sees_who_read_their_data_and_takes_the_proof_along() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "mori@example.jp").await;
    app.mails_to("mori@example.jp").await;
    browser.get("/account").await;
    for (lang, heading, shown) in
        [("", "お客様の情報を読んだ人", "アカウントの表示"), ("/en", "Who read my data", "To show your account")]
    {
        let page = browser.get(&format!("{lang}/account/security")).await.body;
        assert!(page.contains(heading) && page.contains(shown), "{page}");
        let proof = percent_decoded(&cut(&page, "href=\"data:text/plain;charset=utf-8,", "\""));
        let command = cut(&page, "<code>", "</code>");
        let word = |after: &str| command.split_once(after).unwrap().1.split([' ', '\'']).next().unwrap().to_owned();
        let (tag, key) = (word("--tag ").parse().unwrap(), [word("--key '").parse().unwrap()]);
        let proof: LeafProof = proof.parse().unwrap();
        let proven = SubjectProof::verify(&proof, tag, &key).unwrap();
        let told = |kind, purpose| {
            let is = |deed: &Deed| (deed.kind, deed.purpose, deed.outcome) == (kind, purpose, Outcome::Granted);
            proven.leaves.iter().filter(|(_, deed)| is(deed)).count()
        };
        assert_eq!(told(Kind::Seal, None), 1, "the address, once");
        assert_eq!(told(Kind::Open, Some(Purpose::Mail)), 1, "the mail with the code");
        assert!(told(Kind::Open, Some(Purpose::SelfView)) >= 1, "the account page");
        assert!(told(Kind::Prove, None) >= 1, "this very list");
    }
    app.stop_vault();
    let page = browser.get("/account/security").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("ただいま台帳を表示できません"), "the rest of the page is shown");
}

#[tokio::test]
async fn a_mail_about_an_order_says_where_the_ledger_stands() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let seen = shopper::to_confirmation(&mut browser, "", "transfer").await;
    shopper::place(&mut browser, "", &seen).await;
    let mail = app.mails_to(shopper::EMAIL).await.remove(0);
    let (_, ledger) = mail.split_once("shop.example/reads ").unwrap_or_else(|| panic!("{mail}"));
    let (size, root) = ledger.split_once(':').unwrap();
    assert!(
        size.parse::<u64>().unwrap() > 0 && root.starts_with(|c: char| c.is_ascii_alphanumeric() || "+/".contains(c))
    );
}
