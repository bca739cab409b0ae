use noren_ledger::leaf::{Actor, Field, Purpose};

use super::*;
use crate::seal::Plain;
use crate::vault::tests::{asker, vault};

pub fn ask(stream: &mut (impl Read + Write), request: &Request) -> Answer {
    send(stream, &request.encode()).unwrap();
    Answer::decode(&receive(stream).unwrap().expect("an answer")).unwrap()
}

pub fn seal(value: &str) -> Request {
    let values = vec![(Field::Name, Plain::new(value.to_owned()))];
    Request::Seal { asker: asker(Actor::Customer, 1), subject: [1; 16], person: None, values }
}

#[test]
fn what_is_sealed_through_the_door_is_opened_through_the_door() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vault.sock");
    let vault = Arc::new(vault(&dir.path().join("vault")));
    let _server = Server::start(vault.clone(), &path, &[]).unwrap();
    let mut stream = UnixStream::connect(&path).unwrap();
    let Answer::Hello(hello) = ask(&mut stream, &Request::Hello) else { panic!("no greeting") };
    assert_eq!((hello.identity, hello.fingerprints), (vault.identity(), vault.fingerprints()));
    assert_eq!(hello.keys, vault.book().verifiers().iter().map(ToString::to_string).collect::<Vec<_>>());
    let Answer::Sealed(sealed) = ask(&mut stream, &seal("暖簾 花子")) else { panic!("not sealed") };
    let open = |purpose| Request::Open {
        asker: asker(Actor::Customer, 1),
        purpose,
        reference: [0; 16],
        subject: [1; 16],
        sealed: vec![(Field::Name, sealed[0].clone())],
    };
    let Answer::Opened(opened) = ask(&mut stream, &open(Purpose::SelfView)) else { panic!("not opened") };
    assert_eq!(opened[0].expose(), "暖簾 花子");
    assert!(matches!(ask(&mut stream, &open(Purpose::Support)), Answer::Refused(_)));
    // A frame of another version is told so, and the connection goes on.
    send(&mut stream, &[9, 9, 9]).unwrap();
    let answer = Answer::decode(&receive(&mut stream).unwrap().unwrap()).unwrap();
    assert!(matches!(answer, Answer::Trouble(words) if words.contains("same version")));
    assert!(matches!(ask(&mut stream, &Request::Head), Answer::Head(note) if note.starts_with("shop.example/reads\n")));
}

#[test]
fn a_second_vault_is_refused_at_the_same_door_and_a_dead_ones_socket_is_not_in_the_way() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vault.sock");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "left behind, as by a vault that was killed");
    let vault = Arc::new(vault(&dir.path().join("vault")));
    let server = Server::start(vault.clone(), &path, &[]).unwrap();
    assert!(matches!(Server::start(vault.clone(), &path, &[]), Err(ServeError::Taken(_))));
    drop(server);
    assert!(!path.exists());
    let _server = Server::start(vault, &path, &[]).unwrap();
}

#[test]
fn closing_answers_what_was_asked_and_waits_for_nobody_who_only_listens() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vault.sock");
    let vault = Arc::new(vault(&dir.path().join("vault")));
    let server = Server::start(vault, &path, &[]).unwrap();
    let mut idle = UnixStream::connect(&path).unwrap();
    assert!(matches!(ask(&mut idle, &seal("花子")), Answer::Sealed(_)));
    drop(server);
    assert!(receive(&mut idle).unwrap().is_none(), "closed in good order");
}

#[test]
fn a_vault_whose_folder_is_gone_ends_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vault.sock");
    let vault = Arc::new(vault(&dir.path().join("vault")));
    let server = Server::start(vault, &path, &[]).unwrap();
    fs::remove_dir_all(dir.path()).unwrap();
    drop(server);
}

#[test]
fn who_takes_an_answer_little_by_little_is_given_up_when_the_time_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vault.sock");
    let vault = Arc::new(vault(&dir.path().join("vault")));
    let passed = Arc::new(AtomicU64::new(0));
    let stopwatch = {
        let passed = passed.clone();
        Arc::new(move || Duration::from_secs(passed.load(Ordering::SeqCst)))
    };
    // Longer than the test takes: the system itself gives nobody up.
    let patience = Duration::from_mins(2);
    let server = Server::patient(vault, Place::Socket(path.clone()), &[], patience, stopwatch).unwrap();
    let mut slow = UnixStream::connect(&path).unwrap();
    let long = "x".repeat(8 << 20);
    send(&mut slow, &seal(&long).encode()).unwrap();
    let (mut taken, mut some) = (0, [0; 4 << 10]);
    // It reads on all the time, and each time well within the patience.
    while let Ok(read @ 1..) = slow.read(&mut some) {
        taken += read;
        passed.fetch_add(patience.as_secs() - 1, Ordering::SeqCst);
    }
    assert!(taken > 0 && taken < long.len() / 2, "{taken}");
    drop(server);
}

#[test]
fn bytes_that_are_no_frame_end_that_connection_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vault.sock");
    let vault = Arc::new(vault(&dir.path().join("vault")));
    let _server = Server::start(vault, &path, &[]).unwrap();
    let mut wild = UnixStream::connect(&path).unwrap();
    std::io::Write::write_all(&mut wild, &[255; 64]).unwrap();
    assert!(!matches!(receive(&mut wild), Ok(Some(_))));
    assert!(matches!(ask(&mut UnixStream::connect(&path).unwrap(), &Request::Hello), Answer::Hello(..)));
}
