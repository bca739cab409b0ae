//! A leaf: one act of the vault, 144 bytes, of which each way of writing it down is the only one.

mod law;
mod words;

pub use words::{Actor, Class, Detail, Field, Fields, Kind, Outcome, Purpose};

use crate::Hash;
use crate::tree::leaf_hash;

/// Bytes of a leaf.
pub const LEN: usize = 144;
/// First byte of every leaf: the layout below.
pub const VERSION: u8 = 1;

/// Stands for one person in the ledger: salted, so that nobody can compute it from an account's number.
/// All zero in leaves that are about nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(pub [u8; 16]);

impl Tag {
    /// About nobody.
    pub const NOBODY: Self = Self([0; 16]);
}

/// As 32 hexadecimal digits.
impl std::fmt::Display for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Not 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tag is 32 hexadecimal digits")]
pub struct NotATag;

impl std::str::FromStr for Tag {
    type Err = NotATag;

    fn from_str(text: &str) -> Result<Self, NotATag> {
        let number = u128::from_str_radix(text, 16).ok().filter(|_| text.len() == 32 && !text.starts_with('+'));
        number.map(|number| Self(number.to_be_bytes())).ok_or(NotATag)
    }
}

/// The place in the shop that asked, such as `checkout/place`: at most 16 printable ASCII characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route([u8; 16]);

impl Route {
    /// The first 16 characters of `name`; what is not printable ASCII becomes `?`.
    pub fn new(name: &str) -> Self {
        let mut bytes = [0; 16];
        for (byte, c) in bytes.iter_mut().zip(name.chars()) {
            *byte = if c.is_ascii_graphic() { c as u8 } else { b'?' };
        }
        Self(bytes)
    }

    /// Its bytes, filled up with zeros.
    pub fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The route that these bytes are, if they are one.
    pub fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        let len = bytes.iter().position(|byte| *byte == 0).unwrap_or(16);
        let (name, rest) = bytes.split_at(len);
        (name.iter().all(u8::is_ascii_graphic) && rest.iter().all(|byte| *byte == 0)).then_some(Self(bytes))
    }

    /// The name.
    pub fn name(&self) -> &str {
        let len = self.0.iter().position(|byte| *byte == 0).unwrap_or(16);
        std::str::from_utf8(&self.0[..len]).unwrap_or_default()
    }
}

/// One act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Its place in the ledger, from 0.
    pub sequence: u64,
    /// When, in UTC milliseconds.
    pub time: u64,
    /// First four bytes of the commit that the vault was built from.
    pub build: u32,
    /// What was done.
    pub act: Act,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Something about a person, or about the vault itself.
    Deed(Deed),
    /// All subjects and their last leaves so far, as one hash: the last leaf under every checkpoint.
    Heads {
        /// Root of the [tree of heads](crate::heads).
        root: Hash,
        /// How many subjects there are.
        subjects: u64,
    },
    /// From the next checkpoint but one on, another key signs.
    Key {
        /// The [hash](crate::note::VerifierKey::hash) of that key.
        hash: Hash,
    },
    /// The first leaf of a log that goes on after a restore, under another origin.
    Continues {
        /// How many leaves the earlier log had.
        size: u64,
        /// Root of the Merkle tree over them.
        root: Hash,
    },
}

impl Act {
    /// What it is, in the word that reports have.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Deed(deed) => deed.kind.word(),
            Self::Heads { .. } => "heads",
            Self::Key { .. } => "key",
            Self::Continues { .. } => "continues",
        }
    }
}

/// Something that somebody asked the vault for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deed {
    /// What was asked.
    pub kind: Kind,
    /// What for; none where the kind needs none.
    pub purpose: Option<Purpose>,
    /// How it ended.
    pub outcome: Outcome,
    /// Which fields.
    pub fields: Fields,
    /// Who asked.
    pub actor: Actor,
    /// What exactly, in the kinds that need it.
    pub detail: Option<Detail>,
    /// About whom.
    pub subject: Tag,
    /// The how many-th leaf of this subject it is, from 1; 0 in leaves about nobody.
    pub count: u32,
    /// Hash of the leaf of this subject before it; [`Hash::ZERO`] in its first one and in leaves about nobody.
    pub previous: Hash,
    /// Where that leaf is, so that all of a subject are found without an index; 0 where there is none.
    pub previous_at: u64,
    /// Which mail, order or ticket it was for, as only the subject's key can tell.
    pub reference: [u8; 16],
    /// Which one of its kind the actor is, as only the vault can tell.
    pub actor_id: [u8; 16],
    /// The call: the same in all its leaves.
    pub request: [u8; 8],
    /// Where in the shop.
    pub route: Route,
}

