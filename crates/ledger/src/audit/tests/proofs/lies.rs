//! Proofs of a vault that lies, and of whoever has got hold of one on its way.

use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::*;
use crate::heads::Head;

/// The proof of a vault that lies about the leaves of a subject and does everything else as if it were so.
fn lied(honest: &Made, tag: Tag, lie: impl FnOnce(&mut Vec<Leaf>), at: impl Fn(usize, u64) -> u64) -> String {
    let mut made = honest.clone();
    let mut subject = SubjectProof::decode(&made.extra).unwrap();
    lie(&mut subject.leaves);
    let (mut before, mut place) = (Hash::ZERO, 0);
    for (no, leaf) in subject.leaves.iter_mut().enumerate() {
        match &mut leaf.act {
            Act::Deed(deed) => (deed.previous, deed.previous_at) = (before, at(no, place)),
            Act::Heads { root, .. } => *root = before,
            Act::Key { .. } | Act::Continues { .. } => {}
        }
        (before, place) = (leaf.hash(), leaf.sequence);
    }
    let count = u32::try_from(subject.leaves.len()).unwrap();
    subject.head.end = End::Head(Head { tag, count, sequence: place, leaf: before });
    made.extra = subject.encode();
    made.headed(tag)
}

#[test]
fn both_verifiers_say_the_same_of_a_vault_that_lies_in_one_thing_and_signs_its_lie() {
    let tag = subject(1);
    let mut ledger = ledger();
    let honest = Made::of(&mut ledger, tag);
    let places = |_, place| place;
    let told = |lie: fn(&mut Vec<Leaf>)| lied(&honest, tag, lie, places);
    let heads = Leaf::decode(ledger.leaves.last().unwrap()).unwrap();
    let deed = |leaf: &mut Leaf, change: fn(&mut Deed)| match &mut leaf.act {
        Act::Deed(deed) => change(deed),
        _ => unreachable!("a leaf about somebody is a deed"),
    };
    let lies = [
        ("none", told(|_| {})),
        ("a place before the one before", told(|leaves| leaves[2].sequence = leaves[1].sequence - 1)),
        ("the place of the one before", told(|leaves| leaves[2].sequence = leaves[1].sequence)),
        ("the place of the heads", told(|leaves| leaves[3].sequence = 11)),
        ("a place behind the heads", told(|leaves| leaves[3].sequence = 12)),
        ("the second leaf is left out", told(|leaves| leaves.retain(|leaf| leaf.sequence != 2))),
        ("the place of the one before is another", lied(&honest, tag, |_| {}, |no, place| place + u64::from(no == 2))),
        (
            "about somebody else",
            lied(&honest, tag, |leaves| deed(&mut leaves[1], |deed| deed.subject = subject(2)), places),
        ),
        ("a count twice", lied(&honest, tag, |leaves| deed(&mut leaves[2], |deed| deed.count = 2), places)),
        ("heads among the leaves", lied(&honest, tag, |leaves| leaves[1] = Leaf { sequence: 1, ..heads }, places)),
    ];
    let mut cases: Vec<Case> = lies.into_iter().map(|(about, file)| case(about, file, tag)).collect();
    // More was written behind the heads that the proof is about.
    ledger.about(1);
    let (index, size) = (honest.proof.index, ledger.auditor.size());
    let node = |level, at| Ok::<_, Infallible>(ledger.nodes[&(level, at)]);
    let hashes = prove_inclusion(index, size, node).unwrap().unwrap();
    let checkpoint = Checkpoint { size, root: ledger.auditor.root(), ..honest.checkpoint.clone() }.sign(&signers()[0]);
    let file = LeafProof { hashes, checkpoint, ..honest.proof.clone() }.to_string();
    cases.push(case("not the last leaf", file, tag));
    let last = cases.len() - 1;
    for (no, (case, (code, said))) in cases.iter().zip(both(&cases)).enumerate() {
        let expected = match no {
            0 => "of 12 leaves these 4",
            _ if no == last => "the proof does not begin at the last leaf under the checkpoint",
            _ => "the leaves about this person are not all of them",
        };
        assert!((code == 0) == (no == 0) && said.starts_with(expected), "{}: {said}", case.about);
    }
}

