//! `/account/data`: what is held about a person, a copy of it, and the erasure of their account.

use axum::http::StatusCode;
use noren_shop::account::{erase, export};

use crate::account::{PASSWORD, knock, register};
use crate::fixture::TestApp;

const DATA: &str = "/account/data";
const ERASE: &str = "/account/data/erase";

#[tokio::test]
async fn what_is_held_is_shown_with_its_purpose_and_its_time_in_both_languages() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "mori@example.jp").await;
    for (lang, words) in [
        ("", ["お預かりしている情報", "メールアドレス", "90日。", "端末1件"]),
        ("/en", ["The data we hold about you", "e-mail address", "90 days.", "1 device, "]),
    ] {
        let security = browser.get(&format!("{lang}/account/security")).await;
        assert!(security.body.contains(&format!("href=\"{lang}{DATA}\"")), "the way there");
        let page = browser.get(&format!("{lang}{DATA}")).await;
        assert_eq!(page.status, StatusCode::OK);
        for word in words {
            assert!(page.body.contains(word), "{word}");
        }
        for odd in ["device(s)", "browser(s)", "sign-in(s)", "event(s)", "mail(s)", "0件"] {
            assert!(!page.body.contains(odd), "{odd} is not how people write");
        }
        assert!(page.header("cache-control").contains("no-store"));
    }
    assert!(app.browser().get(DATA).await.location().starts_with("/login?next="));
}

#[tokio::test]
async fn a_copy_is_made_without_scripts_shown_to_be_read_and_downloaded_with_a_signature_that_fits() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "mori@example.jp").await;
    let asked = browser.post(DATA, "/api/account/export-ask", &[]).await;
    let page = asked.location().to_owned();
    assert!(page.contains("/account/data/export/"), "{page}");
    let path = page.strip_prefix(crate::fixture::URL).unwrap_or(&page).to_owned();
    let copy = browser.get(&path).await;
    assert!(copy.body.contains("mori@example.jp") && copy.body.contains("ログインした端末"), "{}", copy.body);
    let file = browser.get(&format!("{path}/file")).await;
    assert_eq!((file.status, file.header("content-type")), (StatusCode::OK, "application/json"));
    assert!(file.header("content-disposition").starts_with("attachment") && file.header("cache-control") == "no-store");
    let pem = browser.get("/export-key.pem").await.body;
    let key = export::PublicKey::from_pem(&pem).unwrap();
    assert!(export::verify(&file.body, &key).unwrap().contains("mori@example.jp"));
    let mails = app.mails_to("mori@example.jp").await;
    assert!(mails.iter().any(|mail| mail.contains("書き出す手続き")), "{mails:?}");
    assert!(mails.iter().all(|mail| !mail.contains("/export/")), "no link to it travels by mail");
    assert!(browser.get(DATA).await.body.contains("控えを開く"));
    assert!(browser.get(&format!("/en{path}")).await.body.contains("Devices signed in"));
    assert_eq!(browser.get(&format!("/en{path}/file")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_long_section_of_the_copy_folds_and_a_short_one_stands_open() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "mori@example.jp").await;
    for _ in 0..4 {
        browser.get("/account").await;
    }
    let asked = browser.post(DATA, "/api/account/export-ask", &[]).await;
    let path = asked.location().strip_prefix(crate::fixture::URL).unwrap_or(asked.location()).to_owned();
    for (lang, long, short, words) in
        [("", "お客様の情報を読んだ記録", "アカウント", "件を見る"), ("/en", "Who read my data", "Account", "See all ")]
    {
        let copy = browser.get(&format!("{lang}{path}")).await;
        let section = |title: &str| copy.between(&format!("<h2>{title}"), "</section>").unwrap();
        let (long, short) = (section(long), section(short));
        assert!(!short.contains("<details") && short.contains("mori@example.jp"), "{short}");
        // Behind the fold and not in it: closed details would be closed on paper.
        let (fold, entries) = long.split_once("</details>").unwrap();
        assert!(fold.contains(words) && !fold.contains("class=\"holding\""), "{fold}");
        assert!(entries.matches("class=\"holding\"").count() > 3, "{entries}");
    }
}

