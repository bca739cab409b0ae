//! `noren ledger list`: the leaves of an exported ledger one by one, with the actor and request ids that an incident's
//! file asks for. It reads what is there and proves nothing: that is what `verify` is for.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::PathBuf;

use clap::Args;
use noren_ledger::audit::AuditFault;
use noren_ledger::checkpoint::Checkpoint;
use noren_ledger::leaf::{Act, Actor, Deed, Detail, Field, Kind, Leaf, Route, Tag};
use noren_ledger::scope::Moment;
use noren_ledger::tile::bundles_added;
use serde_json::json;

use super::export_folder::{NEWEST, bundle, no_checkpoint, notes};
use super::incident::{hex, moment};
use super::{RIGHT, UNKNOWN, VerifyFault};

#[derive(Args, Debug)]
pub struct List {
    /// The exported folder (C2SP tlog-tiles)
    #[arg(long, value_name = "FOLDER")]
    pub dir: PathBuf,
    /// Only what this actor did: a kind, such as operator, or an id of 32 hexadecimal digits
    #[arg(long, value_parser = who)]
    pub actor: Option<Who>,
    /// Only what was done in this call: 16 hexadecimal digits
    #[arg(long, value_parser = request)]
    pub request: Option<[u8; 8]>,
    /// Only what was asked for at this place in the shop, such as account/security
    #[arg(long, value_parser = route)]
    pub route: Option<Route>,
    /// Only this kind of act, such as open, rotate or alarm
    #[arg(long, value_parser = kind)]
    pub kind: Option<Kind>,
    /// From this moment on, such as 2026-11-06T09:00:00+09:00
    #[arg(long, value_name = "MOMENT", value_parser = when)]
    pub from: Option<Moment>,
    /// Up to and with this moment
    #[arg(long, value_name = "MOMENT", value_parser = when)]
    pub to: Option<Moment>,
    /// As JSON, one object on each line
    #[arg(long)]
    pub json: bool,
}

/// Whose acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// All of a kind.
    Kind(Actor),
    /// One of them.
    One([u8; 16]),
}

fn who(text: &str) -> Result<Who, String> {
    let kind = Actor::ALL.iter().find(|kind| kind.word() == text).map(|kind| Who::Kind(*kind));
    kind.or_else(|| hex(text).map(Who::One)).ok_or_else(|| {
        let words: Vec<&str> = Actor::ALL.iter().map(|kind| kind.word()).collect();
        format!("write one of {}, or an id of 32 hexadecimal digits", words.join(", "))
    })
}

fn request(text: &str) -> Result<[u8; 8], String> {
    hex(text).ok_or_else(|| "write 16 hexadecimal digits".to_owned())
}

fn route(text: &str) -> Result<Route, String> {
    let route = Some(Route::new(text)).filter(|route| !text.is_empty() && route.name() == text);
    route.ok_or_else(|| "a route has at most 16 printable characters".to_owned())
}

fn kind(text: &str) -> Result<Kind, String> {
    Kind::ALL.iter().copied().find(|kind| kind.word() == text).ok_or_else(|| {
        let words: Vec<&str> = Kind::ALL.iter().map(|kind| kind.word()).collect();
        format!("write one of {}", words.join(", "))
    })
}

fn when(text: &str) -> Result<Moment, String> {
    moment(text).ok_or_else(|| "write a time with its offset, such as 2026-11-06T09:00:00+09:00".to_owned())
}

impl List {
    fn wants(&self, leaf: &Leaf, deed: &Deed) -> bool {
        let who = match self.actor {
            None => true,
            Some(Who::Kind(kind)) => deed.actor == kind,
            Some(Who::One(id)) => deed.actor_id == id,
        };
        who && self.request.is_none_or(|request| deed.request == request)
            && self.route.is_none_or(|route| deed.route == route)
            && self.kind.is_none_or(|kind| deed.kind == kind)
            && self.from.is_none_or(|from| leaf.time >= from.0)
            && self.to.is_none_or(|to| leaf.time <= to.0)
    }
}

/// Prints them, and gives what to end with and what else to say.
pub fn report(asked: &List) -> (u8, String) {
    match listed(asked, &mut BufWriter::new(io::stdout().lock())) {
        Ok(_) => (RIGHT, String::new()),
        Err(Fault::Ledger(fault)) => fault.report("cannot be listed"),
        // Whoever reads along has seen enough.
        Err(Fault::Output(error)) if error.kind() == ErrorKind::BrokenPipe => (RIGHT, String::new()),
        Err(Fault::Output(error)) => (UNKNOWN, format!("cannot be printed: {error}\n")),
    }
}

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Ledger(VerifyFault),
    #[error(transparent)]
    Output(#[from] io::Error),
}

