//! What payment providers tell us, and the way back from their pages.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use noren_shop::Shop;
use noren_shop::payment::{self, PaymentError};

/// The routes of payment providers.
pub fn routes(shop: Shop) -> Router {
    Router::new()
        .route("/webhooks/test-bank", post(receive))
        .route("/pay/return/{pass}", get(returned))
        .with_state(shop)
}

/// 200 only when everything is committed: on anything else a provider tells us again.
async fn receive(State(shop): State<Shop>, headers: HeaderMap, body: Bytes) -> Response {
    let signature = headers.get("noren-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    match payment::receive(&shop, signature, &body).await {
        Ok(settled) => settled.word().into_response(),
        Err(error @ (PaymentError::Signature | PaymentError::Body(_) | PaymentError::Nul)) => {
            tracing::warn!(%error, "refused a webhook");
            (StatusCode::BAD_REQUEST, error.to_string()).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a webhook could not be taken in");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Back from the bank's page: settles and goes on to the order.
async fn returned(State(shop): State<Shop>, Path(pass): Path<String>) -> Response {
    let Some(reference) = payment::reference_of(&shop, &pass) else { return StatusCode::NOT_FOUND.into_response() };
    match payment::returned(&shop, reference).await {
        Ok(Some((token, lang))) => Redirect::to(&lang.path(&format!("/orders/{}", token.secret()))).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(%error, "a shopper is back from the bank and the payment cannot be settled");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
