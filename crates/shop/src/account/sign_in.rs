//! Signing in and out.

use noren_domain::account::{
    AccountEvent, AskedFor, Customer, Login, Password, RemovedFactors, Session, SignInOutcome, SignInWay, StepCode,
};
use noren_domain::form::Fault;
use noren_domain::{Id, Lang};
use uuid::Uuid;

use super::challenge::{self, Begun, Kind, Proved, Tried};
use super::factors::{hold, hold_in_session, note_app_proof};
use super::limits::{self, Limit, Standing};
use super::{
    DoorError, Entered, at_the_door, devices, email_change, events, letters, looked_for, new_password, password, totp,
};
use crate::db::Conn;
use crate::session::{self, Device, Recent};
use crate::token::Token;
use crate::{Shop, execute, fetch_optional, outbox};

/// What a right password opens.
#[derive(Clone, Debug)]
pub enum Opening {
    /// The door.
    In(Entered),
    /// The next question: the code of an app where one is set up; otherwise, where the person is not known by this
    /// browser, one that went to their mailbox. The token is for the browser.
    Asked(Token),
}

/// Signs in with e-mail and password. The answer for a wrong password and for an unknown address is
/// the same, after the same work.
///
/// # Errors
/// They do not belong together, or too many were tried; the vault or the database.
pub async fn login(
    shop: &Shop,
    asked: &Login,
    lang: Lang,
    device: &Device,
    old: Option<&Token>,
) -> Result<Opening, DoorError> {
    let asker = at_the_door(shop, device, limits::LOGIN_NETWORK, "login").await?;
    let index = looked_for(shop, asker, &asked.email).await?;
    let ticket = shop.hash_room().enter()?;
    let mut tx = shop.db.write().await?;
    let [newest, earlier] = index.both().map(Vec::from);
    let sql = "SELECT id, password_hash FROM customer WHERE email_index IN ($1, $2) ORDER BY created_at, id LIMIT 1";
    let account = fetch_optional!(tx, (Uuid, String), sql, newest, earlier).await?;
    let index = index.newest;
    let customer = account.as_ref().map(|(id, _)| Id::new(*id));
    let known = devices::is_known(&mut tx, shop, customer.unwrap_or(Id::new(Uuid::nil())), device).await?;
    let counted = counted(known, &index, device);
    // Telling an owner of it is more work than telling nobody, and no hash hides it.
    let least = challenge::least();
    if let Some(over) = limits::take_all(&mut tx, shop, &counted).await? {
        if over.is_told() {
            refused(&mut tx, shop, customer, &index, SignInOutcome::Blocked, device).await?;
        }
        tx.commit().await?;
        outbox::ring();
        least.await;
        return Err(DoorError::Refused(over.fault()));
    }
    tx.commit().await?;

    let compared = account.map(|(_, hash)| hash);
    let right = password::matches(&ticket, &asked.password, compared.clone()).await?;
    let mut tx = shop.db.write().await?;
    // It was compared outside of any transaction, and may be another one by now.
    let whose = customer.unwrap_or(Id::new(Uuid::nil()));
    hold(&mut tx, whose).await?;
    let sql = "SELECT password_hash FROM customer WHERE id = $1";
    let now = fetch_optional!(tx, (String,), sql, whose.0).await?.map(|(hash,)| hash);
    let known = devices::is_known(&mut tx, shop, whose, device).await?;
    let Some(customer) = customer.filter(|_| right && now == compared) else {
        refused(&mut tx, shop, customer, &index, SignInOutcome::WrongPassword, device).await?;
        tx.commit().await?;
        return Err(DoorError::Refused(Fault::Credentials));
    };
    // Whoever has the password may not flood the owner's mailbox with codes either.
    let app = totp::is_set(&mut tx, customer).await?;
    if !known
        && !app
        && let Standing::Over { minutes, .. } = limits::take(&mut tx, shop, limits::CODE_PASSWORD, &index).await?
    {
        tx.commit().await?;
        return Err(DoorError::Refused(Fault::TooMany { minutes }));
    }
    let opening = if known && !app {
        // Where another code is asked for, the tries are given back by nothing: it could be guessed for ever.
        for (limit, who) in &counted {
            limits::give_back(&mut tx, shop, *limit, who).await?;
        }
        record_by(&mut tx, shop, customer, SignInOutcome::Ok, Some(SignInWay::Password), device).await?;
        Opening::In(enter(&mut tx, shop, customer, device, old).await?)
    } else {
        let asks = if app { AskedFor::App } else { AskedFor::Mail };
        let so_far = Some(SignInWay::Password);
        let sign_in = record_by(&mut tx, shop, customer, SignInOutcome::Asked, so_far, device).await?;
        let pending = challenge::second_step(&mut tx, shop, sign_in, asks, customer, lang, device).await?;
        if counted.iter().any(|(limit, _)| limit.is_shared()) {
            challenge::was_counted(&mut tx, &pending).await?;
        }
        Opening::Asked(pending)
    };
    tx.commit().await?;
    outbox::ring();
    if let Some(stored) = compared {
        upgrade(shop, &ticket, customer, &asked.password, &stored).await;
    }
    Ok(opening)
}

