//! The file of a copy of one's data, and the key that its signature is verified with.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use noren_domain::form::Fault;
use noren_shop::account::export::{self, ExportError};
use noren_shop::token::Token;
use noren_shop::{Shop, session};

/// The file, in both languages of its page, and the key.
pub fn routes(shop: Shop) -> Router {
    Router::new()
        .route("/account/data/export/{token}/file", get(file))
        .route("/en/account/data/export/{token}/file", get(file))
        .route("/export-key.pem", get(key))
        .with_state(shop)
}

/// The signed file. Whoever is not signed in, or has not proved themselves just now, goes to the copy's page, which asks
/// for that.
async fn file(State(shop): State<Shop>, Path(raw): Path<String>, request: Request) -> Response {
    let Some(token) = Token::parse(&raw) else { return StatusCode::NOT_FOUND.into_response() };
    let page = request.uri().path().trim_end_matches("/file").to_owned();
    let (parts, _) = request.into_parts();
    let who = match noren_app::request::session_token_of(&parts, &shop) {
        Some(session) => match session::find(&shop, &session).await {
            Ok(who) => who.and_then(|who| who.recent(shop.now())),
            Err(error) => return failed(&error.into()),
        },
        None => None,
    };
    let Some(who) = who else { return Redirect::to(&page).into_response() };
    match export::file(&shop, &who, &token).await {
        Ok(Some(json)) => {
            let headers = [
                (CONTENT_TYPE, HeaderValue::from_static("application/json")),
                (CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"norendo-data.json\"")),
            ];
            (headers, json).into_response()
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => failed(&error),
    }
}

fn failed(error: &ExportError) -> Response {
    let status = match error {
        ExportError::Refused(Fault::TooMany { .. }) => StatusCode::TOO_MANY_REQUESTS,
        ExportError::Vault(vault) if vault.is_over_budget() => StatusCode::TOO_MANY_REQUESTS,
        ExportError::Vault(vault) if vault.is_passing() => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(%error, "a copy of somebody's data cannot be made");
    } else {
        tracing::warn!(%error, "a copy of somebody's data cannot be made now");
    }
    status.into_response()
}

async fn key(State(shop): State<Shop>) -> Response {
    match export::key_of(&shop.keys) {
        Ok(key) => ([(CONTENT_TYPE, "application/x-pem-file")], key.pem()).into_response(),
        Err(error) => failed(&error),
    }
}
