//! Time and randomness, handed in rather than taken, so that tests decide both.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use noren_domain::Id;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The clocks of a shop's nodes differ by so much at most, in milliseconds: what one has just written may lie so far ahead
/// of another that reads it. What lies further ahead is of a clock that was wrong, and would last too long.
pub const SKEW: i64 = 60_000;

/// Where the time comes from. Times are UTC milliseconds since 1970.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Stands still until a test moves it.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `millis`.
    pub fn fixed(millis: i64) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(millis)))
    }

    /// The time now.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> i64 {
        match self {
            Self::System => jiff::Timestamp::now().as_millisecond(),
            Self::Fixed(millis) => millis.load(Ordering::SeqCst),
        }
    }

    /// Moves a fixed clock on; the machine's clock does not listen.
    pub fn advance(&self, millis: i64) {
        if let Self::Fixed(now) = self {
            now.fetch_add(millis, Ordering::SeqCst);
        }
    }
}

/// Where random bytes come from.
#[derive(Clone, Debug)]
pub enum Entropy {
    /// The operating system.
    System,
    /// The same bytes for the same seed: SHA-256 over seed and counter. Tests only.
    Seeded(Arc<Mutex<(u64, u64)>>),
}

impl Entropy {
    /// Repeatable bytes for a test.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new((seed, 0))))
    }

    /// `N` random bytes.
    ///
    /// # Panics
    /// When the operating system has none to give: nothing safe can be done then.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// Fills `bytes` with random ones.
    ///
    /// # Panics
    /// When the operating system has none to give: nothing safe can be done then.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the operating system for randomness")]
    pub fn fill(&self, bytes: &mut [u8]) {
        match self {
            Self::System => getrandom::fill(bytes).expect("the operating system gives random bytes"),
            Self::Seeded(state) => {
                for chunk in bytes.chunks_mut(32) {
                    let mut state = state.lock().expect("no thread panics while it holds the counter");
                    state.1 += 1;
                    let block = Sha256::new()
                        .chain_update(state.0.to_be_bytes())
                        .chain_update(state.1.to_be_bytes())
                        .finalize();
                    chunk.copy_from_slice(&block[..chunk.len()]);
                }
            }
        }
    }

    /// A fresh `UUIDv7` for a thing made at `now`.
    pub fn id<T>(&self, now: i64) -> Id<T> {
        let millis = u64::try_from(now).unwrap_or(0);
        Id::new(uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid())
    }

    /// A fresh `UUIDv7`, untyped.
    pub fn uuid(&self, now: i64) -> Uuid {
        self.id::<()>(now).0
    }

    /// `len` characters from an alphabet without look-alikes (no 0 O 1 I L), for numbers that people read out.
    pub fn code(&self, len: usize) -> String {
        const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
        let mut code = String::with_capacity(len);
        while code.len() < len {
            let [byte] = self.bytes::<1>();
            // 248 = 8 × 31: larger bytes would favour the first letters.
            if byte < 248 {
                code.push(char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
            }
        }
        code
    }

    /// `len` decimal digits, each equally likely.
    pub fn digits(&self, len: usize) -> String {
        let mut digits = String::with_capacity(len);
        while digits.len() < len {
            let [byte] = self.bytes::<1>();
            if byte < 250 {
                digits.push(char::from(b'0' + byte % 10));
            }
        }
        digits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_bytes_again_and_other_bytes_next() {
        let (a, b) = (Entropy::seeded(7), Entropy::seeded(7));
        let first: [u8; 40] = a.bytes();
        assert_eq!(first, b.bytes());
        assert_ne!(first, a.bytes());
    }

    #[test]
    fn codes_use_no_look_alikes() {
        let code = Entropy::System.code(400);
        assert_eq!(code.len(), 400);
        assert!(!code.contains(['0', 'O', '1', 'I', 'L']));
    }

    #[test]
    fn ids_carry_their_time() {
        let id = Entropy::seeded(1).uuid(1_795_362_000_000);
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_timestamp().map(|t| t.to_unix().0), Some(1_795_362_000));
    }
}
