//! A small ledger, written by the vault's own book, and all that was ever signed and proven of it. Nothing
//! else may pass for signed or proven.

use std::sync::LazyLock;

use noren_ledger::Hash;
use noren_ledger::checkpoint::Checkpoint;
use noren_ledger::leaf::{Actor, Deed, Detail, Field, Fields, Kind, Leaf, Outcome, Purpose, Route, Tag};
use noren_ledger::note::{KeyKind, Note, SignerKey, VerifierKey};
use noren_ledger::proof::LeafProof;
use noren_vault::book::Book;

/// The log's name.
pub const ORIGIN: &str = "shop.example/reads";
/// 30 November 2026 (UTC milliseconds), when all of it happens.
const NOW: u64 = 1_796_083_140_000;
/// When the witness saw the checkpoints (seconds since 1970).
pub const WITNESSED: u64 = 1_796_083_200;

/// Two people that part at the last bits of their tags, and one that is far from both.
const READ: [Tag; 3] = [tag(1, 1, 1), tag(1, 1, 2), tag(0x80, 7, 7)];
/// Never written about: beside the first two, on their way, and nobody at all.
const UNREAD: [Tag; 3] = [tag(1, 1, 3), tag(1, 0, 1), Tag::NOBODY];

const fn tag(first: u8, middle: u8, last: u8) -> Tag {
    let mut bytes = [middle; 16];
    bytes[0] = first;
    bytes[15] = last;
    Tag(bytes)
}

/// Everybody whom proofs are asked about.
pub fn tags() -> impl Iterator<Item = Tag> {
    READ.into_iter().chain(UNREAD)
}

/// What there is of the ledger.
pub struct World {
    /// Signs as the log does: what it signs beyond the ledger, a dishonest log would.
    pub log: SignerKey,
    /// Keys that notes are checked with: the log's and a witness'.
    pub known: [VerifierKey; 2],
    /// Every leaf.
    pub leaves: Vec<Leaf>,
    /// Every checkpoint.
    pub checkpoints: Vec<Checkpoint>,
    /// The notes in which they are signed, each once bare and once cosigned.
    pub notes: Vec<Note>,
    /// Proofs about everybody, as of every checkpoint.
    pub proofs: Vec<(Tag, LeafProof)>,
}

/// The only one.
pub static WORLD: LazyLock<World> = LazyLock::new(World::new);

fn signer(name: &str, kind: KeyKind, seed: u8) -> SignerKey {
    SignerKey::new(name, kind, &[seed; 32]).expect("a name of a key")
}

fn deed(kind: Kind, subject: Tag) -> Deed {
    Deed {
        kind,
        purpose: None,
        outcome: Outcome::Granted,
        fields: Fields::NONE,
        actor: Actor::Shop,
        detail: None,
        subject,
        count: 0,
        previous: Hash::ZERO,
        previous_at: 0,
        reference: [0; 16],
        actor_id: [2; 16],
        request: [3; 8],
        route: Route::new("checkout/place"),
    }
}

fn opened(subject: Tag) -> Deed {
    let fields = Fields::of(&[Field::Email, Field::Name]);
    let opened = deed(Kind::Open, subject);
    Deed { purpose: Some(Purpose::Mail), fields, reference: [1; 16], route: Route::new("outbox/mail"), ..opened }
}

/// One deed of each kind, between them those about people.
fn deeds() -> [Vec<Deed>; 2] {
    let [one, two, far] = READ;
    let vault = |deed: Deed| Deed { actor: Actor::Vault, ..deed };
    let about = |kind, detail| Deed { detail, ..deed(kind, Tag::NOBODY) };
    let sealed = |tag| Deed { fields: Fields::of(Field::ALL), actor: Actor::Guest, ..deed(Kind::Seal, tag) };
    let found = Deed { purpose: Some(Purpose::Login), fields: Fields::of(&[Field::Email]), ..about(Kind::Index, None) };
    let first = vec![
        vault(about(Kind::Start, None)),
        sealed(one),
        found,
        opened(one),
        sealed(two),
        Deed { outcome: Outcome::NoSubject, ..opened(Tag::NOBODY) },
        vault(about(Kind::Alarm, Some(Detail::Budget))),
        opened(one),
    ];
    let second = vec![
        sealed(far),
        Deed { outcome: Outcome::OverBudget, actor: Actor::Staff, ..opened(one) },
        Deed { actor: Actor::Operator, ..about(Kind::Rotate, Some(Detail::WrappingKey)) },
        about(Kind::Config, Some(Detail::Limits)),
        about(Kind::Export, None),
        deed(Kind::Prove, one),
        deed(Kind::Shred, two),
        vault(about(Kind::Stop, None)),
    ];
    [first, second]
}

impl World {
    fn new() -> Self {
        let log = || signer(ORIGIN, KeyKind::Log, 4);
        let witness = signer("witness.example/w1", KeyKind::Witness, 5);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (ledger, anchor) = (folder.path().join("ledger"), folder.path().join("anchor"));
        let open = |each: &mut dyn FnMut(&Leaf)| {
            Book::open(&ledger, &anchor, log().into(), 0xd073_83aa, Box::new(|| NOW), None, each)
                .expect("an honest ledger opens")
        };
        let book = open(&mut |_| {});
        let (mut checkpoints, mut notes, mut proofs) = (Vec::new(), Vec::new(), Vec::new());
        for deeds in deeds() {
            for deed in deeds {
                book.append(deed).expect("a lawful deed is written");
            }
            let (checkpoint, note) = book.checkpoint().expect("a checkpoint is made");
            checkpoints.push(checkpoint);
            let cosignature = witness.sign(&note.text, WITNESSED);
            proofs.extend(tags().map(|tag| (tag, book.prove(tag).expect("a proof is made"))));
            notes.extend([note.clone(), Note { signatures: [note.signatures, vec![cosignature]].concat(), ..note }]);
        }
        drop(book);
        let mut leaves = Vec::new();
        drop(open(&mut |leaf| leaves.push(*leaf)));
        let known = [log().verifier().clone(), witness.verifier().clone()];
        Self { log: log(), known, leaves, checkpoints, notes, proofs }
    }
}
