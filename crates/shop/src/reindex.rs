//! Another blind index for everybody, while the shop goes on: the vault makes a new index key, every row that is
//! found by an address gets the index under it, and then the earlier key is destroyed.
//!
//! Until then people are looked for by both. The addresses are opened inside the vault and stay there. Cut off
//! anywhere, it is begun again from the start: nothing is lost by that.

use std::time::Duration;

use noren_ledger::leaf::Outcome;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::vault::{Asker, VaultError};
use crate::{Shop, execute, fetch_all};

/// So many rows are read in one go; in the tests so few that there is more than one go.
const AT_ONCE: i64 = if cfg!(test) { 2 } else { 256 };

/// A table whose rows are found by an address: where it lies, and which record it is sealed for.
struct Table {
    select: &'static str,
    update: &'static str,
}

const TABLES: [Table; 4] = [
    Table {
        select: "SELECT id, id, email, email_index FROM customer WHERE id > $1 ORDER BY id LIMIT $2",
        update: "UPDATE customer SET email_index = $1 WHERE id = $2 AND email_index = $3",
    },
    Table {
        select: "SELECT id, id, email, email_index FROM registration WHERE id > $1 ORDER BY id LIMIT $2",
        update: "UPDATE registration SET email_index = $1 WHERE id = $2 AND email_index = $3",
    },
    Table {
        select: "SELECT cart_id, subject_id, email, email_index FROM checkout
                 WHERE cart_id > $1 AND email_index IS NOT NULL ORDER BY cart_id LIMIT $2",
        update: "UPDATE checkout SET email_index = $1 WHERE cart_id = $2 AND email_index = $3",
    },
    Table {
        select: "SELECT id, subject_id, email, email_index FROM orders
                 WHERE id > $1 AND email_index IS NOT NULL ORDER BY id LIMIT $2",
        update: "UPDATE orders SET email_index = $1 WHERE id = $2 AND email_index = $3",
    },
];

/// Not everybody has another index; the earlier one still holds.
#[derive(Debug, thiserror::Error)]
pub enum ReindexError {
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// One address does not open.
    #[error("the address of record {record} cannot be opened ({source}); all others keep the index that they have")]
    Record {
        /// Which one.
        record: Uuid,
        /// What the vault says.
        source: VaultError,
    },
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Does it, and gives how many rows were changed. Requests that began before may still bring an index under the
/// earlier key: it is destroyed once a round that began `grace` after the beginning has found nothing to change.
/// `told` hears how many rows were changed so far, and whether it is only waited for.
pub async fn reindex(shop: &Shop, grace: Duration, told: impl Fn(u64, bool)) -> Result<u64, ReindexError> {
    let asker = Asker::operator("rotate/index");
    shop.vault.rotate_index_key(asker).await?;
    let began = shop.now();
    let mut changed = 0;
    loop {
        let begun_after = Duration::from_millis(u64::try_from(shop.now() - began).unwrap_or(0));
        let before = changed;
        for table in &TABLES {
            changed += round(shop, asker, table, |more| told(changed + more, false)).await?;
        }
        if changed > before {
            continue;
        }
        match grace.checked_sub(begun_after) {
            None | Some(Duration::ZERO) => break,
            Some(rest) => {
                told(changed, true);
                tokio::time::sleep(rest).await;
            }
        }
    }
    remember(shop).await?;
    shop.vault.forget_earlier_index(asker).await?;
    Ok(changed)
}

/// Gives every row of a table the newest index; gives how many had another.
async fn round(shop: &Shop, asker: Asker, table: &Table, told: impl Fn(u64)) -> Result<u64, ReindexError> {
    let (mut from, mut changed) = (Uuid::nil(), 0);
    loop {
        let mut conn = shop.db.read().await?;
        let rows = fetch_all!(conn, (Uuid, Uuid, Vec<u8>, Vec<u8>), table.select, from, AT_ONCE).await?;
        drop(conn);
        let Some((last, ..)) = rows.last() else { return Ok(changed) };
        from = *last;
        let mut asked = JoinSet::new();
        for (id, record, email, index) in rows {
            let vault = shop.vault.clone();
            asked.spawn(async move {
                match vault.reindex(asker, record, email).await {
                    Ok(newest) => Ok((index != newest).then_some((id, newest, index))),
                    // The record has gone meanwhile, and its key with it.
                    Err(VaultError::Refused(Outcome::NoSubject)) => Ok(None),
                    Err(source @ VaultError::Refused(_)) => Err(ReindexError::Record { record, source }),
                    Err(away) => Err(away.into()),
                }
            });
        }
        let others: Vec<_> = asked.join_all().await.into_iter().collect::<Result<_, _>>()?;
        let mut tx = shop.db.write().await?;
        for (id, newest, index) in others.into_iter().flatten() {
            changed += execute!(tx, table.update, newest.to_vec(), id, index).await?;
        }
        tx.commit().await?;
        told(changed);
    }
}

/// From now on the database knows the vault by its newest index key.
async fn remember(shop: &Shop) -> Result<(), ReindexError> {
    let hello = shop.vault.hello().await?;
    let mut tx = shop.db.write().await?;
    if let Some(newest) = hello.fingerprints.first() {
        execute!(tx, "UPDATE vault_check SET fingerprint = $1", newest.to_vec()).await?;
    }
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests;
