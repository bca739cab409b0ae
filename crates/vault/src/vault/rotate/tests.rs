use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use noren_ledger::leaf::{Act, Kind, Purpose};
use noren_ledger::note::VerifierKey;

use super::*;
use crate::keys::Keyring;
use crate::policy::NO_REFERENCE;
use crate::vault::tests::{
    BEGAN, HANAKO, TARO, asker, leaves, open_at, own_view, plain, random, refusal, sealed, vault,
};
use crate::vault::{Indexes, Proven};

/// The names of the key files of a kind.
fn files(folder: &Path, kind: &str) -> Vec<String> {
    let names = fs::read_dir(folder.join("keys")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.retain(|name| name.starts_with(kind));
    names.sort();
    names
}

fn operator() -> Asker {
    asker(Actor::Operator, 0)
}

#[test]
fn a_new_wrapping_key_takes_the_place_of_the_old_one_while_people_are_read_and_come() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(dir.path());
    let name = || [(Field::Name, plain("花子"))];
    let id = |no: u16| {
        let mut id = [3; 16];
        id[..2].copy_from_slice(&no.to_be_bytes());
        id
    };
    let customer = |no: u16| Asker { id: id(no), ..asker(Actor::Customer, 0) };
    let keep = |no: u16| vault.seal(&customer(no), &id(no), None, &name()).unwrap().remove(0);
    let people: Vec<_> = (0..600).map(|no| (no, keep(no))).collect();
    let read = |(no, sealed): &(u16, Vec<u8>)| {
        let sealed = [(Field::Name, sealed.clone())];
        vault.open_fields(&customer(*no), Purpose::SelfView, NO_REFERENCE, &id(*no), &sealed).map(drop)
    };
    assert_eq!(refusal(vault.rotate_wrapping_key(&asker(Actor::Staff, 1))), Outcome::ActorRefused);
    let new: Vec<_> = std::thread::scope(|scope| {
        // Two at once: none may destroy the key that the other has just wrapped with.
        let rotated = [(); 2].map(|()| scope.spawn(|| vault.rotate_wrapping_key(&asker(Actor::Operator, 0)).unwrap()));
        let new = scope.spawn(|| (600..700).map(|no| (no, keep(no))).collect::<Vec<_>>());
        for person in &people {
            read(person).unwrap();
        }
        assert!(rotated.into_iter().all(|rotated| rotated.join().unwrap() >= 600));
        new.join().unwrap()
    });
    for person in people.iter().chain(&new) {
        read(person).unwrap();
    }
    let keys = dir.path().join("keys");
    let left: Vec<bool> = (1..=4).map(|number| keys.join(format!("wrapping-{number}.key")).exists()).collect();
    assert_eq!(left, [false, false, true, false]);
    drop(vault);
    let vault = self::vault(dir.path());
    assert_eq!(vault.subjects().unwrap(), 700);
    let sealed = [(Field::Name, people[5].1.clone())];
    assert!(vault.open_fields(&customer(5), Purpose::SelfView, NO_REFERENCE, &id(5), &sealed).is_ok());
}

#[test]
fn a_rotation_and_a_first_start_that_were_cut_off_are_gone_on_with() {
    let dir = tempfile::tempdir().unwrap();
    let first = vault(dir.path());
    let sealed = sealed(&first);
    drop(first);
    // A new key is there, and nobody is wrapped with it yet; or it is not even whole.
    fs::write(dir.path().join("keys/wrapping.unfinished"), [1; 7]).unwrap();
    let mut keys = Keyring::open(&dir.path().join("keys"), "", false, &random()).unwrap();
    keys.rotate(&random()).unwrap();
    let again = vault(dir.path());
    assert!(own_view(&again, &HANAKO, &sealed).is_ok());
    again.rotate_wrapping_key(&asker(Actor::Operator, 0)).unwrap();
    assert!(own_view(&again, &HANAKO, &sealed).is_ok());
    // The first start: keys, store and ledger come one after the other, and so they are missing.
    for missing in [&["ledger", "subjects.redb"][..], &["ledger"]] {
        let dir = tempfile::tempdir().unwrap();
        drop(vault(dir.path()));
        fs::remove_file(dir.path().join("keys/newest-checkpoint")).unwrap();
        for part in missing {
            let path = dir.path().join(part);
            if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
        }
        drop(vault(dir.path()));
    }
}

