//! `noren doctor`: looks at an installation and says what is well and what is not, with the remedy.

mod evidence;
mod mail;
mod vault;

use std::path::Path;

use noren_shop::clock::{Clock, Entropy};
use noren_shop::db::Db;
use noren_shop::keys::{KeyError, Keys, fingerprint};
use noren_shop::{Parts, Shop, payment};

use crate::config::Config;
use crate::site::Names;

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

/// Looks at everything; changes nothing of the shop and creates no database. (SQLite itself may write its
/// log and statistics beside one that is there.)
pub async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![site(&config.site), environment(config)];
    findings.extend(proxies(config));
    let table =
        format!("Japan Post's of {}; crates/shop/postal/README.md says how to renew it", noren_shop::postal::taken());
    findings.push(finding("postal table", State::Well, table));
    findings.extend(mail::outgoing(config).await);
    let sqlite = config.data.join("noren.sqlite");
    let opened = match &config.database_url {
        Some(url) => Db::postgres(url).await.map(Some),
        None if sqlite.is_file() => Db::sqlite(&sqlite).await.map(Some),
        None => Ok(None),
    };
    match opened {
        Ok(Some(db)) => {
            let sealed_with = fingerprint(&db).await.unwrap_or_default();
            findings.push(key_file(config, sealed_with.as_deref()));
            findings.push(vault::vault(config, noren_shop::vault_check::known(&db).await.unwrap_or_default()).await);
            findings.extend(vault::restored(config));
            findings.extend(vault::certificate(config));
            findings.extend(data_folder(&config.data));
            findings.push(evidence::evidence(config).await);
            let database = database(&db).await;
            if database.state == State::Well
                && let Some(shop) = shop(config, &db)
            {
                findings.push(mail::backlog(&shop).await);
                findings.extend(mail::bounced(&shop).await);
                findings.extend(mail::mailbox(&shop));
                findings.push(payments(&shop).await);
            }
            findings.push(database);
            db.close().await;
        }
        Ok(None) => {
            findings.push(key_file(config, None));
            let words = format!(
                "{} is not there yet; `noren migrate` makes it, or, if it is lost, `noren restore` puts it back from a backup",
                sqlite.display()
            );
            findings.push(finding("database", State::Bad, words));
        }
        Err(error) => {
            findings.push(key_file(config, None));
            findings.push(finding("database", State::Bad, format!("does not open: {error}; check NOREN_DATABASE_URL")));
        }
    }
    findings
}

fn site(site: &Path) -> Finding {
    match Names::find(site) {
        Ok(names) => {
            let words = format!("{}: {}, {}, {}", site.display(), names.css, names.js, names.wasm);
            finding("built site", State::Well, words)
        }
        Err(fault) => finding("built site", State::Bad, fault.to_string()),
    }
}

/// A shop on https has a proxy in front of it, which must be told apart from its visitors.
fn proxies(config: &Config) -> Option<Finding> {
    let untold = !config.development && config.url.starts_with("https://") && config.trusted_proxies.is_empty();
    untold.then(|| {
        finding(
            "trusted proxies",
            State::Advice,
            "none is set: all visitors seem to come from the TLS proxy's address, and the sign-in tries of one lock out \
             everybody; set NOREN_TRUSTED_PROXIES to the proxy's address, such as 127.0.0.1",
        )
    })
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

/// `sealed_with` is what the database remembers of its key.
fn key_file(config: &Config, sealed_with: Option<&[u8]>) -> Finding {
    let path = noren_shop::key_file(&config.data);
    let bad = |fault: KeyError| finding("key file", State::Bad, fault.to_string());
    match (Keys::open_existing(&path, &Entropy::System), sealed_with) {
        (Err(fault), _) => bad(fault),
        (Ok(None), Some(_)) => bad(KeyError::Missing { path }),
        (Ok(None), None) => finding("key file", State::Advice, "none yet; the first start makes it"),
        (Ok(Some(keys)), Some(known)) if known != keys.fingerprint() => bad(KeyError::Other { path }),
        (Ok(Some(_)), _) => key_mode(&path),
    }
}

/// Whoever can write the data folder can put another database, key or vault into it.
fn data_folder(data: &Path) -> Option<Finding> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(data).ok()?.permissions().mode() & 0o777;
    let words = format!(
        "{} can be written by other users (mode {mode:o}), who could exchange what is in it; run: chmod go-w {0}",
        data.display()
    );
    (mode & 0o022 != 0).then(|| finding("data folder", State::Bad, words))
}

