//! The vault in this process: how `noren vault` runs it, and the tests.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use noren_domain::account::Email;
use noren_ledger::note::VerifierKey;
use noren_vault::place::Place;
use noren_vault::policy::Limits;
use noren_vault::serve::{ServeError, Server};

use crate::clock::{Clock, Entropy};

/// The vault's folder in the data folder `data`.
pub fn folder(data: &Path) -> PathBuf {
    data.join("vault")
}

/// Where the vault listens unless somebody says otherwise.
pub fn socket(data: &Path) -> PathBuf {
    folder(data).join("vault.sock")
}

/// A vault cannot be started here.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It does not open.
    #[error(transparent)]
    Vault(#[from] noren_vault::vault::VaultError),
    /// It cannot listen.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// A vault in this process, at work until it is dropped.
pub struct Here {
    vault: Arc<noren_vault::vault::Vault>,
    server: Option<Server>,
}

impl Here {
    /// Opens the vault in `folder` and listens at `place`; at a socket, for this user and for `users`. Its ledger is
    /// named after `host` at the first start, and what `witnesses` have cosigned of it is kept.
    pub fn start(
        folder: &Path,
        place: impl Into<Place>,
        host: &str,
        limits: Limits,
        users: &[u32],
        witnesses: &[VerifierKey],
    ) -> Result<Self, StartError> {
        let (clock, entropy) = (Clock::System, Entropy::System);
        let vault = Arc::new(noren_vault::vault::Vault::open(noren_vault::vault::Setup {
            folder,
            origin: &format!("{host}/reads"),
            limits,
            witnesses,
            build: 0,
            now: Arc::new(move || u64::try_from(clock.now()).unwrap_or(0)),
            random: Box::new(move |bytes| entropy.fill(bytes)),
            canonical: |address| Email::parse(address).ok().map(|email| email.canonical().to_owned()),
        })?);
        let mut here = Self { vault, server: None };
        // Dropped without a door, it stops in good order: a start without a stop would look like a crash for ever.
        here.server = Some(Server::start(here.vault.clone(), place, users)?);
        Ok(here)
    }
}

impl Here {
    /// Where it listens, in words.
    pub fn at(&self) -> Option<&str> {
        self.server.as_ref().map(Server::at)
    }

    /// Why it can work no more, if so: then it is to be started anew.
    pub fn stopped(&self) -> Option<String> {
        self.vault.stopped()
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        drop(self.server.take());
        // If that cannot be written down, whoever was asked last has been told so already.
        let _ = self.vault.stop();
    }
}
