//! A product's page.

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};
use noren_domain::Lang;
use noren_domain::catalogue::filter::{push_pair, value};
use noren_domain::catalogue::{Picture, ProductDetail, StockState, Variant};
use noren_domain::shipping::{Day, FREE_FROM};
use noren_domain::tax::TaxClass;

use super::buy::BuyBox;
use super::card::ReducedMark;
use super::{Cards, JsonLd, PictureView, load_product};
use crate::cart::{AddToCart, BuyBar};
use crate::lang::{href, lang_of_name, use_lang};
use crate::ui::{Badge, BadgeKind, Crumbs, Head, Load, Price, renew};

/// A product; `?v=` in the URL names the variant, so that a choice can be kept, sent and gone back from.
#[component]
pub fn ProductPage() -> impl IntoView {
    let lang = use_lang();
    let params = use_params_map();
    let key = move || params.read().get("product").unwrap_or_default();
    view! { <Load key load=move |slug| load_product(lang, slug) view=|data| view! { <Product data /> } /> }
}

#[component]
fn Product(data: ProductDetail) -> impl IntoView {
    let lang = use_lang();
    let search = use_location().search;
    let data = StoredValue::new(data);
    let add = ServerAction::<AddToCart>::new();
    let chosen = Memo::new(move |_| {
        let sku = value(search.read().trim_start_matches('?'), "v");
        data.with_value(|data| data.chosen(sku.as_deref()))
    });
    let picture = data.with_value(|d| d.pictures.first().map(|p| p.path(1200, "webp"))).unwrap_or_default();
    let picture_alt = data.with_value(|d| d.pictures.first().map(|p| p.alt.clone())).unwrap_or_default();
    #[cfg(feature = "ssr")]
    let structured = data.with_value(super::json_ld::product);
    #[cfg(not(feature = "ssr"))]
    let structured = String::new();
    let (slug, name, summary) = data.with_value(|d| (d.slug.clone(), d.name.clone(), d.summary.clone()));
    // Another product on the same page: what was typed was about the one before.
    let quantity = NodeRef::new();
    renew(quantity, "1".to_owned());
    let others = data.with_value(|d| d.variants.iter().any(|variant| variant.stock.can_be_bought()));
    view! {
        <Head title=name.clone() description=summary.clone() canonical=format!("/p/{slug}") picture picture_alt kind="product" />
        <JsonLd text=structured />
        <Crumbs items=data.with_value(crumbs(lang)) />
        <article class="product">
            <Gallery data chosen />
            <div class="product__buy">
                <p class="product__brand" lang=data.with_value(|d| lang_of_name(lang, &d.brand))>{data.with_value(|d| d.brand.clone())}</p>
                <h1>{name}</h1>
                <p class="product__summary">{summary}</p>
                {move || chosen.get().and_then(|at| data.with_value(|d| d.variants.get(at).cloned())).map(|variant| view! { <Offer data variant /> })}
                <Choices data chosen />
                {move || chosen.get().and_then(|at| data.with_value(|d| d.variants.get(at).cloned())).map(|variant| view! { <BuyBox variant others quantity action=add /> })}
                {move || {
                    let can = chosen.get().and_then(|at| data.with_value(|d| d.variants.get(at).map(|v| v.stock.can_be_bought())));
                    let earliest = if can == Some(true) { data.with_value(|d| d.earliest.clone()) } else { String::new() };
                    view! { <Delivery earliest /> }
                }}
            </div>
            <Story data />
        </article>
        <Others data />
        {move || chosen.get().and_then(|at| data.with_value(|d| d.variants.get(at).cloned())).map(|variant| view! { <Bar variant action=add /> })}
    }
}

/// The bar that goes along on a phone.
#[component]
fn Bar(variant: Variant, action: ServerAction<AddToCart>) -> impl IntoView {
    let lang = use_lang();
    let (stock, _) = stock_words(lang, variant.stock);
    let facts = variant.options.iter().cloned().chain([stock]).collect::<Vec<_>>().join(lang.pick("・", " · "));
    view! { <BuyBar price=variant.price facts action=variant.stock.can_be_bought().then_some(action) /> }
}

