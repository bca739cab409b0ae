//! What lists, their counts and their facets are answered from: sets of product numbers in memory.
//!
//! A database counts by visiting every row that counts, so a category of ten thousand goods takes
//! a hundred times as long as one of a hundred. Sets of numbers are cut and counted thousands at a
//! time. The sets follow the database: each list first asks, by one indexed read, whether any
//! product has changed since ([`follow`]), so several nodes on one database agree.

mod follow;

pub use follow::up_to_date;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use noren_domain::catalogue::{Filter, Listing, PAGE_SIZE, Sort};
use noren_domain::{Lang, Text};
use roaring::RoaringBitmap;

/// The shelf of a shop, and the one place to refresh it.
#[derive(Debug, Default)]
pub struct Shelf {
    goods: RwLock<Goods>,
    /// Whoever brings it up to date; others wait for that.
    refreshing: tokio::sync::Mutex<()>,
}

/// Every product on sale, as far as lists are concerned.
#[derive(Debug, Default)]
struct Goods {
    /// Changes from this one on are not known yet.
    mark: i64,
    /// By product number, in blocks: numbers are dense but for gaps.
    blocks: Vec<Option<Box<[Good]>>>,
    leaves: HashMap<i64, Leaf>,
    in_stock: RoaringBitmap,
    values: Vec<Label>,
    value_ids: HashMap<(String, String), u32>,
    orders: Mutex<HashMap<OrderKey, Arc<[u32]>>>,
}

const BLOCK: usize = 1_024;
/// Sorted lists that are kept; then all are let go.
const ORDERS_KEPT: usize = 200;

type OrderKey = (Vec<i64>, Order);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Order {
    Price,
    New,
}

/// What sorting and the price filter need. A category of 0 is nowhere: not on sale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Good {
    category: i64,
    created_at: i64,
    price_min: i64,
    price_max: i64,
}

/// The goods that stand in one category itself.
#[derive(Debug, Default)]
struct Leaf {
    all: RoaringBitmap,
    values: BTreeMap<u32, RoaringBitmap>,
}

/// A value of a facet, with its words.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Label {
    facet: String,
    value: String,
    facet_words: Text,
    value_words: Text,
}

/// A value of a facet and how many goods it would leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    pub facet: String,
    pub value: String,
    pub facet_words: String,
    pub value_words: String,
    pub count: u64,
}

/// What a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// How many goods match.
    pub total: u64,
    /// How many of them (or would-be ones, when only what is in stock is asked for) are in stock.
    pub in_stock: u64,
    /// The page that is shown: the one asked for, or the last.
    pub page: u32,
    /// The goods on it, in order.
    pub ids: Vec<i64>,
    /// Every value that leaves something.
    pub facets: Vec<Counted>,
}

impl Shelf {
    fn goods(&self) -> RwLockReadGuard<'_, Goods> {
        self.goods.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The list of the goods in `categories`, as `filter` narrows it.
    pub fn list(&self, lang: Lang, categories: &[i64], filter: &Filter) -> Answer {
        self.goods().list(lang, categories, filter)
    }
}

impl Goods {
    fn list(&self, lang: Lang, categories: &[i64], filter: &Filter) -> Answer {
        let leaves: Vec<&Leaf> = categories.iter().filter_map(|id| self.leaves.get(id)).collect();
        let mut all = RoaringBitmap::new();
        for leaf in &leaves {
            all |= &leaf.all;
        }
        let priced = self.priced(all, filter);
        // What each facet's own choice leaves; a choice that nothing answers leaves nothing.
        let chosen: BTreeMap<&str, RoaringBitmap> =
            filter.facets.iter().map(|(facet, values)| (facet.as_str(), self.having(&leaves, facet, values))).collect();
        let but = |facet: Option<&str>| {
            chosen.iter().filter(|(key, _)| Some(**key) != facet).fold(priced.clone(), |left, (_, set)| left & set)
        };
        let matching = but(None);
        let in_stock = matching.intersection_len(&self.in_stock);
        let stocked = |set: RoaringBitmap| if filter.in_stock { set & &self.in_stock } else { set };
        let shown = stocked(matching);
        let mut facets = Vec::new();
        self.count(lang, &leaves, &shown, |facet| !chosen.contains_key(facet), &mut facets);
        for facet in chosen.keys() {
            self.count(lang, &leaves, &stocked(but(Some(facet))), |other| other == *facet, &mut facets);
        }
        let total = shown.len();
        let page = filter.page.min(Listing::pages_of(total));
        let ids = self.page(categories, &shown, filter.sort, page);
        Answer { total, in_stock, page, ids, facets }
    }

