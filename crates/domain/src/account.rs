//! Accounts: customers, their ways in, and what the account pages show.

mod addresses;
mod attention;
mod data;
mod email_change;
mod event;
mod factors;
mod forms;
mod passkey;
mod password;
mod phrase;
mod sign_in;
mod typed;
mod view;

pub use crate::email::Email;
pub use addresses::{MAX_ADDRESSES, SavedAddress};
pub use attention::Attention;
pub use data::{
    DataView, EraseForm, EraseView, Erasure, ErasureCause, ExportLink, ExportSection, ExportView, Holding, KeptOrder,
    OpenReason,
};
pub use email_change::{
    EmailBack, EmailBackForm, EmailChange, EmailCodeForm, EmailForm, EmailLink, EmailStep, EmailView, PendingEmail,
};
pub use event::AccountEvent;
pub use factors::{
    FactorsView, QrView, RecoveryCode, RecoveryLeft, RecoveryView, RemovedFactors, Totp, TotpForm, TotpSetup, TotpView,
    in_fours,
};
pub use forms::{
    Login, LoginForm, MAIL_DIGITS, MailCodeForm, PasswordForm, Proof, ProveForm, Register, RegisterForm, Reset,
    ResetForm, StepCode, Verify, VerifyForm,
};
pub use passkey::{Ceremony, MAX_PASSKEY_NAME, MAX_PASSKEYS, PasskeyName, PasskeyView, PasskeysView};
pub use password::{MAX_PASSWORD, MIN_PASSWORD, Password, SHOP_NAMES};
pub use phrase::CheckPhrase;
pub use sign_in::{AskedFor, NotMeView, SignInAnswer, SignInOutcome, SignInPage, SignInView, SignInWay};
pub use view::{AccountView, Browser, DeviceView, HappenedView, ReadProof, Reads, ReadsView, SecurityView};

/// A person with an account (お客様).
#[derive(Debug)]
pub enum Customer {}

/// One browser that a customer is signed in on.
#[derive(Debug)]
pub enum Session {}

/// A path of this shop without its language, safe to send a browser to after a sign-in.
///
/// Only what starts with exactly one `/` and holds no backslash, space or control character:
/// browsers read `//evil.example` and `/\evil.example` as another host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalPath(String);

impl LocalPath {
    /// Longest path kept; longer ones are nobody's honest link.
    const MAX: usize = 500;

    /// Reads a `next` parameter; anything that could lead elsewhere, or in a circle, is `None`.
    pub fn parse(raw: &str) -> Option<Self> {
        let odd = |c: char| c == '\\' || c.is_whitespace() || c.is_control();
        let rest = raw.strip_prefix('/')?;
        // No page of ours has `//`, and `/en//evil.example` is `//evil.example` without its language.
        let doubled = rest.starts_with('/') || raw.split(['?', '#']).next().is_some_and(|page| page.contains("//"));
        if doubled || raw.len() > Self::MAX || raw.chars().any(odd) {
            return None;
        }
        let path = crate::Lang::strip(raw);
        let page = path.split(['?', '#']).next().unwrap_or_default();
        let circle = ["/login", "/register", "/verify", "/reset", "/api"].contains(&page)
            || ["/api/", "/login/", "/reset/", "/account/confirm"].iter().any(|room| page.starts_with(room));
        // `/en?from=mail` is `?from=mail` without its language.
        (!circle).then(|| Self(ascii(&format!("/{}", path.trim_start_matches('/')))))
    }

    /// The path, which starts with `/` and has no language.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `page` with this path as its `next` parameter, percent-encoded.
    pub fn after(&self, page: &str) -> String {
        let mut link = format!("{page}?next=");
        for byte in self.0.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                    link.push(char::from(byte));
                }
                other => link.push_str(&format!("%{other:02X}")),
            }
        }
        link
    }
}

/// `path` as a header can carry it: what is no ASCII percent-encoded.
fn ascii(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii() {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_of_ours_is_kept_without_its_language() {
        for (raw, path) in [
            ("/cart", "/cart"),
            ("/en/account/security", "/account/security"),
            ("/search?q=%E6%9A%96", "/search?q=%E6%9A%96"),
            ("/en", "/"),
            ("/en?from=mail", "/?from=mail"),
            ("/", "/"),
            ("/c/茶", "/c/%E8%8C%B6"),
        ] {
            assert_eq!(LocalPath::parse(raw).as_ref().map(LocalPath::as_str), Some(path));
        }
    }

    #[test]
    fn a_path_that_leads_elsewhere_is_ignored() {
        for raw in [
            "",
            "cart",
            "//evil",
            "/\\evil",
            "\\\\evil",
            "https://evil.example",
            "https:/evil",
            "javascript:alert(1)",
            "/\t/evil",
            "/ /evil",
            "/en//evil",
            "/en/\\evil",
            "/a\r\nSet-Cookie: x",
            "/login",
            "/login?next=/login",
            "/en/register",
            "/login/confirm",
            "/reset/code",
            "/account/confirm?next=/account/confirm",
            "/api/account/logout",
            &format!("/{}", "a".repeat(600)),
        ] {
            assert_eq!(LocalPath::parse(raw), None, "{raw:?}");
        }
    }

    #[test]
    fn a_next_parameter_survives_its_own_query() {
        let path = LocalPath::parse("/search?q=a&b=c").unwrap();
        assert_eq!(path.after("/login"), "/login?next=/search%3Fq%3Da%26b%3Dc");
    }

    proptest! {
        #[test]
        fn whatever_is_kept_starts_with_one_slash(raw in "[/\\\\a-z:.?#% \\t]{0,12}") {
            if let Some(path) = LocalPath::parse(&raw) {
                prop_assert!(path.as_str().starts_with('/') && !path.as_str().starts_with("//"));
                prop_assert!(!path.as_str().contains('\\'));
            }
        }
    }
}
