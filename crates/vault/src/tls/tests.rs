use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd,
};

use super::*;
use crate::vault::tests::BEGAN;

/// Days from the tests' today until a certificate is no longer good.
pub const FINE: i64 = 30;
pub const EXPIRED: i64 = -1;

/// A CA of a test.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Makes a folder with what `side` needs, good for `days` from today.
    pub fn issue(&self, side: Side, days: i64, folder: &Path) {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned(), "vault.example".to_owned()]).unwrap();
        let day =
            |day: i64| date_time_ymd(1970, 1, 1) + Duration::from_secs((BEGAN / 1_000).strict_add_signed(86_400 * day));
        (params.not_before, params.not_after) = (day(-10), day(days));
        params.extended_key_usages = vec![match side {
            Side::Vault => ExtendedKeyUsagePurpose::ServerAuth,
            Side::Shop => ExtendedKeyUsagePurpose::ClientAuth,
        }];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        fs::create_dir_all(folder).unwrap();
        for (name, text) in [(CA, self.0.pem()), (CERTIFICATE, certificate.pem()), (KEY, key.serialize_pem())] {
            fs::write(folder.join(name), text).unwrap();
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
    }

    /// The same, read.
    pub fn papers(&self, side: Side, days: i64) -> Papers {
        self.papers_for(self, side, days)
    }

    /// What `side` needs to ask one of `other`, certified by this one.
    pub fn papers_for(&self, other: &Self, side: Side, days: i64) -> Papers {
        let dir = tempfile::tempdir().unwrap();
        self.issue(side, days, dir.path());
        fs::write(dir.path().join(CA), other.0.pem()).unwrap();
        Papers::read(dir.path()).unwrap()
    }

    /// How somebody asks who has no certificate, or speaks `version` alone.
    pub fn client(
        &self,
        papers: Option<&Papers>,
        version: &'static rustls::SupportedProtocolVersion,
    ) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let time = Arc::new(Time(Arc::new(|| BEGAN)));
        let config = ClientConfig::builder_with_details(Arc::new(ring::default_provider()), time)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots);
        Arc::new(match papers {
            Some(papers) => config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(papers.own.clone()))),
            None => config.with_no_client_auth(),
        })
    }
}

fn folder(side: Side) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    Authority::new().issue(side, FINE, dir.path());
    dir
}

#[test]
fn a_key_that_others_can_read_is_refused_with_the_remedy() {
    let dir = folder(Side::Shop);
    for mode in [0o640, 0o604] {
        fs::set_permissions(dir.path().join(KEY), fs::Permissions::from_mode(mode)).unwrap();
        let refused = Papers::read(dir.path()).unwrap_err();
        assert!(matches!(refused, PapersError::Open { mode: found, .. } if found == mode));
        assert!(refused.to_string().contains("run: chmod 600 ") && refused.to_string().ends_with(KEY), "{refused}");
    }
    fs::set_permissions(dir.path().join(KEY), fs::Permissions::from_mode(0o400)).unwrap();
    Papers::read(dir.path()).unwrap();
}

#[test]
fn what_others_could_exchange_is_refused_with_the_remedy() {
    for name in [CA, CERTIFICATE, ""] {
        let dir = folder(Side::Vault);
        let path = if name.is_empty() { dir.path().to_owned() } else { dir.path().join(name) };
        let (right, mode) = (fs::metadata(&path).unwrap().permissions(), if name.is_empty() { 0o770 } else { 0o664 });
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let refused = Papers::read(dir.path()).unwrap_err();
        assert!(matches!(refused, PapersError::Writable { mode: found, .. } if found == mode), "{name}: {refused}");
        assert!(refused.to_string().contains("run: chmod go-w "), "{refused}");
        fs::set_permissions(&path, right).unwrap();
        Papers::read(dir.path()).unwrap();
    }
}

#[test]
fn a_file_that_is_missing_or_holds_something_else_is_named() {
    for name in [CA, CERTIFICATE, KEY] {
        let dir = folder(Side::Vault);
        let text = fs::read(dir.path().join(name)).unwrap();
        fs::write(dir.path().join(name), "a key, perhaps").unwrap();
        let refused = Papers::read(dir.path()).unwrap_err();
        assert!(matches!(&refused, PapersError::Malformed { path, .. } if path.ends_with(name)), "{refused}");
        fs::write(dir.path().join(name), &text[..text.len() / 2]).unwrap();
        assert!(Papers::read(dir.path()).is_err());
        fs::remove_file(dir.path().join(name)).unwrap();
        let refused = Papers::read(dir.path()).unwrap_err();
        assert!(matches!(&refused, PapersError::Io { path, .. } if path.ends_with(name)), "{refused}");
    }
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let (dir, other) = (folder(Side::Shop), folder(Side::Shop));
    fs::copy(other.path().join(KEY), dir.path().join(KEY)).unwrap();
    assert!(matches!(Papers::read(dir.path()), Err(PapersError::Mismatch(_))));
}

#[test]
fn what_the_other_side_would_refuse_is_said_beforehand() {
    let fault = |papers: &Papers, side| papers.check(side, BEGAN).unwrap_err().to_string();
    let authority = Authority::new();
    for (side, other) in [(Side::Vault, Side::Shop), (Side::Shop, Side::Vault)] {
        let fine = authority.papers(side, FINE);
        fine.check(side, BEGAN).unwrap();
        assert!(fault(&fine, other).contains(&format!("is not for a {other}")), "{}", fault(&fine, other));
        let expired = fault(&authority.papers(side, EXPIRED), side);
        assert!(expired.contains("has expired; make new ones"), "{expired}");
        let early = fine.check(side, 0).unwrap_err().to_string();
        assert!(early.contains("set the clock right"), "{early}");
        let foreign = fault(&authority.papers_for(&Authority::new(), side, FINE), side);
        assert!(foreign.contains("is not signed by the CA"), "{foreign}");
    }
}

#[test]
fn while_one_ca_takes_the_place_of_another_certificates_of_both_are_taken() {
    let (old, new) = (Authority::new(), Authority::new());
    for authority in [&old, &new] {
        let dir = tempfile::tempdir().unwrap();
        authority.issue(Side::Shop, FINE, dir.path());
        fs::write(dir.path().join(CA), old.0.pem() + &new.0.pem()).unwrap();
        Papers::read(dir.path()).unwrap().check(Side::Shop, BEGAN).unwrap();
    }
}

#[test]
fn nothing_of_a_key_is_printed() {
    let dir = folder(Side::Shop);
    let papers = Papers::read(dir.path()).unwrap();
    assert_eq!(format!("{papers:?}"), format!("Papers({:?})", dir.path()));
}
