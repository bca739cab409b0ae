//! The last button, pressed twice at once.

use axum::http::StatusCode;

use crate::fixture::{Browser, TestApp};
use crate::shopper::{place, to_confirmation};

/// Presses, and opens at once whatever page the answer names; gives its address.
async fn press_and_open(browser: &mut Browser<'_>, lang: &str, seen: &str) -> String {
    let answer = place(browser, lang, seen).await;
    let page = browser.get(answer.location()).await;
    assert_eq!(page.status, StatusCode::OK, "what was promised is there: {}", answer.location());
    answer.location().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_of_two_presses_lead_to_one_page_and_it_is_there_for_both() {
    let app = TestApp::start().await;
    for lang in ["", "/en"] {
        for payment in ["transfer", "cash", "card"] {
            let mut browser = app.browser();
            let seen = to_confirmation(&mut browser, lang, payment).await;
            let (mut one, mut two) = (browser.clone(), browser);
            let pages = tokio::join!(press_and_open(&mut one, lang, &seen), press_and_open(&mut two, lang, &seen));
            assert_eq!(pages.0, pages.1, "{lang} {payment}");
        }
    }
}
