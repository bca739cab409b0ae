//! Where a category stands: the way down to it, and everything inside it.

use noren_domain::Lang;
use noren_domain::catalogue::Crumb;

use super::sql::by_lang;
use crate::db::Conn;
use crate::fetch_all;

/// The categories from the top down to `category`, itself the last. The bound ends the way should
/// somebody have tied categories into a ring past the import.
pub async fn way(conn: &mut Conn, lang: Lang, category: i64) -> Result<Vec<Crumb>, sqlx::Error> {
    let sql = by_lang!(
        lang,
        "WITH RECURSIVE way (id, parent_id, steps) AS (SELECT id, parent_id, 0 FROM category WHERE id = $1 \
         UNION ALL SELECT u.id, u.parent_id, w.steps + 1 FROM way w JOIN category u ON u.id = w.parent_id WHERE w.steps < 30) \
         SELECT c.slug, c.name_",
        " AS name FROM way w JOIN category c ON c.id = w.id ORDER BY w.steps DESC"
    );
    let rows = fetch_all!(conn, (String, String), sql, category).await?;
    Ok(rows.into_iter().map(|(slug, name)| Crumb { slug, name }).collect())
}

/// The numbers of `category` and of all categories inside it, however deep.
pub async fn inside(conn: &mut Conn, category: i64) -> Result<Vec<i64>, sqlx::Error> {
    let sql = "WITH RECURSIVE inside (id) AS (SELECT id FROM category WHERE id = $1 \
         UNION SELECT c.id FROM inside i JOIN category c ON c.parent_id = i.id) SELECT id FROM inside ORDER BY id";
    let rows = fetch_all!(conn, (i64,), sql, category).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
