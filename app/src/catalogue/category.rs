//! A category: its goods, and the form that narrows them.

use leptos::ev;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};
use noren_domain::Lang;
use noren_domain::catalogue::{CategoryPage as Data, Facet, Filter, Sort};

use super::{Cards, JsonLd, load_category};
use crate::lang::{href, lang_of_name, use_lang};
use crate::ui::{Crumbs, GetForm, Head, Load, Pager, renew};

/// A category's goods, narrowed as the URL says.
#[component]
pub fn CategoryPage() -> impl IntoView {
    let lang = use_lang();
    let params = use_params_map();
    let search = use_location().search;
    let key = move || {
        let filter = Filter::parse(search.read().trim_start_matches('?'));
        filter.on(&params.read().get("category").unwrap_or_default())
    };
    let load = move |key: String| {
        let (slug, query) = key.split_once('?').unwrap_or((&key, ""));
        load_category(lang, slug.to_owned(), query.to_owned())
    };
    view! { <Load key load view=|data| view! { <Category data /> } /> }
}

#[component]
fn Category(data: Data) -> impl IntoView {
    let lang = use_lang();
    let path = format!("/c/{}", data.slug);
    let crumbs = [(lang.pick("ホーム", "Home").to_owned(), href("/"))]
        .into_iter()
        .chain(data.crumbs.iter().map(|crumb| (crumb.name.clone(), href(&format!("/c/{}", crumb.slug)))))
        .chain([(data.name.clone(), String::new())])
        .collect::<Vec<_>>();
    let children = (!data.children.is_empty()).then(|| {
        let items = data
            .children
            .iter()
            .map(|child| view! { <li><a href=href(&format!("/c/{}", child.slug))>{child.name.clone()}</a></li> })
            .collect_view();
        view! { <ul class="cluster">{items}</ul> }
    });
    // A narrowed or sorted list is the same goods again: engines are sent to the list itself.
    let plain = Filter { page: data.filter.page, ..Filter::default() };
    let preview =
        data.listing.cards.first().and_then(|c| c.picture.as_ref()).map(|p| p.path(1200, "webp")).unwrap_or_default();
    let title = if data.filter.page > 1 { page_title(lang, &data.name, data.filter.page) } else { data.name.clone() };
    let pager = {
        let (filter, path) = (data.filter.clone(), href(&path));
        view! { <Pager page=data.listing.page pages=data.listing.pages link=move |page| filter.at_page(page).on(&path) /> }
    };
    let empty = data.listing.cards.is_empty();
    #[cfg(feature = "ssr")]
    let structured = super::json_ld::category(&data);
    #[cfg(not(feature = "ssr"))]
    let structured = String::new();
    view! {
        <Head title description=data.text.clone() canonical=plain.on(&path) picture=preview index=!data.filter.narrows() />
        <JsonLd text=structured />
        <Crumbs items=crumbs />
        <div class="page-head">
            <h1>{data.name}</h1>
            <p class="lead">{data.text}</p>
            {children}
        </div>
        <div class="category">
            <Narrow path=href(&path) filter=data.filter.clone() facets=data.facets in_stock=data.in_stock />
            <div class="category__goods">
                <Found total=data.listing.total filter=data.filter path=href(&path) />
                {if empty {
                    view! {
                        <div class="empty">
                            <p>{lang.pick("この条件に合う商品はありません。条件をひとつ外してみてください。", "Nothing matches all of these. Try taking one away.")}</p>
                            <p><a class="button" href=href(&path)>{lang.pick("すべて表示する", "Show everything")}</a></p>
                        </div>
                    }
                        .into_any()
                } else {
                    view! { <Cards cards=data.listing.cards eager=4 /> }.into_any()
                }}
                {pager}
            </div>
        </div>
    }
}

fn page_title(lang: Lang, name: &str, page: u32) -> String {
    match lang {
        Lang::Ja => format!("{name}（{page}ページ目）"),
        Lang::En => format!("{name}, page {page}"),
    }
}

/// How many were found, and the choices made, each to be taken back.
#[component]
fn Found(total: u64, filter: Filter, path: String) -> impl IntoView {
    let lang = use_lang();
    let words = match (lang, total) {
        (Lang::Ja, n) => format!("{n}点"),
        (Lang::En, 1) => "1 product".to_owned(),
        (Lang::En, n) => format!("{n} products"),
    };
    let clear = filter.narrows().then(|| {
        let all = Filter { sort: filter.sort, ..Filter::default() }.on(&path);
        view! { <a class="found__clear" href=all>{lang.pick("条件をすべて外す", "Clear all")}</a> }
    });
    view! {
        <h2 class="visually-hidden">{lang.pick("商品一覧", "Products")}</h2>
        <div class="found">
            <p class="found__total" role="status">{words}</p>
            {clear}
        </div>
    }
}

