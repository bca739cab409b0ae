//! Questions and answers as bytes, one frame each: length (4 bytes, big-endian), version, kind, and what
//! belongs to it. Texts and sealed values stand behind their length in four bytes, lists behind theirs in one.
//!
//! Written by hand: what holds plaintext cannot be serialised by anything else.

use std::io::{self, Read, Write};

use noren_ledger::leaf::{Actor, Field, Outcome, Purpose, Route};

use crate::seal::{Plain, SubjectId};
use crate::vault::Asker;

/// First byte of every frame.
const VERSION: u8 = 1;
/// No frame is longer, in bytes: a proof about a much-read person is the longest there is.
pub const LONGEST: usize = 16 << 20;

/// What the shop asks.
pub enum Request {
    /// Which vault is this?
    Hello,
    /// Seal these.
    Seal {
        /// Who asks.
        asker: Asker,
        /// About whom.
        subject: SubjectId,
        /// Another record about the same person.
        person: Option<SubjectId>,
        /// What.
        values: Vec<(Field, Plain)>,
    },
    /// Open these.
    Open {
        /// Who asks.
        asker: Asker,
        /// What for.
        purpose: Purpose,
        /// For which mail, order, ticket; zero for none.
        reference: [u8; 16],
        /// About whom.
        subject: SubjectId,
        /// What.
        sealed: Vec<(Field, Vec<u8>)>,
    },
    /// Compute the blind index of a value.
    Index {
        /// Who asks.
        asker: Asker,
        /// What for.
        purpose: Purpose,
        /// Of which field.
        field: Field,
        /// The canonical value.
        canonical: Plain,
    },
    /// Destroy a key.
    Shred {
        /// Who asks.
        asker: Asker,
        /// Whose.
        subject: SubjectId,
    },
    /// Prove what was written about somebody.
    Prove {
        /// Who asks.
        asker: Asker,
        /// Their records.
        subjects: Vec<SubjectId>,
    },
    /// The newest checkpoint.
    Head,
    /// A new wrapping key for everybody.
    RotateWrappingKey {
        /// Who asks.
        asker: Asker,
    },
}

/// What the vault answers.
pub enum Answer {
    /// Its fingerprint, and the verifier key of its ledger.
    Hello([u8; 32], String),
    /// Sealed values, in the order of the question.
    Sealed(Vec<Vec<u8>>),
    /// Opened values, in the order of the question.
    Opened(Vec<Plain>),
    /// A blind index.
    Index([u8; 32]),
    /// Whether there was something to destroy.
    Shredded(bool),
    /// Tags and proofs.
    Proofs(Vec<([u8; 16], String)>),
    /// A signed checkpoint.
    Head(String),
    /// How many were wrapped anew.
    Rotated(u64),
    /// No: and this stands in the ledger.
    Refused(Outcome),
    /// The vault itself is in trouble; in words, for the log.
    Trouble(String),
}

/// Bytes that are no frame of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a frame that this version of the vault knows; shop and vault must be of the same version")]
pub struct NotAFrame;

impl From<NotAFrame> for io::Error {
    fn from(error: NotAFrame) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

#[derive(Default)]
struct Out(zeroize::Zeroizing<Vec<u8>>);

impl Out {
    fn put(&mut self, bytes: &[u8]) {
        // Growing by hand: what a vector leaves behind when it moves would not be wiped.
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut larger = zeroize::Zeroizing::new(Vec::with_capacity(needed.next_power_of_two().max(512)));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }

    fn long(&mut self, bytes: &[u8]) {
        self.put(&u32::try_from(bytes.len()).expect("values are shorter than a frame").to_be_bytes());
        self.put(bytes);
    }

    fn count(&mut self, list: usize) {
        self.put(&[u8::try_from(list).expect("a person has a handful of fields")]);
    }

    fn asker(&mut self, asker: &Asker) {
        self.put(&[asker.actor.code()]);
        self.put(&asker.id);
        self.put(&asker.request);
        self.put(asker.route.bytes());
    }

