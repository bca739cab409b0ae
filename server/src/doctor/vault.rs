//! What the doctor sees of the vault.

use noren_shop::vault::{self, Place};
use noren_shop::vault_check::Known;
use noren_vault::backup::restored_keys;
use noren_vault::tls::Side;

use super::{Finding, State, finding};
use crate::config::Config;
use crate::vault::CertificateFault;

/// `sealed_by` is what the database remembers of its vault.
pub(super) async fn vault(config: &Config, sealed_by: Option<Known>) -> Finding {
    let vault = crate::vault::door(config);
    match vault.hello().await {
        Ok(hello) if sealed_by.is_some_and(|known| !known.is(&hello)) => {
            let words = format!(
                "the vault at {} is not the one that this database's personal data are sealed by; name the right one, or \
                 put its folder back from your backup",
                vault.place()
            );
            finding("vault", State::Bad, words)
        }
        Ok(hello) if sealed_by.is_some_and(|known| !known.finds(&hello)) => finding(
            "vault",
            State::Bad,
            "answers, and finds nobody of this database by their address: its index key was exchanged since the one of the two was \
             copied; run `noren rotate index`",
        ),
        Ok(hello) if hello.fingerprints.len() > 1 => finding(
            "vault",
            State::Advice,
            "answers; an exchange of its index key was begun and not ended: run `noren rotate index`",
        ),
        Ok(hello) => {
            let keys = hello.keys.join(" and ");
            finding("vault", State::Well, format!("answers; its ledger is verified with the key {keys}"))
        }
        Err(error) if config.vault_socket.is_some() => finding("vault", State::Bad, error.to_string()),
        Err(_) if sealed_by.is_some() && !vault::folder(&config.data).join("keys").is_dir() => {
            let words = format!(
                "{} holds no keys, and people's data are sealed with them; put the folder back from your backup",
                vault::folder(&config.data).display()
            );
            finding("vault", State::Bad, words)
        }
        Err(_) => finding("vault", State::Well, "not running now; the shop starts it"),
    }
}

/// Keys of which copies have been about since the vault was put back. Of a vault apart only its own user sees them.
pub(super) fn restored(config: &Config) -> Option<Finding> {
    let keys = restored_keys(&vault::folder(&config.data)).ok().filter(|keys| !keys.is_empty())?;
    let rotate: Vec<String> = ["wrapping", "index"]
        .into_iter()
        .filter(|kind| keys.iter().any(|name| name.starts_with(kind)))
        .map(|kind| format!("`noren rotate {kind}`"))
        .collect();
    let words = format!(
        "the vault was put back from a backup, and copies of its {} have been about since: run {}, then take a new backup \
         (docs/OPERATIONS.md)",
        keys.join(" and "),
        rotate.join(" and ")
    );
    Some(finding("keys of the backup", State::Advice, words))
}

/// What the shop shows a vault on another host.
pub(super) fn certificate(config: &Config) -> Option<Finding> {
    let Some(Place::Tls(..)) = config.vault_socket else { return None };
    Some(match crate::vault::certificate(config, Side::Shop) {
        Ok(()) => finding("certificate", State::Well, "the vault takes the shop's, and will for a while"),
        Err(fault @ CertificateFault::Soon) => finding("certificate", State::Advice, fault.to_string()),
        Err(fault @ CertificateFault::Now(_)) => finding("certificate", State::Bad, fault.to_string()),
    })
}
