//! What a scope says of small ledgers that can be read at a glance.

use std::collections::HashMap;

use super::*;
use crate::audit::Auditor;
use crate::checkpoint::Checkpoint;
use crate::checkpoints::{Checkpoints, Unread};
use crate::leaf::{Act, Detail, Field, Fields, Kind, Outcome, Tag};
use crate::note::{KeyKind, SignerKey};

const NOON: u64 = 1_793_966_400_000;

/// A ledger that is written second by second, from noon on.
#[derive(Default)]
struct Ledger {
    auditor: Auditor,
    leaves: Vec<Vec<u8>>,
    nodes: HashMap<(u8, u64), Hash>,
    /// Size and root under each leaf of heads, and its second.
    signed: Vec<(u64, Checkpoint)>,
}

impl Ledger {
    fn at(mut self, second: u64, act: Act) -> Self {
        let leaf = Leaf { sequence: self.auditor.size(), time: NOON + second * 1_000, build: 7, act }.encode().to_vec();
        let nodes = &mut self.nodes;
        let keep = |level, index, hash| {
            nodes.insert((level, index), hash);
        };
        self.auditor.take(&leaf, keep).unwrap();
        self.leaves.push(leaf);
        self
    }

    fn own(self, second: u64, kind: Kind) -> Self {
        self.at(second, Act::Deed(Deed::of(kind, Actor::Vault, Route::new("vault"))))
    }

    fn heads(mut self, second: u64) -> Self {
        let heads = self.auditor.heads();
        self = self.at(second, heads);
        let checkpoint = self.checkpoint();
        self.signed.push((second, checkpoint));
        self
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint { origin: "shop.example/reads".into(), size: self.auditor.size(), root: self.auditor.root() }
    }

    /// Somebody opens name and e-mail address of a person.
    fn opened(self, second: u64, actor: Actor, person: u8, purpose: Purpose) -> Self {
        self.deed(
            second,
            actor,
            person,
            Deed { purpose: Some(purpose), ..Deed::of(Kind::Open, actor, Route::new("a")) },
        )
    }

    fn deed(self, second: u64, actor: Actor, person: u8, deed: Deed) -> Self {
        let subject = Tag([person; 16]);
        let head = self.auditor.head(subject);
        let (count, previous, previous_at) =
            head.map_or((1, Hash::ZERO, 0), |head| (head.count + 1, head.leaf, head.sequence));
        let fields = Fields::of(&[Field::Email, Field::Name]);
        let deed = Deed { subject, count, previous, previous_at, fields, actor_id: [actor.code(); 16], ..deed };
        self.at(second, Act::Deed(deed))
    }

    /// What is said of it if a witness has cosigned each checkpoint at once.
    fn scope(&self, question: &Question) -> Result<Scope, ScopeFault> {
        self.seen(question, |second| second)
    }

    /// What is said of it if a witness has cosigned what was signed in a second in such another second.
    fn seen(&self, question: &Question, cosigned: impl Fn(u64) -> u64) -> Result<Scope, ScopeFault> {
        let node = |level, index| Ok::<_, ScopeFault>(self.nodes[&(level, index)]);
        let place = |sequence| usize::try_from(sequence).unwrap();
        let leaf = |sequence| Ok::<_, ScopeFault>(Leaf::decode(&self.leaves[place(sequence)]).unwrap());
        let (log, witness) = (signer(KeyKind::Log), signer(KeyKind::Witness));
        let note = |(second, checkpoint): &(u64, Checkpoint)| {
            let mut note = checkpoint.sign(&log);
            note.signatures.push(witness.sign(&note.text, NOON / 1_000 + cosigned(*second)));
            Unread::try_from(note).unwrap()
        };
        let notes: Vec<Unread> = self.signed.iter().map(note).collect();
        let checkpoint = self.checkpoint();
        let checkpoints = Checkpoints::new(log.verifier().clone(), &[], &[witness.verifier().clone()]).unwrap();
        let range = locate(question.span(), checkpoint.size, leaf)?;
        let standing = checkpoints.standing(checkpoint, &notes);
        let mut reading = Reading::begin(question, standing, range.start, node)?;
        for sequence in range {
            reading.take(&self.leaves[place(sequence)])?;
        }
        reading.end(node)
    }
}

