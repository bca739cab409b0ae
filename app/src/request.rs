//! The request behind a page or a server function: who asks, in which language, with which cookies.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{ACCEPT, COOKIE, REFERER, SET_COOKIE, USER_AGENT};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use noren_domain::Lang;
use noren_domain::form::Fault;
use noren_shop::Shop;
use noren_shop::session::{Device, SignedIn};
use noren_shop::token::Token;
use noren_shop::vault::VaultError;

use crate::form::Refusal;

/// The running shop.
pub fn shop() -> Shop {
    expect_context::<Shop>()
}

fn with_parts<T>(read: impl FnOnce(&Parts) -> T) -> Option<T> {
    with_context::<Parts, _>(read)
}

fn header(name: http::HeaderName) -> Option<String> {
    with_parts(|parts| parts.headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned)).flatten()
}

/// Whether this is a plain form post or page view rather than a call from the wasm.
pub fn wants_html() -> bool {
    header(ACCEPT).is_some_and(|accept| accept.contains("text/html"))
}

/// The path and query of the page: its own, or for a server function that of the page which called it.
pub fn page_path() -> String {
    let own =
        with_parts(|parts| parts.uri.path_and_query().map_or("/".to_owned(), ToString::to_string)).unwrap_or_default();
    if !own.starts_with("/api/") {
        return own;
    }
    // Only the path of the referer counts: where it points to is not ours to follow.
    header(REFERER)
        .and_then(|referer| referer.parse::<http::Uri>().ok())
        .and_then(|uri| uri.path_and_query().map(ToString::to_string))
        // Browsers read `/\\evil.example` as `//evil.example`.
        .filter(|path| {
            path.starts_with('/') && !path.starts_with("//") && !path.contains('\\') && !path.starts_with("/api/")
        })
        .unwrap_or_else(|| "/".to_owned())
}

/// The language of the page.
pub fn lang() -> Lang {
    Lang::of_path(&page_path())
}

/// Sends the browser to `path` (without language) in the language of the page.
pub fn go(path: &str) {
    leptos_axum::redirect(&lang().path(path), false);
}

/// Sends the browser back to the page that the form stands on.
pub fn back() {
    leptos_axum::redirect(&page_path(), false);
}

/// Sets the status of the page.
pub fn status(code: StatusCode) {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(code);
    }
}

/// The value of the cookie `name`.
pub fn cookie(name: &str) -> Option<String> {
    with_parts(|parts| cookie_of(parts, name)).flatten()
}

fn cookie_of(parts: &Parts, name: &str) -> Option<String> {
    let lines = parts.headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
    // Read as text is only what is asked for: a neighbouring host may have set others, of any bytes.
    let pairs = lines.flat_map(|line| line.split(|byte| *byte == b';')).map(<[u8]>::trim_ascii);
    let mut values = pairs.filter_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
    values.find_map(|value| std::str::from_utf8(value).ok()).map(str::to_owned)
}

/// On https, cookies carry the `__Host-` prefix, which only this host can set (RFC 6265bis 4.1.3.2).
fn cookie_name(name: &str) -> String {
    name_at(&shop(), name)
}

fn name_at(shop: &Shop, name: &str) -> String {
    if shop.url.starts_with("https://") { format!("__Host-{name}") } else { name.to_owned() }
}

fn secure() -> bool {
    shop().url.starts_with("https://")
}

fn set_cookie(name: &str, value: &str, max_age_s: i64) {
    let secure = if secure() { "; Secure" } else { "" };
    let cookie = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_s}{secure}", cookie_name(name));
    if let (Some(response), Ok(cookie)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(&cookie)) {
        response.append_header(SET_COOKIE, cookie);
    }
}

const SESSION: &str = "noren-session";
const CART: &str = "noren-cart";
const PENDING: &str = "noren-pending";
const CHALLENGE: &str = "noren-challenge";
const DEVICE: &str = "noren-device";
const CEREMONY: &str = "noren-ceremony";
const SESSION_SECONDS: i64 = 60 * 60 * 24 * 30;
/// A guest's cart is deleted as many days after its last change.
const CART_SECONDS: i64 = 60 * 60 * 24 * noren_shop::tidy::CART_DAYS;
const PENDING_SECONDS: i64 = 60 * 60;
/// Longer than the code is good for: who is late is told that the code is over, not that there never was one.
const CHALLENGE_SECONDS: i64 = 60 * 60;
/// A browser is known for 90 days after its last use; browsers keep no cookie for longer than 400 days.
const DEVICE_SECONDS: i64 = 60 * 60 * 24 * 400;
/// Longer than any one challenge is good for: the next tab answers with the same token.
const CEREMONY_SECONDS: i64 = 60 * 60;
const PARCEL_SECONDS: i64 = 300;

fn token(name: &str) -> Option<Token> {
    cookie(&cookie_name(name)).and_then(|raw| Token::parse(&raw))
}

/// The cart token of this browser.
pub fn cart_token() -> Option<Token> {
    token(CART)
}

/// Gives this browser a cart token.
pub fn set_cart_token(token: &Token) {
    set_cookie(CART, token.secret(), CART_SECONDS);
}

/// The session token of this browser.
pub fn session_token() -> Option<Token> {
    token(SESSION)
}

/// The session token that came with a request which is none for a page.
pub fn session_token_of(parts: &Parts, shop: &Shop) -> Option<Token> {
    cookie_of(parts, &name_at(shop, SESSION)).and_then(|raw| Token::parse(&raw))
}

