//! For search engines: `/robots.txt`, `/sitemap.xml` and the files it names.

use std::fmt::Write;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, header::CACHE_CONTROL};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use noren_domain::Lang;
use noren_domain::html::escape;
use noren_domain::shipping::Day;
use noren_shop::Shop;
use noren_shop::catalogue::{CatalogueError, sitemap_categories, sitemap_parts, sitemap_products};

/// Pages that are neither goods nor categories.
const PAGES: [&str; 7] =
    ["/", "/help", "/security", "/mails/check", "/legal/commerce", "/legal/privacy", "/legal/terms"];

/// The routes of this module.
pub fn routes(shop: Shop) -> Router {
    Router::new()
        .route("/robots.txt", get(robots))
        .route("/sitemap.xml", get(index))
        .route("/sitemap/{part}", get(part))
        .with_state(shop)
}

async fn robots(State(shop): State<Shop>) -> String {
    let mut text = "User-agent: *\n".to_owned();
    for path in [
        "/api/",
        "/cart",
        "/checkout/",
        "/orders/",
        "/account",
        "/login",
        "/register",
        "/reset",
        "/verify",
        "/newsletter/",
        "/search",
    ] {
        for lang in Lang::ALL {
            if path == "/api/" && lang == Lang::En {
                continue;
            }
            let _ = writeln!(text, "Disallow: {}", lang.path(path));
        }
    }
    let _ = writeln!(text, "\nSitemap: {}/sitemap.xml", shop.url);
    text
}

/// An index of files: categories and pages, then the goods in parts.
async fn index(State(shop): State<Shop>) -> Response {
    answer(async {
        let mut xml = head("sitemapindex", "");
        let _ = write!(xml, "<sitemap><loc>{}/sitemap/pages.xml</loc></sitemap>", escape(&shop.url));
        for after in sitemap_parts(&shop).await? {
            let _ = write!(xml, "<sitemap><loc>{}/sitemap/goods-{after}.xml</loc></sitemap>", escape(&shop.url));
        }
        xml.push_str("</sitemapindex>\n");
        Ok(Some(xml))
    })
    .await
}

async fn part(State(shop): State<Shop>, Path(part): Path<String>) -> Response {
    answer(async {
        let mut xml = head("urlset", " xmlns:xhtml=\"http://www.w3.org/1999/xhtml\"");
        if part == "pages.xml" {
            for page in PAGES {
                address(&mut xml, &shop.url, page, None);
            }
            for slug in sitemap_categories(&shop).await? {
                address(&mut xml, &shop.url, &format!("/c/{slug}"), None);
            }
        } else {
            let after = part
                .strip_prefix("goods-")
                .and_then(|rest| rest.strip_suffix(".xml"))
                .and_then(|n| n.parse::<i64>().ok());
            let Some(after) = after.filter(|n| *n >= 0) else { return Ok(None) };
            for entry in sitemap_products(&shop, after).await? {
                let (day, _) = Day::in_japan(entry.updated_at);
                address(&mut xml, &shop.url, &format!("/p/{}", entry.slug), Some(&day.iso()));
            }
        }
        xml.push_str("</urlset>\n");
        Ok(Some(xml))
    })
    .await
}

async fn answer(xml: impl Future<Output = Result<Option<String>, CatalogueError>>) -> Response {
    match xml.await {
        Ok(Some(xml)) => {
            ([(CONTENT_TYPE, "application/xml; charset=utf-8"), (CACHE_CONTROL, "public, max-age=3600")], xml)
                .into_response()
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(%error, "no sitemap");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn head(root: &str, more: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\"{more}>"
    )
}

/// One page in both languages, each naming the other.
fn address(xml: &mut String, origin: &str, path: &str, changed: Option<&str>) {
    let at = |lang: Lang| escape(&format!("{origin}{}", lang.path(path)));
    for lang in Lang::ALL {
        let _ = write!(xml, "<url><loc>{}</loc>", at(lang));
        if let Some(day) = changed {
            let _ = write!(xml, "<lastmod>{day}</lastmod>");
        }
        for other in Lang::ALL {
            let _ = write!(xml, "<xhtml:link rel=\"alternate\" hreflang=\"{}\" href=\"{}\"/>", other.tag(), at(other));
        }
        xml.push_str("</url>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_is_named_in_both_languages_with_its_other() {
        let mut xml = String::new();
        address(&mut xml, "https://shop.example", "/p/a&b", Some("2026-11-22"));
        assert_eq!(xml.matches("<url>").count(), 2);
        assert_eq!(xml.matches("hreflang=\"en\" href=\"https://shop.example/en/p/a&amp;b\"").count(), 2);
        assert!(xml.contains("<lastmod>2026-11-22</lastmod>"));
    }
}
