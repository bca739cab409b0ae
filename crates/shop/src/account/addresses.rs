//! The address book: where a customer has parcels sent, each address sealed for the customer's own record.

use noren_domain::Id;
use noren_domain::account::{AccountEvent, Customer, MAX_ADDRESSES, SavedAddress};
use noren_domain::address::{Address, AddressForm};
use noren_domain::form::{Fault, Faults};
use uuid::Uuid;

use super::events;
use super::factors::hold;
use super::limits::{self, Standing};
use crate::db::Conn;
use crate::session::Device;
use crate::vault::{Asker, Field, For, Sealed, VaultError};
use crate::{Shop, address, execute, fetch_all, fetch_one, fetch_optional, outbox};

/// The address book was not changed, or cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// For reasons the person can mend.
    #[error("the form has faults: {0:?}")]
    Refused(Faults),
    /// The vault.
    #[error("{0}")]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// There is no such address in this customer's book.
fn unknown() -> AddressError {
    AddressError::Refused(Faults::of(Fault::NotFound))
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: Vec<u8>,
    kana: Option<Vec<u8>>,
    postal_code: Vec<u8>,
    city: Vec<u8>,
    street: Vec<u8>,
    building: Option<Vec<u8>>,
    phone: Vec<u8>,
    prefecture: i64,
    is_default: bool,
}

impl Row {
    fn sealed(&self) -> Vec<(Field, Option<&Vec<u8>>)> {
        let mut sealed = vec![
            (Field::Name, Some(&self.name)),
            (Field::Kana, self.kana.as_ref()),
            (Field::PostalCode, Some(&self.postal_code)),
            (Field::City, Some(&self.city)),
            (Field::Street, Some(&self.street)),
            (Field::Building, self.building.as_ref()),
            (Field::Phone, Some(&self.phone)),
        ];
        sealed.retain(|(_, value)| value.is_some());
        sealed
    }
}

/// The customer's addresses, the one that is offered first in front, then the oldest. They are opened for their owner,
/// all in one reading, of which the ledger keeps that `route` (a page's name) asked for it. Of an account whose data are
/// lost there are none.
///
/// # Errors
/// The vault or the database.
pub async fn list(shop: &Shop, customer: Id<Customer>, route: &'static str) -> Result<Vec<SavedAddress>, AddressError> {
    all(shop, customer, For::SelfView, route).await
}

/// The same for the copy `export` of the customer's data, under its purpose.
pub(super) async fn copied(
    shop: &Shop,
    customer: Id<Customer>,
    export: Uuid,
    route: &'static str,
) -> Result<Vec<SavedAddress>, AddressError> {
    all(shop, customer, For::Export(export), route).await
}

async fn all(
    shop: &Shop,
    customer: Id<Customer>,
    purpose: For,
    route: &'static str,
) -> Result<Vec<SavedAddress>, AddressError> {
    let sql = "SELECT id, name, kana, postal_code, city, street, building, phone, prefecture, is_default FROM address
               WHERE customer_id = $1 ORDER BY is_default DESC, created_at, id";
    let rows = fetch_all!(shop.db.read().await?, Row, sql, customer.0).await?;
    open(shop, customer, purpose, route, rows).await
}

/// One of the customer's addresses; `None`: it is not in their book.
///
/// # Errors
/// The vault or the database.
pub async fn one(
    shop: &Shop,
    customer: Id<Customer>,
    id: Uuid,
    route: &'static str,
) -> Result<Option<SavedAddress>, AddressError> {
    let sql = "SELECT id, name, kana, postal_code, city, street, building, phone, prefecture, is_default FROM address
               WHERE id = $1 AND customer_id = $2";
    let row = fetch_optional!(shop.db.read().await?, Row, sql, id, customer.0).await?;
    Ok(open(shop, customer, For::SelfView, route, row.into_iter().collect()).await?.pop())
}

async fn open(
    shop: &Shop,
    customer: Id<Customer>,
    purpose: For,
    route: &'static str,
    rows: Vec<Row>,
) -> Result<Vec<SavedAddress>, AddressError> {
    let sealed: Vec<_> = rows.iter().flat_map(Row::sealed).collect();
    let asker = Asker::customer(customer, route);
    let mut opened = match shop.vault.open(asker, purpose, customer.0, &sealed).await {
        Err(error) if error.is_lost() => {
            tracing::warn!(%error, "the addresses of an account are lost");
            return Ok(Vec::new());
        }
        opened => opened?,
    };
    let saved = |row: &Row| SavedAddress {
        id: row.id,
        address: address::form(&opened.part(row.sealed().len()), Some(row.prefecture)),
        default: row.is_default,
    };
    Ok(rows.iter().map(saved).collect())
}

