//! The head of a page.

use leptos::prelude::*;
use leptos_meta::{Link, Meta, Title};
use noren_domain::Lang;

use crate::lang::use_lang;

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
    /// What that picture shows.
    #[prop(into, optional)]
    picture_alt: String,
    /// What the page is, in the words of the Open Graph protocol.
    #[prop(default = "website")]
    kind: &'static str,
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
        let alt =
            (!picture_alt.is_empty()).then(|| view! { <Meta property="og:image:alt" content=picture_alt.clone() /> });
        view! {
            <Meta property="og:image" content=url />
            {alt}
        }
    });
    let description = (!description.is_empty()).then(|| {
        view! {
            <Meta name="description" content=description.clone() />
            <Meta property="og:description" content=description.clone() />
        }
    });
    view! {
        <Title text=as_title(&full) />
        <Meta property="og:type" content=kind />
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
    if cfg!(feature = "ssr") { noren_domain::html::escape(text) } else { text.to_owned() }
}

/// Scheme and host of the shop, for addresses that must be absolute.
fn origin() -> String {
    #[cfg(feature = "ssr")]
    return crate::request::shop().url.clone();
    #[cfg(not(feature = "ssr"))]
    return window().location().origin().unwrap_or_default();
}
