//! The language of the mails about an account: at first that of the page on which it was registered, then whichever its
//! owner chooses. Mails about an order come in the language of the page that it was placed on.

use noren_domain::Lang;

use crate::session::SignedIn;
use crate::{Shop, execute, fetch_optional};

/// In which language the customer gets their mails; `None` if the account has gone.
///
/// # Errors
/// The database.
pub async fn of(shop: &Shop, who: &SignedIn) -> Result<Option<Lang>, sqlx::Error> {
    let sql = "SELECT lang FROM customer WHERE id = $1";
    let found = fetch_optional!(shop.db.read().await?, (String,), sql, who.customer.0).await?;
    Ok(found.map(|(lang,)| Lang::from_tag(&lang)))
}

/// Has the customer's mails written in `lang` from now on, those that have not left yet among them; `false` if the
/// account has gone.
///
/// # Errors
/// The database.
pub async fn choose(shop: &Shop, who: &SignedIn, lang: Lang) -> Result<bool, sqlx::Error> {
    let mut tx = shop.db.write().await?;
    let sql = "UPDATE customer SET lang = $2 WHERE id = $1";
    let changed = execute!(tx, sql, who.customer.0, lang.tag()).await?;
    tx.commit().await?;
    Ok(changed == 1)
}

#[cfg(test)]
mod tests {
    use noren_domain::Id;
    use noren_domain::account::{AccountEvent, Customer};

    use super::*;
    use crate::account::events::happened;
    use crate::account::testing::{customer, proved};
    use crate::mail::account::subject;
    use crate::mail::mailbox;
    use crate::session::Device;
    use crate::{on_both_databases, outbox};

    /// The subjects of the mails to `to`, once something has happened to the account `whose`.
    async fn told(shop: &Shop, whose: Id<Customer>, to: &str) -> Vec<String> {
        shop.clock.advance(1);
        let mut tx = shop.db.write().await.unwrap();
        let device = Device::new("Firefox/1".to_owned(), None);
        happened(&mut tx, shop, whose, AccountEvent::SessionsEnded, &device).await.unwrap();
        tx.commit().await.unwrap();
        while outbox::run_due(shop).await.unwrap() > 0 {}
        let mails = mailbox::list(shop).await.unwrap().into_iter();
        mails.filter(|mail| mail.to.contains(to)).map(|mail| mail.subject).collect()
    }

    on_both_databases!(a_mail_after_the_choice_is_in_the_language_that_was_chosen_and_nobody_elses_is(shop) {
        let hanako = customer(&shop, "hanako@example.jp").await;
        let taro = customer(&shop, "taro@example.jp").await;
        let who = proved(&shop, hanako).await;
        let (ja, en) = (subject(AccountEvent::SessionsEnded, Lang::Ja), subject(AccountEvent::SessionsEnded, Lang::En));
        assert_eq!(of(&shop, who.who()).await.unwrap(), Some(Lang::Ja));
        let mails = told(&shop, hanako, "hanako@example.jp").await;
        assert!(mails.len() == 1 && mails[0].contains(ja), "{mails:?}");
        assert!(choose(&shop, who.who(), Lang::En).await.unwrap());
        assert_eq!(of(&shop, who.who()).await.unwrap(), Some(Lang::En));
        let mails = told(&shop, hanako, "hanako@example.jp").await;
        assert!(mails.len() == 2 && mails.iter().any(|mail| mail.contains(en)), "{mails:?}");
        let mails = told(&shop, taro, "taro@example.jp").await;
        assert!(mails.len() == 1 && mails[0].contains(ja), "{mails:?}");
        assert!(choose(&shop, who.who(), Lang::Ja).await.unwrap(), "and back");
        assert_eq!(of(&shop, who.who()).await.unwrap(), Some(Lang::Ja));
    });

    on_both_databases!(an_account_that_has_gone_has_no_language(shop) {
        let hanako = customer(&shop, "hanako@example.jp").await;
        let who = proved(&shop, hanako).await;
        crate::account::erase::erase(&shop, &who).await.unwrap().unwrap();
        assert!(!choose(&shop, who.who(), Lang::En).await.unwrap());
        assert_eq!(of(&shop, who.who()).await.unwrap(), None);
    });
}
