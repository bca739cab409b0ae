//! The history of sign-ins, and what its owner says of each.

use noren_domain::Id;
use noren_domain::account::{
    AccountEvent, Browser, Customer, NotMeView, SignInAnswer, SignInOutcome, SignInPage, SignInView, SignInWay,
};
use uuid::Uuid;

use super::factors::hold_in_session;
use super::{HISTORY, challenge, devices, events};
use crate::db::Conn;
use crate::session::{self, Device, Recent, SignedIn};
use crate::{Shop, execute, fetch_all, fetch_optional, outbox};

/// So many of each are shown: sign-ins, tries for which the code was not given, tries that were blocked, others that
/// failed. Whoever got in cannot be pushed out of sight by tries, nor can what was blocked by wrong passwords. Tries without
/// their code that wait for an answer come before those that have one.
const SHOWN: usize = 20;
/// So many stand on one page of the list of all.
const ON_A_PAGE: usize = 20;

/// What a [`Row`] is read from.
macro_rules! columns {
    () => {
        "id, at, outcome, way, user_agent, network, answer"
    };
}

/// The newest that ended in one way. Each way is asked for by itself: an index has them in their order, and however many of
/// another one there are, none of those is read.
macro_rules! newest {
    ($also:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM sign_in WHERE customer_id = $1 AND at > $2 AND outcome = $3",
            $also,
            " ORDER BY at DESC, id DESC LIMIT $4"
        )
    };
}

/// All of them.
pub(super) const NEWEST: &str = newest!("");
/// Those that wait for an answer.
pub(super) const WAITING: &str = newest!(" AND answer IS NULL");
/// Those that have one. It was given by a person, so they are few.
const ANSWERED: &str = newest!(" AND answer IS NOT NULL");

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

impl Row {
    fn view(self) -> SignInView {
        SignInView {
            id: self.id,
            at: self.at,
            outcome: SignInOutcome::from_word(&self.outcome),
            way: self.way.as_deref().and_then(SignInWay::from_word),
            browser: Browser::of(&self.user_agent),
            network: self.network,
            answer: self.answer.as_deref().and_then(SignInAnswer::from_word),
        }
    }
}

/// The customer's newest sign-ins and tries of each kind, the newest first.
pub(super) async fn list(conn: &mut Conn, shop: &Shop, who: &SignedIn) -> Result<Vec<SignInView>, sqlx::Error> {
    let since = shop.now() - HISTORY;
    let mut rows = newest(conn, who, since, NEWEST, SignInOutcome::Ok, SHOWN).await?;
    rows.extend(newest(conn, who, since, NEWEST, SignInOutcome::Blocked, SHOWN).await?);
    let waiting = newest(conn, who, since, WAITING, SignInOutcome::Asked, SHOWN).await?;
    let room = SHOWN.saturating_sub(waiting.len());
    rows.extend(waiting);
    // Without room for any, they would be looked for among all that wait.
    if room > 0 {
        rows.extend(newest(conn, who, since, ANSWERED, SignInOutcome::Asked, room).await?);
    }
    let mut failed = newest(conn, who, since, NEWEST, SignInOutcome::WrongPassword, SHOWN).await?;
    failed.extend(newest(conn, who, since, NEWEST, SignInOutcome::WrongCode, SHOWN).await?);
    failed.sort_by_key(|row| std::cmp::Reverse((row.at, row.id)));
    failed.truncate(SHOWN);
    rows.extend(failed);
    rows.sort_by_key(|row| std::cmp::Reverse((row.at, row.id)));
    Ok(rows.into_iter().map(Row::view).collect())
}

/// At most `most` of the customer's that ended in `outcome` after `since`, the newest first.
async fn newest(
    conn: &mut Conn,
    who: &SignedIn,
    since: i64,
    sql: &'static str,
    outcome: SignInOutcome,
    most: usize,
) -> Result<Vec<Row>, sqlx::Error> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    fetch_all!(conn, Row, sql, who.customer.0, since, outcome.word(), most).await
}

/// The last one of a page, which the next page begins after. Its time alone would not do: of two that have the same one,
/// one would be left out or come twice.
#[derive(Clone, Copy)]
struct Mark {
    at: i64,
    id: Uuid,
}

impl Mark {
    /// Before all that there is.
    const NEWEST: Self = Self { at: i64::MAX, id: Uuid::nil() };