    fn kind(kind: u8) -> Self {
        let mut out = Self::default();
        out.put(&[VERSION, kind]);
        out
    }
}

struct In<'a>(&'a [u8]);

impl<'a> In<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], NotAFrame> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(NotAFrame)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], NotAFrame> {
        self.take(N)?.try_into().map_err(|_| NotAFrame)
    }

    fn byte(&mut self) -> Result<u8, NotAFrame> {
        Ok(self.array::<1>()?[0])
    }

    fn long(&mut self) -> Result<&'a [u8], NotAFrame> {
        let length = u32::from_be_bytes(self.array()?);
        self.take(length as usize)
    }

    fn text(&mut self) -> Result<&'a str, NotAFrame> {
        std::str::from_utf8(self.long()?).map_err(|_| NotAFrame)
    }

    fn plain(&mut self) -> Result<Plain, NotAFrame> {
        self.text().map(|text| Plain::new(text.to_owned()))
    }

    fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Result<T, NotAFrame>) -> Result<Vec<T>, NotAFrame> {
        let count = self.byte()?;
        (0..count).map(|_| one(self)).collect()
    }

    fn word<T>(&mut self, from: impl FnOnce(u8) -> Option<T>) -> Result<T, NotAFrame> {
        from(self.byte()?).ok_or(NotAFrame)
    }

    fn asker(&mut self) -> Result<Asker, NotAFrame> {
        Ok(Asker {
            // Nobody who comes through the door is the vault itself, or says of themselves that they are none of ours.
            actor: self.word(Actor::from_code).and_then(|actor| match actor {
                Actor::Vault | Actor::Stranger => Err(NotAFrame),
                actor => Ok(actor),
            })?,
            id: self.array()?,
            request: self.array()?,
            route: Route::from_bytes(self.array()?).ok_or(NotAFrame)?,
        })
    }

    /// The kind of a frame of this version.
    fn kind(&mut self) -> Result<u8, NotAFrame> {
        if self.byte()? == VERSION { self.byte() } else { Err(NotAFrame) }
    }

    fn end<T>(self, whole: T) -> Result<T, NotAFrame> {
        if self.0.is_empty() { Ok(whole) } else { Err(NotAFrame) }
    }
}

impl Request {
    /// Its bytes, without the length.
    pub fn encode(&self) -> zeroize::Zeroizing<Vec<u8>> {
        let out = match self {
            Self::Hello => Out::kind(0),
            Self::Seal { asker, subject, person, values } => {
                let mut out = Out::kind(1);
                out.asker(asker);
                out.put(subject);
                out.put(&person.unwrap_or_default());
                out.count(values.len());
                for (field, value) in values {
                    out.put(&[field.code()]);
                    out.long(value.expose().as_bytes());
                }
                out
            }
            Self::Open { asker, purpose, reference, subject, sealed } => {
                let mut out = Out::kind(2);
                out.asker(asker);
                out.put(&[purpose.code()]);
                out.put(reference);
                out.put(subject);
                out.count(sealed.len());
                for (field, value) in sealed {
                    out.put(&[field.code()]);
                    out.long(value);
                }
                out
            }
            Self::Index { asker, purpose, field, canonical } => {
                let mut out = Out::kind(3);
                out.asker(asker);
                out.put(&[purpose.code(), field.code()]);
                out.long(canonical.expose().as_bytes());
                out
            }
            Self::Shred { asker, subject } => {
                let mut out = Out::kind(4);
                out.asker(asker);
                out.put(subject);
                out
            }
            Self::Prove { asker, subjects } => {
                let mut out = Out::kind(5);
                out.asker(asker);
                out.count(subjects.len());
                for subject in subjects {
                    out.put(subject);
                }
                out
            }
            Self::Head => Out::kind(6),
            Self::RotateWrappingKey { asker } => {
                let mut out = Out::kind(7);
                out.asker(asker);
                out
            }
        };
        out.0
    }

