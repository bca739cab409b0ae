//! The cart page.

use leptos::form::ActionForm;
use leptos::html::{H1, Input};
use leptos::prelude::*;
use noren_domain::Lang;
use noren_domain::cart::{CartLineView, CartView};
use noren_domain::form::{Fault, Faults};
use noren_domain::tax::TaxClass;

use super::till::{Till, tell_header};
use super::totals::FreeShipping;
use super::wish::apply;
use super::{CartPageData, LinePicture, TotalsView};
use crate::lang::{href, use_lang};
use crate::ui::{Head, Load, Note, NoteKind, SubmitButton, fault_items, fault_words};

/// The cart.
#[component]
pub fn CartPage() -> impl IntoView {
    let lang = use_lang();
    let till = Till::new();
    let said = RwSignal::new(String::new());
    view! {
        <Head title=lang.pick("カート", "Cart") index=false />
        <p class="visually-hidden" role="status">{said}</p>
        <Load key=move || till.key() load=move |_| till.load() view=move |data| view! { <Contents data till said /> } />
    }
}

#[component]
fn Contents(data: CartPageData, till: Till, said: RwSignal<String>) -> impl IntoView {
    let lang = use_lang();
    till.settle(&data);
    let faults = till.faults(data.faults);
    let known = StoredValue::new(data.view);
    let shown = Memo::new(move |_| known.with_value(|view| till.wishes.with(|wishes| apply(view, wishes))));
    tell_header(move || shown.read().count());
    let heading = NodeRef::<H1>::new();
    Effect::new(move |_| {
        if heading.get().is_some() && till.leaving.get_value() {
            till.leaving.set_value(false);
            let _ = request_animation_frame(move || focus_if_lost(heading));
        }
    });
    let lines = known.with_value(|view| view.lines.clone());
    let summary = view! { <CartFaults faults lines=lines.clone() /> };
    if lines.is_empty() {
        return view! {
            <div class="empty">
                <h1 tabindex="-1" node_ref=heading>{lang.pick("カート", "Cart")}</h1>
                {summary}
                <p>{lang.pick("カートに商品はありません。", "Your cart is empty.")}</p>
                <p>
                    <a class="button button--primary" href=href("/")>
                        {lang.pick("商品を見る", "Look around the shop")}
                    </a>
                </p>
            </div>
        }
        .into_any();
    }
    let changed = known.with_value(CartView::has_changes).then(|| {
        view! {
            <Note kind=NoteKind::Warning>
                {lang.pick(
                    "前回ご覧になった後に変わったところがあります。各商品の欄をご確認ください。",
                    "Something has changed since you last looked. Please see the notes beside the items.",
                )}
            </Note>
        }
    });
    let removed = move |name: String| {
        said.set(match lang {
            Lang::Ja => format!("「{name}」をカートから削除しました。"),
            Lang::En => format!("{name} was removed from your cart."),
        });
        // The button that had the focus is gone with its line.
        till.leaving.set_value(true);
        let _ = request_animation_frame(move || focus_if_lost(heading));
    };
    let lines = lines.into_iter().map(|line| view! { <Line line till shown faults removed /> }).collect_view();
    view! {
        <div class="page-head">
            <h1 tabindex="-1" node_ref=heading>{lang.pick("カート", "Cart")}</h1>
        </div>
        {summary}
        {changed}
        <div class="split cart">
            <ul class="cart__lines">{lines}</ul>
            <aside class="split__aside panel stack" aria-label=lang.pick("お会計", "Totals")>
                {move || view! { <FreeShipping totals=shown.get().totals /> }}
                {move || {
                    let view = shown.get();
                    view! { <TotalsView totals=view.totals estimate=view.prefecture.is_none() /> }
                }}
                // Not the whole table: it would be read out from its top with every press of "+".
                <p class="visually-hidden" aria-live="polite">
                    {lang.pick("合計（税込）", "Total (tax incl.)")} " " {move || shown.read().totals.total.show(lang)}
                </p>
                <div class="cart__on">{move || view! { <ToCheckout nothing=shown.read().is_empty() till /> }}</div>
                <p>
                    <a class="button button--quiet button--wide" href=href("/")>{lang.pick("お買い物を続ける", "Continue shopping")}</a>
                </p>
            </aside>
        </div>
        <div class="buybar">
            <p class="buybar__facts">
                <span class="buybar__note">{lang.pick("合計（税込）", "Total (tax incl.)")}</span>
                <strong class="buybar__price">{move || shown.read().totals.total.show(lang)}</strong>
            </p>
            {move || view! { <ToCheckout nothing=shown.read().is_empty() till /> }}
        </div>
    }
    .into_any()
}