/// Keeps a password that has just been right as passwords are kept today, if it was kept otherwise.
async fn upgrade(shop: &Shop, ticket: &password::Ticket, customer: Id<Customer>, password: &Password, stored: &str) {
    let upgraded = async {
        let Some(hash) = password::upgraded(shop, ticket, password, stored).await? else { return Ok(()) };
        let mut tx = shop.db.write().await?;
        // Not if it was changed meanwhile.
        let sql = "UPDATE customer SET password_hash = $2 WHERE id = $1 AND password_hash = $3";
        execute!(tx, sql, customer.0, hash, stored).await?;
        Ok::<_, DoorError>(tx.commit().await?)
    };
    // Nobody is kept out by this: the next sign-in tries again.
    if let Err(error) = upgraded.await {
        tracing::warn!(%error, "a password could not be kept as passwords are kept today");
    }
}

/// Goes on where [`login`] asked for a code, or where a code was asked for instead of a password.
///
/// # Errors
/// The code is wrong or over; the database.
pub async fn confirm(
    shop: &Shop,
    pending: &Token,
    typed: &StepCode,
    lang: Lang,
    device: &Device,
    old: Option<&Token>,
) -> Result<Opening, DoorError> {
    let least = challenge::least();
    let mut tx = shop.db.write().await?;
    let tried = challenge::attempt(&mut tx, shop, pending, Kind::SignIn, typed, device).await?;
    let Proved { begun, asked, customer, password } = match tried {
        Tried::Right(proved) => proved,
        Tried::Wrong { customer, fault } => {
            if let Some(customer) = customer {
                record(&mut tx, shop, customer, SignInOutcome::WrongCode, device).await?;
            }
            tx.commit().await?;
            outbox::ring();
            least.await;
            return Err(DoorError::Refused(fault));
        }
    };
    if asked == AskedFor::Mail && totp::is_set(&mut tx, customer).await? {
        // The mailbox stands for the password, not for the second factor.
        let asked = ask_app(&mut tx, shop, customer, lang, device).await?;
        tx.commit().await?;
        outbox::ring();
        return Ok(Opening::Asked(asked));
    }
    let way = way_through(&mut tx, begun.id, typed).await?;
    let removed = if let Some(hash) = password {
        // It says itself that all other devices were signed out; this one needs no mail of its own.
        let removed = new_password::reset_whole(&mut tx, shop, customer, &hash, device).await?;
        done(&mut tx, shop, customer, Some(begun), way, device).await?;
        removed
    } else {
        came_in(&mut tx, shop, customer, Some(begun), way, device).await?;
        RemovedFactors::default()
    };
    let entered = Entered { removed, ..enter(&mut tx, shop, customer, device, old).await? };
    if asked == AskedFor::App {
        note_app_proof(&mut tx, shop, customer, typed, &entered.token).await?;
    }
    tx.commit().await?;
    outbox::ring();
    Ok(Opening::In(entered))
}

/// By what somebody came in who has just given `code` for what `begun` began.
async fn way_through(conn: &mut Conn, begun: Uuid, code: &StepCode) -> Result<Option<SignInWay>, sqlx::Error> {
    let row = fetch_optional!(conn, (Option<String>,), "SELECT way FROM sign_in WHERE id = $1", begun).await?;
    // A code that was asked for instead of a password began nothing in the history.
    let Some((so_far,)) = row else { return Ok(Some(SignInWay::Mail)) };
    Ok(so_far.and_then(|word| SignInWay::from_word(&word)).and_then(|way| way.then(code)))
}

/// Notes that the customer came in, and by what, and tells them if they are not known by this browser, in the caller's
/// transaction.
pub(super) async fn came_in(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    begun: Option<Begun>,
    way: Option<SignInWay>,
    device: &Device,
) -> Result<(), sqlx::Error> {
    let known = devices::is_known(conn, shop, customer, device).await?;
    let sign_in = done(conn, shop, customer, begun, way, device).await?;
    if !known {
        letters::new_device(conn, shop, sign_in).await?;
    }
    Ok(())
}

