//! The numbers of the shop's mails, and what is shown of a mail that was sent.

use serde::{Deserialize, Serialize};

use crate::notice::NoticeNo;

masked!(MailLine);

/// The number of a mail: `M-ABCD-2345`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MailNo(String);

/// Longer than any number that people can have been told.
const MAX: usize = 40;

/// What was typed, as it would be written: case, full-width letters, blanks and dashes of other kinds are
/// forgiven.
fn folded(raw: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let dash = |c: char| if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | 'ー') { '-' } else { c };
    let kept = raw.nfkc().filter(|c| !c.is_whitespace()).map(dash).flat_map(char::to_uppercase);
    kept.take(MAX).collect()
}

impl MailNo {
    /// The number made of eight letters and digits.
    pub fn of(code: &str) -> Self {
        Self(format!("M-{}-{}", code.get(..4).unwrap_or_default(), code.get(4..).unwrap_or_default()))
    }

    /// Reads a number as people type it.
    pub fn parse(raw: &str) -> Option<Self> {
        let no = folded(raw);
        // With the words in front of it in the mail's foot, or without its dashes.
        let no = no.rsplit(':').next().unwrap_or_default();
        let no = match no.strip_prefix('M') {
            Some(code) if code.len() == 8 && code.is_ascii() && !code.contains('-') => Self::of(code).0,
            _ => no.to_owned(),
        };
        let four = |part: &str| part.len() == 4 && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let mut parts = no.split('-');
        let shape = (parts.next(), parts.next(), parts.next(), parts.next());
        matches!(shape, (Some("M"), Some(one), Some(two), None) if four(one) && four(two)).then_some(Self(no))
    }

    /// The number as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A number that somebody wants to be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Of a mail.
    Mail(MailNo),
    /// Of a notice.
    Notice(NoticeNo),
    /// Of nothing that we number.
    Neither,
}

impl Asked {
    /// Reads what was typed.
    pub fn parse(raw: &str) -> Self {
        if let Some(no) = MailNo::parse(raw) {
            return Self::Mail(no);
        }
        NoticeNo::parse(&folded(raw)).map_or(Self::Neither, Self::Notice)
    }
}

/// What is said about a number: nothing about to whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Checked {
    /// We sent it.
    Mail {
        /// When, UTC ms; only the day is shown.
        at: i64,
        /// What kind of mail, in the reader's words.
        kind: String,
    },
    /// We published it.
    Notice {
        /// Its number.
        no: NoticeNo,
        /// When, UTC ms.
        at: i64,
    },
    /// Not ours.
    NotOurs,
}

/// A mail in the list of those that a person was sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailLine {
    /// Its number.
    pub no: MailNo,
    /// When it was last heard of, UTC ms.
    pub at: i64,
    /// Its subject, or the kind of mail while it is not written yet.
    pub subject: String,
    /// What became of it, in the reader's words.
    pub state: String,
    /// Whether it did not arrive.
    pub failed: bool,
}

/// One page of them, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailPage {
    /// The mails.
    pub mails: Vec<MailLine>,
    /// Number of this page, from 1.
    pub page: u32,
    /// Whether there are older ones.
    pub older: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_people_type_it() {
        for raw in [
            "M-ABCD-2345",
            " m-abcd-2345 ",
            "Ｍ－ＡＢＣＤ－２３４５",
            "M‐ABCD‐2345",
            "M - ABCD - 2345",
            "m abcd 2345",
            "MABCD2345",
            "このメールの番号: M-ABCD-2345",
        ] {
            assert_eq!(MailNo::parse(raw).as_ref().map(MailNo::as_str), Some("M-ABCD-2345"), "{raw}");
        }
        for raw in [
            "",
            "M-ABCD",
            "M-ABC-23456",
            "N-ABCD-2345",
            "M-ABCD-2345-1",
            "M-ABCD-23é5",
            "MABCD23é5",
            "MABCD234",
            "<script>",
        ] {
            assert_eq!(MailNo::parse(raw), None, "{raw}");
        }
        assert_eq!(MailNo::parse(MailNo::of("ABCD2345").as_str()), Some(MailNo::of("ABCD2345")));
    }

    #[test]
    fn a_notices_number_is_told_from_a_mails() {
        assert!(matches!(Asked::parse("n-2026-0001"), Asked::Notice(_)));
        assert!(matches!(Asked::parse("M-ABCD-2345"), Asked::Mail(_)));
        assert_eq!(Asked::parse(&"M".repeat(10_000)), Asked::Neither);
    }
}
