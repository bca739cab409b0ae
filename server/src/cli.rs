//! The command line.

mod import;

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use noren_shop::Shop;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use import::{Import, Sample};

use crate::config::{Config, Flags, gather};
use crate::{doctor, http, jobs, metrics};

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
    /// Brings the database up to date.
    Migrate,
    /// Stocks the shop with the sample goods and demo accounts.
    Seed,
    /// Looks at this installation and says what is well and what is not.
    Doctor,
    /// Imports categories and products from CSV files, and their pictures from a folder.
    Import(Import),
    /// Writes a large file of products to standard output, made from the sample goods.
    Sample(Sample),
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Runs the command that was asked for.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let toml = std::fs::read_to_string("noren.toml").ok();
    let config = match gather(&cli.flags, |name| std::env::var(name).ok(), toml.as_deref()) {
        Ok(config) => config,
        Err(faults) => {
            eprint!("{faults}");
            return ExitCode::from(2);
        }
    };
    let filter = EnvFilter::try_from_env("NOREN_LOG").unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    if config.development {
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    } else {
        tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
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
            Command::Serve => serve(config).await,
            Command::Migrate => migrate(&config).await,
            Command::Seed => seed(&config).await,
            Command::Doctor => examine(&config).await,
            Command::Import(options) => import::run(&open(&config).await?, options).await,
            Command::Sample(options) => import::sample(&options),
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("noren: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn open(config: &Config) -> Result<Shop, AnyError> {
    let shop = Shop::open(&config.data, config.database_url.as_deref(), &config.url, config.development).await?;
    shop.db.migrate().await?;
    Ok(shop)
}

async fn migrate(config: &Config) -> Result<(), AnyError> {
    open(config).await?;
    println!("the database is up to date");
    Ok(())
}

async fn seed(config: &Config) -> Result<(), AnyError> {
    let shop = open(config).await?;
    noren_shop::sample::stock(&shop).await?;
    println!("the shop is stocked");
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
        println!("{mark}  {}: {}", finding.what, finding.words);
    }
    match findings.iter().filter(|finding| finding.state == doctor::State::Bad).count() {
        0 => Ok(()),
        bad => Err(format!("{bad} thing(s) need mending").into()),
    }
}

async fn serve(config: Config) -> Result<(), AnyError> {
    let shop = open(&config).await?;
    if config.sample {
        noren_shop::sample::stock(&shop).await?;
    }
    let metrics_listener = listen(config.metrics_addr, "NOREN_METRICS_ADDR").await?;
    let listener = listen(config.addr, "NOREN_ADDR").await?;
    let (stop, stopping) = watch::channel(false);
    let metrics = tokio::spawn(metrics::serve(metrics_listener, metrics::install()?, stopping));
    let jobs = jobs::start(&shop);
    let served = http::serve(&config, shop.clone(), listener).await;
    jobs.stop().await;
    let _ = stop.send(true);
    metrics.await??;
    shop.db.close().await;
    Ok(served?)
}

async fn listen(addr: SocketAddr, setting: &str) -> Result<TcpListener, AnyError> {
    TcpListener::bind(addr)
        .await
        .map_err(|error| format!("cannot listen on {addr}: {error}; choose another address with {setting}").into())
}
