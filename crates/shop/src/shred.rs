//! Destroying the keys of records that the shop has no use for any more: what was sealed for them stays
//! closed in every backup as well. With the key go the mails to that record's address that lie in the mailbox folder:
//! nothing says any more whose they were, and no erasure would find them.
//!
//! A job of the outbox, written in the transaction that deletes the record: the vault may be away just then.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::db::Conn;
use crate::mail::{self, sent};
use crate::outbox::{self, Topic};
use crate::vault::{Asker, VaultError};
use crate::{Shop, fetch_optional};

/// The job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shred {
    record: Uuid,
}

/// A key was not destroyed, or a mail not deleted.
#[derive(Debug, thiserror::Error)]
pub enum ShredError {
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The mailbox folder.
    #[error("mails of a record that is gone cannot be deleted from the mailbox folder: {0}; make it writable")]
    Mailbox(#[from] std::io::Error),
}

/// The record goes, in the caller's transaction; its key and its mails go after it.
pub async fn later(conn: &mut Conn, shop: &Shop, record: Uuid) -> Result<(), sqlx::Error> {
    // A name of its own each time: an earlier job may have found the record in use, by an order of the same checkout.
    let key = format!("shred-{}", shop.entropy.uuid(shop.now()));
    outbox::enqueue(conn, shop, &key, Topic::Shred, &Shred { record }).await
}

/// Does the job. What a checkout became lives on as an order, and a registration as a customer: their key stays.
pub(crate) async fn run(shop: &Shop, job: &Shred) -> Result<(), ShredError> {
    let mut conn = shop.db.read().await?;
    let sql = "SELECT 1 FROM orders WHERE subject_id = $1 AND erased_at IS NULL UNION SELECT 1 FROM checkout WHERE subject_id = $1 \
               UNION SELECT 1 FROM customer WHERE id = $1 UNION SELECT 1 FROM registration WHERE id = $1 UNION SELECT 1 FROM challenge WHERE id = $1 \
               UNION SELECT 1 FROM erasure WHERE record = $1 AND done_at IS NULL";
    let used = fetch_optional!(conn, (i32,), sql, job.record).await?;
    drop(conn);
    if used.is_some() {
        return Ok(());
    }
    shop.vault.shred(Asker::shop("outbox/shred"), job.record).await?;
    if shop.outgoing().relay().is_none() {
        let mails = sent::keys_of(&mut shop.db.read().await?, job.record).await?;
        mail::forget_of(shop, &mails).await?;
    }
    Ok(())
}
