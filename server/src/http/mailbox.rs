//! The development mailbox: every mail the shop has sent, for reading, and each kind of mail with made-up content
//! (never in production).

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use noren_domain::Lang;
use noren_domain::html::escape;
use noren_shop::mail::mailbox::{self, Received};
use noren_shop::{Shop, mail};

/// Mails style themselves inline, as mail programs demand; the frame they stand in runs nothing.
const POLICY: &str =
    "default-src 'none'; style-src 'self' 'unsafe-inline'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'";

const SAMPLES: &str = "<p><a href=\"/dev/mails\">Each kind of mail with made-up content</a></p>";

/// The routes of the mailbox; none in production.
pub fn routes(shop: Shop) -> Router {
    if !shop.development {
        return Router::new();
    }
    Router::new()
        .route("/dev/mailbox", get(list))
        .route("/dev/mailbox/{name}", get(show))
        .route("/dev/mails", get(kinds))
        .route("/dev/mails/{lang}/{kind}", get(sample))
        .with_state(shop)
}

async fn kinds(State(shop): State<Shop>) -> Response {
    let rows: String = mail::previews(&shop, Lang::Ja)
        .into_iter()
        .zip(mail::previews(&shop, Lang::En))
        .map(|((kind, ja), (_, en))| {
            let way = |lang: Lang, subject: &str| {
                let (tag, subject) = (lang.tag(), escape(subject));
                format!("<td><a lang=\"{tag}\" href=\"/dev/mails/{tag}/{kind}\">{subject}</a></td>")
            };
            format!("<tr><td>{kind}</td>{}{}</tr>", way(Lang::Ja, &ja), way(Lang::En, &en))
        })
        .collect();
    answer(
        "Mails",
        &format!("<p><a href=\"/dev/mailbox\">Mails that were sent</a></p><table><tbody>{rows}</tbody></table>"),
    )
}

async fn sample(State(shop): State<Shop>, Path((lang, kind)): Path<(String, String)>) -> Response {
    let lang = Lang::from_tag(&lang);
    let Some(sample) = mail::preview(&shop, &kind, lang) else { return StatusCode::NOT_FOUND.into_response() };
    let body = format!(
        "<p><a href=\"/dev/mails\">All kinds</a></p><h2>Text</h2><pre>{}</pre>\
         <h2>HTML</h2><iframe sandbox title=\"HTML version\" srcdoc=\"{}\"></iframe>",
        escape(&sample.text),
        escape(&sample.html)
    );
    answer(&sample.subject, &body)
}

async fn list(State(shop): State<Shop>) -> Response {
    match mailbox::list(&shop).await {
        Ok(mails) => answer("Mailbox", &rows(&mails)),
        Err(error) => trouble(&error),
    }
}

async fn show(State(shop): State<Shop>, Path(name): Path<String>) -> Response {
    match mailbox::open(&shop, &name).await {
        Ok(Some(mail)) => answer(&mail.subject, &content(&shop, &mail)),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => trouble(&error),
    }
}

fn trouble(error: &std::io::Error) -> Response {
    tracing::error!(%error, "the mailbox cannot be read");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

fn answer(title: &str, body: &str) -> Response {
    let page = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\"><title>{0}</title><link rel=\"stylesheet\" href=\"/test-bank/style.css\"></head>\
         <body><header>Development mailbox</header><main class=\"wide\"><h1>{0}</h1>{body}</main></body></html>",
        escape(title)
    );
    ([(CONTENT_SECURITY_POLICY, POLICY)], Html(page)).into_response()
}

fn rows(mails: &[Received]) -> String {
    if mails.is_empty() {
        return format!("{SAMPLES}<p>No mail yet. What the shop sends arrives here.</p>");
    }
    let rows: String = mails
        .iter()
        .map(|mail| {
            format!(
                "<tr><td><a href=\"/dev/mailbox/{}\">{}</a></td><td>{}</td><td>{}</td></tr>",
                escape(&mail.name),
                escape(&mail.subject),
                escape(&mail.to),
                escape(&mail.date)
            )
        })
        .collect();
    format!(
        "{SAMPLES}<table><thead><tr><th scope=\"col\">Subject</th><th scope=\"col\">To</th><th scope=\"col\">Sent</th></tr></thead><tbody>{rows}</tbody></table>"
    )
}

fn content(shop: &Shop, mail: &Received) -> String {
    let text: Vec<String> = mail.text.lines().map(|line| linked(line.trim_end(), &shop.url)).collect();
    format!(
        "<p><a href=\"/dev/mailbox\">All mails</a></p><p>To: {}<br>Sent: {}</p><h2>Text</h2><pre>{}</pre>\
         <h2>HTML</h2><iframe sandbox title=\"HTML version\" srcdoc=\"{}\"></iframe>",
        escape(&mail.to),
        escape(&mail.date),
        text.join("\n"),
        escape(&mail.html)
    )
}

/// A line of a mail, in which the addresses of the shop at `shop` can be followed; anything else stays text.
fn linked(line: &str, shop: &str) -> String {
    let home = format!("{shop}/");
    let (mut out, mut rest) = (String::new(), line);
    while let Some(at) = rest.find(&home) {
        let (before, from) = rest.split_at(at);
        let (link, behind) = from.split_at(length_of_address(from));
        out += &format!("{}<a href=\"{1}\">{1}</a>", escape(before), escape(link));
        rest = behind;
    }
    out + &escape(rest)
}

/// How many bytes of `text` belong to the address that it begins with: up to what stands in no address, such as a space or
/// Japanese words and marks, but not the mark that ends the sentence around it.
fn length_of_address(text: &str) -> usize {
    let within = |c: char| c.is_ascii_graphic() && !"\"<>\\^`{|}".contains(c);
    let end = text.find(|c: char| !within(c)).unwrap_or(text.len());
    text[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '\'']).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_ends_where_its_address_does() {
        let shop = "http://shop.example";
        let link = |path: &str| format!("<a href=\"{shop}{path}\">{shop}{path}</a>");
        for (behind, text) in [
            (" で、当店が送ったメールかどうかを確かめられます。", " で、当店が送ったメールかどうかを確かめられます。"),
            (" tells whether we sent it.", " tells whether we sent it."),
            ("。", "。"),
            ("、または", "、または"),
            ("）をご覧ください", "）をご覧ください"),
            ("」", "」"),
            (").", ")."),
            (", or", ", or"),
            ("\"><b>", "&quot;&gt;&lt;b&gt;"),
            ("", ""),
        ] {
            let line = format!("{shop}/mails/check?a=1{behind}");
            assert_eq!(linked(&line, shop), format!("{}{text}", link("/mails/check?a=1")));
        }
        let line = format!("配信の停止: {shop}/newsletter/leave/x-_1 または {shop}/。");
        let linked_line = format!("配信の停止: {} または {}。", link("/newsletter/leave/x-_1"), link("/"));
        assert_eq!(linked(&line, shop), linked_line);
        assert_eq!(linked("http://other.example/ と <shop>", shop), "http://other.example/ と &lt;shop&gt;");
    }
}