#[tokio::test]
async fn a_copy_opens_to_its_owner_alone_who_is_asked_once_more_and_for_a_day() {
    let app = TestApp::start().await;
    let (mut hers, mut his) = (app.browser(), app.browser());
    register(&app, &mut hers, "hers@example.jp").await;
    register(&app, &mut his, "his@example.jp").await;
    let asked = hers.post(DATA, "/api/account/export-ask", &[]).await;
    let path = asked.location().strip_prefix(crate::fixture::URL).unwrap_or(asked.location()).to_owned();
    for (page, name) in [(path.clone(), "page"), (format!("{path}/file"), "file")] {
        let answer = his.get(&page).await;
        assert!(answer.status == StatusCode::NOT_FOUND && !answer.body.contains("hers@"), "{name}: {}", answer.status);
        let stranger = app.browser().get(&page).await;
        assert!(stranger.status.is_redirection() && !stranger.body.contains("hers@"), "{name}");
    }
    app.shop.clock.advance(10 * 60_000 + 1);
    assert!(hers.get(&path).await.location().starts_with("/account/confirm?next="));
    assert_eq!(hers.get(&format!("{path}/file")).await.location(), path, "the page asks for it");
    app.shop.clock.advance(export::LIFE);
    let fields = [("password", PASSWORD), ("next", DATA)];
    hers.post("/account/confirm", "/api/account/prove", &fields).await;
    assert_eq!(hers.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(hers.get(&format!("{path}/file")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_account_is_erased_by_the_typed_word_and_by_no_other_and_every_session_ends() {
    let app = TestApp::start().await;
    for (lang, email, word, done, refused) in [
        ("", "ja@example.jp", "消去", "アカウントを消去しました", "入力された言葉が違います"),
        ("/en", "en@example.jp", "erase", "Your account is erased", "That is another word."),
    ] {
        let (mut browser, mut phone) = (app.browser(), app.browser());
        register(&app, &mut browser, email).await;
        crate::account::log_in(&mut phone, email, PASSWORD, "").await;
        assert_eq!(phone.get("/account").await.status, StatusCode::OK);
        let page = format!("{lang}{ERASE}");
        assert_eq!(browser.get(&page).await.status, StatusCode::OK);
        let again = browser.submit(&page, "/api/account/erase", &[("typed", "yes")]).await;
        assert!(again.body.contains(refused), "{}", again.body);
        assert_eq!(browser.get("/account").await.status, StatusCode::OK, "nothing has happened");

        let statement = browser.submit(&page, "/api/account/erase", &[("typed", word)]).await;
        assert!(statement.body.contains(done), "{}", statement.body);
        let no = statement.between("class=\"erase-no\">", "<").unwrap().to_owned();
        assert!(no.starts_with("E-"), "{no}");
        assert!(!browser.get(&format!("{lang}/account/data/erased")).await.body.contains(&no), "shown once");
        for gone in [&mut browser, &mut phone] {
            let answer = gone.get(&format!("{lang}/account")).await;
            assert!(answer.location().starts_with(&format!("{lang}/login")), "{}", answer.location());
        }
        let mails = app.mails_to(email).await;
        assert!(mails.iter().any(|mail| mail.contains(&no)), "the statement is the last mail: {mails:?}");
        assert!(
            knock(&mut app.browser(), email, PASSWORD, "").await.location().ends_with("/login"),
            "nor does the password open"
        );
        assert_eq!(erase::finish(&app.shop).await.unwrap(), 1);
        while noren_shop::outbox::run_due(&app.shop).await.unwrap() > 0 {}
        // The mailbox folder keeps the last mail alone.
        assert_eq!(app.mails_to(email).await.iter().filter(|mail| !mail.contains(&no)).count(), 0);

        register(&app, &mut browser, email).await;
        let fresh = browser.get(&format!("{lang}{DATA}")).await;
        assert_eq!(fresh.status, StatusCode::OK, "somebody new");
    }
}

#[tokio::test]
async fn what_makes_an_erasure_wait_is_said_before_anything_is_pressed() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let (old, new) = ("mori@example.jp", "mori.new@example.com");
    register(&app, &mut browser, old).await;
    let pages = [
        ("", "メールアドレスを変更", "あと7日ほどお待ちいただいて", "終わったご注文はありません", "消去", "時間後"),
        (
            "/en",
            "e-mail address was changed",
            "can be erased in about 7 days",
            "of finished orders (there are none)",
            "erase",
            "168 hours",
        ),
    ];
    for (lang, change, wait, none, ..) in pages {
        let page = browser.get(&format!("{lang}{ERASE}")).await.body;
        assert!(!page.contains(change) && !page.contains(wait), "nothing was changed: {page}");
        assert!(page.contains("name=\"typed\"") && page.contains("/api/account/erase\""), "{page}");
        assert!(page.contains(none) && !page.contains("order(s)") && !page.contains("0件"), "{page}");
    }
    let email = "/account/security/email";
    app.shop.clock.advance(1);
    browser.post(email, "/api/account/email-ask", &[("email", new)]).await;
    for mailbox in [new, old] {
        let code = crate::account::code_for(&app, mailbox).await;
        app.shop.clock.advance(1);
        browser.post(email, "/api/account/email-confirm", &[("code", &code)]).await;
    }
    for (lang, change, wait, _, word, hours) in pages {
        let page = format!("{lang}{ERASE}");
        let shown = browser.get(&page).await;
        // Whoever has the page of before presses all the same.
        let refused = browser.submit(&page, "/api/account/erase", &[("typed", word)]).await;
        for answer in [shown, refused] {
            let main = answer.between("<main", "</main>").unwrap();
            assert!(main.matches(change).count() == 1 && main.contains(wait) && !main.contains(hours), "{main}");
            assert!(!main.contains("name=\"typed\"") && !main.contains("/api/account/erase\""), "{main}");
        }
    }
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn whoever_has_not_just_proved_themselves_is_asked_before_anything_is_copied_or_erased() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "mori@example.jp").await;
    app.shop.clock.advance(10 * 60_000 + 1);
    for (lang, word) in [("", "消去"), ("/en", "erase")] {
        let (data, erase) = (format!("{lang}{DATA}"), format!("{lang}{ERASE}"));
        let proof = |page: &str| format!("{lang}/account/confirm?next={page}");
        assert_eq!(browser.get(&data).await.status, StatusCode::OK, "what is held may be seen");
        assert_eq!(browser.get(&erase).await.location(), proof(ERASE));
        for (page, action, then) in [(&data, "export-ask", DATA), (&erase, "erase", ERASE)] {
            let answer = browser.post(page, &format!("/api/account/{action}"), &[("typed", word)]).await;
            assert_eq!(answer.location(), proof(then), "{action}");
        }
        assert_eq!(browser.get(&format!("{lang}/account")).await.status, StatusCode::OK);
        for (action, then) in [("export-ask", DATA), ("erase", ERASE)] {
            let answer = app.browser().post(&erase, &format!("/api/account/{action}"), &[("typed", word)]).await;
            assert_eq!(answer.location(), format!("{lang}/login?next={then}"), "{action}");
        }
    }
}
