//! The socket of the vault: a thread for each connection, one question after the other.

use std::fs;
use std::io;
use std::net::Shutdown;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use noren_ledger::leaf::Outcome;
use noren_ledger::note::VerifierKey;

use crate::book::Newest;
use crate::vault::{Indexes, Proven, Vault, VaultError};
use crate::wire::{Answer, Hello, Request, receive, send};

/// More connections than this at once are not answered: the shop holds a few and keeps them.
const CONNECTIONS: usize = 256;
/// Who does not take an answer for so long gets none.
const PATIENCE: Duration = Duration::from_secs(10);
/// After a connection that could not be accepted.
const PAUSE: Duration = Duration::from_millis(50);

/// The vault cannot be reached through its socket.
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
    /// Another vault answers there.
    #[error("another vault listens at {0}; stop it first, or name another socket")]
    Taken(PathBuf),
}

#[derive(Default)]
struct Open {
    next: u64,
    streams: Vec<(u64, UnixStream)>,
}

struct Door {
    vault: Arc<Vault>,
    path: PathBuf,
    /// Who may connect: users by number.
    users: Vec<u32>,
    open: Mutex<Open>,
    /// A connection has ended.
    ended: Condvar,
    closing: AtomicBool,
    strangers: AtomicU64,
    /// When the last of them was written down, in UTC milliseconds.
    told: AtomicU64,
}

impl Door {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Door {
    /// Somebody is none of ours. Written down at most once a second: knocking must not fill the ledger.
    fn turn_away(&self) {
        self.strangers.fetch_add(1, Ordering::SeqCst);
        let now = self.vault.now();
        if now.saturating_sub(self.told.load(Ordering::SeqCst)) >= 1_000 {
            self.told.store(now, Ordering::SeqCst);
            // If it cannot be written down, nothing else can either, and whoever asks next is told so.
            let _ = self.vault.stranger();
        }
    }
}

/// A vault that answers. Closing it answers what was asked, and removes the socket.
pub struct Server {
    door: Arc<Door>,
    socket: UnixListener,
    listener: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens at `path` for processes of `users` and of the vault's own user.
    pub fn start(vault: Arc<Vault>, path: &Path, users: &[u32]) -> Result<Self, ServeError> {
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
        let own = rustix::process::geteuid().as_raw();
        let door = Arc::new(Door {
            vault,
            path: path.to_owned(),
            users: users.iter().copied().chain([own]).collect(),
            open: Mutex::default(),
            ended: Condvar::new(),
            closing: AtomicBool::new(false),
            strangers: AtomicU64::new(0),
            told: AtomicU64::new(0),
        });
        let accepting = listener.try_clone().map_err(socket)?;
        let listening = {
            let door = door.clone();
            std::thread::Builder::new().name("door".into()).spawn(move || listen(&door, &accepting)).map_err(socket)?
        };
        Ok(Self { door, socket: listener, listener: Some(listening) })
    }

    /// How many processes were turned away.
    pub fn strangers(&self) -> u64 {
        self.door.strangers.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.door.closing.store(true, Ordering::SeqCst);
        // Wakes the listener. Not by a connection: the folder that the socket is in may be gone.
        let _ = rustix::net::shutdown(&self.socket, rustix::net::Shutdown::Both);
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
        let mut open = self.door.open();
        for (_, stream) in &open.streams {
            // Nothing more is read; what is being answered is still written.
            let _ = stream.shutdown(Shutdown::Read);
        }
        while !open.streams.is_empty() {
            open = self.door.ended.wait(open).unwrap_or_else(PoisonError::into_inner);
        }
        drop(open);
        let _ = fs::remove_file(&self.door.path);
    }
}

fn listen(door: &Arc<Door>, listener: &UnixListener) {
    for stream in listener.incoming() {
        if door.closing.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else {
            // No file descriptor is left, perhaps: asked again at once, the answer would be the same.
            std::thread::sleep(PAUSE);
            continue;
        };
        // A peer that does not read must not keep the vault from closing.
        if stream.set_write_timeout(Some(PATIENCE)).is_err() {
            continue;
        }
        let known =
            rustix::net::sockopt::socket_peercred(&stream).is_ok_and(|peer| door.users.contains(&peer.uid.as_raw()));
        if !known {
            door.turn_away();
            continue;
        }
        let Ok(copy) = stream.try_clone() else { continue };
        let mut open = door.open();
        if open.streams.len() >= CONNECTIONS {
            continue;
        }
        let number = open.next;
        open.next += 1;
        open.streams.push((number, copy));
        drop(open);
        let at_door = Ended { door: door.clone(), number };
        // Dropped unused, it takes the connection off the list as well.
        let _ = std::thread::Builder::new().name("asked".into()).spawn(move || {
            let at_door = at_door;
            converse(&at_door.door.vault, stream);
        });
    }
}

/// Takes a connection off the list, however it ended.
struct Ended {
    door: Arc<Door>,
    number: u64,
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.door.open().streams.retain(|(number, _)| *number != self.number);
        self.door.ended.notify_all();
    }
}

fn converse(vault: &Vault, mut stream: UnixStream) {
    while let Ok(Some(frame)) = receive(&mut stream) {
        let answer = match Request::decode(&frame) {
            Ok(request) => answer(vault, &request),
            Err(error) => Answer::Trouble(error.to_string()),
        };
        if send(&mut stream, &answer.encode()).is_err() {
            return;
        }
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
        // Asking again cannot help.
        Err(VaultError::Unwrap(_)) => Answer::Refused(Outcome::VaultFault),
        Err(error) => Answer::Trouble(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
