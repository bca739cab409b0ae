//! What a command answers, on standard output.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// Says it, and ends the line.
///
/// # Errors
/// It cannot be written: a full disk, say. A reader who has seen enough and is gone (`noren mail list | head`) is none.
pub fn line(words: impl Display) -> io::Result<()> {
    to(&mut io::stdout().lock(), format_args!("{words}\n"))
}

/// Says it as it is.
///
/// # Errors
/// As [`line`].
pub fn text(words: impl Display) -> io::Result<()> {
    to(&mut io::stdout().lock(), format_args!("{words}"))
}

fn to(out: &mut impl Write, words: std::fmt::Arguments<'_>) -> io::Result<()> {
    match out.write_fmt(words).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        said => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where every write ends so.
    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_who_is_gone_is_no_failure_and_a_full_disk_is_one() {
        assert!(to(&mut Broken(ErrorKind::BrokenPipe), format_args!("words")).is_ok());
        assert!(to(&mut Broken(ErrorKind::StorageFull), format_args!("words")).is_err());
    }
}
