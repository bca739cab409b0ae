//! `scripts/verify-ledger.py`, which shares no line with this crate, says the same of the same ledgers.

use std::path::PathBuf;

use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::rotation::{Case, cases};
use super::*;
use crate::checkpoints::{Checkpoints, Wrong};
use crate::note::Note;

#[path = "../../../tests/python/mod.rs"]
mod verifier;

use verifier::{compared, ours};
pub use verifier::{export, judged};

/// Reads a ledger as the command line does.
fn read(leaves: &[Vec<u8>], checkpoints: &Checkpoints) -> Result<(), Wrong> {
    let mut auditor = Auditor::default();
    checkpoints.judge(&auditor)?;
    for leaf in leaves.iter().take(usize::try_from(checkpoints.newest()).unwrap()) {
        auditor.take(leaf, |_, _, _| {})?;
        checkpoints.judge(&auditor)?;
    }
    if auditor.size() < checkpoints.newest() {
        let fault = Fault::Size(checkpoints.newest());
        return Err(AuditFault { sequence: auditor.size(), fault }.into());
    }
    checkpoints.end()
}

#[test]
fn both_verifiers_say_the_same_of_the_same_ledgers() {
    let dir = tempfile::tempdir().unwrap();
    let (signer, [key]) = signer();
    // The same cases every time: a difference must be there to look at again.
    let mut runner = TestRunner::new(Config { rng_seed: RngSeed::Fixed(15), ..Config::default() });
    let tries = (
        prop::collection::vec(0u8..12, 3..60),
        prop::option::weighted(0.8, tampering()),
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        0usize..8 * crate::leaf::LEN,
    );
    let (mut words, mut verdicts) = (Vec::new(), Vec::new());
    let folder = |no: usize| -> PathBuf { dir.path().join(no.to_string()) };
    for no in 0..400 {
        let (subjects, how, at, to, bit) = tries.new_tree(&mut runner).unwrap().current();
        let honest = Ledger::of(&subjects);
        let size = honest.leaves.len();
        let (leaves, checkpoints) = match how {
            Some(how) => tampered(&honest, how, at.index(size), to.index(size), bit),
            None => (honest.leaves, honest.checkpoints),
        };
        let notes: Vec<Note> = checkpoints.iter().map(|checkpoint| checkpoint.sign(&signer)).collect();
        export(&folder(no), &leaves, &notes);
        words.push(format!("{}\t--key\t{key}", folder(no).display()));
        let mut checkpoints = Checkpoints::new(key.clone(), &[], &[]).unwrap();
        let added = notes.iter().try_for_each(|note| checkpoints.add(note));
        verdicts.push(ours(&added.and_then(|()| read(&leaves, &checkpoints))));
    }
    let honest = verdicts.iter().filter(|(code, _)| *code == 0).count();
    assert!(honest > 40 && honest < 200, "{honest} of 400 are honest: both sides were tried");

    for (no, Case { about, leaves, notes, keys, seen, said, code }) in (400..).zip(cases()) {
        export(&folder(no), &leaves, &notes);
        let mut asked = folder(no).display().to_string();
        for key in &keys {
            asked += &format!("\t--key\t{key}");
        }
        for (size, root) in &seen {
            asked += &format!("\t--seen\t{size}:{root}");
        }
        words.push(asked);
        let mut checkpoints = Checkpoints::new(keys[0].clone(), &keys[1..], &[]).unwrap();
        for note in &notes {
            checkpoints.add(note).unwrap();
        }
        for (size, root) in seen {
            checkpoints.see(size, root);
        }
        let verdict = ours(&read(&leaves, &checkpoints));
        assert!(verdict.0 == code && verdict.1.contains(said), "{about}: {verdict:?}");
        verdicts.push(verdict);
    }
    compared(&words, &verdicts);
}
