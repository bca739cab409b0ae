//! The vault's process: as the shop's child by default, or apart.

use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use noren_shop::clock::{Clock, Entropy};
use noren_shop::vault::{self, Here, Place, StartError, Vault};
use noren_vault::policy::Limits;
use noren_vault::tls::{PapersError, Side};
use tokio::process::{Child, ChildStdin, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::config::Config;

/// Another vault in the same folder is waited for so long.
const START_WITHIN: Duration = Duration::from_mins(1);
/// How a vault ends that finds another one at work (`EX_TEMPFAIL`).
const TAKEN: u8 = 75;
/// The last answers and the last checkpoint.
const STOP_WITHIN: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOK_FOR_TROUBLE: Duration = Duration::from_millis(500);
const MOMENT: Duration = Duration::from_millis(300);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LAST_PAUSE: Duration = Duration::from_secs(10);
/// A certificate that expires before long is told so often.
const REMIND_EVERY: Duration = Duration::from_hours(24);
/// So long before a certificate expires, that is said.
const RENEW_WITHIN_DAYS: u64 = 30;

/// The vault does not start.
#[derive(Debug, thiserror::Error)]
pub enum VaultStartError {
    /// No process.
    #[error("the vault's process cannot be started: {0}")]
    Spawn(#[source] std::io::Error),
    /// The database has people whose keys are not here.
    #[error(
        "{0} is missing, and the personal data in this database are sealed by the vault in it; put the folder back from \
         your backup, or name the vault that runs apart with NOREN_VAULT_SOCKET"
    )]
    Lost(PathBuf),
    /// It said why itself.
    #[error("the vault has ended with {0}; what it said stands above")]
    Ended(std::process::ExitStatus),
    /// Another one works there, and neither answers nor ends.
    #[error("another vault is at work in {0} and does not answer; stop it first")]
    Taken(PathBuf),
}

/// A certificate that is not taken by the other side.
#[derive(Debug, thiserror::Error)]
pub enum CertificateFault {
    /// Not now.
    #[error(transparent)]
    Now(PapersError),
    /// Before long.
    #[error(
        "the certificate in NOREN_VAULT_TLS expires within {RENEW_WITHIN_DAYS} days; make new ones for both sides with \
         `noren certificates`"
    )]
    Soon,
}

/// What keeps the shop's own vault running: when it ends, it is started again.
pub struct Keeper {
    stop: Option<oneshot::Sender<()>>,
    keeping: Option<JoinHandle<()>>,
}

/// Where the vault of this configuration listens.
pub fn place(config: &Config) -> Place {
    config.vault_socket.clone().unwrap_or_else(|| Place::Socket(vault::socket(&config.data)))
}

/// The shop's end of the vault.
pub fn door(config: &Config) -> Vault {
    Vault::at(place(config), Entropy::System)
}

/// Whether the certificate of `side` is taken by the other one, today and for a while.
pub fn certificate(config: &Config, side: Side) -> Result<(), CertificateFault> {
    let Some(Place::Tls(_, papers)) = &config.vault_socket else { return Ok(()) };
    let now = u64::try_from(Clock::System.now()).unwrap_or(0);
    papers.check(side, now).map_err(CertificateFault::Now)?;
    papers.check(side, now + RENEW_WITHIN_DAYS * 86_400_000).map_err(|_| CertificateFault::Soon)
}

/// Says at once and every day that a certificate is at its end: whoever shows it may run for months.
async fn remind(config: &Config, side: Side) {
    loop {
        if let Err(fault) = certificate(config, side) {
            tracing::warn!("{fault}");
        }
        sleep(REMIND_EVERY).await;
    }
}

/// Starts the vault, if it is the shop's own and does not run yet, and keeps it running. `known`: the database
/// remembers a vault; then no new one is made in the place of one that is lost.
pub async fn attend(config: &Config, vault: &Vault, known: bool) -> Result<Keeper, VaultStartError> {
    if config.vault_socket.is_some() {
        let (stop, stopped) = oneshot::channel();
        let config = config.clone();
        let keeping = tokio::spawn(async move {
            tokio::select! {
                () = remind(&config, Side::Shop) => {}
                _ = stopped => {}
            }
        });
        return Ok(Keeper { stop: Some(stop), keeping: Some(keeping) });
    }
    if known {
        look_for_keys(config)?;
    }
    let own = start(config, vault).await?;
    let (stop, stopped) = oneshot::channel();
    let keeping = tokio::spawn(keep(config.clone(), vault.clone(), own, stopped));
    Ok(Keeper { stop: Some(stop), keeping: Some(keeping) })
}

/// A folder without keys, such as that of a disk that is not mounted, is no place for new ones.
fn look_for_keys(config: &Config) -> Result<(), VaultStartError> {
    let folder = vault::folder(&config.data);
    if folder.join("keys").exists() { Ok(()) } else { Err(VaultStartError::Lost(folder)) }
}

impl Keeper {
    /// Lets the vault end in good order.
    pub async fn stop(mut self) {
        // Dropped, it says so.
        drop(self.stop.take());
        if let Some(keeping) = self.keeping.take() {
            let _ = timeout(STOP_WITHIN, keeping).await;
        }
    }
}

/// The shop's own vault.
struct Own {
    child: Child,
    /// It ends when this does. Apart from the child, for waiting for a child closes its standard input.
    lifeline: Option<ChildStdin>,
}

