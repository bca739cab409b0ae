//! What a list is narrowed to, as it stands in the URL.
//!
//! OR inside a facet, AND between facets. Reading never fails: what makes no sense is left out, so
//! a hostile or outdated link still shows a list. Printing is canonical: equal filters are equal
//! strings, and what is printed reads back as the same filter.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::Yen;
use crate::form::half_width;

/// Products on one page of a list.
pub const PAGE_SIZE: u32 = 24;
/// The last page that can be asked for; beyond it a person narrows the list instead.
pub const PAGE_MAX: u32 = 5_000;
/// No price is higher, in yen.
const PRICE_MAX: i64 = 100_000_000;
const FACETS_MAX: usize = 6;
const VALUES_MAX: usize = 20;
const TEXT_MAX: usize = 80;

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sort {
    /// As the shop owner placed them.
    #[default]
    Recommended,
    /// Newest first.
    New,
    /// Cheapest first.
    Price,
    /// Dearest first.
    PriceDown,
}

impl Sort {
    /// All orders, as they are offered.
    pub const ALL: [Self; 4] = [Self::Recommended, Self::New, Self::Price, Self::PriceDown];

    /// The word in the URL.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Recommended => "recommended",
            Self::New => "new",
            Self::Price => "price",
            Self::PriceDown => "-price",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.word() == word)
    }
}

/// What a list is narrowed to, in which order, and which page of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// Chosen values by facet; no facet is without a value.
    pub facets: BTreeMap<String, BTreeSet<String>>,
    /// Lowest price.
    pub from: Option<Yen>,
    /// Highest price, not below `from`.
    pub to: Option<Yen>,
    /// Only what can be bought now.
    pub in_stock: bool,
    /// The order.
    pub sort: Sort,
    /// The page, from 1 to [`PAGE_MAX`].
    pub page: u32,
}

impl Default for Filter {
    fn default() -> Self {
        Self { facets: BTreeMap::new(), from: None, to: None, in_stock: false, sort: Sort::default(), page: 1 }
    }
}

impl Filter {
    /// Reads the query of a URL (without `?`).
    pub fn parse(query: &str) -> Self {
        let mut filter = Self::default();
        for (key, value) in pairs(query) {
            match key.as_str() {
                "from" => filter.from = yen(&value),
                "to" => filter.to = yen(&value),
                "stock" => filter.in_stock = value == "1",
                "sort" => filter.sort = Sort::from_word(&value).unwrap_or_default(),
                "page" => filter.page = value.parse().ok().filter(|n| (1..=PAGE_MAX).contains(n)).unwrap_or(1),
                _ => filter.choose(&key, value),
            }
        }
        if let (Some(from), Some(to)) = (filter.from, filter.to)
            && from > to
        {
            (filter.from, filter.to) = (Some(to), Some(from));
        }
        filter
    }

    fn choose(&mut self, key: &str, value: String) {
        let Some(facet) = key.strip_prefix("f.").filter(|facet| is_plain(facet)) else { return };
        if !is_plain(&value) || (self.facets.len() >= FACETS_MAX && !self.facets.contains_key(facet)) {
            return;
        }
        let values = self.facets.entry(facet.to_owned()).or_default();
        if values.len() < VALUES_MAX {
            values.insert(value);
        }
    }

    /// The query of the URL without `?`; empty for the whole list in its usual order.
    pub fn query(&self) -> String {
        let mut query = String::new();
        for (facet, values) in &self.facets {
            for value in values {
                push_pair(&mut query, &format!("f.{facet}"), value);
            }
        }
        if let Some(from) = self.from {
            push_pair(&mut query, "from", &from.0.to_string());
        }
        if let Some(to) = self.to {
            push_pair(&mut query, "to", &to.0.to_string());
        }
        if self.in_stock {
            push_pair(&mut query, "stock", "1");
        }
        if self.sort != Sort::default() {
            push_pair(&mut query, "sort", self.sort.word());
        }
        if self.page > 1 {
            push_pair(&mut query, "page", &self.page.to_string());
        }
        query
    }

    /// `path` narrowed to this.
    pub fn on(&self, path: &str) -> String {
        let query = self.query();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// The same list on another page.
    #[must_use]
    pub fn at_page(&self, page: u32) -> Self {
        Self { page: page.clamp(1, PAGE_MAX), ..self.clone() }
    }

    /// Whether `value` of `facet` is chosen.
    pub fn has(&self, facet: &str, value: &str) -> bool {
        self.facets.get(facet).is_some_and(|values| values.contains(value))
    }

    /// Whether anything is left out of the list.
    pub fn narrows(&self) -> bool {
        !self.facets.is_empty() || self.from.is_some() || self.to.is_some() || self.in_stock
    }
}

fn is_plain(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= TEXT_MAX && !text.chars().any(char::is_control)
}

fn yen(text: &str) -> Option<Yen> {
    let digits: String =
        text.trim().chars().map(half_width).filter(|c| !matches!(c, ',' | '，' | '円' | '¥' | '￥')).collect();
    digits.parse::<i64>().ok().filter(|yen| (0..=PRICE_MAX).contains(yen)).map(Yen)
}

/// The pairs of a query (`application/x-www-form-urlencoded`); bytes that are no UTF-8 are replaced.
pub fn pairs(query: &str) -> impl Iterator<Item = (String, String)> + '_ {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(key), decode(value))
    })
}

