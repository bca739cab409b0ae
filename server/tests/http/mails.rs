//! `/account/mail`, `/mails/check`, `/newsletter/…`, and the previews of every mail.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};

use crate::account::{PASSWORD, register};
use crate::fixture::{Browser, TestApp};

const EMAIL: &str = "reader@example.jp";

/// The number in a mail's foot.
fn number(mail: &str) -> String {
    let at = mail.find("M-").expect("every mail has a number");
    mail[at..at + "M-ABCD-2345".len()].to_owned()
}

/// The path of the newest link in the mails to `address` that leads to `way`.
async fn link(app: &TestApp, address: &str, way: &str) -> String {
    let mails = app.mails_to(address).await;
    let mail = mails.iter().rev().find(|mail| mail.contains(way)).unwrap();
    let from = mail.find(way).unwrap();
    mail[from..].split_whitespace().next().unwrap().to_owned()
}

async fn check(browser: &mut Browser<'_>, no: &str) -> String {
    browser.get(&format!("/mails/check?no={no}")).await.body
}

#[tokio::test]
async fn a_customer_sees_each_mail_with_the_number_that_stands_in_it_and_nobody_elses() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, EMAIL).await;
    register(&app, &mut app.browser(), "other@example.jp").await;
    let mine = number(&app.mails_to(EMAIL).await[0]);
    let others = number(&app.mails_to("other@example.jp").await[0]);
    let page = browser.get("/account/mail").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.body.contains(&mine) && page.body.contains("確認コードのお知らせ") && page.body.contains("送信しました")
    );
    assert!(!page.body.contains(&others) && !page.body.contains(EMAIL), "no address stands there");
    assert!(
        page.body.find("id=\"newsletter\"").unwrap() < page.body.find("class=\"mail-list\"").unwrap(),
        "what one decides comes first"
    );
    assert!(browser.get("/account").await.body.contains("href=\"/account/mail\""));
    assert!(browser.get("/en/account/mail").await.body.contains("Mails we sent you"));
    let stranger = app.browser().get("/account/mail").await;
    assert!(stranger.location().starts_with("/login?next="), "{}", stranger.location());
    let far = browser.get("/account/mail?page=4000000000").await;
    assert_eq!(far.status, StatusCode::OK);
}

#[tokio::test]
async fn the_last_three_mails_that_left_stand_beside_the_check_phrase_with_their_numbers() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, EMAIL).await;
    let first = number(&app.mails_to(EMAIL).await[0]);
    let section = async |browser: &mut Browser<'_>, lang: &str| {
        let page = browser.get(&format!("{lang}/account/security")).await;
        page.between(" id=\"phrase\"", "</section>").unwrap().to_owned()
    };
    for lang in ["", "/en"] {
        let shown = section(&mut browser, lang).await;
        assert!(shown.contains(&first) && shown.contains("確認コードのお知らせ"), "{shown}");
        assert!(shown.contains("<time ") && shown.contains(&format!("href=\"{lang}/account/mail\"")), "{shown}");
    }
    for _ in 0..3 {
        app.shop.clock.advance(1);
        app.browser().post("/register", "/api/account/register", &[("email", EMAIL), ("password", PASSWORD)]).await;
    }
    let before = section(&mut browser, "").await;
    assert!(before.contains(&first), "the others have not left yet");
    app.mails_to(EMAIL).await;
    let shown = section(&mut browser, "").await;
    assert_eq!(shown.matches("class=\"mail-list__no\"").count(), 3);
    assert!(!shown.contains(&first), "{shown}");
}

