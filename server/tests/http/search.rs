//! `/search`, suggestions, and the way to the other language.

use axum::http::StatusCode;

use crate::fixture::{TestApp, form};

#[tokio::test]
async fn words_find_goods_in_either_language_and_any_way_of_writing() {
    let app = TestApp::start().await;
    for (path, query, found) in [
        ("/search", "手ぬぐい", "/p/tenugui-seigaiha"),
        ("/search", "青海波", "/p/tenugui-seigaiha"),
        ("/search", "ＴＧ－ＳＧＨ－ＡＩ", "/p/tenugui-seigaiha"),
        ("/en/search", "seigaiha", "/en/p/tenugui-seigaiha"),
        ("/en/search", "SEIGAIHA", "/en/p/tenugui-seigaiha"),
    ] {
        let page = app.browser().get(&format!("{path}?{}", form(&[("q", query)]))).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains(found), "{path} {query}");
    }
}

#[tokio::test]
async fn a_search_that_finds_nothing_says_so_and_shows_ways_on() {
    let app = TestApp::start().await;
    for (lang, words, on) in [
        ("", "ぴったりの商品は見つかりませんでした", "品揃えからさがす"),
        ("/en", "Nothing matches exactly", "Browse by category"),
    ] {
        let long = "x".repeat(3_000);
        for query in ["zzzzqqqq", "💥"] {
            let page = app.browser().get(&format!("{lang}/search?{}", form(&[("q", query)]))).await;
            assert_eq!(page.status, StatusCode::OK, "{query}");
            assert!(page.body.contains(words) && page.body.contains(on), "{lang} {query}");
        }
        for query in ["\"AND*NEAR(", "%' OR 1=1 --", "<b>x</b>", "-", "\"", "*", "", " ", "　", long.as_str()] {
            let page = app.browser().get(&format!("{lang}/search?{}", form(&[("q", query)]))).await;
            assert_eq!(page.status, StatusCode::OK, "{query:.20}");
            assert!(!page.body.contains("<b>x</b>"));
        }
    }
}

#[tokio::test]
async fn suggestions_come_as_data_and_whatever_is_typed_is_answered() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let address =
        |lang: &str, typed: &str| format!("/api/catalogue/suggest?{}", form(&[("lang", lang), ("typed", typed)]));
    let answer = browser.get(&address("ja", "手ぬ")).await;
    let words: Vec<String> = serde_json::from_str(&answer.body).unwrap();
    assert!(words.iter().any(|word| word.contains("手ぬぐい")), "{words:?}");
    let long = "あ".repeat(2_000);
    for typed in ["", " ", "%", "'", "*", "\"", "💥", long.as_str()] {
        let answer = browser.get(&address("en", typed)).await;
        assert_eq!(answer.status, StatusCode::OK, "{typed:.20}");
        assert!(serde_json::from_str::<Vec<String>>(&answer.body).is_ok());
    }
    let unreadable = browser.get("/api/catalogue/suggest?lang=xx&typed=a").await;
    assert!(unreadable.status.is_client_error() && unreadable.body.contains("<h1>"), "{}", unreadable.status);
}

#[tokio::test]
async fn every_page_leads_to_itself_in_the_other_language_with_its_query() {
    let app = TestApp::start().await;
    for (here, there, tag) in [
        ("/", "/en", "en"),
        ("/en", "/", "ja"),
        ("/p/tenugui-seigaiha", "/en/p/tenugui-seigaiha", "en"),
        ("/en/c/tenugui?sort=price", "/c/tenugui?sort=price", "ja"),
        ("/cart", "/en/cart", "en"),
        ("/en/login", "/login", "ja"),
    ] {
        let page = app.browser().get(here).await;
        let link = format!("href=\"{there}\" hreflang=\"{tag}\"");
        assert!(
            page.body.contains(&link)
                || page.body.contains(&link.replace("\" hreflang", "\" class=\"header__link\" hreflang")),
            "{here}: {link}"
        );
        assert_eq!(app.browser().get(there).await.status, StatusCode::OK);
    }
}
