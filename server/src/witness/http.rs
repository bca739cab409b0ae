//! What a witness answers over HTTP, and nothing else: C2SP tlog-witness, with one address for both of its
//! prefixes.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::error_handling::HandleErrorLayer;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{BoxError, Router};
use noren_ledger::witness::{ADD_CHECKPOINT, AddCheckpoint, LONGEST, NotARequest, Refusal, SIZE_TYPE};
use noren_shop::clock::Clock;
use tokio::sync::Semaphore;
use tower::ServiceBuilder;
use tower::limit::GlobalConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

use super::folder::{AddError, Folder};
use super::told::{Told, evidence};

/// A log hears no later than this, if only that it was too slow.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// So many requests are answered at once, and no more are waited for: each holds up to [`LONGEST`] in memory. A shop
/// asks every ten seconds.
const AT_ONCE: usize = 16;
const TEXT: &str = "text/plain; charset=utf-8";

#[derive(Clone)]
struct Asked {
    folder: Arc<Folder>,
    clock: Clock,
    told: Arc<Told>,
    /// One for each thread that waits for the disk, which goes on also when nobody waits for its answer any more.
    threads: Arc<Semaphore>,
}

/// Everything that the witness in `folder` answers.
pub fn router(folder: Arc<Folder>, clock: Clock) -> Router {
    Router::new()
        .route(ADD_CHECKPOINT, post(add))
        .route("/{origin}/checkpoint", get(newest))
        .with_state(Asked { folder, clock, told: Arc::default(), threads: Arc::new(Semaphore::new(AT_ONCE)) })
        .layer(CatchPanicLayer::custom(crate::panics::answer))
        .layer(RequestBodyLimitLayer::new(LONGEST))
        .layer(DefaultBodyLimit::max(LONGEST))
        .layer(
            ServiceBuilder::new()
                .layer(HandleErrorLayer::new(|_: BoxError| std::future::ready(busy())))
                .layer(LoadShedLayer::new())
                .layer(GlobalConcurrencyLimitLayer::new(AT_ONCE)),
        )
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, ANSWER_WITHIN))
}

type Answer = (StatusCode, [(HeaderName, &'static str); 1], String);

fn answer(status: StatusCode, kind: &'static str, words: String) -> Answer {
    (status, [(CONTENT_TYPE, kind)], words)
}

/// To whom there is no time left to listen.
fn busy() -> Answer {
    answer(StatusCode::SERVICE_UNAVAILABLE, TEXT, "the witness is busy; ask again later\n".to_owned())
}

async fn add(State(asked): State<Asked>, body: Bytes) -> Response {
    let Ok(thread) = asked.threads.try_acquire_owned() else { return busy().into_response() };
    // The disk is waited for in a thread of its own; and once it has begun, also when nobody waits any more.
    let done = tokio::task::spawn_blocking(move || {
        let _thread = thread;
        let text = std::str::from_utf8(&body).map_err(|_| NotARequest);
        let request = text.and_then(str::parse::<AddCheckpoint>).map_err(Refusal::from)?;
        let checked = asked.folder.check(request)?;
        let now = u64::try_from(asked.clock.now() / 1_000).unwrap_or(0);
        let added = asked.folder.add(&checked, now);
        if let Err(AddError::Refused(refusal)) = &added
            && asked.told.is_due(&checked.checkpoint().origin, refusal, now)
        {
            if matches!(refusal, Refusal::Behind { .. }) {
                tracing::error!("nothing is cosigned: {refusal}");
            } else {
                tracing::warn!(request = %evidence(&checked), "not cosigned: {refusal}");
            }
        }
        added
    });
    match done.await {
        Ok(Ok(seen)) => {
            tracing::debug!(log = seen.checkpoint.origin, leaves = seen.checkpoint.size, "cosigned");
            answer(StatusCode::OK, TEXT, seen.answer())
        }
        Ok(Err(AddError::Refused(Refusal::Elsewhere(size)))) => {
            answer(StatusCode::CONFLICT, SIZE_TYPE, format!("{size}\n"))
        }
        Ok(Err(AddError::Refused(refusal))) => {
            let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
            answer(status, TEXT, format!("{refusal}\n"))
        }
        Ok(Err(AddError::Kept(error))) => {
            tracing::error!(%error, "nothing is cosigned until what was seen can be written again");
            let words = "the witness cannot write down what it has seen, so it cosigns nothing\n".to_owned();
            answer(StatusCode::SERVICE_UNAVAILABLE, TEXT, words)
        }
        Err(fell) => {
            tracing::error!(error = %fell, "a request fell over");
            answer(StatusCode::INTERNAL_SERVER_ERROR, TEXT, String::new())
        }
    }
    .into_response()
}

async fn newest(State(asked): State<Asked>, Path(origin): Path<String>) -> Answer {
    match asked.folder.newest(&origin) {
        Some(note) => answer(StatusCode::OK, TEXT, note),
        None => answer(StatusCode::NOT_FOUND, TEXT, "this witness has cosigned no such log\n".to_owned()),
    }
}