#[tokio::test]
async fn a_mail_that_comes_back_stands_on_its_readers_pages_until_the_next_one_arrives() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, EMAIL).await;
    // Somebody tries to register the address again, which its owner is told.
    let tried = async || {
        app.shop.clock.advance(1);
        app.browser().post("/register", "/api/account/register", &[("email", EMAIL), ("password", PASSWORD)]).await;
        app.mails_to(EMAIL).await.pop().unwrap()
    };
    let no = number(&tried().await);
    let raw = std::fs::read_dir(app.shop.mailbox_dir()).unwrap();
    let mut raw = raw.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let id = raw.find_map(|raw| {
        raw.lines().find(|line| line.starts_with("Message-ID") && line.contains(&no)).map(str::to_owned)
    });
    let id = id.unwrap();
    let report = format!(
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\
         Content-Type: message/delivery-status\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\n\
         Content-Type: text/rfc822-headers\r\n\r\n{id}\r\n\r\n--b--\r\n"
    );
    let attention =
        async |browser: &mut Browser<'_>| browser.get("/account/security").await.body.contains("id=\"undelivered\"");
    assert!(!attention(&mut browser).await);
    let read = noren_shop::mail::bounce::bounced(&app.shop, report.as_bytes()).await.unwrap();
    assert!(matches!(read, noren_shop::mail::bounce::Read::Returned { .. }), "{read:?}");
    assert!(attention(&mut browser).await);
    let security = browser.get("/account/security").await.body;
    assert!(security.contains("href=\"#undelivered\"") && security.contains("戻ってきました"), "the way to it");
    assert!(browser.get("/account").await.body.contains("1件"), "the account's first page counts it");
    assert!(browser.get("/account/mail").await.body.contains("戻ってきました"));
    assert!(browser.get("/en/account/security").await.body.contains("came back to us"));
    tried().await;
    assert!(!attention(&mut browser).await, "the next mail");
}

#[tokio::test]
async fn anybody_can_check_a_number_and_hears_nothing_about_to_whom() {
    let app = TestApp::start().await;
    register(&app, &mut app.browser(), EMAIL).await;
    let no = number(&app.mails_to(EMAIL).await[0]);
    let mut browser = app.browser();
    let known = check(&mut browser, &no).await;
    assert!(known.contains("当店が") && known.contains("会員登録の確認コード"), "{known}");
    assert!(!known.contains(EMAIL));
    assert!(check(&mut browser, &no.to_lowercase()).await.contains("会員登録の確認コード"), "as people type it");
    assert!(check(&mut browser, "N-2026-0001").await.contains("href=\"/security/notices/N-2026-0001\""));
    for wrong in ["M-2222-2222", "N-1999-0001"] {
        let page = check(&mut browser, wrong).await;
        assert!(page.contains("当店からは送っていません"), "{wrong}");
    }
    assert!(!browser.get("/mails/check").await.body.contains("当店からは送っていません"));
    for page in ["/security", "/help"] {
        assert!(browser.get(page).await.body.contains("/mails/check"), "{page} leads there");
    }
}

#[tokio::test]
async fn what_is_no_number_of_a_mail_is_answered_calmly_and_says_nothing_of_orders() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let seen = crate::shopper::to_confirmation(&mut browser, "", "transfer").await;
    let placed = crate::shopper::place(&mut browser, "", &seen).await;
    let order = browser.follow(placed).await;
    let (_, behind) = order.body.split_once("ご注文番号").unwrap();
    let at = behind.find("N-").unwrap();
    let real = behind[at..at + "N-ABCD-2345".len()].to_owned();
    let mut stranger = app.browser();
    for (lang, alarm, foot, of_order, of_erasure, nothing) in [
        (
            "",
            "当店からは送っていません",
            "メールの番号は、メールのいちばん下にあります",
            "ご注文番号の形をしています",
            "受付番号の形をしています",
            "番号ではないようです",
        ),
        (
            "/en",
            "We have sent no mail",
            "That of a mail stands at its foot",
            "has the form of an order number",
            "has the form of the number that we give when",
            "is no number of a mail or a notice",
        ),
    ] {
        let way = |no: &str| format!("{lang}/mails/check?no={no}");
        for (no, words) in [
            ("N-ZZZZ-ZZZZ", of_order),
            (real.as_str(), of_order),
            ("E-ABCD-2345", of_erasure),
            ("nonsense", nothing),
            ("%3Cscript%3Ealert(1)%3C/script%3E", nothing),
        ] {
            let page = stranger.get(&way(no)).await.body;
            assert!(page.contains(words) && page.contains(foot) && page.contains("M-ABCD-2345"), "{no}: {page}");
            assert!(!page.contains(alarm) && !page.contains("<script>alert"), "{no}");
        }
        let orders = format!("href=\"{lang}/account/orders\"");
        let (none, one) = (stranger.get(&way("N-ZZZZ-ZZZZ")).await, stranger.get(&way(&real)).await);
        assert!(none.body.contains(&orders), "where orders are seen");
        let said =
            |page: &crate::fixture::Answer| page.between("class=\"note note--info\"", "</div>").unwrap().to_owned();
        assert_eq!(said(&none), said(&one).replace(&real, "N-ZZZZ-ZZZZ"), "whether there is such an order or not");
        assert!(stranger.get(&way("M-2222-2222")).await.body.contains(alarm), "a number that we have not given");
    }
}

