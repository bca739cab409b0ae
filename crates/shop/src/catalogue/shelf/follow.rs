//! How the shelf follows the database.
//!
//! Triggers write every product that is put in, changed or taken out into `product_change`, with a
//! number that grows. On SQLite, with its one writer, that is a counter. On PostgreSQL transactions
//! end in another order than they begin in, so a counter would hide the slow ones; there it is the
//! number of the transaction, and what is read again is everything from the oldest one that was
//! still running when last read.

use std::collections::HashMap;
use std::sync::PoisonError;

use noren_domain::Text;
use roaring::RoaringBitmap;

use super::{BLOCK, Good, Goods, Label, Leaf, Shelf};
use crate::db::{Conn, Dialect};
use crate::{Shop, fetch_all, fetch_one};

/// A product that changed; `category_id` is `None` when it is not on sale.
#[derive(Debug, sqlx::FromRow)]
struct GoodRow {
    id: i64,
    category_id: Option<i64>,
    price_min: i64,
    price_max: i64,
    in_stock: bool,
    created_at: i64,
}

#[derive(Debug, sqlx::FromRow)]
struct FacetRow {
    product_id: i64,
    facet: String,
    value: String,
    facet_ja: String,
    facet_en: String,
    value_ja: String,
    value_en: String,
}

/// All goods of one category with one value, their numbers with commas between, and the words of it
/// from one of them.
#[derive(Debug, sqlx::FromRow)]
struct ValueRow {
    category_id: i64,
    ids: String,
    #[sqlx(flatten)]
    words: FacetRow,
}

/// Sets and words in one statement, so that both are of one moment: a product may lose its value
/// between two. The sets still come from an index alone; the words are looked up once for each.
macro_rules! values_sql {
    ($ids:literal) => {
        concat!(
            "SELECT g.category_id, g.ids, f.product_id, f.facet, f.value, f.facet_ja, f.facet_en, f.value_ja, f.value_en \
             FROM (SELECT category_id, facet, value, ",
            $ids,
            " AS ids, MIN(product_id) AS one FROM product_facet GROUP BY category_id, facet, value) AS g \
             JOIN product_facet f ON f.product_id = g.one AND f.facet = g.facet AND f.value = g.value"
        )
    };
}

/// Brings the shelf of `shop` up to what the database says now.
pub async fn up_to_date(shop: &Shop, conn: &mut Conn) -> Result<(), sqlx::Error> {
    let shelf = shop.shelf();
    if !changed_since(conn, shelf.mark()).await? {
        return Ok(());
    }
    let _one_at_a_time = shelf.refreshing.lock().await;
    let since = shelf.mark();
    if !changed_since(conn, since).await? {
        return Ok(());
    }
    // The mark first: what is committed after it is read again next time.
    let next = next_mark(conn).await?;
    if since == 0 {
        let goods = whole(conn, next).await?;
        *shelf.goods.write().unwrap_or_else(PoisonError::into_inner) = goods;
        return Ok(());
    }
    let rows = fetch_all!(
        conn,
        GoodRow,
        "SELECT c.product_id AS id, p.category_id, COALESCE(p.price_min, 0) AS price_min, COALESCE(p.price_max, 0) AS price_max, \
         COALESCE(p.in_stock, FALSE) AS in_stock, COALESCE(p.created_at, 0) AS created_at \
         FROM product_change c LEFT JOIN product p ON p.id = c.product_id AND p.state = 'active' WHERE c.changed >= $1",
        since
    )
    .await?;
    let facets = fetch_all!(
        conn,
        FacetRow,
        "SELECT f.product_id, f.facet, f.value, f.facet_ja, f.facet_en, f.value_ja, f.value_en \
         FROM product_change c JOIN product_facet f ON f.product_id = c.product_id WHERE c.changed >= $1",
        since
    )
    .await?;
    let mut goods = shelf.goods.write().unwrap_or_else(PoisonError::into_inner);
    goods.apply(rows, facets);
    goods.mark = next;
    Ok(())
}

async fn changed_since(conn: &mut Conn, mark: i64) -> Result<bool, sqlx::Error> {
    // The newest, which is the end of an index. Asked for any one since the mark, PostgreSQL expects
    // many, there are none, and it has read every change to find out.
    let (newest,) = fetch_one!(conn, (Option<i64>,), "SELECT MAX(changed) FROM product_change").await?;
    Ok(newest.is_some_and(|newest| newest >= mark))
}

