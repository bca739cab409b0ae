//! Sessions: who is signed in where. The browser holds a token, the database its hash.

use std::net::IpAddr;

use noren_domain::Id;
use noren_domain::account::{Customer, Session};

use crate::Shop;
use crate::token::Token;

/// The browser and the network a request comes from, as the list of devices shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// `User-Agent`, at most 300 characters.
    pub user_agent: String,
    /// IPv4 /24 or IPv6 /64: enough to recognise one's own, too little to find a door.
    pub network: String,
}

impl Device {
    /// Cuts both down to what is kept.
    pub fn new(user_agent: String, address: Option<IpAddr>) -> Self {
        let network = match address.map(|a| a.to_canonical()) {
            Some(IpAddr::V4(v4)) => {
                let [a, b, c, _] = v4.octets();
                format!("{a}.{b}.{c}.0/24")
            }
            Some(IpAddr::V6(v6)) => {
                let [a, b, c, d, ..] = v6.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
            None => String::new(),
        };
        Self { user_agent: user_agent.chars().filter(|c| !c.is_control()).take(300).collect(), network }
    }
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The session.
    pub session: Id<Session>,
    /// The customer.
    pub customer: Id<Customer>,
}

/// The session that `token` opens, if it has not ended or expired.
pub async fn find(_shop: &Shop, _token: &Token) -> Result<Option<SignedIn>, sqlx::Error> {
    Ok(None)
}
