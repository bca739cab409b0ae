//! Two hundred simulated incidents, each with a truth of its own that is computed from what really happened, leaf
//! by leaf: nobody who was read is missed, nobody is said to have been read who was not. And exports that were
//! tampered with are refused.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

mod dice;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use noren_ledger::Hash;
use noren_ledger::audit::Auditor;
use noren_ledger::checkpoint::Checkpoint;
use noren_ledger::checkpoints::{Checkpoints, Standing, Unread};
use noren_ledger::leaf::{Act, Actor, Deed, Detail, Field, Fields, Kind, LEN, Leaf, Outcome, Purpose, Route, Tag};
use noren_ledger::note::{KeyKind, SignerKey};
use noren_ledger::scope::{
    Attacker, Copied, Gap, Grade, Moment, Processor, Question, Reading, Scope, ScopeFault, Verdict, Window, locate,
};

use dice::Dice;

const INCIDENTS: usize = 200;
const SUBJECTS: usize = 9;
/// Of time, in milliseconds: a life is some days long.
const STEP: u64 = 100_000;
const DAY: u64 = 86_400_000;

impl Dice {
    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.of(of.len())]
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.of(times) == 0
    }
}

/// What really happened: an act with its time and build, or a checkpoint.
#[derive(Clone, Copy)]
struct Happened {
    time: u64,
    build: u32,
    deed: Option<Deed>,
}

/// A shop's life, and the ledger that its vault has written of it.
struct World {
    happened: Vec<Happened>,
    leaves: Vec<[u8; LEN]>,
    nodes: HashMap<(u8, u64), Hash>,
    checkpoint: Checkpoint,
    /// When a witness has cosigned how many leaves, and the notes of it.
    cosigned: Vec<(u64, u64)>,
    notes: Vec<Unread>,
}

fn keys() -> (SignerKey, SignerKey) {
    let key = |name, kind| SignerKey::new(name, kind, &[1; 32]).unwrap();
    (key("shop.example/reads", KeyKind::Log), key("witness.example/w", KeyKind::Witness))
}

fn tag(subject: usize) -> Tag {
    Tag([u8::try_from(subject).unwrap() * 23 + 1; 16])
}

fn some_fields(dice: &mut Dice) -> Fields {
    let fields: Vec<Field> = Field::ALL.iter().copied().filter(|_| dice.once_in(3)).collect();
    if fields.is_empty() { Fields::of(&[Field::Email]) } else { Fields::of(&fields) }
}

/// Something that somebody asks for.
fn asked(dice: &mut Dice) -> Deed {
    let kind = match dice.of(60) {
        0 => Kind::Export,
        no => [Kind::Open, Kind::Open, Kind::Open, Kind::Index, Kind::Seal, Kind::Prove, Kind::Shred][no % 7],
    };
    let actor = dice.one(&[Actor::Shop, Actor::Guest, Actor::Customer, Actor::Staff, Actor::Operator]);
    let id = u8::try_from(dice.of(4)).unwrap();
    let route = Route::new(dice.one(&["outbox/mail", "order", "account", "checkout"]));
    let refused = dice.once_in(6);
    let open = matches!(kind, Kind::Open | Kind::Index);
    Deed {
        purpose: open.then(|| dice.one(Purpose::ALL)),
        outcome: if refused { dice.one(&Outcome::ALL[1..]) } else { Outcome::Granted },
        fields: if open || kind == Kind::Seal { some_fields(dice) } else { Fields::NONE },
        subject: if matches!(kind, Kind::Index | Kind::Export) { Tag::NOBODY } else { tag(dice.of(SUBJECTS)) },
        actor_id: if id == 0 { [0; 16] } else { [id * 16 + actor.code(); 16] },
        request: [u8::try_from(dice.of(40)).unwrap(); 8],
        ..Deed::of(kind, actor, route)
    }
}

fn own(kind: Kind) -> Deed {
    Deed::of(kind, Actor::Vault, Route::new("vault"))
}

