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
    let (url, contact) = (&shop.url, shop.security_contact());
    let text = format!(
        "Contact: mailto:{contact}\nExpires: {expires}\nPreferred-Languages: ja, en\n\
         Canonical: {url}/.well-known/security.txt\nPolicy: {url}/security\n"
    );
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
