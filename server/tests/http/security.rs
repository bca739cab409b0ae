//! `/account/security`: ending devices, and only one's own.

use axum::http::StatusCode;

use crate::account::{PASSWORD, log_in, register};
use crate::fixture::{Answer, TestApp};

/// The ids of the devices that the page offers to sign out.
fn devices(page: &Answer) -> Vec<String> {
    let inputs = page.body.split("name=\"session\"").skip(1);
    inputs.map(|rest| rest.split_once("value=\"").unwrap().1.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn one_device_is_ended_and_the_others_stay() {
    let app = TestApp::start().await;
    let (mut here, mut there) = (app.browser(), app.browser());
    register(&app, &mut here, "new@example.jp").await;
    log_in(&mut there, "new@example.jp", PASSWORD, "").await;
    let others = devices(&here.get("/account/security").await);
    assert_eq!(others.len(), 1);
    let page = here.submit("/en/account/security", "/api/account/end-session", &[("session", &others[0])]).await;
    assert!(page.body.contains("Devices signed in") && devices(&page).is_empty());
    assert!(there.get("/account").await.status.is_redirection());
    assert_eq!(here.get("/account").await.status, StatusCode::OK);
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
async fn nobody_ends_or_acknowledges_anything_without_a_sign_in() {
    let app = TestApp::start().await;
    for (lang, login) in [("", "/login?next="), ("/en", "/en/login?next=")] {
        for action in ["end-session", "end-others", "acknowledge"] {
            let fields = [("session", "01900000-0000-7000-8000-000000000000"), ("no", "x")];
            let answer = app
                .browser()
                .post(&format!("{lang}/account/security"), &format!("/api/account/{action}"), &fields)
                .await;
            assert!(answer.location().starts_with(login), "{action}: {}", answer.location());
        }
    }
}

#[tokio::test]
async fn a_notice_is_acknowledged_once_and_one_that_is_not_mine_never() {
    let app = TestApp::start().await;
    let (mut hanako, mut taro) = (app.browser(), app.browser());
    log_in(&mut hanako, "hanako@example.jp", "noren-demo-curtain", "").await;
    log_in(&mut taro, "taro@example.jp", "noren-demo-curtain", "").await;
    let page = hanako.get("/account/security").await;
    let no = page.between("name=\"no\"", ">").and_then(|input| input.split('"').nth(1)).unwrap().to_owned();
    for wrong in [no.as_str(), "XX-0000", "", "\0"] {
        let answer = taro.post("/account/security", "/api/account/acknowledge", &[("no", wrong)]).await;
        assert!(answer.status.is_client_error() && answer.body.contains("<h1>"), "{wrong:?}: {}", answer.status);
    }
    for _ in 0..2 {
        let page = hanako.submit("/account/security", "/api/account/acknowledge", &[("no", &no)]).await;
        assert!(page.body.contains("「確認しました」と記録しました"));
    }
}
