//! Pages that are the same for everybody, kept for a second.
//!
//! A visitor without any cookie of ours sees what every other such visitor sees: the page is
//! rendered once, compressed once, and sent to all of them until it is [`FRESH`] old. A cart, a
//! sign-in or a half-filled form means a page of one's own, rendered for each request as before.
//!
//! A page that many people get cannot carry a nonce, which must differ in every answer (CSP level 3,
//! 7.1). The scripts that were rendered with the nonce are named by their SHA-256 instead.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, ETAG, IF_NONE_MATCH, SET_COOKIE,
    VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http_body_util::BodyExt;
use noren_domain::Lang;
use sha2::{Digest, Sha256};

/// How old a page may be when somebody gets it: nobody notices, and a rush costs one rendering.
pub const FRESH: Duration = Duration::from_secs(1);
/// Most bytes of pages held at once.
const MOST_BYTES: u64 = 16 * 1024 * 1024;
/// Longest address that is kept; a longer one is somebody's experiment.
const LONGEST_ADDRESS: usize = 300;
/// Brotli at the quality whose time the saved bytes are worth when a page may be sent only once.
const BROTLI_QUALITY: u32 = 4;

/// The pages that are kept at this moment.
#[derive(Clone, Debug)]
pub struct SharedPages(moka::future::Cache<String, Arc<Page>>);

/// A rendered page that holds nothing of the visitor.
#[derive(Debug)]
struct Page {
    status: StatusCode,
    html: Bytes,
    brotli: OnceLock<Bytes>,
    policy: HeaderValue,
    etag: HeaderValue,
}

/// The rendering turned out to be for one visitor only.
#[derive(Debug)]
struct Private;

impl SharedPages {
    /// Keeps nothing yet.
    pub fn new() -> Self {
        let weigh =
            |address: &String, page: &Arc<Page>| u32::try_from(address.len() + 2 * page.html.len()).unwrap_or(u32::MAX);
        Self(moka::future::Cache::builder().max_capacity(MOST_BYTES).weigher(weigh).time_to_live(FRESH).build())
    }

    /// The page for `request`: a kept one if it may be shared, else what `render` makes of it.
    pub async fn answer<F>(&self, request: Request<Body>, render: impl Fn(Request<Body>) -> F) -> Response
    where
        F: Future<Output = Response>,
    {
        let Some(address) = shared_address(&request) else { return Box::pin(render(request)).await };
        let (parts, _) = request.into_parts();
        let again = || Request::from_parts(parts.clone(), Body::empty());
        // Whoever comes first renders; those who come meanwhile wait for it.
        let page =
            self.0.try_get_with(address, Box::pin(async { Page::of(render(again()).await).await.map(Arc::new) })).await;
        match page {
            Ok(page) => page.send(&parts.headers),
            Err(_private) => Box::pin(render(again())).await,
        }
    }
}

/// Under which address a request's page may be kept, if at all.
fn shared_address(request: &Request<Body>) -> Option<String> {
    let ours = |line: &HeaderValue| line.as_bytes().windows(6).any(|part| part == b"noren-");
    if request.method() != Method::GET || request.headers().get_all(COOKIE).iter().any(ours) {
        return None;
    }
    let address = request.uri().path_and_query()?.as_str();
    let mut path = Lang::strip(request.uri().path()).split('/').skip(1);
    // Named one by one: a page that is forgotten here is only slower.
    let public = match (path.next()?, path.next()) {
        ("" | "search" | "help" | "security", None) | ("c" | "p" | "legal", Some(_)) => path.next().is_none(),
        _ => false,
    };
    (public && address.len() <= LONGEST_ADDRESS).then(|| address.to_owned())
}

impl Page {
    /// Takes a rendered page apart, unless it is meant for one visitor or went wrong.
    async fn of(response: Response) -> Result<Self, Private> {
        let (parts, body) = response.into_parts();
        let html = parts.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        let settled = parts.status == StatusCode::OK || parts.status == StatusCode::NOT_FOUND;
        if !html || !settled || parts.headers.contains_key(SET_COOKIE) {
            return Err(Private);
        }
        let policy =
            parts.headers.get(CONTENT_SECURITY_POLICY).and_then(|policy| policy.to_str().ok()).ok_or(Private)?;
        let body = body.collect().await.map_err(|_| Private)?.to_bytes();
        let html = in_order(std::str::from_utf8(&body).map_err(|_| Private)?);
        let (html, policy) = named_by_hash(&html, policy).ok_or(Private)?;
        let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(&html)[..18]));
        Ok(Self {
            status: parts.status,
            html: html.into(),
            brotli: OnceLock::new(),
            policy: HeaderValue::from_str(&policy).map_err(|_| Private)?,
            etag: HeaderValue::from_str(&etag).map_err(|_| Private)?,
        })
    }

    fn send(&self, asked: &HeaderMap) -> Response {
        let mut response = Response::new(Body::empty());
        let known = asked.get(IF_NONE_MATCH).is_some_and(|tags| {
            tags.to_str().is_ok_and(|tags| tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == self.etag))
        });
        *response.status_mut() = if known { StatusCode::NOT_MODIFIED } else { self.status };
        if !known {
            let brotli = accepts_brotli(asked);
            let bytes = if brotli { self.brotli.get_or_init(|| compress(&self.html)) } else { &self.html };
            *response.body_mut() = Body::from(bytes.clone());
            if brotli {
                response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
            }
        }
        // A 304 renews the headers of what the browser keeps, the policy among them (RFC 9111, 3.2).
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(CONTENT_SECURITY_POLICY, self.policy.clone());
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        headers.insert(ETAG, self.etag.clone());
        response
    }
}

