//! Whether an address has an account is nobody's business, nor is what kind of one: every door answers each [`Account`] and
//! an address without one alike, in each header and each byte of each page. What is forgiven is drawn anew for each answer,
//! and [`pieces`] names it.

use axum::body::Body;
use axum::http::header::{ACCEPT, REFERER};
use axum::http::{Method, StatusCode};
use noren_shop::account::office;
use noren_shop::{execute, fetch_one};

use crate::account::{PASSWORD, code_for, knock, register};
use crate::fixture::{Answer, Browser, TestApp, URL};
use crate::{email_change, factors};

const KNOWN: &str = "known@example.jp";
/// As long as the other one: the length of an answer counts as well.
const NOBODYS: &str = "knewn@example.jp";
/// By then every try has come back.
const LATER: i64 = 60 * 60_000;

/// What the address that is known may be.
#[derive(Clone, Copy)]
enum Account {
    /// That of an account in which nothing was done yet.
    New,
    /// That of one with an authenticator app and recovery codes.
    WithAnApp,
    /// That of one with a passkey.
    WithAPasskey,
    /// That of one whose mails are in English; those of all others are in Japanese.
    InEnglish,
    /// That of one to which another address comes in three days.
    AboutToChange,
    /// That of one whose mailbox has stopped such a change: it has no password until another one is set.
    WithoutAPassword,
    /// That of one that has another address now, and may have this one back.
    LeftBehind,
}

impl Account {
    /// A shop in which [`KNOWN`] is such an address.
    async fn opened(self) -> TestApp {
        let app = TestApp::start().await;
        self.open(&app).await;
        app
    }

    async fn open(self, app: &TestApp) {
        /// The other address of whoever changes theirs.
        const OTHER: &str = "other@example.com";
        let mut browser = app.browser();
        register(app, &mut browser, KNOWN).await;
        match self {
            Self::New => {}
            Self::WithAnApp => {
                let page = factors::set_up(app, &mut browser, "").await;
                assert!(page.body.contains("認証アプリを有効にしました"), "{}", page.body);
            }
            Self::WithAPasskey => {
                let customer = office::customer(&app.shop, KNOWN, "test").await.unwrap();
                let mut tx = app.shop.db.write().await.unwrap();
                let sql = "INSERT INTO passkey (credential_id, customer_id, credential, name, backed_up, created_at)
                           VALUES ($1, $2, '{}', '母の電話', TRUE, $3)";
                execute!(tx, sql, vec![1_u8; 16], customer.0, app.shop.now()).await.unwrap();
                tx.commit().await.unwrap();
                assert!(browser.get("/account/security").await.body.contains("母の電話"));
            }
            Self::InEnglish => {
                let mut tx = app.shop.db.write().await.unwrap();
                assert!(execute!(tx, "UPDATE customer SET lang = 'en'").await.unwrap() > 0);
                tx.commit().await.unwrap();
            }
            Self::AboutToChange => {
                email_change::ask(&mut browser, "", OTHER).await;
                let code = code_for(app, OTHER).await;
                email_change::confirm(&mut browser, "", &code).await;
                browser.submit("/account/security/email", "/api/account/email-wait", &[]).await;
                let sql = "SELECT state FROM email_change";
                let (state,) = fetch_one!(app.shop.db.read().await.unwrap(), (String,), sql).await.unwrap();
                assert_eq!(state, "waiting");
            }
            Self::WithoutAPassword => {
                email_change::ask(&mut browser, "", OTHER).await;
                let link = email_change::link(app, KNOWN).await;
                let token = link.rsplit('/').next().unwrap();
                browser.post(&link, "/api/account/email-take-back", &[("token", token)]).await;
                assert_eq!(knock(&mut browser, KNOWN, PASSWORD, "").await.location(), "/login");
            }
            Self::LeftBehind => {
                email_change::change(app, &mut browser, "", KNOWN, OTHER).await;
                assert!(browser.get("/account").await.body.contains(OTHER));
            }
        }
    }
}

/// Makes a claim about a shop in which [`KNOWN`] is known, whatever it is. They are tests of their own, so that they run
/// side by side.
macro_rules! whatever_is_known {
    ($claim:ident) => {
        mod $claim {
            use super::{Account, $claim as claim};

            #[tokio::test]
            async fn of_a_new_account() {
                claim(&Account::New.opened().await).await;
            }

            #[tokio::test]
            async fn of_one_with_an_app() {
                claim(&Account::WithAnApp.opened().await).await;
            }

            #[tokio::test]
            async fn of_one_with_a_passkey() {
                claim(&Account::WithAPasskey.opened().await).await;
            }

            #[tokio::test]
            async fn of_one_in_english() {
                claim(&Account::InEnglish.opened().await).await;
            }

            #[tokio::test]
            async fn of_one_that_is_about_to_change_its_address() {
                claim(&Account::AboutToChange.opened().await).await;
            }

            #[tokio::test]
            async fn of_one_without_a_password() {
                claim(&Account::WithoutAPassword.opened().await).await;
            }

            #[tokio::test]
            async fn of_one_that_has_left_it_behind() {
                claim(&Account::LeftBehind.opened().await).await;
            }
        }
    };
}

