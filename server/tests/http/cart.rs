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
    assert!(other.body.contains("カートに商品はありません"));
    let mut guesser = app.browser();
    guesser.set_cookie("noren-cart", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert!(guesser.get("/cart").await.body.contains("カートに商品はありません"), "a made-up token opens nothing");
}

#[tokio::test]
async fn a_quantity_that_makes_no_sense_is_refused_in_words_and_changes_nothing() {
    let app = TestApp::start().await;
    for quantity in ["0", "-1", "1000000000", "abc", "1.5", "", "99999999999999999999"] {
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
    let long = "X".repeat(3_000);
    for (lang, words, empty) in [
        ("", "この商品は販売を終えました。", "カートに商品はありません"),
        ("/en", "This product is no longer sold.", "Your cart is empty"),
    ] {
        // The fourth has a Cyrillic А.
        for sku in ["NO-SUCH-SKU", "", "TG-SGH-AI\0", "TG-SGH-\u{410}I", "' OR 1=1 --", "1", long.as_str()] {
            let mut browser = app.browser();
            let page = format!("{lang}{PRODUCT}");
            let page = browser.submit(&page, "/api/cart/add", &[("sku", sku), ("quantity", "1")]).await;
            assert_eq!(page.status, StatusCode::OK, "{sku:.20}");
            assert!(page.body.contains("role=\"alert\"") && page.body.contains(words), "{lang} {sku:.20}");
            assert!(page.body.contains(empty), "{lang} {sku:.20}");
        }
    }
}

#[tokio::test]
async fn no_more_goes_into_a_cart_than_there_is_or_than_a_line_holds() {
    let app = TestApp::start().await;
    for quantity in ["0", "-1", "100", "1000000000", "2e1", " ", "１００", "ten"] {
        let mut browser = app.browser();
        let page = browser.submit(PRODUCT, "/api/cart/add", &[("sku", SKU), ("quantity", quantity)]).await;
        assert!(page.body.contains("role=\"alert\"") && page.body.contains("カートに商品はありません"), "{quantity}");
    }
    let mut tx = app.shop.db.write().await.unwrap();
    let sql = "UPDATE stock SET on_hand = 3 WHERE variant_id = (SELECT id FROM variant WHERE sku = $1)";
    noren_shop::execute!(tx, sql, SKU).await.unwrap();
    tx.commit().await.unwrap();
    let mut browser = app.browser();
    add(&mut browser, SKU, "2").await;
    let page = browser.submit("/en/cart", "/api/cart/set", &[("sku", SKU), ("quantity", "4")]).await;
    assert!(page.body.contains("only 3 left") && page.body.contains("value=\"2\""));
    let answer = add(&mut browser, SKU, "2").await;
    let page = browser.follow(answer).await;
    assert!(page.body.contains("在庫は残り3点です") && page.body.contains("value=\"2\""));
}

#[tokio::test]
async fn a_price_sent_along_is_not_listened_to() {
    let app = TestApp::start().await;
    let (mut honest, mut sly) = (app.browser(), app.browser());
    add(&mut honest, SKU, "1").await;
    let fields = [("sku", SKU), ("quantity", "1"), ("price", "1"), ("form[price]", "1"), ("total", "1")];
    sly.post(PRODUCT, "/api/cart/add", &fields).await;
    let total = |page: &Answer| page.between("合計（税込）", "</dd>").map(str::to_owned);
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
    assert!(page.body.contains("カートに商品はありません"));
}
