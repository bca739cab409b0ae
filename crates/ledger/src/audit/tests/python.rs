//! `scripts/verify-ledger.py`, which shares no line with this crate, says the same of the same ledgers.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::rotation::{Case, cases};
use super::*;
use crate::checkpoints::{Checkpoints, Wrong};
use crate::note::{Note, write_notes};
use crate::tile::{bundle, bundle_path, bundles_added};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/verify-ledger.py");

/// Loads the script once and gives it every line of standard input as its words, with tabs between them. All are read
/// before the first answer: nobody waits for the other.
const JUDGE: &str = "
import importlib.util, io, sys, contextlib
spec = importlib.util.spec_from_file_location('verify', sys.argv[1])
verify = importlib.util.module_from_spec(spec)
spec.loader.exec_module(verify)
for line in sys.stdin.readlines():
    sys.argv = ['verify', *line.rstrip('\\n').split('\\t')]
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = verify.main()
    print(code, said.getvalue().rstrip('\\n').replace('\\n', '\\t'))
";

/// Writes a ledger as the vault exports it.
pub fn export(folder: &Path, leaves: &[Vec<u8>], notes: &[Note]) {
    let write = |path: &str, bytes: &[u8]| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    for (index, width) in bundles_added(0, leaves.len() as u64) {
        let first = usize::try_from(index * 256).unwrap();
        let leaves = leaves[first..first + usize::from(width)].iter().map(Vec::as_slice);
        write(&bundle_path(index, width), &bundle(leaves));
    }
    let (early, late) = notes.split_at(notes.len() / 2);
    write("checkpoints/2026-11", write_notes(early).as_bytes());
    write("checkpoints/2026-12", write_notes(late).as_bytes());
    write("checkpoint", notes.last().unwrap().to_string().as_bytes());
}

/// The first Python here that knows Ed25519.
fn python() -> &'static str {
    let knows = |python: &&str| {
        let asked = Command::new(python).args(["-c", "import cryptography"]).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    };
    ["python3", "/usr/bin/python3"]
        .into_iter()
        .find(knows)
        .expect("Python 3 with the package cryptography is here (scripts/setup test installs it)")
}

/// What the script says to each line of words: its code, and its lines with tabs between them.
pub fn judged(words: &[String]) -> Vec<(u8, String)> {
    let mut python = Command::new(python())
        .args(["-c", JUDGE, SCRIPT])
        .env("PYTHONUTF8", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(words.join("\n").as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines = lines.lines().map(|line| line.split_once(' ').unwrap());
    lines.map(|(code, said)| (code.parse().unwrap(), said.to_owned())).collect()
}

/// Reads a ledger as the command line does.
fn read(leaves: &[Vec<u8>], checkpoints: &Checkpoints) -> Result<(), Wrong> {
    let mut auditor = Auditor::default();
    checkpoints.judge(&auditor)?;
    for leaf in leaves.iter().take(usize::try_from(checkpoints.newest()).unwrap()) {
        auditor.take(leaf, |_, _, _| {})?;
        checkpoints.judge(&auditor)?;
    }
    if auditor.size() < checkpoints.newest() {
        let fault = Fault::Size(checkpoints.newest());
        return Err(AuditFault { sequence: auditor.size(), fault }.into());
    }
    checkpoints.end()
}

/// What this crate says: the code, and what the first line begins with.
fn ours(verdict: &Result<(), Wrong>) -> (u8, String) {
    match verdict {
        Ok(()) => (0, String::new()),
        Err(wrong) if wrong.unknown() => (2, format!("cannot be verified: {wrong}")),
        Err(Wrong::Leaf(AuditFault { sequence, fault: Fault::Size(_) })) => {
            (1, format!("leaf {sequence}: its file is missing or ends before it"))
        }
        Err(wrong) => (1, wrong.to_string()),
    }
}

#[test]
fn both_verifiers_say_the_same_of_the_same_ledgers() {
    let dir = tempfile::tempdir().unwrap();
    let (signer, [key]) = signer();
    // The same cases every time: a difference must be there to look at again.
    let mut runner = TestRunner::new(Config { rng_seed: RngSeed::Fixed(15), ..Config::default() });
    let tries = (
        prop::collection::vec(0u8..12, 3..60),
        prop::option::weighted(0.8, tampering()),
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        0usize..8 * crate::leaf::LEN,
    );
    let (mut words, mut verdicts) = (Vec::new(), Vec::new());
    let folder = |no: usize| -> PathBuf { dir.path().join(no.to_string()) };
    for no in 0..400 {
        let (subjects, how, at, to, bit) = tries.new_tree(&mut runner).unwrap().current();
        let honest = Ledger::of(&subjects);
        let size = honest.leaves.len();
        let (leaves, checkpoints) = match how {
            Some(how) => tampered(&honest, how, at.index(size), to.index(size), bit),
            None => (honest.leaves, honest.checkpoints),
        };
        let notes: Vec<Note> = checkpoints.iter().map(|checkpoint| checkpoint.sign(&signer)).collect();
        export(&folder(no), &leaves, &notes);
        words.push(format!("{}\t--key\t{key}", folder(no).display()));
        let mut checkpoints = Checkpoints::new(key.clone(), &[], &[]).unwrap();
        let added = notes.iter().try_for_each(|note| checkpoints.add(note));
        verdicts.push(ours(&added.and_then(|()| read(&leaves, &checkpoints))));
    }
    let honest = verdicts.iter().filter(|(code, _)| *code == 0).count();
    assert!(honest > 40 && honest < 200, "{honest} of 400 are honest: both sides were tried");

    for (no, Case { about, leaves, notes, keys, seen, said, code }) in (400..).zip(cases()) {
        export(&folder(no), &leaves, &notes);
        let mut asked = folder(no).display().to_string();
        for key in &keys {
            asked += &format!("\t--key\t{key}");
        }
        for (size, root) in &seen {
            asked += &format!("\t--seen\t{size}:{root}");
        }
        words.push(asked);
        let mut checkpoints = Checkpoints::new(keys[0].clone(), &keys[1..], &[]).unwrap();
        for note in &notes {
            checkpoints.add(note).unwrap();
        }
        for (size, root) in seen {
            checkpoints.see(size, root);
        }
        let verdict = ours(&read(&leaves, &checkpoints));
        assert!(verdict.0 == code && verdict.1.contains(said), "{about}: {verdict:?}");
        verdicts.push(verdict);
    }
    let theirs = judged(&words);
    assert_eq!(theirs.len(), verdicts.len());
    for ((words, (code, said)), theirs) in words.iter().zip(&verdicts).zip(&theirs) {
        match code {
            0 => assert!(theirs.0 == 0 && theirs.1.contains("every one is right\t"), "{words}: {theirs:?}"),
            _ => assert_eq!((*code, said.clone()), *theirs, "{words}"),
        }
    }
}
