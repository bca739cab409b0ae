//! The catalogue as its pages show it. Every text is in the language of the page that asked.

pub mod filter;

use serde::{Deserialize, Serialize};

use crate::Yen;
use crate::tax::TaxClass;

pub use filter::{Filter, PAGE_SIZE, Sort};

/// From this many units down, the exact number is said: enough to decide by, too little to spy on.
pub const FEW: i64 = 5;

/// Search results that are counted and shown; beyond them a person asks more exactly. Counting on
/// would take the longer the more goods there are.
pub const FOUND_MAX: u32 = 1_000;

/// One picture of a product; its versions stand under `/media/{hash}-{width}.{avif|webp}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// SHA-256 of the source, in hexadecimal.
    pub hash: String,
    /// Width of the source in pixels.
    pub width: u32,
    /// Height of the source in pixels.
    pub height: u32,
    /// What it shows, in words.
    pub alt: String,
}

impl Picture {
    /// The widths that every picture is kept in, in pixels.
    pub const WIDTHS: [u32; 3] = [400, 800, 1200];

    /// Path of one version; `format` is `avif` or `webp`.
    pub fn path(&self, width: u32, format: &str) -> String {
        format!("/media/{}-{width}.{format}", self.hash)
    }

    /// The `srcset` of all widths in one format.
    pub fn srcset(&self, format: &str) -> String {
        Self::WIDTHS.map(|width| format!("{} {width}w", self.path(width, format))).join(", ")
    }
}

/// A product in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductCard {
    /// Names it in its URL `/p/{slug}`.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Lowest price of its variants.
    pub price_min: Yen,
    /// Highest price of its variants.
    pub price_max: Yen,
    /// A former price of one of its variants.
    pub compare_at: Option<Yen>,
    /// Whether any variant can be bought now.
    pub in_stock: bool,
    /// How many variants it is offered in.
    pub choices: u32,
    /// Its tax class.
    pub tax_class: TaxClass,
    /// Its first picture.
    pub picture: Option<Picture>,
}

/// How much of a variant there is, as far as a visitor needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StockState {
    /// More than [`FEW`].
    Plenty,
    /// Exactly this many, from 1 to [`FEW`].
    Few(u32),
    /// None.
    SoldOut,
}

impl StockState {
    /// What `free` units (on hand and not reserved) are called.
    pub fn of(free: i64) -> Self {
        match u32::try_from(free) {
            Ok(0) | Err(_) => Self::SoldOut,
            Ok(n) if free <= FEW => Self::Few(n),
            Ok(_) => Self::Plenty,
        }
    }

    /// Whether at least one can be bought.
    pub fn can_be_bought(self) -> bool {
        self != Self::SoldOut
    }
}

/// One buyable version of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// The shop owner's key, also in the URL as `?v={sku}`.
    pub sku: String,
    /// Its value on each option axis of the product, in the order of [`ProductDetail::axes`].
    pub options: Vec<String>,
    /// Price.
    pub price: Yen,
    /// Former price.
    pub compare_at: Option<Yen>,
    /// How much there is.
    pub stock: StockState,
    /// Index of its own picture in [`ProductDetail::pictures`].
    pub picture: Option<u32>,
}

/// A way up in the tree of categories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crumb {
    /// Names the category in its URL `/c/{slug}`.
    pub slug: String,
    /// Name.
    pub name: String,
}

/// A product with everything its page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductDetail {
    /// Names it in its URL.
    pub slug: String,
    /// Name.
    pub name: String,
    /// One sentence.
    pub summary: String,
    /// Description as HTML, sanitised when it was imported.
    pub text: String,
    /// Label and value of each detail (size, material, care …).
    pub details: Vec<(String, String)>,
    /// Maker.
    pub brand: String,
    /// Tax class.
    pub tax_class: TaxClass,
    /// Names of the option axes in use (colour, size …), none to three.
    pub axes: Vec<String>,
    /// Active variants in the owner's order; sold-out ones stay.
    pub variants: Vec<Variant>,
    /// All pictures in the owner's order.
    pub pictures: Vec<Picture>,
    /// From the root of the tree to the product's own category.
    pub crumbs: Vec<Crumb>,
    /// The first day a parcel can arrive in Tokyo when ordered now, as `2026-11-24`.
    pub earliest: String,
    /// A few others of the same category.
    pub others: Vec<ProductCard>,
}

