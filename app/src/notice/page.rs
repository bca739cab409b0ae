//! One notice by its number, for anybody who wants to know whether it is ours.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_router::hooks::use_params_map;
use noren_domain::moment;
use noren_domain::notice::{Lookup, PublicNotice};

use crate::form::Refusal;
use crate::lang::{href, use_lang};
use crate::notice::NoticeBody;
use crate::ui::{Badge, BadgeKind, Head, Load};

/// Looks a number up. A number that is not ours is an answer, not a missing page.
#[server(endpoint = "notice/look-up", input = GetUrl)]
pub async fn look_up(no: String) -> Result<Option<Lookup>, Refusal> {
    use noren_domain::notice::NoticeNo;
    let found = match NoticeNo::parse(&no) {
        Some(no) => noren_shop::notice::public(&crate::request::shop(), &no).await,
        None => Ok(None),
    };
    let found = found.map_err(|e| crate::request::failed(&e))?;
    Ok(Some(found.map_or(Lookup::NotOurs, |notice| Lookup::Ours(Box::new(notice)))))
}

/// One notice by its number.
#[component]
pub fn NoticePage() -> impl IntoView {
    let params = use_params_map();
    view! {
        <Load
            key=move || params.read().get("no").unwrap_or_default()
            load=look_up
            view=move |lookup: Lookup| match lookup {
                Lookup::Ours(notice) => view! { <Ours notice=*notice /> }.into_any(),
                Lookup::NotOurs => view! { <NotOurs /> }.into_any(),
            }
        />
    }
}

#[component]
fn Ours(notice: PublicNotice) -> impl IntoView {
    let lang = use_lang();
    let no = notice.no.as_str().to_owned();
    let title = notice.content.title.get(lang).to_owned();
    view! {
        <Head title=title.clone() canonical=format!("/security/notices/{no}") />
        <article class="notice notice--public">
            <p class="note note--done">
                {lang.pick(
                    format!("{no} は、当店が公表したお知らせです。"),
                    format!("{no} is a notice published by this shop."),
                )}
            </p>
            <p class="notice__head">
                <Badge words=notice.version.words(lang) kind=BadgeKind::Warning />
                <span class="notice__no">{no}</span>
                <time datetime=moment::machine(notice.published_at)>{moment::date(notice.published_at, lang)}</time>
            </p>
            <h1>{title}</h1>
            <p>
                {lang.pick("ご自分の情報がどうだったかは、ログインして", "What applies to you is shown on your ")}
                <a href=href("/account/security")>{lang.pick("アカウントの安全", "account security page")}</a>
                {lang.pick("でご確認ください。", " after you sign in.")}
            </p>
            <NoticeBody content=notice.content level=2 />
            <p><a href=href("/security")>{lang.pick("安全への取り組みへ戻る", "Back to our security page")}</a></p>
        </article>
    }
}

#[component]
fn NotOurs() -> impl IntoView {
    let lang = use_lang();
    #[cfg(feature = "ssr")]
    crate::request::status(http::StatusCode::NOT_FOUND);
    view! {
        <Head title=lang.pick("当店のお知らせではありません", "Not a notice of ours") index=false />
        <div class="empty">
            <h1>{lang.pick("この番号のお知らせは、当店のものではありません", "We have not published a notice with this number")}</h1>
            <p>
                {lang.pick(
                    "番号をもう一度お確かめください。それでも見つからないときは、当店をよそおったメールかもしれません。リンクを開かず、パスワードなどを入力しないでください。",
                    "Please check the number once more. If it still is not found, the message may only pretend to come from us: do not open its links and do not enter a password.",
                )}
            </p>
            <p><a class="button" href=href("/security")>{lang.pick("安全への取り組みへ", "To our security page")}</a></p>
        </div>
    }
}
