//! The code from the mail.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use noren_domain::account::VerifyForm;
use serde::{Deserialize, Serialize};

use super::code::{CheckMail, CodeField, NoCodeAwaited, code_label};
use super::{next_parameter, with_next};
use crate::form::{Form, Refusal, use_faults};
use crate::lang::use_lang;
use crate::ui::{Head, Load, SubmitButton};

/// What the page for the code shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyData {
    form: Form<VerifyForm>,
    /// Whether this browser has asked for a code.
    waiting: bool,
    /// Development: the mail lies in the mailbox page.
    development: bool,
}

/// Loads the page for the code.
#[server(endpoint = "account/verify-page", input = GetUrl)]
pub async fn load_verify(next: String) -> Result<Option<VerifyData>, Refusal> {
    use noren_domain::account::LocalPath;
    let waiting = crate::request::pending_token().is_some();
    if !waiting && crate::request::signed_in().await?.is_some() {
        crate::request::go("/account");
    }
    let next = LocalPath::parse(&next).map(|path| path.as_str().to_owned()).unwrap_or_default();
    let form = crate::form::kept("verify").unwrap_or_else(|| Form::fresh(VerifyForm { next, ..VerifyForm::default() }));
    Ok(Some(VerifyData { form, waiting, development: crate::request::shop().development }))
}

/// Opens the account if the code is right.
#[server(endpoint = "account/verify")]
pub async fn verify(#[server(flatten)] form: VerifyForm) -> Result<(), Refusal> {
    use super::inside::{fault, let_in};
    use noren_domain::account::LocalPath;
    use noren_domain::form::{Fault, Faults};
    let typed = form.parse().map_err(|faults| crate::form::refuse("verify", &form, faults))?;
    let Some(pending) = crate::request::pending_token() else {
        return Err(crate::form::refuse("verify", &form, Faults::field("code", Fault::CodeOver)));
    };
    let (shop, device, old) = (crate::request::shop(), crate::request::device(), crate::request::session_token());
    match noren_shop::account::verify(&shop, &pending, &typed, &device, old.as_ref()).await {
        Ok(entered) => {
            crate::request::clear_pending_token();
            let_in(&entered, LocalPath::parse(&form.next)).await;
            Ok(())
        }
        Err(error) => Err(crate::form::refuse("verify", &form, Faults::field("code", fault(&error)))),
    }
}

/// The code from the mail.
#[component]
pub fn VerifyPage() -> impl IntoView {
    let lang = use_lang();
    let next = next_parameter();
    view! {
        <Head title=lang.pick("メールアドレスの確認", "Confirm your e-mail address") index=false />
        <Load key=move || next.get() load=load_verify view=move |data: VerifyData| view! { <VerifyView data /> } />
    }
}

#[component]
fn VerifyView(data: VerifyData) -> impl IntoView {
    let lang = use_lang();
    let action = ServerAction::<Verify>::new();
    let faults = use_faults(action, data.form.faults);
    let code = code_label(lang);
    let values = data.form.values;
    let again = with_next("/register", &values.next);
    if !data.waiting {
        return view! {
            <NoCodeAwaited
                title=lang.pick("メールをご確認ください", "Please check your mail")
                words=lang.pick(
                    "このブラウザーでは、確認コードを待っている登録がありません。お手数ですが、はじめからお手続きください。",
                    "This browser is not waiting for a code. Please start the registration again.",
                )
                href=again
                label=lang.pick("新規登録へ", "Create an account")
            />
        }
        .into_any();
    }
    view! {
        <CheckMail
            words=lang.pick(
                "入力されたメールアドレスにメールをお送りしました。メールにある8桁の確認コードを入力してください。コードは10分間、5回まで試せます。",
                "We have sent a mail to the address you entered. Please type in the eight-digit code you find in it. It is good for 10 minutes and five tries.",
            )
            development=data.development
            faults
            labels=vec![("code", code)]
            again
        >
            <ActionForm action=action>
                <div class="stack">
                    <input type="hidden" name="next" value=values.next />
                    <CodeField label=code faults value=values.code />
                    <SubmitButton
                        label=lang.pick("登録を完了する", "Finish")
                        pending=action.pending()
                        class="button button--primary button--wide"
                    />
                </div>
            </ActionForm>
        </CheckMail>
    }
    .into_any()
}
