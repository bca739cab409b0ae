//! Addresses that no page and no database can mean.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Refuses an address that holds U+0000: PostgreSQL takes it in no text, and no honest link has it.
pub async fn only(request: Request, next: Next) -> Response {
    let uri = request.uri();
    if [uri.path(), uri.query().unwrap_or_default()].iter().any(|part| part.contains("%00")) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    next.run(request).await
}
