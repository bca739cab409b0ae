//! What search engines are told to look at.

use super::CatalogueError;
use crate::{Shop, fetch_all};

/// Products in one sitemap file. With two languages each this stays below the 50,000 addresses
/// and 50 MB that the protocol allows.
pub const SITEMAP_PRODUCTS: i64 = 10_000;

/// One product for a sitemap.
#[derive(Debug, sqlx::FromRow)]
pub struct SitemapEntry {
    /// Names it in its URL.
    pub slug: String,
    /// When it last changed, in UTC milliseconds.
    pub updated_at: i64,
}

/// Where each file of products begins: it holds those with an id above this number.
pub async fn sitemap_parts(shop: &Shop) -> Result<Vec<i64>, CatalogueError> {
    let conn = &mut shop.db.read().await?;
    let ends: Vec<(i64,)> = fetch_all!(
        conn,
        (i64,),
        "SELECT id FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS n FROM product WHERE state = 'active') AS numbered \
         WHERE n % $1 = 0 ORDER BY id",
        SITEMAP_PRODUCTS
    )
    .await?;
    Ok([0].into_iter().chain(ends.into_iter().map(|(id,)| id)).collect())
}

/// The products of the file that begins after `after`.
pub async fn sitemap_products(shop: &Shop, after: i64) -> Result<Vec<SitemapEntry>, CatalogueError> {
    let conn = &mut shop.db.read().await?;
    let sql = "SELECT slug, updated_at FROM product WHERE state = 'active' AND id > $1 ORDER BY id LIMIT $2";
    Ok(fetch_all!(conn, SitemapEntry, sql, after, SITEMAP_PRODUCTS).await?)
}

/// The slugs of all categories.
pub async fn sitemap_categories(shop: &Shop) -> Result<Vec<String>, CatalogueError> {
    let conn = &mut shop.db.read().await?;
    let rows: Vec<(String,)> =
        fetch_all!(conn, (String,), "SELECT slug FROM category ORDER BY position, id LIMIT 1000").await?;
    Ok(rows.into_iter().map(|(slug,)| slug).collect())
}
