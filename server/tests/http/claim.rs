//! `/account/guest-orders`: orders of a guest come into an account, after proof of the mailbox and not before.

use crate::account::{PASSWORD, code_for, register};
use crate::fixture::{Browser, TestApp};
use crate::shopper::{EMAIL, place, seen, to_confirmation};

const PAGE: &str = "/account/guest-orders";
const CODE: &str = "/account/guest-orders/code";

/// Somebody orders with [`EMAIL`] without signing in; gives the link of the order's page.
async fn guest_order(app: &TestApp) -> String {
    let mut guest = app.browser();
    to_confirmation(&mut guest, "", "cash").await;
    let seen = seen(&mut guest, "").await;
    place(&mut guest, "", &seen).await.location().to_owned()
}

async fn orders(browser: &mut Browser<'_>) -> usize {
    browser.get("/account/orders").await.body.matches("account-card--order").count()
}

/// Presses the button that sends a code, and gives the code.
async fn ask(app: &TestApp, browser: &mut Browser<'_>, email: &str) -> String {
    let answer = browser.post(PAGE, "/api/account/claim", &[]).await;
    assert_eq!(answer.location(), CODE);
    code_for(app, email).await
}

/// An account whose proof of the mailbox is used up.
async fn some_time_ago<'a>(app: &'a TestApp, email: &str) -> Browser<'a> {
    let mut browser = app.browser();
    register(app, &mut browser, email).await;
    browser.post(PAGE, "/api/account/claim", &[]).await;
    browser
}

#[tokio::test]
async fn right_after_the_registration_orders_of_a_guest_come_with_one_press() {
    let app = TestApp::start().await;
    let link = guest_order(&app).await;
    let mut browser = app.browser();
    register(&app, &mut browser, EMAIL).await;
    let home = browser.get("/account").await;
    assert!(home.body.contains("以前のご注文を加えますか"));
    assert_eq!(orders(&mut browser).await, 0);
    let page = browser.submit("/account", "/api/account/claim", &[]).await;
    assert!(page.body.contains("1件のご注文を、履歴に加えました。"));
    assert_eq!(orders(&mut browser).await, 1);
    assert!(!browser.get("/account").await.body.contains("以前のご注文を加えますか"), "once");
    assert!(!browser.get(PAGE).await.body.contains("1件のご注文を"), "and said once");
    let order = app.browser().get(&link).await;
    assert!(order.body.contains("アカウントのご注文の履歴に加えました"));
    let mails = app.mails_to(EMAIL).await;
    assert!(mails.iter().any(|mail| mail.contains("アカウントのご注文の履歴に加えられました")));
}

#[tokio::test]
async fn later_a_code_from_the_mailbox_is_needed_and_good_once() {
    let app = TestApp::start().await;
    let mut browser = some_time_ago(&app, EMAIL).await;
    guest_order(&app).await;
    let code = ask(&app, &mut browser, EMAIL).await;
    let page = browser.get(CODE).await;
    assert!(page.body.contains("メールをご確認ください"));
    let wrong = if code == "00000000" { "00000001" } else { "00000000" };
    let page = browser.submit(CODE, "/api/account/claim-code", &[("code", wrong)]).await;
    assert!(page.body.contains("コードが違います"));
    assert_eq!(orders(&mut browser).await, 0);
    let page = browser.submit(CODE, "/api/account/claim-code", &[("code", &code)]).await;
    assert!(page.body.contains("1件のご注文を、履歴に加えました。"));
    assert_eq!(orders(&mut browser).await, 1);
    guest_order(&app).await;
    let page = browser.submit(CODE, "/api/account/claim-code", &[("code", &code)]).await;
    assert!(page.body.contains("もう一度お手続きください"));
    assert_eq!(orders(&mut browser).await, 1);
}

#[tokio::test]
async fn before_the_proof_the_pages_are_the_same_whether_there_are_orders_or_not() {
    let app = TestApp::start().await;
    guest_order(&app).await;
    // Every other address has no orders; the words must not differ.
    let (mut with, mut without) = (app.browser(), app.browser());
    register(&app, &mut with, EMAIL).await;
    register(&app, &mut without, "nobody@example.jp").await;
    for page in [PAGE, "/account", "/account/orders"] {
        let text = async |browser: &mut Browser<'_>, email: &str| {
            let body = browser.get(page).await.body;
            let main = body.split_once("<main").unwrap().1.split_once("</main>").unwrap().0.to_owned();
            main.replace(email, "ADDRESS")
        };
        assert_eq!(text(&mut with, EMAIL).await, text(&mut without, "nobody@example.jp").await, "{page}");
    }
    let page = without.submit(PAGE, "/api/account/claim", &[]).await;
    assert!(page.body.contains("見つかりませんでした"));
    assert_eq!(orders(&mut with).await, 0);
}

#[tokio::test]
async fn a_code_that_another_account_asked_for_brings_nothing() {
    let app = TestApp::start().await;
    guest_order(&app).await;
    let mut browser = some_time_ago(&app, "his@example.jp").await;
    let code = ask(&app, &mut browser, "his@example.jp").await;
    // In the same browser somebody else registers.
    browser.post("/account", "/api/account/logout", &[]).await;
    browser.post("/register", "/api/account/register", &[("email", EMAIL), ("password", PASSWORD)]).await;
    let verify = code_for(&app, EMAIL).await;
    let kept = browser.cookie("noren-challenge").unwrap().to_owned();
    browser.post("/verify", "/api/account/verify", &[("code", &verify)]).await;
    browser.set_cookie("noren-challenge", &kept);
    let page = browser.submit(CODE, "/api/account/claim-code", &[("code", &code)]).await;
    assert!(!page.body.contains("履歴に加えました。"));
    assert_eq!(orders(&mut browser).await, 0);
    let stranger = app.browser().get(PAGE).await;
    assert_eq!(stranger.location(), "/login?next=/account/guest-orders");
}
