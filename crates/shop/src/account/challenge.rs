//! What a browser has begun and a person must still prove: the second step of a sign-in, or that a mailbox is
//! theirs before a new password is set.
//!
//! The browser holds a token, the mail a code; neither is worth anything without the other. Nobody is told whether
//! the address that was typed has an account: one without gets a row of the same kind, a mail of its own words, and a
//! code that nobody was ever told.

use std::time::Duration;

use noren_domain::account::{AccountEvent, AskedFor, Customer, Email, SignInOutcome, StepCode};
use noren_domain::form::Fault;
use noren_domain::{Id, Lang};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::factors::hold;
use super::limits::{self, Limit, Standing};
use super::sign_in::record;
use super::{
    DoorError, MINUTE, at_the_door, devices, email_change, events, letters, looked_for, lost, mail_code, owner,
    recovery, totp,
};
use crate::clock::SKEW;
use crate::db::Conn;
use crate::session::{self, Device};
use crate::token::Token;
use crate::vault::{Field, Plain};
use crate::{Shop, execute, fetch_all, fetch_optional, outbox, shred};

/// A code is good for so long.
pub const CODE_LIFE: i64 = 10 * MINUTE;
/// So many codes may be tried.
const TRIES: i64 = 5;
/// Asking for a code takes no less than this; five times what it takes on a slow machine. The work is the same whether or not
/// the address has an account, but it touches other pages of the database: that was 0.1 ms of 5, and in ten thousand timings
/// it could be told (AUC 0.523). A password that is hashed hides as much.
const LEAST: Duration = Duration::from_millis(25);

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

/// One whose code was right. It is over: its row is gone with the transaction.
pub(super) struct Proved {
    pub begun: Begun,
    /// What was asked for.
    pub asked: AskedFor,
    pub customer: Id<Customer>,
    /// The hash of the new password that waited for it.
    pub password: Option<String>,
}

/// How a try ended.
pub(super) enum Tried {
    /// The code was right.
    Right(Proved),
    /// It was not, or there is nothing to try.
    Wrong {
        /// Whose account it was, if anybody's.
        customer: Option<Id<Customer>>,
        /// What to say.
        fault: Fault,
    },
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
    insert(conn, shop, sign_in, Kind::SignIn, asks, Some(customer), None, None, lang, device).await
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
    insert(conn, shop, id, kind, AskedFor::Mail, Some(customer), None, None, lang, device).await
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
    let (begun, ()) = tokio::join!(begin(shop, kind, email, lang, device), tokio::time::sleep(LEAST));
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
    for (limit, who) in counted {
        if let Standing::Over { minutes, .. } = limits::take(&mut tx, shop, limit, &who).await? {
            tx.commit().await?;
            return Err(DoorError::Refused(Fault::TooMany { minutes }));
        }
    }
    tx.commit().await?;
    let id = shop.entropy.uuid(shop.now());
    // The mail to an account goes to the address that the account has. What was typed may look like that one and
    // belong to somebody else (one letter for another, in another script): it is only written to where nobody has it.
    let typed = vec![(Field::Email, Plain::new(email.address().to_owned()))];
    let typed = shop.vault.seal(asker, id, None, typed).await?;
    let mut tx = shop.db.write().await?;
    let customer = owner(&mut tx, &index).await?.map(Id::new);
    let (typed, whom) = (typed.get(Field::Email), Some(shop.keys.derive("whom", &index.newest)));
    let token = insert(&mut tx, shop, id, kind, AskedFor::Mail, customer, typed, whom, lang, device).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(token)
}