#[test]
fn a_new_signing_key_is_announced_and_the_old_one_is_destroyed_but_for_what_it_is_verified_with() {
    let dir = tempfile::tempdir().unwrap();
    let first = vault(dir.path());
    let sealed = sealed(&first);
    assert_eq!(refusal(first.rotate_signing_key(&asker(Actor::Shop, 0))), Outcome::ActorRefused);
    let old = first.book().verifier();
    let new: VerifierKey = first.rotate_signing_key(&operator()).unwrap().parse().unwrap();
    assert_eq!(first.book().verifiers(), [old.clone(), new.clone()]);
    assert_eq!(files(dir.path(), "signing"), ["signing-1.public", "signing-2.key"]);
    own_view(&first, &HANAKO, &sealed).unwrap();
    drop(first);
    let again = vault(dir.path());
    assert_eq!(again.book().verifiers(), [old, new.clone()]);
    let Proven { tag, key, proof } = again.prove(&asker(Actor::Customer, 1), &[HANAKO]).unwrap().remove(0);
    assert_eq!(key, new);
    let known = [key];
    let proven = noren_ledger::proof::SubjectProof::verify(&proof, tag, &known).unwrap();
    assert!(proven.leaves.len() >= 3, "what was before is proven by the new key as well");
    drop(again);
    // Drawn, and the vault dies before it is announced: destroyed at the next start, for nobody vouches for it.
    Keyring::open(&dir.path().join("keys"), "", false, &random()).unwrap().rotate_signing(&random()).unwrap();
    assert_eq!(files(dir.path(), "signing").len(), 3);
    assert_eq!(vault(dir.path()).book().verifier(), new);
    assert_eq!(files(dir.path(), "signing"), ["signing-1.public", "signing-2.key"]);
}

#[test]
fn people_are_found_by_both_index_keys_until_the_old_one_is_destroyed() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(dir.path());
    let sealed = sealed(&vault);
    let typed = [(Field::Email, plain("Taro@Example.JP"))];
    let taro = vault.seal(&asker(Actor::Customer, 2), &TARO, None, &typed).unwrap();
    let index = |vault: &Vault, address| {
        vault.index(&asker(Actor::Guest, 1), Purpose::Login, Field::Email, &plain(address)).unwrap()
    };
    let before = index(&vault, "hanako@example.jp");
    assert_eq!(before.both(), [before.newest; 2]);
    assert!(matches!(vault.reindex(&operator(), &HANAKO, &before.newest, &sealed[0].1), Err(VaultError::NotRotating)));
    assert_eq!(refusal(vault.rotate_index_key(&asker(Actor::Guest, 0))), Outcome::ActorRefused);
    let (identity, was) = (vault.identity(), vault.fingerprints());
    vault.rotate_index_key(&operator()).unwrap();
    // Begun twice, as after a crash, it is still one rotation.
    vault.rotate_index_key(&operator()).unwrap();
    assert_eq!(files(dir.path(), "index"), ["index-1.key", "index-2.key"]);
    assert_eq!(vault.fingerprints()[1], was[0], "and whoever knows it by the old key still does");
    let during = index(&vault, "hanako@example.jp");
    assert_eq!(during.earlier, Some(before.newest));
    assert_eq!(vault.reindex(&operator(), &HANAKO, &before.newest, &sealed[0].1).unwrap(), during.newest);
    assert_eq!(
        vault.reindex(&operator(), &TARO, &index(&vault, "taro@example.jp").earlier.unwrap(), &taro[0]).unwrap(),
        index(&vault, "taro@example.jp").newest
    );
    // Another's sealed address, and what is no address.
    assert_eq!(refusal(vault.reindex(&operator(), &TARO, &before.newest, &sealed[0].1)), Outcome::Damaged);
    let name = vault.seal(&asker(Actor::Customer, 2), &TARO, None, &[(Field::Email, plain("染谷"))]).unwrap();
    assert_eq!(refusal(vault.reindex(&operator(), &TARO, &before.newest, &name[0])), Outcome::Damaged);
    assert_eq!(refusal(vault.reindex(&operator(), &[77; 16], &before.newest, &sealed[0].1)), Outcome::NoSubject);
    drop(vault);

    // Half-way, the vault dies: both keys are still there, and it is gone on with.
    let time = Arc::new(AtomicU64::new(BEGAN));
    let vault = open_at(dir.path(), &time).unwrap();
    assert_eq!(index(&vault, "hanako@example.jp"), during);
    vault.rotate_index_key(&operator()).unwrap();
    time.fetch_add(30_000, Ordering::SeqCst);
    assert_eq!(vault.reindex(&operator(), &HANAKO, &before.newest, &sealed[0].1).unwrap(), during.newest);
    assert!(
        matches!(vault.forget_earlier_index(&operator(), &was[0]), Err(VaultError::NotRotating)),
        "another key is meant"
    );
    vault.forget_earlier_index(&operator(), &vault.fingerprints()[0]).unwrap();
    assert_eq!(files(dir.path(), "index"), ["index-2.key"]);
    assert_eq!(index(&vault, "hanako@example.jp"), Indexes { newest: during.newest, earlier: None });
    assert_eq!((vault.identity(), vault.fingerprints().len()), (identity, 1));
    assert!(matches!(vault.reindex(&operator(), &HANAKO, &before.newest, &sealed[0].1), Err(VaultError::NotRotating)));
    own_view(&vault, &HANAKO, &sealed).unwrap();
}

