//! What an auditor is told, by this command and by `scripts/verify-ledger.py`.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use noren_ledger::checkpoint::Checkpoint;
use noren_ledger::leaf::{Actor, Deed, Detail, Field, Fields, Kind, Outcome, Purpose, Route, Tag};
use noren_ledger::note::{KeyKind, Note, SignerKey, write_notes};
use noren_ledger::tile::bundle_path;
use noren_vault::book::Book;
use tempfile::TempDir;

use super::*;

mod proofs;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/verify-ledger.py");

/// A deed of any kind that a vault may write down.
pub(super) fn deed(no: u16) -> Deed {
    use Kind::{Alarm, Config, Export, Index, Open, Prove, Rotate, Seal, Shred, Start, Stop};
    let kind = Kind::ALL[usize::from(no) % Kind::ALL.len()];
    let about = matches!(kind, Open | Seal | Shred | Prove);
    let fields = if matches!(kind, Open | Index | Seal) { Fields::of(&[Field::Email]) } else { Fields::NONE };
    let purpose = usize::from(no) % Purpose::ALL.len();
    Deed {
        kind,
        purpose: matches!(kind, Open | Index).then(|| Purpose::ALL[purpose]),
        outcome: Outcome::Granted,
        fields,
        actor: if matches!(kind, Alarm | Start | Stop) { Actor::Vault } else { Actor::Staff },
        detail: match kind {
            Alarm => Some(Detail::Budget),
            Rotate => Some(Detail::WrappingKey),
            Config => Some(Detail::Limits),
            Open | Index | Seal | Shred | Prove | Export | Start | Stop => None,
        },
        subject: if about { Tag([u8::try_from(no % 9).unwrap() + 1; 16]) } else { Tag::NOBODY },
        count: 0,
        previous: Hash::ZERO,
        previous_at: 0,
        reference: [0; 16],
        actor_id: [0; 16],
        request: [0; 8],
        route: Route::new("test"),
    }
}

/// Leaves as a vault would write them, and the checkpoints that it would sign.
#[derive(Default)]
pub(super) struct Written {
    auditor: Auditor,
    leaves: Vec<[u8; 144]>,
    notes: Vec<Note>,
}

impl Written {
    pub(super) fn write(&mut self, act: Act) {
        let act = match act {
            Act::Deed(deed) if deed.subject != Tag::NOBODY => {
                let head = self.auditor.head(deed.subject);
                let (count, previous) = head.map_or((1, Hash::ZERO), |head| (head.count + 1, head.leaf));
                let previous_at = head.map_or(0, |head| head.sequence);
                Act::Deed(Deed { count, previous, previous_at, ..deed })
            }
            act => act,
        };
        let leaf = Leaf { sequence: self.auditor.size(), time: 1_796_083_140_000, build: 0, act }.encode();
        self.auditor.take(&leaf, |_, _, _| {}).unwrap();
        self.leaves.push(leaf);
    }

    pub(super) fn sign(&mut self, signer: &SignerKey) {
        let heads = self.auditor.heads();
        self.write(heads);
        let origin = signer.verifier().name().to_owned();
        self.notes.push(Checkpoint { origin, size: self.auditor.size(), root: self.auditor.root() }.sign(signer));
    }

    pub(super) fn export(&self, to: &Exported) {
        for (index, width) in bundles_added(0, self.auditor.size()) {
            let leaves = self.leaves.iter().skip(usize::try_from(index).unwrap() * 256).take(usize::from(width));
            to.write(&bundle_path(index, width), noren_ledger::tile::bundle(leaves.map(<[u8; 144]>::as_slice)));
        }
        let (newest, older) = self.notes.split_last().unwrap();
        to.write("checkpoints/2026-11.notes", write_notes(older));
        to.write("checkpoint", newest.to_string());
    }
}

/// An exported ledger, and who has signed it.
pub(super) struct Exported {
    dir: TempDir,
    pub(super) log: SignerKey,
    witness: SignerKey,
}

impl Exported {
    /// Nothing yet.
    pub(super) fn empty() -> Self {
        let log = SignerKey::new("shop.example/reads", KeyKind::Log, &[1; 32]).unwrap();
        let witness = SignerKey::new("witness.example/w", KeyKind::Witness, &[2; 32]).unwrap();
        Self { dir: tempfile::tempdir().unwrap(), log, witness }
    }

