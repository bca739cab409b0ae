//! A witness seen from outside, as a log asks it: C2SP tlog-witness, status by status. And what it makes of its own
//! folder when something in there is not as it left it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fs::{self, Permissions};
use std::future::{pending, poll_fn};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use noren_ledger::Hash;
use noren_ledger::checkpoint::Checkpoint;
use noren_ledger::note::{KeyKind, SignerKey, VerifierKey};
use noren_ledger::tree::{Frontier, leaf_hash, prove_consistency};
use noren_ledger::witness::{AddCheckpoint, LONGEST, Seen, cosigned, origin_hash};
use noren_server::witness::folder::{AddError, Folder, FolderError};
use noren_server::witness::http::router;
use noren_shop::clock::Clock;

use crate::fixture::Answer;

const ORIGIN: &str = "shop.example/reads";
const NAME: &str = "witness.example/w";
/// 30 November 2026, in milliseconds and in seconds.
const NOW_MS: i64 = 1_796_083_200_000;
const NOW: u64 = 1_796_083_200;

/// What signs as a log does, with this name and this key.
pub fn log_key(name: &str, seed: u8) -> SignerKey {
    SignerKey::new(name, KeyKind::Log, &[seed; 32]).unwrap()
}

/// Opens the witness of these tests in a folder, for logs with these keys.
pub fn open(folder: &Path, logs: Vec<VerifierKey>) -> Result<Folder, FolderError> {
    Folder::open(folder, Some(NAME), logs, |bytes| bytes.fill(7))
}

/// What a witness does with a request.
pub fn add(folder: &Folder, request: &AddCheckpoint, now: u64) -> Result<Seen, AddError> {
    folder.add(&folder.check(request.clone())?, now)
}

/// Whether something goes on, after it was given one chance.
async fn is_pending<F: Future + Unpin>(going: &mut F) -> bool {
    poll_fn(|context| Poll::Ready(Pin::new(&mut *going).poll(context).is_pending())).await
}

/// A tree of so many leaves, with all that is needed to prove something of it.
struct Tree {
    nodes: HashMap<(u8, u64), Hash>,
    roots: Vec<Hash>,
}

impl Tree {
    /// Two trees of different `story` part at leaf `fork`.
    fn of(size: u64, fork: u64, story: u64) -> Self {
        let (mut tree, mut nodes) = (Frontier::default(), HashMap::new());
        let mut roots = vec![tree.root()];
        for no in 0..size {
            let leaf = if no < fork { no } else { no + story * 1_000 };
            tree.push(leaf_hash(&leaf.to_be_bytes()), |level, index, hash| {
                nodes.insert((level, index), hash);
            });
            roots.push(tree.root());
        }
        Self { nodes, roots }
    }

    fn checkpoint(&self, size: u64) -> Checkpoint {
        Checkpoint { origin: ORIGIN.into(), size, root: self.roots[usize::try_from(size).unwrap()] }
    }

    fn request(&self, old: u64, size: u64) -> AddCheckpoint {
        let proof = prove_consistency(old, size, |level, at| Ok::<_, Infallible>(self.nodes[&(level, at)])).unwrap();
        AddCheckpoint { old, proof: proof.unwrap_or_default(), note: self.checkpoint(size).sign(&log_key(ORIGIN, 4)) }
    }
}

/// A witness of one log, in a folder of its own.
struct Watching {
    router: Router,
    clock: Clock,
    folder: tempfile::TempDir,
}

impl Watching {
    fn start() -> Self {
        Self::again(tempfile::tempdir().unwrap())
    }

    /// Started in a folder as it is.
    fn again(folder: tempfile::TempDir) -> Self {
        fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        let opened = open(folder.path(), vec![log_key(ORIGIN, 4).verifier().clone()]).unwrap();
        let clock = Clock::fixed(NOW_MS);
        Self { router: router(Arc::new(opened), clock.clone()), clock, folder }
    }

    /// The process ends, however.
    fn stop(self) -> tempfile::TempDir {
        self.folder
    }

    async fn send(&self, method: Method, path: &str, body: impl Into<Body>) -> Answer {
        let request = Request::builder().method(method).uri(path).body(body.into()).unwrap();
        Answer::of(self.router.clone(), request).await
    }

    async fn add(&self, request: &AddCheckpoint) -> Answer {
        self.send(Method::POST, "/add-checkpoint", request.to_string()).await
    }

