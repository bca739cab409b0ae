//! The cart: what a shopper is about to buy, re-computed whenever it is looked at.

use serde::{Deserialize, Serialize};

use crate::form::{Fault, half_width};
use crate::prefecture::Prefecture;
use crate::shipping::{FREE_FROM, Method};
use crate::tax::{TaxClass, TaxShare, shares};
use crate::{Lang, Text, Yen};

/// The shopping cart (買い物かご).
#[derive(Debug)]
pub enum Cart {}

/// Most units of one variant in a cart.
pub const MAX_QUANTITY: u32 = 99;

/// Units of one variant, as a form sends them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LineForm {
    /// The variant's SKU.
    pub sku: String,
    /// As typed.
    pub quantity: String,
}

impl LineForm {
    /// Reads the quantity: 1 to [`MAX_QUANTITY`], digits of any width.
    pub fn quantity(&self) -> Result<u32, Fault> {
        let digits: String = self.quantity.trim().chars().map(half_width).collect();
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain
            .then(|| digits.parse().ok())
            .flatten()
            .filter(|quantity| (1..=MAX_QUANTITY).contains(quantity))
            .ok_or(Fault::Quantity { min: 1, max: MAX_QUANTITY })
    }
}

/// One line of a cart as it stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartLineView {
    /// The variant's number in the catalogue.
    pub variant: i64,
    /// Its SKU.
    pub sku: String,
    /// The product's slug.
    pub slug: String,
    /// The product's name.
    pub name: Text,
    /// The options chosen, such as `藍 / 大`; empty: none.
    pub options: Text,
    /// Hash of the picture; `None`: the product has no picture.
    pub picture: Option<String>,
    /// Price of one unit now.
    pub price: Yen,
    /// Units that can be bought of those asked for; 0: none, the line does not count.
    pub quantity: u32,
    /// Most units that can be asked for: the stock, at most [`MAX_QUANTITY`].
    pub available: u32,
    /// `price × quantity`.
    pub sum: Yen,
    /// Tax class of the product.
    pub tax_class: TaxClass,
    /// Weight of one unit in grams.
    pub weight_g: u32,
    /// Everything that differs from what the shopper last saw.
    pub changes: Vec<Change>,
}

/// A difference between what a shopper last saw and what is true now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The price of one unit.
    Price {
        /// As last seen.
        from: Yen,
        /// Now.
        to: Yen,
    },
    /// Fewer units are left than were asked for.
    Cut {
        /// As asked for.
        from: u32,
        /// As many as there are.
        to: u32,
    },
    /// Nothing is left; the line waits and does not count.
    SoldOut,
    /// Taken out of the shop; the line does not count.
    Gone,
}

impl Change {
    /// What a line as last seen (`price_seen`, `asked` units) has become. `price`: now;
    /// `available`: units in stock; `sold`: whether the shop still sells it at all.
    pub fn since(price_seen: Yen, asked: u32, price: Yen, available: u32, sold: bool) -> Vec<Self> {
        if !sold {
            return vec![Self::Gone];
        }
        let mut changes = Vec::new();
        if price != price_seen {
            changes.push(Self::Price { from: price_seen, to: price });
        }
        match available {
            0 => changes.push(Self::SoldOut),
            left if left < asked => changes.push(Self::Cut { from: asked, to: left }),
            _ => {}
        }
        changes
    }

    /// The difference in words.
    pub fn words(self, lang: Lang) -> String {
        match (self, lang) {
            (Self::Price { from, to }, Lang::Ja) => {
                format!("価格が変わりました：{} → {}", from.show(lang), to.show(lang))
            }
            (Self::Price { from, to }, Lang::En) => {
                format!("The price has changed: {} → {}", from.show(lang), to.show(lang))
            }
            (Self::Cut { from, to }, Lang::Ja) => {
                format!("在庫が残り{to}点のため、数量を減らしました：{from}点 → {to}点")
            }
            (Self::Cut { from, to }, Lang::En) => {
                format!("Only {to} left in stock, so the quantity was reduced: {from} → {to}")
            }
            (Self::SoldOut, Lang::Ja) => "在庫がなくなりました。合計には含まれていません。".to_owned(),
            (Self::SoldOut, Lang::En) => "Sold out for now. It is not part of the total.".to_owned(),
            (Self::Gone, Lang::Ja) => "お取り扱いを終了しました。合計には含まれていません。".to_owned(),
            (Self::Gone, Lang::En) => "No longer sold. It is not part of the total.".to_owned(),
        }
    }
}

/// What a purchase costs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Goods.
    pub goods: Yen,
    /// Delivery.
    pub shipping: Yen,
    /// Fee of the way to pay.
    pub payment_fee: Yen,
    /// All of it, tax included.
    pub total: Yen,
    /// The tax contained, per rate. Delivery and fees are taxed at the standard rate.
    pub taxes: Vec<TaxShare>,
    /// How much more makes delivery free; `None`: it is free already.
    pub free_shipping_missing: Option<Yen>,
}

impl Totals {
    /// Adds up lines (tax class and sum of each), delivery and fee.
    pub fn of(lines: &[(TaxClass, Yen)], shipping: Yen, payment_fee: Yen) -> Self {
        let goods = lines.iter().map(|(_, sum)| *sum).sum();
        let mut amounts = lines.to_vec();
        amounts.push((TaxClass::Standard, shipping + payment_fee));
        Self {
            goods,
            shipping,
            payment_fee,
            total: goods + shipping + payment_fee,
            taxes: shares(&amounts, Yen::ZERO),
            free_shipping_missing: (goods < FREE_FROM).then(|| FREE_FROM - goods),
        }
    }

