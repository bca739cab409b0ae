//! The shop shows its ledger to its witnesses, who answer over a network, and brings what they say to the vault.

use std::fs;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::routing::post;
use noren_ledger::Hash;
use noren_ledger::checkpoint::Checkpoint;
use noren_ledger::note::{KeyKind, Note, SignerKey, VerifierKey};
use noren_ledger::witness::AddCheckpoint;
use noren_server::config::Flags;
use noren_server::jobs::{PushError, push};
use noren_server::witness::http::router;
use noren_server::witnesses::client::Client;
use noren_server::witnesses::{WitnessAt, Witnesses};
use noren_shop::clock::Clock;
use noren_shop::vault::VaultError;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::fixture::TestApp;
use crate::shopper::EMAIL;
use crate::witness::{add, open};

/// A shop whose vault knows a witness, and where that one is to listen.
struct Watched {
    app: TestApp,
    client: Client,
    witness: WitnessAt,
    /// The witness' folder.
    folder: tempfile::TempDir,
    log: VerifierKey,
}

impl Watched {
    async fn start() -> (Self, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let key = SignerKey::new("witness.example/w", KeyKind::Witness, &[7; 32]).unwrap().verifier().clone();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let witnesses = Witnesses::parse(&format!("{key} {url}")).unwrap();
        let app = TestApp::start_with(Flags { witnesses: Some(witnesses.to_string()), ..Flags::default() }).await;
        let log = app.shop.vault.hello().await.unwrap().keys[0].parse().unwrap();
        let (client, witness) = (Client::new(&witnesses), witnesses.0[0].clone());
        (Self { app, client, witness, folder: tempfile::tempdir().unwrap(), log }, listener)
    }

    /// A shop with its witness at work.
    async fn at_work() -> (Self, JoinHandle<()>) {
        let (watched, listener) = Self::start().await;
        let serving = watched.watch(listener);
        (watched, serving)
    }

    /// The witness opens its folder and answers.
    fn watch(&self, listener: TcpListener) -> JoinHandle<()> {
        let folder = Arc::new(open(&self.folder.path().join("witness"), vec![self.log.clone()]).unwrap());
        serve(listener, router(folder, Clock::System))
    }

    async fn push(&self) -> Result<Option<u64>, PushError> {
        push(&self.app.shop, &self.client, &self.witness).await
    }

    /// Somebody registers: the ledger grows, and a checkpoint is made over it.
    async fn somebody_comes(&self) {
        crate::account::register(&self.app, &mut self.app.browser(), EMAIL).await;
        self.new_checkpoint().await;
    }

    /// A vault that ends leaves a checkpoint.
    async fn new_checkpoint(&self) {
        self.app.stop_vault();
        self.app.start_vault();
    }

    /// What the log's key signs when a thief has it.
    fn signed(&self, checkpoint: &Checkpoint) -> Note {
        let seed = fs::read(self.app.data().join("vault/keys/signing-1.key")).unwrap();
        checkpoint.sign(&SignerKey::new(self.log.name(), KeyKind::Log, &seed.try_into().unwrap()).unwrap())
    }

    async fn newest(&self) -> Checkpoint {
        let note: Note = self.app.shop.vault.head().await.unwrap().parse().unwrap();
        note.text.parse().unwrap()
    }

    async fn cosigned(&self) -> Option<u64> {
        self.app.shop.vault.witnesses().await.unwrap()[0].newest.map(|(size, _)| size)
    }
}