impl World {
    fn lived(dice: &mut Dice) -> Self {
        let (mut happened, mut time, mut build) = (Vec::new(), 10_000 * STEP, 7);
        let mut put = |time, build, deed| happened.push(Happened { time, build, deed });
        put(time, build, Some(own(Kind::Start)));
        for _ in 0..dice.of(700) {
            time += if dice.once_in(3) { 0 } else { dice.roll() % 50 * STEP };
            match dice.of(90) {
                // It is stopped, and started again.
                0 => {
                    put(time, build, Some(own(Kind::Stop)));
                    put(time, build, None);
                    time += dice.roll() % 500 * STEP;
                    build += u32::from(dice.once_in(2));
                    put(time, build, Some(own(Kind::Start)));
                }
                // It falls; at times its heads come before it says that it is back.
                1 if dice.once_in(3) => {
                    time += dice.roll() % 500 * STEP;
                    if dice.once_in(3) {
                        put(time, build, None);
                    }
                    put(time, build, Some(own(Kind::Start)));
                }
                2 if dice.once_in(6) => {
                    put(time, build, Some(Deed { detail: Some(Detail::TailCut), ..own(Kind::Alarm) }));
                }
                3..=9 => put(time, build, None),
                _ => put(time, build, Some(asked(dice))),
            }
        }
        put(time, build, None);
        Self::written(happened, dice)
    }

    fn written(happened: Vec<Happened>, dice: &mut Dice) -> Self {
        let (mut auditor, mut leaves, mut nodes) = (Auditor::default(), Vec::new(), HashMap::new());
        // Some witnesses were there all along, some came late, and some were away for a time.
        let (log, witness) = keys();
        let (mut cosigned, mut notes) = (Vec::new(), Vec::new());
        let mut checkpoint = Checkpoint { origin: String::new(), size: 0, root: Hash::ZERO };
        let ended = happened.last().unwrap().time;
        let came = if dice.once_in(6) { dice.one(&happened).time + 2 * DAY } else { 0 };
        let away = dice.once_in(6).then(|| dice.one(&happened).time);
        for Happened { time, build, deed } in &happened {
            let act = match deed {
                None => auditor.heads(),
                Some(deed) if deed.subject == Tag::NOBODY => Act::Deed(*deed),
                Some(deed) => {
                    let none = (1, Hash::ZERO, 0);
                    let head = auditor.head(deed.subject);
                    let (count, previous, previous_at) =
                        head.map_or(none, |head| (head.count + 1, head.leaf, head.sequence));
                    Act::Deed(Deed { count, previous, previous_at, ..*deed })
                }
            };
            let leaf = Leaf { sequence: auditor.size(), time: *time, build: *build, act }.encode();
            let keep = |level, index, hash| {
                nodes.insert((level, index), hash);
            };
            auditor.take(&leaf, keep).unwrap();
            leaves.push(leaf);
            let (size, root) = (auditor.size(), auditor.root());
            checkpoint = Checkpoint { origin: "shop.example/reads".into(), size, root };
            let last = size == happened.len() as u64;
            let is_away = away.is_some_and(|away| away <= *time && *time < away + 2 * DAY);
            if last || (deed.is_none() && *time >= came && !is_away) {
                let seen = if last { ended.max(came) } else { *time } + dice.roll() % 10 * 1_000;
                let mut note = checkpoint.sign(&log);
                note.signatures.push(witness.sign(&note.text, seen / 1_000));
                cosigned.push((size, seen));
                notes.push(note.try_into().unwrap());
            }
        }
        Self { happened, leaves, nodes, checkpoint, cosigned, notes }
    }

    /// What a scope of it stands under.
    fn standing(&self) -> Standing<'_> {
        let (log, witness) = keys();
        let checkpoints = Checkpoints::new(log.verifier().clone(), &[], &[witness.verifier().clone()]).unwrap();
        checkpoints.standing(self.checkpoint.clone(), &self.notes)
    }

    /// Some time of its life, or a little before or after.
    fn window(&self, dice: &mut Dice) -> Window {
        let mut some = || dice.one(&self.happened).time + dice.roll() % 40 * STEP - 20 * STEP;
        let (a, b) = (some(), some());
        Window::new(Moment(a.min(b)), Moment(a.max(b))).unwrap()
    }

    fn question(&self, dice: &mut Dice) -> Question {
        let mut attacker = Attacker::default();
        for _ in 0..dice.of(4) {
            let Happened { build, deed, .. } = dice.one(&self.happened);
            let Some(deed) = deed else { continue };
            match dice.of(9) {
                0 => drop(attacker.kinds.insert(deed.actor)),
                1 | 2 => drop(attacker.requests.insert(deed.request)),
                3 => drop(attacker.routes.insert(deed.route)),
                4 => drop(attacker.builds.insert(build)),
                _ if deed.actor_id != [0; 16] => drop(attacker.actors.insert(deed.actor_id)),
                _ => {}
            }
        }
        let window = self.window(dice);
        let processors = (0..dice.of(5).saturating_sub(2)).map(|no| Processor {
            name: format!("processor-{no}"),
            purposes: Processor::PURPOSES.into_iter().filter(|_| dice.once_in(2)).collect(),
            window: if dice.once_in(2) { window } else { self.window(dice) },
        });
        let processors = processors.collect();
        Question {
            incident: "I-2026-0001".into(),
            digest: Hash([5; 32]),
            window,
            grade: dice.one(&[Grade::A, Grade::A, Grade::B, Grade::C]),
            attacker,
            copied: Copied::ALL.into_iter().filter(|_| dice.once_in(6)).collect(),
            keys_exposed: dice.once_in(6).then(|| self.window(dice).from()),
            processors,
        }
    }
}

