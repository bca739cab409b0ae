//! The vault: the one place that can read people's data, and that writes down every time it does.
//!
//! - [`seal`]: fields sealed under a key per person, keys wrapped under a key of the vault.
//! - [`policy`]: what may be opened for what, by whom, and how much.
//! - [`book`]: the ledger on the disk: appended to, checkpointed, proven from, exported.
//!
//! Synchronous, without network and without an async runtime, so that it stays small enough to be read.
//! It is being built; `docs/SECURITY.md` says what protects the shop today.

pub mod book;
pub mod policy;
pub mod seal;
