//! A new password for somebody who is signed in, and the field that every new password is typed into.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use noren_domain::account::PasswordForm;
use noren_domain::form::Faults;
use noren_domain::moment;

use crate::form::{Refusal, use_faults};
use crate::lang::{href, use_lang};
use crate::ui::{FaultSummary, Field, FieldKind, Head, Load, Note, NoteKind, SubmitButton};

const PAGE: &str = "/account/security/password";
/// Says once, on the page that one is led to, that the password is another one now.
#[cfg(feature = "ssr")]
const PARCEL: &str = "password-changed";

/// Whether the password was changed a moment ago: true once.
#[cfg(feature = "ssr")]
pub(super) fn just_changed() -> bool {
    crate::request::take_parcel(PARCEL).is_some()
}

/// The input for a new password, with the rule below.
#[component]
pub fn NewPasswordField(
    /// The label above.
    label: &'static str,
    /// The faults of the form.
    faults: Signal<Faults>,
) -> impl IntoView {
    let lang = use_lang();
    view! {
        <Field
            name="password"
            label
            faults
            kind=FieldKind::Password
            autocomplete="new-password"
            hint=lang.pick(
                "12文字以上。文字の種類は自由です。いくつかの言葉をつなげた、長いものがおすすめです。",
                "At least 12 characters of any kind. Several words in a row work well.",
            )
            max=1024
        />
    }
}

/// On the security page, once: that the password was changed.
#[component]
pub fn PasswordChanged() -> impl IntoView {
    let lang = use_lang();
    view! {
        <Note kind=NoteKind::Done>
            <p>
                {lang.pick(
                    "パスワードを変更しました。ほかの端末はログアウトしました。",
                    "Your password was changed. All other devices were signed out.",
                )}
            </p>
        </Note>
    }
}

/// On the security page: when the password was last set, and the way to another one.
#[component]
pub fn PasswordSection(
    /// UTC ms.
    changed_at: i64,
) -> impl IntoView {
    let lang = use_lang();
    view! {
        <section class="stack" aria-labelledby="password">
            <h2 id="password">{lang.pick("パスワード", "Password")}</h2>
            <p>
                {lang.pick("最後に設定した日: ", "Last set on ")}
                <time datetime=moment::machine(changed_at)>{moment::date(changed_at, lang)}</time>
            </p>
            <p><a class="button button--quiet" href=href(PAGE)>{lang.pick("パスワードを変更する", "Change the password")}</a></p>
        </section>
    }
}

/// Loads the page: what was wrong when the form was last sent.
#[server(endpoint = "account/password-page", input = GetUrl)]
pub async fn load_password() -> Result<Option<Faults>, Refusal> {
    super::inside::guard_recent(PAGE).await?;
    Ok(Some(crate::form::kept::<PasswordForm>("password").unwrap_or_default().faults))
}

/// Sets a new password. Every other device is signed out.
#[server(endpoint = "account/change-password")]
pub async fn change_password(#[server(flatten)] form: PasswordForm) -> Result<(), Refusal> {
    let who = super::inside::guard_recent(PAGE).await?;
    let kept = PasswordForm::default();
    let wanted = form.parse().map_err(|faults| crate::form::refuse("password", &kept, faults))?;
    let (shop, device) = (crate::request::shop(), crate::request::device());
    match noren_shop::account::change_password(&shop, &who, &wanted, &device).await {
        Ok(entered) => {
            crate::request::set_session_token(&entered.token);
            crate::request::set_device_token(&entered.device);
            crate::request::put_parcel(PARCEL, b"1");
            crate::request::go("/account/security");
            Ok(())
        }
        Err(error) => {
            Err(crate::form::refuse("password", &kept, Faults::field("password", super::inside::fault(&error))))
        }
    }
}

/// A new password.
#[component]
pub fn PasswordPage() -> impl IntoView {
    let lang = use_lang();
    view! {
        <Head title=lang.pick("パスワードの変更", "Change your password") index=false />
        <Load
            key=String::new
            load=|_| load_password()
            view=move |rendered: Faults| view! { <PasswordView rendered /> }
        />
    }
}

#[component]
fn PasswordView(rendered: Faults) -> impl IntoView {
    let lang = use_lang();
    let action = ServerAction::<ChangePassword>::new();
    let faults = use_faults(action, rendered);
    let password = lang.pick("新しいパスワード", "New password");
    view! {
        <div class="door stack">
            <p class="small"><a href=href("/account/security")>{lang.pick("アカウントの安全", "Account security")}</a></p>
            <h1>{lang.pick("パスワードの変更", "Change your password")}</h1>
            <p>
                {lang.pick(
                    "変更すると、この端末のほかはすべてログアウトします。",
                    "All devices but this one will be signed out.",
                )}
            </p>
            <FaultSummary faults labels=vec![("password", password)] />
            <ActionForm action=action>
                <div class="stack">
                    <NewPasswordField label=password faults />
                    <SubmitButton
                        label=lang.pick("パスワードを変更する", "Change the password")
                        pending=action.pending()
                        class="button button--primary button--wide"
                    />
                </div>
            </ActionForm>
        </div>
    }
}
