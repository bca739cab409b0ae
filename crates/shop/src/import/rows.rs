//! Rows of goods as the database has them, read and written some hundred at a time.
//!
//! A batch goes to the database as one JSON parameter, which both databases unfold into rows.

use std::collections::HashMap;

use serde::Serialize;
use sqlx::AssertSqlSafe;

use super::ImportError;
use crate::db::{Conn, Dialect};
use crate::{execute, fetch_all, fetch_one};

/// A row of `category`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct CategoryRow {
    pub id: i64,
    pub slug: String,
    pub parent_id: Option<i64>,
    pub position: i64,
    pub name_ja: String,
    pub name_en: String,
    pub text_ja: String,
    pub text_en: String,
    pub search_words: String,
}

/// A row of `product`, without what changes with every order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct ProductRow {
    pub id: i64,
    pub slug: String,
    pub category_id: i64,
    pub state: String,
    pub name_ja: String,
    pub name_en: String,
    pub summary_ja: String,
    pub summary_en: String,
    pub text_ja: String,
    pub text_en: String,
    pub details_ja: String,
    pub details_en: String,
    pub brand: String,
    pub search_words: String,
    pub tax_class: String,
    pub option1_name_ja: String,
    pub option1_name_en: String,
    pub option2_name_ja: String,
    pub option2_name_en: String,
    pub option3_name_ja: String,
    pub option3_name_en: String,
    pub price_min: i64,
    pub price_max: i64,
}

/// A row of `variant`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct VariantRow {
    pub id: i64,
    pub product_id: i64,
    pub sku: String,
    pub position: i64,
    pub state: String,
    pub option1_ja: String,
    pub option1_en: String,
    pub option2_ja: String,
    pub option2_en: String,
    pub option3_ja: String,
    pub option3_en: String,
    pub price: i64,
    pub compare_at: Option<i64>,
    pub weight_g: i64,
    pub picture_id: Option<i64>,
}

/// A row of `picture`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct PictureRow {
    pub id: i64,
    pub product_id: i64,
    pub position: i64,
    pub hash: String,
    pub width: i64,
    pub height: i64,
    pub alt_ja: String,
    pub alt_en: String,
}

/// A row of `stock`, as the file wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StockRow {
    pub variant_id: i64,
    pub on_hand: i64,
}

/// A row of `product_facet`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FacetRow {
    pub product_id: i64,
    pub category_id: i64,
    pub facet: String,
    pub value: String,
    pub facet_ja: String,
    pub facet_en: String,
    pub value_ja: String,
    pub value_en: String,
}

/// A row of `product_search`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SearchRow {
    pub product_id: i64,
    pub grams: String,
}

/// What the database holds of the products in one batch.
#[derive(Default)]
pub struct Held {
    pub products: HashMap<String, ProductRow>,
    pub variants: HashMap<i64, Vec<VariantRow>>,
    pub pictures: HashMap<i64, Vec<PictureRow>>,
    pub on_hand: HashMap<i64, i64>,
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Int,
}
use Kind::{Int, Text};