/// Writes the sign-in down that `begun` began, if that stands in the history: a code that was asked for instead of a
/// password began nothing there. Gives its number.
async fn done(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    begun: Option<Begun>,
    way: Option<SignInWay>,
    device: &Device,
) -> Result<Uuid, sqlx::Error> {
    if let Some(Begun { id, counted }) = begun {
        let sql = "UPDATE sign_in SET outcome = 'ok', at = $2, way = $3 WHERE id = $1";
        if execute!(conn, sql, id, shop.now(), way.map(SignInWay::word)).await? == 1 {
            if let Some(network) = counted {
                give_back(conn, shop, network).await?;
            }
            return Ok(id);
        }
    }
    record_by(conn, shop, customer, SignInOutcome::Ok, way, device).await
}

/// Gives a try at a password back to those who were counted together for it: it was not guessed after all, and neighbours
/// in the network that it came from are not the worse for it. Never more than was taken, or whoever has an account would
/// make tries for others by signing in.
async fn give_back(conn: &mut Conn, shop: &Shop, network: String) -> Result<(), sqlx::Error> {
    let from = Device { network, ..Device::of_the_shop() };
    for (limit, who) in limits::of_network(limits::LOGIN_NETWORK, &from) {
        limits::honest(conn, shop, limit, &who).await?;
    }
    limits::honest(conn, shop, limits::LOGIN_ANYWHERE, &[]).await
}

/// Asks for the code of the customer's app, in the caller's transaction, after a code from the mailbox.
pub(super) async fn ask_app(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    lang: Lang,
    device: &Device,
) -> Result<Token, sqlx::Error> {
    let sign_in = record_by(conn, shop, customer, SignInOutcome::Asked, Some(SignInWay::Mail), device).await?;
    challenge::second_step(conn, shop, sign_in, AskedFor::App, customer, lang, device).await
}

/// Where a try to sign in is counted. Strangers who use up the tries of an address, or of the network
/// that the owner shares with them, must not lock out its owner: a browser that the owner is known by has tries of
/// its own.
fn counted(known: bool, index: &[u8], device: &Device) -> Vec<(Limit, Vec<u8>)> {
    if let (true, Some(token)) = (known, &device.token) {
        return vec![(limits::LOGIN_HOME, [index, &token.hash()].concat())];
    }
    let mut counted = limits::of_network(limits::LOGIN_NETWORK, device);
    // Everywhere comes last, so that what one network or one address is refused counts against nobody else.
    counted.extend([
        (limits::LOGIN_PLACE, limits::at_place(index, device)),
        (limits::LOGIN_ADDRESS, index.to_vec()),
        (limits::LOGIN_ANYWHERE, Vec::new()),
    ]);
    counted
}

/// Signs this browser out; what its token opened is over for good.
///
/// # Errors
/// The database.
pub async fn logout(shop: &Shop, token: &Token) -> Result<(), DoorError> {
    let mut tx = shop.db.write().await?;
    session::close(&mut tx, token, shop.now()).await?;
    Ok(tx.commit().await?)
}

/// Signs this browser out and forgets it: the customer is not known by it any more, and the password alone does not open it
/// again. A token whose session has run out or was ended says only who that is: it may be a copy, so the browser is then the
/// one that the request holds the token of, or none. Without any, nobody who is known by this browser is so any more.
///
/// # Errors
/// The database.
pub async fn logout_forgotten(shop: &Shop, token: Option<&Token>, device: &Device) -> Result<(), DoorError> {
    let mut tx = shop.db.write().await?;
    let held = device.token.as_ref().map(|held| held.hash().to_vec());
    let was = match token {
        Some(token) => session::was(&mut tx, token, shop.now()).await?,
        None => None,
    };
    if let Some((customer, browser)) = was {
        // Before its sessions, as whatever ends them does.
        hold(&mut tx, customer).await?;
        for hash in [browser, held].into_iter().flatten() {
            session::close_in(&mut tx, customer, &hash, shop.now()).await?;
            devices::forget(&mut tx, customer, &hash).await?;
        }
    } else if let Some(hash) = held {
        devices::forget_here(&mut tx, &hash).await?;
    }
    if let Some(token) = token {
        session::close(&mut tx, token, shop.now()).await?;
    }
    Ok(tx.commit().await?)
}