#[test]
fn two_questions_in_a_row_do_not_make_everybody_unfindable() {
    let dir = tempfile::tempdir().unwrap();
    let time = Arc::new(AtomicU64::new(BEGAN));
    let vault = open_at(dir.path(), &time).unwrap();
    let sealed = sealed(&vault);
    let present =
        vault.index(&asker(Actor::Guest, 1), Purpose::Login, Field::Email, &plain("hanako@example.jp")).unwrap();
    vault.rotate_index_key(&operator()).unwrap();
    let newest = vault.fingerprints()[0];
    let forget = || vault.forget_earlier_index(&operator(), &newest).unwrap_err();
    assert!(matches!(forget(), VaultError::TooEarly(30)), "what began before may still bring the earlier one");
    time.fetch_add(29_999, Ordering::SeqCst);
    assert!(matches!(forget(), VaultError::TooEarly(1)));
    time.fetch_add(1, Ordering::SeqCst);
    assert!(matches!(forget(), VaultError::NobodyYet), "nobody has another index");
    assert!(forget().to_string().contains("noren rotate index"));
    vault.reindex(&operator(), &HANAKO, &present.newest, &sealed[0].1).unwrap();
    let before = vault.book().size();
    vault.forget_earlier_index(&operator(), &newest).unwrap();
    assert_eq!(files(dir.path(), "index"), ["index-2.key"]);
    // Again, with nothing to destroy: refused, and that is what the ledger says of it.
    assert!(matches!(forget(), VaultError::NotRotating));
    drop(vault);
    let outcomes = leaves(dir.path()).into_iter().filter_map(|leaf| match leaf.act {
        Act::Deed(deed) if leaf.sequence >= before && deed.kind == Kind::Rotate => Some(deed.outcome),
        _ => None,
    });
    assert_eq!(outcomes.collect::<Vec<_>>(), [Outcome::Granted, Outcome::ReferenceRefused]);
}

