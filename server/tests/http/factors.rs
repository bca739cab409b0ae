//! `/account/security/totp` and `/account/security/recovery`: the second factors that are typed.

use axum::http::StatusCode;
use noren_domain::account::RecoveryCode;
use noren_shop::account::lost::{self, Asked};
use noren_shop::account::{office, recovery};
use totp_rs::{Builder, Secret};

use crate::account::{PASSWORD, code_for, knock, register, register_in};
use crate::fixture::{Answer, Browser, TestApp};

/// The page on which an app is set up.
pub const TOTP: &str = "/account/security/totp";
const RECOVERY: &str = "/account/security/recovery";
const SECURITY: &str = "/account/security";
const EMAIL_PAGE: &str = "/account/security/email";

/// What an app that was given the key on the page shows now.
pub fn code(app: &TestApp, page: &Answer) -> String {
    let key = page.between("<code class=\"secret\">", "<").unwrap_or_else(|| panic!("{}", page.body));
    let secret = Secret::try_from_base32(key.replace(' ', "")).unwrap();
    let seconds = u64::try_from(app.shop.now() / 1_000).unwrap();
    Builder::new().with_secret(secret).build().unwrap().generate(seconds).to_string()
}

/// A code that is not this one.
pub fn another(code: &str) -> &'static str {
    if code == "000000" { "111111" } else { "000000" }
}

/// The recovery codes that a page shows.
fn codes(page: &Answer) -> Vec<String> {
    let Some(list) = page.between("class=\"recovery-codes\">", "</ol>") else { return Vec::new() };
    list.split("<code>").skip(1).map(|rest| rest.split_once('<').unwrap().0.to_owned()).collect()
}

/// Whether the part about passkeys sends people on to an app.
fn points_to_the_app(security: &Answer) -> bool {
    security.between("id=\"passkeys\"", "</section>").unwrap().contains("href=\"#factors\"")
}

/// Sets an app up; gives the page it leads to.
pub async fn set_up(app: &TestApp, browser: &mut Browser<'_>, lang: &str) -> Answer {
    let page = browser.submit(&format!("{lang}{TOTP}"), "/api/account/totp-begin", &[]).await;
    let code = code(app, &page);
    browser.submit(&format!("{lang}{TOTP}"), "/api/account/totp-confirm", &[("code", &code)]).await
}

#[tokio::test]
async fn an_app_is_set_up_without_scripts_and_brings_ten_codes_that_are_shown_once() {
    let app = TestApp::start().await;
    for (lang, email, off, wrong, shown, done, on) in [
        (
            "",
            "ja@example.jp",
            "設定されていません",
            "コードが違うか、すでに使われています",
            "この一度だけです",
            "認証アプリを有効にしました",
            "から有効です",
        ),
        (
            "/en",
            "en@example.jp",
            "Not set up.",
            "The code is wrong or was used before",
            "this once only",
            "Your app was turned on",
            "In use since",
        ),
    ] {
        let (totp, recovery) = (format!("{lang}{TOTP}"), format!("{lang}{RECOVERY}"));
        let mut browser = app.browser();
        register(&app, &mut browser, email).await;
        let security = browser.get(&format!("{lang}/account/security")).await;
        assert!(security.body.contains(off) && points_to_the_app(&security));
        let before = browser.get(&totp).await;
        assert!(before.status == StatusCode::OK && !before.body.contains("class=\"qr\""), "a GET makes no secret");

        let page = browser.submit(&totp, "/api/account/totp-begin", &[]).await;
        let qr = page.between("class=\"qr\"", "</svg>").unwrap();
        assert!(qr.contains("fill=\"#ffffff\"") && !qr.contains("style"), "{qr}");
        assert!(page.body.contains("href=\"otpauth://totp/"));
        assert!(page.body.contains("role=\"img\"") && page.body.contains("viewBox=\"0 0 "));
        let right = code(&app, &page);
        assert_eq!(code(&app, &browser.get(&totp).await), right, "a reload shows the same secret");

        let page = browser.submit(&totp, "/api/account/totp-confirm", &[("code", another(&right))]).await;
        assert!(page.body.contains(wrong) && page.body.contains(&format!("value=\"{}\"", another(&right))));
        let page = browser.submit(&totp, "/api/account/totp-confirm", &[("code", &right)]).await;
        assert!(page.body.contains(shown) && page.body.contains(done), "{}", page.body);
        let made = codes(&page);
        assert_eq!(made.len(), 10);
        let text = page.between("data:text/plain;charset=utf-8,", "\"").unwrap();
        assert!(made.iter().all(|code| text.contains(code)), "the file has what the page has");

        let again = browser.get(&recovery).await;
        assert!(codes(&again).is_empty() && made.iter().all(|code| !again.body.contains(code)), "never a second time");
        assert!(!again.body.contains(done), "nor is it said again");
        let security = browser.get(&format!("{lang}/account/security")).await;
        assert!(!points_to_the_app(&security), "nobody is told to set up what is on");
        let page = browser.get(&totp).await;
        assert!(page.body.contains(on) && !page.body.contains("<code class=\"secret\">"), "nor is the secret");
    }
}

