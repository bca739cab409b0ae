//! The newsletter: nobody gets it who has not asked for it and then confirmed that by a button behind a link in a
//! mail (特定電子メール法 第3条). Each of these acts, and its end, stands in a ledger of consent that is never
//! rewritten. So does that the shop itself has asked once more, for the address is another one.

use noren_domain::newsletter::{Issue, IssueFault, Link, Standing};
use noren_domain::{Id, Lang, account::Customer};
use uuid::Uuid;

use crate::account::{factors, limits};
use crate::clock::SKEW;
use crate::db::Conn;
use crate::mail::{self, Mail, NewsletterMail};
use crate::token::Token;
use crate::{Shop, execute, fetch_all, fetch_optional, outbox};

/// Which words people agree to: changed whenever those on the page `/account/mail` are (`app/src/mail`).
pub const WORDS: &str = "2026-11";

/// How long the link that confirms is good: 7 days. One that would be good for longer is of a clock that was ahead.
const CONFIRM_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// So many customers are sent an issue in one transaction.
const BATCH: i64 = 200;

/// Where somebody has done something about the newsletter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// On the account's page.
    Account,
    /// On the page behind a link in a mail.
    Mail,
    /// By the mail program's own button (RFC 8058).
    OneClick,
    /// Nowhere: the shop has asked, for the address of the account is another one.
    AddressChange,
}

impl Source {
    const fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Mail => "mail",
            Self::OneClick => "one_click",
            Self::AddressChange => "address_change",
        }
    }
}

