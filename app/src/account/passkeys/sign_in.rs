//! Signing in with a passkey, and proving with one that it is still the same person.

use leptos::prelude::*;
use noren_domain::account::Ceremony;

use super::{Answer, Ask};
use crate::form::Refusal;
use crate::lang::use_lang;

/// Begins to sign in with a passkey: the same for everybody.
#[server(endpoint = "account/passkeys/begin-sign-in")]
pub async fn begin_passkey_sign_in() -> Result<Ceremony, Refusal> {
    use super::inside::{browser, fault};
    let (shop, device) = (crate::request::shop(), crate::request::device());
    let begun = noren_shop::account::passkeys::begin_sign_in(&shop, None, &browser(), &device).await;
    begun.map_err(|error| fault(&error).into())
}

/// Signs in with the passkey that answered a challenge.
#[server(endpoint = "account/passkeys/sign-in")]
pub async fn sign_in_with_passkey(ceremony: String, answer: String, next: String) -> Result<(), Refusal> {
    use super::inside::{answered, fault};
    use crate::account::inside::let_in;
    use noren_domain::Lang;
    use noren_domain::account::{LocalPath, LoginForm};
    use noren_domain::form::{Fault, Faults};
    use noren_shop::account::passkeys::sign_in;
    let form = LoginForm { next, ..LoginForm::default() };
    // The same button stands where a code is asked for.
    let page = crate::request::page_path();
    let page = if Lang::strip(&page).starts_with("/login/confirm") { "confirm" } else { "login" };
    let refuse = |fault| crate::form::refuse(page, &form, Faults::of(fault));
    let Some((token, ceremony)) = answered(&ceremony) else { return Err(refuse(Fault::Passkey)) };
    let (shop, device, old) = (crate::request::shop(), crate::request::device(), crate::request::session_token());
    let pending = crate::request::challenge_token();
    match sign_in(&shop, &token, ceremony, &answer, &device, old.as_ref(), pending.as_ref()).await {
        Ok(entered) => {
            let_in(&entered, LocalPath::parse(&form.next)).await;
            Ok(())
        }
        Err(error) => Err(refuse(fault(&error))),
    }
}

/// Begins to prove with a passkey that it is still the same person.
#[server(endpoint = "account/passkeys/begin-prove")]
pub async fn begin_passkey_proof() -> Result<Ceremony, Refusal> {
    use super::inside::{browser, fault};
    let who = crate::account::inside::guard("/account").await?;
    let (shop, device) = (crate::request::shop(), crate::request::device());
    let begun = noren_shop::account::passkeys::begin_sign_in(&shop, Some(who.customer), &browser(), &device).await;
    begun.map_err(|error| fault(&error).into())
}

/// Notes that it is still the same person, and goes on to where they wanted to be.
#[server(endpoint = "account/passkeys/prove")]
pub async fn prove_with_passkey(ceremony: String, answer: String, next: String) -> Result<(), Refusal> {
    use super::inside::{answered, fault};
    use noren_domain::account::{LocalPath, ProveForm};
    use noren_domain::form::{Fault, Faults};
    use noren_shop::account::passkeys::prove;
    let form = ProveForm { next, ..ProveForm::default() };
    let next = LocalPath::parse(&form.next);
    let next = next.as_ref().map_or("/account", LocalPath::as_str);
    let who = crate::account::inside::guard(next).await?;
    let refuse = |fault| crate::form::refuse("prove", &form, Faults::of(fault));
    let Some((token, ceremony)) = answered(&ceremony) else { return Err(refuse(Fault::Passkey)) };
    let (shop, device) = (crate::request::shop(), crate::request::device());
    match prove(&shop, &who, &token, ceremony, &answer, &device).await {
        Ok(token) => {
            crate::request::set_session_token(&token);
            crate::request::go(next);
            Ok(())
        }
        Err(error) => Err(refuse(fault(&error))),
    }
}

/// The button of the login page, and of the one that asks for a code, which is there only where it can work; kind words
/// where it cannot. The browser also offers passkeys in the field for the address, if that says `webauthn` in its
/// `autocomplete`.
#[component]
pub fn PasskeySignIn(
    /// The page makes it, for it says what is wrong.
    action: ServerAction<SignInWithPasskey>,
    /// Where to go afterwards.
    next: String,
) -> impl IntoView {
    let lang = use_lang();
    view! {
        <Ask begin="/api/account/passkeys/begin-sign-in" offers=true>
            <p class="passkey-ask__wait muted">
                {lang.pick(
                    "パスキーでのログインには、スクリプト（JavaScript）と、パスキーに対応したブラウザーが必要です。パスワードやメールの確認コードでも、ログインしていただけます。",
                    "To sign in with a passkey, scripts (JavaScript) and a browser that knows passkeys are needed. You can also sign in with your password or a code by mail.",
                )}
            </p>
            <ActionForm action=action>
                <Answer />
                <input type="hidden" name="next" value=next.clone() />
                <button type="button" class="button button--wide" data-ask="">
                    {lang.pick("パスキーでログイン", "Sign in with a passkey")}
                </button>
            </ActionForm>
        </Ask>
    }
}

/// The button of the page that asks once more who somebody is, for those who have a passkey; kind words where it cannot work.
#[component]
pub fn PasskeyProof(
    /// The page makes it, for it says what is wrong.
    action: ServerAction<ProveWithPasskey>,
    /// Where to go afterwards.
    next: String,
) -> impl IntoView {
    let lang = use_lang();
    view! {
        <Ask begin="/api/account/passkeys/begin-prove">
            <p class="passkey-ask__wait muted">
                {lang.pick(
                    "パスキーでの確認には、スクリプト（JavaScript）と、パスキーに対応したブラウザーが必要です。パスワードでも、確認していただけます。",
                    "To confirm with a passkey, scripts (JavaScript) and a browser that knows passkeys are needed. Your password does as well.",
                )}
            </p>
            <ActionForm action=action>
                <Answer />
                <input type="hidden" name="next" value=next.clone() />
                <button type="button" class="button button--wide" data-ask="">
                    {lang.pick("パスキーで確認する", "Confirm with a passkey")}
                </button>
            </ActionForm>
        </Ask>
    }
}
