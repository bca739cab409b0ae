//! The wasm entry: hydrates the page that the server rendered.

use leptos::prelude::*;
use noren_app::App;
use noren_domain::Lang;

/// Called by the page's module script once the wasm is loaded.
#[wasm_bindgen::prelude::wasm_bindgen]
pub async fn hydrate() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        mark("data-wasm-failed");
    }));
    let path = window().location().pathname().unwrap_or_default();
    let lang = Lang::of_path(&path);
    if noren_app::fetch_part(&path).await.is_err() {
        // The page goes on as it came, as where no wasm comes at all: its links and forms need none.
        return;
    }
    leptos::mount::hydrate_body(move || view! { <App lang /> });
    // What waits for its data takes hold in the tasks right after this one; then the page is awake.
    let _ = set_timeout(|| mark("data-hydrated"), std::time::Duration::ZERO);
}

/// Style and tests can tell by `<html data-…>` what the page is able to do.
fn mark(attribute: &str) {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute(attribute, "");
    }
}
