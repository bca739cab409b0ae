//! What makes a new password easy to guess: the estimate of zxcvbn, and a list of what is tried first.

use noren_domain::account::{Email, Password, SHOP_NAMES};
use noren_domain::form::Weakness;
use zxcvbn::feedback::Warning;
use zxcvbn::matching::patterns::MatchPattern;
use zxcvbn::{Entropy, Score};

/// Passwords of twelve characters and more that leaks hold most often, in lower case; see the README beside it.
const COMMON: &str = include_str!("../../../passwords/common.txt");

/// So many characters are looked at, as zxcvbn's authors advise: its work grows with the square of the length.
const LOOKED_AT: usize = 100;

/// Marks that stand for letters to zxcvbn (`@` for a, `(` for c …). It tries every reading of all that occur, which for a
/// text with each of them takes a second.
const MARKS: [char; 12] = ['@', '(', '{', '[', '<', '&', '#', '!', '|', '$', '+', '%'];
/// So many different marks are left to be read as letters; nobody writes a word with more of them.
const READ_AS_LETTERS: usize = 4;
/// What stands for the others: marks that are never read as letters.
const OTHER_MARKS: [char; MARKS.len() - READ_AS_LETTERS] = ['~', '^', '*', '?', ':', ';', '-', '_'];

/// Words that whoever wants to get into this account tries: the person's address and its parts, and the shop.
pub fn own_words(email: Option<&Email>, host: Option<&str>) -> Vec<String> {
    let mut words: Vec<&str> = SHOP_NAMES.into_iter().chain(host).collect();
    if let Some(email) = email {
        let parts = email.canonical().split(|c: char| !c.is_alphanumeric()).filter(|part| part.chars().count() >= 3);
        words.extend([email.canonical(), email.local()]);
        words.extend(email.canonical().rsplit_once('@').map(|(_, host)| host));
        words.extend(parts);
    }
    words.into_iter().map(str::to_owned).collect()
}

/// What is weak about `password`; `None`: it takes 100 million guesses or more, and so very long behind argon2.
pub fn of(password: &Password, own: &[String]) -> Option<Weakness> {
    let plain = password.nfkc().unwrap_or_else(|| password.clone());
    let folded = plain.expose().to_lowercase();
    if COMMON.lines().any(|known| known == folded) {
        return Some(Weakness::Common);
    }
    let words: Vec<&str> = own.iter().map(String::as_str).collect();
    let estimate = zxcvbn::zxcvbn(&looked_at(plain.expose()), &words);
    (estimate.score() < Score::Three).then(|| why(&estimate, own))
}

/// The part of a password that is estimated, so that no password keeps the shop busy for long.
fn looked_at(password: &str) -> String {
    let mut seen = Vec::new();
    let part = password.chars().take(LOOKED_AT).map(|c| {
        if !MARKS.contains(&c) {
            return c;
        }
        let at = seen.iter().position(|mark| *mark == c).unwrap_or_else(|| {
            seen.push(c);
            seen.len() - 1
        });
        at.checked_sub(READ_AS_LETTERS).map_or(c, |other| OTHER_MARKS[other])
    });
    part.collect()
}

fn why(estimate: &Entropy, own: &[String]) -> Weakness {
    let is_own = |pattern: &MatchPattern| match pattern {
        MatchPattern::Dictionary(found) => own.contains(&found.matched_word),
        _ => false,
    };
    if estimate.sequence().iter().any(|part| is_own(&part.pattern)) {
        return Weakness::Own;
    }
    match estimate.feedback().and_then(zxcvbn::feedback::Feedback::warning) {
        Some(
            Warning::StraightRowsOfKeysAreEasyToGuess
            | Warning::ShortKeyboardPatternsAreEasyToGuess
            | Warning::RepeatsLikeAaaAreEasyToGuess
            | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess
            | Warning::SequencesLikeAbcAreEasyToGuess,
        ) => Weakness::Pattern,
        Some(
            Warning::ThisIsATop10Password
            | Warning::ThisIsATop100Password
            | Warning::ThisIsACommonPassword
            | Warning::ThisIsSimilarToACommonlyUsedPassword,
        ) => Weakness::Common,
        Some(
            Warning::RecentYearsAreEasyToGuess
            | Warning::AWordByItselfIsEasyToGuess
            | Warning::DatesAreOftenEasyToGuess
            | Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
            | Warning::CommonNamesAndSurnamesAreEasyToGuess,
        )
        | None => Weakness::Words,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn judged(raw: &str) -> Option<Weakness> {
        let email = Email::parse("kazuko.mori@miyagi-tea.example.jp").unwrap();
        of(&Password::typed(raw).unwrap(), &own_words(Some(&email), Some("shop.example")))
    }

    #[test]
    fn what_holds_is_taken_in_any_script() {
        for raw in [
            "wardrobe velvet onion",
            "indigo waves over quiet hills",
            "noren-demo-curtain",
            "すいかとめろんとぶどうと梨",
            "がくせいしょくどう定食",
            "👒🍉🚲🎐🏮🪁🎋🧊🦊🐢🎎🍡",
            "xK9#mQ2$vL7!pW",
        ] {
            assert_eq!(judged(raw), None, "{raw}");
        }
    }

    #[test]
    fn what_is_easy_to_guess_is_refused_with_the_reason() {
        for (raw, why) in [
            // The carried list knows these.
            ("sojdlg123aljg", Weakness::Common),
            ("Polniypizdec0211", Weakness::Common),
            ("refrigerator", Weakness::Common),
            ("Tr0ub4dour123", Weakness::Words),
            ("letmeinletmein", Weakness::Pattern),
            ("zxcvbnm,./asdfghjkl;'", Weakness::Pattern),
            ("michael19840512", Weakness::Words),
            ("kazuko19840512", Weakness::Own),
            ("miyagi-tea.example.jp", Weakness::Own),
            ("KazukoMiyagi", Weakness::Own),
            ("ｋａｚｕｋｏｍｉｙａｇｉ", Weakness::Own),
            ("shop.examplekazuko", Weakness::Own),
        ] {
            assert_eq!(judged(raw), Some(why), "{raw}");
        }
    }

    #[test]
    fn the_list_holds_only_what_could_be_chosen() {
        // ASVS 5.0.0 6.2.4: the 3,000 most common ones that the rule would let through.
        assert!(COMMON.lines().count() >= 3_000);
        for line in COMMON.lines() {
            assert!(
                line.chars().count() >= noren_domain::account::MIN_PASSWORD && line == line.to_lowercase(),
                "{line}"
            );
        }
    }

    #[test]
    fn only_the_first_hundred_characters_are_looked_at() {
        let (same, mixed) = ("a".repeat(LOOKED_AT), "wardrobe velvet onion ".repeat(5));
        assert_eq!(judged(&format!("{same}xK9#mQ2$vL7!pW")), Some(Weakness::Pattern));
        assert_eq!(judged(&mixed[..LOOKED_AT]), judged(&format!("{}{same}", &mixed[..LOOKED_AT])));
    }

    #[test]
    fn few_marks_are_read_as_letters() {
        assert_eq!(looked_at("p@$$w(rd!"), "p@$$w(rd!");
        assert_eq!(looked_at("@({[<&#!|$+%@x<"), "@({[~^*?:;-_@x~");
        assert_eq!(judged("@({[<&#!|$+%"), None, "each character another mark");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn whatever_can_be_typed_is_judged(raw in "\\PC{12,40}|[\\x00-\\x1f]{12,20}|[4@8({\\[<369&#!1/|0$5+7%2]{12,30}") {
            let _ = judged(&raw);
        }
    }
}
