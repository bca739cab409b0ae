//! What happens when a change takes effect.

use noren_domain::account::{AccountEvent, Customer, Session};
use noren_domain::{Id, Lang};
use uuid::Uuid;

use super::rows::{self, Row};
use super::{BACK_LIFE, DAY, PATIENCE, PENDING_LIFE, end};
use crate::account::{challenge, devices, events, letters};
use crate::db::{Conn, is_unique_violation};
use crate::mail::account::EmailMail;
use crate::mail::sent;
use crate::mail::sent::standing::MailStanding;
use crate::session::{self, Device};
use crate::vault::Indexes;
use crate::{Shop, execute, fetch_all, fetch_one, newsletter, outbox, shred};

/// Puts the new address in the place of the old one, in the caller's transaction, which holds the customer. `false`: it
/// is somebody else's by now, or was until a few days ago; nothing is changed then. At the same moment as somebody else
/// it is refused by the database ([`is_unique_violation`]).
pub(super) async fn take(
    conn: &mut Conn,
    shop: &Shop,
    row: &Row,
    index: &Indexes,
    keep: Option<Id<Session>>,
    device: &Device,
) -> Result<bool, sqlx::Error> {
    let (customer, now) = (row.customer(), shop.now());
    // Before the address: whoever registers it takes hold of these first as well.
    let registrations = rows::registrations(conn, index).await?;
    let owner = crate::account::owner(conn, index).await?;
    if owner.is_some() || rows::is_held(conn, shop, index, customer).await?.is_some() {
        return Ok(false);
    }
    let sql = "SELECT email, email_index, lang, email_verified_at FROM customer WHERE id = $1";
    let before = fetch_one!(conn, (Vec<u8>, Vec<u8>, String, Option<i64>), sql, customer.0).await?;
    let (old, old_index, lang, old_verified_at) = before;
    let sql = "UPDATE customer SET email = $2, email_index = $3, email_verified_at = $4 WHERE id = $1";
    execute!(conn, sql, customer.0, row.email.clone(), row.email_index.clone(), now).await?;
    // Who goes back to an address by the front door leaves nothing to be taken back there.
    let sql = "SELECT id FROM email_change WHERE customer_id = $1 AND email_index IN ($2, $3) AND state = 'done'";
    let [newest, earlier] = index.both().map(Vec::from);
    for (id,) in fetch_all!(conn, (Uuid,), sql, customer.0, newest, earlier).await? {
        end(conn, shop, id).await?;
    }
    letters::forget_email_code(conn, shop, row.code_id).await?;
    sent::give_to(conn, row.id, customer.0).await?;
    let sql = "UPDATE email_change SET state = 'done', email = $2, email_index = $3, old_verified_at = $4, changed_at = $5, due_at = $6
               WHERE id = $1";
    execute!(conn, sql, row.id, old, old_index, old_verified_at, now, now + BACK_LIFE).await?;
    for registration in registrations {
        letters::forget_registration(conn, shop, registration).await?;
        execute!(conn, "DELETE FROM registration WHERE id = $1", registration).await?;
        shred::later(conn, shop, registration).await?;
    }
    session::close_all(conn, customer, keep, now).await?;
    match keep {
        Some(_) => devices::forget_others(conn, customer, device).await?,
        None => devices::forget_all(conn, customer).await?,
    }
    challenge::end_all(conn, shop, customer).await?;
    newsletter::ask_anew(conn, shop, customer, Lang::from_tag(&lang)).await?;
    events::happened(conn, shop, customer, AccountEvent::EmailChanged, device).await?;
    if !row.is_paper() {
        letters::email(conn, shop, row.id, EmailMail::Changed).await?;
    }
    Ok(true)
}

/// For so long (ms) a change must have been found ahead before it is brought back.
const AHEAD_FOR: i64 = DAY;

/// Brings changes back to now that a clock wrote which was ahead: for as long as that they could be taken back, would keep
/// others from the address and would pause the account. What was asked for later stays later, for taking one back ends
/// those after it.
///
/// To a clock that is behind, each change of these days looks the same, and none of them could be taken back any more if it
/// were moved to that clock's now. So they are only marked at first: as soon as that clock is right, or another node's, the
/// mark goes. What fails for one person keeps nobody else's.
pub(super) async fn bring_back(shop: &Shop) -> Result<(), sqlx::Error> {
    let now = shop.now();
    let mut tx = shop.db.write().await?;
    rows::mark_ahead(&mut tx, now).await?;
    tx.commit().await?;
    let mut brought = Ok(());
    let sql = "SELECT DISTINCT customer_id FROM email_change WHERE ahead_since <= $1";
    for (customer,) in fetch_all!(shop.db.read().await?, (Uuid,), sql, now - AHEAD_FOR).await? {
        if let Err(error) = bring_back_of(shop, Id::new(customer), now).await {
            tracing::error!(%customer, %error, "changes of an address that lie ahead cannot be brought back; it is tried again");
            brought = Err(error);
        }
    }
    brought
}

