//! The rows of changes.

use noren_domain::Id;
use noren_domain::account::Customer;
use uuid::Uuid;

use super::BACK_LIFE;
use crate::clock::SKEW;
use crate::db::{Conn, Dialect};
use crate::vault::Indexes;
use crate::{Shop, execute, fetch_all, fetch_optional};

/// A change, as the database has it.
#[derive(Clone, sqlx::FromRow)]
pub struct Row {
    pub id: Uuid,
    pub customer_id: Uuid,
    pub state: String,
    pub way: String,
    pub email: Vec<u8>,
    pub email_index: Vec<u8>,
    pub code_id: Uuid,
    pub lang: String,
    pub user_agent: String,
    pub network: String,
    pub created_at: i64,
    pub due_at: i64,
}

/// The columns of a [`Row`].
macro_rules! columns {
    () => {
        "id, customer_id, state, way, email, email_index, code_id, lang, user_agent, network, created_at, due_at"
    };
}

impl Row {
    /// Whose.
    pub fn customer(&self) -> Id<Customer> {
        Id::new(self.customer_id)
    }

    /// The index of its address as it stands here, where nobody has said the address.
    pub fn index(&self) -> Indexes {
        let newest = <[u8; 32]>::try_from(self.email_index.as_slice()).unwrap_or_default();
        Indexes { newest, earlier: None }
    }

    /// Whether it is not in effect yet.
    pub fn is_open(&self) -> bool {
        matches!(self.state.as_str(), "new" | "old" | "waiting")
    }

    /// Whether a recovery code took the old mailbox's place.
    pub fn is_paper(&self) -> bool {
        self.way == "paper"
    }
}

/// Has everything else wait that concerns the customer, and takes the row as it will be changed: an address is a key.
pub async fn hold_whole(conn: &mut Conn, customer: Id<Customer>) -> Result<(), sqlx::Error> {
    if conn.dialect() == Dialect::Postgres {
        fetch_optional!(conn, (Uuid,), "SELECT id FROM customer WHERE id = $1 FOR UPDATE", customer.0).await?;
    }
    Ok(())
}

/// The customer's change that is not in effect yet, if its time is not over.
pub async fn open(conn: &mut Conn, shop: &Shop, customer: Id<Customer>) -> Result<Option<Row>, sqlx::Error> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM email_change WHERE customer_id = $1 AND (state IN ('new', 'old') AND due_at > $2 OR state = 'waiting')"
    );
    fetch_optional!(conn, Row, sql, customer.0, shop.now()).await
}

/// The change with this number.
pub async fn of(conn: &mut Conn, id: Uuid) -> Result<Option<Row>, sqlx::Error> {
    let sql = concat!("SELECT ", columns!(), " FROM email_change WHERE id = $1");
    fetch_optional!(conn, Row, sql, id).await
}

/// A change, and its customer as a mail needs them.
#[derive(sqlx::FromRow)]
pub struct Told {
    #[sqlx(flatten)]
    pub change: Row,
    pub owner_email: Vec<u8>,
    pub owner_lang: String,
    pub phrase_no: i64,
}

/// The change with this number, with its customer in the same moment: when it takes effect the two addresses are
/// exchanged, and a mail must not take one from before and one from after.
pub async fn told(conn: &mut Conn, id: Uuid) -> Result<Option<Told>, sqlx::Error> {
    let sql = "SELECT change.id, change.customer_id, change.state, change.way, change.email, change.email_index, change.code_id,
                      change.lang, change.user_agent, change.network, change.created_at, change.due_at,
                      customer.email AS owner_email, customer.lang AS owner_lang, customer.phrase_no
               FROM email_change change JOIN customer ON customer.id = change.customer_id WHERE change.id = $1";
    fetch_optional!(conn, Told, sql, id).await
}

/// The change that a link takes back, if it still can be.
pub async fn by_link(conn: &mut Conn, shop: &Shop, hash: [u8; 32]) -> Result<Option<Row>, sqlx::Error> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM email_change WHERE back_hash = $1 AND way <> 'paper' \
         AND (state IN ('new', 'old', 'done') AND due_at > $2 OR state = 'waiting')"
    );
    fetch_optional!(conn, Row, sql, hash.to_vec(), shop.now()).await
}

/// The change by which an address was left, and that a recovery code takes back.
pub async fn by_old_address(conn: &mut Conn, shop: &Shop, old: &Indexes) -> Result<Option<Row>, sqlx::Error> {
    let [newest, earlier] = old.both().map(Vec::from);
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM email_change WHERE email_index IN ($1, $2) AND state = 'done' AND way = 'paper' AND due_at > $3 \
         ORDER BY changed_at, id LIMIT 1"
    );
    fetch_optional!(conn, Row, sql, newest, earlier, shop.now()).await
}

