//! What a leaf is, byte for byte.

use proptest::prelude::*;

pub use super::law::tests::lawful;
use super::*;

pub fn deed() -> Deed {
    Deed {
        kind: Kind::Open,
        purpose: Some(Purpose::Mail),
        outcome: Outcome::Granted,
        fields: Fields::of(&[Field::Email, Field::Name]),
        actor: Actor::Shop,
        detail: None,
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

/// The same about nobody, as an index is.
pub fn nobody(deed: Deed) -> Deed {
    Deed { kind: Kind::Index, subject: Tag::NOBODY, count: 0, previous: Hash::ZERO, previous_at: 0, ..deed }
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
    let written = "0101010000030200000000000000002900000\
                   1a1ee565e290707070707070707070707070707070700000002d07383aa"
        .replace(char::is_whitespace, "");
    let rest = ["09".repeat(32), "01".repeat(16), "02".repeat(16), "03".repeat(8), format!("{:016x}", 40)].concat();
    assert_eq!(hex(&leaf.encode()), format!("{written}{rest}{}", "6f7574626f782f6d61696c0000000000"));
    for (act, kind, number) in [
        (Act::Heads { root: Hash([5; 32]), subjects: 3 }, "0a", "0000000000000003"),
        (Act::Key { hash: Hash([5; 32]) }, "0b", "0000000000000000"),
        (Act::Continues { size: 3, root: Hash([5; 32]) }, "08", "0000000000000003"),
    ] {
        let written = [
            "01",
            kind,
            "000000000000",
            "000000000000002a",
            "000001a1ee565e2a",
            number,
            &"00".repeat(12),
            "d07383aa",
            &"05".repeat(32),
            &"00".repeat(64),
        ];
        let leaf = super::tests::leaf(42, act);
        assert_eq!(hex(&leaf.encode()), written.concat());
        assert_eq!(Leaf::decode(&leaf.encode()), Ok(leaf));
    }
    let alarm = Deed {
        kind: Kind::Alarm,
        purpose: None,
        fields: Fields::NONE,
        actor: Actor::Vault,
        detail: Some(Detail::Clock),
        ..deed()
    };
    assert_eq!(hex(&super::tests::leaf(0, Act::Deed(alarm)).encode()[..8]), "0109000000000103");
}

#[test]
fn what_is_written_where_nothing_may_be_or_in_a_later_version_is_no_leaf_that_is_known() {
    for (act, at) in [
        (Act::Heads { root: Hash([5; 32]), subjects: 3 }, 80),
        (Act::Key { hash: Hash([5; 32]) }, 31),
        (Act::Continues { size: 3, root: Hash([5; 32]) }, 2),
    ] {
        let mut bytes = leaf(42, act).encode();
        bytes[at] = 1;
        assert_eq!(Leaf::decode(&bytes), Err(LeafError::Unused), "{act:?}");
    }
    let mut bytes = leaf(42, Act::Deed(deed())).encode();
    bytes[0] = 2;
    assert_eq!(Leaf::decode(&bytes), Err(LeafError::Version(2)));
    assert_eq!(Leaf::decode(&bytes[..100]), Err(LeafError::Version(2)), "however long it is");
    bytes[0] = 0;
    assert_eq!(Leaf::decode(&bytes), Err(LeafError::Meaningless("version")));
    assert_eq!((Leaf::decode(&[]), Leaf::decode(&[1])), (Err(LeafError::Length), Err(LeafError::Length)));
}

#[test]
fn a_tag_is_read_as_it_is_written() {
    let tag = Tag(*b"0123456789abcdef");
    assert_eq!(tag.to_string(), "30313233343536373839616263646566");
    assert_eq!(tag.to_string().parse(), Ok(tag));
    for wrong in ["", "30", "3031323334353637383961626364656", "+0313233343536373839616263646566", "ｶ"] {
        assert_eq!(wrong.parse::<Tag>(), Err(NotATag), "{wrong}");
    }
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
    let of_nobody = nobody(deed());
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
            for at in [1, 2, 3, 6, 7] { bytes[at] %= 16; }
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
