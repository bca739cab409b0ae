//! A hundred thousand sealed values in the wrong place, and as many with a flipped bit: none of them opens. And
//! under no two of them lie the same key and nonce.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use noren_ledger::leaf::{Actor, Field, Outcome, Purpose, Route};
use noren_vault::policy::Limits;
use noren_vault::seal::{NONCE_LEN, OVERHEAD, Plain, SubjectId};
use noren_vault::vault::{Asker, Setup, Vault, VaultError};

/// With nine fields each, a hundred thousand sealed values.
const SUBJECTS: usize = 11_112;
const REFERENCE: [u8; 16] = [9; 16];
const THREADS: usize = 16;
/// Where the nonce stands in a sealed value: behind version, algorithm and key id.
const NONCE: std::ops::Range<usize> = 6..6 + NONCE_LEN;

/// All that was ever drawn, by its length.
#[derive(Default)]
struct Drawn {
    keys: Mutex<Vec<[u8; 32]>>,
    nonces: Mutex<Vec<[u8; NONCE_LEN]>>,
}

/// A vault that draws from the system, as it does at work, and writes down here what it drew.
fn vault(folder: &Path, drawn: &Arc<Drawn>) -> Vault {
    let (drawn, system) = (drawn.clone(), File::open("/dev/urandom").unwrap());
    Vault::open(Setup {
        folder,
        origin: "shop.example/reads",
        limits: Limits { per_minute: u32::MAX, ..Limits::default() },
        witnesses: &[],
        build: 0,
        now: Arc::new(|| 1_795_651_200_000),
        random: Box::new(move |bytes| {
            (&system).read_exact(bytes).unwrap();
            match bytes.len() {
                32 => drawn.keys.lock().unwrap().push((&*bytes).try_into().unwrap()),
                NONCE_LEN => drawn.nonces.lock().unwrap().push((&*bytes).try_into().unwrap()),
                _ => {}
            }
        }),
        canonical: |_| None,
    })
    .unwrap()
}

/// The disk is no part of the claim, and a folder in memory is a hundred times as quick.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn shop() -> Asker {
    Asker { actor: Actor::Shop, id: [0; 16], request: [0; 8], route: Route::new("test") }
}

fn id(no: usize) -> SubjectId {
    (0x0190 << 112 | no as u128).to_be_bytes()
}

fn value(no: usize, field: Field) -> String {
    format!("{} {no}", field.word())
}

/// Does something for every number, on several threads: they wait for the ledger, and it writes for all who wait.
fn for_all(count: usize, each: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    match next.fetch_add(1, Ordering::Relaxed) {
                        no if no < count => each(no),
                        _ => return,
                    }
                }
            });
        }
    });
}

/// Every field of every subject sealed.
fn all_sealed(vault: &Vault) -> Vec<Vec<Vec<u8>>> {
    let sealed = Mutex::new(vec![Vec::new(); SUBJECTS]);
    for_all(SUBJECTS, |no| {
        let values: Vec<(Field, Plain)> =
            Field::ALL.iter().map(|field| (*field, Plain::new(value(no, *field)))).collect();
        let subject = vault.seal(&shop(), &id(no), None, &values).unwrap();
        sealed.lock().unwrap()[no] = subject;
    });
    sealed.into_inner().unwrap()
}

fn opened(vault: &Vault, no: usize, field: Field, sealed: &[u8]) -> Result<String, VaultError> {
    let sealed = [(field, sealed.to_vec())];
    let opened = vault.open_fields(&shop(), Purpose::Mail, REFERENCE, &id(no), &sealed)?;
    Ok(opened[0].expose().to_owned())
}

#[test]
fn a_hundred_thousand_values_put_elsewhere_or_flipped_are_refused_each_and_no_key_or_nonce_comes_twice() {
    let (dir, drawn) = (folder(), Arc::new(Drawn::default()));
    let vault = vault(dir.path(), &drawn);
    let sealed = all_sealed(&vault);
    let fields = Field::ALL;
    let all = SUBJECTS * fields.len();
    assert!(all >= 100_000);

    let (keys, nonces) = (drawn.keys.lock().unwrap().clone(), drawn.nonces.lock().unwrap().clone());
    // The vault's own four, and one for each subject.
    assert_eq!((keys.len(), keys.iter().collect::<HashSet<_>>().len()), (4 + SUBJECTS, 4 + SUBJECTS));
    assert_eq!((nonces.len(), nonces.iter().collect::<HashSet<_>>().len()), (all, all));
    let used: HashSet<&[u8]> = sealed.iter().flatten().map(|sealed| &sealed[NONCE]).collect();
    assert!(
        used.len() == all && nonces.iter().all(|nonce| used.contains(nonce.as_slice())),
        "each drawn, each used once"
    );

    // The vault opens what stands in its place; else nothing below would mean anything.
    for_all(1_000, |at| {
        let (no, field) = (at * 11, at % fields.len());
        assert_eq!(opened(&vault, no, fields[field], &sealed[no][field]).unwrap(), value(no, fields[field]));
    });

    let refused = AtomicUsize::new(0);
    for_all(all, |at| {
        let (no, field) = (at / fields.len(), at % fields.len());
        let (own, other) = (&sealed[no][field], (no + 1 + at % 97) % SUBJECTS);
        let (mut wrong, mut into) = (own.clone(), (no, fields[field]));
        match at % 5 {
            // Another person's row, the same column; and both at once.
            0 => into.0 = other,
            1 => into = (other, fields[(field + 1) % fields.len()]),
            // Another column of the same row.
            2 => into.1 = fields[(field + 1 + at % (fields.len() - 1)) % fields.len()],
            // Another person's value with this one's head, so that the key seems to be the right one.
            3 => wrong = [&own[..NONCE.end], &sealed[other][field][NONCE.end..]].concat(),
            // One bit, anywhere.
            _ => wrong[at / 5 % own.len()] ^= 1 << (at % 8),
        }
        assert!(at % 5 != 2 || into.1 != fields[field]);
        match opened(&vault, into.0, into.1, &wrong) {
            Err(VaultError::Refused(Outcome::Damaged)) => drop(refused.fetch_add(1, Ordering::Relaxed)),
            Err(error) => panic!("{at}: {error}"),
            Ok(value) => panic!("{at}: opened to {value}"),
        }
    });
    assert_eq!(refused.into_inner(), all);
    assert!(sealed.iter().flatten().all(|sealed| sealed.len() > OVERHEAD));
}
