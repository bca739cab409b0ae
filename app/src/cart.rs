//! Pages of the cart feature: the way in, the cart itself, its count in the header.

mod buy;
#[cfg(feature = "ssr")]
pub mod desk;
mod glance;
mod page;
mod till;
mod totals;
mod wish;

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use noren_domain::cart::{CartView, LineForm, MergeReport};
use noren_domain::form::Faults;
use serde::{Deserialize, Serialize};

use crate::form::Refusal;

pub use buy::{BuyBar, BuyForm};
pub use glance::{CartCount, OnTheWay, Units, provide_glance};
pub use page::CartPage;
pub use totals::{LinePicture, TotalsView};

/// What the cart page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartPageData {
    /// The cart as it stands.
    pub view: CartView,
    /// What was wrong with the last change.
    pub faults: Faults,
}

/// The cart as it stands; with this answer its differences count as seen.
#[server(endpoint = "cart/view", input = GetUrl)]
pub async fn load_cart() -> Result<Option<CartPageData>, Refusal> {
    use crate::request::{failed, shop};
    // The cart has many quantities: the fault of one is filed under the line it was meant for.
    let mut kept = crate::form::kept::<LineForm>("cart").unwrap_or_default();
    for fault in kept.faults.0.iter_mut().filter(|fault| fault.field == "quantity") {
        fault.field = page::quantity_of(&kept.values.sku);
    }
    let faults = kept.faults;
    let Some(key) = desk::key().await? else {
        return Ok(Some(CartPageData { view: CartView::default(), faults }));
    };
    let view = noren_shop::cart::load(&shop(), &key).await.map_err(|e| failed(&e))?;
    noren_shop::cart::shown(&shop(), &key, &view).await.map_err(|e| failed(&e))?;
    Ok(Some(CartPageData { view, faults }))
}

/// What the header says about the cart, and what happened on the way to the page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glance {
    /// Units in it.
    pub count: u32,
    /// What the sign-in just now did with it, said once.
    pub merged: Option<MergeReport>,
    /// Somebody signed out just now, said once.
    pub left: bool,
}

/// The cart at a glance, for the header. Without a cookie the database is not asked.
#[server(endpoint = "cart/glance", input = GetUrl)]
pub async fn load_glance() -> Result<Glance, Refusal> {
    let count = match desk::key().await? {
        Some(key) => {
            noren_shop::cart::count(&crate::request::shop(), &key).await.map_err(|e| crate::request::failed(&e))?
        }
        None => 0,
    };
    Ok(Glance { count, merged: crate::account::merged(), left: crate::account::just_left() })
}

/// Puts units of a variant into the cart and shows it.
#[server(endpoint = "cart/add")]
pub async fn add_to_cart(
    /// What and how many.
    #[server(flatten)]
    form: LineForm,
) -> Result<(), Refusal> {
    match desk::add(&form).await {
        Ok(()) => {
            crate::request::go("/cart");
            Ok(())
        }
        Err(refusal) => {
            // Without scripts the cart says what was wrong: the product page has no memory for it.
            if crate::request::wants_html() {
                crate::request::go("/cart");
            }
            Err(refusal)
        }
    }
}

/// Changes the units of a line.
#[server(endpoint = "cart/set")]
pub async fn set_quantity(
    /// What and how many.
    #[server(flatten)]
    form: LineForm,
) -> Result<(), Refusal> {
    desk::set(&form, &page::quantity_of(&form.sku)).await?;
    desk::show();
    Ok(())
}

/// Takes a line out.
#[server(endpoint = "cart/remove")]
pub async fn remove_line(
    /// The variant.
    #[server(default)]
    sku: String,
) -> Result<(), Refusal> {
    if let Some(key) = desk::key().await? {
        let done = noren_shop::cart::remove(&crate::request::shop(), &key, &sku).await;
        done.map_err(|error| desk::refused(error, &LineForm::default(), ""))?;
    }
    desk::show();
    Ok(())
}
