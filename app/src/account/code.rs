//! What every page has that asks for a code from a mail.

use leptos::prelude::*;
use noren_domain::form::Faults;

use crate::lang::use_lang;
use crate::ui::{Field, FieldKind};

/// The input for the code.
#[component]
pub fn CodeField(
    /// The label above.
    label: &'static str,
    /// The faults of the form.
    faults: Signal<Faults>,
    /// What stands in it at first.
    #[prop(into)]
    value: String,
    /// A recovery code does as well, which has letters.
    #[prop(optional)]
    letters: bool,
) -> impl IntoView {
    let kind = if letters { FieldKind::Text } else { FieldKind::Digits };
    view! { <Field name="code" label faults value kind autocomplete="one-time-code" max=40 /> }
}

/// In development, where the mails are.
#[component]
pub fn MailboxNote(
    /// Whether this is development.
    development: bool,
) -> impl IntoView {
    let lang = use_lang();
    development.then(|| {
        view! {
            <p class="note note--info">
                {lang.pick("開発環境: メールは", "Development: mails arrive in the ")}
                <a href="/dev/mailbox" rel="external">{lang.pick("開発用の受信箱", "development mailbox")}</a>
                {lang.pick("に届きます。", ".")}
            </p>
        }
    })
}
