//! What a process that holds keys gives up, so that they do not leave it by a side door.

use std::io;

use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};

/// No core dumps, no looking into it by other processes of the same user (`ptrace`, `/proc/PID/mem`), and,
/// where the system lets it, no page on the swap disk. Gives whether its memory is locked.
pub fn harden() -> io::Result<bool> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    // Only pages that are used: an allocator sets aside far more than it hands out.
    let all = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    // Under a limit, a lock on all that is to come would make an allocation fail one day, and the process with it.
    let unlimited = getrlimit(Resource::Memlock).current.is_none();
    Ok(unlimited && mlockall(all).is_ok())
}
