//! A new password for somebody who has forgotten theirs: the address, then the code from the mail.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use noren_domain::account::{MailCodeForm, ResetForm};
use serde::{Deserialize, Serialize};

use super::code::{AskMailbox, CheckMail, CodeField, NoCodeAwaited, code_label};
use super::password::NewPasswordField;
use crate::form::{Form, Refusal, use_faults};
use crate::lang::{href, use_lang};
use crate::ui::{Head, Load, SubmitButton};

/// Loads the page that asks for the address.
#[server(endpoint = "account/reset-page", input = GetUrl)]
pub async fn load_reset() -> Result<Option<Form<MailCodeForm>>, Refusal> {
    Ok(Some(crate::form::kept("reset").unwrap_or_default()))
}

/// Sends the code that a new password is set with; the answer is the same for every address.
#[server(endpoint = "account/reset")]
pub async fn ask_reset(#[server(flatten)] form: MailCodeForm) -> Result<(), Refusal> {
    use noren_domain::form::Faults;
    use noren_shop::account::challenge::{Kind, ask_mailbox};
    let email = form.parse().map_err(|faults| crate::form::refuse("reset", &form, faults))?;
    let (shop, lang, device) = (crate::request::shop(), crate::request::lang(), crate::request::device());
    match ask_mailbox(&shop, Kind::Reset, &email, lang, &device).await {
        Ok(pending) => {
            crate::request::set_challenge_token(&pending);
            crate::request::go("/reset/code");
            Ok(())
        }
        Err(error) => Err(crate::form::refuse("reset", &form, Faults::of(super::inside::fault(&error)))),
    }
}

/// What the page for the code and the new password shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetData {
    form: Form<ResetForm>,
    /// Whether this browser's new password still waits for a code.
    waiting: bool,
    /// Development: the mail lies in the mailbox page.
    development: bool,
}

/// Loads the page for the code and the new password.
#[server(endpoint = "account/reset-code-page", input = GetUrl)]
pub async fn load_reset_code() -> Result<Option<ResetData>, Refusal> {
    use noren_shop::account::challenge::{Kind, waiting};
    let shop = crate::request::shop();
    let waiting = match crate::request::challenge_token() {
        Some(token) => waiting(&shop, &token, Kind::Reset).await.map_err(|e| crate::request::failed(&e))?.is_some(),
        None => false,
    };
    let form = crate::form::kept("reset-code").unwrap_or_default();
    Ok(Some(ResetData { form, waiting, development: shop.development }))
}

/// Sets the new password if the code is right, and signs in.
#[server(endpoint = "account/reset-code")]
pub async fn reset(#[server(flatten)] form: ResetForm) -> Result<(), Refusal> {
    use super::inside::{fault_at, let_in};
    use noren_domain::form::{Fault, Faults};
    use noren_shop::account::Opening;
    let kept = form.without_password();
    let asked = form.parse().map_err(|faults| crate::form::refuse("reset-code", &kept, faults))?;
    let Some(pending) = crate::request::challenge_token() else {
        return Err(crate::form::refuse("reset-code", &kept, Faults::field("code", Fault::CodeOver)));
    };
    let (shop, lang, device) = (crate::request::shop(), crate::request::lang(), crate::request::device());
    let old = crate::request::session_token();
    match noren_shop::account::reset_password(&shop, &pending, &asked, lang, &device, old.as_ref()).await {
        Ok(Opening::In(entered)) => {
            super::done::say(entered.customer, super::done::Done::PasswordSet);
            let_in(&entered, None).await;
            Ok(())
        }
        Ok(Opening::Asked(pending)) => {
            super::inside::ask(&pending, None);
            Ok(())
        }
        Err(error) => Err(crate::form::refuse("reset-code", &kept, fault_at("code", &error))),
    }
}

/// Asks for the address of the account.
#[component]
pub fn ResetPage() -> impl IntoView {
    let lang = use_lang();
    view! {
        <Head title=lang.pick("パスワードの再設定", "Set a new password") index=false />
        <Load key=String::new load=|_| load_reset() view={move |form: Form<MailCodeForm>| view! { <ResetView form /> }} />
    }
}

#[component]
fn ResetView(form: Form<MailCodeForm>) -> impl IntoView {
    let lang = use_lang();
    let action = ServerAction::<AskReset>::new();
    view! {
        <AskMailbox
            title=lang.pick("パスワードの再設定", "Set a new password")
            words=lang.pick(
                "ご登録のメールアドレスに、8桁の確認コードをお送りします。次の画面でコードと新しいパスワードを入力してください。",
                "We will send an eight-digit code to the address of your account. On the next page you type it in, with your new password.",
            )
            values=form.values
            faults=use_faults(action, form.faults)
            pending=action.pending()
            form=Box::new(move |fields| view! { <ActionForm action=action>{fields}</ActionForm> }.into_any())
        >
            <a href=href("/login")>{lang.pick("ログインへ戻る", "Back to sign-in")}</a>
        </AskMailbox>
    }
}

/// Asks for the code and the new password.
#[component]
pub fn ResetCodePage() -> impl IntoView {
    let lang = use_lang();
    view! {
        <Head title=lang.pick("新しいパスワード", "Your new password") index=false />
        <Load
            key=String::new
            load=|_| load_reset_code()
            view=move |data: ResetData| view! { <ResetCodeView data /> }
        />
    }
}

#[component]
fn ResetCodeView(data: ResetData) -> impl IntoView {
    let lang = use_lang();
    let action = ServerAction::<Reset>::new();
    let faults = use_faults(action, data.form.faults);
    let code = code_label(lang);
    let password = lang.pick("新しいパスワード", "New password");
    if !data.waiting {
        return view! {
            <NoCodeAwaited
                title=lang.pick("新しいパスワード", "Your new password")
                words=lang.pick(
                    "確認コードの有効期限が切れたか、入力の回数が上限に達しました。お手数ですが、はじめからお手続きください。",
                    "The code has expired, or was tried too often. Please start again.",
                )
                href=href("/reset")
                label=lang.pick("確認コードを送りなおす", "Send me another code")
            />
        }
        .into_any();
    }
    view! {
        <CheckMail
            words=lang.pick(
                "入力されたメールアドレスにメールをお送りしました。メールにある8桁の確認コードと、新しいパスワードを入力してください。コードは10分間、5回まで試せます。",
                "We have sent a mail to the address you entered. Please type in the eight-digit code you find in it, and your new password. The code is good for 10 minutes and five tries.",
            )
            development=data.development
            faults
            labels=vec![("code", code), ("password", password)]
            again=href("/reset")
        >
            <ActionForm action=action>
                <div class="stack">
                    <CodeField label=code faults value=data.form.values.code />
                    <NewPasswordField label=password faults />
                    <SubmitButton
                        label=lang.pick("パスワードを設定してログインする", "Set the password and sign in")
                        pending=action.pending()
                        class="button button--primary button--wide"
                    />
                </div>
            </ActionForm>
            <p class="muted small">
                {lang.pick(
                    "設定すると、それまでにログインしていた端末は、すべてログアウトします。この3日のうちに設定された認証アプリ、パスキー、復旧コードがあれば、取り除かれます。",
                    "All devices that are signed in now will be signed out. An authenticator app, passkeys and recovery codes that were set up in the last three days, if there are any, will be removed.",
                )}
            </p>
        </CheckMail>
    }
    .into_any()
}
