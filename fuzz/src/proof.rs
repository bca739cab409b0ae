//! Proofs of all that was ever written about a person.

use noren_ledger::Hash;
use noren_ledger::checkpoint::Checkpoint;
use noren_ledger::heads::{End, Head, HeadProof};
use noren_ledger::leaf::{Act, Deed, Leaf, Tag};
use noren_ledger::note::Note;
use noren_ledger::proof::{LeafProof, SubjectProof};
use noren_ledger::tree::node_hash;

use crate::world::{ORIGIN, WORLD, tags};

/// Nothing passes for proven but what the book has proven. `data` is taken for the file that a person
/// holds, and for what stands in it in base64, which no fuzzer would get at: as that it is put into the
/// honest files.
pub fn proof(data: &[u8]) -> bool {
    let world = &*WORLD;
    let text = std::str::from_utf8(data).unwrap_or_default();
    let file = text.parse::<LeafProof>();
    if let Ok(proof) = &file {
        assert_eq!(proof.to_string(), text, "a file, written in another way");
        honest(proof);
        signed_all_the_same(proof);
    }
    let subject = SubjectProof::decode(data);
    if let Ok(subject) = &subject {
        assert_eq!(subject.encode(), data, "a proof, written in another way");
        for checkpoint in &world.checkpoints {
            let (_, real) = world.proofs.iter().find(|(_, proof)| proof.index + 1 == checkpoint.size).expect("one");
            let proof = LeafProof { extra: data.to_vec(), ..real.clone() };
            honest(&proof);
        }
        dishonest(subject);
    }
    file.is_ok() || subject.is_ok()
}

/// Under a checkpoint that the log has signed: only what the book has proven. Signatures of others may hang
/// on it, for nobody can know all witnesses.
fn honest(proof: &LeafProof) {
    let world = &*WORLD;
    let same = |real: &LeafProof| {
        (&real.extra, real.index, &real.hashes) == (&proof.extra, proof.index, &proof.hashes)
            && real.checkpoint.text == proof.checkpoint.text
            && real.checkpoint.signatures.iter().all(|signature| proof.checkpoint.signatures.contains(signature))
    };
    for tag in tags() {
        if SubjectProof::verify(proof, tag, &world.known).is_ok() {
            let real = world.proofs.iter().any(|(about, real)| *about == tag && same(real));
            assert!(real, "proven, and never so by the book: {tag:?}");
        }
    }
    let place = usize::try_from(proof.index).unwrap_or(usize::MAX);
    for (at, leaf) in [place, place.wrapping_add(1), 0].into_iter().filter_map(|at| Some((at, world.leaves.get(at)?))) {
        let proven = proof.verify(&leaf.encode(), &world.known);
        assert!(proven.is_err() || at == place, "leaf {at} is proven to stand at {place}");
    }
}

/// Under a checkpoint that a dishonest log signs, whatever it says: the verifier stands.
fn signed_all_the_same(proof: &LeafProof) {
    let world = &*WORLD;
    let text = proof.checkpoint.text.clone();
    let checkpoint = Note { signatures: vec![world.log.sign(&text, 0)], text };
    let proof = LeafProof { checkpoint, ..proof.clone() };
    for tag in tags() {
        let _ = SubjectProof::verify(&proof, tag, &world.known);
    }
}

/// A dishonest log makes its tree and its heads fit whatever it wants to say. What the verifier calls proven
/// then is at least about this person, in order, and stands in the last leaf.
fn dishonest(subject: &SubjectProof) {
    let world = &*WORLD;
    let Some(elsewhere) = forged(subject, Tag::NOBODY, 1) else { return };
    let proven = SubjectProof::verify(&elsewhere, Tag::NOBODY, &world.known);
    assert!(proven.is_err(), "its last leaf stands elsewhere");
    for tag in tags() {
        let Some(proof) = forged(subject, tag, 0) else { return };
        let Ok(proven) = SubjectProof::verify(&proof, tag, &world.known) else { continue };
        let places: Vec<u64> = proven.leaves.iter().map(|(leaf, _)| leaf.sequence).collect();
        assert!(places.is_sorted_by(|a, b| a < b) && places.last().is_none_or(|last| *last < proof.index), "no order");
        for ((leaf, deed), count) in proven.leaves.iter().zip(1..) {
            assert_eq!((deed.subject, deed.count), (tag, count), "of another, or not counted");
            assert_eq!(Leaf::decode(&leaf.encode()), Ok(*leaf), "not a leaf that can be written");
        }
        let there = match subject.head.end {
            End::Head(head) if head.tag == tag => true,
            End::Head(Head { tag: Tag(other), .. }) => {
                let alike = (u128::from_be_bytes(other) ^ u128::from_be_bytes(tag.0)).leading_zeros() as usize;
                assert!(alike >= subject.head.beside.len(), "somebody else's head that is not on the way");
                false
            }
            End::Nobody => false,
        };
        assert_eq!(there, !proven.leaves.is_empty(), "a head without leaves, or leaves without a head");
    }
}

