//! The door of the vault: a thread for each connection, one question after the other. By default it is a socket
//! of this machine; a vault on another host listens at a port, for whoever has a certificate.

mod tls;
mod watch;

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use noren_ledger::leaf::Outcome;
use noren_ledger::note::VerifierKey;
use rustix::net::{Shutdown, shutdown};

use self::watch::{Stopwatch, Watch, Watched, stopwatch};
use crate::book::Newest;
use crate::place::Place;
use crate::vault::{Indexes, Proven, Vault, VaultError};
use crate::wire::{Answer, Hello, Request, receive, send};

/// More connections than this at once are not answered: the shop holds a few and keeps them.
const CONNECTIONS: usize = 256;
/// So many more may be about to show who they are. Of more, the one that has taken longest is closed: somebody who
/// says nothing on many connections must not keep out who says it at once.
const ENTERING: usize = 64;
/// Who does not take an answer for so long gets none, who has begun a question and not ended it is closed, and who does
/// not show a certificate within it is a stranger.
const PATIENCE: Duration = Duration::from_secs(10);
/// After a connection that could not be accepted.
const PAUSE: Duration = Duration::from_millis(50);

/// The vault cannot be reached where it should be.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The socket cannot be made.
    #[error(
        "the vault's socket {path}: {source}; a socket's path may be about 100 characters long: choose a data folder with \
         a shorter one (NOREN_DATA)"
    )]
    Socket {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Nothing can be listened at there.
    #[error(
        "the vault cannot listen at {at}: {source}; name an address of this machine, with a free port (NOREN_VAULT_SOCKET)"
    )]
    Port {
        /// Where.
        at: String,
        /// What the system said.
        source: io::Error,
    },
    /// Another vault answers there.
    #[error("another vault listens at {0}; stop it first, or name another socket")]
    Taken(PathBuf),
}

/// A connection, by the system's handle of it.
struct Held {
    number: u64,
    handle: OwnedFd,
    /// Whether it has shown who it is.
    known: bool,
}

#[derive(Default)]
struct Open {
    next: u64,
    held: Vec<Held>,
}

struct Door {
    vault: Arc<Vault>,
    open: Mutex<Open>,
    /// A connection has ended.
    ended: Condvar,
    closing: AtomicBool,
    strangers: AtomicU64,
    /// When the last of them was written down, in UTC milliseconds.
    told: AtomicU64,
    patience: Duration,
    stopwatch: Stopwatch,
}

impl Door {
    fn new(vault: Arc<Vault>, patience: Duration, stopwatch: Stopwatch) -> Arc<Self> {
        Arc::new(Self {
            vault,
            open: Mutex::default(),
            ended: Condvar::new(),
            closing: AtomicBool::new(false),
            strangers: AtomicU64::new(0),
            told: AtomicU64::new(0),
            patience,
            stopwatch,
        })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    /// Somebody is none of ours. Written down at most once a second: knocking must not fill the ledger.
    fn turn_away(&self) {
        self.strangers.fetch_add(1, Ordering::SeqCst);
        let now = self.vault.now();
        // Also when the clock was set back. Of several who fail at once one writes it down.
        let due = |told: u64| (now.abs_diff(told) >= 1_000).then_some(now);
        if self.told.fetch_update(Ordering::SeqCst, Ordering::SeqCst, due).is_ok() {
            // If it cannot be written down, nothing else can either, and whoever asks next is told so.
            let _ = self.vault.stranger();
        }
    }

    /// Puts a connection onto the list and does `work` with it in a thread of its own.
    fn hold<S: AsFd + Send + 'static>(
        self: &Arc<Self>,
        stream: S,
        known: bool,
        work: impl FnOnce(&Ended, S) + Send + 'static,
    ) {
        let Ok(handle) = stream.as_fd().try_clone_to_owned() else { return };
        let mut open = self.open();
        let alike = open.held.iter().filter(|held| held.known == known);
        let others = alike.clone().count();
        if known && others >= CONNECTIONS {
            return;
        }
        // The list begins with those that have been there longest.
        for held in alike.take(if known { 0 } else { (others + 1).saturating_sub(ENTERING) }) {
            let _ = shutdown(&held.handle, Shutdown::Both);
        }
        let number = open.next;
        open.next += 1;
        open.held.push(Held { number, handle, known });
        drop(open);
        let at_door = Ended { door: self.clone(), number };
        // Dropped unused, it takes the connection off the list as well.
        let _ = std::thread::Builder::new().name("asked".into()).spawn(move || {
            let at_door = at_door;
            work(&at_door, stream);
        });
    }
}

/// Takes a connection off the list, however it ended.
struct Ended {
    door: Arc<Door>,
    number: u64,
}

