use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use noren_ledger::leaf::{Act, LEN};
use noren_ledger::proof::SubjectProof;

use super::*;
use crate::policy::NO_REFERENCE;

/// 26 November 2026.
pub const BEGAN: u64 = 1_795_651_200_000;
pub const HANAKO: SubjectId = [1; 16];
pub const TARO: SubjectId = [2; 16];
pub const ORDER: [u8; 16] = [9; 16];

/// Different bytes at each call, the same ones in each run.
pub fn random() -> Random {
    let next = AtomicU64::new(1);
    Box::new(move |bytes| {
        let mut state = next.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for byte in bytes {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *byte = state.to_be_bytes()[0];
        }
    })
}

pub fn open_at(folder: &Path, time: &Arc<AtomicU64>) -> Result<Vault, VaultError> {
    let time = time.clone();
    Vault::open(Setup {
        folder,
        origin: "shop.example/reads",
        limits: Limits::default(),
        witnesses: &[],
        build: 7,
        now: Arc::new(move || time.load(Ordering::SeqCst)),
        random: random(),
        canonical: |address| address.contains('@').then(|| address.to_lowercase()),
    })
}

pub fn vault(folder: &Path) -> Vault {
    open_at(folder, &Arc::new(AtomicU64::new(BEGAN))).unwrap()
}

/// All leaves of a vault that is closed, of one month.
pub fn leaves(folder: &Path) -> Vec<Leaf> {
    let mut names = fs::read_dir(folder.join("ledger")).unwrap().map(|entry| entry.unwrap().path());
    let bytes =
        fs::read(names.find(|path| path.extension().is_some_and(|ending| ending == "leaves")).unwrap()).unwrap();
    bytes.chunks_exact(LEN).map(|bytes| Leaf::decode(bytes).unwrap()).collect()
}

pub fn asker(actor: Actor, id: u8) -> Asker {
    Asker { actor, id: [id; 16], request: [5; 8], route: Route::new("test") }
}

pub fn plain(value: &str) -> Plain {
    Plain::new(value.to_owned())
}

/// Hanako's address sealed, by herself.
pub fn sealed(vault: &Vault) -> Vec<(Field, Vec<u8>)> {
    let values = [(Field::Email, plain("hanako@example.jp")), (Field::Name, plain("暖簾 花子"))];
    let sealed = vault.seal(&asker(Actor::Customer, 1), &HANAKO, None, &values).unwrap();
    values.iter().map(|(field, _)| *field).zip(sealed).collect()
}

pub fn own_view(vault: &Vault, subject: &SubjectId, sealed: &[(Field, Vec<u8>)]) -> Result<Vec<String>, VaultError> {
    let opened = vault.open_fields(&asker(Actor::Customer, 1), Purpose::SelfView, NO_REFERENCE, subject, sealed)?;
    Ok(opened.iter().map(|plain| plain.expose().to_owned()).collect())
}

/// Every deed about the person whose record `subject` is, proven.
pub fn deeds(vault: &Vault, subject: &SubjectId) -> Vec<Deed> {
    let Proven { tag, key, proof } = vault.prove(&asker(Actor::Customer, 1), &[*subject]).unwrap().remove(0);
    let known = [key];
    SubjectProof::verify(&proof, tag, &known).unwrap().leaves.into_iter().map(|(_, deed)| deed).collect()
}

pub fn refusal<T>(answer: Result<T, VaultError>) -> Outcome {
    match answer.err().expect("it is refused") {
        VaultError::Refused(outcome) => outcome,
        error => panic!("{error}"),
    }
}

