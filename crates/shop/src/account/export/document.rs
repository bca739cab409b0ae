//! All that is held about a person, put together for a copy of it. `docs/EXPORT.md` says what each name means.

use noren_domain::account::{FactorsView, PasskeyView, SavedAddress};
use serde::Serialize;
use sqlx::FromRow;
use uuid::Uuid;

use super::ExportError;
use super::orders::{self, Address, Order, Sealed};
use super::reads::{self, Proven, Read};
use super::sign_ins::{self, SignIn};
use crate::account::{addresses, email_change, factors, passkeys};
use crate::db::Conn;
use crate::session::SignedIn;
use crate::vault::{Asker, Field, For};
use crate::{Shop, fetch_all, fetch_optional, notice};

noren_domain::masked!(
    Document,
    Account,
    EmailChanged,
    Checkout,
    CartLine,
    Session,
    KnownBrowser,
    Event,
    Mail,
    Newsletter,
    Notice,
    Waiting
);

/// Where in the shop the vault is asked.
const ROUTE: &str = "account/export";

/// The whole of it. Times are UTC milliseconds, money is yen with tax.
#[derive(Serialize)]
pub(super) struct Document {
    pub shop: String,
    pub made_at: i64,
    pub account: Account,
    pub orders: Vec<Order>,
    pub addresses: Vec<SavedAddress>,
    pub email_changes: Vec<EmailChanged>,
    pub cart: Vec<CartLine>,
    pub checkout: Option<Checkout>,
    pub factors: FactorsView,
    pub passkeys: Vec<PasskeyView>,
    pub sessions: Vec<Session>,
    pub known_browsers: Vec<KnownBrowser>,
    pub sign_ins: Vec<SignIn>,
    /// So many older tries are not among them.
    pub sign_ins_older: i64,
    pub events: Vec<Event>,
    pub mails: Vec<Mail>,
    pub newsletter: Newsletter,
    pub notices: Vec<Notice>,
    pub exports: Vec<Asked>,
    pub waiting: Waiting,
    /// `None`: the ledger of now knows nobody by this record, for its key is lost.
    pub reads: Option<Vec<Read>>,
    pub read_proofs: Vec<Proven>,
}

#[derive(Serialize)]
pub(super) struct EmailChanged {
    pub state: String,
    /// `None`: the key is lost.
    pub other_email: Option<String>,
    pub asked_at: i64,
    pub changed_at: Option<i64>,
    /// When the address of before was put back.
    pub taken_back_at: Option<i64>,
    pub kept_until: i64,
}

#[derive(Serialize)]
pub(super) struct Account {
    pub id: Uuid,
    /// `None` of both: the key is lost.
    pub email: Option<String>,
    pub name: Option<String>,
    pub lang: String,
    pub created_at: i64,
    pub active_at: Option<i64>,
    pub password_changed_at: i64,
    pub email_verified_at: Option<i64>,
}

/// What is under way about the account.
#[derive(Serialize)]
pub(super) struct Waiting {
    pub challenges: Vec<Challenge>,
    pub factor_removal: Option<FactorRemoval>,
    pub dormancy: Option<Dormancy>,
}

/// A code that was asked for and can still be given.
#[derive(Serialize, FromRow)]
pub(super) struct Challenge {
    pub kind: String,
    pub asks: String,
    pub user_agent: String,
    pub network: String,
    pub created_at: i64,
    pub expires_at: i64,
}

#[derive(Serialize, FromRow)]
pub(super) struct FactorRemoval {
    pub asked_at: i64,
    pub due_at: i64,
}

#[derive(Serialize, FromRow)]
#[expect(clippy::struct_field_names, reason = "the copy's names are those of the database")]
pub(super) struct Dormancy {
    pub told_at: i64,
    pub reduced_at: Option<i64>,
    pub warned_at: Option<i64>,
    pub warned_again_at: Option<i64>,
}

#[derive(FromRow)]
struct AccountRow {
    email: Vec<u8>,
    name: Option<Vec<u8>>,
    lang: String,
    created_at: i64,
    active_at: Option<i64>,
    password_changed_at: i64,
    email_verified_at: Option<i64>,
}

#[derive(Serialize, FromRow)]
pub(super) struct CartLine {
    pub sku: String,
    pub quantity: i64,
    pub price_seen: i64,
    pub added_at: i64,
}

/// What was typed at the checkout and is no order yet.
#[derive(Serialize)]
pub(super) struct Checkout {
    pub address: Option<Address>,
    pub updated_at: i64,
}

#[derive(FromRow)]
struct CheckoutRow {
    #[sqlx(flatten)]
    sealed: Sealed,
    updated_at: i64,
}

#[derive(Serialize, FromRow)]
pub(super) struct Session {
    pub user_agent: String,
    pub network: String,
    pub created_at: i64,
    pub seen_at: i64,
    pub expires_at: i64,
    pub ended_at: Option<i64>,
}

#[derive(Serialize, FromRow)]
pub(super) struct KnownBrowser {
    pub since: i64,
    pub seen_at: i64,
}

