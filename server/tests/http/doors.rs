//! Every door, knocked at in ways no honest browser does: what comes back is an answer in words, in
//! the page's language, with the right status, and nothing has changed.

use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, ORIGIN, REFERER};
use axum::http::{HeaderValue, Method, Request, StatusCode};

use crate::account::{PASSWORD, knock, log_in, register};
use crate::fixture::{Answer, TestApp, URL};
use crate::shopper::{EMAIL, SKU, add, address, to_delivery};

/// Every form of the shop: its action and the page it stands on.
const FORMS: [(&str, &str); 53] = [
    ("/api/cart/add", "/p/tenugui-seigaiha"),
    ("/api/cart/set", "/cart"),
    ("/api/cart/remove", "/cart"),
    ("/api/checkout/choose-address", "/checkout/contact"),
    ("/api/checkout/save-contact", "/checkout/contact"),
    ("/api/checkout/save-delivery", "/checkout/delivery"),
    ("/api/checkout/save-payment", "/checkout/payment"),
    ("/api/checkout/place", "/checkout/confirm"),
    ("/api/account/register", "/register"),
    ("/api/account/verify", "/verify"),
    ("/api/account/login", "/login"),
    ("/api/account/mail-code", "/login/code"),
    ("/api/account/confirm", "/login/confirm"),
    ("/api/account/reset", "/reset"),
    ("/api/account/reset-code", "/reset/code"),
    ("/api/account/passkeys/sign-in", "/login"),
    ("/api/account/prove", "/account/confirm"),
    ("/api/account/passkeys/prove", "/account/confirm"),
    ("/api/account/change-password", "/account/security/password"),
    ("/api/account/logout", "/account"),
    ("/api/account/passkeys/add", "/account/security/passkeys"),
    ("/api/account/passkeys/rename", "/account/security"),
    ("/api/account/passkeys/remove", "/account/security"),
    ("/api/account/totp-begin", "/account/security/totp"),
    ("/api/account/totp-confirm", "/account/security/totp"),
    ("/api/account/totp-off", "/account/security/totp"),
    ("/api/account/recovery-new", "/account/security/recovery"),
    ("/api/account/keep-factors", "/account/security"),
    ("/api/account/end-session", "/account/security"),
    ("/api/account/end-others", "/account/security"),
    ("/api/account/acknowledge", "/account/security"),
    ("/api/account/tick-step", "/account/security"),
    ("/api/account/another-phrase", "/account/security"),
    ("/api/account/answer-sign-in", "/account/security"),
    ("/api/account/email-ask", "/account/security/email"),
    ("/api/account/email-confirm", "/account/security/email"),
    ("/api/account/email-resend", "/account/security/email"),
    ("/api/account/email-wait", "/account/security/email"),
    ("/api/account/email-stop", "/account/security"),
    ("/api/account/email-take-back", "/account/email/back/x"),
    ("/api/account/email-back", "/account/email/back"),
    ("/api/account/save-address", "/account/addresses/new"),
    ("/api/account/default-address", "/account/addresses"),
    ("/api/account/remove-address", "/account/addresses"),
    ("/api/account/claim", "/account/guest-orders"),
    ("/api/account/claim-code", "/account/guest-orders/code"),
    ("/api/account/export-ask", "/account/data"),
    ("/api/account/erase", "/account/data/erase"),
    ("/api/account/mail-lang", "/account/mail"),
    ("/api/mail/ask-newsletter", "/account/mail"),
    ("/api/mail/end-newsletter", "/account/mail"),
    ("/api/newsletter/confirm", "/newsletter/confirm/x"),
    ("/api/newsletter/leave", "/newsletter/leave/x"),
];

/// What is sent to the shop and stands in no form: scripts ask for it.
const ASKED_BY_SCRIPTS: [&str; 5] = [
    "/api/account/passkeys/begin-add",
    "/api/account/passkeys/begin-prove",
    "/api/account/passkeys/begin-sign-in",
    "/api/address/find",
    "/api/order/view",
];

#[tokio::test]
async fn every_form_that_the_shop_has_is_knocked_at_here() {
    let app = TestApp::start().await;
    app.browser().get("/").await;
    let paths = leptos::server_fn::axum::server_fn_paths();
    let mut posts: Vec<&str> = paths.filter(|(_, method)| *method == Method::POST).map(|(path, _)| path).collect();
    let mut here: Vec<&str> = FORMS.into_iter().map(|(action, _)| action).chain(ASKED_BY_SCRIPTS).collect();
    posts.sort_unstable();
    here.sort_unstable();
    assert_eq!(here, posts);
}

