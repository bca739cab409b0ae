//! The document around every page.

use leptos::prelude::*;
#[cfg(feature = "ssr")]
use leptos_meta::MetaTags;
use leptos_meta::provide_meta_context;
use leptos_router::components::Router;
use noren_domain::Lang;

use crate::pages::Pages;
use crate::ui::{Footer, Header, Main, Offline, WasmBroken};

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
    /// Path of the wasm, or of its first part.
    pub wasm: std::sync::Arc<str>,
    /// Path of the script that fetches the other parts, if there are any.
    pub loader: Option<std::sync::Arc<str>>,
    /// Paths of the files that each of the other parts needs, by its name.
    pub parts: std::sync::Arc<std::collections::BTreeMap<String, Vec<std::sync::Arc<str>>>>,
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
                <AutoReload options=site.options.clone() />
                <WakeUp site path />
                <MetaTags />
            </head>
            <body>
                <App lang />
            </body>
        </html>
    }
}

/// When the wasm has died, its listeners still catch every click and form and answer none. These come
/// before them and keep the event to the browser, which follows links and sends forms by itself. A press
/// that asks for a passkey is heard by a script of its own.
#[cfg(feature = "ssr")]
const STAND_ASIDE: &str = "for (const kind of ['click', 'submit', 'input', 'change', 'keydown']) addEventListener(kind, \
    event => { if (document.documentElement.hasAttribute('data-wasm-failed') && !(kind == 'click' && event.target.closest('[data-ask]'))) \
    event.stopImmediatePropagation(); }, true); ";

/// Loads the wasm and wakes the page up. Leptos' own component finds the files by a list beside the
/// binary only, and a shop must come along with its site folder alone.
#[cfg(feature = "ssr")]
#[component]
fn WakeUp(site: Site, path: String) -> impl IntoView {
    let Site { js, wasm, loader, parts, .. } = site;
    let script = format!(
        "{STAND_ASIDE}import({js:?}).then(mod => mod.default({{ module_or_path: {wasm:?} }}).then(() => mod.hydrate()));"
    );
    let part = crate::pages::Part::of(&path).and_then(|part| parts.get(part.name())).into_iter().flatten();
    // All at once, and not each when the one before it has been read.
    let scripts = [Some(js), loader].into_iter().flatten().map(|script| {
        view! { <link rel="modulepreload" href=script.to_string() crossorigin="anonymous" /> }
    });
    let wasm = std::iter::once(&wasm).chain(part).map(|file| {
        view! { <link rel="preload" href=file.to_string() r#as="fetch" r#type="application/wasm" crossorigin="anonymous" /> }
    });
    view! {
        {scripts.collect_view()}
        {wasm.collect_view()}
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
                <Pages />
            </Main>
            <Footer />
        </Router>
    }
}