/// Gives the focus to the heading if nothing has it.
fn focus_if_lost(heading: NodeRef<H1>) {
    let lost = document().active_element().is_none_or(|element| element.tag_name() == "BODY");
    if let Some(heading) = heading.try_get_untracked().flatten().filter(|_| lost) {
        let _ = heading.focus();
    }
}

/// The way on, if there is anything to buy.
#[component]
fn ToCheckout(nothing: bool, till: Till) -> impl IntoView {
    let lang = use_lang();
    let way = href("/checkout/contact");
    if nothing {
        view! { <p>{lang.pick("ご購入いただける商品がありません。", "There is nothing here that can be bought now.")}</p> }.into_any()
    } else {
        view! {
            <a class="button button--primary button--wide" href=way.clone() on:click=move |click| till.go_on(&click, &way)>
                {lang.pick("ご購入手続きへ", "Go to checkout")}
            </a>
        }
        .into_any()
    }
}

/// The name under which the faults of a line's quantity are filed.
pub fn quantity_of(sku: &str) -> String {
    format!("quantity:{sku}")
}

fn line_fault(faults: &Faults, sku: &str) -> Option<Fault> {
    faults.get(&quantity_of(sku)).cloned()
}

/// What was wrong, each with the name of its line and a link to it.
#[component]
fn CartFaults(faults: Signal<Faults>, lines: Vec<CartLineView>) -> impl IntoView {
    let lang = use_lang();
    move || {
        let faults = faults.get();
        (!faults.is_empty()).then(|| {
            let items = fault_items(lang, &faults, |field| {
                let line = lines.iter().find(|line| quantity_of(&line.sku) == field)?;
                Some((full_name(line, lang), format!("#q-{}", line.variant)))
            });
            view! {
                <div class="faults" role="alert">
                    <p class="faults__title">{lang.pick("ご確認ください", "Please check the following")}</p>
                    <ul>{items}</ul>
                </div>
            }
        })
    }
}

/// `手ぬぐい 青海波（藍）`.
fn full_name(line: &CartLineView, lang: Lang) -> String {
    match (line.name.get(lang), line.options.get(lang), lang) {
        (name, "", _) => name.to_owned(),
        (name, options, Lang::Ja) => format!("{name}（{options}）"),
        (name, options, Lang::En) => format!("{name} ({options})"),
    }
}

#[component]
fn Line<F>(line: CartLineView, till: Till, shown: Memo<CartView>, faults: Signal<Faults>, removed: F) -> impl IntoView
where
    F: Fn(String) + Clone + Send + Sync + 'static,
{
    let lang = use_lang();
    let path = href(&format!("/p/{}?v={}", line.slug, line.sku));
    let options = line.options.get(lang).to_owned();
    let mark = (line.tax_class == TaxClass::Reduced).then(|| lang.pick("※軽減税率 8%", "* reduced rate 8%"));
    let changes = (!line.changes.is_empty()).then(|| {
        let items = line.changes.iter().map(|change| view! { <li>{change.words(lang)}</li> }).collect_view();
        view! { <ul class="cart-line__changes note note--warning">{items}</ul> }
    });
    let sku = StoredValue::new(line.sku.clone());
    let now =
        move || sku.with_value(|sku| shown.read().lines.iter().find(|line| line.sku == *sku).map(|line| line.sum));
    let name = full_name(&line, lang);
    view! {
        <li class="cart-line" hidden=move || now().is_none()>
            <LinePicture hash=line.picture.clone() />
            <div class="cart-line__body">
                <p class="cart-line__name">
                    <a href=path>{line.name.get(lang).to_owned()}</a>
                </p>
                {(!options.is_empty()).then(|| view! { <p class="cart-line__options">{options}</p> })}
                <p class="cart-line__price">{line.price.show(lang)} {mark.map(|mark| view! { " " <small>{mark}</small> })}</p>
                {changes}
                <div class="cart-line__actions">
                    {(line.available > 0).then(|| view! { <Quantity line=line.clone() till faults /> })}
                    <ActionForm action=till.remove>
                        <input type="hidden" name="sku" value=line.sku.clone() />
                        <button
                            class="button button--link"
                            type="submit"
                            on:click=move |_| {
                                let (removed, name) = (removed.clone(), name.clone());
                                // The form is sent first: a button that loses the focus still sends it.
                                let _ = request_animation_frame(move || removed(name));
                            }
                        >
                            {lang.pick("削除", "Remove")}
                            <span class="visually-hidden">{format!(" ({})", line.name.get(lang))}</span>
                        </button>
                    </ActionForm>
                </div>
            </div>
            <p class="cart-line__sum">{move || now().map(|sum| sum.show(lang))}</p>
        </li>
    }
}

