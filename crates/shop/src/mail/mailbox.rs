//! Reads back the mails of the mailbox folder, for the development mailbox page.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::Shop;

noren_domain::masked!(Received);

/// A mail in the mailbox.
#[derive(Clone, PartialEq, Eq)]
pub struct Received {
    /// Name of its file without `.eml`.
    pub name: String,
    /// To whom.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// When, as the mail says.
    pub date: String,
    /// Its text version.
    pub text: String,
    /// Its HTML version.
    pub html: String,
}

/// The last 200 mails, newest first.
pub async fn list(shop: &Shop) -> io::Result<Vec<Received>> {
    let mut files = Vec::new();
    let mut dir = tokio::fs::read_dir(shop.mailbox_dir()).await?;
    while let Some(entry) = dir.next_entry().await? {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(name) = name.strip_suffix(".eml") {
            match entry.metadata().await.and_then(|file| file.modified()) {
                Ok(written) => files.push((written, name.to_owned())),
                // Deleted meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    files.sort();
    let mut mails = Vec::new();
    for (_, name) in files.into_iter().rev().take(200) {
        mails.extend(open(shop, &name).await?);
    }
    Ok(mails)
}

/// The mail in file `name`.eml, if there is one.
pub async fn open(shop: &Shop, name: &str) -> io::Result<Option<Received>> {
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        return Ok(None);
    }
    match tokio::fs::read_to_string(shop.mailbox_dir().join(format!("{name}.eml"))).await {
        Ok(raw) => Ok(Some(parse(name, &raw))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn parse(name: &str, raw: &str) -> Received {
    let raw = raw.replace("\r\n", "\n");
    let (head, body) = raw.split_once("\n\n").unwrap_or((&raw, ""));
    let head = head.replace("\n ", " ").replace("\n\t", " ");
    let header = |head: &str, key: &str| {
        let found =
            head.lines().find_map(|line| line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case(key)));
        found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let kind = header(&head, "Content-Type");
    let boundary =
        kind.split("boundary=").nth(1).map(|b| b.split(';').next().unwrap_or(b).trim_matches('"').to_owned());
    let (mut text, mut html) = (String::new(), String::new());
    for part in body.split(&format!("--{}", boundary.unwrap_or_default())) {
        let Some((head, body)) = part.trim_start_matches('\n').split_once("\n\n") else { continue };
        let body = decode(&header(head, "Content-Transfer-Encoding"), body);
        match header(head, "Content-Type").split(';').next() {
            Some("text/plain") => text = body,
            Some("text/html") => html = body,
            _ => {}
        }
    }
    let (to, date) = (header(&head, "To"), header(&head, "Date"));
    Received { name: name.to_owned(), to, subject: words(&header(&head, "Subject")), date, text, html }
}

fn decode(encoding: &str, body: &str) -> String {
    let text = match encoding.to_ascii_lowercase().as_str() {
        "base64" => base64(&body.replace('\n', "")),
        "quoted-printable" => quoted(&body.replace("=\n", "")),
        _ => body.to_owned(),
    };
    text.replace("\r\n", "\n")
}

fn base64(text: &str) -> String {
    STANDARD.decode(text.trim()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// Quoted-printable without soft line breaks (RFC 2045 6.7).
fn quoted(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let pair = (byte == b'=').then(|| [rest.next(), rest.next()]);
        let code = pair.and_then(|[high, low]| Some([high?, low?]));
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(&code).ok()?, 16).ok());
        bytes.push(code.unwrap_or(byte));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A header with encoded words (RFC 2047); blanks between two of them are not part of the text.
fn words(value: &str) -> String {
    let mut out = String::new();
    let mut encoded = false;
    for word in value.split(' ').filter(|word| !word.is_empty()) {
        let inner =
            word.strip_prefix("=?").and_then(|w| w.strip_suffix("?=")).map(|w| w.splitn(3, '?').collect::<Vec<_>>());
        let (text, is_encoded) = match inner.as_deref() {
            Some([_, "b" | "B", text]) => (base64(text), true),
            Some([_, "q" | "Q", text]) => (quoted(&text.replace('_', " ")), true),
            _ => (word.to_owned(), false),
        };
        if !(out.is_empty() || encoded && is_encoded) {
            out.push(' ');
        }
        out.push_str(&text);
        encoded = is_encoded;
    }
    out
}

#[cfg(test)]
mod tests {
    use noren_domain::Lang;

    use super::*;
    use crate::mail::account::AccountMail;
    use crate::mail::{Foot, Letter, Mail, Part, message};
    use crate::on_both_databases;
    use crate::vault::Plain;

    on_both_databases!(a_mail_reads_back_as_it_was_written(shop) {
        let letter = Letter {
            to: Plain::new("hanako@example.jp".to_owned()),
            lang: Lang::Ja,
            subject: "ご注文ありがとうございます（N-ABCD-EFGH）これは折り返すほど長い件名です".into(),
            parts: vec![Part::Text("暖簾 <花子> 様\n= ありがとう".into()), Part::Code("12345678".into())],
            phrase: None,
            ledger: None,
        };
        let mail = Mail::Account(AccountMail::AlreadyRegistered { customer: uuid::Uuid::nil() });
        let written = || String::from_utf8(message(&shop, "k", None, &mail, &letter).unwrap().formatted()).unwrap();
        let raw = written();
        let foot = Foot { check: format!("{}/mails/check", shop.url), ..Foot::default() };
        let read = parse("k", &raw);
        assert_eq!((read.to.as_str(), &read.subject), ("hanako@example.jp", &letter.subject));
        assert_eq!(read.text.trim_end(), letter.text(&foot).trim_end());
        assert!(read.text.contains("\n    1234 5678\n"), "{}", read.text);
        assert!(read.html.contains("暖簾 &lt;花子&gt; 様<br>= ありがとう"), "{}", read.html);
        assert_eq!(open(&shop, "../keys/shop").await.unwrap(), None);
        let same = written();
        let id = |raw: &str| raw.lines().find(|line| line.starts_with("Message-ID")).map(str::to_owned);
        assert_eq!(id(&raw), id(&same));
    });
}
