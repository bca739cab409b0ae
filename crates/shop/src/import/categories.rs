//! Categories: the rows of their file judged, compared with the database, and written.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::plan::{self, found_by};
use super::rows::{self, CategoryRow, SearchRow};
use super::table::{Cell, Row, Table};
use super::{BadRow, CHUNK, ImportError, Report, cells};
use crate::{Shop, db::Conn};

const COLUMNS: [&str; 8] = ["slug", "parent", "position", "name_ja", "name_en", "text_ja", "text_en", "search_words"];
/// Highest place among the categories of one parent.
const MAX_POSITION: i64 = 9_999_999;

/// The parent of each category, by their slugs.
pub type Parents = BTreeMap<String, Option<String>>;

/// A category as the file has it.
pub struct CategoryCells {
    pub slug: String,
    parent: Cell<Option<String>>,
    position: Cell<i64>,
    name_ja: Cell<String>,
    name_en: Cell<String>,
    text_ja: Cell<String>,
    text_en: Cell<String>,
    search_words: Cell<String>,
}

/// Reads the file of categories. `known` are those of the database, which a parent may be too.
pub fn read(table: &Table, known: &Parents, bad: &mut Vec<BadRow>) -> Result<Vec<CategoryCells>, ImportError> {
    let columns = table.columns(&["slug"], &COLUMNS)?;
    // As they will be once the rows above are written.
    let mut parents = known.clone();
    let mut seen = HashSet::new();
    let mut read = Vec::new();
    for row in table.rows(columns) {
        match category(&row).and_then(|cells| fits(&cells, &parents, &seen).map(|()| cells)) {
            Ok(cells) => {
                let parent = parents.entry(cells.slug.clone()).or_default();
                cells.parent.put_into(parent);
                seen.insert(cells.slug.clone());
                read.push(cells);
            }
            Err(reason) => {
                bad.push(BadRow { file: "categories", line: row.line, key: cells::short(row.get("slug")), reason });
            }
        }
    }
    Ok(read)
}

fn category(row: &Row) -> Result<CategoryCells, String> {
    if let Some(fault) = &row.fault {
        return Err(fault.clone());
    }
    let name = |column: &str| row.cell(column).try_map(|raw| cells::name(column, raw));
    let text = |column: &str| row.cell(column).try_map(|raw| cells::text(column, raw, cells::SUMMARY));
    Ok(CategoryCells {
        slug: cells::slug("slug", row.get("slug"))?,
        parent: row.cell("parent").try_map(|raw| Ok::<_, String>((!raw.is_empty()).then(|| raw.to_owned())))?,
        position: row.cell("position").try_map(|raw| match raw {
            "" => Ok(0),
            raw => cells::number("position", raw, MAX_POSITION),
        })?,
        name_ja: name("name_ja")?,
        name_en: name("name_en")?,
        text_ja: text("text_ja")?,
        text_en: text("text_en")?,
        search_words: text("search_words")?,
    })
}

/// Whether a category can stand where its row says.
fn fits(cells: &CategoryCells, parents: &Parents, seen: &HashSet<String>) -> Result<(), String> {
    let slug = &cells.slug;
    if seen.contains(slug) {
        return Err(format!("the category \"{slug}\" is there twice; take one of the rows out"));
    }
    let missing: Vec<&str> = [("name_ja", &cells.name_ja), ("name_en", &cells.name_en)]
        .into_iter()
        .filter_map(|(column, cell)| cell.is_absent().then_some(column))
        .collect();
    if !missing.is_empty() && !parents.contains_key(slug) {
        return Err(format!("the category \"{slug}\" is new; add the columns {}", missing.join(", ")));
    }
    let Cell::Given(Some(parent)) = &cells.parent else { return Ok(()) };
    // Only what stands above: a parent after its child cannot be written.
    if parent == slug || !parents.contains_key(parent) {
        return Err(format!("parent \"{}\" is no category above this line; move its row up", cells::short(parent)));
    }
    if ways_up(parent, parents).any(|above| above == slug) {
        return Err(format!(
            "parent \"{parent}\" stands inside \"{slug}\", which would be inside itself; write another parent, or move \"{parent}\" elsewhere on a line above"
        ));
    }
    Ok(())
}

/// The parent of `slug`, its parent, and so on. Never more than there are categories, should they
/// stand in a ring already.
fn ways_up<'a>(slug: &'a str, parents: &'a Parents) -> impl Iterator<Item = &'a str> {
    std::iter::successors(Some(slug), |slug| parents.get(*slug)?.as_deref()).skip(1).take(parents.len())
}

/// The categories that products may name, as they are after the import.
pub struct Categories {
    by_slug: HashMap<String, CategoryRow>,
}

impl Categories {
    pub fn named(&self, slug: &str) -> Option<&CategoryRow> {
        self.by_slug.get(slug)
    }

    pub fn numbered(&self, id: i64) -> Option<&CategoryRow> {
        self.by_slug.values().find(|category| category.id == id)
    }
}

