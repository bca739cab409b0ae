//! The difference between the file and the database, and its writing.

use std::collections::{BTreeMap, HashMap};

use noren_domain::Text;

use super::goods::{CategoryCells, Goods};
use super::rows::{self, Batch, CategoryRow, FacetRow, Held, PictureRow, ProductRow, SearchRow, StockRow, VariantRow};
use super::{ImportError, Options, Report, cells};
use crate::search::Document;
use crate::{Shop, db::Conn};

/// Names that facets cannot have because the pages use them in URLs.
const RESERVED: [&str; 6] = ["brand", "price", "stock", "sort", "page", "q"];

/// The categories that products may name, as they are after the import.
pub struct Categories {
    all: HashMap<String, CategoryRow>,
    /// Those that the import renames, as they were before it, by their ids: products are found by that name.
    renamed: HashMap<i64, CategoryRow>,
}

/// Compares the categories with the database and, unless it is a dry run, writes what differs.
pub async fn categories(
    shop: &Shop,
    cells: Vec<CategoryCells>,
    dry_run: bool,
    report: &mut Report,
) -> Result<Categories, ImportError> {
    let mut tx = if dry_run { None } else { Some(shop.db.write_alone().await?) };
    let mut reader = shop.db.read().await?;
    let conn: &mut Conn = match &mut tx {
        Some(tx) => tx,
        None => &mut reader,
    };
    let held = rows::categories(conn).await?;
    let mut all: HashMap<String, CategoryRow> = held.into_iter().map(|row| (row.slug.clone(), row)).collect();
    let missing = cells.iter().filter(|cells| !all.contains_key(&cells.slug)).count();
    let mut fresh = fresh(conn, "category", missing, dry_run).await?;
    let mut write = Vec::new();
    let mut renamed = HashMap::new();
    for cells in cells {
        let before = all.get(&cells.slug);
        let row = CategoryRow {
            id: before.map(|row| row.id).or_else(|| fresh.next()).unwrap_or_default(),
            parent_id: cells.parent.and_then(|parent| all.get(&parent)).map(|parent| parent.id),
            position: cells.position,
            name_ja: cells.name.ja,
            name_en: cells.name.en,
            text_ja: cells.text.ja,
            text_en: cells.text.en,
            slug: cells.slug,
        };
        if before == Some(&row) {
            continue;
        }
        report.categories += 1;
        report.tell(|| format!("category {}: {}", row.slug, if before.is_some() { "changed" } else { "new" }));
        if let Some(before) = all.insert(row.slug.clone(), row.clone())
            && (&before.name_ja, &before.name_en) != (&row.name_ja, &row.name_en)
        {
            renamed.insert(row.id, before);
        }
        write.push(row);
    }
    if let Some(mut tx) = tx {
        rows::write_categories(&mut tx, &write).await?;
        tx.commit().await?;
    }
    Ok(Categories { all, renamed })
}

