//! Codes of an authenticator app (TOTP, RFC 6238), as a second factor.

mod qr;

use noren_domain::account::{AccountEvent, Customer, RecoveryCode, Totp, TotpSetup, TotpView, in_fours};
use noren_domain::form::Fault;
use noren_domain::{Id, Lang};
use totp_rs::Builder;
use uuid::Uuid;

use super::factors::{FactorError, hold_in_session};
use super::{email_change, events, lost, recovery, view};
use crate::clock::SKEW;
use crate::db::Conn;
use crate::session::{self, Device, Recent};
use crate::{Shop, execute, fetch_optional, outbox};

/// 160 bits, as RFC 4226 4 (R6) recommends.
const SECRET_BYTES: usize = 20;
/// A secret that was shown and not confirmed is good for so long.
const SETUP_LIFE: i64 = 60 * 60 * 1_000;
/// What the secret is sealed for.
const LABEL: &str = "totp";

/// Whether codes of an app are asked for at this customer's sign-ins.
pub async fn is_set(conn: &mut Conn, customer: Id<Customer>) -> Result<bool, sqlx::Error> {
    Ok(since(conn, customer).await?.is_some())
}

/// Since when codes are asked for, UTC ms.
pub(super) async fn since(conn: &mut Conn, customer: Id<Customer>) -> Result<Option<i64>, sqlx::Error> {
    let sql = "SELECT confirmed_at FROM totp WHERE customer_id = $1 AND confirmed_at IS NOT NULL";
    Ok(fetch_optional!(conn, (i64,), sql, customer.0).await?.map(|(since,)| since))
}

/// The same, of an app that took another one's place, since when there has been one, each replaced by somebody who had
/// given the code of the one before. Only the way back from a change of the address asks for it.
pub(super) async fn heir_since(conn: &mut Conn, customer: Id<Customer>) -> Result<Option<i64>, sqlx::Error> {
    let sql = "SELECT COALESCE(heir_since, confirmed_at) FROM totp WHERE customer_id = $1 AND confirmed_at IS NOT NULL";
    Ok(fetch_optional!(conn, (i64,), sql, customer.0).await?.map(|(since,)| since))
}

/// Compares a code, in the caller's transaction: that of now, or of 30 seconds before or after (RFC 6238 5.2).
/// A code is taken once, and none from before it any more: of two requests with the same one at the same
/// moment one is told `false`. Who calls counts the tries.
pub async fn check(conn: &mut Conn, shop: &Shop, customer: Id<Customer>, typed: &Totp) -> Result<bool, FactorError> {
    let sql = "SELECT secret FROM totp WHERE customer_id = $1 AND confirmed_at IS NOT NULL";
    let Some((sealed,)) = fetch_optional!(conn, (Vec<u8>,), sql, customer.0).await? else { return Ok(false) };
    let Some(step) = step_of(shop, customer, &sealed, typed)? else { return Ok(false) };
    let taken = execute!(
        conn,
        "UPDATE totp SET last_step = $3
         WHERE customer_id = $1 AND secret = $2 AND confirmed_at IS NOT NULL AND last_step < $3",
        customer.0,
        sealed,
        step
    )
    .await?;
    Ok(taken == 1)
}

/// The step whose code was typed, if it is the one of now or a neighbour.
fn step_of(shop: &Shop, customer: Id<Customer>, sealed: &[u8], typed: &Totp) -> Result<Option<i64>, FactorError> {
    let app = app(open(shop, customer, sealed)?)?;
    let seconds = u64::try_from(shop.now() / 1_000).unwrap_or_default();
    Ok(app.check(typed.digits(), seconds).and_then(|step| i64::try_from(step).ok()))
}

fn open(shop: &Shop, customer: Id<Customer>, sealed: &[u8]) -> Result<Builder, FactorError> {
    let secret = shop.keys.open_kept(LABEL, customer.0, sealed).ok_or(FactorError::Sealed)?;
    // Six digits, 30 seconds, SHA-1, one step to each side: what every app can do, and the builder's defaults.
    Ok(Builder::new().with_secret(secret.as_slice()))
}

