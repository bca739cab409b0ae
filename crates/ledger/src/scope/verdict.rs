//! What a scope says.

use std::collections::{BTreeMap, BTreeSet};

use super::{Copied, Grade, Moment, Processor, Window};
use crate::Hash;
use crate::checkpoint::Checkpoint;
use crate::leaf::{Field, Fields, Kind, Outcome, Tag};
use crate::note::VerifierKey;

/// What happened to one field of one person. The later one is the worse, and the worst that applies holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The ledger is complete for the time, and holds no such reading.
    NotRead,
    /// Handed to a processor, inside that processor's own incident.
    ViaProcessor,
    /// A file with it was copied, sealed, and the keys were not.
    ExposedCiphertext,
    /// The ledger cannot tell.
    Unknown,
    /// Read by the attacker, or by somebody who cannot be told apart from the attacker.
    Read,
}

impl Verdict {
    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotRead => "not-read",
            Self::ViaProcessor => "via-processor",
            Self::ExposedCiphertext => "exposed-ciphertext",
            Self::Unknown => "unknown",
            Self::Read => "read",
        }
    }
}

/// Why the ledger cannot say that something was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// The evidence shows what happened, never what did not.
    Grade,
    /// Somebody else has the keys, and can open without a leaf.
    KeysExposed(Moment),
    /// The ledger begins only here.
    BeginsLate(Moment),
    /// The vault ended here in a disorderly way, and began again there: leaves between the two may be lost.
    Crash(Moment, Moment),
    /// An alarm of the vault about its own leaves or its clock, somewhere between these two.
    Alarm(Moment, Moment),
    /// The checkpoint reaches only so far; there may be more.
    EndsEarly(Moment),
    /// What was written after this moment was cosigned more than a day later: until then it could have been written
    /// anew.
    CosignedLate(Moment),
}

/// How often, and when first and last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// How often.
    pub count: u64,
    /// The first time, in UTC milliseconds.
    pub first: u64,
    /// The last time.
    pub last: u64,
}

impl Times {
    /// Once more; leaves come in the order of their times.
    fn add(&mut self, time: u64) {
        if self.count == 0 {
            self.first = time;
        }
        self.count += 1;
        self.last = time;
    }
}

const FIELDS: usize = Field::ALL.len();

/// What happened to one field of one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touched {
    /// The worst that applies.
    pub verdict: Verdict,
    /// The acts that made it so, for [`Verdict::Read`] and [`Verdict::ViaProcessor`]; else none.
    pub times: Times,
}

/// One person of whom something was read or handed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    read: [Times; FIELDS],
    handed: [Times; FIELDS],
}

impl Person {
    pub(super) fn read(&mut self, fields: Fields, time: u64) {
        fields.iter().for_each(|field| self.read[usize::from(field.code())].add(time));
    }

    pub(super) fn handed(&mut self, fields: Fields, time: u64) {
        fields.iter().for_each(|field| self.handed[usize::from(field.code())].add(time));
    }

    /// What happened to a field; `others` is what holds for everybody.
    pub(super) fn touched(&self, field: Field, others: Verdict) -> Touched {
        let at = usize::from(field.code());
        let (read, handed) = (self.read[at], self.handed[at]);
        if read.count > 0 {
            Touched { verdict: Verdict::Read, times: read }
        } else if handed.count > 0 && others < Verdict::ViaProcessor {
            Touched { verdict: Verdict::ViaProcessor, times: handed }
        } else {
            Touched { verdict: others, times: Times::default() }
        }
    }
}

/// What an incident touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The incident's name.
    pub incident: String,
    /// SHA-256 of the file with the question.
    pub digest: Hash,
    /// When the attacker was at work.
    pub window: Window,
    /// How good the evidence is.
    pub grade: Grade,
    /// What was copied.
    pub copied: BTreeSet<Copied>,
    /// Who has lost what was handed to them.
    pub processors: Vec<Processor>,
    /// What it stands under.
    pub checkpoint: Checkpoint,
    /// The log's key that has signed it.
    pub signer: VerifierKey,
    /// The leaves that were read and proven: the first one, and the one behind the last.
    pub proven: (u64, u64),
    /// When each witness had first cosigned a checkpoint with all these leaves under it.
    pub cosigned: Vec<Moment>,
    /// How many of them are in the window.
    pub leaves: u64,
    /// Why the ledger cannot say that something was not read.
    pub gaps: BTreeSet<Gap>,
    /// What the attacker did in the window.
    pub acts: BTreeMap<(Kind, Outcome), u64>,
    /// What the question names of the attacker and no act in the window fits, such as `routes Account`: a slip, perhaps.
    /// Nothing of it is in the text.
    pub unfit: Vec<String>,
    /// Everybody of whom something was read or handed on.
    pub people: BTreeMap<Tag, Box<Person>>,
}

impl Scope {
    /// What holds for every field of everybody else.
    pub fn others(&self) -> Verdict {
        match (self.gaps.is_empty(), self.copied.is_empty()) {
            (false, _) => Verdict::Unknown,
            (true, false) => Verdict::ExposedCiphertext,
            (true, true) => Verdict::NotRead,
        }
    }

    /// What happened to a field of a person.
    pub fn touched(&self, tag: Tag, field: Field) -> Touched {
        let others = self.others();
        let untouched = Touched { verdict: others, times: Times::default() };
        self.people.get(&tag).map_or(untouched, |person| person.touched(field, others))
    }
}
