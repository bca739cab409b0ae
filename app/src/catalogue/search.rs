//! Searching.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use noren_domain::Lang;
use noren_domain::catalogue::filter::{push_pair, value};
use noren_domain::catalogue::{SearchPage as Data, clean_query};

use super::{Cards, load_search};
use crate::lang::{href, use_lang};
use crate::ui::{Head, Load, Pager, SearchBox};

/// What matches `?q=`, or what comes near it.
#[component]
pub fn SearchPage() -> impl IntoView {
    let lang = use_lang();
    let search = use_location().search;
    let key = move || {
        let search = search.read();
        let query = search.trim_start_matches('?');
        let page = value(query, "page").and_then(|page| page.parse::<u32>().ok()).unwrap_or(1);
        format!("{page} {}", clean_query(&value(query, "q").unwrap_or_default()))
    };
    let load = move |key: String| {
        let (page, query) = key.split_once(' ').unwrap_or(("1", ""));
        load_search(lang, query.to_owned(), page.parse().unwrap_or(1))
    };
    view! { <Load key load view=|data| view! { <Search data /> } /> }
}

fn path_of(lang: Lang, query: &str, page: u32) -> String {
    let mut text = String::new();
    push_pair(&mut text, "q", query);
    if page > 1 {
        push_pair(&mut text, "page", &page.to_string());
    }
    format!("{}?{text}", lang.path("/search"))
}

#[component]
fn Search(data: Data) -> impl IntoView {
    let lang = use_lang();
    let asked = !data.query.is_empty();
    let title = match (asked, lang) {
        (false, _) => lang.pick("商品をさがす", "Search the shop").to_owned(),
        (true, Lang::Ja) => format!("「{}」の検索結果", data.query),
        (true, Lang::En) => format!("Results for “{}”", data.query),
    };
    let count = asked.then(|| {
        let words = match (lang, data.listing.total) {
            (Lang::Ja, n) if data.more => format!("{n}点以上見つかりました。言葉を足すと絞り込めます。"),
            (Lang::En, n) if data.more => format!("More than {n} products found. Add a word to narrow them down."),
            (Lang::Ja, 0) => "ぴったりの商品は見つかりませんでした。".to_owned(),
            (Lang::Ja, n) => format!("{n}点見つかりました。"),
            (Lang::En, 0) => "Nothing matches exactly.".to_owned(),
            (Lang::En, 1) => "1 product found.".to_owned(),
            (Lang::En, n) => format!("{n} products found."),
        };
        let heading = (data.listing.total > 0).then(|| {
            view! { <h2 class="visually-hidden">{lang.pick("商品一覧", "Products")}</h2> }
        });
        view! {
            <p class="found__total" role="status">{words}</p>
            {heading}
        }
    });
    let near = (!data.near.is_empty()).then(|| {
        view! {
            <section class="home__section" aria-labelledby="near">
                <h2 id="near">{lang.pick("近いもの", "Close to it")}</h2>
                <Cards cards=data.near eager=4 />
            </section>
        }
    });
    let nothing = data.listing.total == 0;
    let ways_on = nothing.then(|| {
        let items = data
            .categories
            .into_iter()
            .map(|category| view! { <li><a class="choice" href=href(&format!("/c/{}", category.slug))>{category.name}</a></li> })
            .collect_view();
        view! {
            <section class="home__section" aria-labelledby="ways-on">
                <h2 id="ways-on">{lang.pick("品揃えからさがす", "Browse by category")}</h2>
                <ul class="cluster">{items}</ul>
            </section>
        }
    });
    let pager = {
        let query = data.query.clone();
        view! { <Pager page=data.listing.page pages=data.listing.pages link=move |page| path_of(lang, &query, page) /> }
    };
    view! {
        <Head title=title.clone() index=false />
        <div class="page-head">
            <h1>{title}</h1>
            <SearchBox id="search" query=data.query />
            {count}
        </div>
        {(!nothing).then(|| view! { <Cards cards=data.listing.cards eager=4 /> })}
        {pager}
        {near}
        {ways_on}
    }
}
