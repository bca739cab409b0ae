//! Limits on tries, counted in the database so that they hold across nodes: the generic cell rate algorithm
//! (ITU-T I.371), which keeps one time for each key and gives tries back evenly instead of all at once.

use noren_domain::form::Fault;

use super::DoorError;
use crate::db::{Conn, Dialect};
use crate::session::Device;
use crate::{Shop, execute, fetch_one, fetch_optional};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// So many tries at once, and as many again spread over the period.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// What is counted; part of the key.
    label: &'static str,
    most: i64,
    /// Milliseconds.
    period: i64,
    /// Counts many people together: a network, or everybody.
    shared: bool,
}

impl Limit {
    const fn alone(label: &'static str, most: i64, period: i64) -> Self {
        Self { label, most, period, shared: false }
    }

    const fn shared(label: &'static str, most: i64, period: i64) -> Self {
        Self { label, most, period, shared: true }
    }

    /// Tries at once.
    #[cfg(test)]
    pub(super) const fn most(self) -> i64 {
        self.most
    }

    /// Whether many people are counted together.
    pub const fn is_shared(self) -> bool {
        self.shared
    }
}

/// How much more than a network of IPv6 (/64) the /48 that it belongs to may do. One customer of a provider often has
/// all 65,536 networks of a /48 (RFC 6177), and so could begin anew in each.
const OF_A_SITE: i64 = 4;

/// Where `limit` counts what comes from `device`: by its network and, for IPv6, by the site around that.
pub fn of_network(limit: Limit, device: &Device) -> Vec<(Limit, Vec<u8>)> {
    let site = device.site().map(|site| (Limit { most: limit.most * OF_A_SITE, ..limit }, site.into_bytes()));
    std::iter::once((limit, device.network.as_bytes().to_vec())).chain(site).collect()
}

/// `who`, as they are tried from one place: an IPv4 /24, or an IPv6 /48, for one customer of a provider has all of that.
pub fn at_place(who: &[u8], device: &Device) -> Vec<u8> {
    let site = device.site();
    [who, site.as_deref().unwrap_or(&device.network).as_bytes()].concat()
}

