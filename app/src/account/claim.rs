//! Bringing orders that were made as a guest into the account: what it is about, then the code from the mail.

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use noren_domain::Lang;
use noren_domain::account::VerifyForm;
use noren_domain::form::Faults;
use serde::{Deserialize, Serialize};

use super::code::{CheckMail, CodeField, NoCodeAwaited, code_label};
use crate::form::{Form, Refusal, use_faults};
use crate::lang::{href, use_lang};
use crate::ui::{FaultSummary, Head, Load, Note, NoteKind, SubmitButton};

#[cfg(feature = "ssr")]
const PAGE: &str = "/account/guest-orders";
#[cfg(feature = "ssr")]
const CODE_PAGE: &str = "/account/guest-orders/code";
/// Carries the number of orders that came to the page that says it, once.
#[cfg(feature = "ssr")]
const PARCEL: &str = "claimed";

/// What the first page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimData {
    /// How many orders have just come; `None`: nothing was asked for yet.
    claimed: Option<u32>,
    /// The mailbox was proved a moment ago: no code is needed.
    proved: bool,
    /// What was wrong when a code was last asked for.
    faults: Faults,
}

/// What the page for the code shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimCodeData {
    form: Form<VerifyForm>,
    /// Whether this browser has asked for a code that is still good.
    waiting: bool,
    /// Development: the mail lies in the mailbox page.
    development: bool,
}

/// Loads the first page. It looks for no orders: before the proof nothing is said of any.
#[server(endpoint = "account/claim-page", input = GetUrl)]
pub async fn load_claim() -> Result<Option<ClaimData>, Refusal> {
    let who = super::inside::guard(PAGE).await?;
    let proved = noren_shop::account::claim::is_proved(&crate::request::shop(), &who).await;
    let proved = proved.map_err(|error| crate::request::failed(&error))?;
    let parcel = crate::request::take_parcel(PARCEL);
    let claimed = parcel.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let faults = crate::form::kept::<()>("claim").map(|form| form.faults).unwrap_or_default();
    Ok(Some(ClaimData { claimed, proved, faults }))
}

/// Sends a code to the mailbox of the account; where the mailbox was proved a moment ago, brings the orders in.
#[server(endpoint = "account/claim")]
pub async fn claim() -> Result<(), Refusal> {
    use noren_shop::account::claim::{ask, at_once};
    let who = super::inside::guard(PAGE).await?;
    let (shop, lang, device) = (crate::request::shop(), crate::request::lang(), crate::request::device());
    let refuse = |error| crate::form::refuse("claim", &(), Faults::of(super::inside::fault(&error)));
    if let Some(claimed) = at_once(&shop, &who, &device).await.map_err(refuse)? {
        done(claimed);
        return Ok(());
    }
    crate::request::set_challenge_token(&ask(&shop, &who, lang, &device).await.map_err(refuse)?);
    crate::request::go(CODE_PAGE);
    Ok(())
}

/// Goes to the page that says what came.
#[cfg(feature = "ssr")]
fn done(claimed: u32) {
    crate::request::put_parcel(PARCEL, &serde_json::to_vec(&claimed).unwrap_or_default());
    crate::request::go(PAGE);
}

/// Loads the page for the code.
#[server(endpoint = "account/claim-code-page", input = GetUrl)]
pub async fn load_claim_code() -> Result<Option<ClaimCodeData>, Refusal> {
    use noren_shop::account::challenge::{Kind, waiting};
    super::inside::guard(CODE_PAGE).await?;
    let shop = crate::request::shop();
    let waiting = match crate::request::challenge_token() {
        Some(token) => waiting(&shop, &token, Kind::Claim).await.map_err(|e| crate::request::failed(&e))?.is_some(),
        None => false,
    };
    let form = crate::form::kept("claim-code").unwrap_or_default();
    Ok(Some(ClaimCodeData { form, waiting, development: shop.development }))
}

