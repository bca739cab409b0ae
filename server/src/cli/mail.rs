//! `noren mail` and `noren newsletter`: what the shop's people do about mails.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use noren_domain::newsletter::Issue;
use noren_domain::{Lang, Text, moment};
use noren_shop::Shop;
use noren_shop::mail::{self, MailEntry};
use noren_shop::newsletter;
use serde::Deserialize;

use super::AnyError;

/// Which thing to do about mails.
#[derive(Args, Debug)]
pub struct Mail {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Sends one mail by the configured mail server and says what that answered
    Test {
        /// The address that it goes to
        #[arg(long, value_name = "ADDRESS")]
        to: String,
    },
    /// Lists the newest mails by their numbers; no address, and nothing of what they say
    List {
        /// Only those that are not tried any more, with the reason
        #[arg(long)]
        failed: bool,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Tries a mail again that is not tried any more
    Retry {
        /// Its key or its number, as `list` shows them
        key: String,
    },
}

/// Which thing to do about the newsletter.
#[derive(Args, Debug)]
pub struct Newsletter {
    #[command(subcommand)]
    what: NewsletterWhat,
}

#[derive(Debug, Subcommand)]
enum NewsletterWhat {
    /// Sends an issue to everybody who has confirmed that they want it; the same again sends nothing twice
    ///
    /// The file is TOML: `name = "2026-12"`, then `[ja]` and `[en]`, each with `subject` and `text`.
    Send {
        /// The file
        file: PathBuf,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IssueFile {
    name: String,
    ja: Said,
    en: Said,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    subject: String,
    text: String,
}

/// Does it and says in words what became of it.
pub async fn run(shop: &Shop, mail: Mail) -> Result<(), AnyError> {
    println!("{}", done(shop, mail.what).await?);
    Ok(())
}

/// Does it and says in one line what became of it.
pub async fn run_newsletter(shop: &Shop, newsletter: Newsletter) -> Result<(), AnyError> {
    let NewsletterWhat::Send { file } = newsletter.what;
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    println!("{}", sent(shop, &text).await?);
    Ok(())
}

async fn done(shop: &Shop, what: What) -> Result<String, AnyError> {
    Ok(match what {
        What::Test { to } => format!("the mail server said: {}", mail::send_test(shop, &to).await?),
        What::List { failed, limit } => listed(&mail::list(shop, failed, limit).await?),
        What::Retry { key } => {
            if !mail::retry(shop, &key).await? {
                return Err(
                    format!("{key} is no mail that was set aside; `noren mail list --failed` names them").into()
                );
            }
            format!("{key} is tried again as soon as `noren serve` runs")
        }
    })
}

async fn sent(shop: &Shop, text: &str) -> Result<String, AnyError> {
    let file: IssueFile = toml::from_str(text).map_err(|error| {
        format!("the issue cannot be read: {error}; it needs name, and [ja] and [en] with subject and text each")
    })?;
    let IssueFile { name, ja, en } = file;
    let issue = Issue { name, subject: Text::new(ja.subject, en.subject), text: Text::new(ja.text, en.text) };
    let count = newsletter::send(shop, &issue).await?;
    Ok(format!("{} goes to {count} reader(s) who had not been sent it", issue.name))
}

fn listed(mails: &[MailEntry]) -> String {
    if mails.is_empty() {
        return "no mails".to_owned();
    }
    let line = |mail: &MailEntry| {
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let mut line = format!(
            "{:<11}  {:<32} {:<18} {:<10} {}",
            or_dash(&mail.no),
            moment::date_time(mail.at, Lang::En),
            or_dash(&mail.kind),
            or_dash(&mail.state),
            mail.key
        );
        if let Some(attempts) = mail.attempts.filter(|attempts| *attempts > 1) {
            line += &format!("  tried {attempts} times");
        }
        if let Some(doubts) = mail.doubts.filter(|doubts| *doubts > 0) {
            line += &format!("  perhaps there {} times", doubts + 1);
        }
        if let Some(error) = &mail.last_error {
            line += &format!("\n             {error}");
        }
        line
    };
    mails.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use noren_shop::outbox::{self, Topic};

    const ISSUE: &str =
        "name = \"2026-12\"\n[ja]\nsubject = \"冬\"\ntext = \"文\"\n[en]\nsubject = \"Winter\"\ntext = \"Text\"\n";

    async fn shop(data: &std::path::Path) -> (Shop, noren_shop::vault::Here) {
        let (vault, here) = crate::vault::beside(data);
        let shop = Shop::open(data, vault, None, "http://127.0.0.1", true).await.unwrap();
        shop.migrate().await.unwrap();
        (shop, here)
    }

    #[tokio::test]
    async fn a_mail_that_was_set_aside_is_listed_with_its_reason_and_tried_again_by_its_key() {
        let dir = tempfile::tempdir().unwrap();
        let (shop, _here) = shop(dir.path()).await;
        let list = |failed| What::List { failed, limit: 10 };
        assert_eq!(done(&shop, list(true)).await.unwrap(), "no mails");
        let mut tx = shop.db.write().await.unwrap();
        outbox::enqueue(&mut tx, &shop, "odd", Topic::Mail, &"no mail at all").await.unwrap();
        tx.commit().await.unwrap();
        outbox::run_due(&shop).await.unwrap();
        let listed = done(&shop, list(true)).await.unwrap();
        assert!(listed.contains("odd") && listed.contains("cannot be read"), "{listed}");
        done(&shop, What::Retry { key: "odd".to_owned() }).await.unwrap();
        assert_eq!(outbox::backlog(&shop).await.unwrap().waiting, 1);
        let unknown = done(&shop, What::Retry { key: "odd".to_owned() }).await.unwrap_err().to_string();
        assert!(unknown.contains("noren mail list --failed"), "{unknown}");
        let nowhere = done(&shop, What::Test { to: "a@example.jp".to_owned() }).await.unwrap_err().to_string();
        assert!(nowhere.contains("NOREN_SMTP"), "{nowhere}");
    }

    #[tokio::test]
    async fn an_issue_is_read_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let (shop, _here) = shop(dir.path()).await;
        assert!(sent(&shop, ISSUE).await.unwrap().contains("0 reader(s)"));
        let other = sent(&shop, &ISSUE.replace("Text", "Other")).await.unwrap_err().to_string();
        assert!(other.contains("another name"), "{other}");
        for (broken, remedy) in [
            (ISSUE.replace("[en]", "[fr]"), "[ja] and [en]"),
            (ISSUE.replace("name =", "title ="), "needs name"),
            (ISSUE.replace("2026-12", "Dezember 2026"), "lower-case"),
            (ISSUE.replace("\"文\"", "\" \""), "in both languages"),
        ] {
            let said = sent(&shop, &broken).await.unwrap_err().to_string();
            assert!(said.contains(remedy), "{said}");
        }
    }
}
