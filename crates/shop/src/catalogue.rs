//! Reading the catalogue: home, category, product, search, sitemap.
//!
//! One connection per page and a handful of indexed reads; lists never read descriptions.

use crate::db::Dialect;
use crate::{Shop, execute};

mod home;
mod listing;
mod product;
mod rows;
mod search;
mod shelf;
mod sitemap;
mod sql;
mod tree;

pub use home::home;
pub use listing::category;
pub use product::product;
pub use search::{search, suggest};
pub use shelf::Shelf;
pub use sitemap::{SITEMAP_PRODUCTS, SitemapEntry, sitemap_categories, sitemap_parts, sitemap_products};

/// Fills the sets that lists are answered from, so that the first visitor does not wait for it.
pub async fn warm(shop: &Shop) -> Result<(), CatalogueError> {
    if shop.db.dialect() == Dialect::Postgres {
        // A database restored onto another server brings transaction numbers that are still to come there.
        let mut tx = shop.db.write().await?;
        let sql = "UPDATE product_change SET changed = 0 WHERE changed >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint";
        execute!(tx, sql).await?;
        tx.commit().await?;
    }
    Ok(shelf::up_to_date(shop, &mut shop.db.read().await?).await?)
}

/// The catalogue cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The database.
    #[error("the catalogue cannot be read: {0}")]
    Database(#[from] sqlx::Error),
}

#[cfg(test)]
mod tests;
