//! The page behind a link of a mail. Opening it changes nothing, for programs that look at mails open links too; its
//! one button does what the link is for.

use leptos::prelude::*;
use noren_domain::form::Faults;

use super::{FaultSummary, SubmitButton};

/// What stands behind a link that is good.
#[component]
pub fn OneButton(
    /// What it is about.
    title: &'static str,
    /// What the button does.
    words: &'static str,
    /// The button.
    label: &'static str,
    /// The token of the link.
    token: String,
    /// The faults of the form.
    faults: Signal<Faults>,
    /// Whether the form is under way.
    #[prop(into)]
    pending: Signal<bool>,
    /// The form around these fields.
    form: Box<dyn FnOnce(AnyView) -> AnyView>,
) -> impl IntoView {
    let fields = view! {
        <input type="hidden" name="token" value=token />
        <SubmitButton label pending class="button button--primary button--wide" />
    };
    view! {
        <div class="door stack">
            <h1>{title}</h1>
            <p>{words}</p>
            <FaultSummary faults labels=vec![] />
            {form(fields.into_any())}
        </div>
    }
}
