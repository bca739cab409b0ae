//! Passkeys on the security page: which there are, another one, another name, away with one.
//!
//! The authenticator is asked by a script of its own (`public/passkeys.js`), which sends the answer with a form of
//! this page: so it works where the wasm is late or broken, and what is wrong is said as with any other form.

mod sign_in;

pub use sign_in::{PasskeyProof, PasskeySignIn, ProveWithPasskey, SignInWithPasskey};

use leptos::prelude::*;
use noren_domain::account::{Ceremony, MAX_PASSKEY_NAME, MAX_PASSKEYS, PasskeyView, PasskeysView};
use noren_domain::form::Faults;
use noren_domain::moment;
use serde::{Deserialize, Serialize};

use crate::form::{Refusal, use_faults};
use crate::lang::use_lang;
use crate::ui::{Badge, BadgeKind, SubmitButton};

/// The script that asks the authenticator.
const SCRIPT: &str = "/passkeys.js";

/// What the section shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeysData {
    view: PasskeysView,
    /// Codes of an app are asked for beside the password.
    app: bool,
    /// What was wrong with the form of this section that was sent last, without scripts.
    faults: Faults,
}

/// Begins to add a passkey.
#[server(endpoint = "account/passkeys/begin-add")]
pub async fn begin_add_passkey() -> Result<Ceremony, Refusal> {
    let who = super::inside::guard_recent(inside::PAGE).await?;
    let (shop, browser) = (crate::request::shop(), inside::browser());
    let begun = noren_shop::account::passkeys::begin_add(&shop, &who, &browser).await;
    begun.map_err(|error| inside::fault(&error).into())
}

/// Adds the passkey that the browser made.
#[server(endpoint = "account/passkeys/add")]
pub async fn add_passkey(ceremony: String, answer: String) -> Result<(), Refusal> {
    use super::done::Done;
    use noren_domain::account::{Browser, PasskeyName};
    use noren_shop::account::passkeys::finish_add;
    let who = super::inside::guard_recent(inside::PAGE).await?;
    let (shop, device) = (crate::request::shop(), crate::request::device());
    // It can be given another name afterwards.
    let name = PasskeyName::parse(&Browser::of(&device.user_agent).words(crate::request::lang()))?;
    let Some((token, ceremony)) = inside::answered(&ceremony) else { return Err(inside::expired()) };
    let added = finish_add(&shop, &who, &token, ceremony, &answer, &name, &device).await;
    inside::done(who.customer(), added, Done::PasskeyAdded)
}

/// Gives a passkey another name.
#[server(endpoint = "account/passkeys/rename")]
pub async fn rename_passkey(id: String, name: String) -> Result<(), Refusal> {
    use super::done::Done;
    use noren_domain::account::PasskeyName;
    let who = super::inside::guard(inside::PAGE).await?;
    let name = PasskeyName::parse(&name).map_err(inside::refuse)?;
    let renamed = noren_shop::account::passkeys::rename(&crate::request::shop(), &who, &id, &name).await;
    inside::done(who.customer, renamed, Done::PasskeyRenamed)
}

/// Removes a passkey.
#[server(endpoint = "account/passkeys/remove")]
pub async fn remove_passkey(id: String) -> Result<(), Refusal> {
    use super::done::Done;
    let who = super::inside::guard_recent(inside::PAGE).await?;
    let (shop, device) = (crate::request::shop(), crate::request::device());
    let removed = noren_shop::account::passkeys::remove(&shop, &who, &id, &device).await;
    inside::done(who.customer(), removed, Done::PasskeyRemoved)
}

#[cfg(feature = "ssr")]
pub(super) use inside::load;

#[cfg(feature = "ssr")]
mod inside {
    use noren_domain::Id;
    use noren_domain::account::Customer;
    use noren_domain::form::{Fault, Faults};
    use noren_shop::account::passkeys::{self, PasskeyError};
    use noren_shop::session::SignedIn;
    use noren_shop::token::Token;
    use uuid::Uuid;

    use super::PasskeysData;
    use crate::account::done::{Done, say};
    use crate::form::{Refusal, kept};
    use crate::request;

    /// The page that the section stands on.
    pub const PAGE: &str = "/account/security";