fn signer(kind: KeyKind) -> SignerKey {
    let name = if kind == KeyKind::Log { "shop.example/reads" } else { "witness.example/w" };
    SignerKey::new(name, kind, &[1; 32]).unwrap()
}

fn moment(second: u64) -> Moment {
    Moment(NOON + second * 1_000)
}

fn window(from: u64, to: u64) -> Window {
    Window::new(moment(from), moment(to)).unwrap()
}

/// Staff are suspected of what they did between two seconds.
fn staff(from: u64, to: u64) -> Question {
    Question {
        incident: "I-2026-0001".into(),
        digest: Hash::of(&[b"question"]),
        window: window(from, to),
        grade: Grade::B,
        attacker: Attacker { kinds: [Actor::Staff].into(), ..Attacker::default() },
        copied: BTreeSet::new(),
        keys_exposed: None,
        processors: Vec::new(),
    }
}

/// Staff read person 1 at the seconds 10 and 20, and a mail was sent to person 2 at 15.
fn quiet() -> Ledger {
    Ledger::default()
        .own(0, Kind::Start)
        .opened(10, Actor::Staff, 1, Purpose::Support)
        .opened(15, Actor::Shop, 2, Purpose::Mail)
        .opened(20, Actor::Staff, 1, Purpose::Support)
        .heads(25)
        .opened(40, Actor::Customer, 1, Purpose::SelfView)
        .heads(45)
}

fn gaps(ledger: &Ledger, question: &Question) -> Vec<Gap> {
    ledger.scope(question).unwrap().gaps.into_iter().collect()
}

#[test]
fn a_scope_is_one_text() {
    let [log, witness] = [KeyKind::Log, KeyKind::Witness].map(|kind| signer(kind).verifier().clone());
    let mail = Processor { name: "relay".into(), purposes: [Purpose::Mail].into(), window: window(0, 30) };
    let question = Question { processors: vec![mail], ..staff(5, 30) };
    let ledger = quiet();
    let repeat = Repeat { keys: std::slice::from_ref(&log), witnesses: std::slice::from_ref(&witness) };
    let said = ledger.scope(&question).unwrap().text(repeat);
    let untouched = "kana=not-read postal-code=not-read city=not-read street=not-read building=not-read phone=not-read gift-message=not-read";
    let expected = format!(
        "noren-ledger-scope v1
incident I-2026-0001
question {}
window 2026-11-06T12:00:05.000Z 2026-11-06T12:00:30.000Z
log shop.example/reads
checkpoint 7 {}
signed {log}
proven 0 6
cosigned {witness} 2026-11-06T12:00:45.000Z
grade B
processor relay mail 2026-11-06T12:00:00.000Z 2026-11-06T12:00:30.000Z
leaves 4
acts open granted 2
subjects 2
subject {} email=read/2/2026-11-06T12:00:10.000Z/2026-11-06T12:00:20.000Z name=read/2/2026-11-06T12:00:10.000Z/2026-11-06T12:00:20.000Z {untouched}
subject {} email=via-processor/1/2026-11-06T12:00:15.000Z/2026-11-06T12:00:15.000Z name=via-processor/1/2026-11-06T12:00:15.000Z/2026-11-06T12:00:15.000Z {untouched}
others not-read
repeat noren ledger scope --incident INCIDENT --dir EXPORT --size 7 --key {log} --witness {witness} --expect SCOPE
",
        "1f5087db919ced5c123c7f507d3fcce818cb0cf6e77c2f95a8a35e951e03fdb9",
        ledger.auditor.root(),
        Tag([1; 16]),
        Tag([2; 16]),
    );
    assert_eq!(said, expected);
}

