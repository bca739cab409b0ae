//! Requests that no honest browser sends.

use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE, HOST, ORIGIN, REFERER};
use axum::http::{Request, StatusCode};

use crate::fixture::{TestApp, URL};

fn post(action: &str) -> axum::http::request::Builder {
    Request::builder()
        .method("POST")
        .uri(action)
        .header(HOST, "shop.example")
        .header(ACCEPT, "text/html")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
}

#[tokio::test]
async fn a_form_sent_from_another_site_is_refused() {
    let app = TestApp::start().await;
    for (name, value) in
        [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "http://evil.example")]
    {
        let request = post("/api/cart/add").header(name, value).body(Body::from("sku=TG-SGH-AI&quantity=1")).unwrap();
        let answer = app.send(request).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {value}");
        assert!(answer.header("set-cookie").is_empty(), "{name}: {value} changes nothing");
    }
}

#[tokio::test]
async fn a_body_larger_than_any_form_is_refused() {
    let app = TestApp::start().await;
    let request = post("/api/cart/add")
        .header(ORIGIN, URL)
        .header("sec-fetch-site", "same-origin")
        .header("content-length", "100000")
        .body(Body::from("x".repeat(100_000)))
        .unwrap();
    assert_eq!(app.send(request).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn bytes_that_are_no_text_are_answered_and_not_stumbled_over() {
    let app = TestApp::start().await;
    for action in ["/api/cart/add", "/api/account/login"] {
        let request = post(action)
            .header(ORIGIN, URL)
            .header("sec-fetch-site", "same-origin")
            .header(REFERER, format!("{URL}/cart"))
            .body(Body::from(&b"sku=%ff%fe&quantity=\xff\xfe&email=%80"[..]))
            .unwrap();
        let answer = app.send(request).await;
        assert!(!answer.status.is_success() || answer.body.is_empty(), "{action} does not take it: {}", answer.status);
        assert_ne!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{action}");
    }
    let mut browser = app.browser();
    for path in ["/search?q=%ff%fe", "/p/%ff", "/c/%ff%fe?page=%ff", "/en/search?q=%00"] {
        let status = browser.get(path).await.status;
        assert!(!status.is_server_error(), "{path}: {status}");
    }
}
