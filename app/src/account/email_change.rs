//! The address of the account: the page that changes it, its section of the security page, and the way back.

mod back;
mod section;

pub use back::{EmailBackPage, EmailDonePage, EmailLinkPage};
pub(super) use section::{EmailBanner, EmailSection};

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use noren_domain::Lang;
use noren_domain::account::{EmailCodeForm, EmailForm, EmailStep, EmailView, PendingEmail};
use noren_domain::form::Faults;
use serde::{Deserialize, Serialize};

use self::section::{StopForm, back_words, pending_words};
use super::code::{CodeField, MailboxNote, code_label};
use crate::form::{Form, Refusal, either_faults, use_faults};
use crate::lang::{href, use_lang};
use crate::ui::{FaultSummary, Field, FieldKind, Head, Load, Note, NoteKind, SubmitButton};

const PAGE: &str = "/account/security/email";
/// Says once, on the page after it, that the address was changed.
#[cfg(feature = "ssr")]
const CHANGED: &str = "email-changed";

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailData {
    email: EmailView,
    form: Form<EmailForm>,
    code: Form<EmailCodeForm>,
    /// The address has just been changed here.
    changed: bool,
    /// How many recovery codes are left.
    recovery: u32,
    /// Development: the mail lies in the mailbox page.
    development: bool,
}

/// Loads the page.
#[server(endpoint = "account/email-page", input = GetUrl)]
pub async fn load_email() -> Result<Option<EmailData>, Refusal> {
    let who = super::inside::guard_recent(PAGE).await?;
    let shop = crate::request::shop();
    let email = noren_shop::account::email_change::view(&shop, who.who()).await;
    let Some(email) = email.map_err(|e| crate::request::failed(&e))? else { return Ok(None) };
    let left = async {
        let mut conn = shop.db.read().await?;
        noren_shop::account::recovery::left(&mut conn, who.customer()).await
    };
    let recovery = left.await.map_err(|e| crate::request::failed(&e))?;
    let form = crate::form::kept("email").unwrap_or_default();
    let code = crate::form::kept("email-code").unwrap_or_default();
    let changed = crate::request::take_parcel(CHANGED).is_some();
    Ok(Some(EmailData { email, form, code, changed, recovery, development: shop.development }))
}

/// Asks for another address; the answer is the same whosever it is.
#[server(endpoint = "account/email-ask")]
pub async fn ask_email(#[server(flatten)] form: EmailForm) -> Result<(), Refusal> {
    use noren_domain::form::Fault;
    let who = super::inside::guard_recent(PAGE).await?;
    let kept = form.without_code();
    let wanted = form.parse().map_err(|faults| crate::form::refuse("email", &kept, faults))?;
    let (shop, lang, device) = (crate::request::shop(), crate::request::lang(), crate::request::device());
    match noren_shop::account::email_change::ask(&shop, &who, &wanted, lang, &device).await {
        Ok(()) => {
            crate::request::go(PAGE);
            Ok(())
        }
        Err(error) => {
            let fault = super::inside::fault(&error);
            let field = match fault {
                Fault::SameEmail => "email",
                Fault::RecoveryCode => "recovery",
                _ => "",
            };
            Err(crate::form::refuse("email", &kept, Faults::field(field, fault)))
        }
    }
}

/// Tries the code of the mailbox that is asked; the last right one changes the address.
#[server(endpoint = "account/email-confirm")]
pub async fn confirm_email(#[server(flatten)] form: EmailCodeForm) -> Result<(), Refusal> {
    use noren_domain::form::Fault;
    use noren_shop::account::email_change::Confirmed;
    let who = super::inside::guard_recent(PAGE).await?;
    let typed = form.parse().map_err(|faults| crate::form::refuse("email-code", &form, faults))?;
    let (shop, device) = (crate::request::shop(), crate::request::device());
    match noren_shop::account::email_change::confirm(&shop, &who, &typed, &device).await {
        Ok(Confirmed::OldCode) => crate::request::go(PAGE),
        Ok(Confirmed::Changed(entered)) => {
            crate::request::set_session_token(&entered.token);
            crate::request::set_device_token(&entered.device);
            crate::request::put_parcel(CHANGED, b"1");
            crate::request::go(PAGE);
        }
        Err(error) => {
            let fault = super::inside::fault(&error);
            let field = if matches!(fault, Fault::Code | Fault::CodeOver) { "code" } else { "" };
            // What has gone has no field any more, and the page shows how it stands.
            let kept = if fault == Fault::Changed { "email" } else { "email-code" };
            return Err(crate::form::refuse(kept, &EmailCodeForm::default(), Faults::field(field, fault)));
        }
    }
    Ok(())
}

