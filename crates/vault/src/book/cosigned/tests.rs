use std::fs;

use noren_ledger::checkpoints::Checkpoints;
use noren_ledger::note::{KeyKind, SignerKey, parse_notes};
use noren_ledger::tree::verify_consistency;

use super::super::tests::{BEGAN, deed, key, open};
use super::super::{Book, export};
use super::*;

/// When the witnesses sign, by their clocks (seconds since 1970).
const NOW: u64 = BEGAN / 1_000;

fn witness(no: u8) -> SignerKey {
    SignerKey::new(&format!("w{no}.example/w"), KeyKind::Witness, &[no; 32]).unwrap()
}

fn witnesses() -> [VerifierKey; 2] {
    [1, 2].map(|no| witness(no).verifier().clone())
}

fn cosignatures(folder: &Path) -> Cosignatures {
    Cosignatures::open(folder, &key(), &witnesses()).unwrap()
}

/// The newest checkpoint of the book, with one leaf more, cosigned by these witnesses at this time.
fn cosigned(book: &Book, by: &[u8], time: u64) -> Note {
    book.append(deed()).unwrap();
    again(&book.checkpoint().unwrap().1, by, time)
}

fn again(note: &Note, by: &[u8], time: u64) -> Note {
    let mut note = Note { text: note.text.clone(), signatures: note.signatures[..1].to_vec() };
    note.signatures.extend(by.iter().map(|no| witness(*no).sign(&note.text, time)));
    note
}

fn keep(kept: &mut Cosignatures, book: &Book, note: &Note) -> Result<bool, CosignError> {
    kept.keep(note, book, BEGAN)
}

fn notes(folder: &Path) -> Vec<Note> {
    parse_notes(&fs::read_to_string(folder.join("checkpoints/2026-11.cosigned")).unwrap()).unwrap()
}

#[test]
fn what_a_witness_needs_is_proven_from_every_earlier_size() {
    let dir = tempfile::tempdir().unwrap();
    let book = open(dir.path()).unwrap();
    let mut roots = Vec::new();
    for _ in 0..300 {
        book.append(deed()).unwrap();
        if book.size().is_multiple_of(7) {
            roots.push(book.checkpoint().unwrap().0);
        }
    }
    let newest = book.checkpoint().unwrap().0;
    for old in &roots {
        let (note, proof) = book.consistency(old.size).unwrap();
        assert_eq!(note.text, newest.to_string());
        assert_eq!(verify_consistency(old.size, old.root, newest.size, newest.root, &proof), Ok(()), "{}", old.size);
    }
    for old in [0, newest.size, newest.size + 1, u64::MAX] {
        assert_eq!(book.consistency(old).unwrap().1, [], "{old}");
    }
}

#[test]
fn a_cosignature_is_kept_once_and_what_is_older_or_of_nobody_known_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let book = open(dir.path()).unwrap();
    let mut kept = cosignatures(dir.path());
    let first = cosigned(&book, &[1], NOW);
    assert!(keep(&mut kept, &book, &first).unwrap());
    assert!(!keep(&mut kept, &book, &first).unwrap(), "it is there already");
    assert!(!keep(&mut kept, &book, &again(&first, &[1], NOW + 60)).unwrap(), "and a minute later is no news");
    let mixed = cosigned(&book, &[1, 2, 9], NOW + 5);
    assert!(keep(&mut kept, &book, &mixed).unwrap());
    assert!(!keep(&mut kept, &book, &first).unwrap(), "a later one is there");
    assert!(matches!(keep(&mut kept, &book, &again(&first, &[9], NOW)), Err(CosignError::NoWitness)));
    assert!(matches!(keep(&mut kept, &book, &again(&first, &[], NOW)), Err(CosignError::NoWitness)));
    let newest: Vec<_> = kept.newest().map(|(_, newest)| newest.unwrap()).collect();
    let size = book.checkpoint().unwrap().0.size;
    assert_eq!(newest, [Newest { size, time: NOW + 5 }; 2]);
    let held = notes(dir.path());
    assert_eq!(held.iter().map(|note| note.signatures.len()).collect::<Vec<_>>(), [2, 3], "the stranger's is left out");
    let later = again(&mixed, &[2], NOW + 5 + AGAIN);
    assert!(kept.keep(&later, &book, BEGAN + 1_000 * AGAIN).unwrap(), "an hour later it is");
}

