//! Pages and server functions, with what they find in their context.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Request, header::CONTENT_SECURITY_POLICY};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use leptos::config::LeptosOptions;
use leptos::nonce::use_nonce;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::ResponseOptions;
use noren_app::Site;
use noren_app::request::ClientAddress;
use noren_shop::Shop;

use crate::config::Config;

/// Every page (whatever is not a file) and every server function under `/api`.
pub fn routes(config: &Config, shop: Shop) -> Router {
    // Resources run on tokio; a second router in one process (tests) finds that set already.
    let _ = any_spawner::Executor::init_tokio();
    let site = site(&config.site);
    let functions = {
        let shop = shop.clone();
        any(move |request: Request<Body>| {
            let shop = shop.clone();
            let client = client(&request);
            async move {
                leptos_axum::handle_server_fns_with_context(move || context(&shop, client), request)
                    .await
                    .into_response()
            }
        })
    };
    let page = get(move |request: Request<Body>| page(site.clone(), shop.clone(), request));
    Router::new().route("/api/{*function}", functions).fallback(page)
}

async fn page(site: Site, shop: Shop, request: Request<Body>) -> Response {
    let client = client(&request);
    let render = leptos_axum::render_app_async_with_context(
        move || {
            context(&shop, client);
            allow_own_scripts_only();
        },
        move || noren_app::shell(site.clone()),
    );
    render(request).await
}

fn client(request: &Request<Body>) -> Option<ClientAddress> {
    request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| ClientAddress(info.0.ip()))
}

fn context(shop: &Shop, client: Option<ClientAddress>) {
    provide_context(shop.clone());
    if let Some(client) = client {
        provide_context(client);
    }
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

/// Path of the built style sheet.
pub fn style_sheet(root: &Path) -> Arc<str> {
    site(root).css
}

/// The names of the built files. cargo-leptos writes their hashes beside the binary.
fn site(root: &Path) -> Site {
    let hashes = std::env::current_exe()
        .ok()
        .and_then(|exe| exe.parent().map(|dir| dir.join("hash.txt")))
        .filter(|file| file.is_file());
    let css_hash = hashes.as_ref().and_then(|file| std::fs::read_to_string(file).ok()).and_then(|text| {
        text.lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.trim() == "css")
            .map(|(_, hash)| hash.trim().to_owned())
    });
    let css = css_hash.map_or_else(|| "/pkg/noren.css".to_owned(), |hash| format!("/pkg/noren.{hash}.css"));
    let options = LeptosOptions::builder()
        .output_name("noren")
        .site_root(root.to_string_lossy().as_ref())
        .site_pkg_dir("pkg")
        .hash_files(hashes.is_some())
        .hash_file(hashes.map_or_else(|| Arc::from("hash.txt"), |file| Arc::from(file.to_string_lossy().as_ref())))
        .build();
    Site { options, css: Arc::from(css) }
}
