//! New passwords, as `/register` takes them.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, ORIGIN, REFERER};
use axum::http::{Method, StatusCode};

use crate::account::{PASSWORD, register};
use crate::fixture::{Answer, TestApp, URL};

async fn registering(app: &TestApp, page: &str, password: &str) -> Answer {
    let fields = [("email", "kazuko.mori@example.jp"), ("password", password)];
    app.browser().submit(page, "/api/account/register", &fields).await
}

#[tokio::test]
async fn an_easy_password_is_refused_at_its_field_with_what_would_be_better() {
    let app = TestApp::start().await;
    for (password, ja, en) in [
        ("sojdlg123aljg", "よく使われているパスワードに似ています", "Many people use this password"),
        ("bluewhalebluewhale", "繰り返しや、文字・キーの並び", "Repetitions and rows of letters"),
        ("veronica19840512", "名前や日付", "Names, dates and a word or two"),
        ("kazuko19840512", "お客様のメールアドレスや当店の名前", "Your e-mail address and the name of this shop"),
    ] {
        for (page, words) in [("/register", ja), ("/en/register", en)] {
            let answer = registering(&app, page, password).await;
            let fault = answer.between("id=\"f-password-fault\" class=\"field__fault\">", "<").unwrap();
            assert!(fault.contains(words), "{password}: {fault}");
            assert!(answer.body.contains("value=\"kazuko.mori@example.jp\"") && !answer.body.contains(password));
        }
    }
    assert!(app.mails_to("kazuko.mori@example.jp").await.is_empty());
}

#[tokio::test]
async fn an_easy_password_is_refused_in_place_of_another_one_too() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "kazuko.mori@example.jp").await;
    for (password, words) in
        [("bluewhalebluewhale", "繰り返し"), ("kazuko19840512", "お客様のメールアドレスや当店の名前")]
    {
        let page = "/account/security/password";
        let answer = browser.submit(page, "/api/account/change-password", &[("password", password)]).await;
        let fault = answer.between("id=\"f-password-fault\" class=\"field__fault\">", "<").unwrap();
        assert!(fault.contains(words), "{password}: {fault}");
    }
}

#[tokio::test]
async fn passwords_that_no_keyboard_types_are_answered_all_the_same() {
    let app = TestApp::start().await;
    let long = "wardrobe velvet onion ".repeat(500);
    assert!(registering(&app, "/register", &long).await.body.contains("256文字以内"));
    assert!(registering(&app, "/register", &"\0".repeat(20)).await.body.contains("繰り返し"));
    for (password, taken) in [
        // NUL counts like any other character.
        ("wardrobe%00velvet+onion", true),
        // Half of a surrogate pair in CESU-8, an overlong slash, and half a character: no UTF-8, so nothing that could be typed again.
        ("%ED%A0%80wardrobe+velvet+onion", false),
        ("%C0%AFwardrobe+velvet+onion", false),
        ("wardrobe+velvet+onion%E6%9A", false),
    ] {
        let mut browser = app.browser();
        let request = browser
            .request(Method::POST, "/api/account/register")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ORIGIN, URL)
            .header(REFERER, format!("{URL}/register"))
            .body(Body::from(format!("email=kazuko.mori%40example.jp&password={password}")))
            .unwrap();
        let answer = browser.send(request).await;
        assert!(!answer.status.is_server_error(), "{password}: {}", answer.status);
        assert_eq!(
            answer.location().ends_with("/verify"),
            taken,
            "{password}: {} {}",
            answer.status,
            answer.location()
        );
    }
    let answer = registering(&app, "/register", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK);
}
