//! `noren ledger`: what an auditor does with an exported ledger, without a shop, a database or a network.
//! `scripts/verify-ledger.py` says the same of the same folder.

mod proof;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use noren_ledger::Hash;
use noren_ledger::audit::{AuditFault, Auditor};
use noren_ledger::checkpoints::{Checkpoints, KeyFault, Wrong, of_one_log};
use noren_ledger::leaf::{Act, Leaf};
use noren_ledger::note::{Note, NoteError, VerifierKey, parse_notes};
use noren_ledger::proof::ProofFault;
use noren_ledger::tile::{bundle_path, bundles_added};

/// Which thing to do.
#[derive(Args, Debug)]
pub struct Ledger {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Checks every leaf and every checkpoint of an exported ledger, and names the first one that is wrong
    Verify(Verify),
    /// Checks the proof that a customer has downloaded: all that was ever written about them, and in words what
    Proof(proof::Proof),
    /// Writes the ledger of a shop on this machine to a folder, for `verify` and for everybody (C2SP tlog-tiles)
    Export(Export),
}

#[derive(Args, Debug)]
struct Export {
    /// The ledger of before the first, second … restore, and not the one of now
    #[arg(long, value_name = "NUMBER")]
    past: Option<usize>,
    /// Where to; a folder that is there already is brought up to date
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
}

#[derive(Args, Debug)]
struct Verify {
    /// The exported folder (C2SP tlog-tiles)
    #[arg(long, value_name = "FOLDER")]
    dir: PathBuf,
    /// The log's verifier key, name+hash+base64: first the one that the log began with, then those that it announced
    #[arg(long = "key", value_name = "KEY", required = true)]
    keys: Vec<String>,
    /// The verifier key of a witness; as often as there are witnesses
    #[arg(long = "witness", value_name = "KEY")]
    witnesses: Vec<String>,
    /// A size and the root that was seen then, as under a mail; as often as there are such
    #[arg(long, value_name = "SIZE:ROOT")]
    seen: Vec<String>,
}

/// Does it: ends with 0 if the ledger is right, with 1 if it is not, with 2 if nobody can tell. `data` is the
/// shop's data folder, if there is a shop.
pub fn run(asked: &Ledger, data: Option<&str>) -> ExitCode {
    let (code, said) = match &asked.what {
        What::Verify(asked) => report(asked),
        What::Proof(asked) => proof::report(asked),
        What::Export(asked) => {
            let data = data.map(str::to_owned).or_else(|| std::env::var("NOREN_DATA").ok());
            exported(Path::new(data.as_deref().unwrap_or("data")), asked)
        }
    };
    if code == UNKNOWN {
        eprint!("{said}");
    } else {
        print!("{said}");
    }
    ExitCode::from(code)
}

fn exported(data: &Path, Export { past, to }: &Export) -> (u8, String) {
    let vault = noren_shop::vault::folder(data);
    let ledger = past.map_or_else(|| vault.join("ledger"), |number| noren_vault::book::past(&vault, number));
    match noren_vault::book::export(&ledger, to) {
        Ok(checkpoint) => {
            (RIGHT, format!("{} leaves of {} are in {}\n", checkpoint.size, checkpoint.origin, to.display()))
        }
        Err(error) => (UNKNOWN, format!("cannot be exported: {error}\n")),
    }
}

const RIGHT: u8 = 0;
const WRONG: u8 = 1;
const UNKNOWN: u8 = 2;

/// What to end with and what to say.
fn report(asked: &Verify) -> (u8, String) {
    match verify(asked) {
        Ok(verified) => (if verified.vouched() { RIGHT } else { WRONG }, verified.to_string()),
        Err(fault) => fault.report(),
    }
}

