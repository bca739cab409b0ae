//! How much the ledger of reads proves to somebody who does not trust the shop.

use std::net::{IpAddr, UdpSocket};

use noren_domain::notice::Grade;
use noren_shop::clock::Clock;
use noren_shop::vault::Witnessed;
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

/// Looks at the vault and the witnesses.
pub(super) async fn evidence(config: &Config) -> Finding {
    if config.witnesses.0.is_empty() {
        let why = "no outside witness cosigns the checkpoints, so the ledger proves what was read only to those who have kept a \
                   checkpoint of it: let somebody else run `noren witness` on a machine of their own, and set NOREN_WITNESSES \
                   (docs/OPERATIONS.md, \"A witness\")";
        return graded(config, Err(vec![why.to_owned()]));
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
    if good.is_empty() { graded(config, Err(wrong)) } else { graded(config, Ok([good, wrong].concat())) }
}

/// What is to be said of the grade with an outside witness, or without one.
fn graded(config: &Config, witnessed: Result<Vec<String>, Vec<String>>) -> Finding {
    let own = "the vault runs as the shop's own user, so whoever takes over that user takes the keys: run `noren vault` as \
               another user and set NOREN_VAULT_SOCKET (docs/OPERATIONS.md)";
    let (grade, mut words) = match witnessed {
        Ok(words) => (Grade::B, words),
        Err(words) => (Grade::C, words),
    };
    let state = if grade == Grade::B && config.vault_socket.is_some() { State::Well } else { State::Advice };
    if config.vault_socket.is_none() {
        words.push(own.to_owned());
    } else if grade == Grade::B {
        words.push(
            "it is grade A if the vault's socket leads to another host, which cannot be seen from here".to_owned(),
        );
    }
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
    let host = host.trim_start_matches('[').trim_end_matches(']');
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

    fn config(data: &Path, socket: Option<&str>, witness: Option<&WitnessAt>) -> Config {
        let flags = Flags {
            data: Some(data.display().to_string()),
            vault_socket: socket.map(str::to_owned),
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
    fn the_grade_is_b_with_a_witness_and_a_vault_of_the_shops_own_user_is_advised_against() {
        let dir = tempfile::tempdir().unwrap();
        let (own, apart) = (config(dir.path(), None, None), config(dir.path(), Some("/run/v.sock"), None));
        let yes = || Ok(vec!["w has cosigned 7 leaves".to_owned()]);
        let no = || Err(vec!["nobody".to_owned()]);
        for (config, witnessed, state, words) in [
            (&apart, yes(), State::Well, "grade B of A, B, C: w has cosigned 7 leaves; it is grade A if"),
            (
                &own,
                yes(),
                State::Advice,
                "grade B of A, B, C: w has cosigned 7 leaves; the vault runs as the shop's own",
            ),
            (&apart, no(), State::Advice, "grade C of A, B, C: nobody"),
            (&own, no(), State::Advice, "grade C of A, B, C: nobody; the vault runs as the shop's own"),
        ] {
            let finding = graded(config, witnessed);
            assert!(finding.state == state && finding.words.starts_with(words), "{finding:?}");
        }
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
        let away = evidence(&config(dir.path(), None, Some(&witness("http://192.0.2.7")))).await;
        assert!(away.state == State::Advice && away.words.starts_with("not known"), "{away:?}");
        let nobody = evidence(&config(dir.path(), None, None)).await;
        assert!(nobody.words.starts_with("grade C") && nobody.words.contains("NOREN_WITNESSES"), "{nobody:?}");
    }
}
