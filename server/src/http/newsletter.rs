//! The mail program's own button that ends the newsletter (RFC 8058).

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use noren_domain::Lang;
use noren_shop::Shop;
use noren_shop::newsletter::{Source, leave};
use noren_shop::token::Token;

/// The address in the header `List-Unsubscribe`.
pub fn routes(shop: Shop) -> Router {
    Router::new().route("/newsletter/one-click/{token}", get(page).post(end)).with_state(shop)
}

/// A mail program that knows no such button opens the address like a link: there is a page with one.
async fn page(Path(token): Path<String>) -> Response {
    match Token::parse(&token) {
        Some(token) => Redirect::to(&format!("/newsletter/leave/{}", token.secret())).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Whoever holds the token may end it: no cookie, no sign-in, and no look at what the body says.
async fn end(State(shop): State<Shop>, Path(token): Path<String>) -> Response {
    let Some(token) = Token::parse(&token) else { return StatusCode::NOT_FOUND.into_response() };
    match leave(&shop, &token, Lang::Ja, Source::OneClick).await {
        Ok(true) => StatusCode::OK.into_response(),
        Ok(false) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(%error, "a newsletter cannot be ended; mail programs try again");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
