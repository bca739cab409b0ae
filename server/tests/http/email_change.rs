//! `/account/security/email` and `/account/email/…`: another address, and the way back.

use axum::http::StatusCode;

use crate::account::{PASSWORD, code_for, knock, log_in, register};
use crate::factors::set_up;
use crate::fixture::{Answer, Browser, TestApp};

const PAGE: &str = "/account/security/email";
const OLD: &str = "mori@example.jp";
const NEW: &str = "mori.new@example.com";

/// Asks for another address.
pub async fn ask(browser: &mut Browser<'_>, lang: &str, email: &str) -> Answer {
    browser.app().shop.clock.advance(1);
    browser.submit(&format!("{lang}{PAGE}"), "/api/account/email-ask", &[("email", email)]).await
}

/// Types a code in.
pub async fn confirm(browser: &mut Browser<'_>, lang: &str, code: &str) -> Answer {
    browser.app().shop.clock.advance(1);
    browser.submit(&format!("{lang}{PAGE}"), "/api/account/email-confirm", &[("code", code)]).await
}

/// Asks for `new` and types both codes in.
pub async fn change(app: &TestApp, browser: &mut Browser<'_>, lang: &str, old: &str, new: &str) -> Answer {
    ask(browser, lang, new).await;
    let code = code_for(app, new).await;
    confirm(browser, lang, &code).await;
    let code = code_for(app, old).await;
    confirm(browser, lang, &code).await
}

/// The path of the link in the newest mail to `email` that has one.
pub async fn link(app: &TestApp, email: &str) -> String {
    let mails = app.mails_to(email).await;
    let token = mails.iter().rev().find_map(|mail| mail.split("/account/email/back/").nth(1));
    format!("/account/email/back/{}", &token.expect("a mail holds a link")[..43])
}

fn another(code: &str) -> String {
    format!("{}{}", if code.starts_with('0') { '1' } else { '0' }, &code[1..])
}

#[tokio::test]
async fn the_address_is_changed_without_scripts_and_the_old_mailbox_takes_it_back() {
    for (lang, asked, present, stood, returned) in [
        (
            "",
            "メールをお送りしました",
            "現在のアドレスに届いた確認コード",
            "元のアドレスにお送りしたメール",
            "元のアドレスに戻しました",
        ),
        (
            "/en",
            "We have sent a mail to",
            "Eight-digit code from your current mailbox",
            "our mail to the earlier address",
            "The earlier address is back",
        ),
    ] {
        let app = TestApp::start().await;
        let (mut browser, mut elsewhere) = (app.browser(), app.browser());
        register(&app, &mut browser, OLD).await;
        log_in(&mut elsewhere, OLD, PASSWORD, "").await;
        let page = ask(&mut browser, lang, NEW).await;
        assert!(page.body.contains(asked) && page.body.contains(NEW), "{}", page.body);
        let code = code_for(&app, NEW).await;
        let page = confirm(&mut browser, lang, &code).await;
        assert!(page.body.contains(present), "{}", page.body);
        let before = browser.cookie("noren-session").unwrap().to_owned();
        let code = code_for(&app, OLD).await;
        let page = confirm(&mut browser, lang, &code).await;
        assert!(page.body.contains(NEW) && page.body.contains(stood), "{}", page.body);
        assert_ne!(browser.cookie("noren-session"), Some(before.as_str()), "a new token");
        assert!(elsewhere.get("/account").await.status.is_redirection(), "every other device is signed out");

        let link = format!("{lang}{}", link(&app, OLD).await);
        let mut mailbox = app.browser();
        for _ in 0..2 {
            let page = mailbox.get(&link).await;
            assert!(page.status == StatusCode::OK && page.body.contains("/api/account/email-take-back"));
            assert_eq!(page.header("cache-control"), "no-store");
        }
        assert_eq!(browser.get("/account").await.status, StatusCode::OK, "opening it changes nothing");
        let token = link.rsplit('/').next().unwrap().to_owned();
        let page = mailbox.submit(&link, "/api/account/email-take-back", &[("token", &token)]).await;
        assert!(page.body.contains(returned), "{}", page.body);
        assert!(browser.get("/account").await.status.is_redirection(), "whoever was in is out");
        assert!(!mailbox.get(&link).await.body.contains("/api/account/email-take-back"), "it works once");
        assert!(knock(&mut browser, OLD, PASSWORD, "").await.location().starts_with("/login"), "the password is void");
        mailbox.post("/reset", "/api/account/reset", &[("email", OLD)]).await;
        let code = code_for(&app, OLD).await;
        let fields = [("code", code.as_str()), ("password", "lantern river maple")];
        assert_eq!(mailbox.post("/reset/code", "/api/account/reset-code", &fields).await.location(), "/account");
        assert!(mailbox.get("/account").await.body.contains(OLD));
    }
}

