//! Whether a mail or a notice is ours: for whoever has one before them and doubts it.

use noren_domain::Lang;
use noren_domain::mail::{Asked, Checked};
use noren_domain::notice::NoticeNo;

use super::sent;
use crate::account::limits::{self, Standing};
use crate::{Shop, fetch_optional};

/// A number was not looked up.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Too many were, from this network.
    #[error("too many numbers from one network; again in {minutes} minutes")]
    TooMany {
        /// Minutes to wait.
        minutes: u32,
    },
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// What we can say about the number that was typed, to somebody in `network`: whether we sent such a mail or
/// published such a notice, and never to whom. One that is unknown, and one that is no number at all, goes the
/// same way as one that is known.
pub async fn check(shop: &Shop, network: &str, typed: &str, lang: Lang) -> Result<Checked, CheckError> {
    let mut tx = shop.db.write().await?;
    let standing = limits::take(&mut tx, shop, limits::CHECK_NETWORK, network.as_bytes()).await?;
    tx.commit().await?;
    if let Standing::Over { minutes, .. } = standing {
        return Err(CheckError::TooMany { minutes });
    }
    let asked = Asked::parse(typed);
    let (mail, notice) = match &asked {
        Asked::Mail(no) => (no.as_str(), ""),
        Asked::Notice(no) => ("", no.as_str()),
        Asked::Neither => ("", ""),
    };
    let mut conn = shop.db.read().await?;
    let mail = sent::check(&mut conn, mail, lang).await?;
    let sql = "SELECT no, published_at FROM notice WHERE no = $1";
    let notice = fetch_optional!(conn, (String, i64), sql, notice).await?;
    let notice = notice.and_then(|(no, at)| Some(Checked::Notice { no: NoticeNo::parse(&no)?, at }));
    Ok(mail.or(notice).unwrap_or(Checked::NotOurs))
}
