//! The read ledger: who opened whose personal data, when and why, in a form that nobody can change unseen.
//!
//! - [`leaf`]: one act, 144 bytes.
//! - [`tree`]: the Merkle tree over the leaves (RFC 6962), its proofs and their verification.
//! - [`heads`]: the second tree, over the last leaf of every subject: what makes "never read" provable.
//! - [`note`], [`checkpoint`]: what the log signs and witnesses cosign (C2SP signed-note, tlog-checkpoint,
//!   tlog-cosignature).
//! - [`witness`]: what a witness is asked and answers (C2SP tlog-witness).
//! - [`tile`]: the tree as files (C2SP tlog-tiles).
//! - [`proof`]: that a leaf is in the log (C2SP tlog-proof), and all that happened to one subject.
//! - [`audit`]: a whole log checked from its first leaf on; [`checkpoints`]: all that it signed, and with which key.
//! - [`scope`]: what an incident touched, proven without reading the rest.
//!
//! Bytes in, bytes out: no file, no clock, no randomness. The same code runs in the vault, in the
//! command line and, as WebAssembly, in the customer's browser. The formats are written down in
//! `docs/LEDGER.md`.

pub mod audit;
pub mod checkpoint;
pub mod checkpoints;
mod hash;
pub mod heads;
pub mod leaf;
pub mod note;
pub mod proof;
pub mod scope;
pub mod tile;
pub mod tree;
pub mod witness;

pub use hash::Hash;

// What the tests in here share with those in `tests/` calls this crate as they do.
#[cfg(test)]
extern crate self as noren_ledger;