    fn seen(&self) -> String {
        fs::read_to_string(self.folder.path().join("seen")).unwrap()
    }
}

fn witness_key() -> VerifierKey {
    SignerKey::new(NAME, KeyKind::Witness, &[7; 32]).unwrap().verifier().clone()
}

#[tokio::test]
async fn a_growing_log_is_cosigned_and_everybody_can_read_how_far() {
    let (witness, tree) = (Watching::start(), Tree::of(300, 300, 0));
    let path = format!("/{}/checkpoint", origin_hash(ORIGIN));
    assert_eq!(witness.send(Method::GET, &path, "").await.status, StatusCode::NOT_FOUND);
    let known = [log_key(ORIGIN, 4).verifier().clone(), witness_key()];
    for (old, size) in [(0, 3), (3, 3), (3, 256), (256, 300)] {
        let request = tree.request(old, size);
        let answer = witness.add(&request).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let note = cosigned(&request.note, &answer.body).unwrap();
        let (checkpoint, signed) = Checkpoint::open(&note, &known).unwrap();
        assert_eq!((checkpoint, signed.len(), signed[1].time), (tree.checkpoint(size), 2, Some(NOW)));
        assert_eq!(witness.send(Method::GET, &path, "").await.body, note.to_string());
        assert!(witness.seen().contains(&note.to_string()), "on the disk before it was answered");
    }
}

#[tokio::test]
async fn each_refusal_has_its_status_and_changes_nothing() {
    let (witness, tree, fork) = (Watching::start(), Tree::of(20, 20, 0), Tree::of(20, 3, 1));
    assert_eq!(witness.add(&tree.request(0, 8)).await.status, StatusCode::OK);
    let seen = witness.seen();
    let good = tree.request(8, 12);
    let signed = |checkpoint: Checkpoint, by: SignerKey| AddCheckpoint { note: checkpoint.sign(&by), ..good.clone() };
    let elsewhere = Checkpoint { origin: "other.example/reads".into(), ..tree.checkpoint(12) };
    for (what, request, status) in [
        ("older than it says", tree.request(12, 8), 400),
        ("another key", signed(tree.checkpoint(12), log_key(ORIGIN, 9)), 403),
        ("another log", signed(elsewhere, log_key("other.example/reads", 4)), 404),
        ("from elsewhere", tree.request(3, 12), 409),
        ("a rollback", tree.request(0, 5), 409),
        ("a fork", fork.request(8, 12), 422),
        ("a fork of the same size", fork.request(8, 8), 422),
        ("without a proof", AddCheckpoint { proof: Vec::new(), ..good.clone() }, 422),
    ] {
        let answer = witness.add(&request).await;
        assert_eq!(answer.status.as_u16(), status, "{what}: {answer:?}");
        if status == 409 {
            assert_eq!((answer.header("content-type"), answer.body.as_str()), ("text/x.tlog.size", "8\n"), "{what}");
        }
    }
    assert_eq!(witness.seen(), seen);
    for (method, path, status) in
        [(Method::GET, "/add-checkpoint", 405), (Method::GET, "/", 404), (Method::POST, "/sign-subtree", 404)]
    {
        assert_eq!(witness.send(method, path, "").await.status.as_u16(), status, "{path}");
    }
    assert_eq!(witness.add(&good).await.status, StatusCode::OK);
}

