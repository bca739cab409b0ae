//! Tries at the code of a challenge.

use noren_domain::Id;
use noren_domain::account::{AccountEvent, AskedFor, Customer, SignInOutcome, StepCode};
use noren_domain::form::Fault;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{Begun, CODE_LIFE, Kind, TRIES, end};
use crate::account::factors::{hold, not_the_factor, second_factor};
use crate::account::limits::{self, Limit, Over, Standing};
use crate::account::sign_in::record;
use crate::account::{DoorError, devices, events, mail_code, totp};
use crate::clock::SKEW;
use crate::db::Conn;
use crate::session::Device;
use crate::token::Token;
use crate::{Shop, fetch_optional};

/// One whose code was right. It is over: its row is gone with the transaction.
pub(in crate::account) struct Proved {
    pub begun: Begun,
    /// What was asked for.
    pub asked: AskedFor,
    pub customer: Id<Customer>,
    /// The hash of the new password that waited for it.
    pub password: Option<String>,
}

/// How a try ended.
pub(in crate::account) enum Tried {
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

/// Tries a code, in the caller's transaction, which must be committed however it ends: the try is counted before
/// the code is looked at, so tries at the same moment count as well. A right code ends the challenge.
///
/// Tries are counted for each challenge and, so that nobody gets five more by beginning anew, for the customer, or for the
/// address that has none, alike ([`counted`]). Whoever spreads their guesses over many customers is counted by network, and
/// over many networks, everywhere ([`limits::WRONG_CODES`]).
pub(in crate::account) async fn attempt(
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
        // Nor is anything guessed at by a token that was made up; what it may write is bounded by its network.
        _ if !is_begun => None,
        (Kind::Claim, _) => Some(limits::CLAIM_TRIES),
        _ => Some(limits::STEP_CODE),
    };
    let counted = counted(conn, shop, known, by_address, alone, who, device).await?;
    if let Some(over) = limits::take_all(conn, shop, &counted).await? {
        // Begun by the password, or by a code of the mailbox: whoever tries has one half already.
        let half = !by_address && kind == Kind::SignIn;
        if over.is_told() {
            used_up(conn, shop, whose, &over, half, device).await?;
        }
        return Ok(Tried::Wrong { customer: None, fault: over.fault() });
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

/// Tells the owner, in their history and by mail, that all tries at their codes were used up, by somebody who has `half` of
/// what opens the account. As much is written where nobody has one, who is counted by the address alone.
async fn used_up(
    conn: &mut Conn,
    shop: &Shop,
    whose: Id<Customer>,
    over: &Over<'_>,
    half: bool,
    device: &Device,
) -> Result<(), sqlx::Error> {
    if whose.0.is_nil() {
        for _ in 0..2 {
            limits::take(conn, shop, limits::LOGIN_NOBODY, over.who).await?;
        }
        return Ok(());
    }
    let told = if half { AccountEvent::ManyWrongSecondCodes } else { AccountEvent::ManyWrongCodes };
    record(conn, shop, whose, SignInOutcome::Blocked, device).await?;
    events::many_failed_tries(conn, shop, whose, told, device).await
}

/// By what tries at a customer's codes are counted: all strange browsers together, and each that they are known by alone.
pub(in crate::account) fn tries_of(customer: Id<Customer>, known: bool, device: &Device) -> Vec<u8> {
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
    // First, so that what a network is refused uses up nobody's tries.
    let mut counted = limits::of_network(limits::STEP_NETWORK, device);
    let Some(alone) = alone_here else { return Ok(counted) };
    let is_strict = limits::is_over(conn, shop, limits::WRONG_CODES, &[]).await?;
    if by_address {
        let place = limits::at_place(&who, device);
        if is_strict {
            counted.extend([(limits::STEP_PLACE_SELDOM, place.clone()), (limits::STEP_ADDRESS_SELDOM, who.clone())]);
        }
        counted.extend([(limits::STEP_PLACE, place), (limits::STEP_ADDRESS, who)]);
    } else {
        // The stricter one first: what it refuses uses up nothing else.
        if is_strict {
            counted.push((limits::STEP_CODE_SELDOM, who));
        }
        counted.push(alone);
    }
    Ok(counted)
}

/// Has a wrong code make the door stricter in the end, if it `counts`: from a browser that its owner is not known by, of a
/// challenge that was begun, and no recovery code, of which nobody guesses one.
pub(in crate::account) async fn wrong(conn: &mut Conn, shop: &Shop, counts: bool) -> Result<(), sqlx::Error> {
    if counts && let Standing::Over { first: true, .. } = limits::take(conn, shop, limits::WRONG_CODES, &[]).await? {
        tracing::warn!(
            "many wrong codes at the door: somebody may be guessing; strange browsers get fewer tries for now"
        );
    }
    Ok(())
}
