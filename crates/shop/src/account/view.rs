//! What the account pages show.

use noren_domain::account::{AccountView, CheckPhrase, Customer, ReadProof, Reads, ReadsView, SecurityView};
use noren_domain::form::Fault;
use noren_domain::{Id, Lang};

use super::attention::Standing;
use super::events::check_phrase;
use super::{DoorError, attention, email_change, events, history};
use crate::session::{self, SignedIn};
use crate::vault::{Asker, Field, For, Proof, VaultError};
use crate::{Shop, fetch_all, fetch_optional, notice};

#[derive(sqlx::FromRow)]
struct CustomerRow {
    email: Vec<u8>,
    name: Option<Vec<u8>>,
    created_at: i64,
}

/// Whose account it is, as far as that still opens.
#[derive(Clone, PartialEq, Eq)]
pub struct Known {
    /// The address of the account; `None`: the key of this person's data is lost.
    pub email: Option<String>,
    /// The name, if one was given.
    pub name: Option<String>,
    since: i64,
}

/// Reads the address and the name of the customer's account, for them, on `route`; `None` if the account has gone.
///
/// # Errors
/// The database, or the vault is away.
pub async fn known(shop: &Shop, who: &SignedIn, route: &'static str) -> Result<Option<Known>, DoorError> {
    let sql = "SELECT email, name, created_at FROM customer WHERE id = $1";
    let mut conn = shop.db.read().await?;
    let row = fetch_optional!(conn, CustomerRow, sql, who.customer.0).await?;
    // The vault may take its time, and others wait for a connection.
    drop(conn);
    let Some(CustomerRow { email, name, created_at: since }) = row else { return Ok(None) };
    let sealed = [(Field::Email, Some(&email)), (Field::Name, name.as_ref())];
    let asker = Asker::customer(who.customer, route);
    match shop.vault.open(asker, For::SelfView, who.customer.0, &sealed).await {
        // There is still an account: its orders, its devices, and the way out.
        Err(error) if error.is_lost() => {
            tracing::warn!(%error, "an account's data are lost");
            Ok(Some(Known { email: None, name: None, since }))
        }
        opened => {
            let opened = opened?;
            let name = name.is_some().then(|| opened.expose(Field::Name).to_owned());
            Ok(Some(Known { email: Some(opened.expose(Field::Email).to_owned()), name, since }))
        }
    }
}

/// The account's first page; `None` if the account has gone.
///
/// # Errors
/// The database, or the vault is away.
pub async fn home(shop: &Shop, who: &SignedIn) -> Result<Option<AccountView>, DoorError> {
    let Some(Known { email, name, since }) = known(shop, who, "account").await? else { return Ok(None) };
    let (attention, email_waits) = attention::counted(&mut shop.db.read().await?, shop, who).await?;
    Ok(Some(AccountView { email, name, since, attention, email_waits }))
}

/// In how many hours the account can be erased, where its address was changed so lately that it can be put back until
/// then; `None`: now.
///
/// # Errors
/// The database.
pub async fn erasable_in(shop: &Shop, who: &SignedIn) -> Result<Option<u32>, sqlx::Error> {
    let mut conn = shop.db.read().await?;
    match email_change::taken_back_until(&mut conn, shop, who.customer).await? {
        Some(Fault::Paused { hours }) => Ok(Some(hours)),
        _ => Ok(None),
    }
}

/// The customer's own address, for the page `route`; `None` if the account has gone, or its data are lost.
pub(super) async fn address<E: From<sqlx::Error> + From<VaultError>>(
    shop: &Shop,
    customer: Id<Customer>,
    route: &'static str,
) -> Result<Option<String>, E> {
    let mut conn = shop.db.read().await?;
    let row = fetch_optional!(conn, (Vec<u8>,), "SELECT email FROM customer WHERE id = $1", customer.0).await?;
    drop(conn);
    let Some((email,)) = row else { return Ok(None) };
    let asker = Asker::customer(customer, route);
    match shop.vault.open(asker, For::SelfView, customer.0, &[(Field::Email, Some(&email))]).await {
        Err(error) if error.is_lost() => Ok(None),
        opened => Ok(Some(opened?.expose(Field::Email).to_owned())),
    }
}

