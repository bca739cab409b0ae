//! What happens to an account, and its owner is told by mail.

/// Something that happened to an account and that its owner should know of, whoever did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountEvent {
    /// A new password was set by somebody who was signed in.
    PasswordChanged,
    /// A new password was set with a code from a mail.
    PasswordReset,
    /// Every other session was ended.
    SessionsEnded,
    /// The shop ended every session.
    SessionsEndedByShop,
    /// Codes of an authenticator app are asked for from now on.
    TotpOn,
    /// They are not asked for any more.
    TotpOff,
    /// New recovery codes were made; those of before are worth nothing.
    RecoveryCodesMade,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// The second factors are to be removed, for their owner is said to have lost them.
    FactorsRemovalAsked,
    /// They were removed.
    FactorsRemoved,
    /// They stay after all.
    FactorsKept,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
    /// A passkey was refused that had counted further before: there may be a copy of it.
    PasskeyDoubted,
    /// Many wrong passwords at the door in a short time.
    ManyFailedTries,
    /// Many wrong passwords by somebody who is signed in and was asked once more who they are.
    ManyFailedProofs,
    /// Many wrong codes, by somebody who need not know anything but the address.
    ManyWrongCodes,
    /// Many wrong codes after the right password, or after a right code from the mailbox.
    ManyWrongSecondCodes,
    /// Another e-mail address was asked for.
    EmailChangeAsked,
    /// The e-mail address is another one now.
    EmailChanged,
    /// The e-mail address is the earlier one again.
    EmailReverted,
    /// A change of it was stopped from the mailbox, and everybody was put out.
    EmailChangeStopped,
    /// A change of it that had been announced for a day did not come about.
    EmailChangeFailed,
    /// Mails about the account come in another language from now on.
    MailLangChanged,
    /// Mails about the account carry another check phrase from now on.
    PhraseChanged,
    /// A saved address was changed or removed, or another one is offered first.
    SavedAddressesChanged,
    /// A copy of the data was asked for.
    ExportAsked,
    /// Orders that were made as a guest were brought in.
    OrdersClaimed,
    /// The owner said of a sign-in that it was not theirs.
    NotMe,
    /// Somebody of the shop opened the person's data.
    StaffRead,
}

impl AccountEvent {
    /// All of them.
    pub const ALL: [Self; 30] = [
        Self::PasswordChanged,
        Self::PasswordReset,
        Self::SessionsEnded,
        Self::SessionsEndedByShop,
        Self::TotpOn,
        Self::TotpOff,
        Self::RecoveryCodesMade,
        Self::RecoveryCodeUsed,
        Self::FactorsRemovalAsked,
        Self::FactorsRemoved,
        Self::FactorsKept,
        Self::PasskeyAdded,
        Self::PasskeyRemoved,
        Self::PasskeyDoubted,
        Self::ManyFailedTries,
        Self::ManyFailedProofs,
        Self::ManyWrongCodes,
        Self::ManyWrongSecondCodes,
        Self::EmailChangeAsked,
        Self::EmailChanged,
        Self::EmailReverted,
        Self::EmailChangeStopped,
        Self::EmailChangeFailed,
        Self::MailLangChanged,
        Self::PhraseChanged,
        Self::SavedAddressesChanged,
        Self::ExportAsked,
        Self::OrdersClaimed,
        Self::NotMe,
        Self::StaffRead,
    ];

    /// The word stored in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::PasswordChanged => "password_changed",
            Self::PasswordReset => "password_reset",
            Self::SessionsEnded => "sessions_ended",
            Self::SessionsEndedByShop => "sessions_ended_by_shop",
            Self::TotpOn => "totp_on",
            Self::TotpOff => "totp_off",
            Self::RecoveryCodesMade => "recovery_codes_made",
            Self::RecoveryCodeUsed => "recovery_code_used",
            Self::FactorsRemovalAsked => "factors_removal_asked",
            Self::FactorsRemoved => "factors_removed",
            Self::FactorsKept => "factors_kept",
            Self::PasskeyAdded => "passkey_added",
            Self::PasskeyRemoved => "passkey_removed",
            Self::PasskeyDoubted => "passkey_doubted",
            Self::ManyFailedTries => "many_failed_tries",
            Self::ManyFailedProofs => "many_failed_proofs",
            Self::ManyWrongCodes => "many_wrong_codes",
            Self::ManyWrongSecondCodes => "many_wrong_second_codes",
            Self::EmailChangeAsked => "email_change_asked",
            Self::EmailChanged => "email_changed",
            Self::EmailReverted => "email_reverted",
            Self::EmailChangeStopped => "email_change_stopped",
            Self::EmailChangeFailed => "email_change_failed",
            Self::MailLangChanged => "mail_lang_changed",
            Self::PhraseChanged => "phrase_changed",
            Self::SavedAddressesChanged => "saved_addresses_changed",
            Self::ExportAsked => "export_asked",
            Self::OrdersClaimed => "orders_claimed",
            Self::NotMe => "not_me",
            Self::StaffRead => "staff_read",
        }
    }

    /// Reads [`Self::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_read_back_from_its_word() {
        for event in AccountEvent::ALL {
            assert_eq!(AccountEvent::from_word(event.word()), Some(event));
        }
        assert_eq!(AccountEvent::from_word("noise"), None);
    }
}
