//! `/test-bank/*` and `/pay/return/*`: paying by card, and every way it can end.

use axum::http::StatusCode;

use crate::fixture::{Answer, TestApp};
use crate::shopper::{EMAIL, SKU, at_the_bank, choose, place, seen, to_the_bank};

const MINUTE: i64 = 60_000;

async fn number(app: &TestApp, sql: &'static str) -> i64 {
    let mut conn = app.shop.db.read().await.unwrap();
    noren_shop::fetch_one!(conn, (i64,), sql).await.unwrap().0
}

async fn set_stock(app: &TestApp, units: i64) {
    let mut tx = app.shop.db.write().await.unwrap();
    let sql = "UPDATE stock SET on_hand = $1 WHERE variant_id = (SELECT id FROM variant WHERE sku = $2)";
    noren_shop::execute!(tx, sql, units, SKU).await.unwrap();
    tx.commit().await.unwrap();
}

fn says(page: &Answer, words: &str) {
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains(words), "the page says: {words}");
}

#[tokio::test]
async fn a_payment_that_succeeds_ends_at_an_order_that_stands() {
    let app = TestApp::start().await;
    for (lang, choice, words) in [
        ("", "succeed", "ご注文ありがとうございます"),
        ("/en", "succeed", "Thank you for your order"),
        ("", "late", "ご注文ありがとうございます"),
        ("/en", "twice", "Thank you for your order"),
    ] {
        let mut browser = app.browser();
        let bank = to_the_bank(&mut browser, lang).await;
        says(&browser.get(&bank).await, "3,300");
        says(&at_the_bank(&mut browser, &bank, choice).await, words);
        assert!(browser.get(&bank).await.location().starts_with("/pay/return/"), "the bank takes no second word");
    }
    app.shop.clock.advance(MINUTE);
    app.mails_to(EMAIL).await;
    assert_eq!(number(&app, "SELECT COUNT(*) FROM payment").await, 4, "one charge each, however often the bank speaks");
    assert_eq!(number(&app, "SELECT COUNT(*) FROM orders WHERE payment_state = 'paid'").await, 4);
    assert_eq!(app.mails_to(EMAIL).await.len(), 4);
}

#[tokio::test]
async fn the_bank_may_ask_who_it_is_first() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let bank = to_the_bank(&mut browser, "").await;
    says(&at_the_bank(&mut browser, &bank, "challenge").await, "本人認証");
    says(&at_the_bank(&mut browser, &bank, "succeed").await, "ご注文ありがとうございます");
}

#[tokio::test]
async fn a_payment_that_fails_costs_nothing_keeps_the_cart_and_can_be_tried_again() {
    let app = TestApp::start().await;
    for (lang, choice, words, again) in [
        ("", "decline", "代金は引き落とされていません", "お支払い方法を選び直す"),
        ("/en", "abandon", "nothing has been ordered or charged", "Choose how to pay"),
    ] {
        let mut browser = app.browser();
        let bank = to_the_bank(&mut browser, lang).await;
        let page = at_the_bank(&mut browser, &bank, choice).await;
        says(&page, words);
        says(&page, again);
        assert!(browser.get(&format!("{lang}/cart")).await.body.contains("value=\"2\""));
        let hash = choose(&mut browser, lang, "card").await;
        let second = place(&mut browser, lang, &hash).await.location().to_owned();
        assert_ne!(second, bank);
        at_the_bank(&mut browser, &second, "succeed").await;
    }
    assert_eq!(number(&app, "SELECT COUNT(*) FROM payment").await, 2);
    assert_eq!(number(&app, "SELECT COUNT(*) FROM orders WHERE state = 'placed'").await, 2);
}

#[tokio::test]
async fn who_goes_back_from_the_bank_is_not_sold_out_by_themselves() {
    let app = TestApp::start().await;
    set_stock(&app, 2).await;
    for lang in ["", "/en"] {
        let mut browser = app.browser();
        let bank = to_the_bank(&mut browser, lang).await;
        assert!(browser.get(&format!("{lang}/cart")).await.body.contains("value=\"2\""), "both are still theirs");
        let hash = seen(&mut browser, lang).await;
        assert_eq!(place(&mut browser, lang, &hash).await.location(), bank, "the same order, the same payment");
        at_the_bank(&mut browser, &bank, "abandon").await;
    }
    assert_eq!(number(&app, "SELECT CAST(SUM(reserved) AS BIGINT) FROM stock").await, 0);
}

#[tokio::test]
async fn money_that_comes_after_its_time_revives_the_order_or_goes_back_and_says_so() {
    let app = TestApp::start().await;
    for (lang, refunded, revived) in [
        ("", "全額を返金", "期限後のお支払いでしたが、在庫がありました"),
        ("/en", "returned all of", "The payment came late, but the goods were still there"),
    ] {
        set_stock(&app, 2).await;
        let mut slow = app.browser();
        let bank = to_the_bank(&mut slow, lang).await;
        app.shop.clock.advance(15 * MINUTE + 1);
        assert_eq!(noren_shop::order::sweep(&app.shop).await.unwrap().expired, 1);
        says(&at_the_bank(&mut slow, &bank, "succeed").await, revived);
        let mut slower = app.browser();
        set_stock(&app, 2).await;
        let bank = to_the_bank(&mut slower, lang).await;
        app.shop.clock.advance(15 * MINUTE + 1);
        noren_shop::order::sweep(&app.shop).await.unwrap();
        set_stock(&app, 0).await;
        says(&at_the_bank(&mut slower, &bank, "succeed").await, refunded);
        let mails = app.mails_to(EMAIL).await;
        assert!(mails.iter().any(|mail| mail.contains(refunded)), "and by mail: {mails:?}");
    }
    app.mails_to(EMAIL).await;
    assert_eq!(number(&app, "SELECT COUNT(*) FROM test_bank WHERE state = 'refunded'").await, 2);
}

#[tokio::test]
async fn a_reference_from_a_stolen_database_opens_no_page() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let bank = to_the_bank(&mut browser, "").await;
    let pass = bank.rsplit('/').next().unwrap();
    let (reference, proof) = pass.rsplit_once('.').unwrap();
    let sql = "SELECT COUNT(*) FROM payment_try WHERE reference LIKE '%' || $1 || '%'";
    let known = async |text: &str| {
        let mut conn = app.shop.db.read().await.unwrap();
        noren_shop::fetch_one!(conn, (i64,), sql, text).await.unwrap().0
    };
    assert_eq!((known(reference).await, known(proof).await), (1, 0), "the database holds the one and not the other");
    let mut thief = app.browser();
    for path in [
        format!("/pay/return/{reference}"),
        format!("/test-bank/pay/{reference}"),
        format!("/pay/return/{reference}.AAAAAAAAAAAAAAAAAAAAAA"),
    ] {
        assert_eq!(thief.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(thief.get(&format!("/pay/return/{pass}")).await.status.is_redirection());
}

#[tokio::test]
async fn what_the_bank_has_no_page_for_is_said_in_words() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let bank = to_the_bank(&mut browser, "").await;
    for path in ["/test-bank/pay/nobody", "/pay/return/nobody", "/test-bank/pay/%ff", "/pay/return/%ff"] {
        let answer = browser.get(path).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
        assert!(answer.body.contains("<h1>"), "{path}");
    }
    for choice in ["steal", "", "succeed\0"] {
        let answer = browser.post(&bank, &bank, &[("choice", choice)]).await;
        assert!(
            answer.status.is_client_error() && answer.body.contains("何も変わっていません"),
            "{choice:?}: {}",
            answer.status
        );
    }
    says(&browser.get(&bank).await, "3,300");
}
