//! Whom the shop believes when it calls others over HTTPS.

use std::sync::Arc;

use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// The system's certificates, as for the database: a shop may have an authority of its own.
pub fn tls() -> TlsConfig {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a certificate of the system cannot be read");
    }
    let certificates: Vec<_> = found.certs.iter().map(|one| Certificate::from_der(one).to_owned()).collect();
    TlsConfig::builder()
        .root_certs(RootCerts::from(certificates))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build()
}
