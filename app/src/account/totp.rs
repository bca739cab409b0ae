//! The authenticator app: setting it up, and turning it off.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use noren_domain::account::{QrView, TotpForm, TotpSetup, TotpView};
use noren_domain::form::Faults;
use noren_domain::moment;
use serde::{Deserialize, Serialize};

use crate::form::{Form, Refusal, use_faults};
use crate::lang::{href, use_lang};
use crate::ui::{FaultSummary, Field, FieldKind, Head, Load, Note, NoteKind, SubmitButton};

#[cfg(feature = "ssr")]
const PAGE: &str = "/account/security/totp";

/// Says once, on this page, that the app was turned on; where there are codes to show, their page says it.
#[cfg(feature = "ssr")]
const TURNED_ON: &str = "totp-on";

/// What the page of the app shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotpData {
    totp: TotpView,
    form: Form<TotpForm>,
    /// It was turned on a moment ago.
    turned_on: bool,
}

/// Loads the page of the app.
#[server(endpoint = "account/totp", input = GetUrl)]
pub async fn load_totp() -> Result<Option<TotpData>, Refusal> {
    let who = super::inside::guard_recent(PAGE).await?;
    let totp = noren_shop::account::totp::page(&crate::request::shop(), &who, crate::request::lang()).await;
    let totp = totp.map_err(|e| Refusal::from(super::factors::faults(&e)))?;
    let turned_on = crate::request::take_parcel(TURNED_ON).is_some();
    Ok(Some(TotpData { totp, form: crate::form::kept("totp").unwrap_or_default(), turned_on }))
}

/// Begins to set an app up, or begins anew.
#[server(endpoint = "account/totp-begin")]
pub async fn begin_totp() -> Result<(), Refusal> {
    let who = super::inside::guard_recent(PAGE).await?;
    let begun = noren_shop::account::totp::begin(&crate::request::shop(), &who).await;
    begun.map_err(|e| refused(&e))?;
    crate::request::go(PAGE);
    Ok(())
}

/// Turns the app on with its first code.
#[server(endpoint = "account/totp-confirm")]
pub async fn confirm_totp(#[server(flatten)] form: TotpForm) -> Result<(), Refusal> {
    let who = super::inside::guard_recent(PAGE).await?;
    let typed = form.parse().map_err(|faults| crate::form::refuse("totp", &form, faults))?;
    let (shop, device) = (crate::request::shop(), crate::request::device());
    match noren_shop::account::totp::confirm(&shop, &who, &typed, &device).await {
        Ok(Some(codes)) => {
            super::recovery::hand_over(&who, &codes, true);
            Ok(())
        }
        Ok(None) => {
            crate::request::put_parcel(TURNED_ON, b"1");
            crate::request::go(PAGE);
            Ok(())
        }
        Err(error) => Err(crate::form::refuse("totp", &form, super::factors::faults(&error))),
    }
}

/// The answer to a button that did nothing.
#[cfg(feature = "ssr")]
fn refused(error: &noren_shop::account::factors::FactorError) -> Refusal {
    crate::form::refuse("totp", &TotpForm::default(), super::factors::faults(error))
}

/// Turns the app off, or gives up setting one up.
#[server(endpoint = "account/totp-off")]
pub async fn end_totp() -> Result<(), Refusal> {
    let who = super::inside::guard_recent(PAGE).await?;
    let ended = noren_shop::account::totp::turn_off(&crate::request::shop(), &who, &crate::request::device()).await;
    ended.map_err(|e| refused(&e))?;
    crate::request::go(PAGE);
    Ok(())
}

/// The authenticator app.
#[component]
pub fn TotpPage() -> impl IntoView {
    let lang = use_lang();
    let begin = ServerAction::<BeginTotp>::new();
    let confirm = ServerAction::<ConfirmTotp>::new();
    let end = ServerAction::<EndTotp>::new();
    // A wrong code leaves the page as it is, with what was typed.
    let confirmed = Memo::new(move |_| match &*confirm.value().read() {
        Some(Ok(())) => confirm.version().get(),
        _ => 0,
    });
    let key = move || format!("{} {} {}", begin.version().get(), confirmed.get(), end.version().get());
    let answers = [use_faults(begin, Faults::default()), use_faults(end, Faults::default())];
    let other = Signal::derive(move || Faults(answers.iter().flat_map(|answer| answer.get().0).collect()));
    view! {
        <Head title=lang.pick("認証アプリ", "Authenticator app") index=false />
        <Load
            key
            load=|_| load_totp()
            view=move |data: TotpData| view! { <Totp data begin confirm end other /> }
        />
    }
}

