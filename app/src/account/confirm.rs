//! Signing in with a code from a mail: after a password, in a browser not seen before, or instead of one.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use noren_domain::account::{AskedFor, MailCodeForm, VerifyForm};
use noren_domain::form::Faults;
use serde::{Deserialize, Serialize};

use super::code::{AskMailbox, CodeField, MailboxNote, NoCodeAwaited, code_label};
use super::passkeys::{PasskeySignIn, SignInWithPasskey};
use super::{next_parameter, with_next};
use crate::form::{Form, Refusal, either_faults, use_faults};
use crate::lang::use_lang;
use crate::legal::MAIL;
use crate::ui::{FaultSummary, Head, Load, SubmitButton};

/// What the page for the code shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmData {
    form: Form<VerifyForm>,
    /// What this browser's sign-in waits for; `None`: it waits for nothing any more.
    waiting: Option<AskedFor>,
    /// A new password waits for the code as well.
    sets_password: bool,
    /// Development: the mail lies in the mailbox page.
    development: bool,
    /// Whether the shop has an address that passkeys can be for.
    passkeys: bool,
}

/// Loads the page that asks for the code.
#[server(endpoint = "account/confirm-page", input = GetUrl)]
pub async fn load_confirm(next: String) -> Result<Option<ConfirmData>, Refusal> {
    use noren_domain::account::LocalPath;
    use noren_shop::account::challenge::{Kind, sets_password, waiting};
    let shop = crate::request::shop();
    let next = LocalPath::parse(&next);
    let (waiting, sets_password) = match crate::request::challenge_token() {
        Some(token) => (
            waiting(&shop, &token, Kind::SignIn).await.map_err(|e| crate::request::failed(&e))?,
            sets_password(&shop, &token).await.map_err(|e| crate::request::failed(&e))?,
        ),
        None => (None, false),
    };
    if waiting.is_none() && crate::request::signed_in().await?.is_some() {
        crate::request::go(next.as_ref().map_or("/account", LocalPath::as_str));
    }
    let next = next.map(|path| path.as_str().to_owned()).unwrap_or_default();
    let form =
        crate::form::kept("confirm").unwrap_or_else(|| Form::fresh(VerifyForm { next, ..VerifyForm::default() }));
    let passkeys = noren_shop::account::passkeys::possible(&shop);
    Ok(Some(ConfirmData { form, waiting, sets_password, development: shop.development, passkeys }))
}

/// Signs in if the code is right.
#[server(endpoint = "account/confirm")]
pub async fn confirm(#[server(flatten)] form: VerifyForm) -> Result<(), Refusal> {
    use super::inside::{fault, let_in};
    use noren_domain::account::LocalPath;
    use noren_domain::form::Fault;
    use noren_shop::account::Opening;
    use noren_shop::account::challenge::{Kind, sets_password, waiting};
    let refuse = |faults| crate::form::refuse("confirm", &form.without_code(), faults);
    let Some(pending) = crate::request::challenge_token() else {
        form.parse_step(AskedFor::Mail).map_err(refuse)?;
        return Err(refuse(Faults::field("code", Fault::CodeOver)));
    };
    let (shop, lang, device) = (crate::request::shop(), crate::request::lang(), crate::request::device());
    let asked = waiting(&shop, &pending, Kind::SignIn).await.map_err(|e| crate::request::failed(&e))?;
    let typed = form.parse_step(asked.unwrap_or_default()).map_err(refuse)?;
    let sets_password = sets_password(&shop, &pending).await.map_err(|e| crate::request::failed(&e))?;
    let old = crate::request::session_token();
    let next = LocalPath::parse(&form.next);
    match noren_shop::account::confirm(&shop, &pending, &typed, lang, &device, old.as_ref()).await {
        Ok(Opening::In(entered)) => {
            if sets_password {
                super::done::say(entered.customer, super::done::Done::PasswordSet);
            }
            let_in(&entered, next).await;
            Ok(())
        }
        Ok(Opening::Asked(pending)) => {
            super::inside::ask(&pending, next);
            Ok(())
        }
        Err(error) => Err(refuse(Faults::field("code", fault(&error)))),
    }
}

