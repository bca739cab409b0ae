//! Mails of the newsletter.

use noren_domain::newsletter::Issue;
use noren_domain::{Lang, Text};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Letter, MailError, Part};
use crate::vault::{Asker, Field, For};
use crate::{Shop, fetch_optional, newsletter};

/// A mail of the newsletter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewsletterMail {
    /// Whether the person really wants it.
    Confirm {
        /// The customer.
        customer: Uuid,
        /// The entry of the ledger of consent that it asks about; the link is made from it.
        asked: Uuid,
    },
    /// Whether the person still wants it, at another address. They have asked for nothing just now.
    Anew {
        /// The customer.
        customer: Uuid,
        /// The entry of the ledger of consent that it asks about; the link is made from it.
        asked: Uuid,
    },
    /// An issue.
    Issue {
        /// The customer.
        customer: Uuid,
        /// The issue's name.
        issue: String,
    },
}

/// Puts a mail of the newsletter together.
pub(super) async fn compose(shop: &Shop, mail: &NewsletterMail) -> Result<Letter, MailError> {
    let (NewsletterMail::Confirm { customer, .. }
    | NewsletterMail::Anew { customer, .. }
    | NewsletterMail::Issue { customer, .. }) = mail;
    let mut conn = shop.db.read().await?;
    let sql = "SELECT email, lang FROM customer WHERE id = $1";
    let (email, lang) = fetch_optional!(conn, (Vec<u8>, String), sql, *customer).await?.ok_or(MailError::Gone)?;
    let lang = Lang::from_tag(&lang);
    let (subject, parts) = match mail {
        NewsletterMail::Confirm { asked, .. } => confirm(lang, confirm_url(shop, lang, *asked)),
        NewsletterMail::Anew { asked, .. } => anew(lang, confirm_url(shop, lang, *asked)),
        NewsletterMail::Issue { issue, .. } => {
            let sql = "SELECT content FROM newsletter_issue WHERE name = $1";
            let (content,) = fetch_optional!(conn, (String,), sql, issue.as_str()).await?.ok_or(MailError::Gone)?;
            issued(lang, &serde_json::from_str(&content).map_err(|_| MailError::Gone)?)
        }
    };
    drop(conn);
    let sealed = [(Field::Email, Some(&email))];
    let mut opened = shop.vault.open(Asker::shop("outbox/mail"), For::Mail(*customer), *customer, &sealed).await?;
    Ok(Letter { to: opened.take(Field::Email), lang, subject, parts, phrase: None, ledger: None })
}

fn confirm_url(shop: &Shop, lang: Lang, asked: Uuid) -> String {
    let token = newsletter::confirm_token(shop, asked);
    format!("{}{}", shop.url, lang.path(&format!("/newsletter/confirm/{}", token.secret())))
}

/// The way to the button that begins it.
fn begins(lang: Lang, url: String) -> Part {
    Part::Link {
        label: lang.pick("お便りの配信を始めるページへ", "To the page that begins it").to_owned(), url
    }
}

/// It advertises nothing: so far nobody has agreed to that.
fn confirm(lang: Lang, url: String) -> (String, Vec<Part>) {
    let hello = lang.pick(
        "暖簾堂のお便りをお申し込みいただき、ありがとうございます。\n次のページでボタンを押していただくと、配信を始めます。リンクは7日間有効です。",
        "Thank you for asking for Norendo's newsletter.\nPress the button on this page, and we begin to send it. The link is good for seven days.",
    );
    let caution = lang.pick(
        "お心当たりがない場合は、このメールを破棄してください。ボタンを押さないかぎり、お便りはお送りしません。",
        "If you did not ask, you can ignore this mail: without the button we send nothing.",
    );
    let parts = vec![Part::Text(hello.to_owned()), begins(lang, url), Part::Text(caution.to_owned())];
    (lang.pick("お便りのお申し込みのご確認", "Please confirm our newsletter").to_owned(), parts)
}

/// To whoever got it, or was about to, at the address of before. It thanks for nothing: they have not asked for this mail.
fn anew(lang: Lang, url: String) -> (String, Vec<Part>) {
    let hello = lang.pick(
        "アカウントのメールアドレスが変わりましたので、お伺いします。暖簾堂のお便りを、このアドレスにお送りしてよろしいでしょうか。\nお受け取りになる場合は、次のページでボタンを押してください。リンクは7日間有効です。",
        "The address of your account has changed. Do you still want Norendo's newsletter, at this one?\nIf so, press the button on this page. The link is good for seven days.",
    );
    let caution = lang.pick(
        "お受け取りにならない場合は、何もする必要はありません。ボタンを押さないかぎり、お便りはお送りしません。",
        "If not, there is nothing you need to do: without the button we send nothing.",
    );
    let parts = vec![Part::Text(hello.to_owned()), begins(lang, url), Part::Text(caution.to_owned())];
    let subject =
        lang.pick("このアドレスでのお便りのお受け取りについて", "Do you want our newsletter at this address?");
    (subject.to_owned(), parts)
}

fn issued(lang: Lang, issue: &Issue) -> (String, Vec<Part>) {
    let text = issue.text.get(lang).replace("\r\n", "\n");
    let paragraphs = text.split("\n\n").map(str::trim).filter(|text| !text.is_empty());
    (issue.subject.get(lang).to_owned(), paragraphs.map(|text| Part::Text(text.to_owned())).collect())
}

/// Each mail of the newsletter with made-up content, by its kind; for the previews.
pub(super) fn samples(shop: &Shop, lang: Lang) -> Vec<(&'static str, (String, Vec<Part>))> {
    let url = format!("{}{}", shop.url, lang.path("/newsletter/confirm/sample"));
    let text = Text::new(
        "寒い日が続きます。\n\n茶碗と手ぬぐいの新作が入りました。",
        "The days are cold.\n\nNew bowls and cloths are here.",
    );
    let issue = Issue { name: "sample".to_owned(), subject: Text::new("冬の新作", "New for winter"), text };
    vec![
        ("newsletter_confirm", confirm(lang, url.clone())),
        ("newsletter_anew", anew(lang, url)),
        ("newsletter", issued(lang, &issue)),
    ]
}
