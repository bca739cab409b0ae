//! What a browser has begun and a person must still prove: the second step of a sign-in, or that a mailbox is
//! theirs before a new password is set.
//!
//! The browser holds a token, the mail a code; neither is worth anything without the other. Nobody is told whether
//! the address that was typed has an account: one without gets a row of the same kind, a mail of its own words, and a
//! code that nobody was ever told.

use std::time::Duration;

use noren_domain::account::{AskedFor, Customer, Email};
use noren_domain::{Id, Lang};
use uuid::Uuid;

use super::limits;
use super::{DoorError, MINUTE, at_the_door, devices, email_change, letters, looked_for, owner};
use crate::clock::SKEW;
use crate::db::Conn;
use crate::session::Device;
use crate::token::Token;
use crate::vault::{Field, Plain};
use crate::{Shop, execute, fetch_all, fetch_optional, outbox, shred};

mod attempt;

pub(super) use attempt::{Proved, Tried, attempt, tries_of, wrong};

/// A code is good for so long.
pub const CODE_LIFE: i64 = 10 * MINUTE;
/// So many codes may be tried.
const TRIES: i64 = 5;
/// Asking for a code takes no less than this, and so do answers to a wrong code and to one try too many at a password, of
/// which owners are told; it is five times what asking takes on a slow machine. The work is the same whether or not
/// the address has an account, but it touches other pages of the database: that was 0.1 ms of 5, and in ten thousand timings
/// it could be told (AUC 0.523). A password that is hashed hides as much.
const LEAST: Duration = Duration::from_millis(25);

/// The time until an answer may be given whose work is not quite the same for everybody ([`LEAST`]), from now on.
pub(super) fn least() -> tokio::time::Sleep {
    tokio::time::sleep(LEAST)
}

/// What it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// To sign in.
    SignIn,
    /// To set a new password.
    Reset,
    /// To bring orders of a guest into the account.
    Claim,
}

impl Kind {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Reset => "reset",
            Self::Claim => "claim",
        }
    }
}

/// What a browser had begun, and is over.
pub(super) struct Begun {
    /// The number that the sign-in has in the history, where a password or a mailbox began one.
    pub id: Uuid,
    /// The network that the try at the password was counted against, and everybody with it; `None`: no such try was.
    pub counted: Option<String>,
}

/// Begins the second step of a sign-in, which bears the number that the sign-in has in the history, in the caller's
/// transaction.
pub(super) async fn second_step(
    conn: &mut Conn,
    shop: &Shop,
    sign_in: Uuid,
    asks: AskedFor,
    customer: Id<Customer>,
    lang: Lang,
    device: &Device,
) -> Result<Token, sqlx::Error> {
    let new = New { id: sign_in, kind: Kind::SignIn, asks, customer: Some(customer), by_address: None };
    insert(conn, shop, new, lang, device).await
}

/// Notes that the try at the password which began `token` was counted against its network and everybody, in the caller's
/// transaction.
pub(super) async fn was_counted(conn: &mut Conn, token: &Token) -> Result<(), sqlx::Error> {
    let sql = "UPDATE challenge SET counted = TRUE WHERE token_hash = $1";
    execute!(conn, sql, token.hash().to_vec()).await?;
    Ok(())
}

/// Has a new password wait for the code of the second step that `token` has begun, in the caller's transaction.
pub(super) async fn password_waits(conn: &mut Conn, token: &Token, hash: &str) -> Result<(), sqlx::Error> {
    let sql = "UPDATE challenge SET password_hash = $2 WHERE token_hash = $1";
    execute!(conn, sql, token.hash().to_vec(), hash).await?;
    Ok(())
}

/// Sends a code to the mailbox of a customer who is signed in, in the caller's transaction, and gives the token by which
/// this browser goes on. Who calls counts how many are asked for.
pub(super) async fn ask_owner(
    conn: &mut Conn,
    shop: &Shop,
    kind: Kind,
    customer: Id<Customer>,
    lang: Lang,
    device: &Device,
) -> Result<Token, sqlx::Error> {
    let id = shop.entropy.uuid(shop.now());
    let new = New { id, kind, asks: AskedFor::Mail, customer: Some(customer), by_address: None };
    insert(conn, shop, new, lang, device).await
}