#[test]
fn the_worst_that_applies_holds() {
    use Verdict::{ExposedCiphertext, NotRead, Read, Unknown, ViaProcessor};
    let ledger = quiet();
    let verdicts = |question: &Question| {
        let scope = ledger.scope(question).unwrap();
        let of = |person: u8| scope.touched(Tag([person; 16]), Field::Email).verdict;
        (of(1), of(2), scope.others())
    };
    let mail = Processor { name: "relay".into(), purposes: [Purpose::Mail].into(), window: window(5, 30) };
    let handed = Question { processors: vec![mail], ..staff(5, 30) };
    assert_eq!(verdicts(&handed), (Read, ViaProcessor, NotRead));
    let copied = Question { copied: [Copied::Backup].into(), ..handed.clone() };
    assert_eq!(verdicts(&copied), (Read, ExposedCiphertext, ExposedCiphertext));
    let later = Some(moment(31));
    assert_eq!(
        verdicts(&Question { keys_exposed: later, ..copied }),
        (Read, Unknown, Unknown),
        "a copy is opened later"
    );
    assert_eq!(verdicts(&Question { keys_exposed: later, ..handed.clone() }).2, NotRead);
    let within = Some(moment(30));
    assert_eq!(verdicts(&Question { keys_exposed: within, ..handed.clone() }), (Read, Unknown, Unknown));
    assert_eq!(verdicts(&Question { grade: Grade::C, ..handed }), (Read, Unknown, Unknown), "C never says not read");
}

#[test]
fn both_ends_of_the_window_are_in_it_and_whatever_is_beside_it_is_not() {
    let reads = |from, to| quiet().scope(&staff(from, to)).unwrap().touched(Tag([1; 16]), Field::Name).times.count;
    assert_eq!([reads(10, 20), reads(10, 19), reads(11, 20), reads(11, 19)], [2, 1, 1, 0]);
}

#[test]
fn what_was_refused_and_what_was_looked_for_is_counted_and_is_no_reading() {
    let refused = Deed {
        outcome: Outcome::ActorRefused,
        purpose: Some(Purpose::Support),
        ..Deed::of(Kind::Open, Actor::Staff, Route::new("a"))
    };
    let index = Deed {
        purpose: Some(Purpose::Login),
        fields: Fields::of(&[Field::Email]),
        ..Deed::of(Kind::Index, Actor::Staff, Route::new("a"))
    };
    let ledger = Ledger::default()
        .own(0, Kind::Start)
        .deed(10, Actor::Staff, 1, refused)
        .at(11, Act::Deed(index))
        .at(12, Act::Deed(index))
        .opened(40, Actor::Shop, 1, Purpose::Mail)
        .heads(41);
    let scope = ledger.scope(&staff(5, 30)).unwrap();
    assert_eq!(scope.touched(Tag([1; 16]), Field::Email).verdict, Verdict::NotRead);
    let acts: Vec<_> = scope.acts.into_iter().collect();
    assert_eq!(acts, [((Kind::Open, Outcome::ActorRefused), 1), ((Kind::Index, Outcome::Granted), 2)]);
}

#[test]
fn a_vault_that_was_stopped_in_good_order_leaves_no_gap_and_one_that_fell_does() {
    let stopped = |ledger: Ledger| ledger.own(12, Kind::Stop).heads(12).own(500, Kind::Start);
    let end = |ledger: Ledger| ledger.opened(600, Actor::Shop, 1, Purpose::Mail).heads(601);
    let begun = || Ledger::default().own(0, Kind::Start).opened(10, Actor::Shop, 1, Purpose::Mail);
    assert_eq!(gaps(&end(stopped(begun())), &staff(5, 550)), []);
    let fell = end(begun().own(500, Kind::Start));
    let gap = Gap::Crash(moment(10), moment(500));
    for (from, to) in [(5, 550), (5, 10), (100, 200), (500, 550)] {
        assert_eq!(gaps(&fell, &staff(from, to)), [gap], "{from} to {to}");
    }
    assert_eq!(gaps(&fell, &staff(5, 9)), [], "all of the time lies before it");
    assert_eq!(gaps(&fell, &staff(501, 550)), [], "and after it");
    // What a vault that fell had not signed yet is signed before the next one says that it is there.
    let heads_first = end(begun().heads(500).own(500, Kind::Start));
    assert_eq!(gaps(&heads_first, &staff(5, 50)), [gap]);
}

