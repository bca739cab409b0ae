//! Which kinds of mails there are.

use noren_domain::Lang;

use crate::mail::account::AccountMail;
use crate::mail::{Mail, NewsletterMail};

impl Mail {
    /// The word for its kind, as the database keeps it.
    pub(super) const fn kind(&self) -> &'static str {
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
