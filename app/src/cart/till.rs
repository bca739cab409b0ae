//! How the cart page changes the cart: wishes are shown at once and sent one after the other.

use std::collections::BTreeMap;
use std::time::Duration;

use leptos::leptos_dom::helpers::{TimeoutHandle, set_timeout};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use noren_domain::cart::LineForm;
use noren_domain::form::Faults;

use super::wish::Wishes;
use super::{CartPageData, RemoveLine, SetQuantity, Units, load_cart, set_quantity};
use crate::form::Refusal;

/// A few presses of "+" are one change.
const PAUSE: Duration = Duration::from_millis(300);

/// The changes of a cart page, made and under way.
#[derive(Clone, Copy)]
pub struct Till {
    /// Changes the units of a line.
    pub set: ServerAction<SetQuantity>,
    /// Takes a line out.
    pub remove: ServerAction<RemoveLine>,
    /// What the lines will be.
    pub wishes: RwSignal<Wishes>,
    /// What waits to be sent: the quantity as typed, per SKU.
    unsent: StoredValue<BTreeMap<String, String>>,
    timer: StoredValue<Option<TimeoutHandle>>,
    /// Where the shopper goes once everything is sent and nothing was refused.
    way: StoredValue<Option<String>>,
    /// A line is being taken out: the focus goes to the heading, once more when the new page stands.
    pub leaving: StoredValue<bool>,
    /// The cart as it was last shown.
    last: StoredValue<Option<CartPageData>>,
}

impl Till {
    /// A till for the page that is being made.
    pub fn new() -> Self {
        let till = Self {
            set: ServerAction::new(),
            remove: ServerAction::new(),
            wishes: RwSignal::new(Wishes::new()),
            unsent: StoredValue::new(BTreeMap::new()),
            timer: StoredValue::new(None),
            way: StoredValue::new(None),
            leaving: StoredValue::new(false),
            last: StoredValue::new(None),
        };
        Effect::new(move |_| {
            if let Some(sent) = &*till.set.input().read() {
                till.forget(&sent.form.sku);
                if let Ok(quantity) = sent.form.quantity() {
                    till.show(&sent.form.sku, quantity);
                }
            }
        });
        Effect::new(move |_| {
            if let Some(sent) = &*till.remove.input().read() {
                till.forget(&sent.sku);
                till.show(&sent.sku, 0);
            }
        });
        let navigate = use_navigate();
        Effect::new(move |_| {
            till.set.version().track();
            till.send();
            if till.is_waiting() {
                return;
            }
            let way = till.way.try_update_value(Option::take).flatten();
            // A quantity that was refused is told here, so here they stay.
            if let Some(way) = way
                && till.set.value().with_untracked(|answer| !matches!(answer, Some(Err(_))))
            {
                navigate(&way, NavigateOptions { resolve: false, ..NavigateOptions::default() });
            }
        });
        #[cfg(feature = "hydrate")]
        {
            let leaving = window_event_listener_untyped("pagehide", move |_| till.send_by_beacon());
            on_cleanup(move || leaving.remove());
        }
        on_cleanup(move || till.close());
        till
    }

    /// What the page's data depends on.
    pub fn key(self) -> String {
        format!("{} {}", self.set.version().get(), self.remove.version().get())
    }

    /// Whether anything was changed on this page yet.
    pub fn used(self) -> bool {
        self.set.version().get_untracked() + self.remove.version().get_untracked() > 0
    }

    /// The cart as it stands. Where a change could not be made because the network is gone, the
    /// cart that was shown before is a better answer than none.
    pub async fn load(self) -> Result<Option<CartPageData>, Refusal> {
        match load_cart().await {
            Err(refusal @ (Refusal::Failed | Refusal::NoAnswer)) => match self.last.try_get_value().flatten() {
                Some(last) => Ok(Some(last)),
                None => Err(refusal),
            },
            answer => answer,
        }
    }

    /// The server has said how the cart stands: wishes that it has answered are over.
    pub fn settle(self, data: &CartPageData) {
        self.last.set_value(Some(data.clone()));
        let setting = self.set.input().with_untracked(|sent| sent.as_ref().map(|sent| sent.form.sku.clone()));
        let removing = self.remove.input().with_untracked(|sent| sent.as_ref().map(|sent| sent.sku.clone()));
        let open = |sku: &String| {
            self.unsent.with_value(|unsent| unsent.contains_key(sku))
                || setting.as_ref() == Some(sku)
                || removing.as_ref() == Some(sku)
        };
        if self.wishes.with_untracked(|wishes| wishes.keys().any(|sku| !open(sku))) {
            self.wishes.update(|wishes| wishes.retain(|sku, _| open(sku)));
        }
    }

