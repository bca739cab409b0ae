//! The difference between the goods of the file and those of the database, and its writing.

use std::collections::BTreeMap;

use noren_domain::Text;

use super::categories::Categories;
use super::goods::Goods;
use super::merge::{self, Before};
use super::rows::{self, Batch, CategoryRow, FacetRow, Held, ProductRow, SearchRow, StockRow, VariantRow};
use super::table::Cell;
use super::{BadRow, ImportError, Options, Report, cells};
use crate::search::Document;
use crate::{Shop, db::Conn};

/// Names that facets cannot have because the pages use them in URLs.
const RESERVED: [&str; 6] = ["brand", "price", "stock", "sort", "page", "q"];

/// Takes out of a chunk of goods what does not fit together with what the database holds.
pub async fn judge(shop: &Shop, goods: &mut Vec<Goods>) -> Result<Vec<BadRow>, ImportError> {
    let mut conn = shop.db.read().await?;
    let held = held(&mut conn, goods, false).await?;
    Ok(fitting(goods, &held))
}

/// Compares a chunk of products with the database and, unless it is a dry run, writes what differs.
/// Rows that do not fit together with the database are left out and given back.
pub async fn products(
    shop: &Shop,
    mut goods: Vec<Goods>,
    categories: &Categories,
    options: &Options,
    report: &mut Report,
) -> Result<Vec<BadRow>, ImportError> {
    if options.dry_run {
        let mut conn = shop.db.read().await?;
        let held = held(&mut conn, &goods, speaks_of_stock(&goods)).await?;
        let bad = fitting(&mut goods, &held);
        let mut ids = Ids::fresh(&mut conn, &goods, &held, true).await?;
        compare(&goods, categories, &held, &mut ids, options, report);
        return Ok(bad);
    }
    let mut tx = shop.db.write_alone().await?;
    let held = held(&mut tx, &goods, speaks_of_stock(&goods)).await?;
    // Once more: what was checked may have changed since.
    let bad = fitting(&mut goods, &held);
    let mut ids = Ids::fresh(&mut tx, &goods, &held, false).await?;
    let batch = compare(&goods, categories, &held, &mut ids, options, report);
    if !batch.products.is_empty() {
        rows::write(&mut tx, &batch, shop.now()).await?;
    }
    tx.commit().await?;
    Ok(bad)
}

async fn held(conn: &mut Conn, goods: &[Goods], with_stock: bool) -> Result<Held, ImportError> {
    let slugs: Vec<&str> = goods.iter().map(|goods| goods.slug.as_str()).collect();
    rows::held(conn, &slugs, with_stock).await
}

fn fitting(goods: &mut Vec<Goods>, held: &Held) -> Vec<BadRow> {
    let mut bad = Vec::new();
    for goods in goods.iter_mut() {
        let before = Before::of(held, &goods.slug);
        bad.extend(merge::judge(goods, before));
    }
    goods.retain(|goods| !goods.variants.is_empty());
    bad
}

/// Ids for what is new in a chunk.
pub struct Ids {
    product: std::vec::IntoIter<i64>,
    pub variant: std::vec::IntoIter<i64>,
    pub picture: std::vec::IntoIter<i64>,
}

impl Ids {
    async fn fresh(conn: &mut Conn, goods: &[Goods], held: &Held, dry_run: bool) -> Result<Self, sqlx::Error> {
        let (mut products, mut variants, mut pictures) = (0, 0, 0);
        for goods in goods {
            let before = Before::of(held, &goods.slug);
            products += usize::from(before.product.is_none());
            let known = |sku: &str| before.variants.iter().any(|old| old.sku == sku);
            variants += goods.variants.iter().filter(|new| !known(&new.sku)).count();
            let known = |hash: &str| before.pictures.iter().any(|old| old.hash == hash);
            pictures += goods.pictures.iter().filter(|new| !known(&new.source.hash)).count();
        }
        Ok(Self {
            product: fresh(conn, "product", products, dry_run).await?,
            variant: fresh(conn, "variant", variants, dry_run).await?,
            picture: fresh(conn, "picture", pictures, dry_run).await?,
        })
    }
}

