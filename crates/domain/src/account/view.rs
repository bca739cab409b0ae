//! What the account pages show.

use serde::{Deserialize, Serialize};

use crate::Lang;
use crate::account::{Attention, FactorsView, SignInView};
use crate::notice::NoticeView;

masked!(AccountView, SecurityView, ReadProof, DeviceView, HappenedView);

/// The account's first page.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    /// The address of the account; `None`: the key of this person's data is lost, and they open no more.
    pub email: Option<String>,
    /// The name, if one was given.
    pub name: Option<String>,
    /// Customer since, UTC ms.
    pub since: i64,
    /// How many things wait for the person on the security page.
    pub attention: u32,
    /// When the address changes, UTC ms; `None`: no change waits.
    pub email_waits: Option<i64>,
}

/// Everything on the security page.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityView {
    /// What waits for the person, in the order of the page's list.
    pub attention: Vec<Attention>,
    /// Notices about this person, the newest first.
    pub notices: Vec<NoticeView>,
    /// When the password was last set, UTC ms.
    pub password_changed_at: i64,
    /// The check phrase in the language of the mails, and where the page's is another one, in that as well.
    pub phrases: Vec<(Lang, String)>,
    /// Browsers signed in now; this one first.
    pub devices: Vec<DeviceView>,
    /// Tries to sign in, the newest first.
    pub sign_ins: Vec<SignInView>,
    /// What happened to the account, the newest first.
    pub happened: Vec<HappenedView>,
    /// The second factors.
    pub factors: FactorsView,
    /// When the last mail to the account's address came back, UTC ms.
    pub undelivered: Option<i64>,
    /// When the person said of a sign-in that it was not theirs, UTC ms, while the password is still the one of then.
    pub reported_at: Option<i64>,
    /// Who read the person's data.
    pub reads: Reads,
}

/// Who read a person's data, as far as that can be said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reads {
    /// As the ledger has it.
    Shown(ReadsView),
    /// The vault does not answer now.
    Away,
    /// The key of this person's data is lost: the ledger of now knows nobody by it.
    Lost,
}

/// Who read a person's data, as the vault's ledger proves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadsView {
    /// The key that the ledger's checkpoints are signed with now.
    pub key: String,
    /// One for each name that the ledger has for this person, and one more for each ledger of before a restore. Most
    /// people have one; whoever ordered as a guest before has more.
    pub proofs: Vec<ReadProof>,
}

/// All that the ledger holds under one name, with the proof that it is all.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadProof {
    /// What the ledger calls the person: 32 hexadecimal digits.
    pub tag: String,
    /// The key that it is verified with.
    pub key: String,
    /// A C2SP tlog-proof (docs/LEDGER.md).
    pub proof: String,
}

/// One browser that is signed in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceView {
    /// The session's id, to end it by.
    pub id: uuid::Uuid,
    /// What kind of browser.
    pub browser: Browser,
    /// IPv4 /24 or IPv6 /64; empty: not known.
    pub network: String,
    /// Signed in at, UTC ms.
    pub since: i64,
    /// Last seen at, UTC ms; kept to within a few minutes.
    pub seen: i64,
    /// Whether it is the browser that asks.
    pub current: bool,
}

/// Something that happened to the account, whoever did it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HappenedView {
    /// When, UTC ms.
    pub at: i64,
    /// What, in the words by which the mail about it is called.
    pub what: String,
    /// What kind of browser it came from; `None`: from none, the shop's own people did it.
    pub browser: Option<Browser>,
    /// IPv4 /24 or IPv6 /64; empty: not known.
    pub network: String,
}

/// A browser and its system as far as its `User-Agent` tells: recognisable, not precise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Browser {
    /// `Chrome`, `Safari` …; empty: not recognised.
    pub name: String,
    /// `Windows`, `iPhone` …; empty: not recognised.
    pub system: String,
}

impl Browser {
    /// Reads a `User-Agent` header. The order matters: every browser names its ancestors too.
    pub fn of(user_agent: &str) -> Self {
        let first = |names: &[(&str, &str)]| {
            names
                .iter()
                .find(|(mark, _)| user_agent.contains(mark))
                .map(|(_, name)| (*name).to_owned())
                .unwrap_or_default()
        };
        Self {
            name: first(&[
                ("Edg", "Edge"),
                ("OPR/", "Opera"),
                ("SamsungBrowser", "Samsung Internet"),
                ("Firefox/", "Firefox"),
                ("FxiOS", "Firefox"),
                ("CriOS", "Chrome"),
                ("Chrome/", "Chrome"),
                ("Safari/", "Safari"),
                ("curl/", "curl"),
            ]),
            system: first(&[
                ("iPhone", "iPhone"),
                ("iPad", "iPad"),
                ("Android", "Android"),
                ("Windows", "Windows"),
                ("Macintosh", "Mac"),
                ("CrOS", "ChromeOS"),
                ("Linux", "Linux"),
            ]),
        }
    }

    /// `Chrome（Windows）`, or that it could not be recognised.
    pub fn words(&self, lang: Lang) -> String {
        match (self.name.as_str(), self.system.as_str()) {
            ("", "") => lang.pick("不明なブラウザー", "Unknown browser").to_owned(),
            (name, "") => name.to_owned(),
            ("", system) => lang.pick(format!("{system}のブラウザー"), format!("Browser on {system}")),
            (name, system) => lang.pick(format!("{name}（{system}）"), format!("{name} on {system}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_told_from_its_ancestors() {
        let of = |ua: &str| Browser::of(ua).words(Lang::En);
        assert_eq!(
            of(
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0"
            ),
            "Edge on Windows"
        );
        assert_eq!(
            of(
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1"
            ),
            "Safari on iPhone"
        );
        assert_eq!(of("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"), "Firefox on Linux");
        assert_eq!(of("curl/8.0"), "curl");
        assert_eq!(of(""), "Unknown browser");
    }
}
