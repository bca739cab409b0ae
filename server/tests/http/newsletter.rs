//! `/newsletter/one-click/…`, the address in the header `List-Unsubscribe`, for a reader of English.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};

use crate::account::register;
use crate::fixture::TestApp;

const EMAIL: &str = "jane@example.com";

/// The token behind the newest link in the mails that leads to `way`.
async fn token(app: &TestApp, way: &str) -> String {
    let mails = app.mails_to(EMAIL).await;
    let found = mails.iter().rev().find_map(|mail| mail.split(way).nth(1)).unwrap();
    found.split_whitespace().next().unwrap().to_owned()
}

#[tokio::test]
async fn one_press_is_written_down_and_its_page_shown_in_the_readers_language() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, EMAIL).await;
    let mut tx = app.shop.db.write().await.unwrap();
    noren_shop::execute!(tx, "UPDATE customer SET lang = 'en'").await.unwrap();
    tx.commit().await.unwrap();
    browser.post("/en/account/mail", "/api/mail/ask-newsletter", &[]).await;
    let confirm = token(&app, "/en/newsletter/confirm/").await;
    let way = format!("/en/newsletter/confirm/{confirm}");
    browser.post(&way, "/api/newsletter/confirm", &[("token", &confirm)]).await;
    let issue = noren_domain::newsletter::Issue {
        name: "2026-12".to_owned(),
        subject: noren_domain::Text::new("冬の新作", "New"),
        text: noren_domain::Text::new("手ぬぐい。", "Cloth."),
    };
    assert_eq!(noren_shop::newsletter::send(&app.shop, &issue).await.unwrap(), 1);
    let leave = token(&app, "/en/newsletter/leave/").await;
    let one_click = format!("/newsletter/one-click/{leave}");
    let opened = app.send(Request::get(&one_click).body(Body::empty()).unwrap()).await;
    assert!(opened.status.is_redirection());
    assert_eq!(opened.location(), format!("/en/newsletter/leave/{leave}"));
    let unknown = format!("/newsletter/one-click/{}", "A".repeat(43));
    let opened = app.send(Request::get(&unknown).body(Body::empty()).unwrap()).await;
    assert!(opened.location().starts_with("/newsletter/leave/"), "the page says that the link is nobody's");
    let press = Request::builder()
        .method(Method::POST)
        .uri(&one_click)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from("List-Unsubscribe=One-Click"))
        .unwrap();
    assert_eq!(app.send(press).await.status, StatusCode::OK);
    let sql = "SELECT lang, source FROM newsletter_consent WHERE act = 'withdrawn'";
    let mut conn = app.shop.db.read().await.unwrap();
    let (lang, source) = noren_shop::fetch_one!(conn, (String, String), sql).await.unwrap();
    assert_eq!((lang.as_str(), source.as_str()), ("en", "one_click"));
}
