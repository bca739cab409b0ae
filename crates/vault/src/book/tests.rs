use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use noren_ledger::audit::{AuditFault, Fault};
use noren_ledger::leaf::{Actor, Field, Fields, Kind, LEN, Outcome, Purpose, Route};
use noren_ledger::note::{KeyKind, VerifierKey};

use noren_ledger::tile::{Tile, bundle_path, bundles_added};

use super::*;

/// 30 November 2026, a minute before midnight (UTC).
pub const BEGAN: u64 = 1_796_083_140_000;

fn signer() -> SignerKey {
    SignerKey::new("shop.example/reads", KeyKind::Log, &[5; 32]).unwrap()
}

pub fn key() -> [VerifierKey; 1] {
    [signer().verifier().clone()]
}

/// A clock that stands still until it is set.
fn clock() -> (Arc<AtomicU64>, Now) {
    let clock = Arc::new(AtomicU64::new(BEGAN));
    let read = clock.clone();
    (clock, Box::new(move || read.load(Ordering::SeqCst)))
}

fn open_as(folder: &Path, keys: impl Into<LogKeys>, now: Now) -> Result<Book, BookError> {
    Book::open(folder, &folder.with_extension("anchor"), keys.into(), 7, now, None, |_| {})
}

pub fn open(folder: &Path) -> Result<Book, BookError> {
    open_as(folder, signer(), clock().1)
}

/// A mail to somebody, which is strict.
pub fn deed() -> Deed {
    Deed {
        kind: Kind::Open,
        purpose: Some(Purpose::Mail),
        outcome: Outcome::Granted,
        detail: None,
        fields: Fields::of(&[Field::Email]),
        actor: Actor::Shop,
        subject: Tag([1; 16]),
        count: 0,
        previous: Hash::ZERO,
        previous_at: 0,
        reference: [1; 16],
        actor_id: [0; 16],
        request: [3; 8],
        route: Route::new("outbox/mail"),
    }
}

fn entry(subject: u8, class: Class) -> Deed {
    let deed = Deed { subject: Tag([subject; 16]), ..deed() };
    match class {
        Class::Strict => deed,
        Class::Relaxed => Deed {
            purpose: Some(Purpose::SelfView),
            actor: Actor::Customer,
            reference: [0; 16],
            route: Route::new("account"),
            ..deed
        },
    }
}

fn refusal(opened: Result<Book, BookError>) -> BookError {
    opened.err().expect("the ledger does not open")
}

#[test]
fn a_strict_leaf_is_in_the_file_before_the_answer_and_the_book_opens_again_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let book = open(dir.path()).unwrap();
    assert_eq!(book.append(entry(1, Class::Strict)).unwrap().sequence(), 0);
    assert_eq!(fs::read(dir.path().join("2026-11.leaves")).unwrap().len(), LEN);
    assert_eq!(book.append(entry(2, Class::Relaxed)).unwrap().sequence(), 1);
    assert_eq!(book.append(entry(1, Class::Strict)).unwrap().sequence(), 2);
    drop(book);
    let book = open(dir.path()).unwrap();
    assert_eq!(book.size(), 4, "three reads, and the heads under the last checkpoint");
    assert_eq!(book.checkpoint().unwrap().0.size, 4, "nothing new, nothing to sign");
    let proof = book.prove(Tag([1; 16])).unwrap();
    let key = key();
    let proven = SubjectProof::verify(&proof, Tag([1; 16]), &key).unwrap();
    assert_eq!(proven.leaves.iter().map(|(leaf, _)| leaf.sequence).collect::<Vec<_>>(), [0, 2]);
    let nobody = book.prove(Tag([9; 16])).unwrap();
    assert!(SubjectProof::verify(&nobody, Tag([9; 16]), &key).unwrap().leaves.is_empty(), "never read, and proven");
}

