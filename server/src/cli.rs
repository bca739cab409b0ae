//! The command line.

mod account;
mod backup;
pub(crate) mod certificates;
mod erase;
mod export;
mod import;
mod ledger;
mod mail;
mod order;
mod rotate;
mod say;
pub(crate) mod serve;
mod witness;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use noren_shop::Shop;
use noren_shop::account::{Leaks, PWNED_PASSWORDS};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use import::{Import, Sample};
use rotate::Rotation;

use crate::config::{Config, ConfigFaults, Flags, gather, read_file, unknown_variables};
use crate::vault::Keeper;
use crate::{doctor, panics, vault};

/// Noren: an online shop that keeps its good name.
#[derive(Debug, Parser)]
#[command(name = "noren", version, about)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the shop.
    Serve,
    /// Runs the vault apart from the shop, as another user: see docs/OPERATIONS.md.
    Vault {
        /// Ends when the standard input does: how the shop runs its own.
        #[arg(long, hide = true)]
        until_stdin_ends: bool,
    },
    /// Makes the certificates that a shop and a vault on another host show each other.
    Certificates(certificates::Certificates),
    /// Puts a new key of the vault in the place of the old one, which is destroyed, while the shop goes on.
    Rotate {
        /// Which key.
        #[arg(value_enum, default_value_t = Rotation::Wrapping)]
        key: Rotation,
        /// Of the index key: destroys the old one even if some records are found by it alone.
        #[arg(long)]
        finish: bool,
    },
    /// Copies the shop and its vault, while both go on, to folders from which `restore` puts them back.
    Backup(backup::Backup),
    /// Puts back what `backup` has copied, where there is nothing yet.
    Restore(backup::Restore),
    /// Brings the database up to date.
    Migrate,
    /// Stocks the shop with the sample goods and demo accounts.
    Seed,
    /// Looks at this installation and says what is well and what is not.
    Doctor,
    /// Imports categories and products from CSV files, and their pictures from a folder.
    ///
    /// The columns of the files are described in `sample/README.md`, with the sample's own files beside it.
    Import(Import),
    /// Records a bank transfer for an order, or calls an order off.
    Order(order::Order),
    /// Signs one person out everywhere, or everybody.
    Sessions(account::Sessions),
    /// Takes the second factors from an account whose owner has lost them, after three days in which they can object.
    Factors(account::Factors),
    /// Sends a test mail, lists mails that did not arrive, tries one again.
    Mail(mail::Mail),
    /// Sends an issue of the newsletter.
    Newsletter(mail::Newsletter),
    /// Erases the account whose e-mail address it reads from the standard input, or a guest's order: for who asks by letter.
    Erase(erase::Erase),
    /// Says whether a copy of somebody's data is as this shop has signed it.
    Export(export::Export),
    /// The read ledger: who opened whose personal data, when and why. Exports it, verifies it and proofs from it.
    Ledger(ledger::Ledger),
    /// Runs a witness: it cosigns the checkpoints of a shop's read ledger, on any other machine and without a shop.
    Witness(witness::Witness),
    /// Writes a large file of products in the sample's categories to standard output.
    Sample(Sample),
}

/// The last things, once requests and jobs have ended, get so long each.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// The words of the command line. `cargo leptos watch` starts the binary without any.
fn words() -> Vec<std::ffi::OsString> {
    let mut words: Vec<_> = std::env::args_os().collect();
    if words.len() == 1 && std::env::var_os("LEPTOS_WATCH").is_some() {
        words.push("serve".into());
    }
    words
}

