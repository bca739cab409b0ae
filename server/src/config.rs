//! Configuration: defaults that work, then `noren.toml`, then `NOREN_*` variables, then flags.
//! Every fault is reported at once, each with its remedy.

mod mail;
mod vault;

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::Args;
use noren_shop::mail::Outgoing;
use noren_shop::vault::Place;

use self::vault::Apart;
use crate::proxies::TrustedProxies;
use crate::witnesses::Witnesses;

/// The flags of every command; each also has a variable and a line in `noren.toml`.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Settings of the shop")]
pub struct Flags {
    /// Data folder: database file, media, keys, mailbox [`NOREN_DATA`, default ./data]
    #[arg(long, global = true)]
    pub data: Option<String>,
    /// `postgres://…`, or nothing for the SQLite file in the data folder [`NOREN_DATABASE_URL`]
    #[arg(long, global = true)]
    pub database_url: Option<String>,
    /// Where the shop listens [`NOREN_ADDR`, default 127.0.0.1:3000]
    #[arg(long, global = true)]
    pub addr: Option<String>,
    /// Where /metrics listens [`NOREN_METRICS_ADDR`, default 127.0.0.1:3200]
    #[arg(long, global = true)]
    pub metrics_addr: Option<String>,
    /// Public URL, as links in mails need it [`NOREN_URL`, default `http://localhost` with the port of the address]
    #[arg(long, global = true)]
    pub url: Option<String>,
    /// Built site: wasm, css, pictures [`NOREN_SITE`]
    #[arg(long, global = true)]
    pub site: Option<String>,
    /// Sample goods and demo accounts at first start: on or off [`NOREN_SAMPLE`]
    #[arg(long, global = true)]
    pub sample: Option<String>,
    /// development or production [`NOREN_ENV`, needed as soon as others can reach the shop; else development]
    #[arg(long, global = true)]
    pub env: Option<String>,
    /// Addresses or networks of the proxies in front, set apart by commas [`NOREN_TRUSTED_PROXIES`, default none]
    #[arg(long, global = true)]
    pub trusted_proxies: Option<String>,
    /// Socket of a vault that runs apart, or `tls://host:port` [`NOREN_VAULT_SOCKET`, default: the shop starts its own]
    #[arg(long, global = true)]
    pub vault_socket: Option<String>,
    /// Folder with this side's certificate, its key and the CA, for a vault at `tls://…` [`NOREN_VAULT_TLS`]
    #[arg(long, global = true)]
    pub vault_tls: Option<String>,
    /// Users by number, set apart by commas, whose shop may ask a vault that runs apart [`NOREN_VAULT_USERS`]
    #[arg(long, global = true)]
    pub vault_users: Option<String>,
    /// How many people may be read a minute for one purpose [`NOREN_VAULT_PER_MINUTE`, default 6000]
    #[arg(long, global = true)]
    pub vault_per_minute: Option<String>,
    /// Hold new passwords against Pwned Passwords, an outside service: on or off [`NOREN_PWNED_PASSWORDS`, default off]
    #[arg(long, global = true)]
    pub pwned_passwords: Option<String>,
    /// Witnesses of the read ledger, each `KEY URL`, set apart by commas [`NOREN_WITNESSES`, default none]
    #[arg(long, global = true)]
    pub witnesses: Option<String>,
    /// Mail server: `smtps://user@host:465` or `smtp+starttls://user@host:587` [`NOREN_SMTP`, default: the mailbox folder]
    #[arg(long, global = true)]
    pub smtp: Option<String>,
    /// File with the password for the mail server, mode 600 [`NOREN_SMTP_PASSWORD_FILE`]
    #[arg(long, global = true)]
    pub smtp_password_file: Option<String>,
    /// File with a certificate (PEM) that is believed besides the system's [`NOREN_SMTP_CA_FILE`]
    #[arg(long, global = true)]
    pub smtp_ca_file: Option<String>,
    /// Address that mails come from [`NOREN_MAIL_FROM`, default: shop@ the host of the public URL]
    #[arg(long, global = true)]
    pub mail_from: Option<String>,
    /// DKIM: name below `_domainkey` where the public key stands [`NOREN_DKIM_SELECTOR`]
    #[arg(long, global = true)]
    pub dkim_selector: Option<String>,
    /// DKIM: file with the private key (RSA or Ed25519, PEM), mode 600 [`NOREN_DKIM_KEY_FILE`]
    #[arg(long, global = true)]
    pub dkim_key_file: Option<String>,
}

