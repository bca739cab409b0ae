//! What the shop knows: pure types and rules, the same in the server and in the browser.
//!
//! Nothing here reads a clock, draws a random number, or does any I/O.

#[macro_use]
mod masked;

pub mod account;
pub mod address;
pub mod cart;
pub mod catalogue;
pub mod checkout;
pub mod email;
pub mod form;
pub mod html;
pub mod id;
pub mod lang;
pub mod mail;
pub mod moment;
pub mod money;
pub mod newsletter;
pub mod notice;
pub mod order;
pub mod prefecture;
pub mod search;
pub mod seller;
pub mod shipping;
pub mod tax;

pub use id::Id;
pub use lang::{Lang, Text};
pub use money::Yen;