    fn good(&self, id: u32) -> Good {
        let at = id as usize;
        self.blocks.get(at / BLOCK).and_then(Option::as_ref).map_or_else(Good::default, |block| block[at % BLOCK])
    }

    fn priced(&self, all: RoaringBitmap, filter: &Filter) -> RoaringBitmap {
        if filter.from.is_none() && filter.to.is_none() {
            return all;
        }
        let (from, to) = (filter.from.map_or(i64::MIN, |yen| yen.0), filter.to.map_or(i64::MAX, |yen| yen.0));
        let fits = |id: &u32| {
            let good = self.good(*id);
            good.price_max >= from && good.price_min <= to
        };
        all.iter().filter(fits).collect()
    }

    fn having(&self, leaves: &[&Leaf], facet: &str, values: &BTreeSet<String>) -> RoaringBitmap {
        let mut having = RoaringBitmap::new();
        for value in values {
            // The key is a pair of owned texts; a lookup per chosen value, twenty at most.
            let Some(id) = self.value_ids.get(&(facet.to_owned(), value.clone())) else { continue };
            for set in leaves.iter().filter_map(|leaf| leaf.values.get(id)) {
                having |= set;
            }
        }
        having
    }

    fn count(
        &self,
        lang: Lang,
        leaves: &[&Leaf],
        among: &RoaringBitmap,
        wanted: impl Fn(&str) -> bool,
        counted: &mut Vec<Counted>,
    ) {
        let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
        for leaf in leaves {
            for (id, set) in &leaf.values {
                if wanted(&self.values[*id as usize].facet) {
                    *counts.entry(*id).or_default() += set.intersection_len(among);
                }
            }
        }
        counted.extend(counts.into_iter().filter(|(_, count)| *count > 0).map(|(id, count)| {
            let value = &self.values[id as usize];
            Counted {
                facet: value.facet.clone(),
                value: value.value.clone(),
                facet_words: value.facet_words.get(lang).to_owned(),
                value_words: value.value_words.get(lang).to_owned(),
                count,
            }
        }));
    }

    fn page(&self, categories: &[i64], shown: &RoaringBitmap, sort: Sort, page: u32) -> Vec<i64> {
        let (skip, take) = (PAGE_SIZE * (page - 1), PAGE_SIZE as usize);
        let fits = |id: &u32| shown.contains(*id);
        let on_page = |ids: &mut dyn Iterator<Item = u32>| ids.take(take).map(i64::from).collect();
        let skipped = skip as usize;
        match sort {
            Sort::Recommended => match shown.select(skip) {
                Some(first) => on_page(&mut shown.range(first..)),
                None => Vec::new(),
            },
            Sort::New => on_page(&mut self.order(categories, Order::New).iter().copied().filter(fits).skip(skipped)),
            Sort::Price => {
                on_page(&mut self.order(categories, Order::Price).iter().copied().filter(fits).skip(skipped))
            }
            Sort::PriceDown => {
                on_page(&mut self.order(categories, Order::Price).iter().rev().copied().filter(fits).skip(skipped))
            }
        }
    }

    /// The goods of `categories` in an order, sorted once until a price or a shelf changes.
    fn order(&self, categories: &[i64], order: Order) -> Arc<[u32]> {
        let mut kept = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (categories.to_vec(), order);
        if let Some(sorted) = kept.get(&key) {
            return sorted.clone();
        }
        if kept.len() >= ORDERS_KEPT {
            kept.clear();
        }
        let mut ids: Vec<u32> =
            categories.iter().filter_map(|id| self.leaves.get(id)).flat_map(|leaf| &leaf.all).collect();
        match order {
            Order::Price => ids.sort_unstable_by_key(|id| (self.good(*id).price_min, *id)),
            Order::New => ids.sort_unstable_by_key(|id| std::cmp::Reverse((self.good(*id).created_at, *id))),
        }
        let sorted: Arc<[u32]> = ids.into();
        kept.insert(key, sorted.clone());
        sorted
    }
}

#[cfg(test)]
mod tests;
