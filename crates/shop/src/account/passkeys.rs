//! Passkeys: public keys by which customers sign in with what their device asks of them, a finger, a face or a
//! PIN (WebAuthn level 3). Both factors at once, nothing to be phished, nothing of worth in the database.
//!
//! Each act is a ceremony of two halves: `begin_…` makes a challenge, which waits in the database, and `finish_…`
//! takes the answer. What is verified, and in which order, is webauthn-rs' (docs/adr/0022).

mod rows;
#[cfg(test)]
mod tests;

pub(crate) use rows::OVER_CEREMONIES;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use noren_domain::Id;
use noren_domain::account::{
    AccountEvent, Ceremony, Customer, MAX_PASSKEYS, PasskeyName, PasskeyView, PasskeysView, SignInOutcome, SignInWay,
};
use noren_domain::form::Fault;
use uuid::Uuid;
use webauthn_rs::prelude::{
    Credential, DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Webauthn, WebauthnBuilder, WebauthnError,
};
use webauthn_rs_proto::ResidentKeyRequirement;

use super::factors::{hold, hold_in_session};
use super::limits;
use super::sign_in::{came_in, enter, record};
use super::{Entered, challenge, devices, email_change, events, lost};
use crate::db::Conn;
use crate::session::{self, Device, Recent, SignedIn};
use crate::token::Token;
use crate::vault::{Asker, Field, For, VaultError};
use crate::{Shop, outbox};
use rows::Kind;

const MINUTE: i64 = 60_000;
/// A challenge is good for so long: what WebAuthn (15.1) recommends as the time to answer one.
const CEREMONY_LIFE: i64 = 5 * MINUTE;

/// A passkey was not added, changed or believed.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// For a reason the person can mend.
    #[error("refused: {0:?}")]
    Refused(Fault),
    /// No such challenge waits: it was answered, is over, or is another browser's, customer's or act's.
    #[error("no such challenge of a passkey waits for this browser")]
    Stale,
    /// No such passkey, or not the one of whoever is asked.
    #[error("no such passkey")]
    Unknown,
    /// The answer does not hold.
    #[error("a passkey's answer does not hold: {0}")]
    Disbelieved(WebauthnError),
    /// The shop's address has no name that a passkey could be for.
    #[error(
        "passkeys need an address with a name: set NOREN_URL to https://your.domain, or in development to http://localhost:3000"
    )]
    Nameless,
    /// A challenge cannot be made.
    #[error("a passkey's challenge cannot be made: {0}")]
    Challenge(WebauthnError),
    /// What lies in the database is not what this version writes there.
    #[error(
        "a passkey or its challenge in the database cannot be read: {0}; was it written by a newer version of Noren?"
    )]
    Stored(#[from] serde_json::Error),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl PasskeyError {
    /// What to say, if it is the person's to mend. What exactly is wrong with an answer nobody is told: one word
    /// for everything helps no one who guesses.
    pub fn fault(&self) -> Option<Fault> {
        match self {
            Self::Refused(fault) => Some(fault.clone()),
            Self::Stale | Self::Unknown | Self::Disbelieved(_) => Some(Fault::Passkey),
            _ => None,
        }
    }
}

/// The shop as authenticators know it: by the name in its address, whatever the port.
fn party(shop: &Shop) -> Result<Webauthn, PasskeyError> {
    let origin = Url::parse(&shop.url).map_err(|_| PasskeyError::Nameless)?;
    // An address in numbers has no domain.
    let name = origin.domain().ok_or(PasskeyError::Nameless)?;
    WebauthnBuilder::new(name, &origin).and_then(WebauthnBuilder::build).map_err(PasskeyError::Challenge)
}

/// Whether the shop's address has a name that passkeys can be for.
pub fn possible(shop: &Shop) -> bool {
    party(shop).is_ok()
}