/// Everything on the security page; `None` if the account has gone.
pub async fn security(shop: &Shop, who: &SignedIn, lang: Lang) -> Result<Option<SecurityView>, notice::NoticeError> {
    let notices = notice::mine(shop, who.customer).await?;
    let devices = session::list(shop, who).await?;
    let mut conn = shop.db.read().await?;
    let sql = "SELECT password_changed_at, phrase_no, lang FROM customer WHERE id = $1";
    let Some((password_changed_at, no, mails)) = fetch_optional!(conn, (i64, i64, String), sql, who.customer.0).await?
    else {
        return Ok(None);
    };
    let phrases = phrases(check_phrase(shop, who.customer, no), Lang::from_tag(&mails));
    let sign_ins = history::list(&mut conn, shop, who).await?;
    let happened = events::list(&mut conn, shop, who, lang).await?;
    let standing = attention::standing(&mut conn, shop, who, &notices).await?;
    drop(conn);
    let reads = match reads(shop, who, "account/security").await {
        Ok(reads) => Reads::Shown(reads),
        Err(notice::NoticeError::Vault(error)) if error.is_lost() => Reads::Lost,
        // The rest of the page is worth seeing without it, most of all now.
        Err(notice::NoticeError::Vault(error)) if error.is_passing() => {
            tracing::warn!(%error, "who read a person's data cannot be shown");
            Reads::Away
        }
        Err(error) => return Err(error),
    };
    let Standing { attention, factors, undelivered, reported_at, .. } = standing;
    Ok(Some(SecurityView {
        attention,
        notices,
        password_changed_at,
        phrases,
        devices,
        sign_ins,
        happened,
        factors,
        undelivered,
        reported_at,
        reads,
    }))
}

/// The check phrase in both languages, that of the mails first. The mail that tells of another language is in the one of
/// before, as are those of before it: whoever saw one alone would take them for false ones.
fn phrases(phrase: CheckPhrase, mails: Lang) -> Vec<(Lang, String)> {
    let other = Lang::ALL.into_iter().filter(|lang| *lang != mails);
    std::iter::once(mails).chain(other).map(|lang| (lang, phrase.words(lang))).collect()
}

/// So many of a person's orders are asked about, the newest first. Those that they placed signed in have the
/// account's own name in the ledger, and add no proof.
const ORDERS: i64 = 254;

/// Who read the person's data: the account's, and those of its orders.
pub(super) async fn reads(shop: &Shop, who: &SignedIn, route: &'static str) -> Result<ReadsView, notice::NoticeError> {
    let mut conn = shop.db.read().await?;
    let sql = "SELECT subject_id FROM orders WHERE customer_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2";
    let orders = fetch_all!(conn, (uuid::Uuid,), sql, who.customer.0, ORDERS).await?;
    drop(conn);
    let records: Vec<_> = std::iter::once(who.customer.0).chain(orders.into_iter().map(|(record,)| record)).collect();
    let proofs = shop.vault.prove(Asker::customer(who.customer, route), &records).await?;
    // Those of the ledger of now come last.
    let key = proofs.last().map(|proof| proof.key.clone()).unwrap_or_default();
    let proofs =
        proofs.into_iter().map(|Proof { tag, key, text }| ReadProof { tag: tag.to_string(), key, proof: text });
    let proofs = proofs.collect();
    Ok(ReadsView { key, proofs })
}

#[cfg(test)]
mod tests {
    use noren_domain::account::{AccountEvent, HappenedView};
    use noren_ledger::leaf::{Act, Leaf, Purpose};
    use noren_ledger::proof::{LeafProof, SubjectProof};

    use super::*;
    use crate::account::email_change::BACK_LIFE;
    use crate::account::testing::{address_changed, customer, proved};
    use crate::account::{HISTORY, export};
    use crate::mail::account::subject;
    use crate::on_both_databases;
    use crate::session::Device;
    use crate::testing::with_one_connection;
    use crate::token::Token;

    on_both_databases!(what_an_account_shows_and_its_copy_are_read_by_one_connection(shop) {
        let hanako = customer(&shop, "hanako@example.jp").await;
        notice::demo(&shop).await.unwrap();
        let who = proved(&shop, hanako).await;
        let copy = export::ask(&shop, &who, &Device::new("Firefox/1".to_owned(), None)).await.unwrap();
        let narrow = with_one_connection(&shop);
        assert!(home(&narrow, who.who()).await.unwrap().is_some());
        let page = security(&narrow, who.who(), Lang::Ja).await.unwrap().unwrap();
        assert!(matches!(page.reads, Reads::Shown(_)) && !page.notices.is_empty());
        assert!(email_change::view(&narrow, who.who()).await.unwrap().is_some());
        assert!(history::not_me(&narrow, who.who()).await.unwrap().is_none());
        let token = Token::parse(&copy.token).unwrap();
        assert!(export::file(&narrow, &who, &token).await.unwrap().is_some());
    });

