//! Pages of the cart feature.

use leptos::prelude::*;

/// CartPage.
#[component]
pub fn CartPage() -> impl IntoView {
    view! { <h1>"CartPage"</h1> }
}
