//! Rows of the catalogue, and what pages make of them.

use noren_domain::catalogue::{Picture, ProductCard};
use noren_domain::tax::TaxClass;
use noren_domain::{Lang, Yen};

use super::sql::Sql;
use crate::db::Conn;

/// A product in a list; columns of [`Sql::add_cards_of_wanted`].
#[derive(Debug, sqlx::FromRow)]
pub struct CardRow {
    pub id: i64,
    slug: String,
    name: String,
    price_min: i64,
    price_max: i64,
    in_stock: bool,
    tax_class: String,
    compare_at: Option<i64>,
    choices: i64,
    hash: Option<String>,
    width: Option<i64>,
    height: Option<i64>,
    alt: Option<String>,
}

impl From<CardRow> for ProductCard {
    fn from(row: CardRow) -> Self {
        Self {
            slug: row.slug,
            name: row.name,
            price_min: Yen(row.price_min),
            price_max: Yen(row.price_max),
            compare_at: row.compare_at.map(Yen),
            in_stock: row.in_stock,
            choices: small(row.choices),
            tax_class: tax_class(&row.tax_class),
            picture: picture(row.hash, row.width, row.height, row.alt),
        }
    }
}

/// A count or a pixel size from the database.
pub fn small(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(0)
}

/// A tax class from the database, whose CHECK allows no other word.
pub fn tax_class(word: &str) -> TaxClass {
    TaxClass::from_word(word).unwrap_or(TaxClass::Standard)
}

/// A picture from joined columns, if there is one.
pub fn picture(hash: Option<String>, width: Option<i64>, height: Option<i64>, alt: Option<String>) -> Option<Picture> {
    Some(Picture { hash: hash?, width: small(width?), height: small(height?), alt: alt.unwrap_or_default() })
}

/// The active products among `ids`, in the order of `ids`.
pub async fn cards_of(conn: &mut Conn, lang: Lang, ids: &[i64]) -> Result<Vec<ProductCard>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new("WITH wanted (id) AS (");
    sql.bind_rows(ids).add(") ").add_cards_of_wanted(lang).add(" AND p.state = 'active'");
    let mut rows: Vec<CardRow> = sql.all(conn).await?;
    rows.sort_by_key(|row| ids.iter().position(|id| *id == row.id));
    Ok(rows.into_iter().map(ProductCard::from).collect())
}
