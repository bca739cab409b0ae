//! How much the ledger of reads proves to somebody who does not trust the shop.

use std::net::{IpAddr, UdpSocket};

use noren_domain::notice::Grade;
use noren_shop::clock::Clock;
use noren_shop::vault::{Place as VaultPlace, Witnessed};
use tokio::net::lookup_host;

use super::{Finding, State, finding};
use crate::config::{Config, host};
use crate::witnesses::WitnessAt;

const WHAT: &str = "evidence of reads";
/// A witness that has cosigned nothing for longer than this (seconds) keeps nobody from changing what came after.
const FRESH: u64 = 24 * 60 * 60;

/// Where a witness is, as seen from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// On this machine.
    Here,
    /// On another one.
    Outside,
    /// Its name leads nowhere.
    Nowhere,
}

/// What stands between the shop and the keys of its vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wall {
    /// Nothing: it is the shop's child, and of its user.
    None,
    /// Another user, behind a socket that may lead anywhere.
    Socket,
    /// At most another user, behind a port of this machine.
    Port,
    /// Another host.
    Host,
}

/// Looks at where the vault is.
async fn wall(config: &Config) -> Wall {
    match &config.vault_socket {
        None => Wall::None,
        Some(VaultPlace::Socket(_)) => Wall::Socket,
        Some(VaultPlace::Tls(address, _)) if whereabouts(address.host()).await == Place::Outside => Wall::Host,
        Some(VaultPlace::Tls(..)) => Wall::Port,
    }
}

/// Looks at the vault and the witnesses.
pub(super) async fn evidence(config: &Config) -> Finding {
    let wall = wall(config).await;
    if config.witnesses.0.is_empty() {
        let why = "no outside witness cosigns the checkpoints, so the ledger proves what was read only to those who have kept a \
                   checkpoint of it: let somebody else run `noren witness` on a machine of their own, and set NOREN_WITNESSES \
                   (docs/OPERATIONS.md, \"A witness\")";
        return graded(wall, Err(vec![why.to_owned()]));
    }
    let Ok(known) = crate::vault::door(config).witnesses().await else {
        let words = "not known: the vault does not answer, and it keeps what witnesses have cosigned; start it (or the shop) \
                     and ask again";
        return finding(WHAT, State::Advice, words);
    };
    let now = u64::try_from(Clock::System.now() / 1_000).unwrap_or(0);
    let (mut good, mut wrong) = (Vec::new(), Vec::new());
    for witness in &config.witnesses.0 {
        match judge(witness, &known, place(&witness.url).await, now) {
            Ok(words) => good.push(words),
            Err(words) => wrong.push(words),
        }
    }
    if good.is_empty() { graded(wall, Err(wrong)) } else { graded(wall, Ok([good, wrong].concat())) }
}

/// What is to be said of the grade with an outside witness, or without one.
fn graded(wall: Wall, witnessed: Result<Vec<String>, Vec<String>>) -> Finding {
    let (grade, mut words) = match witnessed {
        Ok(words) if wall == Wall::Host => (Grade::A, words),
        // Code that runs in the web process could have read the keys, and then opened without a leaf.
        Ok(words) if wall == Wall::None => (Grade::C, words),
        Ok(words) => (Grade::B, words),
        Err(words) => (Grade::C, words),
    };
    let better = match (wall, grade) {
        (Wall::None, _) => Some(
            "the vault runs as the shop's own user, so whoever takes over that user takes the keys: run `noren vault` as \
             another user and set NOREN_VAULT_SOCKET (docs/OPERATIONS.md)",
        ),
        (Wall::Socket, Grade::B) => {
            Some("it is grade A if the vault's socket leads to another host, which cannot be seen from here")
        }
        (Wall::Port, Grade::B) => Some("it would be grade A with the vault on another host than this one"),
        _ => None,
    };
    let state = if grade == Grade::C { State::Advice } else { State::Well };
    words.extend(better.map(str::to_owned));
    finding(WHAT, state, format!("grade {grade:?} of A, B, C: {}", words.join("; ")))
}

