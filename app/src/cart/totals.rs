//! What a purchase costs, said the same in the cart and in the checkout.

use leptos::prelude::*;
use noren_domain::Yen;
use noren_domain::cart::Totals;
use noren_domain::shipping::FREE_FROM;
use noren_domain::tax::TaxClass;

use crate::lang::use_lang;

/// A small picture beside a line's name; it says nothing that the name does not.
#[component]
pub fn LinePicture(
    /// Hash of the picture; `None`: an empty place.
    hash: Option<String>,
) -> impl IntoView {
    match hash {
        Some(hash) => view! {
            <picture class="line-picture">
                <source type="image/avif" srcset=format!("/media/{hash}-400.avif") />
                <img src=format!("/media/{hash}-400.webp") alt="" width="96" height="96" loading="lazy" decoding="async" />
            </picture>
        }
        .into_any(),
        None => view! { <span class="line-picture" aria-hidden="true"></span> }.into_any(),
    }
}

/// Goods, delivery, fee, total, and the tax in it per rate.
#[component]
pub fn TotalsView(
    /// The sums.
    totals: Totals,
    /// Delivery is an estimate: no address is known yet.
    #[prop(optional)]
    estimate: bool,
) -> impl IntoView {
    let lang = use_lang();
    let shipping_words = if estimate {
        lang.pick("送料（本州へのお届けの目安）", "Delivery (estimate, Honshu)")
    } else {
        lang.pick("送料", "Delivery")
    };
    let shipping =
        if totals.shipping == Yen::ZERO { lang.pick("無料", "Free").to_owned() } else { totals.shipping.show(lang) };
    let fee = (totals.payment_fee > Yen::ZERO).then(|| {
        view! {
            <div>
                <dt>{lang.pick("代引手数料", "Cash on delivery fee")}</dt>
                <dd>{totals.payment_fee.show(lang)}</dd>
            </div>
        }
    });
    let taxes = totals
        .taxes
        .iter()
        .map(|share| {
            let rate = share.class.percent();
            let mark = if share.class == TaxClass::Reduced { lang.pick("※", "* ") } else { "" };
            let words = lang.pick(format!("{mark}{rate}%対象"), format!("{mark}At {rate}%"));
            let sums = lang.pick(
                format!("{}（内消費税 {}）", share.gross.show(lang), share.tax.show(lang)),
                format!("{} (tax {})", share.gross.show(lang), share.tax.show(lang)),
            );
            view! {
                <div class="totals__part">
                    <dt>{words}</dt>
                    <dd>{sums}</dd>
                </div>
            }
        })
        .collect_view();
    view! {
        <dl class="totals">
            <div>
                <dt>{lang.pick("商品の合計", "Goods")}</dt>
                <dd>{totals.goods.show(lang)}</dd>
            </div>
            <div>
                <dt>{shipping_words}</dt>
                <dd>{shipping}</dd>
            </div>
            {fee}
            <div class="totals__sum">
                <dt>{lang.pick("合計（税込）", "Total (tax incl.)")}</dt>
                <dd>{totals.total.show(lang)}</dd>
            </div>
            {taxes}
        </dl>
    }
}

/// How far it is to free delivery.
#[component]
pub fn FreeShipping(
    /// The sums.
    totals: Totals,
) -> impl IntoView {
    let lang = use_lang();
    let words = match totals.free_shipping_missing {
        Some(missing) => lang.pick(
            format!("あと{}で送料無料です。", missing.show(lang)),
            format!("{} more and delivery is free.", missing.show(lang)),
        ),
        None => lang.pick("送料無料でお届けします。", "Delivery is free for this order.").to_owned(),
    };
    view! {
        <div class="free-shipping">
            <p id="free-shipping">{words}</p>
            <progress aria-labelledby="free-shipping" max=FREE_FROM.0.to_string() value=totals.goods.0.min(FREE_FROM.0).to_string()></progress>
        </div>
    }
}
