//! `noren ledger proof`: what a customer does with the proof from their account page.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use clap::Args;
use noren_domain::{Lang, moment};
use noren_ledger::leaf::{Deed, Leaf, Tag};
use noren_ledger::note::VerifierKey;
use noren_ledger::proof::{LeafProof, SubjectProof};

use super::{RIGHT, UNKNOWN, WRONG};

#[derive(Args, Debug)]
pub struct Proof {
    /// The downloaded file
    file: PathBuf,
    /// What the ledger calls you, as the account page says it
    #[arg(long)]
    tag: Tag,
    /// The log's verifier key, name+hash+base64; as often as it was changed
    #[arg(long = "key", value_name = "KEY", required = true)]
    keys: Vec<String>,
}

/// What to end with and what to say.
pub fn report(asked: &Proof) -> (u8, String) {
    let mut keys = Vec::new();
    for key in &asked.keys {
        match key.parse::<VerifierKey>() {
            Ok(key) => keys.push(key),
            Err(error) => return (UNKNOWN, format!("cannot be verified: {key}: {error}\n")),
        }
    }
    let text = match fs::read_to_string(&asked.file) {
        Ok(text) => text,
        Err(error) => return (UNKNOWN, format!("cannot be verified: {}: {error}\n", asked.file.display())),
    };
    let proof: LeafProof = match text.parse() {
        Ok(proof) => proof,
        Err(fault) => return (WRONG, format!("{fault}\n")),
    };
    match SubjectProof::verify(&proof, asked.tag, &keys) {
        Ok(proven) => {
            let mut said = String::new();
            for (leaf, deed) in &proven.leaves {
                said.push_str(&line(leaf, deed));
            }
            let (count, size) = (proven.leaves.len(), proven.checkpoint.size);
            let until = when(proven.as_of);
            let _ = writeln!(
                said,
                "verified: up to {until} (Japan time), of {size} leaves these {count} are all about {}",
                asked.tag
            );
            (RIGHT, said)
        }
        Err(fault) => (WRONG, format!("{fault}\n")),
    }
}

fn when(time: u64) -> String {
    moment::date_time(i64::try_from(time).unwrap_or_default(), Lang::En)
}

fn line(leaf: &Leaf, deed: &Deed) -> String {
    let purpose = deed.purpose.map_or("-", |purpose| purpose.word());
    let fields: Vec<&str> = deed.fields.iter().map(noren_ledger::leaf::Field::word).collect();
    let fields = if fields.is_empty() { "-".to_owned() } else { fields.join(",") };
    let (kind, outcome, actor, route) = (deed.kind.word(), deed.outcome.word(), deed.actor.word(), deed.route.name());
    format!("{:>10}  {}  {kind} {outcome}  {actor}  {purpose}  {fields}  {route}\n", leaf.sequence, when(leaf.time))
}
