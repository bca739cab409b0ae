//! What the shop does: use cases with their SQL, mail and payment. Native only.
//!
//! One module per feature. A use case takes the [`Shop`] first, then who is asking, then what is
//! asked; its SQL sits beside it in `rows.rs`.

pub mod account;
mod address;
pub mod cart;
pub mod catalogue;
pub mod checkout;
pub mod clock;
pub mod db;
pub mod https;
pub mod import;
pub mod keys;
pub mod mail;
pub mod media;
pub mod menu;
pub mod newsletter;
pub mod notice;
pub mod order;
pub mod outbox;
pub mod payment;
pub mod postal;
pub mod reindex;
pub mod sample;
pub mod search;
pub mod session;
pub mod shred;
pub mod stock;
pub mod tidy;
pub mod token;
pub mod vault;
pub mod vault_check;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clock::{Clock, Entropy};
use db::Db;
use keys::Keys;
use vault::{Vault, VaultError};

/// The running shop: its database, its keys, its clock and its folder. Cheap to clone.
#[derive(Clone)]
pub struct Shop {
    parts: Arc<Parts>,
    shelf: Arc<catalogue::Shelf>,
    leaks: Option<Arc<account::Leaks>>,
    outgoing: Arc<mail::Outgoing>,
    hash_room: Arc<account::HashRoom>,
}

/// What a [`Shop`] is made of.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The shop's own key.
    pub keys: Keys,
    /// The door to people's data.
    pub vault: Vault,
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

/// Makes a folder that only the shop's own user can look into: the mailbox holds mails, the database
/// what people bought. One that is there stays as it is.
pub fn own_folder(path: &Path) -> std::io::Result<()> {
    let mut folder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.recursive(true).create(path)
}

/// The host of an address, without its port.
pub fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.split(['/', '?', '#']).next()?.split(':').next().filter(|host| !host.is_empty())
}

impl Shop {
    /// Puts a shop together.
    pub fn new(parts: Parts) -> Self {
        Self {
            parts: Arc::new(parts),
            shelf: Arc::default(),
            leaks: None,
            outgoing: Arc::default(),
            hash_room: Arc::default(),
        }
    }

    /// The same shop, which holds new passwords against a list of leaked ones.
    #[must_use]
    pub fn asking(self, leaks: account::Leaks) -> Self {
        Self { leaks: Some(Arc::new(leaks)), ..self }
    }

    /// The list of leaked passwords, if it may be asked.
    pub(crate) fn leaks(&self) -> Option<&account::Leaks> {
        self.leaks.as_deref()
    }

    /// Where passwords are hashed.
    pub(crate) fn hash_room(&self) -> &account::HashRoom {
        &self.hash_room
    }

    /// The same shop, whose mails leave by `outgoing` rather than into the mailbox folder.
    #[must_use]
    pub fn sending(self, outgoing: mail::Outgoing) -> Self {
        Self { outgoing: Arc::new(outgoing), ..self }
    }

    /// How mails leave.
    pub fn outgoing(&self) -> &mail::Outgoing {
        &self.outgoing
    }

    /// The host of the public address, without its port.
    pub fn host(&self) -> Option<&str> {
        host_of(&self.url)
    }

    /// The mailbox that reports about safety go to: `security@` the shop's own host. In development the
    /// shop has no mail, and `.example` never reaches anybody (RFC 2606).
    pub fn security_contact(&self) -> String {
        let host = if self.development { None } else { self.host() };
        format!("security@{}", host.unwrap_or("norendo.example"))
    }

