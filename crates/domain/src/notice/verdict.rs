//! What happened to one field of one person, and how well that is known.

use serde::{Deserialize, Serialize};

use crate::{Lang, Text, moment};

/// How good the evidence is (the grades of design/vault.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grade {
    /// The vault runs on another host or in an HSM, and a witness outside keeps its record too.
    A,
    /// The vault is a process of its own, and a witness outside keeps its record too.
    B,
    /// Anything less: ordinary logs. They show what happened and never what did not.
    C,
}

impl Grade {
    /// What the grade means, for people.
    pub const fn words(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::A, Lang::Ja) => {
                "証拠の等級A: 情報が開かれるたびに、別の機器で動く保管庫が記録し、外部の立会人もその記録を保管しています。"
            }
            (Self::A, Lang::En) => {
                "Evidence grade A: a vault on separate hardware records every reading, and an outside witness keeps that record too."
            }
            (Self::B, Lang::Ja) => {
                "証拠の等級B: 情報が開かれるたびに、独立して動く保管庫が記録し、外部の立会人もその記録を保管しています。"
            }
            (Self::B, Lang::En) => {
                "Evidence grade B: a separate vault process records every reading, and an outside witness keeps that record too."
            }
            (Self::C, Lang::Ja) => {
                "証拠の等級C: 通常の動作記録のみです。起きたことは示せますが、「起きなかったこと」は証明できません。"
            }
            (Self::C, Lang::En) => {
                "Evidence grade C: ordinary logs only. They can show what happened; they cannot prove what did not happen."
            }
        }
    }
}

/// The worst that applies to one field of one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// Read by the attacker, or by somebody who cannot be told apart from the attacker.
    Read {
        /// How many times.
        times: u32,
        /// The last time, UTC ms.
        last_at: i64,
    },
    /// The records cannot tell.
    Unknown,
    /// The file was copied, the key was not.
    ExposedCiphertext,
    /// Handed to a processor, inside that processor's own incident.
    ViaProcessor,
    /// The records are complete, and hold no such reading.
    NotRead,
}

impl Verdict {
    /// The sentence of the table in design/incidents.md.
    pub fn words(self, lang: Lang) -> String {
        match (self, lang) {
            (Self::Read { times, last_at }, Lang::Ja) => {
                format!("第三者に読み取られました（{times}回・{}）", moment::date_time(last_at, lang))
            }
            (Self::Read { times: 1, last_at }, Lang::En) => {
                format!("Was read by a third party (once, {})", moment::date_time(last_at, lang))
            }
            (Self::Read { times, last_at }, Lang::En) => {
                format!("Was read by a third party ({times} times, last on {})", moment::date_time(last_at, lang))
            }
            (Self::Unknown, Lang::Ja) => "記録では判断できません。読み取られたものとしてご対応ください".to_owned(),
            (Self::Unknown, Lang::En) => "Our records cannot tell. Please act as if it had been read".to_owned(),
            (Self::ExposedCiphertext, Lang::Ja) => {
                "暗号化されたまま持ち出されました。鍵が持ち出された記録はありません".to_owned()
            }
            (Self::ExposedCiphertext, Lang::En) => {
                "Was taken in encrypted form. There is no record of the key being taken".to_owned()
            }
            (Self::ViaProcessor, Lang::Ja) => "委託先に渡した分が対象です".to_owned(),
            (Self::ViaProcessor, Lang::En) => "The copy we had handed to our contractor is affected".to_owned(),
            (Self::NotRead, Lang::Ja) => "読み取られた記録はありません".to_owned(),
            (Self::NotRead, Lang::En) => "There is no record of it being read".to_owned(),
        }
    }

    /// How it is marked beside the words, for the style sheet.
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Read { .. } | Self::ViaProcessor => "affected",
            Self::Unknown | Self::ExposedCiphertext => "unknown",
            Self::NotRead => "clear",
        }
    }
}

/// A kind of data that a notice speaks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonField {
    /// E-mail address.
    Email,
    /// Name.
    Name,
    /// Postal address.
    Address,
    /// Phone number.
    Phone,
}

impl PersonField {
    /// All of them; a notice speaks about each.
    pub const ALL: [Self; 4] = [Self::Email, Self::Name, Self::Address, Self::Phone];