/// Brings the orders in if the code is right.
#[server(endpoint = "account/claim-code")]
pub async fn claim_by_code(#[server(flatten)] form: VerifyForm) -> Result<(), Refusal> {
    use noren_domain::account::AskedFor;
    use noren_domain::form::Fault;
    let who = super::inside::guard(CODE_PAGE).await?;
    let refuse = |faults| crate::form::refuse("claim-code", &form, faults);
    let typed = form.parse_step(AskedFor::Mail).map_err(refuse)?;
    let Some(pending) = crate::request::challenge_token() else {
        return Err(refuse(Faults::field("code", Fault::CodeOver)));
    };
    let (shop, device) = (crate::request::shop(), crate::request::device());
    match noren_shop::account::claim::by_code(&shop, &who, &pending, &typed, &device).await {
        Ok(claimed) => {
            crate::request::clear_challenge_token();
            done(claimed);
            Ok(())
        }
        Err(error) => Err(refuse(Faults::field("code", super::inside::fault(&error)))),
    }
}

/// Leads to the first page, from wherever orders are looked for.
#[component]
pub fn ClaimHint() -> impl IntoView {
    let lang = use_lang();
    view! {
        <p class="muted">
            {lang.pick(
                "ログインせずにご注文になったことがある方は、そのご注文を履歴に加えられます。",
                "Did you order without signing in? You can add those orders here. ",
            )}
            <a href=href("/account/guest-orders")>{lang.pick("ゲストのご注文を加える", "Add orders made as a guest")}</a>
        </p>
    }
}

/// To somebody who has just registered, and may have ordered before: one press.
#[component]
pub fn ClaimOffer() -> impl IntoView {
    let lang = use_lang();
    let action = ServerAction::<Claim>::new();
    view! {
        <section class="panel stack" aria-labelledby="claim-offer">
            <h2 id="claim-offer">{lang.pick("以前のご注文を加えますか", "Have you ordered here before?")}</h2>
            <p>
                {lang.pick(
                    "ご登録の前に、ログインせずにこのメールアドレスでご注文になったことがある方は、そのご注文を履歴に加えられます。",
                    "If you ordered with this e-mail address before you registered, you can add those orders to your history.",
                )}
            </p>
            <FaultSummary faults=use_faults(action, Faults::default()) labels=vec![] />
            <ActionForm action=action>
                <SubmitButton label=lang.pick("ご注文を履歴に加える", "Add the orders") pending=action.pending() class="button" />
            </ActionForm>
        </section>
    }
}

/// What it is about, and the button.
#[component]
pub fn ClaimPage() -> impl IntoView {
    let lang = use_lang();
    let action = ServerAction::<Claim>::new();
    view! {
        <Head title=lang.pick("ゲストのご注文を加える", "Add orders made as a guest") index=false />
        <Load
            key=move || action.version().get().to_string()
            load=|_| load_claim()
            view=move |data: ClaimData| view! { <ClaimView data action /> }
        />
    }
}

