//! What is said when something breaks down: where, and never with what in hand. The words of a panic may hold what was
//! read just then, for whoever cuts a text in the middle of a character is told the whole text.

use std::any::Any;
use std::backtrace::Backtrace;
use std::panic::set_hook;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// From now on a panic is logged with its place and, where `RUST_BACKTRACE` asks for it, the way there; with its words
/// only if they stand in the program as they are.
pub fn say_only_where() {
    set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let words = panic.payload().downcast_ref::<&'static str>().copied();
        let words = words.unwrap_or("what it said may hold what was read, and is left out");
        tracing::error!(place, backtrace = %Backtrace::capture(), "the program broke: {words}");
    }));
}

/// Answers a request that broke; the hook has said where.
pub fn answer(_payload: Box<dyn Any + Send>) -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use axum::Router;
    use axum::body::Body;
    use axum::http::Request;
    use axum::routing::get;
    use noren_shop::vault::Plain;
    use tokio::sync::watch;
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    const NAME: &str = "暖簾 花子";

    /// A mistake that is easily made: it says the text that it was made with.
    fn break_with_somebody_in_hand() -> usize {
        let name = Plain::new(NAME.to_owned());
        name.expose()[1..].len()
    }

    #[tokio::test]
    #[ignore = "run by the test below, in a process of its own"]
    async fn a_page_and_a_job_that_break() {
        if std::env::var_os("NOREN_TEST_PANIC").is_none() {
            return;
        }
        tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_writer(std::io::stderr).init();
        say_only_where();
        let page = get(|| async { break_with_somebody_in_hand().to_string() });
        let shop = Router::new().route("/", page).layer(CatchPanicLayer::custom(answer));
        let answered = shop.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(answered.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let (stop, stopped) = watch::channel(false);
        crate::jobs::supervised("test", Duration::ZERO, stopped, move |_| {
            // Once is enough.
            stop.send_replace(true);
            async { println!("{}", break_with_somebody_in_hand()) }
        })
        .await;
    }

    #[test]
    fn what_breaks_with_somebody_in_hand_says_where_and_not_whom() {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "panics::tests::a_page_and_a_job_that_break", "--ignored", "--nocapture"])
            .env("NOREN_TEST_PANIC", "1")
            .env("RUST_BACKTRACE", "full")
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert!(output.status.success(), "{said}");
        assert_eq!(said.matches("the program broke").count(), 2, "{said}");
        assert!(said.contains("panics.rs:") && said.contains("break_with_somebody_in_hand"), "{said}");
        assert!(said.contains("a job broke down"), "{said}");
        assert!(!said.contains("花子") && !said.contains("暖"), "{said}");
    }
}
