//! How soon the witnesses had seen what was written: what somebody outside saw only long after could have been
//! written anew until then.

use super::Checkpoints;
use super::chosen::{Label, NotChosen, Unread, label};
use crate::checkpoint::Checkpoint;

/// A witness that is awake sees a checkpoint within seconds; that it was away for hours shall cost nothing. In
/// milliseconds.
const SOON: u64 = 86_400_000;

/// One cosignature, of which nobody has looked at the signature.
struct Stair<'n> {
    size: u64,
    /// In seconds since 1970.
    time: u64,
    note: &'n Unread,
}

/// When each witness had cosigned how many of the leaves under one checkpoint. A large ledger has a hundred thousand
/// cosignatures: only those are verified that an answer rests on.
pub struct Cosigned<'n> {
    checkpoints: Checkpoints,
    /// For each witness the cosignatures that no other makes needless, with growing sizes and times.
    stairs: Vec<Vec<Stair<'n>>>,
    /// So many leaves were seen by all of them, soon after the last moment that was asked about.
    reached: u64,
}

impl Checkpoints {
    /// What of `notes` the witnesses have cosigned, up to the checkpoint that was chosen: it is theirs as well, and
    /// a witness cosigns only what continues the tree that it saw last. A later export so says the same.
    pub fn cosigned<'n>(self, chosen: &Checkpoint, notes: &'n [Unread]) -> Cosigned<'n> {
        let witnesses = &self.known[self.keys.len()..];
        let notes = || notes.iter().filter(|note| note.size() <= chosen.size);
        let stairs = witnesses.iter().map(|witness| stairs(&label(witness), notes())).collect();
        Cosigned { checkpoints: self, stairs, reached: 0 }
    }
}

/// The first times at which a witness has cosigned at least so much.
fn stairs<'n>(witness: &Label, notes: impl Iterator<Item = &'n Unread>) -> Vec<Stair<'n>> {
    let stair = |note: &'n Unread| Some(Stair { size: note.size(), time: note.cosigned(witness)?, note });
    let mut all: Vec<Stair> = notes.filter_map(stair).collect();
    all.sort_by_key(|stair| (std::cmp::Reverse(stair.size), stair.time));
    let mut first = u64::MAX;
    all.retain(|stair| {
        let sooner = stair.time < first;
        first = first.min(stair.time);
        sooner
    });
    all.reverse();
    all
}

impl Cosigned<'_> {
    /// Whether every witness had cosigned a checkpoint with leaf `sequence` under it within a day after `moment` (UTC
    /// milliseconds). To be asked with growing moments and leaves.
    pub fn reaches(&mut self, sequence: u64, moment: u64) -> Result<bool, NotChosen> {
        if sequence < self.reached {
            return Ok(true);
        }
        let until = moment.saturating_add(SOON) / 1_000;
        let mut reached = u64::MAX;
        for stairs in &self.stairs {
            let soon = stairs.partition_point(|stair| stair.time <= until);
            let Some(last) = stairs[..soon].last().filter(|last| last.size > sequence) else { return Ok(false) };
            self.checkpoints.believe(last.note)?;
            reached = reached.min(last.size);
        }
        self.reached = reached;
        Ok(true)
    }

    /// When each witness had first cosigned a checkpoint of at least `size` leaves, in UTC milliseconds.
    pub fn since(&mut self, size: u64) -> Result<Vec<u64>, NotChosen> {
        let first = self.stairs.iter().filter_map(|stairs| stairs.iter().find(|stair| stair.size >= size));
        let mut times = Vec::new();
        for stair in first {
            self.checkpoints.believe(stair.note)?;
            times.push(stair.time.saturating_mul(1_000));
        }
        Ok(times)
    }
}
