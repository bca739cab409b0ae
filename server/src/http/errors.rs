//! Words in place of a bare status: when a layer (not a page) refuses a browser, the answer still
//! says in the page's language what happened and how to go on.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERER, RETRY_AFTER,
    SET_COOKIE,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::Response;
use noren_domain::Lang;

/// Gives error answers without a page of their own a small static page, if a browser asked.
pub async fn explain(State(css): State<Arc<str>>, request: Request, next: Next) -> Response {
    let browser = request
        .headers()
        .get(ACCEPT)
        .is_some_and(|accept| accept.as_bytes().windows(9).any(|part| part == b"text/html"));
    let lang = language(request.uri(), request.headers());
    let head = request.method() == Method::HEAD;
    let response = next.run(request).await;
    let status = response.status();
    let error = status.is_client_error() || status.is_server_error();
    if !browser || !error || has_page(response.headers()) {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    // The old body's length, type and encoding say nothing about the new one.
    let kept: Vec<_> = [ALLOW, RETRY_AFTER, SET_COOKIE]
        .into_iter()
        .flat_map(|name| {
            parts.headers.get_all(&name).iter().map(|value| (name.clone(), value.clone())).collect::<Vec<_>>()
        })
        .collect();
    parts.headers.clear();
    for (name, value) in kept {
        parts.headers.append(name, value);
    }
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    parts.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    parts.headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    );
    let body = if head { Body::empty() } else { Body::from(page(lang, status, &css)) };
    Response::from_parts(parts, body)
}

/// Whether the answer is a page (or data a program asked for) rather than a bare status.
fn has_page(headers: &HeaderMap) -> bool {
    if headers.get(CONTENT_LENGTH).is_some_and(|length| length == "0") {
        return false;
    }
    headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).is_some_and(|kind| kind.starts_with("text/html"))
}

/// The language of the page asked for; a form's address has none, so the page it stands on counts.
fn language(uri: &Uri, headers: &HeaderMap) -> Lang {
    if !uri.path().starts_with("/api/") {
        return Lang::of_path(uri.path());
    }
    headers
        .get(REFERER)
        .and_then(|referer| referer.to_str().ok())
        .and_then(|referer| referer.parse::<Uri>().ok())
        .map_or(Lang::Ja, |referer| Lang::of_path(referer.path()))
}

/// The page for `status`: what happened, whether anything changed, what to do. `css` is the path of the style sheet.
pub fn page(lang: Lang, status: StatusCode, css: &str) -> String {
    let (title, text) = words(lang, status);
    let shop = lang.pick("暖簾堂", "Norendo");
    let (home, help) = (lang.path("/"), lang.path("/help"));
    let (to_home, to_help) = lang.pick(("トップページへ", "ご利用案内"), ("To the home page", "Help"));
    let number = lang.pick("エラー番号", "Error number");
    format!(
        "<!DOCTYPE html><html lang=\"{tag}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
         <meta name=\"robots\" content=\"noindex\"><title>{title} | {shop}</title>\
         <link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\"><link rel=\"stylesheet\" href=\"{css}\"></head>\
         <body><header class=\"header\"><div class=\"header__inner\"><a class=\"brand\" href=\"{home}\">\
         <span class=\"brand__mark\" aria-hidden=\"true\"></span><span>{shop}</span></a></div></header>\
         <main id=\"main\"><div class=\"empty\"><h1>{title}</h1><p>{text}</p>\
         <p><a class=\"button button--primary\" href=\"{home}\">{to_home}</a></p><p><a href=\"{help}\">{to_help}</a></p>\
         <p class=\"muted small\">{number} {code}</p></div></main></body></html>",
        tag = lang.tag(),
        code = status.as_u16(),
    )
}

