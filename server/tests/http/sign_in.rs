//! `/login/confirm`, `/login/code`: signing in with a code from a mail.

use axum::http::StatusCode;

use crate::account::{PASSWORD, code_for, knock, register};
use crate::fixture::{Answer, Browser, TestApp};

const KNOWN: &str = "known@example.jp";

async fn confirm(browser: &mut Browser<'_>, page: &str, code: &str) -> Answer {
    browser.post(page, "/api/account/confirm", &[("code", code), ("next", "/account/orders")]).await
}

#[tokio::test]
async fn a_password_alone_opens_nothing_in_a_strange_browser_and_everything_in_a_known_one() {
    let app = TestApp::start().await;
    let mut home = app.browser();
    register(&app, &mut home, KNOWN).await;
    let mut strange = app.browser();
    let asked = knock(&mut strange, KNOWN, PASSWORD, "/account/orders").await;
    assert_eq!(asked.location(), "/login/confirm?next=/account/orders");
    assert!(strange.cookie("noren-session").is_none());
    assert!(strange.get("/account").await.status.is_redirection());
    let page = strange.follow(asked).await;
    assert!(page.body.contains("autocomplete=\"one-time-code\"") && !page.body.contains(KNOWN));
    let code = code_for(&app, KNOWN).await;
    assert_eq!(confirm(&mut strange, "/login/confirm", &code).await.location(), "/account/orders");
    for browser in [&mut strange, &mut home] {
        browser.post("/account", "/api/account/logout", &[]).await;
        assert_eq!(knock(browser, KNOWN, PASSWORD, "").await.location(), "/account", "it is known now");
    }
}

#[tokio::test]
async fn whoever_is_asked_for_a_code_reads_when_it_is_asked_for_again_and_what_to_do_on_a_shared_computer() {
    let app = TestApp::start().await;
    register(&app, &mut app.browser(), KNOWN).await;
    let mut strange = app.browser();
    knock(&mut strange, KNOWN, PASSWORD, "").await;
    for (page, said) in [
        (
            "/login/confirm",
            [
                "通常、次回からは",
                "90日間お使いに",
                "パスワードを変えたとき",
                "この端末の確認を取り消したとき",
                "ほかの方も使うパソコン",
            ],
        ),
        (
            "/en/login/confirm",
            [
                "As a rule",
                "90 days without use",
                "after a new password",
                "this device was forgotten",
                "computer that others use",
            ],
        ),
    ] {
        let shown = strange.get(page).await.body;
        for words in said {
            assert!(shown.contains(words), "{words}: {shown}");
        }
        assert!(shown.find("name=\"code\"").unwrap() < shown.find(said[0]).unwrap(), "the field first");
    }
}

#[tokio::test]
async fn a_code_that_is_wrong_over_or_somebody_elses_is_answered_in_words_in_both_languages() {
    let app = TestApp::start().await;
    register(&app, &mut app.browser(), KNOWN).await;
    for (lang, wrong, over) in
        [("", "コードが違います", "もう一度ログインしてください"), ("/en", "The code is wrong", "Please sign in again")]
    {
        let page = format!("{lang}/login/confirm");
        let mut stranger = app.browser();
        assert!(stranger.get(&page).await.body.contains(over), "nothing was begun here");
        let mut browser = app.browser();
        knock(&mut browser, KNOWN, PASSWORD, "").await;
        let code = code_for(&app, KNOWN).await;
        let answer = confirm(&mut stranger, &page, &code).await;
        assert!(stranger.follow(answer).await.body.contains(over), "the code alone opens nothing");
        for typed in ["", "12345", "abcdef", "12345\0", "１２３"] {
            let answer = confirm(&mut browser, &page, typed).await;
            let shown = browser.follow(answer).await;
            assert_eq!(shown.status, StatusCode::OK, "{typed:?}");
            assert!(shown.body.contains("role=\"alert\""), "{typed:?}");
        }
        let other = if code == "00000000" { "00000001" } else { "00000000" };
        let answer = confirm(&mut browser, &page, other).await;
        let shown = browser.follow(answer).await;
        assert!(shown.body.contains(wrong) && !shown.body.contains(other), "a code goes back into no page");
        assert!(shown.body.contains("value=\"/account/orders\""), "where it leads stays");
        app.shop.clock.advance(10 * 60_000);
        confirm(&mut browser, &page, &code).await;
        assert!(browser.get(&page).await.body.contains(over));
        assert!(browser.cookie("noren-session").is_none());
    }
}