    /// What is paid at `class`, and the tax in it; both zero when nothing is.
    pub fn at(&self, class: TaxClass) -> TaxShare {
        self.taxes.iter().copied().find(|share| share.class == class).unwrap_or(TaxShare {
            class,
            gross: Yen::ZERO,
            tax: Yen::ZERO,
        })
    }
}

/// A cart as it stands now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartView {
    /// Its lines, in the order they were added.
    pub lines: Vec<CartLineView>,
    /// What it costs, with the delivery estimate for 本州 until an address is known.
    pub totals: Totals,
    /// The prefecture (JIS X 0401) the delivery estimate is for; `None`: no address yet.
    pub prefecture: Option<u8>,
    /// The way of delivery that was chosen, if one was.
    pub method: Option<Method>,
}

impl CartView {
    /// Works out what its lines cost, delivered as was chosen if that takes the load, else by parcel.
    pub fn add_up(&mut self) {
        let sums: Vec<_> = self.lines.iter().map(|line| (line.tax_class, line.sum)).collect();
        let goods = sums.iter().map(|(_, sum)| *sum).sum();
        let weight = self.weight_g();
        let method = self.method.filter(|method| method.takes(weight)).unwrap_or(Method::Parcel);
        let known = self.prefecture.and_then(|number| Prefecture::try_from(number).ok());
        let shipping =
            if self.is_empty() { Yen::ZERO } else { method.fee(known.unwrap_or(Prefecture::TOKYO), weight, goods) };
        self.totals = Totals::of(&sums, shipping, Yen::ZERO);
    }

    /// Units that can be bought.
    pub fn count(&self) -> u32 {
        self.lines.iter().map(|line| line.quantity).sum()
    }

    /// Whether there is nothing to buy (lines that do not count may be there).
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// Whether anything differs from what the shopper last saw.
    pub fn has_changes(&self) -> bool {
        self.lines.iter().any(|line| !line.changes.is_empty())
    }

    /// Weight of what can be bought, in grams.
    pub fn weight_g(&self) -> u64 {
        self.lines.iter().map(|line| u64::from(line.weight_g) * u64::from(line.quantity)).sum()
    }
}

/// What merging a guest's cart into a customer's did that needs saying.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeReport {
    /// Units that came over.
    pub moved: u32,
    /// Units that could not: the stock, or 99 per line, did not allow them.
    pub dropped: u32,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_price_change_is_said_in_words() {
        let changes = Change::since(Yen(1_200), 1, Yen(1_320), 5, true);
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].words(Lang::Ja), "価格が変わりました：1,200円 → 1,320円");
        assert_eq!(changes[0].words(Lang::En), "The price has changed: ¥1,200 → ¥1,320");
    }

    #[test]
    fn short_stock_is_said_in_words_and_nothing_is_said_when_nothing_changed() {
        assert_eq!(Change::since(Yen(1), 3, Yen(1), 2, true), [Change::Cut { from: 3, to: 2 }]);
        assert_eq!(Change::since(Yen(1), 3, Yen(1), 0, true), [Change::SoldOut]);
        assert_eq!(Change::since(Yen(1), 3, Yen(2), 0, false), [Change::Gone]);
        assert_eq!(Change::since(Yen(1), 3, Yen(1), 3, true), []);
    }

    #[test]
    fn a_quantity_is_a_whole_number_from_1_to_99() {
        let read = |raw: &str| LineForm { sku: String::new(), quantity: raw.into() }.quantity();
        assert_eq!(read(" ３ "), Ok(3));
        assert_eq!(read("99"), Ok(99));
        for raw in ["", "0", "-1", "100", "1000000000", "99999999999999999999", "1.5", "1e1", "two", "+1", "0x1"] {
            assert_eq!(read(raw), Err(Fault::Quantity { min: 1, max: 99 }), "{raw}");
        }
    }

    #[test]
    fn the_free_shipping_line_is_exact() {
        let missing =
            |goods| Totals::of(&[(TaxClass::Standard, Yen(goods))], Yen::ZERO, Yen::ZERO).free_shipping_missing;
        assert_eq!(missing(7_999), Some(Yen(1)));
        assert_eq!(missing(8_000), None);
        assert_eq!(missing(0), Some(FREE_FROM));
    }

    proptest! {
        #[test]
        fn totals_add_up_at_every_rate(
            lines in prop::collection::vec((any::<bool>(), 0i64..1_000_000, 1u32..=99), 0..12),
            shipping in 0i64..3_000, fee in 0i64..500,
        ) {
            let lines: Vec<_> = lines
                .into_iter()
                .map(|(reduced, price, quantity)| {
                    let class = if reduced { TaxClass::Reduced } else { TaxClass::Standard };
                    (class, Yen(price).times(quantity).unwrap())
                })
                .collect();
            let totals = Totals::of(&lines, Yen(shipping), Yen(fee));
            prop_assert_eq!(totals.total, totals.goods + totals.shipping + totals.payment_fee);
            prop_assert_eq!(totals.taxes.iter().map(|share| share.gross).sum::<Yen>(), totals.total);
            for share in &totals.taxes {
                prop_assert_eq!(share.tax, share.class.contained_in(share.gross));
            }
            let reduced: Yen = lines.iter().filter(|(class, _)| *class == TaxClass::Reduced).map(|(_, sum)| *sum).sum();
            prop_assert_eq!(totals.at(TaxClass::Reduced).gross, reduced);
        }
    }
}