#[test]
fn a_clock_that_was_set_back_is_a_gap_from_what_it_said_on() {
    // It had run ahead by a hundred seconds, and is set right in what would have been second 50.
    let mut reference = [0; 16];
    reference[8..].copy_from_slice(&moment(50).0.to_be_bytes());
    let alarm = Deed { detail: Some(Detail::Clock), reference, ..Deed::of(Kind::Alarm, Actor::Vault, Route::new("v")) };
    let ledger = Ledger::default()
        .own(0, Kind::Start)
        .opened(10, Actor::Shop, 1, Purpose::Mail)
        .opened(140, Actor::Shop, 1, Purpose::Mail)
        .at(140, Act::Deed(alarm))
        .opened(160, Actor::Shop, 1, Purpose::Mail)
        .heads(161);
    let gap = Gap::Alarm(moment(50), moment(140));
    assert_eq!(gaps(&ledger, &staff(60, 150)), [gap], "what was read in second 60 has the time of second 140");
    assert_eq!(gaps(&ledger, &staff(141, 150)), []);
}

#[test]
fn a_ledger_that_begins_later_or_ends_sooner_than_the_window_cannot_tell() {
    let late = Window::new(Moment(NOON - 1), moment(30)).unwrap();
    assert_eq!(gaps(&quiet(), &Question { window: late, ..staff(0, 0) }), [Gap::BeginsLate(moment(0))]);
    assert_eq!(gaps(&quiet(), &staff(0, 30)), []);
    assert_eq!(gaps(&quiet(), &staff(0, 39)), []);
    for to in [40, 44, 45, 46] {
        let why = "heads alone do not show that no act before them was lost";
        assert_eq!(gaps(&quiet(), &staff(0, to)), [Gap::EndsEarly(moment(45))], "{to}: {why}");
    }
}

#[test]
fn a_copy_of_the_keys_that_the_attacker_got_leaves_nothing_that_was_not_read() {
    let export = |outcome| Act::Deed(Deed { outcome, ..Deed::of(Kind::Export, Actor::Operator, Route::new("vault")) });
    let ledger = |outcome| {
        Ledger::default()
            .own(0, Kind::Start)
            .at(10, export(outcome))
            .at(20, export(outcome))
            .opened(40, Actor::Shop, 1, Purpose::Mail)
            .heads(45)
    };
    let got = ledger(Outcome::Granted);
    let kinds = Attacker { kinds: [Actor::Operator].into(), ..Attacker::default() };
    let operator = Question { attacker: kinds, ..staff(5, 30) };
    let exposed = |second| vec![Gap::KeysExposed(moment(second))];
    assert_eq!(gaps(&got, &operator), exposed(10));
    assert_eq!(gaps(&got, &Question { window: window(11, 30), ..operator.clone() }), exposed(20));
    let said = |second| Question { keys_exposed: Some(moment(second)), ..operator.clone() };
    assert_eq!([gaps(&got, &said(8)), gaps(&got, &said(12))], [exposed(8), exposed(10)], "the earlier of the two");
    assert_eq!(gaps(&got, &staff(5, 30)), [], "somebody else's backup");
    assert_eq!(gaps(&got, &Question { window: window(21, 30), ..operator.clone() }), [], "before the window");
    assert_eq!(gaps(&ledger(Outcome::ActorRefused), &operator), [], "it was refused");
}