/// Begins to add a passkey to the customer's own account. `browser` is what this browser, and no other, answers with.
///
/// # Errors
/// There are ten already; the shop's address has no name; the vault or the database.
pub async fn begin_add(shop: &Shop, who: &Recent, browser: &Token) -> Result<Ceremony, PasskeyError> {
    let party = party(shop)?;
    let customer = who.customer();
    let mut conn = shop.db.read().await?;
    let known = rows::of(&mut conn, customer).await?;
    let email = rows::email(&mut conn, customer).await?;
    drop(conn);
    if known.len() >= MAX_PASSKEYS as usize {
        return Err(full());
    }
    // What the device shows when it asks which account: without the address two accounts look alike.
    let asker = Asker::customer(customer, "account/passkeys");
    let opened = shop.vault.open(asker, For::SelfView, customer.0, &[(Field::Email, Some(&email))]).await?;
    let email = opened.expose(Field::Email);
    let known = known.into_iter().map(|passkey| passkey.credential_id).collect();
    let begun = party.start_passkey_registration(customer.0, email, email, Some(known));
    let (mut challenge, state) = begun.map_err(PasskeyError::Challenge)?;
    // The library leaves it to the device whether it remembers whose key it is. Ours are for signing in without
    // typing an address, so one that does not would be of no use.
    if let Some(wanted) = &mut challenge.public_key.authenticator_selection {
        wanted.resident_key = Some(ResidentKeyRequirement::Required);
        wanted.require_resident_key = true;
    }
    let state = serde_json::to_string(&state)?;
    let options = serde_json::to_string(&challenge)?;
    begin(shop, browser, Kind::Add, Some(customer), state, options).await
}

/// Adds the passkey that the browser made for a challenge of [`begin_add`], and signs every other browser out.
///
/// # Errors
/// The answer does not hold or no challenge waits for it; there are ten already; too much was changed within the hour; the
/// session has ended; the database.
pub async fn finish_add(
    shop: &Shop,
    who: &Recent,
    browser: &Token,
    ceremony: Uuid,
    answer: &str,
    name: &PasskeyName,
    device: &Device,
) -> Result<(), PasskeyError> {
    let party = party(shop)?;
    let answer: RegisterPublicKeyCredential = read(answer)?;
    let (customer, now) = (who.customer(), shop.now());
    let mut tx = shop.db.write().await?;
    if !hold_in_session(&mut tx, who).await? {
        return Err(PasskeyError::Refused(Fault::SessionEnded));
    }
    let taken = rows::take(&mut tx, browser, ceremony, Kind::Add, Some(customer), now).await?;
    let Some(state) = taken else { return Err(PasskeyError::Stale) };
    let state: PasskeyRegistration = serde_json::from_str(&state)?;
    let passkey = match party.finish_passkey_registration(&answer, &state) {
        Ok(passkey) => passkey,
        Err(error) => {
            // The challenge is used up all the same.
            tx.commit().await?;
            return Err(PasskeyError::Disbelieved(error));
        }
    };
    if rows::of(&mut tx, customer).await?.len() >= MAX_PASSKEYS as usize {
        tx.commit().await?;
        return Err(full());
    }
    if let Some(fault) = events::too_many(&mut tx, shop, customer).await? {
        tx.commit().await?;
        return Err(PasskeyError::Refused(fault));
    }
    let row = rows::Row {
        credential_id: passkey.cred_id().as_slice().to_vec(),
        credential: serde_json::to_string(&passkey)?,
        name: name.as_str().to_owned(),
        backed_up: Credential::from(passkey).backup_state,
        created_at: now,
        used_at: None,
    };
    if !rows::insert(&mut tx, customer, &row).await? {
        // Somebody else's passkey, or the same one twice: it stays whose it is.
        tx.commit().await?;
        return Err(PasskeyError::Unknown);
    }
    changed(&mut tx, shop, who, AccountEvent::PasskeyAdded, device).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(())
}

/// The section about passkeys on the customer's security page.
pub async fn list(shop: &Shop, who: &SignedIn) -> Result<PasskeysView, sqlx::Error> {
    let rows = rows::of(&mut shop.db.read().await?, who.customer).await?;
    let passkeys = rows.into_iter().map(|row| PasskeyView {
        id: URL_SAFE_NO_PAD.encode(row.credential_id),
        name: row.name,
        added: row.created_at,
        used: row.used_at,
        synced: row.backed_up,
    });
    Ok(PasskeysView { passkeys: passkeys.collect(), possible: possible(shop) })
}

