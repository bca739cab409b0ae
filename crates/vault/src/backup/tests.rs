use std::os::unix::fs::PermissionsExt;

use noren_ledger::leaf::{Act, Deed, Field, Leaf};
use noren_ledger::proof::SubjectProof;

use super::*;
use crate::book::{Book, LogKeys};
use crate::vault::Proven;
use crate::vault::tests::{BEGAN, HANAKO, TARO, asker, own_view, plain, random, refusal, sealed, vault};

fn operator() -> Asker {
    asker(Actor::Operator, 0)
}

/// What each proof about hanako says, in the order in which they come: which ledger, and what was done.
fn told(vault: &Vault) -> Vec<(String, Vec<Kind>)> {
    let proofs = vault.prove(&asker(Actor::Customer, 1), &[HANAKO]).unwrap();
    let told = proofs.iter().map(|Proven { tag, key, proof }| {
        let known = std::slice::from_ref(key);
        let leaves = SubjectProof::verify(proof, *tag, known).unwrap().leaves;
        (key.name().to_owned(), leaves.iter().map(|(_, deed)| deed.kind).collect())
    });
    told.collect()
}

#[test]
fn a_vault_put_back_opens_what_it_sealed_and_goes_on_with_a_ledger_of_another_name() {
    let dir = tempfile::tempdir().unwrap();
    let (at, to, back) = (dir.path().join("vault"), dir.path().join("backup"), dir.path().join("back"));
    let first = vault(&at);
    let sealed = sealed(&first);
    own_view(&first, &HANAKO, &sealed).unwrap();
    assert_eq!(refusal(first.snapshot(&asker(Actor::Shop, 0))), Outcome::ActorRefused);
    first.snapshot(&operator()).unwrap();
    // Beside a vault that goes on: what comes after the snapshot is not in the copy.
    let late = [(Field::Name, plain("染谷 太郎"))];
    first.seal(&asker(Actor::Customer, 2), &TARO, None, &late).unwrap();
    let end = copy(&at, &to).unwrap();
    assert!(matches!(copy(&at, &to), Err(BackupError::Occupied(_))));
    for (path, mode) in [("", 0o700), ("keys/wrapping-1.key", 0o600), ("subjects.redb", 0o600)] {
        assert_eq!(fs::metadata(to.join(path)).unwrap().permissions().mode() & 0o777, mode, "{path}");
    }
    assert!(!at.join(SNAPSHOT).exists(), "it was taken along");
    let fingerprints = first.fingerprints();
    drop(first);

    assert!(matches!(restore(&to, &at, &random()), Err(BackupError::Occupied(_))), "a vault is there");
    let restored = restore(&to, &back, &random()).unwrap();
    assert_eq!((restored.subjects, &restored.end), (1, &end));
    assert_eq!(restored.origin, "shop.example/reads/2");
    let again = vault(&back);
    assert_eq!(again.fingerprints(), fingerprints, "the same vault to the shop's database");
    own_view(&again, &HANAKO, &sealed).unwrap();
    let (before, after) = (&told(&again)[0], &told(&again)[1]);
    assert_eq!(*before, ("shop.example/reads".to_owned(), vec![Kind::Seal, Kind::Open]), "nobody's reads are lost");
    assert_eq!(*after, ("shop.example/reads/2".to_owned(), vec![Kind::Open, Kind::Prove, Kind::Prove]));
    drop(again);

    // Once more, from a backup of this one: two ledgers of the past.
    let again = vault(&back);
    again.snapshot(&operator()).unwrap();
    let (to, third) = (dir.path().join("backup-2"), dir.path().join("third"));
    let end = copy(&back, &to).unwrap();
    drop(again);
    assert_eq!(restore(&to, &third, &random()).unwrap().origin, "shop.example/reads/3");
    let third_vault = vault(&third);
    own_view(&third_vault, &HANAKO, &sealed).unwrap();
    let names: Vec<String> = told(&third_vault).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["shop.example/reads", "shop.example/reads/2", "shop.example/reads/3"]);
    drop(third_vault);
    let keys = Keyring::open(&third.join("keys"), "", false, &random()).unwrap().log().unwrap();
    let mut leaves: Vec<Leaf> = Vec::new();
    let anchor = third.join("keys").join(book::ANCHOR);
    Book::open(&third.join("ledger"), &anchor, keys, 7, Box::new(|| BEGAN), None, |leaf| leaves.push(*leaf)).unwrap();
    assert_eq!(leaves[0].act, Act::Continues { size: end.size, root: end.root });
    assert!(matches!(leaves[1].act, Act::Deed(Deed { kind: Kind::Start, .. })));
}

