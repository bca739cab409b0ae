//! Where a vault listens, and where it is asked.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rustls::pki_types::ServerName;

use crate::tls::Papers;

/// Where a vault listens.
#[derive(Clone, Debug)]
pub enum Place {
    /// At a socket of this machine: the system says who connects.
    Socket(PathBuf),
    /// At a port, for whoever has a certificate.
    Tls(Address, Papers),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => path.display().fmt(f),
            Self::Tls(address, _) => address.fmt(f),
        }
    }
}

impl From<&Path> for Place {
    fn from(path: &Path) -> Self {
        Self::Socket(path.to_owned())
    }
}

impl From<&PathBuf> for Place {
    fn from(path: &PathBuf) -> Self {
        Self::Socket(path.clone())
    }
}

impl From<&Self> for Place {
    fn from(place: &Self) -> Self {
        place.clone()
    }
}

/// What a place of the second kind begins with.
pub const SCHEME: &str = "tls://";

/// A host and a port, written such as `tls://vault.example:3300` or `tls://[::1]:3300`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
    name: ServerName<'static>,
}

/// A text that names no host and port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no address of a vault; write such as tls://vault.example:3300")]
pub struct NoAddress;

impl Address {
    /// The host, an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// What the certificate of the vault there must be for.
    pub fn name(&self) -> ServerName<'static> {
        self.name.clone()
    }

    /// The same host, another port.
    pub(crate) fn at_port(&self, port: u16) -> Self {
        Self { port, ..self.clone() }
    }
}

impl FromStr for Address {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Self, NoAddress> {
        let (host, port) = text.strip_prefix(SCHEME).and_then(|rest| rest.rsplit_once(':')).ok_or(NoAddress)?;
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        if bracketed.is_some() != host.contains(':') {
            return Err(NoAddress);
        }
        let host = bracketed.unwrap_or(host).to_owned();
        let name = ServerName::try_from(host.clone()).map_err(|_| NoAddress)?;
        Ok(Self { host, port: port.parse().map_err(|_| NoAddress)?, name })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            ServerName::IpAddress(rustls::pki_types::IpAddr::V6(_)) => {
                write!(f, "{SCHEME}[{}]:{}", self.host, self.port)
            }
            _ => write!(f, "{SCHEME}{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_as_it_is_written() {
        for text in ["tls://vault.example:3300", "tls://10.0.0.7:1", "tls://[::1]:3300", "tls://localhost:0"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        let address: Address = "tls://[::1]:3300".parse().unwrap();
        assert_eq!((address.host(), address.port()), ("::1", 3300));
    }

    #[test]
    fn what_names_no_host_and_port_is_no_address() {
        for text in [
            "vault.example:3300",
            "tls://vault.example",
            "tls://:3300",
            "tls://::1:3300",
            "tls://[10.0.0.7]:3300",
            "tls://vault.example:door",
            "tls://vault.example:65536",
            "tls://shop@vault.example:3300",
            "tls://vault.example:3300/",
            "tls://vault example:3300",
        ] {
            assert_eq!(text.parse::<Address>(), Err(NoAddress), "{text}");
        }
    }
}
