//! The check phrase (合言葉) on the security page.

use leptos::prelude::*;

use crate::form::Refusal;
use crate::lang::use_lang;
use crate::ui::SubmitButton;

/// Gives the person another check phrase.
#[server(endpoint = "account/another-phrase")]
pub async fn another_phrase() -> Result<(), Refusal> {
    let who = super::inside::guard_recent("/account/security").await?;
    let done = noren_shop::account::events::another_phrase(&crate::request::shop(), who.customer()).await;
    done.map_err(|e| crate::request::failed(&e))?;
    crate::request::go("/account/security");
    Ok(())
}

/// The phrase, what it is good for, and the button for another one.
#[component]
pub fn PhraseSection(
    /// In the language of the page.
    phrase: String,
    /// Asks for another one.
    action: ServerAction<AnotherPhrase>,
) -> impl IntoView {
    let lang = use_lang();
    view! {
        <section class="stack" aria-labelledby="phrase">
            <h2 id="phrase">{lang.pick("お客様の合言葉", "Your check phrase")}</h2>
            <p class="muted">
                {lang.pick(
                    "アカウントの安全に関わる当店のメールには、必ずこの合言葉が入っています。合言葉のないメールや、違う合言葉のメールは、当店を装ったものです。",
                    "Every mail of ours about the security of your account carries this phrase. A mail without it, or with another one, does not come from us.",
                )}
            </p>
            <p class="phrase">{phrase}</p>
            <ActionForm action=action>
                <SubmitButton
                    label=lang.pick("別の合言葉にする", "Give me another phrase")
                    pending=action.pending()
                    class="button button--quiet"
                />
            </ActionForm>
        </section>
    }
}