/// Keeps the limits, and a list of all of them: none is left out of what is claimed of each.
macro_rules! limits {
    ($($(#[$said:meta])* pub const $name:ident: Limit = $limit:expr;)*) => {
        $($(#[$said])* pub const $name: Limit = $limit;)*

        /// All of them.
        #[cfg(test)]
        pub(super) const ALL: &[Limit] = &[$($name),*];
    };
}

limits! {
    /// Failed logins of one address from one place: whoever guesses elsewhere does not use up its owner's.
    pub const LOGIN_PLACE: Limit = Limit::alone("login-place", 10, 15 * MINUTE);
    /// Failed logins of one address from anywhere.
    pub const LOGIN_ADDRESS: Limit = Limit::alone("login-address", 40, 15 * MINUTE);
    /// Failed logins from one network.
    pub const LOGIN_NETWORK: Limit = Limit::shared("login-network", 50, 15 * MINUTE);
    /// Failed logins from anywhere but from browsers that the account's owner is known by.
    pub const LOGIN_ANYWHERE: Limit = Limit::shared("login-anywhere", 600, MINUTE);
    /// Failed logins in a browser that the account's owner is known by. They are counted here and nowhere else, so that
    /// neither strangers nor neighbours lock the owner out.
    pub const LOGIN_HOME: Limit = Limit::alone("login-home", 20, 15 * MINUTE);
    /// Refused logins of an address without an account; nobody is ever over it.
    pub const LOGIN_NOBODY: Limit = Limit::alone("login-nobody", i64::MAX, MINUTE);
    /// Registrations of one address from one place: whoever registers it from elsewhere does not use up its owner's.
    pub const REGISTER_PLACE: Limit = Limit::alone("register-place", 5, HOUR);
    /// Registrations of one address in all: so many mails it can be sent by strangers.
    pub const REGISTER_ADDRESS: Limit = Limit::alone("register-address", 20, HOUR);
    /// Registrations from one network.
    pub const REGISTER_NETWORK: Limit = Limit::shared("register-network", 100, HOUR);
    /// Registrations from anywhere: each costs a hash.
    pub const REGISTER_ANYWHERE: Limit = Limit::shared("register-anywhere", 600, MINUTE);
    /// Codes by mail to one address, asked for from one place: whoever asks from elsewhere does not use up the owner's.
    pub const CODE_PLACE: Limit = Limit::alone("code-place", 5, HOUR);
    /// Codes by mail to one address in all, so that nobody's mailbox is flooded.
    pub const CODE_ADDRESS: Limit = Limit::alone("code-address", 20, HOUR);
    /// Codes by mail asked for in a browser that the account's owner is known by.
    pub const CODE_HOME: Limit = Limit::alone("code-home", 5, HOUR);
    /// Codes by mail after a right password.
    pub const CODE_PASSWORD: Limit = Limit::alone("code-password", 10, HOUR);
    /// Codes by mail asked for by one customer to bring orders of a guest in.
    pub const CLAIM_CODE: Limit = Limit::alone("claim-code", 5, HOUR);
    /// Such codes typed in for one customer, apart from those at the door: a thief of a session uses up none of theirs.
    pub const CLAIM_TRIES: Limit = Limit::alone("claim-tries", 10, HOUR);
    /// New passwords tried from one network: each costs a hash.
    pub const RESET_NETWORK: Limit = Limit::shared("reset-network", 100, HOUR);
    /// New passwords tried by one customer who is signed in: each is judged and costs a hash. A change gives nothing back.
    pub const CHANGE_PASSWORD: Limit = Limit::alone("change-password", 20, HOUR);
    /// The same in all sessions of one customer, so that a thief of one does not use up what the owner has in another.
    pub const CHANGE_PASSWORD_CUSTOMER: Limit = Limit::alone("change-password-customer", 80, HOUR);
    /// Codes typed in for one customer, whichever challenge they are for, after a right password or in a browser that they
    /// are known by.
    pub const STEP_CODE: Limit = Limit::alone("step-code", 10, HOUR);
    /// The same from strange browsers, while there are many [`WRONG_CODES`].
    pub const STEP_CODE_SELDOM: Limit = Limit::alone("step-code-seldom", 2, HOUR);
    /// Codes typed in for one address, from one place, of challenges that were begun by the address alone.
    pub const STEP_PLACE: Limit = Limit::alone("step-place", 10, HOUR);
    /// The same from anywhere: as many places as [`CODE_ADDRESS`] has codes for.
    pub const STEP_ADDRESS: Limit = Limit::alone("step-address", 40, HOUR);
    /// The same from one place, while there are many [`WRONG_CODES`].
    pub const STEP_PLACE_SELDOM: Limit = Limit::alone("step-place-seldom", 2, HOUR);
    /// The same from anywhere: whoever guesses in one place leaves its owner elsewhere as many tries.
    pub const STEP_ADDRESS_SELDOM: Limit = Limit::alone("step-address-seldom", 4, HOUR);
    /// Codes typed in from one network, whoever they are for.
    pub const STEP_NETWORK: Limit = Limit::shared("step-network", 60, HOUR);
    /// Wrong codes from anywhere but from browsers that their owners are known by. Being over it shuts nobody out.
    pub const WRONG_CODES: Limit = Limit::shared("wrong-codes", 600, HOUR);
    /// Codes by mail asked for from one network.
    pub const CODE_NETWORK: Limit = Limit::shared("code-network", 100, HOUR);
    /// Wrong passwords of a person who is signed in and asked once more, in one session.
    pub const PROVE: Limit = Limit::alone("prove", 10, 15 * MINUTE);
    /// The same in all sessions of one customer, so that a thief of one does not use up what the owner has in another.
    pub const PROVE_CUSTOMER: Limit = Limit::alone("prove-customer", 40, 15 * MINUTE);
    /// Mails that tell an owner of many failed tries of one kind.
    pub const FAILED_TRIES_MAIL: Limit = Limit::alone("failed-tries-mail", 1, 24 * HOUR);
    /// Challenges for passkeys handed to one network. A passkey is not guessed: this bounds what strangers can
    /// have us write.
    pub const PASSKEY_NETWORK: Limit = Limit::shared("passkey-network", 600, 15 * MINUTE);
    /// Changes of saved addresses that an owner is told of.
    pub const ADDRESSES_TOLD: Limit = Limit::alone("addresses-told", 3, HOUR);
    /// Copies of one's data asked for by one customer: each costs an opening of all that is held.
    pub const EXPORT: Limit = Limit::alone("export", 5, 24 * HOUR);
    /// Check phrases asked for by one customer: each is told by a mail.
    pub const PHRASE: Limit = Limit::alone("phrase", 5, 24 * HOUR);
    /// Apps, passkeys and recovery codes that one customer sets up or makes anew in a session: each is told by a mail. Taking
    /// one away is not counted, or a thief could keep the owner from it.
    pub const ACTS: Limit = Limit::alone("acts", 20, HOUR);
    /// Changes of the language of one customer's mails: each is told by a mail.
    pub const MAIL_LANG: Limit = Limit::alone("mail-lang", 5, HOUR);
    /// Newsletters asked for by one customer: so many mails they can be sent by whoever is at their browser.
    pub const NEWSLETTER_CUSTOMER: Limit = Limit::alone("newsletter", 5, HOUR);
    /// Mails to one address because customers want to change to it; apart from [`CODE_ADDRESS`], or whoever has an
    /// account would use up the codes that the address is sent at the door.
    pub const EMAIL_WANTED: Limit = Limit::alone("email-wanted", 20, HOUR);
    /// Other addresses asked for by one customer, and codes for them sent again.
    pub const EMAIL_ASK: Limit = Limit::alone("email-ask", 5, HOUR);
    /// Codes typed in for one customer's change of the address.
    pub const EMAIL_CODE: Limit = Limit::alone("email-code", 10, HOUR);
    /// Addresses put back with a recovery code, tried from one network: each costs a hash. A code has 120 bits: this
    /// bounds the work, not the guessing.
    pub const BACK_NETWORK: Limit = Limit::shared("email-back-network", 60, HOUR);
    /// What is asked for at the doors in a browser that anybody is known by: each asks the vault once, before the rest is
    /// counted.
    pub const DOOR_HOME: Limit = Limit::alone("door-home", 60, 15 * MINUTE);
    /// Numbers of mails looked up from one network: too few to find one by trying.
    pub const CHECK_NETWORK: Limit = Limit::shared("check-network", 60, HOUR);
}

/// Where a try stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may go on.
    Within,
    /// One too many.
    Over {
        /// Minutes until the next try is let through, at least 1.
        minutes: u32,
        /// Whether it is the first one over the limit: worth noting once, not a thousand times.
        first: bool,
    },
}

fn key(shop: &Shop, limit: Limit, who: &[u8]) -> Vec<u8> {
    shop.keys.derive("limit", &[limit.label.as_bytes(), &[0], who].concat()).to_vec()
}

/// Counts one try of `who` before it is made, so that tries at the same moment cannot slip through.
pub async fn take(conn: &mut Conn, shop: &Shop, limit: Limit, who: &[u8]) -> Result<Standing, sqlx::Error> {
    let now = shop.now();
    let cost = (limit.period / limit.most).max(1);
    // A key that has all its tries arrives now; one that has none arrives `period` from now.
    let room = limit.period.max(cost) - cost;
    let sql = match conn.dialect() {
        Dialect::Sqlite => {
            "INSERT INTO rate_limit (key, arrival) VALUES ($1, $2 + $3)
             ON CONFLICT (key) DO UPDATE SET
               refused = CASE WHEN MIN(rate_limit.arrival, $5) - $2 <= $4 THEN 0 ELSE rate_limit.refused + 1 END,
               arrival = CASE WHEN MIN(rate_limit.arrival, $5) - $2 <= $4 THEN MAX(MIN(rate_limit.arrival, $5), $2) + $3 ELSE MIN(rate_limit.arrival, $5) END
             RETURNING arrival, refused"
        }
        Dialect::Postgres => {
            "INSERT INTO rate_limit (key, arrival) VALUES ($1, $2 + $3)
             ON CONFLICT (key) DO UPDATE SET
               refused = CASE WHEN LEAST(rate_limit.arrival, $5) - $2 <= $4 THEN 0 ELSE rate_limit.refused + 1 END,
               arrival = CASE WHEN LEAST(rate_limit.arrival, $5) - $2 <= $4 THEN GREATEST(LEAST(rate_limit.arrival, $5), $2) + $3 ELSE LEAST(rate_limit.arrival, $5) END
             RETURNING arrival, refused"
        }
    };
    // A time further ahead than the whole period is of a clock that was ahead.
    let latest = now.saturating_add(room + cost);
    let key = key(shop, limit, who);
    let (arrival, refused) = fetch_one!(conn, (i64, i64), sql, key, now, cost, room, latest).await?;
    if refused == 0 {
        return Ok(Standing::Within);
    }
    Ok(Standing::Over { minutes: minutes(arrival - room - now), first: refused == 1 })
}

/// A try that was one too many.
pub(super) struct Over<'a> {
    /// Of which limit, and for whom.
    pub limit: Limit,
    pub who: &'a [u8],
    /// Minutes until the next try is let through, at least 1.
    pub minutes: u32,
    /// Whether it is the first one over the limit.
    pub first: bool,
}

impl Over<'_> {
    /// Whether its owner is to hear of it: once, and not of a network or a shop that is busy, which says nothing of them.
    pub const fn is_told(&self) -> bool {
        self.first && !self.limit.is_shared()
    }

    /// What to say.
    pub const fn fault(&self) -> Fault {
        Fault::TooMany { minutes: self.minutes }
    }
}

/// Counts one try by each of these limits, in their order, up to the one that it is too many for: what that one refuses
/// counts against nobody after it. The transaction must be committed however it ends.
pub(super) async fn take_all<'a>(
    conn: &mut Conn,
    shop: &Shop,
    counted: &'a [(Limit, Vec<u8>)],
) -> Result<Option<Over<'a>>, sqlx::Error> {
    for (limit, who) in counted {
        if let Standing::Over { minutes, first } = take(conn, shop, *limit, who).await? {
            return Ok(Some(Over { limit: *limit, who, minutes, first }));
        }
    }
    Ok(None)
}