/// A configuration without faults.
#[derive(Clone, Debug)]
pub struct Config {
    /// Data folder.
    pub data: PathBuf,
    /// PostgreSQL URL; `None`: SQLite in the data folder.
    pub database_url: Option<String>,
    /// Where the shop listens.
    pub addr: SocketAddr,
    /// Where the metrics listen.
    pub metrics_addr: SocketAddr,
    /// Public URL, no slash at its end.
    pub url: String,
    /// Folder of the built site.
    pub site: PathBuf,
    /// Whether first start stocks the sample shop.
    pub sample: bool,
    /// Development: test bank, mailbox page, demo accounts.
    pub development: bool,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
    /// Where a vault that runs apart listens; `None`: the shop starts its own.
    pub vault_socket: Option<Place>,
    /// Other users who may ask the vault, by number.
    pub vault_users: Vec<u32>,
    /// How many people may be read a minute for one purpose.
    pub vault_per_minute: u32,
    /// Whether new passwords are held against Pwned Passwords.
    pub pwned_passwords: bool,
    /// Who cosigns the read ledger's checkpoints.
    pub witnesses: Witnesses,
    /// How mails leave.
    pub outgoing: Outgoing,
}

/// Everything that is wrong with a configuration.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigFaults(pub Vec<String>);

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the configuration has {} fault(s):", self.0.len())?;
        for fault in &self.0 {
            writeln!(f, "  - {fault}")?;
        }
        Ok(())
    }
}

/// The settings by their name in `noren.toml`.
const NAMES: [&str; 21] = [
    "data",
    "database_url",
    "addr",
    "metrics_addr",
    "url",
    "site",
    "sample",
    "env",
    "trusted_proxies",
    "vault_socket",
    "vault_tls",
    "vault_users",
    "vault_per_minute",
    "pwned_passwords",
    "witnesses",
    "smtp",
    "smtp_password_file",
    "smtp_ca_file",
    "mail_from",
    "dkim_selector",
    "dkim_key_file",
];

/// Beginnings of variables that are called like settings and are none: of the log, and of the project's own
/// scripts and tests.
const OTHER_VARIABLES: [&str; 4] = ["NOREN_LOG", "NOREN_BIN", "NOREN_E2E_", "NOREN_TEST_"];

/// Those of `variables` that look like a setting and are none: a misspelt one would be passed over in
/// silence. No fault, for Kubernetes gives every pod `NOREN_PORT` and its like for a service `noren`.
pub fn unknown_variables(variables: impl Iterator<Item = String>) -> Vec<String> {
    let setting = |name: &str| NAMES.iter().any(|known| name.strip_prefix("NOREN_") == Some(&known.to_uppercase()));
    let other = |name: &str| OTHER_VARIABLES.iter().any(|other| name.starts_with(other));
    let mut unknown: Vec<String> =
        variables.filter(|name| name.starts_with("NOREN_") && !setting(name) && !other(name)).collect();
    unknown.sort();
    unknown
}

/// The text of the file at `path`; `None` if there is no such file. One that is there and cannot be
/// read is a fault: without what it says, a shop would open that nobody meant to open.
pub fn read_file(path: &Path) -> Result<Option<String>, ConfigFaults> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let remedy = "let the shop's user read it, and write it as UTF-8 text";
            Err(ConfigFaults(vec![format!("{} is there but cannot be read: {error}; {remedy}", path.display())]))
        }
    }
}

