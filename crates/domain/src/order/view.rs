//! What a shopper sees of an order.

use serde::{Deserialize, Serialize};

use super::{OrderEvent, OrderState, PaymentState, ShipmentState};
use crate::checkout::PaymentMethod;
use crate::shipping::{Day, Method, Slot};
use crate::tax::{TaxClass, TaxShare};
use crate::{Lang, Text, Yen};

masked!(OrderAddress, OrderView);

/// One line of an order, as it was bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLineView {
    /// Stock keeping unit.
    pub sku: String,
    /// The product's page.
    pub slug: String,
    /// Product.
    pub name: Text,
    /// Chosen options, `白 / M`; may be empty.
    pub options: Text,
    /// Hash of the picture, if there is one.
    pub picture: Option<String>,
    /// Price of one, tax included.
    pub price: Yen,
    /// Pieces.
    pub quantity: u32,
    /// Tax class; reduced carries ※.
    pub tax_class: TaxClass,
}

impl OrderLineView {
    /// Price of the line, tax included.
    pub fn amount(&self) -> Yen {
        self.price.times(self.quantity).unwrap_or_default()
    }
}

/// Who receives the parcel; shown only to the holder of the order's token and to its customer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderAddress {
    /// Full name.
    pub name: String,
    /// 〒, `100-0001`.
    pub postal_code: String,
    /// Prefecture, JIS number.
    pub prefecture: crate::prefecture::Prefecture,
    /// City, ward, town.
    pub city: String,
    /// Street and number.
    pub street: String,
    /// Building and room; may be empty.
    pub building: String,
    /// Phone.
    pub phone: String,
    /// Where mails go.
    pub email: String,
    /// What the giver wrote; may be empty.
    pub gift_message: String,
}

/// What an order page shows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderView {
    /// The number people read out, `N-XXXX-XXXX`.
    pub no: String,
    /// Secret of the order's own page.
    pub token: String,
    /// As a contract.
    pub state: OrderState,
    /// Its money.
    pub payment: PaymentState,
    /// Its goods.
    pub shipment: ShipmentState,
    /// How it is paid.
    pub method: PaymentMethod,
    /// When it was placed, in UTC milliseconds, if it was.
    pub placed_at: Option<i64>,
    /// Until when it can be paid, in UTC milliseconds, while that matters.
    pub pay_until: Option<i64>,
    /// What was bought.
    pub lines: Vec<OrderLineView>,
    /// Goods, tax included.
    pub goods: Yen,
    /// Shipping, tax included.
    pub shipping: Yen,
    /// Fee for the way of paying, tax included.
    pub payment_fee: Yen,
    /// What is paid.
    pub total: Yen,
    /// What is paid at each rate.
    pub taxes: Vec<TaxShare>,
    /// How it travels.
    pub delivery_method: Method,
    /// Wished day (ISO 8601), if one was named.
    pub delivery_date: Option<String>,
    /// Wished time of day, if one was named.
    pub delivery_slot: Option<Slot>,
    /// Whether it is wrapped as a gift.
    pub gift_wrap: bool,
    /// To whom it goes.
    pub address: OrderAddress,
    /// What happened so far, oldest first.
    pub timeline: Vec<OrderEvent>,
}

impl OrderView {
    /// How, when and in what wrapping it comes: names and values, for page and mail.
    pub fn delivery(&self, lang: Lang) -> Vec<(&'static str, String)> {
        let day = self.delivery_date.as_deref().and_then(Day::from_iso).map(|day| day.show(lang));
        let day = day.unwrap_or_else(|| lang.pick("指定なし（最短でお届け）", "As soon as possible").to_owned());
        let mut facts = vec![
            (lang.pick("配送方法", "Method"), self.delivery_method.name(lang).to_owned()),
            (lang.pick("お届け日", "Day"), day),
        ];
        if let Some(slot) = self.delivery_slot {
            facts.push((lang.pick("時間帯", "Time"), slot.name(lang).to_owned()));
        }
        if self.gift_wrap {
            facts.push((lang.pick("ギフト包装", "Gift wrap"), lang.pick("あり", "Yes").to_owned()));
        }
        if !self.address.gift_message.is_empty() {
            facts.push((lang.pick("メッセージ", "Message"), self.address.gift_message.clone()));
        }
        facts
    }
}

/// One order in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSummary {
    /// The number.
    pub no: String,
    /// As a contract.
    pub state: OrderState,
    /// Its money.
    pub payment: PaymentState,
    /// How it is paid.
    pub method: PaymentMethod,
    /// Its goods.
    pub shipment: ShipmentState,
    /// When it was placed, in UTC milliseconds.
    pub placed_at: i64,
    /// What is paid.
    pub total: Yen,
    /// Name of the first line.
    pub first: Text,
    /// Hash of the first line's picture, if there is one.
    pub picture: Option<String>,
    /// Pieces in all.
    pub pieces: u32,
}
