//! What a checkpoint stands on, asked while the leaves under it are read: the key whose turn it was, and how soon the
//! witnesses had seen what was written, for what somebody outside saw only long after could have been written anew
//! until then.

use super::chosen::{Label, NotChosen, Unread, label, words};
use super::{Checkpoints, Wrong};
use crate::Hash;
use crate::checkpoint::Checkpoint;
use crate::note::VerifierKey;

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

/// A checkpoint that was chosen and vouched for, with when each witness had cosigned how many of the leaves under it. A
/// large ledger has a hundred thousand cosignatures: only those are verified that an answer rests on.
pub struct Standing<'n> {
    chosen: Checkpoint,
    checkpoints: Checkpoints,
    /// For each witness the cosignatures that no other makes needless, with growing sizes and times.
    stairs: Vec<Vec<Stair<'n>>>,
    /// So many leaves were seen by all of them, soon after the last moment that was asked about.
    reached: u64,
}

impl Checkpoints {
    /// What the chosen checkpoint stands on, once it was [vouched](Self::vouch) for. Of `notes` those count that the
    /// witnesses have cosigned, up to this one: it is theirs as well, and a witness cosigns only what continues the
    /// tree that it saw last. A later export so says the same.
    pub fn standing(self, chosen: Checkpoint, notes: &[Unread]) -> Standing<'_> {
        let witnesses = &self.known[self.keys.len()..];
        let notes = || notes.iter().filter(|note| note.size() <= chosen.size);
        let stairs = witnesses.iter().map(|witness| stairs(&label(witness), notes())).collect();
        Standing { chosen, checkpoints: self, stairs, reached: 0 }
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

impl Standing<'_> {
    /// The checkpoint.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.chosen
    }

    /// The log's key that has signed it.
    pub fn signer(&self) -> &VerifierKey {
        let turn = self.checkpoints.turns.first();
        &self.checkpoints.known[turn.map_or(0, |(_, key)| *key)]
    }

    /// Whether it can stand on these keys, if leaf `sequence` announces this one: whoever has stolen the key before it
    /// signs on as if there were none, and leaves out the checkpoints that the later one has signed.
    pub fn announced(&self, sequence: u64, hash: Hash) -> Result<(), NotChosen> {
        let Checkpoints { keys, turns, .. } = &self.checkpoints;
        let (size, above) = (self.chosen.size, sequence.saturating_add(2));
        // Whoever asks with it as the first one believes it from the beginning.
        let believed = keys[0] == hash || turns.iter().any(|(at, key)| *at == above && keys[*key] == hash);
        if size <= above || believed {
            Ok(())
        } else if keys.contains(&hash) {
            Err(Wrong::OutOfTurn { size, by: words(&label(self.signer())) }.into())
        } else {
            Err(Wrong::NotGiven { size, announced: sequence }.into())
        }
    }

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