/// A form post as a browser sends it, with `body` and `kind` as they are.
fn post(action: &str, page: &str, kind: Option<&str>, body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::post(action)
        .header(HOST, "shop.example")
        .header(ACCEPT, "text/html")
        .header(ORIGIN, URL)
        .header("sec-fetch-site", "same-origin")
        .header(REFERER, format!("{URL}{page}"));
    if let Some(kind) = kind {
        request = request.header(CONTENT_TYPE, kind);
    }
    request.body(body.into()).unwrap()
}

/// Whether browsers read `location` as a page of this shop.
fn is_ours(location: &str) -> bool {
    location.starts_with('/') && !location.starts_with("//") && !location.contains('\\') && location.is_ascii()
}

/// Either a redirect to a page of ours, which shows what was wrong, or a page that says it here.
fn is_answered(answer: &Answer, what: &str) {
    let location = answer.location();
    if answer.status.is_redirection() {
        assert!(
            location.starts_with('/') && !location.starts_with("//") && !location.contains('\\'),
            "{what}: {location}"
        );
    } else {
        assert!(answer.status.is_client_error(), "{what}: {}", answer.status);
        assert!(answer.body.contains("<h1>"), "{what}: {} is said in words: {}", answer.status, answer.body);
    }
}

#[tokio::test]
async fn no_form_takes_another_sites_word_in_either_language() {
    let app = TestApp::start().await;
    for (action, page) in FORMS {
        for (lang, words) in [("", "受け付けられませんでした"), ("/en", "This was not accepted")] {
            for (header, value) in
                [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "null")]
            {
                let mut request = post(action, &format!("{lang}{page}"), Some("application/x-www-form-urlencoded"), "");
                if header == "origin" {
                    request.headers_mut().remove("sec-fetch-site");
                }
                request.headers_mut().insert(header, HeaderValue::from_static(value));
                let answer = app.send(request).await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{action}: {header} {value}");
                assert!(answer.body.contains(words), "{action}: {lang}");
                assert!(answer.header("set-cookie").is_empty(), "{action}");
            }
        }
    }
}

#[tokio::test]
async fn every_form_answers_bytes_that_are_no_text_and_bodies_of_another_kind() {
    let app = TestApp::start().await;
    let urlencoded = Some("application/x-www-form-urlencoded");
    for (action, page) in FORMS {
        for (what, kind, body) in [
            (
                "bytes",
                urlencoded,
                &b"sku=\xff\xfe&email=\x80&seen=\xc3&session=\xff&no=\xff&code=\xff&session=\xff"[..],
            ),
            ("percent", urlencoded, b"sku=%ff%fe&email=%80&seen=%c3&code=%ff&session=%ff&no=%ff"),
            ("nul", urlencoded, b"sku=%00&email=a%00@b.jp&seen=%00&code=%00&session=%00&no=%00&quantity=1"),
            ("half a percent", urlencoded, b"sku=%&email=%a&seen=%zz"),
            ("empty", urlencoded, b""),
            (
                "twice",
                urlencoded,
                b"sku=a&sku=b&email=a&email=b&code=1&code=2&seen=1&seen=2&session=1&session=2&no=1&no=2",
            ),
            ("json", Some("application/json"), b"{\"sku\":\"TG-SGH-AI\",\"quantity\":\"1\"}"),
            ("text", Some("text/plain"), b"sku=TG-SGH-AI&quantity=1"),
            ("multipart", Some("multipart/form-data; boundary=x"), b"--x\r\n\r\n--x--"),
            ("no kind", None, b"sku=TG-SGH-AI&quantity=1"),
        ] {
            let answer = app.send(post(action, page, kind, body)).await;
            is_answered(&answer, &format!("{action}: {what}"));
        }
    }
}

#[tokio::test]
async fn a_body_too_large_is_refused_in_the_language_of_its_page() {
    let app = TestApp::start().await;
    for (action, page) in FORMS {
        for (lang, words) in [("", "送られた内容が大きすぎます"), ("/en", "Too much at once")] {
            let body = format!("sku={}", "x".repeat(70_000));
            let length = body.len().to_string();
            let mut request = post(action, &format!("{lang}{page}"), Some("application/x-www-form-urlencoded"), body);
            request.headers_mut().insert("content-length", length.parse().unwrap());
            let answer = app.send(request).await;
            assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{action}");
            assert!(answer.body.contains(words), "{action} {lang}");
        }
    }
}

