//! `noren witness`: a small program for any other machine. It cosigns the checkpoints of the read ledgers whose
//! keys it was given, as long as each continues the one before it (C2SP tlog-witness). It needs no shop.
//!
//! - [`folder`]: its key and what it has seen, on its disk;
//! - [`http`]: what it answers, [`door`]: for how long it listens to anybody.

pub mod door;
pub mod folder;
pub mod http;
mod told;
