//! Proofs of all that was ever written about a person.

use noren_ledger::leaf::Leaf;
use noren_ledger::note::Note;
use noren_ledger::proof::{LeafProof, SubjectProof};

use crate::world::{WORLD, tags};

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
        dishonest(proof);
    }
    let subject = SubjectProof::decode(data);
    if let Ok(subject) = &subject {
        assert_eq!(subject.encode(), data, "a proof, written in another way");
        for checkpoint in &world.checkpoints {
            let (_, real) = world.proofs.iter().find(|(_, proof)| proof.index + 1 == checkpoint.size).expect("one");
            let proof = LeafProof { extra: data.to_vec(), ..real.clone() };
            honest(&proof);
            dishonest(&proof);
        }
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

/// Under a checkpoint that a dishonest log signs, whatever it says: the verifier stands, and what it calls
/// proven is at least about this person, whole and in order.
fn dishonest(proof: &LeafProof) {
    let world = &*WORLD;
    let text = proof.checkpoint.text.clone();
    let checkpoint = Note { signatures: vec![world.log.sign(&text, 0)], text };
    let proof = LeafProof { checkpoint, ..proof.clone() };
    for tag in tags() {
        let Ok(proven) = SubjectProof::verify(&proof, tag, &world.known) else { continue };
        let places: Vec<u64> = proven.leaves.iter().map(|(leaf, _)| leaf.sequence).collect();
        assert!(places.is_sorted_by(|a, b| a < b) && places.last().is_none_or(|last| *last < proof.index), "no order");
        for ((leaf, deed), count) in proven.leaves.iter().zip(1..) {
            assert_eq!((deed.subject, deed.count), (tag, count), "of another, or not counted");
            assert_eq!(Leaf::decode(&leaf.encode()), Ok(*leaf), "not a leaf that can be written");
        }
    }
}

/// Every proof, bare and cosigned, and what stands in it.
pub fn seeds() -> Vec<Vec<u8>> {
    let world = &*WORLD;
    let cosigned = |proof: &LeafProof| {
        let note = world.notes.iter().rfind(|note| note.text == proof.checkpoint.text).expect("it was cosigned");
        LeafProof { checkpoint: note.clone(), ..proof.clone() }
    };
    let proofs = world.proofs.iter().map(|(_, proof)| proof);
    let files = proofs.clone().cloned().chain(proofs.clone().take(1).map(cosigned));
    files.map(|file| file.to_string().into_bytes()).chain(proofs.map(|proof| proof.extra.clone())).collect()
}
