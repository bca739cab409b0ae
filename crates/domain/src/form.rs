//! What can be wrong with a form, as data: a fault per field, said in words by the page.

use serde::{Deserialize, Serialize};

/// A digit as a Japanese input method gives it, made a plain one. All of NFKC would bring its tables into
/// the wasm, where these rules run too.
pub fn half_width(c: char) -> char {
    match c {
        '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10).unwrap_or(c),
        c => c,
    }
}

/// What makes a password easy to guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weakness {
    /// Many people have it, or one much like it: it is among the first that are tried.
    Common,
    /// It was in a leak.
    Leaked,
    /// Repetitions, runs, rows of keys.
    Pattern,
    /// A word or two, names, dates.
    Words,
    /// It holds the person's own address, or the shop's name.
    Own,
}

/// One thing that is wrong, with what the words need to name the remedy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nothing was given where something is needed.
    Required,
    /// More than `max` characters.
    TooLong {
        /// The most characters taken.
        max: usize,
    },
    /// Fewer than `min` characters.
    TooShort {
        /// The fewest characters taken.
        min: usize,
    },
    /// Holds control characters, or is otherwise not plain text.
    NotText,
    /// Not an e-mail address.
    Email,
    /// Not seven digits.
    PostalCode,
    /// Seven digits that belong to another prefecture than the one chosen.
    PostalCodeUnknown,
    /// Seven digits that the shop's table does not know; the address can be typed all the same.
    PostalCodeNotFound,
    /// Not a Japanese phone number (10 or 11 digits, starting with 0).
    Phone,
    /// Not kana.
    Kana,
    /// Not one of the choices offered.
    Choice,
    /// Not the word that was to be typed.
    OtherWord,
    /// Not a whole number from `min` to `max`.
    Quantity {
        /// The least.
        min: u32,
        /// The most.
        max: u32,
    },
    /// A date that cannot be had; `earliest` (ISO 8601) and `latest` can.
    Date {
        /// First day on offer.
        earliest: String,
        /// Last day on offer.
        latest: String,
    },
    /// The e-mail address is the one that the account has already.
    SameEmail,
    /// Not for another `hours` hours, for the address of the account was changed just now.
    Paused {
        /// Hours to wait.
        hours: u32,
    },
    /// E-mail and password do not belong together.
    Credentials,
    /// The password of a person who is signed in is another one.
    WrongPassword,
    /// The code is wrong.
    Code,
    /// The code can be tried no more: its time is over, or all its tries are used.
    CodeOver,
    /// Not the code that the authenticator app shows now, or one that was used already.
    AppCode,
    /// Not a recovery code that is left.
    RecoveryCode,
    /// The passkey could not be verified, or its challenge is over.
    Passkey,
    /// The customer has `max` passkeys already.
    PasskeysFull {
        /// The most passkeys of a customer.
        max: u32,
    },
    /// The customer keeps `max` addresses already.
    AddressesFull {
        /// The most addresses of a customer.
        max: u32,
    },
    /// A password that is easy to guess.
    WeakPassword {
        /// What makes it so.
        why: Weakness,
    },
    /// Too many tries; open again after `minutes`.
    TooMany {
        /// Minutes to wait.
        minutes: u32,
    },
    /// More is to be done than the machine can; open again in a minute.
    Busy,
    /// Only `available` units are left.
    Stock {
        /// Units that can be had.
        available: u32,
    },
    /// The cart holds `max` different goods already.
    CartFull {
        /// The most lines of a cart.
        max: u32,
    },
    /// The thing is not sold any more.
    Gone,
    /// Something changed since the page was shown; the page now shows how it stands.
    Changed,
    /// The cart is empty.
    EmptyCart,
    /// An earlier step is not filled in yet.
    StepMissing,
    /// Cash on delivery is not offered above `max` yen.
    CashLimit {
        /// The largest amount taken, in yen.
        max: i64,
    },
    /// As many orders of the same e-mail address as may, or as much money, wait for their bank transfer.
    OpenTransfers {
        /// The most orders that may wait.
        max: u32,
        /// What they may come to, in yen.
        yen: i64,
    },
    /// The payment provider cannot be reached.
    PaymentUnavailable,
    /// The vault, which keeps people's data, does not answer now.
    VaultUnavailable,
    /// What was asked for does not exist, or is not this person's.
    NotFound,
    /// Needs a sign-in.
    SignIn,
    /// Needs a proof from the last minutes that it is still the same person.
    ProveFirst,
    /// The sign-in has ended: by time, or from another device.
    SessionEnded,
    /// Could not be read at all (broken encoding, missing parts).
    Unreadable,
    /// Our fault; nothing was changed.
    Internal,
    /// No answer came back; whether anything was changed is not known here.
    NoAnswer,
}

