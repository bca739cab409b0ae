//! What a witness writes into its log of what it has not cosigned. Anybody can ask, so it is little, and seldom.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use noren_ledger::witness::{Checked, Refusal};

/// Of the same log the same is said again only after so long (seconds).
const SELDOM: u64 = 60;

/// When something was last said of a log, by its origin and the status of the refusal.
#[derive(Default)]
pub struct Told(Mutex<BTreeMap<(String, u16), u64>>);

impl Told {
    /// Whether a refusal is to be said at `now` (seconds since 1970): the log has signed what does not continue what
    /// was seen, or the witness' clock is wrong, and that was not said a moment ago. All else anybody can bring about who
    /// can write a request.
    pub fn is_due(&self, origin: &str, refusal: &Refusal, now: u64) -> bool {
        if !matches!(refusal, Refusal::Inconsistent(_) | Refusal::Behind { .. }) {
            return false;
        }
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let about = (origin.to_owned(), refusal.status());
        // Also when the clock was set back.
        let is_due = told.get(&about).is_none_or(|last| now.abs_diff(*last) >= SELDOM);
        if is_due {
            told.insert(about, now);
        }
        is_due
    }
}

/// A request on one line, as long as it can be at most: with the log's signatures and without what else hung on it.
pub fn evidence(checked: &Checked) -> String {
    checked.request().to_string().escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use noren_ledger::Hash;
    use noren_ledger::checkpoint::Checkpoint;
    use noren_ledger::note::{KeyKind, SignerKey};
    use noren_ledger::tree::ProofError;
    use noren_ledger::witness::{AddCheckpoint, Memory, NotARequest, Witness};

    use super::*;

    const NOW: u64 = 1_796_083_200;

    fn signer(name: &str, kind: KeyKind) -> SignerKey {
        SignerKey::new(name, kind, &[4; 32]).unwrap()
    }

    #[test]
    fn only_what_the_log_has_signed_against_itself_is_said_and_once_a_minute_for_each_log() {
        let told = Told::default();
        let forked = Refusal::Inconsistent(ProofError::Root);
        let others =
            [Refusal::Malformed(NotARequest), Refusal::Retired("a".into()), Refusal::Elsewhere(8), Refusal::Unproven];
        for refusal in others {
            assert!(!told.is_due("a", &refusal, NOW), "{refusal}");
        }
        let due = [("a", 0), ("a", 1), ("b", 1), ("a", 59), ("a", 60), ("a", 61), ("b", 61)]
            .map(|(origin, later)| told.is_due(origin, &forked, NOW + later));
        assert_eq!(due, [true, false, true, false, true, false, true]);
        assert!(told.is_due("a", &forked, NOW - 3_600), "the clock was set back");
        let behind = Refusal::Behind { now: NOW - 3_600, time: NOW };
        let due = [0, 1].map(|later| told.is_due("a", &behind, NOW - 3_600 + later));
        assert_eq!(due, [true, false], "which is said as well, whatever else was");
    }

    #[test]
    fn a_stranger_decides_neither_how_long_a_line_is_nor_where_it_ends() {
        let log = signer("shop.example/reads", KeyKind::Log);
        let witness =
            Witness::new(signer("witness.example/w", KeyKind::Witness), vec![log.verifier().clone()]).unwrap();
        let checkpoint =
            |size| Checkpoint { origin: "shop.example/reads".into(), size, root: Hash([7; 32]) }.sign(&log);
        let mut memory = Memory::default();
        let first = witness.check(AddCheckpoint { old: 0, proof: Vec::new(), note: checkpoint(8) }).unwrap();
        memory.keep(witness.consider(&memory, &first, NOW).unwrap());
        let mut note = checkpoint(9);
        for no in 0..500 {
            let other = signer(&format!("evil.example/{no}"), KeyKind::Log);
            note.signatures.push(other.sign(&note.text, 0));
        }
        let request = AddCheckpoint { old: 8, proof: vec![Hash([9; 32]); 63], note };
        let checked = witness.check(request.clone()).unwrap();
        let refusal = witness.consider(&memory, &checked, NOW).unwrap_err();
        assert!(matches!(refusal, Refusal::Inconsistent(_)));
        let line = evidence(&checked);
        assert!(line.len() < 4_096 && !line.contains('\n') && !line.contains("evil"), "{line}");
        let read: AddCheckpoint = line.replace("\\n", "\n").parse().unwrap();
        assert_eq!((read.old, read.proof, &read.note.text), (8, request.proof, &request.note.text));
        assert_eq!(Checkpoint::open(&read.note, &[log.verifier().clone()]).unwrap().0.size, 9);
    }
}