type Columns = [(&'static str, Kind)];

const CATEGORY: [(&str, Kind); 9] = [
    ("id", Int),
    ("slug", Text),
    ("parent_id", Int),
    ("position", Int),
    ("name_ja", Text),
    ("name_en", Text),
    ("text_ja", Text),
    ("text_en", Text),
    ("search_words", Text),
];
const PRODUCT: [(&str, Kind); 23] = [
    ("id", Int),
    ("slug", Text),
    ("category_id", Int),
    ("state", Text),
    ("name_ja", Text),
    ("name_en", Text),
    ("summary_ja", Text),
    ("summary_en", Text),
    ("text_ja", Text),
    ("text_en", Text),
    ("details_ja", Text),
    ("details_en", Text),
    ("brand", Text),
    ("search_words", Text),
    ("tax_class", Text),
    ("option1_name_ja", Text),
    ("option1_name_en", Text),
    ("option2_name_ja", Text),
    ("option2_name_en", Text),
    ("option3_name_ja", Text),
    ("option3_name_en", Text),
    ("price_min", Int),
    ("price_max", Int),
];
const VARIANT: [(&str, Kind); 15] = [
    ("id", Int),
    ("product_id", Int),
    ("sku", Text),
    ("position", Int),
    ("state", Text),
    ("option1_ja", Text),
    ("option1_en", Text),
    ("option2_ja", Text),
    ("option2_en", Text),
    ("option3_ja", Text),
    ("option3_en", Text),
    ("price", Int),
    ("compare_at", Int),
    ("weight_g", Int),
    ("picture_id", Int),
];
const PICTURE: [(&str, Kind); 8] = [
    ("id", Int),
    ("product_id", Int),
    ("position", Int),
    ("hash", Text),
    ("width", Int),
    ("height", Int),
    ("alt_ja", Text),
    ("alt_en", Text),
];
const STOCK: [(&str, Kind); 2] = [("variant_id", Int), ("on_hand", Int)];
const FACET: [(&str, Kind); 8] = [
    ("product_id", Int),
    ("category_id", Int),
    ("facet", Text),
    ("value", Text),
    ("facet_ja", Text),
    ("facet_en", Text),
    ("value_ja", Text),
    ("value_en", Text),
];
const SEARCH: [(&str, Kind); 2] = [("product_id", Int), ("grams", Text)];

fn names(columns: &Columns) -> String {
    columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// `FROM` what the JSON array in `$1` holds.
fn unfolded(dialect: Dialect, columns: &Columns) -> String {
    let list = |one: &dyn Fn(&str, Kind) -> String| {
        columns.iter().map(|(name, kind)| one(name, *kind)).collect::<Vec<_>>().join(", ")
    };
    match dialect {
        Dialect::Sqlite => {
            format!("(SELECT {} FROM json_each($1)) AS r", list(&|name, _| format!("value->>'{name}' AS {name}")))
        }
        Dialect::Postgres => {
            let typed = |name: &str, kind| {
                format!(
                    "{name} {}",
                    match kind {
                        Text => "TEXT",
                        Int => "BIGINT",
                    }
                )
            };
            format!("jsonb_to_recordset($1::text::jsonb) AS r({})", list(&typed))
        }
    }
}

/// The numbers in the JSON array in `$1`, as a subquery.
fn numbers(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "(SELECT value FROM json_each($1))",
        Dialect::Postgres => "(SELECT value::bigint FROM jsonb_array_elements_text($1::text::jsonb))",
    }
}

/// Inserts rows; those whose `key` exists take the new values.
async fn upsert(
    conn: &mut Conn,
    table: &str,
    columns: &Columns,
    key: &str,
    rows: &impl Serialize,
) -> Result<(), ImportError> {
    let set: Vec<String> =
        columns.iter().filter(|(name, _)| *name != key).map(|(name, _)| format!("{name} = excluded.{name}")).collect();
    let sql = format!(
        "INSERT INTO {table} ({names}) SELECT {names} FROM {from} WHERE TRUE ON CONFLICT ({key}) DO UPDATE SET {set}",
        names = names(columns),
        from = unfolded(conn.dialect(), columns),
        set = set.join(", ")
    );
    let json = serde_json::to_string(rows)?;
    execute!(conn, AssertSqlSafe(sql), json).await?;
    Ok(())
}

async fn insert(conn: &mut Conn, table: &str, columns: &Columns, rows: &impl Serialize) -> Result<(), ImportError> {
    let sql = format!(
        "INSERT INTO {table} ({names}) SELECT {names} FROM {from}",
        names = names(columns),
        from = unfolded(conn.dialect(), columns)
    );
    let json = serde_json::to_string(rows)?;
    execute!(conn, AssertSqlSafe(sql), json).await?;
    Ok(())
}

/// Every category there is.
pub async fn categories(conn: &mut Conn) -> Result<Vec<CategoryRow>, sqlx::Error> {
    let sql = format!("SELECT {} FROM category ORDER BY id", names(&CATEGORY));
    fetch_all!(conn, CategoryRow, AssertSqlSafe(sql)).await
}

/// Writes categories, parents before their children.
pub async fn write_categories(conn: &mut Conn, rows: &[CategoryRow]) -> Result<(), ImportError> {
    for row in rows {
        upsert(conn, "category", &CATEGORY, "id", &[row]).await?;
    }
    Ok(())
}

/// What is held of the products called `slugs`.
pub async fn held(conn: &mut Conn, slugs: &[&str], with_stock: bool) -> Result<Held, ImportError> {
    let wanted = match conn.dialect() {
        Dialect::Sqlite => "(SELECT value FROM json_each($1))",
        Dialect::Postgres => "(SELECT value FROM jsonb_array_elements_text($1::text::jsonb))",
    };
    let sql = format!("SELECT {} FROM product WHERE slug IN {wanted}", names(&PRODUCT));
    let json = serde_json::to_string(slugs)?;
    let products = fetch_all!(conn, ProductRow, AssertSqlSafe(sql), json).await?;
    let mut held = with_variants(conn, products).await?;
    if held.products.is_empty() {
        return Ok(held);
    }
    let ids = numbers_of(&held)?;
    let of = numbers(conn.dialect());
    let sql = format!("SELECT {} FROM picture WHERE product_id IN {of} ORDER BY position", names(&PICTURE));
    for row in fetch_all!(conn, PictureRow, AssertSqlSafe(sql), &ids).await? {
        held.pictures.entry(row.product_id).or_default().push(row);
    }
    if with_stock {
        let sql = format!(
            "SELECT s.variant_id, s.on_hand FROM stock s JOIN variant v ON v.id = s.variant_id WHERE v.product_id IN {of}"
        );
        held.on_hand = fetch_all!(conn, (i64, i64), AssertSqlSafe(sql), &ids).await?.into_iter().collect();
    }
    Ok(held)
}

/// The products on sale in the category itself with a number above `after`, at most `limit`: as far
/// as they are found by words, so without pictures and stock.
pub async fn on_sale(conn: &mut Conn, category: i64, after: i64, limit: i64) -> Result<Held, ImportError> {
    let sql = format!(
        "SELECT {} FROM product WHERE category_id = $1 AND state = 'active' AND id > $2 ORDER BY id LIMIT $3",
        names(&PRODUCT)
    );
    let products = fetch_all!(conn, ProductRow, AssertSqlSafe(sql), category, after, limit).await?;
    with_variants(conn, products).await
}

async fn with_variants(conn: &mut Conn, products: Vec<ProductRow>) -> Result<Held, ImportError> {
    let products = products.into_iter().map(|product| (product.slug.clone(), product)).collect();
    let mut held = Held { products, ..Held::default() };
    if held.products.is_empty() {
        return Ok(held);
    }
    let ids = numbers_of(&held)?;
    let of = numbers(conn.dialect());
    let sql = format!("SELECT {} FROM variant WHERE product_id IN {of} ORDER BY position, id", names(&VARIANT));
    for row in fetch_all!(conn, VariantRow, AssertSqlSafe(sql), ids).await? {
        held.variants.entry(row.product_id).or_default().push(row);
    }
    Ok(held)
}

fn numbers_of(held: &Held) -> Result<String, serde_json::Error> {
    serde_json::to_string(&held.products.values().map(|product| product.id).collect::<Vec<_>>())
}

/// `count` ids that no row of `table` has.
pub async fn fresh_ids(conn: &mut Conn, table: &str, count: usize) -> Result<std::vec::IntoIter<i64>, sqlx::Error> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let ids: Vec<i64> = match conn.dialect() {
        Dialect::Sqlite => {
            let sql = format!("SELECT coalesce(max(id), 0) FROM {table}");
            let (last,) = fetch_one!(conn, (i64,), AssertSqlSafe(sql)).await?;
            (last + 1..=last + count).collect()
        }
        Dialect::Postgres => {
            let sql = format!("SELECT nextval(pg_get_serial_sequence('{table}', 'id')) FROM generate_series(1, $1)");
            fetch_all!(conn, (i64,), AssertSqlSafe(sql), count).await?.into_iter().map(|(id,)| id).collect()
        }
    };
    Ok(ids.into_iter())
}

/// Everything that a batch of new and changed products writes.
#[derive(Default)]
pub struct Batch {
    pub products: Vec<ProductRow>,
    pub variants: Vec<VariantRow>,
    pub pictures: Vec<PictureRow>,
    pub facets: Vec<FacetRow>,
    pub search: Vec<SearchRow>,
    /// Products that the database had before.
    pub known: Vec<i64>,
    /// Products that are no longer found by what they were found by.
    pub unfound: Vec<i64>,
    /// Stock of new SKUs.
    pub stock: Vec<StockRow>,
    /// Stock of known SKUs that is to be overwritten.
    pub restock: Vec<StockRow>,
}

/// Writes a batch.
pub async fn write(conn: &mut Conn, batch: &Batch, now: i64) -> Result<(), ImportError> {
    let ids = serde_json::to_string(&batch.products.iter().map(|product| product.id).collect::<Vec<_>>())?;
    let of = numbers(conn.dialect());
    if conn.dialect() == Dialect::Postgres {
        // Stock before products, as buyers lock them.
        let sql = format!(
            "SELECT variant_id FROM stock WHERE variant_id IN (SELECT id FROM variant WHERE product_id IN {of}) ORDER BY variant_id FOR UPDATE"
        );
        fetch_all!(conn, (i64,), AssertSqlSafe(sql), &ids).await?;
    }
    write_products(conn, &batch.products, now).await?;
    if !batch.known.is_empty() {
        let known = serde_json::to_string(&batch.known)?;
        for table in ["picture", "product_facet"] {
            execute!(conn, AssertSqlSafe(format!("DELETE FROM {table} WHERE product_id IN {of}")), &known).await?;
        }
    }
    insert(conn, "picture", &PICTURE, &batch.pictures).await?;
    upsert(conn, "variant", &VARIANT, "id", &batch.variants).await?;
    insert(conn, "stock", &STOCK, &batch.stock).await?;
    if !batch.restock.is_empty() {
        let sql = format!(
            "INSERT INTO stock (variant_id, on_hand) SELECT variant_id, on_hand FROM {} WHERE TRUE ON CONFLICT (variant_id) \
             DO UPDATE SET on_hand = CASE WHEN excluded.on_hand < stock.reserved THEN stock.reserved ELSE excluded.on_hand END",
            unfolded(conn.dialect(), &STOCK)
        );
        let json = serde_json::to_string(&batch.restock)?;
        execute!(conn, AssertSqlSafe(sql), json).await?;
    }
    insert(conn, "product_facet", &FACET, &batch.facets).await?;
    let sql = format!(
        "UPDATE product SET in_stock = NOT in_stock WHERE id IN {of} AND in_stock <> EXISTS (SELECT 1 FROM variant v \
         JOIN stock s ON s.variant_id = v.id WHERE v.product_id = product.id AND v.state = 'active' AND s.on_hand > s.reserved)"
    );
    execute!(conn, AssertSqlSafe(sql), &ids).await?;
    write_search(conn, &batch.unfound, &batch.search).await
}

async fn write_products(conn: &mut Conn, products: &[ProductRow], now: i64) -> Result<(), ImportError> {
    let set: Vec<String> = PRODUCT[1..].iter().map(|(name, _)| format!("{name} = excluded.{name}")).collect();
    let sql = format!(
        "INSERT INTO product ({names}, in_stock, created_at, updated_at) SELECT {names}, FALSE, $2, $2 FROM {from} WHERE TRUE \
         ON CONFLICT (id) DO UPDATE SET {set}, updated_at = excluded.updated_at",
        names = names(&PRODUCT),
        from = unfolded(conn.dialect(), &PRODUCT),
        set = set.join(", ")
    );
    let json = serde_json::to_string(products)?;
    execute!(conn, AssertSqlSafe(sql), json, now).await?;
    Ok(())
}

/// Takes the products `unfound` out of the index and puts `rows` in.
pub async fn write_search(conn: &mut Conn, unfound: &[i64], rows: &[SearchRow]) -> Result<(), ImportError> {
    let dialect = conn.dialect();
    let (key, grams) = match dialect {
        Dialect::Sqlite => ("rowid", "grams"),
        Dialect::Postgres => ("product_id", "grams::tsvector"),
    };
    if !unfound.is_empty() {
        let sql = format!("DELETE FROM product_search WHERE {key} IN {}", numbers(dialect));
        let json = serde_json::to_string(unfound)?;
        execute!(conn, AssertSqlSafe(sql), json).await?;
    }
    if !rows.is_empty() {
        let from = unfolded(dialect, &SEARCH);
        let sql = format!("INSERT INTO product_search ({key}, grams) SELECT product_id, {grams} FROM {from}");
        let json = serde_json::to_string(rows)?;
        execute!(conn, AssertSqlSafe(sql), json).await?;
    }
    Ok(())
}
