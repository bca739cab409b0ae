//! Finding goods by words, with the same results on both databases.
//!
//! Each gram of [`noren_domain::search`] is stored up to three times, marked by where it stands:
//! `n` in the name, `h` in name, brand, category, options or SKU, `t` anywhere. Hits in names come
//! before hits in heads, those before hits in texts, and within each the products in the order of
//! their ids: an order that `bm25` and `ts_rank`, which differ, could not give.

use std::collections::BTreeSet;

use noren_domain::search::{Part, grams, grams_of};

/// The texts that a product is found by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// Its name, in both languages.
    pub name: String,
    /// Brand, category, options, SKUs.
    pub head: String,
    /// Everything else that is said about it, without markup.
    pub body: String,
}

impl Document {
    /// Its marked grams, sorted, none twice.
    pub fn grams(&self) -> Vec<String> {
        let mut marked = BTreeSet::new();
        for gram in grams(&self.name) {
            for mark in ['n', 'h', 't'] {
                marked.insert(format!("{mark}{gram}"));
            }
        }
        for gram in grams(&self.head) {
            for mark in ['h', 't'] {
                marked.insert(format!("{mark}{gram}"));
            }
        }
        marked.extend(grams_of(&self.body, Part::Body).into_iter().map(|gram| format!("t{gram}")));
        marked.into_iter().collect()
    }
}
