//! `/register`, `/verify`, `/login`, `/account`: the door.

use axum::http::StatusCode;
use noren_domain::account::Verify;

use crate::fixture::{Answer, Browser, TestApp};

pub const PASSWORD: &str = "wardrobe velvet onion";

/// Registers `email` and types in the code from its mail.
pub async fn register(app: &TestApp, browser: &mut Browser<'_>, email: &str) {
    register_in(app, browser, "", email).await;
}

/// The same on the pages of a language, in which the account's mails are from then on: nothing or `/en`.
pub async fn register_in(app: &TestApp, browser: &mut Browser<'_>, lang: &str, email: &str) {
    let fields = [("email", email), ("password", PASSWORD)];
    let answer = browser.post(&format!("{lang}/register"), "/api/account/register", &fields).await;
    assert!(answer.location().ends_with("/verify"), "{}", answer.location());
    let code = code_for(app, email).await;
    let answer = browser.post(&format!("{lang}/verify"), "/api/account/verify", &[("code", &code)]).await;
    assert!(answer.location().ends_with("/account"), "{}", answer.location());
}

/// The code in the newest mail to `email` that holds one.
pub async fn code_for(app: &TestApp, email: &str) -> String {
    let mails = app.mails_to(email).await;
    let alone = |line: &str| line.strip_prefix("    ").and_then(|code| Verify::parse(code).ok());
    let code = |mail: &String| mail.lines().find_map(alone).map(|typed| typed.code);
    mails.iter().rev().find_map(code).expect("a mail holds a code")
}

/// Sends e-mail and password.
pub async fn knock(browser: &mut Browser<'_>, email: &str, password: &str, next: &str) -> Answer {
    browser.post("/login", "/api/account/login", &[("email", email), ("password", password), ("next", next)]).await
}

/// Signs in; where that asks for the code from the mail, with that.
pub async fn log_in(browser: &mut Browser<'_>, email: &str, password: &str, next: &str) -> Answer {
    let answer = knock(browser, email, password, next).await;
    let Some(asked) = answer.location().strip_prefix("/login/confirm") else { return answer };
    let page = format!("/login/confirm{asked}");
    let code = code_for(browser.app(), &email.to_lowercase()).await;
    browser.post(&page, "/api/account/confirm", &[("code", &code), ("next", next)]).await
}

#[tokio::test]
async fn a_person_registers_with_the_code_from_the_mail_and_is_in() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "new@example.jp").await;
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    let security = browser.get("/account/security").await;
    assert!(security.body.contains("今のところ、お知らせはありません"));
}

#[tokio::test]
async fn the_security_page_begins_with_ways_to_every_one_of_its_parts() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "new@example.jp").await;
    for (page, label) in [("/account/security", "このページの内容"), ("/en/account/security", "On this page")] {
        let page = browser.get(page).await;
        let ways = page.between(&format!("aria-label=\"{label}\""), "</nav>").unwrap();
        let led: Vec<&str> = ways.split("href=\"#").skip(1).map(|way| way.split('"').next().unwrap()).collect();
        let (_, rest) = page.body.split_once(ways).unwrap();
        let (rest, _) = rest.split_once("</main>").unwrap();
        let parts: Vec<&str> = rest.split("<h2 id=\"").skip(1).map(|part| part.split('"').next().unwrap()).collect();
        assert_eq!(led, parts, "in the order of the page");
    }
}

#[tokio::test]
async fn a_wrong_code_is_refused_and_says_so() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    browser.post("/register", "/api/account/register", &[("email", "new@example.jp"), ("password", PASSWORD)]).await;
    let right = code_for(&app, "new@example.jp").await;
    let wrong = if right == "00000000" { "00000001" } else { "00000000" };
    let page = browser.submit("/verify", "/api/account/verify", &[("code", wrong)]).await;
    assert!(page.body.contains("コードが違います"));
    assert!(browser.get("/account").await.status.is_redirection());
}

#[tokio::test]
async fn registration_says_what_to_mend_keeps_the_address_and_never_the_password() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let page = browser
        .submit("/register", "/api/account/register", &[("email", "not an address"), ("password", "short")])
        .await;
    assert!(page.body.contains("「name@example.jp」の形で入力してください。"));
    assert!(page.body.contains("文字以上で入力してください。"));
    assert!(page.body.contains("value=\"not an address\""));
    assert!(!page.body.contains("value=\"short\""));
    let english = browser.submit("/en/register", "/api/account/register", &[("email", ""), ("password", "")]).await;
    assert!(english.body.contains("Please fill this in."));
}

