//! The forms of the door: raw as typed, and the typed values they are read into.

use serde::{Deserialize, Serialize};

use super::typed::digits;
use crate::account::{AskedFor, Email, LocalPath, Password, RecoveryCode, Totp};
use crate::form::{Fault, Faults};

masked!(RegisterForm, LoginForm, VerifyForm, Verify, MailCodeForm, ResetForm, PasswordForm, ProveForm);

/// The registration form as typed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RegisterForm {
    /// E-mail address.
    pub email: String,
    /// Password.
    pub password: String,
    /// Where to go afterwards.
    pub next: String,
}

/// What a registration asks for.
#[derive(Clone, Debug)]
pub struct Register {
    /// The address to prove.
    pub email: Email,
    /// The new password.
    pub password: Password,
}

impl RegisterForm {
    /// Reads the form, or says everything that is wrong with it.
    pub fn parse(&self) -> Result<Register, Faults> {
        let mut faults = Faults::default();
        let email = faults.check("email", Email::parse(&self.email));
        let password = faults.check("password", Password::new(&self.password, email.as_ref()));
        faults.or(|| Some(Register { email: email?, password: password? }))
    }

    /// The form without its password, which is never kept.
    #[must_use]
    pub fn without_password(&self) -> Self {
        Self { password: String::new(), ..self.clone() }
    }
}

/// The login form as typed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoginForm {
    /// E-mail address.
    pub email: String,
    /// Password.
    pub password: String,
    /// Where to go afterwards.
    pub next: String,
}

/// What a login asks for.
#[derive(Clone, Debug)]
pub struct Login {
    /// Whose account.
    pub email: Email,
    /// The password to compare.
    pub password: Password,
    /// Where to go afterwards, if that is a page of ours.
    pub next: Option<LocalPath>,
}

impl LoginForm {
    /// Reads the form, or says everything that is wrong with it.
    pub fn parse(&self) -> Result<Login, Faults> {
        let mut faults = Faults::default();
        let email = faults.check("email", Email::parse(&self.email));
        let password = faults.check("password", Password::typed(&self.password));
        let next = LocalPath::parse(&self.next);
        faults.or(|| Some(Login { email: email?, password: password?, next }))
    }

    /// The form without its password, which is never kept.
    #[must_use]
    pub fn without_password(&self) -> Self {
        Self { password: String::new(), ..self.clone() }
    }
}

/// Digits of a code by mail. There are 10⁸ of them: what that is worth stands in docs/adr/0020.
pub const MAIL_DIGITS: usize = 8;

/// A code as it is asked for after a password: that of a mail or of an authenticator app, or, instead of the app, a
/// recovery code. Each has a length of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepCode {
    /// The digits from a mail.
    Digits(Verify),
    /// What an authenticator app shows.
    App(Totp),
    /// A recovery code.
    Recovery(RecoveryCode),
}

impl StepCode {
    /// Reads what was typed.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        match Verify::parse(raw) {
            Ok(digits) => Ok(Self::Digits(digits)),
            Err(Fault::Required) => Err(Fault::Required),
            Err(_) => Totp::parse(raw)
                .map(Self::App)
                .or_else(|_| RecoveryCode::parse(raw).map(Self::Recovery))
                .map_err(|_| Fault::Code),
        }
    }
}

/// The form that takes the code from the mail, as typed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VerifyForm {
    /// The digits.
    pub code: String,
    /// Where to go afterwards.
    pub next: String,
}

/// The code of a mail, of the right shape.
#[derive(Clone, PartialEq, Eq)]
pub struct Verify {
    /// [`MAIL_DIGITS`] ASCII digits.
    pub code: String,
}

impl Verify {
    /// Reads what was typed: full-width digits, spaces and hyphens are forgiven.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        digits(raw, MAIL_DIGITS, Fault::Code).map(|code| Self { code })
    }
}

impl VerifyForm {
    /// What may be kept and shown again: no code, which may be one of the recovery codes.
    #[must_use]
    pub fn without_code(&self) -> Self {
        Self { code: String::new(), ..self.clone() }
    }

    /// Reads a code of the second step of a sign-in. What is none is the fault of the code that was asked for.
    pub fn parse_step(&self, asked: AskedFor) -> Result<StepCode, Faults> {
        StepCode::parse(&self.code).map_err(|fault| match (fault, asked) {
            (Fault::Code, AskedFor::App) => Faults::field("code", Fault::AppCode),
            (fault, _) => Faults::field("code", fault),
        })
    }

    /// Reads the code.
    pub fn parse(&self) -> Result<Verify, Faults> {
        Verify::parse(&self.code).map_err(|fault| Faults::field("code", fault))
    }
}

/// The form that asks for a code by mail: to sign in without a password, or to set a new one.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MailCodeForm {
    /// E-mail address.
    pub email: String,
    /// Where to go afterwards.
    pub next: String,
}

