//! `noren mail` and `noren newsletter`: what the shop's people do about mails.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use noren_domain::newsletter::Issue;
use noren_domain::{Lang, Text, moment};
use noren_shop::Shop;
use noren_shop::mail::{self, MailEntry, bounce};
use noren_shop::newsletter;
use serde::Deserialize;

use super::{AnyError, say};

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
    /// Reads reports on mails that could not be delivered after all, and marks those mails
    ///
    /// Give it the mails that come to `NOREN_MAIL_FROM`, one in each file. What is no report on a mail of this shop is left
    /// alone; the same report again changes nothing.
    Bounced {
        /// The files; none: one mail from standard input
        files: Vec<PathBuf>,
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
    say::line(done(shop, mail.what).await?)?;
    Ok(())
}

/// Does it and says in one line what became of it.
pub async fn run_newsletter(shop: &Shop, newsletter: Newsletter) -> Result<(), AnyError> {
    let NewsletterWhat::Send { file } = newsletter.what;
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    say::line(sent(shop, &text).await?)?;
    Ok(())
}

async fn done(shop: &Shop, what: What) -> Result<String, AnyError> {
    Ok(match what {
        What::Test { to } => format!("the mail server said: {}", mail::send_test(shop, &to).await?),
        What::List { failed, limit } => listed(&mail::list(shop, failed, limit).await?),
        What::Bounced { files } => bounced(shop, &files).await?,
        What::Retry { key } => {
            if !mail::retry(shop, &key).await? {
                return Err(
                    format!("{key} is no mail that was set aside; `noren mail list --failed` names them (one that came back is not sent again)").into()
                );
            }
            format!("{key} is tried again as soon as `noren serve` runs")
        }
    })
}

async fn bounced(shop: &Shop, files: &[PathBuf]) -> Result<String, AnyError> {
    if files.is_empty() {
        return Ok(said(&bounce::bounced(shop, &report(std::io::stdin().lock(), "standard input")?).await?));
    }
    let (mut lines, mut unread) = (Vec::new(), 0);
    for file in files {
        let name = file.display().to_string();
        let opened = File::open(file).map_err(|error| format!("{name} cannot be read: {error}").into());
        match opened.and_then(|opened| report(opened, &name)) {
            Ok(raw) => lines.push(format!("{name}: {}", said(&bounce::bounced(shop, &raw).await?))),
            // One that cannot be read keeps no other from being read.
            Err(error) => {
                unread += 1;
                lines.push(error.to_string());
            }
        }
    }
    let lines = lines.join("\n");
    if unread > 0 { Err(format!("{lines}\n{unread} of {} files were not read", files.len()).into()) } else { Ok(lines) }
}

/// A mail, or an error that says which it was: half a mail is not read as a whole one.
fn report(from: impl Read, name: &str) -> Result<Vec<u8>, AnyError> {
    let mut raw = Vec::new();
    let most = u64::try_from(bounce::MOST_BYTES).unwrap_or(u64::MAX);
    from.take(most + 1).read_to_end(&mut raw).map_err(|error| format!("{name} cannot be read: {error}"))?;
    if raw.len() > bounce::MOST_BYTES {
        return Err(format!("{name} is larger than {most} bytes, which no report is; leave it out").into());
    }
    Ok(raw)
}

fn said(read: &bounce::Read) -> String {
    match read {
        bounce::Read::Returned { no, status } => {
            let status = status.as_deref().map(|status| format!(" ({status})")).unwrap_or_default();
            format!("{} came back{status}, and is marked as that", no.as_str())
        }
        bounce::Read::Before(no) => format!("{} came back, and was marked as that before", no.as_str()),
        bounce::Read::UnderWay(no) => {
            format!("{} is late, or was delivered or passed on; nothing changed", no.as_str())
        }
        bounce::Read::Other => "no report on a mail of this shop; left alone".to_owned(),
    }
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
        if let Some(status) = &mail.returned {
            line += &format!("\n             it was taken, and came back {status}");
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
    async fn what_is_no_report_on_a_mail_of_the_shop_is_left_alone_and_a_file_that_cannot_be_read_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let (shop, _here) = shop(dir.path()).await;
        let (answer, large) = (dir.path().join("answer.eml"), dir.path().join("large.eml"));
        std::fs::write(&answer, "From: hanako@example.jp\r\n\r\nHello\r\n").unwrap();
        let bounced = |files| What::Bounced { files };
        let read = done(&shop, bounced(vec![answer.clone(), answer.clone()])).await.unwrap();
        assert!(read.lines().count() == 2 && read.contains("answer.eml: no report on a mail of this shop"), "{read}");
        File::create(&large).unwrap().set_len(u64::try_from(bounce::MOST_BYTES).unwrap() + 1).unwrap();
        let (half, whole) = (bounced(vec![large.clone(), answer.clone()]), "answer.eml: no report");
        let refused = done(&shop, half).await.unwrap_err().to_string();
        assert!(refused.contains(whole) && refused.contains("1 of 2"), "the others are read all the same: {refused}");
        for (file, said) in [(large, "larger than"), (dir.path().join("none.eml"), "none.eml cannot be read")] {
            let refused = done(&shop, bounced(vec![file])).await.unwrap_err().to_string();
            assert!(refused.contains(said), "{refused}");
        }
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