#[component]
fn Totp(
    data: TotpData,
    begin: ServerAction<BeginTotp>,
    confirm: ServerAction<ConfirmTotp>,
    end: ServerAction<EndTotp>,
    other: Signal<Faults>,
) -> impl IntoView {
    let lang = use_lang();
    let code = lang.pick("認証アプリの確認コード（6桁）", "Six-digit code from the app");
    let faults = use_faults(confirm, data.form.faults);
    let all = Signal::derive(move || Faults(faults.get().0.into_iter().chain(other.get().0).collect()));
    let body = match data.totp {
        TotpView::Off => view! { <Off begin /> }.into_any(),
        TotpView::Begun(setup) => {
            view! { <Begun setup typed=data.form.values.code faults code begin confirm end /> }.into_any()
        }
        TotpView::On(since) => {
            let said = data.turned_on.then(|| view! { <TurnedOn /> });
            view! { {said} <On since end /> }.into_any()
        }
    };
    view! {
        <div class="security stack">
            <div class="page-head">
                <p class="small"><a href=href("/account/security")>{lang.pick("アカウントの安全", "Account security")}</a></p>
                <h1>{lang.pick("認証アプリ", "Authenticator app")}</h1>
            </div>
            <FaultSummary faults=all labels=vec![("code", code)] />
            {body}
        </div>
    }
}

#[component]
fn Off(begin: ServerAction<BeginTotp>) -> impl IntoView {
    let lang = use_lang();
    view! {
        <p class="lead">
            {lang.pick(
                "認証アプリは、30秒ごとに変わる6桁の確認コードを表示するスマートフォンのアプリです。設定すると、ログインのときにパスワードやメールの確認コードに加えてそのコードをお尋ねします。",
                "An authenticator app on your phone shows a six-digit code that changes every 30 seconds. Once it is set up, we ask for that code besides your password, or besides a code by mail, when you sign in.",
            )}
        </p>
        <p>
            {lang.pick(
                "ワンタイムパスワード（TOTP）に対応したアプリなら、どれでもお使いいただけます。パスワード管理アプリにも、この機能を備えたものが多くあります。",
                "Any app for time-based one-time passwords (TOTP) will do, and many password managers are one.",
            )}
        </p>
        <ActionForm action=begin>
            <SubmitButton label=lang.pick("設定をはじめる", "Begin") pending=begin.pending() />
        </ActionForm>
    }
}

#[component]
fn Begun(
    setup: TotpSetup,
    typed: String,
    faults: Signal<Faults>,
    code: &'static str,
    begin: ServerAction<BeginTotp>,
    confirm: ServerAction<ConfirmTotp>,
    end: ServerAction<EndTotp>,
) -> impl IntoView {
    let lang = use_lang();
    let TotpSetup { uri, secret, qr } = setup;
    view! {
        <section class="stack" aria-labelledby="totp-read">
            <h2 id="totp-read">{lang.pick("1. アプリに登録する", "1. Add it to your app")}</h2>
            <p>{lang.pick("認証アプリで、このQRコードを読み取ってください。", "Scan this QR code with your authenticator app.")}</p>
            <Qr qr />
            <p>
                {lang.pick("この端末のアプリをお使いの方は、", "Is the app on this very device? ")}
                <a href=uri rel="external">{lang.pick("アプリを開いて登録", "Open it and add the account")}</a>
                {lang.pick("することもできます。", ".")}
            </p>
            <p>
                {lang.pick(
                    "読み取れないときは、次のキーをアプリに入力してください（種類は「時間ベース」）。空白は入れなくてもかまいません。",
                    "If you cannot scan it, type this key into the app (as “time-based”). You may leave the spaces out.",
                )}
            </p>
            <p><code class="secret">{secret}</code></p>
        </section>
        <section class="stack" aria-labelledby="totp-code">
            <h2 id="totp-code">{lang.pick("2. 確認コードを入力する", "2. Type in the code")}</h2>
            <p>
                {lang.pick(
                    "有効にすると、この端末のほかはすべてログアウトします。",
                    "Once it is on, all devices but this one are signed out.",
                )}
            </p>
            <p class="muted small">
                {lang.pick(
                    "設定から3日のあいだは、メールの確認コードでパスワードを再設定すると、この設定も取り除かれます。ほかの人が設定したアプリで、お客様が締め出されないようにするためです。3日を過ぎると、再設定のときにもアプリのコードが必要になります。",
                    "For the first three days, a new password set with a code by mail removes the app again, so that nobody can shut you out with one of theirs. From then on, a new password asks for the app’s code as well.",
                )}
            </p>
            <ActionForm action=confirm>
                <div class="stack narrow-form">
                    <Field
                        name="code"
                        label=code
                        faults
                        value=typed
                        kind=FieldKind::Digits
                        autocomplete="one-time-code"
                        hint=lang.pick(
                            "アプリにいま表示されている数字です。合わないときは、端末の時計が正しいかお確かめください。",
                            "The digits that the app shows now. If they do not match, check that the clock of your device is right.",
                        )
                        max=20
                    />
                    <SubmitButton
                        label=lang.pick("有効にする", "Turn it on")
                        pending=confirm.pending()
                        class="button button--primary button--wide"
                    />
                </div>
            </ActionForm>
        </section>
        <div class="cluster">
            <ActionForm action=begin>
                <SubmitButton
                    label=lang.pick("新しいQRコードでやりなおす", "Start over with a new code")
                    pending=begin.pending()
                    class="button button--quiet"
                />
            </ActionForm>
            <ActionForm action=end>
                <SubmitButton
                    label=lang.pick("設定をやめる", "Do not set it up")
                    pending=end.pending()
                    class="button button--quiet"
                />
            </ActionForm>
        </div>
    }
}

