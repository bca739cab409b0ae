//! `/checkout/*`: the steps of a guest, as plain form posts.

use axum::http::StatusCode;

use crate::fixture::{Answer, TestApp};
use crate::shopper::{
    ADDRESS, EMAIL, SKU, add, address, choose, place, seen, to_confirmation, to_delivery, to_payment,
};

const CHANGED: [(&str, &str); 2] =
    [("", "ご覧になっている間に内容が変わりました"), ("/en", "Something changed while you were looking")];

async fn orders(app: &TestApp) -> i64 {
    let mut conn = app.shop.db.read().await.unwrap();
    noren_shop::fetch_one!(conn, (i64,), "SELECT COUNT(*) FROM orders").await.unwrap().0
}

#[tokio::test]
async fn a_guest_buys_step_by_step_in_either_language_and_gets_a_mail() {
    let app = TestApp::start().await;
    for (lang, thanks, empty, number) in [
        ("", "ご注文ありがとうございます", "カートに商品はありません", "ご注文番号"),
        ("/en", "Thank you for your order", "Your cart is empty", "Order number"),
    ] {
        let mut browser = app.browser();
        let seen = to_confirmation(&mut browser, lang, "transfer").await;
        let answer = place(&mut browser, lang, &seen).await;
        assert!(answer.location().starts_with(&format!("{lang}/orders/")), "{}", answer.location());
        let page = browser.follow(answer).await;
        assert_eq!(page.status, StatusCode::OK);
        for words in [thanks, number, "森 杏子", "100-0005", "3,300"] {
            assert!(page.body.contains(words), "the order page says {words}");
        }
        assert!(browser.get(&format!("{lang}/cart")).await.body.contains(empty));
        let mails = app.mails_to(EMAIL).await;
        assert!(mails.iter().any(|mail| mail.contains(number)));
    }
    assert_eq!(orders(&app).await, 2);
}

#[tokio::test]
async fn each_step_leads_to_the_first_one_that_is_missing() {
    let app = TestApp::start().await;
    for lang in ["", "/en"] {
        let mut browser = app.browser();
        for step in ["contact", "delivery", "payment", "confirm"] {
            let answer = browser.get(&format!("{lang}/checkout/{step}")).await;
            assert_eq!(answer.location(), format!("{lang}/cart"), "{step}: there is nothing to buy");
        }
        assert_eq!(browser.get(&format!("{lang}/checkout")).await.location(), format!("{lang}/checkout/contact"));
        add(&mut browser, "1").await;
        for (action, page) in [("save-delivery", "delivery"), ("save-payment", "payment")] {
            let fields = [("method", "parcel"), ("payment", "cash")];
            let answer =
                browser.post(&format!("{lang}/checkout/{page}"), &format!("/api/checkout/{action}"), &fields).await;
            assert_eq!(answer.location(), format!("{lang}/checkout/contact"), "{action}");
        }
        to_delivery(&mut browser, lang).await;
        for step in ["payment", "confirm"] {
            let answer = browser.get(&format!("{lang}/checkout/{step}")).await;
            assert_eq!(answer.location(), format!("{lang}/checkout/delivery"), "{step}");
        }
        let answer = place(&mut browser, lang, &"0".repeat(64)).await;
        assert!(answer.status.is_redirection(), "{}", answer.status);
    }
    assert_eq!(orders(&app).await, 0);
}