#[tokio::test]
async fn an_address_that_has_an_account_gets_the_same_answer_and_another_mail() {
    let app = TestApp::start().await;
    register(&app, &mut app.browser(), "known@example.jp").await;
    let mut browser = app.browser();
    let answer = browser
        .post("/register", "/api/account/register", &[("email", "known@example.jp"), ("password", PASSWORD)])
        .await;
    assert!(answer.location().ends_with("/verify"));
    assert!(app.mails_to("known@example.jp").await.len() > 1);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_the_same_words() {
    let app = TestApp::start().await;
    register(&app, &mut app.browser(), "known@example.jp").await;
    for email in ["known@example.jp", "unknown@example.jp"] {
        let mut browser = app.browser();
        let answer = log_in(&mut browser, email, "not the password", "").await;
        let page = browser.follow(answer).await;
        assert!(page.body.contains("メールアドレスとパスワードの組み合わせが違います。"), "{email}");
        assert!(page.body.contains(&format!("value=\"{email}\"")), "what was typed stays");
        assert!(browser.cookie("noren-session").is_none());
    }
}

#[tokio::test]
async fn a_login_leads_back_into_the_shop_and_never_out_of_it() {
    let app = TestApp::start().await;
    register(&app, &mut app.browser(), "known@example.jp").await;
    for (next, leads_to) in [
        ("/account/security", "/account/security"),
        ("//evil.example", "/account"),
        ("/\\evil.example", "/account"),
        ("https://evil.example/", "/account"),
        ("/en//evil.example", "/account"),
        ("", "/account"),
    ] {
        let answer = log_in(&mut app.browser(), "known@example.jp", PASSWORD, next).await;
        assert_eq!(answer.location(), leads_to, "next={next}");
    }
}

#[tokio::test]
async fn the_account_asks_for_a_login_and_comes_back_after_it() {
    let app = TestApp::start().await;
    for path in ["/account", "/account/orders", "/account/security"] {
        let answer = app.browser().get(path).await;
        assert!(answer.status.is_redirection(), "{path}: {}", answer.status);
        assert!(answer.location().starts_with("/login?next="), "{path}: {}", answer.location());
        let english = app.browser().get(&format!("/en{path}")).await;
        assert!(english.location().starts_with("/en/login?next="), "{path}: {}", english.location());
    }
}

#[tokio::test]
async fn leaving_ends_the_session_on_the_server_too() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "new@example.jp").await;
    let token = browser.cookie("noren-session").unwrap().to_owned();
    browser.post("/account", "/api/account/logout", &[]).await;
    assert!(browser.cookie("noren-session").is_none());
    let mut thief = app.browser();
    thief.set_cookie("noren-session", &token);
    assert!(thief.get("/account").await.status.is_redirection());
}

#[tokio::test]
async fn every_page_behind_the_door_has_the_way_out() {
    let app = TestApp::start().await;
    let (mut browser, mut stranger) = (app.browser(), app.browser());
    register(&app, &mut browser, "new@example.jp").await;
    let routes = include_str!("../../../app/src/pages.rs").split("path!(\"").skip(1);
    let pages: Vec<&str> =
        routes.filter_map(|rest| rest.split('"').next()).filter(|path| !path.contains(':')).collect();
    // Opened by a link from a mail, or shown once the account is gone.
    let outside = |path: &str| path.starts_with("/account/email/") || path == "/account/data/erased";
    let is_room = |path: &&&str| path.starts_with("/account") && !outside(path);
    let (rooms, doors): (Vec<&str>, Vec<&str>) = pages.iter().partition(is_room);
    assert!(rooms.len() >= 9 && doors.contains(&"/login"), "{rooms:?}");
    for path in rooms {
        for (lang, words) in [("", "ログアウト"), ("/en", "Sign out")] {
            let page = browser.get(&format!("{lang}{path}")).await;
            let form = page.between("action=\"/api/account/logout\"", "</form>").unwrap_or_default();
            assert!(form.contains(words), "{lang}{path}: {} {form}", page.status);
        }
    }
    for path in ["/login", "/register", "/cart", "/", "/account/email/back", "/account/data/erased"] {
        assert!(!stranger.get(path).await.body.contains("/api/account/logout"), "{path}");
    }
}