#[tokio::test]
async fn numbers_cannot_be_tried_without_end() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    for _ in 0..60 {
        assert!(check(&mut browser, "M-2222-2222").await.contains("当店からは送っていません"));
    }
    let over = check(&mut browser, "M-2222-2222").await;
    assert!(over.contains("確認が多すぎます") && !over.contains("当店からは送っていません"));
    assert_eq!(browser.get("/mails/check").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_customer_chooses_the_language_of_their_mails_without_scripts() {
    const ACTION: &str = "/api/account/mail-lang";
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, EMAIL).await;
    let is = |page: &str, lang: &str| {
        let (_, input) = page.split_once(&format!("name=\"mail_lang\" value=\"{lang}\"")).unwrap();
        input.split('>').next().unwrap().contains("checked")
    };
    let page = browser.get("/account/mail").await.body;
    assert!(page.contains("メールの言語") && is(&page, "ja") && !is(&page, "en"), "{page}");
    assert!(!page.contains("メールの言語を変更しました"));

    let page = browser.submit("/account/mail", ACTION, &[("mail_lang", "en")]).await.body;
    assert!(page.contains("メールの言語を変更しました。これからのメールは、英語で"), "{page}");
    assert!(is(&page, "en") && !is(&page, "ja"));
    assert!(!browser.get("/account/mail").await.body.contains("メールの言語を変更しました"), "said once");
    let password = [("password", "lantern river maple")];
    let changed = async |browser: &mut Browser<'_>| {
        app.shop.clock.advance(1_000);
        browser.post("/account/security/password", "/api/account/change-password", &password).await;
        app.mails_to(EMAIL).await
    };
    let mails = changed(&mut browser).await;
    assert!(mails.iter().any(|mail| mail.contains("The password of your account was changed.")), "{mails:?}");
    assert!(!mails.iter().any(|mail| mail.contains("アカウントのパスワードが変更されました")), "{mails:?}");

    let page = browser.submit("/en/account/mail", ACTION, &[("mail_lang", "ja")]).await.body;
    assert!(page.contains("The language of our mails was changed. From now on they come in Japanese."), "{page}");
    assert!(is(&page, "ja") && !is(&page, "en"));
    let mails = changed(&mut browser).await;
    assert!(mails.iter().any(|mail| mail.contains("アカウントのパスワードが変更されました")), "{mails:?}");

    for wrong in ["", "de", "EN"] {
        let page = browser.submit("/account/mail", ACTION, &[("mail_lang", wrong)]).await.body;
        assert!(page.contains("選択肢からお選びください") && is(&page, "ja"), "{wrong:?}: {page}");
        assert!(!page.contains("メールの言語を変更しました"), "{wrong:?}");
    }
    let stranger = app.browser().post("/account/mail", ACTION, &[("mail_lang", "en")]).await;
    assert!(stranger.location().starts_with("/login?next="), "{}", stranger.location());
    let called = browser.call("/account/mail", ACTION, &[("mail_lang", "en")]).await;
    assert!(called.status.is_success() && called.body.contains("en"), "{}", called.body);
}

