//! The rule for new passwords: long, and not what is tried first. Nothing about composition.

use unicode_normalization::UnicodeNormalization;

use crate::account::Email;
use crate::form::{Fault, Weakness};

masked!(Password);

/// Fewest characters of a password.
pub const MIN_PASSWORD: usize = 12;
/// Most characters of a password.
pub const MAX_PASSWORD: usize = 256;

/// Words that passwords guessed first are put together from. Collected from what published lists
/// of leaked passwords agree on; entries shorter than twelve characters matter because people
/// lengthen them ("password1234", "sakurasakura").
const COMMON: [&str; 62] = [
    "password",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "pass",
    "qwerty",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qazwsx",
    "1qaz2wsx",
    "1q2w3e4r",
    "1q2w3e",
    "q1w2e3r4",
    "zaq12wsx",
    "abc",
    "abcd",
    "abcdef",
    "abcdefg",
    "iloveyou",
    "welcome",
    "admin",
    "administrator",
    "letmein",
    "monkey",
    "dragon",
    "football",
    "baseball",
    "princess",
    "sunshine",
    "superman",
    "batman",
    "master",
    "shadow",
    "michael",
    "login",
    "user",
    "guest",
    "test",
    "secret",
    "changeme",
    "default",
    "hello",
    "whatever",
    "trustno",
    "starwars",
    "pokemon",
    "doraemon",
    "sakura",
    "tokyo",
    "japan",
    "nippon",
    "yamato",
    "hanako",
    "takahashi",
    "tanaka",
    "suzuki",
    "watanabe",
    "love",
    "pasuwado",
    "パスワード",
    "ぱすわーど",
];

/// The shop's names, in lower case; a password made from them is tried early.
pub const SHOP_NAMES: [&str; 3] = ["norendo", "noren", "暖簾堂"];

/// A password as it was typed. It prints nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// A new password for the account of `email`: 12 to 256 characters of any script; not one that
    /// is known to be guessed first, nor the address or the shop's name with little around it.
    pub fn new(raw: &str, email: Option<&Email>) -> Result<Self, Fault> {
        let count = raw.chars().count();
        if count == 0 {
            return Err(Fault::Required);
        }
        if count < MIN_PASSWORD {
            return Err(Fault::TooShort { min: MIN_PASSWORD });
        }
        if count > MAX_PASSWORD {
            return Err(Fault::TooLong { max: MAX_PASSWORD });
        }
        match weakness(raw, email) {
            Some(why) => Err(Fault::WeakPassword { why }),
            None => Ok(Self(raw.to_owned())),
        }
    }

    /// A password to be compared: anything up to the longest that could have been set.
    pub fn typed(raw: &str) -> Result<Self, Fault> {
        match raw.chars().count() {
            0 => Err(Fault::Required),
            n if n > MAX_PASSWORD => Err(Fault::TooLong { max: MAX_PASSWORD }),
            _ => Ok(Self(raw.to_owned())),
        }
    }

    /// The password itself, as typed.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Its NFKC form if that differs: another keyboard may compose the same characters differently.
    pub fn nfkc(&self) -> Option<Self> {
        let form: String = self.0.nfkc().collect();
        (form != self.0).then_some(Self(form))
    }
}

/// Whether little is left once everything guessable is taken out.
fn weakness(raw: &str, email: Option<&Email>) -> Option<Weakness> {
    /// So many characters must remain that are not part of a known word, a run or a repetition.
    const ENOUGH: usize = 6;
    let folded: String = raw.nfkc().flat_map(char::to_lowercase).collect();
    if let Some(email) = email
        && (folded.contains(email.canonical())
            || (email.local().chars().count() >= 4 && folded.contains(email.local())))
    {
        return Some(Weakness::Own);
    }
    if folded.contains(SHOP_NAMES[0]) || folded.contains(SHOP_NAMES[2]) {
        return Some(Weakness::Own);
    }
    if fresh_characters(&folded) < ENOUGH {
        return Some(Weakness::Pattern);
    }
    let mut words: Vec<&str> = COMMON.into_iter().chain(SHOP_NAMES).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    let rest = words.into_iter().fold(folded, |rest, word| rest.replace(word, "\u{0}"));
    (fresh_characters(&rest) < ENOUGH).then_some(Weakness::Common)
}