#[test]
fn many_who_write_at_once_leave_one_ledger_without_gap() {
    let dir = tempfile::tempdir().unwrap();
    let book = open(dir.path()).unwrap();
    let places: Vec<u64> = std::thread::scope(|scope| {
        let writers: Vec<_> = (1..=8u8)
            .map(|subject| {
                let book = &book;
                scope.spawn(move || {
                    (0..300)
                        .map(|no| {
                            let class = if no % 3 == 0 { Class::Strict } else { Class::Relaxed };
                            book.append(entry(subject % 5 + 1, class)).unwrap().sequence()
                        })
                        .collect::<Vec<u64>>()
                })
            })
            .collect();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    assert_eq!(places.iter().collect::<BTreeSet<_>>().len(), 2_400, "each has a place of its own");
    let heads = book.size() - 2_400;
    assert!((2..=20).contains(&heads), "a checkpoint for every thousand leaves, not for each: {heads}");
    drop(book);
    let book = open(dir.path()).unwrap();
    for subject in 1..=5 {
        let proof = book.prove(Tag([subject; 16])).unwrap();
        let leaves = SubjectProof::verify(&proof, Tag([subject; 16]), &key()).unwrap().leaves.len();
        assert_eq!(leaves, if subject <= 4 { 600 - 300 * usize::from(subject == 1) } else { 300 });
    }
}

#[test]
fn an_export_is_the_ledger_as_a_third_party_reads_it() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let book = open(dir.path()).unwrap();
    for no in 0..600u32 {
        book.append(entry(u8::try_from(no % 7).unwrap() + 1, Class::Relaxed)).unwrap();
        if no % 250 == 249 {
            book.checkpoint().unwrap();
        }
    }
    let checkpoint = book.checkpoint().unwrap().0;
    assert_eq!(export(dir.path(), out.path()).unwrap(), checkpoint);
    let notes = fs::read_to_string(out.path().join("checkpoints/2026-11.notes")).unwrap();
    let checkpoints: Vec<Checkpoint> = noren_ledger::note::parse_notes(&notes)
        .unwrap()
        .iter()
        .map(|note| Checkpoint::open(note, &key()).unwrap().0)
        .collect();
    let (mut auditor, mut checked) = (Auditor::default(), 0);
    for (index, width) in bundles_added(0, checkpoint.size) {
        let bytes = fs::read(out.path().join(bundle_path(index, width))).unwrap();
        for leaf in noren_ledger::tile::unbundle(&bytes, width).unwrap() {
            auditor.take(leaf, |_, _, _| {}).unwrap();
            for checkpoint in checkpoints.iter().filter(|checkpoint| checkpoint.size == auditor.size()) {
                auditor.check(checkpoint).unwrap();
                checked += 1;
            }
        }
    }
    assert_eq!((auditor.size(), checked), (checkpoint.size, 3));
    assert_eq!(export(dir.path(), out.path()).unwrap(), checkpoint, "brought up to date");
    let other = tempfile::tempdir().unwrap();
    let book = open(other.path()).unwrap();
    book.append(entry(9, Class::Strict)).unwrap();
    book.checkpoint().unwrap();
    assert!(
        matches!(export(other.path(), out.path()), Err(BookError::OtherExport(_))),
        "another ledger spoils nothing"
    );
    for tile in Tile::added(0, checkpoint.size) {
        assert_eq!(fs::read(out.path().join(tile.path())).unwrap().len(), 32 * usize::from(tile.width));
    }
}

/// Cloudflare's implementation of signed-note, tlog-checkpoint and tlog-tiles, which knows nothing of ours, on the files
/// of an export: the tree over its tiles, and each leaf of its bundles in it.
#[test]
fn another_implementation_verifies_an_export() {
    use signed_note::{StandardVerifier, VerifierList};
    use tlog_tiles::tile::TileHashReader;
    use tlog_tiles::tlog;

    struct Files<'a>(&'a Path);
    impl tlog_tiles::tile::TileReader for Files<'_> {
        fn height(&self) -> u8 {
            8
        }
        fn read_tiles(&self, tiles: &[tlog_tiles::tile::Tile]) -> Result<Vec<Vec<u8>>, tlog::Error> {
            // Where every tile is of this height, the specification leaves it out of the path.
            let read = |tile: &tlog_tiles::tile::Tile| fs::read(self.0.join(tile.path().replace("tile/8/", "tile/")));
            Ok(tiles.iter().map(|tile| read(tile).expect("each tile is there")).collect())
        }
        fn save_tiles(&self, _: &[tlog_tiles::tile::Tile], _: &[Vec<u8>]) {}
    }

    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let book = open(dir.path()).unwrap();
    for no in 0..600u32 {
        book.append(entry(u8::try_from(no % 7).unwrap() + 1, Class::Relaxed)).unwrap();
    }
    book.checkpoint().unwrap();
    export(dir.path(), out.path()).unwrap();

    let note = signed_note::Note::from_bytes(&fs::read(out.path().join("checkpoint")).unwrap()).unwrap();
    let verifier = StandardVerifier::new(&key()[0].to_string()).unwrap();
    note.verify(&VerifierList::new(vec![Box::new(verifier)])).expect("the vault has signed it");
    let checkpoint = tlog_tiles::checkpoint::Checkpoint::from_bytes(note.text()).unwrap();
    let (size, root) = (checkpoint.size(), *checkpoint.hash());
    assert_eq!((checkpoint.origin(), size), ("shop.example/reads", book.size()));
    let files = Files(out.path());
    let tree = TileHashReader::new(size, root, &files);
    let is_in = |index, leaf: &[u8]| {
        let proof = tlog::prove_record(size, index, &tree)?;
        tlog::check_record(&proof, size, root, index, tlog::record_hash(leaf))
    };
    let (mut index, mut first) = (0, Vec::new());
    for (bundle, width) in bundles_added(0, size) {
        let bytes = fs::read(out.path().join(bundle_path(bundle, width))).unwrap();
        let mut rest = bytes.as_slice();
        // As the specification of tlog-tiles has it: two bytes of length, and the entry.
        while let Some((length, more)) = rest.split_first_chunk::<2>() {
            let (leaf, more) = more.split_at(usize::from(u16::from_be_bytes(*length)));
            is_in(index, leaf).unwrap();
            if index == 0 {
                first = leaf.to_vec();
            }
            (rest, index) = (more, index + 1);
        }
    }
    assert_eq!(index, size, "every leaf was proven");

    // And it is these files that it reads.
    let mut changed = first.clone();
    changed[40] ^= 1;
    assert!(is_in(0, &first).is_ok() && is_in(0, &changed).is_err());
    let tile = out.path().join("tile/0/000");
    let mut bytes = fs::read(&tile).unwrap();
    bytes[40] ^= 1;
    fs::write(&tile, bytes).unwrap();
    assert!(is_in(0, &first).is_err(), "a tile that was changed is noticed");
}

