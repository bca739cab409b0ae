//! The check phrase (合言葉) on the security page, and the last mails that were really sent.

use leptos::prelude::*;
use noren_domain::Lang;
use noren_domain::mail::MailLine;

use crate::form::Refusal;
use crate::lang::{href, use_lang};
use crate::mail::MailRow;
use crate::ui::SubmitButton;

/// So many of the mails are shown here.
#[cfg(feature = "ssr")]
pub const MAILS: u32 = 3;

/// Gives the person another check phrase.
#[server(endpoint = "account/another-phrase")]
pub async fn another_phrase() -> Result<(), Refusal> {
    use noren_domain::form::Faults;
    let who = super::inside::guard_recent("/account/security").await?;
    let (shop, device) = (crate::request::shop(), crate::request::device());
    if let Err(error) = noren_shop::account::events::another_phrase(&shop, &who, &device).await {
        return Err(crate::form::refuse("phrase", &(), Faults::of(super::inside::fault(&error))));
    }
    crate::request::go("/account/security");
    Ok(())
}

/// The phrase, what it is good for, and the button for another one.
#[component]
pub fn PhraseSection(
    /// In the language of the mails, and where the page's is another one, in that as well.
    phrases: Vec<(Lang, String)>,
    /// The last mails that have left for the person, the newest first.
    mails: Vec<MailLine>,
    /// Asks for another one.
    action: ServerAction<AnotherPhrase>,
) -> impl IntoView {
    let lang = use_lang();
    let phrases = phrases
        .into_iter()
        .map(|(of, words)| {
            let mails = match of {
                Lang::Ja => lang.pick("日本語のメール：", "In Japanese mails:"),
                Lang::En => lang.pick("英語のメール：", "In English mails:"),
            };
            view! { <p class="phrase"><span class="phrase__mails">{mails}</span> <span lang=of.tag()>{words}</span></p> }
        })
        .collect_view();
    let mails = if mails.is_empty() {
        view! { <p>{lang.pick("お送りしたメールはありません。", "We have sent you no mails.")}</p> }.into_any()
    } else {
        let rows = mails.into_iter().map(|mail| view! { <MailRow mail told=false /> }).collect_view();
        view! { <ol class="mail-list">{rows}</ol> }.into_any()
    };
    view! {
        <section class="stack" aria-labelledby="phrase">
            <h2 id="phrase">{lang.pick("お客様の合言葉", "Your check phrase")}</h2>
            <p class="muted">
                {lang.pick(
                    "アカウントのメールアドレスへお送りする、アカウントの安全に関わる当店のメールには、メールと同じ言語で、必ずこの合言葉が入っています。アカウントの安全についてのメールなのに、合言葉がなかったり違ったりするものは、当店を装ったものです。",
                    "Every mail of ours to the address of your account that is about its security carries this phrase, in the language of the mail. One about its security that lacks it, or has another one, does not come from us.",
                )}
            </p>
            {phrases}
            <p class="muted small">
                {lang.pick(
                    "ご注文についてのメールとお便り、そして、まだアカウントのものになっていないアドレス（変更先のアドレスなど）への確認コードには、合言葉は入っていません。合言葉を変える前のメールと、合言葉が変わったことをお知らせするメールには、前の合言葉が入っています。",
                    "Mails about orders and the newsletter carry none, nor does a code to an address that is not your account’s yet, such as the one that you change to. Mails from before you took another phrase, and the one that tells you of it, carry the earlier one.",
                )}
            </p>
            <ActionForm action=action>
                <SubmitButton
                    label=lang.pick("別の合言葉にする", "Give me another phrase")
                    pending=action.pending()
                    class="button button--quiet"
                />
            </ActionForm>
            <h3>{lang.pick("当店から最近お送りしたメール", "The last mails we really sent you")}</h3>
            <p class="muted">
                {lang.pick(
                    "ここにも一覧にも番号のないメールは、当店のものではありません。番号は書き写すこともできますので、アカウントの安全に関わるメールでは、合言葉もご確認ください。アドレスの変更のために新しいアドレスへお送りした確認コードのメールは、変更が済むと一覧に加わります。",
                    "A mail whose number is neither here nor in the whole list is not from us. A number can be copied: in mails about the security of your account, look for the check phrase as well. A code that went to the new address of a change joins the list once the change is in effect.",
                )}
            </p>
            {mails}
            <p class="small">
                <a href=href("/account/mail")>{lang.pick("お送りしたメールをすべて見る", "See all the mails we really sent you")}</a>
            </p>
        </section>
    }
}
