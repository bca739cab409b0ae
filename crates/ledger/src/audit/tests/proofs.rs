//! Proofs about a subject, honest and not: `scripts/verify-ledger.py` says the same of them as this crate.

use std::collections::BTreeSet;
use std::fs;

use super::python::judged;
use super::*;
use crate::checkpoints::{KeyFault, of_one_log};
use crate::heads::HeadProof;
use crate::leaf::LEN;
use crate::tree::{leaf_hash, node_hash};

mod lies;

/// A file, and what it is asked about.
struct Case {
    about: String,
    file: Vec<u8>,
    tag: Tag,
    keys: Vec<VerifierKey>,
}

/// What this crate says: the code, and the last line; of one that is right, only what comes behind the time in it.
fn ours(case: &Case) -> (u8, String) {
    let verified = || -> Result<String, ProofFault> {
        let text = std::str::from_utf8(&case.file).map_err(|_| ProofFault::Malformed)?;
        let proven = SubjectProof::verify(&text.parse()?, case.tag, &case.keys)?;
        let (size, count) = (proven.checkpoint.size, proven.leaves.len());
        Ok(format!("of {size} leaves these {count} are all about {}", case.tag))
    };
    let unknown = |fault: &dyn std::fmt::Display| (2, format!("cannot be verified: {fault}"));
    match of_one_log(&case.keys).map_err(|fault: KeyFault| unknown(&fault)) {
        Err(said) => said,
        Ok(()) => match verified() {
            Ok(said) => (0, said),
            Err(fault) if fault.too_new() => unknown(&fault),
            Err(fault) => (1, fault.to_string()),
        },
    }
}

/// Holds both against each other; gives what they say.
fn both(cases: &[Case]) -> Vec<(u8, String)> {
    let dir = tempfile::tempdir().unwrap();
    let words = |(no, case): (usize, &Case)| {
        let path = dir.path().join(format!("{no}.tlog-proof"));
        fs::write(&path, &case.file).unwrap();
        let keys: String = case.keys.iter().map(|key| format!("\t--key\t{key}")).collect();
        format!("proof\t{}\t--tag\t{}{keys}", path.display(), case.tag)
    };
    let words: Vec<String> = cases.iter().enumerate().map(words).collect();
    let verdicts: Vec<(u8, String)> = cases.iter().map(ours).collect();
    let theirs = judged(&words);
    assert_eq!(theirs.len(), cases.len());
    for ((case, ours), (code, said)) in cases.iter().zip(&verdicts).zip(theirs) {
        let last = said.rsplit('\t').next().unwrap_or_default();
        let last = last.rsplit("(Japan time), ").next().unwrap_or_default();
        assert_eq!((code, last), (ours.0, ours.1.as_str()), "{}: {}", case.about, String::from_utf8_lossy(&case.file));
    }
    verdicts
}

fn subject(no: u8) -> Tag {
    Tag([no; 16])
}

/// The keys of a log that has changed its own once: the one that it began with, and the later one.
fn signers() -> [SignerKey; 2] {
    [signer().0, SignerKey::new(ORIGIN, KeyKind::Log, &[5; 32]).unwrap()]
}

fn ledger() -> Ledger {
    Ledger::of(&[1, 2, 1, 0, 3, 1, 2, 1, 5, 2])
}

/// What a proof is made of, before it is signed.
#[derive(Clone)]
struct Made {
    extra: Vec<u8>,
    proof: LeafProof,
    checkpoint: Checkpoint,
}

impl Made {
    fn of(ledger: &mut Ledger, tag: Tag) -> Self {
        let proof = ledger.prove(tag, &signers()[0]);
        let checkpoint = proof.checkpoint.text.parse().unwrap();
        Self { extra: proof.extra.clone(), proof, checkpoint }
    }

    /// The file, as it was signed.
    fn file(&self) -> String {
        LeafProof { extra: self.extra.clone(), ..self.proof.clone() }.to_string()
    }

    /// The file of a vault that lies and signs its lie: the last leaf in it is under the checkpoint.
    fn signed(&self) -> String {
        let last = self.extra.get(1..=LEN).unwrap_or_default();
        // Everything is left of the last leaf.
        let root = self.proof.hashes.iter().fold(leaf_hash(last), |hash, beside| node_hash(*beside, hash));
        let checkpoint = Checkpoint { root, ..self.checkpoint.clone() }.sign(&signers()[0]);
        LeafProof { extra: self.extra.clone(), checkpoint, ..self.proof.clone() }.to_string()
    }

    /// As `signed`, and the heads in the last leaf are those that the way of `tag` leads to.
    fn headed(mut self, tag: Tag) -> String {
        if let Ok(subject) = SubjectProof::decode(&self.extra) {
            self.extra[49..81].copy_from_slice(&root_of(&subject.head, tag).0);
        }
        self.signed()
    }
}

