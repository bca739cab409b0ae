//! Which answers may be kept, and by whom.

use crate::fixture::TestApp;

fn vary(answer: &crate::fixture::Answer) -> String {
    let lines: Vec<&str> = answer.headers.get_all("vary").iter().map(|line| line.to_str().unwrap()).collect();
    lines.join(", ").to_ascii_lowercase()
}

#[tokio::test]
async fn what_is_one_persons_alone_is_kept_nowhere() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    for path in
        ["/cart", "/en/cart", "/login", "/register", "/account", "/orders/none", "/checkout/contact", "/api/cart/view"]
    {
        assert_eq!(browser.get(path).await.header("cache-control"), "no-store", "{path}");
    }
    let sent = browser.post("/login", "/api/account/login", &[("email", "x"), ("password", "y")]).await;
    assert_eq!(sent.header("cache-control"), "no-store");
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
