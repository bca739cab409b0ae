//! `/orders/{token}` and `/account/orders/{no}`: whose order it is, and nobody else's.

use axum::http::StatusCode;

use crate::account::{log_in, register};
use crate::fixture::{Answer, TestApp};
use crate::shopper::{place, to_confirmation};

/// A page without what differs from answer to answer: the nonce, the name that was asked for, and the
/// order in which its data happened to be ready.
fn comparable(answer: &Answer, asked: &str) -> Vec<String> {
    let policy = answer.header("content-security-policy");
    let nonce = policy.split_once("'nonce-").map_or("-", |(_, rest)| rest.split('\'').next().unwrap());
    let body = answer.body.replace(nonce, "NONCE").replace(asked, "ASKED");
    let pending = answer.between("__PENDING_RESOURCES=[", "]").unwrap_or_default();
    let mut parts: Vec<String> = body.replace(pending, "PENDING").split(['<', ';']).map(str::to_owned).collect();
    parts.sort_unstable();
    parts
}

#[tokio::test]
async fn a_token_opens_the_page_in_any_browser_and_a_wrong_one_opens_nothing() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let seen = to_confirmation(&mut browser, "", "cash").await;
    let location = place(&mut browser, "", &seen).await.location().to_owned();
    let token = location.strip_prefix("/orders/").unwrap();
    for lang in ["", "/en"] {
        let page = app.browser().get(&format!("{lang}/orders/{token}")).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("森 杏子") && page.body.contains("noindex"));
        let (head, tail) = token.split_at(20);
        let off = if tail.starts_with('A') { 'B' } else { 'A' };
        let near = format!("{head}{off}{}", &tail[1..]);
        let unknown = "A".repeat(43);
        let mut answers = Vec::new();
        for wrong in [near.as_str(), &unknown, &token[1..], "x"] {
            let answer = app.browser().get(&format!("{lang}/orders/{wrong}")).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{wrong}");
            answers.push(comparable(&answer, wrong));
        }
        assert_eq!(answers[0], answers[1], "a near miss looks like any miss");
    }
}

#[tokio::test]
async fn the_token_travels_in_no_address_when_the_wasm_asks() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let seen = to_confirmation(&mut browser, "", "cash").await;
    let location = place(&mut browser, "", &seen).await.location().to_owned();
    let token = location.strip_prefix("/orders/").unwrap();
    let answer = browser.call(&location, "/api/order/view", &[("token", token)]).await;
    assert!(answer.status == StatusCode::OK && answer.body.contains("\"no\":\"N-"), "{}", answer.status);
    let by_address = browser.get(&format!("/api/order/view?token={token}")).await;
    assert!(by_address.status.is_client_error() && !by_address.body.contains("N-"), "{}", by_address.status);
    let misses = ["A".repeat(43), "x".to_owned()];
    for wrong in &misses {
        let answer = browser.call(&location, "/api/order/view", &[("token", wrong)]).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "null"));
    }
}

#[tokio::test]
async fn the_page_leads_on_and_its_own_customer_is_no_stranger_among_the_readers() {
    let app = TestApp::start().await;
    let (mut hers, mut his) = (app.browser(), app.browser());
    register(&app, &mut hers, "hers@example.jp").await;
    register(&app, &mut his, "his@example.jp").await;
    let seen = to_confirmation(&mut hers, "", "cash").await;
    let location = place(&mut hers, "", &seen).await.location().to_owned();
    let stranger = "ログインしていない方";
    let page = hers.get(&location).await;
    assert!(page.body.contains("お買い物を続ける") && page.body.contains("ご注文の履歴を見る"), "{}", page.body);
    assert!(!page.body.contains("確認メールに記載のリンク"), "she has a list of her orders");
    let security = hers.get("/account/security").await;
    assert!(
        security.body.contains("ご注文内容の表示") && !security.body.contains(stranger),
        "she looked at it herself"
    );
    for browser in [&mut app.browser(), &mut his] {
        let page = browser.get(&location).await;
        assert!(
            page.body.contains("お買い物を続ける") && page.body.contains("確認メールに記載のリンク"),
            "{}",
            page.body
        );
        assert!(!page.body.contains("ご注文の履歴を見る"), "it is in no list of theirs");
    }
    assert!(hers.get("/account/security").await.body.contains(stranger), "they had the link");
}

#[tokio::test]
async fn somebody_elses_order_is_as_unknown_as_one_that_never_was() {
    let app = TestApp::start().await;
    let (mut hers, mut his) = (app.browser(), app.browser());
    register(&app, &mut hers, "hers@example.jp").await;
    register(&app, &mut his, "his@example.jp").await;
    let seen = to_confirmation(&mut hers, "", "cash").await;
    place(&mut hers, "", &seen).await;
    let mine = hers.get("/account/orders").await;
    let no = mine.between("/account/orders/", "\"").unwrap().to_owned();
    let page = hers.get(&format!("/account/orders/{no}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains(&no));
    for lang in ["", "/en"] {
        let foreign = his.get(&format!("{lang}/account/orders/{no}")).await;
        let unknown = his.get(&format!("{lang}/account/orders/N-2222-2222")).await;
        assert_eq!((foreign.status, unknown.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
        assert_eq!(comparable(&foreign, &no), comparable(&unknown, "N-2222-2222"));
    }
    let stranger = app.browser().get(&format!("/account/orders/{no}")).await;
    assert!(stranger.location().starts_with("/login?next="));
    let answer = log_in(&mut his, "his@example.jp", "not the password", "").await;
    assert!(answer.location().ends_with("/login"));
}

#[tokio::test]
async fn a_cart_of_somebody_else_cannot_be_named() {
    let app = TestApp::start().await;
    let mut owner = app.browser();
    crate::shopper::add(&mut owner, "2").await;
    let token = owner.cookie("noren-cart").unwrap().to_owned();
    let mut guesser = app.browser();
    let mut near = token.clone();
    near.replace_range(5..6, if &token[5..6] == "A" { "B" } else { "A" });
    guesser.set_cookie("noren-cart", &near);
    for action in ["set", "remove"] {
        guesser
            .post(
                "/cart",
                &format!("/api/cart/{action}"),
                &[("sku", crate::shopper::SKU), ("quantity", "9"), ("cart", &token)],
            )
            .await;
    }
    assert!(owner.get("/cart").await.body.contains("value=\"2\""), "what the owner put in is as it was");
}