/// Why there is no scope, in words.
#[derive(Debug)]
struct Fault(String);

impl Fault {
    /// A file is missing, or holds no leaf.
    fn unreadable() -> Self {
        Self("unreadable".to_owned())
    }
}

impl From<ScopeFault> for Fault {
    fn from(fault: ScopeFault) -> Self {
        Self(fault.to_string())
    }
}

/// What a reader of files has of it.
struct Files<'w> {
    world: &'w World,
    leaves: Vec<[u8; LEN]>,
    nodes: HashMap<(u8, u64), Hash>,
}

impl<'w> Files<'w> {
    fn of(world: &'w World) -> Self {
        Self { world, leaves: world.leaves.clone(), nodes: world.nodes.clone() }
    }

    fn node(&self, level: u8, index: u64) -> Result<Hash, Fault> {
        self.nodes.get(&(level, index)).copied().ok_or_else(Fault::unreadable)
    }

    fn located(&self, question: &Question) -> Result<Range<u64>, Fault> {
        locate(question.span(), self.world.checkpoint.size, |sequence| {
            let leaf = self.leaves.get(usize::try_from(sequence).unwrap()).ok_or_else(Fault::unreadable)?;
            Leaf::decode(leaf).map_err(|_| Fault::unreadable())
        })
    }

    fn read(&self, question: &Question, range: Range<u64>) -> Result<Scope, Fault> {
        let node = |level, index| self.node(level, index);
        let mut reading = Reading::begin(question, self.world.standing(), range.start, node)?;
        for sequence in range {
            reading.take(self.leaves.get(usize::try_from(sequence).unwrap()).ok_or_else(Fault::unreadable)?)?;
        }
        reading.end(node)
    }

    fn scope(&self, question: &Question) -> Result<Scope, Fault> {
        self.read(question, self.located(question)?)
    }
}

/// The truth, in the plainest way: for every question all that ever happened is gone through.
struct Truth<'w>(&'w World, &'w Question);

