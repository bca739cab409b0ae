//! E-mail addresses.

use unicode_normalization::UnicodeNormalization;

use crate::form::{Fault, line};

masked!(Email);

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
    /// part of the address. Dots may stand anywhere before the `@`: Japanese mobile carriers once
    /// gave out `taro.@` and `a..b@`, and people still hold them (see [`quoted`]). ASCII only:
    /// other letters reach few mail servers, and a host that has them can be typed as `xn--…`.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let typed: String = line(raw, Self::MAX)?.nfkc().collect();
        let (local, host) = typed.rsplit_once('@').ok_or(Fault::Email)?;
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        // The quotes count.
        let most = if local.split('.').any(str::is_empty) { 62 } else { 64 };
        let local_holds = (1..=most).contains(&local.len()) && local.bytes().all(|b| b == b'.' || is_atext(b));
        if !local_holds || !host.contains('.') || !host.split('.').all(label) || typed.len() > Self::MAX {
            return Err(Fault::Email);
        }
        let address = format!("{local}@{}", host.to_ascii_lowercase());
        Ok(Self { canonical: address.to_ascii_lowercase(), address })
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

/// The characters of an atom (RFC 5322 3.2.3).
fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// `address` as it stands in a mail: what precedes the `@` goes in quotes where its dots are not those
/// of a dot-atom (RFC 5322 3.4.1), so that `taro.@docomo.ne.jp` can be written to.
pub fn quoted(address: &str) -> std::borrow::Cow<'_, str> {
    match address.rsplit_once('@') {
        Some((local, host)) if !local.starts_with('"') && local.split('.').any(str::is_empty) => {
            format!("\"{local}\"@{host}").into()
        }
        _ => address.into(),
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
        assert_eq!(canonical("taro@XN--R8JZ45G.jp").as_deref(), Ok("taro@xn--r8jz45g.jp"));
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
            "あ@c.jp",
            "花子@例え.jp",
            "a@@b.jp",
            "a\"b@c.jp",
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
    fn old_mobile_addresses_are_taken_as_they_are_and_quoted_for_the_mail() {
        for raw in ["taro.@docomo.ne.jp", "a..b@docomo.ne.jp", ".a@ezweb.ne.jp"] {
            let email = Email::parse(raw).unwrap();
            let (local, host) = raw.split_once('@').unwrap();
            assert_eq!(email.address(), raw);
            assert_eq!(quoted(email.address()), format!("\"{local}\"@{host}"));
        }
        for plain in ["taro@example.jp", "a.b+c@example.jp"] {
            assert_eq!(quoted(plain), plain);
        }
    }

    #[test]
    fn an_address_prints_nothing() {
        assert_eq!(format!("{:?}", Email::parse("a@b.jp").unwrap()), "Email(…)");
    }
}