#[test]
fn what_a_crash_left_half_written_is_cut_off_and_what_was_cut_off_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let book = open(dir.path()).unwrap();
    for _ in 0..5 {
        book.append(entry(1, Class::Strict)).unwrap();
    }
    drop(book);
    let leaves = dir.path().join("2026-11.leaves");
    let whole = fs::read(&leaves).unwrap();
    fs::write(&leaves, [whole.as_slice(), &[1; 50]].concat()).unwrap();
    let book = open(dir.path()).unwrap();
    assert_eq!(book.size(), 6);
    assert!(book.cut());
    drop(book);
    // The file was made longer, and the power went before it was filled.
    fs::write(&leaves, [whole.as_slice(), &[0; 3 * LEN + 7]].concat()).unwrap();
    let book = open(dir.path()).unwrap();
    assert_eq!((book.size(), book.cut()), (6, true));
    drop(book);
    let book = open(dir.path()).unwrap();
    assert!(book.cut(), "and for as long as nobody has written it down");
    book.told_of_cut().unwrap();
    drop(book);
    assert!(!open(dir.path()).unwrap().cut());
    fs::write(&leaves, [&whole[..5 * LEN], &[0; LEN]].concat()).unwrap();
    assert!(matches!(refusal(open(dir.path())), BookError::Short { held: 5, signed: 6 }), "zeros over what was signed");
    fs::write(&leaves, &whole[..4 * LEN]).unwrap();
    assert!(matches!(refusal(open(dir.path())), BookError::Short { held: 4, signed: 6 }));
    let mut flipped = whole.clone();
    flipped[2 * LEN + 30] ^= 1;
    fs::write(&leaves, &flipped).unwrap();
    let refused = refusal(open(dir.path()));
    assert!(matches!(&refused, BookError::Broken(AuditFault { sequence: 2, fault: Fault::Count { .. } })), "{refused}");
    // Made anew from its first leaf on, it holds together; only the checkpoint knows better.
    let other = tempfile::tempdir().unwrap();
    let forged = open(other.path()).unwrap();
    for _ in 0..5 {
        forged.append(entry(2, Class::Strict)).unwrap();
    }
    drop(forged);
    fs::copy(other.path().join("2026-11.leaves"), &leaves).unwrap();
    let refused = refusal(open(dir.path()));
    assert!(matches!(&refused, BookError::Broken(AuditFault { sequence: 6, fault: Fault::Root })), "{refused}");
}

