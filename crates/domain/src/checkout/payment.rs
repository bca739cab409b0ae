//! Ways to pay.

use serde::{Deserialize, Serialize};

use crate::form::{Fault, Faults};
use crate::shipping::Method;
use crate::{Lang, Yen};

/// Fee for cash on delivery (代引手数料).
pub const CASH_FEE: Yen = Yen(330);
/// Largest total, fee included, that the carrier collects.
pub const CASH_LIMIT: Yen = Yen(100_000);
/// Days a bank transfer may take before the order lapses.
pub const TRANSFER_DAYS: i64 = 7;

/// A way to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PaymentMethod {
    /// Credit or debit card, on the provider's page.
    Card,
    /// 銀行振込, in advance.
    Transfer,
    /// 代金引換.
    Cash,
}

impl PaymentMethod {
    /// All ways.
    pub const ALL: [Self; 3] = [Self::Card, Self::Transfer, Self::Cash];

    /// The word stored in the database and sent by forms.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Transfer => "transfer",
            Self::Cash => "cash",
        }
    }

    /// Reads [`Self::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.word() == word)
    }

    /// Its name.
    pub const fn name(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Card, Lang::Ja) => "クレジットカード",
            (Self::Card, Lang::En) => "Credit or debit card",
            (Self::Transfer, Lang::Ja) => "銀行振込（前払い）",
            (Self::Transfer, Lang::En) => "Bank transfer in advance",
            (Self::Cash, Lang::Ja) => "代金引換",
            (Self::Cash, Lang::En) => "Cash on delivery",
        }
    }

    /// What it costs to pay this way.
    pub const fn fee(self) -> Yen {
        match self {
            Self::Card | Self::Transfer => Yen::ZERO,
            Self::Cash => CASH_FEE,
        }
    }

    /// Whether `method` allows it and `before_fee` (goods and delivery) is within its limit.
    pub fn check(self, method: Method, before_fee: Yen) -> Result<(), Fault> {
        match (self, method) {
            // Nobody is at the letter box to take the money.
            (Self::Cash, Method::Post) => Err(Fault::Choice),
            (Self::Cash, Method::Parcel) if before_fee + CASH_FEE > CASH_LIMIT => {
                Err(Fault::CashLimit { max: CASH_LIMIT.0 })
            }
            _ => Ok(()),
        }
    }
}

/// The payment form as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PaymentForm {
    /// [`PaymentMethod::word`].
    pub payment: String,
}

impl PaymentForm {
    /// Reads it for a delivery by `method` that costs `before_fee` with its goods.
    pub fn parse(&self, method: Method, before_fee: Yen) -> Result<PaymentMethod, Faults> {
        if self.payment.is_empty() {
            return Err(Faults::field("payment", Fault::Required));
        }
        let payment = PaymentMethod::from_word(&self.payment).ok_or_else(|| Faults::field("payment", Fault::Choice))?;
        payment.check(method, before_fee).map_err(|fault| Faults::field("payment", fault))?;
        Ok(payment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cash_on_delivery_stops_at_100_000_yen_with_its_fee() {
        let form = PaymentForm { payment: "cash".into() };
        assert_eq!(form.parse(Method::Parcel, Yen(99_670)), Ok(PaymentMethod::Cash));
        let refused = form.parse(Method::Parcel, Yen(99_671)).unwrap_err();
        assert_eq!(refused.get("payment"), Some(&Fault::CashLimit { max: 100_000 }));
        assert!(form.parse(Method::Post, Yen(1_000)).is_err(), "a letter box pays nothing");
    }

    #[test]
    fn a_payment_nobody_offers_is_refused() {
        for word in ["", "bitcoin", "CARD", "card "] {
            assert!(PaymentForm { payment: word.into() }.parse(Method::Parcel, Yen(1_000)).is_err());
        }
    }
}