fn words(lang: Lang, status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::FORBIDDEN => lang.pick(
            (
                "この操作は受け付けられませんでした",
                "ほかのサイトから送られた操作のように見えたため、安全のため止めました。何も変わっていません。お店のページを開きなおして、もう一度お試しください。",
            ),
            (
                "This was not accepted",
                "It looked as if it came from another site, so we stopped it to keep you safe. Nothing was changed. Please open the shop's page again and retry.",
            ),
        ),
        StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::METHOD_NOT_ALLOWED => lang.pick(
            ("ページが見つかりません", "お探しのページは、移動したか、なくなったか、アドレスが違うようです。"),
            ("Page not found", "The page has moved, is gone, or the address has a slip in it."),
        ),
        StatusCode::PAYLOAD_TOO_LARGE => lang.pick(
            (
                "送られた内容が大きすぎます",
                "一度に受け取れる大きさを超えています。何も変わっていません。前のページに戻り、文章を短くしてお試しください。",
            ),
            ("Too much at once", "What was sent is larger than we can take. Nothing was changed. Please go back and shorten it."),
        ),
        StatusCode::TOO_MANY_REQUESTS => lang.pick(
            ("少し時間をおいてください", "短い間に多くの操作がありました。数分おいて、もう一度お試しください。"),
            ("Please wait a moment", "There were many requests in a short time. Please try again in a few minutes."),
        ),
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT | StatusCode::REQUEST_TIMEOUT => lang.pick(
            (
                "ただいま混み合っています",
                "時間内にお返事できませんでした。少しおいて、もう一度お試しください。ご注文の途中だった場合は、注文一覧かメールで結果をご確認ください。",
            ),
            (
                "We could not answer in time",
                "Please try again in a moment. If you were placing an order, please check your orders or your mail before trying again.",
            ),
        ),
        status if status.is_client_error() => lang.pick(
            (
                "内容を読み取れませんでした",
                "送られた内容が途中で切れたか、読めない文字が含まれています。何も変わっていません。前のページに戻って、もう一度お試しください。",
            ),
            (
                "This could not be read",
                "What was sent is cut off or holds characters we cannot read. Nothing was changed. Please go back and try again.",
            ),
        ),
        _ => lang.pick(
            (
                "こちらの不具合で表示できませんでした",
                "ご不便をおかけして申し訳ありません。少しおいて、もう一度お試しください。ご注文の途中だった場合は、注文一覧かメールで結果をご確認ください。",
            ),
            (
                "Something went wrong on our side",
                "We are sorry. Please try again in a moment. If you were placing an order, please check your orders or your mail before trying again.",
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::middleware;
    use axum::routing::{get, post};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    fn shop() -> Router {
        Router::new()
            .route("/en/busy", get(|| async { StatusCode::SERVICE_UNAVAILABLE }))
            .route("/api/refused", post(|| async { (StatusCode::FORBIDDEN, "cross-origin") }))
            .route("/own", get(|| async { (StatusCode::NOT_FOUND, axum::response::Html("<h1>own</h1>")) }))
            .layer(middleware::from_fn_with_state(Arc::from("/pkg/noren.css"), explain))
    }

    async fn answer(request: Request) -> (StatusCode, String) {
        let response = shop().oneshot(request).await.expect("the router answers");
        let status = response.status();
        let body = response.into_body().collect().await.expect("the body is whole").to_bytes();
        (status, String::from_utf8(body.to_vec()).expect("the page is UTF-8"))
    }

    #[tokio::test]
    async fn a_bare_error_becomes_a_page_in_the_language_of_the_path() {
        let request = Request::get("/en/busy").header(ACCEPT, "text/html").body(Body::empty()).expect("well formed");
        let (status, body) = answer(request).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(body.contains("<html lang=\"en\">") && body.contains("We could not answer in time"), "{body}");
    }

    #[tokio::test]
    async fn a_refused_form_is_explained_in_the_language_of_its_page() {
        let form = |referer: &str| {
            Request::post("/api/refused")
                .header(ACCEPT, "text/html")
                .header(REFERER, referer)
                .body(Body::empty())
                .expect("well formed")
        };
        assert!(answer(form("http://shop.example/en/cart")).await.1.contains("This was not accepted"));
        assert!(answer(form("http://shop.example/cart")).await.1.contains("この操作は受け付けられませんでした"));
    }

    #[tokio::test]
    async fn programs_and_pages_of_their_own_are_left_alone() {
        let program =
            Request::post("/api/refused").header(ACCEPT, "application/json").body(Body::empty()).expect("well formed");
        assert_eq!(answer(program).await.1, "cross-origin");
        let own = Request::get("/own").header(ACCEPT, "text/html").body(Body::empty()).expect("well formed");
        assert_eq!(answer(own).await.1, "<h1>own</h1>");
    }
}
