//! Passkeys over HTTP: what needs no authenticator.

use noren_server::config::Flags;
use noren_shop::account::office;

use crate::account::{PASSWORD, knock, register};
use crate::fixture::{Answer, TestApp};

const BEGIN: &str = "/api/account/passkeys/begin-sign-in";
const ADD: &str = "/api/account/passkeys/begin-add";
const SIGN_IN: &str = "/api/account/passkeys/sign-in";

/// What the browser is to be asked, without what differs each time.
fn asked(answer: &Answer) -> serde_json::Value {
    let ceremony: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let mut options: serde_json::Value = serde_json::from_str(ceremony["options"].as_str().unwrap()).unwrap();
    options["publicKey"]["challenge"].take();
    options
}

#[tokio::test]
async fn whoever_asks_is_challenged_alike_and_each_browser_for_itself() {
    let app = TestApp::start().await;
    let (mut stranger, mut customer) = (app.browser(), app.browser());
    register(&app, &mut customer, "known@example.jp").await;
    let (one, other) = (stranger.call("/login", BEGIN, &[]).await, customer.call("/login", BEGIN, &[]).await);
    assert_eq!((one.status.as_u16(), other.status.as_u16()), (200, 200));
    assert_eq!(asked(&one), asked(&other));
    assert_eq!(asked(&one)["publicKey"]["rpId"], "shop.example");
    let token = stranger.cookie("noren-ceremony").unwrap().to_owned();
    assert_ne!(Some(token.as_str()), customer.cookie("noren-ceremony"));
    stranger.call("/login", BEGIN, &[]).await;
    assert_eq!(stranger.cookie("noren-ceremony"), Some(token.as_str()), "several tabs of one browser");
}

#[tokio::test]
async fn an_answer_that_holds_nothing_leads_back_to_the_login_with_words_and_to_the_same_place_after_it() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let answer = r#"{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"authenticatorData":"AAAA","clientDataJSON":"AAAA","signature":"AAAA","userHandle":null},"clientExtensionResults":{}}"#;
    for ceremony in ["", "018f0000-0000-7000-8000-000000000000"] {
        let fields = [("ceremony", ceremony), ("answer", answer), ("next", "/account/security")];
        let page = browser.submit("/login", SIGN_IN, &fields).await;
        assert!(page.body.contains("パスキーを確認できませんでした"), "{}", page.body);
        assert!(page.body.contains("value=\"/account/security\""));
        assert!(browser.cookie("noren-session").is_none());
        // The second time it has a token, and a challenge that does not know this answer.
        browser.call("/login", BEGIN, &[]).await;
    }
    let page = browser.submit("/en/login", SIGN_IN, &[("ceremony", "x"), ("answer", "{"), ("next", "")]).await;
    assert!(page.body.contains("could not be verified"), "{}", page.body);
}

#[tokio::test]
async fn a_passkey_takes_the_place_of_the_code_that_a_new_browser_is_asked_for() {
    let app = TestApp::start().await;
    register(&app, &mut app.browser(), "known@example.jp").await;
    let mut browser = app.browser();
    let asked = knock(&mut browser, "known@example.jp", PASSWORD, "/cart").await;
    let page = browser.follow(asked).await;
    assert!(page.body.contains("data-begin=\"/api/account/passkeys/begin-sign-in\""), "{}", page.body);
    let fields = [("ceremony", ""), ("answer", "{}"), ("next", "/cart")];
    let page = browser.submit("/login/confirm?next=/cart", SIGN_IN, &fields).await;
    assert!(page.body.contains("パスキーを確認できませんでした"));
    assert!(page.body.contains("確認コード"), "the code still opens the door");
}

#[tokio::test]
async fn passkeys_are_added_by_whoever_is_signed_in_and_has_just_proved_it() {
    let app = TestApp::start().await;
    let refused = app.browser().call("/account/security", ADD, &[]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.location().starts_with("/login?next="), "{}", refused.location());

    let mut customer = app.browser();
    register(&app, &mut customer, "known@example.jp").await;
    let page = customer.get("/account/security").await;
    assert!(page.body.contains("パスキーはまだありません"));
    assert!(page.body.contains("data-begin=\"/api/account/passkeys/begin-add\""));
    let begun = customer.call("/account/security", ADD, &[]).await;
    assert_eq!(asked(&begun)["publicKey"]["user"]["name"], "known@example.jp");

    app.shop.clock.advance(11 * 60_000);
    let late = customer.call("/account/security", ADD, &[]).await;
    assert_eq!(late.location(), "/account/confirm?next=/account/security");
    let late = customer.post("/account/security", "/api/account/passkeys/remove", &[("id", "AAAA")]).await;
    assert_eq!(late.location(), "/account/confirm?next=/account/security");
}

/// Gives a customer a passkey that no device has.
async fn has_passkey(app: &TestApp, email: &str) {
    let who = office::customer(&app.shop, email, "test").await.unwrap();
    let sql = "INSERT INTO passkey (credential_id, customer_id, credential, name, backed_up, created_at)
               VALUES ($1, $2, '{}', 'x', FALSE, $3)";
    let mut tx = app.shop.db.write().await.unwrap();
    noren_shop::execute!(tx, sql, vec![1_u8], who.0, app.shop.now()).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn that_a_passkey_was_renamed_or_removed_is_said_once() {
    const PAGE: &str = "/account/security";
    let app = TestApp::start().await;
    let mut customer = app.browser();
    register(&app, &mut customer, "known@example.jp").await;
    has_passkey(&app, "known@example.jp").await;
    for (page, action, said) in [
        (PAGE.to_owned(), "rename", "パスキーの名前を変更しました。"),
        (format!("/en{PAGE}"), "rename", "Your passkey was renamed."),
        (PAGE.to_owned(), "remove", "パスキーを削除しました。"),
    ] {
        // What stands for the one byte of its id.
        let fields = [("id", "AQ"), ("name", "y")];
        let shown = customer.submit(&page, &format!("/api/account/passkeys/{action}"), &fields).await;
        assert!(shown.body.contains(said), "{}", shown.body);
        assert!(!customer.get(&page).await.body.contains(said));
    }
}

#[tokio::test]
async fn where_a_passkey_would_do_words_say_what_does_without_scripts() {
    let app = TestApp::start().await;
    let mut customer = app.browser();
    register(&app, &mut customer, "known@example.jp").await;
    has_passkey(&app, "known@example.jp").await;
    for (lang, login, proof) in [
        ("", "パスワードやメールの確認コードでも、ログインしていただけます", "パスワードでも、確認していただけます"),
        ("/en", "You can also sign in with your password or a code by mail", "Your password does as well"),
    ] {
        let door = app.browser().get(&format!("{lang}/login")).await;
        assert!(door.body.contains(login), "{}", door.body);
        let page = customer.get(&format!("{lang}/account/confirm")).await;
        assert!(page.body.contains(proof), "{}", page.body);
    }
}

#[tokio::test]
async fn the_script_that_asks_for_passkeys_is_served_and_looked_at_anew() {
    let site = tempfile::tempdir().unwrap();
    std::fs::write(site.path().join("passkeys.js"), "customElements").unwrap();
    let app =
        TestApp::start_with(Flags { site: Some(site.path().to_string_lossy().into_owned()), ..Flags::default() }).await;
    let script = app.browser().get("/passkeys.js").await;
    assert_eq!(script.body, "customElements");
    assert!(script.header("content-type").starts_with("text/javascript"));
    assert_eq!(script.header("cache-control"), "no-cache");
    assert!(app.browser().get("/login").await.body.contains("src=\"/passkeys.js\""));
}