/// Loads the page that asks for the address.
#[server(endpoint = "account/mail-code-page", input = GetUrl)]
pub async fn load_mail_code(next: String) -> Result<Option<Form<MailCodeForm>>, Refusal> {
    use noren_domain::account::LocalPath;
    let next = LocalPath::parse(&next).map(|path| path.as_str().to_owned()).unwrap_or_default();
    let fresh = MailCodeForm { next, ..MailCodeForm::default() };
    Ok(Some(crate::form::kept("mail-code").unwrap_or_else(|| Form::fresh(fresh))))
}

/// Sends a code to sign in with; the answer is the same for every address.
#[server(endpoint = "account/mail-code")]
pub async fn mail_code(#[server(flatten)] form: MailCodeForm) -> Result<(), Refusal> {
    use noren_domain::account::LocalPath;
    use noren_shop::account::challenge::{Kind, ask_mailbox};
    let email = form.parse().map_err(|faults| crate::form::refuse("mail-code", &form, faults))?;
    let (shop, lang, device) = (crate::request::shop(), crate::request::lang(), crate::request::device());
    match ask_mailbox(&shop, Kind::SignIn, &email, lang, &device).await {
        Ok(pending) => {
            crate::request::set_challenge_token(&pending);
            let next = LocalPath::parse(&form.next);
            crate::request::go(&next.map_or_else(|| "/login/confirm".to_owned(), |path| path.after("/login/confirm")));
            Ok(())
        }
        Err(error) => Err(crate::form::refuse("mail-code", &form, Faults::of(super::inside::fault(&error)))),
    }
}

/// The code that a sign-in waits for.
#[component]
pub fn ConfirmSignInPage() -> impl IntoView {
    let lang = use_lang();
    let next = next_parameter();
    view! {
        <Head title=lang.pick("ログインの確認", "Confirm your sign-in") index=false />
        <Load key=move || next.get() load=load_confirm view=move |data: ConfirmData| view! { <ConfirmView data /> } />
    }
}

