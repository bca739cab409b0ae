//! Another address for an account.
//!
//! Whoever has the account could take it away from its owner by this, so it takes more than a session: a fresh proof,
//! the new mailbox, and one thing more that a thief of a browser and a password does not have. That is the code of an app
//! that was set up a while ago, given in this session just now; without one, the old mailbox; where nobody can read that
//! any more, three days, in which the owner is told; and where somebody else may read it, a recovery code from paper. For
//! a week after it the change can be taken back.
//!
//! Nobody learns whether an address that was asked for is somebody else's: the answers are the same, only the mail to
//! that address differs.

mod back;
mod effect;
mod pause;
mod rows;
#[cfg(test)]
mod tests;
mod view;

use noren_domain::account::{AccountEvent, Customer, Email, EmailChange, RemovedFactors, StepCode};
use noren_domain::form::Fault;
use noren_domain::{Id, Lang};
use subtle::ConstantTimeEq;
use uuid::Uuid;

pub use back::{TakenBack, link, take_back, take_back_with_paper};
pub use pause::paused_until;
pub(super) use pause::{back_until, needs_paper, paused, taken_back_until};
pub(crate) use rows::{Row, Told, is_held, told};
pub use view::{view, waits_until};

use super::challenge::CODE_LIFE;
use super::limits::{self, Standing};
use super::{DAY, DoorError, Entered, devices, events, letters, looked_for, mail_code, recovery, totp};
use crate::clock::SKEW;
use crate::db::{Conn, is_unique_violation};
use crate::mail::account::EmailMail;
use crate::session::{self, Device, Recent, SignedIn};
use crate::token::Token;
use crate::vault::{Asker, Field, For, Indexes, Plain};
use crate::{Shop, execute, fetch_all, fetch_optional, outbox, shred};

/// A change that is not finished is forgotten after a day.
const PENDING_LIFE: i64 = DAY;
/// So many codes may be tried.
const TRIES: i64 = 5;
/// Where nobody can read the old mailbox, a change takes effect after so long. A factor or a recovery code that is not
/// as old counts for nothing here: whoever stole a session could have set it up. And for so long after a change no
/// second factor can be removed and no credit spent.
pub const PATIENCE: i64 = 3 * DAY;
/// For so long a change can be taken back, and the account is not erased.
pub const BACK_LIFE: i64 = 7 * DAY;
/// Where in the shop the vault is asked.
const ROUTE: &str = "account/security/email";

/// What a right code led to.
#[derive(Clone, Debug)]
pub enum Confirmed {
    /// The code that went to the old mailbox is asked for next.
    OldCode,
    /// The address is the new one.
    Changed(Entered),
}

/// What the link carries that takes the change `id` back. It is in no table, and the database alone makes none.
pub(crate) fn back_token(shop: &Shop, id: Uuid) -> Token {
    Token::from_bytes(&shop.keys.derive("email-back", id.as_bytes()))
}

