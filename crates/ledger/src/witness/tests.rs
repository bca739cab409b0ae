use std::collections::HashMap;
use std::convert::Infallible;

use proptest::prelude::*;

use super::*;
use crate::tree::{Frontier, leaf_hash, prove_consistency};

const ORIGIN: &str = "shop.example/reads";
const NOW: u64 = 1_796_083_200;

/// The example of the specification.
const EXAMPLE: &str = "old 20852014\n\
    PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\
    jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n\
    5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n\
    /6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\
    \n\
    example.com/behind-the-sofa\n\
    20852163\n\
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\
    \n\
    — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
    — example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n";

fn log_key() -> SignerKey {
    SignerKey::new(ORIGIN, KeyKind::Log, &[4; 32]).unwrap()
}

fn witness() -> Witness {
    let signer = SignerKey::new("witness.example/w1", KeyKind::Witness, &[5; 32]).unwrap();
    Witness::new(signer, vec![log_key().verifier().clone()]).unwrap()
}

/// A log of any leaves, with its tree at every size.
struct Log {
    nodes: HashMap<(u8, u64), Hash>,
    roots: Vec<Hash>,
}

impl Log {
    /// Leaves are numbers; from `fork` on they are others than those of a log that was never forked.
    fn of(size: u64, fork: u64) -> Self {
        let (mut tree, mut nodes) = (Frontier::default(), HashMap::new());
        let mut roots = vec![tree.root()];
        for no in 0..size {
            let leaf = if no < fork { no } else { no + 1_000_000 };
            tree.push(leaf_hash(&leaf.to_be_bytes()), |level, index, hash| {
                nodes.insert((level, index), hash);
            });
            roots.push(tree.root());
        }
        Self { nodes, roots }
    }

    fn checkpoint(&self, size: u64) -> Checkpoint {
        Checkpoint { origin: ORIGIN.into(), size, root: self.roots[usize::try_from(size).unwrap()] }
    }

    fn request(&self, old: u64, size: u64) -> AddCheckpoint {
        let proof = prove_consistency(old, size, |level, at| Ok::<_, Infallible>(self.nodes[&(level, at)])).unwrap();
        AddCheckpoint { old, proof: proof.unwrap_or_default(), note: self.checkpoint(size).sign(&log_key()) }
    }
}

/// A witness is asked.
fn consider(witness: &Witness, memory: &Memory, request: &AddCheckpoint, now: u64) -> Result<Seen, Refusal> {
    witness.consider(memory, &witness.check(request.clone())?, now)
}

/// The witness is asked, and remembers.
fn ask(memory: &mut Memory, request: &AddCheckpoint) -> Result<Seen, Refusal> {
    let seen = consider(&witness(), memory, request, NOW)?;
    memory.keep(seen.clone());
    Ok(seen)
}

#[test]
fn the_example_of_the_specification_is_read_and_written() {
    let request: AddCheckpoint = EXAMPLE.parse().unwrap();
    assert_eq!((request.old, request.proof.len(), request.note.signatures.len()), (20_852_014, 4, 2));
    assert_eq!(request.to_string(), EXAMPLE);
}

#[test]
fn what_is_no_request_is_refused() {
    for wrong in [
        "",
        "old 1",
        "old 1\n\n",
        &EXAMPLE.replace("old 2", "old 02"),
        &EXAMPLE.replace("old 2", "old +2"),
        &EXAMPLE.replace("old ", "old  "),
        &EXAMPLE.replace("old ", "new "),
        &EXAMPLE.replace("old 20852014", "old 99999999999999999999"),
        &EXAMPLE.replace("PlRN", "PlR"),
        &EXAMPLE.replacen("\n\n", "\n", 1),
        &EXAMPLE.replacen('\n', "\r\n", 1),
        &EXAMPLE.replacen("jrJZ", "\njrJZ", 1),
        &EXAMPLE.replacen('\n', &format!("\n{}", "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n".repeat(60)), 1),
        EXAMPLE.trim_end(),
    ] {
        assert_eq!(wrong.parse::<AddCheckpoint>(), Err(NotARequest), "{wrong:?}");
    }
    let most = EXAMPLE.replacen('\n', &format!("\n{}", "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n".repeat(59)), 1);
    assert_eq!(most.parse::<AddCheckpoint>().unwrap().proof.len(), MOST_HASHES);
}

