//! `noren`: see `noren --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    noren_server::cli::run()
}
