//! Recovery codes: ten, shown once, each good for one use in place of a second factor.

use noren_domain::Id;
use noren_domain::account::{AccountEvent, Customer, RecoveryCode, RecoveryLeft};
use noren_domain::form::Fault;

use super::factors::{FactorError, hold_in_session};
use super::{email_change, events, totp};
use crate::db::Conn;
use crate::session::{self, Device, Recent};
use crate::{Shop, execute, fetch_one, outbox};

/// So many codes make a set.
pub const CODES: usize = 10;

/// What the database keeps of a code. There is nothing to guess in 120 random bits, with the key or without (ASVS 5.0.0
/// 6.5.2 asks for 112 where the hash is a quick one); keyed it also tells nobody whether a code that was found
/// somewhere is one of this shop's.
fn hash(shop: &Shop, customer: Id<Customer>, code: &RecoveryCode) -> Vec<u8> {
    shop.keys.derive("recovery-code", &[customer.0.as_bytes(), code.bytes().as_slice()].concat()).to_vec()
}

/// How many of the customer's codes are left, and since when there are any.
pub async fn standing(conn: &mut Conn, customer: Id<Customer>) -> Result<RecoveryLeft, sqlx::Error> {
    let (left, made_at) = fetch_one!(
        conn,
        (i64, Option<i64>),
        "SELECT COUNT(*) - COUNT(used_at), MAX(made_at) FROM recovery_code WHERE customer_id = $1",
        customer.0
    )
    .await?;
    Ok(RecoveryLeft { left: u32::try_from(left).unwrap_or(u32::MAX), made_at })
}

/// How many of the customer's codes are left.
pub async fn left(conn: &mut Conn, customer: Id<Customer>) -> Result<u32, sqlx::Error> {
    Ok(standing(conn, customer).await?.left)
}

/// Since when there have been any, where each set replaced the one before by somebody who had proved that; see
/// [`totp::heir_since`].
pub(super) async fn heir_since(conn: &mut Conn, customer: Id<Customer>) -> Result<Option<i64>, sqlx::Error> {
    let sql = "SELECT MAX(COALESCE(heir_since, made_at)) FROM recovery_code WHERE customer_id = $1";
    Ok(fetch_one!(conn, (Option<i64>,), sql, customer.0).await?.0)
}

/// Uses a code up, in the caller's transaction; `false` if it is none of the customer's, or was used before.
/// Of two requests with the same code at the same moment one is told `false`. Who calls counts the tries.
pub async fn spend(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    typed: &RecoveryCode,
) -> Result<bool, sqlx::Error> {
    let spent = execute!(
        conn,
        "UPDATE recovery_code SET used_at = $3 WHERE customer_id = $1 AND hash = $2 AND used_at IS NULL",
        customer.0,
        hash(shop, customer, typed),
        shop.now()
    )
    .await?;
    Ok(spent == 1)
}

/// Makes new codes; the old ones are worth nothing any more, and every other session of the customer ends. They are
/// given once and can never be read again.
pub async fn renew(shop: &Shop, who: &Recent, device: &Device) -> Result<Vec<RecoveryCode>, FactorError> {
    let mut tx = shop.db.write().await?;
    if !hold_in_session(&mut tx, who).await? {
        return Err(FactorError::Refused(Fault::SessionEnded));
    }
    if left(&mut tx, who.customer()).await? > 0
        && let Some(fault) = email_change::needs_paper(&mut tx, shop, who.customer()).await?
    {
        return Err(FactorError::Refused(fault));
    }
    if let Some(fault) = events::too_many(&mut tx, shop, who.customer()).await? {
        return Err(FactorError::Refused(fault));
    }
    let codes = make(&mut tx, shop, who).await?;
    session::close_all(&mut tx, who.customer(), Some(who.session()), shop.now()).await?;
    events::happened(&mut tx, shop, who.customer(), AccountEvent::RecoveryCodesMade, device).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(codes)
}