    fn of(row: &Row) -> Self {
        Self { at: row.at, id: row.id }
    }

    /// As it stands in the address of a page.
    fn word(self) -> String {
        format!("{}-{}", self.at, self.id)
    }

    /// Reads [`Self::word`].
    fn from_word(word: &str) -> Option<Self> {
        let (at, id) = word.split_once('-')?;
        Some(Self { at: at.parse().ok()?, id: id.parse().ok()? })
    }
}

/// One page of all the customer's sign-ins and tries, the newest first: those after `after`, which is what the page before
/// it says. Where that is nothing that can be read, it is the first page.
///
/// # Errors
/// The database.
pub async fn page(shop: &Shop, who: &SignedIn, after: &str) -> Result<SignInPage, sqlx::Error> {
    let asked = Mark::from_word(after);
    let mark = asked.unwrap_or(Mark::NEWEST);
    let most = i64::try_from(ON_A_PAGE + 1).unwrap_or(i64::MAX);
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM sign_in WHERE customer_id = $1 AND at > $2 AND (at, id) < ($3, $4) ORDER BY at DESC, id DESC LIMIT $5"
    );
    let mut conn = shop.db.read().await?;
    let since = shop.now() - HISTORY;
    let mut rows = fetch_all!(conn, Row, sql, who.customer.0, since, mark.at, mark.id, most).await?;
    let more = rows.len() > ON_A_PAGE;
    rows.truncate(ON_A_PAGE);
    let older = rows.last().filter(|_| more).map(|last| Mark::of(last).word());
    Ok(SignInPage { sign_ins: rows.into_iter().map(Row::view).collect(), after: asked.map(Mark::word), older })
}

/// Whether it is a try of theirs that lacked its code. To say of one that it was they clears a warning, and takes a proof: a
/// thief of a session would clear it before its owner has seen it.
///
/// # Errors
/// The database.
pub async fn lacked_code(shop: &Shop, who: &SignedIn, sign_in: Uuid) -> Result<bool, sqlx::Error> {
    is_warning(&mut shop.db.read().await?, who.customer, sign_in).await
}

/// The same, read on `conn`.
async fn is_warning(conn: &mut Conn, customer: Id<Customer>, sign_in: Uuid) -> Result<bool, sqlx::Error> {
    let sql = "SELECT 1 FROM sign_in WHERE id = $1 AND customer_id = $2 AND outcome = $3";
    let asked = SignInOutcome::Asked.word();
    Ok(fetch_optional!(conn, (i32,), sql, sign_in, customer.0, asked).await?.is_some())
}

/// Notes that the owner says of a sign-in that it was they; `false` if there is none of theirs with this number, or it
/// [lacked its code](lacked_code) and they have not just proved who they are.
///
/// # Errors
/// The database.
pub async fn was_me(shop: &Shop, who: &SignedIn, sign_in: Uuid) -> Result<bool, sqlx::Error> {
    let mut tx = shop.db.write().await?;
    if is_warning(&mut tx, who.customer, sign_in).await? {
        let Some(proved) = who.clone().recent(shop.now()) else { return Ok(false) };
        if !hold_in_session(&mut tx, &proved).await? {
            return Ok(false);
        }
    }
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
    told(&mut shop.db.read().await?, shop, who).await
}

/// The same, read on `conn`.
async fn told(conn: &mut Conn, shop: &Shop, who: &SignedIn) -> Result<Option<NotMeView>, sqlx::Error> {
    let sql = "SELECT MAX(e.at), c.password_changed_at FROM customer c JOIN account_event e ON e.customer_id = c.id
               WHERE c.id = $1 AND e.kind = 'not_me' AND e.at > $2 GROUP BY c.password_changed_at";
    let row = fetch_optional!(conn, (i64, i64), sql, who.customer.0, shop.now() - HISTORY).await?;
    Ok(row.map(|(reported_at, changed)| NotMeView { reported_at, password_changed: changed > reported_at }))
}

/// When the owner said of a sign-in that it was not theirs, UTC ms, while the password is still the one of then.
pub(super) async fn reported(conn: &mut Conn, shop: &Shop, who: &SignedIn) -> Result<Option<i64>, sqlx::Error> {
    let open = told(conn, shop, who).await?.filter(|report| !report.password_changed);
    Ok(open.map(|report| report.reported_at))
}
