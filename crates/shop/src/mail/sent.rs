//! Which mails the shop has sent, by their numbers: what kind of mail, when, and what became of it. Never to
//! which address.

use noren_domain::Lang;
use noren_domain::mail::{Checked, MailLine, MailNo, MailPage};
use sqlx::FromRow;
use uuid::Uuid;

use super::account::{AccountMail, EmailMail};
use super::{Mail, NewsletterMail};
use crate::db::Conn;
use crate::{Shop, execute, fetch_all, fetch_optional};

/// So many mails stand on one page of the list.
pub const ON_A_PAGE: u32 = 20;
/// A notice leaves within seconds, as a rule. One that has taken no longer than this (ms) counts as having left at once,
/// so that what it announces comes on the day that it names.
pub(crate) const SLACK: i64 = 60 * 60_000;

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits to be handed over, for the first time or again.
    Queued,
    /// The whole mail may be with the mail server, which has not said so.
    Sending,
    /// The mail server has taken it.
    Sent,
    /// The mail server has refused it for good.
    Bounced,
    /// It could not be handed over and is not tried any more.
    GivenUp,
    /// It was called off before it left: what it was about had changed.
    Cancelled,
}

impl State {
    const ALL: [Self; 6] = [Self::Queued, Self::Sending, Self::Sent, Self::Bounced, Self::GivenUp, Self::Cancelled];

    /// The word stored in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Bounced => "bounced",
            Self::GivenUp => "given_up",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state that the database keeps as `word`.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// What a customer reads.
    pub(crate) const fn words(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Queued | Self::Sending, Lang::Ja) => "送信を待っています",
            (Self::Queued | Self::Sending, Lang::En) => "Waiting to be sent",
            (Self::Sent, Lang::Ja) => "送信しました",
            (Self::Sent, Lang::En) => "Sent",
            (Self::Bounced, Lang::Ja) => "受信側のサーバーに受け取られませんでした",
            (Self::Bounced, Lang::En) => "Refused by the receiving server",
            (Self::GivenUp, Lang::Ja) => "お送りできませんでした",
            (Self::GivenUp, Lang::En) => "Could not be sent",
            (Self::Cancelled, Lang::Ja) => "送信を取りやめました",
            (Self::Cancelled, Lang::En) => "Called off before it was sent",
        }
    }
}

impl Mail {
    /// The word for its kind, as the database keeps it.
    const fn kind(&self) -> &'static str {
        match self {
            Self::OrderPlaced { .. } => "order_placed",
            Self::OrderPaid { .. } => "order_paid",
            Self::OrderRefunded { .. } => "order_refunded",
            Self::OrderLapsed { .. } => "order_lapsed",
            Self::OrderForgetting { .. } => "order_forgetting",
            Self::Account(AccountMail::RegistrationCode { .. }) => "registration_code",
            Self::Account(AccountMail::AlreadyRegistered { .. }) => "already_registered",
            Self::Account(AccountMail::Code { .. }) => "code",
            Self::Account(AccountMail::NewDevice { .. }) => "new_device",
            Self::Account(AccountMail::Event { .. }) => "account_event",
            Self::Account(AccountMail::StaffRead { .. }) => "staff_read",
            Self::Account(AccountMail::Notice { .. }) => "notice",
            Self::Account(
                AccountMail::EmailChange { .. } | AccountMail::EmailWanted { .. } | AccountMail::EmailHeld { .. },
            ) => "email_change",
            Self::Account(AccountMail::Dormant { .. }) => "dormant",
            Self::Account(AccountMail::Erased { .. }) => "erased",
            Self::Newsletter(NewsletterMail::Confirm { .. }) => "newsletter_confirm",
            Self::Newsletter(NewsletterMail::Anew { .. }) => "newsletter_anew",
            Self::Newsletter(NewsletterMail::Issue { .. }) => "newsletter",
        }
    }

    const fn whom(&self) -> Whom {
        match self {
            Self::OrderPlaced { order }
            | Self::OrderPaid { order }
            | Self::OrderRefunded { order }
            | Self::OrderLapsed { order }
            | Self::OrderForgetting { order, .. } => Whom::Order(*order),
            Self::Account(
                AccountMail::RegistrationCode { registration } | AccountMail::EmailHeld { registration, .. },
            ) => Whom::Registration(*registration),
            Self::Account(
                AccountMail::AlreadyRegistered { customer }
                | AccountMail::EmailWanted { customer, .. }
                | AccountMail::StaffRead { customer, .. }
                | AccountMail::Notice { customer, .. }
                | AccountMail::Dormant { customer, .. },
            )
            | Self::Newsletter(
                NewsletterMail::Confirm { customer, .. }
                | NewsletterMail::Anew { customer, .. }
                | NewsletterMail::Issue { customer, .. },
            ) => Whom::Customer(*customer),
            Self::Account(AccountMail::Code { challenge, .. }) => Whom::Challenge(*challenge),
            Self::Account(AccountMail::NewDevice { sign_in }) => Whom::SignIn(*sign_in),
            Self::Account(AccountMail::Event { event, .. }) => Whom::Event(*event),
            Self::Account(AccountMail::EmailChange { change, what: EmailMail::NewCode | EmailMail::Over }) => {
                Whom::NewMailbox(*change)
            }
            Self::Account(AccountMail::EmailChange { change, .. }) => Whom::EmailChange(*change),
            Self::Account(AccountMail::Erased { erasure }) => Whom::Erased(*erasure),
        }
    }
}

