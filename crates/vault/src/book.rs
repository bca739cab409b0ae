//! The ledger on the disk.
//!
//! Leaves stand one behind the other in a file for each month (UTC), 144 bytes each and nothing
//! between them; signed checkpoints stand beside them. Everything else (the tree, the heads) follows
//! from the leaves and is built again when the book is opened, by the same [`Auditor`] that an outsider
//! would use: a book that was tampered with does not open.
//!
//! Whoever appends waits until the leaf is as safe as its [`Class`] asks for. One thread writes through
//! to the disk for all who wait at that moment, and makes a checkpoint when there is something new.

mod export;
mod files;

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use noren_ledger::Hash;
use noren_ledger::audit::{AuditFault, Auditor};
use noren_ledger::checkpoint::Checkpoint;
use noren_ledger::leaf::{Act, Class, Deed, Leaf, Tag};
use noren_ledger::note::{Note, SignerKey};
use noren_ledger::proof::{LeafProof, SubjectProof};
use noren_ledger::tree::prove_inclusion;

pub use self::export::export;
use self::files::Files;

/// While relaxed leaves wait, they are written through so often.
const RELAXED: Duration = Duration::from_millis(50);
/// When one has waited for so long (milliseconds) all the same, whoever comes next waits with it.
const RELAXED_AT_MOST: u64 = 200;
/// A clock that is behind the newest leaf by more than this (milliseconds) is wrong, or was.
const CLOCK_SLACK: u64 = 60 * 60 * 1_000;
/// A checkpoint is made at least so often while leaves come in.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(10);
/// And after so many of them.
const CHECKPOINT_LEAVES: u64 = 1_000;

/// The ledger's word that an act stands in it, as surely as its [`Class`] asks for. Only the book gives it,
/// and [`SubjectKey::open`](crate::seal::SubjectKey::open) asks for it: nothing is read without being written down.
#[derive(Debug)]
pub struct Written {
    sequence: u64,
}

impl Written {
    /// Where it stands.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// For tests of what comes after the writing.
    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        Self { sequence: 0 }
    }
}

/// The book cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// A file cannot be read or written.
    #[error("the ledger in {path}: {source}; nothing is opened until it can be written again")]
    Io {
        /// The file or folder.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// It was changed by somebody else.
    #[error(
        "the ledger does not hold together: {0}; keep the files as they are, and compare them with a witness' and a backup's"
    )]
    Broken(#[from] AuditFault),
    /// Leaves that a checkpoint signs are gone.
    #[error(
        "the ledger ends at leaf {held}, and its newest checkpoint signs {signed}: leaves were lost or cut off; put all of the vault's folder back from one backup"
    )]
    Short {
        /// How many there are.
        held: u64,
        /// How many there were.
        signed: u64,
    },
    /// A checkpoint is none of this log.
    #[error("{0} in the ledger is no checkpoint of this log's key")]
    Checkpoint(String),
    /// The clock is behind the ledger.
    #[error(
        "the newest leaf of the ledger is of {ledger} and the clock says {clock} (UTC milliseconds): set the clock right, then start the vault again"
    )]
    Clock {
        /// Time of the newest leaf.
        ledger: u64,
        /// What the clock says.
        clock: u64,
    },
    /// There is nothing to export.
    #[error("the ledger has no checkpoint yet; it has one ten seconds after its first leaf")]
    NoCheckpoint,
    /// Writing failed before; what is on the disk is not known any more.
    #[error("the ledger could not be written ({0}); start the vault again once the cause is mended")]
    Stopped(String),
}

/// What the clock says, in UTC milliseconds.
pub type Now = Box<dyn Fn() -> u64 + Send + Sync>;

struct State {
    auditor: Auditor,
    files: Files,
    /// Leaves that are surely on the disk.
    safe: u64,
    /// Time of the first leaf that is not.
    unsafe_since: u64,
    /// Somebody waits for the disk.
    hurry: bool,
    /// The newest checkpoint.
    newest: Option<(Checkpoint, Note)>,
    /// Why nothing can be written any more.
    stopped: Option<String>,
    closing: bool,
}

