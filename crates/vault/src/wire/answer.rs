//! What the vault answers.

use noren_ledger::leaf::Outcome;

use super::NotAFrame;
use super::bytes::{In, Out};
use crate::seal::Plain;
use crate::vault::Indexes;

/// Which vault answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Tells it from any other, for ever.
    pub identity: [u8; 32],
    /// Tell it and each of the keys by which it finds people from any other, the key in use first.
    pub fingerprints: Vec<[u8; 32]>,
    /// Lines that the checkpoints of its ledger are verified with: first the one that the log began with, and last the
    /// one that signs now.
    pub keys: Vec<String>,
}

/// What the vault answers.
pub enum Answer {
    /// Which vault it is.
    Hello(Hello),
    /// Sealed values, in the order of the question.
    Sealed(Vec<Vec<u8>>),
    /// Opened values, in the order of the question.
    Opened(Vec<Plain>),
    /// A blind index.
    Index(Indexes),
    /// Whether there was something to destroy.
    Shredded(bool),
    /// Tags, keys to verify with, and proofs.
    Proofs(Vec<([u8; 16], String, String)>),
    /// A signed checkpoint.
    Head(String),
    /// How many were wrapped anew.
    Rotated(u64),
    /// The line that the ledger's checkpoints are verified with from now on.
    Verifier(String),
    /// It is done.
    Done,
    /// A signed checkpoint, and hashes.
    Consistency(String, Vec<[u8; 32]>),
    /// Whether it was news.
    Cosigned(bool),
    /// Witnesses by their keys, with the size that each has cosigned last and the time (seconds since 1970); zeros
    /// for none.
    Witnesses(Vec<(String, u64, u64)>),
    /// No: and this stands in the ledger.
    Refused(Outcome),
    /// Not now: what that depends on, in words, and what to do.
    NotNow(String),
    /// The vault itself is in trouble; in words, for the log.
    Trouble(String),
}

impl Answer {
    /// Its bytes, without the length.
    pub fn encode(&self) -> zeroize::Zeroizing<Vec<u8>> {
        let mut out;
        match self {
            Self::Hello(Hello { identity, fingerprints, keys }) => {
                out = Out::kind(0);
                out.put(identity);
                out.count(fingerprints.len());
                for fingerprint in fingerprints {
                    out.put(fingerprint);
                }
                out.put(&u32::try_from(keys.len()).expect("a frame is not that long").to_be_bytes());
                for key in keys {
                    out.long(key.as_bytes());
                }
            }
            Self::Sealed(values) => {
                out = Out::kind(1);
                out.count(values.len());
                for value in values {
                    out.long(value);
                }
            }
            Self::Opened(values) => {
                out = Out::kind(2);
                out.count(values.len());
                for value in values {
                    out.long(value.expose().as_bytes());
                }
            }
            Self::Index(index) => {
                out = Out::kind(3);
                out.put(&index.newest);
                out.count(usize::from(index.earlier.is_some()));
                if let Some(earlier) = &index.earlier {
                    out.put(earlier);
                }
            }
            Self::Shredded(there) => {
                out = Out::kind(4);
                out.put(&[u8::from(*there)]);
            }
            Self::Proofs(proofs) => {
                out = Out::kind(5);
                out.put(&u32::try_from(proofs.len()).expect("a frame is not that long").to_be_bytes());
                for (tag, key, proof) in proofs {
                    out.put(tag);
                    out.long(key.as_bytes());
                    out.long(proof.as_bytes());
                }
            }
            Self::Head(note) => {
                out = Out::kind(6);
                out.long(note.as_bytes());
            }
            Self::Rotated(count) => {
                out = Out::kind(7);
                out.put(&count.to_be_bytes());
            }
            Self::Verifier(key) => {
                out = Out::kind(10);
                out.long(key.as_bytes());
            }
            Self::Done => out = Out::kind(11),
            Self::Consistency(note, hashes) => {
                out = Out::kind(12);
                out.long(note.as_bytes());
                out.count(hashes.len());
                for hash in hashes {
                    out.put(hash);
                }
            }
            Self::Cosigned(kept) => {
                out = Out::kind(13);
                out.put(&[u8::from(*kept)]);
            }
            Self::Witnesses(witnesses) => {
                out = Out::kind(14);
                out.count(witnesses.len());
                for (key, size, time) in witnesses {
                    out.long(key.as_bytes());
                    out.put(&size.to_be_bytes());
                    out.put(&time.to_be_bytes());
                }
            }
            Self::Refused(outcome) => {
                out = Out::kind(8);
                out.put(&[outcome.code()]);
            }
            Self::NotNow(words) => {
                out = Out::kind(15);
                out.long(words.as_bytes());
            }
            Self::Trouble(words) => {
                out = Out::kind(9);
                out.long(words.as_bytes());
            }
        }
        out.0
    }

    /// The answer that these bytes are.
    pub fn decode(bytes: &[u8]) -> Result<Self, NotAFrame> {
        let mut from = In(bytes);
        let whole = match from.kind()? {
            0 => Self::Hello(Hello {
                identity: from.array()?,
                fingerprints: from.list(In::array)?,
                keys: {
                    let count = u32::from_be_bytes(from.array()?);
                    (0..count).map(|_| from.text().map(str::to_owned)).collect::<Result<_, _>>()?
                },
            }),
            1 => Self::Sealed(from.list(|from| Ok(from.long()?.to_vec()))?),
            2 => Self::Opened(from.list(In::plain)?),
            3 => Self::Index(Indexes {
                newest: from.array()?,
                earlier: match from.byte()? {
                    0 => None,
                    1 => Some(from.array()?),
                    _ => return Err(NotAFrame),
                },
            }),
            4 => Self::Shredded(from.word(|byte| (byte < 2).then_some(byte == 1))?),
            5 => {
                let count = u32::from_be_bytes(from.array()?);
                let proof = |_| Ok((from.array()?, from.text()?.to_owned(), from.text()?.to_owned()));
                Self::Proofs((0..count).map(proof).collect::<Result<_, _>>()?)
            }
            6 => Self::Head(from.text()?.to_owned()),
            7 => Self::Rotated(u64::from_be_bytes(from.array()?)),
            8 => Self::Refused(from.word(Outcome::from_code)?),
            9 => Self::Trouble(from.text()?.to_owned()),
            10 => Self::Verifier(from.text()?.to_owned()),
            11 => Self::Done,
            12 => Self::Consistency(from.text()?.to_owned(), from.list(In::array)?),
            13 => Self::Cosigned(from.word(|byte| (byte < 2).then_some(byte == 1))?),
            14 => Self::Witnesses(from.list(|from| {
                let key = from.text()?.to_owned();
                Ok((key, u64::from_be_bytes(from.array()?), u64::from_be_bytes(from.array()?)))
            })?),
            15 => Self::NotNow(from.text()?.to_owned()),
            _ => return Err(NotAFrame),
        };
        from.end(whole)
    }
}
