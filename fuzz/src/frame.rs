//! Questions to the vault and its answers, one by one and as a stream.

use noren_ledger::leaf::{Actor, Field, Outcome, Purpose, Route};
use noren_vault::seal::Plain;
use noren_vault::vault::{Asker, Indexes};
use noren_vault::wire::{Answer, Hello, LONGEST, Request, receive, send};

use crate::world::{WITNESSED, WORLD};

/// What is read as a frame is written as it was. `data` is taken for one frame and for a stream of them.
pub fn frame(data: &[u8]) -> bool {
    let whole = one(data);
    // All of them are looked at, also behind one that is taken.
    let taken = stream(data).iter().filter(|frame| one(frame)).count();
    whole || taken > 0
}

fn one(frame: &[u8]) -> bool {
    let question = Request::decode(frame).map(|question| question.encode());
    let answer = Answer::decode(frame).map(|answer| answer.encode());
    for written in [&question, &answer].into_iter().flatten() {
        assert_eq!(written.as_slice(), frame, "written in another way");
    }
    question.is_ok() || answer.is_ok()
}

/// The frames that come through a socket with these bytes, before one that is cut short or too long.
fn stream(data: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    let mut rest = data;
    loop {
        // One that says it is longer than all there is costs that many zeros before it is refused, up to
        // 16 MB. That is known and bounded, and the fuzzer would do nothing else.
        let said = rest.first_chunk().map_or(0, |length| u32::from_be_bytes(*length) as usize);
        if (data.len()..=LONGEST).contains(&said) {
            return frames;
        }
        let before = rest;
        let Ok(Some(frame)) = receive(&mut rest) else { return frames };
        let mut sent = Vec::new();
        send(&mut sent, &frame).expect("what was received can be sent");
        assert_eq!(sent, before[..before.len() - rest.len()], "sent in another way");
        frames.push(frame.to_vec());
    }
}

fn questions() -> Vec<Request> {
    let plain = |text: &str| Plain::new(text.to_owned());
    let asker = Asker { actor: Actor::Guest, id: [1; 16], request: [2; 8], route: Route::new("checkout/address") };
    let (subject, purpose) = ([3; 16], Purpose::Mail);
    vec![
        Request::Hello,
        Request::Seal {
            asker,
            subject,
            person: Some([4; 16]),
            values: vec![(Field::Name, plain("暖簾 花子")), (Field::Phone, plain(""))],
        },
        Request::Seal { asker, subject, person: None, values: Vec::new() },
        Request::Open {
            asker,
            purpose,
            reference: [5; 16],
            subject,
            sealed: vec![(Field::Email, vec![2, 1, 7]), (Field::City, Vec::new())],
        },
        Request::Index { asker, purpose: Purpose::Login, field: Field::Email, canonical: plain("hanako@example.jp") },
        Request::Shred { asker, subject },
        Request::Prove { asker, subjects: vec![subject, [4; 16]] },
        Request::Head,
        Request::RotateWrappingKey { asker },
        Request::RotateSigningKey { asker },
        Request::RotateIndexKey { asker },
        Request::Reindex { asker, subject, present: [7; 32], email: vec![2, 1, 7] },
        Request::ForgetEarlierIndex { asker, newest: [8; 32] },
        Request::Snapshot { asker },
        Request::Consistency { old: 9 },
        Request::Cosigned { note: WORLD.notes[1].to_string() },
        Request::Witnesses,
    ]
}

fn answers() -> Vec<Answer> {
    let world = &*WORLD;
    let (tag, proof) = &world.proofs[0];
    vec![
        Answer::Hello(Hello {
            identity: [1; 32],
            fingerprints: vec![[2; 32], [3; 32]],
            keys: vec![world.known[0].to_string()],
        }),
        Answer::Sealed(vec![vec![1, 2], Vec::new()]),
        Answer::Opened(vec![Plain::new("花子".into()), Plain::new(String::new())]),
        Answer::Index(Indexes { newest: [7; 32], earlier: None }),
        Answer::Index(Indexes { newest: [7; 32], earlier: Some([6; 32]) }),
        Answer::Shredded(true),
        Answer::Proofs(vec![(tag.0, world.known[0].to_string(), proof.to_string())]),
        Answer::Head(world.notes[0].to_string()),
        Answer::Rotated(5),
        Answer::Verifier(world.known[0].to_string()),
        Answer::Done,
        Answer::Consistency(world.notes[1].to_string(), vec![[1; 32], [2; 32]]),
        Answer::Cosigned(true),
        Answer::Witnesses(vec![(world.known[1].to_string(), 9, WITNESSED), (String::new(), 0, 0)]),
        Answer::Refused(Outcome::OverBudget),
        Answer::NotNow("the earlier index key stays for 30 more seconds".into()),
        Answer::Trouble("the disk is full".into()),
    ]
}

/// Every question and answer by itself, and a stream of the questions.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = questions().iter().map(|question| question.encode().to_vec()).collect();
    let mut stream = Vec::new();
    for frame in &seeds {
        send(&mut stream, frame).expect("a question can be sent");
    }
    seeds.extend(answers().iter().map(|answer| answer.encode().to_vec()));
    seeds.push(stream);
    seeds
}