impl Ended {
    /// The connection has shown that it is one of ours. `false`: there are too many of them already.
    fn admit(&self) -> bool {
        let mut open = self.door.open();
        let room = open.held.iter().filter(|held| held.known).count() < CONNECTIONS;
        if let Some(held) = open.held.iter_mut().find(|held| room && held.number == self.number) {
            held.known = true;
        }
        room
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.door.open().held.retain(|held| held.number != self.number);
        self.door.ended.notify_all();
    }
}

/// A vault that answers. Closing it answers what was asked, and removes the socket.
pub struct Server {
    door: Arc<Door>,
    at: String,
    socket: Option<PathBuf>,
    listening: OwnedFd,
    listener: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens at `place`: at a socket for processes of `users` and of the vault's own user, at a port for whoever
    /// has a certificate that is for shops.
    pub fn start(vault: Arc<Vault>, place: impl Into<Place>, users: &[u32]) -> Result<Self, ServeError> {
        Self::patient(vault, place.into(), users, PATIENCE, stopwatch())
    }

    fn patient(
        vault: Arc<Vault>,
        place: Place,
        users: &[u32],
        patience: Duration,
        stopwatch: Stopwatch,
    ) -> Result<Self, ServeError> {
        match place {
            Place::Socket(path) => {
                let door = Door::new(vault, patience, stopwatch);
                let failed = |source| ServeError::Socket { path: path.clone(), source };
                let listener = bind(&path, users)?;
                let own = rustix::process::geteuid().as_raw();
                let users: Vec<u32> = users.iter().copied().chain([own]).collect();
                let listening = listener.as_fd().try_clone_to_owned().map_err(failed)?;
                let accept = move || Ok(listener.accept()?.0);
                let thread = listen(&door, accept, move |door, stream| receive_process(door, stream, &users));
                let at = path.display().to_string();
                Ok(Self { door, at, listening, listener: Some(thread.map_err(failed)?), socket: Some(path) })
            }
            Place::Tls(address, papers) => {
                let config = papers.server({
                    let vault = vault.clone();
                    Arc::new(move || vault.now())
                });
                let door = Door::new(vault, patience, stopwatch);
                let port = Arc::new(tls::Port { papers, config });
                let failed = |source| ServeError::Port { at: address.to_string(), source };
                let listener = TcpListener::bind((address.host(), address.port())).map_err(failed)?;
                let at = address.at_port(listener.local_addr().map_err(failed)?.port()).to_string();
                let listening = listener.as_fd().try_clone_to_owned().map_err(failed)?;
                let accept = move || Ok(listener.accept()?.0);
                let thread = listen(&door, accept, move |door, stream| tls::receive(door, stream, &port));
                Ok(Self { door, at, listening, listener: Some(thread.map_err(failed)?), socket: None })
            }
        }
    }

    /// Where it listens, in words; with the port that the system chose, if it was asked to.
    pub fn at(&self) -> &str {
        &self.at
    }

    /// How many connections were turned away.
    pub fn strangers(&self) -> u64 {
        self.door.strangers.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.door.closing.store(true, Ordering::SeqCst);
        // Wakes the listener. Not by a connection: the folder that the socket is in may be gone.
        let _ = shutdown(&self.listening, Shutdown::Both);
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
        let mut open = self.door.open();
        for held in &open.held {
            // Nothing more is read; what is being answered is still written.
            let _ = shutdown(&held.handle, if held.known { Shutdown::Read } else { Shutdown::Both });
        }
        while !open.held.is_empty() {
            open = self.door.ended.wait(open).unwrap_or_else(PoisonError::into_inner);
        }
        drop(open);
        if let Some(path) = &self.socket {
            let _ = fs::remove_file(path);
        }
    }
}

fn bind(path: &Path, users: &[u32]) -> Result<UnixListener, ServeError> {
    let socket = |source| ServeError::Socket { path: path.to_owned(), source };
    // What a killed vault left behind; a living one is left alone.
    if fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
        if UnixStream::connect(path).is_ok() {
            return Err(ServeError::Taken(path.to_owned()));
        }
        fs::remove_file(path).map_err(socket)?;
    }
    let listener = UnixListener::bind(path).map_err(socket)?;
    // Others may knock where another user's shop is let in, and are told apart by the system's word.
    let mode = if users.is_empty() { 0o600 } else { 0o666 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(socket)?;
    Ok(listener)
}

fn listen<S>(
    door: &Arc<Door>,
    accept: impl Fn() -> io::Result<S> + Send + 'static,
    receive: impl Fn(&Arc<Door>, S) + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    let door = door.clone();
    std::thread::Builder::new().name("door".into()).spawn(move || {
        loop {
            let accepted = accept();
            if door.is_closing() {
                return;
            }
            match accepted {
                Ok(stream) => receive(&door, stream),
                // No file descriptor is left, perhaps: asked again at once, the answer would be the same.
                Err(_) => std::thread::sleep(PAUSE),
            }
        }
    })
}

