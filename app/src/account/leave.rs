//! The way out, on every page behind the door.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use noren_domain::form::Faults;

use crate::form::{Refusal, use_faults};
use crate::lang::{href, use_lang};
use crate::ui::FaultSummary;

/// What stands in the browser's storage for a moment when somebody leaves.
const LEFT: &str = "noren-left";

/// Says once, on the page that one is led to, that nobody is signed in any more.
#[cfg(feature = "ssr")]
const PARCEL: &str = "left";

/// Whether somebody signed out in this browser a moment ago: true once.
#[cfg(feature = "ssr")]
pub fn just_left() -> bool {
    crate::request::take_parcel(PARCEL).is_some()
}

/// Signs this browser out. With `forget`, the person is not known by it any more either, and the next sign-in in it asks
/// for a code.
#[server(endpoint = "account/logout")]
pub async fn log_out(#[server(default)] forget: String) -> Result<(), Refusal> {
    use noren_shop::account::{logout, logout_forgotten};
    let (shop, device, token) = (crate::request::shop(), crate::request::device(), crate::request::session_token());
    let done = match &token {
        _ if !forget.is_empty() => logout_forgotten(&shop, token.as_ref(), &device).await,
        Some(token) => logout(&shop, token).await,
        None => Ok(()),
    };
    done.map_err(|e| crate::request::failed(&e))?;
    crate::request::clear_session_token();
    crate::request::put_parcel(PARCEL, b"1");
    crate::request::go("/");
    Ok(())
}

/// A page behind the door, below the button that leads out.
#[component]
pub fn Room(
    /// The page.
    page: AnyView,
) -> impl IntoView {
    let lang = use_lang();
    let out = ServerAction::<LogOut>::new();
    let shop = href("/");
    // Somebody leaves in another tab: what this one shows is theirs as well.
    Effect::new(move |_| {
        let shop = shop.clone();
        // Not whatever is stored or cleared: the answer to a page of an ended session clears the storage as well.
        let left = window_event_listener(leptos::ev::storage, move |stored| {
            if stored.key().as_deref() == Some(LEFT) {
                let _ = window().location().replace(&shop);
            }
        });
        on_cleanup(move || left.remove());
    });
    view! {
        <FaultSummary faults=use_faults(out, Faults::default()) labels=vec![] />
        // No `ActionForm`: the browser itself leaves the page, and what it showed and the wasm's memory go with it,
        // whether or not the server answers.
        <form class="leave" method="post" action=LogOut::url() on:submit=|_| tell_other_tabs()>
            <button type="submit" class="button button--quiet">{lang.pick("ログアウト", "Sign out")}</button>
        </form>
        {page}
    }
}

/// The way out of a browser that others use too: it is forgotten.
#[component]
pub fn LeaveForgotten() -> impl IntoView {
    let lang = use_lang();
    view! {
        <form class="stack" method="post" action=LogOut::url() on:submit=|_| tell_other_tabs()>
            <input type="hidden" name="forget" value="1" />
            <p class="muted small" id="leave-forgotten">
                {lang.pick(
                    "ほかの方も使うパソコンでは、こちらからログアウトしてください。次回は、パスワードに加えて確認コードもお尋ねします。",
                    "On a computer that others use too, sign out here. The next sign-in on it will take a code as well as your password.",
                )}
            </p>
            // A line of its own: the stack would stretch it.
            <p>
                <button type="submit" class="button button--quiet" aria-describedby="leave-forgotten">
                    {lang.pick("ログアウトして、この端末の確認も取り消す", "Sign out and forget this device")}
                </button>
            </p>
        </form>
    }
}

/// The shop keeps nothing in the browser's storage; its other tabs hear when something was there.
fn tell_other_tabs() {
    #[cfg(feature = "hydrate")]
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(LEFT, "1");
        let _ = storage.remove_item(LEFT);
    }
}