/// Counts characters that neither repeat one seen before nor carry on a run (`1234`, `zyx`).
fn fresh_characters(text: &str) -> usize {
    let mut seen = std::collections::BTreeSet::new();
    let mut previous: Option<char> = None;
    text.chars()
        .filter(|c| {
            let run = previous.is_some_and(|p| u32::from(p).abs_diff(u32::from(*c)) <= 1);
            previous = Some(*c);
            *c != '\u{0}' && seen.insert(*c) && !run
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(raw: &str) -> Result<(), Fault> {
        let email = Email::parse("kazuko.mori@example.jp").unwrap();
        Password::new(raw, Some(&email)).map(|_| ())
    }

    #[test]
    fn length_is_counted_in_characters_of_any_script() {
        assert_eq!(new("すいかとめろんとぶどう"), Err(Fault::TooShort { min: 12 }));
        assert_eq!(new("すいかとめろんとぶどうと梨"), Ok(()));
        assert_eq!(new("correct horse battery staple"), Ok(()));
        for sixteen in ["wardrobe velvet ", "すいかとめろんとぶどうと梨も桃も"] {
            assert_eq!(new(&sixteen.repeat(4)), Ok(()));
            assert_eq!(new(&sixteen.repeat(16)), Ok(()));
            assert_eq!(new(&format!("{}x", sixteen.repeat(16))), Err(Fault::TooLong { max: 256 }));
        }
        assert_eq!(new(&"あいうえおかきくけこさしすせそ".repeat(20)), Err(Fault::TooLong { max: 256 }));
        assert_eq!(new(""), Err(Fault::Required));
    }

    #[test]
    fn no_composition_is_demanded() {
        assert_eq!(new("wardrobe velvet onion"), Ok(()));
        assert_eq!(new("👒🍉🚲🎐🏮🪁🎋🧊🦊🐢🎎🍡"), Ok(()));
    }

    #[test]
    fn what_is_tried_first_is_refused() {
        for raw in [
            "password1234",
            "Password!2345",
            "passwordpassword",
            "123456789012",
            "111111111111",
            "qwertyuiop12",
            "abcabcabcabc",
            "1q2w3e4r5t6y",
            "sakurasakura",
            "iloveyou2026",
            "ｐａｓｓｗｏｒｄ１２３４",
            "パスワードパスワード12",
            "aaaaaaaaaaaaaaaa",
            "0987654321098",
        ] {
            assert!(matches!(new(raw), Err(Fault::WeakPassword { .. })), "{raw}");
        }
    }

    #[test]
    fn a_refusal_says_what_makes_a_password_weak() {
        for (raw, why) in [
            ("password1234", Weakness::Common),
            ("iloveyou2026", Weakness::Common),
            ("111111111111", Weakness::Pattern),
            ("123456789012", Weakness::Pattern),
            ("abcabcabcabc", Weakness::Pattern),
            ("kazuko.mori-2026-x", Weakness::Own),
            ("norendo-blue-sky", Weakness::Own),
        ] {
            assert_eq!(new(raw), Err(Fault::WeakPassword { why }), "{raw}");
        }
    }

    #[test]
    fn characters_that_nobody_types_count_like_any_other() {
        assert_eq!(new("wardrobe\0velvet onion"), Ok(()));
        assert_eq!(new("\0\0\0\0\0\0\0\0\0\0\0\0"), Err(Fault::WeakPassword { why: Weakness::Pattern }));
        assert_eq!(new(&"wardrobe velvet onion".repeat(500)), Err(Fault::TooLong { max: 256 }));
    }

    #[test]
    fn the_address_and_the_name_of_the_shop_are_refused() {
        for raw in ["kazuko.mori-2026-x", "KAZUKO.MORI@example.jp", "norendo-blue-sky", "暖簾堂でお買い物をする"]
        {
            assert!(new(raw).is_err(), "{raw}");
        }
    }

    #[test]
    fn a_typed_password_may_be_anything_that_could_have_been_set() {
        assert!(Password::typed("x").is_ok());
        assert_eq!(format!("{:?}", Password::typed("x").unwrap()), "Password(…)");
        let decomposed = Password::typed("か\u{3099}くせいしょくどう定食").unwrap();
        assert!(decomposed.nfkc().is_some_and(|p| p.expose().starts_with('が')));
        assert_eq!(Password::typed("plain").unwrap().nfkc(), None);
    }
}
