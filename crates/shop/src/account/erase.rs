//! Erasing an account: at once, because its owner asks for it, or because nobody has used it for two years
//! ([`dormant`](super::dormant)).
//!
//! What goes: the customer's row and all that hangs on it, their cart, and the person in their orders. Keys are
//! destroyed, so that what was sealed opens nowhere any more, nor in copies of the database. What stays: the orders'
//! books, payments and numbers, without a person, and the ledger of reads, which never had a name in it. An order
//! that is not finished keeps its person until it is ([`orders`]); the key of the account stays until the last mail,
//! the statement of the erasure, has left, at most for [`LAST_MAIL_MS`].

pub mod guests;
mod orders;

pub use orders::erase_finished;
pub(super) use orders::reduce;

use noren_domain::account::{Customer, Email, EraseView, Erasure, ErasureCause, KeptOrder, Session};
use noren_domain::form::Fault;
use noren_domain::{Id, Lang};
use uuid::Uuid;

use super::{DAY, DoorError, challenge, dormant, email_change, letters, looked_for, owner};
use crate::db::{Conn, Dialect, again};
use crate::mail::{self, sent};
use crate::newsletter::{self, Source};
use crate::session::{self, Recent, SignedIn};
use crate::vault::{Asker, VaultError};
use crate::{Shop, execute, fetch_all, fetch_one, fetch_optional, outbox, shred};

/// The key of an account is destroyed so long after its erasure, whether or not the last mail has left: longer than a
/// mail is tried ([`mail::GIVE_UP_MS`]).
pub const LAST_MAIL_MS: i64 = 7 * DAY;
/// So many erasures are looked at in one go.
const BATCH: i64 = 100;
/// The person goes out of so many finished orders while they wait for the answer; out of the rest by a job.
const AT_ONCE: usize = 50;