/// What a customer reads of a mail that was sent and came back.
pub(crate) fn returned_words(lang: Lang) -> &'static str {
    lang.pick("送信しましたが、受信側のサーバーから戻ってきました", "Sent, but returned by the receiving server")
}

/// The kind of a mail, for whoever asks about its number. A kind of a later version is a mail all the same.
pub(crate) fn kind_words(kind: &str, lang: Lang) -> &'static str {
    let (ja, en) = match kind {
        "order_placed" => ("ご注文の確認", "Order confirmation"),
        "order_paid" => ("お振り込みの確認", "Transfer received"),
        "order_refunded" => ("ご返金のお知らせ", "Refund"),
        "order_lapsed" => ("ご注文キャンセルのお知らせ", "Order cancelled"),
        "order_forgetting" => ("ご注文のお名前とご住所の消去のお知らせ", "Your name and address in an order"),
        "registration_code" => ("会員登録の確認コード", "Registration code"),
        "already_registered" => ("ご登録についてのお知らせ", "About your registration"),
        "code" => ("確認コードのお知らせ", "Code"),
        "email_change" => ("メールアドレスの変更について", "Change of an e-mail address"),
        "new_device" => ("新しい端末からのログインのお知らせ", "New sign-in"),
        "staff_read" => ("お客様の情報を開いたことのお知らせ", "Your data were opened"),
        "notice" => ("お客様に関わるお知らせ", "A notice about you"),
        "dormant" => ("長くお使いいただいていないアカウントのお知らせ", "About an account that is not used"),
        "erased" => ("消去のお知らせ", "Statement of erasure"),
        "newsletter_confirm" => ("お便りのお申し込みの確認", "Newsletter: please confirm"),
        "newsletter_anew" => ("新しいアドレスでのお便りについてのお伺い", "Newsletter at a new address"),
        "newsletter" => ("お便り", "Newsletter"),
        _ => ("アカウントについてのお知らせ", "About your account"),
    };
    lang.pick(ja, en)
}

/// Where a mail's person is found.
enum Whom {
    Order(Uuid),
    Registration(Uuid),
    Customer(Uuid),
    SignIn(Uuid),
    Challenge(Uuid),
    Event(Uuid),
    NewMailbox(Uuid),
    EmailChange(Uuid),
    Erased(Uuid),
}

#[derive(FromRow)]
struct Person {
    subject: Uuid,
    customer: Option<Uuid>,
    lang: String,
}

