//! A thousand clean ledgers are right, and ten thousand tamperings with them are found, each at the leaf where
//! it begins to show: by whoever only has the files, and by a vault that lies and signs its lies. Both verifiers are
//! asked, this crate and `scripts/verify-ledger.py`, and must say the same.
//!
//! By default the script is asked about every fifth ledger and what was done to it: the files of all take minutes on a slow
//! disk. About all of them:
//!
//! ```sh
//! NOREN_TEST_TAMPERINGS=10000 cargo test -p noren-ledger --test tampered -- --nocapture
//! ```
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

mod dice;
mod python;

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;

use noren_ledger::Hash;
use noren_ledger::audit::{AuditFault, Auditor, Fault};
use noren_ledger::checkpoint::Checkpoint;
use noren_ledger::checkpoints::{Checkpoints, Wrong};
use noren_ledger::heads::{Head, Heads};
use noren_ledger::leaf::{Act, Actor, Deed, Field, Fields, Kind, LEN, Leaf, Outcome, Purpose, Route, Tag};
use noren_ledger::note::{KeyKind, Note, SignerKey};
use noren_ledger::tree::{Frontier, leaf_hash};

use dice::Dice;
use python::{compared, export, ours};

const ORIGIN: &str = "shop.example/reads";
const CLEAN: usize = 1_000;
const TAMPERED: usize = 10_000;
/// Subject 0 is nobody.
const SUBJECTS: usize = 6;

impl Dice {
    fn one<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        (!of.is_empty()).then(|| of[self.of(of.len())])
    }
}

/// What is written: something about a subject, or heads with a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    About(usize),
    Heads,
}

/// What a vault that lies does at one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    /// Says that it was earlier.
    BackDate,
    /// Writes nothing, and counts on as if it had.
    LeaveOut,
    /// Puts an older leaf in the place of somebody's last one, or one subject too many.
    SwapHead,
    /// Repeats the heads of the checkpoint before.
    OldHeads,
}

#[derive(Clone, Default)]
struct Log {
    leaves: Vec<[u8; LEN]>,
    checkpoints: Vec<Checkpoint>,
}

/// Writes a log as the vault does, without any of its checks.
#[derive(Default)]
struct Writer {
    log: Log,
    tree: Frontier,
    heads: Heads,
    /// The last leaf of each subject, and the one before it.
    last: HashMap<usize, (Head, Option<Head>)>,
    /// By the writer's word: how often each subject was written about, and the last time.
    said: HashMap<usize, (u32, Hash, u64)>,
    old_heads: Option<Act>,
    time: u64,
}

fn tag(subject: usize) -> Tag {
    if subject == 0 { Tag::NOBODY } else { Tag([u8::try_from(subject).unwrap() * 37; 16]) }
}

impl Writer {
    fn write(&mut self, act: Act, back: u64) -> Hash {
        let sequence = self.tree.size();
        self.time += sequence % 3;
        let bytes = Leaf { sequence, time: self.time - back, build: 1, act }.encode();
        let hash = leaf_hash(&bytes);
        self.tree.push(hash, |_, _, _| {});
        self.log.leaves.push(bytes);
        hash
    }

    fn about(&mut self, subject: usize, lie: Option<Lie>) {
        let back = if lie == Some(Lie::BackDate) { 3 + subject as u64 } else { 0 };
        let (count, previous, previous_at) = self.said.get(&subject).copied().unwrap_or((0, Hash::ZERO, 0));
        let nobody = subject == 0;
        let deed = Deed {
            kind: if nobody { Kind::Index } else { Kind::Open },
            purpose: Some(Purpose::Mail),
            outcome: Outcome::Granted,
            fields: Fields::of(&[Field::Email, Field::Name]),
            actor: Actor::Shop,
            detail: None,
            subject: tag(subject),
            count: if nobody { 0 } else { count + 1 },
            previous,
            previous_at,
            reference: [1; 16],
            actor_id: [2; 16],
            request: [3; 8],
            route: Route::new("test"),
        };
        let sequence = self.tree.size();
        if lie == Some(Lie::LeaveOut) {
            self.said.insert(subject, (count + 1, Hash([7; 32]), sequence));
            return;
        }
        let leaf = self.write(Act::Deed(deed), back);
        if !nobody {
            self.said.insert(subject, (deed.count, leaf, sequence));
            let head = Head { tag: deed.subject, count: deed.count, sequence, leaf };
            let before = self.last.get(&subject).map(|(head, _)| *head);
            self.last.insert(subject, (head, before));
            self.heads.set(head);
        }
    }