#[test]
fn a_ledger_belongs_to_one_vault_and_to_one_key() {
    let dir = tempfile::tempdir().unwrap();
    let book = open(dir.path()).unwrap();
    book.append(entry(1, Class::Strict)).unwrap();
    assert!(matches!(refusal(open(dir.path())), BookError::Io { .. }), "a second vault");
    drop(book);
    let other = SignerKey::new("shop.example/reads", KeyKind::Log, &[6; 32]).unwrap();
    assert!(matches!(refusal(open_as(dir.path(), other, clock().1)), BookError::Checkpoint(_)));
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(dir.path().join("2026-11.leaves")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_month_has_a_file_of_its_own_and_a_clock_that_is_set_back_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (time, now) = clock();
    let book = open_as(dir.path(), signer(), now).unwrap();
    book.append(entry(1, Class::Strict)).unwrap();
    time.fetch_add(120_000, Ordering::SeqCst);
    book.append(entry(1, Class::Strict)).unwrap();
    time.fetch_sub(100_000, Ordering::SeqCst);
    book.append(entry(1, Class::Strict)).unwrap();
    drop(book);
    let length = |name: &str| fs::read(dir.path().join(name)).unwrap().len() / LEN;
    assert_eq!(length("2026-11.leaves"), 1);
    assert!(length("2026-12.leaves") >= 3, "two reads, and heads under each checkpoint");
    let book = open(dir.path()).unwrap();
    let proof = book.prove(Tag([1; 16])).unwrap();
    let key = key();
    let proven = SubjectProof::verify(&proof, Tag([1; 16]), &key).unwrap();
    let times: Vec<u64> = proven.leaves.iter().map(|(leaf, _)| leaf.time - BEGAN).collect();
    assert_eq!(times, [0, 120_000, 120_000]);
}

#[test]
fn a_book_that_cannot_be_written_answers_for_nothing_more() {
    let dir = tempfile::tempdir().unwrap();
    let (time, now) = clock();
    let book = open_as(dir.path(), signer(), now).unwrap();
    book.append(entry(1, Class::Strict)).unwrap();
    // The next month needs a file, and the folder is gone.
    fs::remove_dir_all(dir.path()).unwrap();
    time.fetch_add(120_000, Ordering::SeqCst);
    for class in [Class::Relaxed, Class::Strict] {
        assert!(matches!(book.append(entry(1, class)), Err(BookError::Io { .. } | BookError::Stopped(_))));
    }
    assert!(matches!(book.append(entry(1, Class::Relaxed)), Err(BookError::Stopped(_))), "and says so from then on");
    assert!(book.prove(Tag([1; 16])).is_err() && book.checkpoint().is_err());
}

#[test]
fn a_file_that_is_removed_or_exchanged_while_it_is_written_to_is_noticed_at_the_next_checkpoint() {
    for exchange in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let book = open(dir.path()).unwrap();
        book.append(entry(1, Class::Strict)).unwrap();
        book.checkpoint().unwrap();
        let path = dir.path().join("2026-11.leaves");
        let copy = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        if exchange {
            fs::write(&path, copy).unwrap();
        }
        book.append(entry(1, Class::Strict)).unwrap();
        assert!(matches!(book.checkpoint(), Err(BookError::Exchanged(_))));
        assert!(matches!(book.append(entry(1, Class::Strict)), Err(BookError::Stopped(_))));
        drop(book);
        if exchange {
            assert!(open(dir.path()).unwrap().cut(), "what was answered for since is lost, and the next start says so");
        }
    }
}

