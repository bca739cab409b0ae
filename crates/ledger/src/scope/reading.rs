//! The leaves of an incident's time: found, taken one by one, and proven.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{Attacker, Gap, Grade, Moment, Person, Processor, Question, Scope, Window};
use crate::Hash;
use crate::audit::{AuditFault, Fault};
use crate::checkpoints::{NotChosen, Standing};
use crate::leaf::{Act, Deed, Detail, Kind, Leaf, Outcome, Tag};
use crate::tree::{Frontier, leaf_hash};

/// Why leaves are not those that the question is about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeFault {
    /// A leaf.
    #[error(transparent)]
    Leaf(#[from] AuditFault),
    /// They begin or end within the time that was asked about.
    #[error("leaf {0}: what stands beside it was passed over, and may be of the time that was asked about")]
    Edge(u64),
    /// They are not those under the checkpoint, or the nodes beside them are not.
    #[error(
        "the leaves from {first} up to {end} and the tiles beside them have another root than the checkpoint signs"
    )]
    Root {
        /// The first leaf.
        first: u64,
        /// The one behind the last.
        end: u64,
    },
    /// No ledger is so short.
    #[error("leaf 0: no leaf stands under the checkpoint")]
    Empty,
    /// What the checkpoint stands on.
    #[error(transparent)]
    NotChosen(#[from] NotChosen),
}

impl ScopeFault {
    /// Whether all may be right, and only this cannot be told: the program is too old, or a key is missing.
    pub fn unknown(&self) -> bool {
        match self {
            Self::Leaf(fault) => fault.too_new(),
            Self::NotChosen(fault) => fault.unknown(),
            Self::Edge(_) | Self::Root { .. } | Self::Empty => false,
        }
    }
}

/// What the clock said when the vault noticed that it had been set back.
fn clock(alarm: &Deed) -> Option<Moment> {
    let said = alarm.reference.last_chunk::<8>().map_or(0, |said| u64::from_be_bytes(*said));
    (said > 0).then_some(Moment(said))
}

/// Where the leaves of a time are, among the `size` leaves under a checkpoint, read by `leaf`: with the nearest
/// act before it and after it, for these show that nothing is left out, and how the vault came and went. What is
/// found is believed only once a [`Reading`] of it has ended.
pub fn locate<E>(span: Window, size: u64, mut leaf: impl FnMut(u64) -> Result<Leaf, E>) -> Result<Range<u64>, E> {
    let mut search = |low: u64, late: &dyn Fn(u64) -> bool| {
        let (mut low, mut high) = (low, size);
        while low < high {
            let middle = low + (high - low) / 2;
            if late(leaf(middle)?.time) { high = middle } else { low = middle + 1 }
        }
        Ok(low)
    };
    let mut first = search(0, &|time| time >= span.from)?;
    let mut end = search(first, &|time| time > span.to)?;
    let mut is_act = |sequence| leaf(sequence).map(|leaf| matches!(leaf.act, Act::Deed(_)));
    while first > 0 {
        first -= 1;
        if is_act(first)? {
            break;
        }
    }
    while end < size {
        end += 1;
        if is_act(end - 1)? {
            break;
        }
    }
    Ok(first..end)
}

/// Takes the leaves that [`locate`] has found.
pub struct Reading<'q> {
    question: &'q Question,
    span: Window,
    standing: Standing<'q>,
    first: u64,
    tree: Frontier,
    /// Time of the first leaf and of the last one so far.
    times: Option<(u64, u64)>,
    /// The last act, as opposed to heads and keys, and its time.
    last: Option<(Kind, u64)>,
    /// An act before the time, and one after it.
    edges: (bool, bool),
    leaves: u64,
    /// The first moment after which the witnesses were not soon shown what was written.
    late: Option<Moment>,
    /// When the attacker first got a copy of the keys.
    exported: Option<Moment>,
    gaps: BTreeSet<Gap>,
    acts: BTreeMap<(Kind, Outcome), u64>,
    /// What of the attacker has fitted an act.
    fitted: Attacker,
    people: BTreeMap<Tag, Box<Person>>,
}

impl<'q> Reading<'q> {
    /// Begins at leaf `first` of those under a checkpoint that is vouched for; whole nodes before it are read by `node`.
    pub fn begin<E: From<ScopeFault>>(
        question: &'q Question,
        standing: Standing<'q>,
        first: u64,
        node: impl FnMut(u8, u64) -> Result<Hash, E>,
    ) -> Result<Self, E> {
        if standing.checkpoint().size == 0 {
            return Err(ScopeFault::Empty.into());
        }
        Ok(Self {
            question,
            span: question.span(),
            standing,
            first,
            tree: Frontier::read(first, node)?,
            times: None,
            last: None,
            edges: (false, false),
            leaves: 0,
            late: None,
            exported: None,
            gaps: BTreeSet::new(),
            acts: BTreeMap::new(),
            fitted: Attacker::default(),
            people: BTreeMap::new(),
        })
    }

