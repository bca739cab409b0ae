//! Ledgers whose key was replaced, which continue another one, or which hold acts that cannot be; and what
//! both verifiers have to say of them.

use super::*;
use crate::leaf::tests::lawful;
use crate::leaf::{Kind, Outcome, Purpose};
use crate::note::Note;

/// A ledger with the keys to ask with, and what must come out.
pub struct Case {
    pub about: &'static str,
    pub leaves: Vec<Vec<u8>>,
    pub notes: Vec<Note>,
    pub keys: Vec<VerifierKey>,
    pub seen: Vec<(u64, Hash)>,
    pub said: &'static str,
    pub code: u8,
}

/// The key that signs from the announcement on.
fn later_key() -> SignerKey {
    SignerKey::new(ORIGIN, KeyKind::Log, &[5; 32]).unwrap()
}

/// One that was never announced.
fn stray_key() -> SignerKey {
    SignerKey::new(ORIGIN, KeyKind::Log, &[6; 32]).unwrap()
}

/// A ledger of deeds and heads, in which leaf 5 announces another key: checkpoints at 5, 7 and 10.
fn rotated() -> Ledger {
    let mut ledger = Ledger::of(&[1, 2, 1, 0]);
    ledger.write(Act::Key { hash: later_key().verifier().hash() });
    ledger.checkpoint();
    ledger.about(1);
    ledger.about(3);
    ledger.checkpoint();
    ledger
}

/// A ledger with these bytes behind it, which are no part of it, and the checkpoint that would be made then.
fn followed_by(mut ledger: Ledger, act: Act) -> (Vec<Vec<u8>>, Vec<Checkpoint>) {
    let sequence = ledger.auditor.size();
    ledger.leaves.push(Leaf { sequence, time: 9_000, build: 1, act }.encode().to_vec());
    let last = Checkpoint { origin: ORIGIN.into(), size: sequence + 1, root: Hash([1; 32]) };
    ledger.checkpoints.push(last);
    (ledger.leaves, ledger.checkpoints)
}

