//! What an incident touched: computed from the leaves of its time, proven under one checkpoint without reading
//! the rest of the ledger, and the same byte for byte wherever it is computed.
//!
//! A [`Question`] says what is known of the incident. [`locate`] finds the leaves of its time, a [`Reading`] takes
//! them one by one, and what comes out is a [`Scope`]. Written down in `docs/LEDGER.md`, section "Scope".

mod moment;
mod reading;
mod text;
mod verdict;

use std::collections::BTreeSet;

use crate::Hash;
use crate::leaf::{Actor, Deed, Leaf, Purpose, Route};

pub use moment::{Civil, Moment};
pub use reading::{Reading, ScopeFault, locate};
pub use text::Repeat;
pub use verdict::{Gap, Person, Scope, Times, Touched, Verdict};

/// A time with both its ends in it, in UTC milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    from: u64,
    to: u64,
}

impl Window {
    /// From one moment to another, which is not before it.
    pub fn new(from: Moment, to: Moment) -> Option<Self> {
        (from <= to).then_some(Self { from: from.0, to: to.0 })
    }

    /// Its first moment.
    pub fn from(self) -> Moment {
        Moment(self.from)
    }

    /// Its last moment.
    pub fn to(self) -> Moment {
        Moment(self.to)
    }

    /// Whether a leaf of this time is in it.
    pub fn has(self, time: u64) -> bool {
        self.from <= time && time <= self.to
    }

    /// Both, and all that is between them.
    fn and(self, other: Self) -> Self {
        Self { from: self.from.min(other.from), to: self.to.max(other.to) }
    }
}

/// How good the evidence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// The vault runs on another host, and a witness outside keeps the ledger's checkpoints.
    A,
    /// The vault is a process of its own, and a witness outside keeps the ledger's checkpoints.
    B,
    /// Anything less. It shows what happened, never what did not.
    C,
}

impl Grade {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::A, Self::B, Self::C];

    /// The letter.
    pub const fn letter(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
        }
    }
}

/// Of what somebody took a copy, sealed as it lay there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Copied {
    /// The shop's database.
    Database,
    /// A backup of it.
    Backup,
    /// A log.
    Log,
}

impl Copied {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Database, Self::Backup, Self::Log];

    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Backup => "backup",
            Self::Log => "log",
        }
    }
}

/// Whose acts were the attacker's, or cannot be told apart from the attacker's: those to which any one of these
/// fits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attacker {
    /// By their ids in the ledger.
    pub actors: BTreeSet<[u8; 16]>,
    /// All of a kind.
    pub kinds: BTreeSet<Actor>,
    /// All in one call.
    pub requests: BTreeSet<[u8; 8]>,
    /// All from one place in the shop.
    pub routes: BTreeSet<Route>,
    /// All that this build wrote.
    pub builds: BTreeSet<u32>,
}

impl Attacker {
    /// Nobody.
    pub fn is_nobody(&self) -> bool {
        *self == Self::default()
    }

    /// Whether this act was, or may have been, the attacker's.
    pub fn did(&self, leaf: &Leaf, deed: &Deed) -> bool {
        self.kinds.contains(&deed.actor)
            || self.actors.contains(&deed.actor_id)
            || self.requests.contains(&deed.request)
            || self.routes.contains(&deed.route)
            || self.builds.contains(&leaf.build)
    }

    /// Takes over from `named` what fits this act.
    fn fit(&mut self, named: &Self, leaf: &Leaf, deed: &Deed) {
        fit(&mut self.kinds, &named.kinds, deed.actor);
        fit(&mut self.actors, &named.actors, deed.actor_id);
        fit(&mut self.requests, &named.requests, deed.request);
        fit(&mut self.routes, &named.routes, deed.route);
        fit(&mut self.builds, &named.builds, leaf.build);
    }

