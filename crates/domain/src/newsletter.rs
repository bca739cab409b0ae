//! The newsletter: who gets it, and what an issue of it says.

use serde::{Deserialize, Serialize};

use crate::Text;

/// How somebody stands to the newsletter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Does not get it.
    #[default]
    Out,
    /// Has asked for it, and not pressed the button behind the link in the mail yet.
    Asked,
    /// Gets it.
    In,
}

/// What a link in a mail of the newsletter is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// Nothing: it is nobody's, or too old.
    Void,
    /// What it says.
    Good,
    /// Nothing more: what it says is so already.
    Done,
}

/// What one issue says, in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// By which it is told from the others: the same name is sent to nobody twice.
    pub name: String,
    /// The subject.
    pub subject: Text,
    /// The text, plain; an empty line ends a paragraph.
    pub text: Text,
}

/// An issue is not fit to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssueFault {
    /// The name is not 1 to 40 lower-case letters, digits and hyphens.
    Name,
    /// A subject or text is empty, or a subject is longer than a line.
    Empty,
}

impl Issue {
    /// What is wrong with it, if anything.
    pub fn check(&self) -> Result<(), IssueFault> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !((1..=40).contains(&self.name.len()) && self.name.bytes().all(plain)) {
            return Err(IssueFault::Name);
        }
        let line = |text: &str| crate::form::line(text, 100).is_ok();
        let said = |text: &str| !crate::form::nobody_sees(text);
        let whole = line(&self.subject.ja) && line(&self.subject.en) && said(&self.text.ja) && said(&self.text.en);
        if whole { Ok(()) } else { Err(IssueFault::Empty) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_has_a_plain_name_and_says_something_in_both_languages() {
        let text = |ja: &str, en: &str| Text { ja: ja.into(), en: en.into() };
        let issue = Issue { name: "2026-12".into(), subject: text("新作", "New"), text: text("本文", "Text") };
        assert_eq!(issue.check(), Ok(()));
        for name in ["", "Dezember", "a b", "../x", &"a".repeat(41)] {
            assert_eq!(Issue { name: name.into(), ..issue.clone() }.check(), Err(IssueFault::Name), "{name}");
        }
        for subject in [text("", "New"), text("新作\r\nBcc: x", "New")] {
            assert_eq!(Issue { subject, ..issue.clone() }.check(), Err(IssueFault::Empty));
        }
        assert_eq!(Issue { text: text("本文", " "), ..issue }.check(), Err(IssueFault::Empty));
    }
}
