//! Asking a signed-in person once more who they are, before a sensitive change.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use noren_domain::account::ProveForm;
use noren_domain::form::Faults;
use serde::{Deserialize, Serialize};

use super::code::CodeField;
use super::next_parameter;
use super::passkeys::{PasskeyProof, ProveWithPasskey};
use crate::form::{Form, Refusal, either_faults, use_faults};
use crate::lang::{href, use_lang};
use crate::ui::{FaultSummary, Field, FieldKind, Head, Load, SubmitButton};

/// What the page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProveData {
    form: Form<ProveForm>,
    /// Whether the person has a passkey to do it with.
    passkey: bool,
    /// Whether the code of an app is asked for as well.
    app: bool,
}

/// Loads the page.
#[server(endpoint = "account/prove-page", input = GetUrl)]
pub async fn load_prove(next: String) -> Result<Option<ProveData>, Refusal> {
    use noren_domain::account::LocalPath;
    let next = LocalPath::parse(&next);
    let who = super::inside::guard(next.as_ref().map_or("/account", LocalPath::as_str)).await?;
    let next = next.map(|path| path.as_str().to_owned()).unwrap_or_default();
    let form = crate::form::kept("prove").unwrap_or_else(|| Form::fresh(ProveForm { next, ..ProveForm::default() }));
    let passkeys = noren_shop::account::passkeys::list(&crate::request::shop(), &who).await;
    let passkeys = passkeys.map_err(|error| crate::request::failed(&error))?;
    let app = noren_shop::account::asks_for_app(&crate::request::shop(), &who).await;
    let app = app.map_err(|error| crate::request::failed(&error))?;
    Ok(Some(ProveData { form, passkey: passkeys.possible && !passkeys.passkeys.is_empty(), app }))
}

/// Notes that it is still the same person, and goes on to where they wanted to be.
#[server(endpoint = "account/prove")]
pub async fn prove(#[server(flatten)] form: ProveForm) -> Result<(), Refusal> {
    use noren_domain::account::LocalPath;
    use noren_domain::form::Fault;
    let next = LocalPath::parse(&form.next);
    let next = next.as_ref().map_or("/account", LocalPath::as_str);
    let who = super::inside::guard(next).await?;
    let kept = form.without_password();
    let typed = form.parse().map_err(|faults| crate::form::refuse("prove", &kept, faults))?;
    let (shop, device) = (crate::request::shop(), crate::request::device());
    match noren_shop::account::prove(&shop, &who, &typed, &device).await {
        Ok(token) => {
            crate::request::set_session_token(&token);
            crate::request::go(next);
            Ok(())
        }
        Err(error) => {
            let fault = super::inside::fault(&error);
            let field = if matches!(fault, Fault::AppCode | Fault::RecoveryCode) { "code" } else { "password" };
            Err(crate::form::refuse("prove", &kept, Faults::field(field, fault)))
        }
    }
}

/// Asks for the password once more.
#[component]
pub fn ProvePage() -> impl IntoView {
    let lang = use_lang();
    let next = next_parameter();
    view! {
        <Head title=lang.pick("ご本人の確認", "Confirm that it is you") index=false />
        <Load
            key=move || next.get()
            load=load_prove
            view=move |data: ProveData| view! { <ProveView data /> }
        />
    }
}

#[component]
fn ProveView(data: ProveData) -> impl IntoView {
    let lang = use_lang();
    let ProveData { form, passkey, app } = data;
    let action = ServerAction::<Prove>::new();
    let with_passkey = ServerAction::<ProveWithPasskey>::new();
    let faults = either_faults(use_faults(action, form.faults), use_faults(with_passkey, Faults::default()));
    let password = lang.pick("パスワード", "Password");
    let code = lang.pick("認証アプリのコード、または復旧コード", "Code of your app, or a recovery code");
    view! {
        <div class="door stack">
            <h1>{lang.pick("ご本人の確認", "Confirm that it is you")}</h1>
            <p>
                {lang.pick(
                    "大切な設定を変えるため、もう一度パスワードを入力してください。確認は10分間有効です。",
                    "You are about to change something important. Please enter your password once more; this is valid for 10 minutes.",
                )}
            </p>
            <FaultSummary faults labels=vec![("password", password), ("code", code)] />
            {passkey.then(|| view! { <PasskeyProof action=with_passkey next=form.values.next.clone() /> })}
            <ActionForm action=action>
                <div class="stack">
                    <input type="hidden" name="next" value=form.values.next />
                    <Field
                        name="password"
                        label=password
                        faults
                        kind=FieldKind::Password
                        autocomplete="current-password"
                        max=1024
                    />
                    {app.then(|| view! { <CodeField label=code faults value=form.values.code letters=true /> })}
                    <SubmitButton
                        label=lang.pick("確認する", "Confirm")
                        pending=action.pending()
                        class="button button--primary button--wide"
                    />
                </div>
            </ActionForm>
            <p class="door__other">
                <a href=href("/reset")>{lang.pick("パスワードをお忘れの方", "Forgot your password?")}</a>
            </p>
        </div>
    }
}
