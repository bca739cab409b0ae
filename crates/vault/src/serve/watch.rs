//! How long a peer may take: as long as it likes between two questions, and no longer than the vault's patience for a
//! question, for an answer, and for showing who it is.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rustix::net::sockopt::{Timeout, set_socket_timeout};

/// Time that only goes forward: a clock that is set back must not prolong anybody's patience.
pub(super) type Stopwatch = Arc<dyn Fn() -> Duration + Send + Sync>;

/// The system's.
#[expect(clippy::disallowed_methods, reason = "the one place of the vault that measures how long somebody takes")]
pub(super) fn stopwatch() -> Stopwatch {
    let begun = std::time::Instant::now();
    Arc::new(move || begun.elapsed())
}

/// So many bytes at most are handed to the system at once: within one call it waits anew for each piece of this size
/// that a socket of this machine has room for.
const PIECE: usize = 32 << 10;

/// Since when a peer has been about to say something, or to take what it is told.
pub(super) struct Watch {
    stopwatch: Stopwatch,
    patience: Duration,
    since: Cell<Option<Duration>>,
}

impl Watch {
    pub(super) fn new(stopwatch: &Stopwatch, patience: Duration) -> Rc<Self> {
        Rc::new(Self { stopwatch: stopwatch.clone(), patience, since: Cell::new(None) })
    }

    /// It has begun, unless it had already.
    pub(super) fn begin(&self) {
        if self.since.get().is_none() {
            self.since.set(Some((self.stopwatch)()));
        }
    }

    /// It has said, or taken, all.
    pub(super) fn rest(&self) {
        self.since.set(None);
    }

    /// How much longer it may take; `None`: as long as it likes.
    fn left(&self) -> io::Result<Option<Duration>> {
        let Some(since) = self.since.get() else { return Ok(None) };
        let left = self.patience.checked_sub((self.stopwatch)().saturating_sub(since));
        left.filter(|left| !left.is_zero()).map(Some).ok_or_else(over)
    }
}

/// What the system says of a time that is over is no end to rustls, but a reason to go on with something else.
fn over() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

fn ended(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::WouldBlock { over() } else { error }
}

/// A connection with its watch. The first byte that comes begins it.
pub(super) struct Watched<S> {
    pub(super) stream: S,
    watch: Rc<Watch>,
    /// Whether the system knows of an end.
    bounded: bool,
}

impl<S: AsFd> Watched<S> {
    pub(super) fn new(stream: S, watch: &Rc<Watch>) -> Self {
        Self { stream, watch: watch.clone(), bounded: false }
    }
}

impl<S: Read + AsFd> Read for Watched<S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let left = self.watch.left()?;
        if left.is_some() || self.bounded {
            set_socket_timeout(&self.stream, Timeout::Recv, left)?;
            self.bounded = left.is_some();
        }
        let read = self.stream.read(bytes).map_err(ended)?;
        if read > 0 {
            self.watch.begin();
        }
        Ok(read)
    }
}

impl<S: Write + AsFd> Write for Watched<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Never without an end: what a peer is told while nobody watches, such as that the connection closes, included.
        let left = self.watch.left()?.unwrap_or(self.watch.patience);
        set_socket_timeout(&self.stream, Timeout::Send, Some(left))?;
        self.stream.write(&bytes[..bytes.len().min(PIECE)]).map_err(ended)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
