//! Where a variant goes into the cart.

use leptos::html::Input;
use leptos::prelude::*;
use noren_domain::catalogue::{StockState, Variant};

use crate::cart::AddToCart;
use crate::lang::use_lang;
use crate::ui::{Note, NoteKind};

/// The way into the cart for the chosen variant, or the word that there is none.
#[component]
pub fn BuyBox(
    /// The chosen variant.
    variant: Variant,
    /// Whether any variant of the product can be bought.
    others: bool,
    /// The field for how many.
    quantity: NodeRef<Input>,
    /// Puts it in.
    action: ServerAction<AddToCart>,
) -> impl IntoView {
    let lang = use_lang();
    if variant.stock == StockState::SoldOut {
        let words = if others {
            lang.pick(
                "この商品は売り切れました。ほかの種類をお選びいただけます。",
                "This option is sold out. Other options are available.",
            )
        } else {
            lang.pick("申し訳ありません。この商品は売り切れました。", "Sorry, this product is sold out.")
        };
        view! { <Note kind=NoteKind::Info>{words}</Note> }.into_any()
    } else {
        view! { <crate::cart::BuyForm sku=variant.sku max=noren_domain::cart::MAX_QUANTITY quantity action /> }
            .into_any()
    }
}