fn app(builder: Builder) -> Result<totp_rs::Totp, FactorError> {
    builder.build().map_err(|e| FactorError::Library(e.to_string()))
}

/// Begins to set an app up in this session: a new secret, in place of one that was not confirmed. Where codes are asked
/// for already nothing changes.
pub async fn begin(shop: &Shop, who: &Recent) -> Result<(), FactorError> {
    let secret = zeroize::Zeroizing::new(shop.entropy.bytes::<SECRET_BYTES>());
    let sealed = shop.keys.seal_kept(LABEL, who.customer().0, secret.as_slice());
    let mut tx = shop.db.write().await?;
    if !hold_in_session(&mut tx, who).await? {
        return Err(FactorError::Refused(Fault::SessionEnded));
    }
    execute!(
        tx,
        "INSERT INTO totp (customer_id, secret, created_at, last_step, begun_by) VALUES ($1, $2, $3, 0, $4)
         ON CONFLICT (customer_id) DO UPDATE SET secret = $2, created_at = $3, last_step = 0, begun_by = $4
         WHERE totp.confirmed_at IS NULL",
        who.customer().0,
        sealed,
        shop.now(),
        who.session().0
    )
    .await?;
    Ok(tx.commit().await?)
}

#[derive(sqlx::FromRow)]
struct Row {
    secret: Vec<u8>,
    created_at: i64,
    confirmed_at: Option<i64>,
    begun_by: Option<Uuid>,
}

impl Row {
    /// Whether it was begun in this very session, and is still good. One that somebody else began in another session is
    /// as if it were not there: they know its secret, and whoever confirmed it would let them in. So is one of a clock
    /// that was far ahead: it would be good for too long.
    fn is_begun_by(&self, shop: &Shop, who: &Recent) -> bool {
        let good = self.created_at > shop.now() - SETUP_LIFE && self.created_at <= shop.now() + SKEW;
        self.confirmed_at.is_none() && self.begun_by == Some(who.session().0) && good
    }
}

async fn row(conn: &mut Conn, customer: Id<Customer>) -> Result<Option<Row>, sqlx::Error> {
    let sql = "SELECT secret, created_at, confirmed_at, begun_by FROM totp WHERE customer_id = $1";
    fetch_optional!(conn, Row, sql, customer.0).await
}

/// What the page of the app shows. What was begun is shown in the session that began it, as long as both are good; once
/// it is confirmed, to nobody.
pub async fn page(shop: &Shop, who: &Recent, lang: Lang) -> Result<TotpView, FactorError> {
    let mut conn = shop.db.read().await?;
    let row = row(&mut conn, who.customer()).await?;
    let open = session::is_open(&mut conn, who.session()).await?;
    drop(conn);
    match row {
        Some(Row { confirmed_at: Some(since), .. }) => Ok(TotpView::On(since)),
        Some(row) if open && row.is_begun_by(shop, who) => {
            Ok(TotpView::Begun(setup(shop, who, &row.secret, lang).await?))
        }
        _ => Ok(TotpView::Off),
    }
}

async fn setup(shop: &Shop, who: &Recent, sealed: &[u8], lang: Lang) -> Result<TotpSetup, FactorError> {
    let issuer = lang.pick("暖簾堂", "Norendo");
    // The address, by which the app tells this account from others. Where it is lost, the shop's name must do.
    let address: Result<_, FactorError> = view::address(shop, who.customer(), "account/security/totp").await;
    let account = address?.unwrap_or_else(|| issuer.to_owned());
    let app = app(open(shop, who.customer(), sealed)?.with_issuer(Some(issuer)).with_account_name(account))?;
    let uri = app.to_url().map_err(|e| FactorError::Library(e.to_string()))?;
    let qr = qr::drawn(&uri).map_err(|e| FactorError::Library(e.to_string()))?;
    Ok(TotpSetup { secret: in_fours(app.secret().to_base32().as_bytes(), " "), uri, qr })
}