/// A form that takes an address.
#[derive(Clone, Copy)]
struct Door {
    /// The page that it stands on.
    page: &'static str,
    /// Where it goes.
    action: &'static str,
    /// What is sent beside the address.
    beside: &'static [(&'static str, &'static str)],
    /// The page that follows.
    leads_to: &'static str,
    /// What that says, in both languages.
    says: [&'static str; 2],
    /// What the wasm is answered.
    hears: (StatusCode, &'static str),
    /// What it asks for next, and a part of what it gets.
    loads: (&'static str, &'static str),
}

const SIGN_IN: Door = Door {
    page: "/login",
    action: "/api/account/login",
    beside: &[("password", "not the password"), ("next", "/cart")],
    leads_to: "/login",
    says: ["組み合わせが違います", "do not belong together"],
    hears: (StatusCode::UNPROCESSABLE_ENTITY, "\"credentials\""),
    loads: ("/api/account/login-page?next=/cart", "\"faults\":[]"),
};

const REGISTER: Door = Door {
    page: "/register",
    action: "/api/account/register",
    beside: &[("password", PASSWORD), ("next", "/cart")],
    leads_to: "/verify?next=/cart",
    says: ["コードは10分間、5回まで試せます", "good for 10 minutes and five tries"],
    hears: (StatusCode::OK, "null"),
    loads: ("/api/account/verify-page?next=/cart", "\"waiting\":true"),
};

const WEAK_PASSWORD: Door = Door {
    beside: &[("password", "bluewhalebluewhale"), ("next", "/cart")],
    leads_to: "/register",
    says: ["繰り返し", "Repetitions and rows"],
    hears: (StatusCode::UNPROCESSABLE_ENTITY, "\"weak_password\""),
    loads: ("/api/account/register-page?next=/cart", "\"faults\":[]"),
    ..REGISTER
};

const RESET: Door = Door {
    page: "/reset",
    action: "/api/account/reset",
    beside: &[],
    leads_to: "/reset/code",
    says: ["パスワードを設定してログインする", "Set the password and sign in"],
    hears: (StatusCode::OK, "null"),
    loads: ("/api/account/reset-code-page", "\"waiting\":true"),
};

const MAIL_CODE: Door = Door {
    page: "/login/code",
    action: "/api/account/mail-code",
    beside: &[("next", "/cart")],
    leads_to: "/login/confirm?next=/cart",
    says: ["コードは10分間、5回まで試せます", "good for 10 minutes and five tries"],
    hears: (StatusCode::OK, "null"),
    loads: ("/api/account/confirm-page?next=/cart", "\"waiting\":\"mail\""),
};

impl Door {
    fn fields<'a>(&self, email: &'a str) -> Vec<(&'a str, &'a str)> {
        let mut fields = vec![("email", email)];
        fields.extend(self.beside);
        fields
    }
}

fn in_language(lang: &str, [ja, en]: [&'static str; 2]) -> &'static str {
    if lang.is_empty() { ja } else { en }
}

/// An answer piece by piece, without what differs from one to the next: the nonce of its scripts; the values of its
/// cookies, of which the length stays; the address that was typed; and the order in which Leptos hands the page's data to
/// the wasm.
fn pieces(answer: &Answer, email: &str) -> Vec<String> {
    let policy = answer.header("content-security-policy");
    let nonce = policy.split_once("'nonce-").map_or("no nonce", |(_, rest)| rest.split('\'').next().unwrap());
    let plain = |text: &str| text.replace(nonce, "NONCE").replace(email, "ADDRESS");
    let mut headers: Vec<String> = Vec::new();
    for (name, value) in &answer.headers {
        let value = value.to_str().unwrap();
        let value = if name.as_str() == "set-cookie" { without_value(value) } else { value.to_owned() };
        headers.push(format!("{name}: {}", plain(&value)));
    }
    headers.sort_unstable();

    let body = plain(&answer.body);
    let mut parts = body.split("<script nonce=\"NONCE\">");
    let mut page = parts.next().unwrap_or_default().to_owned();
    let mut scripts = String::new();
    for part in parts {
        let (script, rest) = part.split_once("</script>").unwrap();
        scripts.push_str(script);
        page.push_str(rest);
    }
    let mut data: Vec<String> = scripts.replace(";__", ";\n__").lines().map(in_order).collect();
    data.sort_unstable();

    let page = page.split('<').map(str::to_owned);
    std::iter::once(answer.status.to_string()).chain(headers).chain(page).chain(data).collect()
}

/// A `Set-Cookie` with the length of its value in the value's place.
fn without_value(line: &str) -> String {
    let (pair, rules) = line.split_once(';').unwrap_or((line, ""));
    let (name, value) = pair.split_once('=').unwrap();
    format!("{name}=({} bytes);{rules}", value.len())
}

/// A statement of Leptos; the list of what a page waits for comes in any order.
fn in_order(statement: &str) -> String {
    let list = statement.strip_prefix("__PENDING_RESOURCES=[").and_then(|rest| rest.strip_suffix("];"));
    let Some(list) = list else { return statement.to_owned() };
    let mut ids: Vec<&str> = list.split(',').collect();
    ids.sort_unstable();
    format!("__PENDING_RESOURCES=[{}];", ids.join(","))
}

/// Fails with the first piece in which what was answered differs.
fn are_alike(known: &[Answer], nobodys: &[Answer], what: &str) {
    assert_eq!(known.len(), nobodys.len(), "{what}");
    for (at, (known, nobodys)) in known.iter().zip(nobodys).enumerate() {
        let (known, nobodys) = (pieces(known, KNOWN), pieces(nobodys, NOBODYS));
        let different = known.iter().zip(&nobodys).find(|(one, other)| one != other);
        assert_eq!(different, None, "{what}, answer {at}");
        assert_eq!(known.len(), nobodys.len(), "{what}, answer {at}");
    }
}

/// Loads what a page shows, as the wasm does.
async fn load(browser: &mut Browser<'_>, page: &str, path: &str) -> Answer {
    let request = browser.request(Method::GET, path).header(REFERER, format!("{URL}{page}"));
    let mut request = request.body(Body::empty()).unwrap();
    request.headers_mut().insert(ACCEPT, "application/json".parse().unwrap());
    browser.send(request).await
}

/// What comes back for `email` in browsers that hold no cookie: to one without scripts the answer and the page that
/// follows, to the wasm its answer and what that page loads.
async fn asked(app: &TestApp, door: Door, lang: &str, email: &str) -> [Answer; 4] {
    let (page, leads_to) = (format!("{lang}{}", door.page), format!("{lang}{}", door.leads_to));
    let (mut plain, mut wasm) = (app.browser(), app.browser());
    let sent = plain.post(&page, door.action, &door.fields(email)).await;
    assert_eq!((sent.status, sent.location()), (StatusCode::FOUND, leads_to.as_str()), "{page} {email}");
    assert!(!sent.body.is_empty() && !sent.header("set-cookie").is_empty(), "{page} {email}");
    let shown = plain.get(&leads_to).await;
    let says = shown.body.contains(in_language(lang, door.says));
    assert!(shown.status == StatusCode::OK && says, "{page} {email}: {} {}", shown.status, shown.body);
    let heard = wasm.call(&page, door.action, &door.fields(email)).await;
    let (status, part) = door.hears;
    assert!(heard.status == status && heard.body.contains(part), "{page} {email}: {} {}", heard.status, heard.body);
    let (path, part) = door.loads;
    let loaded = load(&mut wasm, &leads_to, path).await;
    let has = loaded.body.contains(part);
    assert!(loaded.status == StatusCode::OK && has, "{path} {email}: {} {}", loaded.status, loaded.body);
    [sent, shown, heard, loaded]
}

#[tokio::test]
async fn the_comparison_forgives_what_is_drawn_anew_and_nothing_else() {
    let app = TestApp::start().await;
    let (page, again) = (app.browser().get("/en/login").await, app.browser().get("/en/login").await);
    assert_ne!(page.body, again.body, "a nonce is used once");
    let first = pieces(&page, KNOWN);
    assert_eq!(first, pieces(&again, NOBODYS));
    let of = |body: String| Answer { status: page.status, headers: page.headers.clone(), body };
    for (from, to) in [("Sign in", "Sign on"), ("__RESOLVED_RESOURCES[", "__RESOLVED_RESOURCES[ "), ("</html>", "")] {
        assert!(page.body.contains(from), "{from}");
        assert_ne!(first, pieces(&of(page.body.replacen(from, to, 1)), KNOWN), "{from}");
    }
    let sets = |cookie: &str| {
        let mut answer = of(page.body.clone());
        answer.headers.append("set-cookie", cookie.parse().unwrap());
        pieces(&answer, KNOWN)
    };
    assert_eq!(sets("noren-challenge=AAAA; Path=/"), sets("noren-challenge=BBBB; Path=/"));
    for other in ["noren-challenge=AAAAA; Path=/", "noren-pending=AAAA; Path=/", "noren-challenge=AAAA; Path=/en"] {
        assert_ne!(sets("noren-challenge=AAAA; Path=/"), sets(other), "{other}");
    }
    assert_ne!(first, pieces(&Answer { status: StatusCode::ACCEPTED, ..of(page.body.clone()) }, KNOWN));
}

whatever_is_known!(every_door_answers_an_address_with_an_account_and_one_without_alike);

async fn every_door_answers_an_address_with_an_account_and_one_without_alike(app: &TestApp) {
    for door in [SIGN_IN, REGISTER, WEAK_PASSWORD, RESET, MAIL_CODE] {
        for lang in ["", "/en"] {
            app.shop.clock.advance(LATER);
            let known = asked(app, door, lang, KNOWN).await;
            let nobodys = asked(app, door, lang, NOBODYS).await;
            are_alike(&known, &nobodys, &format!("{lang}{}", door.page));
        }
    }
}

whatever_is_known!(one_try_too_many_is_refused_alike_too);

async fn one_try_too_many_is_refused_alike_too(app: &TestApp) {
    for (door, most) in [(SIGN_IN, 10), (REGISTER, 5), (RESET, 5), (MAIL_CODE, 5)] {
        app.shop.clock.advance(LATER);
        for email in [KNOWN, NOBODYS] {
            for _ in 0..most {
                let answer = app.browser().call(door.page, door.action, &door.fields(email)).await;
                assert_eq!(answer.status, door.hears.0, "{} {email}: {}", door.page, answer.body);
            }
        }
        let refused = Door {
            leads_to: door.page,
            says: ["お試しの回数が多いため", "There were too many tries"],
            hears: (StatusCode::UNPROCESSABLE_ENTITY, "\"too_many\""),
            // No browser was given anything that waits for a code.
            loads: ("/api/account/reset-code-page", "\"waiting\":false"),
            ..door
        };
        for lang in ["", "/en"] {
            let known = asked(app, refused, lang, KNOWN).await;
            let nobodys = asked(app, refused, lang, NOBODYS).await;
            are_alike(&known, &nobodys, &format!("{lang}{}", door.page));
        }
    }
}

/// A page that a code is typed into.
struct CodePage {
    /// How one comes there.
    door: Door,
    /// Where its form goes.
    action: &'static str,
    /// What is sent beside the code.
    beside: (&'static str, &'static str),
    /// What it says once the code can be tried no more, in both languages.
    over: [&'static str; 2],
}

/// What comes back for wrong codes, the last one one too many, where `email` was typed before.
async fn tried(app: &TestApp, asks: &CodePage, lang: &str, email: &str) -> Vec<Answer> {
    let mut browser = app.browser();
    let door = format!("{lang}{}", asks.door.page);
    let page = browser.post(&door, asks.door.action, &asks.door.fields(email)).await.location().to_owned();
    let fields = [("code", "12345678"), asks.beside];
    let mut answers = vec![browser.post(&page, asks.action, &fields).await, browser.get(&page).await];
    let wrong = in_language(lang, ["コードが違います", "The code is wrong"]);
    assert!(answers[1].body.contains(wrong), "{page} {email}: {}", answers[1].body);
    for fault in ["code", "code", "code", "code", "code_over"] {
        let heard = browser.call(&page, asks.action, &fields).await;
        let says = heard.body.contains(&format!("\"fault\":\"{fault}\""));
        assert!(heard.status == StatusCode::UNPROCESSABLE_ENTITY && says, "{page} {email}: {}", heard.body);
        answers.push(heard);
    }
    answers.push(browser.post(&page, asks.action, &fields).await);
    let shown = browser.get(&page).await;
    assert!(shown.body.contains(in_language(lang, asks.over)), "{page} {email}: {}", shown.body);
    answers.push(shown);
    answers
}

whatever_is_known!(wrong_codes_are_answered_alike_up_to_the_last_try_and_after_it);

async fn wrong_codes_are_answered_alike_up_to_the_last_try_and_after_it(app: &TestApp) {
    for asks in [
        CodePage {
            door: REGISTER,
            action: "/api/account/verify",
            beside: ("next", "/cart"),
            over: ["もう使えません", "can no longer be used"],
        },
        CodePage {
            door: RESET,
            action: "/api/account/reset-code",
            beside: ("password", "lantern river maple"),
            over: ["はじめからお手続きください", "Please start again"],
        },
        CodePage {
            door: MAIL_CODE,
            action: "/api/account/confirm",
            beside: ("next", "/cart"),
            over: ["もう一度ログインしてください", "Please sign in again"],
        },
    ] {
        for lang in ["", "/en"] {
            app.shop.clock.advance(LATER);
            let known = tried(app, &asks, lang, KNOWN).await;
            let nobodys = tried(app, &asks, lang, NOBODYS).await;
            are_alike(&known, &nobodys, &format!("{lang}{}", asks.door.leads_to));
        }
    }
}
