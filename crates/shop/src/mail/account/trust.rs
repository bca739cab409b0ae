//! What the mails say that tell a customer what became of their data, and what the shop does to make it good. They
//! name the page to look at and hold no link: what they say stands in the account as well.

use noren_domain::account::AccountEvent;
use noren_domain::notice::Version;
use noren_domain::{Lang, Text, Yen, moment};
use uuid::Uuid;

use super::words::{Words, text};
use super::{Draft, reader, to_customer};
use crate::db::Conn;
use crate::mail::letter::time;
use crate::mail::{MailError, Part};
use crate::{Shop, fetch_all};

/// So many times are listed one by one.
const LISTED: usize = 10;

/// To whom the summary of `day` goes, and what it says.
pub(super) async fn staff_read_draft(
    conn: &mut Conn,
    shop: &Shop,
    customer: Uuid,
    day: i64,
) -> Result<Draft, MailError> {
    let reader = reader(conn, customer).await?;
    let sql = "SELECT at FROM account_event WHERE customer_id = $1 AND kind = $2 AND at >= $3 AND at < $4 ORDER BY at";
    let (from, to) = (moment::start_of_day(day), moment::start_of_day(day + 1));
    let rows = fetch_all!(conn, (i64,), sql, customer, AccountEvent::StaffRead.word(), from, to).await?;
    let times: Vec<i64> = rows.into_iter().map(|(at,)| at).collect();
    let words = staff_read(reader.lang(), &times);
    Ok(reader.draft(shop, words))
}

/// People of the shop opened the reader's data at `times` (UTC ms) of one day, the earliest first.
pub(super) fn staff_read(lang: Lang, times: &[i64]) -> Words {
    let count = times.len();
    let hello = lang.pick(
        format!("当店の従業員が、業務のためにお客様の情報を開きました（1日のまとめ：{count}回）。"),
        match count {
            1 => "Our staff opened your data as part of their work. This is the summary of one day.".to_owned(),
            _ => format!("Our staff opened your data as part of their work, {count} times in one day."),
        },
    );
    let mut facts: Vec<_> =
        times.iter().take(LISTED).map(|at| (lang.pick("日時", "When").to_owned(), time(*at, lang))).collect();
    if count > LISTED {
        let more = count - LISTED;
        facts.push((lang.pick("ほか", "And").to_owned(), lang.pick(format!("{more}回"), format!("{more} more"))));
    }
    let look = text(
        lang,
        "だれが・何のために・どの項目を開いたかは、「アカウントの安全」のページの「お客様の情報を読んだ人」に、台帳の記録として載っています。このメールの回数と合わない場合や、お心当たりのない用件の場合は、下記までお知らせください。",
        "Who opened what, and what for, stands on the page “Account security” under “Who read my data”, as the entries of our ledger. If they do not match this mail, or you know of no reason for them, please write to the address below.",
    );
    Words::new(
        lang.pick("当店の従業員がお客様の情報を開きました", "Our staff opened your data"),
        vec![Part::Text(hello), Part::Facts(facts), look],
    )
}

/// To whom the mail about a notice goes, and what it says.
pub(super) async fn notice_draft(conn: &mut Conn, shop: &Shop, id: Uuid, customer: Uuid) -> Result<Draft, MailError> {
    let published = crate::notice::by_id(conn, id).await.map_err(|_| MailError::Gone)?.ok_or(MailError::Gone)?;
    let words = |lang| notice(lang, published.no.as_str(), published.version, &published.content.title);
    to_customer(conn, shop, customer, words).await
}

