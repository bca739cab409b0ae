//! What the account pages show.

use serde::{Deserialize, Serialize};

use crate::Lang;
use crate::account::{Attention, FactorsView, StepCode};
use crate::notice::NoticeView;

masked!(AccountView, SecurityView, ReadProof, DeviceView, SignInView, HappenedView);

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

/// How a try to sign in ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInOutcome {
    /// Signed in.
    Ok,
    /// The password, or a code from the mailbox, was right; another code was asked for as well.
    Asked,
    /// The password was wrong.
    WrongPassword,
    /// The code was wrong.
    WrongCode,
    /// Too many tries; the password was not even looked at.
    Blocked,
}

impl SignInOutcome {
    /// The word stored in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Asked => "asked",
            Self::WrongPassword => "wrong_password",
            Self::WrongCode => "wrong_code",
            Self::Blocked => "blocked",
        }
    }

    /// Reads [`Self::word`]; an unknown word counts as blocked, the most careful reading.
    pub fn from_word(word: &str) -> Self {
        match word {
            "ok" => Self::Ok,
            "asked" => Self::Asked,
            "wrong_password" => Self::WrongPassword,
            "wrong_code" => Self::WrongCode,
            _ => Self::Blocked,
        }
    }
}

/// By what somebody came in; of one who was asked for a code as well and has not given it, what they had given so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInWay {
    /// The password alone, in a browser that its owner is known by.
    Password,
    /// The password, and a code from the mailbox.
    PasswordMail,
    /// The password, and the code of an app.
    PasswordApp,
    /// The password, and a recovery code.
    PasswordRecovery,
    /// A code from the mailbox: to sign in, or to set a new password.
    Mail,
    /// A code from the mailbox, and the code of an app.
    MailApp,
    /// A code from the mailbox, and a recovery code.
    MailRecovery,
    /// A passkey.
    Passkey,
    /// The code that ended the registration.
    Registration,
}

impl SignInWay {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Password,
        Self::PasswordMail,
        Self::PasswordApp,
        Self::PasswordRecovery,
        Self::Mail,
        Self::MailApp,
        Self::MailRecovery,
        Self::Passkey,
        Self::Registration,
    ];

    /// The word stored in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::PasswordMail => "password_mail",
            Self::PasswordApp => "password_app",
            Self::PasswordRecovery => "password_recovery",
            Self::Mail => "mail",
            Self::MailApp => "mail_app",
            Self::MailRecovery => "mail_recovery",
            Self::Passkey => "passkey",
            Self::Registration => "registration",
        }
    }

    /// Reads [`Self::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.word() == word)
    }

    /// The way of somebody who had come so far and then gave `code`; `None`: no sign-in goes on like that.
    pub const fn then(self, code: &StepCode) -> Option<Self> {
        match (self, code) {
            (Self::Password, StepCode::Digits(_)) => Some(Self::PasswordMail),
            (Self::Password, StepCode::App(_)) => Some(Self::PasswordApp),
            (Self::Password, StepCode::Recovery(_)) => Some(Self::PasswordRecovery),
            (Self::Mail, StepCode::App(_)) => Some(Self::MailApp),
            (Self::Mail, StepCode::Recovery(_)) => Some(Self::MailRecovery),
            _ => None,
        }
    }
}

/// What a sign-in waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedFor {
    /// The code from a mail.
    #[default]
    Mail,
    /// The code of an authenticator app, or a recovery code.
    App,
}

impl AskedFor {
    /// The word stored in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::App => "app",
        }
    }

    /// Reads [`Self::word`]; an unknown word asks for the stronger one.
    pub fn from_word(word: &str) -> Self {
        if word == "mail" { Self::Mail } else { Self::App }
    }
}

/// What the owner of an account says of a try to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInAnswer {
    /// It was they.
    Me,
    /// It was somebody else.
    NotMe,
}

impl SignInAnswer {
    /// The word stored in the database and sent by the form.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Me => "me",
            Self::NotMe => "not_me",
        }
    }

    /// Reads [`Self::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Me, Self::NotMe].into_iter().find(|answer| answer.word() == word)
    }
}

/// One try to sign in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInView {
    /// Its number, to answer it by.
    pub id: uuid::Uuid,
    /// When, UTC ms.
    pub at: i64,
    /// How it ended.
    pub outcome: SignInOutcome,
    /// By what; `None`: nobody came in, or it was not written down yet then.
    pub way: Option<SignInWay>,
    /// What kind of browser.
    pub browser: Browser,
    /// IPv4 /24 or IPv6 /64; empty: not known.
    pub network: String,
    /// What its owner said of it.
    pub answer: Option<SignInAnswer>,
}

impl SignInView {
    /// Whether its owner can tell who it was: somebody who had the password, or their mailbox.
    pub fn can_be_answered(&self) -> bool {
        self.answer.is_none() && matches!(self.outcome, SignInOutcome::Ok | SignInOutcome::Asked)
    }

    /// Whether its owner can say that it was somebody else: also after it was said that it was they, for whoever sits in
    /// a session may have said so.
    pub fn can_be_reported(&self) -> bool {
        self.answer != Some(SignInAnswer::NotMe) && matches!(self.outcome, SignInOutcome::Ok | SignInOutcome::Asked)
    }

    /// Whether its owner must look: somebody had the password, or a code from the mailbox, and not the code that was asked
    /// for next.
    pub fn needs_answer(&self) -> bool {
        self.answer.is_none() && self.outcome == SignInOutcome::Asked
    }
}

/// One page of the tries to sign in, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInPage {
    /// The tries.
    pub sign_ins: Vec<SignInView>,
    /// After what this page begins, as its address says it; `None`: with the newest one.
    pub after: Option<String>,
    /// After what the next page begins; `None`: there are no older ones.
    pub older: Option<String>,
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

/// The way out for somebody whose account was used by somebody else: what is done, and what is left to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotMeView {
    /// When the sign-in was reported, UTC ms.
    pub reported_at: i64,
    /// Whether a new password was set since.
    pub password_changed: bool,
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

    /// `Chrome(Windows)`, or that it could not be recognised.
    pub fn words(&self, lang: Lang) -> String {
        match (self.name.as_str(), self.system.as_str()) {
            ("", "") => lang.pick("不明なブラウザー", "Unknown browser").to_owned(),
            (name, "") => name.to_owned(),
            ("", system) => lang.pick(format!("{system}のブラウザー"), format!("Browser on {system}")),
            (name, system) => lang.pick(format!("{name}({system})"), format!("{name} on {system}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{RecoveryCode, Totp, Verify};

    #[test]
    fn every_way_in_is_read_back_from_its_word() {
        for way in SignInWay::ALL {
            assert_eq!(SignInWay::from_word(way.word()), Some(way));
        }
        assert_eq!(SignInWay::from_word("noise"), None);
    }

    #[test]
    fn a_way_in_goes_on_by_the_code_that_was_given_next() {
        let mail = StepCode::Digits(Verify::parse("12345678").unwrap());
        let app = StepCode::App(Totp::parse("123456").unwrap());
        let paper = StepCode::Recovery(RecoveryCode::new([7; 15]));
        let then =
            |way: SignInWay| [way.then(&mail), way.then(&app), way.then(&paper)].map(|way| way.map(SignInWay::word));
        assert_eq!(then(SignInWay::Password), [Some("password_mail"), Some("password_app"), Some("password_recovery")]);
        assert_eq!(then(SignInWay::Mail), [None, Some("mail_app"), Some("mail_recovery")]);
        assert_eq!(then(SignInWay::Passkey), [None; 3], "it is both factors");
    }

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
