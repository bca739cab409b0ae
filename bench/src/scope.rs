//! What it costs to say what an incident touched: `noren ledger scope` of one day in a large ledger, as an
//! auditor runs it, over an export that is written here directly.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use noren_ledger::Hash;
use noren_ledger::checkpoint::Checkpoint;
use noren_ledger::leaf::{Act, Actor, Deed, Field, Fields, Kind, LEN, Leaf, Purpose, Route, Tag};
use noren_ledger::note::{KeyKind, SignerKey};
use noren_ledger::tile::{Tile, WIDTH, bundle, bundle_path};
use noren_ledger::tree::{Frontier, leaf_hash};

use crate::load::AnyError;
use crate::running::noren;

/// The leaves are spread over so many days, and a million people.
const DAYS: u64 = 100;
const PEOPLE: u64 = 1_000_000;
/// One act of so many is the attacker's.
const ATTACKER: u64 = 100;
/// 2026-12-01 in UTC.
const BEGAN: u64 = 1_796_083_200_000;
const DAY: u64 = 86_400_000;
const TIMES: usize = 5;

/// The 51st day.
const INCIDENT: &str = "incident = \"bench\"
grade = \"B\"
[window]
from = 2027-01-20T00:00:00Z
to = 2027-01-20T23:59:59.999Z
[attacker]
kinds = [\"staff\"]
";

/// Prints what a scope costs in a ledger of `leaves` leaves, below `dir`.
pub fn print(dir: &Path, leaves: u64) -> Result<(), AnyError> {
    println!("\nScope of one day in {leaves} leaves of {DAYS} days (at most 1 s in 100 million)");
    let (export, incident) = (dir.join("export"), dir.join("incident.toml"));
    fs::create_dir_all(&export)?;
    fs::write(&incident, INCIDENT)?;
    let key = |kind| SignerKey::new("bench.example/reads", kind, &[1; 32]).map_err(|error| error.to_string());
    let (log, witness) = (key(KeyKind::Log)?, key(KeyKind::Witness)?);
    let writing = Instant::now();
    let checkpoint = Writer::new(&export).write(leaves)?;
    let mut note = checkpoint.sign(&log);
    note.signatures.push(witness.sign(&note.text, BEGAN / 1_000));
    fs::write(export.join("checkpoint"), note.to_string())?;
    println!("  export written in {:.0} s", writing.elapsed().as_secs_f64());
    let command = || {
        let mut command = Command::new(noren());
        command.args(["ledger", "scope", "--incident"]).arg(&incident).arg("--dir").arg(&export);
        let (key, witness) = (log.verifier().to_string(), witness.verifier().to_string());
        command.args(["--key", &key, "--witness", &witness]).stdout(Stdio::piped());
        command
    };
    let mut took = Vec::new();
    let mut said = String::new();
    for _ in 0..TIMES {
        let began = Instant::now();
        let output = command().output()?;
        took.push(began.elapsed().as_secs_f64());
        said = String::from_utf8(output.stdout)?;
        if !output.status.success() {
            return Err(format!("the scope was not computed: {said}").into());
        }
    }
    let first = took[0];
    took.sort_by(f64::total_cmp);
    let count = |word: &str| said.lines().find_map(|line| line.strip_prefix(word)).unwrap_or_default().to_owned();
    println!(
        "  {} leaves of that day, {} people read: {:.2} s (the first time {first:.2} s), {:.0} MB, the process with its start",
        count("leaves "),
        count("subjects "),
        took[TIMES / 2],
        memory_mb(command())?
    );
    fs::remove_dir_all(&export)?;
    Ok(())
}

/// The most memory that the command held, looked at every few milliseconds.
fn memory_mb(mut command: Command) -> Result<f64, AnyError> {
    let mut child = command.stdout(Stdio::null()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0.0;
    while child.try_wait()?.is_none() {
        let held = fs::read_to_string(&status)?;
        let line = held.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        if let Some(kilobytes) = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok()) {
            most = kilobytes / 1_024.0;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(most)
}

/// Writes an export leaf by leaf. What leaves say of those before them is left out: a scope does not look at it.
struct Writer<'e> {
    export: &'e Path,
    tree: Frontier,
    leaves: Vec<[u8; LEN]>,
    /// For each level of tiles how many are written, and the hashes of the next one.
    rows: Vec<(u64, Vec<Hash>)>,
}

impl<'e> Writer<'e> {
    fn new(export: &'e Path) -> Self {
        Self { export, tree: Frontier::default(), leaves: Vec::new(), rows: Vec::new() }
    }

    fn write(mut self, leaves: u64) -> Result<Checkpoint, AnyError> {
        for no in 0..leaves {
            let leaf = leaf(no, leaves).encode();
            let hash = leaf_hash(&leaf);
            self.tree.push(hash, |_, _, _| {});
            self.leaves.push(leaf);
            if self.leaves.len() as u64 == WIDTH {
                self.bundle(no / WIDTH)?;
            }
            self.hash(0, hash)?;
        }
        if !self.leaves.is_empty() {
            self.bundle(leaves / WIDTH)?;
        }
        for level in 0..self.rows.len() {
            if !self.rows[level].1.is_empty() {
                self.tile(level)?;
            }
        }
        Ok(Checkpoint { origin: "bench.example/reads".into(), size: leaves, root: self.tree.root() })
    }

    fn bundle(&mut self, index: u64) -> Result<(), AnyError> {
        let path = bundle_path(index, u16::try_from(self.leaves.len())?);
        put(self.export.join(path), &bundle(self.leaves.iter().map(<[u8; LEN]>::as_slice)))?;
        self.leaves.clear();
        Ok(())
    }

    /// Takes the next hash of a level; a whole tile is one of the level above.
    fn hash(&mut self, level: usize, hash: Hash) -> Result<(), AnyError> {
        if self.rows.len() == level {
            self.rows.push((0, Vec::new()));
        }
        self.rows[level].1.push(hash);
        if (self.rows[level].1.len() as u64) < WIDTH {
            return Ok(());
        }
        let mut whole = Frontier::default();
        self.rows[level].1.iter().for_each(|hash| whole.push(*hash, |_, _, _| {}));
        self.tile(level)?;
        self.hash(level + 1, whole.root())
    }

    fn tile(&mut self, level: usize) -> Result<(), AnyError> {
        let (index, hashes) = &mut self.rows[level];
        let tile = Tile { level: u8::try_from(level)?, index: *index, width: u16::try_from(hashes.len())? };
        let bytes: Vec<u8> = hashes.drain(..).flat_map(|hash| hash.0).collect();
        *index += 1;
        put(self.export.join(tile.path()), &bytes)
    }
}

fn put(path: PathBuf, bytes: &[u8]) -> Result<(), AnyError> {
    if let Err(error) = fs::write(&path, bytes) {
        let folder = path.parent().filter(|_| error.kind() == std::io::ErrorKind::NotFound).ok_or(error)?;
        fs::create_dir_all(folder)?;
        fs::write(&path, bytes)?;
    }
    Ok(())
}

/// A mail to somebody, or now and then somebody who was read by staff.
fn leaf(no: u64, leaves: u64) -> Leaf {
    let (actor, purpose) =
        if no % ATTACKER == 7 { (Actor::Staff, Purpose::Support) } else { (Actor::Shop, Purpose::Mail) };
    let person = no.wrapping_mul(0x9E37_79B9_7F4A_7C15) % PEOPLE;
    let mut tag = [1; 16];
    tag[..8].copy_from_slice(&person.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    let opened = Deed {
        purpose: Some(purpose),
        fields: Fields::of(&[Field::Email, Field::Name]),
        subject: Tag(tag),
        count: 1,
        reference: [1; 16],
        request: no.to_be_bytes(),
        ..Deed::of(Kind::Open, actor, Route::new("bench"))
    };
    let deed = if no == 0 { Deed::of(Kind::Start, Actor::Vault, Route::new("vault")) } else { opened };
    let time = BEGAN + u64::try_from(u128::from(no) * u128::from(DAYS * DAY) / u128::from(leaves)).unwrap_or(u64::MAX);
    Leaf { sequence: no, time, build: 0, act: Act::Deed(deed) }
}
