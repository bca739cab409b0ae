use std::collections::BTreeSet;

use noren_domain::Lang;
use noren_domain::account::{Email, LoginForm, RegisterForm};

use super::*;
use crate::account::{self, DoorError, testing::customer};
use crate::on_both_databases;
use crate::session::Device;
use crate::testing::another_machine;
use crate::vault::LookFor;

/// Nobody else asks, so nothing is waited for.
const NOW: How = How { grace: Duration::ZERO, finish: false };

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
    assert_eq!(reindex(&shop, NOW, say).await.unwrap(), 5, "the newcomer has the new index already");
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
    assert_eq!(reindex(&later, NOW, |_, _| ()).await.unwrap(), 6, "and once more");
    assert_eq!(found(&shop, PEOPLE[2]).await, Some(people[2].1));
});

on_both_databases!(a_vault_that_goes_away_half_way_leaves_everybody_where_they_were(shop) {
    let mut shop = shop;
    shop.migrate().await.unwrap();
    let person = customer(&shop, PEOPLE[0]).await.0;
    shop.vault.rotate_index_key(Asker::operator("test")).await.unwrap();
    shop.stop_vault();
    let away = reindex(&shop, NOW, |_, _| ()).await.unwrap_err();
    assert!(matches!(&away, ReindexError::Vault(error) if error.is_passing()), "{away}");
    shop.start_vault();
    assert_eq!(found(&shop, PEOPLE[0]).await, Some(person));
    assert_eq!(reindex(&shop, NOW, |_, _| ()).await.unwrap(), 1);
    assert_eq!(found(&shop, PEOPLE[0]).await, Some(person));
});

/// A checkout, a registration and an order are found by an address as well.
async fn a_row_of_each_kind(shop: &Shop, address: &str) -> [u8; 32] {
    let email = Email::parse(address).unwrap();
    let (id, asker) = (shop.entropy.uuid(shop.now()), Asker::guest(Uuid::nil(), "test"));
    let index = shop.vault.index(asker, LookFor::Login, email.canonical()).await.unwrap().newest;
    let values = vec![(crate::vault::Field::Email, crate::vault::Plain::new(email.address().to_owned()))];
    let sealed = shop.vault.seal(asker, id, None, values).await.unwrap().get(crate::vault::Field::Email).unwrap();
    let mut tx = shop.db.write().await.unwrap();
    let sql = "INSERT INTO registration (id, token_hash, email_index, email, password_hash, code_hash, lang, created_at, expires_at)
               VALUES ($1, $2, $3, $4, '', $2, 'ja', 0, 0)";
    crate::execute!(tx, sql, id, vec![1u8; 32], index.to_vec(), sealed.clone()).await.unwrap();
    crate::execute!(
        tx,
        "INSERT INTO cart (id, token_hash, created_at, updated_at) VALUES ($1, $2, 0, 0)",
        id,
        vec![2u8; 32]
    )
    .await
    .unwrap();
    let sql = "INSERT INTO checkout (cart_id, order_id, subject_id, email_index, email, updated_at) VALUES ($1, $1, $1, $2, $3, 0)";
    crate::execute!(tx, sql, id, index.to_vec(), sealed).await.unwrap();
    tx.commit().await.unwrap();
    index
}

on_both_databases!(rows_of_every_kind_get_the_new_index_and_one_that_does_not_open_keeps_the_old_key(shop) {
    shop.migrate().await.unwrap();
    let old = a_row_of_each_kind(&shop, "waiting@example.jp").await;
    let broken = customer(&shop, PEOPLE[0]).await.0;
    let fine = customer(&shop, PEOPLE[1]).await.0;
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE customer SET email = $1 WHERE id = $2", vec![9u8; 50], broken).await.unwrap();
    tx.commit().await.unwrap();
    let error = reindex(&shop, NOW, |_, _| ()).await.unwrap_err();
    assert!(matches!(&error, ReindexError::Left(left) if *left == [broken]), "{error}");
    assert!(error.to_string().contains(&broken.to_string()) && error.to_string().contains("--finish"), "{error}");
    for table in ["registration", "checkout"] {
        let sql = sqlx::AssertSqlSafe(format!("SELECT email_index FROM {table}"));
        let (index,) = crate::fetch_one!(shop.db.read().await.unwrap(), (Vec<u8>,), sql).await.unwrap();
        assert_ne!(index, old.to_vec(), "{table}");
    }
    assert_eq!(found(&shop, PEOPLE[0]).await, Some(broken), "the old key still finds who was left");
    assert_eq!(found(&shop, PEOPLE[1]).await, Some(fine));
    assert_eq!(reindex(&shop, How { finish: true, ..NOW }, |_, _| ()).await.unwrap(), 0);
    assert_eq!((found(&shop, PEOPLE[0]).await, found(&shop, PEOPLE[1]).await), (None, Some(fine)));
});

