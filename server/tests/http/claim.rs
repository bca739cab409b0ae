//! `/account/guest-orders`: orders of a guest come into an account, after proof of the mailbox and not before.

use crate::account::{PASSWORD, code_for, register_in};
use crate::fixture::{Browser, TestApp};
use crate::shopper::{EMAIL, place, seen, to_confirmation};

const PAGE: &str = "/account/guest-orders";
const CODE: &str = "/account/guest-orders/code";

/// Somebody orders with [`EMAIL`] without signing in; gives the link of the order's page.
async fn guest_order(app: &TestApp, lang: &str) -> String {
    let mut guest = app.browser();
    to_confirmation(&mut guest, lang, "cash").await;
    let seen = seen(&mut guest, lang).await;
    place(&mut guest, lang, &seen).await.location().to_owned()
}

async fn orders(browser: &mut Browser<'_>) -> usize {
    browser.get("/account/orders").await.body.matches("account-card--order").count()
}

/// Presses the button that sends a code, and gives the code.
async fn ask(app: &TestApp, browser: &mut Browser<'_>, lang: &str, email: &str) -> String {
    let answer = browser.post(&format!("{lang}{PAGE}"), "/api/account/claim", &[]).await;
    assert_eq!(answer.location(), format!("{lang}{CODE}"));
    code_for(app, email).await
}

/// An account whose proof of the mailbox is used up.
async fn some_time_ago<'a>(app: &'a TestApp, lang: &str, email: &str) -> Browser<'a> {
    let mut browser = app.browser();
    register_in(app, &mut browser, lang, email).await;
    browser.post(&format!("{lang}{PAGE}"), "/api/account/claim", &[]).await;
    browser
}

#[tokio::test]
async fn the_page_of_a_guests_order_says_that_an_account_can_take_it_in_until_one_has() {
    for (lang, inside, outside) in [
        ("", "ゲストのご注文を加える", "同じメールアドレスのアカウントにログイン"),
        ("/en", "Add orders made as a guest", "An account with the same e-mail address"),
    ] {
        let app = TestApp::start().await;
        let link = guest_order(&app, lang).await;
        let stranger = app.browser().get(&link).await;
        assert!(stranger.body.contains(outside) && !stranger.body.contains(inside), "{}", stranger.body);
        let mut browser = app.browser();
        register_in(&app, &mut browser, lang, EMAIL).await;
        let page = browser.get(&link).await;
        assert!(page.body.contains(inside) && page.body.contains(PAGE), "{}", page.body);
        browser.submit(&format!("{lang}{PAGE}"), "/api/account/claim", &[]).await;
        for page in [browser.get(&link).await, app.browser().get(&link).await] {
            assert!(!page.body.contains(inside) && !page.body.contains(outside), "{}", page.body);
        }
    }
}

#[tokio::test]
async fn right_after_the_registration_orders_of_a_guest_come_with_one_press() {
    for (lang, offer, done, noted, told) in [
        (
            "",
            "以前のご注文を加えますか",
            "1件のご注文を、履歴に加えました。",
            "アカウントのご注文の履歴に加えました",
            "アカウントのご注文の履歴に加えられました",
        ),
        (
            "/en",
            "Have you ordered here before?",
            "One order was added to your history.",
            "The order was added to an account",
            "Orders that were made as a guest with your e-mail address were added to your account.",
        ),
    ] {
        let app = TestApp::start().await;
        let link = guest_order(&app, lang).await;
        let mut browser = app.browser();
        register_in(&app, &mut browser, lang, EMAIL).await;
        let (page, home) = (format!("{lang}{PAGE}"), format!("{lang}/account"));
        assert!(browser.get(&home).await.body.contains(offer));
        assert_eq!(orders(&mut browser).await, 0);
        let shown = browser.submit(&home, "/api/account/claim", &[]).await;
        assert!(shown.body.contains(done), "{}", shown.body);
        assert_eq!(orders(&mut browser).await, 1);
        assert!(!browser.get(&home).await.body.contains(offer), "once");
        assert!(!browser.get(&page).await.body.contains(done), "and said once");
        let order = app.browser().get(&link).await;
        assert!(order.body.contains(noted), "{}", order.body);
        let mails = app.mails_to(EMAIL).await;
        assert!(mails.iter().any(|mail| mail.contains(told)), "{mails:?}");
    }
}