/// An account was not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The statement cannot be written down.
    #[error("the statement of an erasure cannot be kept: {0}")]
    Statement(#[from] serde_json::Error),
    /// The account cannot be looked for.
    #[error(transparent)]
    Door(#[from] DoorError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The address was changed a short while ago, maybe by a thief, and its owner can still have it back.
    #[error("the address of this account was changed lately and can still be taken back; erase it in {hours} hours")]
    Paused {
        /// From then on it can be erased.
        hours: u32,
    },
    /// There is no such order.
    #[error("there is no order {0}; a number looks like N-XXXX-XXXX and stands in the order's mail")]
    NoOrder(String),
    /// It belongs to an account.
    #[error("{0} belongs to an account; run `noren erase` without it and type the account's e-mail address")]
    OfAnAccount(String),
    /// It was erased, or that was asked for.
    #[error("{0} names nobody any more, or not for long: this was asked for before; nothing was done")]
    Already(String),
    /// Mails in the mailbox folder cannot be deleted.
    #[error("mails of somebody who was erased cannot be deleted from the mailbox folder: {0}; make it writable")]
    Mailbox(#[from] std::io::Error),
}

impl crate::db::Collided for EraseError {
    fn collided(&self) -> bool {
        matches!(self, Self::Database(error) if error.collided())
    }
}

/// What would go at once and what would stay; `None` if the account has gone.
///
/// # Errors
/// The database.
pub async fn preview(shop: &Shop, who: &SignedIn) -> Result<Option<EraseView>, sqlx::Error> {
    let mut conn = shop.db.read().await?;
    let sql = "SELECT 1 FROM customer WHERE id = $1";
    if fetch_optional!(conn, (i32,), sql, who.customer.0).await?.is_none() {
        return Ok(None);
    }
    let (finished, kept) = orders::standing(&mut conn, shop, who.customer).await?;
    Ok(Some(EraseView { finished: number(finished.len()), kept }))
}

/// Whom an erasure would be about, for whoever is to say yes to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// When the account was opened, or the order begun, UTC ms.
    pub since: i64,
    /// What would go, and what would stay for a while.
    pub view: EraseView,
}

/// The account with this address, for somebody who has asked the shop's people; `None`: there is none.
///
/// # Errors
/// The vault does not find people; the database.
pub async fn find(shop: &Shop, email: &Email) -> Result<Option<Found>, EraseError> {
    let index = looked_for(shop, Asker::operator("erase"), email).await?;
    let mut conn = shop.db.read().await?;
    let Some(customer) = owner(&mut conn, &index).await? else { return Ok(None) };
    let sql = "SELECT created_at FROM customer WHERE id = $1";
    let Some((since,)) = fetch_optional!(conn, (i64,), sql, customer).await? else { return Ok(None) };
    let (finished, kept) = orders::standing(&mut conn, shop, Id::new(customer)).await?;
    Ok(Some(Found { since, view: EraseView { finished: number(finished.len()), kept } }))
}

/// Erases the account of somebody who has just proved who they are, and gives the statement; `None`: it has gone
/// already.
///
/// # Errors
/// The session has ended meanwhile; the address was changed lately; the database.
pub async fn erase(shop: &Shop, who: &Recent) -> Result<Option<Erasure>, EraseError> {
    account(shop, who.customer(), ErasureCause::Asked, Some(who.session())).await
}

/// Erases the account with this address for somebody who has asked the shop's people for it; `None`: there is none.
///
/// # Errors
/// The vault does not find people; the database.
pub async fn erase_by_letter(shop: &Shop, email: &Email) -> Result<Option<Erasure>, EraseError> {
    let index = looked_for(shop, Asker::operator("erase"), email).await?;
    let mut conn = shop.db.read().await?;
    let Some(customer) = owner(&mut conn, &index).await? else { return Ok(None) };
    drop(conn);
    account(shop, Id::new(customer), ErasureCause::Letter, None).await
}

/// Erases an account, and at once the person in those of its orders that are finished; many accounts in a row leave that
/// to whoever erases them ([`erase_finished`]). The session that asks for it, if one does, must not have been ended.
pub(super) async fn account(
    shop: &Shop,
    customer: Id<Customer>,
    cause: ErasureCause,
    session: Option<Id<Session>>,
) -> Result<Option<Erasure>, EraseError> {
    let erased = again(|| async {
        let mut tx = shop.db.write().await?;
        let erased = erase_in(&mut tx, shop, customer, cause, session).await?;
        tx.commit().await?;
        Ok::<_, EraseError>(erased)
    })
    .await?;
    let Some((erased, finished)) = erased else { return Ok(None) };
    tracing::info!(no = erased.no, cause = cause.word(), "an account was erased");
    let now = if cause == ErasureCause::Dormant { 0 } else { AT_ONCE };
    for order in finished.into_iter().take(now) {
        // It has said what failed; a job does what is not done here.
        let _ = orders::erase_one(shop, order).await;
    }
    outbox::ring();
    Ok(Some(erased))
}

#[derive(sqlx::FromRow)]
struct Person {
    email_index: Vec<u8>,
    email: Vec<u8>,
    lang: String,
    phrase_no: i64,
}

/// The erasure itself, in the caller's transaction; with the orders that are finished.
async fn erase_in(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    cause: ErasureCause,
    session: Option<Id<Session>>,
) -> Result<Option<(Erasure, Vec<Uuid>)>, EraseError> {
    // Nobody begins anything for this customer any more until it is over.
    let sql = match conn.dialect() {
        Dialect::Sqlite => "SELECT email_index, email, lang, phrase_no FROM customer WHERE id = $1",
        Dialect::Postgres => "SELECT email_index, email, lang, phrase_no FROM customer WHERE id = $1 FOR UPDATE",
    };
    let Some(person) = fetch_optional!(conn, Person, sql, customer.0).await? else { return Ok(None) };
    if let Some(session) = session
        && !session::is_open(conn, session).await?
    {
        return Err(DoorError::Refused(Fault::SessionEnded).into());
    }
    if cause == ErasureCause::Dormant && !dormant::is_over(conn, shop, customer).await? {
        return Ok(None);
    }
    if let Some(Fault::Paused { hours }) = email_change::taken_back_until(conn, shop, customer).await? {
        return Err(EraseError::Paused { hours });
    }
    let lang = Lang::from_tag(&person.lang);
    // Before its rows go: mails to the other mailbox of a change go with the account's own.
    let sql =
        "UPDATE mail_sent SET subject_id = $1 WHERE subject_id IN (SELECT id FROM email_change WHERE customer_id = $1)";
    execute!(conn, sql, customer.0).await?;
    // With a change of the address that is under way.
    challenge::end_all(conn, shop, customer).await?;
    registrations(conn, shop, customer, &person.email_index).await?;
    cart(conn, shop, customer).await?;
    newsletter::end(conn, shop, customer.0, lang, Source::Account).await?;
    // What was to be sent to the account, or once more; mails about orders under way go on.
    let sql = "SELECT key FROM mail_sent WHERE subject_id = $1 AND state IN ('queued', 'sending')";
    for (key,) in fetch_all!(conn, (String,), sql, customer.0).await? {
        outbox::cancel(conn, shop, &key).await?;
    }
    let (finished, kept) = orders::standing(conn, shop, customer).await?;
    let sql = "UPDATE orders SET erase_asked_at = $2 WHERE customer_id = $1 AND erase_asked_at IS NULL";
    execute!(conn, sql, customer.0, shop.now()).await?;
    let sql = "SELECT COUNT(*) FROM newsletter_consent WHERE customer_id = $1";
    let (consents,) = fetch_one!(conn, (i64,), sql, customer.0).await?;
    // Sessions, factors, devices, sign-ins, events, notices go with it; orders and mails are nobody's from now on.
    execute!(conn, "DELETE FROM customer WHERE id = $1", customer.0).await?;
    let consents = u32::try_from(consents).unwrap_or(u32::MAX);
    let standing = Standing { finished: number(finished.len()), kept, consents, order: None };
    let whom = Whom { record: customer.0, email: person.email, lang: person.lang, phrase_no: Some(person.phrase_no) };
    let erasure = write_down(conn, shop, whom, cause, standing).await?;
    Ok(Some((erasure, finished)))
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

struct Standing {
    finished: u32,
    kept: Vec<KeptOrder>,
    consents: u32,
    order: Option<String>,
}

/// To whom the statement goes: the record that the address is sealed for, and the number of the check phrase of whoever
/// had an account.
struct Whom {
    record: Uuid,
    email: Vec<u8>,
    lang: String,
    phrase_no: Option<i64>,
}

async fn write_down(
    conn: &mut Conn,
    shop: &Shop,
    whom: Whom,
    cause: ErasureCause,
    standing: Standing,
) -> Result<Erasure, EraseError> {
    let (now, code) = (shop.now(), shop.entropy.code(8));
    let id = shop.entropy.uuid(now);
    let Standing { finished, kept, consents, order } = standing;
    let no = format!("E-{}-{}", &code[..4], &code[4..]);
    let erasure = Erasure { no, at: now, cause, finished, kept, consents, order };
    let statement = serde_json::to_string(&erasure)?;
    execute!(
        conn,
        "INSERT INTO erasure (id, no, record, email, lang, phrase_no, cause, statement, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id,
        erasure.no.as_str(),
        whom.record,
        whom.email,
        whom.lang,
        whom.phrase_no,
        cause.word(),
        statement.as_str(),
        now
    )
    .await?;
    letters::erased(conn, shop, id).await?;
    Ok(erasure)
}

/// Ends registrations of the same address that are under way; their mails go with the customer's own.
async fn registrations(conn: &mut Conn, shop: &Shop, customer: Id<Customer>, index: &[u8]) -> Result<(), sqlx::Error> {
    let sql = "DELETE FROM registration WHERE email_index = $1 RETURNING id";
    for (id,) in fetch_all!(conn, (Uuid,), sql, index.to_vec()).await? {
        letters::forget_registration(conn, shop, id).await?;
        execute!(conn, "UPDATE mail_sent SET subject_id = $1 WHERE subject_id = $2", customer.0, id).await?;
        shred::later(conn, shop, id).await?;
    }
    Ok(())
}

/// Deletes the customer's cart, with what they have typed at the checkout.
pub(super) async fn cart(conn: &mut Conn, shop: &Shop, customer: Id<Customer>) -> Result<(), sqlx::Error> {
    let sql = "SELECT k.subject_id FROM cart c JOIN checkout k ON k.cart_id = c.id WHERE c.customer_id = $1";
    let typed = fetch_optional!(conn, (Uuid,), sql, customer.0).await?;
    execute!(conn, "DELETE FROM cart WHERE customer_id = $1", customer.0).await?;
    if let Some((record,)) = typed {
        shred::later(conn, shop, record).await?;
    }
    Ok(())
}

/// Hands over to be destroyed the keys of erased accounts whose last mail has left, was given up, or has waited for too
/// long; gives their number. Running it twice, or on several machines, does no more than once.
///
/// # Errors
/// The database; the mailbox folder. All others were handed over nevertheless.
pub async fn finish(shop: &Shop) -> Result<u64, EraseError> {
    let (mut after, mut finished, mut failed) = ((i64::MIN, Uuid::nil()), 0, None);
    loop {
        let sql = "SELECT id, record, at FROM erasure WHERE done_at IS NULL AND (at > $1 OR at = $1 AND id > $2) ORDER BY at, id LIMIT $3";
        let open = fetch_all!(shop.db.read().await?, (Uuid, Uuid, i64), sql, after.0, after.1, BATCH).await?;
        let Some((id, _, at)) = open.last() else { break };
        after = (*at, *id);
        for (id, record, at) in open {
            match again(|| finish_one(shop, id, record, at)).await {
                Ok(done) => finished += u64::from(done),
                Err(error) => {
                    tracing::error!(erasure = %id, %error, "the key of this erased account is not destroyed yet; it is tried again");
                    failed = Some(error);
                }
            }
        }
    }
    if finished > 0 {
        outbox::ring();
    }
    failed.map_or(Ok(finished), Err)
}

/// The same for one erasure, of `at` (UTC ms); `false`: it waits, or another machine was quicker.
async fn finish_one(shop: &Shop, id: Uuid, record: Uuid, at: i64) -> Result<bool, EraseError> {
    let key = letters::erased_key(id);
    let mut conn = shop.db.read().await?;
    let sql = "SELECT 1 FROM outbox WHERE key = $1 AND done_at IS NULL AND failed_at IS NULL";
    let waits = fetch_optional!(conn, (i32,), sql, key.as_str()).await?.is_some();
    if waits && shop.now() - at < LAST_MAIL_MS {
        return Ok(false);
    }
    let (statement,) = fetch_one!(conn, (String,), "SELECT statement FROM erasure WHERE id = $1", id).await?;
    drop(conn);
    // It has told its owner which orders are kept; here nothing is to say whose they are.
    let statement = Erasure { kept: Vec::new(), order: None, ..serde_json::from_str(&statement)? };
    let statement = serde_json::to_string(&statement)?;
    let mut tx = shop.db.write().await?;
    let sql = "UPDATE erasure SET email = NULL, statement = $3, done_at = $2 WHERE id = $1 AND done_at IS NULL";
    let done = execute!(tx, sql, id, shop.now(), statement.as_str()).await? == 1;
    if done {
        // A guest's record is that of their order: as long as that is under way, so are its mails.
        let sql = "SELECT 1 FROM orders WHERE subject_id = $1 AND erased_at IS NULL LIMIT 1";
        let lives = fetch_optional!(tx, (i32,), sql, record).await?.is_some();
        let mails = if lives { Vec::new() } else { sent::keys_of(&mut tx, record).await? };
        for key in mails.iter().chain([&key]) {
            outbox::cancel(&mut tx, shop, key).await?;
        }
        if !lives {
            sent::part_from(&mut tx, record).await?;
        }
        shred::later(&mut tx, shop, record).await?;
        // The last mail stays in the folder, to be fetched from there.
        mail::forget_of(shop, &mails).await?;
        // The ledger of consent, which nothing may change, has the same number; from now on this row does not say so.
        let sql = "UPDATE erasure SET record = $2 WHERE id = $1";
        execute!(tx, sql, id, shop.entropy.uuid(shop.now())).await?;
    }
    tx.commit().await?;
    Ok(done)
}

/// How many erased accounts still have their key: the last mail is under way.
///
/// # Errors
/// The database.
pub async fn unfinished(shop: &Shop) -> Result<i64, sqlx::Error> {
    let sql = "SELECT COUNT(*) FROM erasure WHERE done_at IS NULL";
    Ok(fetch_one!(shop.db.read().await?, (i64,), sql).await?.0)
}

#[cfg(test)]
mod tests;
