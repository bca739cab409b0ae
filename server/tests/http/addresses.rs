//! `/account/addresses` and the checkout's first step: the address book of an account.

use axum::http::StatusCode;

use crate::account::register;
use crate::fixture::{Answer, Browser, TestApp};
use crate::shopper::{ADDRESS, add, address, place, to_confirmation};

const LIST: &str = "/account/addresses";
const NEW: &str = "/account/addresses/new";

/// The address of the shopper, without the e-mail, with another street.
fn at(street: &str) -> Vec<(&str, &str)> {
    let mut fields: Vec<_> = ADDRESS.into_iter().filter(|(name, _)| !["email", "street"].contains(name)).collect();
    fields.extend([("street", street), ("id", "new")]);
    fields
}

async fn keep(browser: &mut Browser<'_>, street: &str) -> Answer {
    let answer = browser.post(NEW, "/api/account/save-address", &at(street)).await;
    assert_eq!(answer.location(), LIST);
    browser.get(LIST).await
}

/// The numbers of the addresses on a page, in its order.
fn numbers(page: &Answer) -> Vec<String> {
    let links = page.body.split("href=\"/account/addresses/").skip(1);
    links.filter_map(|rest| rest.split('"').next()).filter(|id| *id != "new").map(str::to_owned).collect()
}

#[tokio::test]
async fn addresses_are_added_changed_put_in_front_and_removed_without_scripts() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "hers@example.jp").await;
    let empty = browser.get(LIST).await;
    assert!(empty.body.contains("保存したお届け先は、まだありません"));
    keep(&mut browser, "1-1-1").await;
    let page = keep(&mut browser, "2-2-2").await;
    assert!(page.body.contains("東京都千代田区丸の内1-1-1") && page.body.contains("東京都千代田区丸の内2-2-2"));
    let ids = numbers(&page);
    assert_eq!(ids.len(), 2);

    let edit = format!("{LIST}/{}", ids[1]);
    let form = browser.get(&edit).await;
    assert!(form.body.contains("value=\"2-2-2\"") && form.body.contains("value=\"森 杏子\""));
    let mut fields = at("3-3-3");
    fields.retain(|(name, _)| *name != "id");
    fields.push(("id", &ids[1]));
    let page = browser.submit(&edit, "/api/account/save-address", &fields).await;
    assert!(page.body.contains("丸の内3-3-3") && !page.body.contains("丸の内2-2-2"));

    let page = browser.submit(LIST, "/api/account/default-address", &[("id", &ids[1])]).await;
    assert_eq!(numbers(&page), [ids[1].clone(), ids[0].clone()]);
    let page = browser.submit(LIST, "/api/account/remove-address", &[("id", &ids[0])]).await;
    assert_eq!(numbers(&page), [ids[1].clone()]);
    let again = browser.submit(LIST, "/api/account/remove-address", &[("id", &ids[0])]).await;
    assert!(again.body.contains("見つかりませんでした"));
}

#[tokio::test]
async fn that_an_address_was_saved_is_said_on_the_list_once() {
    for (lang, said) in [("", "お届け先を保存しました。"), ("/en", "The address was saved.")] {
        let app = TestApp::start().await;
        let mut browser = app.browser();
        register(&app, &mut browser, "hers@example.jp").await;
        let page = browser.submit(&format!("{lang}{NEW}"), "/api/account/save-address", &at("1-1-1")).await;
        assert!(page.body.contains(said), "{}", page.body);
        assert!(!browser.get(&format!("{lang}{LIST}")).await.body.contains(said));
    }
}

#[tokio::test]
async fn a_change_of_a_saved_address_is_told_by_mail_and_stands_on_the_security_page() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "hers@example.jp").await;
    let id = numbers(&keep(&mut browser, "1-1-1").await).remove(0);
    let about_it = |mails: &[String]| mails.iter().filter(|mail| mail.contains("いつものお届け先")).count();
    assert_eq!(about_it(&app.mails_to("hers@example.jp").await), 0, "it is another one");
    let mut fields = at("3-3-3");
    fields.retain(|(name, _)| *name != "id");
    fields.push(("id", &id));
    for told in 1..=2 {
        app.shop.clock.advance(1_000);
        browser.post(&format!("{LIST}/{id}"), "/api/account/save-address", &fields).await;
        assert_eq!(about_it(&app.mails_to("hers@example.jp").await), told);
    }
    for (page, words) in [
        ("/account/security", "保存したお届け先が変更されました"),
        ("/en/account/security", "Your saved addresses were changed"),
    ] {
        let page = browser.get(page).await;
        let happened = page.between(" id=\"happened\"", "</section>").unwrap();
        assert_eq!(happened.matches(words).count(), 2, "each time: {happened}");
    }
}

#[tokio::test]
async fn a_form_with_faults_comes_back_with_all_that_was_typed_and_the_look_up_fills_it_in() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "hers@example.jp").await;
    let mut fields = at("1-1-1");
    fields.retain(|(name, _)| *name != "phone");
    fields.push(("phone", "110"));
    let page = browser.submit(NEW, "/api/account/save-address", &fields).await;
    assert!(page.body.contains("0から始まる10桁") && page.body.contains("value=\"1-1-1\""));
    let asked = [("id", "new"), ("name", "森 杏子"), ("postal_code", "530-0001"), ("lookup", "1")];
    let page = browser.submit(NEW, "/api/account/save-address", &asked).await;
    assert!(page.body.contains("大阪市北区梅田") && page.body.contains("value=\"森 杏子\""));
    assert!(!page.body.contains("role=\"alert\""));
    assert!(browser.get(LIST).await.body.contains("まだありません"), "nothing was kept meanwhile");
}