#[tokio::test]
async fn a_large_body_that_does_not_say_so_is_not_taken_either() {
    let app = TestApp::start().await;
    for (action, page) in FORMS {
        let body = format!("sku={}&email={}", "x".repeat(40_000), "y".repeat(40_000));
        let answer = app.send(post(action, page, Some("application/x-www-form-urlencoded"), body)).await;
        is_answered(&answer, action);
    }
}

#[tokio::test]
async fn a_method_that_a_page_or_form_does_not_know_changes_nothing_and_is_answered_in_words() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    add(&mut browser, "1").await;
    for method in ["PUT", "DELETE", "PATCH", "POST"] {
        for path in ["/", "/en/cart", "/p/tenugui-seigaiha", "/robots.txt", "/orders/x"] {
            let request =
                browser.request(method.parse().unwrap(), path).header(ORIGIN, URL).body(Body::empty()).unwrap();
            let answer = app.send(request).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert!(answer.body.contains("<h1>"), "{method} {path}");
        }
    }
    for (action, _) in FORMS {
        let answer = browser.get(&format!("{action}?sku={SKU}&quantity=9")).await;
        assert!(answer.status.is_client_error() && answer.body.contains("<h1>"), "GET {action}: {}", answer.status);
        assert!(!answer.body.contains("server function"), "GET {action}: no talk of our insides");
    }
    assert!(browser.get("/cart").await.body.contains("value=\"1\""), "a GET never changes anything");
}

#[tokio::test]
async fn head_answers_like_get_without_a_body() {
    let app = TestApp::start().await;
    for path in ["/", "/en", "/p/tenugui-seigaiha", "/no-such-page", "/robots.txt", "/sitemap.xml", "/cart", "/account"]
    {
        let get = app.browser().get(path).await;
        let browser = app.browser();
        let head = app.send(browser.request("HEAD".parse().unwrap(), path).body(Body::empty()).unwrap()).await;
        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        assert_eq!(head.location(), get.location(), "{path}");
    }
}

#[tokio::test]
async fn addresses_that_are_no_text_or_no_end_are_answered_in_their_language() {
    let app = TestApp::start().await;
    let long = "a".repeat(8_000);
    let paths = [
        "/p/%ff",
        "/c/%ff%fe",
        "/orders/%ff",
        "/search?q=%ff",
        "/c/tenugui?page=%ff",
        "/c/tenugui?page=-1",
        "/c/tenugui?page=99999999999999999999",
        "/p/%00",
        "/search?q=%00",
        "/%00",
        "/login?next=%00",
        "/p/..%2f..%2fetc%2fpasswd",
        "/p/%2e%2e/%2e%2e",
        "//evil.example",
        "//evil.example/%2e%2e",
        "/p/%F0%9F%92%A5",
        "/p/<script>",
        "/search?q=%3C%2Ftitle%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "/c/tenugui?sort=%27%3BDROP%20TABLE%20orders--",
        "/media/..%2f..%2fkeys%2fshop.key",
        "/pkg/..%2f..%2fCargo.toml",
        "/sitemap/goods--1.xml",
        "/sitemap/x.xml",
        "/security/notices/%ff",
    ];
    for lang in ["", "/en"] {
        for path in paths.iter().map(|path| (*path).to_owned()).chain([
            format!("/p/{long}"),
            format!("/search?q={long}"),
            format!("/login?next=/{long}"),
        ]) {
            let path = format!("{lang}{path}");
            let mut browser = app.browser();
            let Ok(request) = browser.request("GET".parse().unwrap(), &path).body(Body::empty()) else { continue };
            let answer = browser.send(request).await;
            let shown = path.chars().take(60).collect::<String>();
            assert!(!answer.status.is_server_error(), "{shown}: {}", answer.status);
            assert!(!answer.location().starts_with("//"), "{shown} leads to {}", answer.location());
            if !answer.status.is_redirection() && answer.header("content-type").starts_with("text/html") {
                let tag = if lang.is_empty() { "<html lang=\"ja\"" } else { "<html lang=\"en\"" };
                assert!(answer.body.contains(tag), "{shown}");
                assert!(!answer.body.contains("<script>alert"), "{shown}");
            }
        }
    }
}

