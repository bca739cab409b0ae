//! A copy of one's data, to be read, printed and downloaded.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_router::hooks::use_params_map;
use noren_domain::account::{ExportSection, ExportView};
use noren_domain::moment;

use crate::form::Refusal;
use crate::lang::{href, use_lang};
use crate::ui::{Head, Load, Note, NoteKind};

/// More entries than these fold.
const FEW: usize = 3;

/// What to say of a copy that was not made.
#[cfg(feature = "ssr")]
pub(super) fn refusal(error: &noren_shop::account::export::ExportError) -> Refusal {
    match error {
        noren_shop::account::export::ExportError::Refused(fault) => fault.clone().into(),
        other => crate::request::failed(other),
    }
}

/// Loads the copy.
#[server(endpoint = "account/export", input = GetUrl)]
pub async fn load_export(token: String) -> Result<Option<ExportView>, Refusal> {
    // The page's own address says which copy it is: no other is gone back to.
    let Some(known) = noren_shop::token::Token::parse(&token) else { return Ok(None) };
    let who = super::inside::guard_recent(&format!("/account/data/export/{}", known.secret())).await?;
    let (shop, lang) = (crate::request::shop(), crate::request::lang());
    noren_shop::account::export::view(&shop, &who, &known, lang).await.map_err(|error| refusal(&error))
}

/// The copy.
#[component]
pub fn ExportPage() -> impl IntoView {
    let lang = use_lang();
    let params = use_params_map();
    view! {
        <Head title=lang.pick("お預かりしている情報の控え", "A copy of your data") index=false />
        <Load
            key=move || params.read().get("token").unwrap_or_default()
            load=load_export
            view=move |copy: ExportView| view! { <Copy copy /> }
        />
    }
}

#[component]
fn Copy(copy: ExportView) -> impl IntoView {
    let lang = use_lang();
    let ExportView { link, made_at, sections } = copy;
    let (made, until) = (moment::date_time(made_at, lang), moment::date_time(link.until, lang));
    let said = lang.pick(
        format!("{made}に作成しました。このページとファイルは、{until}まで開けます。"),
        format!("Made on {made}. This page and the file open until {until}."),
    );
    let file = href(&format!("/account/data/export/{}/file", link.token));
    let sections = sections.into_iter().map(|section| view! { <Section section /> }).collect_view();
    view! {
        <div class="security export stack stack--wide">
            <div class="page-head">
                <p class="small"><a href=href("/account/data")>{lang.pick("お預かりしている情報", "The data we hold about you")}</a></p>
                <h1>{lang.pick("お預かりしている情報の控え", "A copy of your data")}</h1>
                <p>{said}</p>
            </div>
            <Note kind=NoteKind::Warning>
                {lang.pick(
                    "この控えには、お名前やご住所などがそのまま載っています。保存や印刷のあとは、人に見られないところに保管してください。",
                    "This copy holds your name, address and more in plain words. Once you have saved or printed it, keep it where nobody else looks.",
                )}
            </Note>
            <p>
                <a class="button button--primary" href=file rel="external" download="norendo-data.json">
                    {lang.pick("署名付きのファイル（JSON）をダウンロード", "Download the signed file (JSON)")}
                </a>
            </p>
            <details class="reads__proof">
                <summary>{lang.pick("署名を自分で確かめる", "Check the signature yourself")}</summary>
                <div class="stack">
                    <p>
                        {lang.pick(
                            "ファイルには当店の署名（Ed25519）が付いています。当店の鍵と次のコマンドで、当店が作成し、そのあと変えられていないことを確かめられます。",
                            "The file carries our signature (Ed25519). With our key and this command anybody can see that we made it and that it was not changed since.",
                        )}
                    </p>
                    <p><a href="/export-key.pem" rel="external" download="export-key.pem">{lang.pick("当店の鍵（PEM）", "Our key (PEM)")}</a></p>
                    <pre class="reads__command"><code>"noren export verify norendo-data.json --key export-key.pem"</code></pre>
                </div>
            </details>
            {sections}
        </div>
    }
}

/// Many entries are unfolded by whoever wants to see them. They stand behind the `details`, not in it: one that is closed is
/// closed on paper as well, where all of them are to be read.
#[component]
fn Section(section: ExportSection) -> impl IntoView {
    let lang = use_lang();
    let ExportSection { title, note, entries } = section;
    let count = entries.len();
    let fold = (count > FEW).then(|| {
        let words = lang.pick(format!("全{count}件を見る"), format!("See all {count} entries"));
        let what = lang.pick(format!("（{title}）"), format!(" ({title})"));
        view! {
            <details class="fold">
                <summary>{words} <span class="visually-hidden">{what}</span></summary>
            </details>
        }
    });
    let entry = |entry: Vec<(String, String)>| {
        let facts = entry.into_iter().map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> });
        view! { <li class="holding"><dl class="holding__facts">{facts.collect_view()}</dl></li> }
    };
    let entries = entries.into_iter().map(entry).collect_view();
    view! {
        <section class="stack">
            <h2>{title}</h2>
            {(!note.is_empty()).then(|| view! { <p class="muted">{note}</p> })}
            {fold}
            <ul class="holding-list">{entries}</ul>
        </section>
    }
}
