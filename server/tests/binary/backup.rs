//! The rehearsal: an installation is copied while people buy, lost, and put back.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use noren_ledger::leaf::{Actor, Kind, Outcome};

use crate::books;
use crate::crowd::{Book, shop_on};
use crate::installation::{Installation, SKUS, runtime, said};
use crate::ledger::{ledger_keys, verified};
use crate::patient::{Address, Patient};
use crate::people::person;
use crate::server::{PATIENCE, Server};

/// Buys while the installation is copied to `to`; gives the orders of before the copy, and those that came while it was
/// made or after.
fn bought_around(installation: &Installation, address: &Address, to: &Path) -> (Book, usize) {
    let (book, stop, next) = (Book::default(), AtomicBool::new(false), AtomicUsize::new(1));
    let (tell, answers) = mpsc::channel();
    let heard = move || {
        let _ = tell.send(());
    };
    let before = std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| shop_on(address, &next, &stop, &book, &heard));
        }
        let copied = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            (0..40).for_each(|_| answers.recv_timeout(PATIENCE).expect("people buy"));
            let before = book.orders.lock().unwrap().len();
            let (data, keys) = (to.join("data").display().to_string(), to.join("keys").display().to_string());
            let said = installation.run(&["backup", "--to", &data, "--keys-to", &keys]);
            assert!(said.code == Some(0) && said.out.contains("vault: keys, and"), "{said:?}");
            (0..20).for_each(|_| answers.recv_timeout(PATIENCE).expect("people buy on"));
            before
        }));
        stop.store(true, Ordering::SeqCst);
        copied.unwrap_or_else(|fault| std::panic::resume_unwind(fault))
    });
    (book, before)
}