#[test]
fn a_vault_that_has_nothing_to_write_goes_on_signing() {
    let dir = tempfile::tempdir().unwrap();
    let (time, now) = clock();
    let book = open_as(dir.path(), signer(), now).unwrap();
    let beat = || writer::beat(&mut book.shared.state(), &book.shared).unwrap();
    beat();
    assert_eq!(book.size(), 0, "there is nothing to be signed");
    book.append(entry(1, Class::Strict)).unwrap();
    let (first, _) = book.checkpoint().unwrap();
    time.fetch_add(12 * 60 * 60 * 1_000 - 1, Ordering::SeqCst);
    beat();
    assert_eq!(book.size(), first.size);
    time.fetch_add(1, Ordering::SeqCst);
    beat();
    beat();
    assert_eq!(book.size(), first.size + 1, "once");
    let (second, _) = book.checkpoint().unwrap();
    assert_eq!(second.size, first.size + 1, "heads under it are enough");
    drop(book);
    let at = time.load(Ordering::SeqCst);
    assert_eq!(open_as(dir.path(), signer(), Box::new(move || at)).unwrap().size(), second.size, "and it opens again");
}

/// The keys of a log whose first one is `signer()`: those with which checkpoints are verified only, and those that sign.
fn keys(retired: &[u8], signers: &[u8]) -> LogKeys {
    let signer = |seed: &u8| SignerKey::new("shop.example/reads", KeyKind::Log, &[*seed; 32]).unwrap();
    LogKeys {
        retired: retired.iter().map(|seed| signer(seed).verifier().clone()).collect(),
        signers: signers.iter().map(signer).collect(),
    }
}

/// Reads what is in the folder of a ledger as an auditor does who was given the keys; gives how many checkpoints there are.
fn audited(folder: &Path, given: &[u8]) -> Result<usize, noren_ledger::checkpoints::Wrong> {
    let keys = keys(given, &[]).retired;
    let mut checkpoints = noren_ledger::checkpoints::Checkpoints::new(keys[0].clone(), &keys[1..], &[]).unwrap();
    let notes = fs::read_to_string(folder.join("checkpoints/2026-11.notes")).unwrap();
    for note in noren_ledger::note::parse_notes(&notes).unwrap() {
        checkpoints.add(&note)?;
    }
    let mut auditor = Auditor::default();
    for leaf in fs::read(folder.join("2026-11.leaves")).unwrap().chunks(LEN) {
        auditor.take(leaf, |_, _, _| {})?;
        checkpoints.judge(&auditor)?;
    }
    assert_eq!(checkpoints.newest(), auditor.size());
    Ok(checkpoints.count())
}

#[test]
fn a_new_key_signs_once_the_old_one_has_vouched_for_it_and_the_ledger_opens_with_it_alone() {
    let dir = tempfile::tempdir().unwrap();
    let book = open(dir.path()).unwrap();
    for next in [6, 7] {
        book.append(entry(1, Class::Strict)).unwrap();
        book.announce(keys(&[], &[next]).signers.remove(0)).unwrap();
        book.append(entry(1, Class::Strict)).unwrap();
        book.checkpoint().unwrap();
    }
    assert_eq!(book.verifiers().len(), 3);
    drop(book);
    assert_eq!(audited(dir.path(), &[5, 6, 7]).unwrap(), 4, "each one vouched for, and each one signing");
    assert!(audited(dir.path(), &[5, 7]).is_err_and(|wrong| wrong.unknown()), "a key is missing");
    let book = open_as(dir.path(), keys(&[5, 6], &[7]), clock().1).unwrap();
    book.append(entry(1, Class::Strict)).unwrap();
    assert_eq!(book.verifier(), keys(&[], &[7]).known()[0]);
    drop(book);
    assert_eq!(audited(dir.path(), &[5, 6, 7]).unwrap(), 5);
    for wrong in [keys(&[5, 6], &[]), keys(&[5], &[6]), keys(&[], &[5])] {
        let refused = refusal(open_as(dir.path(), wrong, clock().1));
        assert!(matches!(refused, BookError::NoSigner | BookError::Checkpoint(_)), "{refused}");
    }
}