/// Asks for another address. A code goes to the new mailbox, and unless that is unsafe, a notice to the old one.
/// Another change that was under way is given up.
///
/// # Errors
/// It is the address that the account has; the recovery code is none, or too new; too many were asked for; the session
/// has ended; the vault or the database.
pub async fn ask(
    shop: &Shop,
    who: &Recent,
    wanted: &EmailChange,
    lang: Lang,
    device: &Device,
) -> Result<(), DoorError> {
    let (customer, asker) = (who.customer(), Asker::customer(who.customer(), ROUTE));
    let index = looked_for(shop, asker, &wanted.email).await?;
    limits::spend(shop, limits::EMAIL_ASK, customer.0.as_bytes()).await?;
    limits::spend(shop, limits::EMAIL_WANTED, &index.newest).await?;
    let sealed = vec![(Field::Email, Plain::new(wanted.email.address().to_owned()))];
    let sealed = shop.vault.seal(asker, customer.0, None, sealed).await?;
    let mut tx = shop.db.write().await?;
    rows::hold_whole(&mut tx, customer).await?;
    if !session::is_open(&mut tx, who.session()).await? {
        return Err(DoorError::Refused(Fault::SessionEnded));
    }
    let owner = super::owner(&mut tx, &index).await?;
    if owner == Some(customer.0) {
        return Err(DoorError::Refused(Fault::SameEmail));
    }
    if let Some(code) = &wanted.paper {
        let old_enough = recovery::standing(&mut tx, customer).await?.made_at.is_some_and(|at| is_old(shop, at));
        if !old_enough || !recovery::spend(&mut tx, shop, customer, code).await? {
            return Err(DoorError::Refused(Fault::RecoveryCode));
        }
        // Told by no mail: it would go to the mailbox that is not safe. The new one hears of the change.
        events::written(&mut tx, shop, customer, AccountEvent::RecoveryCodeUsed, device).await?;
    }
    let way = match &wanted.paper {
        Some(_) => "paper",
        None if shows_old_app(&mut tx, shop, who).await? => "factor",
        None => "both",
    };
    end_open(&mut tx, shop, customer).await?;
    let now = shop.now();
    let (id, code_id) = (shop.entropy.uuid(now), shop.entropy.uuid(now));
    execute!(
        tx,
        "INSERT INTO email_change (id, customer_id, state, way, email, email_index, code_id, code_until, back_hash, lang, user_agent, network, created_at, due_at)
         VALUES ($1, $2, 'new', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        id,
        customer.0,
        way,
        sealed.get(Field::Email),
        index.newest.to_vec(),
        code_id,
        now + CODE_LIFE,
        back_token(shop, id).hash().to_vec(),
        lang.tag(),
        &device.user_agent,
        &device.network,
        now,
        now + PENDING_LIFE
    )
    .await?;
    new_code(&mut tx, shop, id, code_id, owner).await?;
    events::written(&mut tx, shop, customer, AccountEvent::EmailChangeAsked, device).await?;
    if way != "paper" {
        letters::email(&mut tx, shop, id, EmailMail::Asked).await?;
    }
    tx.commit().await?;
    outbox::ring();
    Ok(())
}

/// Whether something was set up so long ago that no thief of a session has just done it. What lies ahead is of a clock
/// that was ahead, and counts for nothing.
pub(super) fn is_old(shop: &Shop, at: i64) -> bool {
    at <= shop.now() - PATIENCE
}

/// Whether the customer has an app that is no thief's of today, and has given its code, or a recovery code, in this session
/// as lately as they must have proved who they are. A proof by a passkey asks for neither, and is not enough: beside it the
/// password still opens, and whoever holds it alone would take the account by one change.
async fn shows_old_app(conn: &mut Conn, shop: &Shop, who: &Recent) -> Result<bool, sqlx::Error> {
    let old = totp::since(conn, who.customer()).await?.is_some_and(|since| is_old(shop, since));
    Ok(old && session::is_app_proved(conn, shop, who.session()).await?)
}

/// The code to the new mailbox; to its owner, where that is somebody else, that it was asked for.
async fn new_code(
    conn: &mut Conn,
    shop: &Shop,
    change: Uuid,
    code_id: Uuid,
    owner: Option<Uuid>,
) -> Result<(), sqlx::Error> {
    match owner {
        Some(owner) => letters::email_wanted(conn, shop, code_id, owner, change).await,
        None => letters::email_code(conn, shop, code_id, change, EmailMail::NewCode).await,
    }
}

/// Sends another code to the mailbox whose code is asked for; the one before is worth nothing any more.
///
/// # Errors
/// No change waits for a code; too many were asked for; the session has ended; the vault or the database.
pub async fn resend(shop: &Shop, who: &Recent) -> Result<(), DoorError> {
    let customer = who.customer();
    let index = pending_index(shop, customer).await?;
    limits::spend(shop, limits::EMAIL_ASK, customer.0.as_bytes()).await?;
    limits::spend(shop, limits::EMAIL_WANTED, &index.newest).await?;
    let mut tx = shop.db.write().await?;
    rows::hold_whole(&mut tx, customer).await?;
    if !session::is_open(&mut tx, who.session()).await? {
        return Err(DoorError::Refused(Fault::SessionEnded));
    }
    let row = rows::open(&mut tx, shop, customer).await?.filter(|row| row.state != "waiting");
    let Some(row) = row else { return Err(DoorError::Refused(Fault::Changed)) };
    letters::forget_email_code(&mut tx, shop, row.code_id).await?;
    let code_id = shop.entropy.uuid(shop.now());
    rows::ask_code(&mut tx, row.id, &row.state, code_id, shop.now() + CODE_LIFE).await?;
    if row.state == "new" {
        let owner = super::owner(&mut tx, &index).await?;
        new_code(&mut tx, shop, row.id, code_id, owner).await?;
    } else {
        letters::email_code(&mut tx, shop, code_id, row.id, EmailMail::OldCode).await?;
    }
    tx.commit().await?;
    outbox::ring();
    Ok(())
}

/// Both indexes of the address that the customer changes to: while everybody gets another index, it is found by either.
async fn pending_index(shop: &Shop, customer: Id<Customer>) -> Result<Indexes, DoorError> {
    let row = rows::open(&mut shop.db.read().await?, shop, customer).await?;
    let Some(row) = row else { return Err(DoorError::Refused(Fault::Changed)) };
    let asker = Asker::customer(customer, ROUTE);
    let opened = shop.vault.open(asker, For::SelfView, customer.0, &[(Field::Email, Some(&row.email))]).await?;
    let email = Email::parse(opened.expose(Field::Email)).map_err(DoorError::Refused)?;
    looked_for(shop, asker, &email).await
}

/// Tries the code of the mailbox that is asked. The last right one changes the address: every other session ends, and
/// this browser gets a new token.
///
/// # Errors
/// The code is wrong or over, or too many were tried; the change has gone, or the address has been taken by somebody
/// else meanwhile (both [`Fault::Changed`]); the session has ended; the vault or the database.
pub async fn confirm(shop: &Shop, who: &Recent, typed: &StepCode, device: &Device) -> Result<Confirmed, DoorError> {
    let customer = who.customer();
    let index = pending_index(shop, customer).await?;
    match tried(shop, who, typed, &index, device).await {
        // Somebody else got the address at this very moment.
        Err(DoorError::Database(error)) if is_unique_violation(&error) => {
            let mut tx = shop.db.write().await?;
            rows::hold_whole(&mut tx, customer).await?;
            end_open(&mut tx, shop, customer).await?;
            tx.commit().await?;
            outbox::ring();
            Err(DoorError::Refused(Fault::Changed))
        }
        tried => tried,
    }
}

async fn tried(
    shop: &Shop,
    who: &Recent,
    typed: &StepCode,
    index: &Indexes,
    device: &Device,
) -> Result<Confirmed, DoorError> {
    let (customer, now) = (who.customer(), shop.now());
    let mut tx = shop.db.write().await?;
    rows::hold_whole(&mut tx, customer).await?;
    let row = rows::open(&mut tx, shop, customer).await?.filter(|row| row.state != "waiting");
    let Some(row) = row else { return Err(DoorError::Refused(Fault::Changed)) };
    if let Standing::Over { minutes, first } =
        limits::take(&mut tx, shop, limits::EMAIL_CODE, customer.0.as_bytes()).await?
    {
        if first {
            events::many_failed_tries(&mut tx, shop, customer, AccountEvent::ManyWrongCodes, device).await?;
        }
        tx.commit().await?;
        outbox::ring();
        return Err(DoorError::Refused(Fault::TooMany { minutes }));
    }
    // The try is counted before the code is looked at. A code of a clock that was far ahead would be good for too
    // long.
    let sql = "UPDATE email_change SET tries = tries + 1 WHERE id = $1 AND tries < $2 AND code_until > $3 AND code_until <= $4";
    let may = execute!(tx, sql, row.id, TRIES, now, now + CODE_LIFE + SKEW).await? == 1;
    let right = match typed {
        StepCode::Digits(typed) => mail_code(shop, row.code_id).as_bytes().ct_eq(typed.code.as_bytes()).into(),
        StepCode::App(_) | StepCode::Recovery(_) => false,
    };
    if !(may && right) {
        tx.commit().await?;
        return Err(DoorError::Refused(if may { Fault::Code } else { Fault::CodeOver }));
    }
    if row.state == "new" && super::owner(&mut tx, index).await?.is_some() {
        end_open(&mut tx, shop, customer).await?;
        tx.commit().await?;
        outbox::ring();
        return Err(DoorError::Refused(Fault::Changed));
    }
    if row.state == "new" && row.way == "both" {
        letters::forget_email_code(&mut tx, shop, row.code_id).await?;
        let code_id = shop.entropy.uuid(now);
        rows::ask_code(&mut tx, row.id, "old", code_id, now + CODE_LIFE).await?;
        letters::email_code(&mut tx, shop, code_id, row.id, EmailMail::OldCode).await?;
        tx.commit().await?;
        outbox::ring();
        return Ok(Confirmed::OldCode);
    }
    if !effect::take(&mut tx, shop, &row, index, Some(who.session()), device).await? {
        end_open(&mut tx, shop, customer).await?;
        tx.commit().await?;
        outbox::ring();
        return Err(DoorError::Refused(Fault::Changed));
    }
    // Not before: whoever is refused must not be signed out by a token that they are not given.
    let Some(token) = session::renew(&mut tx, shop, who.session()).await? else {
        return Err(DoorError::Refused(Fault::SessionEnded));
    };
    // Not before: whoever has one of the two mailboxes would get tries at the other's code for ever.
    limits::honest(&mut tx, shop, limits::EMAIL_CODE, customer.0.as_bytes()).await?;
    let device = devices::know(&mut tx, shop, customer, device).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(Confirmed::Changed(Entered { token, customer, device, removed: RemovedFactors::default() }))
}

/// Nobody can read the old mailbox: three days take its place, in which it is told all the same, and the change can be
/// stopped.
///
/// # Errors
/// No change waits for the old mailbox; the session has ended; the database.
pub async fn wait(shop: &Shop, who: &Recent) -> Result<(), DoorError> {
    let mut tx = shop.db.write().await?;
    rows::hold_whole(&mut tx, who.customer()).await?;
    if !session::is_open(&mut tx, who.session()).await? {
        return Err(DoorError::Refused(Fault::SessionEnded));
    }
    let row = rows::open(&mut tx, shop, who.customer()).await?.filter(|row| row.state == "old");
    let Some(row) = row else { return Err(DoorError::Refused(Fault::Changed)) };
    letters::forget_email_code(&mut tx, shop, row.code_id).await?;
    let sql = "UPDATE email_change SET state = 'waiting', way = 'late', due_at = $2 WHERE id = $1";
    execute!(tx, sql, row.id, shop.now() + PATIENCE).await?;
    letters::email(&mut tx, shop, row.id, EmailMail::Late).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(())
}

/// Gives up the change that is under way; every session of the customer can do that. `false`: there is none.
///
/// # Errors
/// The database.
pub async fn stop(shop: &Shop, who: &SignedIn) -> Result<bool, sqlx::Error> {
    let mut tx = shop.db.write().await?;
    rows::hold_whole(&mut tx, who.customer).await?;
    let stopped = end_open(&mut tx, shop, who.customer).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(stopped)
}

/// Ends what is not in effect yet, in the caller's transaction, which holds the customer.
pub(super) async fn end_open(conn: &mut Conn, shop: &Shop, customer: Id<Customer>) -> Result<bool, sqlx::Error> {
    let sql = "SELECT id FROM email_change WHERE customer_id = $1 AND state IN ('new', 'old', 'waiting')";
    let open = fetch_all!(conn, (Uuid,), sql, customer.0).await?;
    for (id,) in &open {
        end(conn, shop, *id).await?;
    }
    Ok(!open.is_empty())
}

/// Ends what is not in effect yet for everybody, one customer after the other.
pub(super) async fn end_all_open(shop: &Shop) -> Result<(), sqlx::Error> {
    let sql = "SELECT DISTINCT customer_id FROM email_change WHERE state IN ('new', 'old', 'waiting')";
    for (customer,) in fetch_all!(shop.db.read().await?, (Uuid,), sql).await? {
        let mut tx = shop.db.write().await?;
        rows::hold_whole(&mut tx, Id::new(customer)).await?;
        end_open(&mut tx, shop, Id::new(customer)).await?;
        tx.commit().await?;
        outbox::ring();
    }
    Ok(())
}

/// Deletes a change and takes its mails back; what was sealed in it is gone. Those to the other mailbox that lie in the
/// mailbox folder are deleted by a job: what went to the owner of that address stays, and how long an answer takes must not
/// tell whether it has one. Gives the number of rows.
async fn end(conn: &mut Conn, shop: &Shop, id: Uuid) -> Result<u64, sqlx::Error> {
    let sql = "DELETE FROM email_change WHERE id = $1 RETURNING code_id";
    let gone = fetch_optional!(conn, (Uuid,), sql, id).await?;
    let Some((code_id,)) = gone else { return Ok(0) };
    letters::forget_email_code(conn, shop, code_id).await?;
    letters::forget_email(conn, shop, id).await?;
    // It has mails, though no key of its own.
    shred::later(conn, shop, id).await?;
    Ok(1)
}

/// Changes whose time is over, or has come, after the last one that was looked at.
pub(crate) const OVER: &str = "SELECT due_at, id FROM email_change \
     WHERE due_at < $1 AND due_at >= $3 AND (due_at > $3 OR id > $4) ORDER BY due_at, id LIMIT $2";

/// Puts those that have waited into effect and forgets those whose time is over, with the addresses sealed in them. Before
/// that, what a clock wrote that was ahead is brought back. What fails for one keeps none of the others.
pub(super) async fn sweep(shop: &Shop) -> Result<(), sqlx::Error> {
    let brought = effect::bring_back(shop).await;
    if let Err(error) = &brought {
        tracing::error!(%error, "not every change of an address that lies ahead is brought back; it is tried again");
    }
    let (now, mut after, mut failed) = (shop.now(), (i64::MIN, Uuid::nil()), None);
    loop {
        let due =
            fetch_all!(shop.db.read().await?, (i64, Uuid), OVER, now, crate::tidy::BATCH, after.0, after.1).await?;
        let Some(last) = due.last() else { return failed.map_or(brought, Err) };
        after = *last;
        for (_, id) in due {
            if let Err(error) = effect::sweep_one(shop, id).await {
                tracing::error!(change = %id, %error, "a change of an address cannot be ended; it is tried again");
                failed = Some(error);
            }
        }
    }
}