#[test]
fn what_was_backed_up_while_people_bought_is_a_shop_again_after_everything_was_lost() {
    let installation = Installation::on_sqlite();
    installation.stock();
    let server = Server::start(&installation);
    let address = Address::default();
    address.is(Some(&server.url));
    let to = installation.desk().join("backup");
    let (book, before) = bought_around(&installation, &address, &to);
    let orders = book.orders.into_inner().unwrap();
    assert!(before > 0 && orders.len() > before, "{before} of {}", orders.len());
    let first_keys = ledger_keys(&installation);
    server.crash();

    let (data, keys) = (to.join("data").display().to_string(), to.join("keys").display().to_string());
    let again = installation.run(&["backup", "--keys-to", &keys]);
    assert!(again.code == Some(1) && again.err.contains("is not written over"), "{again:?}");
    let one = installation.run(&["backup", "--to", &data, "--keys-to", &data]);
    assert!(one.code == Some(1) && one.err.contains("name two places"), "{one:?}");
    assert!(!installation.data().join("vault/subjects.snapshot").exists(), "no copy of the keys is left behind");
    let refused = installation.run(&["restore", "--from", &data, "--from", &keys]);
    assert!(refused.code == Some(1) && refused.err.contains("move it aside"), "nothing is written over: {refused:?}");
    // Everything is lost.
    fs::remove_dir_all(installation.data()).unwrap();
    let nothing = installation.run(&["backup", "--to", &to.join("nothing").display().to_string()]);
    assert!(nothing.code == Some(1) && nothing.err.contains("NOREN_DATA"), "{nothing:?}");
    assert!(!installation.data().join("noren.sqlite").exists(), "a backup makes no shop");
    // A backup whose vault is damaged puts nothing in its place.
    let key = to.join("keys/vault/keys/wrapping-1.key");
    let right = fs::read(&key).unwrap();
    fs::write(&key, [7; 32]).unwrap();
    let damaged = installation.run(&["restore", "--from", &data, "--from", &keys]);
    assert!(damaged.code == Some(1) && damaged.err.contains("cannot be unwrapped"), "{damaged:?}");
    assert!(!installation.data().join("noren.sqlite").exists());
    fs::write(&key, right).unwrap();
    let left = |folder: &Path| {
        let names = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().contains("unfinished")).count()
    };
    assert_eq!(
        (left(&installation.data()), left(&installation.data().join("keys"))),
        (0, 0),
        "and leaves no key behind"
    );
    // Killed after the database and the key were in their places, and with the rest half ready.
    for part in ["database", "keys"] {
        let one = installation.run(&["restore", "--from", &data, "--from", &keys, "--part", part]);
        assert_eq!(one.code, Some(0), "{one:?}");
    }
    fs::create_dir(installation.data().join("vault.unfinished")).unwrap();
    let put_back = installation.run(&["restore", "--from", &data, "--from", &keys]);
    assert!(put_back.out.contains("database: is there already"), "{put_back:?}");
    assert_eq!(left(&installation.data()), 0, "{put_back:?}");
    assert!(put_back.code == Some(0) && put_back.out.contains("/reads/2-"), "{put_back:?}");
    for (path, mode) in [("", 0o700), ("noren.sqlite", 0o600), ("keys/shop.key", 0o600), ("vault", 0o700)] {
        let found = fs::metadata(installation.data().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{path}");
    }
    let twice = installation.run(&["restore", "--from", &data, "--from", &keys]);
    assert!(twice.code == Some(1) && twice.err.contains("may have gone on since"), "{twice:?}");
    assert!(twice.err.contains("nothing was changed"), "{twice:?}");

    let server = Server::start(&installation);
    address.is(Some(&server.url));
    let (mut there, mut gone) = (0, 0);
    for (no, (token, who)) in orders.iter().enumerate() {
        let (status, _, page) = Patient::new(&address, &|| ()).get(&format!("/orders/{token}")).unwrap();
        match status {
            200 => {
                assert!(page.contains(&who.name) && page.contains(&who.street), "what is there opens: {page}");
                there += 1;
            }
            404 if no >= before => gone += 1,
            _ => panic!("order {no} of {before} before the backup: {status}"),
        }
    }
    assert!(there >= before && there + gone == orders.len());
    // And it sells on.
    let mut shopper = Patient::new(&address, &|| ());
    let who = person(9_000);
    let order = shopper.order(&who, SKUS[0]);
    let (status, _, page) = shopper.get(&format!("/orders/{}", order.token)).unwrap();
    assert!(status == 200 && page.contains(&who.name), "{status}: {page}");
    let due = |words: &str| installation.run(&["doctor"]).out.contains(words);
    assert!(due("run `noren rotate wrapping` and `noren rotate index`"), "copies of the keys have been about");
    assert_eq!(installation.run(&["rotate", "wrapping"]).code, Some(0));
    assert!(due("run `noren rotate index`, then take a new backup"));
    let keys = ledger_keys(&installation);
    assert!(keys.len() == 1 && keys != first_keys, "another ledger, with a key of its own");
    server.ask_to_stop();
    assert!(server.ended().success());

    let (deeds, words) = verified(&installation, &keys);
    assert!(words.contains("continues 1"), "{words}");
    assert!(deeds.iter().any(|deed| deed.kind == Kind::Open));
    // The ledger of before, up to the backup.
    let past = installation.data().join("vault/past-1");
    let key = fs::read_to_string(past.join("keys")).unwrap();
    assert_eq!(key.trim_end(), first_keys[0]);
    let folder = installation.desk().join("past").display().to_string();
    let exported = installation.run(&["ledger", "export", "--past", "1", "--to", &folder]);
    assert_eq!(exported.code, Some(0), "{exported:?}");
    let verify = ["ledger", "verify", "--dir", &folder, "--key", key.trim_end()];
    let verify = said(Command::new(env!("CARGO_BIN_EXE_noren")).args(verify).current_dir(installation.desk()));
    assert!(verify.code == Some(0) && verify.out.contains("every one is right"), "{verify:?}");
    assert!(verify.out.contains("export 1"), "that a copy of the keys was made stands there: {}", verify.out);
}