#[test]
fn an_announcement_that_a_crash_cut_off_is_ended_by_the_old_key_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let (leaves, notes) = (dir.path().join("2026-11.leaves"), dir.path().join("checkpoints/2026-11.notes"));
    let anchor = dir.path().with_extension("anchor");
    let book = open(dir.path()).unwrap();
    book.append(entry(1, Class::Strict)).unwrap();
    book.checkpoint().unwrap();
    let before = [&leaves, &notes, &anchor].map(|path| fs::read(path).unwrap());
    book.announce(keys(&[], &[6]).signers.remove(0)).unwrap();
    drop(book);
    let after = fs::read(&leaves).unwrap();
    assert_eq!(after.len(), before[0].len() + 2 * LEN, "the key, and the heads");
    // A new key that was drawn and never announced; the key alone; the key and the heads, and no signature.
    for (whole, checkpoints) in [(before[0].len(), 1), (before[0].len() + LEN, 2), (after.len(), 2)] {
        fs::write(&leaves, &after[..whole]).unwrap();
        fs::write(&notes, &before[1]).unwrap();
        fs::write(&anchor, &before[2]).unwrap();
        let book = open_as(dir.path(), keys(&[], &[5, 6]), clock().1).unwrap();
        let signs = if checkpoints == 1 { 5 } else { 6 };
        assert_eq!(book.verifier(), keys(&[], &[signs]).known()[0]);
        book.append(entry(1, Class::Strict)).unwrap();
        drop(book);
        assert_eq!(audited(dir.path(), &[5, 6]).unwrap(), checkpoints + 1);
    }
}

/// The process that is killed: writes for ever, and says each place once it is safe.
#[test]
#[ignore = "run by the test below, in a process of its own"]
fn a_vault_that_writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os("NOREN_TEST_LEDGER") else { return };
    let book = open(Path::new(&folder)).unwrap();
    std::thread::scope(|scope| {
        for subject in 1..=4 {
            let book = &book;
            scope.spawn(move || {
                loop {
                    println!("safe {}", book.append(entry(subject, Class::Strict)).unwrap().sequence());
                }
            });
        }
    });
}

#[test]
fn a_killed_vault_has_written_down_all_that_it_answered_and_at_most_what_it_was_about_to_answer() {
    const WRITERS: u64 = 4;
    let dir = tempfile::tempdir().unwrap();
    let mut written = 0;
    for round in 0..12u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "book::tests::a_vault_that_writes_until_it_is_killed", "--ignored", "--nocapture"])
            .env("NOREN_TEST_LEDGER", dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // A line is written whole or not at all.
        let mut places =
            lines.map_while(Result::ok).filter_map(|line| Some(line.split_once("safe ")?.1.parse::<u64>().unwrap()));
        // Killed in the middle of whatever it is doing after so many answers.
        let some = 1 + round * 23;
        let mut answered: BTreeSet<u64> = places.by_ref().take(usize::try_from(some).unwrap()).collect();
        assert_eq!(answered.len() as u64, some, "it writes until it is killed");
        child.kill().unwrap();
        child.wait().unwrap();
        // Answers that were on their way when it died count as well.
        answered.extend(places);
        let (before, mut deeds) = (written, BTreeSet::new());
        let each = |leaf: &Leaf| {
            if matches!(leaf.act, Act::Deed(_)) {
                deeds.insert(leaf.sequence);
            }
        };
        let anchor = dir.path().with_extension("anchor");
        let book = Book::open(dir.path(), &anchor, signer().into(), 7, clock().1, None, each).unwrap();
        assert!(deeds.is_superset(&answered), "each stands at the place that was answered");
        written = deeds.len() as u64;
        let (new, answered) = (written - before, answered.len() as u64);
        assert!(
            (answered..=answered + WRITERS).contains(&new),
            "{new} leaves for {answered} answers: each of {WRITERS} writers had at most one more in hand"
        );
        book.checkpoint().unwrap();
    }
}
