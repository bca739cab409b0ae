//! A mail server for tests: it speaks as much of RFC 5321 as a client needs to be tried, with STARTTLS and a
//! login, keeps what it is given, and does at each step what a test tells it to.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::mail::smtp::{Login, Patience, Relay, Security, Server, Step};

/// Its one user and their password.
pub const USER: &str = "shop@mail.example";
/// See [`USER`].
pub const PASSWORD: &str = "a long word";

/// What it does with the next mail that is not simply to take it.
#[derive(Clone, Copy, Debug)]
pub enum Deed {
    /// Takes it.
    Take,
    /// Answers a step with these words.
    Say(Step, &'static str),
    /// Says nothing more from this step on.
    FallSilent(Step),
    /// Ends the connection instead of an answer to this step.
    HangUp(Step),
    /// Keeps the mail and says nothing.
    KeepAndFallSilent,
    /// Keeps the mail and ends the connection.
    KeepAndHangUp,
}

/// A mail as it came.
#[derive(Clone, Debug)]
pub struct Kept {
    /// To which addresses.
    pub to: Vec<String>,
    /// Head and body.
    pub raw: String,
}

impl Kept {
    /// A header of it, unfolded.
    pub fn header(&self, name: &str) -> String {
        let head = self.raw.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
        let found = head.split("\r\n").find_map(|line| line.strip_prefix(&format!("{name}: ")));
        found.unwrap_or_default().to_owned()
    }
}

#[derive(Default)]
struct State {
    kept: Vec<Kept>,
    script: VecDeque<Deed>,
    /// What it was told without encryption.
    plain: Vec<String>,
}

/// The server. It stops when it is dropped.
pub struct MailServer {
    address: SocketAddr,
    security: Security,
    shared: Arc<Shared>,
    pem: Vec<u8>,
    acceptor: TlsAcceptor,
    running: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    /// Rung whenever it has kept a mail, or falls silent.
    bell: Notify,
    /// Rung when those who have fallen silent are to end the connection.
    enough: Notify,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.abort();
        }
    }
}

impl MailServer {
    /// One that is protected in this way, on a port of its own.
    pub async fn start(security: Security) -> Self {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let mut server = Self {
            address: "127.0.0.1:0".parse().unwrap(),
            security,
            shared: Arc::new(Shared { state: Mutex::default(), bell: Notify::new(), enough: Notify::new() }),
            pem: cert.pem().into_bytes(),
            acceptor: TlsAcceptor::from(Arc::new(config)),
            running: None,
        };
        server.come_back().await;
        server
    }

    /// Ends it and every connection, as if its machine had lost power; what it has kept stays.
    pub async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.abort();
            // Its port is free and its connections are closed only then.
            let _ = running.await;
        }
    }

    /// Starts it again at the same address.
    pub async fn come_back(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.address = listener.local_addr().unwrap();
        let (shared, acceptor, security) = (self.shared.clone(), self.acceptor.clone(), self.security);
        self.running = Some(tokio::spawn(async move {
            // They end with the set, so with this task.
            let mut talks = tokio::task::JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                talks.spawn(greet(stream, shared.clone(), acceptor.clone(), security));
            }
        }));
    }

    /// Does these with the next mails.
    pub fn will(&self, deeds: &[Deed]) {
        self.state().script.extend(deeds);
    }

    /// Ends the connections on which it has fallen silent.
    pub fn hang_up(&self) {
        self.shared.enough.notify_waiters();
    }

    /// Forgets what it was told to do and has not done yet.
    pub fn will_no_more(&self) {
        self.state().script.clear();
    }

    /// What it has kept.
    pub fn kept(&self) -> Vec<Kept> {
        self.state().kept.clone()
    }

    /// What it was told before the way was encrypted.
    pub fn told_plainly(&self) -> Vec<String> {
        self.state().plain.clone()
    }

    /// Waits until it has kept a mail or fallen silent once more.
    pub async fn rung(&self) {
        self.shared.bell.notified().await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap()
    }

    /// How it is reached, with its user's login where that is safe.
    pub fn settings(&self) -> Server {
        let login = Login { user: USER.to_owned(), password: PASSWORD.to_owned().into() };
        Server {
            host: self.address.ip().to_string(),
            port: self.address.port(),
            security: self.security,
            login: (self.security != Security::Plain).then_some(login),
            ca: Some(self.pem.clone()),
            // Nobody waits as long as that in a test, however slow the machine is.
            patience: Patience {
                connect: std::time::Duration::from_mins(5),
                command: std::time::Duration::from_mins(5),
                taken: std::time::Duration::from_mins(5),
            },
        }
    }

    /// The way to it.
    pub fn relay(&self) -> Relay {
        Relay::new(self.settings(), Some("shop.example"))
    }
}

async fn greet(stream: TcpStream, shared: Arc<Shared>, acceptor: TlsAcceptor, security: Security) {
    // A connection that breaks off is the client's affair, and what the test looks at.
    let _ = match security {
        Security::Tls => match acceptor.accept(stream).await {
            Ok(stream) => talk(stream, &shared, security, true).await.map(drop),
            Err(error) => Err(error),
        },
        Security::Plain => talk(stream, &shared, security, false).await.map(drop),
        Security::StartTls => match talk(stream, &shared, security, false).await {
            Ok(Some(stream)) => match acceptor.accept(stream).await {
                Ok(stream) => talk_on(BufReader::new(stream), &shared, security, true).await.map(drop),
                Err(error) => Err(error),
            },
            other => other.map(drop),
        },
    };
}

/// Whether the talk goes on.
enum Next {
    Go,
    End,
}

impl Shared {
    fn deed(&self) -> Deed {
        self.state.lock().unwrap().script.front().copied().unwrap_or(Deed::Take)
    }