struct Shared {
    state: Mutex<State>,
    /// Something came in, or the book is closed.
    work: Condvar,
    /// Something has become safe.
    done: Condvar,
    signer: SignerKey,
    build: u32,
    now: Now,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // A thread that fell while it held the state leaves nothing half written: each step ends whole or stops the book.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open ledger. Closing it makes a last checkpoint.
pub struct Book {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

impl Book {
    /// Opens the ledger in `folder`, which is made if it is missing, and checks all of it; each leaf is
    /// handed to `each` on the way. `anchor` is a file outside the folder that keeps the newest checkpoint:
    /// a folder put back from a backup, or emptied, does not open.
    pub fn open(
        folder: &Path,
        anchor: &Path,
        signer: SignerKey,
        build: u32,
        now: Now,
        each: impl FnMut(&Leaf),
    ) -> Result<Self, BookError> {
        let mut auditor = Auditor::default();
        let mut files = Files::open(folder, anchor, &mut auditor, each)?;
        let newest = files.newest_checkpoint(signer.verifier())?;
        for (checkpoint, _) in newest.iter().chain(&files.anchor(signer.verifier())?) {
            if checkpoint.size > auditor.size() {
                return Err(BookError::Short { held: auditor.size(), signed: checkpoint.size });
            }
            files.check(checkpoint)?;
        }
        let (ledger, clock) = (auditor.time(), now());
        if ledger > clock.saturating_add(CLOCK_SLACK) {
            return Err(BookError::Clock { ledger, clock });
        }
        let safe = auditor.size();
        let state =
            State { auditor, files, safe, unsafe_since: 0, hurry: false, newest, stopped: None, closing: false };
        let (work, done) = (Condvar::new(), Condvar::new());
        let shared = Arc::new(Shared { state: Mutex::new(state), work, done, signer, build, now });
        let writer = {
            let shared = shared.clone();
            std::thread::Builder::new().name("ledger".into()).spawn(move || {
                let _guard = Guard(&shared);
                write_through(&shared);
            })
        };
        let writer = writer.map_err(|source| BookError::Io { path: folder.display().to_string(), source })?;
        Ok(Self { shared, writer: Some(writer) })
    }

    /// The key that its checkpoints are verified with, as one line of text.
    pub fn verifier_key(&self) -> String {
        self.shared.signer.verifier().to_string()
    }

    /// Why nothing can be written any more, if so: what is on the disk is known again only when it is opened anew.
    pub fn stopped(&self) -> Option<String> {
        self.shared.state().stopped.clone()
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.shared.state().auditor.size()
    }