/// Sends another code to the mailbox that is asked.
#[server(endpoint = "account/email-resend")]
pub async fn resend_email() -> Result<(), Refusal> {
    let who = super::inside::guard_recent(PAGE).await?;
    let sent = noren_shop::account::email_change::resend(&crate::request::shop(), &who).await;
    done(sent)
}

/// The old mailbox cannot be read any more: three days take its place.
#[server(endpoint = "account/email-wait")]
pub async fn wait_email() -> Result<(), Refusal> {
    let who = super::inside::guard_recent(PAGE).await?;
    let waits = noren_shop::account::email_change::wait(&crate::request::shop(), &who).await;
    done(waits)
}

#[cfg(feature = "ssr")]
fn done(result: Result<(), noren_shop::account::DoorError>) -> Result<(), Refusal> {
    match result {
        Ok(()) => {
            crate::request::go(PAGE);
            Ok(())
        }
        Err(error) => {
            let faults = Faults::of(super::inside::fault(&error));
            Err(crate::form::refuse("email-code", &EmailCodeForm::default(), faults))
        }
    }
}

/// Gives up the change under way. It asks for no fresh proof: to stop is always safe.
#[server(endpoint = "account/email-stop")]
pub async fn stop_email() -> Result<(), Refusal> {
    let who = super::inside::guard("/account/security").await?;
    let stopped = noren_shop::account::email_change::stop(&crate::request::shop(), &who).await;
    if stopped.map_err(|e| crate::request::failed(&e))? {
        super::done::say(who.customer, super::done::Done::EmailStopped);
    }
    crate::request::go("/account/security");
    Ok(())
}

/// Another address.
#[component]
pub fn EmailPage() -> impl IntoView {
    let lang = use_lang();
    let acts = Acts {
        ask: ServerAction::new(),
        confirm: ServerAction::new(),
        resend: ServerAction::new(),
        wait: ServerAction::new(),
        stop: ServerAction::new(),
    };
    let key = move || {
        let versions = [
            acts.ask.version(),
            acts.confirm.version(),
            acts.resend.version(),
            acts.wait.version(),
            acts.stop.version(),
        ];
        versions.map(|version| version.get().to_string()).join(" ")
    };
    view! {
        <Head title=lang.pick("メールアドレスの変更", "Change your e-mail address") index=false />
        <Load key load=|_| load_email() view=move |data: EmailData| view! { <EmailBody data acts /> } />
    }
}

#[derive(Clone, Copy)]
struct Acts {
    ask: ServerAction<AskEmail>,
    confirm: ServerAction<ConfirmEmail>,
    resend: ServerAction<ResendEmail>,
    wait: ServerAction<WaitEmail>,
    stop: ServerAction<StopEmail>,
}

#[component]
fn EmailBody(data: EmailData, acts: Acts) -> impl IntoView {
    let lang = use_lang();
    let EmailData { email, form, code, changed, recovery, development } = data;
    let EmailView { address, pending, back, .. } = email;
    let asked = use_faults(acts.ask, form.faults);
    let typed = use_faults(acts.confirm, code.faults);
    let others = either_faults(
        use_faults(acts.stop, Faults::default()),
        either_faults(use_faults(acts.resend, Faults::default()), use_faults(acts.wait, Faults::default())),
    );
    let faults = either_faults(either_faults(asked, typed), others);
    let labels = vec![
        ("email", lang.pick("新しいメールアドレス", "New e-mail address")),
        ("recovery", lang.pick("復旧コード", "Recovery code")),
        ("code", code_label(lang)),
    ];
    let body = match pending {
        None if changed => view! {
            <p>
                <a class="button" href=href("/account/security")>
                    {lang.pick("アカウントの安全へ戻る", "Back to account security")}
                </a>
            </p>
        }
        .into_any(),
        None => view! { <AskView values=form.values faults=asked recovery action=acts.ask /> }.into_any(),
        Some(pending) if pending.step == EmailStep::Waiting => view! {
            <Note kind=NoteKind::Warning>
                <p>{pending_words(&pending)}</p>
            </Note>
            <StopForm stop=acts.stop />
        }
        .into_any(),
        Some(pending) => view! { <CodeView pending faults=typed acts development /> }.into_any(),
    };
    view! {
        <div class="door stack">
            <p class="small"><a href=href("/account/security")>{lang.pick("アカウントの安全", "Account security")}</a></p>
            <h1>
                {match lang {
                    Lang::Ja => "メールアドレスの変更".into_any(),
                    // Browsers break a line behind a hyphen.
                    Lang::En => view! { "Change your " <span class="nowrap">"e-mail"</span> " address" }.into_any(),
                }}
            </h1>
            <p>
                {lang.pick("現在のアドレス: ", "Your address now: ")}
                <strong class="email-address">{address.unwrap_or_else(|| lang.pick("表示できません", "cannot be shown").to_owned())}</strong>
            </p>
            {changed.then(|| view! {
                <Note kind=NoteKind::Done>
                    <p>
                        {lang.pick(
                            "メールアドレスを変更しました。ほかの端末はログアウトしました。",
                            "Your e-mail address was changed. All other devices were signed out.",
                        )}
                    </p>
                </Note>
            })}
            {back.map(|back| view! { <p class="muted">{back_words(back.until, back.paper)}</p> })}
            <FaultSummary faults labels />
            {body}
        </div>
    }
}

