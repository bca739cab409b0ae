//! Accounts: registering, signing in and out, and what the account pages show.

mod demo;
mod letters;
mod limits;
mod password;
#[cfg(test)]
pub mod testing;
mod view;

pub use demo::{DEMO_PASSWORD, demo, demo_addresses};
pub use password::HashError;
pub use view::{home, security};

use noren_domain::account::{Customer, Login, Register, SignInOutcome, Verify};
use noren_domain::form::Fault;
use noren_domain::{Id, Lang};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::db::{Conn, Dialect};
use crate::session::{self, Device};
use crate::tidy::in_batches;
use crate::token::Token;
use crate::vault::{Asker, Field, Indexes, LookFor, Plain, VaultError};
use crate::{Shop, execute, fetch_all, fetch_optional, outbox, shred};
use limits::{Limit, Standing};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// A code from a mail is good for so long.
const CODE_LIFE: i64 = 15 * MINUTE;
/// So many codes may be tried per registration.
const CODE_TRIES: i64 = 5;
/// Sign-ins are kept and shown for so long.
pub const HISTORY: i64 = 90 * DAY;

/// The door stayed shut.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// For a reason the person can mend.
    #[error("refused: {0:?}")]
    Refused(Fault),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The password hashing.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The vault.
    #[error("{0}")]
    Vault(#[from] VaultError),
}

/// A person who has just come in.
#[derive(Clone, Debug)]
pub struct Entered {
    /// The new session's token, for the browser.
    pub token: Token,
    /// Who.
    pub customer: Id<Customer>,
}

fn code_hash(shop: &Shop, registration: Uuid, code: &str) -> [u8; 32] {
    // Keyed: a million codes are tried in no time, but not without the key.
    shop.keys.derive("registration-code", &[registration.as_bytes(), code.as_bytes()].concat())
}

/// Somebody who is not signed in yet. Those who come from one network are one to the vault, which so
/// counts how many addresses are tried from there.
fn at_the_door(shop: &Shop, device: &Device, route: &'static str) -> Asker {
    let network = shop.keys.derive("network", device.network.as_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&network[..16]);
    Asker::guest(Uuid::from_bytes(id), route)
}

/// Starts a registration and gives the token by which the browser finds it again. What comes back,
/// and how long it takes, is the same whether or not the address has an account already; only the
/// mail differs.
pub async fn register(shop: &Shop, wanted: &Register, lang: Lang, device: &Device) -> Result<Token, DoorError> {
    let asker = at_the_door(shop, device, "register");
    let index = shop.vault.index(asker, LookFor::Login, wanted.email.canonical()).await?;
    let mut tx = shop.db.write().await?;
    let by_network = limits::take(&mut tx, shop, limits::REGISTER_NETWORK, device.network.as_bytes()).await?;
    let by_address = limits::take(&mut tx, shop, limits::REGISTER_ADDRESS, &index.newest).await?;
    tx.commit().await?;
    for standing in [by_network, by_address] {
        if let Standing::Over { minutes, .. } = standing {
            return Err(DoorError::Refused(Fault::TooMany { minutes }));
        }
    }
    let password_hash = password::hash(shop, &wanted.password).await?;
    let now = shop.now();
    let id = shop.entropy.uuid(now);
    let token = Token::random(&shop.entropy);
    let code = shop.entropy.digits(6);
    let email = vec![(Field::Email, Plain::new(wanted.email.address().to_owned()))];
    let email = shop.vault.seal(asker, id, None, email).await?;
    let mut tx = shop.db.write().await?;
    let owner = owner(&mut tx, &index).await?;
    // An address with an owner gets a row too, with a code that nobody was ever told.
    let code_hash = if owner.is_some() { shop.entropy.bytes() } else { code_hash(shop, id, &code) };
    execute!(
        tx,
        "INSERT INTO registration (id, token_hash, email_index, email, password_hash, code_hash, lang, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id,
        token.hash().to_vec(),
        index.newest.to_vec(),
        email.get(Field::Email),
        password_hash.as_str(),
        code_hash.to_vec(),
        lang.tag(),
        now,
        now + CODE_LIFE
    )
    .await?;
    match owner {
        Some(customer) => letters::already_registered(&mut tx, shop, id, customer).await?,
        None => letters::registration_code(&mut tx, shop, id, code).await?,
    }
    tx.commit().await?;
    outbox::ring();
    Ok(token)
}