    fn checkpoint(&mut self, lie: Option<Lie>) {
        let true_heads = Act::Heads { root: self.heads.root(), subjects: self.heads.subjects() };
        let act = match lie {
            Some(Lie::SwapHead) => {
                let swapped: BTreeMap<_, _> = self.last.iter().filter_map(|(no, last)| Some((no, last.1?))).collect();
                match swapped.first_key_value() {
                    Some((subject, older)) => {
                        self.heads.set(*older);
                        let act = Act::Heads { root: self.heads.root(), subjects: self.heads.subjects() };
                        self.heads.set(self.last[subject].0);
                        act
                    }
                    None => Act::Heads { root: self.heads.root(), subjects: self.heads.subjects() + 1 },
                }
            }
            Some(Lie::OldHeads) => self.old_heads.unwrap(),
            _ => true_heads,
        };
        self.old_heads = Some(true_heads);
        self.write(act, if lie == Some(Lie::BackDate) { 3 } else { 0 });
        let checkpoint = Checkpoint { origin: ORIGIN.into(), size: self.tree.size(), root: self.tree.root() };
        self.log.checkpoints.push(checkpoint);
    }
}

/// The log of these steps, with a lie at one of them.
fn written(steps: &[Step], lie: Option<(usize, Lie)>) -> Log {
    let mut writer = Writer { time: 1_000, ..Writer::default() };
    for (at, step) in steps.iter().enumerate() {
        let lie = lie.filter(|(lied_at, _)| *lied_at == at).map(|(_, lie)| lie);
        match step {
            Step::About(subject) => writer.about(*subject, lie),
            Step::Heads => writer.checkpoint(lie),
        }
    }
    writer.log
}

/// 4 to 50 steps, with a checkpoint now and then, and at the end.
fn steps(dice: &mut Dice) -> Vec<Step> {
    let mut steps = Vec::new();
    for _ in 0..3 + dice.of(44) {
        steps.push(Step::About(dice.of(SUBJECTS)));
        if dice.of(8) == 0 {
            steps.push(Step::Heads);
        }
    }
    if steps.last() != Some(&Step::Heads) {
        steps.push(Step::Heads);
    }
    steps
}

/// What an auditor is handed.
struct Found {
    leaves: Vec<[u8; LEN]>,
    notes: Vec<Note>,
    seen: Option<Checkpoint>,
}

/// What both verifiers are asked, and what this crate said: the script is asked all at once.
struct Asked {
    folder: tempfile::TempDir,
    words: Vec<String>,
    verdicts: Vec<(u8, String)>,
}

impl Asked {
    /// Asks this crate now and, if `both` are to be asked, notes the question for the script.
    fn verdict(&mut self, key: &SignerKey, found: &Found, both: bool) -> Result<(), Wrong> {
        let verdict = verdict(key, found);
        if !both {
            return verdict;
        }
        let folder = self.folder.path().join(self.words.len().to_string());
        export(&folder, &found.leaves, &found.notes);
        let mut words = format!("{}\t--key\t{}", folder.display(), key.verifier());
        if let Some(seen) = &found.seen {
            words += &format!("\t--seen\t{}:{}", seen.size, seen.root);
        }
        self.words.push(words);
        self.verdicts.push(ours(&verdict));
        verdict
    }
}

/// Says what `noren ledger verify` says.
fn verdict(key: &SignerKey, found: &Found) -> Result<(), Wrong> {
    let mut checkpoints = Checkpoints::new(key.verifier().clone(), &[], &[]).unwrap();
    for note in &found.notes {
        checkpoints.add(note)?;
    }
    if let Some(seen) = &found.seen {
        checkpoints.see(seen.size, seen.root);
    }
    let mut auditor = Auditor::default();
    checkpoints.judge(&auditor)?;
    for leaf in found.leaves.iter().take(usize::try_from(checkpoints.newest()).unwrap()) {
        auditor.take(leaf, |_, _, _| {})?;
        checkpoints.judge(&auditor)?;
    }
    if auditor.size() < checkpoints.newest() {
        return Err(AuditFault { sequence: auditor.size(), fault: Fault::Size(checkpoints.newest()) }.into());
    }
    checkpoints.end()
}

/// The leaf that is named: what people read.
fn named(wrong: &Wrong) -> u64 {
    let said = wrong.to_string();
    let number = said.strip_prefix("leaf ").and_then(|rest| rest.split(':').next());
    number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no leaf is named: {said}"))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tampering {
    Delete,
    Reorder,
    Edit,
    Truncate,
    Repeat,
    BackDate,
    SwapHead,
    /// One checkpoint of another history beside the true ones.
    ForkShown,
    /// Another history from some leaf on, whole and signed; somebody has seen the true one.
    ForkSeen,
    /// The ledger as it was at an earlier checkpoint; somebody has seen a later one.
    OldEpoch,
    LieBackDate,
    LieLeaveOut,
    LieSwapHead,
    LieOldHeads,
}