#[test]
fn where_the_keys_of_all_who_are_shown_are_lost_the_earlier_index_key_goes_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let time = Arc::new(AtomicU64::new(BEGAN));
    let vault = open_at(dir.path(), &time).unwrap();
    // The vault knows somebody, but none of those who are in the shop's database: they came after its backup.
    let sealed = sealed(&vault);
    let lost = || vault.reindex(&operator(), &[77; 16], &[0; 32], &sealed[0].1);
    assert!(matches!(lost(), Err(VaultError::NotRotating)));
    vault.rotate_index_key(&operator()).unwrap();
    time.fetch_add(30_000, Ordering::SeqCst);
    let forget = || vault.forget_earlier_index(&operator(), &vault.fingerprints()[0]);
    assert!(matches!(forget(), Err(VaultError::NobodyYet)));
    assert_eq!(refusal(lost()), Outcome::NoSubject);
    forget().unwrap();
    assert_eq!(files(dir.path(), "index"), ["index-2.key"]);
}

#[test]
fn a_rotation_is_no_way_to_compute_indexes_unseen() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(dir.path());
    vault.rotate_index_key(&operator()).unwrap();
    let guess = [(Field::Email, plain("taro@example.jp"))];
    let sealed = vault.seal(&asker(Actor::Guest, 1), &TARO, None, &guess).unwrap().remove(0);
    for actor in [Actor::Guest, Actor::Customer, Actor::Shop, Actor::Staff] {
        assert_eq!(refusal(vault.reindex(&asker(actor, 1), &TARO, &[0; 32], &sealed)), Outcome::ActorRefused);
    }
    let twice = [(Field::Email, plain("a@example.jp")), (Field::Email, plain("b@example.jp"))];
    assert_eq!(refusal(vault.seal(&asker(Actor::Guest, 1), &TARO, None, &twice)), Outcome::FieldRefused);
    // Whoever does not have the index gets it as an index is got: written down, and within the budgets.
    let before = vault.book().size();
    let got = (0..60_100).filter(|_| vault.reindex(&operator(), &TARO, &[0; 32], &sealed).is_ok()).count();
    assert_eq!(got, 60_000);
    assert!(vault.book().size() - before >= 60_000);
}

#[test]
fn keys_are_exchanged_now_and_then_and_not_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(dir.path());
    let exchanged = (0..30).filter(|_| vault.rotate_signing_key(&operator()).is_ok()).count();
    assert_eq!(exchanged, 10, "in a minute");
}

#[test]
fn a_key_that_was_half_retired_when_the_power_went_is_retired_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let first = vault(dir.path());
    first.rotate_signing_key(&operator()).unwrap();
    let keys = first.book().verifiers();
    drop(first);
    for half in [&b""[..], b"shop.example/reads+"] {
        fs::write(dir.path().join("keys/signing-2.public"), half).unwrap();
        assert_eq!(vault(dir.path()).book().verifiers(), keys);
        fs::remove_file(dir.path().join("keys/signing-2.public")).unwrap();
    }
}

#[test]
fn every_rotation_stands_in_the_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let time = Arc::new(AtomicU64::new(BEGAN));
    let vault = open_at(dir.path(), &time).unwrap();
    vault.rotate_wrapping_key(&operator()).unwrap();
    vault.rotate_signing_key(&operator()).unwrap();
    vault.rotate_index_key(&operator()).unwrap();
    time.fetch_add(30_000, Ordering::SeqCst);
    vault.forget_earlier_index(&operator(), &vault.fingerprints()[0]).unwrap();
    vault.stop().unwrap();
    drop(vault);
    let keys = Keyring::open(&dir.path().join("keys"), "", false, &random()).unwrap().log().unwrap();
    let mut told = Vec::new();
    let each = |leaf: &noren_ledger::leaf::Leaf| {
        if let noren_ledger::leaf::Act::Deed(deed) = leaf.act
            && deed.kind == Kind::Rotate
        {
            told.push(deed.detail.unwrap());
        }
    };
    let (ledger, anchor) = (dir.path().join("ledger"), dir.path().join("keys/newest-checkpoint"));
    let now = Box::new(|| crate::vault::tests::BEGAN);
    crate::book::Book::open(&ledger, &anchor, keys, 7, now, None, each).unwrap();
    assert_eq!(told, [Detail::WrappingKey, Detail::SigningKey, Detail::IndexKey, Detail::IndexKey]);
}
