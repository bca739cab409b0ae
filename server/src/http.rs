//! The shop over HTTP: pages, server functions, files, health.

mod bank;
mod errors;
mod headers;
mod health;
mod mailbox;
mod media;
mod pages;
mod security_txt;
mod sitemap;
mod webhooks;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use axum::middleware;
use axum::routing::get;
use noren_shop::Shop;
use tokio::net::TcpListener;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tower_http::csrf::CsrfLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use crate::config::Config;

/// Largest body of a form, in bytes. The largest form (address, message) stays far below.
const MAX_BODY: usize = 64 * 1024;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Everything the shop's listener answers.
pub fn router(config: &Config, shop: Shop) -> Router {
    let pkg = ServiceBuilder::new()
        .layer(SetResponseHeaderLayer::overriding(
            HeaderName::from_static("cache-control"),
            // A file that is missing now may be there after the next deployment.
            |answer: &Response<_>| {
                answer.status().is_success().then(|| HeaderValue::from_static("public, max-age=31536000, immutable"))
            },
        ))
        .service(ServeDir::new(config.site.join("pkg")).precompressed_br().precompressed_gzip());
    Router::new()
        .nest_service("/pkg", pkg)
        .route_service("/favicon.svg", ServeFile::new(config.site.join("favicon.svg")))
        .route_service("/apple-touch-icon.png", ServeFile::new(config.site.join("apple-touch-icon.png")))
        .route("/.well-known/security.txt", get(security_txt::security_txt).with_state(shop.clone()))
        .merge(sitemap::routes(shop.clone()))
        .merge(bank::routes(shop.clone()))
        .merge(webhooks::routes(shop.clone()))
        .merge(mailbox::routes(shop.clone()))
        .merge(media::routes(&shop))
        .merge(pages::routes(config, shop.clone()))
        .layer(CatchPanicLayer::new())
        .layer(CsrfLayer::new())
        .layer(RequestBodyLimitLayer::new(MAX_BODY))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIMEOUT))
        .layer(middleware::from_fn_with_state(pages::style_sheet(&config.site), errors::explain))
        .layer(middleware::from_fn(headers::security))
        .layer(CompressionLayer::new().compress_when(worth_compressing()))
        .layer(TraceLayer::new_for_http())
        .layer(middleware::from_fn(crate::metrics::record))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready).with_state(shop))
}

/// What is compressed on the fly: everything but pictures and the wasm, which a release build has
/// compressed once and for all.
fn worth_compressing() -> impl Predicate {
    DefaultPredicate::new().and(NotForContentType::const_new("application/wasm"))
}

/// Serves until the process is asked to stop, then lets running requests end.
pub async fn serve(config: &Config, shop: Shop, listener: TcpListener) -> std::io::Result<()> {
    let address = listener.local_addr()?;
    tracing::info!(%address, url = %config.url, "the shop is open");
    let app = router(config, shop).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).with_graceful_shutdown(stopped()).await
}

async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(signal) => signal,
            Err(error) => {
                tracing::error!(%error, "cannot listen for SIGTERM");
                return;
            }
        };
        tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    let _ = interrupt.await;
    tracing::info!("closing: running requests may end");
}
