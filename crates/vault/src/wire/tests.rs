use noren_ledger::leaf::{Actor, Field, Outcome, Purpose, Route};
use proptest::prelude::*;

use super::*;
use crate::seal::Plain;
use crate::vault::{Asker, Indexes};

fn asker() -> Asker {
    Asker { actor: Actor::Guest, id: [1; 16], request: [2; 8], route: Route::new("checkout/address") }
}

fn requests() -> Vec<Request> {
    let plain = |text: &str| Plain::new(text.to_owned());
    vec![
        Request::Hello,
        Request::Seal {
            asker: asker(),
            subject: [3; 16],
            person: Some([4; 16]),
            values: vec![(Field::Name, plain("暖簾 花子")), (Field::Phone, plain(""))],
        },
        Request::Seal { asker: asker(), subject: [3; 16], person: None, values: Vec::new() },
        Request::Open {
            asker: asker(),
            purpose: Purpose::Mail,
            reference: [5; 16],
            subject: [3; 16],
            sealed: vec![(Field::Email, vec![2, 1, 7]), (Field::City, Vec::new())],
        },
        Request::Index {
            asker: asker(),
            purpose: Purpose::Login,
            field: Field::Email,
            canonical: plain("hanako@example.jp"),
        },
        Request::Shred { asker: asker(), subject: [3; 16] },
        Request::Prove { asker: asker(), subjects: vec![[3; 16], [4; 16]] },
        Request::Head,
        Request::RotateWrappingKey { asker: asker() },
        Request::RotateSigningKey { asker: asker() },
        Request::RotateIndexKey { asker: asker() },
        Request::Reindex { asker: asker(), subject: [3; 16], present: [7; 32], email: vec![2, 1, 7] },
        Request::ForgetEarlierIndex { asker: asker(), newest: [8; 32] },
        Request::Snapshot { asker: asker() },
        Request::Consistency { old: 7 },
        Request::Cosigned { note: "shop.example/reads\n".into() },
        Request::Witnesses,
    ]
}

fn answers() -> Vec<Answer> {
    vec![
        Answer::Hello(Hello {
            identity: [1; 32],
            fingerprints: vec![[2; 32], [3; 32]],
            keys: vec!["shop.example/reads+00000000+AAAA".into()],
        }),
        Answer::Sealed(vec![vec![1, 2], Vec::new()]),
        Answer::Opened(vec![Plain::new("花子".into()), Plain::new(String::new())]),
        Answer::Index(Indexes { newest: [7; 32], earlier: None }),
        Answer::Index(Indexes { newest: [7; 32], earlier: Some([6; 32]) }),
        Answer::Shredded(true),
        Answer::Proofs(vec![([8; 16], "log+00000000+AAAA".into(), "c2sp.org/tlog-proof@v1\n".into())]),
        Answer::Head("shop.example/reads\n".into()),
        Answer::Rotated(5),
        Answer::Verifier("shop.example/reads+00000000+AAAA".into()),
        Answer::Done,
        Answer::Consistency("shop.example/reads\n".into(), vec![[1; 32], [2; 32]]),
        Answer::Cosigned(true),
        Answer::Witnesses(vec![("witness.example/w+00000000+AAAA".into(), 7, 1_796_083_200), (String::new(), 0, 0)]),
        Answer::Refused(Outcome::OverBudget),
        Answer::NotNow("the earlier index key stays for 30 more seconds".into()),
        Answer::Trouble("the disk is full".into()),
    ]
}

#[test]
fn every_question_and_answer_is_read_as_it_was_written_and_cut_short_it_is_none() {
    for request in requests() {
        let bytes = request.encode();
        assert_eq!(Request::decode(&bytes).ok().map(|read| read.encode()), Some(bytes.clone()));
        assert!((0..bytes.len()).all(|end| Request::decode(&bytes[..end]).is_err()));
        assert!(Request::decode(&[bytes.as_slice(), &[0]].concat()).is_err(), "something hangs on behind");
    }
    for actor in [Actor::Vault, Actor::Stranger] {
        let shred = Request::Shred { asker: Asker { actor, ..asker() }, subject: [3; 16] };
        assert!(Request::decode(&shred.encode()).is_err(), "nobody outside is {actor:?}");
    }
    for answer in answers() {
        let bytes = answer.encode();
        assert_eq!(Answer::decode(&bytes).ok().map(|read| read.encode()), Some(bytes.clone()));
        assert!((0..bytes.len()).all(|end| Answer::decode(&bytes[..end]).is_err()));
    }
}

#[test]
fn frames_come_one_behind_the_other_and_a_giant_one_is_refused_before_it_is_read() {
    let mut pipe = Vec::new();
    send(&mut pipe, b"one").unwrap();
    send(&mut pipe, b"").unwrap();
    let long: Vec<u8> = (0..300_000u32).map(|byte| byte.to_be_bytes()[3]).collect();
    send(&mut pipe, &long).unwrap();
    let mut from = pipe.as_slice();
    assert_eq!(receive(&mut from).unwrap().as_deref().map(Vec::as_slice), Some(&b"one"[..]));
    assert_eq!(receive(&mut from).unwrap().as_deref().map(Vec::as_slice), Some(&b""[..]));
    assert_eq!(receive(&mut from).unwrap().as_deref(), Some(&long));
    assert!(receive(&mut from).unwrap().is_none());
    assert!(receive(&mut [255; 8].as_slice()).is_err());
    assert!(receive(&mut [0, 0].as_slice()).is_err(), "cut within the length");
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_fall(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0u8..17) {
        let _ = Request::decode(&bytes);
        let _ = Answer::decode(&bytes);
        let framed = [&[VERSION, kind], bytes.as_slice()].concat();
        if let Ok(request) = Request::decode(&framed) {
            prop_assert_eq!(request.encode().to_vec(), framed.clone());
        }
        if let Ok(answer) = Answer::decode(&framed) {
            prop_assert_eq!(answer.encode().to_vec(), framed);
        }
    }
}