/// The root that a way down for `tag` begins at.
fn root_of(proof: &HeadProof, tag: Tag) -> Hash {
    let end = match proof.end {
        End::Nobody => Hash::ZERO,
        End::Head(head) => head.hash(),
    };
    proof.beside.iter().enumerate().rev().fold(end, |hash, (at, beside)| {
        let right = at < 128 && tag.0[at / 8] >> (7 - at % 8) & 1 == 1;
        let (left, right) = if right { (*beside, hash) } else { (hash, *beside) };
        Hash::of(&[&[3], &left.0, &right.0])
    })
}

fn case(about: impl Into<String>, file: impl Into<Vec<u8>>, tag: Tag) -> Case {
    Case { about: about.into(), file: file.into(), tag, keys: vec![signers()[0].verifier().clone()] }
}

#[test]
fn both_verifiers_say_the_same_of_honest_proofs_and_of_who_asks_wrongly() {
    let [first, later] = signers();
    let mut ledger = ledger();
    let mut cases: Vec<Case> = (1..=9)
        .chain([0x80, 0xff])
        .map(|no| case(format!("about {no}"), Made::of(&mut ledger, subject(no)).file(), subject(no)))
        .collect();
    let ends = |case: &Case| {
        let proof: LeafProof = std::str::from_utf8(&case.file).unwrap().parse().unwrap();
        match SubjectProof::decode(&proof.extra).unwrap().head.end {
            End::Nobody => "nobody",
            End::Head(head) if head.tag == case.tag => "own",
            End::Head(_) => "another",
        }
    };
    assert_eq!(cases.iter().map(ends).collect::<BTreeSet<_>>().len(), 3, "every end of a way down is there");
    let right = cases.len();

    let file = Made::of(&mut ledger, subject(1)).file();
    let rotated = ledger.prove(subject(1), &later).to_string();
    let witness = SignerKey::new(ORIGIN, KeyKind::Witness, &[2; 32]).unwrap();
    let other = SignerKey::new("other.example/reads", KeyKind::Log, &[3; 32]).unwrap();
    let mut cosigned = ledger.prove(subject(1), &first);
    cosigned.checkpoint.signatures.insert(0, witness.sign(&cosigned.checkpoint.text, 7));
    let mut forged = cosigned.clone();
    forged.checkpoint.signatures[1].bytes[9] ^= 1;
    let elsewhere = Checkpoint { origin: "other.example/reads".into(), ..Made::of(&mut ledger, subject(1)).checkpoint };
    let mut of_other = ledger.prove(subject(1), &first);
    of_other.checkpoint = elsewhere.sign(&first);
    let no_key = "no known key has signed the note";
    let asked: [(&str, String, &[&SignerKey], u8, &str); 11] = [
        ("all keys of the log", file.clone(), &[&first, &later], 0, "of 12 leaves"),
        ("its keys in any order", file.clone(), &[&later, &first], 0, "of 12 leaves"),
        ("signed by the later key", rotated.clone(), &[&first, &later], 0, "of 12 leaves"),
        ("cosigned", cosigned.to_string(), &[&first], 0, "of 12 leaves"),
        ("the later key is not given", rotated, &[&first], 1, no_key),
        ("another key", file.clone(), &[&later], 1, no_key),
        ("a signature that does not fit", forged.to_string(), &[&first], 1, "a signature of a known key does not fit"),
        ("the key of another log", file.clone(), &[&other], 1, no_key),
        ("a checkpoint in another log's name", of_other.to_string(), &[&first], 1, "the checkpoint is of another log"),
        ("keys of two logs", file.clone(), &[&first, &other], 2, "is not a key of shop.example/reads"),
        ("a witness' key", cosigned.to_string(), &[&witness], 2, "is not the key of a log"),
    ];
    let mut expected = vec![(0, "of 12 leaves"); right];
    for (about, file, keys, code, said) in asked {
        let keys = keys.iter().map(|key| key.verifier().clone()).collect();
        cases.push(Case { keys, ..case(about, file, subject(1)) });
        expected.push((code, said));
    }
    for no in [2, 4] {
        cases.push(case("another tag", file.clone(), subject(no)));
        expected.push((1, "the proof of the subject's head does not lead"));
    }
    for ((case, said), expected) in cases.iter().zip(both(&cases)).zip(expected) {
        assert!(said.0 == expected.0 && said.1.contains(expected.1), "{}: {said:?}", case.about);
    }
}