#[component]
fn AskView(values: EmailForm, faults: Signal<Faults>, recovery: u32, action: ServerAction<AskEmail>) -> impl IntoView {
    let lang = use_lang();
    let old_unsafe = if recovery > 0 {
        view! { <OldUnsafe ticked=!values.old_unsafe.is_empty() last=recovery == 1 faults /> }.into_any()
    } else {
        view! {
            <p class="muted small">
                {lang.pick(
                    "現在のメールをほかの人に読まれているおそれがあるときは、現在のアドレスの代わりに復旧コードを使えます。作ってから3日たった復旧コードが必要です。",
                    "If somebody else may read your current mail, a recovery code can take its place. It must be three days old. ",
                )}
                <a href=href("/account/security/recovery")>{lang.pick("復旧コードを作る", "Make recovery codes")}</a>
            </p>
        }
        .into_any()
    };
    view! {
        <p>
            {lang.pick(
                "新しいアドレスに確認コードをお送りします。3日以上前からお使いの認証アプリのコードで、この10分のうちにご本人と確認できていなければ、そのあと現在のアドレスにもお送りします。変更すると、この端末のほかはすべてログアウトします。",
                "We send a code to the new address, and then one to the present address as well, unless you have used an authenticator app for three days or more and have given its code in the last ten minutes. All devices but this one will be signed out.",
            )}
        </p>
        <ActionForm action=action>
            <div class="stack">
                <Field
                    name="email"
                    label=lang.pick("新しいメールアドレス", "New e-mail address")
                    faults
                    value=values.email
                    kind=FieldKind::Email
                    autocomplete="email"
                    max=254
                />
                {old_unsafe}
                <SubmitButton
                    label=lang.pick("確認コードを送る", "Send me the code")
                    pending=action.pending()
                    class="button button--primary button--wide"
                />
            </div>
        </ActionForm>
        <p class="muted small">
            {lang.pick(
                "すでにお受けしたご注文のお届けとご連絡先は変わりません。お便りをご希望の方には、新しいアドレスであらためてお伺いします。",
                "Orders that you have placed keep their delivery and their address. If you get our newsletter, we will ask you once more at the new address.",
            )}
        </p>
    }
}