/// Whether somebody but `customer` left this address and can still have it back; and whether that is a secret, for the
/// mailbox is not safe.
pub async fn is_held(
    conn: &mut Conn,
    shop: &Shop,
    index: &Indexes,
    customer: Id<Customer>,
) -> Result<Option<bool>, sqlx::Error> {
    let [newest, earlier] = index.both().map(Vec::from);
    let sql = "SELECT way = 'paper' FROM email_change WHERE email_index IN ($1, $2) AND state = 'done' AND due_at > $3 AND customer_id <> $4
               ORDER BY way = 'paper' DESC LIMIT 1";
    let row = fetch_optional!(conn, (bool,), sql, newest, earlier, shop.now(), customer.0).await?;
    Ok(row.map(|(secret,)| secret))
}

/// The registrations that wait with this address, held in one order where several people write at once.
pub async fn registrations(conn: &mut Conn, index: &Indexes) -> Result<Vec<Uuid>, sqlx::Error> {
    let [newest, earlier] = index.both().map(Vec::from);
    let sql = match conn.dialect() {
        Dialect::Sqlite => "SELECT id FROM registration WHERE email_index IN ($1, $2) ORDER BY id",
        Dialect::Postgres => "SELECT id FROM registration WHERE email_index IN ($1, $2) ORDER BY id FOR UPDATE",
    };
    Ok(fetch_all!(conn, (Uuid,), sql, newest, earlier).await?.into_iter().map(|(id,)| id).collect())
}

/// The customer's other changes that are not in effect yet, or were not asked for before this one.
pub async fn later(conn: &mut Conn, row: &Row) -> Result<Vec<Uuid>, sqlx::Error> {
    let sql = "SELECT id FROM email_change WHERE customer_id = $1 AND id <> $2 AND (state IN ('new', 'old', 'waiting') OR created_at >= $3) ORDER BY id";
    Ok(fetch_all!(conn, (Uuid,), sql, row.customer_id, row.id, row.created_at)
        .await?
        .into_iter()
        .map(|(id,)| id)
        .collect())
}

/// Asks for another code, with tries of its own.
pub async fn ask_code(conn: &mut Conn, id: Uuid, state: &str, code_id: Uuid, until: i64) -> Result<u64, sqlx::Error> {
    let sql = "UPDATE email_change SET state = $2, code_id = $3, code_until = $4, tries = 0 WHERE id = $1";
    execute!(conn, sql, id, state, code_id, until).await
}

/// What was asked for, took effect or ends further ahead than it can on a right clock; `$1` and `$2` are [`ends`].
macro_rules! ahead {
    () => {
        "due_at > $1 AND (created_at > $1 OR COALESCE(changed_at, 0) > $1 OR due_at > $2)"
    };
}

/// After when, on a clock that says `now`, nothing can have been written, and nothing can end.
fn ends(now: i64) -> [i64; 2] {
    [now + SKEW, now + SKEW + BACK_LIFE]
}

/// Marks what lies ahead of `now` as found so then, and takes the mark from what does not. A mark that lies ahead itself is
/// made anew: it would be too long until it counts.
pub async fn mark_ahead(conn: &mut Conn, now: i64) -> Result<(), sqlx::Error> {
    let [latest, last] = ends(now);
    let sql =
        concat!("UPDATE email_change SET ahead_since = NULL WHERE ahead_since IS NOT NULL AND NOT (", ahead!(), ")");
    execute!(conn, sql, latest, last).await?;
    let sql = concat!(
        "UPDATE email_change SET ahead_since = $3 WHERE (ahead_since IS NULL OR ahead_since > $3) AND ",
        ahead!()
    );
    execute!(conn, sql, latest, last, now).await?;
    Ok(())
}

/// The customer's changes that lie ahead of `now`, the latest first: number, state, and since when that is known.
pub async fn ahead(
    conn: &mut Conn,
    customer: Id<Customer>,
    now: i64,
) -> Result<Vec<(Uuid, String, Option<i64>)>, sqlx::Error> {
    let [latest, last] = ends(now);
    let sql = concat!(
        "SELECT id, state, ahead_since FROM email_change WHERE customer_id = $3 AND ",
        ahead!(),
        " ORDER BY created_at DESC, id DESC"
    );
    fetch_all!(conn, (Uuid, String, Option<i64>), sql, latest, last, customer.0).await
}

/// Brings what lies ahead of `now` back to `at`, and the end of the change to `until` where it lies after that.
pub async fn bring_back(conn: &mut Conn, id: Uuid, now: i64, at: i64, until: i64) -> Result<u64, sqlx::Error> {
    let [latest, _] = ends(now);
    let sql = "UPDATE email_change SET created_at = CASE WHEN created_at > $2 THEN $3 ELSE created_at END,
                 changed_at = CASE WHEN changed_at > $2 THEN $3 ELSE changed_at END,
                 due_at = CASE WHEN due_at > $4 THEN $4 ELSE due_at END, ahead_since = NULL WHERE id = $1";
    execute!(conn, sql, id, latest, at, until).await
}