/// Bytes that are no leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// Not 144 bytes.
    #[error("a leaf is 144 bytes long")]
    Length,
    /// From a later version of the shop: it may be right, and this program cannot tell.
    #[error("it is written in version {0}, and this program, which knows version 1, is too old for it")]
    Version(u8),
    /// A value that means nothing.
    #[error("the {0} of the leaf means nothing")]
    Meaningless(&'static str),
    /// Something is written where nothing may be.
    #[error("the leaf holds something where nothing may be")]
    Unused,
    /// A value that means something, and nothing together with the kind of the leaf.
    #[error("the {0} of the leaf does not go with its kind")]
    Unlawful(&'static str),
}

const CONTINUES: u8 = 8;
const HEADS: u8 = 10;
const KEY: u8 = 11;

impl Leaf {
    /// Its bytes.
    pub fn encode(&self) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        let mut put = |at: usize, part: &[u8]| bytes[at..at + part.len()].copy_from_slice(part);
        put(0, &[VERSION]);
        put(8, &self.sequence.to_be_bytes());
        put(16, &self.time.to_be_bytes());
        put(44, &self.build.to_be_bytes());
        // All that are no deeds are laid out alike.
        let mut plain = |kind: u8, number: u64, hash: &Hash| {
            put(1, &[kind]);
            put(24, &number.to_be_bytes());
            put(48, &hash.0);
        };
        match &self.act {
            Act::Heads { root, subjects } => plain(HEADS, *subjects, root),
            Act::Key { hash } => plain(KEY, 0, hash),
            Act::Continues { size, root } => plain(CONTINUES, *size, root),
            Act::Deed(deed) => {
                let purpose = deed.purpose.map_or(0, Purpose::code);
                put(1, &[deed.kind.code(), purpose, deed.outcome.code()]);
                put(4, &deed.fields.mask().to_be_bytes());
                put(6, &[deed.actor.code(), deed.detail.map_or(0, Detail::code)]);
                put(24, &deed.subject.0);
                put(40, &deed.count.to_be_bytes());
                put(48, &deed.previous.0);
                put(80, &deed.reference);
                put(96, &deed.actor_id);
                put(112, &deed.request);
                put(120, &deed.previous_at.to_be_bytes());
                put(128, &deed.route.0);
            }
        }
        bytes
    }

    /// The leaf that these bytes are. Never more than one way of writing a leaf is taken.
    pub fn decode(bytes: &[u8]) -> Result<Self, LeafError> {
        // First of all, for a leaf of a later version may be of another length.
        match bytes.first() {
            Some(version) if *version > VERSION => return Err(LeafError::Version(*version)),
            _ => {}
        }
        let bytes: &[u8; LEN] = bytes.try_into().map_err(|_| LeafError::Length)?;
        if bytes[0] != VERSION {
            return Err(LeafError::Meaningless("version"));
        }
        let (sequence, time, build) =
            (u64::from_be_bytes(cut(bytes, 8)), u64::from_be_bytes(cut(bytes, 16)), u32::from_be_bytes(cut(bytes, 44)));
        let (number, hash) = (u64::from_be_bytes(cut(bytes, 24)), Hash(cut(bytes, 48)));
        let act = match bytes[1] {
            HEADS => Act::Heads { root: hash, subjects: number },
            KEY => Act::Key { hash },
            CONTINUES => Act::Continues { size: number, root: hash },
            _ => Act::Deed(Deed::decode(bytes)?),
        };
        let leaf = Self { sequence, time, build, act };
        // Whatever the fields above did not take up must be zero.
        if leaf.encode() == *bytes { Ok(leaf) } else { Err(LeafError::Unused) }
    }

    /// Its hash in the Merkle tree, and in the next leaf of the same subject.
    pub fn hash(&self) -> Hash {
        leaf_hash(&self.encode())
    }
}

impl Deed {
    /// A granted deed of `actor`, about nobody and without anything that not every kind has.
    pub fn of(kind: Kind, actor: Actor, route: Route) -> Self {
        Self {
            kind,
            purpose: None,
            outcome: Outcome::Granted,
            detail: None,
            fields: Fields::NONE,
            actor,
            subject: Tag::NOBODY,
            count: 0,
            previous: Hash::ZERO,
            previous_at: 0,
            reference: [0; 16],
            actor_id: [0; 16],
            request: [0; 8],
            route,
        }
    }

    /// How surely it is written before it is answered.
    pub const fn class(&self) -> Class {
        Class::of(self.kind, self.purpose, self.outcome, self.actor)
    }

    fn decode(bytes: &[u8; LEN]) -> Result<Self, LeafError> {
        use LeafError::Meaningless;
        let deed = Self {
            kind: Kind::from_code(bytes[1]).ok_or(Meaningless("kind"))?,
            purpose: word(bytes[2], Purpose::from_code).ok_or(Meaningless("purpose"))?,
            outcome: Outcome::from_code(bytes[3]).ok_or(Meaningless("outcome"))?,
            fields: Fields::from_mask(u16::from_be_bytes(cut(bytes, 4))).ok_or(Meaningless("fields"))?,
            actor: Actor::from_code(bytes[6]).ok_or(Meaningless("actor"))?,
            detail: word(bytes[7], Detail::from_code).ok_or(Meaningless("detail"))?,
            subject: Tag(cut(bytes, 24)),
            count: u32::from_be_bytes(cut(bytes, 40)),
            previous: Hash(cut(bytes, 48)),
            previous_at: u64::from_be_bytes(cut(bytes, 120)),
            reference: cut(bytes, 80),
            actor_id: cut(bytes, 96),
            request: cut(bytes, 112),
            route: Route::from_bytes(cut(bytes, 128)).ok_or(Meaningless("route"))?,
        };
        let first = deed.count <= 1;
        if (deed.subject == Tag::NOBODY) != (deed.count == 0) {
            return Err(Meaningless("count"));
        }
        if first != (deed.previous == Hash::ZERO) || (first && deed.previous_at != 0) {
            return Err(Meaningless("previous leaf"));
        }
        deed.judge().map_err(LeafError::Unlawful)?;
        Ok(deed)
    }
}

/// A word that may be missing, which is written as 0; `None` if the code means nothing.
#[allow(clippy::option_option, reason = "read and thrown away in one line each")]
fn word<W>(code: u8, read: impl Fn(u8) -> Option<W>) -> Option<Option<W>> {
    if code == 0 { Some(None) } else { read(code).map(Some) }
}

/// `N` bytes from `at` on.
fn cut<const N: usize>(bytes: &[u8; LEN], at: usize) -> [u8; N] {
    let mut part = [0; N];
    part.copy_from_slice(&bytes[at..at + N]);
    part
}

#[cfg(test)]
pub(crate) mod tests;