#[tokio::test]
async fn another_language_of_the_mails_takes_a_fresh_proof_and_is_told_in_the_one_of_before() {
    const ACTION: &str = "/api/account/mail-lang";
    const ONCE_MORE: &str = "/account/mail?again=mail-lang";
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, EMAIL).await;
    app.shop.clock.advance(11 * 60_000);
    let changed = async || {
        let mails = app.mails_to(EMAIL).await;
        mails.iter().filter(|mail| mail.contains("これからのメールは、英語でお送りします")).count()
    };
    for lang in ["", "/en"] {
        let asked = browser.post(&format!("{lang}/account/mail"), ACTION, &[("mail_lang", "en")]).await;
        let proof = format!("{lang}/account/confirm?next=/account/mail%3Fagain%3Dmail-lang");
        assert_eq!(asked.location(), proof, "a session alone is not enough");
    }
    let page = browser.get("/account/mail").await.body;
    let japanese = page.split_once("name=\"mail_lang\" value=\"ja\"").unwrap().1.split('>').next().unwrap();
    assert!(japanese.contains("checked") && changed().await == 0, "nothing has changed");
    let fields = [("password", PASSWORD), ("next", ONCE_MORE)];
    let proved = browser.post("/account/confirm", "/api/account/prove", &fields).await;
    assert_eq!(proved.location(), ONCE_MORE);
    for (page, words) in
        [(ONCE_MORE.to_owned(), "まだ変わっていません"), (format!("/en{ONCE_MORE}"), "has not changed yet")]
    {
        assert!(browser.get(&page).await.body.contains(words), "it is to be pressed once more");
    }
    let page = browser.submit(ONCE_MORE, ACTION, &[("mail_lang", "en")]).await.body;
    assert!(page.contains("メールの言語を変更しました。これからのメールは、英語で"), "{page}");
    assert_eq!(changed().await, 1, "by a mail that its owner can read");
    let page = browser.submit("/account/mail", ACTION, &[("mail_lang", "en")]).await.body;
    assert!(!page.contains("メールの言語を変更しました。"), "it is the one of now");
    assert_eq!(changed().await, 1);
}

#[tokio::test]
async fn the_newsletter_begins_and_ends_by_buttons_and_never_by_opening_a_page() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, EMAIL).await;
    assert!(browser.get("/account/mail").await.body.contains("お便りはお送りしていません。"));
    let asked = browser.submit("/account/mail", "/api/mail/ask-newsletter", &[]).await;
    assert!(asked.body.contains("確認のメールをお送りしました。"));
    let way = link(&app, EMAIL, "/newsletter/confirm/").await;
    // Without a sign-in: the mail may be read on another machine.
    let mut elsewhere = app.browser();
    for _ in 0..2 {
        assert!(elsewhere.get(&way).await.body.contains("お便りの配信を始める"));
    }
    assert!(browser.get("/account/mail").await.body.contains("確認のメールをお送りしました。"), "only looked at");
    let token = way.rsplit('/').next().unwrap();
    let begun = elsewhere.submit(&way, "/api/newsletter/confirm", &[("token", token)]).await;
    assert!(begun.body.contains("お便りの配信を始めます"), "{}", begun.body);
    assert!(browser.get("/account/mail").await.body.contains("お便りをお送りしています。"));
    for (way, said) in [(way.clone(), "すでに始まっています"), (format!("/en{way}"), "has begun already")] {
        let again = elsewhere.get(&way).await;
        assert!(again.body.contains(said), "{}", again.body);
        assert!(!again.body.contains("/api/newsletter/confirm\""), "there is nothing to press");
    }

    let issue = noren_domain::newsletter::Issue {
        name: "2026-12".to_owned(),
        subject: noren_domain::Text::new("冬の新作", "New"),
        text: noren_domain::Text::new("手ぬぐい。", "Cloth."),
    };
    assert_eq!(noren_shop::newsletter::send(&app.shop, &issue).await.unwrap(), 1);
    let leave = link(&app, EMAIL, "/newsletter/leave/").await;
    assert!(elsewhere.get(&leave).await.body.contains("お便りを止める"));
    assert!(browser.get("/account/mail").await.body.contains("お便りをお送りしています。"), "only looked at");
    let token = leave.rsplit('/').next().unwrap();
    let left = elsewhere.submit(&leave, "/api/newsletter/leave", &[("token", token)]).await;
    assert!(left.body.contains("お便りを止めました"));
    assert!(browser.get("/account/mail").await.body.contains("お便りはお送りしていません。"));
    for (leave, said) in [(leave.clone(), "すでに止まっています"), (format!("/en{leave}"), "has ended already")]
    {
        let again = elsewhere.get(&leave).await;
        assert!(again.body.contains(said), "{}", again.body);
        assert!(!again.body.contains("/api/newsletter/leave\""), "there is nothing to press");
    }
    let late = elsewhere.get(&way).await;
    assert!(late.body.contains("このリンクは期限が切れているか"), "the old link begins nothing again");
}

