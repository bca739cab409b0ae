//! The trust page: what the shop does, what has happened, how to reach it.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_router::hooks::use_query_map;
use noren_domain::moment;
use noren_domain::notice::NoticeLine;
use serde::{Deserialize, Serialize};

use crate::form::Refusal;
use crate::lang::{href, use_lang};
use crate::ui::{Badge, BadgeKind, Head, Load};

/// What the trust page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustData {
    /// The public notices, newest first.
    notices: Vec<NoticeLine>,
    /// The mailbox for reports about safety.
    contact: String,
}

/// The public notices. With a number, the browser goes on to that notice's page.
#[server(endpoint = "notice/timeline", input = GetUrl)]
pub async fn timeline(no: String) -> Result<Option<TrustData>, Refusal> {
    use noren_domain::notice::NoticeNo;
    if !no.trim().is_empty() {
        let no = NoticeNo::parse(&no);
        crate::request::go(&format!("/security/notices/{}", no.as_ref().map_or("unknown", NoticeNo::as_str)));
    }
    let shop = crate::request::shop();
    let notices = noren_shop::notice::timeline(&shop).await.map_err(|e| crate::request::failed(&e))?;
    Ok(Some(TrustData { notices, contact: shop.security_contact() }))
}

/// The trust page.
#[component]
pub fn TrustPage() -> impl IntoView {
    let lang = use_lang();
    let query = use_query_map();
    view! {
        <Head
            title=lang.pick("安全への取り組み", "Security")
            description=lang.pick(
                "お客様の情報をどう守っているか、これまでに何が起きたか、ご連絡の方法。",
                "How we protect your data, what has happened so far, and how to reach us.",
            )
            canonical="/security"
        />
        <Load
            key=move || query.read().get("no").unwrap_or_default()
            load=timeline
            view=move |data: TrustData| view! { <Trust data /> }
        />
    }
}

#[component]
fn Trust(data: TrustData) -> impl IntoView {
    let lang = use_lang();
    let TrustData { notices, contact } = data;
    let does = [
        (
            "お名前・ご住所・電話番号・メールアドレスは、お客様ごとの鍵で暗号化して保存しています。",
            "Names, addresses, phone numbers and e-mail addresses are stored encrypted, each person's under a key of their own.",
        ),
        (
            "パスワードは、元に戻せない形（argon2id）でのみ保存しています。",
            "Passwords are stored only in a form that cannot be turned back (argon2id).",
        ),
        (
            "カード番号は、当店を通りません。決済会社の画面に直接入力していただきます。",
            "Card numbers never pass through this shop. You enter them on the payment provider's own page.",
        ),
        (
            "ほかの会社のスクリプト・広告・追跡の仕組みは、どのページにも入れていません。",
            "No page carries scripts, advertising or trackers of other companies.",
        ),
        (
            "ログイン中の端末と最近のログインは、いつでもご自分で確かめられます。",
            "You can always see which devices are signed in, and every recent sign-in.",
        ),
    ];
    let does = does.into_iter().map(|(ja, en)| view! { <li>{lang.pick(ja, en)}</li> }).collect_view();
    let list = if notices.is_empty() {
        view! { <p>{lang.pick("これまでに公表したお知らせはありません。", "No notice has been published so far.")}</p> }
            .into_any()
    } else {
        let items = notices.into_iter().map(|notice| view! { <Line notice /> }).collect_view();
        view! { <ol class="timeline notice-timeline">{items}</ol> }.into_any()
    };
    view! {
        <div class="trust prose">
            <h1>{lang.pick("安全への取り組み", "Security")}</h1>
            <p class="lead">
                {lang.pick(
                    "お客様の情報に何かあったときは、隠さず、早く、お一人ずつにお知らせします。",
                    "If something happens to your data, we tell you: openly, soon, and about you in particular.",
                )}
            </p>
            <h2>{lang.pick("していること", "What we do")}</h2>
            <ul>{does}</ul>
            <h2>{lang.pick("お知らせの番号を確かめる", "Check the number of a notice")}</h2>
            <form class="notice-check" method="get" action=href("/security")>
                <label for="f-no">{lang.pick("番号（例: N-2026-0001）", "Number, such as N-2026-0001")}</label>
                <div class="notice-check__row">
                    <input id="f-no" name="no" maxlength="20" autocomplete="off" spellcheck="false" required />
                    <button class="button">{lang.pick("確かめる", "Check")}</button>
                </div>
            </form>
            <p>
                <a href=href("/mails/check")>
                    {lang.pick("届いたメールが当店のものかを確かめる", "Check whether a mail comes from us")}
                </a>
            </p>
            <h2>{lang.pick("これまでのお知らせ", "Notices so far")}</h2>
            {list}
            <h2>{lang.pick("自分に関わるお知らせ", "Notices about you")}</h2>
            <p>
                {lang.pick("ログインすると、", "After you sign in, your ")}
                <a href=href("/account/security")>{lang.pick("アカウントの安全", "account security page")}</a>
                {lang.pick(
                    "のページで、ご自分の情報について何が分かっているかをご覧いただけます。",
                    " shows what is known about your own data.",
                )}
            </p>
            <h2>{lang.pick("ご連絡", "How to reach us")}</h2>
            <p>
                {lang.pick(
                    "当店をよそおったメール、身に覚えのないログイン、脆弱性の発見などは、次の宛先へお知らせください。2営業日以内に担当者がお返事します。",
                    "Please tell us about mails that pretend to come from us, sign-ins you do not recognise, or weaknesses you have found. A person answers within two working days.",
                )}
            </p>
            <p>
                <a href=format!("mailto:{contact}") rel="external">{contact.clone()}</a>
                {lang.pick("（脆弱性の報告の手引き: ", " (for researchers: ")}
                <a href="/.well-known/security.txt" rel="external">"security.txt"</a>
                {lang.pick("）", ")")}
            </p>
        </div>
    }
}

#[component]
fn Line(notice: NoticeLine) -> impl IntoView {
    let lang = use_lang();
    let no = notice.no.as_str().to_owned();
    view! {
        <li>
            <p class="notice__head">
                <time datetime=moment::machine(notice.published_at)>{moment::date(notice.published_at, lang)}</time>
                <Badge words=notice.version.words(lang) kind=BadgeKind::Warning />
                <span class="notice__no">{no.clone()}</span>
            </p>
            <p><a href=href(&format!("/security/notices/{no}"))>{notice.title.into(lang)}</a></p>
            <p class="muted small">
                {lang.pick(format!("対象の方: {}名", notice.people), format!("People affected: {}", notice.people))}
            </p>
        </li>
    }
}
