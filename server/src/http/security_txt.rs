//! `/.well-known/security.txt` (RFC 9116): where to report a weakness.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use noren_domain::moment;
use noren_shop::Shop;

/// RFC 9116 2.5.5 wants less than a year ahead; written anew with every answer.
const GOOD_FOR: i64 = 180 * 86_400_000;

/// The file, as text.
pub async fn security_txt(State(shop): State<Shop>) -> Response {
    let expires = moment::machine(shop.now() + GOOD_FOR).replace("+09:00", ":00+09:00");
    let (url, contact) = (&shop.url, contact(&shop));
    let text = format!(
        "Contact: mailto:{contact}\nExpires: {expires}\nPreferred-Languages: ja, en\n\
         Canonical: {url}/.well-known/security.txt\nPolicy: {url}/security\n"
    );
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

/// The mailbox that reports go to: `security@` the shop's own host. In development the shop has no
/// mail, and `.example` never reaches anybody (RFC 2606).
fn contact(shop: &Shop) -> String {
    let host = if shop.development { None } else { host(&shop.url) };
    format!("security@{}", host.unwrap_or("norendo.example"))
}

/// The host in `url`, without its port.
fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.split(['/', '?', '#']).next()?.split(':').next().filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_go_to_the_shops_own_host() {
        for url in ["https://shop.example", "https://shop.example:8443", "https://shop.example/noren"] {
            assert_eq!(host(url), Some("shop.example"), "{url}");
        }
        assert_eq!(host("shop.example"), None);
    }
}