#[derive(Serialize, FromRow)]
pub(super) struct Event {
    pub at: i64,
    pub kind: String,
    pub user_agent: String,
    pub network: String,
}

#[derive(Serialize, FromRow)]
pub(super) struct Mail {
    pub no: String,
    pub kind: String,
    pub subject: String,
    pub state: String,
    /// When the receiving server sent it back.
    pub returned_at: Option<i64>,
    pub created_at: i64,
    pub at: i64,
}

#[derive(Serialize)]
pub(super) struct Newsletter {
    pub state: Option<String>,
    pub consents: Vec<Consent>,
}

#[derive(Serialize, FromRow)]
pub(super) struct Consent {
    pub at: i64,
    pub act: String,
    pub words: String,
    pub lang: String,
    pub source: String,
}

#[derive(Serialize)]
pub(super) struct Notice {
    pub no: String,
    pub version: String,
    pub published_at: i64,
    pub read_at: Option<i64>,
    pub acknowledged_at: Option<i64>,
    pub title_ja: String,
    pub title_en: String,
    pub verdicts: serde_json::Value,
    pub steps: Vec<NoticeStep>,
}

#[derive(Serialize)]
pub(super) struct NoticeStep {
    pub text_ja: String,
    pub text_en: String,
    /// When the person ticked it off.
    pub done_at: Option<i64>,
}

#[derive(Serialize, FromRow)]
pub(super) struct Asked {
    pub asked_at: i64,
    pub expires_at: i64,
}

/// Puts the copy `export` together; `None`: the account has gone.
pub(super) async fn gather(shop: &Shop, who: &SignedIn, export: Uuid) -> Result<Option<Document>, ExportError> {
    let Some(account) = account(shop, who, export).await? else { return Ok(None) };
    let orders = orders::all(shop, who.customer, export).await?;
    let addresses = addresses::copied(shop, who.customer, export, ROUTE).await?;
    let email_changes = email_changes(shop, who, export).await?;
    let checkout = checkout(shop, who, export).await?;
    let notices = notices(shop, who).await?;
    let passkeys = passkeys::list(shop, who).await?.passkeys;
    let id = who.customer.0;
    let mut conn = shop.db.read().await?;
    let factors = factors::standing(&mut conn, who.customer).await?;
    let sql = "SELECT v.sku, l.quantity, l.price_seen, l.added_at FROM cart c JOIN cart_line l ON l.cart_id = c.id \
               JOIN variant v ON v.id = l.variant_id WHERE c.customer_id = $1 ORDER BY l.added_at, v.sku";
    let cart = fetch_all!(conn, CartLine, sql, id).await?;
    let sql = "SELECT user_agent, network, created_at, seen_at, expires_at, ended_at FROM session WHERE customer_id = $1 ORDER BY created_at DESC, id";
    let sessions = fetch_all!(conn, Session, sql, id).await?;
    let sql = "SELECT since, seen_at FROM known_device WHERE customer_id = $1 ORDER BY since DESC";
    let known_browsers = fetch_all!(conn, KnownBrowser, sql, id).await?;
    let (sign_ins, sign_ins_older) = sign_ins::all(&mut conn, id).await?;
    let sql = "SELECT at, kind, user_agent, network FROM account_event WHERE customer_id = $1 ORDER BY at DESC, id";
    let events = fetch_all!(conn, Event, sql, id).await?;
    let sql = "SELECT no, kind, subject, state, returned_at, created_at, at FROM mail_sent WHERE customer_id = $1 OR subject_id = $1 ORDER BY created_at DESC, id";
    let mails = fetch_all!(conn, Mail, sql, id).await?;
    let newsletter = newsletter(&mut conn, id).await?;
    let sql = "SELECT asked_at, expires_at FROM data_export WHERE customer_id = $1 ORDER BY asked_at DESC, id";
    let exports = fetch_all!(conn, Asked, sql, id).await?;
    let waiting = waiting(&mut conn, id).await?;
    drop(conn);
    // Last, so that what was opened for this copy stands in it.
    let reads = reads::all(shop, who).await?;
    let (reads, read_proofs) = reads.map_or((None, Vec::new()), |(reads, proofs)| (Some(reads), proofs));
    Ok(Some(Document {
        shop: shop.url.clone(),
        made_at: shop.now(),
        account,
        orders,
        addresses,
        email_changes,
        cart,
        checkout,
        factors,
        passkeys,
        sessions,
        known_browsers,
        sign_ins,
        sign_ins_older,
        events,
        mails,
        newsletter,
        notices,
        exports,
        waiting,
        reads,
        read_proofs,
    }))
}

