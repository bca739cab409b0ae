//! Whole ledgers, honest and not.

use std::collections::HashMap;
use std::convert::Infallible;

use proptest::prelude::*;

use super::*;
use crate::heads::End;
use crate::leaf::tests::{deed, nobody};
use crate::note::{KeyKind, NoteError, SignerKey, VerifierKey};
use crate::proof::{LeafProof, ProofFault, SubjectProof};
use crate::tree::{empty_root, prove_inclusion, verify_consistency};

const ORIGIN: &str = "shop.example/reads";

/// A ledger in memory, kept as the vault keeps it.
#[derive(Default)]
struct Ledger {
    auditor: Auditor,
    leaves: Vec<Vec<u8>>,
    nodes: HashMap<(u8, u64), Hash>,
    checkpoints: Vec<Checkpoint>,
}

impl Ledger {
    fn write(&mut self, act: Act) {
        let sequence = self.auditor.size();
        let bytes = Leaf { sequence, time: 1_000 + sequence / 3, build: 1, act }.encode().to_vec();
        let nodes = &mut self.nodes;
        self.auditor
            .take(&bytes, |level, index, hash| {
                nodes.insert((level, index), hash);
            })
            .unwrap();
        self.leaves.push(bytes);
    }

    fn about(&mut self, subject: u8) {
        let tag = Tag([subject; 16]);
        let first = (1, Hash::ZERO, 0);
        let (count, previous, previous_at) =
            self.auditor.head(tag).map_or(first, |head| (head.count + 1, head.leaf, head.sequence));
        let act = match subject {
            0 => Act::Deed(nobody(deed())),
            _ => Act::Deed(Deed { subject: tag, count, previous, previous_at, ..deed() }),
        };
        self.write(act);
    }

    fn checkpoint(&mut self) {
        let heads = self.auditor.heads();
        self.write(heads);
        let (size, root) = (self.auditor.size(), self.auditor.root());
        self.checkpoints.push(Checkpoint { origin: ORIGIN.into(), size, root });
    }

    /// Subjects 0 to 5 in the order given; a checkpoint after every 7 leaves and at the end.
    fn of(subjects: &[u8]) -> Self {
        let mut ledger = Self::default();
        for (at, subject) in subjects.iter().enumerate() {
            ledger.about(*subject);
            if at % 7 == 6 {
                ledger.checkpoint();
            }
        }
        ledger.checkpoint();
        ledger
    }

    fn prove(&mut self, tag: Tag, signer: &SignerKey) -> LeafProof {
        let checkpoint = self.checkpoints.last().unwrap();
        let index = checkpoint.size - 1;
        let leaves = self.leaves.iter().map(|bytes| Leaf::decode(bytes).unwrap());
        let about = |leaf: &Leaf| matches!(leaf.act, Act::Deed(deed) if deed.subject == tag);
        let subject = SubjectProof {
            last: Leaf::decode(self.leaves.last().unwrap()).unwrap(),
            head: self.auditor.prove_head(tag),
            leaves: leaves.filter(about).collect(),
        };
        let node = |level, at| Ok::<_, Infallible>(self.nodes[&(level, at)]);
        let hashes = prove_inclusion(index, checkpoint.size, node).unwrap().unwrap();
        LeafProof { extra: subject.encode(), index, hashes, checkpoint: checkpoint.sign(signer) }
    }
}

/// Reads the leaves, comparing each checkpoint where it belongs.
fn audit(leaves: &[Vec<u8>], checkpoints: &[Checkpoint]) -> Result<(), AuditFault> {
    let mut auditor = Auditor::default();
    let mut checkpoints = checkpoints.iter().peekable();
    for bytes in leaves {
        auditor.take(bytes, |_, _, _| {})?;
        if let Some(checkpoint) = checkpoints.next_if(|checkpoint| checkpoint.size == auditor.size()) {
            auditor.check(checkpoint)?;
        }
    }
    checkpoints.next().map_or(Ok(()), |missing| auditor.check(missing))
}

