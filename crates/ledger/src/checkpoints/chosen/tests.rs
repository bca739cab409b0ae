//! One checkpoint of a log whose key was replaced twice, with everything that can be wrong around it.

use std::collections::HashMap;

use super::*;
use crate::audit::Auditor;
use crate::leaf::tests::{deed, nobody};
use crate::note::{KeyKind, NoteError, SignerKey};

const LOG: &str = "shop.example/reads";

fn key(seed: u8) -> SignerKey {
    SignerKey::new(LOG, KeyKind::Log, &[seed; 32]).unwrap()
}

fn witness(name: &str) -> SignerKey {
    SignerKey::new(name, KeyKind::Witness, &[9; 32]).unwrap()
}

#[derive(Default)]
struct Log {
    auditor: Auditor,
    leaves: Vec<Leaf>,
    nodes: HashMap<(u8, u64), Hash>,
    notes: Vec<Note>,
}

impl Log {
    fn write(&mut self, act: Act) {
        let leaf = Leaf { sequence: self.auditor.size(), time: 9, build: 0, act };
        let nodes = &mut self.nodes;
        let keep = |level, index, hash| {
            nodes.insert((level, index), hash);
        };
        self.auditor.take(&leaf.encode(), keep).unwrap();
        self.leaves.push(leaf);
    }

    fn acts(&mut self, count: usize) {
        (0..count).for_each(|_| self.write(Act::Deed(nobody(deed()))));
    }

    fn sign(&mut self, signer: &SignerKey) {
        let heads = self.auditor.heads();
        self.write(heads);
        let (size, root) = (self.auditor.size(), self.auditor.root());
        self.notes.push(Checkpoint { origin: LOG.into(), size, root }.sign(signer));
    }

    /// Checkpoints of 4, 6 and 11 leaves by the first key, of 17 and 19 by the second, of 23 by the third.
    fn rotated() -> Self {
        let mut log = Self::default();
        log.acts(3);
        log.sign(&key(1));
        log.acts(1);
        log.sign(&key(1));
        log.acts(3);
        log.write(Act::Key { hash: key(2).verifier().hash() });
        log.sign(&key(1));
        log.acts(5);
        log.sign(&key(2));
        log.write(Act::Key { hash: key(3).verifier().hash() });
        log.sign(&key(2));
        log.acts(3);
        log.sign(&key(3));
        log
    }

    /// What a reader says of these notes, who has these keys.
    fn said(&self, notes: &[Note], keys: &[u8], size: Option<u64>) -> Result<u64, NotChosen> {
        let keys: Vec<_> = keys.iter().map(|seed| key(*seed).verifier().clone()).collect();
        let mut checkpoints = Checkpoints::new(keys[0].clone(), &keys[1..], &[]).unwrap();
        let notes: Vec<Unread> = notes.iter().map(|note| note.clone().try_into().unwrap()).collect();
        let chosen = checkpoints.choose(&notes, size)?;
        let leaf = |sequence| Ok::<_, NotChosen>(self.leaves[usize::try_from(sequence).unwrap()]);
        let node = |level, index| Ok::<_, NotChosen>(self.nodes[&(level, index)]);
        checkpoints.vouch(&chosen, &notes, leaf, node)?;
        Ok(chosen.size)
    }

    fn without(&self, size: u64) -> Vec<Note> {
        let other = |note: &&Note| note.text.parse::<Checkpoint>().unwrap().size != size;
        self.notes.iter().filter(other).cloned().collect()
    }
}

#[test]
fn the_newest_is_believed_if_each_key_vouches_for_the_next() {
    let log = Log::rotated();
    assert_eq!(log.said(&log.notes, &[1, 2, 3], None), Ok(23));
    assert_eq!(log.said(&log.notes, &[1, 3, 2], None), Ok(23), "in whatever order the later ones are given");
    for (size, keys) in [(4, &[1][..]), (6, &[1]), (11, &[1, 2]), (17, &[1, 2]), (19, &[1, 2, 3]), (23, &[1, 2, 3])] {
        assert_eq!(log.said(&log.notes, keys, Some(size)), Ok(size));
    }
    assert_eq!(log.said(&log.notes, &[1], Some(5)), Err(NotChosen::Size(5)));
    let by = |seed| words(&label(key(seed).verifier()));
    assert_eq!(log.said(&log.without(11), &[1, 2], Some(17)), Err(NotChosen::Unvouched { size: 17, by: by(2) }));
    assert_eq!(log.said(&log.without(19), &[1, 2, 3], None), Err(NotChosen::Unvouched { size: 23, by: by(3) }));
    assert_eq!(log.said(&log.notes[4..], &[1, 2, 3], None), Err(NotChosen::Unvouched { size: 19, by: by(2) }));
    let began_otherwise = log.said(&log.notes, &[2, 3], None);
    assert_eq!(began_otherwise, Err(Wrong::Unsigned(11).into()), "the log began with another key");
}