/// The proof that a log would make to say this about `tag`; its last leaf stands `away` from where it says.
fn forged(subject: &SubjectProof, tag: Tag, away: u64) -> Option<LeafProof> {
    let Act::Heads { subjects, .. } = subject.last.act else { return None };
    let end = match &subject.head.end {
        End::Nobody => Hash::ZERO,
        End::Head(head) => head.hash(),
    };
    let right = |at: usize| tag.0.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1);
    let root = subject.head.beside.iter().enumerate().rev().fold(end, |hash, (at, beside)| {
        let (left, right) = if right(at) { (*beside, hash) } else { (hash, *beside) };
        Hash::of(&[&[3], &left.0, &right.0])
    });
    let last = Leaf { act: Act::Heads { root, subjects }, ..subject.last };
    // The last leaf has only whole trees beside its way, one for each 1 in its place.
    let index = last.sequence.checked_add(away)?;
    let hashes = vec![Hash([7; 32]); index.count_ones() as usize];
    let root = hashes.iter().fold(last.hash(), |hash, beside| node_hash(*beside, hash));
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size: index.checked_add(1)?, root };
    let extra = SubjectProof { last, ..subject.clone() }.encode();
    Some(LeafProof { extra, index, hashes, checkpoint: checkpoint.sign(&WORLD.log) })
}

/// What a log would say that made up leaves at these places, for a person so many steps from the root.
fn made_up(places: &[u64], steps: usize) -> Vec<u8> {
    let told = |leaf: &Leaf| if let Act::Deed(deed) = leaf.act { (deed.count == 1).then_some(deed) } else { None };
    let model = WORLD.leaves.iter().find_map(told).expect("a leaf about somebody");
    let (mut previous, mut previous_at) = (Hash::ZERO, 0);
    let mut leaves = Vec::new();
    for (count, sequence) in (1..).zip(places.iter().copied()) {
        let leaf = Leaf { sequence, time: 1, build: 1, act: Act::Deed(Deed { count, previous, previous_at, ..model }) };
        (previous, previous_at) = (leaf.hash(), sequence);
        leaves.push(leaf);
    }
    let count = u32::try_from(places.len()).expect("a few");
    let end = End::Head(Head { tag: model.subject, count, sequence: previous_at, leaf: previous });
    let last = Leaf { sequence: 20, time: 2, build: 1, act: Act::Heads { root: Hash::ZERO, subjects: 1 } };
    SubjectProof { last, head: HeadProof { beside: vec![Hash([8; 32]); steps], end }, leaves }.encode()
}

/// Every proof, bare and cosigned, and what stands in it; and lies: a plausible one, leaves out of order and
/// behind the last one, and a way that is longer than a tag.
pub fn seeds() -> Vec<Vec<u8>> {
    let world = &*WORLD;
    let cosigned = |proof: &LeafProof| {
        let note = world.notes.iter().rfind(|note| note.text == proof.checkpoint.text).expect("it was cosigned");
        LeafProof { checkpoint: note.clone(), ..proof.clone() }
    };
    let proofs = world.proofs.iter().map(|(_, proof)| proof);
    let files = proofs.clone().cloned().chain(proofs.clone().take(1).map(cosigned));
    let lies = [made_up(&[3, 5, 9], 2), made_up(&[5, 3, 9], 0), made_up(&[3, 5, 21], 0), made_up(&[3], 200)];
    files.map(|file| file.to_string().into_bytes()).chain(proofs.map(|proof| proof.extra.clone())).chain(lies).collect()
}
