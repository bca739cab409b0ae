//! What the cart will be once the server has said yes: shown at once, taken back if it says no.

use std::collections::BTreeMap;

use noren_domain::Yen;
use noren_domain::cart::CartView;

/// Units wished for per SKU; 0: the line is taken out.
pub type Wishes = BTreeMap<String, u32>;

/// `view` as it will be with `wishes`, added up by the rules the server uses. More than there is
/// in stock is not shown as if it could be had.
pub fn apply(view: &CartView, wishes: &Wishes) -> CartView {
    if wishes.is_empty() {
        return view.clone();
    }
    let mut wished = view.clone();
    wished.lines.retain(|line| wishes.get(&line.sku) != Some(&0));
    for line in &mut wished.lines {
        if let Some(&quantity) = wishes.get(&line.sku) {
            line.quantity = quantity.min(line.available);
            line.sum = Yen(line.price.0 * i64::from(line.quantity));
        }
    }
    wished.add_up();
    wished
}

#[cfg(test)]
mod tests {
    use noren_domain::Text;
    use noren_domain::cart::CartLineView;
    use noren_domain::tax::TaxClass;

    use super::*;

    fn line(sku: &str, price: i64, quantity: u32) -> CartLineView {
        CartLineView {
            variant: 1,
            sku: sku.into(),
            slug: sku.into(),
            name: Text::default(),
            options: Text::default(),
            picture: None,
            price: Yen(price),
            quantity,
            available: 5,
            sum: Yen(price * i64::from(quantity)),
            tax_class: TaxClass::Standard,
            weight_g: 100,
            changes: Vec::new(),
        }
    }

    fn cart() -> CartView {
        let view = CartView { lines: vec![line("a", 1_000, 1), line("b", 2_000, 2)], ..CartView::default() };
        apply(&view, &Wishes::from([("a".into(), 1)]))
    }

    #[test]
    fn a_wished_quantity_changes_the_line_and_every_sum() {
        let before = cart();
        let after = apply(&before, &Wishes::from([("a".into(), 3)]));
        assert_eq!((after.lines[0].quantity, after.lines[0].sum), (3, Yen(3_000)));
        assert_eq!(after.totals.goods, Yen(7_000));
        assert_eq!(after.totals.total, Yen(7_000) + before.totals.shipping);
    }

    #[test]
    fn a_line_taken_out_no_longer_counts() {
        let after = apply(&cart(), &Wishes::from([("b".into(), 0)]));
        assert_eq!(after.lines.len(), 1);
        assert_eq!(after.totals.goods, Yen(1_000));
    }

    #[test]
    fn an_emptied_cart_costs_nothing() {
        let after = apply(&cart(), &Wishes::from([("a".into(), 0), ("b".into(), 0)]));
        assert_eq!(after.totals.total, Yen::ZERO);
    }

    #[test]
    fn more_than_there_is_is_not_shown_as_bought() {
        assert_eq!(apply(&cart(), &Wishes::from([("a".into(), 9)])).lines[0].quantity, 5);
    }

    #[test]
    fn without_a_wish_the_servers_word_stands() {
        assert_eq!(apply(&cart(), &Wishes::new()), cart());
    }
}
