//! For load balancers: is the process alive, can it serve.

use axum::extract::State;
use axum::http::StatusCode;
use noren_shop::Shop;

/// The process answers.
pub async fn alive() -> &'static str {
    "ok"
}

/// The database answers too, and has the shop's tables.
pub async fn ready(State(shop): State<Shop>) -> (StatusCode, &'static str) {
    match shop.db.answers().await {
        Ok(()) => (StatusCode::OK, "ready"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer")
        }
    }
}
