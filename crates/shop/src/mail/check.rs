//! Whether a mail or a notice is ours: for whoever has one before them and doubts it.

use noren_domain::Lang;
use noren_domain::mail::{Asked, Checked};
use noren_domain::notice::NoticeNo;

use super::sent;
use crate::account::limits::{self, Standing};
use crate::session::Device;
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

/// What we can say about the number that was typed, to somebody at `device`: whether we sent such a mail or
/// published such a notice, and never to whom. One that is unknown, and one that is no number at all, goes the
/// same way as one that is known.
pub async fn check(shop: &Shop, device: &Device, typed: &str, lang: Lang) -> Result<Checked, CheckError> {
    let mut tx = shop.db.write().await?;
    for (limit, who) in limits::of_network(limits::CHECK_NETWORK, device) {
        if let Standing::Over { minutes, .. } = limits::take(&mut tx, shop, limit, &who).await? {
            tx.commit().await?;
            return Err(CheckError::TooMany { minutes });
        }
    }
    tx.commit().await?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::on_both_databases;

    on_both_databases!(who_has_all_the_networks_of_a_site_looks_up_no_more_numbers_than_four_of_them(shop) {
        let of = |network: u16| {
            let address = std::net::Ipv6Addr::new(0x2001, 0xdb8, 7, network, 0, 0, 0, 1);
            Device::new("x".to_owned(), Some(address.into()))
        };
        for network in 0..4 {
            for _ in 0..60 {
                check(&shop, &of(network), "x", Lang::Ja).await.unwrap();
            }
        }
        assert!(matches!(check(&shop, &of(4), "x", Lang::Ja).await, Err(CheckError::TooMany { .. })));
    });
}