#[test]
fn what_is_read_stands_in_the_ledger_and_a_refusal_does_too() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(dir.path());
    let sealed = sealed(&vault);
    assert_eq!(own_view(&vault, &HANAKO, &sealed).unwrap(), ["hanako@example.jp", "暖簾 花子"]);
    let mail = |reference| vault.open_fields(&asker(Actor::Shop, 0), Purpose::Mail, reference, &HANAKO, &sealed);
    assert!(mail(ORDER).is_ok());
    assert_eq!(refusal(mail(NO_REFERENCE)), Outcome::ReferenceRefused);
    let deeds = deeds(&vault, &HANAKO);
    let told: Vec<_> = deeds.iter().map(|deed| (deed.kind, deed.purpose, deed.outcome)).collect();
    assert_eq!(
        told,
        [
            (Kind::Seal, None, Outcome::Granted),
            (Kind::Open, Some(Purpose::SelfView), Outcome::Granted),
            (Kind::Open, Some(Purpose::Mail), Outcome::Granted),
            (Kind::Open, Some(Purpose::Mail), Outcome::ReferenceRefused),
            (Kind::Prove, None, Outcome::Granted),
        ]
    );
    assert_eq!(deeds[1].fields, Fields::of(&[Field::Email, Field::Name]));
    assert_ne!(deeds[2].reference, ORDER, "which order it was, only this person's key tells");
    assert_ne!(deeds[1].actor_id, [1; 16], "who it was, only the vault's key tells");
}

#[test]
fn whose_key_is_another_or_gone_is_read_by_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(dir.path());
    let sealed = sealed(&vault);
    let taros_view = || {
        let taro = asker(Actor::Customer, 2);
        refusal(vault.open_fields(&taro, Purpose::SelfView, NO_REFERENCE, &TARO, &sealed))
    };
    assert_eq!(taros_view(), Outcome::NoSubject);
    vault.seal(&asker(Actor::Customer, 2), &TARO, None, &[(Field::Name, plain("染谷 太郎"))]).unwrap();
    assert_eq!(taros_view(), Outcome::Damaged);
    assert_eq!(refusal(own_view(&vault, &TARO, &sealed)), Outcome::ActorRefused, "as her own, hanako reads hers alone");
    let told: Vec<_> = deeds(&vault, &TARO).iter().map(|deed| deed.outcome).collect();
    assert_eq!(told[1..3], [Outcome::Granted, Outcome::Damaged], "counted, and then said that nothing came of it");
    assert!(vault.shred(&asker(Actor::Shop, 0), &HANAKO).unwrap());
    assert!(!vault.shred(&asker(Actor::Shop, 0), &HANAKO).unwrap(), "there is nothing left");
    assert_eq!(refusal(own_view(&vault, &HANAKO, &sealed)), Outcome::NoSubject);
    // The same number again is another key: what was shredded stays closed.
    self::sealed(&vault);
    assert_eq!(refusal(own_view(&vault, &HANAKO, &sealed)), Outcome::Damaged);
    assert_eq!(refusal(vault.shred(&asker(Actor::Guest, 0), &HANAKO)), Outcome::ActorRefused);
}

#[test]
fn the_records_of_one_person_share_a_tag_and_those_of_two_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(dir.path());
    sealed(&vault);
    let customer = asker(Actor::Customer, 1);
    let order = [(Field::City, plain("千代田区丸の内"))];
    vault.seal(&customer, &[11; 16], Some(&HANAKO), &order).unwrap();
    vault.seal(&customer, &[12; 16], Some(&[99; 16]), &order).unwrap();
    vault.seal(&customer, &[13; 16], None, &order).unwrap();
    let tag = |subject| vault.prove(&customer, &[[subject; 16]]).unwrap()[0].tag;
    assert_eq!(tag(11), tag(1));
    assert!(tag(12) != tag(1) && tag(12) != tag(13), "of nobody known, and of nobody");
    let proofs = vault.prove(&customer, &[[1; 16], [11; 16], [12; 16], [99; 16]]).unwrap();
    assert_eq!(proofs.len(), 2, "one proof for a person, however many records");
    assert_eq!(refusal(vault.prove(&customer, &[[99; 16]])), Outcome::NoSubject);
}

