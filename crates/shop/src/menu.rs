//! The categories that every page's head offers.

use noren_domain::Text;

use crate::db::Conn;
use crate::fetch_all;

/// Slug and name of each top category, in the shop's order.
pub async fn categories(conn: &mut Conn) -> Result<Vec<(String, Text)>, sqlx::Error> {
    let rows = fetch_all!(
        conn,
        (String, String, String),
        "SELECT slug, name_ja, name_en FROM category WHERE parent_id IS NULL ORDER BY position, id",
    )
    .await?;
    Ok(rows.into_iter().map(|(slug, ja, en)| (slug, Text { ja, en })).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{execute, on_both_databases};

    on_both_databases!(only_top_categories_are_offered_in_the_shops_order(shop) {
        let mut conn = shop.db.write().await.unwrap();
        for (id, slug, parent, position) in [(1, "tea", None, 2), (2, "sencha", Some(1), 1), (3, "noren", None, 1)] {
            execute!(
                conn,
                "INSERT INTO category (id, slug, parent_id, position, name_ja, name_en, text_ja, text_en)
                 VALUES ($1, $2, $3, $4, '茶', 'Tea', '', '')",
                i64::from(id),
                slug,
                parent.map(i64::from),
                i64::from(position),
            )
            .await
            .unwrap();
        }
        let offered = categories(&mut conn).await.unwrap();
        let slugs: Vec<_> = offered.iter().map(|(slug, _)| slug.as_str()).collect();
        assert_eq!(slugs, ["noren", "tea"]);
    });
}