#[test]
fn a_backup_that_was_cut_or_put_together_from_two_vaults_is_not_put_back() {
    let dir = tempfile::tempdir().unwrap();
    let backup = |name: &str| {
        let at = dir.path().join(name);
        let vault = vault(&at);
        sealed(&vault);
        vault.snapshot(&operator()).unwrap();
        let to = dir.path().join(format!("{name}-backup"));
        copy(&at, &to).unwrap();
        to
    };
    let (one, other) = (backup("one"), backup("other"));
    let back = dir.path().join("back");
    let refused = |spoil: &dyn Fn(&Path)| {
        let spoiled = dir.path().join("spoiled");
        copy_all(&one, &spoiled).unwrap();
        spoil(&spoiled);
        let error = restore(&spoiled, &back, &random()).unwrap_err();
        assert!(!back.exists(), "nothing is there: {error}");
        fs::remove_dir_all(&spoiled).unwrap();
        error
    };
    let leaves = |at: &Path| {
        let names = fs::read_dir(at.join("ledger")).unwrap().map(|entry| entry.unwrap().path());
        names.into_iter().find(|path| path.extension().is_some_and(|ending| ending == "leaves")).unwrap()
    };
    let cut = refused(&|at| {
        let bytes = fs::read(leaves(at)).unwrap();
        fs::write(leaves(at), &bytes[..bytes.len() - noren_ledger::leaf::LEN]).unwrap();
    });
    assert!(matches!(cut, BackupError::Book(BookError::Short { .. })), "{cut}");
    let changed = refused(&|at| {
        let mut bytes = fs::read(leaves(at)).unwrap();
        bytes[noren_ledger::leaf::LEN + 20] ^= 1;
        fs::write(leaves(at), bytes).unwrap();
    });
    assert!(matches!(changed, BackupError::Book(BookError::Broken(_))), "{changed}");
    for part in ["keys/naming.key", "keys/wrapping-1.key", "subjects.redb"] {
        let missing = refused(&|at| fs::remove_file(at.join(part)).unwrap());
        let said = missing.to_string();
        assert!(
            matches!(missing, BackupError::Key(KeyError::Missing { .. }) | BackupError::Vault(VaultError::NoStore(_))),
            "{part}: {said}"
        );
    }
    // The stores of two vaults whose random bytes are the same in this test differ by their wrapping keys.
    let mixed = refused(&|at| {
        let bytes = fs::read(other.join("keys/wrapping-1.key")).unwrap();
        fs::write(at.join("keys/wrapping-1.key"), bytes.iter().map(|byte| byte ^ 1).collect::<Vec<u8>>()).unwrap();
    });
    assert!(matches!(mixed, BackupError::Vault(VaultError::Unwrap(_))), "{mixed}");
    restore(&one, &back, &random()).unwrap();
}

#[test]
fn a_backup_and_a_restore_that_were_cut_off_leave_nothing_that_looks_whole_and_are_done_again() {
    let dir = tempfile::tempdir().unwrap();
    let (at, to, back) = (dir.path().join("vault"), dir.path().join("backup"), dir.path().join("back"));
    let first = vault(&at);
    let sealed = sealed(&first);
    assert!(matches!(copy(&at, &to), Err(BackupError::Io { .. })), "no snapshot was made");
    assert!(!to.exists());
    first.snapshot(&operator()).unwrap();
    fs::create_dir_all(dir.path().join("backup.unfinished")).unwrap();
    fs::write(dir.path().join("backup.unfinished/subjects.redb"), b"half").unwrap();
    fs::create_dir(&to).unwrap();
    copy(&at, &to).unwrap();
    fs::create_dir_all(dir.path().join("back.unfinished/past-1")).unwrap();
    restore(&to, &back, &random()).unwrap();
    own_view(&vault(&back), &HANAKO, &sealed).unwrap();
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[test]
fn a_signing_key_that_was_exchanged_before_a_restore_still_verifies_what_it_signed() {
    let dir = tempfile::tempdir().unwrap();
    let (at, to, back) = (dir.path().join("vault"), dir.path().join("backup"), dir.path().join("back"));
    let first = vault(&at);
    sealed(&first);
    first.rotate_signing_key(&operator()).unwrap();
    let keys = first.book().verifiers();
    first.snapshot(&operator()).unwrap();
    copy(&at, &to).unwrap();
    drop(first);
    restore(&to, &back, &random()).unwrap();
    let lines = fs::read_to_string(book::past(&back, 1).join("keys")).unwrap();
    assert_eq!(lines, keys.iter().map(|key| format!("{key}\n")).collect::<String>());
    let again = vault(&back);
    assert_eq!(again.book().verifiers().len(), 1, "the new ledger has one key of its own");
    assert_eq!(told(&again)[0].1, [Kind::Seal]);
    drop(again);
    let log: LogKeys = Keyring::open(&back.join("keys"), "", false, &random()).unwrap().log().unwrap();
    assert_eq!((log.retired.len(), log.signers.len()), (0, 1));
}
