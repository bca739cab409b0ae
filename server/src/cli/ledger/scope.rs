//! `noren ledger scope`: what an incident touched, from an exported ledger alone. Whoever has the incident's file,
//! an export and the keys gets the same text, byte for byte.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::Args;
use noren_ledger::Hash;
use noren_ledger::audit::AuditFault;
use noren_ledger::checkpoints::{Checkpoints, KeyFault, NotChosen, Unread};
use noren_ledger::leaf::{Leaf, LeafError};
use noren_ledger::scope::{QuestionFault, Reading, Repeat, ScopeFault, locate};
use noren_ledger::tree::leaf_hash;

use super::export_folder::{
    Bundle, FolderFault, NEWEST, NotAKey, bundle, keys, no_checkpoint, node, note_files, notes,
};
use super::incident::{self, IncidentFaults};
use super::{RIGHT, UNKNOWN, WRONG};

#[derive(Args, Debug)]
pub struct Scope {
    /// What is known of the incident: a file that docs/LEDGER.md describes
    #[arg(long, value_name = "FILE")]
    pub incident: PathBuf,
    /// The exported folder (C2SP tlog-tiles)
    #[arg(long, value_name = "FOLDER")]
    pub dir: PathBuf,
    /// The log's verifier key, name+hash+base64: first the one that the log began with, then those that it announced
    #[arg(long = "key", value_name = "KEY", required = true)]
    pub keys: Vec<String>,
    /// The verifier key of a witness who must have cosigned the checkpoint; as often as there are witnesses
    #[arg(long = "witness", value_name = "KEY")]
    pub witnesses: Vec<String>,
    /// The size of the checkpoint to stand under, as a published scope names it; else the newest
    #[arg(long)]
    pub size: Option<u64>,
    /// A published scope that must come out
    #[arg(long, value_name = "FILE")]
    pub expect: Option<PathBuf>,
}

/// What to end with and what to say.
pub fn report(asked: &Scope) -> (u8, String) {
    match computed(asked) {
        Ok((text, unfit)) => {
            // Beside the text, which is the same for everybody.
            for named in unfit {
                eprintln!("note: no act in the window fits `{named}` of the incident's file; is it written right?");
            }
            match &asked.expect {
                None => (RIGHT, text),
                Some(file) => match fs::read(file) {
                    Ok(published) => compared(file, &published, &text),
                    Err(error) => (UNKNOWN, format!("cannot be compared: {}: {error}\n", file.display())),
                },
            }
        }
        Err(fault) if fault.unknown() => (UNKNOWN, format!("cannot be computed: {fault}\n")),
        Err(fault) => (WRONG, format!("{fault}\n")),
    }
}

fn compared(file: &Path, published: &[u8], text: &str) -> (u8, String) {
    let file = file.display();
    if published == text.as_bytes() {
        return (RIGHT, format!("{file} is what comes out, byte for byte\n"));
    }
    let published = String::from_utf8_lossy(published);
    // With their ends: a file may only lack the last one.
    let (mut there, mut here) = (published.split_inclusive('\n'), text.split_inclusive('\n'));
    for no in 1u64.. {
        let (published, computed) = (there.next(), here.next());
        if published != computed || published.is_none() {
            let words = |line: Option<&str>| line.map_or("nothing".to_owned(), |line| format!("{line:?}"));
            let (published, computed) = (words(published), words(computed));
            return (
                WRONG,
                format!("{file} differs at line {no}: it has {published}\nand what comes out is {computed}\n"),
            );
        }
    }
    unreachable!("two texts that differ do so in some line")
}