const ALL: [Tampering; 14] = [
    Tampering::Delete,
    Tampering::Reorder,
    Tampering::Edit,
    Tampering::Truncate,
    Tampering::Repeat,
    Tampering::BackDate,
    Tampering::SwapHead,
    Tampering::ForkShown,
    Tampering::ForkSeen,
    Tampering::OldEpoch,
    Tampering::LieBackDate,
    Tampering::LieLeaveOut,
    Tampering::LieSwapHead,
    Tampering::LieOldHeads,
];

/// A clean ledger with its signed checkpoints.
struct Clean {
    steps: Vec<Step>,
    log: Log,
    notes: Vec<Note>,
}

impl Clean {
    fn places(&self, is_one: impl Fn(usize, Step) -> bool) -> Vec<usize> {
        (0..self.steps.len()).filter(|at| is_one(*at, self.steps[*at])).collect()
    }

    fn read(&self, at: usize) -> Leaf {
        Leaf::decode(&self.log.leaves[at]).unwrap()
    }

    fn with(&self, leaves: Vec<[u8; LEN]>) -> Found {
        Found { leaves, notes: self.notes.clone(), seen: None }
    }

    /// Tampered with like this, and which leaf must be named; `None` where it cannot be done.
    fn tampered(&self, how: Tampering, key: &SignerKey, dice: &mut Dice) -> Option<(Found, RangeInclusive<u64>)> {
        let mut leaves = self.log.leaves.clone();
        let signed = |log: Log| {
            let notes = log.checkpoints.iter().map(|checkpoint| checkpoint.sign(key)).collect();
            Found { leaves: log.leaves, notes, seen: None }
        };
        let exactly = |at: usize| at as u64..=at as u64;
        let at = dice.of(leaves.len());
        Some(match how {
            Tampering::Delete => {
                leaves.remove(at);
                (self.with(leaves), exactly(at))
            }
            Tampering::Reorder => {
                let other = (at + 1 + dice.of(leaves.len() - 1)) % leaves.len();
                leaves.swap(at, other);
                (self.with(leaves), exactly(at.min(other)))
            }
            Tampering::Edit => {
                leaves[at][dice.of(LEN)] ^= 1 << dice.of(8);
                // At the latest where the next checkpoint signs another root.
                let next = self.log.checkpoints.iter().find(|checkpoint| checkpoint.size > at as u64)?.size;
                (self.with(leaves), at as u64..=next)
            }
            Tampering::Truncate => {
                leaves.truncate(at);
                (self.with(leaves), exactly(at))
            }
            Tampering::Repeat => {
                let again = leaves[at];
                leaves.insert(at + 1 + dice.of(leaves.len() - at), again);
                let shows = (0..leaves.len()).find(|no| self.log.leaves.get(*no) != Some(&leaves[*no]))?;
                // What comes behind the newest checkpoint is nobody's business.
                (shows < self.log.leaves.len()).then(|| (self.with(leaves), exactly(shows)))?
            }
            Tampering::BackDate => {
                let at = at.max(1);
                let time = self.read(at - 1).time - 1 - dice.roll() % 900;
                leaves[at] = Leaf { time, ..self.read(at) }.encode();
                (self.with(leaves), exactly(at))
            }
            Tampering::SwapHead => {
                let at = dice.one(&self.places(|_, step| step == Step::Heads))?;
                let Act::Heads { mut root, subjects } = self.read(at).act else { unreachable!("heads stand there") };
                root.0[dice.of(32)] ^= 1 << dice.of(8);
                leaves[at] = Leaf { act: Act::Heads { root, subjects }, ..self.read(at) }.encode();
                (self.with(leaves), exactly(at))
            }
            Tampering::ForkShown | Tampering::ForkSeen => {
                let at = dice.one(&self.places(|_, step| step != Step::Heads))?;
                let Step::About(subject) = self.steps[at] else { unreachable!("a deed stands there") };
                let mut steps = self.steps.clone();
                steps[at] = Step::About((subject + 1 + dice.of(SUBJECTS - 1)) % SUBJECTS);
                let fork = written(&steps, None);
                let later: Vec<usize> =
                    (0..fork.checkpoints.len()).filter(|no| fork.checkpoints[*no].size > at as u64).collect();
                let no = dice.one(&later)?;
                let size = fork.checkpoints[no].size;
                let found = if how == Tampering::ForkShown {
                    let mut found = self.with(leaves);
                    found.notes.insert(dice.of(found.notes.len() + 1), fork.checkpoints[no].sign(key));
                    found
                } else {
                    Found { seen: Some(self.log.checkpoints[no].clone()), ..signed(fork) }
                };
                (found, size..=size)
            }
            Tampering::OldEpoch => {
                let (newest, older) = self.log.checkpoints.split_last()?;
                let no = dice.of(older.len().max(1));
                leaves.truncate(usize::try_from(older.get(no)?.size).unwrap());
                let found = Found { leaves, notes: self.notes[..=no].to_vec(), seen: Some(newest.clone()) };
                (found, newest.size..=newest.size)
            }
            Tampering::LieBackDate => {
                let at = at.max(1);
                (signed(written(&self.steps, Some((at, Lie::BackDate)))), exactly(at))
            }
            Tampering::LieLeaveOut => {
                let again = |at: usize, step| self.steps[at + 1..].iter().position(|later| *later == step);
                let hidden = |at, step| !matches!(step, Step::About(0) | Step::Heads) && again(at, step).is_some();
                let at = dice.one(&self.places(hidden))?;
                let shows = at + again(at, self.steps[at])?;
                (signed(written(&self.steps, Some((at, Lie::LeaveOut)))), exactly(shows))
            }
            Tampering::LieSwapHead => {
                let at = dice.one(&self.places(|_, step| step == Step::Heads))?;
                (signed(written(&self.steps, Some((at, Lie::SwapHead)))), exactly(at))
            }
            Tampering::LieOldHeads => {
                let heads = self.places(|_, step| step == Step::Heads);
                let no = 1 + dice.of(heads.len().max(2) - 1);
                let at = *heads.get(no)?;
                // Where nobody was written about since, the old heads are the new ones.
                (self.read(at).act != self.read(heads[no - 1]).act)
                    .then(|| (signed(written(&self.steps, Some((at, Lie::OldHeads)))), exactly(at)))?
            }
        })
    }
}

