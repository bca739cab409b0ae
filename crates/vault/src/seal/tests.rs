use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

const HANAKO: SubjectId = [1; 16];
const TARO: SubjectId = [2; 16];

fn key(byte: u8) -> Key {
    Key::filled(|bytes| bytes.fill(byte))
}

fn plain(value: &str) -> Plain {
    Plain::new(value.to_owned())
}

fn open(key: &SubjectKey, subject: &SubjectId, field: Field, sealed: &[u8]) -> Result<String, OpenError> {
    key.open(subject, field, sealed, &Written::for_tests()).map(|plain| plain.expose().to_owned())
}

fn sealed(value: &str) -> (SubjectKey, Vec<u8>) {
    let key = SubjectKey::new(key(7));
    let sealed = key.seal(&HANAKO, Field::Email, [9; NONCE_LEN], &plain(value));
    (key, sealed)
}

#[test]
fn a_sealed_value_opens_only_where_it_belongs() {
    let (own, sealed) = sealed("hanako@example.jp");
    assert_eq!(open(&own, &HANAKO, Field::Email, &sealed).as_deref(), Ok("hanako@example.jp"));
    assert_eq!(sealed.len(), "hanako@example.jp".len() + OVERHEAD);
    assert_eq!(open(&own, &HANAKO, Field::Name, &sealed), Err(OpenError::Damaged));
    assert_eq!(open(&own, &TARO, Field::Email, &sealed), Err(OpenError::Damaged));
    assert_eq!(open(&SubjectKey::new(key(8)), &HANAKO, Field::Email, &sealed), Err(OpenError::OtherKey));
    assert_eq!(open(&own, &HANAKO, Field::Email, &[]), Err(OpenError::Unknown));
    assert_eq!(open(&own, &HANAKO, Field::Email, &[1, 1, 0]), Err(OpenError::Unknown));
    assert_eq!(open(&own, &HANAKO, Field::Email, &sealed[..5]), Err(OpenError::Damaged));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Made by another implementation (Python's `cryptography`): what is sealed today must open for ever.
#[test]
fn sealed_bytes_wrapped_subjects_and_indexes_stay_as_they_are() {
    let (own, sealed) = sealed("森 杏子");
    assert_eq!(
        hex(&sealed),
        "020190545d8e090909090909090909090909c1262ab4586d4e840df2755dd37bfd49e90e0f1a6fd29c1ab0fb"
    );
    let subject = Subject { key: own, tag: Tag([4; 16]), since: 1_795_309_200_000 };
    assert_eq!(
        hex(&WrappingKey::new(3, key(1)).wrap(&HANAKO, &subject)),
        "0100000003f175785e829c9cfdf2c3a55c2cc11eb1c664461b053f37c4209f497f1fc22dc466b886ef6c038416b321ceee974bc290e7db222dadac627e8bfa8500d7ac811f73bad9a58cc56c9d05356492240a3eb8"
    );
    assert_eq!(hex(&subject.key.reference(&[6; 16])), "1fea90330be8ec0fd291c86d69564ec0");
    assert_eq!(subject.key.reference(&[0; 16]), [0; 16], "no reference stays none");
    let found = IndexKey::new(key(3)).index(Field::Email, &plain("hanako@example.jp"));
    assert_eq!(hex(&found), "45d8274d43d2418216409bc93f24282342ca1b4804fe4121d5f19f67979def45");
}

#[test]
fn a_wrapped_subject_comes_back_with_its_own_wrapping_key_and_number_alone() {
    let (old, new) = (WrappingKey::new(1, key(1)), WrappingKey::new(2, key(2)));
    let (own, sealed) = sealed("森 杏子");
    let subject = Subject { key: own, tag: Tag([4; 16]), since: 5 };
    let wrapped = old.wrap(&HANAKO, &subject);
    assert_eq!(WrappingKey::number_in(&wrapped), Some(1));
    assert!(new.unwrap(&HANAKO, &wrapped).is_none());
    assert!(WrappingKey::new(1, key(2)).unwrap(&HANAKO, &wrapped).is_none(), "the number alone opens nothing");
    assert!(old.unwrap(&TARO, &wrapped).is_none(), "a key put in the place of another person's");
    let again = new.wrap(&HANAKO, &old.unwrap(&HANAKO, &wrapped).unwrap());
    let back = new.unwrap(&HANAKO, &again).unwrap();
    assert_eq!((back.tag, back.since), (Tag([4; 16]), 5));
    assert_eq!(
        open(&back.key, &HANAKO, Field::Email, &sealed).as_deref(),
        Ok("森 杏子"),
        "rotation leaves what is sealed as it is"
    );
    for at in 0..WRAPPED_LEN {
        let mut flipped = wrapped;
        flipped[at] ^= 1;
        assert!(old.unwrap(&HANAKO, &flipped).is_none(), "byte {at}");
        assert!(old.unwrap(&HANAKO, &wrapped[..at]).is_none(), "cut at {at}");
    }
}

#[test]
fn the_index_tells_fields_and_values_apart_and_needs_its_key() {
    let index = IndexKey::new(key(3));
    let of = |field, value| index.index(field, &plain(value));
    assert_eq!(of(Field::Email, "a@b"), of(Field::Email, "a@b"));
    let others = [
        of(Field::Email, "a@b"),
        of(Field::Phone, "a@b"),
        of(Field::Email, "a@c"),
        IndexKey::new(key(4)).index(Field::Email, &plain("a@b")),
    ];
    assert_eq!(others.iter().collect::<HashSet<_>>().len(), 4);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_changed_byte_anywhere_is_noticed(value in "\\PC{0,60}", at in any::<prop::sample::Index>(), change in 1u8..) {
        let (key, mut sealed) = sealed(&value);
        let at = at.index(sealed.len());
        sealed[at] ^= change;
        prop_assert!(open(&key, &HANAKO, Field::Email, &sealed).is_err());
        sealed.truncate(at);
        prop_assert!(open(&key, &HANAKO, Field::Email, &sealed).is_err());
    }

    #[test]
    fn whatever_was_sealed_comes_back(value in "\\PC{0,200}", bytes in any::<[u8; 32]>(), nonce in any::<[u8; 12]>()) {
        let key = SubjectKey::new(Key::filled(|key| *key = bytes));
        let sealed = key.seal(&TARO, Field::Street, nonce, &plain(&value));
        prop_assert_eq!(open(&key, &TARO, Field::Street, &sealed), Ok(value));
    }

    #[test]
    fn no_bytes_make_the_opener_fall(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = open(&SubjectKey::new(key(7)), &HANAKO, Field::Email, &bytes);
        let _ = WrappingKey::new(1, key(1)).unwrap(&HANAKO, &bytes);
    }
}
