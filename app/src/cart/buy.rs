//! The way into the cart, and what the header says about it.

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use noren_domain::form::Faults;

use super::{AddToCart, load_count};
use crate::form::use_faults;
use crate::lang::use_lang;
use crate::ui::{FaultSummary, SubmitButton};

/// Quantity and the button that puts a variant into the cart.
#[component]
pub fn BuyForm(
    /// The variant's SKU.
    #[prop(into)]
    sku: String,
    /// Most units that can be asked for.
    max: u32,
    /// Cannot be bought now.
    #[prop(optional)]
    disabled: bool,
) -> impl IntoView {
    let lang = use_lang();
    let action = ServerAction::<AddToCart>::new();
    let faults = use_faults(action, Faults::default());
    let pending = action.pending();
    view! {
        <ActionForm action=action attr:class="buy-form">
            <FaultSummary faults labels=vec![("quantity", lang.pick("数量", "Quantity"))] />
            <input type="hidden" name="sku" value=sku />
            <label class="buy-form__quantity" for="f-quantity">
                <span>{lang.pick("数量", "Quantity")}</span>
                <input
                    id="f-quantity"
                    type="number"
                    name="quantity"
                    value="1"
                    min="1"
                    max=max.to_string()
                    inputmode="numeric"
                    autocomplete="off"
                    disabled=disabled
                    required
                />
            </label>
            <SubmitButton
                label=lang.pick("カートに入れる", "Add to cart")
                pending=Signal::derive(move || disabled || pending.get())
            />
        </ActionForm>
    }
}

/// The number of units in the cart; nothing while there are none.
#[component]
pub fn CartCount() -> impl IntoView {
    let lang = use_lang();
    let location = use_location();
    let count = Resource::new(move || (location.pathname.get(), location.search.get()), |_| load_count());
    view! {
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                count
                    .await
                    .ok()
                    .filter(|count| *count > 0)
                    .map(|count| {
                        view! {
                            <span class="header__count">
                                {count}
                                <span class="visually-hidden">{lang.pick("点", " items")}</span>
                            </span>
                        }
                    })
            })}
        </Suspense>
    }
}
