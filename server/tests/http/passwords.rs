//! Passwords, new ones and others, as the doors take them.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, ORIGIN, REFERER};
use axum::http::{Method, StatusCode};

use crate::account::{PASSWORD, code_for, knock, log_in, register};
use crate::fixture::{Answer, Browser, TestApp, URL, form};

const EMAIL: &str = "kazuko.mori@example.jp";

async fn registering(app: &TestApp, page: &str, password: &str) -> Answer {
    let fields = [("email", EMAIL), ("password", password)];
    app.browser().submit(page, "/api/account/register", &fields).await
}

/// Sends a form that is written already: no form of a browser holds such bytes.
async fn sent(browser: &mut Browser<'_>, page: &str, action: &str, written: String) -> Answer {
    let request = browser
        .request(Method::POST, action)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(ORIGIN, URL)
        .header(REFERER, format!("{URL}{page}"))
        .body(Body::from(written))
        .unwrap();
    browser.send(request).await
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
    assert!(app.mails_to(EMAIL).await.is_empty());
}

#[tokio::test]
async fn an_easy_password_is_refused_in_place_of_another_one_too() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, EMAIL).await;
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
        let written = format!("{}&password={password}", form(&[("email", EMAIL)]));
        let answer = sent(&mut app.browser(), "/register", "/api/account/register", written).await;
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

#[tokio::test]
async fn odd_passwords_are_answered_in_words_at_every_other_door_and_nothing_is_lost() {
    const RIGHT_AND_NUL: &str = "wardrobe+velvet+onion%00";
    const NULS: &str = "%00%00%00%00%00%00%00%00%00%00%00%00";
    let app = TestApp::start().await;
    let (mut inside, mut home, mut strange) = (app.browser(), app.browser(), app.browser());
    register(&app, &mut inside, EMAIL).await;
    log_in(&mut home, EMAIL, PASSWORD, "").await;
    strange.post("/reset", "/api/account/reset", &[("email", EMAIL)]).await;
    let code = code_for(&app, EMAIL).await;
    let (address, digits, next) = (form(&[("email", EMAIL)]), form(&[("code", &code)]), form(&[("next", "/account")]));
    let long = "a".repeat(10_000);
    let easy = ["繰り返し", "Repetitions and rows"];
    for (page, action, beside, nul, said) in [
        ("/login", "/api/account/login", &address, RIGHT_AND_NUL, ["組み合わせが違います", "do not belong together"]),
        (
            "/account/confirm",
            "/api/account/prove",
            &next,
            RIGHT_AND_NUL,
            ["パスワードが違います", "not the password of your account"],
        ),
        ("/reset/code", "/api/account/reset-code", &digits, NULS, easy),
        ("/account/security/password", "/api/account/change-password", &next, NULS, easy),
    ] {
        for (password, [ja, en]) in [
            (long.as_str(), ["256文字以内", "at most 256 characters"]),
            (nul, said),
            // Half of a surrogate pair, and a byte that is in no text.
            ("wardrobe+velvet+onion%ED%A0%80", ["読み取れませんでした", "could not be read"]),
            ("%FFwardrobe+velvet+onion", ["読み取れませんでした", "could not be read"]),
        ] {
            for (lang, words) in [("", ja), ("/en", en)] {
                let browser = if page.starts_with("/account") { &mut inside } else { &mut strange };
                let written = format!("{beside}&password={password}");
                let answer = sent(browser, &format!("{lang}{page}"), action, written).await;
                let shown = browser.follow(answer).await;
                assert!(!shown.status.is_server_error(), "{lang}{page}: {} for {words}", shown.status);
                assert!(shown.body.contains(words), "{lang}{page}: no {words} in {}", shown.body);
                let opened = knock(&mut home, EMAIL, PASSWORD, "").await;
                assert_eq!(opened.location(), "/account", "{lang}{page}: {words}");
            }
        }
    }
    let fields = [("code", code.as_str()), ("password", "lantern river maple")];
    let done = strange.post("/reset/code", "/api/account/reset-code", &fields).await;
    assert_eq!(done.location(), "/account", "the code is as good as before");
}

#[tokio::test]
async fn a_new_password_with_nul_in_it_is_kept_whole() {
    const WHOLE: &str = "wardrobe\0velvet onion maple";
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, EMAIL).await;
    for reset in [false, true] {
        let led_to = if reset {
            browser.post("/reset", "/api/account/reset", &[("email", EMAIL)]).await;
            let code = code_for(&app, EMAIL).await;
            let fields = [("code", code.as_str()), ("password", WHOLE)];
            browser.post("/reset/code", "/api/account/reset-code", &fields).await
        } else {
            let fields = [("password", WHOLE)];
            browser.post("/account/security/password", "/api/account/change-password", &fields).await
        };
        assert_eq!(led_to.location(), if reset { "/account" } else { "/account/security" });
        for wrong in [
            "wardrobe",
            "wardrobe\0velvet onion maple\0",
            "wardrobe velvet onion maple",
            "Wardrobe\0velvet onion maple",
        ] {
            assert_eq!(knock(&mut browser, EMAIL, wrong, "").await.location(), "/login", "{wrong:?}");
            let fields = [("password", wrong), ("next", "/account")];
            let proof = browser.post("/account/confirm", "/api/account/prove", &fields).await;
            assert_eq!(proof.location(), "/account/confirm", "{wrong:?}");
        }
        let fields = [("password", WHOLE), ("next", "/account")];
        let proof = browser.post("/account/confirm", "/api/account/prove", &fields).await;
        assert_eq!(proof.location(), "/account", "proved");
        assert_eq!(knock(&mut browser, EMAIL, WHOLE, "").await.location(), "/account", "and signed in");
    }
}
