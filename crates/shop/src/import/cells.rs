//! Cells as values: numbers, names, rich text.

use std::collections::HashSet;
use std::sync::LazyLock;

use noren_domain::search;

/// Longest rich text or list of details, in characters.
pub const LONG: usize = 20_000;
/// Longest name, option or brand, in characters.
pub const NAME: usize = 200;
/// Longest summary or description of a picture, in characters.
pub const SUMMARY: usize = 600;

/// A cell that may be empty but not longer than `most` characters, nor hold control characters
/// other than line ends.
pub fn text(column: &str, raw: &str, most: usize) -> Result<String, String> {
    if raw.chars().count() > most {
        return Err(format!("{column} is longer than {most} characters; shorten it"));
    }
    if raw.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(format!("{column} holds a control character; delete it"));
    }
    Ok(raw.replace("\r\n", "\n"))
}

/// A cell that must say something, on one line.
pub fn name(column: &str, raw: &str) -> Result<String, String> {
    let name = text(column, raw, NAME)?;
    match name.as_str() {
        name if noren_domain::form::nobody_sees(name) => Err(format!("{column} is empty; fill it in")),
        name if name.contains('\n') => Err(format!("{column} must be one line")),
        _ => Ok(name),
    }
}

/// A whole number from 0 to `most`; full-width digits and thousands commas are understood.
pub fn number(column: &str, raw: &str, most: i64) -> Result<i64, String> {
    let digits: String = search::fold(raw).chars().filter(|c| *c != ',').collect();
    digits
        .parse::<i64>()
        .ok()
        .filter(|number| (0..=most).contains(number) && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or_else(|| format!("{column} \"{}\" is not a whole number from 0 to {most}", short(raw)))
}

/// A part of a URL: small letters a–z, digits, single hyphens.
pub fn slug(column: &str, raw: &str) -> Result<String, String> {
    let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if raw.is_empty() || raw.len() > 80 || !raw.bytes().all(fine) || raw.starts_with('-') || raw.ends_with('-') {
        return Err(format!("{column} \"{}\" must be 1 to 80 of a–z, 0–9 and hyphens", short(raw)));
    }
    Ok(raw.to_owned())
}

/// An article number: 1 to 64 printable ASCII characters without spaces or commas.
pub fn sku(raw: &str) -> Result<String, String> {
    if raw.is_empty() {
        return Err("sku is empty; fill it in".to_owned());
    }
    if raw.len() > 64 || !raw.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./+".contains(&byte)) {
        return Err(format!("sku \"{}\" must be 1 to 64 letters, digits or - _ . / +", short(raw)));
    }
    Ok(raw.to_owned())
}

/// A text for pages: its markup reduced to paragraphs, lists, emphasis and line breaks. Plain text
/// becomes paragraphs, one per line.
///
/// The parser is asked only where there is something to find out: most texts are plain, or hold
/// nothing but well-nested paragraphs, and those come out as they went in.
pub fn rich(column: &str, raw: &str) -> Result<String, String> {
    let text = text(column, raw, LONG)?;
    if !text.contains('<') {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        return Ok(lines.map(|line| format!("<p>{}</p>", clean(line))).collect());
    }
    Ok(clean(&text))
}

fn clean(text: &str) -> String {
    static CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
        let mut cleaner = ammonia::Builder::empty();
        cleaner.tags(HashSet::from(["p", "ul", "li", "strong", "em", "br"]));
        cleaner.clean_content_tags(HashSet::from(["script", "style"]));
        cleaner
    });
    if is_clean(text) { text.to_owned() } else { CLEANER.clean(text).to_string() }
}

/// Whether cleaning would change nothing: bare words, or whole paragraphs one after the other with
/// `<strong>`, `<em>` and `<br>` in them, none inside another. Anything else is for the parser.
fn is_clean(text: &str) -> bool {
    let mut rest = text;
    let (mut paragraph, mut emphasis) = (false, None);
    loop {
        let (words, tag) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        if !words.chars().all(|c| !matches!(c, '&' | '>' | '\u{a0}' | '\r' | '\0')) {
            return false;
        }
        let Some(end) = tag.find('>') else { return tag.is_empty() && !paragraph && emphasis.is_none() };
        match (&tag[..=end], paragraph, emphasis) {
            ("<p>", false, None) => paragraph = true,
            ("</p>", true, None) => paragraph = false,
            ("<br>", true, _) => {}
            ("<em>", true, None) => emphasis = Some("</em>"),
            ("<strong>", true, None) => emphasis = Some("</strong>"),
            (close, true, Some(open)) if close == open => emphasis = None,
            _ => return false,
        }
        rest = &tag[end + 1..];
    }
}