/// Runs the command that was asked for.
pub fn run() -> ExitCode {
    let cli = Cli::parse_from(words());
    let data = cli.flags.data.clone().or_else(|| std::env::var("NOREN_DATA").ok());
    // An auditor and a witness have no shop, and so no configuration of one.
    if let Command::Ledger(asked) = &cli.command {
        return ledger::run(asked, data.as_deref());
    }
    if let Command::Witness(asked) = &cli.command {
        return witness::run(asked);
    }
    if let Command::Export(asked) = &cli.command {
        return ended(export::run(asked, data.as_deref()));
    }
    // Before there are certificates, a configuration that names them has a fault.
    if let Command::Certificates(asked) = &cli.command {
        return ended(certificates::run(asked));
    }
    // A variable that is no UTF-8 is a value nobody knows, never an unset one.
    let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let gathered = read_file(Path::new("noren.toml")).and_then(|toml| gather(&cli.flags, variable, toml.as_deref()));
    let (config, filter) = match (gathered, log_filter(variable("NOREN_LOG").as_deref())) {
        (Ok(config), Ok(filter)) => (config, filter),
        (gathered, filter) => {
            let mut faults = gathered.err().unwrap_or(ConfigFaults(Vec::new()));
            faults.0.extend(filter.err());
            faults.0.extend(strange_variables());
            eprint!("{faults}");
            return ExitCode::from(2);
        }
    };
    if config.development {
        let colours = std::io::stderr().is_terminal();
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    } else {
        tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
    }
    panics::say_only_where();
    for words in strange_variables() {
        tracing::warn!("{words}");
    }
    if let Command::Vault { until_stdin_ends } = cli.command {
        return vault::serve(&config, until_stdin_ends);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(async {
        match cli.command {
            Command::Serve => serve::run(config).await,
            Command::Rotate { key, finish } => rotate::run(&config, key, finish).await,
            Command::Migrate => migrate(&config).await,
            Command::Seed => seed(&config).await,
            Command::Doctor => examine(&config).await,
            Command::Import(options) => {
                let (shop, keeper) = open(&config).await?;
                let done = import::run(&shop, options).await;
                keeper.stop().await;
                done
            }
            Command::Order(options) => {
                let (shop, keeper) = open(&config).await?;
                let done = order::run(&shop, options).await;
                keeper.stop().await;
                done
            }
            Command::Sessions(options) => {
                let (shop, keeper) = open(&config).await?;
                let done = account::run_sessions(&shop, options).await;
                keeper.stop().await;
                done
            }
            Command::Factors(options) => {
                let (shop, keeper) = open(&config).await?;
                let done = account::run_factors(&shop, options).await;
                keeper.stop().await;
                done
            }
            Command::Mail(options) => {
                let (shop, keeper) = open(&config).await?;
                let done = mail::run(&shop, options).await;
                keeper.stop().await;
                done
            }
            Command::Newsletter(options) => {
                let (shop, keeper) = open(&config).await?;
                let done = mail::run_newsletter(&shop, options).await;
                keeper.stop().await;
                done
            }
            Command::Erase(asked) => {
                let (shop, keeper) = open(&config).await?;
                let done = erase::run(&shop, asked).await;
                keeper.stop().await;
                done
            }
            Command::Backup(asked) => back_up(&config, &asked).await,
            Command::Restore(asked) => backup::put_back(&config, &asked),
            Command::Sample(options) => import::sample(&options),
            Command::Ledger(_)
            | Command::Export(_)
            | Command::Certificates(_)
            | Command::Witness(_)
            | Command::Vault { .. } => Ok(()),
        }
    });
    // A picture in the making is finished or thrown away, not waited for.
    runtime.shutdown_timeout(CLOSE_WITHIN);
    ended(done)
}

fn ended(done: Result<(), AnyError>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("noren: {error}");
            ExitCode::FAILURE
        }
    }
}

fn strange_variables() -> impl Iterator<Item = String> {
    let names = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    let words = |name| {
        format!("the variable {name} is no setting of Noren and changes nothing; `noren help` names the settings")
    };
    unknown_variables(names).into_iter().map(words)
}