#[tokio::test]
async fn the_page_after_a_finished_change_leads_back_and_asks_for_no_other_address() {
    for (lang, done, back) in [
        ("", "メールアドレスを変更しました", "アカウントの安全へ戻る"),
        ("/en", "Your e-mail address was changed", "Back to account security"),
    ] {
        let app = TestApp::start().await;
        let mut browser = app.browser();
        register(&app, &mut browser, OLD).await;
        let page = change(&app, &mut browser, lang, OLD, NEW).await;
        assert!(page.body.contains(done) && page.body.contains(back), "{}", page.body);
        assert!(!page.body.contains("/api/account/email-ask"), "{}", page.body);
        let later = browser.get(&format!("{lang}{PAGE}")).await.body;
        assert!(!later.contains(done) && later.contains("/api/account/email-ask"), "{later}");
    }
}

#[tokio::test]
async fn the_page_after_a_change_was_stopped_or_taken_back_names_the_factors_that_went_once() {
    for (lang, done, page, said) in [
        ("", false, "/account/email/stopped", "最近設定された認証アプリ、復旧コードを取り除きました。"),
        ("/en", true, "/account/email/returned", "what had been set up lately: the authenticator app, recovery codes."),
    ] {
        let app = TestApp::start().await;
        let (mut browser, mut mailbox) = (app.browser(), app.browser());
        register(&app, &mut browser, OLD).await;
        set_up(&app, &mut browser, "").await;
        if done {
            change(&app, &mut browser, lang, OLD, NEW).await;
        } else {
            ask(&mut browser, lang, NEW).await;
        }
        let link = format!("{lang}{}", link(&app, OLD).await);
        let token = link.rsplit('/').next().unwrap().to_owned();
        let shown = mailbox.submit(&link, "/api/account/email-take-back", &[("token", &token)]).await;
        assert!(shown.body.contains(said), "{}", shown.body);
        let again = mailbox.get(&format!("{lang}{page}")).await;
        assert!(again.status == StatusCode::OK && !again.body.contains(said), "{}", again.body);
    }
}

#[tokio::test]
async fn every_fault_is_said_in_words_and_what_was_typed_stays() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, OLD).await;
    let form = "「name@example.jp」の形で入力してください。";
    for (typed, words) in [
        ("", "入力してください"),
        ("mori", form),
        ("mori@exаmple.jp", form),
        ("mori@example.jp, taro@example.jp", form),
        ("mori.new@example.com\r\nBcc: taro@example.jp", "使えない文字"),
        ("MORI@example.jp", "すでにこのアカウントのアドレスです"),
    ] {
        let page = ask(&mut browser, "", typed).await;
        assert!(page.status == StatusCode::OK && page.body.contains(words), "{typed:?} {}", page.body);
    }
    assert!(app.mails_to("taro@example.jp").await.is_empty());
    let fields = [("email", NEW), ("old_unsafe", "1"), ("recovery", "0410-6105-0R3G-G28A")];
    let page = browser.submit(PAGE, "/api/account/email-ask", &fields).await;
    assert!(page.body.contains("復旧コードが違うか") && page.body.contains(&format!("value=\"{NEW}\"")));
    assert!(!page.body.contains("0410-6105"), "a recovery code goes back into no page");

    ask(&mut browser, "", NEW).await;
    let code = code_for(&app, NEW).await;
    let page = confirm(&mut browser, "", &another(&code)).await;
    assert!(page.body.contains("コードが違います"));
    let page = confirm(&mut browser, "/en", "").await;
    assert!(page.body.contains("Please fill this in."));
    let page = browser.submit(PAGE, "/api/account/email-resend", &[]).await;
    assert!(page.body.contains("メールをお送りしました"));
    let page = confirm(&mut browser, "", &code).await;
    assert!(page.body.contains("コードが違います"), "another one was sent");
}

