//! A running `noren serve`.

use std::io::{BufRead, BufReader};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::installation::Installation;

/// Longest wait for anything that a server does by itself.
pub const PATIENCE: Duration = Duration::from_mins(5);

/// A server with no goods but those its database holds. It is killed when it is dropped.
pub struct Server {
    child: Child,
    /// What it writes into its log, line by line.
    log: mpsc::Receiver<String>,
    /// Where it answers.
    pub url: String,
}

impl Server {
    /// Starts one, and waits until it listens.
    pub fn start(installation: &Installation) -> Self {
        Self::try_start(installation, "127.0.0.1:0").expect("the server says where it listens")
    }

    /// Starts one with its metrics at `metrics`; nothing if it ends before it listens.
    pub fn try_start(installation: &Installation, metrics: &str) -> Option<Self> {
        let mut child = installation
            .command(&["serve", "--addr", "127.0.0.1:0", "--metrics-addr", metrics, "--url", "http://127.0.0.1"])
            .env("NOREN_SAMPLE", "off")
            .env("NOREN_LOG", "info,tower_http=debug")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (write, log) = mpsc::channel();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        // Reads on to the end, so that the pipe never fills.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| drop(write.send(line))));
        let mut server = Self { child, log, url: String::new() };
        let line = server.line("address=")?;
        let address = line.split_once("address=").unwrap().1.split_whitespace().next().unwrap();
        server.url = format!("http://{address}");
        Some(server)
    }

    /// The next line of the log that holds `words`; nothing if the server ends without it.
    fn line(&self, words: &str) -> Option<String> {
        loop {
            match self.log.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(words) => return Some(line),
                Ok(_) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => return None,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("the log never says \"{words}\""),
            }
        }
    }

    /// Waits until the log has said `words` so many times more.
    pub fn wait_for(&self, words: &str, times: usize) {
        for _ in 0..times {
            self.line(words).unwrap_or_else(|| panic!("the server ended before it said \"{words}\""));
        }
    }

    /// `kill -9`.
    pub fn crash(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, as `systemd` and `docker stop` do.
    #[cfg(unix)]
    pub fn ask_to_stop(&self) {
        let told = std::process::Command::new("sh").arg("-c").arg(format!("kill -TERM {}", self.child.id())).status();
        assert!(told.unwrap().success());
    }

    /// How it ended, once it has by itself.
    pub fn ended(mut self) -> ExitStatus {
        // To the end of the log: whoever holds it open is running still.
        while self.log.recv_timeout(PATIENCE).is_ok() {}
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails when it has ended already, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
