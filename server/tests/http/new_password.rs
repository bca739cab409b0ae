//! `/reset`, `/account/confirm`, `/account/security/password`: a new password, forgotten or not.

use axum::http::StatusCode;

use crate::account::{PASSWORD, code_for, knock, log_in, register};
use crate::fixture::{Browser, TestApp};

const KNOWN: &str = "known@example.jp";
const NEW: &str = "lantern river maple";

async fn ask(browser: &mut Browser<'_>, email: &str) {
    let answer = browser.post("/reset", "/api/account/reset", &[("email", email)]).await;
    assert_eq!(answer.location(), "/reset/code");
}

#[tokio::test]
async fn whoever_forgot_the_password_sets_another_with_the_code_from_the_mail() {
    let app = TestApp::start().await;
    let mut home = app.browser();
    register(&app, &mut home, KNOWN).await;
    let mut browser = app.browser();
    ask(&mut browser, KNOWN).await;
    let code = code_for(&app, KNOWN).await;
    let fields = [("code", code.as_str()), ("password", NEW)];
    let entered = browser.post("/reset/code", "/api/account/reset-code", &fields).await;
    assert_eq!(entered.location(), "/account");
    let said = "新しいパスワードを設定しました。ほかの端末はログアウトしました。";
    let page = browser.follow(entered).await;
    assert!(page.status == StatusCode::OK && page.body.contains(said), "{}", page.body);
    assert!(!browser.get("/account").await.body.contains(said), "said once");
    assert!(home.get("/account").await.status.is_redirection(), "every other device is signed out");
    let again = app.browser().submit("/reset/code", "/api/account/reset-code", &fields).await;
    assert!(again.body.contains("はじめからお手続きください"), "a code works once, and in its own browser");
    assert!(knock(&mut home, KNOWN, PASSWORD, "").await.location().starts_with("/login"));
    assert!(app.mails_to(KNOWN).await.iter().any(|mail| mail.contains("再設定されました")));
}

#[tokio::test]
async fn a_reset_says_what_is_wrong_keeps_the_code_and_never_the_password() {
    let app = TestApp::start().await;
    register(&app, &mut app.browser(), KNOWN).await;
    let mut browser = app.browser();
    ask(&mut browser, KNOWN).await;
    let code = code_for(&app, KNOWN).await;
    let page = browser
        .submit("/en/reset/code", "/api/account/reset-code", &[("code", &code), ("password", "too short")])
        .await;
    assert!(page.body.contains("Please use at least 12 characters."));
    assert!(page.body.contains(&format!("value=\"{code}\"")) && !page.body.contains("too short"));
    // No try was used up: what is wrong with the password is told before the code is looked at.
    for _ in 0..6 {
        browser.post("/reset/code", "/api/account/reset-code", &[("code", &code), ("password", "")]).await;
    }
    let fields = [("code", code.as_str()), ("password", NEW)];
    assert_eq!(browser.post("/reset/code", "/api/account/reset-code", &fields).await.location(), "/account");
}

#[tokio::test]
async fn an_address_without_an_account_gets_the_same_pages_and_a_mail_without_a_code() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    ask(&mut browser, "unknown@example.jp").await;
    let mails = app.mails_to("unknown@example.jp").await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].contains("登録されたアカウントはありません"));
    for _ in 0..5 {
        let fields = [("code", "12345678"), ("password", NEW)];
        browser.submit("/reset/code", "/api/account/reset-code", &fields).await;
    }
    assert!(browser.get("/reset/code").await.body.contains("はじめからお手続きください"));
    assert!(browser.cookie("noren-session").is_none());
}