    /// What the section shows.
    pub async fn load(who: &SignedIn) -> Result<PasskeysData, Refusal> {
        let shop = request::shop();
        let view = passkeys::list(&shop, who).await.map_err(|error| request::failed(&error))?;
        let app = async {
            let mut conn = shop.db.read().await?;
            noren_shop::account::totp::is_set(&mut conn, who.customer).await
        };
        let app = app.await.map_err(|error| request::failed(&error))?;
        let faults = kept::<()>("passkeys").map(|form| form.faults).unwrap_or_default();
        Ok(PasskeysData { view, app, faults })
    }

    /// What this browser answers challenges with; it gets one if it has none.
    pub fn browser() -> Token {
        let token = request::ceremony_token().unwrap_or_else(|| Token::random(&request::shop().entropy));
        request::set_ceremony_token(&token);
        token
    }

    /// Which challenge is answered by which browser; `None`: it has lost its token, or says no number.
    pub fn answered(ceremony: &str) -> Option<(Token, Uuid)> {
        Some((request::ceremony_token()?, ceremony.parse().ok()?))
    }

    /// The fault to show; a fault of ours is logged.
    pub fn fault(error: &PasskeyError) -> Fault {
        error.fault().unwrap_or_else(|| {
            let _ = request::failed(error);
            request::vault_fault(error).unwrap_or(Fault::Internal)
        })
    }

    /// Goes back to the section, which says what is wrong.
    pub fn refuse(fault: Fault) -> Refusal {
        crate::form::refuse("passkeys", &(), Faults::of(fault))
    }

    /// A challenge that nobody waits for any more.
    pub fn expired() -> Refusal {
        refuse(Fault::Passkey)
    }

    /// Goes back to the page, which says that it is `done` or why not.
    pub fn done(who: Id<Customer>, result: Result<(), PasskeyError>, done: Done) -> Result<(), Refusal> {
        result.map_err(|error| refuse(fault(&error)))?;
        say(who, done);
        request::go(PAGE);
        Ok(())
    }
}

/// What can be done in the section. The page makes it, for it loads anew when something was done.
#[derive(Clone, Copy)]
pub struct PasskeyActs {
    add: ServerAction<AddPasskey>,
    rename: ServerAction<RenamePasskey>,
    remove: ServerAction<RemovePasskey>,
}

impl PasskeyActs {
    /// The acts of a page.
    pub fn new() -> Self {
        Self { add: ServerAction::new(), rename: ServerAction::new(), remove: ServerAction::new() }
    }

    /// Changes whenever something was done.
    pub fn version(&self) -> usize {
        self.add.version().get() + self.rename.version().get() + self.remove.version().get()
    }

    fn faults(self, rendered: Faults) -> Signal<Faults> {
        let none = Faults::default;
        let answers =
            [use_faults(self.add, rendered), use_faults(self.rename, none()), use_faults(self.remove, none())];
        Signal::derive(move || Faults(answers.iter().flat_map(|answer| answer.get().0).collect()))
    }
}