fn crumbs(lang: Lang) -> impl Fn(&ProductDetail) -> Vec<(String, String)> {
    move |data| {
        [(lang.pick("ホーム", "Home").to_owned(), lang.path("/"))]
            .into_iter()
            .chain(data.crumbs.iter().map(|crumb| (crumb.name.clone(), lang.path(&format!("/c/{}", crumb.slug)))))
            .chain([(data.name.clone(), String::new())])
            .collect()
    }
}

/// The picture of the chosen variant, then those that belong to all of them.
#[component]
fn Gallery(data: StoredValue<ProductDetail>, chosen: Memo<Option<usize>>) -> impl IntoView {
    let lang = use_lang();
    let pictures = move || {
        data.with_value(|d| {
            let own = |v: &Variant| v.picture.and_then(|at| usize::try_from(at).ok());
            let first = chosen.get().and_then(|at| d.variants.get(at)).and_then(own).unwrap_or(0);
            let of_variants: Vec<usize> = d.variants.iter().filter_map(own).collect();
            let shared = (0..d.pictures.len()).filter(|at| *at != first && !of_variants.contains(at));
            [first]
                .into_iter()
                .chain(shared)
                .filter_map(|at| d.pictures.get(at).cloned())
                .take(4)
                .collect::<Vec<Picture>>()
        })
    };
    let none = data.with_value(|d| d.pictures.is_empty());
    view! {
        <div class="gallery" role="group" aria-label=lang.pick("写真", "Pictures")>
            {move || {
                pictures()
                    .into_iter()
                    .enumerate()
                    .map(|(i, picture)| {
                        let sizes = if i == 0 { "(min-width: 60rem) 40rem, 100vw" } else { "(min-width: 60rem) 20rem, 50vw" };
                        view! { <div class="gallery__picture"><PictureView picture sizes eager=i == 0 /></div> }
                    })
                    .collect_view()
            }}
            {none.then(|| view! { <div class="gallery__picture"></div> })}
        </div>
    }
}

/// Price, tax and stock of the chosen variant.
#[component]
fn Offer(data: StoredValue<ProductDetail>, variant: Variant) -> impl IntoView {
    let lang = use_lang();
    let former = variant.compare_at.map(|yen| {
        view! {
            <s class="offer__former">
                <span class="visually-hidden">{lang.pick("通常価格 ", "Was ")}</span>
                {yen.show(lang)}
            </s>
        }
    });
    let reduced = (data.with_value(|d| d.tax_class) == TaxClass::Reduced).then(|| {
        view! { <p class="offer__tax"><ReducedMark />{lang.pick(" 軽減税率8%の対象です。", " Reduced tax rate of 8% applies.")}</p> }
    });
    let (words, kind) = stock_words(lang, variant.stock);
    view! {
        <div class="offer" aria-live="polite">
            <p class="offer__price"><Price amount=variant.price large=true /> {former}</p>
            {reduced}
            <p class="offer__stock"><Badge words kind /></p>
        </div>
    }
}

fn stock_words(lang: Lang, stock: StockState) -> (String, BadgeKind) {
    match (stock, lang) {
        (StockState::Plenty, _) => (lang.pick("在庫あり", "In stock").to_owned(), BadgeKind::Ok),
        (StockState::Few(n), Lang::Ja) => (format!("残り{n}点"), BadgeKind::Warning),
        (StockState::Few(n), Lang::En) => (format!("Only {n} left"), BadgeKind::Warning),
        (StockState::SoldOut, _) => (lang.pick("売り切れ", "Sold out").to_owned(), BadgeKind::Muted),
    }
}

/// One row of links per option axis. A sold-out choice stays, and says so.
#[component]
fn Choices(data: StoredValue<ProductDetail>, chosen: Memo<Option<usize>>) -> impl IntoView {
    let axes = data.with_value(|d| d.axes.clone());
    let one = data.with_value(|d| d.variants.len() < 2);
    let rows = (!one).then(|| {
        axes.into_iter().enumerate().map(|(axis, name)| view! { <Axis data chosen axis name /> }).collect_view()
    });
    view! { <div class="choices">{rows}</div> }
}

