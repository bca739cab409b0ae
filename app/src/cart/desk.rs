//! The server's side of the cart forms: whose cart, and what a refusal becomes.

use noren_domain::Id;
use noren_domain::cart::{Cart, LineForm};
use noren_domain::form::{Fault, Faults};
use noren_shop::cart::{self, CartError, CartKey};
use noren_shop::token::Token;

use crate::form::{Refusal, refuse};
use crate::request;

/// Whose cart this browser sees, if it can have one already.
pub async fn key() -> Result<Option<CartKey>, Refusal> {
    Ok(match request::signed_in().await? {
        Some(who) => Some(CartKey::Customer(who.customer)),
        None => request::cart_token().map(CartKey::Guest),
    })
}

/// The cart of this browser, if it has been begun.
pub async fn cart() -> Result<Option<Id<Cart>>, Refusal> {
    match key().await? {
        Some(key) => cart::find(&request::shop(), &key).await.map_err(|e| request::failed(&e)),
        None => Ok(None),
    }
}

/// Why a form was not done.
pub enum Stop {
    /// The cart says so.
    Cart(CartError),
    /// The request does.
    Refusal(Refusal),
}

/// Adds to the cart, giving a new browser its token.
pub async fn add(form: &LineForm) -> Result<(), Stop> {
    let quantity = form.quantity().map_err(|fault| Stop::Cart(CartError::Refused(fault)))?;
    let shop = request::shop();
    let key = if let Some(key) = key().await.map_err(Stop::Refusal)? {
        // The cookie lives on from the last thing put in, not from the first.
        if let CartKey::Guest(token) = &key {
            request::set_cart_token(token);
        }
        key
    } else {
        let token = Token::random(&shop.entropy);
        request::set_cart_token(&token);
        CartKey::Guest(token)
    };
    cart::add(&shop, &key, &form.sku, quantity).await.map_err(Stop::Cart)
}

/// Sets a line's quantity.
pub async fn set(form: &LineForm) -> Result<(), Stop> {
    let quantity = form.quantity().map_err(|fault| Stop::Cart(CartError::Refused(fault)))?;
    let key = key().await.map_err(Stop::Refusal)?.ok_or(Stop::Cart(CartError::Refused(Fault::NotFound)))?;
    cart::set(&request::shop(), &key, &form.sku, quantity).await.map_err(Stop::Cart)
}

/// Shows the cart after a plain form post. The wasm is on its page already: sent there again, it
/// would scroll to the top and add a step to the history with every press.
pub fn show() {
    if request::wants_html() {
        request::go("/cart");
    }
}

/// What the shopper hears, filed under `field`.
pub fn refused(stop: impl Into<Stop>, form: &LineForm, field: &str) -> Refusal {
    match stop.into() {
        Stop::Cart(CartError::Refused(fault)) => refuse("cart", form, Faults::field(field, fault)),
        Stop::Cart(CartError::Database(error)) => request::failed(&error),
        Stop::Refusal(refusal) => refusal,
    }
}

impl From<CartError> for Stop {
    fn from(error: CartError) -> Self {
        Self::Cart(error)
    }
}
