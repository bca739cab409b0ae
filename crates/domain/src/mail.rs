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

/// The eight letters and digits of a number that begins with `first`, as people type it: with the words in front of it
/// in a mail's foot, or without its dashes.
fn code_of(raw: &str, first: char) -> Option<String> {
    let no = folded(raw);
    let rest = no.rsplit(':').next()?.strip_prefix(first)?;
    let code = match rest.strip_prefix('-') {
        Some(rest) => {
            let (one, two) = rest.split_once('-')?;
            if one.len() != 4 {
                return None;
            }
            format!("{one}{two}")
        }
        None => rest.to_owned(),
    };
    let plain = code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    (plain && code.len() == 8).then_some(code)
}

impl MailNo {
    /// The number made of eight letters and digits.
    pub fn of(code: &str) -> Self {
        Self(format!("M-{}-{}", code.get(..4).unwrap_or_default(), code.get(4..).unwrap_or_default()))
    }

    /// Reads a number as people type it.
    pub fn parse(raw: &str) -> Option<Self> {
        code_of(raw, 'M').map(|code| Self::of(&code))
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

/// What was typed in place of the number of a mail or a notice. Only its form is looked at: whether there is such an
/// order is nobody else's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherNumber {
    /// It looks like that of an order, `N-ABCD-2345`.
    Order,
    /// It looks like that of the statement of an erasure, `E-ABCD-2345`.
    Erasure,
    /// It looks like nothing that we number.
    Nothing,
}

impl OtherNumber {
    /// What `raw` looks like; `None`: like the number of a mail or a notice.
    pub fn of(raw: &str) -> Option<Self> {
        // The number of an order has no 0 and no 1, and that of a notice has one, in its year.
        let of_order = |code: String| code.contains(|c: char| !c.is_ascii_digit()) || !code.contains(['0', '1']);
        if code_of(raw, 'N').is_some_and(of_order) {
            return Some(Self::Order);
        }
        match Asked::parse(raw) {
            Asked::Mail(_) | Asked::Notice(_) => None,
            Asked::Neither if code_of(raw, 'E').is_some() => Some(Self::Erasure),
            Asked::Neither => Some(Self::Nothing),
        }
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

    #[test]
    fn what_is_no_number_of_a_mail_or_a_notice_is_told_by_its_form() {
        for order in [
            "N-ABCD-2345",
            " n-abcd-2345 ",
            "Ｎ－ＡＢＣＤ－２３４５",
            "ご注文番号：N-ABCD-2345",
            "nabcd2345",
            "N-2345-6789",
        ] {
            assert_eq!(OtherNumber::of(order), Some(OtherNumber::Order), "{order}");
        }
        for erasure in ["E-ABCD-2345", "e‐abcd‐2345", "受付番号: E-ABCD-2345"] {
            assert_eq!(OtherNumber::of(erasure), Some(OtherNumber::Erasure), "{erasure}");
        }
        for nothing in
            ["", "nonsense", "12345", "M-ABCD", "M-ABCD-2345-1", "N-ABCDE-234", "E-ABCD", "X-ABCD-2345", "<script>"]
        {
            assert_eq!(OtherNumber::of(nothing), Some(OtherNumber::Nothing), "{nothing}");
        }
        for ours in ["M-ABCD-2345", "mabcd2345", "N-2026-0001", "n-1999-0001"] {
            assert_eq!(OtherNumber::of(ours), None, "{ours}");
        }
    }
}
