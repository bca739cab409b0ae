//! One product with all that its page shows.

use noren_domain::catalogue::{Picture, ProductCard, ProductDetail, StockState, Variant, details};
use noren_domain::prefecture::Prefecture;
use noren_domain::shipping::Method;
use noren_domain::{Lang, Yen};

use super::CatalogueError;
use super::rows::{CardRow, small, tax_class};
use super::sql::{Sql, by_lang};
use super::tree;
use crate::db::Conn;
use crate::{Shop, fetch_all, fetch_optional};

/// Others of the same category shown below a product.
const OTHERS: usize = 4;

#[derive(Debug, sqlx::FromRow)]
struct ProductRow {
    id: i64,
    category_id: i64,
    slug: String,
    name: String,
    summary: String,
    text: String,
    details: String,
    brand: String,
    tax_class: String,
    axis1: String,
    axis2: String,
    axis3: String,
}

#[derive(Debug, sqlx::FromRow)]
struct VariantRow {
    sku: String,
    option1: String,
    option2: String,
    option3: String,
    price: i64,
    compare_at: Option<i64>,
    picture_id: Option<i64>,
    free: i64,
}

#[derive(Debug, sqlx::FromRow)]
struct PictureRow {
    id: i64,
    hash: String,
    width: i64,
    height: i64,
    alt: String,
}

/// The product `slug`; `None`: there is no such product, or it is not for sale.
pub async fn product(shop: &Shop, lang: Lang, slug: &str) -> Result<Option<ProductDetail>, CatalogueError> {
    let conn = &mut shop.db.read().await?;
    let sql = by_lang!(
        lang,
        "SELECT p.id, p.category_id, p.slug, p.brand, p.tax_class, p.name_",
        " AS name, p.summary_",
        " AS summary, p.text_",
        " AS text, p.details_",
        " AS details, p.option1_name_",
        " AS axis1, p.option2_name_",
        " AS axis2, p.option3_name_",
        " AS axis3 FROM product p WHERE p.slug = $1 AND p.state = 'active'"
    );
    let Some(row) = fetch_optional!(conn, ProductRow, sql, slug).await? else { return Ok(None) };
    let pictures = pictures(conn, lang, row.id).await?;
    let axes: Vec<String> = [row.axis1, row.axis2, row.axis3].into_iter().filter(|name| !name.is_empty()).collect();
    let variants = variants(conn, lang, row.id, axes.len(), &pictures).await?;
    let others = others(conn, lang, row.category_id, row.id).await?;
    let crumbs = tree::way(conn, lang, row.category_id).await?;
    Ok(Some(ProductDetail {
        slug: row.slug,
        name: row.name,
        summary: row.summary,
        text: row.text,
        details: details(&row.details),
        brand: row.brand,
        tax_class: tax_class(&row.tax_class),
        axes,
        variants,
        pictures: pictures.into_iter().map(|(_, picture)| picture).collect(),
        crumbs,
        earliest: Method::Parcel.earliest(shop.now(), Prefecture::TOKYO).iso(),
        others,
    }))
}

async fn pictures(conn: &mut Conn, lang: Lang, product: i64) -> Result<Vec<(i64, Picture)>, sqlx::Error> {
    let sql = by_lang!(
        lang,
        "SELECT id, hash, width, height, alt_",
        " AS alt FROM picture WHERE product_id = $1 ORDER BY position"
    );
    let rows = fetch_all!(conn, PictureRow, sql, product).await?;
    let picture = |row: PictureRow| {
        (row.id, Picture { hash: row.hash, width: small(row.width), height: small(row.height), alt: row.alt })
    };
    Ok(rows.into_iter().map(picture).collect())
}

async fn variants(
    conn: &mut Conn,
    lang: Lang,
    product: i64,
    axes: usize,
    pictures: &[(i64, Picture)],
) -> Result<Vec<Variant>, sqlx::Error> {
    let sql = by_lang!(
        lang,
        "SELECT v.sku, v.option1_",
        " AS option1, v.option2_",
        " AS option2, v.option3_",
        " AS option3, v.price, v.compare_at, v.picture_id, COALESCE(s.on_hand - s.reserved, 0) AS free \
         FROM variant v LEFT JOIN stock s ON s.variant_id = v.id \
         WHERE v.product_id = $1 AND v.state = 'active' ORDER BY v.position, v.id"
    );
    let rows = fetch_all!(conn, VariantRow, sql, product).await?;
    let variant = |row: VariantRow| Variant {
        sku: row.sku,
        options: [row.option1, row.option2, row.option3].into_iter().take(axes).collect(),
        price: Yen(row.price),
        compare_at: row.compare_at.map(Yen),
        stock: StockState::of(row.free),
        picture: pictures.iter().position(|(id, _)| Some(*id) == row.picture_id).and_then(|at| u32::try_from(at).ok()),
    };
    Ok(rows.into_iter().map(variant).collect())
}

/// The next ones in the owner's order, from the start again after the last.
async fn others(conn: &mut Conn, lang: Lang, category: i64, product: i64) -> Result<Vec<ProductCard>, sqlx::Error> {
    let mut sql = Sql::new("WITH wanted (id) AS (");
    sql.add("SELECT id FROM (SELECT id FROM product WHERE category_id = ").bind(category);
    sql.add(" AND state = 'active' AND id > ").bind(product).add(" ORDER BY id LIMIT 4) AS after_it");
    sql.add(" UNION ALL SELECT id FROM (SELECT id FROM product WHERE category_id = ").bind(category);
    sql.add(" AND state = 'active' AND id < ").bind(product).add(" ORDER BY id LIMIT 4) AS before_it)");
    sql.add(" ").add_cards_of_wanted(lang);
    let mut rows: Vec<CardRow> = sql.all(conn).await?;
    rows.sort_by_key(|row| (row.id < product, row.id));
    Ok(rows.into_iter().take(OTHERS).map(ProductCard::from).collect())
}
