//! A shop in production, as long as no payment provider is configured.

use axum::http::StatusCode;

use crate::fixture::TestApp;
use crate::shopper::{choose, place, to_payment};

#[tokio::test]
async fn nothing_of_development_is_there() {
    let app = TestApp::in_production().await;
    for path in ["/dev/mailbox", "/dev/mailbox/x.eml", "/test-bank/style.css", "/test-bank/pay/x"] {
        assert_eq!(app.browser().get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(!app.browser().get("/login").await.body.contains("noren-demo-curtain"));
}

#[tokio::test]
async fn cards_are_not_offered_rather_than_fail_at_the_end() {
    let app = TestApp::in_production().await;
    for (lang, words) in [("", "選択肢からお選びください。"), ("/en", "Please choose one of the options.")]
    {
        let mut browser = app.browser();
        to_payment(&mut browser, lang).await;
        let page = browser.get(&format!("{lang}/checkout/payment")).await;
        assert!(!page.body.contains("value=\"card\""));
        assert!(page.body.contains("value=\"transfer\"") && page.body.contains("value=\"cash\""));
        let path = format!("{lang}/checkout/payment");
        let page = browser.submit(&path, "/api/checkout/save-payment", &[("payment", "card")]).await;
        assert!(page.body.contains(words), "who sends it all the same hears it at once");
        let seen = choose(&mut browser, lang, "cash").await;
        // A choice from before the provider was taken away leads back to its step.
        let mut tx = app.shop.db.write().await.unwrap();
        noren_shop::execute!(tx, "UPDATE checkout SET payment_method = 'card'").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(place(&mut browser, lang, &seen).await.location(), path);
        let seen = choose(&mut browser, lang, "cash").await;
        assert!(place(&mut browser, lang, &seen).await.location().contains("/orders/"));
    }
}
