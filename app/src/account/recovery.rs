//! Recovery codes: how many are left, and new ones, which are shown once.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use noren_domain::account::{RecoveryLeft, RecoveryView};
use noren_domain::form::Faults;
use noren_domain::{Lang, moment};
use serde::{Deserialize, Serialize};

use super::reads::percent;
use super::totp::TurnedOn;
use crate::form::{Refusal, use_faults};
use crate::lang::{href, use_lang};
use crate::ui::{FaultSummary, Head, Load, Note, NoteKind, SubmitButton};

#[cfg(feature = "ssr")]
const PAGE: &str = "/account/security/recovery";

/// Carries new codes to the page that shows them, once: sealed, for five minutes, and gone when it was read.
#[cfg(feature = "ssr")]
const PARCEL: &str = "recovery";

/// What the page of the codes shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryData {
    recovery: RecoveryView,
    /// The codes came with the app, which was turned on a moment ago.
    turned_on: bool,
    /// Why none were made, where the form was sent without scripts.
    faults: Faults,
}

/// Goes to the page of the codes, which shows these to their owner and never again. `turned_on`: the app was, and they
/// come with it.
#[cfg(feature = "ssr")]
pub(super) fn hand_over(
    who: &noren_shop::session::Recent,
    codes: &[noren_domain::account::RecoveryCode],
    turned_on: bool,
) {
    let codes: Vec<String> = codes.iter().map(noren_domain::account::RecoveryCode::written).collect();
    let parcel = serde_json::to_vec(&(who.customer().0, codes, turned_on)).unwrap_or_default();
    crate::request::put_parcel(PARCEL, &parcel);
    crate::request::go(PAGE);
}

/// Loads the page of the codes.
#[server(endpoint = "account/recovery", input = GetUrl)]
pub async fn load_recovery() -> Result<Option<RecoveryData>, Refusal> {
    let who = super::inside::guard_recent(PAGE).await?;
    let shop = crate::request::shop();
    let standing = async {
        let mut conn = shop.db.read().await?;
        noren_shop::account::recovery::standing(&mut conn, who.customer()).await
    };
    let standing = standing.await.map_err(|e| crate::request::failed(&e))?;
    let parcel = crate::request::take_parcel(PARCEL);
    let made: Option<(uuid::Uuid, Vec<String>, bool)> = parcel.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let made = made.filter(|(owner, ..)| *owner == who.customer().0);
    let (fresh, turned_on) = made.map(|(_, codes, turned_on)| (codes, turned_on)).unwrap_or_default();
    let faults = crate::form::kept::<()>("recovery").map(|form| form.faults).unwrap_or_default();
    Ok(Some(RecoveryData { recovery: RecoveryView { standing, fresh }, turned_on, faults }))
}

/// Makes new codes.
#[server(endpoint = "account/recovery-new")]
pub async fn renew_recovery() -> Result<(), Refusal> {
    let who = super::inside::guard_recent(PAGE).await?;
    let made = noren_shop::account::recovery::renew(&crate::request::shop(), &who, &crate::request::device()).await;
    let made = made.map_err(|e| crate::form::refuse("recovery", &(), super::factors::faults(&e)))?;
    hand_over(&who, &made, false);
    Ok(())
}

/// The recovery codes.
#[component]
pub fn RecoveryPage() -> impl IntoView {
    let lang = use_lang();
    let renew = ServerAction::<RenewRecovery>::new();
    view! {
        <Head title=lang.pick("復旧コード", "Recovery codes") index=false />
        <Load
            key=move || renew.version().get().to_string()
            load=|_| load_recovery()
            view=move |data: RecoveryData| view! { <Recovery data renew /> }
        />
    }
}

#[component]
fn Recovery(data: RecoveryData, renew: ServerAction<RenewRecovery>) -> impl IntoView {
    let lang = use_lang();
    let RecoveryData { recovery: RecoveryView { standing, fresh }, turned_on, faults } = data;
    let body = if fresh.is_empty() {
        view! { <Standing standing renew /> }.into_any()
    } else {
        view! { <Fresh codes=fresh made_at=standing.made_at.unwrap_or_default() /> }.into_any()
    };
    view! {
        <div class="security stack">
            <div class="page-head">
                <p class="small"><a href=href("/account/security")>{lang.pick("アカウントの安全", "Account security")}</a></p>
                <h1>{lang.pick("復旧コード", "Recovery codes")}</h1>
            </div>
            {turned_on.then(|| view! { <TurnedOn /> })}
            <FaultSummary faults=use_faults(renew, faults) labels=vec![] />
            {body}
        </div>
    }
}