/// A notice about the reader was published, or an earlier one brought up to date.
pub(super) fn notice(lang: Lang, no: &str, version: Version, title: &Text) -> Words {
    let hello = match version {
        Version::Sokuho => text(
            lang,
            "お客様の情報に関わる事故について、お知らせを公表しました。ご心配をおかけし、誠に申し訳ございません。",
            "We have published a notice about an incident that concerns your data. We are sorry for the worry this causes you.",
        ),
        Version::Zokuho | Version::Kakuho => text(
            lang,
            "お客様の情報に関わる事故について、その後に分かったことを公表しました。ご心配をおかけし、誠に申し訳ございません。",
            "We have published what we have found out since about an incident that concerns your data. We are sorry for the worry this causes you.",
        ),
    };
    let version = version.words(lang);
    let facts = Part::Facts(vec![
        (lang.pick("番号", "Number").to_owned(), lang.pick(format!("{no}（{version}）"), format!("{no} ({version})"))),
        (lang.pick("件名", "Subject").to_owned(), title.get(lang).to_owned()),
    ]);
    let look = text(
        lang,
        "お客様のどの情報がどうなったか、その根拠、していただきたいこと、当店からのおわびは、「アカウントの安全」のページに載っています。いつものように当店を開いて、ログインしてください。",
        "What became of which of your data, how we know, what you can do and what we do to make it good stands on the page “Account security”. Please open our shop as usual and sign in.",
    );
    let genuine = text(
        lang,
        "このお知らせが本物かどうかは、当店の「安全への取り組み」のページで、番号からどなたでもお確かめいただけます。このメールには、ログインのためのリンクも、パスワードやカード番号をお尋ねする文面もありません。",
        "Anybody can check on our page “Security” by its number that this notice is genuine. This mail holds no link to sign in, and asks for no password and no card number.",
    );
    Words::new(
        &lang.pick(
            format!("お客様の情報に関わる事故のお知らせ（{no}・{version}）"),
            format!("Incident that concerns your data: {no} ({})", version.to_lowercase()),
        ),
        vec![hello, facts, look, genuine],
    )
}

/// Credit was granted with a notice, to be spent until `until` (UTC ms).
fn credit_granted(lang: Lang, amount: Yen, notice: &str, until: i64) -> Words {
    let (amount, until) = (amount.show(lang), moment::date(until, lang));
    let hello = lang.pick(
        format!(
            "お知らせ {notice} の事故について、おわびのクレジット（当店でのお支払いに使える残高）を{amount}分お贈りしました。{until}までお使いいただけます。"
        ),
        format!(
            "As an apology for the incident in notice {notice}, we have given you a credit of {amount}, a sum to pay with at our shop. It is good until {until}."
        ),
    );
    let look = text(
        lang,
        "お受け取りの手続きは必要ありません。残高は、いつものように当店を開き、「アカウントの安全」のページでご確認いただけます。",
        "There is nothing you need to do to receive it. Open our shop as usual: what is left of it stands on the page “Account security”.",
    );
    Words::new(
        lang.pick("おわびのクレジットをお贈りしました", "A credit with our apology"),
        vec![Part::Text(hello), look],
    )
}

/// Most of a credit was spent on the order with number `order`.
fn credit_spent(lang: Lang, amount: Yen, left: Yen, order: &str) -> Words {
    let (amount, left) = (amount.show(lang), left.show(lang));
    let hello = lang.pick(
        format!("ご注文 {order} のお支払いに、おわびのクレジット（当店でのお支払いに使える残高）が{amount}分使われました。残りは{left}です。"),
        format!("{amount} of your credit, the sum to pay with at our shop, was used for order {order}. {left} of it is left."),
    );
    let look = text(
        lang,
        "お心当たりがない場合は、いつものように当店を開き、「アカウントの安全」のページをご確認のうえ、下記までお知らせください。",
        "If this was not you, open our shop as usual, look at the page “Account security”, and write to the address below.",
    );
    let subject = lang.pick(format!("クレジットが{amount}分使われました"), format!("{amount} of your credit was used"));
    Words::new(&subject, vec![Part::Text(hello), look])
}

/// Each of these mails with made-up content, by its kind.
pub(super) fn samples(lang: Lang, at: i64) -> Vec<(&'static str, Words)> {
    let title = Text::new(
        "【見本】メール配信の委託先への不正アクセスについて",
        "[Sample] Unauthorised access at our mail processor",
    );
    vec![
        ("staff_read", staff_read(lang, &[at - 3_600_000, at])),
        ("notice_published", notice(lang, "N-2026-0001", Version::Sokuho, &title)),
        ("notice_updated", notice(lang, "N-2026-0001", Version::Zokuho, &title)),
        ("credit_granted", credit_granted(lang, Yen(1_000), "N-2026-0001", at)),
        ("credit_spent", credit_spent(lang, Yen(800), Yen(200), "N-ABCD-2345")),
    ]
}
