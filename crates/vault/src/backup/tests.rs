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

fn put_back(from: &Path, vault: &Path) -> Result<Restored, BackupError> {
    let random = random();
    let (restored, unfinished) = restore(from, vault, &random)?;
    unfinished.done()?;
    Ok(restored)
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

    assert!(matches!(put_back(&to, &at), Err(BackupError::Occupied(_))), "a vault is there");
    let restored = put_back(&to, &back).unwrap();
    assert_eq!((restored.subjects, &restored.end), (1, &end));
    assert!(restored.origin.starts_with("shop.example/reads/2-"), "{}", restored.origin);
    let again = vault(&back);
    assert_eq!(again.fingerprints(), fingerprints, "the same vault to the shop's database");
    own_view(&again, &HANAKO, &sealed).unwrap();
    let both = told(&again);
    assert_eq!(both[0], ("shop.example/reads".to_owned(), vec![Kind::Seal, Kind::Open]), "nobody's reads are lost");
    assert_eq!(both[1], (restored.origin.clone(), vec![Kind::Open, Kind::Prove]));
    drop(again);

    // Once more, from a backup of this one: two ledgers of the past.
    let again = vault(&back);
    again.snapshot(&operator()).unwrap();
    let (to, third) = (dir.path().join("backup-2"), dir.path().join("third"));
    let end = copy(&back, &to).unwrap();
    drop(again);
    let last = put_back(&to, &third).unwrap().origin;
    assert!(last.starts_with("shop.example/reads/3-"), "{last}");
    let third_vault = vault(&third);
    own_view(&third_vault, &HANAKO, &sealed).unwrap();
    let names: Vec<String> = told(&third_vault).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["shop.example/reads".to_owned(), restored.origin, last]);
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
        vault.book().checkpoint().unwrap();
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
        let error = put_back(&spoiled, &back).unwrap_err();
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
    let unanchored = refused(&|at| fs::remove_file(at.join("keys/newest-checkpoint")).unwrap());
    assert!(matches!(&unanchored, BackupError::NoAnchor(path) if path.starts_with(dir.path())), "{unanchored}");
    // The stores of two vaults whose random bytes are the same in this test differ by their wrapping keys.
    let mixed = refused(&|at| {
        let bytes = fs::read(other.join("keys/wrapping-1.key")).unwrap();
        fs::write(at.join("keys/wrapping-1.key"), bytes.iter().map(|byte| byte ^ 1).collect::<Vec<u8>>()).unwrap();
    });
    assert!(matches!(mixed, BackupError::Vault(VaultError::Unwrap(_))), "{mixed}");
    let strange = refused(&|at| std::os::unix::fs::symlink("/etc/hostname", at.join("keys/note.txt")).unwrap());
    assert!(matches!(strange, BackupError::Strange(_)), "{strange}");
    let damaged = refused(&|at| {
        let path = at.join("subjects.redb");
        let mut bytes = fs::read(&path).unwrap();
        bytes.iter_mut().skip(4_096).for_each(|byte| *byte ^= 0x55);
        fs::write(&path, bytes).unwrap();
    });
    assert!(damaged.to_string().contains("store of keys"), "{damaged}");
    // An older ledger beside newer keys: the checkpoint beside the keys knows better.
    let older = refused(&|at| {
        let notes = at.join("ledger/checkpoints");
        let path = fs::read_dir(&notes).unwrap().next().unwrap().unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let all = noren_ledger::note::parse_notes(&text).unwrap();
        assert!(all.len() > 1);
        let kept = noren_ledger::note::write_notes(&all[..1]);
        let size: noren_ledger::checkpoint::Checkpoint = all[0].text.parse().unwrap();
        fs::write(&path, kept).unwrap();
        let bytes = fs::read(leaves(at)).unwrap();
        fs::write(leaves(at), &bytes[..usize::try_from(size.size).unwrap() * noren_ledger::leaf::LEN]).unwrap();
    });
    assert!(matches!(older, BackupError::Book(BookError::Short { .. })), "{older}");
    put_back(&one, &back).unwrap();
}

