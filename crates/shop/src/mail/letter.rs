//! The parts a mail is made of, rendered as text and as HTML from one description.

use std::fmt::Write;

use noren_domain::account::in_fours;
use noren_domain::html::escape;
use noren_domain::seller::seller;
use noren_domain::{Lang, moment};

use crate::vault::Plain;

/// A name in a table that is no wider than so many Latin letters (a kana counts as two) leaves room for its value on a
/// phone.
const SHORT: usize = 20;

noren_domain::masked!(Part);

/// One mail before it becomes a message. It has no `Debug`: it holds an address.
pub struct Letter {
    /// To whom.
    pub to: Plain,
    /// In which language.
    pub lang: Lang,
    /// Subject.
    pub subject: String,
    /// What it says, from top to bottom.
    pub parts: Vec<Part>,
    /// The reader's check phrase, where they have an account and the mail is about it.
    pub phrase: Option<Phrase>,
    /// Name, size and root of the ledger of reads at this moment. Whoever keeps the mail can hold the ledger
    /// of a later day against it.
    pub ledger: Option<String>,
}

/// A check phrase below a mail.
pub struct Phrase {
    /// The phrase.
    pub words: String,
    /// Whether the account still shows it: not after it was erased.
    pub shown: bool,
}

/// One part of a mail. Texts are plain; the HTML rendering escapes them.
#[derive(Clone, PartialEq, Eq)]
pub enum Part {
    /// A paragraph; line breaks stay.
    Text(String),
    /// A heading above what follows.
    Heading(String),
    /// Pairs of name and value, such as an address.
    Facts(Vec<(String, String)>),
    /// A code to be typed in, set large.
    Code(String),
    /// A link to press, with its full address.
    Link {
        /// What it says.
        label: String,
        /// Where it leads.
        url: String,
    },
}

/// What stands below every mail, besides the shop's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Foot {
    /// The mail's number.
    pub no: Option<String>,
    /// Where the number can be checked.
    pub check: String,
    /// Of a newsletter: where it is ended.
    pub leave: Option<String>,
}

/// A moment (UTC ms) as mails say it. Whoever reads English may live by another clock.
pub(super) fn time(millis: i64, lang: Lang) -> String {
    let time = moment::date_time(millis, lang);
    match lang {
        Lang::Ja => time,
        Lang::En => format!("{time} (Japan time)"),
    }
}