    on_both_databases!(what_the_checkout_fills_in_stands_in_its_owners_list_of_reads_as_of_the_checkout(shop) {
        let hanako = customer(&shop, "hanako@example.jp").await;
        let who = proved(&shop, hanako).await;
        let filled_in = known(&shop, who.who(), "checkout").await.unwrap().unwrap();
        assert_eq!(filled_in.email.as_deref(), Some("hanako@example.jp"));
        let listed = reads(&shop, who.who(), "account/security").await.unwrap().proofs.remove(0);
        let proof: LeafProof = listed.proof.parse().unwrap();
        let opened = |leaf: Leaf| match leaf.act {
            Act::Deed(deed) if deed.purpose == Some(Purpose::SelfView) => Some(deed.route.name().to_owned()),
            _ => None,
        };
        let leaves = SubjectProof::decode(&proof.extra).unwrap().leaves.into_iter();
        assert_eq!(leaves.filter_map(opened).collect::<Vec<_>>(), ["checkout"], "and nothing as of the account's page");
    });

    on_both_databases!(what_happened_to_an_account_is_listed_for_ninety_days_to_its_owner_the_newest_first(shop) {
        let (hanako, taro) = (customer(&shop, "hanako@example.jp").await, customer(&shop, "taro@example.jp").await);
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let here = Device::new(firefox.to_owned(), Some("203.0.113.7".parse().unwrap()));
        let happened = async |whose: Id<Customer>, event: AccountEvent, device: &Device| {
            shop.clock.advance(1);
            let mut tx = shop.db.write().await.unwrap();
            events::happened(&mut tx, &shop, whose, event, device).await.unwrap();
            tx.commit().await.unwrap();
        };
        let who = proved(&shop, hanako).await;
        let listed = async |lang| security(&shop, who.who(), lang).await.unwrap().unwrap().happened;
        assert!(listed(Lang::Ja).await.is_empty());
        happened(hanako, AccountEvent::PasskeyAdded, &here).await;
        happened(hanako, AccountEvent::SessionsEndedByShop, &Device::of_the_shop()).await;
        happened(taro, AccountEvent::TotpOn, &here).await;
        let told = |list: &[HappenedView]| {
            let one = |one: &HappenedView| {
                let browser = one.browser.as_ref().map(|browser| browser.words(Lang::En));
                (one.what.clone(), browser, one.network.clone())
            };
            list.iter().map(one).collect::<Vec<_>>()
        };
        for lang in Lang::ALL {
            let words = |event| subject(event, lang).to_owned();
            let by_the_shop = (words(AccountEvent::SessionsEndedByShop), None, String::new());
            let from_here = Some("Firefox on Linux".to_owned());
            let own = (words(AccountEvent::PasskeyAdded), from_here, "203.0.113.0/24".to_owned());
            assert_eq!(told(&listed(lang).await), [by_the_shop, own]);
        }
        // From the first of them on it is ninety days to the millisecond.
        shop.clock.advance(HISTORY - 2);
        let left = listed(Lang::En).await;
        assert_eq!(left.iter().map(|one| one.browser.is_none()).collect::<Vec<_>>(), [true], "the first one is too old");
    });

    on_both_databases!(the_check_phrase_is_shown_in_both_languages_that_of_the_mails_first(shop) {
        let hanako = customer(&shop, "hanako@example.jp").await;
        let who = proved(&shop, hanako).await;
        let shown = async |page| security(&shop, who.who(), page).await.unwrap().unwrap().phrases;
        let said = |lang: Lang| (lang, check_phrase(&shop, hanako, 0).words(lang));
        assert_eq!(shown(Lang::En).await, [said(Lang::Ja), said(Lang::En)], "the mails come in Japanese");
        let device = Device::new("Firefox/1".to_owned(), None);
        crate::account::mail_lang::choose(&shop, &who, Lang::En, &device).await.unwrap();
        assert_eq!(shown(Lang::En).await, [said(Lang::En), said(Lang::Ja)], "the mail that told of it was in Japanese");
    });

    on_both_databases!(an_account_whose_address_was_changed_lately_says_when_it_can_be_erased(shop) {
        let hanako = customer(&shop, "hanako@example.jp").await;
        let who = proved(&shop, hanako).await;
        assert_eq!(erasable_in(&shop, who.who()).await.unwrap(), None);
        address_changed(&shop, hanako).await;
        assert_eq!(erasable_in(&shop, who.who()).await.unwrap(), Some(7 * 24));
        shop.clock.advance(BACK_LIFE - 1);
        assert_eq!(erasable_in(&shop, who.who()).await.unwrap(), Some(1));
        shop.clock.advance(1);
        assert_eq!(erasable_in(&shop, who.who()).await.unwrap(), None);
    });
}