#[tokio::test]
async fn later_a_code_from_the_mailbox_is_needed_and_good_once() {
    for (lang, asks, refused, done, over) in [
        (
            "",
            "アカウントのメールアドレスにメールをお送りしました",
            "コードが違います",
            "1件のご注文を、履歴に加えました。",
            "確認コードを送りなおす",
        ),
        (
            "/en",
            "We have sent a mail to the address of your account",
            "The code is wrong",
            "One order was added to your history.",
            "Send me another code",
        ),
    ] {
        let app = TestApp::start().await;
        let mut browser = some_time_ago(&app, lang, EMAIL).await;
        guest_order(&app, lang).await;
        let code = ask(&app, &mut browser, lang, EMAIL).await;
        let page = format!("{lang}{CODE}");
        let shown = browser.get(&page).await;
        assert!(shown.body.contains(asks) && !shown.body.contains(over), "{}", shown.body);
        let wrong = if code == "00000000" { "00000001" } else { "00000000" };
        let shown = browser.submit(&page, "/api/account/claim-code", &[("code", wrong)]).await;
        assert!(shown.body.contains(refused), "{}", shown.body);
        assert_eq!(orders(&mut browser).await, 0);
        let shown = browser.submit(&page, "/api/account/claim-code", &[("code", &code)]).await;
        assert!(shown.body.contains(done), "{}", shown.body);
        assert_eq!(orders(&mut browser).await, 1);
        guest_order(&app, lang).await;
        let shown = browser.submit(&page, "/api/account/claim-code", &[("code", &code)]).await;
        assert!(shown.body.contains(over) && !shown.body.contains(done), "{}", shown.body);
        assert_eq!(orders(&mut browser).await, 1);
    }
}

#[tokio::test]
async fn before_the_proof_the_pages_are_the_same_whether_there_are_orders_or_not() {
    const NOBODY: &str = "nobody@example.jp";
    for (lang, none) in [
        ("", "このメールアドレスでのゲストのご注文は、見つかりませんでした"),
        ("/en", "There are no orders made as a guest with this e-mail address."),
    ] {
        let app = TestApp::start().await;
        guest_order(&app, lang).await;
        // Every other address has no orders; the words must not differ.
        let (mut with, mut without) = (app.browser(), app.browser());
        register_in(&app, &mut with, lang, EMAIL).await;
        register_in(&app, &mut without, lang, NOBODY).await;
        for page in [PAGE, "/account", "/account/orders"] {
            let page = format!("{lang}{page}");
            let text = async |browser: &mut Browser<'_>, email: &str| {
                let shown = browser.get(&page).await;
                shown.between("<main", "</main>").unwrap().replace(email, "ADDRESS")
            };
            assert_eq!(text(&mut with, EMAIL).await, text(&mut without, NOBODY).await, "{page}");
        }
        let shown = without.submit(&format!("{lang}{PAGE}"), "/api/account/claim", &[]).await;
        assert!(shown.body.contains(none), "{}", shown.body);
        assert_eq!(orders(&mut with).await, 0);
    }
}

#[tokio::test]
async fn a_code_that_another_account_asked_for_brings_nothing() {
    for (lang, done) in [("", "履歴に加えました。"), ("/en", "added to your history")] {
        let app = TestApp::start().await;
        guest_order(&app, lang).await;
        let mut browser = some_time_ago(&app, lang, "his@example.jp").await;
        let code = ask(&app, &mut browser, lang, "his@example.jp").await;
        // In the same browser somebody else registers.
        browser.post(&format!("{lang}/account"), "/api/account/logout", &[]).await;
        let fields = [("email", EMAIL), ("password", PASSWORD)];
        browser.post(&format!("{lang}/register"), "/api/account/register", &fields).await;
        let verify = code_for(&app, EMAIL).await;
        let kept = browser.cookie("noren-challenge").unwrap().to_owned();
        browser.post(&format!("{lang}/verify"), "/api/account/verify", &[("code", &verify)]).await;
        browser.set_cookie("noren-challenge", &kept);
        let page = browser.submit(&format!("{lang}{CODE}"), "/api/account/claim-code", &[("code", &code)]).await;
        assert!(!page.body.contains(done));
        assert_eq!(orders(&mut browser).await, 0);
        let stranger = app.browser().get(&format!("{lang}{PAGE}")).await;
        assert_eq!(stranger.location(), format!("{lang}/login?next=/account/guest-orders"));
    }
}