/// The customer whose address it is.
pub(crate) async fn owner(conn: &mut Conn, index: &Indexes) -> Result<Option<Uuid>, sqlx::Error> {
    let [newest, earlier] = index.both().map(Vec::from);
    let sql = "SELECT id FROM customer WHERE email_index IN ($1, $2)";
    Ok(fetch_optional!(conn, (Uuid,), sql, newest, earlier).await?.map(|(customer,)| customer))
}

#[derive(sqlx::FromRow)]
struct Waiting {
    id: Uuid,
    email_index: Vec<u8>,
    email: Vec<u8>,
    password_hash: String,
    code_hash: Vec<u8>,
    lang: String,
}

/// Opens the account when the code is the one from the mail, and signs in. A code works once; after
/// five tries or fifteen minutes a new registration is needed.
pub async fn verify(
    shop: &Shop,
    pending: &Token,
    typed: &Verify,
    device: &Device,
    old: Option<&Token>,
) -> Result<Entered, DoorError> {
    let now = shop.now();
    let mut tx = shop.db.write().await?;
    if tx.dialect() == Dialect::Postgres {
        // Two registrations of one address may be verified at the same moment, and each ends the
        // other: both take hold of all of them first, in the same order.
        let sql = "SELECT id FROM registration WHERE email_index IN \
                   (SELECT email_index FROM registration WHERE token_hash = $1) ORDER BY id FOR UPDATE";
        fetch_all!(tx, (Uuid,), sql, pending.hash().to_vec()).await?;
    }
    // The try is counted before the code is looked at, so tries at the same moment count as well.
    let waiting = fetch_optional!(
        tx,
        Waiting,
        "UPDATE registration SET tries = tries + 1 WHERE token_hash = $1 AND tries < $2 AND expires_at > $3
         RETURNING id, email_index, email, password_hash, code_hash, lang",
        pending.hash().to_vec(),
        CODE_TRIES,
        now
    )
    .await?;
    let Some(waiting) = waiting else { return Err(DoorError::Refused(Fault::Code)) };
    let right = code_hash(shop, waiting.id, &typed.code).ct_eq(waiting.code_hash.as_slice());
    if !bool::from(right) {
        tx.commit().await?;
        return Err(DoorError::Refused(Fault::Code));
    }
    // The customer keeps the registration's id, so the sealed address moves over as it is.
    let opened = execute!(
        tx,
        "INSERT INTO customer (id, email_index, email, password_hash, lang, created_at, password_changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (email_index) DO NOTHING",
        waiting.id,
        waiting.email_index.clone(),
        waiting.email,
        waiting.password_hash,
        waiting.lang,
        now
    )
    .await?;
    let sql = "DELETE FROM registration WHERE email_index = $1 RETURNING id";
    for (over,) in fetch_all!(tx, (Uuid,), sql, waiting.email_index).await? {
        letters::forget_registration(&mut tx, shop, over).await?;
        if over != waiting.id || opened == 0 {
            shred::later(&mut tx, shop, over).await?;
        }
    }
    if opened == 0 {
        // Two registrations of one address: the other one was quicker and has the account.
        tx.commit().await?;
        return Err(DoorError::Refused(Fault::Code));
    }
    let customer = Id::new(waiting.id);
    record(&mut tx, shop, customer, SignInOutcome::Ok, device).await?;
    let token = enter(&mut tx, shop, customer, device, old).await?;
    tx.commit().await?;
    Ok(Entered { token, customer })
}

