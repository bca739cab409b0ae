//! The shop over HTTP: pages, server functions, files, health.

mod bank;
mod errors;
mod export;
mod headers;
mod health;
mod mailbox;
mod media;
mod newsletter;
mod pages;
mod plain;
mod security_txt;
mod sitemap;
mod webhooks;

use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use axum::middleware;
use axum::routing::get;
use noren_shop::Shop;
use tokio::net::TcpListener;
use tokio::sync::watch;
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
use crate::site::Names;

/// Largest body of a form, in bytes. The largest form (address, message) stays far below.
const MAX_BODY: usize = 64 * 1024;
/// A browser hears no later than this, even if only that we could not answer in time.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// Running requests, and after them running jobs, get so long to end when the shop closes.
pub const STOP_WITHIN: Duration = Duration::from_secs(20);

/// Everything the shop's listener answers, each request within `answer_within`.
pub fn router(config: &Config, shop: Shop, answer_within: Duration) -> Router {
    // Where there is no site (`noren serve` has said so), pages still have their words.
    let names = Names::find(&config.site).unwrap_or_default();
    let css = names.css.clone();
    let (pkg_folder, lasting) = (names.folder.clone(), names.immutable());
    let pkg = ServiceBuilder::new()
        .layer(SetResponseHeaderLayer::overriding(
            HeaderName::from_static("cache-control"),
            // A file that is missing now may be there after the next deployment.
            move |answer: &Response<_>| {
                let lasts = if lasting { "public, max-age=31536000, immutable" } else { "no-cache" };
                answer.status().is_success().then(|| HeaderValue::from_static(lasts))
            },
        ))
        .service(ServeDir::new(config.site.join("pkg")).precompressed_br().precompressed_gzip());
    // Named without a hash: a browser that keeps it asks whether it is still the same.
    let script = ServiceBuilder::new()
        .layer(SetResponseHeaderLayer::overriding(
            HeaderName::from_static("cache-control"),
            HeaderValue::from_static("no-cache"),
        ))
        .service(ServeFile::new(config.site.join("passkeys.js")));
    Router::new()
        .nest_service(&pkg_folder, pkg)
        .route_service("/favicon.svg", ServeFile::new(config.site.join("favicon.svg")))
        .route_service("/apple-touch-icon.png", ServeFile::new(config.site.join("apple-touch-icon.png")))
        .route_service("/passkeys.js", script)
        .route("/.well-known/security.txt", get(security_txt::security_txt).with_state(shop.clone()))
        .merge(sitemap::routes(shop.clone()))
        .merge(bank::routes(shop.clone()))
        .merge(webhooks::routes(shop.clone()))
        .merge(mailbox::routes(shop.clone()))
        .merge(newsletter::routes(shop.clone()))
        .merge(export::routes(shop.clone()))
        .merge(media::routes(&shop))
        .merge(pages::routes(config, names, shop.clone()))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready).with_state(shop))
        .layer(CatchPanicLayer::custom(crate::panics::answer))
        .layer(middleware::from_fn(plain::only))
        .layer(CsrfLayer::new())
        .layer(RequestBodyLimitLayer::new(MAX_BODY))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, answer_within))
        .layer(middleware::from_fn_with_state(css, errors::explain))
        .layer(middleware::from_fn_with_state(headers::Scheme::of(&config.url), headers::security))
        .layer(CompressionLayer::new().compress_when(worth_compressing()))
        .layer(TraceLayer::new_for_http().make_span_with(|request: &Request<Body>| {
            // No path as asked: it could open an order or a payment to whoever reads the log.
            tracing::debug_span!("request", method = %request.method(), route = crate::metrics::route(request))
        }))
        .layer(middleware::from_fn(crate::metrics::record))
}

/// What is compressed on the fly: everything but pictures and the wasm, which a release build has
/// compressed once and for all.
fn worth_compressing() -> impl Predicate {
    DefaultPredicate::new().and(NotForContentType::const_new("application/wasm"))
}

/// Serves until the process is asked to stop, then lets running requests end.
pub async fn serve(config: &Config, shop: Shop, listener: TcpListener) -> std::io::Result<()> {
    let address = listener.local_addr()?;
    // From here on whoever asks it to stop is heard: also who does so as soon as it says that it is open.
    let stopped = stopped();
    tracing::info!(%address, url = %config.url, "the shop is open");
    if !noren_shop::payment::offered(&shop).contains(&noren_domain::checkout::PaymentMethod::Card) {
        tracing::warn!("no payment provider is configured: cards are not offered at the checkout");
    }
    serve_until(router(config, shop, ANSWER_WITHIN), listener, stopped, STOP_WITHIN).await
}

/// Serves until `stopped`; running requests may end then, for as long as `grace`. A client that reads
/// its answer byte by byte would hold the process up for ever.
pub(crate) async fn serve_until(
    app: Router,
    listener: TcpListener,
    stopped: impl Future<Output = ()> + Send + 'static,
    grace: Duration,
) -> std::io::Result<()> {
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    until(stopped, grace, |told| axum::serve(listener, service).with_graceful_shutdown(told).into_future()).await
}

/// Has `serve` serve until it is told that this is `stopped`, and not longer than `grace` after that.
pub(crate) async fn until<F: Future<Output = std::io::Result<()>>>(
    stopped: impl Future<Output = ()> + Send + 'static,
    grace: Duration,
    serve: impl FnOnce(Pin<Box<dyn Future<Output = ()> + Send>>) -> F,
) -> std::io::Result<()> {
    let (stop, mut stopping) = watch::channel(false);
    let serving = serve(Box::pin(async move {
        stopped.await;
        let _ = stop.send(true);
    }));
    let over = async {
        let told = stopping.wait_for(|stop| *stop).await.is_ok();
        if !told {
            // Nobody will say so any more: serving has ended, and says how.
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        served = serving => served,
        () = over => {
            tracing::warn!("requests that are still running are cut off");
            Ok(())
        }
    }
}

/// Listens for signals from the call on, not from the first look at what it gives.
pub(crate) fn stopped() -> impl Future<Output = ()> + Send + 'static {
    use tokio::signal::unix::{SignalKind, signal};
    let signals =
        signal(SignalKind::terminate()).and_then(|terminate| Ok((terminate, signal(SignalKind::interrupt())?)));
    async move {
        match signals {
            Ok((mut terminate, mut interrupt)) => tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            },
            Err(error) => {
                tracing::error!(%error, "cannot listen for signals to stop");
                return;
            }
        }
        closing();
    }
}

fn closing() {
    tracing::info!("closing: running requests may end; press Ctrl+C again to end at once");
    tokio::spawn(async {
        if tokio::signal::ctrl_c().await.is_ok() {
            tracing::warn!("ended at once: what was begun is taken up at the next start");
            std::process::exit(130);
        }
    });
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn a_request_that_does_not_end_holds_the_closing_shop_up_only_so_long() {
        let (begun, stop) = (std::sync::Arc::new(Notify::new()), std::sync::Arc::new(Notify::new()));
        let started = begun.clone();
        let app = Router::new().route(
            "/",
            get(move || async move {
                started.notify_one();
                std::future::pending::<()>().await;
            }),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let told = stop.clone();
        let served =
            tokio::spawn(serve_until(app, listener, async move { told.notified().await }, Duration::from_millis(1)));
        let mut visitor = std::net::TcpStream::connect(address).unwrap();
        visitor.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        begun.notified().await;
        stop.notify_one();
        served.await.unwrap().unwrap();
    }
}
