//! A folder for one process alone.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

/// A process that is just being started by this one holds a copy of every lock until it has become another
/// program: so a lock that was let go a moment ago may still seem to be held.
const MOMENTS: u32 = 50;
const MOMENT: Duration = Duration::from_millis(10);

/// Takes the lock file at `path`, which is made if it is missing; `None` if another process holds it. It is
/// held for as long as the file is open.
pub fn lock(path: &Path) -> io::Result<Option<File>> {
    let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    Ok(take(&file)?.then_some(file))
}

/// Takes a file or a folder that is open; `false` if somebody else holds it.
pub(crate) fn take(file: &File) -> io::Result<bool> {
    for _ in 0..MOMENTS {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) => std::thread::sleep(MOMENT),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(false)
}