/// A fault and the field it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldFault {
    /// The `name` of the input; empty: the form as a whole.
    pub field: String,
    /// What is wrong.
    pub fault: Fault,
}

/// Everything that is wrong with one form. Empty: nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Faults(pub Vec<FieldFault>);

impl Faults {
    /// One fault of the form as a whole.
    pub fn of(fault: Fault) -> Self {
        Self(vec![FieldFault { field: String::new(), fault }])
    }

    /// One fault of one field.
    pub fn field(field: &str, fault: Fault) -> Self {
        Self(vec![FieldFault { field: field.to_owned(), fault }])
    }

    /// Adds a fault of `field`.
    pub fn add(&mut self, field: &str, fault: Fault) {
        self.0.push(FieldFault { field: field.to_owned(), fault });
    }

    /// The first fault of `field`.
    pub fn get(&self, field: &str) -> Option<&Fault> {
        self.0.iter().find(|f| f.field == field).map(|f| &f.fault)
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes the fault of `result` under `field`; gives the value otherwise.
    pub fn check<T>(&mut self, field: &str, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.add(field, fault)).ok()
    }

    /// `value` if nothing is wrong.
    pub fn or<T>(self, value: impl FnOnce() -> Option<T>) -> Result<T, Self> {
        if !self.is_empty() {
            return Err(self);
        }
        value().ok_or_else(|| Self::of(Fault::Internal))
    }
}

/// A line of text as a person typed it: trimmed, not empty, at most `max` characters, no control
/// characters.
pub fn line(raw: &str, max: usize) -> Result<String, Fault> {
    match optional_line(raw, max)? {
        text if nobody_sees(&text) => Err(Fault::Required),
        text => Ok(text),
    }
}

/// Whether a text holds nothing but blanks, marks without a letter, and characters that join or part others
/// and show nothing themselves (Unicode's `Default_Ignorable_Code_Point`, and the blank of Braille).
pub fn nobody_sees(text: &str) -> bool {
    text.chars().all(|c| {
        c.is_whitespace()
            || matches!(
                c,
                '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                    | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
                    | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e0fff}'
            )
    })
}

/// Like [`line`], but may be empty.
pub fn optional_line(raw: &str, max: usize) -> Result<String, Fault> {
    let text = raw.trim();
    if text
        .chars()
        .any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c))
    {
        return Err(Fault::NotText);
    }
    if text.chars().count() > max {
        return Err(Fault::TooLong { max });
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_trimmed_and_bounded() {
        assert_eq!(line("  暖簾 花子　", 10), Ok("暖簾 花子".into()));
        assert_eq!(line(" ", 10), Err(Fault::Required));
        for unseen in ["\u{200b} \u{feff}", "\u{2800}", "\u{ffa0}", "\u{301}", "\u{e0020}", "\u{fe0f}"] {
            assert_eq!(line(unseen, 10), Err(Fault::Required), "a name that nobody can see");
        }
        assert_eq!(line("क्‍ष", 10), Ok("क्‍ष".into()), "a joiner inside a name");
        assert_eq!(line("あいう", 2), Err(Fault::TooLong { max: 2 }));
        assert_eq!(line("a\r\nBcc: x", 100), Err(Fault::NotText));
        assert_eq!(line("abc\u{202e}fdp", 100), Err(Fault::NotText));
    }
}
