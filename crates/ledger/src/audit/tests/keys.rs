//! Keys and signatures at their edges: `scripts/verify-ledger.py` takes and refuses the same as this crate.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::python::{export, judged};
use super::*;
use crate::checkpoints::Checkpoints;
use crate::note::{Note, NoteSignature};

/// A key of kind `kind` whose hash is right, whatever its bytes are.
fn line(name: &str, kind: &[u8], key: &[u8]) -> String {
    let bytes = [kind, key].concat();
    let Hash(id) = Hash::of(&[name.as_bytes(), b"\n", &bytes]);
    let id: String = id[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{name}+{id}+{}", STANDARD.encode(bytes))
}

/// What this crate says of what may be a key of the log.
fn ours(text: &str) -> String {
    match text.parse::<VerifierKey>() {
        Err(error) => format!("cannot be verified: {text}: {error}"),
        Ok(key) => match Checkpoints::new(key, &[], &[]) {
            Err(fault) => format!("cannot be verified: {fault}"),
            Ok(_) => "cannot be verified: nowhere/checkpoint: No such file or directory (os error 2)".into(),
        },
    }
}

fn both(texts: &[String]) -> usize {
    let words: Vec<String> = texts.iter().map(|text| format!("nowhere\t--key={text}")).collect();
    let theirs = judged(&words);
    assert_eq!(theirs.len(), texts.len());
    for (text, theirs) in texts.iter().zip(theirs) {
        assert_eq!(theirs, (2, ours(text)), "{text}");
    }
    texts.iter().filter(|text| text.parse::<VerifierKey>().is_ok()).count()
}

/// Eight points have a small order; these are the ways to write them.
const SMALL: [&str; 14] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn a_key_of_small_order_and_one_that_is_no_point_are_none() {
    let small: Vec<String> = SMALL.iter().map(|key| line(ORIGIN, &[1], &hex(key))).collect();
    assert_eq!(both(&small), 0);
    // About every second number is the y of a point; a y may also be written with the prime added to it.
    let numbers = |last: u8| move |first: u8| [vec![first], vec![last; 30], vec![last & 0x7f]].concat();
    let keys = (0..=255).map(numbers(0)).chain((237..=255).map(numbers(0xff)));
    let keys: Vec<String> = keys.map(|key| line(ORIGIN, &[1], &key)).collect();
    let taken = both(&keys);
    assert!((100..170).contains(&taken), "{taken}");
}

#[test]
fn what_is_written_like_a_key_and_is_none_is_refused_by_both() {
    let (_, [key]) = signer();
    let honest = key.to_string();
    let (start, base64) = honest.rsplit_once('+').unwrap();
    let (name, id) = start.split_once('+').unwrap();
    let bytes = STANDARD.decode(base64).unwrap();
    let upper = id.to_uppercase();
    assert_ne!(id, upper, "there is a letter in it");
    let mut texts = vec![
        honest.clone(),
        String::new(),
        name.to_owned(),
        start.to_owned(),
        format!("{start}+"),
        format!("{name}++{base64}"),
        format!("{name}+{upper}+{base64}"),
        format!("{name}+0{id}+{base64}"),
        format!("{name}+{}+{base64}", &id[1..]),
        format!("{name}+0x{id}+{base64}"),
        format!("{name}+{id} +{base64}"),
        format!(" {honest}"),
        format!("{honest} "),
        format!("{honest}="),
        format!("{honest}+"),
        format!("{honest}AAAA"),
        format!("{start}+{base64}{base64}"),
        format!("{start}+{}", base64.replace('=', "")),
        format!("{start}+{}", base64.replace('+', "-").replace('/', "_")),
        format!("{start}+\u{ff21}{}", &base64[1..]),
        honest.replace("reads", "readers"),
        line(name, &[], &bytes[1..]),
        line(name, &[1], &bytes[1..32]),
        line(name, &[1, 1], &bytes[1..]),
    ];
    texts.extend((0..=8).chain([0xff]).map(|kind| line(name, &[kind], &bytes[1..])));
    for strange in
        [" ", "+", "\u{85}", "\u{a0}", "\u{1}", "\u{7f}", "\u{9f}", "\u{2028}", "\u{3000}", "\u{200b}", "é", "日本"]
    {
        texts.push(line(&format!("a{strange}b"), &[1], &bytes[1..]));
        texts.push(line(strange, &[1], &bytes[1..]));
    }
    texts.push(line("", &[1], &bytes[1..]));
    both(&texts);
}

#[test]
fn both_take_the_same_of_the_same_changed_keys() {
    let mut runner = TestRunner::new(Config { rng_seed: RngSeed::Fixed(17), ..Config::default() });
    let tries = (
        any::<[u8; 32]>(),
        any::<prop::sample::Index>(),
        prop::option::weighted(0.7, "[a-f0-9A-F+/= .]{0,2}"),
        any::<bool>(),
    );
    let mut texts = Vec::new();
    for _ in 0..400 {
        let (seed, at, change, witness) = tries.new_tree(&mut runner).unwrap().current();
        let kind = if witness { KeyKind::Witness } else { KeyKind::Log };
        let mut text = SignerKey::new(ORIGIN, kind, &seed).unwrap().verifier().to_string();
        if let Some(change) = change {
            let at = at.index(text.len());
            text.replace_range(at..=at, &change);
        }
        texts.push(text);
    }
    let taken = both(&texts);
    assert!((80..300).contains(&taken), "{taken}");
}

/// Whoever has the secret key can choose the identity as the point of a signature, and no honest signer does.
const IDENTITY: &str = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADOkC+Jg8V9xjr1Ovpa58z7F+cQGv3iIFYhw4H3BMeJBA==";

#[test]
fn a_signature_with_a_point_of_small_order_fits_no_note() {
    let (signer, [key]) = signer();
    let dir = tempfile::tempdir().unwrap();
    let checkpoint = Checkpoint { origin: ORIGIN.into(), size: 1, root: Hash([7; 32]) };
    let honest = checkpoint.sign(&signer);
    let with = |bytes: Vec<u8>| {
        let signature = NoteSignature { bytes, ..honest.signatures[0].clone() };
        Note { signatures: vec![signature], ..honest.clone() }
    };
    let signature = &honest.signatures[0].bytes;
    let notes = [
        with(STANDARD.decode(IDENTITY).unwrap()),
        with(signature[..63].to_vec()),
        with([signature.as_slice(), &[0]].concat()),
        with(vec![1]),
        with([&signature[..32], &[0xff; 32]].concat()),
    ];
    let words: Vec<String> =
        (0..notes.len()).map(|no| format!("{}\t--key\t{key}", dir.path().join(no.to_string()).display())).collect();
    for (no, note) in notes.iter().enumerate() {
        assert_eq!(note.verify(std::slice::from_ref(&key)), Err(NoteError::Forged));
        export(&dir.path().join(no.to_string()), &[] as &[Vec<u8>], std::slice::from_ref(note));
    }
    let forged = "leaf ?: checkpoint is no checkpoint of this log: a signature of a known key does not fit the note";
    assert_eq!(judged(&words), vec![(1, forged.to_owned()); notes.len()]);
}
