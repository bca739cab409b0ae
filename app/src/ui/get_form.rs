//! A form whose answer is another address: a search, a narrowed list.

use leptos::ev::SubmitEvent;
use leptos::form::form_data_from_event;
use leptos::prelude::*;
use leptos::web_sys::UrlSearchParams;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

/// A GET form, sent by the router once the wasm is awake. Leptos' own `Form` sends `/en/search` to
/// `/en/en/search`: it puts the router's base before addresses that have it already.
#[component]
pub fn GetForm(
    /// Path with its language.
    #[prop(into)]
    action: String,
    /// Whether the page stays where it is scrolled to.
    #[prop(optional)]
    noscroll: bool,
    children: Children,
) -> impl IntoView {
    let navigate = use_navigate();
    let path = action.clone();
    let submit = move |event: SubmitEvent| {
        if event.default_prevented() {
            return;
        }
        let Some(query) = query(&event) else { return };
        event.prevent_default();
        let options = NavigateOptions { resolve: false, scroll: !noscroll, ..NavigateOptions::default() };
        navigate(&format!("{path}?{query}"), options);
    };
    view! {
        <form method="get" action=action on:submit=submit>
            {children()}
        </form>
    }
}

/// What the form says, as a browser would write it behind the question mark.
fn query(event: &SubmitEvent) -> Option<String> {
    let data = form_data_from_event(event).ok()?;
    let params = UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?;
    params.to_string().as_string()
}