/// The form that narrows and sorts. Without scripts it is sent by its button; with them it goes
/// along with every choice.
#[component]
fn Narrow(path: String, filter: Filter, facets: Vec<Facet>, in_stock: u64) -> impl IntoView {
    let lang = use_lang();
    let count = filter.facets.values().map(std::collections::BTreeSet::len).sum::<usize>();
    let title = match (lang, count) {
        (_, 0) => lang.pick("絞り込み・並べ替え", "Filter and sort").to_owned(),
        (Lang::Ja, n) => format!("絞り込み・並べ替え（{n}）"),
        (Lang::En, n) => format!("Filter and sort ({n})"),
    };
    let groups = facets.into_iter().map(|facet| view! { <FacetGroup facet /> }).collect_view();
    let sorts = Sort::ALL
        .into_iter()
        .map(|sort| view! { <option value=sort.word() selected=sort == filter.sort>{sort_words(lang, sort)}</option> })
        .collect_view();
    let number = |yen: Option<noren_domain::Yen>| yen.map(|y| y.0.to_string()).unwrap_or_default();
    let (from, to) = (NodeRef::new(), NodeRef::new());
    renew(from, number(filter.from));
    renew(to, number(filter.to));
    view! {
        <details class="narrow-by">
            <summary class="button">{title}</summary>
            <GetForm action=path noscroll=true attr:class="narrow-by__form" on:change=send>
                <div class="field">
                    <label for="sort">{lang.pick("並び順", "Sort by")}</label>
                    <select id="sort" name="sort">{sorts}</select>
                </div>
                {groups}
                <fieldset class="facet">
                    <legend>{lang.pick("価格（円）", "Price (yen)")}</legend>
                    <div class="facet__range">
                        <label class="visually-hidden" for="from">{lang.pick("最低価格", "Lowest price")}</label>
                        <input id="from" node_ref=from name="from" inputmode="numeric" maxlength="9" autocomplete="off" value=number(filter.from) placeholder=lang.pick("下限", "from") />
                        <span aria-hidden="true">"〜"</span>
                        <label class="visually-hidden" for="to">{lang.pick("最高価格", "Highest price")}</label>
                        <input id="to" node_ref=to name="to" inputmode="numeric" maxlength="9" autocomplete="off" value=number(filter.to) placeholder=lang.pick("上限", "to") />
                    </div>
                </fieldset>
                <fieldset class="facet">
                    <legend>{lang.pick("在庫", "Availability")}</legend>
                    <label class="facet__value">
                        <input type="checkbox" name="stock" value="1" checked=filter.in_stock prop:checked=filter.in_stock />
                        <span>{lang.pick("在庫ありのみ", "In stock only")}</span>
                        <span class="facet__count">{in_stock}</span>
                    </label>
                </fieldset>
                <button class="button narrow-by__apply">{lang.pick("この条件で見る", "Apply")}</button>
            </GetForm>
        </details>
    }
}

/// Sends the form that was changed, as its button would.
fn send(event: ev::Event) {
    use leptos::wasm_bindgen::JsCast;
    let form = event
        .target()
        .and_then(|target| target.dyn_into::<leptos::web_sys::Element>().ok())
        .and_then(|element| element.closest("form").ok().flatten())
        .and_then(|form| form.dyn_into::<leptos::web_sys::HtmlFormElement>().ok());
    if let Some(form) = form {
        let _ = form.request_submit();
    }
}

#[component]
fn FacetGroup(facet: Facet) -> impl IntoView {
    let lang = use_lang();
    let name = format!("f.{}", facet.key);
    let values = facet
        .values
        .into_iter()
        .map(|value| {
            let foreign = lang_of_name(lang, &value.words);
            view! {
                <label class="facet__value">
                    <input type="checkbox" name=name.clone() value=value.value checked=value.chosen prop:checked=value.chosen />
                    <span lang=foreign>{value.words}</span>
                    <span class="facet__count">{value.count}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="facet">
            <legend>{facet.words}</legend>
            {values}
        </fieldset>
    }
}

fn sort_words(lang: Lang, sort: Sort) -> &'static str {
    match sort {
        Sort::Recommended => lang.pick("おすすめ順", "Recommended"),
        Sort::New => lang.pick("新着順", "Newest first"),
        Sort::Price => lang.pick("価格の安い順", "Price: low to high"),
        Sort::PriceDown => lang.pick("価格の高い順", "Price: high to low"),
    }
}