    /// 703 leaves in three files.
    fn new() -> Self {
        let (exported, mut written) = (Self::empty(), Written::default());
        for no in 0..700 {
            written.write(Act::Deed(deed(no)));
            if no % 300 == 299 {
                written.sign(&exported.log);
            }
        }
        written.sign(&exported.log);
        written.export(&exported);
        exported
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.dir.path().join("export")
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::create_dir_all(self.file(name).parent().unwrap()).unwrap();
        fs::write(self.file(name), bytes).unwrap();
    }

    /// The signed checkpoint.
    fn newest(&self) -> Checkpoint {
        let note: Note = fs::read_to_string(self.file("checkpoint")).unwrap().parse().unwrap();
        note.text.parse().unwrap()
    }

    fn ask(&self) -> Verify {
        Verify {
            dir: self.folder(),
            keys: vec![self.log.verifier().to_string()],
            witnesses: Vec::new(),
            seen: Vec::new(),
        }
    }

    /// What both say when asked like this.
    fn said(&self, change: impl FnOnce(&mut Verify)) -> (u8, String) {
        let mut asked = self.ask();
        change(&mut asked);
        let ours = report(&asked);
        assert_eq!(script(&asked), ours, "the script says the same");
        ours
    }
}

/// The first Python here that knows Ed25519.
fn python() -> &'static str {
    static PYTHON: OnceLock<&str> = OnceLock::new();
    let knows = |python: &&str| {
        let asked = Command::new(python).args(["-c", "import cryptography"]).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    };
    PYTHON.get_or_init(|| {
        let found = ["python3", "/usr/bin/python3"].into_iter().find(knows);
        found.expect("Python 3 with the package cryptography is here (scripts/setup test installs it)")
    })
}

/// What the script ends with and says.
fn script(asked: &Verify) -> (u8, String) {
    let mut command = Command::new(python());
    command.arg(SCRIPT).arg(&asked.dir);
    for (name, words) in [("--key", &asked.keys), ("--witness", &asked.witnesses), ("--seen", &asked.seen)] {
        for word in words {
            command.args([name, word]);
        }
    }
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (u8::try_from(output.status.code().unwrap()).unwrap(), String::from_utf8(said).unwrap())
}

#[test]
fn who_gives_no_key_is_told_what_prints_it() {
    let exported = Exported::new();
    let (code, said) = report(&Verify { keys: Vec::new(), ..exported.ask() });
    assert_eq!(code, UNKNOWN);
    assert!(said.contains("--key is missing") && said.contains("`noren doctor`"), "{said}");
}

#[test]
fn an_auditor_sees_what_the_script_sees_word_for_word() {
    let exported = Exported::new();
    let newest = exported.newest();
    let mut note: Note = fs::read_to_string(exported.file("checkpoint")).unwrap().parse().unwrap();
    note.signatures.push(exported.witness.sign(&note.text, 1_796_083_200));
    exported.write("checkpoint", note.to_string());
    let (code, said) = exported.said(|asked| {
        // One that is named twice has not cosigned less.
        asked.witnesses = vec![exported.witness.verifier().to_string(); 2];
        asked.seen = vec![format!("703:{}", newest.root)];
    });
    let right = "703 leaves about 9 subjects, 3 checkpoints: every one is right\n  by kind: alarm 63, ";
    assert!(code == 0 && said.starts_with(right), "{said}");
    let end = "  the root that was seen at 703 leaves is the one it had\n  witness.example/w has cosigned 1, the newest about 703 leaves\n  witness.example/w has cosigned 1, the newest about 703 leaves\n";
    assert!(said.ends_with(end), "{said}");
}

#[test]
fn each_time_that_the_clock_was_set_back_is_named() {
    let (exported, mut written) = (Exported::empty(), Written::default());
    let alarm = (0..1_000).map(deed).find(|deed| deed.kind == Kind::Alarm).unwrap();
    let clock = |said: u64| {
        let mut reference = [0; 16];
        reference[8..].copy_from_slice(&said.to_be_bytes());
        Act::Deed(Deed { detail: Some(Detail::Clock), reference, ..alarm })
    };
    written.write(Act::Deed(alarm));
    for said in [1_796_000_000_123, 951_827_696_789, u64::MAX] {
        written.write(clock(said));
    }
    written.sign(&exported.log);
    written.export(&exported);
    let (code, said) = exported.said(|_| {});
    let to = "2026-11-30T23:59:00.000Z are not what they say";
    let said: Vec<_> = said.lines().filter_map(|line| line.strip_prefix("  leaf ")).collect();
    assert_eq!((code, said.len()), (0, 3), "{said:?}");
    for (said, (leaf, from)) in
        said.iter().zip([(1, "2026-11-30T00:53:20.123Z"), (2, "2000-02-29T12:34:56.789Z"), (3, "584556019-")])
    {
        let begins = said.starts_with(&format!("{leaf}: the clock was set back, and times from {from}"));
        assert!(begins && said.ends_with(to), "{said}");
    }
}

