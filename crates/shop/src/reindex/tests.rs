use std::collections::BTreeSet;

use noren_domain::account::Email;

use super::*;
use crate::account::{self, testing::customer};
use crate::on_both_databases;
use crate::testing::another_machine;
use crate::vault::LookFor;

const PEOPLE: [&str; 5] =
    ["hanako@example.jp", "taro+tea@example.jp", "J.Tanaka@Example.com", "mori@example.jp", "a..b@example.ne.jp"];

async fn indexes(shop: &Shop) -> BTreeSet<Vec<u8>> {
    let mut conn = shop.db.read().await.unwrap();
    let rows = fetch_all!(conn, (Vec<u8>,), "SELECT email_index FROM customer").await.unwrap();
    rows.into_iter().map(|(index,)| index).collect()
}

async fn found(shop: &Shop, address: &str) -> Option<Uuid> {
    let email = Email::parse(address).unwrap();
    let asker = Asker::guest(Uuid::nil(), "test");
    let index = shop.vault.index(asker, LookFor::Login, email.canonical()).await.unwrap();
    let mut conn = shop.db.read().await.unwrap();
    account::owner(&mut conn, &index).await.unwrap()
}

on_both_databases!(everybody_is_found_before_while_and_after_the_key_is_changed(shop) {
    shop.migrate().await.unwrap();
    let mut people = Vec::new();
    for address in PEOPLE {
        people.push((address, customer(&shop, address).await.0));
    }
    let before = indexes(&shop).await;
    // Cut off half-way: the first table has one row of the new key, the others are as they were.
    let asker = Asker::operator("test");
    shop.vault.rotate_index_key(asker).await.unwrap();
    let newcomer = customer(&shop, "newcomer@example.jp").await.0;
    for (address, customer) in &people {
        assert_eq!(found(&shop, address).await, Some(*customer), "{address}");
    }
    assert_eq!(found(&shop, "newcomer@example.jp").await, Some(newcomer));

    let told = std::sync::atomic::AtomicU64::new(0);
    let say = |changed, _| told.store(changed, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(reindex(&shop, Duration::ZERO, say).await.unwrap(), 5, "the newcomer has the new index already");
    assert_eq!(told.into_inner(), 5);
    people.push(("newcomer@example.jp", newcomer));
    for (address, customer) in &people {
        assert_eq!(found(&shop, address).await, Some(*customer), "{address}");
    }
    let after = indexes(&shop).await;
    assert!(after.is_disjoint(&before) && after.len() == 6, "nobody is found by the old key any more");

    // A machine that starts later knows the vault by its new key, one that runs by what does not change.
    let later = another_machine(&shop).await;
    later.migrate().await.unwrap();
    assert_eq!(found(&later, PEOPLE[2]).await, Some(people[2].1));
    assert_eq!(reindex(&later, Duration::ZERO, |_, _| ()).await.unwrap(), 6, "and once more");
    assert_eq!(found(&shop, PEOPLE[2]).await, Some(people[2].1));
});

on_both_databases!(a_vault_that_goes_away_half_way_leaves_everybody_where_they_were(shop) {
    let mut shop = shop;
    shop.migrate().await.unwrap();
    let person = customer(&shop, PEOPLE[0]).await.0;
    shop.vault.rotate_index_key(Asker::operator("test")).await.unwrap();
    shop.stop_vault();
    let away = reindex(&shop, Duration::ZERO, |_, _| ()).await.unwrap_err();
    assert!(matches!(&away, ReindexError::Vault(error) if error.is_passing()), "{away}");
    shop.start_vault();
    assert_eq!(found(&shop, PEOPLE[0]).await, Some(person));
    assert_eq!(reindex(&shop, Duration::ZERO, |_, _| ()).await.unwrap(), 1);
    assert_eq!(found(&shop, PEOPLE[0]).await, Some(person));
});
