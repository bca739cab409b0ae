//! Mails about accounts.

use noren_domain::account::Browser;
use noren_domain::{Lang, moment};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Letter, MailError, Part};
use crate::vault::{Asker, Field, For};
use crate::{Shop, fetch_optional};

/// A mail about an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountMail {
    /// The code that proves the address.
    RegistrationCode {
        /// The registration that waits; its id is the subject of its sealed address.
        registration: Uuid,
        /// Six digits.
        code: String,
    },
    /// Somebody tried to register an address that has an account.
    AlreadyRegistered {
        /// The customer; the id is the subject of the sealed address.
        customer: Uuid,
    },
    /// A sign-in from a browser that was not seen before.
    NewDevice {
        /// The sign-in, as the customer's history keeps it.
        sign_in: Uuid,
    },
}

#[derive(sqlx::FromRow)]
struct NewDeviceRow {
    id: Uuid,
    email: Vec<u8>,
    lang: String,
    at: i64,
    user_agent: String,
    network: String,
}

/// Puts a mail about an account together.
pub(super) async fn compose(shop: &Shop, mail: &AccountMail) -> Result<Letter, MailError> {
    let mut conn = shop.db.read().await?;
    let (id, email, lang, content) = match mail {
        AccountMail::RegistrationCode { registration, code } => {
            let sql = "SELECT email, lang FROM registration WHERE id = $1";
            let row = fetch_optional!(conn, (Vec<u8>, String), sql, *registration).await?;
            let (email, lang) = row.ok_or(MailError::Gone)?;
            let lang = Lang::from_tag(&lang);
            (*registration, email, lang, registration_code(lang, code))
        }
        AccountMail::AlreadyRegistered { customer } => {
            let sql = "SELECT email, lang FROM customer WHERE id = $1";
            let row = fetch_optional!(conn, (Vec<u8>, String), sql, *customer).await?;
            let (email, lang) = row.ok_or(MailError::Gone)?;
            let lang = Lang::from_tag(&lang);
            (*customer, email, lang, already_registered(lang))
        }
        AccountMail::NewDevice { sign_in } => {
            let sql = "SELECT c.id, c.email, c.lang, s.at, s.user_agent, s.network
                       FROM sign_in s JOIN customer c ON c.id = s.customer_id WHERE s.id = $1";
            let row = fetch_optional!(conn, NewDeviceRow, sql, *sign_in).await?.ok_or(MailError::Gone)?;
            let lang = Lang::from_tag(&row.lang);
            let content = new_device(lang, &row);
            (row.id, row.email, lang, content)
        }
    };
    drop(conn);
    let about = match mail {
        AccountMail::RegistrationCode { registration, .. } => *registration,
        AccountMail::AlreadyRegistered { customer } => *customer,
        AccountMail::NewDevice { sign_in } => *sign_in,
    };
    let sealed = [(Field::Email, Some(&email))];
    let mut opened = shop.vault.open(Asker::shop("outbox/mail"), For::Mail(about), id, &sealed).await?;
    let to = opened.take(Field::Email);
    let (subject, parts) = content;
    Ok(Letter { to, lang, subject, parts, ledger: None })
}

fn registration_code(lang: Lang, code: &str) -> (String, Vec<Part>) {
    let hello = lang.pick(
        "暖簾堂へのご登録ありがとうございます。\n次の確認コードを、登録の画面に入力してください。",
        "Thank you for registering with Norendo.\nPlease type this code into the page that asked for it.",
    );
    let caution = lang.pick(
        "お心当たりがない場合は、このメールを破棄してください。登録は完了しません。",
        "If this was not you, you can ignore this mail: no account is opened without the code.",
    );
    let subject = lang.pick("確認コードのお知らせ", "Your confirmation code").to_owned();
    (subject, vec![Part::Text(hello.to_owned()), Part::Code(code.to_owned()), Part::Text(caution.to_owned())])
}

/// A mail about security carries no link to log in: people who are used to such links follow false ones.
fn already_registered(lang: Lang) -> (String, Vec<Part>) {
    let text = lang.pick(
        "このメールアドレスで新しく登録しようとした方がいます。\nこのアドレスはすでに登録されていますので、新しいアカウントは作られていません。\n\nご本人の場合は、いつものように当店を開いてログインしてください。お心当たりがない場合、何もする必要はありません。",
        "Somebody tried to open a new account with this address.\nIt has one already, so no new account was opened.\n\nIf this was you, please open our shop as usual and log in. If it was not, there is nothing you need to do.",
    );
    let subject = lang.pick("すでにご登録があります", "You already have an account").to_owned();
    (subject, vec![Part::Text(text.to_owned())])
}

fn new_device(lang: Lang, row: &NewDeviceRow) -> (String, Vec<Part>) {
    let hello = lang.pick(
        "これまでに使われたことのないブラウザーか接続元から、お客様のアカウントにログインがありました。",
        "Your account was signed in to with a browser, or from a network, that had not been used before.",
    );
    let network = if row.network.is_empty() { lang.pick("不明", "unknown").to_owned() } else { row.network.clone() };
    let facts = vec![
        (lang.pick("日時", "When").to_owned(), moment::date_time(row.at, lang)),
        (lang.pick("ブラウザー", "Browser").to_owned(), Browser::of(&row.user_agent).words(lang)),
        (lang.pick("接続元", "Network").to_owned(), network),
    ];
    let advice = lang.pick(
        "ご本人であれば、何もする必要はありません。\nお心当たりがない場合は、いつものように当店を開き、「アカウントの安全」のページでその端末をログアウトさせてください。このメールには、ログインのためのリンクはありません。",
        "If this was you, there is nothing you need to do.\nIf it was not, open our shop as usual and sign that device out on the page “Account security”. This mail holds no link to log in.",
    );
    let subject = lang.pick("新しい端末からのログイン", "New sign-in to your account").to_owned();
    (subject, vec![Part::Text(hello.to_owned()), Part::Facts(facts), Part::Text(advice.to_owned())])
}