/// How many addresses the customer keeps.
async fn count(conn: &mut Conn, customer: Id<Customer>) -> Result<u32, sqlx::Error> {
    let sql = "SELECT COUNT(*) FROM address WHERE customer_id = $1";
    let (count,) = fetch_one!(conn, (i64,), sql, customer.0).await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

fn room(count: u32) -> Result<(), AddressError> {
    let full = Fault::AddressesFull { max: MAX_ADDRESSES };
    if count < MAX_ADDRESSES { Ok(()) } else { Err(AddressError::Refused(Faults::of(full))) }
}

fn read(form: &AddressForm) -> Result<Address, AddressError> {
    let read = form.parse().map_err(AddressError::Refused)?;
    address::check(&read).map_err(AddressError::Refused)?;
    Ok(read)
}

async fn seal(shop: &Shop, customer: Id<Customer>, read: &Address) -> Result<Sealed, VaultError> {
    let asker = Asker::customer(customer, "account/addresses");
    shop.vault.seal(asker, customer.0, None, address::values(read)).await
}

/// Keeps another address; the first one is the one that is offered first.
///
/// # Errors
/// The form has faults, or there are [`MAX_ADDRESSES`] already; the vault or the database.
pub async fn add(shop: &Shop, customer: Id<Customer>, form: &AddressForm) -> Result<(), AddressError> {
    let read = read(form)?;
    // Nothing is sealed for a book that is full.
    room(count(&mut shop.db.read().await?, customer).await?)?;
    let sealed = seal(shop, customer, &read).await?;
    let mut tx = shop.db.write().await?;
    hold(&mut tx, customer).await?;
    let count = count(&mut tx, customer).await?;
    room(count)?;
    let now = shop.now();
    execute!(
        tx,
        "INSERT INTO address (id, customer_id, name, kana, postal_code, prefecture, city, street, building, phone, is_default, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        shop.entropy.uuid(now),
        customer.0,
        sealed.get(Field::Name),
        sealed.get(Field::Kana),
        sealed.get(Field::PostalCode),
        i64::from(read.prefecture.number()),
        sealed.get(Field::City),
        sealed.get(Field::Street),
        sealed.get(Field::Building),
        sealed.get(Field::Phone),
        count == 0,
        now
    )
    .await?;
    Ok(tx.commit().await?)
}

/// Keeps what was typed at the checkout, unless the book holds it already or has no room: nobody's purchase waits for
/// that. `true`: it was added.
///
/// # Errors
/// The form has faults; the vault or the database.
pub async fn keep(shop: &Shop, customer: Id<Customer>, form: &AddressForm) -> Result<bool, AddressError> {
    let read = read(form)?;
    let known = list(shop, customer, "checkout").await?;
    if known.iter().any(|saved| saved.address.parse().is_ok_and(|saved| saved == read)) {
        return Ok(false);
    }
    match add(shop, customer, form).await {
        Ok(()) => Ok(true),
        Err(AddressError::Refused(faults)) if matches!(faults.get(""), Some(Fault::AddressesFull { .. })) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes down that what parcels are sent to was changed, in the caller's transaction: a thief of a session could send them
/// elsewhere by it. Its owner is told of three at once and of one more each twenty minutes, by mail and on the security page: more
/// would bury what else is told there. Ring the outbox after the commit.
async fn told(conn: &mut Conn, shop: &Shop, customer: Id<Customer>, device: &Device) -> Result<(), sqlx::Error> {
    match limits::take(conn, shop, limits::ADDRESSES_TOLD, customer.0.as_bytes()).await? {
        Standing::Within => events::happened(conn, shop, customer, AccountEvent::SavedAddressesChanged, device).await,
        Standing::Over { .. } => Ok(()),
    }
}

/// Puts another address into the place of one, of which its owner is told.
///
/// # Errors
/// The form has faults, or the address is not in this customer's book; the vault or the database.
pub async fn change(
    shop: &Shop,
    customer: Id<Customer>,
    id: Uuid,
    form: &AddressForm,
    device: &Device,
) -> Result<(), AddressError> {
    let read = read(form)?;
    let sealed = seal(shop, customer, &read).await?;
    let mut tx = shop.db.write().await?;
    hold(&mut tx, customer).await?;
    let changed = execute!(
        tx,
        "UPDATE address SET name = $1, kana = $2, postal_code = $3, prefecture = $4, city = $5, street = $6, building = $7, phone = $8
         WHERE id = $9 AND customer_id = $10",
        sealed.get(Field::Name),
        sealed.get(Field::Kana),
        sealed.get(Field::PostalCode),
        i64::from(read.prefecture.number()),
        sealed.get(Field::City),
        sealed.get(Field::Street),
        sealed.get(Field::Building),
        sealed.get(Field::Phone),
        id,
        customer.0
    )
    .await?;
    if changed == 0 {
        return Err(unknown());
    }
    told(&mut tx, shop, customer, device).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(())
}

/// Takes an address out of the book, and its sealed bytes with it. If it was the one that is offered first, the oldest
/// of the others takes its place. Its owner is told.
///
/// # Errors
/// It is not in this customer's book; the database.
pub async fn remove(shop: &Shop, customer: Id<Customer>, id: Uuid, device: &Device) -> Result<(), AddressError> {
    let mut tx = shop.db.write().await?;
    hold(&mut tx, customer).await?;
    let sql = "DELETE FROM address WHERE id = $1 AND customer_id = $2 RETURNING is_default";
    let Some((was_default,)) = fetch_optional!(tx, (bool,), sql, id, customer.0).await? else { return Err(unknown()) };
    if was_default {
        let sql = "UPDATE address SET is_default = TRUE WHERE id =
                   (SELECT id FROM address WHERE customer_id = $1 ORDER BY created_at, id LIMIT 1)";
        execute!(tx, sql, customer.0).await?;
    }
    told(&mut tx, shop, customer, device).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(())
}

/// Has an address offered first, of which its owner is told if it was not so already.
///
/// # Errors
/// It is not in this customer's book; the database.
pub async fn make_default(shop: &Shop, customer: Id<Customer>, id: Uuid, device: &Device) -> Result<(), AddressError> {
    let mut tx = shop.db.write().await?;
    hold(&mut tx, customer).await?;
    let sql = "UPDATE address SET is_default = FALSE WHERE customer_id = $1 AND is_default AND id <> $2";
    let another = execute!(tx, sql, customer.0, id).await? > 0;
    let sql = "UPDATE address SET is_default = TRUE WHERE id = $1 AND customer_id = $2";
    if execute!(tx, sql, id, customer.0).await? == 0 {
        return Err(unknown());
    }
    if another {
        told(&mut tx, shop, customer, device).await?;
    }
    tx.commit().await?;
    outbox::ring();
    Ok(())
}

#[cfg(test)]
mod tests;