/// Somebody at the socket: the system says who.
fn receive_process(door: &Arc<Door>, stream: UnixStream, users: &[u32]) {
    let peer = rustix::net::sockopt::socket_peercred(&stream);
    if peer.is_ok_and(|peer| users.contains(&peer.uid.as_raw())) {
        door.hold(stream, true, |at_door, stream| {
            let watch = Watch::new(&at_door.door.stopwatch, at_door.door.patience);
            converse(&at_door.door, &mut Watched::new(stream, &watch), &watch, || true);
        });
    } else {
        door.turn_away();
    }
}

/// Answers for as long as there are questions, and `is_good` says that whoever asks may.
fn converse(door: &Door, stream: &mut (impl Read + Write), watch: &Watch, mut is_good: impl FnMut() -> bool) {
    while let Ok(Some(frame)) = receive(stream) {
        watch.rest();
        if !is_good() {
            return;
        }
        let answer = match Request::decode(&frame) {
            Ok(request) => answer(&door.vault, &request),
            Err(error) => Answer::Trouble(error.to_string()),
        };
        // However little it takes at a time: a peer that does not read must not keep the vault from closing.
        watch.begin();
        // Who never stops asking must not keep it from closing either.
        if send(stream, &answer.encode()).is_err() || door.is_closing() {
            return;
        }
        watch.rest();
    }
}

fn answer(vault: &Vault, request: &Request) -> Answer {
    let answered = match request {
        Request::Hello => Ok(Answer::Hello(Hello {
            identity: vault.identity(),
            fingerprints: vault.fingerprints(),
            keys: vault.book().verifiers().iter().map(ToString::to_string).collect(),
        })),
        Request::Seal { asker, subject, person, values } => {
            vault.seal(asker, subject, person.as_ref(), values).map(Answer::Sealed)
        }
        Request::Open { asker, purpose, reference, subject, sealed } => {
            vault.open_fields(asker, *purpose, *reference, subject, sealed).map(Answer::Opened)
        }
        Request::Index { asker, purpose, field, canonical } => {
            vault.index(asker, *purpose, *field, canonical).map(Answer::Index)
        }
        Request::Shred { asker, subject } => vault.shred(asker, subject).map(Answer::Shredded),
        Request::Prove { asker, subjects } => {
            let text = |Proven { tag, key, proof }: Proven| (tag.0, key.to_string(), proof.to_string());
            vault.prove(asker, subjects).map(|proofs| Answer::Proofs(proofs.into_iter().map(text).collect()))
        }
        Request::Head => vault.head().map(|note| Answer::Head(note.to_string())),
        Request::Consistency { old } => vault.consistency(*old).map(|(note, hashes)| {
            Answer::Consistency(note.to_string(), hashes.into_iter().map(|hash| hash.0).collect())
        }),
        Request::Cosigned { note } => vault.keep_cosigned(note).map(Answer::Cosigned),
        Request::Witnesses => {
            let newest = |newest: Option<Newest>| newest.map_or((0, 0), |newest| (newest.size, newest.time));
            let words = |(key, at): (VerifierKey, _)| {
                let (size, time) = newest(at);
                (key.to_string(), size, time)
            };
            Ok(Answer::Witnesses(vault.witnesses().into_iter().map(words).collect()))
        }
        Request::RotateWrappingKey { asker } => vault.rotate_wrapping_key(asker).map(Answer::Rotated),
        Request::RotateSigningKey { asker } => vault.rotate_signing_key(asker).map(Answer::Verifier),
        Request::RotateIndexKey { asker } => vault.rotate_index_key(asker).map(|()| Answer::Done),
        Request::Reindex { asker, subject, present, email } => {
            let newest = vault.reindex(asker, subject, present, email);
            newest.map(|newest| Answer::Index(Indexes { newest, earlier: None }))
        }
        Request::Snapshot { asker } => vault.snapshot(asker).map(|()| Answer::Done),
        Request::ForgetEarlierIndex { asker, newest } => {
            vault.forget_earlier_index(asker, newest).map(|()| Answer::Done)
        }
    };
    match answered {
        Ok(answer) => answer,
        Err(VaultError::Refused(outcome)) => Answer::Refused(outcome),
        Err(error @ (VaultError::NotRotating | VaultError::TooEarly(_) | VaultError::NobodyYet)) => {
            Answer::NotNow(error.to_string())
        }
        // Asking again cannot help.
        Err(VaultError::Unwrap(_)) => Answer::Refused(Outcome::VaultFault),
        Err(error) => Answer::Trouble(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
