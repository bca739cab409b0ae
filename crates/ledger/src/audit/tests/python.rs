//! `scripts/verify-ledger.py`, which shares no line with this crate, judges the same ledgers.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::*;
use crate::tile::{bundle, bundle_path, bundles_added};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/verify-ledger.py");

/// Loads the script once and judges every folder that standard input names.
const JUDGE: &str = "
import importlib.util, io, sys, contextlib
spec = importlib.util.spec_from_file_location('verify', sys.argv[1])
verify = importlib.util.module_from_spec(spec)
spec.loader.exec_module(verify)
for folder in sys.stdin.read().split():
    sys.argv = ['verify', folder, '--key', sys.argv[-1]]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = verify.main()
    print(code, said.getvalue().splitlines()[0])
";

/// Writes a ledger as the vault exports it.
fn export(folder: &Path, leaves: &[Vec<u8>], checkpoints: &[Checkpoint], signer: &SignerKey) {
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
    for checkpoint in checkpoints {
        let note = checkpoint.sign(signer).to_string();
        write(&format!("checkpoints/{}", checkpoint.size), note.as_bytes());
        write("checkpoint", note.as_bytes());
    }
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

/// What the script says of each folder: 0 and its summary, or 1 and the first bad leaf.
fn judged(folders: &[PathBuf], key: &VerifierKey) -> Vec<(bool, String)> {
    let mut python = Command::new(python())
        .args(["-c", JUDGE, SCRIPT, &key.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let names: Vec<&str> = folders.iter().map(|folder| folder.to_str().unwrap()).collect();
    python.stdin.take().unwrap().write_all(names.join("\n").as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| line.split_once(' ').unwrap()).map(|(code, said)| (code == "0", said.to_owned())).collect()
}

#[test]
fn both_verifiers_come_to_the_same_verdict_on_the_same_ledgers() {
    let dir = tempfile::tempdir().unwrap();
    let (signer, [key]) = signer();
    // The same cases every time: a difference must be there to look at again.
    let mut runner = TestRunner::new(Config { rng_seed: RngSeed::Fixed(15), ..Config::default() });
    let cases = (
        prop::collection::vec(0u8..6, 3..60),
        prop::option::weighted(0.8, tampering()),
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        0usize..8 * crate::leaf::LEN,
    );
    let (mut folders, mut ours) = (Vec::new(), Vec::new());
    for no in 0..400 {
        let (subjects, how, at, to, bit) = cases.new_tree(&mut runner).unwrap().current();
        let honest = Ledger::of(&subjects);
        let size = honest.leaves.len();
        let (leaves, checkpoints) = match how {
            Some(how) => tampered(&honest, how, at.index(size), to.index(size), bit),
            None => (honest.leaves, honest.checkpoints),
        };
        let folder = dir.path().join(no.to_string());
        export(&folder, &leaves, &checkpoints, &signer);
        // A log that is longer than its newest checkpoint is no lie: what follows is not signed yet.
        let signed = checkpoints.last().map_or(0, |checkpoint| usize::try_from(checkpoint.size).unwrap());
        ours.push(audit(&leaves[..leaves.len().min(signed)], &checkpoints));
        folders.push(folder);
    }
    let theirs = judged(&folders, &key);
    assert_eq!(theirs.len(), ours.len());
    for ((folder, ours), (fine, said)) in folders.iter().zip(&ours).zip(&theirs) {
        assert_eq!(ours.is_ok(), *fine, "{}: {ours:?}, and the script: {said}", folder.display());
        if let Err(fault) = ours
            && !matches!(fault.fault, Fault::Size(_))
        {
            assert!(said.starts_with(&format!("leaf {}: ", fault.sequence)), "{fault}, and the script: {said}");
        }
    }
    let honest = ours.iter().filter(|ours| ours.is_ok()).count();
    assert!(honest > 40 && honest < 200, "{honest} of 400 are honest: both sides were tried");
}
