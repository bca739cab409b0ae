//! A leaf: one act of the vault, 144 bytes, of which each way of writing it down is the only one.

mod words;

pub use words::{Actor, Class, Field, Fields, Kind, Outcome, Purpose};

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

/// The place in the shop that asked, such as `checkout/place`: at most 16 printable ASCII characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

    fn read(bytes: [u8; 16]) -> Option<Self> {
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
    /// How surely it was written before it was answered.
    pub class: Class,
    /// About whom.
    pub subject: Tag,
    /// The how many-th leaf of this subject it is, from 1; 0 in leaves about nobody.
    pub count: u32,
    /// Hash of the leaf of this subject before it; [`Hash::ZERO`] in its first one and in leaves about nobody.
    pub previous: Hash,
    /// Where that leaf is, so that all of a subject are found without an index; 0 where there is none.
    pub previous_at: u64,
    /// What it was for, by the number that the purpose asks for: of a mail, an order, a ticket.
    pub reference: [u8; 16],
    /// Which one of its kind the actor is; of a guest or customer, of the session.
    pub actor_id: [u8; 16],
    /// The request in the shop.
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
    /// From a later version of the shop.
    #[error("leaf of version {0}; this program knows version 1")]
    Version(u8),
    /// A value that means nothing.
    #[error("the {0} of the leaf means nothing")]
    Meaningless(&'static str),
    /// Something is written where nothing may be.
    #[error("the leaf holds something where nothing may be")]
    Unused,
}

const HEADS: u8 = 10;

impl Leaf {
    /// Its bytes.
    pub fn encode(&self) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        let mut put = |at: usize, part: &[u8]| bytes[at..at + part.len()].copy_from_slice(part);
        put(0, &[VERSION]);
        put(8, &self.sequence.to_be_bytes());
        put(16, &self.time.to_be_bytes());
        put(44, &self.build.to_be_bytes());
        match &self.act {
            Act::Heads { root, subjects } => {
                put(1, &[HEADS]);
                put(24, &subjects.to_be_bytes());
                put(48, &root.0);
            }
            Act::Deed(deed) => {
                let purpose = deed.purpose.map_or(0, Purpose::code);
                put(1, &[deed.kind.code(), purpose, deed.outcome.code()]);
                put(4, &deed.fields.mask().to_be_bytes());
                put(6, &[deed.actor.code(), deed.class.code()]);
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
        let bytes: &[u8; LEN] = bytes.try_into().map_err(|_| LeafError::Length)?;
        if bytes[0] != VERSION {
            return Err(LeafError::Version(bytes[0]));
        }
        let (sequence, time, build) =
            (u64::from_be_bytes(cut(bytes, 8)), u64::from_be_bytes(cut(bytes, 16)), u32::from_be_bytes(cut(bytes, 44)));
        let act = if bytes[1] == HEADS {
            let subjects = u64::from_be_bytes(cut(bytes, 24));
            Act::Heads { root: Hash(cut(bytes, 48)), subjects }
        } else {
            Act::Deed(Deed::decode(bytes)?)
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
    fn decode(bytes: &[u8; LEN]) -> Result<Self, LeafError> {
        let subject = Tag(cut(bytes, 24));
        let count = u32::from_be_bytes(cut(bytes, 40));
        let previous = Hash(cut(bytes, 48));
        if (subject == Tag::NOBODY) != (count == 0) {
            return Err(LeafError::Meaningless("count"));
        }
        let previous_at = u64::from_be_bytes(cut(bytes, 120));
        if (count <= 1) != (previous == Hash::ZERO) || (count <= 1 && previous_at != 0) {
            return Err(LeafError::Meaningless("previous leaf"));
        }
        let purpose = match bytes[2] {
            0 => None,
            code => Some(Purpose::from_code(code).ok_or(LeafError::Meaningless("purpose"))?),
        };
        Ok(Self {
            kind: Kind::from_code(bytes[1]).ok_or(LeafError::Meaningless("kind"))?,
            purpose,
            outcome: Outcome::from_code(bytes[3]).ok_or(LeafError::Meaningless("outcome"))?,
            fields: Fields::from_mask(u16::from_be_bytes(cut(bytes, 4))).ok_or(LeafError::Meaningless("fields"))?,
            actor: Actor::from_code(bytes[6]).ok_or(LeafError::Meaningless("actor"))?,
            class: Class::from_code(bytes[7]).ok_or(LeafError::Meaningless("class"))?,
            subject,
            count,
            previous,
            previous_at,
            reference: cut(bytes, 80),
            actor_id: cut(bytes, 96),
            request: cut(bytes, 112),
            route: Route::read(cut(bytes, 128)).ok_or(LeafError::Meaningless("route"))?,
        })
    }
}

/// `N` bytes from `at` on.
fn cut<const N: usize>(bytes: &[u8; LEN], at: usize) -> [u8; N] {
    let mut part = [0; N];
    part.copy_from_slice(&bytes[at..at + N]);
    part
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub fn deed() -> Deed {
        Deed {
            kind: Kind::Open,
            purpose: Some(Purpose::Mail),
            outcome: Outcome::Done,
            fields: Fields::of(&[Field::Email, Field::Name]),
            actor: Actor::Shop,
            class: Class::Strict,
            subject: Tag([7; 16]),
            count: 2,
            previous: Hash([9; 32]),
            previous_at: 40,
            reference: [1; 16],
            actor_id: [2; 16],
            request: [3; 8],
            route: Route::new("outbox/mail"),
        }
    }

    pub fn leaf(sequence: u64, act: Act) -> Leaf {
        Leaf { sequence, time: 1_795_000_000_000 + sequence, build: 0xd073_83aa, act }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The bytes written down in `docs/LEDGER.md`: a ledger of today must be read for ever.
    #[test]
    fn the_bytes_of_a_leaf_stay_as_they_are_written_down() {
        let leaf = leaf(41, Act::Deed(deed()));
        let written = "0101010000030201000000000000002900000\
                       1a1ee565e290707070707070707070707070707070700000002d07383aa"
            .replace(char::is_whitespace, "");
        let rest = ["09".repeat(32), "01".repeat(16), "02".repeat(16), "03".repeat(8), format!("{:016x}", 40)].concat();
        assert_eq!(hex(&leaf.encode()), format!("{written}{rest}{}", "6f7574626f782f6d61696c0000000000"));
        let heads = super::tests::leaf(42, Act::Heads { root: Hash([5; 32]), subjects: 3 });
        let written = [
            "010a000000000000",
            "000000000000002a",
            "000001a1ee565e2a",
            "0000000000000003",
            &"00".repeat(12),
            "d07383aa",
            &"05".repeat(32),
            &"00".repeat(64),
        ];
        assert_eq!(hex(&heads.encode()), written.concat());
    }

    #[test]
    fn what_is_long_or_strange_in_the_name_of_a_route_is_cut_and_marked() {
        assert_eq!(Route::new("account/security/devices").name(), "account/security");
        assert_eq!(Route::new("注文 a\n").name(), "???a?");
        assert_eq!(Route::new("").name(), "");
    }

    #[test]
    fn counts_and_previous_leaves_that_cannot_be_are_refused() {
        let refused = |deed: Deed| Leaf::decode(&leaf(1, Act::Deed(deed)).encode());
        let of_nobody = Deed { subject: Tag::NOBODY, count: 0, previous: Hash::ZERO, previous_at: 0, ..deed() };
        assert!(refused(of_nobody).is_ok());
        assert!(refused(Deed { count: 1, previous: Hash::ZERO, previous_at: 0, ..deed() }).is_ok());
        assert!(refused(Deed { count: 1, previous: Hash::ZERO, ..deed() }).is_err());
        assert_eq!(refused(Deed { count: 1, ..of_nobody }), Err(LeafError::Meaningless("count")));
        assert_eq!(refused(Deed { count: 0, previous: Hash::ZERO, ..deed() }), Err(LeafError::Meaningless("count")));
        assert_eq!(refused(Deed { count: 1, ..deed() }), Err(LeafError::Meaningless("previous leaf")));
        assert_eq!(refused(Deed { previous: Hash::ZERO, ..deed() }), Err(LeafError::Meaningless("previous leaf")));
    }

    proptest! {
        #[test]
        fn bytes_that_are_a_leaf_are_written_again_as_they_were(mut bytes in prop::collection::vec(any::<u8>(), LEN), small in any::<bool>()) {
            bytes[0] = VERSION;
            if small {
                for at in [1, 2, 3, 6, 7] { bytes[at] %= 12; }
                bytes[4] &= 1;
                bytes[128..].fill(0);
            }
            if let Ok(leaf) = Leaf::decode(&bytes) {
                prop_assert_eq!(leaf.encode().to_vec(), bytes);
            }
        }

        #[test]
        fn one_flipped_bit_is_another_leaf_or_none(at in 0..LEN, bit in 0u8..8) {
            let bytes = leaf(1, Act::Deed(deed())).encode();
            let mut flipped = bytes;
            flipped[at] ^= 1 << bit;
            prop_assert_ne!(Leaf::decode(&flipped).ok(), Leaf::decode(&bytes).ok());
        }
    }
}
