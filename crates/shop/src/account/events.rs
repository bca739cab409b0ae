//! What happened to an account: kept for its owner to see, and told by mail at once.

use noren_domain::account::{AccountEvent, Browser, CheckPhrase, Customer, HappenedView};
use noren_domain::form::Fault;
use noren_domain::{Id, Lang};
use uuid::Uuid;

use super::factors::hold_in_session;
use super::limits::{self, Standing};
use super::{DoorError, HISTORY, letters};
use crate::db::Conn;
use crate::mail;
use crate::mail::account::Before;
use crate::session::{Device, Recent, SignedIn};
use crate::{Shop, execute, fetch_all, fetch_optional, outbox};

/// Writes down that `event` happened to the customer's account, and the mail that tells them, in the caller's
/// transaction. Ring the outbox after the commit.
///
/// # Errors
/// The database.
pub async fn happened(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    event: AccountEvent,
    device: &Device,
) -> Result<(), sqlx::Error> {
    changed(conn, shop, customer, event, Before::default(), device).await
}

/// Like [`happened`], for a change of the mails themselves: the one that tells of it is as they were `before`, or their
/// reader could not read it, or would have to take it for a false one.
pub(super) async fn changed(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    event: AccountEvent,
    before: Before,
    device: &Device,
) -> Result<(), sqlx::Error> {
    let id = written(conn, shop, customer, event, device).await?;
    letters::event(conn, shop, id, before).await
}

/// Writes down that somebody of the shop has just opened the customer's data, in the caller's transaction. They are
/// told of all of a day by one mail, the next morning.
///
/// # Errors
/// The database.
pub(crate) async fn read_by_staff(conn: &mut Conn, shop: &Shop, customer: Id<Customer>) -> Result<(), sqlx::Error> {
    written(conn, shop, customer, AccountEvent::StaffRead, &Device::of_the_shop()).await?;
    letters::staff_read(conn, shop, customer.0).await
}

/// Counts what somebody does in a session as often as they like and a mail tells of, in the caller's transaction, which
/// [holds](super::factors::hold) the customer. Mails leave in the order in which they were written: without a bound one
/// account would keep everybody's warnings waiting. Gives what to say if it is one too many; it is not done then.
///
/// # Errors
/// The database.
pub(super) async fn too_many(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
) -> Result<Option<Fault>, sqlx::Error> {
    match limits::take(conn, shop, limits::ACTS, customer.0.as_bytes()).await? {
        Standing::Within => Ok(None),
        Standing::Over { minutes, .. } => Ok(Some(Fault::TooMany { minutes })),
    }
}

/// Only writes it down, in the caller's transaction, where a mail of its own tells of it; gives its number.
pub(super) async fn written(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    event: AccountEvent,
    device: &Device,
) -> Result<Uuid, sqlx::Error> {
    let now = shop.now();
    let id = shop.entropy.uuid(now);
    execute!(
        conn,
        "INSERT INTO account_event (id, customer_id, at, kind, user_agent, network) VALUES ($1, $2, $3, $4, $5, $6)",
        id,
        customer.0,
        now,
        event.word(),
        &device.user_agent,
        &device.network
    )
    .await?;
    Ok(id)
}

/// So many are shown.
const SHOWN: i64 = 200;

/// What happened to the customer's account within the time we remember, the newest first, in the words of `lang`: those by
/// which the mails about it are called.
pub(super) async fn list(
    conn: &mut Conn,
    shop: &Shop,
    who: &SignedIn,
    lang: Lang,
) -> Result<Vec<HappenedView>, sqlx::Error> {
    let sql = "SELECT at, kind, user_agent, network FROM account_event WHERE customer_id = $1 AND at > $2
               ORDER BY at DESC, id DESC LIMIT $3";
    let since = shop.now() - HISTORY;
    let rows = fetch_all!(conn, (i64, String, String, String), sql, who.customer.0, since, SHOWN).await?;
    let view = |(at, kind, user_agent, network): (i64, String, String, String)| {
        // One that only a later version knows is told by its word rather than kept back.
        let event = AccountEvent::from_word(&kind);
        let what = event.map_or(kind, |event| mail::account::subject(event, lang).to_owned());
        let by_the_shop = user_agent.is_empty() && network.is_empty();
        HappenedView { at, what, browser: (!by_the_shop).then(|| Browser::of(&user_agent)), network }
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Tells the owner, once a day of each kind at most, that there are many failed tries to come in, in the caller's
/// transaction. Each kind by itself: whoever tries passwords must not keep the news back that another one knows it.
///
/// # Errors
/// The database.
pub(super) async fn many_failed_tries(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    kind: AccountEvent,
    device: &Device,
) -> Result<(), sqlx::Error> {
    let who = [customer.0.as_bytes(), kind.word().as_bytes()].concat();
    match limits::take(conn, shop, limits::FAILED_TRIES_MAIL, &who).await? {
        Standing::Within => happened(conn, shop, customer, kind, device).await,
        Standing::Over { .. } => Ok(()),
    }
}

/// The customer's check phrase (合言葉); `no` counts how often they had another one made. It is computed from the
/// shop's own key: nobody who reads the database alone can print it in a false mail.
pub fn check_phrase(shop: &Shop, customer: Id<Customer>, no: i64) -> CheckPhrase {
    let derived = shop.keys.derive("check-phrase", &[&customer.0.as_bytes()[..], &no.to_be_bytes()].concat());
    CheckPhrase::of([derived[0], derived[1], derived[2]])
}

/// Gives the customer another check phrase. They are told by a mail with the one of before: a thief who could exchange it
/// in silence would have every true warning look like a false one.
///
/// # Errors
/// Too many were asked for today; the account or the session has gone; the database.
pub async fn another_phrase(shop: &Shop, who: &Recent, device: &Device) -> Result<(), DoorError> {
    let customer = who.customer();
    let mut tx = shop.db.write().await?;
    if !hold_in_session(&mut tx, who).await? {
        return Err(DoorError::Refused(Fault::SessionEnded));
    }
    limits::within(&mut tx, shop, limits::PHRASE, customer.0.as_bytes()).await?;
    let sql = "UPDATE customer SET phrase_no = phrase_no + 1 WHERE id = $1 RETURNING phrase_no - 1";
    let Some((was,)) = fetch_optional!(tx, (i64,), sql, customer.0).await? else {
        return Err(DoorError::Refused(Fault::SessionEnded));
    };
    let before = Before { phrase_no: Some(was), ..Before::default() };
    changed(&mut tx, shop, customer, AccountEvent::PhraseChanged, before, device).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(())
}

/// Events that nobody is shown any more.
pub(crate) const OVER: &str = "SELECT id FROM account_event WHERE at < $1 ORDER BY at LIMIT $2";
