//! A ledger that was written to until a restore, and is only read and proven from since.

use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use noren_ledger::audit::{AuditFault, Auditor, Fault};
use noren_ledger::checkpoint::Checkpoint;
use noren_ledger::leaf::{Act, Leaf, Tag};
use noren_ledger::note::{Note, VerifierKey};
use noren_ledger::proof::LeafProof;

use super::files::{Files, io, names, own_folder, write};
use super::notes::Notes;
use super::{BookError, End};

/// Beginning of the name of its folder; its number follows.
pub(crate) const PAST: &str = "past-";
/// The verifier keys of its checkpoints, one on each line, in the order in which they were announced.
const KEYS: &str = "keys";

/// A ledger of the past, checked.
pub struct Past {
    auditor: Mutex<Auditor>,
    files: Files,
    keys: Vec<VerifierKey>,
    newest: (Checkpoint, Note),
    /// How the ledger ended that it continues.
    continues: Option<End>,
}

impl Past {
    /// Those in the folder of a vault, the oldest first; each leaf is handed to `each` on the way.
    pub fn all(vault: &Path, mut each: impl FnMut(&Leaf)) -> Result<Vec<Self>, BookError> {
        let mut all: Vec<Self> = Vec::new();
        for number in 1..=last(vault)? {
            let folder = past(vault, number);
            let one = Self::open(&folder, &mut each)?;
            // Each says which one it continues, and the first one that it is the first.
            if one.continues != all.last().map(Self::end) {
                return Err(BookError::NoPast(past(vault, (number - 1).max(1)).display().to_string()));
            }
            all.push(one);
        }
        Ok(all)
    }

    fn open(folder: &Path, mut each: impl FnMut(&Leaf)) -> Result<Self, BookError> {
        let path = folder.join(KEYS);
        let lines = fs::read_to_string(&path).map_err(io(&path))?;
        let keys = lines.lines().map(str::parse).collect::<Result<Vec<VerifierKey>, _>>();
        let keys = keys.map_err(|_| BookError::Checkpoint(path.display().to_string()))?;
        let mut auditor = Auditor::default();
        let mut continues = None;
        let files = Files::open(folder, None, &mut auditor, |leaf| {
            if let Act::Continues { size, root } = leaf.act {
                continues = Some((size, root));
            }
            each(leaf);
        })?;
        let newest = Notes::open(folder, &folder.join("newest-checkpoint"))?.newest(&keys)?;
        let newest = newest.ok_or(BookError::NoCheckpoint)?;
        ends_with(&auditor, &newest.0)?;
        Ok(Self { auditor: Mutex::new(auditor), files, keys, newest, continues })
    }

    /// What the ledger after it begins with: how many leaves it had, and the root of its tree.
    pub fn end(&self) -> End {
        (self.newest.0.size, self.newest.0.root)
    }

    /// The key of its last checkpoint.
    pub fn verifier(&self) -> &VerifierKey {
        self.keys.last().expect("a checkpoint was opened with one of them")
    }

    /// Proof of all that was written about `tag` in it; `None` if nothing was.
    pub fn prove(&self, tag: Tag) -> Result<Option<LeafProof>, BookError> {
        let (last, head) = {
            let mut auditor = self.auditor.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(last) = auditor.head(tag).map(|head| head.sequence) else { return Ok(None) };
            (last, auditor.prove_head(tag))
        };
        let (checkpoint, note) = &self.newest;
        let node = |level, at| self.files.node(level, at);
        super::gather(&self.files.leaves(), Some(last), head, checkpoint.size - 1, node, note.clone()).map(Some)
    }
}

/// Whether the leaves that were read are those that the checkpoint signs.
pub(super) fn ends_with(auditor: &Auditor, checkpoint: &Checkpoint) -> Result<(), BookError> {
    auditor.check(checkpoint).map_err(|fault| match fault.fault {
        Fault::Size(signed) => BookError::Short { held: auditor.size(), signed },
        fault => AuditFault { sequence: checkpoint.size, fault }.into(),
    })
}

/// The folder of a past ledger.
pub fn past(vault: &Path, number: usize) -> std::path::PathBuf {
    vault.join(format!("{PAST}{number}"))
}

/// The number of the last past ledger, from 1 on; none of those before it may be missing.
fn last(vault: &Path) -> Result<usize, BookError> {
    let numbers = names(vault, "")?.into_iter().filter_map(|name| name.strip_prefix(PAST)?.parse::<usize>().ok());
    let numbers: std::collections::BTreeSet<usize> = numbers.collect();
    let last = numbers.last().copied().unwrap_or(0);
    match (1..=last).find(|number| !numbers.contains(number)) {
        Some(missing) => Err(BookError::NoPast(past(vault, missing).display().to_string())),
        None => Ok(last),
    }
}

/// Makes the ledger in the folder of a vault one of the past, whose checkpoints `keys` verify. Gives how many there
/// are now.
pub(crate) fn put_by(vault: &Path, keys: &[VerifierKey]) -> Result<usize, BookError> {
    let number = last(vault)? + 1;
    let folder = past(vault, number);
    own_folder(&folder)?;
    let ledger = vault.join("ledger");
    for name in names(&ledger, "")? {
        fs::rename(ledger.join(&name), folder.join(&name)).map_err(io(&folder))?;
    }
    fs::remove_dir(&ledger).map_err(io(&ledger))?;
    write(&folder.join(KEYS), keys.iter().map(|key| format!("{key}\n")).collect::<String>().as_bytes())?;
    Ok(number)
}