/// Why nothing can be said, or what is wrong with the export.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{0}")]
    Incident(String),
    #[error(transparent)]
    Question(#[from] QuestionFault),
    #[error(transparent)]
    NotAKey(#[from] NotAKey),
    #[error(transparent)]
    Key(#[from] KeyFault),
    #[error(transparent)]
    Folder(#[from] FolderFault),
    #[error(transparent)]
    NotChosen(#[from] NotChosen),
    #[error(transparent)]
    Scope(#[from] ScopeFault),
    #[error("leaf {0}: it and its hash in the tiles do not go together: one of the two was changed")]
    Changed(u64),
}

impl Fault {
    /// Whether the export may be right all the same.
    fn unknown(&self) -> bool {
        match self {
            Self::Incident(_) | Self::Question(_) | Self::NotAKey(_) | Self::Key(_) => true,
            Self::Folder(fault) => fault.unknown(),
            Self::NotChosen(fault) => fault.unknown(),
            Self::Scope(fault) => fault.unknown(),
            Self::Changed(_) => false,
        }
    }
}

/// The text, and what of the question fits nothing.
fn computed(asked: &Scope) -> Result<(String, Vec<String>), Fault> {
    let file = |fault: &dyn std::fmt::Display| Fault::Incident(format!("{}: {fault}", asked.incident.display()));
    let question = fs::read(&asked.incident).map_err(|error| file(&error))?;
    let question = incident::read(&question).map_err(|faults: IncidentFaults| file(&faults))?;
    let (keys, witnesses) = (keys(&asked.keys)?, keys(&asked.witnesses)?);
    let [first, later @ ..] = &keys[..] else { unreachable!("the command line asks for a key") };
    let mut checkpoints = Checkpoints::new(first.clone(), later, &witnesses)?;
    question.judge(witnesses.len())?;

    let dir = asked.dir.as_path();
    // A large ledger has a hundred thousand checkpoints: they are read only where the newest is not enough. It is
    // not where there are witnesses: how soon they saw what was written stands in the earlier ones.
    let mut notes = read(dir, NEWEST)?;
    let more = match checkpoints.choose(&notes, asked.size) {
        Ok(_) => !later.is_empty() || !witnesses.is_empty(),
        Err(NotChosen::Size(_) | NotChosen::Uncosigned(_)) => true,
        Err(fault) => return Err(fault.into()),
    };
    if more {
        for name in note_files(dir)? {
            notes.extend(read(dir, &name)?);
        }
    }
    let chosen = checkpoints.choose(&notes, asked.size)?;
    let export = Export { dir, size: chosen.size };
    checkpoints.vouch(&chosen, &notes, |sequence| export.leaf(sequence), |level, index| export.node(level, index))?;

    let range = locate(question.span(), chosen.size, |sequence| export.leaf(sequence))?;
    let standing = checkpoints.standing(chosen, &notes);
    let node = |level, index| export.node(level, index);
    let mut reading = Reading::begin(&question, standing, range.start, node)?;
    export.each(&range, |_, leaf| Ok(reading.take(leaf)?))?;
    let scope = reading.end(node).map_err(|fault| match fault {
        Fault::Scope(ScopeFault::Root { .. }) => export.blame(&range).unwrap_or(fault),
        fault => fault,
    })?;
    Ok((scope.text(Repeat { keys: &keys, witnesses: &witnesses }), scope.unfit))
}

/// The checkpoints of a file, of which nobody has looked at the signatures.
fn read(dir: &Path, name: &str) -> Result<Vec<Unread>, Fault> {
    let unread = |note| Unread::try_from(note).map_err(|reason| no_checkpoint(name, reason).into());
    notes(dir, name)?.into_iter().map(unread).collect()
}

/// What lies in a folder of a tree of `size` leaves.
struct Export<'d> {
    dir: &'d Path,
    size: u64,
}

impl Export<'_> {
    fn bundle(&self, index: u64) -> Result<Bundle, Fault> {
        let width = self.size.saturating_sub(index * 256).min(256);
        Ok(bundle(self.dir, index, u16::try_from(width).unwrap_or(256))?)
    }

    fn leaf(&self, sequence: u64) -> Result<Leaf, Fault> {
        let bundle = self.bundle(sequence / 256)?;
        let Some(bytes) = usize::try_from(sequence % 256).ok().and_then(|at| bundle.leaves().nth(at)) else {
            bundle.end?;
            return Err(FolderFault::Missing(sequence).into());
        };
        let fault = |error: LeafError| ScopeFault::Leaf(AuditFault { sequence, fault: error.into() });
        Ok(Leaf::decode(bytes).map_err(fault)?)
    }

    fn node(&self, level: u8, index: u64) -> Result<Hash, Fault> {
        Ok(node(self.dir, self.size, level, index)?)
    }

    /// Hands out these leaves, one behind the other.
    fn each(&self, range: &Range<u64>, mut take: impl FnMut(u64, &[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
        for index in range.start / 256..range.end.div_ceil(256) {
            let bundle = self.bundle(index)?;
            for (sequence, leaf) in (index * 256..).zip(bundle.leaves()) {
                if range.contains(&sequence) {
                    take(sequence, leaf)?;
                }
            }
            bundle.end?;
        }
        Ok(())
    }

    /// The first of these leaves whose tile has another hash: where to look first, when all together are wrong.
    fn blame(&self, range: &Range<u64>) -> Option<Fault> {
        let held = |sequence, leaf: &[u8]| {
            if self.node(0, sequence)? == leaf_hash(leaf) { Ok(()) } else { Err(Fault::Changed(sequence)) }
        };
        self.each(range, held).err()
    }
}

#[cfg(test)]
mod tests;
