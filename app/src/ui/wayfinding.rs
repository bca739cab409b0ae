//! Where the person is, and the ways from here: crumbs, steps, pages of a list. Price and badge.

use leptos::prelude::*;
use noren_domain::Yen;

use crate::lang::use_lang;

/// The way from the home page to this one. The last entry is this page and no link.
#[component]
pub fn Crumbs(
    /// Words and path (in the page's language) of each, outermost first; the last path is not used.
    items: Vec<(String, String)>,
) -> impl IntoView {
    let lang = use_lang();
    let last = items.len().saturating_sub(1);
    let items = items
        .into_iter()
        .enumerate()
        .map(|(i, (words, path))| {
            if i == last {
                view! { <li><span aria-current="page">{words}</span></li> }.into_any()
            } else {
                view! { <li><a href=path>{words}</a></li> }.into_any()
            }
        })
        .collect_view();
    view! {
        <nav class="crumbs" aria-label=lang.pick("現在の場所", "Breadcrumb")>
            <ol>{items}</ol>
        </nav>
    }
}

/// The steps of a longer way (checkout), with the present one marked and earlier ones as links.
#[component]
pub fn Steps(
    /// Words and path (in the page's language) of each step.
    items: Vec<(String, String)>,
    /// Index of the present step.
    now: usize,
) -> impl IntoView {
    let lang = use_lang();
    let items = items
        .into_iter()
        .enumerate()
        .map(|(i, (words, path))| match i.cmp(&now) {
            std::cmp::Ordering::Less => view! { <li class="steps__done"><a href=path>{words}</a></li> }.into_any(),
            std::cmp::Ordering::Equal => view! { <li aria-current="step">{words}</li> }.into_any(),
            std::cmp::Ordering::Greater => view! { <li>{words}</li> }.into_any(),
        })
        .collect_view();
    view! {
        <nav class="steps" aria-label=lang.pick("ご購入の手順", "Checkout steps")>
            <ol>{items}</ol>
        </nav>
    }
}

/// The pages of a list around the present one, and the ways to the neighbours.
#[component]
pub fn Pager<F>(
    /// The present page, from 1.
    page: u32,
    /// How many pages there are; with one, nothing is shown.
    pages: u32,
    /// Path (in the page's language) and query of a page.
    link: F,
) -> impl IntoView
where
    F: Fn(u32) -> String + Send + 'static,
{
    let lang = use_lang();
    (pages > 1).then(|| {
        let near = page.saturating_sub(2).max(1)..=page.saturating_add(2).min(pages);
        let numbers = near
            .map(|number| {
                if number == page {
                    view! { <li><span aria-current="page">{number}</span></li> }.into_any()
                } else {
                    view! { <li><a href=link(number)>{number}</a></li> }.into_any()
                }
            })
            .collect_view();
        view! {
            <nav class="pager" aria-label=lang.pick("ページ送り", "Pages")>
                <ul>
                    {(page > 1).then(|| view! { <li><a rel="prev" href=link(page - 1)>{lang.pick("前へ", "Previous")}</a></li> })}
                    {numbers}
                    {(page < pages).then(|| view! { <li><a rel="next" href=link(page + 1)>{lang.pick("次へ", "Next")}</a></li> })}
                </ul>
            </nav>
        }
    })
}

/// A price as the law wants it shown: `1,320円（税込）`, `¥1,320 (tax incl.)`.
#[component]
pub fn Price(
    /// The amount, tax included.
    amount: Yen,
    /// Shown large, as on the product's own page.
    #[prop(optional)]
    large: bool,
) -> impl IntoView {
    let lang = use_lang();
    view! {
        <span class="price" class:price--large=large>
            {amount.show(lang)}
            <span class="price__tax">{lang.pick("（税込）", " (tax incl.)")}</span>
        </span>
    }
}

/// How a [`Badge`] is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BadgeKind {
    /// A plain fact.
    #[default]
    Plain,
    /// Done, or good to go.
    Ok,
    /// Needs care.
    Warning,
    /// Wrong, or cannot be had.
    Danger,
    /// Past, or of no matter now.
    Muted,
}

/// A state in one or two words.
#[component]
pub fn Badge(
    /// The words.
    #[prop(into)]
    words: String,
    /// How it is meant.
    #[prop(optional)]
    kind: BadgeKind,
) -> impl IntoView {
    let class = match kind {
        BadgeKind::Plain => "badge",
        BadgeKind::Ok => "badge badge--ok",
        BadgeKind::Warning => "badge badge--warn",
        BadgeKind::Danger => "badge badge--danger",
        BadgeKind::Muted => "badge badge--muted",
    };
    view! { <span class=class>{words}</span> }
}
