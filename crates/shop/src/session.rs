//! Sessions: who is signed in where. The browser holds a token, the database its hash.

use std::net::IpAddr;

use noren_domain::Id;
use noren_domain::account::{Browser, Customer, DeviceView, Session};
use uuid::Uuid;

use crate::account::dormant;
use crate::clock::SKEW;
use crate::db::Conn;
use crate::token::Token;
use crate::{Shop, execute, fetch_all, fetch_one, fetch_optional};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// A session unused for so long is over.
const IDLE: i64 = 30 * DAY;
/// No session lives longer than this, however much it is used.
const ABSOLUTE: i64 = 90 * DAY;
/// The clock of another node may be ahead by so much. A session that was made further ahead would outlive its time.
const AHEAD: i64 = DAY;
/// After a proof the token of before says for so long who somebody is: for requests of other tabs that were under way.
const GRACE: i64 = MINUTE;
/// `seen_at` may lag behind by so much, so that a page view does not cost a write.
const SEEN_EVERY: i64 = 5 * MINUTE;

/// A person who has proved who they are so long ago is asked again before a sensitive change (design of ASVS 5.0.0
/// 7.5.1).
pub const RECENT: i64 = 10 * MINUTE;

/// The condition that a session is live: it was not ended, has not run out, and was not made by a clock that was far ahead.
/// The placeholders are for the three moments of [`life`].
macro_rules! live {
    ($now:literal, $latest:literal, $idle:literal) => {
        concat!("ended_at IS NULL AND expires_at > ", $now, " AND expires_at <= ", $latest, " AND seen_at > ", $idle)
    };
}

/// What a session that is live at `now` ends after, ends no later than, and was used after.
const fn life(now: i64) -> [i64; 3] {
    [now, now + ABSOLUTE + AHEAD, now - IDLE]
}

/// The browser and the network a request comes from, as the list of devices shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// `User-Agent`, at most 300 characters.
    pub user_agent: String,
    /// IPv4 /24 or IPv6 /64: enough to recognise one's own, too little to find a door.
    pub network: String,
    /// By which customers are known in this browser, if any ever was.
    pub token: Option<Token>,
}

impl Device {
    /// A browser that nobody is known by, with both cut down to what is kept.
    pub fn new(user_agent: String, address: Option<IpAddr>) -> Self {
        let network = match address.map(|a| a.to_canonical()) {
            Some(IpAddr::V4(v4)) => {
                let [a, b, c, _] = v4.octets();
                format!("{a}.{b}.{c}.0/24")
            }
            Some(IpAddr::V6(v6)) => {
                let [a, b, c, d, ..] = v6.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
            None => String::new(),
        };
        Self { user_agent: user_agent.chars().filter(|c| !c.is_control()).take(300).collect(), network, token: None }
    }

    /// The /48 around an IPv6 network: what one customer of a provider may have all of. IPv4 has none.
    pub fn site(&self) -> Option<String> {
        let [a, b, c, _] = self.network.strip_suffix("::/64")?.split(':').collect::<Vec<_>>()[..] else { return None };
        Some(format!("{a}:{b}:{c}::/48"))
    }

    /// Nobody's browser: the shop's own people did it.
    pub fn of_the_shop() -> Self {
        Self::new(String::new(), None)
    }

    /// The same, holding `token`.
    #[must_use]
    pub fn holding(self, token: Option<Token>) -> Self {
        Self { token, ..self }
    }
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The session.
    pub session: Id<Session>,
    /// The customer.
    pub customer: Id<Customer>,
    /// When they last proved who they are, UTC ms.
    pub proved_at: i64,
    /// They came with the token of before a proof: it says who they are and nothing more, and the browser's cookie is
    /// not to be set by it.
    pub earlier: bool,
    /// The use was noted just now, so the browser's cookie is to be given its full time again.
    pub renewed: bool,
}

impl SignedIn {
    /// The same person, if they proved who they are at most [`RECENT`] before `now`.
    pub fn recent(self, now: i64) -> Option<Recent> {
        if self.earlier {
            return None;
        }
        // A clock that stepped back makes no proof last longer.
        (now - RECENT..=now + SKEW).contains(&self.proved_at).then_some(Recent(self))
    }
}

/// Somebody who is signed in and has just proved who they are. What a thief of an open browser would do first asks
/// for this type.
#[derive(Clone, Debug)]
pub struct Recent(SignedIn);

impl Recent {
    /// Who.
    pub fn customer(&self) -> Id<Customer> {
        self.0.customer
    }