    /// Writes `deed` down, and gives its place once it is as safe as its class asks for. Nothing may be
    /// answered before, and nothing at all if this fails. What it says of the leaf before it (`count`,
    /// `previous`, `previous_at`) is filled in here.
    pub fn append(&self, deed: Deed) -> Result<Written, BookError> {
        let shared = &self.shared;
        let class = deed.class();
        let mut state = shared.state();
        let act = Act::Deed(following(&state.auditor, deed));
        let sequence = put(&mut state, shared, act)?;
        if state.safe == sequence {
            state.unsafe_since = state.auditor.time();
            shared.work.notify_one();
        }
        let late = state.auditor.time() - state.unsafe_since > RELAXED_AT_MOST;
        if class == Class::Strict || late {
            state.hurry = true;
            shared.work.notify_one();
            while state.safe <= sequence {
                if let Some(cause) = &state.stopped {
                    return Err(BookError::Stopped(cause.clone()));
                }
                state = shared.done.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
        Ok(Written { sequence })
    }

    /// Signs what there is; the newest checkpoint if nothing has come since.
    pub fn checkpoint(&self) -> Result<(Checkpoint, Note), BookError> {
        checkpoint(&mut self.shared.state(), &self.shared)
    }

    /// The newest checkpoint that there is; one is made if there is none yet.
    pub fn newest(&self) -> Result<(Checkpoint, Note), BookError> {
        let mut state = self.shared.state();
        match &state.newest {
            Some(newest) => Ok(newest.clone()),
            None => checkpoint(&mut state, &self.shared),
        }
    }

    /// Proof of all that was ever written about `tag`.
    pub fn prove(&self, tag: Tag) -> Result<LeafProof, BookError> {
        let mut state = self.shared.state();
        let (checkpoint, note) = checkpoint(&mut state, &self.shared)?;
        let index = checkpoint.size - 1;
        let mut leaves = Vec::new();
        let mut at = state.auditor.head(tag).map(|head| head.sequence);
        while let Some(sequence) = at {
            let leaf = state.files.leaf(sequence)?;
            at = match leaf.act {
                Act::Deed(deed) if deed.count > 1 => Some(deed.previous_at),
                _ => None,
            };
            leaves.push(leaf);
        }
        leaves.reverse();
        let subject = SubjectProof { last: state.files.leaf(index)?, head: state.auditor.prove_head(tag), leaves };
        let files = &state.files;
        let hashes = prove_inclusion(index, checkpoint.size, |level, at| files.node(level, at))?.unwrap_or_default();
        Ok(LeafProof { extra: subject.encode(), index, hashes, checkpoint: note })
    }
}

impl Drop for Book {
    fn drop(&mut self) {
        self.shared.state().closing = true;
        self.shared.work.notify_all();
        if let Some(writer) = self.writer.take() {
            // Whatever it fell over has been said already.
            let _ = writer.join();
        }
    }
}

/// If the writing thread falls over, whoever waits for it must hear of it.
struct Guard<'s>(&'s Shared);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        if std::thread::panicking() {
            state.stopped.get_or_insert_with(|| "the thread that writes fell over".to_owned());
        }
        self.0.done.notify_all();
    }
}

/// `deed` as it follows in this book on the leaves before it.
fn following(auditor: &Auditor, deed: Deed) -> Deed {
    if deed.subject == Tag::NOBODY {
        return Deed { count: 0, previous: Hash::ZERO, previous_at: 0, ..deed };
    }
    match auditor.head(deed.subject) {
        Some(head) => Deed { count: head.count + 1, previous: head.leaf, previous_at: head.sequence, ..deed },
        None => Deed { count: 1, previous: Hash::ZERO, previous_at: 0, ..deed },
    }
}

/// Puts a leaf at the end of the file and of the tree.
fn put(state: &mut State, shared: &Shared, act: Act) -> Result<u64, BookError> {
    if let Some(cause) = &state.stopped {
        return Err(BookError::Stopped(cause.clone()));
    }
    let sequence = state.auditor.size();
    // A clock that was set back must not make the ledger look tampered with.
    let time = (shared.now)().max(state.auditor.time());
    let bytes = Leaf { sequence, time, build: shared.build, act }.encode();
    // What no verifier would take must not come into the file.
    Leaf::decode(&bytes).map_err(|fault| AuditFault { sequence, fault: fault.into() })?;
    if let Err(error) = state.files.append(time, &bytes) {
        return Err(stop(state, shared, error));
    }
    let files = &mut state.files;
    match state.auditor.take(&bytes, |level, index, hash| files.keep_node(level, index, hash)) {
        Ok(_) => Ok(sequence),
        Err(fault) => Err(stop(state, shared, fault.into())),
    }
}

/// What is on the disk is not known any more: nothing is written from here on, and so nothing opened.
fn stop(state: &mut State, shared: &Shared, error: BookError) -> BookError {
    state.stopped = Some(error.to_string());
    shared.done.notify_all();
    error
}

fn checkpoint(state: &mut State, shared: &Shared) -> Result<(Checkpoint, Note), BookError> {
    if let Some(newest) = &state.newest
        && newest.0.size == state.auditor.size()
    {
        return Ok(newest.clone());
    }
    let heads = state.auditor.heads();
    put(state, shared, heads)?;
    let made = Checkpoint {
        origin: shared.signer.verifier().name().to_owned(),
        size: state.auditor.size(),
        root: state.auditor.root(),
    };
    let note = made.sign(&shared.signer);
    // Never signed before it is on the disk: a crash would leave a promise that nobody can keep.
    if let Err(error) = state.files.sync().and_then(|()| state.files.keep_checkpoint(state.auditor.time(), &note)) {
        return Err(stop(state, shared, error));
    }
    state.safe = made.size;
    shared.done.notify_all();
    state.newest = Some((made.clone(), note.clone()));
    Ok((made, note))
}

/// The thread that writes through: at once when somebody waits, else when the time has come.
fn write_through(shared: &Shared) {
    let mut signed_at = (shared.now)();
    let mut state = shared.state();
    loop {
        let unsigned = state.auditor.size() - state.newest.as_ref().map_or(0, |(checkpoint, _)| checkpoint.size);
        if state.stopped.is_some() || (state.closing && unsigned == 0) {
            return;
        }
        // Also when the clock was set back: then sooner.
        let age = Duration::from_millis((shared.now)().abs_diff(signed_at));
        if unsigned > 0 && (state.closing || unsigned >= CHECKPOINT_LEAVES || age >= CHECKPOINT_EVERY) {
            signed_at = (shared.now)();
            // A failure stops the book, and the next turn ends here.
            let _ = checkpoint(&mut state, shared);
            continue;
        }
        if unsigned == 0 {
            signed_at = (shared.now)();
        }
        if state.hurry {
            state.hurry = false;
            state = sync(shared, state);
            continue;
        }
        let pause =
            if state.auditor.size() > state.safe { RELAXED } else { CHECKPOINT_EVERY.saturating_sub(age).max(RELAXED) };
        let (woken, timed) = shared.work.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner);
        state = woken;
        if timed.timed_out() && state.auditor.size() > state.safe {
            state = sync(shared, state);
        }
    }
}

/// Writes through what there is, while others go on appending.
fn sync<'s>(shared: &'s Shared, mut state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
    let (size, file) = (state.auditor.size(), state.files.handle());
    drop(state);
    let synced = file.and_then(|file| files::sync(&file));
    state = shared.state();
    match synced {
        Ok(()) => {
            state.safe = state.safe.max(size);
            // Later than it was by as long as the disk took; that errs on the side of those who wait.
            state.unsafe_since = state.auditor.time();
        }
        Err(error) => drop(stop(&mut state, shared, error)),
    }
    shared.done.notify_all();
    state
}

#[cfg(test)]
pub(crate) mod tests;
