use std::path::PathBuf;

use noren_ledger::leaf::Outcome;

use crate::book::{BookError, CosignError};
use crate::keys::KeyError;
use crate::subjects::StoreError;

/// The vault does not answer.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// It may not, and the refusal stands in the ledger.
    #[error("the vault refused: {}", .0.word())]
    Refused(Outcome),
    /// The ledger.
    #[error(transparent)]
    Book(#[from] BookError),
    /// A cosigned checkpoint.
    #[error(transparent)]
    Cosign(#[from] CosignError),
    /// The store of keys.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault's own keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The keys of all people are gone, and the ledger knows of them.
    #[error(
        "{0} is missing, and people's data are sealed with the keys in it; put it back from your backup of the vault's keys"
    )]
    NoStore(PathBuf),
    /// Another process works in it.
    #[error("another vault is at work in {0}; stop it first, or wait until it has ended")]
    Taken(PathBuf),
    /// A folder.
    #[error("the vault's folder {path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Nothing is to be computed anew.
    #[error("no index key takes another's place just now; begin with `noren rotate index`")]
    NotRotating,
    /// The earlier index key may still be needed.
    #[error(
        "the earlier index key stays for {0} more seconds: what began before another one took its place may still bring an \
         index under it; run `noren rotate index` again then"
    )]
    TooEarly(u64),
    /// All who were ever sealed are found by the earlier index key.
    #[error(
        "nobody was given another index yet, and without the earlier key nobody would be found by their address; run \
         `noren rotate index`, which gives one to everybody with an account or an order, once there is somebody"
    )]
    NobodyYet,
    /// The key of a subject does not unwrap.
    #[error(
        "the key of subject {0} cannot be unwrapped: the store of keys and the wrapping key are not of the same vault, \
         or the store is damaged; put both back from one backup"
    )]
    Unwrap(String),
}
