//! `/login/confirm` where an authenticator app is set up: its code, after the password and after a new password by mail.

use axum::http::StatusCode;
use noren_shop::account::email_change;

use crate::account::{PASSWORD, code_for, knock, register};
use crate::factors::{TOTP, another, code};
use crate::fixture::{Answer, Browser, TestApp};

const KNOWN: &str = "known@example.jp";
const NEW: &str = "lantern river maple";
const CONFIRM: &str = "/api/account/confirm";
/// A code of the app is taken once; by then it shows the next one.
const STEP: i64 = 30_000;

/// Registers in this browser and sets an app up; gives the page that the app was given its key on.
async fn with_app(app: &TestApp, browser: &mut Browser<'_>) -> Answer {
    register(app, browser, KNOWN).await;
    let setup = browser.submit(TOTP, "/api/account/totp-begin", &[]).await;
    let on = browser.submit(TOTP, "/api/account/totp-confirm", &[("code", &code(app, &setup))]).await;
    assert!(on.body.contains("認証アプリを有効にしました"), "{}", on.body);
    setup
}

#[tokio::test]
async fn after_the_password_the_code_of_the_app_opens_the_door_once() {
    for (lang, asks, refused) in [
        ("", "認証アプリに表示されている6桁のコード", "コードが違うか、すでに使われています"),
        ("/en", "the six digits that your authenticator app shows", "The code is wrong or was used before"),
    ] {
        let app = TestApp::start().await;
        let setup = with_app(&app, &mut app.browser()).await;
        let mails = app.mails_to(KNOWN).await.len();
        let (door, page) = (format!("{lang}/login"), format!("{lang}/login/confirm?next=/account/orders"));
        let (mut first, mut second) = (app.browser(), app.browser());
        for browser in [&mut first, &mut second] {
            let fields = [("email", KNOWN), ("password", PASSWORD), ("next", "/account/orders")];
            let asked = browser.post(&door, "/api/account/login", &fields).await;
            assert_eq!(asked.location(), page);
            let shown = browser.follow(asked).await;
            assert!(shown.body.contains(asks), "{}", shown.body);
            assert!(browser.cookie("noren-session").is_none(), "the password alone opens nothing");
        }
        assert_eq!(app.mails_to(KNOWN).await.len(), mails, "no mail takes the place of the app");

        app.shop.clock.advance(STEP);
        let shown = code(&app, &setup);
        let fields = [("code", shown.as_str()), ("next", "/account/orders")];
        let orders = format!("{lang}/account/orders");
        assert_eq!(first.post(&page, CONFIRM, &fields).await.location(), orders);
        assert_eq!(first.get(&orders).await.status, StatusCode::OK);
        let answer = second.submit(&page, CONFIRM, &fields).await;
        assert!(answer.body.contains(refused), "the same code, a moment later: {}", answer.body);
        assert!(!answer.body.contains(&format!("value=\"{shown}\"")), "a code goes back into no page");
        assert!(second.cookie("noren-session").is_none() && second.get(&orders).await.status.is_redirection());

        app.shop.clock.advance(STEP);
        let next = code(&app, &setup);
        let fields = [("code", next.as_str()), ("next", "/account/orders")];
        assert_eq!(second.post(&page, CONFIRM, &fields).await.location(), orders, "the next one does");
    }
}

#[tokio::test]
async fn whatever_is_typed_where_the_app_is_asked_for_is_answered_with_words_of_the_app() {
    for (lang, refused, of_a_mail) in [
        ("", "認証アプリにいま表示されている6桁の数字を入力してください", "新しいメール"),
        ("/en", "Please type the six digits that your app shows now", "newest mail"),
    ] {
        let app = TestApp::start().await;
        with_app(&app, &mut app.browser()).await;
        let mut browser = app.browser();
        let (door, page) = (format!("{lang}/login"), format!("{lang}/login/confirm"));
        let asked = browser.post(&door, "/api/account/login", &[("email", KNOWN), ("password", PASSWORD)]).await;
        assert_eq!(asked.location(), page);
        for typed in ["123", "abcdef", "🗝", "12345678"] {
            let answer = browser.submit(&page, CONFIRM, &[("code", typed)]).await.body;
            assert!(answer.contains(refused) && !answer.contains(of_a_mail), "{typed} {answer}");
        }
    }
}

#[tokio::test]
async fn a_new_password_by_mail_waits_for_the_code_of_an_app_that_is_older_than_three_days() {
    for (lang, asks, waits, refused, set) in [
        (
            "",
            "認証アプリに表示されている6桁のコード",
            "新しいパスワードは、このコードを確認したあとで有効になります。それまでは、何も変わりません。",
            "コードが違うか、すでに使われています",
            "新しいパスワードを設定しました。ほかの端末はログアウトしました。",
        ),
        (
            "/en",
            "the six digits that your authenticator app shows",
            "Your new password counts once this code is confirmed. Until then nothing changes.",
            "The code is wrong or was used before",
            "Your new password is set. All other devices were signed out.",
        ),
    ] {
        let app = TestApp::start().await;
        let (mut home, mut browser) = (app.browser(), app.browser());
        let setup = with_app(&app, &mut home).await;
        app.shop.clock.advance(email_change::PATIENCE);
        browser.post(&format!("{lang}/reset"), "/api/account/reset", &[("email", KNOWN)]).await;
        let mailed = code_for(&app, KNOWN).await;
        let fields = [("code", mailed.as_str()), ("password", NEW)];
        let asked = browser.post(&format!("{lang}/reset/code"), "/api/account/reset-code", &fields).await;
        let page = format!("{lang}/login/confirm");
        assert_eq!(asked.location(), page);
        let shown = browser.follow(asked).await;
        assert!(shown.body.contains(asks) && shown.body.contains(waits), "{}", shown.body);
        assert!(
            !shown.body.contains("/api/account/passkeys/begin-sign-in"),
            "a passkey would leave the password behind"
        );

        let right = code(&app, &setup);
        let answer = browser.submit(&page, CONFIRM, &[("code", another(&right))]).await;
        assert!(answer.body.contains(refused) && answer.body.contains(waits), "{}", answer.body);
        assert!(browser.cookie("noren-session").is_none());
        assert_eq!(home.get("/account").await.status, StatusCode::OK, "nobody was signed out");
        assert_eq!(knock(&mut app.browser(), KNOWN, PASSWORD, "").await.location(), "/login/confirm");
        assert_eq!(knock(&mut app.browser(), KNOWN, NEW, "").await.location(), "/login", "it is no password yet");
        let told = async || app.mails_to(KNOWN).await.iter().any(|mail| mail.contains("再設定されました"));
        assert!(!told().await);

        let entered = browser.post(&page, CONFIRM, &[("code", &right)]).await;
        assert_eq!(entered.location(), format!("{lang}/account"));
        let account = browser.follow(entered).await;
        assert!(account.status == StatusCode::OK && account.body.contains(set), "{}", account.body);
        assert!(!browser.get(&format!("{lang}/account")).await.body.contains(set), "said once");
        assert!(home.get("/account").await.status.is_redirection(), "now every other device is signed out");
        assert!(told().await);
        assert!(browser.get(TOTP).await.body.contains("から有効です"), "the app stays");
        assert_eq!(knock(&mut home, KNOWN, PASSWORD, "").await.location(), "/login");
        assert_eq!(knock(&mut home, KNOWN, NEW, "").await.location(), "/login/confirm");
    }
}
