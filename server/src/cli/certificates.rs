//! `noren certificates`: what a shop and a vault on another host show each other.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use noren_shop::clock::Clock;
use noren_vault::backup::Unfinished;
use noren_vault::durable;
use noren_vault::tls::{CA, CERTIFICATE, KEY, Papers, Side};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};

use super::{AnyError, say};

/// A host whose clock is behind by less takes the certificates at once.
const BEHIND: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// For which vault, and where to.
#[derive(Args, Debug)]
pub struct Certificates {
    /// Where to: a folder that is not there yet, in which `vault` and `shop` are made
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    /// Name or address by which the shop reaches the vault; as often as there are such
    #[arg(long = "host", required = true, value_name = "HOST", value_parser = host)]
    hosts: Vec<String>,
    /// How many days they are good for
    #[arg(long, default_value_t = 825, value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: u16,
}

fn host(text: &str) -> Result<String, String> {
    let fits = format!("tls://{text}:1").parse::<noren_shop::vault::Address>().is_ok();
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    if fits || bare.parse::<std::net::IpAddr>().is_ok() {
        Ok(bare.to_owned())
    } else {
        Err("write a name such as vault.example, or an address such as 10.0.0.7".to_owned())
    }
}

/// Makes them, and says what to do with them.
pub fn run(asked: &Certificates) -> Result<(), AnyError> {
    let now = Clock::System.now();
    make(&asked.to, &asked.hosts, asked.days, now)?;
    let [vault, shop] = ["vault", "shop"].map(|side| asked.to.join(side));
    say::line(format_args!(
        "{}: for the vault, on its host, owned by its user; NOREN_VAULT_TLS names it there\n{}: for the shop, likewise; and \
         on the vault's host too, for commands that ask it there, such as `noren backup --keys-to`\nBoth are good for {} \
         days. The CA's key is not kept: to renew them, make all anew. Leave no other copy: docs/OPERATIONS.md",
        vault.display(),
        shop.display(),
        asked.days
    ))?;
    Ok(())
}

/// Makes a CA and what both sides need in folders of theirs, good from `now` (UTC milliseconds) for `days`: all or
/// nothing.
pub(crate) fn make(to: &Path, hosts: &[String], days: u16, now: i64) -> Result<(), AnyError> {
    if to.exists() {
        let words = "is there already, and is not written over; name a folder that is not there yet";
        return Err(format!("{} {words}", to.display()).into());
    }
    let unfinished = Unfinished::new(to)?;
    made(unfinished.path(), hosts, days, now)?;
    Ok(unfinished.done()?)
}

fn made(to: &Path, hosts: &[String], days: u16, now: i64) -> Result<(), AnyError> {
    let now = Duration::from_millis(u64::try_from(now)?);
    let validity = |mut params: CertificateParams, name: &str| {
        let epoch = date_time_ymd(1970, 1, 1);
        params.not_before = epoch + now.saturating_sub(BEHIND);
        params.not_after = epoch + now + DAY * u32::from(days);
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    };
    let mut params = validity(CertificateParams::default(), "Noren: one vault and its shop");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    // Its key goes with this function, so that nobody can make a third one.
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let folder = |path: &Path| {
        DirBuilder::new().mode(0o700).create(path).map_err(|error| format!("{}: {error}", path.display()))
    };
    for (side, name, hosts, purpose) in [
        (Side::Vault, "Noren vault", hosts, ExtendedKeyUsagePurpose::ServerAuth),
        (Side::Shop, "Noren shop", &[], ExtendedKeyUsagePurpose::ClientAuth),
    ] {
        let mut params = validity(CertificateParams::new(hosts)?, name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![purpose];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &authority)?;
        let place = to.join(side.to_string());
        folder(&place)?;
        write(&place.join(CA), &authority.pem())?;
        write(&place.join(CERTIFICATE), &certificate.pem())?;
        write(&place.join(KEY), &zeroize::Zeroizing::new(key.serialize_pem()))?;
        Papers::read(&place)?.check(side, u64::try_from(now.as_millis())?)?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    durable::create(path, text.as_bytes()).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const NOW: i64 = 1_795_651_200_000;

    fn at(days: u64) -> u64 {
        NOW.unsigned_abs() + days * 86_400_000
    }

    #[test]
    fn each_side_gets_what_is_good_for_it_alone_and_nobody_gets_the_cas_key() {
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("made");
        make(&to, &["vault.example".to_owned(), "10.0.0.7".to_owned()], 30, NOW).unwrap();
        for (side, other) in [(Side::Vault, Side::Shop), (Side::Shop, Side::Vault)] {
            let folder = to.join(side.to_string());
            let papers = Papers::read(&folder).unwrap();
            papers.check(side, at(29)).unwrap();
            assert!(papers.check(side, at(31)).is_err() && papers.check(other, at(0)).is_err());
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&folder), 0o700);
            let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
            names.sort();
            assert_eq!(names, [CA, CERTIFICATE, KEY].map(|name| folder.join(name)));
            assert!(names.iter().all(|name| mode(name) == 0o600));
        }
        let keys = ["vault", "shop"].map(|side| fs::read_to_string(to.join(side).join(KEY)).unwrap());
        assert_ne!(keys[0], keys[1]);
        assert_eq!(fs::read_dir(&to).unwrap().count(), 2);
    }

    #[test]
    fn what_is_there_is_not_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let refused = make(dir.path(), &["vault.example".to_owned()], 30, NOW).unwrap_err().to_string();
        assert!(refused.starts_with(&dir.path().display().to_string()), "{refused}");
        assert!(refused.ends_with("name a folder that is not there yet"), "{refused}");
        // What fails half-way is not in the way of the next try.
        let to = dir.path().join("made");
        make(&to, &["暖簾".to_owned()], 30, NOW).unwrap_err();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        make(&to, &["vault.example".to_owned()], 30, NOW).unwrap();
    }

    #[test]
    fn a_host_is_a_name_or_an_address() {
        for (said, host_is) in
            [("vault.example", "vault.example"), ("10.0.0.7", "10.0.0.7"), ("[::1]", "::1"), ("::1", "::1")]
        {
            assert_eq!(host(said).unwrap(), host_is);
        }
        for wrong in ["", "vault.example:3300", "tls://vault.example", "a b", "*.example"] {
            assert!(host(wrong).is_err(), "{wrong}");
        }
    }
}
