//! What waits for the customer: read once, for the page that names it and the page that says how many there are.

use noren_domain::account::{Attention, FactorsView};
use noren_domain::notice::NoticeView;

use super::{HISTORY, email_change, factors, history};
use crate::db::Conn;
use crate::mail::sent;
use crate::session::SignedIn;
use crate::{Shop, fetch_one};

/// How an account stands, as far as its owner may have to do something about it.
pub(super) struct Standing {
    /// What waits, in the order of the security page's list.
    pub attention: Vec<Attention>,
    pub factors: FactorsView,
    /// When the address changes, UTC ms.
    pub email_waits: Option<i64>,
    /// When the last mail to the account's address came back, UTC ms.
    pub undelivered: Option<i64>,
    /// When the owner said of a sign-in that it was not theirs, UTC ms, while the password is still the one of then.
    pub reported_at: Option<i64>,
}

/// How the customer's account stands; `notices` are those about them, the newest first.
pub(super) async fn standing(
    conn: &mut Conn,
    shop: &Shop,
    who: &SignedIn,
    notices: &[NoticeView],
) -> Result<Standing, sqlx::Error> {
    let factors = factors::standing(conn, who.customer).await?;
    let email_waits = email_change::waits_until(conn, who.customer).await?;
    let undelivered = sent::undelivered(conn, who.customer.0).await?;
    let reported_at = history::reported(conn, shop, who).await?;
    let mut attention = Vec::new();
    attention.extend(email_waits.map(Attention::EmailChange));
    attention.extend(undelivered.map(|_| Attention::Undelivered));
    attention.extend(reported_at.map(|_| Attention::Reported));
    attention.extend(notices.iter().filter(|notice| notice.acknowledged_at.is_none()).map(named));
    attention.extend(factors.removal.map(|_| Attention::FactorsGo));
    attention.extend(factors.lacks_codes().then_some(Attention::NoCodes));
    attention.extend(tried(conn, shop, who).await?);
    Ok(Standing { attention, factors, email_waits, undelivered, reported_at })
}

fn named(notice: &NoticeView) -> Attention {
    Attention::Notice { no: notice.public.no.clone(), title: notice.public.content.title.clone() }
}

/// How many things wait for the customer, and when their address changes (UTC ms) if it does: of the notices no more is read
/// than how many wait to be acknowledged.
pub(super) async fn counted(conn: &mut Conn, shop: &Shop, who: &SignedIn) -> Result<(u32, Option<i64>), sqlx::Error> {
    let sql = "SELECT COUNT(*) FROM notice_person WHERE customer_id = $1 AND acknowledged_at IS NULL";
    let (notices,) = fetch_one!(conn, (i64,), sql, who.customer.0).await?;
    let Standing { attention, email_waits, .. } = standing(conn, shop, who, &[]).await?;
    let all = usize::try_from(notices).unwrap_or_default() + attention.len();
    Ok((u32::try_from(all).unwrap_or(u32::MAX), email_waits))
}

/// At most `$3` of the tries that lacked their code and that the customer has said nothing of. With another password they are
/// over: whoever had the one of then has it no more. Both bounds are one, or those of before it would be read as well.
pub(super) const TRIED: &str = "SELECT COUNT(*) FROM
     (SELECT 1 FROM customer c JOIN sign_in s ON s.customer_id = c.id
      WHERE c.id = $1 AND s.outcome = 'asked' AND s.answer IS NULL
        AND s.at >= CASE WHEN c.password_changed_at > $2 THEN c.password_changed_at ELSE $2 + 1 END LIMIT $3) AS tried";

async fn tried(conn: &mut Conn, shop: &Shop, who: &SignedIn) -> Result<Option<Attention>, sqlx::Error> {
    let (since, most) = (shop.now() - HISTORY, i64::from(Attention::COUNTED));
    let (count,) = fetch_one!(conn, (i64,), TRIED, who.customer.0, since, most).await?;
    Ok((count > 0).then(|| Attention::SignIns(u32::try_from(count).unwrap_or(u32::MAX))))
}

#[cfg(test)]
mod tests {
    use noren_domain::account::{Customer, SignInOutcome};
    use noren_domain::{Id, Lang};
    use uuid::Uuid;

    use super::*;
    use crate::account::email_change::BACK_LIFE;
    use crate::account::sign_in::record;
    use crate::account::testing::{address_changed, customer, proved};
    use crate::account::{home, security};
    use crate::mail::account::AccountMail;
    use crate::mail::{self, Mail};
    use crate::session::Device;
    use crate::{execute, notice, on_both_databases};

    fn device() -> Device {
        Device::new("Firefox/1".to_owned(), Some("203.0.113.7".parse().unwrap()))
    }

    /// What waits, of which both pages must say the same.
    async fn waits(shop: &Shop, who: &SignedIn) -> Vec<Attention> {
        let named = security(shop, who, Lang::Ja).await.unwrap().unwrap().attention;
        let counted = home(shop, who).await.unwrap().unwrap().attention;
        assert_eq!(usize::try_from(counted), Ok(named.len()), "{named:?}");
        named
    }

    /// Somebody had the password and not the code; gives the number of the try.
    async fn tries(shop: &Shop, customer: Id<Customer>) -> Uuid {
        let mut tx = shop.db.write().await.unwrap();
        let tried = record(&mut tx, shop, customer, SignInOutcome::Asked, &device()).await.unwrap();
        tx.commit().await.unwrap();
        tried
    }

