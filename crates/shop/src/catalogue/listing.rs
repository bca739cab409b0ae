//! A category: its goods, narrowed and sorted, and what it can be narrowed by.

use std::collections::BTreeMap;

use noren_domain::Lang;
use noren_domain::catalogue::{CategoryPage, Crumb, Facet, FacetValue, Filter, Listing};

use super::CatalogueError;
use super::rows::cards_of;
use super::shelf::{self, Counted};
use super::sql::by_lang;
use super::tree;
use crate::{Shop, fetch_all, fetch_optional};

/// Values of one facet that are offered; the rest is found by narrowing otherwise.
const VALUES_SHOWN: usize = 40;

#[derive(Debug, sqlx::FromRow)]
struct CategoryRow {
    id: i64,
    slug: String,
    name: String,
    text: String,
}

/// The category `slug` as `filter` asks for it; `None`: there is no such category.
pub async fn category(
    shop: &Shop,
    lang: Lang,
    slug: &str,
    mut filter: Filter,
) -> Result<Option<CategoryPage>, CatalogueError> {
    let conn = &mut shop.db.read().await?;
    let sql = by_lang!(
        lang,
        "SELECT c.id, c.slug, c.name_",
        " AS name, c.text_",
        " AS text FROM category c WHERE c.slug = $1"
    );
    let Some(category) = fetch_optional!(conn, CategoryRow, sql, slug).await? else { return Ok(None) };
    let sql = by_lang!(lang, "SELECT slug, name_", " AS name FROM category WHERE parent_id = $1 ORDER BY position, id");
    let children: Vec<(String, String)> = fetch_all!(conn, (String, String), sql, category.id).await?;
    let place = tree::inside(conn, category.id).await?;
    let mut crumbs = tree::way(conn, lang, category.id).await?;
    // The last is the category itself.
    crumbs.pop();

    shelf::up_to_date(shop, conn).await?;
    let answer = shop.shelf().list(lang, &place, &filter);
    filter.page = answer.page;
    let cards = cards_of(conn, lang, &answer.ids).await?;
    let facets = arrange(answer.facets, &filter);
    Ok(Some(CategoryPage {
        slug: category.slug,
        name: category.name,
        text: category.text,
        crumbs,
        children: children.into_iter().map(|(slug, name)| Crumb { slug, name }).collect(),
        facets,
        in_stock: answer.in_stock,
        listing: Listing { cards, total: answer.total, page: answer.page, pages: Listing::pages_of(answer.total) },
        filter,
    }))
}

/// Facets with their values, in the order they are offered.
fn arrange(rows: Vec<Counted>, filter: &Filter) -> Vec<Facet> {
    let mut facets: BTreeMap<String, Facet> = BTreeMap::new();
    for row in rows {
        let facet = facets.entry(row.facet.clone()).or_insert_with(|| Facet {
            key: row.facet.clone(),
            words: row.facet_words,
            values: Vec::new(),
        });
        let chosen = filter.has(&row.facet, &row.value);
        facet.values.push(FacetValue { value: row.value, words: row.value_words, count: row.count, chosen });
    }
    // A chosen value that nothing matches any more must stay, or nobody could take it back.
    for (key, values) in &filter.facets {
        let facet = facets.entry(key.clone()).or_insert_with(|| Facet {
            key: key.clone(),
            words: key.clone(),
            values: Vec::new(),
        });
        for value in values {
            if !facet.values.iter().any(|known| known.value == *value) {
                facet.values.push(FacetValue { value: value.clone(), words: value.clone(), count: 0, chosen: true });
            }
        }
    }
    let mut facets: Vec<Facet> = facets.into_values().collect();
    for facet in &mut facets {
        facet.values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.words.cmp(&b.words)));
        let mut kept = 0;
        facet.values.retain(|value| {
            kept += 1;
            kept <= VALUES_SHOWN || value.chosen
        });
    }
    // The maker last: what a thing looks like comes before who made it.
    facets.sort_by_key(|facet| facet.key == "brand");
    facets
}
