//! A stocked shop and a browser without scripts: it keeps cookies and sends forms.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, REFERER, SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use noren_server::config::{Config, Flags, gather};
use noren_server::http::{ANSWER_WITHIN, router};
use noren_server::witnesses::Witnesses;
use noren_shop::clock::{Clock, Entropy};
use noren_shop::db::Db;
use noren_shop::keys::Keys;
use noren_shop::vault::{self, Vault};
use noren_shop::{Parts, Shop};
use tempfile::TempDir;
use tower::ServiceExt;

/// The shop's public address in these tests.
pub const URL: &str = "http://shop.example";

/// A shop with the sample goods, in a folder that goes when it is dropped.
pub struct TestApp {
    router: Router,
    config: Config,
    /// The shop behind it.
    pub shop: Shop,
    /// Goes before the folder that it works in.
    vault: Mutex<Option<vault::Here>>,
    _data: TempDir,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; bytes that are no UTF-8 are replaced.
    pub body: String,
}

/// The folder of a stocked shop, made once: each test starts with a copy of it.
fn stocked() -> &'static Path {
    static DATA: OnceLock<TempDir> = OnceLock::new();
    DATA.get_or_init(|| {
        // The sample goods are looked for in the working directory, as when the shop runs.
        std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).unwrap();
        let data = tempfile::tempdir().unwrap();
        let path = data.path().to_owned();
        std::thread::spawn(move || {
            tokio::runtime::Runtime::new().unwrap().block_on(async {
                let _here = start_vault(&path, &Witnesses::default());
                let vault = Vault::at(&vault::socket(&path), Entropy::System);
                let shop = Shop::open(&path, vault, None, URL, true).await.unwrap();
                shop.migrate().await.unwrap();
                // All of a first start but the demo orders: the tests count their own.
                noren_shop::account::demo(&shop).await.unwrap();
                noren_shop::notice::demo(&shop).await.unwrap();
                let sample = noren_shop::sample::folder().unwrap();
                noren_shop::sample::stock_from(&shop, &sample).await.unwrap();
                shop.db.close().await;
            });
        })
        .join()
        .unwrap();
        data
    })
    .path()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn start_vault(data: &Path, witnesses: &Witnesses) -> vault::Here {
    let (limits, witnesses) = (noren_vault::policy::Limits::default(), witnesses.keys());
    vault::Here::start(&vault::folder(data), &vault::socket(data), "shop.example", limits, &[], &witnesses).unwrap()
}

impl TestApp {
    /// Its data folder.
    pub fn data(&self) -> &Path {
        &self.config.data
    }

    /// Stops the shop's vault, as if its process had ended.
    pub fn stop_vault(&self) {
        drop(self.vault.lock().unwrap().take());
    }

    /// Starts it again.
    pub fn start_vault(&self) {
        *self.vault.lock().unwrap() = Some(start_vault(&self.config.data, &self.config.witnesses));
    }

    /// A stocked shop of its own, in development. Its clock stands still until a test moves it.
    pub async fn start() -> Self {
        Self::open(true, Flags::default()).await
    }

    /// The same shop in production: no test bank, no mailbox page, no demo accounts.
    pub async fn in_production() -> Self {
        Self::open(false, Flags::default()).await
    }

    /// A stocked shop in development, with settings of its own.
    pub async fn start_with(flags: Flags) -> Self {
        Self::open(true, flags).await
    }

    async fn open(development: bool, flags: Flags) -> Self {
        let data = tempfile::tempdir().unwrap();
        copy(stocked(), data.path());
        let entropy = Entropy::System;
        let config = config(data.path(), flags);
        let vault = Mutex::new(Some(start_vault(data.path(), &config.witnesses)));
        let shop = Shop::new(Parts {
            db: Db::sqlite(&data.path().join("noren.sqlite")).await.unwrap(),
            keys: Keys::open_or_create(&data.path().join("keys/shop.key"), &entropy).unwrap(),
            vault: Vault::at(&vault::socket(data.path()), entropy.clone()),
            clock: Clock::fixed(Clock::System.now()),
            entropy,
            data: data.path().to_owned(),
            url: URL.to_owned(),
            development,
        });
        let router = router(&config, shop.clone(), ANSWER_WITHIN);
        Self { router, config, shop, vault, _data: data }
    }

    /// The same shop with less patience for its own answers.
    pub fn answering_within(&self, time: Duration) -> Router {
        router(&self.config, self.shop.clone(), time)
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        Answer::of(self.router.clone(), request).await
    }

    /// Sends what waits in the outbox and gives the plain texts of the mails to `address`,
    /// oldest first; those written within one tick of the file system's clock in any order.
    pub async fn mails_to(&self, address: &str) -> Vec<String> {
        while noren_shop::outbox::run_due(&self.shop).await.unwrap() > 0 {}
        let mut mails = Vec::new();
        for entry in std::fs::read_dir(self.shop.mailbox_dir()).unwrap() {
            let entry = entry.unwrap();
            let raw = std::fs::read_to_string(entry.path()).unwrap();
            let (head, _) = raw.split_once("\r\n\r\n").unwrap();
            if head.lines().any(|line| line.starts_with("To:") && line.contains(address)) {
                mails.push((entry.metadata().unwrap().modified().unwrap(), plain_text(&raw)));
            }
        }
        mails.sort();
        mails.into_iter().map(|(_, text)| text).collect()
    }

