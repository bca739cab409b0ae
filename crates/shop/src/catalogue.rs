//! Reading the catalogue: home, category, product, search, sitemap.
//!
//! One connection per page and a handful of indexed reads; lists never read descriptions.

mod home;
mod listing;
mod product;
mod rows;
mod search;
mod sitemap;
mod sql;

pub use home::home;
pub use listing::category;
pub use product::product;
pub use search::{search, suggest};
pub use sitemap::{SITEMAP_PRODUCTS, SitemapEntry, sitemap_categories, sitemap_parts, sitemap_products};

/// The catalogue cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The database.
    #[error("the catalogue cannot be read: {0}")]
    Database(#[from] sqlx::Error),
}

#[cfg(test)]
mod tests;