/// Puts a new set in the place of what there was, in the caller's transaction, which [holds](super::factors::hold) the customer.
pub(super) async fn make(conn: &mut Conn, shop: &Shop, who: &Recent) -> Result<Vec<RecoveryCode>, sqlx::Error> {
    // The new set of somebody who has just given a code of their app, or a recovery code, is as old as the one before, but
    // no older than the app, which could be a thief's. A proof by a passkey is none by either.
    let customer = who.customer();
    let before = heir_since(conn, customer).await?;
    let app = totp::heir_since(conn, customer).await?;
    let proved = session::is_app_proved(conn, shop, who.session()).await?;
    let heir = app.filter(|_| proved).and_then(|app| before.map(|before| before.max(app)));
    execute!(conn, "DELETE FROM recovery_code WHERE customer_id = $1", customer.0).await?;
    let mut codes = Vec::with_capacity(CODES);
    for _ in 0..CODES {
        let code = RecoveryCode::new(shop.entropy.bytes());
        let sql = "INSERT INTO recovery_code (customer_id, hash, made_at, heir_since) VALUES ($1, $2, $3, $4)";
        execute!(conn, sql, customer.0, hash(shop, customer, &code), shop.now(), heir).await?;
        codes.push(code);
    }
    Ok(codes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::testing::{customer, proved};
    use crate::{fetch_all, on_both_databases};

    fn device() -> Device {
        Device::new("Firefox/1".to_owned(), None)
    }

    async fn try_out(shop: &Shop, customer: Id<Customer>, code: &RecoveryCode) -> bool {
        let mut tx = shop.db.write().await.unwrap();
        let spent = spend(&mut tx, shop, customer, code).await.unwrap();
        tx.commit().await.unwrap();
        spent
    }

    async fn how_many(shop: &Shop, customer: Id<Customer>) -> u32 {
        left(&mut shop.db.read().await.unwrap(), customer).await.unwrap()
    }

    on_both_databases!(each_of_ten_recovery_codes_works_once_and_for_its_owner(shop) {
        let (hers, his) = (customer(&shop, "hanako@example.jp").await, customer(&shop, "taro@example.jp").await);
        assert_eq!(how_many(&shop, hers).await, 0);
        let codes = renew(&shop, &proved(&shop, hers).await, &device()).await.unwrap();
        assert_eq!(codes.len(), CODES);
        for (used, code) in (1..).zip(&codes) {
            assert!(!try_out(&shop, his, code).await, "somebody else's");
            assert!(try_out(&shop, hers, code).await);
            assert!(!try_out(&shop, hers, code).await, "the second time");
            assert_eq!(how_many(&shop, hers).await, 10 - used);
        }
        assert!(!try_out(&shop, hers, &RecoveryCode::new([0; 15])).await);
    });

    on_both_databases!(new_recovery_codes_end_the_old_ones(shop) {
        let hers = customer(&shop, "hanako@example.jp").await;
        let who = proved(&shop, hers).await;
        let old = renew(&shop, &who, &device()).await.unwrap();
        shop.clock.advance(1_000);
        let new = renew(&shop, &who, &device()).await.unwrap();
        for code in &old {
            assert!(!try_out(&shop, hers, code).await);
        }
        let standing = standing(&mut shop.db.read().await.unwrap(), hers).await.unwrap();
        assert_eq!(standing, RecoveryLeft { left: 10, made_at: Some(shop.now()) });
        assert!(try_out(&shop, hers, &new[0]).await);
    });

    on_both_databases!(recovery_codes_are_made_twenty_times_an_hour_at_most_for_a_mail_tells_of_each_time(shop) {
        let (hers, his) = (customer(&shop, "hanako@example.jp").await, customer(&shop, "taro@example.jp").await);
        let who = proved(&shop, hers).await;
        let mut codes = Vec::new();
        for _ in 0..20 {
            codes = renew(&shop, &who, &device()).await.unwrap();
        }
        let refused = renew(&shop, &who, &device()).await;
        assert!(matches!(refused, Err(FactorError::Refused(Fault::TooMany { minutes: 3 }))), "{refused:?}");
        let sql = "SELECT COUNT(*) FROM account_event";
        assert_eq!(fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0, 20, "nor is that told");
        assert!(try_out(&shop, hers, &codes[0]).await, "those of before stay");
        renew(&shop, &proved(&shop, his).await, &device()).await.unwrap();
        shop.clock.advance(3 * 60_000);
        renew(&shop, &who, &device()).await.unwrap();
    });

    on_both_databases!(two_requests_with_one_recovery_code_open_one_door(shop) {
        let hers = customer(&shop, "hanako@example.jp").await;
        let codes = renew(&shop, &proved(&shop, hers).await, &device()).await.unwrap();
        let (a, b) = tokio::join!(try_out(&shop, hers, &codes[0]), try_out(&shop, hers, &codes[0]));
        assert!(a ^ b, "{a} {b}");
    });

    on_both_databases!(two_sets_asked_for_at_once_leave_one(shop) {
        let hers = customer(&shop, "hanako@example.jp").await;
        let (who, device) = (proved(&shop, hers).await, device());
        let (a, b) = tokio::join!(renew(&shop, &who, &device), renew(&shop, &who, &device));
        assert_eq!((a.unwrap().len(), b.unwrap().len()), (CODES, CODES));
        assert_eq!(how_many(&shop, hers).await, 10);
    });

    on_both_databases!(a_code_that_was_not_paid_with_is_still_there(shop) {
        let hers = customer(&shop, "hanako@example.jp").await;
        let codes = renew(&shop, &proved(&shop, hers).await, &device()).await.unwrap();
        let mut undone = shop.db.write().await.unwrap();
        assert!(spend(&mut undone, &shop, hers, &codes[0]).await.unwrap());
        drop(undone);
        assert!(try_out(&shop, hers, &codes[0]).await);
    });

    on_both_databases!(the_database_holds_no_recovery_code(shop) {
        let hers = customer(&shop, "hanako@example.jp").await;
        let codes = renew(&shop, &proved(&shop, hers).await, &device()).await.unwrap();
        let mut conn = shop.db.read().await.unwrap();
        let rows = fetch_all!(conn, (Vec<u8>,), "SELECT hash FROM recovery_code").await.unwrap();
        assert_eq!(rows.len(), CODES);
        for code in &codes {
            let other = crate::keys::Keys::new([2; 32], shop.entropy.clone());
            let unkeyed = other.derive("recovery-code", &[hers.0.as_bytes(), code.bytes().as_slice()].concat());
            for (hash,) in &rows {
                assert!(!hash.windows(15).any(|part| part == code.bytes()) && *hash != unkeyed);
            }
        }
    });
}
