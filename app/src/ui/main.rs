//! The place of the page, and coming to another one within the browser.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// Which page the person has come to.
#[derive(Clone, Copy)]
pub struct Arrival {
    path: Memo<String>,
    /// The path of the page that had the focus last.
    at: StoredValue<String>,
}

impl Arrival {
    /// Of the page in whose place this is called.
    pub fn here() -> Option<Self> {
        use_context()
    }

    /// The page's content stands. If it is another page than before, its heading gets the focus, as
    /// when a browser loads a page: what had the focus is gone, and a screen reader says where the
    /// person is. Another query on the same path is the same page, and moves nothing.
    pub fn arrived(self) {
        let (Some(now), Some(before)) = (self.path.try_get_untracked(), self.at.try_get_value()) else { return };
        if now != before {
            self.at.set_value(now);
            #[cfg(feature = "hydrate")]
            let _ = request_animation_frame(focus_heading);
        }
    }
}

/// Where the page stands.
#[component]
pub fn Main(
    /// Whether the next page is on its way.
    routing: ReadSignal<bool>,
    /// The page.
    children: Children,
) -> impl IntoView {
    let path = use_location().pathname;
    let arrival = Arrival { path, at: StoredValue::new(path.get_untracked()) };
    provide_context(arrival);
    // A page that loads something says by itself when it stands; one that does not stands at once.
    Effect::new(move |_| {
        path.track();
        let stands = !routing.get() && document().query_selector("main .page").ok().flatten().is_none();
        if stands {
            arrival.arrived();
        }
    });
    view! { <main id="main" tabindex="-1">{children()}</main> }
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