#[tokio::test]
async fn an_address_with_faults_is_answered_field_by_field_and_nothing_typed_is_lost() {
    let app = TestApp::start().await;
    let typed = [
        ("email", "森＠"),
        ("name", "森 杏子"),
        ("kana", "mori"),
        ("postal_code", "12"),
        ("prefecture", "99"),
        ("city", ""),
        ("street", "1-1-1"),
        ("building", "のれんビル3階"),
        ("phone", "12345"),
    ];
    for (lang, words) in [
        (
            "",
            [
                "「name@example.jp」の形で",
                "カタカナかひらがなで",
                "7桁の数字で",
                "選択肢から",
                "入力してください。",
                "0から始まる",
            ],
        ),
        (
            "/en",
            [
                "such as name@example.jp",
                "katakana or hiragana",
                "seven digits",
                "choose one of the options",
                "fill this in",
                "starting with 0",
            ],
        ),
    ] {
        let mut browser = app.browser();
        add(&mut browser, "1").await;
        let page = browser.submit(&format!("{lang}/checkout/contact"), "/api/checkout/save-contact", &typed).await;
        assert_eq!(page.status, StatusCode::OK);
        for words in words {
            assert!(page.body.contains(words), "{lang}: {words}");
        }
        for value in ["森＠", "森 杏子", "mori", "1-1-1", "のれんビル3階", "12345"] {
            assert!(page.body.contains(&format!("value=\"{value}\"")), "{lang}: {value} is still there");
        }
        let fresh = browser.get(&format!("{lang}/checkout/contact")).await;
        assert!(!fresh.body.contains("のれんビル3階"), "faults are shown once, not for ever");
    }
}

#[tokio::test]
async fn a_text_too_long_for_any_cookie_takes_no_other_field_with_it() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    add(&mut browser, "1").await;
    let endless = "長".repeat(5_000);
    let fields = address(&[("name", &endless), ("phone", "")]);
    let page = browser.submit("/en/checkout/contact", "/api/checkout/save-contact", &fields).await;
    assert!(page.body.contains("at most 60 characters"));
    for value in [EMAIL, "千代田区丸の内", "1-1-1"] {
        assert!(page.body.contains(&format!("value=\"{value}\"")), "{value}");
    }
}

#[tokio::test]
async fn a_postal_code_fills_the_address_in_and_must_not_lie_in_another_prefecture() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    add(&mut browser, "1").await;
    let mut fields = address(&[("postal_code", "530-0001"), ("city", ""), ("prefecture", "")]);
    fields.push(("lookup", "1"));
    let page = browser.submit("/checkout/contact", "/api/checkout/save-contact", &fields).await;
    assert!(page.body.contains("大阪市北区梅田") && page.body.contains("森 杏子"));
    for (lang, words, unknown) in [
        ("", "組み合わせが見つかりません", "この郵便番号の住所は見つかりませんでした"),
        ("/en", "does not belong to the chosen prefecture", "We know no address for this code"),
    ] {
        let path = format!("{lang}/checkout/contact");
        let osaka = address(&[("postal_code", "530-0001")]);
        let page = browser.submit(&path, "/api/checkout/save-contact", &osaka).await;
        assert!(page.body.contains(words), "{lang}");
        // A code that is newer than the table we carry must not keep its people from buying.
        let new = address(&[("postal_code", "000-0000")]);
        let asked = [new.as_slice(), &[("lookup", "1")]].concat();
        assert!(browser.submit(&path, "/api/checkout/save-contact", &asked).await.body.contains(unknown), "{lang}");
        let answer = browser.post(&path, "/api/checkout/save-contact", &new).await;
        assert_eq!(answer.location(), format!("{lang}/checkout/delivery"));
    }
}

