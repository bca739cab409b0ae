//! The way a page waits for its data.
//!
//! Every page waits in the same manner, so the machine that does it - resource, transition, error -
//! is compiled once and not once for each page: what goes through it is [`Loaded`], and only its two
//! ends know the type. In the browser that is a good part of the wasm.

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use leptos::html::Input;
use leptos::prelude::*;
use leptos::server::codee::{Decoder, Encoder};
use leptos_router::hooks::use_location;
use noren_domain::Lang;
use noren_domain::form::Fault;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::page::Head;
use crate::form::Refusal;
use crate::lang::{href, use_lang};
use crate::ui::Missing;
use crate::ui::main::Arrival;

/// What a loader answers; `None`: there is no such thing.
type Answer<T> = Result<Option<T>, Refusal>;
type Loading = Pin<Box<dyn Future<Output = Loaded> + Send>>;

/// An [`Answer`] whose type only the page knows.
#[derive(Clone)]
enum Loaded {
    /// As it came with the HTML: JSON.
    Text(Arc<str>),
    /// As the loader gave it.
    Value {
        answer: Arc<dyn Any + Send + Sync>,
        #[cfg(feature = "ssr")]
        json: fn(&(dyn Any + Send + Sync)) -> Result<String, serde_json::Error>,
    },
}

impl Loaded {
    fn of<T: Clone + Send + Sync + Serialize + 'static>(answer: Answer<T>) -> Self {
        Self::Value {
            answer: Arc::new(answer),
            #[cfg(feature = "ssr")]
            json: |answer| serde_json::to_string(&answer.downcast_ref::<Answer<T>>()),
        }
    }

    /// Whether this is the very answer that `other` is.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => Arc::ptr_eq(one, other),
            (Self::Value { answer: one, .. }, Self::Value { answer: other, .. }) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    fn read<T: Clone + DeserializeOwned + 'static>(&self) -> Answer<T> {
        match self {
            Self::Text(json) => read_json(json).unwrap_or(Err(Refusal::NoAnswer)),
            Self::Value { answer, .. } => answer.downcast_ref::<Answer<T>>().cloned().unwrap_or(Err(Refusal::NoAnswer)),
        }
    }
}

/// Reads JSON as the server functions do, from bytes: another kind of reader would bring all of its
/// code along a second time.
fn read_json<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    serde_json::from_slice(text.as_bytes())
}

/// How [`Loaded`] travels in the HTML.
struct LoadedJson;

impl Encoder<Loaded> for LoadedJson {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(loaded: &Loaded) -> Result<String, serde_json::Error> {
        match loaded {
            Loaded::Text(json) => Ok(json.to_string()),
            #[cfg(feature = "ssr")]
            Loaded::Value { answer, json } => json(answer.as_ref()),
            #[cfg(not(feature = "ssr"))]
            Loaded::Value { .. } => Ok(String::new()),
        }
    }
}

impl Decoder<Loaded> for LoadedJson {
    type Error = Infallible;
    type Encoded = str;

    fn decode(json: &str) -> Result<Loaded, Infallible> {
        Ok(Loaded::Text(json.into()))
    }
}

/// How the data of the page's frame travel in the HTML.
pub struct Json;

impl<T: Serialize> Encoder<T> for Json {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(value: &T) -> Result<String, serde_json::Error> {
        serde_json::to_string(value)
    }
}

impl<T: DeserializeOwned> Decoder<T> for Json {
    type Error = serde_json::Error;
    type Encoded = str;

    fn decode(json: &str) -> Result<T, serde_json::Error> {
        read_json(json)
    }
}

/// A page's data: loaded once on the server, handed to the wasm with the HTML, loaded anew when
/// `key` changes; until the new data is there the old page stays, marked as busy. Renders `view`
/// with it, or says what is missing.
#[component]
pub fn Load<K, T, F, Fut, V, I>(
    /// What the data depends on (path, query, versions of actions).
    key: K,
    /// The server function that loads it; `None`: there is no such thing.
    load: F,
    /// Shows it.
    view: V,
) -> impl IntoView
where
    K: Fn() -> String + Send + Sync + 'static,
    T: Clone + Send + Sync + Serialize + DeserializeOwned + 'static,
    F: Fn(String) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Answer<T>> + Send + 'static,
    V: Fn(T) -> I + Send + Sync + 'static,
    I: IntoView + 'static,
{
    let load = move |key: String| -> Loading {
        let loading = load(key);
        Box::pin(async move { Loaded::of(loading.await) })
    };
    let show = move |loaded: &Loaded| Ok(loaded.read::<T>()?.map(|data| view(data).into_any()));
    wait(Box::new(key), Box::new(load), Arc::new(show))
}

type Show = Arc<dyn Fn(&Loaded) -> Answer<AnyView> + Send + Sync>;