#[test]
fn a_backup_and_a_restore_that_were_cut_off_leave_nothing_that_looks_whole_and_are_done_again() {
    let dir = tempfile::tempdir().unwrap();
    let (at, to, back) = (dir.path().join("vault"), dir.path().join("backup"), dir.path().join("back"));
    let first = vault(&at);
    let sealed = sealed(&first);
    assert!(matches!(copy(&at, &to), Err(BackupError::Rotated)), "no snapshot was made");
    assert!(!to.exists());
    first.snapshot(&operator()).unwrap();
    fs::create_dir_all(dir.path().join("backup.unfinished/whole")).unwrap();
    fs::write(dir.path().join("backup.unfinished/whole/subjects.redb"), b"half").unwrap();
    fs::create_dir(&to).unwrap();
    copy(&at, &to).unwrap();
    fs::create_dir_all(dir.path().join("back.unfinished/whole/past-1")).unwrap();
    put_back(&to, &back).unwrap();
    own_view(&vault(&back), &HANAKO, &sealed).unwrap();
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[test]
fn a_vault_that_was_put_back_says_which_keys_were_about_until_they_are_exchanged() {
    let dir = tempfile::tempdir().unwrap();
    let (at, to, back) = (dir.path().join("vault"), dir.path().join("backup"), dir.path().join("back"));
    let first = vault(&at);
    sealed(&first);
    assert_eq!(restored_keys(&at).unwrap(), [""; 0]);
    first.snapshot(&operator()).unwrap();
    copy(&at, &to).unwrap();
    drop(first);
    put_back(&to, &back).unwrap();
    let again = vault(&back);
    assert_eq!(restored_keys(&back).unwrap(), ["index-1.key", "wrapping-1.key"]);
    again.rotate_wrapping_key(&operator()).unwrap();
    assert_eq!(restored_keys(&back).unwrap(), ["index-1.key"]);
    // The next backup holds the new one, and says so of it alone.
    again.snapshot(&operator()).unwrap();
    let (later, third) = (dir.path().join("later"), dir.path().join("third"));
    copy(&back, &later).unwrap();
    put_back(&later, &third).unwrap();
    assert_eq!(restored_keys(&third).unwrap(), ["index-1.key", "wrapping-2.key"]);
}

#[test]
fn two_copies_are_the_same_only_to_the_last_byte_and_name() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (dir.path().join("one"), dir.path().join("other"));
    for folder in [&one, &other] {
        fs::create_dir_all(folder.join("in")).unwrap();
        fs::write(folder.join("in/picture"), vec![7; 200_000]).unwrap();
        fs::write(folder.join("empty"), []).unwrap();
    }
    assert!(same(&one, &other).unwrap());
    let mut bytes = vec![7; 200_000];
    bytes[199_999] = 8;
    fs::write(other.join("in/picture"), &bytes).unwrap();
    assert!(!same(&one, &other).unwrap());
    fs::write(other.join("in/picture"), &bytes[..199_999]).unwrap();
    assert!(!same(&one, &other).unwrap());
    fs::copy(one.join("in/picture"), other.join("in/picture")).unwrap();
    fs::write(other.join("more"), []).unwrap();
    assert!(!same(&one, &other).unwrap() && !same(&one, &one.join("empty")).unwrap());
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
    put_back(&to, &back).unwrap();
    let lines = fs::read_to_string(book::past(&back, 1).join("keys")).unwrap();
    assert_eq!(lines, keys.iter().map(|key| format!("{key}\n")).collect::<String>());
    let again = vault(&back);
    assert_eq!(again.book().verifiers().len(), 1, "the new ledger has one key of its own");
    assert_eq!(told(&again)[0].1, [Kind::Seal]);
    drop(again);
    let log: LogKeys = Keyring::open(&back.join("keys"), "", false, &random()).unwrap().log().unwrap();
    assert_eq!((log.retired.len(), log.signers.len()), (0, 1));
}

