//! Orders: three states apart, what happened when, and what a shopper sees of it.

mod state;
mod timeline;
mod view;

use crate::Lang;

pub use state::{OrderState, PaymentState, ShipmentState};
pub use timeline::{Actor, EventKind, OrderEvent};
pub use view::{OrderAddress, OrderLineView, OrderSummary, OrderView};

/// One purchase (ご注文).
#[derive(Debug)]
pub enum Order {}

/// The account that transfers go to. Made up: the sample shop has no real one.
pub const fn transfer_account(lang: Lang) -> &'static str {
    match lang {
        Lang::Ja => "のれん銀行 本店（001） 普通 1234567 カ）ノレンドウ",
        Lang::En => "Noren Bank, head office (001), ordinary account 1234567, Norendo K.K.",
    }
}

/// How whoever transfers money for the order `no` is to name themselves, so that it is found.
pub fn transfer_sender(no: &str, lang: Lang) -> String {
    lang.pick(format!("お名前の前に {no} とご入力ください"), format!("Please put {no} before your name"))
}