impl<T: Into<VerifyFault>> From<T> for Fault {
    fn from(fault: T) -> Self {
        Self::Ledger(fault.into())
    }
}

/// Prints the acts that are wanted, and gives how many. Heads, keys and what an earlier log was are no acts.
fn listed(asked: &List, to: &mut impl Write) -> Result<u64, Fault> {
    let mut newest = 0;
    for note in notes(&asked.dir, NEWEST)? {
        let checkpoint = note.text.parse::<Checkpoint>().map_err(|reason| no_checkpoint(NEWEST, reason))?;
        newest = checkpoint.size;
    }
    if !asked.json {
        writeln!(to, "{HEAD}").map_err(Fault::Output)?;
    }
    let mut count = 0;
    for (index, width) in bundles_added(0, newest) {
        let bundle = bundle(&asked.dir, index, width)?;
        for (sequence, leaf) in (index * 256..).zip(bundle.leaves()) {
            let leaf = Leaf::decode(leaf).map_err(|fault| AuditFault { sequence, fault: fault.into() })?;
            if let Act::Deed(deed) = &leaf.act
                && asked.wants(&leaf, deed)
            {
                let line = if asked.json { object(&leaf, deed) } else { row(&leaf, deed) };
                writeln!(to, "{line}").map_err(Fault::Output)?;
                count += 1;
            }
        }
        bundle.end?;
    }
    to.flush().map_err(Fault::Output)?;
    Ok(count)
}

const HEAD: &str = "      leaf  time (UTC)                kind    outcome            actor     actor id                          request           route             purpose       about                             detail                          fields";

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Nothing stands for nobody and for what there is not.
fn digits_of_some(bytes: &[u8]) -> Option<String> {
    bytes.iter().any(|byte| *byte != 0).then(|| digits(bytes))
}

fn purpose(deed: &Deed) -> Option<&'static str> {
    deed.purpose.map(noren_ledger::leaf::Purpose::word)
}

fn fields(deed: &Deed) -> Vec<&'static str> {
    deed.fields.iter().map(Field::word).collect()
}

/// What the clock said when it had been set back.
fn clock(deed: &Deed) -> Option<String> {
    let said = deed.reference.last_chunk::<8>().map_or(0, |said| u64::from_be_bytes(*said));
    (deed.detail == Some(Detail::Clock) && said > 0).then(|| Moment(said).to_string())
}

fn row(leaf: &Leaf, deed: &Deed) -> String {
    let dash = |word: Option<String>| word.unwrap_or_else(|| "-".to_owned());
    let detail = match (deed.detail, clock(deed)) {
        (Some(detail), Some(clock)) => format!("{} {clock}", detail.word()),
        (Some(detail), None) => detail.word().to_owned(),
        (None, _) => "-".to_owned(),
    };
    let fields = Some(fields(deed).join(",")).filter(|fields| !fields.is_empty());
    format!(
        "{:>10}  {}  {:<6}  {:<17}  {:<8}  {:<32}  {}  {:<16}  {:<12}  {:<32}  {detail:<30}  {}",
        leaf.sequence,
        Moment(leaf.time),
        deed.kind.word(),
        deed.outcome.word(),
        deed.actor.word(),
        dash(digits_of_some(&deed.actor_id)),
        digits(&deed.request),
        dash(Some(deed.route.name().to_owned()).filter(|route| !route.is_empty())),
        purpose(deed).unwrap_or("-"),
        dash((deed.subject != Tag::NOBODY).then(|| deed.subject.to_string())),
        dash(fields),
    )
}

fn object(leaf: &Leaf, deed: &Deed) -> String {
    let mut object = json!({
        "leaf": leaf.sequence,
        "time": Moment(leaf.time).to_string(),
        "kind": deed.kind.word(),
        "outcome": deed.outcome.word(),
        "actor": deed.actor.word(),
        "actor_id": digits_of_some(&deed.actor_id),
        "request": digits(&deed.request),
        "route": deed.route.name(),
        "purpose": purpose(deed),
        "fields": fields(deed),
        "about": (deed.subject != Tag::NOBODY).then(|| deed.subject.to_string()),
        "detail": deed.detail.map(Detail::word),
        "build": format!("{:08x}", leaf.build),
    });
    if let Some(clock) = clock(deed) {
        object["clock"] = clock.into();
    }
    object.to_string()
}

#[cfg(test)]
mod tests;