/// All of them.
pub fn cases() -> Vec<Case> {
    let (first, later, stray) = (signer().0, later_key(), stray_key());
    let ledger = rotated();
    let root = |size: u64| {
        let checkpoint = ledger.checkpoints.iter().find(|checkpoint| checkpoint.size == size);
        checkpoint.expect("such a checkpoint was made").root
    };
    let case = |about, signers: [Option<&SignerKey>; 3], keys: &[&SignerKey], seen: &[(u64, Hash)], code, said| Case {
        about,
        leaves: ledger.leaves.clone(),
        notes: ledger
            .checkpoints
            .iter()
            .zip(signers)
            .filter_map(|(checkpoint, signer)| Some(checkpoint.sign(signer?)))
            .collect(),
        keys: keys.iter().map(|key| key.verifier().clone()).collect(),
        seen: seen.to_vec(),
        said,
        code,
    };
    let (a, b, c) = (Some(&first), Some(&later), Some(&stray));
    let both = [&first, &later];
    let mut cases = vec![
        case("the key was replaced", [a, a, b], &both, &[], 0, ""),
        case("its roots were seen", [a, a, b], &both, &[(5, root(5)), (10, root(10)), (0, empty_root())], 0, ""),
        case("another root was seen", [a, a, b], &both, &[(5, root(10))], 1, "leaf 5: another root was seen"),
        case("another empty tree was seen", [a, a, b], &both, &[(0, root(5))], 1, "leaf 0: another root was seen"),
        case("more was seen", [a, a, b], &both, &[(11, root(10))], 1, "leaf 11: a root was seen"),
        case(
            "the old key goes on",
            [a, a, a],
            &both,
            &[],
            1,
            "leaf 10: the checkpoint is signed by shop.example/reads+",
        ),
        case("the new key comes too early", [a, b, b], &both, &[], 1, "leaf 7: the checkpoint is signed by"),
        case("the new key from the start", [b, b, b], &both, &[], 1, "leaf 5: the checkpoint is signed by"),
        case("the keys are given the other way round", [a, a, b], &[&later, &first], &[], 1, "leaf 5: the checkpoint"),
        case("the new key is not given", [a, a, b], &[&first], &[], 2, "leaf 5 announces: give its key with --key"),
        case("the old key goes on, the new one is not given", [a, a, a], &[&first], &[], 1, "whose turn it is not"),
        case("nobody vouches for the new key", [a, None, b], &both, &[], 1, "leaf 7: no checkpoint here in which"),
        case("a key that was never announced", [c, a, b], &both, &[], 1, "leaf 5: the key whose turn it is has not"),
        case("a key that was never announced, later", [a, a, c], &both, &[], 1, "leaf 10: the key whose turn"),
        case("a stray key that is given", [a, a, c], &[&first, &later, &stray], &[], 1, "whose turn it is not"),
    ];

    let mut unlawful = |about, act, said| {
        let (leaves, checkpoints) = followed_by(Ledger::of(&[1, 2]), act);
        let notes = checkpoints.iter().map(|checkpoint| checkpoint.sign(&first)).collect();
        let keys = vec![first.verifier().clone()];
        cases.push(Case { about, leaves, notes, keys, seen: Vec::new(), said, code: 1 });
    };
    let continues = Act::Continues { size: 7, root: Hash([7; 32]) };
    unlawful("it continues another one in its midst", continues, "leaf 3: it continues an earlier log");
    for (kind, said) in [
        (Kind::Alarm, "leaf 3: the outcome of the leaf does not go"),
        (Kind::Start, "leaf 3: the outcome of the leaf does not go"),
    ] {
        let refused = Deed { outcome: Outcome::VaultFault, ..lawful(kind) };
        unlawful("the vault refused itself", Act::Deed(refused), said);
    }
    for kind in Kind::ALL {
        let deed = lawful(*kind);
        let purpose = if deed.purpose.is_some() { None } else { Some(Purpose::Support) };
        unlawful("another purpose", Act::Deed(Deed { purpose, ..deed }), "leaf 3: the purpose of the leaf does not go");
        let detail = if deed.detail.is_some() { None } else { Some(crate::leaf::Detail::Limits) };
        unlawful("another detail", Act::Deed(Deed { detail, ..deed }), "leaf 3: the detail of the leaf does not go");
    }

    let mut later_version = ledger.leaves.clone();
    later_version[3][0] = 2;
    let honest = || case("", [a, a, b], &both, &[], 0, "");
    cases.push(Case { about: "a later version", leaves: later_version, code: 2, said: "too old for it", ..honest() });
    let mut no_heads = ledger.leaves.clone();
    no_heads[6] = no_heads[7].clone();
    no_heads[6][15] = 6;
    cases.push(Case { about: "no heads after a key", leaves: no_heads, code: 1, said: "only heads may", ..honest() });
    let empty = Checkpoint { origin: ORIGIN.into(), size: 0, root: empty_root() }.sign(&first);
    let said = "leaf 0: the last leaf under the checkpoint holds no heads";
    cases.push(Case { about: "nothing was signed", notes: vec![empty], code: 1, said, ..honest() });
    let mut resumed = Ledger::default();
    resumed.write(continues);
    resumed.about(1);
    resumed.checkpoint();
    let notes = resumed.checkpoints.iter().map(|checkpoint| checkpoint.sign(&first)).collect();
    cases.push(Case { about: "it continues another one", leaves: resumed.leaves, notes, ..honest() });
    cases
}

#[test]
fn a_new_key_signs_from_the_checkpoint_after_the_one_that_announces_it() {
    let ledger = rotated();
    let hash = Some(later_key().verifier().hash());
    assert_eq!([0, 5, 6, 7].map(|size| ledger.auditor.signer(size)), [None; 4]);
    assert_eq!([8, 10, u64::MAX].map(|size| ledger.auditor.signer(size)), [hash; 3]);
    let mut again = rotated();
    again.write(Act::Key { hash: signer().1[0].hash() });
    again.checkpoint();
    assert_eq!((again.auditor.signer(12), again.auditor.keys().len()), (hash, 2));
    assert_eq!(again.auditor.signer(13), Some(signer().1[0].hash()), "each key until the next one was announced");
}

#[test]
fn the_line_of_a_key_is_what_is_announced() {
    let key: VerifierKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k".parse().unwrap();
    assert_eq!(key.hash().to_string(), "oFQlyPX0c5pKlpksnb1Yfb4i6jhzOxYWfzmdRO+52fA=");
}
