//! Searching.

use leptos::prelude::*;

use crate::lang::use_lang;

/// SearchPage.
#[component]
pub fn SearchPage() -> impl IntoView {
    let lang = use_lang();
    view! { <h1>{lang.pick("商品をさがす", "Search the shop")}</h1> }
}