/// A dry run takes no ids out of the database: any number that no row has does.
pub async fn fresh(
    conn: &mut Conn,
    table: &str,
    count: usize,
    dry_run: bool,
) -> Result<std::vec::IntoIter<i64>, sqlx::Error> {
    if dry_run {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        return Ok((1..=count).map(|no| -no).collect::<Vec<_>>().into_iter());
    }
    rows::fresh_ids(conn, table, count).await
}

fn compare(
    goods: &[Goods],
    categories: &Categories,
    held: &Held,
    ids: &mut Ids,
    options: &Options,
    report: &mut Report,
) -> Batch {
    let mut batch = Batch::default();
    for goods in goods {
        let before = Before::of(held, &goods.slug);
        let category = match &goods.category {
            Cell::Given(slug) => categories.named(slug),
            Cell::Absent => before.product.and_then(|row| categories.numbered(row.category_id)),
        };
        let Some(category) = category else { continue };
        let Some(id) = before.product.map(|row| row.id).or_else(|| ids.product.next()) else { continue };
        let pictures = merge::picture_rows(id, goods, before, ids);
        let variants = merge::variant_rows(id, goods, before, &pictures, ids);
        let product = merge::product_row(id, category.id, goods, before.product, &variants);
        let mut restock = restock(goods, &variants, held);
        if !options.set_stock {
            report.stock_left += restock.len();
            restock.clear();
        }

        match before.product {
            None => {
                report.new += 1;
                report.tell(|| format!("{}: new, {} SKU(s)", goods.slug, variants.len()));
            }
            Some(row)
                if *row == product
                    && before.variants == variants
                    && before.pictures == pictures
                    && restock.is_empty() =>
            {
                report.unchanged += 1;
                continue;
            }
            Some(row) => {
                report.changed += 1;
                report.tell(|| {
                    let pictures = before.pictures != pictures;
                    let words = differences(row, &product, before.variants, &variants, pictures, &restock);
                    format!("{}: {words}", goods.slug)
                });
            }
        }
        for row in variants.iter().filter(|row| !before.variants.iter().any(|old| old.id == row.id)) {
            let counted = goods.variants.iter().find(|cells| cells.sku == row.sku).and_then(|cells| cells.stock);
            batch.stock.push(StockRow { variant_id: row.id, on_hand: counted.unwrap_or(0) });
        }
        batch.facets.extend(facet_rows(&product, &variants));
        batch.known.extend(before.product.map(|row| row.id));
        // Most changes are of prices: what a product is found by stays as it is.
        let now = found_by(&product, category, &variants);
        let earlier =
            before.product.and_then(|row| found_by(row, categories.numbered(row.category_id)?, before.variants));
        if now != earlier {
            batch.unfound.extend(earlier.map(|_| id));
            batch.search.extend(now.map(|now| SearchRow { product_id: id, grams: now.grams().join(" ") }));
        }
        batch.restock.extend(restock);
        batch.pictures.extend(pictures);
        batch.variants.extend(variants);
        batch.products.push(product);
    }
    batch
}

fn speaks_of_stock(goods: &[Goods]) -> bool {
    goods.iter().any(|goods| goods.variants.iter().any(|cells| cells.stock.is_some()))
}

/// The known SKUs of which the file counts another stock than the shop.
fn restock(goods: &Goods, variants: &[VariantRow], held: &Held) -> Vec<StockRow> {
    let rows = goods.variants.iter().filter_map(|cells| {
        let on_hand = cells.stock?;
        let row = variants.iter().find(|row| row.sku == cells.sku)?;
        let before = held.on_hand.get(&row.id)?;
        (*before != on_hand).then_some(StockRow { variant_id: row.id, on_hand })
    });
    rows.collect()
}