#[expect(clippy::too_many_arguments, reason = "the columns of one row")]
async fn insert(
    conn: &mut Conn,
    shop: &Shop,
    id: Uuid,
    kind: Kind,
    asks: AskedFor,
    customer: Option<Id<Customer>>,
    email: Option<Vec<u8>>,
    whom: Option<[u8; 32]>,
    lang: Lang,
    device: &Device,
) -> Result<Token, sqlx::Error> {
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
        email,
        whom.map(Vec::from),
        lang.tag(),
        &device.user_agent,
        &device.network,
        now,
        now + CODE_LIFE
    )
    .await?;
    if asks == AskedFor::Mail {
        letters::code(conn, shop, id).await?;
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

/// Tries a code, in the caller's transaction, which must be committed however it ends: the try is counted before
/// the code is looked at, so tries at the same moment count as well. A right code ends the challenge.
///
/// Tries are counted for each challenge and, so that nobody gets five more by beginning anew, for the customer, or for the
/// address that has none, alike ([`counted`]). Whoever spreads their guesses over many customers is counted by network, and
/// over many networks, everywhere ([`limits::WRONG_CODES`]).
pub(super) async fn attempt(
    conn: &mut Conn,
    shop: &Shop,
    token: &Token,
    kind: Kind,
    typed: &StepCode,
    device: &Device,
) -> Result<Tried, DoorError> {
    let sql = "SELECT customer_id, whom FROM challenge WHERE token_hash = $1";
    let begun = fetch_optional!(conn, (Option<Uuid>, Option<Vec<u8>>), sql, token.hash().to_vec()).await?;
    let (is_begun, is_paper) = (begun.is_some(), matches!(typed, StepCode::Recovery(_)));
    let (whose, whom) = begun.unwrap_or_default();
    let whose = Id::new(whose.unwrap_or(Uuid::nil()));
    // What ends all of a customer's challenges holds the customer first as well.
    hold(conn, whose).await?;
    let known = devices::is_known(conn, shop, whose, device).await?;
    let by_address = whom.is_some();
    let who = if whose.0.is_nil() { whom.unwrap_or(token.hash().to_vec()) } else { tries_of(whose, known, device) };
    let alone = match (kind, typed) {
        // Of 120 bits: nobody guesses one, and whoever has the password must not use up the owner's way past a lost app.
        (_, StepCode::Recovery(_)) => None,
        (Kind::Claim, _) => Some(limits::CLAIM_TRIES),
        _ => Some(limits::STEP_CODE),
    };
    let counted = counted(conn, shop, known, by_address, alone, who, device).await?;
    for (limit, who) in &counted {
        if let Standing::Over { minutes, first } = limits::take(conn, shop, *limit, who).await? {
            // Whose network or shop is busy has not been tried at more than others.
            if first && !limit.is_shared() {
                if whose.0.is_nil() {
                    for _ in 0..2 {
                        limits::take(conn, shop, limits::LOGIN_NOBODY, who).await?;
                    }
                } else {
                    // Begun by the password, or by a code of the mailbox: whoever tries has one half already.
                    let half = !by_address && kind == Kind::SignIn;
                    let told = if half { AccountEvent::ManyWrongSecondCodes } else { AccountEvent::ManyWrongCodes };
                    record(conn, shop, whose, SignInOutcome::Blocked, device).await?;
                    events::many_failed_tries(conn, shop, whose, told, device).await?;
                }
            }
            return Ok(Tried::Wrong { customer: None, fault: Fault::TooMany { minutes } });
        }
    }
    let row = fetch_optional!(
        conn,
        (Uuid, Option<Uuid>, String, Option<String>, Option<String>),
        "UPDATE challenge SET tries = tries + 1 WHERE token_hash = $1 AND kind = $2 AND tries < $3
           AND expires_at > $4 AND expires_at <= $5
         RETURNING id, customer_id, asks, password_hash, CASE WHEN counted THEN network END",
        token.hash().to_vec(),
        kind.word(),
        TRIES,
        shop.now(),
        shop.now() + CODE_LIFE + SKEW
    )
    .await?;
    let is_over = row.is_none();
    let Some((id, Some(customer), asks, password, network)) = row else {
        // As much is written as for an account's owner to see, or the time would tell that there is none.
        limits::take(conn, shop, limits::LOGIN_NOBODY, &token.hash()).await?;
        // A token that was made up guesses at nothing, and no mail went for it: it must not make the door stricter.
        let counts = !known && is_begun && !is_paper;
        wrong(conn, shop, counts).await?;
        let fault = if is_over { Fault::CodeOver } else { Fault::Code };
        return Ok(Tried::Wrong { customer: None, fault });
    };
    let (customer, asked) = (Id::new(customer), AskedFor::from_word(&asks));
    let right = match (asked, typed) {
        (AskedFor::Mail, StepCode::Digits(typed)) => {
            bool::from(mail_code(shop, id).as_bytes().ct_eq(typed.code.as_bytes()))
        }
        (AskedFor::Mail, StepCode::App(_) | StepCode::Recovery(_)) => false,
        (AskedFor::App, typed) => second_factor(conn, shop, customer, typed, device).await?,
    };
    if !right {
        wrong(conn, shop, !known && !is_paper).await?;
        let fault = match asked {
            AskedFor::Mail => Fault::Code,
            AskedFor::App => not_the_factor(typed),
        };
        return Ok(Tried::Wrong { customer: Some(customer), fault });
    }
    // Where the app is asked for next, its tries are given back by nothing: its codes could be guessed for ever by whoever
    // reads the mailbox.
    let goes_on = kind != Kind::Claim && asked == AskedFor::Mail && totp::is_set(conn, customer).await?;
    // What a challenge that was begun by the address alone is counted by is not what the app's codes are.
    let counts_both = goes_on && (known || !by_address);
    for (limit, who) in counted.iter().filter(|(limit, _)| limit.is_shared() || !counts_both) {
        limits::honest(conn, shop, *limit, who).await?;
    }
    end(conn, shop, id).await?;
    Ok(Tried::Right(Proved { begun: Begun { id, counted: network }, asked, customer, password }))
}

/// By what tries at a customer's codes are counted: all strange browsers together, and each that they are known by alone.
pub(super) fn tries_of(customer: Id<Customer>, known: bool, device: &Device) -> Vec<u8> {
    let place = device.token.as_ref().filter(|_| known).map_or([0; 32], Token::hash);
    [customer.0.as_bytes(), &place[..]].concat()
}

/// Where a try at `who`'s code is counted. A browser that they are known by is nobody else's business; from any other,
/// while there are many wrong codes everywhere, a customer's codes are tried less often.
///
/// A challenge that was begun `by_address` is one that anybody can begin. It is counted by place, so that a stranger does
/// not use up the tries of an owner elsewhere, and apart from those begun by the password, so that strangers use up nothing
/// of an owner who knows it. `alone` is what a person's other tries of this kind are counted by; `None`: by the network only.
async fn counted(
    conn: &mut Conn,
    shop: &Shop,
    known: bool,
    by_address: bool,
    alone: Option<Limit>,
    who: Vec<u8>,
    device: &Device,
) -> Result<Vec<(Limit, Vec<u8>)>, sqlx::Error> {
    let alone_here = alone.map(|limit| (limit, who.clone()));
    if known {
        return Ok(alone_here.into_iter().collect());
    }
    let mut counted = match (alone, by_address) {
        (None, _) => Vec::new(),
        (Some(_), true) => {
            vec![(limits::STEP_PLACE, limits::at_place(&who, device)), (limits::STEP_ADDRESS, who.clone())]
        }
        (Some(_), false) => alone_here.into_iter().collect(),
    };
    if alone.is_some() && limits::is_over(conn, shop, limits::WRONG_CODES, &[]).await? {
        let seldom = if by_address { limits::STEP_ADDRESS_SELDOM } else { limits::STEP_CODE_SELDOM };
        counted.push((seldom, who));
    }
    counted.extend(limits::of_network(limits::STEP_NETWORK, device));
    Ok(counted)
}

/// Has a wrong code make the door stricter in the end, if it `counts`: from a browser that its owner is not known by, of a
/// challenge that was begun, and no recovery code, of which nobody guesses one.
pub(super) async fn wrong(conn: &mut Conn, shop: &Shop, counts: bool) -> Result<(), sqlx::Error> {
    if counts && let Standing::Over { first: true, .. } = limits::take(conn, shop, limits::WRONG_CODES, &[]).await? {
        tracing::warn!(
            "many wrong codes at the door: somebody may be guessing; strange browsers get fewer tries for now"
        );
    }
    Ok(())
}

/// Compares a code of the customer's app, or one of their recovery codes, in the caller's transaction; each is taken
/// once, and of a recovery code its owner is told. Who calls counts the tries.
pub(super) async fn second_factor(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    typed: &StepCode,
    device: &Device,
) -> Result<bool, DoorError> {
    let right = match typed {
        StepCode::Digits(_) => return Ok(false),
        StepCode::App(typed) => totp::check(conn, shop, customer, typed).await?,
        StepCode::Recovery(typed) => {
            let spent = recovery::spend(conn, shop, customer, typed).await?;
            if spent {
                events::happened(conn, shop, customer, AccountEvent::RecoveryCodeUsed, device).await?;
            }
            spent
        }
    };
    if right {
        let since = match typed {
            StepCode::Recovery(_) => recovery::standing(conn, customer).await?.made_at,
            _ => totp::since(conn, customer).await?,
        };
        lost::found(conn, shop, customer, since.unwrap_or(shop.now()), device).await?;
    }
    Ok(right)
}

/// Notes in the session of `token` that a code was given which [`second_factor`] has taken. Recovery codes of these days do
/// not count, whatever set they took the place of: a thief of a session may have made them.
pub(super) async fn note_app_proof(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    typed: &StepCode,
    token: &Token,
) -> Result<(), sqlx::Error> {
    let counts = match typed {
        StepCode::Recovery(_) => {
            recovery::standing(conn, customer).await?.made_at.is_some_and(|at| email_change::is_old(shop, at))
        }
        StepCode::App(_) | StepCode::Digits(_) => true,
    };
    if counts {
        session::app_proved(conn, shop, token).await?;
    }
    Ok(())
}

/// What to say of a code that [`second_factor`] refused.
pub(super) const fn not_the_factor(typed: &StepCode) -> Fault {
    match typed {
        StepCode::Recovery(_) => Fault::RecoveryCode,
        StepCode::App(_) | StepCode::Digits(_) => Fault::AppCode,
    }
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
