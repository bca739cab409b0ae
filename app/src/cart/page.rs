//! The cart page.

use leptos::form::ActionForm;
use leptos::prelude::*;
use noren_domain::cart::CartLineView;
use noren_domain::form::Faults;
use noren_domain::tax::TaxClass;

use super::totals::FreeShipping;
use super::{CartPageData, LinePicture, RemoveLine, SetQuantity, TotalsView, load_cart};
use crate::form::use_faults;
use crate::lang::{href, use_lang};
use crate::ui::{FaultSummary, Head, Load, SubmitButton};

/// The cart.
#[component]
pub fn CartPage() -> impl IntoView {
    let lang = use_lang();
    let set = ServerAction::<SetQuantity>::new();
    let remove = ServerAction::<RemoveLine>::new();
    let key = move || format!("{} {}", set.version().get(), remove.version().get());
    view! {
        <Head title=lang.pick("カート", "Cart") index=false />
        <Load key load=|_| load_cart() view=move |data| view! { <Contents data set remove /> } />
    }
}

#[component]
fn Contents(data: CartPageData, set: ServerAction<SetQuantity>, remove: ServerAction<RemoveLine>) -> impl IntoView {
    let lang = use_lang();
    let faults = use_faults(set, data.faults);
    let view = data.view;
    if view.lines.is_empty() {
        return view! {
            <div class="empty">
                <h1>{lang.pick("カート", "Cart")}</h1>
                <FaultSummary faults labels=vec![] />
                <p>{lang.pick("カートはまだ空です。", "Your cart is still empty.")}</p>
                <p>
                    <a class="button button--primary" href=href("/")>
                        {lang.pick("商品を見る", "Look around the shop")}
                    </a>
                </p>
            </div>
        }
        .into_any();
    }
    let (totals, estimate, nothing) = (view.totals.clone(), view.prefecture.is_none(), view.is_empty());
    let changed = view.has_changes().then(|| {
        view! {
            <p class="note note--warning" role="status">
                {lang.pick(
                    "前回ご覧になった後に変わったところがあります。各商品の欄をご確認ください。",
                    "Something has changed since you last looked. Please see the notes beside the items.",
                )}
            </p>
        }
    });
    let lines = view.lines.into_iter().map(|line| view! { <Line line set remove faults /> }).collect_view();
    view! {
        <div class="page-head">
            <h1>{lang.pick("カート", "Cart")}</h1>
        </div>
        <FaultSummary faults labels=vec![("quantity", lang.pick("数量", "Quantity"))] />
        {changed}
        <div class="split cart">
            <ul class="cart__lines">{lines}</ul>
            <aside class="split__aside panel stack" aria-label=lang.pick("お会計", "Totals")>
                <FreeShipping totals=totals.clone() />
                <div aria-live="polite">
                    <TotalsView totals estimate />
                </div>
                {if nothing {
                    view! {
                        <p>{lang.pick("ご購入いただける商品がありません。", "There is nothing here that can be bought now.")}</p>
                    }
                        .into_any()
                } else {
                    view! {
                        <a class="button button--primary button--wide" href=href("/checkout/contact")>
                            {lang.pick("ご購入手続きへ", "Go to checkout")}
                        </a>
                    }
                        .into_any()
                }}
                <p>
                    <a href=href("/")>{lang.pick("お買い物を続ける", "Continue shopping")}</a>
                </p>
            </aside>
        </div>
    }
    .into_any()
}

#[component]
fn Line(
    line: CartLineView,
    set: ServerAction<SetQuantity>,
    remove: ServerAction<RemoveLine>,
    faults: Signal<Faults>,
) -> impl IntoView {
    let lang = use_lang();
    let name = line.name.get(lang).to_owned();
    let path = href(&format!("/p/{}?v={}", line.slug, line.sku));
    let options = line.options.get(lang).to_owned();
    let id = format!("q-{}", line.variant);
    let mark = (line.tax_class == TaxClass::Reduced).then(|| lang.pick("※軽減税率 8%", "* reduced rate 8%"));
    let changes = (!line.changes.is_empty()).then(|| {
        let items = line.changes.iter().map(|change| view! { <li>{change.words(lang)}</li> }).collect_view();
        view! { <ul class="cart-line__changes note note--warning">{items}</ul> }
    });
    let (sku, available, quantity) = (line.sku.clone(), line.available, line.quantity);
    let editor = (available > 0).then(|| {
        view! {
            <ActionForm action=set attr:class="cart-line__quantity">
                <input type="hidden" name="sku" value=sku />
                <label for=id.clone()>
                    {lang.pick("数量", "Quantity")}
                    <span class="visually-hidden">{format!(" ({name})")}</span>
                </label>
                <input
                    id=id
                    type="number"
                    name="quantity"
                    value=quantity.to_string()
                    min="1"
                    max=available.to_string()
                    inputmode="numeric"
                    autocomplete="off"
                    required
                    aria-invalid=move || faults.read().get("quantity").map(|_| "true")
                />
                <SubmitButton label=lang.pick("変更", "Update") pending=set.pending() class="button" />
            </ActionForm>
        }
    });
    view! {
        <li class="cart-line">
            <LinePicture hash=line.picture />
            <div class="cart-line__body">
                <p class="cart-line__name">
                    <a href=path>{line.name.get(lang).to_owned()}</a>
                </p>
                {(!options.is_empty()).then(|| view! { <p class="cart-line__options">{options}</p> })}
                <p class="cart-line__price">{line.price.show(lang)} {mark.map(|mark| view! { " " <small>{mark}</small> })}</p>
                {changes}
                <div class="cart-line__actions">
                    {editor}
                    <ActionForm action=remove>
                        <input type="hidden" name="sku" value=line.sku />
                        <button class="button button--link" type="submit">
                            {lang.pick("削除", "Remove")}
                            <span class="visually-hidden">{format!(" ({})", line.name.get(lang))}</span>
                        </button>
                    </ActionForm>
                </div>
            </div>
            <p class="cart-line__sum">{line.sum.show(lang)}</p>
        </li>
    }
}
