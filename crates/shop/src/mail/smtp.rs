//! Handing mails over to a mail server (RFC 5321), step by step: only so is it known whether a mail can have
//! been taken when something breaks off.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::Error as LettreError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::outbox::AT_ONCE;

/// Where mails are handed over. Its `Debug` shows no password.
#[derive(Clone)]
pub struct Server {
    /// Its name, as its certificate has it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is protected.
    pub security: Security,
    /// Who we are for it, if it wants to know.
    pub login: Option<Login>,
    /// A certificate (PEM) that is believed besides those of the system.
    pub ca: Option<Vec<u8>>,
    /// How long it is waited for.
    pub patience: Patience,
}

/// User and password at the mail server.
#[derive(Clone)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password.
    pub password: Zeroizing<String>,
}

/// How the way to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (RFC 8314), mostly at port 465.
    Tls,
    /// STARTTLS, and nothing before it is done (RFC 3207), mostly at port 587.
    StartTls,
    /// None.
    Plain,
}

/// How long a mail server is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For everything until mails can be handed over: connection, greeting, TLS, login.
    pub connect: Duration,
    /// For the answer to one command.
    pub command: Duration,
    /// For the word that the mail was taken. Long, for a mail that is sent again because the answer came late
    /// is there twice (RFC 5321 4.5.3.2.6).
    pub taken: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { connect: Duration::from_secs(15), command: Duration::from_secs(10), taken: Duration::from_mins(10) }
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let login = if self.login.is_some() { ", with a login" } else { "" };
        write!(f, "Server({}:{}, {:?}{login})", self.host, self.port, self.security)
    }
}

impl std::fmt::Display for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = match self.security {
            Security::Tls => "smtps",
            Security::StartTls => "smtp+starttls",
            Security::Plain => "smtp",
        };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

/// A step of handing over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The connection, its greeting, and TLS.
    Connect,
    /// AUTH.
    Login,
    /// MAIL FROM: our own address.
    From,
    /// RCPT TO: the reader's address.
    To,
    /// DATA: whether the mail may come.
    Data,
    /// The mail itself.
    Content,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connect => "the connection",
            Self::Login => "the login",
            Self::From => "the sender's address",
            Self::To => "the reader's address",
            Self::Data => "the wish to send",
            Self::Content => "the mail",
        })
    }
}

/// A mail was not handed over, or it is not known. None of these names an address: what mail servers say often
/// does, so only its codes are kept.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// The mail server is not there, or breaks off before it has the mail.
    #[error("the mail server cannot be reached or breaks off at {step}: {why}")]
    Away {
        /// How far it went.
        step: Step,
        /// What was seen.
        why: String,
    },
    /// It says no, which may change: for now (4xx), or to us (5xx to our own address, or of the class x.7.x).
    #[error("the mail server refuses {step} ({code}); it is tried again")]
    NotNow {
        /// What it refuses.
        step: Step,
        /// Its codes, such as `450 4.2.0`.
        code: String,
    },
    /// It refuses the address or the mail for good (5xx).
    #[error("the mail server refuses {step} for good ({code})")]
    Bounced {
        /// What it refuses.
        step: Step,
        /// Its codes, such as `550 5.1.1`.
        code: String,
    },
    /// The whole mail was sent and no answer came back: it may have been taken or not.
    #[error(
        "no answer came after the whole mail was sent ({0}); it may have been taken, and is sent again under the same Message-ID"
    )]
    InDoubt(String),
}

impl SmtpError {
    /// `error` at `step`, while it is sure that no mail was taken.
    fn at(step: Step, error: &LettreError) -> Self {
        match code(error) {
            // The reader's server refuses the reader or the mail. What it has against us an operator can mend.
            Some(code)
                if error.is_permanent()
                    && matches!(step, Step::To | Step::Data | Step::Content)
                    && !is_about_us(&code) =>
            {
                Self::Bounced { step, code }
            }
            Some(code) => Self::NotNow { step, code },
            None => Self::Away { step, why: why(error) },
        }
    }

    fn late(step: Step, within: Duration) -> Self {
        Self::Away { step, why: format!("no answer within {} s", within.as_secs_f32()) }
    }
}

/// The codes in what a mail server has answered: `550`, and `5.1.1` if it says that as well (RFC 3463).
fn code(error: &LettreError) -> Option<String> {
    let code = error.status()?;
    let said = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let first = said.split_whitespace().next().unwrap_or_default();
    let parts: Vec<&str> = first.split('.').collect();
    let number = |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let enhanced = parts.len() == 3 && parts.iter().all(number);
    Some(if enhanced { format!("{code} {first}") } else { code.to_string() })
}

/// Whether these codes say that it is us who are refused, whatever the mail and its reader: no login (530), or a matter of
/// security or policy (x.7.x, RFC 3463 3.8), such as a relay that does not know the shop any more, or a broken SPF or DKIM.
/// Every mail of that time would bounce.
fn is_about_us(code: &str) -> bool {
    let (code, enhanced) = code.split_once(' ').unwrap_or((code, ""));
    code == "530" || enhanced.split('.').nth(1) == Some("7")
}

/// A fault of the network in words. An answer that makes no sense is not repeated.
fn why(error: &LettreError) -> String {
    if error.is_response() { "an answer that is none".to_owned() } else { error.to_string() }
}

/// The way to a mail server: connections that are kept for the next mail, never more at once than mails are
/// worked on. Cheap to clone.
#[derive(Clone)]
pub struct Relay(Arc<Inner>);

struct Inner {
    server: Server,
    /// What we say that our name is.
    hello: ClientId,
    idle: Mutex<Vec<AsyncSmtpConnection>>,
    slots: Semaphore,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Relay({:?})", self.0.server)
    }
}

