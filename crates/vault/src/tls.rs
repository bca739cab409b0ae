//! Mutual TLS between a shop and a vault on another host: what each side shows, and what it asks of the other.
//!
//! TLS 1.3 only, and every connection anew: a session that is taken up again would not show its certificate.

use std::fmt;
use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::{Resumption, verify_server_cert_signed_by_trust_anchor};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, ParsedCertificate, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::time_provider::TimeProvider;
use rustls::{CertificateError, ClientConfig, Error, RootCertStore, ServerConfig};

/// Certificates that the other side's must be signed by.
pub const CA: &str = "ca.pem";
/// The side's own certificate, and those between it and the CA.
pub const CERTIFICATE: &str = "cert.pem";
/// The key of that certificate.
pub const KEY: &str = "key.pem";

/// A connection on which nothing has come for so long is looked after,
const QUIET: Duration = Duration::from_mins(1);
/// so often,
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// and so many times before the other side counts as gone.
const LOOKS: u32 = 3;

/// What the clock says, in UTC milliseconds.
pub type Now = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Which of the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Who is asked: a certificate for server authentication.
    Vault,
    /// Who asks: one for client authentication.
    Shop,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vault => "vault",
            Self::Shop => "shop",
        })
    }
}

/// What one side has in its folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PapersError {
    /// A file that is missing, or that this user may not read.
    #[error("{path}: {source}; the folder needs ca.pem, cert.pem and key.pem, as `noren certificates` makes them")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others can read the key.
    #[error("the key {path} can be read by other users (mode {mode:o}); run: chmod 600 {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Others can write what says who is believed.
    #[error(
        "{path} can be written by other users (mode {mode:o}), who could have themselves believed; run: chmod go-w {path}"
    )]
    Writable {
        /// The file or folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A file that does not hold what it should.
    #[error(
        "{path} holds no {what} in the PEM format; put back what `noren certificates` made, or make all of them anew"
    )]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// A certificate and a key that have nothing to do with each other.
    #[error("{0}: key.pem is not the key of cert.pem; put both back from one place")]
    Mismatch(PathBuf),
    /// The other side would not take the certificate.
    #[error("{path} {fault}")]
    Worthless {
        /// The certificate.
        path: PathBuf,
        /// Why not, and what is to be done.
        fault: String,
    },
}

/// What one side shows, and what it asks of the other: a folder with `ca.pem`, `cert.pem` and `key.pem`.
#[derive(Clone)]
pub struct Papers {
    folder: PathBuf,
    own: Arc<CertifiedKey>,
    roots: Arc<RootCertStore>,
    clients: Arc<dyn ClientCertVerifier>,
    provider: Arc<CryptoProvider>,
}

impl fmt::Debug for Papers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nothing of a key, in whatever form a library holds it.
        f.debug_tuple("Papers").field(&self.folder).finish()
    }
}