/// The old mailbox is told nothing, and a recovery code takes its place.
#[component]
fn OldUnsafe(ticked: bool, last: bool, faults: Signal<Faults>) -> impl IntoView {
    let lang = use_lang();
    let last = last.then(|| {
        view! {
            <Note kind=NoteKind::Warning>
                <p>
                    {lang.pick(
                        "復旧コードは、残り1個です。ここで使うと、変更を元に戻すための復旧コードがなくなります。変更のあとに作ったコードでは戻せません。お急ぎでなければ、先に復旧コードを作りなおし、3日たってから変更してください。",
                        "You have one recovery code left. If you use it here, none is left to take the change back with; codes that you make afterwards cannot. Unless it is urgent, make new codes first, and change the address three days later. ",
                    )}
                    <a href=href("/account/security/recovery")>
                        {lang.pick("復旧コードを作りなおす", "Replace the recovery codes")}
                    </a>
                </p>
            </Note>
        }
    });
    view! {
        <fieldset class="stack">
            <legend>{lang.pick("現在のメールボックスが安全でないとき", "If the current mailbox is not safe")}</legend>
            <label class="choice">
                <input type="checkbox" name="old_unsafe" value="1" checked=ticked />
                <span class="choice__body">
                    <span>
                        {lang.pick(
                            "現在のメールを、ほかの人に読まれているおそれがある",
                            "Somebody else may read my current mail",
                        )}
                    </span>
                    <span class="choice__hint">
                        {lang.pick(
                            "変更のお知らせも、元に戻すリンクも、現在のアドレスには送りません。代わりに復旧コードをお尋ねします。",
                            "Neither news of the change nor a link to take it back goes there. We ask for a recovery code instead.",
                        )}
                    </span>
                </span>
            </label>
            {last}
            <Field
                name="recovery"
                label=lang.pick("復旧コード", "Recovery code")
                faults
                autocomplete="off"
                optional=true
                max=60
                hint=lang.pick(
                    "上の項目を選んだときだけ入力してください。この3日のうちに作ったコードは使えません。",
                    "Only if you have ticked the box above. Codes that were made in the last three days do not count.",
                )
            />
        </fieldset>
    }
}

#[component]
fn CodeView(pending: PendingEmail, faults: Signal<Faults>, acts: Acts, development: bool) -> impl IntoView {
    let lang = use_lang();
    let old = pending.step == EmailStep::OldCode;
    let to = pending.address.unwrap_or_else(|| "?".to_owned());
    let words = if old {
        lang.pick(
            format!(
                "新しいアドレス {to} を確認しました。最後に、現在のアドレスにお送りした8桁の確認コードを入力してください。"
            ),
            format!(
                "{to} is confirmed. One more step: please type in the eight-digit code that we have sent to your current address."
            ),
        )
    } else {
        lang.pick(
            format!("{to} にメールをお送りしました。メールにある8桁の確認コードを入力してください。"),
            format!("We have sent a mail to {to}. Please type in the eight-digit code that you find in it."),
        )
    };
    let label = if old {
        lang.pick("現在のアドレスに届いた確認コード（8桁）", "Eight-digit code from your current mailbox")
    } else {
        lang.pick("新しいアドレスに届いた確認コード（8桁）", "Eight-digit code from the new mailbox")
    };
    let field = view! { <CodeField label faults value=String::new() /> };
    // Another element for the other code, or what was typed for the first one would stand in it.
    let field = if old { view! { <div>{field}</div> }.into_any() } else { field.into_any() };
    let wait = old.then(|| {
        view! {
            <details>
                <summary>{lang.pick("現在のメールを見られないとき", "If you cannot read the current mailbox")}</summary>
                <div class="stack">
                    <p>
                        {lang.pick(
                            "コードの代わりに、3日お待ちいただくこともできます。その間は、現在のアドレスやログイン中のどの端末からでも、変更を止められます。",
                            "In place of the code you can wait for three days. During these the change can be stopped from the current mailbox and from every device that is signed in.",
                        )}
                    </p>
                    <ActionForm action=acts.wait>
                        <SubmitButton
                            label=lang.pick("3日待って変更する", "Change it in three days")
                            pending=acts.wait.pending()
                            class="button"
                        />
                    </ActionForm>
                </div>
            </details>
        }
    });
    view! {
        <p role="status">{words}</p>
        <p class="muted small">{lang.pick("コードは10分間、5回まで試せます。", "The code is good for 10 minutes and five tries.")}</p>
        <MailboxNote development />
        <ActionForm action=acts.confirm>
            <div class="stack">
                {field}
                <SubmitButton
                    label=if old {
                        lang.pick("メールアドレスを変更する", "Change the address")
                    } else {
                        lang.pick("確認する", "Confirm")
                    }
                    pending=acts.confirm.pending()
                    class="button button--primary button--wide"
                />
            </div>
        </ActionForm>
        {wait}
        <div class="button-row">
            <ActionForm action=acts.resend>
                <SubmitButton
                    label=lang.pick("確認コードを送りなおす", "Send me another code")
                    pending=acts.resend.pending()
                    class="button button--quiet"
                />
            </ActionForm>
            <StopForm stop=acts.stop />
        </div>
    }
}
