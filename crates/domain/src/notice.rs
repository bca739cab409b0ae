//! Notices of breaches: what every one of them must say, and what it says about one person.
//!
//! The words of a verdict come from the table in design/incidents.md and from nowhere else; a shop
//! may add words beside them and cannot weaken them.

mod content;
mod verdict;

pub use content::{Incomplete, Measure, MeasureState, NoticeContent};
pub use verdict::{FieldVerdict, Grade, PersonField, PersonVerdicts, Verdict, Weakened};

use serde::{Deserialize, Serialize};

use crate::{Lang, Text};

/// A published notice.
#[derive(Debug)]
pub enum Notice {}

/// How final a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Version {
    /// 速報: within days, what is known so far.
    Sokuho,
    /// 続報: more is known.
    Zokuho,
    /// 確報: the investigation has ended.
    Kakuho,
}

impl Version {
    /// All, in the order in which they follow each other.
    pub const ALL: [Self; 3] = [Self::Sokuho, Self::Zokuho, Self::Kakuho];

    /// The word stored in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sokuho => "sokuho",
            Self::Zokuho => "zokuho",
            Self::Kakuho => "kakuho",
        }
    }

    /// Reads [`Self::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.word() == word)
    }

    /// 速報 · First report.
    pub const fn words(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Sokuho, Lang::Ja) => "速報",
            (Self::Sokuho, Lang::En) => "First report",
            (Self::Zokuho, Lang::Ja) => "続報",
            (Self::Zokuho, Lang::En) => "Update",
            (Self::Kakuho, Lang::Ja) => "確報",
            (Self::Kakuho, Lang::En) => "Final report",
        }
    }
}

/// The number of a notice: `N-2026-0001`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NoticeNo(String);

impl NoticeNo {
    /// Reads a number as people type it: case, full-width letters and spaces around are forgiven.
    pub fn parse(raw: &str) -> Option<Self> {
        use unicode_normalization::UnicodeNormalization;
        let no: String = raw.trim().nfkc().flat_map(char::to_uppercase).take(20).collect();
        let digits = |part: &str| part.len() == 4 && part.bytes().all(|b| b.is_ascii_digit());
        let mut parts = no.split('-');
        let shape = (parts.next(), parts.next(), parts.next(), parts.next());
        matches!(shape, (Some("N"), Some(year), Some(count), None) if digits(year) && digits(count)).then_some(Self(no))
    }

    /// The number as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A notice as the person it is about sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeView {
    /// The text for everybody.
    pub public: PublicNotice,
    /// What is known about this person's data.
    pub verdicts: PersonVerdicts,
    /// When this person said that they have read it, UTC ms.
    pub acknowledged_at: Option<i64>,
    /// When this person ticked each step off, UTC ms: as many as the text has, in their order. `None`: not yet.
    pub steps_done: Vec<Option<i64>>,
}

/// A notice as everybody can see it: no person in it, only how many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicNotice {
    /// Its number.
    pub no: NoticeNo,
    /// How final it is.
    pub version: Version,
    /// When it was published, UTC ms.
    pub published_at: i64,
    /// Everything it says.
    pub content: NoticeContent,
}

/// One line of the public list of notices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeLine {
    /// Its number.
    pub no: NoticeNo,
    /// How final it is.
    pub version: Version,
    /// When it was published, UTC ms.
    pub published_at: i64,
    /// Its title.
    pub title: Text,
    /// How many persons it is about.
    pub people: u32,
}

/// What a look-up of a notice number found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lookup {
    /// It is ours.
    Ours(Box<PublicNotice>),
    /// We never published this number.
    NotOurs,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_people_type_it() {
        for raw in ["N-2026-0001", " n-2026-0001 ", "Ｎ－２０２６－０００１"] {
            assert_eq!(NoticeNo::parse(raw).as_ref().map(NoticeNo::as_str), Some("N-2026-0001"), "{raw}");
        }
        for raw in ["", "N-2026", "N-26-1", "X-2026-0001", "N-2026-0001-1", "N-2026-00a1", "<script>"] {
            assert_eq!(NoticeNo::parse(raw), None, "{raw}");
        }
    }
}