/// Signs in with e-mail and password. The answer for a wrong password and for an unknown address is
/// the same, after the same work.
pub async fn login(shop: &Shop, asked: &Login, device: &Device, old: Option<&Token>) -> Result<Entered, DoorError> {
    let asker = at_the_door(shop, device, "login");
    let index = shop.vault.index(asker, LookFor::Login, asked.email.canonical()).await?;
    let mut tx = shop.db.write().await?;
    let [newest, earlier] = index.both().map(Vec::from);
    let sql = "SELECT id, password_hash FROM customer WHERE email_index IN ($1, $2)";
    let account = fetch_optional!(tx, (Uuid, String), sql, newest, earlier).await?;
    let index = index.newest;
    let customer = account.as_ref().map(|(id, _)| Id::new(*id));
    let counted = counted(&mut tx, shop, customer, &index, device).await?;
    for (limit, who) in &counted {
        if let Standing::Over { minutes, first } = limits::take(&mut tx, shop, *limit, who).await? {
            if first {
                refused(&mut tx, shop, customer, &index, SignInOutcome::Blocked, device).await?;
            }
            tx.commit().await?;
            return Err(DoorError::Refused(Fault::TooMany { minutes }));
        }
    }
    tx.commit().await?;

    let right = password::matches(&asked.password, account.map(|(_, hash)| hash)).await?;
    let mut tx = shop.db.write().await?;
    let Some(customer) = customer.filter(|_| right) else {
        refused(&mut tx, shop, customer, &index, SignInOutcome::WrongPassword, device).await?;
        tx.commit().await?;
        return Err(DoorError::Refused(Fault::Credentials));
    };
    for (limit, who) in &counted {
        limits::honest(&mut tx, shop, *limit, who).await?;
    }
    let at_home = is_at_home(&mut tx, shop, customer, device).await?;
    let sign_in = record(&mut tx, shop, customer, SignInOutcome::Ok, device).await?;
    if !at_home {
        letters::new_device(&mut tx, shop, sign_in).await?;
    }
    let token = enter(&mut tx, shop, customer, device, old).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(Entered { token, customer })
}

/// Where a try to sign in is counted. Strangers who use up the tries of an address, or of the network
/// that the owner shares with them, must not lock out its owner: a known browser at a known network has
/// tries of its own.
async fn counted(
    conn: &mut Conn,
    shop: &Shop,
    customer: Option<Id<Customer>>,
    index: &[u8],
    device: &Device,
) -> Result<Vec<(Limit, Vec<u8>)>, sqlx::Error> {
    if is_at_home(conn, shop, customer.unwrap_or(Id::new(Uuid::nil())), device).await? {
        let home = [index, device.network.as_bytes(), &[0], device.user_agent.as_bytes()].concat();
        return Ok(vec![(limits::LOGIN_HOME, home)]);
    }
    let network = device.network.as_bytes().to_vec();
    Ok(vec![(limits::LOGIN_NETWORK, network), (limits::LOGIN_ADDRESS, index.to_vec())])
}

/// Signs this browser out; what its token opened is over for good.
pub async fn logout(shop: &Shop, token: &Token) -> Result<(), DoorError> {
    let mut tx = shop.db.write().await?;
    session::close(&mut tx, token, shop.now()).await?;
    Ok(tx.commit().await?)
}

/// A new session in place of the one the browser held.
async fn enter(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    device: &Device,
    old: Option<&Token>,
) -> Result<Token, sqlx::Error> {
    if let Some(old) = old {
        session::close(conn, old, shop.now()).await?;
    }
    session::open(conn, shop, customer, device).await
}