#[component]
fn Axis(data: StoredValue<ProductDetail>, chosen: Memo<Option<usize>>, axis: usize, name: String) -> impl IntoView {
    let lang = use_lang();
    let links = move || {
        let at = chosen.get().unwrap_or(0);
        data.with_value(|d| {
            d.choices(axis, at)
                .into_iter()
                .filter_map(|(words, target)| {
                    let variant = d.variants.get(target)?;
                    let now = d.variants.get(at).and_then(|v| v.options.get(axis)).is_some_and(|v| *v == words);
                    let mut query = String::new();
                    push_pair(&mut query, "v", &variant.sku);
                    let path = lang.path(&format!("/p/{}?{query}", d.slug));
                    let sold_out = !variant.stock.can_be_bought();
                    let gone = sold_out.then(|| {
                        view! { <span class="visually-hidden">{lang.pick("（売り切れ）", " (sold out)")}</span> }
                    });
                    Some(view! {
                        <li>
                            <a class="choice" class:choice--gone=sold_out href=path aria-current=now.then_some("true") data-noscroll="true">
                                {words}
                                {gone}
                            </a>
                        </li>
                    })
                })
                .collect_view()
        })
    };
    let now = move || {
        let at = chosen.get().unwrap_or(0);
        data.with_value(|d| d.variants.get(at).and_then(|v| v.options.get(axis)).cloned().unwrap_or_default())
    };
    let id = format!("axis-{axis}");
    view! {
        <div class="axis">
            <p class="axis__name" id=id.clone()>{name}": "<strong>{now}</strong></p>
            <ul class="axis__values" aria-labelledby=id>{links}</ul>
        </div>
    }
}

/// When it can be there (if it can be bought), and from when delivery is free.
#[component]
fn Delivery(earliest: String) -> impl IntoView {
    let lang = use_lang();
    let words = Day::from_iso(&earliest).map(|day| match lang {
        Lang::Ja => format!("今ご注文いただくと、東京へは最短{}にお届けします。", day.show(lang)),
        Lang::En => format!("Order now and it can be in Tokyo on {} at the earliest.", day.show(lang)),
    });
    let free = match lang {
        Lang::Ja => format!("{}以上のお買い上げで送料無料です。", FREE_FROM.show(lang)),
        Lang::En => format!("Delivery is free from {}.", FREE_FROM.show(lang)),
    };
    view! {
        <div class="delivery">
            {words.map(|words| view! { <p>{words}</p> })}
            <p>{free}" "<a href=href("/help")>{lang.pick("配送について", "About delivery")}</a></p>
        </div>
    }
}

/// The description and the table of details.
#[component]
fn Story(data: StoredValue<ProductDetail>) -> impl IntoView {
    let lang = use_lang();
    let (text, details) = data.with_value(|d| (d.text.clone(), d.details.clone()));
    // An owner may have nothing to tell of a thing.
    let about = (!text.is_empty()).then(|| {
        view! {
            <section aria-labelledby="about">
                <h2 id="about">{lang.pick("この商品について", "About this piece")}</h2>
                <div class="prose" inner_html=text></div>
            </section>
        }
    });
    let details = (!details.is_empty()).then(|| {
        let rows = details
            .into_iter()
            .map(|(label, value)| {
                view! {
                    <div>
                        <dt>{label}</dt>
                        <dd>{value}</dd>
                    </div>
                }
            })
            .collect_view();
        view! {
            <section aria-labelledby="details">
                <h2 id="details">{lang.pick("詳細", "Details")}</h2>
                <dl class="summary-list">{rows}</dl>
            </section>
        }
    });
    view! { <div class="product__story">{about} {details}</div> }
}

#[component]
fn Others(data: StoredValue<ProductDetail>) -> impl IntoView {
    let lang = use_lang();
    let others = data.with_value(|d| d.others.clone());
    let category = data.with_value(|d| d.crumbs.last().map(|c| c.name.clone())).unwrap_or_default();
    (!others.is_empty()).then(|| {
        let title = match lang {
            Lang::Ja => format!("{category}のほかの商品"),
            Lang::En => format!("More in {category}"),
        };
        view! {
            <section class="home__section" aria-labelledby="others">
                <h2 id="others">{title}</h2>
                <Cards cards=others />
            </section>
        }
    })
}