#[test]
fn an_address_is_looked_for_by_those_who_may_and_each_time_is_written_down() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(dir.path());
    let email = plain("hanako@example.jp");
    let index = |actor, purpose| vault.index(&asker(actor, 1), purpose, Field::Email, &email);
    let found = index(Actor::Guest, Purpose::Login).unwrap();
    assert_eq!(index(Actor::Customer, Purpose::Checkout).unwrap(), found);
    assert_eq!(refusal(index(Actor::Shop, Purpose::Mail)), Outcome::ActorRefused);
    let before = vault.book().size();
    let granted = (1..1_000).filter(|_| index(Actor::Guest, Purpose::Login).is_ok()).count();
    assert_eq!(granted, 599, "six hundred a minute in all");
    let leaves = vault.book().size() - before;
    assert!((600..=602).contains(&leaves), "that it was asked too often is written down, but not each time: {leaves}");
}

#[test]
fn what_was_typed_at_a_checkout_is_not_read_as_a_checkout_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let time = Arc::new(AtomicU64::new(BEGAN));
    let vault = open_at(dir.path(), &time).unwrap();
    let sealed = sealed(&vault);
    let open = |purpose| vault.open_fields(&asker(Actor::Guest, 1), purpose, ORDER, &HANAKO, &sealed);
    assert!(open(Purpose::Checkout).is_ok());
    time.fetch_add(CHECKOUT_AGE + 1, Ordering::SeqCst);
    assert_eq!(refusal(open(Purpose::Checkout)), Outcome::ReferenceRefused);
    assert!(open(Purpose::OrderView).is_ok());
}

#[test]
fn a_vault_opens_again_with_all_it_had_and_not_without_a_part_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let first = vault(dir.path());
    let (sealed, fingerprint) = (sealed(&first), first.fingerprints());
    first.stop().unwrap();
    drop(first);
    let again = vault(dir.path());
    assert_eq!(again.fingerprints(), fingerprint);
    assert!(own_view(&again, &HANAKO, &sealed).is_ok());
    drop(again);
    let reopen = || open_at(dir.path(), &Arc::new(AtomicU64::new(BEGAN))).map(drop);
    let aside = dir.path().with_extension("aside");
    for part in ["ledger", "keys", "subjects.redb"] {
        fs::rename(dir.path().join(part), &aside).unwrap();
        let refused = reopen().err().map(|error| error.to_string()).unwrap_or_default();
        let word = match part {
            "keys" => "backup of the keys",
            "ledger" => "leaves were lost",
            _ => "backup of the vault's keys",
        };
        assert!(refused.contains(word), "{part}: {refused}");
        let _ = fs::remove_dir_all(dir.path().join(part));
        fs::rename(&aside, dir.path().join(part)).unwrap();
    }
    reopen().unwrap();
}

#[test]
fn that_something_was_cut_off_the_ledgers_end_stands_in_it() {
    let dir = tempfile::tempdir().unwrap();
    drop(vault(dir.path()));
    let ledger = dir.path().join("ledger");
    let names = fs::read_dir(&ledger).unwrap().map(|entry| entry.unwrap().path());
    let leaves = names.into_iter().find(|path| path.extension().is_some_and(|ending| ending == "leaves")).unwrap();
    let mut bytes = fs::read(&leaves).unwrap();
    bytes.extend([0; 200]);
    fs::write(&leaves, bytes).unwrap();
    drop(vault(dir.path()));
    drop(vault(dir.path()));
    let keys = Keyring::open(&dir.path().join("keys"), "", false, &random()).unwrap().log().unwrap();
    let mut alarms = 0;
    let each = |leaf: &noren_ledger::leaf::Leaf| {
        alarms += u64::from(matches!(leaf.act, Act::Deed(deed) if deed.detail == Some(Detail::TailCut)));
    };
    Book::open(&ledger, &dir.path().join("keys").join(ANCHOR), keys, 7, Box::new(|| BEGAN), None, each).unwrap();
    assert_eq!(alarms, 1, "once, at the start that cut it off");
}