/// Sends a code to `email`, for whoever has that mailbox, and gives the token by which this browser goes on. What
/// comes back, and how long it takes, is the same whether or not the address has an account; only the mail differs.
///
/// # Errors
/// Too many codes were asked for from here or for this address; the vault is away.
pub async fn ask_mailbox(
    shop: &Shop,
    kind: Kind,
    email: &Email,
    lang: Lang,
    device: &Device,
) -> Result<Token, DoorError> {
    let (begun, ()) = tokio::join!(begin(shop, kind, email, lang, device), least());
    begun
}

async fn begin(shop: &Shop, kind: Kind, email: &Email, lang: Lang, device: &Device) -> Result<Token, DoorError> {
    let asker = at_the_door(shop, device, limits::CODE_NETWORK, kind.word()).await?;
    let index = looked_for(shop, asker, email).await?;
    let place = limits::at_place(&index.newest, device);
    let home = [&index.newest[..], &device.token.as_ref().map_or([0; 32], Token::hash)].concat();
    let mut tx = shop.db.write().await?;
    let somebody = owner(&mut tx, &index).await?.map_or(Id::new(Uuid::nil()), Id::new);
    // Strangers who use up the codes of an address do not use up those of a browser that its owner is known by.
    let counted = if devices::is_known(&mut tx, shop, somebody, device).await? {
        vec![(limits::CODE_HOME, home)]
    } else {
        let mut counted = limits::of_network(limits::CODE_NETWORK, device);
        counted.extend([(limits::CODE_PLACE, place), (limits::CODE_ADDRESS, index.newest.to_vec())]);
        counted
    };
    let over = limits::take_all(&mut tx, shop, &counted).await?;
    tx.commit().await?;
    if let Some(over) = over {
        return Err(DoorError::Refused(over.fault()));
    }
    let id = shop.entropy.uuid(shop.now());
    // The mail to an account goes to the address that the account has. What was typed may look like that one and
    // belong to somebody else (one letter for another, in another script): it is only written to where nobody has it.
    let typed = vec![(Field::Email, Plain::new(email.address().to_owned()))];
    let typed = shop.vault.seal(asker, id, None, typed).await?;
    let mut tx = shop.db.write().await?;
    let customer = owner(&mut tx, &index).await?.map(Id::new);
    let by_address = ByAddress { email: typed.get(Field::Email), whom: shop.keys.derive("whom", &index.newest) };
    let new = New { id, kind, asks: AskedFor::Mail, customer, by_address: Some(by_address) };
    let token = insert(&mut tx, shop, new, lang, device).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(token)
}

/// One that is about to begin.
struct New {
    id: Uuid,
    kind: Kind,
    asks: AskedFor,
    customer: Option<Id<Customer>>,
    /// `None`: it was begun by the password, or by somebody who is signed in.
    by_address: Option<ByAddress>,
}

/// The address that somebody typed to begin one.
struct ByAddress {
    /// Sealed.
    email: Option<Vec<u8>>,
    /// By what tries are counted where it has no account.
    whom: [u8; 32],
}

async fn insert(conn: &mut Conn, shop: &Shop, new: New, lang: Lang, device: &Device) -> Result<Token, sqlx::Error> {
    let New { id, kind, asks, customer, by_address } = new;
    let (email, whom) = by_address.map(|typed| (typed.email, typed.whom.to_vec())).unzip();
    let (now, token) = (shop.now(), Token::random(&shop.entropy));
    execute!(
        conn,
        "INSERT INTO challenge (id, token_hash, kind, asks, customer_id, email, whom, lang, user_agent, network, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        id,
        token.hash().to_vec(),
        kind.word(),
        asks.word(),
        customer.map(|customer| customer.0),
        email.flatten(),
        whom,
        lang.tag(),
        &device.user_agent,
        &device.network,
        now,
        now + CODE_LIFE
    )
    .await?;
    if asks == AskedFor::Mail {
        letters::code(conn, shop, id, customer).await?;
    }
    Ok(token)
}

