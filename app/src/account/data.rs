//! What we hold about a person, and the ways to a copy of it and to its erasure.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use noren_domain::account::{DataView, ExportLink, Holding};
use noren_domain::form::Faults;
use noren_domain::moment;

use crate::form::{Refusal, use_faults};
use crate::lang::{href, use_lang};
use crate::ui::{FaultSummary, Head, Load, SubmitButton};

const PAGE: &str = "/account/data";

/// On the security page: the way here.
#[component]
pub fn DataSection() -> impl IntoView {
    let lang = use_lang();
    view! {
        <section class="stack" aria-labelledby="data">
            <h2 id="data">{lang.pick("お預かりしている情報", "The data we hold about you")}</h2>
            <p>
                {lang.pick(
                    "何を、何のために、いつまで保管しているかをご覧いただけます。控えの書き出しと、アカウントの消去もこちらからできます。",
                    "See what we hold, why and until when, take a copy of it along, or have your account erased.",
                )}
            </p>
            <p><a class="button button--quiet" href=href(PAGE)>{lang.pick("お預かりしている情報を見る", "See what we hold")}</a></p>
        </section>
    }
}

/// Loads the page.
#[server(endpoint = "account/data", input = GetUrl)]
pub async fn load_data() -> Result<Option<DataView>, Refusal> {
    let who = super::inside::guard(PAGE).await?;
    let held = noren_shop::account::data::holdings(&crate::request::shop(), &who, crate::request::lang()).await;
    held.map_err(|error| crate::request::failed(&error))
}

/// Asks for a copy, and goes to it.
#[server(endpoint = "account/export-ask")]
pub async fn ask_export() -> Result<(), Refusal> {
    let who = super::inside::guard_recent(PAGE).await?;
    let (shop, device) = (crate::request::shop(), crate::request::device());
    let link = noren_shop::account::export::ask(&shop, &who, &device).await;
    let link = link.map_err(|error| super::export::refusal(&error))?;
    crate::request::go(&format!("{PAGE}/export/{}", link.token));
    Ok(())
}

/// The page.
#[component]
pub fn DataPage() -> impl IntoView {
    let lang = use_lang();
    let ask = ServerAction::<AskExport>::new();
    view! {
        <Head title=lang.pick("お預かりしている情報", "The data we hold about you") index=false />
        <Load
            key=move || ask.version().get().to_string()
            load=|_| load_data()
            view=move |data: DataView| view! { <Data data ask /> }
        />
    }
}

#[component]
fn Data(data: DataView, ask: ServerAction<AskExport>) -> impl IntoView {
    let lang = use_lang();
    let DataView { holdings, export } = data;
    let holdings = holdings.into_iter().map(|holding| view! { <HoldingRow holding /> }).collect_view();
    view! {
        <div class="security stack stack--wide">
            <div class="page-head">
                <p class="small"><a href=href("/account/security")>{lang.pick("アカウントの安全", "Account security")}</a></p>
                <h1>{lang.pick("お預かりしている情報", "The data we hold about you")}</h1>
            </div>
            <FaultSummary faults=use_faults(ask, Faults::default()) labels=vec![] />
            <section class="stack" aria-labelledby="held">
                <h2 id="held">{lang.pick("何を、何のために、いつまで", "What, what for, until when")}</h2>
                <p class="muted">
                    {lang.pick(
                        "いまお客様についてこの店に実際にあるものを、その場で数えて表示しています。お名前、ご住所、電話番号、メールアドレスなどは暗号化しています。",
                        "This is what is really here about you now, counted as you look. Name, address, phone, e-mail and the like are kept sealed.",
                    )}
                </p>
                <ul class="holding-list">{holdings}</ul>
            </section>
            <section class="stack" aria-labelledby="copy">
                <h2 id="copy">{lang.pick("控えを書き出す", "Export a copy")}</h2>
                <p>
                    {lang.pick(
                        "お預かりしている情報のすべてを、読みやすいページと、当店の署名が付いたファイル（JSON）でお渡しします。書き出しがあったことは、メールでもお知らせします。控えを開けるのはお客様だけで、24時間で開けなくなります。",
                        "All that we hold about you, as a page to read and as a file (JSON) that we sign. We tell you by mail that it was asked for. It opens to you alone, for 24 hours.",
                    )}
                </p>
                {export.map(|link| view! { <Ready link /> })}
                <ActionForm action=ask>
                    <SubmitButton
                        label=lang.pick("控えを書き出す", "Make a copy")
                        pending=ask.pending()
                        class="button button--quiet"
                    />
                </ActionForm>
            </section>
            <section class="stack" aria-labelledby="erase">
                <h2 id="erase">{lang.pick("アカウントを消去する", "Erase your account")}</h2>
                <p>
                    {lang.pick(
                        "アカウントとお預かりしている情報を、その場で消去します。次のページで、消えるものと残るもの、その理由をお確かめいただけます。",
                        "We erase your account and the data we hold, at once. The next page says what goes, what stays, and why.",
                    )}
                </p>
                <p>
                    <a class="button button--quiet" href=href("/account/data/erase")>
                        {lang.pick("消去について確かめる", "See what would be erased")}
                    </a>
                </p>
            </section>
        </div>
    }
}

#[component]
fn HoldingRow(holding: Holding) -> impl IntoView {
    let lang = use_lang();
    let Holding { what, why, until, with } = holding;
    let with = if with.is_empty() { lang.pick("なし", "Nobody").to_owned() } else { with };
    view! {
        <li class="holding">
            <h3 class="holding__what">{what}</h3>
            <dl class="holding__facts">
                <div><dt>{lang.pick("目的", "What for")}</dt><dd>{why}</dd></div>
                <div><dt>{lang.pick("期間", "Until when")}</dt><dd>{until}</dd></div>
                <div><dt>{lang.pick("提供先", "Handed to")}</dt><dd>{with}</dd></div>
            </dl>
        </li>
    }
}

/// The way to a copy that can still be opened.
#[component]
fn Ready(link: ExportLink) -> impl IntoView {
    let lang = use_lang();
    let asked = moment::date_time(link.asked_at, lang);
    let until = moment::date_time(link.until, lang);
    let words = lang
        .pick(format!("{asked}の控えを、{until}まで開けます。"), format!("Your copy of {asked} opens until {until}."));
    view! {
        <p>{words} " " <a href=href(&format!("{PAGE}/export/{}", link.token))>{lang.pick("控えを開く", "Open it")}</a></p>
    }
}