/// Counts a try like [`take`], in a transaction that is given up when it is one too many: nothing has been written in it but
/// what must not stand then.
pub(super) async fn within(conn: &mut Conn, shop: &Shop, limit: Limit, who: &[u8]) -> Result<(), DoorError> {
    match take(conn, shop, limit, who).await? {
        Standing::Within => Ok(()),
        Standing::Over { minutes, .. } => Err(DoorError::Refused(Fault::TooMany { minutes })),
    }
}

/// Counts a try like [`take`], for good, in a transaction of its own: it stands whatever becomes of what was tried.
pub(super) async fn spend(shop: &Shop, limit: Limit, who: &[u8]) -> Result<(), DoorError> {
    let mut tx = shop.db.write().await?;
    let within = within(&mut tx, shop, limit, who).await;
    tx.commit().await?;
    within
}

/// Whether `who` has no try left, without taking one.
pub async fn is_over(conn: &mut Conn, shop: &Shop, limit: Limit, who: &[u8]) -> Result<bool, sqlx::Error> {
    Ok(minutes_left(conn, shop, limit, who).await?.is_some())
}

/// Minutes until `who` has a try again, at least 1, without taking one; `None`: there is one left.
pub async fn minutes_left(conn: &mut Conn, shop: &Shop, limit: Limit, who: &[u8]) -> Result<Option<u32>, sqlx::Error> {
    let room = limit.period - limit.period / limit.most;
    // A time further ahead than the whole period is of a clock that was ahead: [`take`] puts it right, and must be reached.
    let (now, latest) = (shop.now(), shop.now().saturating_add(limit.period));
    let sql = "SELECT arrival FROM rate_limit WHERE key = $1 AND arrival > $2 AND arrival <= $3";
    let over = fetch_optional!(conn, (i64,), sql, key(shop, limit, who), now + room, latest).await?;
    Ok(over.map(|(arrival,)| minutes(arrival - room - now)))
}

