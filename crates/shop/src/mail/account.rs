//! Mails about accounts.

use noren_domain::Lang;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Letter, MailError, Part};
use crate::person::Field;
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
}

/// Puts a mail about an account together.
pub(super) async fn compose(shop: &Shop, mail: &AccountMail) -> Result<Letter, MailError> {
    let mut conn = shop.db.read().await?;
    let (subject_id, row) = match mail {
        AccountMail::RegistrationCode { registration, .. } => (
            *registration,
            fetch_optional!(
                conn,
                (Vec<u8>, String),
                "SELECT email, lang FROM registration WHERE id = $1",
                *registration
            )
            .await?,
        ),
        AccountMail::AlreadyRegistered { customer } => (
            *customer,
            fetch_optional!(conn, (Vec<u8>, String), "SELECT email, lang FROM customer WHERE id = $1", *customer)
                .await?,
        ),
    };
    let (email, lang) = row.ok_or(MailError::Gone)?;
    let (to, lang) = (shop.keys.open(subject_id, Field::Email, &email)?, Lang::from_tag(&lang));
    let (subject, parts) = match mail {
        AccountMail::RegistrationCode { code, .. } => registration_code(lang, code),
        AccountMail::AlreadyRegistered { .. } => already_registered(shop, lang),
    };
    Ok(Letter { to, lang, subject, parts })
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

fn already_registered(shop: &Shop, lang: Lang) -> (String, Vec<Part>) {
    let text = lang.pick(
        "このメールアドレスで新しく登録しようとした方がいます。\nこのアドレスはすでに登録されていますので、そのままログインしてください。お心当たりがない場合、何もする必要はありません。",
        "Somebody tried to open a new account with this address.\nIt has one already: please log in with it. If this was not you, there is nothing you need to do.",
    );
    let link = Part::Link {
        label: lang.pick("ログインする", "Log in").to_owned(),
        url: format!("{}{}", shop.url, lang.path("/login")),
    };
    (
        lang.pick("すでにご登録があります", "You already have an account").to_owned(),
        vec![Part::Text(text.to_owned()), link],
    )
}
