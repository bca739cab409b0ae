//! Servers of the benchmark's own: the release binary over a fresh data folder, and the bare floor.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::load::{AnyError, Browser};

/// A running `noren serve` (or bare server), ended when dropped.
pub struct Running {
    child: Child,
    pub addr: SocketAddr,
}

/// A port nobody listens on now.
fn free_port() -> Result<SocketAddr, AnyError> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

impl Running {
    /// Starts a shop with the sample goods over `data` on the first core, leaving the second to the load.
    pub async fn sample_shop(data: &Path) -> Result<Self, AnyError> {
        Self::shop(data, None, "on").await
    }

    /// Starts a shop with the goods that are in its database.
    pub async fn stocked_shop(data: &Path, database_url: Option<&str>) -> Result<Self, AnyError> {
        Self::shop(data, database_url, "off").await
    }

    async fn shop(data: &Path, database_url: Option<&str>, sample: &str) -> Result<Self, AnyError> {
        let (addr, metrics) = (free_port()?, free_port()?);
        let mut command = pinned(&noren());
        command
            .args(["serve", "--addr", &addr.to_string(), "--metrics-addr", &metrics.to_string()])
            .arg("--data")
            .arg(data)
            .arg("--site")
            .arg(site())
            .args(["--sample", sample])
            // All shoppers at once are more than a shop lets its vault be asked for.
            .args(["--vault-per-minute", "1000000"])
            .env("NOREN_LOG", "error");
        if let Some(url) = database_url {
            command.args(["--database-url", url]);
        }
        Self::start(command, addr, "/readyz").await
    }

    /// Starts the bare server, which answers `/` with the bytes of `page` after one read of `database`.
    pub async fn bare(page: &Path, database: &Path) -> Result<Self, AnyError> {
        let addr = free_port()?;
        let mut command = pinned(&std::env::current_exe()?);
        command.arg("bare").arg(addr.to_string()).arg(page).arg(database);
        Self::start(command, addr, "/").await
    }

    async fn start(mut command: Command, addr: SocketAddr, ready: &str) -> Result<Self, AnyError> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true).spawn()?;
        let running = Self { child, addr };
        for _ in 0..600 {
            if let Ok(mut browser) = Browser::open(addr).await
                && browser.get(ready).await.is_ok_and(|answer| answer.status.is_success())
            {
                return Ok(running);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err("the server did not become ready within a minute".into())
    }

    /// Memory the process holds, in megabytes (`VmRSS`).
    pub fn memory_mb(&self) -> Result<f64, AnyError> {
        let pid = self.child.id().ok_or("the server has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kilobytes / 1024.0)
    }
}

/// A command on the first core.
fn pinned(binary: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(binary);
    command
}

fn target() -> PathBuf {
    PathBuf::from(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// The release binary.
pub fn noren() -> PathBuf {
    target().join("release/noren")
}

/// Where the release build puts the wasm, the style and the pictures.
pub fn site() -> PathBuf {
    target().join("release/site")
}