impl Papers {
    /// Reads them.
    pub fn read(folder: &Path) -> Result<Self, PapersError> {
        let provider = Arc::new(ring::default_provider());
        let key = {
            let path = folder.join(KEY);
            let bytes = zeroize::Zeroizing::new(own_file(&path)?);
            PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| PapersError::Malformed { path, what: "private key" })?
        };
        let own = CertifiedKey::from_der(certificates(&folder.join(CERTIFICATE))?, key, &provider);
        let own = own.map_err(|error| match error {
            Error::InconsistentKeys(_) => PapersError::Mismatch(folder.to_owned()),
            _ => PapersError::Malformed { path: folder.join(KEY), what: "private key of a kind that is known here" },
        })?;
        let ca = folder.join(CA);
        let malformed = || PapersError::Malformed { path: ca.clone(), what: "certificate of a CA" };
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&ca)? {
            roots.add(certificate).map_err(|_| malformed())?;
        }
        let roots = Arc::new(roots);
        let clients = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone());
        let clients = clients.build().map_err(|_| malformed())?;
        Ok(Self { folder: folder.to_owned(), own: Arc::new(own), roots, clients, provider })
    }

    /// Whether the other side will take these for those of `side`, at `now` in UTC milliseconds.
    pub fn check(&self, side: Side, now: u64) -> Result<(), PapersError> {
        let now = unix_time(now);
        let checked =
            self.own.cert.split_first().ok_or(Error::NoCertificatesPresented).and_then(|(own, between)| match side {
                Side::Shop => self.clients.verify_client_cert(own, between, now).map(drop),
                Side::Vault => verify_server_cert_signed_by_trust_anchor(
                    &ParsedCertificate::try_from(own)?,
                    &self.roots,
                    between,
                    now,
                    self.provider.signature_verification_algorithms.all,
                ),
            });
        checked.map_err(|error| {
            let anew = "make new ones for both sides with `noren certificates`";
            let fault = match error {
                Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
                    format!("has expired; {anew}")
                }
                Error::InvalidCertificate(
                    CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
                ) => "is not valid yet; set the clock right".to_owned(),
                Error::InvalidCertificate(
                    CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. },
                ) => format!(
                    "is not for a {side}; take the other one of the two folders that `noren certificates` makes"
                ),
                Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
                    format!("is not signed by the CA in {CA} beside it; put both back from one place, or {anew}")
                }
                error => format!("cannot be used: {error}; {anew}"),
            };
            PapersError::Worthless { path: self.folder.join(CERTIFICATE), fault }
        })
    }

    /// Whether somebody who has shown these certificates is a shop, at `now` in UTC milliseconds.
    pub(crate) fn is_good_shop(&self, shown: &[CertificateDer<'_>], now: u64) -> bool {
        let own = shown.split_first();
        own.is_some_and(|(own, between)| self.clients.verify_client_cert(own, between, unix_time(now)).is_ok())
    }

    /// How a vault answers.
    pub(crate) fn server(&self, now: Now) -> Arc<ServerConfig> {
        let mut config = ServerConfig::builder_with_details(self.provider.clone(), Arc::new(Time(now)))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("ring knows TLS 1.3")
            .with_client_cert_verifier(self.clients.clone())
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(self.own.clone())));
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Arc::new(config)
    }

    /// How a shop asks.
    pub fn client(&self, now: Now) -> Arc<ClientConfig> {
        let mut config = ClientConfig::builder_with_details(self.provider.clone(), Arc::new(Time(now)))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("ring knows TLS 1.3")
            .with_root_certificates(self.roots.clone())
            .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(self.own.clone())));
        config.resumption = Resumption::disabled();
        Arc::new(config)
    }
}

/// Sends what is written at once, and notices when the other side's host is gone without a word.
pub fn attend(stream: impl AsFd) -> io::Result<()> {
    use rustix::net::sockopt;
    sockopt::set_tcp_nodelay(&stream, true)?;
    sockopt::set_socket_keepalive(&stream, true)?;
    sockopt::set_tcp_keepidle(&stream, QUIET)?;
    sockopt::set_tcp_keepintvl(&stream, LOOK_EVERY)?;
    sockopt::set_tcp_keepcnt(&stream, LOOKS)?;
    Ok(())
}

/// The bytes of a file that is its owner's alone.
fn own_file(path: &Path) -> Result<Vec<u8>, PapersError> {
    let io = |source| PapersError::Io { path: path.to_owned(), source };
    let mut file = fs::File::open(path).map_err(io)?;
    let meta = file.metadata().map_err(io)?;
    let mode = meta.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(PapersError::Open { path: path.to_owned(), mode });
    }
    // With room for all of it: one that grows leaves copies behind.
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or(0) + 1);
    io::Read::read_to_end(&mut file, &mut bytes).map_err(io)?;
    Ok(bytes)
}

/// Whether nobody but its owner can change a file, or what stands in a folder.
fn kept_by_owner(path: &Path) -> Result<(), PapersError> {
    let meta = fs::metadata(path).map_err(|source| PapersError::Io { path: path.to_owned(), source })?;
    let mode = meta.permissions().mode() & 0o777;
    if mode & 0o022 == 0 { Ok(()) } else { Err(PapersError::Writable { path: path.to_owned(), mode }) }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, PapersError> {
    kept_by_owner(path)?;
    path.parent().map_or(Ok(()), kept_by_owner)?;
    let bytes = fs::read(path).map_err(|source| PapersError::Io { path: path.to_owned(), source })?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let some = read.ok().filter(|certificates| !certificates.is_empty());
    some.ok_or_else(|| PapersError::Malformed { path: path.to_owned(), what: "certificate" })
}

fn unix_time(millis: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_millis(millis))
}

struct Time(Now);

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Time")
    }
}

impl TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        Some(unix_time((self.0)()))
    }
}

#[cfg(test)]
pub(crate) mod tests;
