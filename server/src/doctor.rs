//! `noren doctor`: looks at an installation and says what is well and what is not, with the remedy.

use std::path::Path;

use noren_shop::Shop;

use crate::config::Config;

/// One thing that was looked at.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// How it stands.
    pub state: State,
    /// What was seen and, unless well, what to do.
    pub words: String,
}

/// How a thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Well.
    Well,
    /// Works, but better could be had.
    Advice,
    /// Does not work.
    Bad,
}

fn finding(what: &'static str, state: State, words: impl Into<String>) -> Finding {
    Finding { what, state, words: words.into() }
}

/// Looks at everything; never changes anything but what opening a shop creates.
pub async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![site(&config.site), environment(config)];
    let opened = Shop::open(&config.data, config.database_url.as_deref(), &config.url, config.development).await;
    match opened {
        Ok(shop) => {
            findings.push(key_file(&config.data.join("keys/shop.key")));
            findings.push(database(&shop).await);
            shop.db.close().await;
        }
        Err(error) => findings.push(finding("data folder and database", State::Bad, error.to_string())),
    }
    findings
}

fn site(site: &Path) -> Finding {
    if site.join("pkg").is_dir() {
        finding("built site", State::Well, format!("{}", site.display()))
    } else {
        let words = format!(
            "{} has no pkg folder: build it with `cargo leptos build`, or name it with NOREN_SITE",
            site.display()
        );
        finding("built site", State::Bad, words)
    }
}

fn environment(config: &Config) -> Finding {
    if config.development {
        finding(
            "environment",
            State::Advice,
            "development: test bank, mailbox page and demo accounts are open to everyone who reaches this shop; set NOREN_ENV=production before customers do",
        )
    } else {
        finding("environment", State::Well, "production")
    }
}

fn key_file(path: &Path) -> Finding {
    #[cfg(unix)]
    match std::fs::metadata(path).map(|meta| std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o777) {
        Ok(0o600 | 0o400) => {
            finding("key file", State::Well, "readable by its owner only; keep a copy away from the database's backup")
        }
        Ok(mode) => finding(
            "key file",
            State::Bad,
            format!("{} has mode {mode:o}: others can read it; run chmod 600 on it", path.display()),
        ),
        Err(error) => finding("key file", State::Bad, format!("{}: {error}", path.display())),
    }
    #[cfg(not(unix))]
    finding("key file", State::Advice, format!("check that only the shop's user can read {}", path.display()))
}

async fn database(shop: &Shop) -> Finding {
    let kind = match shop.db.dialect() {
        noren_shop::db::Dialect::Sqlite => "SQLite",
        noren_shop::db::Dialect::Postgres => "PostgreSQL",
    };
    match shop.db.migrations().await {
        Ok((known, applied)) if known == applied => finding("database", State::Well, format!("{kind}, up to date")),
        Ok((known, applied)) => {
            let words = format!("{kind}: {applied} of {known} migrations applied; run `noren migrate`");
            finding("database", State::Bad, words)
        }
        Err(error) => {
            finding("database", State::Bad, format!("{kind} does not answer: {error}; check NOREN_DATABASE_URL"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_unbuilt_unmigrated_shop_is_told_both_remedies() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config {
            data: dir.path().join("data"),
            database_url: None,
            addr: "127.0.0.1:0".parse().unwrap(),
            metrics_addr: "127.0.0.1:0".parse().unwrap(),
            url: "http://127.0.0.1".into(),
            site: dir.path().join("site"),
            sample: false,
            development: true,
        };
        let findings = examine(&config).await;
        let bad: Vec<&str> = findings.iter().filter(|f| f.state == State::Bad).map(|f| f.what).collect();
        assert_eq!(bad, ["built site", "database"]);
        assert!(findings.iter().any(|f| f.words.contains("noren migrate")));
    }
}