on_both_databases!(of_two_accounts_of_one_address_the_older_keeps_it_and_nobody_else_is_stopped(shop) {
    shop.migrate().await.unwrap();
    let first = customer(&shop, PEOPLE[0]).await.0;
    let other = customer(&shop, PEOPLE[1]).await.0;
    shop.vault.rotate_index_key(Asker::operator("test")).await.unwrap();
    // Registered once before and once after the exchange began.
    shop.clock.advance(1);
    let second = customer(&shop, PEOPLE[0]).await.0;
    assert_ne!(first, second);
    assert_eq!(found(&shop, PEOPLE[0]).await, Some(first), "while both stand there");
    let error = reindex(&shop, NOW, |_, _| ()).await.unwrap_err();
    assert!(matches!(&error, ReindexError::Left(left) if *left == [second]), "{error}");
    assert_eq!((found(&shop, PEOPLE[0]).await, found(&shop, PEOPLE[1]).await), (Some(first), Some(other)));
    reindex(&shop, How { finish: true, ..NOW }, |_, _| ()).await.unwrap();
    assert_eq!((found(&shop, PEOPLE[0]).await, found(&shop, PEOPLE[1]).await), (Some(first), Some(other)));
});

on_both_databases!(when_nobody_is_found_any_more_nobody_gets_a_second_account(shop) {
    shop.migrate().await.unwrap();
    let person = customer(&shop, PEOPLE[0]).await.0;
    assert!(vault_check::finds_people(&shop).await.is_ok());
    // Somebody asks as the operator, and tells the database nothing.
    let asker = Asker::operator("test");
    shop.vault.rotate_index_key(asker).await.unwrap();
    let newest = shop.vault.hello().await.unwrap().fingerprints[0];
    let refused = shop.vault.forget_earlier_index(asker, newest).await.unwrap_err();
    assert!(refused.to_string().contains("noren rotate index"), "{refused}");
    let (email,) =
        crate::fetch_one!(shop.db.read().await.unwrap(), (Vec<u8>,), "SELECT email FROM customer").await.unwrap();
    shop.vault.reindex(asker, person, [0; 32], email).await.unwrap();
    shop.vault.forget_earlier_index(asker, newest).await.unwrap();

    assert_eq!(found(&shop, PEOPLE[0]).await, None);
    assert!(vault_check::finds_people(&shop).await.is_err());
    let device = Device::new("test".to_owned(), None);
    let (email, password) = (PEOPLE[0].to_owned(), "rainy tuesday 7".to_owned());
    let wanted = RegisterForm { email: email.clone(), password: password.clone(), ..RegisterForm::default() };
    let refused = account::register(&shop, &wanted.parse().unwrap(), Lang::Ja, &device).await.unwrap_err();
    assert!(matches!(&refused, DoorError::Vault(error @ VaultError::FindsNobody(_)) if error.is_passing()), "{refused}");
    let asked = LoginForm { email, password, ..LoginForm::default() };
    let refused = account::login(&shop, &asked.parse().unwrap(), Lang::Ja, &device, None).await.unwrap_err();
    assert!(matches!(refused, DoorError::Vault(VaultError::FindsNobody(_))), "no wrong password: {refused}");

    reindex(&shop, NOW, |_, _| ()).await.unwrap();
    assert_eq!(found(&shop, PEOPLE[0]).await, Some(person));
    account::register(&shop, &wanted.parse().unwrap(), Lang::Ja, &device).await.unwrap();
});
