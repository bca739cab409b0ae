//! Header and footer of every page.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use noren_domain::Lang;

use crate::lang::{href, use_lang};

/// The shop's head: name, search, account, cart, language.
#[component]
pub fn Header() -> impl IntoView {
    let lang = use_lang();
    view! {
        <a class="skip" href="#main" rel="external">{lang.pick("本文へ", "Skip to content")}</a>
        <header class="header">
            <div class="header__inner">
                <a class="brand" href=href("/")>
                    <span class="brand__mark" aria-hidden="true"></span>
                    <span>{lang.pick("暖簾堂", "Norendo")}</span>
                </a>
                <form class="header__search" action=href("/search") method="get" role="search">
                    <label class="visually-hidden" for="q">{lang.pick("商品をさがす", "Search the shop")}</label>
                    <input
                        id="q"
                        type="search"
                        name="q"
                        maxlength="100"
                        autocomplete="off"
                        placeholder=lang.pick("商品をさがす", "Search the shop")
                    />
                    <button class="button button--quiet">{lang.pick("検索", "Search")}</button>
                </form>
                <nav class="header__nav" aria-label=lang.pick("お客様メニュー", "Your shop")>
                    <a href=href("/account")>{lang.pick("アカウント", "Account")}</a>
                    <a href=href("/cart")>{lang.pick("カート", "Cart")}</a>
                    <LanguageLink />
                </nav>
            </div>
        </header>
    }
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
        <a href=target hreflang=other.tag() lang=other.tag() rel="external">
            {other.pick("日本語", "English")}
        </a>
    }
}

/// The shop's foot: help, law, trust.
#[component]
pub fn Footer() -> impl IntoView {
    let lang = use_lang();
    view! {
        <footer class="footer">
            <div class="footer__inner">
                <nav aria-label=lang.pick("ご案内", "Information")>
                    <ul>
                        <li><a href=href("/help")>{lang.pick("ご利用案内", "Help")}</a></li>
                        <li><a href=href("/legal/commerce")>{lang.pick("特定商取引法に基づく表記", "Legal notice")}</a></li>
                        <li><a href=href("/legal/privacy")>{lang.pick("プライバシーポリシー", "Privacy")}</a></li>
                        <li><a href=href("/legal/terms")>{lang.pick("利用規約", "Terms")}</a></li>
                        <li><a href=href("/security")>{lang.pick("安全への取り組み", "Security")}</a></li>
                    </ul>
                </nav>
                <p class="footer__name">{lang.pick("暖簾堂", "Norendo")}</p>
            </div>
        </footer>
    }
}