    fn deed_done(&self) {
        self.state.lock().unwrap().script.pop_front();
    }

    fn keep(&self, to: &[String], raw: &str) {
        self.state.lock().unwrap().kept.push(Kept { to: to.to_vec(), raw: raw.to_owned() });
    }

    async fn silent(&self) {
        self.deed_done();
        // Heard from before the test is told on.
        let mut enough = std::pin::pin!(self.enough.notified());
        enough.as_mut().enable();
        self.bell.notify_one();
        enough.await;
    }
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>, words: &str) -> std::io::Result<()> {
    stream.get_mut().write_all(format!("{words}\r\n").as_bytes()).await?;
    stream.get_mut().flush().await
}

/// Answers a step with `words`, unless the test wants something else.
async fn step<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    shared: &Shared,
    at: Step,
    words: &str,
) -> std::io::Result<Next> {
    match shared.deed() {
        Deed::Say(step, other) if step == at => {
            shared.deed_done();
            say(stream, other).await?;
            return Ok(Next::Go);
        }
        Deed::FallSilent(step) if step == at => {
            shared.silent().await;
            return Ok(Next::End);
        }
        Deed::HangUp(step) if step == at => {
            shared.deed_done();
            return Ok(Next::End);
        }
        _ => say(stream, words).await?,
    }
    Ok(Next::Go)
}

/// Greets and talks; gives the bare stream when it is to be encrypted.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    shared: &Shared,
    security: Security,
    encrypted: bool,
) -> std::io::Result<Option<S>> {
    let mut stream = BufReader::new(stream);
    if let Next::End = step(&mut stream, shared, Step::Connect, "220 mail.example ready").await? {
        return Ok(None);
    }
    talk_on(stream, shared, security, encrypted).await
}

async fn talk_on<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: BufReader<S>,
    shared: &Shared,
    security: Security,
    encrypted: bool,
) -> std::io::Result<Option<S>> {
    let (mut to, mut logged_in) = (Vec::new(), security == Security::Plain);
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        if !encrypted {
            shared.state.lock().unwrap().plain.push(line.trim_end().to_owned());
        }
        let verb = line.split([' ', ':']).next().unwrap_or_default().trim_end().to_ascii_uppercase();
        let next = match verb.as_str() {
            "EHLO" => {
                let more = match (security, encrypted) {
                    (Security::StartTls, false) => "250-STARTTLS\r\n",
                    (_, true) => "250-AUTH PLAIN LOGIN\r\n",
                    _ => "",
                };
                say(&mut stream, &format!("250-mail.example\r\n{more}250-ENHANCEDSTATUSCODES\r\n250 8BITMIME")).await?;
                Next::Go
            }
            "STARTTLS" => {
                say(&mut stream, "220 go ahead").await?;
                return Ok(Some(stream.into_inner()));
            }
            "AUTH" => {
                let given = STANDARD.decode(line.trim_end().rsplit(' ').next().unwrap_or_default()).unwrap_or_default();
                logged_in = given == format!("\0{USER}\0{PASSWORD}").into_bytes();
                let words = if logged_in { "235 2.7.0 welcome" } else { "535 5.7.8 who are you" };
                step(&mut stream, shared, Step::Login, words).await?
            }
            "MAIL" if !logged_in => {
                say(&mut stream, "530 5.7.0 log in first").await?;
                Next::Go
            }
            "MAIL" => {
                to.clear();
                step(&mut stream, shared, Step::From, "250 2.1.0 fine").await?
            }
            "RCPT" => {
                to.push(line.split(['<', '>']).nth(1).unwrap_or_default().to_owned());
                step(&mut stream, shared, Step::To, "250 2.1.5 fine").await?
            }
            "DATA" => match shared.deed() {
                Deed::Say(Step::Data, words) => {
                    shared.deed_done();
                    say(&mut stream, words).await?;
                    Next::Go
                }
                _ => match step(&mut stream, shared, Step::Data, "354 send it").await? {
                    Next::Go => take(&mut stream, shared, &to).await?,
                    Next::End => Next::End,
                },
            },
            "QUIT" => {
                say(&mut stream, "221 2.0.0 bye").await?;
                Next::End
            }
            _ => {
                say(&mut stream, "250 2.0.0 fine").await?;
                Next::Go
            }
        };
        if let Next::End = next {
            return Ok(None);
        }
    }
}

/// Reads a mail to its end, and keeps it or not.
async fn take<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    shared: &Shared,
    to: &[String],
) -> std::io::Result<Next> {
    let mut raw = String::new();
    loop {
        let start = raw.len();
        if stream.read_line(&mut raw).await? == 0 {
            return Ok(Next::End);
        }
        if &raw[start..] == ".\r\n" {
            raw.truncate(start);
            break;
        }
        if raw[start..].starts_with('.') {
            raw.remove(start);
        }
    }
    match shared.deed() {
        Deed::Say(Step::Content, words) => {
            shared.deed_done();
            say(stream, words).await?;
            Ok(Next::Go)
        }
        Deed::FallSilent(Step::Content) => {
            shared.silent().await;
            Ok(Next::End)
        }
        Deed::HangUp(Step::Content) => {
            shared.deed_done();
            Ok(Next::End)
        }
        deed => {
            shared.keep(to, &raw);
            match deed {
                Deed::KeepAndFallSilent => {
                    shared.silent().await;
                    return Ok(Next::End);
                }
                Deed::KeepAndHangUp => {
                    shared.deed_done();
                    shared.bell.notify_one();
                    return Ok(Next::End);
                }
                Deed::Take => shared.deed_done(),
                _ => {}
            }
            shared.bell.notify_one();
            say(stream, "250 2.0.0 kept as 42").await?;
            Ok(Next::Go)
        }
    }
}