impl MailCodeForm {
    /// Reads the address.
    pub fn parse(&self) -> Result<Email, Faults> {
        Email::parse(&self.email).map_err(|fault| Faults::field("email", fault))
    }
}

/// The form that sets a new password with the code from the mail, as typed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResetForm {
    /// The digits of the mail.
    pub code: String,
    /// The new password.
    pub password: String,
}

/// What a reset asks for.
#[derive(Clone, Debug)]
pub struct Reset {
    /// The code from the mail.
    pub code: Verify,
    /// The new password.
    pub password: Password,
}

impl ResetForm {
    /// Reads the form, or says everything that is wrong with it.
    pub fn parse(&self) -> Result<Reset, Faults> {
        let mut faults = Faults::default();
        let code = faults.check("code", Verify::parse(&self.code));
        let password = faults.check("password", Password::new(&self.password, None));
        faults.or(|| Some(Reset { code: code?, password: password? }))
    }

    /// The form without its password, which is never kept.
    #[must_use]
    pub fn without_password(&self) -> Self {
        Self { password: String::new(), ..self.clone() }
    }
}

/// The form that sets a new password while signed in, as typed. It keeps nothing.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PasswordForm {
    /// The new password.
    pub password: String,
}

impl PasswordForm {
    /// Reads the new password.
    pub fn parse(&self) -> Result<Password, Faults> {
        Password::new(&self.password, None).map_err(|fault| Faults::field("password", fault))
    }
}

/// The form by which a signed-in person shows that it is still them, as typed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProveForm {
    /// The password.
    pub password: String,
    /// The code of the app, or a recovery code, where an app is set up.
    pub code: String,
    /// Where to go afterwards.
    pub next: String,
}

/// What a signed-in person shows.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The password.
    pub password: Password,
    /// The second factor, if anything was typed.
    pub code: Option<StepCode>,
}

impl ProveForm {
    /// Reads the form, or says everything that is wrong with it.
    pub fn parse(&self) -> Result<Proof, Faults> {
        let mut faults = Faults::default();
        let password = faults.check("password", Password::typed(&self.password));
        let code = match StepCode::parse(&self.code) {
            Err(Fault::Required) => None,
            typed => faults.check("code", typed.map_err(|_| Fault::AppCode)),
        };
        faults.or(|| Some(Proof { password: password?, code }))
    }

    /// The form without its password, which is never kept.
    #[must_use]
    pub fn without_password(&self) -> Self {
        Self { password: String::new(), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_wrong_with_a_registration_is_said_at_once() {
        let faults =
            RegisterForm { email: "x".into(), password: "short".into(), next: String::new() }.parse().unwrap_err();
        assert_eq!(faults.get("email"), Some(&Fault::Email));
        assert_eq!(faults.get("password"), Some(&Fault::TooShort { min: 12 }));
    }

    #[test]
    fn a_code_may_be_typed_as_it_stands_in_the_mail() {
        for typed in ["12345678", "1234 5678", "１２３４　５６７８"] {
            let form = VerifyForm { code: typed.into(), next: String::new() };
            assert_eq!(form.parse().map(|v| v.code).ok().as_deref(), Some("12345678"));
        }
        for typed in ["123456", "1234567", "123456789", "abcdefgh"] {
            let form = VerifyForm { code: typed.into(), next: String::new() };
            assert_eq!(form.parse(), Err(Faults::field("code", Fault::Code)));
        }
    }

    #[test]
    fn a_second_step_tells_codes_apart_by_their_length() {
        assert!(matches!(StepCode::parse("１２３４ 5678"), Ok(StepCode::Digits(_))));
        assert!(matches!(StepCode::parse("１２３ 456"), Ok(StepCode::App(_))));
        let recovery = RecoveryCode::new([7; 15]);
        assert_eq!(StepCode::parse(&recovery.written().to_lowercase()), Ok(StepCode::Recovery(recovery)));
        assert_eq!(StepCode::parse(" "), Err(Fault::Required));
        for wrong in ["12345", "1234567", "ABCD-EFGH-JKMN", "🗝"] {
            assert_eq!(StepCode::parse(wrong), Err(Fault::Code), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_code_is_the_fault_of_the_one_that_was_asked_for() {
        for typed in ["123", "abcdef", "🗝"] {
            let form = VerifyForm { code: typed.into(), next: String::new() };
            assert_eq!(form.parse_step(AskedFor::App), Err(Faults::field("code", Fault::AppCode)), "{typed}");
            assert_eq!(form.parse_step(AskedFor::Mail), Err(Faults::field("code", Fault::Code)), "{typed}");
        }
        for asked in [AskedFor::App, AskedFor::Mail] {
            assert_eq!(VerifyForm::default().parse_step(asked), Err(Faults::field("code", Fault::Required)));
        }
    }

    #[test]
    fn a_password_never_goes_back_into_a_page() {
        let form = LoginForm { email: "a@b.jp".into(), password: "secret".into(), next: "/cart".into() };
        assert_eq!(form.without_password().password, "");
    }
}
