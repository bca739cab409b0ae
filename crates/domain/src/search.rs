//! How texts become findable: folded, then cut into grams that both databases index alike.
//!
//! Japanese has no spaces, so its runs are cut into single characters and pairs (bigrams); words of
//! other scripts are kept whole and, where a [`Part`] asks for it, with every beginning of theirs.
//! A gram is written with the letters a–z and digits only, so that the tokenizer of SQLite's FTS5
//! and PostgreSQL's `tsvector` each take it as one token.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// The longest beginning of a word that is indexed, in characters; longer words are cut there.
const LONGEST_WORD: usize = 24;
/// Most grams that a query asks for; the rest of a longer query is not looked at.
const MOST_ASKED: usize = 24;

/// A product or category offered while somebody types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// Its name in the language of the page.
    pub text: String,
    /// Where it is, without the language: `/c/tenugui` or `/p/tenugui-seigaiha`.
    pub path: String,
}

/// Which words of a text are to be found by their beginnings as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Names, brands, options, SKUs: `ten` finds `tenugui`.
    Head,
    /// Long texts: whole words only, which keeps the index small.
    Body,
}

/// Makes texts that a shopper takes for the same the same: NFKC (full and half width, circled and
/// compound forms), lower case, katakana as hiragana. Folding twice changes nothing more.
pub fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).nfkc().map(hiragana).collect()
}

fn hiragana(c: char) -> char {
    match c {
        'ァ'..='ヶ' | 'ヽ' | 'ヾ' => char::from_u32(c as u32 - 0x60).unwrap_or(c),
        other => other,
    }
}

/// Every gram of `text` as of a [`Part::Head`], sorted, none twice.
pub fn grams(text: &str) -> Vec<String> {
    grams_of(text, Part::Head)
}

/// Every gram that `text` is found by, sorted, none twice.
pub fn grams_of(text: &str, part: Part) -> Vec<String> {
    let folded = fold(text);
    // Sorted once at the end: a set would keep every one of some hundred grams in order all the way.
    let mut grams = Vec::with_capacity(folded.len());
    for run in runs(&folded) {
        match run {
            Run::Pairs(chars) => {
                grams.extend(chars.iter().map(|c| single(*c)));
                grams.extend(chars.windows(2).map(|two| pair(two[0], two[1])));
            }
            Run::Word(chars) => {
                let shortest = if part == Part::Head { 1 } else { stem(&chars).len() };
                grams.extend((shortest..=chars.len()).map(|len| word(&chars[..len])));
            }
        }
    }
    grams.sort_unstable();
    grams.dedup();
    grams
}

/// The grams that a text must all have to answer `query`; none for a query without letters.
pub fn asked(query: &str) -> Vec<String> {
    let folded = fold(query);
    let mut asked = BTreeSet::new();
    for run in runs(&folded) {
        match run {
            Run::Pairs(chars) if chars.len() == 1 => drop(asked.insert(single(chars[0]))),
            Run::Pairs(chars) => asked.extend(chars.windows(2).map(|two| pair(two[0], two[1]))),
            Run::Word(chars) => drop(asked.insert(word(stem(&chars)))),
        }
        if asked.len() >= MOST_ASKED {
            break;
        }
    }
    asked.into_iter().take(MOST_ASKED).collect()
}

/// The grams of which a near match has many: those of [`asked`], and the beginnings of its words
/// (from three letters), so that `tenugi` comes near `tenugui`.
pub fn near(query: &str) -> Vec<String> {
    let folded = fold(query);
    let mut near = BTreeSet::new();
    for run in runs(&folded) {
        match run {
            Run::Pairs(chars) if chars.len() == 1 => drop(near.insert(single(chars[0]))),
            Run::Pairs(chars) => near.extend(chars.windows(2).map(|two| pair(two[0], two[1]))),
            Run::Word(chars) => {
                let stem = stem(&chars);
                near.extend((3.min(stem.len())..=stem.len()).map(|len| word(&stem[..len])));
            }
        }
        if near.len() >= MOST_ASKED {
            break;
        }
    }
    near.into_iter().take(MOST_ASKED).collect()
}

enum Run {
    /// Characters of a script without spaces.
    Pairs(Vec<char>),
    /// A word, cut at [`LONGEST_WORD`].
    Word(Vec<char>),
}

/// Splits at everything that is neither letter nor digit, and where scripts with and without spaces meet.
fn runs(folded: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    for part in folded.split(|c: char| !c.is_alphanumeric()) {
        let chars: Vec<char> = part.chars().collect();
        for run in chars.chunk_by(|a, b| spaced(*a) == spaced(*b)) {
            match run.first() {
                Some(first) if spaced(*first) => runs.push(Run::Word(run[..run.len().min(LONGEST_WORD)].to_vec())),
                Some(_) => runs.push(Run::Pairs(run.to_vec())),
                None => {}
            }
        }
    }
    runs
}

/// Latin, Greek, Cyrillic, Armenian and Hebrew put spaces between words, as digits do.
fn spaced(c: char) -> bool {
    c < '\u{600}'
}