/// The first value of `name` in a query.
pub fn value(query: &str, name: &str) -> Option<String> {
    pairs(query).find(|(key, _)| key == name).map(|(_, value)| value)
}

/// Adds one pair to a query.
pub fn push_pair(query: &mut String, key: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    encode(query, key);
    query.push('=');
    encode(query, value);
}

fn encode(into: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => into.push(char::from(byte)),
            b' ' => into.push('+'),
            _ => {
                into.push('%');
                into.push(char::from(HEX[usize::from(byte >> 4)]));
                into.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

fn decode(text: &str) -> String {
    let hex = |byte: Option<&u8>| byte.and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (byte, hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                plain.push(high << 4 | low);
                at += 3;
                continue;
            }
            (b'+', ..) => plain.push(b' '),
            _ => plain.push(*byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_price_is_read_however_wide_it_was_typed() {
        for typed in ["1000", "１０００", "1,000", "￥１，０００", " 1000円 "] {
            assert_eq!(yen(typed), Some(Yen(1_000)), "{typed}");
        }
        for none in ["", "abc", "-1", "1.5", "千"] {
            assert_eq!(yen(none), None, "{none}");
        }
    }

    #[test]
    fn a_form_reads_as_or_inside_and_and_between() {
        let filter = Filter::parse(
            "f.Colour=Indigo&f.Colour=Pine+green&f.brand=%E6%9F%93%E5%87%A6&from=1%2C000&to=&stock=1&sort=-price&page=2",
        );
        assert_eq!(filter.facets["Colour"].len(), 2);
        assert!(filter.has("Colour", "Pine green") && filter.has("brand", "染処"));
        assert_eq!((filter.from, filter.to, filter.in_stock), (Some(Yen(1_000)), None, true));
        assert_eq!((filter.sort, filter.page), (Sort::PriceDown, 2));
        assert_eq!(
            filter.query(),
            "f.Colour=Indigo&f.Colour=Pine+green&f.brand=%E6%9F%93%E5%87%A6&from=1000&stock=1&sort=-price&page=2"
        );
    }

    #[test]
    fn the_whole_list_has_a_clean_address() {
        assert_eq!(Filter::parse("sort=recommended&page=1&from=&stock=0").on("/c/x"), "/c/x");
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        for query in [
            "page=0",
            "page=-1",
            "page=99999999999",
            "from=abc",
            "to=-5",
            "sort=evil",
            "f.=x",
            "f.a=",
            "%ff=%00",
            "f.x=%0A",
            "=&=&&",
            "%",
        ] {
            assert_eq!(Filter::parse(query), Filter::default(), "{query}");
        }
        assert_eq!(Filter::parse("from=500&to=100"), Filter::parse("from=100&to=500"));
        let many: String = (0..500).map(|n| format!("f.k{n}=v{n}&f.k0=w{n}&")).collect();
        let filter = Filter::parse(&many);
        assert_eq!((filter.facets.len(), filter.facets["k0"].len()), (FACETS_MAX, VALUES_MAX));
    }

    proptest! {
        #[test]
        fn any_text_reads_as_a_filter_within_bounds_and_prints_the_same_again(query in "\\PC{0,200}|(f\\.[a-c]{1,2}|from|to|page|sort|stock|%[0-9a-f]{2}|[=&+,%-]|[0-9]{1,12}){0,30}") {
            let filter = Filter::parse(&query);
            prop_assert!((1..=PAGE_MAX).contains(&filter.page));
            prop_assert!(filter.facets.values().all(|values| !values.is_empty()));
            let printed = filter.query();
            prop_assert!(printed.is_ascii() && !printed.contains(['<', '"', '\'', ' ', '#']));
            prop_assert_eq!(&Filter::parse(&printed), &filter);
            prop_assert_eq!(Filter::parse(&printed).query(), printed);
        }

        #[test]
        fn pairs_survive_the_url(key in "\\PC{1,20}", value in "\\PC{0,40}") {
            let mut query = String::new();
            push_pair(&mut query, &key, &value);
            prop_assert_eq!(pairs(&query).collect::<Vec<_>>(), [(key, value)]);
        }
    }
}
