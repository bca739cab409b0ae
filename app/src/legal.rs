//! Pages of the legal feature.

use leptos::prelude::*;

/// CommercePage.
#[component]
pub fn CommercePage() -> impl IntoView {
    view! { <h1>"CommercePage"</h1> }
}

/// HelpPage.
#[component]
pub fn HelpPage() -> impl IntoView {
    view! { <h1>"HelpPage"</h1> }
}

/// PrivacyPage.
#[component]
pub fn PrivacyPage() -> impl IntoView {
    view! { <h1>"PrivacyPage"</h1> }
}

/// TermsPage.
#[component]
pub fn TermsPage() -> impl IntoView {
    view! { <h1>"TermsPage"</h1> }
}