/// Gives one of the customer's own passkeys another name.
pub async fn rename(shop: &Shop, who: &SignedIn, id: &str, name: &PasskeyName) -> Result<(), PasskeyError> {
    let id = credential_id(id)?;
    let mut tx = shop.db.write().await?;
    let renamed = rows::rename(&mut tx, who.customer, &id, name.as_str()).await?;
    tx.commit().await?;
    if renamed { Ok(()) } else { Err(PasskeyError::Refused(Fault::NotFound)) }
}

/// Takes one of the customer's own passkeys away: from now on it opens nothing, and every other browser is signed
/// out, for it may have been opened with that. Nor are they known by another browser any more: whoever came in with the
/// passkey made one known, and the password alone would open it again.
///
/// # Errors
/// It is not there, or not theirs; the session has ended; the database.
pub async fn remove(shop: &Shop, who: &Recent, id: &str, device: &Device) -> Result<(), PasskeyError> {
    let id = credential_id(id)?;
    let mut tx = shop.db.write().await?;
    if !hold_in_session(&mut tx, who).await? {
        return Err(PasskeyError::Refused(Fault::SessionEnded));
    }
    if let Some(fault) = email_change::paused(&mut tx, shop, who.customer()).await? {
        return Err(PasskeyError::Refused(fault));
    }
    if !rows::delete(&mut tx, who.customer(), &id).await? {
        return Err(PasskeyError::Refused(Fault::NotFound));
    }
    devices::forget_others(&mut tx, who.customer(), device).await?;
    changed(&mut tx, shop, who, AccountEvent::PasskeyRemoved, device).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(())
}

/// After a change of what opens the account: whoever sits in another browser has to come in anew.
async fn changed(
    conn: &mut Conn,
    shop: &Shop,
    who: &Recent,
    event: AccountEvent,
    device: &Device,
) -> Result<(), sqlx::Error> {
    session::close_all(conn, who.customer(), Some(who.session()), shop.now()).await?;
    events::happened(conn, shop, who.customer(), event, device).await
}

/// Begins to sign in, or, with a `customer`, to prove once more that it is still them. Nobody is asked who they
/// are, so the challenge tells nobody who has an account or a passkey.
///
/// # Errors
/// The network has had too many; the shop's address has no name; the database.
pub async fn begin_sign_in(
    shop: &Shop,
    customer: Option<Id<Customer>>,
    browser: &Token,
    device: &Device,
) -> Result<Ceremony, PasskeyError> {
    let party = party(shop)?;
    let mut tx = shop.db.write().await?;
    let network = limits::of_network(limits::PASSKEY_NETWORK, device);
    let over = limits::take_all(&mut tx, shop, &network).await?;
    tx.commit().await?;
    if let Some(over) = over {
        return Err(PasskeyError::Refused(over.fault()));
    }
    let (challenge, state) = party.start_discoverable_authentication().map_err(PasskeyError::Challenge)?;
    let state = serde_json::to_string(&state)?;
    let options = serde_json::to_string(&challenge)?;
    begin(shop, browser, Kind::SignIn, customer, state, options).await
}

/// Signs in whoever answered a challenge of [`begin_sign_in`]. A passkey asks for its owner's finger, face or PIN:
/// it is both factors, and no second step follows. Where this browser has begun to sign in by a password and waits for a
/// code, with the token `pending`, the passkey takes the code's place.
///
/// # Errors
/// The answer does not hold or no challenge waits for it; the database.
pub async fn sign_in(
    shop: &Shop,
    browser: &Token,
    ceremony: Uuid,
    answer: &str,
    device: &Device,
    old: Option<&Token>,
    pending: Option<&Token>,
) -> Result<Entered, PasskeyError> {
    let mut tx = shop.db.write().await?;
    let customer = match answered(&mut tx, shop, None, browser, ceremony, answer, device).await {
        Ok(customer) => customer,
        Err(error) => {
            // The challenge is used up all the same.
            tx.commit().await?;
            outbox::ring();
            return Err(error);
        }
    };
    let begun = match pending {
        Some(pending) => challenge::overtaken(&mut tx, shop, pending, customer).await?,
        None => None,
    };
    came_in(&mut tx, shop, customer, begun, Some(SignInWay::Passkey), device).await?;
    let entered = enter(&mut tx, shop, customer, device, old).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(entered)
}

