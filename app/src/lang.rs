//! The language of the page, and links that keep it.

use leptos::prelude::*;
use noren_domain::Lang;

/// The language of the page being shown. It changes only with a full page load.
pub fn use_lang() -> Lang {
    expect_context::<Lang>()
}

/// `path` (without language) in the page's language.
pub fn href(path: &str) -> String {
    use_lang().path(path)
}

/// The `lang` of a name that stays as it is on every page: `ja` for Japanese script on an English
/// page, `en` for Latin letters on a Japanese one, nothing where the page's own language fits.
pub fn lang_of_name(page: Lang, name: &str) -> Option<&'static str> {
    let japanese = name.chars().any(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '々'));
    let latin = name.chars().any(|c| c.is_ascii_alphabetic());
    match page {
        Lang::En if japanese => Some(Lang::Ja.tag()),
        Lang::Ja if latin && !japanese => Some(Lang::En.tag()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_the_other_language_says_which_one_it_is() {
        assert_eq!(lang_of_name(Lang::En, "藍染工房"), Some("ja"));
        assert_eq!(lang_of_name(Lang::Ja, "Aizome Works"), Some("en"));
        assert_eq!(lang_of_name(Lang::Ja, "藍染 Works"), None);
        assert_eq!(lang_of_name(Lang::En, "Aizome Works"), None);
        assert_eq!(lang_of_name(Lang::Ja, "100%"), None);
    }
}