#[test]
fn what_the_vault_exports_is_right() {
    let exported = Exported::empty();
    let signer = SignerKey::new("shop.example/reads", KeyKind::Log, &[1; 32]).unwrap();
    let (folder, anchor) = (exported.dir.path().join("book"), exported.dir.path().join("anchor"));
    let book = Book::open(&folder, &anchor, signer.into(), 0, Box::new(|| 1_796_083_140_000), None, |_| {}).unwrap();
    for no in 0..30 {
        book.append(deed(no)).unwrap();
        if no == 10 {
            book.checkpoint().unwrap();
        }
    }
    book.checkpoint().unwrap();
    noren_vault::book::export(&folder, &exported.folder()).unwrap();
    let (code, said) = exported.said(|_| {});
    assert!(code == 0 && said.starts_with("32 leaves about 8 subjects, 2 checkpoints: every one is right\n"), "{said}");
}

#[test]
fn a_witness_who_has_cosigned_nothing_and_a_root_that_is_another_are_no_ledger_that_is_right() {
    let exported = Exported::new();
    let newest = exported.newest();
    let absent = SignerKey::new("absent.example/w", KeyKind::Witness, &[9; 32]).unwrap();
    let (code, said) = exported.said(|asked| asked.witnesses = vec![absent.verifier().to_string()]);
    assert!(code == 1 && said.ends_with("  absent.example/w has cosigned nothing\n"), "{said}");
    for (size, said) in [
        (newest.size, format!("leaf {}: another root was seen at this size: the log was changed since\n", newest.size)),
        (5, "leaf 5: another root was seen at this size: the log was changed since\n".to_owned()),
        (0, "leaf 0: another root was seen at this size: the log was changed since\n".to_owned()),
        (
            9_999,
            format!(
                "leaf 9999: a root was seen at this size, and the newest checkpoint is about {} leaves\n",
                newest.size
            ),
        ),
    ] {
        assert_eq!(exported.said(|asked| asked.seen = vec![format!("{size}:{}", Hash([1; 32]))]), (1, said));
    }
}

#[test]
fn what_was_changed_after_the_export_is_named() {
    let exported = Exported::new();
    let name = bundle_path(1, 256);
    let whole = fs::read(exported.file(&name)).unwrap();
    let place = |at: usize| 146 * at + 2;
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        exported.write(&name, bytes);
        exported.said(|_| {})
    };
    assert_eq!(
        with(&|bytes| bytes[place(10) + 15] ^= 1),
        (1, "leaf 266: it says of itself that it is leaf 267\n".into())
    );
    let missing = |at: u64| (1, format!("leaf {at}: its file is missing or ends before it\n"));
    assert_eq!(with(&|bytes| bytes.truncate(place(20))), missing(276));
    assert_eq!(with(&|bytes| bytes.truncate(place(20) + 100)), missing(276));
    assert_eq!(with(&|bytes| bytes.push(0)), (1, "leaf 511: more stands behind it in its file\n".into()));
    assert_eq!(with(&|bytes| bytes[place(3)] = 0), (1, "leaf 259: the version of the leaf means nothing\n".into()));
    assert_eq!(with(&|bytes| bytes[place(3) - 1] = 9), (1, "leaf 259: a leaf is 144 bytes long\n".into()));
    let (code, said) = with(&|bytes| bytes[place(3)] = 2);
    assert!(
        code == 2 && said.starts_with("cannot be verified: leaf 259: ") && said.contains("too old for it"),
        "{said}"
    );
    fs::remove_file(exported.file(&name)).unwrap();
    assert_eq!(exported.said(|_| {}), missing(256));
    exported.write(&bundle_path(1, 100), &whole[..146 * 100]);
    assert_eq!(exported.said(|_| {}), missing(356), "the longest that there is");
    exported.write(&name, &whole);
    assert_eq!(exported.said(|_| {}).0, 0);
}