#[test]
fn a_thousand_clean_ledgers_are_right_and_ten_thousand_tamperings_are_found_at_the_first_bad_leaf() {
    let key = SignerKey::new(ORIGIN, KeyKind::Log, &[4; 32]).unwrap();
    let mut dice = Dice(15);
    let share = std::env::var("NOREN_TEST_TAMPERINGS").map_or(TAMPERED / 5, |number| number.parse().expect("a number"));
    let every = TAMPERED / share.clamp(1, TAMPERED);
    let mut asked = Asked { folder: tempfile::tempdir().unwrap(), words: Vec::new(), verdicts: Vec::new() };
    let mut found: BTreeMap<Tampering, usize> = BTreeMap::new();
    for no in 0..CLEAN {
        let steps = steps(&mut dice);
        let log = written(&steps, None);
        let notes: Vec<Note> = log.checkpoints.iter().map(|checkpoint| checkpoint.sign(&key)).collect();
        let clean = Clean { steps, log, notes };
        let honest = Found { seen: clean.log.checkpoints.first().cloned(), ..clean.with(clean.log.leaves.clone()) };
        assert_eq!(asked.verdict(&key, &honest, no % every == 0), Ok(()), "ledger {no}");
        let mut turn = no;
        let mut done = 0;
        while done < TAMPERED / CLEAN {
            let how = ALL[turn % ALL.len()];
            turn += 1;
            let Some((tampered, expected)) = clean.tampered(how, &key, &mut dice) else { continue };
            let Err(wrong) = asked.verdict(&key, &tampered, no % every == 0) else {
                panic!("ledger {no}: {how:?} is not found")
            };
            assert!(
                expected.contains(&named(&wrong)),
                "ledger {no}: {how:?} shows at {expected:?}, and it says: {wrong}"
            );
            *found.entry(how).or_default() += 1;
            done += 1;
        }
    }
    assert_eq!(found.values().sum::<usize>(), TAMPERED);
    assert!(found.len() == ALL.len() && found.values().all(|count| *count > 300), "each was tried often: {found:?}");
    assert_eq!(asked.words.len(), CLEAN.div_ceil(every) * (1 + TAMPERED / CLEAN));
    compared(&asked.words, &asked.verdicts);
    println!(
        "{CLEAN} clean ledgers, {TAMPERED} tamperings: {found:?}; {} of them all asked of both",
        asked.words.len()
    );
}