async fn person(conn: &mut Conn, whom: Whom) -> Result<Option<Person>, sqlx::Error> {
    let (sql, id) = match whom {
        Whom::Order(id) => {
            ("SELECT subject_id AS subject, customer_id AS customer, lang FROM orders WHERE id = $1", id)
        }
        Whom::Customer(id) => ("SELECT id AS subject, id AS customer, lang FROM customer WHERE id = $1", id),
        Whom::SignIn(id) => (
            "SELECT c.id AS subject, c.id AS customer, c.lang FROM sign_in s JOIN customer c ON c.id = s.customer_id WHERE s.id = $1",
            id,
        ),
        Whom::Event(id) => (
            "SELECT c.id AS subject, c.id AS customer, c.lang FROM account_event e JOIN customer c ON c.id = e.customer_id WHERE e.id = $1",
            id,
        ),
        // Where nobody has the address, the challenge itself is the record.
        Whom::Challenge(id) => (
            "SELECT COALESCE(customer_id, id) AS subject, customer_id AS customer, lang FROM challenge WHERE id = $1",
            id,
        ),
        Whom::EmailChange(id) => (
            "SELECT c.id AS subject, c.id AS customer, c.lang FROM email_change e JOIN customer c ON c.id = e.customer_id WHERE e.id = $1",
            id,
        ),
        Whom::Erased(id) => {
            let found = fetch_optional!(conn, (Uuid, String), "SELECT record, lang FROM erasure WHERE id = $1", id);
            return Ok(found.await?.map(|(subject, lang)| Person { subject, customer: None, lang }));
        }
        Whom::Registration(id) => {
            let found = fetch_optional!(conn, (String,), "SELECT lang FROM registration WHERE id = $1", id).await?;
            return Ok(found.map(|(lang,)| Person { subject: id, customer: None, lang }));
        }
        // It stands in nobody's list: whoever asked would learn from it that the address is nobody's yet. What tells that
        // mailbox that the change was taken back went to somebody else, as far as the owner of the account knows.
        Whom::NewMailbox(id) => {
            let found = fetch_optional!(conn, (String,), "SELECT lang FROM email_change WHERE id = $1", id).await?;
            return Ok(found.map(|(lang,)| Person { subject: id, customer: None, lang }));
        }
    };
    fetch_optional!(conn, Person, sql, id).await
}

/// A mail's row.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    /// Its number.
    pub no: MailNo,
    /// Where it stands.
    pub state: State,
    /// When it was written into the outbox, UTC ms.
    pub created_at: i64,
}

type Row = (String, String, i64);

fn read((no, state, created_at): Row) -> Option<Sent> {
    Some(Sent { no: MailNo::parse(&no)?, state: State::from_word(&state)?, created_at })
}

/// Writes the mail of the job `key` down, in the caller's transaction; once, however often it is called.
/// Where nobody is (any more) whom it is about, nothing is written.
pub(super) async fn enter(conn: &mut Conn, shop: &Shop, key: &str, mail: &Mail) -> Result<(), sqlx::Error> {
    let Some(person) = person(conn, mail.whom()).await? else { return Ok(()) };
    let now = shop.now();
    execute!(
        conn,
        "INSERT INTO mail_sent (id, no, key, kind, lang, subject_id, customer_id, created_at, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) \
         ON CONFLICT DO NOTHING",
        shop.entropy.uuid(now),
        MailNo::of(&shop.entropy.code(8)).as_str(),
        key,
        mail.kind(),
        person.lang.as_str(),
        person.subject,
        person.customer,
        now
    )
    .await?;
    Ok(())
}

/// The row of the job `key`; made now if there is none, for a job that an earlier version wrote.
pub(super) async fn of(shop: &Shop, key: &str, mail: &Mail) -> Result<Option<Sent>, sqlx::Error> {
    let sql = "SELECT no, state, created_at FROM mail_sent WHERE key = $1";
    if let Some(row) = fetch_optional!(shop.db.read().await?, Row, sql, key).await? {
        return Ok(read(row));
    }
    let mut tx = shop.db.write().await?;
    enter(&mut tx, shop, key, mail).await?;
    let row = fetch_optional!(tx, Row, sql, key).await?;
    tx.commit().await?;
    Ok(row.and_then(read))
}

/// Notes where a mail stands, in the caller's transaction.
pub(super) async fn note(conn: &mut Conn, shop: &Shop, key: &str, state: State) -> Result<(), sqlx::Error> {
    let sql = "UPDATE mail_sent SET state = $1, at = $2 WHERE key = $3";
    execute!(conn, sql, state.word(), shop.now(), key).await?;
    Ok(())
}

/// Like [`note`], in a transaction of its own.
pub(super) async fn noted(shop: &Shop, key: &str, state: State) -> Result<(), sqlx::Error> {
    let mut tx = shop.db.write().await?;
    note(&mut tx, shop, key, state).await?;
    tx.commit().await
}

