//! The address on the pages of the account: how it stands, what is under way, and how that is stopped.

use leptos::prelude::*;
use noren_domain::account::{EmailStep, EmailView, PendingEmail};
use noren_domain::moment;

use super::{PAGE, StopEmail};
use crate::lang::{href, use_lang};
use crate::ui::{Note, NoteKind, SubmitButton};

/// On the pages of the account, while a change waits for its day.
#[component]
pub fn EmailBanner(
    /// When it takes effect, UTC ms.
    until: i64,
) -> impl IntoView {
    let lang = use_lang();
    let when = moment::date_time(until, lang);
    view! {
        <Note kind=NoteKind::Warning>
            <p>
                {lang.pick(
                    format!("{when}以降に、このアカウントのメールアドレスが変わります。お心当たりがない場合は、すぐに止めてください。"),
                    format!("The e-mail address of this account will be changed on {when} or shortly after. If you did not ask for that, please stop it now."),
                )}
                " " <a href=href("/account/security#email")>{lang.pick("変更を確認する", "See the change")}</a>
            </p>
        </Note>
    }
}

/// On the security page: the address, what is going on with it, and the way to another one.
#[component]
pub fn EmailSection(
    /// The address.
    email: EmailView,
    /// Stops what is under way.
    stop: ServerAction<StopEmail>,
) -> impl IntoView {
    let lang = use_lang();
    let EmailView { address, verified_at, pending, back } = email;
    let pending = pending.map(|pending| {
        let words = pending_words(&pending);
        let on = (pending.step != EmailStep::Waiting).then(|| {
            view! { <a class="button" href=href(PAGE)>{lang.pick("手続きを続ける", "Go on with it")}</a> }
        });
        view! {
            <Note kind=NoteKind::Warning>
                <p>{words}</p>
            </Note>
            <div class="button-row">{on} <StopForm stop /></div>
        }
    });
    let change = pending.is_none().then(|| {
        view! {
            <p><a class="button button--quiet" href=href(PAGE)>{lang.pick("メールアドレスを変更する", "Change the address")}</a></p>
        }
    });
    let back = back.map(|back| view! { <p>{back_words(back.until, back.paper)}</p> });
    view! {
        <section class="stack" aria-labelledby="email">
            <h2 id="email">{lang.pick("メールアドレス", "E-mail address")}</h2>
            <p class="email-address">{address.unwrap_or_else(|| lang.pick("いまは表示できません。", "It cannot be shown now.").to_owned())}</p>
            <p class="muted small">
                {lang.pick("最後に確認した日: ", "Last confirmed on ")}
                <time datetime=moment::machine(verified_at)>{moment::date(verified_at, lang)}</time>
            </p>
            {pending}
            {back}
            {change}
        </section>
    }
}

/// What is under way, in words.
pub fn pending_words(pending: &PendingEmail) -> String {
    let lang = use_lang();
    let to = pending.address.as_deref().unwrap_or("?");
    let when = moment::date_time(pending.due_at, lang);
    match pending.step {
        EmailStep::NewCode | EmailStep::OldCode => lang.pick(
            format!("{to} への変更の手続き中です。アドレスはまだ変わっていません。"),
            format!("A change to {to} is under way. The address is still the one above."),
        ),
        EmailStep::Waiting => lang.pick(
            format!("{when}以降に、{to} に変わります。お心当たりがない場合は、すぐに止めてください。"),
            format!("It will be changed to {to} on {when} or shortly after. If you did not ask for that, please stop it now."),
        ),
    }
}

/// How a change is taken back, in words.
pub fn back_words(until: i64, paper: bool) -> AnyView {
    let lang = use_lang();
    let when = moment::date_time(until, lang);
    if paper {
        view! {
            {lang.pick(
                format!("{when}までは、復旧コードを使って"),
                format!("Until {when} a recovery code can "),
            )}
            <a href=href("/account/email/back")>{lang.pick("元のアドレスに戻せます", "put the earlier address back")}</a>
            {lang.pick("。", ".")}
        }
        .into_any()
    } else {
        let words = lang.pick(
            format!("{when}までは、元のアドレスにお送りしたメールのリンクから、元に戻せます。"),
            format!("Until {when} the link in our mail to the earlier address can put it back."),
        );
        words.into_any()
    }
}

/// The button that gives a change up.
#[component]
pub fn StopForm(
    /// Stops it.
    stop: ServerAction<StopEmail>,
) -> impl IntoView {
    let lang = use_lang();
    view! {
        <ActionForm action=stop>
            <SubmitButton
                label=lang.pick("変更を止める", "Stop the change")
                pending=stop.pending()
                class="button"
            />
        </ActionForm>
    }
}
