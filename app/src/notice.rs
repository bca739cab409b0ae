//! Pages of the notice feature.

use leptos::prelude::*;

/// NoticePage.
#[component]
pub fn NoticePage() -> impl IntoView {
    view! { <h1>"NoticePage"</h1> }
}

/// TrustPage.
#[component]
pub fn TrustPage() -> impl IntoView {
    view! { <h1>"TrustPage"</h1> }
}
