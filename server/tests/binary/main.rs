//! The `noren` binary as its owner runs it: its commands, its listeners, how it stops, and what a
//! `kill -9` leaves behind.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

/// Checks a claim about an installation on both databases.
macro_rules! on_both_databases {
    ($($claim:ident),+ $(,)?) => {$(
        mod $claim {
            use crate::installation::Installation;

            #[test]
            fn sqlite() {
                super::$claim(&Installation::on_sqlite());
            }

            #[test]
            fn postgres() {
                super::$claim(&Installation::on_postgres());
            }
        }
    )+};
}

#[cfg(unix)]
mod backup;
mod books;
mod commands;
mod crash;
#[cfg(unix)]
mod crowd;
#[cfg(unix)]
mod elsewhere;
mod installation;
#[cfg(unix)]
mod ledger;
mod metrics;
#[cfg(unix)]
mod nodes;
mod patient;
mod people;
#[cfg(unix)]
mod rights;
#[cfg(unix)]
mod rotation;
mod search;
mod server;
mod shopper;
mod stolen;
#[cfg(unix)]
mod stop;
#[cfg(unix)]
mod vault;
#[cfg(unix)]
mod witness;