/// Notes what the mail is called now that it is written.
pub(super) async fn titled(conn: &mut Conn, key: &str, subject: &str) -> Result<(), sqlx::Error> {
    execute!(conn, "UPDATE mail_sent SET subject = $1 WHERE key = $2", subject, key).await?;
    Ok(())
}

/// Notes that it is not known whether the last try has left the mail with the mail server.
pub(super) async fn doubt(shop: &Shop, key: &str) -> Result<(), sqlx::Error> {
    let mut tx = shop.db.write().await?;
    execute!(tx, "UPDATE mail_sent SET doubts = doubts + 1 WHERE key = $1", key).await?;
    tx.commit().await
}

/// Where a mail stands that announces what its reader can still prevent. It is not enough that it was written: while no
/// mail server takes it, nobody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// The mail server has taken it, or refused it for good, at this time (UTC ms). A mailbox that refuses mail keeps
    /// nothing from happening for ever: more than to try, the shop cannot do.
    Left(i64),
    /// It has not left, as far as is known, and will be tried again.
    Waits,
    /// It could not be handed over and is not tried any more.
    GivenUp,
    /// It was called off, or nothing is known of it (any more).
    Gone,
}

impl Notice {
    fn of(state: &str, at: i64) -> Self {
        match State::from_word(state) {
            Some(State::Sent | State::Bounced) => Self::Left(at),
            Some(State::Cancelled) => Self::Gone,
            Some(State::GivenUp) => Self::GivenUp,
            Some(State::Queued | State::Sending) | None => Self::Waits,
        }
    }

    /// Whether it has left.
    pub(crate) const fn has_left(self) -> bool {
        matches!(self, Self::Left(_))
    }

    /// Whether its reader has had `time` (ms) since it left, but for [`SLACK`].
    pub(crate) const fn has_had(self, time: i64, now: i64) -> bool {
        match self {
            Self::Left(at) => at + time - SLACK <= now,
            Self::Waits | Self::GivenUp | Self::Gone => false,
        }
    }

    /// From when on (UTC ms) its reader's time counts, at the earliest.
    pub(crate) const fn since(self, now: i64) -> i64 {
        match self {
            Self::Left(at) => at,
            Self::Waits | Self::GivenUp | Self::Gone => now,
        }
    }
}

/// Where the mail of the job `key` stands.
pub(crate) async fn notice(conn: &mut Conn, key: &str) -> Result<Notice, sqlx::Error> {
    let sql = "SELECT state, at FROM mail_sent WHERE key = $1";
    let row = fetch_optional!(conn, (String, i64), sql, key).await?;
    Ok(row.map_or(Notice::Gone, |(state, at)| Notice::of(&state, at)))
}

/// Where the newest mail about the record `subject` stands of the jobs whose keys begin with `begins`, and the key of its
/// job.
pub(crate) async fn newest_notice(
    conn: &mut Conn,
    subject: Uuid,
    begins: &str,
) -> Result<Option<(String, Notice)>, sqlx::Error> {
    let sql = "SELECT key, state, at FROM mail_sent WHERE subject_id = $1 AND key LIKE $2
               ORDER BY created_at DESC, id DESC LIMIT 1";
    let row = fetch_optional!(conn, (String, String, i64), sql, subject, format!("{begins}%")).await?;
    Ok(row.map(|(key, state, at)| (key, Notice::of(&state, at))))
}

/// Called off, in the caller's transaction, unless it is on its way or over.
pub(crate) async fn cancel(conn: &mut Conn, shop: &Shop, key: &str) -> Result<(), sqlx::Error> {
    let sql = "UPDATE mail_sent SET state = 'cancelled', at = $1 WHERE key = $2 AND state = 'queued'";
    execute!(conn, sql, shop.now(), key).await?;
    Ok(())
}

/// The jobs of all mails to the address that the record `subject` held, but for the statement that it was erased.
pub(crate) async fn keys_of(conn: &mut Conn, subject: Uuid) -> Result<Vec<String>, sqlx::Error> {
    let keys =
        fetch_all!(conn, (String,), "SELECT key FROM mail_sent WHERE subject_id = $1 AND kind <> 'erased'", subject)
            .await?;
    Ok(keys.into_iter().map(|(key,)| key).collect())
}

