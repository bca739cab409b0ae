//! How mails leave: `smtp`, `smtp_password_file`, `smtp_ca_file`, `mail_from`, `dkim_selector`, `dkim_key_file`.

use std::path::Path;

use noren_shop::mail::dkim::Signer;
use noren_shop::mail::smtp::{Login, Patience, Relay, Security, Server};
use noren_shop::mail::{Address, Outgoing};

/// The settings as they were given; none of them is a secret, only what stands in the files is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given<'a> {
    /// `smtps://user@host:465`, `smtp+starttls://…:587`, `smtp://…:25` on this machine, or `smtp+plain://…`.
    pub smtp: Option<&'a str>,
    /// File that holds the password.
    pub password_file: Option<&'a str>,
    /// File with a certificate that is believed besides those of the system.
    pub ca_file: Option<&'a str>,
    /// The address that mails come from.
    pub from: Option<&'a str>,
    /// The name under which the public key stands in the DNS.
    pub selector: Option<&'a str>,
    /// File that holds the private key.
    pub key_file: Option<&'a str>,
}

const SCHEMES: &str =
    "write smtps://user@host:465, smtp+starttls://user@host:587, or smtp://127.0.0.1:25 for a server on this machine";

/// Reads the settings and the files that they name, for a shop whose links begin with `url`.
pub fn read(given: Given<'_>, url: &str, faults: &mut Vec<String>) -> Outgoing {
    let host = super::host(url);
    let server = given.smtp.and_then(|smtp| server(smtp, &given, faults));
    for (name, stray) in [("smtp_password_file", given.password_file), ("smtp_ca_file", given.ca_file)] {
        if given.smtp.is_none() && stray.is_some() {
            faults
                .push(format!("{name} is given and smtp is not; name the mail server with smtp, or leave {name} out"));
        }
    }
    let from = given.from.and_then(|from| {
        let wrong = |_| {
            let remedy = "write such as shop@example.jp, without a name";
            faults.push(format!("mail_from = \"{from}\" is no address; {remedy}"));
        };
        from.parse::<Address>().map_err(wrong).ok()
    });
    let signer = match (given.selector, given.key_file) {
        (None, None) => None,
        (Some(selector), Some(file)) => {
            let key = secret("dkim_key_file", file, faults);
            key.and_then(|pem| {
                let signer = Signer::new(selector, pem.as_bytes());
                signer
                    .map_err(|fault| {
                        let (name, said) = match fault {
                            noren_shop::mail::dkim::DkimError::Selector => ("dkim_selector", selector),
                            _ => ("dkim_key_file", file),
                        };
                        faults.push(format!("{name} = \"{said}\" {fault}"));
                    })
                    .ok()
            })
        }
        (selector, _) => {
            let (there, missing) = if selector.is_some() {
                ("dkim_selector", "dkim_key_file")
            } else {
                ("dkim_key_file", "dkim_selector")
            };
            faults
                .push(format!("{there} is given and {missing} is not; mails are signed with both, or leave both out"));
            None
        }
    };
    Outgoing::new(server.map(|server| Relay::new(server, host.as_deref())), from, signer)
}

fn server(smtp: &str, given: &Given<'_>, faults: &mut Vec<String>) -> Option<Server> {
    let Some((scheme, rest)) = smtp.split_once("://") else {
        // What was given may hold a password.
        faults.push(format!("smtp is no address of a mail server; {SCHEMES}"));
        return None;
    };
    let (user, place) = match rest.trim_end_matches('/').rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, rest.trim_end_matches('/')),
    };
    if user.is_some_and(|user| user.contains(':')) {
        faults.push("smtp holds a password, which every list of processes and settings would show; write it into a file that smtp_password_file names, and the user alone into smtp".to_owned());
        return None;
    }
    let (security, port) = match scheme {
        "smtps" => (Security::Tls, 465),
        "smtp+starttls" => (Security::StartTls, 587),
        "smtp" | "smtp+plain" => (Security::Plain, 25),
        _ => {
            faults.push(format!("smtp begins with {scheme}://, which is unknown; {SCHEMES}"));
            return None;
        }
    };
    let Some((host, port)) = host_and_port(place, port) else {
        // A password without an `@` behind it would stand here.
        faults.push(format!("smtp names no host, or a port that is none; {SCHEMES}"));
        return None;
    };
    if scheme == "smtp" && !on_this_machine(&host) {
        faults.push(format!(
            "smtp://{place} would send mails, and a password, over the network for everybody to read; write smtps:// or \
             smtp+starttls://, or smtp+plain:// if that network is only yours"
        ));
        return None;
    }
    let login = match (user.filter(|user| !user.is_empty()), given.password_file) {
        (Some(user), Some(file)) => {
            let password = secret("smtp_password_file", file, faults)?;
            Some(Login { user: user.to_owned(), password: password.trim_end_matches(['\r', '\n']).to_owned().into() })
        }
        (None, None) => None,
        (Some(_), None) => {
            faults.push("smtp names a user and there is no password; write it into a file of mode 600 and name that with smtp_password_file".to_owned());
            return None;
        }
        (None, Some(_)) => {
            faults.push("smtp_password_file is given and smtp names no user; write such as smtps://user@host:465, or leave smtp_password_file out".to_owned());
            return None;
        }
    };
    if login.is_some() && security == Security::Plain && !on_this_machine(&host) {
        faults.push(
            "smtp+plain:// would show the password to everybody on the way; write smtps:// or smtp+starttls://"
                .to_owned(),
        );
        return None;
    }
    let ca = match given.ca_file {
        None => None,
        Some(file) => {
            let read = std::fs::read(file).map_err(|error| {
                faults.push(format!("smtp_ca_file: {file} cannot be read: {error}; let the shop's user read it"));
            });
            Some(read.ok()?)
        }
    };
    Some(Server { host, port, security, login, ca, patience: Patience::default() })
}

