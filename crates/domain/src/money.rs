//! Money in whole yen.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

use serde::{Deserialize, Serialize};

use crate::Lang;

/// An amount in yen, tax included unless a name says otherwise. May be negative (a difference).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Yen(pub i64);

impl Yen {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// `self × quantity`, or `None` beyond the range of `i64`.
    pub fn times(self, quantity: u32) -> Option<Self> {
        self.0.checked_mul(i64::from(quantity)).map(Self)
    }

    /// `12345` → `12,345`.
    pub fn digits(self) -> String {
        let plain = self.0.unsigned_abs().to_string();
        let mut grouped = String::with_capacity(plain.len() + plain.len() / 3 + 1);
        if self.0 < 0 {
            grouped.push('-');
        }
        for (i, digit) in plain.chars().enumerate() {
            if i > 0 && (plain.len() - i).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        grouped
    }

    /// `1,320円` in Japanese, `¥1,320` in English.
    pub fn show(self, lang: Lang) -> String {
        match lang {
            Lang::Ja => format!("{}円", self.digits()),
            Lang::En if self.0 < 0 => format!("-¥{}", Self(-self.0).digits()),
            Lang::En => format!("¥{}", self.digits()),
        }
    }
}

impl Add for Yen {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Yen {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Yen {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Yen {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sum for Yen {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// Spreads `amount` over `weights` in whole yen by largest remainder: the parts add up to
/// `amount` exactly, and no part is further than one yen from its exact share. Ties go to the
/// earlier part. All weights zero: everything on the first part.
///
/// # Panics
/// If `weights` is empty or holds a negative weight.
pub fn spread(amount: Yen, weights: &[i64]) -> Vec<Yen> {
    assert!(!weights.is_empty() && weights.iter().all(|w| *w >= 0), "weights must be given and not negative");
    let total: i128 = weights.iter().map(|w| i128::from(*w)).sum();
    if total == 0 {
        let mut parts = vec![Yen::ZERO; weights.len()];
        parts[0] = amount;
        return parts;
    }
    let exact = |weight: i64| i128::from(amount.0) * i128::from(weight);
    let mut parts: Vec<i128> = weights.iter().map(|w| exact(*w).div_euclid(total)).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(exact(weights[*i]).rem_euclid(total)));
    let missing = i128::from(amount.0) - parts.iter().sum::<i128>();
    for i in order.into_iter().take(usize::try_from(missing).expect("fewer yen are missing than there are parts")) {
        parts[i] += 1;
    }
    parts.into_iter().map(|p| Yen(i64::try_from(p).expect("a part is no larger than the amount"))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn yen_are_shown_as_each_language_writes_them() {
        assert_eq!(Yen(1_320).show(Lang::Ja), "1,320円");
        assert_eq!(Yen(1_320).show(Lang::En), "¥1,320");
        assert_eq!(Yen(-1_234_567).show(Lang::En), "-¥1,234,567");
        assert_eq!(Yen(0).show(Lang::Ja), "0円");
        assert_eq!(Yen(i64::MIN).digits(), "-9,223,372,036,854,775,808");
    }

    proptest! {
        #[test]
        fn spread_parts_add_up_and_stay_within_one_yen(
            amount in -10_000_000i64..10_000_000,
            weights in prop::collection::vec(0i64..1_000_000, 1..8),
        ) {
            let parts = spread(Yen(amount), &weights);
            prop_assert_eq!(parts.iter().copied().sum::<Yen>(), Yen(amount));
            let total: i64 = weights.iter().sum();
            if total > 0 {
                for (part, weight) in parts.iter().zip(&weights) {
                    let off = i128::from(part.0) * i128::from(total) - i128::from(amount) * i128::from(*weight);
                    prop_assert!(off.abs() < i128::from(total));
                }
            }
        }
    }
}
