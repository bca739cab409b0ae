//! What every page carries: language, title, security headers.

use axum::http::StatusCode;

use crate::fixture::TestApp;

/// Pages that anybody can open without having done anything before.
const OPEN_PAGES: [&str; 11] = [
    "/",
    "/search?q=%E6%89%8B%E3%81%AC%E3%81%90%E3%81%84",
    "/cart",
    "/register",
    "/login",
    "/security",
    "/help",
    "/legal/commerce",
    "/legal/privacy",
    "/legal/terms",
    "/c/tenugui",
];

fn english(path: &str) -> String {
    if path == "/" { "/en".to_owned() } else { format!("/en{path}") }
}

#[tokio::test]
async fn every_open_page_has_its_language_one_heading_and_a_title_in_both_languages() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    for path in OPEN_PAGES {
        for (path, tag) in [(path.to_owned(), "ja"), (english(path), "en")] {
            let answer = browser.get(&path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            assert!(answer.body.contains(&format!("<html lang=\"{tag}\"")), "{path} says its language");
            assert_eq!(answer.body.matches("<h1").count(), 1, "{path} has one h1");
            assert!(
                answer.between("<title>", "</title>").is_some_and(|title| !title.trim().is_empty()),
                "{path} has a title"
            );
        }
    }
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    for path in ["/", "/en/cart", "/no-such-page", "/favicon.svg", "/pkg/none.js", "/media/none-400.avif"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{path}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(!answer.header("permissions-policy").is_empty(), "{path}");
    }
}

#[tokio::test]
async fn a_page_runs_only_scripts_with_the_nonce_of_this_answer_and_has_nothing_inline() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let (first, second) = (browser.get("/").await, browser.get("/").await);
    let nonce = |policy: &str| {
        policy.split_once("'nonce-").and_then(|(_, rest)| rest.split_once('\'')).map(|(n, _)| n.to_owned())
    };
    let ours = nonce(first.header("content-security-policy")).unwrap();
    assert_ne!(Some(&ours), nonce(second.header("content-security-policy")).as_ref(), "a nonce is used once");
    assert!(!first.header("content-security-policy").contains("unsafe-inline"));
    for path in OPEN_PAGES {
        let answer = browser.get(path).await;
        let nonce = nonce(answer.header("content-security-policy")).unwrap();
        for script in answer.body.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap();
            assert!(
                tag.contains(&nonce) || tag.contains("application/ld+json"),
                "{path}: <script{tag}> carries the nonce"
            );
        }
        assert!(!answer.body.contains(" style=\""), "{path} has no inline style");
        assert!(
            !answer.body.contains(" onclick=") && !answer.body.contains(" onload="),
            "{path} has no inline handler"
        );
    }
}

#[tokio::test]
async fn an_unknown_address_is_a_404_in_the_language_of_the_page() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    for (path, words) in [
        ("/no-such-page", "ページが見つかりません"),
        ("/en/no-such-page", "Page not found"),
        ("/p/no-such-product", "ページが見つかりません"),
        ("/en/p/no-such-product", "Page not found"),
        ("/c/no-such-category", "ページが見つかりません"),
        ("/p/%E6%9A%96%E7%B0%BE", "ページが見つかりません"),
        ("/orders/no-such-token", "ページが見つかりません"),
        ("/en/orders/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "Page not found"),
        ("/security/notices/none", "この番号のお知らせは、当店のものではありません"),
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.body.contains(words), "{path}");
        assert!(answer.body.contains("noindex"), "{path}");
    }
}