/// The section of the security page.
#[component]
pub fn Passkeys(
    /// The customer's passkeys.
    data: PasskeysData,
    /// What can be done with them.
    acts: PasskeyActs,
) -> impl IntoView {
    let lang = use_lang();
    let room = data.view.has_room();
    let PasskeysView { passkeys, possible } = data.view;
    let rows = if passkeys.is_empty() {
        view! { <p class="security-none">{lang.pick("パスキーはまだありません。", "You have no passkeys yet.")}</p> }
            .into_any()
    } else {
        let rows = passkeys.into_iter().map(|passkey| view! { <PasskeyRow passkey acts /> }).collect_view();
        view! { <ul class="device-list">{rows}</ul> }.into_any()
    };
    let more = match (possible, room) {
        (true, true) => view! { <AddPasskeyForm acts /> }.into_any(),
        (true, false) => {
            let words = lang.pick(
                format!("パスキーは{MAX_PASSKEYS}個まで追加できます。新しく追加するには、使っていないものを削除してください。"),
                format!("You have {MAX_PASSKEYS} passkeys, which is the most. To add another, remove one that you do not use."),
            );
            view! { <p class="muted">{words}</p> }.into_any()
        }
        (false, _) => view! {
            <p class="note note--info">
                {lang.pick(
                    "このアドレスではパスキーを使えません。パスキーには、数字ではなく名前のあるアドレスが必要です（開発環境では、http://localhost:3000のように名前のあるアドレスで開いてください）。これまでの方法でのログインは、そのままお使いいただけます。",
                    "Passkeys cannot be used at this address: they need one with a name instead of numbers (in development one such as http://localhost:3000). You can go on signing in as before.",
                )}
            </p>
        }
        .into_any(),
    };
    let others = if data.app {
        let words = lang.pick(
            "パスキーを追加しても、パスワードやメールの確認コードでのログインは、これまでどおり使えます。そのときは、認証アプリのコードもお尋ねします。",
            "It is one more way in and closes none of the others: a password or a code by mail still do, together with the code of your app.",
        );
        view! { <p class="muted">{words}</p> }.into_any()
    } else {
        view! {
            <p class="muted">
                {lang.pick(
                    "パスキーを追加しても、パスワードやメールの確認コードでのログインは、これまでどおり使えます。メールを人に読まれただけではログインできないようにしたい方は、",
                    "It is one more way in and closes none of the others: a password or a code by mail still do. If reading your mail alone must not be enough, set up an authenticator app under ",
                )}
                <a href="#factors">{lang.pick("二段階認証", "two-step sign-in")}</a>
                {lang.pick(
                    "で認証アプリを設定してください。設定から3日たつと、メールを読まれただけではログインできなくなります。",
                    ". It holds against that once it is three days old.",
                )}
            </p>
        }
        .into_any()
    };
    view! {
        <section class="stack" aria-labelledby="passkeys">
            <h2 id="passkeys">{lang.pick("パスキー", "Passkeys")}</h2>
            <p class="muted">
                {lang.pick(
                    "パスキーを使うと、お使いの端末の指紋や顔、暗証番号だけでログインできます。パスワードのように盗まれたり、偽のサイトに入力してしまったりすることがありません。",
                    "With a passkey you sign in with the fingerprint, face or PIN of your own device. It cannot be stolen as a password can, nor be typed into a false site.",
                )}
            </p>
            {others}
            <crate::ui::FaultSummary faults=acts.faults(data.faults) labels=vec![] />
            {rows}
            {more}
        </section>
    }
}

#[component]
fn PasskeyRow(passkey: PasskeyView, acts: PasskeyActs) -> impl IntoView {
    let lang = use_lang();
    let PasskeyView { id, name, added, used, synced } = passkey;
    let used = match used {
        Some(at) => view! { <time datetime=moment::machine(at)>{moment::date_time(at, lang)}</time> }.into_any(),
        None => lang.pick("まだありません", "not yet").into_any(),
    };
    let kept = if synced {
        lang.pick("ほかの端末と同期", "Synced")
    } else {
        lang.pick("この端末だけに保存", "On one device only")
    };
    view! {
        <li class="device">
            <div>
                <p class="device__name">{name.clone()}</p>
                <p class="muted small">
                    {lang.pick("追加: ", "Added: ")}
                    <time datetime=moment::machine(added)>{moment::date_time(added, lang)}</time>
                    {lang.pick("・最終利用: ", " · Last used: ")} {used}
                </p>
                <p><Badge words=kept kind=BadgeKind::Ok /></p>
            </div>
            <details class="passkey__edit">
                <summary>{lang.pick(format!("「{name}」を変更"), format!("Change “{name}”"))}</summary>
                <div class="stack">
                    <RenameForm id=id.clone() name=name.clone() action=acts.rename />
                    <RemoveForm id name action=acts.remove />
                </div>
            </details>
        </li>
    }
}

#[component]
fn RenameForm(id: String, name: String, action: ServerAction<RenamePasskey>) -> impl IntoView {
    let lang = use_lang();
    let (field, hint) = (format!("passkey-{id}"), format!("passkey-{id}-hint"));
    let pending = Signal::derive({
        let id = id.clone();
        move || action.input().read().as_ref().is_some_and(|sent| sent.id == id)
    });
    view! {
        <ActionForm action=action>
            <div class="stack">
                <input type="hidden" name="id" value=id />
                <div class="field">
                    <label for=field.clone()>{lang.pick("名前", "Name")}</label>
                    <input
                        id=field
                        name="name"
                        type="text"
                        value=name
                        maxlength=MAX_PASSKEY_NAME.to_string()
                        autocomplete="off"
                        required
                        aria-describedby=hint.clone()
                    />
                    <p class="field__hint" id=hint>
                        {lang.pick(
                            "どの端末のパスキーかわかる名前を付けておくと便利です。",
                            "A name that tells which device it is on.",
                        )}
                    </p>
                </div>
                <SubmitButton label=lang.pick("名前を保存", "Save the name") pending class="button" />
            </div>
        </ActionForm>
    }
}