impl ProductDetail {
    /// The variant that `sku` asks for; else the first that can be bought; else the first.
    /// `None` only for a product without variants.
    pub fn chosen(&self, sku: Option<&str>) -> Option<usize> {
        sku.and_then(|sku| self.variants.iter().position(|v| v.sku == sku))
            .or_else(|| self.variants.iter().position(|v| v.stock.can_be_bought()))
            .or((!self.variants.is_empty()).then_some(0))
    }

    /// The values on one axis in the owner's order, each with the variant that choosing it leads
    /// to: the one that keeps the other choices of `current`, or else the first that has it.
    pub fn choices(&self, axis: usize, current: usize) -> Vec<(String, usize)> {
        let Some(now) = self.variants.get(current) else { return Vec::new() };
        let mut values: Vec<(String, usize)> = Vec::new();
        for (index, variant) in self.variants.iter().enumerate() {
            let Some(value) = variant.options.get(axis) else { continue };
            let keeps_the_rest =
                variant.options.iter().zip(&now.options).enumerate().all(|(i, (a, b))| i == axis || a == b);
            match values.iter_mut().find(|(known, _)| known == value) {
                Some((_, target)) if keeps_the_rest => *target = index,
                Some(_) => {}
                None => values.push((value.clone(), index)),
            }
        }
        values
    }
}

/// One value that a list can be narrowed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacetValue {
    /// As it stands in the URL.
    pub value: String,
    /// In words.
    pub words: String,
    /// How many products the list would hold, given what is chosen in the other facets.
    pub count: u64,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// One thing that a list can be narrowed by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facet {
    /// As it stands in the URL, after `f.`.
    pub key: String,
    /// In words.
    pub words: String,
    /// Its values, most products first.
    pub values: Vec<FacetValue>,
}

/// One page of goods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The goods on this page.
    pub cards: Vec<ProductCard>,
    /// How many there are on all pages.
    pub total: u64,
    /// Number of this page, from 1.
    pub page: u32,
    /// Number of the last page, at least 1.
    pub pages: u32,
}

impl Listing {
    /// The last page that `total` products fill, at least 1.
    pub fn pages_of(total: u64) -> u32 {
        u32::try_from(total.div_ceil(u64::from(PAGE_SIZE))).unwrap_or(u32::MAX).max(1)
    }
}

/// A category in a list of categories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryCard {
    /// Names it in its URL `/c/{slug}`.
    pub slug: String,
    /// Name.
    pub name: String,
    /// One or two sentences.
    pub text: String,
    /// A picture of one of its goods.
    pub picture: Option<Picture>,
}

/// A category with one page of its goods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryPage {
    /// Names it in its URL.
    pub slug: String,
    /// Name.
    pub name: String,
    /// One or two sentences.
    pub text: String,
    /// Categories above it.
    pub crumbs: Vec<Crumb>,
    /// Categories in it.
    pub children: Vec<Crumb>,
    /// What the list is narrowed to and sorted by, as understood.
    pub filter: Filter,
    /// What it can be narrowed by.
    pub facets: Vec<Facet>,
    /// How many of the found are in stock.
    pub in_stock: u64,
    /// Its goods.
    pub listing: Listing,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchPage {
    /// What was asked, trimmed and cut to 100 characters.
    pub query: String,
    /// What was found, at most [`FOUND_MAX`].
    pub listing: Listing,
    /// Whether even more was found than `listing` tells and its pages show.
    pub more: bool,
    /// Found instead, when nothing matches the whole question.
    pub near: Vec<ProductCard>,
    /// Ways on.
    pub categories: Vec<Crumb>,
}

