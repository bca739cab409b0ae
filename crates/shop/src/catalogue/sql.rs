//! SQL whose conditions depend on what a visitor chose. The text is put together from constant
//! parts only; every value is bound.

use noren_domain::Lang;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, FromRow};

use crate::db::{Conn, Raw};

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

    /// Adds `(…, …)` of numbers.
    pub fn bind_ids(&mut self, ids: &[i64]) -> &mut Self {
        self.text.push('(');
        for (i, id) in ids.iter().enumerate() {
            if i > 0 {
                self.text.push_str(", ");
            }
            self.bind(*id);
        }
        self.text.push(')');
        self
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

/// The columns of a product in a list, for `FROM product p` with [`CARD_PICTURE`] joined.
pub fn card_columns(lang: Lang) -> &'static str {
    by_lang!(
        lang,
        "p.id, p.slug, p.name_",
        " AS name, p.price_min, p.price_max, p.in_stock, p.tax_class, \
         (SELECT MAX(v.compare_at) FROM variant v WHERE v.product_id = p.id AND v.state = 'active') AS compare_at, \
         (SELECT COUNT(*) FROM variant v WHERE v.product_id = p.id AND v.state = 'active') AS choices, \
         i.hash, i.width, i.height, i.alt_",
        " AS alt ",
    )
}

/// Joins the first picture of `p` as `i`.
pub const CARD_PICTURE: &str = " LEFT JOIN picture i ON i.id = \
     (SELECT x.id FROM picture x WHERE x.product_id = p.id ORDER BY x.position LIMIT 1) ";