#[tokio::test]
async fn a_code_by_mail_is_asked_for_alike_with_any_address_and_opens_the_account_that_there_is() {
    let app = TestApp::start().await;
    register(&app, &mut app.browser(), KNOWN).await;
    let mut pages = Vec::new();
    for email in [KNOWN, "unknown@example.jp"] {
        let mut browser = app.browser();
        let fields = [("email", email), ("next", "/cart")];
        let answer = browser.post("/en/login/code", "/api/account/mail-code", &fields).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::FOUND, "/en/login/confirm?next=/cart"), "{email}");
        let shown = browser.follow(answer).await;
        pages.push(shown.between("<main", "</main>").unwrap().to_owned());
    }
    assert_eq!(pages[0], pages[1]);
    let told = app.mails_to("unknown@example.jp").await;
    assert!(told.len() == 1 && told[0].contains("no account with it"), "{told:?}");
    let mut browser = app.browser();
    browser.post("/login/code", "/api/account/mail-code", &[("email", KNOWN)]).await;
    let code = code_for(&app, KNOWN).await;
    assert_eq!(confirm(&mut browser, "/login/confirm", &code).await.location(), "/account/orders");
}

#[tokio::test]
async fn no_form_of_the_door_takes_an_address_that_is_none() {
    let app = TestApp::start().await;
    for (page, action) in [("/login/code", "/api/account/mail-code"), ("/reset", "/api/account/reset")] {
        for typed in ["", "nobody", "a@b", "a@b.jp\r\nBcc: spy@example.jp", &format!("{}@b.jp", "a".repeat(10_000))] {
            let shown = app.browser().submit(page, action, &[("email", typed)]).await;
            assert_eq!(shown.status, StatusCode::OK);
            assert!(shown.body.contains("role=\"alert\""), "{page} {}", &typed[..typed.len().min(40)]);
        }
    }
    for address in ["spy@example.jp", "b.jp", "nobody"] {
        assert!(app.mails_to(address).await.is_empty(), "{address}");
    }
}

#[tokio::test]
async fn the_sixth_code_in_an_hour_waits_and_says_how_long() {
    let app = TestApp::start().await;
    for _ in 0..5 {
        app.browser().post("/reset", "/api/account/reset", &[("email", KNOWN)]).await;
    }
    let shown = app.browser().submit("/en/reset", "/api/account/reset", &[("email", KNOWN)]).await;
    assert!(shown.body.contains("try again in about 12 minutes"), "{}", shown.body);
}

#[tokio::test]
async fn where_the_password_is_tried_no_more_a_code_by_mail_still_opens_the_door() {
    for (lang, over) in [("", "お試しの回数が多いため"), ("/en", "There were too many tries")] {
        let app = TestApp::start().await;
        register(&app, &mut app.browser(), KNOWN).await;
        for _ in 0..10 {
            knock(&mut app.browser(), KNOWN, "not the password", "").await;
        }
        let (door, by_mail) = (format!("{lang}/login"), format!("{lang}/login/code"));
        let right = [("email", KNOWN), ("password", PASSWORD)];
        let mut browser = app.browser();
        let refused = browser.submit(&door, "/api/account/login", &right).await;
        assert!(refused.body.contains(over), "{}", refused.body);
        assert!(refused.body.contains(&format!("href=\"{by_mail}\"")), "the way round it stands below");

        let asked = browser.post(&by_mail, "/api/account/mail-code", &[("email", KNOWN), ("next", "/cart")]).await;
        let page = format!("{lang}/login/confirm?next=/cart");
        assert_eq!(asked.location(), page);
        let code = code_for(&app, KNOWN).await;
        assert_eq!(confirm(&mut browser, &page, &code).await.location(), format!("{lang}/account/orders"));
        assert_eq!(browser.get(&format!("{lang}/account")).await.status, StatusCode::OK);
        let still = app.browser().submit(&door, "/api/account/login", &right).await;
        assert!(still.body.contains(over), "whoever guessed has no more tries by it");
    }
}
