//! The vault: the one place that can read people's data, and that writes down every time it does.
//!
//! - [`vault`]: what can be asked of it, and in which order it does what it does;
//! - [`seal`]: fields sealed under a key per subject, keys wrapped under a key of the vault;
//! - [`keys`]: the vault's own keys, [`subjects`]: the store of everybody's wrapped ones;
//! - [`policy`]: what may be opened for what, by whom, and how much;
//! - [`book`]: the ledger on the disk: appended to, checkpointed, proven from, exported;
//! - [`backup`]: all of it as files to keep, and put back;
//! - [`wire`]: questions and answers as bytes, [`serve`]: the door that they come through;
//! - [`place`]: where that is, [`tls`]: what each side shows the other when it is on another host;
//! - [`harden`]: what the process gives up; [`lock`]: how it keeps a folder for itself;
//! - [`durable`]: files that are there whole or not at all; [`silent`]: what must never be printed.
//!
//! Synchronous and without an async runtime, so that it stays small enough to be read. By default there is no network:
//! it listens at a socket of this machine. At a port it listens only where it is told to, and for certificates only.

pub mod backup;
pub mod book;
pub mod durable;
pub mod harden;
pub mod keys;
pub mod lock;
pub mod place;
pub mod policy;
pub mod seal;
pub mod serve;
pub mod silent;
pub mod subjects;
pub mod tls;
pub mod vault;
pub mod wire;

/// Where random bytes come from.
pub type Random = Box<dyn Fn(&mut [u8]) + Send + Sync>;