#[tokio::test]
async fn a_delivery_nobody_offers_is_refused_in_words() {
    let app = TestApp::start().await;
    for (lang, choice, date, long) in [
        ("", "選択肢からお選びください。", "までの間でお選びください", "200文字以内"),
        ("/en", "Please choose one of the options.", "Please choose a delivery date", "at most 200 characters"),
    ] {
        let mut browser = app.browser();
        to_delivery(&mut browser, lang).await;
        let note = "ん".repeat(201);
        for (fields, words) in [
            (vec![("method", "drone")], choice),
            (vec![("method", "parcel"), ("date", "2001-01-01")], date),
            (vec![("method", "parcel"), ("date", "<b>soon</b>")], date),
            (vec![("method", "parcel"), ("slot", "midnight")], choice),
            (vec![("method", "parcel"), ("gift_wrap", "1"), ("gift_message", &note)], long),
        ] {
            let page =
                browser.submit(&format!("{lang}/checkout/delivery"), "/api/checkout/save-delivery", &fields).await;
            assert_eq!(page.status, StatusCode::OK);
            assert!(page.body.contains(words), "{lang} {fields:?}: {words}");
            assert!(!page.body.contains("<b>soon</b>"));
        }
        assert_eq!(
            browser.get(&format!("{lang}/checkout/payment")).await.location(),
            format!("{lang}/checkout/delivery")
        );
    }
}

#[tokio::test]
async fn a_way_to_pay_that_does_not_exist_or_fit_is_refused_in_words() {
    let app = TestApp::start().await;
    for (lang, required, choice) in [
        ("", "入力してください。", "選択肢からお選びください。"),
        ("/en", "Please fill this in.", "Please choose one of the options."),
    ] {
        let mut browser = app.browser();
        to_payment(&mut browser, lang).await;
        let page = format!("{lang}/checkout/payment");
        for (payment, words) in [("", required), ("bitcoin", choice), ("card\0", choice), ("CARD", choice)] {
            let answer = browser.submit(&page, "/api/checkout/save-payment", &[("payment", payment)]).await;
            assert!(answer.body.contains(words), "{lang} {payment:?}");
        }
        let post = [("method", "post"), ("date", ""), ("slot", "")];
        browser.post(&format!("{lang}/checkout/delivery"), "/api/checkout/save-delivery", &post).await;
        let answer = browser.submit(&page, "/api/checkout/save-payment", &[("payment", "cash")]).await;
        assert!(answer.body.contains(choice), "a letter box pays nothing");
        assert_eq!(browser.get(&format!("{lang}/checkout/confirm")).await.location(), page);
    }
}

#[tokio::test]
async fn the_last_page_shows_all_that_the_law_asks_before_the_button() {
    let app = TestApp::start().await;
    for (lang, words) in [
        ("", ["数量", "合計（税込）", "お支払いの時期と方法", "お届けの時期", "取り消しと返品", "お申し込みの期間"]),
        (
            "/en",
            [
                "Qty",
                "Total",
                "Time and method of payment",
                "Time of delivery",
                "Cancellation and returns",
                "Ordering period",
            ],
        ),
    ] {
        let mut browser = app.browser();
        to_confirmation(&mut browser, lang, "cash").await;
        let page = browser.get(&format!("{lang}/checkout/confirm")).await;
        // What the page says from its headline to the form with the button, which must come last.
        let said = page.between("<h1", "name=\"seen\"").unwrap();
        for words in words {
            assert!(said.contains(words), "{lang}: {words} stands before the button");
        }
        assert!(!said.contains("type=\"submit\""), "{lang}: no other button stands before it");
    }
}

#[tokio::test]
async fn a_confirmation_that_is_not_the_present_one_places_nothing_and_says_so() {
    let app = TestApp::start().await;
    for (lang, words) in CHANGED {
        let mut browser = app.browser();
        let old = to_confirmation(&mut browser, lang, "transfer").await;
        app.shop.clock.advance(1);
        let fresh = choose(&mut browser, lang, "cash").await;
        assert_ne!(old, fresh);
        let zeros = "0".repeat(64);
        for wrong in [old.as_str(), zeros.as_str(), "", "x", &fresh[1..], "%00", "💥"] {
            let page = browser.get(&format!("{lang}/checkout/confirm")).await;
            assert!(!page.body.contains(words), "not said before");
            let answer = place(&mut browser, lang, wrong).await;
            assert_eq!(answer.location(), format!("{lang}/checkout/confirm"), "{wrong}");
            assert!(browser.follow(answer).await.body.contains(words), "{wrong}");
        }
        assert_eq!(orders(&app).await, 0);
    }
}

