//! The read ledger: leaves per second, bytes for each, and how long it takes to prove and to verify.

use std::path::Path;
use std::time::{Duration, Instant};

use noren_ledger::Hash;
use noren_ledger::audit::Auditor;
use noren_ledger::leaf::{Actor, Class, Deed, Field, Fields, Kind, LEN, Outcome, Purpose, Route, Tag};
use noren_ledger::note::{KeyKind, SignerKey};
use noren_ledger::proof::SubjectProof;
use noren_vault::book::Book;

use crate::load::AnyError;

const WRITERS: u8 = 16;
const SUBJECTS: u32 = 10_000;
/// So long each class is written for.
const TIME: Duration = Duration::from_secs(5);

/// A mail, which is strict, or a customer's look at their own data, which is relaxed.
fn deed(subject: u32, class: Class) -> Deed {
    let mut tag = [0; 16];
    tag[..4].copy_from_slice(&subject.wrapping_mul(0x9E37_79B9).to_be_bytes());
    tag[15] = 1;
    let (purpose, actor) = match class {
        Class::Strict => (Purpose::Mail, Actor::Shop),
        Class::Relaxed => (Purpose::SelfView, Actor::Customer),
    };
    Deed {
        kind: Kind::Open,
        purpose: Some(purpose),
        outcome: Outcome::Granted,
        detail: None,
        fields: Fields::of(&[Field::Email, Field::Name]),
        actor,
        subject: Tag(tag),
        count: 0,
        previous: Hash::ZERO,
        previous_at: 0,
        reference: [1; 16],
        actor_id: [0; 16],
        request: [2; 8],
        route: Route::new("bench"),
    }
}

/// Prints what writing, proving and verifying cost, on the disk below `dir`.
pub fn print(dir: &Path) -> Result<(), AnyError> {
    println!("\nLedger: {WRITERS} writers at once, {SUBJECTS} subjects, {LEN} bytes a leaf (at most 200)");
    let folder = dir.join("ledger");
    let signer = || SignerKey::new("bench.example/reads", KeyKind::Log, &[1; 32]).map_err(|error| error.to_string());
    let began = Instant::now();
    let now = move || 1_796_083_200_000 + u64::try_from(began.elapsed().as_millis()).unwrap_or_default();
    let book = Book::open(&folder, &dir.join("anchor"), signer()?.into(), 0, Box::new(now), None, |_| {})?;
    for (class, words) in [(Class::Relaxed, "relaxed"), (Class::Strict, "strict, on the disk before the answer")] {
        let mut waits = write(&book, class)?;
        waits.sort_unstable();
        let rate = waits.len() as f64 / TIME.as_secs_f64();
        let at = |part: usize| waits[waits.len() * part / 100].as_secs_f64() * 1_000.0;
        println!("  {words}: {rate:.0} leaves/s (goal 10,000), p50 {:.3} ms, p99 {:.3} ms", at(50), at(99));
    }
    let (checkpoint, _) = book.checkpoint()?;
    let tag = deed(7, Class::Strict).subject;
    let proving = Instant::now();
    let proof = book.prove(tag)?;
    let proven = proving.elapsed();
    let key = [signer()?.verifier().clone()];
    let verifying = Instant::now();
    let leaves = SubjectProof::verify(&proof, tag, &key)?.leaves.len();
    println!(
        "  proof of all {leaves} leaves of a subject among {}: made in {:.1} ms, verified in {:.2} ms, {} bytes",
        checkpoint.size,
        proven.as_secs_f64() * 1_000.0,
        verifying.elapsed().as_secs_f64() * 1_000.0,
        proof.to_string().len()
    );
    drop(book);
    let bytes = std::fs::read(folder.join("2026-12.leaves"))?;
    let auditing = Instant::now();
    let mut auditor = Auditor::default();
    for leaf in bytes.chunks_exact(LEN) {
        auditor.take(leaf, |_, _, _| {})?;
    }
    let rate = auditor.size() as f64 / auditing.elapsed().as_secs_f64();
    println!("  audit of all {} leaves: {rate:.0} leaves/s", auditor.size());
    Ok(())
}

/// Writes for [`TIME`]; gives how long each writer waited for each leaf.
fn write(book: &Book, class: Class) -> Result<Vec<Duration>, AnyError> {
    let end = Instant::now() + TIME;
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                scope.spawn(move || {
                    let (mut waits, mut no) = (Vec::new(), u32::from(writer));
                    while Instant::now() < end {
                        let asked = Instant::now();
                        book.append(deed(no % SUBJECTS, class))?;
                        waits.push(asked.elapsed());
                        no += u32::from(WRITERS);
                    }
                    Ok::<_, noren_vault::book::BookError>(waits)
                })
            })
            .collect();
        let mut all = Vec::new();
        for writer in writers {
            all.extend(writer.join().map_err(|_| "a writer fell")??);
        }
        Ok(all)
    })
}
