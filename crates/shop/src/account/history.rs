//! The history of sign-ins, and what its owner says of each.

use noren_domain::account::{AccountEvent, Browser, NotMeView, SignInAnswer, SignInOutcome, SignInView};
use uuid::Uuid;

use super::factors::hold;
use super::{HISTORY, challenge, devices, events};
use crate::db::Conn;
use crate::session::{self, Device, SignedIn};
use crate::{Shop, execute, fetch_all, fetch_optional, outbox};

/// So many of each are shown: sign-ins, tries for which the code was not given, tries that failed. Whoever got in cannot
/// be pushed out of sight by tries.
const SHOWN: i64 = 20;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    at: i64,
    outcome: String,
    user_agent: String,
    network: String,
    answer: Option<String>,
}

/// The customer's sign-ins and tries, the newest first.
pub(super) async fn list(conn: &mut Conn, shop: &Shop, who: &SignedIn) -> Result<Vec<SignInView>, sqlx::Error> {
    let mut rows = Vec::new();
    for sql in [
        "SELECT id, at, outcome, user_agent, network, answer FROM sign_in WHERE customer_id = $1 AND at > $2 AND outcome = 'ok' ORDER BY at DESC, id DESC LIMIT $3",
        "SELECT id, at, outcome, user_agent, network, answer FROM sign_in WHERE customer_id = $1 AND at > $2 AND outcome = 'asked' ORDER BY at DESC, id DESC LIMIT $3",
        "SELECT id, at, outcome, user_agent, network, answer FROM sign_in WHERE customer_id = $1 AND at > $2 AND outcome NOT IN ('ok', 'asked') ORDER BY at DESC, id DESC LIMIT $3",
    ] {
        rows.extend(fetch_all!(conn, Row, sql, who.customer.0, shop.now() - HISTORY, SHOWN).await?);
    }
    rows.sort_by_key(|row| std::cmp::Reverse((row.at, row.id)));
    let view = |row: Row| SignInView {
        id: row.id,
        at: row.at,
        outcome: SignInOutcome::from_word(&row.outcome),
        browser: Browser::of(&row.user_agent),
        network: row.network,
        answer: row.answer.as_deref().and_then(SignInAnswer::from_word),
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Notes what the owner says of a sign-in; `false` if there is none of theirs with this number. "It was not me" signs
/// every other browser out at once, and none of them, nor any code under way, opens the door any more.
///
/// # Errors
/// The database.
pub async fn answer(
    shop: &Shop,
    who: &SignedIn,
    sign_in: Uuid,
    answer: SignInAnswer,
    device: &Device,
) -> Result<bool, sqlx::Error> {
    let mut tx = shop.db.write().await?;
    hold(&mut tx, who.customer).await?;
    let sql = "UPDATE sign_in SET answer = $3 WHERE id = $1 AND customer_id = $2 AND (answer IS NULL OR answer <> $3)";
    if execute!(tx, sql, sign_in, who.customer.0, answer.word()).await? == 0 {
        // Said before, or none of theirs.
        let sql = "SELECT 1 FROM sign_in WHERE id = $1 AND customer_id = $2";
        return Ok(fetch_optional!(tx, (i32,), sql, sign_in, who.customer.0).await?.is_some());
    }
    if answer == SignInAnswer::NotMe {
        session::close_all(&mut tx, who.customer, Some(who.session), shop.now()).await?;
        devices::forget_others(&mut tx, who.customer, device).await?;
        challenge::end_all(&mut tx, shop, who.customer).await?;
        events::happened(&mut tx, shop, who.customer, AccountEvent::NotMe, device).await?;
    }
    tx.commit().await?;
    outbox::ring();
    Ok(true)
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