    /// The question that these bytes are.
    pub fn decode(bytes: &[u8]) -> Result<Self, NotAFrame> {
        let mut from = In(bytes);
        let whole = match from.kind()? {
            0 => Self::Hello,
            1 => Self::Seal {
                asker: from.asker()?,
                subject: from.array()?,
                person: Some(from.array()?).filter(|person| *person != [0; 16]),
                values: from.list(|from| Ok((from.word(Field::from_code)?, from.plain()?)))?,
            },
            2 => Self::Open {
                asker: from.asker()?,
                purpose: from.word(Purpose::from_code)?,
                reference: from.array()?,
                subject: from.array()?,
                sealed: from.list(|from| Ok((from.word(Field::from_code)?, from.long()?.to_vec())))?,
            },
            3 => Self::Index {
                asker: from.asker()?,
                purpose: from.word(Purpose::from_code)?,
                field: from.word(Field::from_code)?,
                canonical: from.plain()?,
            },
            4 => Self::Shred { asker: from.asker()?, subject: from.array()? },
            5 => Self::Prove { asker: from.asker()?, subjects: from.list(In::array)? },
            6 => Self::Head,
            7 => Self::RotateWrappingKey { asker: from.asker()? },
            _ => return Err(NotAFrame),
        };
        from.end(whole)
    }
}