/// The customer's all together or none, or they would not stay in their order.
async fn bring_back_of(shop: &Shop, customer: Id<Customer>, now: i64) -> Result<(), sqlx::Error> {
    let mut tx = shop.db.write().await?;
    rows::hold_whole(&mut tx, customer).await?;
    let ahead = rows::ahead(&mut tx, customer, now).await?;
    if ahead.iter().any(|(_, _, since)| since.is_none_or(|since| since > now - AHEAD_FOR)) {
        return Ok(());
    }
    let mut at = now;
    for (id, state, _) in ahead {
        let life = match state.as_str() {
            "new" | "old" => PENDING_LIFE,
            "waiting" => PATIENCE,
            _ => BACK_LIFE,
        };
        rows::bring_back(&mut tx, id, now, at, at + life).await?;
        at -= 1;
    }
    tx.commit().await
}

/// A change whose time is over is forgotten; one whose day has come takes effect, or is put off.
pub(super) async fn sweep_one(shop: &Shop, id: Uuid) -> Result<(), sqlx::Error> {
    match due(shop, id).await {
        Err(error) if is_unique_violation(&error) => {
            let mut tx = shop.db.write().await?;
            let Some(row) = over(&mut tx, shop, id).await? else { return Ok(()) };
            give_up(&mut tx, shop, &row).await?;
            tx.commit().await?;
            outbox::ring();
            Ok(())
        }
        swept => swept,
    }
}

async fn due(shop: &Shop, id: Uuid) -> Result<(), sqlx::Error> {
    let mut tx = shop.db.write().await?;
    let Some(row) = over(&mut tx, shop, id).await? else { return Ok(()) };
    let mut told = false;
    if row.state == "waiting" {
        match letters::email_standing(&mut tx, row.id, EmailMail::Late).await? {
            standing if standing.has_had(PATIENCE, shop.now()) => told = true,
            standing @ (MailStanding::Left(_) | MailStanding::Waits) => {
                put_off(&mut tx, shop, &row, standing).await?;
                return tx.commit().await;
            }
            // Nobody there was told, and nobody will be: it does not come about.
            MailStanding::GivenUp | MailStanding::Gone => {}
        }
    }
    let device = Device { user_agent: row.user_agent.clone(), network: row.network.clone(), token: None };
    let taken = told && take(&mut tx, shop, &row, &row.index(), None, &device).await?;
    if !taken {
        give_up(&mut tx, shop, &row).await?;
    }
    tx.commit().await?;
    outbox::ring();
    Ok(())
}

/// Puts a change off whose day has come, in the caller's transaction, which holds the customer: its old mailbox has not had
/// [`PATIENCE`] since the mail that tells it left, and while no mail server takes our mails nobody there can stop it. It
/// comes no sooner than on the day that the mail names, and may come some hours later.
async fn put_off(conn: &mut Conn, shop: &Shop, row: &Row, standing: MailStanding) -> Result<(), sqlx::Error> {
    let (sql, now) = ("UPDATE email_change SET due_at = $2 WHERE id = $1", shop.now());
    // What left on a clock that was ahead counts as leaving now, time and again until that day has come: too late rather
    // than too early.
    execute!(conn, sql, row.id, standing.since(now).min(now) + PATIENCE).await?;
    Ok(())
}

/// The change with this number if its time is over, with its customer held.
async fn over(conn: &mut Conn, shop: &Shop, id: Uuid) -> Result<Option<Row>, sqlx::Error> {
    let Some(found) = rows::of(conn, id).await? else { return Ok(None) };
    rows::hold_whole(conn, found.customer()).await?;
    Ok(rows::of(conn, id).await?.filter(|row| row.due_at < shop.now()))
}

/// Forgets a change whose time is over. Of one that waited its owner was told that it would come about: they are told that
/// it did not.
async fn give_up(conn: &mut Conn, shop: &Shop, row: &Row) -> Result<(), sqlx::Error> {
    if end(conn, shop, row.id).await? > 0 && row.state == "waiting" {
        let device = Device::of_the_shop();
        events::happened(conn, shop, row.customer(), AccountEvent::EmailChangeFailed, &device).await?;
    }
    Ok(())
}
