//! What happened to an order: who did it, what it was, when.

use serde::{Deserialize, Serialize};

use crate::Lang;

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
    /// The carrier has the parcel.
    Shipped,
    /// The receiver has it.
    Delivered,
    /// The owner of its e-mail address has brought it into their account.
    Claimed,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 13] = [
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
        Self::Shipped,
        Self::Delivered,
        Self::Claimed,
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
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Claimed => "claimed",
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
            (Self::Shipped, Lang::Ja) => "商品を発送しました",
            (Self::Shipped, Lang::En) => "Your parcel is on its way",
            (Self::Delivered, Lang::Ja) => "商品をお届けしました",
            (Self::Delivered, Lang::En) => "Your parcel has arrived",
            (Self::Claimed, Lang::Ja) => "アカウントのご注文の履歴に加えました",
            (Self::Claimed, Lang::En) => "The order was added to an account",
        }
    }
}

/// One entry of an order's timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderEvent {
    /// What happened.
    pub kind: EventKind,
    /// When, in UTC milliseconds.
    pub at: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_as_its_kind() {
        assert!(EventKind::ALL.into_iter().all(|kind| EventKind::from_word(kind.word()) == Some(kind)));
    }
}