impl Answer {
    /// Its bytes, without the length.
    pub fn encode(&self) -> zeroize::Zeroizing<Vec<u8>> {
        let mut out;
        match self {
            Self::Hello(fingerprint, key) => {
                out = Out::kind(0);
                out.put(fingerprint);
                out.long(key.as_bytes());
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
                out.put(index);
            }
            Self::Shredded(there) => {
                out = Out::kind(4);
                out.put(&[u8::from(*there)]);
            }
            Self::Proofs(proofs) => {
                out = Out::kind(5);
                out.count(proofs.len());
                for (tag, proof) in proofs {
                    out.put(tag);
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
            Self::Refused(outcome) => {
                out = Out::kind(8);
                out.put(&[outcome.code()]);
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
            0 => Self::Hello(from.array()?, from.text()?.to_owned()),
            1 => Self::Sealed(from.list(|from| Ok(from.long()?.to_vec()))?),
            2 => Self::Opened(from.list(In::plain)?),
            3 => Self::Index(from.array()?),
            4 => Self::Shredded(from.word(|byte| (byte < 2).then_some(byte == 1))?),
            5 => Self::Proofs(from.list(|from| Ok((from.array()?, from.text()?.to_owned())))?),
            6 => Self::Head(from.text()?.to_owned()),
            7 => Self::Rotated(u64::from_be_bytes(from.array()?)),
            8 => Self::Refused(from.word(Outcome::from_code)?),
            9 => Self::Trouble(from.text()?.to_owned()),
            _ => return Err(NotAFrame),
        };
        from.end(whole)
    }
}

/// Writes one frame.
pub fn send(to: &mut impl Write, frame: &[u8]) -> io::Result<()> {
    let length = u32::try_from(frame.len()).ok().filter(|length| *length as usize <= LONGEST).ok_or(NotAFrame)?;
    // In one piece: two writes would be two packets, and two wake-ups on the other side.
    let mut whole = zeroize::Zeroizing::new(Vec::with_capacity(4 + frame.len()));
    whole.extend_from_slice(&length.to_be_bytes());
    whole.extend_from_slice(frame);
    to.write_all(&whole)
}

/// Reads one frame; `None` if the other side has closed in good order.
pub fn receive(from: &mut impl Read) -> io::Result<Option<zeroize::Zeroizing<Vec<u8>>>> {
    let mut length = [0; 4];
    match from.read(&mut length)? {
        0 => return Ok(None),
        read => from.read_exact(&mut length[read..])?,
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > LONGEST {
        return Err(NotAFrame.into());
    }
    let mut frame = zeroize::Zeroizing::new(vec![0; length]);
    from.read_exact(&mut frame)?;
    Ok(Some(frame))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asker() -> Asker {
        Asker { actor: Actor::Guest, id: [1; 16], request: [2; 8], route: Route::new("checkout/address") }
    }

    fn requests() -> Vec<Request> {
        let plain = |text: &str| Plain::new(text.to_owned());
        vec![
            Request::Hello,
            Request::Seal {
                asker: asker(),
                subject: [3; 16],
                person: Some([4; 16]),
                values: vec![(Field::Name, plain("暖簾 花子")), (Field::Phone, plain(""))],
            },
            Request::Seal { asker: asker(), subject: [3; 16], person: None, values: Vec::new() },
            Request::Open {
                asker: asker(),
                purpose: Purpose::Mail,
                reference: [5; 16],
                subject: [3; 16],
                sealed: vec![(Field::Email, vec![2, 1, 7]), (Field::City, Vec::new())],
            },
            Request::Index {
                asker: asker(),
                purpose: Purpose::Login,
                field: Field::Email,
                canonical: plain("hanako@example.jp"),
            },
            Request::Shred { asker: asker(), subject: [3; 16] },
            Request::Prove { asker: asker(), subjects: vec![[3; 16], [4; 16]] },
            Request::Head,
            Request::RotateWrappingKey { asker: asker() },
        ]
    }

    fn answers() -> Vec<Answer> {
        vec![
            Answer::Hello([1; 32], "shop.example/reads+00000000+AAAA".into()),
            Answer::Sealed(vec![vec![1, 2], Vec::new()]),
            Answer::Opened(vec![Plain::new("花子".into()), Plain::new(String::new())]),
            Answer::Index([7; 32]),
            Answer::Shredded(true),
            Answer::Proofs(vec![([8; 16], "c2sp.org/tlog-proof@v1\n".into())]),
            Answer::Head("shop.example/reads\n".into()),
            Answer::Rotated(5),
            Answer::Refused(Outcome::OverBudget),
            Answer::Trouble("the disk is full".into()),
        ]
    }

    #[test]
    fn every_question_and_answer_is_read_as_it_was_written_and_cut_short_it_is_none() {
        for request in requests() {
            let bytes = request.encode();
            assert_eq!(Request::decode(&bytes).ok().map(|read| read.encode()), Some(bytes.clone()));
            assert!((0..bytes.len()).all(|end| Request::decode(&bytes[..end]).is_err()));
            assert!(Request::decode(&[bytes.as_slice(), &[0]].concat()).is_err(), "something hangs on behind");
        }
        for actor in [Actor::Vault, Actor::Stranger] {
            let shred = Request::Shred { asker: Asker { actor, ..asker() }, subject: [3; 16] };
            assert!(Request::decode(&shred.encode()).is_err(), "nobody outside is {actor:?}");
        }
        for answer in answers() {
            let bytes = answer.encode();
            assert_eq!(Answer::decode(&bytes).ok().map(|read| read.encode()), Some(bytes.clone()));
            assert!((0..bytes.len()).all(|end| Answer::decode(&bytes[..end]).is_err()));
        }
    }

    #[test]
    fn frames_come_one_behind_the_other_and_a_giant_one_is_refused_before_it_is_read() {
        let mut pipe = Vec::new();
        send(&mut pipe, b"one").unwrap();
        send(&mut pipe, b"").unwrap();
        let mut from = pipe.as_slice();
        assert_eq!(receive(&mut from).unwrap().as_deref().map(Vec::as_slice), Some(&b"one"[..]));
        assert_eq!(receive(&mut from).unwrap().as_deref().map(Vec::as_slice), Some(&b""[..]));
        assert!(receive(&mut from).unwrap().is_none());
        assert!(receive(&mut [255; 8].as_slice()).is_err());
        assert!(receive(&mut [0, 0].as_slice()).is_err(), "cut within the length");
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_fall(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0u8..10) {
            let _ = Request::decode(&bytes);
            let _ = Answer::decode(&bytes);
            let framed = [&[VERSION, kind], bytes.as_slice()].concat();
            if let Ok(request) = Request::decode(&framed) {
                prop_assert_eq!(request.encode().to_vec(), framed.clone());
            }
            if let Ok(answer) = Answer::decode(&framed) {
                prop_assert_eq!(answer.encode().to_vec(), framed);
            }
        }
    }
}
