//! What a customer is told of the proof from their account page.

use noren_ledger::heads::{End, Head, HeadProof};
use noren_ledger::proof::{LeafProof, SubjectProof};
use noren_ledger::tree::{leaf_hash, node_hash};

use super::*;
use crate::cli::ledger::proof::{Proof, report};

const TAG: Tag = Tag([7; 16]);

fn log() -> SignerKey {
    SignerKey::new("shop.example/reads", KeyKind::Log, &[1; 32]).unwrap()
}

/// What both say of a file, asked with these keys.
fn said(file: impl AsRef<[u8]>, tag: Tag, keys: &[String]) -> (u8, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("reads.tlog-proof");
    fs::write(&path, file).unwrap();
    asked(path, tag, keys)
}

fn asked(file: PathBuf, tag: Tag, keys: &[String]) -> (u8, String) {
    let mut command = Command::new(python());
    command.args([SCRIPT, "proof"]).arg(&file).args(["--tag", &tag.to_string()]);
    for key in keys {
        command.args(["--key", key]);
    }
    let output = command.output().unwrap();
    let theirs = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let ours = report(&Proof { file, tag, keys: keys.to_vec() });
    assert_eq!((u8::try_from(output.status.code().unwrap()).unwrap(), theirs), ours, "the script says the same");
    ours
}

fn known() -> Vec<String> {
    vec![log().verifier().to_string()]
}

/// A ledger of one act at a time and heads, and the proof of it.
fn proof_of(deed: Deed, time: u64) -> String {
    let mut auditor = Auditor::default();
    let first = Leaf { sequence: 0, time, build: 0, act: Act::Deed(Deed { subject: TAG, count: 1, ..deed }) };
    auditor.take(&first.encode(), |_, _, _| {}).unwrap();
    let last = Leaf { sequence: 1, time, build: 0, act: auditor.heads() };
    let hashes = vec![first.hash()];
    let root = node_hash(first.hash(), leaf_hash(&last.encode()));
    let checkpoint = Checkpoint { origin: "shop.example/reads".into(), size: 2, root }.sign(&log());
    let end = End::Head(Head { tag: TAG, count: 1, sequence: 0, leaf: first.hash() });
    let head = HeadProof { beside: Vec::new(), end };
    let extra = SubjectProof { last, head, leaves: vec![first] }.encode();
    LeafProof { extra, index: 1, hashes, checkpoint }.to_string()
}

#[test]
fn both_print_every_leaf_in_the_same_words() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, anchor) = (dir.path().join("book"), dir.path().join("anchor"));
    let book = Book::open(&folder, &anchor, log().into(), 0, Box::new(|| 1_796_083_140_000), None, |_| {}).unwrap();
    let opened = Deed { kind: Kind::Open, subject: TAG, actor: Actor::Customer, ..deed(0) };
    let mut written = 0;
    let mut write = |deed: Deed| {
        book.append(deed).unwrap();
        written += 1;
    };
    for purpose in Purpose::ALL {
        write(Deed { purpose: Some(*purpose), fields: Fields::of(Field::ALL), ..opened });
    }
    let opened = Deed { purpose: Some(Purpose::Mail), fields: Fields::of(&[Field::Phone, Field::Kana]), ..opened };
    for actor in Actor::ALL {
        write(Deed { actor: *actor, route: Route::new("checkout/place/x"), ..opened });
    }
    for outcome in Outcome::ALL {
        write(Deed { outcome: *outcome, route: Route::new(""), ..opened });
    }
    for no in 0..11 {
        let deed = deed(no);
        if matches!(deed.kind, Kind::Seal | Kind::Shred | Kind::Prove | Kind::Alarm) {
            write(Deed { subject: TAG, ..deed });
        }
        book.append(self::deed(no)).unwrap();
    }
    let (code, words) = said(book.prove(TAG).unwrap().to_string(), TAG, &known());
    let first = "         0  Tue, 1 Dec 2026, 8:59  open granted  customer  mail  email,name,kana,postal-code,";
    assert!(code == 0 && words.starts_with(first), "{words}");
    let end = format!("leaves these {written} are all about 07070707070707070707070707070707\n");
    assert!(words.ends_with(&end) && words.lines().count() == written + 1, "{words}");

    let nobody = Tag([0xee; 16]);
    let (code, words) = said(book.prove(nobody).unwrap().to_string(), nobody, &known());
    assert!(code == 0 && words.starts_with("verified: up to Tue, 1 Dec 2026, 8:59 (Japan time), of "), "{words}");
    assert!(words.ends_with("these 0 are all about eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee\n"), "{words}");
}

