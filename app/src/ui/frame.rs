//! Header and footer of every page.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_router::hooks::use_location;
use noren_domain::Lang;

use crate::form::Refusal;
use crate::lang::{href, use_lang};
use crate::ui::Json;
use crate::ui::search_box::SearchBox;

/// The shop's head: name, search, account, cart, language.
#[component]
pub fn Header() -> impl IntoView {
    let lang = use_lang();
    crate::cart::provide_glance();
    view! {
        <a class="skip" href="#main" rel="external">{lang.pick("本文へ", "Skip to content")}</a>
        <header class="header">
            <div class="header__inner">
                <a class="brand" href=href("/")>
                    <span class="brand__mark" aria-hidden="true"></span>
                    <span>{lang.pick("暖簾堂", "Norendo")}</span>
                </a>
                <SearchBox id="q" class="header__search" />
                <nav class="header__nav" aria-label=lang.pick("お客様メニュー", "Your shop")>
                    <a class="header__link" href=href("/account")>
                        <span class="icon icon--person" aria-hidden="true"></span>
                        <span class="header__word">{lang.pick("アカウント", "Account")}</span>
                    </a>
                    <a class="header__link" href=href("/cart")>
                        <span class="icon icon--cart" aria-hidden="true"></span>
                        <span class="header__word">{lang.pick("カート", "Cart")}</span>
                        <crate::cart::CartCount />
                    </a>
                    <span class="header__language">
                        <LanguageLink />
                    </span>
                </nav>
                <Menu />
            </div>
        </header>
        <crate::cart::OnTheWay />
    }
}

/// Slug and name of the categories in the header.
#[server(endpoint = "frame/categories", input = GetUrl)]
pub async fn menu_categories(lang: Lang) -> Result<Vec<(String, String)>, Refusal> {
    use crate::request::{failed, shop};
    let shop = shop();
    let mut conn = shop.db.read().await.map_err(|error| failed(&error))?;
    let categories = noren_shop::menu::categories(&mut conn).await.map_err(|error| failed(&error))?;
    Ok(categories.into_iter().map(|(slug, name)| (slug, name.into(lang))).collect())
}

/// The categories: a row on wide screens; on narrow ones a `details`, which opens without scripts.
#[component]
fn Menu() -> impl IntoView {
    let lang = use_lang();
    let categories = Resource::<_, Json>::new_with_options(move || lang, menu_categories, true);
    view! {
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                // Without categories the rest of the page is still of use.
                let categories = categories.await.unwrap_or_default();
                view! {
                    <FoldedMenu categories=categories.clone() />
                    <nav class="header__categories" aria-label=lang.pick("商品カテゴリー", "Categories")>
                        <CategoryList categories />
                    </nav>
                }
            })}
        </Suspense>
    }
}

#[component]
fn FoldedMenu(categories: Vec<(String, String)>) -> impl IntoView {
    let lang = use_lang();
    let details = NodeRef::<leptos::html::Details>::new();
    let path = use_location().pathname;
    Effect::new(move |_| {
        path.track();
        // The header outlives a client-side page change: a menu left open would hide the new page.
        if let Some(details) = details.get_untracked() {
            details.set_open(false);
        }
    });
    view! {
        <details class="header__menu" node_ref=details>
            <summary class="header__link">
                <span class="icon icon--menu" aria-hidden="true"></span>
                <span class="visually-hidden">{lang.pick("メニュー", "Menu")}</span>
            </summary>
            <nav class="header__panel" aria-label=lang.pick("メニュー", "Menu")>
                <CategoryList categories />
                <ul>
                    <li>
                        <a href=href("/account")>{lang.pick("アカウント", "Account")}</a>
                    </li>
                    <li>
                        <a href=href("/help")>{lang.pick("ご利用案内", "Help")}</a>
                    </li>
                    <li>
                        <LanguageLink />
                    </li>
                </ul>
            </nav>
        </details>
    }
}

#[component]
fn CategoryList(categories: Vec<(String, String)>) -> impl IntoView {
    let path = use_location().pathname;
    let items = categories
        .into_iter()
        .map(|(slug, name)| {
            let address = href(&format!("/c/{slug}"));
            let here = address.clone();
            view! {
                <li>
                    <a href=address aria-current=move || (path.get() == here).then_some("page")>
                        {name}
                    </a>
                </li>
            }
        })
        .collect_view();
    view! { <ul>{items}</ul> }
}

/// The same page in the other language.
#[component]
fn LanguageLink() -> impl IntoView {
    let lang = use_lang();
    let location = use_location();
    let other = lang.pick(Lang::En, Lang::Ja);
    let target = move || {
        let path = location.pathname.get();
        let query = location.search.get();
        let path = other.path(Lang::strip(&path));
        if query.is_empty() { path } else { format!("{path}?{}", query.trim_start_matches('?')) }
    };
    view! {
        <a class="header__link" href=target hreflang=other.tag() lang=other.tag() rel="external">
            {other.pick("日本語", "English")}
        </a>
    }
}

/// The shop's foot: who we are, help, law, trust.
#[component]
pub fn Footer() -> impl IntoView {
    let lang = use_lang();
    view! {
        <footer class="footer">
            <div class="footer__inner">
                <div class="footer__shop">
                    <p class="footer__name">{lang.pick("暖簾堂", "Norendo")}</p>
                    <p>{lang.pick("日々の道具と、季節の文様。", "Everyday goods, patterned by the seasons.")}</p>
                    <p>
                        <a href=href("/help#contact")>{lang.pick("お問い合わせ", "Contact")}</a>
                        {lang.pick(
                            "：平日 10:00〜17:00（土日祝・年末年始を除く）",
                            ": weekdays, 10:00–17:00 (Japan time), except public holidays.",
                        )}
                    </p>
                </div>
                <nav aria-labelledby="footer-help">
                    <h2 id="footer-help">{lang.pick("お買い物", "Shopping")}</h2>
                    <ul>
                        <li><a href=href("/help")>{lang.pick("ご利用案内", "Help")}</a></li>
                        <li><a href=href("/account/orders")>{lang.pick("ご注文の履歴", "Your orders")}</a></li>
                        <li><a href=href("/security")>{lang.pick("安全への取り組み", "Security")}</a></li>
                    </ul>
                </nav>
                <nav aria-labelledby="footer-law">
                    <h2 id="footer-law">{lang.pick("お店について", "About the shop")}</h2>
                    <ul>
                        <li><a href=href("/legal/commerce")>{lang.pick("特定商取引法に基づく表記", "Legal notice")}</a></li>
                        <li><a href=href("/legal/privacy")>{lang.pick("プライバシーポリシー", "Privacy")}</a></li>
                        <li><a href=href("/legal/terms")>{lang.pick("利用規約", "Terms")}</a></li>
                    </ul>
                </nav>
                <p class="footer__close">
                    {lang.pick(
                        "表示価格はすべて税込です。このお店の会社情報は見本です。",
                        "All prices include tax. The company details of this shop are samples.",
                    )}
                </p>
            </div>
        </footer>
    }
}
