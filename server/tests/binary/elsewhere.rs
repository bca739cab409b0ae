//! The vault as if it were on another host: at a port, with the certificates that the binary itself makes.

use std::path::PathBuf;

use noren_ledger::leaf::{Actor, Detail, Kind};
use noren_shop::clock::Entropy;
use noren_shop::vault::{Address, Place, Vault, VaultError};
use noren_vault::tls::Papers;

use crate::installation::{Installation, runtime};
use crate::ledger::{ledger_keys, verified};
use crate::vault::{Apart, a_shop_does_without_it_for_a_while};

/// Makes certificates for `host` in the folder `name` on the desk, and gives it.
fn certificates(installation: &Installation, name: &str, host: &str) -> PathBuf {
    let made = installation.run(&["certificates", "--to", name, "--host", host, "--host", "vault.example"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(!(made.out + &made.err).contains("PRIVATE"), "no key is printed");
    installation.desk().join(name)
}

fn start(installation: &Installation, address: &str, papers: &str) -> Apart {
    Apart::start_with(installation, &["--vault-socket", address, "--vault-tls", papers])
}

/// Where it listens, as its log says.
fn address(vault: &Apart) -> String {
    let (_, rest) = vault.answers.split_once("socket=\"").unwrap_or_else(|| panic!("{}", vault.answers));
    rest.split_once('"').unwrap().0.to_owned()
}

#[test]
fn a_vault_at_a_port_serves_a_shop_which_does_without_it_for_a_while() {
    let installation = Installation::on_sqlite();
    // An address of this machine that nobody else has: the vault comes back to the same port.
    let [first, second, third]: [u8; 3] = Entropy::System.bytes();
    let host = format!("127.{first}.{second}.{}", third.clamp(1, 254));
    certificates(&installation, "made", &host);
    let at = format!("tls://{host}:3300");
    installation.file("noren.toml", format!("vault_socket = \"{at}\"\nvault_tls = \"made/shop\"\n"));
    let start = || start(&installation, &at, "made/vault");
    let vault = a_shop_does_without_it_for_a_while(&installation, start(), start);
    let doctor = installation.run(&["doctor"]);
    assert!(doctor.out.contains("well    certificate: "), "{doctor:?}");
    let copied = installation.run(&["backup", "--keys-to", "copy"]);
    assert!(copied.code == Some(0) && copied.out.contains("keys, and "), "{copied:?}");
    vault.stop();
}

#[test]
fn who_has_no_certificate_of_ours_gets_no_answer_from_a_vault_at_a_port_and_stands_in_the_ledger() {
    let installation = Installation::on_sqlite();
    let (ours, others) =
        (certificates(&installation, "made", "127.0.0.1"), certificates(&installation, "others", "127.0.0.1"));
    let vault = start(&installation, "tls://127.0.0.1:0", "made/vault");
    let at = address(&vault);
    let address: Address = at.parse().unwrap();
    let hello = |folder: PathBuf| {
        let place = Place::Tls(address.clone(), Papers::read(&folder).unwrap());
        runtime().block_on(async { Vault::at(place, Entropy::System).hello().await })
    };
    assert!(hello(ours.join("shop")).is_ok());
    // Of another CA, but for one that knows this vault.
    std::fs::copy(ours.join("shop/ca.pem"), others.join("shop/ca.pem")).unwrap();
    for folder in [others.join("shop"), ours.join("vault")] {
        let refused = hello(folder).expect_err("no answer");
        assert!(matches!(refused, VaultError::Down { .. }) && refused.is_passing());
        assert!(refused.to_string().contains("are the certificates of both sides of one CA"), "{refused}");
    }
    // And the shop talks to no vault but that which is certified for the host.
    let unknown = hello(others.join("vault")).expect_err("no answer");
    assert!(unknown.to_string().contains("certificate"), "{unknown}");
    installation.file("noren.toml", format!("vault_socket = \"{at}\"\nvault_tls = \"made/shop\"\n"));
    let migrated = installation.run(&["migrate"]);
    assert_eq!(migrated.code, Some(0), "{migrated:?}");
    let keys = ledger_keys(&installation);
    vault.stop();
    let (deeds, words) = verified(&installation, &keys);
    let alarms = deeds.iter().filter(|deed| deed.kind == Kind::Alarm && deed.detail == Some(Detail::Stranger));
    assert!(alarms.filter(|deed| deed.actor == Actor::Vault).count() > 0, "{words}");
}

#[test]
fn a_vault_does_not_start_with_certificates_that_no_shop_would_take() {
    let installation = Installation::on_sqlite();
    certificates(&installation, "made", "127.0.0.1");
    let start = |papers| {
        let flags =
            ["vault", "--url", "http://127.0.0.1", "--vault-socket", "tls://127.0.0.1:0", "--vault-tls", papers];
        installation.run(&flags)
    };
    let shops = start("made/shop");
    assert_eq!(shops.code, Some(1), "{shops:?}");
    assert!(shops.err.contains("is not for a vault; take the other one of the two folders"), "{shops:?}");
    let none = start("nowhere");
    assert_eq!(none.code, Some(2), "{none:?}");
    assert!(none.err.contains("vault_tls: nowhere/key.pem: "), "{none:?}");
}