#[tokio::test]
async fn a_price_that_changes_while_one_looks_is_said_and_not_charged_unseen() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let seen_then = to_confirmation(&mut browser, "", "transfer").await;
    let mut tx = app.shop.db.write().await.unwrap();
    noren_shop::execute!(tx, "UPDATE variant SET price = 1980 WHERE sku = $1", SKU).await.unwrap();
    tx.commit().await.unwrap();
    let answer = place(&mut browser, "", &seen_then).await;
    let page = browser.follow(answer).await;
    assert!(page.body.contains(CHANGED[0].1) && page.body.contains("1,320円 → 1,980円"), "both prices are named");
    assert_eq!(orders(&app).await, 0);
}

#[tokio::test]
async fn amounts_sent_along_are_not_listened_to() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let seen = to_confirmation(&mut browser, "", "transfer").await;
    let fields = [
        ("seen", seen.as_str()),
        ("total", "1"),
        ("price", "1"),
        ("form[total]", "1"),
        ("order_id", "00000000-0000-0000-0000-000000000000"),
        ("cart_id", "00000000-0000-0000-0000-000000000000"),
        ("customer_id", "00000000-0000-0000-0000-000000000000"),
        ("payment_state", "paid"),
    ];
    let page = browser.submit("/checkout/confirm", "/api/checkout/place", &fields).await;
    assert!(page.body.contains("3,300円") && page.body.contains("お支払い前"), "2 × 1,320 + 660, not paid");
}

#[tokio::test]
async fn pressing_twice_at_once_and_again_later_makes_one_order() {
    let app = TestApp::start().await;
    for (number, payment) in (1..).zip(["transfer", "card", "cash"]) {
        let mut browser = app.browser();
        let seen = to_confirmation(&mut browser, "", payment).await;
        let (mut one, mut two) = (browser.clone(), browser.clone());
        let (a, b): (Answer, Answer) = tokio::join!(place(&mut one, "", &seen), place(&mut two, "", &seen));
        assert_eq!(a.location(), b.location(), "{payment}");
        assert_eq!(place(&mut browser, "", &seen).await.location(), a.location(), "{payment}: after going back");
        assert_eq!(orders(&app).await, number, "{payment}");
    }
}

#[tokio::test]
async fn of_two_tabs_in_two_languages_one_buys_and_the_other_finds_the_cart_bought() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let ja = to_confirmation(&mut browser, "", "transfer").await;
    let en = seen(&mut browser, "/en").await;
    let (mut one, mut two) = (browser.clone(), browser.clone());
    let (a, b) = tokio::join!(place(&mut one, "", &ja), place(&mut two, "/en", &en));
    let mut ends = [a.location().contains("/orders/"), b.location().contains("/orders/")];
    ends.sort_unstable();
    assert_eq!(ends, [false, true], "{} and {}", a.location(), b.location());
    assert_eq!(orders(&app).await, 1);
}

#[tokio::test]
async fn the_wasm_gets_the_same_faults_as_data_and_no_redirect() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    add(&mut browser, "1").await;
    let fields = address(&[("email", "森＠"), ("phone", "")]);
    let answer = browser.call("/checkout/contact", "/api/checkout/save-contact", &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.location(), "");
    assert!(answer.header("set-cookie").is_empty(), "nothing to carry over: the inputs still hold it");
    let faults: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let of = |field: &str| {
        faults["Faults"].as_array().unwrap().iter().find(|f| f["field"] == field).map(|f| f["fault"].clone())
    };
    assert_eq!((of("email"), of("phone"), of("name")), (Some("email".into()), Some("required".into()), None));
    let answer = browser.call("/en/checkout/contact", "/api/checkout/save-contact", &ADDRESS).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::OK, "/en/checkout/delivery"));
}