/// `host`, `host:port`, `[::1]:port`.
fn host_and_port(place: &str, default: u16) -> Option<(String, u16)> {
    let authority = place.parse::<axum::http::uri::Authority>().ok()?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = match authority.as_str().strip_prefix(authority.host()) {
        Some("") => default,
        _ => authority.port_u16().filter(|port| *port > 0)?,
    };
    (!host.is_empty()).then_some((host, port))
}

fn on_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// What a file holds that is its owner's alone.
fn secret(name: &str, file: &str, faults: &mut Vec<String>) -> Option<String> {
    let path = Path::new(file);
    #[cfg(unix)]
    if let Ok(meta) = std::fs::metadata(path) {
        let mode = std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            faults.push(format!("{name}: {file} can be read by other users (mode {mode:o}); run: chmod 600 {file}"));
            return None;
        }
    }
    match std::fs::read_to_string(path) {
        Ok(text) if text.trim().is_empty() => {
            faults.push(format!("{name}: {file} is empty; write the secret into it"));
            None
        }
        Ok(text) => Some(text),
        Err(error) => {
            faults
                .push(format!("{name}: {file} cannot be read: {error}; let the shop's user, and nobody else, read it"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(given: Given<'_>) -> Result<Outgoing, Vec<String>> {
        let mut faults = Vec::new();
        let read = read(given, "https://shop.example", &mut faults);
        if faults.is_empty() { Ok(read) } else { Err(faults) }
    }

    fn smtp(smtp: &str) -> Result<Outgoing, Vec<String>> {
        outcome(Given { smtp: Some(smtp), ..Given::default() })
    }

    /// A file of mode `mode`.
    fn file(text: &str, mode: u32) -> (tempfile::NamedTempFile, String) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        std::fs::set_permissions(file.path(), std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        (file, path)
    }

    #[test]
    fn without_a_word_mails_go_into_the_folder_and_each_scheme_has_its_port() {
        assert!(outcome(Given::default()).unwrap().relay().is_none());
        for (said, shown) in [
            ("smtps://mail.example", "smtps://mail.example:465"),
            ("smtp+starttls://mail.example", "smtp+starttls://mail.example:587"),
            ("smtp+starttls://mail.example:2525/", "smtp+starttls://mail.example:2525"),
            ("smtp://127.0.0.1", "smtp://127.0.0.1:25"),
            ("smtp://[::1]:2525", "smtp://::1:2525"),
            ("smtp+plain://10.0.0.7:25", "smtp://10.0.0.7:25"),
        ] {
            assert_eq!(smtp(said).unwrap().relay().unwrap().server().to_string(), shown, "{said}");
        }
    }

    #[test]
    fn what_would_show_mails_or_a_password_is_refused_with_the_remedy() {
        for (said, remedy) in [
            ("smtp://mail.example:25", "write smtps:// or smtp+starttls://"),
            ("smtps://shop:hunter2@mail.example", "smtp_password_file"),
            ("smtps://shop@mail.example", "smtp_password_file"),
            ("mail.example", "write smtps://"),
            ("http://mail.example", "write smtps://"),
            ("smtps://", "write smtps://"),
            ("smtps://mail.example:0", "write smtps://"),
            ("smtps://shop:hunter2", "write smtps://"),
        ] {
            let faults = smtp(said).unwrap_err();
            assert!(faults.len() == 1 && faults[0].contains(remedy), "{said}: {faults:?}");
            assert!(!faults[0].contains("hunter2"));
        }
        let (_held, password) = file("hunter2\n", 0o600);
        let plain =
            Given { smtp: Some("smtp+plain://shop@10.0.0.7"), password_file: Some(&password), ..Given::default() };
        assert!(outcome(plain).unwrap_err()[0].contains("would show the password"));
    }

    #[test]
    fn a_password_is_read_from_its_owners_file_and_shown_nowhere() {
        let (_held, password) = file("hunter2\n", 0o600);
        let given = Given {
            smtp: Some("smtps://shop@example.jp@mail.example"),
            password_file: Some(&password),
            ..Given::default()
        };
        let outgoing = outcome(given).unwrap();
        let login = outgoing.relay().unwrap().server().login.clone().unwrap();
        assert_eq!((login.user.as_str(), login.password.as_str()), ("shop@example.jp", "hunter2"));
        assert!(!format!("{outgoing:?}").contains("hunter2"));
        let (_open, open) = file("hunter2\n", 0o644);
        let faults = outcome(Given { password_file: Some(&open), ..given }).unwrap_err();
        assert!(faults[0].ends_with(&format!("run: chmod 600 {open}")), "{faults:?}");
        for stray in [Given { smtp: None, ..given }, Given { smtp: Some("smtps://mail.example"), ..given }] {
            assert!(outcome(stray).unwrap_err()[0].contains("leave smtp_password_file out"));
        }
        let (_empty, empty) = file(" \n", 0o600);
        assert!(outcome(Given { password_file: Some(&empty), ..given }).unwrap_err()[0].contains("is empty"));
    }

    #[test]
    fn all_that_is_wrong_with_the_signature_and_the_sender_is_said_at_once() {
        let (_key, key) = file("no key\n", 0o600);
        let given =
            Given { from: Some("暖簾堂"), selector: Some("noren"), key_file: Some(&key), ..Given::default() };
        let faults = outcome(given).unwrap_err();
        assert!(faults[0].starts_with("mail_from") && faults[1].starts_with("dkim_key_file"), "{faults:?}");
        let half = Given { selector: Some("noren"), ..Given::default() };
        assert!(outcome(half).unwrap_err()[0].starts_with("dkim_selector is given and dkim_key_file is not"));
    }
}
