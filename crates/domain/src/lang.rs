//! The two languages of the shop, and texts that exist in both.

use serde::{Deserialize, Serialize};

/// A language of the shop. Japanese stands at `/`, English under `/en`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Japanese, the default.
    #[default]
    Ja,
    /// English.
    En,
}

impl Lang {
    /// Both languages, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::Ja, Self::En];

    /// The BCP 47 tag: `ja` or `en`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Ja => "ja",
            Self::En => "en",
        }
    }

    /// What stands before every path of this language: nothing, or `/en`.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Ja => "",
            Self::En => "/en",
        }
    }

    /// The language that a URL path belongs to.
    pub fn of_path(path: &str) -> Self {
        match path.strip_prefix("/en") {
            Some(rest) if rest.is_empty() || rest.starts_with(['/', '?']) => Self::En,
            _ => Self::Ja,
        }
    }

    /// `path` (which starts with `/` and has no language) as a path of this language.
    pub fn path(self, path: &str) -> String {
        match (self, path) {
            (Self::Ja, path) => path.to_owned(),
            (Self::En, "/") => "/en".to_owned(),
            (Self::En, path) => format!("/en{path}"),
        }
    }

    /// The same page without its language: `/en/cart` → `/cart`, `/cart` → `/cart`. It starts with
    /// exactly one `/`: browsers take `//host` for another host.
    pub fn strip(path: &str) -> &str {
        let rest = match Self::of_path(path) {
            Self::Ja => path,
            Self::En => &path[3..],
        };
        let doubled = rest.len() - rest.trim_start_matches('/').len();
        if rest.is_empty() { "/" } else { &rest[doubled.saturating_sub(1)..] }
    }

    /// Reads a stored tag; anything but `en` is Japanese.
    pub fn from_tag(tag: &str) -> Self {
        if tag == "en" { Self::En } else { Self::Ja }
    }

    /// Picks by language.
    pub fn pick<T>(self, ja: T, en: T) -> T {
        match self {
            Self::Ja => ja,
            Self::En => en,
        }
    }
}

/// A text in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

impl Text {
    /// A text from its two versions.
    pub fn new(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { ja: ja.into(), en: en.into() }
    }

    /// The version in `lang`.
    pub fn get(&self, lang: Lang) -> &str {
        lang.pick(&self.ja, &self.en)
    }

    /// Takes the version in `lang` out.
    pub fn into(self, lang: Lang) -> String {
        lang.pick(self.ja, self.en)
    }

    /// Whether neither language says anything.
    pub fn is_empty(&self) -> bool {
        self.ja.is_empty() && self.en.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_english_only_under_en() {
        assert_eq!(Lang::of_path("/en"), Lang::En);
        assert_eq!(Lang::of_path("/en/cart"), Lang::En);
        assert_eq!(Lang::of_path("/envelopes"), Lang::Ja);
        assert_eq!(Lang::of_path("/"), Lang::Ja);
    }

    #[test]
    fn a_page_of_another_host_is_no_page_of_ours() {
        assert_eq!(Lang::strip("/en//evil.example/x"), "/evil.example/x");
        assert_eq!(Lang::strip("///evil.example"), "/evil.example");
        assert_eq!(Lang::strip("/en"), "/");
    }

    #[test]
    fn strip_undoes_path() {
        for path in ["/", "/cart", "/p/x?v=1"] {
            for lang in Lang::ALL {
                assert_eq!(Lang::strip(&lang.path(path)), path);
            }
        }
    }
}