fn wait(
    key: Box<dyn Fn() -> String + Send + Sync>,
    load: Box<dyn Fn(String) -> Loading + Send + Sync>,
    show: Show,
) -> AnyView {
    let data = Resource::<Loaded, LoadedJson>::new_with_options(while_here(key), load, true);
    let (shown, arrival) = (StoredValue::new(Shown::default()), Arrival::here());
    provide_context(shown);
    let busy = RwSignal::new(false);
    // Only the browser waits with an old page in view; the server's page is never a busy one.
    let set_busy = SignalSetter::map(move |pending| {
        if cfg!(feature = "hydrate") {
            busy.try_set(pending);
        }
    });
    view! {
        <div class="page" class:page--busy=busy aria-busy=move || busy.get().then_some("true")>
        <Transition set_pending=set_busy>
            {move || {
                let show = show.clone();
                Suspend::new(async move {
                    let loaded = data.await;
                    // The server may make a view twice, and shows only one.
                    if cfg!(feature = "hydrate") {
                        shown.try_update_value(|shown| shown.next(&loaded));
                    }
                    let answer = show(&loaded);
                    if let Some(arrival) = arrival.filter(|_| cfg!(feature = "hydrate")) {
                        arrival.arrived();
                    }
                    match answer {
                        Ok(Some(view)) => view,
                        Ok(None) => {
                            #[cfg(feature = "ssr")]
                            crate::request::status(http::StatusCode::NOT_FOUND);
                            view! { <Missing /> }.into_any()
                        }
                        Err(refusal) => view! { <Trouble refusal /> }.into_any(),
                    }
                })
            }}
        </Transition>
        </div>
    }
    .into_any()
}

/// What a page shows, and whether it showed other data before.
#[derive(Default)]
struct Shown {
    loaded: Option<Loaded>,
    again: bool,
}

impl Shown {
    /// The page is about to show `loaded`. A view may be made twice of the same data, the second time when
    /// somebody is typing into the first: that is not another page.
    fn next(&mut self, loaded: &Loaded) {
        if self.loaded.as_ref().is_some_and(|before| before.is(loaded)) {
            return;
        }
        self.again = self.loaded.is_some();
        self.loaded = Some(loaded.clone());
    }
}

/// Whether the view that is being made takes the place of one with other data. Its inputs are then the
/// same elements, and still hold what was typed into them; the first view's inputs may hold what was
/// typed while the page was waking up, which must not be lost.
fn shown_again() -> bool {
    use_context::<StoredValue<Shown>>().is_some_and(|shown| shown.try_with_value(|shown| shown.again) == Some(true))
}

/// Makes `input` say `value` when its page is shown again.
pub fn renew(input: NodeRef<Input>, value: String) {
    if shown_again() {
        Effect::new(move |done: Option<bool>| {
            // Once: the same field may be put into a new place on the page, with what was typed since.
            let field = input.get().filter(|_| done != Some(true));
            if let Some(field) = &field {
                field.set_value(&value);
            }
            done == Some(true) || field.is_some()
        });
    }
}

/// `key` for as long as the page is shown. On the way to another page the address changes first, and
/// a page that is being left would read the other one's address and load once more for nobody.
fn while_here(key: Box<dyn Fn() -> String + Send + Sync>) -> impl Fn() -> String + Send + Sync + 'static {
    let path = use_location().pathname;
    let kind = |path: &str| Lang::strip(path).split('/').nth(1).unwrap_or_default().to_owned();
    let here = kind(&path.get_untracked());
    let kept = Memo::new(move |last: Option<&String>| match last {
        Some(last) if kind(&path.read()) != here => last.clone(),
        _ => key(),
    });
    move || kept.get()
}

/// The page could not be loaded: our fault, or no sign-in.
#[component]
pub fn Trouble(
    /// What the loader said.
    refusal: Refusal,
) -> impl IntoView {
    let lang = use_lang();
    let location = use_location();
    let path = format!("{}{}", location.pathname.get_untracked(), location.search.get_untracked());
    #[cfg(feature = "ssr")]
    match &refusal {
        Refusal::Failed | Refusal::NoAnswer => crate::request::status(http::StatusCode::INTERNAL_SERVER_ERROR),
        Refusal::Faults(faults) if faults.get("") == Some(&Fault::VaultUnavailable) => {
            crate::request::status(http::StatusCode::SERVICE_UNAVAILABLE);
        }
        Refusal::Faults(_) => {}
    }
    let sign_in =
        matches!(refusal.faults().0.first(), Some(f) if matches!(f.fault, Fault::SignIn | Fault::SessionEnded));
    let login = crate::account::with_next("/login", &path);
    let words = refusal.faults().0.first().map(|f| super::field::fault_words(lang, &f.fault)).unwrap_or_default();
    view! {
        <Head title=lang.pick("表示できませんでした", "This page could not be shown") index=false />
        <div class="empty">
            <h1>{lang.pick("表示できませんでした", "This page could not be shown")}</h1>
            <p>{words}</p>
            <p>
                {if sign_in {
                    view! { <a class="button button--primary" href=login>{lang.pick("ログインへ", "Sign in")}</a> }.into_any()
                } else {
                    view! { <a class="button" href=path rel="external">{lang.pick("もう一度読み込む", "Load again")}</a> }.into_any()
                }}
            </p>
            <p>
                <a href=href("/")>{lang.pick("トップページへ", "To the home page")}</a>
            </p>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_shown_again_only_with_other_data() {
        let (one, other) = (Loaded::Text("1".into()), Loaded::Text("1".into()));
        let mut shown = Shown::default();
        for (loaded, again) in [(&one, false), (&one, false), (&other, true), (&other, true), (&one, true)] {
            shown.next(loaded);
            assert_eq!(shown.again, again);
        }
    }
}
