//! How long what a browser keeps is good for.

use axum::http::header::SET_COOKIE;

use crate::fixture::{Answer, TestApp};

const MINUTE: i64 = 60_000;

fn sets(answer: &Answer, cookie: &str) -> bool {
    answer.headers.get_all(SET_COOKIE).iter().any(|line| line.to_str().unwrap().starts_with(&format!("{cookie}=")))
}

#[tokio::test]
async fn what_was_typed_into_a_refused_form_waits_five_minutes_and_no_longer() {
    let app = TestApp::start().await;
    for (minutes, there) in [(4, true), (5, false)] {
        let mut browser = app.browser();
        browser.post("/register", "/api/account/register", &[("email", "half an address"), ("password", "")]).await;
        app.shop.clock.advance(minutes * MINUTE);
        let page = browser.get("/register").await;
        assert_eq!(page.body.contains("value=\"half an address\""), there, "after {minutes} minutes");
    }
}

#[tokio::test]
async fn a_session_that_is_used_gets_its_full_time_again() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    crate::account::log_in(&mut browser, "hanako@example.jp", "noren-demo-curtain", "").await;
    assert!(!sets(&browser.get("/account").await, "noren-session"), "it was given a moment ago");
    app.shop.clock.advance(6 * MINUTE);
    assert!(sets(&browser.get("/account").await, "noren-session"));
}