#[tokio::test]
async fn the_pages_do_not_tell_whether_somebody_else_has_the_address() {
    let app = TestApp::start().await;
    register(&app, &mut app.browser(), "known@example.jp").await;
    let mut pages = Vec::new();
    for (own, wanted) in [("a@example.jp", "known@example.jp"), ("b@example.jp", "nobod@example.jp")] {
        let mut browser = app.browser();
        register(&app, &mut browser, own).await;
        let answer = browser.post(PAGE, "/api/account/email-ask", &[("email", wanted)]).await;
        let page = browser.get(PAGE).await;
        let main = page.between("<main", "</main>").unwrap().replace(wanted, "…").replace(own, "…");
        pages.push((answer.status, answer.location().to_owned(), main));
        assert!(app.mails_to(wanted).await.iter().any(|mail| mail.contains("アドレス")));
    }
    assert_eq!(pages[0], pages[1]);
    assert!(app.mails_to("known@example.jp").await.last().unwrap().contains("何も変わっていません"));
}

#[tokio::test]
async fn it_asks_for_a_fresh_proof_and_nobody_gets_there_without_a_sign_in() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, OLD).await;
    let acts = ["email-ask", "email-confirm", "email-resend", "email-wait"];
    app.shop.clock.advance(noren_shop::session::RECENT + 1);
    assert!(browser.get(PAGE).await.location().starts_with("/account/confirm?next="));
    for act in acts {
        let answer = browser.post(PAGE, &format!("/api/account/{act}"), &[("email", NEW), ("code", "123456")]).await;
        assert!(answer.location().starts_with("/account/confirm?next="), "{act} {}", answer.location());
    }
    let mut nobody = app.browser();
    for act in acts.into_iter().chain(["email-stop"]) {
        let answer = nobody.post(PAGE, &format!("/api/account/{act}"), &[("email", NEW), ("code", "123456")]).await;
        assert!(answer.location().starts_with("/login"), "{act} {}", answer.location());
    }
    assert!(app.mails_to(NEW).await.is_empty());
}

#[tokio::test]
async fn without_the_old_mailbox_it_waits_with_a_banner_and_every_session_stops_it() {
    let app = TestApp::start().await;
    let (mut browser, mut elsewhere) = (app.browser(), app.browser());
    register(&app, &mut browser, OLD).await;
    log_in(&mut elsewhere, OLD, PASSWORD, "").await;
    ask(&mut browser, "", NEW).await;
    let code = code_for(&app, NEW).await;
    assert!(confirm(&mut browser, "", &code).await.body.contains("3日待って変更する"));
    let page = browser.submit(PAGE, "/api/account/email-wait", &[]).await;
    assert!(page.body.contains("すぐに止めてください"), "{}", page.body);
    app.shop.clock.advance(noren_shop::session::RECENT + 1);
    for page in ["/account", "/account/security"] {
        assert!(
            elsewhere.get(page).await.body.contains("以降に、このアカウントのメールアドレスが変わります"),
            "{page}"
        );
        let english = elsewhere.get(&format!("/en{page}")).await;
        assert!(english.body.contains("The e-mail address of this account will be changed on"), "{page}");
    }
    let page = elsewhere.submit("/account/security", "/api/account/email-stop", &[]).await;
    assert!(!page.body.contains("以降に") && page.body.contains("メールアドレスを変更する"), "no proof is asked for");
    let said = "メールアドレスの変更を止めました";
    assert!(page.body.contains(said), "{}", page.body);
    let again = elsewhere.post("/account/security", "/api/account/email-stop", &[]).await;
    assert_eq!(again.location(), "/account/security");
    assert!(!elsewhere.follow(again).await.body.contains(said), "there was nothing to stop");
    assert!(browser.get("/account").await.body.contains(OLD));
}

#[tokio::test]
async fn a_false_link_and_a_false_recovery_code_change_nothing_and_say_so() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, OLD).await;
    change(&app, &mut browser, "", OLD, NEW).await;
    let mut stranger = app.browser();
    let other = "A".repeat(43);
    for token in ["x", "..%2f..", other.as_str()] {
        let page = stranger.get(&format!("/account/email/back/{token}")).await;
        assert!(page.body.contains("期限が切れているか"), "{token}");
        let answer = stranger.post("/account/email/back/x", "/api/account/email-take-back", &[("token", token)]).await;
        assert!(!answer.location().contains("returned"), "{token} {}", answer.location());
    }
    let mut said = Vec::new();
    for email in [OLD, NEW, "nobody@example.jp"] {
        let fields = [("email", email), ("recovery", "0410-6105-0R3G-G28A")];
        let page = stranger.submit("/account/email/back", "/api/account/email-back", &fields).await;
        assert!(page.body.contains("復旧コードが違うか") && !page.body.contains("0410-6105"));
        said.push(page.between("<main", "</main>").unwrap().replace(email, "…"));
    }
    assert!(said.windows(2).all(|two| two[0] == two[1]), "the same for whose address it is");
    assert!(browser.get("/account").await.body.contains(NEW));
}