#[component]
fn ConfirmView(data: ConfirmData) -> impl IntoView {
    let lang = use_lang();
    let action = ServerAction::<Confirm>::new();
    let with_passkey = ServerAction::<SignInWithPasskey>::new();
    let faults = either_faults(use_faults(action, data.form.faults), use_faults(with_passkey, Faults::default()));
    let values = data.form.values;
    let next = values.next.clone();
    let again = with_next("/login", &values.next);
    let Some(asked) = data.waiting else {
        return view! {
            <NoCodeAwaited
                title=lang.pick("ログインの確認", "Confirm your sign-in")
                words=lang.pick(
                    "確認コードの有効期限が切れたか、入力の回数が上限に達しました。お手数ですが、もう一度ログインしてください。",
                    "The code has expired, or was tried too often. Please sign in again.",
                )
                href=again
                label=lang.pick("ログインへ", "Sign in")
            />
        }
        .into_any();
    };
    let by_mail = asked == AskedFor::Mail;
    let code = if by_mail {
        code_label(lang)
    } else {
        lang.pick("認証アプリのコード、または復旧コード", "Code of your app, or a recovery code")
    };
    let (title, what, hint) = if by_mail {
        (
            lang.pick("メールをご確認ください", "Please check your mail"),
            lang.pick(
                "ご本人であることを確かめるため、メールをお送りしました。メールにある8桁の確認コードを入力してください。コードは10分間、5回まで試せます。",
                "To be sure that it is you, we have sent you a mail. Please type in the eight-digit code you find in it. It is good for 10 minutes and five tries.",
            ),
            lang.pick(
                "この端末では、通常、次回からはコードをお尋ねしません。90日間お使いにならなかったとき、パスワードを変えたとき、この端末の確認を取り消したときは、もう一度お尋ねします。ほかの方も使うパソコンでは、「ログアウト」だけでは確認済みのまま残りますので、「アカウントの安全」のページの「ログアウトして、この端末の確認も取り消す」からログアウトしてください。",
                "As a rule we will not ask for a code on this device again. We do after 90 days without use, after a new password, and once this device was forgotten, here or from another one. On a computer that others use too, “Sign out” alone leaves it recognised: use “Sign out and forget this device” on the page “Account security” instead.",
            ),
        )
    } else {
        (
            lang.pick("認証アプリをご確認ください", "Please look at your authenticator app"),
            lang.pick(
                "認証アプリに表示されている6桁のコードを入力してください。10分間、5回まで試せます。",
                "Please type in the six digits that your authenticator app shows. You have 10 minutes and five tries.",
            ),
            lang.pick(
                "アプリをお使いになれないときは、復旧コードを1つ入力してください。",
                "If you do not have the app at hand, type in one of your recovery codes instead.",
            ),
        )
    };
    let hint = view! { <p class="muted small">{hint}</p> };
    // What comes of the device is long, and the code does not need it: on a phone it would push the field off the screen.
    let (before, after) = if by_mail { (None, Some(hint)) } else { (Some(hint), None) };
    view! {
        <div class="door stack">
            <h1>{title}</h1>
            <p>{what}</p>
            {before}
            {data
                .sets_password
                .then(|| {
                    view! {
                        <p class="note note--info">
                            {lang.pick(
                                "新しいパスワードは、このコードを確認したあとで有効になります。それまでは、何も変わりません。",
                                "Your new password counts once this code is confirmed. Until then nothing changes.",
                            )}
                        </p>
                    }
                })}
            {by_mail.then(|| view! { <MailboxNote development=data.development /> })}
            <FaultSummary faults labels=vec![("code", code)] />
            <ActionForm action=action>
                <div class="stack">
                    <input type="hidden" name="next" value=values.next />
                    <CodeField label=code faults value=String::new() letters=!by_mail />
                    <SubmitButton
                        label=lang.pick("ログインする", "Sign in")
                        pending=action.pending()
                        class="button button--primary button--wide"
                    />
                </div>
            </ActionForm>
            {after}
            {(!by_mail)
                .then(|| {
                    view! {
                        <p class="muted small">
                            {lang.pick(
                                "アプリも復旧コードもお使いになれないときは、アカウントのメールアドレスから、",
                                "Have you neither the app nor a recovery code? Write to us from the address of your account: ",
                            )} <a href=format!("mailto:{MAIL}") rel="external">{MAIL}</a>
                            {lang.pick("までご連絡ください。ご本人と確かめたうえで、早くて3日後に解除いたします。", ". Once we are sure that it is you, we remove the app, after three days at the earliest.")}
                        </p>
                    }
                })}
            // A passkey is both factors: it takes the place of the code.
            {(data.passkeys && !data.sets_password).then(|| view! { <PasskeySignIn action=with_passkey next /> })}
            <p class="door__other">
                {by_mail
                    .then(|| {
                        lang.pick(
                            "メールが届かないときは、迷惑メールのフォルダーをご確認ください。",
                            "No mail? Please look into your spam folder. ",
                        )
                    })} <a href=again>{lang.pick("はじめからログインしなおす", "Sign in from the start")}</a>
            </p>
        </div>
    }
    .into_any()
}

/// Asks for the address that a code is to be sent to.
#[component]
pub fn MailCodePage() -> impl IntoView {
    let lang = use_lang();
    let next = next_parameter();
    view! {
        <Head title=lang.pick("メールのコードでログイン", "Sign in with a code by mail") index=false />
        <Load
            key=move || next.get()
            load=load_mail_code
            view={move |form: Form<MailCodeForm>| view! { <MailCodeView form /> }}
        />
    }
}

#[component]
fn MailCodeView(form: Form<MailCodeForm>) -> impl IntoView {
    let lang = use_lang();
    let action = ServerAction::<MailCode>::new();
    let login = with_next("/login", &form.values.next);
    view! {
        <AskMailbox
            title=lang.pick("メールのコードでログイン", "Sign in with a code by mail")
            words=lang.pick(
                "ご登録のメールアドレスに、8桁の確認コードをお送りします。パスワードは要りません。",
                "We will send an eight-digit code to the address of your account. No password is needed.",
            )
            values=form.values
            faults=use_faults(action, form.faults)
            pending=action.pending()
            form=Box::new(move |fields| view! { <ActionForm action=action>{fields}</ActionForm> }.into_any())
        >
            <a href=login>{lang.pick("パスワードでログインする", "Sign in with your password")}</a>
        </AskMailbox>
    }
}
