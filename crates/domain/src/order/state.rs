//! The three states of an order, apart: the contract, its money, its goods; and which may follow which.

use serde::{Deserialize, Serialize};

use crate::Lang;
use crate::checkout::PaymentMethod;

/// Where the order stands as a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Being paid; nothing is bought yet.
    Draft,
    /// Bought.
    Placed,
    /// Called off; final, but for money that comes late ([`OrderState::may_stand_after_all`]).
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

    /// Whether an order that was called off only because its money, now at `payment`, did not come in
    /// time may be placed again when it comes late and there are goods left.
    pub const fn may_stand_after_all(self, payment: PaymentState) -> bool {
        matches!((self, payment), (Self::Cancelled, PaymentState::Expired))
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

    /// Whether the shop has money for the order, or the bank's promise of it.
    pub const fn has_money(self) -> bool {
        matches!(self, Self::Authorised | Self::Paid | Self::PartlyRefunded)
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

    /// Whether the goods have left the shop.
    pub const fn has_left(self) -> bool {
        matches!(self, Self::Shipped | Self::Delivered | Self::Returned)
    }

    /// The state in words, of an order that is paid for by `method` and stands at `payment`: nothing is
    /// made ready before a transfer is there.
    pub fn words(self, method: PaymentMethod, payment: PaymentState, lang: Lang) -> &'static str {
        if self == Self::Open && method == PaymentMethod::Transfer && payment == PaymentState::Unpaid {
            return lang.pick("ご入金後に発送", "Ships after payment");
        }
        match (self, lang) {
            // Nothing says that anybody has begun to pack: until then an order is called off on request.
            (Self::Open, Lang::Ja) => "発送前",
            (Self::Open, Lang::En) => "Not sent yet",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_as_its_state() {
        assert!(OrderState::ALL.into_iter().all(|s| OrderState::from_word(s.word()) == Some(s)));
        assert!(PaymentState::ALL.into_iter().all(|s| PaymentState::from_word(s.word()) == Some(s)));
        assert!(ShipmentState::ALL.into_iter().all(|s| ShipmentState::from_word(s.word()) == Some(s)));
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
    fn only_an_order_whose_money_came_too_late_may_stand_after_all() {
        for (state, payment) in OrderState::ALL.into_iter().flat_map(|s| PaymentState::ALL.map(|p| (s, p))) {
            let late = state == OrderState::Cancelled && payment == PaymentState::Expired;
            assert_eq!(state.may_stand_after_all(payment), late);
            assert!(!late || payment.may_become(PaymentState::Paid), "its money may still come");
        }
    }

    #[test]
    fn goods_on_the_shelf_are_not_said_to_be_made_ready() {
        let words = |payment, lang| ShipmentState::Open.words(PaymentMethod::Transfer, payment, lang);
        assert_eq!(words(PaymentState::Paid, Lang::Ja), "発送前");
        assert_eq!(words(PaymentState::Paid, Lang::En), "Not sent yet");
        assert_eq!(words(PaymentState::Unpaid, Lang::Ja), "ご入金後に発送");
    }

    #[test]
    fn money_may_come_after_its_time_but_never_twice() {
        assert!(PaymentState::Expired.may_become(PaymentState::Paid));
        assert!(!PaymentState::Paid.may_become(PaymentState::Paid));
    }
}
