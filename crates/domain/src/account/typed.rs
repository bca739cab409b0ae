//! Codes as people type them: read from a mail, from an app, or from paper. What is forgiven is the same for each.

use unicode_normalization::UnicodeNormalization;

use crate::form::Fault;

/// What was typed in its plain form, without spaces and strokes: a Japanese keyboard gives ー or − where others
/// give a hyphen.
pub(super) fn characters(raw: &str) -> impl Iterator<Item = char> + '_ {
    let stroke = |c: char| matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | 'ー');
    raw.nfkc().filter(move |c| !c.is_whitespace() && !stroke(*c))
}

/// A code of `count` ASCII digits; anything else is `wrong`.
pub(super) fn digits(raw: &str, count: usize, wrong: Fault) -> Result<String, Fault> {
    let digits: String = characters(raw).collect();
    match digits.len() {
        0 => Err(Fault::Required),
        len if len == count && digits.bytes().all(|b| b.is_ascii_digit()) => Ok(digits),
        _ => Err(wrong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_may_be_typed_as_they_are_read_out() {
        for typed in [
            "123456",
            " 123 456 ",
            "１２３　４５６",
            "123-456",
            "１２３ー４５６",
            "12\u{2013}34\u{2212}56",
            "１２３－４５６",
        ] {
            assert_eq!(digits(typed, 6, Fault::Code).as_deref(), Ok("123456"), "{typed}");
        }
        for typed in ["12345", "1234567", "abcdef", "12345٦", "12345\0", "+12345", "12.3456"] {
            assert_eq!(digits(typed, 6, Fault::Code), Err(Fault::Code), "{typed:?}");
        }
        for typed in ["", " - ", "　ー"] {
            assert_eq!(digits(typed, 6, Fault::Code), Err(Fault::Required), "{typed:?}");
        }
    }
}
