//! `noren`: see `noren --help`.

use std::process::ExitCode;

/// Hashing a password takes 19 MiB for a moment. The allocator of glibc keeps such pieces for the next one, in
/// each thread anew: a hundred tries to sign in left the process at 2 GB for good.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    noren_server::cli::run()
}