fn minutes(milliseconds: i64) -> u32 {
    u32::try_from((milliseconds.max(0) + MINUTE - 1) / MINUTE).unwrap_or(u32::MAX).max(1)
}

/// A try turned out to be honest: it is given back where many people are counted together, and where
/// one is counted alone, so is everything tried before it.
pub async fn honest(conn: &mut Conn, shop: &Shop, limit: Limit, who: &[u8]) -> Result<(), sqlx::Error> {
    if limit.shared {
        return give_back(conn, shop, limit, who).await;
    }
    execute!(conn, "DELETE FROM rate_limit WHERE key = $1", key(shop, limit, who)).await?;
    Ok(())
}

/// Gives one try of `who` back, and none that was taken before it: however many are made at the same moment, and however
/// many of them are right, no more are under way than the limit has.
pub async fn give_back(conn: &mut Conn, shop: &Shop, limit: Limit, who: &[u8]) -> Result<(), sqlx::Error> {
    let cost = (limit.period / limit.most).max(1);
    let sql = "UPDATE rate_limit SET arrival = arrival - $2 WHERE key = $1";
    execute!(conn, sql, key(shop, limit, who), cost).await?;
    Ok(())
}

/// Until when what `who` has tried is held against them, UTC ms; 0: they have tried nothing.
#[cfg(test)]
pub(super) async fn arrival(conn: &mut Conn, shop: &Shop, limit: Limit, who: &[u8]) -> Result<i64, sqlx::Error> {
    let sql = "SELECT arrival FROM rate_limit WHERE key = $1";
    let row = fetch_optional!(conn, (i64,), sql, key(shop, limit, who)).await?;
    Ok(row.map_or(0, |(arrival,)| arrival))
}

#[cfg(test)]
mod tests;
