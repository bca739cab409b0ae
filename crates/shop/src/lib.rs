//! What the shop does: use cases with their SQL, mail and payment. Native only.
//!
//! One module per feature. A use case takes the [`Shop`] first, then who is asking, then what is
//! asked; its SQL sits beside it in `rows.rs`.

pub mod account;
pub mod cart;
pub mod catalogue;
pub mod checkout;
pub mod clock;
pub mod db;
pub mod import;
pub mod mail;
pub mod media;
pub mod menu;
pub mod notice;
pub mod order;
pub mod outbox;
pub mod payment;
pub mod person;
pub mod postal;
pub mod sample;
pub mod search;
pub mod session;
pub mod stock;
pub mod token;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clock::{Clock, Entropy};
use db::Db;
use person::Keys;

/// The running shop: its database, its keys, its clock and its folder. Cheap to clone.
#[derive(Clone)]
pub struct Shop(Arc<Parts>);

/// What a [`Shop`] is made of.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The door to people's data.
    pub keys: Keys,
    /// Where time comes from.
    pub clock: Clock,
    /// Where randomness comes from.
    pub entropy: Entropy,
    /// The data folder: media, mailbox, keys.
    pub data: PathBuf,
    /// The public URL without a slash at its end, as links in mails need it.
    pub url: String,
    /// Development: the mailbox page, the test bank and the demo accounts exist.
    pub development: bool,
}

impl Shop {
    /// Puts a shop together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The folder of product pictures.
    pub fn media_dir(&self) -> PathBuf {
        self.data.join("media")
    }

    /// The folder that mails land in while no SMTP server is configured.
    pub fn mailbox_dir(&self) -> PathBuf {
        self.data.join("mailbox")
    }

    /// The time now, in UTC milliseconds.
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Opens or creates everything a shop needs in the data folder `data`.
    pub async fn open(
        data: &Path,
        database_url: Option<&str>,
        url: &str,
        development: bool,
    ) -> Result<Self, OpenShopError> {
        for dir in [data.to_owned(), data.join("media"), data.join("mailbox"), data.join("keys")] {
            std::fs::create_dir_all(&dir).map_err(|source| OpenShopError::Folder { path: dir, source })?;
        }
        let entropy = Entropy::System;
        let keys = Keys::open_or_create(&data.join("keys/shop.key"), &entropy)?;
        let db = match database_url {
            Some(url) => Db::postgres(url).await?,
            None => Db::sqlite(&data.join("noren.sqlite")).await?,
        };
        let url = url.trim_end_matches('/').to_owned();
        Ok(Self::new(Parts { db, keys, clock: Clock::System, entropy, data: data.to_owned(), url, development }))
    }
}

impl std::ops::Deref for Shop {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// A shop cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenShopError {
    /// A folder cannot be made.
    #[error("cannot create folder {path}: {source}; choose another data folder with NOREN_DATA")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The key file.
    #[error(transparent)]
    Key(#[from] person::KeyError),
    /// The database.
    #[error("cannot open the database: {0}; check NOREN_DATABASE_URL and that the data folder is writable")]
    Database(#[from] sqlx::Error),
}

#[cfg(test)]
pub mod testing;
