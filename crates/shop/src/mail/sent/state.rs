//! What becomes of a mail, and what a customer reads of that.

use noren_domain::Lang;

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits to be handed over, for the first time or again.
    Queued,
    /// The whole mail may be with the mail server, which has not said so.
    Sending,
    /// The mail server has taken it.
    Sent,
    /// The mail server has refused it for good.
    Bounced,
    /// It could not be handed over and is not tried any more.
    GivenUp,
    /// It was called off before it left: what it was about had changed.
    Cancelled,
}

impl State {
    const ALL: [Self; 6] = [Self::Queued, Self::Sending, Self::Sent, Self::Bounced, Self::GivenUp, Self::Cancelled];

    /// The word stored in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Bounced => "bounced",
            Self::GivenUp => "given_up",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state that the database keeps as `word`.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// What a customer reads.
    pub(crate) const fn words(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Queued | Self::Sending, Lang::Ja) => "送信を待っています",
            (Self::Queued | Self::Sending, Lang::En) => "Waiting to be sent",
            (Self::Sent, Lang::Ja) => "送信しました",
            (Self::Sent, Lang::En) => "Sent",
            (Self::Bounced, Lang::Ja) => "受信側のサーバーに受け取られませんでした",
            (Self::Bounced, Lang::En) => "Refused by the receiving server",
            (Self::GivenUp, Lang::Ja) => "お送りできませんでした",
            (Self::GivenUp, Lang::En) => "Could not be sent",
            (Self::Cancelled, Lang::Ja) => "送信を取りやめました",
            (Self::Cancelled, Lang::En) => "Called off before it was sent",
        }
    }
}

/// What a customer reads of a mail that was sent and came back.
pub(crate) fn returned_words(lang: Lang) -> &'static str {
    lang.pick("送信しましたが、受信側のサーバーから戻ってきました", "Sent, but returned by the receiving server")
}
