//! Security headers on every answer.

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::Next;
use axum::response::Response;
use noren_domain::Lang;

/// Where answers hold what is one person's alone: no cache on the way keeps them, nor does the
/// browser of a computer that many people use.
const PERSONAL: [&str; 14] = [
    "api",
    "account",
    "cart",
    "checkout",
    "dev",
    "login",
    "mails",
    "newsletter",
    "orders",
    "pay",
    "register",
    "reset",
    "test-bank",
    "verify",
];

/// How the shop is reached from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `http://`, which is for development.
    Http,
    /// `https://`.
    Https,
}

impl Scheme {
    /// The scheme of the shop's public address `url`.
    pub fn of(url: &str) -> Self {
        if url.starts_with("https://") { Self::Https } else { Self::Http }
    }
}

/// Adds what every answer carries; a page has set its own policy with its nonce already.
pub async fn security(State(scheme): State<Scheme>, request: Request, next: Next) -> Response {
    let personal = is_personal(request.uri().path());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if scheme == Scheme::Https {
        // This host only: what its owner runs beside it is not ours to decide on.
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert(
        "permissions-policy",
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()"),
    );
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    let html = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if personal {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    } else if html {
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    }
    if html {
        headers.append(VARY, HeaderValue::from_static("cookie"));
    }
    response
}

fn is_personal(path: &str) -> bool {
    Lang::strip(path).split('/').nth(1).is_some_and(|first| PERSONAL.contains(&first))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use axum::{Router, middleware};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_shop_on_https_asks_browsers_to_come_by_https_only() {
        for (url, asked) in [("https://shop.example", Some("max-age=31536000")), ("http://127.0.0.1:3000", None)] {
            let shop = Router::new()
                .route("/", get(async || "hello"))
                .layer(middleware::from_fn_with_state(Scheme::of(url), security));
            for path in ["/", "/nothing-here"] {
                let answer = shop.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
                let header = answer.headers().get(STRICT_TRANSPORT_SECURITY).map(|value| value.to_str().unwrap());
                assert_eq!(header, asked, "{url}{path}");
            }
        }
    }

    #[test]
    fn personal_pages_are_known_in_both_languages() {
        for path in ["/api/cart/view", "/cart", "/en/cart", "/account/orders/x", "/en/checkout/contact", "/orders/x"] {
            assert!(is_personal(path), "{path}");
        }
        for path in ["/", "/en", "/p/cart", "/c/account", "/cartography", "/pkg/noren.css", "/media/x.webp"] {
            assert!(!is_personal(path), "{path}");
        }
    }
}