async fn next_mark(conn: &mut Conn) -> Result<i64, sqlx::Error> {
    let sql = match conn.dialect() {
        Dialect::Sqlite => "SELECT COALESCE(MAX(changed), 0) + 1 FROM product_change",
        Dialect::Postgres => "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
    };
    Ok(fetch_one!(conn, (i64,), sql).await?.0)
}

/// Everything, read anew: goods and facets each from an index that holds all that is asked for.
pub(super) async fn whole(conn: &mut Conn, mark: i64) -> Result<Goods, sqlx::Error> {
    let mut goods = Goods { mark, ..Goods::default() };
    let sql = "SELECT id, category_id, price_min, price_max, in_stock, created_at FROM product WHERE state = 'active'";
    for row in fetch_all!(conn, GoodRow, sql).await? {
        goods.put(&row);
    }
    let sql = match conn.dialect() {
        Dialect::Sqlite => values_sql!("group_concat(product_id)"),
        Dialect::Postgres => values_sql!("string_agg(product_id::text, ',')"),
    };
    for row in fetch_all!(conn, ValueRow, sql).await? {
        let set: RoaringBitmap = row.ids.split(',').filter_map(|id| id.parse::<u32>().ok()).collect();
        // The first words that were met stay: one value is called alike in all categories.
        let value = match goods.value_ids.get(&(row.words.facet.clone(), row.words.value.clone())) {
            Some(value) => *value,
            None => goods.intern(row.words),
        };
        let leaf = goods.leaves.entry(row.category_id).or_default();
        let on_sale = set & &leaf.all;
        leaf.values.insert(value, on_sale);
    }
    Ok(goods)
}

impl Shelf {
    fn mark(&self) -> i64 {
        self.goods().mark
    }
}

impl Goods {
    /// Takes changed products from where they stood and puts them where they stand now.
    fn apply(&mut self, rows: Vec<GoodRow>, facets: Vec<FacetRow>) {
        let mut places: HashMap<u32, i64> = HashMap::with_capacity(rows.len());
        for row in &rows {
            if let Some(id) = self.put(row) {
                places.insert(id, row.category_id.unwrap_or_default());
            }
        }
        for row in facets {
            let Some(id) = number(row.product_id) else { continue };
            let Some(leaf) = places.get(&id).copied().filter(|category| *category != 0) else { continue };
            let value = self.intern(row);
            self.leaves.entry(leaf).or_default().values.entry(value).or_default().insert(id);
        }
    }

    /// Puts one product where it belongs, without any facet; gives its number.
    fn put(&mut self, row: &GoodRow) -> Option<u32> {
        let id = number(row.id)?;
        let at = id as usize;
        if self.blocks.len() <= at / BLOCK {
            self.blocks.resize_with(at / BLOCK + 1, || None);
        }
        let block = self.blocks[at / BLOCK].get_or_insert_with(|| vec![Good::default(); BLOCK].into_boxed_slice());
        let now = Good {
            category: row.category_id.unwrap_or_default(),
            created_at: row.created_at,
            price_min: row.price_min,
            price_max: row.price_max,
        };
        let before = std::mem::replace(&mut block[at % BLOCK], now);
        // Another stock changes no order: the commonest change must not cost a sorting.
        if before != now {
            self.orders.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        }
        if let Some(leaf) = self.leaves.get_mut(&before.category) {
            leaf.take_out(id);
        }
        if now.category == 0 {
            self.in_stock.remove(id);
            return Some(id);
        }
        self.leaves.entry(now.category).or_default().all.insert(id);
        if row.in_stock {
            self.in_stock.insert(id);
        } else {
            self.in_stock.remove(id);
        }
        Some(id)
    }

    fn intern(&mut self, row: FacetRow) -> u32 {
        let value = Label {
            facet_words: Text::new(row.facet_ja, row.facet_en),
            value_words: Text::new(row.value_ja, row.value_en),
            facet: row.facet,
            value: row.value,
        };
        let next = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        let id = *self.value_ids.entry((value.facet.clone(), value.value.clone())).or_insert(next);
        match self.values.get_mut(id as usize) {
            Some(known) => *known = value,
            None => self.values.push(value),
        }
        id
    }
}

impl Leaf {
    fn take_out(&mut self, id: u32) {
        self.all.remove(id);
        self.values.retain(|_, set| {
            set.remove(id);
            !set.is_empty()
        });
    }
}

/// Sets hold numbers of 32 bits: four thousand million products.
fn number(id: i64) -> Option<u32> {
    let number = u32::try_from(id).ok();
    if number.is_none() {
        tracing::error!(product = id, "this product has a number beyond what lists can hold and is in none of them");
    }
    number
}