#[tokio::test]
async fn nobody_opens_or_changes_the_address_of_somebody_else() {
    let app = TestApp::start().await;
    let (mut hers, mut his) = (app.browser(), app.browser());
    register(&app, &mut hers, "hers@example.jp").await;
    register(&app, &mut his, "his@example.jp").await;
    let id = numbers(&keep(&mut hers, "1-1-1").await).remove(0);
    for foreign in [id.as_str(), "00000000-0000-0000-0000-000000000000", "x"] {
        let page = his.get(&format!("{LIST}/{foreign}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{foreign}");
        assert!(!page.body.contains("1-1-1"));
    }
    let mut fields = at("6-6-6");
    fields.retain(|(name, _)| *name != "id");
    fields.push(("id", &id));
    let page = his.submit(NEW, "/api/account/save-address", &fields).await;
    assert!(page.body.contains("見つかりませんでした"));
    add(&mut his, "1").await;
    let page = his.submit("/checkout/contact", "/api/checkout/choose-address", &[("id", &id)]).await;
    assert!(page.body.contains("見つかりませんでした") && !page.body.contains("1-1-1"));
    assert!(hers.get(LIST).await.body.contains("丸の内1-1-1"));
    let stranger = app.browser().get(LIST).await;
    assert_eq!(stranger.location(), "/login?next=/account/addresses");
}

#[tokio::test]
async fn a_saved_address_is_chosen_with_one_press() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "hers@example.jp").await;
    keep(&mut browser, "1-1-1").await;
    let ids = numbers(&keep(&mut browser, "2-2-2").await);
    add(&mut browser, "1").await;
    let page = browser.get("/checkout/contact").await;
    assert!(page.body.contains("保存したお届け先から選ぶ"));
    assert!(page.body.contains("value=\"hers@example.jp\""), "whoever types another one types no mail address");
    assert!(!page.body.contains("value=\"1-1-1\""), "what can be chosen is not typed already");
    let answer = browser.post("/checkout/contact", "/api/checkout/choose-address", &[("id", &ids[1])]).await;
    assert_eq!(answer.location(), "/checkout/delivery");
    let fields = [("method", "parcel"), ("date", ""), ("slot", "")];
    browser.post("/checkout/delivery", "/api/checkout/save-delivery", &fields).await;
    browser.post("/checkout/payment", "/api/checkout/save-payment", &[("payment", "cash")]).await;
    let confirm = browser.get("/checkout/confirm").await;
    assert!(confirm.body.contains("丸の内2-2-2") && confirm.body.contains("hers@example.jp"));
    // A mail address that was typed for this purchase stays.
    let typed = address(&[("email", "gift@example.jp")]);
    browser.post("/checkout/contact", "/api/checkout/save-contact", &typed).await;
    browser.post("/checkout/contact", "/api/checkout/choose-address", &[("id", &ids[1])]).await;
    let confirm = browser.get("/checkout/confirm").await;
    assert!(confirm.body.contains("丸の内2-2-2") && confirm.body.contains("gift@example.jp"));
}

#[tokio::test]
async fn what_is_typed_at_the_checkout_is_kept_if_it_is_asked_for_and_not_otherwise() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "hers@example.jp").await;
    add(&mut browser, "1").await;
    assert!(browser.get("/checkout/contact").await.body.contains("このお届け先を保存する"));
    browser.post("/checkout/contact", "/api/checkout/save-contact", &ADDRESS).await;
    assert!(browser.get(LIST).await.body.contains("まだありません"));
    let slip: Vec<_> = address(&[("phone", "110")]).into_iter().chain([("keep", "1")]).collect();
    let page = browser.submit("/checkout/contact", "/api/checkout/save-contact", &slip).await;
    let tick = page.between("name=\"keep\"", ">").unwrap();
    assert!(tick.contains("checked"), "what was ticked stays ticked: {tick}");
    let fields: Vec<_> = ADDRESS.into_iter().chain([("keep", "1")]).collect();
    for _ in 0..2 {
        let answer = browser.post("/checkout/contact", "/api/checkout/save-contact", &fields).await;
        assert_eq!(answer.location(), "/checkout/delivery");
    }
    assert_eq!(numbers(&browser.get(LIST).await).len(), 1, "the same one is not kept twice");
}

#[tokio::test]
async fn a_guest_is_offered_no_address_book_and_keeps_nothing() {
    let app = TestApp::start().await;
    let mut guest = app.browser();
    add(&mut guest, "1").await;
    let page = guest.get("/checkout/contact").await;
    assert!(!page.body.contains("このお届け先を保存する") && !page.body.contains("保存したお届け先から選ぶ"));
    let fields: Vec<_> = ADDRESS.into_iter().chain([("keep", "1")]).collect();
    let answer = guest.post("/checkout/contact", "/api/checkout/save-contact", &fields).await;
    assert_eq!(answer.location(), "/checkout/delivery");
    let answer = guest.post("/checkout/contact", "/api/checkout/choose-address", &[("id", "x")]).await;
    assert_eq!(answer.location(), "/login?next=/checkout/contact");
    let seen = to_confirmation(&mut guest, "", "cash").await;
    assert!(place(&mut guest, "", &seen).await.location().starts_with("/orders/"));
}
