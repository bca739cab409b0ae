//! Pages of the checkout feature.

use leptos::prelude::*;

/// ConfirmPage.
#[component]
pub fn ConfirmPage() -> impl IntoView {
    view! { <h1>"ConfirmPage"</h1> }
}

/// ContactPage.
#[component]
pub fn ContactPage() -> impl IntoView {
    view! { <h1>"ContactPage"</h1> }
}

/// DeliveryPage.
#[component]
pub fn DeliveryPage() -> impl IntoView {
    view! { <h1>"DeliveryPage"</h1> }
}

/// PaymentPage.
#[component]
pub fn PaymentPage() -> impl IntoView {
    view! { <h1>"PaymentPage"</h1> }
}
