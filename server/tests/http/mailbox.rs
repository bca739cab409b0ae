//! `/dev/mailbox`: the mails of a shop in development.

use axum::http::StatusCode;

use crate::fixture::TestApp;
use crate::shopper::{EMAIL, place, to_confirmation};

#[tokio::test]
async fn the_confirmation_mail_can_be_read_as_text_and_html_and_its_link_opens_the_order() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    assert!(browser.get("/dev/mailbox").await.body.contains("No mail yet"));
    // The sample's notice is told by mail as well; the order's mail is the newer one.
    app.mails_to(EMAIL).await;
    let seen = to_confirmation(&mut browser, "", "cash").await;
    let order = place(&mut browser, "", &seen).await.location().to_owned();
    app.mails_to(EMAIL).await;
    let list = browser.get("/dev/mailbox").await;
    assert!(list.body.contains(EMAIL) && list.body.contains("ご注文ありがとうございます"));
    let mail = list.between("/dev/mailbox/", "\"").unwrap().to_owned();
    let page = browser.get(&format!("/dev/mailbox/{mail}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains(&format!("href=\"{}{order}\"", crate::fixture::URL)), "the way to the order");
    assert!(page.body.contains("<iframe sandbox") && page.body.contains("手ぬぐい 青海波"));
}

#[tokio::test]
async fn the_mailbox_shows_mails_and_no_other_file() {
    let app = TestApp::start().await;
    std::fs::write(app.shop.mailbox_dir().join("note.txt"), "secret note").unwrap();
    for name in [
        "..%2Fnoren.sqlite",
        "..%2Fkeys%2Fshop.key",
        "%2Fetc%2Fpasswd",
        "note.txt",
        "none.eml",
        "%ff.eml",
        "..%5Ckeys",
        ".",
    ] {
        let answer = app.browser().get(&format!("/dev/mailbox/{name}")).await;
        assert!(answer.status.is_client_error(), "{name}: {}", answer.status);
        assert!(answer.body.contains("<h1>") && !answer.body.contains("secret note"), "{name}");
    }
}

#[tokio::test]
async fn what_a_stranger_wrote_into_a_mail_stays_text() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    crate::shopper::add(&mut browser, "1").await;
    let fields = crate::shopper::address(&[("name", "<script>alert(1)</script>\"'&")]);
    browser.post("/checkout/contact", "/api/checkout/save-contact", &fields).await;
    browser.post("/checkout/delivery", "/api/checkout/save-delivery", &[("method", "parcel")]).await;
    let seen = crate::shopper::choose(&mut browser, "", "cash").await;
    let answer = place(&mut browser, "", &seen).await;
    let order = browser.follow(answer).await;
    assert!(order.status == StatusCode::OK && !order.body.contains("<script>alert"));
    app.mails_to(EMAIL).await;
    let list = browser.get("/dev/mailbox").await;
    let mail = list.between("/dev/mailbox/", "\"").unwrap().to_owned();
    let page = browser.get(&format!("/dev/mailbox/{mail}")).await;
    assert!(page.status == StatusCode::OK && !page.body.contains("<script>alert"));
}
