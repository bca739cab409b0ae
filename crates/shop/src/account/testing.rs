//! Customers for tests.

use noren_domain::Id;
use noren_domain::account::{Customer, Email};

use crate::session::{self, Device, Recent};
use crate::vault::{Asker, Field, LookFor, Plain};
use crate::{Shop, execute};

/// A customer with `address`, and a password that nobody knows.
pub async fn customer(shop: &Shop, address: &str) -> Id<Customer> {
    let email = Email::parse(address).unwrap();
    let id = shop.entropy.uuid(shop.now());
    let asker = Asker::guest(id, "test");
    let index = shop.vault.index(asker, LookFor::Login, email.canonical()).await.unwrap().newest;
    let sealed = vec![(Field::Email, Plain::new(email.address().to_owned()))];
    let sealed = shop.vault.seal(asker, id, None, sealed).await.unwrap();
    let mut tx = shop.db.write().await.unwrap();
    execute!(
        tx,
        "INSERT INTO customer (id, email_index, email, password_hash, lang, created_at, password_changed_at)
         VALUES ($1, $2, $3, 'none', 'ja', $4, $4)",
        id,
        index.to_vec(),
        sealed.get(Field::Email),
        shop.now()
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    Id::new(id)
}

/// The same customer in a browser, just signed in.
pub async fn proved(shop: &Shop, customer: Id<Customer>) -> Recent {
    let mut tx = shop.db.write().await.unwrap();
    let token = session::open(&mut tx, shop, customer, &Device::new("Firefox/1".to_owned(), None)).await.unwrap();
    tx.commit().await.unwrap();
    session::find(shop, &token).await.unwrap().unwrap().recent(shop.now()).unwrap()
}