/// The front of the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomePage {
    /// Whether the shop has a picture of its own front: `/media/home-…` (16:9) and `/media/home-tall-…` (3:4).
    pub front: bool,
    /// Stands on top where there is no such picture.
    pub hero: Option<ProductCard>,
    /// The categories on the first level.
    pub categories: Vec<CategoryCard>,
    /// What came last.
    pub arrivals: Vec<ProductCard>,
    /// One of each category.
    pub picks: Vec<ProductCard>,
}

/// Longest question a search takes, in characters.
pub const QUERY_MAX: usize = 100;

/// A search question as it is used: no control characters, no space around, at most [`QUERY_MAX`] characters.
pub fn clean_query(raw: &str) -> String {
    let plain: String = raw.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.trim().chars().take(QUERY_MAX).collect::<String>().trim_end().to_owned()
}

/// Reads the details of a product: one `label: value` per line; a line without a colon has no label.
pub fn details(lines: &str) -> Vec<(String, String)> {
    lines
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| match line.split_once([':', '：']) {
            Some((label, value)) => (label.trim().to_owned(), value.trim().to_owned()),
            None => (String::new(), line.to_owned()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variant(sku: &str, options: &[&str], free: i64) -> Variant {
        Variant {
            sku: sku.to_owned(),
            options: options.iter().map(|o| (*o).to_owned()).collect(),
            price: Yen(100),
            compare_at: None,
            stock: StockState::of(free),
            picture: None,
        }
    }

    fn product(variants: Vec<Variant>) -> ProductDetail {
        ProductDetail {
            slug: "x".into(),
            name: "x".into(),
            summary: String::new(),
            text: String::new(),
            details: Vec::new(),
            brand: String::new(),
            tax_class: TaxClass::Standard,
            axes: vec!["Colour".into(), "Size".into()],
            variants,
            pictures: Vec::new(),
            crumbs: Vec::new(),
            earliest: String::new(),
            others: Vec::new(),
        }
    }

    #[test]
    fn the_exact_number_is_said_only_when_few_are_left() {
        assert_eq!(StockState::of(6), StockState::Plenty);
        assert_eq!(StockState::of(5), StockState::Few(5));
        assert_eq!(StockState::of(0), StockState::SoldOut);
        assert_eq!(StockState::of(-3), StockState::SoldOut);
    }

    #[test]
    fn a_choice_keeps_the_other_choices_where_it_can() {
        let p = product(vec![
            variant("A-S", &["Indigo", "S"], 9),
            variant("A-L", &["Indigo", "L"], 9),
            variant("B-L", &["Pine", "L"], 9),
        ]);
        assert_eq!(p.choices(0, 1), [("Indigo".to_owned(), 1), ("Pine".to_owned(), 2)]);
        assert_eq!(p.choices(1, 2), [("S".to_owned(), 0), ("L".to_owned(), 2)]);
    }

    #[test]
    fn without_a_wish_the_first_that_can_be_bought_is_shown() {
        let p = product(vec![variant("A", &["Indigo", "S"], 0), variant("B", &["Pine", "S"], 1)]);
        assert_eq!(p.chosen(None), Some(1));
        assert_eq!(p.chosen(Some("A")), Some(0), "a sold-out variant stays visible");
        assert_eq!(p.chosen(Some("nonsense")), Some(1));
        assert_eq!(product(Vec::new()).chosen(None), None);
    }

    #[test]
    fn details_are_read_in_both_scripts() {
        let read = details("サイズ: 約33×90cm\n素材：綿100%\n\n一点もの");
        assert_eq!(read[0], ("サイズ".to_owned(), "約33×90cm".to_owned()));
        assert_eq!(read[1], ("素材".to_owned(), "綿100%".to_owned()));
        assert_eq!(read[2], (String::new(), "一点もの".to_owned()));
    }

    #[test]
    fn a_question_is_cleaned() {
        assert_eq!(clean_query("  手ぬぐい\u{0}\n "), "手ぬぐい");
        assert_eq!(clean_query(&"あ".repeat(500)).chars().count(), QUERY_MAX);
    }
}
