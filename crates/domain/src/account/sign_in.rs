//! Sign-ins and tries: how they ended, by what, and what their owner says of them.

use serde::{Deserialize, Serialize};

use crate::account::{Browser, StepCode};

masked!(SignInView);

/// How a try to sign in ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInOutcome {
    /// Signed in.
    Ok,
    /// The password, or a code from the mailbox, was right; another code was asked for as well.
    Asked,
    /// The password was wrong.
    WrongPassword,
    /// The code was wrong.
    WrongCode,
    /// Too many tries; the password was not even looked at.
    Blocked,
}

impl SignInOutcome {
    /// The word stored in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Asked => "asked",
            Self::WrongPassword => "wrong_password",
            Self::WrongCode => "wrong_code",
            Self::Blocked => "blocked",
        }
    }

    /// Reads [`Self::word`]; an unknown word counts as blocked, the most careful reading.
    pub fn from_word(word: &str) -> Self {
        match word {
            "ok" => Self::Ok,
            "asked" => Self::Asked,
            "wrong_password" => Self::WrongPassword,
            "wrong_code" => Self::WrongCode,
            _ => Self::Blocked,
        }
    }
}

/// By what somebody came in; of one who was asked for a code as well and has not given it, what they had given so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInWay {
    /// The password alone, in a browser that its owner is known by.
    Password,
    /// The password, and a code from the mailbox.
    PasswordMail,
    /// The password, and the code of an app.
    PasswordApp,
    /// The password, and a recovery code.
    PasswordRecovery,
    /// A code from the mailbox: to sign in, or to set a new password.
    Mail,
    /// A code from the mailbox, and the code of an app.
    MailApp,
    /// A code from the mailbox, and a recovery code.
    MailRecovery,
    /// A passkey.
    Passkey,
    /// The code that ended the registration.
    Registration,
}

impl SignInWay {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Password,
        Self::PasswordMail,
        Self::PasswordApp,
        Self::PasswordRecovery,
        Self::Mail,
        Self::MailApp,
        Self::MailRecovery,
        Self::Passkey,
        Self::Registration,
    ];

    /// The word stored in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::PasswordMail => "password_mail",
            Self::PasswordApp => "password_app",
            Self::PasswordRecovery => "password_recovery",
            Self::Mail => "mail",
            Self::MailApp => "mail_app",
            Self::MailRecovery => "mail_recovery",
            Self::Passkey => "passkey",
            Self::Registration => "registration",
        }
    }

    /// Reads [`Self::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.word() == word)
    }

    /// The way of somebody who had come so far and then gave `code`; `None`: no sign-in goes on like that.
    pub const fn then(self, code: &StepCode) -> Option<Self> {
        match (self, code) {
            (Self::Password, StepCode::Digits(_)) => Some(Self::PasswordMail),
            (Self::Password, StepCode::App(_)) => Some(Self::PasswordApp),
            (Self::Password, StepCode::Recovery(_)) => Some(Self::PasswordRecovery),
            (Self::Mail, StepCode::App(_)) => Some(Self::MailApp),
            (Self::Mail, StepCode::Recovery(_)) => Some(Self::MailRecovery),
            _ => None,
        }
    }
}

/// What a sign-in waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedFor {
    /// The code from a mail.
    #[default]
    Mail,
    /// The code of an authenticator app, or a recovery code.
    App,
}

impl AskedFor {
    /// The word stored in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::App => "app",
        }
    }

    /// Reads [`Self::word`]; an unknown word asks for the stronger one.
    pub fn from_word(word: &str) -> Self {
        if word == "mail" { Self::Mail } else { Self::App }
    }
}

/// What the owner of an account says of a try to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInAnswer {
    /// It was they.
    Me,
    /// It was somebody else.
    NotMe,
}

impl SignInAnswer {
    /// The word stored in the database and sent by the form.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Me => "me",
            Self::NotMe => "not_me",
        }
    }

    /// Reads [`Self::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Me, Self::NotMe].into_iter().find(|answer| answer.word() == word)
    }
}

/// One try to sign in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInView {
    /// Its number, to answer it by.
    pub id: uuid::Uuid,
    /// When, UTC ms.
    pub at: i64,
    /// How it ended.
    pub outcome: SignInOutcome,
    /// By what; `None`: nobody came in, or it was not written down yet then.
    pub way: Option<SignInWay>,
    /// What kind of browser.
    pub browser: Browser,
    /// IPv4 /24 or IPv6 /64; empty: not known.
    pub network: String,
    /// What its owner said of it.
    pub answer: Option<SignInAnswer>,
}

impl SignInView {
    /// Whether its owner can tell who it was: somebody who had the password, or their mailbox.
    pub fn can_be_answered(&self) -> bool {
        self.answer.is_none() && matches!(self.outcome, SignInOutcome::Ok | SignInOutcome::Asked)
    }

    /// Whether its owner can say that it was somebody else: also after it was said that it was they, for whoever sits in
    /// a session may have said so.
    pub fn can_be_reported(&self) -> bool {
        self.answer != Some(SignInAnswer::NotMe) && matches!(self.outcome, SignInOutcome::Ok | SignInOutcome::Asked)
    }

    /// Whether its owner must look: somebody had the password, or a code from the mailbox, and not the code that was asked
    /// for next.
    pub fn needs_answer(&self) -> bool {
        self.answer.is_none() && self.outcome == SignInOutcome::Asked
    }
}

/// One page of the tries to sign in, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInPage {
    /// The tries.
    pub sign_ins: Vec<SignInView>,
    /// After what this page begins, as its address says it; `None`: with the newest one.
    pub after: Option<String>,
    /// After what the next page begins; `None`: there are no older ones.
    pub older: Option<String>,
}

/// The way out for somebody whose account was used by somebody else: what is done, and what is left to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotMeView {
    /// When the sign-in was reported, UTC ms.
    pub reported_at: i64,
    /// Whether a new password was set since.
    pub password_changed: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{RecoveryCode, Totp, Verify};

    #[test]
    fn every_way_in_is_read_back_from_its_word() {
        for way in SignInWay::ALL {
            assert_eq!(SignInWay::from_word(way.word()), Some(way));
        }
        assert_eq!(SignInWay::from_word("noise"), None);
    }

    #[test]
    fn a_way_in_goes_on_by_the_code_that_was_given_next() {
        let mail = StepCode::Digits(Verify::parse("12345678").unwrap());
        let app = StepCode::App(Totp::parse("123456").unwrap());
        let paper = StepCode::Recovery(RecoveryCode::new([7; 15]));
        let then =
            |way: SignInWay| [way.then(&mail), way.then(&app), way.then(&paper)].map(|way| way.map(SignInWay::word));
        assert_eq!(then(SignInWay::Password), [Some("password_mail"), Some("password_app"), Some("password_recovery")]);
        assert_eq!(then(SignInWay::Mail), [None, Some("mail_app"), Some("mail_recovery")]);
        assert_eq!(then(SignInWay::Passkey), [None; 3], "it is both factors");
    }
}