/// What a witness vouches for, or why it does not count.
fn judge(witness: &WitnessAt, known: &[Witnessed], place: Place, now: u64) -> Result<String, String> {
    let name = witness.key.name();
    let key = witness.key.to_string();
    let Some(known) = known.iter().find(|known| known.key == key) else {
        return Err(format!("the vault does not know {name}: give it the same NOREN_WITNESSES, and start it again"));
    };
    let Some((leaves, time)) = known.newest else {
        return Err(format!("{name} has cosigned nothing yet: the shop's log says why"));
    };
    let hours = now.saturating_sub(time) / 3_600;
    if now.saturating_sub(time) > FRESH {
        return Err(format!("{name} has cosigned nothing for {hours} hours: the shop's log says why"));
    }
    match place {
        Place::Outside => {
            let ago = if hours == 0 { "within the hour".to_owned() } else { format!("{hours} hour(s) ago") };
            Ok(format!("{name} has cosigned {leaves} leaves, {ago}"))
        }
        Place::Here => Err(format!(
            "{name} runs on this machine, so it is no outside witness: whoever takes this machine takes it too; let somebody \
             else run it elsewhere"
        )),
        Place::Nowhere => Err(format!("the address of {name}, {}, leads nowhere", witness.url)),
    }
}

/// Where an address leads.
async fn place(url: &str) -> Place {
    let host = host(url).unwrap_or_default();
    whereabouts(host.trim_start_matches('[').trim_end_matches(']')).await
}

/// Where a host is.
async fn whereabouts(host: &str) -> Place {
    let found: Vec<IpAddr> = match lookup_host((host, 0)).await {
        Ok(found) => found.map(|found| found.ip()).collect(),
        Err(_) => return Place::Nowhere,
    };
    match found.as_slice() {
        [] => Place::Nowhere,
        found if found.iter().any(|ip| is_here(*ip)) => Place::Here,
        _ => Place::Outside,
    }
}

