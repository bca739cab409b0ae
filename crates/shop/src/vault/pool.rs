//! Connections to the vault: kept for the next question, begun anew when it has been away, and never to another one.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use noren_vault::place::{Address, Place};
use noren_vault::tls::attend;
use noren_vault::wire::{Answer, Hello, LONGEST, Request};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::VaultError;
use crate::clock::Clock;
use crate::vault_check::Known;

/// So many questions are asked at once; the others wait.
const AT_ONCE: usize = 16;

/// The vault that the shop's data are sealed by, as far as it is known. It has one identity for ever; what the
/// database remembers, its fingerprint, changes with the key by which people are found.
#[derive(Default)]
pub(super) struct Ours {
    known: OnceLock<Known>,
    identity: OnceLock<[u8; 32]>,
}

impl Ours {
    /// From now on it is this one. The first word counts: a shop is never moved to another vault while it runs.
    pub(super) fn trust(&self, known: &Known) {
        let _ = self.known.set(*known);
    }

    /// Whether this is the one. From the first that is, no other one ever will be.
    pub(super) fn is(&self, hello: &Hello) -> bool {
        match (self.identity.get(), self.known.get()) {
            (Some(identity), _) => *identity == hello.identity,
            (None, Some(known)) => known.is(hello) && *self.identity.get_or_init(|| hello.identity) == hello.identity,
            (None, None) => true,
        }
    }
}

/// How the vault is reached.
enum Way {
    Socket(PathBuf),
    Tls(Address, TlsConnector),
}

impl Way {
    async fn connect(&self) -> io::Result<Connection> {
        match self {
            Self::Socket(path) => Ok(Connection::Unix(UnixStream::connect(path).await?)),
            Self::Tls(address, connector) => {
                let stream = TcpStream::connect((address.host(), address.port())).await?;
                attend(&stream)?;
                Ok(Connection::Tls(Box::new(connector.connect(address.name(), stream).await?)))
            }
        }
    }
}

enum Connection {
    Unix(UnixStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connection {
    async fn talk(&mut self, frame: &[u8]) -> io::Result<Answer> {
        match self {
            Self::Unix(stream) => talk(stream, frame).await,
            Self::Tls(stream) => talk(stream, frame).await,
        }
    }
}

pub(super) struct Pool {
    place: Place,
    way: Way,
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
    ours: Ours,
}

impl Pool {
    pub(super) fn new(place: Place) -> Self {
        let way = match &place {
            Place::Socket(path) => Way::Socket(path.clone()),
            Place::Tls(address, papers) => {
                let now = || u64::try_from(Clock::System.now()).unwrap_or(0);
                Way::Tls(address.clone(), papers.client(Arc::new(now)).into())
            }
        };
        Self { place, way, idle: Mutex::default(), permits: Semaphore::new(AT_ONCE), ours: Ours::default() }
    }

    pub(super) const fn place(&self) -> &Place {
        &self.place
    }

    pub(super) const fn ours(&self) -> &Ours {
        &self.ours
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn down(&self, source: io::Error) -> VaultError {
        VaultError::Down { at: self.place.to_string(), source }
    }

    /// Asks, and waits no longer than `patience` for its turn and for the answer together.
    pub(super) async fn ask_within(&self, patience: Duration, request: &Request) -> Result<Answer, VaultError> {
        let answer = timeout(patience, self.ask_in_turn(&request.encode())).await;
        answer.unwrap_or_else(|_| Err(self.down(io::ErrorKind::TimedOut.into())))
    }

    async fn ask_in_turn(&self, frame: &[u8]) -> Result<Answer, VaultError> {
        let _permit = self.permits.acquire().await.map_err(|closed| self.down(io::Error::other(closed)))?;
        let idle = self.idle().pop();
        if let Some(connection) = idle {
            match self.exchange(connection, frame).await {
                Ok(answer) => return checked(answer),
                // A connection that was good may have ended since, with a vault that was started anew. Asked
                // twice, the ledger counts a read too many; never one too few.
                Err(error) if has_ended(&error) => self.idle().clear(),
                Err(error) => return Err(self.down(error)),
            }
        }
        let mut connection = self.way.connect().await.map_err(|error| self.down(error))?;
        let hello = connection.talk(&Request::Hello.encode()).await.map_err(|error| self.down(error))?;
        if !matches!(hello, Answer::Hello(hello) if self.ours.is(&hello)) {
            return Err(VaultError::Other(self.place.to_string()));
        }
        let answer = self.exchange(connection, frame).await.map_err(|error| self.down(error))?;
        checked(answer)
    }

    /// Asks through `connection` and keeps it for the next question. One that was given up half-way is closed.
    async fn exchange(&self, mut connection: Connection, frame: &[u8]) -> io::Result<Answer> {
        let answer = connection.talk(frame).await?;
        self.idle().push(connection);
        Ok(answer)
    }
}

fn checked(answer: Answer) -> Result<Answer, VaultError> {
    match answer {
        Answer::Refused(outcome) => Err(VaultError::Refused(outcome)),
        Answer::NotNow(words) => Err(VaultError::NotNow(words)),
        Answer::Trouble(words) => Err(VaultError::Trouble(words)),
        answer => Ok(answer),
    }
}

/// Whether the other side is gone: it has closed, or its host has not been heard of for long.
fn has_ended(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, HostUnreachable, NetworkUnreachable, TimedOut, UnexpectedEof};
    matches!(
        error.kind(),
        UnexpectedEof | BrokenPipe | ConnectionReset | TimedOut | HostUnreachable | NetworkUnreachable
    )
}

async fn talk(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), frame: &[u8]) -> io::Result<Answer> {
    // Wiped also when nobody waits for the answer any more.
    let mut whole = zeroize::Zeroizing::new(Vec::with_capacity(4 + frame.len()));
    // The same bytes as from the vault's own side of the door.
    noren_vault::wire::send(&mut *whole, frame)?;
    stream.write_all(&whole).await?;
    stream.flush().await?;
    let length = stream.read_u32().await? as usize;
    if length > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut frame = zeroize::Zeroizing::new(vec![0; length]);
    stream.read_exact(&mut frame).await?;
    Ok(Answer::decode(&frame)?)
}