/// What is logged. A misspelt level is a fault: it would be taken for a part of the program, and the log
/// would stay empty.
fn log_filter(said: Option<&str>) -> Result<EnvFilter, String> {
    let said = said.filter(|said| !said.is_empty()).unwrap_or("info,sqlx=warn");
    let level = |part: &str| part.trim().parse::<LevelFilter>().is_ok();
    let wrong = said.split(',').find(|part| !part.contains('=') && !level(part));
    let remedy = "write a level (error, warn, info, debug, trace) or noren_shop=debug, set apart by commas";
    match (wrong, EnvFilter::try_new(said)) {
        (None, Ok(filter)) => Ok(filter),
        (Some(part), _) => Err(format!("NOREN_LOG: \"{part}\" is no level; {remedy}")),
        (None, Err(error)) => Err(format!("NOREN_LOG = \"{said}\" cannot be read ({error}); {remedy}")),
    }
}

/// The shop, ready to work, and what keeps its vault running until it is stopped.
async fn open(config: &Config) -> Result<(Shop, Keeper), AnyError> {
    let (url, database_url) = (&config.url, config.database_url.as_deref());
    let shop = Shop::open(&config.data, vault::door(config), database_url, url, config.development).await?;
    let mut shop = shop.sending(config.outgoing.clone());
    if config.pwned_passwords {
        shop = shop.asking(Leaks::at(PWNED_PASSWORDS));
    }
    let known = noren_shop::vault_check::known(&shop.db).await?.is_some();
    let keeper = vault::attend(config, &shop.vault, known).await?;
    match shop.migrate().await {
        Ok(()) => Ok((shop, keeper)),
        Err(error) => {
            keeper.stop().await;
            Err(error.into())
        }
    }
}

async fn migrate(config: &Config) -> Result<(), AnyError> {
    open(config).await?.1.stop().await;
    say::line("the database is up to date")?;
    Ok(())
}

/// Without opening the shop: a backup makes nothing that is not there, and changes no database.
async fn back_up(config: &Config, asked: &backup::Backup) -> Result<(), AnyError> {
    let vault = vault::door(config);
    if asked.needs_no_vault() {
        return backup::back_up(config, &vault, asked).await;
    }
    let keeper = vault::attend(config, &vault, true).await?;
    let done = backup::back_up(config, &vault, asked).await;
    keeper.stop().await;
    done
}

async fn seed(config: &Config) -> Result<(), AnyError> {
    let (shop, keeper) = open(config).await?;
    let done = noren_shop::sample::stock(&shop).await;
    keeper.stop().await;
    done?;
    say::line("the shop is stocked")?;
    Ok(())
}

async fn examine(config: &Config) -> Result<(), AnyError> {
    let findings = doctor::examine(config).await;
    for finding in &findings {
        let mark = match finding.state {
            doctor::State::Well => "well  ",
            doctor::State::Advice => "advice",
            doctor::State::Bad => "BAD   ",
        };
        say::line(format_args!("{mark}  {}: {}", finding.what, finding.words))?;
    }
    match findings.iter().filter(|finding| finding.state == doctor::State::Bad).count() {
        0 => Ok(()),
        bad => Err(format!("{bad} thing(s) need mending").into()),
    }
}

async fn listen(addr: SocketAddr, setting: &str) -> Result<TcpListener, AnyError> {
    TcpListener::bind(addr)
        .await
        .map_err(|error| format!("cannot listen on {addr}: {error}; choose another address with {setting}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_level_of_the_log_is_a_fault_and_does_not_silence_it() {
        for fine in ["", "warn", "INFO", "info,sqlx=warn", "noren_shop=debug", "off"] {
            assert!(log_filter(Some(fine)).is_ok(), "{fine}");
        }
        for wrong in ["inof", "info,noren_shop", "noren_shop=loud"] {
            assert!(log_filter(Some(wrong)).unwrap_err().starts_with("NOREN_LOG"), "{wrong}");
        }
    }
}
