//! A witness as a process of its own: beside a shop that goes on when it does not, and killed in the middle of what it
//! signs.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use noren_ledger::checkpoint::Checkpoint;
use noren_ledger::leaf::{Actor, Deed, Kind, Route};
use noren_ledger::note::{KeyKind, Note, SignerKey, VerifierKey};
use noren_ledger::witness::{AddCheckpoint, cosigned, newest_size, origin_hash};
use noren_vault::book::Book;

use crate::installation::{Installation, SKUS, Said, said};
use crate::ledger::ledger_keys;
use crate::patient::{Address, Patient};
use crate::people::person;
use crate::server::Server;

/// Another verifier, of which no line is shared.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/verify-ledger.py");

/// A running `noren witness`. It is killed when it is dropped.
struct Witness {
    child: Child,
    key: String,
    address: String,
}

fn command(folder: &Path, listen: &str, logs: &[String]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_noren"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("NOREN_") {
            command.env_remove(name);
        }
    }
    command.args(["witness", "--listen", listen, "--name", "witness.example/w", "--folder"]).arg(folder);
    command.args(logs.iter().flat_map(|key| ["--log", key])).env("NO_COLOR", "1").current_dir("/");
    command
}

impl Witness {
    fn start(folder: &Path, listen: &str, logs: &[String]) -> Self {
        let mut child = command(folder, listen, logs).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let key = out.find_map(|line| line.strip_prefix("Its key: ").map(str::to_owned)).expect("it says its key");
        let line = log.find(|line| line.contains("the witness listens")).expect("it listens");
        let address = line.split_once("address=").unwrap().1.split_whitespace().next().unwrap().to_owned();
        std::thread::spawn(move || out.for_each(drop));
        std::thread::spawn(move || log.for_each(drop));
        Self { child, key, address }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `kill -9`.
    fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.address.clone()
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An export of the ledger, verified with the key of a witness.
fn verified(installation: &Installation, keys: &[String], witness: &str, to: &str) -> Said {
    let folder = installation.desk().join(to);
    let exported = installation.run(&["ledger", "export", "--to", &folder.display().to_string()]);
    assert_eq!(exported.code, Some(0), "{exported:?}");
    said(
        Command::new(env!("CARGO_BIN_EXE_noren"))
            .args(["ledger", "verify", "--witness", witness, "--dir"])
            .arg(folder)
            .args(keys.iter().flat_map(|key| ["--key", key]))
            .current_dir(installation.desk()),
    )
}

/// The first Python here that knows Ed25519.
fn python() -> &'static str {
    let knows = |python: &&str| {
        let asked = Command::new(python).args(["-c", "import cryptography"]).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    };
    ["python3", "/usr/bin/python3"]
        .into_iter()
        .find(knows)
        .expect("Python 3 with the package cryptography is here (scripts/setup test installs it)")
}

/// How many leaves the newest cosigned checkpoint is about.
fn newest_cosigned(verified: &Said) -> u64 {
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let said = verified.out.split_once("witness.example/w has cosigned ").map(|(_, rest)| rest);
    let said = said.and_then(|said| said.split_once("the newest about ")).unwrap_or_else(|| panic!("{verified:?}")).1;
    said.split_whitespace().next().unwrap().parse().unwrap()
}

fn stop(server: Server) {
    server.ask_to_stop();
    assert!(server.ended().success());
}

fn order(server: &Server, no: usize) {
    let address = Address::default();
    address.is(Some(&server.url));
    let mut shopper = Patient::new(&address, &|| ());
    let who = person(no);
    let token = shopper.order(&who, SKUS[no % SKUS.len()]).token;
    let (status, _, page) = shopper.get(&format!("/orders/{token}")).unwrap();
    assert!(status == 200 && page.contains(&who.name), "{status}: {page}");
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

const COSIGNS: &str = "a witness cosigns the ledger";

#[test]
fn a_shop_is_witnessed_sells_on_while_its_witness_is_away_and_cannot_go_back_on_what_was_seen() {
    let installation = Installation::on_sqlite();
    installation.stock();
    let server = Server::start(&installation);
    let keys = ledger_keys(&installation);
    let doctor = installation.run(&["doctor"]);
    assert!(doctor.out.contains("grade C of A, B, C: no outside witness"), "{doctor:?}");
    stop(server);

    let folder: PathBuf = installation.desk().join("witness");
    let witness = Witness::start(&folder, "127.0.0.1:0", &keys);
    installation.file("noren.toml", format!("witnesses = [\"{} {}\"]\n", witness.key, witness.url()));
    let key = witness.key.clone();
    let server = Server::start(&installation);
    server.wait_for(COSIGNS, 1);
    order(&server, 1);
    let doctor = installation.run(&["doctor"]);
    assert!(doctor.out.contains("grade C of A, B, C: witness.example/w runs on this machine"), "{doctor:?}");
    stop(server);
    let first = newest_cosigned(&verified(&installation, &keys, &key, "first"));
    copy(&installation.data().join("vault"), &installation.desk().join("old-vault"));

    // Away, and the shop goes on; back, and it hears all that it has missed.
    let address = witness.kill();
    let server = Server::start(&installation);
    server.wait_for("a witness does not cosign the ledger: it cannot be reached", 1);
    order(&server, 2);
    let witness = Witness::start(&folder, &address, &keys);
    assert_eq!(witness.key, key, "it is the same one");
    server.wait_for(COSIGNS, 1);
    stop(server);
    let second = newest_cosigned(&verified(&installation, &keys, &key, "second"));
    assert!(second > first, "{first}, and then {second}");
    // What a second verifier, of other hands, says of it.
    let python = said(
        Command::new(python())
            .arg(SCRIPT)
            .arg(installation.desk().join("second"))
            .args(["--key", &keys[0], "--witness", &key])
            .env("PYTHONUTF8", "1"),
    );
    assert_eq!(newest_cosigned(&python), second, "{python:?}");

    // Somebody puts an older vault back, and it goes on from there: first there is less, and then it is another.
    fs::rename(installation.data().join("vault"), installation.desk().join("real-vault")).unwrap();
    copy(&installation.desk().join("old-vault"), &installation.data().join("vault"));
    let server = Server::start(&installation);
    server.wait_for("a witness does not cosign the ledger: it has seen", 1);
    (3..6).for_each(|no| order(&server, no));
    stop(server);
    let server = Server::start(&installation);
    server.wait_for("a witness does not cosign the ledger: it says that the ledger is not the one that it has seen", 1);
    stop(server);
    let forked = verified(&installation, &keys, &key, "forked");
    assert_eq!(newest_cosigned(&forked), first, "of the second story nothing is cosigned");
}

/// A ledger, and somebody who shows it to a witness.
struct Shown {
    book: Book,
    known: [VerifierKey; 2],
    agent: ureq::Agent,
}

impl Shown {
    /// One leaf more, and the newest checkpoint with a proof from `old` leaves on.
    fn grown(&self, old: u64) -> (Checkpoint, AddCheckpoint) {
        self.book.append(Deed::of(Kind::Start, Actor::Vault, Route::new("vault"))).unwrap();
        let (checkpoint, _) = self.book.checkpoint().unwrap();
        let (note, proof) = self.book.consistency(old).unwrap();
        (checkpoint, AddCheckpoint { old, proof, note })
    }

    fn ask(&self, url: &str, request: &AddCheckpoint) -> Option<(u16, String)> {
        let mut answer = self.agent.post(format!("{url}/add-checkpoint")).send(request.to_string()).ok()?;
        Some((answer.status().as_u16(), answer.body_mut().read_to_string().ok()?))
    }
}

#[test]
fn a_witness_killed_at_any_moment_has_forgotten_nothing_that_it_signed() {
    let (dir, ledger) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = dir.path().join("witness");
    let log = SignerKey::new("shop.example/reads", KeyKind::Log, &[4; 32]).unwrap();
    let logs = [log.verifier().to_string()];
    let mut witness = Witness::start(&folder, "127.0.0.1:0", &logs);
    let known = [log.verifier().clone(), witness.key.parse().unwrap()];
    let (at, anchor) = (ledger.path().join("ledger"), ledger.path().join("anchor"));
    let book = Book::open(&at, &anchor, log.into(), 0, Box::new(|| 1_796_083_140_000), None, |_| {}).unwrap();
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let shown = Shown { book, known, agent };
    let mut seen = 0;
    for round in 0..12 {
        let url = witness.url();
        let pid = witness.child.id();
        let (asking, killing) = std::sync::mpsc::channel();
        let killer = std::thread::spawn(move || {
            // In the middle of the one after so many answers.
            for _ in 0..=round * 3 {
                let _ = killing.recv();
            }
            let _ = Command::new("sh").arg("-c").arg(format!("kill -9 {pid}")).status();
        });
        loop {
            let (checkpoint, request) = shown.grown(seen);
            let answered = shown.ask(&url, &request);
            let _ = asking.send(());
            let Some((status, text)) = answered else { break };
            match status {
                200 => {
                    let note = cosigned(&request.note, &text).unwrap();
                    assert_eq!(Checkpoint::open(&note, &shown.known).unwrap().1.len(), 2);
                    seen = checkpoint.size;
                }
                // What it had signed before it died, and nobody heard.
                409 => {
                    let size = newest_size(&text).unwrap();
                    assert!(size > seen, "it has forgotten: {size} after {seen}");
                    seen = size;
                }
                _ => panic!("{status}: {text}"),
            }
        }
        killer.join().unwrap();
        let _ = witness.kill();
        witness = Witness::start(&folder, "127.0.0.1:0", &logs);
        let url = format!("{}/{}/checkpoint", witness.url(), origin_hash("shop.example/reads"));
        if seen > 0 {
            let note: Note = shown.agent.get(url).call().unwrap().body_mut().read_to_string().unwrap().parse().unwrap();
            let (checkpoint, signed) = Checkpoint::open(&note, &shown.known).unwrap();
            assert!(checkpoint.size >= seen && signed.len() == 2, "{} after {seen}", checkpoint.size);
            shown.book.holds(&checkpoint).unwrap();
        }
    }
    assert!(seen > 12);
}

#[test]
fn a_witness_says_what_it_needs_and_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let log = SignerKey::new("shop.example/reads", KeyKind::Log, &[4; 32]).unwrap().verifier().to_string();
    let run = |arguments: &[&str]| said(Command::new(env!("CARGO_BIN_EXE_noren")).arg("witness").args(arguments));
    let folder = dir.path().join("witness").display().to_string();
    let nameless = run(&["--folder", &folder, "--listen", "127.0.0.1:0", "--log", &log]);
    assert!(nameless.code == Some(1) && nameless.err.contains("--name witness.example/shop"), "{nameless:?}");
    let keyless = run(&["--folder", &folder, "--listen", "127.0.0.1:0", "--name", "w", "--log", "nothing"]);
    assert!(keyless.code == Some(1) && keyless.err.contains("`noren doctor`"), "{keyless:?}");
    let none = run(&["--folder", &folder, "--listen", "127.0.0.1:0", "--name", "w"]);
    assert!(none.code == Some(2) && none.err.contains("--log"), "{none:?}");
    let witness = Witness::start(Path::new(&folder), "127.0.0.1:0", std::slice::from_ref(&log));
    let second = said(&mut command(Path::new(&folder), "127.0.0.1:0", std::slice::from_ref(&log)));
    assert!(second.code == Some(1) && second.err.contains("another witness is at work"), "{second:?}");
    drop(witness);
    fs::remove_file(Path::new(&folder).join("seen")).unwrap();
    let forgotten = said(&mut command(Path::new(&folder), "127.0.0.1:0", std::slice::from_ref(&log)));
    assert!(forgotten.code == Some(1) && forgotten.err.contains("begin a new witness"), "{forgotten:?}");
}