fn signer() -> (SignerKey, [VerifierKey; 1]) {
    let signer = SignerKey::new(ORIGIN, KeyKind::Log, &[4; 32]).unwrap();
    let known = [signer.verifier().clone()];
    (signer, known)
}

mod keys;
mod proofs;
mod python;
mod rotation;

#[test]
fn a_person_sees_all_that_was_read_and_one_who_was_never_read_has_that_proven() {
    let mut ledger = Ledger::of(&[1, 2, 1, 0, 3, 1, 2, 1]);
    let (signer, known) = signer();
    for (subject, reads) in [(1, 4), (2, 2), (3, 1), (4, 0)] {
        let tag = Tag([subject; 16]);
        let file = ledger.prove(tag, &signer).to_string();
        let proof: LeafProof = file.parse().unwrap();
        assert_eq!(proof.to_string(), file);
        let proven = SubjectProof::verify(&proof, tag, &known).unwrap();
        assert_eq!((proven.leaves.len(), proven.checkpoint.size), (reads, ledger.auditor.size()));
        assert_eq!(proven.as_of, ledger.auditor.time(), "it says up to when");
        assert!(proven.leaves.iter().all(|(_, deed)| deed.subject == tag));
    }
}

#[test]
fn no_read_can_be_left_out_of_a_proof_and_none_made_up() {
    let mut ledger = Ledger::of(&[1, 2, 1, 0, 3, 1, 2, 1]);
    let (signer, known) = signer();
    let tag = Tag([1; 16]);
    let honest = ledger.prove(tag, &signer);
    let subject = SubjectProof::decode(&honest.extra).unwrap();
    let with = |change: &dyn Fn(&mut SubjectProof)| {
        let mut subject = subject.clone();
        change(&mut subject);
        let proof = LeafProof { extra: subject.encode(), ..honest.clone() };
        SubjectProof::verify(&proof, tag, &known).unwrap_err()
    };
    assert_eq!(with(&|s| s.leaves.truncate(3)), ProofFault::Chain);
    assert_eq!(with(&|s| s.leaves.retain(|leaf| leaf.sequence != 0)), ProofFault::Chain);
    assert_eq!(with(&|s| s.leaves.retain(|leaf| leaf.sequence != 2)), ProofFault::Chain);
    assert_eq!(with(&|s| s.leaves.swap(1, 2)), ProofFault::Chain);
    assert_eq!(with(&|s| s.leaves[1].time += 1), ProofFault::Chain);
    assert_eq!(with(&|s| s.head.end = End::Nobody), ProofFault::Head(crate::heads::WrongHeadProof));
    assert!(matches!(with(&|s| s.last.time += 1), ProofFault::Inclusion(_)));
    assert_eq!(with(&|s| s.last = s.leaves[0]), ProofFault::Inclusion(crate::tree::ProofError::Root));
    assert_eq!(
        SubjectProof::verify(&honest, Tag([2; 16]), &known),
        Err(ProofFault::Head(crate::heads::WrongHeadProof))
    );
    let mut forged = honest.clone();
    forged.checkpoint.text = forged.checkpoint.text.replace("\n10\n", "\n9\n");
    assert_eq!(SubjectProof::verify(&forged, tag, &known), Err(ProofFault::Checkpoint(NoteError::Forged.into())));
}

#[test]
fn an_old_checkpoint_proves_only_what_was_so_then() {
    let (signer, known) = signer();
    let mut before = Ledger::of(&[1, 2]);
    let old = before.prove(Tag([1; 16]), &signer);
    let mut after = Ledger::of(&[1, 2, 1]);
    let new = after.prove(Tag([1; 16]), &signer);
    // Yesterday's heads under today's checkpoint.
    let mixed = LeafProof { extra: old.extra.clone(), ..new };
    assert!(SubjectProof::verify(&mixed, Tag([1; 16]), &known).is_err());
    let proven = SubjectProof::verify(&old, Tag([1; 16]), &known).unwrap();
    assert_eq!((proven.leaves.len(), proven.checkpoint.size), (1, 3), "it says how far it reaches");
}

