//! Orders: three states apart, what happened when, and what a shopper sees of it.

use serde::{Deserialize, Serialize};

use crate::checkout::PaymentMethod;
use crate::shipping::{Method, Slot};
use crate::tax::{TaxClass, TaxShare};
use crate::{Lang, Text, Yen};

/// One purchase (ご注文).
#[derive(Debug)]
pub enum Order {}

/// Where the order stands as a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Being paid; nothing is bought yet.
    Draft,
    /// Bought.
    Placed,
    /// Called off; final.
    Cancelled,
    /// Delivered and paid; final.
    Completed,
}

/// Where its money stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// Nothing has come in.
    Unpaid,
    /// The bank has promised the money.
    Authorised,
    /// All of it is here.
    Paid,
    /// A part went back.
    PartlyRefunded,
    /// All of it went back; final.
    Refunded,
    /// The last try failed; another may follow.
    Failed,
    /// The time to pay is over.
    Expired,
}

/// Where its goods are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShipmentState {
    /// On the shelf.
    Open,
    /// In the parcel.
    Packed,
    /// With the carrier.
    Shipped,
    /// With the receiver.
    Delivered,
    /// Back in the shop; final.
    Returned,
}

impl OrderState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Draft, Self::Placed, Self::Cancelled, Self::Completed];

    /// The word stored in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Placed => "placed",
            Self::Cancelled => "cancelled",
            Self::Completed => "completed",
        }
    }

    /// Reads [`Self::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether an order may go from here to `next`.
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Draft, Self::Placed | Self::Cancelled) | (Self::Placed, Self::Cancelled | Self::Completed)
        )
    }

    /// The state in words.
    pub const fn name(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Draft, Lang::Ja) => "お手続き中",
            (Self::Draft, Lang::En) => "Not completed yet",
            (Self::Placed, Lang::Ja) => "ご注文を承りました",
            (Self::Placed, Lang::En) => "Order placed",
            (Self::Cancelled, Lang::Ja) => "キャンセル済み",
            (Self::Cancelled, Lang::En) => "Cancelled",
            (Self::Completed, Lang::Ja) => "完了",
            (Self::Completed, Lang::En) => "Completed",
        }
    }
}

impl PaymentState {
    /// Every state.
    pub const ALL: [Self; 7] =
        [Self::Unpaid, Self::Authorised, Self::Paid, Self::PartlyRefunded, Self::Refunded, Self::Failed, Self::Expired];

    /// The word stored in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unpaid => "unpaid",
            Self::Authorised => "authorised",
            Self::Paid => "paid",
            Self::PartlyRefunded => "partly_refunded",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }

    /// Reads [`Self::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether a payment may go from here to `next`. Money can still come after a failure or an
    /// expiry: a bank's word about it arrives late.
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Unpaid => matches!(next, Self::Authorised | Self::Paid | Self::Failed | Self::Expired),
            Self::Authorised => matches!(next, Self::Paid | Self::Failed | Self::Expired),
            Self::Failed | Self::Expired => matches!(next, Self::Unpaid | Self::Paid | Self::Failed | Self::Expired),
            Self::Paid => matches!(next, Self::PartlyRefunded | Self::Refunded),
            Self::PartlyRefunded => matches!(next, Self::Refunded),
            Self::Refunded => false,
        }
    }

    /// The state in words.
    pub const fn name(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Unpaid, Lang::Ja) => "お支払い前",
            (Self::Unpaid, Lang::En) => "Not paid yet",
            (Self::Authorised, Lang::Ja) => "お支払いの確認中",
            (Self::Authorised, Lang::En) => "Payment promised",
            (Self::Paid, Lang::Ja) => "お支払い済み",
            (Self::Paid, Lang::En) => "Paid",
            (Self::PartlyRefunded, Lang::Ja) => "一部ご返金済み",
            (Self::PartlyRefunded, Lang::En) => "Partly refunded",
            (Self::Refunded, Lang::Ja) => "ご返金済み",
            (Self::Refunded, Lang::En) => "Refunded",
            (Self::Failed, Lang::Ja) => "お支払いが完了していません",
            (Self::Failed, Lang::En) => "Payment did not go through",
            (Self::Expired, Lang::Ja) => "お支払い期限切れ",
            (Self::Expired, Lang::En) => "Time to pay is over",
        }
    }
}

impl ShipmentState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Open, Self::Packed, Self::Shipped, Self::Delivered, Self::Returned];

    /// The word stored in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Packed => "packed",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Returned => "returned",
        }
    }

    /// Reads [`Self::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether goods may go from here to `next`.
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Open, Self::Packed)
                | (Self::Packed, Self::Open | Self::Shipped)
                | (Self::Shipped, Self::Delivered | Self::Returned)
                | (Self::Delivered, Self::Returned)
        )
    }

    /// The state in words.
    pub const fn name(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Open, Lang::Ja) => "発送準備中",
            (Self::Open, Lang::En) => "Being prepared",
            (Self::Packed, Lang::Ja) => "梱包済み",
            (Self::Packed, Lang::En) => "Packed",
            (Self::Shipped, Lang::Ja) => "発送済み",
            (Self::Shipped, Lang::En) => "On its way",
            (Self::Delivered, Lang::Ja) => "お届け済み",
            (Self::Delivered, Lang::En) => "Delivered",
            (Self::Returned, Lang::Ja) => "返品済み",
            (Self::Returned, Lang::En) => "Returned",
        }
    }
}

