//! Customers for tests.

use noren_domain::Id;
use noren_domain::account::{Customer, Email};

use crate::person::Field;
use crate::{Shop, execute};

/// A customer with `address`, and a password that nobody knows.
pub async fn customer(shop: &Shop, address: &str) -> Id<Customer> {
    let email = Email::parse(address).unwrap();
    let id = shop.entropy.uuid(shop.now());
    let mut tx = shop.db.write().await.unwrap();
    execute!(
        tx,
        "INSERT INTO customer (id, email_index, email, password_hash, lang, created_at, password_changed_at)
         VALUES ($1, $2, $3, 'none', 'ja', $4, $4)",
        id,
        shop.keys.index(Field::Email, email.canonical()).to_vec(),
        shop.keys.seal(id, Field::Email, email.address()),
        shop.now()
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    Id::new(id)
}