#[test]
fn the_first_bad_leaf_is_named() {
    let ledger = Ledger::of(&[1, 2, 1, 0, 3, 1, 2, 1]);
    let fault = |leaves: Vec<Vec<u8>>| audit(&leaves, &ledger.checkpoints).unwrap_err();
    let whole = || ledger.leaves.clone();

    let mut missing = whole();
    missing.remove(3);
    assert_eq!(fault(missing), AuditFault { sequence: 3, fault: Fault::Place(4) });
    let mut swapped = whole();
    swapped.swap(2, 5);
    assert_eq!(fault(swapped), AuditFault { sequence: 2, fault: Fault::Place(5) });
    let mut cut = whole();
    cut.truncate(9);
    assert_eq!(fault(cut), AuditFault { sequence: 10, fault: Fault::Size(10) });
    let mut edited = whole();
    let place = |leaf: &[u8]| Leaf::decode(leaf).unwrap();
    edited[4] = Leaf { time: 1, ..place(&edited[4]) }.encode().to_vec();
    assert_eq!(fault(edited), AuditFault { sequence: 4, fault: Fault::Time });
    // One leaf of subject 1 given to subject 2: the next one of subject 1 no longer follows.
    let mut given = whole();
    given[2] = Leaf {
        act: Act::Deed(Deed { subject: Tag([9; 16]), count: 1, previous: Hash::ZERO, previous_at: 0, ..deed() }),
        ..place(&given[2])
    }
    .encode()
    .to_vec();
    assert_eq!(fault(given), AuditFault { sequence: 5, fault: Fault::Count { said: 3, held: 1 } });
    let mut unread = whole();
    let Act::Deed(old) = place(&unread[2]).act else { unreachable!("leaf 2 is a deed") };
    unread[2] = Leaf {
        act: Act::Deed(Deed { fields: crate::leaf::Fields::of(&[crate::leaf::Field::Email]), ..old }),
        ..place(&unread[2])
    }
    .encode()
    .to_vec();
    assert_eq!(fault(unread), AuditFault { sequence: 5, fault: Fault::Previous });
}

#[test]
fn a_log_rewritten_as_a_whole_is_caught_by_an_older_checkpoint() {
    let ledger = Ledger::of(&[1, 2, 1, 0, 3, 1, 2, 1, 2]);
    // Everything honest in itself, without the second read of 1.
    let fork = Ledger::of(&[1, 2, 0, 3, 1, 2, 1, 2]);
    assert_eq!(audit(&fork.leaves, &fork.checkpoints), Ok(()));
    let seen = &ledger.checkpoints[0];
    assert_eq!(
        audit(&fork.leaves, std::slice::from_ref(seen)),
        Err(AuditFault { sequence: seen.size, fault: Fault::Root })
    );
    let node = |level, at| Ok::<_, Infallible>(fork.nodes[&(level, at)]);
    let (new, root) = (fork.auditor.size(), fork.auditor.root());
    let proof = crate::tree::prove_consistency(seen.size, new, node).unwrap().unwrap();
    assert!(verify_consistency(seen.size, seen.root, new, root, &proof).is_err(), "a witness does not sign it");
}

/// How a ledger is tampered with.
#[derive(Clone, Copy, Debug)]
enum Tampering {
    Delete,
    Reorder,
    Edit,
    Truncate,
    Repeat,
    BackDate,
    SwapHead,
    OldHeads,
    ForgeRoot,
}

