//! Two people to try the shop with, in development only.

use noren_domain::Lang;
use noren_domain::account::{Email, Password};
use noren_domain::form::Fault;

use super::{DoorError, password};
use crate::vault::{Asker, Field, Plain, VaultError};
use crate::{Shop, execute};

/// The password of both demo accounts.
pub const DEMO_PASSWORD: &str = "noren-demo-curtain";

const PEOPLE: [(&str, &str); 2] = [("hanako@example.jp", "暖簾 花子"), ("taro@example.jp", "染谷 太郎")];

/// The addresses of the demo accounts; none outside development.
pub fn demo_addresses(shop: &Shop) -> Vec<String> {
    let people = if shop.development { &PEOPLE[..] } else { &[] };
    people.iter().map(|(email, _)| (*email).to_owned()).collect()
}

/// Opens the demo accounts; those that exist are left as they are. Does nothing in production: a
/// password that stands in a README opens no real shop.
pub async fn demo(shop: &Shop) -> Result<(), DoorError> {
    if !shop.development {
        return Ok(());
    }
    for (address, name) in PEOPLE {
        let email = Email::parse(address).map_err(DoorError::Refused)?;
        let asker = Asker::operator("seed");
        let index = match super::looked_for(shop, asker, &email).await {
            // Said at the start; until it is mended they would be opened a second time.
            Err(DoorError::Vault(VaultError::FindsNobody(_))) => return Ok(()),
            index => index?,
        };
        let mut conn = shop.db.read().await?;
        if super::owner(&mut conn, &index).await?.is_some() {
            continue;
        }
        drop(conn);
        let password = Password::typed(DEMO_PASSWORD).map_err(|_: Fault| DoorError::Refused(Fault::Internal))?;
        let hash = password::hash(shop, &shop.hash_room().enter()?, &password).await?;
        let now = shop.now();
        let id = shop.entropy.uuid(now);
        let person = [(Field::Email, email.address()), (Field::Name, name)];
        let person = person.map(|(field, value)| (field, Plain::new(value.to_owned()))).into();
        let person = shop.vault.seal(asker, id, None, person).await?;
        let mut tx = shop.db.write().await?;
        execute!(
            tx,
            "INSERT INTO customer (id, email_index, email, name, password_hash, lang, created_at, password_changed_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (email_index) DO NOTHING",
            id,
            index.newest.to_vec(),
            person.get(Field::Email),
            person.get(Field::Name),
            hash,
            Lang::Ja.tag(),
            now
        )
        .await?;
        tx.commit().await?;
    }
    Ok(())
}
