//! E-mail addresses.

use unicode_normalization::UnicodeNormalization;

use crate::form::{Fault, line};

/// An e-mail address: as it is written to, and in the one form under which it is found again.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    address: String,
    canonical: String,
}

impl Email {
    /// Longest address that SMTP carries (RFC 5321 4.5.3.1.3, less the angle brackets).
    pub const MAX: usize = 254;

    /// Reads what was typed: trimmed, NFKC (full-width letters become plain ones). A plus-tag is
    /// part of the address. The shape is checked loosely; the mail itself is the real test.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let address: String = line(raw, Self::MAX)?.nfkc().collect();
        let canonical = address.to_lowercase();
        let Some((local, domain)) = address.rsplit_once('@') else { return Err(Fault::Email) };
        let odd = |c: char| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"@".contains(c);
        let label = |l: &str| !l.is_empty() && l.len() <= 63 && !l.starts_with('-') && !l.ends_with('-');
        let named = domain.contains('.') && domain.split('.').all(label);
        let letters = domain.chars().all(|c| c.is_alphanumeric() || c == '.' || c == '-');
        let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
        if local.is_empty()
            || local.len() > 64
            || local.chars().any(odd)
            || dots
            || !named
            || !letters
            || address.len() > Self::MAX
        {
            return Err(Fault::Email);
        }
        Ok(Self { address, canonical })
    }

    /// The address to write to.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The form that the blind index is computed from: lower case, plus-tag kept.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// What stands before the `@`, in lower case.
    pub fn local(&self) -> &str {
        self.canonical.rsplit_once('@').map_or("", |(local, _)| local)
    }
}

impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Email(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(raw: &str) -> Result<String, Fault> {
        Email::parse(raw).map(|e| e.canonical().to_owned())
    }

    #[test]
    fn one_address_has_one_canonical_form() {
        for raw in ["hanako@example.jp", "  Hanako@Example.JP ", "ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ"]
        {
            assert_eq!(canonical(raw).as_deref(), Ok("hanako@example.jp"));
        }
        assert_ne!(canonical("hanako+shop@example.jp"), canonical("hanako@example.jp"));
        assert_eq!(canonical("花子@例え.jp").as_deref(), Ok("花子@例え.jp"));
    }

    #[test]
    fn what_no_mail_can_reach_is_refused() {
        for raw in [
            "a",
            "a@",
            "@b.jp",
            "a@b",
            "a b@c.jp",
            "a@b..jp",
            "a@-b.jp",
            "a..b@c.jp",
            ".a@c.jp",
            "a@b.jp>",
            "<a@b.jp",
            "a@b_c.jp",
        ] {
            assert_eq!(canonical(raw), Err(Fault::Email), "{raw}");
        }
        assert_eq!(canonical(""), Err(Fault::Required));
        assert_eq!(canonical("a@b.jp\nBcc: c@d.jp"), Err(Fault::NotText));
        assert!(canonical(&format!("{}@b.jp", "a".repeat(300))).is_err());
    }

    #[test]
    fn an_address_prints_nothing() {
        assert_eq!(format!("{:?}", Email::parse("a@b.jp").unwrap()), "Email(…)");
    }
}