#[test]
fn a_clock_behind_the_ledger_is_set_right_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    drop(vault(dir.path()));
    let late = Arc::new(AtomicU64::new(BEGAN - 2 * 60 * 60 * 1_000));
    assert!(matches!(open_at(dir.path(), &late).err(), Some(VaultError::Book(BookError::Clock { .. }))));
}

/// How often each kind that lets something out was answered.
type Answered = [(Kind, u64); 3];

/// Asks in every way, some of which are refused, and gives what was answered. `present` is the index of everybody.
fn asked_in_every_way(vault: &Vault, people: &[(SubjectId, Vec<u8>)], reader: u8, present: &[u8; 32]) -> Answered {
    let (mut opened, mut indexed, mut proven) = (0, 0, 0);
    let operator = asker(Actor::Operator, reader);
    for round in 0..900usize {
        let (subject, sealed) = &people[(round * 7 + usize::from(reader)) % people.len()];
        let mut open = |purpose, actor, reference| {
            let fields = [(Field::Email, sealed.clone())];
            let answer = vault.open_fields(&asker(actor, reader), purpose, reference, subject, &fields);
            opened += u64::from(answer.is_ok());
        };
        let index =
            |actor, purpose| vault.index(&asker(actor, reader), purpose, Field::Email, &plain("b@example.jp")).is_ok();
        match round % 11 {
            0 => open(Purpose::Checkout, Actor::Customer, ORDER),
            1 => open(Purpose::Mail, Actor::Shop, ORDER),
            2 => open(Purpose::Support, Actor::Staff, ORDER),
            3 => open(Purpose::Support, Actor::Shop, ORDER),
            4 => open(Purpose::OrderView, Actor::Guest, NO_REFERENCE),
            5 => indexed += u64::from(index(Actor::Guest, Purpose::Login)),
            6 => indexed += u64::from(index(Actor::Customer, Purpose::Checkout)),
            7 => indexed += u64::from(index(Actor::Shop, Purpose::Mail)),
            // Whoever has an index tells by the answer whose it is; who has shown the right one learns no more.
            8 => indexed += u64::from(vault.reindex(&operator, subject, &[7; 32], sealed).is_ok()),
            9 => assert!(vault.reindex(&operator, subject, present, sealed).is_ok()),
            _ => proven += u64::from(vault.prove(&asker(Actor::Customer, reader), &[*subject]).is_ok()),
        }
    }
    [(Kind::Open, opened), (Kind::Index, indexed), (Kind::Prove, proven)]
}

/// Count in, count out: what came out of the vault is what the ledger says, kind by kind.
#[test]
fn nothing_leaves_the_vault_without_a_leaf() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(dir.path());
    let people: Vec<(SubjectId, Vec<u8>)> = (1..=20u8)
        .map(|no| {
            let sealed =
                vault.seal(&asker(Actor::Guest, no), &[no; 16], None, &[(Field::Email, plain("a@example.jp"))]);
            ([no; 16], sealed.unwrap().remove(0))
        })
        .collect();
    let guest = asker(Actor::Guest, 99);
    let present = vault.index(&guest, Purpose::Login, Field::Email, &plain("a@example.jp")).unwrap().newest;
    vault.rotate_index_key(&asker(Actor::Operator, 0)).unwrap();
    let answers: Vec<Answered> = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..4u8)
            .map(|reader| {
                let (vault, people, present) = (&vault, &people, &present);
                scope.spawn(move || asked_in_every_way(vault, people, reader, present))
            })
            .collect();
        readers.into_iter().map(|reader| reader.join().unwrap()).collect()
    });
    vault.stop().unwrap();
    drop(vault);
    let mut told = HashMap::new();
    let signer = Keyring::open(&dir.path().join("keys"), "", false, &random()).unwrap().log().unwrap();
    let each = |leaf: &noren_ledger::leaf::Leaf| {
        if let Act::Deed(Deed { kind, outcome: Outcome::Granted, .. }) = leaf.act {
            *told.entry(kind).or_insert(0) += 1;
        }
    };
    let anchor = dir.path().join("keys/newest-checkpoint");
    Book::open(&dir.path().join("ledger"), &anchor, signer, 7, Box::new(|| BEGAN), None, each).unwrap();
    let first_index = (Kind::Index, 1);
    let all = answers.iter().flatten().copied().chain([first_index]);
    let mut answered = HashMap::new();
    all.for_each(|(kind, count)| *answered.entry(kind).or_insert(0) += count);
    assert!(answered.values().all(|count| *count > 100), "{answered:?}");
    told.retain(|kind, _| answered.contains_key(kind));
    assert_eq!(told, answered);
}