#[tokio::test]
async fn a_mail_program_ends_the_newsletter_with_one_press_without_cookies() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, EMAIL).await;
    browser.post("/account/mail", "/api/mail/ask-newsletter", &[]).await;
    let way = link(&app, EMAIL, "/newsletter/confirm/").await;
    browser.post(&way, "/api/newsletter/confirm", &[("token", way.rsplit('/').next().unwrap())]).await;
    let issue = noren_domain::newsletter::Issue {
        name: "2026-12".to_owned(),
        subject: noren_domain::Text::new("冬の新作", "New"),
        text: noren_domain::Text::new("手ぬぐい。", "Cloth."),
    };
    noren_shop::newsletter::send(&app.shop, &issue).await.unwrap();
    let leave = link(&app, EMAIL, "/newsletter/leave/").await;
    let one_click = leave.replace("/en/", "/").replace("/newsletter/leave/", "/newsletter/one-click/");
    // A program that opens the address like a link comes to the page with a button, and changes nothing.
    let opened = app.send(Request::get(&one_click).body(Body::empty()).unwrap()).await;
    assert!(opened.status.is_redirection() && opened.location().contains("/newsletter/leave/"));
    assert!(browser.get("/account/mail").await.body.contains("お便りをお送りしています。"));
    let press = |path: &str| {
        Request::builder()
            .method(Method::POST)
            .uri(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from("List-Unsubscribe=One-Click"))
            .unwrap()
    };
    for _ in 0..2 {
        assert_eq!(app.send(press(&one_click)).await.status, StatusCode::OK, "as often as it likes");
    }
    assert!(browser.get("/account/mail").await.body.contains("お便りはお送りしていません。"));
    let unknown = format!("/newsletter/one-click/{}", "A".repeat(43));
    assert_eq!(app.send(press(&unknown)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.send(press("/newsletter/one-click/x")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn whoever_asks_too_often_hears_so_without_scripts_too() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, EMAIL).await;
    for _ in 0..5 {
        browser.post("/account/mail", "/api/mail/ask-newsletter", &[]).await;
    }
    let over = browser.submit("/account/mail", "/api/mail/ask-newsletter", &[]).await;
    assert!(over.body.contains("class=\"fault-summary\"") || over.body.contains("分"), "{}", over.body);
    assert_eq!(app.mails_to(EMAIL).await.len(), 1 + 5);
}

#[tokio::test]
async fn every_mail_can_be_looked_at_in_development_and_nowhere_else() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let list = browser.get("/dev/mails").await;
    assert_eq!(list.status, StatusCode::OK);
    let ways: Vec<String> = list
        .body
        .split("href=\"/dev/mails/")
        .skip(1)
        .map(|rest| format!("/dev/mails/{}", rest.split('"').next().unwrap()))
        .collect();
    assert!(ways.len() >= 2 * 9, "{ways:?}");
    // Nobody knows them by their words of the database.
    for subject in ["まもなくアカウントを消去します", "Your account is about to be erased"] {
        assert!(list.body.contains(&format!("/last_call\">{subject}</a>")), "{subject}");
    }
    for way in &ways {
        let page = browser.get(way).await;
        assert_eq!(page.status, StatusCode::OK, "{way}");
        assert!(page.body.contains("<iframe sandbox") && page.body.contains("M-ABCD-2345"), "{way}");
    }
    assert_eq!(browser.get("/dev/mails/ja/nothing").await.status, StatusCode::NOT_FOUND);
    let shop = TestApp::in_production().await;
    for way in ["/dev/mails", "/dev/mails/ja/order_placed", "/dev/mailbox"] {
        assert_eq!(shop.browser().get(way).await.status, StatusCode::NOT_FOUND, "{way}");
    }
    // A stranger's password is in none of them.
    assert!(!list.body.contains(PASSWORD));
}