/// Byte for byte what goes to and fro, and what is kept: a change here is a change of the protocol.
#[test]
fn an_exchange_is_as_it_was_written_down() {
    let log = Log::of(5, 5);
    let mut memory = Memory::default();
    ask(&mut memory, &log.request(0, 3)).unwrap();
    let request = log.request(3, 5);
    assert_eq!(request.to_string(), include_str!("golden/request.txt"));
    let seen = ask(&mut memory, &request).unwrap();
    assert_eq!(seen.answer(), include_str!("golden/answer.txt"));
    assert_eq!(memory.to_string(), include_str!("golden/memory.txt"));
    let known = [log_key().verifier().clone(), witness().verifier().clone()];
    let note = cosigned(&request.note, &seen.answer()).unwrap();
    let (checkpoint, signed) = Checkpoint::open(&note, &known).unwrap();
    assert_eq!((checkpoint, signed[1].time), (log.checkpoint(5), Some(NOW)));
    assert_eq!(origin_hash("a"), "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
}

#[test]
fn a_log_that_grows_is_cosigned_and_one_that_stands_still_again() {
    let log = Log::of(300, 300);
    let mut memory = Memory::default();
    for (old, size) in [(0, 0), (0, 1), (1, 1), (1, 7), (7, 256), (256, 300), (300, 300)] {
        let seen = ask(&mut memory, &log.request(old, size)).unwrap();
        assert_eq!(seen.checkpoint, log.checkpoint(size), "{old} to {size}");
        assert_eq!(memory.get(ORIGIN), Some(&seen));
    }
}

#[test]
fn each_refusal_has_the_status_of_the_specification_and_changes_nothing() {
    let (log, fork) = (Log::of(20, 20), Log::of(20, 3));
    let mut memory = Memory::default();
    let first = ask(&mut memory, &log.request(0, 8)).unwrap();
    let good = log.request(8, 12);
    let signed_by = |name: &str, seed: u8| SignerKey::new(name, KeyKind::Log, &[seed; 32]).unwrap();
    let note =
        |checkpoint: Checkpoint, signer: &SignerKey| AddCheckpoint { note: checkpoint.sign(signer), ..good.clone() };
    let mut forged = good.clone();
    forged.note.signatures[0].bytes[3] ^= 1;
    let mut bare = good.clone();
    bare.note = log.checkpoint(12).sign(&SignerKey::new(ORIGIN, KeyKind::Witness, &[4; 32]).unwrap());
    let extended = Note { text: good.note.text.clone() + "extension\n", ..good.note.clone() };
    let empty = Checkpoint { size: 0, ..log.checkpoint(12) };
    let proof = |proof: Vec<Hash>| AddCheckpoint { proof, ..good.clone() };
    for (what, request, status) in [
        ("extension lines", AddCheckpoint { note: extended, ..good.clone() }, 400),
        ("an old size above the new one", log.request(12, 8), 400),
        ("another key of that name", note(log.checkpoint(12), &signed_by(ORIGIN, 9)), 403),
        ("a signature of another text", forged, 403),
        ("a cosignature alone", bare, 403),
        (
            "another log",
            note(Checkpoint { origin: "other.example/reads".into(), ..log.checkpoint(12) }, &log_key()),
            404,
        ),
        ("from another size", log.request(7, 12), 409),
        ("from the beginning", log.request(0, 12), 409),
        ("a rollback", log.request(0, 5), 409),
        ("a fork", fork.request(8, 12), 422),
        ("a fork of the same size", fork.request(8, 8), 422),
        ("no proof", proof(Vec::new()), 422),
        ("a proof with more behind it", proof([good.proof.as_slice(), &[Hash::ZERO]].concat()), 422),
        ("the same size with a proof", AddCheckpoint { proof: good.proof.clone(), ..log.request(8, 8) }, 422),
    ] {
        let refusal = ask(&mut memory, &request).expect_err(what);
        assert_eq!(refusal.status(), status, "{what}: {refusal}");
        assert_eq!(memory.get(ORIGIN), Some(&first), "{what}");
    }
    assert_eq!(ask(&mut memory, &log.request(3, 12)), Err(Refusal::Elsewhere(8)));
    // What everybody can read and send back with a wrong proof says nothing against the log.
    let bad = |request| AddCheckpoint { proof: good.proof.clone(), ..request };
    assert_eq!(ask(&mut memory, &bad(log.request(8, 8))), Err(Refusal::Unproven));
    assert_eq!(ask(&mut Memory::default(), &bad(log.request(0, 8))), Err(Refusal::Unproven));
    for request in [bad(fork.request(8, 8)), fork.request(8, 8), fork.request(8, 12)] {
        assert!(matches!(ask(&mut memory, &request), Err(Refusal::Inconsistent(_))));
    }
    // A log that it has not seen yet.
    let mut nothing = Memory::default();
    for (request, status) in [
        (AddCheckpoint { old: 0, proof: vec![Hash::ZERO], ..log.request(0, 5) }, 422),
        (AddCheckpoint { old: 0, proof: Vec::new(), note: empty.sign(&log_key()) }, 422),
        (log.request(3, 5), 409),
    ] {
        assert_eq!(ask(&mut nothing, &request).unwrap_err().status(), status, "{request}");
    }
    assert_eq!(nothing, Memory::default());
}

#[test]
fn a_witness_never_takes_back_a_time_and_keeps_no_signature_that_it_has_not_checked() {
    let log = Log::of(9, 9);
    let (witness, mut memory) = (witness(), Memory::default());
    let other = SignerKey::new("other.example/w", KeyKind::Witness, &[6; 32]).unwrap();
    let mut request = log.request(0, 4);
    let own = request.note.signatures[0].clone();
    for _ in 0..100 {
        request.note.signatures.extend([other.sign(&request.note.text, 5), own.clone()]);
    }
    memory.keep(consider(&witness, &memory, &request, NOW).unwrap());
    let back = consider(&witness, &memory, &log.request(4, 9), NOW - BEHIND).unwrap();
    assert_eq!(back.time, NOW, "its clock was set back, and what it says is not");
    for request in [log.request(4, 9), log.request(4, 4)] {
        let now = NOW - BEHIND - 1;
        let refusal = consider(&witness, &memory, &request, now).unwrap_err();
        assert_eq!((refusal.status(), refusal), (503, Refusal::Behind { now, time: NOW }), "this far back it is wrong");
    }
    assert_eq!(memory.get(ORIGIN).unwrap().note.signatures.len(), 2, "the log's and its own");
    let first = consider(&witness, &Memory::default(), &request, 0).unwrap();
    assert_eq!(first.time, 1, "zero is no time");
}

#[test]
fn asked_again_for_the_same_a_witness_answers_what_it_remembers_and_signs_anew_after_a_minute() {
    let (log, witness, mut memory) = (Log::of(9, 9), witness(), Memory::default());
    let first = ask(&mut memory, &log.request(0, 4)).unwrap();
    for (now, time) in [(NOW, NOW), (NOW + AGAIN - 1, NOW), (NOW - 5, NOW), (NOW + AGAIN, NOW + AGAIN)] {
        let seen = consider(&witness, &memory, &log.request(4, 4), now).unwrap();
        assert_eq!((seen.time, seen == first), (time, time == NOW), "{now}");
    }
    assert_eq!(
        consider(&witness, &memory, &log.request(4, 9), NOW + 1).unwrap().time,
        NOW + 1,
        "what is new is signed"
    );
}

#[test]
fn of_many_signatures_one_of_each_key_is_looked_at() {
    let (log, witness) = (Log::of(4, 4), witness());
    let good = log.request(0, 4);
    let mut many = good.clone();
    let mut forged = good.note.signatures[0].clone();
    forged.bytes[3] ^= 1;
    many.note.signatures.extend(vec![forged.clone(); 500]);
    assert_eq!(witness.check(many.clone()), witness.check(good));
    many.note.signatures.insert(0, forged);
    assert!(matches!(witness.check(many), Err(Refusal::Untrusted(_))));
}

#[test]
fn a_log_that_changed_its_key_is_watched_on_with_the_new_one_and_no_more_with_the_old_one() {
    let log = Log::of(12, 12);
    let new = SignerKey::new(ORIGIN, KeyKind::Log, &[8; 32]).unwrap();
    let mut memory = Memory::default();
    ask(&mut memory, &log.request(0, 4)).unwrap();
    let request = AddCheckpoint { note: log.checkpoint(9).sign(&new), ..log.request(4, 9) };
    assert_eq!(ask(&mut memory, &request).unwrap_err().status(), 403, "nobody has told it of the new key");
    let signer = SignerKey::new("witness.example/w1", KeyKind::Witness, &[5; 32]).unwrap();
    let told = Witness::new(signer, vec![log_key().verifier().clone(), new.verifier().clone()]).unwrap();
    let mut memory = Memory::read(&memory.to_string(), &told).unwrap();
    let seen = consider(&told, &memory, &request, NOW).unwrap();
    assert_eq!(seen.checkpoint, log.checkpoint(9));
    // Until the new key was seen, the old one may sign: its last checkpoint vouches for the new one.
    assert_eq!(consider(&told, &memory, &log.request(4, 9), NOW).unwrap().checkpoint, log.checkpoint(9));
    memory.keep(seen);
    let memory = Memory::read(&memory.to_string(), &told).unwrap();
    let stolen = [log.request(9, 12), log.request(9, 9), log.request(3, 12)];
    for request in &stolen {
        let refusal = consider(&told, &memory, request, NOW).unwrap_err();
        assert_eq!((refusal.status(), refusal), (403, Refusal::Retired(ORIGIN.into())), "whoever stole the old key");
    }
    let mut both = log.request(9, 12);
    both.note.signatures.extend(log.checkpoint(12).sign(&new).signatures);
    assert_eq!(consider(&told, &memory, &both, NOW).unwrap().checkpoint, log.checkpoint(12));
}

#[test]
fn a_witness_is_made_with_keys_of_the_right_kinds() {
    let signer = || SignerKey::new("w", KeyKind::Witness, &[5; 32]).unwrap();
    assert!(matches!(Witness::new(log_key(), Vec::new()), Err(KeyFault::NotAWitness(_))));
    assert!(matches!(Witness::new(signer(), vec![signer().verifier().clone()]), Err(KeyFault::NotALog(_))));
}

#[test]
fn what_a_witness_answers_is_read_by_its_log() {
    let note = Log::of(2, 2).request(0, 2).note;
    assert_eq!(newest_size("42\n"), Some(42));
    for wrong in ["42", "042\n", "-1\n", "\n", "42\n\n", "four\n"] {
        assert_eq!(newest_size(wrong), None, "{wrong:?}");
    }
    assert_eq!(cosigned(&note, "").unwrap(), note);
    for wrong in ["\n", "<html>\n", "— a AAAAAAAA", "\n\nother\n\n— a AAAAAAAA"] {
        assert!(cosigned(&note, wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_memory_of_which_something_is_missing_is_none() {
    let mut memory = Memory::default();
    assert_eq!(Memory::read(&memory.to_string(), &witness()), Ok(Memory::default()));
    ask(&mut memory, &Log::of(9, 9).request(0, 9)).unwrap();
    let text = memory.to_string();
    assert_eq!(Memory::read(&text, &witness()), Ok(memory));
    let head = &text[..text.find("\n\n").unwrap() + 2];
    assert_eq!(Memory::read(head, &witness()), Err(MemoryFault::Short { said: 1, held: 0 }));
    assert_eq!(Memory::read("", &witness()), Err(MemoryFault::Malformed));
    let signer = SignerKey::new("witness.example/w1", KeyKind::Witness, &[7; 32]).unwrap();
    let other = Witness::new(signer, Vec::new()).unwrap();
    assert_eq!(Memory::read(&text, &other), Err(MemoryFault::Forged(ORIGIN.into())), "of another key");
}

proptest! {
    #[test]
    fn what_is_read_as_a_request_is_written_as_it_was(text in "(old [0-9]{1,3}\n)?([A-Za-z0-9+/]{43}=\n){0,3}\n?log\n[0-9]{1,3}\n[A-Za-z0-9+/]{42}A=\n\n— a AAAAAAAA\n") {
        if let Ok(request) = text.parse::<AddCheckpoint>() {
            prop_assert_eq!(request.to_string(), text);
        }
    }

    #[test]
    fn no_text_makes_the_readers_fall(text in "\\PC{0,80}|(old|[0-9 \n—a=]){0,60}") {
        let _ = text.parse::<AddCheckpoint>();
        let _ = newest_size(&text);
        let _ = Memory::read(&text, &witness());
    }

    /// Whatever a log that leads a double life asks, in whatever order: all that was ever cosigned is one story.
    #[test]
    fn a_forked_log_is_cosigned_on_one_side_only(
        fork in 0u64..40, asked in prop::collection::vec((any::<bool>(), 0u64..=60, 0u64..=60, any::<bool>()), 1..40),
    ) {
        let logs = [Log::of(60, 60), Log::of(60, fork)];
        let mut memory = Memory::default();
        let mut cosigned: Vec<Checkpoint> = Vec::new();
        for (side, old, size, honest) in asked {
            let known = memory.get(ORIGIN).map_or(0, |seen| seen.checkpoint.size);
            let old = if honest { known } else { old };
            let request = logs[usize::from(side)].request(old, size);
            if let Ok(seen) = ask(&mut memory, &request) {
                cosigned.push(seen.checkpoint);
            }
        }
        prop_assert!(cosigned.is_sorted_by_key(|checkpoint| checkpoint.size), "never back");
        let on = |log: &Log| cosigned.iter().all(|checkpoint| *checkpoint == log.checkpoint(checkpoint.size));
        prop_assert!(logs.iter().any(on));
    }

    /// A disk or a hand that changes the memory is noticed, or has changed nothing that counts.
    #[test]
    fn a_changed_memory_is_refused_or_remembers_the_same(at in any::<prop::sample::Index>(), bit in 0u8..8, cut in any::<bool>()) {
        let mut memory = Memory::default();
        ask(&mut memory, &Log::of(9, 9).request(0, 9)).unwrap();
        let mut bytes = memory.to_string().into_bytes();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at); } else { bytes[at] ^= 1 << bit; }
        let read = String::from_utf8(bytes).map(|text| Memory::read(&text, &witness()));
        if let Ok(Ok(read)) = read {
            let (read, seen) = (read.get(ORIGIN).cloned(), memory.get(ORIGIN).cloned());
            prop_assert_eq!(read.map(|seen| (seen.checkpoint, seen.time)), seen.map(|seen| (seen.checkpoint, seen.time)));
        }
    }
}