/// Compares the categories with the database and, unless it is a dry run, writes what differs.
pub async fn plan(
    shop: &Shop,
    cells: Vec<CategoryCells>,
    dry_run: bool,
    report: &mut Report,
) -> Result<Categories, ImportError> {
    if dry_run {
        let mut conn = shop.db.read().await?;
        return Ok(compare(&mut conn, cells, true, report).await?.0);
    }
    let mut tx = shop.db.write_alone().await?;
    let (categories, changed) = compare(&mut tx, cells, false, report).await?;
    let (renamed, others): (Vec<_>, Vec<_>) =
        changed.written.into_iter().partition(|row| changed.renamed.contains(&row.id));
    rows::write_categories(&mut tx, &others).await?;
    tx.commit().await?;
    for category in renamed {
        // First its goods, then itself: whoever is interrupted finds the same change to make once more.
        reindex(shop, &category).await?;
        let mut tx = shop.db.write_alone().await?;
        rows::write_categories(&mut tx, &[category]).await?;
        tx.commit().await?;
    }
    Ok(categories)
}

/// What differs.
#[derive(Default)]
struct Changed {
    written: Vec<CategoryRow>,
    /// Those that had another name or other words, which their goods are found by.
    renamed: Vec<i64>,
}

async fn compare(
    conn: &mut Conn,
    cells: Vec<CategoryCells>,
    dry_run: bool,
    report: &mut Report,
) -> Result<(Categories, Changed), sqlx::Error> {
    let held = rows::categories(conn).await?;
    let mut all: HashMap<String, CategoryRow> = held.into_iter().map(|row| (row.slug.clone(), row)).collect();
    let missing = cells.iter().filter(|cells| !all.contains_key(&cells.slug)).count();
    let mut fresh = plan::fresh(conn, "category", missing, dry_run).await?;
    let mut changed = Changed::default();
    for cells in cells {
        let before = all.get(&cells.slug);
        let Some(id) = before.map(|row| row.id).or_else(|| fresh.next()) else { continue };
        let row = row_after(id, &cells, before, &all);
        if before == Some(&row) {
            continue;
        }
        report.categories += 1;
        report.tell(|| format!("category {}: {}", row.slug, words(before, &row, &all)));
        if before.is_some_and(|before| found_by_words(before) != found_by_words(&row)) {
            changed.renamed.push(row.id);
        }
        changed.written.push(row.clone());
        all.insert(row.slug.clone(), row);
    }
    Ok((Categories { by_slug: all }, changed))
}

/// What the goods in a category are found by, of the category itself.
fn found_by_words(row: &CategoryRow) -> [&str; 3] {
    [&row.name_ja, &row.name_en, &row.search_words]
}

/// The row as it is after the import: what the file does not speak of stays.
fn row_after(
    id: i64,
    cells: &CategoryCells,
    before: Option<&CategoryRow>,
    all: &HashMap<String, CategoryRow>,
) -> CategoryRow {
    let mut row = before.cloned().unwrap_or_default();
    row.id = id;
    row.slug.clone_from(&cells.slug);
    if let Cell::Given(parent) = &cells.parent {
        row.parent_id = parent.as_ref().and_then(|parent| all.get(parent)).map(|parent| parent.id);
    }
    cells.position.put_into(&mut row.position);
    cells.name_ja.put_into(&mut row.name_ja);
    cells.name_en.put_into(&mut row.name_en);
    cells.text_ja.put_into(&mut row.text_ja);
    cells.text_en.put_into(&mut row.text_en);
    cells.search_words.put_into(&mut row.search_words);
    row
}

fn words(before: Option<&CategoryRow>, after: &CategoryRow, all: &HashMap<String, CategoryRow>) -> String {
    let Some(before) = before else { return "new".to_owned() };
    let mut words = plan::fields(before, after);
    if before.parent_id != after.parent_id {
        words.retain(|word| !word.starts_with("parent_id "));
        let slug = |id: Option<i64>| {
            let parent = all.values().find(|row| Some(row.id) == id);
            parent.map_or_else(|| "none".to_owned(), |row| format!("\"{}\"", row.slug))
        };
        words.push(format!("parent {} → {}", slug(before.parent_id), slug(after.parent_id)));
    }
    words.join("; ")
}

/// Makes all goods on sale in the category itself found by its new words, some hundred at a time, each in
/// a transaction of its own: the shop goes on selling meanwhile.
async fn reindex(shop: &Shop, category: &CategoryRow) -> Result<(), ImportError> {
    let mut last = 0;
    loop {
        let mut tx = shop.db.write_alone().await?;
        let held = rows::on_sale(&mut tx, category.id, last, i64::try_from(CHUNK).unwrap_or(i64::MAX)).await?;
        let Some(end) = held.products.values().map(|product| product.id).max() else { return Ok(()) };
        last = end;
        let (mut ids, mut search) = (Vec::new(), Vec::new());
        for product in held.products.values() {
            let variants = held.variants.get(&product.id).map_or(&[][..], Vec::as_slice);
            ids.push(product.id);
            search.extend(
                found_by(product, category, variants)
                    .map(|found_by| SearchRow { product_id: product.id, grams: found_by.grams().join(" ") }),
            );
        }
        rows::write_search(&mut tx, &ids, &search).await?;
        tx.commit().await?;
    }
}
