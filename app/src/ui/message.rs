//! Words to the person when something is missing, wrong or worth knowing.

use leptos::prelude::*;
use noren_domain::Lang;
use noren_domain::form::{Faults, FieldFault};

use crate::lang::{href, use_lang};
use crate::ui::field::fault_words;
use crate::ui::page::Head;
use crate::ui::search_box::SearchBox;

/// How a [`Note`] is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// Worth knowing.
    Info,
    /// Done as asked.
    Done,
    /// Needs care.
    Warning,
}

/// A short message in the page.
#[component]
pub fn Note(
    /// How it is meant.
    kind: NoteKind,
    /// What it says.
    children: Children,
) -> impl IntoView {
    let class = match kind {
        NoteKind::Info => "note note--info",
        NoteKind::Done => "note note--done",
        NoteKind::Warning => "note note--warning",
    };
    view! { <div class=class role="status">{children()}</div> }
}

/// What is wrong with a form, on top of it, each with a link to its field.
#[component]
pub fn FaultSummary(
    /// The faults of the form.
    faults: Signal<Faults>,
    /// The names of the fields with their labels, in the order of the page.
    labels: Vec<(&'static str, &'static str)>,
) -> impl IntoView {
    let lang = use_lang();
    let title = lang.pick("ご確認ください", "Please check the following");
    let summary = NodeRef::<leptos::html::Div>::new();
    Effect::new(move |shown_before: Option<()>| {
        let wrong = !faults.read().is_empty();
        // Faults that came with the page are read where they stand; those that answer a press of the
        // button may be out of sight.
        if wrong && shown_before.is_some() {
            let _ = request_animation_frame(move || {
                if let Some(summary) = summary.try_get_untracked().flatten() {
                    let _ = summary.focus();
                }
            });
        }
    });
    move || {
        let faults = faults.get();
        (!faults.is_empty()).then(|| {
            let items = fault_items(lang, &faults, |field| {
                let label = labels.iter().find(|(name, _)| *name == field).map(|(_, label)| *label)?;
                Some((label.to_owned(), format!("#f-{field}")))
            });
            view! {
                <div class="faults" role="alert" tabindex="-1" node_ref=summary>
                    <p class="faults__title">{title}</p>
                    <ul>{items}</ul>
                </div>
            }
        })
    }
}

/// Each fault in words; where `place` knows its field, with the label of that and a link to it.
pub fn fault_items(lang: Lang, faults: &Faults, place: impl Fn(&str) -> Option<(String, String)>) -> Vec<AnyView> {
    let item = |fault: &FieldFault| {
        let words = fault_words(lang, &fault.fault);
        match place(&fault.field) {
            Some((label, target)) => {
                let text = lang.pick(format!("{label}：{words}"), format!("{label}: {words}"));
                view! { <li><a href=target rel="external">{text}</a></li> }.into_any()
            }
            None => view! { <li>{words}</li> }.into_any(),
        }
    };
    faults.0.iter().map(item).collect()
}

/// The page for a path that leads nowhere: says so and shows ways on.
#[component]
pub fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    crate::request::status(http::StatusCode::NOT_FOUND);
    view! { <Missing /> }
}

/// The words of [`NotFound`], for a page that found out late.
#[component]
pub fn Missing() -> impl IntoView {
    let lang = use_lang();
    view! {
        <Head title=lang.pick("ページが見つかりません", "Page not found") index=false />
        <div class="empty">
            <h1>{lang.pick("ページが見つかりません", "Page not found")}</h1>
            <p>
                {lang.pick(
                    "お探しのページは、移動したか、なくなったか、アドレスが違うようです。",
                    "The page has moved, is gone, or the address has a typo.",
                )}
            </p>
            <SearchBox id="missing-q" />
            <p><a href=href("/")>{lang.pick("トップページへ", "To the home page")}</a></p>
        </div>
    }
}

/// Shown by the style sheet only when the wasm has died: the page still works without it.
#[component]
pub fn WasmBroken() -> impl IntoView {
    let lang = use_lang();
    view! {
        <div class="wasm-broken" role="status">
            {lang.pick(
                "ページの一部の機能が止まりました。お買い物はこのまま続けられます。",
                "A part of this page has stopped. You can go on shopping as before.",
            )}
        </div>
    }
}

/// Says so while the browser has no network; the pages need one.
#[component]
pub fn Offline() -> impl IntoView {
    let lang = use_lang();
    let offline = RwSignal::new(false);
    Effect::new(move |_| {
        let gone = window_event_listener_untyped("offline", move |_| offline.set(true));
        let back = window_event_listener_untyped("online", move |_| offline.set(false));
        on_cleanup(move || {
            gone.remove();
            back.remove();
        });
    });
    view! {
        <div class="offline" role="status">
            {move || {
                offline
                    .get()
                    .then(|| {
                        lang.pick(
                            "インターネットにつながっていません。入力した内容はこのまま残ります。つながってから、もう一度お試しください。",
                            "You are offline. What you typed stays here; please try again once you are connected.",
                        )
                    })
            }}
        </div>
    }
}
