//! The pages that take a change of the address back, for people who may not be able to sign in any more.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_router::hooks::use_params_map;
use noren_domain::account::{EmailBackForm, EmailLink, RemovedFactors};
use noren_domain::form::Faults;

use super::super::removed::Removed;
use crate::form::{Form, Refusal, use_faults};
use crate::lang::{href, use_lang};
use crate::legal::MAIL;
use crate::ui::{FaultSummary, Field, FieldKind, Head, Load, OneButton, SubmitButton};

/// What the link in a mail does now. Looking changes nothing.
#[server(endpoint = "account/email-link", input = GetUrl)]
pub async fn load_email_link(token: String) -> Result<Option<EmailLink>, Refusal> {
    use noren_shop::token::Token;
    let Some(token) = Token::parse(&token) else { return Ok(Some(EmailLink::Void)) };
    let link = noren_shop::account::email_change::link(&crate::request::shop(), &token).await;
    link.map(Some).map_err(|e| crate::request::failed(&e))
}

/// Takes the change back that the link belongs to.
#[server(endpoint = "account/email-take-back")]
pub async fn take_back_email(token: String) -> Result<(), Refusal> {
    use noren_domain::form::Fault;
    use noren_shop::account::email_change::{TakenBack, take_back};
    use noren_shop::token::Token;
    let Some(token) = Token::parse(&token) else { return Err(Fault::NotFound.into()) };
    match take_back(&crate::request::shop(), &token, &crate::request::device()).await {
        Ok(TakenBack::Stopped(removed)) => done("/account/email/stopped", removed),
        Ok(TakenBack::PutBack(removed)) => done("/account/email/returned", removed),
        Err(error) => {
            // The page shows how it stands.
            crate::request::back();
            return Err(super::super::inside::fault(&error).into());
        }
    }
    Ok(())
}

/// Goes to the page that says what was done, and which factors went.
#[cfg(feature = "ssr")]
fn done(page: &str, removed: RemovedFactors) {
    super::super::removed::keep(removed);
    crate::request::go(page);
}

/// Which factors went with what was taken back just now, once.
#[server(endpoint = "account/email-done", input = GetUrl)]
pub async fn load_email_done() -> Result<Option<RemovedFactors>, Refusal> {
    Ok(Some(super::super::removed::kept()))
}

/// Loads the page for the address of before and a recovery code.
#[server(endpoint = "account/email-back-page", input = GetUrl)]
pub async fn load_email_back() -> Result<Option<Form<EmailBackForm>>, Refusal> {
    Ok(Some(crate::form::kept("email-back").unwrap_or_default()))
}

/// Puts the address of before back; the answer is the same for one that was nobody's.
#[server(endpoint = "account/email-back")]
pub async fn put_email_back(#[server(flatten)] form: EmailBackForm) -> Result<(), Refusal> {
    use noren_domain::form::Fault;
    let kept = form.without_code();
    let (old, code) = form.parse().map_err(|faults| crate::form::refuse("email-back", &kept, faults))?;
    let (shop, device) = (crate::request::shop(), crate::request::device());
    match noren_shop::account::email_change::take_back_with_paper(&shop, &old, &code, &device).await {
        Ok(removed) => {
            done("/account/email/returned", removed);
            Ok(())
        }
        Err(error) => {
            let fault = super::super::inside::fault(&error);
            let field = if fault == Fault::RecoveryCode { "recovery" } else { "" };
            Err(crate::form::refuse("email-back", &kept, Faults::field(field, fault)))
        }
    }
}

/// The button behind the link in a mail to the old mailbox.
#[component]
pub fn EmailLinkPage() -> impl IntoView {
    let lang = use_lang();
    let params = use_params_map();
    let token = move || params.read().get("token").unwrap_or_default();
    view! {
        <Head title=lang.pick("メールアドレスの変更の取り消し", "Undo an e-mail change") index=false />
        <Load key=token load=load_email_link view=move |link: EmailLink| view! { <LinkView token=token() link /> } />
    }
}

#[component]
fn LinkView(token: String, link: EmailLink) -> impl IntoView {
    let lang = use_lang();
    let action = ServerAction::<TakeBackEmail>::new();
    let (title, words, label) = match link {
        EmailLink::Void => return view! { <Void /> }.into_any(),
        EmailLink::Stops => (
            lang.pick("メールアドレスの変更を止める", "Stop the change of the address"),
            lang.pick(
                "アカウントのメールアドレスは、まだ変わっていません。お心当たりがない場合は、ボタンを押してください。変更を止め、すべての端末をログアウトし、パスワードを使えなくします。変更の手続きの3日前以降に追加されたパスキー、認証アプリ、復旧コードは取り除きます。そのあと、新しいパスワードの設定をお願いします。",
                "The e-mail address of the account has not been changed yet. If you did not ask for it, press the button: it stops the change, signs all devices out, ends the password, and removes passkeys, apps and recovery codes that were added in the three days before it was asked for, or since. After that, please set a new password.",
            ),
            lang.pick("変更を止める", "Stop the change"),
        ),
        EmailLink::PutsBack => (
            lang.pick("元のメールアドレスに戻す", "Put the earlier address back"),
            lang.pick(
                "アカウントのメールアドレスが変更されました。お心当たりがない場合は、ボタンを押してください。元のアドレスに戻し、すべての端末をログアウトします。変更の手続きの3日前以降に追加されたパスキー、認証アプリ、復旧コードは取り除きます。そのあと、新しいパスワードの設定をお願いします。",
                "The e-mail address of the account was changed. If that was not you, press the button: it puts the earlier address back, signs all devices out, and removes passkeys, apps and recovery codes that were added in the three days before the change was asked for, or since. After that, please set a new password.",
            ),
            lang.pick("元のアドレスに戻す", "Put the address back"),
        ),
    };
    view! {
        <OneButton
            title
            words
            label
            token
            faults=use_faults(action, Faults::default())
            pending=action.pending()
            form=Box::new(move |fields| view! { <ActionForm action=action>{fields}</ActionForm> }.into_any())
        />
    }
    .into_any()
}

