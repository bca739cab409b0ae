//! `noren ledger`: what an auditor does with an exported ledger, without a shop, a database or a network.
//! `scripts/verify-ledger.py` says the same of the same folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use noren_ledger::Hash;
use noren_ledger::audit::{AuditFault, Auditor};
use noren_ledger::checkpoint::Checkpoint;
use noren_ledger::leaf::{Act, Leaf};
use noren_ledger::note::{KeyKind, Note, VerifierKey};
use noren_ledger::tile::{bundle_path, bundles_added, unbundle};

/// Which thing to do.
#[derive(Args, Debug)]
pub struct Ledger {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Checks every leaf and every checkpoint of an exported ledger, and names the first one that is wrong
    Verify {
        /// The exported folder (C2SP tlog-tiles)
        #[arg(long, value_name = "FOLDER")]
        dir: PathBuf,
        /// The log's verifier key: name+hash+base64
        #[arg(long)]
        key: VerifierKey,
        /// The verifier key of a witness; as often as there are witnesses
        #[arg(long = "witness", value_name = "KEY")]
        witnesses: Vec<VerifierKey>,
    },
}

/// Does it: ends with 0 if the ledger is right, with 1 if it is not.
pub fn run(asked: &Ledger) -> ExitCode {
    let What::Verify { dir, key, witnesses } = &asked.what;
    match verify(dir, key, witnesses) {
        Ok(verified) => {
            print!("{verified}");
            ExitCode::SUCCESS
        }
        Err(wrong) => {
            println!("{wrong}");
            ExitCode::FAILURE
        }
    }
}

