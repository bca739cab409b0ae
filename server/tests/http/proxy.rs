//! Whose address counts when a proxy stands in front.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, REFERER, SET_COOKIE};
use noren_server::config::Flags;

use crate::account::code_for;
use crate::fixture::{Answer, TestApp, URL, form};

const PROXY: &str = "10.0.0.1:4711";

async fn behind_a_proxy() -> TestApp {
    TestApp::start_with(Flags { trusted_proxies: Some("10.0.0.0/8".into()), ..Flags::default() }).await
}

/// Sends a form over a connection from `peer` that says it speaks for `forwarded`.
async fn send(
    app: &TestApp,
    (peer, forwarded): (&str, &str),
    action: &str,
    cookies: &str,
    fields: &[(&str, &str)],
) -> Answer {
    let mut request = Request::post(action)
        .header(HOST, "shop.example")
        .header(ACCEPT, "text/html")
        .header("sec-fetch-site", "same-origin")
        .header(ORIGIN, URL)
        .header(REFERER, format!("{URL}/login"))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("x-forwarded-for", forwarded)
        .header(COOKIE, cookies)
        .body(Body::from(form(fields)))
        .unwrap();
    request.extensions_mut().insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
    app.send(request).await
}

async fn log_in(app: &TestApp, peer: &str, forwarded: &str, email: &str, password: &str) -> Answer {
    let fields = [("email", email), ("password", password), ("next", "")];
    send(app, (peer, forwarded), "/api/account/login", "", &fields).await
}

async fn hanako(app: &TestApp, peer: &str, forwarded: &str) -> Answer {
    log_in(app, peer, forwarded, "hanako@example.jp", "noren-demo-curtain").await
}

fn cookie(answer: &Answer) -> &str {
    answer.header(SET_COOKIE.as_str()).split(';').next().unwrap()
}

/// The security page of hanako, who signs in: it shows the network of each device.
async fn devices(app: &TestApp, peer: &str, forwarded: &str) -> String {
    let asked = hanako(app, peer, forwarded).await;
    let code = code_for(app, "hanako@example.jp").await;
    let fields = [("code", code.as_str()), ("next", "")];
    let entered = send(app, (peer, forwarded), "/api/account/confirm", cookie(&asked), &fields).await;
    let request = Request::get("/account/security").header(HOST, "shop.example").header(ACCEPT, "text/html");
    app.send(request.header(COOKIE, cookie(&entered)).body(Body::empty()).unwrap()).await.body
}

#[tokio::test]
async fn the_visitors_network_is_the_one_the_trusted_proxy_saw() {
    let app = behind_a_proxy().await;
    let page = devices(&app, PROXY, "192.0.2.1, 198.51.100.9").await;
    assert!(page.contains("198.51.100.0/24"), "{page}");
    assert!(!page.contains("192.0.2.0/24") && !page.contains("10.0.0.0/24"));
}

#[tokio::test]
async fn whoever_is_no_trusted_proxy_speaks_for_nobody() {
    for app in [behind_a_proxy().await, TestApp::start().await] {
        let page = devices(&app, "203.0.113.5:4711", "198.51.100.9").await;
        assert!(page.contains("203.0.113.0/24") && !page.contains("198.51.100.0/24"));
    }
}

#[tokio::test]
async fn one_visitor_behind_the_proxy_locks_nobody_out_but_themselves() {
    let app = behind_a_proxy().await;
    for no in 0..51 {
        // What the visitor writes in front changes with every try; what the proxy adds does not.
        let forged = format!("192.0.2.{no}, 198.51.100.9");
        log_in(&app, PROXY, &forged, &format!("nobody-{no}@example.jp"), "not the password").await;
    }
    assert_eq!(hanako(&app, PROXY, "198.51.100.9").await.header(LOCATION.as_str()), "/login");
    assert_eq!(hanako(&app, PROXY, "203.0.113.7").await.header(LOCATION.as_str()), "/login/confirm");
}