    on_both_databases!(several_sign_ins_without_their_code_are_one_thing_until_the_last_has_an_answer(shop) {
        let hanako = customer(&shop, "hanako@example.jp").await;
        let who = proved(&shop, hanako).await;
        let who = who.who();
        assert_eq!(waits(&shop, who).await, []);
        let last = tries(&shop, hanako).await;
        // More than stand on the security page, and all of them newer.
        shop.clock.advance(1);
        let mut others = Vec::new();
        for _ in 0..30 {
            others.push(tries(&shop, hanako).await);
        }
        assert_eq!(waits(&shop, who).await, [Attention::SignIns(31)]);
        let shown = security(&shop, who, Lang::Ja).await.unwrap().unwrap().sign_ins;
        for row in shown.iter().filter(|row| row.outcome == SignInOutcome::Asked) {
            assert!(history::was_me(&shop, who, row.id).await.unwrap());
        }
        assert_eq!(waits(&shop, who).await, [Attention::SignIns(11)]);
        let shown = security(&shop, who, Lang::Ja).await.unwrap().unwrap().sign_ins;
        let open = shown.iter().filter(|row| row.outcome == SignInOutcome::Asked && row.answer.is_none());
        assert_eq!(open.count(), 11, "those that wait for an answer can be answered where they are named");
        for tried in others {
            assert!(history::was_me(&shop, who, tried).await.unwrap());
        }
        assert_eq!(waits(&shop, who).await, [Attention::SignIns(1)]);
        assert!(history::was_me(&shop, who, last).await.unwrap());
        assert_eq!(waits(&shop, who).await, []);
        tries(&shop, hanako).await;
        assert_eq!(waits(&shop, who).await, [Attention::SignIns(1)]);
        shop.clock.advance(1);
        let mut tx = shop.db.write().await.unwrap();
        execute!(tx, "UPDATE customer SET password_changed_at = $1", shop.now()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(waits(&shop, who).await, [], "whoever had the password has it no more");
        tries(&shop, hanako).await;
        assert_eq!(waits(&shop, who).await, [Attention::SignIns(1)]);
        shop.clock.advance(HISTORY);
        let who = proved(&shop, hanako).await;
        assert_eq!(waits(&shop, who.who()).await, [], "it is not remembered any more");
    });

    on_both_databases!(of_any_number_of_sign_ins_without_their_code_a_hundred_are_counted(shop) {
        let hanako = customer(&shop, "hanako@example.jp").await;
        let who = proved(&shop, hanako).await;
        for _ in 1..Attention::COUNTED {
            tries(&shop, hanako).await;
        }
        assert_eq!(waits(&shop, who.who()).await, [Attention::SignIns(Attention::COUNTED - 1)]);
        for _ in 0..3 {
            tries(&shop, hanako).await;
        }
        assert_eq!(waits(&shop, who.who()).await, [Attention::SignIns(Attention::COUNTED)]);
    });

    on_both_databases!(whatever_waits_is_counted_on_the_first_page_as_it_is_named_on_the_other(shop) {
        let hanako = customer(&shop, "hanako@example.jp").await;
        let recent = proved(&shop, hanako).await;
        let who = recent.who();
        let strange = tries(&shop, hanako).await;
        tries(&shop, hanako).await;
        shop.clock.advance(1);
        assert!(history::was_not_me(&shop, &recent, strange, &device()).await.unwrap());
        let (reported, sign_in) = (Attention::Reported, Attention::SignIns(1));
        assert_eq!(waits(&shop, who).await, [reported.clone(), sign_in.clone()]);

        let mut tx = shop.db.write().await.unwrap();
        let sql = "INSERT INTO totp (customer_id, secret, created_at, confirmed_at, last_step) VALUES ($1, $2, $3, $3, 0)";
        execute!(tx, sql, hanako.0, vec![0_u8], shop.now()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(waits(&shop, who).await, [reported.clone(), Attention::NoCodes, sign_in.clone()]);

        let mut tx = shop.db.write().await.unwrap();
        let sql = "INSERT INTO factor_removal (customer_id, asked_at, due_at) VALUES ($1, $2, $3)";
        execute!(tx, sql, hanako.0, shop.now(), shop.now() + 1).await.unwrap();
        let mail = Mail::Account(AccountMail::AlreadyRegistered { customer: hanako.0 });
        mail::enqueue(&mut tx, &shop, "returned", &mail).await.unwrap();
        execute!(tx, "UPDATE mail_sent SET state = 'bounced' WHERE key = 'returned'").await.unwrap();
        tx.commit().await.unwrap();
        address_changed(&shop, hanako).await;
        let mut tx = shop.db.write().await.unwrap();
        execute!(tx, "UPDATE email_change SET state = 'waiting', way = 'late', changed_at = NULL").await.unwrap();
        tx.commit().await.unwrap();
        notice::demo(&shop).await.unwrap();
        let public = notice::mine(&shop, hanako).await.unwrap().remove(0).public;
        let all = [
            Attention::EmailChange(shop.now() + BACK_LIFE),
            Attention::Undelivered,
            reported,
            Attention::Notice { no: public.no.clone(), title: public.content.title },
            Attention::FactorsGo,
            Attention::NoCodes,
            sign_in,
        ];
        assert_eq!(waits(&shop, who).await, all);
        assert!(notice::acknowledge(&shop, hanako, &public.no).await.unwrap());
        assert_eq!(waits(&shop, who).await.len(), all.len() - 1, "the notice has been read");
    });
}
