//! Whether a password was in a known leak, asked of Pwned Passwords (<https://haveibeenpwned.com/API/v3#PwnedPasswords>)
//! if the operator allows the call. What leaves the shop are five hexadecimal digits of the password's SHA-1,
//! which some thousand known passwords share; padding hides how many came back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use noren_domain::account::Password;
use sha1::{Digest, Sha1};
use tokio::sync::Semaphore;

use crate::https;

/// Where the list is asked.
pub const PWNED_PASSWORDS: &str = "https://api.pwnedpasswords.com/range/";
/// Nobody waits longer than this to be told that a password may be set.
const PATIENCE: Duration = Duration::from_secs(1);
/// An answer has some 40 KB.
const MOST_BYTES: u64 = 512 * 1_024;

/// So many calls at once; who comes when all are busy is not asked for.
static ROOM: Semaphore = Semaphore::const_new(16);

/// The list of leaked passwords.
pub struct Leaks {
    agent: ureq::Agent,
    url: String,
    /// It has not answered since it last did; said once.
    failing: AtomicBool,
}

/// The list did not answer.
#[derive(Debug, thiserror::Error)]
enum LeaksError {
    #[error(transparent)]
    Http(#[from] ureq::Error),
    #[error("it answered with the status {0}")]
    Status(u16),
    #[error("so many are being asked about at this moment that one more would have to wait")]
    Busy,
    #[error("the worker that asks ended")]
    Worker(#[from] tokio::task::JoinError),
}

impl Leaks {
    /// The list at `url`, to which five hexadecimal digits are added; see [`PWNED_PASSWORDS`].
    pub fn at(url: &str) -> Self {
        Self::waiting(url, PATIENCE)
    }

    fn waiting(url: &str, patience: Duration) -> Self {
        let mut config = ureq::Agent::config_builder()
            .max_redirects(0)
            // Only what the shop's own settings say decides where it calls.
            .proxy(None)
            .timeout_global(Some(patience))
            .user_agent("noren");
        if url.starts_with("https://") {
            config = config.tls_config(https::tls());
        }
        Self { agent: config.build().into(), url: url.to_owned(), failing: AtomicBool::new(false) }
    }

    /// Whether the list has the password. Without an answer within a second it counts as not in it: a list
    /// that is away keeps nobody from setting a password.
    pub async fn hold(&self, password: &Password) -> bool {
        let digest: String = Sha1::digest(password.expose().as_bytes()).iter().map(|b| format!("{b:02X}")).collect();
        let (prefix, suffix) = digest.split_at(5);
        match self.range(prefix).await {
            Ok(range) => {
                self.failing.store(false, Ordering::Relaxed);
                holds(&range, suffix)
            }
            Err(error) => {
                if !self.failing.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "the list of leaked passwords does not answer: new passwords are not held against it");
                }
                false
            }
        }
    }

    async fn range(&self, prefix: &str) -> Result<String, LeaksError> {
        let permit = ROOM.try_acquire().map_err(|_| LeaksError::Busy)?;
        let (agent, url) = (self.agent.clone(), format!("{}{prefix}", self.url));
        tokio::task::spawn_blocking(move || {
            // Held by the work, not by the request.
            let _permit = permit;
            let mut answer = agent.get(url).header("Add-Padding", "true").call()?;
            match answer.status().as_u16() {
                200 => Ok(answer.body_mut().with_config().limit(MOST_BYTES).read_to_string()?),
                other => Err(LeaksError::Status(other)),
            }
        })
        .await?
    }
}

/// Whether a line of the answer names the password: `SUFFIX:COUNT`. Padding has the count 0.
fn holds(range: &str, suffix: &str) -> bool {
    range.lines().filter_map(|line| line.trim().split_once(':')).any(|(listed, count)| {
        listed.eq_ignore_ascii_case(suffix) && count.trim_start_matches('0').starts_with(|c: char| c.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::mpsc;

    use super::*;

    /// Answers once with `status` and `body`, and gives what it was asked.
    fn list(status: &'static str, body: &'static str) -> (String, mpsc::Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/range/", listener.local_addr().unwrap());
        let (tell, asked) = mpsc::channel();
        std::thread::spawn(move || {
            let (mut caller, _) = listener.accept().unwrap();
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && caller.read(&mut byte).unwrap() == 1 {
                head.push(byte[0]);
            }
            tell.send(String::from_utf8(head).unwrap()).unwrap();
            let answer =
                format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
            caller.write_all(answer.as_bytes()).unwrap();
        });
        (url, asked)
    }

    fn typed(raw: &str) -> Password {
        Password::typed(raw).unwrap()
    }

    /// SHA-1 of "password": 5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8.
    const RANGE: &str = "1D2DA4053E34E76F6576ED1DA63134B5E2A:2\r\n1E4C9B93F3F0682250B6CF8331B7EE68FD8:10434004\r\n\
                         1E4C9B93F3F0682250B6CF8331B7EE68FD9:0\r\n";

    #[tokio::test]
    async fn the_list_hears_five_digits_of_a_hash_and_nothing_more() {
        let (url, asked) = list("200 OK", RANGE);
        assert!(Leaks::at(&url).hold(&typed("password")).await);
        let head = asked.recv().unwrap().to_lowercase();
        assert!(head.starts_with("get /range/5baa6 http/1.1\r\n"), "{head}");
        assert!(head.contains("add-padding: true") && head.contains("user-agent: noren"), "{head}");
        assert!(!head.contains("1e4c9") && !head.contains("password"), "{head}");
    }

    #[tokio::test]
    async fn what_the_list_does_not_have_or_pads_with_is_no_leak() {
        let (url, _asked) = list("200 OK", RANGE);
        assert!(!Leaks::at(&url).hold(&typed("wardrobe velvet onion")).await);
        assert!(holds(RANGE, "1E4C9B93F3F0682250B6CF8331B7EE68FD8"));
        assert!(!holds(RANGE, "1E4C9B93F3F0682250B6CF8331B7EE68FD9"), "padding");
        assert!(!holds("", "1E4C9B93F3F0682250B6CF8331B7EE68FD8") && !holds("<html>", ""));
    }

    #[tokio::test]
    async fn a_list_that_is_away_keeps_nobody_from_setting_a_password() {
        for (status, body) in [("503 Service Unavailable", RANGE), ("302 Found", ""), ("200 OK", "<html>")] {
            let (url, _asked) = list(status, body);
            assert!(!Leaks::at(&url).hold(&typed("password")).await, "{status}");
        }
        // Nobody listens.
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let leaks = Leaks::at(&format!("http://{closed}/range/"));
        assert!(!leaks.hold(&typed("password")).await);
        assert!(leaks.failing.load(Ordering::Relaxed), "said once");
        // Somebody listens and says nothing.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let silent_url = format!("http://{}/range/", silent.local_addr().unwrap());
        let leaks = Leaks::waiting(&silent_url, Duration::from_millis(20));
        assert!(!leaks.hold(&typed("password")).await);
    }
}
