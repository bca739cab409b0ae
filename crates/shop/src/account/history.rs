//! The history of sign-ins, and what its owner says of each.

use noren_domain::Id;
use noren_domain::account::{
    AccountEvent, Browser, Customer, NotMeView, SignInAnswer, SignInOutcome, SignInView, SignInWay,
};
use uuid::Uuid;

use super::factors::hold_in_session;
use super::{HISTORY, challenge, devices, events};
use crate::db::Conn;
use crate::session::{self, Device, Recent, SignedIn};
use crate::{Shop, execute, fetch_all, fetch_optional, outbox};

/// So many of each are shown: sign-ins, tries for which the code was not given, tries that failed. Whoever got in cannot
/// be pushed out of sight by tries.
const SHOWN: i64 = 20;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    at: i64,
    outcome: String,
    way: Option<String>,
    user_agent: String,
    network: String,
    answer: Option<String>,
}

/// The customer's sign-ins and tries, the newest first.
pub(super) async fn list(conn: &mut Conn, shop: &Shop, who: &SignedIn) -> Result<Vec<SignInView>, sqlx::Error> {
    let mut rows = Vec::new();
    for sql in [
        "SELECT id, at, outcome, way, user_agent, network, answer FROM sign_in WHERE customer_id = $1 AND at > $2 AND outcome = 'ok' ORDER BY at DESC, id DESC LIMIT $3",
        "SELECT id, at, outcome, way, user_agent, network, answer FROM sign_in WHERE customer_id = $1 AND at > $2 AND outcome = 'asked' ORDER BY at DESC, id DESC LIMIT $3",
        "SELECT id, at, outcome, way, user_agent, network, answer FROM sign_in WHERE customer_id = $1 AND at > $2 AND outcome NOT IN ('ok', 'asked') ORDER BY at DESC, id DESC LIMIT $3",
    ] {
        rows.extend(fetch_all!(conn, Row, sql, who.customer.0, shop.now() - HISTORY, SHOWN).await?);
    }
    rows.sort_by_key(|row| std::cmp::Reverse((row.at, row.id)));
    let view = |row: Row| SignInView {
        id: row.id,
        at: row.at,
        outcome: SignInOutcome::from_word(&row.outcome),
        way: row.way.as_deref().and_then(SignInWay::from_word),
        browser: Browser::of(&row.user_agent),
        network: row.network,
        answer: row.answer.as_deref().and_then(SignInAnswer::from_word),
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Notes that the owner says of a sign-in that it was they; `false` if there is none of theirs with this number.
///
/// # Errors
/// The database.
pub async fn was_me(shop: &Shop, who: &SignedIn, sign_in: Uuid) -> Result<bool, sqlx::Error> {
    let mut tx = shop.db.write().await?;
    let said = answered(&mut tx, who.customer, sign_in, SignInAnswer::Me).await?;
    tx.commit().await?;
    Ok(said.is_some())
}

/// Notes that it was not they; `false` if there is none of theirs with this number. It signs every other browser out at
/// once, and none of them, nor any code under way, opens the door any more. So it takes a proof: a thief of a session
/// would keep the owner out by it.
///
/// # Errors
/// The database.
pub async fn was_not_me(shop: &Shop, who: &Recent, sign_in: Uuid, device: &Device) -> Result<bool, sqlx::Error> {
    let customer = who.customer();
    let mut tx = shop.db.write().await?;
    if !hold_in_session(&mut tx, who).await? {
        return Ok(false);
    }
    let Some(anew) = answered(&mut tx, customer, sign_in, SignInAnswer::NotMe).await? else { return Ok(false) };
    if anew {
        session::close_all(&mut tx, customer, Some(who.session()), shop.now()).await?;
        devices::forget_others(&mut tx, customer, device).await?;
        challenge::end_all(&mut tx, shop, customer).await?;
        events::happened(&mut tx, shop, customer, AccountEvent::NotMe, device).await?;
    }
    tx.commit().await?;
    outbox::ring();
    Ok(true)
}

/// Writes the answer down, for a sign-in or a try that had the password or the mailbox: "it was me" if nothing was said
/// before, "it was not me" once and after anything, for a thief may have said the other. `Some(false)`: it stands already;
/// `None`: it is none of theirs.
async fn answered(
    conn: &mut Conn,
    customer: Id<Customer>,
    sign_in: Uuid,
    answer: SignInAnswer,
) -> Result<Option<bool>, sqlx::Error> {
    let sql = match answer {
        SignInAnswer::Me => {
            "UPDATE sign_in SET answer = $3
             WHERE id = $1 AND customer_id = $2 AND answer IS NULL AND outcome IN ('ok', 'asked')"
        }
        SignInAnswer::NotMe => {
            "UPDATE sign_in SET answer = $3
             WHERE id = $1 AND customer_id = $2 AND (answer IS NULL OR answer <> $3) AND outcome IN ('ok', 'asked')"
        }
    };
    if execute!(conn, sql, sign_in, customer.0, answer.word()).await? == 1 {
        return Ok(Some(true));
    }
    let sql = "SELECT 1 FROM sign_in WHERE id = $1 AND customer_id = $2";
    Ok(fetch_optional!(conn, (i32,), sql, sign_in, customer.0).await?.map(|_| false))
}

/// What is left to do after a sign-in that was not the owner's; `None`: none was reported within the time we remember.
///
/// # Errors
/// The database.
pub async fn not_me(shop: &Shop, who: &SignedIn) -> Result<Option<NotMeView>, sqlx::Error> {
    let mut conn = shop.db.read().await?;
    let sql = "SELECT MAX(e.at), c.password_changed_at FROM customer c JOIN account_event e ON e.customer_id = c.id
               WHERE c.id = $1 AND e.kind = 'not_me' AND e.at > $2 GROUP BY c.password_changed_at";
    let row = fetch_optional!(conn, (i64, i64), sql, who.customer.0, shop.now() - HISTORY).await?;
    Ok(row.map(|(reported_at, changed)| NotMeView { reported_at, password_changed: changed > reported_at }))
}

/// When the owner said of a sign-in that it was not theirs, UTC ms, while the password is still the one of then.
pub(super) async fn reported(shop: &Shop, who: &SignedIn) -> Result<Option<i64>, sqlx::Error> {
    let open = not_me(shop, who).await?.filter(|report| !report.password_changed);
    Ok(open.map(|report| report.reported_at))
}