#[test]
fn a_backup_during_a_rotation_is_one_or_it_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("vault");
    let vault = vault(&at);
    for no in 0..600u16 {
        let mut id = [3; 16];
        id[..2].copy_from_slice(&no.to_be_bytes());
        vault.seal(&asker(Actor::Shop, 0), &id, None, &[(Field::Name, plain("花子"))]).unwrap();
    }
    let good = std::thread::scope(|scope| {
        let rotated = scope.spawn(|| (0..4).map(|_| vault.rotate_wrapping_key(&operator()).unwrap()).sum::<u64>());
        let mut good = 0;
        for no in 0.. {
            let last = rotated.is_finished();
            vault.snapshot(&operator()).unwrap();
            let (to, back) = (dir.path().join(format!("backup-{no}")), dir.path().join(format!("back-{no}")));
            match copy(&at, &to) {
                Ok(_) => {
                    assert_eq!(put_back(&to, &back).unwrap().subjects, 600);
                    good += 1;
                }
                Err(BackupError::Rotated | BackupError::Mixed(_) | BackupError::Io { .. }) => assert!(!to.exists()),
                Err(error) => panic!("{error}"),
            }
            if last {
                break;
            }
        }
        good
    });
    assert!(good >= 1, "the last one at least, when nothing is exchanged any more");
    // Half of the people under a key that is not in it.
    let (to, back) = (dir.path().join("one"), dir.path().join("two"));
    vault.snapshot(&operator()).unwrap();
    copy(&at, &to).unwrap();
    let keys = Keyring::open(&to.join("keys"), "", false, &random()).unwrap();
    let strange = crate::seal::WrappingKey::new(99, crate::seal::Key::filled(|bytes| bytes.fill(1)));
    let half = |id: &crate::seal::SubjectId, wrapped: &[u8]| {
        let subject = unwrap(&keys, id, wrapped).unwrap();
        Ok(id[1].is_multiple_of(2).then(|| strange.wrap(id, &subject)))
    };
    Subjects::open(&to.join("subjects.redb")).unwrap().rewrap(half).unwrap();
    assert!(matches!(put_back(&to, &back), Err(BackupError::Mixed(300))));
    assert!(
        !back.exists()
            && fs::read_dir(dir.path()).unwrap().all(|entry| !entry
                .unwrap()
                .file_name()
                .to_string_lossy()
                .starts_with("two"))
    );
}

#[test]
fn one_backup_put_back_twice_makes_two_ledgers_of_two_names_whatever_became_of_the_modes() {
    let dir = tempfile::tempdir().unwrap();
    let (at, to) = (dir.path().join("vault"), dir.path().join("backup"));
    let first = vault(&at);
    let sealed = sealed(&first);
    first.snapshot(&operator()).unwrap();
    copy(&at, &to).unwrap();
    for entry in fs::read_dir(to.join("keys")).unwrap() {
        fs::set_permissions(entry.unwrap().path(), fs::Permissions::from_mode(0o644)).unwrap();
    }
    let system: Random = Box::new(|bytes| {
        std::io::Read::read_exact(&mut fs::File::open("/dev/urandom").unwrap(), bytes).unwrap();
    });
    let origins = ["one", "two"].map(|name| {
        let back = dir.path().join(name);
        let (restored, unfinished) = restore(&to, &back, &system).unwrap();
        unfinished.done().unwrap();
        own_view(&vault(&back), &HANAKO, &sealed).unwrap();
        assert_eq!(fs::metadata(back.join("keys/wrapping-1.key")).unwrap().permissions().mode() & 0o777, 0o600);
        restored.origin
    });
    assert_ne!(origins[0], origins[1]);
}

