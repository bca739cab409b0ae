//! Asks `scripts/verify-ledger.py`, which shares no line with this crate, about ledgers as files.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use noren_ledger::audit::{AuditFault, Fault};
use noren_ledger::checkpoints::Wrong;
use noren_ledger::note::{Note, write_notes};
use noren_ledger::tile::{bundle, bundle_path, bundles_added};

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
pub fn export(folder: &Path, leaves: &[impl AsRef<[u8]>], notes: &[Note]) {
    let write = |path: &str, bytes: &[u8]| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    for (index, width) in bundles_added(0, leaves.len() as u64) {
        let first = usize::try_from(index * 256).unwrap();
        let leaves = leaves[first..first + usize::from(width)].iter().map(AsRef::as_ref);
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

/// What this crate says: the code, and what the first line begins with.
pub fn ours(verdict: &Result<(), Wrong>) -> (u8, String) {
    match verdict {
        Ok(()) => (0, String::new()),
        Err(wrong) if wrong.unknown() => (2, format!("cannot be verified: {wrong}")),
        Err(Wrong::Leaf(AuditFault { sequence, fault: Fault::Size(_) })) => {
            (1, format!("leaf {sequence}: its file is missing or ends before it"))
        }
        Err(wrong) => (1, wrong.to_string()),
    }
}

/// Says where the script does not say what this crate says.
pub fn compared(words: &[String], verdicts: &[(u8, String)]) {
    let theirs = judged(words);
    assert_eq!(theirs.len(), verdicts.len());
    for ((words, (code, said)), theirs) in words.iter().zip(verdicts).zip(&theirs) {
        match code {
            0 => assert!(theirs.0 == 0 && theirs.1.contains("every one is right\t"), "{words}: {theirs:?}"),
            _ => assert_eq!((code, said), (&theirs.0, &theirs.1), "{words}"),
        }
    }
}
