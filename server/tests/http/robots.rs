//! What search engines read.

use axum::http::StatusCode;

use crate::fixture::{TestApp, URL};

#[tokio::test]
async fn robots_are_shown_the_goods_and_kept_from_what_is_private() {
    let app = TestApp::start().await;
    let answer = app.browser().get("/robots.txt").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains(&format!("Sitemap: {URL}/sitemap.xml")));
    for path in ["/cart", "/checkout/", "/orders/", "/account", "/login", "/register", "/verify", "/search"] {
        for prefix in ["", "/en"] {
            let line = format!("Disallow: {prefix}{path}");
            assert!(answer.body.lines().any(|found| found == line), "{line}");
        }
    }
    assert!(answer.body.lines().all(|line| line != "Disallow: /"), "the goods may be looked at");
}

#[tokio::test]
async fn the_sitemap_leads_to_every_product_in_both_languages() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let index = browser.get("/sitemap.xml").await;
    assert_eq!(index.status, StatusCode::OK);
    let mut all = index.body.clone();
    for part in index.body.split("<loc>").skip(1) {
        let path = part.split("</loc>").next().unwrap().trim_start_matches(URL).to_owned();
        if path.contains("sitemap") {
            all.push_str(&browser.get(&path).await.body);
        }
    }
    assert!(all.contains(&format!("{URL}/p/tenugui-seigaiha")));
    assert!(all.contains(&format!("{URL}/en/p/tenugui-seigaiha")));
    assert!(!all.contains("/cart") && !all.contains("/account"));
}

#[tokio::test]
async fn a_product_page_tells_search_engines_what_it_sells() {
    let app = TestApp::start().await;
    let page = app.browser().get("/en/p/tenugui-seigaiha").await;
    assert!(page.body.contains("application/ld+json"));
    assert!(page.body.contains("\"Product\"") && page.body.contains("\"Offer\""));
    assert!(page.body.contains(&format!("<link href=\"{URL}/en/p/tenugui-seigaiha\" rel=\"canonical\">")));
    assert!(page.body.contains("hreflang=\"ja\"") && page.body.contains("hreflang=\"x-default\""));
    assert!(page.body.contains("property=\"og:image\""));
}
