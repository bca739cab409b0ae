//! All keys of the vault exchanged while people buy.

use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use noren_ledger::leaf::{Detail, Kind};
use noren_shop::Shop;
use noren_shop::vault::{Asker, LookFor};

use crate::crowd::{Book, shop_on};
use crate::installation::{Installation, runtime};
use crate::ledger::{ledger_keys, verified};
use crate::patient::{Address, Patient};
use crate::server::{PATIENCE, Server};

/// Under which indexes the buyers of orders are found.
async fn indexes(shop: &Shop) -> BTreeSet<Vec<u8>> {
    let mut conn = shop.db.read().await.unwrap();
    let rows = noren_shop::fetch_all!(conn, (Vec<u8>,), "SELECT email_index FROM orders").await.unwrap();
    rows.into_iter().map(|(index,)| index).collect()
}

#[test]
fn every_key_is_exchanged_while_people_buy_and_nobody_notices() {
    let installation = Installation::on_sqlite();
    installation.stock();
    let runtime = runtime();
    let shop = runtime.block_on(installation.shop());
    let server = Server::start(&installation);
    let (address, book, stop, next) =
        (Address::default(), Book::default(), AtomicBool::new(false), AtomicUsize::new(1));
    address.is(Some(&server.url));
    let (tell, answers) = mpsc::channel();
    let heard = move || {
        let _ = tell.send(());
    };
    let before = std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| shop_on(&address, &next, &stop, &book, &heard));
        }
        let rotated = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            (0..40).for_each(|_| answers.recv_timeout(PATIENCE).expect("people buy"));
            let before = runtime.block_on(indexes(&shop));
            for (key, word) in [("signing", "the old one is destroyed"), ("wrapping", "wrapped"), ("index", "found by")]
            {
                let said = installation.run(&["rotate", key]);
                assert!(said.code == Some(0) && said.out.contains(word), "{key}: {said:?}");
            }
            before
        }));
        stop.store(true, Ordering::SeqCst);
        rotated.unwrap_or_else(|fault| std::panic::resume_unwind(fault))
    });
    let orders = book.orders.into_inner().unwrap();
    for (token, who) in &orders {
        let (status, _, page) = Patient::new(&address, &|| ()).get(&format!("/orders/{token}")).unwrap();
        assert!(status == 200 && page.contains(&who.name) && page.contains(&who.street), "{status}: {page}");
    }
    let after = runtime.block_on(indexes(&shop));
    assert!(!before.is_empty() && after.is_disjoint(&before), "nobody is found by the old key");
    let found = runtime.block_on(async {
        let mut found = 0;
        for (_, who) in &orders {
            let asker = Asker::guest(shop.entropy.uuid(shop.now()), "test");
            let index = shop.vault.index(asker, LookFor::Login, &who.email).await.unwrap();
            found += usize::from(index.earlier.is_none() && after.contains(index.newest.as_slice()));
        }
        found
    });
    assert_eq!(found, orders.len(), "and everybody by the new one");
    let mut names: Vec<String> = fs::read_dir(installation.data().join("vault/keys"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains('-') && name != "newest-checkpoint")
        .collect();
    names.sort();
    assert_eq!(names, ["index-2.key", "signing-1.public", "signing-2.key", "wrapping-2.key"]);
    let keys = ledger_keys(&installation);
    assert_eq!(keys.len(), 2);
    runtime.block_on(shop.db.close());
    server.ask_to_stop();
    assert!(server.ended().success());
    let (deeds, _) = verified(&installation, &keys);
    let rotations = deeds.iter().filter(|deed| deed.kind == Kind::Rotate).filter_map(|deed| deed.detail);
    let kinds: Vec<Detail> = rotations.collect();
    assert_eq!(kinds, [Detail::SigningKey, Detail::WrappingKey, Detail::IndexKey, Detail::IndexKey]);
    // It opens again, and the database knows the vault by its new key.
    let server = Server::start(&installation);
    address.is(Some(&server.url));
    let (token, who) = &orders[0];
    let (status, _, page) = Patient::new(&address, &|| ()).get(&format!("/orders/{token}")).unwrap();
    assert!(status == 200 && page.contains(&who.name), "{status}: {page}");
}
