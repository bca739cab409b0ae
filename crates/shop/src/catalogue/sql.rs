//! SQL whose conditions depend on what a visitor chose. The text is put together from constant
//! parts only; every value is bound.

use noren_domain::Lang;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, FromRow};

use crate::db::{Conn, Raw};

/// The columns of one language: `by_lang!(lang, "SELECT name_", " FROM …")` is a constant text
/// with `ja` or `en` between the parts.
macro_rules! by_lang {
    ($lang:expr, $first:literal $(, $rest:literal)* $(,)?) => {
        match $lang {
            noren_domain::Lang::Ja => concat!($first $(, "ja", $rest)*),
            noren_domain::Lang::En => concat!($first $(, "en", $rest)*),
        }
    };
}
pub(super) use by_lang;

/// A statement in the making.
#[derive(Clone, Debug, Default)]
pub struct Sql {
    text: String,
    args: Vec<i64>,
}

impl Sql {
    /// Starts with constant text.
    pub fn new(text: &'static str) -> Self {
        Self { text: text.to_owned(), args: Vec::new() }
    }

    /// Adds constant text.
    pub fn add(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a placeholder and the value it stands for.
    pub fn bind(&mut self, arg: i64) -> &mut Self {
        self.args.push(arg);
        self.text.push('$');
        self.text.push_str(&self.args.len().to_string());
        self
    }

    /// Adds `VALUES (…), (…)`: a table of one column with `ids`, which are not none.
    pub fn bind_rows(&mut self, ids: &[i64]) -> &mut Self {
        self.text.push_str("VALUES ");
        for (i, id) in ids.iter().enumerate() {
            self.text.push_str(if i > 0 { "), (" } else { "(" });
            self.bind(*id);
        }
        self.text.push(')');
        self
    }

    /// Adds the query for the cards of the products whose `id` a table `wanted` has, as `p`; more
    /// conditions may follow. A cross join with a condition, for on SQLite it says what is read first:
    /// with `IN`, its planner may take to reading every product on sale instead.
    pub fn add_cards_of_wanted(&mut self, lang: Lang) -> &mut Self {
        self.add(by_lang!(
            lang,
            "SELECT p.id, p.slug, p.name_",
            " AS name, p.price_min, p.price_max, p.in_stock, p.tax_class, \
             (SELECT v.compare_at FROM variant v WHERE v.product_id = p.id AND v.state = 'active' \
             ORDER BY v.price, v.position LIMIT 1) AS compare_at, \
             (SELECT COUNT(*) FROM variant v WHERE v.product_id = p.id AND v.state = 'active') AS choices, \
             i.hash, i.width, i.height, i.alt_",
            " AS alt FROM wanted w CROSS JOIN product p LEFT JOIN picture i ON i.id = \
             (SELECT x.id FROM picture x WHERE x.product_id = p.id ORDER BY x.position LIMIT 1) WHERE p.id = w.id",
        ))
    }

    /// Reads every row.
    pub async fn all<R>(self, conn: &mut Conn) -> Result<Vec<R>, sqlx::Error>
    where
        R: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let text = AssertSqlSafe(self.text);
        match conn.raw() {
            Raw::Sqlite(conn) => {
                let mut query = sqlx::query_as(text);
                for arg in self.args {
                    query = query.bind(arg);
                }
                query.fetch_all(conn).await
            }
            Raw::Postgres(conn) => {
                let mut query = sqlx::query_as(text);
                for arg in self.args {
                    query = query.bind(arg);
                }
                query.fetch_all(conn).await
            }
        }
    }
}
