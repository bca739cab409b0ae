//! Another blind index for everybody, while the shop goes on: the vault makes a new index key, every row that is
//! found by an address gets the index under it, and then the earlier key is destroyed.
//!
//! Until then people are looked for by both. The addresses are opened inside the vault and stay there. Cut off
//! anywhere, it is begun again from the start: nothing is lost by that.

use std::time::Duration;

use noren_ledger::leaf::Outcome;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use crate::db::Conn;
use crate::vault::{Asker, VaultError};
use crate::{Shop, execute, fetch_all, vault_check};

/// So many rows are read in one go; in the tests so few that there is more than one go.
const AT_ONCE: i64 = if cfg!(test) { 2 } else { 256 };

/// A table whose rows are found by an address: the row, the record that it is sealed for, the address, and its index.
struct Table {
    select: &'static str,
    update: &'static str,
    /// Takes the index from a younger row that has it, where there can be no two of one index.
    yield_to_older: Option<&'static str>,
}

const EMAIL_CHANGE: Table = Table {
    select: "SELECT id, customer_id, email, email_index FROM email_change WHERE id > $1 ORDER BY id LIMIT $2",
    update: "UPDATE email_change SET email_index = $1 WHERE id = $2 AND email_index = $3",
    yield_to_older: None,
};

/// What becomes of a row goes from registration to customer and from checkout to order: in this order no row is missed
/// that moves on meanwhile. A change of the address exchanges that of its row for the customer's, so it is looked at
/// before and after.
const TABLES: [Table; 6] = [
    Table {
        select: "SELECT id, id, email, email_index FROM registration WHERE id > $1 ORDER BY id LIMIT $2",
        update: "UPDATE registration SET email_index = $1 WHERE id = $2 AND email_index = $3",
        yield_to_older: None,
    },
    EMAIL_CHANGE,
    Table {
        select: "SELECT id, id, email, email_index FROM customer WHERE id > $1 ORDER BY id LIMIT $2",
        update: "UPDATE customer SET email_index = $1 WHERE id = $2 AND email_index = $3
                 AND NOT EXISTS (SELECT 1 FROM customer other WHERE other.email_index = $1)",
        yield_to_older: Some(
            "UPDATE customer SET email_index = $1 WHERE email_index = $2 AND EXISTS (SELECT 1 FROM customer older
             WHERE older.id = $3 AND (older.created_at < customer.created_at
             OR older.created_at = customer.created_at AND older.id < customer.id))",
        ),
    },
    EMAIL_CHANGE,
    Table {
        select: "SELECT cart_id, subject_id, email, email_index FROM checkout
                 WHERE cart_id > $1 AND email_index IS NOT NULL ORDER BY cart_id LIMIT $2",
        update: "UPDATE checkout SET email_index = $1 WHERE cart_id = $2 AND email_index = $3",
        yield_to_older: None,
    },
    Table {
        select: "SELECT id, subject_id, email, email_index FROM orders
                 WHERE id > $1 AND email_index IS NOT NULL ORDER BY id LIMIT $2",
        update: "UPDATE orders SET email_index = $1 WHERE id = $2 AND email_index = $3",
        yield_to_older: None,
    },
];

/// Not everybody has another index; those who have none are found by the earlier one, which still holds.
#[derive(Debug, thiserror::Error)]
pub enum ReindexError {
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Some records stay as they were.
    #[error(
        "{} record(s) could not be given another index, and are found by the old key, which was kept. Either the address does \
         not open any more (the record's key is lost, or the bytes were changed), or two accounts have one address, and the \
         older one keeps it: {}. Look into them, and run it again; or run it with --finish, and they are found no more",
        .0.len(), list(.0)
    )]
    Left(Vec<Uuid>),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// The first few of them.
fn list(records: &[Uuid]) -> String {
    const SHOWN: usize = 20;
    let mut words: Vec<String> = records.iter().take(SHOWN).map(Uuid::to_string).collect();
    if records.len() > SHOWN {
        words.push("…".to_owned());
    }
    words.join(", ")
}

/// What one round came to.
#[derive(Default)]
struct Round {
    changed: u64,
    left: Vec<Uuid>,
}

/// How it is done.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// Requests that began before may still bring an index under the earlier key: it is destroyed once a round that began
    /// so long after the beginning has found nothing to change.
    pub grace: Duration,
    /// The earlier key is destroyed even if some records are found by it alone.
    pub finish: bool,
}

