//! While the vault is away: what can still be done, and what a person is told.

use axum::http::StatusCode;
use noren_shop::vault::Asker;

use crate::account::log_in;
use crate::fixture::{Answer, Browser, TestApp};
use crate::shopper::{EMAIL, add, address, place, to_confirmation};

const WORDS: [(&str, &str); 2] = [("", "接続できません"), ("/en", "does not answer just now")];

async fn send_address(browser: &mut Browser<'_>, lang: &str) -> Answer {
    browser.submit(&format!("{lang}/checkout/contact"), "/api/checkout/save-contact", &address(&[])).await
}

#[tokio::test]
async fn without_its_vault_the_shop_shows_its_goods_and_fills_carts() {
    let app = TestApp::start().await;
    app.stop_vault();
    let mut browser = app.browser();
    for path in
        ["/", "/en", "/c/tenugui", "/search?q=%E6%89%8B%E6%8B%AD%E3%81%84", "/help", "/login", "/healthz", "/readyz"]
    {
        assert_eq!(browser.get(path).await.status, StatusCode::OK, "{path}");
    }
    assert!(add(&mut browser, "1").await.status.is_redirection());
    assert!(browser.get("/cart").await.body.contains("手ぬぐい"));
}

#[tokio::test]
async fn an_address_typed_while_the_vault_is_away_is_kept_and_goes_through_when_it_is_back() {
    let app = TestApp::start().await;
    for (lang, words) in WORDS {
        let mut browser = app.browser();
        add(&mut browser, "1").await;
        assert_eq!(browser.get(&format!("{lang}/checkout/contact")).await.status, StatusCode::OK);
        app.stop_vault();
        let page = send_address(&mut browser, lang).await;
        for kept in [words, "森 杏子", EMAIL] {
            assert!(page.body.contains(kept), "{kept}: {}", page.body);
        }
        app.start_vault();
        let page = send_address(&mut browser, lang).await;
        assert!(page.body.contains(if lang.is_empty() { "お届け方法" } else { "Delivery" }), "{}", page.body);
    }
}

#[tokio::test]
async fn pages_that_show_a_person_say_that_they_cannot_now_and_can_later() {
    let app = TestApp::start().await;
    for (lang, words) in WORDS {
        let mut browser = app.browser();
        let seen = to_confirmation(&mut browser, lang, "transfer").await;
        let order = place(&mut browser, lang, &seen).await.location().to_owned();
        let mut customer = app.browser();
        log_in(&mut customer, "hanako@example.jp", noren_shop::account::DEMO_PASSWORD, "").await;
        app.stop_vault();
        let page = browser.get(&order).await;
        assert_eq!((page.status, page.body.contains(words)), (StatusCode::SERVICE_UNAVAILABLE, true), "{}", page.body);
        let page = customer.get(&format!("{lang}/account")).await;
        assert_eq!((page.status, page.body.contains(words)), (StatusCode::SERVICE_UNAVAILABLE, true), "{}", page.body);
        assert_eq!(customer.get(&format!("{lang}/account/security")).await.status, StatusCode::OK, "notices are shown");
        let refused = log_in(&mut app.browser(), "hanako@example.jp", noren_shop::account::DEMO_PASSWORD, "").await;
        assert!(refused.location().starts_with("/login"), "{}", refused.location());
        app.start_vault();
        assert_eq!(browser.get(&order).await.status, StatusCode::OK);
        assert_eq!(customer.get(&format!("{lang}/account")).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn who_came_after_the_vaults_backup_is_told_what_is_lost_and_whom_to_write_to() {
    let app = TestApp::start().await;
    let mut customer = app.browser();
    log_in(&mut customer, "hanako@example.jp", noren_shop::account::DEMO_PASSWORD, "").await;
    let mut conn = app.shop.db.read().await.unwrap();
    let people = noren_shop::fetch_all!(conn, (sqlx::types::Uuid,), "SELECT id FROM customer").await.unwrap();
    drop(conn);
    // As it is when the vault was put back from a backup that is older than they are.
    for (person,) in people {
        assert!(app.shop.vault.shred(Asker::shop("test"), person).await.unwrap());
    }
    for (lang, lost) in [("", "鍵が失われた"), ("/en", "their key is lost")] {
        for path in ["/account", "/account/security"] {
            let page = customer.get(&format!("{lang}{path}")).await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.body);
            assert!(page.body.contains(lost) && page.body.contains("mailto:"), "{}", page.body);
        }
        assert_eq!(customer.get(&format!("{lang}/account/orders")).await.status, StatusCode::OK);
    }
    add(&mut customer, "1").await;
    assert_eq!(customer.get("/checkout/contact").await.status, StatusCode::OK, "and can buy again");
}

#[tokio::test]
async fn a_mail_waits_until_the_vault_is_back() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let seen = to_confirmation(&mut browser, "", "transfer").await;
    place(&mut browser, "", &seen).await;
    app.stop_vault();
    assert!(app.mails_to(EMAIL).await.is_empty());
    app.start_vault();
    app.shop.clock.advance(60_000);
    assert_eq!(app.mails_to(EMAIL).await.len(), 1);
}