fn key_mode(path: &Path) -> Finding {
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

async fn database(db: &Db) -> Finding {
    let kind = match db.dialect() {
        noren_shop::db::Dialect::Sqlite => "SQLite",
        noren_shop::db::Dialect::Postgres => "PostgreSQL",
    };
    match db.migrations().await {
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

/// The shop as it stands, if it has a key file that can be read.
fn shop(config: &Config, db: &Db) -> Option<Shop> {
    let entropy = Entropy::System;
    let keys = Keys::open_existing(&noren_shop::key_file(&config.data), &entropy).ok()??;
    let (db, data, url) = (db.clone(), config.data.clone(), config.url.clone());
    let vault = crate::vault::door(config);
    let development = config.development;
    let shop = Shop::new(Parts { db, keys, vault, clock: Clock::System, entropy, data, url, development });
    Some(shop.sending(config.outgoing.clone()))
}

/// What the bank has said and nobody has understood yet.
async fn payments(shop: &Shop) -> Finding {
    let unclear = match payment::unclear(shop).await {
        Ok(unclear) => unclear,
        Err(error) => {
            return finding("payments", State::Bad, format!("what the bank has said cannot be read: {error}"));
        }
    };
    let mut words = Vec::new();
    if unclear.alarms > 0 {
        words.push(format!(
            "{} payment(s) reported with another amount than ours: compare the rows of order_event where kind is 'alarm' and actor is 'bank' \
             with the bank's books, settle them there, then set actor to 'shop'",
            unclear.alarms
        ));
    }
    if unclear.unknown > 0 {
        words.push(format!(
            "{} webhook(s) about payments we do not know: look up the rows of webhook_inbox where outcome is 'unknown' in the bank's books, \
             give back what is not ours, then set outcome to 'seen'",
            unclear.unknown
        ));
    }
    if words.is_empty() {
        return finding("payments", State::Well, "nothing unclear");
    }
    finding("payments", State::Bad, words.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Flags, gather};

    fn config(data: &Path, more: Flags) -> Config {
        let path = |name: &str| Some(data.join(name).to_string_lossy().into_owned());
        gather(&Flags { data: path("data"), site: path("site"), ..more }, |_| None, None).unwrap()
    }

    fn bad(findings: &[Finding]) -> Vec<&str> {
        findings.iter().filter(|f| f.state == State::Bad).map(|f| f.what).collect()
    }

    #[tokio::test]
    async fn what_the_bank_says_about_a_payment_nobody_knows_is_told_until_somebody_has_looked() {
        let dir = tempfile::tempdir().unwrap();
        let (vault, _here) = crate::vault::beside(dir.path());
        let shop = Shop::open(dir.path(), vault, None, "http://127.0.0.1", true).await.unwrap();
        shop.db.migrate().await.unwrap();
        assert_eq!(payments(&shop).await.state, State::Well);
        let body = br#"{"event_id":"evt_1","reference":"nobody's","outcome":"succeeded","amount":100}"#;
        let signature = payment::TestBank::signature(&shop, shop.now(), body);
        payment::receive(&shop, &signature, body).await.unwrap();
        let told = payments(&shop).await;
        assert_eq!(told.state, State::Bad);
        assert!(
            told.words.starts_with("1 webhook(s)") && told.words.contains("set outcome to 'seen'"),
            "{}",
            told.words
        );
        let mut tx = shop.db.write().await.unwrap();
        noren_shop::execute!(tx, "UPDATE webhook_inbox SET outcome = 'seen' WHERE outcome = 'unknown'").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(payments(&shop).await.state, State::Well);
    }

    #[tokio::test]
    async fn an_unbuilt_unmigrated_shop_is_told_both_remedies_and_nothing_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let config = config(dir.path(), Flags::default());
        let findings = examine(&config).await;
        assert_eq!(bad(&findings), ["built site", "database"]);
        assert!(findings.iter().any(|f| f.words.contains("noren migrate")));
        assert!(findings.iter().any(|f| f.words.contains("make build")));
        assert!(!config.data.exists());
    }

    #[tokio::test]
    async fn a_data_folder_that_others_can_write_is_bad() {
        let dir = tempfile::tempdir().unwrap();
        let config = config(dir.path(), Flags::default());
        let (vault, _here) = crate::vault::beside(&config.data);
        let shop = Shop::open(&config.data, vault, None, &config.url, true).await.unwrap();
        shop.migrate().await.unwrap();
        shop.db.close().await;
        let mode = |mode| std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(&config.data, mode(0o777)).unwrap();
        let findings = examine(&config).await;
        assert_eq!(bad(&findings), ["built site", "data folder"]);
        assert!(findings.iter().any(|f| f.words.contains("(mode 777)") && f.words.contains("chmod go-w ")));
        std::fs::set_permissions(&config.data, mode(0o755)).unwrap();
        assert_eq!(bad(&examine(&config).await), ["built site"]);
    }

    #[tokio::test]
    async fn a_lost_key_and_a_wrong_one_are_bad() {
        let dir = tempfile::tempdir().unwrap();
        let config = config(dir.path(), Flags::default());
        let (vault, _here) = crate::vault::beside(&config.data);
        let shop = Shop::open(&config.data, vault, None, &config.url, true).await.unwrap();
        shop.migrate().await.unwrap();
        shop.db.close().await;
        assert_eq!(bad(&examine(&config).await), ["built site"]);
        let key = noren_shop::key_file(&config.data);
        std::fs::write(&key, [9; 32]).unwrap();
        assert_eq!(bad(&examine(&config).await), ["built site", "key file"]);
        std::fs::remove_file(&key).unwrap();
        assert_eq!(bad(&examine(&config).await), ["built site", "key file"]);
        assert!(!key.exists());
    }

    #[tokio::test]
    async fn a_shop_behind_a_proxy_that_it_was_not_told_of_is_advised() {
        let dir = tempfile::tempdir().unwrap();
        let live = |trusted_proxies: Option<&str>| Flags {
            env: Some("production".into()),
            url: Some("https://shop.example".into()),
            trusted_proxies: trusted_proxies.map(str::to_owned),
            ..Flags::default()
        };
        let advised = |config: Config| async move {
            examine(&config).await.iter().any(|f| f.state == State::Advice && f.words.contains("NOREN_TRUSTED_PROXIES"))
        };
        assert!(advised(config(dir.path(), live(None))).await);
        assert!(!advised(config(dir.path(), live(Some("127.0.0.1")))).await);
    }
}