    /// In which session.
    pub fn session(&self) -> Id<Session> {
        self.0.session
    }

    /// As signed in.
    pub fn who(&self) -> &SignedIn {
        &self.0
    }
}

/// Opens a session in the caller's transaction. Its token is new: nothing that a browser held
/// before the sign-in is worth anything after it.
pub async fn open(conn: &mut Conn, shop: &Shop, customer: Id<Customer>, device: &Device) -> Result<Token, sqlx::Error> {
    let now = shop.now();
    let token = Token::random(&shop.entropy);
    dormant::came_back(conn, shop, customer).await?;
    execute!(
        conn,
        "INSERT INTO session (id, token_hash, customer_id, user_agent, network, created_at, seen_at, proved_at, expires_at, device_hash)
         VALUES ($1, $2, $3, $4, $5, $6, $6, $6, $7, $8)",
        shop.entropy.uuid(now),
        token.hash().to_vec(),
        customer.0,
        &device.user_agent,
        &device.network,
        now,
        now + ABSOLUTE,
        device.token.as_ref().map(|token| token.hash().to_vec())
    )
    .await?;
    Ok(token)
}

/// The session that `token` opens, if it has not ended or expired; or that it opened until a proof a moment ago.
pub async fn find(shop: &Shop, token: &Token) -> Result<Option<SignedIn>, sqlx::Error> {
    let [now, latest, idle] = life(shop.now());
    let hash = token.hash().to_vec();
    let mut conn = shop.db.read().await?;
    let sql = concat!(
        "SELECT id, customer_id, seen_at, proved_at FROM session WHERE token_hash = $1 AND ",
        live!("$2", "$3", "$4")
    );
    let mut row = fetch_optional!(conn, (Uuid, Uuid, i64, i64), sql, hash.clone(), now, latest, idle).await?;
    let earlier = row.is_none();
    if earlier {
        let sql = concat!(
            "SELECT id, customer_id, seen_at, proved_at FROM session WHERE earlier_hash = $1 AND renewed_at > $5 AND ",
            live!("$2", "$3", "$4")
        );
        row = fetch_optional!(conn, (Uuid, Uuid, i64, i64), sql, hash, now, latest, idle, now - GRACE).await?;
    }
    drop(conn);
    let Some((session, customer, seen_at, proved_at)) = row else { return Ok(None) };
    let mut renewed = false;
    if now - seen_at >= SEEN_EVERY && !earlier {
        // A busy database must not sign anybody out: the next request tries again.
        match touch(shop, session, now).await {
            Ok(()) => renewed = true,
            Err(error) => tracing::warn!(%error, "a session's last use was not noted"),
        }
    }
    Ok(Some(SignedIn { session: Id::new(session), customer: Id::new(customer), proved_at, earlier, renewed }))
}

async fn touch(shop: &Shop, session: Uuid, now: i64) -> Result<(), sqlx::Error> {
    let mut tx = shop.db.write().await?;
    execute!(tx, "UPDATE session SET seen_at = $2 WHERE id = $1 AND seen_at < $2", session, now).await?;
    tx.commit().await
}

/// Ends one session of a customer, in the caller's transaction, and forgets the browser that it was in, by which the
/// customer may be known: the password alone would open it again. `false` if it is not theirs or has ended already.
pub async fn end(conn: &mut Conn, customer: Id<Customer>, session: Id<Session>, now: i64) -> Result<bool, sqlx::Error> {
    let sql = "UPDATE session SET ended_at = $3 WHERE id = $1 AND customer_id = $2 AND ended_at IS NULL";
    if execute!(conn, sql, session.0, customer.0, now).await? == 0 {
        return Ok(false);
    }
    // Not if another session of theirs is live in the same browser.
    let sql = concat!(
        "DELETE FROM known_device WHERE customer_id = $1
         AND token_hash = (SELECT device_hash FROM session WHERE id = $2)
         AND token_hash NOT IN (SELECT device_hash FROM session WHERE customer_id = $1 AND device_hash IS NOT NULL AND ",
        live!("$3", "$4", "$5"),
        ")"
    );
    let [now, latest, idle] = life(now);
    execute!(conn, sql, customer.0, session.0, now, latest, idle).await?;
    Ok(true)
}

/// Ends every session of the customer but `keep`, in the caller's transaction; gives the number of those that were live.
pub async fn close_all(
    conn: &mut Conn,
    customer: Id<Customer>,
    keep: Option<Id<Session>>,
    now: i64,
) -> Result<u64, sqlx::Error> {
    let keep = keep.map_or(Uuid::nil(), |session| session.0);
    let [now, latest, idle] = life(now);
    let sql =
        concat!("UPDATE session SET ended_at = $3 WHERE customer_id = $1 AND id <> $2 AND ", live!("$3", "$4", "$5"));
    let ended = execute!(conn, sql, customer.0, keep, now, latest, idle).await?;
    // One that has run out is nobody's news, but a clock that steps back would bring it to life.
    let sql = "UPDATE session SET ended_at = $3 WHERE customer_id = $1 AND id <> $2 AND ended_at IS NULL";
    execute!(conn, sql, customer.0, keep, now).await?;
    Ok(ended)
}

/// The same of everybody.
pub async fn close_everybodys(conn: &mut Conn, now: i64) -> Result<u64, sqlx::Error> {
    let [now, latest, idle] = life(now);
    let sql = concat!("UPDATE session SET ended_at = $1 WHERE ", live!("$1", "$2", "$3"));
    let ended = execute!(conn, sql, now, latest, idle).await?;
    execute!(conn, "UPDATE session SET ended_at = $1 WHERE ended_at IS NULL", now).await?;
    Ok(ended)
}

/// How many sessions of the customer are live.
pub async fn how_many(conn: &mut Conn, shop: &Shop, customer: Id<Customer>) -> Result<i64, sqlx::Error> {
    let sql = concat!("SELECT COUNT(*) FROM session WHERE customer_id = $1 AND ", live!("$2", "$3", "$4"));
    let [now, latest, idle] = life(shop.now());
    Ok(fetch_one!(conn, (i64,), sql, customer.0, now, latest, idle).await?.0)
}

/// Whether a session has not been ended, in the caller's transaction: it may have been since its person was let in.
pub async fn is_open(conn: &mut Conn, session: Id<Session>) -> Result<bool, sqlx::Error> {
    let sql = "SELECT 1 FROM session WHERE id = $1 AND ended_at IS NULL";
    Ok(fetch_optional!(conn, (i32,), sql, session.0).await?.is_some())
}

/// Gives a session that has not ended another token, in the caller's transaction, after a change of what opens the
/// account. The token of before is worth nothing from then on (ASVS 5.0.0 7.2.4), nor is any from before that.
pub async fn renew(conn: &mut Conn, shop: &Shop, session: Id<Session>) -> Result<Option<Token>, sqlx::Error> {
    let token = Token::random(&shop.entropy);
    let sql =
        "UPDATE session SET token_hash = $2, earlier_hash = NULL, proved_at = $3 WHERE id = $1 AND ended_at IS NULL";
    let renewed = execute!(conn, sql, session.0, token.hash().to_vec(), shop.now()).await?;
    Ok((renewed == 1).then_some(token))
}

/// Notes that the person of a session has just proved who they are, and gives it another token, in the caller's
/// transaction. That of before opens nothing more that asks for a proof, renews nothing, and for a minute still says who
/// they are: a request that another tab had sent would otherwise sign them out. `None`: the session has ended, or the
/// browser came with such a token itself.
pub async fn prove(conn: &mut Conn, shop: &Shop, who: &SignedIn) -> Result<Option<Token>, sqlx::Error> {
    if who.earlier {
        return Ok(None);
    }
    let token = Token::random(&shop.entropy);
    let sql = "UPDATE session SET earlier_hash = token_hash, token_hash = $2, proved_at = $3, renewed_at = $3
               WHERE id = $1 AND ended_at IS NULL";
    let renewed = execute!(conn, sql, who.session.0, token.hash().to_vec(), shop.now()).await?;
    Ok((renewed == 1).then_some(token))
}

/// Notes that whoever has the session has just given a code from their mailbox, in the caller's transaction.
pub async fn mailbox_proved(conn: &mut Conn, shop: &Shop, token: &Token) -> Result<(), sqlx::Error> {
    let sql = "UPDATE session SET mailbox_proved_at = $2 WHERE token_hash = $1";
    execute!(conn, sql, token.hash().to_vec(), shop.now()).await?;
    Ok(())
}

/// Uses that proof up if it was given from `since` (UTC milliseconds) until `now`, in the caller's transaction; `false`:
/// there is none. Of two requests at the same moment one is told `false`.
pub async fn spend_proof(conn: &mut Conn, session: Id<Session>, since: i64, now: i64) -> Result<bool, sqlx::Error> {
    let sql = "UPDATE session SET mailbox_proved_at = NULL
               WHERE id = $1 AND ended_at IS NULL AND mailbox_proved_at BETWEEN $2 AND $3";
    Ok(execute!(conn, sql, session.0, since, now + SKEW).await? == 1)
}

/// Notes that whoever has the session has just given a code of the app, or a recovery code, in the caller's transaction.
pub async fn app_proved(conn: &mut Conn, shop: &Shop, token: &Token) -> Result<(), sqlx::Error> {
    let sql = "UPDATE session SET app_proved_at = $2 WHERE token_hash = $1";
    execute!(conn, sql, token.hash().to_vec(), shop.now()).await?;
    Ok(())
}

/// Whether that was at most [`RECENT`] ago. A proof that is as fresh may have been another one: a passkey is not asked for
/// the app's code.
pub async fn is_app_proved(conn: &mut Conn, shop: &Shop, session: Id<Session>) -> Result<bool, sqlx::Error> {
    let now = shop.now();
    let sql = "SELECT 1 FROM session WHERE id = $1 AND app_proved_at BETWEEN $2 AND $3";
    Ok(fetch_optional!(conn, (i32,), sql, session.0, now - RECENT, now + SKEW).await?.is_some())
}

/// Ends the session that `token` opens, in the caller's transaction; an unknown token ends nothing.
pub async fn close(conn: &mut Conn, token: &Token, now: i64) -> Result<(), sqlx::Error> {
    let sql = "UPDATE session SET ended_at = $2 WHERE ended_at IS NULL
               AND (token_hash = $1 OR (earlier_hash = $1 AND renewed_at > $3))";
    execute!(conn, sql, token.hash().to_vec(), now, now - GRACE).await?;
    Ok(())
}

/// Whose session `token` opens or opened, in the caller's transaction, and by which browser's token they are known in it if
/// it opens it still: one that is over says nothing about the browser, for it may be a copy that somebody kept.
pub async fn was(
    conn: &mut Conn,
    token: &Token,
    now: i64,
) -> Result<Option<(Id<Customer>, Option<Vec<u8>>)>, sqlx::Error> {
    let [now, latest, idle] = life(now);
    let sql = concat!(
        "SELECT customer_id, CASE WHEN (token_hash = $1 OR renewed_at > $5) AND ",
        live!("$2", "$3", "$4"),
        " THEN device_hash END FROM session WHERE token_hash = $1 OR earlier_hash = $1"
    );
    let hash = token.hash().to_vec();
    let row = fetch_optional!(conn, (Uuid, Option<Vec<u8>>), sql, hash, now, latest, idle, now - GRACE).await?;
    Ok(row.map(|(customer, device)| (Id::new(customer), device)))
}

/// Ends the customer's sessions in the browser whose token has the hash `browser`, in the caller's transaction.
pub async fn close_in(conn: &mut Conn, customer: Id<Customer>, browser: &[u8], now: i64) -> Result<(), sqlx::Error> {
    let sql = "UPDATE session SET ended_at = $3 WHERE customer_id = $1 AND device_hash = $2 AND ended_at IS NULL";
    execute!(conn, sql, customer.0, browser, now).await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct SessionRow {
    id: Uuid,
    user_agent: String,
    network: String,
    created_at: i64,
    seen_at: i64,
}

/// Every browser the customer is signed in on: the one that asks first, then the last used.
pub async fn list(shop: &Shop, who: &SignedIn) -> Result<Vec<DeviceView>, sqlx::Error> {
    let [now, latest, idle] = life(shop.now());
    let sql = concat!(
        "SELECT id, user_agent, network, created_at, seen_at FROM session WHERE customer_id = $1 AND ",
        live!("$2", "$3", "$4"),
        " ORDER BY seen_at DESC, id"
    );
    let mut conn = shop.db.read().await?;
    let rows = fetch_all!(conn, SessionRow, sql, who.customer.0, now, latest, idle).await?;
    let mut devices: Vec<DeviceView> = rows
        .into_iter()
        .map(|row| DeviceView {
            current: row.id == who.session.0,
            id: row.id,
            browser: Browser::of(&row.user_agent),
            network: row.network,
            since: row.created_at,
            seen: row.seen_at,
        })
        .collect();
    devices.sort_by_key(|device| !device.current);
    Ok(devices)
}

#[cfg(test)]
mod tests;