impl Truth<'_> {
    fn attacked(&self) -> impl Iterator<Item = (u64, Deed)> {
        let Attacker { actors, kinds, requests, routes, builds } = &self.1.attacker;
        let (from, to) = (self.1.window.from().0, self.1.window.to().0);
        self.0.happened.iter().filter_map(move |one| {
            let deed = one.deed?;
            let theirs = actors.iter().any(|id| *id == deed.actor_id)
                || kinds.iter().any(|kind| *kind == deed.actor)
                || requests.iter().any(|request| *request == deed.request)
                || routes.iter().any(|route| *route == deed.route)
                || builds.iter().any(|build| *build == one.build);
            (theirs && one.time >= from && one.time <= to).then_some((one.time, deed))
        })
    }

    fn reads(&self, tag: Tag, field: Field) -> Vec<u64> {
        let read = |deed: &Deed| {
            deed.kind == Kind::Open
                && deed.outcome == Outcome::Granted
                && deed.subject == tag
                && deed.fields.iter().any(|read| read == field)
        };
        self.attacked().filter(|(_, deed)| read(deed)).map(|(time, _)| time).collect()
    }

    fn handed(&self, tag: Tag, field: Field) -> bool {
        self.0.happened.iter().any(|one| {
            one.deed.is_some_and(|deed| {
                deed.kind == Kind::Open
                    && deed.outcome == Outcome::Granted
                    && deed.subject == tag
                    && deed.fields.has(field)
                    && self.1.processors.iter().any(|processor| {
                        processor.purposes.contains(&deed.purpose.unwrap())
                            && processor.window.from().0 <= one.time
                            && one.time <= processor.window.to().0
                    })
            })
        })
    }

    /// The first and the last moment that are asked about.
    fn span(&self) -> (u64, u64) {
        let windows = || self.1.processors.iter().map(|processor| processor.window).chain([self.1.window]);
        (windows().map(|window| window.from().0).min().unwrap(), windows().map(|window| window.to().0).max().unwrap())
    }

    /// Whether something may have happened that is not in the ledger.
    fn has_gap(&self) -> bool {
        let happened = &self.0.happened;
        let (from, to) = self.span();
        let mut lost = happened[0].time > from || !happened.iter().any(|one| one.deed.is_some() && one.time > to);
        let (mut orderly, mut before) = (true, 0);
        for one in happened {
            let Some(deed) = one.deed else { continue };
            let fell = deed.kind == Kind::Start && !orderly;
            if (fell || deed.kind == Kind::Alarm) && one.time >= from && before <= to {
                lost = true;
            }
            (orderly, before) = (deed.kind == Kind::Stop, one.time);
        }
        let opened_elsewhere =
            self.1.keys_exposed.is_some_and(|since| since <= self.1.window.to() || !self.1.copied.is_empty());
        let got_keys = |deed: &Deed| deed.kind == Kind::Export && deed.outcome == Outcome::Granted;
        let opened_elsewhere = opened_elsewhere || self.attacked().any(|(_, deed)| got_keys(&deed));
        lost || self.seen_late() || opened_elsewhere || self.1.grade == Grade::C
    }

    /// Whether after some moment of the time nobody outside saw within a day that the ledger went on, with what came
    /// next.
    fn seen_late(&self) -> bool {
        let World { happened, cosigned, .. } = self.0;
        let (from, to) = self.span();
        let times = happened.iter().filter(|one| one.deed.is_some()).map(|one| one.time);
        times.chain([from, to]).filter(|moment| from <= *moment && *moment <= to).any(|moment| {
            // Without a next act it ends early, which is another reason.
            let next = happened.iter().position(|one| one.deed.is_some() && one.time > moment);
            next.is_some_and(|next| !cosigned.iter().any(|(size, seen)| *size > next as u64 && *seen <= moment + DAY))
        })
    }

    fn verdict(&self, tag: Tag, field: Field) -> Verdict {
        if !self.reads(tag, field).is_empty() {
            Verdict::Read
        } else if self.has_gap() {
            Verdict::Unknown
        } else if !self.1.copied.is_empty() {
            Verdict::ExposedCiphertext
        } else if self.handed(tag, field) {
            Verdict::ViaProcessor
        } else {
            Verdict::NotRead
        }
    }

    fn acts(&self) -> BTreeMap<(Kind, Outcome), u64> {
        self.attacked().fold(BTreeMap::new(), |mut acts, (_, deed)| {
            *acts.entry((deed.kind, deed.outcome)).or_default() += 1;
            acts
        })
    }
}

