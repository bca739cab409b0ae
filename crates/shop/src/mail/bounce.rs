//! Mails that come back after the mail server has taken them. The report on that (a delivery status notification,
//! RFC 3464) is itself a mail, to the address that the shop's mails come from; the shop's operator has it read by
//! `noren mail bounced`.
//!
//! A report names the mail by its Message-ID, which holds its number and a hash that nobody knows but who has had the
//! mail. What is read is believed no further than that: the mail is marked as returned, and nothing is sent or stopped.

use mail_parser::{HeaderValue, MessageParser, MimeHeaders, PartType};
use noren_domain::mail::MailNo;
use sha2::{Digest, Sha256};

use crate::{Shop, execute, fetch_optional};

/// Longer than any report; what is in it of a mail of ours has a few kilobytes.
pub const MOST_BYTES: usize = 10 * 1024 * 1024;

/// An honest report names its mail at most a few times; so many names are looked up.
const MOST_NAMED: usize = 20;

/// What became of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// This mail has come back, and is marked as that.
    Returned {
        /// Its number.
        no: MailNo,
        /// With which status (RFC 3463), such as `5.1.1`.
        status: Option<String>,
    },
    /// It was marked as that before.
    Before(MailNo),
    /// Of this mail it says that it is late, or was delivered or passed on. Nothing was changed.
    UnderWay(MailNo),
    /// It is no report, or none on a mail that this shop has sent. Nothing was changed.
    Other,
}

/// Reads what may be a report.
///
/// # Errors
/// The database; nothing was changed.
pub async fn bounced(shop: &Shop, raw: &[u8]) -> Result<Read, sqlx::Error> {
    let Some(report) = parse(raw) else { return Ok(Read::Other) };
    let Some(no) = about(shop, &report).await? else { return Ok(Read::Other) };
    if !report.failed {
        return Ok(Read::UnderWay(no));
    }
    let mut tx = shop.db.write().await?;
    let sql = "UPDATE mail_sent SET returned_at = $2, returned_status = $3 WHERE no = $1 AND returned_at IS NULL";
    let marked = execute!(tx, sql, no.as_str(), shop.now(), report.status.as_deref()).await? == 1;
    tx.commit().await?;
    Ok(if marked { Read::Returned { no, status: report.status } } else { Read::Before(no) })
}

/// The mail that the report is about, if this shop has sent it.
async fn about(shop: &Shop, report: &Report) -> Result<Option<MailNo>, sqlx::Error> {
    let mut conn = shop.db.read().await?;
    for id in report.mails.iter().take(MOST_NAMED) {
        let Some((hash, no)) = parts(id) else { continue };
        let found = fetch_optional!(conn, (String,), "SELECT key FROM mail_sent WHERE no = $1", no.as_str()).await?;
        if found.is_some_and(|(key,)| hash_of(&key) == hash) {
            return Ok(Some(no));
        }
    }
    Ok(None)
}

/// The Message-ID, without its brackets, of the mail of the job `key` with the number `no`; the same for the same mail.
pub(super) fn message_id(key: &str, no: Option<&MailNo>, domain: &str) -> String {
    let hash = hash_of(key);
    match no {
        Some(no) => format!("{hash}.{}@{domain}", no.as_str()),
        None => format!("{hash}@{domain}"),
    }
}

/// 128 bits that say nothing of the job they are of, in hexadecimal.
pub(super) fn hash_of(key: &str) -> String {
    Sha256::digest(key.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The parts that [`message_id`] has made it of.
fn parts(id: &str) -> Option<(&str, MailNo)> {
    let (local, _) = id.trim().trim_start_matches('<').split_once('@')?;
    let (hash, no) = local.split_once('.')?;
    Some((hash, MailNo::parse(no)?))
}

#[derive(Debug)]
struct Report {
    /// Whether delivery was given up.
    failed: bool,
    status: Option<String>,
    /// The Message-IDs that it may be about.
    mails: Vec<String>,
}

/// `None`: it is none.
fn parse(raw: &[u8]) -> Option<Report> {
    let parser = MessageParser::default();
    let message = parser.parse(raw)?;
    let mut report = Report { failed: false, status: None, mails: Vec::new() };
    let mut is_report = false;
    for part in &message.parts {
        let kind = part.content_type().map(|kind| (kind.ctype(), kind.subtype().unwrap_or_default()));
        let of = |main: &str, sub: &[&str]| {
            kind.is_some_and(|(ctype, subtype)| {
                ctype.eq_ignore_ascii_case(main) && sub.iter().any(|sub| subtype.eq_ignore_ascii_case(sub))
            })
        };
        // RFC 3464, and RFC 6533 for addresses beyond ASCII.
        if of("message", &["delivery-status", "global-delivery-status"]) {
            is_report = true;
            let text = match &part.body {
                PartType::Message(inner) => String::from_utf8_lossy(inner.raw_message()),
                _ => String::from_utf8_lossy(part.contents()),
            };
            for line in text.lines() {
                let Some((name, value)) = line.split_once(':') else { continue };
                let value = value.trim();
                if name.eq_ignore_ascii_case("Action") {
                    report.failed |= value.to_ascii_lowercase().starts_with("failed");
                } else if name.eq_ignore_ascii_case("Status") {
                    report.status = status(value).or(report.status);
                }
            }
        } else if let PartType::Message(returned) = &part.body {
            report.mails.extend(returned.message_id().map(str::to_owned));
        } else if of("text", &["rfc822-headers"]) || of("message", &["global-headers"]) {
            let headers = parser.parse_headers(part.contents());
            report.mails.extend(headers.as_ref().and_then(|headers| headers.message_id()).map(str::to_owned));
        }
    }
    for named in [message.in_reply_to(), message.references()] {
        match named {
            HeaderValue::Text(id) => report.mails.push(id.to_string()),
            HeaderValue::TextList(ids) => report.mails.extend(ids.iter().map(ToString::to_string)),
            _ => {}
        }
    }
    is_report.then_some(report)
}

/// `5.1.1` of `5.1.1 (no such user)`: three numbers, as RFC 3463 2 has them.
fn status(value: &str) -> Option<String> {
    let code = value.split(|c: char| !(c.is_ascii_digit() || c == '.')).next()?;
    let numbers: Vec<&str> = code.split('.').collect();
    let fits = numbers.len() == 3 && numbers.iter().all(|number| (1..=3).contains(&number.len()));
    fits.then(|| code.to_owned())
}

#[cfg(test)]
mod tests;
