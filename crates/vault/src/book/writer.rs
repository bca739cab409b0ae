//! How leaves and checkpoints come onto the disk, and who waits for it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use noren_ledger::audit::{AuditFault, Auditor};
use noren_ledger::checkpoint::Checkpoint;
use noren_ledger::leaf::{Act, Actor, Deed, Detail, Kind, Leaf, Route};
use noren_ledger::note::{Note, SignerKey, VerifierKey};

use super::files::{Files, sync};
use super::notes::Notes;
use super::{BookError, Now};

/// While relaxed leaves wait, they are written through so often.
const RELAXED: Duration = Duration::from_millis(50);
/// A checkpoint is made at least so often while leaves come in.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(10);
/// And after so many of them.
const CHECKPOINT_LEAVES: u64 = 1_000;
/// When nothing was written for so long (milliseconds), heads are, and are signed: from outside a vault that has nothing
/// to write must not look like one whose checkpoints are held back.
const STILL: u64 = 12 * 60 * 60 * 1_000;
/// A clock that is behind the newest leaf by more than this (milliseconds) was set back, and that is written down: what
/// comes until it has caught up has the time of that leaf, and not its own.
const SET_BACK: u64 = 5_000;

pub(super) struct State {
    pub(super) auditor: Auditor,
    pub(super) files: Files,
    /// Leaves that are surely on the disk.
    pub(super) safe: u64,
    /// Time of the first leaf that is not.
    pub(super) unsafe_since: u64,
    /// Somebody waits for the disk.
    pub(super) hurry: bool,
    /// The clock is behind, and the ledger says so: what it last said of the clock, in UTC milliseconds.
    pub(super) told: Option<u64>,
    /// The newest checkpoint.
    pub(super) newest: Option<(Checkpoint, Note)>,
    /// Verify all checkpoints, in the order in which they were announced: the last one those of now.
    pub(super) keys: Vec<VerifierKey>,
    /// Why nothing can be written any more.
    pub(super) stopped: Option<String>,
    pub(super) closing: bool,
}

/// What makes a checkpoint of a root.
pub(super) struct Signing {
    pub(super) signer: SignerKey,
    pub(super) notes: Notes,
}

pub(super) struct Shared {
    pub(super) state: Mutex<State>,
    /// Held while a checkpoint is made, for there is one at a time. Taken before the state, never while that is held.
    pub(super) signing: Mutex<Signing>,
    /// Something came in, or the book is closed.
    pub(super) work: Condvar,
    /// Something has become safe.
    pub(super) done: Condvar,
    pub(super) build: u32,
    pub(super) now: Now,
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // A thread that fell while it held the state leaves nothing half written: each step ends whole or stops the book.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signing(&self) -> MutexGuard<'_, Signing> {
        self.signing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// If the writing thread falls over, whoever waits for it must hear of it.
pub(super) struct Guard<'s>(pub(super) &'s Shared);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        if std::thread::panicking() {
            state.stopped.get_or_insert_with(|| "the thread that writes fell over".to_owned());
        }
        self.0.done.notify_all();
    }
}