#[tokio::test]
async fn leaving_clears_what_the_browser_stores_and_keeps_it_known() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "new@example.jp").await;
    let (session, device) =
        (browser.cookie("noren-session").unwrap().to_owned(), browser.cookie("noren-device").unwrap().to_owned());
    let left = browser.post("/account/security", "/api/account/logout", &[]).await;
    assert_eq!((left.location(), left.header("clear-site-data")), ("/", "\"storage\""));
    assert_eq!(browser.cookie("noren-device"), Some(device.as_str()));
    assert_eq!(knock(&mut browser, "new@example.jp", PASSWORD, "").await.location(), "/account");
    // A session that ended without a press is cleared away by the answer that says so.
    let mut other = app.browser();
    other.set_cookie("noren-session", &session);
    let ended = other.get("/account").await;
    assert_eq!((ended.location(), ended.header("clear-site-data")), ("/login?next=/account", "\"storage\""));
    assert_eq!(browser.get("/account").await.header("clear-site-data"), "", "nobody else's");
}

#[tokio::test]
async fn who_leaves_a_shared_computer_can_have_it_forget_them() {
    let app = TestApp::start().await;
    let (mut shared, mut own) = (app.browser(), app.browser());
    register(&app, &mut own, "new@example.jp").await;
    log_in(&mut shared, "new@example.jp", PASSWORD, "").await;
    let page = shared.get("/account/security").await;
    assert!(page.body.contains("name=\"forget\""), "{}", page.body);
    let left = shared.submit("/account/security", "/api/account/logout", &[("forget", "1")]).await;
    assert!(left.status == StatusCode::OK && left.body.contains("ログアウトしました。"), "{}", left.body);
    assert!(shared.cookie("noren-session").is_none());
    assert_eq!(knock(&mut shared, "new@example.jp", PASSWORD, "").await.location(), "/login/confirm");
    // The browser at home is as it was.
    assert_eq!(own.get("/account").await.status, StatusCode::OK);
    own.post("/account", "/api/account/logout", &[]).await;
    assert_eq!(knock(&mut own, "new@example.jp", PASSWORD, "").await.location(), "/account");
    // Nobody is signed in any more: that is no fault.
    assert_eq!(shared.post("/", "/api/account/logout", &[("forget", "1")]).await.location(), "/");
}

#[tokio::test]
async fn a_copied_cookie_of_an_ended_session_forgets_nobodys_browser() {
    let app = TestApp::start().await;
    let (mut home, mut thief) = (app.browser(), app.browser());
    register(&app, &mut home, "new@example.jp").await;
    thief.set_cookie("noren-session", home.cookie("noren-session").unwrap());
    home.post("/account", "/api/account/logout", &[]).await;
    assert_eq!(knock(&mut home, "new@example.jp", PASSWORD, "").await.location(), "/account");
    assert_eq!(thief.post("/", "/api/account/logout", &[("forget", "1")]).await.location(), "/");
    assert_eq!(home.get("/account").await.status, StatusCode::OK);
    home.post("/account", "/api/account/logout", &[]).await;
    assert_eq!(knock(&mut home, "new@example.jp", PASSWORD, "").await.location(), "/account", "it is known");
}

#[tokio::test]
async fn whoever_signs_out_is_told_so_once() {
    let app = TestApp::start().await;
    for (lang, words) in [("", "ログアウトしました。"), ("/en", "You are signed out.")] {
        let mut browser = app.browser();
        register(&app, &mut browser, &format!("new{}@example.jp", lang.len())).await;
        assert!(!browser.get(&format!("{lang}/account")).await.body.contains(words));
        let page = browser.submit(&format!("{lang}/account"), "/api/account/logout", &[]).await;
        assert!(page.status == StatusCode::OK && page.body.contains(words), "{}", page.body);
        let home = if lang.is_empty() { "/" } else { lang };
        assert!(!browser.get(home).await.body.contains(words), "said once");
    }
}

#[tokio::test]
async fn one_press_ends_every_other_device() {
    let app = TestApp::start().await;
    let (mut here, mut there) = (app.browser(), app.browser());
    register(&app, &mut here, "new@example.jp").await;
    log_in(&mut there, "new@example.jp", PASSWORD, "").await;
    assert_eq!(there.get("/account").await.status, StatusCode::OK);
    here.post("/account/security", "/api/account/end-others", &[]).await;
    assert_eq!(here.get("/account").await.status, StatusCode::OK);
    assert!(there.get("/account").await.status.is_redirection());
}

#[tokio::test]
async fn the_demo_customer_finds_the_notice_about_them() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    log_in(&mut browser, "hanako@example.jp", "noren-demo-curtain", "").await;
    let page = browser.get("/account/security").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains("今のところ、お知らせはありません"));
    assert!(page.body.contains("/security/notices/"));
}

