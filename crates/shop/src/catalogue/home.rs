//! The front of the shop.

use noren_domain::Lang;
use noren_domain::catalogue::{CategoryCard, HomePage, ProductCard};

use super::CatalogueError;
use super::rows::{CardRow, picture};
use super::sql::{Sql, by_lang};
use crate::Shop;
use crate::db::Conn;

#[derive(Debug, sqlx::FromRow)]
struct CategoryRow {
    slug: String,
    name: String,
    text: String,
    hash: Option<String>,
    width: Option<i64>,
    height: Option<i64>,
    alt: Option<String>,
}

/// What the home page shows.
pub async fn home(shop: &Shop, lang: Lang) -> Result<HomePage, CatalogueError> {
    let conn = &mut shop.db.read().await?;
    let categories = categories(conn, lang).await?;
    let arrivals = cards(
        conn,
        lang,
        "SELECT id FROM product WHERE state = 'active' ORDER BY created_at DESC, id DESC LIMIT 8",
        true,
    )
    .await?;
    let mut picks = cards(conn, lang, PICKS, false).await?;
    let front = shop.media_dir().join("source").join("home-tall").exists();
    // One of the goods stands in for the shop's front, and not below once more.
    let hero = (!front && !picks.is_empty()).then(|| picks.remove(usize::from(picks.len() > 1)));
    Ok(HomePage { front, hero, categories, arrivals, picks })
}

/// Every category with the top one it is in and how many steps below that it stands. It begins at the
/// tops, so it ends. A query that does not ask for it does not pay for it.
const TREE: &str = "WITH RECURSIVE tree (top, id, steps) AS (SELECT id, id, 0 FROM category WHERE parent_id IS NULL \
     UNION ALL SELECT t.top, k.id, t.steps + 1 FROM tree t JOIN category k ON k.parent_id = t.id) ";

/// The second product of each top category, or of the nearest one inside it that has goods: the first
/// one stands for the category itself.
const PICKS: &str = "SELECT (SELECT p.id FROM product p WHERE p.state = 'active' AND p.category_id = \
     (SELECT k.id FROM tree t JOIN category k ON k.id = t.id WHERE t.top = c.id \
     AND EXISTS (SELECT 1 FROM product x WHERE x.category_id = k.id AND x.state = 'active') \
     ORDER BY t.steps, k.position, k.id LIMIT 1) ORDER BY p.id LIMIT 1 OFFSET 1) \
     FROM category c WHERE c.parent_id IS NULL ORDER BY c.position, c.id LIMIT 9";

async fn cards(
    conn: &mut Conn,
    lang: Lang,
    ids: &'static str,
    newest_first: bool,
) -> Result<Vec<ProductCard>, sqlx::Error> {
    let mut sql = Sql::new(TREE);
    sql.add(", wanted (id) AS (").add(ids).add(") ").add_cards_of_wanted(lang);
    sql.add(if newest_first { " ORDER BY p.created_at DESC, p.id DESC" } else { " ORDER BY p.id" });
    let rows: Vec<CardRow> = sql.all(conn).await?;
    Ok(rows.into_iter().map(ProductCard::from).collect())
}

async fn categories(conn: &mut Conn, lang: Lang) -> Result<Vec<CategoryCard>, sqlx::Error> {
    let mut sql = Sql::new(TREE);
    sql.add(by_lang!(
        lang,
        "SELECT c.slug, c.name_",
        " AS name, c.text_",
        " AS text, i.hash, i.width, i.height, i.alt_",
        " AS alt FROM category c LEFT JOIN picture i ON i.id = (SELECT x.id FROM picture x WHERE x.product_id = \
         (SELECT f.product FROM (SELECT t.steps, k.position, k.id, (SELECT p.id FROM product p \
         WHERE p.category_id = k.id AND p.state = 'active' ORDER BY p.id LIMIT 1) AS product \
         FROM tree t JOIN category k ON k.id = t.id WHERE t.top = c.id) AS f WHERE f.product IS NOT NULL \
         ORDER BY f.steps, f.position, f.id LIMIT 1) \
         ORDER BY x.position LIMIT 1) WHERE c.parent_id IS NULL ORDER BY c.position, c.id LIMIT 24"
    ));
    let rows: Vec<CategoryRow> = sql.all(conn).await?;
    let card = |row: CategoryRow| CategoryCard {
        slug: row.slug,
        name: row.name,
        text: row.text,
        picture: picture(row.hash, row.width, row.height, row.alt),
    };
    Ok(rows.into_iter().map(card).collect())
}
