//! The language of the page, and links that keep it.

use leptos::prelude::*;
use noren_domain::Lang;

/// The language of the page being shown. It changes only with a full page load.
pub fn use_lang() -> Lang {
    expect_context::<Lang>()
}

/// `path` (without language) in the page's language.
pub fn href(path: &str) -> String {
    use_lang().path(path)
}
