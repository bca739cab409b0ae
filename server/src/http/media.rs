//! `/media/{name}-{width}.{avif|webp}`: the pictures of the goods.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use noren_shop::Shop;
use noren_shop::media::{Answer, Maker, Wanted, make_avif};
use tokio::time::Instant;

/// Rests this many times as long as it worked, so that shoppers have most of the core to themselves.
const REST: u32 = 3;

/// The route of the pictures, and beside it the work on AVIF files, which ends with the router.
pub fn routes(shop: &Shop) -> Router {
    let (maker, mut queue) = Maker::new(shop);
    let shop = shop.clone();
    tokio::spawn(async move {
        while let Some(name) = queue.recv().await {
            let begun = Instant::now();
            if let Err(error) = make_avif(&shop, &name).await {
                tracing::warn!(%name, %error, "no AVIF of this picture");
            }
            tokio::time::sleep(begun.elapsed() * REST).await;
        }
    });
    Router::new().route("/media/{file}", get(picture)).with_state(maker)
}

async fn picture(State(maker): State<Maker>, Path(file): Path<String>) -> Response {
    let Some(wanted) = Wanted::parse(&file) else { return StatusCode::NOT_FOUND.into_response() };
    match maker.get(&wanted).await {
        Ok(Answer::File(bytes)) => {
            let kept =
                if wanted.is_immutable() { "public, max-age=31536000, immutable" } else { "public, max-age=3600" };
            let headers = [
                (CONTENT_TYPE, HeaderValue::from_static(wanted.format().mime())),
                (CACHE_CONTROL, HeaderValue::from_static(kept)),
            ];
            (headers, bytes).into_response()
        }
        Ok(Answer::Later) => {
            let to = format!("/media/{}", wanted.as_webp().file());
            ([(CACHE_CONTROL, HeaderValue::from_static("no-store"))], Redirect::to(&to)).into_response()
        }
        Ok(Answer::Unknown) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(%file, %error, "cannot make this picture");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