fn serve(listener: TcpListener, app: Router) -> JoinHandle<()> {
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_witness_cosigns_comes_to_the_vault_and_is_not_asked_for_twice() {
    let (watched, _serving) = Watched::at_work().await;
    assert_eq!(watched.cosigned().await, None);
    let first = watched.newest().await.size;
    assert_eq!(watched.push().await.unwrap(), Some(first));
    assert_eq!(watched.cosigned().await, Some(first));
    assert_eq!(watched.push().await.unwrap(), None, "nothing is new");
    watched.somebody_comes().await;
    let second = watched.newest().await.size;
    assert!(second > first);
    assert_eq!(watched.push().await.unwrap(), Some(second));
    assert_eq!(watched.cosigned().await, Some(second));
    watched.new_checkpoint().await;
    assert_eq!(watched.cosigned().await, Some(second), "a vault that is started again knows");
    let mut kept = Vec::new();
    for file in fs::read_dir(watched.app.data().join("vault/ledger/checkpoints")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "cosigned") {
            kept.extend(noren_ledger::note::parse_notes(&fs::read_to_string(path).unwrap()).unwrap());
        }
    }
    let known = [watched.log.clone(), watched.witness.key.clone()];
    let sizes: Vec<u64> = kept.iter().map(|note| Checkpoint::open(note, &known).unwrap().0.size).collect();
    assert_eq!(sizes, [first, second]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_that_was_away_catches_up_and_one_that_is_ahead_of_what_the_vault_remembers_says_how_far_it_is() {
    let (watched, listener) = Watched::start().await;
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert!(matches!(watched.push().await, Err(PushError::Away(_))));
    watched.somebody_comes().await;
    assert!(matches!(watched.push().await, Err(PushError::Away(_))), "and the shop has gone on");
    let _serving = watched.watch(TcpListener::bind(address).await.unwrap());
    let newest = watched.newest().await.size;
    assert_eq!(watched.push().await.unwrap(), Some(newest));

    // The answer was lost, or the file.
    watched.app.stop_vault();
    for file in fs::read_dir(watched.app.data().join("vault/ledger/checkpoints")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "cosigned") {
            fs::remove_file(path).unwrap();
        }
    }
    watched.app.start_vault();
    assert_eq!(watched.cosigned().await, None);
    let grown = watched.push().await.unwrap().unwrap();
    assert!(grown >= newest);
    assert_eq!(watched.cosigned().await, Some(grown));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_is_not_the_one_that_was_seen_is_an_alarm() {
    for (more, is_ahead) in [(0, false), (5, true)] {
        let (watched, listener) = Watched::start().await;
        let newest = watched.newest().await;
        let folder = Arc::new(open(&watched.folder.path().join("witness"), vec![watched.log.clone()]).unwrap());
        let other = Checkpoint { size: newest.size + more, root: Hash([9; 32]), ..newest };
        let request = AddCheckpoint { old: 0, proof: Vec::new(), note: watched.signed(&other) };
        add(&folder, &request, 1_796_083_200).unwrap();
        let _serving = serve(listener, router(folder, Clock::System));
        let error = watched.push().await.unwrap_err();
        assert!(error.is_alarming(), "{error}");
        assert_eq!(matches!(error, PushError::Ahead { .. }), is_ahead, "{error}");
        assert_eq!(matches!(error, PushError::Forked { .. }), !is_ahead, "{error}");
        assert_eq!(watched.cosigned().await, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_that_was_not_given_the_ledgers_key_and_a_vault_that_was_not_given_the_witness_are_told() {
    let (watched, listener) = Watched::start().await;
    let folder = Arc::new(open(&watched.folder.path().join("witness"), Vec::new()).unwrap());
    let _serving = serve(listener, router(folder, Clock::System));
    let error = watched.push().await.unwrap_err();
    assert!(matches!(error, PushError::Refused { status: 404, .. }), "{error}");
    assert!(!error.is_alarming() && error.to_string().contains("--log"), "{error}");
    let key = SignerKey::new("other.example/w", KeyKind::Witness, &[8; 32]).unwrap().verifier().clone();
    let other = WitnessAt { key, ..watched.witness.clone() };
    let error = push(&watched.app.shop, &watched.client, &other).await.unwrap_err();
    assert!(error.to_string().contains("NOREN_WITNESSES"), "{error}");
}

/// Answers as nobody should, to whoever asks for a cosignature.
async fn answered(
    answer: impl Fn() -> axum::response::Response + Clone + Send + Sync + 'static,
) -> (PushError, Watched) {
    let (watched, listener) = Watched::start().await;
    let app = Router::new().route("/add-checkpoint", post(move || std::future::ready(answer())));
    let _serving = serve(listener, app);
    (watched.push().await.unwrap_err(), watched)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_counts_by_its_signature_and_by_nothing_else() {
    use axum::response::IntoResponse;
    // Followed, it would be asked at its own address, without end.
    let (error, _) = answered(|| (StatusCode::FOUND, [(LOCATION, "/add-checkpoint")]).into_response()).await;
    assert!(matches!(error, PushError::Refused { status: 302, .. }), "{error}");
    let (error, _) = answered(|| (StatusCode::OK, "a".repeat(1 << 20)).into_response()).await;
    assert!(matches!(error, PushError::Away(_)), "no more is read than a witness can have to say: {error}");
    let (error, _) = answered(|| (StatusCode::OK, "<html>").into_response()).await;
    assert!(matches!(error, PushError::NoSignature(_)), "{error}");
    let (error, _) = answered(|| (StatusCode::CONFLICT, "some").into_response()).await;
    assert!(matches!(error, PushError::Refused { status: 409, .. }), "{error}");
    let (error, _) = answered(|| (StatusCode::BAD_GATEWAY, "\u{1b}[31m".repeat(500)).into_response()).await;
    assert!(matches!(&error, PushError::Refused { words, .. } if words.chars().count() == 200), "{error}");
    assert!(!error.to_string().contains('\u{1b}'), "what comes into the log draws nothing");
    // A signature of somebody else: the vault looks.
    let other = SignerKey::new("witness.example/w", KeyKind::Witness, &[9; 32]).unwrap();
    let line = other.sign("another text\n", 1_796_083_200).to_string();
    let (error, watched) = answered(move || (StatusCode::OK, line.clone()).into_response()).await;
    assert!(matches!(&error, PushError::Vault(VaultError::Trouble(words)) if words.contains("no witness")), "{error}");
    assert_eq!(watched.cosigned().await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_whose_clock_is_wrong_is_told_of_and_what_it_has_cosigned_is_kept() {
    let (watched, listener) = Watched::start().await;
    let address = listener.local_addr().unwrap();
    let folder = Arc::new(open(&watched.folder.path().join("witness"), vec![watched.log.clone()]).unwrap());
    let now = watched.app.shop.clock.now();
    let serving = serve(listener, router(folder.clone(), Clock::fixed(now - 2 * 3_600_000)));
    let error = watched.push().await.unwrap_err();
    assert!(matches!(error, PushError::Clock { .. }) && !error.is_alarming(), "{error}");
    assert_eq!(watched.cosigned().await, Some(watched.newest().await.size));
    serving.abort();
    let _ = serving.await;
    // Set back once more, it does not go on with the time that it said before.
    watched.somebody_comes().await;
    let _serving = serve(TcpListener::bind(address).await.unwrap(), router(folder, Clock::fixed(now - 3 * 3_600_000)));
    let error = watched.push().await.unwrap_err();
    assert!(matches!(&error, PushError::Refused { status: 503, words } if words.contains("clock")), "{error}");
}

/// Answers 409 with a size made of the request's old size and its checkpoint's size.
async fn elsewhere(
    watched: &Watched,
    listener: TcpListener,
    size: impl Fn(u64, u64) -> u64 + Clone + Send + Sync + 'static,
) -> PushError {
    let answer = move |body: String| {
        let request: AddCheckpoint = body.parse().unwrap();
        let checkpoint: Checkpoint = request.note.text.parse().unwrap();
        std::future::ready((StatusCode::CONFLICT, format!("{}\n", size(request.old, checkpoint.size))))
    };
    let serving = serve(listener, Router::new().route("/add-checkpoint", post(answer)));
    let error = watched.push().await.unwrap_err();
    serving.abort();
    error
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_that_is_always_elsewhere_is_told_and_one_that_knows_another_tree_of_the_same_size_is_an_alarm() {
    let (watched, listener) = Watched::start().await;
    let error = elsewhere(&watched, listener, |old, _| old).await;
    assert!(matches!(error, PushError::Refused { status: 409, .. }) && !error.is_alarming(), "{error}");
    let (watched, listener) = Watched::start().await;
    let error = elsewhere(&watched, listener, |old, _| old + 1).await;
    assert!(matches!(error, PushError::Busy) && !error.is_alarming(), "{error}");
    let (watched, listener) = Watched::start().await;
    // A witness of the protocol before July 2026: first where it is, and then that this is another tree.
    let error = elsewhere(&watched, listener, |_, size| size).await;
    assert!(matches!(error, PushError::Forked { .. }) && error.is_alarming(), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn https_that_is_none_is_a_witness_that_cannot_be_reached() {
    let (watched, listener) = Watched::start().await;
    let _serving = watched.watch(listener);
    let secure = WitnessAt { url: watched.witness.url.replace("http:", "https:"), ..watched.witness.clone() };
    let client = Client::new(&Witnesses(vec![secure.clone()]));
    let error = push(&watched.app.shop, &client, &secure).await.unwrap_err();
    assert!(matches!(error, PushError::Away(_)), "{error}");
}