/// Until somebody outside has seen it the ledger can be written anew, without what the attacker did.
#[test]
fn what_the_witness_saw_only_long_after_is_not_said_to_be_all() {
    const DAY: u64 = 86_400;
    let gaps = |cosigned: &dyn Fn(u64) -> u64| {
        quiet().seen(&staff(5, 30), cosigned).unwrap().gaps.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(gaps(&|second| second), []);
    let late = |second| vec![Gap::CosignedLate(moment(second))];
    assert_eq!(gaps(&|_| 44 * DAY), late(5), "a witness that was set up after the incident");
    // What was signed in second 25 reaches the acts from 10 to 20, and in 45 that of 40, the next one; between 25 and 40
    // there is nothing.
    assert_eq!(gaps(&|second| if second == 25 { 5 + DAY } else { 25 + DAY }), []);
    assert_eq!(gaps(&|second| if second == 25 { 5 + DAY } else { 26 + DAY }), late(25), "it was away at the end");
    assert_eq!(gaps(&|second| if second == 25 { 6 + DAY } else { 20 + DAY }), late(5), "it came after the beginning");
    let scope = quiet().seen(&staff(5, 30), |second| second + 3).unwrap();
    assert_eq!(scope.cosigned, [moment(48)], "the first that reaches the act after the window");
    // The later one reaches all that the earlier one does.
    assert_eq!(gaps(&|second| if second == 25 { 2 * DAY } else { 5 + DAY }), []);
}

#[test]
fn a_shop_in_which_nothing_happens_for_days_is_no_gap_if_its_vault_goes_on_signing() {
    const DAY: u64 = 86_400;
    let ledger = |signing: bool| {
        let begun = quiet();
        let signed = (1..=6).filter(|_| signing).fold(begun, |ledger, half| ledger.heads(45 + half * DAY / 2));
        signed.opened(50 + 3 * DAY, Actor::Customer, 1, Purpose::SelfView).heads(55 + 3 * DAY)
    };
    let window = staff(5, 2 * DAY);
    assert_eq!(gaps(&ledger(true), &window), []);
    assert_eq!(gaps(&ledger(false), &window), [Gap::CosignedLate(moment(45))], "it may have been silenced");
    let away = |second: u64| if second == 45 + DAY { 4 * DAY } else { second };
    assert_eq!(ledger(true).seen(&window, away).unwrap().gaps.len(), 0, "what comes half a day later tells it too");
    let away = |second: u64| if (DAY..3 * DAY).contains(&second) { 4 * DAY } else { second };
    assert_eq!(ledger(true).seen(&window, away).unwrap().gaps, [Gap::CosignedLate(moment(45 + DAY / 2))].into());
}

#[test]
fn a_question_without_a_meaning_is_not_answered() {
    let nobody = Question { attacker: Attacker::default(), ..staff(0, 1) };
    assert_eq!(nobody.judge(1), Err(QuestionFault::Empty));
    let copied = Question { copied: [Copied::Database].into(), ..nobody.clone() };
    assert_eq!(copied.judge(1), Ok(()));
    let exposed = |second| Question { keys_exposed: Some(moment(second)), ..nobody.clone() };
    assert_eq!([exposed(1).judge(1), exposed(2).judge(1)], [Ok(()), Err(QuestionFault::ExposedLater)]);
    let zero = Attacker { actors: [[0; 16]].into(), ..Attacker::default() };
    assert_eq!(Question { attacker: zero, ..nobody }.judge(1), Err(QuestionFault::NobodysId));
    assert_eq!(staff(0, 1).judge(0), Err(QuestionFault::Unwitnessed("B")));
    assert_eq!(Question { grade: Grade::C, ..staff(0, 1) }.judge(0), Ok(()));
    assert_eq!(Window::new(Moment(2), Moment(1)), None);
}

#[test]
fn what_was_named_of_the_attacker_and_fits_no_act_is_told() {
    let attacker = Attacker {
        kinds: [Actor::Staff, Actor::Operator].into(),
        routes: [Route::new("Checkout/place")].into(),
        actors: [[0xab; 16]].into(),
        ..Attacker::default()
    };
    let scope = quiet().scope(&Question { attacker, ..staff(0, 30) }).unwrap();
    let actor = format!("actors {}", "ab".repeat(16));
    assert_eq!(scope.unfit, [&actor, "kinds operator", "routes Checkout/place"]);
    assert!(quiet().scope(&staff(0, 30)).unwrap().unfit.is_empty());
}

#[test]
fn nothing_is_said_of_no_ledger() {
    assert_eq!(Ledger::default().scope(&staff(0, 1)), Err(ScopeFault::Empty));
}