/// The address that a change waits for, or has left.
async fn email_changes(shop: &Shop, who: &SignedIn, export: Uuid) -> Result<Vec<EmailChanged>, ExportError> {
    let sql = "SELECT state, email, created_at, changed_at, due_at FROM email_change WHERE customer_id = $1 ORDER BY created_at DESC, id";
    let rows = fetch_all!(shop.db.read().await?, (String, Vec<u8>, i64, Option<i64>, i64), sql, who.customer.0).await?;
    let asker = Asker::customer(who.customer, ROUTE);
    let mut changes = Vec::new();
    for (state, email, asked_at, changed_at, kept_until) in rows {
        let sealed = [(Field::Email, Some(&email))];
        let other_email = match shop.vault.open(asker, For::Export(export), who.customer.0, &sealed).await {
            Err(error) if error.is_lost() => None,
            opened => Some(opened?.expose(Field::Email).to_owned()),
        };
        // Its time to be kept counts anew from then.
        let taken_back_at = (state == "reverted").then_some(kept_until - email_change::BACK_LIFE);
        changes.push(EmailChanged { state, other_email, asked_at, changed_at, taken_back_at, kept_until });
    }
    Ok(changes)
}

async fn account(shop: &Shop, who: &SignedIn, export: Uuid) -> Result<Option<Account>, ExportError> {
    let sql = "SELECT email, name, lang, created_at, active_at, password_changed_at, email_verified_at FROM customer WHERE id = $1";
    let row = fetch_optional!(shop.db.read().await?, AccountRow, sql, who.customer.0).await?;
    let Some(row) = row else { return Ok(None) };
    let sealed = [(Field::Email, Some(&row.email)), (Field::Name, row.name.as_ref())];
    let asker = Asker::customer(who.customer, ROUTE);
    let (email, name) = match shop.vault.open(asker, For::Export(export), who.customer.0, &sealed).await {
        Err(error) if error.is_lost() => (None, None),
        opened => {
            let opened = opened?;
            let value = |field| Some(opened.expose(field).to_owned()).filter(|value| !value.is_empty());
            (value(Field::Email), value(Field::Name))
        }
    };
    let AccountRow { lang, created_at, active_at, password_changed_at, email_verified_at, .. } = row;
    let id = who.customer.0;
    Ok(Some(Account { id, email, name, lang, created_at, active_at, password_changed_at, email_verified_at }))
}

async fn checkout(shop: &Shop, who: &SignedIn, export: Uuid) -> Result<Option<Checkout>, ExportError> {
    let sql = "SELECT k.subject_id, k.email, k.name, k.kana, k.postal_code, k.prefecture, k.city, k.street, k.building, k.phone, \
               k.gift_message, k.updated_at FROM checkout k JOIN cart c ON c.id = k.cart_id WHERE c.customer_id = $1";
    let row = fetch_optional!(shop.db.read().await?, CheckoutRow, sql, who.customer.0).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Checkout { address: row.sealed.open(shop, who.customer, export).await?, updated_at: row.updated_at }))
}

async fn waiting(conn: &mut Conn, customer: Uuid) -> Result<Waiting, sqlx::Error> {
    let sql = "SELECT kind, asks, user_agent, network, created_at, expires_at FROM challenge WHERE customer_id = $1 ORDER BY created_at, id";
    let challenges = fetch_all!(conn, Challenge, sql, customer).await?;
    let sql = "SELECT asked_at, due_at FROM factor_removal WHERE customer_id = $1";
    let factor_removal = fetch_optional!(conn, FactorRemoval, sql, customer).await?;
    let sql = "SELECT told_at, reduced_at, warned_at, warned_again_at FROM dormancy WHERE customer_id = $1";
    let dormancy = fetch_optional!(conn, Dormancy, sql, customer).await?;
    Ok(Waiting { challenges, factor_removal, dormancy })
}

async fn newsletter(conn: &mut Conn, customer: Uuid) -> Result<Newsletter, sqlx::Error> {
    let sql = "SELECT state FROM newsletter_reader WHERE customer_id = $1";
    let state = fetch_optional!(conn, (String,), sql, customer).await?.map(|(state,)| state);
    let sql = "SELECT at, act, words, lang, source FROM newsletter_consent WHERE customer_id = $1 ORDER BY at, id";
    Ok(Newsletter { state, consents: fetch_all!(conn, Consent, sql, customer).await? })
}

async fn notices(shop: &Shop, who: &SignedIn) -> Result<Vec<Notice>, ExportError> {
    let held = notice::held(shop, who.customer).await?;
    let copied = |(notice, read_at): (noren_domain::notice::NoticeView, Option<i64>)| {
        let noren_domain::notice::NoticeView { public, verdicts, acknowledged_at, steps_done } = notice;
        let title = public.content.title;
        let steps = public.content.steps.into_iter().zip(steps_done);
        let steps = steps.map(|(text, done_at)| NoticeStep { text_ja: text.ja, text_en: text.en, done_at });
        Ok(Notice {
            no: public.no.as_str().to_owned(),
            version: public.version.word().to_owned(),
            published_at: public.published_at,
            read_at,
            acknowledged_at,
            title_ja: title.ja,
            title_en: title.en,
            verdicts: serde_json::to_value(verdicts)?,
            steps: steps.collect(),
        })
    };
    held.into_iter().map(copied).collect()
}
