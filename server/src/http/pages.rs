//! Pages and server functions, with what they find in their context.

mod shared;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{ACCEPT, CONTENT_SECURITY_POLICY, REFERER};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get};
use leptos::config::LeptosOptions;
use leptos::nonce::use_nonce;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::ResponseOptions;
use noren_app::Site;
use noren_app::request::ClientAddress;
use noren_shop::Shop;
use tracing::Instrument;

use self::shared::SharedPages;
use crate::config::Config;
use crate::proxies::TrustedProxies;
use crate::site::Names;

/// Every page (whatever is not a file) and every server function under `/api`.
pub fn routes(config: &Config, names: Names, shop: Shop) -> Router {
    // Resources run on tokio; a second router in one process (tests) finds that set already.
    let _ = any_spawner::Executor::init_tokio();
    let site = site(&config.site, names);
    let proxies = Arc::new(config.trusted_proxies.clone());
    let functions = {
        let (shop, proxies) = (shop.clone(), proxies.clone());
        any(move |mut request: Request<Body>| {
            let shop = shop.clone();
            let client = client(&proxies, &request);
            // To a browser without scripts Leptos answers every call that does not redirect by a way
            // back to the referer: a failure would be silent, its status lost, and the way would lead
            // to whatever page the browser names. So it sees neither header, and our own code both.
            let hidden = [ACCEPT, REFERER].map(|name| request.headers_mut().remove(&name).map(|value| (name, value)));
            async move {
                let context = move || {
                    context(&shop, client);
                    restore(&hidden);
                };
                leptos_axum::handle_server_fns_with_context(context, request).await.into_response()
            }
        })
    };
    let shared = SharedPages::new();
    let page = get(move |request: Request<Body>| {
        let (shared, site, shop, proxies) = (shared.clone(), site.clone(), shop.clone(), proxies.clone());
        async move {
            let render = |request| to_its_end(page(site.clone(), shop.clone(), client(&proxies, &request), request));
            shared.answer(request, render).await
        }
    });
    Router::new()
        .route("/api/{*function}", functions)
        // What people type; each step sends on whoever lacks something for it.
        .route("/checkout", get(Redirect::to("/checkout/contact")))
        .route("/en/checkout", get(Redirect::to("/en/checkout/contact")))
        .fallback(page)
}

/// A page that is made to its end even if the browser goes away: Leptos lets go of what a page was made
/// of when its answer is dropped, and keeps it forever if it was never made. Not for answers that wait
/// for the browser, as for the rest of a form: they would wait after it has gone.
async fn to_its_end(answer: impl Future<Output = Response> + Send + 'static) -> Response {
    match tokio::spawn(answer.in_current_span()).await {
        Ok(answer) => answer,
        // As if it had happened here.
        Err(failed) => failed
            .try_into_panic()
            .map_or_else(|_| StatusCode::SERVICE_UNAVAILABLE.into_response(), |panic| std::panic::resume_unwind(panic)),
    }
}

async fn page(site: Site, shop: Shop, client: Option<ClientAddress>, request: Request<Body>) -> Response {
    let render = leptos_axum::render_app_async_with_context(
        move || {
            context(&shop, client);
            allow_own_scripts_only();
        },
        move || noren_app::shell(site.clone()),
    );
    render(request).await
}

fn client(proxies: &TrustedProxies, request: &Request<Body>) -> Option<ClientAddress> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>()?.0.ip();
    Some(ClientAddress(proxies.client(peer, request.headers())))
}

fn context(shop: &Shop, client: Option<ClientAddress>) {
    provide_context(shop.clone());
    if let Some(client) = client {
        provide_context(client);
    }
}

/// Gives the server functions back what was hidden from Leptos: whether a page is wanted, and on
/// which page, in which language, the form stands.
fn restore(hidden: &[Option<(HeaderName, HeaderValue)>]) {
    let Some(mut parts) = use_context::<Parts>() else { return };
    for (name, value) in hidden.iter().flatten() {
        parts.headers.insert(name.clone(), value.clone());
    }
    provide_context(parts);
}

/// The policy of a page: its own files, and inline scripts that carry this answer's nonce.
fn allow_own_scripts_only() {
    let (Some(response), Some(nonce)) = (use_context::<ResponseOptions>(), use_nonce()) else { return };
    let watch = if std::env::var_os("LEPTOS_WATCH").is_some() { " ws:" } else { "" };
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'{watch}; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.insert_header(CONTENT_SECURITY_POLICY, policy);
    }
}

fn site(root: &Path, names: Names) -> Site {
    let options = LeptosOptions::builder().output_name("noren").site_root(root.to_string_lossy().as_ref()).build();
    let Names { css, js, wasm, loader, parts, .. } = names;
    Site { options, css, js, wasm, loader, parts: Arc::new(parts) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_page_is_made_to_its_end_though_the_browser_has_gone_away() {
        let (go, gone) = oneshot::channel::<()>();
        let (end, ended) = oneshot::channel();
        let answer = to_its_end(async move {
            gone.await.ok();
            end.send(()).ok();
            StatusCode::OK.into_response()
        });
        tokio::time::timeout(Duration::ZERO, answer).await.unwrap_err();
        go.send(()).unwrap();
        ended.await.expect("the answer went on without anybody who waits for it");
    }

    #[tokio::test]
    #[should_panic(expected = "a page broke")]
    async fn a_page_that_breaks_breaks_where_it_was_asked_for() {
        to_its_end(async { panic!("a page broke") }).await;
    }
}