/// Why an exported ledger is not right.
#[derive(Debug, thiserror::Error)]
enum Wrong {
    #[error("leaf ?: {name} is no checkpoint of this log: {reason}")]
    Checkpoint { name: String, reason: String },
    #[error("leaf {0}: two checkpoints of this size sign different roots: the log was forked")]
    Forked(u64),
    #[error("leaf {0}: its file is missing or ends before it")]
    Missing(u64),
    #[error(transparent)]
    Leaf(#[from] AuditFault),
}

/// What a ledger that is right consists of.
struct Verified {
    size: u64,
    subjects: u64,
    checkpoints: usize,
    /// By kind, purpose and actor, in words.
    counts: [(&'static str, BTreeMap<&'static str, u64>); 3],
    /// Each witness with the sizes it has cosigned.
    witnesses: Vec<(String, BTreeSet<u64>)>,
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { size, subjects, checkpoints, counts, witnesses } = self;
        writeln!(f, "{size} leaves about {subjects} subjects, {checkpoints} checkpoints: every one is right")?;
        for (what, counts) in counts {
            let words: Vec<String> = counts.iter().map(|(word, count)| format!("{word} {count}")).collect();
            writeln!(f, "  by {what}: {}", words.join(", "))?;
        }
        for (name, sizes) in witnesses {
            write!(f, "  {name} has cosigned {}", sizes.len())?;
            match sizes.last() {
                Some(newest) => writeln!(f, ", the newest about {newest} leaves")?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}

/// A checkpoint: the root it signs, and the witnesses that have seen it.
type Signed = (Hash, BTreeSet<String>);

fn verify(dir: &Path, key: &VerifierKey, witnesses: &[VerifierKey]) -> Result<Verified, Wrong> {
    let signed = checkpoints(dir, key, witnesses)?;
    let newest = signed.keys().last().copied().unwrap_or_default();
    let mut auditor = Auditor::default();
    let mut counts = ["kind", "purpose", "actor"].map(|what| (what, BTreeMap::new()));
    for (index, width) in bundles_added(0, newest) {
        for leaf in bundle(dir, index, width)? {
            let leaf = auditor.take(&leaf, |_, _, _| {})?;
            count(&mut counts, &leaf);
            if let Some((root, _)) = signed.get(&auditor.size()) {
                auditor.check(&Checkpoint { origin: key.name().to_owned(), size: auditor.size(), root: *root })?;
            }
        }
    }
    let Act::Heads { subjects, .. } = auditor.heads() else { unreachable!("heads are heads") };
    let seen = |name: &str| signed.iter().filter(|(_, (_, seen))| seen.contains(name)).map(|(size, _)| *size).collect();
    let witnesses = witnesses.iter().map(|witness| (witness.name().to_owned(), seen(witness.name()))).collect();
    Ok(Verified { size: newest, subjects, checkpoints: signed.len(), counts, witnesses })
}

fn count(counts: &mut [(&'static str, BTreeMap<&'static str, u64>); 3], leaf: &Leaf) {
    let words = match &leaf.act {
        Act::Heads { .. } => [Some("heads"), None, None],
        Act::Deed(deed) => {
            let purpose = deed.purpose.map_or("none", |purpose| purpose.word());
            [Some(deed.kind.word()), Some(purpose), Some(deed.actor.word())]
        }
    };
    for ((_, counts), word) in counts.iter_mut().zip(words) {
        if let Some(word) = word {
            *counts.entry(word).or_default() += 1;
        }
    }
}

/// Every checkpoint in the folder, by its size.
fn checkpoints(dir: &Path, key: &VerifierKey, witnesses: &[VerifierKey]) -> Result<BTreeMap<u64, Signed>, Wrong> {
    let known: Vec<VerifierKey> = std::iter::once(key).chain(witnesses).cloned().collect();
    let older = dir.join("checkpoints");
    let mut paths = vec![dir.join("checkpoint")];
    paths.extend(fs::read_dir(older).into_iter().flatten().flatten().map(|entry| entry.path()));
    let mut signed: BTreeMap<u64, Signed> = BTreeMap::new();
    for path in paths {
        let name = path.strip_prefix(dir).unwrap_or(&path).display().to_string();
        let wrong = |reason: String| Wrong::Checkpoint { name: name.clone(), reason };
        let text = fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
        let note: Note = text.parse().map_err(|error: noren_ledger::note::NoteError| wrong(error.to_string()))?;
        let (checkpoint, by) = Checkpoint::open(&note, &known).map_err(|error| wrong(error.to_string()))?;
        if checkpoint.origin != key.name() {
            return Err(wrong("it is of another log".to_owned()));
        }
        let by =
            by.iter().filter(|signed| signed.by.kind() == KeyKind::Witness).map(|signed| signed.by.name().to_owned());
        let (root, seen) = signed.entry(checkpoint.size).or_insert((checkpoint.root, BTreeSet::new()));
        if *root != checkpoint.root {
            return Err(Wrong::Forked(checkpoint.size));
        }
        seen.extend(by);
    }
    Ok(signed)
}

/// `width` leaves from `256 · index` on: from the whole file, from the one of this width, or from whichever there is.
fn bundle(dir: &Path, index: u64, width: u16) -> Result<Vec<Vec<u8>>, Wrong> {
    let whole = dir.join(bundle_path(index, 256));
    let fitting = dir.join(bundle_path(index, width));
    let mut files = vec![(256, whole.clone()), (width, fitting)];
    let parts = fs::read_dir(whole.with_extension("p")).into_iter().flatten().flatten();
    files.extend(parts.filter_map(|part| Some((part.file_name().to_str()?.parse().ok()?, part.path()))));
    let first = index * 256;
    let mut best = Vec::new();
    for (held, path) in files {
        let Ok(bytes) = fs::read(path) else { continue };
        let Ok(leaves) = unbundle(&bytes, held) else { continue };
        if leaves.len() > best.len() {
            best = leaves.into_iter().map(<[u8]>::to_vec).collect();
        }
    }
    best.truncate(usize::from(width));
    if best.len() < usize::from(width) {
        return Err(Wrong::Missing(first + best.len() as u64));
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use noren_ledger::leaf::{Actor, Class, Field, Fields, Kind, Outcome, Purpose, Route, Tag};
    use noren_ledger::note::SignerKey;
    use noren_vault::book::{Book, Entry};

    use super::*;

    const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/verify-ledger.py");

    /// An exported ledger of 700 leaves, with a witness who has seen its last checkpoint.
    fn exported(dir: &Path) -> (VerifierKey, VerifierKey) {
        let log = SignerKey::new("shop.example/reads", KeyKind::Log, &[1; 32]).unwrap();
        let witness = SignerKey::new("witness.example/w", KeyKind::Witness, &[2; 32]).unwrap();
        let keys = (log.verifier().clone(), witness.verifier().clone());
        let book = Book::open(&dir.join("book"), log, 0, Box::new(|| 1_796_083_140_000)).unwrap();
        for no in 0..700u16 {
            let entry = Entry {
                kind: Kind::ALL[usize::from(no) % Kind::ALL.len()],
                purpose: Purpose::ALL.get(usize::from(no) % 12).copied(),
                outcome: Outcome::Done,
                fields: Fields::of(&[Field::Email]),
                actor: Actor::ALL[usize::from(no) % Actor::ALL.len()],
                class: Class::Relaxed,
                subject: Tag([u8::try_from(no % 9).unwrap(); 16]),
                reference: [0; 16],
                actor_id: [0; 16],
                request: [0; 8],
                route: Route::new("test"),
            };
            book.append(&entry).unwrap();
            if no % 300 == 299 {
                book.checkpoint().unwrap();
            }
        }
        let export = dir.join("export");
        book.export(&export).unwrap();
        let path = export.join("checkpoint");
        let mut note: Note = fs::read_to_string(&path).unwrap().parse().unwrap();
        note.signatures.push(witness.sign(&note.text, 1_796_083_200));
        fs::write(&path, note.to_string()).unwrap();
        keys
    }

    /// What the script says, and whether it is content.
    fn script(dir: &Path, (key, witness): &(VerifierKey, VerifierKey)) -> (bool, String) {
        let asked = |python: &str| {
            let words = [SCRIPT, dir.to_str().unwrap(), "--key", &key.to_string(), "--witness", &witness.to_string()];
            Command::new(python)
                .args(words)
                .output()
                .ok()
                .filter(|output| output.status.code().is_some_and(|code| code < 2))
        };
        let output = ["python3", "/usr/bin/python3"].into_iter().find_map(asked);
        let output = output.expect("Python 3 with the package cryptography is here (scripts/setup test installs it)");
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    }

    #[test]
    fn an_auditor_sees_what_the_script_sees_word_for_word() {
        let dir = tempfile::tempdir().unwrap();
        let keys = exported(dir.path());
        let export = dir.path().join("export");
        let verified = verify(&export, &keys.0, std::slice::from_ref(&keys.1)).unwrap();
        let said = verified.to_string();
        assert!(
            said.starts_with("703 leaves about 8 subjects, 3 checkpoints: every one is right\n  by kind: alarm "),
            "{said}"
        );
        assert!(said.ends_with("witness.example/w has cosigned 1, the newest about 703 leaves\n"), "{said}");
        assert_eq!(script(&export, &keys), (true, said));
        assert!(verify(&export, &keys.1, &[]).is_err(), "a witness' key is not the log's");
    }

    #[test]
    fn what_was_changed_after_the_export_is_named_by_both() {
        let dir = tempfile::tempdir().unwrap();
        let keys = exported(dir.path());
        let export = dir.path().join("export");
        let path = export.join(bundle_path(1, 256));
        let whole = fs::read(&path).unwrap();
        let place = |at: usize| 146 * at + 2;
        let mut early = whole.clone();
        early[place(10) + 15] ^= 1;
        let mut cut = whole.clone();
        cut.truncate(place(20));
        for (bytes, first) in [(early, "leaf 266: "), (cut, "leaf 2")] {
            fs::write(&path, bytes).unwrap();
            let wrong = verify(&export, &keys.0, &[]).err().expect("it was changed").to_string();
            let (fine, said) = script(&export, &keys);
            assert!(!fine && wrong.starts_with(first) && said.starts_with(first), "{wrong}, and the script: {said}");
        }
        fs::write(&path, &whole).unwrap();
        let note = fs::read_to_string(export.join("checkpoint")).unwrap();
        fs::write(export.join("checkpoint"), note.replace("\n703\n", "\n702\n")).unwrap();
        assert!(matches!(verify(&export, &keys.0, &[]), Err(Wrong::Checkpoint { .. })));
        assert!(!script(&export, &keys).0);
    }
}