#[component]
fn Standing(standing: RecoveryLeft, renew: ServerAction<RenewRecovery>) -> impl IntoView {
    let lang = use_lang();
    let RecoveryLeft { left, made_at } = standing;
    let stand = match (made_at, lang) {
        (None, Lang::Ja) => "復旧コードはまだありません。".to_owned(),
        (None, Lang::En) => "You have no recovery codes yet.".to_owned(),
        (Some(at), Lang::Ja) => format!("残り{left}個です（{}に作成）。", moment::date(at, lang)),
        (Some(at), Lang::En) => format!("{left} left, made on {}.", moment::date(at, lang)),
    };
    let (label, class) = match made_at {
        None => (lang.pick("復旧コードを作る", "Make recovery codes"), "button button--primary"),
        Some(_) => (lang.pick("新しい復旧コードを作る", "Make new recovery codes"), "button"),
    };
    view! {
        <p class="lead">
            {lang.pick(
                "スマートフォンをなくすなどして確認コードを受け取れないときに、代わりに入力するコードです。一つにつき一度だけ使えます。",
                "If you lose your phone, type one of these in place of the code from it. Each works once.",
            )}
        </p>
        <p class="recovery__left">{stand}</p>
        {made_at
            .map(|_| {
                view! {
                    <p>
                        {lang.pick(
                            "お手元の控えをなくしたとき、残りが少なくなったときは、作りなおしてください。前のコードはすべて使えなくなり、この端末のほかはすべてログアウトします。",
                            "Make new ones if you have lost yours or have few left. All the old ones stop working, and all devices but this one are signed out.",
                        )}
                    </p>
                }
            })}
        <ActionForm action=renew>
            <SubmitButton label pending=renew.pending() class />
        </ActionForm>
    }
}

#[component]
fn Fresh(codes: Vec<String>, made_at: i64) -> impl IntoView {
    let lang = use_lang();
    let text = as_text(lang, &codes, made_at);
    let download = format!("data:text/plain;charset=utf-8,{}", percent(&text));
    let codes = codes.into_iter().map(|code| view! { <li><code>{code}</code></li> }).collect_view();
    view! {
        <Note kind=NoteKind::Warning>
            {lang.pick(
                "復旧コードを作りました。表示されるのは、この一度だけです。このページを離れる前に、必ず控えてください。",
                "Here are your recovery codes. They are shown this once only: please keep them before you leave this page.",
            )}
        </Note>
        <ol class="recovery-codes" aria-label=lang.pick("復旧コード", "Recovery codes")>{codes}</ol>
        <p>
            <a class="button button--primary" href=download download="norendo-recovery-codes.txt">
                {lang.pick("テキストファイルで保存", "Save as a text file")}
            </a>
        </p>
        <p>
            {lang.pick(
                "紙に印刷しておくこともできます（ブラウザーの印刷をお使いください）。パスワードとは別の、安全なところに保管してください。",
                "You can also print this page with your browser. Keep the codes in a safe place, apart from your password.",
            )}
        </p>
        <p>
            {lang.pick(
                "一つにつき一度だけ使えます。大文字と小文字の違いやハイフンは、入力のときに気にしなくてかまいません。",
                "Each works once. When you type one, upper or lower case and hyphens do not matter.",
            )}
        </p>
        <p>
            <a class="button" href=href("/account/security")>{lang.pick("控えました。アカウントの安全へ", "I have kept them")}</a>
        </p>
    }
}

/// The codes as they lie in a file or a safe: whose they are, since when, and how they are used.
fn as_text(lang: Lang, codes: &[String], made_at: i64) -> String {
    let made = moment::date_time(made_at, lang);
    let head = lang.pick(
        format!("暖簾堂 復旧コード（{made}に作成）\n一つにつき一度だけ使えます。新しく作りなおすと、これらは使えなくなります。\n"),
        format!("Norendo recovery codes, made on {made}\nEach works once. New codes put an end to these.\n"),
    );
    format!("{head}\n{}\n", codes.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_codes_says_whose_they_are_and_has_one_on_each_line() {
        let codes = ["0410-6105-0R3G-G28A-1C60-T3GF".to_owned(), "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ".to_owned()];
        for (lang, shop) in [(Lang::Ja, "暖簾堂"), (Lang::En, "Norendo")] {
            let text = as_text(lang, &codes, 1_795_662_000_000);
            assert!(text.starts_with(shop) && text.contains("2026"), "{text}");
            assert!(text.ends_with("\n\n0410-6105-0R3G-G28A-1C60-T3GF\nZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ\n"), "{text}");
        }
    }
}