/// Puts flags, variables and the text of `noren.toml` together.
pub fn gather(
    flags: &Flags,
    variable: impl Fn(&str) -> Option<String>,
    toml: Option<&str>,
) -> Result<Config, ConfigFaults> {
    let mut faults = Vec::new();
    let file = read_toml(toml, &mut faults);
    let given = |name: &str, flag: &Option<String>| -> Option<String> {
        // Each source by itself: an empty variable says nothing, so it hides nothing either.
        let said = |value: &String| !value.is_empty();
        flag.clone()
            .filter(said)
            .or_else(|| variable(&format!("NOREN_{}", name.to_uppercase())).filter(said))
            .or_else(|| file.get(name).cloned().filter(said))
    };
    let addr = |name: &str, flag: &Option<String>, default: &str, faults: &mut Vec<String>| {
        let raw = given(name, flag).unwrap_or_else(|| default.to_owned());
        raw.parse::<SocketAddr>().map_err(|_| {
            faults.push(format!(
                "{name} = \"{raw}\" is no address; write host:port with a number for the host, such as {default}"
            ));
        })
    };
    let listen = addr("addr", &flags.addr, "127.0.0.1:3000", &mut faults);
    let metrics = addr("metrics_addr", &flags.metrics_addr, "127.0.0.1:3200", &mut faults);
    let env = given("env", &flags.env);
    let development = match env.as_deref() {
        None | Some("development") => true,
        Some("production") => false,
        Some(other) => {
            faults.push(format!("env = \"{other}\" is unknown; write development or production"));
            true
        }
    };
    let switch = |name: &str, flag: &Option<String>, default: bool, faults: &mut Vec<String>| match given(name, flag)
        .as_deref()
    {
        None => default,
        Some("on" | "true" | "1") => true,
        Some("off" | "false" | "0") => false,
        Some(other) => {
            faults.push(format!("{name} = \"{other}\" is unknown; write on or off"));
            default
        }
    };
    let sample = switch("sample", &flags.sample, development, &mut faults);
    let pwned_passwords = switch("pwned_passwords", &flags.pwned_passwords, false, &mut faults);
    let database_url = given("database_url", &flags.database_url);
    if let Some(url) = &database_url
        && !(url.starts_with("postgres://") || url.starts_with("postgresql://"))
    {
        faults.push(
            "database_url must start with postgres://; leave it out to use the SQLite file in the data folder"
                .to_owned(),
        );
    }
    let url = given("url", &flags.url).or_else(|| listen.as_ref().ok().map(at_home)).unwrap_or_default();
    if !(url.is_empty() || host(&url).is_some()) {
        faults.push(format!(
            "url = \"{url}\" is no address of a shop; write such as https://shop.example (or http:// in development)"
        ));
    } else if !development && !url.starts_with("https://") {
        faults.push(
            "in production url must be given and start with https://: cookies and links in mails depend on it"
                .to_owned(),
        );
    }
    if env.is_none()
        && let Some(open) = open_to_others(&url, listen.ok())
    {
        faults.push(format!(
            "env is not given, and {open}: in development everybody who reaches the shop can read its mails and pay with \
             made-up money; write env = \"production\" (or \"development\", if this machine is only yours)"
        ));
    }
    let proxies = TrustedProxies::parse(&given("trusted_proxies", &flags.trusted_proxies).unwrap_or_default());
    if let Err(wrong) = &proxies {
        faults.push(format!(
            "trusted_proxies: \"{wrong}\" is neither an address nor a network; write such as 10.0.0.7 or 10.0.0.0/8"
        ));
    }
    let apart = Apart::read(
        given("vault_socket", &flags.vault_socket).as_deref(),
        given("vault_tls", &flags.vault_tls).as_deref(),
        given("vault_users", &flags.vault_users).as_deref(),
        &mut faults,
    );
    let vault_per_minute = given("vault_per_minute", &flags.vault_per_minute);
    let vault_per_minute = match vault_per_minute.as_deref().map(str::parse) {
        None => noren_vault::policy::Limits::default().per_minute,
        Some(Ok(most)) if most > 0 => most,
        Some(_) => {
            faults.push("vault_per_minute must be a number of people, such as 6000".to_owned());
            0
        }
    };
    let witnesses = Witnesses::parse(&given("witnesses", &flags.witnesses).unwrap_or_default());
    let witnesses = witnesses.unwrap_or_else(|wrong| {
        faults.extend(wrong);
        Witnesses::default()
    });
    let [smtp, password_file, ca_file, from, selector, key_file] = [
        ("smtp", &flags.smtp),
        ("smtp_password_file", &flags.smtp_password_file),
        ("smtp_ca_file", &flags.smtp_ca_file),
        ("mail_from", &flags.mail_from),
        ("dkim_selector", &flags.dkim_selector),
        ("dkim_key_file", &flags.dkim_key_file),
    ]
    .map(|(name, flag)| given(name, flag));
    let mails = mail::Given {
        smtp: smtp.as_deref(),
        password_file: password_file.as_deref(),
        ca_file: ca_file.as_deref(),
        from: from.as_deref(),
        selector: selector.as_deref(),
        key_file: key_file.as_deref(),
    };
    let outgoing = mail::read(mails, &url, &mut faults);
    match (listen, metrics) {
        (Ok(addr), Ok(metrics_addr)) if faults.is_empty() => Ok(Config {
            data: given("data", &flags.data).unwrap_or_else(|| "data".to_owned()).into(),
            database_url,
            addr,
            metrics_addr,
            url: url.trim_end_matches('/').to_owned(),
            site: given("site", &flags.site).map_or_else(default_site, PathBuf::from),
            sample,
            development,
            trusted_proxies: proxies.unwrap_or_default(),
            vault_socket: apart.place,
            vault_users: apart.users,
            vault_per_minute,
            pwned_passwords,
            witnesses,
            outgoing,
        }),
        _ => Err(ConfigFaults(faults)),
    }
}