#[component]
fn ClaimView(data: ClaimData, action: ServerAction<Claim>) -> impl IntoView {
    let lang = use_lang();
    let ClaimData { claimed, proved, faults } = data;
    let faults = use_faults(action, faults);
    let told = claimed.map(|claimed| {
        let (kind, words) = match (claimed, lang) {
            (0, Lang::Ja) => (
                NoteKind::Info,
                "このメールアドレスでのゲストのご注文は、見つかりませんでした。別のメールアドレスでのご注文は、その確認メールにある専用ページのリンクからご覧いただけます。"
                    .to_owned(),
            ),
            (0, Lang::En) => (
                NoteKind::Info,
                "There are no orders made as a guest with this e-mail address. Orders made with another address can be seen by the link in their confirmation mail."
                    .to_owned(),
            ),
            (n, Lang::Ja) => (NoteKind::Done, format!("{n}件のご注文を、履歴に加えました。")),
            (1, Lang::En) => (NoteKind::Done, "One order was added to your history.".to_owned()),
            (n, Lang::En) => (NoteKind::Done, format!("{n} orders were added to your history.")),
        };
        view! {
            <Note kind>{words}</Note>
            {(claimed > 0)
                .then(|| {
                    view! {
                        <p>
                            <a class="button button--primary" href=href("/account/orders")>
                                {lang.pick("ご注文の履歴を見る", "See your orders")}
                            </a>
                        </p>
                    }
                })}
        }
    });
    let (proof, label) = if proved {
        (
            lang.pick(
                "メールアドレスは、ご登録のときに確かめたばかりです。ボタンを押すと、このアドレスでのご注文を履歴に加えます。",
                "You have just proved your e-mail address, when you registered. Press the button, and the orders made with it are added.",
            ),
            lang.pick("ご注文を履歴に加える", "Add the orders"),
        )
    } else {
        (
            lang.pick(
                "ほかの方のご注文をお見せすることのないよう、アカウントのメールアドレスに8桁の確認コードをお送りして、ご本人のものであることを確かめます。それまでは、ご注文があるかどうかも表示しません。",
                "So that nobody is shown the orders of somebody else, we send an eight-digit code to the e-mail address of your account. Until you have typed it in, we do not even say whether there are any orders.",
            ),
            lang.pick("確認コードを送る", "Send me the code"),
        )
    };
    view! {
        <div class="door stack">
            <h1>{lang.pick("ゲストのご注文を加える", "Add orders made as a guest")}</h1>
            {told}
            <p>
                {lang.pick(
                    "ログインせずに、このアカウントのメールアドレスでご注文になったことがある方は、そのご注文を履歴に加えられます。",
                    "If you ordered without signing in, with the e-mail address of this account, you can add those orders to your history.",
                )}
            </p>
            <p>{proof}</p>
            <FaultSummary faults labels=vec![] />
            <ActionForm action=action>
                <SubmitButton
                    label
                    pending=action.pending()
                    class="button button--primary button--wide"
                />
            </ActionForm>
            <p class="door__other">
                <a href=href("/account/orders")>{lang.pick("ご注文の履歴へ戻る", "Back to your orders")}</a>
            </p>
        </div>
    }
}

/// Asks for the code.
#[component]
pub fn ClaimCodePage() -> impl IntoView {
    let lang = use_lang();
    view! {
        <Head title=lang.pick("メールの確認コード", "The code from the mail") index=false />
        <Load
            key=String::new
            load=|_| load_claim_code()
            view=move |data: ClaimCodeData| view! { <ClaimCodeView data /> }
        />
    }
}

#[component]
fn ClaimCodeView(data: ClaimCodeData) -> impl IntoView {
    let lang = use_lang();
    let action = ServerAction::<ClaimByCode>::new();
    let faults = use_faults(action, data.form.faults);
    let code = code_label(lang);
    if !data.waiting {
        return view! {
            <NoCodeAwaited
                title=lang.pick("メールの確認コード", "The code from the mail")
                words=lang.pick(
                    "確認コードの有効期限が切れたか、入力の回数が上限に達しました。お手数ですが、もう一度お手続きください。",
                    "The code has expired, or was tried too often. Please start again.",
                )
                href=href("/account/guest-orders")
                label=lang.pick("確認コードを送りなおす", "Send me another code")
            />
        }
        .into_any();
    }
    view! {
        <CheckMail
            words=lang.pick(
                "アカウントのメールアドレスにメールをお送りしました。メールにある8桁の確認コードを入力してください。コードは10分間、5回まで試せます。",
                "We have sent a mail to the address of your account. Please type in the eight-digit code you find in it. It is good for 10 minutes and five tries.",
            )
            development=data.development
            faults
            labels=vec![("code", code)]
            again=href("/account/guest-orders")
        >
            <ActionForm action=action>
                <div class="stack">
                    <CodeField label=code faults value=data.form.values.code />
                    <SubmitButton
                        label=lang.pick("ご注文を履歴に加える", "Add the orders")
                        pending=action.pending()
                        class="button button--primary button--wide"
                    />
                </div>
            </ActionForm>
        </CheckMail>
    }
    .into_any()
}
