//! What can be done on the security page.

use leptos::prelude::*;
use noren_domain::form::Faults;

use super::{Acknowledge, EndOthers, EndSession};
use crate::account::email_change::StopEmail;
use crate::account::factors::KeepFactors;
use crate::account::notice_steps::TickStep;
use crate::account::phrase::AnotherPhrase;
use crate::account::sign_ins::AnswerSignIn;
use crate::form::use_faults;

/// What can be done on the page, which loads anew when something was done; what can be done with passkeys is in
/// [`PasskeyActs`](crate::account::passkeys::PasskeyActs).
#[derive(Clone, Copy)]
pub(super) struct Acts {
    pub(super) end_one: ServerAction<EndSession>,
    pub(super) end_all: ServerAction<EndOthers>,
    pub(super) read: ServerAction<Acknowledge>,
    pub(super) tick: ServerAction<TickStep>,
    pub(super) phrase: ServerAction<AnotherPhrase>,
    pub(super) answer: ServerAction<AnswerSignIn>,
    pub(super) keep: ServerAction<KeepFactors>,
    pub(super) stop: ServerAction<StopEmail>,
}

impl Acts {
    pub(super) fn new() -> Self {
        Self {
            end_one: ServerAction::new(),
            end_all: ServerAction::new(),
            read: ServerAction::new(),
            tick: ServerAction::new(),
            phrase: ServerAction::new(),
            answer: ServerAction::new(),
            keep: ServerAction::new(),
            stop: ServerAction::new(),
        }
    }

    /// Changes whenever something was done.
    pub(super) fn version(self) -> String {
        let versions = [
            self.end_one.version(),
            self.end_all.version(),
            self.read.version(),
            self.tick.version(),
            self.phrase.version(),
            self.answer.version(),
            self.keep.version(),
            self.stop.version(),
        ];
        versions.map(|version| version.get().to_string()).join(" ")
    }

    /// What was wrong with what was done last.
    pub(super) fn faults(self) -> Signal<Faults> {
        let none = Faults::default;
        let answers = [
            use_faults(self.end_one, none()),
            use_faults(self.end_all, none()),
            use_faults(self.read, none()),
            use_faults(self.tick, none()),
            use_faults(self.phrase, none()),
            use_faults(self.answer, none()),
            use_faults(self.keep, none()),
            use_faults(self.stop, none()),
        ];
        Signal::derive(move || Faults(answers.iter().flat_map(|answer| answer.get().0).collect()))
    }

    /// Whether a device was signed out.
    pub(super) fn signed_out(self) -> bool {
        matches!(&*self.end_one.value().read(), Some(Ok(true)))
            || matches!(&*self.end_all.value().read(), Some(Ok(true)))
    }
}
