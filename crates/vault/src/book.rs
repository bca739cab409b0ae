//! The ledger on the disk.
//!
//! Leaves stand one behind the other in a file for each month (UTC), 144 bytes each and nothing
//! between them; signed checkpoints stand beside them. Everything else (the tree, the heads) follows
//! from the leaves and is built again when the book is opened, by the same [`Auditor`] that an outsider
//! would use: a book that was tampered with does not open.
//!
//! Whoever appends waits until the leaf is as safe as its [`Class`] asks for. One thread writes through
//! to the disk for all who wait at that moment, and makes a checkpoint when there is something new.

mod cosigned;
mod error;
mod export;
mod files;
mod keys;
mod notes;
mod past;
mod writer;

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use noren_ledger::Hash;
use noren_ledger::audit::Auditor;
use noren_ledger::checkpoint::Checkpoint;
use noren_ledger::heads::HeadProof;
use noren_ledger::leaf::{Act, Class, Deed, Kind, Leaf, Tag};
use noren_ledger::note::{Note, SignerKey, VerifierKey};
use noren_ledger::proof::{LeafProof, SubjectProof};
use noren_ledger::tree::{prove_consistency, prove_inclusion};

pub use self::cosigned::{CosignError, Cosignatures, Newest};
pub use self::error::BookError;
pub use self::export::{copy, export};
use self::files::{Files, Leaves};
pub use self::keys::LogKeys;
use self::notes::Notes;
pub(crate) use self::past::put_by;
pub use self::past::{Past, past};
use self::writer::{Guard, Shared, Signing, State, put, write_through};

/// When a relaxed leaf has waited for so long (milliseconds), whoever comes next waits with it.
const RELAXED_AT_MOST: u64 = 200;
/// A clock that is behind the newest leaf by more than this (milliseconds) is wrong, or was.
const CLOCK_SLACK: u64 = 60 * 60 * 1_000;

/// Name of the file, outside the ledger's folder, that keeps its newest checkpoint.
pub const ANCHOR: &str = "newest-checkpoint";

/// Name of the file beside that one, which is there while leaves were lost and the ledger does not say so.
pub const LOST: &str = "leaves-lost";

/// What the clock says, in UTC milliseconds.
pub type Now = Box<dyn Fn() -> u64 + Send + Sync>;

/// The ledger's word that an act stands in it, as surely as its [`Class`] asks for. Only the book gives it,
/// and [`SubjectKey::open`](crate::seal::SubjectKey::open) asks for it: nothing is read without being written down. One
/// is about one call; but that an index key is exchanged stands for every address that is opened, inside the vault, to
/// compute its new index ([`Vault::reindex`](crate::vault::Vault::reindex)).
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

