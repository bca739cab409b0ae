//! What must hold of every input, whoever made it, of all that reads bytes from outside. Each check is a
//! plain function: the fuzzer calls it with inputs that it breeds (`make fuzz`), and the test run with some
//! ten thousand that are made from the same seeds in the same way every time (`tests/short.rs`).
//!
//! A check falls over if something is wrong, and says otherwise whether the input was taken for what the
//! check is about: a check whose every input is refused would see nothing.

#![forbid(unsafe_code)]

mod checkpoint;
mod email;
mod frame;
mod leaf;
mod proof;
mod witness;
mod world;

pub use checkpoint::checkpoint;
pub use email::email;
pub use frame::frame;
pub use leaf::leaf;
pub use proof::proof;
pub use witness::witness;

/// A check with what the fuzzer begins at.
pub struct Target {
    /// Its name, which its function and its binary have too.
    pub name: &'static str,
    /// The check.
    pub check: fn(&[u8]) -> bool,
    /// Inputs that it takes.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: [Target; 6] = [
    Target { name: "frame", check: frame, seeds: frame::seeds },
    Target { name: "leaf", check: leaf, seeds: leaf::seeds },
    Target { name: "checkpoint", check: checkpoint, seeds: checkpoint::seeds },
    Target { name: "proof", check: proof, seeds: proof::seeds },
    Target { name: "witness", check: witness, seeds: witness::seeds },
    Target { name: "email", check: email, seeds: email::seeds },
];

/// Inputs that a check once fell over, by its name. What `make fuzz` finds comes here with its mend.
pub const FOUND: [(&str, &[u8]); 1] = [
    // Was read, and written without the second line: there must be none where nothing stands in it.
    ("proof", b"c2sp.org/tlog-proof@v1\nextra \nindex 0\n\na\n\n\xe2\x80\x94 a AAAAAAAA\n"),
];