#[test]
fn a_shop_whose_vault_is_older_than_its_database_shows_what_opens_and_says_what_does_not() {
    let installation = Installation::on_sqlite();
    installation.stock();
    let server = Server::start(&installation);
    let address = Address::default();
    address.is(Some(&server.url));
    let buy = |no: usize| {
        let who = person(no);
        let mut shopper = Patient::new(&address, &|| ());
        let order = shopper.order(&who, SKUS[0]);
        (format!("/orders/{}", order.token), who)
    };
    let (early, first) = buy(1);
    let to = installation.desk().join("backup");
    let said = installation.run(&["backup", "--keys-to", &to.display().to_string()]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(!to.join("database").exists());
    let (late, second) = buy(2);
    server.ask_to_stop();
    assert!(server.ended().success());
    fs::remove_dir_all(installation.data().join("vault")).unwrap();
    let lost = installation.run(&["migrate"]);
    assert!(lost.code == Some(1) && lost.err.contains("put the folder back from your backup"), "{lost:?}");
    let put_back = installation.run(&["restore", "--from", &to.display().to_string(), "--part", "vault"]);
    assert_eq!(put_back.code, Some(0), "{put_back:?}");

    let server = Server::start(&installation);
    address.is(Some(&server.url));
    let (status, _, page) = Patient::new(&address, &|| ()).get(&early).unwrap();
    assert!(status == 200 && page.contains(&first.name), "{status}: {page}");
    let (status, _, page) = Patient::new(&address, &|| ()).get(&late).unwrap();
    assert!(status == 500 && !page.contains(&second.name), "{status}: {page}");
    let (new, third) = buy(3);
    let (status, _, page) = Patient::new(&address, &|| ()).get(&new).unwrap();
    assert!(status == 200 && page.contains(&third.name), "and it sells on: {status}");
    let runtime = runtime();
    let shop = runtime.block_on(installation.shop());
    runtime.block_on(async {
        books::until_all_is_tidy(&shop).await;
        shop.db.close().await;
    });
    let keys = ledger_keys(&installation);
    server.ask_to_stop();
    assert!(server.ended().success());
    let (deeds, words) = verified(&installation, &keys);
    let refused = deeds.iter().filter(|deed| deed.outcome == Outcome::NoSubject && deed.actor != Actor::Vault);
    assert!(refused.count() >= 1, "that it did not open stands in the ledger: {words}");
}

#[test]
fn a_database_from_before_an_exchange_of_the_index_key_is_a_shop_again_and_everybody_is_found_once_that_is_repeated() {
    let installation = Installation::on_sqlite();
    installation.stock();
    let server = Server::start(&installation);
    let address = Address::default();
    address.is(Some(&server.url));
    let who = person(1);
    let mut shopper = Patient::new(&address, &|| ());
    let page = format!("/orders/{}", shopper.order(&who, SKUS[0]).token);
    let to = installation.desk().join("backup").display().to_string();
    let copied = installation.run(&["backup", "--to", &to]);
    assert!(copied.code == Some(0) && copied.out.contains("were not copied"), "{copied:?}");
    let exchanged = installation.run(&["rotate", "index"]);
    assert!(exchanged.code == Some(0) && exchanged.out.starts_with("1 records"), "{exchanged:?}");
    server.ask_to_stop();
    assert!(server.ended().success());
    for name in ["noren.sqlite", "noren.sqlite-wal", "noren.sqlite-shm"] {
        let _ = fs::remove_file(installation.data().join(name));
    }
    let put_back = installation.run(&["restore", "--from", &to, "--part", "database"]);
    assert_eq!(put_back.code, Some(0), "{put_back:?}");

    let server = Server::start(&installation);
    address.is(Some(&server.url));
    let (status, _, text) = Patient::new(&address, &|| ()).get(&page).unwrap();
    assert!(status == 200 && text.contains(&who.name), "orders are there: {status}");
    let doctor = installation.run(&["doctor"]);
    assert!(doctor.out.contains("finds nobody of this database by their address"), "{doctor:?}");
    let repeated = installation.run(&["rotate", "index"]);
    assert!(repeated.code == Some(0) && repeated.out.starts_with("1 records"), "{repeated:?}");
    let doctor = installation.run(&["doctor"]);
    assert!(doctor.out.contains("verified with the key"), "{doctor:?}");
    server.ask_to_stop();
    assert!(server.ended().success());
}
