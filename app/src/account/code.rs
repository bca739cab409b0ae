//! What every page has that asks for a code from a mail.

use leptos::prelude::*;
use noren_domain::Lang;
use noren_domain::account::MailCodeForm;
use noren_domain::form::Faults;

use crate::lang::use_lang;
use crate::ui::{FaultSummary, Field, FieldKind, SubmitButton};

/// A page that asks for the address of the account, to send a code there.
#[component]
pub fn AskMailbox(
    /// What the code is for.
    title: &'static str,
    /// How it goes on.
    words: &'static str,
    /// What stands in the form.
    values: MailCodeForm,
    /// The faults of the form.
    faults: Signal<Faults>,
    /// Whether the form is under way.
    #[prop(into)]
    pending: Signal<bool>,
    /// The form around these fields.
    form: Box<dyn FnOnce(AnyView) -> AnyView>,
    /// The way to somewhere else.
    children: Children,
) -> impl IntoView {
    let lang = use_lang();
    let email = lang.pick("メールアドレス", "E-mail address");
    let fields = view! {
        <div class="stack">
            <input type="hidden" name="next" value=values.next />
            <Field
                name="email"
                label=email
                faults
                value=values.email
                kind=FieldKind::Email
                autocomplete="username"
                max=254
            />
            <SubmitButton
                label=lang.pick("確認コードを送る", "Send me the code")
                pending
                class="button button--primary button--wide"
            />
        </div>
    };
    view! {
        <div class="door stack">
            <h1>{title}</h1>
            <p>{words}</p>
            <FaultSummary faults labels=vec![("email", email)] />
            {form(fields.into_any())}
            <p class="door__other">{children()}</p>
        </div>
    }
}

/// What the code from a mail is called above its input.
pub fn code_label(lang: Lang) -> &'static str {
    lang.pick("確認コード（8桁）", "Eight-digit code")
}

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

/// A page that waits for the code from a mail: what it is about, the form, and the way to another mail.
#[component]
pub fn CheckMail(
    /// Where the mail went, and how long its code is good.
    words: &'static str,
    /// Whether this is development.
    development: bool,
    /// The faults of the form.
    faults: Signal<Faults>,
    /// The names of the form's fields with their labels.
    labels: Vec<(&'static str, &'static str)>,
    /// Where another mail is asked for.
    #[prop(into)]
    again: String,
    /// The form.
    children: Children,
) -> impl IntoView {
    let lang = use_lang();
    view! {
        <div class="door stack">
            <h1>{lang.pick("メールをご確認ください", "Please check your mail")}</h1>
            <p>{words}</p>
            <MailboxNote development />
            <FaultSummary faults labels />
            {children()}
            <p class="door__other">
                {lang.pick("メールが届かないときは、迷惑メールのフォルダーをご確認のうえ、", "No mail? Please look into your spam folder, or ")}
                <a href=again>{lang.pick("もう一度お手続きください", "start again")}</a>
                {lang.pick("。", ".")}
            </p>
        </div>
    }
}

/// The same page once it waits for no code any more.
#[component]
pub fn NoCodeAwaited(
    /// What the code was for.
    title: &'static str,
    /// Why it is so, and how it goes on.
    words: &'static str,
    /// Where it goes on.
    #[prop(into)]
    href: String,
    /// The button that leads there.
    label: &'static str,
) -> impl IntoView {
    view! {
        <div class="door stack">
            <h1>{title}</h1>
            <p>{words}</p>
            <p><a class="button button--primary" href=href>{label}</a></p>
        </div>
    }
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
