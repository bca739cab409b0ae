//! Searching, and what to show when nothing is found.

use noren_domain::Lang;
use noren_domain::catalogue::filter::PAGE_MAX;
use noren_domain::catalogue::{Crumb, Listing, PAGE_SIZE, ProductCard, SearchPage, clean_query};

use super::CatalogueError;
use super::rows::cards_of;
use super::sql::by_lang;
use crate::{Shop, fetch_all, search as index};

/// Products shown when nothing matches the whole question.
const NEAR: usize = 8;

/// Page `page` of what matches `query`, or what comes near it.
pub async fn search(shop: &Shop, lang: Lang, query: &str, page: u32) -> Result<SearchPage, CatalogueError> {
    let conn = &mut shop.db.read().await?;
    let query = clean_query(query);
    let sql = by_lang!(
        lang,
        "SELECT slug, name_",
        " AS name FROM category WHERE parent_id IS NULL ORDER BY position, id LIMIT 24"
    );
    let categories: Vec<(String, String)> = fetch_all!(conn, (String, String), sql).await?;
    let categories = categories.into_iter().map(|(slug, name)| Crumb { slug, name }).collect();
    let page = page.clamp(1, PAGE_MAX);
    let size = i64::from(PAGE_SIZE);
    let mut found = index::find(conn, &query, size, size * (i64::from(page) - 1)).await?;
    let total = if found.near { 0 } else { found.total.unsigned_abs() };
    let pages = Listing::pages_of(total);
    if page > pages && !found.near {
        found = index::find(conn, &query, size, size * (i64::from(pages) - 1)).await?;
    }
    found.ids.truncate(if found.near { NEAR } else { found.ids.len() });
    let cards = cards_of(conn, lang, &found.ids).await?;
    let (cards, near): (Vec<ProductCard>, Vec<ProductCard>) =
        if found.near { (Vec::new(), cards) } else { (cards, Vec::new()) };
    let listing = Listing { cards, total, page: page.min(pages), pages };
    Ok(SearchPage { query, listing, more: found.more, near, categories })
}

/// Words offered while somebody types.
pub async fn suggest(shop: &Shop, lang: Lang, typed: &str) -> Result<Vec<String>, CatalogueError> {
    let conn = &mut shop.db.read().await?;
    let offered = index::suggest(conn, &clean_query(typed), lang).await?;
    Ok(offered.into_iter().map(|suggestion| suggestion.text).collect())
}
