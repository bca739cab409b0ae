//! The document around every page, and the map of all pages.

use leptos::prelude::*;
#[cfg(feature = "ssr")]
use leptos_meta::MetaTags;
use leptos_meta::provide_meta_context;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;
use noren_domain::Lang;

use crate::account::{AccountPage, LoginPage, MyOrderPage, MyOrdersPage, RegisterPage, SecurityPage, VerifyPage};
use crate::cart::CartPage;
use crate::catalogue::{CategoryPage, HomePage, ProductPage, SearchPage};
use crate::checkout::{ConfirmPage, ContactPage, DeliveryPage, PaymentPage};
use crate::legal::{CommercePage, HelpPage, PrivacyPage, TermsPage};
use crate::notice::{NoticePage, TrustPage};
use crate::order::OrderPage;
use crate::ui::{Footer, Header, Main, NotFound, Offline, WasmBroken};

/// Where the built site's files are, as their hashed names.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug)]
pub struct Site {
    /// What Leptos needs to know.
    pub options: LeptosOptions,
    /// Path of the style sheet.
    pub css: std::sync::Arc<str>,
    /// Path of the script that starts the wasm.
    pub js: std::sync::Arc<str>,
    /// Path of the wasm.
    pub wasm: std::sync::Arc<str>,
}

/// The whole HTML document.
#[cfg(feature = "ssr")]
pub fn shell(site: Site) -> impl IntoView {
    let path = crate::request::page_path();
    let lang = Lang::of_path(&path);
    view! {
        <!DOCTYPE html>
        <html lang=lang.tag()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="theme-color" media="(prefers-color-scheme: light)" content="#fbfaf6" />
                <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#14171f" />
                <meta name="format-detection" content="telephone=no" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="apple-touch-icon" href="/apple-touch-icon.png" />
                <link rel="stylesheet" href=site.css.to_string() />
                <AutoReload options=site.options />
                <WakeUp js=site.js.to_string() wasm=site.wasm.to_string() />
                <MetaTags />
            </head>
            <body>
                <App lang />
            </body>
        </html>
    }
}

/// When the wasm has died, its listeners still catch every click and form and answer none. These come
/// before them and keep the event to the browser, which follows links and sends forms by itself.
#[cfg(feature = "ssr")]
const STAND_ASIDE: &str = "for (const kind of ['click', 'submit', 'input', 'change', 'keydown']) addEventListener(kind, \
    event => { if (document.documentElement.hasAttribute('data-wasm-failed')) event.stopImmediatePropagation(); }, true); ";

/// Loads the wasm and wakes the page up. Leptos' own component finds the files by a list beside the
/// binary only, and a shop must come along with its site folder alone.
#[cfg(feature = "ssr")]
#[component]
fn WakeUp(js: String, wasm: String) -> impl IntoView {
    let script = format!(
        "{STAND_ASIDE}import({js:?}).then(mod => mod.default({{ module_or_path: {wasm:?} }}).then(() => mod.hydrate()));"
    );
    view! {
        <link rel="modulepreload" href=js crossorigin="anonymous" />
        <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous" />
        <script type="module" nonce=leptos::nonce::use_nonce()>
            {script}
        </script>
    }
}

/// Every page of the shop in one language.
#[component]
pub fn App(
    /// The language; on the other language's pages the document is loaded anew.
    lang: Lang,
) -> impl IntoView {
    provide_meta_context();
    provide_context(lang);
    let (routing, set_routing) = signal(false);
    view! {
        <Router base=lang.prefix() set_is_routing=set_routing>
            {move || routing.get().then(|| view! { <div class="progress" aria-hidden="true"></div> })}
            <Header />
            <WasmBroken />
            <Offline />
            <Main routing>
                <FlatRoutes fallback=|| view! { <NotFound /> }>
                    <Route path=path!("/") view=HomePage />
                    <Route path=path!("/c/:category") view=CategoryPage />
                    <Route path=path!("/search") view=SearchPage />
                    <Route path=path!("/p/:product") view=ProductPage />
                    <Route path=path!("/cart") view=CartPage />
                    <Route path=path!("/checkout/contact") view=ContactPage />
                    <Route path=path!("/checkout/delivery") view=DeliveryPage />
                    <Route path=path!("/checkout/payment") view=PaymentPage />
                    <Route path=path!("/checkout/confirm") view=ConfirmPage />
                    <Route path=path!("/orders/:token") view=OrderPage />
                    <Route path=path!("/register") view=RegisterPage />
                    <Route path=path!("/verify") view=VerifyPage />
                    <Route path=path!("/login") view=LoginPage />
                    <Route path=path!("/account") view=AccountPage />
                    <Route path=path!("/account/orders") view=MyOrdersPage />
                    <Route path=path!("/account/orders/:no") view=MyOrderPage />
                    <Route path=path!("/account/security") view=SecurityPage />
                    <Route path=path!("/security") view=TrustPage />
                    <Route path=path!("/security/notices/:no") view=NoticePage />
                    <Route path=path!("/help") view=HelpPage />
                    <Route path=path!("/legal/commerce") view=CommercePage />
                    <Route path=path!("/legal/privacy") view=PrivacyPage />
                    <Route path=path!("/legal/terms") view=TermsPage />
                </FlatRoutes>
            </Main>
            <Footer />
        </Router>
    }
}
