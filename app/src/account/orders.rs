//! My orders.

use leptos::prelude::*;

/// The orders of the person who is signed in.
#[component]
pub fn MyOrdersPage() -> impl IntoView {
    view! { <h1>"MyOrdersPage"</h1> }
}

/// One of them.
#[component]
pub fn MyOrderPage() -> impl IntoView {
    view! { <h1>"MyOrderPage"</h1> }
}