    /// The sets that lists of goods are answered from.
    pub(crate) fn shelf(&self) -> &catalogue::Shelf {
        &self.shelf
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

    /// Brings the database up to date, and refuses one that was used with another key or whose personal
    /// data another vault has sealed: a second node or a restored machine without the right `keys/` and
    /// vault would otherwise go on as a shop that knows nobody.
    pub async fn migrate(&self) -> Result<(), OpenShopError> {
        self.db.migrate().await?;
        self.check_key().await?;
        vault_check::check(self).await
    }

    async fn check_key(&self) -> Result<(), OpenShopError> {
        let ours = self.keys.fingerprint();
        let mut known = keys::fingerprint(&self.db).await?;
        if known.is_none() {
            let mut tx = self.db.write().await?;
            let sql = "INSERT INTO key_check (id, fingerprint) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";
            execute!(tx, sql, ours.to_vec()).await?;
            tx.commit().await?;
            known = keys::fingerprint(&self.db).await?;
        }
        if known.as_deref() == Some(&ours) {
            Ok(())
        } else {
            Err(keys::KeyError::Other { path: key_file(&self.data) }.into())
        }
    }

    /// Opens or creates everything a shop needs in the data folder `data`, but the vault, which is another
    /// process and may come later.
    pub async fn open(
        data: &Path,
        vault: Vault,
        database_url: Option<&str>,
        url: &str,
        development: bool,
    ) -> Result<Self, OpenShopError> {
        for dir in [data.to_owned(), data.join("media"), data.join("mailbox"), data.join("keys")] {
            own_folder(&dir).map_err(|source| OpenShopError::Folder { path: dir, source })?;
        }
        let entropy = Entropy::System;
        let db = match database_url {
            Some(url) => Db::postgres(url).await?,
            None => Db::sqlite(&database_file(data)).await?,
        };
        let path = key_file(data);
        let keys = match Keys::open_existing(&path, &entropy)? {
            Some(keys) => keys,
            None if keys::fingerprint(&db).await?.is_some() => return Err(keys::KeyError::Missing { path }.into()),
            None => Keys::open_or_create(&path, &entropy)?,
        };
        let url = url.trim_end_matches('/').to_owned();
        Ok(Self::new(Parts { db, keys, vault, clock: Clock::System, entropy, data: data.to_owned(), url, development }))
    }
}

/// The SQLite database in the data folder `data`.
pub fn database_file(data: &Path) -> PathBuf {
    data.join("noren.sqlite")
}

/// Where the key file stands in the data folder `data`.
pub fn key_file(data: &Path) -> PathBuf {
    data.join("keys/shop.key")
}

impl std::ops::Deref for Shop {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.parts
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
    Key(#[from] keys::KeyError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// People are in the database from before there was a vault.
    #[error(
        "the personal data in this database were sealed by an early version of Noren, from before there was a vault; \
         that version was never released: start anew with another data folder or database (NOREN_DATA, NOREN_DATABASE_URL)"
    )]
    Earlier,
    /// The database.
    #[error("cannot open the database: {0}; check NOREN_DATABASE_URL and that the data folder is writable")]
    Database(#[from] sqlx::Error),
    /// The schema.
    #[error("cannot bring the database up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

#[cfg(test)]
pub mod testing;

#[cfg(test)]
mod tests {
    use super::*;
    use keys::KeyError;

    async fn start(data: &Path) -> Result<Shop, OpenShopError> {
        let vault = Vault::at(&vault::socket(data), Entropy::System);
        let shop = Shop::open(data, vault, None, "http://shop.example", true).await?;
        shop.migrate().await?;
        Ok(shop)
    }

    fn vault_in(data: &Path) -> vault::Here {
        vault::Here::start(
            &vault::folder(data),
            &vault::socket(data),
            "shop.example",
            noren_vault::policy::Limits::default(),
            &[],
            &[],
        )
        .unwrap()
    }

    #[test]
    fn reports_go_to_the_shops_own_host() {
        for url in ["https://shop.example", "https://shop.example:8443", "https://shop.example/noren"] {
            assert_eq!(host_of(url), Some("shop.example"), "{url}");
        }
        assert_eq!(host_of("shop.example"), None);
    }

    #[tokio::test]
    async fn a_database_opens_with_the_key_that_sealed_it_and_with_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let _vault = vault_in(dir.path());
        start(dir.path()).await.unwrap().db.close().await;
        start(dir.path()).await.unwrap().db.close().await;

        let key = key_file(dir.path());
        let right = std::fs::read(&key).unwrap();
        std::fs::write(&key, [9; 32]).unwrap();
        assert!(matches!(start(dir.path()).await, Err(OpenShopError::Key(KeyError::Other { .. }))));

        std::fs::remove_file(&key).unwrap();
        assert!(matches!(start(dir.path()).await, Err(OpenShopError::Key(KeyError::Missing { .. }))));
        assert!(!key.exists(), "no new key takes the place of the one that is looked for");

        std::fs::write(&key, right).unwrap();
        start(dir.path()).await.unwrap();
    }

    on_both_databases!(a_second_node_with_another_key_is_refused(shop) {
        shop.migrate().await.unwrap();
        let other = Shop::new(Parts {
            db: shop.db.clone(),
            keys: Keys::new([2; 32], shop.entropy.clone()),
            vault: shop.vault.clone(),
            clock: shop.clock.clone(),
            entropy: shop.entropy.clone(),
            data: shop.data.clone(),
            url: shop.url.clone(),
            development: true,
        });
        assert!(matches!(other.migrate().await, Err(OpenShopError::Key(KeyError::Other { .. }))));
    });

    on_both_databases!(a_shop_opens_with_the_vault_that_sealed_its_people_and_with_no_other(shop) {
        shop.migrate().await.unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let other = vault_in(elsewhere.path());
        let with = |vault: Vault| Shop::new(Parts {
            db: shop.db.clone(),
            keys: shop.keys.clone(),
            vault,
            clock: shop.clock.clone(),
            entropy: shop.entropy.clone(),
            data: shop.data.clone(),
            url: shop.url.clone(),
            development: true,
        });
        let at = |path: &Path| Vault::at(path, Entropy::System);
        let stranger = with(at(&vault::socket(elsewhere.path())));
        assert!(matches!(stranger.migrate().await, Err(OpenShopError::Vault(VaultError::Other(_)))));
        drop(other);
        // Away, it keeps nobody from looking at goods.
        with(at(&elsewhere.path().join("nobody"))).migrate().await.unwrap();
    });
}