/// An open ledger. Closing it makes a last checkpoint.
pub struct Book {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

impl Book {
    /// Opens the ledger in `folder`, which is made if it is missing, and checks all of it; each leaf is
    /// handed to `each` on the way. `anchor` is a file outside the folder that keeps the newest checkpoint:
    /// a folder put back from a backup, or emptied, does not open. One that is new begins by saying which ledger it
    /// `continues`, if it does: how many leaves that had, and its root.
    pub fn open(
        folder: &Path,
        anchor: &Path,
        mut keys: LogKeys,
        build: u32,
        now: Now,
        continues: Option<(u64, Hash)>,
        each: impl FnMut(&Leaf),
    ) -> Result<Self, BookError> {
        let mut auditor = Auditor::default();
        let files = Files::open(folder, Some(anchor.with_file_name(LOST)), &mut auditor, each)?;
        let notes = Notes::open(folder, anchor)?;
        let known = keys.known();
        let newest = notes.newest(&known)?;
        for (checkpoint, _) in newest.iter().chain(&notes.anchor(&known)?) {
            if checkpoint.size > auditor.size() {
                return Err(BookError::Short { held: auditor.size(), signed: checkpoint.size });
            }
            files.check(checkpoint)?;
        }
        let (ledger, clock) = (auditor.time(), now());
        if ledger > clock.saturating_add(CLOCK_SLACK) {
            return Err(BookError::Clock { ledger, clock });
        }
        let signed = newest.as_ref().map_or(0, |(checkpoint, _)| checkpoint.size);
        // A crash may have come between the announcement of a key and the checkpoint in which the earlier one
        // vouches for it: then that one still signs, once.
        let vouching = auditor.keys().last().map(|(at, _)| at + 2).filter(|vouched| signed < *vouched);
        let signer = keys.take(&auditor, vouching.unwrap_or(u64::MAX)).ok_or(BookError::NoSigner)?;
        let next = vouching.map(|_| keys.take(&auditor, u64::MAX).ok_or(BookError::NoSigner)).transpose()?;
        let announced = known.iter().position(|key| key == signer.verifier()).map_or(0, |at| at + 1);
        let state = State {
            safe: auditor.size(),
            auditor,
            files,
            unsafe_since: 0,
            hurry: false,
            told: None,
            newest,
            keys: known[..announced].to_vec(),
            stopped: None,
            closing: false,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            signing: Mutex::new(Signing { signer, notes }),
            work: Condvar::new(),
            done: Condvar::new(),
            build,
            now,
        });
        if let Some(next) = next {
            writer::vouch_late(&shared, next)?;
        }
        if let Some((size, root)) = continues {
            writer::begin(&shared, Act::Continues { size, root })?;
        }
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

    /// The keys that its checkpoints are verified with: first the one that the log began with, and last the one that
    /// signs now.
    pub fn verifiers(&self) -> Vec<VerifierKey> {
        self.shared.state().keys.clone()
    }

    /// The key that signs now.
    pub fn verifier(&self) -> VerifierKey {
        self.verifiers().pop().expect("a log has a key")
    }

    /// Announces `signer`, which signs from now on; the key before it vouches for it in a last checkpoint
    /// (`docs/LEDGER.md`, "Another key").
    pub fn announce(&self, signer: SignerKey) -> Result<(), BookError> {
        writer::announce(&self.shared, signer)
    }

    /// Why nothing can be written any more, if so: what is on the disk is known again only when it is opened anew.
    pub fn stopped(&self) -> Option<String> {
        self.shared.state().stopped.clone()
    }

    /// Whether leaves were lost and the ledger does not say so: a crash had left something at its end that was cut off, or
    /// its file was exchanged. Known also when what noticed it ended at once.
    pub fn cut(&self) -> bool {
        self.shared.state().files.cut()
    }

    /// The ledger says now that leaves were lost.
    pub fn told_of_cut(&self) -> Result<(), BookError> {
        self.shared.state().files.told()
    }

    /// Writes down that the clock is behind the newest leaf, if it is and that does not stand there yet.
    pub fn watch_clock(&self) -> Result<(), BookError> {
        writer::watch_clock(&mut self.shared.state(), &self.shared)
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
        // Between a stop and the start after it nothing may stand.
        if deed.kind != Kind::Start {
            writer::watch_clock(&mut state, shared)?;
        }
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
        let (checkpoint, note, ()) = writer::checkpoint(&self.shared, |_| ())?;
        Ok((checkpoint, note))
    }

    /// The newest checkpoint that there is; one is made if there is none yet.
    pub fn newest(&self) -> Result<(Checkpoint, Note), BookError> {
        let newest = self.shared.state().newest.clone();
        newest.map_or_else(|| self.checkpoint(), Ok)
    }

    /// The newest checkpoint, and proof that the tree of `old` leaves is its beginning; no hashes if `old` is
    /// zero, or more than there are.
    pub fn consistency(&self, old: u64) -> Result<(Note, Vec<Hash>), BookError> {
        let (checkpoint, note) = self.newest()?;
        let node = |level, at| self.shared.state().files.node(level, at);
        Ok((note, prove_consistency(old, checkpoint.size, node)?.unwrap_or_default()))
    }

