//! Passwords: which new ones are taken, and how they are kept: argon2id, never more at once than the machine can carry.

mod leaks;
mod room;
mod weakness;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use noren_domain::account::{Email, Password};
use noren_domain::form::Weakness;

use crate::Shop;

pub use leaks::{Leaks, PWNED_PASSWORDS};
pub use room::{Room, Ticket};

/// OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// What an unknown address is compared with, so that it takes as long as a known one. Nobody has
/// the password: the hash is made up.
const DUMMY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9yZW4gZHVtbXkgc2FsdA$Y3VydGFpbnMgZG8gbm90IG9wZW4gZm9yIHRoaXMgb25lIQ";

/// Nothing was hashed; a fault of ours, or there is no room now.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// argon2 refused, or a stored hash cannot be read.
    #[error("password hash: {0}")]
    Argon2(String),
    /// The worker did not come back.
    #[error("the worker that hashes passwords ended")]
    Worker(#[from] tokio::task::JoinError),
    /// As many wait for it as may.
    #[error("so many passwords wait to be hashed that one more is not let in")]
    Full,
}

fn argon2() -> Result<Argon2<'static>, HashError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|e| HashError::Argon2(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Why `password` is no good as a new one for the account of `email`, beside what [`Password::new`] says of
/// it: easy to guess, or in a leak. `None`: it may be set.
pub async fn weakness(
    shop: &Shop,
    ticket: &Ticket,
    password: &Password,
    email: Option<&Email>,
) -> Result<Option<Weakness>, HashError> {
    match (guessed(shop, ticket, password, email).await?, shop.leaks()) {
        (None, Some(leaks)) if leaks.hold(password).await => Ok(Some(Weakness::Leaked)),
        (found, _) => Ok(found),
    }
}

/// Why `password` is easy to guess for the account of `email`, without asking whether it was in a leak.
pub async fn guessed(
    shop: &Shop,
    ticket: &Ticket,
    password: &Password,
    email: Option<&Email>,
) -> Result<Option<Weakness>, HashError> {
    let (judged, own) = (password.clone(), weakness::own_words(email, shop.host()));
    ticket.serve(move || Ok(weakness::of(&judged, &own))).await
}

/// The PHC string of `password` as it was typed.
pub async fn hash(shop: &Shop, ticket: &Ticket, password: &Password) -> Result<String, HashError> {
    let (password, salt) = (password.clone(), shop.entropy.bytes::<16>());
    ticket
        .serve(move || {
            let hash: PasswordHash = argon2()?
                .hash_password_with_salt(password.expose().as_bytes(), &salt)
                .map_err(|e| HashError::Argon2(e.to_string()))?;
            Ok(hash.to_string())
        })
        .await
}

/// The hash of today's cost for `stored`, if that has another; `password` is its own. `None`: it is as it should be.
pub async fn upgraded(
    shop: &Shop,
    ticket: &Ticket,
    password: &Password,
    stored: &str,
) -> Result<Option<String>, HashError> {
    if stored.starts_with(&format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$")) {
        return Ok(None);
    }
    let (typed, was) = (password.clone(), stored.to_owned());
    // In the form that it was set in: whoever types the other one is let in by that alone.
    match ticket.serve(move || form_of(&typed, &was)).await? {
        Some(form) => Ok(Some(hash(shop, ticket, &form).await?)),
        None => Ok(None),
    }
}

/// Whether `password`, as typed or in its NFKC form, is the one of `stored`. Without `stored` (no
/// such account) the answer is no, after the same work.
pub async fn matches(ticket: &Ticket, password: &Password, stored: Option<String>) -> Result<bool, HashError> {
    let password = password.clone();
    ticket
        .serve(move || {
            let known = stored.is_some();
            let stored = stored.as_deref().unwrap_or(DUMMY);
            Ok(form_of(&password, stored)?.is_some() && known)
        })
        .await
}

/// The form of `typed` that `stored` was made of: as it was typed, or NFKC; `None`: it is another password.
fn form_of(typed: &Password, stored: &str) -> Result<Option<Password>, HashError> {
    if compare(typed, stored)? {
        return Ok(Some(typed.clone()));
    }
    match typed.nfkc() {
        Some(form) => Ok(compare(&form, stored)?.then_some(form)),
        None => Ok(None),
    }
}

fn compare(password: &Password, stored: &str) -> Result<bool, HashError> {
    let hash = PasswordHash::new(stored).map_err(|e| HashError::Argon2(e.to_string()))?;
    match argon2()?.verify_password(password.expose().as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(HashError::Argon2(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_recognised_in_either_unicode_form() {
        let shop = crate::testing::sqlite().await;
        let ticket = shop.hash_room().enter().unwrap();
        let typed = |raw: &str| Password::typed(raw).unwrap();
        let stored = hash(&shop, &ticket, &typed("がくせいしょくどう定食")).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(matches(&ticket, &typed("がくせいしょくどう定食"), Some(stored.clone())).await.unwrap());
        assert!(matches(&ticket, &typed("か\u{3099}くせいしょくどう定食"), Some(stored.clone())).await.unwrap());
        assert!(!matches(&ticket, &typed("かくせいしょくどう定食"), Some(stored)).await.unwrap());
    }

    #[tokio::test]
    async fn a_new_password_is_held_against_guesses_and_its_own_account() {
        let shop = crate::testing::sqlite().await;
        let ticket = shop.hash_room().enter().unwrap();
        let email = Email::parse("kazuko.mori@example.jp").unwrap();
        let judged =
            async |raw: &str| weakness(&shop, &ticket, &Password::typed(raw).unwrap(), Some(&email)).await.unwrap();
        assert_eq!(judged("wardrobe velvet onion").await, None);
        assert_eq!(judged("wardrobe\0velvet onion").await, None);
        assert_eq!(judged("letmeinletmein").await, Some(Weakness::Pattern));
        assert_eq!(judged("shop.examplekazuko").await, Some(Weakness::Own));
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_is_made_anew_in_the_form_that_was_set() {
        let shop = crate::testing::sqlite().await;
        let ticket = shop.hash_room().enter().unwrap();
        let set = Password::typed("がくせいしょくどう定食").unwrap();
        let decomposed = Password::typed("か\u{3099}くせいしょくどう定食").unwrap();
        let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8_192, 1, 1, None).unwrap());
        let old: PasswordHash = cheap.hash_password_with_salt(set.expose().as_bytes(), &[7; 16]).unwrap();
        let old = old.to_string();
        let new = upgraded(&shop, &ticket, &decomposed, &old).await.unwrap().expect("it costs too little");
        for typed in [&set, &decomposed] {
            assert!(matches(&ticket, typed, Some(old.clone())).await.unwrap());
            assert!(matches(&ticket, typed, Some(new.clone())).await.unwrap());
        }
        assert_eq!(upgraded(&shop, &ticket, &set, &new).await.unwrap(), None);
    }

    #[tokio::test]
    async fn an_unknown_account_is_compared_with_a_hash_as_dear_as_a_real_one() {
        let shop = crate::testing::sqlite().await;
        let ticket = shop.hash_room().enter().unwrap();
        assert!(!matches(&ticket, &Password::typed("anything").unwrap(), None).await.unwrap());
        assert!(DUMMY.starts_with(&format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$")));
    }
}
