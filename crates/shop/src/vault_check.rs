//! What the database remembers of the vault that its personal data are sealed by: no other one is talked to.

use crate::db::Db;
use crate::vault::{Hello, VaultError};
use crate::{OpenShopError, Shop, execute, fetch_optional};

/// A remembered vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Tells it and the key by which people are found in this database from any other.
    pub fingerprint: [u8; 32],
    /// Tells it from any other for ever; `None` in a database that was last used by an earlier version.
    pub identity: Option<[u8; 32]>,
}

impl Known {
    /// Whether this is the one.
    pub fn is(&self, hello: &Hello) -> bool {
        self.identity.map_or_else(|| hello.fingerprints.contains(&self.fingerprint), |known| known == hello.identity)
    }

    /// Whether it finds people by the key that the indexes in this database were computed with.
    pub fn finds(&self, hello: &Hello) -> bool {
        hello.fingerprints.contains(&self.fingerprint)
    }
}

/// The vault that the database remembers.
pub async fn known(db: &Db) -> Result<Option<Known>, sqlx::Error> {
    let mut conn = db.read().await?;
    let sql = "SELECT fingerprint, identity FROM vault_check";
    let row = match fetch_optional!(conn, (Vec<u8>, Option<Vec<u8>>), sql).await {
        // A database that never saw these migrations has no such table or column.
        Err(sqlx::Error::Database(_)) => {
            match fetch_optional!(conn, (Vec<u8>,), "SELECT fingerprint FROM vault_check").await {
                Err(sqlx::Error::Database(_)) => None,
                row => row?.map(|(fingerprint,)| (fingerprint, None)),
            }
        }
        row => row?,
    };
    // The table holds 32 bytes or nothing.
    Ok(row.and_then(|(fingerprint, identity)| {
        Some(Known {
            fingerprint: fingerprint.try_into().ok()?,
            identity: identity.and_then(|bytes| bytes.try_into().ok()),
        })
    }))
}

/// A vault that is away is no reason to stay closed: goods can be shown without it. It is looked at when it is there
/// again.
pub(crate) async fn check(shop: &Shop) -> Result<(), OpenShopError> {
    let ours = known(&shop.db).await?;
    let mut conn = shop.db.read().await?;
    if ours.is_none() && fetch_optional!(conn, (i64,), "SELECT 1 FROM customer LIMIT 1").await?.is_some() {
        return Err(OpenShopError::Earlier);
    }
    drop(conn);
    let ours = if let Some(ours) = ours { ours } else { remember(shop).await? };
    shop.vault.trust(&ours);
    match shop.vault.hello().await {
        Ok(hello) if !ours.is(&hello) => return Err(other(shop).into()),
        Ok(hello) => {
            if ours.identity.is_none() {
                let mut tx = shop.db.write().await?;
                execute!(tx, "UPDATE vault_check SET identity = $1", hello.identity.to_vec()).await?;
                tx.commit().await?;
            }
            if !ours.finds(&hello) {
                tracing::error!("{}", finds_nobody(shop));
            }
        }
        Err(error) if !error.is_passing() => return Err(error.into()),
        Err(error) => tracing::warn!(%error, "people's data cannot be read or written until the vault is there"),
    }
    Ok(())
}

fn other(shop: &Shop) -> VaultError {
    VaultError::Other(shop.vault.place().to_string())
}

fn finds_nobody(shop: &Shop) -> VaultError {
    VaultError::FindsNobody(shop.vault.place().to_string())
}

/// It is not certain that people in this database are found by their address.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// They are not ([`VaultError::FindsNobody`]), or the vault does not say so now.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Whether the vault still has the index key by which people in this database are found. Somebody who can ask the vault
/// as the operator can have it exchanged and destroyed; then all look like strangers, and whoever registers gets a
/// second account.
pub async fn finds_people(shop: &Shop) -> Result<(), FindError> {
    let hello = shop.vault.hello().await?;
    // Asked in this order: when an exchange ends, the database hears of the new key before the old one is destroyed.
    let ours = known(&shop.db).await?;
    if ours.is_some_and(|ours| !ours.finds(&hello)) { Err(finds_nobody(shop).into()) } else { Ok(()) }
}

/// From now on the database remembers the vault that answers; or another node's, if that was quicker.
async fn remember(shop: &Shop) -> Result<Known, OpenShopError> {
    let hello = shop.vault.hello().await?;
    let ours = *hello.fingerprints.first().ok_or_else(|| other(shop))?;
    let mut tx = shop.db.write().await?;
    let sql = "INSERT INTO vault_check (id, fingerprint, identity) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING";
    execute!(tx, sql, ours.to_vec(), hello.identity.to_vec()).await?;
    tx.commit().await?;
    Ok(known(&shop.db).await?.ok_or_else(|| other(shop))?)
}

/// From now on people in this database are found by another key of the vault.
pub(crate) async fn remember_index_key(db: &Db, fingerprint: [u8; 32]) -> Result<(), sqlx::Error> {
    let mut tx = db.write().await?;
    execute!(tx, "UPDATE vault_check SET fingerprint = $1", fingerprint.to_vec()).await?;
    tx.commit().await
}