#[test]
fn a_key_that_is_missing_is_asked_for() {
    let log = Log::rotated();
    assert_eq!(log.said(&log.notes, &[1], None), Err(NotChosen::NotGiven(23)));
    assert_eq!(log.said(&log.notes, &[1, 2], None), Err(NotChosen::NotGiven(23)));
    assert_eq!(log.said(&log.notes, &[1, 3], None), Err(NotChosen::NotGiven(23)), "one in between");
    assert!(NotChosen::NotGiven(23).unknown() && !NotChosen::Unvouched { size: 1, by: String::new() }.unknown());
}

#[test]
fn whoever_has_stolen_a_key_cannot_sign_when_it_is_not_its_turn() {
    let log = Log::rotated();
    let newest: Checkpoint = log.notes[5].text.parse().unwrap();
    // The old key goes on, where the new one has signed already.
    let mut notes = log.without(23);
    notes.push(newest.sign(&key(1)));
    let by = words(&label(key(2).verifier()));
    assert_eq!(log.said(&notes, &[1, 2, 3], None), Err(Wrong::OutOfTurn { size: 19, by: by.clone() }.into()));
    // The new key alone writes anew what was before it.
    let mut forged = Log::default();
    forged.acts(9);
    forged.write(Act::Key { hash: key(2).verifier().hash() });
    forged.sign(&key(2));
    forged.acts(2);
    forged.sign(&key(2));
    assert_eq!(forged.said(&forged.notes, &[1, 2], None), Err(NotChosen::Unvouched { size: 14, by: by.clone() }));
    // And shows what the old key has signed of the true one.
    let notes = [&log.notes[..3], &forged.notes[1..]].concat();
    assert!(matches!(forged.said(&notes, &[1, 2], None), Err(NotChosen::Unvouched { .. } | NotChosen::Wrong(_))));
    let strange = log.said(&[newest.sign(&key(4))], &[1], None);
    assert_eq!(strange, Err(NotChosen::NotGiven(23)), "perhaps a later one");
    let mut wrong = newest.sign(&key(1));
    wrong.text = wrong.text.replace("23", "22");
    let reason = CheckpointError::Note(NoteError::Forged);
    assert_eq!(log.said(&[wrong], &[1], None), Err(NotChosen::Note { size: 22, reason }));
    let fork = Checkpoint { root: Hash([7; 32]), ..newest.clone() };
    let forked = [newest.sign(&key(1)), fork.sign(&key(1))];
    assert_eq!(log.said(&forked, &[1], None), Err(Wrong::Forked(23).into()));
}

#[test]
fn the_newest_that_all_witnesses_have_cosigned_is_chosen() {
    let log = Log::rotated();
    let (w, v) = (witness("w.example/w"), witness("v.example/v"));
    let chosen = |notes: &[Note], witnesses: &[&SignerKey], size| {
        let witnesses: Vec<_> = witnesses.iter().map(|witness| witness.verifier().clone()).collect();
        let mut checkpoints = Checkpoints::new(key(1).verifier().clone(), &[], &witnesses).unwrap();
        let notes: Vec<Unread> = notes.iter().map(|note| note.clone().try_into().unwrap()).collect();
        checkpoints.choose(&notes, size).map(|chosen| chosen.size)
    };
    let cosigned = |at: usize, by: &SignerKey| {
        let mut note = log.notes[at].clone();
        note.signatures.push(by.sign(&note.text, 5));
        note
    };
    // Of the newest there is no cosignature yet; those of one checkpoint stand in two notes.
    let notes = [cosigned(0, &w), cosigned(1, &v), cosigned(1, &w), log.notes[2].clone()];
    assert_eq!(chosen(&notes, &[], None), Ok(11));
    assert_eq!(chosen(&notes, &[&w], None), Ok(6));
    assert_eq!(chosen(&notes, &[&w, &v], None), Ok(6));
    assert_eq!(chosen(&notes, &[&w], Some(4)), Ok(4));
    let lacks = |witness: &SignerKey| Err(NotChosen::Uncosigned(words(&label(witness.verifier()))));
    assert_eq!(chosen(&notes, &[&w, &v], Some(4)), lacks(&v));
    assert_eq!(chosen(&notes, &[&v], Some(11)), lacks(&v));
    let mut forged = cosigned(1, &w);
    forged.signatures[1].bytes[20] ^= 1;
    let reason = CheckpointError::Note(NoteError::Forged);
    assert_eq!(chosen(&[forged], &[&w], None), Err(NotChosen::Note { size: 6, reason }));
}