/// Behind the opened row: nobody removes one by a slip.
#[component]
fn RemoveForm(id: String, name: String, action: ServerAction<RemovePasskey>) -> impl IntoView {
    let lang = use_lang();
    let pending = Signal::derive({
        let id = id.clone();
        move || action.input().read().as_ref().is_some_and(|sent| sent.id == id)
    });
    let label = lang.pick(format!("「{name}」を削除する"), format!("Remove “{name}”"));
    view! {
        <ActionForm action=action>
            <div class="stack">
                <input type="hidden" name="id" value=id />
                <p>
                    {lang.pick(
                        "削除すると、このパスキーではログインできなくなります。端末やパスワード管理アプリに残ったものは、そちらで削除してください。",
                        "Once removed, this passkey no longer signs you in. What is left of it on your device or in your password manager has to be deleted there.",
                    )}
                </p>
                <SubmitButton label pending class="button" />
            </div>
        </ActionForm>
    }
}

/// The button that adds one, where a script can ask the device; and kind words where none can.
#[component]
fn AddPasskeyForm(acts: PasskeyActs) -> impl IntoView {
    let lang = use_lang();
    view! {
        <p class="muted small">
            {lang.pick(
                "パスキーを追加または削除すると、ご本人の安全のため、ほかの端末はログアウトされます。",
                "When you add or remove a passkey, your other devices are signed out, to be safe.",
            )}
        </p>
        <Ask begin="/api/account/passkeys/begin-add">
            <p class="passkey-ask__wait muted">
                {lang.pick(
                    "パスキーを追加するには、スクリプト（JavaScript）と、パスキーに対応したブラウザーが必要です。パスワードやメールの確認コードでのログインは、そのままお使いいただけます。",
                    "To add a passkey, scripts (JavaScript) and a browser that knows passkeys are needed. You can go on signing in with your password or a code by mail.",
                )}
            </p>
            <ActionForm action=acts.add>
                <Answer />
                <button type="button" class="button button--primary" data-ask="">
                    {lang.pick("パスキーを追加する", "Add a passkey")}
                </button>
            </ActionForm>
        </Ask>
    }
}

/// A form that a device answers, with what can come of asking it. Its address is no constant of the view: what is
/// constant the wasm writes as text into the page, and a script that comes that way is not run.
#[component]
fn Ask(
    /// Where a challenge is made.
    begin: &'static str,
    /// Passkeys are also offered where the browser fills the address in.
    #[prop(optional)]
    offers: bool,
    /// The form.
    children: Children,
) -> impl IntoView {
    let lang = use_lang();
    view! {
        <passkey-ask class="passkey-ask stack" data-begin=begin offers=offers.then_some("")>
            {children()}
            <div class="passkey-ask__said" role="status">
                <p hidden=true data-say="cancelled">
                    {lang.pick(
                        "パスキーの操作が完了しませんでした。もう一度お試しいただけます。",
                        "The passkey was not used. You can try again.",
                    )}
                </p>
                <p hidden=true data-say="known">
                    {lang.pick(
                        "この端末のパスキーは、すでに追加されています。",
                        "This device already has a passkey for your account.",
                    )}
                </p>
                <p hidden=true data-say="failed">
                    {lang.pick(
                        "パスキーを使えませんでした。少しおいてもう一度お試しになるか、ほかの方法をお使いください。",
                        "The passkey could not be used. Please try again in a moment, or use another way.",
                    )}
                </p>
            </div>
        </passkey-ask>
        <script type="module" src=SCRIPT.to_owned()></script>
    }
}

/// The fields that the script fills in.
#[component]
fn Answer() -> impl IntoView {
    view! {
        <input type="hidden" name="ceremony" />
        <input type="hidden" name="answer" />
    }
}