#[tokio::test]
async fn every_fault_of_the_code_is_said_in_words_and_the_code_typed_is_still_there() {
    let app = TestApp::start().await;
    for (lang, nothing, required, wrong, over, email) in [
        ("", "待っている登録がありません", "入力してください。", "コードが違います", "もう使えません", "ja@example.jp"),
        (
            "/en",
            "is not waiting for a code",
            "Please fill this in.",
            "The code is wrong",
            "can no longer be used",
            "en@example.jp",
        ),
    ] {
        let page = format!("{lang}/verify");
        let mut stranger = app.browser();
        let answer = stranger.submit(&page, "/api/account/verify", &[("code", "12345678")]).await;
        assert!(answer.body.contains(nothing), "{lang}: a browser that asked for no code");
        let mut browser = app.browser();
        let fields = [("email", email), ("password", PASSWORD)];
        browser.post(&format!("{lang}/register"), "/api/account/register", &fields).await;
        let code = code_for(&app, email).await;
        for (typed, words) in
            [("", required), ("12345", wrong), ("abcdef", wrong), ("１２３", wrong), ("12345\0", wrong)]
        {
            let answer = browser.submit(&page, "/api/account/verify", &[("code", typed)]).await;
            assert_eq!(answer.status, StatusCode::OK);
            assert!(answer.body.contains(words), "{lang} {typed:?}");
            assert!(typed.is_empty() || typed.contains('\0') || answer.body.contains(&format!("value=\"{typed}\"")));
        }
        app.shop.clock.advance(15 * 60_000);
        let answer = browser.submit(&page, "/api/account/verify", &[("code", &code)]).await;
        assert!(answer.body.contains(over), "{lang}: too late");
        assert!(browser.get("/account").await.status.is_redirection());
    }
}

#[tokio::test]
async fn a_login_without_what_it_needs_says_so_field_by_field() {
    let app = TestApp::start().await;
    for (lang, required, address) in [
        ("", "入力してください。", "「name@example.jp」の形で"),
        ("/en", "Please fill this in.", "such as name@example.jp"),
    ] {
        let page = format!("{lang}/login");
        let mut browser = app.browser();
        let answer = browser.submit(&page, "/api/account/login", &[]).await;
        assert!(answer.body.matches(required).count() >= 2, "{lang}: both fields");
        let answer =
            browser.submit(&page, "/api/account/login", &[("email", "no address"), ("password", "secret word")]).await;
        assert!(answer.body.contains(address) && answer.body.contains("value=\"no address\""), "{lang}");
        assert!(!answer.body.contains("secret word"), "{lang}: a password never comes back");
    }
}

#[tokio::test]
async fn too_many_tries_are_stopped_in_words_that_say_how_long() {
    let app = TestApp::start().await;
    register(&app, &mut app.browser(), "known@example.jp").await;
    let mut browser = app.browser();
    for _ in 0..10 {
        log_in(&mut browser, "known@example.jp", "not the password", "").await;
    }
    let fields = [("email", "known@example.jp"), ("password", PASSWORD)];
    let page = browser.submit("/login", "/api/account/login", &fields).await;
    assert!(page.body.contains("2分ほどおいて"));
    let page = browser.submit("/en/login", "/api/account/login", &fields).await;
    assert!(page.body.contains("try again in about 2 minutes") && page.body.contains("value=\"known@example.jp\""));
    app.shop.clock.advance(15 * 60_000);
    assert_eq!(log_in(&mut browser, "known@example.jp", PASSWORD, "").await.location(), "/account");
}

#[tokio::test]
async fn the_wasm_hears_of_a_wrong_password_as_data() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let fields = [("email", "unknown@example.jp"), ("password", "not the password")];
    let answer = browser.call("/en/login", "/api/account/login", &fields).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::UNPROCESSABLE_ENTITY, ""));
    assert!(answer.body.contains("\"credentials\""), "{}", answer.body);
    assert!(answer.header("set-cookie").is_empty());
}

#[tokio::test]
async fn signing_in_brings_the_guests_cart_along() {
    let app = TestApp::start().await;
    register(&app, &mut app.browser(), "known@example.jp").await;
    let mut browser = app.browser();
    crate::shopper::add(&mut browser, "2").await;
    log_in(&mut browser, "known@example.jp", PASSWORD, "/cart").await;
    assert!(browser.get("/cart").await.body.contains("手ぬぐい 青海波"));
    browser.post("/account", "/api/account/logout", &[]).await;
    assert!(browser.get("/cart").await.body.contains("カートに商品はありません"), "who signs out takes the cart along");
    let mut elsewhere = app.browser();
    log_in(&mut elsewhere, "known@example.jp", PASSWORD, "").await;
    assert!(elsewhere.get("/cart").await.body.contains("手ぬぐい 青海波"));
}