#[tokio::test]
async fn every_fault_of_the_apps_code_is_said_in_words() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "mori@example.jp").await;
    let page = browser.submit(TOTP, "/api/account/totp-confirm", &[("code", "123456")]).await;
    assert!(page.body.contains("前の手順の入力がまだのようです"), "nothing was begun");
    browser.submit(TOTP, "/api/account/totp-begin", &[]).await;
    let wrong = "コードが違うか、すでに使われています";
    for (typed, words) in
        [("", "入力してください"), ("12345", wrong), ("abcdef", wrong), ("12345\0", wrong), ("暖簾", wrong)]
    {
        let page = browser.submit(TOTP, "/api/account/totp-confirm", &[("code", typed)]).await;
        assert!(page.status == StatusCode::OK && page.body.contains(words), "{typed:?}");
    }
    let answer = browser.call(TOTP, "/api/account/totp-confirm", &[("code", "12345")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("\"app_code\""), "{}", answer.body);
    let full_width: String = code(&app, &browser.get(TOTP).await)
        .chars()
        .map(|digit| char::from_u32(u32::from('０') + digit.to_digit(10).unwrap()).unwrap())
        .collect();
    let page = browser.submit(TOTP, "/api/account/totp-confirm", &[("code", &full_width)]).await;
    assert_eq!(codes(&page).len(), 10, "as a Japanese keyboard gives it");
}

#[tokio::test]
async fn new_codes_are_shown_once_and_the_security_page_counts_them() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "mori@example.jp").await;
    let first = codes(&set_up(&app, &mut browser, "").await);
    let page = browser.submit(RECOVERY, "/api/account/recovery-new", &[]).await;
    let second = codes(&page);
    assert!(second.len() == 10 && second.iter().all(|code| !first.contains(code)));
    assert!(codes(&browser.get(RECOVERY).await).is_empty());
    assert!(browser.get("/account/security").await.body.contains("残り10個"));
    assert!(browser.get("/en/account/security").await.body.contains("10 left."));
}

#[tokio::test]
async fn who_changes_too_much_within_the_hour_is_told_so_on_the_page() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "mori@example.jp").await;
    let setup = browser.submit(TOTP, "/api/account/totp-begin", &[]).await;
    let shown = code(&app, &setup);
    for _ in 0..20 {
        assert_eq!(codes(&browser.submit(RECOVERY, "/api/account/recovery-new", &[]).await).len(), 10);
    }
    for (lang, words) in [("", "お試しの回数が多いため"), ("/en", "There were too many tries")] {
        let page = browser.submit(&format!("{lang}{RECOVERY}"), "/api/account/recovery-new", &[]).await;
        assert!(page.body.contains(words) && codes(&page).is_empty(), "{}", page.body);
        let page = browser.submit(&format!("{lang}{TOTP}"), "/api/account/totp-confirm", &[("code", &shown)]).await;
        assert!(page.body.contains(words) && page.body.contains("class=\"qr\""), "{}", page.body);
    }
}

#[tokio::test]
async fn the_app_is_turned_off_and_what_was_begun_is_given_up() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "mori@example.jp").await;
    set_up(&app, &mut browser, "").await;
    let page = browser.submit(TOTP, "/api/account/totp-off", &[]).await;
    assert!(page.body.contains("設定をはじめる"));
    let page = browser.submit(TOTP, "/api/account/totp-begin", &[]).await;
    let first = page.between("<code class=\"secret\">", "<").unwrap().to_owned();
    let page = browser.submit(TOTP, "/api/account/totp-begin", &[]).await;
    assert_ne!(page.between("<code class=\"secret\">", "<").unwrap(), first);
    browser.submit(TOTP, "/api/account/totp-off", &[]).await;
    assert!(!browser.get(TOTP).await.body.contains("class=\"qr\""));
    let again = browser.post(TOTP, "/api/account/totp-off", &[]).await;
    assert!(!again.status.is_server_error(), "pressed again on an old page: {}", again.status);
}

#[tokio::test]
async fn an_app_that_is_turned_on_where_there_are_codes_already_is_said_to_be_on_once() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "mori@example.jp").await;
    set_up(&app, &mut browser, "").await;
    browser.submit(TOTP, "/api/account/totp-off", &[]).await;
    let page = set_up(&app, &mut browser, "").await;
    let said = "認証アプリを有効にしました";
    assert!(page.body.contains(said) && page.body.contains("から有効です") && codes(&page).is_empty(), "{}", page.body);
    assert!(!browser.get(TOTP).await.body.contains(said));
}