#[test]
fn both_verifiers_say_the_same_of_a_proof_that_was_tampered_with_at_any_byte() {
    let tag = subject(3);
    let honest = Made::of(&mut ledger(), tag);
    let mut cases = Vec::new();
    for at in 0..honest.extra.len() {
        let mut flipped = honest.clone();
        flipped.extra[at] ^= 1 << (at % 8);
        let mut cut = honest.clone();
        cut.extra.truncate(at);
        cases.extend([
            case(format!("flipped at {at}"), flipped.file(), tag),
            case(format!("flipped at {at} and signed"), flipped.signed(), tag),
            case(format!("flipped at {at} and signed with its heads"), flipped.headed(tag), tag),
            case(format!("cut off at {at}"), cut.signed(), tag),
        ]);
    }
    // The versions: of what is extra, of the last leaf, of the subject's first one.
    for at in [0, 1, honest.extra.len() - LEN] {
        for version in [0, 2, 0xff] {
            let mut other = honest.clone();
            other.extra[at] = version;
            cases.push(case(format!("version {version} at {at}"), other.file(), tag));
        }
    }
    let file = honest.file().into_bytes();
    for at in 0..file.len() {
        let mut flipped = file.clone();
        flipped[at] ^= 1 << (at % 8);
        cases.push(case(format!("the file flipped at {at}"), flipped, tag));
        cases.push(case(format!("the file cut off at {at}"), &file[..at], tag));
    }
    let said: BTreeSet<(u8, String)> = both(&cases).into_iter().collect();
    for told in [
        "the version of the leaf means nothing",
        "cannot be verified: the proof is written in version 2,",
        "cannot be verified: it is written in version 2,",
        "the leaf holds something where nothing may be",
        "the detail of the leaf does not go with its kind",
        "the previous leaf of the leaf means nothing",
        "no proof in the form of C2SP tlog-proof",
        "no known key has signed the note",
        "a signature of a known key does not fit the note",
        "the proof leads to another root",
        "not a checkpoint: three lines",
        "the proof does not begin at the last leaf",
        "the proof of the subject's head does not lead to the root",
        "the leaves about this person are not all of them",
    ] {
        assert!(said.iter().any(|(_, said)| said.contains(told)), "{told}: {said:#?}");
    }
}

#[test]
fn both_verifiers_say_the_same_of_files_that_are_written_in_another_way() {
    let tag = subject(1);
    let honest = Made::of(&mut ledger(), tag);
    let file = honest.file();
    let (head, note) = file.split_once("\n\n").unwrap();
    let extra = head.lines().nth(1).unwrap();
    let hash = head.lines().last().unwrap();
    let index = format!("index {}", honest.proof.index);
    let with = |from: &str, to: &str| file.replacen(from, to, 1);
    let mut files: Vec<Vec<u8>> =
        vec![vec![0xff], [file.as_bytes(), &[0xff]].concat(), file.replace('\n', "\r\n").into()];
    let texts = [
        String::new(),
        "\n\n".into(),
        format!("\n{file}"),
        format!("{file}\n"),
        format!("{file}{file}"),
        head.to_owned(),
        format!("{head}\n\n"),
        format!("{head}\n{note}"),
        format!("{head}\n\n\n{note}"),
        format!("{head}\n\n{note}\n{note}"),
        with("@v1", "@v2"),
        with("@v1", "@v1 "),
        with(extra, "extra "),
        with(extra, "extra"),
        with(extra, "extra ").replace("\n— ", "\n- "),
        with(&format!("{extra}\n"), "").replace("\n— ", "\n- "),
        with(&format!("{extra}\n"), ""),
        with(extra, &format!("{extra}\n{extra}")),
        with("extra ", "extra  "),
        with("extra ", "Extra "),
        with(extra, &extra[..extra.len() - 1]),
        with(extra, "extra AQ"),
        with(extra, "extra AR=="),
        with(extra, "extra AQ=="),
        with(extra, "extra Ag=="),
        with(extra, "extra AA=="),
        with(&format!("{index}\n"), ""),
        with(&index, &format!("{index}\n{index}")),
        with("index ", "index 0"),
        with("index ", "index +"),
        with("index ", "index  "),
        with(&index, "index 0"),
        with(&index, "index 18446744073709551615"),
        with(&index, "index 18446744073709551616"),
        with(&index, "index ١٢"),
        with(&format!("{hash}\n"), ""),
        with(hash, &format!("{hash}\n{hash}")),
        with(hash, &hash.replace('=', "")),
        with(hash, "AAAA"),
        with("\n— ", "\n- "),
        with(&format!("\n{}\n", honest.checkpoint.size), "\n0\n"),
    ];
    files.extend(texts.map(String::into_bytes));
    let cases: Vec<Case> = files.into_iter().map(|file| case("written in another way", file, tag)).collect();
    for (case, (code, said)) in cases.iter().zip(both(&cases)) {
        let too_new = case.file.windows(11).any(|part| part == b"extra Ag==\n");
        assert_eq!(code, if too_new { 2 } else { 1 }, "{said}: {}", String::from_utf8_lossy(&case.file));
    }
}