/// Who made something happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The person who buys.
    Shopper,
    /// Somebody who works in the shop.
    Shop,
    /// The payment provider.
    Bank,
    /// The shop by itself, by the clock.
    System,
}

impl Actor {
    /// The word stored in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Shopper => "shopper",
            Self::Shop => "shop",
            Self::Bank => "bank",
            Self::System => "system",
        }
    }
}

/// One kind of thing that happens to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The shopper pressed the button; goods are reserved, the payment begins.
    Started,
    /// The order stands.
    Placed,
    /// All of the money is here.
    Paid,
    /// The bank declined.
    Declined,
    /// The shopper left the bank's page without paying.
    Abandoned,
    /// The time to pay was over; the goods went back to the shelf.
    Expired,
    /// Money came after the time was over and there were goods left: the order stands after all.
    Revived,
    /// The money went back, because it came too late or twice.
    Refunded,
    /// The bank named another amount than ours; nothing was booked, a person looks at it.
    Alarm,
    /// Called off.
    Cancelled,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Started,
        Self::Placed,
        Self::Paid,
        Self::Declined,
        Self::Abandoned,
        Self::Expired,
        Self::Revived,
        Self::Refunded,
        Self::Alarm,
        Self::Cancelled,
    ];

    /// The word stored in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Placed => "placed",
            Self::Paid => "paid",
            Self::Declined => "declined",
            Self::Abandoned => "abandoned",
            Self::Expired => "expired",
            Self::Revived => "revived",
            Self::Refunded => "refunded",
            Self::Alarm => "alarm",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads [`Self::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// What the shopper reads in the timeline.
    pub const fn name(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Started, Lang::Ja) => "ご注文のお手続きを始めました",
            (Self::Started, Lang::En) => "You started the order",
            (Self::Placed, Lang::Ja) => "ご注文を承りました",
            (Self::Placed, Lang::En) => "We received your order",
            (Self::Paid, Lang::Ja) => "お支払いを確認しました",
            (Self::Paid, Lang::En) => "We received your payment",
            (Self::Declined, Lang::Ja) => "カード会社の承認が得られませんでした",
            (Self::Declined, Lang::En) => "The card was declined",
            (Self::Abandoned, Lang::Ja) => "お支払いが中断されました",
            (Self::Abandoned, Lang::En) => "The payment was left unfinished",
            (Self::Expired, Lang::Ja) => "お支払い期限が過ぎたため、商品のお取り置きを終了しました",
            (Self::Expired, Lang::En) => "The time to pay ended and the goods went back on the shelf",
            (Self::Revived, Lang::Ja) => "期限後のお支払いでしたが、在庫がありましたのでご注文を承りました",
            (Self::Revived, Lang::En) => "The payment came late, but the goods were still there: your order stands",
            (Self::Refunded, Lang::Ja) => "お支払い金額の全額を返金しました",
            (Self::Refunded, Lang::En) => "We returned the whole payment",
            (Self::Alarm, Lang::Ja) => "お支払い金額を店舗で確認しています",
            (Self::Alarm, Lang::En) => "We are checking the amount of the payment",
            (Self::Cancelled, Lang::Ja) => "ご注文をキャンセルしました",
            (Self::Cancelled, Lang::En) => "The order was cancelled",
        }
    }
}

/// One entry of an order's timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderEvent {
    /// What happened.
    pub kind: EventKind,
    /// When, in Japan time: `2026-11-22 10:05`.
    pub at: String,
}

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// When it was placed, in Japan time, if it was.
    pub placed_at: Option<String>,
    /// Until when it can be paid, in Japan time, while that matters.
    pub pay_until: Option<String>,
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

/// The account that transfers go to. Made up: the sample shop has no real one.
pub const fn transfer_account(lang: Lang) -> &'static str {
    match lang {
        Lang::Ja => "のれん銀行 本店（001） 普通 1234567 カ）ノレンドウ",
        Lang::En => "Noren Bank, head office (001), ordinary account 1234567, Norendo K.K.",
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
    /// Its goods.
    pub shipment: ShipmentState,
    /// When it was placed, in Japan time.
    pub placed_at: String,
    /// What is paid.
    pub total: Yen,
    /// Name of the first line.
    pub first: Text,
    /// Hash of the first line's picture, if there is one.
    pub picture: Option<String>,
    /// Pieces in all.
    pub pieces: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_as_its_state() {
        assert!(OrderState::ALL.into_iter().all(|s| OrderState::from_word(s.word()) == Some(s)));
        assert!(PaymentState::ALL.into_iter().all(|s| PaymentState::from_word(s.word()) == Some(s)));
        assert!(ShipmentState::ALL.into_iter().all(|s| ShipmentState::from_word(s.word()) == Some(s)));
        assert!(EventKind::ALL.into_iter().all(|s| EventKind::from_word(s.word()) == Some(s)));
    }

    #[test]
    fn what_is_final_stays() {
        for next in OrderState::ALL {
            assert!(!OrderState::Cancelled.may_become(next) && !OrderState::Completed.may_become(next));
        }
        assert!(PaymentState::ALL.into_iter().all(|next| !PaymentState::Refunded.may_become(next)));
        assert!(ShipmentState::ALL.into_iter().all(|next| !ShipmentState::Returned.may_become(next)));
    }

    #[test]
    fn money_may_come_after_its_time_but_never_twice() {
        assert!(PaymentState::Expired.may_become(PaymentState::Paid));
        assert!(!PaymentState::Paid.may_become(PaymentState::Paid));
    }
}
