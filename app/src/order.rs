//! Pages of the order feature.

use leptos::prelude::*;

/// OrderPage.
#[component]
pub fn OrderPage() -> impl IntoView {
    view! { <h1>"OrderPage"</h1> }
}