/// From now on the list does not say any more whose these mails were, in the caller's transaction; their numbers can
/// still be checked. The name of a job, which may name its customer, goes once that is over.
pub(crate) async fn part_from(conn: &mut Conn, subject: Uuid) -> Result<(), sqlx::Error> {
    let sql = "UPDATE mail_sent SET subject_id = id, customer_id = NULL, key = CASE WHEN EXISTS \
               (SELECT 1 FROM outbox o WHERE o.key = mail_sent.key AND o.done_at IS NULL) THEN key ELSE 'gone-' || no END \
               WHERE subject_id = $1";
    execute!(conn, sql, subject).await?;
    Ok(())
}

/// Not tried any more, in the caller's transaction, unless it is over already.
pub(crate) async fn give_up(conn: &mut Conn, shop: &Shop, key: &str) -> Result<(), sqlx::Error> {
    let sql = "UPDATE mail_sent SET state = 'given_up', at = $1 WHERE key = $2 AND state IN ('queued', 'sending')";
    execute!(conn, sql, shop.now(), key).await?;
    Ok(())
}

#[derive(FromRow)]
struct Line {
    no: String,
    at: i64,
    subject: String,
    kind: String,
    state: String,
    returned_at: Option<i64>,
}

/// When the last mail to the customer came back, or was refused for good, UTC ms; `None`: it did not, as far as is known.
/// Only mails to the account's own address count: none about an order, which has an address of its own, and none to another
/// of their addresses, before or while they changed it.
pub(crate) async fn undelivered(conn: &mut Conn, customer: Uuid) -> Result<Option<i64>, sqlx::Error> {
    let sql = "SELECT CASE WHEN m.state = 'bounced' THEN m.at ELSE m.returned_at END
               FROM mail_sent m JOIN customer c ON c.id = m.customer_id
               WHERE m.customer_id = $1 AND m.subject_id = $1 AND m.state IN ('sent', 'bounced') AND m.kind <> 'email_change'
                 AND m.created_at >= COALESCE(c.email_verified_at, 0)
               ORDER BY m.created_at DESC, m.id DESC LIMIT 1";
    Ok(fetch_optional!(conn, (Option<i64>,), sql, customer).await?.and_then(|(at,)| at))
}

/// The mails that the customer was sent, newest first, in the words of `lang`; pages count from 1.
pub async fn mine(shop: &Shop, customer: Uuid, page: u32, lang: Lang) -> Result<MailPage, sqlx::Error> {
    let page = page.max(1);
    // A registration has the number that its customer has later.
    let sql =
        "SELECT no, at, subject, kind, state, returned_at FROM mail_sent WHERE customer_id = $1 OR subject_id = $1
               ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3";
    let (most, before) = (i64::from(ON_A_PAGE), i64::from(page - 1) * i64::from(ON_A_PAGE));
    let mut conn = shop.db.read().await?;
    let mut rows = fetch_all!(conn, Line, sql, customer, most + 1, before).await?;
    let older = rows.len() > usize::try_from(ON_A_PAGE).unwrap_or(usize::MAX);
    rows.truncate(usize::try_from(ON_A_PAGE).unwrap_or(usize::MAX));
    let line = |row: Line| {
        let state = State::from_word(&row.state)?;
        let subject = if row.subject.is_empty() { kind_words(&row.kind, lang).to_owned() } else { row.subject };
        let returned = row.returned_at.filter(|_| state == State::Sent);
        let failed = matches!(state, State::Bounced | State::GivenUp) || returned.is_some();
        let state = match returned {
            Some(_) => returned_words(lang),
            None => state.words(lang),
        };
        Some(MailLine {
            no: MailNo::parse(&row.no)?,
            at: returned.unwrap_or(row.at),
            subject,
            state: state.to_owned(),
            failed,
        })
    };
    Ok(MailPage { mails: rows.into_iter().filter_map(line).collect(), page, older })
}

/// Whether a mail with this number has left the shop: its kind in the words of `lang`, and when. Nothing is
/// said of one that has not left: nobody can hold it in their hands.
pub(crate) async fn check(conn: &mut Conn, no: &str, lang: Lang) -> Result<Option<Checked>, sqlx::Error> {
    let sql = "SELECT kind, at FROM mail_sent WHERE no = $1 AND (state IN ('sending', 'sent') OR doubts > 0)";
    let found = fetch_optional!(conn, (String, i64), sql, no).await?;
    Ok(found.map(|(kind, at)| Checked::Mail { at, kind: kind_words(&kind, lang).to_owned() }))
}
