//! Requests that take too long are answered in words, change nothing and hold nobody up.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, ORIGIN, REFERER};
use axum::http::{Method, Request, StatusCode};
use tokio::net::TcpListener;

use crate::fixture::{Answer, Browser, TestApp, URL, form};
use crate::shopper::{PRODUCT, SKU, add};

/// What nobody can keep who waits for something that does not come.
const MOMENT: Duration = Duration::from_millis(20);
const WORDS: [(&str, &str, &str); 2] = [
    ("", "<html lang=\"ja\">", "ただいま混み合っています"),
    ("/en", "<html lang=\"en\">", "We could not answer in time"),
];

/// A form that puts goods into the cart, on the product's page in the language `lang`.
fn to_the_cart(browser: &Browser<'_>, lang: &str) -> Request<Body> {
    browser
        .request(Method::POST, "/api/cart/add")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(ORIGIN, URL)
        .header(REFERER, format!("{URL}{lang}{PRODUCT}"))
        .body(Body::from(form(&[("sku", SKU), ("quantity", "1")])))
        .unwrap()
}

fn says_so(answer: &Answer, tag: &str, words: &str) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.body);
    assert!(answer.body.contains(tag) && answer.body.contains(words), "{}", answer.body);
    assert!(answer.header("set-cookie").is_empty() && answer.header("cache-control") == "no-store");
}

#[tokio::test]
async fn a_form_that_waits_too_long_for_its_turn_is_answered_in_words_and_changes_nothing() {
    let app = TestApp::start().await;
    let impatient = app.answering_within(MOMENT);
    let mut browser = app.browser();
    for (lang, tag, words) in WORDS {
        // Nobody else writes meanwhile.
        let writing = app.shop.db.write().await.unwrap();
        says_so(&Answer::of(impatient.clone(), to_the_cart(&browser, lang)).await, tag, words);
        drop(writing);
        // Whoever was still in the queue would be done by now.
        drop(app.shop.db.write().await.unwrap());
    }
    let mut conn = app.shop.db.read().await.unwrap();
    let (lines,) = noren_shop::fetch_one!(conn, (i64,), "SELECT COUNT(*) FROM cart_line").await.unwrap();
    assert_eq!(lines, 0);
    assert_eq!(add(&mut browser, "1").await.location(), "/cart", "the next one has its turn");
}

#[tokio::test]
async fn a_page_that_waits_too_long_is_answered_in_words_and_made_for_the_next_visitor() {
    let app = TestApp::start().await;
    let impatient = app.answering_within(MOMENT);
    for (lang, tag, words) in WORDS {
        // Whatever can be read with is in use.
        let mut reading = Vec::new();
        while let Ok(Ok(conn)) = tokio::time::timeout(Duration::from_millis(200), app.shop.db.read()).await {
            reading.push(conn);
        }
        let (visitor, mut buyer) = (app.browser(), app.browser());
        buyer.set_cookie("noren-cart", &"A".repeat(43));
        // One page is everybody's, one is the buyer's own.
        for (browser, path) in [(&visitor, PRODUCT), (&buyer, "/cart")] {
            let request = browser.request(Method::GET, &format!("{lang}{path}")).body(Body::empty()).unwrap();
            says_so(&Answer::of(impatient.clone(), request).await, tag, words);
        }
        // Somebody leaves while the page that all get is being made.
        let page = format!("{lang}{PRODUCT}");
        assert!(tokio::time::timeout(MOMENT, app.browser().get(&page)).await.is_err());
        drop(reading);
        assert_eq!(app.browser().get(&page).await.status, StatusCode::OK, "it is made for the next one");
    }
}

#[tokio::test]
async fn a_form_that_never_arrives_whole_is_answered_too() {
    let app = TestApp::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = app.answering_within(MOMENT).into_make_service_with_connect_info::<SocketAddr>();
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let head = "POST /api/cart/add HTTP/1.1\r\nhost: shop.example\r\naccept: text/html\r\norigin: http://shop.example\r\n\
                referer: http://shop.example/en/cart\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 50\r\n\
                connection: close\r\n\r\nsku=";
    let visit = tokio::task::spawn_blocking(move || {
        let mut visitor = TcpStream::connect(address).unwrap();
        visitor.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        visitor.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = visit.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("We could not answer in time"), "{answer}");
    serving.abort();
}
