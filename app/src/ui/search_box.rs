//! The search field of every page. As plain HTML it is a GET form; once the wasm is awake it becomes
//! the combobox of the WAI-ARIA Authoring Practices: a list of suggestions, picked with the keys.

use std::time::Duration;

use leptos::ev::KeyboardEvent;
use leptos::html::Input;
use leptos::leptos_dom::helpers::{TimeoutHandle, set_timeout};
use leptos::prelude::*;
use noren_domain::Lang;
use noren_domain::catalogue::QUERY_MAX;

use super::{GetForm, renew};
use crate::catalogue::load_suggestions;
use crate::lang::{href, use_lang};

/// Nothing is asked of the server while somebody is still typing.
const PAUSE: Duration = Duration::from_millis(150);

/// What the list of suggestions knows.
#[derive(Clone, Copy)]
struct List {
    lang: Lang,
    input: NodeRef<Input>,
    words: RwSignal<Vec<String>>,
    /// The one that Enter takes.
    active: RwSignal<Option<usize>>,
    open: RwSignal<bool>,
    waiting: StoredValue<Option<TimeoutHandle>>,
    /// Counts up with every question and every end of one: an answer that comes late is dropped.
    turn: StoredValue<u32>,
}

impl List {
    fn new(lang: Lang) -> Self {
        Self {
            lang,
            input: NodeRef::new(),
            words: RwSignal::new(Vec::new()),
            active: RwSignal::new(None),
            open: RwSignal::new(false),
            waiting: StoredValue::new(None),
            turn: StoredValue::new(0),
        }
    }

    fn shown(self) -> bool {
        self.open.get() && !self.words.read().is_empty()
    }

    /// Asks for suggestions to `typed`, after a pause.
    fn ask(self, typed: String) {
        self.stop();
        let turn = self.turn.get_value();
        if typed.trim().is_empty() {
            self.close();
            return;
        }
        let fetch = move || {
            leptos::task::spawn_local(async move {
                let Ok(words) = load_suggestions(self.lang, typed).await else { return };
                if self.turn.try_get_value() == Some(turn) {
                    self.active.set(None);
                    self.words.set(words);
                    self.open.set(true);
                }
            });
        };
        self.waiting.set_value(set_timeout(fetch, PAUSE).ok());
    }

    fn stop(self) {
        self.turn.update_value(|turn| *turn = turn.wrapping_add(1));
        if let Some(timer) = self.waiting.get_value() {
            timer.clear();
        }
    }

    fn close(self) {
        self.stop();
        self.open.set(false);
        self.active.set(None);
    }

    /// Searches for a suggestion.
    fn choose(self, at: usize) {
        let words = self.words.with_untracked(|words| words.get(at).cloned());
        self.close();
        if let (Some(words), Some(input)) = (words, self.input.get_untracked()) {
            input.set_value(&words);
            if let Some(form) = input.form() {
                let _ = form.request_submit();
            }
        }
    }

    fn step(self, down: bool) {
        let count = self.words.read_untracked().len();
        if count == 0 {
            return;
        }
        self.open.set(true);
        self.active.update(|active| {
            *active = match (*active, down) {
                (None, true) => Some(0),
                (None, false) => Some(count - 1),
                // Past either end stands what was typed.
                (Some(at), true) => (at + 1 < count).then_some(at + 1),
                (Some(at), false) => at.checked_sub(1),
            };
        });
    }

    fn key(self, event: &KeyboardEvent) {
        // While a Japanese input method is composing, the keys are its own.
        if event.is_composing() {
            return;
        }
        match event.key().as_str() {
            "ArrowDown" => {
                event.prevent_default();
                self.step(true);
            }
            "ArrowUp" => {
                event.prevent_default();
                self.step(false);
            }
            "Enter" => match self.active.get_untracked().filter(|_| self.open.get_untracked()) {
                Some(at) => {
                    event.prevent_default();
                    self.choose(at);
                }
                None => self.close(),
            },
            "Escape" if self.open.get_untracked() => {
                event.prevent_default();
                self.close();
            }
            _ => {}
        }
    }
}

/// A search field with suggestions.
#[component]
pub fn SearchBox(
    /// Id of the field.
    id: &'static str,
    /// What stands in it at first.
    #[prop(into, optional)]
    query: String,
    /// Extra class of the form.
    #[prop(optional)]
    class: &'static str,
) -> impl IntoView {
    let lang = use_lang();
    let list = List::new(lang);
    renew(list.input, query.clone());
    // Without scripts it is no combobox, and does not say that it is one.
    let awake = RwSignal::new(false);
    Effect::new(move |_| awake.set(true));
    let list_id = format!("{id}-list");
    let option_id = move |at: usize| format!("{id}-option-{at}");
    let controls = list_id.clone();
    let options = move || {
        let options = list.words.get().into_iter().enumerate();
        options
            .map(|(at, words)| {
                view! {
                    <li
                        id=option_id(at)
                        class="search-box__option"
                        role="option"
                        aria-selected=move || if list.active.get() == Some(at) { "true" } else { "false" }
                        on:mousedown=move |event| event.prevent_default()
                        on:click=move |_| list.choose(at)
                    >
                        {words}
                    </li>
                }
            })
            .collect_view()
    };
    let heard = move || {
        list.shown().then(|| match (lang, list.words.read().len()) {
            (Lang::Ja, n) => format!("候補が{n}件あります。上下の矢印キーで選べます。"),
            (Lang::En, 1) => "1 suggestion. Use the arrow keys to pick it.".to_owned(),
            (Lang::En, n) => format!("{n} suggestions. Use the arrow keys to pick one."),
        })
    };
    view! {
        <GetForm action=href("/search") attr:class=format!("search-box {class}") attr:role="search">
            <label class="visually-hidden" for=id>{lang.pick("商品をさがす", "Search the shop")}</label>
            <input
                id=id
                node_ref=list.input
                type="search"
                name="q"
                value=query
                maxlength=QUERY_MAX.to_string()
                autocomplete="off"
                enterkeyhint="search"
                placeholder=lang.pick("商品をさがす", "Search the shop")
                role=move || awake.get().then_some("combobox")
                aria-autocomplete=move || awake.get().then_some("list")
                aria-controls=move || awake.get().then(|| controls.clone())
                aria-expanded=move || awake.get().then(|| if list.shown() { "true" } else { "false" })
                aria-activedescendant=move || list.active.get().filter(|_| list.shown()).map(option_id)
                on:input=move |event| list.ask(event_target_value(&event))
                on:keydown=move |event| list.key(&event)
                on:blur=move |_| list.close()
            />
            <button class="search-box__button button button--quiet" on:click=move |_| list.close()>
                <span class="icon icon--search" aria-hidden="true"></span>
                <span class="visually-hidden">{lang.pick("検索", "Search")}</span>
            </button>
            <ul
                id=list_id
                class="search-box__list"
                role="listbox"
                aria-label=lang.pick("検索の候補", "Suggestions")
                hidden=move || !list.shown()
            >
                {options}
            </ul>
            <p class="visually-hidden" role="status">{heard}</p>
        </GetForm>
    }
}