/// Compares a chunk of products with the database and, unless it is a dry run, writes what differs.
pub async fn products(
    shop: &Shop,
    goods: &[Goods],
    categories: &Categories,
    options: &Options,
    report: &mut Report,
) -> Result<(), ImportError> {
    let slugs: Vec<&str> = goods.iter().map(|goods| goods.slug.as_str()).collect();
    if options.dry_run {
        let mut conn = shop.db.read().await?;
        let held = rows::held(&mut conn, &slugs, options.set_stock).await?;
        let mut ids = Ids::fresh(&mut conn, goods, &held, true).await?;
        compare(goods, categories, &held, &mut ids, options, report);
        return Ok(());
    }
    let mut tx = shop.db.write_alone().await?;
    let held = rows::held(&mut tx, &slugs, options.set_stock).await?;
    let mut ids = Ids::fresh(&mut tx, goods, &held, false).await?;
    let batch = compare(goods, categories, &held, &mut ids, options, report);
    if !batch.products.is_empty() {
        rows::write(&mut tx, &batch, shop.now()).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Ids for what is new in a chunk.
struct Ids {
    product: std::vec::IntoIter<i64>,
    variant: std::vec::IntoIter<i64>,
    picture: std::vec::IntoIter<i64>,
}

impl Ids {
    async fn fresh(conn: &mut Conn, goods: &[Goods], held: &Held, dry_run: bool) -> Result<Self, sqlx::Error> {
        let (mut products, mut variants, mut pictures) = (0, 0, 0);
        for goods in goods {
            let id = held.products.get(&goods.slug).map(|row| row.id);
            let (had_variants, had_pictures) = under(held, id);
            products += usize::from(id.is_none());
            variants += goods.variants.iter().filter(|new| !had_variants.iter().any(|old| old.sku == new.sku)).count();
            pictures +=
                goods.pictures.iter().filter(|new| !had_pictures.iter().any(|old| old.hash == new.source.hash)).count();
        }
        Ok(Self {
            product: fresh(conn, "product", products, dry_run).await?,
            variant: fresh(conn, "variant", variants, dry_run).await?,
            picture: fresh(conn, "picture", pictures, dry_run).await?,
        })
    }
}

/// A dry run takes no ids out of the database: any number does.
async fn fresh(
    conn: &mut Conn,
    table: &str,
    count: usize,
    dry_run: bool,
) -> Result<std::vec::IntoIter<i64>, sqlx::Error> {
    if dry_run { Ok(vec![0; count].into_iter()) } else { rows::fresh_ids(conn, table, count).await }
}

fn under(held: &Held, product: Option<i64>) -> (&[VariantRow], &[PictureRow]) {
    let variants = product.and_then(|id| held.variants.get(&id)).map_or(&[][..], Vec::as_slice);
    let pictures = product.and_then(|id| held.pictures.get(&id)).map_or(&[][..], Vec::as_slice);
    (variants, pictures)
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
        let Some(category) = categories.all.get(&goods.category) else { continue };
        let before = held.products.get(&goods.slug);
        let Some(id) = before.map(|row| row.id).or_else(|| ids.product.next()) else { continue };
        let (had_variants, had_pictures) = under(held, before.map(|row| row.id));
        let pictures = picture_rows(id, goods, had_variants, had_pictures, ids);
        let variants = variant_rows(id, goods, had_variants, &pictures, ids);
        let product = product_row(id, category.id, goods, &variants);
        let restock = restock(goods, &variants, held, options.set_stock);

        match before {
            None => {
                report.new += 1;
                report.tell(|| format!("{}: new, {} SKU(s)", goods.slug, variants.len()));
            }
            Some(row)
                if *row == product
                    && had_variants == variants
                    && had_pictures == pictures
                    && restock.is_empty()
                    && !categories.renamed.contains_key(&row.category_id) =>
            {
                report.unchanged += 1;
                continue;
            }
            Some(row) => {
                report.changed += 1;
                report.tell(|| {
                    format!(
                        "{}: {}",
                        goods.slug,
                        differences(row, &product, had_variants, &variants, had_pictures != pictures, &restock)
                    )
                });
            }
        }
        for (cells, row) in goods.variants.iter().zip(&variants) {
            if !had_variants.iter().any(|old| old.id == row.id) {
                batch.stock.push(StockRow { variant_id: row.id, on_hand: cells.stock.unwrap_or(0) });
            }
        }
        batch.facets.extend(facet_rows(&product, &goods.axes, &variants));
        batch.known.extend(before.map(|row| row.id));
        // Most changes are of prices: what a product is found by stays as it is.
        let found_by = found_by(&product, category, &variants);
        let was_found_by = before.and_then(|row| found_by_before(row, categories, had_variants));
        if found_by != was_found_by {
            batch.unfound.extend(was_found_by.map(|_| id));
            batch
                .search
                .extend(found_by.map(|found_by| SearchRow { product_id: id, grams: found_by.grams().join(" ") }));
        }
        batch.restock.extend(restock);
        batch.pictures.extend(pictures);
        batch.variants.extend(variants);
        batch.products.push(product);
    }
    batch
}

/// The pictures of the file, and after them those that only SKUs outside the file show.
fn picture_rows(
    id: i64,
    goods: &Goods,
    had_variants: &[VariantRow],
    had: &[PictureRow],
    ids: &mut Ids,
) -> Vec<PictureRow> {
    let mut rows = Vec::with_capacity(goods.pictures.len());
    for picture in &goods.pictures {
        let known = had.iter().find(|row| row.hash == picture.source.hash).map(|row| row.id);
        rows.push(PictureRow {
            id: known.or_else(|| ids.picture.next()).unwrap_or_default(),
            product_id: id,
            position: 0,
            hash: picture.source.hash.clone(),
            width: i64::from(picture.source.width),
            height: i64::from(picture.source.height),
            alt_ja: picture.alt.ja.clone(),
            alt_en: picture.alt.en.clone(),
        });
    }
    let outside = had_variants.iter().filter(|old| !goods.variants.iter().any(|new| new.sku == old.sku));
    for shown in outside.filter_map(|old| old.picture_id) {
        if let Some(row) = had.iter().find(|row| row.id == shown)
            && !rows.iter().any(|other| other.id == row.id)
        {
            rows.push(row.clone());
        }
    }
    for (position, row) in (0..).zip(&mut rows) {
        row.position = position;
    }
    rows
}

/// The SKUs of the file in its order, and after them those outside the file, as they are.
fn variant_rows(id: i64, goods: &Goods, had: &[VariantRow], pictures: &[PictureRow], ids: &mut Ids) -> Vec<VariantRow> {
    let mut rows = Vec::with_capacity(goods.variants.len());
    for cells in &goods.variants {
        let known = had.iter().find(|row| row.sku == cells.sku).map(|row| row.id);
        let [one, two, three] = &cells.options;
        rows.push(VariantRow {
            id: known.or_else(|| ids.variant.next()).unwrap_or_default(),
            product_id: id,
            sku: cells.sku.clone(),
            position: 0,
            state: if cells.archived { "archived" } else { "active" }.to_owned(),
            option1_ja: one.ja.clone(),
            option1_en: one.en.clone(),
            option2_ja: two.ja.clone(),
            option2_en: two.en.clone(),
            option3_ja: three.ja.clone(),
            option3_en: three.en.clone(),
            price: cells.price,
            compare_at: cells.compare_at,
            weight_g: cells.weight_g,
            picture_id: cells.picture.and_then(|at| pictures.get(at)).map(|picture| picture.id),
        });
    }
    rows.extend(had.iter().filter(|old| !goods.variants.iter().any(|new| new.sku == old.sku)).cloned());
    for (position, row) in (0..).zip(&mut rows) {
        row.position = position;
    }
    rows
}

fn product_row(id: i64, category_id: i64, goods: &Goods, variants: &[VariantRow]) -> ProductRow {
    let any_active = variants.iter().any(|variant| variant.state == "active");
    let prices =
        || variants.iter().filter(|variant| !any_active || variant.state == "active").map(|variant| variant.price);
    let [one, two, three] = &goods.axes;
    ProductRow {
        id,
        slug: goods.slug.clone(),
        category_id,
        state: goods.state.to_owned(),
        name_ja: goods.name.ja.clone(),
        name_en: goods.name.en.clone(),
        summary_ja: goods.summary.ja.clone(),
        summary_en: goods.summary.en.clone(),
        text_ja: goods.text.ja.clone(),
        text_en: goods.text.en.clone(),
        details_ja: goods.details.ja.clone(),
        details_en: goods.details.en.clone(),
        brand: goods.brand.clone(),
        tax_class: goods.tax.word().to_owned(),
        option1_name_ja: one.ja.clone(),
        option1_name_en: one.en.clone(),
        option2_name_ja: two.ja.clone(),
        option2_name_en: two.en.clone(),
        option3_name_ja: three.ja.clone(),
        option3_name_en: three.en.clone(),
        price_min: prices().min().unwrap_or_default(),
        price_max: prices().max().unwrap_or_default(),
    }
}

fn restock(goods: &Goods, variants: &[VariantRow], held: &Held, set_stock: bool) -> Vec<StockRow> {
    if !set_stock {
        return Vec::new();
    }
    let rows = goods.variants.iter().zip(variants).filter_map(|(cells, row)| {
        let on_hand = cells.stock?;
        let before = held.on_hand.get(&row.id)?;
        (*before != on_hand).then_some(StockRow { variant_id: row.id, on_hand })
    });
    rows.collect()
}

fn facet_rows(product: &ProductRow, axes: &[Text; 3], variants: &[VariantRow]) -> Vec<FacetRow> {
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
    for variant in variants.iter().filter(|variant| variant.state == "active") {
        let options = [
            (&variant.option1_ja, &variant.option1_en),
            (&variant.option2_ja, &variant.option2_en),
            (&variant.option3_ja, &variant.option3_en),
        ];
        for (axis, (ja, en)) in axes.iter().zip(options).filter(|(axis, _)| !axis.is_empty()) {
            let mut facet = cells::facet(&axis.en);
            if RESERVED.contains(&facet.as_str()) {
                facet.push_str("-option");
            }
            add(facet, axis, ja, en);
        }
    }
    rows.into_values().collect()
}

fn found_by_before(product: &ProductRow, categories: &Categories, variants: &[VariantRow]) -> Option<Document> {
    let id = product.category_id;
    let category =
        categories.renamed.get(&id).or_else(|| categories.all.values().find(|category| category.id == id))?;
    found_by(product, category, variants)
}

/// The texts that a product is found by; none unless it is on sale.
fn found_by(product: &ProductRow, category: &CategoryRow, variants: &[VariantRow]) -> Option<Document> {
    if product.state != "active" {
        return None;
    }
    let mut head = vec![product.brand.as_str(), &category.name_ja, &category.name_en, &product.slug];
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
    Some(Document { name: format!("{}\n{}", product.name_ja, product.name_en), head: head.join("\n"), body })
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
        words.push("the name of its category".to_owned());
    }
    words.join("; ")
}

/// Each field that differs, with its short values.
fn fields<T: serde::Serialize>(before: &T, after: &T) -> Vec<String> {
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
