//! What is said of an export that a vault has written, and of one that somebody has changed since.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use noren_ledger::audit::Auditor;
use noren_ledger::checkpoint::Checkpoint;
use noren_ledger::leaf::{Act, Actor, Deed, Field, Fields, Kind, Purpose, Route, Tag};
use noren_ledger::note::{KeyKind, Note, SignerKey, write_notes};
use noren_ledger::tile::{Tile, bundle, bundle_path};
use noren_vault::book::Book;
use tempfile::TempDir;

use super::*;

/// 2026-11-06, noon in UTC. Each act comes a second after the one before it.
const NOON: u64 = 1_793_966_400_000;

const INCIDENT: &str = "incident = \"I-2026-0001\"
grade = \"C\"

[window]
from = 2026-11-06T12:10:00Z
to = 2026-11-06T12:20:00Z

[attacker]
kinds = [\"staff\"]
";

fn log_key() -> SignerKey {
    SignerKey::new("shop.example/reads", KeyKind::Log, &[1; 32]).unwrap()
}

fn witness_key() -> SignerKey {
    SignerKey::new("witness.example/w", KeyKind::Witness, &[2; 32]).unwrap()
}

/// A ledger as a vault writes it.
#[derive(Default)]
struct Written {
    auditor: Auditor,
    leaves: Vec<[u8; 144]>,
    nodes: HashMap<(u8, u64), Hash>,
    notes: Vec<Note>,
}

impl Written {
    fn write(&mut self, second: u64, act: Act) {
        let act = match act {
            Act::Deed(deed) if deed.subject != Tag::NOBODY => {
                let head = self.auditor.head(deed.subject);
                let (count, previous) = head.map_or((1, Hash::ZERO), |head| (head.count + 1, head.leaf));
                let previous_at = head.map_or(0, |head| head.sequence);
                Act::Deed(Deed { count, previous, previous_at, ..deed })
            }
            act => act,
        };
        let leaf = Leaf { sequence: self.auditor.size(), time: NOON + second * 1_000, build: 0, act }.encode();
        let nodes = &mut self.nodes;
        let keep = |level, index, hash| {
            nodes.insert((level, index), hash);
        };
        self.auditor.take(&leaf, keep).unwrap();
        self.leaves.push(leaf);
    }

    fn sign(&mut self, second: u64, signer: &SignerKey) {
        let heads = self.auditor.heads();
        self.write(second, heads);
        let (size, root) = (self.auditor.size(), self.auditor.root());
        self.notes.push(Checkpoint { origin: "shop.example/reads".into(), size, root }.sign(signer));
    }

    /// An hour of a shop, an act each second: every tenth is that of a member of staff, who reads one person after
    /// the other. Leaf and second are the same number.
    fn hour() -> Self {
        let mut written = Self::default();
        written.write(0, Act::Deed(Deed::of(Kind::Start, Actor::Vault, Route::new("vault"))));
        for no in 1..3_600u16 {
            let (actor, purpose) =
                if no % 10 == 0 { (Actor::Staff, Purpose::Support) } else { (Actor::Shop, Purpose::Mail) };
            let mut tag = [1; 16];
            tag[..2].copy_from_slice(&(no / 10).to_be_bytes());
            let (purpose, fields) = (Some(purpose), Fields::of(&[Field::Email, Field::Name]));
            let open = Deed { purpose, fields, subject: Tag(tag), ..Deed::of(Kind::Open, actor, Route::new("test")) };
            written.write(no.into(), Act::Deed(open));
        }
        written.sign(3_600, &log_key());
        written
    }

    /// In the place of what was exported before.
    fn export(&self, to: &Exported) {
        let write = |name: &str, bytes: &[u8]| {
            fs::create_dir_all(to.file(name).parent().unwrap()).unwrap();
            fs::write(to.file(name), bytes).unwrap();
        };
        if to.folder().exists() {
            fs::remove_dir_all(to.folder()).unwrap();
        }
        for (index, held) in (0..).zip(self.leaves.chunks(256)) {
            let leaves = bundle(held.iter().map(<[u8; 144]>::as_slice));
            write(&bundle_path(index, u16::try_from(held.len()).unwrap()), &leaves);
        }
        for tile in Tile::added(0, self.auditor.size()) {
            let node = |level, index| Ok::<_, Infallible>(self.nodes[&(level, index)]);
            write(&tile.path(), &tile.encode(node).unwrap());
        }
        write("checkpoints/2026-11.notes", write_notes(&self.notes).as_bytes());
        write("checkpoint", self.notes.last().unwrap().to_string().as_bytes());
    }
}

struct Exported {
    dir: TempDir,
}

impl Exported {
    fn of(written: &Written) -> Self {
        let exported = Self { dir: tempfile::tempdir().unwrap() };
        written.export(&exported);
        fs::write(exported.incident(), INCIDENT).unwrap();
        exported
    }

    fn new() -> Self {
        Self::of(&Written::hour())
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("export")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    fn incident(&self) -> PathBuf {
        self.dir.path().join("incident.toml")
    }

    fn ask(&self) -> Scope {
        Scope {
            incident: self.incident(),
            dir: self.folder(),
            keys: vec![log_key().verifier().to_string()],
            witnesses: Vec::new(),
            size: None,
            expect: None,
        }
    }

    fn said(&self, change: impl FnOnce(&mut Scope)) -> (u8, String) {
        let mut asked = self.ask();
        change(&mut asked);
        report(&asked)
    }

    fn newest(&self) -> Note {
        fs::read_to_string(self.file("checkpoint")).unwrap().parse().unwrap()
    }

    fn size(&self) -> u64 {
        self.newest().text.parse::<Checkpoint>().unwrap().size
    }

    /// What is said while a file is another one.
    fn with(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> (u8, String) {
        let whole = fs::read(self.file(name)).unwrap();
        let mut bytes = whole.clone();
        change(&mut bytes);
        fs::write(self.file(name), bytes).unwrap();
        let said = self.said(|_| {});
        fs::write(self.file(name), whole).unwrap();
        said
    }
}

fn line<'t>(text: &'t str, word: &str) -> &'t str {
    text.lines().find(|line| line.starts_with(word)).unwrap_or_else(|| panic!("no line of {word} in {text}"))
}

#[test]
fn whoever_has_the_export_computes_the_same_byte_for_byte() {
    let exported = Exported::new();
    let (code, text) = exported.said(|_| {});
    assert_eq!(code, 0, "{text}");
    assert_eq!(line(&text, "acts"), "acts open granted 61");
    assert_eq!(line(&text, "subjects"), "subjects 61");
    assert_eq!(line(&text, "others"), "others unknown", "grade C");
    assert_eq!(line(&text, "leaves"), "leaves 601");
    assert_eq!(line(&text, "proven"), "proven 599 1202");
    let subject = format!("subject {}{} email=read/1/2026-11-06T12:10:00.000Z/", "003c", "01".repeat(14));
    assert!(text.contains(&subject), "{subject} in {text}");
    let published = exported.dir.path().join("I-2026-0001.scope");
    fs::write(&published, &text).unwrap();
    let (code, said) = exported.said(|asked| asked.expect = Some(published.clone()));
    assert_eq!((code, said), (0, format!("{} is what comes out, byte for byte\n", published.display())));
    let changed = text.replacen("email=read/1/", "email=not-read", 1);
    let at = text.lines().position(|line| line.contains("email=read")).unwrap() + 1;
    for (other, at) in [
        (changed, at),
        (text[..text.len() - 1].to_owned(), text.lines().count()),
        (format!("{text}\n"), text.lines().count() + 1),
    ] {
        fs::write(&published, other).unwrap();
        let (code, said) = exported.said(|asked| asked.expect = Some(published.clone()));
        assert!(code == 1 && said.starts_with(&format!("{} differs at line {at}: ", published.display())), "{said}");
    }
    let nowhere = exported.said(|asked| asked.expect = Some(exported.dir.path().join("nowhere")));
    assert!(nowhere.0 == 2 && nowhere.1.starts_with("cannot be compared: "), "{}", nowhere.1);
}

/// The narrower tiles and bundles of the earlier size are not there any more.
#[test]
fn a_later_export_still_has_what_was_computed_from_an_earlier_one() {
    let mut written = Written::hour();
    let exported = Exported::of(&written);
    let (_, text) = exported.said(|_| {});
    for second in 0..700 {
        written.write(4_000 + second, Act::Deed(Deed::of(Kind::Export, Actor::Operator, Route::new("test"))));
    }
    written.sign(5_000, &log_key());
    written.export(&exported);
    assert_eq!(exported.said(|asked| asked.size = Some(3_601)), (0, text.clone()));
    let (code, newer) = exported.said(|_| {});
    assert!(code == 0 && newer != text, "under its newest checkpoint it is another text");
    let (code, said) = exported.said(|asked| asked.size = Some(5));
    assert!(code == 2 && said.starts_with("cannot be computed: no checkpoint of 5 leaves is here"), "{said}");
}

#[test]
fn what_a_vault_has_written_and_exported_is_enough() {
    let exported = Exported::new();
    let (folder, anchor) = (exported.dir.path().join("book"), exported.dir.path().join("anchor"));
    let clock = Arc::new(AtomicU64::new(NOON + 599_000));
    let now = clock.clone();
    let now = Box::new(move || now.load(Ordering::SeqCst));
    let book = Book::open(&folder, &anchor, log_key().into(), 0, now, None, |_| {}).unwrap();
    let vault = |kind| Deed::of(kind, Actor::Vault, Route::new("vault"));
    let (purpose, fields, subject) = (Some(Purpose::Support), Fields::of(&[Field::Phone]), Tag([7; 16]));
    let read = Deed { purpose, fields, subject, ..Deed::of(Kind::Open, Actor::Staff, Route::new("test")) };
    for (second, deed) in [(599, vault(Kind::Start)), (600, read), (1_200, read), (1_201, read)] {
        clock.store(NOON + second * 1_000, Ordering::SeqCst);
        book.append(deed).unwrap();
    }
    book.checkpoint().unwrap();
    fs::remove_dir_all(exported.folder()).unwrap();
    noren_vault::book::export(&folder, &exported.folder()).unwrap();
    let (code, said) = exported.said(|_| {});
    assert_eq!((code, line(&said, "acts")), (0, "acts open granted 2"), "{said}");
    assert!(line(&said, "subject ").contains(" phone=read/2/2026-11-06T12:10:00.000Z/2026-11-06T12:20:00.000Z "));
}

#[test]
fn a_witness_who_is_named_must_have_cosigned() {
    let exported = Exported::new();
    let witness = || vec![witness_key().verifier().to_string()];
    let (code, said) = exported.said(|asked| asked.witnesses = witness());
    assert!(code == 1 && said.contains("lacks witness.example/w+"), "{said}");
    fs::write(exported.incident(), INCIDENT.replace("\"C\"", "\"B\"")).unwrap();
    let (code, said) = exported.said(|_| {});
    assert!(
        code == 2 && said.contains("grade B rests on a witness outside the shop: give its key with --witness"),
        "{said}"
    );
    // The newest is enough to stand under, but a witness that saw it first after weeks proves nothing of the window.
    let cosigned = |second| {
        let mut note = exported.newest();
        note.signatures.push(witness_key().sign(&note.text, NOON / 1_000 + second));
        note
    };
    let weeks = cosigned(44 * 86_400);
    fs::write(exported.file("checkpoint"), weeks.to_string()).unwrap();
    let (code, said) = exported.said(|asked| asked.witnesses = witness());
    assert_eq!((code, line(&said, "gap")), (0, "gap cosigned-late 2026-11-06T12:10:00.000Z"), "{said}");
    assert_eq!(line(&said, "others"), "others unknown");
    let line_of = |time| format!("cosigned {} {time}", witness_key().verifier());
    assert_eq!(line(&said, "cosigned"), line_of("2026-12-20T12:00:00.000Z"));
    // An earlier cosignature of the same stands in a file of its own.
    fs::write(exported.file("checkpoints/2026-11.cosigned"), write_notes([&weeks, &cosigned(3_610)])).unwrap();
    let (code, said) = exported.said(|asked| asked.witnesses = witness());
    assert_eq!((code, line(&said, "cosigned")), (0, line_of("2026-11-06T13:00:10.000Z").as_str()));
    assert_eq!(line(&said, "others"), "others not-read");
    assert!(!said.contains("gap "), "{said}");
}

#[test]
fn what_was_changed_after_the_export_is_refused_and_named() {
    let exported = Exported::new();
    let honest = exported.said(|_| {});
    // In the middle of the ten minutes: leaves 768 to 1023.
    let bundle = bundle_path(3, 256);
    let place = |at: usize| 146 * at + 2;
    let changed =
        |at: u64| format!("leaf {at}: it and its hash in the tiles do not go together: one of the two was changed\n");
    assert_eq!(exported.with(&bundle, |bytes| bytes[place(10) + 96] ^= 1), (1, changed(778)), "another actor");
    assert_eq!(
        exported.with(&bundle, |bytes| bytes[place(10) + 15] ^= 1),
        (1, "leaf 778: it says of itself that it is leaf 779\n".into())
    );
    let missing = (1, "leaf 788: its file is missing or ends before it\n".to_owned());
    assert_eq!(exported.with(&bundle, |bytes| bytes.truncate(place(20))), missing);
    let (first, second) = (place(10), place(11));
    let swapped = exported.with(&bundle, |bytes| {
        let leaf = bytes[first..first + 144].to_vec();
        bytes.copy_within(second..second + 144, first);
        bytes[second..second + 144].copy_from_slice(&leaf);
    });
    assert_eq!(swapped, (1, "leaf 778: it says of itself that it is leaf 779\n".into()));
    assert_eq!(exported.with(&bundle, |bytes| bytes[place(10)] = 2).0, 2, "of a later version");
    let tile = Tile { level: 0, index: 0, width: 256 }.path();
    let whole = Tile { level: 1, index: 0, width: u16::try_from(exported.size() / 256).unwrap() }.path();
    let (code, said) = exported.with(&whole, |bytes| bytes[0] ^= 1);
    assert!(
        code == 1 && said.contains("and the tiles beside them have another root than the checkpoint signs"),
        "{said}"
    );
    let (code, said) = exported.with(&whole, |bytes| bytes.truncate(32));
    assert_eq!((code, said), (1, format!("{whole} is missing, or not as long as its name says\n")));
    assert_eq!(exported.with(&tile, |bytes| bytes[0] ^= 1), honest, "it is not looked at: the whole above it is");
    assert_eq!(exported.with(&bundle_path(13, 256), |bytes| bytes[place(7) + 96] ^= 1), honest, "nor is another hour");
    let note = fs::read_to_string(exported.file("checkpoint")).unwrap();
    let size = exported.size();
    let (code, said) =
        exported.with("checkpoint", |bytes| *bytes = note.replace(&format!("\n{size}\n"), "\n700\n").into_bytes());
    assert!(code == 1 && said.contains("a signature of a known key does not fit the note"), "{said}");
    assert_eq!(exported.said(|_| {}), honest);
}

/// A ledger in which leaf 300 announces a key that signs from then on.
fn rotated(later: &SignerKey) -> Written {
    let mut written = Written::default();
    let act = |kind| Act::Deed(Deed::of(kind, Actor::Vault, Route::new("test")));
    written.write(0, act(Kind::Start));
    (1..300).for_each(|no| written.write(no * 10, act(Kind::Export)));
    written.write(3_000, Act::Key { hash: later.verifier().hash() });
    written.sign(3_010, &log_key());
    (302..599).for_each(|no| written.write(no * 10, act(Kind::Export)));
    written.sign(5_990, later);
    written
}

#[test]
fn a_ledger_whose_key_was_replaced_is_read_with_all_its_keys() {
    let later = SignerKey::new("shop.example/reads", KeyKind::Log, &[7; 32]).unwrap();
    let exported = Exported::of(&rotated(&later));
    let both = |asked: &mut Scope| asked.keys.push(later.verifier().to_string());
    let (code, said) = exported.said(both);
    assert_eq!((code, line(&said, "leaves")), (0, "leaves 61"), "{said}");
    assert!(line(&said, "repeat").contains(&format!("--key {} --key {}", log_key().verifier(), later.verifier())));
    let (code, said) = exported.said(|_| {});
    assert!(code == 2 && said.contains("give its key with --key"), "{said}");
    let (code, said) = exported.said(|asked| asked.keys = vec![later.verifier().to_string()]);
    assert_eq!((code, line(&said, "leaves")), (0, "leaves 61"), "whoever knows only the new one believes that one");
    // Whoever has stolen the new key alone lacks the old one's word.
    let notes = fs::read(exported.file("checkpoints/2026-11.notes")).unwrap();
    fs::remove_dir_all(exported.file("checkpoints")).unwrap();
    let (code, said) = exported.said(both);
    assert!(code == 1 && said.contains("none is here in which the key before it vouches for it"), "{said}");
    // Whoever has stolen the old one signs when its turn is over.
    fs::create_dir_all(exported.file("checkpoints")).unwrap();
    fs::write(exported.file("checkpoints/notes"), notes).unwrap();
    let newest: Checkpoint = exported.newest().text.parse().unwrap();
    fs::write(exported.file("checkpoint"), newest.sign(&log_key()).to_string()).unwrap();
    let (code, said) = exported.said(both);
    assert!(code == 1 && said.contains("whose turn it is not"), "{said}");
}

/// Whoever makes the export decides which checkpoints are in it.
#[test]
fn whoever_signs_with_a_stolen_key_after_its_turn_and_leaves_out_what_the_later_one_signed_is_found_or_named() {
    let later = SignerKey::new("shop.example/reads", KeyKind::Log, &[7; 32]).unwrap();
    let mut written = rotated(&later);
    written.notes = vec![written.notes[1].text.parse::<Checkpoint>().unwrap().sign(&log_key())];
    let exported = Exported::of(&written);
    let (first, second) = (log_key().verifier().to_string(), later.verifier().to_string());
    let both = |asked: &mut Scope| asked.keys.push(second.clone());
    // The key is announced in second 3000, ten minutes to one.
    fs::write(exported.incident(), INCIDENT.replace("12:20", "12:50")).unwrap();
    let by = format!("{}+{:08x}", log_key().verifier().name(), log_key().verifier().id());
    let out_of_turn = format!("leaf 600: the checkpoint is signed by {by}, whose turn it is not\n");
    assert_eq!(exported.said(both), (1, out_of_turn));
    let (code, said) = exported.said(|_| {});
    assert!(code == 2 && said.contains("the key that leaf 300 announces: give its key with --key"), "{said}");
    // Of other leaves it does not show, but the text says who has signed.
    fs::write(exported.incident(), INCIDENT).unwrap();
    let (code, said) = exported.said(both);
    assert_eq!((code, line(&said, "signed")), (0, format!("signed {first}").as_str()), "{said}");
    // An honest one reads over the announcement.
    rotated(&later).export(&exported);
    fs::write(exported.incident(), INCIDENT.replace("12:20", "12:50")).unwrap();
    let (code, said) = exported.said(both);
    assert_eq!((code, line(&said, "signed")), (0, format!("signed {second}").as_str()), "{said}");
    let (code, said) = exported.said(|asked| asked.size = Some(302));
    assert_eq!((code, line(&said, "signed")), (0, format!("signed {first}").as_str()), "{said}");
}

#[test]
fn what_cannot_be_read_is_said_so() {
    let exported = Exported::new();
    let cannot = |change: &dyn Fn(&mut Scope)| {
        let (code, said) = exported.said(|asked| change(asked));
        assert!(code == 2 && said.starts_with("cannot be computed: "), "{code} {said}");
        said
    };
    assert!(cannot(&|asked| asked.incident = "nowhere.toml".into()).contains("nowhere.toml: No such file"));
    assert!(cannot(&|asked| asked.dir = "nowhere".into()).contains("nowhere/checkpoint: No such file"));
    assert!(cannot(&|asked| asked.keys = vec!["x".into()]).contains("x: not a verifier key"));
    assert!(
        cannot(&|asked| asked.keys = vec![witness_key().verifier().to_string()]).contains("is not the key of a log")
    );
    fs::write(exported.incident(), INCIDENT.replace("kinds", "kind")).unwrap();
    assert!(cannot(&|_| {}).contains("incident.toml: attacker.kind is unknown; known are actors, kinds"));
    fs::write(exported.incident(), INCIDENT.replace("kinds = [\"staff\"]", "")).unwrap();
    assert!(cannot(&|_| {}).contains("so the answer would always be that nothing was read"));
}