#[test]
fn a_clock_that_is_set_back_again_while_it_is_behind_stands_in_the_ledger_again() {
    let dir = tempfile::tempdir().unwrap();
    let time = Arc::new(AtomicU64::new(BEGAN));
    let vault = open_at(dir.path(), &time).unwrap();
    let ahead = BEGAN + 60_000;
    time.store(ahead, Ordering::SeqCst);
    let sealed = sealed(&vault);
    let month = 30 * 24 * 60 * 60 * 1_000;
    // Back; back by too little to be told; back by a month; on a little; right, and back once more.
    let told = [6_000, 11_000, month, month - 7_000, 0, 6_000].map(|behind| {
        time.store(ahead - behind, Ordering::SeqCst);
        own_view(&vault, &HANAKO, &sealed).unwrap();
        ahead - behind
    });
    drop(vault);
    let said = leaves(dir.path()).into_iter().filter_map(|leaf| match leaf.act {
        Act::Deed(deed) if deed.detail == Some(Detail::Clock) => {
            Some(u64::from_be_bytes(*deed.reference.last_chunk().unwrap()))
        }
        _ => None,
    });
    assert_eq!(said.collect::<Vec<_>>(), [told[0], told[2], told[5]]);
}

#[test]
fn a_clock_that_is_set_back_stands_in_the_ledger_once_at_a_start_and_while_the_vault_runs() {
    let dir = tempfile::tempdir().unwrap();
    let time = Arc::new(AtomicU64::new(BEGAN));
    let ahead = BEGAN + 30 * 60_000;
    let vault = open_at(dir.path(), &time).unwrap();
    time.store(ahead, Ordering::SeqCst);
    let sealed = sealed(&vault);
    time.store(ahead - 5_000, Ordering::SeqCst);
    own_view(&vault, &HANAKO, &sealed).unwrap();
    // Noticed: set right.
    time.store(BEGAN + 1_000, Ordering::SeqCst);
    own_view(&vault, &HANAKO, &sealed).unwrap();
    own_view(&vault, &HANAKO, &sealed).unwrap();
    vault.stop().unwrap();
    drop(vault);
    let vault = open_at(dir.path(), &time).unwrap();
    own_view(&vault, &HANAKO, &sealed).unwrap();
    drop(vault);
    let leaves = leaves(dir.path());
    let deeds = leaves.iter().filter_map(|leaf| if let Act::Deed(deed) = leaf.act { Some(deed) } else { None });
    let told: Vec<_> = deeds.map(|deed| (deed.kind, deed.detail)).collect();
    let clock = (Kind::Alarm, Some(Detail::Clock));
    let (seal, open) = ((Kind::Seal, None), (Kind::Open, None));
    let (start, stop) = ((Kind::Start, None), (Kind::Stop, None));
    assert_eq!(told, [start, seal, open, clock, open, open, stop, start, clock, open]);
    let said = leaves.iter().find_map(|leaf| match leaf.act {
        Act::Deed(deed) if deed.kind == Kind::Alarm => Some(deed.reference),
        _ => None,
    });
    assert_eq!(said.unwrap()[8..], (BEGAN + 1_000).to_be_bytes());
}
