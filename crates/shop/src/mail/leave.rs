//! How a finished mail leaves: it is handed over to the mail server or, while none is configured, lies in the mailbox
//! folder. What was composed for somebody who is erased meanwhile does neither: the erasure calls the job off, and a
//! worker looks at its job in the very transaction that writes down that the mail leaves.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::sent::{self, State};
use super::smtp::{Relay, SmtpError};
use super::{Finished, MailError, path_of};
use crate::Shop;
use crate::outbox::{FAR_AHEAD_MS, Job};

/// A job is kept for longer than its mail can take, so that no other worker begins with it.
const HOLD_BEYOND_MS: i64 = 60_000;

/// Hands the mail of `job` over to the mail server. That it may have been taken is written down before it can
/// be, and the job is held for as long as that may take.
pub(super) async fn by_server(shop: &Shop, relay: &Relay, job: &mut Job, mail: &Finished) -> Result<(), MailError> {
    let Finished { subject, envelope, bytes } = mail;
    let key = job.key().to_owned();
    let ready = match relay.ask(envelope, bytes).await {
        Ok(ready) => ready,
        Err(error) => return Err(not_taken(shop, job, error).await?),
    };
    let longest = i64::try_from(relay.longest().as_millis()).unwrap_or(i64::MAX / 2);
    let mut tx = shop.db.write().await?;
    // Held for longer than that it would count as held by a clock that was ahead.
    if !job.hold(&mut tx, shop.now() + (longest + HOLD_BEYOND_MS).min(FAR_AHEAD_MS)).await? {
        return Err(MailError::Lost);
    }
    sent::titled(&mut tx, &key, subject).await?;
    sent::note(&mut tx, shop, &key, State::Sending).await?;
    tx.commit().await?;
    match ready.hand_over(bytes).await {
        Ok(_) => Ok(sent::noted(shop, &key, State::Sent).await?),
        // The row stays as it is: it says just that.
        Err(error @ SmtpError::InDoubt(_)) => Err(error.into()),
        Err(error) => Err(not_taken(shop, job, error).await?),
    }
}

/// Writes down that the mail server has not taken the mail, unless another worker has the job by now: that one
/// may have had better luck.
async fn not_taken(shop: &Shop, job: &mut Job, error: SmtpError) -> Result<MailError, sqlx::Error> {
    let state = if matches!(error, SmtpError::Bounced { .. }) { State::Bounced } else { State::Queued };
    let key = job.key().to_owned();
    let mut tx = shop.db.write().await?;
    if job.is_mine(&mut tx).await? {
        sent::note(&mut tx, shop, &key, state).await?;
    }
    tx.commit().await?;
    Ok(error.into())
}

/// Puts the mail of `job` into the mailbox folder, whole or not at all.
pub(super) async fn into_folder(shop: &Shop, job: &mut Job, mail: Finished) -> Result<(), MailError> {
    let key = job.key().to_owned();
    let path = path_of(shop, &key);
    let (beside, bytes) = (beside(&path), mail.bytes);
    let part = beside.clone();
    tokio::task::spawn_blocking(move || write_synced(&part, &bytes)).await.map_err(io::Error::other)??;
    let mut tx = shop.db.write().await?;
    if !job.is_mine(&mut tx).await? {
        drop(tx);
        return match tokio::fs::remove_file(&beside).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Err(MailError::Lost),
        };
    }
    // Whoever calls the job off waits for this transaction, and then finds the file.
    tokio::fs::rename(&beside, &path).await?;
    sent::titled(&mut tx, &key, &mail.subject).await?;
    sent::note(&mut tx, shop, &key, State::Sent).await?;
    Ok(tx.commit().await?)
}

/// Where a file is written before it is whole.
pub(super) fn beside(path: &Path) -> PathBuf {
    path.with_extension("part")
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = std::fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