/// The leaves and checkpoints of a ledger after it was tampered with at one leaf, with the help of another.
fn tampered(honest: &Ledger, how: Tampering, at: usize, to: usize, bit: usize) -> (Vec<Vec<u8>>, Vec<Checkpoint>) {
    let (mut leaves, mut checkpoints) = (honest.leaves.clone(), honest.checkpoints.clone());
    match how {
        Tampering::Delete => drop(leaves.remove(at)),
        Tampering::Reorder => leaves.swap(at, to),
        Tampering::Edit => leaves[at][bit / 8] ^= 1 << (bit % 8),
        Tampering::Truncate => leaves.truncate(at),
        Tampering::Repeat => leaves.insert(at, leaves[to].clone()),
        Tampering::BackDate => {
            let leaf = Leaf::decode(&leaves[at]).unwrap();
            leaves[at] = Leaf { time: leaf.time - 1, ..leaf }.encode().to_vec();
        }
        Tampering::SwapHead | Tampering::OldHeads => {
            // The heads of another checkpoint, or one subject more, in the place of the last ones.
            let last = leaves.len() - 1;
            let leaf = Leaf::decode(&leaves[last]).unwrap();
            let Act::Heads { root, subjects } = leaf.act else { unreachable!("a ledger ends in heads") };
            let act = match how {
                Tampering::SwapHead => Act::Heads { root, subjects: subjects + 1 },
                _ => Act::Heads { root: Hash([8; 32]), subjects },
            };
            leaves[last] = Leaf { act, ..leaf }.encode().to_vec();
        }
        Tampering::ForgeRoot => {
            let which = to % checkpoints.len();
            checkpoints[which].root.0[bit / 8 % 32] ^= 1 << (bit % 8);
        }
    }
    (leaves, checkpoints)
}

fn tampering() -> impl Strategy<Value = Tampering> {
    use Tampering::*;
    prop::sample::select(vec![Delete, Reorder, Edit, Truncate, Repeat, BackDate, SwapHead, OldHeads, ForgeRoot])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn an_honest_ledger_is_never_called_bad(subjects in prop::collection::vec(0u8..6, 0..60)) {
        let ledger = Ledger::of(&subjects);
        prop_assert_eq!(audit(&ledger.leaves, &ledger.checkpoints), Ok(()));
    }

    #[test]
    fn every_tampering_is_found_at_or_before_the_next_checkpoint(
        subjects in prop::collection::vec(0u8..6, 3..60), how in tampering(),
        at in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(), bit in 0usize..8 * crate::leaf::LEN,
    ) {
        let honest = Ledger::of(&subjects);
        let (leaves, checkpoints) = tampered(&honest, how, at.index(honest.leaves.len()), to.index(honest.leaves.len()), bit);
        if (&leaves, &checkpoints) == (&honest.leaves, &honest.checkpoints) {
            return Ok(());
        }
        let fault = audit(&leaves, &checkpoints);
        prop_assert!(fault.is_err(), "{:?}", how);
        let first = leaves.iter().zip(&honest.leaves).position(|(a, b)| a != b).unwrap_or(leaves.len().min(honest.leaves.len())) as u64;
        let next = honest.checkpoints.iter().map(|checkpoint| checkpoint.size).find(|size| *size > first);
        prop_assert!(fault.unwrap_err().sequence <= next.unwrap_or(u64::MAX), "{:?} at {}", how, first);
    }

    #[test]
    fn no_file_makes_the_verifier_fall(text in "(c2sp.org/tlog-proof@v1\n)?(extra [A-Za-z0-9+/]{0,80}={0,2}\n)?(index [0-9]{1,22}\n)?([A-Za-z0-9+/]{43}=\n){0,3}\n?.{0,60}\n[0-9]{1,5}\n") {
        if let Ok(proof) = text.parse::<LeafProof>() {
            prop_assert_eq!(proof.to_string(), text);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_of_a_subjects_proof_fall(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
        let _ = SubjectProof::decode(&bytes);
    }

    #[test]
    fn a_flipped_bit_anywhere_in_a_file_proves_nothing_else(at in any::<prop::sample::Index>(), bit in 0u8..7) {
        let mut ledger = Ledger::of(&[1, 2, 1]);
        let (signer, known) = signer();
        let tag = Tag([1; 16]);
        let proof = ledger.prove(tag, &signer);
        let honest = SubjectProof::verify(&proof, tag, &known).unwrap();
        let mut bytes = proof.to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let Ok(text) = String::from_utf8(bytes) else { return Ok(()) };
        if let Ok(proof) = text.parse::<LeafProof>()
            && let Ok(proven) = SubjectProof::verify(&proof, tag, &known)
        {
            prop_assert_eq!(proven, honest);
        }
    }
}