#[test]
fn what_this_ledger_has_not_signed_or_no_witness_can_have_seen_yet_is_refused() {
    let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (book, other) = (open(dir.path()).unwrap(), open(elsewhere.path()).unwrap());
    let mut kept = cosignatures(dir.path());
    let good = cosigned(&book, &[1], NOW);
    // The same key, another tree: what a thief of the key could make.
    other.append(deed()).unwrap();
    let forked = cosigned(&other, &[1], NOW);
    assert!(matches!(keep(&mut kept, &book, &forked), Err(CosignError::Book(_))));
    let stray = SignerKey::new("shop.example/reads", KeyKind::Log, &[9; 32]).unwrap();
    let unsigned =
        Note { signatures: vec![stray.sign(&good.text, 0), witness(1).sign(&good.text, NOW)], ..good.clone() };
    assert!(matches!(keep(&mut kept, &book, &unsigned), Err(CosignError::Turn(_))));
    let mut forged = good.clone();
    forged.signatures[1].bytes[9] ^= 1;
    assert!(matches!(keep(&mut kept, &book, &forged), Err(CosignError::NotOurs(_))));
    // It would be asked again for ever.
    for time in [NOW + AHEAD + 1, 0] {
        let never = again(&good, &[1], time);
        assert!(matches!(keep(&mut kept, &book, &never), Err(CosignError::Ahead { time: said, .. }) if said == time));
    }
    assert_eq!(fs::read_dir(dir.path().join("checkpoints")).unwrap().count(), 1, "nothing was written");
    assert!(keep(&mut kept, &book, &good).unwrap());
}

#[test]
fn what_was_kept_is_known_again_and_half_a_note_of_a_crash_is_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let book = open(dir.path()).unwrap();
    let mut kept = cosignatures(dir.path());
    assert!(keep(&mut kept, &book, &cosigned(&book, &[1], NOW)).unwrap());
    assert!(keep(&mut kept, &book, &cosigned(&book, &[2], NOW + 1)).unwrap());
    let newest: Vec<_> = kept.newest().map(|(_, newest)| newest).collect();
    let path = dir.path().join("checkpoints/2026-11.cosigned");
    let whole = fs::read(&path).unwrap();
    for cut in [b"shop.example/reads\n3\n".as_slice(), b"s", b"shop.example/reads\n3\nroot\n\n\xe2\x80\x94 sho"] {
        fs::write(&path, [&whole, cut].concat()).unwrap();
        let kept = cosignatures(dir.path());
        assert_eq!(kept.newest().map(|(_, newest)| newest).collect::<Vec<_>>(), newest);
    }
    let mut kept = cosignatures(dir.path());
    assert!(keep(&mut kept, &book, &cosigned(&book, &[1], NOW + 2)).unwrap());
    assert_eq!(notes(dir.path()).len(), 3);
    // In the next month there is a new file, and a clock that is set back goes on in it.
    let later = cosigned(&book, &[1], NOW + 60);
    assert!(kept.keep(&later, &book, BEGAN + 120_000).unwrap());
    assert!(keep(&mut kept, &book, &cosigned(&book, &[1], NOW + 61)).unwrap());
    let december = fs::read_to_string(dir.path().join("checkpoints/2026-12.cosigned")).unwrap();
    assert_eq!((notes(dir.path()).len(), parse_notes(&december).unwrap().len()), (3, 2));
    fs::write(&path, "no notes\n\nat all\n\n").unwrap();
    fs::remove_file(dir.path().join("checkpoints/2026-12.cosigned")).unwrap();
    assert!(matches!(Cosignatures::open(dir.path(), &key(), &witnesses()), Err(BookError::Checkpoint(_))));
}

