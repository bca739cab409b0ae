//! What happened to an account: kept for its owner to see, and told by mail at once.

use noren_domain::account::{AccountEvent, Browser, CheckPhrase, Customer, HappenedView};
use noren_domain::{Id, Lang};
use uuid::Uuid;

use super::limits::{self, Standing};
use super::{HISTORY, letters};
use crate::db::Conn;
use crate::mail;
use crate::session::{Device, SignedIn};
use crate::{Shop, execute, fetch_all};

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
    let id = write_down(conn, shop, customer, event, &device.user_agent, &device.network).await?;
    letters::event(conn, shop, id, None).await
}

/// Writes down that the customer's mails come in another language than `was` from now on, and the mail that tells them,
/// in `was`: in that one they can read it. Otherwise like [`happened`].
pub(super) async fn mail_lang_changed(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    was: Lang,
    device: &Device,
) -> Result<(), sqlx::Error> {
    let event = AccountEvent::MailLangChanged;
    let id = write_down(conn, shop, customer, event, &device.user_agent, &device.network).await?;
    letters::event(conn, shop, id, Some(was)).await
}

/// Writes down that somebody of the shop has just opened the customer's data, in the caller's transaction. They are
/// told of all of a day by one mail, the next morning.
///
/// # Errors
/// The database.
pub(crate) async fn read_by_staff(conn: &mut Conn, shop: &Shop, customer: Id<Customer>) -> Result<(), sqlx::Error> {
    write_down(conn, shop, customer, AccountEvent::StaffRead, "", "").await?;
    letters::staff_read(conn, shop, customer.0).await
}

/// Only writes it down, in the caller's transaction, where a mail of its own tells of it; gives its number.
pub(super) async fn written(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    event: AccountEvent,
    device: &Device,
) -> Result<Uuid, sqlx::Error> {
    write_down(conn, shop, customer, event, &device.user_agent, &device.network).await
}

async fn write_down(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    event: AccountEvent,
    user_agent: &str,
    network: &str,
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
        user_agent,
        network
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

/// Gives the customer another check phrase.
///
/// # Errors
/// The database.
pub async fn another_phrase(shop: &Shop, customer: Id<Customer>) -> Result<(), sqlx::Error> {
    let mut tx = shop.db.write().await?;
    execute!(tx, "UPDATE customer SET phrase_no = phrase_no + 1 WHERE id = $1", customer.0).await?;
    tx.commit().await
}

/// Events that nobody is shown any more.
pub(crate) const OVER: &str = "SELECT id FROM account_event WHERE at < $1 ORDER BY at LIMIT $2";