/// Puts a leaf at the end of the file and of the tree.
pub(super) fn put(state: &mut State, shared: &Shared, act: Act) -> Result<u64, BookError> {
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

/// Writes down that the clock was set back, with what it says: once for each time, also while it is behind already.
pub(super) fn watch_clock(state: &mut State, shared: &Shared) -> Result<(), BookError> {
    let (ledger, clock) = (state.auditor.time(), (shared.now)());
    if clock >= ledger {
        state.told = None;
    }
    if state.told.unwrap_or(ledger).saturating_sub(clock) <= SET_BACK {
        return Ok(());
    }
    state.told = Some(clock);
    let mut reference = [0; 16];
    reference[8..].copy_from_slice(&clock.to_be_bytes());
    let alarm = Deed::of(Kind::Alarm, Actor::Vault, Route::new("vault"));
    put(state, shared, Act::Deed(Deed { detail: Some(Detail::Clock), reference, ..alarm }))?;
    state.hurry = true;
    shared.work.notify_one();
    Ok(())
}

/// Puts the first leaf of all, unless it stands there already.
pub(super) fn begin(shared: &Shared, act: Act) -> Result<(), BookError> {
    let mut state = shared.state();
    if state.auditor.size() == 0 {
        put(&mut state, shared, act)?;
    }
    Ok(())
}

/// What is on the disk is not known any more: nothing is written from here on, and so nothing opened.
fn stop(state: &mut State, shared: &Shared, error: BookError) -> BookError {
    state.stopped = Some(error.to_string());
    shared.done.notify_all();
    error
}

/// Signs what there is, unless it is signed, and has `look` look at the ledger as it was then. Others go on writing
/// while the disk is waited for.
pub(super) fn checkpoint<T>(
    shared: &Shared,
    look: impl FnOnce(&mut State) -> T,
) -> Result<(Checkpoint, Note, T), BookError> {
    let signing = shared.signing();
    let mut state = shared.state();
    if let Some((newest, note)) = state.newest.clone()
        && newest.size == state.auditor.size()
    {
        return Ok((newest, note, look(&mut state)));
    }
    let made = close(&mut state, shared, &signing)?;
    let (seen, time, file) = (look(&mut state), state.auditor.time(), state.files.handle());
    drop(state);
    let note = made.sign(&signing.signer);
    // Not handed out before it is on the disk: a crash would leave a promise that nobody can keep.
    let kept = file.and_then(|file| sync(&file)).and_then(|()| signing.notes.keep(time, &note));
    let mut state = shared.state();
    signed(&mut state, shared, made.clone(), note.clone(), kept)?;
    Ok((made, note, seen))
}

/// Has `signer` sign from now on. The key before it announces and vouches for it, and nothing comes in between.
pub(super) fn announce(shared: &Shared, signer: SignerKey) -> Result<(), BookError> {
    let mut signing = shared.signing();
    let mut state = shared.state();
    put(&mut state, shared, Act::Key { hash: signer.verifier().hash() })?;
    vouch(&mut state, shared, &mut signing, signer)
}

/// Has the last checkpoint of one key signed, over the leaf that announces the next one, which takes its place.
fn vouch(state: &mut State, shared: &Shared, signing: &mut Signing, next: SignerKey) -> Result<(), BookError> {
    let made = close(state, shared, signing)?;
    let note = made.sign(&signing.signer);
    let kept = state.files.sync().and_then(|()| signing.notes.keep(state.auditor.time(), &note));
    signed(state, shared, made, note, kept)?;
    state.keys.push(next.verifier().clone());
    signing.signer = next;
    Ok(())
}

/// Ends what a crash cut off between the announcement of `next` and the checkpoint in which the key before it
/// vouches for it.
pub(super) fn vouch_late(shared: &Shared, next: SignerKey) -> Result<(), BookError> {
    let mut signing = shared.signing();
    vouch(&mut shared.state(), shared, &mut signing, next)
}

/// Puts the heads at the end, and gives what is to be signed.
fn close(state: &mut State, shared: &Shared, signing: &Signing) -> Result<Checkpoint, BookError> {
    if let Some(cause) = &state.stopped {
        return Err(BookError::Stopped(cause.clone()));
    }
    if let Err(error) = state.files.look() {
        return Err(stop(state, shared, error));
    }
    // After a crash the heads may stand there already, and only the signature is missing.
    if !state.auditor.ends_in_heads() {
        let heads = state.auditor.heads();
        put(state, shared, heads)?;
    }
    let origin = signing.signer.verifier().name().to_owned();
    Ok(Checkpoint { origin, size: state.auditor.size(), root: state.auditor.root() })
}

/// A checkpoint was kept, or was not.
fn signed(
    state: &mut State,
    shared: &Shared,
    made: Checkpoint,
    note: Note,
    kept: Result<(), BookError>,
) -> Result<(), BookError> {
    if let Err(error) = kept {
        return Err(stop(state, shared, error));
    }
    state.safe = state.safe.max(made.size);
    state.newest = Some((made, note));
    shared.done.notify_all();
    Ok(())
}

/// Writes heads if nothing was written for long.
pub(super) fn beat(state: &mut State, shared: &Shared) -> Result<(), BookError> {
    let still = (shared.now)().saturating_sub(state.auditor.time());
    if state.auditor.size() > 0 && still >= STILL {
        let heads = state.auditor.heads();
        put(state, shared, heads)?;
    }
    Ok(())
}

/// The thread that writes through: at once when somebody waits, else when the time has come.
pub(super) fn write_through(shared: &Shared) {
    let mut signed_at = (shared.now)();
    let mut state = shared.state();
    loop {
        let unsigned = state.auditor.size() - state.newest.as_ref().map_or(0, |(checkpoint, _)| checkpoint.size);
        if state.stopped.is_some() || (state.closing && unsigned == 0) {
            return;
        }
        if unsigned == 0 && !state.closing {
            // A failure stops the book, and the next turn ends here.
            let _ = beat(&mut state, shared);
        }
        // Also when the clock was set back: then sooner.
        let age = Duration::from_millis((shared.now)().abs_diff(signed_at));
        if unsigned > 0 && (state.closing || unsigned >= CHECKPOINT_LEAVES || age >= CHECKPOINT_EVERY) {
            signed_at = (shared.now)();
            drop(state);
            // A failure stops the book, and the next turn ends here.
            let _ = checkpoint(shared, |_| ());
            state = shared.state();
            continue;
        }
        if unsigned == 0 {
            signed_at = (shared.now)();
        }
        if state.hurry {
            state.hurry = false;
            state = through(shared, state);
            continue;
        }
        let pause =
            if state.auditor.size() > state.safe { RELAXED } else { CHECKPOINT_EVERY.saturating_sub(age).max(RELAXED) };
        let (woken, timed) = shared.work.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner);
        state = woken;
        if timed.timed_out() && state.auditor.size() > state.safe {
            state = through(shared, state);
        }
    }
}

/// Writes through what there is, while others go on appending.
fn through<'s>(shared: &'s Shared, mut state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
    let (size, file) = (state.auditor.size(), state.files.handle());
    drop(state);
    let synced = file.and_then(|file| sync(&file));
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