#[tokio::test]
async fn what_a_new_password_by_mail_has_taken_away_is_said_on_the_page_that_follows_once() {
    const EMAIL: &str = "mori@example.jp";
    for (lang, said) in [
        ("", "最近設定された認証アプリ、復旧コードを取り除きました。"),
        ("/en", "what had been set up lately: the authenticator app, recovery codes."),
    ] {
        let app = TestApp::start().await;
        let (mut home, mut browser) = (app.browser(), app.browser());
        register(&app, &mut home, EMAIL).await;
        set_up(&app, &mut home, "").await;
        browser.post("/reset", "/api/account/reset", &[("email", EMAIL)]).await;
        let code = code_for(&app, EMAIL).await;
        let fields = [("code", code.as_str()), ("password", "lantern river maple")];
        let page = browser.submit(&format!("{lang}/reset/code"), "/api/account/reset-code", &fields).await;
        let words = page.between(said, "</p>").unwrap_or_else(|| panic!("{}", page.body));
        assert!(words.contains(&format!("href=\"{lang}/account/security\"")), "{words}");
        assert!(!browser.get(&format!("{lang}/account")).await.body.contains(said));
    }
}

#[tokio::test]
async fn factors_are_ones_own_and_nobodys_without_a_sign_in() {
    let app = TestApp::start().await;
    let (mut hers, mut his) = (app.browser(), app.browser());
    register(&app, &mut hers, "hers@example.jp").await;
    register(&app, &mut his, "his@example.jp").await;
    set_up(&app, &mut hers, "").await;
    assert!(his.get(TOTP).await.body.contains("設定をはじめる"));
    his.submit(TOTP, "/api/account/totp-off", &[]).await;
    assert!(hers.get(TOTP).await.body.contains("から有効です"));
    for (lang, login) in [("", "/login?next="), ("/en", "/en/login?next=")] {
        for page in [TOTP, RECOVERY] {
            assert!(app.browser().get(&format!("{lang}{page}")).await.location().starts_with(login), "{page}");
        }
        for action in ["totp-begin", "totp-confirm", "totp-off", "recovery-new"] {
            let page = format!("{lang}{TOTP}");
            let answer = app.browser().post(&page, &format!("/api/account/{action}"), &[("code", "123456")]).await;
            assert!(answer.location().starts_with(login), "{action}: {}", answer.location());
        }
    }
}

#[tokio::test]
async fn ten_minutes_after_the_sign_in_the_person_is_asked_once_more_before_anything_is_shown_or_changed() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "mori@example.jp").await;
    browser.submit(TOTP, "/api/account/totp-begin", &[]).await;
    app.shop.clock.advance(10 * 60_000 + 1);
    for lang in ["", "/en"] {
        let proof = |page: &str| format!("{lang}/account/confirm?next={page}");
        for page in [TOTP, RECOVERY] {
            let answer = browser.get(&format!("{lang}{page}")).await;
            assert_eq!(answer.location(), proof(page));
            assert!(!answer.body.contains("class=\"secret\""));
        }
        let totp = format!("{lang}{TOTP}");
        for (action, page) in
            [("totp-begin", TOTP), ("totp-confirm", TOTP), ("totp-off", TOTP), ("recovery-new", RECOVERY)]
        {
            let answer = browser.post(&totp, &format!("/api/account/{action}"), &[("code", "123456")]).await;
            assert_eq!(answer.location(), proof(page), "{action}");
        }
    }
}

#[tokio::test]
async fn the_owner_is_told_by_mail_that_the_app_was_turned_on() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "mori@example.jp").await;
    set_up(&app, &mut browser, "").await;
    let told = app.mails_to("mori@example.jp").await;
    assert!(told.iter().any(|mail| mail.contains("認証アプリ")), "{told:?}");
}

#[tokio::test]
async fn while_the_vault_is_away_an_app_that_is_on_can_be_seen_and_one_being_set_up_must_wait() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "mori@example.jp").await;
    browser.submit(TOTP, "/api/account/totp-begin", &[]).await;
    app.stop_vault();
    let page = browser.get(TOTP).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.body.contains("お預かりするシステムに接続できません"));
    app.start_vault();
    set_up(&app, &mut browser, "").await;
    app.stop_vault();
    for page in [TOTP, RECOVERY] {
        assert_eq!(browser.get(page).await.status, StatusCode::OK, "{page}");
    }
}

