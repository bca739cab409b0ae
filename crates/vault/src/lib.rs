//! The vault: the one place that can read people's data, and that writes down every time it does.
//!
//! - [`vault`]: what can be asked of it, and in which order it does what it does;
//! - [`seal`]: fields sealed under a key per subject, keys wrapped under a key of the vault;
//! - [`keys`]: the vault's own keys, [`subjects`]: the store of everybody's wrapped ones;
//! - [`policy`]: what may be opened for what, by whom, and how much;
//! - [`book`]: the ledger on the disk: appended to, checkpointed, proven from, exported;
//! - [`backup`]: all of it as files to keep, and put back;
//! - [`wire`]: questions and answers as bytes, [`serve`]: the socket that they come through;
//! - [`harden`]: what the process gives up; [`lock`]: how it keeps a folder for itself.
//!
//! Synchronous, without network and without an async runtime, so that it stays small enough to be read.

pub mod backup;
pub mod book;
pub mod harden;
pub mod keys;
pub mod lock;
pub mod policy;
pub mod seal;
pub mod serve;
pub mod subjects;
pub mod vault;
pub mod wire;

/// Where random bytes come from.
pub type Random = Box<dyn Fn(&mut [u8]) + Send + Sync>;
