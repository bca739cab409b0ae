//! `/cart`.

use axum::http::StatusCode;

use crate::fixture::{Answer, Browser, TestApp};

const SKU: &str = "TG-SGH-AI";
const PRODUCT: &str = "/p/tenugui-seigaiha";

async fn add(browser: &mut Browser<'_>, sku: &str, quantity: &str) -> Answer {
    browser.post(PRODUCT, "/api/cart/add", &[("sku", sku), ("quantity", quantity)]).await
}

#[tokio::test]
async fn what_is_put_into_the_cart_is_there_for_this_browser_and_no_other() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let answer = add(&mut browser, SKU, "2").await;
    assert_eq!(answer.location(), "/cart");
    assert!(browser.get("/cart").await.body.contains("手ぬぐい 青海波"));
    assert!(browser.get("/en/cart").await.body.contains("Seigaiha"));
    let other = app.browser().get("/cart").await;
    assert!(other.body.contains("カートはまだ空です"));
    let mut guesser = app.browser();
    guesser.set_cookie("noren-cart", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert!(guesser.get("/cart").await.body.contains("カートはまだ空です"), "a made-up token opens nothing");
}

#[tokio::test]
async fn a_quantity_that_makes_no_sense_is_refused_in_words_and_changes_nothing() {
    let app = TestApp::start().await;
    for quantity in ["-1", "1000000000", "abc", "1.5", "", "99999999999999999999"] {
        let mut browser = app.browser();
        add(&mut browser, SKU, "2").await;
        let page = browser.submit("/cart", "/api/cart/set", &[("sku", SKU), ("quantity", quantity)]).await;
        assert_eq!(page.status, StatusCode::OK, "{quantity}");
        assert!(page.body.contains("までの整数で入力してください。"), "{quantity} is answered in words");
        assert!(page.body.contains("value=\"2\""), "{quantity} changes nothing");
        let english = browser.submit("/en/cart", "/api/cart/set", &[("sku", SKU), ("quantity", quantity)]).await;
        assert!(english.body.contains("Please enter a whole number from"), "{quantity} in English");
    }
}

#[tokio::test]
async fn an_unknown_article_is_refused_in_words() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let answer = add(&mut browser, "NO-SUCH-SKU", "1").await;
    let page = browser.follow(answer).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("role=\"alert\""), "it is said");
    assert!(page.body.contains("カートはまだ空です"));
}

#[tokio::test]
async fn a_price_sent_along_is_not_listened_to() {
    let app = TestApp::start().await;
    let (mut honest, mut sly) = (app.browser(), app.browser());
    add(&mut honest, SKU, "1").await;
    let fields = [("sku", SKU), ("quantity", "1"), ("price", "1"), ("form[price]", "1"), ("total", "1")];
    sly.post(PRODUCT, "/api/cart/add", &fields).await;
    let total = |page: &Answer| page.between("合計（税込）</dt>", "</dd>").map(str::to_owned);
    let (honest, sly) = (honest.get("/cart").await, sly.get("/cart").await);
    assert!(total(&honest).is_some());
    assert_eq!(total(&honest), total(&sly));
}

#[tokio::test]
async fn a_line_can_be_changed_and_taken_out() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    add(&mut browser, SKU, "1").await;
    let page = browser.submit("/cart", "/api/cart/set", &[("sku", SKU), ("quantity", "3")]).await;
    assert!(page.body.contains("value=\"3\""));
    let page = browser.submit("/cart", "/api/cart/remove", &[("sku", SKU)]).await;
    assert!(page.body.contains("カートはまだ空です"));
}
