//! Whether a mail has left that something waits for.

use uuid::Uuid;

use super::State;
use crate::db::Conn;
use crate::fetch_optional;

/// A notice leaves within seconds, as a rule. One that has taken no longer than this (ms) counts as having left at once,
/// so that what it announces comes on the day that it names.
pub(crate) const SLACK: i64 = 60 * 60_000;

/// Where a mail stands that announces what its reader can still prevent. It is not enough that it was written: while no
/// mail server takes it, nobody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MailStanding {
    /// The mail server has taken it, or refused it for good, at this time (UTC ms). A mailbox that refuses mail keeps
    /// nothing from happening for ever: more than to try, the shop cannot do.
    Left(i64),
    /// It has not left, as far as is known, and will be tried again.
    Waits,
    /// It could not be handed over and is not tried any more.
    GivenUp,
    /// It was called off, or nothing is known of it (any more).
    Gone,
}

impl MailStanding {
    fn of(state: &str, at: i64) -> Self {
        match State::from_word(state) {
            Some(State::Sent | State::Bounced) => Self::Left(at),
            Some(State::Cancelled) => Self::Gone,
            Some(State::GivenUp) => Self::GivenUp,
            Some(State::Queued | State::Sending) | None => Self::Waits,
        }
    }

    /// Whether it has left.
    pub(crate) const fn has_left(self) -> bool {
        matches!(self, Self::Left(_))
    }

    /// Whether its reader has had `time` (ms) since it left, but for [`SLACK`].
    pub(crate) const fn has_had(self, time: i64, now: i64) -> bool {
        match self {
            Self::Left(at) => at + time - SLACK <= now,
            Self::Waits | Self::GivenUp | Self::Gone => false,
        }
    }

    /// From when on (UTC ms) its reader's time counts, at the earliest.
    pub(crate) const fn since(self, now: i64) -> i64 {
        match self {
            Self::Left(at) => at,
            Self::Waits | Self::GivenUp | Self::Gone => now,
        }
    }
}

/// Where the mail of the job `key` stands.
pub(crate) async fn of(conn: &mut Conn, key: &str) -> Result<MailStanding, sqlx::Error> {
    let sql = "SELECT state, at FROM mail_sent WHERE key = $1";
    let row = fetch_optional!(conn, (String, i64), sql, key).await?;
    Ok(row.map_or(MailStanding::Gone, |(state, at)| MailStanding::of(&state, at)))
}

/// Where the newest mail about the record `subject` stands of the jobs whose keys begin with `begins`, and the key of its
/// job.
pub(crate) async fn newest(
    conn: &mut Conn,
    subject: Uuid,
    begins: &str,
) -> Result<Option<(String, MailStanding)>, sqlx::Error> {
    let sql = "SELECT key, state, at FROM mail_sent WHERE subject_id = $1 AND key LIKE $2
               ORDER BY created_at DESC, id DESC LIMIT 1";
    let row = fetch_optional!(conn, (String, String, i64), sql, subject, format!("{begins}%")).await?;
    Ok(row.map(|(key, state, at)| (key, MailStanding::of(&state, at))))
}