    /// Takes the next leaf.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), ScopeFault> {
        let sequence = self.tree.size();
        let fault = |fault| AuditFault { sequence, fault };
        let leaf = Leaf::decode(bytes).map_err(|error| fault(error.into()))?;
        if leaf.sequence != sequence {
            return Err(fault(Fault::Place(leaf.sequence)).into());
        }
        let (first, before) = self.times.unwrap_or((leaf.time, leaf.time));
        if leaf.time < before {
            return Err(fault(Fault::Time).into());
        }
        self.tree.push(leaf_hash(bytes), |_, _, _| {});
        self.seen_late(&leaf)?;
        self.times = Some((first, leaf.time));
        self.leaves += u64::from(self.question.window.has(leaf.time));
        if let Act::Key { hash } = leaf.act {
            self.standing.announced(sequence, hash)?;
        }
        if let Act::Deed(deed) = &leaf.act {
            self.edges.0 |= leaf.time < self.span.from;
            self.edges.1 |= leaf.time > self.span.to;
            self.disorder(&leaf, deed);
            self.last = Some((deed.kind, leaf.time));
            self.count(&leaf, deed);
        }
        Ok(())
    }

    /// Looks whether somebody outside knew soon what was written up to this leaf: else whatever stood between the leaf
    /// before it and it may have been taken out since. Heads count too: a vault that has nothing to write writes them.
    fn seen_late(&mut self, leaf: &Leaf) -> Result<(), ScopeFault> {
        let moment = self.times.map_or(self.span.from, |(_, before)| before.max(self.span.from));
        let asked = moment <= self.span.to && moment < leaf.time;
        if asked && self.late.is_none() && !self.standing.reaches(leaf.sequence, moment)? {
            self.late = Some(Moment(moment));
        }
        Ok(())
    }

    /// Looks whether leaves may be missing before this one: after the last act, for heads do not tell whether they
    /// were written before the vault fell or by the one that came after it.
    fn disorder(&mut self, leaf: &Leaf, deed: &Deed) {
        // Before the first act of a ledger there was none.
        let Some((last, before)) = self.last else { return };
        let (from, to) = (Moment(before), Moment(leaf.time));
        let gap = match (deed.kind, deed.detail) {
            // The vault says when it stops, unless it falls.
            (Kind::Start, _) if last != Kind::Stop => Gap::Crash(from, to),
            (Kind::Alarm, Some(Detail::TailCut)) => Gap::Alarm(from, to),
            // From what the clock said on, for as long as it was behind, times are not what they say.
            (Kind::Alarm, Some(Detail::Clock)) => Gap::Alarm(from.min(clock(deed).unwrap_or(from)), to),
            _ => return,
        };
        let (Gap::Crash(from, _) | Gap::Alarm(from, _)) = gap else { return };
        if from.0 <= self.span.to && leaf.time >= self.span.from {
            self.gaps.insert(gap);
        }
    }

    fn count(&mut self, leaf: &Leaf, deed: &Deed) {
        let question = self.question;
        let opened = deed.kind == Kind::Open && deed.outcome == Outcome::Granted;
        if question.window.has(leaf.time) && question.attacker.did(leaf, deed) {
            *self.acts.entry((deed.kind, deed.outcome)).or_default() += 1;
            self.fitted.fit(&question.attacker, leaf, deed);
            if opened {
                self.people.entry(deed.subject).or_default().read(deed.fields, leaf.time);
            }
            // A copy of the keys: from now on they open without a leaf.
            if deed.kind == Kind::Export && deed.outcome == Outcome::Granted {
                self.exported = self.exported.or(Some(Moment(leaf.time)));
            }
        }
        let got = |processor: &Processor| {
            processor.window.has(leaf.time) && deed.purpose.is_some_and(|what| processor.purposes.contains(&what))
        };
        if opened && question.processors.iter().any(got) {
            self.people.entry(deed.subject).or_default().handed(deed.fields, leaf.time);
        }
    }

    /// Proves that these were all leaves of the time that was asked about, each in its place under the checkpoint;
    /// whole nodes behind them are read by `node`.
    pub fn end<E: From<ScopeFault>>(mut self, node: impl FnMut(u8, u64) -> Result<Hash, E>) -> Result<Scope, E> {
        let checkpoint = self.standing.checkpoint().clone();
        let (first, end, size) = (self.first, self.tree.size(), checkpoint.size);
        self.tree.fill(size, node)?;
        if end > size || self.tree.root() != checkpoint.root {
            return Err(ScopeFault::Root { first, end }.into());
        }
        let (before, after) = self.edges;
        if first > 0 && !before {
            return Err(ScopeFault::Edge(first).into());
        }
        if end < size && !after {
            return Err(ScopeFault::Edge(end).into());
        }
        let Question { window, grade, copied, keys_exposed, incident, digest, processors, .. } = self.question;
        if let Some((begun, ended)) = self.times {
            if first == 0 && begun > self.span.from {
                self.gaps.insert(Gap::BeginsLate(Moment(begun)));
            }
            if !after {
                self.gaps.insert(Gap::EndsEarly(Moment(ended)));
            }
        }
        self.gaps.extend(self.late.map(Gap::CosignedLate));
        let cosigned = self.standing.since(end).map_err(ScopeFault::from)?;
        if *grade == Grade::C {
            self.gaps.insert(Gap::Grade);
        }
        // What was copied is opened with keys that were exposed at any time.
        let exposed = keys_exposed.filter(|since| *since <= window.to() || !copied.is_empty());
        self.gaps.extend(exposed.into_iter().chain(self.exported).min().map(Gap::KeysExposed));
        Ok(Scope {
            incident: incident.clone(),
            digest: *digest,
            window: *window,
            grade: *grade,
            copied: copied.clone(),
            processors: processors.clone(),
            checkpoint,
            signer: self.standing.signer().clone(),
            proven: (first, end),
            cosigned: cosigned.into_iter().map(Moment).collect(),
            leaves: self.leaves,
            gaps: self.gaps,
            acts: self.acts,
            unfit: self.question.attacker.unfit(&self.fitted),
            people: self.people,
        })
    }
}