    /// メールアドレス · E-mail address.
    pub const fn words(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Email, Lang::Ja) => "メールアドレス",
            (Self::Email, Lang::En) => "E-mail address",
            (Self::Name, Lang::Ja) => "お名前",
            (Self::Name, Lang::En) => "Name",
            (Self::Address, Lang::Ja) => "ご住所",
            (Self::Address, Lang::En) => "Postal address",
            (Self::Phone, Lang::Ja) => "電話番号",
            (Self::Phone, Lang::En) => "Phone number",
        }
    }
}

/// What happened to one field of one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldVerdict {
    /// The field.
    pub field: PersonField,
    /// The verdict.
    pub verdict: Verdict,
    /// How we know.
    pub how: Text,
}

/// The verdicts on one person: every field once, and none stronger than its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct PersonVerdicts {
    grade: Grade,
    fields: Vec<FieldVerdict>,
}

/// Verdicts that say more than is known, or leave something out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weakened {
    /// Grade C says `NOT_READ`.
    #[error("evidence of grade C can never say NOT_READ")]
    NotReadUnderC,
    /// A field is missing or stands twice.
    #[error("every field needs exactly one verdict")]
    Fields,
    /// It does not say how it is known.
    #[error("every verdict must say, in both languages, how it is known")]
    How,
}

#[derive(Deserialize)]
struct Unchecked {
    grade: Grade,
    fields: Vec<FieldVerdict>,
}

impl TryFrom<Unchecked> for PersonVerdicts {
    type Error = Weakened;
    fn try_from(unchecked: Unchecked) -> Result<Self, Weakened> {
        Self::new(unchecked.grade, unchecked.fields)
    }
}

impl PersonVerdicts {
    /// Checks what a notice may say about a person.
    pub fn new(grade: Grade, mut fields: Vec<FieldVerdict>) -> Result<Self, Weakened> {
        let once = |field: PersonField| fields.iter().filter(|f| f.field == field).count() == 1;
        if !PersonField::ALL.into_iter().all(once) || fields.len() != PersonField::ALL.len() {
            return Err(Weakened::Fields);
        }
        if grade == Grade::C && fields.iter().any(|f| f.verdict == Verdict::NotRead) {
            return Err(Weakened::NotReadUnderC);
        }
        if fields.iter().any(|f| f.how.ja.trim().is_empty() || f.how.en.trim().is_empty()) {
            return Err(Weakened::How);
        }
        fields.sort_by_key(|f| PersonField::ALL.iter().position(|field| *field == f.field));
        Ok(Self { grade, fields })
    }

    /// How good the evidence is.
    pub const fn grade(&self) -> Grade {
        self.grade
    }

    /// One verdict per field, in the order of [`PersonField::ALL`].
    pub fn fields(&self) -> &[FieldVerdict] {
        &self.fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(verdict: Verdict) -> Vec<FieldVerdict> {
        PersonField::ALL
            .into_iter()
            .map(|field| FieldVerdict { field, verdict, how: Text::new("記録", "records") })
            .collect()
    }

    #[test]
    fn grade_c_never_says_that_nothing_was_read() {
        assert_eq!(PersonVerdicts::new(Grade::C, all(Verdict::NotRead)), Err(Weakened::NotReadUnderC));
        assert!(PersonVerdicts::new(Grade::A, all(Verdict::NotRead)).is_ok());
        let stored = serde_json::to_string(&PersonVerdicts::new(Grade::A, all(Verdict::NotRead)).unwrap()).unwrap();
        let tampered = stored.replacen("\"A\"", "\"C\"", 1);
        assert!(serde_json::from_str::<PersonVerdicts>(&tampered).is_err());
    }

    #[test]
    fn no_field_is_passed_over_in_silence() {
        assert_eq!(PersonVerdicts::new(Grade::C, all(Verdict::Unknown)[1..].to_vec()), Err(Weakened::Fields));
        let mut silent = all(Verdict::Unknown);
        silent[2].how = Text::new("記録", " ");
        assert_eq!(PersonVerdicts::new(Grade::C, silent), Err(Weakened::How));
    }

    #[test]
    fn the_words_are_those_of_the_table() {
        assert_eq!(Verdict::Unknown.words(Lang::Ja), "記録では判断できません。読み取られたものとしてご対応ください");
        assert_eq!(Verdict::ViaProcessor.words(Lang::Ja), "委託先に渡した分が対象です");
        let read = Verdict::Read { times: 2, last_at: 1_795_309_200_000 };
        assert_eq!(read.words(Lang::Ja), "第三者に読み取られました（2回・2026年11月22日(日) 10:00）");
    }
}