/// What this browser's challenge of `kind` waits for; `None`: it has begun none that can still be finished.
///
/// # Errors
/// The database.
pub async fn waiting(shop: &Shop, token: &Token, kind: Kind) -> Result<Option<AskedFor>, sqlx::Error> {
    // One of a clock that was far ahead would be good for too long.
    let sql = "SELECT asks FROM challenge
               WHERE token_hash = $1 AND kind = $2 AND tries < $3 AND expires_at > $4 AND expires_at <= $5";
    let (now, latest) = (shop.now(), shop.now() + CODE_LIFE + SKEW);
    let mut conn = shop.db.read().await?;
    let row = fetch_optional!(conn, (String,), sql, token.hash().to_vec(), kind.word(), TRIES, now, latest).await?;
    Ok(row.map(|(asks,)| AskedFor::from_word(&asks)))
}

/// Whether a new password waits for the code that this browser is asked for.
///
/// # Errors
/// The database.
pub async fn sets_password(shop: &Shop, token: &Token) -> Result<bool, sqlx::Error> {
    let sql = "SELECT 1 FROM challenge WHERE token_hash = $1 AND password_hash IS NOT NULL";
    let mut conn = shop.db.read().await?;
    Ok(fetch_optional!(conn, (i32,), sql, token.hash().to_vec()).await?.is_some())
}

/// Ends what this browser has begun to sign `customer` in by, for they came in without its code.
pub(super) async fn overtaken(
    conn: &mut Conn,
    shop: &Shop,
    token: &Token,
    customer: Id<Customer>,
) -> Result<Option<Begun>, sqlx::Error> {
    let sql = "SELECT id, CASE WHEN counted THEN network END FROM challenge
               WHERE token_hash = $1 AND kind = $2 AND customer_id = $3";
    let (hash, kind) = (token.hash().to_vec(), Kind::SignIn.word());
    let begun = fetch_optional!(conn, (Uuid, Option<String>), sql, hash, kind, customer.0).await?;
    let Some((id, counted)) = begun else { return Ok(None) };
    end(conn, shop, id).await?;
    Ok(Some(Begun { id, counted }))
}

async fn end(conn: &mut Conn, shop: &Shop, id: Uuid) -> Result<u64, sqlx::Error> {
    let sql = "DELETE FROM challenge WHERE id = $1 RETURNING email IS NOT NULL";
    let gone = fetch_optional!(conn, (bool,), sql, id).await?;
    letters::forget_code(conn, shop, id).await?;
    if let Some((true,)) = gone {
        shred::later(conn, shop, id).await?;
    }
    Ok(u64::from(gone.is_some()))
}

/// Ends all that anybody has begun for this customer: after a change of the password or the address no earlier code
/// opens anything.
pub(super) async fn end_all(conn: &mut Conn, shop: &Shop, customer: Id<Customer>) -> Result<(), sqlx::Error> {
    let sql = "SELECT id FROM challenge WHERE customer_id = $1 ORDER BY id";
    for (id,) in fetch_all!(conn, (Uuid,), sql, customer.0).await? {
        end(conn, shop, id).await?;
    }
    email_change::end_open(conn, shop, customer).await?;
    Ok(())
}

/// Challenges past their time.
pub(crate) const OVER: &str = "SELECT id FROM challenge WHERE expires_at < $1 ORDER BY expires_at LIMIT $2";

/// Deletes one that is past its time; gives the number of rows that went.
pub(super) async fn forget(conn: &mut Conn, shop: &Shop, id: Uuid) -> Result<u64, sqlx::Error> {
    end(conn, shop, id).await
}
