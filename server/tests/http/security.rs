//! `/account/security`: devices, notices, what needs attention and what happened; only one's own.

use axum::http::StatusCode;
use noren_domain::account::AccountEvent;
use noren_domain::{Lang, moment};
use noren_shop::account::{events, office};
use noren_shop::session::Device;

use crate::account::{PASSWORD, code_for, knock, log_in, register};
use crate::fixture::{Answer, Browser, TestApp};

/// The ids of the devices that the page offers to sign out.
fn devices(page: &Answer) -> Vec<String> {
    let inputs = page.body.split("name=\"session\"").skip(1);
    inputs.map(|rest| rest.split_once("value=\"").unwrap().1.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn ending_devices_asks_for_a_fresh_proof_in_either_language() {
    for lang in ["", "/en"] {
        let app = TestApp::start().await;
        let (mut here, mut there) = (app.browser(), app.browser());
        register(&app, &mut here, "new@example.jp").await;
        log_in(&mut there, "new@example.jp", PASSWORD, "").await;
        app.shop.clock.advance(noren_shop::session::RECENT + 1);
        let page = format!("{lang}/account/security");
        let other = devices(&here.get(&page).await).remove(0);
        for (action, fields) in [("end-session", vec![("session", other.as_str())]), ("end-others", vec![])] {
            let answer = here.post(&page, &format!("/api/account/{action}"), &fields).await;
            let proof = format!("{lang}/account/confirm?next=");
            assert!(answer.location().starts_with(&proof), "{action}: {}", answer.location());
            assert_eq!(there.get("/account").await.status, StatusCode::OK, "{action}");
        }
        let again = here.get(&format!("{page}?again=devices")).await;
        assert!(again.body.contains(&format!("href=\"{page}#devices\"")));
        let prove = [("password", PASSWORD), ("next", page.as_str())];
        here.submit(&format!("{lang}/account/confirm"), "/api/account/prove", &prove).await;
        here.submit(&page, "/api/account/end-session", &[("session", other.as_str())]).await;
        assert!(there.get("/account").await.status.is_redirection());
    }
}

#[tokio::test]
async fn somebody_elses_device_is_as_unknown_as_one_that_never_was() {
    let app = TestApp::start().await;
    let (mut hers, mut also_hers, mut his) = (app.browser(), app.browser(), app.browser());
    register(&app, &mut hers, "hers@example.jp").await;
    log_in(&mut also_hers, "hers@example.jp", PASSWORD, "").await;
    register(&app, &mut his, "his@example.jp").await;
    let foreign = devices(&hers.get("/account/security").await).remove(0);
    let unknown = "01900000-0000-7000-8000-000000000000";
    for page in ["/account/security", "/en/account/security"] {
        let mut answers = Vec::new();
        for session in [foreign.as_str(), unknown] {
            let answer = his.post(page, "/api/account/end-session", &[("session", session)]).await;
            answers.push((answer.status, answer.location().to_owned(), answer.body));
        }
        assert_eq!(answers[0], answers[1]);
    }
    assert_eq!(also_hers.get("/account").await.status, StatusCode::OK, "nobody else ends it");
    for session in ["", "x", "' OR 1=1 --", "\0"] {
        let answer = his.post("/en/account/security", "/api/account/end-session", &[("session", session)]).await;
        assert!(answer.status.is_client_error() && answer.body.contains("<h1>"), "{session:?}: {}", answer.status);
    }
    assert_eq!(his.get("/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn only_a_device_that_was_signed_out_is_said_to_be() {
    let app = TestApp::start().await;
    let (mut hers, mut his) = (app.browser(), app.browser());
    register(&app, &mut hers, "hers@example.jp").await;
    register(&app, &mut his, "his@example.jp").await;
    for page in ["/account/security", "/en/account/security"] {
        app.shop.clock.advance(1_000);
        log_in(&mut app.browser(), "hers@example.jp", PASSWORD, "").await;
        let session = devices(&hers.get("/account/security").await).remove(0);
        for session in [session.as_str(), "01900000-0000-7000-8000-000000000000"] {
            let answer = his.call(page, "/api/account/end-session", &[("session", session)]).await;
            assert_eq!(answer.body, "false", "none of his");
        }
        assert_eq!(his.call(page, "/api/account/end-others", &[]).await.body, "false", "he has no other");
        let end = [("session", session.as_str())];
        for said in ["true", "false"] {
            assert_eq!(hers.call(page, "/api/account/end-session", &end).await.body, said, "once");
        }
        app.shop.clock.advance(1_000);
        log_in(&mut app.browser(), "hers@example.jp", PASSWORD, "").await;
        for said in ["true", "false"] {
            assert_eq!(hers.call(page, "/api/account/end-others", &[]).await.body, said, "once");
        }
    }
}

#[tokio::test]
async fn nobody_ends_or_acknowledges_anything_without_a_sign_in() {
    let app = TestApp::start().await;
    for (lang, login) in [("", "/login?next="), ("/en", "/en/login?next=")] {
        for action in ["end-session", "end-others", "acknowledge", "tick-step"] {
            let session = ("session", "01900000-0000-7000-8000-000000000000");
            let fields = [session, ("no", "x"), ("step", "0"), ("done", "true")];
            let answer = app
                .browser()
                .post(&format!("{lang}/account/security"), &format!("/api/account/{action}"), &fields)
                .await;
            assert!(answer.location().starts_with(login), "{action}: {}", answer.location());
        }
    }
}

/// Hanako, whom the sample notice is about, and Taro, whom it is not.
async fn hanako_and_taro(app: &TestApp) -> (Browser<'_>, Browser<'_>) {
    let (mut hanako, mut taro) = (app.browser(), app.browser());
    log_in(&mut hanako, "hanako@example.jp", "noren-demo-curtain", "").await;
    log_in(&mut taro, "taro@example.jp", "noren-demo-curtain", "").await;
    (hanako, taro)
}

/// The number of the first notice on the page.
fn notice(page: &Answer) -> String {
    page.between("name=\"no\" value=\"", "\"").unwrap().to_owned()
}

#[tokio::test]
async fn a_notice_is_acknowledged_once_and_one_that_is_not_mine_never() {
    let app = TestApp::start().await;
    let (mut hanako, mut taro) = hanako_and_taro(&app).await;
    let page = hanako.get("/account/security").await;
    let no = notice(&page);
    for wrong in [no.as_str(), "XX-0000", "", "\0"] {
        let answer = taro.post("/account/security", "/api/account/acknowledge", &[("no", wrong)]).await;
        assert!(answer.status.is_client_error() && answer.body.contains("<h1>"), "{wrong:?}: {}", answer.status);
    }
    for _ in 0..2 {
        let page = hanako.submit("/account/security", "/api/account/acknowledge", &[("no", &no)]).await;
        assert!(page.body.contains("「確認しました」と記録しました"));
    }
}

/// The steps of the notice on the page, to be ticked off.
fn steps(page: &Answer) -> Vec<&str> {
    let list = page.body.split(" id=\"step-").skip(1);
    list.map(|rest| rest.split("</li>").next().unwrap()).collect()
}

#[tokio::test]
async fn a_step_of_a_notice_is_ticked_off_and_taken_back_without_scripts() {
    let app = TestApp::start().await;
    let mut hanako = app.browser();
    log_in(&mut hanako, "hanako@example.jp", "noren-demo-curtain", "").await;
    for (path, lang, mark, undo, not_yet) in [
        ("/account/security", Lang::Ja, "済みにする", "取り消す", "まだ済んでいません"),
        ("/en/account/security", Lang::En, "Mark as done", "Undo", "Not done yet"),
    ] {
        let done = moment::date(app.shop.now(), lang);
        let done = lang.pick(format!("済み {done}"), format!("Done on {done}"));
        let page = hanako.get(path).await;
        let no = notice(&page);
        let open = |step: &&str| step.contains(mark) && step.contains(not_yet) && !step.contains(undo);
        assert!(steps(&page).len() > 1 && steps(&page).iter().all(open), "{:?}", steps(&page));
        for _ in 0..2 {
            let fields = [("no", no.as_str()), ("step", "1"), ("done", "true")];
            let answer = hanako.post(path, "/api/account/tick-step", &fields).await;
            assert_eq!(answer.location(), format!("{path}#step-{no}-1"), "back to where the button stands");
            let page = hanako.follow(answer).await;
            let steps = steps(&page);
            assert!(steps[1].contains(&done) && steps[1].contains(undo), "{}", steps[1]);
            assert!(!steps[1].contains(not_yet) && open(&steps[0]) && steps[2..].iter().all(open), "{steps:?}");
        }
        let public = hanako.get(&lang.path(&format!("/security/notices/{no}"))).await;
        let list = public.between("<ol class=\"notice-steps\">", "</ol>").unwrap();
        assert!(list.contains("<li>") && !list.contains("<form") && !list.contains(&done), "only to be read: {list}");
        let fields = [("no", no.as_str()), ("step", "1"), ("done", "false")];
        for _ in 0..2 {
            let page = hanako.submit(path, "/api/account/tick-step", &fields).await;
            assert!(steps(&page).iter().all(open), "{:?}", steps(&page));
        }
    }
}

#[tokio::test]
async fn nobody_ticks_off_a_step_that_is_none_or_of_a_notice_about_somebody_else() {
    let app = TestApp::start().await;
    let (mut hanako, mut taro) = hanako_and_taro(&app).await;
    let page = hanako.get("/account/security").await;
    let no = notice(&page);
    let before: Vec<String> = steps(&page).into_iter().map(str::to_owned).collect();
    for path in ["/account/security", "/en/account/security"] {
        for done in ["true", "false"] {
            let fields = [("no", no.as_str()), ("step", "0"), ("done", done)];
            let answer = taro.post(path, "/api/account/tick-step", &fields).await;
            assert!(answer.status.is_client_error() && answer.body.contains("<h1>"), "{}", answer.status);
        }
        for (no, step, done) in [
            ("N-2026-9999", "0", "true"),
            ("\0", "0", "true"),
            (no.as_str(), "99", "true"),
            (no.as_str(), "-1", "true"),
            (no.as_str(), "99999999999999999999", "true"),
            (no.as_str(), "' OR 1=1 --", "false"),
            (no.as_str(), "", "true"),
            (no.as_str(), "0", "maybe"),
            (no.as_str(), "0", ""),
        ] {
            let fields = [("no", no), ("step", step), ("done", done)];
            let answer = hanako.post(path, "/api/account/tick-step", &fields).await;
            assert!(answer.status.is_client_error() && answer.body.contains("<h1>"), "{fields:?}: {}", answer.status);
        }
    }
    assert_eq!(steps(&hanako.get("/account/security").await), before, "nothing has changed");
}

/// The places that the list below the first words of the page leads to, each with its words.
fn ways(page: &Answer) -> Vec<(String, String)> {
    let Some(list) = page.between("<ul class=\"bullets\">", "</ul>") else { return Vec::new() };
    let way = |item: &str| {
        let (place, rest) = item.split_once('"').unwrap();
        (place.to_owned(), rest.split_once('>').unwrap().1.split('<').next().unwrap().to_owned())
    };
    list.split("href=\"#").skip(1).map(way).collect()
}

#[tokio::test]
async fn all_that_needs_attention_is_named_with_a_way_to_it() {
    let app = TestApp::start().await;
    let mut mine = app.browser().named(SAFARI);
    register(&app, &mut mine, "mine@example.jp").await;
    assert!(ways(&mine.get("/account/security").await).is_empty(), "nothing does");
    // Somebody has the password and not the mailbox.
    app.shop.clock.advance(1_000);
    knock(&mut app.browser().named(FIREFOX), "mine@example.jp", PASSWORD, "").await;
    // And the address is to change, for nobody reads the old mailbox.
    let email = "/account/security/email";
    mine.post(email, "/api/account/email-ask", &[("email", "new@example.com")]).await;
    let code = code_for(&app, "new@example.com").await;
    app.shop.clock.advance(1);
    mine.post(email, "/api/account/email-confirm", &[("code", &code)]).await;
    mine.post(email, "/api/account/email-wait", &[]).await;
    for (lang, count, change, sign_in) in [
        ("", "2件", "メールアドレスの変更", "確認コードが入力されなかったログイン"),
        ("/en", "2 things need", "The change of your e-mail address", "A sign-in for which the code was not given"),
    ] {
        let page = mine.get(&format!("{lang}/account/security")).await;
        let ways = ways(&page);
        let places: Vec<&str> = ways.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(places, ["email", "sign-ins"], "{}", page.body);
        assert!(page.body.contains(count) && ways[0].1.starts_with(change) && ways[1].1 == sign_in, "{ways:?}");
        assert!(mine.get(&format!("{lang}/account")).await.body.contains(count), "the first page says as many");
        for place in places {
            assert!(page.body.contains(&format!(" id=\"{place}\"")), "{place} is on the page");
        }
    }
    let mut hanako = app.browser();
    log_in(&mut hanako, "hanako@example.jp", "noren-demo-curtain", "").await;
    let page = hanako.get("/account/security").await;
    let notice = ways(&page).into_iter().find(|(place, _)| place.starts_with("notice-N-")).unwrap();
    assert!(page.body.contains(&format!(" id=\"{}\"", notice.0)) && notice.1.starts_with("お知らせ「"), "{notice:?}");
    let no = notice.0.strip_prefix("notice-").unwrap();
    let page = hanako.submit("/account/security", "/api/account/acknowledge", &[("no", no)]).await;
    assert!(ways(&page).iter().all(|(place, _)| *place != notice.0), "it has been read");
}

pub const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
pub const SAFARI: &str =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Safari/604.1";
pub const EDGE: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0";

/// The entries of a list on the page.
fn entries<'a>(page: &'a Answer, class: &str) -> Vec<&'a str> {
    let entry = format!("<li class=\"{class}\">");
    let list = page.body.split(&entry).skip(1);
    list.map(|rest| rest.split("</li>").next().unwrap()).collect()
}

#[tokio::test]
async fn of_three_devices_exactly_the_chosen_one_is_ended() {
    for (lang, this, first, chosen, other) in [
        ("", "この端末", "Edge（Windows）", "Firefox（Linux）をログアウト", "Safari（iPhone）"),
        ("/en", "This device", "Edge on Windows", "Sign out Firefox on Linux", "Safari on iPhone"),
    ] {
        let app = TestApp::start().await;
        let mut here = app.browser().named(EDGE);
        register(&app, &mut here, "new@example.jp").await;
        let (mut firefox, mut safari) = (app.browser().named(FIREFOX), app.browser().named(SAFARI));
        for browser in [&mut firefox, &mut safari] {
            log_in(browser, "new@example.jp", PASSWORD, "").await;
        }
        let path = format!("{lang}/account/security");
        let page = here.get(&path).await;
        let listed = entries(&page, "device");
        assert_eq!(listed.len(), 3);
        assert!(listed[0].contains(first) && listed[0].contains(this), "{}", listed[0]);
        let of_firefox = listed.iter().find(|entry| entry.contains(chosen)).unwrap();
        let session = of_firefox.split_once("name=\"session\" value=\"").unwrap().1.split('"').next().unwrap();

        let page = here.submit(&path, "/api/account/end-session", &[("session", session)]).await;
        let listed = entries(&page, "device");
        assert_eq!(listed.len(), 2);
        assert!(listed.iter().any(|entry| entry.contains(other)), "{listed:?}");
        let ended = firefox.get(&format!("{lang}/account")).await;
        assert!(ended.location().starts_with(&format!("{lang}/login?next=")), "{}", ended.location());
        for browser in [&mut here, &mut safari] {
            assert_eq!(browser.get("/account").await.status, StatusCode::OK);
        }
        let again = here.post(&path, "/api/account/end-session", &[("session", session)]).await;
        assert!(!again.status.is_server_error(), "pressed again on an old page: {}", again.status);
        assert_eq!(safari.get("/account").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn after_a_sign_in_that_was_not_mine_the_ways_to_sign_in_are_looked_through_first() {
    let app = TestApp::start().await;
    let (mut mine, mut theirs) = (app.browser().named(SAFARI), app.browser().named(EDGE));
    register(&app, &mut mine, "mine@example.jp").await;
    app.shop.clock.advance(1_000);
    log_in(&mut theirs, "mine@example.jp", PASSWORD, "").await;
    let page = mine.get("/account/security").await;
    let newest = entries(&page, "sign-in")[0];
    let id = newest.split_once("name=\"sign_in\" value=\"").unwrap().1.split('"').next().unwrap();
    let fields = [("sign_in", id), ("answer", "not_me")];
    let answer = mine.post("/account/security", "/api/account/answer-sign-in", &fields).await;
    assert_eq!(answer.location(), "/account/security/not-me");
    for (page, steps) in [
        (
            "/account/security/not-me",
            [
                "パスワードだけではログインできません",
                "パスキーでは、これまでどおり",
                "身に覚えのないパスキー",
                "新しいパスワードに変更",
            ],
        ),
        (
            "/en/account/security/not-me",
            [
                "the password alone opens none",
                "a passkey that is registered still opens",
                "Remove any passkey",
                "set a password that",
            ],
        ),
    ] {
        let answer = mine.get(page).await;
        let list = answer.between("<ol class=\"steps-to-take\">", "</ol>").unwrap();
        let places = steps.map(|words| list.find(words).unwrap_or_else(|| panic!("{words}: {list}")));
        assert!(places.is_sorted(), "{places:?}");
    }
}

#[tokio::test]
async fn what_happened_with_an_account_is_listed_twenty_in_view_and_an_empty_list_says_so() {
    let app = TestApp::start().await;
    let mut mine = app.browser().named(SAFARI);
    register(&app, &mut mine, "mine@example.jp").await;
    let section = async |browser: &mut Browser<'_>, page: &str| {
        let answer = browser.get(page).await;
        answer.between(" id=\"happened\"", "</section>").unwrap().to_owned()
    };
    for (page, none) in [
        ("/account/security", "過去90日間の記録はありません。"),
        ("/en/account/security", "Nothing is recorded for the past 90 days."),
    ] {
        let list = section(&mut mine, page).await;
        assert!(list.contains(none) && !list.contains("<li"), "{list}");
    }
    // One in a browser, and 25 more of the shop's own people.
    app.shop.clock.advance(1_000);
    let new = [("password", "lantern river maple")];
    let customer = office::customer(&app.shop, "mine@example.jp", "test").await.unwrap();
    for _ in 0..25 {
        let mut tx = app.shop.db.write().await.unwrap();
        let by_the_shop = Device::of_the_shop();
        events::happened(&mut tx, &app.shop, customer, AccountEvent::FactorsKept, &by_the_shop).await.unwrap();
        tx.commit().await.unwrap();
        app.shop.clock.advance(1);
    }
    mine.post("/account/security/password", "/api/account/change-password", &new).await;
    for (page, changed, kept, browser, more) in [
        (
            "/account/security",
            "パスワードが変更されました",
            "二段階認証の解除を取りやめました",
            "Safari（iPhone）",
            "ほかの6件も表示する",
        ),
        (
            "/en/account/security",
            "Your password was changed",
            "Your two-step sign-in stays",
            "Safari on iPhone",
            "Show all: 6 more",
        ),
    ] {
        let list = section(&mut mine, page).await;
        let rows: Vec<&str> = list.split("<li class=\"read\">").skip(1).collect();
        assert!(rows[0].contains(changed) && rows[0].contains(browser), "the newest first: {}", rows[0]);
        assert!(rows.len() == 26 && rows[1..].iter().all(|row| row.contains(kept) && !row.contains(browser)), "{list}");
        let (in_view, others) = list.split_once("<details").unwrap();
        assert_eq!(in_view.matches("<li class=\"read\">").count(), 20);
        assert!(others.contains(more), "{others}");
    }
    let mut other = app.browser();
    register(&app, &mut other, "other@example.jp").await;
    assert!(!section(&mut other, "/account/security").await.contains("<li"), "only one's own");
}

#[tokio::test]
async fn the_check_phrase_is_shown_in_the_language_of_the_mails_first() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "mine@example.jp").await;
    let phrases = |page: &Answer| -> Vec<String> {
        let each = page.body.split("<p class=\"phrase\">").skip(1);
        each.map(|rest| rest.split("</p>").next().unwrap().to_owned()).collect()
    };
    let japanese = phrases(&browser.get("/account/security").await);
    assert!(japanese[0].contains("日本語のメール：") && japanese[1].contains("英語のメール："), "{japanese:?}");
    let words = japanese[0].split_once("lang=\"ja\">").unwrap().1.split('<').next().unwrap();
    assert!(
        app.mails_to("mine@example.jp").await.iter().all(|mail| !mail.contains(words)),
        "it was nobody's address yet"
    );
    let page = browser.get("/en/account/security").await;
    let both = phrases(&page);
    assert_eq!(both.len(), 2);
    assert!(both[0].contains("In Japanese mails:") && both[0].contains(words), "{both:?}");
    assert!(both[1].contains("In English mails:") && both[1].contains("lang=\"en\""), "{both:?}");
    assert!(page.body.contains("nor does a code to an address that is not your account’s yet"));
    app.shop.clock.advance(1_000);
    let new = [("password", "lantern river maple")];
    browser.post("/account/security/password", "/api/account/change-password", &new).await;
    assert!(app.mails_to("mine@example.jp").await.iter().any(|mail| mail.contains(words)), "as it stands in the mail");
}