/// What is done to the bytes of a proof.
#[derive(Clone, Copy, Debug)]
enum Change {
    Flip(u8),
    Set(u8),
    CutOut,
    Double,
    CutOff,
    /// The leaves of the subject in another order, or one left out, or one twice.
    Leaves,
    Beside,
    End,
}

fn changed(made: &mut Made, how: Change, at: Index, to: Index, other: &Made) {
    let bytes = &mut made.extra;
    let byte = at.index(bytes.len());
    let until = byte + to.index((bytes.len() - byte).min(70)) + 1;
    match how {
        Change::Flip(bit) => bytes[byte] ^= 1 << bit,
        Change::Set(value) => bytes[byte] = value,
        Change::CutOut => drop(bytes.drain(byte..until)),
        Change::Double => {
            let part = bytes[byte..until].to_vec();
            bytes.splice(byte..byte, part);
        }
        Change::CutOff => bytes.truncate(byte),
        Change::Leaves | Change::Beside | Change::End => {
            let (Ok(mut subject), Ok(other)) = (SubjectProof::decode(bytes), SubjectProof::decode(&other.extra)) else {
                return;
            };
            match how {
                Change::Leaves if subject.leaves.is_empty() => subject.leaves = other.leaves,
                Change::Leaves => {
                    let (at, to) = (at.index(subject.leaves.len()), to.index(subject.leaves.len() + 1));
                    let leaf = subject.leaves.remove(at);
                    subject.leaves.extend((to <= at).then_some(leaf));
                    subject.leaves.extend((to == at).then_some(leaf));
                }
                Change::Beside if subject.head.beside.is_empty() || to.index(2) == 0 => {
                    let at = at.index(subject.head.beside.len() + 1);
                    let more = if to.index(5) == 0 { 130 } else { 1 };
                    subject.head.beside.splice(at..at, vec![Hash([9; 32]); more]);
                }
                Change::Beside => drop(subject.head.beside.remove(at.index(subject.head.beside.len()))),
                _ if to.index(3) == 0 => subject.head.end = End::Nobody,
                _ => subject.head.end = other.head.end,
            }
            made.extra = subject.encode();
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => (0u8..8).prop_map(Change::Flip),
        2 => any::<u8>().prop_map(Change::Set),
        1 => Just(Change::CutOut),
        1 => Just(Change::Double),
        1 => Just(Change::CutOff),
        3 => Just(Change::Leaves),
        2 => Just(Change::Beside),
        2 => Just(Change::End),
    ]
}

#[test]
fn both_verifiers_say_the_same_of_the_same_changed_proofs() {
    // The same cases every time: a difference must be there to look at again.
    let mut runner = TestRunner::new(Config { rng_seed: RngSeed::Fixed(16), ..Config::default() });
    let tries = (
        prop::collection::vec((change(), any::<Index>(), any::<Index>()), 0..3),
        prop::collection::vec(0u8..9, 1..30),
        (1u8..9, 1u8..9),
        0..3,
    );
    let mut cases = Vec::new();
    for _ in 0..800 {
        let (changes, subjects, (about, other), signed) = tries.new_tree(&mut runner).unwrap().current();
        let mut ledger = Ledger::of(&subjects);
        let (mut made, other) = (Made::of(&mut ledger, subject(about)), Made::of(&mut ledger, subject(other)));
        for (how, at, to) in &changes {
            if !made.extra.is_empty() {
                changed(&mut made, *how, *at, *to, &other);
            }
        }
        let file = match signed {
            0 => made.file(),
            1 => made.signed(),
            _ => made.headed(subject(about)),
        };
        cases.push(case(format!("{changes:?}, {signed}"), file, subject(about)));
    }
    let verdicts = both(&cases);
    let [right, wrong, unknown] = [0, 1, 2].map(|at| verdicts.iter().filter(|(code, _)| *code == at).count());
    assert!(right > 200 && wrong > 300 && unknown > 0, "all were tried: {right}, {wrong}, {unknown}");
}
