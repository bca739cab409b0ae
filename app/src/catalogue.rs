//! Pages of the catalogue feature.

use leptos::prelude::*;

/// CategoryPage.
#[component]
pub fn CategoryPage() -> impl IntoView {
    view! { <h1>"CategoryPage"</h1> }
}

/// HomePage.
#[component]
pub fn HomePage() -> impl IntoView {
    view! { <h1>"HomePage"</h1> }
}

/// ProductPage.
#[component]
pub fn ProductPage() -> impl IntoView {
    view! { <h1>"ProductPage"</h1> }
}

/// SearchPage.
#[component]
pub fn SearchPage() -> impl IntoView {
    view! { <h1>"SearchPage"</h1> }
}