/// Turns the app on with its first right code, and ends every other session of the customer. Where no recovery codes
/// are left, a set is made and given, once.
pub async fn confirm(
    shop: &Shop,
    who: &Recent,
    typed: &Totp,
    device: &Device,
) -> Result<Option<Vec<RecoveryCode>>, FactorError> {
    let mut tx = shop.db.write().await?;
    if !hold_in_session(&mut tx, who).await? {
        return Err(FactorError::Refused(Fault::SessionEnded));
    }
    let begun = row(&mut tx, who.customer()).await?.filter(|row| row.is_begun_by(shop, who));
    let Some(begun) = begun else { return Err(FactorError::Refused(Fault::StepMissing)) };
    let step = step_of(shop, who.customer(), &begun.secret, typed)?;
    let step = step.ok_or(FactorError::Refused(Fault::AppCode))?;
    if let Some(fault) = events::too_many(&mut tx, shop, who.customer()).await? {
        return Err(FactorError::Refused(fault));
    }
    // This one is as good as the app that was turned off on the proof that still counts, if that one's code was given in
    // this session just before. A proof by a passkey says nothing of an app.
    let now = shop.now();
    let confirmed = execute!(
        tx,
        "UPDATE totp SET confirmed_at = $3, last_step = $4, begun_by = NULL, heir_since =
           (SELECT app_off_since FROM session
            WHERE id = $5 AND app_off_at >= proved_at AND app_proved_at BETWEEN $6 AND $3)
         WHERE customer_id = $1 AND secret = $2 AND confirmed_at IS NULL",
        who.customer().0,
        begun.secret,
        now,
        step,
        who.session().0,
        now - session::RECENT
    )
    .await?;
    if confirmed == 0 {
        // Another request has begun anew meanwhile: the app holds a secret that is none any more.
        return Err(FactorError::Refused(Fault::Changed));
    }
    let codes = match recovery::left(&mut tx, who.customer()).await? {
        0 => Some(recovery::make(&mut tx, shop, who).await?),
        _ => None,
    };
    session::close_all(&mut tx, who.customer(), Some(who.session()), now).await?;
    events::happened(&mut tx, shop, who.customer(), AccountEvent::TotpOn, device).await?;
    tx.commit().await?;
    outbox::ring();
    Ok(codes)
}

/// Turns the app off, and ends every other session of the customer; or gives up setting one up, which changes
/// nothing for anybody. Its secret is gone. `false`: there was nothing.
pub async fn turn_off(shop: &Shop, who: &Recent, device: &Device) -> Result<bool, FactorError> {
    let mut tx = shop.db.write().await?;
    if !hold_in_session(&mut tx, who).await? {
        return Err(FactorError::Refused(Fault::SessionEnded));
    }
    if is_set(&mut tx, who.customer()).await?
        && let Some(fault) = email_change::paused(&mut tx, shop, who.customer()).await?
    {
        return Err(FactorError::Refused(fault));
    }
    let since = heir_since(&mut tx, who.customer()).await?;
    let gone = execute!(tx, "DELETE FROM totp WHERE customer_id = $1", who.customer().0).await? == 1;
    if let Some(since) = since {
        let sql = "UPDATE session SET app_off_at = $2, app_off_since = $3 WHERE id = $1";
        execute!(tx, sql, who.session().0, shop.now(), since).await?;
        lost::settled(&mut tx, who.customer()).await?;
        session::close_all(&mut tx, who.customer(), Some(who.session()), shop.now()).await?;
        events::happened(&mut tx, shop, who.customer(), AccountEvent::TotpOff, device).await?;
    }
    tx.commit().await?;
    outbox::ring();
    Ok(gone)
}

#[cfg(test)]
mod tests;
