//! Whether mails leave.

use noren_shop::{Shop, outbox};

use super::{Finding, State, finding};
use crate::config::Config;

/// The mail server, asked without sending anything, and the signature.
pub(super) async fn outgoing(config: &Config) -> Vec<Finding> {
    let Some(relay) = config.outgoing.relay() else {
        let missing = (!config.development).then(|| finding("mail server", State::Advice, crate::cli::serve::NO_MAIL));
        return missing.into_iter().collect();
    };
    let server = relay.server();
    let answer = match relay.probe().await {
        Err(error) => {
            let words =
                format!("{server}: {error}; check NOREN_SMTP, its password file, and that this machine may reach it");
            finding("mail server", State::Bad, words)
        }
        Ok(greeting) => {
            let login = if server.login.is_some() { " and takes the login" } else { "" };
            match (greeting.encrypted, greeting.offers_tls) {
                (true, _) => finding(
                    "mail server",
                    State::Well,
                    format!("{server} answers, encrypted,{login}; `noren mail test --to ADDRESS` sends a mail"),
                ),
                (false, true) => {
                    let words = format!(
                        "{server} answers{login}, and the way is not encrypted although it could be; write smtp+starttls:// in NOREN_SMTP"
                    );
                    finding("mail server", State::Advice, words)
                }
                (false, false) => {
                    finding("mail server", State::Well, format!("{server} answers{login}, not encrypted"))
                }
            }
        }
    };
    let signature = match config.outgoing.signer() {
        Some(signer) => {
            let words = format!(
                "mails are signed with {}; the public key belongs at {}._domainkey. the sender's domain",
                signer.algorithm(),
                signer.selector()
            );
            finding("mail signature", State::Well, words)
        }
        None => finding(
            "mail signature",
            State::Advice,
            "mails are not signed by this shop: unless the mail server does it, set NOREN_DKIM_SELECTOR and NOREN_DKIM_KEY_FILE, or many will not arrive",
        ),
    };
    vec![answer, signature]
}

/// Mails and other work that waits to be done, and what can never be done.
pub(super) async fn backlog(shop: &Shop) -> Finding {
    const LATE_MS: i64 = 10 * 60 * 1_000;
    match outbox::backlog(shop).await {
        Ok(backlog) if backlog.failed > 0 => {
            let words = format!(
                "{} job(s) can never succeed: read last_error in the table outbox where failed_at is set, mend the cause and set failed_at to NULL, or delete \
                 the row; `noren mail list --failed` shows those that are mails, `noren mail retry KEY` tries one again",
                backlog.failed
            );
            finding("mails and jobs", State::Bad, words)
        }
        Ok(backlog) if backlog.oldest_ms > LATE_MS => {
            let (waiting, minutes) = (backlog.waiting, backlog.oldest_ms / 60_000);
            let words = format!("{waiting} waiting, the oldest for {minutes} minutes; is `noren serve` running?");
            finding("mails and jobs", State::Advice, words)
        }
        Ok(backlog) => finding("mails and jobs", State::Well, format!("{} waiting", backlog.waiting)),
        Err(error) => finding("mails and jobs", State::Bad, format!("the outbox cannot be read: {error}")),
    }
}

/// Mails that a mail server has refused for good: mostly a mistyped address.
pub(super) async fn bounced(shop: &Shop) -> Option<Finding> {
    let backlog = outbox::backlog(shop).await.ok().filter(|backlog| backlog.bounced > 0)?;
    let words = format!(
        "{} mail(s) were refused for good or came back this week: `noren mail list --failed` says with which code; 550 5.1.1 is an address that \
         does not exist, 5.7.1 is something the receiving server has against this shop (look at SPF, DKIM and DMARC)",
        backlog.bounced
    );
    Some(finding("bounced mails", State::Advice, words))
}

/// Without a mail server, mails are files in this folder: without it none is sent.
pub(super) fn mailbox(shop: &Shop) -> Option<Finding> {
    if shop.outgoing().relay().is_some() {
        return None;
    }
    let folder = shop.mailbox_dir();
    let usable = match std::fs::metadata(&folder) {
        Ok(found) => found.is_dir() && !found.permissions().readonly(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    let words = format!("{} is no folder that can be written to: no mail is sent until it is", folder.display());
    (!usable).then(|| finding("mailbox", State::Bad, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_mail_that_can_never_leave_is_told_with_its_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let (vault, _here) = crate::vault::beside(dir.path());
        let shop = Shop::open(dir.path(), vault, None, "http://127.0.0.1", true).await.unwrap();
        shop.db.migrate().await.unwrap();
        assert_eq!(backlog(&shop).await.state, State::Well);
        let mut tx = shop.db.write().await.unwrap();
        outbox::enqueue(&mut tx, &shop, "k", outbox::Topic::Mail, &"no mail at all").await.unwrap();
        tx.commit().await.unwrap();
        outbox::run_due(&shop).await.unwrap();
        let finding = backlog(&shop).await;
        assert_eq!(finding.state, State::Bad);
        assert!(finding.words.contains("last_error"));
    }

    fn config(smtp: Option<&str>, env: &str) -> Config {
        let flags = crate::config::Flags {
            smtp: smtp.map(str::to_owned),
            env: Some(env.to_owned()),
            url: Some("https://shop.example".to_owned()),
            ..crate::config::Flags::default()
        };
        crate::config::gather(&flags, |_| None, None).unwrap()
    }

    #[tokio::test]
    async fn a_mail_server_is_asked_and_its_absence_told_with_the_remedy() {
        assert!(outgoing(&config(None, "development")).await.is_empty());
        let missing = outgoing(&config(None, "production")).await;
        assert!(missing[0].state == State::Advice && missing[0].words.contains("NOREN_SMTP"), "{missing:?}");
        // A port that nobody listens at any more.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let away = outgoing(&config(Some(&format!("smtp://{address}")), "production")).await;
        assert!(away[0].state == State::Bad && away[0].words.contains("check NOREN_SMTP"), "{away:?}");
        assert!(away[1].state == State::Advice && away[1].words.contains("NOREN_DKIM_KEY_FILE"), "{away:?}");
    }
}
