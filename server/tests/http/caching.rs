//! Which answers may be kept, and by whom.

use axum::http::StatusCode;

use crate::account::register;
use crate::factors::set_up;
use crate::fixture::TestApp;
use crate::shopper::{place, to_confirmation};

fn vary(answer: &crate::fixture::Answer) -> String {
    let lines: Vec<&str> = answer.headers.get_all("vary").iter().map(|line| line.to_str().unwrap()).collect();
    lines.join(", ").to_ascii_lowercase()
}

#[tokio::test]
async fn what_is_one_persons_alone_is_kept_nowhere() {
    let app = TestApp::start().await;
    let mut stranger = app.browser();
    for path in
        ["/cart", "/en/cart", "/login", "/register", "/account", "/orders/none", "/checkout/contact", "/api/cart/view"]
    {
        assert_eq!(stranger.get(path).await.header("cache-control"), "no-store", "{path}");
    }
    let sent = stranger.post("/login", "/api/account/login", &[("email", "x"), ("password", "y")]).await;
    assert_eq!(sent.header("cache-control"), "no-store");

    let mut owner = app.browser();
    register(&app, &mut owner, "hers@example.jp").await;
    let codes = set_up(&app, &mut owner, "").await;
    assert!(codes.body.contains("class=\"recovery-codes\""), "{}", codes.body);
    assert_eq!(codes.header("cache-control"), "no-store", "the recovery codes");
    let seen = to_confirmation(&mut owner, "", "cash").await;
    let by_link = place(&mut owner, "", &seen).await.location().to_owned();
    let orders = owner.get("/account/orders").await;
    let order = format!("/account/orders/{}", orders.between("/account/orders/", "\"").unwrap());
    for lang in ["", "/en"] {
        for path in [
            "/account",
            "/account/orders",
            &order,
            &by_link,
            "/account/addresses",
            "/account/mail",
            "/account/data",
            "/account/security",
            "/account/security/sign-ins",
            "/account/security/recovery",
        ] {
            let answer = owner.get(&format!("{lang}{path}")).await;
            assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"), "{lang}{path}");
        }
    }
}

#[tokio::test]
async fn a_page_is_asked_for_anew_and_says_that_it_depends_on_cookies() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    for path in ["/", "/en/c/tenugui", "/search?q=a", "/no-such-page"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.header("cache-control"), "private, no-cache", "{path}");
        assert!(vary(&answer).contains("cookie"), "{path}: {}", vary(&answer));
    }
}
