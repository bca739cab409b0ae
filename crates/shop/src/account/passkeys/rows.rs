//! Passkeys and their challenges in the database.

use noren_domain::Id;
use noren_domain::account::Customer;
use uuid::Uuid;

use crate::clock::SKEW;
use crate::db::{Conn, Dialect};
use crate::token::Token;
use crate::{execute, fetch_all, fetch_one, fetch_optional};

/// Challenges whose time is over.
pub(crate) const OVER_CEREMONIES: &str =
    "SELECT id FROM passkey_ceremony WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2";

/// What a challenge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A new passkey.
    Add,
    /// Signing in, or proving it once more.
    SignIn,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::SignIn => "sign_in",
        }
    }
}

/// One passkey.
#[derive(sqlx::FromRow)]
pub struct Row {
    pub credential_id: Vec<u8>,
    pub credential: String,
    pub name: String,
    pub backed_up: bool,
    pub created_at: i64,
    pub used_at: Option<i64>,
}

/// A passkey as it is verified.
#[derive(sqlx::FromRow)]
pub struct Found {
    pub customer_id: Uuid,
    pub credential: String,
    pub created_at: i64,
}

pub async fn email(conn: &mut Conn, customer: Id<Customer>) -> Result<Vec<u8>, sqlx::Error> {
    let (email,) = fetch_one!(conn, (Vec<u8>,), "SELECT email FROM customer WHERE id = $1", customer.0).await?;
    Ok(email)
}

/// Every passkey of the customer, the oldest first.
pub async fn of(conn: &mut Conn, customer: Id<Customer>) -> Result<Vec<Row>, sqlx::Error> {
    let sql = "SELECT credential_id, credential, name, backed_up, created_at, used_at FROM passkey
               WHERE customer_id = $1 ORDER BY created_at, credential_id";
    fetch_all!(conn, Row, sql, customer.0).await
}

/// Whether it is new.
pub async fn insert(conn: &mut Conn, customer: Id<Customer>, row: &Row) -> Result<bool, sqlx::Error> {
    let added = execute!(
        conn,
        "INSERT INTO passkey (credential_id, customer_id, credential, name, backed_up, created_at, used_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (credential_id) DO NOTHING",
        &row.credential_id,
        customer.0,
        &row.credential,
        &row.name,
        row.backed_up,
        row.created_at,
        row.used_at
    )
    .await?;
    Ok(added == 1)
}

/// Whether it is there and theirs.
pub async fn rename(conn: &mut Conn, customer: Id<Customer>, id: &[u8], name: &str) -> Result<bool, sqlx::Error> {
    let sql = "UPDATE passkey SET name = $3 WHERE credential_id = $1 AND customer_id = $2";
    Ok(execute!(conn, sql, id, customer.0, name).await? == 1)
}

/// Whether it was there and theirs.
pub async fn delete(conn: &mut Conn, customer: Id<Customer>, id: &[u8]) -> Result<bool, sqlx::Error> {
    let sql = "DELETE FROM passkey WHERE credential_id = $1 AND customer_id = $2";
    Ok(execute!(conn, sql, id, customer.0).await? == 1)
}

/// Whose passkey it is, without holding it.
pub async fn owner(conn: &mut Conn, id: &[u8]) -> Result<Option<Id<Customer>>, sqlx::Error> {
    let sql = "SELECT customer_id FROM passkey WHERE credential_id = $1";
    Ok(fetch_optional!(conn, (Uuid,), sql, id).await?.map(|(owner,)| Id::new(owner)))
}

/// The passkey, held until the transaction ends: its counter is compared and then written.
pub async fn find(conn: &mut Conn, id: &[u8]) -> Result<Option<Found>, sqlx::Error> {
    let sql = match conn.dialect() {
        Dialect::Sqlite => "SELECT customer_id, credential, created_at FROM passkey WHERE credential_id = $1",
        Dialect::Postgres => {
            "SELECT customer_id, credential, created_at FROM passkey WHERE credential_id = $1 FOR UPDATE"
        }
    };
    fetch_optional!(conn, Found, sql, id).await
}

pub async fn used(conn: &mut Conn, id: &[u8], credential: &str, backed_up: bool, now: i64) -> Result<(), sqlx::Error> {
    let sql = "UPDATE passkey SET credential = $2, backed_up = $3, used_at = $4 WHERE credential_id = $1";
    execute!(conn, sql, id, credential, backed_up, now).await?;
    Ok(())
}

pub async fn put(
    conn: &mut Conn,
    id: Uuid,
    browser: &Token,
    kind: Kind,
    customer: Option<Id<Customer>>,
    state: &str,
    expires_at: i64,
) -> Result<(), sqlx::Error> {
    execute!(
        conn,
        "INSERT INTO passkey_ceremony (id, token_hash, kind, customer_id, state, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        id,
        browser.hash().to_vec(),
        kind.word(),
        customer.map(|customer| customer.0),
        state,
        expires_at
    )
    .await?;
    Ok(())
}

/// Takes a challenge out, if it is this browser's, for this, of this customer (or of nobody), not over, and not of a clock
/// that was far ahead. It is gone once the transaction is committed.
pub async fn take(
    conn: &mut Conn,
    browser: &Token,
    id: Uuid,
    kind: Kind,
    customer: Option<Id<Customer>>,
    now: i64,
) -> Result<Option<String>, sqlx::Error> {
    let row = fetch_optional!(
        conn,
        (String,),
        "DELETE FROM passkey_ceremony WHERE id = $1 AND token_hash = $2 AND kind = $3
           AND expires_at > $4 AND expires_at <= $6
           AND customer_id IS NOT DISTINCT FROM $5
         RETURNING state",
        id,
        browser.hash().to_vec(),
        kind.word(),
        now,
        customer.map(|customer| customer.0),
        now + super::CEREMONY_LIFE + SKEW
    )
    .await?;
    Ok(row.map(|(state,)| state))
}
