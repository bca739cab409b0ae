//! The witnesses of the read ledger, as the setting `witnesses` names them: each by its key and its address.

pub mod client;

use std::fmt;

use noren_ledger::note::{KeyKind, VerifierKey};

use crate::config::host;

/// More of them than this are a mistake.
const MOST: usize = 16;

/// A witness as the shop reaches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessAt {
    /// What its cosignatures are checked with.
    pub key: VerifierKey,
    /// Its submission prefix, no slash at its end.
    pub url: String,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witnesses(pub Vec<WitnessAt>);

impl Witnesses {
    /// Reads `KEY URL`, set apart by commas; or says everything that is wrong.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let (mut read, mut faults) = (Self::default(), Vec::new());
        for said in text.split(',').map(str::trim).filter(|said| !said.is_empty()) {
            match one(said) {
                Ok(witness) if read.0.iter().any(|other| other.key == witness.key) => {
                    faults.push(format!("witnesses: {} is named twice; name each once", witness.key.name()));
                }
                Ok(witness) => read.0.push(witness),
                Err(fault) => faults.push(format!("witnesses: {fault}")),
            }
        }
        if read.0.len() > MOST {
            faults.push(format!("witnesses: there are {}; name at most {MOST}", read.0.len()));
        }
        if faults.is_empty() { Ok(read) } else { Err(faults) }
    }

    /// Their keys.
    pub fn keys(&self) -> Vec<VerifierKey> {
        self.0.iter().map(|witness| witness.key.clone()).collect()
    }
}

/// One of them.
fn one(said: &str) -> Result<WitnessAt, String> {
    let mut words = said.split_whitespace();
    let (Some(key), Some(url), None) = (words.next(), words.next(), words.next()) else {
        return Err(format!(
            "\"{said}\" must be the key of a witness, a space and its address, as `noren witness` prints them at its start"
        ));
    };
    let key = key.parse::<VerifierKey>().ok().filter(|key| key.kind() == KeyKind::Witness);
    let key = key.ok_or_else(|| {
        format!("\"{said}\" does not begin with the key of a witness; `noren witness` prints it at its start")
    })?;
    if host(url).is_none() {
        return Err(format!("\"{url}\" is no address of a witness; write such as https://witness.example"));
    }
    Ok(WitnessAt { key, url: url.trim_end_matches('/').to_owned() })
}

impl fmt::Display for Witnesses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said: Vec<String> = self.0.iter().map(|WitnessAt { key, url }| format!("{key} {url}")).collect();
        f.write_str(&said.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use noren_ledger::note::SignerKey;

    use super::*;

    fn key(name: &str, kind: KeyKind) -> String {
        SignerKey::new(name, kind, &[3; 32]).unwrap().verifier().to_string()
    }

    #[test]
    fn what_is_written_is_read_again_as_it_was() {
        let [one, two] = ["a.example/w", "b.example/w"].map(|name| key(name, KeyKind::Witness));
        let read =
            Witnesses::parse(&format!(" {one}  http://10.0.0.9:3300/ ,{two} https://b.example/witness,")).unwrap();
        assert_eq!(read.0[0].url, "http://10.0.0.9:3300");
        assert_eq!(read.to_string(), format!("{one} http://10.0.0.9:3300, {two} https://b.example/witness"));
        assert_eq!(Witnesses::parse(&read.to_string()), Ok(read.clone()));
        assert_eq!(read.keys().len(), 2);
        assert_eq!(Witnesses::parse(""), Ok(Witnesses::default()));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_remedy() {
        let (witness, log) = (key("w.example/w", KeyKind::Witness), key("shop.example/reads", KeyKind::Log));
        for (wrong, words) in [
            (witness.clone(), "a space and its address"),
            (format!("{witness} http://a b"), "a space and its address"),
            (format!("{log} http://w.example"), "does not begin with the key of a witness"),
            (format!("http://w.example {witness}"), "does not begin with the key of a witness"),
            (format!("{witness} w.example:3300"), "is no address of a witness"),
            (format!("{witness} ftp://w.example"), "is no address of a witness"),
            (format!("{witness} http://a, {witness} http://b"), "is named twice"),
        ] {
            let faults = Witnesses::parse(&wrong).unwrap_err();
            assert!(faults.len() == 1 && faults[0].contains(words), "{wrong}: {faults:?}");
        }
        let many: Vec<String> =
            (0..17).map(|no| format!("{} http://w{no}.example", key(&format!("w{no}"), KeyKind::Witness))).collect();
        assert!(Witnesses::parse(&many.join(",")).unwrap_err()[0].contains("at most 16"));
    }
}