/// The words of a rich text.
pub fn words(rich: &str) -> String {
    let mut words = String::with_capacity(rich.len());
    let mut inside = false;
    for c in rich.chars() {
        match c {
            '<' => {
                inside = true;
                words.push(' ');
            }
            '>' => inside = false,
            c if !inside => words.push(c),
            _ => {}
        }
    }
    // What the parser writes for `<`, `>`, a hard space and `&`; that one last, or `&amp;lt;` would become `<`.
    words.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", " ").replace("&amp;", "&")
}

/// A value of a facet for the URL: small letters and digits of any script, hyphens between.
pub fn facet(value: &str) -> String {
    let lower = value.to_lowercase();
    let parts: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    parts.join("-")
}

/// At most 40 characters of what somebody wrote, for a message.
pub fn short(raw: &str) -> String {
    let mut short: String = raw.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if raw.chars().count() > 40 {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them_and_nothing_else_is() {
        assert_eq!(number("price", "1,320", 10_000), Ok(1_320));
        assert_eq!(number("price", "１３２０", 10_000), Ok(1_320));
        for raw in ["", "-1", "+5", "12.5", "1e3", "99999999999999999999", "10001", "abc"] {
            assert!(number("price", raw, 10_000).is_err(), "{raw}");
        }
    }

    #[test]
    fn rich_text_loses_everything_that_could_harm() {
        let dirty =
            "<p onclick=\"x()\">青<script>alert(1)</script><a href=\"javascript:x\">い</a></p><img src=x onerror=x>";
        assert_eq!(rich("text_ja", dirty).unwrap(), "<p>青い</p>");
        assert_eq!(rich("text_ja", "一行目\n二行目 & <").unwrap(), "一行目\n二行目 &amp; &lt;");
        assert_eq!(rich("text_ja", "一行目\n二行目").unwrap(), "<p>一行目</p><p>二行目</p>");
    }

    #[test]
    fn the_words_of_a_text_are_what_a_reader_sees() {
        let text = rich("text_en", "Salt & pepper, <em>1 < 2</em>\u{a0}cups; &amp;lt;").unwrap();
        assert_eq!(words(&text), "Salt & pepper,  1 < 2  cups; &lt;");
    }

    proptest! {
        #[test]
        fn what_is_taken_for_clean_is_what_the_parser_would_give(
            text in "(<p>|</p>|<br>|<br/>|<em>|</em>|<strong>|</strong>|<ul>|<li>|</li>|<P>|<p |</|&amp;|&lt;|&|>|<|[ \n]|青い|a){0,14}"
        ) {
            let mut parser = ammonia::Builder::empty();
            parser.tags(HashSet::from(["p", "ul", "li", "strong", "em", "br"]));
            if is_clean(&text) {
                prop_assert_eq!(parser.clean(&text).to_string(), text);
            }
        }

        #[test]
        fn no_text_brings_in_anything_but_the_six_tags(text in "(<[a-z/!]{0,6}[ a-z=\"'>]{0,8}|\\PC|on|script|javascript:|-->|]]>){0,20}") {
            let clean = rich("text_ja", &text).unwrap();
            for tag in clean.split('<').skip(1) {
                let name = tag.split('>').next().unwrap();
                prop_assert!(["p", "/p", "ul", "/ul", "li", "/li", "strong", "/strong", "em", "/em", "br"].contains(&name), "{}", clean);
            }
            prop_assert_eq!(super::clean(&clean), clean.clone(), "cleaning twice changes nothing more");
        }
    }

    #[test]
    fn facet_values_fit_a_url() {
        assert_eq!(facet("Pine green"), "pine-green");
        assert_eq!(facet("Kiri & Sumi"), "kiri-sumi");
        assert_eq!(facet("染処しおり"), "染処しおり");
    }
}