    /// Whether a checkpoint is one of this ledger's tree.
    pub fn holds(&self, checkpoint: &Checkpoint) -> Result<(), BookError> {
        let state = self.shared.state();
        let held = state.auditor.size();
        if checkpoint.size > held {
            return Err(BookError::Short { held, signed: checkpoint.size });
        }
        state.files.check(checkpoint)
    }

    /// The key whose turn it is, or was, to sign the checkpoint of this size.
    pub fn signer(&self, size: u64) -> Option<VerifierKey> {
        let state = self.shared.state();
        match state.auditor.signer(size) {
            None => state.keys.first().cloned(),
            Some(announced) => state.keys.iter().find(|key| key.hash() == announced).cloned(),
        }
    }

    /// Proof of all that was ever written about `tag`. Others go on writing while its leaves are read.
    pub fn prove(&self, tag: Tag) -> Result<LeafProof, BookError> {
        let (checkpoint, note, (head, last, held)) = writer::checkpoint(&self.shared, |state| {
            let last = state.auditor.head(tag).map(|head| head.sequence);
            (state.auditor.prove_head(tag), last, state.files.leaves())
        })?;
        let node = |level, at| self.shared.state().files.node(level, at);
        gather(&held, last, head, checkpoint.size - 1, node, note)
    }
}

/// How a ledger ended that another one continues: how many leaves it had, and their root.
pub type End = (u64, Hash);

/// Checks the ledger in `folder`, which nobody writes to and which ends in a checkpoint; gives this, the keys that
/// verify its checkpoints, and how the ledger ended that it continues, if it does.
pub(crate) fn ended(
    folder: &Path,
    anchor: &Path,
    keys: LogKeys,
) -> Result<(Checkpoint, Vec<VerifierKey>, Option<End>), BookError> {
    let (mut auditor, mut continues) = (Auditor::default(), None);
    let _files = Files::open(folder, None, &mut auditor, |leaf| {
        if let Act::Continues { size, root } = leaf.act {
            continues = Some((size, root));
        }
    })?;
    let known = keys.known();
    let notes = Notes::open(folder, anchor)?;
    let (newest, _) = notes.newest(&known)?.ok_or(BookError::NoCheckpoint)?;
    past::ends_with(&auditor, &newest)?;
    if let Some((anchored, _)) = notes.anchor(&known)?
        && anchored.size > newest.size
    {
        return Err(BookError::Short { held: newest.size, signed: anchored.size });
    }
    // One that was drawn and never announced has signed nothing.
    let signs = keys.signs(&auditor).ok_or(BookError::NoSigner)?;
    let announced = known.iter().position(|key| *key == signs).map_or(0, |at| at + 1);
    Ok((newest, known[..announced].to_vec(), continues))
}

/// The proof about a subject whose newest leaf stands at `last`, under the checkpoint whose last leaf stands at `index`.
fn gather(
    held: &Leaves,
    last: Option<u64>,
    head: HeadProof,
    index: u64,
    node: impl FnMut(u8, u64) -> Result<Hash, BookError>,
    checkpoint: Note,
) -> Result<LeafProof, BookError> {
    let (mut leaves, mut at) = (Vec::new(), last);
    while let Some(sequence) = at {
        let leaf = held.leaf(sequence)?;
        at = match leaf.act {
            Act::Deed(deed) if deed.count > 1 => Some(deed.previous_at),
            _ => None,
        };
        leaves.push(leaf);
    }
    leaves.reverse();
    let extra = SubjectProof { last: held.leaf(index)?, head, leaves }.encode();
    let hashes = prove_inclusion(index, index + 1, node)?.unwrap_or_default();
    Ok(LeafProof { extra, index, hashes, checkpoint })
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

#[cfg(test)]
pub(crate) mod tests;