/// The address by which a shop that listens at `addr` is opened on its own machine: by name where the name leads there, for
/// an address in numbers has no passkeys (WebAuthn 5.1.3).
fn at_home(addr: &SocketAddr) -> String {
    let ip = addr.ip().to_canonical();
    let by_name = ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST || ip.is_unspecified();
    if by_name { format!("http://localhost:{}", addr.port()) } else { format!("http://{addr}") }
}

/// What says that others than this machine's user can reach the shop, in words.
fn open_to_others(url: &str, listen: Option<SocketAddr>) -> Option<String> {
    if !url.is_empty() && !on_this_machine(url) {
        return Some(format!("url = \"{url}\" is a public address"));
    }
    let addr = listen.filter(|addr| !addr.ip().to_canonical().is_loopback())?;
    Some(format!("addr = \"{addr}\" listens to more than this machine"))
}

/// The host of an address such as links in mails begin with, if it is one: scheme, host, perhaps a port and a
/// path, and nothing that names a person.
pub(crate) fn host(url: &str) -> Option<String> {
    let parsed = url.parse::<axum::http::Uri>().ok()?;
    let authority = parsed.authority()?;
    let bare = matches!(parsed.scheme_str(), Some("http" | "https"))
        && !authority.as_str().contains('@')
        && !authority.host().is_empty()
        && parsed.query().is_none()
        && !url.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '#' | '\\'));
    bare.then(|| authority.host().trim_end_matches('.').to_ascii_lowercase())
}

/// Whether a URL can only be opened on the machine itself (RFC 6761, 6.3: `localhost` and what is below it).
fn on_this_machine(url: &str) -> bool {
    let Some(host) = host(url).filter(|_| url.starts_with("http://")) else { return false };
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = address.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
    loopback || host == "localhost" || host.ends_with(".localhost")
}

fn read_toml(toml: Option<&str>, faults: &mut Vec<String>) -> std::collections::BTreeMap<String, String> {
    let Some(text) = toml else { return std::collections::BTreeMap::new() };
    let table = match text.parse::<toml::Table>() {
        Ok(table) => table,
        Err(error) => {
            // The error's own words show the line as it stands, which may hold a password.
            let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count()) + 1;
            faults.push(format!("noren.toml line {line}: {}", error.message()));
            return std::collections::BTreeMap::new();
        }
    };
    let mut read = std::collections::BTreeMap::new();
    for (name, value) in table {
        if !NAMES.contains(&name.as_str()) {
            faults.push(format!("noren.toml: unknown setting \"{name}\"; known are {}", NAMES.join(", ")));
            continue;
        }
        match value {
            toml::Value::String(text) => drop(read.insert(name, text)),
            toml::Value::Boolean(on) => drop(read.insert(name, on.to_string())),
            toml::Value::Array(list) if name == "witnesses" => {
                let each = list.iter().map(|one| one.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>();
                match each {
                    Some(each) => drop(read.insert(name, each.join(","))),
                    None => faults.push("noren.toml: witnesses must be a list of texts in quotes".to_owned()),
                }
            }
            toml::Value::Integer(number) if name == "vault_per_minute" => drop(read.insert(name, number.to_string())),
            other => faults.push(format!("noren.toml: {name} must be a text in quotes, not {}", other.type_str())),
        }
    }
    read
}

/// `site` beside the binary in a release, `target/site` otherwise.
fn default_site() -> PathBuf {
    let beside = std::env::current_exe().ok().and_then(|exe| exe.parent().map(|dir| dir.join("site")));
    beside.filter(|dir| dir.is_dir()).unwrap_or_else(|| Path::new("target/site").to_owned())
}

#[cfg(test)]
mod tests;
