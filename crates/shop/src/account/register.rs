//! Opening an account: a registration waits until the code from the mail proves the address.

use noren_domain::account::{Register, SignInOutcome, SignInWay, Verify};
use noren_domain::form::Fault;
use noren_domain::{Id, Lang};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::limits;
use super::new_password::judge;
use super::sign_in::{enter, record_by};
use super::{
    DoorError, Entered, MINUTE, at_the_door, challenge, email_change, letters, looked_for, mail_code, owner, password,
};
use crate::clock::SKEW;
use crate::db::{Conn, Dialect};
use crate::session::{self, Device};
use crate::token::Token;
use crate::vault::{Field, Plain};
use crate::{Shop, execute, fetch_all, fetch_optional, outbox, shred};

/// A code from a mail is good for so long (ASVS 5.0.0 6.5.5).
const CODE_LIFE: i64 = 10 * MINUTE;
/// So many codes may be tried per registration.
const CODE_TRIES: i64 = 5;

fn code_hash(shop: &Shop, registration: Uuid, code: &str) -> [u8; 32] {
    // Keyed: all the codes there are can be tried in no time, but not without the key.
    shop.keys.derive("registration-code", &[registration.as_bytes(), code.as_bytes()].concat())
}

/// Starts a registration and gives the token by which the browser finds it again. What comes back,
/// and how long it takes, is the same whether or not the address has an account already; only the
/// mail differs.
pub async fn register(shop: &Shop, wanted: &Register, lang: Lang, device: &Device) -> Result<Token, DoorError> {
    let asker = at_the_door(shop, device, limits::REGISTER_NETWORK, "register").await?;
    let index = looked_for(shop, asker, &wanted.email).await?;
    let ticket = shop.hash_room().enter()?;
    for (limit, who) in limits::of_network(limits::REGISTER_NETWORK, device) {
        limits::spend(shop, limit, &who).await?;
    }
    limits::spend(shop, limits::REGISTER_ANYWHERE, &[]).await?;
    // Before the address is counted: what is few are the mails, not the ideas for a password.
    judge(shop, &ticket, &wanted.password, Some(&wanted.email)).await?;
    limits::spend(shop, limits::REGISTER_PLACE, &limits::at_place(&index.newest, device)).await?;
    limits::spend(shop, limits::REGISTER_ADDRESS, &index.newest).await?;
    let password_hash = password::hash(shop, &ticket, &wanted.password).await?;
    let now = shop.now();
    let id = shop.entropy.uuid(now);
    let token = Token::random(&shop.entropy);
    let email = vec![(Field::Email, Plain::new(wanted.email.address().to_owned()))];
    let email = shop.vault.seal(asker, id, None, email).await?;
    let mut tx = shop.db.write().await?;
    let owner = owner(&mut tx, &index).await?;
    let held = email_change::is_held(&mut tx, shop, &index, Id::new(Uuid::nil())).await?;
    // An address with an owner, or one that its owner can still have back, gets a row too, with a code that nobody was
    // ever told.
    let taken = owner.is_some() || held.is_some();
    let code_hash = if taken { shop.entropy.bytes() } else { code_hash(shop, id, &mail_code(shop, id)) };
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
    match (owner, held) {
        (Some(customer), _) => letters::already_registered(&mut tx, shop, id, customer).await?,
        (None, Some(secret)) => letters::email_held(&mut tx, shop, id, secret).await?,
        (None, None) => letters::registration_code(&mut tx, shop, id).await?,
    }
    tx.commit().await?;
    outbox::ring();
    Ok(token)
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
/// five tries or ten minutes a new registration is needed.
pub async fn verify(
    shop: &Shop,
    pending: &Token,
    typed: &Verify,
    device: &Device,
    old: Option<&Token>,
) -> Result<Entered, DoorError> {
    let now = shop.now();
    let mut tx = shop.db.write().await?;
    // Whoever spreads their guesses over many registrations is counted by network, and over many networks everywhere, as
    // with every other code by mail (docs/adr/0020).
    let network = limits::of_network(limits::STEP_NETWORK, device);
    if let Some(over) = limits::take_all(&mut tx, shop, &network).await? {
        tx.commit().await?;
        return Err(DoorError::Refused(over.fault()));
    }
    if tx.dialect() == Dialect::Postgres {
        // Two registrations of one address may be verified at the same moment, and each ends the
        // other: both take hold of all of them first, in the same order.
        let sql = "SELECT id FROM registration WHERE email_index IN \
                   (SELECT email_index FROM registration WHERE token_hash = $1) ORDER BY id FOR UPDATE";
        fetch_all!(tx, (Uuid,), sql, pending.hash().to_vec()).await?;
    }
    // The try is counted before the code is looked at, so tries at the same moment count as well. A code of a clock that
    // was far ahead would be good for too long.
    let waiting = fetch_optional!(
        tx,
        Waiting,
        "UPDATE registration SET tries = tries + 1 WHERE token_hash = $1 AND tries < $2 AND expires_at > $3 AND created_at <= $4
         RETURNING id, email_index, email, password_hash, code_hash, lang",
        pending.hash().to_vec(),
        CODE_TRIES,
        now,
        now + SKEW
    )
    .await?;
    let Some(waiting) = waiting else {
        tx.commit().await?;
        return Err(DoorError::Refused(Fault::CodeOver));
    };
    let right = code_hash(shop, waiting.id, &typed.code).ct_eq(waiting.code_hash.as_slice());
    if !bool::from(right) {
        challenge::wrong(&mut tx, shop, true).await?;
        tx.commit().await?;
        return Err(DoorError::Refused(Fault::Code));
    }
    for (limit, who) in &network {
        limits::honest(&mut tx, shop, *limit, who).await?;
    }
    if !open_account(&mut tx, shop, &waiting).await? {
        // Two registrations of one address: the other one was quicker and has the account.
        tx.commit().await?;
        return Err(DoorError::Refused(Fault::CodeOver));
    }
    let customer = Id::new(waiting.id);
    record_by(&mut tx, shop, customer, SignInOutcome::Ok, Some(SignInWay::Registration), device).await?;
    let entered = enter(&mut tx, shop, customer, device, old).await?;
    session::mailbox_proved(&mut tx, shop, &entered.token).await?;
    tx.commit().await?;
    Ok(entered)
}

/// Opens the account that was registered for, in the caller's transaction, and ends every registration of its address;
/// `false`: another registration of it was quicker.
async fn open_account(conn: &mut Conn, shop: &Shop, waiting: &Waiting) -> Result<bool, sqlx::Error> {
    // The customer keeps the registration's id, so the sealed address moves over as it is.
    let opened = execute!(
        conn,
        "INSERT INTO customer (id, email_index, email, password_hash, lang, created_at, password_changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (email_index) DO NOTHING",
        waiting.id,
        &waiting.email_index,
        &waiting.email,
        &waiting.password_hash,
        &waiting.lang,
        shop.now()
    )
    .await?;
    let sql = "DELETE FROM registration WHERE email_index = $1 RETURNING id";
    for (over,) in fetch_all!(conn, (Uuid,), sql, &waiting.email_index).await? {
        letters::forget_registration(conn, shop, over).await?;
        if over != waiting.id || opened == 0 {
            shred::later(conn, shop, over).await?;
        }
    }
    Ok(opened > 0)
}
