//! The language of the mails about an account: at first that of the page on which it was registered, then whichever its
//! owner chooses. Mails about an order come in the language of the page that it was placed on.

use noren_domain::Lang;
use noren_domain::account::AccountEvent;
use noren_domain::form::Fault;

use super::factors::hold_in_session;
use super::{DoorError, events, limits};
use crate::mail::account::Before;
use crate::session::{Device, Recent, SignedIn};
use crate::{Shop, execute, fetch_optional, outbox};

/// In which language the customer gets their mails; `None` if the account has gone.
///
/// # Errors
/// The database.
pub async fn of(shop: &Shop, who: &SignedIn) -> Result<Option<Lang>, sqlx::Error> {
    let sql = "SELECT lang FROM customer WHERE id = $1";
    let found = fetch_optional!(shop.db.read().await?, (String,), sql, who.customer.0).await?;
    Ok(found.map(|(lang,)| Lang::from_tag(&lang)))
}

/// Has the customer's mails written in `lang` from now on, those that have not left yet among them; `false` if they are so
/// already. They are told of it in the language of before. It takes a proof: a thief of a session who has
/// them written in a language that the owner does not read would keep every warning from them.
///
/// # Errors
/// The language was changed too often within the hour; the account or the session has gone; the database.
pub async fn choose(shop: &Shop, who: &Recent, lang: Lang, device: &Device) -> Result<bool, DoorError> {
    let customer = who.customer();
    let mut tx = shop.db.write().await?;
    if !hold_in_session(&mut tx, who).await? {
        return Err(DoorError::Refused(Fault::SessionEnded));
    }
    let sql = "SELECT lang FROM customer WHERE id = $1";
    let Some((was,)) = fetch_optional!(tx, (String,), sql, customer.0).await? else {
        return Err(DoorError::Refused(Fault::SessionEnded));
    };
    let was = Lang::from_tag(&was);
    if was == lang {
        return Ok(false);
    }
    limits::within(&mut tx, shop, limits::MAIL_LANG, customer.0.as_bytes()).await?;
    // First, so that the list of mails keeps the language of before for this one.
    let before = Before { lang: Some(was), ..Before::default() };
    events::changed(&mut tx, shop, customer, AccountEvent::MailLangChanged, before, device).await?;
    execute!(tx, "UPDATE customer SET lang = $2 WHERE id = $1", customer.0, lang.tag()).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(true)
}

#[cfg(test)]
mod tests {
    use noren_domain::Id;
    use noren_domain::account::Customer;

    use super::*;
    use crate::account::events::happened;
    use crate::account::testing::{customer, proved};
    use crate::mail::account::subject;
    use crate::mail::mailbox;
    use crate::{fetch_one, on_both_databases};

    fn device() -> Device {
        Device::new("Firefox/1".to_owned(), None)
    }

    /// The subjects of the mails to `to`, once something has happened to the account `whose`.
    async fn told(shop: &Shop, whose: Id<Customer>, to: &str) -> Vec<String> {
        shop.clock.advance(1);
        let mut tx = shop.db.write().await.unwrap();
        happened(&mut tx, shop, whose, AccountEvent::SessionsEnded, &device()).await.unwrap();
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
        assert!(choose(&shop, &who, Lang::En, &device()).await.unwrap());
        assert_eq!(of(&shop, who.who()).await.unwrap(), Some(Lang::En));
        let mails = told(&shop, hanako, "hanako@example.jp").await;
        assert!(mails.len() == 3 && mails.iter().any(|mail| mail.contains(en)), "{mails:?}");
        let mails = told(&shop, taro, "taro@example.jp").await;
        assert!(mails.len() == 1 && mails[0].contains(ja), "{mails:?}");
        assert!(choose(&shop, &who, Lang::Ja, &device()).await.unwrap(), "and back");
        assert_eq!(of(&shop, who.who()).await.unwrap(), Some(Lang::Ja));
    });

    on_both_databases!(another_language_of_the_mails_is_told_by_a_mail_in_the_one_of_before(shop) {
        let hanako = customer(&shop, "hanako@example.jp").await;
        let who = proved(&shop, hanako).await;
        let about = |lang| subject(AccountEvent::MailLangChanged, lang);
        let subjects = async || {
            while outbox::run_due(&shop).await.unwrap() > 0 {}
            let mails = mailbox::list(&shop).await.unwrap().into_iter();
            mails.map(|mail| mail.subject).collect::<Vec<_>>()
        };
        assert!(!choose(&shop, &who, Lang::Ja, &device()).await.unwrap());
        assert!(subjects().await.is_empty(), "it is the one of now");
        assert!(choose(&shop, &who, Lang::En, &device()).await.unwrap());
        let (lang,) = fetch_one!(shop.db.read().await.unwrap(), (String,), "SELECT lang FROM mail_sent").await.unwrap();
        assert_eq!(lang, "ja", "in the list of mails too");
        let told = subjects().await;
        assert!(told.len() == 1 && told[0].contains(about(Lang::Ja)), "{told:?}");
        let text = mailbox::list(&shop).await.unwrap().remove(0).text;
        assert!(text.contains("これからのメールは、英語で") && text.contains("合言葉"), "{text}");
        // To and fro before the outbox is looked at: each mail keeps the language of its own moment.
        shop.clock.advance(1);
        assert!(choose(&shop, &who, Lang::Ja, &device()).await.unwrap());
        shop.clock.advance(1);
        assert!(choose(&shop, &who, Lang::En, &device()).await.unwrap());
        let told = subjects().await;
        let of = |lang| told.iter().filter(|subject| subject.contains(about(lang))).count();
        assert_eq!((told.len(), of(Lang::Ja), of(Lang::En)), (3, 2, 1), "{told:?}");
    });

    on_both_databases!(whose_session_was_ended_chooses_no_language(shop) {
        let hanako = customer(&shop, "hanako@example.jp").await;
        let who = proved(&shop, hanako).await;
        let mut tx = shop.db.write().await.unwrap();
        crate::session::close_all(&mut tx, hanako, None, shop.now()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(choose(&shop, &who, Lang::En, &device()).await.is_err());
        assert_eq!(of(&shop, who.who()).await.unwrap(), Some(Lang::Ja));
    });

    on_both_databases!(an_owners_mailbox_is_not_flooded_with_news_of_languages(shop) {
        let hanako = customer(&shop, "hanako@example.jp").await;
        let who = proved(&shop, hanako).await;
        let mut changed = 0;
        for lang in [Lang::En, Lang::Ja].into_iter().cycle().take(12) {
            match choose(&shop, &who, lang, &device()).await {
                Ok(is_new) => changed += usize::from(is_new),
                Err(DoorError::Refused(Fault::TooMany { minutes: 1..=12 })) => {}
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(changed, 5);
    });

    on_both_databases!(an_account_that_has_gone_has_no_language(shop) {
        let hanako = customer(&shop, "hanako@example.jp").await;
        let who = proved(&shop, hanako).await;
        crate::account::erase::erase(&shop, &who).await.unwrap().unwrap();
        assert!(choose(&shop, &who, Lang::En, &device()).await.is_err());
        assert_eq!(of(&shop, who.who()).await.unwrap(), None);
    });
}