/// What a mail server said about itself; for `noren doctor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// Whether the way is encrypted.
    pub encrypted: bool,
    /// Whether it offers to be, although we do not ask for it.
    pub offers_tls: bool,
}

/// A connection on which the mail server has said that it will take a mail for this reader.
pub struct Ready<'a> {
    relay: &'a Relay,
    connection: AsyncSmtpConnection,
    _slot: SemaphorePermit<'a>,
}

impl Relay {
    /// The way to `server`, for a shop that is called `host`.
    pub fn new(server: Server, host: Option<&str>) -> Self {
        let hello = match host.map(str::parse::<IpAddr>) {
            Some(Ok(IpAddr::V4(ip))) => ClientId::Ipv4(ip),
            Some(Ok(IpAddr::V6(ip))) => ClientId::Ipv6(ip),
            Some(Err(_)) => ClientId::Domain(host.unwrap_or_default().to_owned()),
            None => ClientId::default(),
        };
        Self(Arc::new(Inner { server, hello, idle: Mutex::default(), slots: Semaphore::new(AT_ONCE) }))
    }

    /// The mail server.
    pub fn server(&self) -> &Server {
        &self.0.server
    }

    /// Looks whether the mail server answers, and takes the login; sends nothing.
    pub async fn probe(&self) -> Result<Greeting, SmtpError> {
        let mut connection = self.connect().await?;
        let greeting = Greeting { encrypted: connection.is_encrypted(), offers_tls: connection.can_starttls() };
        let _ = timeout(self.0.server.patience.command, connection.quit()).await;
        Ok(greeting)
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        let within = self.0.server.patience.connect;
        timeout(within, self.connect_in_time()).await.map_err(|_| SmtpError::late(Step::Connect, within))?
    }

    async fn connect_in_time(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        let Inner { server, hello, .. } = &*self.0;
        let at = |error: LettreError| SmtpError::at(Step::Connect, &error);
        let tls = || -> Result<TlsParameters, LettreError> {
            let mut tls = TlsParameters::builder(server.host.clone());
            if let Some(ca) = &server.ca {
                tls = tls.add_root_certificate(Certificate::from_pem(ca)?);
            }
            tls.build()
        };
        let at_once = if server.security == Security::Tls { Some(tls().map_err(at)?) } else { None };
        let address = (server.host.as_str(), server.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(address, None, hello, at_once, None).await.map_err(at)?;
        if server.security == Security::StartTls {
            connection.starttls(tls().map_err(at)?, hello).await.map_err(at)?;
        }
        if let Some(Login { user, password }) = &server.login {
            let credentials = Credentials::new(user.clone(), password.to_string());
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            let done = connection.auth(&mechanisms, &credentials).await;
            done.map_err(|error| SmtpError::at(Step::Login, &error))?;
        }
        Ok(connection)
    }

    /// A connection from the last mail that is still good, or a new one.
    async fn take(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        loop {
            let kept = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(mut connection) = kept else { return self.connect().await };
            if timeout(self.0.server.patience.command, connection.test_connected()).await == Ok(true) {
                return Ok(connection);
            }
        }
    }

    /// Asks whether a mail from and to these addresses is wanted. Nothing was handed over yet, and nothing is
    /// if this is dropped.
    pub async fn ask(&self, envelope: &Envelope, text: &[u8]) -> Result<Ready<'_>, SmtpError> {
        let closed = |_| SmtpError::Away { step: Step::Connect, why: "the shop closes".to_owned() };
        let slot = self.0.slots.acquire().await.map_err(closed)?;
        let mut connection = self.take().await?;
        let mut parameters = Vec::new();
        if !text.is_ascii() && connection.server_info().supports_feature(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let from: Option<Address> = envelope.from().cloned();
        self.say(&mut connection, Step::From, Mail::new(from, parameters)).await?;
        for to in envelope.to() {
            self.say(&mut connection, Step::To, Rcpt::new(to.clone(), Vec::new())).await?;
        }
        Ok(Ready { relay: self, connection, _slot: slot })
    }

    async fn say(
        &self,
        connection: &mut AsyncSmtpConnection,
        step: Step,
        command: impl std::fmt::Display,
    ) -> Result<(), SmtpError> {
        let within = self.0.server.patience.command;
        match timeout(within, connection.command(command)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(SmtpError::at(step, &error)),
            Err(_) => Err(SmtpError::late(step, within)),
        }
    }

    /// The longest that [`Ready::hand_over`] takes, besides the time on the wire.
    pub(super) fn longest(&self) -> Duration {
        self.0.server.patience.command + self.0.server.patience.taken
    }
}

impl Ready<'_> {
    /// Sends the whole mail and gives what the mail server said to it. From here on it may have been taken,
    /// whatever comes back.
    pub async fn hand_over(mut self, text: &[u8]) -> Result<String, SmtpError> {
        self.relay.say(&mut self.connection, Step::Data, Data).await?;
        let within = self.relay.server().patience.taken;
        match timeout(within, self.connection.message(text)).await {
            Ok(Ok(answer)) => {
                let said = format!("{} {}", answer.code(), answer.first_line().unwrap_or_default());
                self.relay.0.idle.lock().unwrap_or_else(PoisonError::into_inner).push(self.connection);
                Ok(said)
            }
            Ok(Err(error)) if error.status().is_some() => Err(SmtpError::at(Step::Content, &error)),
            Ok(Err(error)) => Err(SmtpError::InDoubt(why(&error))),
            Err(_) => Err(SmtpError::InDoubt(format!("no answer within {} s", within.as_secs_f32()))),
        }
    }
}

#[cfg(test)]
mod tests;
