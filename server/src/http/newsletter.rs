//! The mail program's own button that ends the newsletter (RFC 8058).

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use noren_shop::Shop;
use noren_shop::newsletter::{leave_by_one_click, reader_lang};
use noren_shop::token::Token;

/// The address in the header `List-Unsubscribe`.
pub fn routes(shop: Shop) -> Router {
    Router::new().route("/newsletter/one-click/{token}", get(page).post(end)).with_state(shop)
}

/// A mail program that knows no such button opens the address like a link: there is a page with one, in the reader's
/// language. Of a link that is nobody's it says so itself.
async fn page(State(shop): State<Shop>, Path(token): Path<String>) -> Response {
    let Some(token) = Token::parse(&token) else { return StatusCode::NOT_FOUND.into_response() };
    match reader_lang(&shop, &token).await {
        Ok(lang) => {
            let way = format!("/newsletter/leave/{}", token.secret());
            Redirect::to(&lang.unwrap_or_default().path(&way)).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the page that ends a newsletter cannot be found");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Whoever holds the token may end it: no cookie, no sign-in, and no look at what the body says.
async fn end(State(shop): State<Shop>, Path(token): Path<String>) -> Response {
    let Some(token) = Token::parse(&token) else { return StatusCode::NOT_FOUND.into_response() };
    match leave_by_one_click(&shop, &token).await {
        Ok(true) => StatusCode::OK.into_response(),
        Ok(false) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(%error, "a newsletter cannot be ended; mail programs try again");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
