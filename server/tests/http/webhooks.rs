//! `/webhooks/test-bank`: what the bank says is believed only when the bank says it.

use axum::body::Body;
use axum::http::header::HOST;
use axum::http::{Request, StatusCode};
use noren_shop::payment::TestBank;

use crate::fixture::{Answer, TestApp};
use crate::shopper::to_the_bank;

const MINUTE: i64 = 60_000;

/// Sends `body` as a program would: no browser's headers.
async fn tell(app: &TestApp, signature: Option<&str>, body: &str) -> Answer {
    let mut request = Request::post("/webhooks/test-bank").header(HOST, "shop.example");
    if let Some(signature) = signature {
        request = request.header("noren-signature", signature);
    }
    app.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

async fn signed(app: &TestApp, body: &str) -> Answer {
    let signature = TestBank::signature(&app.shop, app.shop.now(), body.as_bytes());
    tell(app, Some(&signature), body).await
}

fn event(id: &str, reference: &str, outcome: &str, amount: i64) -> String {
    serde_json::json!({ "event_id": id, "reference": reference, "outcome": outcome, "amount": amount }).to_string()
}

async fn number(app: &TestApp, sql: &'static str) -> i64 {
    let mut conn = app.shop.db.read().await.unwrap();
    noren_shop::fetch_one!(conn, (i64,), sql).await.unwrap().0
}

async fn open_payment(app: &TestApp) -> String {
    let bank = to_the_bank(&mut app.browser(), "").await;
    let pass = bank.rsplit('/').next().unwrap();
    noren_shop::payment::reference_of(&app.shop, pass).unwrap().to_owned()
}

#[tokio::test]
async fn a_word_without_the_banks_signature_is_not_believed() {
    let app = TestApp::start().await;
    let reference = open_payment(&app).await;
    let body = event("evt_1", &reference, "succeeded", 3_300);
    let now = app.shop.now();
    let good = TestBank::signature(&app.shop, now, body.as_bytes());
    let of_another_body = TestBank::signature(&app.shop, now, b"{}");
    let moved = good.replacen(&now.to_string(), &(now + 1).to_string(), 1);
    let old = TestBank::signature(&app.shop, now - 5 * MINUTE - 1, body.as_bytes());
    let ahead = TestBank::signature(&app.shop, now + 5 * MINUTE + 1, body.as_bytes());
    let cut = &good[..good.len() - 2];
    for (what, signature) in [
        ("none", None),
        ("empty", Some("")),
        ("nonsense", Some("t=1,v1=zz")),
        ("half a byte", Some("t=1,v1=abc")),
        ("of another body", Some(of_another_body.as_str())),
        ("with another time", Some(moved.as_str())),
        ("cut short", Some(cut)),
        ("too old", Some(old.as_str())),
        ("from the future", Some(ahead.as_str())),
        ("a time out of range", Some("t=-9223372036854775808,v1=00")),
    ] {
        assert_eq!(tell(&app, signature, &body).await.status, StatusCode::BAD_REQUEST, "{what}");
    }
    assert_eq!(number(&app, "SELECT COUNT(*) FROM webhook_inbox").await, 0);
    assert_eq!(number(&app, "SELECT COUNT(*) FROM payment").await, 0);
    assert_eq!(tell(&app, Some(&good), &body).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_signed_word_that_cannot_be_read_is_refused_and_stores_nothing() {
    let app = TestApp::start().await;
    for body in [
        "",
        "{",
        "[]",
        "{\"event_id\":1}",
        "\u{feff}{}",
        "{\"event_id\":\"a\\u0000\",\"reference\":\"b\",\"outcome\":\"succeeded\",\"amount\":1}",
    ] {
        assert_eq!(signed(&app, body).await.status, StatusCode::BAD_REQUEST, "{body:?}");
    }
    let other_outcome = event("evt_1", "x", "stolen", 1);
    assert_eq!(signed(&app, &other_outcome).await.status, StatusCode::BAD_REQUEST);
    let fraction = "{\"event_id\":\"a\",\"reference\":\"b\",\"outcome\":\"succeeded\",\"amount\":1.5}";
    assert_eq!(signed(&app, fraction).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(number(&app, "SELECT COUNT(*) FROM webhook_inbox").await, 0);
}

#[tokio::test]
async fn a_replayed_word_charges_once() {
    let app = TestApp::start().await;
    let reference = open_payment(&app).await;
    let body = event("evt_1", &reference, "succeeded", 3_300);
    let (a, b) = tokio::join!(signed(&app, &body), signed(&app, &body));
    let mut words = [a.body, b.body];
    words.sort_unstable();
    assert_eq!(words, ["already", "placed"]);
    for again in [body, event("evt_2", &reference, "succeeded", 3_300), event("evt_3", &reference, "declined", 3_300)] {
        let answer = signed(&app, &again).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "already"));
    }
    assert_eq!(number(&app, "SELECT COUNT(*) FROM payment").await, 1);
    assert_eq!(number(&app, "SELECT COUNT(*) FROM orders WHERE payment_state = 'paid'").await, 1);
}

#[tokio::test]
async fn a_word_about_a_payment_nobody_knows_is_kept_for_a_person_to_look_at() {
    let app = TestApp::start().await;
    let answer = signed(&app, &event("evt_1", "nobody's", "succeeded", 100)).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "unknown"));
    assert_eq!(number(&app, "SELECT COUNT(*) FROM webhook_inbox WHERE outcome = 'unknown'").await, 1);
    assert_eq!(number(&app, "SELECT COUNT(*) FROM payment").await, 0);
}

#[tokio::test]
async fn another_amount_than_ours_books_nothing_and_raises_an_alarm() {
    let app = TestApp::start().await;
    let reference = open_payment(&app).await;
    for (id, amount) in [("evt_1", 1), ("evt_2", 3_301), ("evt_3", -3_300), ("evt_4", i64::MAX)] {
        let answer = signed(&app, &event(id, &reference, "succeeded", amount)).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "alarm"), "{amount}");
    }
    assert_eq!(number(&app, "SELECT COUNT(*) FROM order_event WHERE kind = 'alarm'").await, 4);
    assert_eq!(number(&app, "SELECT COUNT(*) FROM payment").await, 0);
    assert_eq!(number(&app, "SELECT COUNT(*) FROM orders WHERE state = 'draft'").await, 1);
}

#[tokio::test]
async fn only_a_post_is_taken() {
    let app = TestApp::start().await;
    for method in ["GET", "PUT", "DELETE", "HEAD"] {
        let request = Request::builder().method(method).uri("/webhooks/test-bank").body(Body::empty()).unwrap();
        assert_eq!(app.send(request).await.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
}
