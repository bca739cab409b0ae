//! The head of a page, and the way a page waits for its data.

use std::future::Future;

use leptos::prelude::*;
use leptos_meta::{Link, Meta, Title};
use leptos_router::hooks::use_location;
use noren_domain::Lang;
use noren_domain::form::Fault;

use crate::form::Refusal;
use crate::lang::{href, use_lang};
use crate::ui::Missing;

/// Title, description, canonical address and language links of a page.
#[component]
pub fn Head(
    /// Title without the shop's name.
    #[prop(into)]
    title: String,
    /// One or two sentences for search engines and previews.
    #[prop(into, optional)]
    description: String,
    /// Path (no language) that stands for this page; empty: not said.
    #[prop(into, optional)]
    canonical: String,
    /// Path or URL of a picture for previews.
    #[prop(into, optional)]
    picture: String,
    /// Whether search engines may list it.
    #[prop(default = true)]
    index: bool,
) -> impl IntoView {
    let lang = use_lang();
    let shop = lang.pick("暖簾堂", "Norendo");
    let full = if title.is_empty() { shop.to_owned() } else { format!("{title} | {shop}") };
    let origin = origin();
    let links = (!canonical.is_empty()).then(|| {
        let at = |l: Lang| format!("{origin}{}", l.path(&canonical));
        view! {
            <Link rel="canonical" href=at(lang) />
            <Link rel="alternate" hreflang="ja" href=at(Lang::Ja) />
            <Link rel="alternate" hreflang="en" href=at(Lang::En) />
            <Link rel="alternate" hreflang="x-default" href=at(Lang::Ja) />
            <Meta property="og:url" content=at(lang) />
        }
    });
    let picture = (!picture.is_empty()).then(|| {
        let url = if picture.starts_with('/') { format!("{origin}{picture}") } else { picture.clone() };
        view! { <Meta property="og:image" content=url /> }
    });
    let description = (!description.is_empty()).then(|| {
        view! {
            <Meta name="description" content=description.clone() />
            <Meta property="og:description" content=description.clone() />
        }
    });
    view! {
        <Title text=as_title(&full) />
        <Meta property="og:title" content=full />
        <Meta property="og:site_name" content=shop />
        <Meta property="og:locale" content=lang.pick("ja_JP", "en_US") />
        {description}
        {links}
        {picture}
        {(!index).then(|| view! { <Meta name="robots" content="noindex" /> })}
    }
}

/// `text` as a title. On the server it is written between the tags as it is given, and a search for
/// `</title><script>` would leave them; in the browser it is set as text.
fn as_title(text: &str) -> String {
    if cfg!(feature = "ssr") {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    } else {
        text.to_owned()
    }
}

/// Scheme and host of the shop, for addresses that must be absolute.
pub fn origin() -> String {
    #[cfg(feature = "ssr")]
    return crate::request::shop().url.clone();
    #[cfg(not(feature = "ssr"))]
    return window().location().origin().unwrap_or_default();
}

/// A page's data: loaded once on the server, handed to the wasm with the HTML, loaded anew when
/// `key` changes; until the new data is there the old page stays, marked as busy. Renders `view`
/// with it, or says what is missing.
#[component]
pub fn Load<K, T, F, Fut, V, I>(
    /// What the data depends on (path, query, versions of actions).
    key: K,
    /// The server function that loads it; `None`: there is no such thing.
    load: F,
    /// Shows it.
    view: V,
) -> impl IntoView
where
    K: Fn() -> String + Send + Sync + 'static,
    T: Clone + Send + Sync + serde::Serialize + serde::de::DeserializeOwned + 'static,
    F: Fn(String) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Option<T>, Refusal>> + Send + 'static,
    V: Fn(T) -> I + Clone + Send + Sync + 'static,
    I: IntoView + 'static,
{
    let data = Resource::new_blocking(while_here(key), load);
    let busy = RwSignal::new(false);
    // Only the browser waits with an old page in view; the server's page is never a busy one.
    let set_busy = SignalSetter::map(move |pending| {
        if cfg!(feature = "hydrate") {
            busy.try_set(pending);
        }
    });
    view! {
        <div class="page" class:page--busy=busy aria-busy=move || busy.get().then_some("true")>
        <Transition set_pending=set_busy>
            {move || {
                let view = view.clone();
                Suspend::new(async move {
                    match data.await {
                        Ok(Some(data)) => view(data).into_any(),
                        Ok(None) => {
                            #[cfg(feature = "ssr")]
                            crate::request::status(http::StatusCode::NOT_FOUND);
                            view! { <Missing /> }.into_any()
                        }
                        Err(refusal) => view! { <Trouble refusal /> }.into_any(),
                    }
                })
            }}
        </Transition>
        </div>
    }
}

/// `key` for as long as the page is shown. On the way to another page the address changes first, and
/// a page that is being left would read the other one's address and load once more for nobody.
fn while_here(key: impl Fn() -> String + Send + Sync + 'static) -> impl Fn() -> String + Send + Sync + 'static {
    let path = use_location().pathname;
    let kind = |path: &str| Lang::strip(path).split('/').nth(1).unwrap_or_default().to_owned();
    let here = kind(&path.get_untracked());
    let kept = Memo::new(move |last: Option<&String>| match last {
        Some(last) if kind(&path.read()) != here => last.clone(),
        _ => key(),
    });
    move || kept.get()
}

/// The page could not be loaded: our fault, or no sign-in.
#[component]
fn Trouble(
    /// What the loader said.
    refusal: Refusal,
) -> impl IntoView {
    let lang = use_lang();
    let path = use_location().pathname.get_untracked();
    #[cfg(feature = "ssr")]
    if matches!(refusal, Refusal::Failed | Refusal::NoAnswer) {
        crate::request::status(http::StatusCode::INTERNAL_SERVER_ERROR);
    }
    let sign_in = matches!(refusal.faults().0.first(), Some(f) if f.fault == Fault::SignIn);
    let words = refusal.faults().0.first().map(|f| super::field::fault_words(lang, &f.fault)).unwrap_or_default();
    view! {
        <Head title=lang.pick("表示できませんでした", "This page could not be shown") index=false />
        <div class="empty">
            <h1>{lang.pick("表示できませんでした", "This page could not be shown")}</h1>
            <p>{words}</p>
            <p>
                {if sign_in {
                    view! { <a class="button button--primary" href=href("/login")>{lang.pick("ログインへ", "To sign-in")}</a> }.into_any()
                } else {
                    view! { <a class="button" href=path rel="external">{lang.pick("もう一度読み込む", "Load again")}</a> }.into_any()
                }}
            </p>
            <p>
                <a href=href("/")>{lang.pick("トップページへ", "To the home page")}</a>
            </p>
        </div>
    }
}