#[tokio::test]
async fn a_long_address_and_long_or_broken_cookies_make_a_stranger_and_no_fault() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    register(&app, &mut browser, "new@example.jp").await;
    let session = browser.cookie("noren-session").unwrap().to_owned();
    let long = format!("noren-session={}", "A".repeat(16_000));
    let cookies: [Vec<u8>; 8] = [
        b"noren-session=\xff\xfe".to_vec(),
        long.into_bytes(),
        b"noren-session=".to_vec(),
        b"noren-session".to_vec(),
        b"=;;=;".to_vec(),
        b"noren-cart=%00; noren-session=../..".to_vec(),
        format!("noren-session={session}x").into_bytes(),
        b"noren-form-login=AAAA; noren-form-contact=\"<script>\"; noren-pending=zz".to_vec(),
    ];
    for cookie in cookies {
        for page in ["/", "/en/cart", "/login", "/account", "/checkout/contact", "/verify"] {
            let mut request = app.browser().request("GET".parse().unwrap(), page).body(Body::empty()).unwrap();
            request.headers_mut().insert(COOKIE, HeaderValue::from_bytes(&cookie).unwrap());
            let answer = app.send(request).await;
            let shown = String::from_utf8_lossy(&cookie[..cookie.len().min(40)]).into_owned();
            assert!(answer.status.is_success() || answer.status.is_redirection(), "{page} {shown}: {}", answer.status);
            if page == "/account" {
                assert!(answer.location().starts_with("/login"), "{shown}");
            }
        }
    }
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn next_never_leads_out_of_the_shop() {
    let app = TestApp::start().await;
    let mut inside = app.browser();
    register(&app, &mut inside, "known@example.jp").await;
    for next in [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "https:/evil.example",
        "https://evil.example",
        "/%2Fevil.example",
        "/%5Cevil.example",
        "/%0D%0ASet-Cookie:%20a=b",
        "/\r\nSet-Cookie: a=b",
        "/\t/evil.example",
        " //evil.example",
        "/en//evil.example",
        "/en/\\evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "http:\\\\evil.example",
        "/./ /evil.example",
        "////evil.example",
        "/;@evil.example",
        "@evil.example",
        ".evil.example",
        "/cart\0",
        "／／evil.example",
        "/。evil.example",
    ] {
        let mut browser = app.browser();
        let fields = [("email", "known@example.jp"), ("password", PASSWORD), ("next", next)];
        let answer = browser.post("/en/login", "/api/account/login", &fields).await;
        assert!(answer.status.is_redirection() && is_ours(answer.location()), "next={next:?}: {}", answer.location());
        assert!(!answer.header("set-cookie").contains("a=b"));
        let encoded = crate::fixture::form(&[("next", next)]);
        for page in ["login", "register", "verify"] {
            let answer = app.browser().get(&format!("/{page}?{encoded}")).await;
            let hidden = answer.between("name=\"next\"", ">").unwrap_or_default();
            let value = hidden.split_once("value=\"").map_or("", |(_, rest)| rest.split('"').next().unwrap());
            assert!(value.is_empty() || is_ours(value), "/{page} carries {value} for {next:?}");
        }
        let location = inside.get(&format!("/login?{encoded}")).await.location().to_owned();
        assert!(location.is_empty() || is_ours(&location), "next={next:?} leads to {location}");
    }
}

#[tokio::test]
async fn a_form_leads_back_to_a_page_of_ours_whatever_the_referer_says() {
    let app = TestApp::start().await;
    for referer in [
        "http://shop.example//evil.example/",
        "http://shop.example/\\evil.example",
        "https://evil.example/page",
        "http://shop.example/api/cart/add",
        "nonsense",
        "",
    ] {
        for (action, _) in FORMS {
            let mut request = post(action, "", Some("application/x-www-form-urlencoded"), "email=x&quantity=x");
            request.headers_mut().insert(REFERER, referer.parse().unwrap());
            is_answered(&app.send(request).await, &format!("{action} from {referer}"));
        }
        let mut request =
            app.browser().request("GET".parse().unwrap(), "/api/cart/glance").body(Body::empty()).unwrap();
        request.headers_mut().insert(REFERER, referer.parse().unwrap());
        assert_eq!(app.send(request).await.location(), "", "{referer}");
    }
}

