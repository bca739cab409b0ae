//! `noren ledger`: what an auditor does with an exported ledger, without a shop, a database or a network.
//! `scripts/verify-ledger.py` says the same of the same folder.

mod export_folder;
mod incident;
mod list;
mod proof;
mod scope;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use noren_ledger::Hash;
use noren_ledger::audit::{AuditFault, Auditor};
use noren_ledger::checkpoints::{Checkpoints, KeyFault, Wrong, of_one_log};
use noren_ledger::leaf::{Act, Detail, Kind, Leaf};
use noren_ledger::note::VerifierKey;
use noren_ledger::proof::ProofFault;
use noren_ledger::scope::Moment;
use noren_ledger::tile::bundles_added;

use super::say;
use export_folder::{FolderFault, NEWEST, NotAKey, bundle, decimal, keys, no_checkpoint, note_files, notes};

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
    /// Computes what an incident touched, per person and field, from an exported ledger: the same byte for byte for
    /// whoever computes it
    ///
    /// First run `noren ledger verify` on the export, with the same keys and witnesses: this reads only the leaves of
    /// the incident's time, and believes that the rest of the ledger is right.
    Scope(scope::Scope),
    /// Prints the acts in an exported ledger one by one, with the actor and request ids that an incident's file asks for
    ///
    /// Nothing is verified by this: run `noren ledger verify` on the export.
    List(list::List),
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
    /// The log's verifier key, name+hash+base64: first the one that the log began with, then those that it announced.
    /// `noren doctor` prints them where the shop runs; needed at least once
    #[arg(long = "key", value_name = "KEY")]
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
        What::Scope(asked) => scope::report(asked),
        What::List(asked) => list::report(asked),
        What::Export(asked) => {
            let data = data.map(str::to_owned).or_else(|| std::env::var("NOREN_DATA").ok());
            exported(Path::new(data.as_deref().unwrap_or("data")), asked)
        }
    };
    if code == UNKNOWN {
        eprint!("{said}");
    } else if let Err(error) = say::text(said) {
        eprintln!("noren: {error}");
        return ExitCode::from(UNKNOWN);
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
        Err(fault) => fault.report("cannot be verified"),
    }
}

/// Why an exported ledger or a proof is not right, or why nobody can tell.
#[derive(Debug, thiserror::Error)]
enum VerifyFault {
    #[error(
        "--key is missing, the key that its checkpoints are verified with: `noren doctor` prints it where the \
         shop runs, after \"its ledger is verified with the key\""
    )]
    NoKey,
    #[error(transparent)]
    NotAKey(#[from] NotAKey),
    #[error(transparent)]
    Key(#[from] KeyFault),
    #[error("{0}: not SIZE:ROOT, a number of leaves and a root in base64")]
    NotSeen(String),
    #[error(transparent)]
    Folder(#[from] FolderFault),
    #[error(transparent)]
    Wrong(#[from] Wrong),
    #[error(transparent)]
    Proof(#[from] ProofFault),
}

impl VerifyFault {
    /// What to end with and what to say; `not` is what could not be done with what may be right.
    fn report(&self, not: &str) -> (u8, String) {
        if self.unknown() { (UNKNOWN, format!("{not}: {self}\n")) } else { (WRONG, format!("{self}\n")) }
    }

    /// Whether the ledger or the proof may be right all the same.
    fn unknown(&self) -> bool {
        match self {
            Self::NoKey | Self::NotAKey(_) | Self::Key(_) | Self::NotSeen(_) => true,
            Self::Folder(fault) => fault.unknown(),
            Self::Wrong(wrong) => wrong.unknown(),
            Self::Proof(fault) => fault.too_new(),
        }
    }
}

impl From<AuditFault> for VerifyFault {
    fn from(fault: AuditFault) -> Self {
        Self::Wrong(fault.into())
    }
}

/// What a ledger that is right consists of.
struct Verified {
    size: u64,
    subjects: u64,
    checkpoints: usize,
    /// How many leaves the ledger had that this one continues, and their root.
    continues: Option<(u64, Hash)>,
    /// By kind, purpose and actor, in words.
    counts: Counts,
    /// The alarms that the clock was set back: the leaf, what the clock said, and the time of the ledger.
    set_back: Vec<(u64, Moment, Moment)>,
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
        let Self { size, subjects, checkpoints, continues, counts, set_back, seen, witnesses } = self;
        writeln!(f, "{size} leaves about {subjects} subjects, {checkpoints} checkpoints: every one is right")?;
        if let Some((size, root)) = continues {
            writeln!(f, "  it continues a ledger that had {size} leaves and the root {root}")?;
        }
        for (what, counts) in counts {
            let words: Vec<String> = counts.iter().map(|(word, count)| format!("{word} {count}")).collect();
            writeln!(f, "  by {what}: {}", words.join(", "))?;
        }
        for (leaf, from, to) in set_back {
            writeln!(f, "  leaf {leaf}: the clock was set back, and times from {from} to {to} are not what they say")?;
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
    let (mut continues, mut set_back) = (None, Vec::new());
    checkpoints.judge(&auditor)?;
    for (index, width) in bundles_added(0, checkpoints.newest()) {
        let bundle = bundle(&asked.dir, index, width)?;
        for leaf in bundle.leaves() {
            let leaf = auditor.take(leaf, |_, _, _| {})?;
            if let Act::Continues { size, root } = leaf.act {
                continues = Some((size, root));
            }
            count(&mut counts, &leaf);
            set_back.extend(clock_alarm(&leaf));
            checkpoints.judge(&auditor)?;
        }
        bundle.end?;
    }
    checkpoints.end()?;
    let Act::Heads { subjects, .. } = auditor.heads() else { unreachable!("heads are heads") };
    Ok(Verified {
        size: auditor.size(),
        subjects,
        checkpoints: checkpoints.count(),
        continues,
        counts,
        set_back,
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

/// A scope whose time does not hold such a leaf does not see it, so whoever asks for one must be told.
fn clock_alarm(leaf: &Leaf) -> Option<(u64, Moment, Moment)> {
    let Act::Deed(deed) = &leaf.act else { return None };
    let said = Moment(deed.reference.last_chunk().map_or(0, |said| u64::from_be_bytes(*said)));
    let alarm = (deed.kind, deed.detail) == (Kind::Alarm, Some(Detail::Clock));
    alarm.then_some((leaf.sequence, said, Moment(leaf.time)))
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
    let [first, later @ ..] = &keys[..] else { return Err(VerifyFault::NoKey) };
    let mut checkpoints = Checkpoints::new(first.clone(), later, &witnesses)?;
    for text in &asked.seen {
        let (size, root) = seen(text).ok_or_else(|| VerifyFault::NotSeen(text.clone()))?;
        checkpoints.see(size, root);
    }
    for name in std::iter::once(NEWEST.to_owned()).chain(note_files(&asked.dir)?) {
        for note in notes(&asked.dir, &name)? {
            checkpoints.add(&note).map_err(|error| match error {
                Wrong::Note(reason) => VerifyFault::Folder(no_checkpoint(&name, reason)),
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

#[cfg(test)]
mod tests;