/// Ends one session of the customer, of which they are told by mail unless it is the one that asks; `false`: it is not
/// theirs, or has ended already, or the one that asks has. It takes a fresh proof: with a session alone a thief could keep
/// its owner out by it, again and again.
///
/// # Errors
/// The database.
pub async fn end_one(shop: &Shop, who: &Recent, session: Id<Session>, device: &Device) -> Result<bool, sqlx::Error> {
    let mut tx = shop.db.write().await?;
    if !hold_in_session(&mut tx, who).await? {
        return Ok(false);
    }
    let customer = who.customer();
    let ended = session::end(&mut tx, customer, session, shop.now()).await?;
    if ended && session != who.session() {
        // Which browser a session of before was in is not known: none but this one is.
        let sql = "SELECT 1 FROM session WHERE id = $1 AND device_hash IS NULL";
        if fetch_optional!(tx, (i32,), sql, session.0).await?.is_some() {
            devices::forget_others(&mut tx, customer, device).await?;
        }
        events::happened(&mut tx, shop, customer, AccountEvent::SessionsEnded, device).await?;
    }
    tx.commit().await?;
    outbox::ring();
    Ok(ended)
}

/// Ends every other session of the customer and keeps the one that asks; gives their number. Nor are they known by
/// another browser any more: the password alone would open it again. A change of the address that is under way is given
/// up: nobody can say whose session it was that asked. It takes a fresh proof, as [`end_one`] does.
///
/// # Errors
/// The database.
pub async fn end_others(shop: &Shop, who: &Recent, device: &Device) -> Result<u64, sqlx::Error> {
    let mut tx = shop.db.write().await?;
    if !hold_in_session(&mut tx, who).await? {
        return Ok(0);
    }
    let customer = who.customer();
    let ended = session::close_all(&mut tx, customer, Some(who.session()), shop.now()).await?;
    devices::forget_others(&mut tx, customer, device).await?;
    email_change::end_open(&mut tx, shop, customer).await?;
    if ended > 0 {
        events::happened(&mut tx, shop, customer, AccountEvent::SessionsEnded, device).await?;
    }
    tx.commit().await?;
    outbox::ring();
    Ok(ended)
}

/// A new session in place of the one the browser held, and from now on the customer is known by this browser.
pub(super) async fn enter(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    device: &Device,
    old: Option<&Token>,
) -> Result<Entered, sqlx::Error> {
    if let Some(old) = old {
        session::close(conn, old, shop.now()).await?;
    }
    let known_by = devices::know(conn, shop, customer, device).await?;
    let token = session::open(conn, shop, customer, &device.clone().holding(Some(known_by.clone()))).await?;
    Ok(Entered { token, customer, device: known_by, removed: RemovedFactors::default() })
}

/// Notes a refused try for the account's owner, who hears of many by mail. For an address without one something as
/// large is written too, or the time of the answer would tell which addresses have accounts.
async fn refused(
    conn: &mut Conn,
    shop: &Shop,
    customer: Option<Id<Customer>>,
    index: &[u8],
    outcome: SignInOutcome,
    device: &Device,
) -> Result<(), sqlx::Error> {
    let Some(customer) = customer else {
        for _ in 0..=usize::from(outcome == SignInOutcome::Blocked) {
            limits::take(conn, shop, limits::LOGIN_NOBODY, index).await?;
        }
        return Ok(());
    };
    record(conn, shop, customer, outcome, device).await?;
    if outcome == SignInOutcome::Blocked {
        events::many_failed_tries(conn, shop, customer, AccountEvent::ManyFailedTries, device).await?;
    }
    Ok(())
}

/// Writes a try down that did not open the door, in the caller's transaction; gives its number.
pub(super) async fn record(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    outcome: SignInOutcome,
    device: &Device,
) -> Result<Uuid, sqlx::Error> {
    record_by(conn, shop, customer, outcome, None, device).await
}

/// Writes a sign-in down that got somewhere, and by what, in the caller's transaction; gives its number.
pub(super) async fn record_by(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    outcome: SignInOutcome,
    way: Option<SignInWay>,
    device: &Device,
) -> Result<Uuid, sqlx::Error> {
    let now = shop.now();
    let id = shop.entropy.uuid(now);
    execute!(
        conn,
        "INSERT INTO sign_in (id, customer_id, at, outcome, user_agent, network, way) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        id,
        customer.0,
        now,
        outcome.word(),
        &device.user_agent,
        &device.network,
        way.map(SignInWay::word)
    )
    .await?;
    Ok(id)
}