/// Proves a session anew by a passkey of its own customer, who has answered a challenge made for them; gives the new
/// token that the browser is to hold from now on.
///
/// # Errors
/// The answer does not hold or no challenge waits for it; the session has ended meanwhile; the database.
pub async fn prove(
    shop: &Shop,
    who: &SignedIn,
    browser: &Token,
    ceremony: Uuid,
    answer: &str,
    device: &Device,
) -> Result<Token, PasskeyError> {
    let mut tx = shop.db.write().await?;
    if let Err(error) = answered(&mut tx, shop, Some(who.customer), browser, ceremony, answer, device).await {
        tx.commit().await?;
        outbox::ring();
        return Err(error);
    }
    let Some(token) = session::prove(&mut tx, shop, who).await? else {
        return Err(PasskeyError::Refused(Fault::SessionEnded));
    };
    tx.commit().await?;
    outbox::ring();
    Ok(token)
}

/// Who has answered a challenge of [`begin_sign_in`], which had the same `customer`, in the caller's transaction.
/// Commit it whatever comes of it: no answer is looked at twice.
async fn answered(
    conn: &mut Conn,
    shop: &Shop,
    customer: Option<Id<Customer>>,
    browser: &Token,
    ceremony: Uuid,
    answer: &str,
    device: &Device,
) -> Result<Id<Customer>, PasskeyError> {
    let party = party(shop)?;
    let answer: PublicKeyCredential = read(answer)?;
    // Whatever changes this customer's factors takes hold of the customer first, and of a passkey after that.
    if let Some(owner) = rows::owner(conn, &answer.raw_id).await? {
        hold(conn, owner).await?;
    }
    let taken = rows::take(conn, browser, ceremony, Kind::SignIn, customer, shop.now()).await?;
    let state: DiscoverableAuthentication = serde_json::from_str(&taken.ok_or(PasskeyError::Stale)?)?;
    let found = rows::find(conn, &answer.raw_id).await?.ok_or(PasskeyError::Unknown)?;
    let owner = Id::new(found.customer_id);
    // The device says whose key it is; it must be whose we say, and who is asked.
    let (said, _) = party.identify_discoverable_authentication(&answer).map_err(PasskeyError::Disbelieved)?;
    if said != owner.0 || customer.is_some_and(|asked| asked != owner) {
        return Err(PasskeyError::Unknown);
    }
    let mut passkey: Passkey = serde_json::from_str(&found.credential)?;
    match party.finish_discoverable_authentication_v2(&answer, state, &passkey) {
        Ok(proof) => {
            passkey.update_credential(&proof);
            let credential = serde_json::to_string(&passkey)?;
            rows::used(conn, &answer.raw_id, &credential, proof.backup_state(), shop.now()).await?;
            lost::found(conn, shop, owner, found.created_at, device).await?;
            Ok(owner)
        }
        Err(error) => {
            if matches!(error, WebauthnError::CredentialPossibleCompromise) {
                record(conn, shop, owner, SignInOutcome::Blocked, device).await?;
                events::happened(conn, shop, owner, AccountEvent::PasskeyDoubted, device).await?;
            }
            Err(PasskeyError::Disbelieved(error))
        }
    }
}

/// Keeps the challenge for the browser that gets it.
async fn begin(
    shop: &Shop,
    browser: &Token,
    kind: Kind,
    customer: Option<Id<Customer>>,
    state: String,
    options: String,
) -> Result<Ceremony, PasskeyError> {
    let now = shop.now();
    let id = shop.entropy.uuid(now);
    let mut tx = shop.db.write().await?;
    rows::put(&mut tx, id, browser, kind, customer, &state, now + CEREMONY_LIFE).await?;
    tx.commit().await?;
    Ok(Ceremony { id, options })
}

/// What the browser's authenticator answered, as JSON (`RegistrationResponseJSON`, `AuthenticationResponseJSON`).
fn read<T: serde::de::DeserializeOwned>(answer: &str) -> Result<T, PasskeyError> {
    serde_json::from_str(answer).map_err(|_| PasskeyError::Refused(Fault::Unreadable))
}

fn credential_id(id: &str) -> Result<Vec<u8>, PasskeyError> {
    URL_SAFE_NO_PAD.decode(id).map_err(|_| PasskeyError::Refused(Fault::NotFound))
}

fn full() -> PasskeyError {
    PasskeyError::Refused(Fault::PasskeysFull { max: MAX_PASSKEYS })
}