/// Starts the vault and waits until it answers. `None`: one of another process of this shop answers already.
async fn start(config: &Config, vault: &Vault) -> Result<Option<Own>, VaultStartError> {
    let begun = tokio::time::Instant::now();
    loop {
        // One that ends with its shop still answers for a moment.
        if vault.hello().await.is_ok() {
            sleep(MOMENT).await;
            if vault.hello().await.is_ok() {
                return Ok(None);
            }
        }
        match start_own(config, vault).await? {
            Some(own) => return Ok(Some(own)),
            // The other one is about to end, or about to answer.
            None if begun.elapsed() < START_WITHIN => sleep(LOOK_EVERY).await,
            None => return Err(VaultStartError::Taken(vault::folder(&config.data))),
        }
    }
}

/// Starts a vault of our own. `None`: another one is at work in the folder.
async fn start_own(config: &Config, vault: &Vault) -> Result<Option<Own>, VaultStartError> {
    let mut child = command(config).map_err(VaultStartError::Spawn)?.spawn().map_err(VaultStartError::Spawn)?;
    let lifeline = child.stdin.take();
    // As long as it lives it may be reading a large ledger.
    loop {
        match child.try_wait().map_err(VaultStartError::Spawn)? {
            Some(status) if status.code() == Some(TAKEN.into()) => return Ok(None),
            Some(status) => return Err(VaultStartError::Ended(status)),
            None if vault.hello().await.is_ok() => return Ok(Some(Own { child, lifeline })),
            None => sleep(LOOK_EVERY).await,
        }
    }
}

fn command(config: &Config) -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    // Of the shop's surroundings it gets what it logs with: it has no use for a database's password.
    command.env_clear().current_dir("/");
    for name in ["NOREN_LOG", "NO_COLOR", "RUST_BACKTRACE"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command
        .args(["vault", "--until-stdin-ends", "--url", &config.url])
        .arg("--data")
        .arg(std::path::absolute(&config.data)?)
        .args(["--vault-per-minute", &config.vault_per_minute.to_string()])
        .args(["--witnesses", &config.witnesses.to_string()])
        .args(["--env", if config.development { "development" } else { "production" }])
        // Whatever ends the shop closes this pipe, and the vault ends with it.
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        // What Ctrl+C says in a terminal is said to the shop, which still needs its vault for a moment.
        .process_group(0);
    Ok(command)
}

async fn keep(config: Config, vault: Vault, mut own: Option<Own>, mut stop: oneshot::Receiver<()>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let ended = async {
            match &mut own {
                Some(own) => drop(own.child.wait().await),
                // Another process' vault ends with that process.
                None => {
                    while vault.hello().await.is_ok() {
                        sleep(FIRST_PAUSE).await;
                    }
                }
            }
        };
        tokio::select! {
            () = ended => {}
            _ = &mut stop => break,
        }
        tracing::warn!("the vault has ended and is started again");
        let started = match look_for_keys(&config) {
            Ok(()) => start(&config, &vault).await,
            Err(lost) => Err(lost),
        };
        match started {
            Ok(started) => {
                own = started;
                pause = FIRST_PAUSE;
            }
            Err(error) => {
                tracing::error!(%error, "the vault cannot be started; people's data cannot be read or written");
                own = None;
                tokio::select! {
                    () = sleep(pause) => {}
                    _ = &mut stop => break,
                }
                pause = (pause * 2).min(LAST_PAUSE);
            }
        }
    }
    if let Some(mut own) = own {
        drop(own.lifeline.take());
        let _ = own.child.wait().await;
    }
}

/// Runs a vault in this process until it is told to stop, and gives the code to end with.
pub fn serve(config: &Config, until_stdin_ends: bool) -> ExitCode {
    match run(config, until_stdin_ends) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let taken =
                matches!(error.downcast_ref(), Some(StartError::Vault(noren_vault::vault::VaultError::Taken(_))));
            // The shop that started it knows what to do.
            if !(taken && until_stdin_ends) {
                eprintln!("noren: {error}");
            }
            if taken { ExitCode::from(TAKEN) } else { ExitCode::FAILURE }
        }
    }
}

fn run(config: &Config, until_stdin_ends: bool) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let locked = noren_vault::harden::harden()?;
    // Only to hear signals: the vault itself knows nothing of a runtime.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        if let Err(fault @ CertificateFault::Now(_)) = certificate(config, Side::Vault) {
            return Err(fault.into());
        }
        let here = open(config)?;
        if until_stdin_ends {
            // A service manager ends all processes of the shop at once; the vault goes last.
            let (ended, end) = oneshot::channel::<()>();
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
                drop(ended);
            });
            tokio::select! {
                _ = end => {}
                cause = stopped(&here) => return Err(cause.into()),
            }
        } else {
            tracing::info!(socket = here.at(), memory_locked = locked, "the vault answers");
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                () = remind(config, Side::Vault) => {}
                cause = stopped(&here) => return Err(cause.into()),
            }
        }
        drop(here);
        Ok(())
    })
}

/// Waits until the vault can work no more. Whoever started it starts it anew, and it looks at what is on the disk.
async fn stopped(here: &Here) -> String {
    loop {
        if let Some(cause) = here.stopped() {
            return cause;
        }
        sleep(LOOK_FOR_TROUBLE).await;
    }
}

fn open(config: &Config) -> Result<Here, StartError> {
    let host = noren_shop::host_of(&config.url).unwrap_or("localhost");
    let limits = Limits { per_minute: config.vault_per_minute, ..Limits::default() };
    let (users, witnesses) = (&config.vault_users, &config.witnesses.keys());
    Here::start(&vault::folder(&config.data), place(config), host, limits, users, witnesses)
}

/// A vault in this process for a test, and the shop's end of it.
#[cfg(test)]
pub fn beside(data: &std::path::Path) -> (Vault, Here) {
    let (folder, socket) = (vault::folder(data), vault::socket(data));
    let here = Here::start(&folder, &socket, "shop.example", Limits::default(), &[], &[]).unwrap();
    (Vault::at(&socket, Entropy::System), here)
}
