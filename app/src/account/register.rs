//! Registration.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use noren_domain::account::RegisterForm;

use super::password::NewPasswordField;
use super::{next_parameter, with_next};
use crate::form::{Form, Refusal, use_faults};
use crate::lang::{href, use_lang};
use crate::ui::{FaultSummary, Field, FieldKind, Head, Load, SubmitButton};

/// Loads the registration page.
#[server(endpoint = "account/register-page", input = GetUrl)]
pub async fn load_register(next: String) -> Result<Option<Form<RegisterForm>>, Refusal> {
    use noren_domain::account::LocalPath;
    if crate::request::signed_in().await?.is_some() {
        crate::request::go("/account");
    }
    let next = LocalPath::parse(&next).map(|path| path.as_str().to_owned()).unwrap_or_default();
    let fresh = RegisterForm { next, ..RegisterForm::default() };
    Ok(Some(crate::form::kept("register").unwrap_or_else(|| Form::fresh(fresh))))
}

/// Starts a registration: a code goes out by mail, and the answer is the same for every address.
#[server(endpoint = "account/register")]
pub async fn register(#[server(flatten)] form: RegisterForm) -> Result<(), Refusal> {
    use noren_domain::account::LocalPath;
    let kept = form.without_password();
    let wanted = form.parse().map_err(|faults| crate::form::refuse("register", &kept, faults))?;
    let (shop, lang, device) = (crate::request::shop(), crate::request::lang(), crate::request::device());
    match noren_shop::account::register(&shop, &wanted, lang, &device).await {
        Ok(pending) => {
            crate::request::set_pending_token(&pending);
            let next = LocalPath::parse(&form.next);
            crate::request::go(&next.map_or_else(|| "/verify".to_owned(), |path| path.after("/verify")));
            Ok(())
        }
        Err(error) => Err(crate::form::refuse("register", &kept, super::inside::fault_at("", &error))),
    }
}

/// Registration.
#[component]
pub fn RegisterPage() -> impl IntoView {
    let lang = use_lang();
    let next = next_parameter();
    view! {
        <Head title=lang.pick("新規登録", "Create an account") index=false />
        <Load
            key=move || next.get()
            load=load_register
            view={move |form: Form<RegisterForm>| view! { <RegisterView form /> }}
        />
    }
}

#[component]
fn RegisterView(form: Form<RegisterForm>) -> impl IntoView {
    let lang = use_lang();
    let action = ServerAction::<Register>::new();
    let faults = use_faults(action, form.faults);
    let (email, password) = (lang.pick("メールアドレス", "E-mail address"), lang.pick("パスワード", "Password"));
    let values = form.values;
    let login = with_next("/login", &values.next);
    view! {
        <div class="door stack">
            <h1>{lang.pick("新規登録", "Create an account")}</h1>
            <p>
                {lang.pick(
                    "メールアドレスに8桁の確認コードをお送りします。次の画面でコードを入力すると、登録が完了します。",
                    "We will send an eight-digit code to your e-mail address. Type it into the next page to finish.",
                )}
            </p>
            <FaultSummary faults labels=vec![("email", email), ("password", password)] />
            <ActionForm action=action>
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
                    <NewPasswordField label=password faults />
                    <SubmitButton
                        label=lang.pick("確認コードを送る", "Send me the code")
                        pending=action.pending()
                        class="button button--primary button--wide"
                    />
                </div>
            </ActionForm>
            <p class="muted small">
                {lang.pick("お預かりする情報の扱いは、", "How we treat your data is set out in our ")}
                <a href=href("/legal/privacy")>{lang.pick("プライバシーポリシー", "privacy policy")}</a>
                {lang.pick("をご覧ください。", ".")}
            </p>
            <p class="door__other">
                {lang.pick("すでに登録がお済みの方は、", "Already registered? ")} <a href=login>{lang.pick("ログイン", "Sign in")}</a>
                {lang.pick("へお進みください。", ".")}
            </p>
        </div>
    }
}
