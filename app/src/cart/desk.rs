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

/// Adds to the cart, giving a new browser its token.
pub async fn add(form: &LineForm) -> Result<(), Refusal> {
    let quantity = form.quantity().map_err(|fault| refused(CartError::Refused(fault), form, "quantity"))?;
    let shop = request::shop();
    let key = if let Some(key) = key().await? {
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
    cart::add(&shop, &key, &form.sku, quantity).await.map_err(|error| refused(error, form, "quantity"))
}

/// Sets a line's quantity; what is wrong is filed under `field`.
pub async fn set(form: &LineForm, field: &str) -> Result<(), Refusal> {
    let refused = |error| refused(error, form, field);
    let quantity = form.quantity().map_err(|fault| refused(CartError::Refused(fault)))?;
    let key = key().await?.ok_or_else(|| refused(CartError::Refused(Fault::NotFound)))?;
    cart::set(&request::shop(), &key, &form.sku, quantity).await.map_err(refused)
}

/// Shows the cart after a plain form post. The wasm is on its page already: sent there again, it
/// would scroll to the top and add a step to the history with every press.
pub fn show() {
    if request::wants_html() {
        request::go("/cart");
    }
}

/// What the shopper hears, filed under `field`.
pub fn refused(error: CartError, form: &LineForm, field: &str) -> Refusal {
    match error {
        CartError::Refused(fault) => refuse("cart", form, Faults::field(field, fault)),
        CartError::Database(error) => request::failed(&error),
    }
}
