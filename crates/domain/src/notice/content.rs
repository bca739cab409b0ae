//! What a notice must say before it can be published.

use serde::{Deserialize, Serialize};

use crate::{Lang, Text, moment};

/// The text of a notice for everybody. There is no optional part: one that cannot be filled in yet
/// says so in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeContent {
    /// One line.
    pub title: Text,
    /// What happened.
    pub what: Text,
    /// First moment of the window, UTC ms.
    pub happened_from: i64,
    /// Last moment of the window, UTC ms.
    pub happened_to: i64,
    /// How it was found.
    pub found: Text,
    /// When it was found, UTC ms.
    pub found_at: i64,
    /// Which data it is about, and which not, for everybody affected.
    pub data: Text,
    /// How many persons it is about.
    pub people: u32,
    /// Why it could happen.
    pub cause: Text,
    /// How it was investigated.
    pub investigation: Text,
    /// What was strengthened, each with its state and its evidence.
    pub measures: Vec<Measure>,
    /// What may follow from it for the person.
    pub consequences: Text,
    /// What the person can do, step by step.
    pub steps: Vec<Text>,
    /// What the shop does to make it good.
    pub compensation: Text,
    /// How to reach a person about it.
    pub contact: Text,
    /// How to tell that this notice is genuine.
    pub genuine: Text,
}

/// One thing that was strengthened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    /// What.
    pub what: Text,
    /// Done or due.
    pub state: MeasureState,
    /// How anyone can tell that it is so.
    pub evidence: Text,
}

/// Whether a measure is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MeasureState {
    /// Since this moment, UTC ms.
    Done(i64),
    /// By this moment, UTC ms.
    Due(i64),
}

impl MeasureState {
    /// `実施済み（2026年11月10日(火)）` · `Due by …`.
    pub fn words(self, lang: Lang) -> String {
        match self {
            Self::Done(at) => {
                let date = moment::date(at, lang);
                lang.pick(format!("実施済み（{date}）"), format!("Done on {date}"))
            }
            Self::Due(at) => {
                let date = moment::date(at, lang);
                lang.pick(format!("{date}までに実施"), format!("Due by {date}"))
            }
        }
    }
}

/// A notice leaves something out that the law or our promise requires.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a notice must say, in both languages: {}", .0.join(", "))]
pub struct Incomplete(pub Vec<&'static str>);

impl NoticeContent {
    /// Checks that everything is said in both languages.
    pub fn check(&self) -> Result<(), Incomplete> {
        let said = |text: &Text| !text.ja.trim().is_empty() && !text.en.trim().is_empty();
        let parts = [
            ("title", said(&self.title)),
            ("what happened", said(&self.what)),
            ("when it happened", self.happened_from <= self.happened_to),
            ("how it was found", said(&self.found)),
            ("which data", said(&self.data)),
            ("how many people", self.people > 0),
            ("cause", said(&self.cause)),
            ("how it was investigated", said(&self.investigation)),
            ("what was strengthened", !self.measures.is_empty()),
            ("each measure with its evidence", self.measures.iter().all(|m| said(&m.what) && said(&m.evidence))),
            ("possible consequences", said(&self.consequences)),
            ("what the person can do", !self.steps.is_empty() && self.steps.iter().all(said)),
            ("compensation", said(&self.compensation)),
            ("contact", said(&self.contact)),
            ("how to tell that it is genuine", said(&self.genuine)),
        ];
        let missing: Vec<&'static str> = parts.into_iter().filter(|(_, said)| !said).map(|(name, _)| name).collect();
        if missing.is_empty() { Ok(()) } else { Err(Incomplete(missing)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_that_leaves_something_out_is_not_complete() {
        let text = || Text::new("文", "text");
        let whole = NoticeContent {
            title: text(),
            what: text(),
            happened_from: 1,
            happened_to: 2,
            found: text(),
            found_at: 3,
            data: text(),
            people: 1,
            cause: text(),
            investigation: text(),
            measures: vec![Measure { what: text(), state: MeasureState::Done(4), evidence: text() }],
            consequences: text(),
            steps: vec![text()],
            compensation: text(),
            contact: text(),
            genuine: text(),
        };
        assert_eq!(whole.check(), Ok(()));
        let silent = NoticeContent { cause: Text::new("原因", ""), steps: Vec::new(), ..whole.clone() };
        assert_eq!(silent.check(), Err(Incomplete(vec!["cause", "what the person can do"])));
        let unproven = NoticeContent {
            measures: vec![Measure { what: text(), state: MeasureState::Due(9), evidence: Text::default() }],
            ..whole
        };
        assert_eq!(unproven.check(), Err(Incomplete(vec!["each measure with its evidence"])));
    }
}