#[test]
fn the_last_file_may_be_longer_than_the_newest_checkpoint_and_must_be_as_long_as_it_says() {
    let exported = Exported::new();
    let size = exported.newest().size;
    let (index, width) = (size / 256, u16::try_from(size % 256).unwrap());
    let bytes = fs::read(exported.file(&bundle_path(index, width))).unwrap();
    fs::remove_file(exported.file(&bundle_path(index, width))).unwrap();
    let longer = bundle_path(index, width + 1);
    let more = [bytes.clone(), vec![0, 1, 7]].concat();
    exported.write(&longer, &more);
    assert_eq!(exported.said(|_| {}).0, 0, "what is not signed yet is not looked at");
    exported.write(&longer, &bytes);
    assert_eq!(exported.said(|_| {}), (1, format!("leaf {size}: its file is missing or ends before it\n")));
    exported.write(&longer, [more, vec![0]].concat());
    assert_eq!(exported.said(|_| {}), (1, format!("leaf {size}: more stands behind it in its file\n")));
}

#[test]
fn a_note_that_is_no_checkpoint_is_named_by_its_file() {
    let exported = Exported::new();
    let newest = exported.newest();
    let good = fs::read_to_string(exported.file("checkpoint")).unwrap();
    let size = format!("\n{}\n", newest.size);
    let no = |name: &str, reason: &str| (1, format!("leaf ?: {name} is no checkpoint of this log: {reason}\n"));
    let forged = "a signature of a known key does not fit the note";
    exported.write("checkpoint", good.replace(&size, "\n702\n"));
    assert_eq!(exported.said(|_| {}), no("checkpoint", forged));
    exported.write("checkpoint", good.replace(&size, "\n0702\n"));
    let malformed = "not a checkpoint: three lines with origin, size and root hash are expected";
    assert_eq!(exported.said(|_| {}), no("checkpoint", malformed));
    exported.write("checkpoint", format!("{good}\n{good}"));
    assert_eq!(exported.said(|_| {}), no("checkpoint", malformed), "one only");
    exported.write("checkpoint", &good);
    let older = "checkpoints/zz";
    for (file, reason) in [
        (format!("{good}\n{}", good.replace(&size, "\n702\n")).into_bytes(), forged),
        (format!("{good}\n\n{good}").into_bytes(), "not a signed note"),
        (format!("{good}{good}").into_bytes(), "not a signed note"),
        (vec![0xff], "not a signed note"),
        (vec![b'\n'], "not a signed note"),
    ] {
        exported.write(older, file);
        assert_eq!(exported.said(|_| {}), no(older, reason));
    }
    let other = SignerKey::new("other.example/reads", KeyKind::Log, &[3; 32]).unwrap();
    exported.write(older, newest.sign(&other).to_string());
    assert_eq!(exported.said(|_| {}), no(older, "no known key has signed the note"));
    let of_other = Checkpoint { origin: "other.example/reads".into(), ..newest.clone() };
    exported.write(older, of_other.sign(&other).to_string());
    assert_eq!(exported.said(|_| {}), no(older, "the checkpoint is of another log"));
    let fork = Checkpoint { root: Hash([1; 32]), ..newest.clone() };
    exported.write(older, fork.sign(&exported.log).to_string());
    let forked =
        format!("leaf {}: two checkpoints of this size sign different roots: the log was forked\n", newest.size);
    assert_eq!(exported.said(|_| {}), (1, forked));
    exported.write(older, "");
    assert_eq!(exported.said(|_| {}).0, 0, "a month without a checkpoint");
}

#[test]
fn a_checkpoint_of_nothing_is_none() {
    let exported = Exported::new();
    let empty = Checkpoint { size: 0, root: noren_ledger::tree::empty_root(), ..exported.newest() };
    exported.write("checkpoint", empty.sign(&exported.log).to_string());
    let no_heads = (1, "leaf 0: the last leaf under the checkpoint holds no heads\n".to_owned());
    assert_eq!(exported.said(|_| {}), no_heads, "among others");
    fs::remove_dir_all(exported.file("checkpoints")).unwrap();
    fs::remove_dir_all(exported.file("tile")).unwrap();
    assert_eq!(exported.said(|_| {}), no_heads, "and alone");
    let wrong = Checkpoint { root: Hash::ZERO, ..empty };
    exported.write("checkpoint", wrong.sign(&exported.log).to_string());
    let root = (1, "leaf 0: the checkpoint signs another root than the leaves have\n".to_owned());
    assert_eq!(exported.said(|_| {}), root);
}