#[tokio::test]
async fn an_address_with_a_line_break_puts_nothing_into_a_mails_head() {
    let app = TestApp::start().await;
    for (lang, words) in [("", "使えない文字が含まれています"), ("/en", "characters that cannot be used")]
    {
        for email in [
            "a@example.jp\r\nBcc: spy@example.jp",
            "a@example.jp\nSubject: x",
            "a@example.jp\0",
            "a\u{202e}b@example.jp",
        ] {
            let mut browser = app.browser();
            let page = browser
                .submit(
                    &format!("{lang}/register"),
                    "/api/account/register",
                    &[("email", email), ("password", PASSWORD)],
                )
                .await;
            assert!(page.body.contains(words), "{lang} register {email:?}");
            add(&mut browser, "1").await;
            let path = format!("{lang}/checkout/contact");
            let page = browser.submit(&path, "/api/checkout/save-contact", &address(&[("email", email)])).await;
            assert!(page.body.contains(words), "{lang} contact {email:?}");
            for field in ["name", "city", "street", "building"] {
                let page = browser.submit(&path, "/api/checkout/save-contact", &address(&[(field, "a\r\nb")])).await;
                assert!(page.body.contains(words), "{lang} {field}");
            }
        }
    }
    assert!(app.mails_to("spy@example.jp").await.is_empty() && app.mails_to("a@example.jp").await.is_empty());
}

#[tokio::test]
async fn a_look_alike_address_is_another_person_and_no_address_for_a_parcel() {
    let app = TestApp::start().await;
    register(&app, &mut app.browser(), EMAIL).await;
    // The first letter of the second one is Cyrillic.
    for alike in ["\u{43c}ori@example.jp", "mori@ex\u{430}mple.jp", "mori@example.jp.", "mori@example.jp\u{200b}"] {
        let mut browser = app.browser();
        let answer = log_in(&mut browser, alike, PASSWORD, "").await;
        let page = browser.follow(answer).await;
        assert!(browser.cookie("noren-session").is_none(), "{alike:?} opens nothing");
        assert!(page.body.contains("role=\"alert\""), "{alike:?} is answered in words");
        to_delivery(&mut browser, "").await;
        let page =
            browser.submit("/en/checkout/contact", "/api/checkout/save-contact", &address(&[("email", alike)])).await;
        assert!(
            page.body.contains("Please enter an e-mail address") || page.body.contains("cannot be used"),
            "{alike:?}"
        );
    }
    let mut browser = app.browser();
    let answer = knock(&mut browser, "ｍｏｒｉ＠ｅｘａｍｐｌｅ．ｊｐ", PASSWORD, "").await;
    assert_eq!(answer.location(), "/login/confirm", "full-width letters are the same letters");
}

#[tokio::test]
async fn whoever_plants_cookies_before_a_sign_in_is_not_in_after_it() {
    let app = TestApp::start().await;
    register(&app, &mut app.browser(), EMAIL).await;
    // The thief's own session, their own half-done sign-in and made-up tokens, put into the owner's browser.
    let mut thief = app.browser();
    register(&app, &mut thief, "thief@example.jp").await;
    knock(&mut thief, EMAIL, "not the password", "").await;
    let own = thief.cookie("noren-session").unwrap().to_owned();
    let made_up = "A".repeat(own.len());
    for session in [own, made_up] {
        let mut owner = app.browser();
        for (name, value) in [("noren-session", &session), ("noren-pending", &session), ("noren-device", &session)] {
            owner.set_cookie(name, value);
        }
        assert_eq!(log_in(&mut owner, EMAIL, PASSWORD, "").await.location(), "/account");
        assert!(owner.get("/account").await.body.contains(EMAIL));
        for name in ["noren-session", "noren-device"] {
            assert_ne!(owner.cookie(name), Some(session.as_str()), "{name} is another one");
        }
        let mut planted = app.browser();
        for name in ["noren-session", "noren-pending", "noren-device"] {
            planted.set_cookie(name, &session);
        }
        let answer = planted.get("/account").await;
        assert!(!answer.body.contains(EMAIL) && answer.status.is_redirection());
        assert_eq!(knock(&mut planted, EMAIL, PASSWORD, "").await.location(), "/login/confirm", "nor is it known");
        // Its code is written now, so that the next one is the newest.
        app.mails_to(EMAIL).await;
    }
}