    /// Wishes for `typed` units of a line: shown now, sent after a pause.
    pub fn wish(self, sku: &str, typed: String) {
        let form = LineForm { sku: sku.to_owned(), quantity: typed };
        if let Ok(quantity) = form.quantity() {
            self.show(&form.sku, quantity);
        }
        self.unsent.update_value(|unsent| {
            unsent.insert(form.sku, form.quantity);
        });
        self.stop_timer();
        self.timer.set_value(set_timeout(move || self.send(), PAUSE).ok());
    }

    /// What waits is sent now, or by other means.
    fn stop_timer(self) {
        if let Some(timer) = self.timer.try_get_value().flatten() {
            timer.clear();
        }
    }

    /// Shows `quantity` units of a line (0: the line is gone) until the server has answered.
    fn show(self, sku: &str, quantity: u32) {
        self.wishes.update(|wishes| {
            wishes.insert(sku.to_owned(), quantity);
        });
    }

    /// What waited for a line is sent by other means, or of no matter any more.
    fn forget(self, sku: &str) {
        self.unsent.update_value(|unsent| {
            unsent.remove(sku);
        });
    }

    /// Whether a change is under way or waits to be sent.
    fn is_waiting(self) -> bool {
        self.unsent.try_with_value(BTreeMap::is_empty) == Some(false) || self.set.pending().get_untracked()
    }

    /// The shopper wants to go on to `path`: at once if the server knows the cart, and else when it does.
    pub fn go_on(self, click: &leptos::ev::MouseEvent, path: &str) {
        let elsewhere = click.ctrl_key() || click.meta_key() || click.shift_key();
        if elsewhere || !self.is_waiting() {
            return;
        }
        click.prevent_default();
        self.way.set_value(Some(path.to_owned()));
        self.stop_timer();
        self.send();
    }

    /// The document goes away, and with it whatever would wait for an answer.
    #[cfg(feature = "hydrate")]
    fn send_by_beacon(self) {
        // What is under way is broken off with the document: it is sent once more, or what came after it.
        let under_way = self.set.input().with_untracked(|sent| sent.as_ref().map(|sent| sent.form.clone()));
        let mut changes: BTreeMap<String, String> =
            under_way.map(|form| (form.sku, form.quantity)).into_iter().collect();
        changes.extend(self.unsent.try_update_value(std::mem::take).unwrap_or_default());
        for (sku, quantity) in changes {
            let Ok(form) = leptos::web_sys::UrlSearchParams::new() else { return };
            form.append("sku", &sku);
            form.append("quantity", &quantity);
            let url = <SetQuantity as leptos::server_fn::ServerFn>::PATH;
            let _ = window().navigator().send_beacon_with_opt_url_search_params(url, Some(&form));
        }
    }

    /// The page is left: what still waits is sent without it.
    fn close(self) {
        self.stop_timer();
        let unsent = self.unsent.try_update_value(std::mem::take).unwrap_or_default();
        if !unsent.is_empty() {
            leptos::task::spawn_local(async move {
                for (sku, quantity) in unsent {
                    // Nobody is here to be told; the next page shows the cart as it is.
                    let _ = set_quantity(LineForm { sku, quantity }).await;
                }
            });
        }
    }

    /// Sends one change. The next one waits for its answer, so that none overtakes another.
    fn send(self) {
        // The page may be gone, and its action with it.
        if self.unsent.try_with_value(BTreeMap::is_empty) != Some(false) || self.set.pending().get_untracked() {
            return;
        }
        let next = self.unsent.try_update_value(BTreeMap::pop_first).flatten();
        if let Some((sku, quantity)) = next {
            self.set.dispatch(SetQuantity { form: LineForm { sku, quantity } });
        }
    }

    /// What was wrong: with the last change, or with the one before this page was made.
    pub fn faults(self, rendered: Faults) -> Signal<Faults> {
        Signal::derive(move || {
            let mut faults = match &*self.set.value().read() {
                Some(Err(refusal)) => refusal.faults(),
                Some(Ok(())) => Faults::default(),
                None if self.remove.version().get() > 0 => Faults::default(),
                None => rendered.clone(),
            };
            if let Some(Err(refusal)) = &*self.remove.value().read() {
                faults.0.extend(refusal.faults().0);
            }
            faults
        })
    }
}

/// Tells the header how many units there are, for as long as the page is shown.
pub fn tell_header(count: impl Fn() -> u32 + Send + Sync + 'static) {
    if let Some(Units(units)) = use_context::<Units>() {
        Effect::new(move |_| units.set(Some(count())));
        on_cleanup(move || {
            units.try_set(None);
        });
    }
}