/// An English word without the s of its plural.
fn stem(word: &[char]) -> &[char] {
    match word {
        [rest @ .., before, 's'] if rest.len() >= 2 && !matches!(before, 's' | 'u' | 'i') => &word[..word.len() - 1],
        _ => word,
    }
}

fn single(c: char) -> String {
    let mut gram = String::with_capacity(6);
    gram.push('u');
    hex(&mut gram, c);
    gram
}

fn pair(a: char, b: char) -> String {
    let mut gram = String::with_capacity(12);
    gram.push('b');
    hex(&mut gram, a);
    gram.push('z');
    hex(&mut gram, b);
    gram
}

/// The number of a character in hexadecimal, as `{:x}` writes it; texts have many of them.
fn hex(into: &mut String, c: char) {
    let number = c as u32;
    let first = (0..8).rev().find(|place| number >> (place * 4) & 15 != 0).unwrap_or(0);
    for place in (0..=first).rev() {
        into.extend(char::from_digit(number >> (place * 4) & 15, 16));
    }
}

fn word(chars: &[char]) -> String {
    let mut gram = String::with_capacity(chars.len() + 1);
    gram.push('w');
    for c in chars {
        match c {
            'z' => gram.push_str("zz"),
            c if c.is_ascii_alphanumeric() => gram.push(*c),
            c => gram.push_str(&format!("zx{:x}y", *c as u32)),
        }
    }
    gram
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn finds(text: &str, query: &str) -> bool {
        let has = grams(text);
        let asked = asked(query);
        !asked.is_empty() && asked.iter().all(|gram| has.contains(gram))
    }

    #[test]
    fn kana_width_and_case_do_not_matter() {
        for query in ["テヌグイ", "てぬぐい", "ﾃﾇｸﾞｲ", "てヌぐイ"] {
            assert!(finds("てぬぐい 青海波", query), "{query}");
        }
        assert!(finds("ＡＢＣ Tenugui", "abc"));
        assert!(finds("Tenugui", "ＴＥＮＵＧＵＩ"));
    }

    #[test]
    fn one_and_two_characters_are_found() {
        assert!(finds("手ぬぐい 青海波", "青"));
        assert!(finds("手ぬぐい 青海波", "海波"));
        assert!(!finds("手ぬぐい 青海波", "波青"));
    }

    #[test]
    fn a_word_is_found_by_its_beginning_and_its_plural_but_not_by_its_middle() {
        assert!(finds("Tea cup, seigaiha", "cups"));
        assert!(finds("Tea cups", "cup"));
        assert!(finds("Tenugui", "tenu"));
        assert!(!finds("Steam", "tea"));
        assert!(finds("TG-SGH-AI", "sgh"));
    }

    #[test]
    fn long_texts_are_found_by_whole_words_in_either_number() {
        let body = grams_of("dyed cloths from Sakai", Part::Body);
        assert!(asked("cloth").iter().all(|gram| body.contains(gram)));
        assert!(asked("cloths").iter().all(|gram| body.contains(gram)));
        assert!(!asked("clo").iter().all(|gram| body.contains(gram)));
    }

    #[test]
    fn a_query_without_letters_asks_for_nothing() {
        assert!(asked("  ・、!? ").is_empty());
    }

    #[test]
    fn a_slip_of_the_finger_still_shares_grams() {
        let has = grams("Tenugui");
        let near = near("tenugi");
        assert!(near.iter().filter(|gram| has.contains(gram)).count() * 2 > near.len());
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing_more(text in "\\PC{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn grams_are_letters_and_digits_that_start_with_a_letter(text in "\\PC{0,40}") {
            for gram in grams(&text).into_iter().chain(asked(&text)).chain(near(&text)) {
                prop_assert!(gram.starts_with(|c: char| c.is_ascii_lowercase()));
                prop_assert!(gram.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
            }
        }

        #[test]
        fn characters_are_written_by_their_number(a in any::<char>(), b in any::<char>()) {
            prop_assert_eq!(single(a), format!("u{:x}", a as u32));
            prop_assert_eq!(pair(a, b), format!("b{:x}z{:x}", a as u32, b as u32));
        }

        #[test]
        fn every_piece_of_a_japanese_text_finds_it(text in "[ぁ-んァ-ヶ一-龠ー]{1,20}", at in 0usize..20, len in 1usize..6) {
            let chars: Vec<char> = text.chars().collect();
            let at = at % chars.len();
            let piece: String = chars[at..chars.len().min(at + len)].iter().collect();
            prop_assert!(finds(&text, &piece), "{} in {}", piece, text);
        }

        #[test]
        fn every_beginning_of_a_word_finds_it(word in "[a-zA-Z0-9é]{1,30}", len in 1usize..30) {
            let beginning: String = word.chars().take(len).collect();
            prop_assert!(finds(&word, &beginning), "{} in {}", beginning, word);
        }

        #[test]
        fn hiragana_and_katakana_of_any_word_are_the_same(text in "[ァ-ヶー]{1,20}") {
            let hira: String = text.chars().map(hiragana).collect();
            prop_assert_eq!(fold(&text), fold(&hira));
        }
    }
}