#[tokio::test]
async fn a_removal_is_stopped_on_the_security_page_after_a_fresh_proof_and_not_before() {
    const EMAIL: &str = "mori@example.jp";
    const KEEP: &str = "/api/account/keep-factors";
    for (lang, button, press_again, told) in [
        ("", "解除を取り消す", "まだ何も行っていません", "二段階認証の解除は、取りやめになりました"),
        ("/en", "Stop the removal", "Nothing has been done yet", "two-step sign-in of your account was stopped"),
    ] {
        let app = TestApp::start().await;
        let mut browser = app.browser();
        register_in(&app, &mut browser, lang, EMAIL).await;
        let setup = browser.submit(TOTP, "/api/account/totp-begin", &[]).await;
        browser.submit(TOTP, "/api/account/totp-confirm", &[("code", &code(&app, &setup))]).await;
        knock(&mut app.browser(), EMAIL, PASSWORD, "").await;
        let customer = office::customer(&app.shop, EMAIL, "test").await.unwrap();
        assert!(matches!(lost::remove_later(&app.shop, customer).await.unwrap(), Asked::Now(_)));
        app.shop.clock.advance(10 * 60_000 + 1);

        let security = format!("{lang}{SECURITY}");
        let answer = browser.post(&security, KEEP, &[]).await;
        let proof = format!("{lang}/account/confirm?next=/account/security%3Fagain%3Dfactors");
        assert_eq!(answer.location(), proof);
        assert!(browser.get(&security).await.body.contains(button), "a session alone stops nothing");

        let shown = code(&app, &setup);
        let once_more = "/account/security?again=factors";
        assert!(browser.get(&proof).await.body.contains(once_more), "the form leads back there");
        let fields = [("password", PASSWORD), ("code", shown.as_str()), ("next", once_more)];
        let answer = browser.post(&proof, "/api/account/prove", &fields).await;
        assert_eq!(answer.location(), format!("{lang}{once_more}"));
        let page = browser.follow(answer).await;
        assert!(page.body.contains(press_again), "it is to be pressed once more: {}", page.body);
        assert!(browser.get(&security).await.body.contains(button), "an app of today does not stop it by itself");
        assert!(!browser.submit(&security, KEEP, &[]).await.body.contains(button));
        let mails = app.mails_to(EMAIL).await;
        assert!(mails.iter().any(|mail| mail.contains(told)), "{mails:?}");
    }
}

#[tokio::test]
async fn the_last_recovery_code_is_called_the_last_and_none_beside_an_app_asks_for_attention() {
    const EMAIL: &str = "mori@example.jp";
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, EMAIL).await;
    let made = codes(&set_up(&app, &mut browser, "").await);
    let customer = office::customer(&app.shop, EMAIL, "test").await.unwrap();
    let spend = async |codes: &[String]| {
        let mut tx = app.shop.db.write().await.unwrap();
        for code in codes {
            let code = RecoveryCode::parse(code).unwrap();
            assert!(recovery::spend(&mut tx, &app.shop, customer, &code).await.unwrap());
        }
        tx.commit().await.unwrap();
    };
    let words =
        [("", "復旧コードは、残り1個です", "要確認"), ("/en", "You have one recovery code left", "Needs attention")];

    spend(&made[..8]).await;
    for (lang, last, none) in words {
        assert!(!browser.get(&format!("{lang}{EMAIL_PAGE}")).await.body.contains(last), "two are left");
        assert!(!browser.get(&format!("{lang}{SECURITY}")).await.body.contains(none));
    }
    spend(&made[8..9]).await;
    for (lang, last, _) in words {
        assert!(browser.get(&format!("{lang}{EMAIL_PAGE}")).await.body.contains(last));
    }
    assert!(browser.get(SECURITY).await.body.contains("いま確認が必要なことはありません"));
    assert!(browser.get("/account").await.body.contains("確認が必要なことはありません"));
    spend(&made[9..]).await;
    for (lang, last, none) in words {
        assert!(!browser.get(&format!("{lang}{EMAIL_PAGE}")).await.body.contains(last));
        assert!(browser.get(&format!("{lang}{SECURITY}")).await.body.contains(none));
    }
    let security = browser.get(SECURITY).await.body;
    assert!(security.contains("ご確認いただきたいことが1件あります"));
    assert!(security.contains("href=\"#factors\"") && security.contains("復旧コードが残っていません"), "and where");
    assert!(!browser.get("/account").await.body.contains("確認が必要なことはありません"));
    // Nobody can be shut out where no app is asked for.
    let page = browser.submit(TOTP, "/api/account/totp-off", &[]).await;
    assert!(page.body.contains("設定をはじめる"));
    assert!(browser.get(SECURITY).await.body.contains("いま確認が必要なことはありません"));
}
