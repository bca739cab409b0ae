//! Login.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use noren_domain::account::LoginForm;
use noren_domain::form::Faults;
use serde::{Deserialize, Serialize};

use super::passkeys::{PasskeySignIn, SignInWithPasskey};
use super::{next_parameter, with_next};
use crate::form::{Form, Refusal, either_faults, use_faults};
use crate::lang::{href, use_lang};
use crate::ui::{FaultSummary, Field, FieldKind, Head, Load, SubmitButton};

/// What the login page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginData {
    form: Form<LoginForm>,
    /// Addresses and password of the demo accounts; none outside development.
    demo: Option<(Vec<String>, String)>,
    /// Whether the shop has an address that passkeys can be for.
    passkeys: bool,
}

/// Loads the login page.
#[server(endpoint = "account/login-page", input = GetUrl)]
pub async fn load_login(next: String) -> Result<Option<LoginData>, Refusal> {
    use noren_domain::account::LocalPath;
    use noren_shop::account::{DEMO_PASSWORD, demo_addresses};
    let next = LocalPath::parse(&next);
    if crate::request::signed_in().await?.is_some() {
        crate::request::go(next.as_ref().map_or("/account", LocalPath::as_str));
    }
    let fresh =
        LoginForm { next: next.map(|path| path.as_str().to_owned()).unwrap_or_default(), ..LoginForm::default() };
    let form = crate::form::kept("login").unwrap_or_else(|| Form::fresh(fresh));
    let shop = crate::request::shop();
    let demo = demo_addresses(&shop);
    let demo = (!demo.is_empty()).then(|| (demo, DEMO_PASSWORD.to_owned()));
    Ok(Some(LoginData { form, demo, passkeys: noren_shop::account::passkeys::possible(&shop) }))
}

/// Signs in.
#[server(endpoint = "account/login")]
pub async fn log_in(#[server(flatten)] form: LoginForm) -> Result<(), Refusal> {
    use super::inside::{fault, let_in};
    use noren_shop::account::Opening;
    let kept = form.without_password();
    let asked = form.parse().map_err(|faults| crate::form::refuse("login", &kept, faults))?;
    let (shop, lang, device) = (crate::request::shop(), crate::request::lang(), crate::request::device());
    let old = crate::request::session_token();
    match noren_shop::account::login(&shop, &asked, lang, &device, old.as_ref()).await {
        Ok(Opening::In(entered)) => {
            let_in(&entered, asked.next).await;
            Ok(())
        }
        Ok(Opening::Asked(pending)) => {
            super::inside::ask(&pending, asked.next);
            Ok(())
        }
        Err(error) => Err(crate::form::refuse("login", &kept, Faults::of(fault(&error)))),
    }
}

/// Login.
#[component]
pub fn LoginPage() -> impl IntoView {
    let lang = use_lang();
    let next = next_parameter();
    view! {
        <Head title=lang.pick("ログイン", "Sign in") index=false />
        <Load
            key=move || next.get()
            load=load_login
            view=move |data: LoginData| view! { <Login data /> }
        />
    }
}

#[component]
fn Login(data: LoginData) -> impl IntoView {
    let lang = use_lang();
    let action = ServerAction::<LogIn>::new();
    let with_passkey = ServerAction::<SignInWithPasskey>::new();
    let faults = either_faults(use_faults(action, data.form.faults), use_faults(with_passkey, Faults::default()));
    let (email, password) = (lang.pick("メールアドレス", "E-mail address"), lang.pick("パスワード", "Password"));
    let values = data.form.values;
    let register = with_next("/register", &values.next);
    let next = values.next.clone();
    let (reset, mail_code) = (href("/reset"), with_next("/login/code", &values.next));
    view! {
        <div class="door stack">
            <h1>{lang.pick("ログイン", "Sign in")}</h1>
            <FaultSummary faults labels=vec![("email", email), ("password", password)] />
            {data.demo.map(|(addresses, password)| view! { <Demo addresses password /> })}
            <ActionForm action=action>
                <div class="stack">
                    <input type="hidden" name="next" value=values.next />
                    <Field
                        name="email"
                        label=email
                        faults
                        value=values.email
                        kind=FieldKind::Email
                        autocomplete="username webauthn"
                        max=254
                    />
                    <Field
                        name="password"
                        label=password
                        faults
                        kind=FieldKind::Password
                        autocomplete="current-password"
                        max=1024
                    />
                    <SubmitButton
                        label=lang.pick("ログインする", "Sign in")
                        pending=action.pending()
                        class="button button--primary button--wide"
                    />
                </div>
            </ActionForm>
            {data.passkeys.then(|| view! { <PasskeySignIn action=with_passkey next /> })}
            <ul class="door__ways">
                <li><a href=reset>{lang.pick("パスワードをお忘れの方", "Forgot your password?")}</a></li>
                <li><a href=mail_code>{lang.pick("パスワードを使わず、メールのコードでログインする", "Sign in with a code by mail instead")}</a></li>
            </ul>
            <p class="muted small">
                {lang.pick(
                    "登録せずにご注文いただいた方は、ご注文の控えのメールにあるリンクから、ご注文の状況をご覧いただけます。",
                    "If you ordered as a guest, the link in the mail that confirmed your order shows where it stands.",
                )}
            </p>
            <p class="door__other">
                {lang.pick("はじめてのお客様は、", "New here? ")} <a href=register>{lang.pick("新規登録", "Create an account")}</a>
                {lang.pick("へお進みください。登録しなくてもお買い物いただけます。", ". You can also buy without one.")}
            </p>
        </div>
    }
}

/// The demo accounts, in development only.
#[component]
fn Demo(addresses: Vec<String>, password: String) -> impl IntoView {
    let lang = use_lang();
    let addresses = addresses.into_iter().map(|address| view! { <li><code>{address}</code></li> }).collect_view();
    view! {
        <div class="door__demo">
            <p>{lang.pick("お試し用のアカウント（開発環境だけに表示されます）", "Accounts to try (shown in development only)")}</p>
            <ul>{addresses}</ul>
            <p>{lang.pick("パスワード: ", "Password: ")} <code>{password}</code></p>
        </div>
    }
}
