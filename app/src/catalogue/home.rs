//! The home page.

use leptos::prelude::*;
use noren_domain::catalogue::{CategoryCard, HomePage as Data, Picture, ProductCard};

use super::{Cards, PictureView, load_home};
use crate::lang::{href, use_lang};
use crate::ui::{Head, Load};

/// The front of the shop.
#[component]
pub fn HomePage() -> impl IntoView {
    let lang = use_lang();
    view! { <Load key=String::new load=move |_| load_home(lang) view=|data| view! { <Home data /> } /> }
}

#[component]
fn Home(data: Data) -> impl IntoView {
    let lang = use_lang();
    let of_hero = data.hero.as_ref().and_then(|card| card.picture.as_ref()).map(|p| p.path(1200, "webp"));
    let preview = if data.front { "/media/home-1200.webp".to_owned() } else { of_hero.unwrap_or_default() };
    let categories =
        data.categories.into_iter().map(|category| view! { <li><CategoryTile category /></li> }).collect_view();
    let arrivals = (!data.arrivals.is_empty()).then(|| {
        view! {
            <section class="home__section" aria-labelledby="arrivals">
                <h2 id="arrivals">{lang.pick("新しく届いたもの", "New in the shop")}</h2>
                <Cards cards=data.arrivals />
            </section>
        }
    });
    let picks = (!data.picks.is_empty()).then(|| {
        view! {
            <section class="home__section" aria-labelledby="picks">
                <h2 id="picks">{lang.pick("暮らしのおすすめ", "Picked for every day")}</h2>
                <Cards cards=data.picks />
            </section>
        }
    });
    view! {
        <Head
            title=""
            description=lang.pick(
                "手ぬぐい、暖簾、風呂敷、器、台所道具、和紙、香り、お茶とお菓子。日本の文様を、毎日の暮らしへ。",
                "Tenugui, noren, furoshiki, tableware, paper, scents, tea and sweets: Japanese patterns for everyday life.",
            )
            canonical="/"
            picture=preview
        />
        <Hero front=data.front card=data.hero />
        <section class="home__section" aria-labelledby="categories">
            <h2 id="categories">{lang.pick("品揃え", "Browse the shop")}</h2>
            <ul class="categories">{categories}</ul>
        </section>
        {arrivals}
        {picks}
        <GoodName />
    }
}

/// The shop's front, or where the owner has no picture of it, one of the goods.
#[component]
fn Hero(front: bool, card: Option<ProductCard>) -> impl IntoView {
    let lang = use_lang();
    let picture = if front {
        view! { <div class="hero__front"><Front /></div> }.into_any()
    } else {
        card.and_then(|card| {
            let path = lang.path(&format!("/p/{}", card.slug));
            card.picture.map(|picture| {
                view! {
                    <a class="hero__picture" href=path>
                        <PictureView picture sizes="(min-width: 48rem) 50vw, 100vw" eager=true />
                        <span class="hero__caption">{card.name}</span>
                    </a>
                }
            })
        })
        .into_any()
    };
    view! {
        <section class="hero" class:hero--front=front>
            {picture}
            <div class="hero__words">
                <h1 class="hero__title">
                    {lang.pick("くぐれば、いつもの暮らしに文様ひとつ。", "Step in. A little pattern for every day.")}
                </h1>
                <p class="lead">
                    {lang.pick(
                        "染める、織る、焼く、漉く。手のあとが残る道具を、ずっと使える値段で。",
                        "Dyed, woven, fired and pressed by hand: things for daily life, at prices for daily life.",
                    )}
                </p>
                <p>
                    <a class="button button--primary" href="#categories" rel="external">
                        {lang.pick("商品を見る", "See the goods")}
                    </a>
                </p>
            </div>
        </section>
    }
}

/// Wide on wide screens, tall on a phone.
#[component]
fn Front() -> impl IntoView {
    let lang = use_lang();
    let set = |name: &str, format: &str| {
        Picture::WIDTHS.map(|width| format!("/media/{name}-{width}.{format} {width}w")).join(", ")
    };
    let wide = "(min-width: 48rem)";
    view! {
        <picture>
            <source type="image/avif" media=wide srcset=set("home", "avif") sizes="100vw" />
            <source type="image/webp" media=wide srcset=set("home", "webp") sizes="100vw" />
            <source type="image/avif" srcset=set("home-tall", "avif") sizes="100vw" />
            <source type="image/webp" srcset=set("home-tall", "webp") sizes="100vw" />
            <img
                src="/media/home-800.webp"
                alt=lang.pick(
                    "夕暮れの店先。藍の暖簾が三枚、灯りのともる格子戸の前に掛かっている",
                    "The shop at dusk: three indigo noren hang before a lit lattice door",
                )
                width="1600"
                height="900"
                fetchpriority="high"
                decoding="async"
            />
        </picture>
    }
}

#[component]
fn CategoryTile(category: CategoryCard) -> impl IntoView {
    let picture = category.picture.map(|picture| {
        let picture = Picture { alt: String::new(), ..picture };
        view! { <PictureView picture sizes="(min-width: 48rem) 18rem, 46vw" /> }
    });
    view! {
        <a class="category-tile" href=href(&format!("/c/{}", category.slug))>
            <span class="category-tile__picture">{picture}</span>
            <span class="category-tile__name">{category.name}</span>
        </a>
    }
}

/// How the shop keeps its good name.
#[component]
fn GoodName() -> impl IntoView {
    let lang = use_lang();
    view! {
        <section class="home__section good-name" aria-labelledby="good-name">
            <h2 id="good-name">{lang.pick("暖簾を守る", "Keeping our good name")}</h2>
            <p>
                {lang.pick(
                    "お預かりするのは、お届けに要る分だけ。お名前やご住所は、ひとつずつ鍵をかけて保管します。もしものときは、どの情報に関わることかを、分かっている範囲でお一人ずつに、隠さずお知らせします。",
                    "We ask only for what a delivery needs, and keep every name and address under its own lock. Should anything ever happen, we tell each person which of their data it concerns, as far as we know, and hide nothing.",
                )}
            </p>
            <p><a href=href("/security")>{lang.pick("安全への取り組みを読む", "How we look after your data")}</a></p>
        </section>
    }
}
