//! Two-step sign-in: its section of the account security page.

use leptos::prelude::*;
use noren_domain::account::FactorsView;
use noren_domain::{Lang, moment};

use crate::form::Refusal;
use crate::lang::{href, use_lang};
use crate::ui::{Badge, BadgeKind, SubmitButton};

/// Has the person's second factors stay, which are said to be lost.
#[server(endpoint = "account/keep-factors")]
pub async fn keep_factors() -> Result<(), Refusal> {
    let who = super::inside::guard_recent(&super::again::again("/account/security", "factors")).await?;
    let (shop, device) = (crate::request::shop(), crate::request::device());
    let kept = noren_shop::account::lost::keep(&shop, &who, &device).await;
    kept.map_err(|e| crate::form::refuse("factors", &(), faults(&e)))?;
    crate::request::go("/account/security");
    Ok(())
}

/// The fault to show for a factor that was not changed, at the field it belongs to; a fault of ours is logged.
#[cfg(feature = "ssr")]
pub(super) fn faults(error: &noren_shop::account::factors::FactorError) -> noren_domain::form::Faults {
    use noren_domain::form::{Fault, Faults};
    use noren_shop::account::factors::FactorError;
    match error {
        FactorError::Refused(fault @ (Fault::AppCode | Fault::Required)) => Faults::field("code", fault.clone()),
        FactorError::Refused(fault) => Faults::of(fault.clone()),
        other => crate::request::failed(other).faults(),
    }
}

/// What is asked for at a sign-in beside the password, and what stands in for it.
#[component]
pub fn Factors(
    /// How they stand.
    factors: FactorsView,
    /// Has them stay.
    keep: ServerAction<KeepFactors>,
) -> impl IntoView {
    let lang = use_lang();
    let lacks_codes = factors.lacks_codes();
    let FactorsView { totp, recovery, removal } = factors;
    let app = match (totp, lang) {
        (None, Lang::Ja) => "設定されていません。".to_owned(),
        (None, Lang::En) => "Not set up.".to_owned(),
        (Some(since), Lang::Ja) => format!("{}から使っています。", moment::date(since, lang)),
        (Some(since), Lang::En) => format!("In use since {}.", moment::date(since, lang)),
    };
    let few = match (totp, recovery.left) {
        (None, _) | (Some(_), 3..) => None,
        (Some(_), 0) => Some(lang.pick("要確認", "Needs attention")),
        (Some(_), _) => Some(lang.pick("残りわずか", "Running out")),
    };
    let codes = match (recovery.made_at, recovery.left, lang) {
        (None, _, Lang::Ja) => "作成されていません。".to_owned(),
        (None, _, Lang::En) => "None were made yet.".to_owned(),
        (Some(_), left, Lang::Ja) => format!("残り{left}個。"),
        (Some(_), 1, Lang::En) => "One left.".to_owned(),
        (Some(_), left, Lang::En) => format!("{left} left."),
    };
    view! {
        <section class="stack" aria-labelledby="factors">
            <h2 id="factors">{lang.pick("二段階認証", "Two-step sign-in")}</h2>
            <p class="muted">
                {lang.pick(
                    "ログインのときに、パスワードに加えてお手元の端末の確認コードをお尋ねします。パスワードを知られても、それだけではログインできません。設定から3日たつと、メールを読まれても、それだけではログインできなくなります。",
                    "When you sign in, we ask for a code from your own device besides the password. Whoever learns your password cannot get in with that alone; once it has been set up for three days, nor can whoever reads your mail.",
                )}
            </p>
            {removal.map(|due| view! { <Removal due keep /> })}
            <ul class="factor-list">
                <li class="factor">
                    <div>
                        <h3 class="factor__name">
                            {lang.pick("認証アプリ", "Authenticator app")}
                            {totp.map(|_| view! { <Badge words=lang.pick("有効", "On") kind=BadgeKind::Ok /> })}
                        </h3>
                        <p class="muted small">{app}</p>
                    </div>
                    <a class="button button--quiet" href=href("/account/security/totp")>
                        {match totp {
                            None => lang.pick("認証アプリを設定", "Set up an app"),
                            Some(_) => lang.pick("認証アプリの設定を見る", "See the app’s settings"),
                        }}
                    </a>
                </li>
                <li class="factor">
                    <div>
                        <h3 class="factor__name">
                            {lang.pick("復旧コード", "Recovery codes")}
                            {few.map(|words| view! { <Badge words kind=BadgeKind::Warning /> })}
                        </h3>
                        <p class="muted small">
                            {codes} " "
                            {lang.pick(
                                "端末をなくしたときに、確認コードの代わりに使えます。",
                                "They stand in for the code if you lose your device.",
                            )}
                        </p>
                        {lacks_codes
                            .then(|| {
                                view! {
                                    <p>
                                        {lang.pick(
                                            "今のままでは、認証アプリの入った端末をなくすとログインできなくなります。復旧コードを作り、控えておいてください。",
                                            "As it is, you would be shut out if you lost the device with your app. Please make recovery codes and keep them safe.",
                                        )}
                                    </p>
                                }
                            })}
                    </div>
                    <a class="button button--quiet" href=href("/account/security/recovery")>
                        {match recovery.made_at {
                            None => lang.pick("復旧コードを作る", "Make recovery codes"),
                            Some(_) => lang.pick("復旧コードを作りなおす", "Replace the recovery codes"),
                        }}
                    </a>
                </li>
            </ul>
        </section>
    }
}

/// That all of them are to go, and the button that stops it.
#[component]
fn Removal(due: i64, keep: ServerAction<KeepFactors>) -> impl IntoView {
    let lang = use_lang();
    let when = moment::date_time(due, lang);
    view! {
        <div class="note note--warning stack">
            <p>
                {lang.pick(
                    format!(
                        "認証アプリと復旧コードをなくされたとのお申し出を受けています。{when}以降に、認証アプリ、復旧コード、パスキーを解除し、すべての端末をログアウトします。このお申し出にお心当たりがないときや、見つかったときは、取り消してください。ご本人の確認をお願いすることがあります。",
                    ),
                    format!(
                        "We were told that you have lost your app and your recovery codes. After {when} we will remove them and your passkeys, and sign all devices out. If it was not you, or you have found them, please stop it. We may ask you to confirm that it is you.",
                    ),
                )}
            </p>
            <ActionForm action=keep>
                <SubmitButton
                    label=lang.pick("解除を取り消す", "Stop the removal")
                    pending=keep.pending()
                    class="button button--primary"
                />
            </ActionForm>
        </div>
    }
}
