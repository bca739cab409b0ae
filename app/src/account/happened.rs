//! What happened to the account, on the security page: what its owner was told by mail, in one list.

use leptos::prelude::*;
use noren_domain::account::HappenedView;
use noren_domain::moment;

use crate::lang::use_lang;

/// So many are in view; the others behind one press.
const IN_VIEW: usize = 20;

/// The section.
#[component]
pub fn Happened(
    /// The newest first.
    happened: Vec<HappenedView>,
) -> impl IntoView {
    let lang = use_lang();
    let none = happened.is_empty().then(|| {
        view! { <p>{lang.pick("過去90日間の記録はありません。", "Nothing is recorded for the past 90 days.")}</p> }
    });
    let mut rows = happened.into_iter().map(|happened| view! { <Row happened /> }.into_any());
    let first: Vec<AnyView> = rows.by_ref().take(IN_VIEW).collect();
    let others: Vec<AnyView> = rows.collect();
    let first = (!first.is_empty()).then(|| view! { <ul class="read-list">{first}</ul> });
    let others = (!others.is_empty()).then(|| {
        let words =
            lang.pick(format!("ほかの{}件も表示する", others.len()), format!("Show all: {} more", others.len()));
        view! {
            <details class="happened__more">
                <summary>{words}</summary>
                <ul class="read-list">{others}</ul>
            </details>
        }
    });
    view! {
        <section class="stack" aria-labelledby="happened">
            <h2 id="happened">{lang.pick("アカウントのできごと", "What happened with your account")}</h2>
            <p class="muted">
                {lang.pick(
                    "過去90日間に、お客様のアカウントで変わったことや、当店が気づいたことを、新しいものから200件まで表示しています。心当たりのないことがあれば、パスワードを変更し、見覚えのないパスキーや認証アプリを削除してください。",
                    "What was changed in your account in the past 90 days, and what we noticed: the latest 200. If you do not recognise something, set a new password, and remove passkeys and apps that are not yours.",
                )}
            </p>
            {none}
            {first}
            {others}
        </section>
    }
}

#[component]
fn Row(happened: HappenedView) -> impl IntoView {
    let lang = use_lang();
    let HappenedView { at, what, browser, network } = happened;
    let from = browser.map(|browser| {
        let network =
            if network.is_empty() { lang.pick("接続元不明", "unknown network").to_owned() } else { network };
        format!("{}{}{network}", browser.words(lang), lang.pick("・", " · "))
    });
    view! {
        <li class="read">
            <p class="read__what">{what}</p>
            <p class="muted small">
                <time datetime=moment::machine(at)>{moment::date_time(at, lang)}</time>
                {from.map(|from| format!("{}{from}", lang.pick("・", " · ")))}
            </p>
        </li>
    }
}
