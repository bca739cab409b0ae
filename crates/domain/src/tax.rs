//! Consumption tax (消費税法 第29条: 7.8 % and 6.24 % national plus local = 10 % and 8 %).
//!
//! Prices include tax. Tax is computed per rate over the whole order and rounded once per rate,
//! as a qualified invoice demands (消費税法施行令 第70条の10); the fraction is dropped.

use serde::{Deserialize, Serialize};

use crate::Yen;
use crate::money::spread;

/// The tax class of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaxClass {
    /// 10 %.
    Standard,
    /// 8 %: food and drink other than alcohol. Marked ※ on every paper.
    Reduced,
}

impl TaxClass {
    /// Both classes.
    pub const ALL: [Self; 2] = [Self::Standard, Self::Reduced];

    /// The rate in percent.
    pub const fn percent(self) -> i64 {
        match self {
            Self::Standard => 10,
            Self::Reduced => 8,
        }
    }

    /// The word stored in the database and in CSV files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Reduced => "reduced",
        }
    }

    /// Reads [`Self::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.word() == word)
    }

    /// The tax contained in `gross`, rounded down: `gross × rate ÷ (100 + rate)`.
    pub fn contained_in(self, gross: Yen) -> Yen {
        Yen((gross.0 * self.percent()).div_euclid(100 + self.percent()))
    }
}

/// What is paid at one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxShare {
    /// The rate.
    pub class: TaxClass,
    /// Paid at this rate, tax included, after discounts.
    pub gross: Yen,
    /// The tax contained in `gross`.
    pub tax: Yen,
}

/// Splits an order's payment by rate: goods (and fees, at the standard rate) per class, less a
/// `discount` spread over the classes by their gross amounts. Classes with nothing are left out.
/// The gross amounts add up to `Σ amounts − discount` exactly.
pub fn shares(amounts: &[(TaxClass, Yen)], discount: Yen) -> Vec<TaxShare> {
    let gross = TaxClass::ALL.map(|class| amounts.iter().filter(|(c, _)| *c == class).map(|(_, y)| *y).sum::<Yen>());
    let off = spread(discount, &gross.map(|yen| yen.0.max(0)));
    TaxClass::ALL
        .into_iter()
        .zip(gross)
        .zip(off)
        .filter(|((_, gross), off)| gross.0 != 0 || off.0 != 0)
        .map(|((class, gross), off)| TaxShare { class, gross: gross - off, tax: class.contained_in(gross - off) })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_discount_over_two_rates_still_adds_up() {
        let shares = shares(&[(TaxClass::Standard, Yen(1_595)), (TaxClass::Reduced, Yen(7_398))], Yen(92));
        assert_eq!(shares.iter().map(|s| s.gross).sum::<Yen>(), Yen(8_901));
        assert_eq!(shares[0].gross, Yen(1_579));
        assert_eq!(shares[0].tax, Yen(143));
        assert_eq!(shares[1].gross, Yen(7_322));
        assert_eq!(shares[1].tax, Yen(542));
    }

    #[test]
    fn a_rate_nobody_paid_is_not_listed() {
        let shares = shares(&[(TaxClass::Reduced, Yen(1_080))], Yen::ZERO);
        assert_eq!(shares, [TaxShare { class: TaxClass::Reduced, gross: Yen(1_080), tax: Yen(80) }]);
    }

    proptest! {
        #[test]
        fn rates_always_add_up_to_the_amount_paid(
            standard in 0i64..10_000_000, reduced in 0i64..10_000_000, per_mille in 0i64..=1000,
        ) {
            let discount = Yen((standard + reduced) * per_mille / 1000);
            let shares = shares(&[(TaxClass::Standard, Yen(standard)), (TaxClass::Reduced, Yen(reduced))], discount);
            prop_assert_eq!(shares.iter().map(|s| s.gross).sum::<Yen>(), Yen(standard + reduced) - discount);
            for share in shares {
                prop_assert!(share.gross.0 >= 0 && share.tax.0 >= 0 && share.tax <= share.gross);
            }
        }
    }
}
