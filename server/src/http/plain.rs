//! Addresses that no page and no database can mean.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// No file system has longer names, in bytes; asked for one, it fails instead of having none.
const LONGEST_NAME: usize = 255;

/// Bytes of a part of a path once its percent signs are read.
fn decoded_len(part: &str) -> usize {
    part.len() - 2 * part.matches('%').count().min(part.len() / 3)
}

/// Refuses an address that holds U+0000, which PostgreSQL takes in no text and no honest link has, and one
/// with a longer name than any file or page has.
pub async fn only(request: Request, next: Next) -> Response {
    let uri = request.uri();
    if [uri.path(), uri.query().unwrap_or_default()].iter().any(|part| part.contains("%00")) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    if uri.path().split('/').any(|part| decoded_len(part) > LONGEST_NAME) {
        return StatusCode::NOT_FOUND.into_response();
    }
    next.run(request).await
}
