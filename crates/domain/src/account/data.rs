//! A person's rights over their data: what is held about them, a copy of it, and its erasure.

use serde::{Deserialize, Serialize};

use crate::Lang;
use crate::form::{Fault, Faults};

masked!(ExportLink, ExportSection, EraseForm);

/// What is held about a person, and what they can do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataView {
    /// One for each kind of data of which there is any.
    pub holdings: Vec<Holding>,
    /// The newest copy that can still be opened.
    pub export: Option<ExportLink>,
}

/// One kind of data, in the words of the page's language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// What it is, and how much of it there is.
    pub what: String,
    /// What it is for.
    pub why: String,
    /// Until when it is kept, and which law asks for that, if one does.
    pub until: String,
    /// Who else has got it; empty: nobody.
    pub with: String,
}

/// The way to a copy of one's data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportLink {
    /// Secret of its page; worth nothing without the session of the same person.
    pub token: String,
    /// When it was asked for, UTC ms.
    pub asked_at: i64,
    /// Until when it opens, UTC ms.
    pub until: i64,
}

/// A copy of one's data, to be read and printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportView {
    /// The way to it, and to the file.
    pub link: ExportLink,
    /// When it was made, UTC ms.
    pub made_at: i64,
    /// All that is held.
    pub sections: Vec<ExportSection>,
}

/// One kind of data in a copy.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportSection {
    /// Its heading.
    pub title: String,
    /// What is to be said of it; may be empty.
    pub note: String,
    /// Its entries, each of names and values.
    pub entries: Vec<Vec<(String, String)>>,
}

/// Why an order is not finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenReason {
    /// It is being paid.
    Paying,
    /// The goods have not left the shop.
    ToSend,
    /// The goods are on their way, or may still come back.
    OnTheWay,
    /// Money is to go back.
    RefundDue,
    /// The bank has said something that a person must look at.
    Unclear,
    /// It was begun and never placed; the shop deletes it whole when nothing can come of it any more.
    NotPlaced,
}

impl OpenReason {
    /// What it waits for, in words.
    pub fn words(self, lang: Lang) -> &'static str {
        // A table and no match: see `app/src/account/reads/words.rs`.
        const WORDS: [(&str, &str); 6] = [
            ("お支払いのお手続き中", "being paid"),
            ("これから発送", "to be sent"),
            ("お届け中、または返品をお受けできる期間", "on its way, or can still be returned"),
            ("これからご返金", "money is to go back"),
            ("お支払いの内容を確認中", "the payment is being looked into"),
            (
                "成立していないご注文（お手続きから90日で、すべて削除します）",
                "never placed; deleted whole 90 days after it was begun",
            ),
        ];
        let (ja, en) = WORDS[self as usize];
        lang.pick(ja, en)
    }
}

/// An order that keeps its person until it is finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptOrder {
    /// Its number.
    pub no: String,
    /// What it waits for.
    pub waits: OpenReason,
}

/// What goes and what stays if the account is erased now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EraseView {
    /// Finished orders, out of which the person goes at once.
    pub finished: u32,
    /// Those that keep it until they are finished.
    pub kept: Vec<KeptOrder>,
}

/// Why somebody was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasureCause {
    /// Its owner asked for it here.
    Asked,
    /// Its owner asked the shop's people for it.
    Letter,
    /// Nobody had used it for two years.
    Dormant,
    /// A guest asked the shop's people for it, for one order.
    Order,
}

impl ErasureCause {
    /// The word stored in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Letter => "letter",
            Self::Dormant => "dormant",
            Self::Order => "order",
        }
    }
}

/// The statement of an erasure. It names nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// Its number, `E-ABCD-2345`.
    pub no: String,
    /// When, UTC ms.
    pub at: i64,
    /// Why.
    pub cause: ErasureCause,
    /// Out of so many finished orders the person is gone.
    pub finished: u32,
    /// Orders that keep it until they are finished.
    pub kept: Vec<KeptOrder>,
    /// Entries of consent to the newsletter that stay, without a name.
    pub consents: u32,
    /// Of a guest: the number of the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
}

/// The form that erases an account, as typed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EraseForm {
    /// What was typed to confirm it.
    pub typed: String,
}

impl EraseForm {
    /// The word to be typed.
    pub const fn word(lang: Lang) -> &'static str {
        match lang {
            Lang::Ja => "消去",
            Lang::En => "erase",
        }
    }

    /// Whether the word was typed, in either language.
    ///
    /// # Errors
    /// Nothing, or something else, was typed.
    pub fn parse(&self) -> Result<(), Faults> {
        let typed = self.typed.trim();
        if typed.is_empty() {
            return Err(Faults::field("typed", Fault::Required));
        }
        let right = [Lang::Ja, Lang::En].iter().any(|lang| typed.eq_ignore_ascii_case(Self::word(*lang)));
        if right { Ok(()) } else { Err(Faults::field("typed", Fault::OtherWord)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_erased_by_the_right_word_in_either_language_and_by_no_other() {
        let typed = |typed: &str| EraseForm { typed: typed.to_owned() }.parse();
        for right in ["消去", " 消去　", "erase", "Erase", "ERASE\n"] {
            assert_eq!(typed(right), Ok(()), "{right:?}");
        }
        assert_eq!(typed("　"), Err(Faults::field("typed", Fault::Required)));
        for wrong in ["消去する", "はい", "yes", "erased"] {
            assert_eq!(typed(wrong), Err(Faults::field("typed", Fault::OtherWord)), "{wrong:?}");
        }
    }
}