/// Whether an address is one of this machine's own: only those can be listened at.
fn is_here(ip: IpAddr) -> bool {
    UdpSocket::bind((ip.to_canonical(), 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use noren_ledger::note::{KeyKind, SignerKey};

    use super::*;
    use crate::config::{Flags, gather};

    const NOW: u64 = 1_796_083_200;

    fn witness(url: &str) -> WitnessAt {
        let key = SignerKey::new("witness.example/w", KeyKind::Witness, &[3; 32]).unwrap().verifier().clone();
        WitnessAt { key, url: url.into() }
    }

    fn known(newest: Option<(u64, u64)>) -> [Witnessed; 1] {
        [Witnessed { key: witness("http://w.example").key.to_string(), newest }]
    }

    fn config(data: &Path, witness: Option<&WitnessAt>) -> Config {
        let flags = Flags {
            data: Some(data.display().to_string()),
            witnesses: witness.map(|WitnessAt { key, url }| format!("{key} {url}")),
            ..Flags::default()
        };
        gather(&flags, |_| None, None).unwrap()
    }

    #[test]
    fn a_witness_counts_that_is_outside_and_has_cosigned_within_a_day() {
        let witness = witness("http://w.example");
        let judged = |newest, place| judge(&witness, &known(newest), place, NOW);
        assert!(judged(Some((7, NOW - FRESH)), Place::Outside).unwrap().contains("7 leaves, 24 hour(s) ago"));
        for (judged, words) in [
            (judged(Some((7, NOW - FRESH - 1)), Place::Outside), "nothing for 24 hours"),
            (judged(None, Place::Outside), "nothing yet"),
            (judged(Some((7, NOW)), Place::Here), "no outside witness"),
            (judged(Some((7, NOW)), Place::Nowhere), "leads nowhere"),
            (judge(&witness, &[], Place::Outside, NOW), "does not know witness.example/w"),
        ] {
            let said = judged.unwrap_err();
            assert!(said.contains(words), "{said}");
        }
    }

    #[test]
    fn the_grade_is_a_with_another_host_and_a_witness_and_c_without_a_witness_wherever_the_vault_is() {
        let yes = || Ok(vec!["w has cosigned 7 leaves".to_owned()]);
        let no = || Err(vec!["nobody".to_owned()]);
        for (wall, witnessed, state, words) in [
            (Wall::Host, yes(), State::Well, "grade A of A, B, C: w has cosigned 7 leaves"),
            (Wall::Socket, yes(), State::Well, "grade B of A, B, C: w has cosigned 7 leaves; it is grade A if"),
            (Wall::Port, yes(), State::Well, "grade B of A, B, C: w has cosigned 7 leaves; it would be grade A"),
            (
                Wall::None,
                yes(),
                State::Advice,
                "grade C of A, B, C: w has cosigned 7 leaves; the vault runs as the shop's own",
            ),
            (Wall::Host, no(), State::Advice, "grade C of A, B, C: nobody"),
            (Wall::Socket, no(), State::Advice, "grade C of A, B, C: nobody"),
            (Wall::None, no(), State::Advice, "grade C of A, B, C: nobody; the vault runs as the shop's own"),
        ] {
            let finding = graded(wall, witnessed);
            assert!(finding.state == state && finding.words.starts_with(words), "{finding:?}");
        }
    }

    #[tokio::test]
    async fn a_vault_at_a_port_of_this_machine_is_on_no_other_host() {
        let dir = tempfile::tempdir().unwrap();
        let papers = dir.path().join("made");
        crate::cli::certificates::make(&papers, &["vault.example".to_owned()], 1, Clock::System.now()).unwrap();
        let wall_at = async |place: Option<&str>| {
            let mut flags = Flags { data: Some(dir.path().display().to_string()), ..Flags::default() };
            flags.vault_socket = place.map(str::to_owned);
            flags.vault_tls =
                place.filter(|place| place.starts_with("tls://")).map(|_| papers.join("shop").display().to_string());
            wall(&gather(&flags, |_| None, None).unwrap()).await
        };
        assert_eq!(wall_at(None).await, Wall::None);
        assert_eq!(wall_at(Some("/run/vault.sock")).await, Wall::Socket);
        assert_eq!(wall_at(Some("tls://localhost:3300")).await, Wall::Port);
        assert_eq!(wall_at(Some("tls://[::1]:3300")).await, Wall::Port);
        // An address that is given to nobody (RFC 5737).
        assert_eq!(wall_at(Some("tls://192.0.2.7:3300")).await, Wall::Host);
    }

    #[tokio::test]
    async fn an_address_of_this_machine_is_not_outside() {
        for url in [
            "http://127.0.0.1:3300",
            "http://127.8.8.8",
            "http://[::1]:1",
            "http://localhost",
            "https://[::ffff:127.0.0.1]",
        ] {
            assert_ne!(place(url).await, Place::Outside, "{url}");
        }
        assert_eq!(place("http://127.0.0.1").await, Place::Here);
        // An address that is given to nobody (RFC 5737).
        assert_eq!(place("https://192.0.2.7/w").await, Place::Outside);
    }

    #[tokio::test]
    async fn without_its_vault_nobody_knows_and_without_a_witness_it_is_c() {
        let dir = tempfile::tempdir().unwrap();
        let away = evidence(&config(dir.path(), Some(&witness("http://192.0.2.7")))).await;
        assert!(away.state == State::Advice && away.words.starts_with("not known"), "{away:?}");
        let nobody = evidence(&config(dir.path(), None)).await;
        assert!(nobody.words.starts_with("grade C") && nobody.words.contains("NOREN_WITNESSES"), "{nobody:?}");
    }
}
