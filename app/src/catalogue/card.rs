//! A product in a list.

use leptos::prelude::*;
use noren_domain::Lang;
use noren_domain::catalogue::ProductCard;
use noren_domain::tax::TaxClass;

use super::PictureView;
use crate::lang::use_lang;
use crate::ui::{Badge, BadgeKind};

/// A grid of goods.
#[component]
pub fn Cards(
    /// The goods.
    cards: Vec<ProductCard>,
    /// How many of the first ones are in view at first.
    #[prop(optional)]
    eager: usize,
) -> impl IntoView {
    let items =
        cards.into_iter().enumerate().map(|(i, card)| view! { <li><Card card eager=i < eager /></li> }).collect_view();
    view! { <ul class="grid goods">{items}</ul> }
}

#[component]
fn Card(card: ProductCard, eager: bool) -> impl IntoView {
    let lang = use_lang();
    let path = lang.path(&format!("/p/{}", card.slug));
    let price = price_words(lang, &card);
    let former = card.compare_at.map(|yen| {
        view! {
            <s class="product-card__former">
                <span class="visually-hidden">{lang.pick("通常価格 ", "Was ")}</span>
                {yen.show(lang)}
            </s>
        }
    });
    let reduced = (card.tax_class == TaxClass::Reduced).then(|| view! { <ReducedMark /> });
    let choices = (card.choices > 1).then(|| {
        let words = match lang {
            Lang::Ja => format!("全{}種", card.choices),
            Lang::En => format!("{} choices", card.choices),
        };
        view! { <p class="product-card__choices">{words}</p> }
    });
    let sold_out =
        (!card.in_stock).then(|| view! { <Badge words=lang.pick("売り切れ", "Sold out") kind=BadgeKind::Muted /> });
    let picture = card.picture.map(|picture| {
        // The name stands right below: a screen reader need not hear both.
        let picture = noren_domain::catalogue::Picture { alt: String::new(), ..picture };
        view! { <PictureView picture sizes="(min-width: 76rem) 17rem, (min-width: 48rem) 25vw, 46vw" eager /> }
    });
    view! {
        <article class="product-card" class:product-card--sold-out=!card.in_stock>
            <a class="product-card__link" href=path>
                <div class="product-card__picture">{picture}</div>
                <h3 class="product-card__name">{card.name}</h3>
            </a>
            <p class="product-card__price">
                <span>{price}{reduced}</span>
                {former}
            </p>
            {choices}
            {sold_out}
        </article>
    }
}

/// `1,320円〜2,200円`.
fn price_words(lang: Lang, card: &ProductCard) -> String {
    if card.price_min == card.price_max {
        return card.price_min.show(lang);
    }
    match lang {
        Lang::Ja => format!("{}〜", card.price_min.show(lang)),
        Lang::En => format!("from {}", card.price_min.show(lang)),
    }
}

/// The mark of the reduced tax rate.
#[component]
pub fn ReducedMark() -> impl IntoView {
    let lang = use_lang();
    view! {
        <abbr class="reduced" title=lang.pick("軽減税率（8%）対象", "Reduced tax rate (8%)")>
            {lang.pick("※", "*")}
        </abbr>
    }
}