/// Does it, and gives how many rows were changed. `told` hears how many so far, and whether it is only waited for.
pub async fn reindex(shop: &Shop, how: How, told: impl Fn(u64, bool)) -> Result<u64, ReindexError> {
    let asker = Asker::operator("rotate/index");
    shop.vault.rotate_index_key(asker).await?;
    let over = Instant::now() + how.grace;
    let (mut changed, mut before) = (0, None);
    let left = loop {
        let last = Instant::now() >= over;
        let mut all = Round::default();
        for table in &TABLES {
            let more = round(shop, asker, table, |more| told(changed + all.changed + more, false)).await?;
            all.changed += more.changed;
            all.left.extend(more.left);
        }
        changed += all.changed;
        // What went away just then was left in one round, and what stays as it is in every round.
        let sure = all.left.is_empty() || before.as_ref() == Some(&all.left);
        if last && sure && all.changed == 0 {
            break all.left;
        }
        before = Some(all.left);
        if all.changed == 0 {
            told(changed, true);
            sleep_until(over).await;
        }
    };
    if !left.is_empty() && !how.finish {
        return Err(ReindexError::Left(left));
    }
    let newest = shop.vault.hello().await?.fingerprints.first().copied().unwrap_or_default();
    vault_check::remember_index_key(&shop.db, newest).await?;
    shop.vault.forget_earlier_index(asker, newest).await?;
    Ok(changed)
}

/// Gives every row of a table the newest index.
async fn round(shop: &Shop, asker: Asker, table: &Table, told: impl Fn(u64)) -> Result<Round, ReindexError> {
    let (mut from, mut all) = (Uuid::nil(), Round::default());
    loop {
        let mut conn = shop.db.read().await?;
        let rows = fetch_all!(conn, (Uuid, Uuid, Vec<u8>, Vec<u8>), table.select, from, AT_ONCE).await?;
        drop(conn);
        let Some((last, ..)) = rows.last() else { return Ok(all) };
        from = *last;
        let mut asked = JoinSet::new();
        for (id, record, email, index) in rows {
            let vault = shop.vault.clone();
            asked.spawn(async move {
                let present = <[u8; 32]>::try_from(index.as_slice()).unwrap_or_default();
                match vault.reindex(asker, record, present, email).await {
                    Ok(newest) => Ok((index != newest).then_some((id, record, Ok((newest, index))))),
                    Err(error @ VaultError::Refused(Outcome::OverBudget)) => Err(error),
                    // It does not open; or the record has gone meanwhile, and its key with it.
                    Err(VaultError::Refused(_)) => Ok(Some((id, record, Err(())))),
                    Err(away) => Err(away),
                }
            });
        }
        let answers: Vec<_> = asked.join_all().await.into_iter().collect::<Result<_, _>>()?;
        // In one order, for others may take hold of several of these rows, too.
        let mut others: Vec<_> = answers.into_iter().flatten().collect();
        others.sort_by_key(|(id, ..)| *id);
        if others.is_empty() {
            continue;
        }
        let mut tx = shop.db.write().await?;
        for (id, record, answer) in others {
            let changed = match answer {
                Ok((newest, index)) => put(shop, &mut tx, table, id, newest, index).await?,
                Err(()) => 0,
            };
            all.changed += changed;
            if changed == 0 {
                all.left.push(record);
            }
        }
        tx.commit().await?;
        told(all.changed);
    }
}

/// Gives a row its new index, and gives how many rows got one.
async fn put(
    shop: &Shop,
    conn: &mut Conn,
    table: &Table,
    id: Uuid,
    newest: [u8; 32],
    index: Vec<u8>,
) -> Result<u64, sqlx::Error> {
    let changed = execute!(conn, table.update, newest.to_vec(), id, index.clone()).await?;
    let Some(yield_to_older) = table.yield_to_older.filter(|_| changed == 0) else { return Ok(changed) };
    // The older account of the two gets the address back. The younger one has an index that nobody looks for.
    let nobodys: [u8; 32] = shop.entropy.bytes();
    match execute!(conn, yield_to_older, nobodys.to_vec(), newest.to_vec(), id).await? {
        0 => Ok(0),
        _ => execute!(conn, table.update, newest.to_vec(), id, index).await,
    }
}

#[cfg(test)]
mod tests;
