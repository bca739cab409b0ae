//! `noren ledger proof`: what a customer does with the proof from their account page.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use clap::Args;
use noren_domain::{Lang, moment};
use noren_ledger::leaf::{Deed, Leaf, Tag};
use noren_ledger::proof::{ProofFault, SubjectProof};

use super::export_folder::failed;
use super::{RIGHT, VerifyFault, log_keys};

#[derive(Args, Debug)]
pub struct Proof {
    /// The downloaded file
    pub file: PathBuf,
    /// What the ledger calls you, as the account page says it
    #[arg(long)]
    pub tag: Tag,
    /// The log's verifier key, name+hash+base64; as often as it was changed
    #[arg(long = "key", value_name = "KEY", required = true)]
    pub keys: Vec<String>,
}

/// What to end with and what to say.
pub fn report(asked: &Proof) -> (u8, String) {
    match verified(asked) {
        Ok(said) => (RIGHT, said),
        Err(fault) => fault.report("cannot be verified"),
    }
}

/// All leaves in words, and up to when they are all.
fn verified(asked: &Proof) -> Result<String, VerifyFault> {
    let keys = log_keys(&asked.keys)?;
    let bytes = fs::read(&asked.file).map_err(failed(&asked.file))?;
    let text = String::from_utf8(bytes).map_err(|_| ProofFault::Malformed)?;
    let proven = SubjectProof::verify(&text.parse()?, asked.tag, &keys)?;
    let mut said: String = proven.leaves.iter().map(|(leaf, deed)| line(leaf, deed)).collect();
    let (until, size, count) = (when(proven.as_of), proven.checkpoint.size, proven.leaves.len());
    let _ = writeln!(
        said,
        "verified: up to {until} (Japan time), of {size} leaves these {count} are all about {}",
        asked.tag
    );
    Ok(said)
}

/// The first millisecond in Japan that is in a year of five digits.
const YEAR_10000: i64 = 253_402_268_400_000;

/// In Japan time. A log may sign any number as a time: one that no calendar goes to is said as it stands.
fn when(time: u64) -> String {
    match i64::try_from(time) {
        Ok(time) if time < YEAR_10000 => moment::date_time(time, Lang::En),
        _ => format!("{time} ms"),
    }
}

fn line(leaf: &Leaf, deed: &Deed) -> String {
    let purpose = deed.purpose.map_or("-", |purpose| purpose.word());
    let fields: Vec<&str> = deed.fields.iter().map(noren_ledger::leaf::Field::word).collect();
    let fields = if fields.is_empty() { "-".to_owned() } else { fields.join(",") };
    let (kind, outcome, actor, route) = (deed.kind.word(), deed.outcome.word(), deed.actor.word(), deed.route.name());
    format!("{:>10}  {}  {kind} {outcome}  {actor}  {purpose}  {fields}  {route}\n", leaf.sequence, when(leaf.time))
}
