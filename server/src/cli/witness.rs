//! `noren witness`: runs a witness, with neither a shop nor a configuration of one.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use noren_ledger::note::VerifierKey;
use noren_shop::clock::{Clock, Entropy};

use super::{AnyError, ended, log_filter, say};
use crate::http::{STOP_WITHIN, stopped, until};
use crate::witness::door::Door;
use crate::witness::folder::Folder;
use crate::witness::http::router;

/// What to witness, and where.
#[derive(Args, Debug)]
pub struct Witness {
    /// Its folder: its key and what it has seen. Made at the first start; never put back from a backup
    #[arg(long, value_name = "FOLDER")]
    folder: PathBuf,
    /// Where it listens, host:port with a number for the host
    #[arg(long, value_name = "ADDR")]
    listen: SocketAddr,
    /// The verifier key of a ledger that it watches, as `noren doctor` says it; as often as there are such, and once
    /// more with each key that one of them has announced since, in that order
    #[arg(long = "log", value_name = "KEY", required = true)]
    logs: Vec<String>,
    /// What it is called, such as witness.example/shop; needed at the first start, and kept
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

/// Runs it until it is told to stop.
pub fn run(asked: &Witness) -> ExitCode {
    ended(witness(asked))
}

fn witness(asked: &Witness) -> Result<(), AnyError> {
    let said = std::env::var_os("NOREN_LOG").map(|value| value.to_string_lossy().into_owned());
    let filter = log_filter(said.as_deref())?;
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    noren_vault::harden::harden()?;
    let logs = asked.logs.iter().map(|key| {
        key.parse::<VerifierKey>().map_err(|error| format!("--log {key}: {error}; `noren doctor` of the shop says it"))
    });
    let logs = logs.collect::<Result<Vec<_>, _>>()?;
    let names = logs.iter().map(VerifierKey::name).collect::<Vec<_>>().join(", ");
    let entropy = Entropy::System;
    let folder = Folder::open(&asked.folder, asked.name.as_deref(), logs, |bytes| entropy.fill(bytes))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let listener = super::listen(asked.listen, "--listen").await?;
        let address = listener.local_addr()?;
        let stopped = stopped();
        say::line(introduction(folder.verifier(), &names, address))?;
        tracing::info!(%address, "the witness listens");
        let (door, router) = (Door::at(listener), router(Arc::new(folder), Clock::System));
        until(stopped, STOP_WITHIN, |told| axum::serve(door, router).with_graceful_shutdown(told).into_future())
            .await?;
        Ok(())
    })
}

/// What whoever runs it has to tell the shop.
fn introduction(key: &VerifierKey, logs: &str, address: SocketAddr) -> String {
    let port = address.port();
    format!(
        "{name} cosigns the checkpoints of {logs}.\n\
         Its key: {key}\n\
         Give the shop, and its vault if that runs apart, this setting, with the address at which the shop reaches this \
         machine:\n  NOREN_WITNESSES='{key} http://ADDRESS:{port}'\n\
         An export of the ledger is then verified with --witness '{key}'.",
        name = key.name(),
    )
}