#[tokio::test]
async fn half_a_request_and_what_is_none_are_refused_and_too_much_is_not_read() {
    let (witness, tree) = (Watching::start(), Tree::of(20, 20, 0));
    witness.add(&tree.request(0, 5)).await;
    let seen = witness.seen();
    let good = tree.request(5, 20).to_string();
    for end in 0..good.len() {
        let answer = witness.send(Method::POST, "/add-checkpoint", good.as_bytes()[..end].to_vec()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "cut at {end}");
    }
    for garbage in [vec![0xff; 100], b"old 5\n\n\n\n".to_vec(), vec![b'\n'; 5_000], b"{\"old\": 5}".to_vec()] {
        let answer = witness.send(Method::POST, "/add-checkpoint", garbage).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
    let answer = witness.send(Method::POST, "/add-checkpoint", vec![b'a'; LONGEST + 1]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(witness.seen(), seen);
}

#[tokio::test]
async fn of_two_stories_told_at_the_same_time_one_is_cosigned() {
    let witness = Arc::new(Watching::start());
    witness.add(&Tree::of(8, 8, 0).request(0, 8)).await;
    let mut asked = tokio::task::JoinSet::new();
    for no in 0..16u64 {
        let witness = witness.clone();
        asked.spawn(async move {
            let tree = Tree::of(40, 8, no % 2 + 1);
            (no % 2, witness.add(&tree.request(8, 9 + no / 2)).await.status.as_u16())
        });
    }
    let answers = asked.join_all().await;
    let won: Vec<u64> = answers.iter().filter(|(_, status)| *status == 200).map(|(story, _)| *story).collect();
    assert_eq!(won.len(), 1, "all began at the same place: {answers:?}");
    assert!(answers.iter().all(|(_, status)| [200, 409].contains(status)), "{answers:?}");
    // The other story is not taken up later either.
    let newest = witness.send(Method::GET, &format!("/{}/checkpoint", origin_hash(ORIGIN)), "").await.body;
    let size: u64 = newest.lines().nth(1).unwrap().parse().unwrap();
    let [told, other] = [won[0], 1 - won[0]].map(|story| Tree::of(40, 8, story + 1));
    assert_eq!(witness.add(&other.request(size, 40)).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(witness.add(&told.request(size, 40)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn asked_for_the_same_at_once_again_a_witness_writes_nothing() {
    let (witness, tree) = (Watching::start(), Tree::of(8, 8, 0));
    let first = witness.add(&tree.request(0, 8)).await;
    // A folder in the way, which not even root writes over.
    fs::create_dir(witness.folder.path().join("seen.unfinished")).unwrap();
    let again = witness.add(&tree.request(8, 8)).await;
    assert_eq!((again.status, &again.body), (StatusCode::OK, &first.body));
    witness.clock.advance(60_000);
    let later = witness.add(&tree.request(8, 8)).await;
    assert_eq!(later.status, StatusCode::SERVICE_UNAVAILABLE, "a minute later it would sign anew");
}

#[tokio::test]
async fn no_more_than_sixteen_are_listened_to_at_once() {
    let (witness, tree) = (Watching::start(), Tree::of(8, 8, 0));
    let mut slow = Vec::new();
    for _ in 0..16 {
        let endless = Empty::<Bytes>::new().with_trailers(pending::<Option<Result<HeaderMap, Infallible>>>());
        let mut asked = Box::pin(witness.send(Method::POST, "/add-checkpoint", Body::new(endless)));
        assert!(is_pending(&mut asked).await, "it is listened to");
        slow.push(asked);
    }
    let answer = witness.add(&tree.request(0, 8)).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    drop(slow);
    assert_eq!(witness.add(&tree.request(0, 8)).await.status, StatusCode::OK);
}

#[test]
fn whoever_goes_away_keeps_his_place_until_the_disk_has_answered() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let (witness, tree) = (Watching::start(), Tree::of(8, 8, 0));
        // The disk is slow: the only thread that waits for it is taken.
        let (answers, disk) = std::sync::mpsc::channel::<()>();
        let waiting = tokio::task::spawn_blocking(move || disk.recv());
        for _ in 0..16 {
            let request = tree.request(0, 8);
            let mut asked = std::pin::pin!(witness.add(&request));
            assert!(is_pending(&mut asked).await, "it waits for the disk, and then nobody waits for it");
        }
        assert_eq!(witness.add(&tree.request(0, 8)).await.status, StatusCode::SERVICE_UNAVAILABLE);
        answers.send(()).unwrap();
        waiting.await.unwrap().unwrap();
        // The last of them has ended when the thread is free again.
        tokio::task::spawn_blocking(|| ()).await.unwrap();
        assert_eq!(witness.add(&tree.request(8, 8)).await.status, StatusCode::OK);
    });
}

#[tokio::test]
async fn a_witness_that_died_before_it_answered_knows_what_it_had_signed() {
    let tree = Tree::of(20, 20, 0);
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
    let opened = open(folder.path(), vec![log_key(ORIGIN, 4).verifier().clone()]).unwrap();
    let lost = add(&opened, &tree.request(0, 8), NOW).unwrap();
    drop(opened);
    // It died in the middle of the next one, too.
    fs::write(folder.path().join("seen.unfinished"), "noren-witness/1 1\n\nshop.ex").unwrap();
    let witness = Watching::again(folder);
    let answer = witness.add(&Tree::of(20, 3, 1).request(0, 12)).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::CONFLICT, "8\n"));
    assert_eq!(
        witness.add(&tree.request(8, 8)).await.status,
        StatusCode::OK,
        "what was lost on the way is signed again"
    );
    assert!(witness.seen().contains(&lost.note.text));
    let witness = Watching::again(witness.stop());
    assert_eq!(witness.add(&tree.request(8, 20)).await.status, StatusCode::OK);
}

#[test]
fn what_a_witness_keeps_is_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("new/folder");
    let opened = open(&path, Vec::new()).unwrap();
    assert_eq!(opened.verifier(), &witness_key());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    for name in ["signing.key", "name", "seen"] {
        assert_eq!(fs::metadata(path.join(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    assert!(matches!(open(&path, Vec::new()), Err(FolderError::Taken(_))), "two of them could cosign two stories");
    drop(opened);
    let again = Folder::open(&path, None, Vec::new(), |_| panic!("it has a key")).unwrap();
    assert_eq!(again.verifier(), &witness_key());
    drop(again);
    let other = Folder::open(&path, Some("other.example/w"), Vec::new(), |_| {});
    assert!(matches!(other, Err(FolderError::OtherName(name)) if name == NAME));
    for name in ["signing.key", "seen"] {
        fs::set_permissions(path.join(name), Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(open(&path, Vec::new()), Err(FolderError::Open { mode: 0o640, .. })), "{name}");
        fs::set_permissions(path.join(name), Permissions::from_mode(0o600)).unwrap();
    }
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(open(&path, Vec::new()), Err(FolderError::Open { right: 0o700, .. })));
}

#[test]
fn a_witness_that_has_lost_something_does_not_begin_again_in_silence() {
    let logs = || vec![log_key(ORIGIN, 4).verifier().clone()];
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("witness");
    let refused = || open(&path, logs()).err().expect("it does not open");
    assert!(matches!(Folder::open(&path, None, logs(), |_| {}), Err(FolderError::NoName)));
    // A first start that was cut off begins again.
    fs::write(path.join("seen"), "noren-witness/1 0\n\n").unwrap();
    fs::set_permissions(path.join("seen"), Permissions::from_mode(0o600)).unwrap();
    add(&open(&path, logs()).unwrap(), &Tree::of(9, 9, 0).request(0, 9), NOW).unwrap();
    let [key, seen] = ["signing.key", "seen"].map(|name| (path.join(name), fs::read(path.join(name)).unwrap()));

    fs::remove_file(&key.0).unwrap();
    assert!(matches!(refused(), FolderError::KeyLost(_)), "it has cosigned with a key that is gone");
    assert!(!key.0.exists(), "and no new one takes its place");
    let write = |(path, bytes): &(std::path::PathBuf, Vec<u8>)| {
        fs::write(path, bytes).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    };
    for wrong in [vec![8; 32], vec![7; 31], Vec::new()] {
        write(&(key.0.clone(), wrong));
        assert!(matches!(refused(), FolderError::NotAKey(_) | FolderError::Damaged { .. }));
    }
    write(&key);
    fs::remove_file(&seen.0).unwrap();
    assert!(matches!(refused(), FolderError::Forgotten(_)));
    for cut in [0, 10, 60, seen.1.len() - 30] {
        write(&(seen.0.clone(), seen.1[..cut].to_vec()));
        assert!(matches!(refused(), FolderError::Damaged { .. }), "cut at {cut}");
    }
    write(&seen);
    assert!(open(&path, logs()).unwrap().newest(&origin_hash(ORIGIN)).is_some());
}

#[test]
fn what_cannot_be_written_down_is_not_cosigned() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("witness");
    let opened = open(&path, vec![log_key(ORIGIN, 4).verifier().clone()]).unwrap();
    let tree = Tree::of(9, 9, 0);
    add(&opened, &tree.request(0, 4), NOW).unwrap();
    // A folder in the way, which not even root writes over.
    fs::create_dir(path.join("seen.unfinished")).unwrap();
    assert!(add(&opened, &tree.request(4, 9), NOW).is_err());
    fs::remove_dir(path.join("seen.unfinished")).unwrap();
    assert_eq!(add(&opened, &tree.request(4, 9), NOW).unwrap().checkpoint, tree.checkpoint(9), "from where it was");
}