#[test]
fn of_two_hundred_incidents_nobody_who_was_read_is_missed_and_nobody_else_is_said_to_be() {
    let mut dice = Dice(16);
    let mut seen: BTreeMap<Verdict, usize> = BTreeMap::new();
    let mut gaps = BTreeSet::new();
    for no in 0..INCIDENTS {
        let world = World::lived(&mut dice);
        let question = world.question(&mut dice);
        let truth = Truth(&world, &question);
        let scope = Files::of(&world).scope(&question).unwrap_or_else(|fault| panic!("incident {no}: {fault:?}"));
        for (tag, field) in (0..=SUBJECTS).flat_map(|no| Field::ALL.iter().map(move |field| (tag(no), *field))) {
            let (touched, reads) = (scope.touched(tag, field), truth.reads(tag, field));
            assert_eq!(touched.verdict == Verdict::Read, !reads.is_empty(), "incident {no}: {tag} {field:?}");
            assert_eq!(touched.verdict, truth.verdict(tag, field), "incident {no}: {tag} {field:?} {:?}", scope.gaps);
            if touched.verdict == Verdict::Read {
                let expected = (reads.len() as u64, reads[0], *reads.last().unwrap());
                assert_eq!((touched.times.count, touched.times.first, touched.times.last), expected);
            }
            *seen.entry(touched.verdict).or_default() += 1;
        }
        assert_eq!(scope.others(), truth.verdict(Tag([0xee; 16]), Field::Name), "incident {no}: somebody unheard of");
        assert_eq!(scope.acts, truth.acts(), "incident {no}");
        let (from, to) = (question.window.from().0, question.window.to().0);
        let in_window = world.happened.iter().filter(|one| one.time >= from && one.time <= to).count();
        assert_eq!(scope.leaves, in_window as u64);
        gaps.extend(scope.gaps.iter().map(std::mem::discriminant::<Gap>).map(|gap| format!("{gap:?}")));
    }
    assert!(seen.len() == 5 && seen.values().all(|count| *count > 50), "each verdict was given often: {seen:?}");
    assert_eq!(gaps.len(), 7, "and each reason for not knowing");
    println!("{INCIDENTS} incidents: {seen:?}");
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tampering {
    Edit,
    /// Made so that it looks as if somebody else had read.
    Whitewash,
    Remove,
    Swap,
    BackDate,
    Cut,
    Tile,
    /// The reader is handed fewer leaves at the beginning, or at the end.
    Begin,
    End,
    /// A leaf elsewhere leads the search astray.
    Astray,
}

const ALL: [Tampering; 10] = [
    Tampering::Edit,
    Tampering::Whitewash,
    Tampering::Remove,
    Tampering::Swap,
    Tampering::BackDate,
    Tampering::Cut,
    Tampering::Tile,
    Tampering::Begin,
    Tampering::End,
    Tampering::Astray,
];

/// The scope of a ledger that was tampered with like this; `None` where it cannot be done.
fn tampered(world: &World, question: &Question, how: Tampering, dice: &mut Dice) -> Option<Result<Scope, Fault>> {
    let mut files = Files::of(world);
    let range = files.located(question).unwrap();
    let (first, end) = (usize::try_from(range.start).unwrap(), usize::try_from(range.end).unwrap());
    let at = first + dice.of(end - first);
    let changed = |files: &mut Files, at: usize, change: &dyn Fn(&mut Leaf)| {
        let mut leaf = Leaf::decode(&files.leaves[at]).unwrap();
        change(&mut leaf);
        files.leaves[at] = leaf.encode();
    };
    match how {
        Tampering::Edit => files.leaves[at][dice.of(LEN)] ^= 1 << dice.of(8),
        Tampering::Whitewash => changed(&mut files, at, &|leaf| match &mut leaf.act {
            Act::Deed(deed) => deed.actor_id[3] ^= 1,
            _ => leaf.time += 1,
        }),
        Tampering::Remove => drop(files.leaves.remove(at)),
        Tampering::Swap => {
            let other = first + dice.of(end - first);
            if files.leaves[at] == files.leaves[other] {
                return None;
            }
            files.leaves.swap(at, other);
        }
        Tampering::BackDate => changed(&mut files, at, &|leaf| leaf.time = question.span().from().0 - 1),
        Tampering::Cut => files.leaves.truncate(at),
        Tampering::Tile => {
            let sides = std::cell::RefCell::new(Vec::new());
            let read = |level, index| {
                sides.borrow_mut().push((level, index));
                files.node(level, index)
            };
            let mut reading = Reading::begin(question, world.standing(), range.start, read).ok()?;
            files.leaves[first..end].iter().for_each(|leaf| reading.take(leaf).unwrap());
            reading.end(read).ok()?;
            let sides = sides.into_inner();
            let place = (!sides.is_empty()).then(|| dice.one(&sides))?;
            files.nodes.get_mut(&place)?.0[dice.of(32)] ^= 1 << dice.of(8);
        }
        Tampering::Begin => {
            let late = (range.start + 1..range.end).find(|_| dice.once_in(3))?;
            return Some(files.read(question, late..range.end));
        }
        Tampering::End => {
            let early = (range.start + 1..range.end).find(|_| dice.once_in(3))?;
            return Some(files.read(question, range.start..early));
        }
        Tampering::Astray => {
            let at = dice.of(files.leaves.len());
            let time = if dice.once_in(2) { 0 } else { u64::MAX };
            changed(&mut files, at, &|leaf| leaf.time = time);
        }
    }
    Some(files.scope(question))
}

#[test]
fn what_was_tampered_with_is_refused_or_was_nowhere_near() {
    let mut dice = Dice(17);
    let (mut refused, mut harmless) = (BTreeMap::<Tampering, usize>::new(), 0);
    for no in 0..INCIDENTS {
        let world = World::lived(&mut dice);
        let question = world.question(&mut dice);
        let honest = Files::of(&world).scope(&question).unwrap();
        for how in ALL {
            match tampered(&world, &question, how, &mut dice) {
                None => {}
                Some(Err(Fault(why))) => {
                    assert!(!why.is_empty());
                    *refused.entry(how).or_default() += 1;
                }
                // What is neither read nor needed does not matter: the answer is the same, and proven.
                Some(Ok(scope)) => {
                    assert_eq!(scope, honest, "ledger {no}: {how:?} goes unseen");
                    assert!(matches!(how, Tampering::Astray | Tampering::BackDate), "ledger {no}: {how:?} goes unseen");
                    harmless += 1;
                }
            }
        }
    }
    assert!(refused.len() == ALL.len() && refused.values().all(|count| *count > 20), "{refused:?}");
    println!("refused: {refused:?}; nowhere near: {harmless}");
}
