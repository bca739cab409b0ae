//! What every page carries: language, title, security headers.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::account::register;
use crate::fixture::{Answer, TestApp};

/// Pages that anybody can open without having done anything before.
const OPEN_PAGES: [&str; 13] = [
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
    "/mails/check",
    "/newsletter/left",
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

/// The policy of every page, but for its scripts.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
                      manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// A policy without its scripts, and where those may come from besides what this answer names itself.
fn taken_apart(policy: &str) -> (String, Vec<&str>) {
    let (scripts, rest): (Vec<&str>, Vec<&str>) = policy.split("; ").partition(|one| one.starts_with("script-src "));
    let sources = scripts.into_iter().flat_map(|one| one.split(' ').skip(1));
    let elsewhere = sources.filter(|from| !from.starts_with("'nonce-") && !from.starts_with("'sha256-"));
    (rest.join("; "), elsewhere.collect())
}

#[tokio::test]
async fn no_page_loads_anything_from_another_host_or_sends_anything_there() {
    let app = TestApp::start().await;
    let (mut stranger, mut owner) = (app.browser(), app.browser());
    register(&app, &mut owner, "mori@example.jp").await;
    let mut answers = Vec::new();
    for path in OPEN_PAGES {
        answers.push((path, stranger.get(path).await));
    }
    for path in ["/", "/en/cart", "/account", "/account/data", "/en/account/security"] {
        answers.push((path, owner.get(path).await));
    }
    for (path, answer) in answers {
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let (rest, scripts) = taken_apart(answer.header("content-security-policy"));
        assert_eq!(rest, POLICY, "{path}");
        assert_eq!(scripts, ["'self'", "'wasm-unsafe-eval'"], "{path}");
    }
    // What a page is made of loads nothing further but its own styles and pictures.
    let policy = stranger.get("/favicon.svg").await.header("content-security-policy").to_owned();
    for directive in policy.split("; ") {
        let mut sources = directive.split(' ').skip(1);
        assert!(sources.all(|from| ["'none'", "'self'", "data:"].contains(&from)), "{policy}");
    }
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    let policy = stranger.get("/robots.txt").await.header("content-security-policy").to_owned();
    assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'");
}

/// The inline scripts of a page: attributes and text.
fn inline_scripts(html: &str) -> impl Iterator<Item = (&str, &str)> {
    html.split("<script").skip(1).filter_map(|rest| {
        let (tag, text) = rest.split_once('>')?;
        let runs = !tag.contains("application/ld+json") && !tag.contains(" src=");
        runs.then(|| (tag, text.split("</script>").next().unwrap_or_default()))
    })
}

fn nonce(answer: &Answer) -> Option<&str> {
    answer.header("content-security-policy").split_once("'nonce-").and_then(|(_, rest)| rest.split('\'').next())
}

#[tokio::test]
async fn a_page_for_everybody_runs_exactly_the_scripts_whose_hashes_its_policy_names() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    for path in OPEN_PAGES
        .into_iter()
        .filter(|path| !matches!(*path, "/cart" | "/register" | "/login" | "/mails/check" | "/newsletter/left"))
    {
        let answer = browser.get(path).await;
        let policy = answer.header("content-security-policy").to_owned();
        assert_eq!(nonce(&answer), None, "{path}: a nonce is for one answer");
        let mut scripts = 0;
        for (_, text) in inline_scripts(&answer.body) {
            let hash = STANDARD.encode(Sha256::digest(text));
            assert!(policy.contains(&format!("'sha256-{hash}'")), "{path}: the policy names the script {text}");
            scripts += 1;
        }
        assert!(scripts > 0, "{path} wakes up by a script");
        assert!(!answer.body.contains("nonce"), "{path}");
    }
}

#[tokio::test]
async fn a_page_of_ones_own_runs_only_scripts_with_the_nonce_of_this_answer() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    browser.post("/", "/api/cart/add", &[("sku", "TG-SGH-AI"), ("quantity", "1")]).await;
    let (first, second) = (browser.get("/").await, browser.get("/").await);
    assert!(nonce(&first).is_some());
    assert_ne!(nonce(&first), nonce(&second), "a nonce is used once");
    for path in OPEN_PAGES {
        let answer = browser.get(path).await;
        let nonce = nonce(&answer).unwrap();
        for (tag, _) in inline_scripts(&answer.body) {
            assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{path}: <script{tag}> carries the nonce");
        }
    }
}

#[tokio::test]
async fn no_page_has_anything_inline() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    for path in OPEN_PAGES {
        let answer = browser.get(path).await;
        assert!(!answer.header("content-security-policy").contains("unsafe-inline"), "{path}");
        assert!(!answer.body.contains(" style=\""), "{path} has no inline style");
        assert!(
            !answer.body.contains(" onclick=") && !answer.body.contains(" onload="),
            "{path} has no inline handler"
        );
    }
}

#[tokio::test]
async fn a_visitor_without_a_cart_gets_the_page_that_all_get_and_a_buyer_gets_their_own() {
    let app = TestApp::start().await;
    let (first, second) =
        (app.browser().get("/p/tenugui-seigaiha").await, app.browser().get("/p/tenugui-seigaiha").await);
    assert_eq!(first.status, StatusCode::OK);
    assert!(!first.header("etag").is_empty());
    assert_eq!((first.header("etag"), &first.body), (second.header("etag"), &second.body));

    let again = Request::get("/p/tenugui-seigaiha").header("if-none-match", first.header("etag"));
    let known = app.send(again.body(Body::empty()).unwrap()).await;
    assert_eq!((known.status, known.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(
        known.header("content-security-policy"),
        first.header("content-security-policy"),
        "the browser goes on using the policy of the page it keeps"
    );

    let mut buyer = app.browser();
    buyer.post("/p/tenugui-seigaiha", "/api/cart/add", &[("sku", "TG-SGH-AI"), ("quantity", "2")]).await;
    let own = buyer.get("/p/tenugui-seigaiha").await;
    assert_eq!(own.header("etag"), "");
    assert_ne!(own.body, first.body);
}

#[tokio::test]
async fn what_somebody_searched_for_is_text_in_the_title_too() {
    let app = TestApp::start().await;
    let answer = app.browser().get("/search?q=%3C/title%3E%3Cmeta%20http-equiv=refresh%3E").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(!answer.body.contains("<meta http-equiv=refresh>"));
    assert!(answer.between("<title>", "</title>").unwrap().contains("&lt;/title&gt;&lt;meta http-equiv=refresh&gt;"));
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
