//! Prometheus metrics, on a listener of their own: never on the shoppers' one.

use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::get;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::sync::watch;

/// Bounds of the request-time histogram, in seconds.
const BUCKETS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Starts recording; the handle renders what was recorded.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full("http_request_seconds".to_owned()), &BUCKETS)?
        .install_recorder()
}

/// Serves `/metrics` on `listener` until `stop` says so.
pub async fn serve(
    listener: tokio::net::TcpListener,
    handle: PrometheusHandle,
    mut stop: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let upkeep = tokio::spawn({
        let handle = handle.clone();
        async move {
            let mut tick = tokio::time::interval(Duration::from_secs(5));
            loop {
                tick.tick().await;
                handle.run_upkeep();
            }
        }
    });
    let app = Router::new().route("/metrics", get(render)).with_state(handle);
    let served = axum::serve(listener, app)
        .with_graceful_shutdown(async move {
            // A sender that is gone means the same as a word to stop.
            let _ = stop.wait_for(|stop| *stop).await;
        })
        .await;
    upkeep.abort();
    served
}

async fn render(State(handle): State<PrometheusHandle>) -> String {
    handle.render()
}

/// Counts and times each answer by method, route and class of status. Routes are patterns, never
/// paths as asked: a path could name an order.
#[expect(clippy::disallowed_methods, reason = "a stopwatch for the metrics; no rule of the shop hangs on it")]
pub async fn record(request: Request, next: Next) -> Response {
    let method = method_kind(request.method());
    let route = route(&request);
    let started = std::time::Instant::now();
    let response = next.run(request).await;
    let class = format!("{}xx", response.status().as_u16() / 100);
    let labels = [("method", method.to_owned()), ("route", route), ("status", class)];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_seconds", &labels).record(started.elapsed().as_secs_f64());
    response
}

/// What a request asks for, as a pattern.
pub fn route<B>(request: &axum::http::Request<B>) -> String {
    match request.extensions().get::<MatchedPath>() {
        Some(path) => path.as_str().to_owned(),
        None => page_kind(request.uri().path()).to_owned(),
    }
}

/// The method, if it is one of HTTP's own. Anybody can make up others, and each would be a series of its own.
fn method_kind(method: &Method) -> &'static str {
    const KINDS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
    KINDS.into_iter().find(|kind| *kind == method.as_str()).unwrap_or("OTHER")
}

/// The first part of a page's path without its language, if the shop has such pages.
fn page_kind(path: &str) -> &'static str {
    const KINDS: [&str; 16] = [
        "c",
        "p",
        "search",
        "cart",
        "checkout",
        "orders",
        "register",
        "reset",
        "verify",
        "login",
        "account",
        "security",
        "help",
        "legal",
        "mails",
        "newsletter",
    ];
    match noren_domain::Lang::strip(path).trim_matches('/').split('/').next() {
        Some("") | None => "home",
        Some(first) => KINDS.into_iter().find(|kind| *kind == first).unwrap_or("other"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_that_somebody_makes_up_are_counted_as_one() {
        assert_eq!(method_kind(&Method::POST), "POST");
        for made_up in ["A1", "A2", "get"] {
            assert_eq!(method_kind(&Method::from_bytes(made_up.as_bytes()).unwrap()), "OTHER");
        }
    }

    #[test]
    fn a_page_is_counted_by_its_kind_and_never_by_what_it_names() {
        assert_eq!(page_kind("/en/orders/secret-token"), "orders");
        assert_eq!(page_kind("/p/tenugui-seigaiha"), "p");
        assert_eq!(page_kind("/en"), "home");
        assert_eq!(page_kind("/wp-login.php"), "other");
    }
}
