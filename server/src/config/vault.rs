//! Where the vault is, and how it is asked there: `vault_socket`, `vault_tls`, `vault_users`.

use std::path::{Path, PathBuf};

use noren_shop::vault::{Address, Place};
use noren_vault::place::SCHEME;
use noren_vault::tls::Papers;

/// What the settings say of a vault that runs apart.
#[derive(Debug, Default)]
pub struct Apart {
    /// Where it listens; `None`: the shop starts its own.
    pub place: Option<Place>,
    /// Other users who may ask it, by number.
    pub users: Vec<u32>,
}

impl Apart {
    /// Reads the three settings, and the certificates that they name.
    pub fn read(socket: Option<&str>, tls: Option<&str>, users: Option<&str>, faults: &mut Vec<String>) -> Self {
        let listed = users.unwrap_or_default().split(',').map(str::trim).filter(|user| !user.is_empty());
        let users: Vec<u32> = listed
            .filter_map(|user| {
                let wrong = |_| {
                    faults.push(format!("vault_users: \"{user}\" is no user's number; `id -u NAME` says it"));
                };
                user.parse().map_err(wrong).ok()
            })
            .collect();
        let place = match (socket, tls) {
            (Some(address), _) if address.starts_with(SCHEME) => {
                if !users.is_empty() {
                    faults.push(format!(
                        "vault_users means nothing to a vault at {address}: whoever has a certificate may ask it; leave \
                         vault_users out"
                    ));
                }
                over_tls(address, tls, faults)
            }
            (socket, Some(_)) => {
                let remedy =
                    format!("write such as vault_socket = \"{SCHEME}vault.example:3300\", or leave vault_tls out");
                let socket = socket.map_or_else(|| "not given".to_owned(), |path| format!("\"{path}\", a file"));
                faults.push(format!(
                    "vault_tls is given and vault_socket is {socket}, where nobody shows certificates; {remedy}"
                ));
                None
            }
            (Some(path), None) => Some(Place::Socket(PathBuf::from(path))),
            (None, None) => None,
        };
        Self { place, users }
    }
}

fn over_tls(address: &str, folder: Option<&str>, faults: &mut Vec<String>) -> Option<Place> {
    let parsed =
        address.parse::<Address>().map_err(|wrong| faults.push(format!("vault_socket: \"{address}\" {wrong}")));
    let papers = match folder.map(|folder| Papers::read(Path::new(folder))) {
        None => {
            faults.push(format!(
                "vault_socket = \"{address}\" needs vault_tls: the folder with this side's ca.pem, cert.pem and key.pem; \
                 `noren certificates` makes one for the vault and one for the shop"
            ));
            None
        }
        Some(read) => read.map_err(|fault| faults.push(format!("vault_tls: {fault}"))).ok(),
    };
    Some(Place::Tls(parsed.ok()?, papers?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(socket: Option<&str>, tls: Option<&str>, users: Option<&str>) -> Result<Apart, Vec<String>> {
        let mut faults = Vec::new();
        let apart = Apart::read(socket, tls, users, &mut faults);
        if faults.is_empty() { Ok(apart) } else { Err(faults) }
    }

    /// The one fault that these settings have.
    fn fault(socket: Option<&str>, tls: Option<&str>, users: Option<&str>) -> String {
        let faults = read(socket, tls, users).unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:?}");
        faults.concat()
    }

    /// A folder with what the shop needs.
    fn papers() -> (tempfile::TempDir, String) {
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("made");
        let hosts = ["vault.example".to_owned()];
        crate::cli::certificates::make(&to, &hosts, 1, noren_shop::clock::Clock::System.now()).unwrap();
        (dir, to.join("shop").display().to_string())
    }

    #[test]
    fn without_a_word_the_shop_has_its_own_vault_and_a_path_is_a_socket() {
        assert!(read(None, None, None).unwrap().place.is_none());
        let apart = read(Some("/run/noren-vault/vault.sock"), None, Some("990, 991")).unwrap();
        assert!(matches!(apart.place, Some(Place::Socket(path)) if path == Path::new("/run/noren-vault/vault.sock")));
        assert_eq!(apart.users, [990, 991]);
    }

    #[test]
    fn a_vault_on_another_host_is_named_by_its_address_and_the_certificates() {
        let (_dir, papers) = papers();
        let place = read(Some("tls://vault.example:3300"), Some(&papers), None).unwrap().place.unwrap();
        assert_eq!(place.to_string(), "tls://vault.example:3300");
    }

    #[test]
    fn certificates_and_an_address_need_each_other() {
        let (_dir, papers) = papers();
        let address = Some("tls://vault.example:3300");
        assert!(fault(address, None, None).contains("needs vault_tls: the folder with"));
        assert!(
            fault(Some("/run/vault.sock"), Some(&papers), None).contains("vault_socket is \"/run/vault.sock\", a file")
        );
        assert!(fault(None, Some(&papers), None).contains("vault_socket is not given"));
        let users = fault(address, Some(&papers), Some("990"));
        assert!(users.ends_with("leave vault_users out"), "{users}");
        let no_port = fault(Some("tls://vault.example"), Some(&papers), None);
        assert!(no_port.contains("write such as tls://vault.example:3300"), "{no_port}");
    }

    #[test]
    fn certificates_that_cannot_be_used_are_a_fault_with_its_remedy() {
        let (_dir, papers) = papers();
        let address = Some("tls://vault.example:3300");
        let key = Path::new(&papers).join("key.pem");
        std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        let open = fault(address, Some(&papers), None);
        assert!(
            open.starts_with("vault_tls: ") && open.ends_with(&format!("run: chmod 600 {}", key.display())),
            "{open}"
        );
        std::fs::remove_file(&key).unwrap();
        let missing = fault(address, Some(&papers), None);
        assert!(missing.contains("as `noren certificates` makes them"), "{missing}");
        // All that is wrong is said at once.
        assert_eq!(read(Some("tls://nowhere"), None, Some("shop")).unwrap_err().len(), 3);
    }
}