/// Something about the newsletter could not be done.
#[derive(Debug, thiserror::Error)]
pub enum NewsletterError {
    /// Too many mails were asked for.
    #[error("too many tries; again in {minutes} minutes")]
    TooMany {
        /// Minutes to wait.
        minutes: u32,
    },
    /// The issue is not fit to be sent.
    #[error("{}", words(*.0))]
    Unfit(IssueFault),
    /// Another text was sent under this name.
    #[error("issue \"{0}\" was sent with another text; give this one another name")]
    Taken(String),
    /// The issue cannot be written down.
    #[error("the issue cannot be kept: {0}")]
    Content(#[from] serde_json::Error),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

const fn words(fault: IssueFault) -> &'static str {
    match fault {
        IssueFault::Name => "the issue's name must be 1 to 40 lower-case letters, digits and hyphens, such as 2026-12",
        IssueFault::Empty => {
            "the issue needs a subject of one line (100 characters at most) and a text, in both languages"
        }
    }
}

/// What the link that confirms carries, for the entry `asked` of the ledger.
pub(crate) fn confirm_token(shop: &Shop, asked: Uuid) -> Token {
    Token::from_bytes(&shop.keys.derive("newsletter-confirm", asked.as_bytes()))
}

/// What the link that ends it carries: the same in every issue.
pub(crate) fn leave_token(shop: &Shop, customer: Uuid) -> Token {
    Token::from_bytes(&shop.keys.derive("newsletter-leave", customer.as_bytes()))
}

async fn enter(
    conn: &mut Conn,
    shop: &Shop,
    customer: Uuid,
    act: &str,
    lang: Lang,
    source: Source,
) -> Result<Uuid, sqlx::Error> {
    let id = shop.entropy.uuid(shop.now());
    enter_as(conn, shop, id, customer, act, lang, source).await?;
    Ok(id)
}

/// The same under this number.
async fn enter_as(
    conn: &mut Conn,
    shop: &Shop,
    id: Uuid,
    customer: Uuid,
    act: &str,
    lang: Lang,
    source: Source,
) -> Result<(), sqlx::Error> {
    let sql = "INSERT INTO newsletter_consent (id, customer_id, act, words, lang, source, at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    execute!(conn, sql, id, customer, act, WORDS, lang.tag(), source.word(), shop.now()).await?;
    Ok(())
}

/// What a link that confirms ends after, if it is good now, and ends no later than.
fn good(shop: &Shop) -> [i64; 2] {
    [shop.now(), shop.now() + CONFIRM_MS + SKEW]
}

/// How the customer stands to the newsletter.
pub async fn standing(shop: &Shop, customer: Id<Customer>) -> Result<Standing, sqlx::Error> {
    let sql = "SELECT state, confirm_until FROM newsletter_reader WHERE customer_id = $1";
    let row = fetch_optional!(shop.db.read().await?, (String, Option<i64>), sql, customer.0).await?;
    let [now, latest] = good(shop);
    Ok(match row.as_ref().map(|(state, until)| (state.as_str(), *until)) {
        Some(("confirmed", _)) => Standing::In,
        Some(("asked", Some(until))) if now < until && until <= latest => Standing::Asked,
        _ => Standing::Out,
    })
}

/// Whether the customer still wants what is about to be sent.
pub(crate) async fn wanted(shop: &Shop, customer: Uuid) -> Result<bool, sqlx::Error> {
    Ok(standing(shop, Id::new(customer)).await? == Standing::In)
}

/// The customer asks for the newsletter: a mail asks back. Nothing happens to who gets it already.
pub async fn ask(shop: &Shop, customer: Id<Customer>, lang: Lang) -> Result<(), NewsletterError> {
    let mut tx = shop.db.write().await?;
    // First, as a change of the address does: the mail refers to the customer, and each would wait for the other.
    factors::hold(&mut tx, customer).await?;
    let standing = limits::take(&mut tx, shop, limits::NEWSLETTER_CUSTOMER, customer.0.as_bytes()).await?;
    if let limits::Standing::Over { minutes, .. } = standing {
        tx.commit().await?;
        return Err(NewsletterError::TooMany { minutes });
    }
    let asked = shop.entropy.uuid(shop.now());
    // How they stand is looked at by the change itself: whoever confirms at this very moment has confirmed.
    let changed = execute!(
        tx,
        "INSERT INTO newsletter_reader (customer_id, state, confirm_hash, confirm_until, leave_hash) VALUES ($1, 'asked', $2, $3, $4) \
         ON CONFLICT (customer_id) DO UPDATE SET state = 'asked', confirm_hash = $2, confirm_until = $3 \
         WHERE newsletter_reader.state <> 'confirmed'",
        customer.0,
        confirm_token(shop, asked).hash().to_vec(),
        shop.now() + CONFIRM_MS,
        leave_token(shop, customer.0).hash().to_vec()
    )
    .await?;
    if changed == 0 {
        return Ok(tx.commit().await?);
    }
    enter_as(&mut tx, shop, asked, customer.0, "asked", lang, Source::Account).await?;
    let mail = Mail::Newsletter(NewsletterMail::Confirm { customer: customer.0, asked });
    mail::enqueue(&mut tx, shop, &format!("newsletter-ask-{asked}"), &mail).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(())
}

/// What the link that confirms is good for now. Of one that has confirmed it says so, however old it is.
pub async fn confirm_link(shop: &Shop, token: &Token) -> Result<Link, sqlx::Error> {
    let sql = "SELECT state, confirm_until FROM newsletter_reader WHERE confirm_hash = $1";
    let row = fetch_optional!(shop.db.read().await?, (String, Option<i64>), sql, token.hash().to_vec()).await?;
    let [now, latest] = good(shop);
    Ok(match row.as_ref().map(|(state, until)| (state.as_str(), *until)) {
        Some(("confirmed", _)) => Link::Done,
        Some((_, Some(until))) if now < until && until <= latest => Link::Good,
        _ => Link::Void,
    })
}

/// What the link that ends it is good for.
pub async fn leave_link(shop: &Shop, token: &Token) -> Result<Link, sqlx::Error> {
    let sql = "SELECT state FROM newsletter_reader WHERE leave_hash = $1";
    let row = fetch_optional!(shop.db.read().await?, (String,), sql, token.hash().to_vec()).await?;
    Ok(match row.as_ref().map(|(state,)| state.as_str()) {
        Some("withdrawn") => Link::Done,
        Some(_) => Link::Good,
        None => Link::Void,
    })
}

/// Whose link ends it, and the language that they read.
async fn reader_of(conn: &mut Conn, token: &Token) -> Result<Option<(Uuid, Lang)>, sqlx::Error> {
    let sql = "SELECT r.customer_id, c.lang FROM newsletter_reader r JOIN customer c ON c.id = r.customer_id WHERE r.leave_hash = $1";
    let found = fetch_optional!(conn, (Uuid, String), sql, token.hash().to_vec()).await?;
    Ok(found.map(|(customer, lang)| (customer, Lang::from_tag(&lang))))
}

/// The language of whoever the link that ends it belongs to, as their mails have it; `None`: it belongs to nobody.
pub async fn reader_lang(shop: &Shop, token: &Token) -> Result<Option<Lang>, sqlx::Error> {
    Ok(reader_of(&mut shop.db.read().await?, token).await?.map(|(_, lang)| lang))
}

/// The button behind the link in the mail was pressed; `false`: the link is not (or no longer) good. Pressed
/// twice it is as if once.
pub async fn confirm(shop: &Shop, token: &Token, lang: Lang) -> Result<bool, sqlx::Error> {
    let mut tx = shop.db.write().await?;
    let is_good = confirm_in(&mut tx, shop, token, lang).await?;
    tx.commit().await?;
    Ok(is_good)
}

/// Like [`confirm`], in the caller's transaction.
async fn confirm_in(conn: &mut Conn, shop: &Shop, token: &Token, lang: Lang) -> Result<bool, sqlx::Error> {
    let (hash, [now, latest]) = (token.hash().to_vec(), good(shop));
    let sql = "UPDATE newsletter_reader SET state = 'confirmed'
               WHERE confirm_hash = $1 AND confirm_until > $2 AND confirm_until <= $3 AND state = 'asked' RETURNING customer_id";
    if let Some((customer,)) = fetch_optional!(conn, (Uuid,), sql, hash.clone(), now, latest).await? {
        enter(conn, shop, customer, "confirmed", lang, Source::Mail).await?;
        return Ok(true);
    }
    let sql = "SELECT 1 FROM newsletter_reader
               WHERE confirm_hash = $1 AND confirm_until > $2 AND confirm_until <= $3 AND state = 'confirmed'";
    Ok(fetch_optional!(conn, (i32,), sql, hash, now, latest).await?.is_some())
}

/// The customer wants it no more: at once, also for what waits to be sent.
pub async fn withdraw(shop: &Shop, customer: Id<Customer>, lang: Lang, source: Source) -> Result<(), sqlx::Error> {
    let mut tx = shop.db.write().await?;
    end(&mut tx, shop, customer.0, lang, source).await?;
    tx.commit().await
}

/// Like [`withdraw`], by the link in an issue; `false`: it belongs to nobody.
pub async fn leave(shop: &Shop, token: &Token, lang: Lang, source: Source) -> Result<bool, sqlx::Error> {
    let mut tx = shop.db.write().await?;
    let Some((customer, _)) = reader_of(&mut tx, token).await? else { return Ok(false) };
    end(&mut tx, shop, customer, lang, source).await?;
    tx.commit().await?;
    Ok(true)
}

/// Like [`leave`], by the mail program's own button. No page was seen in any language, so the ledger names that of the
/// issue: the reader's.
pub async fn leave_by_one_click(shop: &Shop, token: &Token) -> Result<bool, sqlx::Error> {
    let mut tx = shop.db.write().await?;
    let Some((customer, lang)) = reader_of(&mut tx, token).await? else { return Ok(false) };
    end(&mut tx, shop, customer, lang, Source::OneClick).await?;
    tx.commit().await?;
    Ok(true)
}

/// Like [`withdraw`], in the caller's transaction.
pub(crate) async fn end(
    conn: &mut Conn,
    shop: &Shop,
    customer: Uuid,
    lang: Lang,
    source: Source,
) -> Result<(), sqlx::Error> {
    // The link of an earlier mail begins nothing again.
    let sql = "UPDATE newsletter_reader SET state = 'withdrawn', confirm_hash = NULL, confirm_until = NULL WHERE customer_id = $1 AND state <> 'withdrawn'";
    if execute!(conn, sql, customer).await? == 0 {
        return Ok(());
    }
    enter(conn, shop, customer, "withdrawn", lang, source).await?;
    call_off(conn, shop, customer).await
}

/// The address of the customer is another one: whoever gets the newsletter, or has asked for it, is asked once more at
/// the new one, in the caller's transaction. What went to the old one confirms nothing any more.
pub(crate) async fn ask_anew(
    conn: &mut Conn,
    shop: &Shop,
    customer: Id<Customer>,
    lang: Lang,
) -> Result<(), sqlx::Error> {
    let now = shop.now();
    let asked = shop.entropy.uuid(now);
    // How they stand is looked at by the change itself, and first: whoever leaves at this very moment has left. A link that
    // is good for too long goes to the old address like any other.
    let sql = "UPDATE newsletter_reader SET state = 'asked', confirm_hash = $2, confirm_until = $3
               WHERE customer_id = $1 AND (state = 'confirmed' OR state = 'asked' AND confirm_until > $4)";
    let hash = confirm_token(shop, asked).hash().to_vec();
    if execute!(conn, sql, customer.0, hash, now + CONFIRM_MS, now).await? == 0 {
        return Ok(());
    }
    call_off(conn, shop, customer.0).await?;
    enter_as(conn, shop, asked, customer.0, "asked_anew", lang, Source::AddressChange).await?;
    let mail = Mail::Newsletter(NewsletterMail::Anew { customer: customer.0, asked });
    mail::enqueue(conn, shop, &format!("newsletter-ask-{asked}"), &mail).await
}

/// Takes back what waits to be sent.
async fn call_off(conn: &mut Conn, shop: &Shop, customer: Uuid) -> Result<(), sqlx::Error> {
    let sql = "SELECT key FROM mail_sent WHERE customer_id = $1 AND kind IN ('newsletter', 'newsletter_confirm', 'newsletter_anew') AND state = 'queued'";
    for (key,) in fetch_all!(conn, (String,), sql, customer).await? {
        outbox::cancel(conn, shop, &key).await?;
    }
    Ok(())
}

/// Writes one mail of `issue` into the outbox for each customer who gets the newsletter, and gives the number of
/// those who had not been sent it before. The same again sends nothing twice. Whose mails come back is left out until one
/// arrives, or their address is another one: mail servers take senders who go on for senders of spam.
pub async fn send(shop: &Shop, issue: &Issue) -> Result<u64, NewsletterError> {
    issue.check().map_err(NewsletterError::Unfit)?;
    let content = serde_json::to_string(issue)?;
    let mut tx = shop.db.write().await?;
    let sql =
        "INSERT INTO newsletter_issue (name, content, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
    execute!(tx, sql, issue.name.as_str(), content.as_str(), shop.now()).await?;
    let sql = "SELECT content FROM newsletter_issue WHERE name = $1";
    let kept = fetch_optional!(tx, (String,), sql, issue.name.as_str()).await?;
    if kept.is_none_or(|(kept,)| kept != content) {
        return Err(NewsletterError::Taken(issue.name.clone()));
    }
    tx.commit().await?;
    let (mut after, mut sent, mut skipped) = (Uuid::nil(), 0, 0u64);
    loop {
        let sql = "SELECT customer_id FROM newsletter_reader WHERE state = 'confirmed' AND customer_id > $1 ORDER BY customer_id LIMIT $2";
        let readers = fetch_all!(shop.db.read().await?, (Uuid,), sql, after, BATCH).await?;
        let Some((last,)) = readers.last() else { break };
        after = *last;
        let mut tx = shop.db.write().await?;
        for (customer,) in readers {
            let key = format!("newsletter-{}-{customer}", issue.name);
            let sql = "SELECT 1 FROM mail_sent WHERE key = $1";
            if fetch_optional!(tx, (i32,), sql, key.as_str()).await?.is_some() {
                continue;
            }
            if mail::sent::undelivered(&mut tx, customer).await?.is_some() {
                skipped += 1;
                continue;
            }
            let mail = Mail::Newsletter(NewsletterMail::Issue { customer, issue: issue.name.clone() });
            mail::enqueue(&mut tx, shop, &key, &mail).await?;
            sent += 1;
        }
        tx.commit().await?;
        outbox::ring();
    }
    if skipped > 0 {
        tracing::warn!(issue = issue.name, skipped, "readers whose mails come back are not sent the newsletter");
    }
    Ok(sent)
}

#[cfg(test)]
mod tests;
