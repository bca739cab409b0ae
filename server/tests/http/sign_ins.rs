//! The sign-ins and tries on `/account/security`, and all of them, a page at a time, on `/account/security/sign-ins`.

use axum::http::StatusCode;
use noren_shop::account::office;

use crate::account::{PASSWORD, knock, log_in, register};
use crate::fixture::{Answer, TestApp};
use crate::security::{EDGE, FIREFOX, SAFARI};

const ALL: &str = "/account/security/sign-ins";
const ANSWER: &str = "/api/account/answer-sign-in";
const EMAIL: &str = "mine@example.jp";

/// One try was blocked, and then as many passwords were wrong as fill a page and more.
async fn tries(app: &TestApp) {
    let customer = office::customer(&app.shop, EMAIL, "test").await.unwrap();
    let sql = "INSERT INTO sign_in (id, customer_id, at, outcome, user_agent, network) VALUES ($1, $2, $3, $4, '', '')";
    let mut tx = app.shop.db.write().await.unwrap();
    for n in 0..25 {
        app.shop.clock.advance(1);
        let outcome = if n == 0 { "blocked" } else { "wrong_password" };
        let (now, id) = (app.shop.now(), app.shop.entropy.uuid(app.shop.now()));
        noren_shop::execute!(tx, sql, id, customer.0, now, outcome).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// The tries that the page lists.
fn listed(page: &Answer) -> Vec<&str> {
    let entries = page.body.split("<li class=\"sign-in\">").skip(1);
    entries.map(|entry| entry.split("</li>").next().unwrap()).collect()
}

/// Where the page says that older ones stand.
fn older(page: &Answer, lang: &str) -> Option<String> {
    let begins = format!("{lang}{ALL}?after=");
    let mark = page.between(&format!("href=\"{begins}"), "\"")?;
    Some(format!("{begins}{mark}"))
}

/// The first value of the hidden field `name`.
fn value(of: &str, name: &str) -> String {
    of.split_once(&format!("name=\"{name}\" value=\"")).unwrap().1.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_list_of_sign_ins_tells_the_tries_that_failed_and_only_ones_own() {
    let app = TestApp::start().await;
    let (mut mine, mut other) = (app.browser().named(SAFARI), app.browser());
    register(&app, &mut mine, "mine@example.jp").await;
    register(&app, &mut other, "other@example.jp").await;
    app.shop.clock.advance(1_000);
    log_in(&mut app.browser().named(FIREFOX), "mine@example.jp", "not the password", "").await;
    app.shop.clock.advance(1_000);
    log_in(&mut app.browser().named(EDGE), "mine@example.jp", PASSWORD, "").await;
    for (page, ok, wrong, browsers) in [
        ("/account/security", "成功", "パスワード違い", ["Edge（Windows）", "Firefox（Linux）"]),
        ("/en/account/security", "Signed in", "Wrong password", ["Edge on Windows", "Firefox on Linux"]),
    ] {
        let answer = mine.get(page).await;
        let entries = listed(&answer);
        assert!(entries[0].contains(ok) && entries[0].contains(browsers[0]), "the newest first: {}", entries[0]);
        assert!(entries[1].contains(wrong) && entries[1].contains(browsers[1]), "{}", entries[1]);
        assert_eq!(entries.iter().filter(|entry| entry.contains(wrong)).count(), 1);
        let theirs = other.get(page).await;
        assert!(listed(&theirs).iter().all(|entry| !entry.contains(wrong)));
        assert!(!theirs.body.contains("Firefox"));
    }
}

#[tokio::test]
async fn a_sign_in_says_by_what_and_one_without_its_code_what_was_right() {
    let app = TestApp::start().await;
    let mut mine = app.browser().named(SAFARI);
    register(&app, &mut mine, "mine@example.jp").await;
    app.shop.clock.advance(1_000);
    log_in(&mut app.browser().named(EDGE), "mine@example.jp", PASSWORD, "").await;
    app.shop.clock.advance(1_000);
    knock(&mut app.browser().named(FIREFOX), "mine@example.jp", PASSWORD, "").await;
    for (page, right, both, registration) in [
        (
            "/account/security",
            "パスワードは合っていましたが",
            "パスワードとメールの確認コード",
            "ご登録のときの確認コード",
        ),
        (
            "/en/account/security",
            "The password was right, but",
            "Password and a code by mail",
            "The code of your registration",
        ),
    ] {
        let answer = mine.get(page).await;
        let entries = listed(&answer);
        for (entry, words) in entries.iter().zip([right, both, registration]) {
            assert!(entry.contains(words), "{words}: {entry}");
        }
        assert_eq!(entries.len(), 3);
        assert!(!entries[0].contains(both), "nobody came in");
    }
}

#[tokio::test]
async fn a_blocked_try_stays_in_sight_and_all_others_are_reached_by_the_way_to_older_ones() {
    let app = TestApp::start().await;
    let mut mine = app.browser();
    register(&app, &mut mine, EMAIL).await;
    tries(&app).await;
    for (lang, title, blocked, wrong, registration) in [
        ("", "ログインの記録", "回数超過のため拒否", "パスワード違い", "ご登録のときの確認コード"),
        ("/en", "Your sign-ins", "Blocked: too many tries", "Wrong password", "The code of your registration"),
    ] {
        let security = mine.get(&format!("{lang}/account/security")).await;
        let newest = listed(&security);
        assert_eq!(newest.iter().filter(|entry| entry.contains(wrong)).count(), 20);
        assert!(newest.iter().any(|entry| entry.contains(blocked)), "{}", security.body);
        assert!(security.body.contains(&format!("href=\"{lang}{ALL}\"")), "the way to all of them");

        let first = mine.get(&format!("{lang}{ALL}")).await;
        assert_eq!(first.status, StatusCode::OK);
        assert!(first.body.contains(title), "{}", first.body);
        assert!(first.body.contains(&format!("href=\"{lang}/account/security\"")), "the way back");
        assert_eq!(listed(&first).iter().filter(|entry| entry.contains(wrong)).count(), 20);
        let second = mine.get(&older(&first, lang).unwrap()).await;
        let rest = listed(&second);
        assert_eq!(rest.len(), 6);
        assert!(rest[..4].iter().all(|entry| entry.contains(wrong)), "{}", second.body);
        assert!(rest[4].contains(blocked) && rest[5].contains(registration), "{}", second.body);
        assert_eq!(older(&second, lang), None);
        assert!(second.body.contains(&format!("href=\"{lang}{ALL}\"")), "the way back to the newest");

        let odd = mine.get(&format!("{lang}{ALL}?after=%27%3B--")).await;
        assert_eq!(listed(&odd).len(), 20, "as if nothing was asked");
        let stranger = app.browser().get(&format!("{lang}{ALL}")).await;
        assert!(stranger.location().starts_with(&format!("{lang}/login?next=")), "{}", stranger.location());
    }
}

#[tokio::test]
async fn an_answer_comes_back_to_the_page_that_it_was_given_on_and_leads_nowhere_else() {
    let app = TestApp::start().await;
    let mut mine = app.browser();
    register(&app, &mut mine, EMAIL).await;
    app.shop.clock.advance(1_000);
    log_in(&mut app.browser(), EMAIL, PASSWORD, "").await;
    tries(&app).await;
    for (lang, said, once_more) in
        [("", "ご本人と確認済み", "もう一度押してください"), ("/en", "it was me", "once more")]
    {
        let first = mine.get(&format!("{lang}{ALL}")).await;
        let path = older(&first, lang).unwrap();
        let page = mine.get(&path).await;
        let entries = listed(&page);
        let asked = entries.iter().find(|entry| entry.contains("value=\"me\"")).unwrap();
        let (id, on) = (value(asked, "sign_in"), value(asked, "page"));
        assert_eq!(format!("{lang}{on}"), path);
        let me = mine.post(&path, ANSWER, &[("sign_in", &id), ("answer", "me"), ("page", &on)]).await;
        assert_eq!(me.location(), path);
        assert!(mine.get(&path).await.body.contains(said));
        for elsewhere in ["", "//evil.example", "/account/security/sign-ins/x", "https://evil.example/account"] {
            let fields = [("sign_in", id.as_str()), ("answer", "me"), ("page", elsewhere)];
            let answer = mine.post(&path, ANSWER, &fields).await;
            assert_eq!(answer.location(), format!("{lang}/account/security"), "{elsewhere}");
        }
        // A thief of the session cannot say that it was not they; the owner proves it and presses once more there.
        app.shop.clock.advance(noren_shop::session::RECENT + 1);
        let fields = [("sign_in", id.as_str()), ("answer", "not_me"), ("page", on.as_str())];
        let proof = mine.post(&path, ANSWER, &fields).await;
        let next = format!("{on}&again=all-sign-ins").replace('?', "%3F").replace('=', "%3D").replace('&', "%26");
        assert_eq!(proof.location(), format!("{lang}/account/confirm?next={next}"));
        let page = mine.get(&format!("{path}&again=all-sign-ins")).await;
        assert!(page.body.contains(once_more), "{}", page.body);
    }
}

/// The form by which somebody says that it was they.
fn me(sign_in: &str) -> [(&str, &str); 2] {
    [("sign_in", sign_in), ("answer", "me")]
}

#[tokio::test]
async fn it_was_me_takes_a_fresh_proof_where_a_warning_would_go_by_it() {
    for (lang, once_more, said) in
        [("", "もう一度押してください", "ご本人と確認済み"), ("/en", "once more", "You said: it was me")]
    {
        let app = TestApp::start().await;
        let mut mine = app.browser();
        register(&app, &mut mine, EMAIL).await;
        app.shop.clock.advance(1_000);
        knock(&mut app.browser(), EMAIL, PASSWORD, "").await;
        app.shop.clock.advance(noren_shop::session::RECENT + 1);
        let path = format!("{lang}/account/security");
        let page = mine.get(&path).await;
        let [tried, came] = [0, 1].map(|at| value(listed(&page)[at], "sign_in"));

        let asked = mine.post(&path, ANSWER, &me(&tried)).await;
        let proof = format!("{lang}/account/confirm?next=/account/security%3Fagain%3Dsign-ins");
        assert_eq!(asked.location(), proof);
        assert_eq!(mine.post(&path, ANSWER, &me(&came)).await.location(), path, "nothing warns of who came in");
        let page = mine.get(&format!("{path}?again=sign-ins")).await;
        assert!(page.body.contains(once_more), "{}", page.body);
        let entries = listed(&page);
        assert!(!entries[0].contains(said) && entries[1].contains(said), "{entries:?}");

        let prove = [("password", PASSWORD), ("next", path.as_str())];
        mine.post(&format!("{lang}/account/confirm"), "/api/account/prove", &prove).await;
        let page = mine.submit(&path, ANSWER, &me(&tried)).await;
        assert!(listed(&page)[0].contains(said), "{}", page.body);
    }
}