/// Gives this browser a session.
pub fn set_session_token(token: &Token) {
    set_cookie(SESSION, token.secret(), SESSION_SECONDS);
}

/// Takes the session from this browser, and all that a page may have put into its storage (ASVS 5.0.0 14.3.1). Not its
/// cookies, among which is the one that people are known by in it; and not its cache, which holds nothing of anybody's, for
/// personal answers are `no-store`, and without which the next page would take a second longer.
pub fn clear_session_token() {
    set_cookie(SESSION, "", 0);
    if let Some(response) = use_context::<ResponseOptions>() {
        response.insert_header(HeaderName::from_static("clear-site-data"), HeaderValue::from_static("\"storage\""));
    }
}

/// The token of a registration that waits for its code.
pub fn pending_token() -> Option<Token> {
    token(PENDING)
}

/// Remembers a registration that waits for its code.
pub fn set_pending_token(token: &Token) {
    set_cookie(PENDING, token.secret(), PENDING_SECONDS);
}

/// Forgets the waiting registration.
pub fn clear_pending_token() {
    set_cookie(PENDING, "", 0);
}

/// The token of a sign-in or a new password that waits for its code.
pub fn challenge_token() -> Option<Token> {
    token(CHALLENGE)
}

/// Remembers what waits for its code.
pub fn set_challenge_token(token: &Token) {
    set_cookie(CHALLENGE, token.secret(), CHALLENGE_SECONDS);
}

/// Forgets what waited for its code.
pub fn clear_challenge_token() {
    set_cookie(CHALLENGE, "", 0);
}

/// From now on people are known by this browser.
pub fn set_device_token(token: &Token) {
    set_cookie(DEVICE, token.secret(), DEVICE_SECONDS);
}

/// What this browser answers the challenges for passkeys with.
pub fn ceremony_token() -> Option<Token> {
    token(CEREMONY)
}

/// Gives this browser a token for the challenges that it gets.
pub fn set_ceremony_token(token: &Token) {
    set_cookie(CEREMONY, token.secret(), CEREMONY_SECONDS);
}

/// Who is signed in on this browser, if anybody. A database fault is a refusal, never "nobody".
pub async fn signed_in() -> Result<Option<SignedIn>, Refusal> {
    let Some(token) = session_token() else { return Ok(None) };
    let found = noren_shop::session::find(&shop(), &token).await.map_err(|error| failed(&error))?;
    // The cookie lives as long as an unused session: without this it would end thirty days after the sign-in.
    if found.as_ref().is_some_and(|who| who.renewed) {
        set_session_token(&token);
    }
    Ok(found)
}

/// Logs what only we need to know; the person hears that it was our fault and nothing changed, or that
/// the vault does not answer now.
pub fn failed(error: &(dyn std::error::Error + 'static)) -> Refusal {
    if let Some(fault) = vault_fault(error) {
        tracing::warn!(%error, "a request failed for want of the vault");
        return fault.into();
    }
    tracing::error!(%error, "a request failed");
    Refusal::Failed
}

/// What to say if trying again later may help, for it was the vault that did not answer, or not so often.
pub fn vault_fault(error: &(dyn std::error::Error + 'static)) -> Option<Fault> {
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    match causes.find_map(|cause| cause.downcast_ref::<VaultError>())? {
        error if error.is_over_budget() => Some(Fault::TooMany { minutes: 1 }),
        error if error.is_passing() => Some(Fault::VaultUnavailable),
        _ => None,
    }
}

/// The browser, the network it comes from (IPv4 /24, IPv6 /64), and the token that people are known by in it.
pub fn device() -> Device {
    let address = use_context::<ClientAddress>().map(|client| client.0);
    Device::new(header(USER_AGENT).unwrap_or_default(), address).holding(token(DEVICE))
}

/// The address of the connection, provided by the server.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub std::net::IpAddr);

/// Puts a sealed parcel into a short-lived cookie; see `form`.
pub fn put_parcel(label: &str, bytes: &[u8]) {
    let shop = shop();
    let sealed = shop.keys.seal_parcel(label, bytes, shop.now() + PARCEL_SECONDS * 1_000);
    set_cookie(&format!("noren-form-{label}"), &URL_SAFE_NO_PAD.encode(sealed), PARCEL_SECONDS);
}

/// Takes a parcel out: what [`put_parcel`] put in, and the cookie is gone with this answer.
pub fn take_parcel(label: &str) -> Option<Vec<u8>> {
    let name = format!("noren-form-{label}");
    let raw = cookie(&cookie_name(&name))?;
    set_cookie(&name, "", 0);
    let shop = shop();
    shop.keys.open_parcel(label, &URL_SAFE_NO_PAD.decode(raw).ok()?, shop.now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_of_any_bytes_hides_no_other_one() {
        let lines: [&[u8]; 4] = [b"a=\xe9; b=1 ;c=x=y", b"d=\xff; d=2", b"bb=3; b =4", b"e"];
        let mut request = http::Request::new(());
        for line in lines {
            request.headers_mut().append(COOKIE, HeaderValue::from_bytes(line).unwrap());
        }
        let (parts, ()) = request.into_parts();
        let found = ["a", "b", "c", "d", "e", "x", ""].map(|name| cookie_of(&parts, name));
        let expected = [None, Some("1"), Some("x=y"), Some("2"), None, None, None];
        assert_eq!(found.each_ref().map(Option::as_deref), expected);
    }
}