fn facet_rows(product: &ProductRow, variants: &[VariantRow]) -> Vec<FacetRow> {
    let mut rows = BTreeMap::new();
    let mut add = |facet: String, name: &Text, ja: &str, en: &str| {
        let value = cells::facet(en);
        rows.entry((facet.clone(), value.clone())).or_insert_with(|| FacetRow {
            product_id: product.id,
            category_id: product.category_id,
            facet,
            value,
            facet_ja: name.ja.clone(),
            facet_en: name.en.clone(),
            value_ja: ja.to_owned(),
            value_en: en.to_owned(),
        });
    };
    if !product.brand.is_empty() {
        add("brand".to_owned(), &Text::new("ブランド", "Brand"), &product.brand, &product.brand);
    }
    let axes = merge::axes(product);
    for variant in variants.iter().filter(|variant| variant.state == "active") {
        for (axis, option) in axes.iter().zip(merge::options(variant)).filter(|(axis, _)| !axis.is_empty()) {
            let mut facet = cells::facet(&axis.en);
            if RESERVED.contains(&facet.as_str()) {
                facet.push_str("-option");
            }
            add(facet, axis, &option.ja, &option.en);
        }
    }
    rows.into_values().collect()
}

/// The texts that a product is found by; none unless it is on sale.
pub fn found_by(product: &ProductRow, category: &CategoryRow, variants: &[VariantRow]) -> Option<Document> {
    if product.state != "active" {
        return None;
    }
    let mut head =
        vec![product.brand.as_str(), &category.name_ja, &category.name_en, &category.search_words, &product.slug];
    for variant in variants.iter().filter(|variant| variant.state == "active") {
        head.extend([variant.sku.as_str(), &variant.option1_ja, &variant.option1_en, &variant.option2_ja]);
        head.extend([variant.option2_en.as_str(), &variant.option3_ja, &variant.option3_en]);
    }
    let body = [
        product.summary_ja.as_str(),
        &product.summary_en,
        &cells::words(&product.text_ja),
        &cells::words(&product.text_en),
        &product.details_ja,
        &product.details_en,
    ]
    .join("\n");
    let name = [product.name_ja.as_str(), &product.name_en, &product.search_words].join("\n");
    Some(Document { name, head: head.join("\n"), body })
}

fn differences(
    before: &ProductRow,
    after: &ProductRow,
    had: &[VariantRow],
    have: &[VariantRow],
    pictures: bool,
    restock: &[StockRow],
) -> String {
    let mut words = fields(before, after);
    // The range of prices follows from the prices, which are told.
    words.retain(|word| !word.starts_with("price_m"));
    for variant in have {
        match had.iter().find(|old| old.sku == variant.sku) {
            None => words.push(format!("new SKU {}", variant.sku)),
            Some(old) => words.extend(fields(old, variant).into_iter().map(|word| format!("{} {word}", variant.sku))),
        }
    }
    if pictures {
        words.push("pictures".to_owned());
    }
    for row in restock {
        let sku = have.iter().find(|variant| variant.id == row.variant_id).map_or("?", |variant| &variant.sku);
        words.push(format!("{sku} stock → {}", row.on_hand));
    }
    if words.is_empty() {
        words.push("the range of its prices".to_owned());
    }
    words.join("; ")
}

/// Each field that differs, with its short values.
pub fn fields<T: serde::Serialize>(before: &T, after: &T) -> Vec<String> {
    let (Ok(serde_json::Value::Object(before)), Ok(serde_json::Value::Object(after))) =
        (serde_json::to_value(before), serde_json::to_value(after))
    else {
        return Vec::new();
    };
    let show = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => format!("\"{}\"", cells::short(text)),
        other => other.to_string(),
    };
    let differing = after.iter().filter(|(name, value)| before.get(*name) != Some(*value));
    differing
        .map(|(name, value)| format!("{name} {} → {}", before.get(name).map_or_else(String::new, show), show(value)))
        .collect()
}