fn accepts_brotli(asked: &HeaderMap) -> bool {
    asked.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).any(
        |coding| {
            let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
            name.trim().eq_ignore_ascii_case("br") && quality.trim().trim_start_matches("q=").parse() != Ok(0.0_f32)
        },
    )
}

fn compress(html: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(html.len() / 4);
    let mut writer = brotli::CompressorWriter::new(&mut out, 4096, BROTLI_QUALITY, 22);
    std::io::Write::write_all(&mut writer, html).expect("a vector takes every byte");
    drop(writer);
    out.into()
}

/// The page with Leptos' list of what it waits for in order. It comes in any order, and the same page
/// would have another `ETag` each time it is made. Nothing but numbers is ever moved: what looks like the
/// list may be a visitor's own words, and pieces of those must not come to stand in a script.
fn in_order(html: &str) -> String {
    const LIST: &str = "__PENDING_RESOURCES=[";
    let Some((before, rest)) = html.split_once(LIST) else { return html.to_owned() };
    let Some((list, after)) = rest.split_once(']') else { return html.to_owned() };
    let mut ids: Vec<&str> = list.split(',').collect();
    let is_number = |id: &&str| {
        let number = id.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default();
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
    };
    if !ids.iter().all(is_number) {
        return html.to_owned();
    }
    ids.sort_unstable();
    format!("{before}{LIST}{}]{after}", ids.join(","))
}

/// The page without its nonce, and its policy with the hashes of exactly those inline scripts that
/// carried the nonce. A script that somebody smuggled in has none, gets no hash, and does not run.
fn named_by_hash(html: &str, policy: &str) -> Option<(String, String)> {
    let (before, rest) = policy.split_once("'nonce-")?;
    let (nonce, after) = rest.split_once('\'')?;
    let mark = format!(" nonce=\"{nonce}\"");
    let mut hashes = Vec::new();
    for (_, tail) in html.match_indices("<script").map(|(at, _)| html.split_at(at)) {
        let (tag, text) = tail.split_once('>')?;
        if tag.contains(&mark) && !tag.contains(" src=") {
            let (text, _) = text.split_once("</script>")?;
            let hash = format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
            if !hashes.contains(&hash) {
                hashes.push(hash);
            }
        }
    }
    let html = html.replace(&mark, "").replace(&format!("crossorigin=\"{nonce}\""), "crossorigin=\"anonymous\"");
    // The nonce is nowhere left, or this page is not for sharing.
    (!html.contains(nonce)).then(|| (html, format!("{before}{}{after}", hashes.join(" "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_waits_for_is_listed_in_one_order() {
        let one = in_order(r#"<script>__PENDING_RESOURCES=["0","5","2"];x=["2","1"]</script>"#);
        assert_eq!(one, r#"<script>__PENDING_RESOURCES=["0","2","5"];x=["2","1"]</script>"#);
        assert_eq!(in_order("<p>none</p>"), "<p>none</p>");
        // Words of a search, which would take the place of code.
        let words = r#"<h1>__PENDING_RESOURCES=[ ,alert(1)</h1><script>__PENDING_RESOURCES=["5","0"];</script>"#;
        assert_eq!(in_order(words), words);
    }

    const POLICY: &str = "default-src 'none'; script-src 'self' 'nonce-abc' 'wasm-unsafe-eval'";

    fn asks(path: &str, cookie: Option<&'static str>) -> Request<Body> {
        let request = Request::get(path);
        cookie.map_or(Request::get(path), |cookie| request.header(COOKIE, cookie)).body(Body::empty()).unwrap()
    }

    #[test]
    fn only_scripts_that_carried_the_nonce_are_allowed() {
        let html =
            "<script nonce=\"abc\">a()</script><script>evil()</script><script src=\"/x.js\" nonce=\"abc\"></script>";
        let (html, policy) = named_by_hash(html, POLICY).unwrap();
        let hash = STANDARD.encode(Sha256::digest("a()"));
        assert_eq!(policy, format!("default-src 'none'; script-src 'self' 'sha256-{hash}' 'wasm-unsafe-eval'"));
        assert_eq!(html, "<script>a()</script><script>evil()</script><script src=\"/x.js\"></script>");
    }

    #[test]
    fn a_page_that_shows_its_nonce_elsewhere_is_not_shared() {
        assert!(named_by_hash("<p>abc</p>", POLICY).is_none());
    }

    #[test]
    fn a_visitor_with_a_cart_or_a_sign_in_gets_a_page_of_their_own() {
        assert!(shared_address(&asks("/p/x?a=b", None)).is_some());
        assert!(shared_address(&asks("/p/x", Some("theme=dark"))).is_some());
        assert!(shared_address(&asks("/p/x", Some("a=b; __Host-noren-cart=1"))).is_none());
        assert!(shared_address(&asks("/p/x", Some("noren-session=1"))).is_none());
    }

    #[test]
    fn no_page_about_a_person_is_ever_shared() {
        for path in [
            "/orders/token",
            "/account",
            "/cart",
            "/checkout/contact",
            "/login",
            "/en/orders/token",
            "/security/notices/1",
            "/c/../cart",
        ] {
            assert!(shared_address(&asks(path, None)).is_none(), "{path}");
        }
        for path in ["/", "/en", "/c/tenugui", "/en/p/x", "/search?q=a", "/legal/terms", "/help"] {
            assert!(shared_address(&asks(path, None)).is_some(), "{path}");
        }
    }

    #[test]
    fn brotli_is_sent_to_those_who_can_read_it() {
        let asks = |codings: &'static str| {
            accepts_brotli(&HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(codings))]))
        };
        assert!(asks("gzip, deflate, br;q=0.5") && asks("br"));
        assert!(!asks("gzip") && !asks("br;q=0") && !asks("gzip, br; q=0.0"));
    }
}