/// A link that is not good (any more).
#[component]
fn Void() -> impl IntoView {
    let lang = use_lang();
    view! {
        <div class="door stack">
            <h1>{lang.pick("メールアドレスの変更の取り消し", "Undo an e-mail change")}</h1>
            <p>
                {lang.pick(
                    "このリンクは期限が切れているか、すでに使われたか、正しくありません。アカウントにお心当たりのない変更がある場合は、次のアドレスへご連絡ください。",
                    "This link has expired, was already used, or is not valid. If your account was changed and you did not do it, please write to us:",
                )}
                " " <a href=format!("mailto:{MAIL}")>{MAIL}</a>
            </p>
            <p><a class="button" href=href("/account/security")>{lang.pick("アカウントの安全へ", "To account security")}</a></p>
        </div>
    }
}

/// Puts an address back with a recovery code.
#[component]
pub fn EmailBackPage() -> impl IntoView {
    let lang = use_lang();
    view! {
        <Head title=lang.pick("元のメールアドレスに戻す", "Restore your earlier e-mail address") index=false />
        <Load
            key=String::new
            load=|_| load_email_back()
            view={move |form: Form<EmailBackForm>| view! { <BackView form /> }}
        />
    }
}

#[component]
fn BackView(form: Form<EmailBackForm>) -> impl IntoView {
    let lang = use_lang();
    let action = ServerAction::<PutEmailBack>::new();
    let faults = use_faults(action, form.faults);
    let email = lang.pick("変更前のメールアドレス", "The earlier e-mail address");
    let code = lang.pick("復旧コード", "Recovery code");
    view! {
        <div class="door stack">
            <h1>{lang.pick("元のメールアドレスに戻す", "Restore your earlier e-mail address")}</h1>
            <p>
                {lang.pick(
                    "メールボックスが安全でないとして、復旧コードを使ってアドレスを変更した場合は、変更から7日の間、変更の手続きより前に作った復旧コードで元に戻せます。すべての端末がログアウトし、パスワードは設定しなおしになります。",
                    "If the address was changed with a recovery code because the old mailbox was not safe, it can be put back for seven days, with a recovery code from before that change. All devices are signed out, and a new password must be set.",
                )}
            </p>
            <FaultSummary faults labels=vec![("email", email), ("recovery", code)] />
            <ActionForm action=action>
                <div class="stack">
                    <Field
                        name="email"
                        label=email
                        faults
                        value=form.values.email
                        kind=FieldKind::Email
                        autocomplete="email"
                        max=254
                    />
                    <Field name="recovery" label=code faults autocomplete="off" max=60 />
                    <SubmitButton
                        label=lang.pick("元のアドレスに戻す", "Put the address back")
                        pending=action.pending()
                        class="button button--primary button--wide"
                    />
                </div>
            </ActionForm>
        </div>
    }
}

/// After one of the buttons.
#[component]
pub fn EmailDonePage(
    /// Whether the old address was put back; else a change was stopped.
    returned: bool,
) -> impl IntoView {
    let lang = use_lang();
    let (title, words) = if returned {
        (
            lang.pick("元のアドレスに戻しました", "The earlier address is back"),
            lang.pick(
                "すべての端末をログアウトし、それまでのパスワードは使えなくしました。続けて、新しいパスワードを設定してください。ログインしたあとは、「アカウントの安全」のページで、見覚えのないパスキーがないかご確認ください。",
                "All devices were signed out, and the old password no longer works. Please set a new one now. Once you are in, look at the page “Account security” for passkeys that are not yours.",
            ),
        )
    } else {
        (
            lang.pick("変更を止めました", "The change was stopped"),
            lang.pick(
                "メールアドレスは変わりません。すべての端末をログアウトし、それまでのパスワードは使えなくしました。続けて、新しいパスワードを設定してください。",
                "The address stays as it is. All devices were signed out, and the old password no longer works. Please set a new one now.",
            ),
        )
    };
    view! {
        <Head title index=false />
        <Load
            key=String::new
            load=|_| load_email_done()
            view=move |removed: RemovedFactors| view! { <Done title words removed /> }
        />
    }
}

#[component]
fn Done(title: &'static str, words: &'static str, removed: RemovedFactors) -> impl IntoView {
    let lang = use_lang();
    view! {
        <div class="door stack">
            <h1>{title}</h1>
            <p role="status">{words}</p>
            <Removed removed signed_in=false />
            <p>
                <a class="button button--primary" href=href("/reset")>
                    {lang.pick("新しいパスワードを設定する", "Set a new password")}
                </a>
            </p>
        </div>
    }
}
