//! The change of the address of an account: its forms, and what its pages show.

use serde::{Deserialize, Serialize};

use crate::account::{Email, RecoveryCode, StepCode};
use crate::form::Faults;

masked!(EmailForm, EmailCodeForm, EmailBackForm, EmailView, PendingEmail);

/// The form that asks for another address, as typed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EmailForm {
    /// The new address.
    pub email: String,
    /// Whether somebody else may read the old mailbox; empty: no.
    pub old_unsafe: String,
    /// The recovery code that takes the old mailbox's place then.
    pub recovery: String,
}

/// Another address, asked for.
#[derive(Clone, Debug)]
pub struct EmailChange {
    /// The new address.
    pub email: Email,
    /// In place of the old mailbox, which is told nothing then.
    pub paper: Option<RecoveryCode>,
}

impl EmailForm {
    /// Reads the form, or says everything that is wrong with it.
    pub fn parse(&self) -> Result<EmailChange, Faults> {
        let mut faults = Faults::default();
        let email = faults.check("email", Email::parse(&self.email));
        let wanted = !self.old_unsafe.is_empty();
        let paper = if wanted { faults.check("recovery", RecoveryCode::parse(&self.recovery)) } else { None };
        faults.or(|| Some(EmailChange { email: email?, paper }))
    }

    /// The form without its recovery code, which is never kept.
    #[must_use]
    pub fn without_code(&self) -> Self {
        Self { recovery: String::new(), ..self.clone() }
    }
}

/// The form that takes the code from one of the two mailboxes, as typed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EmailCodeForm {
    /// The code.
    pub code: String,
}

impl EmailCodeForm {
    /// Reads the code.
    pub fn parse(&self) -> Result<StepCode, Faults> {
        StepCode::parse(&self.code).map_err(|fault| Faults::field("code", fault))
    }
}

/// The form that puts an address back with a recovery code, as typed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EmailBackForm {
    /// The address of before.
    pub email: String,
    /// A recovery code.
    pub recovery: String,
}

impl EmailBackForm {
    /// Reads the form, or says everything that is wrong with it.
    pub fn parse(&self) -> Result<(Email, RecoveryCode), Faults> {
        let mut faults = Faults::default();
        let email = faults.check("email", Email::parse(&self.email));
        let code = faults.check("recovery", RecoveryCode::parse(&self.recovery));
        faults.or(|| Some((email?, code?)))
    }

    /// The form without its recovery code, which is never kept.
    #[must_use]
    pub fn without_code(&self) -> Self {
        Self { recovery: String::new(), ..self.clone() }
    }
}

/// The address of an account, and what is going on with it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailView {
    /// The address; `None`: it cannot be opened, for its key is lost or the vault is away.
    pub address: Option<String>,
    /// When the person last showed that the mailbox is theirs, UTC ms.
    pub verified_at: i64,
    /// The change under way.
    pub pending: Option<PendingEmail>,
    /// Until when the last change can be taken back, UTC ms.
    pub back: Option<EmailBack>,
}

/// A change that is not in effect yet.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingEmail {
    /// The new address; `None`: it cannot be opened now.
    pub address: Option<String>,
    /// What it waits for.
    pub step: EmailStep,
    /// Until when it can be finished, or when it takes effect, UTC ms.
    pub due_at: i64,
}

/// What a change of the address waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailStep {
    /// The code that went to the new mailbox.
    NewCode,
    /// The code that went to the old mailbox.
    OldCode,
    /// Its day.
    Waiting,
}

/// A change that can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailBack {
    /// Until when, UTC ms.
    pub until: i64,
    /// With a recovery code; otherwise by the link that went to the old mailbox.
    pub paper: bool,
}

/// What the link in a mail to the old mailbox does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailLink {
    /// Nothing: it is no link of ours, was used, or is too old.
    Void,
    /// It stops a change that is not in effect yet.
    Stops,
    /// It puts the old address back.
    PutsBack,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::Fault;

    #[test]
    fn an_unsafe_old_mailbox_asks_for_a_recovery_code() {
        let form = EmailForm { email: "mori@example.jp".into(), ..EmailForm::default() };
        assert!(form.parse().unwrap().paper.is_none());
        let form = EmailForm { old_unsafe: "1".into(), ..form };
        assert_eq!(form.parse().unwrap_err(), Faults::field("recovery", Fault::Required));
        let code = RecoveryCode::new([7; 15]);
        let form = EmailForm { recovery: code.written(), ..form };
        assert_eq!(form.parse().unwrap().paper, Some(code));
        assert_eq!(form.without_code().recovery, "");
    }

    #[test]
    fn no_address_carries_another_header_or_another_script() {
        for email in [
            "mori@example.jp\r\nBcc: evil@example.com",
            "mori@example.jp\n",
            "mоri@example.jp",
            "mori@exаmple.jp",
            "mori@example.jp, evil@example.com",
            "<mori@example.jp>",
        ] {
            let form = EmailForm { email: email.into(), ..EmailForm::default() };
            let parsed = form.parse();
            // A line's end at the very end is trimmed, as everywhere.
            assert!(parsed.is_err() || email.trim() == "mori@example.jp", "{email:?}");
        }
    }

    #[test]
    fn everything_wrong_with_the_way_back_is_said_at_once() {
        let faults = EmailBackForm { email: "x".into(), recovery: "y".into() }.parse().unwrap_err();
        assert_eq!(faults.get("email"), Some(&Fault::Email));
        assert_eq!(faults.get("recovery"), Some(&Fault::RecoveryCode));
    }
}