/// Notes a refused try for the account's owner. For an address without one something as large is
/// written too, or the time of the answer would tell which addresses have accounts.
async fn refused(
    conn: &mut Conn,
    shop: &Shop,
    customer: Option<Id<Customer>>,
    index: &[u8],
    outcome: SignInOutcome,
    device: &Device,
) -> Result<(), sqlx::Error> {
    match customer {
        Some(customer) => record(conn, shop, customer, outcome, device).await.map(drop),
        None => limits::take(conn, shop, limits::LOGIN_NOBODY, index).await.map(drop),
    }
}

/// Whether the customer has signed in with this browser from this network within the time we
/// remember. Many people have the same browser, so that alone says too little here.
async fn is_at_home(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    device: &Device,
) -> Result<bool, sqlx::Error> {
    // From nowhere that we know is not from home.
    if device.network.is_empty() {
        return Ok(false);
    }
    let row = fetch_optional!(
        conn,
        (i64,),
        "SELECT at FROM sign_in WHERE customer_id = $1 AND outcome = 'ok' AND user_agent = $2 AND network = $3 AND at > $4
         LIMIT 1",
        customer.0,
        &device.user_agent,
        &device.network,
        shop.now() - HISTORY
    )
    .await?;
    Ok(row.is_some())
}

async fn record(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    outcome: SignInOutcome,
    device: &Device,
) -> Result<Uuid, sqlx::Error> {
    let now = shop.now();
    let id = shop.entropy.uuid(now);
    execute!(
        conn,
        "INSERT INTO sign_in (id, customer_id, at, outcome, user_agent, network) VALUES ($1, $2, $3, $4, $5, $6)",
        id,
        customer.0,
        now,
        outcome.word(),
        &device.user_agent,
        &device.network
    )
    .await?;
    Ok(id)
}

/// Registrations long past their time.
pub(crate) const OVER_REGISTRATIONS: &str =
    "SELECT id FROM registration WHERE expires_at < $1 ORDER BY expires_at LIMIT $2";
/// Counters whose window, at most an hour, has long ended.
pub(crate) const OVER_LIMITS: &str =
    "SELECT key FROM rate_limit WHERE window_start < $1 ORDER BY window_start LIMIT $2";
/// Sessions that ended long ago: a session is never seen after it has expired.
pub(crate) const OVER_SESSIONS: &str = "SELECT id FROM session WHERE seen_at < $1 ORDER BY seen_at LIMIT $2";
/// Sign-ins that nobody is shown any more.
pub(crate) const OVER_SIGN_INS: &str = "SELECT id FROM sign_in WHERE at < $1 ORDER BY at LIMIT $2";

/// Throws away what has served its time: registrations a day after their code expired, counters,
/// and sessions and sign-ins once nobody is shown them any more.
pub async fn sweep(shop: &Shop) -> Result<(), sqlx::Error> {
    let (yesterday, long_ago) = (shop.now() - DAY, shop.now() - HISTORY);
    in_batches!(shop, (Uuid,), OVER_REGISTRATIONS, yesterday, |tx, (id,)| {
        letters::forget_registration(&mut tx, shop, id).await?;
        shred::later(&mut tx, shop, id).await?;
        execute!(tx, "DELETE FROM registration WHERE id = $1 AND expires_at < $2", id, yesterday).await?
    });
    in_batches!(shop, (Vec<u8>,), OVER_LIMITS, yesterday, |tx, (key,)| {
        execute!(tx, "DELETE FROM rate_limit WHERE key = $1 AND window_start < $2", key, yesterday).await?
    });
    in_batches!(shop, (Uuid,), OVER_SESSIONS, long_ago, |tx, (id,)| {
        execute!(tx, "DELETE FROM session WHERE id = $1 AND seen_at < $2", id, long_ago).await?
    });
    in_batches!(shop, (Uuid,), OVER_SIGN_INS, long_ago, |tx, (id,)| {
        execute!(tx, "DELETE FROM sign_in WHERE id = $1", id).await?
    });
    Ok(())
}

#[cfg(test)]
mod tests;
