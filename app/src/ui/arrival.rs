//! Coming to another page within the browser.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// Gives the focus to the heading of a page that the router has put in the place of another one. When
/// a browser loads a page it does the like by itself: what had the focus is gone, and a screen reader
/// says where the person is. Another query on the same path is the same page, and moves nothing.
#[component]
pub fn Arrival(
    /// Whether the next page is on its way.
    routing: ReadSignal<bool>,
) -> impl IntoView {
    let path = use_location().pathname;
    let shown = StoredValue::new(path.get_untracked());
    Effect::new(move |_| {
        let now = path.get();
        if routing.get() || shown.get_value() == now {
            return;
        }
        shown.set_value(now);
        #[cfg(feature = "hydrate")]
        let _ = request_animation_frame(focus_heading);
    });
}

#[cfg(feature = "hydrate")]
fn focus_heading() {
    use leptos::wasm_bindgen::JsCast;
    use leptos::web_sys::{FocusOptions, HtmlElement};

    let heading = document().query_selector("main h1").ok().flatten();
    let Some(target) = heading.or_else(|| document().get_element_by_id("main")) else { return };
    let Ok(target) = target.dyn_into::<HtmlElement>() else { return };
    if !target.has_attribute("tabindex") {
        let _ = target.set_attribute("tabindex", "-1");
    }
    // Where the page is scrolled to is the router's to say.
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    let _ = target.focus_with_options(&options);
}
