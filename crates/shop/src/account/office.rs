//! What the shop's operator does about accounts.

use noren_domain::Id;
use noren_domain::account::{AccountEvent, Customer, Email};

use super::factors::hold;
use super::{DoorError, challenge, devices, email_change, events, looked_for, owner};
use crate::session::{self, Device};
use crate::vault::Asker;
use crate::{Shop, execute, outbox};

/// Nothing was done about an account.
#[derive(Debug, thiserror::Error)]
pub enum AccountOfficeError {
    /// What was given is no address.
    #[error("\"{0}\" is no e-mail address; write it as name@example.jp")]
    Address(String),
    /// Nobody has it.
    #[error("there is no account with this address; ask which one the person registered with")]
    Nobody,
    /// The vault or the database.
    #[error(transparent)]
    Door(#[from] DoorError),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// The customer with this address. Looking for them stands in the vault's ledger as the operator's.
///
/// # Errors
/// It is none, or nobody's; the vault or the database.
pub async fn customer(shop: &Shop, address: &str, route: &'static str) -> Result<Id<Customer>, AccountOfficeError> {
    let email = Email::parse(address).map_err(|_| AccountOfficeError::Address(address.to_owned()))?;
    let index = looked_for(shop, Asker::operator(route), &email).await?;
    let found = owner(&mut shop.db.read().await?, &index).await?;
    found.map(Id::new).ok_or(AccountOfficeError::Nobody)
}

/// Ends every session of one customer, who is told by mail, and gives up what a thief of one may have begun: sign-ins and a
/// change of the address that are under way. Nor is the customer known by any browser any more: the password alone would
/// open the account there again. Gives the number of sessions that were live.
///
/// # Errors
/// Nobody has the address; the vault or the database.
pub async fn end_sessions(shop: &Shop, address: &str) -> Result<u64, AccountOfficeError> {
    let customer = customer(shop, address, "sessions/end").await?;
    let mut tx = shop.db.write().await?;
    hold(&mut tx, customer).await?;
    let ended = session::close_all(&mut tx, customer, None, shop.now()).await?;
    devices::forget_all(&mut tx, customer).await?;
    challenge::end_all(&mut tx, shop, customer).await?;
    if ended > 0 {
        events::happened(&mut tx, shop, customer, AccountEvent::SessionsEndedByShop, &Device::of_the_shop()).await?;
    }
    tx.commit().await?;
    outbox::ring();
    Ok(ended)
}

/// The same of everybody. It sends no mails: all customers at once would be told of
/// something that is not about them.
///
/// # Errors
/// The database.
pub async fn end_all_sessions(shop: &Shop) -> Result<u64, sqlx::Error> {
    let mut tx = shop.db.write().await?;
    let ended = session::close_everybodys(&mut tx, shop.now()).await?;
    execute!(tx, "DELETE FROM known_device").await?;
    // What is over is tidied away.
    execute!(tx, "UPDATE challenge SET expires_at = $1 WHERE expires_at > $1", shop.now()).await?;
    tx.commit().await?;
    email_change::end_all_open(shop).await?;
    Ok(ended)
}

#[cfg(test)]
mod tests {
    use noren_domain::Lang;

    use super::*;
    use crate::account::testing::{customer, proved};
    use crate::{fetch_one, on_both_databases};

    on_both_databases!(the_operator_ends_the_sessions_of_one_person_who_hears_of_it_or_of_all(shop) {
        let (hers, his) = (customer(&shop, "hanako@example.jp").await, customer(&shop, "taro@example.jp").await);
        for who in [hers, hers, his] {
            proved(&shop, who).await;
        }
        let open = async || {
            let sql = "SELECT COUNT(*) FROM session WHERE ended_at IS NULL";
            fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0
        };
        let told = async || {
            fetch_one!(shop.db.read().await.unwrap(), (i64,), "SELECT COUNT(*) FROM account_event").await.unwrap().0
        };
        assert_eq!(end_sessions(&shop, "Hanako@example.jp").await.unwrap(), 2);
        assert_eq!((open().await, told().await), (1, 1));
        assert_eq!(end_sessions(&shop, "hanako@example.jp").await.unwrap(), 0);
        assert_eq!((open().await, told().await), (1, 1), "nothing was done and nothing is told");
        proved(&shop, hers).await;
        assert_eq!(end_all_sessions(&shop).await.unwrap(), 2);
        assert_eq!((open().await, told().await), (0, 1));
    });

    on_both_databases!(nobody_hears_that_sessions_were_ended_that_had_run_out_anyhow(shop) {
        let hers = customer(&shop, "hanako@example.jp").await;
        proved(&shop, hers).await;
        shop.clock.advance(91 * 24 * 60 * 60_000);
        assert_eq!(end_sessions(&shop, "hanako@example.jp").await.unwrap(), 0);
        let sql = "SELECT COUNT(*) FROM account_event";
        assert_eq!(fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0, 0);
        assert_eq!(end_all_sessions(&shop).await.unwrap(), 0);
    });

    on_both_databases!(what_the_operator_ends_is_opened_again_by_the_password_in_no_browser(shop) {
        let (hers, his) = (customer(&shop, "hanako@example.jp").await, customer(&shop, "taro@example.jp").await);
        let thief = Device::new("thief".to_owned(), None);
        let begin = async |who| {
            let mut tx = shop.db.write().await.unwrap();
            devices::know(&mut tx, &shop, who, &thief).await.unwrap();
            let ask = challenge::ask_owner(&mut tx, &shop, challenge::Kind::SignIn, who, Lang::Ja, &thief);
            let token = ask.await.unwrap();
            tx.commit().await.unwrap();
            token
        };
        let (of_hers, of_his) = (begin(hers).await, begin(his).await);
        let waits = async |token| challenge::waiting(&shop, token, challenge::Kind::SignIn).await.unwrap().is_some();
        let known = async || {
            fetch_one!(shop.db.read().await.unwrap(), (i64,), "SELECT COUNT(*) FROM known_device").await.unwrap().0
        };
        end_sessions(&shop, "hanako@example.jp").await.unwrap();
        assert_eq!((known().await, waits(&of_hers).await, waits(&of_his).await), (1, false, true));
        end_all_sessions(&shop).await.unwrap();
        assert_eq!((known().await, waits(&of_his).await), (0, false));
    });

    on_both_databases!(an_address_that_is_nobodys_is_told_in_words(shop) {
        let unknown = end_sessions(&shop, "nobody@example.jp").await.unwrap_err();
        assert!(matches!(unknown, AccountOfficeError::Nobody), "{unknown}");
        let none = end_sessions(&shop, "nobody").await.unwrap_err().to_string();
        assert!(none.starts_with("\"nobody\" is no e-mail address;"), "{none}");
    });
}
