//! The proxies whose word about a visitor's address counts.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

/// Addresses and networks of the proxies in front of the shop. Everybody can write
/// `X-Forwarded-For`; only these are believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    bits: u32,
}

impl TrustedProxies {
    /// Reads addresses and networks (`10.0.0.0/8`), set apart by commas or spaces; an unreadable one comes back.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split([',', ' ']).filter(|part| !part.is_empty());
        parts.map(|part| Network::parse(part).ok_or_else(|| part.to_owned())).collect::<Result<_, _>>().map(Self)
    }

    /// Whether none is trusted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// The visitor's address: `peer`, unless that is a trusted proxy. Then the right-most address in
    /// `X-Forwarded-For` that is no trusted proxy: whatever stands further left, the visitor may have written.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let hops =
            headers.get_all("x-forwarded-for").iter().rev().flat_map(|line| line.as_bytes().rsplit(|b| *b == b','));
        for hop in hops {
            if !self.trusts(client) {
                break;
            }
            let Some(address) = address(hop) else { break };
            client = address;
        }
        client
    }
}

/// An address as proxies write it: bare, in brackets, or with a port.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    bare.parse().or_else(|_| hop.parse::<SocketAddr>().map(|with_port| with_port.ip())).ok().map(|ip| ip.to_canonical())
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address.parse::<IpAddr>().ok()?, Some(bits.parse::<u32>().ok()?)),
            None => (text.parse::<IpAddr>().ok()?, None),
        };
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        (bits <= most).then_some(Self { address, bits })
    }

    fn contains(self, other: IpAddr) -> bool {
        match (self.address, other) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                (u32::from(a) ^ u32::from(b)).checked_shr(32 - self.bits).unwrap_or_default() == 0
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => {
                (u128::from(a) ^ u128::from(b)).checked_shr(128 - self.bits).unwrap_or_default() == 0
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &str, peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        TrustedProxies::parse(trusted).unwrap().client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn nobody_is_believed_unless_trusted() {
        assert_eq!(client("", "203.0.113.5", &["198.51.100.9"]), "203.0.113.5");
        assert_eq!(client("10.0.0.0/8", "203.0.113.5", &["198.51.100.9"]), "203.0.113.5");
    }

    #[test]
    fn a_trusted_proxy_names_the_visitor_and_nobody_can_write_over_it() {
        assert_eq!(client("10.0.0.1", "10.0.0.1", &["198.51.100.9"]), "198.51.100.9");
        assert_eq!(client("10.0.0.1", "10.0.0.1", &["1.1.1.1, 198.51.100.9"]), "198.51.100.9");
        assert_eq!(client("10.0.0.1", "10.0.0.1", &["1.1.1.1", "198.51.100.9"]), "198.51.100.9");
        assert_eq!(client("10.0.0.1", "10.0.0.1", &["10.0.0.1, 198.51.100.9"]), "198.51.100.9");
        // Behind two proxies: the nearer one names the further one, that one names the visitor.
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &["1.1.1.1, 198.51.100.9, 10.2.3.4"]), "198.51.100.9");
        assert_eq!(client("10.0.0.1", "::ffff:10.0.0.1", &["198.51.100.9:4711"]), "198.51.100.9");
        assert_eq!(client("::1", "::1", &["[2001:db8::7]:4711"]), "2001:db8::7");
    }

    #[test]
    fn what_cannot_be_read_leads_no_further() {
        assert_eq!(client("10.0.0.1", "10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", "10.0.0.1", &["198.51.100.9, unknown"]), "10.0.0.1");
        assert_eq!(client("0.0.0.0/0", "10.0.0.1", &["198.51.100.9"]), "198.51.100.9");
    }

    #[test]
    fn what_is_no_address_is_named() {
        for wrong in ["proxy.internal", "10.0.0.0/33", "10.0.0/8", "::1/129"] {
            assert_eq!(TrustedProxies::parse(&format!("127.0.0.1, {wrong}")), Err(wrong.to_owned()));
        }
    }
}