impl Letter {
    /// The text version.
    pub fn text(&self, foot: &Foot) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Heading(text) => {
                    let _ = write!(out, "■ {text}");
                }
                Part::Facts(facts) => {
                    let lines: Vec<String> = facts
                        .iter()
                        .map(|(name, value)| if name.is_empty() { value.clone() } else { format!("{name}: {value}") })
                        .collect();
                    out.push_str(&lines.join("\n"));
                }
                Part::Code(code) => {
                    let _ = write!(out, "    {}", in_fours(code.as_bytes(), " "));
                }
                Part::Link { label, url } => {
                    let _ = write!(out, "{label}\n{url}");
                }
            }
            out.push_str(if matches!(part, Part::Heading(_)) { "\n" } else { "\n\n" });
        }
        let _ = writeln!(out, "-- \n{}", self.below(foot));
        out
    }

    /// The HTML version: one column, no pictures, no outside addresses, readable everywhere.
    pub fn html(&self, foot: &Foot) -> String {
        let mut body = String::new();
        for part in &self.parts {
            let _ = match part {
                Part::Text(text) => {
                    write!(body, "<p style=\"margin:0 0 16px\">{}</p>", escape(text).replace('\n', "<br>"))
                }
                Part::Heading(text) => {
                    write!(
                        body,
                        "<h2 style=\"font-size:16px;margin:24px 0 8px;border-bottom:1px solid #d9d4c7;padding-bottom:4px\">{}</h2>",
                        escape(text)
                    )
                }
                Part::Facts(facts) => write!(body, "{}", table(facts)),
                Part::Code(code) => {
                    // The groups stand apart by style alone: a phone that offers the code, and whoever copies it, finds it whole.
                    let groups = code.as_bytes().chunks(4).map(String::from_utf8_lossy);
                    let groups =
                        groups.map(|four| format!("<span style=\"margin-right:14px\">{}</span>", escape(&four)));
                    write!(
                        body,
                        "<p style=\"margin:0 0 16px;font:700 28px/1.4 monospace;letter-spacing:4px\">{}</p>",
                        groups.collect::<String>()
                    )
                }
                Part::Link { label, url } => write!(
                    body,
                    "<p style=\"margin:0 0 16px\"><a href=\"{0}\" style=\"display:inline-block;background:#26406b;color:#fff;text-decoration:none;\
                     padding:12px 20px;border-radius:6px\">{1}</a></p><p style=\"margin:0 0 16px;font-size:13px;color:#555;word-break:break-all\">{0}</p>",
                    escape(url),
                    escape(label)
                ),
            };
        }
        format!(
            "<!DOCTYPE html><html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{}</title></head>\
             <body style=\"margin:0;background:#f6f3ec;color:#1d2433;font:16px/1.7 sans-serif\">\
             <div style=\"max-width:600px;margin:0 auto;padding:24px\"><p style=\"margin:0 0 24px;font-weight:700;font-size:20px;color:#26406b\">{}</p>\
             <div style=\"background:#fff;padding:24px;border-radius:8px\">{body}</div>\
             <p style=\"margin:16px 0 0;font-size:13px;color:#555;overflow-wrap:anywhere;word-break:break-word\">{}</p></div></body></html>",
            self.lang.tag(),
            escape(&self.subject),
            self.lang.pick("暖簾堂", "Norendo"),
            escape(&self.below(foot)).replace('\n', "<br>"),
        )
    }

    fn below(&self, foot: &Foot) -> String {
        let mut below = match &foot.leave {
            None => {
                let mail = seller(self.lang).mail;
                self.lang.pick(
                    format!("暖簾堂\nこのメールは広告ではありません。このメールアドレス、アカウント、またはご注文に関する大切なお知らせです。\nお問い合わせ: {mail}"),
                    format!("Norendo\nThis is not advertising. We write because it concerns this address, your account or your order.\nQuestions: {mail}"),
                )
            }
            Some(leave) => advertiser(self.lang, leave),
        };
        if let Some(Phrase { words, shown }) = &self.phrase {
            below += &self.lang.pick(
                format!("\n\nお客様の合言葉: {words}\nアカウントの安全に関わる当店の日本語のメールには、必ずこの合言葉が入っています。"),
                format!("\n\nYour check phrase: {words}\nAll of our mails in English about the security of your account carry it."),
            );
            if *shown {
                below += self.lang.pick(
                    "合言葉は「アカウントの安全」のページで確かめられます。",
                    " You find it on the page “Account security”.",
                );
            }
        }
        if let Some(no) = &foot.no {
            let check = &foot.check;
            below += &self.lang.pick(
                format!("\n\nこのメールの番号: {no}\n{check} で、当店が送ったメールかどうかを確かめられます。"),
                format!("\n\nThe number of this mail: {no}\n{check} tells whether we sent it."),
            );
        }
        if let Some(ledger) = &self.ledger {
            below += &self.lang.pick(
                format!("\n\n当店では、従業員などがお客様の情報を開くたびに台帳に記録しています。次の値は、このメールを送った時点の台帳全体の控えです（お客様の情報が読まれたというお知らせではありません）。\n{ledger}\nこのメールを保管しておくと、当店が書き出した台帳が、その後書き換えられていないことを確かめられます。"),
                format!("\n\nOur shop writes into a ledger whenever our staff or others open a customer's data. This is where the whole ledger stood when this mail was sent (it does not say that anybody read your data).\n{ledger}\nWith this mail, an export of the ledger can be checked for not having been rewritten later."),
            );
        }
        below
    }
}

/// Who advertises, where they are, how to end it and where to complain (特定電子メール法 第4条, 同法施行規則
/// 第7条・第9条).
fn advertiser(lang: Lang, leave: &str) -> String {
    let seller = seller(lang);
    lang.pick(
        format!(
            "このお便りは、お申し込みのうえ、ご確認いただいた方にお送りしています。\n配信の停止: {leave}\n\n送信者: {}\n所在地: {}\nお問い合わせ・ご意見: {}",
            seller.name, seller.address, seller.mail
        ),
        format!(
            "You get this newsletter because you asked for it and confirmed that.\nTo end it: {leave}\n\nSent by {}\n{}\nQuestions and complaints: {}",
            seller.name, seller.address, seller.mail
        ),
    )
}

/// Names stay on one line where they are short; sums stand below each other at the right.
fn table(facts: &[(String, String)]) -> String {
    let sums = facts.iter().all(|(_, value)| value.contains(['円', '¥']));
    let side = if sums { "right" } else { "left" };
    let mut rows = String::new();
    for (name, value) in facts {
        let value = escape(value).replace('\n', "<br>");
        let width: usize = name.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
        let wrap = if width <= SHORT && !name.contains('\n') { ";white-space:nowrap" } else { "" };
        let _ = if name.is_empty() {
            write!(rows, "<tr><td colspan=\"2\" style=\"padding:4px 0\">{value}</td></tr>")
        } else {
            write!(
                rows,
                "<tr><td style=\"padding:4px 16px 4px 0;vertical-align:top{wrap}\">{}</td>\
                 <td style=\"padding:4px 0;vertical-align:top;text-align:{side};overflow-wrap:anywhere\">{value}</td></tr>",
                escape(name).replace('\n', "<br>")
            )
        };
    }
    format!("<table style=\"width:100%;border-collapse:collapse;margin:0 0 16px\">{rows}</table>")
}
