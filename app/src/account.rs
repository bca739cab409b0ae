//! Pages of the account feature.

use leptos::prelude::*;

/// AccountPage.
#[component]
pub fn AccountPage() -> impl IntoView {
    view! { <h1>"AccountPage"</h1> }
}

/// LoginPage.
#[component]
pub fn LoginPage() -> impl IntoView {
    view! { <h1>"LoginPage"</h1> }
}

/// MyOrderPage.
#[component]
pub fn MyOrderPage() -> impl IntoView {
    view! { <h1>"MyOrderPage"</h1> }
}

/// MyOrdersPage.
#[component]
pub fn MyOrdersPage() -> impl IntoView {
    view! { <h1>"MyOrdersPage"</h1> }
}

/// RegisterPage.
#[component]
pub fn RegisterPage() -> impl IntoView {
    view! { <h1>"RegisterPage"</h1> }
}

/// SecurityPage.
#[component]
pub fn SecurityPage() -> impl IntoView {
    view! { <h1>"SecurityPage"</h1> }
}

/// VerifyPage.
#[component]
pub fn VerifyPage() -> impl IntoView {
    view! { <h1>"VerifyPage"</h1> }
}
