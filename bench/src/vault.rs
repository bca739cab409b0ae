//! The vault as the shop asks it: questions through its socket, one after the other.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use noren_ledger::leaf::{Actor, Field, Purpose, Route};
use noren_vault::policy::Limits;
use noren_vault::seal::{Plain, SubjectId};
use noren_vault::serve::Server;
use noren_vault::vault::{Asker, Setup, Vault};
use noren_vault::wire::{Answer, Request, receive, send};

use crate::load::AnyError;

/// So many people have data; each looks at their own no oftener than a budget allows.
const PEOPLE: u32 = 10_000;
/// So long each question is asked.
const TIME: Duration = Duration::from_secs(5);

/// Prints how long the shop waits for an answer, with a vault on the disk below `dir`.
pub fn print(dir: &Path) -> Result<(), AnyError> {
    println!("\nVault: questions through its socket, one at a time, {PEOPLE} people");
    let urandom = std::fs::File::open("/dev/urandom")?;
    let vault = Vault::open(Setup {
        folder: &dir.join("vault"),
        origin: "bench.example/reads",
        limits: Limits { per_minute: u32::MAX, ..Limits::default() },
        witnesses: &[],
        build: 0,
        now: Arc::new(|| {
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(0))
        }),
        random: Box::new(move |bytes| (&urandom).read_exact(bytes).expect("the system gives random bytes")),
        canonical: |address| Some(address.to_owned()),
    })?;
    let socket = dir.join("vault.sock");
    let _server = Server::start(Arc::new(vault), &socket, &[])?;
    let mut sealed = Vec::new();
    std::thread::scope(|scope| {
        // Many at once: new people wait for the disk together.
        let parts: Vec<_> = (0..16)
            .map(|part| {
                scope.spawn({
                    let socket = &socket;
                    move || people(socket, part)
                })
            })
            .collect();
        for part in parts {
            sealed.extend(part.join().map_err(|_| "a connection fell")??);
        }
        Ok::<_, AnyError>(())
    })?;
    let mut stream = UnixStream::connect(&socket)?;
    let open = |no: usize| {
        let (person, values) = &sealed[no % sealed.len()];
        Request::Open {
            asker: asker(Actor::Customer, *person),
            purpose: Purpose::SelfView,
            reference: [0; 16],
            subject: *person,
            sealed: values.clone(),
        }
    };
    row("open two fields of a person (relaxed; goal p50 0.1 ms, p99 2 ms)", &mut stream, open)?;
    let mail = |no: usize| {
        let (person, values) = &sealed[no % sealed.len()];
        Request::Open {
            asker: asker(Actor::Shop, [0; 16]),
            purpose: Purpose::Mail,
            reference: *person,
            subject: *person,
            sealed: values.clone(),
        }
    };
    row("open them for a mail (strict: on the disk before the answer)", &mut stream, mail)?;
    let index = |no: usize| Request::Index {
        asker: asker(Actor::Guest, sealed[no % sealed.len()].0),
        purpose: Purpose::Login,
        field: Field::Email,
        canonical: Plain::new(format!("person-{no}@example.jp")),
    };
    row("index of an address", &mut stream, index)
}

fn asker(actor: Actor, id: [u8; 16]) -> Asker {
    Asker { actor, id, request: [1; 8], route: Route::new("bench") }
}

type Person = (SubjectId, Vec<(Field, Vec<u8>)>);

/// Seals the data of every sixteenth person from `part` on.
fn people(socket: &Path, part: u32) -> Result<Vec<Person>, AnyError> {
    let mut stream = UnixStream::connect(socket)?;
    (part..PEOPLE)
        .step_by(16)
        .map(|no| {
            let mut subject = [1; 16];
            subject[..4].copy_from_slice(&no.to_be_bytes());
            let fields = [Field::Email, Field::Name];
            let values = fields.map(|field| (field, Plain::new(format!("person-{no}@example.jp"))));
            let request =
                Request::Seal { asker: asker(Actor::Customer, subject), subject, person: None, values: values.into() };
            match ask(&mut stream, &request)? {
                Answer::Sealed(sealed) => Ok((subject, fields.into_iter().zip(sealed).collect())),
                _ => Err("the vault did not seal".into()),
            }
        })
        .collect()
}

fn ask(stream: &mut UnixStream, request: &Request) -> Result<Answer, AnyError> {
    send(stream, &request.encode())?;
    Ok(Answer::decode(&receive(stream)?.ok_or("the vault has hung up")?)?)
}

/// Asks for [`TIME`] and prints how long the answers took.
fn row(words: &str, stream: &mut UnixStream, question: impl Fn(usize) -> Request) -> Result<(), AnyError> {
    let (mut waits, end) = (Vec::new(), Instant::now() + TIME);
    while Instant::now() < end {
        let request = question(waits.len());
        let asked = Instant::now();
        let answer = ask(stream, &request)?;
        waits.push(asked.elapsed());
        if !matches!(answer, Answer::Opened(_) | Answer::Index(_)) {
            return Err("the vault did not do what it was asked for".into());
        }
    }
    waits.sort_unstable();
    let at = |part: usize| waits[waits.len() * part / 100].as_secs_f64() * 1_000.0;
    println!("  {words}: p50 {:.3} ms, p99 {:.3} ms; {:.0}/s", at(50), at(99), waits.len() as f64 / TIME.as_secs_f64());
    Ok(())
}