    /// What `fitted` lacks, as the incident's file has it: each with the list that it stands in.
    fn unfit(&self, fitted: &Self) -> Vec<String> {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let actors = self.actors.difference(&fitted.actors).map(|id| format!("actors {}", hex(id)));
        let kinds = self.kinds.difference(&fitted.kinds).map(|kind| format!("kinds {}", kind.word()));
        let requests = self.requests.difference(&fitted.requests).map(|id| format!("requests {}", hex(id)));
        let routes = self.routes.difference(&fitted.routes).map(|route| format!("routes {}", route.name()));
        let builds = self.builds.difference(&fitted.builds).map(|build| format!("builds {build:08x}"));
        actors.chain(kinds).chain(requests).chain(routes).chain(builds).collect()
    }
}

fn fit<T: Ord>(fitted: &mut BTreeSet<T>, named: &BTreeSet<T>, one: T) {
    if named.contains(&one) {
        fitted.insert(one);
    }
}

/// Somebody outside to whom data are handed, and who has an incident of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Processor {
    /// A name for people, one word.
    pub name: String,
    /// What it is handed data for.
    pub purposes: BTreeSet<Purpose>,
    /// What was handed to it in this time is in its incident.
    pub window: Window,
}

impl Processor {
    /// The purposes for which data leave the shop.
    pub const PURPOSES: [Purpose; 4] = [Purpose::Mail, Purpose::Ship, Purpose::Export, Purpose::Notice];
}

/// What is known of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its name, one word.
    pub incident: String,
    /// SHA-256 of the file that all this stands in.
    pub digest: Hash,
    /// When the attacker was, or may have been, at work.
    pub window: Window,
    /// How good the evidence is.
    pub grade: Grade,
    /// Who it was.
    pub attacker: Attacker,
    /// What was, or may have been, copied.
    pub copied: BTreeSet<Copied>,
    /// Since when somebody else has, or may have, the vault's keys.
    pub keys_exposed: Option<Moment>,
    /// Who has got data, and has lost them.
    pub processors: Vec<Processor>,
}

/// A question to which the answer would mean nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuestionFault {
    /// The answer would be that nothing was read.
    #[error(
        "it says neither who attacked nor what was copied, exposed or handed on, so the answer would always be that nothing was read"
    )]
    Empty,
    /// The same, for what is exposed after a time touches nothing that was not copied in it.
    #[error(
        "the keys were exposed only after the window, and nothing was copied, so the answer would always be that nothing was \
         read: name a window that reaches so far, or what was copied"
    )]
    ExposedLater,
    /// Zero is the id of all who have none.
    #[error("an actor id of zeros is nobody's: the vault, the shop's jobs and the operator are named by their kinds")]
    NobodysId,
    /// Grades A and B rest on a witness.
    #[error("grade {0} rests on a witness outside the shop: give its key with --witness, or say grade = \"C\"")]
    Unwitnessed(&'static str),
}

impl Question {
    /// Whether there is a meaning in it, if so many witnesses are asked.
    pub fn judge(&self, witnesses: usize) -> Result<(), QuestionFault> {
        let exposed = self.keys_exposed.is_some_and(|since| since <= self.window.to());
        let suspected = !self.copied.is_empty() || exposed || !self.processors.is_empty();
        if self.attacker.is_nobody() && !suspected {
            let later = self.keys_exposed.is_some();
            return Err(if later { QuestionFault::ExposedLater } else { QuestionFault::Empty });
        }
        if self.attacker.actors.contains(&[0; 16]) {
            return Err(QuestionFault::NobodysId);
        }
        if self.grade != Grade::C && witnesses == 0 {
            return Err(QuestionFault::Unwitnessed(self.grade.letter()));
        }
        Ok(())
    }

    /// The time whose leaves must be looked at.
    pub fn span(&self) -> Window {
        self.processors.iter().fold(self.window, |span, processor| span.and(processor.window))
    }
}

#[cfg(test)]
mod tests;
