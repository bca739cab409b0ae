//! What the shop asks.

use noren_ledger::leaf::{Field, Purpose};

use super::NotAFrame;
use super::bytes::{In, Out};
use crate::seal::{Plain, SubjectId};
use crate::vault::Asker;

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
    /// The newest checkpoint, and proof that an earlier tree is its beginning.
    Consistency {
        /// Size of the earlier tree.
        old: u64,
    },
    /// Keep a checkpoint that witnesses have cosigned.
    Cosigned {
        /// The signed note.
        note: String,
    },
    /// How far each witness has cosigned.
    Witnesses,
    /// A new wrapping key for everybody.
    RotateWrappingKey {
        /// Who asks.
        asker: Asker,
    },
    /// A new key for the ledger's checkpoints.
    RotateSigningKey {
        /// Who asks.
        asker: Asker,
    },
    /// Begin to give everybody another blind index.
    RotateIndexKey {
        /// Who asks.
        asker: Asker,
    },
    /// The blind index of a sealed e-mail address under the new key.
    Reindex {
        /// Who asks.
        asker: Asker,
        /// About whom.
        subject: SubjectId,
        /// The index of its row.
        present: [u8; 32],
        /// The address.
        email: Vec<u8>,
    },
    /// Everybody has another blind index.
    ForgetEarlierIndex {
        /// Who asks.
        asker: Asker,
        /// Fingerprint of the vault with the key by which they are found now.
        newest: [u8; 32],
    },
    /// Write the store of keys whole, for a backup.
    Snapshot {
        /// Who asks.
        asker: Asker,
    },
}

impl Request {
    /// Its bytes, without the length.
    pub fn encode(&self) -> zeroize::Zeroizing<Vec<u8>> {
        let out = match self {
            Self::Hello => Out::kind(0),
            Self::Seal { asker, subject, person, values } => {
                let mut out = Out::asked(1, asker);
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
                let mut out = Out::asked(2, asker);
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
                let mut out = Out::asked(3, asker);
                out.put(&[purpose.code(), field.code()]);
                out.long(canonical.expose().as_bytes());
                out
            }
            Self::Shred { asker, subject } => {
                let mut out = Out::asked(4, asker);
                out.put(subject);
                out
            }
            Self::Prove { asker, subjects } => {
                let mut out = Out::asked(5, asker);
                out.count(subjects.len());
                for subject in subjects {
                    out.put(subject);
                }
                out
            }
            Self::Head => Out::kind(6),
            Self::RotateWrappingKey { asker } => Out::asked(7, asker),
            Self::RotateSigningKey { asker } => Out::asked(8, asker),
            Self::RotateIndexKey { asker } => Out::asked(9, asker),
            Self::Reindex { asker, subject, present, email } => {
                let mut out = Out::asked(10, asker);
                out.put(subject);
                out.put(present);
                out.long(email);
                out
            }
            Self::ForgetEarlierIndex { asker, newest } => {
                let mut out = Out::asked(11, asker);
                out.put(newest);
                out
            }
            Self::Snapshot { asker } => Out::asked(12, asker),
            Self::Consistency { old } => {
                let mut out = Out::kind(13);
                out.put(&old.to_be_bytes());
                out
            }
            Self::Cosigned { note } => {
                let mut out = Out::kind(14);
                out.long(note.as_bytes());
                out
            }
            Self::Witnesses => Out::kind(15),
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
            8 => Self::RotateSigningKey { asker: from.asker()? },
            9 => Self::RotateIndexKey { asker: from.asker()? },
            10 => Self::Reindex {
                asker: from.asker()?,
                subject: from.array()?,
                present: from.array()?,
                email: from.long()?.to_vec(),
            },
            11 => Self::ForgetEarlierIndex { asker: from.asker()?, newest: from.array()? },
            12 => Self::Snapshot { asker: from.asker()? },
            13 => Self::Consistency { old: u64::from_be_bytes(from.array()?) },
            14 => Self::Cosigned { note: from.text()?.to_owned() },
            15 => Self::Witnesses,
            _ => return Err(NotAFrame),
        };
        from.end(whole)
    }
}
