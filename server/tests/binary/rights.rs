//! `noren erase` and `noren export`: what the shop's people do about data rights, and what a copy of the database of
//! before an erasure still opens, which is nothing.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use noren_domain::Id;
use noren_domain::account::Customer;
use noren_shop::account::{erase, export};
use noren_shop::session::{self, Device};
use noren_shop::token::Token;
use noren_shop::vault::{self, Asker, Field, For, Here, LookFor, Plain, VaultError};
use noren_shop::{Shop, execute, fetch_one, outbox};
use noren_vault::policy::Limits;

use crate::installation::{Installation, Said, runtime};

const EMAIL: &str = "hanako@example.jp";

fn with_vault<T>(installation: &Installation, work: impl AsyncFnOnce(Shop) -> T) -> T {
    let data = installation.data();
    let here = Here::start(&vault::folder(&data), &vault::socket(&data), "127.0.0.1", Limits::default(), &[], &[]);
    let here = here.unwrap();
    let done = runtime().block_on(async {
        let shop = installation.shop().await;
        let done = work(shop.clone()).await;
        shop.db.close().await;
        done
    });
    drop(here);
    done
}

/// Somebody who is signed in; gives their number, and their copy as it is downloaded.
async fn customer(shop: Shop) -> (Id<Customer>, String) {
    let id = shop.entropy.uuid(shop.now());
    let guest = Asker::guest(id, "test");
    let index = shop.vault.index(guest, LookFor::Login, EMAIL).await.unwrap().newest;
    let sealed = shop.vault.seal(guest, id, None, vec![(Field::Email, Plain::new(EMAIL.to_owned()))]).await.unwrap();
    let mut tx = shop.db.write().await.unwrap();
    let sql = "INSERT INTO customer (id, email_index, email, password_hash, lang, created_at, password_changed_at) \
               VALUES ($1, $2, $3, 'none', 'ja', $4, $4)";
    execute!(tx, sql, id, index.to_vec(), sealed.get(Field::Email), shop.now()).await.unwrap();
    let device = Device::new("Firefox/1".to_owned(), None);
    let token = session::open(&mut tx, &shop, Id::new(id), &device).await.unwrap();
    tx.commit().await.unwrap();
    let who = session::find(&shop, &token).await.unwrap().unwrap().recent(shop.now()).unwrap();
    let link = export::ask(&shop, &who, &device).await.unwrap();
    let file = export::file(&shop, &who, &Token::parse(&link.token).unwrap()).await.unwrap().unwrap();
    (who.customer(), file)
}

/// Runs `noren erase` and types `lines` into it.
fn erased(installation: &Installation, options: &[&str], lines: &str) -> Said {
    let mut command = installation.command(&[&["erase"], options].concat());
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = piped.spawn().unwrap();
    // It may have refused before it reads anything.
    let _ = writeln!(running.stdin.take().unwrap(), "{lines}");
    let output = running.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn a_copy_of_the_database_of_before_an_erasure_opens_nothing_with_the_vault_of_after() {
    let installation = Installation::on_sqlite();
    assert_eq!(installation.run(&["migrate"]).code, Some(0));
    let (hers, file) = with_vault(&installation, customer);
    let (database, before) = (installation.data().join("noren.sqlite"), installation.desk().join("before.sqlite"));
    fs::copy(&database, &before).unwrap();

    let nobody = erased(&installation, &[], "nobody@example.jp");
    assert!(nobody.code == Some(1) && nobody.err.contains("nothing was erased"), "{nobody:?}");
    let nonsense = erased(&installation, &[], "no address");
    assert!(nonsense.code == Some(1) && nonsense.err.contains("one e-mail address"), "{nonsense:?}");
    for (options, lines) in
        [(&[][..], EMAIL.to_owned()), (&[], format!("{EMAIL}\nno")), (&[], format!("{EMAIL}\ntaro@example.jp"))]
    {
        let refused = erased(&installation, options, &lines);
        assert!(refused.code == Some(1) && refused.err.contains("that was no yes; nothing was erased"), "{refused:?}");
        for words in [&format!("erases the account {EMAIL}, opened on "), "0 finished order(s)"] {
            assert!(refused.err.contains(words), "{refused:?}");
        }
    }
    let order = erased(&installation, &["--order", "N-0000-0000", "--yes"], "");
    assert!(order.code == Some(1) && order.err.contains("there is no order N-0000-0000"), "{order:?}");
    let said = erased(&installation, &[], &format!("{EMAIL}\nyes"));
    assert!(said.code == Some(0) && said.out.starts_with("E-") && !said.out.contains(EMAIL), "{said:?}");
    with_vault(&installation, async |shop| {
        while outbox::run_due(&shop).await.unwrap() > 0 {}
        assert_eq!(erase::finish(&shop).await.unwrap(), 1);
        while outbox::run_due(&shop).await.unwrap() > 0 {}
    });

    for beside in ["noren.sqlite-wal", "noren.sqlite-shm"] {
        let _ = fs::remove_file(installation.data().join(beside));
    }
    fs::copy(&before, &database).unwrap();
    with_vault(&installation, async |shop| {
        let mut conn = shop.db.read().await.unwrap();
        let (email,) = fetch_one!(conn, (Vec<u8>,), "SELECT email FROM customer").await.unwrap();
        drop(conn);
        let id = hers.0;
        let sealed = [(Field::Email, Some(&email))];
        let (customer, shops) = (Asker::customer(hers, "test"), Asker::shop("test"));
        let own = shop.vault.open(customer, For::SelfView, id, &sealed).await.map(drop);
        assert!(matches!(own, Err(VaultError::Refused(_))), "{own:?}");
        let mail = shop.vault.open(shops, For::Mail(id), id, &sealed).await.map(drop);
        assert!(matches!(mail, Err(VaultError::Refused(_))), "{mail:?}");
    });

    // What its owner took along is genuine all the same, with the key of the shop.
    let path = installation.file("copy.json", &file);
    let path = path.to_str().unwrap();
    let genuine = installation.run(&["export", "verify", path]);
    assert!(genuine.code == Some(0) && genuine.out.starts_with("genuine"), "{genuine:?}");
    let key = installation.file("key.pem", installation.run(&["export", "key"]).out);
    let elsewhere = installation.run(&["export", "verify", path, "--key", key.to_str().unwrap()]);
    assert_eq!(elsewhere.code, Some(0), "{elsewhere:?}");
    let changed = installation.file("changed.json", file.replace(EMAIL, "hanaka@example.jp"));
    let changed = installation.run(&["export", "verify", changed.to_str().unwrap()]);
    assert!(changed.code == Some(1) && changed.err.contains("was changed"), "{changed:?}");
}