/// The units of a line. As HTML a number and a button; with wasm the number goes along when it is
/// changed, and there are buttons for one more and one less.
#[component]
fn Quantity(line: CartLineView, till: Till, faults: Signal<Faults>) -> impl IntoView {
    let lang = use_lang();
    let (id, most, quantity) = (format!("q-{}", line.variant), line.available, line.quantity);
    let (fault_id, name) = (format!("{id}-fault"), line.name.get(lang).to_owned());
    let sku = StoredValue::new(line.sku.clone());
    let input = NodeRef::<Input>::new();
    Effect::new(move |_| {
        // After a change the field says what the cart holds. Before, it keeps what was typed while
        // the page was waking up.
        if let Some(input) = input.get().filter(|_| till.used()) {
            let wished = sku.with_value(|sku| till.wishes.with_untracked(|wishes| wishes.get(sku).copied()));
            input.set_value(&wished.unwrap_or(quantity).to_string());
        }
    });
    let step = move |by: i32| {
        let Some(input) = input.get_untracked() else { return };
        let typed = input.value().trim().parse::<i32>().unwrap_or(i32::try_from(quantity).unwrap_or(1));
        let next = typed.saturating_add(by).clamp(1, i32::try_from(most).unwrap_or(i32::MAX));
        input.set_value(&next.to_string());
        if next != typed {
            sku.with_value(|sku| till.wish(sku, next.to_string()));
        }
    };
    let fault = move || sku.with_value(|sku| faults.with(|faults| line_fault(faults, sku)));
    let (less, more) = match lang {
        Lang::Ja => (format!("{name}を1点減らす"), format!("{name}を1点増やす")),
        Lang::En => (format!("One less of {name}"), format!("One more of {name}")),
    };
    view! {
        <ActionForm action=till.set attr:class="cart-line__quantity">
            <input type="hidden" name="sku" value=line.sku />
            <label for=id.clone()>
                {lang.pick("数量", "Quantity")}
                <span class="visually-hidden">{format!(" ({name})")}</span>
            </label>
            <span class="stepper">
                <button class="stepper__step" type="button" aria-label=less on:click=move |_| step(-1)>
                    <span aria-hidden="true">"−"</span>
                </button>
                <input
                    id=id
                    node_ref=input
                    type="number"
                    name="quantity"
                    value=quantity.to_string()
                    min="1"
                    max=most.to_string()
                    inputmode="numeric"
                    autocomplete="off"
                    required
                    aria-describedby=fault_id.clone()
                    aria-invalid=move || fault().map(|_| "true")
                    on:change=move |event| sku.with_value(|sku| till.wish(sku, event_target_value(&event)))
                />
                <button class="stepper__step" type="button" aria-label=more on:click=move |_| step(1)>
                    <span aria-hidden="true">"+"</span>
                </button>
            </span>
            <SubmitButton label=lang.pick("変更", "Update") pending=till.set.pending() class="button cart-line__update" />
            <p class="field__fault" id=fault_id>{move || fault().map(|fault| fault_words(lang, &fault))}</p>
        </ActionForm>
    }
}