    /// A browser that has never been here.
    pub fn browser(&self) -> Browser<'_> {
        Browser { app: self, cookies: BTreeMap::new(), name: String::new() }
    }
}

fn config(data: &Path, more: Flags) -> Config {
    let flags = Flags {
        data: Some(data.to_string_lossy().into_owned()),
        url: Some(URL.to_owned()),
        env: more.env.clone().or_else(|| Some("development".to_owned())),
        site: more.site.clone().or_else(|| Some(data.join("site").to_string_lossy().into_owned())),
        ..more
    };
    gather(&flags, |_| None, None).unwrap()
}

impl Answer {
    /// What `router` answers.
    pub async fn of(router: Router, request: Request<Body>) -> Self {
        let response = router.oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Self { status: parts.status, headers: parts.headers, body }
    }

    /// The header `name`, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Where a redirect leads.
    pub fn location(&self) -> &str {
        self.header(LOCATION.as_str())
    }

    /// The text between the first `before` and the next `after`.
    pub fn between(&self, before: &str, after: &str) -> Option<&str> {
        let (_, rest) = self.body.split_once(before)?;
        rest.split_once(after).map(|(found, _)| found)
    }
}

/// A browser without scripts.
#[derive(Clone)]
pub struct Browser<'a> {
    app: &'a TestApp,
    cookies: BTreeMap<String, String>,
    /// What it says of itself.
    name: String,
}

impl Browser<'_> {
    /// The same browser, which says of itself that it is `name`.
    pub fn named(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    /// The shop that it is in.
    pub fn app(&self) -> &TestApp {
        self.app
    }

    /// Opens a page, without following where it leads.
    pub async fn get(&mut self, path: &str) -> Answer {
        let request = self.request(Method::GET, path).body(Body::empty()).unwrap();
        self.send(request).await
    }

    /// Sends the form that stands on `page` to `action`, without following the answer.
    pub async fn post(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form(fields);
        let request = self
            .request(Method::POST, action)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ORIGIN, URL)
            .header(REFERER, format!("{URL}{page}"))
            .body(Body::from(body))
            .unwrap();
        self.send(request).await
    }

    /// Sends a form as the wasm does: what comes back is data.
    pub async fn call(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let mut request = self
            .request(Method::POST, action)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ORIGIN, URL)
            .header(REFERER, format!("{URL}{page}"))
            .body(Body::from(form(fields)))
            .unwrap();
        request.headers_mut().insert(ACCEPT, "application/json".parse().unwrap());
        self.send(request).await
    }

    /// Sends a form and opens the page it leads to.
    pub async fn submit(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.post(page, action, fields).await;
        self.follow(answer).await
    }

    /// Follows redirects inside the shop.
    pub async fn follow(&mut self, mut answer: Answer) -> Answer {
        for _ in 0..8 {
            if !answer.status.is_redirection() {
                return answer;
            }
            let location = answer.location().to_owned();
            let path = location.strip_prefix(URL).unwrap_or(&location);
            assert!(path.starts_with('/') && !path.starts_with("//"), "the redirect leaves the shop: {location}");
            answer = self.get(path).await;
        }
        panic!("redirects without end, at last to {}", answer.location());
    }

    /// The value of a cookie of this browser.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Puts a cookie into this browser.
    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// A request of this browser, to be finished.
    pub fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, "shop.example")
            .header(ACCEPT, "text/html,application/xhtml+xml")
            .header("sec-fetch-site", "same-origin");
        if !self.name.is_empty() {
            request = request.header(USER_AGENT, &self.name);
        }
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        request
    }

    /// Sends a request and keeps the cookies of its answer.
    pub async fn send(&mut self, request: Request<Body>) -> Answer {
        let answer = self.app.send(request).await;
        for line in answer.headers.get_all(SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (pair, rules) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = pair.split_once('=').unwrap();
            if rules.to_ascii_lowercase().contains("max-age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

/// The text/plain part of a mail, decoded.
fn plain_text(raw: &str) -> String {
    use base64::Engine;
    // By the boundary as it is: a line of two dashes stands above the foot of every mail.
    let boundary = raw.rsplit_once("boundary=\"").and_then(|(_, rest)| rest.split('"').next());
    let between = boundary.map_or("\0".to_owned(), |boundary| format!("\r\n--{boundary}"));
    let part =
        raw.split(&between).find(|part| part.to_ascii_lowercase().contains("content-type: text/plain")).unwrap_or(raw);
    let head_at = part.to_ascii_lowercase().find("content-type: text/plain").unwrap_or_default();
    let (head, body) = part[head_at..].split_once("\r\n\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    let bytes = if head.contains("base64") {
        let joined: String = body.split_whitespace().collect();
        base64::engine::general_purpose::STANDARD.decode(joined).unwrap()
    } else if head.contains("quoted-printable") {
        quoted_printable(body)
    } else {
        body.as_bytes().to_vec()
    };
    String::from_utf8(bytes).unwrap()
}

fn quoted_printable(text: &str) -> Vec<u8> {
    let joined = text.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'=' {
            let pair = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&pair).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    bytes
}

/// A form's body.
pub fn form(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