#[test]
fn who_asks_with_what_is_no_key_or_folder_is_told_so_and_not_that_the_ledger_is_bad() {
    let exported = Exported::new();
    let (log, witness) = (exported.log.verifier().to_string(), exported.witness.verifier().to_string());
    let unknown = |said: String| (2, format!("cannot be verified: {said}\n"));
    let not_a_log = unknown(format!("{witness} is not the key of a log"));
    assert_eq!(exported.said(|asked| asked.keys = vec![witness.clone()]), not_a_log);
    assert_eq!(exported.said(|asked| asked.keys.push(witness.clone())), not_a_log);
    let not_a_witness = unknown(format!("{log} is not the key of a witness"));
    assert_eq!(exported.said(|asked| asked.witnesses = vec![log.clone()]), not_a_witness);
    let other = SignerKey::new("other.example/reads", KeyKind::Log, &[3; 32]).unwrap().verifier().to_string();
    let not_of_it = unknown(format!("{other} is not a key of shop.example/reads"));
    assert_eq!(exported.said(|asked| asked.keys.push(other.clone())), not_of_it);
    let form = "not a verifier key in the form name+hash+base64 of C2SP signed-note (Ed25519, a log's or a witness')";
    for text in ["", "a", "a+b", "a+00000000+AQ==", "a+00000000+A", &log.replace("reads", "readers")] {
        let no_key = unknown(format!("{text}: {form}"));
        assert_eq!(exported.said(|asked| asked.keys = vec![text.to_owned()]), no_key);
    }
    for text in ["5", "5:", "05:x", "x:y", &format!("5:{}x", Hash([1; 32])), &format!("+5:{}", Hash([1; 32]))] {
        let no_root = unknown(format!("{text}: not SIZE:ROOT, a number of leaves and a root in base64"));
        assert_eq!(exported.said(|asked| asked.seen = vec![text.to_owned()]), no_root);
    }
    let missing = exported.dir.path().join("nowhere");
    let no_folder = unknown(format!("{}/checkpoint: No such file or directory (os error 2)", missing.display()));
    assert_eq!(exported.said(|asked| asked.dir = missing.clone()), no_folder);
    fs::write(&missing, "a file").unwrap();
    let no_folder = unknown(format!("{}/checkpoints: Not a directory (os error 20)", missing.display()));
    assert_eq!(exported.said(|asked| asked.dir = missing.clone()), no_folder);
    exported.write(&bundle_path(9, 1), "");
    fs::create_dir(exported.file("checkpoints/folder")).unwrap();
    let a_folder = format!("{}: Is a directory (os error 21)", exported.file("checkpoints/folder").display());
    assert_eq!(exported.said(|_| {}), unknown(a_folder));
    fs::remove_dir(exported.file("checkpoints/folder")).unwrap();
    let link = exported.file("checkpoints/link");
    std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
    assert_eq!(exported.said(|_| {}), unknown(format!("{}: is neither a file nor a folder", link.display())));
}

#[test]
fn after_the_key_was_replaced_both_are_needed() {
    let (exported, mut written) = (Exported::empty(), Written::default());
    let later = SignerKey::new("shop.example/reads", KeyKind::Log, &[7; 32]).unwrap();
    written.write(Act::Continues { size: 9, root: Hash([9; 32]) });
    written.write(Act::Key { hash: later.verifier().hash() });
    written.sign(&exported.log);
    written.sign(&later);
    written.export(&exported);
    let both = |asked: &mut Verify| asked.keys.push(later.verifier().to_string());
    let right = "4 leaves about 0 subjects, 2 checkpoints: every one is right\n  it continues a ledger that had 9 leaves and the root CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\n  by kind: continues 1, heads 2, key 1\n  by purpose: \n  by actor: \n";
    assert_eq!(exported.said(both), (0, right.to_owned()));
    let not_given = "cannot be verified: leaf 4: its checkpoint may be signed by the key that leaf 1 announces: give its key with --key\n";
    assert_eq!(exported.said(|_| {}), (2, not_given.to_owned()));
    let alone = exported.said(|asked| asked.keys = vec![later.verifier().to_string()]);
    assert_eq!(alone, (1, "leaf 3: the key whose turn it is has not signed the checkpoint\n".to_owned()));
    fs::remove_dir_all(exported.file("checkpoints")).unwrap();
    let unvouched = "leaf 3: no checkpoint here in which the earlier key vouches for the one just announced\n";
    assert_eq!(exported.said(both), (1, unvouched.to_owned()));
}