#[test]
fn an_export_carries_what_was_cosigned_and_an_auditor_counts_it() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let book = open(dir.path()).unwrap();
    let mut kept = cosignatures(dir.path());
    for round in 0..3 {
        keep(&mut kept, &book, &cosigned(&book, &[1], NOW + round)).unwrap();
    }
    book.append(deed()).unwrap();
    let newest = book.checkpoint().unwrap().0;
    export(dir.path(), out.path()).unwrap();
    let [log] = key();
    let mut checkpoints = Checkpoints::new(log, &[], &witnesses()).unwrap();
    for name in ["2026-11.notes", "2026-11.cosigned"] {
        let text = fs::read_to_string(out.path().join("checkpoints").join(name)).unwrap();
        parse_notes(&text).unwrap().iter().for_each(|note| checkpoints.add(note).unwrap());
    }
    assert_eq!(checkpoints.newest(), newest.size, "the checkpoint alone is the newest one");
    let counted: Vec<usize> = checkpoints.witnesses().map(|(_, sizes)| sizes.len()).collect();
    assert_eq!(counted, [3, 0]);
    // The vault reads its own checkpoints as before.
    drop(book);
    assert_eq!(open(dir.path()).unwrap().newest().unwrap().0, newest);
}

#[test]
fn what_a_retired_key_has_signed_is_not_kept_and_its_signature_beside_the_right_one_neither() {
    let dir = tempfile::tempdir().unwrap();
    let book = open(dir.path()).unwrap();
    let mut kept = cosignatures(dir.path());
    let before = cosigned(&book, &[1], NOW);
    let new = || SignerKey::new("shop.example/reads", KeyKind::Log, &[6; 32]).unwrap();
    book.announce(new()).unwrap();
    let after = cosigned(&book, &[1], NOW + 1);
    assert_eq!(after.signatures[0].key, new().verifier().id());
    let [old] = [5].map(|seed| SignerKey::new("shop.example/reads", KeyKind::Log, &[seed; 32]).unwrap());
    // The true root, signed by whoever stole the old key, and cosigned.
    let stolen = Note { signatures: vec![old.sign(&after.text, 0), after.signatures[1].clone()], ..after.clone() };
    assert!(matches!(keep(&mut kept, &book, &stolen), Err(CosignError::Turn(_))));
    assert!(keep(&mut kept, &book, &before).unwrap(), "it was the old one's turn there");
    let mut both = after.clone();
    both.signatures.insert(0, old.sign(&after.text, 0));
    assert!(keep(&mut kept, &book, &both).unwrap());
    assert_eq!(notes(dir.path()), [before, after]);
}

#[test]
fn a_witness_is_known_again_from_an_earlier_month_and_no_more_is_read_than_is_wanted() {
    let dir = tempfile::tempdir().unwrap();
    let book = open(dir.path()).unwrap();
    let mut kept = cosignatures(dir.path());
    let at = |month: &str| dir.path().join("checkpoints").join(format!("{month}.cosigned"));
    assert!(keep(&mut kept, &book, &cosigned(&book, &[2], NOW)).unwrap());
    let second = fs::read(at("2026-11")).unwrap();
    fs::remove_file(at("2026-11")).unwrap();
    let mut kept = cosignatures(dir.path());
    assert!(keep(&mut kept, &book, &cosigned(&book, &[1], NOW + 1)).unwrap());
    let first = fs::read(at("2026-11")).unwrap();
    let newest = [Newest { size: 4, time: NOW + 1 }, Newest { size: 2, time: NOW }].map(Some);
    let known = || Cosignatures::open(dir.path(), &key(), &witnesses()).map(|kept| kept.newest);
    // The first one fills more than two parts, in which nothing stands of the second.
    let many = first.repeat(usize::try_from(5 * PART / 2).unwrap() / first.len());
    fs::write(at("2026-11"), [second.as_slice(), &many].concat()).unwrap();
    assert_eq!(known().unwrap(), newest);
    fs::write(at("2026-09"), [b"no notes\n\n".as_slice(), &second.repeat(9_000)].concat()).unwrap();
    fs::write(at("2026-11"), [b"no notes\n\n".as_slice(), &many].concat()).unwrap();
    assert!(matches!(known(), Err(BookError::Checkpoint(_))), "on the way to the second");
    fs::write(at("2026-11"), &first).unwrap();
    assert_eq!(known().unwrap(), newest, "whoever has cosigned in an earlier month, and not in this one");
    // What is written next comes behind the newest month's.
    fs::write(at("2026-11"), [first.as_slice(), b"shop.ex"].concat()).unwrap();
    let mut kept = cosignatures(dir.path());
    assert!(keep(&mut kept, &book, &cosigned(&book, &[1], NOW + 2)).unwrap());
    assert_eq!(notes(dir.path()).len(), 2);
}