#[test]
fn a_time_is_said_in_japan_and_one_that_no_calendar_goes_to_as_it_stands() {
    let opened = Deed { kind: Kind::Open, ..deed(0) };
    for (time, words) in [
        (0, "Thu, 1 Jan 1970, 9:00"),
        (1_709_132_400_000, "Thu, 29 Feb 2024, 0:00"),
        (1_795_309_259_999, "Sun, 22 Nov 2026, 10:00"),
        (253_402_268_399_999, "Fri, 31 Dec 9999, 23:59"),
        (253_402_268_400_000, "253402268400000 ms"),
        (i64::MAX.unsigned_abs(), "9223372036854775807 ms"),
        (u64::MAX, "18446744073709551615 ms"),
    ] {
        let (code, said) = said(proof_of(opened, time), TAG, &known());
        assert!(code == 0 && said.starts_with(&format!("         0  {words}  open granted  ")), "{said}");
        assert!(said.contains(&format!("\nverified: up to {words} (Japan time), of 2 leaves these 1 ")), "{said}");
    }
}

#[test]
fn a_proof_that_is_wrong_and_one_that_cannot_be_judged_are_two_things() {
    let file = proof_of(Deed { kind: Kind::Open, ..deed(0) }, 5);
    let form = "the file is no proof in the form of C2SP tlog-proof\n";
    assert_eq!(said(b"\xff", TAG, &known()), (1, form.into()), "no text");
    assert_eq!(said(&file[..100], TAG, &known()), (1, form.into()));
    let made_up = "the leaves about this person are not all of them, or not as they were written\n";
    assert_eq!(said(&file, Tag([8; 16]), &known()), (1, made_up.into()), "these are about somebody else");
    let later = SignerKey::new("shop.example/reads", KeyKind::Log, &[2; 32]).unwrap().verifier().to_string();
    assert_eq!(said(&file, TAG, std::slice::from_ref(&later)), (1, "no known key has signed the note\n".into()));
    assert_eq!(said(&file, TAG, &[later, known().remove(0)]).0, 0);

    // "AQ" is how the version 1 begins in base64.
    let version = "the proof is written in version 2, and this program, which knows version 1, is too old for it";
    let unknown = |said: String| (2, format!("cannot be verified: {said}\n"));
    assert_eq!(said(file.replace("extra AQ", "extra Ag"), TAG, &known()), unknown(version.into()));
    let witness = SignerKey::new("witness.example/w", KeyKind::Witness, &[2; 32]).unwrap().verifier().to_string();
    let not_a_log = unknown(format!("{witness} is not the key of a log"));
    assert_eq!(said(&file, TAG, std::slice::from_ref(&witness)), not_a_log);
    let form = "not a verifier key in the form name+hash+base64 of C2SP signed-note (Ed25519, a log's or a witness')";
    assert_eq!(said(&file, TAG, &["a+b".into()]), unknown(format!("a+b: {form}")));
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("nowhere");
    let nowhere = unknown(format!("{}: No such file or directory (os error 2)", missing.display()));
    assert_eq!(asked(missing, TAG, &known()), nowhere);
}

#[test]
fn what_the_customer_is_called_is_thirty_two_digits() {
    let dir = tempfile::tempdir().unwrap();
    for tag in ["", "07", "+7070707070707070707070707070707", "g7070707070707070707070707070707", "٠٧"] {
        assert!(tag.parse::<Tag>().is_err());
        let mut command = Command::new(python());
        command.args([SCRIPT, "proof", "nowhere", "--tag", tag, "--key", &known()[0]]).current_dir(dir.path());
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), said),
            (Some(2), format!("cannot be verified: {tag}: a tag is 32 hexadecimal digits\n"))
        );
    }
}
