//! The way into the cart.

use leptos::form::ActionForm;
use leptos::html::Input;
use leptos::prelude::*;
use noren_domain::Yen;
use noren_domain::form::Faults;

use super::AddToCart;
use crate::form::use_faults;
use crate::lang::use_lang;
use crate::ui::{FaultSummary, SubmitButton};

/// Names the form, for the button of the bar.
const FORM: &str = "buy";

/// Quantity and the button that puts a variant into the cart.
#[component]
pub fn BuyForm(
    /// The variant's SKU.
    #[prop(into)]
    sku: String,
    /// Most units that can be asked for.
    max: u32,
    /// The field for how many.
    quantity: NodeRef<Input>,
    /// Puts it in.
    action: ServerAction<AddToCart>,
) -> impl IntoView {
    let lang = use_lang();
    let faults = use_faults(action, Faults::default());
    view! {
        <ActionForm action=action attr:class="buy-form" attr:id=FORM>
            <FaultSummary faults labels=vec![("quantity", lang.pick("数量", "Quantity"))] />
            <input type="hidden" name="sku" value=sku />
            <label class="buy-form__quantity" for="f-quantity">
                <span>{lang.pick("数量", "Quantity")}</span>
                <input
                    id="f-quantity"
                    node_ref=quantity
                    type="number"
                    name="quantity"
                    value="1"
                    min="1"
                    max=max.to_string()
                    inputmode="numeric"
                    autocomplete="off"
                    required
                />
            </label>
            <SubmitButton label=lang.pick("カートに入れる", "Add to cart") pending=action.pending() />
        </ActionForm>
    }
}

/// On a phone: price, state and the button within the thumb's reach, wherever the page is scrolled to.
/// Its button sends the [`BuyForm`]; without one (sold out) only the facts are there.
#[component]
pub fn BuyBar(
    /// Price of one unit.
    price: Yen,
    /// Chosen options and stock, in words.
    #[prop(into)]
    facts: String,
    /// Puts it in; `None`: it cannot be bought now.
    action: Option<ServerAction<AddToCart>>,
) -> impl IntoView {
    let lang = use_lang();
    let button = action.map(|action| {
        let pending = action.pending();
        view! {
            <button
                type="submit"
                form=FORM
                class="button button--primary"
                aria-busy=move || pending.get().then_some("true")
                disabled=move || pending.get()
            >
                {lang.pick("カートに入れる", "Add to cart")}
            </button>
        }
    });
    view! {
        <div class="buybar">
            <p class="buybar__facts">
                <strong class="buybar__price">
                    {price.show(lang)} <small>{lang.pick("（税込）", " (tax incl.)")}</small>
                </strong>
                <span class="buybar__note">{facts}</span>
            </p>
            {button}
        </div>
    }
}