/// Always dark on white, with its margin: in the colours of the night most readers do not find it.
#[component]
fn Qr(qr: QrView) -> impl IntoView {
    let lang = use_lang();
    let size = qr.size.to_string();
    let whole = format!("0 0 {size} {size}");
    let words = lang.pick(
        "認証アプリに登録するためのQRコード。読み取れないときは、下のキーを入力してください。",
        "QR code that adds this account to an authenticator app. If you cannot scan it, type in the key below.",
    );
    view! {
        <svg class="qr" role="img" aria-label=words viewBox=whole shape-rendering="crispEdges">
            <rect width=size.clone() height=size fill="#ffffff" />
            <path d=qr.path fill="#000000" />
        </svg>
    }
}

/// That the app is on from now on.
#[component]
pub(super) fn TurnedOn() -> impl IntoView {
    let lang = use_lang();
    view! {
        <Note kind=NoteKind::Done>
            <p>
                {lang.pick(
                    "認証アプリを有効にしました。ほかの端末はログアウトしました。",
                    "Your app was turned on. All other devices were signed out.",
                )}
            </p>
        </Note>
    }
}

#[component]
fn On(since: i64, end: ServerAction<EndTotp>) -> impl IntoView {
    let lang = use_lang();
    let date = moment::date(since, lang);
    view! {
        <Note kind=NoteKind::Done>
            {lang.pick(format!("{date}から有効です。"), format!("In use since {date}."))}
        </Note>
        <p>
            {lang.pick(
                "ログインのときに、アプリに表示される確認コードをお尋ねします。機種変更の前に、新しい端末のアプリへ移すか、いったん無効にして設定しなおしてください。",
                "We ask for the code that your app shows when you sign in. Before you change phones, move the app to the new one, or turn this off and set it up again.",
            )}
        </p>
        <p>
            {lang.pick("端末をなくしたときのために、", "In case you lose your device, keep your ")}
            <a href=href("/account/security/recovery")>{lang.pick("復旧コード", "recovery codes")}</a>
            {lang.pick("を安全なところに保管してください。", " in a safe place.")}
        </p>
        <section class="stack" aria-labelledby="totp-off">
            <h2 id="totp-off">{lang.pick("無効にする", "Turn it off")}</h2>
            <p>
                {lang.pick(
                    "無効にすると、アプリの確認コードをお尋ねしなくなり、この端末のほかはすべてログアウトします。アプリに残る当店の項目は、消してかまいません。",
                    "Codes from the app are then no longer asked for, and all devices but this one are signed out. You may delete this shop’s entry from the app.",
                )}
            </p>
            <ActionForm action=end>
                <SubmitButton
                    label=lang.pick("認証アプリを無効にする", "Turn the app off")
                    pending=end.pending()
                    class="button"
                />
            </ActionForm>
        </section>
    }
}