/// Why an exported ledger or a proof is not right, or why nobody can tell.
#[derive(Debug, thiserror::Error)]
enum VerifyFault {
    #[error(
        "{0}: not a verifier key in the form name+hash+base64 of C2SP signed-note (Ed25519, a log's or a witness')"
    )]
    NotAKey(String),
    #[error(transparent)]
    Key(#[from] KeyFault),
    #[error("{0}: not SIZE:ROOT, a number of leaves and a root in base64")]
    NotSeen(String),
    #[error("{path}: {source}")]
    Io { path: String, source: io::Error },
    #[error("leaf ?: {name} is no checkpoint of this log: {reason}")]
    Checkpoint { name: String, reason: String },
    #[error("leaf {0}: its file is missing or ends before it")]
    Missing(u64),
    #[error("leaf {0}: more stands behind it in its file")]
    Behind(u64),
    #[error(transparent)]
    Wrong(#[from] Wrong),
    #[error(transparent)]
    Proof(#[from] ProofFault),
}

impl VerifyFault {
    /// What to end with and what to say.
    fn report(&self) -> (u8, String) {
        if self.unknown() { (UNKNOWN, format!("cannot be verified: {self}\n")) } else { (WRONG, format!("{self}\n")) }
    }

    /// Whether the ledger or the proof may be right all the same.
    fn unknown(&self) -> bool {
        match self {
            Self::NotAKey(_) | Self::Key(_) | Self::NotSeen(_) | Self::Io { .. } => true,
            Self::Wrong(wrong) => wrong.unknown(),
            Self::Proof(fault) => fault.too_new(),
            Self::Checkpoint { .. } | Self::Missing(_) | Self::Behind(_) => false,
        }
    }
}

impl From<AuditFault> for VerifyFault {
    fn from(fault: AuditFault) -> Self {
        Self::Wrong(fault.into())
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> VerifyFault {
    let path = path.display().to_string();
    move |source| VerifyFault::Io { path, source }
}

/// What a ledger that is right consists of.
struct Verified {
    size: u64,
    subjects: u64,
    checkpoints: usize,
    /// By kind, purpose and actor, in words.
    counts: Counts,
    /// The sizes at which its root was seen.
    seen: Vec<u64>,
    /// Each witness with the sizes it has cosigned.
    witnesses: Vec<(String, Vec<u64>)>,
}

type Counts = [(&'static str, BTreeMap<&'static str, u64>); 3];

impl Verified {
    /// Whether every witness that was named has cosigned something.
    fn vouched(&self) -> bool {
        self.witnesses.iter().all(|(_, sizes)| !sizes.is_empty())
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { size, subjects, checkpoints, counts, seen, witnesses } = self;
        writeln!(f, "{size} leaves about {subjects} subjects, {checkpoints} checkpoints: every one is right")?;
        for (what, counts) in counts {
            let words: Vec<String> = counts.iter().map(|(word, count)| format!("{word} {count}")).collect();
            writeln!(f, "  by {what}: {}", words.join(", "))?;
        }
        for size in seen {
            writeln!(f, "  the root that was seen at {size} leaves is the one it had")?;
        }
        for (name, sizes) in witnesses {
            match sizes.last() {
                Some(newest) => {
                    writeln!(f, "  {name} has cosigned {}, the newest about {newest} leaves", sizes.len())?;
                }
                None => writeln!(f, "  {name} has cosigned nothing")?,
            }
        }
        Ok(())
    }
}

fn verify(asked: &Verify) -> Result<Verified, VerifyFault> {
    let checkpoints = checkpoints(asked)?;
    let mut auditor = Auditor::default();
    let mut counts = ["kind", "purpose", "actor"].map(|what| (what, BTreeMap::new()));
    checkpoints.judge(&auditor)?;
    for (index, width) in bundles_added(0, checkpoints.newest()) {
        let Bundle { leaves, end } = bundle(&asked.dir, index, width)?;
        for leaf in leaves {
            count(&mut counts, &auditor.take(&leaf, |_, _, _| {})?);
            checkpoints.judge(&auditor)?;
        }
        end?;
    }
    checkpoints.end()?;
    let Act::Heads { subjects, .. } = auditor.heads() else { unreachable!("heads are heads") };
    Ok(Verified {
        size: auditor.size(),
        subjects,
        checkpoints: checkpoints.count(),
        counts,
        seen: checkpoints.seen().iter().map(|(size, _)| *size).collect(),
        witnesses: checkpoints.witnesses().map(|(witness, sizes)| (witness.name().to_owned(), sizes)).collect(),
    })
}

fn count(counts: &mut Counts, leaf: &Leaf) {
    let (purpose, actor) = match &leaf.act {
        Act::Deed(deed) => (Some(deed.purpose.map_or("none", |purpose| purpose.word())), Some(deed.actor.word())),
        _ => (None, None),
    };
    for ((_, counts), word) in counts.iter_mut().zip([Some(leaf.act.word()), purpose, actor]) {
        if let Some(word) = word {
            *counts.entry(word).or_default() += 1;
        }
    }
}

fn keys(lines: &[String]) -> Result<Vec<VerifierKey>, VerifyFault> {
    lines.iter().map(|key| key.parse().map_err(|_| VerifyFault::NotAKey(key.clone()))).collect()
}

/// The keys to ask about a log with.
fn log_keys(lines: &[String]) -> Result<Vec<VerifierKey>, VerifyFault> {
    let keys = keys(lines)?;
    of_one_log(&keys)?;
    Ok(keys)
}

/// Every checkpoint in the folder, and what was asked about them.
fn checkpoints(asked: &Verify) -> Result<Checkpoints, VerifyFault> {
    let (keys, witnesses) = (log_keys(&asked.keys)?, keys(&asked.witnesses)?);
    let [first, later @ ..] = &keys[..] else { unreachable!("the command line asks for a key") };
    let mut checkpoints = Checkpoints::new(first.clone(), later, &witnesses)?;
    for text in &asked.seen {
        let (size, root) = seen(text).ok_or_else(|| VerifyFault::NotSeen(text.clone()))?;
        checkpoints.see(size, root);
    }
    let older = names(&asked.dir.join("checkpoints"))?.into_iter().map(|name| format!("checkpoints/{name}"));
    for name in std::iter::once("checkpoint".to_owned()).chain(older) {
        let path = asked.dir.join(&name);
        let bytes = fs::read(&path).map_err(failed(&path))?;
        let wrong = |reason: String| VerifyFault::Checkpoint { name: name.clone(), reason };
        let text = String::from_utf8(bytes).map_err(|_| wrong(NoteError::Malformed.to_string()))?;
        let single = name == "checkpoint";
        let notes = if single { text.parse::<Note>().map(|note| vec![note]) } else { parse_notes(&text) };
        for note in notes.map_err(|error| wrong(error.to_string()))? {
            checkpoints.add(&note).map_err(|error| match error {
                Wrong::Note(reason) => wrong(reason.to_string()),
                forked => forked.into(),
            })?;
        }
    }
    Ok(checkpoints)
}

/// What stands under a mail: `SIZE:ROOT`.
fn seen(text: &str) -> Option<(u64, Hash)> {
    let (size, root) = text.split_once(':')?;
    Some((decimal(size)?, root.parse().ok()?))
}

/// A number as these formats write it: digits, no zero in front.
fn decimal(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

/// What is in a folder, in order; nothing if there is none.
fn names(folder: &Path) -> Result<Vec<String>, VerifyFault> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed(folder))?,
    };
    let name = |entry: io::Result<fs::DirEntry>| entry.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names = entries.map(name).collect::<io::Result<Vec<_>>>().map_err(failed(folder))?;
    names.sort();
    Ok(names)
}

/// Leaves of one file, and what is wrong with the file behind them: what is before it is looked at first.
struct Bundle {
    leaves: Vec<Vec<u8>>,
    end: Result<(), VerifyFault>,
}

/// `width` leaves from `256 · index` on: from the whole file; or the shortest that is long enough; or the
/// longest, which will show.
fn bundle(dir: &Path, index: u64, width: u16) -> Result<Bundle, VerifyFault> {
    let first = index * 256;
    let mut path = dir.join(bundle_path(index, 256));
    let mut held = 256;
    if !path.is_file() {
        let widths = names(&path.with_extension("p"))?;
        let widths: Vec<u16> = widths
            .iter()
            .filter_map(|name| u16::try_from(decimal(name)?).ok())
            .filter(|held| (1..256).contains(held))
            .collect();
        let fitting = widths.iter().filter(|held| **held >= width).min().or(widths.iter().max());
        let Some(fitting) = fitting else {
            return Ok(Bundle { leaves: Vec::new(), end: Err(VerifyFault::Missing(first)) });
        };
        held = *fitting;
        path = dir.join(bundle_path(index, held));
    }
    let bytes = fs::read(&path).map_err(failed(&path))?;
    let (mut rest, mut leaves) = (bytes.as_slice(), Vec::with_capacity(256));
    while leaves.len() < usize::from(held) {
        let leaf = rest
            .split_first_chunk::<2>()
            .and_then(|(length, behind)| behind.split_at_checked(usize::from(u16::from_be_bytes(*length))));
        let Some((leaf, behind)) = leaf else { break };
        leaves.push(leaf.to_vec());
        rest = behind;
    }
    let end = match leaves.len() as u64 {
        read if read < u64::from(held.max(width)) => Err(VerifyFault::Missing(first + read)),
        read if !rest.is_empty() => Err(VerifyFault::Behind(first + read - 1)),
        _ => Ok(()),
    };
    leaves.truncate(usize::from(width));
    Ok(Bundle { leaves, end })
}

#[cfg(test)]
mod tests;