#[tokio::test]
async fn a_change_asks_for_the_old_password_unless_a_proof_was_just_given_and_leads_back() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, KNOWN).await;
    assert_eq!(browser.get("/account/security/password").await.status, StatusCode::OK, "just proved");
    app.shop.clock.advance(11 * 60_000);
    for (lang, wrong) in [("", "パスワードが違います"), ("/en", "not the password of your account")] {
        let page = format!("{lang}/account/security/password");
        let asked = browser.get(&page).await;
        assert_eq!(asked.location(), format!("{lang}/account/confirm?next=/account/security/password"));
        let sent = browser.post(&page, "/api/account/change-password", &[("password", NEW)]).await;
        assert_eq!(sent.location(), asked.location(), "the form as well");
        let prove = format!("{lang}/account/confirm?next=/account/security/password");
        let fields = [("password", "not the password"), ("next", "/account/security/password")];
        assert!(browser.submit(&prove, "/api/account/prove", &fields).await.body.contains(wrong));
    }
    let before = browser.cookie("noren-session").unwrap().to_owned();
    let fields = [("password", PASSWORD), ("next", "/account/security/password")];
    let answer = browser.post("/account/confirm", "/api/account/prove", &fields).await;
    assert_eq!(answer.location(), "/account/security/password");
    assert_ne!(browser.cookie("noren-session").unwrap(), before, "a new token with the new rights");
    let mut thief = app.browser();
    thief.set_cookie("noren-session", &before);
    assert_eq!(thief.get("/account").await.status, StatusCode::OK, "what another tab had asked for meanwhile");
    assert!(thief.cookie("noren-session").is_some(), "and its answer takes no cookie away");
    let asked = thief.get("/account/security/password").await;
    assert!(asked.location().starts_with("/account/confirm"), "the token of before proves nothing");
    let again = thief.post("/account/confirm", "/api/account/prove", &fields).await;
    assert!(again.location().starts_with("/account/confirm") || again.status.is_client_error(), "and renews nothing");
    assert_eq!(thief.cookie("noren-session"), Some(before.as_str()));
    app.shop.clock.advance(60_000);
    assert!(thief.get("/account").await.status.is_redirection());

    let mut other = app.browser();
    log_in(&mut other, KNOWN, PASSWORD, "").await;
    let page = browser.submit("/account/security/password", "/api/account/change-password", &[("password", NEW)]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("アカウントの安全"));
    let said = "パスワードを変更しました。ほかの端末はログアウトしました。";
    assert!(page.body.contains(said), "{}", page.body);
    assert!(!browser.get("/account/security").await.body.contains(said), "said once");
    assert!(other.get("/account").await.status.is_redirection());
    browser.post("/account", "/api/account/logout", &[]).await;
    assert_eq!(knock(&mut browser, KNOWN, NEW, "").await.location(), "/account", "this browser is still known");
}

#[tokio::test]
async fn whoever_came_in_by_a_code_from_the_mailbox_is_not_asked_for_the_old_password_for_ten_minutes() {
    const PAGE: &str = "/account/security/password";
    let app = TestApp::start().await;
    register(&app, &mut app.browser(), KNOWN).await;
    let mut browser = app.browser();
    app.shop.clock.advance(1_000);
    browser.post("/login/code", "/api/account/mail-code", &[("email", KNOWN)]).await;
    let code = code_for(&app, KNOWN).await;
    let fields = [("code", code.as_str()), ("next", PAGE)];
    assert_eq!(browser.post("/login/confirm", "/api/account/confirm", &fields).await.location(), PAGE);
    app.shop.clock.advance(9 * 60_000);
    assert_eq!(browser.get(PAGE).await.status, StatusCode::OK);
    let page = browser.submit(PAGE, "/api/account/change-password", &[("password", NEW)]).await;
    assert!(page.body.contains("パスワードを変更しました"), "{}", page.body);
    app.shop.clock.advance(11 * 60_000);
    assert_eq!(browser.get(PAGE).await.location(), format!("/account/confirm?next={PAGE}"));
    browser.post("/account", "/api/account/logout", &[]).await;
    assert_eq!(knock(&mut browser, KNOWN, NEW, "").await.location(), "/account", "it is the new one");
}

#[tokio::test]
async fn the_proof_leads_nowhere_outside_the_shop() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, KNOWN).await;
    for next in ["//evil.example", "https://evil.example", "/\\evil", "/account/confirm"] {
        let fields = [("password", PASSWORD), ("next", next)];
        assert_eq!(
            browser.post("/account/confirm", "/api/account/prove", &fields).await.location(),
            "/account",
            "{next}"
        );
    }
}