#[test]
fn a_vault_does_not_open_without_the_ledger_that_its_own_continues() {
    let dir = tempfile::tempdir().unwrap();
    let (at, to, back) = (dir.path().join("vault"), dir.path().join("backup"), dir.path().join("back"));
    let first = vault(&at);
    sealed(&first);
    first.snapshot(&operator()).unwrap();
    copy(&at, &to).unwrap();
    put_back(&to, &back).unwrap();
    let time = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(BEGAN));
    let open = || crate::vault::tests::open_at(&back, &time).map(drop);
    open().unwrap();
    fs::rename(book::past(&back, 1), dir.path().join("aside")).unwrap();
    assert!(matches!(open(), Err(VaultError::Book(BookError::NoPast(_)))));
    copy_all(&dir.path().join("aside"), &book::past(&back, 2)).unwrap();
    assert!(matches!(open(), Err(VaultError::Book(BookError::NoPast(_)))), "the first is missing");
    fs::rename(book::past(&back, 2), book::past(&back, 1)).unwrap();
    open().unwrap();
    // A backup of it without the earlier ledger, or with another one, is not put back.
    crate::vault::tests::open_at(&back, &time).unwrap().snapshot(&operator()).unwrap();
    let (second, third) = (dir.path().join("backup-2"), dir.path().join("third"));
    copy(&back, &second).unwrap();
    let past = book::past(&second, 1);
    fs::rename(&past, dir.path().join("taken")).unwrap();
    assert!(matches!(put_back(&second, &third), Err(BackupError::Book(BookError::NoPast(_)))));
    fs::rename(dir.path().join("taken"), &past).unwrap();
    put_back(&second, &third).unwrap();
    // Of two, each is the one that the next continues.
    let third_opens = || crate::vault::tests::open_at(&third, &time).map(drop);
    third_opens().unwrap();
    let (one, two, aside) = (book::past(&third, 1), book::past(&third, 2), dir.path().join("swapped"));
    fs::rename(&one, &aside).unwrap();
    fs::rename(&two, &one).unwrap();
    fs::rename(&aside, &two).unwrap();
    assert!(matches!(third_opens(), Err(VaultError::Book(BookError::NoPast(_)))));
}

#[test]
fn two_backups_to_one_place_at_once_are_one_and_a_refusal() {
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("backup");
    let first = Unfinished::new(&to).unwrap();
    fs::write(first.path().join("one"), b"1").unwrap();
    assert!(matches!(Unfinished::new(&to), Err(BackupError::AtWork(_))));
    assert_eq!(fs::read(first.path().join("one")).unwrap(), b"1", "the second takes nothing away from the first");
    // Somebody else was quicker.
    fs::create_dir(&to).unwrap();
    fs::write(to.join("theirs"), b"2").unwrap();
    assert!(first.done().is_err());
    assert_eq!(fs::read(to.join("theirs")).unwrap(), b"2", "what is there stays");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "and nothing else is left");
}

#[test]
fn what_one_that_was_killed_left_is_removed_whoever_has_its_number_now_and_a_file_is_not_put_over_another() {
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("shop.key");
    let killed = Unfinished::new(&to).unwrap();
    fs::write(killed.path().join("key"), b"secret").unwrap();
    // Killed: nobody holds it any more, and nothing was removed. Its process has the number of this one.
    let left = dir.path().join("shop.key.unfinished");
    let aside = dir.path().join("aside");
    fs::rename(&left, &aside).unwrap();
    drop(killed);
    fs::rename(&aside, &left).unwrap();
    let again = Unfinished::of(&to).unwrap();
    assert!(!again.path().exists(), "nothing of it is left");
    fs::write(again.path(), b"whole").unwrap();
    again.done().unwrap();
    assert!(matches!(Unfinished::of(&to), Err(BackupError::Occupied(_))));
    assert_eq!(fs::read(&to).unwrap(), b"whole");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}
